//! A page that is not saved yet keeps what was typed into it: through the battery, the lease and the move of its child.

use crate::moves;
use crate::photos::camera_photo;
use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::view::{
    AttachmentListView, ProblemFormView, ProblemView, SavedView, SheetListView, SheetView,
    VisitFormView,
};
use serde_json::{Value, json};
use uuid::Uuid;
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, contact_input};

fn page(kind: &str, of: &str) -> Value {
    json!({"page": kind, "of": of, "record": null})
}

async fn keep(device: &Device, page: &Value, words: Value) -> Result<Option<SheetView>> {
    device
        .call("keep_sheet", json!({"sheet": page, "words": words}))
        .await
}

async fn sheets(device: &Device) -> Result<SheetListView> {
    device.call("sheets", Value::Null).await
}

async fn photo(device: &Device, sheet: &SheetView) -> Result<AttachmentListView> {
    let bytes = STANDARD.encode(camera_photo()?);
    let input = json!({"draft": sheet.draft, "kind": "photo", "bytes": bytes});
    device.call("add_attachment", input).await
}

fn report(child: &str, card: &str, sheet: &SheetView) -> Value {
    json!({"children": [child], "card": card, "urgency": "days", "seen": "灶间的墙裂了一道缝。",
           "origin_record": null, "mandatory": null, "sheet": sheet.draft})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_half_typed_survives_the_battery_and_is_saved_with_its_photo() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let page = page("report", &child);
    let none: Option<SheetView> = tablet.call("sheet", page.clone()).await?;
    assert!(none.is_none());
    assert!(
        keep(&tablet, &page, json!({})).await?.is_none(),
        "nothing said, nothing kept"
    );

    keep(
        &tablet,
        &page,
        json!({"seen": ["灶间的墙"], "card": ["danger"]}),
    )
    .await?;
    keep(
        &tablet,
        &page,
        json!({"seen": ["灶间的墙裂了"], "card": ["danger"]}),
    )
    .await?;
    tablet.reopen(PIN).await?;
    let sheet: Option<SheetView> = tablet.call("sheet", page.clone()).await?;
    let sheet = sheet.context("it is there again")?;
    assert_eq!(sheet.words["seen"], ["灶间的墙裂了"]);
    let list = sheets(&tablet).await?;
    assert_eq!(list.rows.len(), 1);
    assert_eq!(
        (list.rows[0].title.as_str(), list.rows[0].gone),
        ("周子涵", false)
    );
    assert!(list.rows[0].words.is_empty(), "they are on the page");

    // One sheet for the words and the photo; a matter whose words are the station's alone has none.
    let begun: SheetView = tablet.call("begin_sheet", page.clone()).await?;
    assert_eq!(begun.draft, sheet.draft);
    photo(&tablet, &begun).await?;
    let form: ProblemFormView = tablet.call("problem_form", json!({"id": child})).await?;
    let card = form
        .cards
        .iter()
        .find(|card| card.kinds.iter().any(|kind| kind.sealed))
        .context("one is")?;
    let refused = tablet
        .refusal("report_problem", report(&child, &card.code, &begun))
        .await?;
    assert_eq!(refused.code, "photos_are_open");
    let other = tablet.child("石小雨").await?;
    let refused = tablet
        .refusal("report_problem", report(&other, "danger", &begun))
        .await?;
    assert_eq!(refused.code, "draft_gone", "it is another page's");

    let saved: SavedView = tablet
        .call("report_problem", report(&child, "danger", &begun))
        .await?;
    assert!(sheets(&tablet).await?.rows.is_empty());
    let none: Option<SheetView> = tablet.call("sheet", page).await?;
    assert!(none.is_none());
    world.settle(&[&tablet]).await?;
    let there: ProblemView = world
        .station
        .call("problem", json!({"id": saved.record}))
        .await?;
    assert_eq!(there.attachments.len(), 1);
    assert_eq!(
        there.attachments[0].record.as_ref(),
        there.events.first().map(|event| &event.event)
    );
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_with_words_and_a_photo_is_found_in_the_file() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let today = tablet.tablet()?.today().to_string();
    let page = page("contact", &child);
    let begun: SheetView = tablet.call("begin_sheet", page.clone()).await?;
    photo(&tablet, &begun).await?;
    let kept = keep(&tablet, &page, json!({"note": ["奶奶腿疼"]})).await?;
    assert!(kept.context("kept")?.photos);
    let mut input = contact_input(&child, &today, "奶奶腿疼，走路要扶。");
    input["sheet"] = json!(begun.draft);
    let saved: SavedView = tablet.call("record_contact", input).await?;
    let list: AttachmentListView = tablet
        .call("child_attachments", json!({"id": child}))
        .await?;
    assert_eq!(list.rows.len(), 1);
    assert_eq!(list.rows[0].record.as_ref(), Some(&saved.record));
    assert!(sheets(&tablet).await?.rows.is_empty());

    nobody_was_met(&tablet, &child, &today).await?;

    // Too long away: what was typed before is hers to finish, though nothing else is shown.
    keep(&tablet, &page, json!({"note": ["还没打通"]})).await?;
    world.go_to_day(40, &[&tablet]);
    assert_eq!(
        tablet.refusal("today", Value::Null).await?.code,
        "lease_over"
    );
    let kept: Option<SheetView> = tablet.call("sheet", page.clone()).await?;
    assert_eq!(kept.context("hers")?.words["note"], ["还没打通"]);
    assert!(
        keep(&tablet, &page, json!({"note": ["打通了"]}))
            .await?
            .is_some()
    );
    world.township.stop().await;
    Ok(())
}

/// The note of an attempt is kept and goes with its save; of one that ends a visit, as long as that visit can end so.
async fn nobody_was_met(tablet: &Device, child: &str, today: &str) -> Result<()> {
    let door = page("attempt", child);
    keep(tablet, &door, json!({"note": ["门锁着，邻居说去"]})).await?;
    let kept = keep(tablet, &door, json!({"note": ["门锁着，邻居说去镇上了"]})).await?;
    let kept = kept.context("kept")?;
    let list = sheets(tablet).await?;
    assert_eq!((list.rows.len(), list.rows[0].gone), (1, false));
    let refused = tablet.refusal("begin_sheet", door.clone()).await?;
    assert_eq!(refused.code, "not_allowed", "it has no photos");
    let mut input = json!({"household": "", "child": child, "event_date": today, "reason": "nobody_home", "next_on": null,
                           "note": "门锁着，邻居说去镇上了。", "sheet": kept.draft, "record": Uuid::from_u128(7)});
    let first: SavedView = tablet.call("record_attempt", input.clone()).await?;
    assert!(sheets(tablet).await?.rows.is_empty());
    // She typed on before a second try of the same.
    let kept = keep(tablet, &door, json!({"note": ["门锁着"]})).await?;
    input["sheet"] = json!(kept.context("kept")?.draft);
    let again: SavedView = tablet.call("record_attempt", input.clone()).await?;
    assert_eq!(again.record, first.record);
    assert!(sheets(tablet).await?.rows.is_empty());
    nobody_in_a_visit(tablet, child, input).await
}

async fn nobody_in_a_visit(tablet: &Device, child: &str, mut input: Value) -> Result<()> {
    let visit: VisitFormView = tablet.call("open_visit", json!({"id": child})).await?;
    let ended = json!({"page": "attempt", "of": child, "record": visit.draft});
    let met = json!({"sheet": ended, "words": {"note": ["没人"]}});
    assert_eq!(
        tablet.refusal("keep_sheet", met).await?.code,
        "met_somebody"
    );
    tablet
        .answer(&visit.draft, "session", "a_met", &["nobody"])
        .await?;
    let words = json!({"reason": ["nobody_home"], "next_on": [""], "date": [input["event_date"]], "note": ["没人"]});
    let kept = keep(tablet, &ended, words).await?.context("kept")?;
    assert!(!sheets(tablet).await?.rows[0].gone);
    input["visit"] = json!(visit.draft);
    input["record"] = json!(Uuid::from_u128(8));
    input["sheet"] = json!(Uuid::from_u128(9));
    assert_eq!(
        tablet.refusal("record_attempt", input.clone()).await?.code,
        "draft_gone",
        "that is no sheet of it"
    );
    tablet
        .answer(&visit.draft, "session", "a_met", &["child"])
        .await?;
    let list = sheets(tablet).await?;
    assert_eq!(
        (list.rows[0].gone, list.rows[0].words.as_slice()),
        (true, ["没人".to_owned()].as_slice()),
        "somebody was met after all"
    );
    tablet
        .answer(&visit.draft, "session", "a_met", &["nobody"])
        .await?;
    input["sheet"] = json!(kept.draft);
    let _: SavedView = tablet.call("record_attempt", input).await?;
    assert!(sheets(tablet).await?.rows.is_empty());

    // The save was not heard of, and she types on: the visit is gone, her words are not.
    let late = keep(tablet, &ended, json!({"note": ["没人，窗开着"]})).await?;
    let late = late.context("kept")?;
    let list = sheets(tablet).await?;
    assert_eq!(
        (list.rows[0].gone, list.rows[0].words.as_slice()),
        (true, ["没人，窗开着".to_owned()].as_slice())
    );
    let _: Value = tablet.call("drop_sheet", json!({"id": late.draft})).await?;
    let none = json!({"page": "attempt", "of": child, "record": "no name"});
    let typed = json!({"sheet": none, "words": {"note": ["没人"]}});
    assert_eq!(
        tablet.refusal("keep_sheet", typed).await?.code,
        "draft_gone"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn words_about_a_child_that_moved_are_read_before_the_tablet_lets_go() -> Result<()> {
    let world = World::new().await?;
    let there = world.create_village("前塘村", "310199100202").await?;
    let old = world.tablet("李玉梅").await?;
    let child = old.child("吴天宇").await?;
    keep(
        &old,
        &page("contact", &child),
        json!({"note": ["孩子说不想搬家"]}),
    )
    .await?;
    let offered = moves::offer(&world.station, &child, true, there).await?;
    moves::decide(&world.station, &offered, "accept").await?;
    for _ in 0..3 {
        old.sync().await?;
    }
    let left = moves::departures(&old).await?;
    assert!(!left.children[0].removed, "what was typed is kept");
    let list = sheets(&old).await?;
    assert!(list.rows[0].gone);
    assert_eq!(list.rows[0].words, ["孩子说不想搬家"]);
    let _: Value = old
        .call("drop_sheet", json!({"id": list.rows[0].draft}))
        .await?;
    for _ in 0..2 {
        old.sync().await?;
    }
    let left = moves::departures(&old).await?;
    assert!(left.children[0].removed, "{left:?}");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_was_put_away_can_be_taken_back_after_a_sync() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let form = tablet.begin_visit(&child).await?;
    let put_away = json!({"id": form.draft});
    let _: Value = tablet.call("discard_draft", put_away.clone()).await?;
    tablet.sync().await?;
    tablet.sync().await?;
    let _: Value = tablet.call("restore_draft", put_away.clone()).await?;
    let again: VisitFormView = tablet.call("visit_form", put_away).await?;
    assert_eq!(again.draft, form.draft);
    world.township.stop().await;
    Ok(())
}
