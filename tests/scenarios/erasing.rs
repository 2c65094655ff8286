//! A file leaves every device only when a head agreed to what another person asked, and stays when it must be kept.

use anyhow::{Context, Result};
use client::view::{ChildFileView, ErasureFormView, ErasuresView, SavedView, ShellKind};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};
use zoufang_tests::township::SetBack;

const STATION_PIN: &str = "283946";
const HOUR_MS: i64 = 60 * 60 * 1000;

async fn head_of(world: &World) -> Result<Device> {
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: world.station.tablet()?.identity.scope,
            role: Role::Head,
            person: "陈站长".to_owned(),
        })
        .await?;
    let head = world.open_device(&world.new_folder(), ShellKind::Station)?;
    head.enrol(&world.township.server, &code, PIN).await?;
    head.sync().await?;
    Ok(head)
}

async fn step_up(device: &Device, pin: &str) -> Result<()> {
    let _: Value = device.call("step_up", json!({ "pin": pin })).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_everywhere_when_a_head_agrees_and_every_tablet_says_so() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("吴天宇").await?;
    let other = tablet.child("郑可欣").await?;
    tablet.contact(&child, "孩子感冒好了。").await?;
    tablet.sync().await?;
    world.station.sync().await?;

    let form: ErasureFormView = world
        .station
        .call("erasure_form", json!({ "id": child }))
        .await?;
    assert_eq!(form.parts.records, 1);
    let asked = json!({ "child": child, "basis": "mistake", "words": "重复建档" });
    let early = world
        .station
        .refusal("request_erasure", asked.clone())
        .await?;
    assert_eq!(early.code, "pin_again");
    step_up(&world.station, STATION_PIN).await?;
    let mut silent = asked.clone();
    silent["words"] = json!(" ");
    let silent = world.station.refusal("request_erasure", silent).await?;
    assert_eq!(silent.code, "basis_missing");
    let page: ErasuresView = world.station.call("request_erasure", asked).await?;
    let id = page.requests[0].id.clone();
    assert_eq!(page.requests[0].name.as_deref(), Some("吴天宇"));
    assert!(
        !page.requests[0].may_decide,
        "whoever asked does not decide"
    );
    let decision = json!({ "id": id, "approve": true });
    let own = world
        .station
        .refusal("decide_erasure", decision.clone())
        .await?;
    assert_eq!(own.code, "not_allowed");

    step_up(&head, PIN).await?;
    head.sync().await?;
    let hold = json!({ "child": child, "hold": true, "words": "检察院要用" });
    let held: ErasuresView = head.call("set_hold", hold).await?;
    assert_eq!(held.holds.len(), 1);
    let kept = head.refusal("decide_erasure", decision.clone()).await?;
    assert_eq!(kept.code, "on_hold");
    let _: ChildFileView = head.call("child_file", json!({ "id": child })).await?;
    let hold = json!({ "child": child, "hold": false, "words": "案子结了" });
    let _: ErasuresView = head.call("set_hold", hold).await?;

    let page: ErasuresView = head.call("decide_erasure", decision).await?;
    let row = &page.requests[0];
    assert_eq!((row.state.as_str(), row.name.clone()), ("ordered", None));
    assert_eq!(row.words, "", "the reason names people, so it went too");
    assert_eq!(row.missing.len(), 3, "nobody has said so yet: {row:?}");

    // What was written meanwhile on a tablet that knew nothing does not bring it back.
    tablet.contact(&child, "又去看了一次。").await?;
    tablet.contact(&other, "孩子很好。").await?;
    for device in [&tablet, &world.station, &head] {
        device.sync().await?;
        let gone = device.refusal("child_file", json!({ "id": child })).await?;
        assert_eq!(gone.code, "not_found");
        let _: ChildFileView = device.call("child_file", json!({ "id": other })).await?;
    }
    for clock in [
        &tablet.clock,
        &world.clock,
        &world.station.clock,
        &head.clock,
    ] {
        clock.move_by(HOUR_MS);
    }
    for device in [&tablet, &world.station, &head] {
        device.sync().await?;
    }
    let page: ErasuresView = head.call("erasures", Value::Null).await?;
    let row = page.requests.first().context("it stays in sight")?;
    assert_eq!((row.receipts, row.missing.len()), (3, 0), "{row:?}");
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_decides_about_what_was_asked_and_not_about_what_came_after() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("吴天宇").await?;
    step_up(&world.station, STATION_PIN).await?;
    let asked = json!({ "child": child, "basis": "mistake", "words": "重复建档" });
    let page: ErasuresView = world.station.call("request_erasure", asked).await?;
    let decision = json!({ "id": page.requests[0].id, "approve": true });

    let report = json!({
        "children": [child], "card": "danger", "urgency": "later", "seen": "门口河边没有护栏。",
        "origin_record": null, "mandatory": null,
    });
    let _: SavedView = tablet.call("report_problem", report).await?;
    tablet.sync().await?;
    step_up(&head, PIN).await?;
    let refused = head.refusal("decide_erasure", decision.clone()).await?;
    assert_eq!(refused.code, "erasure_changed");
    let _: ChildFileView = head.call("child_file", json!({ "id": child })).await?;
    let page: ErasuresView = head
        .call(
            "decide_erasure",
            json!({ "id": decision["id"], "approve": false }),
        )
        .await?;
    assert_eq!(page.requests[0].state, "declined");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_set_back_learns_again_what_must_be_kept() -> Result<()> {
    let mut world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("吴天宇").await?;
    world.settle(&[&tablet, &head]).await?;
    let copy = world.township.back_up(&world.folder().join("backup"))?;
    step_up(&head, PIN).await?;
    let hold = json!({ "child": child, "hold": true, "words": "检察院要用" });
    let _: ErasuresView = head.call("set_hold", hold).await?;
    for device in [&head, &tablet] {
        device.sync().await?;
    }
    let data = world.folder().join("set-back");
    world
        .township
        .set_back(&copy, &data, SetBack::Restored)
        .await?;
    for device in [&tablet, &head, &tablet] {
        device.sync().await?;
    }
    let page: ErasuresView = head.call("erasures", Value::Null).await?;
    assert_eq!(page.holds.len(), 1);
    assert_eq!(page.holds[0].by, None, "the order came back, not the words");
    world.township.stop().await;
    Ok(())
}
