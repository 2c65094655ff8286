//! One thing goes out of a file with everything it ever said: the document is built anew, keeps who wrote what, and loses
//! nothing that a tablet had not sent yet (docs/adr/0030).

use crate::photos;
use anyhow::{Context, Result, ensure};
use client::view::{ChildFileView, ErasureFormView, ErasuresView, ShellKind};
use ids::{DocumentId, Role};
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use store::{StoreError, documents, recovery};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};
use zoufang_tests::township::SetBack;

const WRONG: &str = "村里人乱叫的绰号";
const ACCUSED: &str = "邻居说他爸爸偷了东西";
const HOUR_MS: i64 = 60 * 60 * 1000;

async fn head_of(world: &World) -> Result<Device> {
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: world.station.tablet()?.identity.scope,
            role: Role::Head,
            person: "陈站长".to_owned(),
        })
        .await?;
    let head = world.open_device(&world.new_folder(), ShellKind::Station)?;
    head.enrol(&world.township.server, &code, PIN).await?;
    head.sync().await?;
    Ok(head)
}

async fn name_it(device: &Device, child: &str, nickname: &str) -> Result<()> {
    let edit = json!({"child": child, "holder": "child", "key": "nickname", "value": nickname});
    let _: ChildFileView = device.call("edit_field", edit).await?;
    device.sync().await
}

/// What the file says: the nickname, and each record with who wrote it.
async fn says(device: &Device, child: &str) -> Result<(String, Vec<(String, String)>)> {
    let file: ChildFileView = device.call("child_file", json!({"id": child})).await?;
    let mut rows: Vec<(String, String)> = file
        .timeline
        .into_iter()
        .map(|row| (row.text, row.by))
        .collect();
    rows.sort();
    Ok((file.nickname.unwrap_or_default(), rows))
}

/// Nothing of what was erased is in the document, and of the generation before nothing at all.
fn holds_nothing(device: &Device, child: &str, generation: u32) -> Result<()> {
    let tablet = device.tablet()?;
    let document = DocumentId::parse(child)?;
    let (found, before) = tablet.store.read(|connection| {
        let stored = documents::load(connection, document)?;
        let mut before = 0;
        for generation in 0..generation {
            before += recovery::carried(connection, document, generation)?
                .hashes
                .len();
            before += store::changes::own_of(connection, document, generation)?.len();
        }
        Ok::<_, StoreError>((stored, before))
    })?;
    let stored = found.context("the document is here")?;
    ensure!(stored.head.generation == generation, "it is built anew");
    ensure!(before == 0, "of the generation before there is nothing");
    let bytes = stored.automerge.save_nocompress();
    for gone in [WRONG, ACCUSED] {
        let mut parts = bytes.windows(gone.len());
        ensure!(!parts.any(|part| part == gone.as_bytes()), "{gone}");
    }
    Ok(())
}

/// The station asks, the head agrees.
async fn erase(
    world: &World,
    head: &Device,
    child: &str,
    label: &str,
    keep_now: bool,
) -> Result<()> {
    let form: ErasureFormView = world
        .station
        .call("erasure_form", json!({"id": child}))
        .await?;
    let item = form.items.iter().find(|item| item.label.contains(label));
    let item = &item.context("it can be erased alone")?.item;
    world.station.step_up().await?;
    let asked = json!({"child": child, "item": item, "keep_now": keep_now, "basis": "family", "words": "家里要求"});
    let page: ErasuresView = world.station.call("request_part_erasure", asked).await?;
    ensure!(
        page.requests[0]
            .part
            .as_deref()
            .is_some_and(|part| part.contains(label))
    );
    let decision = json!({"id": page.requests[0].id, "approve": true});
    head.step_up().await?;
    let page: ErasuresView = head.call("decide_erasure", decision).await?;
    ensure!(page.requests[0].state == "ordered" && page.requests[0].part.is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_value_goes_with_its_history_and_every_author_and_unsent_visit_stays() -> Result<()>
{
    let mut world = World::new().await?;
    let first = world.tablet("李玉梅").await?;
    let second = world.tablet("张秀兰").await?;
    let away = world.tablet("何秀英").await?;
    let head = head_of(&world).await?;
    let child = first.child("石小雨").await?;
    name_it(&first, &child, WRONG).await?;
    first.contact(&child, ACCUSED).await?;
    first.sync().await?;
    for device in [&second, &away, &world.station] {
        device.sync().await?;
    }
    name_it(&world.station, &child, "小雨点").await?;
    let backup = world.new_folder();
    let copy = world.township.back_up(&backup)?;

    // Two tablets without a network write on.
    second.contact(&child, "没网的时候写的。").await?;
    away.contact(&child, "上星期在山里写的。").await?;
    head.sync().await?;
    erase(&world, &head, &child, "小名", true).await?;
    erase(&world, &head, &child, "联系备注", false).await?;

    for device in [&second, &second, &first, &world.station, &head] {
        device.sync().await?;
    }
    let at_station = says(&world.station, &child).await?;
    assert_eq!(at_station.0, "小雨点", "what it says now stays");
    let texts = format!("{:?}", at_station.1);
    assert!(
        !texts.contains(ACCUSED) && texts.contains("已按规定删除"),
        "{texts}"
    );
    let by = |words: &str| {
        let mut rows = at_station.1.iter();
        rows.find(|(text, _)| text.contains(words))
            .map(|(_, by)| by.clone())
    };
    assert_eq!(by("已按规定删除").as_deref(), Some("李玉梅"), "{texts}");
    assert_eq!(by("没网的时候写的").as_deref(), Some("张秀兰"), "{texts}");
    for device in [&first, &second, &head] {
        assert_eq!(says(device, &child).await?, at_station);
        holds_nothing(device, &child, 2)?;
    }
    holds_nothing(&world.station, &child, 2)?;

    // A server set back to before it, and a tablet that heard of nothing since.
    world
        .township
        .set_back(&copy, &world.new_folder(), SetBack::Unnoticed)
        .await?;
    for _ in 0..3 {
        for device in [&away, &first, &world.station, &head, &second] {
            device.sync().await?;
        }
    }
    let at_station = says(&world.station, &child).await?;
    assert_eq!(at_station.1.len(), 3, "{at_station:?}");
    for device in [&first, &second, &head, &away] {
        assert_eq!(says(device, &child).await?, at_station);
        holds_nothing(device, &child, 2)?;
    }
    for clock in [
        &away.clock,
        &first.clock,
        &second.clock,
        &world.clock,
        &world.station.clock,
        &head.clock,
    ] {
        clock.move_by(HOUR_MS);
    }
    for device in [&away, &first, &second, &world.station, &head] {
        device.sync().await?;
    }
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    let page: ErasuresView = head.call("erasures", Value::Null).await?;
    assert!(page.is_current);
    world.township.stop().await;
    Ok(())
}

/// Writes a row about a wish, in the place of another one where it is named.
async fn wish(device: &Device, child: &str, row: Option<&str>, words: &str) -> Result<String> {
    let asked = json!({
        "child": child, "block": "wish", "replaces": row,
        "values": {"text": [words], "status": ["said"]},
    });
    let file: ChildFileView = device.call("write_row", asked).await?;
    device.sync().await?;
    let wishes = file.blocks.iter().find(|block| block.key == "wish");
    let rows = wishes.and_then(|block| block.rows.as_ref());
    let mut rows = rows.context("it has rows")?.rows.iter();
    let written = rows.find(|one| one.head.contains(words));
    Ok(written.context("it stands there")?.row.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_goes_with_all_it_ever_was_and_a_photo_with_its_key_and_nothing_else() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("石小雨").await?;
    let stays = wish(&tablet, &child, None, "想要一个书包").await?;
    let row = wish(&tablet, &child, None, WRONG).await?;
    let row = wish(&tablet, &child, Some(&row), "想见妈妈").await?;
    let away = json!({"child": child, "block": "wish", "row": row, "reason": "不是他说的"});
    let _: ChildFileView = tablet.call("take_row_away", away).await?;
    let photo = photos::visit_with_photo(&tablet, &child).await?;
    tablet.sync().await?;
    for device in [&world.station, &head] {
        device.sync().await?;
        photos::open(device, &photo, false).await?;
        ensure!(photos::files(device)? == 1);
    }

    erase(&world, &head, &child, "已作废", false).await?;
    erase(&world, &head, &child, "照片", false).await?;
    for device in [&tablet, &tablet, &world.station, &head, &head] {
        device.sync().await?;
    }
    for device in [&tablet, &world.station, &head] {
        holds_nothing(device, &child, 1)?;
        let form: ErasureFormView = world
            .station
            .call("erasure_form", json!({"id": child}))
            .await?;
        let still: Vec<&str> = form.items.iter().map(|item| item.label.as_str()).collect();
        assert!(
            !still
                .iter()
                .any(|label| label.contains("已作废") || label.contains("照片"))
        );
        let file: ChildFileView = device.call("child_file", json!({"id": child})).await?;
        let wishes = file.blocks.iter().find(|block| block.key == "wish");
        let rows = wishes
            .and_then(|block| block.rows.as_ref())
            .context("it has rows")?;
        let rows: Vec<&str> = rows.rows.iter().map(|one| one.row.as_str()).collect();
        assert_eq!(rows, [stays.as_str()]);
        assert!(photos::photos(device, &child).await?.is_empty());
        assert_eq!(
            photos::files(device)?,
            0,
            "the picture is on no disk of ours"
        );
        let asked = json!({"document": photo.document, "id": photo.id, "thumb": false});
        let gone = device.refusal("open_attachment", asked).await?;
        assert_eq!(gone.code, "not_found");
    }
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}
