//! `sync-server verify` finds one altered byte in whatever was delivered, published or not, and a key that is lost.

use crate::sealing::bring_the_rest;
use crate::support::{Device, Doc, World, hash_of};
use ids::DocKind;
use protocol::session::proof;
use protocol::unit_key::{self, UnitKey};
use protocol::{
    BroughtUnitKey, DecideReview, DeviceList, GiveReceipt, HandOver, HandedOver, KeepRemains,
    KeepUnitKeys, Kept, KnownUnitKey, Outcome, PROTOCOL_VERSION, RefusalCode, ReviewList,
    RevokeDevice, UnitKeys, Unsent, WipeReceipt, WrappedUnitKey, sealed,
};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use sync_server::system::SystemEntropy;
use sync_server::vault::Vault;
use sync_server::verify::{self, VerifyReport};
use sync_server::{Worker, compaction, database};

/// Two keys of the station, with their halves.
async fn bring_keys(station: &mut Device) {
    let scope = station.enrolled.scope;
    let mut keep = KeepUnitKeys::default();
    let mut previous = [0; 32];
    for epoch in [1, 2] {
        let key = UnitKey {
            scope,
            epoch,
            public: [9; 32],
            made_by: station.enrolled.device,
            previous,
            at_ms: 0,
        };
        let statement = unit_key::sign(&station.key, &key).unwrap();
        previous = unit_key::hash(&statement);
        let district = unit_key::for_district(scope, epoch);
        keep.keys.push(BroughtUnitKey {
            key: KnownUnitKey {
                statement,
                certificate: station.enrolled.certificate.clone(),
            },
            recovery: sealed::seal(
                &station.enrolled.recovery_key,
                &district,
                &[7; 32],
                &SystemEntropy,
            )
            .unwrap(),
        });
        let device = station.enrolled.device;
        let to = unit_key::public_of(&station.key.verifying_key());
        let what = unit_key::for_device(scope, epoch, device);
        keep.wraps.push(WrappedUnitKey {
            epoch,
            device,
            sealed: sealed::seal(&to, &what, &[7; 32], &SystemEntropy).unwrap(),
        });
    }
    let kept: UnitKeys = station.post("/unit-keys/keep", &keep).await.unwrap();
    assert_eq!((kept.keys.len(), kept.yours.len()), (2, 2));
}

/// Stops a tablet, takes what it hands over, puts that aside with a reason, and has it wiped.
async fn stop_and_wipe(station: &mut Device, tablet: &mut Device, unsent: protocol::Envelope) {
    let hash = hash_of(&unsent.change);
    let stop = RevokeDevice {
        device: tablet.enrolled.device,
        reason: "lost".into(),
        wipe: true,
        without_photos: false,
    };
    let list: DeviceList = station.post("/devices/revoke", &stop).await.unwrap();
    let wipe = list.devices.iter().find_map(|device| device.wipe).unwrap();
    tablet.hand_over = true;
    let handing = HandOver {
        protocol: PROTOCOL_VERSION,
        outbox: vec![unsent],
        left: Unsent::default(),
        tick: None,
    };
    let handed: HandedOver = tablet.post("/handover", &handing).await.unwrap();
    assert_eq!(handed.outcomes[0].1, Outcome::Review);
    let aside = DecideReview {
        hash,
        take: false,
        reason: "新村已经记过".into(),
    };
    let _: ReviewList = station.post("/review/decide", &aside).await.unwrap();
    let remains = b"sealed to the district";
    let keep = KeepRemains {
        order: wipe.order,
        part: 0,
        bytes: remains.to_vec(),
    };
    let _: Kept = tablet.post("/handover/remains", &keep).await.unwrap();
    let receipt = WipeReceipt {
        device: tablet.enrolled.device,
        scope: tablet.enrolled.scope,
        order: wipe.order,
        at_ms: 0,
        unsent: Unsent::default(),
        remains: 1,
        digest: Sha256::digest(remains).into(),
    };
    let receipt = proof::make_statement(&tablet.key, &receipt).unwrap();
    let kept: Kept = tablet
        .post("/handover/receipt", &GiveReceipt { receipt })
        .await
        .unwrap();
    assert!(kept.complete);
}

/// A stopped server's database with a row of every kind, and its vault.
pub(crate) async fn everything() -> (World, Connection, Vault) {
    let mut world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let mut other = world.tablet(&mut station, village, "陈安").await;
    let mut doc = tablet.document(DocKind::Child, village);
    let first = tablet.edit(&mut doc, "name", "石小雨");
    tablet.sync(None, vec![first.clone()]).await.unwrap();
    let second = tablet.edit(&mut doc, "alias", "小雨");
    let mut copy = Doc::new(&other, doc.header.clone());
    copy.changes = 1;
    copy.take(&first.change);
    copy.take(&second.change);
    let third = other.edit(&mut copy, "school", "芦汀小学");
    let held = other.sync(None, vec![third]).await.unwrap();
    assert!(matches!(held.outcomes[0].1, Outcome::Held { .. }));
    stop_and_wipe(&mut station, &mut tablet, second).await;
    bring_keys(&mut station).await;
    bring_the_rest(&world, &mut station, village, &mut other).await;

    // `true` ends without a word, whatever it is asked.
    world.stop().await;
    world.worker = Worker::Process("/bin/true".into());
    world.start().await;
    other.http = world.http();
    other.token = None;
    let mut bad = other.document(DocKind::Child, village);
    let bad = other.edit(&mut bad, "name", "何小满");
    let aside = other.sync(None, vec![bad]).await.unwrap();
    let quarantined = Outcome::Refused {
        code: RefusalCode::Quarantined,
    };
    assert_eq!(aside.outcomes[0].1, quarantined);
    world.stop().await;
    let vault = Vault::open(&world.key_file(), &world.data()).unwrap();
    let mut connection = database::open(&world.data()).unwrap();
    let packed = compaction::run(&mut connection, &vault, &SystemEntropy, i64::MAX).unwrap();
    assert_eq!(packed, 5, "one document has enough changes");
    // What is altered here no server would write.
    connection
        .pragma_update(None, "foreign_keys", false)
        .unwrap();
    (world, connection, vault)
}

/// What is found while something is otherwise; afterwards it is as before.
pub(crate) fn with(
    connection: &Connection,
    vault: &Vault,
    alter: impl FnOnce(&Connection),
) -> VerifyReport {
    connection.execute_batch("BEGIN").unwrap();
    alter(connection);
    let report = verify::verify(connection, vault).unwrap();
    connection.execute_batch("ROLLBACK").unwrap();
    report
}

#[tokio::test]
async fn one_altered_byte_is_found_in_whatever_was_delivered() {
    let (_world, connection, vault) = everything().await;
    let whole = verify::verify(&connection, &vault).unwrap();
    assert_eq!(whole.faults, Vec::<String>::new());
    for (table, column, fault) in [
        ("bodies", "body", "change "),
        ("changes", "hash", "change "),
        ("document_keys", "wrapped", "does not open"),
        ("reviews", "body", "late change"),
        ("reviews", "hash", "late change"),
        ("reviews", "head_hash", "late change"),
        ("reviews", "scope", "late change"),
        ("reviews", "reason", "late change"),
        ("held", "body", "held change"),
        ("held", "head_hash", "held change"),
        ("set_aside", "body", "set-aside change"),
        ("set_aside", "head_hash", "set-aside change"),
        ("set_aside", "hash", "set-aside change"),
        ("wipes", "receipt", "wipe of device"),
        ("wipe_remains", "bytes", "wipe of device"),
        ("unit_keys", "statement", ": key "),
        ("unit_keys", "certificate", ": key "),
        ("unit_keys", "recovery", ": key 1: the district's half"),
        ("unit_key_wraps", "sealed", ": key 1, a device's half"),
        ("orders", "sealed", "table orders, row "),
    ] {
        let report = with(&connection, &vault, |connection| {
            let find = format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 1");
            let old: Vec<u8> = connection.query_row(&find, [], |row| row.get(0)).unwrap();
            let mut new = old.clone();
            new[old.len() / 2] ^= 1;
            let alter = format!("UPDATE {table} SET {column} = ?1 WHERE {column} = ?2");
            assert!(connection.execute(&alter, [&new, &old]).unwrap() > 0);
        });
        let what = format!("{table}.{column}: {:?}", report.faults);
        assert!(!report.faults.is_empty(), "{what}");
        assert!(
            report.faults.iter().all(|line| line.contains(fault)),
            "{what}"
        );
        assert_eq!(report.changes, whole.changes, "{what}");
    }
}

#[tokio::test]
async fn a_lost_row_makes_nothing_vanish_from_the_report() {
    let (_world, connection, vault) = everything().await;
    let whole = verify::verify(&connection, &vault).unwrap();
    for (lost, faults) in [
        (
            "DELETE FROM document_keys",
            &[
                "change 1: its document's key is missing",
                "late change 1 (",
                "held change 1: its document's key is missing",
                "set-aside change 1: its document's key is missing",
            ][..],
        ),
        (
            "DELETE FROM actors",
            &["change 1: its device is unknown", "table changes: "][..],
        ),
        (
            "DELETE FROM bodies",
            &["change 1: its body does not open"][..],
        ),
        (
            "DELETE FROM changes",
            &["table bodies: ", "table log: "][..],
        ),
        ("DELETE FROM wipes", &["wipes: what 1 devices left"][..]),
        (
            "DELETE FROM unit_keys WHERE epoch = 1",
            &[
                ": key 2: it does not follow the one before it",
                ": key 1, a device's half: its key is missing",
            ][..],
        ),
    ] {
        let report = with(&connection, &vault, |connection| {
            assert!(connection.execute(lost, []).unwrap() > 0, "{lost}");
        });
        for fault in faults {
            assert!(
                report.faults.iter().any(|line| line.contains(fault)),
                "{lost}: {fault} is not in {:?}",
                report.faults
            );
        }
        if !lost.ends_with("changes") {
            assert_eq!(report.changes, whole.changes, "{lost}");
        }
    }
}

#[tokio::test]
async fn halves_kept_by_an_older_server_get_their_digests_when_it_is_opened() {
    let (world, connection, vault) = everything().await;
    for table in ["unit_keys", "unit_key_wraps"] {
        let forget = format!("UPDATE {table} SET digest = NULL");
        assert_eq!(connection.execute(&forget, []).unwrap(), 2);
    }
    assert_eq!(verify::verify(&connection, &vault).unwrap().faults.len(), 4);
    drop(connection);
    let connection = database::open(&world.data()).unwrap();
    let report = verify::verify(&connection, &vault).unwrap();
    assert_eq!(report.faults, Vec::<String>::new());
}
