//! A year of the made-up township: every page of every tablet and of the station computes on it, for each village and child;
//! the overview says what the documents say, rows made anew are the ones that were there, and each oddity is on its page.

use crate::oddities::Year;
use crate::recount;
use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Datelike;
use client::view::{
    ChildFileView, ChildListView, ExportFileView, ExportFormView, PrintView, ProblemListView,
    ProblemView, ShellKind, TodayView, VillageListView, WorkLogView,
};
use ids::Clock;
use office::demo::{DAYS_OF_A_YEAR, DemoTownship};
use serde_json::{Value, json};
use std::path::Path;
use store::ArgonCost;
use zoufang_tests::demo;
use zoufang_tests::device::Device;
use zoufang_tests::story::PIN;
use zoufang_tests::township::{Plan, Township};

const STATION_PIN: &str = "283946";
const SEED: u64 = 20_260_701;
/// Three of them are filled, the fourth waits for a hand. The whole township is `make run VILLAGES=12 DAYS=365`.
const VILLAGES: u32 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn every_page_computes_on_a_year() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy");
    let office = Plan::new(&folder.path().join("office"), &policy);
    let first = office.found()?;
    let township = Township::start(&office).await?;
    let server = &township.server;
    let first = server.enrolment(first.enrolment).await?;
    let open = |name: &str, shell| Device::open(&folder.path().join(name), shell, ArgonCost::FLOOR);
    let station = open("station", ShellKind::Station)?;
    station.enrol(server, &first, STATION_PIN).await?;
    let today = client::system::civil_date(client::system::SystemClock.now_ms());
    let plan = DemoTownship::generate_over(SEED, VILLAGES, today, DAYS_OF_A_YEAR);
    let tablet_of =
        |village: &office::demo::DemoVillage| Ok(open(&village.key, ShellKind::Tablet)?);
    let mut staffed = demo::fill(server, &station, &plan, PIN, tablet_of).await?;

    // A tablet that comes new to the busiest village loads all of it.
    let busiest = staffed
        .iter()
        .max_by_key(|staffed| demo::record_count(staffed.village))
        .context("a village is staffed")?;
    let new = open("new", ShellKind::Tablet)?;
    let again = demo::staff(server, busiest.village, busiest.unit, new, PIN).await?;
    staffed.push(again);

    for staffed in &staffed {
        tablet_computes(&staffed.device)
            .await
            .with_context(|| staffed.village.name.clone())?;
    }
    station_computes(&station).await?;
    recount::the_pages_say_what_the_documents_say(&station).await?;
    let year = Year {
        plan: &plan,
        staffed: &staffed,
        station: &station,
    };
    year.shows_every_oddity().await?;
    for device in staffed
        .iter()
        .map(|staffed| &staffed.device)
        .chain(std::iter::once(&station))
    {
        recount::rows_are_what_the_documents_say(device)?;
    }
    township.stop().await;
    Ok(())
}

/// Every page both frames have.
async fn pages_compute(device: &Device) -> Result<Vec<String>> {
    for command in [
        "me",
        "problems",
        "coming",
        "conflicts",
        "sync_status",
        "returned",
        "sheets",
        "print_purposes",
        "add_child_form",
        "mandatory_page",
        "forms",
        "station_phone",
        "writing",
        "departures",
    ] {
        let _: Value = device.call(command, Value::Null).await?;
    }
    let today = device.tablet()?.today();
    let mut month = today;
    for _ in 0..13 {
        let asked = json!({ "month": month.format("%Y-%m").to_string() });
        let _: Value = device.call("work_log", asked).await?;
        month = month
            .with_day(1)
            .and_then(|first| first.pred_opt())
            .context("a month before")?;
    }
    let list: ChildListView = device.children().await?;
    let mut children = Vec::new();
    for row in &list.rows {
        let file: ChildFileView = device.file(&row.child).await?;
        let id = json!({ "id": row.child });
        for command in [
            "benefits",
            "contact_form",
            "attempt_form",
            "child_attachments",
        ] {
            let _: Value = device
                .call(command, id.clone())
                .await
                .with_context(|| row.name.clone())?;
        }
        for line in &file.timeline {
            if line.kind == client::view::TimelineKind::Visit {
                let asked = json!({ "child": row.child, "record": line.record });
                let _: Value = device.call("visit_read", asked).await?;
            }
        }
        children.push(row.child.clone());
    }
    let problems: ProblemListView = device.call("problems", Value::Null).await?;
    for row in &problems.rows {
        let _: ProblemView = device.call("problem", json!({ "id": row.problem })).await?;
    }
    Ok(children)
}

async fn tablet_computes(device: &Device) -> Result<()> {
    let children = pages_compute(device).await?;
    let today: TodayView = device.call("today", Value::Null).await?;
    ensure!(!today.rows.is_empty() && !children.is_empty());
    let log: WorkLogView = device.call("work_log", json!({ "month": null })).await?;
    let lines: usize = log.days.iter().map(|day| day.lines.len()).sum();
    let paper: PrintView = device
        .call(
            "print",
            json!({ "what": "work_log", "of": log.month, "purpose": "archive" }),
        )
        .await?;
    ensure!(paper.line.contains(&paper.number));
    let left = device.trail("print_made")?;
    let left = left.last().context("it is in the trail")?;
    ensure!(left.detail.contains(&format!("rows={lines} ")));
    let _: Value = device.call("duties", json!({ "month": null })).await?;
    Ok(())
}

/// A wish that is in no hurry is watched and no more (domain.md §6.1).
async fn wishes_are_watched(station: &Device) -> Result<()> {
    let problems: ProblemListView = station.call("problems", Value::Null).await?;
    let of_a_kind = problems.rows.iter().filter(|row| row.kind == "其他事情");
    let wishes: Vec<&str> = of_a_kind.map(|row| row.severity.as_str()).collect();
    ensure!(!wishes.is_empty(), "a year has wishes");
    ensure!(
        wishes.iter().all(|severity| *severity == "S4"),
        "{wishes:?}"
    );
    Ok(())
}

async fn station_computes(station: &Device) -> Result<()> {
    let children = pages_compute(station).await?;
    wishes_are_watched(station).await?;
    for command in [
        "villages",
        "inbox",
        "rounds",
        "reported",
        "devices",
        "people",
        "moves",
        "exports",
        "erasures",
        "delegation",
    ] {
        let _: Value = station.call(command, Value::Null).await?;
    }
    for child in &children {
        let id = json!({ "id": child });
        for command in ["erasure_form", "guest_form", "move_form", "recusals"] {
            let _: Value = station.call(command, id.clone()).await?;
        }
    }
    let month = station.tablet()?.today().format("%Y-%m").to_string();
    let _: Value = station
        .call("audit_month", json!({ "month": month }))
        .await?;
    let year = station.tablet()?.today().year();
    let pack: ExportFileView = station.call("yearly_pack", json!({ "year": year })).await?;
    ensure!(STANDARD.decode(pack.bytes)?.starts_with(b"PK"));
    let villages: VillageListView = station.call("villages", Value::Null).await?;
    for ledger in ["L1", "L2"] {
        for village in villages.rows.iter().filter(|row| row.children > 0) {
            let asked = json!({ "ledger": ledger, "village": village.village });
            let form: ExportFormView = station.call("export_form", asked).await?;
            ensure!(form.rows > 0, "{} {ledger}", village.name);
            let fields: Vec<&String> = form.fields.iter().map(|field| &field.key).collect();
            station.step_up().await?;
            let _: Value = station
                .call(
                    "make_export",
                    json!({
                        "request": null, "ledger": ledger, "village": village.village,
                        "purpose": form.purposes.first().context("a purpose")?.code,
                        "words": "年底核对", "fields": fields, "full_numbers": false,
                    }),
                )
                .await?;
        }
    }
    Ok(())
}
