//! Bytes on the wire: bounded before and while inflating, and what is malformed says so.

use crate::Seeded;
use ids::{ChangeHash, DeviceId, DocKind, DocumentId, Role, StaffId, UnitId};
use protocol::wire::{self, Bound, ProtocolError};
use protocol::{
    Cursor, DocumentHeader, Enrolled, Entry, EntryBody, Envelope, FileNumberBlock, MemberRecord,
    Outcome, RefusalCode, SnapshotPage, SyncRequest, SyncResponse, UnitLevel,
};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

const BOUND: Bound = Bound {
    compressed: 200,
    inflated: 1_000,
};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn request() -> SyncRequest {
    SyncRequest {
        protocol: 1,
        app: "0.1.0".into(),
        schemas: vec![protocol::SchemaVersion {
            kind: DocKind::Child,
            schema: 1,
        }],
        request: id(1),
        cursor: Some(Cursor {
            scope: UnitId(id(2)),
            epoch: 1,
            seq: 42,
        }),
        last_applied: None,
        outbox: vec![Envelope {
            head: vec![1, 2, 3],
            signature: vec![4; 64],
            change: vec![5; 100],
        }],
        want_bytes: 0,
        push_only: false,
        unsent: None,
        certified_until_ms: None,
        next_ca: None,
        tick: Some(vec![6; 20]),
        chain: Some(protocol::ChainEnd {
            incarnation: ids::Incarnation(id(6)),
            dev_seq: 3,
            head: [7; 32],
        }),
    }
}

fn response() -> SyncResponse {
    let entry = |seq, body| Entry {
        seq,
        at_ms: 1_790_000_000_000,
        body,
        statement: None,
    };
    SyncResponse {
        outcomes: vec![
            (ChangeHash([1; 32]), Outcome::Accepted { seq: 7 }),
            (
                ChangeHash([2; 32]),
                Outcome::Held {
                    missing: vec![ChangeHash([3; 32])],
                },
            ),
            (
                ChangeHash([4; 32]),
                Outcome::Refused {
                    code: RefusalCode::StartOp,
                },
            ),
        ],
        entries: vec![
            entry(
                1,
                EntryBody::Member(MemberRecord::Unit {
                    id: UnitId(id(2)),
                    name: "芦汀镇".into(),
                    parent: None,
                    level: UnitLevel::Township,
                    region: "310199100000".into(),
                    since_ms: 0,
                    former: Vec::new(),
                    closed_ms: None,
                    successor: None,
                }),
            ),
            entry(
                2,
                EntryBody::Member(MemberRecord::Device {
                    id: DeviceId(id(3)),
                    staff: StaffId(id(4)),
                    unit: UnitId(id(2)),
                    key: [9; 32],
                    enrolled_ms: 1,
                    seen_ms: None,
                    file_numbers: None,
                }),
            ),
            entry(
                3,
                EntryBody::Yours {
                    document: DocumentId(id(5)),
                    hash: ChangeHash([1; 32]),
                },
            ),
            entry(4, EntryBody::Reset),
        ],
        cursor: None,
        more: true,
        durable_seq: 7,
        second_copy: false,
        retry_after_s: Some(3),
        tick: vec![1],
        server_time_ms: 2,
        chain: None,
        certificate: None,
        unit_keys: protocol::UnitKeyHint::default(),
        report_ms: 0,
        next_ca: None,
        recovery: Some(protocol::Recovery {
            hold: true,
            since_ms: 1,
            returned: 2,
            unexplained: 3,
        }),
    }
}

#[test]
fn messages_read_back_as_they_were_written() {
    let sent = request();
    let body = wire::encode_request(&sent).unwrap();
    assert_eq!(wire::decode_request::<SyncRequest>(&body).unwrap(), sent);
    let sent = response();
    let body = wire::encode_response(&sent).unwrap();
    assert_eq!(wire::decode_response::<SyncResponse>(&body).unwrap(), sent);
}

/// The names and shapes on the wire; a change here is a change of the protocol.
#[test]
fn the_shapes_on_the_wire_are_these() {
    let shape = |raw: &[u8]| rmp_serde::from_slice::<Shape>(raw).unwrap().0;
    assert_eq!(
        shape(&wire::pack(&request()).unwrap()),
        "{app:s,certified_until_ms:-,chain:{dev_seq:n,head:x,incarnation:x},cursor:{epoch:n,scope:x,seq:n},last_applied:-,next_ca:-,outbox:[{change:x,head:x,signature:x}],\
         protocol:n,push_only:b,request:x,schemas:[{kind:s,schema:n}],tick:x,unsent:-,want_bytes:n}"
    );
    assert_eq!(
        shape(&wire::pack(&response().outcomes).unwrap()),
        "[[x,{accepted:{seq:n}}],[x,{held:{missing:[x]}}],[x,{refused:{code:s}}]]"
    );
    assert_eq!(
        shape(&wire::pack(&response().entries).unwrap()),
        "[{at_ms:n,body:{member:{unit:{closed_ms:-,former:[],id:x,level:s,name:s,parent:-,region:s,since_ms:n,successor:-}}},seq:n},\
         {at_ms:n,body:{member:{device:{enrolled_ms:n,file_numbers:-,id:x,key:x,seen_ms:-,staff:x,unit:x}}},seq:n},\
         {at_ms:n,body:{yours:{document:x,hash:x}},seq:n},{at_ms:n,body:s,seq:n}]"
    );
}

/// What a value looks like: b bool, n number, s text, x bytes, - nothing, [..] list, {..} names in order of the alphabet.
struct Shape(String);

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor).map(Shape)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, _: bool) -> Result<String, E> {
        Ok("b".into())
    }

    fn visit_u64<E>(self, _: u64) -> Result<String, E> {
        Ok("n".into())
    }

    fn visit_i64<E>(self, _: i64) -> Result<String, E> {
        Ok("n".into())
    }

    fn visit_str<E>(self, _: &str) -> Result<String, E> {
        Ok("s".into())
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<String, E> {
        Ok("x".into())
    }

    fn visit_unit<E>(self) -> Result<String, E> {
        Ok("-".into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<String, A::Error> {
        let mut shapes = Vec::new();
        while let Some(Shape(shape)) = items.next_element()? {
            shapes.push(shape);
        }
        Ok(format!("[{}]", shapes.join(",")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<String, A::Error> {
        let mut shapes = Vec::new();
        while let Some((name, Shape(shape))) = fields.next_entry::<String, Shape>()? {
            shapes.push(format!("{name}:{shape}"));
        }
        shapes.sort();
        Ok(format!("{{{}}}", shapes.join(",")))
    }
}

#[test]
fn limits_hold_at_one_below_at_and_one_above() {
    // A text of n bytes takes n + 3 bytes packed.
    let text = |packed: usize| "a".repeat(packed - 3);
    for packed in [BOUND.inflated - 1, BOUND.inflated] {
        let body = wire::encode(&text(packed), BOUND).unwrap();
        assert_eq!(wire::decode::<String>(&body, BOUND).unwrap(), text(packed));
    }
    let over = text(BOUND.inflated + 1);
    let too_large = |limit| Err(ProtocolError::TooLarge { limit });
    assert_eq!(wire::encode(&over, BOUND), too_large(BOUND.inflated));
    let body = zstd::bulk::compress(&wire::pack(&over).unwrap(), 3).unwrap();
    assert_eq!(
        wire::decode::<String>(&body, BOUND),
        Err(ProtocolError::TooLarge {
            limit: BOUND.inflated
        })
    );

    let inflate = |length: usize| wire::inflate(&vec![0; length], BOUND);
    for length in [BOUND.compressed - 1, BOUND.compressed] {
        assert_eq!(inflate(length), Err(ProtocolError::Malformed("zstd")));
    }
    assert_eq!(
        inflate(BOUND.compressed + 1),
        Err(ProtocolError::TooLarge {
            limit: BOUND.compressed
        })
    );
}

#[test]
fn a_bomb_costs_no_more_than_the_bound() {
    let bomb = zstd::bulk::compress(&vec![0; 256 * 1024 * 1024], 3).unwrap();
    assert!(bomb.len() < wire::REQUEST.compressed);
    assert_eq!(
        wire::decode_request::<SyncRequest>(&bomb),
        Err(ProtocolError::TooLarge {
            limit: wire::REQUEST.inflated
        })
    );
}

#[test]
fn bytes_left_over_are_malformed() {
    let mut raw = wire::pack(&request()).unwrap();
    raw.push(0);
    assert_eq!(
        wire::unpack::<SyncRequest>(&raw),
        Err(ProtocolError::Malformed("bytes left over"))
    );
}

#[test]
fn an_unknown_field_of_a_newer_app_is_passed_over() {
    #[derive(serde::Serialize)]
    struct Newer {
        seq: u64,
        epoch: u64,
        scope: UnitId,
        colour: String,
    }
    let raw = wire::pack(&Newer {
        seq: 3,
        epoch: 2,
        scope: UnitId(id(2)),
        colour: "blue".into(),
    })
    .unwrap();
    assert_eq!(wire::unpack::<Cursor>(&raw).unwrap().seq, 3);
}

#[test]
fn mutated_messages_never_panic() {
    let page = SnapshotPage {
        cursor: Cursor {
            scope: UnitId(id(2)),
            epoch: 1,
            seq: 1,
        },
        members: vec![],
        member_statements: vec![],
        orders: vec![],
        policies: vec![("national".into(), "{}".into())],
        documents: vec![protocol::DocumentSnapshot {
            document: DocumentId(id(1)),
            generation: 1,
            kind: DocKind::Household,
            home_unit: UnitId(id(2)),
            header: DocumentHeader {
                document: DocumentId(id(1)),
                generation: 1,
                kind: DocKind::Household,
                schema: 1,
                home_unit: UnitId(id(2)),
                creator: DeviceId(id(3)),
            },
            changes: vec![1; 50],
            envelopes: vec![],
            authors: vec![],
            author_statements: vec![],
        }],
        next: None,
        total_documents: 1,
        done_documents: 1,
        server_time_ms: 0,
    };
    let enrolled = Enrolled {
        device: DeviceId(id(1)),
        staff: StaffId(id(2)),
        staff_name: "林月".into(),
        role: Role::Director,
        unit: UnitId(id(3)),
        unit_name: "东滩村".into(),
        scope: UnitId(id(4)),
        scope_name: "芦汀镇".into(),
        region: "310199100201".into(),
        file_numbers: FileNumberBlock { first: 1, last: 9 },
        certificate: vec![1; 30],
        recovery_key: [1; 32],
        server_key: [2; 32],
        ca_certificate: vec![3; 30],
        next_ca: None,
        demo: true,
        epoch: 1,
        server_time_ms: 5,
        delegated: None,
    };
    let mut seeded = Seeded::new(5);
    let raws = [
        wire::pack(&request()).unwrap(),
        wire::pack(&response()).unwrap(),
        wire::pack(&page).unwrap(),
        wire::pack(&enrolled).unwrap(),
    ];
    for raw in &raws {
        for _ in 0..5_000 {
            let mutant = seeded.mutate(raw);
            let _ = wire::unpack::<SyncRequest>(&mutant);
            let _ = wire::unpack::<SyncResponse>(&mutant);
            let _ = wire::unpack::<SnapshotPage>(&mutant);
            let _ = wire::unpack::<Enrolled>(&mutant);
        }
        let body = zstd::bulk::compress(raw, 3).unwrap();
        for _ in 0..2_000 {
            let _ = wire::decode_request::<SyncRequest>(&seeded.mutate(&body));
        }
    }
}

#[test]
fn nesting_ends_where_the_table_says_and_never_at_the_end_of_the_stack() {
    // {"zz": {"zz": … null}}: unknown fields of a newer app, walked through and passed over.
    let nested = |depth: usize| {
        let mut raw = [0x81, 0xa2, b'z', b'z'].repeat(depth);
        raw.push(0xc0);
        raw
    };
    #[derive(serde::Deserialize)]
    struct Nothing {}
    let most = protocol::limits::MESSAGE_DEPTH;
    assert!(wire::unpack::<Nothing>(&nested(most - 1)).is_ok());
    for depth in [most, most + 1, 10_000, 1_000_000] {
        assert!(wire::unpack::<Nothing>(&nested(depth)).is_err());
    }
}
