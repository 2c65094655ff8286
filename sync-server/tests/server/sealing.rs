//! Whatever the server's key seals is opened by `sync-server verify`: a lost byte of it is named with its table and row, and
//! so is what opens and does not go with the rest of its row.

use crate::reports::{bring, report_of};
use crate::support::{Device, World};
use crate::verifying::{everything, with};
use ids::{Clock, DocKind, DocumentId, Role, UnitId};
use protocol::{
    AnswerCase, AskCase, CaseAnswer, Countersign, ErasureList, ExportList, MoveList, OfferMove,
    Reports, RequestErasure, RequestExport, SealedReason, SetHold, Verdict, wire,
};
use rescue::{Request, seal_slot};
use rusqlite::Connection;
use std::process::Command;
use sync_server::admin::AdminDesk;
use sync_server::recover::RecoverInput;
use sync_server::shares::Share;
use sync_server::system::SystemEntropy;
use sync_server::vault::{Vault, of_row};
use sync_server::verify;
use uuid::Uuid;

const ERASURE: Uuid = Uuid::from_u128(0x51);

/// A document with so many changes.
async fn written(device: &mut Device, kind: DocKind, home: UnitId, changes: u32) -> DocumentId {
    let mut doc = device.document(kind, home);
    let outbox = (0..changes)
        .map(|number| device.edit(&mut doc, "name", &format!("第{number}次")))
        .collect();
    let answer = device.sync(None, outbox).await.unwrap();
    for (_, outcome) in &answer.outcomes {
        assert!(outcome.is_in_log(), "{outcome:?}");
    }
    doc.header.document
}

fn erasure(child: DocumentId) -> RequestErasure {
    RequestErasure {
        id: ERASURE,
        child,
        with: vec![],
        basis: "consent_withdrawn".into(),
        words: "家里要求".into(),
        part: None,
        about: vec![],
        left: false,
    }
}

/// Has the server seal what only some of its days bring: a move, an export, an erasure, a hold, a report, an open code, a
/// tablet that was opened, and a document of five changes.
pub(crate) async fn bring_the_rest(
    world: &World,
    station: &mut Device,
    village: UnitId,
    tablet: &mut Device,
) {
    let long = written(tablet, DocKind::Child, village, 5).await;
    let asked_of = written(tablet, DocKind::Child, village, 1).await;
    let held = written(tablet, DocKind::Child, village, 1).await;
    let problem = written(tablet, DocKind::Problem, village, 1).await;
    let west = station.village("西滩村", "310199100202").await;
    let offer = OfferMove {
        id: Uuid::new_v4(),
        documents: vec![long],
        to: west,
        subject: "石小雨".into(),
        reason: "搬到外婆家".into(),
        moved_on: "2026-09-20".into(),
    };
    let _: MoveList = station.post("/moves/offer", &offer).await.unwrap();
    let export = RequestExport {
        id: Uuid::new_v4(),
        ledger: "L1".into(),
        unit: None,
        purpose: "report".into(),
        words: "报区民政局".into(),
        fields: vec!["name".into()],
        rows: 3,
        full_numbers: false,
    };
    let _: ExportList = station.post("/exports/request", &export).await.unwrap();
    let request = erasure(asked_of);
    let _: ErasureList = station.post("/erasures/request", &request).await.unwrap();
    let scope = world.report.scope;
    let mut head = world
        .colleague(station, Role::Head, scope, "高岚")
        .await
        .unwrap();
    let hold = SetHold {
        child: held,
        with: vec![],
        hold: true,
        words: "检察机关要看".into(),
    };
    let _: ErasureList = head.post("/erasures/hold", &hold).await.unwrap();
    let report = report_of(station, village, 12);
    bring(station, &report).await.unwrap();
    let mut officer = world.officer("何珊").await.unwrap();
    let said = Countersign {
        station: scope,
        problem,
        closing: Uuid::from_u128(0x71),
        verdict: Verdict::NotOver,
        reason: Some(SealedReason {
            epoch: 1,
            sealed: vec![7; 90],
        }),
    };
    let _: Reports = officer.post("/countersign", &said).await.unwrap();
    bring_cases(world, (&mut officer, &mut head), problem).await;
    station.new_code(village, "周棠").await.unwrap();
    open_a_tablet(world, tablet);
}

/// An officer asks for a case twice: one is declined, one is sent.
async fn bring_cases(
    world: &World,
    (officer, head): (&mut Device, &mut Device),
    problem: DocumentId,
) {
    let sealed = vec![8u8; 90];
    let answers = [
        CaseAnswer::Decline {
            sealed: sealed.clone().into(),
        },
        CaseAnswer::Send {
            number: "E-20261127-00001-1".into(),
            until_ms: world.clock.now_ms() + 3 * 24 * 60 * 60 * 1000,
            sealed: vec![9u8; 200].into(),
        },
    ];
    for answer in answers {
        let id = Uuid::new_v4();
        let ask = AskCase {
            id,
            station: world.report.scope,
            problem,
            reason: SealedReason {
                epoch: 1,
                sealed: sealed.clone(),
            },
        };
        let _: Reports = officer.post("/cases/ask", &ask).await.unwrap();
        let answer = AnswerCase { id, answer };
        let _: Reports = head.post("/cases/answer", &answer).await.unwrap();
    }
}

/// Two officers of the district open a tablet.
fn open_a_tablet(world: &World, tablet: &Device) {
    let district = tablet.enrolled.recovery_key;
    let request = Request {
        district,
        slot: seal_slot(&[7; 32], &district, &SystemEntropy).unwrap(),
        fresh: [9; 32],
        device: Some(tablet.enrolled.device),
    };
    let share = |number: usize| {
        let file = &world.report.recovery_shares[number];
        Share::parse(&std::fs::read_to_string(file).unwrap()).unwrap()
    };
    let (data, key_file) = (world.data(), world.key_file());
    let mut desk = AdminDesk::open(&data, &key_file, world.clock.as_ref(), &SystemEntropy).unwrap();
    desk.recover(&RecoverInput {
        request: &request.text(),
        compare_code: &request.compare_code(),
        shares: [&share(0), &share(1)],
        officers: ["周岚", "吴敏"],
        reason: "忘了密码",
    })
    .unwrap();
}

/// Which row of a table is damaged: one where something lies.
fn place(table: &str, column: &str) -> String {
    match (table, column) {
        ("settings", _) => "name = 'signing_key'".to_owned(),
        ("log", _) => "kind = 'late' AND length(record) = \
                       (SELECT max(length(record)) FROM log WHERE kind = 'late')"
            .to_owned(),
        _ => format!("length({column}) > 0"),
    }
}

/// Whether a line of the report names what was damaged.
fn names_it(line: &str, table: &str, column: &str) -> bool {
    match table {
        "bodies" => line.starts_with("change "),
        "held" => line.starts_with("held change "),
        "reviews" => line.starts_with("late change "),
        "set_aside" => line.starts_with("set-aside change "),
        _ => {
            line.starts_with(&format!("table {table}, row "))
                && line.contains(&format!(", column {column}: "))
        }
    }
}

/// One byte of something that lies in a column is another.
fn damage(connection: &Connection, table: &str, column: &str, at: fn(usize) -> usize) {
    let place = place(table, column);
    let find = format!("SELECT {column} FROM {table} WHERE {place} LIMIT 1");
    let old: Vec<u8> = connection
        .query_row(&find, [], |row| row.get(0))
        .unwrap_or_else(|_| panic!("nothing lies in {table}.{column}"));
    let mut new = old.clone();
    new[at(old.len())] ^= 1;
    let alter = format!("UPDATE {table} SET {column} = ?1 WHERE {column} = ?2");
    assert!(connection.execute(&alter, [&new, &old]).unwrap() > 0);
}

#[tokio::test]
async fn every_sealed_column_that_lost_a_byte_is_named_with_its_row() {
    let (_world, connection, vault) = everything().await;
    let whole = verify::verify(&connection, &vault).unwrap();
    assert_eq!(whole.faults, Vec::<String>::new());
    for (table, column) in verify::sealed_columns() {
        // Of an entry about late work only the end is sealed.
        let places: &[fn(usize) -> usize] = match table {
            "log" => &[|length| length - 1],
            _ => &[|_| 0, |length| length / 2, |length| length - 1],
        };
        for at in places {
            let report = with(&connection, &vault, |connection| {
                damage(connection, table, column, *at);
            });
            let what = format!("{table}.{column}: {:?}", report.faults);
            let is_named = |line: &&String| names_it(line, table, column);
            assert_eq!(report.faults.iter().filter(is_named).count(), 1, "{what}");
            assert_eq!(report.changes, whole.changes, "{what}");
        }
    }
}

/// A row that is otherwise, what it is given, and what is said of it.
type Altered<'a> = (&'a str, Option<Vec<u8>>, &'a str);

fn check_all(connection: &Connection, vault: &Vault, altered: Vec<Altered<'_>>) {
    for (sql, value, expected) in altered {
        let report = with(connection, vault, |connection| {
            let changed = match &value {
                Some(value) => connection.execute(sql, [value]),
                None => connection.execute(sql, []),
            };
            assert!(changed.unwrap() > 0, "{sql}");
        });
        let is_said = report.faults.iter().any(|line| line.contains(expected));
        assert!(is_said, "{sql}: {:?}", report.faults);
    }
}

#[tokio::test]
async fn what_opens_and_cannot_be_read_is_named() {
    let (_world, connection, vault) = everything().await;
    let seal = |name: &str, plain: &[u8]| {
        let name = match row_of(name) {
            Some(row) => of_row(name, &key(&connection, row)),
            None => name.to_owned(),
        };
        Some(vault.seal_secret(&name, plain, &SystemEntropy).unwrap())
    };
    let no_text = [0xff, 0xfe];
    let altered = vec![
        (
            "UPDATE moves SET sealed = ?1",
            seal("move", b"nothing"),
            "column sealed: it opens and cannot be read",
        ),
        (
            "UPDATE exports SET sealed = ?1",
            seal("export", &no_text),
            "column sealed: it opens and cannot be read",
        ),
        (
            "UPDATE holds SET sealed = ?1 WHERE sealed IS NOT NULL",
            seal("hold", &no_text),
            "column sealed: it opens and cannot be read",
        ),
        (
            "UPDATE orders SET reason = ?1 WHERE number = 1",
            seal("order reason", &no_text),
            "column reason: it opens and cannot be read",
        ),
        (
            "UPDATE opened_tablets SET words = ?1",
            seal("recovery", b"one line"),
            "column words: it opens and cannot be read",
        ),
        (
            "UPDATE grants SET vetting = words WHERE vetting IS NOT NULL",
            None,
            "column vetting: it does not open",
        ),
        (
            "UPDATE settings SET value = ?1 WHERE name = 'ca_key'",
            seal("ca_key", &[1; 40]),
            "row ca_key, column value: it is not the key that belongs there",
        ),
        (
            "UPDATE log SET kind = 'cover' WHERE kind = 'order'",
            None,
            "column record: it cannot be read",
        ),
    ];
    check_all(&connection, &vault, altered);
}

/// Finds the key of the row something is sealed for.
fn row_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "move" => "SELECT id FROM moves",
        "export" => "SELECT id FROM exports",
        "hold" => "SELECT document FROM holds WHERE sealed IS NOT NULL",
        "recovery" => "SELECT id FROM opened_tablets",
        "order reason" => "SELECT scope FROM orders WHERE number = 1",
        _ => return None,
    })
}

fn key(connection: &Connection, query: &str) -> Vec<u8> {
    let mut key: Vec<u8> = connection.query_row(query, [], |row| row.get(0)).unwrap();
    if query.contains("number = 1") {
        key.extend(1_i64.to_be_bytes());
    }
    key
}

#[tokio::test]
async fn what_is_sealed_in_one_row_opens_in_no_other() {
    let (_world, connection, vault) = everything().await;
    // Two rows of a table, each with what the other one had.
    let exchanged = [
        (
            "orders",
            "sealed",
            "scope = (SELECT max(scope) FROM orders)",
        ),
        ("grants", "words", "words IS NOT NULL"),
        ("grants", "vetting", "vetting IS NOT NULL"),
    ];
    for (table, column, which) in exchanged {
        let find = format!("SELECT {column} FROM {table} WHERE {which} LIMIT 2");
        let mut statement = connection.prepare(&find).unwrap();
        let both: Vec<Vec<u8>> = statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        drop(statement);
        let exchange = format!(
            "UPDATE {table} SET {column} = CASE {column} WHEN ?1 THEN ?2 ELSE ?1 END
             WHERE {column} IN (?1, ?2)"
        );
        let report = with(&connection, &vault, |connection| {
            let changed = connection.execute(&exchange, [&both[0], &both[1]]);
            assert_eq!(changed.unwrap(), 2, "{table}.{column}");
        });
        let said = format!("column {column}: it does not open");
        let named = report.faults.iter().filter(|line| line.contains(&said));
        assert_eq!(named.count(), 2, "{table}.{column}: {:?}", report.faults);
    }
    // The one row of others, with what was sealed for a row that is not here, or for none.
    for (name, update) in [
        ("move", "UPDATE moves SET sealed = ?1"),
        ("export", "UPDATE exports SET sealed = ?1"),
        ("erasure", "UPDATE erasures SET sealed = ?1"),
        ("recovery", "UPDATE opened_tablets SET words = ?1"),
        (
            "hold",
            "UPDATE holds SET sealed = ?1 WHERE sealed IS NOT NULL",
        ),
        (
            "review",
            "UPDATE reviews SET reason = ?1 WHERE reason IS NOT NULL",
        ),
    ] {
        for name in [of_row(name, &[7; 16]), name.to_owned()] {
            let sealed = vault.seal_secret(&name, b"words", &SystemEntropy).unwrap();
            let report = with(&connection, &vault, |connection| {
                assert!(
                    connection.execute(update, [&sealed]).unwrap() > 0,
                    "{update}"
                );
            });
            let is_said = report
                .faults
                .iter()
                .any(|line| line.contains("does not open"));
            assert!(is_said, "{name}: {:?}", report.faults);
        }
    }
}

#[tokio::test]
async fn what_is_sealed_to_others_of_a_case_is_known_again() {
    let (_world, connection, vault) = everything().await;
    let altered = vec![
        (
            "UPDATE cases SET reason = x'00' WHERE state = 'declined'",
            None,
            "column reason: it is not what came",
        ),
        (
            "UPDATE cases SET declined = x'00' WHERE state = 'declined'",
            None,
            "column declined: it is not what came",
        ),
        (
            "UPDATE cases SET declined = NULL WHERE state = 'declined'",
            None,
            "column declined: it is missing",
        ),
        (
            "UPDATE cases SET file = x'00' WHERE state = 'sent'",
            None,
            "column file: it is not what came",
        ),
        (
            // A row whole, but for what says which it is.
            "UPDATE cases SET (reason, reason_digest) = (SELECT reason, reason_digest FROM cases AS other \
             WHERE other.id <> cases.id LIMIT 1)",
            None,
            "column reason: it is not what came",
        ),
    ];
    check_all(&connection, &vault, altered);
}

#[tokio::test]
async fn what_does_not_go_with_the_rest_of_its_row_is_named() {
    let (_world, connection, vault) = everything().await;
    let another = RequestErasure {
        id: Uuid::from_u128(0x52),
        ..erasure(DocumentId(Uuid::from_u128(9)))
    };
    let name = of_row("erasure", ERASURE.as_bytes());
    let another = vault
        .seal_secret(&name, &wire::pack(&another).unwrap(), &SystemEntropy)
        .unwrap();
    let altered = vec![
        (
            "UPDATE erasures SET sealed = ?1",
            Some(another),
            "table erasures, row 00000000-0000-0000-0000-000000000051, column sealed: \
             it is about something else than its row says",
        ),
        (
            "UPDATE erasures SET state = 'declined'",
            None,
            "it was decided and still says whom it was about",
        ),
        (
            "UPDATE erasures SET sealed = NULL",
            None,
            "column sealed: it is missing",
        ),
        (
            "UPDATE enrolments SET state = 'done' WHERE state <> 'done'",
            None,
            "the code was used and its secrets are still here",
        ),
        (
            "UPDATE enrolments SET secrets = x'' WHERE state <> 'done'",
            None,
            "column secrets: it is missing",
        ),
        (
            "UPDATE grants SET vetted_on = NULL WHERE vetted_on IS NOT NULL",
            None,
            "column vetting: it is there, and its row does not say",
        ),
        (
            "UPDATE holds SET sealed = NULL WHERE staff IS NOT NULL",
            None,
            "column sealed: it is missing",
        ),
        (
            "UPDATE orders SET number = number + 1000",
            None,
            "column sealed: it does not open",
        ),
        (
            "DELETE FROM orders WHERE number = 1",
            None,
            "column record: the order it names is missing",
        ),
        (
            "UPDATE log SET kind = 'erased' WHERE kind = 'member'",
            None,
            "it was erased and still says something",
        ),
        (
            "UPDATE reports SET device = (SELECT id FROM devices WHERE id <> reports.device)",
            None,
            "table reports, row ",
        ),
        (
            "UPDATE segments SET changes = 9",
            None,
            "it has another number of changes than its row says",
        ),
        (
            "DELETE FROM settings WHERE name = 'ca_key'",
            None,
            "row ca_key, column value: it is missing",
        ),
        (
            "UPDATE countersignatures SET reason = x'00'",
            None,
            "table countersignatures has something else than it says of a closing",
        ),
    ];
    check_all(&connection, &vault, altered);
}

#[tokio::test]
async fn a_lost_key_of_the_server_is_named_and_hides_nothing_else() {
    let (world, connection, vault) = everything().await;
    damage(&connection, "settings", "value", |length| length / 2);
    damage(&connection, "moves", "sealed", |length| length / 2);
    let faults = verify::verify(&connection, &vault).unwrap().faults;
    drop(connection);
    let ran = Command::new(env!("CARGO_BIN_EXE_sync-server"))
        .arg("verify")
        .arg("--data")
        .arg(world.data())
        .arg("--key-file")
        .arg(world.key_file())
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stdout).unwrap();
    assert!(!ran.status.success(), "{said}");
    for part in [
        "table settings, row signing_key, column value: it does not open",
        "who signed them cannot be told",
        "table moves, row ",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let last = said.lines().last().unwrap();
    assert!(
        last.ends_with(&format!(" broken={}", faults.len())),
        "{last}"
    );
    assert_eq!(faults.len(), 3, "{faults:?}");
}
