//! The tray of late work: what rotted hides nothing else, and everything can be reached, however much there is.

use crate::support::{Device, World, hash_of};
use ids::{ChangeHash, DocKind, UnitId};
use protocol::{
    DecideReview, DeviceList, Envelope, HandOver, HandedOver, ListReviews, Outcome,
    PROTOCOL_VERSION, ReviewCounts, ReviewList, ReviewState, RevokeDevice, Unsent, limits,
};
use rusqlite::Connection;
use std::collections::BTreeSet;
use sync_server::database;

struct Tray {
    world: World,
    station: Device,
    tablet: Device,
    village: UnitId,
}

/// A township with a tablet that was stopped.
async fn tray() -> Tray {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let stop = RevokeDevice {
        device: tablet.enrolled.device,
        reason: "lost".into(),
        wipe: false,
        without_photos: false,
    };
    let _: DeviceList = station.post("/devices/revoke", &stop).await.unwrap();
    tablet.hand_over = true;
    Tray {
        world,
        station,
        tablet,
        village,
    }
}

impl Tray {
    fn database(&self) -> Connection {
        Connection::open(database::file_of(&self.world.data())).unwrap()
    }

    async fn hand_over(&mut self, outbox: Vec<Envelope>) {
        let handing = HandOver {
            protocol: PROTOCOL_VERSION,
            outbox,
            left: Unsent::default(),
            tick: None,
        };
        let handed: HandedOver = self.tablet.post("/handover", &handing).await.unwrap();
        for (_, outcome) in handed.outcomes {
            assert_eq!(outcome, Outcome::Review);
        }
    }

    async fn page(&mut self, asked: Option<ListReviews>) -> ReviewList {
        self.station.post("/review/list", &asked).await.unwrap()
    }

    /// Every page, one after the other.
    async fn pages(&mut self) -> Vec<ReviewList> {
        let mut pages = vec![self.page(None).await];
        while let Some(after) = pages.last().unwrap().next {
            pages.push(self.page(Some(ListReviews { after })).await);
            assert!(pages.len() < 100, "it comes to an end");
        }
        pages
    }

    async fn decide(&mut self, hash: ChangeHash, take: bool) -> Result<ReviewList, String> {
        let reason = if take { "" } else { "打不开" };
        let decision = DecideReview {
            hash,
            take,
            reason: reason.into(),
        };
        let decided: Result<ReviewList, _> = self.station.post("/review/decide", &decision).await;
        decided.map_err(|(_, message)| message.code)
    }
}

#[tokio::test]
async fn a_record_that_rotted_says_so_and_hides_no_other() {
    let mut it = tray().await;
    let mut outbox = Vec::new();
    for name in ["石小雨", "何小满"] {
        let mut doc = it.tablet.document(DocKind::Child, it.village);
        outbox.push(it.tablet.edit(&mut doc, "name", name));
        outbox.push(it.tablet.edit(&mut doc, "alias", "小名"));
    }
    let hashes: Vec<ChangeHash> = outbox.iter().map(|one| hash_of(&one.change)).collect();
    it.hand_over(outbox.clone()).await;

    let connection = it.database();
    let rot =
        "UPDATE reviews SET body = CAST(substr(body, 1, 40) || x'00' AS BLOB) WHERE hash = ?1";
    assert_eq!(connection.execute(rot, [&hashes[0].0]).unwrap(), 1);
    let list = it.page(None).await;
    let seen: Vec<(ChangeHash, bool, bool)> = list
        .reviews
        .iter()
        .map(|one| (one.hash, one.damaged, one.envelope.is_some()))
        .collect();
    assert_eq!(
        seen,
        [
            (hashes[0], true, false),
            (hashes[1], false, true),
            (hashes[2], false, true),
            (hashes[3], false, true)
        ]
    );
    assert_eq!(list.reviews[0].staff_name, "林月", "whom to ask");
    assert_eq!(list.reviews[1].envelope, Some(outbox[1].clone()));

    // What does not need it is taken as before; it itself is not, and what follows it is not.
    for hash in [hashes[0], hashes[1]] {
        let refused = it.decide(hash, true).await;
        assert_eq!(refused.unwrap_err(), "review_damaged");
    }
    let taken = it.decide(hashes[3], true).await.unwrap();
    let state = |list: &ReviewList, hash| {
        let found = list.reviews.iter().find(|one| one.hash == hash);
        found.map(|one| one.state).unwrap()
    };
    assert_eq!(state(&taken, hashes[3]), ReviewState::Taken);
    let aside = it.decide(hashes[0], false).await.unwrap();
    assert_eq!(state(&aside, hashes[0]), ReviewState::SetAside);

    // Without their keys they are all there, and nobody fails.
    assert!(connection.execute("DELETE FROM document_keys", []).unwrap() > 0);
    let list = it.page(None).await;
    assert_eq!(list.reviews.len(), 4);
    assert!(list.reviews.iter().all(|one| one.damaged));
    assert_eq!(
        it.decide(hashes[1], true).await.unwrap_err(),
        "review_damaged"
    );
    // A word nobody knows, a device that is lost.
    connection
        .pragma_update(None, "foreign_keys", false)
        .unwrap();
    for rot in [
        "UPDATE reviews SET state = 'waitinh', cause = '' WHERE id = 2",
        "UPDATE reviews SET device = x'00' WHERE id = 3",
    ] {
        assert_eq!(connection.execute(rot, []).unwrap(), 1);
    }
    assert_eq!(it.page(None).await.reviews.len(), 4);
}

/// As many again of the only row, that cannot be opened, every third of them decided.
const MANY: &str = "
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1200)
INSERT INTO reviews (head_hash, hash, document, generation, device, scope, at_ms, body, state, cause)
SELECT randomblob(32), randomblob(32), r.document, r.generation, r.device, r.scope, r.at_ms, r.body,
       CASE WHEN n % 3 = 0 THEN 'set_aside' ELSE 'waiting' END, r.cause
FROM numbers, reviews AS r";

#[tokio::test]
async fn everything_that_came_late_is_reached_page_by_page() {
    let mut it = tray().await;
    let mut doc = it.tablet.document(DocKind::Child, it.village);
    let first = it.tablet.edit(&mut doc, "name", "石小雨");
    it.hand_over(vec![first]).await;
    assert_eq!(it.database().execute(MANY, []).unwrap(), 1200);

    let pages = it.pages().await;
    assert_eq!(pages.len(), 3);
    let counts = ReviewCounts {
        waiting: 801,
        decided: 400,
        elsewhere: 0,
    };
    assert!(pages.iter().all(|page| page.counts == Some(counts)));
    let all: Vec<_> = pages.iter().flat_map(|page| &page.reviews).collect();
    let hashes: BTreeSet<_> = all.iter().map(|one| one.hash).collect();
    assert_eq!((all.len(), hashes.len()), (1201, 1201), "each once");
    let is_waiting = |state| state == ReviewState::Waiting;
    assert!(all[..801].iter().all(|one| is_waiting(one.state)));
    assert!(all[801..].iter().all(|one| !is_waiting(one.state)));
    assert!(!all[0].damaged, "the oldest that waits comes first");
    let newest: [u8; 32] = it
        .database()
        .query_row("SELECT hash FROM reviews WHERE id = 1201", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(
        all[801].hash.0, newest,
        "and the newest that was decided before the other ones"
    );
}

#[tokio::test]
async fn large_records_make_small_pages_and_not_an_answer_nobody_takes() {
    let mut it = tray().await;
    let mut doc = it.tablet.document(DocKind::Child, it.village);
    for letter in 'a'..='v' {
        let long = letter.to_string().repeat(240_000);
        let late = it.tablet.edit(&mut doc, "note", &long);
        it.hand_over(vec![late]).await;
    }
    let pages = it.pages().await;
    let sizes: Vec<usize> = pages.iter().map(|page| page.reviews.len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 22);
    assert_eq!(sizes.len(), 2, "{sizes:?}");
    let raw = |page: &ReviewList| -> usize {
        let envelopes = page.reviews.iter().filter_map(|one| one.envelope.as_ref());
        envelopes.map(Envelope::raw_bytes).sum()
    };
    let most = limits::ANSWER_RAW_BYTES_MAX as usize + limits::CHANGE_BYTES;
    assert!(pages.iter().all(|page| raw(page) <= most));
}
