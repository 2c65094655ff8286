//! A year of the whole township of the guide (domain.md §13), and what somebody waits for on it, against reading the rows of
//! the same device and nothing else.

use crate::measure::{Cost, Watch, print, wall};
use crate::open_today::{copy_projections, read_all};
use anyhow::{Context, Result, ensure};
use client::view::{AppView, ShellKind, VillageListView};
use ids::Clock as _;
use office::demo::{DAYS_OF_A_YEAR, DemoTownship, DemoVillage};
use serde_json::{Value, json};
use std::path::Path;
use store::ArgonCost;
use store::connection::open_reader;
use store::keys::SecretKey;
use zoufang_tests::demo;
use zoufang_tests::device::{Device, entropy};
use zoufang_tests::township::{Plan, Township};

const SEED: u64 = 20_260_701;
const VILLAGES: u32 = 12;
const PIN: &str = "283946";
/// The village over the headcount rule has so many children, and one village has none.
const MOST_CHILDREN: u32 = 33;

pub async fn run(folder: &Path, rounds: usize) -> Result<()> {
    let files = tempfile::tempdir_in(folder)?;
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy");
    let office = Plan::new(&files.path().join("office"), &policy);
    let first = office.found()?;
    let township = Township::start(&office).await?;
    let server = &township.server;
    let first = server.enrolment(first.enrolment).await?;
    let open = |name: &str, shell| Device::open(&files.path().join(name), shell, ArgonCost::FLOOR);
    let station = open("station", ShellKind::Station)?;
    station.enrol(server, &first, PIN).await?;
    let today = client::system::civil_date(client::system::SystemClock.now_ms());
    let plan = DemoTownship::generate_over(SEED, VILLAGES, today, DAYS_OF_A_YEAR);
    let tablet_of = |village: &DemoVillage| Ok(open(&village.key, ShellKind::Tablet)?);
    let staffed = demo::fill(server, &station, &plan, PIN, tablet_of).await?;

    let villages: VillageListView = station.call("villages", Value::Null).await?;
    let has = |children: u32| villages.rows.iter().any(|row| row.children == children);
    ensure!(
        has(MOST_CHILDREN) && has(0),
        "the township has a village of {MOST_CHILDREN} children and one of none"
    );
    let busiest = staffed
        .iter()
        .max_by_key(|staffed| demo::record_count(staffed.village))
        .context("a village is staffed")?;

    let everybody = json!({ "query": "", "village": null });
    let by_name = json!({ "query": "李", "village": null });
    waited_for(
        &busiest.device,
        &files.path().join("tablet-rows.db"),
        rounds,
        "year_tablet",
        &[
            ("today", "today", Value::Null),
            ("children", "search_children", everybody.clone()),
            ("coming", "coming", Value::Null),
        ],
    )
    .await?;
    waited_for(
        &station,
        &files.path().join("station-rows.db"),
        rounds,
        "year_station",
        &[
            ("overview", "overview", Value::Null),
            ("children", "search_children", everybody),
            ("search", "search_children", by_name),
            ("coming", "coming", Value::Null),
        ],
    )
    .await?;
    township.stop().await;
    Ok(())
}

/// The first page after the PIN, and each page again when nothing changed since.
async fn waited_for(
    device: &Device,
    bare: &Path,
    rounds: usize,
    name: &str,
    pages: &[(&str, &str, Value)],
) -> Result<()> {
    let key = SecretKey::random(entropy().as_ref());
    copy_projections(device, bare, &key)?;
    let (_, command, argument) = pages.first().context("there is a first page")?;
    let (mut limit, mut opened) = (Vec::new(), Vec::new());
    let mut drawn: Vec<Vec<Cost>> = vec![Vec::new(); pages.len()];
    // The first round warms caches and is not counted.
    for round in 0..=rounds {
        let watch = Watch::start();
        read_all(&open_reader(&store::SystemDisk, bare, &key)?)?;
        let read = watch.stop();
        let _: AppView = device.call("lock", Value::Null).await?;
        let watch = Watch::start();
        let _: AppView = device.call("unlock", json!({ "pin": PIN })).await?;
        let _: Value = device.call(command, argument.clone()).await?;
        let open = watch.stop();
        let mut again = Vec::new();
        for (_, command, argument) in pages {
            let watch = Watch::start();
            let _: Value = device.call(command, argument.clone()).await?;
            again.push(watch.stop());
        }
        if round > 0 {
            limit.push(read);
            opened.push(open);
            for (drawn, cost) in drawn.iter_mut().zip(again) {
                drawn.push(cost);
            }
        }
    }
    let rows = wall(&limit);
    let against = "open_and_read_all_projection_rows";
    print(&format!("{name}_open"), wall(&opened), "ms", against, rows);
    for ((page, _, _), costs) in pages.iter().zip(&drawn) {
        print(&format!("{name}_{page}"), wall(costs), "ms", against, rows);
    }
    Ok(())
}
