//! 留下的密封记录: the matter goes to another township, what is sealed about it stays. It is read there by whoever read it before,
//! and goes when two people say so.

use crate::holds::colleague;
use crate::moves::{decide, neighbours, offer};
use anyhow::{Context, Result};
use client::view::{
    ErasuresView, LeftSealedRowView, LeftWordsView, ProblemListView, ProblemView, SavedView,
};
use ids::{DocKind, Role};
use serde_json::{Value, json};
use store::projections::records;
use zoufang_tests::device::Device;
use zoufang_tests::story::{World, shows};

const WORDS: &str = "孩子说继父用皮带抽他的背";
const SECRET: &str = "艾滋病病毒感染，区疾控已确认";

async fn left(device: &Device) -> Result<Vec<LeftSealedRowView>> {
    let page: ErasuresView = device.call("erasures", Value::Null).await?;
    Ok(page.left)
}

/// The words of what stayed, for the PIN.
async fn read(device: &Device, subject: &str) -> Result<LeftWordsView> {
    device.step_up().await?;
    device.call("show_left_words", json!({"id": subject})).await
}

fn sealed_here(device: &Device) -> Result<usize> {
    let all = |connection: &_| records::all(connection, DocKind::Restricted);
    Ok(device.tablet()?.store.read(all)?.len())
}

/// One asks, the other agrees.
async fn erase(asker: &Device, head: &Device, subject: &str, name: &str) -> Result<()> {
    let id = ask(asker, subject, name).await?;
    agree(head, &id).await
}

async fn ask(asker: &Device, subject: &str, name: &str) -> Result<String> {
    asker.step_up().await?;
    let asked = json!({"child": subject, "basis": "mistake", "words": "已移交新的乡镇"});
    let page: ErasuresView = asker.call("request_erasure", asked).await?;
    let row = page.requests.first().context("it was asked for")?;
    assert_eq!((row.name.as_deref(), row.documents), (Some(name), 1));
    assert!(page.left.iter().all(|one| one.asked));
    Ok(row.id.clone())
}

async fn agree(head: &Device, request: &str) -> Result<()> {
    head.step_up().await?;
    let decision = json!({"id": request, "approve": true});
    let page: ErasuresView = head.call("decide_erasure", decision).await?;
    assert_eq!(page.requests[0].state, "ordered");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_words_that_stayed_are_read_by_who_handled_it_and_go_when_two_people_say_so()
-> Result<()> {
    let world = World::new().await?;
    let (neighbour, there) = neighbours(&world).await?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let tablet = world.tablet("李玉梅").await?;
    let station = &world.station;
    let child = tablet.child("周子涵").await?;
    let report = json!({"children": [child], "card": "hurt", "urgency": "now", "seen": format!("{WORDS}。"),
        "origin_record": null, "mandatory": {"choice": "reported", "text": "已打110。"}});
    let report: SavedView = tablet.call("report_problem", report).await?;
    let problem = report.record;
    world.settle(&[&tablet, &head, &other]).await?;
    let taken = json!({"problem": problem, "kind": "accepted", "text": ""});
    let taken: ProblemView = station.call("add_problem_event", taken).await?;
    let handler = taken.handler.context("somebody handles it")?;
    world.settle(&[&tablet, &head, &other]).await?;
    let list: ProblemListView = other.call("problems", Value::Null).await?;
    let number = list.rows[0].number.clone().context("it has a number")?;
    assert!(left(&head).await?.is_empty(), "it is here");
    let ask = json!({"id": problem});
    let refused = head.refusal("show_left_words", ask.clone()).await?;
    assert_eq!(refused.code, "not_found");

    let offered = offer(station, &child, true, there).await?;
    world.settle(&[&tablet, &head, &other]).await?;
    decide(&neighbour, &offered, "accept").await?;
    for _ in 0..2 {
        world.settle(&[&tablet, &head, &other]).await?;
    }
    neighbour.sync().await?;
    assert_eq!(sealed_here(&neighbour)?, 0, "it stayed");
    for (device, may_read) in [(station, true), (&head, true), (&other, false)] {
        let rows = left(device).await?;
        let row = rows.first().context("it is listed")?;
        assert_eq!(
            (row.subject.as_str(), row.title.as_str()),
            (problem.as_str(), number.as_str())
        );
        assert_eq!(row.to.as_deref(), Some("青溪镇"));
        assert_eq!(row.handler.as_deref(), Some(handler.as_str()));
        assert_eq!(row.left_on.as_deref(), Some("2026-11-02"));
        assert_eq!(row.review_on, "2036-11-02", "ten years after the last word");
        assert!(!row.is_over && !row.is_child && !shows(row, WORDS));
        assert_eq!(row.may_read, may_read);
    }

    let refused = head.refusal("show_left_words", ask.clone()).await?;
    assert_eq!(refused.code, "pin_again");
    assert!(head.trail("view_restricted")?.is_empty());
    for device in [&head, station] {
        assert!(shows(&read(device, &problem).await?, WORDS));
        assert!(!device.trail("view_restricted")?.is_empty());
    }
    for (device, code) in [(&other, "not_allowed"), (&tablet, "not_found")] {
        device.step_up().await?;
        let refused = device.refusal("show_left_words", ask.clone()).await?;
        assert_eq!(refused.code, code);
    }

    erase(&other, &head, &problem, &format!("{number} 留下的密封记录")).await?;
    for device in [&head, station, &other, &tablet] {
        device.sync().await?;
        assert_eq!(sealed_here(device)?, 0);
    }
    assert!(left(&head).await?.is_empty());
    assert!(world.township.faults()?.is_empty());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_about_a_child_that_left_is_the_heads_alone_as_before() -> Result<()> {
    let world = World::new().await?;
    let (neighbour, there) = neighbours(&world).await?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let second = colleague(&world, Role::Head, "方敏").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let child = world.station.child("吴天宇").await?;
    world.settle(&[&head, &second, &other]).await?;
    head.step_up().await?;
    let keep = json!({"child": child, "text": SECRET});
    let _: Value = head.call("keep_confidential", keep).await?;
    world.settle(&[&head, &second, &other]).await?;
    let offered = offer(&world.station, &child, true, there).await?;
    decide(&neighbour, &offered, "accept").await?;
    world.settle(&[&head, &second, &other]).await?;

    for device in [&other, &world.station] {
        assert!(left(device).await?.is_empty(), "nobody else learns of it");
        device.step_up().await?;
        let refused = device
            .refusal("show_left_words", json!({"id": child}))
            .await?;
        assert_eq!(refused.code, "not_found");
        let asked = json!({"child": child, "basis": "mistake", "words": "已移交"});
        let refused = device.refusal("request_erasure", asked).await?;
        assert_eq!(refused.code, "not_found");
    }
    let rows = left(&second).await?;
    let row = rows.first().context("it is listed")?;
    assert_eq!((row.title.as_str(), row.is_child), ("吴某某", true));
    assert_eq!(row.review_on, "2031-11-02", "five years after it left");
    assert!(shows(&read(&second, &child).await?, SECRET));
    let id = ask(&second, &child, "吴某某 留下的密封记录").await?;
    for device in [&other, &world.station] {
        let page: ErasuresView = device.call("erasures", Value::Null).await?;
        assert!(page.requests.is_empty(), "nor that it is to go");
    }
    agree(&head, &id).await?;
    for device in [&other, &world.station] {
        let page: ErasuresView = device.call("erasures", Value::Null).await?;
        assert!(page.requests.is_empty(), "nor that it goes");
    }
    for device in [&head, &second, &other] {
        device.sync().await?;
        assert_eq!(sealed_here(device)?, 0);
    }
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_recused_before_the_report_reads_nothing_of_what_stayed() -> Result<()> {
    let world = World::new().await?;
    let (neighbour, there) = neighbours(&world).await?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let second = colleague(&world, Role::Head, "方敏").await?;
    let tablet = world.tablet("李玉梅").await?;
    let station = &world.station;
    let child = tablet.child("周子涵").await?;
    // It names the child, its household and what there is of them: the matter is reported later.
    let recuse = json!({"child": child, "staff": head.tablet()?.identity.staff.to_string(), "stead": "",
        "reason": "relative", "until": ""});
    station.step_up().await?;
    let _: Value = station.call("recuse", recuse).await?;
    world.settle(&[&tablet, &head, &second]).await?;
    let report = json!({"children": [child], "card": "hurt", "urgency": "now", "seen": format!("{WORDS}。"),
        "origin_record": null, "mandatory": {"choice": "reported", "text": "已打110。"}});
    let report: SavedView = tablet.call("report_problem", report).await?;
    let problem = report.record;
    world.settle(&[&tablet, &head, &second]).await?;
    let taken = json!({"problem": problem, "kind": "accepted", "text": ""});
    let _: ProblemView = station.call("add_problem_event", taken).await?;
    world.settle(&[&tablet, &head, &second]).await?;
    let offered = offer(station, &child, true, there).await?;
    world.settle(&[&tablet, &head, &second]).await?;
    decide(&neighbour, &offered, "accept").await?;
    for _ in 0..2 {
        world.settle(&[&tablet, &head, &second]).await?;
    }

    for (device, may_read) in [(&head, false), (&second, true)] {
        let rows = left(device).await?;
        let row = rows.first().context("that something stayed is listed")?;
        assert_eq!(row.subject, problem);
        assert_eq!(row.may_read, may_read);
        assert!(!shows(&rows, WORDS));
    }
    head.step_up().await?;
    let ask = json!({"id": problem});
    let refused = head.refusal("show_left_words", ask).await?;
    assert_eq!(refused.code, "recused");
    assert!(head.trail("view_restricted")?.is_empty());
    assert!(shows(&read(&second, &problem).await?, WORDS));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn how_many_documents_go_with_a_whole_file_is_told_to_heads_alone() -> Result<()> {
    let world = World::new().await?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let child = world.station.child("吴天宇").await?;
    world.settle(&[&head, &other]).await?;
    head.step_up().await?;
    let keep = json!({"child": child, "text": SECRET});
    let _: Value = head.call("keep_confidential", keep).await?;
    world.settle(&[&head, &other]).await?;
    other.step_up().await?;
    let asked = json!({"child": child, "basis": "mistake", "words": "重复建档"});
    let page: ErasuresView = other.call("request_erasure", asked).await?;
    let row = page.requests.first().context("it was asked for")?;
    assert_eq!((row.name.as_deref(), row.documents), (Some("吴天宇"), 0));
    let page: ErasuresView = head.call("erasures", Value::Null).await?;
    assert!(page.requests[0].documents >= 2, "the note is counted");
    agree(&head, &row.id).await?;
    let page: ErasuresView = other.call("erasures", Value::Null).await?;
    let row = page.requests.first().context("she asked for it")?;
    assert_eq!((row.state.as_str(), row.documents), ("ordered", 0));
    assert!(!row.missing.is_empty());
    assert!(row.missing.iter().all(|one| one.documents.is_none()));
    world.township.stop().await;
    Ok(())
}
