//! The server `make schemathesis` asks: prints `ready`, serves until its standard input closes, and then lets a real
//! tablet sync. It fails when the tablet does not.
#![allow(clippy::print_stdout, reason = "a command line prints")]

use anyhow::Result;
use clap::Parser;
use std::path::PathBuf;
use tokio::io::AsyncReadExt;
use zoufang_tests::described::serve;

#[derive(Parser)]
#[command(about = "Serves what its description says")]
struct Arguments {
    /// Where `ca.pem` and `world.json` go.
    #[arg(long)]
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let Arguments { folder } = Arguments::parse();
    let closed = async {
        println!("ready");
        let mut rest = Vec::new();
        // Whether it ends or breaks, nobody asks any more.
        let _ = tokio::io::stdin().read_to_end(&mut rest).await;
    };
    serve(&folder, closed).await
}
