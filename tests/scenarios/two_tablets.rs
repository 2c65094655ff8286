//! Two tablets of one village, and the station, all writing without seeing each other.

use anyhow::{Context, Result};
use client::view::{ConflictListView, ConflictView, RevealedView, TodayView};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use zoufang_tests::device::Device;
use zoufang_tests::story::{World, held_by_station, same_content};

async fn two(world: &World) -> Result<(Device, Device)> {
    Ok((world.tablet("李玉梅").await?, world.tablet("赵春燕").await?))
}

async fn same_everywhere(world: &World, one: &Device, other: &Device) -> Result<()> {
    world.settle(&[one, other]).await?;
    same_content(one, other)?;
    held_by_station(one, &world.station)?;
    one.all_delivered().await?;
    other.all_delivered().await
}

/// Value, author and unit of every contested value.
fn values(conflict: &ConflictView) -> BTreeSet<(String, String, String)> {
    conflict
        .values
        .iter()
        .map(|value| (value.text.clone(), value.by.clone(), value.unit.clone()))
        .collect()
}

fn owned(values: &[(&str, &str, &str)]) -> BTreeSet<(String, String, String)> {
    values
        .iter()
        .map(|(text, by, unit)| ((*text).to_owned(), (*by).to_owned(), (*unit).to_owned()))
        .collect()
}

async fn only_conflict(device: &Device) -> Result<ConflictView> {
    let mut open = device.conflicts().await?;
    assert_eq!(open.len(), 1, "{open:?}");
    open.pop().context("there is one")
}

/// Rows of the device's own trail with one code.
fn trail(device: &Device, action: &str) -> Result<usize> {
    let tablet = device.tablet()?;
    let memory = tablet.identity.incarnation;
    let rows = tablet
        .store
        .read(|connection| store::audit::rows_after(connection, memory, 0, 100_000))?;
    Ok(rows.iter().filter(|(row, _)| row.action == action).count())
}

async fn settle_on(device: &Device, text: &str) -> Result<()> {
    let conflict = only_conflict(device).await?;
    let value = conflict
        .values
        .iter()
        .find(|value| value.text == text)
        .context("the value is offered")?;
    let left: ConflictListView = device
        .call(
            "settle_conflict",
            json!({"conflict": conflict.conflict, "value": value.value}),
        )
        .await?;
    assert!(left.open.is_empty(), "one tap settles it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tablets_of_one_village_see_the_same() -> Result<()> {
    let world = World::new().await?;
    let (one, other) = two(&world).await?;
    let child = one.child("吴天宇").await?;
    one.contact(&child, "奶奶说都好。").await?;
    other.visit(&child).await?;
    one.edit(&child, "child", "nickname", "天天").await?;
    same_everywhere(&world, &one, &other).await?;
    let todays: [TodayView; 2] = [
        one.call("today", Value::Null).await?,
        other.call("today", Value::Null).await?,
    ];
    assert_eq!(todays[0], todays[1]);
    assert_eq!(one.records().await?, other.records().await?);
    assert_eq!(
        other.field(&child, "nickname").await?.text.as_deref(),
        Some("天天")
    );
    world.township.stop().await;
    Ok(())
}

// primeroIMS/primero#508: two workers edit one field offline and the later write wins without a trace.
#[tokio::test(flavor = "multi_thread")]
async fn one_field_edited_on_two_tablets_and_at_the_station_keeps_all_three_until_one_is_chosen()
-> Result<()> {
    let world = World::new().await?;
    let (one, other) = two(&world).await?;
    let child = one.child("石小雨").await?;
    world.cut_network();
    one.edit(&child, "child", "carer_phone", "10011110001")
        .await?;
    other
        .edit(&child, "child", "carer_phone", "10022220002")
        .await?;
    world
        .station
        .edit(&child, "child", "carer_phone", "10033330003")
        .await?;
    world.restore_network();
    same_everywhere(&world, &one, &other).await?;

    // Three numbers that have nothing in common: each is looked at like any other.
    let expected = owned(&[
        ("100****0001", "李玉梅", "白荷村"),
        ("100****0002", "赵春燕", "白荷村"),
        ("100****0003", "陈敏", "芦汀镇"),
    ]);
    let looked = only_conflict(&one).await?;
    let seen = |value: &str| json!({"child": child, "holder": "conflict", "key": format!("{}/{value}", looked.conflict)});
    for value in &looked.values {
        assert_eq!(value.reveal.as_deref(), Some("tap"));
        let shown: RevealedView = one.call("reveal_field", seen(&value.value)).await?;
        assert_eq!(shown.text.len(), 11);
        assert_eq!(shown.text[..3], value.text[..3]);
        assert_eq!(shown.text[7..], value.text[7..]);
    }
    let refused = one.refusal("reveal_field", seen("nobody")).await?;
    assert_eq!(refused.code, "not_found");
    assert_eq!(trail(&one, "view_conflict")?, 1, "one row for the page");
    assert_eq!(trail(&one, "field_shown")?, 3);
    for device in [&one, &other, &world.station] {
        let conflict = only_conflict(device).await?;
        assert_eq!(values(&conflict), expected);
        assert!(
            conflict
                .values
                .iter()
                .all(|value| value.at.starts_with("20")),
            "each has its time"
        );
        assert_eq!(conflict.values.iter().filter(|value| value.mine).count(), 1);
        assert_eq!(conflict.child.as_deref(), Some(child.as_str()));
        assert_eq!(device.file(&child).await?.conflicts, 1);
        assert!(
            device
                .field(&child, "carer_phone")
                .await?
                .conflict
                .is_some()
        );
        let row = device
            .children()
            .await?
            .rows
            .into_iter()
            .find(|row| row.child == child);
        assert!(row.context("listed")?.needs_check, "需要核对");
    }

    settle_on(&other, "100****0003").await?;
    same_everywhere(&world, &one, &other).await?;
    for device in [&one, &other, &world.station] {
        assert!(device.conflicts().await?.is_empty(), "the choice syncs");
        let field = device.field(&child, "carer_phone").await?;
        assert_eq!(
            (field.text.as_deref(), field.conflict),
            (Some("100****0003"), None)
        );
    }
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_settled_differently_in_two_places_is_asked_again_and_settled_alike_is_not()
-> Result<()> {
    let world = World::new().await?;
    let (one, other) = two(&world).await?;
    let child = one.child("郑可欣").await?;
    for (here, there, chosen_there, is_asked_again) in
        [("甲", "乙", "乙", true), ("丙", "丁", "丙", false)]
    {
        world.cut_network();
        one.edit(&child, "child", "nickname", here).await?;
        other.edit(&child, "child", "nickname", there).await?;
        world.restore_network();
        same_everywhere(&world, &one, &other).await?;
        world.cut_network();
        settle_on(&one, here).await?;
        settle_on(&other, chosen_there).await?;
        world.restore_network();
        same_everywhere(&world, &one, &other).await?;
        assert_eq!(!one.conflicts().await?.is_empty(), is_asked_again);
        if is_asked_again {
            assert_eq!(values(&only_conflict(&one).await?).len(), 2);
            settle_on(&world.station, "乙").await?;
            same_everywhere(&world, &one, &other).await?;
        }
        for device in [&one, &other, &world.station] {
            assert!(device.conflicts().await?.is_empty());
        }
    }
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn different_fields_merge_silently_and_equal_values_are_no_conflict() -> Result<()> {
    let world = World::new().await?;
    let (one, other) = two(&world).await?;
    let child = one.child("冯一诺").await?;
    world.cut_network();
    one.edit(&child, "child", "nickname", "诺诺").await?;
    one.edit(&child, "child", "school_grade", "芦汀小学一年级")
        .await?;
    other
        .edit(&child, "child", "carer_phone", "10044440004")
        .await?;
    other
        .edit(&child, "child", "school_grade", "芦汀小学一年级")
        .await?;
    world.restore_network();
    same_everywhere(&world, &one, &other).await?;
    for device in [&one, &other, &world.station] {
        assert!(device.conflicts().await?.is_empty());
        for (key, text) in [
            ("nickname", "诺诺"),
            ("carer_phone", "100****0004"),
            ("school_grade", "芦汀小学一年级"),
        ] {
            assert_eq!(device.field(&child, key).await?.text.as_deref(), Some(text));
        }
    }
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_the_household_edited_from_two_children_is_one_conflict_of_the_family()
-> Result<()> {
    let world = World::new().await?;
    let (one, other) = two(&world).await?;
    let (elder, younger) = (one.child("石小雨").await?, one.child("石小晨").await?);
    world.cut_network();
    one.edit(&elder, "household", "landmark", "门口一棵枣树")
        .await?;
    other
        .edit(&younger, "household", "landmark", "蓝铁门")
        .await?;
    world.restore_network();
    same_everywhere(&world, &one, &other).await?;
    for device in [&one, &other, &world.station] {
        let conflict = only_conflict(device).await?;
        let expected = owned(&[
            ("门口一棵枣树", "李玉梅", "白荷村"),
            ("蓝铁门", "赵春燕", "白荷村"),
        ]);
        assert_eq!(values(&conflict), expected);
        assert_eq!(conflict.field, "门口怎么认");
        for child in [&elder, &younger] {
            assert_eq!(
                device.file(child).await?.conflicts,
                1,
                "both children of the family show it"
            );
        }
    }
    settle_on(&one, "蓝铁门").await?;
    same_everywhere(&world, &one, &other).await?;
    assert_eq!(
        world
            .station
            .field(&younger, "landmark")
            .await?
            .text
            .as_deref(),
        Some("蓝铁门")
    );
    assert!(world.station.conflicts().await?.is_empty());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_child_visited_from_two_tablets_keeps_both_visits() -> Result<()> {
    let world = World::new().await?;
    let (one, other) = two(&world).await?;
    let child = one.child("石小雨").await?;
    world.cut_network();
    let visits = [one.visit(&child).await?, other.visit(&child).await?];
    world.restore_network();
    same_everywhere(&world, &one, &other).await?;
    for device in [&one, &other, &world.station] {
        let file = device.file(&child).await?;
        for (visit, by) in visits.iter().zip(["李玉梅", "赵春燕"]) {
            let line = file
                .timeline
                .iter()
                .find(|line| line.record == *visit)
                .context("it is here")?;
            assert_eq!((line.by.as_str(), line.waiting_for_session), (by, false));
        }
        assert!(device.conflicts().await?.is_empty());
    }
    world.township.stop().await;
    Ok(())
}
