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
    /// How many waited when it last looked; counted up to one more than [`limits::PUBLISH_WAIT_MOST`].
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
        let passed = pass(&serving, &mut court, &mut memory).unwrap_or_else(|error| {
            // The inbox is still there.
            tracing::error!(code = error.code(), "publishing");
            Passed::InVain
        });
        drop(serving);
        let next = async {
            match passed {
                Passed::Some => Ok(()),
                Passed::None => commits.changed().await,
                Passed::InVain => tokio::time::timeout(PAUSE, commits.changed())
                    .await
                    .unwrap_or(Ok(())),
            }
        };
        if runtime.block_on(next).is_err() {
            return;
        }
    }
}

/// How long the publisher rests when it could do nothing about what waits.
const PAUSE: Duration = Duration::from_secs(5);

/// What a round came to.
enum Passed {
    /// Nothing waits.
    None,
    /// Something was published or set aside.
    Some,
    /// Something waits, and nothing could be done about it.
    InVain,
}

/// One round: read, judge, write.
fn pass(
    serving: &Arc<Serving>,
    court: &mut Court,
    memory: &mut Memory,
) -> Result<Passed, ApiError> {
    let app = &serving.app;
    let cases = serving
        .readers
        .read(|connection| publish::gather(app, connection, memory))?;
    if cases.is_empty() {
        let progress = serving.readers.read(publish::progress)?;
        serving.published.0.send_replace(progress);
        return Ok(Passed::None);
    }
    let judged = publish::judge(court, cases);
    if judged.is_empty() {
        return Ok(Passed::InVain);
    }
    let judged = Arc::new(judged);
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
    Ok(Passed::Some)
}
