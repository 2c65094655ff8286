//! One SQLite file: how it is opened and migrated, the thread that writes, the connections that read.

use crate::cases;
use crate::error::ApiError;
use crate::settings::{self, name};
use crate::unit_keys;
use protocol::dictionary;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, named_params};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot, watch};

const FILE: &str = "server.sqlite";
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_begin.sql"),
    include_str!("migrations/0002_sync_that_cannot_lose.sql"),
    include_str!("migrations/0003_smaller_rows.sql"),
    include_str!("migrations/0004_the_right_eyes.sql"),
    include_str!("migrations/0005_actors.sql"),
    include_str!("migrations/0006_people_seals_retention.sql"),
    include_str!("migrations/0007_forms_and_delegates.sql"),
    include_str!("migrations/0008_delegated_enrolment.sql"),
    include_str!("migrations/0009_short_hashes.sql"),
    include_str!("migrations/0010_guests.sql"),
    include_str!("migrations/0011_reports.sql"),
    include_str!("migrations/0012_countersignatures.sql"),
    include_str!("migrations/0013_cases.sql"),
    include_str!("migrations/0014_digests.sql"),
    include_str!("migrations/0015_handed_over.sql"),
    include_str!("migrations/0016_hold_covers.sql"),
    include_str!("migrations/0017_trails_that_end.sql"),
    include_str!("migrations/0018_persons.sql"),
    include_str!("migrations/0019_digests_of_cases.sql"),
];
/// Jobs that share one commit.
const GROUP: usize = 128;
/// How long a statement waits for somebody else's.
const BUSY: Duration = Duration::from_secs(10);
/// How long readers are waited for when the write-ahead log is to be emptied; everybody's words wait meanwhile.
const EMPTYING: Duration = Duration::from_millis(100);
/// When it is tried again, should nothing be written before.
const EMPTYING_AGAIN: Duration = Duration::from_secs(1);

/// What can go wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// SQLite says no.
    #[error("the database cannot be used")]
    Sqlite(#[from] rusqlite::Error),
    /// Made by a newer server.
    #[error("the database has version {found}, this server knows {known}")]
    TooNew {
        /// In the file.
        found: usize,
        /// Known here.
        known: usize,
    },
    /// A row names another that is not there.
    #[error("the database is not whole: a row names another that is not there")]
    Dangling,
    /// Bodies lie there that were compressed with a dictionary this server does not have.
    #[error("the database needs dictionary {0}, which this server does not have")]
    Dictionary(u32),
    /// No database there.
    #[error("there is no server in {0}; run init first")]
    Missing(PathBuf),
    /// The folder or thread cannot be made.
    #[error("the data folder cannot be used")]
    Folder(#[from] std::io::Error),
}

/// The database file of a data folder.
pub fn file_of(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// Makes the database if it is missing, and migrates it.
///
/// # Errors
/// The folder or file cannot be used.
pub fn create(data: &Path) -> Result<Connection, DatabaseError> {
    std::fs::create_dir_all(data)?;
    prepare(Connection::open(file_of(data))?)
}

/// Opens an existing database for writing, and migrates it.
///
/// # Errors
/// There is none, or it cannot be used.
pub fn open(data: &Path) -> Result<Connection, DatabaseError> {
    let file = file_of(data);
    if !file.exists() {
        return Err(DatabaseError::Missing(data.to_owned()));
    }
    open_file(&file)
}

/// Opens a database file for writing, and migrates it.
///
/// # Errors
/// It cannot be used.
pub(crate) fn open_file(file: &Path) -> Result<Connection, DatabaseError> {
    prepare(Connection::open(file)?)
}

/// Opens an existing database for reading only.
///
/// # Errors
/// There is none, or it cannot be used.
pub fn open_reader(file: &Path) -> Result<Connection, DatabaseError> {
    let connection = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    keep_plans(&connection)?;
    Ok(connection)
}

/// As [`open`], through another of SQLite's file systems: the simulator's disk.
///
/// # Errors
/// There is none, or it cannot be used.
pub(crate) fn open_on(data: &Path, vfs: &str) -> Result<Connection, DatabaseError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    prepare(Connection::open_with_flags_and_vfs(
        file_of(data),
        flags,
        vfs,
    )?)
}

/// Without this a statement whose plan may depend on a bound value, `LIMIT :most` for one, is prepared again at every use.
/// It was a sixth of the server's time.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn prepare(mut connection: Connection) -> Result<Connection, DatabaseError> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(128);
    keep_plans(&connection)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    // What is erased is overwritten, or its key could be found in a page nobody uses.
    connection.pragma_update(None, "secure_delete", true)?;
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    if found > MIGRATIONS.len() {
        return Err(DatabaseError::TooNew {
            found,
            known: MIGRATIONS.len(),
        });
    }
    if found < MIGRATIONS.len() {
        // A table that others point at is made anew under its own name, so what points where is looked at in the end.
        connection.pragma_update(None, "foreign_keys", false)?;
        let tx = connection.transaction()?;
        for migration in &MIGRATIONS[found..] {
            tx.execute_batch(migration)?;
        }
        if tx.prepare("PRAGMA foreign_key_check")?.exists([])? {
            return Err(DatabaseError::Dangling);
        }
        tx.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
        tx.commit()?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    keep_dictionaries(&connection)?;
    unit_keys::note_digests(&connection)?;
    cases::note_digests(&connection)?;
    Ok(connection)
}

/// The database keeps what its bodies are read with, so that a copy of it can be read by whoever has the key file.
fn keep_dictionaries(connection: &Connection) -> Result<(), DatabaseError> {
    for dictionary in dictionary::table() {
        connection.execute(
            include_str!("sql/dictionary/insert.sql"),
            named_params! {":id": dictionary.id, ":bytes": dictionary.bytes},
        )?;
    }
    let mut statement = connection.prepare(include_str!("sql/dictionary/all.sql"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: u32 = row.get(0)?;
        let bytes: Vec<u8> = row.get(1)?;
        let same = dictionary::table()
            .iter()
            .any(|known| known.id == id && known.bytes == bytes);
        if !same {
            return Err(DatabaseError::Dictionary(id));
        }
    }
    Ok(())
}

type Finish = Box<dyn FnOnce(bool) + Send>;
type Job = Box<dyn FnOnce(&Connection) -> (bool, Finish) + Send>;

/// The one thread that writes. Jobs that wait together share one commit, and nobody is answered before it.
pub struct Writer {
    sender: Mutex<Option<mpsc::SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    commits: watch::Receiver<u64>,
}

impl Writer {
    /// Starts the thread with its connection.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(connection: Connection) -> Result<Self, DatabaseError> {
        let (sender, jobs) = mpsc::sync_channel::<Job>(1024);
        let (counter, commits) = watch::channel(0);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || write(connection, &jobs, &counter))?;
        Ok(Self {
            sender: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            commits,
        })
    }

    /// Counts commits; changes after each.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }

    /// Does a job inside the next commit and returns after it. A job that fails leaves no trace.
    ///
    /// # Errors
    /// The job's own, busy when too many wait, or internal when the commit fails.
    pub async fn run<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, ApiError> + Send + 'static,
    {
        self.submit(work)?.await.map_err(|_| ApiError::Internal)?
    }

    fn submit<T, F>(&self, work: F) -> Result<oneshot::Receiver<Result<T, ApiError>>, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, ApiError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = catch_unwind(AssertUnwindSafe(|| work(connection)))
                .unwrap_or(Err(ApiError::Internal));
            let keep = result.is_ok();
            let finish: Finish = Box::new(move |committed| {
                let _ = answer.send(if committed {
                    result
                } else {
                    Err(result.err().unwrap_or(ApiError::Internal))
                });
            });
            (keep, finish)
        });
        let sender = self
            .sender
            .lock()
            .expect("no job panics while it holds this lock")
            .clone()
            .ok_or(ApiError::Busy)?;
        sender.try_send(job).map_err(|_| ApiError::Busy)?;
        Ok(answered)
    }

    /// As [`Writer::run`], for a thread of its own.
    ///
    /// # Errors
    /// As [`Writer::run`].
    pub(crate) fn run_here<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, ApiError> + Send + 'static,
    {
        self.submit(work)?
            .blocking_recv()
            .map_err(|_| ApiError::Internal)?
    }

    /// Finishes what waits and closes the file.
    pub fn stop(&self) {
        let sender = self
            .sender
            .lock()
            .expect("no job panics while it holds this lock")
            .take();
        drop(sender);
        let thread = self
            .thread
            .lock()
            .expect("no job panics while it holds this lock")
            .take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

fn write(connection: Connection, jobs: &mpsc::Receiver<Job>, counter: &watch::Sender<u64>) {
    // What an earlier process erased and could not see to any more.
    let mut holds_nothing_erased = empty_log(&connection);
    loop {
        let first = if holds_nothing_erased {
            jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            jobs.recv_timeout(EMPTYING_AGAIN)
        };
        let first = match first {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => {
                holds_nothing_erased = empty_log(&connection);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let mut group = vec![first];
        while group.len() < GROUP {
            match jobs.try_recv() {
                Ok(job) => group.push(job),
                Err(_) => break,
            }
        }
        let (committed, finishes) = commit_group(&connection, group);
        // Before anybody reads the new state, and before whoever erased is answered.
        holds_nothing_erased = empty_log(&connection);
        counter.send_modify(|count| *count += 1);
        for finish in finishes {
            finish(committed);
        }
    }
    if let Err(error) = connection.pragma_update(None, "wal_checkpoint", "TRUNCATE") {
        tracing::warn!(code = ?error.sqlite_error_code(), "last checkpoint");
    }
}

/// Empties the write-ahead log when something was erased since that was done the last time: the pages of before, an erased
/// key among them, are in it until then. False when somebody still reads them; it is tried again.
fn empty_log(connection: &Connection) -> bool {
    let emptied = || -> rusqlite::Result<bool> {
        if settings::read(connection, name::ERASED_IN_LOG)?.is_none() {
            return Ok(true);
        }
        connection.busy_timeout(EMPTYING)?;
        let is_busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            row.get::<_, i64>(0)
        });
        connection.busy_timeout(BUSY)?;
        if is_busy? != 0 {
            return Ok(false);
        }
        settings::forget(connection, name::ERASED_IN_LOG)?;
        Ok(true)
    };
    emptied().unwrap_or_else(|error| {
        tracing::warn!(code = ?error.sqlite_error_code(), "emptying the write-ahead log");
        false
    })
}

fn commit_group(connection: &Connection, group: Vec<Job>) -> (bool, Vec<Finish>) {
    let begun = connection.execute_batch("BEGIN IMMEDIATE").is_ok();
    let mut finishes = Vec::with_capacity(group.len());
    let mut whole = begun;
    for job in group {
        whole &= connection.execute_batch("SAVEPOINT job").is_ok();
        let (keep, finish) = job(connection);
        let end = if keep {
            "RELEASE job"
        } else {
            "ROLLBACK TO job; RELEASE job"
        };
        whole &= connection.execute_batch(end).is_ok();
        finishes.push(finish);
    }
    let committed = whole && connection.execute_batch("COMMIT").is_ok();
    if !committed {
        tracing::error!("a commit failed");
        let _ = connection.execute_batch("ROLLBACK");
    }
    (committed, finishes)
}

/// Connections that only read, used off the async threads.
#[derive(Clone)]
pub struct Readers {
    file: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

/// Reads at the same time. Each costs a thread with what it compresses with, so a crowd must not make a crowd of them.
const READERS: usize = 8;

impl Readers {
    /// Readers of a data folder.
    pub fn new(data: &Path) -> Self {
        Self {
            file: Arc::new(file_of(data)),
            idle: Arc::default(),
            turns: Arc::new(Semaphore::new(READERS)),
        }
    }

    /// Reads from one consistent state of the file.
    ///
    /// # Errors
    /// The work's own, or internal.
    pub async fn run<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, ApiError> + Send + 'static,
    {
        let readers = self.clone();
        // Nobody closes it.
        let _turn = self.turns.acquire().await.map_err(|_| ApiError::Internal)?;
        tokio::task::spawn_blocking(move || readers.read(work))
            .await
            .map_err(|_| ApiError::Internal)?
    }

    /// As [`Readers::run`], on this thread: for what takes less time than handing it over, or for a thread of its own.
    ///
    /// # Errors
    /// As [`Readers::run`].
    pub fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let idle = self
            .idle
            .lock()
            .expect("nothing panics while it holds this lock")
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.file).map_err(|error| {
                tracing::error!(%error, "reader");
                ApiError::Internal
            })?,
        };
        connection.execute_batch("BEGIN")?;
        let result = work(&connection);
        connection.execute_batch("ROLLBACK")?;
        let mut idle = self
            .idle
            .lock()
            .expect("nothing panics while it holds this lock");
        if idle.len() < READERS {
            idle.push(connection);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<T: rusqlite::types::FromSql>(connection: &Connection, query: &str) -> Vec<T> {
        let mut statement = connection.prepare(query).expect("reads");
        statement
            .query_map([], |row| row.get(0))
            .expect("reads")
            .collect::<Result<_, _>>()
            .expect("reads")
    }

    #[test]
    fn a_database_of_the_second_shape_keeps_every_head_body_and_author() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = file_of(folder.path());
        let old = Connection::open(&file).expect("opens");
        for migration in &MIGRATIONS[..2] {
            old.execute_batch(migration).expect("migrates");
        }
        old.execute_batch(include_str!("migrations/test_rows_of_2.sql"))
            .expect("rows of then");
        old.pragma_update(None, "user_version", 2).expect("marks");
        drop(old);

        let new = open_file(&file).expect("migrates");
        let heads: Vec<String> = rows(
            &new,
            "SELECT hex(h.hash) || ' ' || hex(c.incarnation) || ' ' || h.dev_seq || ' ' || coalesce(h.state, 'accepted')
             FROM heads AS h JOIN chains AS c ON c.id = h.chain ORDER BY h.hash",
        );
        let expected = [
            "C1 08 1 accepted",
            "C2 08 2 accepted",
            "C3 08 3 accepted",
            "C4 09 1 held",
        ];
        assert_eq!(heads, expected);
        let bodies: Vec<String> = rows(
            &new,
            "SELECT change_id || ' ' || hex(body) FROM bodies ORDER BY change_id",
        );
        assert_eq!(bodies, ["2 B2", "3 B3"], "the packed one has none");
        let authors: Vec<String> = rows(
            &new,
            "SELECT c.id || ' ' || hex(a.actor) || ' ' || hex(a.device) || ' ' || c.actor_seq
             FROM changes AS c JOIN actors AS a ON a.id = c.actor_id ORDER BY c.id",
        );
        assert_eq!(authors, ["1 07 04 1", "2 07 04 2", "3 07 04 3"]);
        new.execute("DELETE FROM changes WHERE id = 3", [])
            .expect("nothing else names it");
        let left: Vec<i64> = rows(&new, "SELECT change_id FROM bodies");
        assert_eq!(left, [2], "a body goes with its change");
        let removed = new.execute("DELETE FROM heads WHERE hash = x'c4'", []);
        assert!(removed.is_err(), "a head never goes");
    }

    /// Reads the whole of a table that grows with the years, knowingly: rare, or the whole is what is asked for.
    const KNOWN_SCANS: [&str; 19] = [
        "audit/all.sql",
        "audit/between.sql",
        "audit/last.sql",
        "device_audit/chains.sql",
        "log/every_change.sql",
        "orders/erase_document.sql",
        "orders/erase_heads.sql",
        "orders/erase_log.sql",
        "publish/progress.sql",
        "publish/waiting.sql",
        "sealed_rows/read_log.sql",
        "set_aside/as_held.sql",
        "set_aside/clear.sql",
        "set_aside/documents.sql",
        "set_aside/heads_as_held.sql",
        "orders/erase_set_aside.sql",
        "verify/held.sql",
        "verify/log_records.sql",
        "verify/set_aside.sql",
    ];
    const GROWING: [&str; 9] = [
        "actors",
        "audit",
        "bodies",
        "changes",
        "device_audit",
        "heads",
        "held",
        "log",
        "set_aside",
    ];

    fn sql_files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("reads") {
            let path = entry.expect("reads").path();
            if path.is_dir() {
                sql_files(&path, found);
            } else {
                found.push(path);
            }
        }
    }

    /// The table behind a name of a plan: its own, or the one it stands for in the statement.
    fn table_of<'a>(statement: &'a str, name: &'a str) -> &'a str {
        let words: Vec<&str> = statement.split_whitespace().collect();
        words
            .windows(3)
            .find(|words| words[1] == "AS" && words[2].trim_end_matches([')', ',', ';']) == name)
            .map_or(name, |words| words[0])
    }

    #[test]
    fn no_statement_of_every_day_reads_the_whole_of_a_table_that_grows() {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = open_file(&file_of(folder.path())).expect("migrates");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sql");
        let mut files = Vec::new();
        sql_files(&root, &mut files);
        assert!(files.len() > 100, "the statements were found");
        let mut whole = Vec::new();
        for file in files {
            let name = file
                .strip_prefix(&root)
                .expect("below")
                .display()
                .to_string();
            let text = std::fs::read_to_string(&file).expect("reads");
            let mut plan = connection
                .prepare(&format!("EXPLAIN QUERY PLAN {text}"))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let steps: Vec<String> = plan
                .raw_query()
                .mapped(|row| row.get(3))
                .collect::<Result<_, _>>()
                .expect("explains");
            let scans = steps.iter().filter_map(|step| {
                let scanned = step.strip_prefix("SCAN ")?.split_whitespace().next()?;
                GROWING.contains(&table_of(&text, scanned)).then_some(step)
            });
            whole.extend(
                scans
                    .filter(|_| !KNOWN_SCANS.contains(&name.as_str()))
                    .map(|step| format!("{name}: {step}")),
            );
        }
        assert!(whole.is_empty(), "{whole:#?}");
    }
}
