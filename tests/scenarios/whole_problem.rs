//! A problem from the report to the last follow-up and on: worked on apart, referred, verified, closed by whoever may, opened
//! again; a report to the police with no network; taken back, taken up, merged and made graver (domain.md §6).

use anyhow::{Context, Result};
use client::view::{
    ChildFileView, ComingView, PrintView, ProblemListView, ProblemRow, ProblemState, ProblemView,
    SavedView, ShellKind, TodayView,
};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use store::{StoreError, projections};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, change_rule, empty_list, shows};

pub(crate) async fn report(
    device: &Device,
    child: &str,
    card: &str,
    urgency: &str,
) -> Result<String> {
    let input = json!({"children": [child], "card": card, "urgency": urgency, "seen": "今天上门时看到的。",
        "origin_record": null, "mandatory": null});
    let saved: SavedView = device.call("report_problem", input).await?;
    Ok(saved.record)
}

fn said(problem: &str, kind: &str, text: &str, detail: &Value) -> Value {
    json!({"problem": problem, "kind": kind, "text": text, "detail": detail})
}

pub(crate) async fn add(
    device: &Device,
    problem: &str,
    kind: &str,
    text: &str,
    detail: Value,
) -> Result<ProblemView> {
    let input = said(problem, kind, text, &detail);
    let view = device.call("add_problem_event", input).await;
    view.with_context(|| format!("{kind} {detail}"))
}

pub(crate) async fn refused(
    device: &Device,
    problem: &str,
    kind: &str,
    text: &str,
    detail: Value,
) -> Result<String> {
    let input = said(problem, kind, text, &detail);
    Ok(device.refusal("add_problem_event", input).await?.code)
}

pub(crate) async fn look(device: &Device, problem: &str) -> Result<ProblemView> {
    device.call("problem", json!({"id": problem})).await
}

pub(crate) async fn row(device: &Device, problem: &str) -> Result<ProblemRow> {
    let list: ProblemListView = device.call("problems", Value::Null).await?;
    let mut rows = list.rows.into_iter();
    rows.find(|row| row.problem == problem)
        .context("the problem is listed")
}

async fn today(device: &Device) -> Result<TodayView> {
    device.call("today", Value::Null).await
}

fn kinds(view: &ProblemView) -> Vec<&str> {
    view.events
        .iter()
        .map(|event| event.kind.as_str())
        .collect()
}

/// What is next, by whom, until which day.
pub(crate) fn next(view: &ProblemView) -> Vec<(&str, &str, Option<&str>)> {
    let steps = view.steps.iter();
    steps
        .map(|next| (next.step.as_str(), next.side.as_str(), next.on.as_deref()))
        .collect()
}

pub(crate) async fn head(world: &World) -> Result<Device> {
    let device = world.open_device(&world.new_folder(), ShellKind::Station)?;
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: world.station.tablet()?.identity.scope,
            role: Role::Head,
            person: "高岚".to_owned(),
        })
        .await?;
    device.enrol(&world.township.server, &code, PIN).await?;
    device.sync().await?;
    Ok(device)
}

fn only<T: std::fmt::Debug>(rows: Vec<T>) -> Result<T> {
    anyhow::ensure!(rows.len() == 1, "{rows:?}");
    rows.into_iter().next().context("there is one")
}

/// Rows built anew from the documents are the rows written with them.
fn rebuilt_the_same(device: &Device) -> Result<()> {
    let store = device.tablet()?;
    let (kept, anew) = store.store.write(|tx| {
        let kept = projections::hash(tx)?;
        projections::rebuild(tx)?;
        Ok::<_, StoreError>((kept, projections::hash(tx)?))
    })?;
    assert_eq!(kept, anew);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_is_worked_on_apart_referred_verified_followed_up_closed_and_opened_again()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let problem = report(&tablet, &child, "school", "days").await?;
    world.settle(&[&tablet]).await?;
    let view = look(&world.station, &problem).await?;
    assert_eq!(next(&view), [("accept", "station", Some("2026-11-03"))]);
    add(&world.station, &problem, "accepted", "", json!({})).await?;
    world.settle(&[&tablet]).await?;

    // Both work with the network cut; nothing of it conflicts, and nothing waits for the other.
    world.cut_network();
    let nothing = refused(&tablet, &problem, "measure", "", json!({"measures": []})).await?;
    assert_eq!(nothing, "text_missing");
    let unknown = refused(
        &tablet,
        &problem,
        "measure",
        "",
        json!({"measures": ["fly"]}),
    )
    .await?;
    assert_eq!(unknown, "value_invalid");
    add(
        &tablet,
        &problem,
        "measure",
        "",
        json!({"measures": ["admonish", "school_return"]}),
    )
    .await?;
    let apart = json!({"measures": ["contact_parents"]});
    add(
        &world.station,
        &problem,
        "measure",
        "父亲说周末回来。",
        apart,
    )
    .await?;
    let nobody = refused(&world.station, &problem, "referred", "请劝返。", json!({})).await?;
    assert_eq!(nobody, "choice_missing");
    let asked = json!({"body": "SCH", "due": "2026-11-05"});
    add(
        &world.station,
        &problem,
        "referred",
        "请班主任上门劝返。",
        asked,
    )
    .await?;
    let forbidden = refused(
        &tablet,
        &problem,
        "referred",
        "请劝返。",
        json!({"body": "SCH"}),
    );
    assert_eq!(forbidden.await?, "not_allowed");
    world.restore_network();
    world.settle(&[&tablet]).await?;
    for device in [&tablet, &world.station] {
        let view = look(device, &problem).await?;
        assert_eq!(view.row.state, ProblemState::Referred);
        let mut told = kinds(&view);
        told.sort_unstable();
        assert_eq!(
            told,
            ["accepted", "measure", "measure", "referred", "reported"]
        );
        assert!(view.events.iter().all(|event| !event.is_request));
        assert!(device.conflicts().await?.is_empty());
        let due = ("referral_reply", "station", Some("2026-11-05"));
        assert!(next(&view).contains(&due), "{:?}", view.steps);
    }
    let measured = look(&world.station, &problem).await?;
    let words: Vec<&String> = measured
        .events
        .iter()
        .flat_map(|event| &event.detail.measures)
        .collect();
    assert!(words.iter().any(|label| *label == "劝返复学"), "{words:?}");

    // She heard the school's reply, without a network; then the station looks whether it is solved.
    world.cut_network();
    let view = add(
        &tablet,
        &problem,
        "referral_replied",
        "明天开始来上学。",
        json!({}),
    )
    .await?;
    assert_eq!(view.row.state, ProblemState::InProgress);
    world.restore_network();
    world.settle(&[&tablet]).await?;
    add(
        &world.station,
        &problem,
        "resolved",
        "来上学了。",
        json!({}),
    )
    .await?;
    let view = look(&world.station, &problem).await?;
    assert_eq!(next(&view)[0].0, "verify");
    assert_eq!(view.why_not_close.as_deref(), Some("child_not_seen_since"));
    assert!(!view.may.contains(&"closed".to_owned()));
    let early = refused(&world.station, &problem, "closed", "办结。", json!({})).await?;
    assert_eq!(early, "child_not_seen_since");
    // What else it is about, and what the family thinks of it.
    for (kind, detail) in [
        ("types_set", json!({"types": ["ABUSE"]})),
        ("confirmed", json!({"satisfaction": "happy"})),
    ] {
        let code = refused(&world.station, &problem, kind, "", detail).await?;
        assert_eq!(code, "value_invalid", "{kind}");
    }
    let view = add(
        &world.station,
        &problem,
        "types_set",
        "",
        json!({"types": ["POOR", "NET"]}),
    )
    .await?;
    assert_eq!(view.choices.also, ["NET", "POOR"]);
    let mostly = json!({"satisfaction": "mostly"});
    add(&world.station, &problem, "confirmed", "", mostly).await?;
    world.settle(&[&tablet]).await?;
    let view = look(&tablet, &problem).await?;
    assert_eq!(
        view.row.also,
        ["网络沉迷、不良信息或诈骗", "生活困难、急难"]
    );
    assert!(!view.may.contains(&"types_set".to_owned()));
    let heard: Vec<_> = view
        .events
        .iter()
        .filter_map(|event| event.detail.satisfaction.as_deref())
        .collect();
    assert_eq!(heard, ["基本满意"]);

    // 回访 on day 7 is on her list when its day comes near; it is up to her.
    let steps = today(&tablet).await?.problem_steps;
    assert_eq!(steps.len(), 1);
    let step = &steps[0].next;
    assert_eq!(
        (step.step.as_str(), step.on.as_deref(), step.number, step.of),
        ("follow_up", Some("2026-11-09"), 1, 3)
    );
    world.go_to_day(7, &[&tablet]);
    tablet.visit(&child).await?;
    let unsaid = refused(&tablet, &problem, "followed_up", "好。", json!({})).await?;
    assert_eq!(unsaid, "choice_missing");
    let later = json!({"well": true, "on": "2026-11-10"});
    let later = refused(&tablet, &problem, "followed_up", "好。", later).await?;
    assert_eq!(later, "date_invalid");
    let view = add(&tablet, &problem, "followed_up", "", json!({"well": true})).await?;
    assert_eq!(next(&view), [("follow_up", "village", Some("2026-12-02"))]);
    assert!(today(&tablet).await?.problem_steps.is_empty(), "not yet");
    world.settle(&[&tablet]).await?;
    let view = add(
        &world.station,
        &problem,
        "closed",
        "核实过，办结。",
        json!({}),
    )
    .await?;
    assert_eq!(view.row.state, ProblemState::Closed);
    assert!(view.steps.is_empty());
    world.settle(&[&tablet]).await?;

    // Something new: she opens it again, offline; the store is read anew, and built anew.
    world.cut_network();
    add(&tablet, &problem, "reopened", "又三天没来。", json!({})).await?;
    tablet.reopen(PIN).await?;
    rebuilt_the_same(&tablet)?;
    world.restore_network();
    world.settle(&[&tablet]).await?;
    for device in [&tablet, &world.station] {
        let row = row(device, &problem).await?;
        assert_eq!((row.state, row.reopened), (ProblemState::InProgress, true));
    }
    rebuilt_the_same(&world.station)?;
    add(&world.station, &problem, "resolved", "来了。", json!({})).await?;
    let bad = json!({"well": false});
    world.settle(&[&tablet]).await?;
    let view = add(&tablet, &problem, "followed_up", "还是没来。", bad).await?;
    assert_eq!(view.row.state, ProblemState::InProgress, "it is not solved");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_called_is_kept_with_no_network_and_the_police_are_asked_on_day_3_and_7()
-> Result<()> {
    let world = World::new().await?;
    let head = head(&world).await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    world.cut_network();
    let report = |call: Value| {
        json!({"children": [child], "card": "hurt", "urgency": "now", "seen": "手臂上有淤青。",
        "origin_record": null, "mandatory": call})
    };
    let tomorrow =
        json!({"choice": "reported", "text": "", "whom": "110", "at": "2026-11-03 10:20"});
    let early = tablet.refusal("report_problem", report(tomorrow)).await?;
    assert_eq!(early.code, "time_future");
    // Written down after midnight, a call of the evening before is no call of tonight.
    let tonight =
        json!({"choice": "reported", "text": "", "whom": "110", "at": "2026-11-02 23:59"});
    let early = tablet.refusal("report_problem", report(tonight)).await?;
    assert_eq!(early.code, "time_future");
    let call = json!({"choice": "reported", "text": "民警说马上到。", "whom": "110", "at": "2026-11-02 09:40", "receipt": "第7号"});
    let saved: SavedView = tablet.call("report_problem", report(call)).await?;
    let problem = saved.record;
    let view = look(&tablet, &problem).await?;
    assert_eq!(kinds(&view), ["reported", "called"]);
    let called = &view.events[1].detail;
    assert_eq!(called.whom.as_deref(), Some("110 报警"));
    assert_eq!(called.at.as_deref(), Some("2026-11-02 09:40"));
    assert_eq!(called.receipt.as_deref(), Some("第7号"));
    assert!(view.words_sealed);
    assert!(!shows(&view, "民警说"), "the words are the station's alone");
    let paper: PrintView = tablet
        .call(
            "print",
            json!({"what": "report", "of": problem, "purpose": "helpers"}),
        )
        .await?;
    assert!(paper.line.contains(&paper.number));
    // The trail says whose paper left, what for, and which number was whole on it.
    let left = only(tablet.trail("print_made")?)?;
    assert_eq!(left.object, problem);
    let said = format!(
        "number={} what=report of={problem} purpose=helpers rows=1 fields=name,",
        paper.number
    );
    assert!(left.detail.starts_with(&said), "{}", left.detail);
    let shown = only(tablet.trail("field_shown")?)?;
    assert_eq!(shown.object, format!("{child}/carer_phone"));
    // Whoever comes has to know who and where; a number is whole only on what was printed for a purpose.
    let [person] = paper.people.as_slice() else {
        anyhow::bail!("one child: {}", paper.people.len());
    };
    assert_eq!(
        (person.name.as_str(), person.sex.as_str()),
        ("石小雨", "女")
    );
    assert_eq!(person.age, Some(10));
    assert_eq!(person.village, "白荷村");
    assert_eq!(person.address.as_deref(), Some("白荷村二组"));
    assert_eq!(person.carer.as_deref(), Some("王秀兰"));
    assert_eq!(person.carer_phone.as_deref(), Some("10055512034"));
    let shown = &look(&tablet, &problem).await?.people;
    assert_eq!(shown.len(), 1);
    let masked = shown[0].carer_phone.as_deref().context("a number")?;
    assert!(masked.contains('*'), "{masked}");
    for (asked, code) in [
        (
            json!({"what": "report", "of": child, "purpose": "helpers"}),
            "not_found",
        ),
        (
            json!({"what": "report", "of": "", "purpose": "helpers"}),
            "not_found",
        ),
        (
            json!({"what": "report", "purpose": "helpers"}),
            "value_invalid",
        ),
        (
            json!({"what": "report", "of": problem, "purpose": ""}),
            "purpose_missing",
        ),
        (
            json!({"what": "photos", "of": problem, "purpose": "helpers"}),
            "value_invalid",
        ),
    ] {
        assert_eq!(tablet.refusal("print", asked).await?.code, code);
    }
    assert_eq!(tablet.trail("print_made")?.len(), 1, "nothing left by that");
    world.restore_network();
    world.settle(&[&tablet, &head]).await?;

    // Life and safety: taken up within the hour, and then it is known who is to be told.
    let row_there = row(&world.station, &problem).await?;
    let due = row_there.next.context("a step")?;
    assert_eq!((due.step.as_str(), due.late), ("accept", false));
    world.station.clock.move_by(5 * 3_600_000);
    let due = row(&world.station, &problem)
        .await?
        .next
        .context("a step")?;
    assert!(due.late);
    assert_eq!(due.told, ["站长", "区民政局", "市民政局值班（只报件数）"]);
    world.go_to_day(0, &[&tablet, &head]);
    add(&world.station, &problem, "accepted", "", json!({})).await?;
    let measures = json!({"measures": ["police"]});
    add(&world.station, &problem, "measure", "民警已到。", measures).await?;
    world.settle(&[&tablet, &head]).await?;

    // Day 3: ask; nothing yet. Day 7: ask again; then nobody asks any more.
    world.go_to_day(1, &[&tablet, &head]);
    let ask = |view: TodayView| view.problem_steps.into_iter().map(|row| row.next);
    let asked: Vec<_> = ask(today(&tablet).await?).collect();
    assert_eq!(asked[0].step, "ask_police");
    assert_eq!(asked[0].on.as_deref(), Some("2026-11-05"));
    world.go_to_day(3, &[&tablet, &head]);
    let view = add(
        &tablet,
        &problem,
        "police_feedback",
        "民警说还在查。",
        json!({"outcome": "none"}),
    )
    .await?;
    assert!(!shows(&view, "还在查"), "what they said is sealed");
    let asked: Vec<_> = ask(today(&tablet).await?).collect();
    assert_eq!(
        (asked[0].number, asked[0].on.as_deref()),
        (2, Some("2026-11-09"))
    );
    world.settle(&[&tablet, &head]).await?;
    world.go_to_day(7, &[&tablet, &head]);
    add(
        &tablet,
        &problem,
        "police_feedback",
        "",
        json!({"outcome": "opened"}),
    )
    .await?;
    assert!(today(&tablet).await?.problem_steps.is_empty());
    world.settle(&[&tablet, &head]).await?;

    // What was dangerous is made smaller, merged and closed by the head alone, and after the child was seen.
    for kind in ["closed", "severity_set", "merged"] {
        let code = refused(
            &world.station,
            &problem,
            kind,
            "平稳。",
            json!({"severity": "S3"}),
        )
        .await?;
        assert_eq!(code, "head_decides", "{kind}");
    }
    let view = look(&world.station, &problem).await?;
    assert_eq!(view.why_not_close.as_deref(), Some("head_decides"));
    add(
        &world.station,
        &problem,
        "resolved",
        "孩子平安。",
        json!({}),
    )
    .await?;
    add(&world.station, &problem, "confirmed", "", json!({})).await?;
    world.settle(&[&tablet, &head]).await?;
    let unseen = refused(&head, &problem, "closed", "平稳。", json!({})).await?;
    assert_eq!(unseen, "child_not_seen_since");
    tablet.visit(&child).await?;
    world.settle(&[&tablet, &head]).await?;
    head.sync().await?;
    let view = add(&head, &problem, "closed", "平稳。", json!({})).await?;
    assert_eq!(view.row.state, ProblemState::Closed);

    // Not such a case: why goes to the station, which is told to look until it takes it up.
    let other = tablet.child("吴天宇").await?;
    let not_so = json!({"children": [other], "card": "danger", "urgency": "now", "seen": "院墙要倒。",
        "origin_record": null, "mandatory": {"choice": "not_such_case", "text": "没有人受伤。"}});
    let saved: SavedView = tablet.call("report_problem", not_so).await?;
    world.settle(&[&tablet]).await?;
    assert!(row(&world.station, &saved.record).await?.not_such_case);
    let view = look(&world.station, &saved.record).await?;
    assert!(view.mandatory.context("words")?.contains("没有人受伤"));
    add(&world.station, &saved.record, "accepted", "", json!({})).await?;
    assert!(!row(&world.station, &saved.record).await?.not_such_case);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn taken_back_taken_up_merged_made_graver_and_never_by_whoever_may_not() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("郑可欣").await?;
    let first = report(&tablet, &child, "danger", "later").await?;
    let second = report(&tablet, &child, "danger", "later").await?;
    let third = report(&tablet, &child, "poor", "later").await?;
    world.settle(&[&tablet]).await?;

    // Taken back in the village and taken up at the station, apart: it is taken up, everywhere.
    world.cut_network();
    let why = refused(&tablet, &first, "withdrawn", "", json!({})).await?;
    assert_eq!(why, "reason_missing");
    let view = add(&tablet, &first, "withdrawn", "看错了。", json!({})).await?;
    assert_eq!(view.row.state, ProblemState::Withdrawn);
    add(&world.station, &first, "accepted", "", json!({})).await?;
    world.restore_network();
    world.settle(&[&tablet]).await?;
    for device in [&tablet, &world.station] {
        assert_eq!(row(device, &first).await?.state, ProblemState::Accepted);
    }

    // Reported twice: told in one from now on; both stories stay.
    let into = json!({"into": first});
    let view = add(&world.station, &second, "merged", "同一件事。", into).await?;
    assert_eq!(view.row.state, ProblemState::Merged);
    assert_eq!(view.merged_into.context("there")?.code, first);
    let itself = refused(
        &world.station,
        &first,
        "merged",
        "同一件事。",
        json!({"into": second}),
    );
    assert_eq!(itself.await?, "value_invalid", "that one is over");

    // The station makes it graver; its times are then those of the new severity.
    let none = refused(
        &world.station,
        &third,
        "severity_set",
        "",
        json!({"severity": "S2"}),
    )
    .await?;
    assert_eq!(none, "reason_missing");
    let graver = json!({"severity": "S2"});
    let view = add(
        &world.station,
        &third,
        "severity_set",
        "孩子没有饭吃。",
        graver.clone(),
    )
    .await?;
    assert_eq!(view.row.severity, "S2");
    assert_eq!(next(&view), [("accept", "station", Some("2026-11-03"))]);
    let hers = refused(&tablet, &third, "severity_set", "急。", graver).await?;
    assert_eq!(hers, "not_allowed");
    world.settle(&[&tablet]).await?;
    assert_eq!(row(&tablet, &third).await?.urgency, "严重：这几天要办");
    let small = refused(&tablet, &third, "withdrawn", "看错了。", json!({})).await?;
    assert_eq!(small, "not_allowed", "it is no small matter any more");

    // Sent back, it is up to her; her answer gives the station its time again.
    add(
        &world.station,
        &third,
        "returned",
        "请写清楚缺什么。",
        json!({}),
    )
    .await?;
    world.settle(&[&tablet]).await?;
    let steps = today(&tablet).await?.problem_steps;
    assert_eq!(steps[0].next.step, "complete");
    add(&tablet, &third, "replied", "米和油都没有了。", json!({})).await?;
    assert!(today(&tablet).await?.problem_steps.is_empty());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_of_a_guardianship_matter_come_up_where_days_come_up() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("冯一诺").await?;
    world.cut_network();
    let write = |block: &str, values: Value| json!({"child": child, "block": block, "replaces": null, "values": values});
    let step = json!({"step": ["G1"], "on": ["2026-11-02"], "by_whom": ["村委会"], "words": ["答应按时接孩子"], "check_on": ["2026-11-17"]});
    let _: ChildFileView = tablet
        .call("write_row", write("intervention", step))
        .await?;
    let care = json!({"kind": ["care"], "since": ["2026-11-02"], "place_kind": ["town"], "reason": ["unable"], "until": ["2026-11-20"]});
    let _: ChildFileView = tablet.call("write_row", write("temp_care", care)).await?;
    let named = json!({"name": ["王检察官"], "since": ["2026-11-02"], "until": ["2027-02-02"], "follow_on": ["2026-11-06"]});
    let file: ChildFileView = tablet.call("write_row", write("supervisor", named)).await?;
    let codes: Vec<&str> = file.hints.iter().map(|hint| hint.code.as_str()).collect();
    assert!(codes.contains(&"supervisor_more_visits"), "{codes:?}");
    let more = json!({"kind": ["guardian_supervised"], "from": ["2026-11-02"]});
    let file: ChildFileView = tablet.call("write_row", write("tier", more)).await?;
    assert!(
        file.tier.context("a tier")?.enhanced,
        "she is visited more often"
    );
    world.restore_network();
    world.settle(&[&tablet]).await?;
    let coming: ComingView = world.station.call("coming", Value::Null).await?;
    let said: Vec<&str> = coming.soon.iter().map(|row| row.text.as_str()).collect();
    for words in [
        "临时照料或监护2026年11月20日到期",
        "和监护监督员（王检察官）一起回访",
    ] {
        assert!(said.iter().any(|text| text.contains(words)), "{said:?}");
    }
    world.go_to_day(10, &[&tablet]);
    let coming: ComingView = tablet.call("coming", Value::Null).await?;
    let checked = |row: &client::view::ComingRow| row.text.contains("再去看一看，家里有没有改");
    assert!(coming.soon.iter().any(checked), "{:?}", coming.soon);
    // Ten workdays after the files were opened they are to be full (domain.md §3.10).
    assert!(coming.unfilled.is_empty(), "{:?}", coming.unfilled);
    world.go_to_day(14, &[&tablet]);
    let coming: ComingView = tablet.call("coming", Value::Null).await?;
    let line = coming.unfilled.iter().find(|row| row.child == child);
    let text = &line.context("it is listed")?.text;
    assert!(text.starts_with("档案建了10个工作日以上，还有"), "{text}");
    world.township.stop().await;
    Ok(())
}

/// Taken up, acted on and solved at the station.
pub(crate) async fn solve(station: &Device, problem: &str) -> Result<()> {
    add(station, problem, "accepted", "", json!({})).await?;
    let measures = json!({"measures": ["contact_parents"]});
    add(station, problem, "measure", "", measures).await?;
    add(station, problem, "resolved", "办好了。", json!({})).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_at_the_next_visit_is_due_that_day_and_offered_after_it() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("郑可欣").await?;
    let problem = report(&tablet, &child, "danger", "later").await?;
    world.settle(&[&tablet]).await?;
    solve(&world.station, &problem).await?;
    // Somebody was there before it was confirmed: that was no follow-up.
    tablet.visit(&child).await?;
    world.settle(&[&tablet]).await?;
    world.go_to_day(1, &[&tablet]);
    add(&world.station, &problem, "confirmed", "", json!({})).await?;
    world.settle(&[&tablet]).await?;
    let visit_due = |file: &ChildFileView| {
        let mut dues = file.dues.iter();
        let due = dues.find(|due| due.kind == client::view::DueKind::Visit);
        due.map(|due| due.due.clone())
    };
    let planned = visit_due(&tablet.file(&child).await?).context("a visit is due")?;
    let view = look(&tablet, &problem).await?;
    assert_eq!(
        next(&view),
        [("follow_up", "village", Some(planned.as_str()))]
    );

    world.go_to_day(4, &[&tablet]);
    let form = tablet.begin_visit(&child).await?;
    let saved: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    let [offered] = saved.follow_ups.as_slice() else {
        anyhow::bail!("one follow-up: {}", saved.follow_ups.len());
    };
    assert_eq!(offered.problem, problem);
    let due = [("follow_up", "village", Some("2026-11-06"))];
    assert_eq!(next(&look(&tablet, &problem).await?), due);
    // Days and further visits do not move it.
    world.go_to_day(20, &[&tablet]);
    tablet.visit(&child).await?;
    let view = look(&tablet, &problem).await?;
    assert_eq!(next(&view), due);
    assert!(view.steps[0].late);
    let rows = today(&tablet).await?.problem_steps;
    assert!(rows.iter().any(|row| row.problem == problem));
    let well = json!({"well": true, "on": "2026-11-06"});
    let view = add(&tablet, &problem, "followed_up", "", well).await?;
    assert_eq!(next(&view), [("close", "station", None)]);
    let form = tablet.begin_visit(&child).await?;
    let saved: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    assert!(saved.follow_ups.is_empty());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_longer_than_usual_says_so_and_nothing_follows() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("郑可欣").await?;
    let problem = report(&tablet, &child, "danger", "later").await?;
    world.settle(&[&tablet]).await?;
    let station = &world.station;
    add(station, &problem, "accepted", "", json!({})).await?;
    let measures = json!({"measures": ["hazard"]});
    add(station, &problem, "measure", "", measures).await?;
    world.go_to_day(7, &[&tablet]);
    assert!(!row(station, &problem).await?.past_usual, "its last day");
    world.go_to_day(8, &[&tablet]);
    let late = row(station, &problem).await?;
    assert!(late.past_usual);
    let next = late.next.context("a step")?;
    assert!(
        !next.late && next.told.is_empty(),
        "it is a mark and no more"
    );
    add(station, &problem, "closed", "护栏装好了。", json!({})).await?;
    assert!(!row(station, &problem).await?.past_usual, "it is over");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_printed_for_the_pin_where_numbers_ask_it_and_never_without_a_purpose()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let problem = report(&tablet, &child, "school", "days").await?;
    let asked = json!({"what": "report", "of": problem, "purpose": "helpers"});

    let masks = json!({"id_number": "step_up", "phone": "step_up"});
    change_rule(&tablet, "masks", &masks)?;
    let refused = tablet.refusal("print", asked.clone()).await?;
    assert_eq!(refused.code, "pin_again");
    assert!(tablet.trail("print_made")?.is_empty() && tablet.trail("field_shown")?.is_empty());
    tablet.step_up().await?;
    let paper: PrintView = tablet.call("print", asked.clone()).await?;
    let numbers = paper.people.iter().map(|one| one.carer_phone.as_deref());
    assert_eq!(numbers.collect::<Vec<_>>(), [Some("10055512034")]);
    let shown = only(tablet.trail("field_shown")?)?;
    assert_eq!(shown.object, format!("{child}/carer_phone"));

    // Where nobody masks a number nothing was looked behind.
    let masks = json!({"id_number": "step_up", "phone": "shown"});
    change_rule(&tablet, "masks", &masks)?;
    let paper: PrintView = tablet.call("print", asked.clone()).await?;
    assert!(shows(&paper, "10055512034"));
    assert_eq!(tablet.trail("field_shown")?.len(), 1);

    // Rules without a purpose for paper let nothing be printed.
    empty_list(&tablet, "PRINT_PURPOSE")?;
    for purpose in ["helpers", ""] {
        let mut asked = asked.clone();
        asked["purpose"] = json!(purpose);
        assert_eq!(tablet.refusal("print", asked).await?.code, "purposes_none");
    }
    let refused = tablet.refusal("print_purposes", Value::Null).await?;
    assert_eq!(refused.code, "purposes_none");
    assert_eq!(tablet.trail("print_made")?.len(), 2);
    world.township.stop().await;
    Ok(())
}
