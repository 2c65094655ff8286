//! A store in a temporary folder, with a clock that is set by hand and a person who writes records.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod trouble;

use automerge::Automerge;
use domain::record::doc;
use domain::record::{Edit, Entry, SCHEMA};
use ids::{
    ChangeHash, Clock, DeviceId, DocKind, DocumentId, Entropy, Incarnation, Role, StaffId, UnitId,
    actor_id,
};
use simdisk::{Image, SimDisk};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use store::changes::{self, Change, LocalChange, RecordLabel};
use store::documents::{self, DocumentHead, StoredDocument};
use store::identity::{self, Identity, SigningKey};
use store::{
    ArgonCost, CreateOptions, Disk, FileHardwareKey, OpenOptions, OpenOutcome, OpenWith, Store,
    StoreError, SystemDisk, Transaction, projections,
};
use tempfile::TempDir;
use uuid::Uuid;
use x25519_dalek::{PublicKey, StaticSecret};

pub const PIN: &str = "739146";
pub const START_MS: i64 = 1_795_000_000_000;

pub struct HandClock(AtomicI64);

impl HandClock {
    pub fn at_start() -> Self {
        Self(AtomicI64::new(START_MS))
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Different bytes every time, the same in every run.
pub struct Counted(AtomicU64);

impl Counted {
    pub fn from(start: u64) -> Self {
        Self(AtomicU64::new(start))
    }
}

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut number = self.0.fetch_add(1, Ordering::SeqCst);
            // splitmix64: plenty for ids and nonces in a test.
            number = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(number ^ (number >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

pub struct World {
    pub temp: TempDir,
    pub folder: PathBuf,
    pub hardware: FileHardwareKey,
    pub clock: Arc<HandClock>,
    pub entropy: Arc<Counted>,
}

impl World {
    pub fn new() -> Self {
        let temp = TempDir::new().expect("a temporary folder");
        let folder = temp.path().join("tablet");
        Self::at(temp, folder, 1)
    }

    pub fn at(temp: TempDir, folder: PathBuf, seed: u64) -> Self {
        let entropy = Arc::new(Counted::from(seed));
        let hardware = FileHardwareKey::at(temp.path().join("hardware-key"));
        hardware.ensure(entropy.as_ref()).expect("a hardware key");
        Self {
            temp,
            folder,
            hardware,
            clock: Arc::new(HandClock::at_start()),
            entropy,
        }
    }

    pub fn create(&self) -> Store {
        self.create_with(PIN, None).expect("a new store")
    }

    pub fn create_with(
        &self,
        pin: &str,
        recovery_public: Option<[u8; 32]>,
    ) -> Result<Store, StoreError> {
        Store::create(
            &self.folder,
            CreateOptions {
                pin,
                cost: ArgonCost::FLOOR,
                hardware: &self.hardware,
                recovery_public,
                entropy: self.entropy.clone(),
                clock: self.clock.clone(),
                disk: Arc::new(SystemDisk),
                lock: None,
            },
        )
    }

    pub fn open(&self) -> OpenOutcome {
        self.try_open(PIN).expect("the store opens")
    }

    pub fn try_open(&self, pin: &str) -> Result<OpenOutcome, StoreError> {
        self.open_with(OpenWith::Pin(pin))
    }

    pub fn open_with(&self, with: OpenWith<'_>) -> Result<OpenOutcome, StoreError> {
        Store::open(
            &self.folder,
            OpenOptions {
                with,
                hardware: &self.hardware,
                entropy: self.entropy.clone(),
                clock: self.clock.clone(),
                disk: Arc::new(SystemDisk),
                lock: None,
            },
        )
    }

    pub fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(SystemDisk)
    }

    pub fn database(&self) -> PathBuf {
        self.folder.join("zoufang.db")
    }
}

/// Removes the database as a dying flash chip would.
pub fn lose_database(folder: &Path) {
    for name in ["zoufang.db", "zoufang.db-wal", "zoufang.db-shm"] {
        let _ = std::fs::remove_file(folder.join(name));
    }
}

/// A tablet whose disk is in memory.
pub struct Machine {
    pub disk: SimDisk,
    pub clock: Arc<HandClock>,
    pub entropy: Arc<Counted>,
}

pub const FOLDER: &str = "/tablet";
/// The district's recovery key of machines.
pub const DISTRICT: [u8; 32] = [42; 32];

impl Machine {
    pub fn new(seed: u64) -> Self {
        Self::with(SimDisk::new(seed), seed)
    }

    pub fn from_image(seed: u64, image: &Image) -> Self {
        Self::with(SimDisk::from_image(seed, image), seed)
    }

    fn with(disk: SimDisk, seed: u64) -> Self {
        Self {
            disk,
            clock: Arc::new(HandClock::at_start()),
            // Far apart: no two machines made of one image may draw the same nonces.
            entropy: Arc::new(Counted::from((seed + 1) << 32)),
        }
    }

    /// After a power cut. What is left of the old process can close itself, which must not tidy up.
    pub fn restarted(&self, open: Option<Store>) -> Self {
        let image = self.disk.image();
        drop(open);
        Self {
            disk: SimDisk::from_image(1, &image),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    pub fn dyn_disk(&self) -> Arc<dyn Disk> {
        Arc::new(self.disk.clone())
    }

    /// As the app does at its start.
    pub fn hardware(&self) -> Result<FileHardwareKey, StoreError> {
        let key = FileHardwareKey::beside(Path::new(FOLDER)).on(self.dyn_disk());
        key.ensure(self.entropy.as_ref())?;
        Ok(key)
    }

    pub fn create(&self) -> Result<Store, StoreError> {
        Store::create(
            Path::new(FOLDER),
            CreateOptions {
                pin: PIN,
                cost: ArgonCost::FLOOR,
                hardware: &self.hardware()?,
                recovery_public: Some(PublicKey::from(&StaticSecret::from(DISTRICT)).to_bytes()),
                entropy: self.entropy.clone(),
                clock: self.clock.clone(),
                disk: self.dyn_disk(),
                lock: None,
            },
        )
    }

    pub fn open(&self) -> Result<OpenOutcome, StoreError> {
        self.open_with(OpenWith::Pin(PIN))
    }

    pub fn open_with(&self, with: OpenWith<'_>) -> Result<OpenOutcome, StoreError> {
        Store::open(
            Path::new(FOLDER),
            OpenOptions {
                with,
                hardware: &self.hardware()?,
                entropy: self.entropy.clone(),
                clock: self.clock.clone(),
                disk: self.dyn_disk(),
                lock: None,
            },
        )
    }

    /// Loses the database as a dying flash chip would.
    pub fn lose_database(&self) {
        for name in ["zoufang.db", "zoufang.db-wal"] {
            let _ = self.disk.remove(&Path::new(FOLDER).join(name));
        }
    }
}

pub fn unit(number: u128) -> UnitId {
    UnitId(Uuid::from_u128(number))
}

pub fn document(number: u128) -> DocumentId {
    DocumentId(Uuid::from_u128(number))
}

/// Who writes.
#[derive(Clone)]
pub struct Person {
    pub device: DeviceId,
    pub staff: StaffId,
    pub incarnation: Incarnation,
    pub scope: UnitId,
    pub village: UnitId,
}

impl Person {
    pub fn number(number: u128) -> Self {
        Self {
            device: DeviceId(Uuid::from_u128(100 + number)),
            staff: StaffId(Uuid::from_u128(200 + number)),
            incarnation: Incarnation(Uuid::from_u128(300 + number)),
            scope: unit(1),
            village: unit(2),
        }
    }

    pub fn identity(&self) -> Identity {
        Identity {
            device: self.device,
            staff: self.staff,
            unit: self.village,
            scope: self.scope,
            incarnation: self.incarnation,
            role: Role::Director,
            person: "李玉梅".into(),
            unit_name: "石桥村".into(),
            township: "芦汀镇".into(),
            certificate: vec![1, 2, 3],
            server_address: "127.0.0.1:8443".into(),
            ca_fingerprint: vec![9; 32],
            demo: true,
            signing_key: SigningKey::from_bytes([7; 32]),
            restored: false,
            file_numbers: None,
            enrolled_ms: START_MS,
        }
    }

    /// What a use case does: apply, insert, save, project, in the caller's transaction.
    pub fn write(
        &self,
        tx: &Transaction<'_>,
        kind: DocKind,
        id: DocumentId,
        edits: &[Edit],
        label: Option<RecordLabel>,
    ) -> Result<ChangeHash, StoreError> {
        let mut stored = match documents::load(tx, id)? {
            Some(stored) => stored,
            None => {
                let head = head_of(self, kind, id);
                let begun = StoredDocument::begun(head, doc::start(kind).expect("starts"));
                documents::insert(tx, &begun)?;
                begun
            }
        };
        let actor = actor_id(self.device, self.incarnation, id, 0);
        let chain = identity::chain(tx, self.incarnation, self.scope)?;
        let made = doc::apply(&mut stored.automerge, actor, START_MS, edits)
            .expect("edits apply")
            .expect("something changed");
        let hash = ChangeHash(made.hash);
        let dev_seq = chain.dev_seq + 1;
        changes::insert_local(
            tx,
            &LocalChange {
                change: Change {
                    hash,
                    document: id,
                    generation: 0,
                    actor,
                    seq: made.seq,
                    start_op: made.start_op,
                    ops: made.ops,
                    deps: made.deps.into_iter().map(ChangeHash).collect(),
                    body: made.bytes,
                    head: dev_seq.to_be_bytes().to_vec(),
                    signature: vec![5; 64],
                    header: None,
                    device: self.device,
                    staff: self.staff,
                    scope: self.scope,
                    dev_seq,
                    wall_ms: START_MS,
                },
                label,
                incarnation: self.incarnation,
                chain_head: hash,
                document: stored.head.clone(),
                before: made.before,
                replaces: None,
                remakes: 0,
                stored_ms: START_MS + i64::try_from(dev_seq).expect("small"),
            },
        )?;
        documents::save_tail(tx, &mut stored)?;
        projections::refresh(tx, &stored)?;
        Ok(hash)
    }

    /// A change made on another tablet, as it comes from the server.
    pub fn remote(&self, automerge: &mut Automerge, id: DocumentId, edits: &[Edit]) -> Change {
        let actor = actor_id(self.device, self.incarnation, id, 0);
        let made = doc::apply(automerge, actor, START_MS, edits)
            .expect("edits apply")
            .expect("something changed");
        Change {
            hash: ChangeHash(made.hash),
            document: id,
            generation: 0,
            actor,
            seq: made.seq,
            start_op: made.start_op,
            ops: made.ops,
            deps: made.deps.into_iter().map(ChangeHash).collect(),
            body: made.bytes,
            head: vec![1],
            signature: vec![6; 64],
            header: None,
            device: self.device,
            staff: self.staff,
            scope: self.scope,
            dev_seq: 1,
            wall_ms: START_MS,
        }
    }
}

pub fn head_of(person: &Person, kind: DocKind, id: DocumentId) -> DocumentHead {
    DocumentHead {
        document: id,
        generation: 0,
        kind,
        home_unit: person.village,
        schema: SCHEMA,
        header: Some(vec![8; 10]),
        created_ms: START_MS,
    }
}

/// Receives changes of one document as sync does.
pub fn receive(
    tx: &Transaction<'_>,
    person: &Person,
    kind: DocKind,
    changes_in: &[Change],
) -> Result<documents::Applied, StoreError> {
    let id = changes_in[0].document;
    let mut stored = match documents::load(tx, id)? {
        Some(stored) => stored,
        None => {
            let begun =
                StoredDocument::begun(head_of(person, kind, id), doc::start(kind).expect("starts"));
            documents::insert(tx, &begun)?;
            begun
        }
    };
    let raw: Vec<_> = changes_in
        .iter()
        .map(|change| (change.hash, change.body.as_slice()))
        .collect();
    let applied = documents::apply(&mut stored, &raw);
    for change in changes_in {
        match applied
            .rejected
            .iter()
            .find(|(hash, _)| *hash == change.hash)
        {
            Some((_, reason)) => changes::quarantine(
                tx,
                change,
                &changes::Aside {
                    reason,
                    at_ms: START_MS,
                    app: "0.1.0",
                    kind,
                    home_unit: stored.head.home_unit,
                    server_seq: 1,
                },
            )?,
            None => {
                changes::insert_remote(tx, change, Some(1), START_MS)?;
            }
        }
    }
    documents::save_tail(tx, &mut stored)?;
    projections::refresh(tx, &stored)?;
    Ok(applied)
}

pub fn visit(id: &str, household: DocumentId, date: &str) -> Edit {
    let mut entry = Entry::new(id)
        .with("session", format!("session-{id}"))
        .with("household", household.to_string())
        .with("event_date", date)
        .with("recorded_on", date)
        .with("recorded_ms", START_MS)
        .with("place", "home")
        .with("kind", "regular")
        .with("seen", true)
        .with("form", "hv-cn-1")
        .with("summary", "孩子精神好，奶奶身体也好")
        .with("by", "somebody");
    entry.answers.insert("f_mood".into(), "calm".into());
    Edit::Add {
        collection: "visits",
        entry,
    }
}

pub fn label(kind: &str, text: &str, id: &str) -> Option<RecordLabel> {
    Some(RecordLabel {
        kind: kind.into(),
        text: text.into(),
        id: id.into(),
    })
}

/// A household with one child who was visited.
pub fn write_family(tx: &Transaction<'_>, person: &Person, base: u128) -> Result<(), StoreError> {
    let (household, child) = (document(base), document(base + 1));
    person.write(
        tx,
        DocKind::Household,
        household,
        &[
            Edit::put("addr", "沧浦区芦汀镇石桥村12号"),
            Edit::put("group", "二组"),
            Edit::put("landmark", "桥头第二家"),
        ],
        None,
    )?;
    person.write(
        tx,
        DocKind::Child,
        child,
        &[
            Edit::put("name", "石小雨"),
            Edit::put("sex", "2"),
            Edit::put("birth_date", "2016-03-05"),
            Edit::put("household", household.to_string()),
            Edit::put("carer_name", "王秀兰"),
            Edit::put("opened_on", "2026-06-01"),
            Edit::put("flag.id_no", "check_digit"),
        ],
        None,
    )?;
    let id = format!("visit-{base}");
    person.write(
        tx,
        DocKind::Child,
        child,
        &[visit(&id, household, "2026-11-20")],
        label("visit", "石小雨 走访", &id),
    )?;
    Ok(())
}
