//! What the server does not take: it is shown with its reason, nothing is lost, and everything else goes on.

use anyhow::{Context, Result};
use client::Tablet;
use client::view::{RecordState, SavedView, SyncView};
use ids::{ChangeHash, Incarnation};
use serde_json::json;
use std::sync::Arc;
use store::changes::{self, Outcome};
use store::{Store, StoreError, identity};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, held_by_station};

/// Changes the identity row, as a broken or dishonest device might, and reads it anew.
async fn alter(device: &Device, change: impl Fn(&mut identity::Identity)) -> Result<()> {
    let tablet = device.tablet()?;
    let mut altered = tablet.identity.clone();
    change(&mut altered);
    tablet.store.write(|tx| identity::put(tx, &altered))?;
    drop(tablet);
    device.reopen(PIN).await
}

fn reasons(page: &SyncView) -> Vec<(String, String)> {
    let mut reasons: Vec<_> = page
        .needs_you
        .iter()
        .map(|row| (row.text.clone(), row.reason.clone().unwrap_or_default()))
        .collect();
    reasons.sort();
    reasons
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_filed_in_another_village_is_refused_with_its_reason_and_later_work_arrives()
-> Result<()> {
    let world = World::new().await?;
    let elsewhere = world.create_village("青溪村", "310199100202").await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;

    alter(&tablet, |identity| identity.unit = elsewhere).await?;
    let filed: SavedView = tablet
        .call(
            "add_child",
            json!({"name": "何小满", "sex": "1", "birth_date": "2017-08-08", "category": "PE",
                   "reason": "邻居说起的。", "household": null, "village": null}),
        )
        .await?;
    let strange = filed.record;
    let lost = tablet.contact(&strange, "问过奶奶，都好。").await?;
    // The device is put right: it works on, and the two stay where a person sees them.
    let home = world.village;
    alter(&tablet, |identity| identity.unit = home).await?;
    let kept = tablet.contact(&child, "都好。").await?;
    tablet.sync().await?;

    let page = tablet.sync_page().await?;
    assert!(
        page.online && page.problem.is_none() && page.unsent.is_empty(),
        "{page:?}"
    );
    let expected = [
        ("何小满 建档", "not_your_unit"),
        ("何小满 联系", "unknown_document"),
    ]
    .map(|(text, code)| (text.to_owned(), code.to_owned()));
    assert_eq!(
        reasons(&page),
        expected,
        "one line a record, each with its reason"
    );
    assert!(
        page.needs_you
            .iter()
            .all(|row| row.state == RecordState::NeedsYou)
    );
    let records = tablet.records().await?;
    assert_eq!(
        records[&(child.clone(), kept.clone())],
        RecordState::Delivered
    );
    world.station.sync().await?;
    let there = world.station.records().await?;
    assert!(
        there.contains_key(&(child.clone(), kept)) && !there.contains_key(&(strange.clone(), lost))
    );
    assert!(world.station.child("何小满").await.is_err());

    let later = [
        tablet.contact(&child, "又打了一次。").await?,
        tablet.visit(&child).await?,
    ];
    tablet.sync().await?;
    world.station.sync().await?;
    let there = world.station.records().await?;
    assert!(
        later
            .iter()
            .all(|record| there.contains_key(&(child.clone(), record.clone())))
    );
    assert_eq!(reasons(&tablet.sync_page().await?), expected);
    assert!(
        tablet.child("何小满").await.is_err(),
        "a file of another village is on no list"
    );
    world.township.stop().await;
    Ok(())
}

fn last_in_outbox(tablet: &Tablet) -> Result<ChangeHash> {
    let waiting = tablet
        .store
        .read(|connection| changes::outbox(connection, tablet.identity.scope, usize::MAX))?;
    Ok(waiting.last().context("something waits")?.hash)
}

fn begin_new_memory(tablet: &Arc<Tablet>) -> Result<()> {
    let incarnation = Incarnation(tablet.new_id());
    let write = |store: &Store| -> Result<(), StoreError> {
        store.write(|tx| identity::begin_incarnation(tx, incarnation))
    };
    Ok(write(&tablet.store)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_left_behind_by_an_older_memory_is_offered_again_and_all_of_it_arrives()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let (child, sibling) = (tablet.child("周子涵").await?, tablet.child("吴天宇").await?);
    let first = tablet.contact(&child, "第一次。").await?;
    // The first stays behind: it belongs to an older memory of this device and was refused once.
    let open = tablet.tablet()?;
    let behind = last_in_outbox(&open)?;
    let refused = Outcome::Refused {
        code: "bad_chain".to_owned(),
        reason: None,
    };
    open.store
        .write(|tx| changes::mark_outcome(tx, behind, &refused))?;
    begin_new_memory(&open)?;
    drop(open);
    tablet.reopen(PIN).await?;
    assert_eq!(
        tablet.records().await?[&(child.clone(), first.clone())],
        RecordState::NeedsYou
    );

    let second = tablet.contact(&child, "第二次。").await?;
    let elsewhere = tablet.contact(&sibling, "另一家。").await?;
    tablet.sync().await?;
    tablet.all_delivered().await?;
    world.station.sync().await?;
    let there = world.station.records().await?;
    assert!(there.contains_key(&(sibling, elsewhere)));
    for record in [first, second] {
        assert!(there.contains_key(&(child.clone(), record)));
    }
    held_by_station(&tablet, &world.station)?;
    world.township.stop().await;
    Ok(())
}
