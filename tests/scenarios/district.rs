//! What an officer of the district sees, and what she does not (docs/adr/0039).

use anyhow::Context as _;
use anyhow::Result;
use client::commands::{COMMANDS, EXTENSION_COMMANDS};
use client::view::{
    AppView, AuditCountsView, CountView, MeView, SavedView, ShellKind, Stage, StationReportView,
    StationRow, StationsView,
};
use ids::{DocumentId, Role};
use serde_json::{Value, json};
use store::members;
use zoufang_tests::device::Device;
use zoufang_tests::story::{World, line};
use zoufang_tests::township::SetBack;

/// Commands of the door: of the app and its lock, before anybody's records are asked for.
const DOOR: &[&str] = &[
    "app",
    "enrol_start",
    "enrol_poll",
    "enrol_cancel",
    "offline_request",
    "offline_digits",
    "offline_answer",
    "choose_pin",
    "unlock",
    "lock",
    "switch_user",
    "choose_account",
    "enrol_another",
    "enrol_again",
    "recover_start",
    "recover_answer",
    "change_pin",
    "renew_key",
    "step_up",
    "clear_device",
    "practice_start",
    "practice_end",
    "sync_now",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_has_a_frame_of_her_own_and_no_file() -> Result<()> {
    let world = World::new().await?;
    let officer = world.officer("何珊").await?;
    let view: AppView = officer.call("app", Value::Null).await?;
    assert_eq!(
        (view.stage, view.shell),
        (Stage::Ready, ShellKind::District)
    );
    assert_eq!(view.unit.as_deref(), Some("沧浦区"));
    let me: MeView = officer.call("me", Value::Null).await?;
    assert_eq!((me.person.as_str(), me.children), ("何珊", 0));
    assert_eq!(me.unit_key, None, "no sealed words for her");

    world.settle(&[&officer]).await?;
    assert!(officer.heads()?.is_empty(), "no document ever comes");
    let tablet = officer.tablet()?;
    let people = tablet.store.read(members::all_staff)?;
    let names: Vec<&str> = people.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["何珊"]);
    assert_eq!(tablet.identity.role, Role::Officer);

    for command in COMMANDS.iter().chain(EXTENSION_COMMANDS) {
        if DOOR.contains(command) || client::standing::DISTRICT.contains(command) {
            continue;
        }
        let refusal = officer.refusal(command, json!({})).await?;
        assert_eq!(refusal.code, "district_only", "{command}");
    }
    let refusal = officer.refusal("practice_start", Value::Null).await?;
    assert_eq!(refusal.code, "not_allowed");

    // Another officer is another person; the township hears of neither.
    let colleague = world.officer("陆宁").await?;
    colleague.sync().await?;
    officer.sync().await?;
    let known = tablet.store.read(members::all_staff)?;
    assert_eq!(known.len(), 2);
    world.station.sync().await?;
    let station = world.station.tablet()?;
    let heard = station.store.read(members::all_staff)?;
    assert!(heard.iter().all(|one| one.role != Role::Officer));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_set_back_to_before_its_first_officer_knows_her_again() -> Result<()> {
    let mut world = World::new().await?;
    let copy = world.township.back_up(&world.folder().join("copy"))?;
    let officer = world.officer("何珊").await?;
    officer.sync().await?;
    let data = world.folder().join("set-back");
    world
        .township
        .set_back(&copy, &data, SetBack::Restored)
        .await?;
    officer.sync().await?;
    world.settle(&[&officer]).await?;
    let view: AppView = officer.call("app", Value::Null).await?;
    assert_eq!(
        (view.stage, view.shell),
        (Stage::Ready, ShellKind::District)
    );
    let colleague = world.officer("陆宁").await?;
    colleague.sync().await?;
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}

/// The station of another township of the district, enrolled and loaded, without a child.
async fn neighbour(world: &World) -> Result<Device> {
    let server = &world.township.server;
    let code = server
        .create_township("青溪镇".into(), "310199200000".into(), "何静".into())
        .await?;
    let device = world.open_device(&world.new_folder(), ShellKind::Station)?;
    device
        .enrol(server, &server.enrolment(code.enrolment).await?, "283946")
        .await?;
    Ok(device)
}

async fn stations(officer: &Device) -> Result<StationsView> {
    officer.call("stations", Value::Null).await
}

fn row<'a>(view: &'a StationsView, name: &str) -> Result<&'a StationRow> {
    view.rows
        .iter()
        .find(|row| row.name == name)
        .context("the station is listed")
}

async fn report_of(officer: &Device, station: &str) -> Result<StationReportView> {
    officer.call("station_report", json!({"id": station})).await
}

const EXACTLY: fn(u32) -> CountView = |n| CountView { least: n, most: n };
const FEW: CountView = CountView { least: 1, most: 4 };

#[tokio::test(flavor = "multi_thread")]
async fn stations_report_in_numbers_and_lines_and_nobody_is_named() -> Result<()> {
    let world = World::new().await?;
    let other = neighbour(&world).await?;
    other.sync().await?;
    let officer = world.officer("何珊").await?;
    officer.sync().await?;

    // The silent one is on top; the other reported the day its register was read in.
    let view = stations(&officer).await?;
    let names: Vec<&str> = view.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["青溪镇", "芦汀镇"]);
    let (silent, ours) = (row(&view, "青溪镇")?, row(&view, "芦汀镇")?);
    assert!(silent.silent && silent.day.is_none());
    assert_eq!(
        (ours.day.as_deref(), ours.silent, ours.children),
        (Some("2026-11-02"), false, EXACTLY(6))
    );
    assert!(view.lines.is_empty());

    // What came on the same day goes with the next report.
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let report: SavedView = tablet
        .call(
            "report_problem",
            json!({"children": [child], "card": "hurt", "urgency": "now", "seen": "孩子说继父用皮带抽他的背。",
                   "origin_record": null,
                   "mandatory": {"choice": "reported", "text": "已打110，接警员姓高，皮带在家里。"}}),
        )
        .await?;
    let small = world.create_village("青溪村", "310199100202").await?;
    world
        .import(
            small,
            &[
                line("钱多多", "2016-07-07", "钱守义", "一组"),
                line("孙悦", "2015-02-14", "孙来福", "二组"),
            ],
        )
        .await?;
    world.settle(&[&tablet, &officer]).await?;
    assert!(
        stations(&officer).await?.lines.is_empty(),
        "once a day at most"
    );

    world.go_to_day(1, &[&tablet, &officer, &other]);
    world.station.sync().await?;
    officer.sync().await?;
    let view = stations(&officer).await?;
    assert_eq!(row(&view, "芦汀镇")?.day.as_deref(), Some("2026-11-03"));
    assert_eq!(view.lines.len(), 1);
    let said = &view.lines[0];
    assert_eq!(
        (
            said.problem.as_str(),
            said.village.as_str(),
            said.day.as_str()
        ),
        (report.record.as_str(), "白荷村", "2026-11-02")
    );
    assert_eq!(
        (
            said.severity_code.as_str(),
            said.mandatory,
            said.receipt,
            said.late
        ),
        ("S1", true, false, true)
    );
    assert_eq!(
        (said.step.as_deref(), said.side.as_deref()),
        (Some("accept"), Some("station"))
    );

    // Small numbers left the station as such; what the station's people see is what the district sees, to the letter.
    let station = row(&view, "芦汀镇")?.station.clone();
    let there = report_of(&officer, &station).await?;
    let village = |name: &str| {
        let mut villages = there.villages.iter();
        villages.find(|village| village.name == name).cloned()
    };
    let (large, small) = (
        village("白荷村").context("it is counted")?,
        village("青溪村").context("it is counted")?,
    );
    assert_eq!((large.children, small.children), (EXACTLY(6), FEW));
    let category = |one: &client::view::ReportedVillageView| one.categories[0].count;
    assert_eq!((category(&large), category(&small)), (EXACTLY(6), FEW));
    assert_eq!(large.problems[0].count, EXACTLY(1));
    let here: StationReportView = world.station.call("reported", Value::Null).await?;
    assert_eq!(serde_json::to_value(&here)?, serde_json::to_value(&there)?);

    // Neither a name nor a word nor a child's id is in any byte of what was sent.
    let kept = officer
        .tablet()?
        .store
        .read(store::reports::get)?
        .context("the officer keeps what she heard")?;
    let holds = |part: &[u8]| kept.packed.windows(part.len()).any(|bytes| bytes == part);
    assert!(
        holds("白荷村".as_bytes()),
        "the bytes are looked at as they are"
    );
    for words in [
        "周子涵",
        "周建国",
        "石小雨",
        "王秀兰",
        "钱多多",
        "孙来福",
        "李玉梅",
        "陈敏",
        "皮带",
        "继父",
        "二组",
        "10055512034",
    ] {
        assert!(!holds(words.as_bytes()), "{words}");
    }
    let mut children = 0;
    for row in world.station.children().await?.rows {
        children += 1;
        let id = DocumentId::parse(&row.child)?;
        assert!(!holds(id.0.as_bytes()) && !holds(row.child.as_bytes()));
    }
    assert_eq!(children, 8);

    // Nobody else reads it, and without a network the officer reads what came last.
    for device in [&tablet, &world.station] {
        assert_eq!(
            device.refusal("stations", Value::Null).await?.code,
            "not_allowed"
        );
    }
    assert_eq!(
        tablet.refusal("reported", Value::Null).await?.code,
        "not_allowed"
    );
    let own: StationReportView = other.call("reported", Value::Null).await?;
    assert_eq!((own.name.as_str(), own.day), ("青溪镇", None));
    world.cut_network();
    officer.failed_sync().await?;
    assert_eq!(stations(&officer).await?.lines.len(), 1);
    world.restore_network();
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_back_server_is_told_again_and_a_station_that_says_nothing_becomes_silent()
-> Result<()> {
    let mut world = World::new().await?;
    let officer = world.officer("何珊").await?;
    officer.sync().await?;
    let copy = world.township.back_up(&world.folder().join("copy"))?;
    let elsewhere = world.create_village("青溪村", "310199100202").await?;
    let register: Vec<_> = ["钱多多", "孙悦", "吴量", "郑好", "冯起"]
        .iter()
        .map(|name| line(name, "2016-07-07", "钱守义", "一组"))
        .collect();
    world.import(elsewhere, &register).await?;
    world.go_to_day(1, &[&officer]);
    world.settle(&[&officer]).await?;
    let before = stations(&officer).await?;
    assert_eq!(row(&before, "芦汀镇")?.children, EXACTLY(11));

    let data = world.folder().join("set-back");
    world
        .township
        .set_back(&copy, &data, SetBack::Restored)
        .await?;
    world.settle(&[&officer]).await?;
    world.settle(&[&officer]).await?;
    let after = stations(&officer).await?;
    assert_eq!(
        (
            row(&after, "芦汀镇")?.day.as_deref(),
            row(&after, "芦汀镇")?.children
        ),
        (Some("2026-11-03"), EXACTLY(11)),
        "the server had lost it, and has it again"
    );
    assert_eq!(world.township.faults()?, Vec::<String>::new());

    // Nobody is at the station for more than a week.
    world.go_to_day(9, &[&officer]);
    officer.sync().await?;
    let view = stations(&officer).await?;
    let ours = row(&view, "芦汀镇")?;
    assert_eq!((ours.silent, ours.days), (true, Some(8)));
    world.township.stop().await;
    Ok(())
}

/// The officer reads how often who did what at her stations, and never a row, a child or another district's.
#[tokio::test(flavor = "multi_thread")]
async fn the_district_reads_the_trails_of_its_stations_in_numbers() -> Result<()> {
    const MONTH: &str = "2026-11";
    let world = World::new().await?;
    let station = &world.station;
    let other = neighbour(&world).await?;
    other.sync().await?;
    let officer = world.officer("何珊").await?;
    officer.sync().await?;
    let child = station.child("石小雨").await?;
    station.file(&child).await?;
    station.step_up().await?;
    let copy =
        json!({"child": child, "purpose": "subject", "words": "父亲来要一份", "request": null});
    let _: Value = station.call("export_child", copy).await?;
    let asked = json!({ "month": MONTH });
    let _: Value = station.call("review_audit", asked.clone()).await?;

    let view: AuditCountsView = officer.call("audit_counts", asked.clone()).await?;
    let ours = view.stations.iter().find(|one| one.name == "芦汀镇");
    let ours = ours.context("it is listed")?;
    let theirs = view.stations.iter().find(|one| one.name == "青溪镇");
    assert!(ours.reviewed && !theirs.context("it is listed")?.reviewed);
    let acts: Vec<_> = ours.people.iter().flat_map(|one| &one.acts).collect();
    assert!(
        acts.iter()
            .any(|act| act.action == "view_child" && act.count > 0)
    );
    let left = acts.iter().find(|act| act.action == "export_made");
    let left = left.context("a copy left")?;
    assert_eq!((left.count, left.rows), (1, 1));
    assert!(left.purpose.is_some());
    let said = serde_json::to_string(&view)?;
    for secret in [child.as_str(), "石小雨", "父亲来要一份"] {
        assert!(!said.contains(secret), "{secret}");
    }
    let wrong = officer.refusal("audit_counts", json!({"month": "2026-13"}));
    assert_eq!(wrong.await?.code, "value_invalid");
    // It is nobody else's to read, and the rows themselves are not hers.
    let refused = station.refusal("audit_counts", asked.clone()).await?;
    assert_eq!(refused.code, "not_allowed");
    let refused = officer.refusal("audit_month", asked).await?;
    assert_eq!(refused.code, "district_only");
    world.township.stop().await;
    Ok(())
}
