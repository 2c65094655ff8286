//! Saving a visit against the bare commit of the same bytes in the same kind of file.

use crate::endpoint::{commit, create_table};
use crate::measure::{Cost, Watch, print, wall, written_bytes};
use anyhow::{Context, Result};
use client::records;
use client::roster::Roster;
use client::view::{IdInput, VisitFormView};
use office::demo::{DemoAnswer, DemoHousehold};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::Write as _;
use store::changes;
use store::connection::open_writer;
use store::keys::SecretKey;
use zoufang_tests::device::{Device, entropy};
use zoufang_tests::world::{self, Desk, History, World};

pub async fn run(world: &mut World, visits: usize) -> Result<()> {
    let unit = world.village().await?;
    let device = world.director(unit).await?;
    let households = world::households(30, 30, device.tablet()?.today())?;
    let filed = world::fill(&device, &households, History::RecordByRecord)?;
    world::sync(&device).await?;
    let tablet = device.tablet()?;
    // Today's list was drawn before she went: what it reads is warm, as on any day.
    let _: Value = device.call("today", Value::Null).await?;

    let mut ours: Vec<Cost> = Vec::new();
    let mut written: Vec<u64> = Vec::new();
    for (household, filed) in households.iter().zip(&filed).cycle().take(visits) {
        let draft = answered(&device, household, &filed.children[0].to_string()).await?;
        let before = written_bytes();
        let watch = Watch::start();
        client::visits::save_visit(&tablet, &IdInput { id: draft })?;
        ours.push(watch.stop());
        written.push(written_bytes() - before);
    }
    // What a visit is: its changes as they lie in the file, with the signed heads.
    let waiting = tablet
        .store
        .read(|connection| changes::outbox(connection, tablet.identity.scope, usize::MAX))?;
    let bytes: usize = waiting
        .iter()
        .map(|change| change.body.len() + change.head.len() + change.signature.len())
        .sum::<usize>()
        / visits;
    written.sort_unstable();
    let written = usize::try_from(written[written.len() / 2])?;

    // The same without the form: what lies between the person's thumb and the disk on the way down.
    let packs = tablet.packs();
    let form = packs.visit_form().context("the form has arrived")?;
    let mut writes = Vec::new();
    let mut rosters = Vec::new();
    for (household, filed) in households.iter().zip(&filed).cycle().take(visits) {
        let visit = household
            .visits
            .last()
            .context("every household was visited")?;
        let changes = Desk::at(&tablet, form, household, filed.clone()).visit(visit);
        let watch = Watch::start();
        records::save(&tablet, "visit_recorded", &changes)?;
        writes.push(watch.stop());
        let watch = Watch::start();
        Roster::read(&tablet)?;
        rosters.push(watch.stop());
    }

    let key = SecretKey::random(entropy().as_ref());
    let bare = open_writer(&store::SystemDisk, &world.path("bare.db"), &key)?;
    create_table(&bare)?;
    let mut same_bytes = Vec::new();
    let mut same_written = Vec::new();
    let mut two_copies = Vec::new();
    let mut journal = OpenOptions::new()
        .create(true)
        .append(true)
        .open(world.path("bare.journal"))?;
    let body = noise(bytes);
    // A commit of this many bytes makes SQLCipher write about as much as our save did, journal included.
    let long = noise(written);
    for _ in 0..visits {
        let watch = Watch::start();
        commit(&bare, &body)?;
        same_bytes.push(watch.stop());

        let watch = Watch::start();
        commit(&bare, &body)?;
        journal.write_all(&body)?;
        journal.sync_data()?;
        two_copies.push(watch.stop());

        let watch = Watch::start();
        commit(&bare, &long)?;
        same_written.push(watch.stop());
    }
    let value = wall(&ours);
    print(
        "save_visit",
        value,
        "ms",
        "sqlcipher_commit_same_bytes",
        wall(&same_bytes),
    );
    print(
        "save_visit_write",
        wall(&writes),
        "ms",
        "sqlcipher_commit_same_bytes",
        wall(&same_bytes),
    );
    print(
        "save_visit_roster",
        wall(&rosters),
        "ms",
        "save_visit",
        value,
    );
    print(
        "save_visit_two_copies",
        value,
        "ms",
        "sqlcipher_commit_and_fsynced_append",
        wall(&two_copies),
    );
    print(
        "save_visit_pages",
        value,
        "ms",
        "sqlcipher_commit_same_pages",
        wall(&same_written),
    );
    print(
        "save_visit_bytes",
        bytes as f64,
        "bytes",
        "bytes_written_to_disk",
        written as f64,
    );
    Ok(())
}

fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    entropy().fill(&mut bytes);
    bytes
}

/// A draft with every answer given, short of saving it.
async fn answered(device: &Device, household: &DemoHousehold, child: &str) -> Result<String> {
    let visit = household
        .visits
        .last()
        .context("every household was visited")?;
    let seen = visit
        .children
        .first()
        .context("every visit concerns a child")?;
    let form: VisitFormView = device.call("open_visit", json!({ "id": child })).await?;
    let today = device.tablet()?.today().to_string();
    for (key, answer) in &visit.answers {
        let answer = match key.as_str() {
            "a_date" => DemoAnswer {
                codes: Vec::new(),
                text: Some(today.clone()),
            },
            _ => answer.clone(),
        };
        set(device, &form.draft, "session", key, &answer).await?;
    }
    for (key, answer) in &seen.answers {
        set(device, &form.draft, child, key, answer).await?;
    }
    Ok(form.draft)
}

async fn set(
    device: &Device,
    draft: &str,
    part: &str,
    key: &str,
    answer: &DemoAnswer,
) -> Result<()> {
    let _: Value = device
        .call(
            "answer_visit",
            json!({ "draft": draft, "part": part, "key": key, "codes": answer.codes, "text": answer.text }),
        )
        .await
        .with_context(|| key.to_owned())?;
    Ok(())
}
