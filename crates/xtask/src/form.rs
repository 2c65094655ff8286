//! `cargo xtask form FILE` and `cargo xtask answer PACK ANSWERS`: forms between spreadsheet and pack, tried without a screen.

use crate::generate::repository;
use anyhow::{Context, Result, bail};
use domain::file::FilePack;
use domain::form::FormPack;
use domain::form::sheet::{CompiledForm, compile_sheets_for, to_sheets};
use domain::form::trial::{self, TrialFile};
use office::form_sheets;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Compiles a spreadsheet to a pack; a pack (`.json`) is written as a spreadsheet instead.
pub fn run(file: &Path, out: Option<&Path>) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    if file
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        let out = out.context("--out FILE.xlsx says where the spreadsheet goes")?;
        let sheets = to_sheets(&String::from_utf8(bytes)?)?;
        let workbook = form_sheets::write(&sheets)?;
        return fs::write(out, workbook).with_context(|| format!("writing {}", out.display()));
    }
    let fields = repository().join("policy/fields.json");
    let fields = fs::read_to_string(&fields).with_context(|| fields.display().to_string())?;
    let fields = FilePack::parse(&fields)?;
    let form = match compile_sheets_for(&form_sheets::read(&bytes)?, &fields) {
        Ok(form) => form,
        Err(faults) => {
            let mut stdout = std::io::stdout().lock();
            for fault in &faults {
                writeln!(stdout, "{fault}")?;
            }
            bail!("{} 处要改，没有生成", faults.len());
        }
    };
    if let Some(out) = out {
        fs::write(out, &form.json).with_context(|| format!("writing {}", out.display()))?;
    }
    tell(&form)
}

fn tell(form: &CompiledForm) -> Result<()> {
    for warning in &form.pack.warnings {
        writeln!(std::io::stderr(), "提醒：{warning}")?;
    }
    let CompiledForm { pack, .. } = form;
    let hash = pack.content_hash();
    writeln!(
        std::io::stdout(),
        "{} version={} hash={hash}",
        pack.id,
        pack.version
    )?;
    Ok(())
}

/// Prints what a form makes of some answers, as JSON.
pub fn answer(pack: &Path, answers: &Path) -> Result<()> {
    let read = |path: &Path| {
        fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
    };
    let pack = FormPack::from_json(&read(pack)?)?;
    let file: TrialFile = serde_json::from_str(&read(answers)?)
        .with_context(|| format!("{} is no file of answers", answers.display()))?;
    let report = serde_json::to_string_pretty(&trial::run(&pack, &file))?;
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}
