//! The first download of a village of thirty children, with half a year of records and with three years of them.

use crate::endpoint::{Endpoint, PostAndCommit, commit, create_table};
use crate::measure::{Cost, Watch, print, wall};
use anyhow::Result;
use store::connection::open_writer;
use store::keys::SecretKey;
use zoufang_tests::device::entropy;
use zoufang_tests::world::{self, History, World};

pub async fn run(world: &mut World, rounds: usize) -> Result<()> {
    load_after(world, rounds, "first_load", 1).await?;
    load_after(world, rounds, "first_load_three_years", 6).await
}

async fn load_after(world: &mut World, rounds: usize, name: &str, half_years: u64) -> Result<()> {
    let unit = world.village().await?;
    let first = world.director(unit).await?;
    let mut households = world::households(24, 30, first.tablet()?.today())?;
    world::lengthen(&mut households, half_years);
    world::fill(&first, &households, History::RecordByRecord)?;
    world::sync(&first).await?;

    let posted = PostAndCommit::new(&world.path(&format!("{name}.sqlite")))?;
    let endpoint = Endpoint::start(posted.router()).await?;
    let mut ours: Vec<Cost> = Vec::new();
    let mut limit: Vec<Cost> = Vec::new();
    let mut down = 0;
    for round in 0..=rounds {
        let device = world.enrolled(unit).await?;
        let relay = &world.township.relay;
        let before = relay.bytes_passed() - relay.bytes_up();
        let watch = Watch::start();
        world::load(&device).await?;
        let cost = watch.stop();
        down = relay.bytes_passed() - relay.bytes_up() - before;

        let mut answer = vec![0; usize::try_from(down)?];
        entropy().fill(&mut answer);
        posted.answer_with(answer);
        let key = SecretKey::random(entropy().as_ref());
        let bare = open_writer(
            &store::SystemDisk,
            &world.path(&format!("{name}-{round}.db")),
            &key,
        )?;
        create_table(&bare)?;
        let watch = Watch::start();
        let client = endpoint.client()?;
        let bytes = endpoint.post(&client, "/", vec![0; 64]).await?;
        commit(&bare, &bytes)?;
        // The first round warms caches and is not counted.
        if round > 0 {
            ours.push(cost);
            limit.push(watch.stop());
        }
    }
    print(
        name,
        wall(&ours),
        "ms",
        "download_and_sqlcipher_commit",
        wall(&limit),
    );
    print(
        &format!("{name}_down"),
        down as f64,
        "bytes",
        "children",
        30.0,
    );
    Ok(())
}
