//! Requests no app of ours would send, thousands of them, to the real server over TLS (`make malformed`).
//!
//! The server must answer each with a refusal of its own and never with a failure (5xx), no answer may repeat what the
//! request said, and when all is over a real tablet still syncs. The routes come from the server's own description, so
//! that a new one is in it by itself. Every request follows from its seed and can be made again alone.

mod line;
mod recipes;
mod samples;
pub mod slow;

use crate::device::Device;
use crate::fuzz::Dice;
use crate::story::PIN;
use crate::township::{Plan, Township};
use crate::traffic::{self, Hand};
use anyhow::{Context, Result, bail, ensure};
use client::view::{SavedView, ShellKind, VillageListView};
use ids::{Role, UnitId};
use line::{Line, Reply};
use protocol::{CreateEnrolment, dictionary, limits};
use recipes::{Ending, Hostile, Kitchen};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use store::ArgonCost;
use tempfile::TempDir;

/// Requests under way at the same time: below every number of places the server has, so that nobody is sent away.
const TOGETHER: usize = limits::PLACES_BLOBS;
/// Devices asking in turns, so that none is slowed for asking too fast.
const HANDS: usize = 64;
/// Devices of one township; the first of them is a station's.
const PER_TOWNSHIP: usize = 4;
/// An answer to a whole request of so many bytes is owed; to a larger one the server may hang up while it is being sent.
const ANSWER_OWED: usize = 8 * 1024;

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many.
    pub requests: u64,
    /// Seed of the first; the others follow it.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// Requests sent.
    pub requests: u64,
    /// Requests beside them whose bodies came slowly or never.
    pub slow: u64,
    /// Answers that say the server failed, or answers that were owed and never came.
    pub server_errors: u64,
    /// Answers that repeat something of a request.
    pub echoed: u64,
    /// Answers by their status; 0 where there was none.
    pub by_status: BTreeMap<u16, u64>,
    /// Requests by what is wrong with them.
    pub by_recipe: BTreeMap<&'static str, u64>,
    /// Routes of the server's description.
    pub routes: usize,
    /// One line for everything that must not be, with its seed.
    pub findings: Vec<String>,
}

impl Report {
    fn add(&mut self, other: Report) {
        self.requests += other.requests;
        self.slow += other.slow;
        self.server_errors += other.server_errors;
        self.echoed += other.echoed;
        for (status, count) in other.by_status {
            *self.by_status.entry(status).or_default() += count;
        }
        for (recipe, count) in other.by_recipe {
            *self.by_recipe.entry(recipe).or_default() += count;
        }
        self.findings.extend(other.findings);
    }
}

/// A route as the server describes it.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub method: String,
    pub path: String,
}

/// Sends them all, and then lets a real tablet sync.
///
/// # Errors
/// The township cannot be made, or afterwards the tablet does not sync any more.
pub async fn run(options: Options) -> Result<Report> {
    let mut ground = Ground::prepare().await?;
    let line = Line::to(
        ground.township.server.address,
        ground.township.server.ca_certificate(),
    )?;
    let routes = describe(&line).await?;
    let samples = samples::of(&mut ground)?;
    let kitchen = Arc::new(Kitchen::new(
        routes,
        samples,
        ground.station.tablet()?.enrolled.server_key,
        options.seed,
    )?);
    let mut report = Report {
        routes: kitchen.routes.len(),
        ..Report::default()
    };
    let mut hands = ground.hands.chunks(HANDS / TOGETHER);
    let mut senders = tokio::task::JoinSet::new();
    // Whoever makes a single one again has no use for them.
    if options.requests > slow::SLOW as u64 {
        let (line, kitchen, hands) = (line.clone(), Arc::clone(&kitchen), ground.slow.clone());
        senders.spawn(async move { slow::send(&line, &kitchen, &hands, options.seed).await });
    }
    for first in 0..TOGETHER as u64 {
        let hands = hands.next().context("there are hands for each")?.to_vec();
        let (line, kitchen) = (line.clone(), Arc::clone(&kitchen));
        senders.spawn(async move { send(&line, &kitchen, &hands, first, options).await });
    }
    while let Some(sent) = senders.join_next().await {
        report.add(sent??);
    }
    ground.a_tablet_still_syncs().await?;
    Ok(report)
}

/// Every so many-th request, one after the other.
async fn send(
    line: &Line,
    kitchen: &Kitchen,
    hands: &[Arc<Hand>],
    first: u64,
    options: Options,
) -> Result<Report> {
    let mut report = Report::default();
    for number in (first..options.requests).step_by(TOGETHER) {
        let seed = options.seed.wrapping_add(number);
        let hand = &hands[usize::try_from(number)? / TOGETHER % hands.len()];
        let hostile = kitchen.cook(&mut Dice::new(seed), hand);
        let reply = line.say(&hostile.bytes, hostile.ending).await?;
        report.requests += 1;
        *report.by_recipe.entry(hostile.recipe).or_default() += 1;
        let status = match &reply {
            Reply::Answer { status, .. } => *status,
            Reply::Nothing => 0,
        };
        *report.by_status.entry(status).or_default() += 1;
        if let Some(fault) = fault(&hostile, &reply) {
            report.server_errors += 1;
            let what = &hostile.recipe;
            report
                .findings
                .push(format!("seed {seed}: {what}: {fault}"));
        }
        if echoes(&reply, &kitchen.planted) {
            report.echoed += 1;
            let what = &hostile.recipe;
            report.findings.push(format!(
                "seed {seed}: {what}: the answer {status} repeats it"
            ));
        }
    }
    Ok(report)
}

/// What must not be answered like this.
fn fault(hostile: &Hostile, reply: &Reply) -> Option<String> {
    match reply {
        Reply::Answer { status, .. } if *status >= 500 => Some(format!("answered {status}")),
        Reply::Nothing
            if hostile.ending == Ending::Answer && hostile.bytes.len() <= ANSWER_OWED =>
        {
            Some("no answer".to_owned())
        }
        _ => None,
    }
}

/// Whether an answer holds what was planted, in the clear or inside its compressed body.
fn echoes(reply: &Reply, planted: &str) -> bool {
    let Reply::Answer { head, body, .. } = reply else {
        return false;
    };
    let holds = |bytes: &[u8]| {
        bytes
            .windows(planted.len())
            .any(|window| window.eq_ignore_ascii_case(planted.as_bytes()))
    };
    holds(head)
        || holds(body)
        || dictionary::inflate(body, limits::RESPONSE_INFLATED_BYTES).is_ok_and(|raw| holds(&raw))
}

/// The routes as the server lists them.
async fn describe(line: &Line) -> Result<Vec<Route>> {
    let asked = b"GET /openapi.json HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let Reply::Answer {
        status: 200, body, ..
    } = line.say(asked, Ending::Answer).await?
    else {
        bail!("the server does not describe itself");
    };
    let description: serde_json::Value = serde_json::from_slice(&body)?;
    let paths = description["paths"]
        .as_object()
        .context("a description has paths")?;
    let mut routes = Vec::new();
    for (path, methods) in paths {
        for method in methods.as_object().context("a path has methods")?.keys() {
            routes.push(Route {
                method: method.to_uppercase(),
                path: path.clone(),
            });
        }
    }
    ensure!(!routes.is_empty(), "the server describes no route");
    Ok(routes)
}

/// A township that runs, with a real station and tablet, and devices the requests are said by.
pub(crate) struct Ground {
    pub township: Township,
    pub station: Device,
    pub tablet: Device,
    pub village: UnitId,
    /// A code nobody used.
    pub open_code: protocol::EnrolmentStatus,
    pub hands: Vec<Arc<Hand>>,
    /// Those that speak slowly.
    pub slow: Vec<Arc<Hand>>,
    /// A tablet of its own for what is signed in advance.
    pub signs: Hand,
    pub templates: Vec<traffic::Template>,
    _folder: TempDir,
}

impl Ground {
    pub async fn prepare() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy");
        let plan = Plan {
            patience: slow::patience(),
            ..Plan::new(folder.path(), &policy)
        };
        let first = plan.found()?;
        let every = HANDS + slow::SLOW + 2;
        let mut hands = traffic::enrol(&folder.path().join("server"), every, PER_TOWNSHIP)?;
        // The last but one is a station's, the last a tablet's.
        let signs = hands.pop().context("there are more than the others use")?;
        let mut slow = hands.split_off(HANDS);
        slow.truncate(slow::SLOW);
        let township = Township::start(&plan).await?;
        let first = township.server.enrolment(first.enrolment).await?;
        let station = Device::open(
            &folder.path().join("station"),
            ShellKind::Station,
            ArgonCost::FLOOR,
        )?;
        station.enrol(&township.server, &first, PIN).await?;
        let villages: VillageListView = station
            .call(
                "create_village",
                json!({"name": "白荷村", "region": "310199100201"}),
            )
            .await?;
        let village = UnitId::parse(&villages.rows.first().context("it is listed")?.village)?;
        let _: SavedView = station
            .call(
                "add_child",
                json!({"name": CHILD, "sex": "2", "birth_date": "2016-03-05", "category": "LB-1",
                       "reason": "走访时发现", "household": null, "village": village}),
            )
            .await?;
        let templates = traffic::templates(&station)?;
        station.sync().await?;
        let code = |person: &str| CreateEnrolment {
            unit: village,
            role: Role::Director,
            person: person.to_owned(),
        };
        let used = township.server.create_enrolment(code("李玉梅")).await?;
        let tablet = Device::open(
            &folder.path().join("tablet"),
            ShellKind::Tablet,
            ArgonCost::FLOOR,
        )?;
        tablet.enrol(&township.server, &used, PIN).await?;
        let open_code = township.server.create_enrolment(code("赵春燕")).await?;
        Ok(Self {
            township,
            station,
            tablet,
            village,
            open_code,
            hands: hands.into_iter().map(Arc::new).collect(),
            slow: slow.into_iter().map(Arc::new).collect(),
            signs,
            templates,
            _folder: folder,
        })
    }

    /// What was written on a real tablet afterwards arrives at a real station, and nothing the server keeps is broken.
    pub async fn a_tablet_still_syncs(self) -> Result<()> {
        let child = self.tablet.child(CHILD).await?;
        let record = self.tablet.contact(&child, "都好。").await?;
        self.tablet.sync().await.context("a tablet syncs no more")?;
        self.tablet.all_delivered().await?;
        self.station.sync().await?;
        let there = self.station.records().await?;
        ensure!(
            there.contains_key(&(child, record)),
            "what the tablet delivered is not at the station"
        );
        let faults = self.township.faults()?;
        ensure!(
            faults.is_empty(),
            "the server keeps what does not hold: {faults:?}"
        );
        self.township.stop().await;
        Ok(())
    }
}

const CHILD: &str = "石小雨";

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &[u8]) -> Reply {
        Reply::Answer {
            status,
            head: Vec::new(),
            body: body.to_vec(),
        }
    }

    #[test]
    fn a_failure_and_an_answer_that_never_came_are_faults_and_a_refusal_is_none() {
        let mut hostile = Hostile {
            recipe: "a test",
            bytes: vec![0; 100],
            ending: Ending::Answer,
        };
        assert!(fault(&hostile, &answer(500, b"")).is_some());
        assert!(fault(&hostile, &answer(503, b"")).is_some());
        assert!(fault(&hostile, &answer(400, b"")).is_none());
        assert!(fault(&hostile, &Reply::Nothing).is_some());
        hostile.ending = Ending::Cut;
        assert!(fault(&hostile, &Reply::Nothing).is_none());
    }

    #[test]
    fn what_was_planted_is_seen_in_the_clear_and_inside_a_compressed_body() {
        let said = b"missing field at zfecho-1-and-more";
        let inside = dictionary::compress(said, dictionary::With::Newest).expect("it is short");
        assert!(echoes(&answer(400, said), "zfecho-1"));
        assert!(echoes(&answer(200, &inside), "zfecho-1"));
        assert!(!echoes(&answer(200, &inside), "zfecho-2"));
    }
}
