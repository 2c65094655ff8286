//! `make canary`: unique strings through the whole journey, then the search for them in everything that was left behind.
//!
//! The last line is `canary strings=N places=N hits=0`. The same binary plays the journey (`zoufang-canary play …`).
#![allow(clippy::print_stdout, reason = "a command line prints")]

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use zoufang_tests::canary::{Ending, Report, play, prove_the_search, run};

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let raw: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = raw.iter().skip(1).map(String::as_str).collect();
    match words.as_slice() {
        ["play", seed, ending, folder] => {
            // Everything anybody says, without the time: its digits could be anybody's PIN.
            tracing_subscriber::fmt()
                .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
                .with_writer(std::io::stderr)
                .without_time()
                .with_ansi(false)
                .init();
            let ending = Ending::parse(ending).context("an ending")?;
            play(seed.parse()?, ending, Path::new(folder)).await?;
            Ok(ExitCode::SUCCESS)
        }
        [] => hunt(1),
        ["--seed", seed] => hunt(seed.parse()?),
        _ => bail!("zoufang-canary [--seed N]"),
    }
}

fn hunt(seed: u64) -> Result<ExitCode> {
    let began = Instant::now();
    prove_the_search(seed)?;
    let program = std::env::current_exe()?;
    let mut report = Report::default();
    for ending in [Ending::InOrder, Ending::Killed] {
        run(&program, seed, ending, &mut report)?;
    }
    for (find, reason) in &report.open {
        println!("in the open by design: {find}: {reason}");
    }
    let stale = report.stale();
    for allowed in &stale {
        println!("allowed, but never found any more: {allowed}");
    }
    for hit in &report.hits {
        println!("found: {hit}");
    }
    println!("seed {seed}, {:.0} s", began.elapsed().as_secs_f64());
    println!(
        "canary strings={} places={} hits={}",
        report.strings.len(),
        report.places,
        report.hits.len()
    );
    Ok(if report.hits.is_empty() && stale.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
