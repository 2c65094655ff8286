//! Another province, with no new build: its rules are a file that `init` loads. Visits go by the colour of risk there,
//! every week, every month or every quarter.

use anyhow::{Context, Result, ensure};
use client::view::{ChildFileView, DueKind, DueView, ScreeningView};
use serde_json::{Value, json};
use std::path::Path;
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

/// The shipped folder with the province's rules in place of Shanghai's. What the province does not say itself – lists,
/// cards, phrases – it has from there.
fn province(folder: &Path) -> Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = here.join("../policy");
    for name in ["codes-cn-1.json", "fields.json", "risk-cn-1.json"] {
        std::fs::copy(shipped.join(name), folder.join(name))?;
    }
    for name in ["forms/hv-cn-3.json", "ledgers/columns.json"] {
        let to = folder.join(name);
        std::fs::create_dir_all(to.parent().context("a folder")?)?;
        std::fs::copy(shipped.join(name), to)?;
    }
    let read =
        |path: &Path| -> Result<Value> { Ok(serde_json::from_slice(&std::fs::read(path)?)?) };
    let mut rules = read(&shipped.join("sh-2024-2026.json"))?;
    let own = read(&here.join("cases/packs/colour-province.json"))?;
    for (key, value) in own.as_object().context("an object")? {
        rules[key] = value.clone();
    }
    std::fs::write(folder.join("ex-colours-2026.json"), rules.to_string())?;
    Ok(())
}

fn due(file: &ChildFileView, kind: DueKind) -> Result<&DueView> {
    file.dues
        .iter()
        .find(|due| due.kind == kind)
        .context("a date")
}

fn tier(file: &ChildFileView) -> Result<&str> {
    Ok(&file.tier.as_ref().context("a tier")?.name)
}

async fn settle(device: &Device, child: &str, record: &str, level: &str) -> Result<ScreeningView> {
    let asked =
        json!({"child": child, "record": record, "level": level, "reason": "看过以后这样定"});
    device.call("settle_screening", asked).await
}

#[tokio::test(flavor = "multi_thread")]
async fn visits_go_by_the_colour_of_risk_where_the_rules_say_so() -> Result<()> {
    let policy = tempfile::tempdir()?;
    province(policy.path())?;
    let world = World::ruled_by(policy.path()).await?;
    let tablet = world.tablet("李玉梅").await?;
    world.cut_network();
    let child = tablet.child("石小雨").await?;

    // Nobody has said anything about risk: every quarter.
    let file = tablet.file(&child).await?;
    assert_eq!(tier(&file)?, "绿色");
    let record = tablet.visit(&child).await?;
    let file = tablet.file(&child).await?;
    let visit = due(&file, DueKind::Visit)?;
    assert_eq!(visit.reason, "每季度一次");
    let quiet = visit.due.clone();
    ensure!(quiet > tablet.tablet()?.today().to_string(), "{quiet}");

    // She settles the highest colour: every week.
    settle(&tablet, &child, &record, "high").await?;
    let file = tablet.file(&child).await?;
    assert_eq!(tier(&file)?, "红色");
    for kind in [DueKind::Visit, DueKind::Contact] {
        let due = due(&file, kind)?;
        ensure!(due.reason.starts_with("每周一次"), "{due:?}");
        ensure!(due.due < quiet, "{due:?}");
    }
    ensure!(
        tablet
            .refusal(
                "settle_screening",
                json!({
                    "child": child, "record": record, "level": "low", "reason": "没事了",
                })
            )
            .await?
            .code
            == "supervisor_needed"
    );

    // The station reads the same, and says it is yellow now; fewer visits wait for its agreement, which is another word.
    world.restore_network();
    tablet.sync().await?;
    world.station.sync().await?;
    let there = world.station.file(&child).await?;
    assert_eq!(tier(&there)?, "红色");
    assert_eq!(
        due(&there, DueKind::Visit)?.due,
        due(&file, DueKind::Visit)?.due
    );
    world.go_to_day(1, &[&tablet]);
    settle(&world.station, &child, &record, "raised").await?;
    let there = world.station.file(&child).await?;
    assert_eq!(tier(&there)?, "红色", "not fewer by itself");
    let lower = there.tier.context("a tier")?.lower_to;
    assert_eq!(lower.as_deref(), Some("黄色"));
    let asked = json!({"child": child, "reason": "家里已经有人照看"});
    world.station.step_up().await?;
    let there: ChildFileView = world.station.call("lower_tier", asked).await?;
    assert_eq!(tier(&there)?, "黄色");
    world.station.sync().await?;
    tablet.sync().await?;
    let here = tablet.file(&child).await?;
    assert_eq!(tier(&here)?, "黄色");
    ensure!(due(&here, DueKind::Visit)?.reason.starts_with("每月一次"));
    world.township.stop().await;
    Ok(())
}
