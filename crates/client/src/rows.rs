//! The rows of the file's blocks: written once, put right or ended by a later one, taken away with a reason.
//!
//! Which blocks and columns there are is data (`policy/fields.json`); this is the one way all of them are read and written.
//! Older collections – categories, the facts that decide the tier, pauses, members of the household – are rows as well.

use crate::children;
use crate::contacts::{note, options};
use crate::error::ClientError;
use crate::records::{self, Write};
use crate::recusals;
use crate::roster::{self, Author, Roster, RosterChild, RosterHousehold, record_state};
use crate::tablet::Tablet;
use crate::view::{
    ChildFileView, FileRowInput, FileRowView, FileRowsView, IdInput, OptionView, RowColumnView,
    RowLineView, TakeRowInput,
};
use chrono::NaiveDate;
use domain::child::{SUSPECTED, TIER_LOWERED};
use domain::file::{
    CHILDREN, CertificateVerdict, FieldBlock, FieldRule, FilePack, RowsRule, check_certificate,
    ended,
};
use domain::identity_number::{self, Verdict};
use domain::policy::PolicyPack;
use domain::record::{Edit, Entry, REPLACES, ROWS, TAKEN_AWAY};
use domain::scalar::Scalar;
use domain::screening::RISK;
use ids::{DocKind, DocumentId};
use std::collections::{BTreeMap, HashMap};

/// Longest value of a column.
const VALUE_CHARACTERS: usize = 500;
/// Collections a row may be written to; an edit names its collection for good.
const COLLECTIONS: [&str; 5] = ["categories", "tier_facts", "pauses", "members", ROWS];
/// Prefix of a row's keys that say why a value of it wants a look.
const FLAG: &str = "flag.";

/// The rows of a block that stand and are about the child, without what is no row: settled risk levels and approvals.
pub(crate) fn standing<'a>(
    block: &FieldBlock,
    rule: &RowsRule,
    child: &'a RosterChild,
    household: Option<&'a RosterHousehold>,
) -> Vec<&'a Entry> {
    let entries = match (rule.holder.as_str(), household) {
        ("household", Some(household)) => household.household.entries(&rule.collection),
        ("household", None) => &[],
        _ => child.child.entries(&rule.collection),
    };
    let rows = entries
        .iter()
        .filter(|entry| is_of(block, rule, child, entry));
    rows.collect()
}

/// Whether an entry of a rule's collection is a row of the block about this child, and no settled risk level or approval.
pub(crate) fn is_of(
    block: &FieldBlock,
    rule: &RowsRule,
    child: &RosterChild,
    entry: &Entry,
) -> bool {
    let is_it = |id: &str| {
        let mut own = std::iter::once(&child.id).chain(&child.also);
        own.any(|own| own.to_string() == id)
    };
    rule.is_about(entry, is_it)
        && match rule.collection.as_str() {
            ROWS => entry.text("block") == Some(block.key.as_str()),
            "tier_facts" => entry
                .text("kind")
                .is_some_and(|kind| kind != TIER_LOWERED && !kind.starts_with(RISK)),
            _ => true,
        }
}

fn is_over(rule: &RowsRule, entry: &Entry, today: NaiveDate) -> bool {
    let ended = rule.to.as_ref().and_then(|to| entry.date(to));
    // A pause names its last day; everything else the first day without it.
    ended.is_some_and(|day| match rule.collection.as_str() {
        "pauses" => day < today,
        _ => day <= today,
    })
}

/// Rows that hold today, by block, and those that are over: what hints are found from.
pub(crate) fn holding(
    pack: &FilePack,
    child: &RosterChild,
    household: Option<&RosterHousehold>,
    today: NaiveDate,
) -> BTreeMap<String, Vec<Entry>> {
    let mut rows = BTreeMap::new();
    for block in &pack.blocks {
        let Some(rule) = &block.rows else { continue };
        let (over, holds) = standing(block, rule, child, household)
            .into_iter()
            .cloned()
            .partition(|entry| is_over(rule, entry, today));
        rows.insert(ended(&block.key), over);
        rows.insert(block.key.clone(), holds);
    }
    rows
}

/// Who wrote what in the child's and its household's documents.
pub(crate) struct Authors(HashMap<[u8; 32], Author>);

impl Authors {
    pub(crate) fn read(
        tablet: &Tablet,
        child: &RosterChild,
        household: Option<&RosterHousehold>,
    ) -> Result<Self, ClientError> {
        let mut authors = roster::authors(tablet, child.id)?;
        if let Some(household) = household {
            authors.extend(roster::authors(tablet, household.id)?);
        }
        Ok(Self(authors))
    }

    pub(crate) fn name(&self, roster: &Roster, made_by: Option<[u8; 32]>) -> String {
        made_by.and_then(|hash| self.0.get(&hash)).map_or_else(
            || roster::UNKNOWN_PERSON.to_owned(),
            |author| roster.people.name(author.staff),
        )
    }
}

/// What is needed to draw rows.
pub(crate) struct Drawing<'a> {
    pub(crate) tablet: &'a Tablet,
    pub(crate) roster: &'a Roster,
    pub(crate) pack: &'a PolicyPack,
    pub(crate) child: &'a RosterChild,
    pub(crate) household: Option<&'a RosterHousehold>,
    pub(crate) authors: &'a Authors,
    /// This person decides what the station decides ([`recusals::decides`]).
    pub(crate) decides: bool,
}

impl Drawing<'_> {
    /// A block's rows for a screen.
    pub(crate) fn rows(&self, block: &FieldBlock, rule: &RowsRule) -> FileRowsView {
        let mut rows = Vec::new();
        let mut past = Vec::new();
        for entry in standing(block, rule, self.child, self.household) {
            let view = self.row(block, rule, entry);
            if is_over(rule, entry, self.roster.today) {
                past.insert(0, view);
            } else {
                rows.push(view);
            }
        }
        FileRowsView {
            one: rule.one.clone(),
            columns: rule
                .columns
                .iter()
                .filter_map(|rule| self.column(rule))
                .collect(),
            rows,
            past,
            editable: rule.holder == "child" || self.household.is_some(),
        }
    }

    /// A column to write; whose a row is, is asked only where there are several it could be.
    fn column(&self, rule: &FieldRule) -> Option<RowColumnView> {
        let mut view = column(self.tablet, self.pack, rule);
        if rule.kind == CHILDREN {
            view.options = self.children();
            view.kind = "many".to_owned();
        }
        (rule.kind != CHILDREN || view.options.len() > 1).then_some(view)
    }

    fn children(&self) -> Vec<OptionView> {
        let home = self.household.map(|household| household.id.to_string());
        let children = home.map(|home| self.roster.children_of(&home));
        let options = children.unwrap_or_default().into_iter();
        options
            .map(|child| OptionView {
                code: child.id.to_string(),
                label: child.name(),
            })
            .collect()
    }

    /// Names of the children a column names.
    fn names(&self, ids: &[String]) -> Option<String> {
        let known = self.children();
        let names: Vec<String> = known
            .into_iter()
            .filter(|one| ids.contains(&one.code))
            .map(|one| one.label)
            .collect();
        (!names.is_empty()).then(|| names.join("、"))
    }

    fn row(&self, block: &FieldBlock, rule: &RowsRule, entry: &Entry) -> FileRowView {
        let mut lines = Vec::new();
        let mut values = BTreeMap::new();
        let mut head = String::new();
        let is_sealed = is_sealed(self.pack, rule, entry);
        for (index, column) in rule.columns.iter().enumerate() {
            let raw = raw(entry, column);
            let text = match column.kind == CHILDREN {
                true => self.names(&raw),
                false => column_words(self.tablet, self.pack, column, &raw),
            };
            let Some(text) = text else {
                continue;
            };
            if self.tablet.sees(column).is_open() && !is_sealed {
                values.insert(column.key.clone(), raw);
            }
            if index == 0 {
                head = text;
            } else if !is_sealed {
                // What is paid, by whom and on which papers says as much as the name.
                lines.push(RowLineView {
                    key: format!("{}/{}/{}", block.key, entry.id, column.key),
                    label: column.label.clone(),
                    text,
                    reveal: self
                        .tablet
                        .sees(column)
                        .reveal
                        .map(|reveal| children::reveal_word(reveal).to_owned()),
                    flag: entry
                        .text(&format!("{FLAG}{}", column.key))
                        .map(str::to_owned),
                });
            }
        }
        FileRowView {
            row: entry.id.clone(),
            head,
            lines,
            values,
            by: self.authors.name(self.roster, entry.made_by),
            on: entry
                .date("written_on")
                .or_else(|| entry.date("recorded_on"))
                .map(|date| date.to_string())
                .unwrap_or_default(),
            state: record_state(&self.roster.states, &entry.id),
            editable: !is_sealed,
            removable: may_take_away(self.decides, rule) && !is_sealed,
        }
    }
}

/// A column for a screen that writes it.
pub(crate) fn column(tablet: &Tablet, pack: &PolicyPack, rule: &FieldRule) -> RowColumnView {
    RowColumnView {
        key: rule.key.clone(),
        label: rule.label.clone(),
        kind: rule.kind.clone(),
        options: rule
            .list
            .as_deref()
            .map(|list| options(&pack.items(list), tablet.today()))
            .unwrap_or_default(),
        need: rule.need,
        masked: !tablet.sees(rule).is_open(),
    }
}

/// A column's value in words, masked as this person sees it; none where it is hidden or says nothing.
pub(crate) fn column_words(
    tablet: &Tablet,
    pack: &PolicyPack,
    column: &FieldRule,
    raw: &[String],
) -> Option<String> {
    if raw.is_empty() {
        return None;
    }
    let view = tablet.sees(column);
    if !view.is_open() {
        return view.text(&raw.join("、"));
    }
    let words = raw.iter().map(|value| match (&column.list, &*column.kind) {
        (Some(list), _) => pack.label(list, value).to_owned(),
        (None, "area") => area_words(tablet, value),
        (None, _) => value.clone(),
    });
    Some(words.collect::<Vec<_>>().join("、"))
}

/// Whose word stands for the holder of a value in a row, where the key is `block/row/column`.
pub(crate) const HOLDER: &str = "row";

/// A value of a row by that key, with its rule and its document.
pub(crate) fn value<'a>(
    pack: &'a FilePack,
    codes: Option<&PolicyPack>,
    child: &RosterChild,
    household: Option<&RosterHousehold>,
    key: &str,
) -> Option<(&'a FieldRule, DocumentId, String)> {
    let mut parts = key.splitn(3, '/');
    let (block_key, row, column) = (parts.next()?, parts.next()?, parts.next()?);
    let (block, rule) = block(pack, block_key).ok()?;
    let column = rule.column(column)?;
    let document = match rule.holder.as_str() {
        "household" => household?.id,
        _ => child.id,
    };
    let entry = standing(block, rule, child, household)
        .into_iter()
        .find(|entry| entry.id == row)
        .filter(|entry| !codes.is_some_and(|codes| is_sealed(codes, rule, entry)))?;
    let text = raw(entry, column).join("、");
    (!text.is_empty()).then_some((column, document, text))
}

/// What a row that did not arrive says, label by label; none where the entry is no row of a block. Of one that belongs into
/// no file it says what the file would: that there is something.
pub(crate) fn lines_of(
    tablet: &Tablet,
    pack: &PolicyPack,
    entry: &Entry,
) -> Option<Vec<(String, String)>> {
    let packs = tablet.packs();
    let rule = packs.file.rows(entry.text("block")?)?;
    let most = match is_sealed(pack, rule, entry) {
        true => 1,
        false => rule.columns.len(),
    };
    let columns = rule.columns.iter().take(most).filter_map(|column| {
        let words = column_words(tablet, pack, column, &raw(entry, column))?;
        Some((column.label.clone(), words))
    });
    Some(columns.collect())
}

/// An area code with its name, where the table knows it.
pub(crate) fn area_words(tablet: &Tablet, code: &str) -> String {
    tablet
        .packs()
        .areas
        .name(code)
        .map_or_else(|| code.to_owned(), |name| format!("{name}（{code}）"))
}

fn takes_several(column: &FieldRule) -> bool {
    ["many", CHILDREN].contains(&column.kind.as_str())
}

/// The values of a column as they were written.
pub(crate) fn raw(entry: &Entry, column: &FieldRule) -> Vec<String> {
    if takes_several(column) {
        return entry.codes(&column.key);
    }
    entry
        .values
        .get(&column.key)
        .map(Scalar::to_display)
        .filter(|text| !text.is_empty())
        .into_iter()
        .collect()
}

/// A row that says what belongs into no file a village holds (decisions.md 4): where one has it all the same, nobody reads,
/// changes or takes away what it is.
fn is_sealed(pack: &PolicyPack, rule: &RowsRule, entry: &Entry) -> bool {
    rule.columns.iter().any(|column| {
        column.list.as_deref().is_some_and(|list| {
            raw(entry, column)
                .iter()
                .any(|code| pack.is_restricted(list, code))
        })
    })
}

/// What decides how often a child is seen is taken away by the station only; a director ends it, and lowering is approved.
fn may_take_away(decides: bool, rule: &RowsRule) -> bool {
    decides || !["categories", "tier_facts"].contains(&rule.collection.as_str())
}

/// Where rows of a rule are written.
pub(crate) fn place(
    rule: &RowsRule,
    roster: &Roster,
    child: &RosterChild,
) -> Result<(DocumentId, DocKind, ids::UnitId), ClientError> {
    if rule.holder == "household" {
        let household = roster
            .household_of(child)
            .ok_or_else(|| ClientError::new("not_found"))?;
        return Ok((household.id, DocKind::Household, household.unit));
    }
    Ok((child.id, DocKind::Child, child.unit))
}

/// The collection rows of a rule lie in.
pub(crate) fn collection(rule: &RowsRule) -> Result<&'static str, ClientError> {
    COLLECTIONS
        .into_iter()
        .find(|name| *name == rule.collection)
        .ok_or_else(|| ClientError::new("not_allowed"))
}

/// Writes a row, or one in the place of an earlier one.
///
/// # Errors
/// `not_found`, `not_allowed`, `row_incomplete`, `dates_crossed`, `value_invalid`, `date_invalid`, `number_invalid`,
/// `station_decides`, `recused`, `too_large`, `id_no_real`, `disk_full`.
pub fn write_row(tablet: &Tablet, input: &FileRowInput) -> Result<ChildFileView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let household = roster.household_of(child);
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let (block, rule) = block(&packs.file, &input.block)?;
    let earlier = match &input.replaces {
        Some(id) => Some(
            standing(block, rule, child, household)
                .into_iter()
                .find(|entry| entry.id == *id)
                .ok_or_else(|| ClientError::new("not_found"))?,
        ),
        None => None,
    };
    let entry = row_entry(
        tablet,
        pack,
        &roster,
        child,
        (block, rule),
        earlier,
        &input.values,
    )?;
    save(tablet, &roster, child, (block, rule), entry, "row_written")
}

/// A row as it is written, in the place of an earlier one or a new one.
///
/// # Errors
/// As [`write_row`].
pub(crate) fn row_entry(
    tablet: &Tablet,
    pack: &PolicyPack,
    roster: &Roster,
    child: &RosterChild,
    (block, rule): (&FieldBlock, &RowsRule),
    earlier: Option<&Entry>,
    values: &BTreeMap<String, Vec<String>>,
) -> Result<Entry, ClientError> {
    if earlier.is_some_and(|earlier| is_sealed(pack, rule, earlier)) {
        return Err(ClientError::new("not_allowed"));
    }
    let id = tablet.new_id().to_string();
    let mut entry = Entry::new(&id);
    for column in &rule.columns {
        fill(tablet, pack, column, earlier, values, &mut entry)?;
        if column.need && raw(&entry, column).is_empty() {
            return Err(ClientError::new("row_incomplete").with("label", &column.label));
        }
    }
    are_of_the_house(rule, roster, roster.household_of(child), earlier, &entry)?;
    in_order(rule, &entry)?;
    check_holder(rule, child, &mut entry);
    if !recusals::decides(tablet, child)? && undoes_what_decides(rule, earlier, &entry) {
        return Err(may_not(tablet));
    }
    let today = roster.today.to_string();
    // The tier takes effect the day a fact was recorded, which a correction does not change (decisions.md 7).
    let recorded_on = earlier
        .filter(|earlier| !begins_anew(rule, earlier, &entry))
        .and_then(|earlier| earlier.text("recorded_on"))
        .unwrap_or(&today)
        .to_owned();
    entry = entry
        .with("block", block.key.as_str())
        .with("recorded_on", recorded_on.as_str())
        .with("written_on", today.as_str())
        .with("recorded_ms", tablet.clock.now_ms())
        .with("by", tablet.identity.staff.to_string());
    if let Some(earlier) = earlier {
        entry = entry.with(REPLACES, earlier.id.as_str());
    }
    Ok(entry)
}

/// Takes a row away that should not be there. It stays in the history.
///
/// # Errors
/// `not_found`, `reason_missing`, `station_decides`, `recused`, `disk_full`.
pub fn take_row_away(tablet: &Tablet, input: &TakeRowInput) -> Result<ChildFileView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let (block, rule) = block(&packs.file, &input.block)?;
    let reason = note(&input.reason)?;
    if reason.is_empty() {
        return Err(ClientError::new("reason_missing"));
    }
    if !may_take_away(recusals::decides(tablet, child)?, rule) {
        return Err(may_not(tablet));
    }
    let earlier = standing(block, rule, child, roster.household_of(child))
        .into_iter()
        .find(|entry| entry.id == input.row && !is_sealed(pack, rule, entry))
        .ok_or_else(|| ClientError::new("not_found"))?;
    let entry = away(tablet, &block.key, &earlier.id, &reason);
    save(
        tablet,
        &roster,
        child,
        (block, rule),
        entry,
        "row_taken_away",
    )
}

/// The entry that takes a row away.
pub(crate) fn away(tablet: &Tablet, block: &str, row: &str, reason: &str) -> Entry {
    Entry::new(tablet.new_id().to_string())
        .with("block", block)
        .with(REPLACES, row)
        .with(TAKEN_AWAY, true)
        .with("reason", reason)
        .with("written_on", tablet.today().to_string())
        .with("recorded_ms", tablet.clock.now_ms())
        .with("by", tablet.identity.staff.to_string())
}

fn save(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
    (block, rule): (&FieldBlock, &RowsRule),
    entry: Entry,
    action: &str,
) -> Result<ChildFileView, ClientError> {
    let (document, kind, unit) = place(rule, roster, child)?;
    let label = format!("{} {}", child.name(), block.title);
    let id = entry.id.clone();
    let edit = Edit::Add {
        collection: collection(rule)?,
        entry,
    };
    records::save(
        tablet,
        action,
        &[Write::new(document, kind, unit, vec![edit]).labelled("row", label, id)],
    )?;
    children::file(
        tablet,
        &IdInput {
            id: child.id.to_string(),
        },
    )
}

/// A block of the file whose rows are written in the file. A piece of work is not ([`crate::work`]).
pub(crate) fn block<'a>(
    pack: &'a FilePack,
    key: &str,
) -> Result<(&'a FieldBlock, &'a RowsRule), ClientError> {
    pack.blocks
        .iter()
        .find(|block| block.key == key)
        .and_then(|block| Some((block, block.rows.as_ref()?)))
        .filter(|(_, rule)| rule.work.is_none())
        .ok_or_else(|| ClientError::new("not_allowed"))
}

/// Writes one column: what was given, else what was there before.
pub(crate) fn fill(
    tablet: &Tablet,
    pack: &PolicyPack,
    column: &FieldRule,
    earlier: Option<&Entry>,
    values: &BTreeMap<String, Vec<String>>,
    entry: &mut Entry,
) -> Result<(), ClientError> {
    let Some(given) = values.get(&column.key) else {
        let prefix = format!("{}.", column.key);
        let flag = format!("{FLAG}{}", column.key);
        for (key, value) in earlier.iter().flat_map(|earlier| &earlier.values) {
            if *key == column.key || *key == flag || key.starts_with(&prefix) {
                entry.values.insert(key.clone(), value.clone());
            }
        }
        return Ok(());
    };
    let given: Vec<&str> = given
        .iter()
        .map(|value| value.trim())
        .filter(|value| !value.is_empty())
        .collect();
    if given.len() > 1 && !takes_several(column) {
        return Err(ClientError::new("value_invalid").with("value", given[1]));
    }
    for value in given {
        let (value, flag) = checked(tablet, pack, column, value)?;
        if takes_several(column) {
            entry
                .values
                .insert(format!("{}.{value}", column.key), Scalar::Bool(true));
        } else {
            entry.values.insert(column.key.clone(), value.into());
        }
        if let Some(flag) = flag {
            entry
                .values
                .insert(format!("{FLAG}{}", column.key), flag.into());
        }
    }
    Ok(())
}

/// A value as it is kept, and why it wants a look. Nothing a person saw on paper is turned away.
pub(crate) fn checked(
    tablet: &Tablet,
    pack: &PolicyPack,
    rule: &FieldRule,
    value: &str,
) -> Result<(String, Option<&'static str>), ClientError> {
    if value.chars().count() > VALUE_CHARACTERS {
        return Err(ClientError::new("too_large"));
    }
    let invalid = || ClientError::new("value_invalid").with("value", value);
    match rule.kind.as_str() {
        "one" | "many" => {
            let list = rule.list.as_deref().unwrap_or_default();
            let known = pack.items(list).iter().any(|item| item.code == value);
            known.then(|| (value.to_owned(), None)).ok_or_else(invalid)
        }
        CHILDREN => {
            let id = DocumentId::parse(value).map_err(|_| invalid())?;
            Ok((id.to_string(), None))
        }
        "date" => {
            let date: NaiveDate = value
                .parse()
                .map_err(|_| ClientError::new("date_invalid"))?;
            Ok((date.to_string(), None))
        }
        "number" => {
            let number: f64 = value
                .parse()
                .map_err(|_| ClientError::new("number_invalid"))?;
            if !(0.0..=10_000_000.0).contains(&number) {
                return Err(ClientError::new("number_invalid"));
            }
            Ok((value.to_owned(), None))
        }
        "id_no" | "certificate" => {
            let number = identity_number::normalise(value);
            if tablet.identity.demo && !identity_number::is_synthetic(&number) {
                return Err(ClientError::new("id_no_real"));
            }
            let flag = match (
                rule.kind.as_str(),
                identity_number::check(&number, tablet.today()),
            ) {
                ("id_no", verdict) if verdict != Verdict::Valid => Some("号码对不上，请核对证件"),
                _ => None,
            };
            Ok((number, flag))
        }
        "area" => {
            let code = tablet.packs().areas.code_of(value).ok_or_else(invalid)?;
            Ok((code, None))
        }
        _ => Ok((value.to_owned(), None)),
    }
}

/// Whose a row is: children who live there, or whom the row before named.
fn are_of_the_house(
    rule: &RowsRule,
    roster: &Roster,
    household: Option<&RosterHousehold>,
    earlier: Option<&Entry>,
    entry: &Entry,
) -> Result<(), ClientError> {
    let home = household.map(|household| household.id.to_string());
    let children = home.map(|home| roster.children_of(&home));
    let here: Vec<String> = children
        .unwrap_or_default()
        .iter()
        .map(|child| child.id.to_string())
        .collect();
    for column in rule.columns.iter().filter(|it| it.kind == CHILDREN) {
        let before = earlier.map(|earlier| earlier.codes(&column.key));
        let before = before.unwrap_or_default();
        let named = entry.codes(&column.key);
        let mut strangers = named
            .iter()
            .filter(|id| !here.contains(id) && !before.contains(id));
        if let Some(stranger) = strangers.next() {
            return Err(ClientError::new("value_invalid").with("value", stranger));
        }
    }
    Ok(())
}

/// The end is not before the beginning.
fn in_order(rule: &RowsRule, entry: &Entry) -> Result<(), ClientError> {
    let day = |key: &Option<String>| key.as_ref().and_then(|key| entry.date(key));
    match (day(&rule.from), day(&rule.to)) {
        (Some(from), Some(to)) if to < from => Err(ClientError::new("dates_crossed")),
        _ => Ok(()),
    }
}

/// A certificate belongs to the row's own number, else to the child's; kind and grade must say the same.
fn check_holder(rule: &RowsRule, child: &RosterChild, entry: &mut Entry) {
    for column in rule.columns.iter().filter(|it| it.kind == "certificate") {
        let Some(number) = entry.text(&column.key) else {
            continue;
        };
        let holder = match rule.column("id_no") {
            Some(_) => entry.text("id_no"),
            None => child.child.text("id_no"),
        };
        let kind = ["kind", "disability"]
            .into_iter()
            .find_map(|key| entry.text(key));
        let words = match check_certificate(number, holder, kind, entry.text("grade")) {
            CertificateVerdict::Valid => None,
            CertificateVerdict::WrongLength => Some("证号应是20位，请核对残疾证"),
            CertificateVerdict::WrongNumber => Some("证号前18位对不上，请核对残疾证"),
            CertificateVerdict::AnotherPerson => Some("证号和证件号码不是一个人，请核对"),
            CertificateVerdict::WrongKind | CertificateVerdict::WrongGrade => {
                Some("证号末两位应是类别和等级，请核对残疾证")
            }
            CertificateVerdict::Differs => Some("证号里的类别、等级和填的不一样，请核对"),
        };
        let flag = format!("{FLAG}{}", column.key);
        match words {
            Some(words) => entry.values.insert(flag, words.into()),
            None => entry.values.remove(&flag),
        };
    }
}

/// The station decides; at the station somebody does who is not a relative.
fn may_not(tablet: &Tablet) -> ClientError {
    ClientError::new(match tablet.identity.role.is_at_station() {
        true => "recused",
        false => "station_decides",
    })
}

/// What decides how often a child is seen cannot be undone by writing it anew: its kind stays, it does not begin later, and
/// a confirmed category does not become an unconfirmed one, but by whoever decides.
fn undoes_what_decides(rule: &RowsRule, earlier: Option<&Entry>, entry: &Entry) -> bool {
    let Some(earlier) = earlier else {
        return false;
    };
    let differs = |key: &str| earlier.text(key) != entry.text(key);
    match rule.collection.as_str() {
        "tier_facts" => differs("kind") || differs("from"),
        "categories" => {
            let unconfirms = entry.text("status") == Some(SUSPECTED)
                && earlier.text("status") != Some(SUSPECTED);
            differs("code") || differs("start") || unconfirms
        }
        _ => false,
    }
}

/// Written anew it says something else from today on: another kind, or what was unconfirmed is confirmed.
fn begins_anew(rule: &RowsRule, earlier: &Entry, entry: &Entry) -> bool {
    let differs = |key: &str| earlier.text(key) != entry.text(key);
    match rule.collection.as_str() {
        "tier_facts" => differs("kind"),
        "categories" => {
            let was_suspected = earlier.text("status") == Some(SUSPECTED)
                || earlier.text("basis") == Some(SUSPECTED);
            differs("code") || was_suspected && entry.text("status") != Some(SUSPECTED)
        }
        _ => false,
    }
}
