//! `xtask demo`: a made-up township as files, its Excel ledgers included.

use anyhow::{Context, Result, ensure};
use chrono::{NaiveDate, TimeDelta, Utc};
use office::demo::{DemoTownship, ledgers};
use serde_json::json;
use std::path::{Path, PathBuf};

/// What to make and where.
#[derive(clap::Args)]
pub struct DemoArguments {
    /// How many villages; the fourth is left to be imported by hand.
    #[arg(long, default_value_t = 4)]
    villages: u32,
    /// The same seed and day give the same files.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder to write; made when missing.
    #[arg(long)]
    out: PathBuf,
    /// The day the records lead up to, e.g. 2026-11-24; today in Shanghai when left out.
    #[arg(long)]
    today: Option<NaiveDate>,
}

/// Writes `township.json`, `staff.json` and `ledgers/*.xlsx`.
pub fn run(arguments: &DemoArguments) -> Result<()> {
    ensure!(
        (1..=200).contains(&arguments.villages),
        "between 1 and 200 villages"
    );
    let today = arguments
        .today
        .unwrap_or_else(|| (Utc::now() + TimeDelta::hours(8)).date_naive());
    let township = DemoTownship::generate(arguments.seed, arguments.villages, today);
    let folder = arguments.out.join("ledgers");
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let directors: Vec<_> = township
        .villages
        .iter()
        .map(|village| json!({"village": village.name, "region": village.region, "person": village.director}))
        .collect();
    write(
        &arguments.out.join("township.json"),
        &serde_json::to_vec_pretty(&township)?,
    )?;
    let staff = json!({"station": township.station, "directors": directors});
    write(
        &arguments.out.join("staff.json"),
        &serde_json::to_vec_pretty(&staff)?,
    )?;
    for ledger in ledgers(&township)? {
        write(&folder.join(&ledger.file_name), &ledger.bytes)?;
    }
    println!(
        "{} villages, {} children, {} ledgers in {}",
        township.villages.len(),
        township.children().count(),
        township.villages.len() * 2,
        arguments.out.display()
    );
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
}
