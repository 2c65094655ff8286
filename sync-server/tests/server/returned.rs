//! A refused envelope is looked at anew when it is offered again, and the station hears who was refused and why.

use crate::support::{Device, World};
use ids::{DocKind, UnitId};
use protocol::{Envelope, Outcome, RefusalCode, RefusalList, SyncResponse, envelope};
use rusqlite::Connection;

async fn township() -> (World, Device, Device, UnitId, UnitId) {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let other = station.village("西滩村", "310199100202").await;
    let tablet = world.tablet(&mut station, village, "林月").await;
    (world, station, tablet, village, other)
}

fn outcomes(response: &SyncResponse) -> Vec<&Outcome> {
    response
        .outcomes
        .iter()
        .map(|(_, outcome)| outcome)
        .collect()
}

fn database(world: &World) -> Connection {
    let connection = Connection::open(world.data().join("server.sqlite")).unwrap();
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .unwrap();
    connection
}

/// The person is put into another village, at the server itself.
fn move_person(world: &World, tablet: &Device, unit: UnitId) {
    let moved = database(world)
        .execute(
            "UPDATE staff SET unit = ?1 WHERE id = ?2",
            (unit.0.as_bytes(), tablet.enrolled.staff.0.as_bytes()),
        )
        .unwrap();
    assert_eq!(moved, 1);
}

async fn list(station: &mut Device) -> RefusalList {
    station.post("/refusals/list", &()).await.unwrap()
}

#[tokio::test]
async fn a_refused_document_offered_again_is_taken_at_its_old_place_in_the_chain() {
    let (world, mut station, mut tablet, _, other) = township().await;
    let mut doc = tablet.document(DocKind::Child, other);
    let first = tablet.edit(&mut doc, "name", "石小雨");
    let second = tablet.edit(&mut doc, "alias", "小雨");
    let part: Vec<Envelope> = vec![first, second];
    let refused = tablet.sync(None, part.clone()).await.unwrap();
    let codes = [RefusalCode::NotYourUnit, RefusalCode::UnknownDocument];
    let expected = codes.map(|code| Outcome::Refused { code });
    assert_eq!(outcomes(&refused), expected.iter().collect::<Vec<_>>());
    let again = tablet.sync(None, part.clone()).await.unwrap();
    assert_eq!(again.outcomes, refused.outcomes, "nothing has changed");

    // The station hears of two, of a child's file and of what is not known, without a word of them.
    let told = list(&mut station).await.refusals;
    let mut lines: Vec<_> = told
        .iter()
        .map(|line| (line.code, line.kind, line.changes))
        .collect();
    lines.sort_by_key(|line| line.0.as_str());
    assert_eq!(
        lines,
        [
            (RefusalCode::NotYourUnit, Some(DocKind::Child), 1),
            (RefusalCode::UnknownDocument, None, 1)
        ]
    );
    assert!(told.iter().all(|line| line.device == tablet.enrolled.device
        && line.staff_name == "林月"
        && line.unit_name == "东滩村"));
    let asked: Result<RefusalList, _> = tablet.post("/refusals/list", &()).await;
    assert_eq!(asked.unwrap_err().0, 403, "a director does not ask");

    move_person(&world, &tablet, other);
    let taken = tablet.sync(None, part).await.unwrap();
    assert!(outcomes(&taken).iter().all(|outcome| outcome.is_in_log()));
    assert!(list(&mut station).await.refusals.is_empty());
    let next = tablet.edit(&mut doc, "note", "好");
    let next = tablet.sync(None, vec![next]).await.unwrap();
    assert!(outcomes(&next)[0].is_in_log(), "the chain goes on");
}

#[tokio::test]
async fn what_no_second_look_can_change_is_answered_from_memory() {
    let (world, _station, mut tablet, village, _) = township().await;
    let mut doc = tablet.document(DocKind::Child, village);
    let first = tablet.edit(&mut doc, "name", "石小雨");
    tablet.sync(None, vec![first]).await.unwrap();
    let mut twin = crate::support::Doc::new(&tablet, doc.header.clone());
    let reused = twin.put("name", "石大雨");
    let head = tablet.head(&doc.header, &reused, false);
    let sealed = tablet.seal(&head, reused);
    let refused = tablet.sync(None, vec![sealed.clone()]).await.unwrap();
    let expected = Outcome::Refused {
        code: RefusalCode::SeqReused,
    };
    assert_eq!(outcomes(&refused), [&expected]);
    let at = |world: &World| -> i64 {
        database(world)
            .query_row("SELECT at_ms FROM refusals", [], |row| row.get(0))
            .unwrap()
    };
    let then = at(&world);
    let again = tablet.sync(None, vec![sealed]).await.unwrap();
    assert_eq!(outcomes(&again), [&expected]);
    assert_eq!(at(&world), then, "nothing was looked at");
}

#[tokio::test]
async fn what_is_made_anew_frees_the_server_of_the_old_one_and_nobody_elses() {
    let (world, mut station, mut tablet, village, _) = township().await;
    let mut doc = tablet.document(DocKind::Child, village);
    let first = tablet.edit(&mut doc, "name", "石小雨");
    tablet.sync(None, vec![first.clone()]).await.unwrap();

    // Both tablets have a change waiting whose past never comes.
    let mut other = world.tablet(&mut station, village, "陈安").await;
    let mut waiting = Vec::new();
    for device in [&mut tablet, &mut other] {
        let mut copy = crate::support::Doc::new(device, doc.header.clone());
        copy.changes = 1;
        copy.take(&first.change);
        copy.put("lost", "never sent");
        let sealed = device.edit(&mut copy, "alias", "小雨");
        let response = device.sync(None, vec![sealed.clone()]).await.unwrap();
        assert!(
            matches!(outcomes(&response)[0], Outcome::Held { .. }),
            "{response:?}"
        );
        waiting.push(sealed);
    }
    let held = |world: &World| -> u32 {
        database(world)
            .query_row("SELECT count(*) FROM held", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(held(&world), 2);
    // One says that it replaces the other's: that one stays. Then its own: that one goes.
    for (replaced, left) in [(1, 2), (0, 1)] {
        let change = doc.put("note", &format!("made anew {replaced}"));
        let mut head = tablet.head(&doc.header, &change, false);
        head.replaces = Some(envelope::head_hash(&waiting[replaced].head));
        let sealed = tablet.seal(&head, change);
        let response = tablet.sync(None, vec![sealed]).await.unwrap();
        assert!(outcomes(&response)[0].is_in_log(), "{response:?}");
        assert_eq!(held(&world), left);
    }
    let again = tablet.sync(None, vec![waiting[0].clone()]).await.unwrap();
    assert!(
        matches!(outcomes(&again)[0], Outcome::AlreadyHad { .. }),
        "what it said is in the log"
    );
}
