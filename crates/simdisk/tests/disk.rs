//! The disk itself: what survives a power cut, what fails, and SQLite in WAL mode on top of it.

use rusqlite::{Connection, OpenFlags};
use simdisk::{Fault, Loss, SimDisk};
use std::io::ErrorKind;
use std::path::Path;
use store::disk::{Disk, Opening};

fn connect(disk: &SimDisk, path: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection =
        Connection::open_with_flags_and_vfs(path, flags, disk.vfs().expect("it has one"))?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    Ok(connection)
}

fn count(connection: &Connection) -> i64 {
    connection
        .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
        .expect("counts")
}

#[test]
fn what_was_not_synced_is_lost_and_what_was_synced_is_there() {
    let disk = SimDisk::new(1);
    let path = Path::new("/a/file");
    disk.make_folder(Path::new("/a")).expect("makes");
    let mut file = disk.open(path, Opening::New).expect("opens");
    file.write_at(0, b"synced").expect("writes");
    file.sync().expect("syncs");
    disk.crash(Loss::Everything);
    assert!(!disk.exists(path), "its name was not synced");
    assert!(file.write_at(0, b"late").is_err(), "its handle is dead");

    let mut file = disk.open(path, Opening::New).expect("opens");
    file.write_at(0, b"synced").expect("writes");
    file.sync().expect("syncs");
    disk.sync_folder(Path::new("/a")).expect("syncs");
    file.write_at(0, b"UNSAFE").expect("writes");
    assert_eq!(disk.read(path).expect("reads"), b"UNSAFE");
    disk.crash(Loss::Everything);
    assert_eq!(disk.read(path).expect("reads"), b"synced");
}

#[test]
fn a_killed_process_loses_nothing_it_wrote() {
    let disk = SimDisk::new(1);
    let mut file = disk.open(Path::new("/file"), Opening::New).expect("opens");
    file.write_at(3, b"written").expect("writes");
    disk.crash(Loss::Nothing);
    assert_eq!(
        disk.read(Path::new("/file")).expect("reads"),
        b"\0\0\0written"
    );
}

#[test]
fn a_write_is_torn_at_sectors_and_the_same_seed_tears_it_the_same_way() {
    let cut = |seed| {
        let disk = SimDisk::new(1);
        let path = Path::new("/file");
        let mut file = disk.open(path, Opening::New).expect("opens");
        file.write_at(0, &[1; 8192]).expect("writes");
        file.sync().expect("syncs");
        disk.sync_folder(Path::new("/")).expect("syncs");
        file.write_at(100, &[2; 4096]).expect("writes");
        disk.crash(Loss::Chance(seed));
        disk.read(path).expect("reads")
    };
    let mut torn = 0;
    for seed in 0..50 {
        let content = cut(seed);
        assert_eq!(content, cut(seed));
        assert!(content[..100].iter().all(|byte| *byte == 1), "beside it");
        assert!(content[4196..].iter().all(|byte| *byte == 1), "beside it");
        assert!(content[100..512].windows(2).all(|two| two[0] == two[1]));
        let kinds = content[100..4196].contains(&1) && content[100..4196].contains(&2);
        torn += i32::from(kinds);
    }
    assert!(torn > 5, "some of fifty are torn, not {torn}");
}

#[test]
fn a_failed_sync_loses_what_was_written_though_the_next_one_succeeds() {
    let disk = SimDisk::new(1);
    let path = Path::new("/file");
    let mut file = disk.open(path, Opening::New).expect("opens");
    file.sync().expect("syncs");
    disk.sync_folder(Path::new("/")).expect("syncs");
    file.write_at(0, b"lost").expect("writes");
    disk.fail_at(1, Fault::Sync);
    assert!(file.sync().is_err());
    file.write_at(4, b"kept").expect("writes");
    file.sync().expect("syncs");
    assert_eq!(disk.read(path).expect("reads"), b"lostkept");
    disk.crash(Loss::Everything);
    assert_eq!(disk.read(path).expect("reads"), b"\0\0\0\0kept");
}

#[test]
fn a_full_disk_and_a_lock_are_told_by_their_kind() {
    let disk = SimDisk::new(1);
    disk.set_full(Some(8192));
    let mut file = disk.open(Path::new("/file"), Opening::New).expect("opens");
    file.write_at(0, &[1; 8192]).expect("fits");
    let error = file.write_at(8192, &[1]).expect_err("it is full");
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert_eq!(disk.free(Path::new("/")).expect("says"), 0);
    disk.remove(Path::new("/file")).expect("removes");
    drop(file);
    let missing = disk.read(Path::new("/file")).expect_err("it is gone");
    assert_eq!(missing.kind(), ErrorKind::NotFound);

    let lock = disk.lock(Path::new("/lock")).expect("locks");
    assert!(lock.is_some());
    assert!(disk.lock(Path::new("/lock")).expect("asks").is_none());
    drop(lock);
    assert!(disk.lock(Path::new("/lock")).expect("asks").is_some());
}

#[test]
fn sqlite_reads_beside_its_writer_and_keeps_what_it_committed() {
    let disk = SimDisk::new(1);
    let writer = connect(&disk, "/db").expect("opens");
    let reader = connect(&disk, "/db").expect("opens");
    writer.execute_batch("CREATE TABLE t (x)").expect("creates");
    for number in 0..300 {
        writer
            .execute("INSERT INTO t VALUES (zeroblob(500 + ?))", [number])
            .expect("inserts");
        assert_eq!(count(&reader), i64::from(number) + 1);
    }
    let moment = reader.unchecked_transaction().expect("begins");
    assert_eq!(count(&moment), 300);
    writer.execute("DELETE FROM t", []).expect("deletes");
    assert_eq!(count(&moment), 300, "a reader sees one moment");
    drop(moment);
    assert_eq!(count(&reader), 0);
    writer
        .execute("INSERT INTO t VALUES (1)", [])
        .expect("inserts");
    disk.crash(Loss::Everything);
    assert!(writer.execute("INSERT INTO t VALUES (2)", []).is_err());
    drop((writer, reader));
    let again = connect(&disk, "/db").expect("opens");
    assert_eq!(count(&again), 1);
}

#[test]
fn sqlite_stands_whatever_operation_the_power_goes_at() {
    let reference = SimDisk::new(1);
    connect(&reference, "/db")
        .expect("opens")
        .execute_batch("CREATE TABLE t (x)")
        .expect("creates");
    let image = reference.image();
    for stop in 0.. {
        let disk = SimDisk::from_image(stop, &image);
        disk.stop_after(stop);
        let mut committed = 0;
        if let Ok(connection) = connect(&disk, "/db") {
            for _ in 0..5 {
                let inserted = connection.execute("INSERT INTO t VALUES (zeroblob(3000))", []);
                committed += i64::from(inserted.is_ok());
            }
        }
        let stopped = disk.has_stopped();
        disk.crash(Loss::Chance(stop));
        let again = connect(&disk, "/db").expect("opens");
        let found = count(&again);
        assert!(
            found == committed || found == committed + 1,
            "stopped after {stop}: {committed} committed, {found} found"
        );
        let check: String = again
            .pragma_query_value(None, "integrity_check", |row| row.get(0))
            .expect("checks");
        assert_eq!(check, "ok", "stopped after {stop}");
        if !stopped {
            assert!(stop > 10, "it was stopped at every operation");
            return;
        }
    }
}

#[test]
fn an_image_is_a_copy_and_several_machines_live_beside_each_other() {
    let first = SimDisk::new(1);
    let one = connect(&first, "/db").expect("opens");
    one.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
        .expect("inserts");
    let second = SimDisk::from_image(2, &first.image());
    let two = connect(&second, "/db").expect("opens");
    two.execute("INSERT INTO t VALUES (2)", [])
        .expect("inserts");
    one.execute("DELETE FROM t", []).expect("deletes");
    assert_eq!((count(&one), count(&two)), (0, 2));
    let image = first.image();
    one.execute("INSERT INTO t VALUES (3)", [])
        .expect("inserts");
    first.restore(&image);
    drop(one);
    assert_eq!(count(&connect(&first, "/db").expect("opens")), 0);
}

#[test]
fn the_same_steps_are_the_same_operations() {
    let steps = || {
        let disk = SimDisk::new(7);
        let connection = connect(&disk, "/db").expect("opens");
        connection
            .execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (randomblob(9000))")
            .expect("inserts");
        drop(connection);
        (disk.operations(), disk.files())
    };
    assert_eq!(steps(), steps());
}
