//! 户籍村: the village a child is registered in reads its file and adds contacts, as long as the station says, and nothing
//! it wrote is lost by the end of it.

use crate::support::{Device, Doc, Half, World, hash_of};
use automerge::transaction::Transactable;
use automerge::{ObjType, ROOT, ReadDoc};
use ids::{ChangeHash, Clock, DocKind, DocumentId, UnitId};
use protocol::{
    CoverVillage, Cursor, DecideMove, EndGuest, EntryBody, Envelope, GuestList, GuestState,
    MemberRecord, MoveDecision, MoveList, OfferMove, OpenToGuest, Outcome, PeopleList, RefusalCode,
};
use uuid::Uuid;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

struct Township {
    world: World,
    station: Device,
    /// Where the child lives.
    east: UnitId,
    /// Where it is registered.
    west: UnitId,
    tablet: Device,
    other: Device,
    child: Doc,
    first: Envelope,
}

async fn township() -> Township {
    let world = World::new().await;
    let mut station = world.station().await;
    let east = station.village("东滩村", "310199100201").await;
    let west = station.village("西滩村", "310199100202").await;
    let mut tablet = world.tablet(&mut station, east, "林月").await;
    let other = world.tablet(&mut station, west, "陈安").await;
    let mut child = tablet.document(DocKind::Child, east);
    let first = tablet.edit(&mut child, "name", "何小满");
    tablet.sync(None, vec![first.clone()]).await.unwrap();
    Township {
        world,
        station,
        east,
        west,
        tablet,
        other,
        child,
        first,
    }
}

impl Township {
    fn now_ms(&self) -> i64 {
        self.world.clock.now_ms()
    }

    fn id(&self) -> DocumentId {
        self.child.header.document
    }

    fn asked(&self) -> OpenToGuest {
        OpenToGuest {
            id: Uuid::new_v4(),
            documents: vec![self.id()],
            unit: self.west,
            from_ms: self.now_ms(),
            until_ms: None,
        }
    }

    async fn open(&mut self, input: &OpenToGuest) -> GuestList {
        self.station.post("/guests/open", input).await.unwrap()
    }

    async fn refused(&mut self, input: &OpenToGuest) -> String {
        let refused: Result<GuestList, _> = self.station.post("/guests/open", input).await;
        refused.unwrap_err().1.code
    }

    /// The file in the other village's hands.
    fn copy(&self) -> Doc {
        let mut copy = Doc::new(&self.other, self.child.header.clone());
        copy.take(&self.first.change);
        copy.changes = 1;
        copy
    }

    fn later(&mut self, days: i64) {
        self.world.clock.forward(days * DAY_MS);
        for device in [&mut self.station, &mut self.tablet, &mut self.other] {
            device.token = None;
        }
    }
}

/// A contact, as the app writes one; where `also` names a field, it is written in the same change.
fn contact(device: &mut Device, doc: &mut Doc, id: &str, also: Option<&str>) -> Envelope {
    let (_, contacts) = doc.automerge.get(ROOT, "contacts").unwrap().unwrap();
    let entry = doc
        .automerge
        .put_object(&contacts, id, ObjType::Map)
        .unwrap();
    doc.automerge
        .put(&entry, "event_date", "2026-11-27")
        .unwrap();
    doc.automerge.put(&entry, "reached", true).unwrap();
    if let Some(field) = also {
        let (_, fields) = doc.automerge.get(ROOT, "fields").unwrap().unwrap();
        doc.automerge.put(&fields, field, "改了").unwrap();
    }
    sealed(device, doc)
}

fn sealed(device: &mut Device, doc: &mut Doc) -> Envelope {
    let change = doc.commit();
    let head = device.head(&doc.header.clone(), &change, false);
    device.seal(&head, change)
}

async fn outcome(device: &mut Device, envelope: Envelope) -> Outcome {
    let answer = device.sync(None, vec![envelope]).await.unwrap();
    answer.outcomes[0].1.clone()
}

async fn news(device: &mut Device, cursor: &mut Option<Cursor>) -> Vec<EntryBody> {
    let from = cursor.unwrap_or_else(|| device.start());
    let answer = device.sync(Some(from), vec![]).await.unwrap();
    *cursor = answer.cursor;
    answer.entries.into_iter().map(|entry| entry.body).collect()
}

fn came(news: &[EntryBody]) -> Vec<DocumentId> {
    let shown = |body: &EntryBody| match body {
        EntryBody::DocIn { document } => Some(document.document),
        _ => None,
    };
    news.iter().filter_map(shown).collect()
}

fn went(news: &[EntryBody]) -> Vec<DocumentId> {
    let hidden = |body: &EntryBody| match body {
        EntryBody::DocOut { document, .. } => Some(*document),
        _ => None,
    };
    news.iter().filter_map(hidden).collect()
}

fn changes(news: &[EntryBody]) -> Vec<ChangeHash> {
    let change = |body: &EntryBody| match body {
        EntryBody::Change { envelope, .. } => Some(hash_of(&envelope.change)),
        _ => None,
    };
    news.iter().filter_map(change).collect()
}

fn knows(news: &[EntryBody], device: &Device) -> bool {
    let device = device.enrolled.device;
    news.iter().any(
        |body| matches!(body, EntryBody::Member(MemberRecord::Device { id, .. }) if *id == device),
    )
}

#[tokio::test]
async fn the_other_village_gets_the_file_whole_adds_contacts_and_loses_it_by_the_clock() {
    let mut t = township().await;
    let mut at = None;
    assert_eq!(came(&news(&mut t.other, &mut at).await), []);
    let asked = OpenToGuest {
        from_ms: t.now_ms() + DAY_MS,
        until_ms: Some(t.now_ms() + 8 * DAY_MS),
        ..t.asked()
    };
    assert_eq!(t.open(&asked).await.guests[0].state, GuestState::Waiting);
    assert_eq!(came(&news(&mut t.other, &mut at).await), [], "not yet");

    t.later(2);
    let id = t.id();
    let begun = news(&mut t.other, &mut at).await;
    assert_eq!(came(&begun), [id]);
    assert!(knows(&begun, &t.tablet), "whose words they are");
    assert_eq!(t.other.snapshot(0).await[0].documents.len(), 1);

    // A contact of hers is taken and read where the child lives; so is what is written there.
    let mut copy = t.copy();
    let hers = contact(&mut t.other, &mut copy, "c1", None);
    assert!(outcome(&mut t.other, hers.clone()).await.is_in_log());
    let at_home = news(&mut t.tablet, &mut None).await;
    assert!(changes(&at_home).contains(&hash_of(&hers.change)));
    assert!(knows(&at_home, &t.other));
    let theirs = t.tablet.edit(&mut t.child, "nickname", "小满");
    t.tablet.sync(None, vec![theirs.clone()]).await.unwrap();
    let read = changes(&news(&mut t.other, &mut at).await);
    assert_eq!(read, [hash_of(&hers.change), hash_of(&theirs.change)]);

    let late = contact(&mut t.other, &mut copy, "c2", None);
    t.later(7);
    assert_eq!(went(&news(&mut t.other, &mut at).await), [id]);
    assert_eq!(t.other.snapshot(0).await[0].documents.len(), 0);
    assert_eq!(
        outcome(&mut t.other, late).await,
        Outcome::Review,
        "a person looks at what came late"
    );
    let more = t.tablet.edit(&mut t.child, "note", "在家里");
    t.tablet.sync(None, vec![more]).await.unwrap();
    assert_eq!(changes(&news(&mut t.other, &mut at).await), []);
}

#[tokio::test]
async fn nothing_but_a_contact_is_taken_from_the_other_village() {
    let mut t = township().await;
    let open = t.asked();
    t.open(&open).await;
    let only_contacts = Outcome::Refused {
        code: RefusalCode::OnlyContacts,
    };
    let mut copy = t.copy();
    let field = t.other.edit(&mut copy, "name", "别的名字");
    assert_eq!(outcome(&mut t.other, field).await, only_contacts);

    let mut copy = t.copy();
    copy.changes = 2;
    let with_field = contact(&mut t.other, &mut copy, "c1", Some("carer_name"));
    assert_eq!(outcome(&mut t.other, with_field).await, only_contacts);

    // An attempt is another collection; an entry of somebody else is not written over.
    let theirs = contact(&mut t.tablet, &mut t.child, "c2", None);
    assert!(outcome(&mut t.tablet, theirs.clone()).await.is_in_log());
    for collection in ["attempts", "contacts"] {
        let mut copy = t.copy();
        copy.take(&theirs.change);
        let (_, map) = copy.automerge.get(ROOT, collection).unwrap().unwrap();
        copy.automerge.put_object(&map, "c2", ObjType::Map).unwrap();
        let change = sealed(&mut t.other, &mut copy);
        assert_eq!(
            outcome(&mut t.other, change).await,
            only_contacts,
            "{collection}"
        );
    }
    let mut copy = t.copy();
    copy.take(&theirs.change);
    let (_, contacts) = copy.automerge.get(ROOT, "contacts").unwrap().unwrap();
    let (_, entry) = copy.automerge.get(&contacts, "c2").unwrap().unwrap();
    copy.automerge.put(&entry, "note", "别人的话").unwrap();
    let change = sealed(&mut t.other, &mut copy);
    assert_eq!(outcome(&mut t.other, change).await, only_contacts);

    // Late, too.
    t.later(1);
    let end = EndGuest { id: open.id };
    let list: GuestList = t.station.post("/guests/end", &end).await.unwrap();
    assert_eq!(list.guests[0].state, GuestState::Over);
    let mut copy = t.copy();
    let field = t.other.edit(&mut copy, "name", "别的名字");
    assert_eq!(outcome(&mut t.other, field).await, only_contacts);
}

#[tokio::test]
async fn it_is_one_village_of_this_township_another_than_where_the_child_lives() {
    let mut t = township().await;
    let at_home = OpenToGuest {
        unit: t.east,
        ..t.asked()
    };
    assert_eq!(t.refused(&at_home).await, "guest_impossible");
    let nothing = OpenToGuest {
        documents: vec![],
        ..t.asked()
    };
    assert_eq!(t.refused(&nothing).await, "guest_impossible");
    let over = OpenToGuest {
        until_ms: Some(t.now_ms()),
        ..t.asked()
    };
    assert_eq!(t.refused(&over).await, "guest_impossible");
    let station = OpenToGuest {
        unit: t.world.report.scope,
        ..t.asked()
    };
    assert_eq!(t.refused(&station).await, "guest_impossible");
    let unknown = OpenToGuest {
        documents: vec![DocumentId(Uuid::new_v4())],
        ..t.asked()
    };
    assert_eq!(t.refused(&unknown).await, "not_found");
    let household = t.tablet.document(DocKind::Household, t.east);
    let mut household = household;
    let first = t.tablet.edit(&mut household, "group", "2");
    t.tablet.sync(None, vec![first]).await.unwrap();
    let house = OpenToGuest {
        documents: vec![household.header.document],
        ..t.asked()
    };
    assert_eq!(t.refused(&house).await, "guest_impossible");
    let made = t
        .world
        .server()
        .create_township("青溪镇".into(), "310199200000".into(), "何静".into())
        .await
        .unwrap();
    let half = Half::begin_qr(t.world.http(), &made.qr).await.unwrap();
    let server = t.world.server();
    server.confirm_enrolment(made.enrolment).await.unwrap();
    let mut there = half.finish().await.unwrap();
    let other_township = OpenToGuest {
        unit: there.village("青溪村", "310199200201").await,
        ..t.asked()
    };
    assert_eq!(t.refused(&other_township).await, "guest_elsewhere");

    let open = t.asked();
    let first = t.open(&open).await;
    assert_eq!(
        t.open(&open).await,
        first,
        "saying it twice changes nothing"
    );
    let north = t.station.village("北滩村", "310199100203").await;
    let second = OpenToGuest {
        unit: north,
        ..t.asked()
    };
    assert_eq!(t.refused(&second).await, "guest_taken");
    let end = EndGuest { id: open.id };
    let over: GuestList = t.station.post("/guests/end", &end).await.unwrap();
    let again: GuestList = t.station.post("/guests/end", &end).await.unwrap();
    assert_eq!(over, again);
    assert_eq!(t.open(&second).await.guests[0].state, GuestState::Running);
}

#[tokio::test]
async fn a_child_that_moves_takes_its_other_village_along_unless_it_comes_home() {
    let mut t = township().await;
    let north = t.station.village("北滩村", "310199100203").await;
    let asked = t.asked();
    t.open(&asked).await;
    let mut at = None;
    assert_eq!(came(&news(&mut t.other, &mut at).await), [t.id()]);
    moved(&mut t, north).await;
    let heard = news(&mut t.other, &mut at).await;
    let goes_on = heard
        .iter()
        .any(|body| matches!(body, EntryBody::Moved { home_unit, .. } if *home_unit == north));
    assert!(goes_on && went(&heard).is_empty(), "{heard:?}");
    let mut copy = t.copy();
    let hers = contact(&mut t.other, &mut copy, "c1", None);
    assert!(outcome(&mut t.other, hers.clone()).await.is_in_log());

    let west = t.west;
    moved(&mut t, west).await;
    let heard = news(&mut t.other, &mut at).await;
    assert!(went(&heard).is_empty(), "{heard:?}");
    copy.take(&hers.change);
    let field = t.other.edit(&mut copy, "name", "何小满满");
    assert!(outcome(&mut t.other, field).await.is_in_log(), "it is hers");
    let end = EndGuest { id: asked.id };
    let list: GuestList = t.station.post("/guests/end", &end).await.unwrap();
    assert_eq!(list.guests[0].state, GuestState::Over);
    assert!(went(&news(&mut t.other, &mut at).await).is_empty());
}

async fn moved(t: &mut Township, to: UnitId) {
    let id = Uuid::new_v4();
    let offer = OfferMove {
        id,
        documents: vec![t.id()],
        to,
        subject: String::new(),
        reason: String::new(),
        moved_on: String::new(),
    };
    let _: MoveList = t.station.post("/moves/offer", &offer).await.unwrap();
    let decision = DecideMove {
        id,
        decision: MoveDecision::Accept,
    };
    let _: MoveList = t.station.post("/moves/decide", &decision).await.unwrap();
}

/// Who stands in for a village sees what lives in it, and not what it only knows of.
#[tokio::test]
async fn standing_in_for_the_other_village_does_not_show_the_file() {
    let mut t = township().await;
    let asked = t.asked();
    t.open(&asked).await;
    let north = t.station.village("北滩村", "310199100203").await;
    let mut delegate = t.world.tablet(&mut t.station, north, "许宁").await;
    let cover = CoverVillage {
        id: Uuid::new_v4(),
        unit: t.west,
        delegate: delegate.enrolled.staff,
        absent: None,
        from_ms: t.now_ms(),
        until_ms: t.now_ms() + DAY_MS,
    };
    let _: PeopleList = t.station.post("/people/cover", &cover).await.unwrap();
    assert_eq!(came(&news(&mut delegate, &mut None).await), []);
    assert_eq!(delegate.snapshot(0).await[0].documents.len(), 0);
}

/// A tablet that is enrolled while it is so learns from its first load whose words may stand in the file.
#[tokio::test]
async fn a_new_tablet_of_either_village_knows_the_others_people() {
    let mut t = township().await;
    let asked = t.asked();
    t.open(&asked).await;
    let mut fresh = t.world.tablet(&mut t.station, t.west, "周宁").await;
    let page = fresh.snapshot(0).await.remove(0);
    let device = t.tablet.enrolled.device;
    let known =
        |record: &MemberRecord| matches!(record, MemberRecord::Device { id, .. } if *id == device);
    assert!(page.members.iter().any(known));
    assert!(
        knows(&news(&mut t.tablet, &mut None).await, &fresh),
        "and is known there"
    );
}
