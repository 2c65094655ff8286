//! 操作记录 at the station: the month's review (P-11). It says who looked at what and what was decided, so that a person can
//! ask; it neither ranks nor times anybody (P-24).

use crate::error::ClientError;
use crate::looks;
use crate::problems::role_words;
use crate::restricted;
use crate::roster::{People, Roster};
use crate::runtime::{self, Line};
use crate::system;
use crate::tablet::Tablet;
use crate::trail::Trail;
use crate::view::{
    AuditChildRow, AuditCountRow, AuditEventRow, AuditFaultRow, AuditMonthView, AuditPersonInput,
    AuditPersonRow, AuditPersonView, AuditReviewRow, AuditUnusualRow, MonthInput,
};
use chrono::NaiveDate;
use ids::{DeviceId, Role, StaffId, UnitId};
use protocol::{AuditPage, AuditRecord, AuditTaken, ReadAudit};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use store::{audit, members};

/// Looks, in the order they are shown.
const LOOKS: [&str; 10] = [
    "view_child",
    "view_visit",
    "view_problem",
    "view_attachment",
    "view_restricted",
    "search_number",
    "view_conflict",
    "view_inbox",
    "view_late",
    "view_list",
];

/// What devices write that the page lists one by one. What the server writes is listed wholly.
const EVENTS: [&str; 29] = [
    "opened_urgently",
    "opening_reviewed",
    "confidential_kept",
    "status_answered",
    "round_opened",
    "round_taken_back",
    "handler_named",
    "export_made",
    "export_taken",
    "packet_made",
    "packet_received",
    "packet_ended",
    "import_previewed",
    "import_confirmed",
    "import_result_taken",
    "print_made",
    "incident_begun",
    "incident_step",
    "yearly_pack_made",
    "field_shown",
    "unlock_failed",
    "step_up_refused",
    "pin_changed",
    "key_renewed",
    "enrolled_offline",
    "recovered",
    "clock_went_back",
    "views_not_noted",
    "begin_memory",
];

/// Somebody looked a month through; the month is what it is about.
pub(crate) const REVIEWED: &str = "audit_reviewed";

/// The month's page.
///
/// # Errors
/// `value_invalid`, `no_network`, `server_refused`.
pub async fn month(
    tablet: &Arc<Tablet>,
    input: &MonthInput,
) -> Result<AuditMonthView, ClientError> {
    let span = span_of(&input.month)?;
    bring(tablet).await?;
    let actions = EVENTS.iter().map(ToString::to_string).collect();
    let found = read(tablet, span, None, actions).await?;
    let looks = read(tablet, span, None, vec![LOOKS[0].to_owned()]).await?;
    // A month is mostly looked through after its end.
    let reviewed = (span.0, i64::MAX);
    let reviews = read(tablet, reviewed, None, vec![REVIEWED.to_owned()]).await?;
    let names = Names::read(tablet)?;
    Ok(AuditMonthView {
        month: input.month.clone(),
        people: people(&found, &names),
        unusual: unusual(tablet, &looks, &names)?,
        events: found
            .rows
            .iter()
            .map(|record| event(record, &names, tablet))
            .collect(),
        faults: found
            .faults
            .iter()
            .map(|fault| AuditFaultRow {
                person: names.of_device(fault.device).unwrap_or_default(),
                kind: fault.kind.as_str().to_owned(),
            })
            .collect(),
        reviews: reviews
            .rows
            .iter()
            .filter(|record| record.row.action == REVIEWED && record.row.object == input.month)
            .map(|record| AuditReviewRow {
                by: names.of_staff(record.row.staff),
                at: system::moment(record.row.at_ms),
            })
            .collect(),
    })
}

/// 看过了: that is a row too.
///
/// # Errors
/// As [`month`].
pub async fn review(
    tablet: &Arc<Tablet>,
    input: &MonthInput,
) -> Result<AuditMonthView, ClientError> {
    span_of(&input.month)?;
    let (worker, month_) = (tablet.clone(), input.month.clone());
    runtime::off_the_loop(move || {
        let row = looks::row(&worker, REVIEWED, &month_);
        worker.store.write(|tx| audit::append(tx, &row))
    })
    .await??;
    month(tablet, input).await
}

/// Whose files one person opened in a month.
///
/// # Errors
/// As [`month`].
pub async fn person(
    tablet: &Arc<Tablet>,
    input: &AuditPersonInput,
) -> Result<AuditPersonView, ClientError> {
    let span = span_of(&input.month)?;
    let staff = StaffId::parse(&input.staff).map_err(|_| ClientError::new("not_found"))?;
    bring(tablet).await?;
    let found = read(tablet, span, Some(staff), vec!["view_child".to_owned()]).await?;
    let roster = Roster::read(tablet)?;
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for record in &found.rows {
        if record.row.action == "view_child" {
            *counts.entry(&record.row.object).or_default() += 1;
        }
    }
    let mut elsewhere = 0;
    let mut children = Vec::new();
    for (id, count) in counts {
        match roster.child_or_guest(id) {
            Ok(child) => children.push(AuditChildRow {
                child: id.to_owned(),
                name: child.name(),
                village: roster.people.unit_name(child.unit),
                count,
            }),
            Err(_) => elsewhere += 1,
        }
    }
    children.sort_by(|one, other| (&one.village, &one.name).cmp(&(&other.village, &other.name)));
    let (worker, list, count) = (
        tablet.clone(),
        format!("audit_person/{staff}"),
        children.len(),
    );
    runtime::off_the_loop(move || looks::note_list(&worker, &list, count)).await??;
    Ok(AuditPersonView {
        person: roster.people.name(staff),
        children,
        elsewhere,
    })
}

/// Everything this person did with these codes since a moment, on whichever device: her own rows are brought first.
///
/// # Errors
/// `no_network`, `server_refused`.
pub(crate) async fn of_mine(
    tablet: &Arc<Tablet>,
    since_ms: i64,
    actions: &[&str],
) -> Result<Vec<AuditRecord>, ClientError> {
    bring(tablet).await?;
    let actions = actions.iter().map(ToString::to_string).collect();
    let me = Some(tablet.identity.staff);
    Ok(read(tablet, (since_ms, i64::MAX), me, actions).await?.rows)
}

/// The rows of these exports. A device that tries one again writes it down again, under the same number: that is one.
pub(crate) fn rows_left<'a>(records: impl Iterator<Item = &'a AuditRecord>) -> u64 {
    let mut numbered: HashMap<(Option<DeviceId>, &str), u64> = HashMap::new();
    let mut others = 0_u64;
    for record in records {
        let named = named(&record.row.detail);
        let Some(rows) = named.get("rows").and_then(|rows| rows.parse::<u64>().ok()) else {
            continue;
        };
        match named.get("number") {
            Some(number) => {
                let most = numbered.entry((record.device, *number)).or_default();
                *most = rows.max(*most);
            }
            None => others = others.saturating_add(rows),
        }
    }
    numbered.into_values().fold(others, u64::saturating_add)
}

/// Everything of a stretch of time: the first page's counts, and all rows with these codes.
pub(crate) async fn read(
    tablet: &Arc<Tablet>,
    (from_ms, until_ms): (i64, i64),
    staff: Option<StaffId>,
    actions: Vec<String>,
) -> Result<AuditPage, ClientError> {
    let line = Line::of(tablet)?;
    let mut asked = ReadAudit {
        from_ms,
        until_ms,
        staff,
        actions,
        page: None,
    };
    let mut all: AuditPage = line.send("/audit/list", &asked).await?;
    while let Some(next) = all.next {
        asked.page = Some(next);
        let page: AuditPage = line.send("/audit/list", &asked).await?;
        if page.next == Some(next) {
            return Err(ClientError::new("server_nonsense"));
        }
        all.rows.extend(page.rows);
        all.next = page.next;
    }
    all.rows.sort_by_key(|record| record.row.at_ms);
    Ok(all)
}

/// Brings this device's own rows first: whoever reads the trail is in it.
pub(crate) async fn bring(tablet: &Arc<Tablet>) -> Result<(), ClientError> {
    let line = Line::of(tablet)?;
    let mut trail = Trail::begin(tablet, true)?;
    while let Some(part) = trail.next(tablet)? {
        let taken: AuditTaken = line.send("/audit/bring", &part).await?;
        trail.hear(tablet, &taken)?;
    }
    Ok(())
}

/// A month's beginning and end in Shanghai, in milliseconds.
pub(crate) fn span_of(month: &str) -> Result<(i64, i64), ClientError> {
    let invalid = || ClientError::new("value_invalid").with("value", month);
    let first: chrono::NaiveDate = format!("{month}-01").parse().map_err(|_| invalid())?;
    let next = first
        .checked_add_months(chrono::Months::new(1))
        .ok_or_else(invalid)?;
    Ok((system::beginning_of(first), system::beginning_of(next)))
}

/// A year's beginning and end.
pub(crate) fn span_of_year(year: u16) -> Result<(i64, i64), ClientError> {
    let (from_ms, _) = span_of(&format!("{year:04}-01"))?;
    let (_, until_ms) = span_of(&format!("{year:04}-12"))?;
    Ok((from_ms, until_ms))
}

fn people(found: &AuditPage, names: &Names) -> Vec<AuditPersonRow> {
    let mut by_person: BTreeMap<(String, String, StaffId), Vec<AuditCountRow>> = BTreeMap::new();
    for count in &found.counts {
        let Some(staff) = count.staff else { continue };
        if !LOOKS.contains(&count.action.as_str()) {
            continue;
        }
        by_person
            .entry((names.region_of(staff), names.of_staff(Some(staff)), staff))
            .or_default()
            .push(AuditCountRow {
                action: count.action.clone(),
                count: u32::try_from(count.count).unwrap_or(u32::MAX),
            });
    }
    by_person
        .into_iter()
        .map(|((_, person, staff), mut looks)| {
            looks.sort_by_key(|row| LOOKS.iter().position(|look| *look == row.action));
            AuditPersonRow {
                staff: staff.to_string(),
                person,
                role: role_words(names.people.role(staff)).to_owned(),
                unit: names.people.unit_of(staff),
                looks,
            }
        })
        .collect()
}

/// Who opened, within a day, the files of many more children than a village has: said to the head, so that she asks what it
/// was for. No order, no sum, and nothing follows by itself.
fn unusual(
    tablet: &Tablet,
    looks: &AuditPage,
    names: &Names,
) -> Result<Vec<AuditUnusualRow>, ClientError> {
    if tablet.identity.role != Role::Head && !restricted::is_headless(tablet, |_| false)? {
        return Ok(Vec::new());
    }
    let roster = Roster::read(tablet)?;
    let mut villages: HashMap<UnitId, u32> = HashMap::new();
    for child in &roster.children {
        *villages.entry(child.unit).or_default() += 1;
    }
    let largest = villages.values().copied().max().unwrap_or_default();
    let mut days: BTreeMap<(NaiveDate, StaffId), BTreeSet<&str>> = BTreeMap::new();
    for record in looks.rows.iter().filter(|one| one.row.action == LOOKS[0]) {
        let Some(staff) = record.row.staff else {
            continue;
        };
        days.entry((system::civil_date(record.row.at_ms), staff))
            .or_default()
            .insert(&record.row.object);
    }
    let times = tablet.rules().unusual_looks_times;
    let rows = days.into_iter().filter_map(|((day, staff), children)| {
        // Whoever works for the township has no village of her own: the largest is the measure.
        let unit = names.people.home(staff);
        let size = unit
            .and_then(|unit| villages.get(&unit))
            .copied()
            .unwrap_or(largest);
        let opened = u32::try_from(children.len()).unwrap_or(u32::MAX);
        (size > 0 && opened >= times.saturating_mul(size)).then(|| AuditUnusualRow {
            day: day.to_string(),
            person: names.of_staff(Some(staff)),
            children: opened,
            size,
        })
    });
    Ok(rows.collect())
}

/// What a row's detail names: `rows=12`.
pub(crate) fn named(detail: &str) -> HashMap<&str, &str> {
    let parts = detail.split(' ');
    parts.filter_map(|part| part.split_once('=')).collect()
}

fn event(record: &AuditRecord, names: &Names, tablet: &Tablet) -> AuditEventRow {
    let row = &record.row;
    let named = named(&row.detail);
    let count = named
        .get("rows")
        .or_else(|| named.get("count"))
        .and_then(|count| count.parse().ok());
    AuditEventRow {
        at: system::moment(row.at_ms),
        action: row.action.clone(),
        by: row.staff.map(|staff| names.of_staff(Some(staff))),
        by_operator: record.by_operator,
        about: names.of_object(&row.object),
        paper: (row.action == "print_made")
            .then(|| named.get("what").map(ToString::to_string))
            .flatten(),
        number: named.get("number").map(ToString::to_string),
        purpose: named
            .get("purpose")
            .map(|code| crate::exports::purpose_words(tablet, code)),
        count,
        full_numbers: named.get("full_numbers") == Some(&"1"),
    }
}

/// Names of what the rows name by id.
struct Names {
    people: People,
    devices: HashMap<DeviceId, StaffId>,
}

impl Names {
    fn read(tablet: &Tablet) -> Result<Self, ClientError> {
        let devices = tablet.store.read(members::devices)?;
        Ok(Self {
            people: People::read(tablet)?,
            devices: devices
                .into_iter()
                .map(|device| (device.device, device.staff))
                .collect(),
        })
    }

    fn of_staff(&self, staff: Option<StaffId>) -> String {
        staff.map_or_else(String::new, |staff| self.people.name(staff))
    }

    fn of_device(&self, device: DeviceId) -> Option<String> {
        self.devices
            .get(&device)
            .map(|staff| self.people.name(*staff))
    }

    fn region_of(&self, staff: StaffId) -> String {
        self.people.region_of(staff).to_owned()
    }

    /// A device by its holder, a unit by its name. A record has no name here: who looks at a month need not see whose.
    fn of_object(&self, object: &str) -> Option<String> {
        let id = uuid::Uuid::parse_str(object).ok()?;
        let unit = self.people.unit_name(UnitId(id));
        if unit.is_empty() {
            self.of_device(DeviceId(id))
        } else {
            Some(unit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ids::audit::AuditEntry;
    use uuid::Uuid;

    fn exported(device: u128, detail: &str) -> AuditRecord {
        AuditRecord {
            device: Some(DeviceId(Uuid::from_u128(device))),
            at_server: false,
            by_operator: false,
            row: AuditEntry {
                number: 1,
                at_ms: 0,
                staff: None,
                action: "export_made".to_owned(),
                object: String::new(),
                detail: detail.to_owned(),
            },
        }
    }

    #[test]
    fn an_export_a_device_tried_again_counts_once() {
        let records = [
            exported(1, "number=E-1 rows=3"),
            exported(1, "number=E-1 rows=4"),
            exported(2, "number=E-1 rows=5"),
            exported(1, "number=E-2 rows=6"),
            exported(1, "rows=7"),
            exported(1, "rows=7"),
            exported(1, "number=E-3"),
        ];
        assert_eq!(rows_left(records.iter()), 4 + 5 + 6 + 7 + 7);
    }
}
