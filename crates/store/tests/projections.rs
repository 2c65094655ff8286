//! Projections: rows say what the documents say, however they came to be.

mod common;

use common::{Person, START_MS, World, document, label, receive, visit, write_family};
use domain::child::Amendment;
use domain::name_search;
use domain::problem::{EventKind as Step, State, add_child, add_event};
use domain::record::{Edit, doc};
use domain::scalar::Scalar;
use ids::{DocKind, Role};
use rusqlite::named_params;
use store::members::{self, StaffRow};
use store::projections::events::EventKind;
use store::projections::{self, children, conflicts, events, households, problems, records};
use store::{Store, StoreError, documents, identity};

fn store() -> (World, Store, Person) {
    let world = World::new();
    let store = world.create();
    let person = Person::number(1);
    store
        .write(|tx| identity::put(tx, &person.identity()))
        .expect("enrols");
    (world, store, person)
}

/// A village with everything in it: families, a correction, a void, a conflict, a problem.
fn fill(store: &Store, person: &Person) {
    for base in [1000, 2000, 3000] {
        store
            .write(|tx| write_family(tx, person, base))
            .expect("writes");
    }
    let amend = |id: &str, record: &str, void: bool, date: Option<&str>| {
        Amendment {
            id: id.into(),
            record: record.into(),
            void,
            event_date: date.and_then(|date| date.parse().ok()),
            reason: "日期记错".into(),
            by: "somebody".into(),
            ..Amendment::default()
        }
        .to_edit()
    };
    store
        .write(|tx| -> Result<(), StoreError> {
            let corrected = [amend("a1", "visit-1000", false, Some("2026-11-18"))];
            person.write(tx, DocKind::Child, document(1001), &corrected, None)?;
            let voided = [amend("a2", "visit-2000", true, None)];
            person.write(tx, DocKind::Child, document(2001), &voided, None)?;
            Ok(())
        })
        .expect("amends");
    make_conflict(store, person);
    store
        .write(|tx| {
            person.write(
                tx,
                DocKind::Problem,
                document(9000),
                &[
                    Edit::put("type", "HEALTH"),
                    Edit::put("severity", "S2"),
                    Edit::put("child", document(1001).to_string()),
                    add_child(&document(1001).to_string()),
                    add_event("e1", Step::Reported, "咳嗽两周", START_MS, "somebody"),
                ],
                label("problem", "石小雨 问题", "e1"),
            )
        })
        .expect("reports");
}

/// Two people change one field of a child without knowing of each other.
fn make_conflict(store: &Store, person: &Person) {
    let other = Person::number(2);
    let child = document(3001);
    let before = store
        .read(|connection| documents::load(connection, child))
        .expect("reads")
        .expect("is there");
    let mut theirs = before.automerge.clone();
    let change = other.remote(&mut theirs, child, &[Edit::put("nickname", "小雨点")]);
    store
        .write(|tx| -> Result<(), StoreError> {
            let mine = [Edit::put("nickname", "雨雨")];
            person.write(tx, DocKind::Child, child, &mine, None)?;
            members::put_staff(
                tx,
                &StaffRow {
                    staff: other.staff,
                    name: "周站长".into(),
                    role: Role::Supervisor,
                    unit: other.scope,
                    ended_ms: None,
                },
            )?;
            receive(tx, person, DocKind::Child, std::slice::from_ref(&change)).map(drop)
        })
        .expect("merges");
}

#[test]
fn rebuilding_gives_the_same_rows() {
    let (world, store, person) = store();
    fill(&store, &person);
    let lived = store.read(projections::hash).expect("hashes");
    store.write(projections::rebuild).expect("rebuilds");
    assert_eq!(store.read(projections::hash).expect("hashes"), lived);

    store
        .write(|tx| -> Result<(), StoreError> {
            tx.execute_batch(
                "DELETE FROM children; UPDATE events SET voided = 1; DELETE FROM entries;",
            )?;
            Ok(())
        })
        .expect("damages");
    assert_ne!(store.read(projections::hash).expect("hashes"), lived);
    store.write(projections::rebuild).expect("rebuilds");
    assert_eq!(store.read(projections::hash).expect("hashes"), lived);

    // Rows of an older app are rebuilt when the store is opened.
    store
        .write(|tx| -> Result<(), StoreError> {
            tx.execute_batch("DELETE FROM children; UPDATE meta SET projections = 0;")?;
            Ok(())
        })
        .expect("ages");
    drop(store);
    assert_eq!(
        world.open().store.read(projections::hash).expect("hashes"),
        lived
    );
}

#[test]
fn a_record_read_from_rows_is_the_record_in_the_document() {
    let (_world, store, person) = store();
    fill(&store, &person);
    for number in [1000, 1001, 2001, 3001, 9000] {
        let id = document(number);
        let (rows, stored) = store
            .read(|connection| -> Result<_, StoreError> {
                Ok((
                    records::get(connection, id)?,
                    documents::load(connection, id)?,
                ))
            })
            .expect("reads");
        let mut record = doc::read(&stored.expect("is there").automerge);
        // Conflicts have a table of their own; a collection nobody wrote to has no rows.
        record.conflicts.clear();
        record.collections.retain(|_, entries| !entries.is_empty());
        assert_eq!(rows.expect("is there"), record, "{number}");
    }
}

#[test]
fn children_are_listed_with_what_they_are_found_by() {
    let (_world, store, person) = store();
    fill(&store, &person);
    let rows = store.read(children::all).expect("reads");
    assert_eq!(rows.len(), 3);
    let child = store
        .read(|connection| children::get(connection, document(3001)))
        .expect("reads")
        .expect("is there");
    assert_eq!(child.name, "石小雨");
    assert_eq!(child.pinyin, "shixiaoyu");
    assert_eq!(child.household, Some(document(3000)));
    assert_eq!((child.flags, child.conflicts), (1, 1));
    for query in ["sxy", "王秀兰", "wxl", "桥头"] {
        assert!(name_search::matches(query, &child.search), "{query}");
    }
    let siblings = store
        .read(|connection| children::of_household(connection, document(3000)))
        .expect("reads");
    assert_eq!(siblings, [child]);
    // The household's landmark changes later: its children are found by the new one.
    store
        .write(|tx| {
            let edit = [Edit::put("landmark", "村口小卖部")];
            person.write(tx, DocKind::Household, document(3000), &edit, None)
        })
        .expect("edits");
    let found = store
        .read(|connection| children::get(connection, document(3001)))
        .expect("reads")
        .expect("is there");
    assert!(name_search::matches("小卖部", &found.search));
    assert!(!name_search::matches("桥头", &found.search));
    let household = store
        .read(|connection| households::get(connection, document(3000)))
        .expect("reads")
        .expect("is there");
    assert_eq!(household.landmark.as_deref(), Some("村口小卖部"));
    let lived = store.read(projections::hash).expect("hashes");
    store.write(projections::rebuild).expect("rebuilds");
    assert_eq!(store.read(projections::hash).expect("hashes"), lived);
}

#[test]
fn events_follow_corrections() {
    let (_world, store, person) = store();
    fill(&store, &person);
    let of = |number| {
        store
            .read(|connection| events::of_child(connection, document(number)))
            .expect("reads")
    };
    let corrected = &of(1001)[0];
    assert_eq!(corrected.kind, EventKind::Visit);
    assert_eq!(corrected.event_date, "2026-11-18".parse().ok());
    assert!(!corrected.voided);
    assert!(of(2001)[0].voided);
    let november = store
        .read(|connection| {
            let first = "2026-11-01".parse().expect("a date");
            let last = "2026-11-19".parse().expect("a date");
            events::between(connection, first, last)
        })
        .expect("reads");
    assert_eq!(november.len(), 1);
    assert_eq!(
        store
            .read(|connection| events::arrived(connection, 10))
            .expect("reads"),
        []
    );
}

#[test]
fn what_another_tablet_recorded_arrives_in_the_inbox_with_its_author() {
    let (_world, store, person) = store();
    let other = Person::number(2);
    let mut theirs = doc::start(DocKind::Child).expect("starts");
    let edits = [
        Edit::put("name", "石小晨"),
        visit("v1", document(10), "2026-11-20"),
    ];
    let change = other.remote(&mut theirs, document(11), &edits);
    store
        .write(|tx| receive(tx, &person, DocKind::Child, std::slice::from_ref(&change)).map(drop))
        .expect("receives");
    let inbox = store
        .read(|connection| events::arrived(connection, 10))
        .expect("reads");
    assert_eq!(inbox.len(), 1);
    let author = inbox[0].written_by.as_ref().expect("known");
    assert_eq!(
        (author.staff, author.here, author.role),
        (other.staff, false, None)
    );
}

#[test]
fn both_values_of_a_contested_field_stand_with_their_authors_until_one_is_chosen() {
    let (_world, store, person) = store();
    fill(&store, &person);
    let found = store.read(conflicts::all).expect("reads");
    assert_eq!(found.len(), 1);
    assert_eq!(store.read(conflicts::count).expect("counts"), 1);
    assert_eq!(
        (found[0].document, found[0].field.as_str()),
        (document(3001), "nickname")
    );
    let mut values: Vec<_> = found[0]
        .values
        .iter()
        .map(|value| {
            let author = value.written_by.clone().expect("known");
            (
                value.value.clone(),
                author.name.expect("named"),
                author.here,
            )
        })
        .collect();
    values.sort();
    assert_eq!(
        values,
        [
            (Scalar::from("小雨点"), "周站长".to_owned(), false),
            (Scalar::from("雨雨"), "李玉梅".to_owned(), true),
        ]
    );
    store
        .write(|tx| {
            let choice = [Edit::put("nickname", "小雨点")];
            person.write(tx, DocKind::Child, document(3001), &choice, None)
        })
        .expect("settles");
    assert_eq!(store.read(conflicts::count).expect("counts"), 0);
}

#[test]
fn a_problems_state_follows_the_roles_of_its_authors_even_when_they_arrive_later() {
    let (_world, store, person) = store();
    fill(&store, &person);
    let station = Person::number(2);
    let mut theirs = store
        .read(|connection| documents::load(connection, document(9000)))
        .expect("reads")
        .expect("is there")
        .automerge;
    let accepted = station.remote(
        &mut theirs,
        document(9000),
        &[add_event(
            "e2",
            Step::Accepted,
            "",
            START_MS + 1,
            "somebody",
        )],
    );
    store
        .write(|tx| -> Result<(), StoreError> {
            tx.execute("DELETE FROM staff", named_params! {})?;
            receive(
                tx,
                &person,
                DocKind::Problem,
                std::slice::from_ref(&accepted),
            )
            .map(drop)
        })
        .expect("receives");
    let state = || {
        store
            .read(|connection| problems::get(connection, document(9000)))
            .expect("reads")
            .expect("is there")
            .fold
            .state
    };
    assert_eq!(state(), State::Reported, "nobody knows yet who that was");
    store
        .write(|tx| {
            members::put_staff(
                tx,
                &StaffRow {
                    staff: station.staff,
                    name: "周站长".into(),
                    role: Role::Supervisor,
                    unit: station.scope,
                    ended_ms: None,
                },
            )
        })
        .expect("arrives");
    assert_eq!(state(), State::Accepted);
    let of_child = store
        .read(|connection| problems::of_child(connection, document(1001)))
        .expect("reads");
    assert_eq!(of_child.len(), 1);
    assert_eq!(store.read(problems::all).expect("reads"), of_child);
}

#[test]
fn a_document_that_left_the_scope_is_not_shown_and_not_lost() {
    let (_world, store, person) = store();
    fill(&store, &person);
    store
        .write(|tx| -> Result<(), StoreError> {
            documents::set_left(tx, document(1001), Some(START_MS))?;
            projections::refresh_stored(tx, document(1001))
        })
        .expect("leaves");
    assert_eq!(store.read(children::count).expect("counts"), 2);
    store
        .write(|tx| -> Result<(), StoreError> {
            projections::rebuild(tx)?;
            documents::set_left(tx, document(1001), None)?;
            projections::refresh_stored(tx, document(1001))
        })
        .expect("comes back");
    assert_eq!(store.read(children::count).expect("counts"), 3);
}

#[test]
fn all_files_together_are_the_files_one_by_one_without_answers() {
    let (_world, store, person) = store();
    fill(&store, &person);
    let together = store.read(children::files).expect("reads");
    assert_eq!(together.len(), 3);
    for (id, file) in together {
        let mut alone = store
            .read(|connection| children::file(connection, id))
            .expect("reads")
            .expect("is there");
        assert_eq!(alone.visits.len(), 1);
        for visit in &mut alone.visits {
            assert_eq!(visit.answers.len(), 1);
            visit.answers.clear();
        }
        assert_eq!(file, alone);
    }
    assert_eq!(store.read(households::files).expect("reads").len(), 3);
}
