//! A day's sync: 300 documents held, 30 changed here, 10 elsewhere. Against posting the same bytes with one commit,
//! and against Automerge's own protocol for the same documents.

use crate::endpoint::{Endpoint, PostAndCommit, commit, create_table};
use crate::measure::{Cost, Watch, median, print, processor, wall};
use crate::rival::{Replica, Rival, Run, Terms};
use anyhow::{Context, Result, bail};
use client::Tablet;
use client::records;
use ids::DocumentId;
use office::demo::DemoHousehold;
use protocol::envelope::Envelope;
use protocol::wire;
use std::sync::atomic::{AtomicU64, Ordering};
use store::connection::open_writer;
use store::keys::SecretKey;
use store::{changes, documents};
use zoufang_tests::device::{Device, entropy};
use zoufang_tests::world::{self, Desk, Filed, History, World};

pub const HOUSEHOLDS: usize = 150;
/// Each writes to a household and to a child.
const VISITS_HERE: usize = 15;
const CONTACTS_THERE: usize = 10;
/// Children with a visit here and a contact there on one day.
const BOTH: usize = 5;

/// Asking for a nonce, and signing it.
const SESSION_REQUESTS: u64 = 2;

const STORED: Terms = Terms {
    stored: true,
    heads_first: true,
};
const IN_MEMORY: Terms = Terms {
    stored: false,
    heads_first: true,
};
const EVERY_DOCUMENT: Terms = Terms {
    stored: true,
    heads_first: false,
};

pub async fn run(world: &mut World, rounds: usize) -> Result<()> {
    let unit = world.village().await?;
    let here = world.director(unit).await?;
    let households = world::households(HOUSEHOLDS, HOUSEHOLDS, here.tablet()?.today())?;
    let filed = world::fill(&here, &households, History::RecordByRecord)?;
    world::sync(&here).await?;
    let there = world.director(unit).await?;

    let posted = PostAndCommit::new(&world.path("posted.sqlite"))?;
    let limit = Endpoint::start(posted.router()).await?;
    let rival = Rival::new(&world.path("rival.sqlite"))?;
    let rivals_end = Endpoint::start(rival.router()).await?;
    let key = SecretKey::random(entropy().as_ref());
    let disk = open_writer(&store::SystemDisk, &world.path("received.db"), &key)?;
    create_table(&disk)?;

    let mut ours = Vec::new();
    let mut floor = Vec::new();
    let mut stored = Vec::new();
    let mut in_memory = Vec::new();
    let mut every = Vec::new();
    for round in 0..=rounds {
        record(&here, &there, &households, &filed, round)?;
        let answer = waiting(&there)?;
        world::sync(&there).await?;
        let question = waiting(&here)?;
        let mut replica = replica(&here, &filed)?;
        rival.hold(self::replica(&there, &filed)?);

        let run = sync(world, &here).await?;

        posted.answer_with(answer);
        let floor_run = post_once(&limit, question, &disk).await?;
        let stored_run = rival.run(&rivals_end, &mut replica, &disk, STORED).await?;
        let in_memory_run = rival
            .run(&rivals_end, &mut replica, &disk, IN_MEMORY)
            .await?;
        let every_run = rival
            .run(&rivals_end, &mut replica, &disk, EVERY_DOCUMENT)
            .await?;
        // The first round warms caches and is not counted.
        if round > 0 {
            ours.push(run);
            floor.push(floor_run);
            stored.push(stored_run);
            in_memory.push(in_memory_run);
            every.push(every_run);
        }
    }

    let value = wall(&costs(&ours));
    print(
        "day_sync",
        value,
        "ms",
        "post_same_bytes_and_commit",
        wall(&costs(&floor)),
    );
    print(
        "day_sync_automerge",
        value,
        "ms",
        "automerge_sync",
        wall(&costs(&stored)),
    );
    print(
        "day_sync_automerge_memory",
        value,
        "ms",
        "automerge_sync_nothing_stored",
        wall(&costs(&in_memory)),
    );
    print(
        "day_sync_automerge_every",
        value,
        "ms",
        "automerge_sync_without_heads",
        wall(&costs(&every)),
    );
    let cpu = processor(&costs(&ours));
    print(
        "day_sync_cpu",
        cpu,
        "ms",
        "post_same_bytes_and_commit",
        processor(&costs(&floor)),
    );
    print(
        "day_sync_cpu_automerge",
        cpu,
        "ms",
        "automerge_sync",
        processor(&costs(&stored)),
    );
    for (name, count) in [
        ("up", (|run: &Run| run.up) as fn(&Run) -> u64),
        ("down", |run| run.down),
        ("requests", |run| run.requests),
    ] {
        let unit = if name == "requests" {
            "requests"
        } else {
            "bytes"
        };
        let value = middle(&ours, count);
        print(
            &format!("day_sync_{name}"),
            value,
            unit,
            "post_same_bytes_and_commit",
            middle(&floor, count),
        );
        print(
            &format!("day_sync_{name}_automerge"),
            value,
            unit,
            "automerge_sync",
            middle(&stored, count),
        );
        print(
            &format!("day_sync_{name}_automerge_every"),
            value,
            unit,
            "automerge_sync_without_heads",
            middle(&every, count),
        );
    }
    // What a line of 300 ms there and back would make of it, by arithmetic: TCP, TLS and every request wait once.
    let far = |runs: &[Run]| wall(&costs(runs)) + 300.0 * (2.0 + middle(runs, |run| run.requests));
    print(
        "day_sync_far",
        far(&ours),
        "ms",
        "automerge_sync",
        far(&stored),
    );
    Ok(())
}

fn costs(runs: &[Run]) -> Vec<Cost> {
    runs.iter().map(|run| run.cost).collect()
}

fn middle(runs: &[Run], count: impl Fn(&Run) -> u64) -> f64 {
    median(runs.iter().map(|run| count(run) as f64).collect())
}

/// A day's work on both devices.
pub fn record(
    here: &Device,
    there: &Device,
    households: &[DemoHousehold],
    filed: &[Filed],
    round: usize,
) -> Result<()> {
    let of = |step: usize| (round * VISITS_HERE + step) % HOUSEHOLDS;
    for step in 0..VISITS_HERE {
        let at = of(step);
        on(here, &households[at], &filed[at], |desk, household| {
            let visit = household
                .visits
                .last()
                .context("every household was visited")?;
            Ok(desk.visit(visit))
        })?;
    }
    for step in 0..CONTACTS_THERE {
        let at = of(VISITS_HERE - BOTH + step);
        on(there, &households[at], &filed[at], |desk, _| {
            let contact = households
                .iter()
                .flat_map(|other| &other.children)
                .flat_map(|child| &child.contacts)
                .nth(at)
                .context("children were called")?;
            Ok(vec![desk.contact(desk.filed.children[0], contact)])
        })?;
    }
    Ok(())
}

fn on(
    device: &Device,
    household: &DemoHousehold,
    filed: &Filed,
    make: impl Fn(&Desk<'_>, &DemoHousehold) -> Result<Vec<records::Write>>,
) -> Result<()> {
    let tablet = device.tablet()?;
    let packs = tablet.packs();
    let form = packs.visit_form().context("the form has arrived")?;
    let desk = Desk::at(&tablet, form, household, filed.clone());
    records::save(&tablet, "recorded", &make(&desk, household)?)?;
    Ok(())
}

/// What a device has to send, as it would lie in one compressed body.
pub fn waiting(device: &Device) -> Result<Vec<u8>> {
    let envelopes: Vec<Envelope> = outbox(&*device.tablet()?)?
        .into_iter()
        .map(|change| Envelope {
            head: change.head,
            signature: change.signature,
            change: change.body,
        })
        .collect();
    Ok(wire::encode(&envelopes, wire::REQUEST)?)
}

fn outbox(tablet: &Tablet) -> Result<Vec<changes::Change>> {
    Ok(tablet
        .store
        .read(|connection| changes::outbox(connection, tablet.identity.scope, usize::MAX))?)
}

/// A device's documents, as Automerge holds them.
pub fn replica(device: &Device, filed: &[Filed]) -> Result<Replica> {
    let tablet = device.tablet()?;
    let ids = filed
        .iter()
        .flat_map(|filed| filed.children.iter().chain([&filed.household]));
    let ids: Vec<DocumentId> = ids.copied().collect();
    let held = tablet.store.read(|connection| {
        ids.iter()
            .map(|id| documents::load(connection, *id))
            .collect::<Result<Vec<_>, _>>()
    })?;
    let mut replica = Replica::default();
    for (id, stored) in ids.into_iter().zip(held) {
        let stored = stored.context("a document both hold")?;
        replica.hold(id, &stored.automerge);
    }
    Ok(replica)
}

/// Our sync, from connecting to the last row stored.
async fn sync(world: &World, device: &Device) -> Result<Run> {
    let relay = &world.township.relay;
    let (passed, up) = (relay.bytes_passed(), relay.bytes_up());
    let watch = Watch::start();
    let steps = AtomicU64::new(0);
    client::runtime::once(&device.tablet()?, || {
        steps.fetch_add(1, Ordering::Relaxed);
    })
    .await?;
    let cost = watch.stop();
    if !outbox(&*device.tablet()?)?.is_empty() {
        bail!("the sync left changes behind");
    }
    let went_up = relay.bytes_up() - up;
    Ok(Run {
        cost,
        up: went_up,
        down: relay.bytes_passed() - passed - went_up,
        // Announced once at the beginning, once at the end, and three times a request: outbox, request, answer.
        requests: SESSION_REQUESTS + (steps.into_inner() - 2) / 3,
    })
}

/// The same bytes in one request, one commit at each end.
async fn post_once(endpoint: &Endpoint, body: Vec<u8>, disk: &rusqlite::Connection) -> Result<Run> {
    let relay = &endpoint.relay;
    let (passed, up) = (relay.bytes_passed(), relay.bytes_up());
    let watch = Watch::start();
    let client = endpoint.client()?;
    let answer = endpoint.post(&client, "/", body).await?;
    commit(disk, &answer)?;
    let cost = watch.stop();
    let went_up = relay.bytes_up() - up;
    Ok(Run {
        cost,
        up: went_up,
        down: relay.bytes_passed() - passed - went_up,
        requests: 1,
    })
}
