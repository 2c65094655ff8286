//! Documents, changes, and the small tables.

mod common;

use common::{Person, START_MS, World, document, label, receive, visit, write_family};
use domain::record::{Edit, doc};
use ids::{ChangeHash, DeviceId, DocKind, Role, StaffId, UnitId};
use serde_json::json;
use store::audit::{self, AuditRow};
use store::changes::{self, ChangeState, Outcome};
use store::drafts::{self, Draft};
use store::identity::{self, FileNumbers};
use store::imports::{self, ImportBatch, ImportRow};
use store::members::{self, DeviceRow, StaffRow, UnitRow};
use store::policies::{self, PolicyRow};
use store::projections;
use store::sync_state::{self, ScopeState};
use store::{Store, StoreError, documents, read_marks};
use uuid::Uuid;

fn store() -> (World, Store, Person) {
    let world = World::new();
    let store = world.create();
    let person = Person::number(1);
    store
        .write(|tx| identity::put(tx, &person.identity()))
        .expect("enrols");
    (world, store, person)
}

#[test]
fn a_long_tail_is_folded_into_the_body_and_reads_the_same() {
    let (_world, store, person) = store();
    let child = document(11);
    for number in 0..50 {
        store
            .write(|tx| {
                let id = format!("visit-{number:02}");
                person.write(
                    tx,
                    DocKind::Child,
                    child,
                    &[visit(&id, document(10), "2026-11-01")],
                    label("visit", "石小雨 走访", &id),
                )
            })
            .expect("writes");
    }
    let loaded = store
        .read(|connection| documents::load(connection, child))
        .expect("reads")
        .expect("is there");
    assert_eq!(doc::read(&loaded.automerge).entries("visits").len(), 50);
    let heads = store.read(documents::all_heads).expect("reads");
    assert_eq!(heads, [(child, 0, loaded.heads())]);
    let waiting = store.read(changes::outbox_length).expect("reads");
    assert_eq!(waiting, 50, "folding keeps the changes themselves");
}

#[test]
fn the_outbox_is_in_order_and_counts_bytes_but_never_stands_still() {
    let (_world, store, person) = store();
    store
        .write(|tx| write_family(tx, &person, 1000))
        .expect("writes");
    let read = |bytes| {
        store
            .read(|connection| changes::outbox(connection, person.scope, bytes))
            .expect("reads")
    };
    let all = read(usize::MAX);
    assert_eq!(
        all.iter().map(|change| change.dev_seq).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(read(1).len(), 1);
    assert_eq!(read(1)[0], all[0]);
    let found = store
        .read(|connection| changes::get(connection, all[2].hash))
        .expect("reads");
    assert_eq!(found.as_ref(), Some(&all[2]));
}

#[test]
fn every_record_has_a_state_and_a_refused_one_keeps_its_reason() {
    let (_world, store, person) = store();
    store
        .write(|tx| write_family(tx, &person, 1000))
        .expect("writes");
    store
        .write(|tx| write_family(tx, &person, 2000))
        .expect("writes");
    let mark = |hash: ChangeHash, outcome: Outcome| {
        store
            .write(|tx| changes::mark_outcome(tx, hash, &outcome))
            .expect("marks");
    };
    let own = store
        .read(|connection| changes::outbox(connection, person.scope, usize::MAX))
        .expect("reads");
    mark(
        own[2].hash,
        Outcome::Accepted {
            server_seq: Some(3),
        },
    );
    mark(
        own[5].hash,
        Outcome::Refused {
            code: "not_your_unit".into(),
            reason: None,
        },
    );
    let unsent = store.read(changes::unsent_rows).expect("reads");
    let states: Vec<_> = unsent
        .iter()
        .filter(|row| row.record_id.is_some())
        .collect();
    assert_eq!(states.len(), 1);
    assert_eq!(states[0].state, ChangeState::Accepted);
    let needs_you = store.read(changes::needs_you_rows).expect("reads");
    assert_eq!(needs_you.len(), 1);
    assert_eq!(needs_you[0].refusal.as_deref(), Some("not_your_unit"));
    assert_eq!(needs_you[0].text, "石小雨 走访");
    assert_eq!(store.read(changes::delivered_count).expect("counts"), 0);

    mark(
        own[2].hash,
        Outcome::Durable {
            server_seq: Some(3),
        },
    );
    mark(
        own[2].hash,
        Outcome::Held {
            reason: "late".into(),
        },
    );
    assert_eq!(
        store.read(changes::delivered_count).expect("counts"),
        1,
        "durable stays durable"
    );
    let open = store.read(changes::open_record_states).expect("reads");
    assert_eq!(open.get("visit-2000"), Some(&ChangeState::Refused));
    assert_eq!(open.get("visit-1000"), None);
    let made = store
        .read(|connection| changes::made_since(connection, 0))
        .expect("reads");
    assert_eq!(made.get("visit"), Some(&2));
}

#[test]
fn after_the_server_lost_its_memory_own_changes_are_offered_again() {
    let (_world, store, person) = store();
    store
        .write(|tx| write_family(tx, &person, 1000))
        .expect("writes");
    let own = store
        .read(|connection| changes::outbox(connection, person.scope, usize::MAX))
        .expect("reads");
    store
        .write(|tx| -> Result<(), StoreError> {
            let refused = Outcome::Refused {
                code: "malformed".into(),
                reason: None,
            };
            changes::mark_outcome(tx, own[0].hash, &refused)?;
            for change in &own[1..] {
                changes::mark_outcome(
                    tx,
                    change.hash,
                    &Outcome::Accepted {
                        server_seq: Some(4),
                    },
                )?;
            }
            Ok(())
        })
        .expect("marks");
    assert_eq!(store.read(changes::outbox_length).expect("reads"), 0);
    let again = store
        .write(|tx| changes::offer_again(tx, person.scope))
        .expect("offers");
    assert_eq!(again, 2);
    assert_eq!(store.read(changes::outbox_length).expect("reads"), 2);
}

#[test]
fn a_foreign_change_that_will_not_apply_is_kept_and_stops_only_itself() {
    let (_world, store, person) = store();
    let other = Person::number(2);
    let mut theirs = doc::start(DocKind::Child).expect("starts");
    let good = other.remote(&mut theirs, document(5), &[Edit::put("name", "石小雨")]);
    let mut twin = doc::start(DocKind::Child).expect("starts");
    // The same actor and sequence again, as after a cloned tablet.
    let bad = other.remote(&mut twin, document(5), &[Edit::put("name", "别的")]);
    let later = other.remote(&mut theirs, document(5), &[Edit::put("sex", "2")]);
    let applied = store
        .write(|tx| {
            receive(
                tx,
                &person,
                DocKind::Child,
                &[good.clone(), bad.clone(), later.clone()],
            )
        })
        .expect("receives");
    assert_eq!(applied.rejected.len(), 1);
    assert_eq!(applied.rejected[0].0, bad.hash);
    assert!(applied.missing.is_empty());
    let kept = store.read(changes::quarantined).expect("reads");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].hash, bad.hash);
    let child = store
        .read(|connection| projections::children::file(connection, document(5)))
        .expect("reads")
        .expect("is there");
    assert_eq!((child.name(), child.text("sex")), ("石小雨", Some("2")));
    let author = store
        .read(|connection| changes::author_of(connection, later.hash))
        .expect("reads")
        .expect("known");
    assert_eq!(author.staff, other.staff);
    assert_eq!(author.wall_ms, START_MS);
}

#[test]
fn a_change_before_its_dependency_waits_and_heals() {
    let (_world, store, person) = store();
    let other = Person::number(2);
    let mut theirs = doc::start(DocKind::Child).expect("starts");
    let first = other.remote(&mut theirs, document(5), &[Edit::put("name", "石小雨")]);
    let second = other.remote(&mut theirs, document(5), &[Edit::put("sex", "2")]);
    let applied = store
        .write(|tx| receive(tx, &person, DocKind::Child, std::slice::from_ref(&second)))
        .expect("receives");
    assert_eq!(applied.missing, [first.hash]);
    let applied = store
        .write(|tx| receive(tx, &person, DocKind::Child, std::slice::from_ref(&first)))
        .expect("receives");
    assert!(applied.missing.is_empty());
    let child = store
        .read(|connection| projections::children::file(connection, document(5)))
        .expect("reads")
        .expect("is there");
    assert_eq!(child.text("sex"), Some("2"));
    assert!(
        !store
            .write(|tx| changes::insert_remote(tx, &first, Some(1), 0))
            .expect("repeats")
    );
}

#[test]
fn a_snapshot_joins_what_was_written_here_meanwhile() {
    let (_world, store, person) = store();
    let other = Person::number(2);
    let mut theirs = doc::start(DocKind::Child).expect("starts");
    let named = other.remote(&mut theirs, document(5), &[Edit::put("name", "石小雨")]);
    store
        .write(|tx| {
            person.write(
                tx,
                DocKind::Child,
                document(5),
                &[Edit::put("sex", "2")],
                None,
            )
        })
        .expect("writes");
    store
        .write(|tx| {
            let head = common::head_of(&other, DocKind::Child, document(5));
            let mut indexed = named.clone();
            indexed.body.clear();
            changes::insert_indexed(tx, &indexed, START_MS)?;
            let stored = documents::put_snapshot(tx, &head, &theirs.save())?;
            projections::refresh(tx, &stored)
        })
        .expect("puts");
    let child = store
        .read(|connection| projections::children::file(connection, document(5)))
        .expect("reads")
        .expect("is there");
    assert_eq!((child.name(), child.text("sex")), ("石小雨", Some("2")));
    assert_eq!(store.read(changes::outbox_length).expect("reads"), 1);
    let author = store
        .read(|c| changes::author_of(c, named.hash))
        .expect("reads")
        .expect("known");
    assert_eq!(author.device, other.device);
    assert_eq!(
        store.read(|c| changes::get(c, named.hash)).expect("reads"),
        None
    );
}

#[test]
fn a_chain_and_a_block_of_file_numbers_go_on_after_reopening() {
    let (world, store, person) = store();
    store
        .write(|tx| -> Result<(), StoreError> {
            let numbers = FileNumbers {
                prefix: "LT-01-".into(),
                next: 8,
                end: 10,
            };
            identity::set_file_numbers(tx, numbers)?;
            assert_eq!(
                identity::take_file_number(tx)?.as_deref(),
                Some("LT-01-0008")
            );
            write_family(tx, &person, 1000)
        })
        .expect("writes");
    drop(store);
    let store = world.open().store;
    let chain = store
        .read(|connection| identity::chain(connection, person.incarnation, person.scope))
        .expect("reads");
    assert_eq!(chain.dev_seq, 3);
    let next = |store: &Store| store.write(identity_take).expect("takes");
    fn identity_take(tx: &store::Transaction<'_>) -> Result<Option<String>, StoreError> {
        identity::take_file_number(tx)
    }
    assert_eq!(next(&store).as_deref(), Some("LT-01-0009"));
    assert_eq!(next(&store), None);
}

#[test]
fn a_draft_resumes_where_it_was_and_a_discarded_one_comes_back_until_its_time_is_over() {
    let (world, store, _person) = store();
    let draft = Draft {
        draft: Uuid::from_u128(70),
        household: document(10),
        form: "hv-cn-1".into(),
        answers: json!({"session": {"a_place": "home"}}),
        position: Some("session/a_place".into()),
        children: vec![document(11)],
        created_ms: START_MS,
        updated_ms: START_MS,
        discarded_ms: None,
    };
    store.write(|tx| drafts::put(tx, &draft)).expect("writes");
    store
        .write(|tx| drafts::set_position(tx, draft.draft, Some("session/b_food")))
        .expect("moves");
    drop(store);
    let store = world.open().store;
    let found = store.read(drafts::open).expect("reads");
    assert_eq!(
        found,
        [Draft {
            position: Some("session/b_food".into()),
            ..draft.clone()
        }]
    );

    store
        .write(|tx| -> Result<(), StoreError> {
            assert!(drafts::set_discarded(tx, draft.draft, Some(START_MS))?);
            assert_eq!(drafts::open(tx)?, []);
            assert_eq!(drafts::remove_old(tx, START_MS)?, 0);
            assert!(drafts::set_discarded(tx, draft.draft, None)?);
            assert_eq!(drafts::open(tx)?.len(), 1);
            drafts::set_discarded(tx, draft.draft, Some(START_MS))?;
            assert_eq!(drafts::remove_old(tx, START_MS + 1)?, 1);
            assert_eq!(drafts::get(tx, draft.draft)?, None);
            Ok(())
        })
        .expect("goes");
}

#[test]
fn an_import_remembers_rows_and_what_the_ledger_said() {
    let (_world, store, _person) = store();
    let mut batch = ImportBatch {
        batch: Uuid::from_u128(80),
        ledger: "L1".into(),
        file_name: "花名册.xlsx".into(),
        state: "running".into(),
        total: 1,
        done: 0,
        details: json!({"sheet": "Sheet1"}),
        result_name: None,
        result_file: None,
        created_ms: START_MS,
    };
    let row = ImportRow {
        row: 3,
        outcome: "new".into(),
        status: "done".into(),
        document: Some(document(11)),
        content: json!({"name": "石小雨"}),
    };
    store
        .write(|tx| -> Result<(), StoreError> {
            imports::put_batch(tx, &batch)?;
            imports::put_row(tx, batch.batch, &row)?;
            assert_eq!(imports::running(tx)?, std::slice::from_ref(&batch));
            batch.state = "done".into();
            imports::put_batch(tx, &batch)?;
            assert_eq!(imports::batch(tx, batch.batch)?.as_ref(), Some(&batch));
            assert_eq!(imports::rows(tx, batch.batch)?, std::slice::from_ref(&row));
            Ok(())
        })
        .expect("imports");
}

#[test]
fn small_tables_read_back_what_was_put() {
    let (_world, store, person) = store();
    let village = UnitRow {
        unit: person.village,
        parent: Some(person.scope),
        level: "village".into(),
        name: "石桥村".into(),
        region_code: Some("310199001001".into()),
        former: vec![("石桥大队".into(), "310199001009".into())],
        closed_ms: None,
    };
    let staff = StaffRow {
        staff: StaffId(Uuid::from_u128(5)),
        name: "周站长".into(),
        role: Role::Supervisor,
        unit: person.scope,
        ended_ms: None,
    };
    let device = DeviceRow {
        device: DeviceId(Uuid::from_u128(6)),
        staff: staff.staff,
        unit: UnitId(person.scope.0),
        label: "站里的电脑".into(),
        key: Some([3; 32]),
        enrolled_ms: Some(START_MS),
        seen_ms: None,
        revoked_ms: None,
    };
    let policy = PolicyRow {
        policy: "cn-2026-1".into(),
        kind: "cadence".into(),
        version: "1".into(),
        json: "{}".into(),
        received_ms: START_MS,
    };
    let scope = ScopeState {
        seq: 9,
        epoch: 2,
        loaded: true,
        ..ScopeState::fresh(person.scope)
    };
    store
        .write(|tx| -> Result<(), StoreError> {
            members::put_unit(tx, &village)?;
            members::put_staff(tx, &staff)?;
            members::put_device(tx, &device)?;
            policies::put(tx, &policy)?;
            sync_state::put_scope(tx, &scope)?;
            sync_state::update_status(tx, |status| {
                status.last_problem = Some("no_network".into());
                status.second_copy = true;
            })?;
            read_marks::put(tx, document(3), Some("event"), START_MS)
        })
        .expect("writes");
    store
        .read(|connection| -> Result<(), StoreError> {
            assert_eq!(
                members::unit(connection, village.unit)?.as_ref(),
                Some(&village)
            );
            assert_eq!(members::units(connection)?.len(), 1);
            assert_eq!(
                members::staff(connection, staff.staff)?.as_ref(),
                Some(&staff)
            );
            assert_eq!(members::devices(connection)?, [device]);
            assert_eq!(
                policies::get(connection, "cn-2026-1")?.as_ref(),
                Some(&policy)
            );
            assert_eq!(policies::all(connection)?.len(), 1);
            assert_eq!(sync_state::scope(connection, person.scope)?, scope);
            let status = sync_state::status(connection)?;
            assert_eq!(status.last_problem.as_deref(), Some("no_network"));
            assert!(status.second_copy);
            let marks = read_marks::all(connection)?;
            assert_eq!(marks[&document(3)].event.as_deref(), Some("event"));
            Ok(())
        })
        .expect("reads");
}

#[test]
fn the_audit_chain_holds_and_its_rows_can_neither_change_nor_go() {
    let (_world, store, person) = store();
    let entry = |action: &str| AuditRow {
        at_ms: START_MS,
        staff: Some(person.staff),
        action: action.into(),
        object: document(11).to_string(),
    };
    for action in ["child_opened", "visit_saved", "id_shown"] {
        store
            .write(|tx| audit::append(tx, &entry(action)))
            .expect("appends");
    }
    assert_eq!(store.read(audit::verify).expect("holds"), 3);
    for sql in ["UPDATE audit SET action = 'nothing'", "DELETE FROM audit"] {
        let refused = store.write(|tx| -> Result<(), StoreError> {
            tx.execute(sql, [])?;
            Ok(())
        });
        assert!(refused.is_err());
    }
    store
        .write(|tx| -> Result<(), StoreError> {
            tx.execute_batch(
                "DROP TRIGGER audit_rows_never_change;
                 UPDATE audit SET object = 'x' WHERE position = 2;",
            )?;
            Ok(())
        })
        .expect("a tampered file");
    assert!(matches!(
        store.read(audit::verify),
        Err(StoreError::Corrupt { .. })
    ));
}
