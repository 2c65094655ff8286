//! What of a file can be erased alone, and how a person calls it (docs/adr/0030).

use crate::attachments;
use crate::erased_member::{self, CATEGORIES, ERASED, Member};
use crate::erased_village::{Months, Row, Village};
use crate::error::ClientError;
use crate::problems::{Place, Room};
use crate::roster::{Roster, RosterChild};
use crate::rows;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    AttachmentKind, AttachmentView, EraseAlsoView, EraseItemView, EraseMemberView, IdInput,
};
use chrono::NaiveDate;
use domain::difference::MEMBERS;
use domain::record::{self, ATTACHMENTS, ROWS};
use ids::DocumentId;
use protocol::ErasedPart;
use std::collections::BTreeSet;
use store::documents;

/// What of a file can be erased alone: a field with what it ever said, the words of one record, a row, a photo.
pub(crate) fn items_of(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
) -> Result<Vec<Item>, ClientError> {
    let packs = tablet.packs();
    let household = roster.household_of(child);
    let mut items = Vec::new();
    for field in packs.file.blocks.iter().flat_map(|block| &block.fields) {
        let of_household = field.holder == "household";
        let document = match (of_household, household) {
            (false, _) => child.id,
            (true, Some(household)) => household.id,
            (true, None) => continue,
        };
        items.push(Item {
            part: ErasedPart {
                document,
                entry: None,
                key: field.key.clone(),
                keep_now: true,
                label: field.label.clone(),
                also: Vec::new(),
            },
            member: None,
            // Without a name or a birth date a file is no file; what they say now stays.
            may_go: field.kind != "fixed" && !["name", "birth_date"].contains(&field.key.as_str()),
        });
    }
    let words = |document: DocumentId, collection: &str, id: &str, key: &str, label: String| Item {
        part: ErasedPart {
            document,
            entry: Some((collection.to_owned(), id.to_owned())),
            key: key.to_owned(),
            keep_now: false,
            label,
            also: Vec::new(),
        },
        member: None,
        may_go: true,
    };
    items.extend(rows_of(tablet, roster, child)?);
    let day = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    let file = &child.child;
    for visit in file.visits.iter().filter(|one| !one.summary.is_empty()) {
        let label = format!("{} 走访小结", day(visit.event_date));
        items.push(words(child.id, "visits", &visit.id, "summary", label));
    }
    for contact in file.contacts.iter().filter(|one| !one.note.is_empty()) {
        let label = format!("{} 联系备注", day(contact.event_date));
        items.push(words(child.id, "contacts", &contact.id, "note", label));
    }
    for (title, entry) in crate::work::in_file(&packs, child) {
        let label = format!("{} {title}里的话", entry.text_or_empty("on"));
        items.push(words(child.id, ROWS, &entry.id, "text", label));
    }
    let name = child.id.to_string();
    let of_records = |record: &str| {
        let visit = file
            .visits
            .iter()
            .find(|one| one.id == record)
            .map(|one| one.event_date);
        let contact = file
            .contacts
            .iter()
            .find(|one| one.id == record)
            .map(|one| one.event_date);
        let attempt = file
            .attempts
            .iter()
            .find(|one| one.id == record)
            .map(|one| one.event_date);
        day(visit.or(contact).or(attempt).flatten())
    };
    let attached = attachments::of_child(tablet, &IdInput { id: name.clone() })?;
    items.extend(attachments_of(&attached.rows, of_records));
    let room = Room::open(tablet)?;
    for problem in room
        .problems
        .iter()
        .filter(|one| one.noun.children.contains(&name))
    {
        // Words of a matter that goes by its number are chosen by whoever is told what it is.
        if room.number_for_me(problem, Place::List)?.is_some() {
            continue;
        }
        let of_events = |record: &str| {
            let event = problem.noun.events.iter().find(|one| one.id == record);
            event
                .map(|one| system::civil_date(one.recorded_ms).to_string())
                .unwrap_or_default()
        };
        let attached = attachments::of_document(tablet, problem.id, |_| true)?;
        items.extend(attachments_of(&attached, of_events));
        for event in problem
            .noun
            .events
            .iter()
            .filter(|one| !one.text.is_empty())
        {
            let label = format!("{} 问题里的一段话", system::civil_date(event.recorded_ms));
            items.push(words(problem.id, "events", &event.id, "text", label));
        }
    }
    Ok(items)
}

/// The rows of the file's blocks, each with all it ever was, also what was taken away again; what stands where one was erased
/// is none. Of a member, and of the only category, something stays ([`erased_member`]).
fn rows_of(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
) -> Result<Vec<Item>, ClientError> {
    let packs = tablet.packs();
    let household = roster.household_of(child);
    let authors = rows::Authors::read(tablet, child, household)?;
    let load = |id: DocumentId| {
        tablet
            .store
            .read(|connection| documents::load(connection, id))
    };
    let own = load(child.id)?;
    let shared = household.map(|one| load(one.id)).transpose()?.flatten();
    let village = household
        .map(|one| Village::of(tablet, roster, one.id))
        .transpose()?;
    let mut items = Vec::new();
    for block in &packs.file.blocks {
        let Some(rule) = &block.rows else {
            continue;
        };
        let of_household = rule.holder == "household";
        let Some(stored) = (if of_household { &shared } else { &own }) else {
            continue;
        };
        let record = stored.record();
        let entries = record.entries(&rule.collection);
        let standing = rows::standing(block, rule, child, household);
        let mut told: BTreeSet<&str> = BTreeSet::new();
        let mut number = 0;
        for entry in entries
            .iter()
            .filter(|one| rows::is_of(block, rule, child, one))
        {
            if told.contains(entry.id.as_str()) {
                continue;
            }
            let versions = record::versions(entries, &entry.id);
            let stands = standing
                .iter()
                .any(|one| versions.contains(one.id.as_str()));
            let mut all = entries
                .iter()
                .filter(|one| versions.contains(one.id.as_str()));
            let is_erased = all.all(|one| one.is(ERASED));
            told.extend(versions);
            number += 1;
            let is_left = rule.collection == CATEGORIES && stands && standing.len() == 1;
            let may_be_left = !is_left || erased_member::erased_category(tablet).is_some();
            if is_erased || !may_be_left {
                continue;
            }
            let state = if stands { "" } else { "，已作废" };
            let on = entry
                .date("written_on")
                .or_else(|| entry.date("recorded_on"))
                .map(|date| format!(" {date}"))
                .unwrap_or_default();
            let by = authors.name(roster, entry.made_by);
            let label = format!("{}第{number}行（{by}{on}记的{state}）", block.title);
            let document = stored.head.document;
            let member = match &village {
                Some(village) if rule.collection == MEMBERS => {
                    let row = (document, entry.id.clone());
                    Some(of_member(tablet, roster, village, row)?)
                }
                _ => None,
            };
            items.push(Item {
                member,
                ..whole(document, &rule.collection, &entry.id, label)
            });
        }
    }
    Ok(items)
}

/// What of a member's row is elsewhere in the village.
fn of_member(
    tablet: &Tablet,
    roster: &Roster,
    village: &Village,
    row: Row,
) -> Result<OfMember, ClientError> {
    let alone = Member::of(tablet, roster, village, std::slice::from_ref(&row))?;
    let all: Vec<Row> = std::iter::once(row)
        .chain(alone.elsewhere.iter().cloned())
        .collect();
    let searched = match all.len() {
        1 => alone.searched,
        _ => Member::of(tablet, roster, village, &all)?.searched,
    };
    Ok(OfMember {
        elsewhere: alone.elsewhere,
        searched,
    })
}

/// How a screen shows rows of other households, and whether the months of work are looked through.
pub(crate) fn member_view(roster: &Roster, rows: &[Row], searched: Months) -> EraseMemberView {
    EraseMemberView {
        also: rows
            .iter()
            .map(|row| {
                let (household, child) = Village::call(roster, row.0);
                EraseAlsoView {
                    item: name_of(row),
                    household,
                    child: child.map(|child| child.to_string()),
                }
            })
            .collect(),
        months: searched.as_str().to_owned(),
    }
}

/// How a screen names a row of another household.
fn name_of((document, entry): &Row) -> String {
    format!("{document}/{entry}")
}

/// An entry with everything it ever was.
fn whole(document: DocumentId, collection: &str, entry: &str, label: String) -> Item {
    Item {
        part: ErasedPart {
            document,
            entry: Some((collection.to_owned(), entry.to_owned())),
            key: String::new(),
            keep_now: false,
            label,
            also: Vec::new(),
        },
        member: None,
        may_go: true,
    }
}

/// Photos, signatures and recordings, each by the day of its record.
fn attachments_of(views: &[AttachmentView], day: impl Fn(&str) -> String) -> Vec<Item> {
    let numbered = views.iter().enumerate().filter_map(|(index, view)| {
        let document = DocumentId::parse(view.document.as_deref()?).ok()?;
        let kind = match view.kind {
            AttachmentKind::Photo => "照片",
            AttachmentKind::Signature => "签名",
            AttachmentKind::Audio => "录音",
        };
        let day = day(view.record.as_deref()?);
        let label = format!("{day} {kind}（第{}件）", index + 1);
        Some(whole(document, ATTACHMENTS, &view.id, label))
    });
    numbered.collect()
}

/// One thing that can be erased alone.
pub(crate) struct Item {
    pub(crate) part: ErasedPart,
    /// What it says now may go, too.
    pub(crate) may_go: bool,
    /// Of a member of the household: what of hers is elsewhere.
    member: Option<OfMember>,
}

/// What of a member is in other places of the village.
struct OfMember {
    elsewhere: Vec<Row>,
    /// Whether the months of work are looked through, when all those rows go as well.
    searched: Months,
}

impl Item {
    /// How a screen names it.
    pub(crate) fn name(&self) -> String {
        match &self.part.entry {
            Some((collection, id)) => {
                format!("{}/{collection}/{id}/{}", self.part.document, self.part.key)
            }
            None => format!("{}/{}", self.part.document, self.part.key),
        }
    }

    /// As a screen offers it.
    pub(crate) fn view(&self, roster: &Roster) -> EraseItemView {
        EraseItemView {
            item: self.name(),
            label: self.part.label.clone(),
            is_field: self.part.entry.is_none(),
            may_go: self.may_go,
            member: self
                .member
                .as_ref()
                .map(|of| member_view(roster, &of.elsewhere, of.searched)),
        }
    }

    /// The rows of other households that were chosen among those it offers.
    ///
    /// # Errors
    /// `not_found` for one it does not offer.
    pub(crate) fn chosen(&self, also: &[String]) -> Result<Vec<Row>, ClientError> {
        let offered = self.member.iter().flat_map(|of| &of.elsewhere);
        let offered: Vec<&Row> = offered.collect();
        let chosen = also.iter().map(|name| {
            let row = offered.iter().find(|row| name_of(row) == *name);
            row.map(|row| (*row).clone())
                .ok_or_else(|| ClientError::new("not_found"))
        });
        chosen.collect()
    }
}
