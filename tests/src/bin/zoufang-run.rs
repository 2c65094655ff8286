//! `make run`: a made-up township with its server, its station and its tablets, on this machine and nowhere else.
//!
//! The first start makes the township and half a year of records; later starts take seconds. Prints one line
//! `tablet  <address>` and one line `station <address>` when a browser may open them.

use anyhow::{Context, Result, bail};
use clap::Parser;
use client::view::ShellKind;
use client::{App, AppSettings};
use office::demo::{DAYS_OF_RECORDS, DemoTownship, ledgers};
use serde::{Deserialize, Serialize};
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use store::ArgonCost;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, watch};
use zoufang_tests::demo;
use zoufang_tests::device::Device;
use zoufang_tests::township::{Plan, Township};

/// The PIN of every device the demo enrols.
const PIN: &str = "283946";
const SEED: u64 = 20_260_701;
const VILLAGES: u32 = 4;
/// How long an orderly stop may take.
const GOODBYE: Duration = Duration::from_secs(5);

#[derive(Parser)]
#[command(about = "Zoufang with a made-up township")]
struct Arguments {
    /// Folder of the demo.
    #[arg(long, default_value = "data/demo")]
    data: PathBuf,
    /// First of two ports, tablet and station; 0 takes free ones.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Villages of the township; of four one is left to be imported by hand.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=60))]
    villages: Option<u32>,
    /// Days of records before today.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=1_500))]
    days: Option<i64>,
    /// Folder with the built screens.
    #[arg(long, default_value = "ui/dist")]
    screens: PathBuf,
    /// Folder with the policy packs.
    #[arg(long, default_value = "policy")]
    policy: PathBuf,
    /// The window's program; without it there is none.
    #[arg(long)]
    window: Option<PathBuf>,
}

/// What later starts need to know.
#[derive(Serialize, Deserialize)]
struct Made {
    /// The port devices were told at their enrolment.
    port: u16,
    /// How many villages it was made with.
    #[serde(default = "usual_villages")]
    villages: u32,
    /// How many days of records.
    #[serde(default = "usual_days")]
    days: i64,
}

fn usual_villages() -> u32 {
    VILLAGES
}

fn usual_days() -> i64 {
    DAYS_OF_RECORDS
}

impl Made {
    fn read(data: &Path) -> Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(data.join(MADE))?)?)
    }

    /// What to say to somebody who asked for another demo than the one that lies here.
    fn other_than_asked(&self, villages: Option<u32>, days: Option<i64>) -> Option<String> {
        let is_other = villages.is_some_and(|asked| asked != self.villages)
            || days.is_some_and(|asked| asked != self.days);
        is_other.then(|| {
            format!(
                "这里的演示数据是按{}个村、{}天做的，这次接着用它；要另外的，请用 DATA= 换一个文件夹",
                self.villages, self.days
            )
        })
    }
}

const MADE: &str = "demo.json";

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match start(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("没有成功：{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn start(arguments: &Arguments) -> Result<()> {
    let mut stop = Box::pin(stop_signal());
    tokio::select! {
        made = prepare(arguments) => made?,
        () = &mut stop => return Ok(()),
    }
    run(arguments, stop).await
}

fn say(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    // A closed terminal is no reason to stop.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

// ---- The first start ----------------------------------------------------------------------------------------------

/// Makes the demo beside its folder and moves it there when it is whole.
async fn prepare(arguments: &Arguments) -> Result<()> {
    let data = &arguments.data;
    if data.join(MADE).exists() {
        if let Some(line) = Made::read(data)?.other_than_asked(arguments.villages, arguments.days) {
            say(line);
        }
        return Ok(());
    }
    if data.exists() && std::fs::read_dir(data)?.next().is_some() {
        bail!("文件夹 {} 里有别的东西，请换一个（DATA=）", data.display());
    }
    let name = data.file_name().context("DATA= 要是一个文件夹")?;
    let unfinished = data.with_file_name(format!("{}.unfinished", name.to_string_lossy()));
    if unfinished.exists() {
        say("上次没有做完，重新生成演示数据");
        std::fs::remove_dir_all(&unfinished)?;
    }
    std::fs::create_dir_all(&unfinished)?;
    make(&unfinished, arguments).await?;
    if data.exists() {
        std::fs::remove_dir(data)?;
    }
    std::fs::rename(&unfinished, data)?;
    Ok(())
}

async fn make(folder: &Path, arguments: &Arguments) -> Result<()> {
    let today = client::system::civil_date(ids::Clock::now_ms(&client::system::SystemClock));
    let villages = arguments.villages.unwrap_or(VILLAGES);
    let days = arguments.days.unwrap_or(DAYS_OF_RECORDS);
    let plan = DemoTownship::generate_over(SEED, villages, today, days);
    say(format_args!(
        "正在建立{}{}的演示数据，只在本机，都是编的",
        plan.district, plan.township
    ));
    write_ledgers(folder, &plan)?;

    let mut office = Plan::new(&folder.join("office"), &arguments.policy);
    if let Some(supervisor) = plan.station.first() {
        office.supervisor.clone_from(&supervisor.name);
    }
    let first = office.found()?;
    let township = Township::start(&office).await?;
    let first = township.server.enrolment(first.enrolment).await?;
    let station = Device::open(
        &folder.join("station"),
        ShellKind::Station,
        ArgonCost::default(),
    )?;
    station.enrol(&township.server, &first, PIN).await?;

    let units = demo::create_villages(&station, &plan).await?;
    let books = ledgers(&plan)?;
    let filled: Vec<_> = plan
        .villages
        .iter()
        .filter(|village| village.filled)
        .collect();
    let mut staffed = Vec::new();
    for village in &filled {
        say(format_args!("正在导入{}的台账 …", village.name));
        let unit = units[&village.key];
        demo::import(&station, village, unit, &books).await?;
        station.sync().await?;
        // The first village's device is the one in the window; the others stay in the drawer.
        let home = if staffed.is_empty() {
            folder.join("window")
        } else {
            folder.join("directors").join(&village.key)
        };
        let device = Device::open(&home, ShellKind::Tablet, ArgonCost::default())?;
        staffed.push(demo::staff(&township.server, village, unit, device, PIN).await?);
    }

    let total: usize = filled
        .iter()
        .map(|village| demo::record_count(village))
        .sum();
    let done = AtomicUsize::new(0);
    let mark = (total / 10).max(1);
    let recording = staffed.iter_mut().map(|staffed| {
        let done = &done;
        async move {
            staffed
                .record(&mut || {
                    let now = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if now.is_multiple_of(mark) || now == total {
                        say(format_args!("正在生成演示数据 {now}/{total} …"));
                    }
                })
                .await
        }
    });
    futures_util::future::try_join_all(recording).await?;
    say("正在同步 …");
    demo::play_problems(&station, &staffed).await?;
    if let Some(year) = &plan.year {
        demo::play_year(&station, &staffed, year).await?;
    }

    let made = Made {
        port: township.relay.address.port(),
        villages,
        days,
    };
    for device in staffed
        .iter()
        .map(|staffed| &staffed.device)
        .chain([&station])
    {
        device.app.end();
    }
    drop(staffed);
    drop(station);
    township.stop().await;
    std::fs::write(folder.join(MADE), serde_json::to_vec(&made)?)?;
    Ok(())
}

fn write_ledgers(folder: &Path, plan: &DemoTownship) -> Result<()> {
    let ledgers_folder = folder.join("ledgers");
    std::fs::create_dir_all(&ledgers_folder)?;
    for ledger in ledgers(plan)? {
        std::fs::write(ledgers_folder.join(&ledger.file_name), &ledger.bytes)?;
    }
    Ok(())
}

// ---- Every start --------------------------------------------------------------------------------------------------

async fn run(arguments: &Arguments, stop: impl Future<Output = ()>) -> Result<()> {
    let data = &arguments.data;
    let made = Made::read(data)?;
    // The folders first: they tell best that another demo runs here already.
    let tablet = open(&data.join("tablet"), ShellKind::Tablet)?;
    let station = open(&data.join("station"), ShellKind::Station)?;
    let mut office = Plan::new(&data.join("office"), &arguments.policy);
    office.port = made.port;
    let township = Township::start(&office)
        .await
        .with_context(|| format!("服务器没有启动；平板记得的是端口 {}", made.port))?;

    let (stopped, stopping) = watch::channel(false);
    let station_port = if arguments.port == 0 {
        0
    } else {
        arguments.port + 1
    };
    let (tablet_url, tablet_serving) =
        serve(&tablet, arguments, arguments.port, stopping.clone()).await?;
    let (station_url, station_serving) = serve(&station, arguments, station_port, stopping).await?;
    let mut window = match &arguments.window {
        Some(program) => Some(open_window(program, &data.join("window"))?),
        None => None,
    };

    say(format_args!("站里和窗口（白荷村）的 PIN 都是 {PIN}"));
    say("平板还没有登记：先在站里“人员”里登记一个人，点“登记平板”得到代码，再到平板上输入");
    say(format_args!(
        "空着的村的台账在 {}",
        data.join("ledgers").display()
    ));
    say("输入“网”或 n 再按回车，断开或接通网络；Ctrl-C 停止");
    say(format_args!("tablet  {tablet_url}"));
    say(format_args!("station {station_url}"));

    watch_terminal(&township, window.as_mut(), stop).await;

    say("正在停止 …");
    tablet.end();
    station.end();
    stopped.send_replace(true);
    let serving = async {
        let _ = tokio::join!(tablet_serving, station_serving);
    };
    // A browser that keeps its connection does not keep the demo.
    let _ = tokio::time::timeout(GOODBYE, serving).await;
    if let Some(window) = window {
        close_window(window).await;
    }
    township.stop().await;
    Ok(())
}

fn open(folder: &Path, shell: ShellKind) -> Result<Arc<App>> {
    let mut settings = AppSettings::new(folder.to_owned(), shell);
    settings.extensions = zoufang_tests::extensions();
    match App::open(settings) {
        Ok(app) => {
            app.start_sync();
            Ok(app)
        }
        Err(error) if error.code() == "folder_in_use" => {
            bail!(
                "文件夹 {} 正在被另一个走访程序使用，请先关掉它",
                folder.display()
            )
        }
        Err(error) => Err(error).with_context(|| format!("文件夹 {} 打不开", folder.display())),
    }
}

async fn serve(
    app: &Arc<App>,
    arguments: &Arguments,
    port: u16,
    mut stopping: watch::Receiver<bool>,
) -> Result<(String, tokio::task::JoinHandle<std::io::Result<()>>)> {
    let listening = webhost::Host {
        app: app.clone(),
        screens: arguments.screens.clone(),
        token: webhost::new_token()?,
    }
    .bind(port)
    .await
    .with_context(|| format!("端口 {port} 被占用，请换一个（PORT=）"))?;
    let url = listening.url.clone();
    let serving = tokio::spawn(listening.serve(async move {
        // The sender gone is a stop as well.
        let _ = stopping.wait_for(|stopped| *stopped).await;
    }));
    Ok((url, serving))
}

/// The window's process; it ends when its input closes.
struct Window {
    process: Child,
    /// Held here because waiting for the process would close it.
    input: Option<ChildStdin>,
}

fn open_window(program: &Path, folder: &Path) -> Result<Window> {
    let mut process = Command::new(program)
        .arg("--folder")
        .arg(folder)
        .arg("--until-input-closes")
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("窗口 {} 打不开", program.display()))?;
    let input = process.stdin.take();
    Ok(Window { process, input })
}

async fn close_window(mut window: Window) {
    drop(window.input.take());
    if tokio::time::timeout(GOODBYE, window.process.wait())
        .await
        .is_err()
    {
        // It is made to bear this; nothing that was saved is lost.
        let _ = window.process.kill().await;
    }
}

/// Until the stop: the network switch, and a word when the window was closed.
async fn watch_terminal(
    township: &Township,
    mut window: Option<&mut Window>,
    stop: impl Future<Output = ()>,
) {
    let (typed, mut lines) = mpsc::unbounded_channel();
    // A thread of its own, because nothing can end a read of the terminal but the end of the process.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if typed.send(line).is_err() {
                return;
            }
        }
    });
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            Some(line) = lines.recv() => {
                if matches!(line.trim(), "网" | "n" | "N") {
                    toggle(township);
                }
            }
            () = closed(window.as_deref_mut()), if window.is_some() => {
                say("窗口已关闭；浏览器里的地址还可以用");
                window = None;
            }
        }
    }
}

fn toggle(township: &Township) {
    if township.relay.is_whole() {
        township.relay.cut();
        say("网络已断开");
    } else {
        township.relay.restore();
        say("网络已接通");
    }
}

async fn closed(window: Option<&mut Window>) {
    if let Some(window) = window {
        // Whatever it ended with, it is closed.
        let _ = window.process.wait().await;
    }
}

async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let handler = "a signal handler can be installed at start";
        let mut interrupt = signal(SignalKind::interrupt()).expect(handler);
        let mut terminate = signal(SignalKind::terminate()).expect(handler);
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    #[test]
    fn the_demo_has_three_filled_villages_and_one_by_hand() {
        let today = NaiveDate::from_ymd_opt(2026, 7, 1).expect("a day");
        let plan = DemoTownship::generate(SEED, VILLAGES, today);
        let filled: Vec<bool> = plan.villages.iter().map(|village| village.filled).collect();
        assert_eq!(filled, [true, true, true, false]);
    }

    #[test]
    fn another_demo_than_the_one_that_lies_there_is_said() {
        let made: Made = serde_json::from_str(r#"{"port":1}"#).expect("a demo of before");
        assert_eq!(made.other_than_asked(None, None), None);
        assert_eq!(made.other_than_asked(Some(VILLAGES), None), None);
        let line = made.other_than_asked(Some(12), Some(365)).expect("a line");
        assert!(line.contains("DATA="), "{line}");
    }
}
