//! Heads under signatures.

use crate::Seeded;
use ed25519_dalek::SigningKey;
use ids::{ChangeHash, DeviceId, DocKind, DocumentId, Incarnation, StaffId, UnitId, actor_id};
use protocol::envelope::{self, ENVELOPE_VERSION};
use protocol::session::proof;
use protocol::{
    DocumentHeader, EnvelopeHead, NumberedOrder, Order, ProtocolError, Tick, limits, order,
};
use uuid::Uuid;

fn head() -> EnvelopeHead {
    let id = Uuid::from_u128;
    EnvelopeHead {
        version: ENVELOPE_VERSION,
        document: DocumentId(id(1)),
        generation: 1,
        hash: ChangeHash([3; 32]),
        actor: actor_id(DeviceId(id(2)), Incarnation(id(3)), DocumentId(id(1)), 1),
        seq: 1,
        start_op: 5,
        ops: 2,
        device: DeviceId(id(2)),
        incarnation: Incarnation(id(3)),
        scope: UnitId(id(4)),
        dev_seq: 1,
        previous: [0; 32],
        staff: StaffId(id(5)),
        app: "0.1.0".into(),
        schema: 1,
        tick: Some(vec![1, 2, 3]),
        wall_ms: 1_790_000_000_000,
        mono_ms: 12,
        replaces: None,
        header: Some(DocumentHeader {
            document: DocumentId(id(1)),
            generation: 1,
            kind: DocKind::Child,
            schema: 1,
            home_unit: UnitId(id(6)),
            creator: DeviceId(id(2)),
        }),
    }
}

#[test]
fn what_is_sealed_opens_and_verifies() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let sealed = envelope::seal(&key, &head(), vec![1, 2, 3]).unwrap();
    assert_eq!(envelope::open(&sealed).unwrap(), head());
    envelope::verify(&key.verifying_key(), &sealed.head, &sealed.signature).unwrap();
}

#[test]
fn any_other_byte_key_or_purpose_does_not_verify() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let public = key.verifying_key();
    let sealed = envelope::seal(&key, &head(), vec![]).unwrap();
    let refused = Err(ProtocolError::BadSignature);
    for index in 0..sealed.head.len() {
        let mut other = sealed.head.clone();
        other[index] ^= 1;
        assert_eq!(
            envelope::verify(&public, &other, &sealed.signature),
            refused
        );
    }
    let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
    assert_eq!(
        envelope::verify(&other, &sealed.head, &sealed.signature),
        refused
    );
    assert_eq!(envelope::verify(&public, &sealed.head, &[0; 5]), refused);
    // A signature made without the prefix is no envelope's signature.
    let bare = ed25519_dalek::Signer::sign(&key, &sealed.head).to_bytes();
    assert_eq!(envelope::verify(&public, &sealed.head, &bare), refused);
}

#[test]
fn a_newer_head_and_a_large_one_are_told_apart() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let mut newer = head();
    newer.version += 1;
    let sealed = envelope::seal(&key, &newer, vec![]).unwrap();
    assert_eq!(
        envelope::open(&sealed),
        Err(ProtocolError::TooNew { found: 2, known: 1 })
    );
    let mut filled = head();
    let room = limits::HEAD_BYTES - protocol::wire::pack(&filled).unwrap().len();
    // The text's own length takes two bytes more once it is long.
    filled.app.push_str(&"x".repeat(room - 2));
    for (more, fits) in [(0, true), (1, false)] {
        let mut head = filled.clone();
        head.app.push_str(&"x".repeat(more));
        assert_eq!(envelope::seal(&key, &head, vec![]).is_ok(), fits);
    }
}

#[test]
fn mutated_heads_never_panic() {
    let raw = protocol::wire::pack(&head()).unwrap();
    let mut seeded = Seeded::new(9);
    for _ in 0..20_000 {
        let _ = envelope::open_head(&seeded.mutate(&raw));
    }
}

#[test]
fn a_tick_is_believed_only_from_its_server() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let tick = Tick {
        scope: UnitId(Uuid::from_u128(4)),
        epoch: 1,
        seq: 9,
        at_ms: 1,
        orders: 2,
        last: None,
    };
    let bytes = proof::sign_statement(&key, &tick).unwrap();
    assert_eq!(
        proof::read_statement::<Tick>(&key.verifying_key(), &bytes),
        Ok(tick)
    );
    let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
    assert!(proof::read_statement::<Tick>(&other, &bytes).is_err());
    let as_certificate =
        proof::read_statement::<protocol::DeviceCertificate>(&key.verifying_key(), &bytes);
    assert_eq!(as_certificate, Err(ProtocolError::BadSignature));
}

#[test]
fn an_order_is_believed_only_from_its_server_and_as_nothing_else() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let order = NumberedOrder {
        scope: UnitId(Uuid::from_u128(4)),
        number: 3,
        at_ms: 1,
        order: Order::Erase {
            document: DocumentId(Uuid::from_u128(5)),
            generation: 0,
        },
    };
    let statement = order::sign(&key, &order).unwrap();
    assert_eq!(order::read(&key.verifying_key(), &statement), Ok(order));
    let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
    assert!(order::read(&other, &statement).is_err());
    let as_tick = proof::open_statement::<Tick>(&key.verifying_key(), &statement);
    assert_eq!(as_tick, Err(ProtocolError::BadSignature));
}

#[test]
fn a_session_signature_is_for_one_device_server_and_nonce() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let device = DeviceId(Uuid::from_u128(1));
    let signature = proof::sign(&key, device, &[1; 32], &[2; 32]);
    let public = key.verifying_key();
    assert!(proof::verify(&public, device, &[1; 32], &[2; 32], &signature).is_ok());
    let other = DeviceId(Uuid::from_u128(2));
    assert!(proof::verify(&public, other, &[1; 32], &[2; 32], &signature).is_err());
    assert!(proof::verify(&public, device, &[3; 32], &[2; 32], &signature).is_err());
    assert!(proof::verify(&public, device, &[1; 32], &[3; 32], &signature).is_err());
}
