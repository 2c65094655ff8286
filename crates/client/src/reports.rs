//! What a station reports to the district, and what the district hears (docs/adr/0039).
//!
//! A device of the station makes the report from what it holds, at the end of a sync, and signs it. An officer's device
//! keeps what it heard last, so that it can be read without a network. Either side believes a report for its signatures
//! and not for having come from the server.

use crate::cases;
use crate::countersign;
use crate::error::ClientError;
use crate::problems::{self, Place, ReportedProblem, Room};
use crate::roster::{People, Roster, RosterChild};
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    CountView, IdInput, ReportLineView, ReportedCodeView, ReportedProblemView, ReportedVillageView,
    StationReportView, StationRow, StationsView,
};
use chrono::NaiveDate;
use domain::policy::{PolicyPack, ReportRules};
use ed25519_dalek::VerifyingKey;
use ids::{DocumentId, Role, UnitId};
use protocol::report::{
    self, CodeCount, Count, ProblemCount, ReportLine, ReportStep, StationReport, VillageCounts,
};
use protocol::{
    BringReport, CaseState, ClosingId, ReportingStation, Reports, Verdict, limits, wire,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use store::countersignatures::Own;
use store::members;

/// Numbers that turned out the same are not made again for so long, nor are stations asked for that said nothing new.
const LOOK_AGAIN_MS: i64 = 60 * 60 * 1000;
/// How the dates of a child stand.
const CADENCE: [&str; 4] = ["overdue", "soon", "later", "none"];
/// What takes the place of a code that nobody else would know.
pub(crate) const OTHER: &str = "other";

/// Whether what the server has is not what was heard last.
pub(crate) fn is_wanted(tablet: &Tablet, newest_ms: i64) -> Result<bool, ClientError> {
    if tablet.identity.role == Role::Director {
        return Ok(false);
    }
    let Some(kept) = tablet.store.read(store::reports::get)? else {
        return Ok(newest_ms != 0 || tablet.identity.role == Role::Officer);
    };
    // A station that never reported, or has another name now, changes no report.
    let age_ms = tablet.clock.now_ms() - kept.heard_ms;
    let is_old = tablet.identity.role == Role::Officer && !(0..LOOK_AGAIN_MS).contains(&age_ms);
    Ok(kept.newest_ms != newest_ms || is_old)
}

/// Keeps what the server has.
pub(crate) fn hear(tablet: &Tablet, reports: &Reports) -> Result<(), ClientError> {
    let newest_ms = reports
        .stations
        .iter()
        .flat_map(|station| {
            let said = station.countersignatures.iter().map(|said| said.at_ms);
            let cases = station.cases.iter().flat_map(|case| {
                let later = case.answered_ms.into_iter().chain(case.fetched_ms);
                std::iter::once(case.at_ms).chain(later)
            });
            said.chain(cases)
                .chain(station.report.as_ref().map(|report| report.taken_ms))
        })
        .max()
        .unwrap_or(0);
    let kept = store::reports::Kept {
        packed: wire::pack(reports)?,
        newest_ms,
        heard_ms: tablet.clock.now_ms(),
    };
    tablet.store.write(|tx| {
        store::reports::put(tx, &kept)?;
        countersign::hear(tx, reports)
    })?;
    tablet.report_looked_ms.store(0, Ordering::Relaxed);
    Ok(())
}

/// The report that is to be sent now, if one is: once in the policy's days, and when something in it changed or the last
/// one is so old that somebody might think nobody was there.
pub(crate) fn due(tablet: &Tablet) -> Result<Option<BringReport>, ClientError> {
    if !tablet.identity.role.is_at_station() || tablet.loading()?.is_some() {
        return Ok(None);
    }
    let rules = tablet.rules().report;
    let (today, now_ms) = (tablet.today(), tablet.clock.now_ms());
    let said = own(tablet)?;
    // A report of a day that has not come was made under a clock that has been put right since.
    let age = said
        .as_ref()
        .and_then(|said| Some((today - said.day.parse::<NaiveDate>().ok()?).num_days()))
        .filter(|age| *age >= 0);
    let looked_ms = tablet.report_looked_ms.load(Ordering::Relaxed);
    if age.is_some_and(|age| age < i64::from(rules.every_days))
        || (0..LOOK_AGAIN_MS).contains(&(now_ms - looked_ms))
    {
        return Ok(None);
    }
    let Some(report) = make(tablet, &rules)? else {
        return Ok(None);
    };
    let is_empty = report.lines.is_empty()
        && report
            .villages
            .iter()
            .all(|village| village.children == Count::Exactly(0) && village.problems.is_empty());
    if said.is_none() && is_empty {
        return Ok(None);
    }
    tablet.report_looked_ms.store(now_ms, Ordering::Relaxed);
    let is_same = said
        .as_ref()
        .is_some_and(|said| says_the_same(said, &report));
    if is_same && age.is_some_and(|age| age < i64::from(rules.silent_days)) {
        return Ok(None);
    }
    Ok(Some(BringReport {
        report: report::sign(&tablet.key, &report)?,
    }))
}

fn says_the_same(one: &StationReport, other: &StationReport) -> bool {
    one.villages == other.villages
        && one.lines == other.lines
        && one.left_out == other.left_out
        && one.below == other.below
}

/// The station in numbers, and its lines; none while there are no rules to count by.
fn make(tablet: &Tablet, rules: &ReportRules) -> Result<Option<StationReport>, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let Some(pack) = packs.rules_on(roster.today) else {
        return Ok(None);
    };
    let problems = problems::reported(tablet, rules)?;
    let mut units = tablet.store.read(members::units)?;
    units.retain(|unit| unit.level == "village" && unit.closed_ms.is_none());
    units.sort_by(|a, b| (&a.region_code, a.unit).cmp(&(&b.region_code, b.unit)));
    units.truncate(limits::REPORT_VILLAGES);
    let villages = units
        .iter()
        .map(|unit| {
            let children: Vec<&RosterChild> = roster
                .running()
                .filter(|child| child.unit == unit.unit)
                .collect();
            village(unit.unit, (rules, pack), &children, &problems)
        })
        .collect();
    let mut lines: Vec<ReportLine> = problems
        .iter()
        .filter(|problem| problem.severity == "S1" || problem.mandatory)
        .map(line)
        .collect();
    lines.sort_by(|a, b| {
        let order =
            |line: &ReportLine| (!problems::is_open_state(&line.state), line.severity.clone());
        (order(a), &b.day, a.problem).cmp(&(order(b), &a.day, b.problem))
    });
    let left_out = lines.len().saturating_sub(limits::REPORT_LINES);
    lines.truncate(limits::REPORT_LINES);
    Ok(Some(StationReport {
        station: tablet.identity.scope,
        device: tablet.identity.device,
        day: roster.today.to_string(),
        below: rules.small_below,
        villages,
        lines,
        left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
    }))
}

fn village(
    unit: UnitId,
    (rules, pack): (&ReportRules, &PolicyPack),
    children: &[&RosterChild],
    problems: &[ReportedProblem],
) -> VillageCounts {
    let mut categories: BTreeMap<String, usize> = BTreeMap::new();
    let mut cadence: BTreeMap<&str, usize> = BTreeMap::new();
    for child in children {
        for code in categories_of(child, pack) {
            *categories.entry(code).or_default() += 1;
        }
        *cadence.entry(how_it_stands(child, pack)).or_default() += 1;
    }
    let mut counted: BTreeMap<(String, String), usize> = BTreeMap::new();
    for problem in problems.iter().filter(|problem| problem.unit == unit) {
        let place = (code(&problem.severity), problem.state.to_owned());
        *counted.entry(place).or_default() += 1;
    }
    VillageCounts {
        village: unit,
        children: count(rules, "children", children.len()),
        categories: categories
            .into_iter()
            .map(|(code, n)| CodeCount {
                code,
                count: count(rules, "categories", n),
            })
            .take(limits::REPORT_CODES)
            .collect(),
        cadence: CADENCE
            .iter()
            .map(|code| CodeCount {
                code: (*code).to_owned(),
                count: count(rules, "cadence", cadence.get(code).copied().unwrap_or(0)),
            })
            .collect(),
        problems: counted
            .into_iter()
            .map(|((severity, state), n)| ProblemCount {
                severity,
                state,
                count: count(rules, "problems", n),
            })
            .take(limits::REPORT_CODES)
            .collect(),
    }
}

/// A small number leaves the station as a few, where the policy says so.
fn count(rules: &ReportRules, of: &str, n: usize) -> Count {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    let is_small =
        (1..rules.small_below).contains(&n) && rules.small_in.iter().any(|one| one == of);
    if is_small {
        Count::Few
    } else {
        Count::Exactly(n)
    }
}

/// The categories of a child, each once; one that belongs into a sealed document as what a village sees of it.
pub(crate) fn categories_of(child: &RosterChild, pack: &PolicyPack) -> BTreeSet<String> {
    child
        .child
        .categories
        .iter()
        .filter(|category| category.end.is_none() && !category.is_suspected())
        .map(|category| match pack.category(&category.code) {
            Some(rule) if rule.restricted => {
                let shown = pack
                    .categories
                    .iter()
                    .find(|one| Some(&one.label) == rule.shown_as.as_ref());
                shown.map_or_else(|| OTHER.to_owned(), |one| code(&one.code))
            }
            Some(rule) => code(&rule.code),
            None => OTHER.to_owned(),
        })
        .collect()
}

fn how_it_stands(child: &RosterChild, pack: &PolicyPack) -> &'static str {
    let dues = child.cadence.iter().flat_map(|cadence| &cadence.dues);
    match dues.map(|due| due.days_over).max() {
        None => "none",
        Some(days) if days > 0 => "overdue",
        Some(days) if days.unsigned_abs() <= pack.rules.soon_days => "soon",
        Some(_) => "later",
    }
}

fn line(problem: &ReportedProblem) -> ReportLine {
    ReportLine {
        problem: problem.id,
        village: problem.unit,
        kind: code(&problem.kind),
        severity: code(&problem.severity),
        day: problem.day.to_string(),
        state: problem.state.to_owned(),
        mandatory: problem.mandatory,
        receipt: problem.receipt,
        next: problem.next.map(|(step, side, until)| ReportStep {
            step: step.as_str().to_owned(),
            side: side.as_str().to_owned(),
            until: until.map(|day| day.to_string()),
        }),
        closing: problem.closing,
    }
}

/// A code as it may stand in a report. One that could be somebody's words is none.
fn code(code: &str) -> String {
    if report::is_code(code) {
        code.to_owned()
    } else {
        OTHER.to_owned()
    }
}

/// A station as the server tells of it, with its report where that can be believed.
struct Heard {
    station: ReportingStation,
    report: Option<StationReport>,
}

impl Heard {
    fn has(&self, problem: DocumentId, closing: ClosingId) -> bool {
        self.report.as_ref().is_some_and(|report| {
            let mut lines = report.lines.iter();
            lines.any(|line| line.problem == problem && line.closing == Some(closing))
        })
    }
}

/// Everything that was heard, and when.
fn heard(tablet: &Tablet) -> Result<(Vec<Heard>, Option<i64>), ClientError> {
    let Some(kept) = tablet.store.read(store::reports::get)? else {
        return Ok((Vec::new(), None));
    };
    let reports: Reports = wire::unpack(&kept.packed)?;
    let server = VerifyingKey::from_bytes(&tablet.enrolled.server_key)
        .map_err(|error| ClientError::new("internal").because(error))?;
    let stations = reports
        .stations
        .into_iter()
        .map(|station| {
            let report = station.report.as_ref().and_then(|known| {
                let read = report::believe(&server, station.station, known);
                if let Err(error) = &read {
                    tracing::warn!(%error, "a station's report is not believed");
                }
                read.ok()
            });
            Heard { station, report }
        })
        .collect();
    Ok((stations, Some(kept.heard_ms)))
}

/// What this station said last, as the server has it.
fn own(tablet: &Tablet) -> Result<Option<StationReport>, ClientError> {
    let (stations, _) = heard(tablet)?;
    let mut stations = stations.into_iter();
    let own = stations.find(|heard| heard.station.station == tablet.identity.scope);
    Ok(own.and_then(|heard| heard.report))
}

/// The station that reported a closing the district may countersign.
///
/// # Errors
/// `not_found`, or the store cannot be read.
pub(crate) fn reporting(
    tablet: &Tablet,
    problem: DocumentId,
    closing: ClosingId,
) -> Result<ReportingStation, ClientError> {
    let (stations, _) = heard(tablet)?;
    stations
        .into_iter()
        .find(|heard| heard.has(problem, closing))
        .map(|heard| heard.station)
        .ok_or_else(|| ClientError::new("not_found"))
}

/// The station that has a problem among its lines.
///
/// # Errors
/// `not_found`, or the store cannot be read.
pub(crate) fn reporting_problem(
    tablet: &Tablet,
    problem: DocumentId,
) -> Result<ReportingStation, ClientError> {
    let (stations, _) = heard(tablet)?;
    stations
        .into_iter()
        .find(|heard| {
            let lines = heard.report.iter().flat_map(|report| &report.lines);
            lines.into_iter().any(|line| line.problem == problem)
        })
        .map(|heard| heard.station)
        .ok_or_else(|| ClientError::new("not_found"))
}

/// This station as the server tells of it.
pub(crate) fn own_station(tablet: &Tablet) -> Result<Option<ReportingStation>, ClientError> {
    let (stations, _) = heard(tablet)?;
    let mut stations = stations.into_iter().map(|heard| heard.station);
    Ok(stations.find(|station| station.station == tablet.identity.scope))
}

/// Whether a station reports this closing and the server knows of no word about it.
pub(crate) fn lacks(
    tablet: &Tablet,
    problem: DocumentId,
    closing: ClosingId,
) -> Result<bool, ClientError> {
    let (stations, _) = heard(tablet)?;
    Ok(stations.iter().any(|heard| {
        let mut said = heard.station.countersignatures.iter();
        heard.has(problem, closing)
            && !said.any(|said| (said.problem, said.closing) == (problem, closing))
    }))
}

/// 各街镇: what an officer sees first. Whoever said nothing for longest is on top.
///
/// # Errors
/// `not_allowed`, or the store cannot be read.
pub fn stations(tablet: &Tablet) -> Result<StationsView, ClientError> {
    refuse_but_officers(tablet)?;
    let (stations, heard_ms) = heard(tablet)?;
    let own = countersign::own(tablet)?;
    let (mut lines, mut waiting) = (Vec::new(), Vec::new());
    let mut cases = Vec::new();
    let mut rows = Vec::new();
    for heard in &stations {
        let view = view_of(tablet, heard, &own)?;
        rows.push(row(&view));
        cases.extend(view.cases);
        for line in view.lines {
            if line.open {
                lines.push(line);
            } else if line.review.as_deref() == Some(WAITING) || line.review_unsent {
                waiting.push(line);
            }
        }
    }
    waiting.sort_by(|a, b| a.day.cmp(&b.day));
    // The sort is stable: among those that are not silent the administrative order stays.
    rows.sort_by_key(|row| match (row.silent, row.days) {
        (true, None) => (0, 0),
        (true, Some(days)) => (1, i64::from(u32::MAX) - i64::from(days)),
        (false, _) => (2, 0),
    });
    lines.sort_by(|a, b| {
        (&a.severity_code, &a.until, &a.day).cmp(&(&b.severity_code, &b.until, &b.day))
    });
    Ok(StationsView {
        heard: heard_ms.map(system::moment),
        waiting,
        cases,
        lines,
        rows,
    })
}

/// One station, as it reported.
///
/// # Errors
/// `not_allowed`, `not_found`, or the store cannot be read.
pub fn station(tablet: &Tablet, input: &IdInput) -> Result<StationReportView, ClientError> {
    refuse_but_officers(tablet)?;
    let (stations, _) = heard(tablet)?;
    let found = stations
        .iter()
        .find(|heard| heard.station.station.to_string() == input.id)
        .ok_or_else(|| ClientError::new("not_found"))?;
    view_of(tablet, found, &countersign::own(tablet)?)
}

fn refuse_but_officers(tablet: &Tablet) -> Result<(), ClientError> {
    match tablet.identity.role {
        Role::Officer => Ok(()),
        _ => Err(ClientError::new("not_allowed")),
    }
}

/// 区里看到的: what this station reported, exactly as the district has it.
///
/// # Errors
/// `not_allowed`, or the store cannot be read.
pub fn reported(tablet: &Tablet) -> Result<StationReportView, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    let (stations, _) = heard(tablet)?;
    let own = stations
        .into_iter()
        .find(|heard| heard.station.station == tablet.identity.scope)
        .unwrap_or_else(|| Heard {
            station: ReportingStation {
                station: tablet.identity.scope,
                name: tablet.township(),
                villages: Vec::new(),
                report: None,
                key: None,
                countersignatures: Vec::new(),
                cases: Vec::new(),
            },
            report: None,
        });
    view_of(tablet, &own, &[])
}

fn row(view: &StationReportView) -> StationRow {
    let of = |code: &str| {
        let counts = view.villages.iter().flat_map(|village| &village.cadence);
        sum(counts.filter(|one| one.code == code).map(|one| one.count))
    };
    StationRow {
        station: view.station.clone(),
        name: view.name.clone(),
        day: view.day.clone(),
        days: view.days,
        silent: view.silent,
        children: sum(view.villages.iter().map(|village| village.children)),
        overdue: of("overdue"),
        problems: sum(view
            .villages
            .iter()
            .flat_map(|village| &village.problems)
            .filter(|problem| problem.open)
            .map(|problem| problem.count)),
        lines: u32::try_from(view.lines.iter().filter(|line| line.open).count())
            .unwrap_or(u32::MAX),
    }
}

fn sum(counts: impl Iterator<Item = CountView>) -> CountView {
    counts.fold(CountView { least: 0, most: 0 }, |sum, count| CountView {
        least: sum.least.saturating_add(count.least),
        most: sum.most.saturating_add(count.most),
    })
}

/// 待复核.
const WAITING: &str = "waiting";

/// How a line stands with the district.
#[derive(Default)]
struct Standing {
    review: Option<String>,
    by: Option<String>,
    at: Option<String>,
    reason: Option<String>,
    unsent: bool,
    refused: bool,
}

/// What was said of a line: at the server, or on this device and not there yet.
fn standing(
    tablet: &Tablet,
    station: &ReportingStation,
    line: &ReportLine,
    own: &[Own],
) -> Result<Standing, ClientError> {
    let mut said = station
        .countersignatures
        .iter()
        .filter(|said| said.problem == line.problem);
    let mine = |closing: ClosingId| {
        let mut own = own.iter();
        own.find(|own| (own.problem, own.closing) == (line.problem, closing))
    };
    let Some(closing) = line.closing else {
        // The newest comes first.
        let last = said.next().filter(|said| said.verdict == Verdict::NotOver);
        return Ok(match last {
            Some(last) if problems::is_open_state(&line.state) => Standing {
                review: Some(last.verdict.as_str().to_owned()),
                by: Some(last.name.clone()),
                at: Some(system::moment(last.at_ms)),
                reason: mine(last.closing).map(|own| own.reason.clone()),
                ..Standing::default()
            },
            _ => Standing::default(),
        });
    };
    if let Some(said) = said.find(|said| said.closing == closing) {
        return Ok(Standing {
            review: Some(said.verdict.as_str().to_owned()),
            by: Some(said.name.clone()),
            at: Some(system::moment(said.at_ms)),
            reason: mine(closing)
                .map(|own| own.reason.clone())
                .filter(|reason| !reason.is_empty()),
            ..Standing::default()
        });
    }
    Ok(match mine(closing) {
        Some(own) if own.refused.is_none() => Standing {
            review: Some(countersign::message(own)?.verdict.as_str().to_owned()),
            by: Some(People::read(tablet)?.name(tablet.identity.staff)),
            at: Some(system::moment(own.at_ms)),
            reason: Some(own.reason.clone()).filter(|reason| !reason.is_empty()),
            unsent: true,
            refused: false,
        },
        own => Standing {
            review: Some(WAITING.to_owned()),
            refused: own.is_some(),
            ..Standing::default()
        },
    })
}

/// Which lines this person reads under their number alone (domain.md P-25): at the station as in its own lists, in the
/// district all but those of whom she was sent the case.
fn numbered(tablet: &Tablet, heard: &Heard) -> Result<BTreeSet<DocumentId>, ClientError> {
    let lines = heard.report.iter().flat_map(|report| &report.lines);
    if tablet.identity.role.is_at_station() {
        let room = Room::open(tablet)?;
        let mut found = BTreeSet::new();
        for line in lines {
            let Ok(noun) = room.find(&line.problem.to_string()) else {
                continue;
            };
            if room.number_for_me(noun, Place::List)?.is_some() {
                found.insert(line.problem);
            }
        }
        return Ok(found);
    }
    let packs = tablet.packs();
    let pack = packs.rules_on(tablet.today());
    let is_restricted = |line: &&ReportLine| {
        let kind = pack.and_then(|pack| pack.problem(&line.kind));
        kind.is_some_and(|kind| kind.restricted)
    };
    let is_held = |line: &ReportLine| {
        let mut cases = heard.station.cases.iter();
        cases.any(|case| {
            case.problem == line.problem
                && case.staff == tablet.identity.staff
                && case.state == CaseState::Sent
        })
    };
    Ok(lines
        .filter(is_restricted)
        .filter(|line| !is_held(line))
        .map(|line| line.problem)
        .collect())
}

fn view_of(tablet: &Tablet, heard: &Heard, own: &[Own]) -> Result<StationReportView, ClientError> {
    let packs = tablet.packs();
    let today = tablet.today();
    let pack = packs.rules_on(today);
    let silent_days = tablet.rules().report.silent_days;
    let label = |list: &str, code: &str| {
        let known = pack.map(|pack| pack.label(list, code));
        known.unwrap_or(code).to_owned()
    };
    let name_of = |unit: UnitId| {
        let mut villages = heard.station.villages.iter();
        villages
            .find(|village| village.unit == unit)
            .map_or_else(String::new, |village| village.name.clone())
    };
    let station = heard.station.station.to_string();
    let cases = cases::views(tablet, &heard.station, tablet.clock.now_ms())?;
    let Some(report) = &heard.report else {
        return Ok(StationReportView {
            station,
            name: heard.station.name.clone(),
            day: None,
            days: None,
            silent: true,
            below: 0,
            lines: Vec::new(),
            left_out: 0,
            villages: Vec::new(),
            cases,
        });
    };
    let standings = report
        .lines
        .iter()
        .map(|line| standing(tablet, &heard.station, line, own))
        .collect::<Result<Vec<_>, _>>()?;
    let days = report
        .day
        .parse::<NaiveDate>()
        .ok()
        .map(|day| u32::try_from((today - day).num_days().max(0)).unwrap_or(u32::MAX));
    let numbered = numbered(tablet, heard)?;
    let below = report.below;
    let codes = |list: &str, counts: &[CodeCount]| {
        counts
            .iter()
            .map(|count| ReportedCodeView {
                code: count.code.clone(),
                label: label(list, &count.code),
                count: count_view(count.count, below),
            })
            .collect()
    };
    Ok(StationReportView {
        name: heard.station.name.clone(),
        day: Some(report.day.clone()),
        days,
        silent: days.is_none_or(|days| days > silent_days),
        below,
        lines: report
            .lines
            .iter()
            .zip(standings)
            .map(|(line, standing)| ReportLineView {
                problem: line.problem.to_string(),
                station: station.clone(),
                station_name: heard.station.name.clone(),
                village: name_of(line.village),
                kind: match numbered.contains(&line.problem) {
                    true => problems::number_of(line.problem, &line.day),
                    false => label("PROBLEM", &line.kind),
                },
                severity: label(problems::SEVERITY, &line.severity),
                severity_code: line.severity.clone(),
                day: line.day.clone(),
                state: line.state.clone(),
                open: problems::is_open_state(&line.state),
                mandatory: line.mandatory,
                receipt: line.receipt,
                step: line.next.as_ref().map(|next| next.step.clone()),
                side: line.next.as_ref().map(|next| next.side.clone()),
                until: line.next.as_ref().and_then(|next| next.until.clone()),
                late: line
                    .next
                    .as_ref()
                    .and_then(|next| next.until.as_deref()?.parse::<NaiveDate>().ok())
                    .is_some_and(|until| until < today),
                closing: line.closing.map(|closing| closing.to_string()),
                review: standing.review,
                review_by: standing.by,
                review_at: standing.at,
                review_reason: standing.reason,
                review_unsent: standing.unsent,
                review_refused: standing.refused,
            })
            .collect(),
        cases,
        left_out: report.left_out,
        villages: report
            .villages
            .iter()
            .map(|village| ReportedVillageView {
                village: village.village.to_string(),
                name: name_of(village.village),
                children: count_view(village.children, below),
                categories: codes("CATEGORY", &village.categories),
                cadence: codes("", &village.cadence),
                problems: village
                    .problems
                    .iter()
                    .map(|problem| ReportedProblemView {
                        severity: label(problems::SEVERITY, &problem.severity),
                        state: problem.state.clone(),
                        open: problems::is_open_state(&problem.state),
                        count: count_view(problem.count, below),
                    })
                    .collect(),
            })
            .collect(),
        station,
    })
}

fn count_view(count: Count, below: u32) -> CountView {
    match count {
        Count::Exactly(n) => CountView { least: n, most: n },
        Count::Few => CountView {
            least: 1,
            most: below.saturating_sub(1).max(1),
        },
    }
}
