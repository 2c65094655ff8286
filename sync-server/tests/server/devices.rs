//! A device is stopped by the station: what it still holds goes to a person and never to nothing; a wiped one signs for it.

use crate::support::{Device, World, hash_of};
use ed25519_dalek::VerifyingKey;
use ids::{ChangeHash, DocKind, UnitId};
use protocol::session::proof;
use protocol::{
    DecideReview, DeviceCertificate, DeviceList, DeviceRecord, EntryBody, GiveReceipt, HandOver,
    HandedOver, KeepRemains, Kept, Order, Outcome, PROTOCOL_VERSION, RefusalCode, ReviewCause,
    ReviewList, ReviewState, RevokeDevice, SignedStatement, Unsent, WipeReceipt, limits, order,
    sealed,
};
use sha2::{Digest, Sha256};
use sync_server::admin::AdminDesk;
use sync_server::shares::{self, Share};
use sync_server::system::SystemEntropy;

struct Township {
    world: World,
    station: Device,
    village: UnitId,
    tablet: Device,
    colleague: Device,
}

async fn township() -> Township {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let tablet = world.tablet(&mut station, village, "林月").await;
    let colleague = world.tablet(&mut station, village, "陈安").await;
    Township {
        world,
        station,
        village,
        tablet,
        colleague,
    }
}

async fn revoke(station: &mut Device, device: &Device, wipe: bool) -> Result<DeviceRecord, String> {
    let asked = RevokeDevice {
        device: device.enrolled.device,
        reason: "lost".into(),
        wipe,
        without_photos: false,
    };
    let list: Result<DeviceList, _> = station.post("/devices/revoke", &asked).await;
    let list = list.map_err(|(_, message)| message.code)?;
    Ok(record(&list, device))
}

fn record(list: &DeviceList, device: &Device) -> DeviceRecord {
    let found = list
        .devices
        .iter()
        .find(|one| one.device == device.enrolled.device);
    found.unwrap().clone()
}

async fn hand_over(device: &mut Device, outbox: Vec<protocol::Envelope>) -> HandedOver {
    device.hand_over = true;
    device.post("/handover", &handing(outbox)).await.unwrap()
}

fn handing(outbox: Vec<protocol::Envelope>) -> HandOver {
    HandOver {
        protocol: PROTOCOL_VERSION,
        outbox,
        left: Unsent::default(),
        tick: None,
    }
}

fn receipt_of(device: &Device, order: u64, remains: &[&[u8]]) -> SignedStatement {
    proof::make_statement(
        &device.key,
        &WipeReceipt {
            device: device.enrolled.device,
            scope: device.enrolled.scope,
            order,
            at_ms: 0,
            unsent: Unsent {
                changes: 0,
                drafts: 1,
                photos: 3,
                ..Unsent::default()
            },
            remains: u32::try_from(remains.len()).unwrap(),
            digest: Sha256::digest(remains.concat()).into(),
        },
    )
    .unwrap()
}

async fn give_receipt(device: &mut Device, receipt: SignedStatement) -> Result<bool, String> {
    let kept: Result<Kept, _> = device
        .post("/handover/receipt", &GiveReceipt { receipt })
        .await;
    kept.map(|kept| kept.complete)
        .map_err(|(_, message)| message.code)
}

#[tokio::test]
async fn what_a_stopped_device_still_holds_waits_for_a_person_and_is_believed_once_taken() {
    let mut it = township().await;
    let tablet = &mut it.tablet;
    let mut child = tablet.document(DocKind::Child, it.village);
    let sent = tablet.edit(&mut child, "name", "何小满");
    tablet.sync(None, vec![sent.clone()]).await.unwrap();
    let before = tablet.edit(&mut child, "carer_name", "何秀");
    let stopped = revoke(&mut it.station, tablet, false).await.unwrap();
    assert_eq!(stopped.revoked_why, "lost");
    assert_eq!(
        stopped.revoked_ms,
        Some(ids::Clock::now_ms(it.world.clock.as_ref()))
    );
    let mut newer = tablet.document(DocKind::Child, it.village);
    let after = tablet.edit(&mut newer, "name", "石小雨");

    let refused = tablet.sync(None, vec![before.clone()]).await.unwrap_err();
    assert_eq!(refused.1.code, "device_revoked");
    let outbox = vec![sent.clone(), before.clone(), after.clone()];
    let handed = hand_over(tablet, outbox.clone()).await;
    assert!(matches!(handed.outcomes[0].1, Outcome::AlreadyHad { .. }));
    for (_, outcome) in &handed.outcomes[1..] {
        assert_eq!(*outcome, Outcome::Review);
    }
    let again = hand_over(tablet, outbox).await;
    assert_eq!(
        handed.outcomes, again.outcomes,
        "saying it twice changes nothing"
    );
    let key = VerifyingKey::from_bytes(&tablet.enrolled.server_key).unwrap();
    let orders: Vec<Order> = handed
        .orders
        .iter()
        .map(|statement| order::read(&key, statement).unwrap().order)
        .collect();
    let device = tablet.enrolled.device;
    assert_eq!(
        orders,
        [Order::Revoke { device }],
        "and nothing of anybody else"
    );

    let list: ReviewList = it.station.post("/review/list", &()).await.unwrap();
    let waiting: Vec<(ChangeHash, ReviewCause, DocKind)> = list
        .reviews
        .iter()
        .map(|review| (review.hash, review.cause, review.kind))
        .collect();
    let (before, after) = (hash_of(&before.change), hash_of(&after.change));
    assert_eq!(
        waiting,
        [
            (before, ReviewCause::Revoked, DocKind::Child),
            (after, ReviewCause::Revoked, DocKind::Child)
        ]
    );
    let devices: DeviceList = it.station.post("/devices/list", &()).await.unwrap();
    assert_eq!(record(&devices, tablet).to_review, 2);

    for hash in [before, after] {
        let take = DecideReview {
            hash,
            take: true,
            reason: String::new(),
        };
        let list: ReviewList = it.station.post("/review/decide", &take).await.unwrap();
        let decided = list.reviews.iter().find(|review| review.hash == hash);
        assert_eq!(decided.unwrap().state, ReviewState::Taken);
    }
    let start = it.colleague.start();
    let news = it.colleague.sync(Some(start), vec![]).await.unwrap();
    let seen: Vec<ChangeHash> = news
        .entries
        .iter()
        .filter_map(|entry| match &entry.body {
            EntryBody::Change { envelope, .. } => Some(hash_of(&envelope.change)),
            _ => None,
        })
        .collect();
    assert_eq!(
        seen,
        [hash_of(&sent.change), before, after],
        "with its first signature"
    );
    // To its author it stays what it was: in a person's hands.
    let told = hand_over(&mut it.tablet, vec![]).await;
    assert!(told.outcomes.is_empty());
}

#[tokio::test]
async fn a_stopped_device_may_do_nothing_else_and_a_working_one_has_nothing_to_hand_over() {
    let mut it = township().await;
    let working: Result<HandedOver, _> = it.tablet.post("/handover", &handing(vec![])).await;
    assert_eq!(working.unwrap_err().1.code, "not_allowed");
    let stranger = it.tablet.http.raw("/handover", None, vec![]).await;
    assert_eq!(stranger.0, 401);
    let director: Result<DeviceList, _> = it
        .tablet
        .post(
            "/devices/revoke",
            &RevokeDevice {
                device: it.colleague.enrolled.device,
                reason: "lost".into(),
                wipe: true,
                without_photos: false,
            },
        )
        .await;
    assert_eq!(director.unwrap_err().1.code, "not_allowed");

    revoke(&mut it.station, &it.tablet, false).await.unwrap();
    for path in ["/devices/list", "/review/list", "/moves/list"] {
        let refused: Result<DeviceList, _> = it.tablet.post(path, &()).await;
        assert_eq!(refused.unwrap_err().1.code, "device_revoked", "{path}");
    }
    // Somebody else's work is not taken from it, nor what is damaged.
    let mut doc = it.colleague.document(DocKind::Child, it.village);
    let foreign = it.colleague.edit(&mut doc, "name", "周子涵");
    let mut own = it.tablet.document(DocKind::Child, it.village);
    let mut torn = it.tablet.edit(&mut own, "name", "吴天宇");
    torn.change.truncate(20);
    let handed = hand_over(&mut it.tablet, vec![foreign, torn]).await;
    let codes: Vec<&Outcome> = handed.outcomes.iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(
        codes[0],
        &Outcome::Refused {
            code: RefusalCode::UnknownDevice
        }
    );
    assert!(matches!(codes[1], Outcome::Refused { .. }), "{codes:?}");
}

#[tokio::test]
async fn a_person_does_not_stop_their_only_station_device_and_nobody_stops_another_townships() {
    let mut it = township().await;
    let own = RevokeDevice {
        device: it.station.enrolled.device,
        reason: "broken".into(),
        wipe: false,
        without_photos: false,
    };
    let refused: Result<DeviceList, _> = it.station.post("/devices/revoke", &own).await;
    assert_eq!(refused.unwrap_err().1.code, "revoke_own_last");
    let unknown = RevokeDevice {
        device: ids::DeviceId(uuid::Uuid::new_v4()),
        ..own.clone()
    };
    let refused: Result<DeviceList, _> = it.station.post("/devices/revoke", &unknown).await;
    assert_eq!(refused.unwrap_err().1.code, "not_found");
    let wordy = RevokeDevice {
        reason: "他把平板弄丢了".into(),
        ..own.clone()
    };
    let refused: Result<DeviceList, _> = it.station.post("/devices/revoke", &wordy).await;
    assert_eq!(
        refused.unwrap_err().1.code,
        "malformed",
        "a code, never words"
    );
    // Twice is once: one order.
    revoke(&mut it.station, &it.tablet, false).await.unwrap();
    revoke(&mut it.station, &it.tablet, false).await.unwrap();
    let handed = hand_over(&mut it.tablet, vec![]).await;
    assert_eq!(handed.orders.len(), 1);
}

#[tokio::test]
async fn a_wiped_device_signs_for_it_and_what_it_could_not_deliver_opens_with_the_districts_key() {
    let mut it = township().await;
    let stopped = revoke(&mut it.station, &it.tablet, true).await.unwrap();
    let order = stopped.wipe.unwrap().order;
    assert_eq!(stopped.wipe.unwrap().receipt_ms, None);
    let handed = hand_over(&mut it.tablet, vec![]).await;
    assert_eq!(handed.orders.len(), 2, "stopped, and to be wiped");

    let remains = sealed::seal(
        &it.tablet.enrolled.recovery_key,
        protocol::REMAINS,
        "没写完的走访".as_bytes(),
        &SystemEntropy,
    )
    .unwrap();
    let (first, second) = remains.split_at(40);
    let receipt = receipt_of(&it.tablet, order, &[first, second]);
    let early = give_receipt(&mut it.tablet, receipt.clone()).await;
    assert_eq!(early, Ok(false), "not before everything is here");
    for (part, bytes) in [first, second].into_iter().enumerate() {
        let keep = KeepRemains {
            order,
            part: u32::try_from(part).unwrap(),
            bytes: bytes.to_vec(),
        };
        let _: Kept = it.tablet.post("/handover/remains", &keep).await.unwrap();
    }
    let forged = receipt_of(&it.colleague, order, &[first, second]);
    assert!(give_receipt(&mut it.tablet, forged).await.is_err());
    let other = receipt_of(&it.tablet, order + 1, &[first, second]);
    assert_eq!(
        give_receipt(&mut it.tablet, other).await,
        Err("malformed".into())
    );
    assert_eq!(
        give_receipt(&mut it.tablet, receipt.clone()).await,
        Ok(true)
    );
    assert_eq!(
        give_receipt(&mut it.tablet, receipt).await,
        Ok(true),
        "a crash before destroying says it again"
    );

    let list: DeviceList = it.station.post("/devices/list", &()).await.unwrap();
    let wipe = record(&list, &it.tablet).wipe.unwrap();
    assert!(wipe.receipt_ms.is_some());
    assert_eq!(wipe.unsent.map(|unsent| unsent.photos), Some(3));
    let mut parts = std::fs::read_dir(it.world.folder.path().join("recovery"))
        .unwrap()
        .map(|part| std::fs::read_to_string(part.unwrap().path()).unwrap());
    let mut share = || Share::parse(&parts.next().unwrap()).unwrap();
    let secret = shares::join(&share(), &share()).unwrap();
    let (data, key_file) = (it.world.data(), it.world.key_file());
    let desk = AdminDesk::open(&data, &key_file, it.world.clock.as_ref(), &SystemEntropy).unwrap();
    let opened = desk.remains(it.tablet.enrolled.device, &secret).unwrap();
    assert_eq!(opened.as_deref(), Some("没写完的走访".as_bytes()));
    assert!(desk.remains(it.tablet.enrolled.device, &[1; 32]).is_err());
    assert_eq!(
        desk.remains(it.colleague.enrolled.device, &secret).unwrap(),
        None
    );
}

#[tokio::test]
async fn a_certificate_is_made_anew_before_it_ends_and_after_it_ended_unless_the_device_is_stopped()
{
    let mut it = township().await;
    let key = VerifyingKey::from_bytes(&it.tablet.enrolled.server_key).unwrap();
    let read =
        |packed: &[u8]| -> DeviceCertificate { proof::read_statement(&key, packed).unwrap() };
    let first = read(&it.tablet.enrolled.certificate);
    let ask = |device: &Device, until_ms: i64| {
        let mut request = device.request(None, None, vec![]);
        request.certified_until_ms = Some(until_ms);
        request
    };
    let request = ask(&it.tablet, first.expires_ms);
    let answer: protocol::SyncResponse = it.tablet.post("/sync", &request).await.unwrap();
    assert_eq!(answer.certificate, None, "ninety days are left");

    it.world
        .clock
        .forward(limits::CERTIFICATE_MS - limits::CERTIFICATE_RENEW_MS + 1);
    it.tablet.open_session().await.unwrap();
    let answer: protocol::SyncResponse = it.tablet.post("/sync", &request).await.unwrap();
    let second = read(&answer.certificate.unwrap());
    assert!(second.expires_ms > first.expires_ms + limits::CERTIFICATE_MS / 2);
    assert_eq!((second.device, second.key), (first.device, first.key));
    let request = ask(&it.tablet, second.expires_ms);
    let answer: protocol::SyncResponse = it.tablet.post("/sync", &request).await.unwrap();
    assert_eq!(answer.certificate, None, "it has it now");

    // Over: a signature in the place of a session is not enough, the door is.
    it.world.clock.forward(limits::CERTIFICATE_MS + 1);
    let server_key = it.tablet.enrolled.server_key;
    let signed = proof::RequestProof::sign(
        &it.tablet.key,
        it.tablet.enrolled.device,
        &server_key,
        ids::Clock::now_ms(it.world.clock.as_ref()),
    );
    let refused: Result<protocol::SyncResponse, _> = it
        .tablet
        .http
        .post("/sync", Some(&signed.text()), &request)
        .await;
    assert_eq!(refused.unwrap_err().1.code, "session_unknown");
    it.tablet.open_session().await.unwrap();
    let answer: protocol::SyncResponse = it.tablet.post("/sync", &request).await.unwrap();
    assert!(answer.certificate.is_some(), "renewed at the door");

    it.station.token = None;
    revoke(&mut it.station, &it.colleague, false).await.unwrap();
    it.colleague.token = None;
    let refused = it.colleague.open_session().await.unwrap_err();
    assert_eq!(refused.1.code, "device_revoked");
}
