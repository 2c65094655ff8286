//! `make kill`: a real process saves visits and is killed with SIGKILL at random moments, again and again.
//!
//! What the process said was saved, and every answer it said was kept, must be there afterwards, in a store that opens
//! and on the station after the last sync. Some kills fall while the store is opened, and the station writes meanwhile,
//! so that others fall while its work is pulled: in the end the tablet has all of that too.
//! The last line is `kill rounds=N violations=M`.
//! The same binary is the process that is killed (`zoufang-kill victim FOLDER`).

use anyhow::{Context, Result, bail};
use clap::Parser;
use client::roster::Roster;
use client::view::{AppView, SavedView, ShellKind, VillageListView, VisitFormView};
use domain::form::Answers;
use ids::{Role, UnitId};
use protocol::CreateEnrolment;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;
use store::{ArgonCost, StoreError, drafts, projections};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use zoufang_tests::device::{Device, LIMIT};
use zoufang_tests::township::{Plan, Township};

const PIN: &str = "593817";
const HOUSEHOLDS: u32 = 12;
/// A kill falls within so many milliseconds after the process began to save, or was started.
const WINDOW_MS: u32 = 350;
/// One kill of so many falls while the store is being opened.
const WHILE_OPENING: u32 = 4;
/// Before every so many kills the station writes something that the tablet then pulls.
const STATION_WRITES: u32 = 4;

#[derive(Parser)]
#[command(about = "Kills a saving process again and again")]
struct Arguments {
    /// How often.
    #[arg(long, default_value_t = 200)]
    rounds: u32,
    /// Decides when.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder with the policy packs.
    #[arg(long, default_value = "policy")]
    policy: PathBuf,
}

/// What the victim says, one JSON object a line, each only after the client said so.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
enum Said {
    /// The store is open.
    Ready,
    /// An answer of a draft is kept.
    Answered {
        draft: String,
        part: String,
        key: String,
        codes: Vec<String>,
    },
    /// A visit is saved.
    Saved { record: String },
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let raw: Vec<String> = std::env::args().collect();
    let result = match raw.as_slice() {
        [_, victim, folder] if victim == "victim" => {
            save_visits(Path::new(folder)).await.map(|()| true)
        }
        _ => hunt(&Arguments::parse()).await,
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn say(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    // The other side may have gone, and then nobody listens.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

// ---- The victim ---------------------------------------------------------------------------------------------------

/// Saves visits until it is killed, and syncs all the while.
async fn save_visits(folder: &Path) -> Result<()> {
    let device = Device::open(folder, ShellKind::Tablet, ArgonCost::FLOOR)?;
    let _: AppView = device.call("unlock", json!({ "pin": PIN })).await?;
    device.app.start_sync();
    let roster = Roster::read(&*device.tablet()?)?;
    let tell = |said: &Said| -> Result<()> {
        say(serde_json::to_string(said)?);
        Ok(())
    };
    tell(&Said::Ready)?;
    for turn in 0.. {
        let child = &roster.children[turn % roster.children.len()];
        let form: VisitFormView = device
            .call("open_visit", json!({ "id": child.id.to_string() }))
            .await?;
        let own = child.id.to_string();
        for (part, key, code) in [
            ("session", "a_met", "child"),
            ("session", "b_house", "good"),
            (own.as_str(), "a_alone", "n"),
            (own.as_str(), "e_health", "ok"),
            (own.as_str(), "l_overall", "normal"),
        ] {
            let codes = vec![code.to_owned()];
            let _: VisitFormView = device
                .call(
                    "answer_visit",
                    json!({ "draft": form.draft, "part": part, "key": key, "codes": codes, "text": null }),
                )
                .await?;
            tell(&Said::Answered {
                draft: form.draft.clone(),
                part: part.to_owned(),
                key: key.to_owned(),
                codes,
            })?;
        }
        let saved: SavedView = device
            .call("save_visit", json!({ "id": form.draft }))
            .await?;
        tell(&Said::Saved {
            record: saved.record,
        })?;
    }
    Ok(())
}

// ---- The hunter ---------------------------------------------------------------------------------------------------

/// What must be there after a kill.
#[derive(Default)]
struct Promised {
    records: BTreeSet<String>,
    /// Answers of the draft begun last, until its visit is called saved.
    draft: Option<String>,
    answers: Vec<(String, String, Vec<String>)>,
}

impl Promised {
    fn hear(&mut self, said: Said) {
        match said {
            Said::Ready => {}
            Said::Answered {
                draft,
                part,
                key,
                codes,
            } => {
                if self.draft.as_deref() != Some(&draft) {
                    self.draft = Some(draft);
                    self.answers.clear();
                }
                self.answers.retain(|(p, k, _)| (p, k) != (&part, &key));
                self.answers.push((part, key, codes));
            }
            Said::Saved { record } => {
                self.records.insert(record);
                self.draft = None;
                self.answers.clear();
            }
        }
    }
}

async fn hunt(arguments: &Arguments) -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let plan = Plan::new(&folder.path().join("office"), &arguments.policy);
    let first = plan.found()?;
    let township = Township::start(&plan).await?;
    let station = Device::open(
        &folder.path().join("station"),
        ShellKind::Station,
        ArgonCost::FLOOR,
    )?;
    let first = township.server.enrolment(first.enrolment).await?;
    station.enrol(&township.server, &first, PIN).await?;
    let prey = folder.path().join("tablet");
    let village = enrol_prey(&township, &station, &prey).await?;
    let mut children = HOUSEHOLDS;

    let mut chance = ChaCha8Rng::seed_from_u64(arguments.seed);
    let mut promised = Promised::default();
    let mut violations = 0;
    let mut rounds = 0;
    for round in 1..=arguments.rounds {
        if round % STATION_WRITES == 0 {
            children += 1;
            add_child(&station, &village, children).await?;
            station.sync().await?;
        }
        let while_opening = chance.next_u32().is_multiple_of(WHILE_OPENING);
        let moment = Duration::from_millis(u64::from(chance.next_u32() % WINDOW_MS));
        kill_once(&prey, while_opening, moment, &mut promised).await?;
        let faults = check(&prey, &mut promised).await?;
        for fault in &faults {
            say(format_args!("round {round}: {fault}"));
        }
        violations += faults.len();
        rounds += 1;
        if round % 20 == 0 {
            say(format_args!(
                "{round} kills, {} visits saved",
                promised.records.len()
            ));
        }
    }
    if promised.records.is_empty() {
        bail!("no visit was ever saved, so this proves nothing");
    }
    let (missing, pulled) = missing_in_the_end(&prey, &station, &promised).await?;
    if pulled != children as usize {
        say(format_args!(
            "the tablet has {pulled} children of the {children} the station has"
        ));
        violations += 1;
    }
    if missing > 0 {
        say(format_args!(
            "{missing} saved visits never reached the station"
        ));
    }
    violations += missing;
    drop(station);
    township.stop().await;
    say(format_args!("kill rounds={rounds} violations={violations}"));
    Ok(violations == 0)
}

/// Makes the village and the tablet that is hunted; the village's id.
async fn enrol_prey(township: &Township, station: &Device, prey: &Path) -> Result<String> {
    let villages: VillageListView = station
        .call(
            "create_village",
            json!({ "name": "白荷村", "region": "310199100201" }),
        )
        .await?;
    let village = &villages
        .rows
        .first()
        .context("the village that was created is listed")?
        .village;
    for number in 1..=HOUSEHOLDS {
        add_child(station, village, number).await?;
    }
    station.sync().await?;
    let code = township
        .server
        .create_enrolment(CreateEnrolment {
            unit: UnitId::parse(village)?,
            role: Role::Director,
            person: "李玉梅".to_owned(),
        })
        .await?;
    let tablet = Device::open(prey, ShellKind::Tablet, ArgonCost::FLOOR)?;
    tablet.enrol(&township.server, &code, PIN).await?;
    Ok(village.clone())
}

async fn add_child(station: &Device, village: &str, number: u32) -> Result<()> {
    let _: SavedView = station
        .call(
            "add_child",
            json!({
                "name": format!("石小{}", char::from_u32(0x4e00 + number).unwrap_or('一')),
                "sex": "2",
                "birth_date": "2016-03-05",
                "category": "LB-1",
                "reason": "走访时发现",
                "household": null,
                "village": village,
            }),
        )
        .await?;
    Ok(())
}

/// Starts the victim, kills it at its moment, and keeps what it said until then.
async fn kill_once(
    prey: &Path,
    while_opening: bool,
    moment: Duration,
    promised: &mut Promised,
) -> Result<()> {
    let mut victim = Command::new(std::env::current_exe()?)
        .arg("victim")
        .arg(prey)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = victim.stdout.take().context("its output is piped")?;
    let mut lines = BufReader::new(output).lines();
    if !while_opening {
        let ready = tokio::time::timeout(LIMIT, lines.next_line())
            .await
            .context("the victim did not open its store in time")??;
        match ready.as_deref().map(serde_json::from_str) {
            Some(Ok(Said::Ready)) => {}
            _ => bail!("the victim could not open its store: {ready:?}"),
        }
    }
    // Not a wait for something: the moment of the kill is the point.
    tokio::time::sleep(moment).await;
    if let Some(status) = victim.try_wait()? {
        bail!("the victim ended by itself: {status}");
    }
    victim.kill().await?;
    while let Some(line) = lines.next_line().await? {
        // A line cut in the middle was not said.
        if let Ok(said) = serde_json::from_str(&line) {
            promised.hear(said);
        }
    }
    Ok(())
}

/// Opens the store as the next start would, and compares.
async fn check(prey: &Path, promised: &mut Promised) -> Result<Vec<String>> {
    let device = Device::open(prey, ShellKind::Tablet, ArgonCost::FLOOR)?;
    let view: AppView = device.call("unlock", json!({ "pin": PIN })).await?;
    let mut faults = Vec::new();
    if let Some(aside) = view.moved_aside {
        faults.push(format!(
            "the store could not be opened and was moved to {aside}"
        ));
    }
    let tablet = device.tablet()?;
    let there = visits(&Roster::read(&tablet)?);
    faults.extend(
        promised
            .records
            .difference(&there)
            .map(|record| format!("the saved visit {record} is gone")),
    );
    if let Some(draft) = &promised.draft {
        let id = uuid::Uuid::parse_str(draft)?;
        match tablet
            .store
            .read(|connection| drafts::get(connection, id))?
        {
            Some(kept) => {
                let earlier = promised
                    .answers
                    .split_last()
                    .map_or(&[][..], |(_, earlier)| earlier);
                let is_earlier = |position: &String| {
                    earlier
                        .iter()
                        .any(|(part, key, _)| *position == format!("{part}/{key}"))
                };
                if kept.position.as_ref().is_none_or(is_earlier) {
                    faults.push(format!(
                        "the draft {draft} does not resume where it was left"
                    ));
                }
                let answers: Answers = serde_json::from_value(kept.answers)?;
                for (part, key, codes) in &promised.answers {
                    if answers.get(part, key).map(|answer| &answer.codes) != Some(codes) {
                        faults.push(format!(
                            "the answer {part}/{key} of the draft {draft} is gone"
                        ));
                    }
                }
            }
            // It may have become a visit that nobody got to hear of.
            None if there.len() > promised.records.len() => {}
            None => faults.push(format!("the draft {draft} is gone")),
        }
    }
    let (kept, rebuilt) = tablet.store.write(|tx| {
        let kept = projections::hash(tx)?;
        projections::rebuild(tx)?;
        Ok::<_, StoreError>((kept, projections::hash(tx)?))
    })?;
    if kept != rebuilt {
        faults.push("the lists are not what the documents say".to_owned());
    }
    // What was saved without a word is a promise from now on as well.
    promised.records.extend(there);
    promised.draft = None;
    promised.answers.clear();
    Ok(faults)
}

fn visits(roster: &Roster) -> BTreeSet<String> {
    roster
        .children
        .iter()
        .flat_map(|child| &child.child.visits)
        .map(|visit| visit.id.clone())
        .collect()
}

/// After a last sync: saved visits the station does not have, and children the tablet has.
async fn missing_in_the_end(
    prey: &Path,
    station: &Device,
    promised: &Promised,
) -> Result<(usize, usize)> {
    let device = Device::open(prey, ShellKind::Tablet, ArgonCost::FLOOR)?;
    let _: AppView = device.call("unlock", json!({ "pin": PIN })).await?;
    device.sync().await?;
    station.sync().await?;
    let there = visits(&Roster::read(&*station.tablet()?)?);
    let pulled = Roster::read(&*device.tablet()?)?.children.len();
    Ok((promised.records.difference(&there).count(), pulled))
}
