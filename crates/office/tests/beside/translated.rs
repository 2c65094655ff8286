//! A form of ours as a plain XLSForm: what the program knows without asking becomes a question that is answered for it,
//! dates are compared as the other engine can, and a row asks for its own answers ([`crate::differences`] says why).

use domain::form::sheet::Sheet;
use std::collections::BTreeMap;

/// Facts, and how a condition asks for them there.
pub const FACTS: &[&str] = &[
    "child.age",
    "child.left_behind",
    "child.boarder",
    "child.sex",
    "children.count",
    "next.visit",
    "next.contact",
];

/// The name of the question that stands for a fact.
pub fn name_of(fact: &str) -> String {
    format!("fact_{}", fact.replace('.', "_"))
}

/// Translates.
pub fn translate(sheets: &[Sheet]) -> Vec<Sheet> {
    sheets
        .iter()
        .filter(|sheet| ["survey", "choices", "settings"].contains(&sheet.name.as_str()))
        .map(|sheet| match sheet.name.as_str() {
            "survey" => survey(sheet),
            _ => sheet.clone(),
        })
        .collect()
}

fn survey(sheet: &Sheet) -> Sheet {
    let headings = &sheet.rows[&1];
    let column = |name: &str| {
        headings
            .iter()
            .find(|(_, heading)| heading.split("::").next() == Some(name))
            .map(|(column, _)| *column)
            .expect("a heading of ours")
    };
    let dates = dates(sheet, column("type"), column("name"));
    let conditions: Vec<u32> = ["relevant", "constraint", "calculation"]
        .map(column)
        .to_vec();
    let mut lasts: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    let repeats = repeats(sheet, column("type"), column("name"));
    for (number, cells) in &sheet.rows {
        if *number == 1 {
            continue;
        }
        let mut cells = cells.clone();
        let own = cells.get(&column("name")).cloned().unwrap_or_default();
        let row = repeats.iter().find(|names| names.contains(&own));
        let row = row.map_or(&[][..], Vec::as_slice);
        // A default that is worked out is given to both sides as an answer.
        cells.remove(&column("default"));
        for at in &conditions {
            if let Some(text) = cells.get_mut(at) {
                *text = plain(text, &dates, row, &mut lasts);
            }
        }
        rows.push(cells);
    }
    let asked = |name: String| {
        BTreeMap::from([
            (column("type"), "text".to_owned()),
            (column("name"), name.clone()),
            (column("label"), name),
        ])
    };
    lasts.sort();
    lasts.dedup();
    let facts = FACTS.iter().map(|fact| asked(name_of(fact)));
    let first = facts.chain(lasts.into_iter().map(asked));
    let all = std::iter::once(headings.clone()).chain(first).chain(rows);
    // Columns of ours say what no other program asks.
    let is_ours = |column: &u32| {
        headings
            .get(column)
            .is_some_and(|name| name.starts_with("x_"))
    };
    let all = all.map(|cells| {
        cells
            .into_iter()
            .filter(|(column, _)| !is_ours(column))
            .collect()
    });
    Sheet {
        name: sheet.name.clone(),
        rows: (1..).zip(all).collect(),
    }
}

/// Names of what holds a date.
fn dates(sheet: &Sheet, kind: u32, name: u32) -> Vec<String> {
    sheet
        .rows
        .values()
        .filter(|cells| cells.get(&kind).is_some_and(|kind| kind == "date"))
        .filter_map(|cells| cells.get(&name).cloned())
        .chain(["next.visit".to_owned(), "next.contact".to_owned()])
        .collect()
}

/// The questions of each repeated group.
fn repeats(sheet: &Sheet, kind: u32, name: u32) -> Vec<Vec<String>> {
    let mut repeats = Vec::new();
    let mut open: Option<Vec<String>> = None;
    for cells in sheet.rows.values() {
        match cells.get(&kind).map(String::as_str) {
            Some("begin_repeat") => open = Some(Vec::new()),
            Some("end_repeat") => repeats.extend(open.take()),
            _ => {
                if let Some(names) = &mut open {
                    names.extend(cells.get(&name).cloned());
                }
            }
        }
    }
    repeats
}

/// One condition. `row` has the questions of the same row, `lasts` gathers the answers of last time it asks for.
fn plain(source: &str, dates: &[String], row: &[String], lasts: &mut Vec<String>) -> String {
    let compares = ["<", ">"].iter().any(|sign| source.contains(sign));
    let mut text = String::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').expect("a checked form");
        text.push_str(before);
        let named = match name.strip_prefix("last.") {
            Some(key) => {
                let named = format!("last_{key}");
                lasts.push(named.clone());
                named
            }
            None if FACTS.contains(&name) => name_of(name),
            None => name.to_owned(),
        };
        let own = row.iter().any(|question| question == name);
        let path = match own {
            true => format!("../{name}"),
            false => format!("${{{named}}}"),
        };
        let asks = match name {
            "child.left_behind" | "child.boarder" => format!("({path} = 'true')"),
            _ if compares && dates.iter().any(|date| date == name) => {
                format!("translate({path}, '-', '')")
            }
            _ => path,
        };
        text.push_str(&asks);
        rest = after;
    }
    text.push_str(rest);
    if compares {
        text = text.replace("today()", "translate(today(), '-', '')");
    }
    text
}
