//! 给市里、研究用的数字: counts leave without a name, and small ones are kept back (domain.md §11 P-13).

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calamine::{Reader, Xlsx};
use client::view::{
    AuditMonthView, ExportFileView, ExportMadeView, ExportsView, FiguresFormView, SavedView,
};
use serde_json::{Value, json};
use std::io::Cursor;
use zoufang_tests::story::World;

/// Each sheet's rows, cell by cell.
fn sheets(bytes: &[u8], password: &str) -> Result<Vec<Vec<Vec<String>>>> {
    let plain = office_crypto::decrypt_from_bytes(bytes.to_vec(), password)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(plain))?;
    let mut found = Vec::new();
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name)?;
        let rows = range.rows();
        found.push(
            rows.map(|row| row.iter().map(ToString::to_string).collect())
                .collect(),
        );
    }
    Ok(found)
}

fn line<'s>(sheet: &'s [Vec<String>], head: &str) -> Result<&'s [String]> {
    let mut rows = sheet.iter();
    let row = rows.find(|row| row.first().is_some_and(|cell| cell == head));
    Ok(&row.with_context(|| head.to_owned())?[1..])
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_leave_without_names_and_small_ones_are_kept_back() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let tablet = world.tablet("李玉梅").await?;
    let refused = tablet.refusal("figures_form", Value::Null).await?;
    assert_eq!(refused.code, "not_allowed");
    let child = tablet.child("石小雨").await?;
    let input = json!({"children": [child], "card": "school", "urgency": "days", "seen": "没去学校。",
        "origin_record": null, "mandatory": null});
    let _: SavedView = tablet.call("report_problem", input).await?;
    world.settle(&[&tablet]).await?;

    let form: FiguresFormView = station.call("figures_form", Value::Null).await?;
    assert_eq!(form.below, 5);
    let input = json!({"purpose": "city", "words": "市里三季度统计"});
    let early = station.refusal("make_figures", input.clone()).await?;
    assert_eq!(early.code, "pin_again");
    station.step_up().await?;
    for (purpose, words) in [("report", "统计"), ("city", " ")] {
        let input = json!({"purpose": purpose, "words": words});
        let refused = station.refusal("make_figures", input).await?;
        assert_eq!(refused.code, "purpose_missing");
    }
    let made: ExportMadeView = station.call("make_figures", input).await?;
    let file: ExportFileView = station.call("take_export", json!({"id": made.id})).await?;
    let sheets = sheets(&STANDARD.decode(file.bytes)?, &made.password)?;
    let [ages, categories, matters] = sheets.as_slice() else {
        anyhow::bail!("three tables: {sheets:?}");
    };
    // All six are seven to thirteen, and none of them stands in a small number.
    assert_eq!(line(ages, "白荷村")?, ["0", "6", "0", "0", "0", "6"]);
    assert_eq!(line(categories, "留守：父母双方外出")?, ["6"]);
    assert!(
        line(matters, "合计")?
            .iter()
            .all(|cell| cell == "*" || cell == "0")
    );
    let all: Vec<&String> = sheets.iter().flatten().flatten().collect();
    for name in ["石小雨", "周子涵", "李玉梅", "王秀兰", "没去学校"] {
        assert!(all.iter().all(|cell| !cell.contains(name)), "{name}");
    }
    for cell in &all {
        assert!(!["1", "2", "3", "4"].contains(&cell.as_str()), "{all:?}");
    }

    let exports: ExportsView = station.call("exports", Value::Null).await?;
    assert_eq!(exports.made[0].purpose, "报市里、区里的统计");
    let month: AuditMonthView = station
        .call("audit_month", json!({"month": "2026-11"}))
        .await?;
    let mut rows = month
        .events
        .iter()
        .filter(|row| row.action == "export_made");
    let row = rows.find(|row| row.number.as_deref() == Some(made.number.as_str()));
    assert_eq!(row.context("it is in the trail")?.count, Some(0));
    world.township.stop().await;
    Ok(())
}
