//! The area table from a spreadsheet's CSV (domain.md §3.12 AREA): the official one is not ours to ship.

use anyhow::{Context, Result, bail};
use domain::area::AreaTable;
use std::fs;
use std::path::Path;

/// Reads the lines, names every one that cannot be taken, and writes the pack.
///
/// # Errors
/// The file cannot be read, or a line cannot be taken.
pub(crate) fn run(file: &Path, source: &str, out: &Path) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let id = out
        .file_stem()
        .and_then(|name| name.to_str())
        .unwrap_or("areas");
    let table = match AreaTable::from_csv(id, source, &text) {
        Ok(table) => table,
        Err(faults) => {
            for fault in &faults {
                println!("{fault}");
            }
            bail!("{} 行有问题，没有写出", faults.len());
        }
    };
    let mut value = serde_json::to_value(&table)?;
    value["kind"] = "areas".into();
    fs::write(out, format!("{}\n", serde_json::to_string_pretty(&value)?))
        .with_context(|| out.display().to_string())?;
    println!("{} 个区划，写到 {}", table.areas.len(), out.display());
    Ok(())
}
