//! Feeds the made-up township through the client, the way it would have come about: the station imports the ledgers
//! half a year ago, directors' devices record visits, contacts and problems on their days, and everything is synced
//! through the real server. So every change is signed by the device of the person who made it.

use crate::device::{Device, LIMIT};
use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use client::records::{self, Write};
use client::roster::{Roster, RosterChild};
use client::view::{
    AttachmentListView, ChildFileView, ImportPreviewView, ImportStatusView, MovesView, PeopleView,
    PersonRow, ProblemView, SavedView, ScreeningView, VillageListView, VisitFormView,
    WorkSavedView,
};
use domain::child::TierFact;
use domain::form::{self, Answers, ChildContext, FormContext, SESSION};
use domain::record::{Edit, Entry};
use ids::{DocKind, DocumentId, Role, UnitId};
use office::demo::{
    DemoAnswer, DemoAttempt, DemoChild, DemoContact, DemoEvent, DemoHousehold, DemoLedger,
    DemoPause, DemoProblem, DemoTownship, DemoVillage, DemoVisit, DemoWriting, DemoWritten,
    DemoYear,
};
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::drafts;
use sync_server::RunningServer;

/// One village with the device of its director.
pub struct Staffed<'a> {
    /// The village.
    pub village: &'a DemoVillage,
    /// Its unit.
    pub unit: UnitId,
    /// The device records are made on; enrolled and loaded by [`staff`].
    pub device: Device,
    children: BTreeMap<String, DocumentId>,
    problems: BTreeMap<String, String>,
}

/// Says how far the feeding is: so many of so many records.
pub type Progress<'a> = &'a mut dyn FnMut(usize, usize);

/// Creates every village, as the station does.
///
/// # Errors
/// The server refuses.
pub async fn create_villages(
    station: &Device,
    township: &DemoTownship,
) -> Result<BTreeMap<String, UnitId>> {
    let mut units = BTreeMap::new();
    for village in &township.villages {
        let list: VillageListView = station
            .call(
                "create_village",
                json!({ "name": village.name, "region": village.region }),
            )
            .await?;
        let row = list
            .rows
            .iter()
            .find(|row| row.region == village.region)
            .context("a village that was created is listed")?;
        units.insert(village.key.clone(), UnitId::parse(&row.village)?);
    }
    Ok(units)
}

/// Imports a village's ledgers on the day its files were opened, a little before the first record.
///
/// # Errors
/// A ledger is not understood.
pub async fn import(
    station: &Device,
    village: &DemoVillage,
    unit: UnitId,
    ledgers: &[DemoLedger],
) -> Result<()> {
    let opened = village
        .households
        .iter()
        .flat_map(|household| &household.children);
    let Some(first) = opened.map(|child| child.opened_on).min() else {
        // Where no child lives there is no ledger either.
        return Ok(());
    };
    station.clock.stand_at(moment(first, 9 * 60));
    for ledger in ledgers
        .iter()
        .filter(|ledger| ledger.village == village.key)
    {
        let preview: ImportPreviewView = station
            .call(
                "import_preview",
                json!({
                    "village": unit,
                    "file_name": ledger.file_name,
                    "bytes": base64(&ledger.bytes),
                }),
            )
            .await?;
        let mut status: ImportStatusView = station
            .call("import_confirm", json!({ "id": preview.import }))
            .await?;
        let end = tokio::time::Instant::now() + LIMIT;
        while status.state == "running" {
            if tokio::time::Instant::now() > end {
                bail!("the import of {} does not end", ledger.file_name);
            }
            tokio::task::yield_now().await;
            status = station
                .call("import_status", json!({ "id": preview.import }))
                .await?;
        }
        if status.state != "done" {
            bail!(
                "the import of {} ended as {}",
                ledger.file_name,
                status.state
            );
        }
    }
    complete_files(station, village, unit)?;
    station.clock.run_at_offset(0);
    Ok(())
}

/// What no ledger has a column for, but the station knows: facts that raise the tier.
fn complete_files(station: &Device, village: &DemoVillage, unit: UnitId) -> Result<()> {
    let tablet = station.tablet()?;
    let children = match_children(&Roster::read(&tablet)?, village, Some(unit));
    for child in village
        .households
        .iter()
        .flat_map(|household| &household.children)
    {
        let Some(document) = children.get(&child.key) else {
            continue;
        };
        let roster = Roster::read(&tablet)?;
        let known = &roster.child(&document.to_string())?.child.tier_facts;
        let edits: Vec<Edit> = child
            .facts
            .iter()
            .filter(|(kind, _)| !known.iter().any(|fact| fact.kind == **kind))
            .map(|(kind, words)| {
                TierFact {
                    id: tablet.new_id().to_string(),
                    kind: kind.clone(),
                    from: Some(tablet.today()),
                    to: None,
                    recorded_on: Some(tablet.today()),
                    words: words.clone(),
                    approved_by: None,
                    made_by: None,
                }
                .to_edit()
            })
            .collect();
        if !edits.is_empty() {
            records::save(
                &tablet,
                "facts_added",
                &[Write::new(*document, DocKind::Child, unit, edits)],
            )?;
        }
    }
    Ok(())
}

/// Enrols the director's device of a village and loads it.
///
/// # Errors
/// The enrolment or the first download fails.
pub async fn staff<'a>(
    server: &RunningServer,
    village: &'a DemoVillage,
    unit: UnitId,
    device: Device,
    pin: &str,
) -> Result<Staffed<'a>> {
    let code = server
        .create_enrolment(CreateEnrolment {
            unit,
            role: Role::Director,
            person: village.director.name.clone(),
        })
        .await?;
    device.enrol(server, &code, pin).await?;
    let children = match_children(&Roster::read(&*device.tablet()?)?, village, None);
    Ok(Staffed {
        village,
        unit,
        device,
        children,
        problems: BTreeMap::new(),
    })
}

/// Which document is which child of the plan: same name and birth date, in the ledger's order.
fn match_children(
    roster: &Roster,
    village: &DemoVillage,
    unit: Option<UnitId>,
) -> BTreeMap<String, DocumentId> {
    let mut free: Vec<&RosterChild> = roster
        .children
        .iter()
        .filter(|child| unit.is_none_or(|unit| child.unit == unit))
        .collect();
    let mut matched = BTreeMap::new();
    for child in village
        .households
        .iter()
        .flat_map(|household| &household.children)
    {
        let is = |there: &&RosterChild| {
            let same = |key: &str| there.child.text(key).unwrap_or_default() == field(child, key);
            same("name") && same("birth_date")
        };
        // A child that stands twice in the ledgers may have become one file.
        if let Some(at) = free.iter().position(is) {
            matched.insert(child.key.clone(), free.remove(at).id);
        } else if let Some(there) = roster.children.iter().find(is) {
            matched.insert(child.key.clone(), there.id);
        }
    }
    matched
}

/// One thing a director does.
enum Deed<'a> {
    Found(&'a DemoHousehold, &'a DemoChild),
    Paused(&'a DemoChild, &'a DemoPause),
    Visited(&'a DemoVisit),
    Contacted(&'a DemoChild, &'a DemoContact),
    Attempted(&'a DemoHousehold, &'a DemoAttempt),
    Reported(&'a DemoProblem),
    Wrote(&'a DemoWriting),
}

/// Everything a director did, by the day she typed it in.
fn deeds(village: &DemoVillage) -> Vec<(NaiveDate, Deed<'_>)> {
    let mut deeds = Vec::new();
    for household in &village.households {
        for child in &household.children {
            if child.is_new {
                deeds.push((child.opened_on, Deed::Found(household, child)));
            }
            deeds.extend(
                child
                    .pauses
                    .iter()
                    .map(|pause| (pause.from, Deed::Paused(child, pause))),
            );
            deeds.extend(
                child
                    .contacts
                    .iter()
                    .map(|contact| (contact.recorded_on, Deed::Contacted(child, contact))),
            );
        }
        deeds.extend(
            household
                .visits
                .iter()
                .map(|visit| (visit.recorded_on, Deed::Visited(visit))),
        );
        deeds.extend(
            household
                .attempts
                .iter()
                .map(|attempt| (attempt.date, Deed::Attempted(household, attempt))),
        );
    }
    deeds.extend(
        village
            .problems
            .iter()
            .map(|problem| (problem.reported_on, Deed::Reported(problem))),
    );
    deeds.extend(
        village
            .writings
            .iter()
            .map(|writing| (writing.on, Deed::Wrote(writing))),
    );
    deeds.sort_by_key(|(date, _)| *date);
    deeds
}

/// How many records a village brings.
#[must_use]
pub fn record_count(village: &DemoVillage) -> usize {
    deeds(village).len()
}

impl Staffed<'_> {
    /// The document of a child of the plan.
    #[must_use]
    pub fn child(&self, key: &str) -> Option<DocumentId> {
        self.children.get(key).copied()
    }

    /// Records the half year, each thing on its day.
    ///
    /// # Errors
    /// A use case refuses.
    pub async fn record(&mut self, recorded: &mut dyn FnMut()) -> Result<()> {
        let village = self.village;
        let mut day = NaiveDate::MIN;
        let mut minute = 0;
        for (date, deed) in deeds(village) {
            // From half past eight on, twenty minutes apart.
            minute = if date == day {
                minute + 20
            } else {
                8 * 60 + 30
            };
            day = date;
            self.device.clock.stand_at(moment(date, minute));
            self.perform(&deed)
                .await
                .with_context(|| format!("{} on {date}", village.name))?;
            recorded();
        }
        self.device.clock.run_at_offset(0);
        Ok(())
    }

    async fn perform(&mut self, deed: &Deed<'_>) -> Result<()> {
        match deed {
            Deed::Found(household, child) => self.found(household, child).await,
            Deed::Paused(child, pause) => self.paused(child, pause),
            Deed::Visited(visit) => self.visited(visit).await,
            Deed::Contacted(child, contact) => self.contacted(child, contact).await,
            Deed::Attempted(household, attempt) => self.attempted(household, attempt).await,
            Deed::Reported(problem) => self.reported(problem).await,
            Deed::Wrote(writing) => self.wrote(writing).await,
        }
    }

    async fn found(&mut self, household: &DemoHousehold, child: &DemoChild) -> Result<()> {
        let saved: SavedView = self
            .device
            .call(
                "add_child",
                json!({
                    "name": field(child, "name"),
                    "sex": field(child, "sex"),
                    "birth_date": child.fields.get("birth_date"),
                    "category": child.categories.first().map_or("PE", String::as_str),
                    "reason": child.oddity.as_deref().unwrap_or("走访时发现"),
                    "household": null,
                    "village": null,
                }),
            )
            .await?;
        let tablet = self.device.tablet()?;
        let packs = tablet.packs();
        let of_child = child
            .fields
            .iter()
            .map(|(key, value)| ("child", key, value));
        let of_household = household
            .fields
            .iter()
            .map(|(key, value)| ("household", key, value));
        for (holder, key, value) in of_child.chain(of_household) {
            let is_shown = packs
                .field(holder, key)
                .is_some_and(|field| field.kind != "fixed");
            if is_shown && !matches!(key.as_str(), "name" | "sex" | "birth_date") {
                let _: Value = self
                    .device
                    .call(
                        "edit_field",
                        json!({ "child": saved.record, "holder": holder, "key": key, "value": value }),
                    )
                    .await?;
            }
        }
        self.children
            .insert(child.key.clone(), DocumentId::parse(&saved.record)?);
        Ok(())
    }

    fn paused(&self, child: &DemoChild, pause: &DemoPause) -> Result<()> {
        let Some(document) = self.children.get(&child.key) else {
            return Ok(());
        };
        let tablet = self.device.tablet()?;
        let edit = Edit::Add {
            collection: "pauses",
            entry: Entry::new(tablet.new_id().to_string())
                .with("reason", pause.reason.as_str())
                .with("from", pause.from.to_string())
                .with("to", pause.to.map(|day| day.to_string())),
        };
        Ok(records::save(
            &tablet,
            "pause_added",
            &[Write::new(*document, DocKind::Child, self.unit, vec![edit])],
        )?)
    }

    async fn visited(&self, visit: &DemoVisit) -> Result<()> {
        let there: Vec<&DocumentId> = visit
            .children
            .iter()
            .filter_map(|part| self.children.get(&part.child))
            .collect();
        let Some(first) = there.first() else {
            return Ok(());
        };
        let form: VisitFormView = self
            .device
            .call("open_visit", json!({ "id": first.to_string() }))
            .await?;
        let mut answers: Vec<(&str, &str, DemoAnswer)> = Vec::new();
        answers.extend(
            visit
                .answers
                .iter()
                .map(|(key, answer)| (SESSION, key.as_str(), answer.clone())),
        );
        for shown in form
            .parts
            .iter()
            .map(|part| part.part.as_str())
            .filter(|part| *part != SESSION)
        {
            let is_shown = |key: &String| {
                self.children
                    .get(key)
                    .is_some_and(|id| id.to_string() == shown)
            };
            match visit.children.iter().find(|part| is_shown(&part.child)) {
                Some(part) => {
                    answers.extend(
                        part.answers
                            .iter()
                            .map(|(key, answer)| (shown, key.as_str(), answer.clone())),
                    );
                }
                // Brothers and sisters the plan leaves out were not at home.
                None => answers.extend([("a_seen", "n"), ("a_not_seen_why", "away")].map(
                    |(key, code)| {
                        let answer = DemoAnswer {
                            codes: vec![code.to_owned()],
                            text: None,
                        };
                        (shown, key, answer)
                    },
                )),
            }
        }
        self.fill_draft(&form, &answers)?;
        let draft = form.draft.as_str();
        for nth in 0..visit.photos {
            let bytes = base64(&photo(visit, nth)?);
            let photo = json!({ "draft": draft, "kind": "photo", "bytes": bytes });
            let _: AttachmentListView = self.device.call("add_attachment", photo).await?;
        }
        let saved: SavedView = self
            .device
            .call("save_visit", json!({ "id": draft }))
            .await?;
        if visit.screened {
            self.screened(&saved).await?;
        }
        Ok(())
    }

    /// The level that is suggested is confirmed for every child that may be screened.
    async fn screened(&self, saved: &SavedView) -> Result<()> {
        for screened in &saved.screenings {
            let of = json!({ "child": screened.child, "record": screened.record });
            let view: ScreeningView = self.device.call("screening", of).await?;
            let _: ScreeningView = self
                .device
                .call(
                    "settle_screening",
                    json!({
                        "child": screened.child,
                        "record": screened.record,
                        "level": view.suggested.code,
                        "reason": "",
                    }),
                )
                .await?;
        }
        Ok(())
    }

    async fn wrote(&self, writing: &DemoWriting) -> Result<()> {
        let children: Vec<String> = writing
            .children
            .iter()
            .filter_map(|key| self.children.get(key))
            .map(ToString::to_string)
            .collect();
        let first = children.first();
        match &writing.what {
            DemoWritten::Work { block, values } => {
                let asked = json!({
                    "block": block, "record": null, "children": children, "values": values,
                });
                let _: WorkSavedView = self.device.call("record_work", asked).await?;
            }
            DemoWritten::Row { block, values } => {
                let asked = json!({
                    "child": first, "block": block, "replaces": null, "values": values,
                });
                let _: ChildFileView = self.device.call("write_row", asked).await?;
            }
            DemoWritten::HouseholdField { key, value } => {
                let asked = json!({
                    "child": first, "holder": "household", "key": key, "value": value,
                });
                let _: ChildFileView = self.device.call("edit_field", asked).await?;
            }
            DemoWritten::Ending { reason, on, text } => {
                let asked = json!({
                    "child": first, "step": "end", "reason": reason, "on": on, "into": null,
                    "text": text,
                });
                let _: ChildFileView = self.device.call("propose_status", asked).await?;
            }
        }
        Ok(())
    }

    /// All answers in one stroke; a screen sends them one by one, and the demo's first start would take minutes.
    fn fill_draft(&self, shown: &VisitFormView, given: &[(&str, &str, DemoAnswer)]) -> Result<()> {
        let tablet = self.device.tablet()?;
        let packs = tablet.packs();
        let form = packs.visit_form().context("the visit form is published")?;
        let context = FormContext {
            today: tablet.today(),
            children: shown
                .parts
                .iter()
                .filter(|part| part.part != SESSION)
                .map(|part| ChildContext {
                    id: part.part.clone(),
                    ..ChildContext::default()
                })
                .collect(),
            people: Vec::new(),
            last: BTreeMap::new(),
            next_visit: None,
            next_contact: None,
        };
        let id = uuid::Uuid::parse_str(&shown.draft)?;
        let mut draft = tablet
            .store
            .read(|connection| drafts::get(connection, id))?
            .context("the draft that was opened is there")?;
        let mut answers: Answers = serde_json::from_value(draft.answers.clone())?;
        for (part, key, answer) in given {
            form::set_answer(
                form,
                &context,
                &mut answers,
                part,
                key,
                &answer.codes,
                answer.text.as_deref(),
            )
            .with_context(|| format!("{key} {:?}", answer.codes))?;
        }
        draft.answers = serde_json::to_value(&answers)?;
        tablet.store.write(|tx| drafts::put(tx, &draft))?;
        Ok(())
    }

    async fn contacted(&self, child: &DemoChild, contact: &DemoContact) -> Result<()> {
        let Some(document) = self.children.get(&child.key) else {
            return Ok(());
        };
        let _: SavedView = self
            .device
            .call(
                "record_contact",
                json!({
                    "child": document.to_string(),
                    "event_date": contact.date,
                    "mode": contact.mode,
                    "party": contact.party,
                    "reached": contact.reached,
                    "child_state": contact.child_state,
                    "topics": contact.topics,
                    "parent_contact_ok": contact.parent_contact_ok,
                    "note": contact.note,
                }),
            )
            .await?;
        Ok(())
    }

    async fn attempted(&self, household: &DemoHousehold, attempt: &DemoAttempt) -> Result<()> {
        let Some(document) = household
            .children
            .iter()
            .find_map(|child| self.children.get(&child.key))
        else {
            return Ok(());
        };
        let roster = Roster::read(&*self.device.tablet()?)?;
        let there = roster.child(&document.to_string())?;
        let _: SavedView = self
            .device
            .call(
                "record_attempt",
                json!({
                    "household": there.child.household(),
                    "event_date": attempt.date,
                    "reason": attempt.reason,
                    "next_on": attempt.next_on,
                    "note": attempt.note,
                }),
            )
            .await?;
        Ok(())
    }

    async fn reported(&mut self, problem: &DemoProblem) -> Result<()> {
        let children: Vec<String> = problem
            .children
            .iter()
            .filter_map(|key| self.children.get(key))
            .map(ToString::to_string)
            .collect();
        if children.is_empty() {
            return Ok(());
        }
        let saved: SavedView = self
            .device
            .call(
                "report_problem",
                json!({
                    "children": children,
                    "card": problem.card,
                    "kind": problem.kind,
                    "urgency": problem.urgency,
                    "seen": problem.seen,
                    "origin_record": null,
                    "mandatory": problem
                        .mandatory
                        .as_ref()
                        .map(|(choice, text)| json!({ "choice": choice, "text": text })),
                }),
            )
            .await?;
        self.problems.insert(problem.key.clone(), saved.record);
        Ok(())
    }
}

/// Plays the problems' stories to their end, station and directors in turn, synced between the turns.
///
/// # Errors
/// A use case refuses, or a sync fails.
pub async fn play_problems(station: &Device, villages: &[Staffed<'_>]) -> Result<()> {
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for turn in ["station", "director"].iter().cycle() {
        for staffed in villages {
            staffed.device.sync().await?;
        }
        station.sync().await?;
        for staffed in villages {
            staffed.device.sync().await?;
        }
        let mut left = false;
        for staffed in villages {
            let device = if *turn == "station" {
                station
            } else {
                &staffed.device
            };
            for problem in &staffed.village.problems {
                let Some(id) = staffed.problems.get(&problem.key) else {
                    continue;
                };
                let at = told.entry(problem.key.clone()).or_default();
                while let Some(event) = problem.events.get(*at).filter(|event| event.by == *turn) {
                    tell(device, id, event)
                        .await
                        .with_context(|| format!("{} {}", problem.key, event.kind))?;
                    *at += 1;
                }
                left |= *at < problem.events.len();
            }
            device.clock.run_at_offset(0);
        }
        if !left {
            break;
        }
    }
    for staffed in villages {
        staffed.device.sync().await?;
    }
    station.sync().await
}

async fn tell(device: &Device, problem: &str, event: &DemoEvent) -> Result<()> {
    device.clock.stand_at(moment(event.date, 15 * 60));
    let mut told = json!({ "problem": problem, "kind": event.kind, "text": event.text });
    if event.kind == "followed_up" {
        told["detail"] = json!({ "well": true });
    }
    let _: ProblemView = device.call("add_problem_event", told).await?;
    Ok(())
}

/// Makes the whole township with an enrolled station: villages, their files from the ledgers, directors with their tablets,
/// everything they record, and what happens between them.
///
/// # Errors
/// A use case refuses, or a sync fails.
pub async fn fill<'a>(
    server: &RunningServer,
    station: &Device,
    plan: &'a DemoTownship,
    pin: &str,
    tablet_of: impl Fn(&DemoVillage) -> Result<Device>,
) -> Result<Vec<Staffed<'a>>> {
    let units = create_villages(station, plan).await?;
    let books = office::demo::ledgers(plan)?;
    let mut staffed = Vec::new();
    for village in plan.villages.iter().filter(|village| village.filled) {
        let unit = units[&village.key];
        import(station, village, unit, &books).await?;
        station.sync().await?;
        staffed.push(staff(server, village, unit, tablet_of(village)?, pin).await?);
    }
    let recording = staffed
        .iter_mut()
        .map(|staffed| async { staffed.record(&mut || {}).await });
    futures_util::future::try_join_all(recording).await?;
    play_problems(station, &staffed).await?;
    if let Some(year) = &plan.year {
        play_year(station, &staffed, year).await?;
    }
    Ok(staffed)
}

/// What a year brings between the station, two villages and two tablets, each through its own page: an end is agreed to,
/// somebody stands in, two people write the same field apart, a child moves.
///
/// # Errors
/// A use case refuses, or a sync fails.
pub async fn play_year(station: &Device, villages: &[Staffed<'_>], year: &DemoYear) -> Result<()> {
    let of = |key: &str| {
        let found = villages.iter().find(|staffed| staffed.village.key == key);
        found.with_context(|| format!("{key} is staffed"))
    };
    let child = |key: &str| {
        let found = villages.iter().find_map(|staffed| staffed.child(key));
        found
            .map(|id| id.to_string())
            .with_context(|| format!("{key} has a file"))
    };

    let ended = child(&year.ended.child)?;
    let file: ChildFileView = station.call("child_file", json!({ "id": ended })).await?;
    let waiting = file.status.waiting.first();
    let proposal = &waiting.context("the end waits for the station")?.proposal;
    let confirmed = json!({
        "child": ended, "proposal": proposal, "answer": "confirmed", "text": "",
    });
    station.step_up().await?;
    let _: ChildFileView = station.call("decide_status", confirmed).await?;

    let (absent, delegate) = (of(&year.cover.village)?, of(&year.cover.delegate)?);
    let people: PeopleView = station.call("people", Value::Null).await?;
    // Everybody was looked up but one, whom the page of people reminds of.
    for (number, row) in people.people.iter().skip(1).enumerate() {
        station.step_up().await?;
        let vetted = json!({
            "grant": row.grant, "vetted_on": year.moved.on, "vetting": format!("查询2026-{:03}", number + 101),
        });
        let _: PeopleView = station.call("record_vetting", vetted).await?;
    }
    station.step_up().await?;
    let cover = json!({
        "village": absent.unit,
        "delegate": staff_of(&people.people, delegate)?,
        "absent": staff_of(&people.people, absent)?,
        "from": year.cover.from,
        "until": year.cover.until,
    });
    let _: PeopleView = station.call("cover_village", cover).await?;
    delegate.device.sync().await?;

    // Both write before either hears of the other.
    let both = child(&year.apart.child)?;
    for (device, value) in [
        (&absent.device, &year.apart.hers),
        (&delegate.device, &year.apart.other),
    ] {
        let written = json!({
            "child": both, "holder": "child", "key": year.apart.field, "value": value,
        });
        let _: ChildFileView = device.call("edit_field", written).await?;
    }

    let moved = child(&year.moved.child)?;
    let to = of(&year.moved.to)?;
    station.step_up().await?;
    let offer = json!({
        "child": moved, "whole_household": true, "village": to.unit, "reason": year.moved.reason,
        "moved_on": year.moved.on,
    });
    let offered: MovesView = station.call("offer_move", offer).await?;
    let offered = offered.outgoing.first().context("the move is offered")?;
    station.step_up().await?;
    let taken = json!({ "id": offered.id, "decision": "accept" });
    let _: MovesView = station.call("decide_move", taken).await?;
    sync_all(station, villages).await?;
    let called = json!({
        "child": moved, "event_date": year.moved.on, "mode": "phone", "party": ["caregiver"],
        "reached": true, "child_state": "normal", "topics": [], "parent_contact_ok": null,
        "note": year.moved.note,
    });
    let _: SavedView = to.device.call("record_contact", called).await?;
    sync_all(station, villages).await
}

/// Everybody hears of everybody.
async fn sync_all(station: &Device, villages: &[Staffed<'_>]) -> Result<()> {
    for _ in 0..2 {
        for staffed in villages {
            staffed.device.sync().await?;
        }
        station.sync().await?;
    }
    Ok(())
}

fn staff_of(people: &[PersonRow], staffed: &Staffed<'_>) -> Result<String> {
    let unit = staffed.unit.to_string();
    let found = people
        .iter()
        .find(|row| row.village == unit && row.role == "director");
    Ok(found.context("the director is listed")?.staff.clone())
}

/// A photo as a tablet takes it: a house by a field, another sky each day.
fn photo(visit: &DemoVisit, nth: u32) -> Result<Vec<u8>> {
    use chrono::Datelike;
    let day = visit.date.ordinal();
    let light = u8::try_from(60 + (day + nth * 17) % 90)?;
    let left = 80 + (day * 7 + nth * 90) % 240;
    let picture = image::RgbImage::from_fn(640, 480, |x, y| {
        let in_house = (left..left + 240).contains(&x) && (180..360).contains(&y);
        let in_door = (left + 100..left + 145).contains(&x) && (270..360).contains(&y);
        let in_roof = (110..180).contains(&y) && x.abs_diff(left + 120) < (y - 105) * 2;
        image::Rgb(match (in_door, in_house, in_roof, y > 340) {
            (true, ..) => [96, 62, 44],
            (_, true, ..) => [222, 214, 200],
            (_, _, true, _) => [92, 98, 106],
            (.., true) => [110, 150, light],
            _ => [150, 190, 140_u8.saturating_add(light / 2)],
        })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg)?;
    Ok(bytes.into_inner())
}

fn field<'a>(child: &'a DemoChild, key: &str) -> &'a str {
    child.fields.get(key).map_or("", String::as_str)
}

/// A moment of a day in Shanghai.
fn moment(date: NaiveDate, minute: i64) -> i64 {
    let midnight = date
        .and_time(chrono::NaiveTime::MIN)
        .and_utc()
        .timestamp_millis();
    midnight + (minute - 8 * 60) * 60_000
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
