//! Feeds the made-up township through the client, the way it would have come about: the station imports the ledgers
//! half a year ago, directors' devices record visits, contacts and problems on their days, and everything is synced
//! through the real server. So every change is signed by the device of the person who made it.

mod recording;

pub use recording::record_count;

use crate::device::{Device, LIMIT};
use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use client::records::{self, Write};
use client::roster::{Roster, RosterChild};
use client::view::{
    ChildFileView, ImportPreviewView, ImportStatusView, MovesView, PeopleView, PersonRow,
    ProblemView, SavedView, VillageListView,
};
use domain::child::TierFact;
use domain::record::Edit;
use ids::{DocKind, DocumentId, Role, UnitId};
use office::demo::{DemoChild, DemoEvent, DemoLedger, DemoTownship, DemoVillage, DemoYear};
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use std::collections::BTreeMap;
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

/// Fields that only one of the two ledgers has a column for; of children with a story the station writes them itself.
const IN_ONE_LEDGER: [&str; 3] = ["hukou_kind", "id_type", "boarding"];

/// What no ledger has a column for, but the station knows: facts that raise the tier, and papers that are lacking.
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
        let told = child.oddity.iter().flat_map(|_| IN_ONE_LEDGER);
        let told = told.filter_map(|key| Some(Edit::put(key, child.fields.get(key)?.as_str())));
        let facts = child
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
            });
        let edits: Vec<Edit> = facts.chain(told).collect();
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
