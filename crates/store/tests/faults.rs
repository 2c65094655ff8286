//! Every operation of the disk in turn fails, is the last before the power goes, or finds the disk full: for save, pull,
//! open, recover, migrate, erase, create. Which kind of failure, and what the power cut leaves, goes round with N;
//! `FAULTS=all` tries all of them at each.
//!
//! N = 1, 2, 3 … until nothing fails any more, as SQLite's own tests do. After an error nobody acknowledged, either
//! outcome is legal; what was acknowledged must be there, and what was not is wholly there or wholly absent.

mod common;

use common::trouble::at_every_operation;
use common::{
    DISTRICT, FOLDER, Machine, Person, START_MS, document, head_of, receive, visit, write_family,
};
use domain::record::{Edit, doc};
use ids::{DocKind, DocumentId};
use serde_json::json;
use simdisk::{Image, Loss};
use std::path::Path;
use store::changes::{self, Outcome};
use store::disk::{Disk, Opening};
use store::drafts::{self, Draft};
use store::journal::Record;
use store::projections::{self, children};
use store::sync_state::{self, ScopeState};
use store::{
    Connection, FileHardwareKey, HardwareKey, OpenOutcome, Store, StoreError, documents, identity,
    recovery, wipe,
};
use uuid::Uuid;

/// What the person was told.
#[derive(Debug, Default)]
struct Told {
    tried: Vec<u128>,
    saved: Vec<u128>,
    /// The newest answer that was called kept, and the newest that was given.
    kept: u64,
    given: u64,
    /// The newest batch that was called stored, and the newest that came.
    stored: u64,
    came: u64,
    created: bool,
    erased: bool,
}

fn reopened(machine: &Machine, context: &str) -> OpenOutcome {
    let opened = match machine.open() {
        // A count of wrong PINs that cannot be read costs a wait and nothing else.
        Err(StoreError::PinWait { seconds }) => {
            machine.clock.advance_seconds(seconds.cast_signed());
            machine.open()
        }
        other => other,
    };
    let outcome = opened.unwrap_or_else(|error| panic!("{context}: it does not open: {error:?}"));
    let (check, kept, rebuilt) = outcome
        .store
        .write(|tx| {
            let check: String = tx.pragma_query_value(None, "quick_check", |row| row.get(0))?;
            let kept = projections::hash(tx)?;
            projections::rebuild(tx)?;
            Ok::<_, StoreError>((check, kept, projections::hash(tx)?))
        })
        .unwrap_or_else(|error| panic!("{context}: it cannot be read: {error:?}"));
    assert_eq!(check, "ok", "{context}");
    assert_eq!(kept, rebuilt, "{context}: lists are what documents say");
    outcome
}

/// How much of a family is there: household, child, and the record of the visit.
fn parts(connection: &Connection, base: u128) -> Result<u32, StoreError> {
    let records: u32 = connection.query_row(
        "SELECT count(*) FROM changes WHERE record_id = ?",
        [format!("visit-{base}")],
        |row| row.get(0),
    )?;
    let household = documents::head(connection, document(base))?.is_some();
    let child = documents::head(connection, document(base + 1))?.is_some();
    Ok(records + u32::from(household) + u32::from(child))
}

/// Chain, outbox and acknowledged families agree.
fn families_are_whole(store: &Store, told: &Told, context: &str) {
    let person = Person::number(1);
    let mut there = 0;
    for base in &told.tried {
        let found = store
            .read(|connection| parts(connection, *base))
            .expect("reads");
        assert!(
            found == 0 || found == 3,
            "{context}: {base} is there in part"
        );
        if told.saved.contains(base) {
            assert_eq!(found, 3, "{context}: {base} was called saved");
        }
        there += found;
    }
    let (own, last): (u32, i64) = store
        .read(|connection| {
            Ok::<_, StoreError>(connection.query_row(
                "SELECT count(*), coalesce(max(dev_seq), 0) FROM changes WHERE origin = 'local'",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?)
        })
        .expect("reads");
    assert_eq!(own, there, "{context}: three changes a family");
    let chain = store
        .read(|connection| identity::chain(connection, person.incarnation, person.scope))
        .expect("reads");
    assert_eq!(
        (chain.dev_seq.cast_signed(), i64::from(own)),
        (last, last),
        "{context}: the chain"
    );
    assert_eq!(
        store.read(children::count).expect("counts") * 3,
        own,
        "{context}: a child a family"
    );
}

const DRAFT: Uuid = Uuid::from_u128(77);

fn draft(answer: u64) -> Draft {
    Draft {
        draft: DRAFT,
        household: document(10),
        form: "form".into(),
        answers: json!({ "answer": answer }),
        position: None,
        children: vec![document(11)],
        created_ms: START_MS,
        updated_ms: START_MS + i64::try_from(answer).expect("small"),
        discarded_ms: None,
    }
}

fn draft_is_there(store: &Store, told: &Told, context: &str) {
    let found = store
        .read(|connection| drafts::get(connection, DRAFT))
        .expect("reads")
        .map_or(0, |draft| {
            draft.answers["answer"].as_u64().expect("a number")
        });
    assert!(
        (told.kept..=told.given).contains(&found),
        "{context}: answer {found} of the draft is there"
    );
}

/// An enrolled tablet with one family, closed properly.
fn tablet() -> Image {
    let machine = Machine::new(0);
    let store = machine.create().expect("creates");
    store
        .write(|tx| {
            identity::put(tx, &Person::number(1).identity())?;
            write_family(tx, &Person::number(1), 10)
        })
        .expect("writes");
    drop(store);
    machine.disk.image()
}

fn save(store: &Store, told: &mut Told, base: u128) {
    told.tried.push(base);
    if store
        .write(|tx| write_family(tx, &Person::number(1), base))
        .is_ok()
    {
        told.saved.push(base);
    }
}

fn answer(store: &Store, told: &mut Told) {
    told.given += 1;
    if store
        .write(|tx| drafts::put(tx, &draft(told.given)))
        .is_ok()
    {
        told.kept = told.given;
    }
}

fn begun() -> Told {
    Told {
        tried: vec![10],
        saved: vec![10],
        ..Told::default()
    }
}

#[test]
fn saving_and_answering() {
    at_every_operation(
        &tablet(),
        |machine, begin, told: &mut Told| {
            *told = begun();
            let store = machine.open().expect("nothing is wrong yet").store;
            begin();
            answer(&store, told);
            save(&store, told, 20);
            answer(&store, told);
            save(&store, told, 30);
            Some(store)
        },
        |machine, told, context| {
            let outcome = reopened(machine, context);
            assert_eq!(outcome.moved_aside, None, "{context}");
            families_are_whole(&outcome.store, told, context);
            draft_is_there(&outcome.store, told, context);
            drop(outcome);
            // What was called saved survives the database too.
            machine.lose_database();
            let context = format!("{context}, and the database lost");
            let outcome = reopened(machine, &context);
            families_are_whole(&outcome.store, told, &context);
            draft_is_there(&outcome.store, told, &context);
        },
    );
}

/// Whoever tries again after a read or a write that failed once is not told that all is damaged: no connection stays spoilt.
#[test]
fn after_one_failure_the_next_read_and_the_next_write_succeed() {
    let image = tablet();
    for n in 1.. {
        let machine = Machine::from_image(n, &image);
        let store = machine.open().expect("nothing is wrong yet").store;
        let read = || store.read(projections::hash);
        machine.disk.fail_at(n, simdisk::Fault::Io);
        let mut told = Told::default();
        let first = read().is_ok();
        save(&store, &mut told, 40);
        let struck = machine.disk.stop_failing();
        read().unwrap_or_else(|error| panic!("at {n}, the first one {first}: {error:?}"));
        save(&store, &mut told, 50);
        assert!(told.saved.contains(&50), "at {n}: {told:?}");
        if !struck {
            assert!(n > 3, "only {n} operations were struck");
            break;
        }
    }
}

/// A child another tablet wrote, as a change or as a snapshot.
fn foreign(number: u64) -> DocumentId {
    document(9000 + u128::from(number))
}

fn store_batch(store: &Store, number: u64) -> Result<(), StoreError> {
    let other = Person::number(2);
    store.write_fetched(|tx| {
        let mut begun = doc::start(DocKind::Child).expect("starts");
        let edits = [
            Edit::put("name", "石小雨"),
            visit(&format!("foreign-{number}"), document(10), "2026-11-20"),
        ];
        let change = other.remote(&mut begun, foreign(number), &edits);
        if number.is_multiple_of(2) {
            let head = head_of(&other, DocKind::Child, foreign(number));
            let stored = documents::put_snapshot(tx, &head, &begun.save())?;
            projections::refresh(tx, &stored)?;
        } else {
            receive(tx, &other, DocKind::Child, &[change])?;
        }
        for own in changes::outbox(tx, other.scope, usize::MAX)? {
            let taken = Outcome::Accepted {
                server_seq: Some(number),
            };
            changes::mark_outcome(tx, own.hash, &taken)?;
        }
        sync_state::put_scope(
            tx,
            &ScopeState {
                seq: number,
                ..ScopeState::fresh(other.scope)
            },
        )
    })
}

#[test]
fn pulling_a_batch_and_a_page_of_the_first_load() {
    at_every_operation(
        &tablet(),
        |machine, begin, told: &mut Told| {
            let store = machine.open().expect("nothing is wrong yet").store;
            begin();
            for number in 1..=4 {
                told.came = number;
                // What failed is asked for again from the same place.
                if store_batch(&store, number).is_err() && store_batch(&store, number).is_err() {
                    break;
                }
                told.stored = number;
            }
            Some(store)
        },
        |machine, told, context| {
            let outcome = reopened(machine, context);
            assert_eq!(outcome.moved_aside, None, "{context}");
            let store = outcome.store;
            let person = Person::number(1);
            let cursor = store
                .read(|connection| sync_state::scope(connection, person.scope))
                .expect("reads")
                .seq;
            assert!(
                (told.stored..=told.came).contains(&cursor),
                "{context}: at {cursor}"
            );
            for number in 1..=4 {
                let there = store
                    .read(|connection| documents::head(connection, foreign(number)))
                    .expect("reads")
                    .is_some();
                assert_eq!(
                    there,
                    number <= cursor,
                    "{context}: batch {number} at {cursor}"
                );
            }
            let waiting = store.read(changes::outbox_length).expect("counts");
            assert_eq!(waiting, if cursor == 0 { 3 } else { 0 }, "{context}");
            store_batch(&store, cursor + 1).unwrap_or_else(|error| panic!("{context}: {error:?}"));
        },
    );
}

/// A tablet that stopped uncleanly with three families and a draft, and whose database is damaged.
fn damaged() -> Image {
    let machine = Machine::from_image(1000, &tablet());
    let store = machine.open().expect("opens").store;
    let mut told = begun();
    save(&store, &mut told, 20);
    save(&store, &mut told, 30);
    answer(&store, &mut told);
    drop(store);
    let database = Path::new(FOLDER).join("zoufang.db");
    assert!(machine.disk.damage(&database, |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle..].fill(0);
        bytes[..32].fill(7);
    }));
    machine.disk.image()
}

fn after_damage() -> Told {
    Told {
        tried: vec![10, 20, 30],
        saved: vec![10, 20, 30],
        kept: 1,
        given: 1,
        ..Told::default()
    }
}

#[test]
fn opening_with_a_damaged_database() {
    at_every_operation(
        &damaged(),
        |machine, begin, told: &mut Told| {
            *told = after_damage();
            begin();
            machine
                .open()
                .or_else(|_| machine.open())
                .ok()
                .map(|outcome| outcome.store)
        },
        |machine, told, context| {
            let outcome = reopened(machine, context);
            families_are_whole(&outcome.store, told, context);
            draft_is_there(&outcome.store, told, context);
            let kept = machine.disk.files().into_iter().any(|path| {
                path.starts_with(Path::new(FOLDER).join("moved-aside"))
                    && path.ends_with("zoufang.db")
            });
            assert!(kept, "{context}: the damaged file is kept");
            let identity = outcome.store.read(identity::get).expect("reads");
            assert!(
                identity.expect("it came back").restored,
                "{context}: nothing may be written under the old actors"
            );
        },
    );
}

#[test]
fn opening_after_an_unclean_stop() {
    let machine = Machine::from_image(1001, &tablet());
    let store = machine.open().expect("opens").store;
    let mut told = begun();
    save(&store, &mut told, 20);
    save(&store, &mut told, 30);
    answer(&store, &mut told);
    machine.disk.crash(Loss::Nothing);
    at_every_operation(
        &machine.restarted(Some(store)).disk.image(),
        |machine, begin, told: &mut Told| {
            *told = after_damage();
            begin();
            machine
                .open()
                .or_else(|_| machine.open())
                .ok()
                .map(|outcome| outcome.store)
        },
        |machine, told, context| {
            let outcome = reopened(machine, context);
            assert_eq!(outcome.moved_aside, None, "{context}");
            families_are_whole(&outcome.store, told, context);
            draft_is_there(&outcome.store, told, context);
        },
    );
}

/// The household that is erased; its draft is [`DRAFT`].
const ERASED: u128 = 10;

/// What the journals still have of the erased household, opened with the district's key.
fn is_journalled(machine: &Machine) -> bool {
    let contents = store::rescue(&machine.dyn_disk(), Path::new(FOLDER), &DISTRICT).expect("reads");
    contents.records.iter().any(|record| match record {
        Record::Change(local) => local.change.document == document(ERASED),
        Record::Draft(draft) => draft.household == document(ERASED),
        Record::Identity(_) | Record::DraftGone(_) => false,
    })
}

#[test]
fn erasing_a_household_with_a_draft() {
    let machine = Machine::from_image(1003, &tablet());
    let store = machine.open().expect("opens").store;
    save(&store, &mut begun(), 20);
    answer(&store, &mut begun());
    drop(store);
    assert!(is_journalled(&machine));
    at_every_operation(
        &machine.disk.image(),
        |machine, begin, told: &mut Told| {
            let store = machine.open().expect("nothing is wrong yet").store;
            begin();
            let erased = store.write(|tx| recovery::erase(tx, document(ERASED), 0, START_MS));
            told.erased = erased.is_ok();
            Some(store)
        },
        |machine, told, context| {
            let outcome = reopened(machine, context);
            let (is_there, draft, is_erased, others) = outcome
                .store
                .read(|connection| {
                    Ok::<_, StoreError>((
                        documents::head(connection, document(ERASED))?.is_some(),
                        drafts::get(connection, DRAFT)?.is_some(),
                        recovery::is_erased(connection, document(ERASED), 0)?,
                        parts(connection, 20)?,
                    ))
                })
                .expect("reads");
            drop(outcome);
            assert_eq!(others, 3, "{context}: the other family stays");
            assert_eq!((is_there, draft), (!is_erased, !is_erased), "{context}");
            assert!(is_erased || !told.erased, "{context}: it was called erased");
            assert_eq!(is_journalled(machine), !is_erased, "{context}");
        },
    );
}

/// The store of the first shipped version, from the fixtures.
fn first_version() -> Image {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/0001");
    let machine = Machine::new(0);
    let folder = Path::new(FOLDER);
    machine
        .disk
        .make_folder(&folder.join("journal"))
        .expect("makes");
    for (name, to) in [
        ("attempts", folder.join("attempts")),
        ("keys.json", folder.join("keys.json")),
        ("zoufang.db", folder.join("zoufang.db")),
        ("hardware-key", Path::new("/tablet.hardware-key").to_owned()),
    ] {
        let content = std::fs::read(fixture.join(name)).expect("a fixture");
        let mut file = machine.disk.open(&to, Opening::New).expect("opens");
        file.write_at(0, &content).expect("writes");
    }
    machine.disk.image()
}

#[test]
fn migrating_the_first_version() {
    at_every_operation(
        &first_version(),
        |machine, begin, _: &mut Told| {
            begin();
            machine
                .open()
                .or_else(|_| machine.open())
                .ok()
                .map(|outcome| outcome.store)
        },
        |machine, _, context| {
            let outcome = reopened(machine, context);
            assert_eq!(outcome.moved_aside, None, "{context}");
            let store = outcome.store;
            assert_eq!(store.read(children::count).expect("counts"), 1, "{context}");
            assert_eq!(
                store.read(changes::outbox_length).expect("counts"),
                3,
                "{context}"
            );
        },
    );
}

#[test]
fn creating_a_store() {
    at_every_operation(
        &Machine::new(0).disk.image(),
        |machine, begin, told: &mut Told| {
            begin();
            let store = machine.create().ok();
            told.created = store.is_some();
            store
        },
        |machine, told, context| {
            if Store::exists(&machine.disk, Path::new(FOLDER)) {
                reopened(machine, context);
            } else {
                assert!(!told.created, "{context}: it was called created");
                machine
                    .create()
                    .unwrap_or_else(|error| panic!("{context}: it cannot begin: {error:?}"));
            }
        },
    );
}

/// Either nothing is destroyed and everything is there, or the mark is and the next start destroys the rest, or all is gone.
#[test]
fn wiping_is_not_begun_or_is_finished_at_the_next_start() {
    let image = tablet();
    let act = |machine: &Machine, begin: &dyn Fn(), told: &mut Told| {
        let (disk, folder) = (machine.dyn_disk(), Path::new(FOLDER));
        begin();
        if wipe::begin(disk.as_ref(), folder).is_ok() {
            told.erased = wipe::finish(
                disk.as_ref(),
                folder,
                &folder.join("accounts"),
                Some(&hardware_of(machine)),
            )
            .is_ok();
        }
        None
    };
    at_every_operation(&image, act, |machine, told, context| {
        let (disk, folder) = (machine.dyn_disk(), Path::new(FOLDER));
        if wipe::is_begun(disk.as_ref(), folder) {
            assert!(!told.erased, "{context}: it was called done");
            assert!(
                matches!(machine.open(), Err(StoreError::Missing)),
                "{context}: it opens in the middle of it"
            );
            wipe::finish(
                disk.as_ref(),
                folder,
                &folder.join("accounts"),
                Some(&hardware_of(machine)),
            )
            .unwrap_or_else(|error| panic!("{context}: it is not finished: {error:?}"));
        } else if Store::exists(disk.as_ref(), folder) {
            assert!(!told.erased, "{context}: it was called done");
            families_are_whole(&reopened(machine, context).store, &begun(), context);
            return;
        }
        assert!(
            !Store::exists(disk.as_ref(), folder),
            "{context}: a slot is left"
        );
        assert!(
            hardware_of(machine).hmac(b"anything").is_err(),
            "{context}: the hardware key is left"
        );
        let left: Vec<_> = files_below(disk.as_ref(), folder)
            .into_iter()
            .filter(|path| *path != folder.join("lock"))
            .collect();
        assert_eq!(left, Vec::<std::path::PathBuf>::new(), "{context}");
        // The folder is as good as new.
        machine.create().expect("a new store in the same folder");
    });
}

/// The key as it is, and not made when it is not there.
fn hardware_of(machine: &Machine) -> FileHardwareKey {
    FileHardwareKey::beside(Path::new(FOLDER)).on(machine.dyn_disk())
}

fn files_below(disk: &dyn Disk, folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for path in disk.list(folder).expect("the folder is there") {
        if disk.list(&path).is_ok() {
            files.extend(files_below(disk, &path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_damaged_file_is_noticed_or_harmless_and_the_journal_brings_everything_back() {
    let machine = Machine::from_image(1002, &tablet());
    let store = machine.open().expect("opens").store;
    let mut told = begun();
    save(&store, &mut told, 20);
    answer(&store, &mut told);
    save(&store, &mut told, 30);
    machine.disk.crash(Loss::Nothing);
    let machine = machine.restarted(Some(store));
    let image = machine.disk.image();
    let files: Vec<_> = machine.disk.files();
    let mut moved = 0;
    for path in &files {
        let rounds = match path.extension().and_then(|it| it.to_str()) {
            Some("db" | "db-wal" | "journal" | "json") => 36,
            _ => 3,
        };
        if path.ends_with("tablet.hardware-key") {
            // The stub of a chip: without it only the recovery key opens the store, which is what it is for.
            continue;
        }
        for round in 0..rounds {
            let machine = Machine::from_image(5000 + round, &image);
            let context = format!("{} damaged, {round}", path.display());
            machine.disk.damage(path, |bytes| damage(bytes, round));
            let outcome = reopened(&machine, &context);
            moved += usize::from(outcome.moved_aside.is_some());
            families_are_whole(&outcome.store, &after_damage(), &context);
            draft_is_there(&outcome.store, &after_damage(), &context);
            if let Some(aside) = outcome.moved_aside {
                assert!(machine.disk.exists(&aside.join("zoufang.db")), "{context}");
            }
        }
    }
    assert!(
        moved > 20,
        "damage to the database is noticed, {moved} times"
    );
}

/// A bit, the end, or a page.
fn damage(bytes: &mut Vec<u8>, round: u64) {
    if bytes.is_empty() {
        return;
    }
    let place = usize::try_from(round.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20).expect("64 bits")
        % bytes.len();
    match round % 3 {
        0 => bytes[place] ^= 1 << (round % 8),
        1 => bytes.truncate(place),
        _ => {
            let start = place / 4096 * 4096;
            let end = (start + 4096).min(bytes.len());
            bytes[start..end].fill(0);
        }
    }
}

#[test]
fn photos_stop_first_then_pulls_and_words_last() {
    let machine = Machine::new(1);
    machine.disk.set_full(Some(1 << 30));
    let store = machine.create().expect("creates");
    store
        .write(|tx| identity::put(tx, &Person::number(1).identity()))
        .expect("enrols");
    let reserve = Path::new(FOLDER).join("reserve");
    assert_eq!(
        machine.disk.length(&reserve).expect("it is there"),
        24 << 20
    );
    let mut photos = machine
        .disk
        .open(Path::new("/photos"), Opening::Keep)
        .expect("opens");
    let mut leave = |free: u64| {
        photos.set_length(0).expect("makes room");
        let all = machine.disk.free(Path::new("/")).expect("says");
        photos.set_length(all - free).expect("takes room");
    };
    leave(400 << 20);
    assert!(store.has_room_for_photos() && store.has_room());
    leave(200 << 20);
    assert!(!store.has_room_for_photos() && store.has_room());
    leave(100 << 20);
    assert!(!store.has_room());
    assert!(matches!(store_batch(&store, 1), Err(StoreError::DiskFull)));
    let mut told = Told::default();
    save(&store, &mut told, 20);
    assert!(machine.disk.exists(&reserve), "there is room without it");
    leave(0);
    for base in 3..103 {
        save(&store, &mut told, base * 10);
        answer(&store, &mut told);
    }
    assert_eq!(
        told.saved.len(),
        101,
        "a hundred visits fit into the reserve"
    );
    assert_eq!(told.kept, 100);
    assert!(!machine.disk.exists(&reserve));
    leave(400 << 20);
    save(&store, &mut told, 2000);
    assert!(machine.disk.exists(&reserve), "it is made again");
    families_are_whole(&store, &told, "in the end");
}
