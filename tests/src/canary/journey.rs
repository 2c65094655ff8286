//! The journey: everything a station and its directors do with personal data, each text of it a canary.

mod later;
mod leaving;
mod problems;
mod station;
mod visits;
mod written;

use super::{Canaries, Ending, Said};
use crate::device::{Device, LIMIT, Listener};
use crate::story::{DAY_MS, contact_input};
use crate::township::{Plan, Township};
use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::view::{
    AppView, ChildFileView, ChildListView, EnrolmentView, FormsView, ImportPreviewView,
    ImportStatusView, PeopleView, RecordState, SavedView, ShellKind, Stage, VillageListView,
};
use domain::form::sheet::to_sheets;
use ids::Clock as _;
use office::form_sheets;
use office::ledger::LedgerKind;
use office::ledger::write::{Layout, LedgerLine, write};
use protocol::enrolment::QrCode;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use store::ArgonCost;
use sync_server::recover::RecoverInput;
use sync_server::shares::Share;
use sync_server::{compaction, database, vault::Vault};

/// How long ago the register was imported.
const DAYS_OF_FILES: i64 = 120;

/// A device that is listened to.
fn opened(folder: &Path, shell: ShellKind) -> Result<Device> {
    let device = Device::open(folder, shell, ArgonCost::FLOOR)?;
    device.listen(listening());
    Ok(device)
}

/// Plays it in a folder and ends as asked; killed, it saves until the end comes from outside.
///
/// # Errors
/// A step is refused.
pub async fn play(seed: u64, ending: Ending, folder: &Path) -> Result<()> {
    let journey = Journey::begin(Canaries::of(seed), folder).await?;
    let mut devices = journey.work().await?;
    journey.township.back_up(&folder.join("backup"))?;
    if ending == Ending::Killed {
        return journey.save_until_killed(&devices).await;
    }
    say(&Said::Played);
    devices.push(journey.station);
    for device in &devices {
        let _: AppView = device.call("lock", Value::Null).await?;
    }
    drop(devices);
    let data = journey.township.data.clone();
    journey.township.stop().await;
    let vault = Vault::open(&folder.join("office").join("server.key"), &data)?;
    let entropy = crate::device::entropy();
    let mut connection = database::open(&data)?;
    let packed = compaction::run(&mut connection, &vault, entropy.as_ref(), i64::MAX)?;
    ensure!(packed > 0, "nothing was packed into segments");
    Ok(())
}

fn say(said: &Said) {
    let line = serde_json::to_string(said).unwrap_or_default();
    let mut out = std::io::stdout().lock();
    // Without somebody who listens there is nobody to search either.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

struct Journey {
    canaries: Canaries,
    folder: std::path::PathBuf,
    township: Township,
    station: Device,
    village: String,
}

impl Journey {
    /// A township whose station has imported a register.
    async fn begin(canaries: Canaries, folder: &Path) -> Result<Self> {
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy");
        let mut plan = Plan::new(&folder.join("office"), &policy);
        plan.supervisor = planted("staff.supervisor", canaries.words("staff.supervisor"));
        plan.second_copy = Some(folder.join("second-copy"));
        let first = plan.found()?;
        let township = Township::start(&plan).await?;
        let first = township.server.enrolment(first.enrolment).await?;
        planted("enrolment.first", first.code.clone());
        let station = opened(&folder.join("station"), ShellKind::Station)?;
        let pin = planted("pin.station", canaries.digits("pin.station", 6));
        station.enrol(&township.server, &first, &pin).await?;
        let mut journey = Self {
            canaries,
            folder: folder.to_owned(),
            township,
            station,
            village: String::new(),
        };
        journey.village = journey.create_village("unit.home", "310199100201").await?;
        // So long ago that visits were missed since.
        let now = journey.station.clock.now_ms();
        journey.station.clock.stand_at(now - DAYS_OF_FILES * DAY_MS);
        journey.import().await?;
        journey.an_old_reason().await?;
        journey.station.clock.run_at_offset(0);
        journey.station.sync().await?;
        Ok(journey)
    }

    /// A text of its own for a place, which from now on is searched for.
    fn words(&self, name: &str) -> String {
        planted(name, self.canaries.words(name))
    }

    fn digits(&self, name: &str, length: usize) -> String {
        planted(name, self.canaries.digits(name, length))
    }

    fn phone(&self, name: &str) -> String {
        planted(name, self.canaries.phone(name))
    }

    fn identity_number(&self, name: &str, birth: &str) -> String {
        planted(name, self.canaries.identity_number(name, birth))
    }

    async fn create_village(&self, name: &str, region: &str) -> Result<String> {
        let list: VillageListView = self
            .station
            .call(
                "create_village",
                json!({"name": self.words(name), "region": region}),
            )
            .await?;
        let row = list.rows.into_iter().find(|row| row.region == region);
        Ok(row.context("the village is listed")?.village)
    }

    async fn import(&self) -> Result<()> {
        let births = ["2016-03-05", "2014-11-30", "2017-06-18", "2015-01-22"];
        let lines: Vec<LedgerLine> = births
            .iter()
            .enumerate()
            .map(|(number, birth)| {
                let name = |field: &str| format!("child.{number}.{field}");
                let values = [
                    ("name", self.words(&name("name"))),
                    ("sex", "2".to_owned()),
                    ("birth_date", (*birth).to_owned()),
                    ("id_no", self.identity_number(&name("id_no"), birth)),
                    ("carer_name", self.words(&name("carer_name"))),
                    ("carer_phone", self.phone(&name("carer_phone"))),
                    ("addr", self.words(&name("addr"))),
                    ("group", self.words(&name("group"))),
                ];
                LedgerLine {
                    values: values
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect(),
                    categories: ["LB-1".to_owned()].into(),
                    ..LedgerLine::default()
                }
            })
            .collect();
        let title = self.words("ledger.title");
        let bytes = write(LedgerKind::L1, &title, &lines, Layout::Tidy)?;
        let file_name = format!("{}.xlsx", self.words("ledger.file_name"));
        let preview: ImportPreviewView = self
            .station
            .call(
                "import_preview",
                json!({"village": self.village, "file_name": file_name, "bytes": STANDARD.encode(bytes)}),
            )
            .await?;
        ensure!(preview.rejected == 0, "{preview:?}");
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

    /// A director is appointed to a village; her name.
    async fn appoint(&self, name: &str, village: &str) -> Result<String> {
        let person = self.words(&format!("staff.{name}"));
        let today = self.station.tablet()?.today().to_string();
        self.station.step_up().await?;
        let _: PeopleView = self
            .station
            .call(
                "appoint",
                json!({"role": "director", "village": village, "person": person, "from": today, "until": "",
                       "approved_by": self.words(&format!("grant.{name}.approved_by")),
                       "basis": self.words(&format!("grant.{name}.basis")), "vetted_on": today,
                       "vetting": self.words(&format!("grant.{name}.vetting")), "replaces": null}),
            )
            .await?;
        Ok(person)
    }

    /// A tablet of a village enrolled at the station, by the typed code or by the QR.
    async fn tablet(&self, name: &str, village: &str, typed: bool) -> Result<Device> {
        let person = self.appoint(name, village).await?;
        let code: EnrolmentView = self
            .station
            .call(
                "new_enrolment",
                json!({"role": "director", "village": village, "person": person}),
            )
            .await?;
        planted(&format!("enrolment.{name}.code"), code.code.clone());
        say(&Said::Planted {
            name: format!("enrolment.{name}.secret"),
            bytes: QrCode::parse(&code.qr_text)?.secret.to_vec(),
        });
        let tablet = opened(&self.folder.join(name), ShellKind::Tablet)?;
        let asked = if typed {
            json!({"address": code.address, "code": code.code})
        } else {
            json!({"address": code.qr_text, "code": ""})
        };
        let _: AppView = tablet.call("enrol_start", asked).await?;
        let shown: EnrolmentView = self
            .station
            .call("enrolment", json!({"id": code.enrolment}))
            .await?;
        let _: EnrolmentView = self
            .station
            .call(
                "confirm_enrolment",
                json!({"id": code.enrolment, "compare_code": shown.compare_code}),
            )
            .await?;
        let view: AppView = tablet.call("enrol_poll", Value::Null).await?;
        ensure!(view.stage == Stage::ChoosePin, "{view:?}");
        let pin = self.digits(&format!("pin.{name}"), 6);
        let _: AppView = tablet.call("choose_pin", json!({"pin": pin})).await?;
        tablet.load().await?;
        Ok(tablet)
    }

    async fn child(&self, device: &Device, number: usize) -> Result<String> {
        let name = self.canaries.words(&format!("child.{number}.name"));
        device.child(&name).await
    }

    /// Everything there is to do. The tablets, as they are left.
    async fn work(&self) -> Result<Vec<Device>> {
        let one = self.tablet("one", &self.village, true).await?;
        let other = self.tablet("other", &self.village, false).await?;
        let _: ChildListView = one
            .call(
                "search_children",
                json!({"query": self.words("search.query"), "village": null}),
            )
            .await?;
        self.every_field(&one).await?;
        self.records(&one).await?;
        self.every_row(&one).await?;
        self.every_work(&one).await?;
        self.an_end(&one).await?;
        self.a_rhythm(&one).await?;
        self.a_form().await?;
        self.problems(&one).await?;
        in_the_second_copy(&one).await?;
        let _: SavedView = one
            .call(
                "add_child",
                json!({"name": self.words("added.name"), "sex": "1", "birth_date": "2018-09-12",
                       "category": "LB-1", "reason": self.words("added.reason"), "household": null, "village": null}),
            )
            .await?;
        one.sync().await?;
        self.station.sync().await?;
        self.a_conflict(&one, &other).await?;
        self.what_is_filled_in(&one).await?;
        let there = self.a_move(&one).await?;
        let neighbour = self.the_neighbour(&one, &there).await?;
        let carried = self.without_a_network().await?;
        self.an_export().await?;
        self.a_refusal(&one).await?;
        self.an_erasure(&[&one, &other]).await?;
        self.what_a_head_decides(&one, &other).await?;
        self.wrong_pins(&one).await?;
        self.a_recovery(&one).await?;
        self.an_open_draft(&one).await?;
        self.an_unreadable_database(&other).await?;
        Ok(vec![one, other, neighbour, carried])
    }

    /// Every field of a child's file that takes words, whatever the packs have.
    async fn every_field(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 0).await?;
        let file = tablet.file(&child).await?;
        let mut filled = 0;
        for field in file.blocks.iter().flat_map(|block| &block.fields) {
            let name = format!("field.{}.{}", field.holder, field.key);
            let value = match field.kind.as_str() {
                _ if !field.editable || field.key == "name" => continue,
                "text" => self.words(&name),
                "phone" => self.phone(&name),
                "id_no" => {
                    let birth = if field.key == "id_no" {
                        "2016-03-05"
                    } else {
                        "1960-03-05"
                    };
                    self.identity_number(&name, birth)
                }
                _ => continue,
            };
            tablet
                .edit(&child, &field.holder, &field.key, &value)
                .await
                .with_context(|| name)?;
            filled += 1;
        }
        ensure!(filled > 15, "only {filled} fields take words");
        Ok(())
    }

    /// A row in every block that has rows, whatever the packs have, pauses and reasons of the rhythm among them; one is
    /// put right, and one is taken away with a reason.
    async fn every_row(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 0).await?;
        let today = tablet.tablet()?.today().to_string();
        let file = tablet.file(&child).await?;
        let mut texts = 0;
        for block in &file.blocks {
            let Some(rows) = block.rows.as_ref().filter(|rows| rows.editable) else {
                continue;
            };
            let mut values = BTreeMap::new();
            for column in &rows.columns {
                let name = format!("row.{}.{}", block.key, column.key);
                let option = column.options.first().map(|option| option.code.clone());
                let value = match column.kind.as_str() {
                    "text" => self.words(&name),
                    "phone" => self.phone(&name),
                    "id_no" => self.identity_number(&name, "1960-03-05"),
                    "one" if column.need => option.context("there is a choice")?,
                    "date" if column.need => today.clone(),
                    _ => continue,
                };
                texts += usize::from(column.kind == "text");
                values.insert(column.key.clone(), vec![value]);
            }
            let written: ChildFileView = tablet
                .call(
                    "write_row",
                    json!({"child": child, "block": block.key, "replaces": null, "values": values}),
                )
                .await
                .with_context(|| block.key.clone())?;
            let mine = written.blocks.iter().find(|known| known.key == block.key);
            let row = mine.and_then(|block| block.rows.as_ref()?.rows.last());
            let row = &row.context("it is there")?.row;
            if block.key == "wish" {
                values.insert("text".to_owned(), vec![self.words("row.put_right")]);
                let right =
                    json!({"child": child, "block": block.key, "replaces": row, "values": values});
                let _: ChildFileView = tablet.call("write_row", right).await?;
            } else if block.key == "mentor" {
                let away = json!({"child": child, "block": block.key, "row": row, "reason": self.words("row.taken_away")});
                let _: ChildFileView = tablet.call("take_row_away", away).await?;
            }
        }
        ensure!(texts > 15, "only {texts} columns take words");
        Ok(())
    }

    /// The station publishes a form in its own words.
    async fn a_form(&self) -> Result<()> {
        const SHIPPED: &str = include_str!("../../../policy/forms/hv-cn-3.json");
        let mut form: Value = serde_json::from_str(SHIPPED)?;
        form["id"] = json!("hv-canary");
        form["version"] = json!(9);
        form["title"] = json!(self.words("form.title"));
        let asked = form["sections"]
            .as_array_mut()
            .into_iter()
            .flatten()
            .filter_map(|section| section["questions"].as_array_mut())
            .flatten()
            .find(|asked| asked["key"] == "l_summary");
        asked.context("it asks for a summary")?["label"] = json!(self.words("form.label"));
        let bytes = STANDARD.encode(form_sheets::write(&to_sheets(&form.to_string())?)?);
        self.station.step_up().await?;
        let _: FormsView = self
            .station
            .call("publish_form", json!({ "bytes": bytes }))
            .await?;
        self.station.sync().await
    }

    /// Two tablets write the same field.
    async fn a_conflict(&self, one: &Device, other: &Device) -> Result<()> {
        other.sync().await?;
        let child = self.child(one, 1).await?;
        for (device, name) in [(one, "conflict.one"), (other, "conflict.other")] {
            device
                .edit(&child, "child", "nickname", &self.words(name))
                .await?;
        }
        for device in [one, other, one] {
            device.sync().await?;
        }
        let conflict = one.conflicts().await?;
        ensure!(conflict.len() == 1, "{conflict:?}");
        Ok(())
    }

    /// Mistaken at the lock, then right.
    async fn wrong_pins(&self, tablet: &Device) -> Result<()> {
        let _: AppView = tablet.call("lock", Value::Null).await?;
        let wrong = self.digits("pin.wrong", 6);
        let refused = tablet.refusal("unlock", json!({"pin": wrong})).await?;
        ensure!(refused.code == "wrong_pin", "{refused:?}");
        let pin = self.canaries.digits("pin.one", 6);
        let _: AppView = tablet.call("unlock", json!({"pin": pin})).await?;
        Ok(())
    }

    /// The PIN is forgotten, two officers open the tablet, and the old PIN is chosen again.
    async fn a_recovery(&self, tablet: &Device) -> Result<()> {
        let _: AppView = tablet.call("lock", Value::Null).await?;
        let view: AppView = tablet.call("recover_start", Value::Null).await?;
        let asked = view
            .recovery
            .context("a tablet that asks shows a request")?;
        let share = |number: u32| -> Result<Share> {
            let file = self
                .folder
                .join(format!("office/recovery/share-{number}.txt"));
            Ok(Share::parse(&std::fs::read_to_string(file)?)?)
        };
        let shares = [share(1)?, share(3)?];
        let recovered = self.township.at_the_desk(|desk| {
            desk.recover(&RecoverInput {
                request: &asked.text,
                compare_code: &asked.compare_code,
                shares: [&shares[0], &shares[1]],
                officers: [
                    &self.words("recovery.officer"),
                    &self.words("recovery.second"),
                ],
                reason: &self.words("recovery.reason"),
            })
        })?;
        let _: AppView = tablet
            .call("recover_answer", json!({"text": recovered.answer}))
            .await?;
        let pin = self.canaries.digits("pin.one", 6);
        let _: AppView = tablet.call("choose_pin", json!({"pin": pin})).await?;
        Ok(())
    }

    /// A visit she has not finished, and a change that has not been sent.
    async fn an_open_draft(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 1).await?;
        let form = tablet.begin_visit(&child).await?;
        self.write_visit(tablet, &form, "draft").await?;
        self.attach(tablet, &form.draft, "draft").await?;
        tablet.contact(&child, &self.words("unsent.note")).await?;
        Ok(())
    }

    /// A database that cannot be opened any more is moved aside and stays on the disk.
    async fn an_unreadable_database(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 1).await?;
        tablet.contact(&child, &self.words("aside.note")).await?;
        let file = tablet.tablet()?.store.folder().join("zoufang.db");
        let _: AppView = tablet.call("lock", Value::Null).await?;
        let mut bytes = std::fs::read(&file)?;
        let half = bytes.len() / 2;
        bytes[..half.min(4_096)].fill(0x5a);
        std::fs::write(&file, bytes)?;
        let pin = self.canaries.digits("pin.other", 6);
        let view: AppView = tablet.call("unlock", json!({"pin": pin})).await?;
        ensure!(
            view.moved_aside.is_some(),
            "the database was opened after all"
        );
        Ok(())
    }

    /// Saves and syncs until the process is ended from outside, as its battery would. The first time round the journey
    /// counts as played, so that there is something in the write-ahead logs.
    async fn save_until_killed(&self, devices: &[Device]) -> Result<()> {
        let tablet = devices.first().context("there is one")?;
        let child = self.child(tablet, 1).await?;
        let today = tablet.tablet()?.today().to_string();
        let end = tokio::time::Instant::now() + LIMIT;
        while tokio::time::Instant::now() < end {
            let note = self.canaries.words("unsent.note");
            let _: SavedView = tablet
                .call("record_contact", contact_input(&child, &today, &note))
                .await?;
            tablet.sync().await?;
            say(&Said::Played);
        }
        bail!("nobody ended this process")
    }
}

/// Syncs until everything sent, pictures included, is in the server's second copy as well.
async fn in_the_second_copy(tablet: &Device) -> Result<()> {
    let end = tokio::time::Instant::now() + LIMIT;
    loop {
        tablet.sync().await?;
        let page = tablet.sync_page().await?;
        let records = tablet.records().await?;
        let all = records
            .values()
            .all(|state| *state == RecordState::Delivered);
        if page.photos_unsent == 0 && page.unsent.is_empty() && all {
            return Ok(());
        }
        ensure!(
            tokio::time::Instant::now() < end,
            "the second copy does not follow: {page:?}"
        );
    }
}

/// Every text that is searched for, for whoever listens to commands.
static PLANTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Tells what is searched for from now on, and gives it back.
fn planted(name: &str, text: String) -> String {
    say(&Said::Planted {
        name: name.to_owned(),
        bytes: text.clone().into_bytes(),
    });
    if let Ok(mut all) = PLANTED.lock() {
        all.insert(text.clone());
    }
    text
}

/// Tells in which places of which commands a canary stands, each once.
fn listening() -> Listener {
    let told: Mutex<BTreeSet<(String, String)>> = Mutex::new(BTreeSet::new());
    Box::new(move |command, argument| {
        let Ok(all) = PLANTED.lock() else { return };
        let mut places = Vec::new();
        places_of(argument, "", &all, &mut places);
        let Ok(mut told) = told.lock() else { return };
        for place in places {
            if told.insert((command.to_owned(), place.clone())) {
                let command = command.to_owned();
                say(&Said::Called { command, place });
            }
        }
    })
}

/// Where in a value a canary stands: the keys on the way, with dots; lists are no step of it.
fn places_of(value: &Value, at: &str, all: &BTreeSet<String>, places: &mut Vec<String>) {
    match value {
        Value::String(text) if all.iter().any(|one| text.contains(one.as_str())) => {
            places.push(at.to_owned());
        }
        Value::Array(values) => {
            for value in values {
                places_of(value, at, all, places);
            }
        }
        Value::Object(values) => {
            for (key, value) in values {
                let at = if at.is_empty() {
                    key.clone()
                } else {
                    format!("{at}.{key}")
                };
                places_of(value, &at, all, places);
            }
        }
        _ => {}
    }
}
