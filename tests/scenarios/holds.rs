//! 暂缓删除 holds what a child shares with others and what is written of it later, and no longer than it stands.

use anyhow::{Context, Result};
use client::view::{
    ChildFileView, ErasureFormView, ErasuresView, ProblemView, SavedView, ShellKind,
};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};

/// Another computer of the station, with its person's role.
pub(crate) async fn colleague(world: &World, role: Role, person: &str) -> Result<Device> {
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: world.station.tablet()?.identity.scope,
            role,
            person: person.to_owned(),
        })
        .await?;
    let device = world.open_device(&world.new_folder(), ShellKind::Station)?;
    device.enrol(&world.township.server, &code, PIN).await?;
    device.sync().await?;
    Ok(device)
}

/// A request for one thing of a child's file, by how the page calls it.
async fn asking(world: &World, child: &str, label: &str) -> Result<Value> {
    let form: ErasureFormView = world
        .station
        .call("erasure_form", json!({ "id": child }))
        .await?;
    let mut items = form.items.iter();
    let item = items.find(|item| item.label.contains(label));
    let item = &item.context("it can be erased alone")?.item;
    world.station.step_up().await?;
    Ok(
        json!({"child": child, "item": item, "keep_now": false, "basis": "family", "words": "家里要求"}),
    )
}

async fn hold(head: &Device, child: &str, hold: bool) -> Result<ErasuresView> {
    head.step_up().await?;
    let said = json!({"child": child, "hold": hold, "words": "检察院要用"});
    head.call("set_hold", said).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_held_child_neither_the_household_nor_a_later_problem_goes_by_way_of_its_brother()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = colleague(&world, Role::Head, "陈站长").await?;
    let (child, brother) = (tablet.child("石小雨").await?, tablet.child("石小晨").await?);
    let row = json!({"child": brother, "block": "members", "replaces": null, "values": {
        "name": ["王桂兰"], "relation": ["62"], "lives_here": ["y"],
    }});
    let _: ChildFileView = tablet.call("write_row", row).await?;
    world.settle(&[&tablet, &head]).await?;
    let household = asking(&world, &brother, "家里人第1行").await?;
    let asked: ErasuresView = world
        .station
        .call("request_part_erasure", household.clone())
        .await?;
    let early = asked
        .requests
        .first()
        .context("it was asked for")?
        .id
        .clone();

    hold(&head, &child, true).await?;
    let report = json!({
        "children": [child, brother], "card": "danger", "urgency": "later", "seen": "门口河边没有护栏。",
        "origin_record": null, "mandatory": null,
    });
    let report: SavedView = tablet.call("report_problem", report).await?;
    world.settle(&[&tablet, &head]).await?;
    let step = json!({"problem": report.record, "kind": "accepted", "text": "下周装护栏。"});
    let _: ProblemView = world.station.call("add_problem_event", step).await?;
    world.settle(&[&tablet, &head]).await?;

    // Asked for before, it is not agreed to; and nothing of it can be asked for.
    head.step_up().await?;
    let agreed = json!({"id": early, "approve": true});
    let refused = head.refusal("decide_erasure", agreed).await?;
    assert_eq!(refused.code, "on_hold");
    let later = asking(&world, &brother, "问题里的一段话").await?;
    for asked in [&household, &later] {
        let station = &world.station;
        let refused = station
            .refusal("request_part_erasure", asked.clone())
            .await?;
        assert_eq!(refused.code, "on_hold", "{asked}");
    }

    let lifted = hold(&head, &child, false).await?;
    assert!(lifted.holds.is_empty());
    for asked in [household, later] {
        let page: ErasuresView = world.station.call("request_part_erasure", asked).await?;
        assert_eq!(page.requests[0].state, "asked");
    }
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}
