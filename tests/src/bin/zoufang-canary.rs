//! `make canary`: unique strings through the whole journey, then the search for them in everything that was left behind.
//!
//! It also says which input of a command nothing unique was ever written into. The last line is
//! `canary strings=N places=N hits=0`. The same binary plays the journey (`zoufang-canary play …`), and searches what
//! somebody else left (`zoufang-canary search FOLDER`).
#![allow(clippy::print_stdout, reason = "a command line prints")]

use anyhow::{Context, Result, bail};
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use zoufang_tests::canary::{
    Canary, Ending, Report, play, prove_the_search, run, search, unplanted, without_a_reason,
};

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
        ["search", folder] => look_for(Path::new(folder)),
        [] => hunt(1),
        ["--seed", seed] => hunt(seed.parse()?),
        _ => bail!("zoufang-canary [--seed N] | search FOLDER < WORDS"),
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
    let silent = unplanted(&report)?;
    for line in &silent {
        println!("nothing was planted: {line}");
    }
    let reasons = without_a_reason(&report)?;
    for line in &reasons {
        println!("an exception that is none any more: {line}");
    }
    println!("seed {seed}, {:.0} s", began.elapsed().as_secs_f64());
    println!(
        "canary strings={} places={} hits={}",
        report.strings.len(),
        report.places,
        report.hits.len()
    );
    let all = [stale.len(), silent.len(), reasons.len(), report.hits.len()];
    Ok(if all.iter().all(|count| *count == 0) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Looks in a folder that something else left for the words on stdin, one a line. The last line is `found=N places=N`.
fn look_for(folder: &Path) -> Result<ExitCode> {
    let mut words = String::new();
    std::io::stdin().read_to_string(&mut words)?;
    let known: Vec<Canary> = words
        .lines()
        .enumerate()
        .map(|(number, line)| Canary {
            name: format!("line {}", number + 1),
            bytes: line.as_bytes().to_vec(),
        })
        .collect();
    let searched = search(folder, &known)?;
    for find in &searched.finds {
        println!("{} as {} in {}", find.canary, find.encoding, find.place);
    }
    println!("found={} places={}", searched.finds.len(), searched.places);
    Ok(ExitCode::SUCCESS)
}
