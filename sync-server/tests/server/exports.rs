//! Exports that need a second person: another one, once, and no more than was agreed.

use crate::moves::neighbours;
use crate::support::{Device, Half, Refused, World};
use ids::Role;
use protocol::{CreateEnrolment, DecideExport, ExportList, ExportState, RequestExport, UseExport};
use sync_server::{audit, database};
use uuid::Uuid;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

async fn of_the_station(world: &World, role: Role, person: &str) -> Device {
    let code = world
        .server()
        .create_enrolment(CreateEnrolment {
            unit: world.report.scope,
            role,
            person: person.into(),
        })
        .await
        .unwrap();
    let half = Half::begin_qr(world.http(), &code.qr).await.unwrap();
    world
        .server()
        .confirm_enrolment(code.enrolment)
        .await
        .unwrap();
    half.finish().await.unwrap()
}

pub fn asked(rows: u32, full_numbers: bool) -> RequestExport {
    RequestExport {
        id: Uuid::now_v7(),
        ledger: "L1".into(),
        unit: None,
        purpose: "report".into(),
        words: "报区民政局".into(),
        fields: vec!["name".into(), "id_no".into()],
        rows,
        full_numbers,
    }
}

async fn ask(device: &mut Device, export: &RequestExport) -> ExportList {
    device.post("/exports/request", export).await.unwrap()
}

async fn decide(device: &mut Device, id: Uuid, approve: bool) -> Result<ExportList, Refused> {
    device
        .post("/exports/decide", &DecideExport { id, approve })
        .await
}

async fn make(device: &mut Device, id: Uuid, rows: u32) -> Result<ExportList, Refused> {
    device.post("/exports/use", &UseExport { id, rows }).await
}

fn code(result: Result<ExportList, Refused>) -> String {
    result.unwrap_err().1.code
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_agrees_and_it_is_made_once() {
    let world = World::new().await;
    let mut first = world.station().await;
    let mut second = of_the_station(&world, Role::Supervisor, "陈敏").await;
    let export = asked(300, false);
    for _ in 0..2 {
        let list = ask(&mut first, &export).await;
        assert_eq!(list.exports.len(), 1);
        assert_eq!(list.exports[0].state, ExportState::Asked);
        assert_eq!(list.exports[0].asked, export);
    }
    assert_eq!(code(make(&mut first, export.id, 300).await), "export_over");
    assert_eq!(
        code(decide(&mut first, export.id, true).await),
        "not_allowed"
    );
    let list = decide(&mut second, export.id, true).await.unwrap();
    assert_eq!(list.exports[0].decided_by, Some(second.enrolled.staff));
    assert_eq!(
        code(decide(&mut second, export.id, false).await),
        "export_over"
    );
    assert_eq!(code(make(&mut second, export.id, 300).await), "not_found");
    assert_eq!(code(make(&mut first, export.id, 301).await), "export_over");
    let list = make(&mut first, export.id, 300).await.unwrap();
    assert_eq!(list.exports[0].state, ExportState::Used);
    assert_eq!(code(make(&mut first, export.id, 300).await), "export_over");
    let connection = database::open(&world.data()).unwrap();
    let rows = audit::between(&connection, i64::MIN, i64::MAX).unwrap();
    let steps: Vec<&str> = rows
        .iter()
        .filter(|row| row.action.starts_with("export"))
        .map(|row| row.action.as_str())
        .collect();
    assert_eq!(steps, ["export_asked", "export_approved", "export_used"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_id_numbers_are_a_heads_word_and_a_request_has_an_end() {
    let world = World::new().await;
    let mut first = world.station().await;
    let mut second = of_the_station(&world, Role::Supervisor, "陈敏").await;
    let mut head = of_the_station(&world, Role::Head, "陈站长").await;
    let export = asked(3, true);
    ask(&mut first, &export).await;
    assert_eq!(
        code(decide(&mut second, export.id, true).await),
        "not_allowed"
    );
    decide(&mut head, export.id, true).await.unwrap();
    world.clock.forward(DAY_MS);
    first.open_session().await.unwrap();
    assert_eq!(code(make(&mut first, export.id, 3).await), "export_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_director_asks_for_nothing_and_words_stand_nowhere_in_the_open() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("柳湾村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "许桂兰").await;
    let refused = tablet
        .post::<_, ExportList>("/exports/request", &asked(1, false))
        .await;
    assert_eq!(code(refused), "not_allowed");
    ask(&mut station, &asked(1, false)).await;
    let file = std::fs::read(database::file_of(&world.data())).unwrap();
    let words = "报区民政局".as_bytes();
    assert!(!file.windows(words.len()).any(|part| part == words));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_another_township_uses_is_refused_and_tells_nothing() {
    let world = World::new().await;
    let mut station = world.station().await;
    let (mut other, _) = neighbours(&world).await;
    let export = asked(3, false);
    ask(&mut station, &export).await;
    let refused = other.post("/exports/request", &export).await;
    assert_eq!(code(refused), "export_over");
    let list: ExportList = other.post("/exports/list", &()).await.unwrap();
    assert!(list.exports.is_empty());
}
