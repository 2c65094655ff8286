//! A world for the journeys: server, relay, and one process per browser's core, each with a fresh folder.
//!
//! Prints one JSON line `{"control": "http://127.0.0.1:PORT"}` and ends when its standard input closes.
//! The same binary is each core (`e2e-world host …`): `webhost` as it ships, with a clock a journey may set and a PIN
//! that costs little. A core is a process of its own so that a journey can kill it.

use anyhow::{Context, Result, bail, ensure};
use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use client::view::ShellKind;
use client::{App, AppSettings, PinCost};
use domain::form::sheet::to_sheets;
use office::demo::{DAYS_OF_RECORDS, DemoTownship, ledgers};
use office::form_sheets;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use store::ArgonCost;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Mutex;
use zoufang_tests::demo;
use zoufang_tests::device::{Device, LIMIT, MovedClock};
use zoufang_tests::township::{Plan, Township};
use zoufang_tests::world::{self, History};

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("host") => {
            host(serde_json::from_str(
                arguments.get(1).context("host needs its settings")?,
            )?)
            .await
        }
        _ => world().await,
    }
}

/// What a core process is told, as JSON in its argument.
#[derive(Deserialize, serde::Serialize, Clone)]
struct HostSettings {
    folder: PathBuf,
    shell: ShellKind,
    screens: PathBuf,
    port: u16,
    token: String,
    /// How far its clock is from the system's.
    offset_ms: i64,
}

async fn host(settings: HostSettings) -> Result<()> {
    let clock = MovedClock::new();
    clock.run_at_offset(settings.offset_ms);
    let mut app_settings = AppSettings::new(settings.folder, settings.shell);
    app_settings.cost = PinCost::Fixed(ArgonCost::FLOOR);
    app_settings.clock = clock.clone();
    app_settings.extensions = zoufang_tests::extensions();
    let app = App::open(app_settings)?;
    app.start_sync();
    let listening = webhost::Host {
        app: app.clone(),
        screens: settings.screens,
        token: settings.token,
    }
    .bind(settings.port)
    .await?;
    say(&json!({ "url": listening.url, "port": listening.address.port() }))?;
    listening
        .serve(async move {
            let mut lines = BufReader::new(tokio::io::stdin()).lines();
            // Each line is a new offset; the end of input is the end of this core.
            while let Ok(Some(line)) = lines.next_line().await {
                if let Ok(offset) = line.trim().parse() {
                    clock.run_at_offset(offset);
                    let _ = say(&json!({ "offset_ms": offset }));
                }
            }
            app.end();
        })
        .await?;
    Ok(())
}

fn say(line: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// A running core.
struct Core {
    settings: HostSettings,
    process: Child,
    input: ChildStdin,
    output: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    url: String,
}

impl Core {
    async fn start(mut settings: HostSettings) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("host")
            .arg(serde_json::to_string(&settings)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = process.stdin.take().context("its input is piped")?;
        let output = process.stdout.take().context("its output is piped")?;
        let mut output = BufReader::new(output).lines();
        let ready = tokio::time::timeout(LIMIT, output.next_line())
            .await
            .context("the core did not start in time")??
            .context("the core ended at its start")?;
        let ready: Value = serde_json::from_str(&ready)?;
        settings.port = serde_json::from_value(ready["port"].clone())?;
        let url = ready["url"]
            .as_str()
            .context("a core says its address")?
            .to_owned();
        Ok(Self {
            settings,
            process,
            input,
            output,
            url,
        })
    }

    async fn set_offset(&mut self, offset_ms: i64) -> Result<()> {
        self.settings.offset_ms = offset_ms;
        self.input
            .write_all(format!("{offset_ms}\n").as_bytes())
            .await?;
        self.input.flush().await?;
        tokio::time::timeout(LIMIT, self.output.next_line())
            .await
            .context("the core did not take its time")??;
        Ok(())
    }

    /// Ends it as a battery does.
    async fn kill(&mut self) -> Result<()> {
        self.process
            .kill()
            .await
            .context("the core cannot be killed")
    }
}

struct World {
    folder: tempfile::TempDir,
    township: Township,
    first: protocol::EnrolmentStatus,
    clock: Arc<MovedClock>,
    screens: PathBuf,
    cores: Mutex<BTreeMap<String, Core>>,
}

async fn world() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let clock = MovedClock::new();
    let mut plan = Plan::new(&folder.path().join("office"), Path::new("policy"));
    plan.clock = clock.clone();
    let first = plan.found()?;
    let township = Township::start(&plan).await?;
    let world = Arc::new(World {
        folder,
        township,
        first,
        clock,
        screens: PathBuf::from("ui/dist"),
        cores: Mutex::default(),
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    say(&json!({ "control": format!("http://{}", listener.local_addr()?) }))?;
    let router = Router::new()
        .route("/{action}", post(control))
        .with_state(world.clone());
    axum::serve(listener, router)
        .with_graceful_shutdown(async {
            let mut lines = BufReader::new(tokio::io::stdin()).lines();
            while let Ok(Some(_)) = lines.next_line().await {}
        })
        .await?;
    for core in world.cores.lock().await.values_mut() {
        // It may have been killed by its journey.
        let _ = core.kill().await;
    }
    Ok(())
}

/// Everything a journey may ask for; each action uses the parts it needs.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Order {
    name: String,
    shell: Option<ShellKind>,
    offset_ms: i64,
    bytes: u64,
    enrolment: Option<String>,
    pin: String,
    villages: u32,
    /// Days of records; half a year when left out.
    days: i64,
    unit: String,
    edits: Vec<LedgerEdit>,
    households: usize,
}

/// A cell of the registers that somebody in the village changed.
#[derive(Deserialize)]
struct LedgerEdit {
    /// Name of the child as it stood.
    name: String,
    key: String,
    value: String,
}

async fn control(
    State(world): State<Arc<World>>,
    UrlPath(action): UrlPath<String>,
    Json(order): Json<Order>,
) -> Response {
    match perform(&world, &action, order).await {
        Ok(value) => Json(value).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{action}: {error:#}")).into_response(),
    }
}

async fn perform(world: &Arc<World>, action: &str, order: Order) -> Result<Value> {
    let relay = &world.township.relay;
    match action {
        // A core with a fresh folder.
        "host" => {
            let core = Core::start(HostSettings {
                folder: world.folder.path().join(&order.name),
                shell: order.shell.unwrap_or(ShellKind::Tablet),
                screens: world.screens.clone(),
                port: 0,
                token: webhost::new_token()?,
                offset_ms: order.offset_ms,
            })
            .await?;
            let url = core.url.clone();
            world.cores.lock().await.insert(order.name, core);
            Ok(json!({ "url": url }))
        }
        "kill" => {
            core(&mut *world.cores.lock().await, &order.name)?
                .kill()
                .await?;
            Ok(json!({}))
        }
        // The same folder, port and token after a kill.
        "restart" => {
            let mut cores = world.cores.lock().await;
            let settings = core(&mut cores, &order.name)?.settings.clone();
            let again = Core::start(settings).await?;
            let url = again.url.clone();
            cores.insert(order.name, again);
            Ok(json!({ "url": url }))
        }
        "clock" => {
            core(&mut *world.cores.lock().await, &order.name)?
                .set_offset(order.offset_ms)
                .await?;
            Ok(json!({}))
        }
        // The server's clock.
        "server_clock" => {
            world.clock.run_at_offset(order.offset_ms);
            Ok(json!({}))
        }
        "cut" => {
            relay.cut();
            Ok(json!({}))
        }
        "cut_after" => {
            relay.set_cut_after_bytes(order.bytes);
            Ok(json!({}))
        }
        "restore" => {
            relay.restore();
            Ok(json!({}))
        }
        // The code of the first station, made by `init`.
        "first_code" => status(world, None).await,
        "code" => status(world, order.enrolment.as_deref()).await,
        // The operator makes a code for an officer of the district.
        "officer_code" => {
            let code = world.township.officer_code(&order.name).await?;
            status(world, Some(&code.enrolment.to_string())).await
        }
        // The operator at the server compared the digits and says yes.
        "confirm" => {
            let id = enrolment(world, order.enrolment.as_deref())?;
            world.township.server.confirm_enrolment(id).await?;
            Ok(json!({}))
        }
        // A folder enrolled without a screen: the station's by the first code, a tablet's by a code of the server.
        "enrolled_folder" => {
            let folder = world.folder.path().join(&order.name);
            let device = Device::open(
                &folder,
                order.shell.unwrap_or(ShellKind::Tablet),
                ArgonCost::FLOOR,
            )?;
            let id = enrolment(world, order.enrolment.as_deref())?;
            let code = world.township.server.enrolment(id).await?;
            device
                .enrol(&world.township.server, &code, &order.pin)
                .await?;
            Ok(json!({ "folder": folder }))
        }
        // A director's folder with so many households, a child in each: what lists have to bear.
        "large_village" => {
            let world = world.clone();
            tokio::task::spawn_blocking(move || {
                tokio::runtime::Handle::current().block_on(large_village(&world, &order))
            })
            .await?
        }
        // The made-up villages' registers as files, with what was changed in them since.
        "ledgers" => write_ledgers(world, &order),
        // The shipped form as a spreadsheet: with a fault in it, and as the next version.
        "forms" => write_forms(world),
        // The made-up township with half a year of records, or of as many days as asked; its folders are opened by `host`.
        "township" => {
            let world = world.clone();
            // Its progress is told to a closure that stays on one thread.
            tokio::task::spawn_blocking(move || {
                tokio::runtime::Handle::current().block_on(fill(&world, &order))
            })
            .await?
        }
        "move_person" => {
            move_person(world, &order.name, &order.unit)?;
            Ok(Value::Null)
        }
        other => bail!("no such action: {other}"),
    }
}

const SEED: u64 = 20_260_701;

fn generate(villages: u32, days: i64) -> DemoTownship {
    DemoTownship::generate_over(
        SEED,
        villages,
        client::system::civil_date(ids::Clock::now_ms(&client::system::SystemClock)),
        if days == 0 { DAYS_OF_RECORDS } else { days },
    )
}

const SHIPPED_FORM: &str = include_str!("../../../policy/forms/hv-cn-3.json");

fn write_forms(world: &World) -> Result<Value> {
    let folder = tempfile::tempdir_in(world.folder.path())?.keep();
    let mut form: Value = serde_json::from_str(SHIPPED_FORM)?;
    form["id"] = json!("hv-cn-4");
    form["version"] = json!(4);
    let good = folder.join("走访表第4版.xlsx");
    let mut sheets = to_sheets(&form.to_string())?;
    std::fs::write(&good, form_sheets::write(&sheets)?)?;
    let survey = sheets
        .iter_mut()
        .find(|sheet| sheet.name == "survey")
        .context("a form has a survey")?;
    let headings = survey.rows.get(&1).context("a survey has headings")?;
    let kind = headings
        .iter()
        .find_map(|(column, heading)| (heading == "type").then_some(*column))
        .context("a survey has types")?;
    for (row, written) in [(4, "geopoint"), (6, "select_one 没有的选项")] {
        let cells = survey.rows.get_mut(&row).context("a survey has rows")?;
        cells.insert(kind, written.to_owned());
    }
    let faulty = folder.join("走访表草稿.xlsx");
    std::fs::write(&faulty, form_sheets::write(&sheets)?)?;
    Ok(json!({ "good": good, "faulty": faulty }))
}

fn write_ledgers(world: &World, order: &Order) -> Result<Value> {
    let mut plan = generate(4, 0);
    for edit in &order.edits {
        let mut children = plan
            .villages
            .iter_mut()
            .flat_map(|village| &mut village.households)
            .flat_map(|household| &mut household.children);
        let child = children
            .find(|child| child.fields.get("name") == Some(&edit.name))
            .with_context(|| format!("{} is in no register", edit.name))?;
        child.fields.insert(edit.key.clone(), edit.value.clone());
    }
    let folder = tempfile::tempdir_in(world.folder.path())?.keep();
    let mut files = Vec::new();
    for ledger in ledgers(&plan)? {
        let path = folder.join(&ledger.file_name);
        std::fs::write(&path, &ledger.bytes)?;
        let village = plan
            .villages
            .iter()
            .find(|village| village.key == ledger.village);
        files.push(json!({
            "village": village.map(|village| &village.name),
            "kind": ledger.kind.name(),
            "path": path,
        }));
    }
    Ok(json!(files))
}

/// As `make run` fills its township: the station's folder is `station`, the directors' are called like their villages.
async fn fill(world: &World, order: &Order) -> Result<Value> {
    let (plan, pin) = (generate(order.villages, order.days), order.pin.as_str());
    let server = &world.township.server;
    let station = Device::open(
        &world.folder.path().join("station"),
        ShellKind::Station,
        ArgonCost::FLOOR,
    )?;
    let first = server.enrolment(world.first.enrolment).await?;
    station.enrol(server, &first, pin).await?;
    let staffed = demo::fill(server, &station, &plan, pin, |village| {
        let folder = world.folder.path().join(&village.name);
        Ok(Device::open(&folder, ShellKind::Tablet, ArgonCost::FLOOR)?)
    })
    .await?;
    let filled: Vec<_> = staffed
        .iter()
        .map(|staffed| json!({ "name": staffed.village.name, "village": staffed.unit, "director": staffed.village.director.name }))
        .collect();
    for device in staffed
        .iter()
        .map(|staffed| &staffed.device)
        .chain([&station])
    {
        device.app.end();
    }
    Ok(json!(filled))
}

/// Enrols a director and files so many households on her tablet, each with its last visit and call.
async fn large_village(world: &World, order: &Order) -> Result<Value> {
    let folder = world.folder.path().join(&order.name);
    let device = Device::open(&folder, ShellKind::Tablet, ArgonCost::FLOOR)?;
    let id = enrolment(world, order.enrolment.as_deref())?;
    let code = world.township.server.enrolment(id).await?;
    device
        .enrol(&world.township.server, &code, &order.pin)
        .await?;
    let today = device.tablet()?.today();
    let mut households = world::households_of(SEED, order.households, order.households, today)?;
    for household in &mut households {
        household.attempts.clear();
        household
            .visits
            .drain(..household.visits.len().saturating_sub(1));
        for child in &mut household.children {
            child
                .contacts
                .drain(..child.contacts.len().saturating_sub(1));
        }
    }
    world::fill(&device, &households, History::AtOnce)?;
    device.app.end();
    Ok(json!({}))
}

/// Puts a person into another unit at the server itself; no screen does that yet.
fn move_person(world: &World, name: &str, unit: &str) -> Result<()> {
    let file = world.folder.path().join("office/server/server.sqlite");
    let server = rusqlite::Connection::open(file)?;
    server.busy_timeout(std::time::Duration::from_secs(10))?;
    let unit = ids::UnitId::parse(unit)?;
    let moved = server.execute(
        "UPDATE staff SET unit = ?1 WHERE name = ?2",
        (unit.0.as_bytes(), name),
    )?;
    ensure!(moved == 1, "{name} is not one person");
    Ok(())
}

fn core<'a>(cores: &'a mut BTreeMap<String, Core>, name: &str) -> Result<&'a mut Core> {
    cores
        .get_mut(name)
        .with_context(|| format!("there is no core {name}"))
}

fn enrolment(world: &World, id: Option<&str>) -> Result<protocol::EnrolmentId> {
    match id {
        Some(id) => Ok(id.parse()?),
        None => Ok(world.first.enrolment),
    }
}

async fn status(world: &World, id: Option<&str>) -> Result<Value> {
    let status = world
        .township
        .server
        .enrolment(enrolment(world, id)?)
        .await?;
    Ok(json!({
        "enrolment": status.enrolment.to_string(),
        "qr": status.qr,
        "code": status.code,
        "address": status.address,
        "state": status.state.as_str(),
        "compare_code": status.compare_code,
    }))
}
