//! What each parser promises about any bytes whatsoever.

use ids::ChangeHash;
use office::ledger::{LedgerLimits, read_ledger};
use protocol::enrolment::{QrCode, TypedCode};
use protocol::envelope;
use protocol::session::proof;
use protocol::{change_header, limits, wire};
use sha2::{Digest, Sha256};

/// Our reader of changes keeps the limits it promises, also behind a right checksum.
pub(super) fn change(bytes: &[u8]) {
    for bytes in [bytes.to_vec(), mended(bytes)] {
        if let Ok(header) = change_header::read(&bytes) {
            assert!(header.ops <= limits::CHANGE_OPS);
            assert!(header.max_op() <= limits::MAX_OP);
            assert!(header.deps.len() as u64 <= limits::CHANGE_DEPS);
            assert_eq!(header.hash.0[..4], bytes[4..8]);
            // Whatever stands in it, whether it only adds can be said.
            let found = change_header::place_of_map(&bytes, "contacts")
                .ok()
                .flatten();
            let place = found.unwrap_or(change_header::ObjectPlace {
                actor: vec![1],
                counter: 1,
            });
            let _ = change_header::adds_only_to(&bytes, &place);
        }
    }
}

/// A foreign change reaches a document of a tablet: it is applied or set aside, and the document stays whole.
pub(super) fn document(bytes: &[u8]) {
    let bytes = mended(bytes);
    let hash = ChangeHash(Sha256::digest(&bytes[8..]).into());
    let head = store::documents::DocumentHead {
        document: ids::DocumentId(uuid::Uuid::from_u128(1)),
        generation: 0,
        kind: ids::DocKind::Child,
        home_unit: ids::UnitId(uuid::Uuid::from_u128(2)),
        schema: 1,
        header: None,
        created_ms: 0,
    };
    let begun = domain::record::doc::start(head.kind).expect("the constants are ours");
    let mut stored = store::documents::StoredDocument::begun(head, begun);
    let _ = store::documents::apply(&mut stored, &[(hash, &bytes)]);
    let _ = domain::record::doc::read(&stored.automerge);
    let saved = stored.automerge.save();
    automerge::Automerge::load(&saved).expect("what was kept can be opened again");
}

/// Concatenated changes are read to their end or refused; nothing is read twice.
pub(super) fn several_changes(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok((_, after)) = change_header::read_first(rest) {
        assert!(after.len() < rest.len());
        rest = after;
    }
}

/// A head that opens packs to bytes that open to it again.
pub(super) fn head(bytes: &[u8]) {
    if let Ok(head) = envelope::open_head(bytes) {
        let packed = wire::pack(&head).expect("what was read can be written");
        assert_eq!(envelope::open_head(&packed), Ok(head));
    }
}

/// Every request of a stranger, compressed or not.
pub(super) fn request(bytes: &[u8]) {
    fn both<T: serde::de::DeserializeOwned>(bytes: &[u8]) {
        let _ = wire::unpack::<T>(bytes);
        let _ = wire::decode_request::<T>(bytes);
    }
    both::<protocol::SyncRequest>(bytes);
    both::<protocol::SnapshotRequest>(bytes);
    both::<protocol::StartEnrolment>(bytes);
    both::<protocol::RevealEnrolment>(bytes);
    both::<protocol::FinishEnrolment>(bytes);
    both::<protocol::OpenSession>(bytes);
    both::<protocol::CreateEnrolment>(bytes);
    both::<protocol::CreateVillage>(bytes);
}

/// Every answer of a server that may not be ours.
pub(super) fn response(bytes: &[u8]) {
    fn both<T: serde::de::DeserializeOwned>(bytes: &[u8]) {
        let _ = wire::unpack::<T>(bytes);
        let _ = wire::decode_response::<T>(bytes);
    }
    both::<protocol::SyncResponse>(bytes);
    both::<protocol::SnapshotPage>(bytes);
    both::<protocol::Enrolled>(bytes);
    both::<protocol::DeviceList>(bytes);
    both::<protocol::VillageList>(bytes);
    let _ = serde_json::from_slice::<protocol::ErrorMessage>(bytes);
}

/// Inflating costs no more than the bound.
pub(super) fn inflate(bytes: &[u8]) {
    if let Ok(raw) = wire::inflate(bytes, wire::REQUEST) {
        assert!(raw.len() <= limits::REQUEST_INFLATED_BYTES);
    }
}

/// No bytes pass for the server's word without its key.
pub(super) fn statement(bytes: &[u8]) {
    let key = ed25519_dalek::SigningKey::from_bytes(&[5; 32]).verifying_key();
    assert!(proof::read_statement::<protocol::Tick>(&key, bytes).is_err());
    assert!(proof::read_statement::<protocol::DeviceCertificate>(&key, bytes).is_err());
}

/// What a camera or a thumb makes of an enrolment code.
pub(super) fn code(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(code) = TypedCode::parse(&text) {
        assert_eq!((code.locator.len(), code.secret.len()), (4, 4));
    }
    let _ = QrCode::parse(&text);
}

/// A register from anywhere.
pub(super) fn ledger(bytes: &[u8]) {
    let _ = read_ledger(bytes, &LedgerLimits::default());
}

/// A form pack from anywhere.
pub(super) fn form(bytes: &[u8]) {
    let _ = domain::form::FormPack::from_json(&String::from_utf8_lossy(bytes));
}

/// A policy pack from anywhere.
pub(super) fn policy(bytes: &[u8]) {
    let _ = domain::policy::PolicyPack::parse(&String::from_utf8_lossy(bytes));
}

/// A disputed date from anywhere.
pub(super) fn case(bytes: &[u8]) {
    let _ = serde_json::from_slice::<domain::cadence::case::CaseFile>(bytes);
}

/// A number somebody typed.
pub(super) fn identity_number(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).expect("a date");
    let _ = domain::identity_number::check(&text, today);
    let _ = domain::identity_number::mask(&text);
}

/// The bytes as the body of a change chunk under a right checksum, so that the inside is really read.
fn mended(bytes: &[u8]) -> Vec<u8> {
    let body = bytes.get(9..).unwrap_or_default();
    let mut start = 0;
    while body.get(start).is_some_and(|byte| byte & 0x80 != 0) {
        start += 1;
    }
    let body = body.get(start + 1..).unwrap_or_default();
    let mut inner = vec![1];
    let mut length = body.len();
    loop {
        let low = u8::try_from(length & 0x7f).unwrap_or(0);
        length >>= 7;
        if length == 0 {
            inner.push(low);
            break;
        }
        inner.push(low | 0x80);
    }
    inner.extend(body);
    let hash = Sha256::digest(&inner);
    [&[0x85, 0x6f, 0x4a, 0x83], &hash[..4], &inner].concat()
}
