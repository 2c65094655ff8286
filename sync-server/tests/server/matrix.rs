//! The reviewed access table against the real server: every route × role × standing, and documents by relation.

use crate::support::{Device, Doc, World};
use ids::{DocKind, Role, UnitId};
use protocol::access::matrix::{self, Line};
use protocol::{Envelope, Outcome, RefusalCode};
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
const MORE_ROUTES: [(&str, &str); 39] = [
    ("/moves/offer", "MoveDocuments"),
    ("/moves/decide", "MoveDocuments"),
    ("/guests/open", "AdmitGuests"),
    ("/guests/end", "AdmitGuests"),
    ("/review/list", "ReadReviews"),
    ("/review/decide", "DecideReview"),
    ("/devices/revoke", "RevokeDevice"),
    ("/handover", "HandOver"),
    ("/handover/remains", "HandOver"),
    ("/handover/receipt", "HandOver"),
    ("/audit/bring", "BringAudit"),
    ("/audit/list", "ReadAudit"),
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

fn routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.into_iter().chain(MORE_ROUTES)
}

/// What a letter of the table is to whoever asks a route.
fn refusal_of(letter: char) -> Option<(u16, &'static str)> {
    match letter {
        'y' => None,
        'u' => Some((401, "session_unknown")),
        'r' => Some((403, "device_revoked")),
        _ => Some((403, "not_allowed")),
    }
}

fn letter(lines: &[Line], action: &str, relation: &str, column: &str, standing: usize) -> char {
    matrix::reviewed(lines, action, relation, column)
        .and_then(|letters| letters.chars().nth(standing))
        .unwrap_or_else(|| panic!("{action} | {relation} | {column} was reviewed"))
}

/// The status and code of a request without a body: who asks is decided before what they say is read.
async fn ask(world: &World, path: &str, token: Option<&str>) -> (u16, String) {
    let (status, body) = if matches!(path, "/health" | "/openapi.json") {
        world.http().get(path).await
    } else {
        world.http().raw(path, token, Vec::new()).await
    };
    let code = serde_json::from_slice::<serde_json::Value>(&body)
        .ok()
        .and_then(|body| Some(body.get("code")?.as_str()?.to_owned()))
        .unwrap_or_default();
    (status, code)
}

#[tokio::test]
async fn every_route_lets_in_and_keeps_out_whom_the_reviewed_table_says() {
    let lines = matrix::parse(REVIEWED);
    let world = World::new().await;
    let mut station = world.station().await;
    let scope = world.report.scope;
    let village = station.village("东滩村", "310199100201").await;

    let (_, description) = world.http().get("/openapi.json").await;
    let description: serde_json::Value = serde_json::from_slice(&description).unwrap();
    let described: BTreeSet<&str> = description["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let named: BTreeSet<&str> = routes().map(|(path, _)| path).collect();
    assert_eq!(named, described, "a new route gets its line here");

    let mut people: Vec<(&str, Option<String>, usize, Option<Device>)> =
        vec![("stranger", None, 0, None)];
    for standing in [0, 1] {
        for (column, role, unit) in [
            ("director", Role::Director, village),
            ("supervisor", Role::Supervisor, scope),
            ("head", Role::Head, scope),
        ] {
            let name = format!("{column}{standing}");
            // A second head is enrolled by the first.
            let head = people
                .iter_mut()
                .find(|(known, ..)| *known == "head")
                .and_then(|(.., device)| device.as_mut());
            let by = match head {
                Some(head) if role == Role::Head => head,
                _ => &mut station,
            };
            let mut device = world.colleague(by, role, unit, &name).await.unwrap();
            device.open_session().await.unwrap();
            people.push((column, device.token.clone(), standing, Some(device)));
        }
        let name = format!("officer{standing}");
        let mut officer = world.officer(&name).await.unwrap();
        officer.open_session().await.unwrap();
        people.push(("officer", officer.token.clone(), standing, Some(officer)));
    }
    let entropy = sync_server::system::SystemEntropy;
    let mut desk = sync_server::admin::AdminDesk::open(
        &world.data(),
        &world.key_file(),
        world.clock.as_ref(),
        &entropy,
    )
    .unwrap();
    for (_, _, standing, device) in &people {
        if let (1, Some(device)) = (standing, device) {
            desk.revoke(device.enrolled.device, "离职").unwrap();
        }
    }
    let mut wrong = Vec::new();
    for (path, action) in routes() {
        let relation = match action {
            "ReadHealth" | "Enrol" | "OpenSession" => "the server",
            _ => "own township",
        };
        for (column, token, standing, _) in &people {
            let expected = refusal_of(letter(&lines, action, relation, column, *standing));
            let (status, code) = ask(&world, path, token.as_deref()).await;
            let answered = [
                (401, "session_unknown"),
                (403, "device_revoked"),
                (403, "not_allowed"),
            ]
            .into_iter()
            .find(|refusal| *refusal == (status, code.as_str()));
            if answered != expected || status >= 500 {
                wrong.push(format!(
                    "{path} {column} {standing}: {status} {code}, expected {expected:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn another_townships_station_finds_nothing_of_this_one() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let code = station.new_code(village, "林月").await.unwrap();
    let other = world
        .server()
        .create_township("青溪镇".into(), "310199200000".into(), "何静".into())
        .await
        .unwrap();
    let half = crate::support::Half::begin_qr(world.http(), &other.qr)
        .await
        .unwrap();
    world
        .server()
        .confirm_enrolment(other.enrolment)
        .await
        .unwrap();
    let mut stranger = half.finish().await.unwrap();
    let (status, error) = stranger.new_code(village, "林月").await.unwrap_err();
    assert_eq!((status, error.code.as_str()), (404, "not_found"));
    let (status, error) = stranger.confirm(&code, "000000").await.unwrap_err();
    assert_eq!((status, error.code.as_str()), (404, "not_found"));
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
            let expected = letter(&lines, "CreateDocument", relation, "officer", 0);
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
            let expected = letter(&lines, "CreateDocument", relation, column, 0);
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
            let reads = letter(&lines, "ReadDocument", relation, column, 0) == 'y';
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
            let expected = letter(&lines, "WriteDocument", relation, column, 0);
            let what = format!("{column} writes in {relation}");
            expect_outcome(&response.outcomes[0].1, expected, &what);
        }
    }
}
