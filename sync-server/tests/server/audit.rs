//! The server's audit chain: every deciding act is in it, and nobody alters it unseen.

use crate::support::World;
use rusqlite::Connection;
use sync_server::admin::AdminDesk;
use sync_server::audit;
use sync_server::system::SystemEntropy;
use sync_server::vault::Vault;
use sync_server::{copies, database, restore, verify};

fn rows(world: &World) -> Vec<audit::AuditRow> {
    let connection = database::open(&world.data()).unwrap();
    audit::between(&connection, i64::MIN, i64::MAX).unwrap()
}

fn actions(world: &World) -> Vec<String> {
    rows(world).into_iter().map(|row| row.action).collect()
}

fn faults(world: &World) -> Vec<String> {
    let vault = Vault::open(&world.key_file(), &world.data()).unwrap();
    let connection = database::open(&world.data()).unwrap();
    verify::verify(&connection, &vault).unwrap().faults
}

#[tokio::test(flavor = "multi_thread")]
async fn every_deciding_act_writes_a_row_and_refused_ones_write_none() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("柳湾村", "310199100201").await;
    let station_itself = station.enrolled.unit;
    assert!(station.new_code(station_itself, "不可以").await.is_err());
    let tablet = world.tablet(&mut station, village, "许桂兰").await;
    let mut desk = AdminDesk::open(
        &world.data(),
        &world.key_file(),
        world.clock.as_ref(),
        &SystemEntropy,
    )
    .unwrap();
    let number = desk.revoke(tablet.enrolled.device, "离职").unwrap();
    drop(desk);
    copies::back_up(
        &world.data(),
        &world.folder.path().join("backup"),
        world.clock.as_ref(),
    )
    .unwrap();
    assert_eq!(
        actions(&world),
        [
            "server_made",
            "enrolment_made",
            "enrolment_confirmed",
            "device_enrolled",
            "village_made",
            "person_granted",
            "enrolment_made",
            "enrolment_confirmed",
            "device_enrolled",
            "device_revoked",
            "backed_up",
        ]
    );
    let rows = rows(&world);
    assert_eq!(rows[4].staff, Some(station.enrolled.staff));
    assert_eq!(rows[4].object, village.to_string());
    assert_eq!(rows[9].by, "operator");
    assert_eq!(rows[9].order, Some(number));
    assert_eq!(rows[9].object, tablet.enrolled.device.to_string());
    assert_eq!(faults(&world), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_holds_a_name_or_anybodys_words() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("柳湾村", "310199100201").await;
    world.tablet(&mut station, village, "许桂兰").await;
    for row in rows(&world) {
        let is_code = |text: &str| {
            text.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte)
            })
        };
        assert!(is_code(&row.action) && is_code(&row.object), "{row:?}");
    }
}

/// Whoever has the file can drop what forbids altering it; the chain shows it all the same.
fn with_the_lock_broken(world: &World, sql: &str) {
    let connection = Connection::open(database::file_of(&world.data())).unwrap();
    assert!(connection.execute(sql, []).is_err(), "the rows are locked");
    connection
        .execute_batch("DROP TRIGGER audit_rows_never_change; DROP TRIGGER audit_rows_never_go;")
        .unwrap();
    connection.execute(sql, []).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_an_altered_row() {
    let mut world = World::new().await;
    world.station().await;
    world.stop().await;
    with_the_lock_broken(
        &world,
        "UPDATE audit SET staff = zeroblob(16) WHERE position = 2",
    );
    assert_eq!(faults(&world), ["audit row 2: it was altered"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_a_row_that_was_taken_out() {
    let mut world = World::new().await;
    world.station().await;
    world.stop().await;
    with_the_lock_broken(&world, "DELETE FROM audit WHERE position = 2");
    assert_eq!(faults(&world), ["audit: rows 2 to 2 are missing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_ends_with_one_line_that_says_it_all() {
    let mut world = World::new().await;
    world.station().await;
    world.stop().await;
    let verified = || {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_sync-server"))
            .arg("verify")
            .arg("--data")
            .arg(world.data())
            .arg("--key-file")
            .arg(world.key_file())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (
            output.status.success(),
            text.lines().last().unwrap().to_owned(),
        )
    };
    assert_eq!(verified(), (true, "verify changes=0 broken=0".to_owned()));
    with_the_lock_broken(&world, "DELETE FROM audit WHERE position = 2");
    assert_eq!(verified(), (false, "verify changes=0 broken=1".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_copy_says_so_in_its_chain() {
    let mut world = World::new().await;
    world.station().await;
    let folder = world.folder.path().join("backup");
    copies::back_up(&world.data(), &folder, world.clock.as_ref()).unwrap();
    world.stop().await;
    restore::restore(
        &folder.join(copies::COPY_FILE),
        &world.data(),
        world.clock.as_ref(),
        &SystemEntropy,
    )
    .unwrap();
    let actions = actions(&world);
    assert_eq!(actions[actions.len() - 2..], ["backed_up", "restored"]);
    assert_eq!(faults(&world), [""; 0]);
}
