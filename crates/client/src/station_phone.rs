//! The station's telephone: its head says it once, and every village has it on the page of duties.

use crate::error::ClientError;
use crate::nouns::Noun;
use crate::records::{self, Write};
use crate::roster::Roster;
use crate::station::village_rows;
use crate::tablet::Tablet;
use crate::view::{StationPhoneInput, StationPhoneView};
use crate::work_log::name_of;
use domain::record::Edit;
use domain::station_phone::{BLOCK, StationPhone, is_number};
use domain::work::{self, ENTRIES, Work};
use ids::{DocKind, DocumentId, Role, UnitId};

/// The last number said in a village; of all that are here without one.
fn stands(work: &[Noun<Work>], unit: Option<UnitId>) -> Option<&StationPhone> {
    work.iter()
        .filter(|month| unit.is_none_or(|unit| month.unit == unit))
        .filter_map(|month| month.noun.phone.as_ref())
        .max_by_key(|phone| phone.recorded_ms)
}

/// The number, as it is known here.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn number(tablet: &Tablet) -> Result<Option<String>, ClientError> {
    let nouns = tablet.store.read(|connection| tablet.nouns(connection))?;
    Ok(stands(&nouns.work, None).map(|phone| phone.number.clone()))
}

/// Villages in which another number stands, or none.
fn without(
    tablet: &Tablet,
    roster: &Roster,
    number: &str,
) -> Result<Vec<(UnitId, String)>, ClientError> {
    let mut found = Vec::new();
    for village in village_rows(tablet, roster)? {
        let Ok(unit) = UnitId::parse(&village.village) else {
            continue;
        };
        let there = stands(&roster.work, Some(unit));
        if there.is_none_or(|phone| phone.number != number) {
            found.push((unit, village.name));
        }
    }
    Ok(found)
}

/// The number, and which villages do not have it.
///
/// # Errors
/// `still_loading`.
pub fn view(tablet: &Tablet) -> Result<StationPhoneView, ClientError> {
    let roster = Roster::read(tablet)?;
    let number = stands(&roster.work, None).map(|phone| phone.number.clone());
    let lacking = without(tablet, &roster, number.as_deref().unwrap_or_default())?;
    Ok(StationPhoneView {
        number: number.unwrap_or_default(),
        lacking: lacking.into_iter().map(|(_, name)| name).collect(),
        may_set: tablet.identity.role == Role::Head,
    })
}

/// Says it, in every village that does not have it yet.
///
/// # Errors
/// `head_decides`, `phone_invalid`, `still_loading`, `disk_full`.
pub fn set(tablet: &Tablet, input: &StationPhoneInput) -> Result<StationPhoneView, ClientError> {
    if tablet.identity.role != Role::Head {
        return Err(ClientError::new("head_decides"));
    }
    let number = input.number.trim();
    if !is_number(number) {
        return Err(ClientError::new("phone_invalid"));
    }
    let roster = Roster::read(tablet)?;
    let month = name_of(roster.today);
    let by = tablet.identity.staff.to_string();
    let mut writes = Vec::new();
    for (unit, _) in without(tablet, &roster, number)? {
        let phone = StationPhone {
            number: number.to_owned(),
            recorded_ms: tablet.clock.now_ms(),
        };
        let id = tablet.new_id().to_string();
        let months = roster.work.iter();
        let here = months.filter(|noun| noun.unit == unit && noun.noun.month == month);
        let (document, begun) = match here.map(|noun| noun.id).min() {
            Some(document) => (document, None),
            None => (DocumentId(tablet.new_id()), Some(work::begin(&month))),
        };
        let add = Edit::Add {
            collection: ENTRIES,
            entry: phone.to_entry(id.clone(), &by),
        };
        let edits = begun.into_iter().chain([add]).collect();
        writes.push(Write::new(document, DocKind::Work, unit, edits).labelled(
            BLOCK,
            "站里的电话",
            id,
        ));
    }
    if !writes.is_empty() {
        records::save(tablet, "station_phone_set", &writes)?;
    }
    view(tablet)
}
