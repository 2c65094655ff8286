//! Work a person writes down herself: a line of the work log, care and help, an activity (domain.md §7, docs/adr/0036).
//!
//! Which kinds there are, and what each asks, is data: the blocks of `policy/fields.json` that are work. What is about
//! children is written into each child's document, and goes with it; what is about none, into a month's document of the
//! unit. One record may so have several entries; they are written, put right and taken away together.

use crate::attachments;
use crate::contacts::{event_date, note};
use crate::error::ClientError;
use crate::looks;
use crate::packs::Packs;
use crate::records::{self, Write};
use crate::recusals::{self, Recusals};
use crate::roster::{Roster, RosterChild};
use crate::rows;
use crate::sheets;
use crate::tablet::Tablet;
use crate::view::{
    AttachmentView, IdInput, RowLineView, SheetInput, SheetPage, SignListView, TakeWorkInput,
    WorkChildView, WorkFormInput, WorkFormView, WorkInput, WorkRefView, WorkSavedView,
};
use chrono::NaiveDate;
use domain::file::{Concerns, FieldBlock, RowsRule, VILLAGE, WorkRule};
use domain::policy::PolicyPack;
use domain::record::{Edit, Entry, REPLACES, ROWS, TAKEN_AWAY};
use domain::work::{self, ENTRIES, RECORD, record_of};
use ids::{DocKind, DocumentId, UnitId};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// A block that is work, with its rules.
#[derive(Clone, Copy)]
pub(crate) struct Kind<'a> {
    pub(crate) block: &'a FieldBlock,
    pub(crate) rows: &'a RowsRule,
    pub(crate) work: &'a WorkRule,
}

/// All kinds of work of the packs, the lines an activity leaves included.
pub(crate) fn kinds(packs: &Packs) -> impl Iterator<Item = Kind<'_>> {
    packs.file.blocks.iter().filter_map(|block| {
        let rows = block.rows.as_ref()?;
        let work = rows.work.as_ref()?;
        Some(Kind { block, rows, work })
    })
}

fn kind<'a>(packs: &'a Packs, key: &str) -> Result<Kind<'a>, ClientError> {
    kinds(packs)
        .find(|kind| kind.block.key == key)
        .ok_or_else(|| ClientError::new("not_found"))
}

impl Kind<'_> {
    /// The day of an entry.
    pub(crate) fn day(&self, entry: &Entry) -> Option<NaiveDate> {
        entry.date(self.rows.from.as_ref()?)
    }

    /// What the log calls an entry, and what it says.
    pub(crate) fn told(
        &self,
        tablet: &Tablet,
        pack: &PolicyPack,
        entry: &Entry,
    ) -> (String, String) {
        let mut head = String::new();
        let mut parts = Vec::new();
        for (index, column) in self.rows.columns.iter().enumerate() {
            if Some(&column.key) == self.rows.from.as_ref() {
                continue;
            }
            let raw = rows::raw(entry, column);
            match rows::column_words(tablet, pack, column, &raw) {
                Some(words) if index == 0 => head = words,
                // The first words a person wrote say what it is; what follows says of what it speaks.
                Some(words) if parts.is_empty() => parts.push(words),
                Some(words) => parts.push(format!("{}：{words}", column.label)),
                None => {}
            }
        }
        if let Some(joined) = entry.int("joined").filter(|joined| *joined > 0) {
            parts.push(format!("孩子{joined}人"));
        }
        let title = match self.work.name.as_str() {
            "" => head,
            name => format!("{name}：{head}"),
        };
        (title, parts.join("；"))
    }

    /// Where an entry is put right; for this person's own only.
    pub(crate) fn reference(&self, tablet: &Tablet, entry: &Entry) -> Option<WorkRefView> {
        is_mine(tablet, entry).then(|| WorkRefView {
            block: self.work.of.as_ref().unwrap_or(&self.block.key).clone(),
            record: record_of(entry).to_owned(),
        })
    }

    /// The activity a line in a child's file is of.
    pub(crate) fn activity(&self, entry: &Entry) -> Option<String> {
        let of = self.work.of.as_ref();
        of.map(|_| record_of(entry).to_owned())
    }
}

/// What this person wrote.
pub(crate) fn is_mine(tablet: &Tablet, entry: &Entry) -> bool {
    entry.text("by") == Some(tablet.identity.staff.to_string().as_str())
}

/// Work that names a child, with the title of its block.
pub(crate) fn in_file<'a>(
    packs: &'a Packs,
    child: &'a RosterChild,
) -> impl Iterator<Item = (&'a str, &'a Entry)> {
    kinds(packs).flat_map(move |kind| {
        let rows = child.child.rows(&kind.block.key);
        rows.map(move |entry| (kind.block.title.as_str(), entry))
    })
}

/// A document entries lie in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    document: DocumentId,
    unit: UnitId,
    of_child: bool,
}

impl Place {
    fn child(child: &RosterChild) -> Self {
        Self {
            document: child.id,
            unit: child.unit,
            of_child: true,
        }
    }
}

/// An entry that stands, and where.
struct Placed<'a> {
    place: Place,
    entry: &'a Entry,
}

/// What is needed to write a kind of work.
struct Desk<'a> {
    tablet: &'a Tablet,
    roster: &'a Roster,
    packs: Arc<Packs>,
    key: &'a str,
    /// Everything that is written at once was written at this moment.
    now_ms: i64,
}

impl<'a> Desk<'a> {
    fn kind(&self) -> Result<Kind<'_>, ClientError> {
        kind(&self.packs, self.key).and_then(|kind| match kind.work.of {
            // The lines in the children's files are written with what they are lines of.
            Some(_) => Err(ClientError::new("not_allowed")),
            None => Ok(kind),
        })
    }

    fn pack(&self) -> Result<&PolicyPack, ClientError> {
        self.packs
            .rules_on(self.roster.today)
            .ok_or_else(|| ClientError::new("form_unknown"))
    }

    /// The entries of a record that stand here.
    fn placed(&self, record: &str) -> Result<Vec<Placed<'a>>, ClientError> {
        let kind = self.kind()?;
        let keys = [Some(&kind.block.key), kind.work.joined.as_ref()];
        let is_its = |entry: &&'a Entry| {
            let block = entry.text("block");
            keys.iter().flatten().any(|key| block == Some(key.as_str()))
                && record_of(entry) == record
        };
        let mut found = Vec::new();
        for noun in &self.roster.work {
            let place = Place {
                document: noun.id,
                unit: noun.unit,
                of_child: false,
            };
            let entries = noun.noun.entries.iter().filter(is_its);
            found.extend(entries.map(|entry| Placed { place, entry }));
        }
        for child in &self.roster.children {
            let place = Place::child(child);
            let entries = child.child.entries(ROWS).iter().filter(is_its);
            found.extend(entries.map(|entry| Placed { place, entry }));
        }
        Ok(found)
    }

    /// The same, to write in their place: a person puts right what she wrote herself.
    fn own(&self, record: &str) -> Result<Vec<Placed<'a>>, ClientError> {
        let found = self.placed(record)?;
        if found.is_empty() {
            return Err(ClientError::new("not_found"));
        }
        match found.iter().all(|one| is_mine(self.tablet, one.entry)) {
            true => Ok(found),
            false => Err(ClientError::new("not_allowed")),
        }
    }

    /// Where this month's work that is about no child is written.
    fn month(&self, month: &str, edits: &mut BTreeMap<Place, Vec<Edit>>) -> Place {
        let mut begun = BTreeMap::new();
        let place = Place {
            document: month_of_unit(self.tablet, self.roster, month, &mut begun),
            unit: self.tablet.identity.unit,
            of_child: false,
        };
        edits.extend(begun.into_values().map(|begin| (place, begin)));
        place
    }

    /// What every entry says of itself.
    fn signed(&self, entry: Entry, block: &str, record: &str) -> Entry {
        entry
            .with("block", block)
            .with(RECORD, record)
            .with("written_on", self.roster.today.to_string())
            .with("recorded_ms", self.now_ms)
            .with("by", self.tablet.identity.staff.to_string())
    }

    fn taken_away(&self, one: &Placed<'_>, reason: Option<&str>) -> Edit {
        let block = one.entry.text_or_empty("block");
        let id = self.tablet.new_id().to_string();
        let mut entry = self
            .signed(Entry::new(id), &block, record_of(one.entry))
            .with(REPLACES, one.entry.id.as_str())
            .with(TAKEN_AWAY, true);
        if let Some(reason) = reason {
            entry = entry.with("reason", reason);
        }
        add(one.place, entry)
    }

    fn save(
        &self,
        edits: BTreeMap<Place, Vec<Edit>>,
        action: &str,
        sheet: Option<(Uuid, Option<DocumentId>)>,
    ) -> Result<(), ClientError> {
        let title = self.kind()?.block.title.clone();
        let writes: Vec<Write> = edits
            .into_iter()
            .map(|(place, edits)| {
                let id = edits.iter().rev().find_map(|edit| match edit {
                    Edit::Add { entry, .. } => Some(entry.id.clone()),
                    _ => None,
                });
                let name = match place.of_child {
                    true => self.roster.child(&place.document.to_string()).ok(),
                    false => None,
                };
                let label = match name {
                    Some(child) => format!("{} {title}", child.name()),
                    None => title.clone(),
                };
                let kind = match place.of_child {
                    true => DocKind::Child,
                    false => DocKind::Work,
                };
                Write::new(place.document, kind, place.unit, edits).labelled(
                    "work",
                    label,
                    id.unwrap_or_default(),
                )
            })
            .collect();
        records::save_with(self.tablet, action, &writes, |tx| match sheet {
            Some((sheet, document)) => sheets::done(tx, sheet, document),
            None => Ok(()),
        })
    }
}

/// The document of the person's unit for a month: the one that is here, or one that is begun with these edits.
pub(crate) fn month_of_unit(
    tablet: &Tablet,
    roster: &Roster,
    month: &str,
    edits: &mut BTreeMap<DocumentId, Vec<Edit>>,
) -> DocumentId {
    let unit = tablet.identity.unit;
    let here = roster.work.iter();
    let known = here
        .filter(|noun| noun.unit == unit && noun.noun.month == month)
        .map(|noun| noun.id)
        .min();
    known.unwrap_or_else(|| {
        let document = DocumentId(tablet.new_id());
        edits.insert(document, vec![work::begin(month)]);
        document
    })
}

fn add(place: Place, entry: Entry) -> Edit {
    Edit::Add {
        collection: if place.of_child { ROWS } else { ENTRIES },
        entry,
    }
}

/// What the page that writes a piece of work asks; with a record, filled with what it says.
///
/// # Errors
/// `not_found`, `not_allowed` for another person's, `still_loading`, `form_unknown`.
pub fn form(tablet: &Tablet, input: &WorkFormInput) -> Result<WorkFormView, ClientError> {
    let roster = Roster::read(tablet)?;
    let desk = desk(tablet, &roster, &input.block);
    let (kind, pack) = (desk.kind()?, desk.pack()?);
    let placed = match &input.record {
        Some(record) => desk.own(record)?,
        None => Vec::new(),
    };
    let main = placed
        .iter()
        .find(|one| one.entry.text("block") == Some(kind.block.key.as_str()));
    let values = main.map(|one| {
        let columns = kind.rows.columns.iter();
        columns
            .map(|column| (column.key.clone(), rows::raw(one.entry, column)))
            .filter(|(_, raw)| !raw.is_empty())
            .collect()
    });
    let recusals = Recusals::read(tablet)?;
    Ok(WorkFormView {
        block: kind.block.key.clone(),
        one: kind.rows.one.clone(),
        columns: kind
            .rows
            .columns
            .iter()
            .map(|rule| rows::column(tablet, pack, rule))
            .collect(),
        must_name: kind.work.children == Concerns::Must,
        signs: kind.rows.holder == VILLAGE,
        children: roster
            .children
            .iter()
            .filter(|child| {
                let is_about = placed.iter().any(|one| one.place.document == child.id);
                is_about || child.runs() && !recusals::is_hers(tablet, &recusals, child)
            })
            .map(|child| WorkChildView {
                child: child.id.to_string(),
                name: child.name(),
                village: roster.people.unit_name(child.unit),
                chosen: placed.iter().any(|one| one.place.document == child.id),
            })
            .collect(),
        day: kind.rows.from.clone().unwrap_or_default(),
        values: values.unwrap_or_default(),
        photos: kind.work.photos,
        attachments: match &input.record {
            Some(record) => photos_of(tablet, &roster, record)?,
            None => Vec::new(),
        },
    })
}

/// The page of a piece of work.
fn page(input: &WorkInput) -> SheetInput {
    SheetInput {
        page: SheetPage::Work,
        of: input.block.clone(),
        record: input.record.clone(),
    }
}

/// Whether a piece of work of this kind has photos.
///
/// # Errors
/// `not_found`, `not_allowed` for another person's record, `still_loading`.
pub(crate) fn may_write(
    tablet: &Tablet,
    block: &str,
    record: Option<&str>,
) -> Result<bool, ClientError> {
    let roster = Roster::read(tablet)?;
    let desk = desk(tablet, &roster, block);
    if let Some(record) = record {
        desk.own(record)?;
    }
    Ok(desk.kind()?.work.photos)
}

/// What one piece of this kind is called.
pub(crate) fn name_of(packs: &Packs, block: &str) -> Option<String> {
    Some(kind(packs, block).ok()?.rows.one.clone())
}

/// The photos of a piece of work that lies with the village, in whichever month they were taken.
fn photos_of(
    tablet: &Tablet,
    roster: &Roster,
    record: &str,
) -> Result<Vec<AttachmentView>, ClientError> {
    let mut photos = Vec::new();
    for month in &roster.work {
        let here = attachments::of_document(tablet, month.id, |of| of == record)?;
        photos.extend(here);
    }
    Ok(photos)
}

fn desk<'a>(tablet: &'a Tablet, roster: &'a Roster, key: &'a str) -> Desk<'a> {
    Desk {
        tablet,
        roster,
        packs: tablet.packs(),
        key,
        now_ms: tablet.clock.now_ms(),
    }
}

/// Writes a piece of work, or one of this person's own anew.
///
/// # Errors
/// `not_found`, `not_allowed`, `row_incomplete`, `children_missing`, `date_invalid`, `date_future`, `value_invalid`,
/// `number_invalid`, `too_large`, `disk_full`.
pub fn record_work(tablet: &Tablet, input: &WorkInput) -> Result<WorkSavedView, ClientError> {
    let roster = Roster::read(tablet)?;
    let desk = desk(tablet, &roster, &input.block);
    let (kind, pack) = (desk.kind()?, desk.pack()?);
    let mut children: Vec<&RosterChild> = Vec::new();
    for id in &input.children {
        let child = roster.child(id)?;
        if children.iter().all(|known| known.id != child.id) {
            children.push(child);
        }
    }
    if children.is_empty() && kind.work.children == Concerns::Must {
        return Err(ClientError::new("children_missing"));
    }
    let earlier = match &input.record {
        Some(record) => desk.own(record)?,
        None => Vec::new(),
    };
    let record = match &input.record {
        Some(record) => record.clone(),
        None => tablet.new_id().to_string(),
    };
    let mut main = Entry::default();
    for column in &kind.rows.columns {
        rows::fill(tablet, pack, column, None, &input.values, &mut main)?;
        if column.need && rows::raw(&main, column).is_empty() {
            return Err(ClientError::new("row_incomplete").with("label", &column.label));
        }
    }
    let day = kind.rows.from.as_deref().unwrap_or_default();
    let day = event_date(main.text(day).unwrap_or_default(), roster.today)?;
    let recorded_on = earlier
        .first()
        .and_then(|one| one.entry.text("recorded_on"));
    main = main.with(
        "recorded_on",
        recorded_on.map_or_else(|| roster.today.to_string(), str::to_owned),
    );

    let sheet = sheets::named(tablet, input.sheet.as_ref(), &page(input))?;

    let mut edits = BTreeMap::new();
    let lies_with_the_village = kind.rows.holder == VILLAGE || children.is_empty();
    let mut targets: Vec<(Place, &str, Entry)> = Vec::new();
    if lies_with_the_village {
        let count = i64::try_from(children.len()).unwrap_or(i64::MAX);
        let place = desk.month(&day.format("%Y-%m").to_string(), &mut edits);
        let entry = match kind.work.joined {
            Some(_) => main.clone().with("joined", count),
            None => main.clone(),
        };
        if let Some(sheet) = sheet {
            let attached = attachments::edits(tablet, sheet, &record)?;
            edits.entry(place).or_default().extend(attached);
        }
        targets.push((place, kind.block.key.as_str(), entry));
    }
    let line = match &kind.work.joined {
        Some(joined) => {
            let columns = self::kind(&desk.packs, joined)?.rows.columns.iter();
            let mut line = Entry::default();
            for column in columns {
                rows::fill(tablet, pack, column, None, &input.values, &mut line)?;
            }
            (joined.as_str(), line)
        }
        None => (kind.block.key.as_str(), main),
    };
    for child in &children {
        targets.push((Place::child(child), line.0, line.1.clone()));
    }
    let first = targets.first().map(|(place, _, _)| place.document);
    let sheet = sheet.map(|sheet| (sheet, first));
    for (place, block, mut entry) in targets {
        entry.id = tablet.new_id().to_string();
        entry = desk.signed(entry, block, &record);
        if let Some(before) = earlier.iter().find(|one| one.place == place) {
            entry = entry.with(REPLACES, before.entry.id.as_str());
        }
        edits.entry(place).or_default().push(add(place, entry));
    }
    // What is left of before: another month, a child that is no longer named, a second one of two put right apart.
    for one in &earlier {
        let replaced = edits.values().flatten().any(|edit| match edit {
            Edit::Add { entry, .. } => entry.text(REPLACES) == Some(one.entry.id.as_str()),
            _ => false,
        });
        if !replaced {
            let away = desk.taken_away(one, None);
            edits.entry(one.place).or_default().insert(0, away);
        }
    }
    desk.save(edits, "work_recorded", sheet)?;
    Ok(WorkSavedView { record })
}

/// A piece of work about children that follows from something else a person saved, under ids that follow from it as well.
pub(crate) struct Follows<'a> {
    pub(crate) block: &'a str,
    pub(crate) record: String,
    pub(crate) values: &'a BTreeMap<String, Vec<String>>,
    /// Each child with the id its entry has.
    pub(crate) children: &'a [(&'a RosterChild, String)],
}

/// Writes it.
pub(crate) fn record_following(
    tablet: &Tablet,
    roster: &Roster,
    follows: &Follows<'_>,
) -> Result<(), ClientError> {
    let desk = desk(tablet, roster, follows.block);
    let (kind, pack) = (desk.kind()?, desk.pack()?);
    let mut main = Entry::default();
    for column in &kind.rows.columns {
        rows::fill(tablet, pack, column, None, follows.values, &mut main)?;
    }
    let main = main.with("recorded_on", roster.today.to_string());
    let mut edits: BTreeMap<Place, Vec<Edit>> = BTreeMap::new();
    for (child, id) in follows.children {
        let mut entry = main.clone();
        entry.id.clone_from(id);
        let place = Place::child(child);
        let entry = desk.signed(entry, follows.block, &follows.record);
        edits.entry(place).or_default().push(add(place, entry));
    }
    desk.save(edits, "work_recorded", None)
}

/// Takes a piece of one's own work away that should not be there. It stays in the history.
///
/// # Errors
/// `not_found`, `not_allowed`, `reason_missing`, `disk_full`.
pub fn take_work_away(
    tablet: &Tablet,
    input: &TakeWorkInput,
) -> Result<WorkSavedView, ClientError> {
    let reason = note(&input.reason)?;
    if reason.is_empty() {
        return Err(ClientError::new("reason_missing"));
    }
    let roster = Roster::read(tablet)?;
    let desk = desk(tablet, &roster, &input.block);
    let mut edits: BTreeMap<Place, Vec<Edit>> = BTreeMap::new();
    for one in desk.own(&input.record)? {
        let away = desk.taken_away(&one, Some(&reason));
        edits.entry(one.place).or_default().push(away);
    }
    let page = SheetInput {
        page: SheetPage::Work,
        of: input.block.clone(),
        record: Some(input.record.clone()),
    };
    let sheet = sheets::begun(tablet, &page)?;
    desk.save(edits, "work_taken_away", sheet.map(|sheet| (sheet, None)))?;
    Ok(WorkSavedView {
        record: input.record.clone(),
    })
}

/// The list to sign of an activity: what it is, and who takes part, by name.
///
/// # Errors
/// `not_found`.
pub fn sign_list(tablet: &Tablet, input: &IdInput) -> Result<SignListView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let (kind, entry) = kinds(&packs)
        .filter(|kind| kind.rows.holder == VILLAGE)
        .find_map(|kind| {
            let mut rows = roster
                .work
                .iter()
                .flat_map(|noun| noun.noun.rows(&kind.block.key));
            let entry = rows.find(|entry| record_of(entry) == input.id)?;
            Some((kind, entry))
        })
        .ok_or_else(|| ClientError::new("not_found"))?;
    let joined = kind.work.joined.as_deref().unwrap_or_default();
    let takes_part = |child: &&RosterChild| {
        let mut rows = child.child.rows(joined);
        rows.any(|row| record_of(row) == input.id)
    };
    let title = entry.text_or_empty("text");
    let lines = kind.rows.columns.iter().filter(|it| it.key != "text");
    let names: Vec<String> = roster
        .children
        .iter()
        .filter(takes_part)
        .map(RosterChild::name)
        .collect();
    looks::note_list(tablet, &format!("sign_list/{}", input.id), names.len())?;
    Ok(SignListView {
        title,
        lines: lines
            .filter_map(|column| {
                let raw = rows::raw(entry, column);
                let text = rows::column_words(tablet, pack, column, &raw)?;
                Some(RowLineView {
                    key: column.key.clone(),
                    label: column.label.clone(),
                    text,
                    reveal: None,
                    flag: None,
                })
            })
            .collect(),
        names,
        attachments: photos_of(tablet, &roster, &input.id)?,
    })
}
