//! Mandatory report: what a visit found asks whether it was reported, and the question stands until a person answered it.

use anyhow::{Context, Result};
use client::view::{
    MandatoryView, OverviewView, ProblemListView, ProblemView, SavedView, StationPhoneView,
    TodayView, VisitFormView, WorkKind, WorkLogView,
};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};

async fn today(device: &Device) -> Result<TodayView> {
    device.call("today", Value::Null).await
}

async fn overview(device: &Device) -> Result<OverviewView> {
    device.call("overview", Value::Null).await
}

fn report(
    children: &[&str],
    card: &str,
    urgency: &str,
    origin: Option<&str>,
    page: Value,
) -> Value {
    json!({"children": children, "card": card, "urgency": urgency, "seen": "手臂有青紫。",
           "origin_record": origin, "mandatory": page})
}

fn called() -> Value {
    json!({"choice": "reported", "text": "", "whom": "110"})
}

/// A visit of both siblings in which one of them says something that must be reported.
pub(crate) async fn uneasy(
    tablet: &Device,
    child: &str,
    key: &str,
    code: &str,
) -> Result<SavedView> {
    let form = tablet.begin_visit(child).await?;
    let form: VisitFormView = tablet
        .call("visit_full", json!({"draft": form.draft, "full": true}))
        .await?;
    tablet.answer(&form.draft, child, key, &[code]).await?;
    tablet.call("save_visit", json!({"id": form.draft})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_stands_on_today_until_it_is_answered_and_the_station_reads_why_not()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let (older, younger) = (tablet.child("石小雨").await?, tablet.child("石小晨").await?);
    world.cut_network();

    // It is about the sibling who said it, with her own record, and so is what is suggested.
    let saved = uneasy(&tablet, &younger, "c_discipline", "beat").await?;
    let asked: Vec<_> = saved
        .mandatory
        .iter()
        .map(|one| one.child.clone())
        .collect();
    assert_eq!(asked, std::slice::from_ref(&younger));
    let record = saved.mandatory[0].record.clone();
    assert!(
        saved.mandatory[0].reasons[0].contains("体罚"),
        "{:?}",
        saved.mandatory[0].reasons
    );
    let suggested = saved
        .suggests
        .iter()
        .find(|one| one.mandatory)
        .context("one is")?;
    assert_eq!(
        (
            suggested.child.as_str(),
            suggested.record.as_str(),
            suggested.kind.as_deref()
        ),
        (younger.as_str(), record.as_str(), Some("ABUSE"))
    );

    // The battery is empty; the question stands all the same.
    tablet.reopen(PIN).await?;
    let questions = today(&tablet).await?.questions;
    assert_eq!(questions.len(), 1);
    assert_eq!(
        (&questions[0].child, &questions[0].record),
        (&younger, &record)
    );

    // Nothing of that visit is reported without saying whether it was reported to the police.
    let without = report(&[&younger], "school", "later", Some(&record), Value::Null);
    assert_eq!(
        tablet.refusal("report_problem", without).await?.code,
        "mandatory_missing"
    );
    // Why it is none of the situations was said of another matter than the one that was picked in the end.
    let of_another = json!({"choice": "not_such_case", "text": "同学之间推了一下。", "about": ["ABUSE", "days"]});
    let of_another = report(&[&younger], "hurt", "now", Some(&record), of_another);
    assert_eq!(
        tablet.refusal("report_problem", of_another).await?.code,
        "mandatory_missing"
    );
    let empty = json!({"child": younger, "record": record, "text": " "});
    assert_eq!(
        tablet.refusal("answer_mandatory", empty).await?.code,
        "reason_missing"
    );
    let voided = json!({"child": younger, "record": record, "text": null, "void": true,
                        "event_date": null, "reason": "点错了。"});
    let _: Value = tablet.call("amend_record", voided).await?;
    assert_eq!(
        today(&tablet).await?.questions.len(),
        1,
        "a voided visit asks as well"
    );
    let why = json!({"child": younger, "record": record, "text": "是邻居家孩子，听错了。"});
    let saved: SavedView = tablet.call("answer_mandatory", why.clone()).await?;
    assert!(saved.mandatory.is_empty() && today(&tablet).await?.questions.is_empty());
    assert_eq!(
        tablet.refusal("answer_mandatory", why).await?.code,
        "not_found"
    );

    // The station reads why, and does not agree.
    world.restore_network();
    world.settle(&[&tablet]).await?;
    let there = overview(&world.station).await?.questions;
    assert_eq!(there.len(), 1);
    assert_eq!(
        there[0].answer.as_ref().map(|it| it.text.as_str()),
        Some("是邻居家孩子，听错了。")
    );
    assert_eq!(
        there[0].answer.as_ref().map(|it| it.by.as_str()),
        Some("李玉梅")
    );
    let check = |agrees: bool, text: &str| json!({"child": younger, "record": record, "agrees": agrees, "text": text});
    assert_eq!(
        tablet
            .refusal("check_mandatory", check(true, ""))
            .await?
            .code,
        "not_allowed"
    );
    assert_eq!(
        world
            .station
            .refusal("check_mandatory", check(false, ""))
            .await?
            .code,
        "reason_missing"
    );
    let left: OverviewView = world
        .station
        .call("check_mandatory", check(false, "请马上打110。"))
        .await?;
    assert!(left.questions[0].answer.is_none(), "it is open again");
    world.settle(&[&tablet]).await?;
    let again = today(&tablet).await?.questions;
    assert_eq!(
        again[0].station.as_ref().map(|it| it.text.as_str()),
        Some("请马上打110。")
    );

    // Reported for both; what was answered is over, and on nobody's list.
    let both = report(
        &[&younger, &older],
        "hurt",
        "later",
        Some(&record),
        called(),
    );
    let saved: SavedView = tablet.call("report_problem", both).await?;
    assert!(saved.mandatory.is_empty() && today(&tablet).await?.questions.is_empty());
    world.settle(&[&tablet]).await?;
    assert!(overview(&world.station).await?.questions.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_about_the_household_asks_of_every_child_and_what_was_reported_out_of_the_form_counts()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let older = tablet.child("石小雨").await?;
    world.cut_network();

    let form = tablet.begin_visit(&older).await?;
    let form: VisitFormView = tablet
        .call("visit_full", json!({"draft": form.draft, "full": true}))
        .await?;
    tablet
        .answer(&form.draft, "session", "g_hazards", &["H13"])
        .await?;
    let seen: VisitFormView = tablet.call("visit_form", json!({"id": form.draft})).await?;
    assert_eq!(seen.mandatory.len(), 1, "said once, of the household");
    let early = report(&[&older], "hurt", "now", Some(&form.draft), called());
    let _: SavedView = tablet.call("report_problem", early).await?;
    let saved: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    let left: Vec<_> = saved
        .mandatory
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(left, ["石小晨"], "the other one was reported before");
    let open = &saved.mandatory[0];
    let why = json!({"child": open.child, "record": open.record, "text": "那天她在姑姑家。"});
    let saved: SavedView = tablet.call("answer_mandatory", why).await?;
    assert!(saved.mandatory.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_as_grave_as_its_type_and_says_whether_the_police_were_called() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    world.cut_network();

    for (card, urgency) in [("hurt", "later"), ("danger", "now")] {
        let input = report(&[&child], card, urgency, None, Value::Null);
        assert_eq!(
            tablet.refusal("report_problem", input).await?.code,
            "mandatory_missing"
        );
    }
    let input = report(&[&child], "hurt", "later", None, called());
    let hurt: SavedView = tablet.call("report_problem", input).await?;
    let view: ProblemView = tablet.call("problem", json!({"id": hurt.record})).await?;
    assert_eq!(view.row.severity, "S1");
    assert!(
        view.row.urgency.contains("紧急"),
        "not 不急: {}",
        view.row.urgency
    );
    for kind in ["resolved", "withdrawn"] {
        let event = json!({"problem": hurt.record, "kind": kind, "text": "没事了。"});
        assert_eq!(
            tablet.refusal("add_problem_event", event).await?.code,
            "not_allowed"
        );
    }

    // What is meant more precisely is what is written; the village reads the group of a sealed matter only.
    let precise = |card: &str, kind: &str, page: Value| {
        let mut input = report(&[&child], card, "days", None, page);
        input["kind"] = json!(kind);
        input
    };
    let bullied: SavedView = tablet
        .call("report_problem", precise("hurt", "BULLY", Value::Null))
        .await?;
    let view: ProblemView = tablet
        .call("problem", json!({"id": bullied.record}))
        .await?;
    assert_eq!(
        (view.row.kind.as_str(), view.words_sealed),
        ("校园欺凌", false)
    );
    let foreign = precise("school", "HUKOU", Value::Null);
    assert_eq!(
        tablet.refusal("report_problem", foreign).await?.code,
        "value_invalid"
    );
    let _: SavedView = tablet
        .call("report_problem", precise("hurt", "SEXUAL", called()))
        .await?;
    let list: ProblemListView = tablet.call("problems", Value::Null).await?;
    let hurt = list
        .rows
        .iter()
        .filter(|row| row.kind == "孩子被打骂、伤害");
    assert_eq!(hurt.count(), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_station_sets_what_it_mainly_is_and_what_is_grave_or_must_be_reported_follows()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let input = report(&[&child], "poor", "later", None, Value::Null);
    let saved: SavedView = tablet.call("report_problem", input).await?;
    world.settle(&[&tablet]).await?;
    let station = &world.station;
    let set = |detail: Value, text: &str| json!({"problem": saved.record, "kind": "types_set", "text": text, "detail": detail});
    let refused = tablet
        .refusal("add_problem_event", set(json!({"main": "LEGAL"}), ""))
        .await?;
    assert_eq!(refused.code, "not_allowed");

    let view: ProblemView = station
        .call(
            "add_problem_event",
            set(json!({"main": "LEGAL", "types": ["POOR"]}), ""),
        )
        .await?;
    assert_eq!(
        (view.row.kind.as_str(), view.row.severity.as_str()),
        ("抚养费、监护权、侵权", "S3")
    );
    assert_eq!(view.choices.main, "LEGAL");
    assert!(view.lead.iter().any(|lead| lead.contains("司法所")) && view.usual_days == Some(30));
    let hints: Value = station.call("benefits", json!({"id": child})).await?;
    assert!(
        hints.to_string().contains("法律援助"),
        "the hint goes by the main type: {hints}"
    );

    // A type that must be reported asks whether it was, and makes it grave.
    let grave = json!({"main": "ABANDON"});
    let refused = station.refusal("add_problem_event", set(grave, "")).await?;
    assert_eq!(refused.code, "mandatory_missing");
    let sealed = station
        .refusal("add_problem_event", set(json!({"main": "ABUSE"}), ""))
        .await?;
    assert_eq!(
        sealed.code, "value_invalid",
        "what is sealed is reported by itself"
    );
    let called = json!({"main": "ABANDON", "duty": "reported", "whom": "110"});
    let view: ProblemView = station.call("add_problem_event", set(called, "")).await?;
    assert_eq!(view.row.severity, "S1");
    assert!(!view.choices.duty_open && view.events.iter().any(|event| event.kind == "called"));
    world.settle(&[&tablet]).await?;
    let view: ProblemView = tablet.call("problem", json!({"id": saved.record})).await?;
    assert_eq!(
        (view.row.kind.as_str(), view.row.severity.as_str()),
        ("遗弃、无人照料", "S1")
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heads_word_puts_the_stations_phone_on_every_page_of_duties() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    world.settle(&[&tablet]).await?;
    let page: MandatoryView = tablet.call("mandatory_page", Value::Null).await?;
    assert!(page.station.is_none() && page.numbers.iter().any(|line| line.code == "12338"));
    let number = json!({"number": "021-5950 0001"});
    assert_eq!(
        tablet
            .refusal("set_station_phone", number.clone())
            .await?
            .code,
        "head_decides"
    );
    let head = crate::whole_problem::head(&world).await?;
    head.sync().await?;
    let wrong = json!({"number": "打110"});
    assert_eq!(
        head.refusal("set_station_phone", wrong).await?.code,
        "phone_invalid"
    );
    let before: StationPhoneView = head.call("station_phone", Value::Null).await?;
    assert!(before.number.is_empty() && !before.lacking.is_empty() && before.may_set);
    let after: StationPhoneView = head.call("set_station_phone", number).await?;
    assert!(after.number == "021-5950 0001" && after.lacking.is_empty());
    head.sync().await?;
    world.settle(&[&tablet]).await?;
    world.cut_network();
    let page: MandatoryView = tablet.call("mandatory_page", Value::Null).await?;
    assert_eq!(page.station.as_deref(), Some("021-5950 0001"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_met_again_and_again_is_said_suggested_and_on_the_stations_list() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    for day in [16, 32] {
        world.go_to_day(day, &[&tablet]);
        world.settle(&[&tablet]).await?;
    }
    let form: Value = tablet.call("attempt_form", json!({"id": child})).await?;
    let day = today(&tablet).await?.date;
    let attempt = json!({"household": form["household"], "event_date": day, "reason": "nobody_home", "next_on": null, "note": ""});
    let first: SavedView = tablet.call("record_attempt", attempt.clone()).await?;
    let unmet = first.unmet.first().context("it was said")?;
    assert!(unmet.attempts == 1 && !unmet.unreachable && first.suggests.is_empty());
    let second: SavedView = tablet.call("record_attempt", attempt).await?;
    assert!(
        second
            .unmet
            .iter()
            .any(|unmet| unmet.unreachable && unmet.joint)
    );
    assert_eq!(second.suggests[0].kind.as_deref(), Some("UNREACHABLE"));
    // Twice at one door on one day is twice.
    let log: WorkLogView = tablet.call("work_log", json!({"month": null})).await?;
    let lines = log.days.iter().flat_map(|day| &day.lines);
    let at_the_door = lines.filter(|line| line.kind == WorkKind::Attempt);
    assert_eq!(at_the_door.count(), 2);
    let list = today(&tablet).await?;
    let row = list
        .rows
        .iter()
        .find(|row| row.child == child)
        .context("on the list")?;
    assert_eq!(row.unmet.as_ref().map(|unmet| unmet.attempts), Some(2));
    world.settle(&[&tablet]).await?;
    let there = overview(&world.station).await?.unmet;
    let here = there
        .iter()
        .find(|one| one.child == child)
        .context("the station sees it")?;
    assert!(here.joint && !here.reported);
    let mut input = report(
        &[&child],
        "other",
        "later",
        Some(&second.record),
        Value::Null,
    );
    input["kind"] = json!("UNREACHABLE");
    let saved: SavedView = tablet.call("report_problem", input).await?;
    let view: ProblemView = tablet.call("problem", json!({"id": saved.record})).await?;
    assert_eq!(view.row.severity, if here.grave { "S2" } else { "S3" });
    world.settle(&[&tablet]).await?;
    assert!(
        overview(&world.station)
            .await?
            .unmet
            .iter()
            .any(|one| one.child == child && one.reported)
    );
    Ok(())
}
