//! What must hold when everything has settled, and what was promised on the way there.

use super::founding::PEOPLE;
use super::machine::Machine;
use anyhow::{Context, Result};
use client::Tablet;
use ids::{ChangeHash, DocKind, DocumentId};
use std::collections::BTreeMap;
use store::{changes, documents, projections, sync_state};

/// Whether a change that somebody was told about is still only on its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// 已保存在本机.
    Saved,
    /// 已送达.
    Delivered,
}

/// What was promised: to whom, in which document, and how much.
#[derive(Default)]
pub struct Promises(BTreeMap<(usize, ChangeHash), (DocumentId, Promise)>);

struct OwnChange {
    hash: ChangeHash,
    document: DocumentId,
    state: String,
    refusal: Option<String>,
}

fn own_changes(tablet: &Tablet) -> Result<Vec<OwnChange>> {
    tablet
        .store
        .read(|connection| {
            let mut statement = connection.prepare_cached(include_str!("own_changes.sql"))?;
            let rows = statement.query_map([], |row| {
                Ok(OwnChange {
                    hash: ChangeHash(row.get(0)?),
                    document: DocumentId(uuid::Uuid::from_bytes(row.get(1)?)),
                    state: row.get(2)?,
                    refusal: row.get(3)?,
                })
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
                .0
                .entry((who, own.hash))
                .or_insert((own.document, promise));
            kept.1 = kept.1.max(promise);
        }
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
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
    tablet: &'a Tablet,
    documents: BTreeMap<DocumentId, Shown>,
    homes: BTreeMap<DocumentId, (DocKind, ids::UnitId)>,
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
        tablet,
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

/// Looks at a settled world. Every sentence is a violation.
///
/// # Errors
/// A store cannot be read.
pub fn judge(machines: &[Machine], promises: &Promises) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let replicas = machines
        .iter()
        .enumerate()
        .map(|(who, machine)| replica(who, machine))
        .collect::<Result<Vec<_>>>()?;
    for replica in &replicas {
        look_at_own(replica, promises, &mut wrong)?;
        look_at_strangers(replica, &mut wrong);
        look_at_rows(replica, &mut wrong)?;
    }
    let (station, tablets) = replicas.split_first().context("there is a station")?;
    for tablet in tablets {
        compare(station, tablet, &mut wrong);
    }
    for ((who, hash), (document, promise)) in &promises.0 {
        for replica in &replicas {
            if !may_see(replica, *who, *document, station)
                || replica
                    .tablet
                    .store
                    .read(|connection| changes::has(connection, *hash))?
            {
                continue;
            }
            wrong.push(format!(
                "{} has not {hash:?} of {} in {document}, which was {promise:?}",
                PEOPLE[replica.who].0, PEOPLE[*who].0
            ));
        }
    }
    Ok(wrong)
}

/// Whether a replica may have a document, by where the station (or its author) says it belongs.
fn may_see(
    replica: &Replica<'_>,
    author: usize,
    document: DocumentId,
    station: &Replica<'_>,
) -> bool {
    if replica.who == author || replica.who == station.who {
        return true;
    }
    station.homes.get(&document).is_some_and(|(kind, home)| {
        *kind != DocKind::Restricted && *home == replica.tablet.identity.unit
    })
}

/// Nothing of a device's own work waits or was refused.
fn look_at_own(replica: &Replica<'_>, promises: &Promises, wrong: &mut Vec<String>) -> Result<()> {
    let name = PEOPLE[replica.who].0;
    for own in own_changes(replica.tablet)? {
        if own.state != "accepted" && own.state != "durable" {
            wrong.push(format!(
                "{name} still has {:?} of {} as {} ({})",
                own.hash,
                own.document,
                own.state,
                own.refusal.unwrap_or_default()
            ));
        }
        if !promises.0.contains_key(&(replica.who, own.hash)) {
            // Made without the person being told, as when the power went before the answer: it may be there.
            continue;
        }
    }
    let aside = replica.tablet.store.read(changes::quarantined)?;
    if !aside.is_empty() {
        wrong.push(format!("{name} keeps {} honest changes aside", aside.len()));
    }
    Ok(())
}

/// No document is here that its holder may not see.
fn look_at_strangers(replica: &Replica<'_>, wrong: &mut Vec<String>) {
    if replica.who == 0 {
        return;
    }
    for (document, (kind, home)) in &replica.homes {
        // Sealed words are here only because they were written here.
        let may = *kind == DocKind::Restricted || *home == replica.tablet.identity.unit;
        if !may {
            wrong.push(format!(
                "{} has {document} of another village",
                PEOPLE[replica.who].0
            ));
        }
    }
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
            PEOPLE[replica.who].0
        ));
    }
    Ok(())
}

/// A tablet shows of its village what the station shows.
fn compare(station: &Replica<'_>, tablet: &Replica<'_>, wrong: &mut Vec<String>) {
    let unit = tablet.tablet.identity.unit;
    let name = PEOPLE[tablet.who].0;
    for (document, there) in &station.documents {
        let Some((kind, home)) = station.homes.get(document) else {
            continue;
        };
        if *home != unit || *kind == DocKind::Restricted {
            continue;
        }
        match tablet.documents.get(document) {
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
    for (document, (kind, _)) in &tablet.homes {
        if !station.documents.contains_key(document) {
            wrong.push(format!("the station has not {kind:?} {document} of {name}"));
        }
    }
}
