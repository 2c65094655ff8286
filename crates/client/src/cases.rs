//! 要看一件事: an officer asks a station for a case; the head sends it to her alone, as an export under a number, or says why
//! not (docs/adr/0039). The workbook itself is made in `office`.
//!
//! What goes to the station is sealed to its key, what comes back to the device that asked.

use crate::countersign;
use crate::error::ClientError;
use crate::exports::{self, ExportedChild};
use crate::looks;
use crate::problems::{self, CaseStory};
use crate::reports;
use crate::roster::Roster;
use crate::runtime::Line;
use crate::second::{CASE, OF_DISTRICT};
use crate::server::refused_code;
use crate::system;
use crate::tablet::Tablet;
use crate::unit_keys;
use crate::view::{
    AskCaseInput, CaseFileView, CaseView, DeclineCaseInput, IdInput, SendCaseInput,
    StationReportView, StationsView,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use ids::{DocumentId, Role};
use protocol::access::Action;
use protocol::case::{self, ByteBuf};
use protocol::{
    AnswerCase, AskCase, CaseAnswer, CaseFile, CaseRecord, CaseState, ReadCase, ReportingStation,
    Reports, SentCase, limits, sealed, unit_key, wire,
};
use std::sync::Arc;
use store::audit;
use store::exports::{self as kept, ExportRow};
use uuid::Uuid;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Refusals with words of their own.
const SAID: &[&str] = &[
    "case_over",
    "not_found",
    "not_allowed",
    "recused",
    "gathering",
];

/// Everything that is decided before the file of a case is made.
pub struct PreparedCase {
    /// The request.
    pub id: Uuid,
    /// Its number.
    pub number: String,
    /// Who, which unit, when, which number: the line on every page.
    pub line: String,
    /// Name of the file without its ending.
    pub name: String,
    /// Opens it.
    pub password: String,
    /// The children it is about.
    pub children: Vec<ExportedChild>,
    /// What it is and what was done, without anybody's words.
    pub story: CaseStory,
    /// The registers' columns that stand in it, by key.
    pub fields: Vec<&'static str>,
    key: VerifyingKey,
}

impl PreparedCase {
    /// So many rows of the day it takes.
    #[must_use]
    pub fn rows(&self) -> usize {
        rows_of(self.children.len())
    }
}

/// The file of a case as it leaves: sealed to whoever asked.
pub struct SealedCase {
    file_name: String,
    sealed: ByteBuf,
}

/// A matter takes a row for each child it is about, and one where no file of them is here.
fn rows_of(children: usize) -> usize {
    children.max(1)
}

/// So many rows a case would take, for whoever may send it.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `case_over`, `recused`.
pub(crate) fn rows_asked(tablet: &Tablet, id: &str) -> Result<usize, ClientError> {
    tablet.require(Action::AnswerCase)?;
    let record = find_hers(tablet, id)?;
    let story = problems::case_story(tablet, &record.problem.to_string())?;
    let roster = Roster::read(tablet)?;
    let here = story.children.iter().filter(|id| roster.child(id).is_ok());
    Ok(rows_of(here.count()))
}

/// An officer asks for a case.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `reason_missing`, `reason_too_long`, `station_key_missing`, `no_network`,
/// `server_refused`.
pub async fn ask(tablet: &Arc<Tablet>, input: &AskCaseInput) -> Result<StationsView, ClientError> {
    tablet.require(Action::AskCase)?;
    let problem = DocumentId::parse(&input.problem).map_err(|_| ClientError::new("not_found"))?;
    let station = reports::reporting_problem(tablet, problem)?;
    let id = tablet.new_id();
    let words = input.reason.trim();
    if words.is_empty() {
        return Err(ClientError::new("reason_missing"));
    }
    let reason = countersign::seal_to_station(tablet, &station, words, |epoch| {
        case::for_asking(station.station, epoch, id)
    })?;
    let asked = AskCase {
        id,
        station: station.station,
        problem,
        reason,
    };
    note(tablet, "case_asked", id)?;
    send(tablet, "/cases/ask", &asked).await?;
    tablet
        .store
        .write(|tx| store::cases::put_own(tx, id, words))?;
    reports::stations(tablet)
}

/// The head declines, with a reason for the officer alone.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `case_over`, `recused`, `reason_missing`, `reason_too_long`, `no_network`,
/// `server_refused`.
pub async fn decline(
    tablet: &Arc<Tablet>,
    input: &DeclineCaseInput,
) -> Result<StationReportView, ClientError> {
    tablet.require(Action::AnswerCase)?;
    let record = find_hers(tablet, &input.id)?;
    let words = input.reason.trim();
    if words.is_empty() {
        return Err(ClientError::new("reason_missing"));
    }
    if words.chars().count() > limits::REASON_CHARACTERS {
        return Err(
            ClientError::new("reason_too_long").with("characters", limits::REASON_CHARACTERS)
        );
    }
    let what = case::for_declining(record.id);
    let sealed = seal_to(tablet, &asker(tablet, &record)?, &what, words.as_bytes())?;
    let answer = AnswerCase {
        id: record.id,
        answer: CaseAnswer::Decline { sealed },
    };
    note(tablet, "case_declined", record.id)?;
    send(tablet, "/cases/answer", &answer).await?;
    tablet
        .store
        .write(|tx| store::cases::put_own(tx, record.id, words))?;
    reports::reported(tablet)
}

/// What is to be sent, numbered; `fields` says which of the registers' columns a child has in it.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `case_over`, `recused`; the store cannot be read.
pub fn prepare(
    tablet: &Tablet,
    input: &SendCaseInput,
    fields: fn(&ExportedChild) -> Vec<&'static str>,
) -> Result<PreparedCase, ClientError> {
    tablet.require(Action::AnswerCase)?;
    let record = find_hers(tablet, &input.id)?;
    let story = problems::case_story(tablet, &record.problem.to_string())?;
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let children: Vec<ExportedChild> = story
        .children
        .iter()
        .filter_map(|id| roster.child(id).ok())
        .map(|child| exports::one(&packs, &roster, child))
        .collect();
    let mut columns: Vec<&'static str> = Vec::new();
    for key in children.iter().flat_map(fields) {
        if !columns.contains(&key) {
            columns.push(key);
        }
    }
    // What did not get through keeps its number: if it had come all the same, the server knows it again by that.
    let number = match tried(tablet, record.id)? {
        Some(row) => row.number,
        None => exports::number(tablet, 'E')?,
    };
    Ok(PreparedCase {
        id: record.id,
        line: exports::line(tablet, &number),
        name: format!("{}-{number}", tablet.township()),
        password: exports::password(tablet),
        number,
        children,
        story,
        fields: columns,
        key: asker(tablet, &record)?,
    })
}

/// What an earlier try here wrote down of a case.
fn tried(tablet: &Tablet, id: Uuid) -> Result<Option<ExportRow>, ClientError> {
    let made = tablet.store.read(kept::all)?;
    Ok(made.into_iter().find(|row| row.id == id))
}

/// Whether a second person has to agree. The rows of a try that did not get through are counted already.
///
/// # Errors
/// `server_refused`, or the store cannot be read.
pub async fn needs_second(
    tablet: &Arc<Tablet>,
    prepared: &PreparedCase,
) -> Result<bool, ClientError> {
    let since_ms = crate::standing::never_back_ms(tablet)? - DAY_MS;
    let counted = tried(tablet, prepared.id)?.filter(|row| row.made_ms > since_ms);
    let counted = counted.map_or(0, |row| row.rows as usize);
    match prepared.rows().saturating_sub(counted) {
        0 => Ok(false),
        rows => exports::needs_second(tablet, rows, false).await,
    }
}

/// Seals the encrypted file to the officer, before anybody's agreement is used up for it.
///
/// # Errors
/// `case_too_large`.
pub fn seal(
    tablet: &Tablet,
    prepared: &PreparedCase,
    file: Vec<u8>,
) -> Result<SealedCase, ClientError> {
    let sent = SentCase {
        file_name: format!("{}.xlsx", prepared.name),
        password: prepared.password.clone(),
        file: ByteBuf::from(file),
    };
    let what = case::for_file(prepared.id);
    let sealed = seal_to(tablet, &prepared.key, &what, &wire::pack(&sent)?)?;
    if sealed.len() > limits::CASE_FILE_BYTES {
        return Err(ClientError::new("case_too_large"));
    }
    Ok(SealedCase {
        file_name: sent.file_name,
        sealed,
    })
}

/// Sends the file to the officer. That it was made is in the audit trail before it leaves, and its rows count as those of
/// every export, once however often it is tried; no file of it stays here.
///
/// # Errors
/// `case_over`, `disk_full`, `no_network`, `server_refused`.
pub async fn deliver(
    tablet: &Arc<Tablet>,
    prepared: &PreparedCase,
    file: SealedCase,
) -> Result<StationReportView, ClientError> {
    let days = i64::from(tablet.rules().report.case_days);
    let now_ms = crate::standing::never_back_ms(tablet)?;
    let answer = AnswerCase {
        id: prepared.id,
        answer: CaseAnswer::Send {
            number: prepared.number.clone(),
            until_ms: now_ms + days * DAY_MS,
            sealed: file.sealed,
        },
    };
    let made = ExportRow {
        id: prepared.id,
        number: prepared.number.clone(),
        made_ms: now_ms,
        until_ms: now_ms,
        ledger: CASE.to_owned(),
        purpose: OF_DISTRICT.to_owned(),
        words: String::new(),
        rows: u32::try_from(prepared.rows()).unwrap_or(u32::MAX),
        full_numbers: false,
        file_name: file.file_name,
        is_there: false,
    };
    let detail = format!(
        "number={} ledger={CASE} purpose={OF_DISTRICT} rows={} full_numbers=0 fields={}",
        made.number,
        made.rows,
        prepared.fields.join(",")
    );
    let row = looks::row(tablet, "export_made", &prepared.id.to_string());
    tablet.store.write(|tx| {
        audit::append_with(tx, &row, &detail)?;
        kept::put(tx, &made, &[])
    })?;
    send(tablet, "/cases/answer", &answer).await?;
    reports::reported(tablet)
}

/// An officer opens what was sent to her: the row of the trail is there before the file is.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `case_over`, `case_damaged`, `no_network`, `server_refused`.
pub async fn open(tablet: &Arc<Tablet>, input: &IdInput) -> Result<CaseFileView, ClientError> {
    tablet.require(Action::ReadCase)?;
    let id = Uuid::parse_str(&input.id).map_err(|_| ClientError::new("not_found"))?;
    let answer: CaseFile = Line::of(tablet)?
        .send("/cases/read", &ReadCase { id })
        .await
        .map_err(plainly)?;
    let secret = unit_key::secret_of(&tablet.key);
    let damaged = || ClientError::new("case_damaged");
    let plain =
        sealed::open(&secret, &case::for_file(id), &answer.sealed).map_err(|_| damaged())?;
    let sent: SentCase = wire::unpack(&plain).map_err(|_| damaged())?;
    note(tablet, "case_opened", id)?;
    Ok(CaseFileView {
        file_name: sent.file_name,
        password: sent.password,
        bytes: STANDARD.encode(&sent.file),
    })
}

/// Requests about a station's lines, as either side sees them.
pub(crate) fn views(
    tablet: &Tablet,
    station: &ReportingStation,
    now_ms: i64,
) -> Result<Vec<CaseView>, ClientError> {
    let is_station = tablet.identity.role.is_at_station();
    let remind_days = tablet.rules().report.case_remind_days;
    let own = tablet.store.read(store::cases::own)?;
    let keys = if is_station {
        unit_keys::held(tablet)?
    } else {
        Vec::new()
    };
    let may_answer = tablet.identity.role == Role::Head;
    let secret = unit_key::secret_of(&tablet.key);
    let mut views = Vec::new();
    for case in &station.cases {
        let written = own.get(&case.id).cloned();
        let asked_for = if is_station {
            let key = keys
                .iter()
                .find(|key| key.epoch == case.reason.epoch)
                .and_then(|key| key.secret.as_ref());
            key.and_then(|key| {
                let what = case::for_asking(station.station, case.reason.epoch, case.id);
                open_words(key.bytes(), &what, &case.reason.sealed)
            })
        } else {
            written.clone()
        };
        let declined = if is_station {
            written.filter(|_| case.state == CaseState::Declined)
        } else {
            case.declined
                .as_ref()
                .and_then(|sealed| open_words(&secret, &case::for_declining(case.id), sealed))
        };
        let days = (now_ms - case.at_ms).max(0) / DAY_MS;
        let days = u32::try_from(days).unwrap_or(u32::MAX);
        let is_open = case.state == CaseState::Asked;
        views.push(CaseView {
            case: case.id.to_string(),
            problem: case.problem.to_string(),
            by: case.name.clone(),
            at: system::moment(case.at_ms),
            reason: asked_for,
            state: case.state.as_str().to_owned(),
            late: is_open && days >= remind_days,
            days,
            answered_by: case.answered_by.clone(),
            answered_at: case.answered_ms.map(system::moment),
            number: case.number.clone(),
            until: case.until_ms.map(system::moment),
            there: case.until_ms.is_some_and(|until| now_ms < until),
            fetched: case.fetched_ms.map(system::moment),
            declined,
            // While it cannot be told whose family it is, it is not offered either.
            may_answer: may_answer
                && is_open
                && problems::is_recused(tablet, case.problem).is_ok_and(|recused| !recused),
            lacks_head: is_station
                && is_open
                && problems::lacks_a_head(tablet, case.problem).is_ok_and(|lacks| lacks),
        });
    }
    Ok(views)
}

fn open_words(secret: &[u8; 32], what: &str, sealed: &[u8]) -> Option<String> {
    let plain = sealed::open(secret, what, sealed).ok()?;
    String::from_utf8(plain.to_vec()).ok()
}

/// A request nobody answered, as it was heard with the reports.
fn find(tablet: &Tablet, id: &str) -> Result<CaseRecord, ClientError> {
    let record = reports::own_station(tablet)?
        .and_then(|station| {
            let mut cases = station.cases.into_iter();
            cases.find(|case| case.id.to_string() == id)
        })
        .ok_or_else(|| ClientError::new("not_found"))?;
    match record.state {
        CaseState::Asked => Ok(record),
        CaseState::Sent | CaseState::Declined => Err(ClientError::new("case_over")),
    }
}

/// The same, for whoever may answer it: nobody sends or declines what is asked about her own family (回避).
fn find_hers(tablet: &Tablet, id: &str) -> Result<CaseRecord, ClientError> {
    let record = find(tablet, id)?;
    if problems::is_recused(tablet, record.problem)? {
        return Err(ClientError::new("recused"));
    }
    Ok(record)
}

fn asker(tablet: &Tablet, record: &CaseRecord) -> Result<VerifyingKey, ClientError> {
    let server = VerifyingKey::from_bytes(&tablet.enrolled.server_key)
        .map_err(|error| ClientError::new("internal").because(error))?;
    Ok(case::asker(&server, record)?)
}

fn seal_to(
    tablet: &Tablet,
    key: &VerifyingKey,
    what: &str,
    plain: &[u8],
) -> Result<ByteBuf, ClientError> {
    let public = unit_key::public_of(key);
    let sealed = sealed::seal(&public, what, plain, tablet.entropy.as_ref())
        .map_err(|error| ClientError::new("internal").because(error))?;
    Ok(ByteBuf::from(sealed))
}

fn note(tablet: &Tablet, action: &str, id: Uuid) -> Result<(), ClientError> {
    let row = looks::row(tablet, action, &id.to_string());
    Ok(tablet.store.write(|tx| audit::append(tx, &row))?)
}

async fn send(
    tablet: &Arc<Tablet>,
    path: &'static str,
    message: &impl serde::Serialize,
) -> Result<(), ClientError> {
    let answer: Reports = Line::of(tablet)?
        .send(path, message)
        .await
        .map_err(plainly)?;
    reports::hear(tablet, &answer)?;
    tablet.wrote();
    Ok(())
}

fn plainly(error: ClientError) -> ClientError {
    match refused_code(&error).as_deref() {
        Some(code) => match SAID.iter().find(|said| **said == code) {
            Some(said) => ClientError::new(said),
            None => error,
        },
        None => error,
    }
}
