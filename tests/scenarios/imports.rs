//! A confirmed import ends with the row it is at when the door is closed, and goes on when she comes in again: every row once.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calamine::{Reader, Xlsx};
use client::view::{
    AppView, ChildFileView, ErasureFormView, ErasuresView, IdInput, ImportPreviewView,
    ImportStatusView, ShellKind,
};
use ids::Role;
use office::ledger::write::LedgerLine;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::Arc;
use store::imports;
use tokio::time::Instant;
use zoufang_tests::device::{Device, LIMIT};
use zoufang_tests::story::{PIN, World, line, register};

/// Enough of them that nobody locks too late.
const ROWS: u32 = 240;

fn lines() -> Vec<LedgerLine> {
    let surnames = ["赵", "钱", "孙", "李", "周", "吴", "郑", "王", "冯", "陈"];
    let given = ["山", "河", "林", "泉", "田", "桥"];
    (0..ROWS as usize)
        .map(|number| {
            let name = format!(
                "{}{}{}",
                surnames[number % 10],
                given[number / 10 % 6],
                given[number / 60 % 6]
            );
            let birth = format!("2015-{:02}-{:02}", number / 28 + 1, number % 28 + 1);
            line(&name, &birth, &format!("{name}的奶奶"), "五组")
        })
        .collect()
}

async fn status(station: &Device, import: &str) -> Result<ImportStatusView> {
    station.call("import_status", json!({"id": import})).await
}

/// Waits until so many rows are done, and fails when all of them are.
async fn in_the_middle(station: &Device, import: &str, after: u32) -> Result<()> {
    let end = Instant::now() + LIMIT;
    loop {
        let now = status(station, import).await?;
        ensure!(now.state == "running", "it is over already: {now:?}");
        if now.done > after {
            return Ok(());
        }
        ensure!(Instant::now() < end, "the import does not go on");
        tokio::task::yield_now().await;
    }
}

/// Locks, and waits until nothing holds the keys any more.
async fn lock(station: &Device) -> Result<()> {
    let inside = Arc::downgrade(&station.tablet()?);
    let _: AppView = station.call("lock", Value::Null).await?;
    let end = Instant::now() + LIMIT;
    while inside.strong_count() > 0 {
        ensure!(Instant::now() < end, "something holds the keys");
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn unlock(station: &Device) -> Result<()> {
    let _: AppView = station.call("unlock", json!({"pin": PIN})).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_stops_with_the_lock_and_goes_on_after_it_and_after_a_restart() -> Result<()> {
    let world = World::new().await?;
    let village = world.create_village("青石村", "310199100202").await?;
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: world.station.tablet()?.identity.scope,
            role: Role::Head,
            person: "陈站长".to_owned(),
        })
        .await?;
    let folder = world.new_folder();
    let station = world.open_device(&folder, ShellKind::Station)?;
    station.enrol(&world.township.server, &code, PIN).await?;
    station.sync().await?;

    let bytes = register(&lines())?;
    let preview: ImportPreviewView = station
        .call(
            "import_preview",
            json!({"village": village, "file_name": "花名册.xlsx", "bytes": STANDARD.encode(bytes)}),
        )
        .await?;
    assert_eq!((preview.new, preview.rejected), (ROWS, 0), "{preview:?}");
    let import = preview.import.clone();
    let confirm = json!({"id": import});
    let first = station.call::<ImportStatusView>("import_confirm", confirm.clone());
    let second = station.call::<ImportStatusView>("import_confirm", confirm);
    let (first, second) = tokio::join!(first, second);
    assert_eq!(
        (first?.import, second?.import),
        (import.clone(), import.clone())
    );

    in_the_middle(&station, &import, 0).await?;
    lock(&station).await?;
    unlock(&station).await?;
    let after_lock = status(&station, "")
        .await
        .context("it is under way again")?;
    assert_eq!(after_lock.import, import);
    assert!(after_lock.done < ROWS, "it stopped with the lock");

    in_the_middle(&station, &import, after_lock.done).await?;
    lock(&station).await?;
    drop(station);
    // Here the program ends within this one: what was under way for her still holds the folder for the row it is at.
    let end = Instant::now() + LIMIT;
    let station = loop {
        match world.open_device(&folder, ShellKind::Station) {
            Err(error) if error.to_string() == "folder_in_use" => {
                ensure!(Instant::now() < end, "the import does not stop");
                tokio::task::yield_now().await;
            }
            opened => break opened?,
        }
    };
    unlock(&station).await?;
    let after_restart = status(&station, &import).await?;
    assert!(after_restart.done < ROWS, "it stopped with the lock");

    let end = Instant::now() + LIMIT;
    let done = loop {
        let now = status(&station, &import).await?;
        if now.state != "running" {
            break now;
        }
        ensure!(Instant::now() < end, "the import does not end");
        tokio::task::yield_now().await;
    };
    assert_eq!(
        (done.state.as_str(), done.done, done.has_result),
        ("done", ROWS, true)
    );
    assert_eq!(status(&station, "").await?.state, "none");
    let rows = station.children().await?.rows;
    let imported: Vec<&str> = rows
        .iter()
        .map(|row| row.name.as_str())
        .filter(|name| lines().iter().any(|line| line.values["name"] == **name))
        .collect();
    let once: BTreeSet<&&str> = imported.iter().collect();
    assert_eq!((imported.len(), once.len()), (ROWS as usize, ROWS as usize));
    Ok(())
}

/// A station of its own whose computer is opened with [`PIN`].
async fn head_of(world: &World, person: &str) -> Result<Device> {
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: world.station.tablet()?.identity.scope,
            role: Role::Head,
            person: person.to_owned(),
        })
        .await?;
    let station = world.open_device(&world.new_folder(), ShellKind::Station)?;
    station.enrol(&world.township.server, &code, PIN).await?;
    station.sync().await?;
    Ok(station)
}

/// The result file, row by row.
async fn results(station: &Device, import: &str) -> Result<Vec<Vec<String>>> {
    let _: Value = station.call("step_up", json!({"pin": PIN})).await?;
    let input = IdInput {
        id: import.to_owned(),
    };
    let (_, bytes, _) = client::imports::result(&*station.tablet()?, &input)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let sheet = workbook.worksheet_range("导入结果")?;
    Ok(sheet
        .rows()
        .skip(1)
        .map(|row| row.iter().map(ToString::to_string).collect())
        .collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_whose_file_is_built_anew_meanwhile_is_told_and_can_be_taken_in_again() -> Result<()>
{
    let world = World::new().await?;
    let station = head_of(&world, "陈站长").await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let edit = json!({"child": child, "holder": "child", "key": "nickname", "value": "乱叫的绰号"});
    let _: ChildFileView = tablet.call("edit_field", edit).await?;
    tablet.sync().await?;
    world.station.sync().await?;
    station.sync().await?;

    // Confirmed on the head's computer, and before its turn the file is built anew without one thing.
    let lines = [
        line("周子涵", "2014-11-30", "周建国", "九组"),
        line("吴天宇", "2017-06-18", "吴桂香", "九组"),
    ];
    let asked = json!({"village": world.village, "file_name": "花名册.xlsx", "bytes": STANDARD.encode(register(&lines)?)});
    let preview: ImportPreviewView = station.call("import_preview", asked.clone()).await?;
    assert_eq!(preview.changed, 2, "{preview:?}");
    let begun = uuid::Uuid::parse_str(&preview.import)?;
    station.tablet()?.store.write(|tx| {
        let mut batch = imports::batch(tx, begun)?.expect("it was previewed");
        batch.state = "running".to_owned();
        imports::put_batch(tx, &batch)
    })?;
    let form: ErasureFormView = world
        .station
        .call("erasure_form", json!({"id": child}))
        .await?;
    let item = form
        .items
        .iter()
        .find(|item| item.label == "小名或门前记号");
    let item = &item.context("it can be erased alone")?.item;
    world.station.step_up().await?;
    let erasing = json!({"child": child, "item": item, "keep_now": false, "basis": "family", "words": "家里要求"});
    let page: ErasuresView = world.station.call("request_part_erasure", erasing).await?;
    let _: Value = station.call("step_up", json!({"pin": PIN})).await?;
    let decision = json!({"id": page.requests[0].id, "approve": true});
    let _: ErasuresView = station.call("decide_erasure", decision).await?;
    station.sync().await?;

    lock(&station).await?;
    unlock(&station).await?;
    let end = Instant::now() + LIMIT;
    while status(&station, &preview.import).await?.state == "running" {
        ensure!(Instant::now() < end, "the import does not end");
        tokio::task::yield_now().await;
    }
    let done = status(&station, &preview.import).await?;
    assert_eq!((done.state.as_str(), done.done, done.total), ("done", 2, 2));
    let told = results(&station, &preview.import).await?;
    assert_eq!(
        told.len(),
        2,
        "every row of the ledger is told of: {told:?}"
    );
    let left: Vec<_> = told.iter().filter(|row| row[2] == "未导入").collect();
    assert_eq!(left.len(), 1, "{told:?}");
    assert!(left[0][1].is_empty(), "nothing it said is told: {left:?}");
    assert!(left[0][3].contains("再导入一次"), "{left:?}");
    let group = async |station: &Device, child: &str| -> Result<String> {
        let file: ChildFileView = station.call("child_file", json!({"id": child})).await?;
        Ok(serde_json::to_string(&file)?)
    };
    assert!(!group(&station, &child).await?.contains("九组"));
    let other = station.child("吴天宇").await?;
    assert!(group(&station, &other).await?.contains("九组"));

    // The same ledger once more.
    let again: ImportPreviewView = station.call("import_preview", asked).await?;
    assert_eq!((again.changed, again.same), (1, 1), "{again:?}");
    let confirm = json!({"id": again.import});
    let _: ImportStatusView = station.call("import_confirm", confirm).await?;
    let end = Instant::now() + LIMIT;
    while status(&station, &again.import).await?.state == "running" {
        ensure!(Instant::now() < end, "the import does not end");
        tokio::task::yield_now().await;
    }
    assert!(group(&station, &child).await?.contains("九组"));
    world.township.stop().await;
    Ok(())
}
