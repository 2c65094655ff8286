//! The second copy: an online backup into another folder, and how far it reaches.

use crate::audit::{self, Act, By, Deed, Object};
use crate::blob_files::BlobFiles;
use crate::blobs;
use crate::database;
use ids::{BlobAddress, Clock, UnitId};
use rusqlite::Connection;
use rusqlite::backup::Backup;
use std::collections::{BTreeSet, HashMap};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Name of the copy in its folder.
pub const COPY_FILE: &str = "server-copy.sqlite";
/// How the names begin of copies that reached further than the database.
const KEPT_COPY: &str = "server-copy-up-to-";

/// What can go wrong with a copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database says no.
    #[error("the copy cannot be made")]
    Sqlite(#[from] rusqlite::Error),
    /// The source cannot be opened.
    #[error("the database cannot be opened")]
    Source(#[from] database::DatabaseError),
    /// The folder cannot be used.
    #[error("the copy's folder cannot be used")]
    Folder(#[from] std::io::Error),
}

/// The blobs a copy names up to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    place: u64,
    count: u64,
}

/// How far the second copy reaches, if one is kept.
#[derive(Clone, Default)]
pub(crate) struct Copies {
    folder: Option<PathBuf>,
    reached: Arc<Mutex<HashMap<UnitId, u64>>>,
    /// Place of the last blob in the copy.
    blobs_reached: Arc<AtomicU64>,
    /// What the copy named when its files were looked at the last time; none before.
    blobs_held: Arc<Mutex<Option<Held>>>,
}

impl Copies {
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            reached: Arc::default(),
            blobs_reached: Arc::default(),
            blobs_held: Arc::default(),
        }
    }

    /// Where the second copy is kept, if one is.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The durable number of a scope, and whether a second copy is kept. Without one, accepted is all there is.
    pub(crate) fn durable(&self, scope: UnitId, last_seq: u64) -> (u64, bool) {
        if self.folder.is_none() {
            return (last_seq, false);
        }
        let reached = self
            .reached
            .lock()
            .expect("nothing panics while it holds this lock")
            .get(&scope)
            .copied()
            .unwrap_or(0);
        (reached, true)
    }

    /// Whether the blob with this place is in every place things are kept.
    pub(crate) fn has_blob(&self, place: u64) -> bool {
        self.folder.is_none() || place <= self.blobs_reached.load(Ordering::SeqCst)
    }

    /// Follows the commits with a copy, at most one every two seconds. Ends when the writer does.
    pub(crate) async fn follow(
        self,
        data: PathBuf,
        mut commits: tokio::sync::watch::Receiver<u64>,
    ) {
        let Some(folder) = self.folder.clone() else {
            return;
        };
        loop {
            let (data, folder) = (data.clone(), folder.clone());
            let after = self.blobs_reached.load(Ordering::SeqCst);
            let held = Arc::clone(&self.blobs_held);
            let copying = move || {
                // The database first: a blob of the copy is never without the file it names for longer than this.
                let reached = copy_database(&data, &folder)?;
                let place = copy_blobs(&data, &folder, after)?;
                let mut held = held
                    .lock()
                    .expect("nothing panics while it holds this lock");
                // What goes is needed by nobody: staying longer, it is no reason to call nothing durable.
                *held = match *held {
                    Some(known) if still_holds(&folder, known).unwrap_or(false) => {
                        names(&folder, (after, place))
                    }
                    _ => drop_blobs(&data, &folder),
                }
                .unwrap_or_else(|error| {
                    tracing::warn!(%error, "blobs of the second copy");
                    None
                });
                Ok::<_, CopyError>((reached, place))
            };
            match tokio::task::spawn_blocking(copying).await {
                Ok(Ok((reached, place))) => {
                    self.blobs_reached.store(place, Ordering::SeqCst);
                    *self
                        .reached
                        .lock()
                        .expect("nothing panics while it holds this lock") = reached;
                }
                Ok(Err(error)) => tracing::error!(%error, "second copy"),
                Err(_) => return,
            }
            if commits.changed().await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
}

/// Copies the database and the blobs into a folder while they are in use, and says how far each scope reaches in the copy.
/// An earlier copy that reaches further stays beside it under a name of its own: the database was set back, and that copy
/// may be the only one of what it lost.
///
/// # Errors
/// The source or the folder cannot be used. An earlier copy stays as it was.
pub fn copy(data: &Path, folder: &Path) -> Result<HashMap<UnitId, u64>, CopyError> {
    let reached = copy_database(data, folder)?;
    copy_blobs(data, folder, 0)?;
    drop_blobs(data, folder)?;
    Ok(reached)
}

/// Copies as an operator asks for it by hand: that it was done is in the audit chain, also of the copy.
///
/// # Errors
/// As [`copy`].
pub fn back_up(
    data: &Path,
    folder: &Path,
    clock: &dyn Clock,
) -> Result<HashMap<UnitId, u64>, CopyError> {
    let connection = database::open(data)?;
    audit::append(
        &connection,
        &Deed::of_server(By::Operator, Act::BackedUp, Object::Server, clock.now_ms()),
    )?;
    drop(connection);
    copy(data, folder)
}

/// File of the anchors beside a copy, one a line.
pub const ANCHORS_FILE: &str = "audit-anchors.txt";

/// Adds an anchor of the audit chain beside a copy.
///
/// # Errors
/// The folder cannot be written.
pub fn keep_anchor(folder: &Path, anchor: &str) -> Result<(), CopyError> {
    std::fs::create_dir_all(folder)?;
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(ANCHORS_FILE))?;
    writeln!(file, "{anchor}")?;
    Ok(file.sync_all()?)
}

/// Copies the whole blobs after a place that are not in the folder yet. Returns the place of the last one.
fn copy_blobs(data: &Path, folder: &Path, after: u64) -> Result<u64, CopyError> {
    let source = database::open_reader(&database::file_of(data))?;
    let (from, to) = (BlobFiles::in_folder(data), BlobFiles::in_folder(folder));
    let mut place = after;
    for blob in blobs::whole_after(&source, after)? {
        match from.copy_to(&to, blob.address, blob.size) {
            Ok(()) => place = blob.place,
            // Erased meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => place = blob.place,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(place)
}

/// Whether the copy names as many blobs up to a place as it did: none was erased since.
fn still_holds(folder: &Path, held: Held) -> Result<bool, CopyError> {
    let copy = database::open_reader(&folder.join(COPY_FILE))?;
    Ok(blobs::count_to(&copy, held.place)? == held.count)
}

/// What the copy names; none when a blob was copied that it does not name yet, which may be erased before it does.
fn names(folder: &Path, (from, to): (u64, u64)) -> Result<Option<Held>, CopyError> {
    let copy = database::open_reader(&folder.join(COPY_FILE))?;
    let named = blobs::whole_after(&copy, 0)?;
    let place = named.last().map_or(0, |blob| blob.place);
    let count = blobs::count_to(&copy, place)?;
    Ok((from == to || place >= to).then_some(Held { place, count }))
}

/// Removes from a copy the blobs that neither the database names nor any copy of it in the folder: what was erased is
/// nowhere. Called when the copy that does not name them any more is whole in its place. Says what the copy names; none
/// when blobs came meanwhile that it does not name yet.
fn drop_blobs(data: &Path, folder: &Path) -> Result<Option<Held>, CopyError> {
    let copy = database::open_reader(&folder.join(COPY_FILE))?;
    let named = blobs::whole_after(&copy, 0)?;
    let place = named.last().map_or(0, |blob| blob.place);
    let count = blobs::count_to(&copy, place)?;
    let mut kept: BTreeSet<BlobAddress> = named.into_iter().map(|blob| blob.address).collect();
    // A copy that reached further than the database may be the only one of what was lost, its blobs included.
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(KEPT_COPY) && name.ends_with(".sqlite") {
            let earlier = database::open_reader(&path)?;
            kept.extend(
                blobs::whole_after(&earlier, 0)?
                    .into_iter()
                    .map(|blob| blob.address),
            );
        }
    }
    let source = database::open_reader(&database::file_of(data))?;
    let newest = blobs::whole_after(&source, place)?;
    let is_complete = newest.is_empty();
    kept.extend(newest.into_iter().map(|blob| blob.address));
    BlobFiles::in_folder(folder).keep_only(&kept)?;
    Ok(is_complete.then_some(Held { place, count }))
}

fn copy_database(data: &Path, folder: &Path) -> Result<HashMap<UnitId, u64>, CopyError> {
    std::fs::create_dir_all(folder)?;
    let source = database::open_reader(&database::file_of(data))?;
    let part = folder.join(format!("{COPY_FILE}.part"));
    if part.exists() {
        std::fs::remove_file(&part)?;
    }
    let mut target = Connection::open(&part)?;
    Backup::new(&source, &mut target)?.run_to_completion(1_000, Duration::ZERO, None)?;
    target.pragma_update(None, "journal_mode", "delete")?;
    let reached = reached(&target)?;
    target.close().map_err(|(_, error)| error)?;
    std::fs::File::open(&part)?.sync_all()?;
    keep_if_ahead(folder, &reached)?;
    std::fs::rename(&part, folder.join(COPY_FILE))?;
    std::fs::File::open(folder)?.sync_all()?;
    Ok(reached)
}

fn keep_if_ahead(folder: &Path, now: &HashMap<UnitId, u64>) -> Result<(), CopyError> {
    let earlier = folder.join(COPY_FILE);
    if !earlier.exists() {
        return Ok(());
    }
    let connection = database::open_reader(&earlier)?;
    // One that cannot be read is of no use to anybody.
    let before = reached(&connection).unwrap_or_default();
    drop(connection);
    let ahead = before
        .iter()
        .filter(|(scope, seq)| now.get(scope).is_none_or(|reached| *reached < **seq))
        .map(|(_, seq)| *seq)
        .max();
    if let Some(seq) = ahead {
        let kept = folder.join(format!("{KEPT_COPY}{seq}.sqlite"));
        if !kept.exists() {
            tracing::warn!(
                seq,
                "the second copy reached further than the database and is kept"
            );
            std::fs::rename(&earlier, &kept)?;
        }
    }
    Ok(())
}

fn reached(copy: &Connection) -> rusqlite::Result<HashMap<UnitId, u64>> {
    copy.prepare(include_str!("sql/log/all_last_seqs.sql"))?
        .query_map([], |row| {
            Ok((
                UnitId(crate::columns::uuid(row, 0)?),
                crate::columns::number(row, 1)?,
            ))
        })?
        .collect()
}
