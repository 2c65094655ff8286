//! The register of what a file holds: every field with what it is for and why it may be kept (domain.md P-01, P-04),
//! for whoever answers for the data and does not read packs. Computed from the shipped packs by `cargo xtask gen`.

use anyhow::{Context, Result};
use domain::file::{Basis, FieldBlock, FieldRule, FilePack};
use domain::policy::PolicyPack;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Where it is written, below the top.
pub const PATH: &str = "policy/REGISTER.zh-CN.md";

/// The register's text.
pub fn text(root: &Path) -> Result<String> {
    let read = |name: &str| {
        let path = root.join("policy").join(name);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    let pack = FilePack::parse(&read("fields.json")?)?;
    let rules = PolicyPack::parse(&read("sh-2024-2026.json")?)?;
    let kept = &rules.rules.retention;
    let mut text = format!(
        "# 数据登记表：档案里记什么，为什么记\n\n\
         由 `cargo xtask gen` 从 `fields.json` 和 `{}` 生成，不要手改。\n\n\
         保存多久：档案结束后 {} 年；有{}级问题的，从最后一次上报起 {} 年，或到孩子 {} 岁，取晚的那个。到期由两个人看过再删。\n\n\
         谁看得到：本村的儿童主任和本街镇的工作站。遮住的，点“看一下”才显示，先记下是谁看的。\n",
        rules.id,
        kept.years_after_end,
        kept.grave.join("、"),
        kept.grave_years,
        kept.grave_until_age,
    );
    for block in &pack.blocks {
        section(&mut text, block)?;
    }
    Ok(text)
}

fn section(text: &mut String, block: &FieldBlock) -> Result<()> {
    writeln!(text, "\n## {}\n", block.title)?;
    writeln!(
        text,
        "为了：{}。依据：{}。\n",
        block.purpose,
        basis(block.basis)
    )?;
    writeln!(
        text,
        "| 项目 | 存在哪里 | 要问到 | 遮住 |\n|---|---|---|---|"
    )?;
    for field in &block.fields {
        line(text, field, holder(&field.holder))?;
    }
    if let Some(rows) = &block.rows {
        for column in &rows.columns {
            line(text, column, holder(&rows.holder))?;
        }
    }
    Ok(())
}

fn line(text: &mut String, field: &FieldRule, place: &str) -> Result<()> {
    let need = if field.need { "是" } else { "" };
    let mask = if field.mask.is_some() { "是" } else { "" };
    writeln!(text, "| {} | {place} | {need} | {mask} |", field.label)?;
    Ok(())
}

fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Duty => "法定职责，不用另外同意",
        Basis::Consent => "家里同意，可以反悔",
        Basis::Emergency => "有人正处在危险里",
    }
}

fn holder(holder: &str) -> &'static str {
    match holder {
        "household" => "家庭",
        "village" => "村",
        _ => "孩子",
    }
}
