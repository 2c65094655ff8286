//! What a returned change says, field by field, in the words of the file and the forms.

use crate::problems::origin_words;
use crate::rows;
use crate::tablet::Tablet;
use crate::view::ReturnedLine;
use crate::visits;
use crate::visits::masked::AnswerMasks;
use domain::form;
use domain::policy::PolicyPack;
use domain::record::{AMENDMENTS, Before, Edit, Entry};
use domain::scalar::Scalar;
use ids::DocKind;

/// Fields and values that hold the record together and say nothing to a person.
const TECHNICAL: [&str; 34] = [
    "answers",
    "approved_by",
    "block",
    "item",
    "month",
    "written_on",
    "basis",
    "child",
    "carer_then",
    "household",
    "session",
    "record",
    "recorded_ms",
    "recorded_on",
    "by",
    "form",
    "is_new",
    "kind",
    "file",
    "referral",
    "into",
    "mandatory",
    "open",
    "full",
    "closed",
    "opened",
    "answered",
    "fulfils",
    "tier_suggest",
    "sealed",
    "packet",
    "step",
    "what",
    "field",
];

/// Fields the file does not list and a person knows all the same; screens have words for them.
const NAMED: [&str; 5] = ["card", "found_reason", "mandatory_text", "origin", "since"];

/// The lines of one change. Labels the policy does not have are left to the screens, by key.
pub(crate) fn lines(
    tablet: &Tablet,
    kind: DocKind,
    edits: &[Edit],
    before: &Before,
) -> Vec<ReturnedLine> {
    // Sealed words are for the station alone, also when they have not arrived there.
    if kind == DocKind::Restricted {
        return Vec::new();
    }
    let packs = tablet.packs();
    let pack = packs.rules_on(tablet.today());
    let mut lines = Vec::new();
    for edit in edits {
        match edit {
            Edit::Put { key, value } => {
                let old = before.get(key).map(Vec::as_slice).unwrap_or_default();
                lines.extend(field_line(tablet, pack, kind, key, value, old));
            }
            Edit::PutImported { .. } => {}
            Edit::Add { collection, entry } => {
                entry_lines(tablet, pack, collection, entry, &mut lines);
            }
        }
    }
    lines
}

fn field_line(
    tablet: &Tablet,
    pack: Option<&PolicyPack>,
    kind: DocKind,
    key: &str,
    value: &Scalar,
    before: &[Scalar],
) -> Option<ReturnedLine> {
    let holder = match kind {
        DocKind::Household => "household",
        _ => "child",
    };
    let packs = tablet.packs();
    let rule = packs.field(holder, key);
    if rule.is_none() && !NAMED.contains(&key) {
        return None;
    }
    let words = |value: &Scalar| {
        let text = value.to_display();
        let card = pack.and_then(|pack| pack.problem_cards.iter().find(|card| card.code == text));
        match rule {
            _ if key == "card" => card.map_or(text, |card| card.label.clone()),
            Some(rule) if !tablet.sees(rule).is_open() => {
                tablet.sees(rule).text(&text).unwrap_or_default()
            }
            Some(rule) => match (&rule.list, pack) {
                (Some(list), Some(pack)) if !text.is_empty() => pack.label(list, &text).to_owned(),
                _ => text,
            },
            None => origin_words(pack, key, &text).unwrap_or(text),
        }
    };
    let old: Vec<String> = before
        .iter()
        .map(&words)
        .filter(|text| !text.is_empty())
        .collect();
    Some(ReturnedLine {
        key: format!("fields.{key}"),
        label: rule.map(|rule| rule.label.clone()),
        before: (!old.is_empty()).then(|| old.join("、")),
        after: words(value),
    })
}

/// Which code list a value of a collection is from.
fn list_of(collection: &str, key: &str) -> Option<&'static str> {
    Some(match (collection, key) {
        ("contacts", "mode") => "CONTACT_MODE",
        ("contacts", "party") => "PARTY",
        ("contacts", "child_state") => "CHILD_STATE",
        ("contacts", "topics") => "TOPIC",
        ("contacts", "initiated_by") => "INITIATOR",
        ("contacts", "next_mode") => "CONTACT_MODE",
        ("contacts", "parent_contact_ok") => "PARENT_CONTACT",
        ("attempts", "reason") => "ATTEMPT_REASON",
        ("visits" | "sessions", "place") => "PLACE",
        ("visits" | "sessions", "met") => "MET",
        ("categories", "code") => "CATEGORY",
        ("events", "measure") => "MEASURE",
        ("events", "body") => "REFERRAL_BODY",
        ("events", "severity") => "SEVERITY",
        ("events", "outcome") => "POLICE_FEEDBACK",
        ("events", "purpose") => "PACKET_PURPOSE",
        _ => return None,
    })
}

fn entry_lines(
    tablet: &Tablet,
    pack: Option<&PolicyPack>,
    collection: &str,
    entry: &Entry,
    lines: &mut Vec<ReturnedLine>,
) {
    if let Some(columns) = pack.and_then(|pack| rows::lines_of(tablet, pack, entry)) {
        lines.extend(columns.into_iter().map(|(label, after)| ReturnedLine {
            key: "entries.other".to_owned(),
            label: Some(label),
            before: None,
            after,
        }));
        return;
    }
    let label_of = |key: &str, code: &str| match (list_of(collection, key), pack) {
        // How a packet ended is no list of the policy.
        (Some("POLICE_FEEDBACK"), _) if code == "destroyed" => "已销毁".to_owned(),
        (Some("POLICE_FEEDBACK"), _) if code == "returned" => "已退还".to_owned(),
        (Some(list), Some(pack)) => pack.label(list, code).to_owned(),
        _ => code.to_owned(),
    };
    let mut choices: Vec<String> = Vec::new();
    for (name, value) in &entry.values {
        let technical = name.split_once('.').map_or(name.as_str(), |(key, _)| key);
        if TECHNICAL.contains(&technical) {
            continue;
        }
        let (key, after) = match name.split_once('.') {
            // One boolean a code: all chosen ones are one line.
            Some((key, _)) => {
                if choices.iter().any(|known| known == key) {
                    continue;
                }
                choices.push(key.to_owned());
                let words: Vec<String> = entry
                    .codes(key)
                    .iter()
                    .map(|code| label_of(key, code))
                    .collect();
                (key.to_owned(), words.join("、"))
            }
            None => match value {
                Scalar::Null => continue,
                Scalar::Bool(false) if name == "void" => continue,
                Scalar::Bool(yes) => (name.clone(), if *yes { "是" } else { "否" }.to_owned()),
                other => (name.clone(), label_of(name, &other.to_display())),
            },
        };
        if after.is_empty() {
            continue;
        }
        lines.push(ReturnedLine {
            key: format!("entries.{key}"),
            label: None,
            before: None,
            after,
        });
    }
    answer_lines(tablet, collection, entry, lines);
}

/// Answers in the words of the form they were given to.
fn answer_lines(tablet: &Tablet, collection: &str, entry: &Entry, lines: &mut Vec<ReturnedLine>) {
    if entry.answers.is_empty() {
        return;
    }
    let packs = tablet.packs();
    let hash = entry
        .text("form")
        .and_then(|form| form.rsplit('#').next())
        .unwrap_or_default();
    let Some(pack) = packs.form_by_hash(hash) else {
        return;
    };
    let part = form::from_scalars(pack, &entry.answers);
    let (session, child) = match collection {
        "sessions" => (Some(&part), None),
        // What was filled in later is of the household's part, or of the child's.
        AMENDMENTS => (Some(&part), Some(&part)),
        _ => (None, Some(&part)),
    };
    let spoken = visits::languages::spoken(tablet, pack);
    let masks = AnswerMasks::new(tablet, &packs, pack);
    for section in form::read_answers(&spoken, session, child) {
        for answer in section.answers {
            lines.push(ReturnedLine {
                key: format!("form.{}", answer.key),
                label: Some(answer.label),
                before: None,
                after: masks.draw(&answer.key, answer.text).text,
            });
        }
    }
}
