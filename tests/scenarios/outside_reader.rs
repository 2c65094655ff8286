//! The saved bytes of a document, read by the JavaScript Automerge library: they belong to nobody's program.

use anyhow::{Context, Result, ensure};
use ids::DocumentId;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use store::documents;
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

/// The document as another program sees it.
fn read_outside(world: &World, device: &Device, document: &str) -> Result<Value> {
    let id = DocumentId::parse(document)?;
    let stored = device
        .tablet()?
        .store
        .read(|connection| documents::load(connection, id))?
        .context("the document is here")?;
    let file = world.folder().join("document.automerge");
    std::fs::write(&file, stored.automerge.save())?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/outside-reader.mjs");
    let output = Command::new("node")
        .arg(&script)
        .arg(&file)
        .output()
        .context("node cannot be started; scripts/setup.sh installs it")?;
    ensure!(
        output.status.success(),
        "the reader failed; are the packages of tests/e2e installed?\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_automerge_reads_a_childs_file_and_its_visit() -> Result<()> {
    let world = World::new().await?;
    let (tablet, other) = (world.tablet("李玉梅").await?, world.tablet("赵春燕").await?);
    let child = tablet.child("石小雨").await?;
    let contact = tablet.contact(&child, "奶奶说，孩子期中考得不错。").await?;
    let visit = tablet.visit(&child).await?;
    tablet.edit(&child, "child", "nickname", "小雨点").await?;
    other.edit(&child, "child", "nickname", "雨儿").await?;
    world.settle(&[&tablet, &other]).await?;
    world.settle(&[&tablet, &other]).await?;

    let ours = tablet.file(&child).await?;
    for device in [&tablet, &other, &world.station] {
        let outside = read_outside(&world, device, &child)?;
        let document = &outside["document"];
        assert_eq!(document["fields"]["name"], ours.name.as_str());
        assert_eq!(document["fields"]["birth_date"], "2016-03-05");
        assert_eq!(document["fields"]["household"], ours.household.as_str());
        let there = &document["contacts"][&contact];
        assert_eq!(
            (&there["mode"], &there["reached"]),
            (&Value::from("phone"), &Value::from(true))
        );
        assert_eq!(there["note"], "奶奶说，孩子期中考得不错。");
        assert_eq!(there["party.caregiver"], true);
        let there = &document["visits"][&visit];
        assert_eq!(
            (&there["place"], &there["seen"]),
            (&Value::from("home"), &Value::from(true))
        );
        assert_eq!(there["answers"]["l_overall"], "normal");
        let mut names: Vec<&str> = outside["nicknames"]
            .as_array()
            .context("a list")?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["小雨点", "雨儿"], "both values of a conflict");
    }
    world.township.stop().await;
    Ok(())
}
