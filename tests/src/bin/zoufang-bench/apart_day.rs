//! The day's sync with every server in a process of its own, so that what a sync costs the server alone can be told:
//! ours, Automerge's own protocol, automerge-repo with the wiring of its sync server, and PouchDB with express-pouchdb.

use crate::day_sync::{self, HOUSEHOLDS};
use crate::endpoint::{Endpoint, commit, create_table};
use crate::measure::{median, milliseconds, print};
use crate::rival::{self, Replica, Terms};
use anyhow::{Context, Result, bail};
use automerge::{AutoSerde, Automerge};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use store::connection::open_writer;
use store::keys::SecretKey;
use zoufang_tests::apart::processor_fine;
use zoufang_tests::device::entropy;
use zoufang_tests::relay::Relay;
use zoufang_tests::world::{self, History, World};

const TERMS: Terms = Terms {
    stored: true,
    heads_first: true,
};
const WORD: &str = "rival-apart";

/// What one sync came to.
struct Day {
    wall: Duration,
    server: Duration,
    up: u64,
    down: u64,
    requests: u64,
}

pub async fn run(folder: &Path, rounds: usize) -> Result<()> {
    let mut world = World::new(folder).await?;
    let unit = world.village().await?;
    let here = world.director(unit).await?;
    let households = world::households(HOUSEHOLDS, HOUSEHOLDS, here.tablet()?.today())?;
    let filed = world::fill(&here, &households, History::RecordByRecord)?;
    world::sync(&here).await?;
    let there = world.director(unit).await?;
    world::sync(&here).await?;
    let files = world.path("rivals");
    std::fs::create_dir_all(&files)?;
    write_json(&files, "base", &records(&day_sync::replica(&here, &filed)?))?;

    let world = world.apart().await?;
    let mut ours = Vec::new();
    let mut least = Vec::new();
    for round in 0..=rounds {
        day_sync::record(&here, &there, &households, &filed, round)?;
        world::sync(&there).await?;
        if round == 0 {
            // The rivals play the first day: they hold what both sides held in the morning.
            write_sides(
                &files,
                &day_sync::replica(&here, &filed)?,
                &day_sync::replica(&there, &filed)?,
            )?;
        }
        let compressed = day_sync::waiting(&here)?.len();
        let tablet = here.tablet()?;
        let requests = tablet.sync.requests();
        let (passed, up) = (world.relay.bytes_passed(), world.relay.bytes_up());
        let server = processor_fine(world.server.process());
        let began = Instant::now();
        world::sync(&here).await?;
        let wall = began.elapsed();
        let went_up = world.relay.bytes_up() - up;
        // The first round warms caches and is not counted.
        if round > 0 {
            least.push(compressed as f64);
            ours.push(Day {
                wall,
                server: processor_fine(world.server.process()).saturating_sub(server),
                up: went_up,
                down: world.relay.bytes_passed() - passed - went_up,
                requests: u64::from(tablet.sync.requests() - requests),
            });
        }
    }
    let automerge = automerge_protocol(&files, rounds).await?;
    report("automerge_protocol", &ours, &automerge);
    print(
        "day_apart_up_least",
        middle(&ours, |day| day.up as f64),
        "bytes",
        "zstd_of_its_envelopes",
        median(least),
    );
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("rivals");
    if scripts.join("node_modules").is_dir() {
        report(
            "automerge_repo",
            &ours,
            &[automerge_repo(&scripts, &files).await?],
        );
        report("pouchdb", &ours, &[pouchdb(&scripts, &files).await?]);
    } else {
        println!("bench day_apart_npm value=0 unit=rivals against=not_installed ratio=0");
    }
    world.stop()
}

fn report(rival: &str, ours: &[Day], theirs: &[Day]) {
    type Figure = fn(&Day) -> f64;
    let figures: [(&str, &str, Figure); 5] = [
        ("", "ms", |day| milliseconds(day.wall)),
        ("_server_cpu", "ms", |day| milliseconds(day.server)),
        ("_up", "bytes", |day| day.up as f64),
        ("_down", "bytes", |day| day.down as f64),
        ("_requests", "requests", |day| day.requests as f64),
    ];
    for (name, unit, figure) in figures {
        print(
            &format!("day_apart{name}_{rival}"),
            middle(ours, figure),
            unit,
            rival,
            middle(theirs, figure),
        );
    }
}

fn middle(days: &[Day], figure: impl Fn(&Day) -> f64) -> f64 {
    median(days.iter().map(figure).collect())
}

fn write_json(folder: &Path, name: &str, value: &Value) -> Result<()> {
    std::fs::write(
        folder.join(format!("{name}.json")),
        serde_json::to_vec(value)?,
    )?;
    Ok(())
}

/// Every record of the documents as one JSON document, as a CouchDB would hold them.
fn records(replica: &Replica) -> Value {
    let mut all = Vec::new();
    for (id, document) in replica.documents() {
        let Ok(Value::Object(root)) = serde_json::to_value(AutoSerde::from(&document)) else {
            continue;
        };
        let mut fields = Map::new();
        for (name, value) in root {
            match value {
                Value::Object(entries) => {
                    for (entry, value) in entries {
                        let id = format!("{id}/{name}/{entry}");
                        let mut record = match value {
                            Value::Object(record) => record,
                            other => Map::from_iter([("value".to_owned(), other)]),
                        };
                        record.retain(|name, _| !name.starts_with('_'));
                        record.insert("_id".to_owned(), json!(id));
                        all.push(Value::Object(record));
                    }
                }
                value => {
                    fields.insert(name, value);
                }
            }
        }
        fields.retain(|name, _| !name.starts_with('_'));
        fields.insert("_id".to_owned(), json!(id.to_string()));
        all.push(Value::Object(fields));
    }
    Value::Array(all)
}

/// Both sides' documents and records after their day, before they met, and the heads both have in the end.
fn write_sides(files: &Path, here: &Replica, there: &Replica) -> Result<()> {
    let base: Vec<Value> = serde_json::from_slice(&std::fs::read(files.join("base.json"))?)?;
    let base: BTreeMap<String, Value> = base.into_iter().map(named).collect();
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut merged: BTreeMap<String, Automerge> = BTreeMap::new();
    for (name, replica) in [("here", here), ("there", there)] {
        let folder = files.join(name);
        std::fs::create_dir_all(&folder)?;
        for (id, mut document) in replica.documents() {
            std::fs::write(folder.join(format!("{id}.am")), document.save())?;
            match merged.get_mut(&id.to_string()) {
                Some(other) => {
                    other.merge(&mut document)?;
                }
                None => {
                    merged.insert(id.to_string(), document);
                }
            }
        }
        let Value::Array(all) = records(replica) else {
            bail!("records are a list");
        };
        let new: Vec<Value> = all
            .into_iter()
            .map(named)
            .filter(|(id, record)| base.get(id) != Some(record))
            .map(|(_, record)| record)
            .collect();
        write_json(files, name, &Value::Array(new))?;
    }
    for (id, document) in merged {
        let mut heads: Vec<String> = document
            .get_heads()
            .iter()
            .map(ToString::to_string)
            .collect();
        heads.sort();
        expected.insert(id, heads);
    }
    write_json(files, "expected", &serde_json::to_value(expected)?)
}

fn named(record: Value) -> (String, Value) {
    let id = record["_id"].as_str().unwrap_or_default().to_owned();
    (id, record)
}

/// A process that says its first line when it is ready, and ends with its input.
struct Helper {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Helper {
    fn start(command: &mut Command) -> Result<(Self, String)> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        let output = BufReader::new(child.stdout.take().context("its output")?);
        let mut helper = Self { child, output };
        let line = helper.line()?;
        Ok((helper, line))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.is_empty() {
            bail!("a rival ended early");
        }
        Ok(line.trim().to_owned())
    }

    fn processor(&self) -> Duration {
        processor_fine(self.child.id())
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves Automerge's own protocol over saved documents until the input ends, when this process was started for that.
pub async fn serve_if_asked() -> Result<bool> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|word| word != WORD) {
        return Ok(false);
    }
    let folder = PathBuf::from(arguments.next().context("a folder")?);
    let rival = rival::Rival::new(&folder.join("rival-apart.sqlite"))?;
    rival.hold(Replica::read(&folder.join("there"))?);
    let endpoint = Endpoint::start(rival.router()).await?;
    println!(
        "{} {}",
        endpoint.address,
        BASE64_STANDARD.encode(&endpoint.certificate)
    );
    tokio::task::spawn_blocking(|| std::io::stdin().lines().count()).await?;
    Ok(true)
}

async fn automerge_protocol(files: &Path, rounds: usize) -> Result<Vec<Day>> {
    let mut replica = Replica::read(&files.join("here"))?;
    let key = SecretKey::random(entropy().as_ref());
    let disk = open_writer(&store::SystemDisk, &files.join("received.db"), &key)?;
    create_table(&disk)?;
    let mut days = Vec::new();
    for round in 0..=rounds {
        let (helper, line) =
            Helper::start(Command::new(std::env::current_exe()?).arg(WORD).arg(files))?;
        let (address, certificate) = line.split_once(' ').context("address and certificate")?;
        let endpoint =
            Endpoint::over(address.parse()?, BASE64_STANDARD.decode(certificate)?).await?;
        replica.begin(TERMS)?;
        let server = helper.processor();
        let run = rival::exchange(&endpoint, &mut replica, &disk, TERMS).await?;
        if round > 0 {
            days.push(Day {
                wall: run.cost.wall,
                server: helper.processor().saturating_sub(server),
                up: run.up,
                down: run.down,
                requests: run.requests,
            });
        }
        drop(helper);
        let _ = std::fs::remove_file(files.join("rival-apart.sqlite"));
    }
    commit(&disk, b"done")?;
    Ok(days)
}

fn node(scripts: &Path, script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(scripts.join(script));
    command
}

fn on_loopback(port: &str) -> Result<SocketAddr> {
    Ok(SocketAddr::from((
        Ipv4Addr::LOCALHOST,
        port.parse::<u16>()?,
    )))
}

async fn automerge_repo(scripts: &Path, files: &Path) -> Result<Day> {
    for side in ["here", "there"] {
        let filled = node(scripts, "automerge_fill.mjs")
            .arg(files.join(side))
            .arg(files.join(format!("repo-{side}")))
            .status()?;
        if !filled.success() {
            bail!("automerge-repo's storage could not be filled");
        }
    }
    let expected = files.join("expected.json");
    let (server, port) = Helper::start(
        node(scripts, "automerge_server.mjs")
            .arg(files.join("repo-there"))
            .arg(&expected),
    )?;
    let relay = Relay::start(on_loopback(&port)?).await?;
    let before = server.processor();
    let (_client, line) = {
        let mut command = node(scripts, "automerge_client.mjs");
        command
            .arg(relay.address.port().to_string())
            .arg(&port)
            .arg(files.join("repo-here"))
            .arg(&expected);
        tokio::task::spawn_blocking(move || Helper::start(&mut command)).await??
    };
    let answer: Value = serde_json::from_str(&line)?;
    Ok(Day {
        wall: Duration::from_secs_f64(answer["ms"].as_f64().context("a time")? / 1_000.0),
        server: server.processor().saturating_sub(before),
        up: relay.bytes_up(),
        down: relay.bytes_passed() - relay.bytes_up(),
        // One WebSocket; its messages are not requests.
        requests: relay.connections(),
    })
}

async fn pouchdb(scripts: &Path, files: &Path) -> Result<Day> {
    let (server, port) =
        Helper::start(node(scripts, "pouch_server.mjs").arg(files.join("pouch-server")))?;
    let relay = Relay::start(on_loopback(&port)?).await?;
    let mut command = node(scripts, "pouch_client.mjs");
    command
        .arg(relay.address.port().to_string())
        .arg(files.join("pouch-client"))
        .arg(files);
    let (mut client, ready) =
        tokio::task::spawn_blocking(move || Helper::start(&mut command)).await??;
    if ready != "ready" {
        bail!("PouchDB said {ready}");
    }
    let before = server.processor();
    let (passed, up) = (relay.bytes_passed(), relay.bytes_up());
    writeln!(client.child.stdin.as_mut().context("its input")?, "go")?;
    let (_client, line) = tokio::task::spawn_blocking(move || {
        let line = client.line();
        (client, line)
    })
    .await?;
    let answer: Value = serde_json::from_str(&line?)?;
    let went_up = relay.bytes_up() - up;
    Ok(Day {
        wall: Duration::from_secs_f64(answer["ms"].as_f64().context("a time")? / 1_000.0),
        server: server.processor().saturating_sub(before),
        up: went_up,
        down: relay.bytes_passed() - passed - went_up,
        requests: answer["requests"].as_u64().context("requests")?,
    })
}
