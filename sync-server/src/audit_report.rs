//! The audit chain for people at the server: a month in plain lines, and the anchor, a signed line that somebody else keeps.

use crate::audit::{self, AuditRow};
use crate::organisation;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use rusqlite::Connection;
use std::collections::HashMap;

/// The time of China, in which people read.
const ZONE_MS: i64 = 8 * 3_600_000;
const DAY_MS: i64 = 24 * 3_600_000;

/// First words of an anchor.
const ANCHOR: &str = "zoufang-audit-anchor-1";

/// A month of the server's chain, one line per row: when, who, what, to what. Names of staff and units are looked up here,
/// for whoever sits at the server; the chain itself has none.
///
/// # Errors
/// The database refuses; nothing where the month is not one.
pub fn month(connection: &Connection, month: &str) -> rusqlite::Result<Option<Vec<String>>> {
    let Some((from_ms, until_ms)) = span(month) else {
        return Ok(None);
    };
    let mut names = HashMap::new();
    for unit in organisation::townships(connection)? {
        names.insert(unit.id.to_string(), unit.name.clone());
        for village in organisation::units_of_scope(connection, unit.id)? {
            names.insert(village.id.to_string(), village.name);
        }
        for device in organisation::devices_of_scope(connection, unit.id)? {
            let holder = device.holder;
            names.insert(holder.staff.to_string(), device.staff_name.clone());
            names.insert(holder.device.to_string(), device.staff_name);
        }
    }
    let rows = audit::between(connection, from_ms, until_ms)?;
    Ok(Some(rows.iter().map(|row| line(row, &names)).collect()))
}

fn line(row: &AuditRow, names: &HashMap<String, String>) -> String {
    let named = |id: &str| match names.get(id) {
        Some(name) => format!("{name} ({id})"),
        None => id.to_owned(),
    };
    let who = row
        .staff
        .map_or_else(|| row.by.clone(), |staff| named(&staff.to_string()));
    let order = row
        .order
        .map_or_else(String::new, |order| format!("  order {order}"));
    format!(
        "{:>6}  {}  {:<20}  {who}  {}{order}",
        row.position,
        civil(row.at_ms),
        row.action,
        named(&row.object),
    )
}

/// A line over the end of the chain, signed by the server: whoever keeps it can show later that rows were cut off or the
/// whole chain was written anew.
///
/// # Errors
/// The database refuses.
pub fn anchor(connection: &Connection, key: &SigningKey, now_ms: i64) -> rusqlite::Result<String> {
    let (row, hash) = audit::tip(connection)?;
    let said = format!(
        "{ANCHOR} at {} row {row} hash {}",
        civil(now_ms).replace(' ', "T"),
        hex::encode(hash)
    );
    let signature = key.sign(said.as_bytes());
    Ok(format!(
        "{said} signature {}",
        hex::encode(signature.to_bytes())
    ))
}

/// Whether the chain still has the row an anchor names.
///
/// # Errors
/// The database refuses. What does not hold is in words.
pub fn check_anchor(
    connection: &Connection,
    key: &VerifyingKey,
    anchor: &str,
) -> rusqlite::Result<Result<(), &'static str>> {
    let Some((said, row, hash, signature)) = parse(anchor) else {
        return Ok(Err("it is no anchor"));
    };
    if key.verify_strict(said.as_bytes(), &signature).is_err() {
        return Ok(Err("this server did not sign it"));
    }
    if row == 0 {
        return Ok(Ok(()));
    }
    Ok(match audit::hash_of(connection, row)? {
        Some(found) if found == hash => Ok(()),
        Some(_) => Err("the chain has another row there: it was written anew"),
        None => Err("the chain ends before it: rows were cut off"),
    })
}

fn parse(anchor: &str) -> Option<(&str, u64, [u8; 32], Signature)> {
    let (said, signature) = anchor.trim().rsplit_once(" signature ")?;
    let words: Vec<&str> = said.split(' ').collect();
    let [ANCHOR, "at", _, "row", row, "hash", hash] = words.as_slice() else {
        return None;
    };
    let hash = hex::decode(hash).ok()?.try_into().ok()?;
    let signature = hex::decode(signature).ok()?;
    Some((
        said,
        row.parse().ok()?,
        hash,
        Signature::from_slice(&signature).ok()?,
    ))
}

/// Beginning and end of a month in China, in milliseconds.
pub(crate) fn span(month: &str) -> Option<(i64, i64)> {
    let (year, month) = month.split_once('-')?;
    let (year, month): (i64, i64) = (year.parse().ok()?, month.parse().ok()?);
    if !(1..=12).contains(&month) || !(1970..=9999).contains(&year) {
        return None;
    }
    let next = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    let begins = |(year, month)| days_before(year, month) * DAY_MS - ZONE_MS;
    Some((begins((year, month)), begins(next)))
}

/// Days from 1970-01-01 to the first of a month, by the calendar's own rule (a year begins in March).
fn days_before(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `2026-11-02 10:05` in China.
pub(crate) fn civil(ms: i64) -> String {
    let local = ms + ZONE_MS;
    let (days, minutes) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS) / 60_000);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}",
        minutes / 60,
        minutes % 60
    )
}

#[cfg(test)]
mod tests {
    use super::{civil, span};

    #[test]
    fn a_month_begins_at_midnight_in_china_and_ends_with_the_next() {
        let (from, until) = span("2026-11").unwrap();
        assert_eq!(civil(from), "2026-11-01 00:00");
        assert_eq!(civil(until - 60_000), "2026-11-30 23:59");
        let (_, until) = span("2028-02").unwrap();
        assert_eq!(civil(until - 60_000), "2028-02-29 23:59");
        let (_, until) = span("2026-12").unwrap();
        assert_eq!(civil(until), "2027-01-01 00:00");
        assert_eq!(span("2026-13"), None);
        assert_eq!(span("november"), None);
    }
}
