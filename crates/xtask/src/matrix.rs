//! The access matrix: every cell as a table to review, compared with the one people did review.

use anyhow::{Result, bail};
use protocol::access::matrix;
use std::path::PathBuf;

fn reviewed_file() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../protocol/tests/access-matrix.txt"
    ))
}

/// Prints the table and what differs from the reviewed one; with `write` it proposes this one instead.
pub fn run(write: bool) -> Result<()> {
    let path = reviewed_file();
    let text = matrix::text();
    if write {
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        let head: String = old
            .lines()
            .take_while(|line| line.starts_with('#'))
            .map(|line| format!("{line}\n"))
            .collect();
        std::fs::write(&path, format!("{head}{text}"))?;
        println!(
            "written; review every line that changed: git diff {}",
            path.display()
        );
    }
    println!("{text}");
    let comparison = matrix::compare(&std::fs::read_to_string(&path)?);
    for difference in &comparison.differences {
        println!("DIFFERS  {difference}");
    }
    let (cells, differences) = (comparison.cells, comparison.differences.len());
    println!("matrix cells={cells} differences={differences}");
    if differences > 0 {
        bail!("the code decides otherwise than people reviewed; put right whichever is wrong");
    }
    Ok(())
}
