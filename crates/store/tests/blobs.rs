//! A photo that was called added is never lost, and one that is to go is gone.

mod common;

use common::{START_MS, World};
use ids::{BlobAddress, DocumentId};
use store::blobs::{self, BlobKind, Said};
use store::drafts::{self, Draft};
use store::sheets::{self, Sheet};
use store::{Store, StoreError, recovery};
use uuid::Uuid;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn household() -> DocumentId {
    DocumentId(Uuid::from_u128(1))
}

fn draft() -> Draft {
    Draft {
        draft: Uuid::from_u128(7),
        household: household(),
        form: "form".into(),
        answers: serde_json::Value::Null,
        position: None,
        children: Vec::new(),
        created_ms: START_MS,
        updated_ms: START_MS,
        discarded_ms: None,
    }
}

fn begin(world: &World) -> Store {
    let store = world.create();
    store.write(|tx| drafts::put(tx, &draft())).expect("writes");
    store
}

fn add(store: &Store, content: &[u8]) -> BlobAddress {
    blobs::add(
        store,
        draft().draft,
        BlobKind::Photo,
        content,
        Some(b"small"),
    )
    .expect("adds")
}

fn content(store: &Store, address: BlobAddress) -> Option<Vec<u8>> {
    let blob = store
        .read(|connection| blobs::get(connection, address))
        .expect("reads")?;
    Some(blobs::content(store, &blob).expect("opens").to_vec())
}

fn on_form(store: &Store) -> Vec<BlobAddress> {
    store
        .read(|connection| blobs::of_draft(connection, draft().draft))
        .expect("reads")
        .iter()
        .map(|blob| blob.address)
        .collect()
}

fn files(world: &World) -> usize {
    std::fs::read_dir(world.folder.join("blobs")).map_or(0, Iterator::count)
}

#[test]
fn what_was_added_is_there_after_reopening_and_unreadable_on_the_disk() {
    let world = World::new();
    let store = begin(&world);
    let photo = b"a very private picture".repeat(5_000);
    let address = add(&store, &photo);
    assert_eq!(content(&store, address).as_deref(), Some(photo.as_slice()));
    drop(store);
    let store = world.open().store;
    assert_eq!(on_form(&store), [address]);
    assert_eq!(content(&store, address).as_deref(), Some(photo.as_slice()));
    let path = world.folder.join("blobs").join(address.to_string());
    let lies = std::fs::read(path).expect("the file is there");
    assert!(!lies.windows(12).any(|window| window == b"very private"));
}

#[test]
fn cut_off_between_row_and_file_the_file_decides() {
    let world = World::new();
    let store = begin(&world);
    let (whole, half) = (add(&store, b"whole"), add(&store, b"half"));
    // As after a power cut just before the rows were told that the files are there.
    let unsay = "UPDATE blobs SET is_there = 0";
    store
        .write(|tx| Ok::<_, StoreError>(tx.execute(unsay, [])?))
        .expect("writes");
    let path = world.folder.join("blobs").join(half.to_string());
    std::fs::write(&path, b"ZF").expect("writes");
    drop(store);
    let store = world.open().store;
    assert_eq!(on_form(&store), [whole]);
    assert_eq!(content(&store, whole).as_deref(), Some(b"whole".as_slice()));
    assert!(content(&store, half).is_none() && !path.exists());
}

#[test]
fn only_what_was_taken_off_or_hangs_on_no_form_is_given_up() {
    let world = World::new();
    let store = begin(&world);
    let (kept, taken_off) = (add(&store, b"kept"), add(&store, b"taken off"));
    store
        .write(|tx| blobs::set_removed(tx, draft().draft, taken_off, Some(START_MS)))
        .expect("writes");
    assert_eq!(on_form(&store), [kept]);
    store
        .write(|tx| blobs::set_removed(tx, draft().draft, taken_off, None))
        .expect("writes");
    assert_eq!(on_form(&store).len(), 2, "taken back");
    store
        .write(|tx| {
            blobs::set_removed(tx, draft().draft, taken_off, Some(START_MS))?;
            drafts::set_discarded(tx, draft().draft, Some(START_MS))
        })
        .expect("writes");
    world.clock.advance_seconds(24 * 60 * 60);
    blobs::give_up(&store).expect("gives up");
    assert!(content(&store, taken_off).is_none());
    assert_eq!(files(&world), 2, "the other photo and its thumbnail");
    assert!(
        content(&store, kept).is_some(),
        "the form can be brought back"
    );
    world.clock.advance_seconds(30 * 24 * 60 * 60);
    store
        .write(|tx| drafts::remove_old(tx, START_MS + 31 * DAY_MS))
        .expect("writes");
    blobs::give_up(&store).expect("gives up");
    assert_eq!(files(&world), 0);
}

#[test]
fn a_file_is_freed_only_when_the_server_has_it_for_good_and_its_thumbnail_stays() {
    let world = World::new();
    let store = begin(&world);
    let (delivered, waiting) = (add(&store, b"delivered"), add(&store, b"waiting"));
    store
        .write(|tx| {
            blobs::attach(tx, draft().draft, household())?;
            blobs::note(tx, delivered, &Said::Durable { at_ms: START_MS })?;
            blobs::note(tx, waiting, &Said::Sent(9))
        })
        .expect("writes");
    blobs::free(&store, START_MS).expect("frees");
    let row = store
        .read(|connection| blobs::get(connection, delivered))
        .expect("reads")
        .expect("the row stays");
    assert!(!row.is_there);
    assert_eq!(
        content(&store, waiting).as_deref(),
        Some(b"waiting".as_slice())
    );
    assert_eq!(files(&world), 3);
    let (thumb, _) = row.thumb.expect("it has one");
    assert_eq!(content(&store, thumb).as_deref(), Some(b"small".as_slice()));
    store.write(blobs::offer_again).expect("writes");
    let offered = store
        .read(|connection| blobs::waiting(connection, 10))
        .expect("reads");
    assert_eq!(offered.len(), 3, "a freed one cannot be offered");
    assert_eq!(offered[2].address, waiting, "thumbnails go first");
}

#[test]
fn a_fetch_goes_on_where_it_was_killed_and_believes_only_what_the_record_names() {
    let world = World::new();
    let store = begin(&world);
    let key = store::keys::SecretKey::from_bytes([3; 32]);
    let sealed = blobs::seal(&key, &vec![9; 200_000]).expect("seals");
    let size = sealed.bytes.len() as u64;
    let mut fetching = blobs::fetching(&store, sealed.address, size).expect("begins");
    fetching.add(&sealed.bytes[..70_001]).expect("adds");
    drop(store);
    let store = world.open().store;
    let mut fetching = blobs::fetching(&store, sealed.address, size).expect("goes on");
    assert_eq!(fetching.here(), 70_001);
    fetching
        .add(&vec![0; sealed.bytes.len() - 70_001])
        .expect("adds");
    assert!(fetching.finish(BlobKind::Photo, &key, household()).is_err());
    let mut fetching = blobs::fetching(&store, sealed.address, size).expect("anew");
    assert_eq!(fetching.here(), 0);
    fetching.add(&sealed.bytes).expect("adds");
    assert!(fetching.is_whole());
    let content = fetching.finish(BlobKind::Photo, &key, household());
    assert_eq!(content.expect("holds").len(), 200_000);
}

#[test]
fn what_is_on_a_sheet_is_there_again_and_goes_only_with_it_or_its_document() {
    let world = World::new();
    let store = begin(&world);
    let problem = DocumentId(Uuid::from_u128(2));
    let page = Sheet {
        sheet: Uuid::from_u128(8),
        about: "problem/2".into(),
        document: Some(problem),
        words: None,
        changed_ms: START_MS,
    };
    let begin_sheet = || store.write(|tx| sheets::begin(tx, &page));
    let say = |words| store.write(|tx| sheets::set_words(tx, page.sheet, words, START_MS));
    let hang = || {
        blobs::add(&store, page.sheet, BlobKind::Photo, b"seen", Some(b"small")).expect("adds");
    };
    let found = || {
        let found = store.read(|connection| sheets::of(connection, "problem/2"));
        found.expect("reads").map(|sheet| sheet.words)
    };
    begin_sheet().expect("writes");
    assert!(begin_sheet().is_err(), "a page has one");
    hang();
    say(Some("{}")).expect("writes");
    blobs::give_up(&store).expect("gives up");
    assert_eq!(files(&world), 2, "it may still be saved");
    assert_eq!(found(), Some(Some("{}".to_owned())));
    store
        .write(|tx| sheets::remove(tx, page.sheet))
        .expect("writes");
    blobs::give_up(&store).expect("gives up");
    assert_eq!(files(&world), 0, "dropped");

    // Years do not give up what was said or shown; a bare one goes after a day.
    let years = START_MS + 2_000 * DAY_MS;
    let tidy = |at_ms| store.write(|tx| sheets::remove_bare(tx, at_ms));
    begin_sheet().expect("writes");
    hang();
    tidy(years).expect("writes");
    assert_eq!(found(), Some(None), "a photo hangs on it");
    say(Some("{}")).expect("writes");
    tidy(years).expect("writes");
    store
        .write(|tx| recovery::erase(tx, problem, 0, START_MS))
        .expect("erases");
    blobs::sweep(&store).expect("sweeps");
    assert_eq!((files(&world), found()), (0, None), "with its document");
    begin_sheet().expect("writes");
    say(Some("{}")).expect("writes");
    tidy(years).expect("writes");
    assert_eq!(found(), Some(Some("{}".to_owned())), "words are on it");
    say(None).expect("writes");
    tidy(START_MS + DAY_MS).expect("writes");
    assert_eq!(found(), Some(None), "a day is not over");
    tidy(START_MS + DAY_MS + 1).expect("writes");
    assert_eq!(found(), None);
}
