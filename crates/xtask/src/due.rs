//! `cargo xtask due CASE.json`: a disputed date, computed again from a file (docs/due-case.md).

use anyhow::{Context, Result, bail};
use domain::cadence::case::CaseFile;
use domain::policy::{PolicyPack, PolicySet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Prints one JSON report, or a list of them when the file asks several questions; fails where one differs from what is expected.
pub fn run(path: &Path) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let file: CaseFile = serde_json::from_str(&text)
        .with_context(|| format!("{} is no case file", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut packs = Vec::new();
    for name in &file.packs {
        let pack = find(folder, name)?;
        let json =
            fs::read_to_string(&pack).with_context(|| format!("reading {}", pack.display()))?;
        packs.push(PolicyPack::parse(&json).with_context(|| format!("pack {}", pack.display()))?);
    }
    let reports = file.run(&PolicySet::new(packs)?);
    let text = match reports.as_slice() {
        [only] => serde_json::to_string_pretty(only)?,
        several => serde_json::to_string_pretty(several)?,
    };
    writeln!(std::io::stdout(), "{text}")?;
    if reports.iter().any(|report| !report.differs.is_empty()) {
        bail!("the report differs from what the file expects; see `differs`");
    }
    Ok(())
}

/// Beside the case file, else in the repository's policy folder.
fn find(folder: &Path, name: &str) -> Result<PathBuf> {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy");
    for base in [folder, &policy] {
        let path = base.join(name);
        if path.is_file() {
            return Ok(path);
        }
    }
    bail!("pack {name} is neither beside the case file nor in policy/")
}
