//! Blobs at the server: sent piece by piece, resumed at the byte, read by whom the document concerns, erased with it.

use crate::support::{Device, World};
use ids::{BlobAddress, Clock, DocKind, DocumentId};
use protocol::{
    AuditPage, BlobChunk, BlobOffer, BlobPiece, BlobStanding, BlobStandings, ChunkTaken,
    DecideReview, DeviceList, HandOver, HandedOver, OfferBlobs, Outcome, PROTOCOL_VERSION,
    ReadAudit, ReadBlob, ReviewList, RevokeDevice, Unsent, limits,
};
use sha2::{Digest, Sha256};
use sync_server::admin::AdminDesk;
use sync_server::system::SystemEntropy;

fn bytes(seed: u8, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at as u8) ^ seed).collect()
}

fn offer_of(address: u8, document: DocumentId, bytes: &[u8]) -> BlobOffer {
    BlobOffer {
        address: BlobAddress([address; 32]),
        document,
        size: bytes.len() as u64,
        digest: Sha256::digest(bytes).into(),
    }
}

/// As an app names it today: by what travels.
fn proved(document: DocumentId, bytes: &[u8]) -> BlobOffer {
    let digest = Sha256::digest(bytes).into();
    BlobOffer {
        address: BlobAddress(digest),
        document,
        size: bytes.len() as u64,
        digest,
    }
}

impl Device {
    /// The server came back at another port and knows no session.
    async fn follow(&mut self, world: &World) {
        self.http = world.http();
        self.open_session().await.unwrap();
    }

    /// A stopped device has routes of its own for the same.
    fn way(&self, step: &str) -> String {
        let way = if self.hand_over { "handover" } else { "blobs" };
        format!("/{way}/{step}")
    }

    async fn offer(&mut self, offer: &BlobOffer) -> BlobStanding {
        let offers = OfferBlobs {
            offers: vec![offer.clone()],
        };
        let answer: BlobStandings = self.post(&self.way("offer"), &offers).await.unwrap();
        answer.standings[0].clone()
    }

    async fn chunk(&mut self, offer: &BlobOffer, offset: usize, bytes: &[u8]) -> u64 {
        let chunk = BlobChunk {
            address: offer.address,
            offset: offset as u64,
            bytes: bytes.to_vec(),
        };
        let taken: ChunkTaken = self.post(&self.way("chunk"), &chunk).await.unwrap();
        taken.from
    }

    async fn send(&mut self, offer: &BlobOffer, bytes: &[u8]) {
        let mut from = 0;
        while from < bytes.len() {
            let end = bytes.len().min(from + limits::BLOB_CHUNK_BYTES);
            from = self.chunk(offer, from, &bytes[from..end]).await as usize;
        }
    }

    async fn fetch(&mut self, offer: &BlobOffer) -> Result<Vec<u8>, u16> {
        let mut whole = Vec::new();
        loop {
            let read = ReadBlob {
                address: offer.address,
                offset: whole.len() as u64,
                length: 50_000,
            };
            let piece: BlobPiece = self
                .post("/blobs/read", &read)
                .await
                .map_err(|(status, _)| status)?;
            if piece.bytes.is_empty() {
                assert_eq!(whole.len() as u64, piece.size);
                return Ok(whole);
            }
            whole.extend(piece.bytes);
        }
    }
}

/// A station, a tablet of one village with a household of its own, and a tablet of another.
async fn three(world: &World) -> (Device, Device, Device, DocumentId) {
    let mut station = world.station().await;
    let village = station.village("白荷村", "310199100201").await;
    let other = station.village("前塘村", "310199100202").await;
    let mut tablet = world.tablet(&mut station, village, "李玉梅").await;
    let stranger = world.tablet(&mut station, other, "王桂香").await;
    let mut doc = tablet.document(DocKind::Household, village);
    let document = doc.header.document;
    let envelope = tablet.edit(&mut doc, "addr", "白荷村二组");
    let cursor = tablet.start();
    let answer = tablet.sync(Some(cursor), vec![envelope]).await.unwrap();
    assert!(answer.outcomes[0].1.is_in_log(), "{:?}", answer.outcomes);
    (station, tablet, stranger, document)
}

#[tokio::test]
async fn a_photo_goes_on_at_the_byte_after_the_server_was_killed() {
    let mut world = World::new().await;
    let (mut station, mut tablet, _, document) = three(&world).await;
    let photo = bytes(1, 150_001);
    let offer = offer_of(1, document, &photo);
    assert_eq!(tablet.offer(&offer).await, BlobStanding::Wanted { from: 0 });
    assert_eq!(tablet.chunk(&offer, 0, &photo[..10_007]).await, 10_007);
    assert_eq!(station.fetch(&offer).await, Err(404), "not whole yet");
    world.stop().await;
    // Written and never acknowledged: as if the plug was pulled between the file and the row.
    let file = world.data().join("blobs").join("01").join("01".repeat(32));
    let mut written = std::fs::read(&file).unwrap();
    written.extend([0xEE; 500]);
    std::fs::write(&file, written).unwrap();
    world.start().await;
    for device in [&mut tablet, &mut station] {
        device.follow(&world).await;
    }
    assert_eq!(
        tablet.offer(&offer).await,
        BlobStanding::Wanted { from: 10_007 }
    );
    assert_eq!(
        tablet.chunk(&offer, 0, &photo[..500]).await,
        10_007,
        "said again, nothing is written"
    );
    tablet.send(&offer, &photo).await;
    assert_eq!(tablet.offer(&offer).await, BlobStanding::Durable);
    assert_eq!(station.fetch(&offer).await.unwrap(), photo);
    assert_eq!(tablet.chunk(&offer, 3, b"again").await, photo.len() as u64);
}

#[tokio::test]
async fn what_comes_is_what_was_offered_or_is_asked_for_again() {
    let world = World::new().await;
    let (_, mut tablet, _, document) = three(&world).await;
    let photo = bytes(2, 70_000);
    let offer = offer_of(2, document, &photo);
    tablet.offer(&offer).await;
    let mut damaged = photo.clone();
    damaged[9] ^= 1;
    assert_eq!(tablet.chunk(&offer, 0, &damaged[..60_000]).await, 60_000);
    assert_eq!(tablet.chunk(&offer, 60_000, &damaged[60_000..]).await, 0);
    assert_eq!(tablet.offer(&offer).await, BlobStanding::Wanted { from: 0 });
    tablet.send(&offer, &photo).await;
    assert_eq!(tablet.offer(&offer).await, BlobStanding::Durable);
    let other = BlobOffer {
        size: 5,
        ..offer.clone()
    };
    assert!(
        matches!(tablet.offer(&other).await, BlobStanding::Refused { code } if code == "malformed")
    );
}

#[tokio::test]
async fn limits_hold_for_one_for_a_piece_for_a_message_and_for_a_day() {
    let world = World::new().await;
    let (_, mut tablet, _, document) = three(&world).await;
    let sized = |address, size| BlobOffer {
        size,
        ..offer_of(address, document, b"x")
    };
    let too_large = BlobStanding::Refused {
        code: "too_large".into(),
    };
    assert_eq!(
        tablet.offer(&sized(1, limits::BLOB_BYTES + 1)).await,
        too_large
    );
    assert_eq!(tablet.offer(&sized(1, 0)).await, too_large);
    let wanted = BlobStanding::Wanted { from: 0 };
    let whole_ones = limits::BLOB_BYTES_PER_DAY / limits::BLOB_BYTES;
    for address in 1..=whole_ones {
        let offer = sized(address as u8, limits::BLOB_BYTES);
        assert_eq!(tablet.offer(&offer).await, wanted, "{address}");
    }
    assert_eq!(tablet.offer(&sized(200, 1)).await, BlobStanding::Later);
    world.clock.forward(24 * 60 * 60 * 1000);
    tablet.open_session().await.unwrap();
    assert_eq!(tablet.offer(&sized(200, 1)).await, wanted);
    let chunk = |length: usize| BlobChunk {
        address: BlobAddress([1; 32]),
        offset: 0,
        bytes: vec![7; length],
    };
    let most = limits::BLOB_CHUNK_BYTES;
    for (length, status) in [(0, Some(413)), (most, None), (most + 1, Some(413))] {
        let answer: Result<ChunkTaken, _> = tablet.post("/blobs/chunk", &chunk(length)).await;
        assert_eq!(answer.err().map(|(status, _)| status), status, "{length}");
    }
    let offers = OfferBlobs {
        offers: vec![sized(1, 1); limits::BLOB_OFFERS + 1],
    };
    let answer: Result<BlobStandings, _> = tablet.post("/blobs/offer", &offers).await;
    assert_eq!(answer.unwrap_err().0, 413);
}

#[tokio::test]
async fn nobody_sends_or_reads_what_does_not_concern_them() {
    let world = World::new().await;
    let (mut station, mut tablet, mut stranger, document) = three(&world).await;
    let photo = bytes(3, 1_000);
    let offer = offer_of(3, document, &photo);
    assert!(matches!(
        stranger.offer(&offer).await,
        BlobStanding::Refused { code } if code == "not_your_unit"
    ));
    tablet.offer(&offer).await;
    let chunk = BlobChunk {
        address: offer.address,
        offset: 0,
        bytes: photo.clone(),
    };
    let refused: Result<ChunkTaken, _> = stranger.post("/blobs/chunk", &chunk).await;
    assert_eq!(refused.unwrap_err().0, 403);
    tablet.send(&offer, &photo).await;
    assert_eq!(
        stranger.fetch(&offer).await,
        Err(404),
        "as one that is not there"
    );
    assert_eq!(station.fetch(&offer).await.unwrap(), photo);
    let unknown = offer_of(4, DocumentId(uuid::Uuid::from_u128(9)), &photo);
    assert_eq!(tablet.offer(&unknown).await, BlobStanding::Later);
}

#[tokio::test]
async fn an_order_that_erases_a_document_erases_its_blobs() {
    let world = World::new().await;
    let (mut station, mut tablet, _, document) = three(&world).await;
    let photo = bytes(5, 80_000);
    let offer = offer_of(5, document, &photo);
    tablet.offer(&offer).await;
    tablet.send(&offer, &photo).await;
    let file = world.data().join("blobs").join("05").join("05".repeat(32));
    assert!(file.exists());
    let entropy = SystemEntropy;
    AdminDesk::open(
        &world.data(),
        &world.key_file(),
        world.clock.as_ref(),
        &entropy,
    )
    .unwrap()
    .erase(document, "test")
    .unwrap();
    assert!(!file.exists());
    assert_eq!(station.fetch(&offer).await, Err(404));
    assert!(matches!(
        tablet.offer(&offer).await,
        BlobStanding::Refused { code } if code == "erased"
    ));
}

#[tokio::test]
async fn with_a_second_copy_a_blob_is_durable_once_it_is_in_it() {
    let world = World::with_second_copy(true).await;
    let (_, mut tablet, _, document) = three(&world).await;
    let photo = bytes(6, 5_000);
    let offer = offer_of(6, document, &photo);
    tablet.offer(&offer).await;
    tablet.send(&offer, &photo).await;
    let copied = world
        .folder
        .path()
        .join("copy")
        .join("blobs")
        .join("06")
        .join("06".repeat(32));
    loop {
        match tablet.offer(&offer).await {
            BlobStanding::Whole => tokio::task::yield_now().await,
            BlobStanding::Durable => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(std::fs::read(copied).unwrap(), photo);
}

#[tokio::test]
async fn what_was_erased_goes_from_the_second_copy_as_well() {
    let world = World::with_second_copy(true).await;
    let (_, mut tablet, _, document) = three(&world).await;
    let village = tablet.enrolled.unit;
    let mut doc = tablet.document(DocKind::Household, village);
    let other = doc.header.document;
    let envelope = tablet.edit(&mut doc, "addr", "白荷村三组");
    tablet.sync(None, vec![envelope]).await.unwrap();
    let (gone, stays) = (bytes(7, 5_000), bytes(8, 6_000));
    let (gone_offer, stays_offer) = (offer_of(7, document, &gone), offer_of(8, other, &stays));
    for (offer, photo) in [(&gone_offer, &gone), (&stays_offer, &stays)] {
        tablet.offer(offer).await;
        tablet.send(offer, photo).await;
        while tablet.offer(offer).await != BlobStanding::Durable {
            tokio::task::yield_now().await;
        }
    }
    let copies = world.folder.path().join("copy").join("blobs");
    let file = |byte: &str| copies.join(byte).join(byte.repeat(32));
    let foreign = copies.join("07").join("note.txt");
    std::fs::write(&foreign, "somebody else's").unwrap();
    assert!(file("07").exists() && file("08").exists());
    AdminDesk::open(
        &world.data(),
        &world.key_file(),
        world.clock.as_ref(),
        &SystemEntropy,
    )
    .unwrap()
    .erase(document, "test")
    .unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while file("07").exists() {
        assert!(std::time::Instant::now() < deadline, "it stays in the copy");
        // What is written is a commit, and a copy follows it.
        let envelope = tablet.edit(&mut doc, "addr", "白荷村四组");
        tablet.sync(None, vec![envelope]).await.unwrap();
    }
    assert_eq!(std::fs::read(file("08")).unwrap(), stays);
    assert!(foreign.exists(), "what is no blob of ours is left alone");
    let named = sync_server::database::open_reader(
        &world
            .folder
            .path()
            .join("copy")
            .join(sync_server::copies::COPY_FILE),
    )
    .unwrap()
    .query_row("SELECT count(*) FROM blobs", [], |row| row.get::<_, u32>(0))
    .unwrap();
    assert_eq!(named, 1, "the copy had forgotten it before");
}

async fn revoke(station: &mut Device, device: &Device, without_photos: bool) -> DeviceList {
    let asked = RevokeDevice {
        device: device.enrolled.device,
        reason: "stolen".into(),
        wipe: true,
        without_photos,
    };
    station.post("/devices/revoke", &asked).await.unwrap()
}

async fn hand_over(device: &mut Device, outbox: Vec<protocol::Envelope>) -> HandedOver {
    let handing = HandOver {
        protocol: PROTOCOL_VERSION,
        outbox,
        left: Unsent::default(),
        tick: None,
    };
    device.post("/handover", &handing).await.unwrap()
}

fn is_refused(standing: &BlobStanding, why: &str) -> bool {
    matches!(standing, BlobStanding::Refused { code } if code == why)
}

#[tokio::test]
async fn photos_of_what_a_stopped_device_hands_over_come_with_it_and_go_on_at_the_byte() {
    let world = World::new().await;
    let (mut station, mut tablet, mut stranger, known) = three(&world).await;
    let unit = tablet.enrolled.unit;
    let mut begun = tablet.document(DocKind::Household, unit);
    let envelope = tablet.edit(&mut begun, "addr", "白荷村三组");
    let hash = crate::support::hash_of(&envelope.change);
    let photo = bytes(6, 150_001);
    let (of_known, of_begun) = (
        offer_of(6, known, &photo),
        proved(begun.header.document, &photo),
    );
    let early: Result<BlobStandings, _> = tablet
        .post("/handover/offer", &OfferBlobs { offers: vec![] })
        .await;
    assert_eq!(
        early.unwrap_err().1.code,
        "not_allowed",
        "it is not stopped"
    );
    assert_eq!(
        tablet.offer(&of_known).await,
        BlobStanding::Wanted { from: 0 }
    );
    assert_eq!(tablet.chunk(&of_known, 0, &photo[..10_007]).await, 10_007);
    revoke(&mut station, &tablet, false).await;
    let live: Result<ChunkTaken, _> = tablet
        .post(
            "/blobs/chunk",
            &BlobChunk {
                address: of_known.address,
                offset: 10_007,
                bytes: photo[10_007..60_000].to_vec(),
            },
        )
        .await;
    assert_eq!(live.unwrap_err().1.code, "device_revoked");

    tablet.hand_over = true;
    // What had been sent before it was stopped stays sent.
    assert_eq!(
        tablet.offer(&of_known).await,
        BlobStanding::Wanted { from: 10_007 }
    );
    tablet.send(&of_known, &photo).await;
    assert_eq!(tablet.offer(&of_known).await, BlobStanding::Durable);
    // Nobody knows of this document, so nothing of it will ever be asked for.
    assert!(is_refused(
        &tablet.offer(&of_begun).await,
        "unknown_document"
    ));
    let handed = hand_over(&mut tablet, vec![envelope]).await;
    assert_eq!(handed.outcomes, [(hash, Outcome::Review)]);
    assert_eq!(
        tablet.offer(&of_begun).await,
        BlobStanding::Wanted { from: 0 }
    );
    tablet.send(&of_begun, &photo).await;
    assert_eq!(tablet.offer(&of_begun).await, BlobStanding::Durable);
    assert_eq!(
        station.fetch(&of_begun).await,
        Err(404),
        "while its document waits for a person nobody reads it"
    );
    let take = DecideReview {
        hash,
        take: true,
        reason: String::new(),
    };
    let _: ReviewList = station.post("/review/decide", &take).await.unwrap();
    assert_eq!(station.fetch(&of_begun).await.unwrap(), photo);
    assert_eq!(stranger.fetch(&of_begun).await, Err(404));
    assert!(is_refused(
        &stranger.offer(&of_begun).await,
        "not_your_unit"
    ));
}

#[tokio::test]
async fn a_stopped_device_keeps_nobodys_photo_out_by_taking_its_name() {
    let world = World::new().await;
    let (mut station, mut tablet, _, document) = three(&world).await;
    let unit = tablet.enrolled.unit;
    let mut colleague = world.tablet(&mut station, unit, "周棠").await;
    // What both have read: the names of photos that the colleague has not sent yet.
    let [first, second, third] = [bytes(1, 70_000), bytes(2, 70_000), bytes(3, 70_000)];
    let [of_first, of_second, of_third] =
        [&first, &second, &third].map(|one| proved(document, one));
    let wanted = BlobStanding::Wanted { from: 0 };
    let garbage = |offer: &BlobOffer, bytes: &[u8]| BlobOffer {
        address: offer.address,
        ..proved(document, bytes)
    };
    // While it is trusted it begins one under a name nothing proves.
    let before = garbage(&of_third, b"something else");
    assert_eq!(tablet.offer(&before).await, wanted);
    revoke(&mut station, &tablet, false).await;
    tablet.hand_over = true;

    // Other bytes under somebody's name are not taken. Nor are they refused for good: it may be a photo an older app made,
    // and whether a wipe waits for that one somebody at the station says.
    let unproved = garbage(&of_first, b"something else");
    assert_eq!(tablet.offer(&unproved).await, BlobStanding::Later);
    // The right digest, another length: begun, never finished, and gone when whoever has it comes.
    let longer = BlobOffer {
        size: 90_000,
        ..of_first.clone()
    };
    assert_eq!(tablet.offer(&longer).await, wanted);
    assert_eq!(tablet.chunk(&longer, 0, &[7; 60_000]).await, 60_000);
    assert_eq!(tablet.offer(&of_second).await, wanted);
    assert_eq!(tablet.chunk(&of_second, 0, &[7; 60_000]).await, 60_000);
    for offer in [&of_first, &of_second, &of_third] {
        assert_eq!(colleague.offer(offer).await, wanted);
    }
    // Nor does it write into what somebody else sends.
    assert_eq!(
        colleague.chunk(&of_first, 0, &first[..10_007]).await,
        10_007
    );
    assert_eq!(tablet.offer(&of_first).await, BlobStanding::Later);
    let into = BlobChunk {
        address: of_first.address,
        offset: 10_007,
        bytes: vec![7; 100],
    };
    let answer: Result<ChunkTaken, _> = tablet.post("/handover/chunk", &into).await;
    assert_eq!(answer.unwrap_err().1.code, "not_allowed");
    for (offer, photo) in [
        (&of_first, &first),
        (&of_second, &second),
        (&of_third, &third),
    ] {
        colleague.send(offer, photo).await;
        assert_eq!(colleague.offer(offer).await, BlobStanding::Durable);
        assert_eq!(&station.fetch(offer).await.unwrap(), photo);
    }
    // What is whole stays, whoever says what of it.
    assert!(is_refused(&tablet.offer(&longer).await, "malformed"));
}

#[tokio::test]
async fn a_stopped_device_sends_no_more_photos_than_a_village_takes_in_years() {
    let world = World::new().await;
    let (mut station, mut tablet, _, document) = three(&world).await;
    revoke(&mut station, &tablet, false).await;
    tablet.hand_over = true;
    let sized = |address: u64| BlobOffer {
        size: limits::BLOB_BYTES,
        ..proved(document, &[address as u8])
    };
    let a_day = limits::BLOB_BYTES_PER_DAY / limits::BLOB_BYTES;
    let all = limits::HANDED_OVER_BLOB_BYTES / limits::BLOB_BYTES;
    for address in 0..all {
        if address > 0 && address % a_day == 0 {
            assert_eq!(tablet.offer(&sized(address)).await, BlobStanding::Later);
            world.clock.forward(24 * 60 * 60 * 1000);
            tablet.open_session().await.unwrap();
        }
        assert_eq!(
            tablet.offer(&sized(address)).await,
            BlobStanding::Wanted { from: 0 },
            "{address}"
        );
    }
    world.clock.forward(24 * 60 * 60 * 1000);
    tablet.open_session().await.unwrap();
    assert!(is_refused(&tablet.offer(&sized(all)).await, "too_large"));
}

#[tokio::test]
async fn a_stopped_device_sends_only_so_many_photos_however_small() {
    let world = World::new().await;
    let (mut station, mut tablet, _, document) = three(&world).await;
    revoke(&mut station, &tablet, false).await;
    tablet.hand_over = true;
    // All but one of those there may be, of one byte each.
    let connection =
        rusqlite::Connection::open(sync_server::database::file_of(&world.data())).unwrap();
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .unwrap();
    connection
        .execute(
            "INSERT INTO blobs (address, document, device, size, digest, offered_ms)
             WITH RECURSIVE n (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n WHERE number < ?4)
             SELECT CAST(printf('%032d', number) AS BLOB), ?1, ?2, 1, zeroblob(32), ?3 FROM n",
            rusqlite::params![
                document.0.as_bytes(),
                tablet.enrolled.device.0.as_bytes(),
                world.clock.now_ms(),
                limits::HANDED_OVER_BLOBS as i64 - 1,
            ],
        )
        .unwrap();
    drop(connection);
    let last = proved(document, b"x");
    assert_eq!(tablet.offer(&last).await, BlobStanding::Wanted { from: 0 });
    let one_more = proved(document, b"y");
    assert!(is_refused(&tablet.offer(&one_more).await, "too_large"));
    // What was begun goes on.
    assert_eq!(tablet.offer(&last).await, BlobStanding::Wanted { from: 0 });
}

#[tokio::test]
async fn that_photos_are_not_waited_for_is_said_by_the_station_once_and_told_to_the_device() {
    let world = World::new().await;
    let (mut station, mut tablet, _, _) = three(&world).await;
    revoke(&mut station, &tablet, false).await;
    tablet.hand_over = true;
    assert!(!hand_over(&mut tablet, vec![]).await.without_photos);
    for _ in 0..2 {
        let list = revoke(&mut station, &tablet, true).await;
        let row = list
            .devices
            .iter()
            .find(|row| row.device == tablet.enrolled.device)
            .unwrap();
        assert!(row.wipe.unwrap().without_photos);
    }
    assert!(hand_over(&mut tablet, vec![]).await.without_photos);
    let everything = ReadAudit {
        from_ms: 0,
        until_ms: i64::MAX,
        staff: None,
        actions: Vec::new(),
        page: None,
    };
    let page: AuditPage = station.post("/audit/list", &everything).await.unwrap();
    let said = page
        .rows
        .iter()
        .filter(|record| record.row.action == "photos_given_up");
    assert_eq!(said.count(), 1);
}
