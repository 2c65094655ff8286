//! What the rules say of a date that passed is said where the station looks: how far it is, and who is told as well.

use anyhow::{Context, Result};
use client::view::{AttentionRow, OverviewView};
use serde_json::Value;
use zoufang_tests::story::World;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_told_of_a_date_that_passed_stands_beside_it() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    // Contacts of November are due on its last day.
    let row = |view: OverviewView| -> Result<AttentionRow> {
        let mut rows = view.attention.into_iter();
        rows.find(|row| row.name == "石小雨").context("she is late")
    };
    for (day, over, level, told) in [
        (29, 1, None, &[][..]),
        (34, 6, None, &[][..]),
        (35, 7, Some(2), &["街镇工作站"][..]),
        (47, 19, Some(2), &["街镇工作站"][..]),
        (48, 20, Some(3), &["街镇工作站", "站长", "区民政局"][..]),
    ] {
        world.go_to_day(day, &[]);
        station.sync().await?;
        let late = row(station.call("overview", Value::Null).await?)?;
        assert_eq!(late.due.days_over, over, "day {day}");
        assert_eq!(late.level, level, "day {day}");
        assert_eq!(late.told, told, "day {day}");
    }
    world.township.stop().await;
    Ok(())
}
