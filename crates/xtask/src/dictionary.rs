//! `cargo xtask dictionary`: trains what bodies are compressed with (ADR 0018) and writes it beside the ones there are.
//!
//! Needs the program `zstd`. A dictionary that was ever used is never changed, so a new one takes the next number;
//! `protocol::dictionary` must then be told of it.

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

const FOLDER: &str = "crates/protocol/src/dictionaries";
/// Larger ones gain little: 110 KB saves three bytes in a hundred more.
const BYTES: &str = "--maxdict=65536";

pub fn run() -> Result<()> {
    let samples = Path::new("target/dictionary-samples");
    let made = Command::new("cargo")
        .args(["run", "--release", "--quiet", "--package", "zoufang-tests"])
        .args([
            "--features",
            "bench",
            "--bin",
            "zoufang-load",
            "--",
            "--samples",
        ])
        .arg(samples)
        .status()
        .context("cargo")?;
    if !made.success() {
        bail!("the samples could not be made");
    }
    let next = (1..)
        .find(|number| !Path::new(FOLDER).join(format!("{number}.zdict")).exists())
        .context("a free number")?;
    let file = Path::new(FOLDER).join(format!("{next}.zdict"));
    let trained = Command::new("zstd")
        .args(["--train", "-r"])
        .arg(samples)
        .args([BYTES, &format!("--dictID={next}"), "-o"])
        .arg(&file)
        .status()
        .context("the program zstd is needed")?;
    if !trained.success() {
        bail!("the dictionary could not be trained");
    }
    println!(
        "{} is new; tell crates/protocol/src/dictionary.rs",
        file.display()
    );
    Ok(())
}
