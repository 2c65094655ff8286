//! Every cell of the access decision as lines a person can read, and the comparison with the lines people reviewed
//! (`tests/access-matrix.txt`).
//!
//! A line is an action, what it is done to, and a column for each who may ask. In the columns of staff there is one letter
//! for each [`Standing`], in the order of [`Standing::ALL`]:
//! `y` yes; no because of `u` unknown, `r` revoked, `e` expired, `n` not yet, `l` lease over, `R` role, `U` unit, `K` kind,
//! `M` mismatch. In the lines of fields: `S` shown, `t` masked and shown on a tap, `p` masked and shown for the PIN,
//! `b` masked and opened urgently (紧急查看), `m` masked for good, `-` hidden.

use super::checks::decide_without;
use super::{
    Action, Block, Context, Decision, Denial, FieldContext, Handling, Holder, Resource, Reveal,
    Setting, Sight, Standing, Subject, fields,
};
use ids::{DeviceId, DocKind, Role, StaffId, UnitId};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use uuid::Uuid;

const SCOPE: UnitId = UnitId(Uuid::from_u128(1));
const OTHER_SCOPE: UnitId = UnitId(Uuid::from_u128(2));
const VILLAGE: UnitId = UnitId(Uuid::from_u128(3));
const OTHER_VILLAGE: UnitId = UnitId(Uuid::from_u128(4));
const COVERED_VILLAGE: UnitId = UnitId(Uuid::from_u128(8));
const DEVICE: DeviceId = DeviceId(Uuid::from_u128(5));
const OTHER_DEVICE: DeviceId = DeviceId(Uuid::from_u128(6));

/// The columns.
pub const COLUMNS: [&str; 6] = [
    "stranger",
    "operator",
    "director",
    "supervisor",
    "head",
    "officer",
];

/// A line: what is asked, of what, and the letters of each column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The action, or the block of a field.
    pub action: String,
    /// What it is done to, or under which setting.
    pub relation: String,
    /// Letters, in the order of [`COLUMNS`].
    pub letters: [String; COLUMNS.len()],
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Decisions asked.
    pub cells: usize,
    /// What differs, in words.
    pub differences: Vec<String>,
}

/// Compares what the code decides with what people reviewed.
pub fn compare(reviewed: &str) -> Comparison {
    let (lines, cells) = decided(None, None);
    Comparison {
        cells,
        differences: differences(&lines, &parse(reviewed)),
    }
}

/// The letters people reviewed for an action, a relation and a column.
pub fn reviewed<'a>(
    lines: &'a [Line],
    action: &str,
    relation: &str,
    column: &str,
) -> Option<&'a str> {
    let column = COLUMNS.iter().position(|name| *name == column)?;
    lines
        .iter()
        .find(|line| line.action == action && line.relation == relation)
        .map(|line| line.letters[column].as_str())
}

/// What the code decides, as a text that can be reviewed.
pub fn text() -> String {
    let mut text = String::new();
    let mut last = String::new();
    for line in decided(None, None).0 {
        if line.action != last {
            text.push('\n');
            last.clone_from(&line.action);
        }
        let _ = write!(text, "{:<18}| {:<46}", line.action, line.relation);
        for letters in &line.letters {
            let _ = write!(text, "| {letters:<6}");
        }
        let end = text.trim_end().len();
        text.truncate(end);
        text.push('\n');
    }
    text
}

/// Reads lines; what stands after `#` and empty lines are for people.
pub fn parse(text: &str) -> Vec<Line> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .filter_map(|line| {
            let mut parts = line.split('|').map(|part| part.trim().to_owned());
            let (action, relation) = (parts.next()?, parts.next()?);
            Some(Line {
                action,
                relation,
                letters: std::array::from_fn(|_| parts.next().unwrap_or_default()),
            })
        })
        .collect()
}

fn differences(decided: &[Line], reviewed: &[Line]) -> Vec<String> {
    let key = |line: &Line| format!("{} | {}", line.action, line.relation);
    let mut expected: BTreeMap<String, &Line> = BTreeMap::new();
    let mut found = Vec::new();
    for line in reviewed {
        if expected.insert(key(line), line).is_some() {
            found.push(format!("{}: reviewed twice", key(line)));
        }
    }
    for line in decided {
        let Some(reviewed) = expected.remove(&key(line)) else {
            found.push(format!("{}: not reviewed", key(line)));
            continue;
        };
        for ((column, is), should) in COLUMNS.iter().zip(&line.letters).zip(&reviewed.letters) {
            if is != should {
                found.push(format!(
                    "{}: {column} is {is}, reviewed as {should}",
                    key(line)
                ));
            }
        }
    }
    found.extend(
        expected
            .into_keys()
            .map(|key| format!("{key}: does not exist")),
    );
    found
}

/// All lines, with one check or rule left out or none, and one rule of fields turned round or none; and how many decisions
/// they hold.
fn decided(left_out: Option<&str>, turned: Option<&str>) -> (Vec<Line>, usize) {
    let mut cells = 0;
    let mut lines = Vec::new();
    for action in Action::ALL {
        let mut wrong = Vec::new();
        for relation in relations() {
            let fits = relation
                .cases
                .iter()
                .any(|case| !is_mismatch(action, case.resource));
            if fits {
                lines.push(action_line(
                    left_out,
                    action,
                    relation.name,
                    &relation.cases,
                    &mut cells,
                ));
            } else {
                wrong.extend(relation.cases);
            }
        }
        lines.push(action_line(
            left_out,
            action,
            "any other thing",
            &wrong,
            &mut cells,
        ));
    }
    for block in Block::ALL {
        for (name, context) in settings() {
            let mut letters: [String; COLUMNS.len()] = Default::default();
            for (role, letters) in Role::ALL.into_iter().zip(&mut letters[2..]) {
                cells += Standing::ALL.len();
                *letters = Standing::ALL
                    .map(|standing| {
                        let context = FieldContext {
                            standing,
                            ..context
                        };
                        field_letter(fields::decide(left_out, turned, (role, block, context)))
                    })
                    .iter()
                    .collect();
            }
            lines.push(Line {
                action: format!("field {block:?}"),
                relation: name.to_owned(),
                letters,
            });
        }
    }
    (lines, cells)
}

/// Asked with every check: which lines there are does not depend on the one left out.
fn is_mismatch(action: Action, resource: Resource) -> bool {
    let decision = decide_without(
        None,
        Subject::Stranger,
        action,
        resource,
        Context::default(),
    );
    decision == Decision::Deny(Denial::Mismatch)
}

/// Something an action may be done to; the cases under one name are expected to be decided alike.
struct Relation {
    name: &'static str,
    cases: Vec<Case>,
}

#[derive(Clone, Copy)]
struct Case {
    resource: Resource,
    headless: bool,
}

fn relations() -> Vec<Relation> {
    let one = |name, resource, headless| Relation {
        name,
        cases: vec![Case { resource, headless }],
    };
    let file = |name, home_unit, scope, creator| Relation {
        name,
        cases: DocKind::ALL
            .into_iter()
            .filter(|kind| *kind != DocKind::Restricted)
            .map(|kind| Case {
                resource: Resource::Document {
                    kind,
                    home_unit,
                    scope,
                    creator,
                    guest: None,
                },
                headless: false,
            })
            .collect(),
    };
    let sealed = |name, home_unit, scope, creator| {
        let resource = Resource::Document {
            kind: DocKind::Restricted,
            home_unit,
            scope,
            creator,
            guest: None,
        };
        one(name, resource, false)
    };
    let shared = |name, kind, guest| {
        let resource = Resource::Document {
            kind,
            home_unit: OTHER_VILLAGE,
            scope: SCOPE,
            creator: OTHER_DEVICE,
            guest: Some(guest),
        };
        one(name, resource, false)
    };
    vec![
        one("the server", Resource::Server, false),
        one("own township", Resource::Scope(SCOPE), false),
        one("own township, no head yet", Resource::Scope(SCOPE), true),
        one("another township", Resource::Scope(OTHER_SCOPE), false),
        file("a file of the village, made here", VILLAGE, SCOPE, DEVICE),
        file(
            "a file of the village, made elsewhere",
            VILLAGE,
            SCOPE,
            OTHER_DEVICE,
        ),
        file(
            "a file of another village",
            OTHER_VILLAGE,
            SCOPE,
            OTHER_DEVICE,
        ),
        file(
            "a file of another village, made here",
            OTHER_VILLAGE,
            SCOPE,
            DEVICE,
        ),
        file(
            "a file of a village a director stands in for",
            COVERED_VILLAGE,
            SCOPE,
            OTHER_DEVICE,
        ),
        shared(
            "a child's file the village knows of",
            DocKind::Child,
            VILLAGE,
        ),
        shared(
            "a child's file the covered village knows of",
            DocKind::Child,
            COVERED_VILLAGE,
        ),
        shared(
            "a household the village knows of",
            DocKind::Household,
            VILLAGE,
        ),
        file("a file of the station", SCOPE, SCOPE, OTHER_DEVICE),
        file(
            "a file of another township",
            OTHER_VILLAGE,
            OTHER_SCOPE,
            OTHER_DEVICE,
        ),
        file(
            "a file of the village, in another township",
            VILLAGE,
            OTHER_SCOPE,
            DEVICE,
        ),
        sealed("sealed at the station, made here", SCOPE, SCOPE, DEVICE),
        sealed(
            "sealed at the station, made elsewhere",
            SCOPE,
            SCOPE,
            OTHER_DEVICE,
        ),
        sealed("sealed in the village, made here", VILLAGE, SCOPE, DEVICE),
        sealed(
            "sealed in a village a director stands in for",
            COVERED_VILLAGE,
            SCOPE,
            DEVICE,
        ),
        sealed(
            "sealed in another township, made here",
            OTHER_SCOPE,
            OTHER_SCOPE,
            DEVICE,
        ),
    ]
}

fn action_line(
    left_out: Option<&str>,
    action: Action,
    relation: &str,
    cases: &[Case],
    cells: &mut usize,
) -> Line {
    let mut letters_of = |subject: Subject, standings: &[Standing]| {
        let mut seen: Vec<String> = Vec::new();
        for case in cases {
            *cells += standings.len();
            let letters: String = standings
                .iter()
                .map(|standing| {
                    let context = Context {
                        standing: *standing,
                        headless: case.headless,
                    };
                    letter(decide_without(
                        left_out,
                        subject,
                        action,
                        case.resource,
                        context,
                    ))
                })
                .collect();
            if !seen.contains(&letters) {
                seen.push(letters);
            }
        }
        // Cases that differ where they should not show as such.
        seen.join("/")
    };
    let outside = [Standing::Active];
    Line {
        action: format!("{action:?}"),
        relation: relation.to_owned(),
        letters: [
            letters_of(Subject::Stranger, &outside),
            letters_of(Subject::Operator, &outside),
            letters_of(holder(Role::Director), &Standing::ALL),
            letters_of(holder(Role::Supervisor), &Standing::ALL),
            letters_of(holder(Role::Head), &Standing::ALL),
            letters_of(holder(Role::Officer), &Standing::ALL),
        ],
    }
}

/// To an officer "own township" is her own district: a file that lay there would be as closed to her as any other.
fn holder(role: Role) -> Subject {
    Subject::Device(Holder {
        device: DEVICE,
        staff: StaffId(Uuid::from_u128(7)),
        role,
        unit: match role {
            Role::Director => VILLAGE,
            Role::Supervisor | Role::Head | Role::Officer => SCOPE,
        },
        scope: SCOPE,
        covers: (role == Role::Director).then_some(COVERED_VILLAGE),
    })
}

fn letter(decision: Decision) -> char {
    match decision {
        Decision::Allow => 'y',
        Decision::Deny(Denial::Unknown) => 'u',
        Decision::Deny(Denial::Revoked) => 'r',
        Decision::Deny(Denial::Expired) => 'e',
        Decision::Deny(Denial::NotYet) => 'n',
        Decision::Deny(Denial::LeaseOver) => 'l',
        Decision::Deny(Denial::Role) => 'R',
        Decision::Deny(Denial::Unit) => 'U',
        Decision::Deny(Denial::Kind) => 'K',
        Decision::Deny(Denial::Mismatch) => 'M',
    }
}

fn settings() -> [(&'static str, FieldContext); 8] {
    let set = |setting| FieldContext {
        setting,
        ..FieldContext::default()
    };
    let hers = |handling| FieldContext {
        handling,
        ..FieldContext::default()
    };
    [
        ("the pack says nothing", set(None)),
        ("the pack says shown", set(Some(Setting::Shown))),
        ("the pack says tap", set(Some(Setting::Tap))),
        ("the pack says step up", set(Some(Setting::StepUp))),
        ("she handles it", hers(Handling::Handler)),
        ("she opened it urgently", hers(Handling::BrokeGlass)),
        ("she reported it", hers(Handling::Reporter)),
        ("she is not to act", hers(Handling::Recused)),
    ]
}

fn field_letter(appearance: (Sight, Option<Reveal>)) -> char {
    match appearance {
        (Sight::Shown, _) => 'S',
        (Sight::Masked, Some(Reveal::Tap)) => 't',
        (Sight::Masked, Some(Reveal::StepUp)) => 'p',
        (Sight::Masked, Some(Reveal::BreakGlass)) => 'b',
        (Sight::Masked, None) => 'm',
        (Sight::Hidden, _) => '-',
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks::CHECKS;
    use super::super::fields::RULES;
    use super::*;

    const REVIEWED: &str = include_str!("../../tests/access-matrix.txt");

    #[test]
    fn every_cell_is_as_people_reviewed_it() {
        let comparison = compare(REVIEWED);
        assert!(
            comparison.differences.is_empty(),
            "run `cargo xtask matrix`:\n{}",
            comparison.differences.join("\n")
        );
        assert!(comparison.cells > 2_000, "{}", comparison.cells);
    }

    /// The reviewed lines notice any check that goes missing: without it somebody is let in whom they keep out.
    #[test]
    fn a_check_that_is_left_out_lets_somebody_in_whom_the_reviewed_lines_keep_out() {
        let reviewed = parse(REVIEWED);
        let lets_in = |without: &Line, with: &Line| {
            std::iter::zip(&without.letters, &with.letters).any(|(without, with)| {
                std::iter::zip(without.chars(), with.chars())
                    .any(|(without, with)| without == 'y' && with != 'y')
            })
        };
        let unnoticed: Vec<&str> = CHECKS
            .iter()
            .map(|check| check.name)
            .filter(|name| {
                let (lines, _) = decided(Some(name), None);
                !lines.iter().any(|line| {
                    reviewed.iter().any(|other| {
                        other.action == line.action
                            && other.relation == line.relation
                            && lets_in(line, other)
                    })
                })
            })
            .collect();
        assert!(
            unnoticed.is_empty(),
            "nobody notices when these are missing: {unnoticed:?}"
        );
    }

    /// A rule that hides what is hidden where no rule says anything: left out it changes nothing, turned round it does.
    const AS_SILENCE: &str = "HIV is shown nowhere";

    /// The reviewed lines notice every branch of what is seen of a field: left out, and saying the opposite.
    #[test]
    fn a_rule_of_fields_that_goes_missing_or_says_the_opposite_is_noticed() {
        let reviewed = parse(REVIEWED);
        let is_noticed = |left_out, turned| {
            let (lines, _) = decided(left_out, turned);
            !differences(&lines, &reviewed).is_empty()
        };
        assert!(!is_noticed(None, None));
        for rule in &RULES {
            let name = Some(rule.name);
            assert!(is_noticed(None, name), "nobody notices: not {}", rule.name);
            let is_missed = is_noticed(name, None);
            assert_eq!(is_missed, rule.name != AS_SILENCE, "{}", rule.name);
        }
        let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        names.extend(CHECKS.iter().map(|check| check.name));
        let how_many = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), how_many, "one name, one check");
    }

    #[test]
    fn a_line_that_is_missing_wrong_or_too_many_is_a_difference() {
        let wrong = REVIEWED
            .replace(
                "ReadHealth        | the server",
                "ReadHealth        | the moon  ",
            )
            .replacen("yrenl", "yyyyy", 1);
        let found = compare(&wrong).differences;
        assert!(
            found
                .iter()
                .any(|line| line.contains("the server: not reviewed")),
            "{found:?}"
        );
        assert!(
            found
                .iter()
                .any(|line| line.contains("the moon: does not exist")),
            "{found:?}"
        );
        assert!(
            found.iter().any(|line| line.contains("reviewed as yyyyy")),
            "{found:?}"
        );
    }
}
