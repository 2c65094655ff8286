//! The reviewed access table against the real server: every route × role × standing, and documents by relation.

use crate::support::{Device, Doc, Half, Http, World};
use futures_util::future::join_all;
use ids::{Clock, DocKind, Role, UnitId};
use protocol::access::Standing;
use protocol::access::matrix::{self, Line};
use protocol::session::proof::RequestProof;
use protocol::{Envelope, Outcome, RefusalCode};
use rusqlite::Connection;
use std::collections::BTreeSet;

const REVIEWED: &str = include_str!("../../../crates/protocol/tests/access-matrix.txt");

/// Every route with the action a person would say it is; compared with the API's own description.
const ROUTES: [(&str, &str); 26] = [
    ("/health", "ReadHealth"),
    ("/openapi.json", "ReadHealth"),
    ("/enrol/start", "Enrol"),
    ("/enrol/reveal", "Enrol"),
    ("/enrol/poll", "Enrol"),
    ("/enrol/finish", "Enrol"),
    ("/session/nonce", "OpenSession"),
    ("/session/open", "OpenSession"),
    ("/sync", "ReadLog"),
    ("/snapshot", "ReadLog"),
    ("/documents/read", "ReadLog"),
    ("/inventory", "ReadLog"),
    ("/refill", "ReadLog"),
    ("/blobs/offer", "ReadLog"),
    ("/blobs/chunk", "ReadLog"),
    ("/blobs/read", "ReadLog"),
    ("/enrolments", "CreateEnrolment"),
    ("/enrolments/status", "ReadEnrolment"),
    ("/enrolments/confirm", "ConfirmEnrolment"),
    ("/enrolments/delegate", "DelegateEnrolment"),
    ("/villages", "CreateVillage"),
    ("/villages/list", "ReadVillages"),
    ("/devices/list", "ReadDevices"),
    ("/refusals/list", "ReadRefusals"),
    ("/moves/targets", "ReadMoves"),
    ("/moves/list", "ReadMoves"),
];

/// The rest of them.
const MORE_ROUTES: [(&str, &str); 43] = [
    ("/moves/offer", "MoveDocuments"),
    ("/moves/decide", "MoveDocuments"),
    ("/guests/open", "AdmitGuests"),
    ("/guests/end", "AdmitGuests"),
    ("/review/list", "ReadReviews"),
    ("/review/decide", "DecideReview"),
    ("/devices/revoke", "RevokeDevice"),
    ("/handover", "HandOver"),
    ("/handover/trail", "HandOver"),
    ("/handover/offer", "HandOver"),
    ("/handover/chunk", "HandOver"),
    ("/handover/remains", "HandOver"),
    ("/handover/receipt", "HandOver"),
    ("/audit/bring", "BringAudit"),
    ("/audit/list", "ReadAudit"),
    ("/audit/counts", "ReadAuditCounts"),
    ("/exports/list", "ReadExports"),
    ("/exports/request", "RequestExport"),
    ("/exports/decide", "DecideExport"),
    ("/exports/use", "RequestExport"),
    ("/forms/publish", "PublishForm"),
    ("/unit-keys/read", "ReadUnitKeys"),
    ("/unit-keys/keep", "KeepUnitKeys"),
    ("/people/list", "ReadPeople"),
    ("/people/own", "ReadOwnGrant"),
    ("/people/grant", "ManagePeople"),
    ("/people/vet", "ManagePeople"),
    ("/people/end", "ManagePeople"),
    ("/people/cover", "ManagePeople"),
    ("/people/cover/end", "ManagePeople"),
    ("/people/recusals", "ReadPeople"),
    ("/people/recuse", "ManagePeople"),
    ("/people/recuse/end", "ManagePeople"),
    ("/erasures/list", "ReadErasures"),
    ("/erasures/request", "RequestErasure"),
    ("/erasures/decide", "DecideErasure"),
    ("/erasures/hold", "DecideErasure"),
    ("/reports/bring", "BringReport"),
    ("/reports/list", "ReadReports"),
    ("/countersign", "Countersign"),
    ("/cases/ask", "AskCase"),
    ("/cases/answer", "AnswerCase"),
    ("/cases/read", "ReadCase"),
];

/// All of them.
pub fn routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.into_iter().chain(MORE_ROUTES)
}

/// Refusals of whoever asks, whatever they say.
const KEPT_OUT: [(u16, &str); 3] = [
    (401, "session_unknown"),
    (403, "device_revoked"),
    (403, "not_allowed"),
];

/// What a letter of the table is to whoever asks a route. Whose membership is over opens a session first, where that
/// becomes an order.
fn refusal_of(letter: char) -> Option<(u16, &'static str)> {
    match letter {
        'y' => None,
        'u' | 'e' => Some(KEPT_OUT[0]),
        'r' => Some(KEPT_OUT[1]),
        _ => Some(KEPT_OUT[2]),
    }
}

fn letter(lines: &[Line], action: &str, relation: &str, column: &str, standing: Standing) -> char {
    let place = Standing::ALL
        .into_iter()
        .position(|other| other == standing)
        .unwrap();
    matrix::reviewed(lines, action, relation, column)
        .and_then(|letters| {
            // Strangers and the operator have none.
            let is_one = letters.len() == 1;
            letters.chars().nth(if is_one { 0 } else { place })
        })
        .unwrap_or_else(|| panic!("{action} | {relation} | {column} was reviewed"))
}

/// The status and code of a request without a body: who asks is decided before what they say is read.
async fn ask(http: &Http, path: &str, token: Option<&str>) -> (u16, String) {
    let (status, body) = if matches!(path, "/health" | "/openapi.json") {
        http.get(path).await
    } else {
        http.raw(path, token, Vec::new()).await
    };
    (status, code_of(&body))
}

/// The code of a refusal; empty where the answer is none.
fn code_of(body: &[u8]) -> String {
    serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|body| Some(body.get("code")?.as_str()?.to_owned()))
        .unwrap_or_default()
}

/// How memberships come to stand at a server.
struct Standings {
    name: &'static str,
    /// As the table has it.
    stands: Standing,
    /// As the server decides about whoever asks it.
    decided_as: Standing,
    made: &'static str,
    undone: &'static str,
}

const STANDINGS: [Standings; 7] = [
    Standings {
        name: "as they were enrolled",
        stands: Standing::Active,
        decided_as: Standing::Active,
        made: "",
        undone: "",
    },
    // The lease runs on the tablet: whoever asks the server has just heard of it.
    Standings {
        name: "not heard of since long",
        stands: Standing::LeaseOver,
        decided_as: Standing::Active,
        made: "UPDATE devices SET seen_ms = 1",
        undone: "",
    },
    // That an appointment begins is asked when a code is made: the server's clock may have been set back since.
    Standings {
        name: "appointed from a later day on",
        stands: Standing::NotYet,
        decided_as: Standing::Active,
        made: "UPDATE grants SET from_ms = 9000000000000",
        undone: "UPDATE grants SET from_ms = 0",
    },
    Standings {
        name: "whose appointment ran out",
        stands: Standing::Expired,
        decided_as: Standing::Expired,
        made: "UPDATE grants SET until_ms = 1",
        undone: "UPDATE grants SET until_ms = NULL",
    },
    Standings {
        name: "whose appointment was ended",
        stands: Standing::Expired,
        decided_as: Standing::Expired,
        made: "UPDATE grants SET ended_ms = 1",
        undone: "UPDATE grants SET ended_ms = NULL",
    },
    Standings {
        name: "whose certificate ran out",
        stands: Standing::Expired,
        decided_as: Standing::Expired,
        made: "UPDATE devices SET certified_ms = 1",
        undone: "UPDATE devices SET certified_ms = enrolled_ms",
    },
    // By the order, as the operator gives it; nothing undoes it.
    Standings {
        name: "stopped",
        stands: Standing::Revoked,
        decided_as: Standing::Revoked,
        made: "",
        undone: "",
    },
];

/// Somebody with a device, by a column of the table.
struct Asker {
    column: &'static str,
    township: &'static str,
    device: Device,
}

/// One of each role of a township.
async fn staff(
    world: &World,
    station: &mut Device,
    township: &'static str,
    (village, region): (&str, &str),
) -> Vec<Asker> {
    let village = station.village(village, region).await;
    let scope = station.enrolled.scope;
    let mut askers = Vec::new();
    for (column, role, unit) in [
        ("director", Role::Director, village),
        ("supervisor", Role::Supervisor, scope),
        ("head", Role::Head, scope),
    ] {
        let name = format!("{column} {township}");
        let mut device = world.colleague(station, role, unit, &name).await.unwrap();
        device.open_session().await.unwrap();
        askers.push(Asker {
            column,
            township,
            device,
        });
    }
    askers
}

/// A second township's station.
pub async fn another_township(world: &World) -> Device {
    let other = world
        .server()
        .create_township("青溪镇".into(), "310199200000".into(), "何静".into())
        .await
        .unwrap();
    let half = Half::begin_qr(world.http(), &other.qr).await.unwrap();
    world
        .server()
        .confirm_enrolment(other.enrolment)
        .await
        .unwrap();
    half.finish().await.unwrap()
}

/// What a device shows: its session's token, or where the certificate matters a proof in its place.
fn token_of(world: &World, asker: &Asker, standings: &Standings) -> Option<String> {
    let device = &asker.device;
    if !standings.made.contains("certified_ms") {
        return device.token.clone();
    }
    let (id, server) = (device.enrolled.device, &device.enrolled.server_key);
    Some(RequestProof::sign(&device.key, id, server, world.clock.now_ms()).text())
}

#[tokio::test]
async fn every_route_lets_in_and_keeps_out_whom_the_reviewed_table_says() {
    let lines = matrix::parse(REVIEWED);
    let world = World::new().await;
    let http = world.http();
    let (_, description) = http.get("/openapi.json").await;
    let description: serde_json::Value = serde_json::from_slice(&description).unwrap();
    let described: BTreeSet<&str> = description["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let named: BTreeSet<&str> = routes().map(|(path, _)| path).collect();
    assert_eq!(named, described, "a new route gets its line here");
    for standing in Standing::ALL {
        assert!(STANDINGS.iter().any(|one| one.stands == standing));
    }

    let mut station = world.station().await;
    let mut neighbour = another_township(&world).await;
    let village = ("东滩村", "310199100201");
    let mut askers = staff(&world, &mut station, "芦汀镇", village).await;
    let village = ("荷塘村", "310199200201");
    askers.extend(staff(&world, &mut neighbour, "青溪镇", village).await);
    let mut officer = world.officer("何珊").await.unwrap();
    officer.open_session().await.unwrap();
    askers.push(Asker {
        column: "officer",
        township: "沧浦区",
        device: officer,
    });

    let database = Connection::open(sync_server::database::file_of(&world.data())).unwrap();
    let mut wrong = Vec::new();
    for standings in &STANDINGS {
        if standings.stands == Standing::Revoked {
            stop_all(&world, &askers);
        }
        database.execute_batch(standings.made).unwrap();
        for (path, action) in routes() {
            let relation = match action {
                "ReadHealth" | "Enrol" | "OpenSession" => "the server",
                _ => "own township",
            };
            // Anybody may: to whom the table never says no it is enough to be asked twice, at the pace of strangers.
            let is_end = matches!(standings.stands, Standing::Active | Standing::Revoked);
            if relation == "the server" && !is_end {
                continue;
            }
            let strangers = std::iter::once(("stranger", "", None));
            let people = askers.iter().map(|asker| {
                let token = token_of(&world, asker, standings);
                (asker.column, asker.township, token)
            });
            let asked = strangers.chain(people).map(|(column, township, token)| {
                let decided_as = standings.decided_as;
                let expected = refusal_of(letter(&lines, action, relation, column, decided_as));
                let (http, name) = (&http, standings.name);
                async move {
                    let (status, code) = ask(http, path, token.as_deref()).await;
                    let answered = KEPT_OUT
                        .into_iter()
                        .find(|refusal| *refusal == (status, code.as_str()));
                    let is_right = answered == expected && status < 500;
                    (!is_right).then(|| {
                        format!(
                            "{path} {column} {township} {name}: {status} {code}, expected {expected:?}"
                        )
                    })
                }
            });
            wrong.extend(join_all(asked).await.into_iter().flatten());
        }
        database.execute_batch(standings.undone).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn stop_all(world: &World, askers: &[Asker]) {
    let entropy = sync_server::system::SystemEntropy;
    let mut desk = sync_server::admin::AdminDesk::open(
        &world.data(),
        &world.key_file(),
        world.clock.as_ref(),
        &entropy,
    )
    .unwrap();
    for asker in askers {
        desk.revoke(asker.device.enrolled.device, "离职").unwrap();
    }
}

/// A document in the log, with the change that began it.
struct Written {
    header: protocol::DocumentHeader,
    first: Envelope,
    /// Its place in the table for each reader: director, supervisor, head.
    relations: [&'static str; 3],
}

async fn begin(
    device: &mut Device,
    kind: DocKind,
    home: UnitId,
) -> (Outcome, protocol::DocumentHeader, Envelope) {
    let mut doc = device.document(kind, home);
    let first = device.edit(&mut doc, "name", "x");
    let response = device.sync(None, vec![first.clone()]).await.unwrap();
    (response.outcomes[0].1.clone(), doc.header, first)
}

fn expect_outcome(outcome: &Outcome, letter: char, what: &str) {
    let refused = |code| Outcome::Refused { code };
    match letter {
        'y' => assert!(outcome.is_in_log(), "{what}: {outcome:?}"),
        'U' => assert_eq!(*outcome, refused(RefusalCode::NotYourUnit), "{what}"),
        'K' | 'R' => assert_eq!(*outcome, refused(RefusalCode::KindDenied), "{what}"),
        other => panic!("{what}: {other} is no letter of a document"),
    }
}

#[tokio::test]
async fn an_officer_of_the_district_begins_nothing_and_holds_nothing() {
    let lines = matrix::parse(REVIEWED);
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let (outcome, ..) = begin(&mut station, DocKind::Child, village).await;
    assert!(outcome.is_in_log());
    let mut officer = world.officer("何珊").await.unwrap();
    let district = officer.enrolled.scope;
    assert_eq!(
        (officer.enrolled.role, officer.enrolled.unit),
        (Role::Officer, world.report.district)
    );
    assert_eq!(district, world.report.district);
    for kind in DocKind::ALL {
        for (relation, home) in [
            ("a file of the village, made here", village),
            ("a file of the station", district),
        ] {
            let relation = match kind {
                DocKind::Restricted => "sealed at the station, made here",
                _ => relation,
            };
            let expected = letter(
                &lines,
                "CreateDocument",
                relation,
                "officer",
                Standing::Active,
            );
            assert_eq!(expected, 'R');
            let (outcome, ..) = begin(&mut officer, kind, home).await;
            let what = format!("{kind:?} in {relation}");
            assert!(!outcome.is_in_log(), "{what}: {outcome:?}");
            if home == district {
                expect_outcome(&outcome, expected, &what);
            }
        }
    }
    let pages = officer.snapshot(0).await;
    assert!(pages.iter().all(|page| page.documents.is_empty()));
    let names: Vec<String> = pages
        .iter()
        .flat_map(|page| &page.members)
        .filter_map(|member| match member {
            protocol::MemberRecord::Unit { name, .. }
            | protocol::MemberRecord::Staff { name, .. } => Some(name.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["沧浦区", "何珊"], "nobody of a township");
    let start = officer.start();
    let response = officer.sync(Some(start), vec![]).await.unwrap();
    let changes = |entry: &&protocol::Entry| {
        matches!(
            entry.body,
            protocol::EntryBody::Change { .. } | protocol::EntryBody::DocIn { .. }
        )
    };
    assert_eq!(response.entries.iter().filter(changes).count(), 0);
    // Nor does anybody of the township hear of her.
    let heard = station.snapshot(0).await;
    let is_hers = |member: &&protocol::MemberRecord| {
        matches!(
            member,
            protocol::MemberRecord::Staff {
                role: Role::Officer,
                ..
            }
        )
    };
    let officers = heard.iter().flat_map(|page| &page.members).filter(is_hers);
    assert_eq!(officers.count(), 0);
}

#[tokio::test]
async fn only_whoever_runs_the_server_makes_an_officer_and_only_at_the_district() {
    let world = World::new().await;
    let mut station = world.station().await;
    let scope = world.report.scope;
    for unit in [world.report.district, scope] {
        let refused = station.new_code_for(Role::Officer, unit, "何珊").await;
        assert!(refused.is_err(), "{refused:?}");
    }
    for (role, unit) in [
        (Role::Officer, scope),
        (Role::Supervisor, world.report.district),
        (Role::Head, world.report.district),
        (Role::Director, world.report.district),
    ] {
        let input = protocol::CreateEnrolment {
            unit,
            role,
            person: "何珊".into(),
        };
        let made = world.server().create_enrolment(input).await;
        assert!(made.is_err(), "{role:?} {unit}");
    }
}

#[tokio::test]
async fn documents_are_begun_read_and_written_by_whom_the_reviewed_table_says() {
    let lines = matrix::parse(REVIEWED);
    let world = World::new().await;
    let mut supervisor = world.station().await;
    let scope = world.report.scope;
    let village = supervisor.village("东滩村", "310199100201").await;
    let elsewhere = supervisor.village("西滩村", "310199100202").await;
    let mut director = world.tablet(&mut supervisor, village, "林月").await;
    let mut neighbour = world.tablet(&mut supervisor, elsewhere, "陈安").await;
    let mut head = world
        .colleague(&mut supervisor, Role::Head, scope, "高岚")
        .await
        .unwrap();

    for (column, device) in [
        ("director", &mut director),
        ("supervisor", &mut supervisor),
        ("head", &mut head),
    ] {
        for (relation, kind, home) in [
            ("a file of the village, made here", DocKind::Child, village),
            (
                "a file of another village, made here",
                DocKind::Household,
                elsewhere,
            ),
            ("a file of the station", DocKind::Problem, scope),
            (
                "sealed at the station, made here",
                DocKind::Restricted,
                scope,
            ),
            (
                "sealed in the village, made here",
                DocKind::Restricted,
                village,
            ),
        ] {
            let expected = letter(&lines, "CreateDocument", relation, column, Standing::Active);
            let (outcome, ..) = begin(device, kind, home).await;
            expect_outcome(&outcome, expected, &format!("{column} begins {relation}"));
        }
    }

    let mut documents = Vec::new();
    let everywhere = |director, station| [director, station, station];
    for (by_station, kind, home, relations) in [
        (
            false,
            DocKind::Child,
            elsewhere,
            everywhere("a file of another village", "a file of another village"),
        ),
        (
            false,
            DocKind::Restricted,
            scope,
            everywhere(
                "sealed at the station, made elsewhere",
                "sealed at the station, made elsewhere",
            ),
        ),
        (
            true,
            DocKind::Household,
            village,
            everywhere(
                "a file of the village, made elsewhere",
                "a file of the village, made elsewhere",
            ),
        ),
        (
            true,
            DocKind::Child,
            scope,
            everywhere("a file of the station", "a file of the station"),
        ),
    ] {
        let device = if by_station {
            &mut supervisor
        } else {
            &mut neighbour
        };
        let (outcome, header, first) = begin(device, kind, home).await;
        assert!(outcome.is_in_log());
        documents.push(Written {
            header,
            first,
            relations,
        });
    }
    for (reader, (column, device)) in [
        ("director", &mut director),
        ("supervisor", &mut supervisor),
        ("head", &mut head),
    ]
    .into_iter()
    .enumerate()
    {
        let held: BTreeSet<_> = device
            .snapshot(0)
            .await
            .iter()
            .flat_map(|page| &page.documents)
            .map(|document| document.document)
            .collect();
        for document in &documents {
            let relation = document.relations[reader];
            let reads = letter(&lines, "ReadDocument", relation, column, Standing::Active) == 'y';
            assert_eq!(
                held.contains(&document.header.document),
                reads,
                "{column} reads {relation}"
            );
            // The device that began it has no need of a copy.
            if document.header.creator == device.enrolled.device {
                continue;
            }
            let mut copy = Doc::new(device, document.header.clone());
            copy.changes = 1;
            copy.take(&document.first.change);
            let more = device.edit(&mut copy, "name", "y");
            let response = device.sync(None, vec![more]).await.unwrap();
            let expected = letter(&lines, "WriteDocument", relation, column, Standing::Active);
            let what = format!("{column} writes in {relation}");
            expect_outcome(&response.outcomes[0].1, expected, &what);
        }
    }
}
