//! From an Excel roster to a visit seen at the station, and the answer seen on the tablet.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::view::{
    AppView, ChildFileView, ChildListView, EnrolmentView, ImportPreviewView, ImportResultView,
    ImportStatusView, InboxView, PeopleView, ProblemListView, ProblemView, RecordState, SavedView,
    ShellKind, Stage, SyncView, TodayView, VillageListView, VisitFormView,
};
use serde_json::{Value, json};
use std::path::Path;
use store::ArgonCost;
use zoufang_tests::device::Device;
use zoufang_tests::township::{Plan, Township};

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_becomes_visits_the_station_sees_and_answers() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy");
    let plan = Plan::new(folder.path(), &policy);
    let first = plan.found()?;
    let township = Township::start(&plan).await?;
    let first = township.server.enrolment(first.enrolment).await?;
    let station = Device::open(
        &folder.path().join("station"),
        ShellKind::Station,
        ArgonCost::FLOOR,
    )?;
    station.enrol(&township.server, &first, "283946").await?;

    let villages: VillageListView = station
        .call(
            "create_village",
            json!({"name": "白荷村", "region": "310199100201"}),
        )
        .await?;
    let village = villages
        .rows
        .first()
        .context("the village is there")?
        .village
        .clone();

    let generated = office::demo::DemoTownship::generate(7, 4, station.tablet()?.today());
    let ledger = &office::demo::ledgers(&generated)?[0];
    let preview: ImportPreviewView = station
        .call(
            "import_preview",
            json!({"village": village, "file_name": ledger.file_name, "bytes": STANDARD.encode(&ledger.bytes)}),
        )
        .await?;
    assert!(preview.new > 0, "{preview:?}");
    let mut status: ImportStatusView = station
        .call("import_confirm", json!({"id": preview.import}))
        .await?;
    while status.state == "running" {
        tokio::task::yield_now().await;
        status = station
            .call("import_status", json!({"id": preview.import}))
            .await?;
    }
    assert_eq!(status.state, "done");
    // What became of each row has names in it: it leaves for the PIN, encrypted, with a number.
    assert!(status.has_result);
    let ask = json!({"id": preview.import});
    let refused = station.refusal("import_result", ask.clone()).await?;
    assert_eq!(refused.code, "pin_again");
    station.sync().await?;

    station.step_up().await?;
    let result: ImportResultView = station.call("import_result", ask).await?;
    let bytes = STANDARD.decode(result.bytes)?;
    assert_eq!(bytes[..4], [0xd0, 0xcf, 0x11, 0xe0], "no plain workbook");
    assert!(result.number.starts_with("I-") && result.password.len() == 14);
    let _: PeopleView = station
        .call(
            "appoint",
            json!({"role": "director", "village": village, "person": "李玉梅", "from": "2026-01-01", "until": "",
                   "approved_by": "沈岚", "basis": "芦民批〔2026〕7号", "vetted_on": "2026-01-01",
                   "vetting": "查询2026-118", "replaces": null}),
        )
        .await?;
    let code: EnrolmentView = station
        .call(
            "new_enrolment",
            json!({"role": "director", "village": village, "person": "李玉梅"}),
        )
        .await?;
    let tablet = Device::open(
        &folder.path().join("tablet"),
        ShellKind::Tablet,
        ArgonCost::FLOOR,
    )?;
    let here: AppView = tablet
        .call(
            "enrol_start",
            json!({"address": code.address, "code": code.code}),
        )
        .await?;
    let there: EnrolmentView = station
        .call("enrolment", json!({"id": code.enrolment}))
        .await?;
    assert!(here.compare_code.is_some());
    assert_eq!(here.compare_code, there.compare_code);
    let _: EnrolmentView = station
        .call(
            "confirm_enrolment",
            json!({"id": code.enrolment, "compare_code": there.compare_code}),
        )
        .await?;
    let view: AppView = tablet.call("enrol_poll", Value::Null).await?;
    assert_eq!(view.stage, Stage::ChoosePin);
    let _: AppView = tablet.call("choose_pin", json!({"pin": "735182"})).await?;
    tablet.load().await?;

    let today: TodayView = tablet.call("today", Value::Null).await?;
    assert_eq!(today.children, preview.new);
    let all: ChildListView = tablet
        .call("search_children", json!({"query": "", "village": null}))
        .await?;
    let child = all.rows.first().context("a child")?.child.clone();

    township.relay.cut();
    let contact: SavedView = tablet
        .call(
            "record_contact",
            json!({"child": child, "event_date": today.date, "mode": "phone", "party": ["caregiver"], "reached": true,
                   "child_state": "normal", "topics": [], "parent_contact_ok": null, "note": ""}),
        )
        .await?;
    let counts = |saved: &SavedView| saved.children.iter().all(|one| one.why_not.is_none());
    assert!(counts(&contact), "{contact:?}");
    let mut form: VisitFormView = tablet.call("open_visit", json!({"id": child})).await?;
    form = answer(&tablet, &form, "session", "a_met", &["child", "caregiver"]).await?;
    for part in form.parts.clone() {
        if part.part != "session" {
            form = answer(&tablet, &form, &part.part, "a_seen", &["y"]).await?;
            form = answer(&tablet, &form, &part.part, "l_overall", &["normal"]).await?;
        }
    }
    let saved: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    assert!(counts(&saved), "{saved:?}");
    assert!(tablet.sync().await.is_err(), "there is no network");
    let sync: SyncView = tablet.call("sync_status", Value::Null).await?;
    assert!(!sync.online && sync.unsent.len() >= 2, "{sync:?}");
    let _: SavedView = tablet
        .call(
            "report_problem",
            json!({"children": [child], "card": "danger", "urgency": "later", "seen": "门口河边没有护栏。",
                   "origin_record": null, "mandatory": null}),
        )
        .await?;

    township.relay.restore();
    tablet.sync().await?;
    let sync: SyncView = tablet.call("sync_status", Value::Null).await?;
    assert!(
        sync.unsent.is_empty() && sync.needs_you.is_empty(),
        "{sync:?}"
    );
    let file: ChildFileView = tablet.call("child_file", json!({"id": child})).await?;
    assert!(
        file.timeline
            .iter()
            .all(|line| line.state == RecordState::Delivered)
    );

    station.sync().await?;
    let inbox: InboxView = station.call("inbox", Value::Null).await?;
    assert!(
        inbox
            .rows
            .iter()
            .any(|row| row.kind == "visit" && row.by == "李玉梅"),
        "{inbox:?}"
    );
    let problems: ProblemListView = station.call("problems", Value::Null).await?;
    let problem = problems
        .rows
        .first()
        .context("the problem arrived")?
        .problem
        .clone();
    for (kind, text) in [("accepted", ""), ("replied", "明天派人装护栏。")] {
        let _: ProblemView = station
            .call(
                "add_problem_event",
                json!({"problem": problem, "kind": kind, "text": text}),
            )
            .await?;
    }
    station.sync().await?;
    tablet.sync().await?;
    let problems: ProblemListView = tablet.call("problems", Value::Null).await?;
    assert_eq!(
        problems.rows[0].last_answer.as_deref(),
        Some("明天派人装护栏。")
    );
    assert!(problems.rows[0].unread);
    township.stop().await;
    Ok(())
}

async fn answer(
    device: &Device,
    form: &VisitFormView,
    part: &str,
    key: &str,
    codes: &[&str],
) -> Result<VisitFormView> {
    device
        .call(
            "answer_visit",
            json!({"draft": form.draft, "part": part, "key": key, "codes": codes, "text": null}),
        )
        .await
}
