//! One-time codes: made by the station, begun by a device, compared by two people, finished with a proof.

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::epochs;
use crate::error::ApiError;
use crate::next_ca;
use crate::organisation::{self, Device};
use crate::people;
use crate::persons;
use crate::settings::{self, name};
use crate::vault::Vault;
use ed25519_dalek::{SigningKey, VerifyingKey};
use ids::{Clock, DeviceId, Entropy, Role, UnitId, new_uuid};
use protocol::access::{self, Action, Context, Holder, Resource, Subject};
use protocol::enrolment::{self as rules, QrCode, Seen};
use protocol::session::proof;
use protocol::{
    ConfirmEnrolment, CreateEnrolment, DeviceCertificate, Enrolled, EnrolmentId, EnrolmentProgress,
    EnrolmentStarted, EnrolmentState, EnrolmentStatus, FinishEnrolment, KnownAs, Locator,
    PROTOCOL_VERSION, RevealEnrolment, StartEnrolment, limits,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use sha2::{Digest, Sha256};

/// What every step here needs.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub connection: &'a Connection,
    pub vault: &'a Vault,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub ca_certificate: &'a [u8],
    pub address: &'a str,
}

struct Record {
    id: EnrolmentId,
    unit: UnitId,
    unit_name: String,
    scope: UnitId,
    role: Role,
    person: String,
    locator: String,
    secrets: Vec<u8>,
    expires_ms: i64,
    state: EnrolmentState,
    starts: u32,
    device_key: Option<[u8; 32]>,
    device_nonce: Option<[u8; 32]>,
    server_nonce: Option<[u8; 32]>,
    commitment: Option<[u8; 32]>,
    compare_code: Option<String>,
    used_proof: Option<[u8; 32]>,
    device: Option<DeviceId>,
}

/// Both secrets of a code: 16 bytes for the QR, four digits for the typed one.
struct Secrets {
    qr: [u8; 16],
    typed: [u8; 4],
}

fn read_record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let state = match row.get::<_, String>(9)?.as_str() {
        "waiting" => EnrolmentState::Waiting,
        "comparing" => EnrolmentState::Comparing,
        "confirmed" => EnrolmentState::Confirmed,
        "done" => EnrolmentState::Done,
        "burnt" => EnrolmentState::Burnt,
        _ => return Err(columns::unknown(9)),
    };
    Ok(Record {
        id: columns::uuid(row, 0)?,
        unit: UnitId(columns::uuid(row, 1)?),
        unit_name: row.get(2)?,
        scope: UnitId(columns::uuid(row, 3)?),
        role: columns::role(row, 4)?,
        person: row.get(5)?,
        locator: row.get(6)?,
        secrets: row.get(7)?,
        expires_ms: row.get(8)?,
        state,
        starts: row.get(10)?,
        device_key: row.get(11)?,
        device_nonce: row.get(12)?,
        server_nonce: row.get(13)?,
        commitment: row.get(14)?,
        compare_code: row.get(15)?,
        used_proof: row.get(16)?,
        device: columns::optional_uuid(row, 17)?.map(DeviceId),
    })
}

impl Record {
    fn state_at(&self, now_ms: i64) -> EnrolmentState {
        match self.state {
            EnrolmentState::Done | EnrolmentState::Burnt => self.state,
            _ if now_ms >= self.expires_ms => EnrolmentState::Expired,
            state => state,
        }
    }

    fn check_live(&self, now_ms: i64) -> Result<(), ApiError> {
        match self.state_at(now_ms) {
            EnrolmentState::Expired => Err(ApiError::EnrolCodeExpired),
            EnrolmentState::Burnt => Err(ApiError::EnrolCodeBurnt),
            EnrolmentState::Done => Err(ApiError::EnrolCodeUsed),
            _ => Ok(()),
        }
    }

    fn secrets(&self, vault: &Vault) -> Result<Secrets, ApiError> {
        let plain = vault.open_secret(&secret_name(self.id), &self.secrets)?;
        let (qr, typed) = plain.split_at_checked(16).ok_or(ApiError::Internal)?;
        Ok(Secrets {
            qr: qr.try_into().map_err(|_| ApiError::Internal)?,
            typed: typed.try_into().map_err(|_| ApiError::Internal)?,
        })
    }

    fn transcript(&self, ca_certificate: &[u8]) -> Option<rules::Transcript> {
        Some(rules::transcript(&Seen {
            ca_fingerprint: rules::fingerprint(ca_certificate),
            device_key: self.device_key?,
            device_nonce: self.device_nonce?,
            server_nonce: self.server_nonce?,
            enrolment: self.id,
        }))
    }
}

/// What the secrets of a code are sealed as.
pub(crate) fn secret_name(id: EnrolmentId) -> String {
    format!("enrolment {id}")
}

/// Whether these are the secrets of a code.
pub(crate) fn can_be_read(plain: &[u8]) -> bool {
    plain
        .split_at_checked(16)
        .is_some_and(|(_, typed)| typed.len() == 4 && typed.iter().all(u8::is_ascii_digit))
}

fn by_id(connection: &Connection, id: EnrolmentId) -> rusqlite::Result<Option<Record>> {
    connection
        .prepare_cached(include_str!("sql/enrolment/by_id.sql"))?
        .query_row(named_params! {":id": id.as_bytes()}, read_record)
        .optional()
}

fn set_state(
    connection: &Connection,
    id: EnrolmentId,
    state: EnrolmentState,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/enrolment/set_state.sql"))?
        .execute(named_params! {":id": id.as_bytes(), ":state": state.as_str()})?;
    Ok(())
}

/// Makes a code for a person of a unit, asked for at the station.
pub(crate) fn create(
    desk: Desk<'_>,
    by: &Holder,
    input: &CreateEnrolment,
) -> Result<EnrolmentStatus, ApiError> {
    refuse_appointing(desk.connection, by, input.role)?;
    make(desk, By::from(by), by.scope, input)
}

/// A head is appointed by the head, and by a supervisor only while there is none.
pub(crate) fn refuse_appointing(
    connection: &Connection,
    by: &Holder,
    role: Role,
) -> Result<(), ApiError> {
    if role != Role::Head {
        return Ok(());
    }
    let context = Context {
        headless: !organisation::has_head(connection, by.scope)?,
        ..Context::default()
    };
    let subject = Subject::Device(*by);
    let scope = Resource::Scope(by.scope);
    if access::decide(subject, Action::AppointHead, scope, context).is_allowed() {
        Ok(())
    } else {
        Err(ApiError::NotAllowed)
    }
}

/// Makes a code for a person of a unit of this scope.
pub(crate) fn make(
    desk: Desk<'_>,
    by: By,
    scope: UnitId,
    input: &CreateEnrolment,
) -> Result<EnrolmentStatus, ApiError> {
    refuse_while_gathering(desk.connection, scope)?;
    let person = organisation::checked_name(&input.person)?;
    let unit = organisation::place_of(desk.connection, scope, input.unit, input.role)?;
    let sources = (desk.clock, desk.entropy);
    people::check_may_enrol(desk.connection, sources, by, (unit.id, input.role, person))?;
    let now_ms = desk.clock.now_ms();
    let id = new_uuid(desk.clock, desk.entropy);
    let mut secrets = [0u8; 20];
    desk.entropy.fill(&mut secrets[..16]);
    let typed = format!("{:04}", random_number(desk.entropy, 10_000));
    secrets[16..].copy_from_slice(typed.as_bytes());
    let sealed = desk
        .vault
        .seal_secret(&secret_name(id), &secrets, desk.entropy)?;
    let locator = free_locator(desk, now_ms)?;
    desk.connection.execute(
        include_str!("sql/enrolment/insert.sql"),
        named_params! {
            ":id": id.as_bytes(),
            ":unit": unit.id.0.as_bytes(),
            ":role": input.role.as_str(),
            ":person": person,
            ":locator": locator,
            ":secrets": sealed,
            ":created_ms": now_ms,
            ":expires_ms": now_ms + limits::ENROLMENT_MS,
        },
    )?;
    let object = Object::Id(id);
    audit::append(
        desk.connection,
        &Deed::of(by, scope, Act::EnrolmentMade, object, now_ms),
    )?;
    status(desk, scope, id)
}

/// Makes a code in whatever scope the unit lies, for whoever sits at the server itself.
pub(crate) fn create_anywhere(
    desk: Desk<'_>,
    input: &CreateEnrolment,
) -> Result<EnrolmentStatus, ApiError> {
    let unit = organisation::unit(desk.connection, input.unit)?.ok_or(ApiError::NotFound)?;
    let scope = match unit.scope {
        Some(scope) => scope,
        None => organisation::open_district(desk.connection, desk.clock.now_ms())?,
    };
    make(desk, By::Operator, scope, input)
}

/// After a restore, people, devices and file numbers given out since the copy are on their way back.
fn refuse_while_gathering(connection: &Connection, scope: UnitId) -> Result<(), ApiError> {
    if epochs::holds(connection, scope)? {
        Err(ApiError::Gathering)
    } else {
        Ok(())
    }
}

/// Evenly among 0..most, for a `most` far below 2⁶⁴.
fn random_number(entropy: &dyn Entropy, most: u64) -> u64 {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    u64::from_be_bytes(bytes) % most
}

/// Four digits that no live or recently ended code uses.
fn free_locator(desk: Desk<'_>, now_ms: i64) -> Result<String, ApiError> {
    for _ in 0..64 {
        let locator = format!("{:04}", random_number(desk.entropy, 10_000));
        let live: bool = desk.connection.query_row(
            include_str!("sql/enrolment/locator_is_live.sql"),
            named_params! {":locator": locator, ":since_ms": now_ms - limits::ENROLMENT_MS},
            |row| row.get(0),
        )?;
        if !live {
            return Ok(locator);
        }
    }
    Err(ApiError::Busy)
}

/// Where a code of this scope stands, with its texts while it is good.
pub(crate) fn status(
    desk: Desk<'_>,
    scope: UnitId,
    id: EnrolmentId,
) -> Result<EnrolmentStatus, ApiError> {
    let record = by_id(desk.connection, id)?
        .filter(|record| record.scope == scope)
        .ok_or(ApiError::NotFound)?;
    status_of(desk, &record)
}

/// Where a code stands, whatever its scope: for whoever sits at the server itself.
pub(crate) fn status_anywhere(
    desk: Desk<'_>,
    id: EnrolmentId,
) -> Result<EnrolmentStatus, ApiError> {
    let record = by_id(desk.connection, id)?.ok_or(ApiError::NotFound)?;
    status_of(desk, &record)
}

/// Every code that is still good.
pub(crate) fn open_ones(desk: Desk<'_>) -> Result<Vec<EnrolmentStatus>, ApiError> {
    let records: Vec<Record> = desk
        .connection
        .prepare_cached(include_str!("sql/enrolment/open.sql"))?
        .query_map(named_params! {":now_ms": desk.clock.now_ms()}, read_record)?
        .collect::<Result<_, _>>()?;
    records
        .iter()
        .map(|record| status_of(desk, record))
        .collect()
}

fn status_of(desk: Desk<'_>, record: &Record) -> Result<EnrolmentStatus, ApiError> {
    let state = record.state_at(desk.clock.now_ms());
    let good = matches!(
        state,
        EnrolmentState::Waiting | EnrolmentState::Comparing | EnrolmentState::Confirmed
    );
    let (qr, code) = if good {
        let secrets = record.secrets(desk.vault)?;
        let qr = QrCode {
            address: desk.address.to_owned(),
            ca_fingerprint: rules::fingerprint(desk.ca_certificate),
            enrolment: record.id,
            secret: secrets.qr,
        };
        let typed = String::from_utf8_lossy(&secrets.typed).into_owned();
        (qr.text(), format!("{}{typed}", record.locator))
    } else {
        (String::new(), String::new())
    };
    Ok(EnrolmentStatus {
        enrolment: record.id,
        qr,
        code,
        address: desk.address.to_owned(),
        expires_ms: record.expires_ms,
        state,
        compare_code: record
            .compare_code
            .clone()
            .filter(|_| matches!(state, EnrolmentState::Comparing | EnrolmentState::Confirmed)),
        unit: record.unit,
        unit_name: record.unit_name.clone(),
        person: record.person.clone(),
        role: record.role,
    })
}

/// A device begins. It may begin again until the station confirmed; the six digits change then.
pub(crate) fn start(desk: Desk<'_>, input: &StartEnrolment) -> Result<EnrolmentStarted, ApiError> {
    if input.protocol > PROTOCOL_VERSION {
        return Err(ApiError::TooNew);
    }
    let can_sign = VerifyingKey::from_bytes(&input.device_key).is_ok_and(|key| !key.is_weak());
    if !can_sign {
        return Err(ApiError::Malformed);
    }
    let record = match &input.locator {
        Locator::Id(id) => by_id(desk.connection, *id)?,
        Locator::Digits(digits) => desk
            .connection
            .prepare_cached(include_str!("sql/enrolment/by_locator.sql"))?
            .query_row(named_params! {":locator": digits}, read_record)
            .optional()?,
    }
    .ok_or(ApiError::EnrolCodeWrong)?;
    record.check_live(desk.clock.now_ms())?;
    if record.state == EnrolmentState::Confirmed {
        return Err(ApiError::EnrolCodeUsed);
    }
    if record.starts >= limits::ENROLMENT_STARTS {
        return Err(ApiError::EnrolCodeBurnt);
    }
    if organisation::key_is_used(desk.connection, &input.device_key)? {
        return Err(ApiError::AlreadyEnrolled);
    }
    let mut server_nonce = [0; 32];
    desk.entropy.fill(&mut server_nonce);
    desk.connection.execute(
        include_str!("sql/enrolment/begin.sql"),
        named_params! {
            ":id": record.id.as_bytes(),
            ":device_key": input.device_key,
            ":commitment": input.commit,
            ":server_nonce": server_nonce,
        },
    )?;
    Ok(EnrolmentStarted {
        enrolment: record.id,
        server_nonce,
        ca_fingerprint: rules::fingerprint(desk.ca_certificate),
        expires_ms: record.expires_ms,
    })
}

/// What a step led to. A wrong proof is counted, so its refusal must be committed like a success.
pub(crate) type Counted<T> = Result<Result<T, ApiError>, ApiError>;

/// The device shows its nonce; both sides can compute the six digits now.
pub(crate) fn reveal(desk: Desk<'_>, input: &RevealEnrolment) -> Counted<EnrolmentProgress> {
    let mut record = by_id(desk.connection, input.enrolment)?.ok_or(ApiError::EnrolCodeWrong)?;
    record.check_live(desk.clock.now_ms())?;
    let commitment = record.commitment.ok_or(ApiError::Malformed)?;
    if rules::commit(&input.nonce) != commitment {
        return Err(ApiError::Malformed);
    }
    if record.device_nonce == Some(input.nonce) && record.state != EnrolmentState::Waiting {
        // Said twice.
        return Ok(Ok(progress(&record, desk.clock.now_ms())));
    }
    if record.state != EnrolmentState::Waiting {
        return Err(ApiError::Malformed);
    }
    record.device_nonce = Some(input.nonce);
    let transcript = record
        .transcript(desk.ca_certificate)
        .ok_or(ApiError::Malformed)?;
    if let Some(proof) = &input.proof {
        let secrets = record.secrets(desk.vault)?;
        if !rules::proof_holds(&secrets.qr, &transcript, proof) {
            return count_wrong(desk, &record).map(Err);
        }
    }
    desk.connection.execute(
        include_str!("sql/enrolment/reveal.sql"),
        named_params! {
            ":id": record.id.as_bytes(),
            ":device_nonce": input.nonce,
            ":compare_code": rules::compare_code(&transcript),
        },
    )?;
    record.state = EnrolmentState::Comparing;
    Ok(Ok(progress(&record, desk.clock.now_ms())))
}

fn progress(record: &Record, now_ms: i64) -> EnrolmentProgress {
    EnrolmentProgress {
        state: record.state_at(now_ms),
        expires_ms: record.expires_ms,
    }
}

/// Where the enrolment stands, for the device that waits.
pub(crate) fn poll(desk: Desk<'_>, id: EnrolmentId) -> Result<EnrolmentProgress, ApiError> {
    let record = by_id(desk.connection, id)?.ok_or(ApiError::EnrolCodeWrong)?;
    Ok(progress(&record, desk.clock.now_ms()))
}

fn count_wrong(desk: Desk<'_>, record: &Record) -> Result<ApiError, ApiError> {
    let wrong: u32 = desk
        .connection
        .prepare_cached(include_str!("sql/enrolment/wrong_proof.sql"))?
        .query_row(named_params! {":id": record.id.as_bytes()}, |row| {
            row.get(0)
        })?;
    if wrong >= limits::WRONG_PROOFS {
        set_state(desk.connection, record.id, EnrolmentState::Burnt)?;
        let (act, object) = (Act::EnrolmentBurnt, Object::Id(record.id));
        audit::append(
            desk.connection,
            &Deed::of(By::Server, record.scope, act, object, desk.clock.now_ms()),
        )?;
        return Ok(ApiError::EnrolCodeBurnt);
    }
    Ok(ApiError::EnrolCodeWrong)
}

/// The station says that the six digits are the same.
pub(crate) fn confirm(
    desk: Desk<'_>,
    holder: Option<&Holder>,
    input: &ConfirmEnrolment,
) -> Result<EnrolmentStatus, ApiError> {
    let mut record = by_id(desk.connection, input.enrolment)?
        .filter(|record| holder.is_none_or(|holder| holder.scope == record.scope))
        .ok_or(ApiError::NotFound)?;
    if let Some(holder) = holder {
        // Meanwhile there may be a head: two open codes must not make two.
        refuse_appointing(desk.connection, holder, record.role)?;
    }
    record.check_live(desk.clock.now_ms())?;
    if record.compare_code.as_deref() != Some(input.compare_code.as_str()) {
        return Err(ApiError::EnrolCompareWrong);
    }
    if record.state == EnrolmentState::Comparing {
        set_state(desk.connection, record.id, EnrolmentState::Confirmed)?;
        record.state = EnrolmentState::Confirmed;
        let (act, object) = (Act::EnrolmentConfirmed, Object::Id(record.id));
        audit::append(
            desk.connection,
            &Deed::of(
                holder.map_or(By::Operator, By::from),
                record.scope,
                act,
                object,
                desk.clock.now_ms(),
            ),
        )?;
    }
    status_of(desk, &record)
}

/// Confirms the six digits shown now, for whoever sits at the server itself and has compared them.
pub(crate) fn confirm_anywhere(
    desk: Desk<'_>,
    id: EnrolmentId,
) -> Result<EnrolmentStatus, ApiError> {
    let status = status_anywhere(desk, id)?;
    let input = ConfirmEnrolment {
        enrolment: id,
        compare_code: status.compare_code.unwrap_or_default(),
    };
    confirm(desk, None, &input)
}

/// The device proves that it was given the code, and becomes known. Said twice it gives the same answer.
pub(crate) fn finish(desk: Desk<'_>, input: &FinishEnrolment) -> Counted<Enrolled> {
    let record = by_id(desk.connection, input.enrolment)?.ok_or(ApiError::EnrolCodeWrong)?;
    let now_ms = desk.clock.now_ms();
    let proof_hash: [u8; 32] = Sha256::digest(&input.proof).into();
    if let (EnrolmentState::Done, Some(device)) = (record.state, record.device) {
        if record.used_proof != Some(proof_hash) || now_ms >= record.expires_ms {
            return Err(ApiError::EnrolCodeUsed);
        }
        let device = organisation::device(desk.connection, device)?.ok_or(ApiError::Internal)?;
        return Ok(Ok(enrolled(desk, &device)?));
    }
    refuse_while_gathering(desk.connection, record.scope)?;
    record.check_live(now_ms)?;
    if record.state != EnrolmentState::Confirmed {
        return Err(ApiError::EnrolNotConfirmed);
    }
    let transcript = record
        .transcript(desk.ca_certificate)
        .ok_or(ApiError::Internal)?;
    let secrets = record.secrets(desk.vault)?;
    let holds = rules::proof_holds(&secrets.typed, &transcript, &input.proof)
        || rules::proof_holds(&secrets.qr, &transcript, &input.proof);
    if !holds {
        return count_wrong(desk, &record).map(Err);
    }
    let public_key = record.device_key.ok_or(ApiError::Internal)?;
    if organisation::key_is_used(desk.connection, &public_key)? {
        return Err(ApiError::AlreadyEnrolled);
    }
    let sources = (desk.clock, desk.entropy);
    let staff = persons::find_or_add_staff(
        desk.connection,
        sources,
        record.unit,
        record.scope,
        record.role,
        &record.person,
    )?;
    // By the clock as it is now: the person may have been made a moment ago.
    if !people::is_in_force(desk.connection, staff.id, desk.clock.now_ms())? {
        return Err(ApiError::GrantMissing);
    }
    let device = organisation::add_device(desk.connection, sources, &staff, &public_key)?;
    desk.connection.execute(
        include_str!("sql/enrolment/finish.sql"),
        named_params! {
            ":id": record.id.as_bytes(),
            ":used_proof": proof_hash,
            ":device": device.holder.device.0.as_bytes(),
        },
    )?;
    let object = Object::Id(record.id);
    audit::append(
        desk.connection,
        &Deed::of(
            By::from(&device.holder),
            record.scope,
            Act::DeviceEnrolled,
            object,
            now_ms,
        ),
    )?;
    Ok(Ok(enrolled(desk, &device)?))
}

fn enrolled(desk: Desk<'_>, device: &Device) -> Result<Enrolled, ApiError> {
    let connection = desk.connection;
    let holder = device.holder;
    let scope = organisation::unit(connection, holder.scope)?.ok_or(ApiError::Internal)?;
    let signing_key = signing_key(connection, desk.vault)?;
    let certificate = certificate(&signing_key, device)?;
    let recovery_key = settings::read(connection, name::RECOVERY_KEY)?
        .and_then(|key| key.try_into().ok())
        .ok_or(ApiError::Internal)?;
    Ok(Enrolled {
        device: holder.device,
        staff: holder.staff,
        staff_name: device.staff_name.clone(),
        role: holder.role,
        unit: holder.unit,
        unit_name: device.unit_name.clone(),
        scope: holder.scope,
        scope_name: scope.name,
        region: device.region.clone(),
        file_numbers: device.file_numbers,
        certificate,
        recovery_key,
        server_key: signing_key.verifying_key().to_bytes(),
        ca_certificate: desk.ca_certificate.to_vec(),
        next_ca: next_ca::announced(connection)?,
        demo: settings::read(connection, name::DEMO)?.is_some_and(|demo| demo == b"1"),
        epoch: settings::epoch(connection)?,
        server_time_ms: desk.clock.now_ms(),
        delegated: None,
    })
}

/// What the server says about a device, as it is known now. The same until it is made anew.
pub(crate) fn certificate(signing_key: &SigningKey, device: &Device) -> Result<Vec<u8>, ApiError> {
    Ok(proof::sign_statement(signing_key, &certified(device))?)
}

fn certified(device: &Device) -> DeviceCertificate {
    let holder = device.holder;
    DeviceCertificate {
        device: holder.device,
        staff: holder.staff,
        role: holder.role,
        unit: holder.unit,
        scope: holder.scope,
        key: device.public_key,
        issued_ms: device.certified_ms,
        expires_ms: device.certified_until_ms(),
        known_as: Some(KnownAs {
            staff_name: device.staff_name.clone().into(),
            unit_name: device.unit_name.clone(),
            region: device.region.clone(),
            file_numbers: device.file_numbers,
        }),
    }
}

/// The same without anybody's name, for whoever only has to believe what the device signed.
pub(crate) fn nameless_certificate(
    signing_key: &SigningKey,
    device: &Device,
) -> Result<Vec<u8>, ApiError> {
    Ok(proof::sign_statement(
        signing_key,
        &DeviceCertificate {
            known_as: None,
            ..certified(device)
        },
    )?)
}

/// The key the server signs ticks and certificates with.
pub(crate) fn signing_key(connection: &Connection, vault: &Vault) -> Result<SigningKey, ApiError> {
    let secret = settings::read_secret(connection, vault, name::SIGNING_KEY)?;
    let secret: [u8; 32] = secret.try_into().map_err(|_| ApiError::Internal)?;
    Ok(SigningKey::from_bytes(&secret))
}
