//! The world figures are taken in: a running township, devices with real files, half a year of records.
//!
//! Records are the made-up township's (office::demo), written through the client's one way of saving.

use crate::apart::Apart;
use crate::device::Device;
use crate::relay::Relay;
use crate::township::{Plan, Township};
use anyhow::{Context, Result, bail};
use chrono::{Days, NaiveDate};
use client::Tablet;
use client::records::{self, Write};
use client::view::{AppView, ShellKind, Stage, VillageListView};
use domain::child::{
    Attempt, Category, ChildVisit, Contact, HOUSEHOLD, IS_NEW, OPENED_ON, TierFact,
};
use domain::form::{self, Answer, FormPack, PartAnswers, SummaryGivens};
use domain::household::Session;
use domain::record::Edit;
use ids::{DocKind, DocumentId, Role, UnitId};
use office::demo::{
    DemoAnswer, DemoAttempt, DemoChild, DemoContact, DemoHousehold, DemoTownship, DemoVisit,
};
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::ArgonCost;
use tempfile::TempDir;

/// Every device's PIN.
pub const PIN: &str = "735182";

/// The made-up township the benchmarks take their households from.
pub const SEED: u64 = 1;

/// A running township with a station, in a folder of its own.
pub struct World {
    /// Server and relay.
    pub township: Township,
    station: Device,
    folder: TempDir,
    villages: u32,
    devices: u32,
}

/// Where a household and its children of the plan are kept.
#[derive(Clone)]
pub struct Filed {
    /// The household's document.
    pub household: DocumentId,
    /// The children's, in the plan's order.
    pub children: Vec<DocumentId>,
}

impl World {
    /// A founded township that runs, and its station.
    ///
    /// # Errors
    /// The folder cannot be written, or the server does not start.
    pub async fn new(folder: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(folder)?;
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy");
        let plan = Plan::new(folder.path(), &policy);
        let code = plan.found()?;
        let township = Township::start(&plan).await?;
        // The code made before the start knows no address yet.
        let code = township.server.enrolment(code.enrolment).await?;
        let station = Device::open(
            &folder.path().join("station"),
            ShellKind::Station,
            ArgonCost::FLOOR,
        )?;
        station.enrol(&township.server, &code, PIN).await?;
        Ok(Self {
            township,
            station,
            folder,
            villages: 0,
            devices: 0,
        })
    }

    /// A new village without children.
    ///
    /// # Errors
    /// A step of it is refused.
    pub async fn village(&mut self) -> Result<UnitId> {
        self.villages += 1;
        let region = format!("3101991002{:02}", self.villages);
        let list: VillageListView = self
            .station
            .call(
                "create_village",
                json!({ "name": format!("第{}村", self.villages), "region": region }),
            )
            .await?;
        let row = list.rows.iter().find(|row| row.region == region);
        Ok(UnitId::parse(
            &row.context("a village that was created is listed")?.village,
        )?)
    }

    /// A director's device, enrolled but not loaded.
    ///
    /// # Errors
    /// A step of it is refused.
    pub async fn enrolled(&mut self, unit: UnitId) -> Result<Device> {
        self.devices += 1;
        let folder = self.path(&format!("tablet-{}", self.devices));
        let device = Device::open(&folder, ShellKind::Tablet, ArgonCost::FLOOR)?;
        let server = &self.township.server;
        let code = server
            .create_enrolment(CreateEnrolment {
                unit,
                role: Role::Director,
                person: "李玉梅".to_owned(),
            })
            .await?;
        let _: AppView = device
            .call("enrol_start", json!({ "address": code.qr, "code": "" }))
            .await?;
        server.confirm_enrolment(code.enrolment).await?;
        let view: AppView = device.call("enrol_poll", Value::Null).await?;
        if view.stage != Stage::ChoosePin {
            bail!("confirmed, but the device stands at {:?}", view.stage);
        }
        let _: AppView = device.call("choose_pin", json!({ "pin": PIN })).await?;
        Ok(device)
    }

    /// A director's device with everything of its village.
    ///
    /// # Errors
    /// A step of it is refused.
    pub async fn director(&mut self, unit: UnitId) -> Result<Device> {
        let device = self.enrolled(unit).await?;
        load(&device).await?;
        Ok(device)
    }

    /// A path in the folder of this run.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same township and devices, with the server in a process of its own from now on.
    ///
    /// # Errors
    /// It does not start.
    pub async fn apart(self) -> Result<WorldApart> {
        let Township { server, relay, .. } = self.township;
        server.shutdown().await;
        let server = Apart::start(self.folder.path())?;
        relay.set_target(server.address);
        Ok(WorldApart {
            relay,
            server,
            _folder: self.folder,
        })
    }

    /// Stops the server cleanly and leaves its folder there.
    pub async fn close(self) -> TempDir {
        self.township.stop().await;
        self.folder
    }

    /// Stops the server cleanly.
    pub async fn stop(self) {
        self.township.stop().await;
    }
}

/// A [`World`] whose server runs by itself.
pub struct WorldApart {
    /// What the devices reach it through.
    pub relay: Relay,
    /// The server.
    pub server: Apart,
    _folder: TempDir,
}

impl WorldApart {
    /// Stops the server cleanly.
    ///
    /// # Errors
    /// It ends with a failure.
    pub fn stop(self) -> Result<()> {
        self.server.stop()
    }
}

/// Syncs until the first download is whole.
///
/// # Errors
/// The sync fails.
pub async fn load(device: &Device) -> Result<()> {
    let tablet = device.tablet()?;
    while tablet.loading()?.is_some() {
        client::runtime::once(&tablet, || {}).await?;
    }
    Ok(())
}

/// One whole sync, however long it takes.
///
/// # Errors
/// The sync fails.
pub async fn sync(device: &Device) -> Result<()> {
    client::runtime::once(&device.tablet()?, || {}).await?;
    Ok(())
}

/// So many households of the made-up township with so many children and half a year of records.
///
/// # Errors
/// The township has too few children.
pub fn households(count: usize, children: usize, today: NaiveDate) -> Result<Vec<DemoHousehold>> {
    households_of(SEED, count, children, today)
}

/// The same, of another made-up township.
///
/// # Errors
/// The township has too few children.
pub fn households_of(
    seed: u64,
    count: usize,
    children: usize,
    today: NaiveDate,
) -> Result<Vec<DemoHousehold>> {
    let mut villages = 4;
    let mut found = Vec::new();
    // Siblings are made where needed, so every household taken begins with one child.
    while found.len() < children {
        let township = DemoTownship::generate(seed, villages, today);
        found = township
            .villages
            .into_iter()
            .flat_map(|village| village.households)
            .filter(|household| !household.visits.is_empty())
            .filter_map(with_first_child)
            .collect();
        villages *= 2;
    }
    let mut spare = found.split_off(count).into_iter();
    for household in found.iter_mut().take(children.saturating_sub(count)) {
        let sibling = spare
            .next()
            .and_then(|other| other.children.into_iter().next());
        add_sibling(household, sibling.context("there are enough children")?);
    }
    Ok(found)
}

fn with_first_child(mut household: DemoHousehold) -> Option<DemoHousehold> {
    household.children.truncate(1);
    let key = household.children.first()?.key.clone();
    for visit in &mut household.visits {
        visit.children.retain(|part| part.child == key);
    }
    household.visits.retain(|visit| !visit.children.is_empty());
    (!household.visits.is_empty()).then_some(household)
}

fn add_sibling(household: &mut DemoHousehold, mut child: DemoChild) {
    child.key.push_str("-sibling");
    for visit in &mut household.visits {
        if let Some(mut part) = visit.children.first().cloned() {
            part.child.clone_from(&child.key);
            visit.children.push(part);
        }
    }
    household.children.push(child);
}

/// The households with so many half-years of records instead of one: the same one over again, 26 weeks earlier each time.
pub fn lengthen(households: &mut [DemoHousehold], half_years: u64) {
    for household in households {
        let (visits, attempts) = (household.visits.clone(), household.attempts.clone());
        for back in (1..half_years).map(|number| Days::new(number * 26 * 7)) {
            household
                .visits
                .extend(visits.iter().cloned().map(|visit| DemoVisit {
                    date: visit.date - back,
                    recorded_on: visit.recorded_on - back,
                    ..visit
                }));
            household
                .attempts
                .extend(attempts.iter().cloned().map(|attempt| DemoAttempt {
                    date: attempt.date - back,
                    next_on: attempt.next_on.map(|date| date - back),
                    ..attempt
                }));
        }
        for child in &mut household.children {
            let contacts = child.contacts.clone();
            for back in (1..half_years).map(|number| Days::new(number * 26 * 7)) {
                child
                    .contacts
                    .extend(contacts.iter().cloned().map(|contact| DemoContact {
                        date: contact.date - back,
                        recorded_on: contact.recorded_on - back,
                        ..contact
                    }));
                child.opened_on = child.opened_on - back;
            }
        }
    }
}

/// How many changes a filled document is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// One change a record, as it comes about.
    RecordByRecord,
    /// One change a document: as many rows and documents in a fraction of the time.
    AtOnce,
}

/// Writes households with everything recorded about them.
///
/// # Errors
/// The store refuses, or no form has arrived.
pub fn fill(device: &Device, households: &[DemoHousehold], history: History) -> Result<Vec<Filed>> {
    let tablet = device.tablet()?;
    let packs = tablet.packs();
    let form = packs.visit_form().context("the form has arrived")?;
    let mut filed = Vec::with_capacity(households.len());
    for household in households {
        let desk = Desk::new(&tablet, form, household);
        let mut writes = desk.everything(household);
        if history == History::AtOnce {
            writes = at_once(writes);
        }
        records::save(&tablet, "filed", &writes)?;
        filed.push(desk.filed);
    }
    Ok(filed)
}

fn at_once(writes: Vec<Write>) -> Vec<Write> {
    let mut joined: Vec<Write> = Vec::new();
    for write in writes {
        match joined
            .iter_mut()
            .find(|other| other.document == write.document)
        {
            Some(other) => other.edits.extend(write.edits),
            None => joined.push(write),
        }
    }
    joined
}

/// What a director does at one household.
pub struct Desk<'a> {
    /// Whose tablet.
    pub tablet: &'a Tablet,
    form: &'a FormPack,
    /// Where the household is kept.
    pub filed: Filed,
    children: BTreeMap<&'a str, DocumentId>,
}

impl<'a> Desk<'a> {
    fn new(tablet: &'a Tablet, form: &'a FormPack, household: &'a DemoHousehold) -> Self {
        let filed = Filed {
            household: DocumentId(tablet.new_id()),
            children: household
                .children
                .iter()
                .map(|_| DocumentId(tablet.new_id()))
                .collect(),
        };
        Self::at(tablet, form, household, filed)
    }

    /// At a household that is there already.
    #[must_use]
    pub fn at(
        tablet: &'a Tablet,
        form: &'a FormPack,
        household: &'a DemoHousehold,
        filed: Filed,
    ) -> Self {
        Self {
            tablet,
            form,
            children: household
                .children
                .iter()
                .map(|child| child.key.as_str())
                .zip(filed.children.iter().copied())
                .collect(),
            filed,
        }
    }

    fn everything(&self, household: &DemoHousehold) -> Vec<Write> {
        let mut writes = vec![self.write(
            self.filed.household,
            DocKind::Household,
            fields(&household.fields),
        )];
        let mut records: Vec<(NaiveDate, Vec<Write>)> = Vec::new();
        for (child, document) in household.children.iter().zip(&self.filed.children) {
            writes.push(self.file(child, *document));
            records.extend(
                child
                    .contacts
                    .iter()
                    .map(|contact| (contact.recorded_on, vec![self.contact(*document, contact)])),
            );
        }
        records.extend(
            household
                .visits
                .iter()
                .map(|visit| (visit.recorded_on, self.visit(visit))),
        );
        records.extend(
            household
                .attempts
                .iter()
                .map(|attempt| (attempt.date, self.attempt(attempt))),
        );
        records.sort_by_key(|(date, _)| *date);
        writes.extend(records.into_iter().flat_map(|(_, writes)| writes));
        writes
    }

    fn file(&self, child: &DemoChild, document: DocumentId) -> Write {
        let mut edits = fields(&child.fields);
        edits.push(Edit::put(HOUSEHOLD, self.filed.household.to_string()));
        edits.push(Edit::put(OPENED_ON, child.opened_on.to_string()));
        edits.push(Edit::put(IS_NEW, child.is_new));
        edits.extend(child.categories.iter().map(|code| {
            Category {
                id: self.id(),
                code: code.clone(),
                start: Some(child.opened_on),
                end: None,
                recorded_on: Some(child.opened_on),
                basis: "import".to_owned(),
                status: String::new(),
            }
            .to_edit()
        }));
        edits.extend(child.facts.iter().map(|(kind, words)| {
            TierFact {
                id: self.id(),
                kind: kind.clone(),
                from: Some(child.opened_on),
                to: None,
                recorded_on: Some(child.opened_on),
                words: words.clone(),
                approved_by: None,
                made_by: None,
            }
            .to_edit()
        }));
        self.write(document, DocKind::Child, edits)
    }

    /// One trip: a change in the household and one in every child's document.
    #[must_use]
    pub fn visit(&self, visit: &DemoVisit) -> Vec<Write> {
        let session = self.id();
        let session_part = part(&visit.answers);
        let name = format!(
            "{}@{}#{}",
            self.form.id,
            self.form.version,
            self.form.content_hash()
        );
        let held = Session {
            id: session.clone(),
            event_date: Some(visit.date),
            recorded_on: Some(visit.recorded_on),
            recorded_ms: self.tablet.clock.now_ms(),
            place: visit.place.clone(),
            kind: visit.kind.clone(),
            met: visit.met.clone(),
            form: name.clone(),
            by: self.me(),
            answers: form::to_scalars(self.form, &session_part),
            made_by: None,
        };
        let mut writes = vec![self.write(
            self.filed.household,
            DocKind::Household,
            vec![held.to_edit()],
        )];
        for seen in &visit.children {
            let Some(document) = self.children.get(seen.child.as_str()) else {
                continue;
            };
            let child_part = part(&seen.answers);
            let seen = ChildVisit {
                id: self.id(),
                session: session.clone(),
                household: self.filed.household.to_string(),
                event_date: held.event_date,
                recorded_on: held.recorded_on,
                recorded_ms: held.recorded_ms,
                place: held.place.clone(),
                kind: held.kind.clone(),
                met: held.met.clone(),
                seen: seen.seen,
                boarder: false,
                carer: None,
                form: name.clone(),
                summary: form::auto_summary(
                    self.form,
                    Some(&session_part),
                    Some(&child_part),
                    &SummaryGivens::default(),
                ),
                mandatory: Vec::new(),
                open: Vec::new(),
                full: false,
                plan: domain::child::Plan::default(),
                by: self.me(),
                answers: form::to_scalars(self.form, &child_part),
                made_by: None,
            };
            writes.push(
                self.write(*document, DocKind::Child, vec![seen.to_edit()])
                    .labelled("visit", "走访", &seen.id),
            );
        }
        writes
    }

    /// One contact.
    #[must_use]
    pub fn contact(&self, child: DocumentId, contact: &DemoContact) -> Write {
        let contact = Contact {
            id: self.id(),
            event_date: Some(contact.date),
            recorded_on: Some(contact.recorded_on),
            recorded_ms: self.tablet.clock.now_ms(),
            mode: contact.mode.clone(),
            party: contact.party.clone(),
            reached: contact.reached,
            carer: None,
            child_state: contact.child_state.clone(),
            topics: contact.topics.clone(),
            parent_contact_ok: contact.parent_contact_ok.clone(),
            more: domain::child::ContactMore::default(),
            note: contact.note.clone(),
            by: self.me(),
            made_by: None,
        };
        self.write(child, DocKind::Child, vec![contact.to_edit()])
            .labelled("contact", "联系", &contact.id)
    }

    fn attempt(&self, attempt: &DemoAttempt) -> Vec<Write> {
        let attempt = Attempt {
            id: self.id(),
            event_date: Some(attempt.date),
            recorded_on: Some(attempt.date),
            recorded_ms: self.tablet.clock.now_ms(),
            reason: attempt.reason.clone(),
            next_on: attempt.next_on,
            note: attempt.note.clone(),
            by: self.me(),
            made_by: None,
        };
        self.filed
            .children
            .iter()
            .map(|child| self.write(*child, DocKind::Child, vec![attempt.to_edit()]))
            .collect()
    }

    fn write(&self, document: DocumentId, kind: DocKind, edits: Vec<Edit>) -> Write {
        Write::new(document, kind, self.tablet.identity.unit, edits)
    }

    fn id(&self) -> String {
        self.tablet.new_id().to_string()
    }

    fn me(&self) -> String {
        self.tablet.identity.staff.to_string()
    }
}

fn fields(fields: &BTreeMap<String, String>) -> Vec<Edit> {
    fields
        .iter()
        .map(|(key, value)| Edit::put(key, value.as_str()))
        .collect()
}

fn part(answers: &BTreeMap<String, DemoAnswer>) -> PartAnswers {
    PartAnswers {
        answers: answers
            .iter()
            .map(|(key, answer)| {
                let answer = Answer {
                    codes: answer.codes.clone(),
                    text: answer.text.clone(),
                    unchanged_from: None,
                };
                (key.clone(), answer)
            })
            .collect(),
        ..PartAnswers::default()
    }
}
