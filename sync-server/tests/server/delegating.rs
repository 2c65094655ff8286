//! A tablet that a station enrolled without the server comes for the first time: what is believed, and what becomes of it
//! where it is not.

use crate::support::{Device, Refused, World, hash_of, signing_key};
use ids::audit::{AuditEntry, link};
use ids::{DeviceId, DocKind, Incarnation, Role, UnitId};
use protocol::audit::sign_head;
use protocol::delegation::{self, TRAIL_ACTION, trail_detail};
use protocol::session::proof;
use protocol::{
    AuditTaken, BringAudit, Delegated, Delegation, DeviceCertificate, DeviceList, DeviceRecord,
    EndGrant, HandOver, HandedOver, MemberRecord, Outcome, PROTOCOL_VERSION, PeopleList, Place,
    ReviewList, RevokeDevice, SignedStatement, StationCertificate, SyncResponse, Unsent, limits,
    wire,
};
use uuid::Uuid;

struct Township {
    world: World,
    station: Device,
    colleague: Device,
    village: UnitId,
}

async fn township() -> Township {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    station.appoint(village, "林月").await.unwrap();
    let scope = world.report.scope;
    let colleague = world
        .colleague(&mut station, Role::Supervisor, scope, "高岚")
        .await
        .unwrap();
    Township {
        world,
        station,
        colleague,
        village,
    }
}

/// What the server let the station do, as it signed it and as it reads.
async fn delegated(station: &mut Device) -> (SignedStatement, Delegation) {
    let statement: SignedStatement = station.post("/enrolments/delegate", &()).await.unwrap();
    let key = ed25519_dalek::VerifyingKey::from_bytes(&station.enrolled.server_key).unwrap();
    let delegation = proof::open_statement(&key, &statement).unwrap();
    (statement, delegation)
}

/// A tablet with a station's word, as it would come; nothing was sent yet.
fn tablet(
    world: &World,
    station: &Device,
    (statement, delegation): &(SignedStatement, Delegation),
    place: &Place,
) -> Device {
    let key = signing_key();
    let word = StationCertificate {
        delegation: delegation.id,
        device: place.device,
        key: key.verifying_key().to_bytes(),
        at_ms: delegation.from_ms + 1,
    };
    let shown = Delegated {
        delegation: statement.clone(),
        certificate: delegation::certify(&station.key, &word).unwrap(),
    };
    let mut enrolled = station.enrolled.clone();
    enrolled.device = place.device;
    enrolled.staff = place.staff;
    enrolled.role = Role::Director;
    enrolled.unit = place.unit;
    Device {
        http: world.http(),
        key,
        enrolled,
        incarnation: Incarnation(Uuid::new_v5(&place.device.0, b"memory")),
        dev_seq: 0,
        previous: [0; 32],
        token: None,
        certificate: None,
        delegated: Some(wire::pack(&shown).unwrap()),
        hand_over: false,
    }
}

/// The station's trail says which key it meant.
async fn tell(station: &mut Device, tablet: &Device) {
    tell_by(station, tablet, "/audit/bring").await;
}

async fn tell_by(station: &mut Device, tablet: &Device, route: &str) {
    let incarnation = Incarnation(Uuid::from_u128(7));
    let row = AuditEntry {
        number: 1,
        at_ms: 0,
        staff: Some(station.enrolled.staff),
        action: TRAIL_ACTION.into(),
        object: tablet.enrolled.device.to_string(),
        detail: trail_detail(&tablet.key.verifying_key().to_bytes()),
    };
    let device = station.enrolled.device;
    let head = link(device, incarnation, &[0; 32], &row);
    let bring = BringAudit {
        incarnation,
        after: 0,
        previous: [0; 32],
        rows: vec![row],
        signature: sign_head(&station.key, device, incarnation, 1, &head),
    };
    let taken: AuditTaken = station.post(route, &bring).await.unwrap();
    assert_eq!(taken.number, 1);
}

async fn stop(by: &mut Device, device: DeviceId) {
    let asked = RevokeDevice {
        device,
        reason: "stolen".into(),
        wipe: false,
        without_photos: false,
    };
    let _: DeviceList = by.post("/devices/revoke", &asked).await.unwrap();
}

async fn record(station: &mut Device, device: DeviceId) -> Option<DeviceRecord> {
    let list: DeviceList = station.post("/devices/list", &()).await.unwrap();
    list.devices.into_iter().find(|row| row.device == device)
}

fn code<T: std::fmt::Debug>(refused: Result<T, Refused>) -> String {
    refused.unwrap_err().1.code
}

/// What a stopped tablet wrote lies in the tray for a person.
async fn hands_over(it: &mut Township, tablet: &mut Device, why: &str) {
    let mut child = tablet.document(DocKind::Child, it.village);
    let written = tablet.edit(&mut child, "name", "何小满");
    let hash = hash_of(&written.change);
    assert_eq!(
        code(tablet.sync(None, vec![written.clone()]).await),
        "device_revoked"
    );
    tablet.hand_over = true;
    let handing = HandOver {
        protocol: PROTOCOL_VERSION,
        outbox: vec![written],
        left: Unsent::default(),
        tick: None,
    };
    let handed: HandedOver = tablet.post("/handover", &handing).await.unwrap();
    assert_eq!(handed.outcomes, [(hash, Outcome::Review)]);
    assert_eq!(handed.orders.len(), 1, "it reads that it is stopped");
    let list: ReviewList = it.colleague.post("/review/list", &()).await.unwrap();
    assert!(list.reviews.iter().any(|review| review.hash == hash));
    let row = record(&mut it.colleague, tablet.enrolled.device)
        .await
        .unwrap();
    assert_eq!(row.revoked_why, why);
}

#[tokio::test]
async fn a_station_may_enrol_the_appointed_and_vetted_for_a_day_and_nobody_else() {
    let mut it = township().await;
    let (_, first) = delegated(&mut it.station).await;
    assert_eq!(first.station, it.station.enrolled.device);
    assert_eq!(first.until_ms - first.from_ms, limits::DELEGATION_MS);
    assert_eq!(first.places.len(), limits::DELEGATED_EACH);
    assert!(
        first
            .places
            .iter()
            .all(|place| place.staff_name.as_str() == "林月")
    );
    let blocks = first.places.iter().map(|place| place.file_numbers.first);
    assert_eq!(
        blocks.collect::<std::collections::BTreeSet<_>>().len(),
        limits::DELEGATED_EACH
    );
    // Asked again the same places are kept for her; another station's device has others.
    let (_, again) = delegated(&mut it.station).await;
    assert_eq!(again.places, first.places);
    assert_ne!(again.id, first.id);
    let (_, other) = delegated(&mut it.colleague).await;
    assert!(
        other
            .places
            .iter()
            .all(|place| first.places.iter().all(|one| one.device != place.device))
    );
    let mut director = it.world.tablet(&mut it.station, it.village, "陈安").await;
    let refused: Result<SignedStatement, _> = director.post("/enrolments/delegate", &()).await;
    assert_eq!(code(refused), "not_allowed");
}

#[tokio::test]
async fn a_tablet_with_a_stations_word_is_known_at_its_first_contact() {
    let mut it = township().await;
    let said = delegated(&mut it.station).await;
    let place = said.1.places[0].clone();
    let mut tablet = tablet(&it.world, &it.station, &said, &place);
    let mut child = tablet.document(DocKind::Child, it.village);
    let written = tablet.edit(&mut child, "name", "何小满");
    let answer: SyncResponse = tablet.sync(None, vec![written.clone()]).await.unwrap();
    assert!(matches!(
        answer.outcomes[0].1,
        Outcome::Accepted { .. } | Outcome::Taken
    ));
    let mut request = tablet.request(None, None, vec![]);
    request.certified_until_ms = Some(0);
    let answer: SyncResponse = tablet.post("/sync", &request).await.unwrap();
    let key = ed25519_dalek::VerifyingKey::from_bytes(&tablet.enrolled.server_key).unwrap();
    let certificate: DeviceCertificate =
        proof::read_statement(&key, &answer.certificate.unwrap()).unwrap();
    assert_eq!(certificate.device, place.device);
    assert_eq!(
        certificate.known_as.unwrap().file_numbers,
        place.file_numbers
    );
    let row = record(&mut it.station, place.device).await.unwrap();
    assert_eq!((row.staff_name.as_str(), row.revoked_ms), ("林月", None));
    let members = tablet.snapshot(0).await.remove(0).members;
    assert!(
        members
            .iter()
            .any(|member| matches!(member, MemberRecord::Device { id, .. } if *id == place.device))
    );
    // The place is taken: the next delegation has another one, and the numbers are nobody else's.
    let (_, next) = delegated(&mut it.station).await;
    assert!(next.places.iter().all(|other| other.device != place.device));
    assert_eq!(next.places.len(), limits::DELEGATED_EACH);
    // Said again on another line it is the same device.
    tablet.token = None;
    tablet.open_session().await.unwrap();
}

#[tokio::test]
async fn one_place_is_one_tablet_and_one_key_one_place() {
    let mut it = township().await;
    let said = delegated(&mut it.station).await;
    let place = said.1.places[0].clone();
    let mut first = tablet(&it.world, &it.station, &said, &place);
    let mut second = tablet(&it.world, &it.station, &said, &place);
    first.open_session().await.unwrap();
    assert_eq!(code(second.open_session().await), "delegation_taken");
    // The same tablet in a second place.
    let other = said.1.places[1].clone();
    let mut twice = tablet(&it.world, &it.station, &said, &other);
    twice.key = first.key.clone();
    let word = StationCertificate {
        delegation: said.1.id,
        device: other.device,
        key: twice.key.verifying_key().to_bytes(),
        at_ms: said.1.from_ms,
    };
    let shown = Delegated {
        delegation: said.0.clone(),
        certificate: delegation::certify(&it.station.key, &word).unwrap(),
    };
    twice.delegated = Some(wire::pack(&shown).unwrap());
    assert_eq!(code(twice.open_session().await), "already_enrolled");
}

#[tokio::test]
async fn whoever_has_no_word_or_anothers_stays_a_stranger() {
    let mut it = township().await;
    let said = delegated(&mut it.station).await;
    let place = said.1.places[0].clone();
    // Signed by another device of the station than the server named.
    let mut wrong = tablet(&it.world, &it.colleague, &said, &place);
    assert_eq!(code(wrong.open_session().await), "device_unknown");
    // Somebody copied the word, and has another key.
    let honest = tablet(&it.world, &it.station, &said, &place);
    let mut thief = tablet(&it.world, &it.station, &said, &place);
    thief.delegated = honest.delegated.clone();
    assert_eq!(code(thief.open_session().await), "device_unknown");
    // A word for another place than the one it says it has.
    let mut moved = tablet(&it.world, &it.station, &said, &place);
    moved.enrolled.device = said.1.places[1].device;
    assert_eq!(code(moved.open_session().await), "device_unknown");
    let mut nonsense = tablet(&it.world, &it.station, &said, &place);
    nonsense.delegated = Some(b"nonsense".to_vec());
    assert_eq!(code(nonsense.open_session().await), "malformed");
    assert!(record(&mut it.station, place.device).await.is_none());
}

#[tokio::test]
async fn of_a_stopped_station_only_what_its_trail_told_is_believed() {
    let mut it = township().await;
    let said = delegated(&mut it.station).await;
    let mut told = tablet(&it.world, &it.station, &said, &said.1.places[0]);
    let mut untold = tablet(&it.world, &it.station, &said, &said.1.places[1]);
    tell(&mut it.station, &told).await;
    let stolen = it.station.enrolled.device;
    stop(&mut it.colleague, stolen).await;
    told.open_session().await.unwrap();
    let row = record(&mut it.colleague, told.enrolled.device)
        .await
        .unwrap();
    assert_eq!(row.revoked_ms, None);
    hands_over(&mut it, &mut untold, "station_stopped").await;
}

#[tokio::test]
async fn what_a_stopped_stations_trail_tells_afterwards_enrols_nobody() {
    let mut it = township().await;
    let said = delegated(&mut it.station).await;
    let mut late = tablet(&it.world, &it.station, &said, &said.1.places[0]);
    let stolen = it.station.enrolled.device;
    stop(&mut it.colleague, stolen).await;
    // Whoever holds it now writes and signs whatever helps.
    it.station.hand_over = true;
    it.station.token = None;
    tell_by(&mut it.station, &late, "/handover/trail").await;
    hands_over(&mut it, &mut late, "station_stopped").await;
}

#[tokio::test]
async fn a_trail_that_names_another_key_says_nothing_for_this_one() {
    let mut it = township().await;
    let said = delegated(&mut it.station).await;
    let place = said.1.places[0].clone();
    let honest = tablet(&it.world, &it.station, &said, &place);
    let mut forged = tablet(&it.world, &it.station, &said, &place);
    tell(&mut it.station, &honest).await;
    let stolen = it.station.enrolled.device;
    stop(&mut it.colleague, stolen).await;
    hands_over(&mut it, &mut forged, "station_stopped").await;
}

#[tokio::test]
async fn whose_appointment_ended_meanwhile_hands_over() {
    let mut it = township().await;
    let said = delegated(&mut it.station).await;
    let mut tablet = tablet(&it.world, &it.station, &said, &said.1.places[0]);
    let people: PeopleList = it.station.post("/people/list", &()).await.unwrap();
    let hers = people
        .people
        .iter()
        .find(|row| row.person == "林月")
        .unwrap();
    let end = EndGrant {
        grant: hers.grant,
        reason: "left_post".into(),
    };
    let _: PeopleList = it.station.post("/people/end", &end).await.unwrap();
    hands_over(&mut it, &mut tablet, "not_appointed").await;
}

#[tokio::test]
async fn after_a_week_only_what_the_trail_told_is_believed() {
    let mut it = township().await;
    let said = delegated(&mut it.station).await;
    let mut told = tablet(&it.world, &it.station, &said, &said.1.places[0]);
    let mut untold = tablet(&it.world, &it.station, &said, &said.1.places[1]);
    tell(&mut it.station, &told).await;
    it.world
        .clock
        .forward(limits::DELEGATION_MS + limits::DELEGATION_UNTOLD_MS);
    it.station.token = None;
    it.colleague.token = None;
    told.open_session().await.unwrap();
    hands_over(&mut it, &mut untold, "enrolled_too_late").await;
}

#[tokio::test]
async fn a_server_set_back_to_before_the_delegation_believes_its_own_signature() {
    let mut it = township().await;
    it.world.stop().await;
    let data = it.world.data();
    let copy = it.world.folder.path().join("older");
    copy_folder(&data, &copy);
    it.world.start().await;
    it.station.http = it.world.http();
    it.station.token = None;
    let said = delegated(&mut it.station).await;
    let place = said.1.places[0].clone();
    it.world.stop().await;
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::rename(&copy, &data).unwrap();
    it.world.start().await;
    let mut tablet = tablet(&it.world, &it.station, &said, &place);
    tablet.open_session().await.unwrap();
    it.station.http = it.world.http();
    it.station.token = None;
    assert!(record(&mut it.station, place.device).await.is_some());
    // Numbers that are hers are given to nobody else.
    let (_, next) = delegated(&mut it.station).await;
    assert!(
        next.places
            .iter()
            .all(|other| other.file_numbers.first > place.file_numbers.last)
    );
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &there);
        } else {
            std::fs::copy(&path, &there).unwrap();
        }
    }
}
