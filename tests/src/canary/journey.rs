//! The journey: everything a station and its directors do with personal data, each text of it a canary.

mod written;

use super::{Canaries, Ending, Said};
use crate::device::{Device, LIMIT};
use crate::fuzz::Dice;
use crate::story::{contact_input, shows};
use crate::township::{Plan, Township};
use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::picture;
use client::view::{
    AppView, AttachmentListView, ChildFileView, ChildListView, EnrolmentView, ErasureFormView,
    ErasuresView, ExportFileView, ExportFormView, ExportMadeView, ExportsView, FormsView,
    ImportPreviewView, ImportStatusView, MovesView, PeopleView, ProblemListView, ProblemView,
    RecordState, RecusalsView, ReturnedView, RightsView, SavedView, ScreeningView, SheetView,
    ShellKind, Stage, VillageListView, VisitFormView,
};
use domain::form::sheet::to_sheets;
use ids::{DocumentId, Role};
use image::{ImageFormat, Rgb, RgbImage};
use office::form_sheets;
use office::ledger::LedgerKind;
use office::ledger::write::{Layout, LedgerLine, write};
use protocol::CreateEnrolment;
use protocol::enrolment::QrCode;
use rusqlite::named_params;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::Path;
use store::ArgonCost;
use sync_server::recover::RecoverInput;
use sync_server::shares::Share;
use sync_server::{compaction, database, vault::Vault};

/// Bytes of a picture that are searched for.
const PICTURE_BYTES: usize = 24;

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
        let station = Device::open(
            &folder.join("station"),
            ShellKind::Station,
            ArgonCost::FLOOR,
        )?;
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
        journey.import().await?;
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

    /// A tablet enrolled at the station, by the typed code or by the QR.
    async fn tablet(&self, name: &str, typed: bool) -> Result<Device> {
        let person = self.words(&format!("staff.{name}"));
        let today = self.station.tablet()?.today().to_string();
        self.station.step_up().await?;
        let _: PeopleView = self
            .station
            .call(
                "appoint",
                json!({"role": "director", "village": self.village, "person": person, "from": today, "until": "",
                       "approved_by": self.words(&format!("grant.{name}.approved_by")),
                       "basis": self.words(&format!("grant.{name}.basis")), "vetted_on": today,
                       "vetting": self.words(&format!("grant.{name}.vetting")), "replaces": null}),
            )
            .await?;
        let code: EnrolmentView = self
            .station
            .call(
                "new_enrolment",
                json!({"role": "director", "village": self.village, "person": person}),
            )
            .await?;
        planted(&format!("enrolment.{name}.code"), code.code.clone());
        say(&Said::Planted {
            name: format!("enrolment.{name}.secret"),
            bytes: QrCode::parse(&code.qr_text)?.secret.to_vec(),
        });
        let tablet = Device::open(&self.folder.join(name), ShellKind::Tablet, ArgonCost::FLOOR)?;
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
        let one = self.tablet("one", true).await?;
        let other = self.tablet("other", false).await?;
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
        self.a_move(&one).await?;
        self.an_export().await?;
        self.a_refusal(&one).await?;
        self.an_erasure(&[&one, &other]).await?;
        self.what_a_head_decides(&one, &other).await?;
        self.wrong_pins(&one).await?;
        self.a_recovery(&one).await?;
        self.an_open_draft(&one).await?;
        self.an_unreadable_database(&other).await?;
        Ok(vec![one, other])
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

    /// Contacts, attempts, visits with a photo and a signature, corrections.
    async fn records(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 0).await?;
        let today = tablet.tablet()?.today().to_string();
        let contact = tablet.contact(&child, &self.words("contact.note")).await?;
        let _: ChildFileView = tablet
            .call(
                "amend_record",
                json!({"child": child, "record": contact, "text": self.words("amend.text"), "void": false,
                       "event_date": null, "reason": self.words("amend.reason")}),
            )
            .await?;
        let wrong = tablet.contact(&child, &self.words("void.note")).await?;
        let _: ChildFileView = tablet
            .call(
                "amend_record",
                json!({"child": child, "record": wrong, "text": null, "void": true,
                       "event_date": null, "reason": self.words("void.reason")}),
            )
            .await?;
        let household = tablet.file(&child).await?.household;
        let _: SavedView = tablet
            .call(
                "record_attempt",
                json!({"household": household, "event_date": today, "reason": "nobody_home", "next_on": null,
                       "note": self.words("attempt.note")}),
            )
            .await?;
        let form = tablet.begin_visit(&child).await?;
        self.write_visit(tablet, &form, "visit").await?;
        self.write_whole_form(tablet, &form, &child).await?;
        self.attach(tablet, &form.draft, "visit").await?;
        let saved: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
        let screened = saved.screenings.first().context("it may be screened")?;
        let _: ScreeningView = tablet
            .call(
                "settle_screening",
                json!({"child": child, "record": screened.record, "level": "raised",
                       "reason": self.words("screening.reason")}),
            )
            .await?;
        Ok(())
    }

    /// Texts that only the whole form asks for, in rows as well.
    async fn write_whole_form(
        &self,
        tablet: &Device,
        form: &VisitFormView,
        child: &str,
    ) -> Result<()> {
        let draft = &form.draft;
        let _: VisitFormView = tablet
            .call("visit_full", json!({"draft": draft, "full": true}))
            .await?;
        let whole: VisitFormView = tablet
            .call(
                "visit_row",
                json!({"draft": draft, "part": "session", "section": "A_with", "row": null, "there": true}),
            )
            .await?;
        let sections = whole.parts.iter().flat_map(|part| &part.sections);
        let row = sections
            .flat_map(|section| &section.rows)
            .next()
            .context("the row is there")?;
        let name = format!("a_v_name@{}", row.row);
        for (part, key) in [
            ("session", name.as_str()),
            ("session", "n_reminder"),
            (child, "i_wish"),
        ] {
            let text = self.words(&format!("whole.{}", key.split('@').next().unwrap_or(key)));
            tablet
                .write(draft, part, key, &text)
                .await
                .with_context(|| key.to_owned())?;
        }
        Ok(())
    }

    /// The texts of a visit form.
    async fn write_visit(&self, tablet: &Device, form: &VisitFormView, name: &str) -> Result<()> {
        let part = &form.parts.last().context("the child's part")?.part;
        for key in ["c_caregiver", "f_voice", "l_summary"] {
            let text = self.words(&format!("{name}.{key}"));
            tablet
                .write(&form.draft, part, key, &text)
                .await
                .with_context(|| key)?;
        }
        Ok(())
    }

    /// A photo whose EXIF and pixels are unique, and a signature whose strokes are.
    async fn attach(&self, tablet: &Device, draft: &str, name: &str) -> Result<()> {
        let photo = self.photo(name)?;
        let prepared = picture::prepare(&photo)?;
        let serial = self.canaries.digits(&format!("{name}.photo.exif"), 16);
        let holds = |bytes: &[u8]| {
            bytes
                .windows(serial.len())
                .any(|window| window == serial.as_bytes())
        };
        ensure!(
            holds(&photo) && !holds(&prepared.photo) && !holds(&prepared.thumb),
            "the EXIF went on with the photo"
        );
        for (part, bytes) in [
            ("photo.as_taken", &photo),
            ("photo.pixels", &prepared.photo),
            ("photo.thumbnail", &prepared.thumb),
        ] {
            let middle = bytes.len() / 2;
            say(&Said::Planted {
                name: format!("{name}.{part}"),
                bytes: bytes[middle..middle + PICTURE_BYTES].to_vec(),
            });
        }
        let drawn = self.canaries.digits(&format!("{name}.signature"), 12);
        let mut dice = Dice::new(drawn.parse()?);
        let stroke: Vec<String> = (0..24).map(|_| dice.below(300).to_string()).collect();
        let stroke = planted(&format!("{name}.signature"), stroke.join(","));
        let signature = format!("{{\"width\":300,\"height\":300,\"strokes\":[[{stroke}]]}}");
        for (kind, bytes) in [("photo", photo), ("signature", signature.into_bytes())] {
            let _: AttachmentListView = tablet
                .call(
                    "add_attachment",
                    json!({"draft": draft, "kind": kind, "bytes": STANDARD.encode(bytes), "signer": "with"}),
                )
                .await?;
        }
        Ok(())
    }

    fn photo(&self, name: &str) -> Result<Vec<u8>> {
        let mut dice = Dice::new(
            self.canaries
                .digits(&format!("{name}.pixels"), 12)
                .parse()?,
        );
        let blots: Vec<u8> = (0..64 * 48)
            .map(|_| u8::try_from(dice.below(256)).unwrap_or(0))
            .collect();
        let picture = RgbImage::from_fn(640, 480, |x, y| {
            let blot = blots[(y / 10 * 64 + x / 10) as usize];
            Rgb([blot, blot.wrapping_mul(3), (x % 256) as u8])
        });
        let mut plain = Cursor::new(Vec::new());
        picture.write_to(&mut plain, ImageFormat::Jpeg)?;
        let plain = plain.into_inner();
        let serial = self.digits(&format!("{name}.photo.exif"), 16);
        let exif = [b"Exif\0\0II*\0\x08\0\0\0\0\0".as_slice(), serial.as_bytes()].concat();
        let mut bytes = plain[..2].to_vec();
        bytes.extend([0xff, 0xe1]);
        bytes.extend(u16::try_from(exif.len() + 2)?.to_be_bytes());
        bytes.extend(exif);
        bytes.extend(&plain[2..]);
        Ok(bytes)
    }

    /// Two reports, one of them sealed; answers of the station.
    async fn problems(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 1).await?;
        let reported: SavedView = tablet
            .call(
                "report_problem",
                json!({"children": [child], "card": "danger", "urgency": "later",
                       "seen": self.words("problem.seen"), "origin_record": null, "mandatory": null}),
            )
            .await?;
        let sealed: SavedView = tablet
            .call(
                "report_problem",
                json!({"children": [child], "card": "hurt", "urgency": "now", "seen": self.words("sealed.seen"),
                       "origin_record": null,
                       "mandatory": {"choice": "reported", "text": self.words("sealed.mandatory")}}),
            )
            .await?;
        let sheet: SheetView = tablet
            .call(
                "begin_sheet",
                json!({"page": "problem", "of": reported.record, "record": null}),
            )
            .await?;
        self.attach(tablet, &sheet.draft, "problem.step").await?;
        let said = json!({"problem": reported.record, "kind": "replied", "text": self.words("problem.step"),
                          "sheet": sheet.draft});
        let _: ProblemView = tablet.call("add_problem_event", said).await?;
        // Later words about what is sealed: of the village here, of the station before somebody looks urgently.
        let asked = json!({"problem": sealed.record, "kind": "closed", "text": self.words("sealed.reason")});
        let _: ProblemView = tablet.call("add_problem_event", asked).await?;
        let asked = json!({"child": child, "rights": ["see"], "who": "guardian", "name": self.words("right.name"),
                           "text": self.words("right.text"), "on": ""});
        let rights: RightsView = tablet.call("ask_right", asked).await?;
        let right = rights.rows.first().context("it is written down")?;
        // Typed and never saved.
        let left = json!({"sheet": {"page": "report", "of": child, "record": null},
                          "words": {"seen": [self.words("sheet.seen")]}});
        let _: Option<SheetView> = tablet.call("keep_sheet", left).await?;
        tablet.sync().await?;
        self.station.sync().await?;
        for (kind, text) in [
            ("accepted", String::new()),
            ("replied", self.words("problem.reply")),
        ] {
            let _: ProblemView = self
                .station
                .call(
                    "add_problem_event",
                    json!({"problem": reported.record, "kind": kind, "text": text}),
                )
                .await?;
        }
        self.station.sync().await?;
        let answer = json!({"child": child, "request": right.request, "outcome": "done", "duty": "",
                            "text": self.words("right.answer")});
        let _: RightsView = self.station.call("answer_right", answer).await?;
        self.an_urgent_look(&sealed.record).await?;
        tablet.sync().await
    }

    /// A colleague opens the sealed words of a case she does not handle, and is told what is thought of it.
    async fn an_urgent_look(&self, problem: &str) -> Result<()> {
        let folder = self.folder.join("colleague");
        let colleague = Device::open(&folder, ShellKind::Station, ArgonCost::FLOOR)?;
        let code = CreateEnrolment {
            unit: self.station.tablet()?.identity.scope,
            role: Role::Supervisor,
            person: self.words("staff.colleague"),
        };
        let code = self.township.server.create_enrolment(code).await?;
        let pin = self.digits("pin.colleague", 6);
        colleague.enrol(&self.township.server, &code, &pin).await?;
        let taken = json!({"problem": problem, "kind": "accepted", "text": ""});
        let _: ProblemView = self.station.call("add_problem_event", taken).await?;
        let done =
            json!({"problem": problem, "kind": "measure", "text": self.words("sealed.measure")});
        let _: ProblemView = self.station.call("add_problem_event", done).await?;
        self.station.sync().await?;
        colleague.sync().await?;
        let listed: ProblemListView = colleague.call("problems", Value::Null).await?;
        let row = listed.rows.iter().find(|row| row.problem == problem);
        let row = row.context("it is listed")?;
        ensure!(
            row.number.as_ref() == Some(&row.kind)
                && !shows(row, &self.canaries.words("child.1.name"))
                && !shows(row, &self.canaries.words("sealed.seen")),
            "who does not handle it reads its number"
        );
        colleague.step_up().await?;
        let urgent =
            json!({"problem": problem, "reason": "other", "text": self.words("urgent.text")});
        let view: ProblemView = colleague.call("open_urgently", urgent).await?;
        let opening = view
            .sealed
            .and_then(|sealed| sealed.openings.into_iter().next());
        let opening = opening.context("it is listed")?.opening;
        colleague.sync().await?;
        self.station.sync().await?;
        let word = json!({"problem": problem, "opening": opening, "justified": true,
                          "text": self.words("urgent.review")});
        let _: ProblemView = self.station.call("review_opening", word).await?;
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

    /// A family goes to another village, and what came late is set aside.
    async fn a_move(&self, old: &Device) -> Result<()> {
        let there = self.create_village("unit.target", "310199100202").await?;
        self.station.sync().await?;
        let child = self.child(old, 2).await?;
        let today = old.tablet()?.today().to_string();
        self.station.step_up().await?;
        let offered: MovesView = self
            .station
            .call(
                "offer_move",
                json!({"child": child, "whole_household": true, "village": there,
                       "reason": self.words("move.reason"), "moved_on": today}),
            )
            .await?;
        let offer = &offered.outgoing.first().context("it is offered")?.id;
        let _: MovesView = self
            .station
            .call("decide_move", json!({"id": offer, "decision": "accept"}))
            .await?;
        old.contact(&child, &self.words("late.note")).await?;
        for _ in 0..2 {
            old.sync().await?;
        }
        let view: MovesView = self.station.call("moves", Value::Null).await?;
        let late = &view.waiting.first().context("it came late")?.change;
        let _: MovesView = self
            .station
            .call(
                "decide_review",
                json!({"change": late, "take": false, "reason": self.words("review.reason")}),
            )
            .await?;
        self.station.sync().await?;
        old.sync().await
    }

    /// The server refuses a record, and it is put away.
    /// A register leaves the station, and another is asked for: what stands in the file, and what for, are people's words.
    async fn an_export(&self) -> Result<()> {
        self.station.step_up().await?;
        let asked = json!({"ledger": "L1", "village": null});
        let form: ExportFormView = self.station.call("export_form", asked).await?;
        ensure!(form.rows > 0, "there are children to export");
        let fields: Vec<&str> = form.fields.iter().map(|field| field.key.as_str()).collect();
        let wanted = |words: String, full_numbers: bool| {
            json!({"request": null, "ledger": "L1", "village": null, "purpose": "report", "words": words,
                   "fields": fields, "full_numbers": full_numbers})
        };
        let made: ExportMadeView = self
            .station
            .call("make_export", wanted(self.words("export.made"), false))
            .await?;
        let _: ExportFileView = self
            .station
            .call("take_export", json!({"id": made.id}))
            .await?;
        let _: ExportsView = self
            .station
            .call("request_export", wanted(self.words("export.asked"), true))
            .await?;
        Ok(())
    }

    async fn a_refusal(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 3).await?;
        let elsewhere = self
            .create_village("unit.elsewhere", "310199100203")
            .await?;
        let server = rusqlite::Connection::open(database::file_of(&self.township.data))?;
        server.busy_timeout(LIMIT)?;
        server.execute(
            include_str!("../sql/file_elsewhere.sql"),
            named_params! {
                ":document": uuid::Uuid::parse_str(&child)?.as_bytes(),
                ":unit": uuid::Uuid::parse_str(&elsewhere)?.as_bytes(),
            },
        )?;
        drop(server);
        tablet.contact(&child, &self.words("refused.note")).await?;
        tablet.sync().await?;
        let view: ReturnedView = tablet.call("returned", Value::Null).await?;
        let row = view.open.first().context("it was refused")?;
        let _: ReturnedView = tablet.call("put_away", json!({"id": row.id})).await?;
        Ok(())
    }

    /// A child is erased by whoever sits at the server, for a reason.
    async fn an_erasure(&self, tablets: &[&Device]) -> Result<()> {
        let tablet = tablets.first().context("there is one")?;
        let child = tablet.child(&self.canaries.words("added.name")).await?;
        let document = DocumentId::parse(&child).context("a child's id is its document's")?;
        let reason = self.words("erase.reason");
        self.township
            .at_the_desk(|desk| desk.erase(document, &reason))?;
        for device in tablets {
            device.sync().await?;
        }
        self.station.sync().await
    }

    /// A head comes; somebody is not to act for a family; one thing goes out of a file, another request is declined, and
    /// a file is held.
    async fn what_a_head_decides(&self, one: &Device, other: &Device) -> Result<()> {
        let scope = self.station.tablet()?.identity.scope;
        let code = CreateEnrolment {
            unit: scope,
            role: Role::Head,
            person: self.words("staff.head"),
        };
        let code = self.township.server.create_enrolment(code).await?;
        planted("enrolment.head", code.code.clone());
        let head = Device::open(
            &self.folder.join("head"),
            ShellKind::Station,
            ArgonCost::FLOOR,
        )?;
        let pin = self.digits("pin.head", 6);
        head.enrol(&self.township.server, &code, &pin).await?;
        head.sync().await?;

        let child = self.child(one, 0).await?;
        let staff = other.tablet()?.identity.staff.to_string();
        self.station.step_up().await?;
        let recuse =
            json!({"child": child, "staff": staff, "stead": "", "reason": "relative", "until": ""});
        let _: RecusalsView = self.station.call("recuse", recuse).await?;

        for device in [one, other, &self.station, &head] {
            device.sync().await?;
        }
        let form: ErasureFormView = self
            .station
            .call("erasure_form", json!({"id": child}))
            .await?;
        let item = form.items.iter().find(|item| item.is_field && item.may_go);
        let item = &item.context("something can be erased alone")?.item;
        self.station.step_up().await?;
        let part = json!({"child": child, "item": item, "keep_now": false, "basis": "family",
                          "words": self.words("renewal.words")});
        let asked: ErasuresView = self.station.call("request_part_erasure", part).await?;
        decide(&head, &asked, true).await?;
        for device in [one, other, &self.station, &head] {
            device.sync().await?;
        }
        let another = self.child(one, 1).await?;
        self.station.step_up().await?;
        let whole =
            json!({"child": another, "basis": "family", "words": self.words("erasure.words")});
        let asked: ErasuresView = self.station.call("request_erasure", whole).await?;
        decide(&head, &asked, false).await?;
        head.step_up().await?;
        let hold = json!({"child": another, "hold": true, "words": self.words("hold.words")});
        let _: ErasuresView = head.call("set_hold", hold).await?;
        head.sync().await?;
        let _: AppView = head.call("lock", Value::Null).await?;
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

/// A head decides about the request that waits.
async fn decide(head: &Device, asked: &ErasuresView, approve: bool) -> Result<()> {
    let waits = asked.requests.iter().find(|row| row.state == "asked");
    let id = &waits.context("a request waits")?.id;
    head.step_up().await?;
    let decision = json!({"id": id, "approve": approve});
    let _: ErasuresView = head.call("decide_erasure", decision).await?;
    Ok(())
}

/// Tells what is searched for from now on, and gives it back.
fn planted(name: &str, text: String) -> String {
    say(&Said::Planted {
        name: name.to_owned(),
        bytes: text.clone().into_bytes(),
    });
    text
}
