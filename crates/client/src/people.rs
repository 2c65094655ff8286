//! The people page: appointments with the approval the law asks for, vetting, leave and who stands in meanwhile. All of it is
//! the server's, so it needs the network (docs/adr/0028).

use crate::contacts::options;
use crate::error::ClientError;
use crate::problems::role_words;
use crate::roster::Roster;
use crate::runtime::Line;
use crate::server::refused_code;
use crate::station;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    AppointInput, CoverInput, CoverRow, EndAppointmentInput, IdInput, OptionView, PeopleView,
    PersonRow, VettingInput,
};
use crate::watermark;
use chrono::{Months, NaiveDate};
use ids::{Role, StaffId, UnitId};
use protocol::access::Action;
use protocol::{
    CoverRecord, CoverVillage, EndCover, EndGrant, GrantPerson, GrantState, PeopleList,
    PersonRecord, RecordVetting, Vetting,
};
use serde::Serialize;
use std::sync::Arc;
use uuid::Uuid;

/// The policy's list of why an appointment ends.
const REASONS: &str = "GRANT_END_REASON";

/// Refusals with words of their own.
const SAID: &[&str] = &[
    "cover_impossible",
    "cover_taken",
    "grant_incomplete",
    "name_missing",
    "namesake_here",
    "namesake_known",
    "own_appointment",
    "revoke_own_last",
    "unit_closed",
];

/// Everybody, as the server knows them now.
///
/// # Errors
/// `not_allowed`, `no_network`, `server_refused`.
pub async fn list(tablet: &Arc<Tablet>) -> Result<PeopleView, ClientError> {
    tablet.require(Action::ReadPeople)?;
    let line = Line::of(tablet)?;
    let list: PeopleList = line.send("/people/list", &()).await?;
    view(tablet, list)
}

/// This person's own appointment and vetting, to be read.
///
/// # Errors
/// `not_found` while the server has none, `no_network`, `server_refused`.
pub async fn own(tablet: &Arc<Tablet>) -> Result<PersonRow, ClientError> {
    tablet.require(Action::ReadOwnGrant)?;
    let line = Line::of(tablet)?;
    let list: PeopleList = line.send("/people/own", &()).await?;
    let reasons = reasons(tablet);
    let mine = list.people.into_iter();
    mine.map(|person| person_row(tablet, person, &reasons))
        .next()
        .ok_or_else(|| ClientError::new("not_found"))
}

/// Appoints a person, or appoints them anew.
///
/// # Errors
/// `pin_again`, `name_missing`, `date_invalid`, `grant_incomplete`, `head_appoints`, `own_appointment`, `namesake_known`
/// until it is said who it is, `namesake_here`, `not_found`, `unit_closed`, `no_network`, `server_refused`.
pub async fn appoint(
    tablet: &Arc<Tablet>,
    input: &AppointInput,
) -> Result<PeopleView, ClientError> {
    let person = input.person.trim();
    if person.is_empty() {
        return Err(ClientError::new("name_missing"));
    }
    let role = Role::parse(&input.role).ok_or_else(|| ClientError::new("not_found"))?;
    let unit = if role.is_at_station() {
        tablet.identity.scope
    } else {
        UnitId::parse(&input.village).map_err(|_| ClientError::new("not_found"))?
    };
    let from = day(&input.from)?;
    let until = match input.until.trim() {
        "" => None,
        text => Some(day(text)?),
    };
    let vetting = match (input.vetted_on.trim(), input.vetting.trim()) {
        ("", "") => None,
        (on, reference) => Some(vetting(tablet, on, reference)?),
    };
    let is_whole = !input.approved_by.trim().is_empty()
        && !input.basis.trim().is_empty()
        && until.is_none_or(|until| until >= from);
    if !is_whole {
        return Err(ClientError::new("grant_incomplete"));
    }
    let replaces = match &input.replaces {
        None => None,
        Some(grant) => Some(id(grant)?),
    };
    let same_as = input.same_as.as_deref().map(staff).transpose()?;
    let asked = GrantPerson {
        id: tablet.new_id(),
        unit,
        role,
        person: person.to_owned(),
        from_ms: system::beginning_of(from),
        until_ms: until.map(end_of).transpose()?,
        approved_by: input.approved_by.trim().to_owned(),
        basis: input.basis.trim().to_owned(),
        vetting,
        replaces,
        same_as,
        is_another: input.another && same_as.is_none(),
    };
    manage(tablet, "/people/grant", &asked)
        .await
        .map_err(|error| match refused_code(&error).as_deref() {
            Some("not_allowed") if role == Role::Head => ClientError::new("head_appoints"),
            _ => error,
        })
}

/// Writes down that a person was vetted.
///
/// # Errors
/// `pin_again`, `date_invalid`, `grant_incomplete`, `not_found`, `own_appointment`, `no_network`, `server_refused`.
pub async fn record_vetting(
    tablet: &Arc<Tablet>,
    input: &VettingInput,
) -> Result<PeopleView, ClientError> {
    let asked = RecordVetting {
        grant: id(&input.grant)?,
        vetting: vetting(tablet, input.vetted_on.trim(), input.vetting.trim())?,
    };
    manage(tablet, "/people/vet", &asked).await
}

/// Ends an appointment: the person's devices are stopped and hand over.
///
/// # Errors
/// `pin_again`, `reason_missing`, `not_found`, `revoke_own_last`, `no_network`, `server_refused`.
pub async fn end_appointment(
    tablet: &Arc<Tablet>,
    input: &EndAppointmentInput,
) -> Result<PeopleView, ClientError> {
    if !reasons(tablet)
        .iter()
        .any(|reason| reason.code == input.reason)
    {
        return Err(ClientError::new("reason_missing"));
    }
    let asked = EndGrant {
        grant: id(&input.grant)?,
        reason: input.reason.clone(),
    };
    let view = manage(tablet, "/people/end", &asked).await?;
    tablet.wrote();
    Ok(view)
}

/// Lets somebody stand in for a village, both days included.
///
/// # Errors
/// `pin_again`, `date_invalid`, `cover_impossible`, `cover_taken`, `not_found`, `no_network`, `server_refused`.
pub async fn cover_village(
    tablet: &Arc<Tablet>,
    input: &CoverInput,
) -> Result<PeopleView, ClientError> {
    let (from, until) = (day(&input.from)?, day(&input.until)?);
    if until < from {
        return Err(ClientError::new("cover_impossible"));
    }
    let asked = CoverVillage {
        id: tablet.new_id(),
        unit: UnitId::parse(&input.village).map_err(|_| ClientError::new("not_found"))?,
        delegate: staff(&input.delegate)?,
        absent: input.absent.as_deref().map(staff).transpose()?,
        from_ms: system::beginning_of(from),
        until_ms: end_of(until)?,
    };
    manage(tablet, "/people/cover", &asked).await
}

/// Standing in ends now.
///
/// # Errors
/// `pin_again`, `not_found`, `no_network`, `server_refused`.
pub async fn end_cover(tablet: &Arc<Tablet>, input: &IdInput) -> Result<PeopleView, ClientError> {
    let asked = EndCover { id: id(&input.id)? };
    manage(tablet, "/people/cover/end", &asked).await
}

async fn manage(
    tablet: &Arc<Tablet>,
    path: &'static str,
    asked: &impl Serialize,
) -> Result<PeopleView, ClientError> {
    tablet.require(Action::ManagePeople)?;
    let line = Line::of(tablet)?;
    let list: PeopleList =
        line.send(path, asked)
            .await
            .map_err(|error| match refused_code(&error).as_deref() {
                Some(code) => SAID
                    .iter()
                    .find(|said| **said == code)
                    .map_or(error, |said| ClientError::new(said)),
                None => error,
            })?;
    view(tablet, list)
}

fn day(text: &str) -> Result<NaiveDate, ClientError> {
    text.trim()
        .parse()
        .map_err(|_| ClientError::new("date_invalid"))
}

/// The moment after a last day.
fn end_of(day: NaiveDate) -> Result<i64, ClientError> {
    day.succ_opt()
        .map(system::beginning_of)
        .ok_or_else(|| ClientError::new("date_invalid"))
}

fn id(text: &str) -> Result<Uuid, ClientError> {
    Uuid::parse_str(text).map_err(|_| ClientError::new("not_found"))
}

fn staff(text: &str) -> Result<StaffId, ClientError> {
    StaffId::parse(text).map_err(|_| ClientError::new("not_found"))
}

fn vetting(tablet: &Tablet, on: &str, reference: &str) -> Result<Vetting, ClientError> {
    let on = day(on)?;
    if on > tablet.today() {
        return Err(ClientError::new("date_future"));
    }
    if reference.is_empty() {
        return Err(ClientError::new("grant_incomplete"));
    }
    Ok(Vetting {
        on: on.to_string(),
        reference: reference.to_owned(),
    })
}

fn reasons(tablet: &Tablet) -> Vec<OptionView> {
    tablet
        .packs()
        .rules_on(tablet.today())
        .map_or_else(Vec::new, |pack| options(pack.list(REASONS), tablet.today()))
}

fn view(tablet: &Tablet, list: PeopleList) -> Result<PeopleView, ClientError> {
    let roster = Roster::read(tablet)?;
    let reasons = reasons(tablet);
    Ok(PeopleView {
        today: tablet.today().to_string(),
        people: list
            .people
            .into_iter()
            .map(|person| person_row(tablet, person, &reasons))
            .collect(),
        covers: list.covers.into_iter().map(cover_row).collect(),
        villages: station::village_rows(tablet, &roster)?,
        reasons,
    })
}

/// The last day of what ends at a moment.
fn last_day(until_ms: i64) -> NaiveDate {
    system::civil_date(until_ms.saturating_sub(1))
}

fn person_row(tablet: &Tablet, person: PersonRecord, reasons: &[OptionView]) -> PersonRow {
    let rules = tablet.rules();
    let today = tablet.today();
    let works = matches!(person.state, GrantState::InForce | GrantState::NotYet);
    let vetted_on = person.vetting.as_ref().map(|vetting| vetting.on.clone());
    // Looked up once is not looked up for good; the rules say for how long.
    let is_fresh = vetted_on
        .as_deref()
        .and_then(|on| on.parse::<NaiveDate>().ok())
        .and_then(|on| on.checked_add_months(Months::new(rules.vetting_months)))
        .is_some_and(|due| due > today);
    let until = person.term.until_ms.map(last_day);
    let warns_on = today + chrono::Days::new(u64::from(rules.grant_warn_days));
    let end_reason = reasons
        .iter()
        .find(|reason| reason.code == person.end_reason)
        .map_or_else(String::new, |reason| reason.label.clone());
    PersonRow {
        grant: person.grant.to_string(),
        staff: person.staff.to_string(),
        mark: watermark::number(person.staff.0),
        this: person.staff == tablet.identity.staff,
        role: person.role.as_str().to_owned(),
        role_words: role_words(Some(person.role)).to_owned(),
        person: person.person,
        village: person.unit.to_string(),
        unit: person.unit_name,
        from: system::civil_date(person.term.from_ms).to_string(),
        ends_soon: works && until.is_some_and(|until| until <= warns_on),
        until: person
            .term
            .ended_ms
            .map(system::civil_date)
            .or(until)
            .map(|day| day.to_string()),
        state: person.state.as_str().to_owned(),
        end_reason,
        approved_by: person.approved_by,
        basis: person.basis,
        vetting: person
            .vetting
            .map_or_else(String::new, |vetting| vetting.reference),
        vetted_on,
        vetted_by: person.vetted_by,
        vetting_due: works && !is_fresh,
        devices: person.devices,
    }
}

fn cover_row(cover: CoverRecord) -> CoverRow {
    CoverRow {
        id: cover.id.to_string(),
        village: cover.unit_name,
        delegate: cover.delegate_name,
        absent: cover.absent_name,
        from: system::civil_date(cover.from_ms).to_string(),
        until: last_day(cover.until_ms).to_string(),
        state: cover.state.as_str().to_owned(),
    }
}
