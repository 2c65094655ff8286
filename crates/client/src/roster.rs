//! Everybody this device knows of, with due dates: what the lists and counts are made from.

use crate::cadence;
use crate::error::ClientError;
use crate::nouns::Noun;
use crate::rounds::Rounds;
use crate::tablet::Tablet;
use crate::view::{DueView, RecordState};
use chrono::NaiveDate;
use domain::cadence::Cadence;
use domain::calendar::completed_years;
use domain::child::Child;
use domain::household::Household;
use domain::name_search::SearchKey;
use domain::policy::Campaign;
use domain::record::FieldConflict;
use domain::status::State;
use domain::work::Work;
use ids::{ChangeHash, DeviceId, DocumentId, Role, StaffId, UnitId};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use store::changes::{self, ChangeState};
use store::members;

/// A child as lists need it.
#[derive(Clone)]
pub struct RosterChild {
    /// Document.
    pub id: DocumentId,
    /// Village.
    pub unit: UnitId,
    /// The file.
    pub child: Arc<Child>,
    /// Contested fields.
    pub conflicts: Arc<Vec<FieldConflict>>,
    /// Due dates; none without an opening date.
    pub cadence: Option<Arc<Cadence>>,
    /// Rounds of its village; the dates are computed with them.
    pub(crate) rounds: Vec<Campaign>,
    /// For searching.
    pub search: Arc<SearchKey>,
    /// Other files of this child that are told in this one; their records are among its own.
    pub also: Vec<DocumentId>,
}

/// A household as lists need it.
#[derive(Clone)]
pub struct RosterHousehold {
    /// Document.
    pub id: DocumentId,
    /// Village.
    pub unit: UnitId,
    /// The household.
    pub household: Arc<Household>,
    /// Contested fields.
    pub conflicts: Arc<Vec<FieldConflict>>,
}

/// People and units by id.
#[derive(Default)]
pub struct People {
    staff: HashMap<StaffId, (String, Role, UnitId)>,
    /// Whose appointment is over: their names stay under what they wrote.
    gone: HashSet<StaffId>,
    units: HashMap<UnitId, (String, String)>,
}

/// Everybody.
pub struct Roster {
    /// Today.
    pub today: NaiveDate,
    /// Children by village in administrative order, then by name.
    pub children: Vec<RosterChild>,
    /// Children of other villages this one only knows of (户籍村): no dates are computed for them.
    pub guests: Vec<RosterChild>,
    /// Households by id.
    pub households: BTreeMap<String, RosterHousehold>,
    /// Months of work that is about no child.
    pub work: Vec<Noun<Work>>,
    /// Staff and units.
    pub people: People,
    /// States of records that are not delivered yet, by record id.
    pub states: HashMap<String, ChangeState>,
}

impl People {
    /// Reads staff and units.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn read(tablet: &Tablet) -> Result<Self, ClientError> {
        tablet.store.read(|connection| {
            let staff = members::all_staff(connection)?;
            Ok(Self {
                gone: staff
                    .iter()
                    .filter(|row| row.ended_ms.is_some())
                    .map(|row| row.staff)
                    .collect(),
                staff: staff
                    .into_iter()
                    .map(|row| (row.staff, (row.name, row.role, row.unit)))
                    .collect(),
                units: members::units(connection)?
                    .into_iter()
                    .map(|row| (row.unit, (row.name, row.region_code.unwrap_or_default())))
                    .collect(),
            })
        })
    }

    /// A person's name, or a word that says it is not known here yet.
    pub fn name(&self, staff: StaffId) -> String {
        self.staff
            .get(&staff)
            .map_or_else(|| UNKNOWN_PERSON.to_owned(), |(name, _, _)| name.clone())
    }

    /// What everybody is called who works here or did.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.staff.values().map(|(name, _, _)| name.clone())
    }

    /// A person's role.
    pub fn role(&self, staff: StaffId) -> Option<Role> {
        self.staff.get(&staff).map(|(_, role, _)| *role)
    }

    /// Whether somebody is known here and her appointment is not over.
    pub fn is_in_force(&self, staff: StaffId) -> bool {
        self.staff.contains_key(&staff) && !self.gone.contains(&staff)
    }

    /// The unit a person works in.
    pub fn home(&self, staff: StaffId) -> Option<UnitId> {
        self.staff.get(&staff).map(|(_, _, unit)| *unit)
    }

    /// The name of the unit a person works in.
    pub fn unit_of(&self, staff: StaffId) -> String {
        self.staff
            .get(&staff)
            .map_or_else(String::new, |(_, _, unit)| self.unit_name(*unit))
    }

    /// A unit's name.
    pub fn unit_name(&self, unit: UnitId) -> String {
        self.units
            .get(&unit)
            .map(|(name, _)| name.clone())
            .unwrap_or_default()
    }

    /// A unit's region code: the administrative order of lists.
    pub fn region(&self, unit: UnitId) -> &str {
        self.units.get(&unit).map_or("", |(_, region)| region)
    }

    /// The region code of the unit a person works in.
    pub fn region_of(&self, staff: StaffId) -> &str {
        self.staff
            .get(&staff)
            .map_or("", |(_, _, unit)| self.region(*unit))
    }

    /// Who works at a station.
    pub fn of_station(&self, scope: UnitId) -> impl Iterator<Item = StaffId> {
        let staff = self.staff.iter();
        staff
            .filter(move |(staff, (_, role, unit))| {
                role.is_at_station() && *unit == scope && !self.gone.contains(staff)
            })
            .map(|(staff, _)| *staff)
    }

    /// Names of the directors of a village.
    pub fn directors(&self, unit: UnitId) -> Vec<String> {
        let mut names: Vec<String> = self
            .staff
            .iter()
            .filter(|(staff, (_, role, at))| {
                *role == Role::Director && *at == unit && !self.gone.contains(staff)
            })
            .map(|(_, (name, _, _))| name.clone())
            .collect();
        names.sort();
        names
    }
}

/// Shown for a person the server has not named yet.
pub const UNKNOWN_PERSON: &str = "（还不知道是谁）";

/// Who made a change and when, by that device's clock.
#[derive(Debug, Clone)]
pub struct Author {
    /// Device.
    pub device: DeviceId,
    /// Person.
    pub staff: StaffId,
    /// Milliseconds.
    pub at_ms: i64,
}

/// Authors of all changes of a document.
///
/// # Errors
/// The store cannot be read.
pub fn authors(
    tablet: &Tablet,
    document: DocumentId,
) -> Result<HashMap<[u8; 32], Author>, ClientError> {
    tablet.store.read(|connection| {
        Ok(changes::authors_in(connection, document)?
            .into_iter()
            .map(|(hash, author)| {
                (
                    hash.0,
                    Author {
                        device: author.device,
                        staff: author.staff,
                        at_ms: author.wall_ms,
                    },
                )
            })
            .collect())
    })
}

/// The author of one change.
///
/// # Errors
/// The store cannot be read.
pub fn author_of(
    tablet: &Tablet,
    made_by: Option<[u8; 32]>,
) -> Result<Option<Author>, ClientError> {
    let Some(hash) = made_by else { return Ok(None) };
    tablet.store.read(|connection| {
        Ok(
            changes::author_of(connection, ChangeHash(hash))?.map(|author| Author {
                device: author.device,
                staff: author.staff,
                at_ms: author.wall_ms,
            }),
        )
    })
}

/// A record's state in product.md's four words. What is not open any more is delivered.
pub fn record_state(states: &HashMap<String, ChangeState>, record: &str) -> RecordState {
    match states.get(record) {
        Some(ChangeState::Saved | ChangeState::Accepted) => RecordState::Saved,
        Some(ChangeState::Held | ChangeState::Refused) => RecordState::NeedsYou,
        Some(ChangeState::Durable) | None => RecordState::Delivered,
    }
}

/// Puts the records of files that are told in another one among those of that one. Returns which are told where. Two
/// files that were told in each other apart do not lose the child: the one with the smaller id leads.
fn merged(children: &mut [Noun<Child>]) -> HashMap<DocumentId, Vec<DocumentId>> {
    let told: BTreeMap<DocumentId, DocumentId> = children
        .iter()
        .filter_map(|noun| {
            let into = noun.noun.status.told_in()?;
            Some((noun.id, DocumentId::parse(into).ok()?))
        })
        .collect();
    let mut files: HashMap<DocumentId, Vec<DocumentId>> = HashMap::new();
    for id in told.keys() {
        let mut way = vec![*id];
        let leading = loop {
            let last = way[way.len() - 1];
            match told.get(&last) {
                None => break last,
                Some(next) => match way.iter().position(|known| known == next) {
                    Some(begins) => break way[begins..].iter().copied().min().unwrap_or(last),
                    None => way.push(*next),
                },
            }
        };
        if leading != *id {
            files.entry(leading).or_default().push(*id);
        }
    }
    for (leading, others) in &files {
        let whole = |id: &DocumentId| children.iter().find(|noun| noun.id == *id);
        let parts: Vec<Arc<Child>> = others
            .iter()
            .filter_map(whole)
            .map(|noun| noun.noun.clone())
            .collect();
        let Some(noun) = children.iter_mut().find(|noun| noun.id == *leading) else {
            continue;
        };
        let child = Arc::make_mut(&mut noun.noun);
        if child.status.told_in().is_some() {
            child.status.state = State::Runs;
        }
        for part in parts {
            child.visits.extend(part.visits.iter().cloned());
            child.contacts.extend(part.contacts.iter().cloned());
            child.attempts.extend(part.attempts.iter().cloned());
            child.amendments.extend(part.amendments.iter().cloned());
            child.mandatory.extend(part.mandatory.iter().cloned());
            child.asked.extend(part.asked.iter().cloned());
        }
    }
    files
}

/// A child for whom nothing is computed: it is another village's.
fn undated(noun: Noun<Child>) -> RosterChild {
    RosterChild {
        id: noun.id,
        unit: noun.unit,
        child: noun.noun,
        conflicts: noun.conflicts,
        cadence: None,
        rounds: Vec::new(),
        search: noun.search,
        also: Vec::new(),
    }
}

impl RosterChild {
    /// Whether the file runs: it was neither ended nor is it told in another one.
    pub fn runs(&self) -> bool {
        self.child.status.ended_on().is_none()
    }

    /// Name.
    pub fn name(&self) -> String {
        self.child.name().to_owned()
    }

    /// Completed years today.
    pub fn age(&self, today: NaiveDate) -> Option<u32> {
        self.child
            .birth_date()
            .and_then(|birth| completed_years(birth, today))
    }

    /// Earliest due date.
    pub fn next(&self) -> Option<DueView> {
        self.cadence
            .as_ref()
            .and_then(|cadence| cadence::due_views(cadence).into_iter().next())
    }

    /// Is something flagged for a person's check?
    pub fn is_flagged(&self) -> bool {
        self.child.fields.iter().any(|(key, value)| {
            key.starts_with(domain::child::FLAG_PREFIX) && value.as_text().is_some()
        })
    }
}

impl Roster {
    /// Reads everybody this device holds.
    ///
    /// # Errors
    /// `not_found` while the first load runs (half-loaded state computes nothing), or the store cannot be read.
    pub fn read(tablet: &Tablet) -> Result<Self, ClientError> {
        if tablet.loading()?.is_some() {
            return Err(ClientError::new("still_loading"));
        }
        let packs = tablet.packs();
        let today = tablet.today();
        let people = People::read(tablet)?;
        let (mut nouns, states) = tablet.store.read(|connection| {
            Ok::<_, ClientError>((
                tablet.nouns(connection)?,
                changes::open_record_states(connection)?,
            ))
        })?;
        let mut also = merged(&mut nouns.children);
        let rounds = Rounds::of_work(&nouns.work);
        let cadences = tablet.cadences(&nouns.children, &rounds, &packs, today);
        let mut children: Vec<RosterChild> = nouns
            .children
            .iter()
            .zip(cadences)
            .map(|(noun, cadence)| RosterChild {
                id: noun.id,
                unit: noun.unit,
                child: noun.noun.clone(),
                conflicts: noun.conflicts.clone(),
                cadence,
                rounds: rounds.of(noun.unit).to_vec(),
                search: noun.search.clone(),
                also: also.remove(&noun.id).unwrap_or_default(),
            })
            .collect();
        let mut guests: Vec<RosterChild> = nouns.guests.into_iter().map(undated).collect();
        for list in [&mut children, &mut guests] {
            list.sort_by_cached_key(|child| {
                (
                    people.region(child.unit).to_owned(),
                    child.search.pinyin(),
                    child.id,
                )
            });
        }
        Ok(Self {
            today,
            children,
            guests,
            households: nouns
                .households
                .iter()
                .map(|noun| {
                    (
                        noun.id.to_string(),
                        RosterHousehold {
                            id: noun.id,
                            unit: noun.unit,
                            household: noun.noun.clone(),
                            conflicts: noun.conflicts.clone(),
                        },
                    )
                })
                .collect(),
            work: nouns.work,
            people,
            states,
        })
    }

    /// Children whose file runs.
    pub fn running(&self) -> impl Iterator<Item = &RosterChild> {
        self.children.iter().filter(|child| child.runs())
    }

    /// One child.
    ///
    /// # Errors
    /// `not_found`.
    pub fn child(&self, id: &str) -> Result<&RosterChild, ClientError> {
        DocumentId::parse(id)
            .ok()
            .and_then(|id| self.children.iter().find(|child| child.id == id))
            .ok_or_else(|| ClientError::new("not_found"))
    }

    /// One child, also one this village only knows of: to be read, called, and told of to the station.
    ///
    /// # Errors
    /// `not_found`.
    pub fn child_or_guest(&self, id: &str) -> Result<&RosterChild, ClientError> {
        let guest = || {
            let mut guests = self.guests.iter();
            guests.find(|child| child.id.to_string() == id)
        };
        self.child(id).or_else(|error| guest().ok_or(error))
    }

    /// Whether this village only knows of a child.
    pub fn is_guest(&self, id: DocumentId) -> bool {
        self.guests.iter().any(|child| child.id == id)
    }

    /// Everybody whose file is here: those this village knows of last.
    pub fn everybody(&self) -> impl Iterator<Item = &RosterChild> {
        self.children.iter().chain(&self.guests)
    }

    /// One child, also one that moved away while its copy is still here.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn child_or_departed(
        &self,
        tablet: &Tablet,
        id: DocumentId,
    ) -> Result<Option<RosterChild>, ClientError> {
        if let Some(child) = self.everybody().find(|child| child.id == id) {
            return Ok(Some(child.clone()));
        }
        Ok(tablet.departed_child(id)?.map(undated))
    }

    /// The household of a child. One that moved away alone has left it behind, though a station sees both.
    pub fn household_of(&self, child: &RosterChild) -> Option<&RosterHousehold> {
        let household = self.households.get(child.child.household()?)?;
        (household.unit == child.unit).then_some(household)
    }

    /// Children of a household, in name order.
    pub fn children_of(&self, household: &str) -> Vec<&RosterChild> {
        let village = self.households.get(household).map(|found| found.unit);
        self.children
            .iter()
            .filter(|child| child.child.household() == Some(household))
            .filter(|child| village.is_none_or(|village| village == child.unit))
            .collect()
    }
}
