//! Feeds the made-up township through the client, the way it would have come about: the station imports the ledgers
//! half a year ago, directors' devices record visits, contacts and problems on their days, and everything is synced
//! through the real server. So every change is signed by the device of the person who made it.

use crate::device::{Device, LIMIT};
use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use client::records::{self, Write};
use client::roster::{Roster, RosterChild};
use client::view::{
    ImportPreviewView, ImportStatusView, ProblemView, SavedView, VillageListView, VisitFormView,
};
use domain::child::TierFact;
use domain::form::{self, Answers, ChildContext, FormContext, SESSION};
use domain::record::{Edit, Entry};
use ids::{DocKind, DocumentId, Role, UnitId};
use office::demo::{
    DemoAnswer, DemoAttempt, DemoChild, DemoContact, DemoEvent, DemoHousehold, DemoLedger,
    DemoPause, DemoProblem, DemoTownship, DemoVillage, DemoVisit,
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
    deeds.sort_by_key(|(date, _)| *date);
    deeds
}

/// How many records a village brings.
#[must_use]
pub fn record_count(village: &DemoVillage) -> usize {
    deeds(village).len()
}

impl Staffed<'_> {
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
        let _: SavedView = self
            .device
            .call("save_visit", json!({ "id": draft }))
            .await?;
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
