//! Honest input for every target, made by the programs that make it in life.

use crate::story::{line, register};
use domain::record::{Edit, Entry, doc};
use ed25519_dalek::SigningKey;
use ids::{
    ChangeHash, DeviceId, DocKind, DocumentId, Incarnation, Role, StaffId, UnitId, actor_id,
};
use protocol::envelope::{self, DocumentHeader, EnvelopeHead};
use protocol::session::proof;
use protocol::{
    Cursor, Entry as LogEntry, EntryBody, Envelope, FormerName, Locator, MemberRecord, Outcome,
    SnapshotPage, StartEnrolment, SyncRequest, SyncResponse, Tick, UnitLevel, wire,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use uuid::Uuid;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn unpackable<T: serde::Serialize>(message: &T) -> Vec<u8> {
    wire::pack(message).expect("our own message can be written")
}

/// A child's file in the making, change by change, as `domain` writes it.
pub(super) fn changes() -> Vec<Vec<u8>> {
    let document = DocumentId(id(1));
    let mut file = doc::start(DocKind::Child).expect("the constants are ours");
    let steps: Vec<Vec<Edit>> = vec![
        vec![
            Edit::put("name", "石小雨".to_owned()),
            Edit::put("birth_date", "2016-03-05".to_owned()),
            Edit::put("household", id(2).to_string()),
        ],
        vec![Edit::Add {
            collection: "contacts",
            entry: Entry::new(id(3).to_string())
                .with("on", "2026-11-02".to_owned())
                .with("note", "都好。".to_owned())
                .with_codes("party", &["carer".to_owned()]),
        }],
        vec![Edit::Add {
            collection: "visits",
            entry: Entry {
                answers: (0..20)
                    .map(|number| (format!("q{number}"), "1".to_owned().into()))
                    .collect(),
                ..Entry::new(id(4).to_string()).with("seen", true)
            },
        }],
        vec![Edit::put("name", "石晓雨".to_owned())],
    ];
    let mut made = Vec::new();
    for (wall_ms, edits) in (1i64..).zip(steps) {
        let device = DeviceId(id(5 + u128::from(wall_ms.unsigned_abs() % 2)));
        let actor = actor_id(device, Incarnation(id(7)), document, 0);
        let change = doc::apply(&mut file, actor, wall_ms, &edits)
            .expect("the containers are there")
            .expect("something changed");
        made.push(change.bytes);
    }
    for constant in protocol::genesis::table() {
        made.push(constant.bytes.to_vec());
    }
    made
}

pub(super) fn several_changes() -> Vec<Vec<u8>> {
    vec![changes().concat()]
}

fn envelope(change: Vec<u8>) -> Envelope {
    let read = protocol::change_header::read(&change).expect("an honest change");
    let (device, document) = (DeviceId(id(5)), DocumentId(id(1)));
    let head = EnvelopeHead {
        version: envelope::ENVELOPE_VERSION,
        document,
        generation: 0,
        hash: read.hash,
        actor: read.actor.try_into().unwrap_or([0; 16]),
        seq: read.seq,
        start_op: read.start_op,
        ops: u32::try_from(read.ops).unwrap_or(0),
        device,
        incarnation: Incarnation(id(7)),
        scope: UnitId(id(8)),
        dev_seq: 1,
        previous: [0; 32],
        staff: StaffId(id(9)),
        app: "0.1.0".to_owned(),
        schema: 1,
        replaces: Some([2; 32]),
        tick: Some(vec![1; 90]),
        wall_ms: 1_793_584_800_000,
        mono_ms: 60_000,
        header: Some(DocumentHeader {
            document,
            generation: 0,
            kind: DocKind::Child,
            schema: 1,
            home_unit: UnitId(id(10)),
            creator: device,
        }),
    };
    envelope::seal(&SigningKey::from_bytes(&[5; 32]), &head, change).expect("a head of usual size")
}

pub(super) fn heads() -> Vec<Vec<u8>> {
    changes()
        .into_iter()
        .map(|change| envelope(change).head)
        .collect()
}

fn sync_request() -> SyncRequest {
    SyncRequest {
        protocol: protocol::PROTOCOL_VERSION,
        app: "0.1.0".to_owned(),
        schemas: vec![],
        request: id(11),
        cursor: Some(Cursor {
            scope: UnitId(id(8)),
            epoch: 1,
            seq: 7,
        }),
        last_applied: None,
        outbox: changes().into_iter().take(3).map(envelope).collect(),
        want_bytes: 0,
        push_only: false,
        unsent: None,
        certified_until_ms: None,
        next_ca: None,
        tick: None,
        chain: None,
    }
}

pub(super) fn requests() -> Vec<Vec<u8>> {
    let start = StartEnrolment {
        protocol: protocol::PROTOCOL_VERSION,
        locator: Locator::Digits("1234".to_owned()),
        device_key: [3; 32],
        commit: [4; 32],
    };
    vec![
        unpackable(&sync_request()),
        wire::encode_request(&sync_request()).expect("of usual size"),
        unpackable(&start),
        wire::encode_request(&start).expect("of usual size"),
    ]
}

fn sync_response() -> SyncResponse {
    let entries = changes()
        .into_iter()
        .take(2)
        .map(|change| EntryBody::Change {
            envelope: envelope(change),
            kind: DocKind::Child,
            home_unit: UnitId(id(10)),
        })
        .chain([
            EntryBody::Yours {
                document: DocumentId(id(1)),
                hash: ChangeHash([6; 32]),
            },
            EntryBody::Member(MemberRecord::Unit {
                id: UnitId(id(10)),
                name: "白荷村".to_owned(),
                parent: Some(UnitId(id(8))),
                level: UnitLevel::Village,
                region: "310199100201".to_owned(),
                since_ms: 2,
                former: vec![FormerName {
                    name: "荷塘村".to_owned(),
                    region: "310199100209".to_owned(),
                    until_ms: 2,
                }],
                closed_ms: None,
                successor: None,
            }),
            EntryBody::Reset,
        ]);
    SyncResponse {
        outcomes: vec![
            (ChangeHash([1; 32]), Outcome::Accepted { seq: 8 }),
            (
                ChangeHash([2; 32]),
                Outcome::Held {
                    missing: vec![ChangeHash([3; 32])],
                },
            ),
        ],
        entries: (8..)
            .zip(entries)
            .map(|(seq, body)| LogEntry {
                seq,
                at_ms: 1_793_584_800_000,
                body,
                statement: None,
            })
            .collect(),
        cursor: None,
        more: false,
        durable_seq: 8,
        second_copy: true,
        retry_after_s: None,
        tick: vec![1; 90],
        server_time_ms: 1_793_584_800_000,
        chain: None,
        certificate: None,
        unit_keys: protocol::UnitKeyHint::default(),
        report_ms: 0,
        next_ca: None,
        recovery: None,
    }
}

pub(super) fn responses() -> Vec<Vec<u8>> {
    let page = SnapshotPage {
        cursor: Cursor {
            scope: UnitId(id(8)),
            epoch: 1,
            seq: 7,
        },
        members: vec![MemberRecord::Staff {
            id: StaffId(id(9)),
            name: "李玉梅".to_owned(),
            role: Role::Director,
            unit: UnitId(id(10)),
            since_ms: 1,
            term: None,
            person: None,
        }],
        policies: vec![("p".to_owned(), "{}".to_owned())],
        documents: vec![],
        next: Some("7.1.x.1".to_owned()),
        total_documents: 2,
        done_documents: 1,
        server_time_ms: 1,
        member_statements: vec![],
        orders: vec![],
    };
    vec![
        unpackable(&sync_response()),
        wire::encode_response(&sync_response()).expect("of usual size"),
        unpackable(&page),
        wire::encode_response(&page).expect("of usual size"),
    ]
}

pub(super) fn compressed() -> Vec<Vec<u8>> {
    let zeros = vec![0; 4 << 20];
    vec![
        wire::encode_request(&sync_request()).expect("of usual size"),
        zstd::bulk::compress(&zeros, 19).expect("zeros compress"),
        zstd::bulk::compress(&[], 3).expect("nothing compresses"),
    ]
}

pub(super) fn statements() -> Vec<Vec<u8>> {
    let tick = Tick {
        scope: UnitId(id(8)),
        epoch: 1,
        seq: 9,
        at_ms: 1,
        orders: 0,
        last: None,
    };
    let other = SigningKey::from_bytes(&[6; 32]);
    vec![proof::sign_statement(&other, &tick).expect("a tick can be written")]
}

pub(super) fn codes() -> Vec<Vec<u8>> {
    [
        "1234 5678",
        "１２３４５６７８",
        "12-34-56-78",
        "zoufang:1:127.0.0.1:8443:00:00:00",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

pub(super) fn ledgers() -> Vec<Vec<u8>> {
    let lines = [
        line("石小雨", "2016-03-05", "王秀兰", "二组"),
        line("周子涵", "2014-11-30", "周建国", "一组"),
    ];
    vec![register(&lines).expect("a small register")]
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(folder: &str, extension: &str) -> Vec<Vec<u8>> {
    read_folder(&repository().join(folder), extension)
}

fn read_folder(folder: &Path, extension: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| extension.is_empty() || path.extension().is_some_and(|e| e == extension))
        .collect();
    paths.sort();
    paths
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .collect()
}

pub(super) fn forms() -> Vec<Vec<u8>> {
    files("policy/forms", "json")
}

pub(super) fn policies() -> Vec<Vec<u8>> {
    files("policy", "json")
}

pub(super) fn cases() -> Vec<Vec<u8>> {
    files("tests/cases/due", "json")
}

pub(super) fn identity_numbers() -> Vec<Vec<u8>> {
    [
        "310199201603050018",
        "３１０１９９",
        "3101992016030500 1x",
        "",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// The documents and crashers Automerge ships in its own package, read where cargo unpacked it; they are not ours to copy.
#[must_use]
pub fn automerge_fixtures() -> Vec<Vec<u8>> {
    // For this machine's packages only: those of other systems were never fetched.
    let Some(versions) = output_of(Command::new("rustc").arg("-vV")) else {
        return Vec::new();
    };
    let versions = String::from_utf8_lossy(&versions).into_owned();
    let host = versions
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap_or_default();
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let metadata = output_of(
        Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--offline", "--locked"])
            .args(["--filter-platform", host])
            .current_dir(repository()),
    );
    let metadata: serde_json::Value =
        serde_json::from_slice(&metadata.unwrap_or_default()).unwrap_or_default();
    let manifest = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == "automerge")
        .and_then(|package| package["manifest_path"].as_str());
    let Some(folder) = manifest.and_then(|path| Path::new(path).parent()) else {
        return Vec::new();
    };
    let tests = folder.join("tests");
    let mut found = read_folder(&tests.join("fuzz-crashers"), "");
    found.extend(read_folder(&tests.join("fixtures"), ""));
    found
}

fn output_of(command: &mut Command) -> Option<Vec<u8>> {
    let output = command.output().ok()?;
    output.status.success().then_some(output.stdout)
}
