//! A document this device cannot read any more holds nothing else up, and takes what came as soon as it can.

use anyhow::{Context, Result};
use ids::DocumentId;
use store::StoreError;
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

/// Says of everything kept aside that another version of the app did it.
const BY_ANOTHER_VERSION: &str = "UPDATE quarantine SET app = '0.0.0'";

fn swap_body(device: &Device, document: DocumentId, body: &[u8]) -> Result<Vec<u8>> {
    let tablet = device.tablet()?;
    Ok(tablet.store.write(|tx| {
        let id = document.0.as_bytes();
        let before = tx.query_row(
            "SELECT body FROM documents WHERE document = ?1",
            [id],
            |row| row.get(0),
        )?;
        tx.execute(
            "UPDATE documents SET body = ?2 WHERE document = ?1",
            (id, body),
        )?;
        Ok::<Vec<u8>, StoreError>(before)
    })?)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_document_keeps_what_came_aside_and_the_rest_arrives() -> Result<()> {
    let world = World::new().await?;
    let (one, other) = (world.tablet("李玉梅").await?, world.tablet("赵春燕").await?);
    let (broken, whole) = (one.child("吴天宇").await?, one.child("石小雨").await?);
    world.settle(&[&one, &other]).await?;
    let aside = async || -> Result<u32> { Ok(one.sync_page().await?.set_aside) };
    let arrived = async |child: &str, record: &str| -> Result<bool> {
        Ok(one
            .records()
            .await?
            .contains_key(&(child.to_owned(), record.to_owned())))
    };

    let document = DocumentId::parse(&broken).context("a child's id is its document's")?;
    let body = swap_body(&one, document, b"not a document")?;
    // A frame that begins well and ends early.
    swap_body(&one, document, &body[..body.len() - 8])?;
    let held_up = other.contact(&broken, "这台平板读不了的档案。").await?;
    let passing = other.contact(&whole, "好好的档案。").await?;
    other.sync().await?;
    one.sync().await?;
    assert!(arrived(&whole, &passing).await?);
    assert!(!arrived(&broken, &held_up).await?);
    assert_eq!(aside().await?, 1);

    // The next version can read it, and needs no network for it.
    swap_body(&one, document, &body)?;
    let tablet = one.tablet()?;
    tablet
        .store
        .write(|tx| Ok::<_, StoreError>(tx.execute(BY_ANOTHER_VERSION, [])?))?;
    one.sync().await?;
    assert!(arrived(&broken, &held_up).await?);
    assert_eq!(aside().await?, 0);
    world.township.stop().await;
    Ok(())
}
