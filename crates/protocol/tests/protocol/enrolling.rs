//! Codes, digits and proofs.

use crate::Seeded;
use protocol::ProtocolError;
use protocol::enrolment::{
    QrCode, Seen, TypedCode, commit, compare_code, is_address, proof, proof_holds, transcript,
};
use std::collections::HashSet;
use uuid::Uuid;

fn seen() -> Seen {
    Seen {
        ca_fingerprint: [1; 32],
        device_key: [2; 32],
        device_nonce: [3; 32],
        server_nonce: [4; 32],
        enrolment: Uuid::from_u128(5),
    }
}

#[test]
fn the_six_digits_change_with_everything_that_was_seen() {
    let mut codes = HashSet::from([transcript(&seen())]);
    let changes: [fn(&mut Seen); 5] = [
        |seen| seen.ca_fingerprint[0] ^= 1,
        |seen| seen.device_key[0] ^= 1,
        |seen| seen.device_nonce[0] ^= 1,
        |seen| seen.server_nonce[0] ^= 1,
        |seen| seen.enrolment = Uuid::from_u128(6),
    ];
    for change in changes {
        let mut other = seen();
        change(&mut other);
        assert!(codes.insert(transcript(&other)));
    }
    for transcript in codes {
        let code = compare_code(&transcript);
        assert_eq!(code.len(), 6);
        assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
    }
}

/// Two programs of different age must show the same digits.
#[test]
fn the_digits_of_a_known_transcript_are_these() {
    assert_eq!(compare_code(&transcript(&seen())), KNOWN_DIGITS);
    assert_eq!(commit(&[3; 32])[..4], KNOWN_COMMIT);
}

const KNOWN_DIGITS: &str = "969674";
const KNOWN_COMMIT: [u8; 4] = [222, 192, 251, 168];

#[test]
fn a_proof_holds_for_its_secret_and_transcript_only() {
    let transcript_of = transcript(&seen());
    let made = proof(b"1234", &transcript_of);
    assert!(proof_holds(b"1234", &transcript_of, &made));
    assert!(!proof_holds(b"1235", &transcript_of, &made));
    assert!(!proof_holds(b"1234", &[0; 32], &made));
    assert!(!proof_holds(b"1234", &transcript_of, &made[1..]));
    assert!(!proof_holds(b"1234", &transcript_of, &[]));
}

#[test]
fn a_qr_text_reads_back() {
    let mut seeded = Seeded::new(3);
    for _ in 0..200 {
        let mut secret = [0; 16];
        secret.fill_with(|| u8::try_from(seeded.draw() & 0xff).unwrap());
        let qr = QrCode {
            address: "192.168.1.20:8443".into(),
            ca_fingerprint: [0xab; 32],
            enrolment: Uuid::from_u128(7),
            secret,
        };
        assert_eq!(QrCode::parse(&qr.text()).unwrap(), qr);
        for _ in 0..20 {
            let mutant = seeded.mutate(qr.text().as_bytes());
            let _ = QrCode::parse(&String::from_utf8_lossy(&mutant));
        }
    }
}

#[test]
fn what_is_not_our_qr_is_refused() {
    let good = QrCode {
        address: "a:1".into(),
        ca_fingerprint: [0; 32],
        enrolment: Uuid::nil(),
        secret: [0; 16],
    }
    .text();
    assert!(QrCode::parse(&good).is_ok());
    assert_eq!(
        QrCode::parse(&good.replace("zoufang:1", "zoufang:2")),
        Err(ProtocolError::TooNew { found: 2, known: 1 })
    );
    for bad in [
        "".to_owned(),
        "https://example.org".to_owned(),
        "zoufang:1".to_owned(),
        good.replace("a=a:1", "a=a"),
        good.replace("a=a:1", "a=a:0"),
        good.replace("&s=", "&t="),
        good.replace("&ca=00", "&ca=zz"),
        format!("{good}{}", "x".repeat(600)),
    ] {
        assert!(QrCode::parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn eight_digits_are_read_with_spaces_and_nothing_else() {
    let code = TypedCode::parse(" 1234 5678 ").unwrap();
    assert_eq!(
        (code.locator.as_str(), code.secret.as_str()),
        ("1234", "5678")
    );
    assert!(TypedCode::parse("1234-5678").is_ok());
    for bad in ["", "1234567", "123456789", "1234567a", "１２３４５６７８"] {
        assert!(TypedCode::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_address_is_host_and_port() {
    for good in ["127.0.0.1:8443", "server.example:443", "[::1]:8443"] {
        assert!(is_address(good), "{good}");
    }
    for bad in [
        "",
        "127.0.0.1",
        "host:",
        ":1",
        "host:99999",
        "ho st:1",
        "host:1/path",
    ] {
        assert!(!is_address(bad), "{bad}");
    }
}
