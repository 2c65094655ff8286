//! Whatever of a township another one's people name on whichever route: they get nothing of it and change nothing of it.

use crate::matrix::{another_township, routes};
use crate::support::{Device, Http, World, appointment};
use ids::{DocKind, DocumentId, Role, UnitId};
use protocol::report::{self, StationReport};
use protocol::unit_key::{self, UnitKey};
use protocol::{
    AnswerCase, AskCase, BlobChunk, BlobOffer, BringReport, BroughtUnitKey, CaseAnswer,
    ConfirmEnrolment, Countersign, CoverVillage, CreateEnrolment, Cursor, DecideErasure,
    DecideExport, DecideMove, DecideReview, EndCover, EndGrant, EndGuest, EndRecusal,
    EnrolmentStatus, Envelope, ErasureList, ExportList, GrantPerson, InventoryLine,
    InventoryRequest, KeepUnitKeys, KnownUnitKey, ListReviews, MoveDecision, MoveList, OfferBlobs,
    OfferMove, OpenToGuest, PROTOCOL_VERSION, ReadAudit, ReadBlob, ReadCase, ReadDocument,
    ReadEnrolment, RecordVetting, RecusePerson, RefillRequest, RequestErasure, RequestExport,
    ReviewPlace, RevokeDevice, SealedReason, SetHold, Verdict, Vetting, WrappedUnitKey, wire,
};
use rusqlite::Connection;
use rusqlite::types::Value;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use sync_server::database;
use uuid::Uuid;

/// What of the first township the second one's people name.
struct Theirs {
    scope: UnitId,
    village: UnitId,
    document: DocumentId,
    first: Envelope,
    tablet: Device,
    enrolment: EnrolmentStatus,
    /// An appointment.
    grant: Uuid,
    erasure: Uuid,
    export: Uuid,
    offer: Uuid,
}

impl Theirs {
    /// Whatever of it must stand in no answer; of villages every station of the district hears where to move a child to.
    fn ids(&self) -> [Uuid; 8] {
        [
            self.document.0,
            self.tablet.enrolled.device.0,
            self.tablet.enrolled.staff.0,
            self.enrolment.enrolment,
            self.grant,
            self.erasure,
            self.export,
            self.offer,
        ]
    }
}

async fn theirs(world: &World) -> Theirs {
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let second = station.village("西滩村", "310199100202").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let mut doc = tablet.document(DocKind::Child, village);
    let first = tablet.edit(&mut doc, "name", "石小雨");
    let document = doc.header.document;
    let answer = tablet.sync(None, vec![first.clone()]).await.unwrap();
    assert!(answer.outcomes[0].1.is_in_log());
    let enrolment = station.new_code(village, "何平").await.unwrap();
    let ids: [Uuid; 3] = std::array::from_fn(|_| Uuid::now_v7());
    let [erasure, export, offer] = ids;
    let asked = RequestErasure {
        id: erasure,
        child: document,
        with: vec![],
        about: vec![],
        left: false,
        basis: "consent_withdrawn".into(),
        words: "家里要求".into(),
        part: None,
    };
    let _: ErasureList = station.post("/erasures/request", &asked).await.unwrap();
    let asked = RequestExport {
        id: export,
        ledger: "L1".into(),
        unit: None,
        purpose: "report".into(),
        words: "报区民政局".into(),
        fields: vec!["name".into(), "id_no".into()],
        rows: 40,
        full_numbers: true,
    };
    let _: ExportList = station.post("/exports/request", &asked).await.unwrap();
    let offered = OfferMove {
        id: offer,
        documents: vec![document],
        to: second,
        subject: "石小雨".into(),
        reason: "全家搬走".into(),
        moved_on: "2026-11-01".into(),
    };
    let _: MoveList = station.post("/moves/offer", &offered).await.unwrap();
    Theirs {
        scope: world.report.scope,
        village,
        document,
        first,
        grant: Uuid::new_v5(&village.0, "director 林月".as_bytes()),
        tablet,
        enrolment,
        erasure,
        export,
        offer,
    }
}

fn body<T: Serialize>(message: &T) -> Vec<u8> {
    wire::encode_request(message).unwrap()
}

fn unit_keys(by: &Device, theirs: &Theirs) -> KeepUnitKeys {
    let key = UnitKey {
        scope: theirs.scope,
        epoch: 1,
        public: [9; 32],
        made_by: by.enrolled.device,
        previous: [0; 32],
        at_ms: 0,
    };
    KeepUnitKeys {
        keys: vec![BroughtUnitKey {
            key: KnownUnitKey {
                statement: unit_key::sign(&by.key, &key).unwrap(),
                certificate: by.enrolled.certificate.clone(),
            },
            recovery: vec![1; 104],
        }],
        wraps: vec![WrappedUnitKey {
            epoch: 1,
            device: theirs.tablet.enrolled.device,
            sealed: vec![2; 104],
        }],
    }
}

fn their_report(by: &Device, theirs: &Theirs) -> BringReport {
    let said = StationReport {
        station: theirs.scope,
        device: by.enrolled.device,
        day: "2026-11-27".into(),
        below: 5,
        villages: vec![],
        lines: vec![],
        left_out: 0,
    };
    BringReport {
        report: report::sign(&by.key, &said).unwrap(),
    }
}

/// A message for every route that can name something of a township, naming the other one's.
fn named(by: &Device, theirs: &Theirs) -> BTreeMap<&'static str, Vec<u8>> {
    let (document, village) = (theirs.document, theirs.village);
    let (device, staff) = (theirs.tablet.enrolled.device, theirs.tablet.enrolled.staff);
    let enrolment = theirs.enrolment.enrolment;
    let unknown = Uuid::from_u128(0x5ec0);
    let (own, address) = (by.enrolled.unit, ids::BlobAddress([8; 32]));
    let mut sync = by.request(None, None, vec![theirs.first.clone()]);
    sync.cursor = Some(Cursor {
        scope: theirs.scope,
        epoch: by.enrolled.epoch,
        seq: 0,
    });
    let reason = || SealedReason {
        epoch: 1,
        sealed: vec![7; 90],
    };
    let vetting = Vetting {
        on: "2026-10-08".into(),
        reference: "查询2026-118".into(),
    };
    BTreeMap::from([
        ("/sync", body(&sync)),
        ("/documents/read", body(&ReadDocument { document })),
        (
            "/inventory",
            body(&InventoryRequest {
                protocol: PROTOCOL_VERSION,
                documents: vec![InventoryLine {
                    document,
                    generation: 1,
                    hashes: vec![ids::ChangeHash([7; 32])],
                }],
                done: false,
            }),
        ),
        (
            "/refill",
            body(&RefillRequest {
                protocol: PROTOCOL_VERSION,
                members: vec![],
                orders: vec![],
                envelopes: vec![theirs.first.clone()],
            }),
        ),
        (
            "/blobs/offer",
            body(&OfferBlobs {
                offers: vec![BlobOffer {
                    address,
                    document,
                    size: 4_096,
                    digest: [1; 32],
                }],
            }),
        ),
        (
            "/handover/offer",
            body(&OfferBlobs {
                offers: vec![BlobOffer {
                    address,
                    document,
                    size: 4_096,
                    digest: [1; 32],
                }],
            }),
        ),
        (
            "/handover/chunk",
            body(&BlobChunk {
                address,
                offset: 0,
                bytes: vec![0; 16],
            }),
        ),
        (
            "/blobs/chunk",
            body(&BlobChunk {
                address,
                offset: 0,
                bytes: vec![0; 16],
            }),
        ),
        (
            "/blobs/read",
            body(&ReadBlob {
                address,
                offset: 0,
                length: 16,
            }),
        ),
        (
            "/enrolments",
            body(&CreateEnrolment {
                unit: village,
                role: Role::Director,
                person: "林月".into(),
            }),
        ),
        ("/enrolments/status", body(&ReadEnrolment { enrolment })),
        (
            "/enrolments/confirm",
            body(&ConfirmEnrolment {
                enrolment,
                compare_code: "000000".into(),
            }),
        ),
        (
            "/devices/revoke",
            body(&RevokeDevice {
                device,
                reason: "lost".into(),
                wipe: true,
                without_photos: false,
            }),
        ),
        (
            "/moves/offer",
            body(&OfferMove {
                id: unknown,
                documents: vec![document],
                to: own,
                subject: "石小雨".into(),
                reason: "全家搬走".into(),
                moved_on: "2026-11-01".into(),
            }),
        ),
        (
            "/moves/decide",
            body(&DecideMove {
                id: theirs.offer,
                decision: MoveDecision::Accept,
            }),
        ),
        (
            "/guests/open",
            body(&OpenToGuest {
                id: unknown,
                documents: vec![document],
                unit: village,
                from_ms: 0,
                until_ms: None,
            }),
        ),
        ("/guests/end", body(&EndGuest { id: unknown })),
        (
            "/review/list",
            body(&ListReviews {
                after: ReviewPlace {
                    decided: false,
                    number: 0,
                },
            }),
        ),
        (
            "/review/decide",
            body(&DecideReview {
                hash: crate::support::hash_of(&theirs.first.change),
                take: true,
                reason: String::new(),
            }),
        ),
        (
            "/audit/list",
            body(&ReadAudit {
                from_ms: 0,
                until_ms: i64::MAX,
                staff: Some(staff),
                actions: vec![],
                page: None,
            }),
        ),
        (
            "/exports/decide",
            body(&DecideExport {
                id: theirs.export,
                approve: true,
            }),
        ),
        (
            "/exports/use",
            body(&protocol::UseExport {
                id: theirs.export,
                rows: 1,
            }),
        ),
        ("/unit-keys/keep", body(&unit_keys(by, theirs))),
        (
            "/people/grant",
            body(&GrantPerson {
                replaces: Some(theirs.grant),
                ..appointment(unknown, village, "林月")
            }),
        ),
        (
            "/people/vet",
            body(&RecordVetting {
                grant: theirs.grant,
                vetting,
            }),
        ),
        (
            "/people/end",
            body(&EndGrant {
                grant: theirs.grant,
                reason: "left".into(),
            }),
        ),
        (
            "/people/cover",
            body(&CoverVillage {
                id: unknown,
                unit: village,
                delegate: staff,
                absent: None,
                from_ms: 0,
                until_ms: i64::MAX,
            }),
        ),
        ("/people/cover/end", body(&EndCover { id: unknown })),
        (
            "/people/recuse",
            body(&RecusePerson {
                id: unknown,
                documents: vec![document],
                staff,
                stead: None,
                until_ms: None,
                reason: "亲戚".into(),
            }),
        ),
        ("/people/recuse/end", body(&EndRecusal { id: unknown })),
        (
            "/erasures/request",
            body(&RequestErasure {
                id: unknown,
                child: document,
                with: vec![],
                about: vec![],
                left: false,
                basis: "consent_withdrawn".into(),
                words: "家里要求".into(),
                part: None,
            }),
        ),
        (
            "/erasures/decide",
            body(&DecideErasure {
                id: theirs.erasure,
                approve: true,
                renewal: None,
                also: Vec::new(),
            }),
        ),
        (
            "/erasures/hold",
            body(&SetHold {
                child: document,
                with: vec![],
                hold: true,
                words: "查案".into(),
            }),
        ),
        ("/reports/bring", body(&their_report(by, theirs))),
        (
            "/countersign",
            body(&Countersign {
                station: theirs.scope,
                problem: document,
                closing: unknown,
                verdict: Verdict::NotOver,
                reason: Some(reason()),
            }),
        ),
        (
            "/cases/ask",
            body(&AskCase {
                id: unknown,
                station: theirs.scope,
                problem: document,
                reason: reason(),
            }),
        ),
        (
            "/cases/answer",
            body(&AnswerCase {
                id: unknown,
                answer: CaseAnswer::Decline {
                    sealed: vec![7u8; 90].into(),
                },
            }),
        ),
        ("/cases/read", body(&ReadCase { id: unknown })),
    ])
}

/// Routes that name nothing of a township: what they are about is the asker's own, or the server's.
const NAMES_NOTHING: [&str; 31] = [
    "/health",
    "/openapi.json",
    "/enrol/start",
    "/enrol/reveal",
    "/enrol/poll",
    "/enrol/finish",
    "/session/nonce",
    "/session/open",
    "/snapshot",
    "/enrolments/delegate",
    "/villages",
    "/villages/list",
    "/devices/list",
    "/refusals/list",
    "/moves/targets",
    "/moves/list",
    "/handover",
    "/handover/trail",
    "/handover/remains",
    "/handover/receipt",
    "/audit/bring",
    "/audit/counts",
    "/exports/list",
    "/exports/request",
    "/forms/publish",
    "/unit-keys/read",
    "/people/list",
    "/people/own",
    "/people/recusals",
    "/erasures/list",
    "/reports/list",
];

/// Lists that are asked with nothing, and must hold nothing of another's.
const LISTS: [&str; 11] = [
    "/villages/list",
    "/devices/list",
    "/refusals/list",
    "/moves/targets",
    "/moves/list",
    "/exports/list",
    "/unit-keys/read",
    "/people/list",
    "/people/recusals",
    "/erasures/list",
    "/reports/list",
];

/// Every row that says something about a township; when a device was heard of is none.
fn rows(connection: &Connection) -> BTreeMap<&'static str, Vec<Vec<Value>>> {
    [
        "scopes",
        "units",
        "staff",
        "grants",
        "covers",
        "documents",
        "changes",
        "log",
        "orders",
        "enrolments",
        "erasures",
        "exports",
        "moves",
        "move_documents",
        "guests",
        "recusals",
        "holds",
        "reviews",
        "held",
        "blobs",
        "unit_keys",
        "unit_key_wraps",
        "reports",
        "countersignatures",
        "cases",
        "revoked",
        "wipes",
    ]
    .into_iter()
    .map(|table| {
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
            .unwrap();
        let columns = statement.column_count();
        let rows = statement
            .query_map([], |row| {
                (0..columns).map(|column| row.get(column)).collect()
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        (table, rows)
    })
    .collect()
}

/// What stands in an answer of the first township's.
fn told(answer: &[u8], theirs: &Theirs) -> Vec<Uuid> {
    let raw = wire::inflate(answer, wire::RESPONSE).unwrap();
    let stands = |id: &Uuid| raw.windows(16).any(|part| part == id.as_bytes());
    theirs.ids().into_iter().filter(stands).collect()
}

async fn ask(http: &Http, path: &str, by: &Device, message: Vec<u8>) -> (u16, Vec<u8>) {
    http.raw(path, by.token.as_deref(), message).await
}

#[tokio::test]
async fn who_names_what_is_another_townships_gets_nothing_and_changes_nothing() {
    let world = World::new().await;
    let theirs = theirs(&world).await;
    let mut station = another_township(&world).await;
    let village = station.village("荷塘村", "310199200201").await;
    let scope = station.enrolled.scope;
    let mut askers = Vec::new();
    for (role, unit) in [
        (Role::Director, village),
        (Role::Supervisor, scope),
        (Role::Head, scope),
    ] {
        let mut device = world
            .colleague(&mut station, role, unit, role.as_str())
            .await
            .unwrap();
        device.open_session().await.unwrap();
        askers.push((role, device));
    }
    let messages = named(&askers[0].1, &theirs);
    let spoken: BTreeSet<&str> = messages.keys().copied().chain(NAMES_NOTHING).collect();
    let every: BTreeSet<&str> = routes().map(|(path, _)| path).collect();
    assert_eq!(spoken, every, "a new route gets its message here");

    let http = world.http();
    let connection = Connection::open(database::file_of(&world.data())).unwrap();
    let before = rows(&connection);
    for (role, device) in &askers {
        let lists = LISTS.map(|path| (path, body(&())));
        for (path, message) in named(device, &theirs).into_iter().chain(lists) {
            let (status, answer) = ask(&http, path, device, message).await;
            assert!(status < 500, "{path} {role:?}: {status}");
            if path.starts_with("/enrolments") && *role != Role::Director {
                assert_eq!(status, 404, "{path} {role:?}");
            }
            if status == 200 {
                let told = told(&answer, &theirs);
                assert!(told.is_empty(), "{path} {role:?}: {told:?}");
            }
        }
    }
    let after = rows(&connection);
    for (table, rows) in before {
        assert_eq!(after[table], rows, "{table}");
    }
}
