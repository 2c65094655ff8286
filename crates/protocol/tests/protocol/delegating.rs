//! A tablet enrolled without the server: whose word is believed for what.

use crate::Seeded;
use ed25519_dalek::{SigningKey, VerifyingKey};
use ids::{DeviceId, Entropy, Pii, StaffId, UnitId};
use protocol::delegation::{self, trail_detail};
use protocol::session::proof;
use protocol::{
    Delegated, Delegation, FileNumberBlock, OfflineAnswer, OfflineRequest, PROTOCOL_VERSION, Place,
    ProtocolError, StationCertificate, enrolment, limits, sealed, wire,
};
use std::cell::Cell;
use std::collections::HashSet;
use std::sync::Mutex;
use uuid::Uuid;

const FROM_MS: i64 = 1_790_000_000_000;
const SEAL: [u8; 32] = [9; 32];

struct Counting(Mutex<Cell<u8>>);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let counter = self.0.lock().unwrap();
        counter.set(counter.get().wrapping_add(1));
        bytes.fill(counter.get());
    }
}

fn entropy() -> Counting {
    Counting(Mutex::new(Cell::new(0)))
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> [u8; 32] {
    key(seed).verifying_key().to_bytes()
}

const SERVER: u8 = 1;
const STATION: u8 = 2;
const TABLET: u8 = 3;

fn place(number: u128) -> Place {
    Place {
        device: DeviceId(Uuid::from_u128(number)),
        staff: StaffId(Uuid::from_u128(50)),
        staff_name: "林月".into(),
        unit: UnitId(Uuid::from_u128(60)),
        unit_name: "东滩村".into(),
        region: "310199100201".into(),
        file_numbers: FileNumberBlock { first: 1, last: 9 },
    }
}

fn delegated_by_server() -> Delegation {
    Delegation {
        id: Uuid::from_u128(7),
        scope: UnitId(Uuid::from_u128(61)),
        scope_name: "芦汀镇".into(),
        station: DeviceId(Uuid::from_u128(8)),
        station_key: public(STATION),
        from_ms: FROM_MS,
        until_ms: FROM_MS + limits::DELEGATION_MS,
        places: vec![place(10), place(11)],
        recovery_key: [4; 32],
        ca_certificate: vec![5; 40],
        next_ca: None,
        address: "127.0.0.1:1".into(),
        demo: true,
        epoch: 1,
    }
}

fn signed_by_station() -> StationCertificate {
    StationCertificate {
        delegation: Uuid::from_u128(7),
        device: DeviceId(Uuid::from_u128(10)),
        key: public(TABLET),
        at_ms: FROM_MS + 1,
    }
}

fn shown(
    server: u8,
    delegation: &Delegation,
    station: u8,
    certificate: &StationCertificate,
) -> Delegated {
    Delegated {
        delegation: proof::make_statement(&key(server), delegation).unwrap(),
        certificate: delegation::certify(&key(station), certificate).unwrap(),
    }
}

fn server() -> VerifyingKey {
    key(SERVER).verifying_key()
}

#[test]
fn a_tablet_is_believed_by_two_signatures_a_place_and_a_time() {
    let good = shown(
        SERVER,
        &delegated_by_server(),
        STATION,
        &signed_by_station(),
    );
    let read = good.read(&server()).unwrap();
    assert_eq!(read.place, place(10));
    let (certificate, known_as) = read.as_certificate();
    assert_eq!(certificate.key, public(TABLET));
    assert_eq!(certificate.scope, delegated_by_server().scope);
    assert_eq!(known_as.staff_name.as_str(), "林月");

    type Change = fn(&mut Delegation, &mut StationCertificate);
    let refused: [(&str, u8, u8, Change); 8] = [
        ("another server signed", STATION, STATION, |_, _| {}),
        ("the tablet signed itself", SERVER, TABLET, |_, _| {}),
        ("another station's key", SERVER, STATION, |said, _| {
            said.station_key = public(TABLET);
        }),
        ("no such place", SERVER, STATION, |_, word| {
            word.device = DeviceId(Uuid::from_u128(12));
        }),
        ("another delegation", SERVER, STATION, |_, word| {
            word.delegation = Uuid::from_u128(6);
        }),
        ("before it began", SERVER, STATION, |_, word| {
            word.at_ms = FROM_MS - 1;
        }),
        ("after it was over", SERVER, STATION, |_, word| {
            word.at_ms = FROM_MS + limits::DELEGATION_MS;
        }),
        ("longer than a day", SERVER, STATION, |said, word| {
            said.until_ms = i64::MAX;
            word.at_ms = FROM_MS + limits::DELEGATION_MS;
        }),
    ];
    for (what, server_seed, station_seed, change) in refused {
        let (mut said, mut word) = (delegated_by_server(), signed_by_station());
        change(&mut said, &mut word);
        let refused = shown(server_seed, &said, station_seed, &word).read(&server());
        assert!(refused.is_err(), "{what}");
    }
}

#[test]
fn one_statement_is_not_taken_for_another() {
    let good = shown(
        SERVER,
        &delegated_by_server(),
        STATION,
        &signed_by_station(),
    );
    let turned = Delegated {
        delegation: good.certificate.clone(),
        certificate: good.delegation,
    };
    assert!(turned.read(&server()).is_err());
}

fn request() -> OfflineRequest {
    OfflineRequest {
        protocol: PROTOCOL_VERSION,
        device_key: public(TABLET),
        seal_key: sealed::public_of(&SEAL),
        nonce: [6; 32],
    }
}

fn answer() -> OfflineAnswer {
    OfflineAnswer {
        delegated: shown(
            SERVER,
            &delegated_by_server(),
            STATION,
            &signed_by_station(),
        ),
        server_key: public(SERVER),
        members: Vec::new(),
        policies: vec![("national".into(), "{}".into())],
        orders: Vec::new(),
        documents: Vec::new(),
        documents_total: 0,
    }
}

#[test]
fn a_request_is_read_whole_or_not_at_all() {
    let text = request().text().unwrap();
    assert_eq!(OfflineRequest::parse(&text).unwrap(), request());
    let broken: Vec<String> = text
        .as_bytes()
        .chunks(60)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    assert_eq!(
        OfflineRequest::parse(&broken.join("\r\n")).unwrap(),
        request()
    );
    for length in 0..text.trim_end().len() {
        assert!(OfflineRequest::parse(&text[..length]).is_err(), "{length}");
    }
    let weak = OfflineRequest {
        device_key: [0; 32],
        ..request()
    };
    assert!(OfflineRequest::parse(&weak.text().unwrap()).is_err());
    let newer = OfflineRequest {
        protocol: PROTOCOL_VERSION + 1,
        ..request()
    };
    let refused = OfflineRequest::parse(&newer.text().unwrap());
    assert!(matches!(refused, Err(ProtocolError::TooNew { .. })));
    let mut seeded = Seeded::new(11);
    for _ in 0..3_000 {
        let mutant = seeded.mutate(text.as_bytes());
        let _ = OfflineRequest::parse(&String::from_utf8_lossy(&mutant));
        let _ = OfflineAnswer::open(&String::from_utf8_lossy(&mutant), &request(), "0", &SEAL);
    }
}

#[test]
fn the_six_digits_change_with_everything_and_with_the_stations_own() {
    let mut seen = HashSet::from([request().transcript("12345678")]);
    assert!(seen.insert(request().transcript("12345679")));
    let changes: [fn(&mut OfflineRequest); 3] = [
        |other| other.device_key = public(4),
        |other| other.seal_key[0] ^= 1,
        |other| other.nonce[0] ^= 1,
    ];
    for change in changes {
        let mut other = request();
        change(&mut other);
        assert!(seen.insert(other.transcript("12345678")));
    }
    let code = enrolment::compare_code(&request().transcript("12345678"));
    assert_eq!(code.len(), 6);
}

#[test]
fn an_answer_opens_for_its_request_with_the_digits_and_not_otherwise() {
    let text = answer().seal(&request(), "12345678", &entropy()).unwrap();
    let open = |request: &OfflineRequest, digits: &str, secret: &[u8; 32]| {
        OfflineAnswer::open(&text, request, digits, secret)
    };
    assert_eq!(open(&request(), "12345678", &SEAL).unwrap(), answer());
    // Whoever makes one without having seen the digits, or for another tablet.
    let another = OfflineRequest {
        nonce: [7; 32],
        ..request()
    };
    for refused in [
        open(&request(), "12345677", &SEAL),
        open(&another, "12345678", &SEAL),
        open(&request(), "12345678", &[8; 32]),
    ] {
        assert!(matches!(refused, Err(ProtocolError::BadSignature)));
    }
    for length in (0..text.trim_end().len()).step_by(7) {
        let cut = OfflineAnswer::open(&text[..length], &request(), "12345678", &SEAL);
        assert!(cut.is_err(), "{length}");
    }
}

#[test]
fn the_trail_names_the_key() {
    let detail = trail_detail(&[0xab; 32]);
    assert_eq!(detail.len(), 4 + 64);
    assert!(detail.starts_with("key=abab"));
}

#[test]
fn what_prints_nothing_of_itself_is_written_like_what_it_holds() {
    let written = wire::pack(&Pii("林月".to_owned())).unwrap();
    assert_eq!(written, wire::pack(&"林月").unwrap());
    assert_eq!(
        wire::unpack::<Pii<String>>(&written).unwrap().as_str(),
        "林月"
    );
    assert!(!format!("{:?}", delegated_by_server()).contains("林月"));
}
