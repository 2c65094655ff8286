//! Who is appointed to what and who stands in for whom: access follows the dates, and nothing anybody wrote is lost by it.

use crate::support::{Device, World, appointment, hash_of};
use ids::{ChangeHash, Clock, DocKind, DocumentId, Role, UnitId};
use protocol::{
    CoverState, CoverVillage, CreateEnrolment, Cursor, EndCover, EndGrant, EnrolmentStatus,
    EntryBody, GrantPerson, GrantState, HandOver, HandedOver, MemberRecord, Outcome,
    PROTOCOL_VERSION, PeopleList, PersonRecord, RecordVetting, ReviewList, Unsent, Vetting,
    VillageList,
};
use sync_server::admin::AdminDesk;
use sync_server::system::SystemEntropy;
use uuid::Uuid;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

struct Township {
    world: World,
    station: Device,
    east: UnitId,
    west: UnitId,
    tablet: Device,
    other: Device,
}

async fn township() -> Township {
    let world = World::new().await;
    let mut station = world.station().await;
    let east = station.village("东滩村", "310199100201").await;
    let west = station.village("西滩村", "310199100202").await;
    let tablet = world.tablet(&mut station, east, "林月").await;
    let other = world.tablet(&mut station, west, "陈安").await;
    Township {
        world,
        station,
        east,
        west,
        tablet,
        other,
    }
}

impl Township {
    fn desk(&self) -> AdminDesk<'_> {
        AdminDesk::open(
            &self.world.data(),
            &self.world.key_file(),
            self.world.clock.as_ref(),
            &SystemEntropy,
        )
        .unwrap()
    }

    fn now_ms(&self) -> i64 {
        self.world.clock.now_ms()
    }
}

async fn people(station: &mut Device) -> PeopleList {
    station.post("/people/list", &()).await.unwrap()
}

fn person(list: &PeopleList, device: &Device) -> PersonRecord {
    let staff = device.enrolled.staff;
    let found = list.people.iter().find(|person| person.staff == staff);
    found.unwrap().clone()
}

async fn code_of<T: std::fmt::Debug + serde::de::DeserializeOwned>(
    station: &mut Device,
    path: &str,
    input: &impl serde::Serialize,
) -> String {
    let refused: Result<T, _> = station.post(path, input).await;
    refused.unwrap_err().1.code
}

/// What is new after a place in the log, the orders left out, and the next place.
async fn news(device: &mut Device, cursor: &mut Option<Cursor>) -> Vec<EntryBody> {
    let from = cursor.unwrap_or_else(|| device.start());
    let answer = device.sync(Some(from), vec![]).await.unwrap();
    assert!(!answer.more);
    *cursor = answer.cursor;
    let bodies = answer.entries.into_iter().map(|entry| entry.body);
    bodies
        .filter(|body| !matches!(body, EntryBody::Order { .. }))
        .collect()
}

fn came(news: &[EntryBody]) -> Vec<DocumentId> {
    let id = |body: &EntryBody| match body {
        EntryBody::DocIn { document } => Some(document.document),
        _ => None,
    };
    news.iter().filter_map(id).collect()
}

fn went(news: &[EntryBody]) -> Vec<DocumentId> {
    let id = |body: &EntryBody| match body {
        EntryBody::DocOut { document, .. } => Some(*document),
        _ => None,
    };
    news.iter().filter_map(id).collect()
}

fn changes(news: &[EntryBody]) -> Vec<ChangeHash> {
    let hash = |body: &EntryBody| match body {
        EntryBody::Change { envelope, .. } => Some(hash_of(&envelope.change)),
        _ => None,
    };
    news.iter().filter_map(hash).collect()
}

async fn hand_over(device: &mut Device, outbox: Vec<protocol::Envelope>) -> HandedOver {
    device.token = None;
    device.hand_over = true;
    let handing = HandOver {
        protocol: PROTOCOL_VERSION,
        outbox,
        left: Unsent::default(),
        tick: None,
    };
    device.post("/handover", &handing).await.unwrap()
}

#[tokio::test]
async fn no_code_for_a_director_before_her_appointment_and_her_vetting_are_written_down() {
    let mut t = township().await;
    let asked = CreateEnrolment {
        unit: t.east,
        role: Role::Director,
        person: "周棠".into(),
    };
    let refused = code_of::<EnrolmentStatus>(&mut t.station, "/enrolments", &asked).await;
    assert_eq!(refused, "grant_missing");

    let id = Uuid::new_v4();
    let unvetted = GrantPerson {
        vetting: None,
        ..appointment(id, t.east, "周棠")
    };
    for half in [
        GrantPerson {
            approved_by: " ".into(),
            ..unvetted.clone()
        },
        GrantPerson {
            until_ms: Some(t.now_ms() - 1),
            ..unvetted.clone()
        },
        GrantPerson {
            vetting: Some(Vetting {
                on: "昨天".into(),
                reference: "1".into(),
            }),
            ..unvetted.clone()
        },
    ] {
        let refused = code_of::<PeopleList>(&mut t.station, "/people/grant", &half).await;
        assert_eq!(refused, "grant_incomplete");
    }
    let list: PeopleList = t.station.post("/people/grant", &unvetted).await.unwrap();
    let again: PeopleList = t.station.post("/people/grant", &unvetted).await.unwrap();
    assert_eq!(list, again, "saying it twice changes nothing");
    let refused = code_of::<EnrolmentStatus>(&mut t.station, "/enrolments", &asked).await;
    assert_eq!(refused, "vetting_missing");

    let vetting = Vetting {
        on: "2026-10-09".into(),
        reference: "查询2026-119".into(),
    };
    let vet = RecordVetting {
        grant: id,
        vetting: vetting.clone(),
    };
    let list: PeopleList = t.station.post("/people/vet", &vet).await.unwrap();
    let hers = list.people.iter().find(|one| one.grant == id).unwrap();
    assert_eq!(hers.vetting, Some(vetting));
    assert_eq!(
        (hers.approved_by.as_str(), hers.basis.as_str(), hers.state),
        ("沈岚", "芦民批〔2026〕7号", GrantState::InForce)
    );
    assert!(!hers.vetted_by.is_empty());
    let made: EnrolmentStatus = t.station.post("/enrolments", &asked).await.unwrap();
    assert_eq!(made.person, "周棠");

    let database = std::fs::read(t.world.data().join("server.sqlite")).unwrap();
    let log = std::fs::read(t.world.data().join("server.sqlite-wal")).unwrap();
    for words in ["沈岚", "芦民批", "查询2026-119"] {
        let words = words.as_bytes();
        let is_there = |bytes: &[u8]| bytes.windows(words.len()).any(|part| part == words);
        assert!(!is_there(&database) && !is_there(&log), "sealed");
    }
}

#[tokio::test]
async fn no_code_for_a_colleague_at_the_station_before_somebody_approved_her() {
    let mut t = township().await;
    let scope = t.world.report.scope;
    for (role, name) in [(Role::Supervisor, "陶然"), (Role::Head, "高岚")] {
        let asked = CreateEnrolment {
            unit: scope,
            role,
            person: name.into(),
        };
        let refused = code_of::<EnrolmentStatus>(&mut t.station, "/enrolments", &asked).await;
        assert_eq!(refused, "grant_missing", "{role:?}");
        let coming = GrantPerson {
            role,
            from_ms: t.now_ms() + DAY_MS,
            ..appointment(Uuid::new_v4(), scope, name)
        };
        let list: PeopleList = t.station.post("/people/grant", &coming).await.unwrap();
        let hers = list.people.iter().find(|one| one.grant == coming.id);
        let refused = code_of::<EnrolmentStatus>(&mut t.station, "/enrolments", &asked).await;
        assert_eq!(refused, "grant_missing", "it has not begun");
        let approved = GrantPerson {
            role,
            same_as: Some(hers.unwrap().staff),
            ..appointment(Uuid::new_v4(), scope, name)
        };
        let _: PeopleList = t.station.post("/people/grant", &approved).await.unwrap();
        let made: EnrolmentStatus = t.station.post("/enrolments", &asked).await.unwrap();
        assert_eq!((made.role, made.person.as_str()), (role, name));
    }
}

#[tokio::test]
async fn nobody_prolongs_or_vets_their_own_appointment() {
    let mut t = township().await;
    let scope = t.world.report.scope;
    let list = people(&mut t.station).await;
    let own = person(&list, &t.station);
    let prolonged = GrantPerson {
        role: own.role,
        same_as: Some(own.staff),
        ..appointment(Uuid::new_v4(), scope, &own.person)
    };
    let vetted = RecordVetting {
        grant: own.grant,
        vetting: Vetting {
            on: "2026-10-09".into(),
            reference: "查询2026-119".into(),
        },
    };
    for name in [own.person.clone(), format!(" {} ", own.person)] {
        let asked = GrantPerson {
            person: name,
            ..prolonged.clone()
        };
        let refused = code_of::<PeopleList>(&mut t.station, "/people/grant", &asked).await;
        assert_eq!(refused, "own_appointment");
    }
    let refused = code_of::<PeopleList>(&mut t.station, "/people/vet", &vetted).await;
    assert_eq!(refused, "own_appointment");
    let list = people(&mut t.station).await;
    assert_eq!(person(&list, &t.station), own, "nothing was written");

    // A colleague does both.
    let mut colleague = t
        .world
        .colleague(&mut t.station, Role::Supervisor, scope, "高岚")
        .await
        .unwrap();
    let _: PeopleList = colleague.post("/people/vet", &vetted).await.unwrap();
    let list: PeopleList = colleague.post("/people/grant", &prolonged).await.unwrap();
    let now = person(&list, &t.station);
    assert_eq!(
        (now.grant, now.approved_by.as_str()),
        (prolonged.id, "沈岚")
    );
}

#[tokio::test]
async fn an_appointment_that_ran_out_stops_the_tablet_and_its_work_goes_to_a_person() {
    let mut t = township().await;
    let id = Uuid::new_v4();
    let until = GrantPerson {
        until_ms: Some(t.now_ms() + 5 * DAY_MS),
        same_as: Some(t.tablet.enrolled.staff),
        ..appointment(id, t.east, "林月")
    };
    let _: PeopleList = t.station.post("/people/grant", &until).await.unwrap();
    let mut child = t.tablet.document(DocKind::Child, t.east);
    let sent = t.tablet.edit(&mut child, "name", "何小满");
    t.tablet.sync(None, vec![sent]).await.unwrap();
    let late = t.tablet.edit(&mut child, "carer_name", "何秀");

    t.world.clock.forward(6 * DAY_MS);
    // The session she has is good for nothing any more, and a new one is refused like a stopped device's.
    t.tablet.open_session().await.unwrap_err();
    let refused = t.tablet.sync(None, vec![late.clone()]).await.unwrap_err();
    assert!(["session_unknown", "device_revoked"].contains(&refused.1.code.as_str()));
    t.tablet.token = None;
    let refused = t.tablet.sync(None, vec![late.clone()]).await.unwrap_err();
    assert_eq!(
        (refused.0, refused.1.code.as_str()),
        (403, "device_revoked")
    );

    let handed = hand_over(&mut t.tablet, vec![late.clone()]).await;
    assert_eq!(handed.outcomes, [(hash_of(&late.change), Outcome::Review)]);
    assert_eq!(handed.orders.len(), 1, "the order that stopped it");
    t.station.token = None;
    let waiting: ReviewList = t.station.post("/review/list", &()).await.unwrap();
    assert_eq!(waiting.reviews.len(), 1);
    let list = people(&mut t.station).await;
    let hers = person(&list, &t.tablet);
    assert_eq!((hers.state, hers.devices), (GrantState::Expired, 0));
    t.other.token = None;
    t.other.sync(None, vec![]).await.unwrap();
}

#[tokio::test]
async fn a_longer_appointment_in_time_keeps_the_tablet_going() {
    let mut t = township().await;
    let short = GrantPerson {
        until_ms: Some(t.now_ms() + 5 * DAY_MS),
        same_as: Some(t.tablet.enrolled.staff),
        ..appointment(Uuid::new_v4(), t.east, "林月")
    };
    let _: PeopleList = t.station.post("/people/grant", &short).await.unwrap();
    let longer = GrantPerson {
        until_ms: Some(t.now_ms() + 400 * DAY_MS),
        vetting: None,
        same_as: Some(t.tablet.enrolled.staff),
        ..appointment(Uuid::new_v4(), t.east, "林月")
    };
    let list: PeopleList = t.station.post("/people/grant", &longer).await.unwrap();
    let hers = person(&list, &t.tablet);
    assert_eq!(hers.grant, longer.id);
    assert!(hers.vetting.is_some(), "who was vetted stays vetted");
    t.world.clock.forward(6 * DAY_MS);
    t.tablet.token = None;
    t.tablet.sync(None, vec![]).await.unwrap();
}

#[tokio::test]
async fn a_replaced_director_hands_over_and_the_village_goes_on_with_the_next() {
    let mut t = township().await;
    let mut child = t.tablet.document(DocKind::Child, t.east);
    let sent = t.tablet.edit(&mut child, "name", "何小满");
    t.tablet.sync(None, vec![sent]).await.unwrap();
    let unsent = t.tablet.edit(&mut child, "carer_name", "何秀");

    let old = person(&people(&mut t.station).await, &t.tablet);
    let next = GrantPerson {
        replaces: Some(old.grant),
        ..appointment(Uuid::new_v4(), t.east, "周棠")
    };
    let list: PeopleList = t.station.post("/people/grant", &next).await.unwrap();
    let hers = person(&list, &t.tablet);
    assert_eq!(
        (hers.state, hers.end_reason.as_str(), hers.devices),
        (GrantState::Ended, "replaced", 0)
    );
    let refused = t.tablet.sync(None, vec![]).await.unwrap_err();
    assert_eq!(refused.1.code, "device_revoked");
    let handed = hand_over(&mut t.tablet, vec![unsent]).await;
    assert_eq!(handed.outcomes[0].1, Outcome::Review);

    let asked = CreateEnrolment {
        unit: t.east,
        role: Role::Director,
        person: "周棠".into(),
    };
    let _: EnrolmentStatus = t.station.post("/enrolments", &asked).await.unwrap();
    let mut new = t.world.tablet(&mut t.station, t.east, "周棠").await;
    let pages = new.snapshot(0).await;
    assert_eq!(
        pages[0].documents.len(),
        1,
        "the child stays with the village"
    );

    let own = person(&people(&mut t.station).await, &t.station).grant;
    let end = EndGrant {
        grant: own,
        reason: "left".into(),
    };
    let refused = code_of::<PeopleList>(&mut t.station, "/people/end", &end).await;
    assert_eq!(refused, "revoke_own_last", "nobody ends their own");
    let of_old = CreateEnrolment {
        person: "林月".into(),
        ..asked
    };
    let refused = code_of::<EnrolmentStatus>(&mut t.station, "/enrolments", &of_old).await;
    assert_eq!(refused, "grant_missing");
}

#[tokio::test]
async fn nobody_is_pushed_out_by_being_replaced_whose_appointment_could_not_be_ended() {
    let mut t = township().await;
    let scope = t.world.report.scope;
    let mut head = t
        .world
        .colleague(&mut t.station, Role::Head, scope, "陈敏")
        .await
        .unwrap();
    let list = people(&mut t.station).await;
    let (heads, own, hers) = (
        person(&list, &head).grant,
        person(&list, &t.station).grant,
        person(&list, &t.tablet).grant,
    );
    for (replaced, unit, role) in [
        (heads, scope, Role::Supervisor),
        (own, scope, Role::Supervisor),
        // Another place than the one that becomes free.
        (hers, scope, Role::Supervisor),
    ] {
        let next = GrantPerson {
            role,
            replaces: Some(replaced),
            ..appointment(Uuid::new_v4(), unit, "沈岚")
        };
        let refused = code_of::<PeopleList>(&mut t.station, "/people/grant", &next).await;
        assert!(["not_allowed", "revoke_own_last"].contains(&refused.as_str()));
    }
    let list = people(&mut t.station).await;
    assert_eq!(person(&list, &head).state, GrantState::InForce);
    assert!(
        list.people.iter().all(|one| one.person != "沈岚"),
        "a refused appointment leaves no trace"
    );
    head.token = None;
    head.sync(None, vec![]).await.unwrap();
}

#[tokio::test]
async fn who_stands_in_for_a_village_gets_its_files_whole_and_loses_them_when_it_is_over() {
    let mut t = township().await;
    let mut child = t.tablet.document(DocKind::Child, t.east);
    let first = t.tablet.edit(&mut child, "name", "何小满");
    t.tablet.sync(None, vec![first.clone()]).await.unwrap();
    let mut at = None;
    assert_eq!(changes(&news(&mut t.other, &mut at).await), []);

    let cover = CoverVillage {
        id: Uuid::new_v4(),
        unit: t.east,
        delegate: t.other.enrolled.staff,
        absent: Some(t.tablet.enrolled.staff),
        from_ms: t.now_ms() + DAY_MS,
        until_ms: t.now_ms() + 8 * DAY_MS,
    };
    let list: PeopleList = t.station.post("/people/cover", &cover).await.unwrap();
    assert_eq!(list.covers[0].state, CoverState::Waiting);
    assert_eq!(list.covers[0].absent_name, "林月");
    let second = CoverVillage {
        id: Uuid::new_v4(),
        unit: t.east,
        from_ms: cover.from_ms + 1,
        ..cover
    };
    let refused = code_of::<PeopleList>(&mut t.station, "/people/cover", &second).await;
    assert_eq!(refused, "cover_taken");
    let own = CoverVillage {
        id: Uuid::new_v4(),
        unit: t.west,
        ..cover
    };
    let refused = code_of::<PeopleList>(&mut t.station, "/people/cover", &own).await;
    assert_eq!(refused, "cover_impossible");
    assert_eq!(came(&news(&mut t.other, &mut at).await), [], "not yet");

    t.world.clock.forward(2 * DAY_MS);
    t.other.token = None;
    t.tablet.token = None;
    t.station.token = None;
    let id = child.header.document;
    assert_eq!(came(&news(&mut t.other, &mut at).await), [id]);
    let fresh = t.other.snapshot(0).await;
    assert_eq!(
        fresh[0].documents.len(),
        1,
        "a new tablet would have it, too"
    );

    // She writes in it, and whoever works in the village reads it and knows whose hand it is.
    let mut copy = crate::support::Doc::new(&t.other, child.header.clone());
    copy.take(&first.change);
    copy.changes = 1;
    let hers = t.other.edit(&mut copy, "carer_name", "何秀");
    let answer = t.other.sync(None, vec![hers.clone()]).await.unwrap();
    assert!(matches!(answer.outcomes[0].1, Outcome::Accepted { .. }));
    let in_the_village = news(&mut t.tablet, &mut None).await;
    assert!(changes(&in_the_village).contains(&hash_of(&hers.change)));
    let knows = in_the_village.iter().any(|body| {
        matches!(body, EntryBody::Member(MemberRecord::Device { id, .. }) if *id == t.other.enrolled.device)
    });
    assert!(knows, "the delegate's key");
    let late = t.other.edit(&mut copy, "note", "写在最后一天");

    t.world.clock.forward(7 * DAY_MS);
    t.other.token = None;
    t.station.token = None;
    assert_eq!(went(&news(&mut t.other, &mut at).await), [id]);
    let answer = t.other.sync(None, vec![late]).await.unwrap();
    assert_eq!(
        answer.outcomes[0].1,
        Outcome::Review,
        "a person looks at it"
    );
    assert_eq!(t.other.snapshot(0).await[0].documents.len(), 0);
    assert_eq!(
        people(&mut t.station).await.covers[0].state,
        CoverState::Over
    );
}

#[tokio::test]
async fn standing_in_ends_at_once_when_the_station_says_so() {
    let mut t = township().await;
    let mut child = t.tablet.document(DocKind::Child, t.east);
    let first = t.tablet.edit(&mut child, "name", "何小满");
    t.tablet.sync(None, vec![first]).await.unwrap();
    let cover = CoverVillage {
        id: Uuid::new_v4(),
        unit: t.east,
        delegate: t.other.enrolled.staff,
        absent: None,
        from_ms: 0,
        until_ms: t.now_ms() + 8 * DAY_MS,
    };
    let too_long = code_of::<PeopleList>(&mut t.station, "/people/cover", &cover).await;
    assert_eq!(too_long, "cover_impossible");
    let cover = CoverVillage {
        from_ms: t.now_ms(),
        ..cover
    };
    let list: PeopleList = t.station.post("/people/cover", &cover).await.unwrap();
    assert_eq!(list.covers[0].state, CoverState::Running);
    let mut at = None;
    assert_eq!(came(&news(&mut t.other, &mut at).await).len(), 1);
    let end = EndCover { id: cover.id };
    let list: PeopleList = t.station.post("/people/cover/end", &end).await.unwrap();
    assert_eq!(list.covers[0].state, CoverState::Over);
    let again: PeopleList = t.station.post("/people/cover/end", &end).await.unwrap();
    assert_eq!(list, again, "saying it twice changes nothing");
    assert_eq!(went(&news(&mut t.other, &mut at).await).len(), 1);
}

#[tokio::test]
async fn a_village_keeps_its_id_through_another_name_a_merge_and_a_split() {
    let mut t = township().await;
    let mut child = t.tablet.document(DocKind::Child, t.east);
    let first = t.tablet.edit(&mut child, "name", "何小满");
    t.tablet.sync(None, vec![first]).await.unwrap();
    let mut at = None;
    news(&mut t.other, &mut at).await;

    let renamed = t
        .desk()
        .call_village_anew(t.west, Some("新滩村"), Some("310199100222"))
        .unwrap();
    assert_eq!(renamed, "310199100222 新滩村");
    let told = news(&mut t.other, &mut at).await;
    let record = told.iter().find_map(|body| match body {
        EntryBody::Member(record @ MemberRecord::Unit { id, .. }) if *id == t.west => Some(record),
        _ => None,
    });
    let Some(MemberRecord::Unit { name, former, .. }) = record else {
        panic!("the tablets are told: {told:?}");
    };
    assert_eq!((name.as_str(), former.len()), ("新滩村", 1));
    assert_eq!(former[0].region, "310199100202");
    let taken = protocol::CreateVillage {
        name: "另一村".into(),
        region: "310199100202".into(),
    };
    let refused = code_of::<VillageList>(&mut t.station, "/villages", &taken).await;
    assert_eq!(refused, "village_exists", "no code is given twice");

    let new = t
        .desk()
        .split_village(t.west, "南滩村", "310199100203")
        .unwrap();
    assert_ne!(new, t.west);
    assert_eq!(t.desk().merge_village(t.east, t.west).unwrap(), 1);
    t.desk().merge_village(t.east, t.west).unwrap_err();
    let moved = news(&mut t.other, &mut at).await;
    assert_eq!(came(&moved), [child.header.document]);
    assert_eq!(
        went(&news(&mut t.tablet, &mut None).await),
        [child.header.document]
    );
    let list: VillageList = t.station.post("/villages/list", &()).await.unwrap();
    let open: Vec<UnitId> = list.villages.iter().map(|village| village.unit).collect();
    assert!(open.contains(&t.west) && open.contains(&new) && !open.contains(&t.east));
    let refused = code_of::<PeopleList>(
        &mut t.station,
        "/people/grant",
        &appointment(Uuid::new_v4(), t.east, "周棠"),
    )
    .await;
    assert_eq!(refused, "unit_closed");
    let known = t.desk().villages().unwrap();
    let east = known.iter().find(|village| village.id == t.east).unwrap();
    assert_eq!(east.successor, Some(t.west), "its code leads on");
}
