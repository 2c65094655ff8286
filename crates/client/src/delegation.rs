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
use ids::{DeviceId, DocKind, Entropy, Role, StaffId, UnitId};
use protocol::access::{Action, Context, Holder, Resource, Subject};
use protocol::delegation::{self, TRAIL_ACTION, trail_detail};
use protocol::envelope::SignedHead;
use protocol::session::proof;
use protocol::{
    Delegated, Delegation, DocumentHeader, DocumentSnapshot, EnvelopeIndex, MemberRecord,
    OfflineAnswer, OfflineRequest, Place, SignedStatement, StationCertificate, access, enrolment,
    limits, wire,
};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::changes::{self, Change};
use store::delegations::{self, DelegatedRow};
use store::documents::{self, DocumentHead};
use store::recovery::{self, Statement};
use store::{audit, policies};

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
    let (documents, documents_total) = carried_to(tablet, place)?;
    let answer = OfflineAnswer {
        delegated: Delegated {
            delegation: statement,
            certificate,
        },
        server_key: tablet.enrolled.server_key,
        members: members(tablet, place, &documents)?,
        policies: tablet
            .store
            .read(policies::all)?
            .into_iter()
            .map(|row| (row.policy, row.json))
            .collect(),
        orders: tablet
            .store
            .read(recovery::orders)?
            .into_iter()
            .map(signed)
            .collect(),
        documents: documents.into_iter().map(|one| one.snapshot).collect(),
        documents_total,
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

/// A document that is carried, and who wrote in it.
struct Carried {
    snapshot: DocumentSnapshot,
    writers: Vec<(DeviceId, StaffId)>,
}

/// The village's documents as a director there may read them, and how many there are. Only what is in the server's log: to
/// what this station has not sent yet nobody has agreed, and it comes with the first contact. Whole documents, as many
/// as go into a file, households and children before everything else.
fn carried_to(tablet: &Tablet, place: &Place) -> Result<(Vec<Carried>, u32), ClientError> {
    let director = Holder {
        device: place.device,
        staff: place.staff,
        role: Role::Director,
        unit: place.unit,
        scope: tablet.identity.scope,
        covers: None,
    };
    tablet.store.read(|connection| {
        let mut found = Vec::new();
        for (document, unit, _) in documents::seen(connection)? {
            if unit != place.unit {
                continue;
            }
            let head = documents::head(connection, document)?;
            found.extend(head.filter(|head| may_read(director, head)));
        }
        found.sort_by_key(|head| {
            let later = !matches!(head.kind, DocKind::Household | DocKind::Child);
            (later, head.document)
        });
        let mut carried = Vec::new();
        let mut total = 0;
        let mut room = limits::OFFLINE_DOCUMENTS_BYTES;
        for head in found {
            let changes = changes::published(connection, head.document, head.generation)?;
            let Some(one) = carry(&head, &changes)? else {
                continue;
            };
            total += 1;
            let bytes: usize = changes
                .iter()
                .map(|change| change.body.len() + change.head.len() + change.signature.len())
                .sum();
            if let Some(rest) = room.checked_sub(bytes) {
                room = rest;
                carried.push(one);
            }
        }
        Ok((carried, total))
    })
}

fn may_read(holder: Holder, head: &DocumentHead) -> bool {
    let Some(header) = header_of(head) else {
        return false;
    };
    let resource = Resource::Document {
        kind: head.kind,
        home_unit: head.home_unit,
        scope: holder.scope,
        creator: header.creator,
        // What its village only knows of comes with the first contact with the server.
        guest: None,
    };
    let subject = Subject::Device(holder);
    access::decide(subject, Action::ReadDocument, resource, Context::default()).is_allowed()
}

fn header_of(head: &DocumentHead) -> Option<DocumentHeader> {
    wire::unpack(head.header.as_deref()?).ok()
}

/// A document as it is carried; none of one the server has nothing of.
fn carry(head: &DocumentHead, changes: &[Change]) -> Result<Option<Carried>, ClientError> {
    let Some(header) = header_of(head).filter(|_| !changes.is_empty()) else {
        return Ok(None);
    };
    let index = |change: &Change| {
        let length = u32::try_from(change.body.len())
            .map_err(|error| ClientError::new("internal").because(error))?;
        Ok::<_, ClientError>(EnvelopeIndex {
            seq: 0,
            at_ms: 0,
            length,
            signed: SignedHead {
                head: change.head.clone(),
                signature: change.signature.clone(),
            },
        })
    };
    let snapshot = DocumentSnapshot {
        document: head.document,
        generation: head.generation,
        kind: head.kind,
        home_unit: head.home_unit,
        header,
        changes: changes
            .iter()
            .flat_map(|change| change.body.iter().copied())
            .collect(),
        envelopes: changes.iter().map(index).collect::<Result<_, _>>()?,
        authors: Vec::new(),
        author_statements: Vec::new(),
    };
    let writers = changes
        .iter()
        .map(|change| (change.device, change.staff))
        .collect();
    Ok(Some(Carried { snapshot, writers }))
}

/// Who and what the organisation is, as far as a director of that village sees it, and whoever wrote in what she gets, as
/// the server signed it.
fn members(
    tablet: &Tablet,
    place: &Place,
    carried: &[Carried],
) -> Result<Vec<SignedStatement>, ClientError> {
    let key = server_key(tablet)?;
    let kept = tablet.store.read(recovery::members)?;
    let (devices, people): (HashSet<DeviceId>, HashSet<StaffId>) =
        carried.iter().flat_map(|one| &one.writers).copied().unzip();
    let is_near = |unit: UnitId| unit == place.unit || unit == tablet.identity.scope;
    Ok(kept
        .into_iter()
        .map(signed)
        .filter(
            |statement| match proof::open_statement::<MemberRecord>(&key, statement) {
                Ok(MemberRecord::Unit { .. } | MemberRecord::Form { .. }) => true,
                Ok(MemberRecord::Staff { id, unit, .. }) => is_near(unit) || people.contains(&id),
                Ok(MemberRecord::Device { id, unit, .. }) => is_near(unit) || devices.contains(&id),
                Err(_) => false,
            },
        )
        .collect())
}

fn signed(kept: Statement) -> SignedStatement {
    SignedStatement {
        body: kept.body,
        signature: kept.signature,
    }
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
