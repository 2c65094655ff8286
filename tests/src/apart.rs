//! The real server in a process of its own, so that its processor time and memory are told from everybody else's.
//!
//! A program that uses [`Apart`] calls [`serve_if_asked`] first thing: the server is the same program, started again.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use sync_server::{Server, ServerConfig, Worker, worker};

const WORD: &str = "serve-apart";
/// How a server starts the program it is to judge changes with.
const WORKER: &str = "worker";
/// What `/proc` counts processor time in.
const TICKS_PER_SECOND: u64 = 100;

/// A server process. It ends when dropped.
pub struct Apart {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl Apart {
    /// Starts a server over the folder of a founded [`crate::township::Plan`]; returns once it listens.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(folder: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(WORD)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server's process")?;
        let mut line = String::new();
        let output = child.stdout.as_mut().context("its output")?;
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse().context("the server did not start")?;
        Ok(Self { address, child })
    }

    /// Processor time so far, children included; to a hundredth of a second.
    pub fn processor(&self) -> Duration {
        let ticks: u64 = family(self.child.id())
            .iter()
            .filter_map(|process| {
                let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
                let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
                Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
            })
            .sum();
        Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Memory it holds now, children included, in KB.
    pub fn resident_kb(&self) -> u64 {
        family(self.child.id())
            .iter()
            .filter_map(|process| {
                let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
                let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
                line.split_whitespace().next()?.parse::<u64>().ok()
            })
            .sum()
    }

    /// Stops it cleanly and waits for its end.
    ///
    /// # Errors
    /// It ends with a failure.
    pub fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            bail!("the server ended with {status}")
        }
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A process's time on a processor so far in nanoseconds, of the threads alive now, children included.
pub fn processor_fine(process: u32) -> Duration {
    let nanoseconds = family(process)
        .iter()
        .filter_map(|process| std::fs::read_dir(format!("/proc/{process}/task")).ok())
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    Duration::from_nanos(nanoseconds)
}

/// A process and the ones it started.
fn family(process: u32) -> Vec<u32> {
    let mut family = vec![process];
    let mut at = 0;
    while let Some(parent) = family.get(at).copied() {
        at += 1;
        let Ok(threads) = std::fs::read_dir(format!("/proc/{parent}/task")) else {
            continue;
        };
        for thread in threads.flatten() {
            let children = std::fs::read_to_string(thread.path().join("children"));
            family.extend(
                children
                    .unwrap_or_default()
                    .split_whitespace()
                    .filter_map(|child| child.parse::<u32>().ok()),
            );
        }
    }
    family
}

/// Serves, or judges changes for a server, until its input ends, when this process was started for that; returns at once
/// otherwise.
///
/// # Errors
/// The server does not start.
pub fn serve_if_asked() -> Result<bool> {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next() {
        Some(word) if word == WORKER => {
            worker::main()?;
            return Ok(true);
        }
        Some(word) if word == WORD => {}
        _ => return Ok(false),
    }
    let folder = PathBuf::from(arguments.next().context("the folder")?);
    tracing_subscriber::fmt()
        .with_env_filter("warn")
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut config = ServerConfig::new(folder.join("server"), folder.join("server.key"));
        config.worker = Worker::this_program()?;
        let server = Server::start(config).await?;
        let mut output = std::io::stdout();
        writeln!(output, "{}", server.address)?;
        output.flush()?;
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        server.shutdown().await;
        Ok(true)
    })
}
