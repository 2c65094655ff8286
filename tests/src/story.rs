//! How the scenario tests begin: a township with a station, a village, its roster imported, and tablets. And what people do.

use crate::device::{Device, LIMIT, MovedClock};
use crate::township::{Plan, Township};
use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::ClientError;
use client::view::{
    AppView, ChildFileView, ChildListView, ConflictListView, ConflictView, FieldView,
    ImportPreviewView, ImportStatusView, RecordState, SavedView, ShellKind, SyncView, UiError,
    VillageListView, VisitFormView,
};
use domain::identity_number;
use domain::record::Record;
use ids::{ChangeHash, Clock, DocumentId, Role, UnitId};
use office::ledger::LedgerKind;
use office::ledger::write::{Layout, LedgerLine, write};
use protocol::{CreateEnrolment, EnrolmentStatus};
use serde::Serialize;
use serde_json::{Value, json};
use simdisk::SimDisk;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::{ArgonCost, documents, sync_state};
use tempfile::TempDir;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// When every story begins: a Monday, 2026-11-02, ten in the morning in Shanghai, so that no story runs over midnight.
const BEGINNING_MS: i64 = 1_793_584_800_000;
/// The PIN of every tablet.
pub const PIN: &str = "735182";
const STATION_PIN: &str = "283946";

/// A child of 白荷村: name, birth date, carer, group. The first two live in one household.
const ROSTER: [(&str, &str, &str, &str); 6] = [
    ("石小雨", "2016-03-05", "王秀兰", "二组"),
    ("石小晨", "2018-09-12", "王秀兰", "二组"),
    ("周子涵", "2014-11-30", "周建国", "一组"),
    ("吴天宇", "2017-06-18", "吴桂香", "三组"),
    ("郑可欣", "2015-01-22", "郑福生", "三组"),
    ("冯一诺", "2019-04-09", "冯玉珍", "四组"),
];

/// A township in a temporary folder, with a station and one village whose roster is imported.
pub struct World {
    /// Server and network.
    pub township: Township,
    /// The station's computer.
    pub station: Device,
    /// Unit of 白荷村.
    pub village: UnitId,
    /// The server's time.
    pub clock: Arc<MovedClock>,
    /// From the system's time to the story's, in milliseconds.
    offset_ms: i64,
    tablets: AtomicU32,
    folder: TempDir,
}

impl World {
    /// The server runs, the station is enrolled, 白荷村 has its six children.
    ///
    /// # Errors
    /// Any step is refused.
    pub async fn new() -> Result<Self> {
        Self::ruled_by(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy")).await
    }

    /// The same under the policy packs of another folder.
    ///
    /// # Errors
    /// Any step is refused.
    pub async fn ruled_by(policy: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let clock = MovedClock::new();
        let offset_ms = BEGINNING_MS - clock.now_ms();
        clock.run_at_offset(offset_ms);
        let mut plan = Plan::new(folder.path(), policy);
        plan.clock = clock.clone();
        let first = plan.found()?;
        let township = Township::start(&plan).await?;
        let first = township.server.enrolment(first.enrolment).await?;
        let station = Device::open(
            &folder.path().join("station"),
            ShellKind::Station,
            ArgonCost::FLOOR,
        )?;
        station.clock.run_at_offset(offset_ms);
        station.enrol(&township.server, &first, STATION_PIN).await?;
        let mut world = Self {
            township,
            station,
            village: UnitId(uuid::Uuid::nil()),
            clock,
            offset_ms,
            tablets: AtomicU32::new(0),
            folder,
        };
        world.village = world.create_village("白荷村", "310199100201").await?;
        let lines: Vec<LedgerLine> = ROSTER
            .iter()
            .map(|(name, birth, carer, group)| line(name, birth, carer, group))
            .collect();
        world.import(world.village, &lines).await?;
        world.station.sync().await?;
        Ok(world)
    }

    /// A new village without children.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn create_village(&self, name: &str, region: &str) -> Result<UnitId> {
        let list: VillageListView = self
            .station
            .call("create_village", json!({"name": name, "region": region}))
            .await?;
        let row = list
            .rows
            .iter()
            .find(|row| row.name == name)
            .context("the village is listed")?;
        Ok(UnitId::parse(&row.village)?)
    }

    /// Imports a register of a village at the station.
    ///
    /// # Errors
    /// The register is not understood, or a row is refused.
    pub async fn import(&self, village: UnitId, lines: &[LedgerLine]) -> Result<()> {
        let preview = self.preview(village, &register(lines)?).await?;
        ensure!(preview.rejected == 0, "{preview:?}");
        self.confirm(&preview).await
    }

    /// What the station would import from a file.
    ///
    /// # Errors
    /// The file is refused.
    pub async fn preview(&self, village: UnitId, bytes: &[u8]) -> Result<ImportPreviewView> {
        self.station
            .call(
                "import_preview",
                json!({"village": village, "file_name": "花名册.xlsx", "bytes": STANDARD.encode(bytes)}),
            )
            .await
    }

    /// Imports what was previewed, to its end.
    ///
    /// # Errors
    /// The import fails.
    pub async fn confirm(&self, preview: &ImportPreviewView) -> Result<()> {
        let id = json!({"id": preview.import});
        let mut status: ImportStatusView = self.station.call("import_confirm", id.clone()).await?;
        let end = tokio::time::Instant::now() + LIMIT;
        while status.state == "running" {
            ensure!(tokio::time::Instant::now() < end, "the import does not end");
            tokio::task::yield_now().await;
            status = self.station.call("import_status", id.clone()).await?;
        }
        ensure!(
            status.state == "done",
            "the import ended as {}",
            status.state
        );
        Ok(())
    }

    /// A one-time code for a director's tablet.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn code(&self, village: UnitId, person: &str) -> Result<EnrolmentStatus> {
        Ok(self
            .township
            .server
            .create_enrolment(CreateEnrolment {
                unit: village,
                role: Role::Director,
                person: person.to_owned(),
            })
            .await?)
    }

    /// An officer of the district, enrolled by whoever runs the server, and loaded.
    ///
    /// # Errors
    /// Any step is refused.
    pub async fn officer(&self, person: &str) -> Result<Device> {
        let officer = self.open_device(&self.new_folder(), ShellKind::Tablet)?;
        let code = self.township.officer_code(person).await?;
        officer.enrol(&self.township.server, &code, PIN).await?;
        Ok(officer)
    }

    /// A tablet of 白荷村, enrolled and loaded.
    ///
    /// # Errors
    /// Any step is refused.
    pub async fn tablet(&self, person: &str) -> Result<Device> {
        self.tablet_of(self.village, person).await
    }

    /// A tablet of a village, enrolled and loaded.
    ///
    /// # Errors
    /// Any step is refused.
    pub async fn tablet_of(&self, village: UnitId, person: &str) -> Result<Device> {
        let tablet = self.new_device()?;
        let code = self.code(village, person).await?;
        tablet.enrol(&self.township.server, &code, PIN).await?;
        Ok(tablet)
    }

    /// A device nobody used yet.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new_device(&self) -> Result<Device> {
        self.open_tablet(&self.new_folder())
    }

    /// A tablet in a folder, used before or not.
    ///
    /// # Errors
    /// The folder is in use or cannot be made.
    pub fn open_tablet(&self, folder: &Path) -> Result<Device> {
        self.open_device(folder, ShellKind::Tablet)
    }

    /// A device of any kind in a folder, used before or not.
    ///
    /// # Errors
    /// The folder is in use or cannot be made.
    pub fn open_device(&self, folder: &Path, shell: ShellKind) -> Result<Device> {
        let device = Device::open(folder, shell, ArgonCost::FLOOR)?;
        device.clock.run_at_offset(self.offset_ms);
        Ok(device)
    }

    /// A tablet on a disk that a test makes fail.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open_tablet_on(&self, disk: &SimDisk) -> Result<Device> {
        let disk = Arc::new(disk.clone());
        let folder = Path::new("/machine/store");
        let device = Device::open_on(folder, ShellKind::Tablet, ArgonCost::FLOOR, disk)?;
        device.clock.run_at_offset(self.offset_ms);
        Ok(device)
    }

    /// A second tablet with everything the first has, its hardware key included.
    ///
    /// # Errors
    /// The folder cannot be copied.
    pub fn clone_of(&self, folder: &Path) -> Result<PathBuf> {
        let copy = self.new_folder();
        copy_folder(folder, &copy)?;
        let key = |folder: &Path| folder.with_extension("hardware-key");
        std::fs::copy(key(folder), key(&copy))?;
        Ok(copy)
    }

    /// A folder nobody used yet.
    pub fn new_folder(&self) -> PathBuf {
        let number = self.tablets.fetch_add(1, Ordering::Relaxed);
        self.folder.path().join(format!("tablet-{number}"))
    }

    /// Where the parts of the district's recovery key were put when the server was made.
    pub fn recovery_folder(&self) -> PathBuf {
        self.folder.path().join("recovery")
    }

    /// The network goes.
    pub fn cut_network(&self) {
        self.township.relay.cut();
    }

    /// The network returns.
    pub fn restore_network(&self) {
        self.township.relay.restore();
    }

    /// So many days pass for everybody.
    pub fn go_to_day(&self, day: i64, devices: &[&Device]) {
        let offset_ms = self.offset_ms + day * DAY_MS;
        self.clock.run_at_offset(offset_ms);
        self.station.clock.run_at_offset(offset_ms);
        for device in devices {
            device.clock.run_at_offset(offset_ms);
        }
    }

    /// Everybody syncs until everybody has heard of everybody.
    ///
    /// # Errors
    /// A sync fails.
    pub async fn settle(&self, tablets: &[&Device]) -> Result<()> {
        for _ in 0..2 {
            for device in tablets {
                device.sync().await?;
            }
            self.station.sync().await?;
        }
        Ok(())
    }

    /// The server's database file, for what no route shows.
    pub fn server_database(&self) -> PathBuf {
        self.folder.path().join("server").join("server.sqlite")
    }

    /// Folder of everything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A line of a register of left-behind children.
#[must_use]
pub fn line(name: &str, birth: &str, carer: &str, group: &str) -> LedgerLine {
    let values = [
        ("name", name),
        ("sex", "2"),
        ("birth_date", birth),
        ("carer_name", carer),
        ("carer_phone", "10055512034"),
        ("addr", &format!("白荷村{group}")),
        ("group", group),
    ];
    LedgerLine {
        values: values
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .chain([("id_no".to_owned(), synthetic_number(birth, name))])
            .collect(),
        categories: ["LB-1".to_owned()].into(),
        ..LedgerLine::default()
    }
}

/// Whether what a screen gets says this anywhere. A view prints nothing of itself, so it is looked at as it is sent.
#[must_use]
pub fn shows(view: &impl Serialize, words: &str) -> bool {
    serde_json::to_string(view).is_ok_and(|sent| sent.contains(words))
}

/// Changes a rule on one device, as if its pack had come so.
///
/// # Errors
/// The store refuses.
pub fn change_rule(device: &Device, name: &str, value: &Value) -> Result<()> {
    let tablet = device.tablet()?;
    for mut pack in tablet.store.read(store::policies::all)? {
        let mut json: Value = serde_json::from_str(&pack.json)?;
        if let Some(rules) = json.get_mut("rules").and_then(Value::as_object_mut) {
            rules.insert(name.to_owned(), value.clone());
            pack.json = json.to_string();
            tablet.store.write(|tx| store::policies::put(tx, &pack))?;
        }
    }
    Ok(tablet.reload_packs()?)
}

/// Empties a list of the packs on one device, as if they had come without it.
///
/// # Errors
/// The store refuses.
pub fn empty_list(device: &Device, name: &str) -> Result<()> {
    let tablet = device.tablet()?;
    for mut pack in tablet.store.read(store::policies::all)? {
        let mut json: Value = serde_json::from_str(&pack.json)?;
        let lists = json.get_mut("lists").and_then(Value::as_object_mut);
        if lists.is_some_and(|lists| lists.remove(name).is_some()) {
            pack.json = json.to_string();
            tablet.store.write(|tx| store::policies::put(tx, &pack))?;
        }
    }
    Ok(tablet.reload_packs()?)
}

/// Everything a document says, a line each.
#[must_use]
pub fn told(record: &Record) -> String {
    let fields = record.fields.iter().chain(&record.imported);
    let entries = record.collections.iter().flat_map(|(name, entries)| {
        entries
            .iter()
            .flat_map(|entry| entry.values.iter().chain(&entry.answers))
            .map(move |(key, value)| format!("{name}/{key}={}", value.to_display()))
    });
    let lines: Vec<String> = fields
        .map(|(key, value)| format!("{key}={}", value.to_display()))
        .chain(entries)
        .collect();
    lines.join("\n")
}

/// A register as a file.
///
/// # Errors
/// A cell is longer than the format allows.
pub fn register(lines: &[LedgerLine]) -> Result<Vec<u8>> {
    Ok(write(LedgerKind::L1, "芦汀镇白荷村", lines, Layout::Tidy)?)
}

/// An identity number of a place that does not exist.
fn synthetic_number(birth: &str, name: &str) -> String {
    let order = name.bytes().map(u32::from).sum::<u32>() % 1000;
    let mut number = format!(
        "{}{}{order:03}",
        identity_number::SYNTHETIC_PREFIX,
        birth.replace('-', "")
    );
    if let Some(check) = identity_number::check_character(&number) {
        number.push(check);
    }
    number
}

impl Device {
    /// The code and parameters a command is refused with.
    ///
    /// # Errors
    /// It is not refused.
    pub async fn refusal(&self, command: &str, argument: Value) -> Result<UiError> {
        match self.app.call(command, argument).await {
            Err(error) => Ok(error.to_ui()),
            Ok(value) => bail!("{command} was not refused: {value}"),
        }
    }

    /// The code a sync fails with.
    ///
    /// # Errors
    /// It does not fail, or not in time.
    pub async fn failed_sync(&self) -> Result<String> {
        match self.sync().await {
            Ok(()) => bail!("the sync did not fail"),
            Err(error) => match error.downcast_ref::<ClientError>() {
                Some(error) => Ok(error.code().to_owned()),
                None => Err(error),
            },
        }
    }

    /// The children, in list order.
    ///
    /// # Errors
    /// The list is refused.
    pub async fn children(&self) -> Result<ChildListView> {
        self.call("search_children", json!({"query": "", "village": null}))
            .await
    }

    /// The id of a child by its full name.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub async fn child(&self, name: &str) -> Result<String> {
        let list = self.children().await?;
        let mut found = list.rows.into_iter().filter(|row| row.name == name);
        match (found.next(), found.next()) {
            (Some(row), None) => Ok(row.child),
            (None, _) => bail!("{name} is not here"),
            (Some(_), Some(_)) => bail!("{name} is here twice"),
        }
    }

    /// A child's file.
    ///
    /// # Errors
    /// It is refused.
    pub async fn file(&self, child: &str) -> Result<ChildFileView> {
        self.call("child_file", json!({"id": child})).await
    }

    /// One field of a child's file.
    ///
    /// # Errors
    /// There is none.
    pub async fn field(&self, child: &str, key: &str) -> Result<FieldView> {
        let file = self.file(child).await?;
        file.blocks
            .into_iter()
            .flat_map(|block| block.fields)
            .find(|field| field.key == key)
            .context("the pack has the field")
    }

    /// Changes a field.
    ///
    /// # Errors
    /// It is refused.
    pub async fn edit(
        &self,
        child: &str,
        holder: &str,
        key: &str,
        value: &str,
    ) -> Result<ChildFileView> {
        self.call(
            "edit_field",
            json!({"child": child, "holder": holder, "key": key, "value": value}),
        )
        .await
    }

    /// Records a contact of today in which all was well. Returns the record.
    ///
    /// # Errors
    /// It is refused.
    pub async fn contact(&self, child: &str, note: &str) -> Result<String> {
        let today = self.tablet()?.today().to_string();
        self.contact_on(child, &today, note).await
    }

    /// Records a contact of a day in which all was well. Returns the record.
    ///
    /// # Errors
    /// It is refused.
    pub async fn contact_on(&self, child: &str, date: &str, note: &str) -> Result<String> {
        let saved: SavedView = self
            .call("record_contact", contact_input(child, date, note))
            .await?;
        Ok(saved.record)
    }

    /// Opens the visit form and answers what a visit cannot be saved without.
    ///
    /// # Errors
    /// It is refused.
    pub async fn begin_visit(&self, child: &str) -> Result<VisitFormView> {
        let mut form: VisitFormView = self.call("open_visit", json!({"id": child})).await?;
        form = self
            .answer(&form.draft, "session", "a_met", &["child", "caregiver"])
            .await?;
        for part in form.parts.clone() {
            if part.part != "session" {
                form = self
                    .answer(&form.draft, &part.part, "a_seen", &["y"])
                    .await?;
                form = self
                    .answer(&form.draft, &part.part, "l_overall", &["normal"])
                    .await?;
            }
        }
        Ok(form)
    }

    /// Answers one question by codes.
    ///
    /// # Errors
    /// It is refused.
    pub async fn answer(
        &self,
        draft: &str,
        part: &str,
        key: &str,
        codes: &[&str],
    ) -> Result<VisitFormView> {
        self.call(
            "answer_visit",
            json!({"draft": draft, "part": part, "key": key, "codes": codes, "text": null}),
        )
        .await
    }

    /// Answers one question by text or date.
    ///
    /// # Errors
    /// It is refused.
    pub async fn write(
        &self,
        draft: &str,
        part: &str,
        key: &str,
        text: &str,
    ) -> Result<VisitFormView> {
        self.call(
            "answer_visit",
            json!({"draft": draft, "part": part, "key": key, "codes": [], "text": text}),
        )
        .await
    }

    /// Visits the household of a child today. Returns the record in that child's file.
    ///
    /// # Errors
    /// It is refused.
    pub async fn visit(&self, child: &str) -> Result<String> {
        let before = self.file(child).await?.timeline;
        let form = self.begin_visit(child).await?;
        let _: SavedView = self.call("save_visit", json!({"id": form.draft})).await?;
        let after = self.file(child).await?.timeline;
        after
            .into_iter()
            .map(|line| line.record)
            .find(|record| before.iter().all(|line| line.record != *record))
            .context("the visit is in the child's file")
    }

    /// Open conflicts.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn conflicts(&self) -> Result<Vec<ConflictView>> {
        let list: ConflictListView = self.call("conflicts", Value::Null).await?;
        Ok(list.open)
    }

    /// The sync page.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn sync_page(&self) -> Result<SyncView> {
        self.call("sync_status", Value::Null).await
    }

    /// Every record of every child here, with its state; a record that stands twice in one file is an error.
    ///
    /// # Errors
    /// A record is there twice.
    pub async fn records(&self) -> Result<BTreeMap<(String, String), RecordState>> {
        let mut all = BTreeMap::new();
        for row in self.children().await?.rows {
            for line in self.file(&row.child).await?.timeline {
                let key = (row.child.clone(), line.record);
                ensure!(
                    all.insert(key, line.state).is_none(),
                    "a record of {} is there twice",
                    row.name
                );
            }
        }
        Ok(all)
    }

    /// Everything recorded here is 已送达 and nothing needs a person.
    ///
    /// # Errors
    /// Something is not delivered, with the page that says so.
    pub async fn all_delivered(&self) -> Result<()> {
        let page = self.sync_page().await?;
        ensure!(
            page.unsent.is_empty() && page.needs_you.is_empty(),
            "not delivered: {page:?}"
        );
        let records = self.records().await?;
        ensure!(
            records
                .values()
                .all(|state| *state == RecordState::Delivered),
            "not delivered: {records:?}"
        );
        Ok(())
    }

    /// Heads of every document here.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn heads(&self) -> Result<BTreeMap<DocumentId, Vec<ChangeHash>>> {
        let all = self.tablet()?.store.read(documents::all_heads)?;
        Ok(all
            .into_iter()
            .map(|(document, _, mut heads)| {
                heads.sort();
                (document, heads)
            })
            .collect())
    }

    /// How far this device has read the scope's log: the number of the last thing that ever happened in it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn log_seq(&self) -> Result<u64> {
        let tablet = self.tablet()?;
        let scope = tablet
            .store
            .read(|connection| sync_state::scope(connection, tablet.identity.scope))?;
        Ok(scope.seq)
    }

    /// Locks and unlocks, so that the store is read anew.
    ///
    /// # Errors
    /// The PIN is not taken.
    pub async fn reopen(&self, pin: &str) -> Result<()> {
        let _: AppView = self.call("lock", Value::Null).await?;
        let _: AppView = self.call("unlock", json!({"pin": pin})).await?;
        Ok(())
    }
}

/// A contact in which all was well.
#[must_use]
pub fn contact_input(child: &str, date: &str, note: &str) -> Value {
    json!({
        "child": child, "event_date": date, "mode": "phone", "party": ["caregiver"], "reached": true,
        "child_state": "normal", "topics": [], "parent_contact_ok": null, "note": note,
    })
}

/// Copies a folder with everything in it.
///
/// # Errors
/// A file cannot be read or written.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// A note that does not compress away and makes a change of some kilobytes.
#[must_use]
pub fn long_note(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..3_900)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from_u32(0x4E00 + u32::try_from(state % 0x4000).unwrap_or(0)).unwrap_or('一')
        })
        .collect()
}

/// Two devices that hold the same documents hold the same content in them.
///
/// # Errors
/// The store cannot be read, or they differ.
pub fn same_content(one: &Device, other: &Device) -> Result<()> {
    let (one, other) = (one.heads()?, other.heads()?);
    ensure!(one == other, "the two differ:\n{one:?}\n{other:?}");
    Ok(())
}

/// Everything a tablet holds is at the station in the same state.
///
/// # Errors
/// The store cannot be read, or something differs.
pub fn held_by_station(tablet: &Device, station: &Device) -> Result<()> {
    let there = station.heads()?;
    for (document, heads) in tablet.heads()? {
        ensure!(
            there.get(&document) == Some(&heads),
            "{document} differs at the station"
        );
    }
    Ok(())
}
