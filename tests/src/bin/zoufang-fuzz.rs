//! For `make fuzz`: without arguments lists the targets, `zoufang-fuzz TARGET FOLDER` writes a target's seeds as a corpus.
#![allow(clippy::print_stdout, reason = "a command line prints")]

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(folder)) = (arguments.next(), arguments.next()) else {
        for target in zoufang_tests::fuzz::TARGETS {
            println!("{}", target.name);
        }
        return Ok(());
    };
    let target = zoufang_tests::fuzz::target(&name).context("no target of that name")?;
    std::fs::create_dir_all(&folder)?;
    for (place, seed) in (target.seeds)().iter().enumerate() {
        std::fs::write(format!("{folder}/seed-{place}"), seed)?;
    }
    Ok(())
}
