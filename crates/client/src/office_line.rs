//! What the station does on the server itself, so it needs the network: villages, enrolments, the list of devices.

use crate::contacts::options;
use crate::error::ClientError;
use crate::problems::role_words;
use crate::roster::Roster;
use crate::runtime::{self, Line};
use crate::server::refused_code;
use crate::station;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    ConfirmEnrolmentInput, DeviceRefusal, DeviceRow, DevicesView, EnrolmentView, IdInput,
    NewEnrolmentInput, NewVillageInput, OptionView, RevokeInput, VillageListView, WipeView,
};
use crate::watermark;
use ids::{DeviceId, Role, UnitId};
use protocol::access::{self, Action};
use protocol::retry::{self, Cause, Remedy};
use protocol::{
    ConfirmEnrolment, CreateEnrolment, CreateVillage, DeviceList, DeviceRecord, EnrolmentStatus,
    ReadEnrolment, RefusalCode, RefusalList, RevokeDevice, VillageList,
};
use qrcode::QrCode;
use qrcode::render::svg;
use std::sync::Arc;
use uuid::Uuid;

/// The policy's list of why a device is stopped.
const REASONS: &str = "REVOKE_REASON";
/// Those of them that only the server gives (ADR 0031); nobody chooses one.
const BY_THE_SERVER: [&str; 3] = ["station_stopped", "not_appointed", "enrolled_too_late"];

/// Creates a village.
///
/// # Errors
/// `name_missing`, `region_invalid`, `village_exists`, `no_network`, `server_refused`.
pub async fn create_village(
    tablet: &Arc<Tablet>,
    input: &NewVillageInput,
) -> Result<VillageListView, ClientError> {
    let name = input.name.trim();
    if name.is_empty() {
        return Err(ClientError::new("name_missing"));
    }
    let region = input.region.trim();
    if region.len() != 12 || !region.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ClientError::new("region_invalid"));
    }
    let line = Line::of(tablet)?;
    let _: VillageList = line
        .send(
            "/villages",
            &CreateVillage {
                name: name.to_owned(),
                region: region.to_owned(),
            },
        )
        .await
        .map_err(|error| match refused_code(&error).as_deref() {
            Some("village_exists") => ClientError::new("village_exists"),
            Some("region_invalid") => ClientError::new("region_invalid"),
            _ => error,
        })?;
    // The village arrives as a MEMBER entry like everything else.
    runtime::once(tablet, || ()).await?;
    station::villages(tablet)
}

/// People and devices, as the server knows them now.
///
/// # Errors
/// `no_network`, `server_refused`.
pub async fn devices(tablet: &Arc<Tablet>) -> Result<DevicesView, ClientError> {
    let line = Line::of(tablet)?;
    let list: DeviceList = line.send("/devices/list", &()).await?;
    devices_view(tablet, &line, list).await
}

/// Stops a device, and orders that it be wiped if that is wanted.
///
/// # Errors
/// `pin_again`, `not_found`, `revoke_own_last`, `reason_missing`, `no_network`, `server_refused`.
pub async fn revoke_device(
    tablet: &Arc<Tablet>,
    input: &RevokeInput,
) -> Result<DevicesView, ClientError> {
    let device = DeviceId::parse(&input.device).map_err(|_| ClientError::new("not_found"))?;
    let known = tablet.packs().rules_on(tablet.today()).is_some_and(|pack| {
        pack.list(REASONS)
            .iter()
            .any(|item| item.code == input.reason)
    });
    if !known {
        return Err(ClientError::new("reason_missing"));
    }
    tablet.require_step_up()?;
    let line = Line::of(tablet)?;
    let asked = RevokeDevice {
        device,
        reason: input.reason.clone(),
        wipe: input.wipe,
        without_photos: input.without_photos,
    };
    let list: DeviceList = line
        .send("/devices/revoke", &asked)
        .await
        .map_err(|error| match refused_code(&error).as_deref() {
            Some("revoke_own_last") => ClientError::new("revoke_own_last"),
            _ => error,
        })?;
    tablet.wrote();
    devices_view(tablet, &line, list).await
}

async fn devices_view(
    tablet: &Arc<Tablet>,
    line: &Line<'_>,
    list: DeviceList,
) -> Result<DevicesView, ClientError> {
    let refused: RefusalList = line.send("/refusals/list", &()).await?;
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let reasons = packs
        .rules_on(tablet.today())
        .map_or_else(Vec::new, |pack| options(pack.list(REASONS), tablet.today()));
    Ok(DevicesView {
        devices: list
            .devices
            .into_iter()
            .map(|device| device_row(tablet, device, &refused, &reasons))
            .collect(),
        villages: station::village_rows(tablet, &roster)?,
        reasons: reasons
            .into_iter()
            .filter(|reason| !BY_THE_SERVER.contains(&reason.code.as_str()))
            .collect(),
    })
}

fn device_row(
    tablet: &Tablet,
    device: DeviceRecord,
    refused: &RefusalList,
    reasons: &[OptionView],
) -> DeviceRow {
    let why = |code: &str| {
        let known = reasons.iter().find(|reason| reason.code == code);
        known.map_or_else(String::new, |reason| reason.label.clone())
    };
    DeviceRow {
        device: device.device.to_string(),
        mark: watermark::number(device.device.0),
        person: device.staff_name,
        role: role_words(Some(device.role)).to_owned(),
        unit: device.unit_name,
        village: device.unit.to_string(),
        enrolled: system::moment(device.enrolled_ms),
        seen: device.seen_ms.map(system::moment),
        this: device.device == tablet.identity.device,
        refusals: refused
            .refusals
            .iter()
            .filter(|refusal| refusal.device == device.device)
            .map(|refusal| DeviceRefusal {
                reason: refusal.code.as_str().to_owned(),
                kind: refusal.kind.map(|kind| kind.as_str().to_owned()),
                todo: todo(refusal.code).to_owned(),
                changes: refusal.changes,
                last: system::moment(refusal.last_ms),
            })
            .collect(),
        stopped: device.revoked_ms.map(system::moment),
        stopped_why: why(&device.revoked_why),
        unsent: device.unsent.map(|unsent| unsent.changes),
        drafts: device.unsent.map(|unsent| unsent.drafts),
        photos: device.unsent.map(|unsent| unsent.photos),
        to_review: device.to_review,
        wipe: device.wipe.map(|wipe| {
            let unsent = wipe.unsent.unwrap_or_default();
            WipeView {
                ordered: system::moment(wipe.ordered_ms),
                receipt: wipe.receipt_ms.map(system::moment),
                changes: unsent.changes,
                drafts: unsent.drafts,
                photos: unsent.photos,
                trail: unsent.trail,
                without_photos: wipe.without_photos,
            }
        }),
    }
}

/// What the station can do about a refusal.
fn todo(code: RefusalCode) -> &'static str {
    match retry::remedy(code) {
        Remedy::SameAgain(Cause::Belonging) => "belonging",
        Remedy::SameAgain(Cause::Enrolment) => "enrolment",
        Remedy::SameAgain(Cause::Document | Cause::Transit) | Remedy::MakeAnew { .. } => "wait",
        Remedy::Person => "person",
    }
}

/// Makes a one-time code for a director's tablet, or for a supervisor or head at this station.
///
/// # Errors
/// `name_missing`, `not_found`, `pin_again`, `head_appoints`, `grant_missing`, `vetting_missing`, `unit_closed`,
/// `no_network`, `server_refused`.
pub async fn new_enrolment(
    tablet: &Arc<Tablet>,
    input: &NewEnrolmentInput,
) -> Result<EnrolmentView, ClientError> {
    let person = input.person.trim();
    if person.is_empty() {
        return Err(ClientError::new("name_missing"));
    }
    let role = Role::parse(&input.role).ok_or_else(|| ClientError::new("not_found"))?;
    require_pin_for(tablet, role)?;
    let line = Line::of(tablet)?;
    let unit = if role.is_at_station() {
        tablet.identity.scope
    } else {
        UnitId::parse(&input.village).map_err(|_| ClientError::new("not_found"))?
    };
    let status: EnrolmentStatus = line
        .send(
            "/enrolments",
            &CreateEnrolment {
                unit,
                role,
                person: person.to_owned(),
            },
        )
        .await
        .map_err(|error| match refused_code(&error).as_deref() {
            Some("grant_missing") => ClientError::new("grant_missing"),
            Some("vetting_missing") => ClientError::new("vetting_missing"),
            Some("unit_closed") => ClientError::new("unit_closed"),
            _ => appointing(role, error),
        })?;
    view(&status)
}

/// A device of the station reads the whole township: whoever finds one unlocked does not make another. Whether the person
/// is appointed, and a head is hers to enrol, the server knows.
fn require_pin_for(tablet: &Tablet, role: Role) -> Result<(), ClientError> {
    if role.is_at_station() && access::wants_pin(Action::ManagePeople) {
        tablet.require_step_up()?;
    }
    Ok(())
}

/// Why a head could not be enrolled is worth words of its own: the person has a right to the button, not to this.
fn appointing(role: Role, error: ClientError) -> ClientError {
    match refused_code(&error).as_deref() {
        Some("not_allowed") if role == Role::Head => ClientError::new("head_appoints"),
        _ => error,
    }
}

/// How an enrolment stands.
///
/// # Errors
/// `not_found`, `no_network`, `server_refused`.
pub async fn enrolment(
    tablet: &Arc<Tablet>,
    input: &IdInput,
) -> Result<EnrolmentView, ClientError> {
    let line = Line::of(tablet)?;
    let enrolment = Uuid::parse_str(&input.id).map_err(|_| ClientError::new("not_found"))?;
    let status: EnrolmentStatus = line
        .send("/enrolments/status", &ReadEnrolment { enrolment })
        .await?;
    view(&status)
}

/// A person at the station says the six digits are the same on both sides; for a device of the station with her PIN.
///
/// # Errors
/// `not_found`, `pin_again`, `no_network`, `server_refused`.
pub async fn confirm_enrolment(
    tablet: &Arc<Tablet>,
    input: &ConfirmEnrolmentInput,
) -> Result<EnrolmentView, ClientError> {
    let line = Line::of(tablet)?;
    let enrolment = Uuid::parse_str(&input.id).map_err(|_| ClientError::new("not_found"))?;
    // Whose device it becomes is asked of the server, and not of the screen that says yes.
    let asked: EnrolmentStatus = line
        .send("/enrolments/status", &ReadEnrolment { enrolment })
        .await?;
    require_pin_for(tablet, asked.role)?;
    let status: EnrolmentStatus = line
        .send(
            "/enrolments/confirm",
            &ConfirmEnrolment {
                enrolment,
                compare_code: input.compare_code.clone(),
            },
        )
        .await?;
    view(&status)
}

/// A QR code as a picture.
pub(crate) fn qr_svg(text: &str) -> Result<String, ClientError> {
    Ok(QrCode::new(text.as_bytes())
        .map_err(|error| ClientError::new("internal").because(error))?
        .render::<svg::Color<'_>>()
        .min_dimensions(320, 320)
        .build())
}

fn view(status: &EnrolmentStatus) -> Result<EnrolmentView, ClientError> {
    let qr_svg = if status.qr.is_empty() {
        String::new()
    } else {
        qr_svg(&status.qr)?
    };
    Ok(EnrolmentView {
        enrolment: status.enrolment.to_string(),
        qr_svg,
        qr_text: status.qr.clone(),
        code: status.code.clone(),
        address: status.address.clone(),
        expires: system::moment(status.expires_ms),
        state: status.state.as_str().to_owned(),
        compare_code: status.compare_code.clone(),
        village: status.unit_name.clone(),
        person: status.person.clone(),
    })
}
