//! What becomes of changes when the worker cannot be had, or ends over whatever it is asked.

use crate::support::{Device, Doc, World};
use ids::DocKind;
use protocol::{Envelope, Outcome, RefusalCode, RefusalList};
use rusqlite::Connection;
use sync_server::Worker;

async fn with_worker(worker: Worker) -> (World, Device, Device, Doc, Envelope) {
    let mut world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let good = std::mem::replace(&mut world.worker, worker);
    restart(&mut world, &mut [&mut station, &mut tablet]).await;
    world.worker = good;
    let mut doc = tablet.document(DocKind::Child, village);
    let envelope = tablet.edit(&mut doc, "name", "石小雨");
    (world, station, tablet, doc, envelope)
}

async fn restart(world: &mut World, devices: &mut [&mut Device]) {
    world.stop().await;
    world.start().await;
    for device in devices {
        device.http = world.http();
        device.token = None;
    }
}

async fn offer(tablet: &mut Device, envelope: &Envelope) -> Outcome {
    let response = tablet.sync(None, vec![envelope.clone()]).await.unwrap();
    response.outcomes[0].1.clone()
}

#[tokio::test]
async fn without_a_worker_changes_are_taken_and_wait_for_one() {
    let (mut world, mut station, mut tablet, _, envelope) =
        with_worker(Worker::Process("/nowhere/sync-server".into())).await;
    assert_eq!(offer(&mut tablet, &envelope).await, Outcome::Taken);
    assert!(station.snapshot(0).await[0].documents.is_empty());
    restart(&mut world, &mut [&mut station, &mut tablet]).await;
    assert!(offer(&mut tablet, &envelope).await.is_in_log());
    assert_eq!(station.snapshot(0).await[0].documents.len(), 1);
}

#[tokio::test]
async fn what_a_worker_ended_over_is_kept_told_and_looked_at_again_by_the_next_version() {
    // `true` ends without a word, whatever it is asked.
    let (mut world, mut station, mut tablet, mut doc, first) =
        with_worker(Worker::Process("/bin/true".into())).await;
    let quarantined = Outcome::Refused {
        code: RefusalCode::Quarantined,
    };
    assert_eq!(offer(&mut tablet, &first).await, quarantined);
    let list: RefusalList = station.post("/refusals/list", &()).await.unwrap();
    assert_eq!(list.refusals.len(), 1, "the station sees it");
    let later = tablet.edit(&mut doc, "alias", "小雨");
    assert!(matches!(
        offer(&mut tablet, &later).await,
        Outcome::Held { .. } | Outcome::Refused { .. }
    ));
    restart(&mut world, &mut [&mut station, &mut tablet]).await;
    assert_eq!(
        offer(&mut tablet, &first).await,
        quarantined,
        "the same version does not ask twice"
    );
    world.stop().await;
    Connection::open(world.data().join("server.sqlite"))
        .unwrap()
        .execute(
            "UPDATE settings SET value = x'30' WHERE name = 'judged_by'",
            [],
        )
        .unwrap();
    world.start().await;
    for device in [&mut station, &mut tablet] {
        device.http = world.http();
        device.token = None;
    }
    assert!(offer(&mut tablet, &first).await.is_in_log());
    assert_eq!(station.snapshot(0).await[0].documents.len(), 1);
    let list: RefusalList = station.post("/refusals/list", &()).await.unwrap();
    assert!(
        list.refusals
            .iter()
            .all(|one| one.code != RefusalCode::Quarantined),
        "{list:?}"
    );
}
