//! Speed against physical limits and rivals, in one run: real files, the real server, TLS on loopback.
//!
//! Prints a line per figure and asserts nothing about time. What each figure means is in `docs/benchmarks.md`.

mod apart_day;
mod day_sync;
mod endpoint;
mod first_load;
mod measure;
mod open_today;
mod rival;
mod save_visit;
mod year;

use anyhow::{Context, Result};
use clap::Parser;
use std::path::PathBuf;
use std::process::Command;
use zoufang_tests::apart;
use zoufang_tests::world::World;

/// What is measured, and how much of it.
#[derive(Parser)]
struct Options {
    /// Households of the large village.
    #[arg(long, default_value_t = 1_000)]
    households: usize,
    /// Children of the large village.
    #[arg(long, default_value_t = 1_400)]
    children: usize,
    /// Visits saved.
    #[arg(long, default_value_t = 40)]
    visits: usize,
    /// Repetitions of everything else; the medians are printed.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Only figures whose name begins with this.
    #[arg(long, default_value = "")]
    only: String,
    /// Folder for the files; a real disk, or a commit costs nothing.
    #[arg(long, default_value = "target")]
    folder: PathBuf,
}

fn main() -> Result<()> {
    if apart::serve_if_asked()? {
        return Ok(());
    }
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> Result<()> {
    if apart_day::serve_if_asked().await? {
        return Ok(());
    }
    let options = Options::parse();
    std::fs::create_dir_all(&options.folder).context("the folder cannot be made")?;
    print_machine();
    let mut world = World::new(&options.folder).await?;
    let wanted = |name: &str| name.starts_with(&options.only);
    if wanted("save_visit") {
        save_visit::run(&mut world, options.visits).await?;
    }
    if wanted("day_sync") {
        day_sync::run(&mut world, options.rounds).await?;
    }
    if wanted("day_apart") {
        apart_day::run(&options.folder, options.rounds).await?;
    }
    if wanted("first_load") {
        first_load::run(&mut world, options.rounds).await?;
    }
    if wanted("open_today") {
        open_today::run(
            &mut world,
            options.households,
            options.children,
            options.rounds,
        )
        .await?;
    }
    world.stop().await;
    if wanted("year") {
        year::run(&options.folder, options.rounds).await?;
    }
    Ok(())
}

fn print_machine() {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rustc = Command::new("rustc")
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .and_then(|text| text.split_whitespace().nth(1).map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned());
    let processor = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().replace(' ', "_"))
        })
        .unwrap_or_else(|| "unknown".to_owned());
    let load = std::fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split_whitespace().next().map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned());
    // The folder cargo put the program in is the only thing that says how it was compiled.
    let profile = std::env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.file_name()?.to_str()?.to_owned()))
        .unwrap_or_else(|| "unknown".to_owned());
    println!(
        "bench-machine cores={cores} rustc={rustc} processor={processor} load={load} profile={profile}"
    );
}
