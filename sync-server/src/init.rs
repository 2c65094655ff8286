//! What is made once: keys, CA, a district with its township, policy packs, and the first supervisor's code.

use crate::audit::{self, Act, By, Deed, Object};
use crate::database::{self, DatabaseError};
use crate::enrolment::{self, Desk};
use crate::error::ApiError;
use crate::log::{self, Append};
use crate::organisation::{self, Unit};
use crate::policies::{self, PolicyError};
use crate::settings::{self, name};
use crate::shares;
use crate::tls::{self, TlsError};
use crate::vault::{Vault, VaultError};
use ids::{Clock, Entropy, Role, UnitId};
use protocol::{CreateEnrolment, EnrolmentStatus, UnitLevel};
use std::path::PathBuf;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// A unit to begin with.
#[derive(Debug, Clone)]
pub struct Place {
    /// Name.
    pub name: String,
    /// Region code.
    pub region: String,
}

/// What `init` is told.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// Data folder to make.
    pub data: PathBuf,
    /// Server key file to make, outside the data folder.
    pub key_file: PathBuf,
    /// Folder for the three parts of the district's recovery key; an officer takes each, and none stays.
    pub recovery_shares: PathBuf,
    /// District.
    pub district: Place,
    /// Township; its station is the scope.
    pub township: Place,
    /// Folder with policy packs, `*.json`, subfolders included.
    pub policy: Option<PathBuf>,
    /// Synthetic data only.
    pub demo: bool,
    /// Name of the first supervisor.
    pub supervisor: String,
    /// host:port tablets will be told; `serve` writes the real one.
    pub address: String,
}

/// What `init` made.
#[derive(Debug, Clone)]
pub struct InitReport {
    /// The township station.
    pub scope: UnitId,
    /// The district.
    pub district: UnitId,
    /// Code of the first supervisor.
    pub enrolment: EnrolmentStatus,
    /// The three parts of the district's recovery key. The whole key is written nowhere.
    pub recovery_shares: Vec<PathBuf>,
    /// SHA-256 of the CA certificate.
    pub ca_fingerprint: [u8; 32],
}

/// Why `init` made nothing.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// There is a server already.
    #[error("there is a server in {0} already")]
    Exists(PathBuf),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A key file.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The CA.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A name is missing, a stored fact cannot be kept.
    #[error("the first facts cannot be kept")]
    Facts(#[from] ApiError),
    /// A policy pack cannot be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// Makes a server. Nothing is left in the data folder when it fails half-way but an empty database.
///
/// # Errors
/// See [`InitError`].
pub fn init(
    options: &InitOptions,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<InitReport, InitError> {
    let packs = match &options.policy {
        Some(folder) => policies::read(folder)?,
        None => Vec::new(),
    };
    let mut connection = database::create(&options.data)?;
    let made = settings::read(&connection, name::EPOCH).map_err(DatabaseError::from)?;
    if made.is_some() {
        return Err(InitError::Exists(options.data.clone()));
    }
    let vault = Vault::create(&options.key_file, &options.data, entropy)?;
    let tx = connection.transaction().map_err(DatabaseError::from)?;
    let ca_certificate = tls::create_ca(&tx, &vault, entropy)?;
    let recovery_shares = write_facts(&tx, &vault, options, entropy)?;
    let (district, scope) = write_units(&tx, options, clock, entropy)?;
    audit::append(
        &tx,
        &Deed::of_server(
            By::Operator,
            Act::ServerMade,
            Object::Server,
            clock.now_ms(),
        ),
    )
    .map_err(DatabaseError::from)?;
    for pack in &packs {
        policies::insert(&tx, pack).map_err(ApiError::from)?;
        log::append(&tx, scope, clock.now_ms(), &Append::Policy(pack))?;
    }
    let desk = Desk {
        connection: &tx,
        vault: &vault,
        clock,
        entropy,
        ca_certificate: &ca_certificate,
        address: &options.address,
    };
    let enrolment = enrolment::make(
        desk,
        By::Operator,
        scope,
        &CreateEnrolment {
            unit: scope,
            role: Role::Supervisor,
            person: options.supervisor.clone(),
        },
    )?;
    tx.commit().map_err(DatabaseError::from)?;
    Ok(InitReport {
        scope,
        district,
        enrolment,
        recovery_shares,
        ca_fingerprint: protocol::enrolment::fingerprint(&ca_certificate),
    })
}

fn write_facts(
    connection: &rusqlite::Connection,
    vault: &Vault,
    options: &InitOptions,
    entropy: &dyn Entropy,
) -> Result<Vec<PathBuf>, InitError> {
    let mut recovery = Zeroizing::new([0; 32]);
    entropy.fill(recovery.as_mut_slice());
    let public = PublicKey::from(&StaticSecret::from(*recovery));
    let parts = shares::split(&recovery, entropy);
    let parts = shares::write(&options.recovery_shares, &parts)?;
    let mut signing = [0; 32];
    entropy.fill(&mut signing);
    settings::write_secret(connection, vault, name::SIGNING_KEY, &signing, entropy)?;
    let demo: &[u8] = if options.demo { b"1" } else { b"0" };
    let facts: [(&str, &[u8]); 4] = [
        (name::RECOVERY_KEY, public.as_bytes()),
        (name::DEMO, demo),
        (name::ADDRESS, options.address.as_bytes()),
        (name::EPOCH, b"1"),
    ];
    for (fact, value) in facts {
        settings::write(connection, fact, value).map_err(ApiError::from)?;
    }
    Ok(parts)
}

fn write_units(
    connection: &rusqlite::Connection,
    options: &InitOptions,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<(UnitId, UnitId), ApiError> {
    let district = Unit {
        id: UnitId::new(clock, entropy),
        scope: None,
        parent: None,
        level: UnitLevel::District,
        name: organisation::checked_name(&options.district.name)?.to_owned(),
        region: options.district.region.clone(),
        since_ms: 0,
        closed_ms: None,
        successor: None,
        former: Vec::new(),
    };
    let scope = UnitId::new(clock, entropy);
    let township = Unit {
        id: scope,
        scope: Some(scope),
        parent: Some(district.id),
        level: UnitLevel::Township,
        name: organisation::checked_name(&options.township.name)?.to_owned(),
        region: options.township.region.clone(),
        since_ms: 0,
        closed_ms: None,
        successor: None,
        former: Vec::new(),
    };
    organisation::insert_scope(connection, scope)?;
    for unit in [&district, &township] {
        organisation::insert_unit(connection, unit)?;
        log::append(
            connection,
            scope,
            clock.now_ms(),
            &Append::Member(&unit.record()),
        )?;
    }
    Ok((district.id, scope))
}
