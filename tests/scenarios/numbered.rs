//! A matter with sealed words goes by its number in every list, for whoever is neither its handler nor the head nor its
//! reporter (domain.md P-25, docs/adr/0043).

use anyhow::{Context, Result, ensure};
use client::view::{
    ChildFileView, OverviewView, PeopleView, PersonRow, ProblemListView, ProblemRow, ProblemView,
    SavedView, ShellKind, StationReportView, TimelineKind, TodayView, WorkLogView,
};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, shows};

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
