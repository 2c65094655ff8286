//! Nouns read from projections once and kept while their document does not change.

use crate::cadence;
use crate::error::ClientError;
use crate::guests::{Side, Sides};
use crate::packs::Packs;
use crate::rounds::Rounds;
use crate::tablet::Tablet;
use chrono::NaiveDate;
use domain::cadence::Cadence;
use domain::child::{Child, TIER_LOWERED};
use domain::household::Household;
use domain::name_search::SearchKey;
use domain::problem::Problem;
use domain::record::{FieldConflict, FieldValue, Record, doc};
use domain::round::{self, ROUND};
use domain::station_phone;
use domain::status::{self, STATUS};
use domain::work::{ENTRIES, Work};
use ids::{ChangeHash, DocKind, DocumentId, Role, UnitId};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use store::projections::{children, conflicts, households, records};
use store::{Connection, StoreError, changes, documents, members};

/// A noun with where it belongs.
#[derive(Clone)]
pub struct Noun<T> {
    /// Document.
    pub id: DocumentId,
    /// Home unit.
    pub unit: UnitId,
    /// What it is.
    pub noun: Arc<T>,
    /// Contested fields.
    pub conflicts: Arc<Vec<FieldConflict>>,
    /// For searching; empty but for children.
    pub search: Arc<SearchKey>,
}

/// Everything that is not restricted.
#[derive(Default, Clone)]
pub struct Nouns {
    /// Children.
    pub children: Vec<Noun<Child>>,
    /// Children of other villages this one only knows of (户籍村).
    pub guests: Vec<Noun<Child>>,
    /// Households.
    pub households: Vec<Noun<Household>>,
    /// Problems.
    pub problems: Vec<Noun<Problem>>,
    /// Months of work.
    pub work: Vec<Noun<Work>>,
    /// Contested fields of documents that are here and not hers any more.
    pub contested_over: usize,
}

/// A document is read again when it changed or belongs elsewhere.
type Standing = (UnitId, Vec<ChangeHash>);

#[derive(Clone)]
enum Kept {
    Child(Noun<Child>),
    Household(Noun<Household>),
    Problem(Noun<Problem>),
    Work(Noun<Work>),
    Other,
}

impl Kept {
    /// How many of its fields are contested.
    fn contested(&self) -> usize {
        match self {
            Kept::Child(noun) => noun.conflicts.len(),
            Kept::Household(noun) => noun.conflicts.len(),
            Kept::Problem(noun) => noun.conflicts.len(),
            Kept::Work(noun) => noun.conflicts.len(),
            Kept::Other => 0,
        }
    }
}

/// What was read before, by document, where it belongs and its heads; and the due dates computed from it.
#[derive(Default)]
pub struct NounCache {
    nouns: Mutex<HashMap<DocumentId, (Standing, Kept)>>,
    cadences: Mutex<Cadences>,
}

/// Due dates of one day under one set of packs and rounds; each holds as long as its child's file is the one it was computed from.
#[derive(Default)]
struct Cadences {
    today: NaiveDate,
    packs: Arc<Packs>,
    rounds: Rounds,
    known: HashMap<DocumentId, (Arc<Child>, Option<Arc<Cadence>>)>,
}

impl Tablet {
    /// All nouns, from projections. Only documents whose heads moved are read again. Visits come without answers;
    /// [`Tablet::child_with_answers`] has them.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn nouns(&self, connection: &Connection) -> Result<Nouns, ClientError> {
        let mut kept = self
            .noun_cache
            .nouns
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut bulk = BTreeMap::new();
        if kept.is_empty() {
            for kind in [
                DocKind::Child,
                DocKind::Household,
                DocKind::Problem,
                DocKind::Work,
            ] {
                bulk.extend(records::all(connection, kind)?);
            }
        }
        let mut nouns = Nouns::default();
        let sides = Sides::read(self, connection)?;
        for (id, unit, heads) in documents::seen(connection)? {
            let standing = (unit, heads);
            let fresh = match kept.get(&id) {
                Some((known, noun)) if *known == standing => noun.clone(),
                _ => {
                    let noun = read(connection, id, bulk.remove(&id))?;
                    kept.insert(id, (standing, noun.clone()));
                    noun
                }
            };
            let side = match &fresh {
                Kept::Other => Side::Own,
                _ => sides.of(id, unit)?,
            };
            if side == Side::Over {
                nouns.contested_over += fresh.contested();
                continue;
            }
            match fresh {
                Kept::Child(noun) if side == Side::Guest => nouns.guests.push(noun),
                Kept::Child(noun) => nouns.children.push(noun),
                Kept::Household(noun) => nouns.households.push(noun),
                Kept::Problem(noun) => nouns.problems.push(noun),
                Kept::Work(noun) => nouns.work.push(noun),
                Kept::Other => {}
            }
        }
        Ok(nouns)
    }

    /// Reads a document's noun anew next time, although its heads are the same: what lies beside it changed.
    pub(crate) fn forget_noun(&self, document: DocumentId) {
        self.noun_cache
            .nouns
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&document);
    }

    /// Due dates of these children today, in their order. Only those whose file changed are computed again.
    pub(crate) fn cadences(
        &self,
        children: &[Noun<Child>],
        rounds: &Rounds,
        packs: &Arc<Packs>,
        today: NaiveDate,
    ) -> Vec<Option<Arc<Cadence>>> {
        let mut kept = self
            .noun_cache
            .cadences
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if kept.today != today || !Arc::ptr_eq(&kept.packs, packs) || kept.rounds != *rounds {
            *kept = Cadences {
                today,
                packs: packs.clone(),
                rounds: rounds.clone(),
                known: HashMap::new(),
            };
        }
        children
            .iter()
            .map(|child| match kept.known.get(&child.id) {
                Some((noun, cadence)) if Arc::ptr_eq(noun, &child.noun) => cadence.clone(),
                _ => {
                    let cadence =
                        cadence::of(&child.noun, rounds.of(child.unit), packs, today).map(Arc::new);
                    kept.known
                        .insert(child.id, (child.noun.clone(), cadence.clone()));
                    cadence
                }
            })
            .collect()
    }

    /// A child's file with the answers of its visits.
    ///
    /// # Errors
    /// `not_found`, or the store cannot be read.
    pub fn child_with_answers(&self, id: DocumentId) -> Result<Child, ClientError> {
        self.store
            .read(|connection| match children::file(connection, id)? {
                Some(child) => Ok::<_, StoreError>(Some(child)),
                None => {
                    Ok(departed(connection, id)?.map(|(_, record)| Child::from_record(&record)))
                }
            })?
            .ok_or_else(|| ClientError::new("not_found"))
    }

    /// A child that is not hers any more while its copy is still here, because it moved away or she stood in for its
    /// village: what was begun for it can be finished and handed over.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn departed_child(&self, id: DocumentId) -> Result<Option<Noun<Child>>, ClientError> {
        Ok(self
            .store
            .read(|connection| {
                let over = match documents::head(connection, id)? {
                    Some(head) => Sides::read(self, connection)?.of(id, head.home_unit)?,
                    None => Side::Own,
                };
                match over {
                    Side::Over => Ok::<_, ClientError>(still_here(connection, id)?),
                    Side::Own | Side::Guest => Ok(departed(connection, id)?),
                }
            })?
            .map(|(unit, record)| {
                let child = Child::from_record(&record);
                let search = Arc::new(search_key(&child));
                Noun {
                    id,
                    unit,
                    noun: Arc::new(child),
                    conflicts: Arc::default(),
                    search,
                }
            }))
    }

    /// Whether a household is here, seen or moved away.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn has_household(&self, id: DocumentId) -> Result<bool, ClientError> {
        Ok(self
            .store
            .read(|connection| documents::head(connection, id))?
            .is_some())
    }

    /// A household with the answers of its sessions.
    ///
    /// # Errors
    /// `not_found`, or the store cannot be read.
    pub fn household_with_answers(&self, id: DocumentId) -> Result<Household, ClientError> {
        self.store
            .read(|connection| match households::file(connection, id)? {
                Some(household) => Ok::<_, StoreError>(Some(household)),
                None => Ok(
                    departed(connection, id)?.map(|(_, record)| Household::from_record(&record))
                ),
            })?
            .ok_or_else(|| ClientError::new("not_found"))
    }

    /// Sealed documents this device holds; asked for at the station only.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn restricted(&self, connection: &Connection) -> Result<Vec<Record>, ClientError> {
        Ok(records::all(connection, DocKind::Restricted)?
            .into_values()
            .collect())
    }
}

/// A document that moved away and is still here, read as it stands.
fn departed(
    connection: &Connection,
    id: DocumentId,
) -> Result<Option<(UnitId, Record)>, StoreError> {
    if !documents::has_left(connection, id)? {
        return Ok(None);
    }
    still_here(connection, id)
}

/// A document as it stands here, whoever it is.
fn still_here(
    connection: &Connection,
    id: DocumentId,
) -> Result<Option<(UnitId, Record)>, StoreError> {
    Ok(documents::load(connection, id)?
        .map(|stored| (stored.head.home_unit, doc::read(&stored.automerge))))
}

fn read(
    connection: &Connection,
    id: DocumentId,
    record: Option<Record>,
) -> Result<Kept, ClientError> {
    let Some(head) = documents::head(connection, id)? else {
        return Ok(Kept::Other);
    };
    let record = match record {
        Some(record) => record,
        None => match records::get(connection, id)? {
            Some(record) => record,
            None => return Ok(Kept::Other),
        },
    };
    let unit = head.home_unit;
    let conflicts = Arc::new(
        conflicts::of_document(connection, id)?
            .into_iter()
            .map(|conflict| FieldConflict {
                key: conflict.field,
                values: conflict
                    .values
                    .into_iter()
                    .map(|value| FieldValue {
                        value: value.value,
                        made_by: value.change.map(|hash| hash.0),
                    })
                    .collect(),
            })
            .collect::<Vec<_>>(),
    );
    Ok(match head.kind {
        DocKind::Child => {
            let mut child = Child::from_record(&record);
            only_the_station_decides(connection, &mut child)?;
            let search = Arc::new(search_key(&child));
            Kept::Child(Noun {
                id,
                unit,
                noun: Arc::new(child),
                conflicts,
                search,
            })
        }
        DocKind::Household => Kept::Household(Noun {
            id,
            unit,
            noun: Arc::new(Household::from_record(&record)),
            conflicts,
            search: Arc::default(),
        }),
        DocKind::Problem => Kept::Problem(Noun {
            id,
            unit,
            noun: Arc::new(Problem::from_record(&record)),
            conflicts,
            search: Arc::default(),
        }),
        DocKind::Work => {
            let mut work = Work::from_record(&record);
            only_the_station_says(connection, &record, &mut work)?;
            Kept::Work(Noun {
                id,
                unit,
                noun: Arc::new(work),
                conflicts,
                search: Arc::default(),
            })
        }
        DocKind::Restricted => Kept::Other,
    })
}

/// Lowering a tier, ending a file and what else the station decides has an effect only from a person of the station,
/// whatever the entry claims (decisions.md 7).
fn only_the_station_decides(connection: &Connection, child: &mut Child) -> Result<(), ClientError> {
    let lowers = child
        .tier_facts
        .iter()
        .any(|fact| fact.kind == TIER_LOWERED);
    let entries: Vec<_> = child.rows(STATUS).cloned().collect();
    if !lowers && entries.is_empty() {
        return Ok(());
    }
    let signed = Signed::read(connection)?;
    for fact in &mut child.tier_facts {
        if fact.kind == TIER_LOWERED && !signed.author(fact.made_by)?.decides {
            fact.approved_by = None;
        }
    }
    let mut authors = HashMap::new();
    for entry in &entries {
        authors.insert(entry.id.clone(), signed.author(entry.made_by)?);
    }
    child.status = status::fold(entries.iter(), |entry| {
        authors.get(&entry.id).copied().unwrap_or_default()
    });
    Ok(())
}

/// A round, and the station's telephone, are what they say only where a person of the station wrote them.
fn only_the_station_says(
    connection: &Connection,
    record: &Record,
    work: &mut Work,
) -> Result<(), ClientError> {
    let entries = record.entries(ENTRIES);
    if entries
        .iter()
        .all(|entry| !matches!(entry.text("block"), Some(ROUND | station_phone::BLOCK)))
    {
        return Ok(());
    }
    let signed = Signed::read(connection)?;
    let mut theirs = HashSet::new();
    for entry in entries {
        if signed.author(entry.made_by)?.decides {
            theirs.insert(entry.id.clone());
        }
    }
    work.rounds = round::opened(entries, |entry| theirs.contains(&entry.id));
    work.phone = station_phone::said(entries, |entry| theirs.contains(&entry.id));
    Ok(())
}

/// Who signed what, with whether they may decide for the station.
struct Signed<'a> {
    connection: &'a Connection,
    staff: Vec<members::StaffRow>,
}

impl<'a> Signed<'a> {
    fn read(connection: &'a Connection) -> Result<Self, ClientError> {
        Ok(Self {
            connection,
            staff: members::all_staff(connection)?,
        })
    }

    /// The author of a change. Whoever is known as a director decides nothing.
    fn author(&self, change: Option<[u8; 32]>) -> Result<status::Author, ClientError> {
        let author = match change {
            Some(change) => changes::author_of(self.connection, ChangeHash(change))?,
            None => None,
        };
        let staff = author.map(|author| author.staff);
        let known = self.staff.iter().find(|row| Some(row.staff) == staff);
        Ok(status::Author {
            staff,
            decides: known.is_none_or(|row| row.role != Role::Director),
        })
    }
}

/// What a child is found by.
pub fn search_key(child: &Child) -> SearchKey {
    SearchKey::new(
        child.name(),
        child.text("nickname"),
        child
            .text("carer_name")
            .or_else(|| child.text("guardian_name")),
    )
}
