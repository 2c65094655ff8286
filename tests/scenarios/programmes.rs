//! What a child is enrolled in and what it wishes for go their steps, and a child has more than one guardian: all of it is
//! data of the file, written by the one way rows are written.

use anyhow::{Context, Result};
use client::view::{ChildFileView, FileRowView, FileRowsView};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

fn rows<'a>(file: &'a ChildFileView, block: &str) -> Result<&'a FileRowsView> {
    let block = file.blocks.iter().find(|known| known.key == block);
    let rows = block.and_then(|block| block.rows.as_ref());
    rows.context("the pack has these rows")
}

fn only(file: &ChildFileView, block: &str) -> Result<FileRowView> {
    rows(file, block)?.rows.first().cloned().context("a row")
}

fn says(row: &FileRowView, words: &str) -> bool {
    row.lines.iter().any(|line| line.text == words)
}

async fn write(
    device: &Device,
    child: &str,
    block: &str,
    replaces: Option<&str>,
    values: Value,
) -> Result<ChildFileView> {
    let asked = json!({"child": child, "block": block, "replaces": replaces, "values": values});
    device.call("write_row", asked).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_and_a_wish_go_their_steps_and_the_station_reads_them() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    world.cut_network();
    let today = tablet.tablet()?.today().to_string();
    let enrolled =
        |status: &str| json!({"programme": ["summer_care"], "status": [status], "on": [today]});
    let file = write(&tablet, &child, "programme", None, enrolled("suggested")).await?;
    let row = only(&file, "programme")?;
    assert_eq!(row.head, "爱心暑托班", "the plan's own name");
    let columns = &rows(&file, "programme")?.columns;
    let offered = |key: &str| {
        let column = columns.iter().find(|column| column.key == key);
        column.map_or(0, |column| column.options.len())
    };
    assert_eq!((offered("programme"), offered("status")), (15, 9));
    let next = enrolled("waiting");
    let file = write(&tablet, &child, "programme", Some(&row.row), next).await?;
    assert!(says(&only(&file, "programme")?, "候补"));

    let said = json!({"text": ["一盏台灯"], "status": ["said"]});
    let file = write(&tablet, &child, "wish", None, said).await?;
    let wish = only(&file, "wish")?.row;
    let fit = json!({
        "text": ["一盏台灯"], "status": ["fit"], "checked": ["safe", "suits", "private"],
        "checked_by": ["王督导"], "checked_on": [today],
    });
    write(&tablet, &child, "wish", Some(&wish), fit).await?;

    let other = json!({"name": ["石大海"], "relation": ["83"], "id_no": ["310199198001010013"]});
    let file = write(&tablet, &child, "guardian", None, other).await?;
    let masked = only(&file, "guardian")?;
    assert!(masked.lines.iter().any(|line| line.text.contains("****")));
    let file = tablet
        .edit(&child, "household", "hukou_book_no", "沧0301998")
        .await?;
    let mut fields = file.blocks.iter().flat_map(|block| &block.fields);
    let book = fields.find(|field| field.key == "hukou_book_no");
    let book = book.context("it is there")?;
    assert!(book.masked && book.text.as_deref() != Some("沧0301998"));

    world.restore_network();
    world.settle(&[&tablet]).await?;
    let there = world.station.file(&child).await?;
    assert!(says(&only(&there, "programme")?, "候补"));
    let wish = only(&there, "wish")?;
    assert!(says(&wish, "审核过，可以找人认领"));
    let checked = |words: &str| wish.lines.iter().any(|line| line.text.contains(words));
    assert!(
        ["安全", "适合孩子", "不会让人知道是哪家的孩子"].map(checked) == [true; 3],
        "{:?}",
        wish.lines
    );
    assert_eq!(only(&there, "guardian")?.head, "石大海");
    world.township.stop().await;
    Ok(())
}
