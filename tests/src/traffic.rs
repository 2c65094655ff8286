//! Tablets by the thousand: real device rows, keys and signatures, and the changes one real client made, under other names.
//!
//! A change names its actor and what it follows by bytes of fixed length, so that it can be said again by another
//! device: those bytes are exchanged, checksum and hash are made anew, and the head is signed by that device's key.

use crate::device::{Device, entropy};
use anyhow::{Context, Result};
use client::system::SystemClock;
use ed25519_dalek::SigningKey;
use ids::{
    ChangeHash, Clock, DeviceId, DocKind, DocumentId, Generation, Incarnation, StaffId, UnitId,
    actor_id, new_uuid,
};
use protocol::envelope::{self, DocumentHeader, ENVELOPE_VERSION, Envelope, EnvelopeHead};
use protocol::{change_header, wire};
use rusqlite::{Connection, named_params};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Arc;

/// Where a chunk's checksum lies, and where what it is made over begins.
const CHECKSUM: std::ops::Range<usize> = 4..8;
const HASHED_FROM: usize = 8;

/// One document's changes, as a real client made them.
pub struct Template {
    kind: DocKind,
    schema: u32,
    generation: Generation,
    pieces: Vec<Piece>,
}

impl Template {
    /// What the document is about.
    pub fn kind(&self) -> DocKind {
        self.kind
    }

    /// The schema it was made with.
    pub fn schema(&self) -> u32 {
        self.schema
    }

    /// How many changes the document is made of.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.pieces.len()
    }
}

struct Piece {
    bytes: Vec<u8>,
    actor_at: usize,
    follows_at: Option<usize>,
    seq: u64,
    start_op: u64,
    ops: u32,
    schema: u32,
}

/// Takes apart what a device has not sent yet.
///
/// # Errors
/// A change is not as our own client makes them.
pub fn templates(device: &Device) -> Result<Vec<Template>> {
    let tablet = device.tablet()?;
    let waiting = tablet
        .store
        .read(|connection| store::changes::outbox(connection, tablet.identity.scope, usize::MAX))?;
    let mut found: BTreeMap<DocumentId, (Template, ChangeHash)> = BTreeMap::new();
    for change in waiting {
        let head = envelope::open_head(&change.head)?;
        let header = change_header::read(&change.body)?;
        let place = |wanted: &[u8]| {
            change
                .body
                .windows(wanted.len())
                .position(|window| window == wanted)
        };
        let mut piece = Piece {
            actor_at: place(&head.actor).context("a change names its actor")?,
            follows_at: None,
            seq: header.seq,
            start_op: header.start_op,
            ops: head.ops,
            schema: head.schema,
            bytes: change.body.clone(),
        };
        if let Some((template, last)) = found.get_mut(&change.document) {
            piece.follows_at = Some(place(&last.0).context("a change follows the one before")?);
            template.pieces.push(piece);
            *last = change.hash;
        } else {
            let birth = head.header.context("a first change brings the header")?;
            let template = Template {
                kind: birth.kind,
                schema: birth.schema,
                generation: birth.generation,
                pieces: vec![piece],
            };
            found.insert(change.document, (template, change.hash));
        }
    }
    Ok(found.into_values().map(|(template, _)| template).collect())
}

/// A tablet that is enrolled and can sign.
pub struct Hand {
    /// The device.
    pub device: DeviceId,
    /// Its key.
    pub key: SigningKey,
    /// Its scope.
    pub scope: UnitId,
    /// Where it works.
    pub unit: UnitId,
    /// A station's: it reads everything and records nothing.
    pub reads_only: bool,
    /// How far it has read the log.
    pub read_up_to: u64,
    staff: StaffId,
    incarnation: Incarnation,
    dev_seq: u64,
    previous: [u8; 32],
    clock: Arc<dyn Clock>,
    at_once: usize,
    open: VecDeque<Open>,
    next_template: usize,
}

struct Open {
    document: DocumentId,
    template: usize,
    next: usize,
    last: ChangeHash,
}

impl Hand {
    fn new(
        scope: UnitId,
        unit: UnitId,
        staff: StaffId,
        reads_only: bool,
        next_template: usize,
    ) -> Self {
        let mut seed = [0; 32];
        entropy().fill(&mut seed);
        Self {
            device: DeviceId(id()),
            key: SigningKey::from_bytes(&seed),
            scope,
            reads_only,
            read_up_to: 0,
            unit,
            staff,
            incarnation: Incarnation(id()),
            dev_seq: 0,
            previous: [0; 32],
            clock: Arc::new(SystemClock),
            at_once: 1,
            open: VecDeque::new(),
            next_template,
        }
    }

    /// The hand of a device that is enrolled over the wire, in a memory of its own beside that of the app on it.
    /// It turns from one document to the next after every change, with so many of them begun.
    ///
    /// # Errors
    /// The device is locked.
    pub fn of(device: &Device, at_once: usize) -> Result<Self> {
        let tablet = device.tablet()?;
        let me = &tablet.identity;
        Ok(Self {
            device: me.device,
            key: tablet.key.clone(),
            clock: device.clock.clone(),
            at_once,
            ..Self::new(me.scope, me.unit, me.staff, false, 0)
        })
    }

    /// The next change of this tablet, signed.
    ///
    /// # Errors
    /// The head cannot be written, which none of ours causes.
    pub fn work(&mut self, templates: &[Template]) -> Result<Envelope> {
        let begun = (self.open.len() >= self.at_once).then(|| self.open.pop_front());
        let open = begun.flatten().unwrap_or_else(|| {
            let template = self.next_template % templates.len();
            self.next_template += 1;
            Open {
                document: DocumentId::new(self.clock.as_ref(), entropy().as_ref()),
                template,
                next: 0,
                last: ChangeHash([0; 32]),
            }
        });
        let template = &templates[open.template];
        let piece = &template.pieces[open.next];
        let actor = actor_id(
            self.device,
            self.incarnation,
            open.document,
            template.generation,
        );
        let mut change = piece.bytes.clone();
        change[piece.actor_at..piece.actor_at + actor.len()].copy_from_slice(&actor);
        if let Some(at) = piece.follows_at {
            change[at..at + 32].copy_from_slice(&open.last.0);
        }
        let hash: [u8; 32] = Sha256::digest(&change[HASHED_FROM..]).into();
        change[CHECKSUM].copy_from_slice(&hash[..4]);
        let header = (open.next == 0).then_some(DocumentHeader {
            document: open.document,
            generation: template.generation,
            kind: template.kind,
            schema: template.schema,
            home_unit: self.unit,
            creator: self.device,
        });
        let head = EnvelopeHead {
            version: ENVELOPE_VERSION,
            document: open.document,
            generation: template.generation,
            hash: ChangeHash(hash),
            actor,
            seq: piece.seq,
            start_op: piece.start_op,
            ops: piece.ops,
            device: self.device,
            incarnation: self.incarnation,
            scope: self.scope,
            dev_seq: self.dev_seq + 1,
            previous: self.previous,
            staff: self.staff,
            app: env!("CARGO_PKG_VERSION").to_owned(),
            schema: piece.schema,
            tick: None,
            wall_ms: self.clock.now_ms(),
            mono_ms: 1_000 * self.dev_seq,
            header,
            replaces: None,
        };
        let sealed = envelope::seal(&self.key, &head, change)?;
        self.dev_seq += 1;
        self.previous = envelope::head_hash(&sealed.head);
        if open.next + 1 < template.pieces.len() {
            self.open.push_back(Open {
                next: open.next + 1,
                last: ChangeHash(hash),
                ..open
            });
        }
        Ok(sealed)
    }
}

/// A tablet no server knows; what it signs is for measurements without one.
pub fn stranger() -> Hand {
    Hand::new(UnitId(id()), UnitId(id()), StaffId(id()), false, 0)
}

/// Enrols tablets all at once by writing the rows that enrolling would: for load and measurements only.
/// Every township has one station and otherwise villages with one tablet each. The server must not run.
///
/// # Errors
/// The database cannot be written.
pub fn enrol(data: &Path, tablets: usize, per_township: usize) -> Result<Vec<Hand>> {
    let mut connection = sync_server::database::open(data)?;
    let tx = connection.transaction()?;
    let mut hands = Vec::with_capacity(tablets);
    let mut scope = None;
    for number in 0..tablets {
        let (township, village) = (number / per_township, number % per_township);
        if village == 0 {
            scope = Some(add_township(&tx, township)?);
        }
        let scope = scope.context("a township was made first")?;
        hands.push(add_tablet(&tx, scope, (township, village))?);
    }
    tx.commit()?;
    Ok(hands)
}

fn add_township(connection: &Connection, number: usize) -> Result<UnitId> {
    let scope = UnitId(id());
    connection
        .prepare_cached(include_str!("sql/insert_scope.sql"))?
        .execute(named_params! {":id": scope.0.as_bytes()})?;
    let region = format!("310199{:03}000", 200 + number % 700);
    add_unit(
        connection,
        (scope, scope, None),
        "township",
        &format!("第{number}镇"),
        &region,
    )?;
    Ok(scope)
}

fn add_tablet(
    connection: &Connection,
    scope: UnitId,
    (township, village): (usize, usize),
) -> Result<Hand> {
    let station = village == 0;
    let unit = if station {
        scope
    } else {
        let unit = UnitId(id());
        let region = format!("310199{:03}{:03}", 200 + township % 700, 201 + village);
        let name = format!("第{village}村");
        add_unit(
            connection,
            (unit, scope, Some(scope)),
            "village",
            &name,
            &region,
        )?;
        unit
    };
    let staff = StaffId(id());
    connection
        .prepare_cached(include_str!("sql/insert_staff.sql"))?
        .execute(named_params! {
            ":id": staff.0.as_bytes(),
            ":unit": unit.0.as_bytes(),
            ":scope": scope.0.as_bytes(),
            ":role": if station { "head" } else { "director" },
            ":name": format!("{township}镇{village}村"),
            ":since_ms": SystemClock.now_ms(),
        })?;
    connection
        .prepare_cached(include_str!("sql/insert_grant.sql"))?
        .execute(named_params! {
            ":staff": staff.0.as_bytes(),
            ":from_ms": SystemClock.now_ms(),
        })?;
    let hand = Hand::new(scope, unit, staff, station, township * 31 + village);
    connection
        .prepare_cached(include_str!("sql/insert_device.sql"))?
        .execute(named_params! {
            ":id": hand.device.0.as_bytes(),
            ":staff": staff.0.as_bytes(),
            ":public_key": hand.key.verifying_key().to_bytes(),
            ":enrolled_ms": SystemClock.now_ms(),
        })?;
    Ok(hand)
}

fn add_unit(
    connection: &Connection,
    (id, scope, parent): (UnitId, UnitId, Option<UnitId>),
    level: &str,
    name: &str,
    region: &str,
) -> Result<()> {
    connection
        .prepare_cached(include_str!("sql/insert_unit.sql"))?
        .execute(named_params! {
            ":id": id.0.as_bytes(),
            ":scope": scope.0.as_bytes(),
            ":parent": parent.map(|parent| parent.0.into_bytes()),
            ":level": level,
            ":name": name,
            ":region": region,
        })?;
    Ok(())
}

fn id() -> uuid::Uuid {
    new_uuid(&SystemClock, entropy().as_ref())
}

/// What a server's database says it holds.
pub struct Holding(Connection);

impl Holding {
    /// Looks into a data folder, also of a server that runs.
    ///
    /// # Errors
    /// The database cannot be opened.
    pub fn of(data: &Path) -> Result<Self> {
        let file = sync_server::database::file_of(data);
        Ok(Self(sync_server::database::open_reader(&file)?))
    }

    /// Hashes of every change it has, numbered or in the inbox.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn hashes(&self) -> Result<BTreeSet<ChangeHash>> {
        let mut statement = self.0.prepare(include_str!("sql/hashes.sql"))?;
        let hashes = statement
            .query_map([], |row| row.get(0).map(ChangeHash))?
            .collect::<Result<_, _>>()?;
        Ok(hashes)
    }

    /// Changes in the inbox.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn waiting(&self) -> Result<u64> {
        self.count(include_str!("sql/waiting.sql"))
    }

    /// Documents.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn documents(&self) -> Result<u64> {
        self.count(include_str!("sql/documents.sql"))
    }

    fn count(&self, sql: &str) -> Result<u64> {
        let count: i64 = self.0.query_row(sql, [], |row| row.get(0))?;
        Ok(u64::try_from(count)?)
    }
}

/// What a change's envelope weighs in the database before it is compressed.
///
/// # Errors
/// The envelope cannot be written, which none of ours causes.
pub fn packed(envelope: &Envelope) -> Result<Vec<u8>> {
    Ok(wire::pack(envelope)?)
}
