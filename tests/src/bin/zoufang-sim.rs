//! `make sim`: plays schedules of the simulator, one seed each, and prints every seed that violates something.
//!
//! The last line is `sim schedules=N violations=M`. With `--trace` a failing schedule tells what happened in it.

use anyhow::Result;
use clap::Parser;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use zoufang_tests::simulation::{Ended, Founded, play};

#[derive(Parser)]
#[command(about = "Plays schedules of the simulator")]
struct Arguments {
    /// How many schedules.
    #[arg(long, default_value_t = 1_000)]
    schedules: u64,
    /// The first seed; the others follow it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; each plays whole schedules by itself.
    #[arg(long, default_value_t = 2)]
    threads: u64,
    /// Tell what happened in a failing schedule.
    #[arg(long)]
    trace: bool,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let founded = Founded::new()?;
    let next = AtomicU64::new(0);
    let (failed, promises, moves) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let words = AtomicU64::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= arguments.schedules {
                        return;
                    }
                    let seed = arguments.seed.wrapping_add(number);
                    let ended = played(&founded, seed);
                    promises.fetch_add(ended.promises as u64, Ordering::Relaxed);
                    moves.fetch_add(ended.moves as u64, Ordering::Relaxed);
                    words.fetch_add(ended.words as u64, Ordering::Relaxed);
                    if !ended.violations.is_empty() {
                        failed.fetch_add(1, Ordering::Relaxed);
                        tell(seed, &ended, arguments.trace);
                    }
                }
            });
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{:.1} schedules a second, {} promises kept in mind, {} documents moved, {} words of the district",
        arguments.schedules as f64 / seconds.max(0.001),
        promises.load(Ordering::Relaxed),
        moves.load(Ordering::Relaxed),
        words.load(Ordering::Relaxed)
    );
    let violations = failed.load(Ordering::Relaxed);
    println!(
        "sim schedules={} violations={violations}",
        arguments.schedules
    );
    Ok(if violations == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A schedule that panics is a violation like any other.
fn played(founded: &Founded, seed: u64) -> Ended {
    let broken = |text: String| Ended {
        violations: vec![text],
        trace: Vec::new(),
        promises: 0,
        moves: 0,
        words: 0,
    };
    match catch_unwind(AssertUnwindSafe(|| play(founded, seed))) {
        Ok(Ok(ended)) => ended,
        Ok(Err(error)) => broken(format!("the schedule cannot go on: {error:#}")),
        Err(_) => broken("a panic".to_owned()),
    }
}

fn tell(seed: u64, ended: &Ended, trace: bool) {
    let mut text = format!("seed {seed}");
    for violation in &ended.violations {
        text.push_str(&format!("\n  {violation}"));
    }
    if trace {
        for line in &ended.trace {
            text.push_str(&format!("\n    {line}"));
        }
    }
    println!("{text}");
}
