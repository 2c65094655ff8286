//! The lists of duties count what is written down, each unit's own; a tick is a person's, and two people apart keep both.

use anyhow::{Context, Result};
use client::view::{DutiesView, DutyView, SavedView, TimelineKind, WorkSavedView};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

async fn lists(device: &Device, village: Option<String>) -> Result<DutiesView> {
    device
        .call("duties", json!({"month": null, "village": village}))
        .await
}

fn item<'a>(view: &'a DutiesView, name: &str) -> Result<&'a DutyView> {
    let mut items = view.lists.iter().flat_map(|list| &list.items);
    items
        .find(|item| item.item == name)
        .context("it is on the list")
}

/// What is counted, in the pack's order.
fn told(view: &DutiesView, name: &str) -> Result<Vec<(u32, Option<u32>)>> {
    let proofs = item(view, name)?.proofs.iter();
    Ok(proofs.map(|proof| (proof.done, proof.of)).collect())
}

async fn write(device: &Device, block: &str, children: &[&str], kind: &str) -> Result<()> {
    let values = json!({"kind": [kind], "text": ["做了"], "on": ["2026-11-02"], "level": ["village"], "organiser": ["村里"]});
    let _: WorkSavedView = device
        .call(
            "record_work",
            json!({"block": block, "record": null, "children": children, "values": values}),
        )
        .await?;
    Ok(())
}

async fn tick(device: &Device, name: &str, done: bool) -> Result<DutiesView> {
    device
        .call(
            "tick_duty",
            json!({"month": "2026-11", "item": name, "done": done}),
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn records_tell_of_a_duty_and_a_tick_is_a_persons_own() -> Result<()> {
    let world = World::new().await?;
    let first = world.tablet("李玉梅").await?;
    let second = world.tablet("赵春燕").await?;
    let child = first.child("周子涵").await?;
    world.cut_network();
    let before = lists(&first, None).await?;
    let codes: Vec<&str> = before.lists.iter().map(|list| list.code.as_str()).collect();
    assert_eq!(codes, ["director", "services"]);
    assert_eq!(
        told(&before, "director/visits")?,
        [(0, Some(6)), (0, Some(6))]
    );
    assert!(before.may_tick && before.villages.is_empty() && before.after.is_none());

    first.visit(&child).await?;
    first.contact(&child, "都好。").await?;
    write(&first, "line", &[], "training").await?;
    write(&first, "help", &[&child], "study").await?;
    write(&second, "activity", &[&child], "family").await?;
    let wish = json!({"child": child, "block": "wish", "replaces": null, "values": {"text": ["球鞋"], "status": ["said"]}});
    let _: Value = first.call("write_row", wish).await?;
    let report = json!({"children": [child], "card": "danger", "urgency": "now", "seen": "屋里有危险。", "origin_record": null,
                        "mandatory": {"choice": "not_such_case", "text": "电线已经断电。"}});
    let _: Value = first.call("report_problem", report).await?;
    tick(&first, "director/visits", true).await?;
    tick(&first, "director/visits", true).await?;
    tick(&second, "director/visits", true).await?;
    let back = tick(&second, "director/secret", true).await?;
    assert!(item(&back, "director/secret")?.ticked);
    let back = tick(&second, "director/secret", false).await?;
    assert!(!item(&back, "director/secret")?.ticked);
    for (asked, code) in [
        (
            json!({"month": "2026-11", "item": "supervisor/guide", "done": true}),
            "not_found",
        ),
        (
            json!({"month": "2026-11", "item": "visits", "done": true}),
            "not_found",
        ),
        (
            json!({"month": "2026-12", "item": "director/visits", "done": true}),
            "date_future",
        ),
        (
            json!({"month": "now", "item": "director/visits", "done": true}),
            "value_invalid",
        ),
    ] {
        assert_eq!(first.refusal("tick_duty", asked).await?.code, code);
    }
    world.restore_network();
    world.settle(&[&first, &second]).await?;

    let village = world.village.to_string();
    let station = lists(&world.station, Some(village.clone())).await?;
    assert!(!station.may_tick);
    for view in [
        &lists(&first, None).await?,
        &lists(&second, None).await?,
        &station,
    ] {
        assert_eq!(told(view, "director/visits")?, [(1, Some(6)), (1, Some(6))]);
        assert_eq!(told(view, "director/training")?, [(1, None)]);
        assert_eq!(
            told(view, "director/home")?,
            [(0, None), (1, None), (1, None)]
        );
        assert_eq!(told(view, "director/report")?, [(0, None)]);
        assert_eq!(told(view, "services/education")?, [(0, None), (1, None)]);
        assert_eq!(told(view, "services/family")?, [(1, None)]);
        assert_eq!(told(view, "services/wishes")?[0], (1, None));
        let mut ticks: Vec<&str> = item(view, "director/visits")?
            .ticks
            .iter()
            .map(|one| one.by.as_str())
            .collect();
        ticks.sort_unstable();
        assert_eq!(ticks, ["李玉梅", "赵春燕"]);
        assert!(item(view, "director/secret")?.ticks.is_empty());
        let proof = &item(view, "services/education")?.proofs[1];
        assert_eq!(
            (proof.label.as_str(), proof.link.as_str()),
            ("关爱帮扶（学业）", "/me/work")
        );
    }

    // The station has its own list, over its township, and its own ticks; a village sees none of it.
    let own = lists(&world.station, None).await?;
    assert_eq!(own.lists.len(), 1);
    assert_eq!(
        told(&own, "supervisor/guide")?,
        [(0, None), (0, None)],
        "the village went and called, nobody guided it"
    );
    assert_eq!(
        told(&own, "supervisor/activity")?,
        [(0, None)],
        "the village held it"
    );
    tick(&world.station, "supervisor/guide", true).await?;
    world.settle(&[&first]).await?;
    assert!(
        lists(&first, None)
            .await?
            .lists
            .iter()
            .all(|list| list.code != "supervisor")
    );
    let elsewhere = json!({"month": null, "village": village});
    assert_eq!(first.refusal("duties", elsewhere).await?.code, "not_found");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_is_over_is_told_of_whom_it_was_about() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let of = |view: &DutiesView| -> Result<Vec<Option<u32>>> {
        let counts = told(view, "director/visits")?.into_iter();
        Ok(counts.map(|(_, of)| of).collect())
    };
    assert_eq!(of(&lists(&tablet, None).await?)?, [Some(6), Some(6)]);
    world.go_to_day(30, &[&tablet]);
    world.settle(&[&tablet]).await?;
    // Found in December: nobody was asked to see her in November.
    let found = json!({"name": "何小满", "sex": "2", "birth_date": "2017-08-08", "village": null,
                       "household": null, "category": "LB-1", "reason": "邻居说起的。"});
    let _: SavedView = tablet.call("add_child", found).await?;
    assert_eq!(of(&lists(&tablet, None).await?)?, [Some(7), Some(7)]);
    let november: DutiesView = tablet
        .call("duties", json!({"month": "2026-11", "village": null}))
        .await?;
    assert_eq!(of(&november)?, [Some(6), Some(6)]);
    world.township.stop().await;
    Ok(())
}

/// Every duty that could be told of something else: what is beside it leaves it at nothing, what is meant counts.
#[tokio::test(flavor = "multi_thread")]
async fn each_duty_is_told_of_by_what_it_is_about_and_by_nothing_beside_it() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let row = async |block: &str, values: Value| -> Result<()> {
        let asked = json!({"child": child, "block": block, "replaces": null, "values": values});
        let _: Value = tablet.call("write_row", asked).await?;
        Ok(())
    };
    let report = async |card: &str, kind: &str| -> Result<()> {
        let asked = json!({"children": [child], "card": card, "kind": kind, "urgency": "later", "seen": "上门看到的。",
                           "origin_record": null, "mandatory": null});
        let _: Value = tablet.call("report_problem", asked).await?;
        Ok(())
    };
    // What is beside each of them.
    row(
        "benefit",
        json!({"kind": ["disabled_care"], "status": ["granted"]}),
    )
    .await?;
    row("benefit", json!({"kind": ["dibao"], "status": ["maybe"]})).await?;
    row("disability", json!({"kind": ["4"], "has_cert": ["y"]})).await?;
    row(
        "delegation",
        json!({"name": ["周建国"], "reason": ["both_away"], "agreement": ["y"]}),
    )
    .await?;
    row("mentor", json!({"name": ["陈老师"], "kind": ["volunteer"]})).await?;
    write(&tablet, "help", &[&child], "company").await?;
    write(&tablet, "help", &[&child], "goods").await?;
    write(&tablet, "help", &[&child], "safety").await?;
    report("danger", "HAZARD").await?;
    tablet.visit(&child).await?;
    world.settle(&[&tablet]).await?;
    let before = lists(&tablet, None).await?;
    for (name, wanted) in [
        ("services/living", [0].as_slice()),
        ("services/devices", &[0]),
        ("services/delegation", &[0]),
        ("services/mentor", &[0]),
        ("services/pairing", &[1]),
        ("services/room", &[0, 0]),
        ("services/hukou", &[0]),
        ("services/online", &[0, 0]),
        ("director/report", &[0]),
        ("director/benefits", &[1]),
    ] {
        let counted: Vec<u32> = told(&before, name)?.iter().map(|(done, _)| *done).collect();
        assert_eq!(counted, wanted, "{name}");
    }
    let own = lists(&world.station, None).await?;
    for name in ["guide", "problems", "files"] {
        let counts = told(&own, &format!("supervisor/{name}"))?;
        assert!(
            counts.iter().all(|(done, _)| *done == 0),
            "{name}: {counts:?}"
        );
    }

    // What is meant.
    row("benefit", json!({"kind": ["dibao"], "status": ["granted"]})).await?;
    row(
        "disability",
        json!({"kind": ["2"], "has_cert": ["y"], "devices": ["助听器"]}),
    )
    .await?;
    row(
        "delegation",
        json!({"name": ["周建国"], "reason": ["both_away"], "agreement": ["y"], "fit": ["y"]}),
    )
    .await?;
    row(
        "mentor",
        json!({"name": ["班主任顾老师"], "kind": ["mentor"]}),
    )
    .await?;
    write(&tablet, "help", &[&child], "room").await?;
    write(&tablet, "activity", &[&child], "online").await?;
    report("poor", "HUKOU").await?;
    world.settle(&[&tablet]).await?;
    let after = lists(&tablet, None).await?;
    for (name, wanted) in [
        ("services/living", [1].as_slice()),
        ("services/devices", &[1]),
        ("services/delegation", &[1]),
        ("services/mentor", &[1]),
        ("services/pairing", &[1]),
        ("services/room", &[0, 1]),
        ("services/hukou", &[1]),
        ("services/online", &[1, 0]),
        ("director/benefits", &[2]),
    ] {
        let counted: Vec<u32> = told(&after, name)?.iter().map(|(done, _)| *done).collect();
        assert_eq!(counted, wanted, "{name}");
    }
    let label = |name: &str| -> Result<String> { Ok(item(&after, name)?.proofs[0].label.clone()) };
    assert_eq!(label("services/hukou")?, "无户口或证件");
    assert_eq!(label("services/mentor")?, "结对（成长导师、同学互助）");
    assert_eq!(
        label("services/devices")?,
        "残疾（用着的器具、还需要的器具）"
    );
    let detail = &item(&after, "services/hukou")?.detail;
    assert!(detail.iter().any(|line| line.starts_with("做什么：")));
    assert!(detail.iter().any(|line| line.starts_with("对应：")));

    // The station asks to have a visit filled in, and goes there.
    let file = world.station.file(&child).await?;
    let visit = file
        .timeline
        .iter()
        .find(|line| line.kind == TimelineKind::Visit);
    let visit = &visit.context("the visit is in the file")?.record;
    let asked = json!({"child": child, "record": visit, "text": "住的情况请写一句。"});
    let _: Value = world.station.call("ask_fill", asked).await?;
    write(&world.station, "line", &[], "guidance").await?;
    let own = lists(&world.station, None).await?;
    assert_eq!(told(&own, "supervisor/guide")?, [(1, None), (1, None)]);
    world.township.stop().await;
    Ok(())
}
