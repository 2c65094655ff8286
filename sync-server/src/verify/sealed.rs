//! Every column in which something lies that the server's key alone opens, in one list: what lies there opens, can be read,
//! and goes with what its row says in the open. Whoever seals all of it anew under another key goes by the same list, and a
//! test holds it against the schema, so that no column is forgotten.

use super::UNREADABLE;
use super::passes;
use crate::columns;
use crate::countersign;
use crate::enrolment;
use crate::erasures;
use crate::error::ApiError;
use crate::exports;
use crate::moves;
use crate::orders;
use crate::organisation;
use crate::people;
use crate::recover;
use crate::reports;
use crate::vault::Vault;
use ed25519_dalek::VerifyingKey;
use ids::{DeviceId, DocumentId, UnitId};
use protocol::order::{self, Order};
use protocol::{ErasureState, RequestErasure, SignedStatement, report, wire};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use uuid::Uuid;

pub(super) const MISSING: &str = "it is missing";
pub(super) const NOT_OPEN: &str = "it does not open";
const NOT_READ: &str = "it opens and cannot be read";
const ANOTHER: &str = "it is about something else than its row says";

/// What rows are read with.
pub(super) struct Reading<'a> {
    pub connection: &'a Connection,
    pub vault: &'a Vault,
    /// The key the server signs with; none when it is lost.
    pub server_key: Option<VerifyingKey>,
}

/// A column in which something lies sealed.
pub(super) struct Sealed {
    pub table: &'static str,
    pub column: &'static str,
    opened: Opened,
}

/// How it is opened here.
enum Opened {
    /// Under the server's secrets, row by row.
    Alone(Secret),
    /// By a pass of its own.
    By(fn(&Reading<'_>, &Sealed) -> Result<Vec<String>, ApiError>),
    /// Under the key of its document, by the passes over what is published and over what waits.
    WithChanges,
}

/// Whether what a column opens to goes with the rest of its row, and what is wrong when not.
type Check = fn(&Reading<'_>, &Row<'_>, Option<&[u8]>) -> Result<(), &'static str>;

struct Secret {
    /// Names the row in its first columns, then has what is sealed, then what that is held against.
    statement: &'static str,
    /// How many columns name the row.
    names: usize,
    sealed_as: fn(&Row<'_>) -> rusqlite::Result<String>,
    check: Check,
}

/// All of them.
pub(super) const SEALED: &[Sealed] = &[
    with_changes("bodies", "body"),
    with_changes("held", "body"),
    with_changes("reviews", "body"),
    with_changes("reviews", "reason"),
    with_changes("set_aside", "body"),
    by("document_keys", "wrapped", passes::document_keys),
    by("segments", "body", passes::segments),
    // The reason in an entry about late work.
    by("log", "record", passes::log_records),
    // The keys of the server itself.
    by("settings", "value", passes::own_secrets),
    alone(
        ("enrolments", "secrets"),
        Secret {
            statement: include_str!("../sql/verify/enrolments.sql"),
            names: 1,
            sealed_as: |row| Ok(enrolment::secret_name(columns::uuid(row, 0)?)),
            check: check_enrolment,
        },
    ),
    alone(
        ("erasures", "sealed"),
        Secret {
            statement: include_str!("../sql/verify/erasures.sql"),
            names: 1,
            sealed_as: |row| Ok(erasures::sealed_as(columns::uuid(row, 0)?)),
            check: check_erasure,
        },
    ),
    alone(
        ("exports", "sealed"),
        Secret {
            statement: include_str!("../sql/verify/exports.sql"),
            names: 1,
            sealed_as: |row| Ok(exports::sealed_as(columns::uuid(row, 0)?)),
            check: |_, _, plain| is_text(plain.ok_or(MISSING)?),
        },
    ),
    alone(
        ("grants", "words"),
        Secret {
            statement: include_str!("../sql/verify/grant_words.sql"),
            names: 1,
            sealed_as: |row| Ok(people::words_sealed_as(columns::uuid(row, 0)?)),
            check: |_, row, plain| where_said(row, plain, people::words_can_be_read),
        },
    ),
    alone(
        ("grants", "vetting"),
        Secret {
            statement: include_str!("../sql/verify/grant_vettings.sql"),
            names: 1,
            sealed_as: |row| Ok(people::vetting_sealed_as(columns::uuid(row, 0)?)),
            check: |_, row, plain| where_said(row, plain, people::vetting_can_be_read),
        },
    ),
    alone(
        ("holds", "sealed"),
        Secret {
            statement: include_str!("../sql/verify/holds.sql"),
            names: 1,
            sealed_as: |row| {
                let document = DocumentId(columns::uuid(row, 0)?);
                Ok(erasures::hold_sealed_as(document))
            },
            check: |_, row, plain| where_said(row, plain, |plain| is_text(plain).is_ok()),
        },
    ),
    alone(
        ("moves", "sealed"),
        Secret {
            statement: include_str!("../sql/verify/moves.sql"),
            names: 1,
            sealed_as: |row| Ok(moves::sealed_as(columns::uuid(row, 0)?)),
            check: |_, _, plain| reads(plain.ok_or(MISSING)?, moves::can_be_read),
        },
    ),
    alone(
        ("opened_tablets", "words"),
        Secret {
            statement: include_str!("../sql/verify/opened_tablets.sql"),
            names: 1,
            sealed_as: |row| Ok(recover::sealed_as(columns::uuid(row, 0)?)),
            check: |_, _, plain| reads(plain.ok_or(MISSING)?, recover::can_be_read),
        },
    ),
    alone(
        ("orders", "sealed"),
        Secret {
            statement: include_str!("../sql/verify/orders.sql"),
            names: 2,
            sealed_as: |row| {
                let scope = UnitId(columns::uuid(row, 0)?);
                Ok(orders::sealed_as(scope, columns::number(row, 1)?))
            },
            check: check_order,
        },
    ),
    alone(
        ("orders", "reason"),
        Secret {
            statement: include_str!("../sql/verify/order_reasons.sql"),
            names: 2,
            sealed_as: |row| {
                let scope = UnitId(columns::uuid(row, 0)?);
                Ok(orders::reason_sealed_as(scope, columns::number(row, 1)?))
            },
            // None came with an order that a device brought back.
            check: |_, _, plain| plain.map_or(Ok(()), is_text),
        },
    ),
    alone(
        ("reports", "sealed"),
        Secret {
            statement: include_str!("../sql/verify/reports.sql"),
            names: 1,
            sealed_as: |row| Ok(reports::sealed_as(UnitId(columns::uuid(row, 0)?))),
            check: check_report,
        },
    ),
];

const fn with_changes(table: &'static str, column: &'static str) -> Sealed {
    Sealed {
        table,
        column,
        opened: Opened::WithChanges,
    }
}

const fn by(
    table: &'static str,
    column: &'static str,
    pass: fn(&Reading<'_>, &Sealed) -> Result<Vec<String>, ApiError>,
) -> Sealed {
    Sealed {
        table,
        column,
        opened: Opened::By(pass),
    }
}

const fn alone((table, column): (&'static str, &'static str), secret: Secret) -> Sealed {
    Sealed {
        table,
        column,
        opened: Opened::Alone(secret),
    }
}

/// What does not hold, one line each. What lies with changes is not looked at here.
pub(super) fn faults(reading: &Reading<'_>) -> Result<Vec<String>, ApiError> {
    let mut faults = Vec::new();
    for sealed in SEALED {
        faults.extend(match &sealed.opened {
            Opened::Alone(secret) => {
                sealed.each_row(reading, secret.statement, secret.names, |row| {
                    check_secret(reading, secret, row)
                })?
            }
            Opened::By(pass) => pass(reading, sealed)?,
            Opened::WithChanges => Vec::new(),
        });
    }
    Ok(faults)
}

impl Sealed {
    /// A fault, as a person reads it.
    pub(super) fn line(&self, row: &str, fault: &str) -> String {
        let Self { table, column, .. } = self;
        format!("table {table}, row {row}, column {column}: {fault}")
    }

    /// Looks at one row after the other, however many there are. The first columns name the row.
    pub(super) fn each_row(
        &self,
        reading: &Reading<'_>,
        statement: &str,
        names: usize,
        check: impl Fn(&Row<'_>) -> Result<(), &'static str>,
    ) -> Result<Vec<String>, ApiError> {
        let mut faults = Vec::new();
        let mut statement = reading.connection.prepare(statement)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Err(fault) = check(row) {
                faults.push(self.line(&name_of(row, names), fault));
            }
        }
        Ok(faults)
    }
}

/// Ids and numbers as they are written elsewhere; whatever else stands in their place, by its bytes.
fn name_of(row: &Row<'_>, names: usize) -> String {
    let word = |at: usize| match row.get_ref(at) {
        Ok(ValueRef::Blob(bytes)) => match Uuid::from_slice(bytes) {
            Ok(id) => id.to_string(),
            Err(_) => hex::encode(bytes),
        },
        Ok(ValueRef::Integer(number)) => number.to_string(),
        Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
        Ok(ValueRef::Null | ValueRef::Real(_)) | Err(_) => "?".to_owned(),
    };
    (0..names).map(word).collect::<Vec<_>>().join(" ")
}

fn check_secret(reading: &Reading<'_>, secret: &Secret, row: &Row<'_>) -> Result<(), &'static str> {
    let sealed: Option<Vec<u8>> = row.get(secret.names).map_err(|_| UNREADABLE)?;
    let plain = match sealed.filter(|sealed| !sealed.is_empty()) {
        None => None,
        Some(sealed) => {
            let name = (secret.sealed_as)(row).map_err(|_| UNREADABLE)?;
            let opened = reading.vault.open_secret(&name, &sealed);
            Some(opened.map_err(|_| NOT_OPEN)?)
        }
    };
    (secret.check)(reading, row, plain.as_deref())
}

fn reads(plain: &[u8], can_be_read: fn(&[u8]) -> bool) -> Result<(), &'static str> {
    if can_be_read(plain) {
        Ok(())
    } else {
        Err(NOT_READ)
    }
}

fn is_text(plain: &[u8]) -> Result<(), &'static str> {
    std::str::from_utf8(plain).map(drop).map_err(|_| NOT_READ)
}

/// What is there exactly where the row says in the open that somebody said it.
fn where_said(
    row: &Row<'_>,
    plain: Option<&[u8]>,
    can_be_read: fn(&[u8]) -> bool,
) -> Result<(), &'static str> {
    let is_said: bool = row.get(2).map_err(|_| UNREADABLE)?;
    match (is_said, plain) {
        (false, None) => Ok(()),
        (false, Some(_)) => Err("it is there, and its row does not say since when or from whom"),
        (true, plain) => reads(plain.ok_or(MISSING)?, can_be_read),
    }
}

/// The secrets of a code go when it is used.
fn check_enrolment(
    _: &Reading<'_>,
    row: &Row<'_>,
    plain: Option<&[u8]>,
) -> Result<(), &'static str> {
    let state: String = row.get(2).map_err(|_| UNREADABLE)?;
    match (state.as_str(), plain) {
        ("done", None) => Ok(()),
        ("done", Some(_)) => Err("the code was used and its secrets are still here"),
        (_, plain) => reads(plain.ok_or(MISSING)?, enrolment::can_be_read),
    }
}

/// Which child it is about goes when it is decided.
fn check_erasure(_: &Reading<'_>, row: &Row<'_>, plain: Option<&[u8]>) -> Result<(), &'static str> {
    let id = columns::uuid(row, 0).map_err(|_| UNREADABLE)?;
    let state = columns::text(row, 2, ErasureState::parse).map_err(|_| UNREADABLE)?;
    let basis: String = row.get(3).map_err(|_| UNREADABLE)?;
    let documents: u32 = row.get(4).map_err(|_| UNREADABLE)?;
    let plain = match (state, plain) {
        (ErasureState::Asked, plain) => plain.ok_or(MISSING)?,
        (_, None) => return Ok(()),
        (_, Some(_)) => return Err("it was decided and still says whom it was about"),
    };
    let asked: RequestErasure = wire::unpack(plain).map_err(|_| NOT_READ)?;
    // Of what was named some may have been gone already.
    let is_number = (1..=asked.with.len() + 1).contains(&(documents as usize));
    if asked.id == id && asked.basis == basis && is_number {
        Ok(())
    } else {
        Err(ANOTHER)
    }
}

fn check_order(
    reading: &Reading<'_>,
    row: &Row<'_>,
    plain: Option<&[u8]>,
) -> Result<(), &'static str> {
    let scope = columns::uuid(row, 0).map_err(|_| UNREADABLE)?;
    let number = columns::number(row, 1).map_err(|_| UNREADABLE)?;
    let statement: SignedStatement = wire::unpack(plain.ok_or(MISSING)?).map_err(|_| NOT_READ)?;
    let Some(key) = &reading.server_key else {
        return Ok(());
    };
    let order = order::read(key, &statement).map_err(|_| "it is not signed by this server")?;
    if (order.scope, order.number) != (UnitId(scope), number) {
        return Err(ANOTHER);
    }
    if let Order::Countersign(said) = &order.order {
        let is_kept = countersign::goes_with(reading.connection, said);
        if !is_kept.map_err(|_| UNREADABLE)? {
            return Err("table countersignatures has something else than it says of a closing");
        }
    }
    Ok(())
}

fn check_report(
    reading: &Reading<'_>,
    row: &Row<'_>,
    plain: Option<&[u8]>,
) -> Result<(), &'static str> {
    let station = columns::uuid(row, 0).map_err(|_| UNREADABLE)?;
    let device = columns::uuid(row, 2).map_err(|_| UNREADABLE)?;
    let statement: SignedStatement = wire::unpack(plain.ok_or(MISSING)?).map_err(|_| NOT_READ)?;
    let known = organisation::device(reading.connection, DeviceId(device))
        .ok()
        .flatten()
        .ok_or("its device is unknown")?;
    let key = known.caller().map_err(|_| "its device's key is bad")?.key;
    let said = report::open(&key, &statement).map_err(|_| "it is not signed as it must be")?;
    if (said.station, said.device) == (UnitId(station), DeviceId(device)) {
        Ok(())
    } else {
        Err(ANOTHER)
    }
}

#[cfg(test)]
mod tests {
    use super::SEALED;
    use crate::database;
    use std::collections::BTreeSet;

    /// Columns of bytes in which nothing lies that the server's key opens, each with why not.
    const OPEN: &[(&str, &str)] = &[
        (
            "Ids, which access decisions and admission read.",
            "actors.actor actors.device actors.document audit.device audit.scope audit.staff blobs.device \
             blobs.document cases.answered_by cases.device cases.id cases.problem cases.scope chains.device \
             chains.incarnation chains.scope changes.document countersignatures.closing countersignatures.problem \
             countersignatures.staff covers.absent covers.delegate covers.id covers.scope covers.unit \
             delegated_places.device delegated_places.staff delegated_places.station device_audit.device \
             device_audit.incarnation device_audit.staff device_audit_heads.device device_audit_heads.incarnation \
             devices.id devices.staff document_homes.document document_homes.scope document_homes.unit \
             document_keys.document documents.birth_unit documents.came_from documents.creator \
             documents.home_unit documents.id documents.scope enrolments.device enrolments.id enrolments.unit \
             erasures.decided_by erasures.id erasures.scope erasures.staff exports.decided_by exports.device \
             exports.id exports.scope exports.staff exports.unit forks.device forks.incarnation forks.scope \
             forms.scope grants.granted_by grants.id grants.staff grants.vetted_by guests.document guests.id \
             guests.scope guests.unit held.document hold_covers.child hold_covers.document holds.document holds.scope holds.staff log.scope \
             move_documents.document move_documents.home_unit move_documents.move moves.decided_by \
             moves.from_scope moves.id moves.offered_by moves.to_scope moves.to_unit opened_tablets.device \
             opened_tablets.id ordered_moves.document ordered_moves.from_unit ordered_moves.to_unit orders.scope \
             recoveries.scope recusal_reasons.id recusal_reasons.said_by recusals.document recusals.id \
             recusals.scope recusals.staff recusals.stead refusals.device renewals.device renewals.document \
             reports.device reports.scope returns.author returns.carrier returns.scope reviews.decided_by \
             reviews.device reviews.document reviews.scope revoked.device scopes.id segments.document \
             set_aside.device set_aside.document staff.id staff.person staff.scope staff.unit unit_key_wraps.device \
             unit_key_wraps.scope unit_keys.scope unit_names.unit units.id units.parent units.scope \
             units.split_from units.successor wipe_remains.device wipes.device",
        ),
        (
            "Hashes, addresses and marks: what is kept is known again by them.",
            "audit.hash blobs.address blobs.digest cases.declined_digest cases.file_digest \
             cases.reason_digest changes.hash device_audit.hash device_audit_heads.hash \
             devices.next_ca enrolments.commitment enrolments.used_proof erased.mark heads.hash held.head_hash \
             refusals.head_hash renewals.founded reviews.hash reviews.head_hash set_aside.hash \
             set_aside.head_hash unit_key_wraps.digest unit_keys.digest",
        ),
        (
            "Public keys, nonces, and what is signed and no secret.",
            "device_audit_heads.signature devices.public_key enrolments.device_key enrolments.device_nonce \
             enrolments.server_nonce unit_keys.certificate unit_keys.statement wipes.receipt",
        ),
        (
            "Sealed to others, who alone open it: the district, a station's key or a device.",
            "cases.declined cases.file cases.reason countersignatures.reason unit_key_wraps.sealed \
             unit_keys.recovery wipe_remains.bytes",
        ),
        (
            "How many changes of which kind a device holds unsent.",
            "devices.unsent",
        ),
        ("What bodies are compressed with.", "dictionaries.bytes"),
    ];

    #[test]
    fn every_column_of_bytes_is_known_as_sealed_or_as_open_and_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = database::open_file(&database::file_of(folder.path())).expect("migrates");
        let mut statement = connection
            .prepare(
                "SELECT t.name || '.' || c.name
                 FROM sqlite_master AS t, pragma_table_info(t.name) AS c
                 WHERE t.type = 'table' AND upper(c.type) NOT IN ('INTEGER', 'TEXT')",
            )
            .expect("reads");
        let there: BTreeSet<String> = statement
            .query_map([], |row| row.get(0))
            .expect("reads")
            .collect::<Result<_, _>>()
            .expect("reads");
        let sealed = SEALED
            .iter()
            .map(|sealed| format!("{}.{}", sealed.table, sealed.column));
        let open = OPEN
            .iter()
            .flat_map(|(_, columns)| columns.split_whitespace().map(str::to_owned));
        let mut known = BTreeSet::new();
        for column in sealed.chain(open) {
            assert!(
                known.insert(column.clone()),
                "{column} stands in the lists twice"
            );
        }
        let forgotten: Vec<_> = there.difference(&known).collect();
        assert!(
            forgotten.is_empty(),
            "neither sealed nor open, or nobody said so: {forgotten:?}"
        );
        let gone: Vec<_> = known.difference(&there).collect();
        assert!(gone.is_empty(), "in no table any more: {gone:?}");
    }
}
