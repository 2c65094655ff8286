//! 复核: what the district says of a closing of a matter of life and safety (docs/adr/0039).
//!
//! An officer says it on her own device, where it is kept and delivered like any other word, and said once more to a server
//! that lost it. On the devices of the township it comes as an order; the story of the problem is told with it.

use crate::error::ClientError;
use crate::reports;
use crate::standing;
use crate::tablet::Tablet;
use crate::unit_keys;
use crate::view::{CountersignInput, StationsView};
use ed25519_dalek::VerifyingKey;
use ids::DocumentId;
use protocol::access::Action;
use protocol::countersign::for_reason;
use protocol::{
    ClosingId, Countersign, Countersignature, KnownUnitKey, ReportingStation, Reports,
    SealedReason, Verdict, limits, sealed, unit_key, wire,
};
use std::collections::BTreeSet;
use store::audit::{self, AuditRow};
use store::countersignatures::{self as rows, Own};
use store::{Connection, Transaction};
use uuid::Uuid;

/// Refusals that stay: what was said is not said again.
const FOR_GOOD: &[&str] = &["not_found", "not_allowed", "malformed", "too_large"];

/// The page 各街镇 after an officer said something of a closing.
///
/// # Errors
/// As [`say`], and `not_allowed`, `pin_again`.
pub fn countersign(tablet: &Tablet, input: &CountersignInput) -> Result<StationsView, ClientError> {
    tablet.require(Action::Countersign)?;
    say(tablet, input)?;
    reports::stations(tablet)
}

/// Keeps what she says, to be delivered. Of one closing it is said once.
///
/// # Errors
/// `not_found`, `countersigned_already`, `value_invalid`, `reason_missing`, `reason_too_long`, `station_key_missing`; the
/// store refuses.
pub fn say(tablet: &Tablet, input: &CountersignInput) -> Result<(), ClientError> {
    let verdict = Verdict::parse(&input.verdict)
        .ok_or_else(|| ClientError::new("value_invalid").with("value", &input.verdict))?;
    let closing: ClosingId =
        Uuid::parse_str(&input.closing).map_err(|_| ClientError::new("not_found"))?;
    let problem = DocumentId::parse(&input.problem).map_err(|_| ClientError::new("not_found"))?;
    let station = reports::reporting(tablet, problem, closing)?;
    let is_said = station
        .countersignatures
        .iter()
        .any(|known| (known.problem, known.closing) == (problem, closing));
    let is_own = own(tablet)?
        .iter()
        .any(|own| (own.problem, own.closing) == (problem, closing) && own.refused.is_none());
    if is_said || is_own {
        return Err(ClientError::new("countersigned_already"));
    }
    let words = input.reason.trim();
    let reason = match verdict {
        Verdict::Countersigned => None,
        Verdict::NotOver if words.is_empty() => return Err(ClientError::new("reason_missing")),
        Verdict::NotOver => Some(seal_to_station(tablet, &station, words, |epoch| {
            for_reason(station.station, epoch, problem, closing)
        })?),
    };
    let said = Countersign {
        station: station.station,
        problem,
        closing,
        verdict,
        reason,
    };
    let kept = Own {
        problem,
        closing,
        packed: wire::pack(&said)?,
        reason: match verdict {
            Verdict::Countersigned => String::new(),
            Verdict::NotOver => words.to_owned(),
        },
        at_ms: standing::never_back_ms(tablet)?,
        taken: false,
        refused: None,
    };
    tablet.store.write(|tx| {
        let row = AuditRow {
            at_ms: tablet.clock.now_ms(),
            staff: Some(tablet.identity.staff),
            action: action_of(verdict).to_owned(),
            object: problem.to_string(),
        };
        audit::append(tx, &row)?;
        rows::put_own(tx, &kept)
    })?;
    tablet.wrote();
    Ok(())
}

fn action_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Countersigned => "closing_countersigned",
        Verdict::NotOver => "closing_not_over",
    }
}

/// Her words, sealed to the newest key of the station that somebody certified for it signed.
///
/// # Errors
/// `reason_too_long`, `station_key_missing`.
pub(crate) fn seal_to_station(
    tablet: &Tablet,
    station: &ReportingStation,
    words: &str,
    for_what: impl Fn(u32) -> String,
) -> Result<SealedReason, ClientError> {
    if words.chars().count() > limits::REASON_CHARACTERS {
        return Err(
            ClientError::new("reason_too_long").with("characters", limits::REASON_CHARACTERS)
        );
    }
    let key = station
        .key
        .as_ref()
        .and_then(|known| believed(tablet, station, known))
        .ok_or_else(|| ClientError::new("station_key_missing"))?;
    let what = for_what(key.epoch);
    let sealed = sealed::seal(
        &key.public,
        &what,
        words.as_bytes(),
        tablet.entropy.as_ref(),
    )
    .map_err(|error| ClientError::new("internal").because(error))?;
    Ok(SealedReason {
        epoch: key.epoch,
        sealed,
    })
}

fn believed(
    tablet: &Tablet,
    station: &ReportingStation,
    known: &KnownUnitKey,
) -> Option<unit_key::UnitKey> {
    let server = VerifyingKey::from_bytes(&tablet.enrolled.server_key).ok()?;
    match unit_key::believe(&server, known) {
        Ok(key) if key.scope == station.station => Some(key),
        _ => {
            tracing::error!("a key of a station that nobody of it signed is left alone");
            None
        }
    }
}

/// Everything said on this device.
pub(crate) fn own(tablet: &Tablet) -> Result<Vec<Own>, ClientError> {
    Ok(tablet.store.read(rows::own)?)
}

/// What was said, as it goes to the server.
pub(crate) fn message(own: &Own) -> Result<Countersign, ClientError> {
    Ok(wire::unpack(&own.packed)?)
}

/// What the server has now is taken.
pub(crate) fn hear(tx: &Transaction<'_>, reports: &Reports) -> Result<(), ClientError> {
    for own in rows::own(tx)?.iter().filter(|own| !own.taken) {
        if is_known(reports, own) {
            rows::set_own(tx, (own.problem, own.closing), true, None)?;
        }
    }
    Ok(())
}

fn is_known(reports: &Reports, own: &Own) -> bool {
    let mut known = reports
        .stations
        .iter()
        .flat_map(|station| &station.countersignatures);
    known.any(|known| (known.problem, known.closing) == (own.problem, own.closing))
}

/// The next thing to say to the server that was not said in this exchange: what it never had, and what it had and lost while
/// the station still waits for it.
pub(crate) fn next(
    tablet: &Tablet,
    said: &BTreeSet<(DocumentId, ClosingId)>,
) -> Result<Option<Countersign>, ClientError> {
    for own in own(tablet)? {
        let about = (own.problem, own.closing);
        if own.refused.is_some() || said.contains(&about) {
            continue;
        }
        let is_wanted = !own.taken || reports::lacks(tablet, own.problem, own.closing)?;
        if is_wanted {
            return Ok(Some(message(&own)?));
        }
    }
    Ok(None)
}

/// The server did not take it: for good, or for now.
pub(crate) fn note_refusal(
    tablet: &Tablet,
    about: (DocumentId, ClosingId),
    code: &str,
) -> Result<(), ClientError> {
    // A server that was set back finds the problem again as long as the station reports it.
    let may_come_back = code == "not_found" && reports::reporting(tablet, about.0, about.1).is_ok();
    if FOR_GOOD.contains(&code) && !may_come_back {
        tablet
            .store
            .write(|tx| rows::set_own(tx, about, false, Some(code)))?;
    }
    Ok(())
}

/// An order said it: kept, unless what is known holds against it.
pub(crate) fn heed(tx: &Transaction<'_>, said: &Countersignature) -> Result<(), ClientError> {
    let known = rows::of_problem(tx, said.problem)?;
    let holds = |known: &rows::Countersignature| {
        let verdict = Verdict::parse(&known.verdict).unwrap_or(Verdict::Countersigned);
        known.closing == said.closing && (verdict, known.at_ms, known.staff) <= said.rank()
    };
    if known.iter().any(holds) {
        return Ok(());
    }
    let kept = rows::Countersignature {
        problem: said.problem,
        closing: said.closing,
        verdict: said.verdict.as_str().to_owned(),
        at_ms: said.at_ms,
        staff: said.staff,
        name: said.name.clone(),
        reason: said
            .reason
            .as_ref()
            .map(|reason| (reason.epoch, reason.sealed.clone())),
    };
    Ok(rows::put(tx, &kept)?)
}

/// What was said of a problem's closings.
pub(crate) fn of_problem(
    connection: &Connection,
    problem: DocumentId,
) -> Result<Vec<rows::Countersignature>, ClientError> {
    Ok(rows::of_problem(connection, problem)?)
}

/// Why, in the officer's words; nothing where this device has not the key they are sealed to.
pub(crate) fn reason(
    tablet: &Tablet,
    said: &rows::Countersignature,
) -> Result<Option<String>, ClientError> {
    let Some((epoch, bytes)) = &said.reason else {
        return Ok(None);
    };
    let keys = unit_keys::held(tablet)?;
    let secret = keys
        .iter()
        .find(|key| key.epoch == *epoch)
        .and_then(|key| key.secret.as_ref());
    let what = for_reason(tablet.identity.scope, *epoch, said.problem, said.closing);
    Ok(secret
        .and_then(|secret| sealed::open(secret.bytes(), &what, bytes).ok())
        .and_then(|plain| String::from_utf8(plain.to_vec()).ok()))
}
