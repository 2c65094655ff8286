//! `make load`: thousands of tablets against the real server in a process of its own, over TLS on loopback.
//!
//! Every session is a tablet's evening: it connects, proves itself, sends what it recorded, reads what is new.
//! What the server said it had taken is looked for in its database afterwards. `docs/benchmarks.md` has the figures.
#![allow(clippy::print_stdout, reason = "a command line prints")]

mod line;

use anyhow::{Context, Result, bail};
use automerge::{Automerge, Change};
use clap::Parser;
use client::system::SystemClock;
use ids::{ChangeHash, Clock};
use line::{Line, Refused};
use protocol::genesis;
use protocol::session::proof::RequestProof;
use protocol::{Cursor, Enrolled, Envelope, Outcome, PROTOCOL_VERSION, SyncRequest, SyncResponse};
use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use sync_server::vault::Vault;
use sync_server::{compaction, database, verify};
use tokio_rustls::TlsConnector;
use uuid::Uuid;
use zoufang_tests::apart::{self, Apart};
use zoufang_tests::device::entropy;
use zoufang_tests::traffic::{self, Hand, Holding, Template};
use zoufang_tests::world::{self, History, World};

/// Another township than the one the dictionary was trained on.
const SEED: u64 = 71;

/// What is played.
#[derive(Parser, Clone)]
struct Options {
    /// Tablets enrolled.
    #[arg(long, default_value_t = 2_000)]
    tablets: usize,
    /// How long they come and go.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Changes a session brings.
    #[arg(long, default_value_t = 17)]
    changes: usize,
    /// Sessions at the same time.
    #[arg(long, default_value_t = 48)]
    together: usize,
    /// Tablets of one township.
    #[arg(long, default_value_t = 20)]
    per_township: usize,
    /// Stop after so many sessions instead of at the time.
    #[arg(long)]
    sessions: Option<usize>,
    /// Check every signature the server kept, too.
    #[arg(long)]
    verify: bool,
    /// Pack what may be packed afterwards, and say what a change takes before and after.
    #[arg(long)]
    growth: bool,
    /// Leave the server's folder there.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Only write packed envelopes of the dictionary's township here, one a file, and end.
    #[arg(long)]
    samples: Option<PathBuf>,
    /// Folder for the files; a real disk, or a commit costs nothing.
    #[arg(long, default_value = "target")]
    folder: PathBuf,
}

fn main() -> Result<()> {
    if apart::serve_if_asked()? {
        return Ok(());
    }
    let options = Options::parse();
    std::fs::create_dir_all(&options.folder).context("the folder cannot be made")?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(options))
}

async fn run(options: Options) -> Result<()> {
    if let Some(folder) = &options.samples {
        return write_samples(&options.folder, folder).await;
    }
    let (folder, templates, known) = prepare(&options.folder, SEED, 40).await?;
    let data = folder.path().join("server");
    let hands = traffic::enrol(&data, options.tablets, options.per_township)?;
    let hands = evenings(hands, &templates, &options)?;
    let bare = bare(&templates)?;
    let before = database_bytes(&data)?;
    let server = Apart::start(folder.path())?;
    let resident_empty = server.resident_kb();
    let play = Arc::new(Play {
        address: server.address,
        tls: line::tls(known.ca_certificate.clone())?,
        known,
        waiting: Mutex::new(hands.into_iter().map(Some).collect()),
        next: AtomicUsize::new(0),
        done: Mutex::default(),
        ends: Instant::now() + Duration::from_secs(options.seconds),
        options: options.clone(),
    });
    let began = Instant::now();
    let processor = server.processor();
    let workers: Vec<_> = (0..options.together)
        .map(|_| tokio::spawn(Arc::clone(&play).work()))
        .collect();
    for worker in workers {
        worker.await??;
    }
    let took = began.elapsed();
    let taking = server.processor().saturating_sub(processor);
    let holding = Holding::of(&data)?;
    let inbox = holding.waiting()?;
    let left = wait_until_published(&holding).await?;
    let published = began.elapsed();
    let processor = server.processor().saturating_sub(processor);
    let resident = server.resident_kb();
    let documents = holding.documents()?;
    server.stop()?;
    let tally = std::mem::take(&mut *play.done.lock().unwrap_or_else(PoisonError::into_inner));
    let lost = tally.taken.difference(&holding.hashes()?).count();
    drop(holding);
    let faults = if options.verify {
        check(&data, &folder.path().join("server.key"))?
    } else {
        0
    };
    let bytes = database_bytes(&data)?.saturating_sub(before);
    report(&tally, took, (taking, processor), bytes);
    let alone = (processor - taking).as_secs_f64() * 1e6 / inbox.saturating_sub(left).max(1) as f64;
    println!(
        "load-publish published_per_s={:.0} in_inbox_at_end={inbox} never_published={left} \
         cpu_us_per_change={alone:.0} bare_cpu_us_per_change={bare:.0} ratio={:.2}",
        tally.taken.len() as f64 / published.as_secs_f64(),
        alone / bare,
    );
    println!(
        "load-memory documents={documents} rss_mb_before={} rss_mb={}",
        resident_empty / 1024,
        resident / 1024,
    );
    if options.growth {
        grow(
            &data,
            &folder.path().join("server.key"),
            before,
            tally.taken.len(),
        )?;
    }
    if faults > 0 {
        println!("load-verify faults={faults}");
    }
    if let Some(keep) = &options.keep {
        let kept = folder.keep();
        std::fs::rename(kept, keep)?;
    }
    println!(
        "load sessions_per_s={:.0} p50_ms={:.1} p99_ms={:.1} refused={} lost={lost}",
        tally.latencies.len() as f64 / took.as_secs_f64(),
        percentile(&tally.latencies, 0.50),
        percentile(&tally.latencies, 0.99),
        tally.refused
    );
    if tally.taken.is_empty() {
        let why = tally.first_refusal.as_deref().unwrap_or("no session ended");
        bail!("nothing was taken: {why}");
    }
    if lost > 0 || faults > 0 || left > 0 {
        std::process::exit(1);
    }
    Ok(())
}

/// What the server took it also publishes: waits for that as long as fewer and fewer wait, and returns what is left.
async fn wait_until_published(holding: &Holding) -> Result<u64> {
    let mut fewest = u64::MAX;
    let mut moved = Instant::now();
    loop {
        let waiting = holding.waiting()?;
        if waiting < fewest {
            fewest = waiting;
            moved = Instant::now();
        }
        if waiting == 0 || moved.elapsed() > STUCK {
            return Ok(waiting);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Processor time a change takes when its document is only loaded, given the change, saved and loaded again: no database, no
/// key, no other process, and all changes of the document at once. In microseconds; the limit publishing is held against.
fn bare(templates: &[Template]) -> Result<f64> {
    let (mut documents, mut changes) = (Vec::new(), 0);
    let mut hand = traffic::stranger();
    for template in templates {
        let begun = genesis::constants(template.kind(), template.schema())
            .context("a document of ours begins with known constants")?;
        let begun: Vec<u8> = begun.iter().flat_map(|one| one.bytes.to_vec()).collect();
        let made = (0..template.changes())
            .map(|_| Ok(Change::from_bytes(hand.work(templates)?.change)?))
            .collect::<Result<Vec<_>>>()?;
        changes += made.len();
        documents.push((begun, made));
    }
    let before = apart::processor_fine(std::process::id());
    for (begun, made) in documents {
        let mut document = Automerge::load(&begun)?;
        document.apply_changes(made)?;
        Automerge::load(&document.save())?;
    }
    let used = apart::processor_fine(std::process::id()).saturating_sub(before);
    Ok(used.as_secs_f64() * 1e6 / changes.max(1) as f64)
}

fn report(tally: &Tally, took: Duration, (taking, processor): (Duration, Duration), bytes: u64) {
    let (sessions, changes) = (tally.latencies.len(), tally.taken.len());
    let micros = processor.as_secs_f64() * 1e6;
    println!(
        "load-server sessions={sessions} changes={changes} changes_per_s={:.0} cpu_us_per_session={:.0} \
         cpu_us_per_change={:.0} cores={:.2} disk_bytes_per_change={:.0}",
        changes as f64 / took.as_secs_f64(),
        micros / sessions.max(1) as f64,
        micros / changes.max(1) as f64,
        taking.as_secs_f64() / took.as_secs_f64(),
        bytes as f64 / changes.max(1) as f64,
    );
}

/// A founded township without tablets, and changes a real client made in it.
async fn prepare(
    folder: &Path,
    seed: u64,
    households: usize,
) -> Result<(tempfile::TempDir, Vec<Template>, Enrolled)> {
    let mut world = World::new(folder).await?;
    let unit = world.village().await?;
    let device = world.director(unit).await?;
    let today = device.tablet()?.today();
    let planned = world::households_of(seed, households, households, today)?;
    world::fill(&device, &planned, History::RecordByRecord)?;
    let templates = traffic::templates(&device)?;
    let known = device.tablet()?.enrolled.clone();
    drop(device);
    Ok((world.close().await, templates, known))
}

async fn write_samples(work: &Path, samples: &Path) -> Result<()> {
    let (folder, templates, _) = prepare(work, world::SEED, 120).await?;
    let mut hands = traffic::enrol(&folder.path().join("server"), 12, 4)?;
    std::fs::create_dir_all(samples)?;
    for number in 0..2_400 {
        let hand = &mut hands[number % 12];
        let envelope = hand.work(&templates)?;
        std::fs::write(
            samples.join(format!("{number:05}")),
            traffic::packed(&envelope)?,
        )?;
    }
    Ok(())
}

/// Nothing was published for so long: nothing will be.
const STUCK: Duration = Duration::from_secs(20);
/// Sessions a second for which evenings are made; no machine this is meant for comes near it.
const SESSIONS_PER_S: u64 = 400;

/// A tablet with what it recorded, an outbox for each of its sessions. A tablet signs when a visit is saved, so all of it
/// is there before the clock starts.
struct Evenings {
    hand: Hand,
    recorded: VecDeque<Vec<Envelope>>,
}

fn evenings(hands: Vec<Hand>, templates: &[Template], options: &Options) -> Result<Vec<Evenings>> {
    let sessions = match options.sessions {
        Some(sessions) => sessions,
        None => usize::try_from(SESSIONS_PER_S * options.seconds)?,
    };
    let each = sessions.div_ceil(options.tablets);
    hands
        .into_iter()
        .map(|mut hand| {
            let evenings = if hand.reads_only { 0 } else { each };
            let recorded = (0..evenings)
                .map(|_| {
                    (0..options.changes)
                        .map(|_| hand.work(templates))
                        .collect::<Result<Vec<_>>>()
                })
                .collect::<Result<_>>()?;
            Ok(Evenings { hand, recorded })
        })
        .collect()
}

struct Play {
    address: SocketAddr,
    tls: TlsConnector,
    known: Enrolled,
    waiting: Mutex<Vec<Option<Evenings>>>,
    next: AtomicUsize,
    done: Mutex<Tally>,
    ends: Instant,
    options: Options,
}

#[derive(Default)]
struct Tally {
    latencies: Vec<f64>,
    taken: BTreeSet<ChangeHash>,
    refused: usize,
    /// The first refusal's words.
    first_refusal: Option<String>,
}

impl Play {
    async fn work(self: Arc<Self>) -> Result<()> {
        loop {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            let over = match self.options.sessions {
                Some(sessions) => turn >= sessions,
                None => Instant::now() >= self.ends,
            };
            if over {
                return Ok(());
            }
            let at = turn % self.options.tablets;
            let Some(mut tablet) = self.tablets()[at].take() else {
                continue;
            };
            let outbox = match tablet.recorded.pop_front() {
                Some(outbox) => outbox,
                None if tablet.hand.reads_only => Vec::new(),
                None => bail!("more sessions than evenings were made; ask for a shorter time"),
            };
            let began = Instant::now();
            let ended = self.session(&mut tablet.hand, outbox).await;
            let latency = began.elapsed().as_secs_f64() * 1_000.0;
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            match ended {
                Ok((taken, refused)) => {
                    done.latencies.push(latency);
                    done.taken.extend(taken);
                    done.refused += refused;
                    drop(done);
                    self.tablets()[at] = Some(tablet);
                }
                // Its chain cannot go on without what was not taken, so this tablet goes home.
                Err(error) if error.downcast_ref::<Refused>().is_some() => {
                    done.refused += 1;
                    done.first_refusal
                        .get_or_insert_with(|| format!("{error:#}"));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn tablets(&self) -> std::sync::MutexGuard<'_, Vec<Option<Evenings>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn session(
        &self,
        hand: &mut Hand,
        outbox: Vec<Envelope>,
    ) -> Result<(Vec<ChangeHash>, usize)> {
        let mut line = Line::open(self.address, &self.tls).await?;
        let proof = RequestProof::sign(
            &hand.key,
            hand.device,
            &self.known.server_key,
            SystemClock.now_ms(),
        );
        line.authorise(proof.text());
        let mut request = SyncRequest {
            protocol: PROTOCOL_VERSION,
            app: env!("CARGO_PKG_VERSION").to_owned(),
            schemas: Vec::new(),
            request: Uuid::new_v4(),
            cursor: Some(Cursor {
                scope: hand.scope,
                epoch: self.known.epoch,
                seq: hand.read_up_to,
            }),
            last_applied: None,
            outbox,
            want_bytes: 0,
            push_only: false,
            unsent: None,
            certified_until_ms: None,
            next_ca: None,
            tick: None,
            chain: None,
        };
        let mut taken = Vec::new();
        let mut refused = 0;
        loop {
            let answer: SyncResponse = line.send("/sync", &request).await?;
            for (hash, outcome) in &answer.outcomes {
                match outcome {
                    Outcome::Accepted { .. } | Outcome::AlreadyHad { .. } | Outcome::Taken => {
                        taken.push(*hash);
                    }
                    _ => refused += 1,
                }
            }
            if let Some(cursor) = answer.cursor {
                hand.read_up_to = cursor.seq;
                request.cursor = Some(cursor);
            }
            request.outbox.clear();
            if !answer.more {
                return Ok((taken, refused));
            }
        }
    }
}

/// The database's bytes once everything lies in its one file.
fn database_bytes(data: &Path) -> Result<u64> {
    Ok(std::fs::metadata(database::file_of(data))?.len())
}

/// What a change takes on disk as rows, and once its body lies in a segment; everything that belongs to it included.
fn grow(data: &Path, key_file: &Path, before: u64, changes: usize) -> Result<()> {
    let vault = Vault::open(key_file, data)?;
    let mut connection = database::open(data)?;
    let rows = used_bytes(&connection)?;
    let moved = compaction::run(&mut connection, &vault, entropy().as_ref(), i64::MAX)?;
    let packed = used_bytes(&connection)?;
    drop(connection);
    let per_change = |bytes: u64| bytes.saturating_sub(before) as f64 / changes.max(1) as f64;
    println!(
        "load-growth changes={changes} moved={moved} rows_bytes_per_change={:.0} packed_bytes_per_change={:.0} faults={}",
        per_change(rows),
        per_change(packed),
        check(data, key_file)?
    );
    Ok(())
}

/// Pages in use; pages that are free are used again before the file grows.
fn used_bytes(connection: &rusqlite::Connection) -> Result<u64> {
    let read = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let used = (read("page_count")? - read("freelist_count")?) * read("page_size")?;
    Ok(u64::try_from(used)?)
}

fn check(data: &Path, key_file: &Path) -> Result<usize> {
    let vault = Vault::open(key_file, data)?;
    let connection = database::open_reader(&database::file_of(data))?;
    let report = verify::verify(&connection, &vault)?;
    for fault in report.faults.iter().take(10) {
        println!("load-verify {fault}");
    }
    Ok(report.faults.len())
}

fn percentile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() as f64 * part) as usize;
    sorted
        .get(at.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}
