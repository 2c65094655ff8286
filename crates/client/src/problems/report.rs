//! Reporting a problem, and the page of duties that works with no network (domain.md §6.3).

use super::acts;
use super::origin;
use super::room::{self, Room};
use crate::after;
use crate::attachments;
use crate::contacts::{note, options};
use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::mandatory;
use crate::records::{self, Write};
use crate::roster::{self, Roster};
use crate::sheets::{self, Late};
use crate::station_phone;
use crate::tablet::Tablet;
use crate::unit_keys;
use crate::unmet;
use crate::view::{
    CardView, IdInput, MandatoryInput, MandatoryView, OptionView, ProblemFormView, ProblemInput,
    ProblemKindView, SavedView, SheetInput, SheetPage,
};
use domain::mandatory::Word;
use domain::policy::{PolicyPack, ProblemCard, ProblemType, Urgency};
use domain::problem::{self, Detail, EventKind};
use domain::record::Edit;
use domain::restricted::{self, Note};
use ids::{DocKind, DocumentId};
use store::documents;
use uuid::Uuid;

/// What stands in the problem instead of words that are the station's alone.
const SEALED: &str = "详细情况已单独报给站里，这里不显示。";

/// Severity of what is a matter of life and safety.
const GRAVE: &str = "S1";

/// What the report screen offers for a child.
///
/// # Errors
/// `not_found`.
pub fn form(tablet: &Tablet, input: &IdInput) -> Result<ProblemFormView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child_or_guest(&input.id)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let questions = match roster.is_guest(child.id) {
        true => Vec::new(),
        false => mandatory::shown_of(tablet, &roster, child)?,
    };
    // What a visit said stands above the cards.
    for question in &questions {
        looks::note(tablet, Look::Visit, &question.record)?;
    }
    Ok(ProblemFormView {
        cards: pack
            .problem_cards
            .iter()
            .map(|card| CardView {
                code: card.code.clone(),
                label: card.label.clone(),
                hint: card.hint.clone(),
                kinds: pack
                    .kinds_of(card)
                    .map(|kind| ProblemKindView {
                        code: kind.code.clone(),
                        label: kind.label.clone(),
                        sealed: kind.restricted,
                        mandatory: kind.mandatory,
                    })
                    .collect(),
            })
            .collect(),
        urgencies: pack
            .urgencies
            .iter()
            .map(|urgency| OptionView {
                code: urgency.code.clone(),
                label: urgency.label.clone(),
            })
            .collect(),
        phrases: pack.phrases("problem").to_vec(),
        child: input.id.clone(),
        name: child.name(),
        questions,
        siblings: child
            .child
            .household()
            .map(|household| roster.children_of(household))
            .unwrap_or_default()
            .into_iter()
            .filter(|other| other.id != child.id && other.runs())
            .map(|other| OptionView {
                code: other.id.to_string(),
                label: other.name(),
            })
            .collect(),
        origins: options(pack.list(origin::LIST), tablet.today()),
        today: roster.today.to_string(),
    })
}

/// The page with numbers, do-nots and situations.
///
/// # Errors
/// `form_unknown` when there is no pack at all.
pub fn mandatory_page(tablet: &Tablet) -> Result<MandatoryView, ClientError> {
    let packs = tablet.packs();
    let pack = packs
        .rules_on(tablet.today())
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    Ok(MandatoryView {
        numbers: pack
            .mandatory
            .numbers
            .iter()
            .map(|item| OptionView {
                code: item.code.clone(),
                label: item.label.clone(),
            })
            .collect(),
        station: station_phone::number(tablet)?,
        do_nots: pack.mandatory.do_nots.clone(),
        situations: pack.mandatory.situations.clone(),
    })
}

/// Who was called, when, and the receipt: what the police are asked about later.
fn called(
    tablet: &Tablet,
    pack: &PolicyPack,
    mandatory: &MandatoryInput,
) -> Result<Detail, ClientError> {
    acts::call(
        &options(&pack.mandatory.numbers, tablet.today()),
        tablet.clock.now_ms(),
        mandatory.whom.as_ref(),
        mandatory.at.as_ref(),
        mandatory.receipt.as_ref(),
    )
}

/// What a card and a type of it come to: the type as it is written, and the words that go with it to the station alone.
///
/// A village reads the group of a sealed matter and not its kind (decisions.md 4): where the card's main type is sealed as
/// well, that one is written.
fn kind_of<'a>(
    pack: &'a PolicyPack,
    card: &'a ProblemCard,
    asked: Option<&String>,
) -> Result<(&'a ProblemType, &'a ProblemType), ClientError> {
    let main = || pack.kinds_of(card).next();
    let wanted = asked.filter(|code| !code.is_empty());
    let kind = match wanted {
        Some(code) => pack.kinds_of(card).find(|kind| kind.code == *code),
        None => main(),
    };
    let kind = kind.ok_or_else(|| {
        ClientError::new("value_invalid").with("value", wanted.unwrap_or(&card.problem))
    })?;
    let group = main().filter(|main| main.restricted && kind.restricted);
    Ok((kind, group.unwrap_or(kind)))
}

/// Whether what was chosen on the page of duties was said of this. A call that was made stays made, whatever is picked
/// afterwards; why it is none of the situations is said of one type and one urgency.
fn is_about(said: &MandatoryInput, kind: &ProblemType, urgency: &Urgency) -> bool {
    let Some(about) = &said.about else {
        return true;
    };
    let of = |code: &String| about.contains(code);
    said.choice != Word::NotSuchCase.as_str()
        || (!kind.mandatory || of(&kind.code)) && (urgency.severity != GRAVE || of(&urgency.code))
}

/// Reports a problem. Free text of abuse and sexual harm goes to a document that only the station reads. It is as grave as
/// its type says, or as whoever reports says, whichever is graver (不急 says nothing beyond the type); and where it must be
/// reported, or is a matter of life and safety, whether that was done is said with it. Once under one name.
///
/// # Errors
/// `not_found`, `value_invalid`, `text_missing`, `date_invalid`, `date_future`, `draft_gone`; `mandatory_missing` also where
/// why it is none of the situations was said of something else; `photos_are_open` where its words are the station's alone,
/// `disk_full`.
pub fn report_problem(tablet: &Tablet, input: &ProblemInput) -> Result<SavedView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let main = roster.child_or_guest(input.children.first().map_or("", String::as_str))?;
    for id in &input.children {
        roster.child_or_guest(id)?;
    }
    let id = DocumentId(records::name(tablet, input.record.as_ref())?);
    let is_filed = tablet
        .store
        .read(|connection| Ok::<_, ClientError>(documents::load(connection, id)?.is_some()))?;
    let page = SheetInput {
        page: SheetPage::Report,
        of: main.id.to_string(),
        record: None,
    };
    if is_filed {
        if let Some(sheet) = sheets::left(tablet, input.sheet.as_ref(), &page)? {
            follow(tablet, sheet, id)?;
        }
        return Ok(after_report(tablet, &roster, input, id));
    }
    let card = pack
        .problem_card(&input.card)
        .ok_or_else(|| ClientError::new("value_invalid").with("value", &input.card))?;
    let urgency = pack
        .urgency(&input.urgency)
        .ok_or_else(|| ClientError::new("value_invalid").with("value", &input.urgency))?;
    let (kind, written) = kind_of(pack, card, input.kind.as_ref())?;
    let mut severity = problem::stricter(&kind.severity, &urgency.severity);
    if kind.code == pack.rules.unreachable.problem
        && let Some(graver) = unmet::severity(pack, main, roster.today)
    {
        severity = problem::stricter(severity, graver);
    }
    let seen = note(&input.seen)?;
    if seen.is_empty() {
        return Err(ClientError::new("text_missing"));
    }
    let is_sealed = kind.restricted;
    let sheet = sheets::named(tablet, input.sheet.as_ref(), &page)?;
    if is_sealed && sheets::has_photos(tablet, sheet)? {
        return Err(ClientError::new("photos_are_open"));
    }
    let from = origin::said(pack, roster.today, input)?;
    let asking = origin_record(input);
    let is_asked = || mandatory::open_of_visit(tablet, &roster, asking);
    let is_said = match &input.mandatory {
        Some(said) => is_about(said, kind, urgency),
        None => !kind.mandatory && severity != GRAVE && is_asked()?.is_empty(),
    };
    if !is_said {
        return Err(ClientError::new("mandatory_missing"));
    }
    let now = tablet.clock.now_ms();
    let by = tablet.identity.staff.to_string();
    let event = tablet.new_id().to_string();
    let mut edits = vec![
        Edit::put("type", written.code.as_str()),
        Edit::put("card", card.code.as_str()),
        Edit::put("severity", severity),
        Edit::put("urgency", urgency.code.as_str()),
        Edit::put("child", main.id.to_string()),
        Edit::put("reported_on", roster.today.to_string()),
        Edit::put("origin_record", input.origin_record.clone()),
    ];
    for child in &input.children {
        edits.push(problem::add_child(child));
    }
    // Whom it is known from, and since when, is said of a sealed matter among its sealed words alone.
    if !is_sealed {
        edits.extend(from.edits());
    }
    let mut call = None;
    let mut writes = Vec::new();
    if let Some(page) = &input.mandatory {
        let text = note(&page.text)?;
        match page.choice.as_str() {
            "reported" => call = Some(called(tablet, pack, page)?),
            "not_such_case" if !text.is_empty() => {}
            "not_such_case" => return Err(ClientError::new("reason_missing")),
            other => return Err(ClientError::new("value_invalid").with("value", other)),
        }
        let open = if is_sealed { "" } else { text.as_str() };
        edits.push(Edit::put("mandatory_choice", page.choice.as_str()));
        edits.push(Edit::put("mandatory_text", open));
        let word = Word::parse(&page.choice).unwrap_or(Word::Reported);
        let (children, problem) = (&input.children, id.to_string());
        let said = (word, open, problem.as_str());
        writes.extend(mandatory::answered_by_report(
            tablet, &roster, children, asking, said,
        )?);
    }
    if is_sealed {
        let sealed = DocumentId(tablet.new_id());
        edits.push(Edit::put("restricted", sealed.to_string()));
        let mut words = match kind.code == written.code {
            true => seen.clone(),
            false => format!("{}：{seen}", kind.label),
        };
        let more = input.mandatory.iter().map(|page| page.text.trim());
        for text in more.filter(|text| !text.is_empty()) {
            words.push_str(&format!("\n{text}"));
        }
        for line in from.lines() {
            words.push_str(&format!("\n{line}"));
        }
        let note = tablet.new_id().to_string();
        writes.push(
            Write::new(
                sealed,
                DocKind::Restricted,
                tablet.identity.scope,
                vec![
                    Edit::put("about", id.to_string()),
                    Note {
                        words: unit_keys::seal(tablet, sealed, &note, &words)?,
                        id: note,
                        kind: restricted::REPORT.to_owned(),
                        recorded_ms: now,
                        by: by.clone(),
                        made_by: None,
                    }
                    .to_edit(),
                ],
            )
            .labelled("problem", format!("{} 问题", main.name()), &event),
        );
    }
    let text = if is_sealed { SEALED } else { seen.as_str() };
    edits.push(problem::add_event(
        &event,
        EventKind::Reported,
        text,
        now,
        &by,
    ));
    if let Some(call) = &call {
        let id = tablet.new_id().to_string();
        edits.push(problem::add_detailed(
            &id,
            EventKind::Called,
            "",
            call,
            now,
            &by,
        ));
    }
    if let Some(sheet) = sheet {
        edits.extend(attachments::edits(tablet, sheet, &event)?);
    }
    // A village that only knows of the child reports in its own name: the station sees it, and it stays hers.
    let home = match roster.is_guest(main.id) {
        true => tablet.identity.unit,
        false => main.unit,
    };
    writes.push(Write::new(id, DocKind::Problem, home, edits).labelled(
        "problem",
        format!("{} 问题", main.name()),
        &event,
    ));
    records::save_once(
        tablet,
        "problem_reported",
        &writes,
        |tx| Ok(documents::load(tx, id)?.is_some()),
        |tx| match sheet {
            Some(sheet) => sheets::done(tx, sheet, Some(id)),
            None => Ok(()),
        },
    )?;
    Ok(after_report(tablet, &roster, input, id))
}

/// What came onto the page after an earlier try had filed the report goes with it.
fn follow(tablet: &Tablet, sheet: Uuid, id: DocumentId) -> Result<(), ClientError> {
    sheets::follow(tablet, sheet, "problem_reported", || {
        let room = Room::open(tablet)?;
        let noun = room.find(&id.to_string())?;
        if room::is_sealed(&noun.noun) {
            return Err(ClientError::new("photos_are_open"));
        }
        let mut events = noun.noun.events.iter();
        let event = events.find(|event| event.is(EventKind::Reported));
        let event = event.ok_or_else(|| ClientError::new("not_found"))?;
        let write = Write::new(id, DocKind::Problem, noun.unit, Vec::new());
        Ok(Late {
            record: event.id.clone(),
            photos: write.labelled("problem", room.label(noun)?, &event.id),
            beside: None,
        })
    })
}

/// The record it came from, or the draft of the visit.
fn origin_record(input: &ProblemInput) -> &str {
    input.origin_record.as_deref().unwrap_or_default()
}

/// What is said of a report that is saved.
fn after_report(
    tablet: &Tablet,
    roster: &Roster,
    input: &ProblemInput,
    id: DocumentId,
) -> SavedView {
    let children = input.children.iter();
    let names: Vec<String> = children
        .filter_map(|id| roster.child_or_guest(id).ok())
        .map(roster::RosterChild::name)
        .collect();
    let mut view = after::saved(&id.to_string(), names.join("、"));
    let open = Roster::read(tablet)
        .and_then(|now| mandatory::shown_of_visit(tablet, &now, origin_record(input)));
    view.mandatory = after::also(&mut view, open).unwrap_or_default();
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_it_is_none_of_the_situations_says_nothing_of_what_was_picked_afterwards() {
        let pack = PolicyPack::parse(include_str!("../../../../policy/sh-2024-2026.json"))
            .expect("the shipped pack is tested");
        let is_taken = |choice: &str, about: Option<&[&str]>, kind: &str, urgency: &str| {
            let said = MandatoryInput {
                choice: choice.to_owned(),
                text: "没有人受伤。".to_owned(),
                whom: None,
                at: None,
                receipt: None,
                about: about.map(|codes| codes.iter().map(|code| (*code).to_owned()).collect()),
            };
            let kind = pack.problem(kind).expect("it is shipped");
            is_about(&said, kind, pack.urgency(urgency).expect("it is shipped"))
        };
        let not = "not_such_case";
        assert!(is_taken(not, Some(&["ABUSE", "days"]), "ABUSE", "days"));
        assert!(!is_taken(not, Some(&["ABUSE", "days"]), "SEXUAL", "days"));
        assert!(!is_taken(not, Some(&["ABUSE", "days"]), "ABUSE", "now"));
        assert!(is_taken(not, Some(&["ABUSE", "now"]), "ABUSE", "days"));
        assert!(is_taken(not, Some(&["ABUSE", "days"]), "BULLY", "later"));
        assert!(!is_taken(not, Some(&["later"]), "BULLY", "now"));
        // An older app does not say of which; a call was made whatever it was.
        assert!(is_taken(not, None, "SEXUAL", "now"));
        assert!(is_taken("reported", Some(&[]), "SEXUAL", "now"));
    }
}
