//! A child moves to another village or township: the station offers, another accepts, the old tablet hands over.

mod late;

use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::nouns::Noun;
use crate::recovery::Went;
use crate::recusals::Recusals;
use crate::restricted;
use crate::roster::{Roster, RosterChild};
use crate::runtime::{self, Line};
use crate::server::refused_code;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    DecideMoveInput, DecideReviewInput, DepartureRow, DeparturesView, HandedOverInput, IdInput,
    LateRow, LateWorkView, MoreLateInput, MoveFormView, MoveRow, MoveSummaryView, MoveTargetView,
    MovesView, OfferMoveInput, ReviewRow,
};
use domain::problem::Problem;
use domain::scalar::Scalar;
use ids::{ChangeHash, DeviceId, DocKind, DocumentId, UnitId};
use protocol::access::Action;
use protocol::{
    DecideMove, DecideReview, ListReviews, MoveDecision, MoveList, MoveRecord, MoveTargets,
    OfferMove, ReviewCause, ReviewList, ReviewPlace, ReviewRecord, ReviewState,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{departures, drafts};
use uuid::Uuid;

/// What left this tablet, and what became of what came late.
///
/// # Errors
/// The store cannot be read.
pub fn departures(tablet: &Tablet) -> Result<DeparturesView, ClientError> {
    let left = tablet.store.read(departures::all)?;
    let drafts = tablet.store.read(drafts::open)?;
    let households: BTreeSet<DocumentId> = left.iter().filter_map(|one| one.household).collect();
    // Visits, and the photos taken on them, are in the household: a child is not handed over before it is.
    let household_of = |one: &departures::Departure| {
        let with = |other: &&departures::Departure| Some(other.document) == one.household;
        left.iter().find(with)
    };
    let late = tablet.store.read(departures::late)?;
    Ok(DeparturesView {
        children: left
            .iter()
            .filter(|one| one.kind == DocKind::Child)
            .map(|one| DepartureRow {
                name: one.label.clone(),
                destination: one.destination.clone(),
                left: system::moment(one.left_ms),
                unsent: u32::try_from(
                    one.unsent + household_of(one).map_or(0, |household| household.unsent),
                )
                .unwrap_or(u32::MAX),
                draft: drafts
                    .iter()
                    .find(|draft| {
                        Some(draft.household) == one.household
                            && households.contains(&draft.household)
                    })
                    .map(|draft| draft.draft.to_string()),
                removed: one.removed_ms.is_some()
                    && household_of(one).is_none_or(|household| household.removed_ms.is_some()),
                ended: one.rests,
            })
            .collect(),
        late: late
            .into_iter()
            .filter(|one| one.own)
            .map(|one| LateRow {
                kind: one.record_kind,
                text: one.record_text,
                state: one.state,
                reason: one.reason,
                at: system::moment(one.at_ms),
            })
            .collect(),
    })
}

/// What goes with a child.
struct Load {
    documents: Vec<DocumentId>,
    children: Vec<DocumentId>,
    summary: MoveSummaryView,
}

/// Where those of the children went the problems are about and whose files are not among these.
fn went(
    tablet: &Tablet,
    files: &BTreeSet<DocumentId>,
    about: &[&Noun<Problem>],
) -> Result<Went, ClientError> {
    let mut asked = BTreeSet::new();
    for problem in about {
        let children = problem.noun.children.iter();
        let ids = children.filter_map(|child| DocumentId::parse(child).ok());
        let missing: Vec<DocumentId> = ids.filter(|id| !files.contains(id)).collect();
        if !missing.is_empty() {
            asked.insert(problem.id);
            asked.extend(missing);
        }
    }
    tablet
        .store
        .read(|connection| Went::read(tablet, connection, &asked))
}

/// A child alone, or its whole household; and the problems that are about nobody who stays.
fn load(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
    whole: bool,
) -> Result<Load, ClientError> {
    let household = roster.household_of(child);
    let going: Vec<&RosterChild> = match household {
        Some(household) if whole => roster.children_of(&household.id.to_string()),
        _ => vec![child],
    };
    let children: Vec<DocumentId> = going.iter().map(|child| child.id).collect();
    let names: BTreeSet<String> = children.iter().map(ToString::to_string).collect();
    let nouns = tablet.store.read(|connection| tablet.nouns(connection))?;
    let about: Vec<&Noun<Problem>> = nouns
        .problems
        .iter()
        .filter(|problem| {
            let of = &problem.noun.children;
            // What a second village reported of it stays that village's.
            problem.unit == child.unit && of.iter().any(|child| names.contains(child))
        })
        .collect();
    let files: BTreeSet<DocumentId> = nouns.children.iter().map(|child| child.id).collect();
    let went = went(tablet, &files, &about)?;
    let (problems, staying): (Vec<_>, Vec<_>) = about.into_iter().partition(|problem| {
        let mut children = problem.noun.children.iter();
        // Those in another township do not stay.
        let has_left = |one: &String| {
            let id = DocumentId::parse(one).ok();
            let missing = id.filter(|id| !files.contains(id));
            missing.is_some_and(|id| went.has_left(problem.id, id))
        };
        children.all(|one| names.contains(one) || has_left(one))
    });
    // Of what is sealed about a child itself nothing is told: that it is there says as much as its words.
    let reports: BTreeSet<String> = problems
        .iter()
        .map(|problem| problem.id.to_string())
        .collect();
    let sealed = tablet
        .store
        .read(|connection| tablet.restricted(connection))?;
    let records = going.iter().map(|child| {
        child.child.visits.len() + child.child.contacts.len() + child.child.attempts.len()
    });
    let summary = MoveSummaryView {
        children: count(children.len()),
        records: count(records.sum()),
        problems: count(problems.len()),
        problems_staying: count(staying.len()),
        sealed: sealed.iter().any(|record| {
            record
                .fields
                .values()
                .filter_map(Scalar::as_text)
                .any(|text| reports.contains(text))
        }),
    };
    let documents = household
        .filter(|_| whole)
        .map(|household| household.id)
        .into_iter()
        .chain(children.iter().copied())
        .chain(problems.iter().map(|problem| problem.id))
        .collect();
    Ok(Load {
        documents,
        children,
        summary,
    })
}

/// What the page 转出 of a child shows.
///
/// # Errors
/// `not_found`, `no_network`, `server_refused`.
pub async fn form(tablet: &Arc<Tablet>, input: &IdInput) -> Result<MoveFormView, ClientError> {
    let line = Line::of(tablet)?;
    let targets: MoveTargets = line.send("/moves/targets", &()).await?;
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.id)?;
    let siblings = match roster.household_of(child) {
        Some(household) => roster
            .children_of(&household.id.to_string())
            .into_iter()
            .filter(|other| other.id != child.id)
            .map(RosterChild::name)
            .collect(),
        None => Vec::new(),
    };
    Ok(MoveFormView {
        child: child.id.to_string(),
        name: child.name(),
        village: roster.people.unit_name(child.unit),
        siblings,
        targets: targets
            .targets
            .into_iter()
            .filter(|target| target.unit != child.unit)
            .map(|target| MoveTargetView {
                village: target.unit.to_string(),
                name: target.name,
                township: target.township,
                here: target.scope == tablet.identity.scope,
            })
            .collect(),
        alone: load(tablet, &roster, child, false)?.summary,
        household: load(tablet, &roster, child, true)?.summary,
        today: tablet.today().to_string(),
    })
}

/// Offers a child, alone or with its household, to a village.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `move_reason_missing`, `move_open`, `move_impossible`, `disk_full`, `no_network`,
/// `server_refused`.
pub async fn offer(tablet: &Arc<Tablet>, input: &OfferMoveInput) -> Result<MovesView, ClientError> {
    tablet.require(Action::MoveDocuments)?;
    if input.reason.trim().is_empty() {
        return Err(ClientError::new("move_reason_missing"));
    }
    // What is offered is what the server has: the station's own last edits go first.
    runtime::once(tablet, || ()).await?;
    let offer = offer_of(tablet, input)?;
    let (worker, going) = (tablet.clone(), offer.documents.clone());
    runtime::off_the_loop(move || restricted::note_leaving(&worker, &going)).await??;
    let line = Line::of(tablet)?;
    let _: MoveList = line
        .send("/moves/offer", &offer)
        .await
        .map_err(move_words)?;
    list(tablet).await
}

/// What an offer says.
///
/// # Errors
/// `not_found`.
pub fn offer_of(tablet: &Tablet, input: &OfferMoveInput) -> Result<OfferMove, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let load = load(tablet, &roster, child, input.whole_household)?;
    let subject = if load.children.len() > 1 {
        format!("{}等{}名儿童", child.name(), load.children.len())
    } else {
        child.name()
    };
    Ok(OfferMove {
        id: tablet.new_id(),
        documents: load.documents,
        to: UnitId::parse(&input.village).map_err(|_| ClientError::new("not_found"))?,
        subject,
        reason: input.reason.trim().to_owned(),
        moved_on: input.moved_on.clone(),
    })
}

/// Offers in and out, and the review tray, as the server knows them now.
///
/// # Errors
/// `no_network`, `server_refused`.
pub async fn list(tablet: &Arc<Tablet>) -> Result<MovesView, ClientError> {
    let line = Line::of(tablet)?;
    let moves: MoveList = line.send("/moves/list", &()).await?;
    let reviews: ReviewList = line.send("/review/list", &()).await?;
    let scope = tablet.identity.scope;
    let counts = reviews.counts;
    let late = late_page(tablet, reviews).await?;
    Ok(MovesView {
        incoming: moves
            .moves
            .iter()
            .filter(|one| one.to_scope == scope)
            .map(move_row)
            .collect(),
        outgoing: moves
            .moves
            .iter()
            .filter(|one| one.from_scope == scope)
            .map(move_row)
            .collect(),
        waiting_in_all: counts.map_or(count(late.view.waiting.len()), |counts| counts.waiting),
        decided_in_all: counts.map_or(count(late.view.decided.len()), |counts| counts.decided),
        elsewhere: counts.map_or(late.elsewhere, |counts| counts.elsewhere),
        waiting: late.view.waiting,
        decided: late.view.decided,
        more: late.view.more,
    })
}

/// The next page of what came late.
///
/// # Errors
/// `not_found`, `no_network`, `server_refused`.
pub async fn more_late(
    tablet: &Arc<Tablet>,
    input: &MoreLateInput,
) -> Result<LateWorkView, ClientError> {
    let after = read_place(&input.after).ok_or_else(|| ClientError::new("not_found"))?;
    let line = Line::of(tablet)?;
    let reviews: ReviewList = line.send("/review/list", &ListReviews { after }).await?;
    Ok(late_page(tablet, reviews).await?.view)
}

/// A page of what came late, for a person to read.
struct LatePage {
    view: LateWorkView,
    elsewhere: u32,
}

async fn late_page(tablet: &Arc<Tablet>, reviews: ReviewList) -> Result<LatePage, ClientError> {
    // Of what lives elsewhere the server says only that it is there.
    let (here, elsewhere): (Vec<_>, Vec<_>) = reviews
        .reviews
        .into_iter()
        .partition(|review| review.envelope.is_some() || review.damaged);
    let rows = late::rows(tablet, &here)?;
    note_late(tablet, &rows).await?;
    let (waiting, decided): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .partition(|row| row.state == ReviewState::Waiting.as_str());
    Ok(LatePage {
        elsewhere: count(elsewhere.len()),
        view: LateWorkView {
            waiting,
            decided,
            more: reviews.next.map(place_text),
        },
    })
}

fn place_text(place: ReviewPlace) -> String {
    let part = if place.decided { "decided" } else { "waiting" };
    format!("{part} {}", place.number)
}

fn read_place(text: &str) -> Option<ReviewPlace> {
    let (part, number) = text.split_once(' ')?;
    Some(ReviewPlace {
        decided: match part {
            "decided" => true,
            "waiting" => false,
            _ => return None,
        },
        number: number.parse().ok()?,
    })
}

/// What came late stands in no file yet, and is read here whole: one row of the trail says of how much.
async fn note_late(tablet: &Arc<Tablet>, rows: &[ReviewRow]) -> Result<(), ClientError> {
    let mut read = rows.iter().filter(|row| !row.lines.is_empty());
    let count = read.clone().count();
    let newest = read
        .next_back()
        .map_or_else(String::new, |row| row.change.clone());
    let worker = tablet.clone();
    runtime::off_the_loop(move || looks::note_page(&worker, Look::Late, &newest, count)).await?
}

/// Accepts, declines or withdraws an offer.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `move_over`, `no_network`, `server_refused`.
pub async fn decide(
    tablet: &Arc<Tablet>,
    input: &DecideMoveInput,
) -> Result<MovesView, ClientError> {
    tablet.require(Action::MoveDocuments)?;
    let decision = match input.decision.as_str() {
        "accept" => MoveDecision::Accept,
        "decline" => MoveDecision::Decline,
        "withdraw" => MoveDecision::Withdraw,
        _ => return Err(ClientError::new("not_found")),
    };
    let id = Uuid::parse_str(&input.id).map_err(|_| ClientError::new("not_found"))?;
    let line = Line::of(tablet)?;
    let _: MoveList = line
        .send("/moves/decide", &DecideMove { id, decision })
        .await
        .map_err(move_words)?;
    // What came or went is in the log.
    runtime::once(tablet, || ()).await?;
    tablet.wrote();
    list(tablet).await
}

/// Takes a late record into its file, or sets it aside with a reason. Whoever is told the number of its matter alone may
/// take it – a child in danger waits for nobody – and sets nothing aside that she did not read.
///
/// # Errors
/// `not_found`, `recused`, `review_unread`, `review_needs_earlier`, `review_not_applicable`, `review_head_decides`,
/// `review_damaged`, `no_network`, `server_refused`.
pub async fn decide_review(
    tablet: &Arc<Tablet>,
    input: &DecideReviewInput,
) -> Result<MovesView, ClientError> {
    let hash = ChangeHash::parse(&input.change).ok_or_else(|| ClientError::new("not_found"))?;
    let line = Line::of(tablet)?;
    let is_barred = Recusals::read(tablet)?.bar(tablet.identity.staff);
    if is_barred || !input.take {
        refuse_unfit(tablet, &line, hash, input.take).await?;
    }
    let decision = DecideReview {
        hash,
        take: input.take,
        reason: input.reason.trim().to_owned(),
    };
    let decided: Result<ReviewList, _> = line.send("/review/decide", &decision).await;
    if let Err(error) = decided.map_err(move_words) {
        let is_numbered = error.code() == "review_not_applicable"
            && judged(tablet, &line, hash)
                .await?
                .is_some_and(|row| row.numbered);
        // Whoever did not read it sets nothing aside: she is not told to.
        return Err(match is_numbered {
            true => ClientError::new("review_head_decides"),
            false => error,
        });
    }
    runtime::once(tablet, || ()).await?;
    tablet.wrote();
    list(tablet).await
}

/// The server knows of the documents a recusal names, and reads nothing: that a report which begins here is about such a
/// family, and that a matter goes by its number, is known on this device alone.
async fn refuse_unfit(
    tablet: &Tablet,
    line: &Line<'_>,
    hash: ChangeHash,
    take: bool,
) -> Result<(), ClientError> {
    match judged(tablet, line, hash).await? {
        Some(row) if row.recused => Err(ClientError::new("recused")),
        Some(row) if row.numbered && !take => Err(ClientError::new("review_unread")),
        _ => Ok(()),
    }
}

/// A late record as this person is told of it; none where it is not there any more.
async fn judged(
    tablet: &Tablet,
    line: &Line<'_>,
    hash: ChangeHash,
) -> Result<Option<ReviewRow>, ClientError> {
    let reviews = all_until(line, Some(hash)).await?;
    let change = hash.to_string();
    let mut rows = late::rows(tablet, &reviews)?.into_iter();
    Ok(rows.find(|row| row.change == change))
}

/// What came late, page by page: everything that waits, and of what was decided as much as is needed to find a change. What a
/// record is about may stand on another page than the record.
async fn all_until(
    line: &Line<'_>,
    sought: Option<ChangeHash>,
) -> Result<Vec<ReviewRecord>, ClientError> {
    let mut reviews: Vec<ReviewRecord> = Vec::new();
    let mut page: Option<ListReviews> = None;
    loop {
        let list: ReviewList = line.send("/review/list", &page).await?;
        reviews.extend(list.reviews);
        let is_found = sought.is_none_or(|hash| reviews.iter().any(|one| one.hash == hash));
        match list.next {
            Some(after) if !after.decided || !is_found => page = Some(ListReviews { after }),
            _ => return Ok(reviews),
        }
    }
}

/// Which late records a person who is not to act for somebody may take: she is asked of all of them at once, and of what comes
/// meanwhile another time. None where she is barred from nobody and may take everything.
async fn fit_for(
    tablet: &Tablet,
    line: &Line<'_>,
) -> Result<Option<BTreeSet<String>>, ClientError> {
    if !Recusals::read(tablet)?.bar(tablet.identity.staff) {
        return Ok(None);
    }
    let waiting = all_until(line, None).await?;
    let rows = late::rows(tablet, &waiting)?.into_iter();
    let fit = rows.filter(|row| !row.recused).map(|row| row.change);
    Ok(Some(fit.collect()))
}

/// Takes everything a stopped device handed over, in the order it was written. What cannot be taken, and what is
/// somebody else's to decide, stays to be looked at.
///
/// # Errors
/// `not_found`, `no_network`, `server_refused`.
pub async fn take_handed_over(
    tablet: &Arc<Tablet>,
    input: &HandedOverInput,
) -> Result<MovesView, ClientError> {
    let device = DeviceId::parse(&input.device).map_err(|_| ClientError::new("not_found"))?;
    let line = Line::of(tablet)?;
    let mut tried = BTreeSet::new();
    let mut page: Option<ListReviews> = None;
    let fit = fit_for(tablet, &line).await?;
    loop {
        let list: ReviewList = line.send("/review/list", &page).await?;
        let next = list.reviews.into_iter().find(|review| {
            review.device == device
                && review.cause == ReviewCause::Revoked
                && review.state == ReviewState::Waiting
                && review.envelope.is_some()
                && !tried.contains(&review.hash)
                && fit
                    .as_ref()
                    .is_none_or(|fit| fit.contains(&review.hash.to_string()))
        });
        let Some(review) = next else {
            // What waits comes before what was decided.
            match list.next {
                Some(after) if !after.decided => page = Some(ListReviews { after }),
                _ => break,
            }
            continue;
        };
        tried.insert(review.hash);
        let decision = DecideReview {
            hash: review.hash,
            take: true,
            reason: String::new(),
        };
        let taken: Result<ReviewList, _> = line.send("/review/decide", &decision).await;
        if let Err(error) = taken {
            let code = refused_code(&error);
            let stays = [
                "recused",
                "review_needs_earlier",
                "review_not_applicable",
                "review_damaged",
            ];
            if !code.is_some_and(|code| stays.contains(&code.as_str())) {
                return Err(error);
            }
        }
    }
    runtime::once(tablet, || ()).await?;
    tablet.wrote();
    list(tablet).await
}

/// Refusals a person can do something about keep their own words.
fn move_words(error: ClientError) -> ClientError {
    match refused_code(&error).as_deref() {
        Some("move_open") => ClientError::new("move_open"),
        Some("move_over") => ClientError::new("move_over"),
        Some("move_impossible") => ClientError::new("move_impossible"),
        Some("recused") => ClientError::new("recused"),
        Some("review_needs_earlier") => ClientError::new("review_needs_earlier"),
        Some("review_not_applicable") => ClientError::new("review_not_applicable"),
        Some("review_damaged") => ClientError::new("review_damaged"),
        _ => error,
    }
}

fn move_row(record: &MoveRecord) -> MoveRow {
    MoveRow {
        id: record.id.to_string(),
        subject: record.subject.clone(),
        from: place(&record.from_name, &record.from_village),
        to: place(&record.to_township, &record.to_name),
        reason: record.reason.clone(),
        moved_on: record.moved_on.clone(),
        by: record.offered_by.clone(),
        at: system::moment(record.offered_ms),
        expires: system::moment(record.expires_ms),
        state: record.state.as_str().to_owned(),
    }
}

/// Township and village, where the village is known.
fn place(township: &str, village: &str) -> String {
    if village.is_empty() {
        return township.to_owned();
    }
    format!("{township} {village}")
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
