//! The thread that publishes: after every commit it looks for what waits, has it judged, and numbers what is good.

use crate::error::ApiError;
use crate::publish::{self, Memory};
use crate::state::Serving;
use crate::worker::{Court, Worker};
use protocol::limits;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// How far the publisher has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Every change up to this row of the database has been judged.
    pub row: i64,
    /// How many waited when it last looked.
    pub waiting: u64,
}

/// What others see of the publisher.
pub(crate) struct Published(watch::Sender<Progress>);

impl Default for Published {
    fn default() -> Self {
        Self(watch::channel(Progress::default()).0)
    }
}

impl Published {
    /// Waits until the row has been judged, but not long, and not at all when many wait already: at the peak the inbox
    /// grows and nobody stands in line for it.
    pub(crate) async fn reaches(&self, row: i64) {
        let mut progress = self.0.subscribe();
        if progress.borrow().waiting > limits::PUBLISH_WAIT_MOST {
            return;
        }
        let reached = progress.wait_for(|progress| progress.row >= row);
        let most = Duration::from_millis(limits::PUBLISH_WAIT_MS);
        // Whoever does not live to see it is told that the change is taken, and hears of its number later.
        let _ = tokio::time::timeout(most, reached).await;
    }
}

/// Starts the thread. It ends when the writer does.
///
/// # Errors
/// The thread cannot be started.
pub(crate) fn start(
    serving: &Arc<Serving>,
    worker: Worker,
    commits: watch::Receiver<u64>,
) -> std::io::Result<JoinHandle<()>> {
    let serving = Arc::downgrade(serving);
    let runtime = Handle::current();
    std::thread::Builder::new()
        .name("publisher".to_owned())
        .spawn(move || follow(&serving, &runtime, worker, commits))
}

fn follow(
    serving: &Weak<Serving>,
    runtime: &Handle,
    worker: Worker,
    mut commits: watch::Receiver<u64>,
) {
    let mut court = Court::new(worker);
    let mut memory = Memory::default();
    loop {
        commits.borrow_and_update();
        let Some(serving) = serving.upgrade() else {
            return;
        };
        let more = match pass(&serving, &mut court, &mut memory) {
            Ok(more) => more,
            Err(error) => {
                // The inbox is still there; the next commit is the next try.
                tracing::error!(code = error.code(), "publishing");
                false
            }
        };
        drop(serving);
        if !more && runtime.block_on(commits.changed()).is_err() {
            return;
        }
    }
}

/// One round: read, judge, write. Says whether there was anything to do.
fn pass(serving: &Arc<Serving>, court: &mut Court, memory: &mut Memory) -> Result<bool, ApiError> {
    let app = &serving.app;
    let cases = serving
        .readers
        .read(|connection| publish::gather(app, connection, memory))?;
    if cases.is_empty() {
        let progress = serving.readers.read(publish::progress)?;
        serving.published.0.send_replace(progress);
        return Ok(false);
    }
    let judged = Arc::new(publish::judge(court, cases));
    let (writing, verdicts) = (Arc::clone(app), Arc::clone(&judged));
    let now_ms = app.clock.now_ms();
    let progress = serving.writer.run_here(move |connection| {
        publish::settle(&writing, connection, &verdicts, now_ms)?;
        publish::progress(connection)
    })?;
    if let Some(judged) = Arc::into_inner(judged) {
        publish::remember(memory, judged);
    }
    serving.published.0.send_replace(progress);
    Ok(true)
}
