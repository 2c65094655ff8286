//! A server on an older copy: what proves it, what it takes back, what it shows meanwhile, and that orders stand.

use crate::exports;
use crate::support::{Device, Doc, World, appointment, hash_of};
use ids::{DocKind, Incarnation, Role, UnitId, new_uuid};
use protocol::session::proof;
use protocol::{
    ChainEnd, Cursor, DecideExport, EntryBody, Envelope, ExportList, GrantPerson, InventoryLine,
    InventoryRequest, InventoryResponse, MemberRecord, Outcome, PROTOCOL_VERSION, PeopleList,
    RefillRequest, RefillResponse, RefusalCode, SignedStatement, Standing, SyncResponse, Tick,
};
use std::path::PathBuf;
use sync_server::admin::AdminDesk;
use sync_server::system::SystemEntropy;
use sync_server::{copies, restore, verify};
use uuid::Uuid;

async fn township() -> (World, Device, Device, UnitId) {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let tablet = world.tablet(&mut station, village, "林月").await;
    (world, station, tablet, village)
}

fn back_up(world: &World) -> PathBuf {
    let folder = world.folder.path().join("backup");
    copies::copy(&world.data(), &folder).unwrap();
    folder.join(copies::COPY_FILE)
}

/// Puts an older file in place by hand and tells nobody.
async fn set_back(world: &mut World, copy: &PathBuf, devices: &mut [&mut Device]) {
    world.stop().await;
    for entry in std::fs::read_dir(world.data()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    std::fs::copy(copy, world.data().join("server.sqlite")).unwrap();
    restart(world, devices).await;
}

async fn restart(world: &mut World, devices: &mut [&mut Device]) {
    world.start().await;
    for device in devices {
        device.http = world.http();
        device.token = None;
    }
}

fn read_tick(device: &Device, response: &SyncResponse) -> Tick {
    let key = ed25519_dalek::VerifyingKey::from_bytes(&device.enrolled.server_key).unwrap();
    proof::read_statement(&key, &response.tick).unwrap()
}

async fn sync_showing(
    device: &mut Device,
    cursor: Option<Cursor>,
    tick: &[u8],
    outbox: Vec<Envelope>,
) -> SyncResponse {
    let mut request = device.request(cursor, None, outbox);
    request.tick = Some(tick.to_vec());
    device.post("/sync", &request).await.unwrap()
}

async fn refill(
    device: &mut Device,
    members: Vec<SignedStatement>,
    orders: Vec<SignedStatement>,
    envelopes: Vec<Envelope>,
) -> RefillResponse {
    let request = RefillRequest {
        protocol: PROTOCOL_VERSION,
        members,
        orders,
        envelopes,
    };
    device.post("/refill", &request).await.unwrap()
}

async fn inventory(
    device: &mut Device,
    documents: Vec<InventoryLine>,
    done: bool,
) -> Vec<Standing> {
    let request = InventoryRequest {
        protocol: PROTOCOL_VERSION,
        documents,
        done,
    };
    let answer: InventoryResponse = device.post("/inventory", &request).await.unwrap();
    answer.standings
}

fn line(doc: &Doc, envelopes: &[&Envelope]) -> InventoryLine {
    InventoryLine {
        document: doc.header.document,
        generation: doc.header.generation,
        hashes: envelopes
            .iter()
            .map(|envelope| hash_of(&envelope.change))
            .collect(),
    }
}

fn desk<'a>(world: &'a World) -> AdminDesk<'a> {
    AdminDesk::open(
        &world.data(),
        &world.key_file(),
        world.clock.as_ref(),
        &SystemEntropy,
    )
    .unwrap()
}

#[tokio::test]
async fn a_tick_ahead_of_the_log_begins_an_epoch_and_another_device_brings_what_was_lost() {
    let (mut world, mut station, mut tablet, village) = township().await;
    let mut doc = tablet.document(DocKind::Child, village);
    let first = tablet.edit(&mut doc, "name", "石小雨");
    let cursor = tablet.sync(Some(tablet.start()), vec![first.clone()]).await;
    let cursor = cursor.unwrap().cursor;
    let copy = back_up(&world);
    let second = tablet.edit(&mut doc, "alias", "小雨");
    let third = tablet.edit(&mut doc, "school", "芦汀小学");
    let last = tablet
        .sync(cursor, vec![second.clone(), third.clone()])
        .await
        .unwrap();
    let (tick, cursor) = (last.tick.clone(), last.cursor);
    let old = read_tick(&tablet, &last);

    set_back(&mut world, &copy, &mut [&mut station, &mut tablet]).await;
    // A device that knows nothing newer notices nothing.
    let calm = tablet.sync(None, vec![]).await.unwrap();
    assert_eq!(read_tick(&tablet, &calm).epoch, old.epoch);
    assert_eq!(calm.recovery, None);
    // Its own next change stands behind two that are lost: with the tick it is taken all the same.
    let fourth = tablet.edit(&mut doc, "note", "又记了一笔");
    let found = sync_showing(&mut tablet, cursor, &tick, vec![]).await;
    let new = read_tick(&tablet, &found);
    assert_ne!(new.epoch, old.epoch);
    assert_ne!(new.epoch, old.epoch + 1, "never the next number");
    assert!(new.epoch < 1 << 63);
    assert!(found.entries.iter().any(|it| it.body == EntryBody::Reset));
    assert!(found.recovery.unwrap().hold);
    // Nothing is shown while it gathers.
    let refused = tablet
        .post::<_, protocol::SnapshotPage>(
            "/snapshot",
            &protocol::SnapshotRequest {
                protocol: PROTOCOL_VERSION,
                page: None,
                want_bytes: 0,
            },
        )
        .await
        .unwrap_err();
    assert_eq!(refused.1.code, "gathering");

    let named = line(&doc, &[&third]);
    let standings = inventory(&mut station, vec![named.clone()], false).await;
    assert_eq!(
        standings,
        [Standing::Lacks {
            missing: named.hashes.clone()
        }]
    );
    // The station carries another device's changes; a change in the wrong hands stays its author's.
    let brought = refill(
        &mut station,
        vec![],
        vec![],
        vec![second.clone(), third.clone()],
    )
    .await;
    assert!(
        brought
            .outcomes
            .iter()
            .all(|(_, it)| matches!(it, Outcome::Accepted { .. }))
    );
    let again = refill(&mut station, vec![], vec![], vec![second, third.clone()]).await;
    assert!(
        again
            .outcomes
            .iter()
            .all(|(_, it)| matches!(it, Outcome::AlreadyHad { .. }))
    );
    let standings = inventory(&mut station, vec![line(&doc, &[&third])], true).await;
    assert!(matches!(standings[..], [Standing::Complete { .. }]));
    let taken = sync_showing(&mut tablet, None, &found.tick, vec![fourth]).await;
    assert!(matches!(taken.outcomes[0].1, Outcome::Accepted { .. }));
    let recovery = taken.recovery.unwrap();
    assert!(
        !recovery.hold,
        "the station reported in, and no order is missing"
    );
    assert_eq!((recovery.returned, recovery.unexplained), (2, 0));
    world.stop().await;
    let report = desk(&world).recovery_report().unwrap();
    assert!(
        report.iter().any(|line| line.contains("brought 2")),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_second_copy_that_is_ahead_of_a_set_back_database_is_kept() {
    let (mut world, mut station, mut tablet, village) = township().await;
    let copy = back_up(&world);
    let mut doc = tablet.document(DocKind::Child, village);
    let envelope = tablet.edit(&mut doc, "name", "石小雨");
    let seq = tablet.sync(None, vec![envelope]).await.unwrap().outcomes[0]
        .1
        .seq()
        .unwrap();
    let second = world.folder.path().join("second");
    copies::copy(&world.data(), &second).unwrap();
    set_back(&mut world, &copy, &mut [&mut station, &mut tablet]).await;
    copies::copy(&world.data(), &second).unwrap();
    copies::copy(&world.data(), &second).unwrap();
    let kept = second.join(format!("server-copy-up-to-{seq}.sqlite"));
    assert!(kept.exists() && second.join(copies::COPY_FILE).exists());
}

#[tokio::test]
async fn another_change_under_a_number_proves_a_rollback_as_well() {
    let (mut world, mut station, mut tablet, village) = township().await;
    let copy = back_up(&world);
    let mut doc = tablet.document(DocKind::Child, village);
    let lost = tablet.edit(&mut doc, "name", "石小雨");
    let last = tablet.sync(Some(tablet.start()), vec![lost]).await.unwrap();
    set_back(&mut world, &copy, &mut [&mut station, &mut tablet]).await;
    let mut other = station.document(DocKind::Child, village);
    for number in 0..3 {
        let envelope = station.edit(&mut other, "name", &number.to_string());
        station.sync(None, vec![envelope]).await.unwrap();
    }
    let found = sync_showing(&mut tablet, last.cursor, &last.tick, vec![]).await;
    assert!(
        found.recovery.is_some(),
        "the log is longer, and not the same"
    );
}

#[tokio::test]
async fn a_device_made_after_the_copy_is_known_by_its_certificate_unless_it_was_revoked() {
    let (mut world, mut station, mut tablet, village) = township().await;
    let copy = back_up(&world);
    let late = station.village("西滩村", "310199100202").await;
    let mut newcomer = world.tablet(&mut station, late, "沈青").await;
    let mut thief = world.tablet(&mut station, village, "何人").await;
    thief.open_session().await.unwrap();
    desk(&world).revoke(thief.enrolled.device, "丢失").unwrap();
    let refused = thief.sync(None, vec![]).await.unwrap_err();
    assert_eq!(refused.1.code, "device_revoked", "its session is over");
    let seen = station.sync(Some(station.start()), vec![]).await.unwrap();
    let orders: Vec<SignedStatement> = seen
        .entries
        .iter()
        .filter_map(|entry| match &entry.body {
            EntryBody::Order { statement } => Some(statement.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(orders.len(), 1);
    let members: Vec<SignedStatement> = seen
        .entries
        .iter()
        .filter_map(|entry| entry.statement.clone())
        .collect();

    set_back(
        &mut world,
        &copy,
        &mut [&mut station, &mut tablet, &mut newcomer, &mut thief],
    )
    .await;
    let unknown = newcomer.open_session().await.unwrap_err();
    assert_eq!(unknown.1.code, "device_unknown");
    newcomer.certificate = Some(newcomer.enrolled.certificate.clone());
    newcomer.open_session().await.unwrap();
    let mut doc = newcomer.document(DocKind::Child, late);
    let envelope = newcomer.edit(&mut doc, "name", "何小满");
    let taken = newcomer.sync(None, vec![envelope]).await.unwrap();
    assert!(matches!(taken.outcomes[0].1, Outcome::Accepted { .. }));
    assert!(taken.recovery.unwrap().hold);

    let brought = refill(&mut station, members.clone(), orders, vec![]).await;
    assert!(
        brought.recovery.unwrap().hold,
        "it has not given all it has"
    );
    thief.certificate = Some(thief.enrolled.certificate.clone());
    let refused = thief.open_session().await.unwrap_err();
    assert_eq!(refused.1.code, "device_revoked", "the order came back");
    inventory(&mut station, vec![], true).await;
    let seen = station
        .sync(
            Some(Cursor {
                epoch: read_tick(&newcomer, &taken).epoch,
                ..station.start()
            }),
            vec![],
        )
        .await
        .unwrap();
    assert!(!seen.recovery.unwrap().hold);
    let back =
        |record: &MemberRecord| matches!(record, MemberRecord::Unit { id, .. } if *id == late);
    assert!(
        seen.entries
            .iter()
            .any(|entry| matches!(&entry.body, EntryBody::Member(record) if back(record)))
    );
    // File numbers go on behind those of devices that came back.
    let next = world.tablet(&mut station, village, "新人").await;
    assert!(next.enrolled.file_numbers.first > thief.enrolled.file_numbers.last);
    // A statement of somebody else's making is nothing.
    let mut forged = members;
    for statement in &mut forged {
        statement.signature[0] ^= 1;
    }
    refill(&mut station, forged, vec![], vec![]).await;
}

#[tokio::test]
async fn an_erased_document_comes_back_by_no_way_and_leaves_nothing_on_the_disk() {
    let (mut world, mut station, mut tablet, village) = township().await;
    let mut doc = tablet.document(DocKind::Child, village);
    let first = tablet.edit(&mut doc, "name", "石小雨");
    tablet.sync(None, vec![first.clone()]).await.unwrap();
    let copy = back_up(&world);
    let document = doc.header.document;
    assert_eq!(desk(&world).erase(document, "依申请").unwrap(), 1);
    let again = tablet.sync(None, vec![first.clone()]).await.unwrap();
    let erased = Outcome::Refused {
        code: RefusalCode::Erased,
    };
    assert_eq!(again.outcomes[0].1, erased);
    let later = tablet.edit(&mut doc, "alias", "小雨");
    let refused = tablet.sync(None, vec![later.clone()]).await.unwrap();
    assert_eq!(refused.outcomes[0].1, erased);
    let seen = station.sync(Some(station.start()), vec![]).await.unwrap();
    assert!(
        !seen
            .entries
            .iter()
            .any(|entry| matches!(entry.body, EntryBody::Change { .. }))
    );
    let order = seen
        .entries
        .iter()
        .find_map(|entry| match &entry.body {
            EntryBody::Order { statement } => Some(statement.clone()),
            _ => None,
        })
        .unwrap();
    assert_eq!(read_tick(&station, &seen).orders, 1);

    set_back(&mut world, &copy, &mut [&mut station, &mut tablet]).await;
    // The order's number is in the station's tick, so the server waits for the order itself.
    sync_showing(&mut station, seen.cursor, &seen.tick, vec![]).await;
    inventory(&mut station, vec![], true).await;
    let waits = station.sync(None, vec![]).await.unwrap();
    assert!(waits.recovery.unwrap().hold);
    refill(&mut tablet, vec![], vec![order], vec![]).await;
    let open = station.sync(None, vec![]).await.unwrap();
    assert!(!open.recovery.unwrap().hold);
    let brought = refill(&mut station, vec![], vec![], vec![first, later]).await;
    assert!(brought.outcomes.iter().all(|(_, it)| *it == erased));
    let standings = inventory(&mut station, vec![line(&doc, &[])], false).await;
    assert_eq!(standings, [Standing::Erased]);
    world.stop().await;
    for entry in std::fs::read_dir(world.data()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let id = document.0.as_bytes();
        assert!(!bytes.windows(16).any(|window| window == id));
    }
}

#[tokio::test]
async fn two_restores_of_one_copy_are_two_epochs_and_the_operator_may_end_the_hold() {
    let (mut world, mut station, mut tablet, village) = township().await;
    let copy = back_up(&world);
    world.stop().await;
    let restored =
        || restore::restore(&copy, &world.data(), world.clock.as_ref(), &SystemEntropy).unwrap();
    let one = restored();
    world.clock.forward(1);
    let two = restored();
    assert_ne!(one.epoch, two.epoch);
    assert!(two.moved_aside.unwrap().join("server.sqlite").exists());
    restart(&mut world, &mut [&mut station, &mut tablet]).await;
    let held = tablet.sync(None, vec![]).await.unwrap();
    assert!(held.recovery.unwrap().hold);
    let device = tablet.enrolled.device;
    assert!(
        desk(&world).revoke(device, "丢失").is_err(),
        "no order meanwhile"
    );
    assert!(desk(&world).confirm_orders().unwrap());
    assert!(!desk(&world).confirm_orders().unwrap());
    let open = tablet.sync(None, vec![]).await.unwrap();
    assert!(!open.recovery.unwrap().hold);
    let mut doc = tablet.document(DocKind::Child, village);
    let envelope = tablet.edit(&mut doc, "name", "石小雨");
    tablet.sync(None, vec![envelope]).await.unwrap();
    world.stop().await;
    let vault = sync_server::vault::Vault::open(&world.key_file(), &world.data()).unwrap();
    let connection = sync_server::database::open(&world.data()).unwrap();
    assert_eq!(verify::verify(&connection, &vault).unwrap().faults, [""; 0]);
}

#[tokio::test]
async fn a_chain_two_memories_write_is_told_to_both_and_nobody_refills_a_server_that_lost_nothing()
{
    let (world, _station, mut tablet, village) = township().await;
    let mut doc = tablet.document(DocKind::Child, village);
    let first = tablet.edit(&mut doc, "name", "石小雨");
    tablet.sync(None, vec![first.clone()]).await.unwrap();
    let ask = |device: &Device| {
        let mut request = device.request(None, None, vec![]);
        request.chain = Some(ChainEnd {
            incarnation: device.incarnation,
            dev_seq: device.dev_seq,
            head: device.previous,
        });
        request
    };
    let request = ask(&tablet);
    let told: SyncResponse = tablet.post("/sync", &request).await.unwrap();
    assert_eq!(told.chain.unwrap().head, tablet.previous);

    // A copy of the device writes on from the same place.
    let (place, before) = (tablet.dev_seq, tablet.previous);
    let second = tablet.edit(&mut doc, "alias", "甲");
    tablet.sync(None, vec![second]).await.unwrap();
    let known = tablet.previous;
    (tablet.dev_seq, tablet.previous) = (place, before);
    let mut copied = Doc::new(&tablet, doc.header.clone());
    copied.changes = 1;
    copied.take(&first.change);
    let forked = tablet.edit(&mut copied, "alias", "乙");
    let refused = tablet.sync(None, vec![forked.clone()]).await.unwrap();
    let bad = Outcome::Refused {
        code: RefusalCode::BadChain,
    };
    assert_eq!(refused.outcomes[0].1, bad);
    let request = ask(&tablet);
    let told: SyncResponse = tablet.post("/sync", &request).await.unwrap();
    let end = told.chain.unwrap();
    assert!(end.dev_seq > 0 && end.head != known && end.head != tablet.previous);
    tablet.incarnation = Incarnation(new_uuid(world.clock.as_ref(), &SystemEntropy));
    let request = ask(&tablet);
    let told: SyncResponse = tablet.post("/sync", &request).await.unwrap();
    assert_eq!(
        told.chain.unwrap().dev_seq,
        0,
        "a new memory begins at nothing"
    );

    let request = RefillRequest {
        protocol: PROTOCOL_VERSION,
        members: vec![],
        orders: vec![],
        envelopes: vec![forked],
    };
    let refused = tablet
        .post::<_, RefillResponse>("/refill", &request)
        .await
        .unwrap_err();
    assert_eq!(refused.1.code, "not_allowed");
}

#[tokio::test]
async fn a_post_that_came_back_with_a_device_is_still_the_same_persons() {
    let (mut world, mut station, _, _) = township().await;
    let scope = world.report.scope;
    let mut head = world
        .colleague(&mut station, Role::Head, scope, "陈敏")
        .await
        .unwrap();
    let mut before = world
        .colleague(&mut station, Role::Supervisor, scope, "高岚")
        .await
        .unwrap();
    let export = exports::asked(3, false);
    let _: ExportList = before.post("/exports/request", &export).await.unwrap();
    let copy = back_up(&world);
    let promoted = GrantPerson {
        role: Role::Head,
        same_as: Some(before.enrolled.staff),
        ..appointment(Uuid::new_v4(), scope, "高岚")
    };
    let _: PeopleList = head.post("/people/grant", &promoted).await.unwrap();
    let mut now = world
        .colleague(&mut head, Role::Head, scope, "高岚")
        .await
        .unwrap();
    let seen = station.sync(Some(station.start()), vec![]).await.unwrap();
    let orders = seen.entries.iter().filter_map(|entry| match &entry.body {
        EntryBody::Order { statement } => Some(statement.clone()),
        _ => None,
    });
    let members = seen
        .entries
        .iter()
        .filter_map(|entry| entry.statement.clone());
    let (orders, members) = (orders.collect(), members.collect());

    set_back(&mut world, &copy, &mut [&mut station, &mut now]).await;
    // Her certificate brings the post back, and says nothing of whose it is.
    now.certificate = Some(now.enrolled.certificate.clone());
    now.open_session().await.unwrap();
    refill(&mut station, members, orders, vec![]).await;
    inventory(&mut station, vec![], true).await;
    let yes = DecideExport {
        id: export.id,
        approve: true,
    };
    let refused: Result<ExportList, _> = now.post("/exports/decide", &yes).await;
    assert_eq!(refused.unwrap_err().1.code, "not_allowed", "her own");
    head.http = world.http();
    head.token = None;
    let agreed: ExportList = head.post("/exports/decide", &yes).await.unwrap();
    assert_eq!(agreed.exports[0].decided_by, Some(head.enrolled.staff));
}
