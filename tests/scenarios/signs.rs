//! What is known already counts and is said with its source; what a visit says of a parent reaches the file (docs/adr/0049).

use anyhow::{Context, Result};
use client::view::{
    ChildFileView, DifferencesView, DueKind, SavedView, ScreeningView, SignSource, UnattendedKind,
    VisitFormView,
};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

const SEALED: &str = "有一件保密的事还没有办结";
const HARMED: &str = "可能受到暴力、侵害或遗弃";

async fn screened(device: &Device, child: &str, record: &str) -> Result<ScreeningView> {
    let of = json!({"child": child, "record": record});
    device.call("screening", of).await
}

fn signs(view: &ScreeningView) -> Vec<(&str, &[SignSource])> {
    let found = view.found.iter();
    found
        .filter_map(|one| Some((one.label.as_deref()?, one.sources.as_slice())))
        .collect()
}

async fn write(device: &Device, child: &str, block: &str, values: &Value) -> Result<ChildFileView> {
    let row = json!({"child": child, "block": block, "replaces": null, "values": values});
    device.call("write_row", row).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_problem_counts_and_a_sealed_one_says_no_kind_to_a_colleague() -> Result<()> {
    let world = World::new().await?;
    let reporter = world.tablet("李玉梅").await?;
    let second = world.tablet("王秀").await?;
    let child = reporter.child("周子涵").await?;
    let record = reporter.visit(&child).await?;
    let before = screened(&reporter, &child, &record).await?;
    assert_ne!(before.suggested.code, "high");

    let report = json!({"children": [child], "card": "hurt", "kind": "ABUSE", "urgency": "now", "seen": "继父的事。",
                        "origin_record": null, "mandatory": {"choice": "reported", "text": "已打110。"}});
    let _: SavedView = reporter.call("report_problem", report).await?;
    let hers = screened(&reporter, &child, &record).await?;
    assert_eq!(hers.suggested.code, "high");
    assert!(signs(&hers).contains(&(HARMED, &[SignSource::Problem])));

    world.settle(&[&reporter]).await?;
    second.sync().await?;
    let theirs = screened(&second, &child, &record).await?;
    assert_eq!(theirs.suggested.code, "high", "as grave as it is");
    let told = signs(&theirs);
    assert!(told.contains(&(SEALED, &[SignSource::Problem])), "{told:?}");
    assert!(told.iter().all(|(label, _)| *label != HARMED), "{told:?}");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_masked_in_the_file_is_masked_in_the_screening() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let record = tablet.visit(&child).await?;
    let seen = json!({"flag": ["maybe"], "on": ["2026-11-02"], "source": ["seen"], "behaviour": ["self_harm"]});
    write(&tablet, &child, "psychology", &seen).await?;
    let hers = screened(&tablet, &child, &record).await?;
    assert_eq!(hers.suggested.code, "high");
    let untold = hers.found.iter().filter(|one| one.label.is_none());
    assert_eq!(untold.count(), 1, "that there is something");
    assert!(
        signs(&hers)
            .iter()
            .all(|(label, _)| !label.contains("自伤"))
    );
    world.settle(&[&tablet]).await?;
    let there = screened(&world.station, &child, &record).await?;
    let told = signs(&there);
    assert!(
        told.contains(&("自伤、厌世的言语或行为", &[SignSource::File])),
        "{told:?}"
    );
    world.township.stop().await;
    Ok(())
}

/// [SEED 7]: a parent's disability decides how often a child is seen, and was answered in every visit.
#[tokio::test(flavor = "multi_thread")]
async fn which_parent_it_is_a_person_says_and_the_file_knows_it_from_then_on() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let father = json!({"name": ["石建军"], "relation": ["51"]});
    let file = write(&tablet, &child, "members", &father).await?;
    let members = file.blocks.iter().find(|block| block.key == "members");
    let rows = members.and_then(|block| block.rows.as_ref());
    let father = rows.context("the members")?.rows[0].row.clone();
    let form = tablet.begin_visit(&child).await?;
    let _: VisitFormView = tablet
        .call("visit_full", json!({"draft": form.draft, "full": true}))
        .await?;
    let said = ["dis", "jail"];
    tablet
        .answer(&form.draft, &child, "c_special", &said)
        .await?;
    let saved: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    let screened = saved.screenings.iter().find(|one| one.child == child);
    let record = screened.context("the visit")?.record.clone();
    let of = json!({"child": child, "record": record});
    let view: DifferencesView = tablet.call("differences", of).await?;
    let of_members: Vec<_> = view
        .found
        .iter()
        .filter(|one| one.id.starts_with("members/"))
        .collect();
    let ids: Vec<&str> = of_members.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["members/?special=prison", "members/?disability=?"]);
    for one in &of_members {
        assert_eq!(one.among.len(), 1);
        assert!(
            one.among[0].label.contains("石建军"),
            "{}",
            one.among[0].label
        );
    }
    let take = |id: &str, row: Option<&str>, values: Value| json!({"child": child, "record": record, "take": [{"id": id, "row": row, "values": values}]});
    let nobody = take("members/?special=prison", Some("nobody"), json!({}));
    let refused = tablet.refusal("take_differences", nobody).await?;
    assert_eq!(refused.code, "difference_gone");
    let nameless = take("members/?special=prison", None, json!({}));
    let refused = tablet.refusal("take_differences", nameless).await?;
    assert_eq!(refused.code, "row_incomplete", "somebody new has a name");
    let which = take(
        "members/?disability=?",
        Some(&father),
        json!({"grade": ["1"]}),
    );
    let refused = tablet.refusal("take_differences", which).await?;
    assert_eq!(refused.code, "row_incomplete", "which disability it is");

    let disabled = json!({"disability": ["4"], "grade": ["1"]});
    let disabled = take("members/?disability=?", Some(&father), disabled);
    let _: DifferencesView = tablet.call("take_differences", disabled).await?;
    let file = tablet.file(&child).await?;
    let hinted = |file: &ChildFileView, code: &str| file.hints.iter().any(|one| one.code == code);
    assert!(
        hinted(&file, "more_visits_parent"),
        "the tier is asked about"
    );

    let mother = json!({"name": ["于文娟"], "relation": ["52"], "special_from": ["2026-01-05"]});
    let mother = take("members/?special=prison", None, mother);
    let view: DifferencesView = tablet.call("take_differences", mother).await?;
    assert!(view.found.iter().all(|one| !one.id.starts_with("members/")));
    let file = tablet.file(&child).await?;
    assert!(hinted(&file, "parent_restrained_unlisted"));
    let asked: client::view::BenefitsView = tablet.call("benefits", json!({"id": child})).await?;
    let unattended = asked.unattended.context("both cannot")?;
    assert!(matches!(
        unattended.kind,
        UnattendedKind::Likely | UnattendedKind::Open
    ));

    // Taken back, the father is as he was, with every column that was asked.
    let taken = view
        .taken
        .iter()
        .find(|one| one.lines.iter().any(|line| line.after == "一级"));
    let undo =
        json!({"child": child, "record": record, "taken": taken.context("it is marked")?.taken});
    let _: DifferencesView = tablet.call("undo_difference", undo).await?;
    assert!(!hinted(&tablet.file(&child).await?, "more_visits_parent"));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_in_temporary_care_is_not_due_at_home_and_is_contacted_every_week() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    tablet.visit(&child).await?;
    let today = tablet.tablet()?.today().to_string();
    let care =
        json!({"kind": ["care"], "since": [today], "place_kind": ["town"], "reason": ["unable"]});
    let file = write(&tablet, &child, "temp_care", &care).await?;
    assert!(file.hints.iter().any(|one| one.code == "temp_care_pause"));
    let pause = json!({"reason": ["TEMP_CARE"], "from": [today]});
    let file = write(&tablet, &child, "pause", &pause).await?;
    assert!(file.hints.iter().all(|one| one.code != "temp_care_pause"));
    let kinds: Vec<DueKind> = file.dues.iter().map(|due| due.kind).collect();
    assert_eq!(kinds, [DueKind::Contact]);
    assert!(file.dues[0].reason.contains("工作站每周联系一次"));
    assert!(!file.paused.is_empty());
    world.township.stop().await;
    Ok(())
}
