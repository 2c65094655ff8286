//! A matter with sealed words goes by its number in every list, for whoever is neither its handler nor the head nor its
//! reporter (domain.md P-25, docs/adr/0043).

use crate::mandatory::uneasy;
use anyhow::{Context, Result, ensure};
use client::view::{
    ChildFileView, DevicesView, MovesView, OverviewView, PeopleView, PersonRow, ProblemListView,
    ProblemRow, ProblemView, RecusalsView, ReviewRow, SavedView, ShellKind, StationReportView,
    TimelineKind, TodayView, WorkLogView,
};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, change_rule, shows};

const CHILD: &str = "周子涵";
const CARD: &str = "孩子被打骂、伤害";
const ABUSE: &str = "疑似家庭暴力或虐待";

async fn colleague(world: &World, role: Role, person: &str) -> Result<Device> {
    let device = world.open_device(&world.new_folder(), ShellKind::Station)?;
    let code = CreateEnrolment {
        unit: world.station.tablet()?.identity.scope,
        role,
        person: person.to_owned(),
    };
    let code = world.township.server.create_enrolment(code).await?;
    device.enrol(&world.township.server, &code, PIN).await?;
    Ok(device)
}

async fn listed(device: &Device, problem: &str) -> Result<ProblemRow> {
    let list: ProblemListView = device.call("problems", Value::Null).await?;
    let mut rows = list.rows.into_iter();
    rows.find(|row| row.problem == problem)
        .context("it is listed")
}

async fn in_the_file(device: &Device, child: &str) -> Result<String> {
    let file: ChildFileView = device.file(child).await?;
    let mut lines = file.timeline.into_iter();
    let line = lines.find(|line| line.kind == TimelineKind::Problem);
    Ok(line.context("it is in the timeline")?.text)
}

fn by_number_alone(row: &ProblemRow, number: &str) -> Result<()> {
    ensure!(row.kind == number, "{}", row.kind);
    for words in [CHILD, CARD, ABUSE, "李玉梅", "继父", "派出所"] {
        ensure!(!shows(row, words), "{words}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_matter_goes_by_its_number_for_whoever_it_is_not_for() -> Result<()> {
    let world = World::new().await?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let elsewhere = world.create_village("苇桥村", "310199100207").await?;
    let reporter = world.tablet("李玉梅").await?;
    let second = world.tablet("王秀").await?;
    let neighbour = world.tablet_of(elsewhere, "何静").await?;
    let people: PeopleView = world.station.call("people", Value::Null).await?;
    let staff = |name: &str| {
        let mut all = people.people.iter();
        let found: Option<&PersonRow> = all.find(|person| person.person == name);
        found
            .map(|person| person.staff.clone())
            .context("she is there")
    };
    let cover = json!({"village": world.village.to_string(), "delegate": staff("何静")?, "absent": staff("李玉梅")?,
                       "from": people.today, "until": people.today});
    world.station.step_up().await?;
    let _: PeopleView = world.station.call("cover_village", cover).await?;

    let child = reporter.child(CHILD).await?;
    let saved: SavedView = reporter
        .call(
            "report_problem",
            json!({"children": [child], "card": "hurt", "kind": "SEXUAL", "urgency": "now", "seen": "继父的事。",
                   "origin_record": null, "mandatory": {"choice": "reported", "text": "已打110。"}}),
        )
        .await?;
    let problem = saved.record;
    world.settle(&[&reporter]).await?;
    let station = &world.station;
    let number = listed(&reporter, &problem).await?.number;
    let number = number.context("it has a number")?;
    assert!(number.starts_with("个案 20") && !number.contains(CHILD));

    // Nobody has taken it up: at the station the head alone is told what it is.
    for device in [&head, &other, &second, &neighbour] {
        device.sync().await?;
    }
    for device in [station, &other, &second, &neighbour] {
        by_number_alone(&listed(device, &problem).await?, &number)?;
        assert_eq!(in_the_file(device, &child).await?, number);
    }
    for device in [&reporter, &head] {
        let row = listed(device, &problem).await?;
        assert_eq!((row.names.as_str(), row.kind.as_str()), (CHILD, CARD));
        assert_eq!(row.number.as_ref(), Some(&number), "and the same number");
    }

    // Taking it up makes it hers.
    let accept = json!({"problem": problem, "kind": "accepted", "text": ""});
    let _: ProblemView = station.call("add_problem_event", accept).await?;
    let reply = json!({"problem": problem, "kind": "replied", "text": "派出所明天来。"});
    let _: ProblemView = station.call("add_problem_event", reply).await?;
    let row = listed(station, &problem).await?;
    assert_eq!((row.names.as_str(), row.kind.as_str()), (CHILD, CARD));
    station.sync().await?;
    for device in [&other, &second, &neighbour, &reporter] {
        device.sync().await?;
    }

    by_number_alone(&listed(&other, &problem).await?, &number)?;
    let overview: OverviewView = other.call("overview", Value::Null).await?;
    let waiting = overview.problems.iter().find(|row| row.problem == problem);
    by_number_alone(waiting.context("it is on the overview")?, &number)?;
    assert!(!shows(&overview, CARD) && !shows(&overview, ABUSE));
    let log: WorkLogView = station.call("work_log", json!({"month": null})).await?;
    assert!(shows(&log, &number) && !shows(&log, CARD) && !shows(&log, CHILD));
    // Its own page says more, after the trail does; paper does not.
    let page: ProblemView = other.call("problem", json!({"id": problem})).await?;
    assert_eq!(page.row.names, CHILD);
    assert_eq!(
        (page.paper.who.as_str(), page.paper.what.as_str()),
        (number.as_str(), "")
    );
    let page: ProblemView = station.call("problem", json!({"id": problem})).await?;
    assert!(page.paper.who.contains(CHILD) && page.paper.what == CARD);

    // In the village it is done under the number.
    for device in [&second, &neighbour] {
        by_number_alone(&listed(device, &problem).await?, &number)?;
        let today: TodayView = device.call("today", Value::Null).await?;
        assert!(!shows(&today, CARD) && !shows(&today, "派出所"));
        let page: ProblemView = device.call("problem", json!({"id": problem})).await?;
        by_number_alone(&page.row, &number)?;
        for words in [
            CHILD,
            CARD,
            ABUSE,
            "ABUSE",
            "SEXUAL",
            "李玉梅",
            "继父",
            "派出所",
        ] {
            assert!(!shows(&page, words), "{words}");
        }
    }
    let row = listed(&reporter, &problem).await?;
    assert_eq!(row.last_answer.as_deref(), Some("派出所明天来。"));

    // What the district sees says the number, too, until an officer was sent the case.
    station.sync().await?;
    other.sync().await?;
    let reported: StationReportView = other.call("reported", Value::Null).await?;
    let line = reported.lines.iter().find(|line| line.problem == problem);
    if let Some(line) = line {
        assert_eq!(line.kind, number);
    }
    world.township.stop().await;
    Ok(())
}

const SIBLING: &str = "石小晨";

async fn tray(device: &Device) -> Result<MovesView> {
    device.call("moves", Value::Null).await
}

/// Somebody is not to act for a family: she is a relative.
async fn bar(station: &Device, relative: &Device, child: &str) -> Result<()> {
    let barred = json!({"child": child, "staff": relative.tablet()?.identity.staff.to_string(),
                        "stead": "", "reason": "relative", "until": ""});
    station.step_up().await?;
    let _: RecusalsView = station.call("recuse", barred).await?;
    station.sync().await
}

/// A child that was hurt, and what was reported of it.
async fn hurt(tablet: &Device, name: &str) -> Result<(String, String)> {
    let child = tablet.child(name).await?;
    let report = json!({"children": [child], "card": "hurt", "urgency": "now", "seen": "身上有伤。",
        "origin_record": null, "mandatory": {"choice": "reported", "text": "已打110。"}});
    let report: SavedView = tablet.call("report_problem", report).await?;
    Ok((child, report.record))
}

/// What whoever left had taken up is taken over where no head may name somebody, and stays as far as it was.
async fn is_taken_over(station: &Device, head: &Device, child: &str, problem: &str) -> Result<()> {
    let ask = json!({"id": problem});
    let accepted = "accepted".to_owned();
    let view: ProblemView = station.call("problem", ask.clone()).await?;
    assert!(!view.may.contains(&accepted), "the head names somebody");
    bar(station, head, child).await?;
    let view: ProblemView = station.call("problem", ask).await?;
    assert!(view.handler.is_none() && view.may.contains(&accepted));
    let state = view.row.state;
    let taken = json!({"problem": problem, "kind": accepted, "text": ""});
    let view: ProblemView = station.call("add_problem_event", taken).await?;
    assert_eq!(view.handler.as_deref(), Some("陈敏"));
    assert!(view.row.state == state && !view.may.contains(&accepted));
    Ok(())
}

/// The rows of a tray of which this person is told the number alone.
fn numbered(rows: &[ReviewRow], recused: bool) -> Result<Vec<ReviewRow>> {
    let hidden: Vec<ReviewRow> = rows.iter().filter(|row| row.numbered).cloned().collect();
    for row in &hidden {
        let told = [&row.by, &row.unit, &row.device, &row.reason];
        ensure!(row.lines.is_empty() && told.iter().all(|text| text.is_empty()));
        ensure!(row.recused == recused, "{}", row.name);
        for words in [SIBLING, CARD, "李玉梅", "白荷村"] {
            ensure!(!shows(row, words), "{words}");
        }
    }
    Ok(hidden)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_matter_that_is_handed_over_is_read_by_the_head_and_taken_under_its_number()
-> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let involved = colleague(&world, Role::Supervisor, "宋洁").await?;
    let tablet = world.tablet("李玉梅").await?;
    let device = tablet.tablet()?.identity.device.to_string();
    let child = tablet.child(SIBLING).await?;
    world.settle(&[&tablet, &head, &involved]).await?;
    bar(station, &involved, &child).await?;
    involved.sync().await?;

    // She writes with no network, and is gone before anything of it came.
    world.cut_network();
    let visit = uneasy(&tablet, &child, "c_discipline", "beat").await?;
    let record = &visit.mandatory.first().context("it asks")?.record;
    let report = json!({"children": [child], "card": "hurt", "kind": "SEXUAL", "urgency": "now",
        "seen": "继父的事。", "origin_record": record,
        "mandatory": {"choice": "reported", "text": "已打电话。", "whom": "110"}});
    let report: SavedView = tablet.call("report_problem", report).await?;
    tablet.contact(&child, "电话里都好。").await?;
    world.restore_network();
    let lost = json!({"device": device, "reason": "lost", "wipe": false, "without_photos": false});
    station.step_up().await?;
    let _: DevicesView = station.call("revoke_device", lost).await?;
    assert!(tablet.sync().await.is_err(), "it is stopped");

    let view = tray(&head).await?;
    assert!(
        view.waiting
            .iter()
            .all(|row| !row.numbered && row.by == "李玉梅")
    );
    assert!(shows(&view, CARD), "the head reads what it is");
    let mut change = String::new();
    for (colleague, recused) in [(station, false), (&involved, true)] {
        let view = tray(colleague).await?;
        let hidden = numbered(&view.waiting, recused)?;
        assert_eq!(
            hidden.len(),
            3,
            "the report, its sealed words, and what it answered"
        );
        assert!(shows(&view, "电话里都好。"), "the rest is read as before");
        let named = hidden.iter().find(|row| row.what == "events");
        let named = named.context("the report is there")?;
        assert!(named.name.starts_with("个案 20"), "{}", named.name);
        change.clone_from(&named.change);
    }

    // It is taken under its number, and set aside by nobody who did not read it; a relative decides nothing of it.
    let decide = |take: bool| json!({"change": change, "take": take, "reason": "记过了。"});
    for take in [true, false] {
        let refused = involved.refusal("decide_review", decide(take)).await?;
        assert_eq!(refused.code, "recused");
    }
    let all = json!({"device": device});
    let left: MovesView = involved.call("take_handed_over", all.clone()).await?;
    assert_eq!(numbered(&left.waiting, true)?.len(), 3);
    let refused = station.refusal("decide_review", decide(false)).await?;
    assert_eq!(refused.code, "review_unread");
    let view: MovesView = station.call("decide_review", decide(true)).await?;
    let taken = numbered(&view.decided, false)?;
    assert!(taken.iter().any(|row| row.change == change));
    let view: MovesView = head.call("take_handed_over", all).await?;
    assert!(view.waiting.is_empty(), "{:?}", view.waiting);
    world.settle(&[&head, &involved]).await?;
    let decided = tray(station).await?.decided;
    assert_eq!(
        numbered(&decided, false)?.len(),
        3,
        "also when it stands in the file"
    );
    let row = listed(station, &report.record).await?;
    assert!(row.number.is_some() && !shows(&row, SIBLING));

    // Where no head may act for the family, a supervisor reads and decides in her place; a relative does not.
    bar(station, &head, &child).await?;
    let decided = tray(station).await?.decided;
    assert!(numbered(&decided, false)?.is_empty());
    involved.sync().await?;
    let decided = tray(&involved).await?.decided;
    assert_eq!(numbered(&decided, true)?.len(), 3);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_who_left_is_named_in_the_story_alone_and_the_head_names_another() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let handler = colleague(&world, Role::Supervisor, "宋洁").await?;
    let tablet = world.tablet("李玉梅").await?;
    let (_, problem) = hurt(&tablet, CHILD).await?;
    let (sibling, other) = hurt(&tablet, SIBLING).await?;
    let (_, third) = hurt(&tablet, "石小雨").await?;
    world.settle(&[&tablet, &handler]).await?;
    for problem in [&problem, &other] {
        let taken = json!({"problem": problem, "kind": "accepted", "text": ""});
        let _: ProblemView = handler.call("add_problem_event", taken).await?;
    }
    world.settle(&[&handler, &head]).await?;
    assert!(!listed(&head, &problem).await?.handlerless);

    let people: PeopleView = head.call("people", Value::Null).await?;
    let hers = people.people.iter().find(|row| row.person == "宋洁");
    let ended = json!({"grant": hers.context("she is listed")?.grant, "reason": "left_post"});
    head.step_up().await?;
    let _: PeopleView = head.call("end_appointment", ended).await?;
    world.settle(&[&head, &tablet]).await?;
    let ask = json!({"id": problem});
    for device in [station, &head, &tablet] {
        let view: ProblemView = device.call("problem", ask.clone()).await?;
        assert_eq!(view.handler, None);
        assert!(shows(&view.events, "宋洁") || device.tablet()?.identity.role == Role::Director);
    }
    // Whom to phone is somebody who is there.
    change_rule(station, "urgent_children", &json!(1))?;
    station.step_up().await?;
    let urgent =
        |problem: &str| json!({"problem": problem, "reason": "danger", "text": "派出所来电。"});
    let _: ProblemView = station.call("open_urgently", urgent(&third)).await?;
    let refused = station.refusal("open_urgently", urgent(&problem)).await?;
    assert_eq!(refused.code, "urgent_enough");
    assert_eq!(refused.params.get("who").map(String::as_str), Some("高岚"));

    assert!(listed(&head, &problem).await?.handlerless);
    let view: ProblemView = head.call("problem", ask).await?;
    let offered: Vec<&str> = view
        .may_be_handled_by
        .iter()
        .map(|one| one.label.as_str())
        .collect();
    assert!(offered.contains(&"陈敏") && !offered.contains(&"宋洁"));
    let me = station.tablet()?.identity.staff.to_string();
    let name = json!({"problem": problem, "staff": me});
    let view: ProblemView = head.call("name_handler", name).await?;
    assert_eq!(view.handler.as_deref(), Some("陈敏"));
    assert!(!view.row.handlerless);
    world.settle(&[&head]).await?;
    let row = listed(station, &problem).await?;
    assert_eq!(
        (row.names.as_str(), row.handlerless),
        (CHILD, false),
        "it is hers now"
    );
    is_taken_over(station, &head, &sibling, &other).await?;
    world.township.stop().await;
    Ok(())
}
