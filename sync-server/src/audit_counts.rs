//! What the district reads of the trails of its townships: how often who did what in a month, and whether the station looked
//! that month through. No row, no object, no hour, and nobody's words leave here (docs/adr/0055).

use crate::audit_report;
use crate::columns;
use crate::error::ApiError;
use crate::organisation;
use ids::{StaffId, UnitId};
use protocol::access::Holder;
use protocol::{
    AUDIT_COUNTED, AUDIT_LEFT, AuditCounts, CountedAct, PersonAudit, ReadAuditCounts, StationAudit,
};
use rusqlite::{Connection, named_params};
use std::collections::BTreeMap;

/// Letters of a purpose's code.
const CODE: usize = 40;

/// The counts of every station of the officer's district, in administrative order.
pub(crate) fn of_district(
    connection: &Connection,
    holder: &Holder,
    input: &ReadAuditCounts,
) -> Result<AuditCounts, ApiError> {
    let span = audit_report::span(&input.month).ok_or(ApiError::Malformed)?;
    let mut stations = Vec::new();
    for township in organisation::townships(connection)? {
        if township.parent != Some(holder.scope) {
            continue;
        }
        stations.push(StationAudit {
            station: township.id,
            reviewed: is_reviewed(connection, township.id, &input.month)?,
            people: people(connection, township.id, span)?,
            name: township.name,
        });
    }
    Ok(AuditCounts { stations })
}

/// One act of one person: what, and for which purpose something left.
type Act = (String, Option<String>);

fn people(
    connection: &Connection,
    scope: UnitId,
    (from_ms, until_ms): (i64, i64),
) -> Result<Vec<PersonAudit>, ApiError> {
    let mut counted: BTreeMap<StaffId, BTreeMap<Act, (u64, u64)>> = BTreeMap::new();
    let mut statement =
        connection.prepare_cached(include_str!("sql/device_audit/acts_of_scope.sql"))?;
    let actions = serde_json::to_string(&AUDIT_COUNTED).map_err(|_| ApiError::Internal)?;
    let mut found = statement.query(named_params! {
        ":scope": scope.0.as_bytes(),
        ":from_ms": from_ms,
        ":until_ms": until_ms,
        ":actions": actions,
    })?;
    while let Some(row) = found.next()? {
        let Some(staff) = columns::optional_uuid(row, 0)?.map(StaffId) else {
            continue;
        };
        let action: String = row.get(1)?;
        let detail: String = row.get(2)?;
        let left = AUDIT_LEFT.contains(&action.as_str());
        let purpose = named(&detail, "purpose").filter(|code| left && is_code(code));
        let rows = named(&detail, "rows").and_then(|rows| rows.parse::<u64>().ok());
        let act = (action, purpose.map(str::to_owned));
        let sums = counted.entry(staff).or_default().entry(act).or_default();
        sums.0 += 1;
        sums.1 = sums.1.saturating_add(rows.filter(|_| left).unwrap_or(0));
    }
    let mut people = Vec::new();
    for (staff, acts) in counted {
        let person = organisation::staff(connection, staff)?;
        let counts = acts
            .into_iter()
            .map(|((action, purpose), (count, rows))| CountedAct {
                action,
                purpose,
                count,
                rows,
            });
        people.push(PersonAudit {
            staff,
            name: person.map_or_else(String::new, |person| person.name),
            counts: counts.collect(),
        });
    }
    Ok(people)
}

fn is_reviewed(connection: &Connection, scope: UnitId, month: &str) -> Result<bool, ApiError> {
    let mut statement = connection.prepare_cached(include_str!("sql/device_audit/reviewed.sql"))?;
    Ok(statement.exists(named_params! {":scope": scope.0.as_bytes(), ":month": month})?)
}

fn named<'a>(detail: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = detail.split(' ').filter_map(|part| part.split_once('='));
    parts.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A device writes its rows itself: what is no code does not go on to the district.
fn is_code(text: &str) -> bool {
    text.len() <= CODE
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
