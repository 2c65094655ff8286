//! 保存期限 and 删除档案: which files ended long enough ago to be looked at, who asked for one to be erased, who decided, on
//! which tablets it is gone, and which must be kept (P-16, ADR 0029). Nothing here erases by itself, and no date does.

use crate::erased_items::{items_of, member_view};
use crate::erased_member;
use crate::error::ClientError;
use crate::held;
use crate::left_sealed;
use crate::nouns::Noun;
use crate::persons::Persons;
use crate::renewal;
use crate::roster::{People, Roster, RosterChild, UNKNOWN_PERSON};
use crate::runtime::{self, Line};
use crate::server::refused_code;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    DecideErasureInput, EraseInput, ErasePartInput, ErasureFormView, ErasureLackView,
    ErasurePartsView, ErasureRequestView, ErasuresView, HoldInput, HoldView, IdInput,
    LeftSealedRowView, OptionView, RetentionRowView,
};
use domain::problem::Problem;
use domain::restricted::Restricted;
use domain::retention::retention;
use ids::{DeviceId, DocKind, DocumentId, Role};
use protocol::access::Action;
use protocol::{
    DecideErasure, ErasedPart, ErasureList, ErasureRecord, ErasureState, RequestErasure, SetHold,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::members;
use store::projections::records;
use uuid::Uuid;

/// The policy's list of grounds.
const BASES: &str = "ERASURE_BASIS";
/// Most characters of a person's words.
const WORDS: usize = 200;

/// What belongs to a child's file alone.
struct File {
    with: Vec<DocumentId>,
    parts: ErasurePartsView,
}

/// Gathers what goes with a child: problems about nobody else, sealed notes about either, and the household when no other
/// child lives in it.
fn file_of(tablet: &Tablet, roster: &Roster, child: &RosterChild) -> Result<File, ClientError> {
    let name = child.id.to_string();
    let nouns = tablet.store.read(|connection| tablet.nouns(connection))?;
    let (problems, shared): (Vec<&Noun<Problem>>, Vec<_>) = nouns
        .problems
        .iter()
        .filter(|problem| problem.noun.children.contains(&name))
        .partition(|problem| problem.noun.children.iter().all(|one| *one == name));
    let reports: BTreeSet<String> = problems
        .iter()
        .map(|problem| problem.id.to_string())
        .collect();
    // What is sealed about the child itself goes along and is counted nowhere: that it is there says as much as its words.
    let mut told = 0;
    let sealed: Vec<DocumentId> = tablet
        .store
        .read(|connection| records::all(connection, DocKind::Restricted))?
        .into_iter()
        .filter(|(_, record)| {
            let about = Restricted::from_record(record).about.unwrap_or_default();
            told += usize::from(reports.contains(&about));
            reports.contains(&about) || about == name
        })
        .map(|(id, _)| id)
        .collect();
    let household = roster
        .household_of(child)
        .filter(|household| roster.children_of(&household.id.to_string()).len() == 1)
        .map(|household| household.id);
    let records =
        child.child.visits.len() + child.child.contacts.len() + child.child.attempts.len();
    Ok(File {
        parts: ErasurePartsView {
            records: count(records),
            problems: count(problems.len()),
            problems_staying: count(shared.len()),
            sealed: count(told),
            household: household.is_some(),
        },
        with: household
            .into_iter()
            .chain(problems.iter().map(|problem| problem.id))
            .chain(sealed)
            .collect(),
    })
}

/// What is said before somebody asks for a file to be erased.
///
/// # Errors
/// `not_allowed`, `not_found`, `still_loading`.
pub fn form(tablet: &Tablet, input: &IdInput) -> Result<ErasureFormView, ClientError> {
    require_station(tablet)?;
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.id)?;
    Ok(ErasureFormView {
        child: child.id.to_string(),
        name: child.name(),
        village: roster.people.unit_name(child.unit),
        parts: file_of(tablet, &roster, child)?.parts,
        items: items_of(tablet, &roster, child)?
            .iter()
            .map(|item| item.view(&roster))
            .collect(),
        bases: bases(tablet),
        may_hold: tablet.identity.role == Role::Head,
    })
}

/// The page. Without a network it shows what the dates say, and no requests.
///
/// # Errors
/// `not_allowed`, `still_loading`, `server_refused`.
pub async fn list(tablet: &Arc<Tablet>) -> Result<ErasuresView, ClientError> {
    require_station(tablet)?;
    let list = match Line::of(tablet)?.send("/erasures/list", &()).await {
        Ok(list) => Some(list),
        Err(error) if error.code() == "no_network" => None,
        Err(error) => return Err(error),
    };
    view(tablet, list)
}

/// Asks for a file to be erased, or for what stayed here sealed of a matter that left.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `basis_missing`, `on_hold`, `no_network`, `server_refused`.
pub async fn request(
    tablet: &Arc<Tablet>,
    input: &EraseInput,
) -> Result<ErasuresView, ClientError> {
    tablet.require(Action::RequestErasure)?;
    let words = input.words.trim();
    let known = bases(tablet).iter().any(|basis| basis.code == input.basis);
    if !known || words.is_empty() || words.chars().count() > WORDS {
        return Err(ClientError::new("basis_missing"));
    }
    // What is asked about is what the server has: the station's own last edits go first.
    runtime::once(tablet, || ()).await?;
    let asked = {
        let roster = Roster::read(tablet)?;
        // Somebody who is not here: what stayed here sealed when the matter left.
        let (child, with, left) = match roster.child(&input.child) {
            Ok(child) => (child.id, file_of(tablet, &roster, child)?.with, false),
            Err(_) => {
                let (subject, sealed) = left_sealed::asked(tablet, &input.child)?;
                (subject, sealed, true)
            }
        };
        let going: Vec<DocumentId> = with.iter().copied().chain([child]).collect();
        RequestErasure {
            id: tablet.new_id(),
            about: held::children_of(tablet, &roster, &going)?,
            child,
            with,
            left,
            basis: input.basis.clone(),
            words: words.to_owned(),
            part: None,
        }
    };
    let list: ErasureList = Line::of(tablet)?
        .send("/erasures/request", &asked)
        .await
        .map_err(plainly)?;
    view(tablet, Some(list))
}

/// A head decides about another person's request. What goes is looked at once more: another child may have come into the
/// household meanwhile, or another problem, and nobody decides about what was not shown.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `erasure_over`, `erasure_changed`, `erasure_waits`, `conflict_open`, `on_hold`,
/// `recused`, `no_network`, `server_refused`.
pub async fn decide(
    tablet: &Arc<Tablet>,
    input: &DecideErasureInput,
) -> Result<ErasuresView, ClientError> {
    tablet.require(Action::DecideErasure)?;
    let id = Uuid::parse_str(&input.id).map_err(|_| ClientError::new("not_found"))?;
    let list: ErasureList = if input.approve {
        runtime::once(tablet, || ()).await?;
        Line::of(tablet)?.send("/erasures/list", &()).await?
    } else {
        ErasureList {
            erasures: Vec::new(),
            holds: Vec::new(),
        }
    };
    let decision = decision(tablet, &list, id, input.approve)?;
    let list: ErasureList = Line::of(tablet)?
        .send("/erasures/decide", &decision)
        .await
        .map_err(plainly)?;
    // The orders come like everything else; this device need not wait for its next turn.
    runtime::once(tablet, || ()).await?;
    view(tablet, Some(list))
}

/// What a head says about a request of the list: whoever agrees that a part of a document goes builds it anew.
///
/// # Errors
/// `not_found`, `on_hold`, `erasure_changed`, `erasure_waits`, `conflict_open`, `too_new`.
pub fn decision(
    tablet: &Tablet,
    list: &ErasureList,
    id: Uuid,
    approve: bool,
) -> Result<DecideErasure, ClientError> {
    let mut decision = DecideErasure {
        renewal: None,
        also: Vec::new(),
        id,
        approve,
    };
    let Some(asked) = list.erasures.iter().find(|asked| asked.id == id && approve) else {
        return Ok(decision);
    };
    refuse_held(tablet, list, asked)?;
    if let Some(part) = &asked.part {
        if let Some(member) = erased_member::member_of(tablet, part)? {
            if !is_same(&member.quoting(tablet)?, &asked.with) {
                return Err(ClientError::new("erasure_changed"));
            }
            for document in &asked.with {
                let part = member.part(tablet, *document)?;
                let renewal = renewal::build(tablet, *document, &part)?;
                decision.also.push(renewal);
            }
        }
        decision.renewal = Some(renewal::build(
            tablet,
            part.document,
            &erased_member::part_of(tablet, part)?,
        )?);
    } else if let Some(child) = asked.child
        && !is_as_asked(tablet, child, &asked.with)?
    {
        return Err(ClientError::new("erasure_changed"));
    }
    Ok(decision)
}

/// What is asked for may be about a child that was held meanwhile, or by another record that came since.
fn refuse_held(
    tablet: &Tablet,
    list: &ErasureList,
    asked: &ErasureRecord,
) -> Result<(), ClientError> {
    let first = asked.part.as_ref().map(|part| part.document);
    let with = asked.with.iter().copied();
    let going: Vec<DocumentId> = with.chain(first.or(asked.child)).collect();
    let about = held::children_of(tablet, &Roster::read(tablet)?, &going)?;
    let mut holds = list.holds.iter();
    match holds.any(|hold| about.contains(&hold.child)) {
        true => Err(ClientError::new("on_hold")),
        false => Ok(()),
    }
}

/// Whether what goes with a child is still what was asked for; or what stayed here sealed of a matter that left.
fn is_as_asked(
    tablet: &Tablet,
    child: DocumentId,
    with: &[DocumentId],
) -> Result<bool, ClientError> {
    let roster = Roster::read(tablet)?;
    let now = match roster.child(&child.to_string()) {
        Ok(child) => file_of(tablet, &roster, child)?.with,
        Err(_) => left_sealed::documents_about(tablet, child)?,
    };
    Ok(is_same(&now, with))
}

fn is_same(one: &[DocumentId], other: &[DocumentId]) -> bool {
    let set = |ids: &[DocumentId]| ids.iter().copied().collect::<BTreeSet<_>>();
    set(one) == set(other)
}

/// A head says that a file must be kept, or need not be any more.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `basis_missing`, `no_network`, `server_refused`.
pub async fn set_hold(
    tablet: &Arc<Tablet>,
    input: &HoldInput,
) -> Result<ErasuresView, ClientError> {
    tablet.require(Action::DecideErasure)?;
    let words = input.words.trim();
    if words.is_empty() || words.chars().count() > WORDS {
        return Err(ClientError::new("basis_missing"));
    }
    let asked = {
        let roster = Roster::read(tablet)?;
        let child = roster.child(&input.child)?;
        SetHold {
            child: child.id,
            with: held::about(tablet, child)?,
            hold: input.hold,
            words: words.to_owned(),
        }
    };
    let list: ErasureList = Line::of(tablet)?
        .send("/erasures/hold", &asked)
        .await
        .map_err(plainly)?;
    view(tablet, Some(list))
}

fn view(tablet: &Tablet, list: Option<ErasureList>) -> Result<ErasuresView, ClientError> {
    let roster = Roster::read(tablet)?;
    let is_current = list.is_some();
    let list = list.unwrap_or(ErasureList {
        erasures: Vec::new(),
        holds: Vec::new(),
    });
    let held: BTreeSet<DocumentId> = list.holds.iter().map(|hold| hold.child).collect();
    let asked: BTreeSet<DocumentId> = list
        .erasures
        .iter()
        .filter(|erasure| erasure.state == ErasureState::Asked)
        .filter_map(|erasure| erasure.child)
        .collect();
    let holders = holders(tablet, &roster.people)?;
    let left = left_sealed::rows(tablet, &roster.people, &asked)?;
    let due = due(tablet, &roster)?
        .into_iter()
        .map(|(child, row)| RetentionRowView {
            held: held.contains(&child),
            asked: asked.contains(&child),
            ..row
        })
        .collect();
    let persons = Persons::read(tablet)?;
    let requests = list.erasures.into_iter();
    let requests = requests
        .filter(|record| is_told(tablet, &roster, &left, record))
        .map(|record| {
            let counts = is_told_how_many(tablet, &left, &record);
            let may_decide = record.state == ErasureState::Asked
                && tablet.identity.role == Role::Head
                && !persons.are_same(record.staff, tablet.identity.staff);
            ErasureRequestView {
                name: name_of(&roster, &left, record.child),
                ..request_view(tablet, &roster, &holders, (counts, may_decide), record)
            }
        })
        .collect();
    Ok(ErasuresView {
        is_current,
        due,
        requests,
        left,
        holds: list
            .holds
            .into_iter()
            .map(|hold| {
                let child = roster.children.iter().find(|child| child.id == hold.child);
                HoldView {
                    child: hold.child.to_string(),
                    name: child.map(RosterChild::name),
                    words: hold.words,
                    by: hold.staff.map(|staff| roster.people.name(staff)),
                    at: system::moment(hold.at_ms),
                }
            })
            .collect(),
        may_hold: tablet.identity.role == Role::Head,
        bases: bases(tablet),
    })
}

/// Whether what a request is about stayed here sealed, and this person is told of it.
fn stayed(left: &[LeftSealedRowView], record: &ErasureRecord) -> bool {
    record
        .child
        .is_some_and(|child| left.iter().any(|row| row.subject == child.to_string()))
}

/// Whether this person is told of a request. One about somebody who is not here, and of whom nothing stayed that she is told
/// of, is about what a head keeps of a child: the request would say that there is something.
fn is_told(
    tablet: &Tablet,
    roster: &Roster,
    left: &[LeftSealedRowView],
    record: &ErasureRecord,
) -> bool {
    let me = &tablet.identity;
    let is_going = matches!(record.state, ErasureState::Asked | ErasureState::Ordered);
    let is_here = |id: DocumentId| roster.children.iter().any(|child| child.id == id);
    me.role == Role::Head
        || record.staff == me.staff
        || record.part.is_some()
        || !is_going
        || record.child.is_some_and(is_here)
        || stayed(left, record)
}

/// Whether this person is told of how many documents a request is. Of a whole file only a head: whoever counts what the form
/// says finds that one more goes along, which is what a head keeps of a child.
fn is_told_how_many(tablet: &Tablet, left: &[LeftSealedRowView], record: &ErasureRecord) -> bool {
    tablet.identity.role == Role::Head || record.part.is_some() || stayed(left, record)
}

/// Whose file a request is about, or of which matter what stayed here sealed.
fn name_of(
    roster: &Roster,
    left: &[LeftSealedRowView],
    child: Option<DocumentId>,
) -> Option<String> {
    let child = child?;
    let here = roster.children.iter().find(|one| one.id == child);
    here.map(RosterChild::name).or_else(|| {
        let stayed = left.iter().find(|row| row.subject == child.to_string())?;
        Some(format!("{} 留下的密封记录", stayed.title).trim().to_owned())
    })
}

/// The files whose time to be looked at has come, longest ended first.
fn due(
    tablet: &Tablet,
    roster: &Roster,
) -> Result<Vec<(DocumentId, RetentionRowView)>, ClientError> {
    let rules = tablet.rules().retention;
    let nouns = tablet.store.read(|connection| tablet.nouns(connection))?;
    let mut grave: BTreeMap<&str, i64> = BTreeMap::new();
    for problem in &nouns.problems {
        let is_grave = |severity: &str| rules.grave.iter().any(|grave| grave == severity);
        let Some(last) = problem
            .noun
            .events
            .iter()
            .map(|event| event.recorded_ms)
            .max()
            .filter(|_| problem.noun.severities().any(is_grave))
        else {
            continue;
        };
        for child in &problem.noun.children {
            let known = grave.entry(child).or_insert(last);
            *known = last.max(*known);
        }
    }
    let mut rows: Vec<_> = roster
        .children
        .iter()
        .filter_map(|child| {
            let id = child.id.to_string();
            let grave_on = grave.get(id.as_str()).map(|ms| system::civil_date(*ms));
            let found = retention(
                &child.child,
                child.cadence.as_ref()?,
                grave_on,
                &rules,
                roster.today,
            )
            .filter(|found| found.review_on <= roster.today)?;
            Some((
                found,
                child.id,
                RetentionRowView {
                    child: id,
                    name: child.name(),
                    village: roster.people.unit_name(child.unit),
                    ended_on: found.ended_on.to_string(),
                    review_on: found.review_on.to_string(),
                    held: false,
                    asked: false,
                },
            ))
        })
        .collect();
    rows.sort_by_key(|(found, id, _)| (found.ended_on, *id));
    Ok(rows.into_iter().map(|(_, id, row)| (id, row)).collect())
}

fn request_view(
    tablet: &Tablet,
    roster: &Roster,
    holders: &BTreeMap<DeviceId, String>,
    (counts, may_decide): (bool, bool),
    record: ErasureRecord,
) -> ErasureRequestView {
    let child = record
        .child
        .and_then(|id| roster.children.iter().find(|child| child.id == id));
    let packs = tablet.packs();
    let basis = packs.rules_on(tablet.today()).map_or_else(
        || record.basis.clone(),
        |pack| pack.label(BASES, &record.basis).to_owned(),
    );
    // What is not here any more is said when somebody decides.
    let member = record.part.as_ref().and_then(|part| {
        let member = erased_member::member_of(tablet, part).ok()??;
        Some(member_view(roster, &part.also, member.searched))
    });
    ErasureRequestView {
        id: record.id.to_string(),
        member,
        name: child.map(RosterChild::name),
        village: child.map(|child| roster.people.unit_name(child.unit)),
        documents: if counts { record.documents } else { 0 },
        part: record.part.as_ref().map(|part| part.label.clone()),
        keeps_now: record.part.is_some_and(|part| part.keep_now),
        basis,
        words: record.words,
        by: roster.people.name(record.staff),
        at: system::moment(record.at_ms),
        until: system::moment(record.expires_ms),
        state: record.state.as_str().to_owned(),
        decided_by: record.decided_by.map(|staff| roster.people.name(staff)),
        decided_at: record.decided_ms.map(system::moment),
        receipts: record.receipts,
        missing: record
            .missing
            .iter()
            .enumerate()
            .map(|(number, device)| {
                let known = holders.get(device).cloned();
                ErasureLackView {
                    who: known.unwrap_or_else(|| UNKNOWN_PERSON.to_owned()),
                    documents: record.lacks.get(number).copied().filter(|_| counts),
                }
            })
            .collect(),
        may_decide,
    }
}

/// Whose each device is, in words.
fn holders(tablet: &Tablet, people: &People) -> Result<BTreeMap<DeviceId, String>, ClientError> {
    Ok(tablet
        .store
        .read(members::devices)?
        .into_iter()
        .map(|row| {
            let place = people.unit_of(row.staff);
            (row.device, format!("{place} {}", people.name(row.staff)))
        })
        .collect())
}

fn bases(tablet: &Tablet) -> Vec<OptionView> {
    let packs = tablet.packs();
    packs
        .rules_on(tablet.today())
        .map(|pack| crate::contacts::options(pack.list(BASES), tablet.today()))
        .unwrap_or_default()
}

fn require_station(tablet: &Tablet) -> Result<(), ClientError> {
    if tablet.identity.role.is_at_station() {
        Ok(())
    } else {
        Err(ClientError::new("not_allowed"))
    }
}

/// Asks for one thing of a file to be erased, with everything it ever said.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `basis_missing`, `on_hold`, `recused`, `no_network`, `server_refused`.
pub async fn request_part(
    tablet: &Arc<Tablet>,
    input: &ErasePartInput,
) -> Result<ErasuresView, ClientError> {
    tablet.require(Action::RequestErasure)?;
    let words = input.words.trim();
    let known = bases(tablet).iter().any(|basis| basis.code == input.basis);
    if !known || words.is_empty() || words.chars().count() > WORDS {
        return Err(ClientError::new("basis_missing"));
    }
    runtime::once(tablet, || ()).await?;
    let asked = {
        let roster = Roster::read(tablet)?;
        let child = roster.child(&input.child)?;
        let item = items_of(tablet, &roster, child)?
            .into_iter()
            .find(|item| item.name() == input.item && (item.may_go || input.keep_now))
            .ok_or_else(|| ClientError::new("not_found"))?;
        let part = ErasedPart {
            keep_now: input.keep_now && item.part.entry.is_none(),
            also: item.chosen(&input.also)?,
            ..item.part
        };
        let with = match erased_member::member_of(tablet, &part)? {
            Some(member) => member.quoting(tablet)?,
            None => Vec::new(),
        };
        let going: Vec<DocumentId> = with.iter().copied().chain([item.part.document]).collect();
        RequestErasure {
            id: tablet.new_id(),
            child: child.id,
            about: held::children_of(tablet, &roster, &going)?,
            with,
            left: false,
            basis: input.basis.clone(),
            words: words.to_owned(),
            part: Some(part),
        }
    };
    let list: ErasureList = Line::of(tablet)?
        .send("/erasures/request", &asked)
        .await
        .map_err(plainly)?;
    view(tablet, Some(list))
}

/// What the server refuses, in codes the screens have words for.
fn plainly(error: ClientError) -> ClientError {
    match refused_code(&error).as_deref() {
        Some("erasure_over") => ClientError::new("erasure_over"),
        Some("on_hold") => ClientError::new("on_hold"),
        Some("recused") => ClientError::new("recused"),
        Some("erasure_changed") => ClientError::new("erasure_changed"),
        Some("erasure_waits") => ClientError::new("erasure_waits"),
        Some("not_allowed") => ClientError::new("not_allowed"),
        Some("not_found") => ClientError::new("not_found"),
        _ => error,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
