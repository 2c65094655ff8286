//! 操作记录 as the district sees it: per station and person how often what was done in a month, and whether the station looked
//! the month through (docs/adr/0055). It names no child and no hour, and ranks nobody (P-24).

use crate::audit_page;
use crate::error::ClientError;
use crate::exports;
use crate::runtime::Line;
use crate::tablet::Tablet;
use crate::view::{
    AuditCountsView, CountedActRow, CountedPersonRow, CountedStationRow, MonthInput,
};
use protocol::access::Action;
use protocol::{AUDIT_COUNTED, AuditCounts, CountedAct, PersonAudit, ReadAuditCounts};
use std::sync::Arc;

/// The month's page of an officer.
///
/// # Errors
/// `not_allowed`, `value_invalid`, `no_network`, `server_refused`.
pub async fn counts(
    tablet: &Arc<Tablet>,
    input: &MonthInput,
) -> Result<AuditCountsView, ClientError> {
    tablet.require(Action::ReadAuditCounts)?;
    audit_page::span_of(&input.month)?;
    let asked = ReadAuditCounts {
        month: input.month.clone(),
    };
    let found: AuditCounts = Line::of(tablet)?.send("/audit/counts", &asked).await?;
    Ok(AuditCountsView {
        month: input.month.clone(),
        stations: found
            .stations
            .into_iter()
            .map(|station| CountedStationRow {
                station: station.station.to_string(),
                name: station.name,
                reviewed: station.reviewed,
                people: people(tablet, station.people),
            })
            .collect(),
    })
}

/// By name: in no order that says who did most.
fn people(tablet: &Tablet, found: Vec<PersonAudit>) -> Vec<CountedPersonRow> {
    let mut people: Vec<CountedPersonRow> = found
        .into_iter()
        .map(|person| CountedPersonRow {
            staff: person.staff.to_string(),
            name: person.name,
            acts: acts(tablet, person.counts),
        })
        .collect();
    people.sort_by(|one, other| (&one.name, &one.staff).cmp(&(&other.name, &other.staff)));
    people
}

fn acts(tablet: &Tablet, mut counts: Vec<CountedAct>) -> Vec<CountedActRow> {
    counts.sort_by_key(|act| AUDIT_COUNTED.iter().position(|known| *known == act.action));
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    counts
        .into_iter()
        .map(|act| CountedActRow {
            purpose: act
                .purpose
                .map(|code| exports::purpose_words(tablet, &code)),
            action: act.action,
            count: number(act.count),
            rows: number(act.rows),
        })
        .collect()
}
