//! 租期: a tablet without contact for a month takes what is written and shows nothing of what was written before; setting
//! the clock back helps nobody, and one contact brings everything back.

use crate::mandatory::uneasy;
use anyhow::{Context, Result};
use client::view::{
    AppView, ContactFormView, ProblemFormView, SavedView, Stage, VisitFormView, WritingView,
};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, contact_input};

async fn app(device: &Device) -> Result<AppView> {
    device.call("app", Value::Null).await
}

async fn is_over(device: &Device) -> Result<bool> {
    Ok(app(device).await?.lease.context("it is open")?.over)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_month_without_contact_she_can_write_and_nobody_can_read() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    tablet.contact(&child, "电话里都好。").await?;
    tablet.visit(&child).await?;
    world.settle(&[&tablet]).await?;
    world.cut_network();

    world.go_to_day(22, &[&tablet]);
    let lease = app(&tablet).await?.lease.context("it is open")?;
    assert!(!lease.over && !lease.warn, "{lease:?}");
    world.go_to_day(24, &[&tablet]);
    let lease = app(&tablet).await?.lease.context("it is open")?;
    assert!(lease.warn && !lease.over, "{lease:?}");
    assert!(tablet.file(&child).await.is_ok());

    world.go_to_day(31, &[&tablet]);
    assert_eq!(app(&tablet).await?.stage, Stage::Ready);
    assert!(is_over(&tablet).await?);
    for (command, argument) in [
        ("today", Value::Null),
        ("search_children", json!({"query": "", "village": null})),
        ("child_file", json!({"id": child})),
        ("problems", Value::Null),
        ("conflicts", Value::Null),
        ("returned", Value::Null),
    ] {
        assert_eq!(
            tablet.refusal(command, argument).await?.code,
            "lease_over",
            "{command}"
        );
    }
    let page: WritingView = tablet.call("writing", Value::Null).await?;
    let row = page.children.iter().find(|row| row.child == child);
    assert_eq!(row.context("she is listed")?.name, "石小雨");

    // What is shown to write on says nothing of before.
    let form: ContactFormView = tablet.call("contact_form", json!({"id": child})).await?;
    assert_eq!(
        (form.last_mode, form.last_party, form.phone),
        (None, None, None)
    );
    let visit: VisitFormView = tablet.call("open_visit", json!({"id": child})).await?;
    assert!(visit.last_notes.is_empty());
    let carried = visit
        .parts
        .iter()
        .flat_map(|part| &part.sections)
        .any(|section| {
            section.same_available.is_some()
                || section.questions.iter().any(|question| question.carried)
        });
    assert!(!carried, "nothing of the last visit is carried over");
    let saved: SavedView = tablet
        .call(
            "record_contact",
            contact_input(&child, "2026-12-03", "还是都好。"),
        )
        .await?;
    assert!(
        saved.children.iter().all(|one| one.next.is_empty()),
        "a date says when the last one was"
    );

    // The clock is set back, and the app is opened anew.
    world.go_to_day(3, &[&tablet]);
    assert!(is_over(&tablet).await?);
    tablet.reopen(PIN).await?;
    assert!(is_over(&tablet).await?);

    world.go_to_day(32, &[&tablet]);
    world.restore_network();
    tablet.sync().await?;
    assert!(!is_over(&tablet).await?);
    let file = tablet.file(&child).await?;
    assert!(file.timeline.iter().any(|line| line.record == saved.record));
    assert!(file.timeline.len() >= 3, "everything is back");
    world.settle(&[&tablet]).await?;
    tablet.all_delivered().await?;
    world.township.stop().await;
    Ok(())
}

/// A visit in which both siblings say something that must be reported.
async fn both_uneasy(tablet: &Device, children: [&str; 2]) -> Result<SavedView> {
    let form = tablet.begin_visit(children[0]).await?;
    let whole = json!({"draft": form.draft, "full": true});
    let form: VisitFormView = tablet.call("visit_full", whole).await?;
    for child in children {
        tablet
            .answer(&form.draft, child, "c_discipline", &["beat"])
            .await?;
    }
    tablet.call("save_visit", json!({"id": form.draft})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_month_without_contact_no_question_says_what_an_earlier_visit_found() -> Result<()>
{
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let (child, sibling) = (tablet.child("石小雨").await?, tablet.child("石小晨").await?);
    let other = tablet.child("周子涵").await?;
    let before = both_uneasy(&tablet, [&child, &sibling]).await?;
    assert_eq!(before.mandatory.len(), 2);
    let record = &before.mandatory[0].record;
    let asked = &before.mandatory[0].child;
    let form: ProblemFormView = tablet.call("problem_form", json!({"id": asked})).await?;
    assert_eq!(form.questions.len(), 1);
    world.settle(&[&tablet]).await?;
    world.cut_network();
    world.go_to_day(31, &[&tablet]);
    assert!(is_over(&tablet).await?);

    for child in [&child, &sibling] {
        let form: ProblemFormView = tablet.call("problem_form", json!({"id": child})).await?;
        assert!(form.questions.is_empty(), "{:?}", form.questions);
    }
    let report = json!({"children": [other], "card": "school", "urgency": "later", "seen": "没来上学。",
        "origin_record": record, "mandatory": {"choice": "not_such_case", "text": "别的事。"}});
    let saved: SavedView = tablet.call("report_problem", report).await?;
    assert!(saved.mandatory.is_empty(), "{:?}", saved.mandatory);
    let why = json!({"child": asked, "record": record, "text": "是邻居家孩子，听错了。"});
    let saved: SavedView = tablet.call("answer_mandatory", why).await?;
    assert!(saved.mandatory.is_empty(), "{:?}", saved.mandatory);

    // What she writes meanwhile is hers to go on with.
    let fresh = uneasy(&tablet, &child, "c_discipline", "beat").await?;
    assert_eq!(fresh.mandatory.len(), 1);
    let form: ProblemFormView = tablet.call("problem_form", json!({"id": child})).await?;
    assert_eq!(form.questions, fresh.mandatory);

    world.restore_network();
    tablet.sync().await?;
    let form: ProblemFormView = tablet.call("problem_form", json!({"id": sibling})).await?;
    let earlier = before.mandatory.iter().filter(|one| one.child == sibling);
    assert_eq!(
        form.questions.len(),
        earlier.filter(|one| one.record != *record).count(),
        "and the earlier one that nobody answered is shown again"
    );
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_wrong_at_the_last_contact_costs_nobody_the_lease() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    tablet.sync().await?;
    let right = tablet.clock.offset_ms();
    // Years ahead, and in contact all the same.
    tablet.clock.move_by(800 * zoufang_tests::story::DAY_MS);
    assert!(is_over(&tablet).await?, "nobody knows better yet");
    tablet.sync().await?;
    assert!(!is_over(&tablet).await?);
    // Set right: what was reached by the server's time holds.
    tablet.clock.run_at_offset(right);
    assert!(!is_over(&tablet).await?);
    tablet.clock.move_by(31 * zoufang_tests::story::DAY_MS);
    assert!(is_over(&tablet).await?);
    world.township.stop().await;
    Ok(())
}
