//! Whoever is a relative of a family, or involved herself, does not act for it: somebody else visits, handles, decides and
//! opens what is sealed (docs/adr/0034).

use anyhow::{Context, Result};
use client::view::{
    CaseView, ChildFileView, ComingView, ErasuresView, ExportMadeView, HeadlessRow, InsteadRow,
    OverviewView, PeopleView, PrintView, ProblemState, ProblemView, RecusalsView, RightsView,
    SavedView, ShellKind, StationReportView, StationsView, TodayView,
};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, shows};
use zoufang_tests::township::SetBack;

const WORDS: &str = "孩子说继父用皮带抽他的背";

async fn colleague(world: &World, role: Role, person: &str) -> Result<Device> {
    let device = world.open_device(&world.new_folder(), ShellKind::Station)?;
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: world.station.tablet()?.identity.scope,
            role,
            person: person.to_owned(),
        })
        .await?;
    device.enrol(&world.township.server, &code, PIN).await?;
    device.sync().await?;
    Ok(device)
}

fn staff(device: &Device) -> Result<String> {
    Ok(device.tablet()?.identity.staff.to_string())
}

async fn listed(device: &Device, child: &str) -> Result<bool> {
    let today: TodayView = device.call("today", Value::Null).await?;
    let mut children = today.rows.iter().flat_map(|row| &row.children);
    Ok(children.any(|one| one.child == child))
}

async fn file(device: &Device, child: &str) -> Result<ChildFileView> {
    device.call("child_file", json!({"id": child})).await
}

async fn say(
    device: &Device,
    child: &str,
    about: &Device,
    stead: Option<&Device>,
) -> Result<RecusalsView> {
    let stead = stead.map_or(Ok(String::new()), staff)?;
    let asked = json!({"child": child, "staff": staff(about)?, "stead": stead, "reason": "relative", "until": ""});
    device.step_up().await?;
    device.call("recuse", asked).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relatives_family_is_visited_by_somebody_else_until_a_colleague_ends_it() -> Result<()> {
    let mut world = World::new().await?;
    let aunt = world.tablet("李玉梅").await?;
    let neighbour = world.tablet("张秀兰").await?;
    let child = aunt.child("石小雨").await?;
    let sibling = aunt.child("石小晨").await?;
    assert!(listed(&aunt, &child).await? && listed(&neighbour, &child).await?);

    let asked = json!({"child": child, "staff": staff(&aunt)?, "stead": staff(&neighbour)?, "reason": "relative", "until": ""});
    let early = world.station.refusal("recuse", asked.clone()).await?;
    assert_eq!(early.code, "pin_again");
    world.station.step_up().await?;
    let mut oneself = asked.clone();
    oneself["stead"] = oneself["staff"].clone();
    let refused = world.station.refusal("recuse", oneself).await?;
    assert_eq!(refused.code, "recusal_impossible");
    let mut silent = asked;
    silent["reason"] = json!("");
    let refused = world.station.refusal("recuse", silent).await?;
    assert_eq!(refused.code, "reason_missing");
    let page = say(&world.station, &child, &aunt, Some(&neighbour)).await?;
    assert_eq!(
        (page.rows[0].person.as_str(), page.rows[0].reason.as_str()),
        ("李玉梅", "是这家的亲属")
    );

    aunt.sync().await?;
    neighbour.sync().await?;
    for one in [&child, &sibling] {
        assert!(
            !listed(&aunt, one).await?,
            "the household is not on her list"
        );
        assert!(listed(&neighbour, one).await?, "it is on the other one's");
    }
    let today: TodayView = aunt.call("today", Value::Null).await?;
    assert_eq!(today.recused, 2);
    let row = file(&aunt, &sibling).await?.recused;
    assert!(row[0].this && row[0].stead.as_deref() == Some("张秀兰"));
    // What she writes is kept like anybody's: a neighbour in danger does not wait for a form.
    let _ = aunt.contact(&child, "路上遇到，孩子说头疼。").await?;
    aunt.sync().await?;

    // A server set back to before it was said learns it again, from the orders.
    let backup = world.new_folder();
    let copy = world.township.back_up(&backup)?;
    let id = page.rows[0].id.clone();
    let end = json!({"child": child, "id": id});
    world.station.step_up().await?;
    let over: RecusalsView = world.station.call("end_recusal", end.clone()).await?;
    assert!(!over.rows[0].stands);
    aunt.sync().await?;
    assert!(listed(&aunt, &child).await?, "it is over");
    world
        .township
        .set_back(&copy, &world.new_folder(), SetBack::Restored)
        .await?;
    for device in [&world.station, &aunt, &neighbour, &world.station] {
        device.sync().await?;
    }
    let again: RecusalsView = world.station.call("recusals", json!({"id": child})).await?;
    assert!(!again.rows[0].stands, "that it ended is known again");
    assert!(listed(&aunt, &child).await?);
    world.township.stop().await;
    Ok(())
}

async fn left_to_the_station(world: &World) -> Result<Vec<InsteadRow>> {
    world.station.sync().await?;
    let overview: OverviewView = world.station.call("overview", Value::Null).await?;
    Ok(overview.instead)
}

/// Who was to visit is gone: the station goes to these children, in the place of 李玉梅.
fn is_left_by(rows: &[InsteadRow], gone: &str, children: &[&str]) {
    let left: Vec<&InsteadRow> = rows
        .iter()
        .filter(|row| row.gone.as_deref() == Some(gone))
        .collect();
    let mut names: Vec<&str> = left.iter().map(|row| row.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, children);
    assert!(
        left.iter()
            .all(|row| row.person == "李玉梅" && row.stead.is_none())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_to_visit_and_cannot_any_more_leaves_the_family_to_the_station() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let elsewhere = world.create_village("苇桥村", "310199100207").await?;
    let aunt = world.tablet("李玉梅").await?;
    let neighbour = world.tablet("张秀兰").await?;
    let delegate = world.tablet_of(elsewhere, "何静").await?;
    let (child, other) = (aunt.child("石小雨").await?, aunt.child("周子涵").await?);
    let people: PeopleView = station.call("people", Value::Null).await?;
    let cover = json!({"village": world.village.to_string(), "delegate": staff(&delegate)?,
        "absent": staff(&aunt)?, "from": people.today, "until": people.today});
    station.step_up().await?;
    let people: PeopleView = station.call("cover_village", cover).await?;
    let cover = people.covers.first().context("it is listed")?.id.clone();
    let mut persons = people.people.iter();
    let grant = persons.find(|row| row.person == "张秀兰");
    let grant = grant.context("she is listed")?.grant.clone();
    say(station, &child, &aunt, Some(&neighbour)).await?;
    say(station, &other, &aunt, Some(&delegate)).await?;
    assert!(
        left_to_the_station(&world).await?.is_empty(),
        "somebody visits either family"
    );

    station.step_up().await?;
    let ended = json!({"grant": grant, "reason": "left_post"});
    let _: PeopleView = station.call("end_appointment", ended).await?;
    let rows = left_to_the_station(&world).await?;
    is_left_by(&rows, "张秀兰", &["石小晨", "石小雨"]);
    assert_eq!(rows.len(), 2);
    let said = file(station, &child).await?.recused;
    assert_eq!(
        (said[0].stead.as_deref(), said[0].gone.as_deref()),
        (None, Some("张秀兰"))
    );

    station.step_up().await?;
    let _: PeopleView = station.call("end_cover", json!({"id": cover})).await?;
    let rows = left_to_the_station(&world).await?;
    is_left_by(&rows, "何静", &["周子涵"]);
    assert_eq!(rows.len(), 3);

    // Another one is named in her place.
    let next = world.tablet("周棠").await?;
    let page = say(station, &child, &aunt, Some(&next)).await?;
    let named = page.rows.iter().filter_map(|row| row.stead.as_deref());
    let gone = page.rows.iter().filter_map(|row| row.gone.as_deref());
    assert_eq!(named.collect::<Vec<_>>(), ["周棠"]);
    assert_eq!(gone.collect::<Vec<_>>(), ["张秀兰"]);
    assert_eq!(left_to_the_station(&world).await?.len(), 1);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_who_is_involved_handles_nothing_decides_nothing_and_opens_nothing()
-> Result<()> {
    let world = World::new().await?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let involved = colleague(&world, Role::Supervisor, "宋洁").await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let report = json!({"children": [child], "card": "hurt", "urgency": "now", "seen": format!("{WORDS}。"),
        "origin_record": null, "mandatory": {"choice": "reported", "text": "已打110。"}});
    let report: SavedView = tablet.call("report_problem", report).await?;
    let problem = report.record;
    tablet.sync().await?;
    world.station.sync().await?;
    say(&world.station, &child, &involved, None).await?;
    head.sync().await?;
    involved.sync().await?;
    let look = |device: Device, problem: String| async move {
        let view: ProblemView = device.call("problem", json!({"id": problem})).await?;
        anyhow::Ok((device, view))
    };

    let take = json!({"problem": problem, "kind": "accepted", "text": ""});
    let refused = involved.refusal("add_problem_event", take.clone()).await?;
    assert_eq!(refused.code, "recused");
    involved.step_up().await?;
    let urgent = json!({"problem": problem, "reason": "danger", "text": "派出所来电。"});
    let refused = involved.refusal("open_urgently", urgent).await?;
    assert_eq!(refused.code, "recused");
    let (involved, view) = look(involved, problem.clone()).await?;
    assert!(view.recused && !shows(&view, WORDS));
    assert_eq!(
        view.may,
        ["replied", "measure", "called", "police_feedback"],
        "she says what she knows"
    );
    let said = json!({"problem": problem, "kind": "replied", "text": "孩子的姑妈住在邻村。"});
    let _: ProblemView = involved.call("add_problem_event", said).await?;
    involved.sync().await?;
    tablet.sync().await?;
    let told: ProblemView = tablet.call("problem", json!({"id": problem})).await?;
    assert!(!shows(&told, "姑妈"), "and not to the village");

    head.sync().await?;
    let (head, view) = look(head, problem.clone()).await?;
    let names: Vec<&str> = view
        .may_be_handled_by
        .iter()
        .map(|one| one.label.as_str())
        .collect();
    assert!(!names.contains(&"宋洁") && names.len() == 2, "{names:?}");
    let name = json!({"problem": problem, "staff": staff(&involved)?});
    let refused = head.refusal("name_handler", name).await?;
    assert_eq!(refused.code, "value_invalid");

    // How often the child is seen is a colleague's to decide, too.
    let fact = json!({"child": child, "block": "tier", "replaces": null, "values": {"kind": ["child_disability"], "from": ["2026-11-02"]}});
    let seen: ChildFileView = world.station.call("write_row", fact).await?;
    world.station.sync().await?;
    involved.sync().await?;
    let tier = seen.blocks.iter().find(|block| block.key == "tier");
    let rows = tier.and_then(|block| block.rows.as_ref());
    let row = &rows.context("the pack has this block")?.rows[0];
    let away = json!({"child": child, "block": "tier", "row": row.row, "reason": "写错了"});
    let refused = involved.refusal("take_row_away", away.clone()).await?;
    assert_eq!(refused.code, "recused");
    let other = json!({"child": child, "block": "tier", "replaces": row.row, "values": {"kind": ["child_disability"], "from": ["2026-12-02"]}});
    assert_eq!(involved.refusal("write_row", other).await?.code, "recused");
    world.go_to_day(20, &[&head, &involved, &tablet]);
    let ended = json!({"child": child, "block": "tier", "replaces": row.row, "values": {"kind": ["child_disability"], "from": ["2026-11-02"], "to": ["2026-11-20"]}});
    let file_now: ChildFileView = world.station.call("write_row", ended).await?;
    assert!(file_now.tier.context("a tier")?.lower_to.is_some());
    world.station.sync().await?;
    involved.sync().await?;
    let hers = file(&involved, &child).await?.tier.context("a tier")?;
    assert!(hers.lower_to.is_some() && !hers.may_lower);
    let lower = json!({"child": child, "reason": "康复了"});
    involved.step_up().await?;
    let refused = involved.refusal("lower_tier", lower.clone()).await?;
    assert_eq!(refused.code, "recused");
    world.station.step_up().await?;
    let _: ChildFileView = world.station.call("lower_tier", lower).await?;

    // What the server decides it refuses itself.
    involved.step_up().await?;
    let erase = json!({"child": child, "basis": "mistake", "words": "重复建档"});
    let refused = involved.refusal("request_erasure", erase.clone()).await?;
    assert_eq!(refused.code, "recused");
    world.station.step_up().await?;
    let page: ErasuresView = world.station.call("request_erasure", erase).await?;
    let decision = json!({"id": page.requests[0].id, "approve": false});
    let own = say(&head, &child, &head, None).await?;
    assert!(
        !own.rows
            .iter()
            .any(|row| row.person == "高岚" && row.may_end)
    );
    head.step_up().await?;
    let refused = head.refusal("decide_erasure", decision).await?;
    assert_eq!(refused.code, "recused", "not even to say no");
    let mine = own.rows.iter().find(|row| row.person == "高岚");
    let mine = mine.context("the head said it of herself")?.id.clone();
    let end = json!({"child": child, "id": mine});
    let refused = head.refusal("end_recusal", end.clone()).await?;
    assert_eq!(refused.code, "recused", "somebody else ends it");
    let (head, view) = look(head, problem.clone()).await?;
    assert!(!shows(&view, WORDS), "nor does a head read them");
    world.station.step_up().await?;
    let _: RecusalsView = world.station.call("end_recusal", end).await?;
    head.sync().await?;
    head.step_up().await?;
    let view: ProblemView = head.call("show_words", json!({"id": problem})).await?;
    assert!(shows(&view, WORDS));

    // A director's family is the station's to visit when nobody is named.
    say(&world.station, &child, &tablet, None).await?;
    let overview: OverviewView = world.station.call("overview", Value::Null).await?;
    assert_eq!(overview.instead[0].person, "李玉梅");
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}

async fn add(device: &Device, problem: &str, kind: &str, text: &str) -> Result<ProblemView> {
    let input = json!({"problem": problem, "kind": kind, "text": text, "detail": {}});
    let view = device.call("add_problem_event", input).await;
    view.with_context(|| kind.to_owned())
}

async fn headless(device: &Device) -> Result<Vec<HeadlessRow>> {
    let coming: ComingView = device.call("coming", Value::Null).await?;
    Ok(coming.headless)
}

async fn case(device: &Device) -> Result<CaseView> {
    let reported: StationReportView = device.call("reported", Value::Null).await?;
    reported.cases.first().cloned().context("there is one")
}

async fn why_not_close(device: &Device, problem: &str) -> Result<Option<String>> {
    let view: ProblemView = device.call("problem", json!({"id": problem})).await?;
    Ok(view.why_not_close)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_every_head_is_a_relative_another_one_is_asked_for_and_decides() -> Result<()> {
    let world = World::new().await?;
    let officer = world.officer("何珊").await?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let tablet = world.tablet("李玉梅").await?;
    let station = &world.station;
    let child = tablet.child("周子涵").await?;
    let report = json!({"children": [child], "card": "danger", "urgency": "now", "seen": "院墙要倒。",
        "origin_record": null, "mandatory": {"choice": "not_such_case", "text": "没有人受伤。"}});
    let report: SavedView = tablet.call("report_problem", report).await?;
    let problem = report.record;
    let devices = [&tablet, &head, &officer];
    world.settle(&devices).await?;
    for device in [station, &head, &tablet] {
        assert!(headless(device).await?.is_empty(), "the head decides");
    }
    say(station, &child, &head, None).await?;
    for (kind, text) in [
        ("accepted", ""),
        ("measure", "墙已经拆了。"),
        ("resolved", "孩子平安。"),
        ("confirmed", ""),
    ] {
        add(station, &problem, kind, text).await?;
    }
    world.settle(&devices).await?;
    tablet.visit(&child).await?;
    world.settle(&devices).await?;
    world.go_to_day(1, &devices);
    world.settle(&devices).await?;
    world.settle(&devices).await?;
    officer.step_up().await?;
    let ask = json!({"problem": problem, "reason": "要看这家现在的情况。"});
    let _: StationsView = officer.call("ask_case", ask).await?;
    world.settle(&devices).await?;

    // Whoever works at the station reads whom to ask; the village has nothing to do with it.
    let close = json!({"problem": problem, "kind": "closed", "text": "平稳。", "detail": {}});
    for (device, code) in [(station, "another_head"), (&head, "recused")] {
        let rows = headless(device).await?;
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].problem.as_str(), rows[0].names.as_str()),
            (problem.as_str(), "周子涵")
        );
        assert!(rows[0].open && rows[0].asked);
        let said = why_not_close(device, &problem).await?;
        assert_eq!(said.as_deref(), Some("another_head"));
        let refused = device.refusal("add_problem_event", close.clone()).await?;
        assert_eq!(refused.code, code);
        let waits = case(device).await?;
        assert!(waits.lacks_head && !waits.may_answer);
    }
    assert!(headless(&tablet).await?.is_empty());

    // The district names somebody, and the present head writes the appointment down like any other. Nothing else is changed
    // by it: a colleague does not become one, and the district itself decides nothing.
    let appointment = json!({"role": "head", "village": "", "person": "方敏", "from": "2026-01-01", "until": "",
        "approved_by": "区民政局", "basis": "区民〔2026〕9号", "vetted_on": "2026-01-01", "vetting": "查询2026-119", "replaces": null});
    station.step_up().await?;
    let refused = station.refusal("appoint", appointment.clone()).await?;
    assert_eq!(refused.code, "head_appoints");
    head.step_up().await?;
    let _: PeopleView = head.call("appoint", appointment).await?;
    let second = world.open_device(&world.new_folder(), ShellKind::Station)?;
    world.go_to_day(1, &[&second]);
    let code = CreateEnrolment {
        unit: station.tablet()?.identity.scope,
        role: Role::Head,
        person: "方敏".to_owned(),
    };
    let code = world.township.server.create_enrolment(code).await?;
    second.enrol(&world.township.server, &code, PIN).await?;
    let devices = [&tablet, &head, &officer, &second];
    world.settle(&devices).await?;
    for device in [station, &head, &second] {
        assert!(headless(device).await?.is_empty());
        let waits = case(device).await?;
        assert!(!waits.lacks_head);
        assert_eq!(waits.may_answer, std::ptr::eq(device, &second));
    }
    assert_eq!(
        why_not_close(station, &problem).await?.as_deref(),
        Some("head_decides")
    );
    let closed = add(&second, &problem, "closed", "平稳。").await?;
    assert_eq!(closed.row.state, ProblemState::Closed);
    second.step_up().await?;
    let no = json!({"id": case(&second).await?.case, "reason": "墙已经拆了，孩子平安。"});
    let answered: StationReportView = second.call("decline_case", no).await?;
    assert_eq!(answered.cases[0].state, "declined");
    let refused = head.refusal("add_problem_event", close).await?;
    assert_eq!(refused.code, "recused", "hers it stays not");
    assert_eq!(world.township.faults()?, [""; 0]);
    world.township.stop().await;
    Ok(())
}

/// The file of a family, and the answer it gets, are given out by somebody who may act for it.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_to_act_for_a_family_hands_out_none_of_its_papers() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let aunt = colleague(&world, Role::Supervisor, "周敏").await?;
    let child = station.child("石小雨").await?;
    let sibling = station.child("石小晨").await?;
    let other = station.child("吴天宇").await?;
    let ask = json!({"child": child, "rights": ["copy"], "who": "guardian", "name": "石磊", "text": "要一份。", "on": ""});
    let asked: RightsView = station.call("ask_right", ask).await?;
    let request = asked.rows.first().context("it was asked")?.request.clone();
    let answer = json!({"child": child, "request": request, "outcome": "done", "duty": "", "text": "已经给了。"});
    let _: RightsView = station.call("answer_right", answer).await?;
    station.sync().await?;
    aunt.sync().await?;

    let copy = |child: &str| json!({"child": child, "purpose": "subject", "words": "父亲来要一份"});
    let paper = json!({"what": "right_answer", "of": request, "purpose": "family"});
    aunt.step_up().await?;
    let _: ExportMadeView = aunt.call("export_child", copy(&child)).await?;
    let _: PrintView = aunt.call("print", paper.clone()).await?;

    say(station, &child, &aunt, None).await?;
    aunt.sync().await?;
    for one in [&child, &sibling] {
        let refused = aunt.refusal("export_child", copy(one)).await?;
        assert_eq!(refused.code, "recused");
    }
    assert_eq!(aunt.refusal("print", paper).await?.code, "recused");
    let _: ExportMadeView = aunt.call("export_child", copy(&other)).await?;
    let _: ExportMadeView = station.call("export_child", copy(&child)).await?;
    world.township.stop().await;
    Ok(())
}
