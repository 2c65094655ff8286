//! `make malformed`: requests no app of ours would send, to the real server over TLS.
//!
//! The last line is `malformed requests=N server_errors=0 echoed=0`. Every finding is printed with its seed; the same
//! request is made again with `SEED=that N=1`.
#![allow(clippy::print_stdout, reason = "a command line prints")]

use anyhow::Result;
use clap::Parser;
use std::process::ExitCode;
use std::time::Instant;
use zoufang_tests::malformed::{Options, run};

#[derive(Parser)]
#[command(about = "Sends malformed requests to the real server")]
struct Arguments {
    /// How many.
    #[arg(long, default_value_t = 20_000)]
    requests: u64,
    /// Seed of the first; the others follow it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let Arguments { requests, seed } = Arguments::parse();
    let began = Instant::now();
    let report = run(Options { requests, seed }).await?;
    for finding in &report.findings {
        println!("{finding}");
    }
    println!(
        "{} routes, seeds {seed} to {}, {:.0} s",
        report.routes,
        seed.wrapping_add(requests.saturating_sub(1)),
        began.elapsed().as_secs_f64()
    );
    println!(
        "beside them {} whose bodies came slowly or never",
        report.slow
    );
    println!("by what is wrong: {:?}", report.by_recipe);
    println!("answers by status, 0 for none: {:?}", report.by_status);
    println!(
        "malformed requests={} server_errors={} echoed={}",
        report.requests, report.server_errors, report.echoed
    );
    Ok(if report.server_errors + report.echoed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
