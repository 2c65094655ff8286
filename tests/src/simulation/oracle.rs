//! What must hold when everything has settled, and what was promised on the way there.

use super::founding::HEAD;
use super::machine::Machine;
use super::moves::Moves;
use super::renewals::{Renewed, authors_of, generation_of};
use anyhow::{Context, Result};
use client::Tablet;
use ids::{ChangeHash, DocKind, DocumentId, UnitId};
use rusqlite::named_params;
use std::collections::{BTreeMap, BTreeSet};
use store::{changes, departures, documents, drafts, projections, recovery, sync_state};

/// Whether a change that somebody was told about is still only on its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// 已保存在本机.
    Saved,
    /// 已送达.
    Delivered,
}

/// A record as a person sees it: its document, its collection, its own name.
pub type RecordName = (DocumentId, String, String);

/// What was promised: by which machine, in which document, and how much.
#[derive(Default)]
pub struct Promises {
    changes: BTreeMap<(usize, ChangeHash), (DocumentId, Promise)>,
    records: BTreeSet<(usize, RecordName)>,
}

/// What a machine had promised at some moment.
#[derive(Clone)]
pub struct Kept {
    changes: BTreeSet<ChangeHash>,
    records: BTreeSet<RecordName>,
}

struct OwnChange {
    hash: ChangeHash,
    document: DocumentId,
    state: String,
    refusal: Option<String>,
}

fn document_in(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<DocumentId> {
    Ok(DocumentId(uuid::Uuid::from_bytes(row.get(column)?)))
}

fn own_changes(tablet: &Tablet) -> Result<Vec<OwnChange>> {
    tablet
        .store
        .read(|connection| {
            let mut statement = connection.prepare_cached(include_str!("own_changes.sql"))?;
            let rows = statement.query_map([], |row| {
                Ok(OwnChange {
                    hash: ChangeHash(row.get(0)?),
                    document: document_in(row, 1)?,
                    state: row.get(2)?,
                    refusal: row.get(3)?,
                })
            })?;
            rows.collect::<Result<_, _>>()
                .map_err(store::StoreError::from)
        })
        .map_err(anyhow::Error::from)
}

/// The records a person sees on a device.
///
/// # Errors
/// The store cannot be read.
pub fn records_of(tablet: &Tablet) -> Result<BTreeSet<RecordName>> {
    tablet
        .store
        .read(|connection| {
            let mut statement = connection.prepare_cached(include_str!("records.sql"))?;
            let rows = statement.query_map([], |row| {
                Ok((document_in(row, 0)?, row.get(1)?, row.get(2)?))
            })?;
            rows.collect::<Result<_, _>>()
                .map_err(store::StoreError::from)
        })
        .map_err(anyhow::Error::from)
}

impl Promises {
    /// Notes what a device says of its own work now. Called only when it has just said so.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn note(&mut self, who: usize, machine: &Machine) -> Result<()> {
        let Some(tablet) = machine.tablet() else {
            return Ok(());
        };
        for own in own_changes(tablet)? {
            let promise = match own.state.as_str() {
                "accepted" | "durable" => Promise::Delivered,
                _ => Promise::Saved,
            };
            let kept = self
                .changes
                .entry((who, own.hash))
                .or_insert((own.document, promise));
            kept.1 = kept.1.max(promise);
        }
        Ok(())
    }

    /// Notes records a person has just seen saved.
    pub fn note_records(&mut self, who: usize, records: impl IntoIterator<Item = RecordName>) {
        self.records
            .extend(records.into_iter().map(|record| (who, record)));
    }

    /// What a machine has promised so far.
    #[must_use]
    pub fn of(&self, who: usize) -> Kept {
        let changes = self.changes.keys();
        let records = self.records.iter();
        Kept {
            changes: changes
                .filter(|(by, _)| *by == who)
                .map(|(_, hash)| *hash)
                .collect(),
            records: records
                .filter(|(by, _)| *by == who)
                .map(|(_, record)| record.clone())
                .collect(),
        }
    }

    /// A machine was set back to when it had promised this: what was only on it is gone, and no program can help it.
    /// What had been delivered is somewhere else, unless that was set back too.
    pub fn set_back(&mut self, who: usize, then: &Kept, is_elsewhere: bool) {
        self.changes.retain(|(by, hash), (_, promise)| {
            *by != who
                || then.changes.contains(hash)
                || is_elsewhere && *promise == Promise::Delivered
        });
        self.records
            .retain(|(by, record)| *by != who || then.records.contains(record));
    }

    /// Nothing is asked of a machine's promises any more.
    pub fn forget(&mut self, who: usize) {
        self.changes.retain(|(by, _), _| *by != who);
        self.records.retain(|(by, _)| *by != who);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.changes.len() + self.records.len()
    }
}

/// What one device shows of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    heads: Vec<ChangeHash>,
    rows: Option<[u8; 32]>,
}

/// A replica as it stands.
struct Replica<'a> {
    who: usize,
    name: &'a str,
    tablet: &'a Tablet,
    is_station: bool,
    documents: BTreeMap<DocumentId, Shown>,
    homes: BTreeMap<DocumentId, (DocKind, UnitId)>,
}

impl Replica<'_> {
    /// Whether a document of this kind and home is for whoever holds it.
    fn may_have(&self, kind: DocKind, home: UnitId) -> bool {
        self.is_station || kind != DocKind::Restricted && home == self.tablet.identity.unit
    }

    fn has(&self, hash: ChangeHash) -> Result<bool> {
        Ok(self
            .tablet
            .store
            .read(|connection| changes::has(connection, hash))?)
    }
}

fn replica(who: usize, machine: &Machine) -> Result<Replica<'_>> {
    let tablet = machine.tablet().context("it is switched on")?;
    let heads = tablet.store.read(documents::all_heads)?;
    let rows = tablet.store.read(projections::hashes)?;
    let mut shown = BTreeMap::new();
    let mut homes = BTreeMap::new();
    for (document, _, mut heads) in heads {
        heads.sort();
        let rows = rows.get(&document).copied();
        shown.insert(document, Shown { heads, rows });
        let head = tablet
            .store
            .read(|connection| documents::head(connection, document))?
            .context("it is listed")?;
        homes.insert(document, (head.kind, head.home_unit));
    }
    Ok(Replica {
        who,
        name: &machine.name,
        tablet,
        is_station: machine.person == 0 || machine.person == HEAD,
        documents: shown,
        homes,
    })
}

/// Everything that is shown, to compare two moments.
pub type Picture = Vec<(
    usize,
    BTreeMap<DocumentId, (Vec<ChangeHash>, Option<[u8; 32]>)>,
    u64,
)>;

/// What every device shows now, and how far it has read.
///
/// # Errors
/// A store cannot be read.
pub fn picture(machines: &[Machine]) -> Result<Picture> {
    let mut all = Vec::new();
    for (who, machine) in machines.iter().enumerate() {
        let replica = replica(who, machine)?;
        let tablet = replica.tablet;
        let scope = tablet
            .store
            .read(|connection| sync_state::scope(connection, tablet.identity.scope))?;
        let documents = replica
            .documents
            .into_iter()
            .map(|(document, shown)| (document, (shown.heads, shown.rows)))
            .collect();
        all.push((who, documents, scope.seq));
    }
    Ok(all)
}

/// Whether nobody has anything left to say: all have read to one and the same end of the log, and nothing waits.
///
/// # Errors
/// A store cannot be read.
pub fn is_quiet<'a>(machines: impl Iterator<Item = &'a Machine>) -> Result<bool> {
    let mut ends = BTreeSet::new();
    for machine in machines {
        let tablet = machine.tablet().context("it is switched on")?;
        let scope = tablet.identity.scope;
        let (state, due, waiting) = tablet.store.read(|connection| {
            Ok::<_, store::StoreError>((
                sync_state::scope(connection, scope)?,
                recovery::get(connection, scope)?.inventory_due,
                changes::outbox_length(connection)?,
            ))
        })?;
        ends.insert((state.epoch, state.seq, state.loaded, due, waiting > 0));
    }
    Ok(ends.len() == 1
        && ends
            .iter()
            .all(|(_, _, loaded, due, waits)| *loaded && !due && !waits))
}

/// How often a device still speaks of a document.
///
/// # Errors
/// The store cannot be read.
pub fn left_of(tablet: &Tablet, document: DocumentId) -> Result<u64> {
    let left = tablet.store.read(|connection| {
        connection
            .prepare_cached(include_str!("left_of.sql"))?
            .query_row(named_params! {":document": document.0.as_bytes()}, |row| {
                row.get::<_, i64>(0)
            })
            .map_err(store::StoreError::from)
    })?;
    Ok(left.unsigned_abs())
}

/// A settled world, and what is known of how it got there.
pub struct Settled<'a> {
    /// All machines, switched on; the first is the station.
    pub machines: &'a [Machine],
    /// What was promised.
    pub promises: &'a Promises,
    /// What was erased.
    pub erased: &'a BTreeSet<DocumentId>,
    /// What was built anew.
    pub renewed: &'a BTreeMap<DocumentId, Renewed>,
    /// Machines that were shut out.
    pub shut_out: &'a BTreeSet<usize>,
    /// Machines that were set back: what is sealed does not come back to them.
    pub set_back: &'a BTreeSet<usize>,
    /// Changes of a faulty app, which nobody takes.
    pub blunders: &'a BTreeSet<ChangeHash>,
    /// What moved.
    pub moves: &'a Moves,
}

/// Looks at a settled world. Every sentence is a violation.
///
/// # Errors
/// A store cannot be read.
pub fn judge(settled: &Settled<'_>) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let replicas = settled
        .machines
        .iter()
        .enumerate()
        .filter(|(who, _)| !settled.shut_out.contains(who))
        .map(|(who, machine)| replica(who, machine))
        .collect::<Result<Vec<_>>>()?;
    let station = replicas.first().context("there is a station")?;
    look_at_moved(station, settled, &mut wrong);
    for replica in &replicas {
        look_at_own(replica, settled, &mut wrong)?;
        look_at_strangers(replica, station, &mut wrong)?;
        look_at_rows(replica, &mut wrong)?;
        look_at_erased(replica, settled, &mut wrong)?;
        look_at_renewed(replica, settled, &mut wrong)?;
    }
    let (station, others) = replicas.split_first().context("there is a station")?;
    for other in others {
        compare(station, other, &mut wrong);
    }
    look_at_changes(&replicas, station, settled, &mut wrong)?;
    look_at_records(&replicas, station, settled, &mut wrong)?;
    Ok(wrong)
}

/// Whether a replica must have what a machine promised in a document, by where the station says it belongs.
fn must_have(
    replica: &Replica<'_>,
    author: usize,
    document: DocumentId,
    station: &Replica<'_>,
    settled: &Settled<'_>,
) -> bool {
    let place = station.homes.get(&document);
    if replica.who == author {
        // It is handed over and gone.
        let has_left = place.is_some_and(|(kind, home)| {
            *kind != DocKind::Restricted && !replica.may_have(*kind, *home)
        });
        if has_left {
            return false;
        }
        let is_sealed = place.is_none_or(|(kind, _)| *kind == DocKind::Restricted);
        return replica.is_station || !is_sealed || !settled.set_back.contains(&author);
    }
    replica.is_station || place.is_some_and(|(kind, home)| replica.may_have(*kind, *home))
}

/// Documents in which somebody wrote what nobody can take. What a stopped tablet wrote after it stands on it and stays in the
/// tray, to be read: nobody can make it anew for her.
///
/// # Errors
/// A store cannot be read.
pub fn blundered(
    machines: &[Machine],
    blunders: &BTreeSet<ChangeHash>,
) -> Result<BTreeSet<DocumentId>> {
    let mut documents = BTreeSet::new();
    for machine in machines {
        let tablet = machine.tablet().context("it is switched on")?;
        let own = own_changes(tablet)?.into_iter();
        documents.extend(
            own.filter(|own| blunders.contains(&own.hash))
                .map(|own| own.document),
        );
    }
    Ok(documents)
}

/// Changes their authors made anew. One that lies in the tray stays there to be read: what stands in for it is taken.
///
/// # Errors
/// A store cannot be read.
pub fn made_anew(machines: &[Machine]) -> Result<BTreeSet<ChangeHash>> {
    let mut hashes = BTreeSet::new();
    for machine in machines {
        let tablet = machine.tablet().context("it is switched on")?;
        let found: Vec<ChangeHash> = tablet.store.read(|connection| {
            let mut statement = connection.prepare_cached(include_str!("made_anew.sql"))?;
            let rows = statement.query_map([], |row| Ok(ChangeHash(row.get(0)?)))?;
            rows.collect::<Result<_, _>>()
                .map_err(store::StoreError::from)
        })?;
        hashes.extend(found);
    }
    Ok(hashes)
}

/// Every change that was promised is with everybody who may see it; of a machine that was shut out, what it delivered.
fn look_at_changes(
    replicas: &[Replica<'_>],
    station: &Replica<'_>,
    settled: &Settled<'_>,
    wrong: &mut Vec<String>,
) -> Result<()> {
    let mut gone: BTreeMap<usize, BTreeSet<ChangeHash>> = BTreeMap::new();
    for (who, machine) in settled.machines.iter().enumerate() {
        let tablet = machine.tablet().context("it is switched on")?;
        let mine: BTreeSet<ChangeHash> = own_changes(tablet)?
            .into_iter()
            .map(|own| own.hash)
            .collect();
        gone.insert(who, mine);
    }
    let blundered = blundered(settled.machines, settled.blunders)?;
    for ((who, hash), (document, promise)) in &settled.promises.changes {
        if settled.erased.contains(document) || settled.blunders.contains(hash) {
            continue;
        }
        // Its changes are over; what they said is looked for by its records' names.
        if settled.renewed.contains_key(document) {
            continue;
        }
        if settled.moves.handed_over.contains(&(*who, *document)) {
            continue;
        }
        let machine = &settled.machines[*who];
        let tablet = machine.tablet().context("it is switched on")?;
        let is_here = tablet
            .store
            .read(|connection| changes::has(connection, *hash))?;
        // Another change stands in for it by now; what it says is looked for by name.
        if is_here && !gone.get(who).is_some_and(|mine| mine.contains(hash)) {
            let is_own = tablet.store.read(|connection| {
                connection
                    .prepare_cached(include_str!("is_own.sql"))?
                    .exists(named_params! {":hash": hash.0})
                    .map_err(store::StoreError::from)
            })?;
            if is_own {
                continue;
            }
        }
        if settled.shut_out.contains(who) {
            if !is_here {
                wrong.push(format!("{} lost {hash:?} of its own", machine.name));
            }
            if *promise == Promise::Saved || blundered.contains(document) {
                continue;
            }
        }
        for replica in replicas {
            if must_have(replica, *who, *document, station, settled) && !replica.has(*hash)? {
                wrong.push(format!(
                    "{} has not {hash:?} of {} in {document}, which was {promise:?}",
                    replica.name, machine.name
                ));
            }
        }
    }
    Ok(())
}

/// Every record that a person saw saved is seen by everybody who may see it.
fn look_at_records(
    replicas: &[Replica<'_>],
    station: &Replica<'_>,
    settled: &Settled<'_>,
    wrong: &mut Vec<String>,
) -> Result<()> {
    for replica in replicas {
        let seen = records_of(replica.tablet)?;
        for (who, record) in &settled.promises.records {
            let asked = !settled.erased.contains(&record.0)
                && !settled.moves.handed_over.contains(&(*who, record.0))
                && !settled.shut_out.contains(who)
                && must_have(replica, *who, record.0, station, settled);
            if asked && !seen.contains(record) {
                wrong.push(format!(
                    "{} does not see {}/{} of {} in {}",
                    replica.name, record.1, record.2, settled.machines[*who].name, record.0
                ));
            }
        }
    }
    Ok(())
}

/// Nothing of a device's own work waits or was refused.
fn look_at_own(
    replica: &Replica<'_>,
    settled: &Settled<'_>,
    wrong: &mut Vec<String>,
) -> Result<()> {
    let name = replica.name;
    for own in own_changes(replica.tablet)? {
        if own.state != "accepted"
            && own.state != "durable"
            && !settled.blunders.contains(&own.hash)
        {
            wrong.push(format!(
                "{name} still has {:?} of {} as {} ({})",
                own.hash,
                own.document,
                own.state,
                own.refusal.unwrap_or_default()
            ));
        }
    }
    let aside = replica.tablet.store.read(changes::quarantined)?;
    if !aside.is_empty() {
        wrong.push(format!("{name} keeps {} honest changes aside", aside.len()));
    }
    Ok(())
}

/// What was sent somewhere is there, as long as anybody could remind the server of it.
fn look_at_moved(station: &Replica<'_>, settled: &Settled<'_>, wrong: &mut Vec<String>) {
    for (document, moved) in &settled.moves.moved {
        let is_forgotten = moved.witnesses.as_ref().is_some_and(BTreeSet::is_empty);
        let Some((_, home)) = station.homes.get(document) else {
            continue;
        };
        if !is_forgotten && *home != moved.to {
            wrong.push(format!("{document} is not where it was sent"));
        }
    }
}

/// No document is here that its holder may not see, except one a visit was begun in.
fn look_at_strangers(
    replica: &Replica<'_>,
    station: &Replica<'_>,
    wrong: &mut Vec<String>,
) -> Result<()> {
    let left = replica.tablet.store.read(departures::all)?;
    let drafts = replica.tablet.store.read(drafts::open)?;
    for (document, own) in &replica.homes {
        let (kind, home) = station.homes.get(document).unwrap_or(own);
        let is_begun = left.iter().any(|one| {
            one.document == *document
                && drafts
                    .iter()
                    .any(|draft| Some(draft.household) == one.household)
        });
        // Sealed words are on a tablet only because they were written there.
        if *kind != DocKind::Restricted && !replica.may_have(*kind, *home) && !is_begun {
            wrong.push(format!(
                "{} has {document} of another village",
                replica.name
            ));
        }
    }
    Ok(())
}

/// The rows are what the documents say.
fn look_at_rows(replica: &Replica<'_>, wrong: &mut Vec<String>) -> Result<()> {
    let kept = replica.tablet.store.read(projections::hash)?;
    let computed = replica.tablet.store.write(|tx| {
        projections::rebuild(tx)?;
        projections::hash(tx)
    })?;
    if kept != computed {
        wrong.push(format!(
            "the rows of {} are not what its documents say",
            replica.name
        ));
    }
    Ok(())
}

/// Nothing speaks of what was erased.
fn look_at_erased(
    replica: &Replica<'_>,
    settled: &Settled<'_>,
    wrong: &mut Vec<String>,
) -> Result<()> {
    for document in settled.erased {
        let left = left_of(replica.tablet, *document)?;
        if left > 0 {
            wrong.push(format!(
                "{} still speaks of {document}, which was erased, {left} times",
                replica.name
            ));
        }
    }
    Ok(())
}

/// Of what was built anew nothing is left that it was before, and who wrote what is what it was.
fn look_at_renewed(
    replica: &Replica<'_>,
    settled: &Settled<'_>,
    wrong: &mut Vec<String>,
) -> Result<()> {
    let (name, tablet) = (replica.name, replica.tablet);
    for (document, renewed) in settled.renewed {
        let is_forgotten = renewed.witnesses.as_ref().is_some_and(BTreeSet::is_empty);
        if is_forgotten || !replica.documents.contains_key(document) {
            continue;
        }
        let generation = generation_of(tablet, *document)?.context("it is listed")?;
        if generation <= renewed.generation {
            wrong.push(format!(
                "{name} has {document} as it was before it was built anew"
            ));
            continue;
        }
        let (left, stored) = tablet.store.read(|connection| {
            let mut left = 0;
            for before in 0..=renewed.generation {
                left += recovery::carried(connection, *document, before)?
                    .hashes
                    .len();
                left += changes::own_of(connection, *document, before)?.len();
            }
            Ok::<_, store::StoreError>((left, documents::load(connection, *document)?))
        })?;
        let bytes = stored.context("it is listed")?.automerge.save_nocompress();
        let gone = renewed.gone.as_bytes();
        if left > 0 || bytes.windows(gone.len()).any(|part| part == gone) {
            wrong.push(format!("{name} still has of {document} what was erased"));
        }
        if replica.is_station {
            let authors = authors_of(tablet, *document)?;
            for (record, by) in &renewed.authors {
                let now = authors.get(record);
                // Whoever is told a sealed matter's number alone is not told who wrote in it (docs/adr/0043).
                let is_number = now.is_some_and(String::is_empty);
                if now != Some(by) && !is_number {
                    wrong.push(format!(
                        "{name}: {record} of {document} was {by}'s and is {now:?}'s"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// A device shows of what it may have what the station shows.
fn compare(station: &Replica<'_>, other: &Replica<'_>, wrong: &mut Vec<String>) {
    let name = other.name;
    for (document, there) in &station.documents {
        let Some((kind, home)) = station.homes.get(document) else {
            continue;
        };
        if !other.may_have(*kind, *home) {
            continue;
        }
        if other
            .homes
            .get(document)
            .is_some_and(|here| here.1 != *home)
        {
            wrong.push(format!("{name} believes that {document} lives elsewhere"));
        }
        match other.documents.get(document) {
            None => wrong.push(format!("{name} has not {kind:?} {document}")),
            Some(here) if here.heads != there.heads => {
                wrong.push(format!("{name} has other heads of {kind:?} {document}"));
            }
            Some(here) if here.rows != there.rows => {
                wrong.push(format!("{name} shows other rows of {kind:?} {document}"));
            }
            Some(_) => {}
        }
    }
    for (document, (kind, _)) in &other.homes {
        if !station.documents.contains_key(document) {
            wrong.push(format!("the station has not {kind:?} {document} of {name}"));
        }
    }
}
