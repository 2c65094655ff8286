//! 没有网络时登记: a station enrols a director's tablet without the server, under what the server signed beforehand
//! (ADR 0031). What it does is in its trail before the answer leaves it.

use crate::error::ClientError;
use crate::looks;
use crate::runtime::Line;
use crate::standing;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    ComparingView, DelegationView, EnrollableView, ExportFileView, StaffInput, TextInput,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use ids::{Entropy, StaffId};
use protocol::delegation::{self, TRAIL_ACTION, trail_detail};
use protocol::session::proof;
use protocol::{
    Delegated, Delegation, MemberRecord, OfflineAnswer, OfflineRequest, Place, SignedStatement,
    StationCertificate, access, enrolment, wire,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::delegations::{self, DelegatedRow};
use store::{audit, policies, recovery};

/// A request that was read, and the digits that were drawn for it. One at a time, gone with the lock.
#[derive(Default)]
pub(crate) struct Desk(Mutex<Option<(OfflineRequest, String)>>);

impl Desk {
    fn held(&self) -> MutexGuard<'_, Option<(OfflineRequest, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What may be enrolled until when, and the request that is being compared.
///
/// # Errors
/// The store cannot be read.
pub fn view_of(tablet: &Tablet) -> Result<DelegationView, ClientError> {
    let comparing = tablet
        .delegation
        .held()
        .as_ref()
        .map(|(request, digits)| ComparingView {
            digits: digits.clone(),
            compare_code: enrolment::compare_code(&request.transcript(digits)),
        });
    let Some((delegation, _)) = read(tablet)? else {
        return Ok(DelegationView {
            until: None,
            over: false,
            people: Vec::new(),
            comparing,
        });
    };
    let taken = tablet.store.read(delegations::all)?;
    Ok(DelegationView {
        until: Some(system::moment(delegation.until_ms)),
        over: !delegation.holds_at(standing::never_back_ms(tablet)?),
        people: people(&delegation, &taken),
        comparing,
    })
}

/// One line for each person, however many tablets she may have.
fn people(delegation: &Delegation, taken: &[DelegatedRow]) -> Vec<EnrollableView> {
    let mut lines: Vec<(StaffId, EnrollableView)> = Vec::new();
    for place in &delegation.places {
        let row = taken.iter().find(|row| row.device == place.device);
        let line = match lines.iter_mut().find(|(staff, _)| *staff == place.staff) {
            Some((_, line)) => line,
            None => {
                let line = EnrollableView {
                    staff: place.staff.to_string(),
                    person: place.staff_name.0.clone(),
                    unit: place.unit_name.clone(),
                    left: 0,
                    last: None,
                };
                lines.push((place.staff, line));
                &mut lines.last_mut().expect("it was pushed").1
            }
        };
        match row {
            None => line.left += 1,
            Some(row) => line.last = line.last.take().max(Some(system::moment(row.at_ms))),
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Asks the server what this station may enrol without it until tomorrow.
///
/// # Errors
/// `pin_again`, `no_network`, `server_refused`.
pub async fn ask(tablet: &Arc<Tablet>) -> Result<DelegationView, ClientError> {
    if access::wants_pin(access::Action::DelegateEnrolment) {
        tablet.require_step_up()?;
    }
    let statement: SignedStatement = Line::of(tablet)?.send("/enrolments/delegate", &()).await?;
    let delegation =
        believe(tablet, &statement).ok_or_else(|| ClientError::new("server_nonsense"))?;
    let packed = wire::pack(&statement)?;
    tablet.store.write(|tx| {
        delegations::put(tx, &packed)?;
        // It begins now by the server's clock, and its end is judged by that one.
        standing::note_contact(tablet, tx, delegation.from_ms)
    })?;
    tablet.wrote();
    view_of(tablet)
}

/// Reads a tablet's request and draws the digits it is compared by. Only now, so that nobody could make a request that
/// fits them; and anew each time, so that a second guess is a second try.
///
/// # Errors
/// `offline_request`, `too_new`.
pub fn read_request(tablet: &Tablet, input: &TextInput) -> Result<DelegationView, ClientError> {
    let request = OfflineRequest::parse(&input.text).map_err(|error| match error {
        protocol::ProtocolError::TooNew { .. } => ClientError::new("too_new").because(error),
        error => ClientError::new("offline_request").because(error),
    })?;
    let digits = draw(tablet.entropy.as_ref());
    *tablet.delegation.held() = Some((request, digits));
    view_of(tablet)
}

/// The six digits are not the same, or it was the wrong file.
///
/// # Errors
/// The store cannot be read.
pub fn forget_request(tablet: &Tablet) -> Result<DelegationView, ClientError> {
    *tablet.delegation.held() = None;
    view_of(tablet)
}

/// Two people saw the same six digits: the station signs the tablet into a place and writes the answer. A tablet that has
/// a place gets the same one again.
///
/// # Errors
/// `pin_again`, `offline_request` when none was read, `delegation_missing`, `delegation_over`, `place_taken`, `not_found`.
pub fn answer_request(tablet: &Tablet, input: &StaffInput) -> Result<ExportFileView, ClientError> {
    tablet.require_step_up()?;
    let held = tablet.delegation.held().clone();
    let (request, digits) = held.ok_or_else(|| ClientError::new("offline_request"))?;
    let (delegation, statement) =
        read(tablet)?.ok_or_else(|| ClientError::new("delegation_missing"))?;
    let now_ms = standing::never_back_ms(tablet)?;
    let staff = StaffId::parse(&input.staff).map_err(|_| ClientError::new("not_found"))?;
    if !delegation.holds_at(now_ms) {
        return Err(ClientError::new("delegation_over"));
    }
    let rows = tablet.store.read(delegations::all)?;
    let of_place = |place: &Place| rows.iter().find(|row| row.device == place.device);
    let mut places = delegation
        .places
        .iter()
        .filter(|place| place.staff == staff);
    let known = rows.iter().find(|row| row.key == request.device_key);
    let (place, certificate) = match known {
        // Asked for once more, because the stick was lost: the same word again.
        Some(known) => {
            let place = places.find(|place| place.device == known.device);
            let place = place.ok_or_else(|| ClientError::new("place_taken"))?;
            (place, wire::unpack(&known.certificate)?)
        }
        None => {
            let place = places.find(|place| of_place(place).is_none());
            let place = place.ok_or_else(|| ClientError::new("place_taken"))?;
            (place, sign(tablet, &delegation, (&request, place), now_ms)?)
        }
    };
    let answer = OfflineAnswer {
        delegated: Delegated {
            delegation: statement,
            certificate,
        },
        server_key: tablet.enrolled.server_key,
        members: members(tablet, place)?,
        policies: tablet
            .store
            .read(policies::all)?
            .into_iter()
            .map(|row| (row.policy, row.json))
            .collect(),
    };
    let text = answer.seal(&request, &digits, tablet.entropy.as_ref())?;
    *tablet.delegation.held() = None;
    Ok(ExportFileView {
        file_name: "zoufang-answer.txt".to_owned(),
        bytes: STANDARD.encode(text),
    })
}

/// Signs, and says so in the trail and in the list of what was taken, all of it on the disk before anybody gets it.
fn sign(
    tablet: &Tablet,
    delegation: &Delegation,
    (request, place): (&OfflineRequest, &Place),
    at_ms: i64,
) -> Result<SignedStatement, ClientError> {
    let certificate = StationCertificate {
        delegation: delegation.id,
        device: place.device,
        key: request.device_key,
        at_ms,
    };
    let signed = delegation::certify(&tablet.key, &certificate)?;
    let row = DelegatedRow {
        device: place.device,
        key: request.device_key,
        certificate: wire::pack(&signed)?,
        at_ms,
    };
    tablet.store.write(|tx| {
        delegations::note(tx, &row)?;
        let entry = looks::row(tablet, TRAIL_ACTION, &place.device.to_string());
        audit::append_with(tx, &entry, &trail_detail(&request.device_key))
    })?;
    tablet.wrote();
    Ok(signed)
}

/// Who and what the organisation is, as far as a director of that village sees it, as the server signed it.
fn members(tablet: &Tablet, place: &Place) -> Result<Vec<SignedStatement>, ClientError> {
    let key = server_key(tablet)?;
    let kept = tablet.store.read(recovery::members)?;
    Ok(kept
        .into_iter()
        .map(|kept| SignedStatement {
            body: kept.body,
            signature: kept.signature,
        })
        .filter(
            |statement| match proof::open_statement::<MemberRecord>(&key, statement) {
                Ok(MemberRecord::Unit { .. } | MemberRecord::Form { .. }) => true,
                Ok(MemberRecord::Staff { unit, .. } | MemberRecord::Device { unit, .. }) => {
                    unit == place.unit || unit == tablet.identity.scope
                }
                Err(_) => false,
            },
        )
        .collect())
}

/// What the server signed last, when it is for this device.
fn read(tablet: &Tablet) -> Result<Option<(Delegation, SignedStatement)>, ClientError> {
    let Some(packed) = tablet.store.read(delegations::get)? else {
        return Ok(None);
    };
    let statement: SignedStatement = wire::unpack(&packed)?;
    Ok(believe(tablet, &statement).map(|delegation| (delegation, statement)))
}

fn believe(tablet: &Tablet, statement: &SignedStatement) -> Option<Delegation> {
    let key = server_key(tablet).ok()?;
    let delegation: Delegation = proof::open_statement(&key, statement).ok()?;
    let is_ours = delegation.station == tablet.identity.device
        && delegation.station_key == tablet.key.verifying_key().to_bytes();
    is_ours.then_some(delegation)
}

fn server_key(tablet: &Tablet) -> Result<VerifyingKey, ClientError> {
    VerifyingKey::from_bytes(&tablet.enrolled.server_key)
        .map_err(|error| ClientError::new("internal").because(error))
}

/// Eight digits, evenly among all of them.
fn draw(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    format!("{:08}", u64::from_be_bytes(bytes) % 100_000_000)
}

/// Whether the server has not heard of a tablet by this station's trail, so that the trail does not wait for company.
pub(crate) fn is_untold(tablet: &Tablet) -> Result<bool, ClientError> {
    Ok(tablet.store.read(delegations::is_untold)?)
}

/// A sync brought its part of the trail. Told is what lies in a trail that went out whole: a tablet enrolled meanwhile, or
/// behind more rows than one sync brings, waits for the next one and hurries that as well.
pub(crate) fn note_told(tablet: &Tablet) -> Result<(), ClientError> {
    if !is_untold(tablet)? {
        return Ok(());
    }
    let now_ms = tablet.clock.now_ms();
    tablet.store.write(|tx| {
        let chains = audit::unsent(tx, now_ms)?;
        if chains.iter().all(|chain| chain.rows == 0) {
            delegations::set_told(tx)?;
        }
        Ok::<_, store::StoreError>(())
    })?;
    Ok(())
}
