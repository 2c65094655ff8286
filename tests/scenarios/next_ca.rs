//! The server goes over to another CA (ADR 0004): tablets that heard of it notice nothing, others lose nothing.

use anyhow::Result;
use zoufang_tests::story::World;
use zoufang_tests::township::SetBack;

/// The server is stopped and started on what it had.
async fn restart(world: &mut World, name: &str) -> Result<()> {
    let folder = world.folder().join(name);
    let copy = world.township.back_up(&folder)?;
    let data = folder.join("data");
    world
        .township
        .set_back(&copy, &data, SetBack::Unnoticed)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_goes_over_to_a_ca_its_tablets_trust_already_and_the_old_one_is_trusted_no_more()
-> Result<()> {
    let mut world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let late = world.tablet("赵春华").await?;
    let before = world.township.back_up(&world.folder().join("before"))?;
    let file = world.folder().join("next-ca.pem");
    let made = world
        .township
        .at_the_desk(|desk| desk.prepare_next_ca(&file, false))?;
    let twice = world
        .township
        .at_the_desk(|desk| desk.prepare_next_ca(&world.folder().join("other.pem"), false));
    assert!(twice.is_err(), "one is prepared already");

    tablet.sync().await?;
    tablet.sync().await?;
    world.station.sync().await?;
    world.station.sync().await?;
    let standing = world.township.at_the_desk(|desk| desk.next_ca())?;
    assert_eq!(standing.prepared, Some(made.clone()));
    assert_eq!(standing.devices, 3);
    assert_eq!(standing.unheard, [late.tablet()?.identity.device]);
    let early = world
        .township
        .at_the_desk(|desk| desk.use_next_ca(&file, false));
    assert!(early.is_err(), "one tablet would be cut off");

    let child = tablet.child("石小雨").await?;
    tablet.contact(&child, "换证书以前写的").await?;
    let kept = late.child("周子涵").await?;
    late.contact(&kept, "没有网的时候写的").await?;
    let used = world
        .township
        .at_the_desk(|desk| desk.use_next_ca(&file, true))?;
    assert_eq!(used, made);
    restart(&mut world, "after").await?;

    tablet.sync().await?;
    tablet.all_delivered().await?;
    world.station.sync().await?;
    let fresh = world.tablet("孙桂芳").await?;
    fresh.sync().await?;
    assert_eq!(
        late.failed_sync().await?,
        "enrol_wrong_server",
        "who did not hear of it is not led to a stranger"
    );
    let unsent = late.records().await?;
    assert!(
        unsent
            .values()
            .any(|state| *state == client::view::RecordState::Saved),
        "and keeps what was written"
    );

    // Whoever holds the old CA's key can stand in the server's place no more.
    let data = world.folder().join("old");
    world
        .township
        .set_back(&before, &data, SetBack::Unnoticed)
        .await?;
    assert_eq!(tablet.failed_sync().await?, "enrol_wrong_server");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_cas_key_is_never_beside_the_server_and_a_strange_file_is_none() -> Result<()> {
    let world = World::new().await?;
    let database = world.server_database();
    let data = database.parent().expect("a database lies in a folder");
    for inside in [data.join("next-ca.pem"), data.join("keys/next-ca.pem")] {
        let refused = world
            .township
            .at_the_desk(|desk| desk.prepare_next_ca(&inside, false));
        assert!(refused.is_err() && !inside.exists());
    }
    let strange = world.folder().join("strange.pem");
    std::fs::write(&strange, "no certificate")?;
    let refused = world
        .township
        .at_the_desk(|desk| desk.use_next_ca(&strange, true));
    assert!(refused.is_err());
    world.township.stop().await;
    Ok(())
}
