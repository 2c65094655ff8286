//! Files that ended leave a director's tablet after the days of the policy, when everything of them is at the server for good
//! (domain.md P-05, docs/adr/0038). They stay at the station, and come back whole when somebody goes on with one.

use crate::error::ClientError;
use crate::problems::Room;
use crate::roster::{Roster, RosterChild};
use crate::sync;
use crate::system;
use crate::tablet::Tablet;
use chrono::NaiveDate;
use domain::calendar::add_days;
use domain::status::{Answer, State, Step};
use ids::{DocumentId, Incarnation, Role};
use protocol::{ReadDocument, WholeDocument};
use std::collections::BTreeSet;
use store::{departures, identity, rests};

/// Lets go what may go.
///
/// # Errors
/// The store refuses.
pub(crate) fn tidy(tablet: &Tablet) -> Result<(), ClientError> {
    if tablet.identity.role != Role::Director || tablet.loading()?.is_some() {
        return Ok(());
    }
    let packs = tablet.packs();
    let today = tablet.today();
    let pack = packs.rules_on(today);
    let Some(days) = pack.and_then(|pack| pack.rules.ending.leave_days) else {
        return Ok(());
    };
    let roster = Roster::read(tablet)?;
    let over: Vec<&RosterChild> = roster
        .children
        .iter()
        .filter(|child| ended(child).is_some_and(|day| add_days(day, days) < today))
        .collect();
    if over.is_empty() {
        return Ok(());
    }
    let room = Room::open(tablet)?;
    let mut gone = BTreeSet::new();
    for child in over {
        let Some(going) = going(&roster, &room, child, &gone)? else {
            continue;
        };
        let household = child.child.household();
        let family = household.and_then(|id| DocumentId::parse(id).ok());
        let family = family.unwrap_or(child.id);
        let now_ms = tablet.clock.now_ms();
        let went = tablet.store.write(|tx| {
            for document in &going {
                if rests::is_held(tx, *document)? {
                    return Ok(false);
                }
            }
            for document in &going {
                rests::let_go(tx, *document, family, now_ms)?;
            }
            if departures::remove_handed_over(tx, now_ms)? {
                identity::begin_incarnation(tx, Incarnation(tablet.new_id()))?;
            }
            Ok::<_, ClientError>(true)
        })?;
        if went {
            gone.extend(going);
            tablet.wrote();
        }
    }
    Ok(())
}

/// Since when a file is over for whoever holds it: its last day, or the day the station agreed, whichever is later. One that
/// is told in another goes with that one and never by itself.
fn ended(child: &RosterChild) -> Option<NaiveDate> {
    let status = &child.child.status;
    let State::Ended { on, .. } = status.state else {
        return None;
    };
    let agreed = status.story.iter().rev().find_map(|one| match &one.answer {
        Some((Answer::Confirmed, word)) if one.step == Step::End => {
            Some(system::civil_date(word.recorded_ms))
        }
        _ => None,
    });
    Some(agreed.map_or(on, |agreed| agreed.max(on)))
}

/// What goes with a child: the files told in its own, problems about nobody who stays, and the household when it was the last
/// one here. Nothing goes while a problem is open that is about one of them.
fn going(
    roster: &Roster,
    room: &Room<'_>,
    child: &RosterChild,
    gone: &BTreeSet<DocumentId>,
) -> Result<Option<BTreeSet<DocumentId>>, ClientError> {
    let mut files: BTreeSet<DocumentId> = child.also.iter().copied().collect();
    files.insert(child.id);
    let mut going = files.clone();
    for problem in &room.problems {
        let of = &problem.noun.children;
        let is_of = |id: &String| DocumentId::parse(id).is_ok_and(|id| files.contains(&id));
        if !of.iter().any(is_of) {
            continue;
        }
        if room.is_open(problem)? {
            return Ok(None);
        }
        let stays = |id: &String| match roster.child(id) {
            Ok(child) => !files.contains(&child.id) && !gone.contains(&child.id),
            Err(_) => false,
        };
        if !of.iter().any(stays) {
            going.insert(problem.id);
        }
    }
    for id in &files {
        let file = roster.child(&id.to_string())?;
        let Some(household) = roster.household_of(file) else {
            continue;
        };
        let mut theirs = roster.children_of(&household.id.to_string()).into_iter();
        if theirs.all(|one| files.contains(&one.id) || gone.contains(&one.id)) {
            going.insert(household.id);
        }
    }
    Ok(Some(going))
}

/// What is to be asked for next: a document that was let go, and in which something new was said.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn wanted(tablet: &Tablet) -> Result<Option<ReadDocument>, ClientError> {
    let wanted = tablet.store.read(rests::wanted)?;
    Ok(wanted.map(|document| ReadDocument { document }))
}

/// Takes in what came, or notes that nothing did: it may have moved away since.
///
/// # Errors
/// `server_nonsense`; the store refuses.
pub(crate) fn hear(
    tablet: &Tablet,
    asked: DocumentId,
    answer: &WholeDocument,
) -> Result<(), ClientError> {
    match &answer.document {
        Some(snapshot) if snapshot.document == asked => sync::take_whole(tablet, snapshot)?,
        Some(_) => return Err(ClientError::new("server_nonsense")),
        None => {}
    }
    tablet.store.write(|tx| rests::want_no_more(tx, asked))?;
    tablet.wrote();
    Ok(())
}
