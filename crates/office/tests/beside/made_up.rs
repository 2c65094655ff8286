//! Made-up answers and made-up forms. Everything follows from the seed.

use chrono::Days;
use domain::form::sheet::Sheet;
use domain::form::{
    Answers, FormContext, FormPack, NA, Question, QuestionType, initial_answers, set_answer,
    set_row,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use std::collections::BTreeMap;

/// A number below `end`.
pub fn below(random: &mut ChaCha8Rng, end: u32) -> u32 {
    random.next_u32() % end
}

/// Yes or no.
pub fn coin(random: &mut ChaCha8Rng) -> bool {
    below(random, 2) == 0
}

fn pick<'a, T>(random: &mut ChaCha8Rng, from: &'a [T]) -> &'a T {
    &from[random.next_u32() as usize % from.len()]
}

/// Answers as a hurried person gives them: three questions of four, in the order of the form. What follows from other
/// answers is left to follow, because an answer of her own stands over it here and nowhere else.
pub fn answers(pack: &FormPack, context: &FormContext, random: &mut ChaCha8Rng) -> Answers {
    let mut answers = initial_answers(pack, context);
    for section in &pack.sections {
        let part = crate::ours::part_of(pack, &section.key);
        let rows: Vec<Option<String>> = match section.repeat {
            None => vec![None],
            Some(_) => (0..below(random, 4))
                .map(|row| Some(format!("r{row}")))
                .collect(),
        };
        for row in &rows {
            if let Some(row) = row {
                let added = set_row(pack, context, &mut answers, part, &section.key, row, true);
                added.expect("room for a row");
            }
            for question in &section.questions {
                // A number in a row is always there: what a sum makes of none is told in `differences`.
                let always = row.is_some() && question.kind == QuestionType::Int;
                if question.calculate.is_some()
                    || question.kind == QuestionType::Note
                    || (!always && below(random, 4) == 0)
                {
                    continue;
                }
                let (codes, text) = answer(question, context, random);
                let key = match row {
                    Some(row) => format!("{}@{row}", question.key),
                    None => question.key.clone(),
                };
                let text = text.as_deref();
                set_answer(pack, context, &mut answers, part, &key, &codes, text)
                    .expect("an answer the question takes");
            }
        }
    }
    answers
}

fn answer(
    question: &Question,
    context: &FormContext,
    random: &mut ChaCha8Rng,
) -> (Vec<String>, Option<String>) {
    let codes: Vec<String> = question
        .options
        .iter()
        .map(|option| option.code.clone())
        .collect();
    let unknown = question.na && below(random, 8) == 0;
    match question.kind {
        QuestionType::One | QuestionType::Many if unknown => (vec![NA.to_owned()], None),
        QuestionType::One => (vec![pick(random, &codes).clone()], None),
        QuestionType::Many => {
            let (alone, together): (Vec<_>, Vec<_>) = codes
                .into_iter()
                .partition(|code| question.exclusive.contains(code));
            if !alone.is_empty() && below(random, 4) == 0 {
                return (vec![pick(random, &alone).clone()], None);
            }
            (
                together.into_iter().filter(|_| coin(random)).collect(),
                None,
            )
        }
        QuestionType::Text => (
            Vec::new(),
            Some(pick(random, &["好", "想妈妈", "在校门口见到"]).to_string()),
        ),
        QuestionType::Int => (Vec::new(), Some(below(random, 20).to_string())),
        // Quarters, which both sides can say exactly: what tenths come to is told in `differences`.
        QuestionType::Decimal => {
            let places = *pick(random, &["0", "25", "5", "75"]);
            (Vec::new(), Some(format!("{}.{places}", below(random, 20))))
        }
        QuestionType::Time => (Vec::new(), Some("08:30".to_owned())),
        QuestionType::Note => (Vec::new(), None),
        QuestionType::Date => {
            let first = context.today - Days::new(20);
            let day = first + Days::new(below(random, 40).into());
            (Vec::new(), Some(day.to_string()))
        }
    }
}

/// A question other questions may ask about.
#[derive(Clone)]
struct Earlier {
    name: String,
    kind: &'static str,
    child: bool,
    /// In the repeated group, where only its own rows and sums may ask for it.
    row: bool,
}

/// The form being made.
struct Maker<'a> {
    random: &'a mut ChaCha8Rng,
    earlier: Vec<Earlier>,
    rows: Vec<BTreeMap<&'static str, String>>,
    /// The repeated group is complete and may be counted.
    counts: bool,
}

const HEADINGS: &[&str] = &[
    "type",
    "name",
    "label::中文(zh)",
    "required",
    "relevant",
    "constraint",
    "constraint_message::中文(zh)",
    "calculation",
    "default",
    "x_level",
    "x_exclusive",
];
const KINDS: &[&str] = &["one", "many", "int", "decimal", "text", "date"];
const CODES: &[&str] = &["a", "b", "c", "none"];

/// A form: two groups of the household, one that repeats, two of the child.
pub fn form(random: &mut ChaCha8Rng) -> Vec<Sheet> {
    let mut maker = Maker {
        random,
        earlier: Vec::new(),
        rows: Vec::new(),
        counts: false,
    };
    maker.group("g1", false, false, false);
    maker.group("rows", false, true, false);
    maker.counts = true;
    maker.group("g2", false, false, true);
    maker.group("c1", true, false, false);
    maker.group("c2", true, false, true);
    let survey = sheet("survey", HEADINGS, maker.rows);
    let choices: Vec<BTreeMap<&str, String>> = CODES
        .iter()
        .map(|code| {
            BTreeMap::from([
                ("list_name", "codes".to_owned()),
                ("name", (*code).to_owned()),
                ("label::中文(zh)", format!("选项{code}")),
            ])
        })
        .collect();
    let settings = BTreeMap::from([
        ("form_title", "试一试".to_owned()),
        ("form_id", "made-up".to_owned()),
        ("version", "1".to_owned()),
        ("default_language", "中文(zh)".to_owned()),
        ("x_session_title", "家里".to_owned()),
        ("x_na_label", "不便回答".to_owned()),
    ]);
    let of_settings: Vec<&str> = settings.keys().copied().collect();
    vec![
        survey,
        sheet(
            "choices",
            &["list_name", "name", "label::中文(zh)"],
            choices,
        ),
        sheet("settings", &of_settings, vec![settings.clone()]),
    ]
}

fn sheet(name: &str, headings: &[&str], rows: Vec<BTreeMap<&str, String>>) -> Sheet {
    let first = (0..)
        .zip(headings.iter().map(|heading| (*heading).to_owned()))
        .collect();
    let rest = rows.iter().map(|cells| {
        (0..)
            .zip(headings)
            .filter_map(|(column, heading)| Some((column, cells.get(heading)?.clone())))
            .collect()
    });
    Sheet {
        name: name.to_owned(),
        rows: (1..).zip(std::iter::once(first).chain(rest)).collect(),
    }
}

impl Maker<'_> {
    fn group(&mut self, name: &str, child: bool, repeat: bool, conditional: bool) {
        let kind = if repeat { "repeat" } else { "group" };
        let mut begin = BTreeMap::from([
            ("type", format!("begin_{kind}")),
            ("name", name.to_owned()),
            ("label::中文(zh)", name.to_owned()),
            (
                "x_level",
                if child { "child" } else { "household" }.to_owned(),
            ),
        ]);
        if conditional && let Some(relevant) = self.condition(child, false, 2) {
            begin.insert("relevant", relevant);
        }
        self.rows.push(begin);
        for number in 0..4 + below(self.random, 4) {
            self.question(format!("{name}_q{number}"), child, repeat, conditional);
        }
        self.rows
            .push(BTreeMap::from([("type", format!("end_{kind}"))]));
    }

    fn question(&mut self, name: String, child: bool, repeat: bool, conditional: bool) {
        let kind = *pick(self.random, KINDS);
        let written = match kind {
            "one" => "select_one codes",
            "many" => "select_multiple codes",
            "int" => "integer",
            other => other,
        };
        let mut cells = BTreeMap::from([
            ("type", written.to_owned()),
            ("name", name.clone()),
            ("label::中文(zh)", format!("问题{name}")),
        ]);
        if kind == "many" {
            cells.insert("x_exclusive", "none".to_owned());
        }
        // What follows from answers is never hidden here: `differences` tells what the other makes of that.
        let computed = !conditional
            && !repeat
            && ["one", "int", "text"].contains(&kind)
            && below(self.random, 4) == 0;
        let condition = self.condition(child, repeat, 3);
        match condition {
            Some(condition) if computed => {
                let follows = match kind {
                    "int" => format!(
                        "if({condition}, {}, {})",
                        below(self.random, 9),
                        self.number(child)
                    ),
                    "one" => format!("if({condition}, 'a', 'b')"),
                    _ => format!("if({condition}, '要去看看', '')"),
                };
                cells.insert("calculation", follows);
            }
            Some(condition) if below(self.random, 5) < 3 && !(repeat && kind == "int") => {
                cells.insert("relevant", condition);
            }
            _ => {}
        }
        if coin(self.random) && !cells.contains_key("calculation") {
            cells.insert("required", "yes".to_owned());
        }
        let rule = match kind {
            "int" => Some(format!("${{{name}}} <= {}", below(self.random, 20))),
            "decimal" => Some(format!("${{{name}}} < {}.5", below(self.random, 20))),
            "date" => Some(format!("${{{name}}} <= today()")),
            "many" => Some(format!("count-selected(${{{name}}}) < 3")),
            "text" if coin(self.random) => Some(format!("regex(${{{name}}}, '[^a-z]{{2,4}}')")),
            "text" => Some(format!("string-length(${{{name}}}) > 1")),
            _ => None,
        };
        if let Some(rule) = rule.filter(|_| coin(self.random)) {
            cells.insert("constraint", rule);
            cells.insert("constraint_message::中文(zh)", "再看看".to_owned());
        }
        self.rows.push(cells);
        self.earlier.push(Earlier {
            name,
            kind,
            child,
            row: repeat,
        });
    }

    /// A number that is always one.
    fn number(&mut self, child: bool) -> String {
        let numbers: Vec<String> = self
            .earlier
            .iter()
            .filter(|one| one.kind == "int" && !one.row && (child || !one.child))
            .map(|one| one.name.clone())
            .collect();
        if numbers.is_empty() {
            return "0".to_owned();
        }
        let name = pick(self.random, &numbers).clone();
        let sign = *pick(self.random, &["+", "-", "*"]);
        let by = 1 + below(self.random, 5);
        format!("if(${{{name}}} != '', ${{{name}}} {sign} {by}, 0)")
    }

    /// A condition about what was asked before, if anything was.
    fn condition(&mut self, child: bool, row: bool, depth: u32) -> Option<String> {
        if depth > 0 && below(self.random, 3) == 0 {
            let left = self.condition(child, row, depth - 1)?;
            let right = self.condition(child, row, depth - 1)?;
            return Some(match below(self.random, 3) {
                0 => format!("({left}) and ({right})"),
                1 => format!("({left}) or ({right})"),
                _ => format!("not({left}) or {right}"),
            });
        }
        if child && below(self.random, 4) == 0 {
            let facts = [
                "${child.age} < 10",
                "${child.left_behind}",
                "${child.sex} = '1'",
                "not(${child.boarder})",
            ];
            return Some(pick(self.random, &facts).to_string());
        }
        if self.counts && below(self.random, 6) == 0 {
            return Some(format!("count(${{rows}}) > {}", below(self.random, 3)));
        }
        let earlier: Vec<Earlier> = self
            .earlier
            .iter()
            .filter(|one| {
                (child || !one.child) && (!one.row || row || (self.counts && one.kind == "int"))
            })
            .cloned()
            .collect();
        if earlier.is_empty() {
            return None;
        }
        let one = pick(self.random, &earlier).clone();
        let (name, number) = (one.name, below(self.random, 15));
        let code = *pick(self.random, CODES);
        if one.row && !row {
            return Some(format!("sum(${{{name}}}) >= {number}"));
        }
        let question = format!("${{{name}}}");
        let ways: Vec<String> = match one.kind {
            "one" => vec![
                format!("{question} = '{code}'"),
                format!("{question} != '' and {question} != '{code}'"),
                format!("selected({question}, '{code}')"),
            ],
            "many" => vec![
                format!("selected({question}, '{code}')"),
                format!("count-selected({question}) > {}", number % 3),
                format!("not(selected({question}, '{code}'))"),
            ],
            "int" => vec![
                format!("{question} > {number}"),
                format!("{question} <= {number}"),
                format!("{question} + 2 > {number}"),
                format!("{question} mod 3 = {}", number % 3),
            ],
            "decimal" => vec![
                format!("{question} > {number}.25"),
                format!("{question} <= {number}"),
                format!("{question} + 2.5 > {number}"),
                format!("{question} * 2 - 0.5 >= {number}"),
            ],
            "text" => vec![
                format!("regex({question}, '.*妈.*')"),
                format!("string-length({question}) > {}", number % 6),
                format!("{question} = ''"),
            ],
            _ => vec![format!("{question} <= today()"), format!("{question} = ''")],
        };
        Some(pick(self.random, &ways).clone())
    }
}
