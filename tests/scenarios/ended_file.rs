//! A file ends, is opened again, and is told in another one of the same child: proposed, decided by the station, undone, and
//! never shorter by a word.

use anyhow::{Context, Result};
use client::view::{
    ChildFileView, ChildListView, ComingView, FileState, FileStatusView, ProblemFormView,
    SavedView, ScreeningView, ShellKind, TimelineKind, TodayView, VisitFormView,
};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};

/// What a carer of three or more is called in the screening.
const THREE: &str = "一名照料人带三个以上孩子";

fn end(child: &str, reason: &str, on: &str) -> Value {
    json!({"child": child, "step": "end", "reason": reason, "on": on, "into": null, "text": "村里开了证明。"})
}

fn step(child: &str, step: &str, into: Option<&str>) -> Value {
    json!({"child": child, "step": step, "reason": null, "on": null, "into": into, "text": "看过户口本。"})
}

async fn propose(device: &Device, asked: Value) -> Result<FileStatusView> {
    let file: ChildFileView = device.call("propose_status", asked).await?;
    Ok(file.status)
}

fn answer(child: &str, status: &FileStatusView, answer: &str, text: &str) -> Result<Value> {
    let waiting = status.waiting.first().context("something waits")?;
    Ok(json!({"child": child, "proposal": waiting.proposal, "answer": answer, "text": text}))
}

async fn status(device: &Device, child: &str) -> Result<FileStatusView> {
    Ok(device.file(child).await?.status)
}

async fn is_on_today(device: &Device, name: &str) -> Result<bool> {
    let today: TodayView = device.call("today", Value::Null).await?;
    let mut children = today.rows.iter().flat_map(|row| &row.children);
    Ok(children.any(|child| child.name == name))
}

fn visits(file: &ChildFileView) -> Vec<&str> {
    let rows = file.timeline.iter();
    rows.filter(|row| row.kind == TimelineKind::Visit)
        .map(|row| row.record.as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_ends_when_the_station_agrees_and_is_opened_again() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let refused = |asked: Value| tablet.refusal("propose_status", asked);
    for (asked, code) in [
        (end(&child, "age18", "2026-11-02"), "ending_wants_visit"),
        (end(&child, "bored", "2026-11-02"), "value_invalid"),
        (end(&child, "moved", "2026-11-03"), "date_future"),
        (step(&child, "reopen", None), "status_changed"),
        (step(&child, "merge", Some(&child)), "station_decides"),
        (step(&child, "fly", None), "value_invalid"),
        (
            json!({"child": child, "step": "end", "reason": "moved", "on": "2026-11-02", "into": null, "text": " "}),
            "text_missing",
        ),
    ] {
        assert_eq!(refused(asked).await?.code, code);
    }
    let asks = status(&tablet, &child).await?.asks;
    let ask = asks.first().context("a death asks")?;
    assert_eq!(
        (ask.reason.as_str(), ask.card.as_str(), ask.kind.as_str()),
        ("deceased", "ill", "INJURY")
    );

    tablet.visit(&child).await?;
    world.cut_network();
    let waiting = propose(&tablet, end(&child, "age18", "2026-11-02")).await?;
    assert_eq!(waiting.state, FileState::Runs);
    assert!(
        is_on_today(&tablet, "周子涵").await?,
        "nothing changes before the station agreed"
    );
    let again = refused(end(&child, "age18", "2026-11-02")).await?;
    assert_eq!(again.code, "already_proposed");
    let by_herself = answer(&child, &waiting, "confirmed", "")?;
    let not_hers = tablet.refusal("decide_status", by_herself).await?;
    assert_eq!(not_hers.code, "station_decides");
    world.restore_network();
    world.settle(&[&tablet]).await?;

    // The station finds it on its list and sends it back; then it agrees to the next one.
    let station = &world.station;
    let coming: ComingView = station.call("coming", Value::Null).await?;
    assert_eq!(coming.status.len(), 1);
    assert!(
        coming.status[0].text.contains("年满18周岁"),
        "{}",
        coming.status[0].text
    );
    let seen = status(station, &child).await?;
    assert!(seen.decides);
    let wordless = station
        .refusal("decide_status", answer(&child, &seen, "sent_back", "")?)
        .await?;
    assert_eq!(wordless.code, "text_missing");
    let back = answer(&child, &seen, "sent_back", "他才十一岁，是搬走了吧？")?;
    let _: ChildFileView = station.call("decide_status", back).await?;
    world.settle(&[&tablet]).await?;
    let told = status(&tablet, &child).await?;
    assert_eq!(told.past[0].answer.as_deref(), Some("sent_back"));
    assert!(told.past[0].answer_text.contains("十一岁") && told.waiting.is_empty());

    let mine = propose(&tablet, end(&child, "moved", "2026-11-02")).await?;
    world.settle(&[&tablet]).await?;
    let agree = answer(&child, &mine, "confirmed", "")?;
    assert_eq!(
        station.refusal("decide_status", agree.clone()).await?.code,
        "pin_again"
    );
    station.step_up().await?;
    let _: ChildFileView = station.call("decide_status", agree.clone()).await?;
    let twice = station.refusal("decide_status", agree).await?;
    assert_eq!(twice.code, "status_changed");
    world.settle(&[&tablet]).await?;

    let file = tablet.file(&child).await?;
    assert_eq!(file.status.state, FileState::Ended);
    assert_eq!(file.status.reason.as_deref(), Some("迁出"));
    assert!(file.dues.is_empty() && !is_on_today(&tablet, "周子涵").await?);
    assert_eq!(visits(&file).len(), 1, "everything stays readable");
    let list: ChildListView = tablet.children().await?;
    assert_eq!(
        list.rows.last().map(|row| (row.name.as_str(), row.over)),
        Some(("周子涵", true))
    );

    // Two months later, long after it left the tablet, it is opened again: what lies between was not missed.
    world.go_to_day(60, &[&tablet]);
    world.settle(&[&tablet]).await?;
    let mine = propose(station, step(&child, "reopen", None)).await?;
    station.step_up().await?;
    let agree = answer(&child, &mine, "confirmed", "")?;
    let _: ChildFileView = station.call("decide_status", agree).await?;
    world.settle(&[&tablet]).await?;
    let file = tablet.file(&child).await?;
    assert_eq!(file.status.state, FileState::Runs);
    assert!(!file.dues.is_empty() && is_on_today(&tablet, "周子涵").await?);
    assert!(file.misses.is_empty(), "{}", file.misses.len());
    assert_eq!(file.status.past.len(), 3);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_files_of_one_child_are_told_in_one_and_parted_again() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let again = json!({"name": "石小雨", "sex": "2", "birth_date": "2016-03-05", "village": null,
                       "household": null, "category": "LB-1", "reason": "不知道已经建过档"});
    let _: SavedView = tablet.call("add_child", again).await?;
    let list = tablet.children().await?;
    let both: Vec<String> = list
        .rows
        .iter()
        .filter(|row| row.name == "石小雨")
        .map(|row| row.child.clone())
        .collect();
    let [leading, other] = both.as_slice() else {
        anyhow::bail!("two files of one child: {}", both.len());
    };
    tablet.visit(leading).await?;
    let visited = tablet.visit(other).await?;
    world.settle(&[&tablet]).await?;

    let station = &world.station;
    let alike = status(station, other).await?.alike;
    assert!(
        alike.iter().any(|one| one.child == *leading),
        "it is said, and no more"
    );
    let proposed = propose(station, step(other, "merge", Some(leading))).await?;
    station.step_up().await?;
    let agree = answer(other, &proposed, "confirmed", "")?;
    let _: ChildFileView = station.call("decide_status", agree).await?;
    world.settle(&[&tablet]).await?;
    for device in [&tablet, station] {
        let gone = device.file(other).await?;
        assert_eq!(gone.status.state, FileState::Told);
        assert_eq!(gone.status.into.context("where it went")?.child, *leading);
        assert!(gone.dues.is_empty());
        let file = device.file(leading).await?;
        assert_eq!(visits(&file).len(), 2);
        assert_eq!(file.status.told_here.len(), 1);
        let row = file.timeline.iter().find(|row| row.record == visited);
        let row = row.context("the visit of the other file")?;
        assert_eq!(
            (row.file.as_str(), row.by.as_str()),
            (other.as_str(), "李玉梅")
        );
        assert!(!row.can_amend, "it is put right where it lies");
    }
    let list = tablet.children().await?;
    assert_eq!(list.rows.iter().filter(|row| row.over).count(), 1);

    let proposed = propose(station, step(other, "part", None)).await?;
    let agree = answer(other, &proposed, "confirmed", "")?;
    let _: ChildFileView = station.call("decide_status", agree).await?;
    world.settle(&[&tablet]).await?;
    assert_eq!(visits(&tablet.file(leading).await?).len(), 1);
    let own = tablet.file(other).await?;
    assert_eq!((own.status.state, visits(&own).len()), (FileState::Runs, 1));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_station_has_two_people_a_merge_is_confirmed_by_the_other() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let (one, two) = (tablet.child("吴天宇").await?, tablet.child("郑可欣").await?);
    let station = &world.station;
    let first = propose(station, step(&one, "merge", Some(&two))).await?;
    assert!(!first.waiting[0].another, "she is alone");
    let colleague = world.open_device(&world.new_folder(), ShellKind::Station)?;
    let code = CreateEnrolment {
        unit: station.tablet()?.identity.scope,
        role: Role::Supervisor,
        person: "高岚".to_owned(),
    };
    let code = world.township.server.create_enrolment(code).await?;
    colleague.enrol(&world.township.server, &code, PIN).await?;
    world.settle(&[&tablet]).await?;
    colleague.sync().await?;

    let waits = status(station, &one).await?;
    assert!(waits.waiting[0].another && waits.waiting[0].mine);
    station.step_up().await?;
    let agree = answer(&one, &first, "confirmed", "")?;
    let refused = station.refusal("decide_status", agree.clone()).await?;
    assert_eq!(refused.code, "another_confirms");
    // What a colleague signed is hers to take back, and a proposal is nobody else's.
    let back = answer(&one, &first, "withdrawn", "")?;
    assert_eq!(
        colleague.refusal("decide_status", back).await?.code,
        "not_allowed"
    );
    let seen = status(&colleague, &one).await?;
    assert!(!seen.waiting[0].another && !seen.waiting[0].mine);
    colleague.step_up().await?;
    let _: ChildFileView = colleague.call("decide_status", agree).await?;
    colleague.sync().await?;
    world.settle(&[&tablet]).await?;
    assert_eq!(status(&tablet, &one).await?.state, FileState::Told);

    // To part them is one's own to confirm: nothing is put together by it.
    let parted = propose(station, step(&one, "part", None)).await?;
    assert!(!parted.waiting[0].another);
    let agree = answer(&one, &parted, "confirmed", "")?;
    let _: ChildFileView = station.call("decide_status", agree).await?;
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_files_told_in_each_other_apart_lose_no_child() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let (one, two) = (tablet.child("吴天宇").await?, tablet.child("郑可欣").await?);
    let station = &world.station;
    let first = propose(station, step(&one, "merge", Some(&two))).await?;
    let second = propose(station, step(&two, "merge", Some(&one))).await?;
    station.step_up().await?;
    let _: ChildFileView = station
        .call("decide_status", answer(&one, &first, "confirmed", "")?)
        .await?;
    // On one device the second one finds that its leading file does not run any more.
    let refused = station
        .refusal("decide_status", answer(&two, &second, "confirmed", "")?)
        .await?;
    assert_eq!(refused.code, "status_changed");
    world.settle(&[&tablet]).await?;
    assert!(is_on_today(&tablet, "郑可欣").await?);
    assert!(!is_on_today(&tablet, "吴天宇").await?);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_home_is_written_into_no_file_that_ended() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let sister = tablet.child("石小晨").await?;
    let station = &world.station;
    let proposed = propose(station, end(&sister, "moved", "2026-11-02")).await?;
    station.step_up().await?;
    let agree = answer(&sister, &proposed, "confirmed", "")?;
    let _: ChildFileView = station.call("decide_status", agree).await?;
    world.settle(&[&tablet]).await?;

    let form: Value = tablet.call("attempt_form", json!({"id": child})).await?;
    assert_eq!(form["names"], "石小雨", "what is shown is what is written");
    let attempt = json!({"household": form["household"], "event_date": "2026-11-02", "reason": "nobody_home", "next_on": null, "note": ""});
    let saved: SavedView = tablet.call("record_attempt", attempt).await?;
    assert_eq!(saved.names, "石小雨");
    let attempts = |file: &ChildFileView| {
        let rows = file.timeline.iter();
        rows.filter(|row| row.kind == TimelineKind::Attempt).count()
    };
    assert_eq!(attempts(&tablet.file(&child).await?), 1);
    assert_eq!(attempts(&tablet.file(&sister).await?), 0);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sibling_whose_file_ended_is_in_no_new_visit_screening_or_report() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let sister = tablet.child("石小晨").await?;
    let form: Value = tablet.call("attempt_form", json!({"id": child})).await?;
    let third = json!({"name": "石小雪", "sex": "2", "birth_date": "2020-02-02", "category": "LB-1", "reason": "同住。",
        "household": form["household"], "village": null});
    let _: SavedView = tablet.call("add_child", third).await?;
    world.settle(&[&tablet]).await?;
    let third = tablet.child("石小雪").await?;

    // While all three files run, all of them are of the household.
    let counted = |view: &ScreeningView| {
        view.found
            .iter()
            .any(|one| one.label.as_deref() == Some(THREE))
    };
    let visit = tablet.visit(&child).await?;
    let of = json!({"child": child, "record": visit});
    let screened: ScreeningView = tablet.call("screening", of.clone()).await?;
    assert!(counted(&screened));

    let station = &world.station;
    let proposed = propose(station, end(&sister, "moved", "2026-11-02")).await?;
    station.step_up().await?;
    let agree = answer(&sister, &proposed, "confirmed", "")?;
    let _: ChildFileView = station.call("decide_status", agree).await?;
    world.settle(&[&tablet]).await?;

    let before = visits(&tablet.file(&sister).await?).len();
    let form: VisitFormView = tablet.begin_visit(&child).await?;
    let mut parts: Vec<&str> = form.parts.iter().map(|part| part.part.as_str()).collect();
    parts.sort_unstable();
    let mut wanted = vec![child.as_str(), third.as_str(), "session"];
    wanted.sort_unstable();
    assert_eq!(parts, wanted);
    let _: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    assert_eq!(visits(&tablet.file(&sister).await?).len(), before);
    let screened: ScreeningView = tablet.call("screening", of).await?;
    assert!(!counted(&screened), "two are brought up there");
    let report: ProblemFormView = tablet.call("problem_form", json!({"id": child})).await?;
    let offered: Vec<&str> = report
        .siblings
        .iter()
        .map(|one| one.label.as_str())
        .collect();
    assert_eq!(offered, ["石小雪"]);

    // Who asks for the ended file itself gets it.
    let form: VisitFormView = tablet.call("open_visit", json!({"id": sister})).await?;
    assert!(form.parts.iter().any(|part| part.part == sister));
    world.township.stop().await;
    Ok(())
}
