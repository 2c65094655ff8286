//! Stations' reports to the district: who brings one, who hears it, and that one stands in the place of the last.

use crate::support::{Device, Half, Refused, World};
use ed25519_dalek::VerifyingKey;
use ids::{DocKind, DocumentId, UnitId};
use protocol::report::{
    self, CodeCount, Count, ReportLine, ReportStep, StationReport, VillageCounts,
};
use protocol::{BringReport, DeviceCertificate, Reports};
use rusqlite::Connection;
use sync_server::vault::Vault;
use sync_server::{database, verify};
use uuid::Uuid;

/// What a line is about, with bytes that stand nowhere by chance.
const PROBLEM: DocumentId = DocumentId(Uuid::from_u128(0x8f3a_91c4_5d27_4be6_a0d1_73c8_2e95_b64f));

pub(crate) fn report_of(device: &Device, village: UnitId, children: u32) -> StationReport {
    StationReport {
        station: device.enrolled.scope,
        device: device.enrolled.device,
        day: "2026-11-27".into(),
        below: 5,
        villages: vec![VillageCounts {
            village,
            children: Count::Exactly(children),
            categories: vec![CodeCount {
                code: "LB-1".into(),
                count: Count::Few,
            }],
            cadence: Vec::new(),
            problems: Vec::new(),
        }],
        lines: vec![ReportLine {
            problem: PROBLEM,
            village,
            kind: "ABUSE".into(),
            severity: "S1".into(),
            day: "2026-11-26".into(),
            state: "reported".into(),
            mandatory: true,
            receipt: false,
            next: Some(ReportStep {
                step: "accept".into(),
                side: "station".into(),
                until: Some("2026-11-26".into()),
            }),
            closing: None,
        }],
        left_out: 0,
    }
}

pub(crate) async fn bring(device: &mut Device, report: &StationReport) -> Result<Reports, Refused> {
    let report = report::sign(&device.key, report).unwrap();
    device.post("/reports/bring", &BringReport { report }).await
}

async fn list(device: &mut Device) -> Result<Reports, Refused> {
    device.post("/reports/list", &()).await
}

/// What an asker believes of the reports it hears, by station.
fn believed(device: &Device, reports: &Reports) -> Vec<(String, Option<u32>)> {
    let server = VerifyingKey::from_bytes(&device.enrolled.server_key).unwrap();
    reports
        .stations
        .iter()
        .map(|station| {
            let children = station.report.as_ref().map(|known| {
                let read = report::believe(&server, station.station, known).unwrap();
                match read.villages[0].children {
                    Count::Exactly(n) => n,
                    Count::Few => 0,
                }
            });
            (station.name.clone(), children)
        })
        .collect()
}

#[tokio::test]
async fn a_report_stands_until_the_next_and_is_heard_by_its_station_and_the_district_alone() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut director = world.tablet(&mut station, village, "林月").await;
    let mut officer = world.officer("何珊").await.unwrap();
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
    let mut neighbour = half.finish().await.unwrap();

    let none = list(&mut officer).await.unwrap();
    assert_eq!(
        believed(&officer, &none),
        [("芦汀镇".to_owned(), None), ("青溪镇".to_owned(), None)],
        "the silent ones are there as well"
    );
    assert_eq!(officer.sync(None, vec![]).await.unwrap().report_ms, 0);

    let said = report_of(&station, village, 12);
    let answer = bring(&mut station, &said).await.unwrap();
    assert_eq!(
        believed(&station, &answer),
        [("芦汀镇".to_owned(), Some(12))]
    );
    let heard = list(&mut officer).await.unwrap();
    assert_eq!(
        believed(&officer, &heard),
        [("芦汀镇".to_owned(), Some(12)), ("青溪镇".to_owned(), None)]
    );
    let known = heard.stations[0].report.clone().unwrap();
    assert_eq!(heard.stations[0].villages[0].name, "东滩村");
    let server = VerifyingKey::from_bytes(&officer.enrolled.server_key).unwrap();
    let certificate: DeviceCertificate =
        protocol::session::proof::read_statement(&server, &known.certificate).unwrap();
    assert!(certificate.known_as.is_none(), "nobody's name goes along");
    let theirs = list(&mut neighbour).await.unwrap();
    assert_eq!(
        believed(&neighbour, &theirs),
        [("青溪镇".to_owned(), None)],
        "another station hears of itself alone"
    );

    // A township that went to another district is hers no more.
    let hand_over = |district: &str| {
        let connection = Connection::open(database::file_of(&world.data())).unwrap();
        let moved = connection
            .execute(
                &format!("UPDATE units SET parent = {district} WHERE name = '青溪镇'"),
                [],
            )
            .unwrap();
        assert_eq!(moved, 1);
    };
    hand_over("NULL");
    let heard = list(&mut officer).await.unwrap();
    assert_eq!(
        believed(&officer, &heard),
        [("芦汀镇".to_owned(), Some(12))]
    );
    hand_over("(SELECT id FROM units WHERE level = 'district')");
    for asker in [&mut officer, &mut station] {
        let told = asker.sync(None, vec![]).await.unwrap().report_ms;
        assert_eq!(told, known.taken_ms);
    }
    for asker in [&mut director, &mut neighbour] {
        assert_eq!(asker.sync(None, vec![]).await.unwrap().report_ms, 0);
    }

    // The next one stands in its place, whatever the clock.
    let next = report_of(&station, village, 13);
    bring(&mut station, &next).await.unwrap();
    let heard = list(&mut officer).await.unwrap();
    assert_eq!(believed(&officer, &heard)[0].1, Some(13));
    let newer = heard.stations[0].report.as_ref().unwrap().taken_ms;
    assert!(
        newer > known.taken_ms,
        "so that whoever heard the last asks again"
    );

    // It lies sealed, and what lies there holds.
    let file = database::file_of(&world.data());
    let mut disk = std::fs::read(&file).unwrap();
    disk.extend(std::fs::read(file.with_extension("sqlite-wal")).unwrap_or_default());
    let shows = |bytes: &[u8]| disk.windows(bytes.len()).any(|part| part == bytes);
    assert!(
        shows(station.enrolled.device.0.as_bytes()),
        "ids are looked for as they lie"
    );
    assert!(!shows(PROBLEM.0.as_bytes()));
    let vault = Vault::open(&world.key_file(), &world.data()).unwrap();
    let connection = database::open_reader(&file).unwrap();
    let faults = verify::verify(&connection, &vault).unwrap().faults;
    assert_eq!(faults, Vec::<String>::new());
}

#[tokio::test]
async fn nobody_else_brings_or_hears_one() {
    let world = World::new().await;
    let mut station = world.station().await;
    let scope = world.report.scope;
    let village = station.village("东滩村", "310199100201").await;
    let mut director = world.tablet(&mut station, village, "林月").await;
    let mut officer = world.officer("何珊").await.unwrap();
    let elsewhere = World::new().await;
    let mut of_elsewhere = elsewhere.station().await;
    of_elsewhere.open_session().await.unwrap();
    of_elsewhere.http = world.http();
    let mut colleague = world
        .colleague(&mut station, ids::Role::Supervisor, scope, "宋洁")
        .await
        .unwrap();

    let said = report_of(&station, village, 12);
    for (who, device, refused) in [
        ("a director", &mut director, (403, "not_allowed")),
        ("an officer", &mut officer, (403, "not_allowed")),
        (
            "another district's station",
            &mut of_elsewhere,
            (401, "session_unknown"),
        ),
    ] {
        let own = StationReport {
            device: device.enrolled.device,
            ..said.clone()
        };
        let (status, error) = bring(device, &own).await.unwrap_err();
        assert_eq!((status, error.code.as_str()), refused, "{who}");
    }
    for (who, device, refused) in [
        ("a director", &mut director, (403, "not_allowed")),
        (
            "another district's station",
            &mut of_elsewhere,
            (401, "session_unknown"),
        ),
    ] {
        let (status, error) = list(device).await.unwrap_err();
        assert_eq!((status, error.code.as_str()), refused, "{who}");
    }
    // Under a colleague's name, or another station's.
    let (status, _) = bring(&mut colleague, &said).await.unwrap_err();
    assert_eq!(status, 403);
    let other = StationReport {
        station: village,
        ..said.clone()
    };
    let (status, _) = bring(&mut station, &other).await.unwrap_err();
    assert_eq!(status, 403);
    // Signed by another device.
    let report = report::sign(&colleague.key, &said).unwrap();
    let brought: Result<Reports, _> = station
        .post("/reports/bring", &BringReport { report })
        .await;
    assert!(brought.is_err());
    // With somebody's words in it.
    let mut words = said.clone();
    words.lines[0].kind = "继父打人".into();
    let (status, error) = bring(&mut station, &words).await.unwrap_err();
    assert_eq!((status, error.code.as_str()), (400, "malformed"));
    let heard = list(&mut officer).await.unwrap();
    assert!(heard.stations.iter().all(|one| one.report.is_none()));
}

#[tokio::test]
async fn what_another_district_does_is_nothing_an_officer_hears_of() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut officer = world.officer("何珊").await.unwrap();
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
    let mut neighbour = half.finish().await.unwrap();
    let there = neighbour.village("荷塘村", "310199200201").await;
    let mut problem = neighbour.document(DocKind::Child, there);
    let first = neighbour.edit(&mut problem, "type", "ABUSE");
    neighbour.sync(None, vec![first]).await.unwrap();

    let second = Uuid::from_u128(0x5ec0);
    let connection = Connection::open(database::file_of(&world.data())).unwrap();
    let add = "INSERT INTO units (id, level, name, region) VALUES (?1, 'district', '临滩区', '310199900000')";
    connection.execute(add, [second.as_bytes()]).unwrap();
    let belongs_to = |district: Uuid| {
        let go = "UPDATE units SET parent = ?1 WHERE name = '青溪镇'";
        assert_eq!(connection.execute(go, [district.as_bytes()]).unwrap(), 1);
    };
    belongs_to(second);

    let said = report_of(&station, village, 12);
    let own = bring(&mut station, &said).await.unwrap();
    let own = own.stations[0].report.as_ref().unwrap().taken_ms;
    let news = async |officer: &mut Device| officer.sync(None, vec![]).await.unwrap().report_ms;
    assert_eq!(news(&mut officer).await, own);

    // A report and a word about a closing, both of the other district's, and both newer.
    world.clock.forward(60_000);
    let elsewhere = report_of(&neighbour, there, 7);
    let theirs = bring(&mut neighbour, &elsewhere).await.unwrap();
    let theirs = theirs.stations[0].report.as_ref().unwrap().taken_ms;
    assert!(theirs > own);
    assert_eq!(news(&mut officer).await, own);
    let say = "INSERT INTO countersignatures (problem, closing, verdict, at_ms, staff, name) \
               VALUES (?1, ?2, 'countersigned', ?3, ?2, '何珊')";
    let document = problem.header.document.0;
    let (document, id, at_ms) = (document.into_bytes(), [7u8; 16], theirs + 1);
    connection.execute(say, (document, id, at_ms)).unwrap();
    assert_eq!(news(&mut officer).await, own);
    assert_eq!(news(&mut station).await, own, "nor a station of the first");
    assert_eq!(news(&mut neighbour).await, theirs + 1);
    let heard = list(&mut officer).await.unwrap();
    let names: Vec<&str> = heard.stations.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["芦汀镇"]);

    // Once the township is her district's, she hears of all of it.
    belongs_to(world.report.district.0);
    assert_eq!(news(&mut officer).await, theirs + 1);
}
