//! Contacts and attempts: four taps when all is well, three when nobody opened the door.

use crate::after;
use crate::attachments;
use crate::cadence;
use crate::children::phone_to_call;
use crate::error::ClientError;
use crate::filling;
use crate::home::Home;
use crate::packs::Packs;
use crate::records::{self, Write};
use crate::roster::{Roster, RosterChild};
use crate::sheets::{self, Late};
use crate::standing;
use crate::tablet::Tablet;
use crate::unmet;
use crate::view::{
    AttemptFormInput, AttemptFormView, AttemptInput, ContactFormView, ContactInput,
    ContactMoreView, IdInput, OptionView, SavedChildView, SavedView, SheetInput, SheetPage,
    SuggestView, UnmetView,
};
use crate::visits;
use chrono::NaiveDate;
use domain::cadence::Kind;
use domain::child::{Attempt, Child, Contact, ContactMore};
use domain::code_list::CodeItem;
use domain::policy::PolicyPack;
use domain::record::Edit;
use ids::{DocKind, DocumentId};
use store::drafts;

/// Longest note; far above what anybody types, far below what a change may hold.
const NOTE_CHARACTERS: usize = 4_000;

/// What the contact screen offers for a child.
///
/// # Errors
/// `not_found`.
pub fn form(tablet: &Tablet, input: &IdInput) -> Result<ContactFormView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child_or_guest(&input.id)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let last = child
        .child
        .contacts
        .iter()
        .max_by_key(|contact| (contact.event_date, contact.recorded_ms));
    // While only writing is possible, nothing of what was written before is shown.
    let writes_only = standing::writes_only(tablet)?;
    let last = last.filter(|_| !writes_only);
    Ok(ContactFormView {
        child: input.id.clone(),
        name: child.name(),
        modes: options(pack.list("CONTACT_MODE"), roster.today),
        parties: options(pack.list("PARTY"), roster.today),
        states: options(pack.list("CHILD_STATE"), roster.today),
        topics: options(pack.list("TOPIC"), roster.today),
        phrases: pack.phrases("contact").to_vec(),
        ask_parent_contact: !writes_only && child.child.is_left_behind(Some(pack), roster.today),
        last_mode: last.map(|contact| contact.mode.clone()),
        last_party: last.and_then(|contact| contact.party.first().cloned()),
        today: roster.today.to_string(),
        phone: phone_to_call(child).filter(|_| !writes_only),
        photos: !roster.is_guest(child.id),
        initiator: usual_initiator(pack),
        initiators: options(pack.list(INITIATOR), roster.today),
        next_on: match writes_only || roster.is_guest(child.id) {
            true => None,
            false => next_contact(&packs, child, roster.today).map(|day| day.to_string()),
        },
    })
}

/// Who began a contact.
const INITIATOR: &str = "INITIATOR";
/// Longest contact anybody records, in minutes.
const MINUTES: i64 = 24 * 60;

/// The first of the list is the usual one.
fn usual_initiator(pack: &PolicyPack) -> Option<String> {
    let first = pack.list(INITIATOR).first()?;
    Some(first.code.clone())
}

/// The day the next contact is due if one of today counts.
fn next_contact(packs: &Packs, child: &RosterChild, today: NaiveDate) -> Option<NaiveDate> {
    let counting = &packs.rules_on(today)?.rules.counting;
    let mut file = Child::clone(&child.child);
    file.contacts.push(Contact {
        id: "this".to_owned(),
        event_date: Some(today),
        recorded_on: Some(today),
        recorded_ms: i64::MAX,
        // No way of talking is one that never counts.
        mode: String::new(),
        party: counting
            .child
            .iter()
            .chain(&counting.carer)
            .cloned()
            .collect(),
        reached: true,
        carer: None,
        child_state: None,
        topics: Vec::new(),
        parent_contact_ok: None,
        more: ContactMore::default(),
        note: String::new(),
        by: String::new(),
        made_by: None,
    });
    let due = cadence::of(&file, &child.rounds, packs, today)?;
    let due = due.due(Kind::Contact)?.due;
    (due > today).then_some(due)
}

/// What was said besides, checked.
fn more(pack: &PolicyPack, input: Option<&ContactMoreView>) -> Result<ContactMore, ClientError> {
    let Some(input) = input else {
        return Ok(ContactMore::default());
    };
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let start = given(&input.start);
    if let Some(start) = &start {
        let time = chrono::NaiveTime::parse_from_str(start, "%H:%M");
        time.map_err(|_| ClientError::new("value_invalid").with("value", start))?;
    }
    if input
        .minutes
        .is_some_and(|minutes| !(1..=MINUTES).contains(&minutes))
    {
        return Err(ClientError::new("number_invalid"));
    }
    let initiated_by = given(&input.initiated_by);
    known(pack, INITIATOR, initiated_by.as_slice())?;
    let next_mode = given(&input.next_mode);
    known(pack, "CONTACT_MODE", next_mode.as_slice())?;
    let next_on = given(&input.next_on).map(|day| day.parse());
    Ok(ContactMore {
        start,
        minutes: input.minutes,
        initiated_by,
        next_on: next_on
            .transpose()
            .map_err(|_| ClientError::new("date_invalid"))?,
        next_mode,
    })
}

/// The same for a screen.
pub(crate) fn more_view(more: &ContactMore) -> ContactMoreView {
    ContactMoreView {
        start: more.start.clone(),
        minutes: more.minutes,
        initiated_by: more.initiated_by.clone(),
        next_on: more.next_on.map(|day| day.to_string()),
        next_mode: more.next_mode.clone(),
    }
}

/// Records a contact, once under one name.
///
/// # Errors
/// `date_future`, `party_missing`, `state_missing`, `text_missing`, `value_invalid`, `draft_gone`, `disk_full`.
pub fn record_contact(tablet: &Tablet, input: &ContactInput) -> Result<SavedView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child_or_guest(&input.child)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let id = records::name(tablet, input.record.as_ref())?.to_string();
    let label = format!("{} 联系", child.name());
    let home = Home::of(&roster, child, visits::own_household(tablet, child)?);
    let page = SheetInput {
        page: SheetPage::Contact,
        of: input.child.clone(),
        record: None,
    };
    if child.child.contacts.iter().any(|one| one.id == id) {
        if let Some(sheet) = sheets::left(tablet, input.sheet.as_ref(), &page)? {
            sheets::follow(tablet, sheet, "contact_recorded", || {
                let named = home.named_by(child).into_iter().collect::<Vec<_>>();
                let begun = Write::new(child.id, DocKind::Child, child.unit, named);
                let photos = Write::new(home.document, DocKind::Household, home.unit, Vec::new());
                Ok(Late {
                    record: id.clone(),
                    photos: photos.labelled("contact", label.as_str(), &id),
                    beside: home
                        .begins
                        .then(|| begun.labelled("contact", label.as_str(), &id)),
                })
            })?;
        }
        return Ok(after_contact(tablet, pack, child, input, &id));
    }
    let event_date = event_date(&input.event_date, roster.today)?;
    known(pack, "CONTACT_MODE", std::slice::from_ref(&input.mode))?;
    known(pack, "PARTY", &input.party)?;
    known(pack, "TOPIC", &input.topics)?;
    if input.reached && input.party.is_empty() {
        return Err(ClientError::new("party_missing"));
    }
    let child_state = match (&input.child_state, input.reached) {
        (None, true) => return Err(ClientError::new("state_missing")),
        (state, _) => state.clone().filter(|_| input.reached),
    };
    if let Some(state) = &child_state {
        known(pack, "CHILD_STATE", std::slice::from_ref(state))?;
        if state != "normal" && input.note.trim().is_empty() {
            return Err(ClientError::new("text_missing"));
        }
    }
    let contact = Contact {
        id,
        event_date: Some(event_date),
        recorded_on: Some(roster.today),
        recorded_ms: tablet.clock.now_ms(),
        mode: input.mode.clone(),
        party: input.party.clone(),
        reached: input.reached,
        carer: child.child.carer().map(str::to_owned),
        child_state: child_state.clone(),
        topics: input.topics.clone(),
        parent_contact_ok: input.parent_contact_ok.clone(),
        more: more(pack, input.more.as_ref())?,
        note: note(&input.note)?,
        by: tablet.identity.staff.to_string(),
        made_by: None,
    };
    let sheet = sheets::named(tablet, input.sheet.as_ref(), &page)?;
    let photos = match sheet {
        Some(sheet) => attachments::edits(tablet, sheet, &contact.id)?,
        None => Vec::new(),
    };
    let mut edits = vec![contact.to_edit()];
    if !photos.is_empty() {
        edits.extend(home.named_by(child));
    }
    let write = Write::new(child.id, DocKind::Child, child.unit, edits);
    let mut writes = vec![write.labelled("contact", label.as_str(), &contact.id)];
    if !photos.is_empty() {
        let write = Write::new(home.document, DocKind::Household, home.unit, photos);
        writes.push(write.labelled("contact", label, &contact.id));
    }
    records::save_once(
        tablet,
        "contact_recorded",
        &writes,
        |tx| records::has_entry(tx, child.id, "contacts", &contact.id),
        |tx| match sheet {
            Some(sheet) => sheets::done(tx, sheet, Some(home.document)),
            None => Ok(()),
        },
    )?;
    Ok(after_contact(tablet, pack, child, input, &contact.id))
}

/// What is said of a contact that is saved.
fn after_contact(
    tablet: &Tablet,
    pack: &PolicyPack,
    child: &RosterChild,
    input: &ContactInput,
    record: &str,
) -> SavedView {
    let mut view = after::said(record, child.name(), saved(tablet, &[child.id], record));
    if input.reached && input.child_state.as_deref() == Some("problem") {
        view.suggests = pack
            .problem_cards
            .iter()
            .map(|card| SuggestView {
                child: input.child.clone(),
                name: child.name(),
                record: record.to_owned(),
                card: card.code.clone(),
                kind: None,
                label: card.label.clone(),
                mandatory: false,
            })
            .collect();
    }
    view
}

/// What the screen 没见到 offers for a child's household, or for a visit that met nobody.
///
/// # Errors
/// `not_found`; `draft_gone` and `met_somebody` for a visit that is none.
pub fn attempt_form(
    tablet: &Tablet,
    input: &AttemptFormInput,
) -> Result<AttemptFormView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let today = roster.today.to_string();
    let (household, names, event_date) = match input.visit.as_deref() {
        Some(draft) => {
            let visit = visits::met_nobody(tablet, draft)?;
            let names = names_of(&visit.children);
            (visit.household.to_string(), names, visit.event_date)
        }
        None => {
            let child = roster.child(&input.id)?;
            let household = child.child.household().unwrap_or_default();
            let names = names_of(behind_the_door(&roster, child));
            (household.to_owned(), names, None)
        }
    };
    Ok(AttemptFormView {
        names,
        household,
        reasons: options(pack.list("ATTEMPT_REASON"), roster.today),
        phrases: pack.phrases("attempt").to_vec(),
        event_date: event_date.unwrap_or_else(|| today.clone()),
        today,
    })
}

/// Whom nobody met where a child was looked for: the children of its household whose files run. One that moved away alone
/// still names the household it left, and stands for itself.
fn behind_the_door<'a>(roster: &'a Roster, child: &'a RosterChild) -> Vec<&'a RosterChild> {
    let mut children = match roster.household_of(child) {
        Some(household) => roster.children_of(&household.id.to_string()),
        None => vec![child],
    };
    children.retain(|child| child.runs());
    children
}

fn names_of<'a>(children: impl IntoIterator<Item = &'a RosterChild>) -> String {
    let names: Vec<String> = children.into_iter().map(RosterChild::name).collect();
    names.join("、")
}

/// Records an attempt in the document of every child of the household whose file runs (decisions.md 8), once under one name.
/// A visit that met nobody is done with it: its photos go with the attempt.
///
/// # Errors
/// `date_future`, `reason_missing`, `not_found`, `draft_gone`, `met_somebody`, `disk_full`.
pub fn record_attempt(tablet: &Tablet, input: &AttemptInput) -> Result<SavedView, ClientError> {
    let roster = Roster::read(tablet)?;
    let id = records::name(tablet, input.record.as_ref())?.to_string();
    let page = SheetInput {
        page: SheetPage::Attempt,
        of: input.child.clone().unwrap_or_default(),
        record: input.visit.clone(),
    };
    let is_filed = |child: &&RosterChild| child.child.attempts.iter().any(|one| one.id == id);
    let filed: Vec<&RosterChild> = roster.children.iter().filter(is_filed).collect();
    if !filed.is_empty() {
        if let Some(sheet) = sheets::left(tablet, input.sheet.as_ref(), &page)? {
            tablet.store.write(|tx| sheets::done(tx, sheet, None))?;
        }
        return Ok(after_attempt(tablet, filed, &id));
    }
    let attempt = checked(tablet, &roster, input, &id)?;
    let visit = input.visit.as_deref();
    let visit = visit
        .map(|draft| visits::met_nobody(tablet, draft))
        .transpose()?;
    let children: Vec<&RosterChild> = match &visit {
        Some(visit) => visit.children.iter().collect(),
        // Of a brother or sister whose file ended nothing is asked any more, and nothing is written.
        None => {
            let mut children = match &input.child {
                Some(child) => behind_the_door(&roster, roster.child(child)?),
                None => roster.children_of(&input.household),
            };
            children.retain(|child| child.runs());
            children
        }
    };
    let first = children.first();
    let first = *first.ok_or_else(|| ClientError::new("not_found"))?;
    let photos = match &visit {
        Some(visit) => attachments::edits(tablet, visit.draft, &id)?,
        None => Vec::new(),
    };
    let home = visit.as_ref().map(|visit| home_of(&roster, visit, first));
    let sheet = sheets::named(tablet, input.sheet.as_ref(), &page)?;
    records::save_once(
        tablet,
        "attempt_recorded",
        &attempt_writes(&attempt, &children, home, photos),
        |tx| records::has_entry(tx, first.id, "attempts", &id),
        |tx| {
            if let Some(sheet) = sheet {
                sheets::done(tx, sheet, None)?;
            }
            match (&visit, home) {
                (Some(visit), Some(home)) => {
                    attachments::bind(tx, visit.draft, home.document)?;
                    Ok(drafts::remove(tx, visit.draft)?)
                }
                _ => Ok(()),
            }
        },
    )?;
    Ok(after_attempt(tablet, children, &id))
}

/// The attempt in the document of every child, and the photos of the door with their household.
fn attempt_writes(
    attempt: &Attempt,
    children: &[&RosterChild],
    home: Option<Home>,
    photos: Vec<Edit>,
) -> Vec<Write> {
    let home = home.filter(|_| !photos.is_empty());
    let label = |child: &RosterChild| format!("{} 没见到", child.name());
    let mut writes: Vec<Write> = children
        .iter()
        .map(|child| {
            let mut edits = vec![attempt.to_edit()];
            edits.extend(home.and_then(|home| home.named_by(child)));
            let write = Write::new(child.id, DocKind::Child, child.unit, edits);
            write.labelled("attempt", label(child), &attempt.id)
        })
        .collect();
    if let (Some(home), Some(first)) = (home, children.first()) {
        let household = Write::new(home.document, DocKind::Household, home.unit, photos);
        writes.push(household.labelled("attempt", label(first), &attempt.id));
    }
    writes
}

/// What was said of an attempt, checked.
fn checked(
    tablet: &Tablet,
    roster: &Roster,
    input: &AttemptInput,
    id: &str,
) -> Result<Attempt, ClientError> {
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let event_date = event_date(&input.event_date, roster.today)?;
    if input.reason.is_empty() {
        return Err(ClientError::new("reason_missing"));
    }
    known(pack, "ATTEMPT_REASON", std::slice::from_ref(&input.reason))?;
    let next_on = match input.next_on.as_deref() {
        Some(text) if !text.is_empty() => {
            Some(text.parse().map_err(|_| ClientError::new("date_invalid"))?)
        }
        _ => None,
    };
    Ok(Attempt {
        id: id.to_owned(),
        event_date: Some(event_date),
        recorded_on: Some(roster.today),
        recorded_ms: tablet.clock.now_ms(),
        reason: input.reason.clone(),
        next_on,
        note: note(&input.note)?,
        by: tablet.identity.staff.to_string(),
        made_by: None,
    })
}

/// The household whose door stayed closed; where it was to begin with the visit and the child got one since, that one.
fn home_of(roster: &Roster, visit: &visits::MetNobody, first: &RosterChild) -> Home {
    match visit.begins {
        true => Home::of(roster, first, visit.household),
        false => Home {
            document: visit.household,
            unit: first.unit,
            begins: false,
        },
    }
}

/// The same where nobody was met: how often in a row by now, and whether that is to be reported, child by child.
fn after_attempt<'a>(
    tablet: &Tablet,
    children: impl IntoIterator<Item = &'a RosterChild>,
    record: &str,
) -> SavedView {
    let children: Vec<&RosterChild> = children.into_iter().collect();
    let ids: Vec<DocumentId> = children.iter().map(|child| child.id).collect();
    let names = names_of(children);
    let mut view = after::said(record, names, saved(tablet, &ids, record));
    if let Some((suggests, unmet)) = after::also(&mut view, unmet_now(tablet, &ids, record)) {
        view.suggests.extend(suggests);
        view.unmet.extend(unmet);
    }
    view
}

/// What several attempts in a row suggest, and what is said of them.
type Unmet = (Vec<SuggestView>, Vec<UnmetView>);

fn unmet_now(tablet: &Tablet, children: &[DocumentId], record: &str) -> Result<Unmet, ClientError> {
    let mut found = Unmet::default();
    let packs = tablet.packs();
    let Some(pack) = packs.rules_on(tablet.today()) else {
        return Ok(found);
    };
    if standing::writes_only(tablet)? {
        return Ok(found);
    }
    let roster = Roster::read(tablet)?;
    let here = roster
        .children
        .iter()
        .filter(|child| children.contains(&child.id));
    for child in here {
        let suggested = unmet::suggestion(pack, child, roster.today, record);
        found.0.extend(suggested);
        found.1.extend(unmet::of_child(tablet, &roster, child));
    }
    Ok(found)
}

/// What the screen says after saving a record of these children.
///
/// # Errors
/// The store cannot be read.
pub fn saved(
    tablet: &Tablet,
    children: &[DocumentId],
    record: &str,
) -> Result<SavedView, ClientError> {
    let each: Vec<(DocumentId, &str)> = children.iter().map(|id| (*id, record)).collect();
    saved_each(tablet, &each)
}

/// The same where every child has a record of its own: each has its own dates, and its own reason why it does not count.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn saved_each(
    tablet: &Tablet,
    records: &[(DocumentId, &str)],
) -> Result<SavedView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let writes_only = standing::writes_only(tablet)?;
    let mut children = Vec::new();
    for (id, record) in records {
        let Some(child) = roster.child_or_departed(tablet, *id)? else {
            continue;
        };
        // Where the child lives its dates are kept.
        let cadence = match writes_only || roster.is_guest(child.id) {
            true => None,
            false => cadence::of(&child.child, &child.rounds, &packs, roster.today),
        };
        let verdict = cadence.as_ref().and_then(|cadence| cadence.verdict(record));
        let why_not = verdict.and_then(|verdict| verdict.why_not_text.clone());
        children.push(SavedChildView {
            child: child.id.to_string(),
            name: child.name(),
            record: (*record).to_owned(),
            next: cadence.as_ref().map(cadence::due_views).unwrap_or_default(),
            why_not,
            open: filling::open_count(&child.child, record),
        });
    }
    let (Some((_, first)), false) = (records.first(), children.is_empty()) else {
        return Err(ClientError::new("not_found"));
    };
    let names: Vec<&str> = children.iter().map(|child| child.name.as_str()).collect();
    let names = names.join("、");
    Ok(SavedView {
        children,
        ..after::saved(first, names)
    })
}

/// A civil date that is not in the future.
///
/// # Errors
/// `date_invalid`, `date_future`.
pub fn event_date(text: &str, today: NaiveDate) -> Result<NaiveDate, ClientError> {
    let date: NaiveDate = text.parse().map_err(|_| ClientError::new("date_invalid"))?;
    if date > today {
        return Err(ClientError::new("date_future"));
    }
    Ok(date)
}

/// Free text, cut of surrounding space, of bearable length.
///
/// # Errors
/// `too_large`.
pub fn note(text: &str) -> Result<String, ClientError> {
    let text = text.trim();
    if text.chars().count() > NOTE_CHARACTERS {
        return Err(ClientError::new("too_large"));
    }
    Ok(text.to_owned())
}

/// Codes as choices, without those that are no longer offered on this day, or not yet.
pub fn options(items: &[CodeItem], on: NaiveDate) -> Vec<OptionView> {
    items
        .iter()
        .filter(|item| item.is_offered_on(on))
        .map(|item| OptionView {
            code: item.code.clone(),
            label: item.label.clone(),
        })
        .collect()
}

fn known(pack: &PolicyPack, list: &str, codes: &[String]) -> Result<(), ClientError> {
    let items = pack.list(list);
    match codes
        .iter()
        .find(|code| !items.iter().any(|item| item.code == **code))
    {
        Some(code) => Err(ClientError::new("value_invalid").with("value", code)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn pack() -> PolicyPack {
        PolicyPack::parse(include_str!("../../../policy/sh-2024-2026.json"))
            .expect("the shipped pack is tested")
    }

    #[test]
    fn today_is_no_future_and_tomorrow_is() {
        let today = day("2026-11-24");
        assert_eq!(event_date("2026-11-24", today).expect("today"), today);
        let code = |text: &str| event_date(text, today).expect_err("refused").code();
        assert_eq!(code("2026-11-25"), "date_future");
        assert_eq!(code("2026-02-30"), "date_invalid");
        assert_eq!(code("昨天"), "date_invalid");
        assert_eq!(code(""), "date_invalid");
    }

    #[test]
    fn a_note_is_trimmed_and_its_length_counted_in_characters() {
        assert_eq!(note("  都好。\n").expect("short"), "都好。");
        assert_eq!(
            note(&"长".repeat(NOTE_CHARACTERS))
                .expect("just fits")
                .chars()
                .count(),
            NOTE_CHARACTERS
        );
        assert_eq!(
            note(&"长".repeat(NOTE_CHARACTERS + 1))
                .expect_err("too long")
                .code(),
            "too_large"
        );
    }

    #[test]
    fn what_is_no_longer_used_is_not_offered_and_still_has_its_words() {
        let mut pack = pack();
        let list = pack.lists.0.get_mut("TOPIC").expect("the shipped list");
        list.items[0].valid_until = Some(day("2026-06-30"));
        let offers = |on: &str| {
            let offered = options(pack.list("TOPIC"), day(on));
            offered.iter().any(|option| option.code == "living")
        };
        assert!(offers("2026-06-30"));
        assert!(!offers("2026-07-01"));
        assert_eq!(pack.label("TOPIC", "living"), "生活");
        assert!(known(&pack, "TOPIC", &["living".to_owned()]).is_ok());
    }

    #[test]
    fn only_codes_of_the_pack_are_taken() {
        let codes = |list: &[&str]| {
            list.iter()
                .map(|code| (*code).to_owned())
                .collect::<Vec<_>>()
        };
        assert!(known(&pack(), "PARTY", &codes(&["child", "caregiver"])).is_ok());
        assert!(known(&pack(), "PARTY", &[]).is_ok());
        let refusal = known(&pack(), "PARTY", &codes(&["child", "ghost"])).expect_err("unknown");
        assert_eq!(
            (refusal.code(), refusal.to_ui().params["value"].as_str()),
            ("value_invalid", "ghost")
        );
    }
}
