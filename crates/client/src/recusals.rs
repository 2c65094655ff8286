//! 回避 (conflict of interest): who is not to act for a family, and what follows from it here (docs/adr/0034).
//!
//! The server refuses what it decides itself: erasing, keeping, moving, what came late, ending the recusal. The rest – whose
//! list a family stands on, who handles a problem, who opens sealed words – is the program's, from the orders kept here.

use crate::contacts::options;
use crate::error::ClientError;
use crate::recovery::{self, Cover};
use crate::roster::{Roster, RosterChild};
use crate::runtime::{self, Line};
use crate::server::refused_code;
use crate::standing;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    EndRecusalInput, IdInput, InsteadRow, OptionView, RecusalRow, RecusalsView, RecuseInput,
    RecusedView,
};
use chrono::NaiveDate;
use domain::restricted::Restricted;
use ids::{DocKind, DocumentId, Role, StaffId, UnitId};
use protocol::access::Action;
use protocol::{EndRecusal, RecusalList, RecusalRecord, RecusePerson};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::members;
use store::projections::records;
use store::recusals::Recusal;
use uuid::Uuid;

/// The policy's list of reasons.
const REASONS: &str = "RECUSAL_REASON";

/// Refusals with words of their own.
const SAID: &[&str] = &["recused", "recusal_impossible", "not_found"];

/// Who is not to act now, by document.
pub(crate) struct Recusals {
    standing: Vec<Recusal>,
}

impl Recusals {
    /// Those that stand, by the clock that never goes back.
    pub(crate) fn read(tablet: &Tablet) -> Result<Self, ClientError> {
        let now_ms = standing::never_back_ms(tablet)?;
        let mut found = tablet.store.read(store::recusals::all)?;
        found.retain(|recusal| recusal.stands(now_ms));
        Ok(Self { standing: found })
    }

    /// Those about a family, one of each.
    pub(crate) fn of<'a>(
        &'a self,
        family: &'a [DocumentId],
    ) -> impl Iterator<Item = &'a Recusal> + 'a {
        let mut seen = BTreeSet::new();
        self.standing.iter().filter(move |recusal| {
            family.contains(&recusal.document) && seen.insert(recusal.recusal)
        })
    }

    /// Whether there is any family a person is not to act for.
    pub(crate) fn bar(&self, staff: StaffId) -> bool {
        self.standing.iter().any(|recusal| recusal.staff == staff)
    }

    /// Whether a person is not to act for a family.
    pub(crate) fn concern(&self, staff: StaffId, family: &[DocumentId]) -> bool {
        self.of(family).any(|recusal| recusal.staff == staff)
    }
}

/// A child's file and its household: whoever is not to act for one is not to act for either.
pub(crate) fn family_of(child: DocumentId, household: Option<&str>) -> Vec<DocumentId> {
    let household = household.and_then(|id| DocumentId::parse(id).ok());
    std::iter::once(child).chain(household).collect()
}

fn family(child: &RosterChild) -> Vec<DocumentId> {
    family_of(child.id, child.child.household())
}

/// Whether this person is not to act for a child.
pub(crate) fn is_hers(tablet: &Tablet, recusals: &Recusals, child: &RosterChild) -> bool {
    recusals.concern(tablet.identity.staff, &family(child))
}

/// Whether this person decides about a child what the station decides: how often it is seen, what stood in error.
pub(crate) fn decides(tablet: &Tablet, child: &RosterChild) -> Result<bool, ClientError> {
    Ok(tablet.identity.role.is_at_station() && !is_hers(tablet, &Recusals::read(tablet)?, child))
}

/// Whether a colleague of this person's station decides about the child, too.
pub(crate) fn others_decide(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
) -> Result<bool, ClientError> {
    let recusals = Recusals::read(tablet)?;
    let me = &tablet.identity;
    let family = family(child);
    let mut colleagues = roster.people.of_station(me.scope);
    Ok(colleagues.any(|staff| staff != me.staff && !recusals.concern(staff, &family)))
}

/// Who may visit a family now. Whoever a recusal names may have left since, work elsewhere, stand in for the village no
/// longer, or be a relative herself by now; then nobody is named.
struct Visitors<'a> {
    roster: &'a Roster,
    recusals: &'a Recusals,
    station: UnitId,
    covers: Vec<Cover>,
    now_ms: i64,
}

impl<'a> Visitors<'a> {
    fn read(
        tablet: &Tablet,
        roster: &'a Roster,
        recusals: &'a Recusals,
    ) -> Result<Self, ClientError> {
        let now_ms = standing::never_back_ms(tablet)?;
        let covers = tablet
            .store
            .read(|connection| recovery::covers(tablet, connection, now_ms))?;
        Ok(Self {
            roster,
            recusals,
            station: tablet.identity.scope,
            covers,
            now_ms,
        })
    }

    /// Whether somebody works for a child's village: there, at the station, or in the place of who is away.
    fn works_for(&self, staff: StaffId, village: UnitId) -> bool {
        let people = &self.roster.people;
        let mut covers = self.covers.iter();
        people.is_in_force(staff)
            && (people.home(staff).is_some_and(|home| {
                home == village || home == self.station || village == self.station
            }) || covers.any(|cover| {
                cover.delegate == staff && cover.unit == village && cover.from_ms <= self.now_ms
            }))
    }

    /// Whoever is named and visits, or else whoever was named and does not any more.
    fn stead(
        &self,
        stead: Option<StaffId>,
        child: &RosterChild,
    ) -> (Option<StaffId>, Option<StaffId>) {
        let visits = |staff: &StaffId| {
            self.works_for(*staff, child.unit) && !self.recusals.concern(*staff, &family(child))
        };
        match stead {
            Some(staff) if visits(&staff) => (Some(staff), None),
            gone => (None, gone),
        }
    }
}

/// What the child's file says.
pub(crate) fn of_child(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
) -> Result<Vec<RecusedView>, ClientError> {
    let recusals = Recusals::read(tablet)?;
    let visitors = Visitors::read(tablet, roster, &recusals)?;
    let name = |staff: StaffId| roster.people.name(staff);
    Ok(recusals
        .of(&family(child))
        .map(|recusal| {
            let (stead, gone) = visitors.stead(recusal.stead, child);
            RecusedView {
                person: name(recusal.staff),
                this: recusal.staff == tablet.identity.staff,
                stead: stead.map(name),
                gone: gone.map(name),
                since: system::civil_date(recusal.from_ms).to_string(),
            }
        })
        .collect())
}

/// Children whose director is not to act and whom the station visits instead; where somebody is named and can, she sees it.
pub(crate) fn instead(tablet: &Tablet, roster: &Roster) -> Result<Vec<InsteadRow>, ClientError> {
    let recusals = Recusals::read(tablet)?;
    let visitors = Visitors::read(tablet, roster, &recusals)?;
    let me = tablet.identity.staff;
    let name = |staff: StaffId| roster.people.name(staff);
    let mut rows = Vec::new();
    for child in &roster.children {
        let family = family(child);
        if recusals.concern(me, &family) {
            continue;
        }
        // A director who does not work for the village any more keeps nobody from visiting.
        let barred: Vec<&Recusal> = recusals
            .of(&family)
            .filter(|recusal| roster.people.role(recusal.staff) == Some(Role::Director))
            .filter(|recusal| visitors.works_for(recusal.staff, child.unit))
            .collect();
        let mut steads = barred.iter().map(|one| visitors.stead(one.stead, child).0);
        let is_for_others = steads.any(|stead| stead.is_some_and(|stead| stead != me));
        let mine = barred.iter().find(|one| one.stead == Some(me));
        let first = barred.first().filter(|_| !is_for_others);
        if let Some(recusal) = mine.or(first) {
            let mut named = barred.iter().filter_map(|one| one.stead);
            rows.push(InsteadRow {
                child: child.id.to_string(),
                name: child.name(),
                village: roster.people.unit_name(child.unit),
                person: name(recusal.staff),
                stead: mine.and_then(|mine| mine.stead).map(name),
                gone: match mine {
                    Some(_) => None,
                    None => named.next().map(name),
                },
                due: child.next(),
            });
        }
    }
    rows.sort_by(|a, b| {
        let due = |row: &InsteadRow| row.due.as_ref().map(|due| due.due.clone());
        (due(a).is_none(), due(a), &a.name).cmp(&(due(b).is_none(), due(b), &b.name))
    });
    Ok(rows)
}

/// The page of one family, as the server knows it now.
///
/// # Errors
/// `not_allowed`, `not_found`, `no_network`, `server_refused`.
pub async fn list(tablet: &Arc<Tablet>, input: &IdInput) -> Result<RecusalsView, ClientError> {
    tablet.require(Action::ReadPeople)?;
    let list: RecusalList = Line::of(tablet)?.send("/people/recusals", &()).await?;
    view(tablet, &input.id, list)
}

/// How often in a stretch of time it was said that somebody is not to act for a family, as the server knows it: of a file that
/// was erased since it knows nothing any more.
///
/// # Errors
/// `not_allowed`, `no_network`, `server_refused`.
pub(crate) async fn begun(
    tablet: &Arc<Tablet>,
    (from_ms, until_ms): (i64, i64),
) -> Result<u64, ClientError> {
    tablet.require(Action::ReadPeople)?;
    let list: RecusalList = Line::of(tablet)?.send("/people/recusals", &()).await?;
    let span = from_ms..until_ms;
    let begun = list
        .recusals
        .iter()
        .filter(|row| span.contains(&row.from_ms) && !goes_on(&list, row));
    Ok(begun.count() as u64)
}

/// Whether it stood before under another post of the same person, and began when it ended there (docs/adr/0056).
fn goes_on(list: &RecusalList, row: &RecusalRecord) -> bool {
    list.recusals.iter().any(|before| {
        before.until_ms == Some(row.from_ms)
            && before.staff != row.staff
            && before.reason == row.reason
            && row
                .documents
                .iter()
                .all(|one| before.documents.contains(one))
    })
}

/// Says that somebody is not to act for a family.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `reason_missing`, `date_invalid`, `recusal_impossible`, `no_network`,
/// `server_refused`.
pub async fn recuse(
    tablet: &Arc<Tablet>,
    input: &RecuseInput,
) -> Result<RecusalsView, ClientError> {
    tablet.require(Action::ManagePeople)?;
    if !reasons(tablet).iter().any(|one| one.code == input.reason) {
        return Err(ClientError::new("reason_missing"));
    }
    let staff = |text: &str| StaffId::parse(text).map_err(|_| ClientError::new("not_found"));
    let stead = match input.stead.as_str() {
        "" => None,
        text => Some(staff(text)?),
    };
    let until_ms = match input.until.trim() {
        "" => None,
        text => {
            let day: NaiveDate = text.parse().map_err(|_| ClientError::new("date_invalid"))?;
            let next = day.succ_opt();
            Some(system::beginning_of(
                next.ok_or_else(|| ClientError::new("date_invalid"))?,
            ))
        }
    };
    // What it is about is what the server has: the station's own last edits go first.
    runtime::once(tablet, || ()).await?;
    let asked = RecusePerson {
        id: tablet.new_id(),
        documents: documents(tablet, &input.child)?,
        staff: staff(&input.staff)?,
        stead,
        until_ms,
        reason: input.reason.clone(),
    };
    send(tablet, "/people/recuse", &asked, &input.child).await
}

/// Says that it is over.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `recused`, `no_network`, `server_refused`.
pub async fn end(
    tablet: &Arc<Tablet>,
    input: &EndRecusalInput,
) -> Result<RecusalsView, ClientError> {
    tablet.require(Action::ManagePeople)?;
    let id = Uuid::parse_str(&input.id).map_err(|_| ClientError::new("not_found"))?;
    send(
        tablet,
        "/people/recuse/end",
        &EndRecusal { id },
        &input.child,
    )
    .await
}

async fn send(
    tablet: &Arc<Tablet>,
    path: &'static str,
    asked: &impl serde::Serialize,
    child: &str,
) -> Result<RecusalsView, ClientError> {
    let sent = Line::of(tablet)?.send(path, asked).await;
    let list: RecusalList = sent.map_err(|error| match refused_code(&error).as_deref() {
        Some(code) => match SAID.iter().find(|said| **said == code) {
            Some(said) => ClientError::new(said),
            None => error,
        },
        None => error,
    })?;
    // The orders come like everything else; this device need not wait for its next turn.
    runtime::once(tablet, || ()).await?;
    tablet.wrote();
    view(tablet, child, list)
}

/// The household, every child in it, their problems, and the sealed notes about any of them.
fn documents(tablet: &Tablet, child: &str) -> Result<Vec<DocumentId>, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(child)?;
    let mut found: BTreeSet<DocumentId> = BTreeSet::from([child.id]);
    if let Some(household) = roster.household_of(child) {
        found.insert(household.id);
        let siblings = roster.children_of(&household.id.to_string());
        found.extend(siblings.iter().map(|child| child.id));
    }
    let children: BTreeSet<String> = found.iter().map(ToString::to_string).collect();
    let nouns = tablet.store.read(|connection| tablet.nouns(connection))?;
    let problems = nouns.problems.iter();
    found.extend(
        problems
            .filter(|problem| problem.noun.children.iter().any(|id| children.contains(id)))
            .map(|problem| problem.id),
    );
    let about: BTreeSet<String> = found.iter().map(ToString::to_string).collect();
    let sealed = tablet
        .store
        .read(|connection| records::all(connection, DocKind::Restricted))?;
    found.extend(
        sealed
            .into_iter()
            .filter(|(_, record)| {
                let of = Restricted::from_record(record).about;
                of.is_some_and(|of| about.contains(&of))
            })
            .map(|(id, _)| id),
    );
    Ok(found.into_iter().collect())
}

fn reasons(tablet: &Tablet) -> Vec<OptionView> {
    tablet
        .packs()
        .rules_on(tablet.today())
        .map_or_else(Vec::new, |pack| options(pack.list(REASONS), tablet.today()))
}

/// Who works in a village or at the station, by name and place.
fn people_of(
    tablet: &Tablet,
    roster: &Roster,
    village: UnitId,
) -> Result<Vec<OptionView>, ClientError> {
    let staff = tablet.store.read(members::all_staff)?;
    let mut found: Vec<_> = staff
        .into_iter()
        .filter(|person| {
            person.ended_ms.is_none() && (person.role.is_at_station() || person.unit == village)
        })
        .map(|person| {
            let place = roster.people.unit_name(person.unit);
            (
                person.role.is_at_station(),
                OptionView {
                    code: person.staff.to_string(),
                    label: format!("{}（{place}）", person.name),
                },
            )
        })
        .collect();
    found.sort_by(|a, b| (a.0, &a.1.label).cmp(&(b.0, &b.1.label)));
    Ok(found.into_iter().map(|(_, option)| option).collect())
}

fn view(tablet: &Tablet, child: &str, list: RecusalList) -> Result<RecusalsView, ClientError> {
    let roster = Roster::read(tablet)?;
    let found = roster.child(child)?;
    let family = family(found);
    let recusals = Recusals::read(tablet)?;
    let visitors = Visitors::read(tablet, &roster, &recusals)?;
    let now_ms = visitors.now_ms;
    let reasons = reasons(tablet);
    let siblings = found
        .child
        .household()
        .map(|household| roster.children_of(household))
        .unwrap_or_default();
    let names: Vec<String> = siblings.iter().map(|child| child.name()).collect();
    let people = people_of(tablet, &roster, found.unit)?;
    Ok(RecusalsView {
        child: child.to_owned(),
        names: if names.is_empty() {
            found.name()
        } else {
            names.join("、")
        },
        village: roster.people.unit_name(found.unit),
        today: tablet.today().to_string(),
        rows: list
            .recusals
            .into_iter()
            .filter(|row| row.documents.iter().any(|one| family.contains(one)))
            .map(|row| {
                let (stead, gone) = visitors.stead(row.stead, found);
                let stands = row.until_ms.is_none_or(|until| until > now_ms);
                RecusalRow {
                    id: row.id.to_string(),
                    person: roster.people.name(row.staff),
                    stead: stead.map(|stead| roster.people.name(stead)),
                    gone: gone.map(|gone| roster.people.name(gone)),
                    reason: reasons
                        .iter()
                        .find(|one| one.code == row.reason)
                        .map_or_else(String::new, |one| one.label.clone()),
                    said_by: row.said_by.map(|staff| roster.people.name(staff)),
                    since: system::civil_date(row.from_ms).to_string(),
                    until: row
                        .until_ms
                        .map(|until| system::civil_date(until.saturating_sub(1)).to_string()),
                    stands,
                    may_end: row.staff != tablet.identity.staff,
                }
            })
            .collect(),
        steads: people.clone(),
        people,
        reasons,
    })
}
