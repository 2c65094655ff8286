//! Finding the row of headings and what each column holds.

use super::{
    LedgerColumn, LedgerKind,
    columns::ColumnTable,
    grid::{Cell, Sheet},
    values::without_blanks,
};
use std::collections::{BTreeMap, BTreeSet};

/// Rows from the top in which headings are looked for.
const TOP_ROWS: usize = 30;

/// The headings of a register.
pub(super) struct Headings {
    pub(super) kind: LedgerKind,
    /// Row of the headings, from 1.
    pub(super) row: u32,
    /// Field key by column.
    pub(super) keys: BTreeMap<u32, String>,
    texts: BTreeMap<u32, String>,
    pub(super) unknown: Vec<String>,
}

impl Headings {
    pub(super) fn understood(&self, table: &ColumnTable) -> Vec<LedgerColumn> {
        let column = |(at, key): (&u32, &String)| LedgerColumn {
            heading: self.texts.get(at).cloned().unwrap_or_default(),
            key: key.clone(),
            label: table
                .column(key)
                .map_or_else(|| key.clone(), |column| column.label.clone()),
        };
        self.keys.iter().map(column).collect()
    }
}

/// Finds the best row, or says which headings came nearest.
pub(super) fn find(sheet: &Sheet, table: &ColumnTable) -> Result<Headings, Vec<String>> {
    let mut best: Option<Headings> = None;
    let mut above: Option<&BTreeMap<u32, Cell>> = None;
    for (row, cells) in sheet.rows.iter().take(TOP_ROWS) {
        let found = read_row(*row, cells, above, table);
        if best
            .as_ref()
            .is_none_or(|best| found.keys.len() > best.keys.len())
        {
            best = Some(found);
        }
        above = Some(cells);
    }
    let Some(mut best) = best else {
        return Err(Vec::new());
    };
    let has_name = best.keys.values().any(|key| key == "name");
    let kind = recognise(sheet, &best, table);
    match kind {
        Some(kind) if has_name && best.keys.len() >= 4 => {
            best.kind = kind;
            Ok(best)
        }
        _ => Err(widest_row(sheet)),
    }
}

fn widest_row(sheet: &Sheet) -> Vec<String> {
    let widest = sheet
        .rows
        .values()
        .take(TOP_ROWS)
        .min_by_key(|cells| std::cmp::Reverse(cells.len()));
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => Some(text.split_whitespace().collect::<String>()),
        _ => None,
    };
    widest
        .map(|cells| cells.values().filter_map(text).collect())
        .unwrap_or_default()
}

/// Telling columns count one each, a word of the title counts two.
fn recognise(sheet: &Sheet, headings: &Headings, table: &ColumnTable) -> Option<LedgerKind> {
    let keys: BTreeSet<&str> = headings.keys.values().map(String::as_str).collect();
    let mut title = sheet.name.clone();
    for cells in sheet.rows.range(..headings.row).map(|(_, cells)| cells) {
        for cell in cells.values() {
            if let Cell::Text(text) = cell {
                title.push_str(&without_blanks(text));
            }
        }
    }
    let score = |register: &super::columns::Register| {
        let telling = register
            .telling
            .iter()
            .filter(|key| keys.contains(key.as_str()))
            .count();
        let named = register
            .title_words
            .iter()
            .any(|word| title.contains(word.as_str()));
        telling + if named { 2 } else { 0 }
    };
    let best = table
        .ledgers
        .iter()
        .max_by_key(|register| score(register))?;
    (score(best) > 0).then_some(best.code)
}

fn read_row(
    row: u32,
    cells: &BTreeMap<u32, Cell>,
    above: Option<&BTreeMap<u32, Cell>>,
    table: &ColumnTable,
) -> Headings {
    let mut found = Headings {
        kind: LedgerKind::L1,
        row,
        keys: BTreeMap::new(),
        texts: BTreeMap::new(),
        unknown: Vec::new(),
    };
    let groups = groups_above(cells, above, table);
    let cells = &with_tall_headings(cells, above, table);
    let mut owner = "child".to_owned();
    let mut taken = BTreeSet::new();
    for (column, cell) in cells {
        let Cell::Text(text) = cell else { continue };
        let heading = tidy_heading(text);
        let group = groups.get(column);
        if let Some(group) = group {
            owner.clone_from(group);
        }
        let key = key_for(&heading, &mut owner, group.is_some(), table);
        match key {
            Some(key) if taken.insert(key.clone()) => {
                found
                    .texts
                    .insert(*column, text.split_whitespace().collect());
                found.keys.insert(*column, key);
            }
            _ if table.skip_headings.contains(&heading) || heading.is_empty() => {}
            _ => found.unknown.push(text.split_whitespace().collect()),
        }
    }
    found
}

/// Headings merged over two rows stand in the upper one; the lower cell is empty.
fn with_tall_headings(
    cells: &BTreeMap<u32, Cell>,
    above: Option<&BTreeMap<u32, Cell>>,
    table: &ColumnTable,
) -> BTreeMap<u32, Cell> {
    let mut all = cells.clone();
    for (column, cell) in above.into_iter().flatten() {
        let Cell::Text(text) = cell else { continue };
        if key_for(&tidy_heading(text), &mut "child".to_owned(), false, table).is_some() {
            all.entry(*column).or_insert_with(|| cell.clone());
        }
    }
    all
}

/// A row of merged group headings (父亲情况 over 姓名, 电话) names the owner of the columns below it.
fn groups_above(
    cells: &BTreeMap<u32, Cell>,
    above: Option<&BTreeMap<u32, Cell>>,
    table: &ColumnTable,
) -> BTreeMap<u32, String> {
    let mut groups = BTreeMap::new();
    let Some(above) = above else { return groups };
    let owner_of = |cell: &Cell| {
        let Cell::Text(text) = cell else { return None };
        let heading = tidy_heading(text);
        table
            .owners
            .iter()
            .find(|(_, words)| words.contains(&heading))
            .map(|(owner, _)| owner.clone())
    };
    for column in cells.keys() {
        let nearest = above
            .range(..=*column)
            .next_back()
            .and_then(|(_, cell)| owner_of(cell));
        if let Some(owner) = nearest {
            groups.insert(*column, owner);
        }
    }
    groups
}

/// A heading that speaks for itself sets the owner; a plain one (身份证号) belongs to the owner before it.
fn key_for(
    heading: &str,
    owner: &mut String,
    grouped: bool,
    table: &ColumnTable,
) -> Option<String> {
    let bare = without_brackets(heading);
    for heading in [heading, bare.as_str()] {
        let explicit = table.columns.iter().find(|column| {
            column
                .headings
                .iter()
                .any(|known| tidy_heading(known) == heading)
        });
        if let Some(column) = explicit {
            if !grouped {
                *owner = owner_of_key(&column.key).to_owned();
            }
            return Some(column.key.clone());
        }
        let plain = table
            .plain_headings
            .iter()
            .find(|(_, headings)| headings.iter().any(|known| known == heading));
        if let Some((plain, _)) = plain {
            let of_owner = table.plain.get(plain)?;
            // A plain 姓名 outside a group is always the child's and ends the run of the owner before it.
            if plain == "name" && !grouped {
                *owner = "child".to_owned();
            }
            if let Some(key) = of_owner.get(owner.as_str()) {
                return Some(key.clone());
            }
            *owner = "child".to_owned();
            return of_owner.get("child").cloned();
        }
    }
    None
}

fn owner_of_key(key: &str) -> &'static str {
    ["father", "mother", "carer", "guardian"]
        .into_iter()
        .find(|owner| {
            // 监护情况 is the child's: its key only begins like the guardian's.
            key.strip_prefix(owner)
                .is_some_and(|rest| rest.starts_with('_'))
        })
        .unwrap_or("child")
}

/// Line breaks, blanks, stars and colons are decoration.
fn tidy_heading(text: &str) -> String {
    without_blanks(text)
        .chars()
        .filter(|c| !matches!(c, '*' | ':' | '★' | '△' | '▲'))
        .collect()
}

fn without_brackets(heading: &str) -> String {
    let mut depth = 0_u32;
    let mut bare = String::new();
    for c in heading.chars() {
        match c {
            '(' | '[' | '【' => depth += 1,
            ')' | ']' | '】' => depth = depth.saturating_sub(1),
            c if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    bare
}
