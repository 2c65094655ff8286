//! A round the station opens: on the lists of the villages it is for and of no other, done child by child, missed where nobody
//! went, and gone when it is taken back.

use anyhow::{Context, Result};
use client::view::{DueKind, NoticeKind, RoundRow, RoundState, RoundsView, TodayView};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

const NAME: &str = "汛期看一看";

async fn rounds(device: &Device) -> Result<RoundsView> {
    device.call("rounds", Value::Null).await
}

async fn only(device: &Device) -> Result<RoundRow> {
    let mut rows = rounds(device).await?.rows;
    anyhow::ensure!(rows.len() == 1, "{rows:?}");
    rows.pop().context("there is one")
}

async fn village(device: &Device, name: &str) -> Result<String> {
    let villages = rounds(device).await?.villages;
    let known = villages.iter().find(|village| village.label == name);
    Ok(known.context("the village is known")?.code.clone())
}

fn round(from: &str, to: &str, villages: &[&str]) -> Value {
    json!({"name": NAME, "from": from, "to": to, "kinds": ["visit"], "tiers": [], "binding": true,
           "villages": villages})
}

/// How many children the lines above 今天 say are left.
async fn left_today(device: &Device) -> Result<Option<u32>> {
    let today: TodayView = device.call("today", Value::Null).await?;
    let mut notices = today.notices.iter();
    let round = notices.find(|it| it.kind == NoticeKind::Campaign && it.name == NAME);
    Ok(round.map(|round| round.count))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_is_on_the_lists_of_its_villages_until_it_was_done_or_is_over() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let elsewhere = world.create_village("柳林村", "310199100202").await?;
    let stranger = world.tablet_of(elsewhere, "孙秀英").await?;
    world.settle(&[&tablet, &stranger]).await?;
    let station = &world.station;
    let unit = tablet.tablet()?.identity.unit.to_string();
    let other = village(station, "柳林村").await?;

    let input = round("2026-11-02", "2026-11-05", &[&unit]);
    let refused = tablet.refusal("open_round", input.clone()).await?;
    assert_eq!(refused.code, "station_decides");
    for (key, value, code) in [
        ("name", json!(" "), "text_missing"),
        ("kinds", json!([]), "choice_missing"),
        ("villages", json!([]), "villages_missing"),
        ("villages", json!(["x"]), "not_found"),
        ("tiers", json!(["x"]), "value_invalid"),
        ("to", json!("2026-11-01"), "round_days"),
        ("to", json!("2027-11-04"), "round_days"),
        ("to", json!("x"), "date_invalid"),
    ] {
        let mut wrong = input.clone();
        wrong[key] = value;
        assert_eq!(station.refusal("open_round", wrong).await?.code, code);
    }
    let _: RoundsView = station.call("open_round", input).await?;
    world.settle(&[&tablet, &stranger]).await?;

    let row = only(station).await?;
    assert_eq!((row.state, row.binding), (RoundState::Runs, true));
    assert_eq!(
        (row.kinds.as_slice(), row.villages.len()),
        (&[DueKind::Visit][..], 1)
    );
    assert!(row.of > 1 && row.left > 0 && row.left <= row.of, "{row:?}");
    assert_eq!(left_today(&tablet).await?, Some(row.left));
    assert_eq!(left_today(&stranger).await?, None);
    assert!(rounds(&stranger).await?.rows.is_empty());

    // The last day is the day it is due, where nothing was due before; done, it is done.
    let mut moved = None;
    for child in tablet.children().await?.rows {
        let file = tablet.file(&child.child).await?;
        let visit = file.dues.iter().find(|due| due.kind == DueKind::Visit);
        if let Some(due) = visit.filter(|due| due.reason == NAME) {
            assert_eq!(due.due, "2026-11-05");
            moved = Some(child.child);
        }
    }
    let moved = moved.context("somebody was due later")?;
    tablet.visit(&moved).await?;
    let file = tablet.file(&moved).await?;
    assert!(file.campaigns.iter().any(|it| it.name == NAME && it.done));
    let next = file.dues.iter().find(|due| due.kind == DueKind::Visit);
    assert_ne!(next.context("it is due again")?.reason, NAME);
    assert_eq!(left_today(&tablet).await?, Some(row.left - 1));
    world.settle(&[&tablet]).await?;
    assert_eq!(only(station).await?.left, row.left - 1);

    // Over: nobody went to the others, and that is said with the name of the round.
    world.go_to_day(5, &[&tablet]);
    assert_eq!(only(station).await?.state, RoundState::Over);
    assert_eq!(left_today(&tablet).await?, None);
    let mut missed = 0;
    for child in tablet.children().await?.rows {
        let misses = tablet.file(&child.child).await?.misses;
        missed += u32::from(misses.iter().any(|miss| miss.text.starts_with(NAME)));
    }
    assert_eq!(missed, row.left - 1);

    // Taken back, nothing of it was missed. The other village has its own and keeps it.
    let _: RoundsView = station
        .call("open_round", round("2026-11-07", "2026-11-20", &[&other]))
        .await?;
    let refused = tablet
        .refusal("take_round_back", json!({"id": row.round}))
        .await?;
    assert_eq!(refused.code, "station_decides");
    let _: RoundsView = station
        .call("take_round_back", json!({"id": row.round}))
        .await?;
    let again = station
        .refusal("take_round_back", json!({"id": row.round}))
        .await?;
    assert_eq!(again.code, "not_found");
    world.settle(&[&tablet, &stranger]).await?;
    for child in tablet.children().await?.rows {
        let file = tablet.file(&child.child).await?;
        assert!(file.misses.iter().all(|miss| !miss.text.starts_with(NAME)));
    }
    assert_eq!(only(&stranger).await?.villages, ["柳林村"]);
    world.township.stop().await;
    Ok(())
}
