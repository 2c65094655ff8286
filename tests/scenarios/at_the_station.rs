//! The station records, too: a visit to a child of a village without a director, and what somebody told it from outside
//! (domain.md §5.5, §6.2). And of a visit that met nobody, why.

use anyhow::{Context, Result};
use client::view::{
    AttemptFormView, OverviewView, ProblemFormView, ProblemView, SavedView, VisitFormView,
};
use serde_json::{Value, json};
use zoufang_tests::story::{World, line, shows};

#[tokio::test(flavor = "multi_thread")]
async fn the_supervisor_visits_in_a_village_without_a_director_and_reports_what_the_school_said()
-> Result<()> {
    let world = World::new().await?;
    let vacant = world.create_village("东灶村", "310199100202").await?;
    let register = [line("沈一诺", "2016-05-12", "沈秀珍", "3组")];
    world.import(vacant, &register).await?;
    let station = &world.station;
    let child = station.child("沈一诺").await?;

    // Begun and left: it is on her first page, and goes on from there.
    let begun = station.begin_visit(&child).await?;
    let overview: OverviewView = station.call("overview", Value::Null).await?;
    let draft = overview.drafts.first().context("it was begun")?;
    assert_eq!(
        (&draft.draft, draft.names.as_str()),
        (&begun.draft, "沈一诺")
    );
    let saved: SavedView = station
        .call("save_visit", json!({"id": begun.draft}))
        .await?;
    assert!(!saved.incomplete && saved.children[0].why_not.is_none());
    assert!(!saved.children[0].next.is_empty(), "the next date follows");
    let overview: OverviewView = station.call("overview", Value::Null).await?;
    assert!(overview.drafts.is_empty());
    let _ = station.contact(&child, "电话里奶奶说都好。").await?;

    // A teacher calls.
    let form: ProblemFormView = station.call("problem_form", json!({"id": child})).await?;
    assert!(form.origins.iter().any(|one| one.code == "school"));
    let clue = json!({"children": [child], "card": "school", "urgency": "days", "seen": "班主任说一周没来上课。",
        "origin_record": null, "mandatory": null, "origin": "school", "since": "2026-10-26"});
    let mut future = clue.clone();
    future["since"] = json!("2026-12-01");
    let refused = station.refusal("report_problem", future).await?;
    assert_eq!(refused.code, "date_future");
    let mut rumour = clue.clone();
    rumour["origin"] = json!("rumour");
    let refused = station.refusal("report_problem", rumour).await?;
    assert_eq!(refused.code, "value_invalid");
    let reported: SavedView = station.call("report_problem", clue).await?;
    let problem = json!({"id": reported.record});
    let taken = json!({"problem": reported.record, "kind": "accepted", "text": ""});
    let view: ProblemView = station.call("add_problem_event", taken).await?;
    assert_eq!(view.origin.as_deref(), Some("学校"));
    assert_eq!(view.since.as_deref(), Some("2026-10-26"));
    station.sync().await?;
    station.all_delivered().await?;

    // The director who comes later finds it all.
    let director = world.tablet_of(vacant, "陈桂芳").await?;
    let lines = director.file(&child).await?.timeline;
    assert!(
        lines
            .iter()
            .any(|line| line.record == saved.record && line.counts == Some(true))
    );
    assert!(lines.iter().any(|line| line.text.contains("都好")));
    let there: ProblemView = director.call("problem", problem).await?;
    assert_eq!(there.origin.as_deref(), Some("学校"));
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_told_of_a_sealed_matter_is_among_its_sealed_words_alone() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let report = json!({"children": [child], "card": "hurt", "urgency": "now", "seen": "胳膊上有伤。", "origin_record": null,
        "mandatory": {"choice": "reported", "text": "", "whom": "110"}, "origin": "neighbour", "since": "unknown"});
    let saved: SavedView = tablet.call("report_problem", report).await?;
    let problem = json!({"id": saved.record});
    let mine: ProblemView = tablet.call("problem", problem.clone()).await?;
    assert!(mine.origin.is_none() && mine.since.is_none());
    assert!(!shows(&mine, "邻居、村民"));
    world.settle(&[&tablet]).await?;
    let taken = json!({"problem": saved.record, "kind": "accepted", "text": ""});
    let _: ProblemView = world.station.call("add_problem_event", taken).await?;
    world.station.step_up().await?;
    let open: ProblemView = world.station.call("show_words", problem).await?;
    assert!(open.origin.is_none());
    for words in ["怎么知道的：邻居、村民", "从什么时候开始：不清楚"] {
        assert!(shows(&open, words), "{words}");
    }
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_visit_that_met_nobody_the_reason_and_the_next_day_are_asked() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let sibling = tablet.child("石小晨").await?;
    let form: VisitFormView = tablet.call("open_visit", json!({"id": child})).await?;
    let somebody = json!({"id": child, "visit": form.draft});
    let refused = tablet.refusal("attempt_form", somebody.clone()).await?;
    assert_eq!(refused.code, "met_somebody", "nothing of it is said yet");
    let _ = tablet
        .write(&form.draft, "session", "a_date", "2026-11-01")
        .await?;
    let form = tablet
        .answer(&form.draft, "session", "a_met", &["nobody"])
        .await?;
    assert!(form.is_attempt);
    let refused = tablet
        .refusal("save_visit", json!({"id": form.draft}))
        .await?;
    assert_eq!(refused.code, "attempt_reason_missing");

    let page: AttemptFormView = tablet.call("attempt_form", somebody).await?;
    assert_eq!(
        page.event_date, "2026-11-01",
        "what is known is not asked again"
    );
    assert_eq!(page.names, form.names);
    let mut attempt = json!({"household": page.household, "event_date": page.event_date, "reason": "", "next_on": "2026-11-05",
        "note": "隔着门说这几天不方便。", "visit": form.draft});
    let refused = tablet.refusal("record_attempt", attempt.clone()).await?;
    assert_eq!(refused.code, "reason_missing");
    attempt["reason"] = json!("refused");
    let saved: SavedView = tablet.call("record_attempt", attempt.clone()).await?;
    for one in [&child, &sibling] {
        let lines = tablet.file(one).await?.timeline;
        let line = lines.iter().find(|line| line.record == saved.record);
        let line = line.context("in each child's file")?;
        assert_eq!(line.date, "2026-11-01");
        for words in ["不愿意见", "11月5日再去", "隔着门说"] {
            assert!(line.text.contains(words), "{words}: {}", line.text);
        }
    }
    // The visit is done with it.
    let refused = tablet.refusal("record_attempt", attempt).await?;
    assert_eq!(refused.code, "draft_gone");
    let again: VisitFormView = tablet.call("open_visit", json!({"id": child})).await?;
    assert_ne!(again.draft, form.draft);
    world.township.stop().await;
    Ok(())
}
