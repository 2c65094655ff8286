//! What whoever sits at the server may do beside a running one: see the open codes, make one, confirm one; give orders.

use crate::audit::{self, Act, By, Deed, Object};
use crate::audit_report;
use crate::blob_files::BlobFiles;
use crate::child_rules::{self, ChildRulesError, Responsible};
use crate::columns;
use crate::compaction;
use crate::database::{self, DatabaseError};
use crate::devices;
use crate::enrolment::{self, Desk};
use crate::epochs;
use crate::error::ApiError;
use crate::next_ca::{self, NextCaError, NextCaStanding};
use crate::orders::Orders;
use crate::organisation;
use crate::persons::{self, Who};
use crate::policies::{self, PolicyError, Taken};
use crate::recover::{self, RecoverError, RecoverInput, Recovered, RecoveryRecord};
use crate::sealed_rows::{self, BindError};
use crate::settings::{self, name};
use crate::tls;
use crate::unit_keys;
use crate::units;
use crate::vault::{Vault, VaultError};
use ids::{Clock, DeviceId, DocumentId, Entropy, Role, UnitId};
use protocol::{ConfirmEnrolment, CreateEnrolment, EnrolmentStatus, FormerName, Order, UnitLevel};
use rusqlite::{Connection, OptionalExtension, named_params};
use std::path::{Path, PathBuf};

/// Why the desk cannot be opened or says no.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The server key.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The CA.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// Several townships, or none of that name.
    #[error("which township? say its name or region code with --township")]
    WhichTownship,
    /// Somebody of that name is known in the township.
    #[error("somebody of that name is known; say --same-as with her id, or --another-person:\n{0}")]
    Namesakes(String),
    /// A tablet that is not opened.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// Another CA is not prepared or not used.
    #[error(transparent)]
    NextCa(#[from] NextCaError),
    /// A policy pack that is not taken.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Rules for children that are not taken.
    #[error(transparent)]
    ChildRules(#[from] ChildRulesError),
    /// A refusal.
    #[error("refused: {0}")]
    Refused(#[from] ApiError),
}

impl From<BindError> for AdminError {
    fn from(error: BindError) -> Self {
        match error {
            BindError::Database(error) => AdminError::Database(error.into()),
            BindError::Key(error) => AdminError::Vault(error),
        }
    }
}

/// A village as the command line prints it.
#[derive(Debug, Clone)]
pub struct VillageLine {
    /// Its id, for ever.
    pub id: UnitId,
    /// Its code now.
    pub region: String,
    /// Its name now.
    pub name: String,
    /// What it was called before, oldest first.
    pub former: Vec<FormerName>,
    /// What it went up in.
    pub successor: Option<UnitId>,
}

/// The enrolment desk of a data folder. A server may run on it at the same time.
pub struct AdminDesk<'a> {
    connection: Connection,
    vault: Vault,
    clock: &'a dyn Clock,
    entropy: &'a dyn Entropy,
    ca_certificate: Vec<u8>,
    address: String,
    blobs: BlobFiles,
    data: PathBuf,
}

impl<'a> AdminDesk<'a> {
    /// Opens it.
    ///
    /// # Errors
    /// The data folder or the key file cannot be used.
    pub fn open(
        data: &Path,
        key_file: &Path,
        clock: &'a dyn Clock,
        entropy: &'a dyn Entropy,
    ) -> Result<Self, AdminError> {
        Self::open_on(data, None, key_file, clock, entropy)
    }

    /// As [`Self::open`], with the database on another of SQLite's file systems.
    pub(crate) fn open_on(
        data: &Path,
        vfs: Option<&str>,
        key_file: &Path,
        clock: &'a dyn Clock,
        entropy: &'a dyn Entropy,
    ) -> Result<Self, AdminError> {
        let vault = Vault::open(key_file, data)?;
        let connection = match vfs {
            None => database::open(data)?,
            Some(vfs) => database::open_on(data, vfs)?,
        };
        sealed_rows::bind(&connection, &vault, entropy)?;
        let ca_certificate = tls::ca_certificate(&connection)?;
        let address = settings::read_text(&connection, name::ADDRESS)
            .map_err(DatabaseError::from)?
            .unwrap_or_default();
        Ok(Self {
            connection,
            vault,
            clock,
            entropy,
            ca_certificate,
            address,
            blobs: BlobFiles::in_folder(data),
            data: data.to_owned(),
        })
    }

    /// How devices stand to the next CA.
    ///
    /// # Errors
    /// The database says no.
    pub fn next_ca(&self) -> Result<NextCaStanding, AdminError> {
        Ok(next_ca::standing(&self.connection)?)
    }

    /// Makes the next CA, its key in a file away from the server, and announces it. Returns its fingerprint.
    ///
    /// # Errors
    /// One is prepared already, the file cannot be written or lies inside the data folder.
    pub fn prepare_next_ca(&mut self, file: &Path, again: bool) -> Result<String, AdminError> {
        let tx = self
            .connection
            .unchecked_transaction()
            .map_err(DatabaseError::from)?;
        let now_ms = self.clock.now_ms();
        let made = next_ca::prepare(&tx, (&self.data, file), again, now_ms)?;
        tx.commit().map_err(DatabaseError::from)?;
        Ok(hex::encode(made))
    }

    /// Goes over to the CA in a file, from the server's next start on. Returns its fingerprint.
    ///
    /// # Errors
    /// The file is none, or devices do not trust it yet and nobody said to cut them off.
    pub fn use_next_ca(&mut self, file: &Path, cut_off: bool) -> Result<String, AdminError> {
        let tx = self
            .connection
            .unchecked_transaction()
            .map_err(DatabaseError::from)?;
        let now_ms = self.clock.now_ms();
        let used = next_ca::take_over(&tx, &self.vault, self.entropy, file, cut_off, now_ms)?;
        tx.commit().map_err(DatabaseError::from)?;
        Ok(hex::encode(used))
    }

    /// The codes that are still good.
    ///
    /// # Errors
    /// The database says no.
    pub fn open_enrolments(&self) -> Result<Vec<EnrolmentStatus>, AdminError> {
        Ok(enrolment::open_ones(self.desk(&self.connection))?)
    }

    /// Makes a code. Where somebody of that name has or had another post in the township, it is said whether it is hers: then
    /// she leaves those (docs/adr/0056).
    ///
    /// # Errors
    /// The unit is unknown or does not go with the role; somebody of that name is known and nobody said who it is.
    pub fn create_enrolment(
        &mut self,
        input: &CreateEnrolment,
        who: Who,
    ) -> Result<EnrolmentStatus, AdminError> {
        let sources = (self.clock, self.entropy);
        match self.with_orders(|orders| persons::settle_code(orders, sources, input, who)) {
            Err(AdminError::Refused(ApiError::NamesakeKnown)) => {
                let known = persons::lines(&self.connection, input)?;
                return Err(AdminError::Namesakes(known));
            }
            settled => settled?,
        }
        self.write(|desk| enrolment::create_anywhere(desk, input))
    }

    /// Confirms six digits.
    ///
    /// # Errors
    /// They are not the ones being compared.
    pub fn confirm_enrolment(
        &mut self,
        input: &ConfirmEnrolment,
    ) -> Result<EnrolmentStatus, AdminError> {
        self.write(|desk| enrolment::confirm(desk, None, input))
    }

    /// The station of a township: the named one, or the only one there is.
    ///
    /// # Errors
    /// There is none of that name, there are several and none was named, or the database says no.
    pub fn scope(&self, township: Option<&str>) -> Result<UnitId, AdminError> {
        let townships = organisation::townships(&self.connection).map_err(ApiError::from)?;
        match (township, townships.as_slice()) {
            (None, [only]) => Ok(only.id),
            (None, _) => Err(AdminError::WhichTownship),
            (Some(name), all) => all
                .iter()
                .find(|unit| unit.name == name || unit.region == name)
                .map(|unit| unit.id)
                .ok_or(AdminError::WhichTownship),
        }
    }

    /// The district.
    ///
    /// # Errors
    /// The database says no.
    pub fn district(&self) -> Result<UnitId, AdminError> {
        Ok(organisation::district(&self.connection)?.id)
    }

    /// Makes another township under the district, with its first supervisor's code.
    ///
    /// # Errors
    /// Its name or region code is taken or malformed.
    pub fn add_township(
        &mut self,
        name: &str,
        region: &str,
        supervisor: &str,
    ) -> Result<EnrolmentStatus, AdminError> {
        self.write(|desk| create_township(desk, name, region, supervisor))
    }

    /// The ids of the policy packs there are.
    ///
    /// # Errors
    /// The database says no.
    pub fn policies(&self) -> Result<Vec<String>, AdminError> {
        let packs = policies::all(&self.connection).map_err(ApiError::from)?;
        Ok(packs.into_iter().map(|(id, _)| id).collect())
    }

    /// Years of which the rules have no holidays: this one, and from November on the next.
    ///
    /// # Errors
    /// The database says no.
    pub fn years_without_holidays(&self) -> Result<Vec<i64>, AdminError> {
        let packs = policies::all(&self.connection).map_err(ApiError::from)?;
        let now = audit_report::civil(self.clock.now_ms());
        Ok(policies::without_holidays(&packs, &now))
    }

    /// Takes the packs of a folder or a file, all or none, and tells every township; returns what came of each.
    ///
    /// # Errors
    /// One cannot be read, or differs from the one of its id and `replace` was not said.
    pub fn add_policies(
        &mut self,
        path: &Path,
        replace: bool,
    ) -> Result<Vec<(String, Taken)>, AdminError> {
        let packs = policies::read(path)?;
        if packs.is_empty() {
            return Err(PolicyError::Nothing(path.to_owned()).into());
        }
        let taken = policies::judge(&self.connection, &packs, replace)?;
        self.write(|desk| policies::take(desk.connection, &packs, &taken, desk.clock.now_ms()))?;
        Ok(packs.into_iter().map(|(id, _)| id).zip(taken).collect())
    }

    /// Takes the rules for children under fourteen and who answers for them, and tells every township; returns the how
    /// many-th they are.
    ///
    /// # Errors
    /// Something is not filled in, or the person is not named in the text.
    pub fn take_child_rules(
        &mut self,
        text: &str,
        responsible: &Responsible,
    ) -> Result<u32, AdminError> {
        let now_ms = self.clock.now_ms();
        let tx = self
            .connection
            .unchecked_transaction()
            .map_err(DatabaseError::from)?;
        let version = child_rules::take(&tx, text, responsible, now_ms)?;
        tx.commit().map_err(DatabaseError::from)?;
        Ok(version)
    }

    /// Erases a document: the order, the deed and the log's entry are one transaction. Bodies and key are gone afterwards.
    ///
    /// # Errors
    /// `gathering` while what a restore lost is on its way back; `not_found` when there is no such document.
    pub fn erase(&mut self, document: DocumentId, reason: &str) -> Result<u64, AdminError> {
        let number = self.order(|connection| {
            let (scope, generation) = connection
                .query_row(
                    include_str!("sql/orders/place_of_document.sql"),
                    named_params! {":document": document.0.as_bytes()},
                    |row| Ok((UnitId(columns::uuid(row, 0)?), row.get(1)?)),
                )
                .optional()?
                .ok_or(ApiError::NotFound)?;
            let order = Order::Erase {
                document,
                generation,
            };
            Ok((scope, order, reason))
        })?;
        // The write-ahead log still has the pages that were overwritten.
        self.connection
            .pragma_update(None, "wal_checkpoint", "TRUNCATE")
            .map_err(DatabaseError::from)?;
        Ok(number)
    }

    /// Packs what was made before a time, as a running server does with what is old enough. Returns how many changes moved.
    ///
    /// # Errors
    /// As [`compaction::run`].
    pub fn pack(&mut self, before_ms: i64) -> Result<u64, AdminError> {
        Ok(compaction::run(
            &mut self.connection,
            &self.vault,
            self.entropy,
            before_ms,
        )?)
    }

    /// Revokes a device: its session ends with the next request, here and after every restore.
    ///
    /// # Errors
    /// As [`Self::erase`].
    pub fn revoke(&mut self, device: DeviceId, reason: &str) -> Result<u64, AdminError> {
        self.order(|connection| {
            let known = organisation::device(connection, device)?.ok_or(ApiError::NotFound)?;
            Ok((known.holder.scope, Order::Revoke { device }, reason))
        })
    }

    /// Gives a village another name or another region code from now on.
    ///
    /// # Errors
    /// There is no such village, it is closed, the name or code is taken or malformed, or a restore is being gathered.
    pub fn call_village_anew(
        &mut self,
        village: UnitId,
        name: Option<&str>,
        region: Option<&str>,
    ) -> Result<String, AdminError> {
        self.with_orders(|orders| {
            let unit = units::call_anew(orders, village, (name, region))?;
            Ok(format!("{} {}", unit.region, unit.name))
        })
    }

    /// Lets a village go up in another one: its documents are ordered there. Returns how many.
    ///
    /// # Errors
    /// As [`Self::call_village_anew`]; the two do not lie in one township.
    pub fn merge_village(&mut self, from: UnitId, into: UnitId) -> Result<usize, AdminError> {
        self.with_orders(|orders| units::merge(orders, from, into))
    }

    /// Makes a village out of a part of another one.
    ///
    /// # Errors
    /// As [`Self::call_village_anew`].
    pub fn split_village(
        &mut self,
        from: UnitId,
        name: &str,
        region: &str,
    ) -> Result<UnitId, AdminError> {
        let sources = (self.clock, self.entropy);
        self.with_orders(|orders| Ok(units::split(orders, sources, from, (name, region))?.id))
    }

    /// The villages of a township, or of all: id, code, name, what they were called before, what became of them.
    ///
    /// # Errors
    /// The database says no.
    pub fn villages(&self) -> Result<Vec<VillageLine>, AdminError> {
        let mut lines = Vec::new();
        for township in organisation::townships(&self.connection).map_err(ApiError::from)? {
            let units = organisation::units_of_scope(&self.connection, township.id)
                .map_err(ApiError::from)?;
            for unit in units {
                if unit.level != UnitLevel::Village {
                    continue;
                }
                let unit = organisation::dated(&self.connection, unit).map_err(ApiError::from)?;
                lines.push(VillageLine {
                    id: unit.id,
                    region: unit.region,
                    name: unit.name,
                    former: unit.former,
                    successor: unit.successor,
                });
            }
        }
        Ok(lines)
    }

    /// Opens a tablet that no PIN opens any more, for two officers of the district.
    ///
    /// # Errors
    /// See [`RecoverError`].
    pub fn recover(&mut self, input: &RecoverInput<'_>) -> Result<Recovered, AdminError> {
        let tx = self
            .connection
            .unchecked_transaction()
            .map_err(DatabaseError::from)?;
        let now_ms = self.clock.now_ms();
        let recovered = recover::recover(&tx, &self.vault, self.entropy, now_ms, input)?;
        tx.commit().map_err(DatabaseError::from)?;
        Ok(recovered)
    }

    /// Who opened which tablet and why, oldest first.
    ///
    /// # Errors
    /// The database says no.
    pub fn recoveries(&self) -> Result<Vec<RecoveryRecord>, AdminError> {
        Ok(recover::all(&self.connection, &self.vault)?)
    }

    /// What a wiped device could not hand over, opened with the district's recovery key, as JSON. None when it left nothing.
    ///
    /// # Errors
    /// The key is not the district's, or the database says no.
    pub fn remains(
        &self,
        device: DeviceId,
        recovery_secret: &[u8; 32],
    ) -> Result<Option<Vec<u8>>, AdminError> {
        let sealed = devices::remains(&self.connection, device).map_err(ApiError::from)?;
        if sealed.is_empty() {
            return Ok(None);
        }
        let plain = protocol::sealed::open(recovery_secret, protocol::REMAINS, &sealed)
            .map_err(|_| ApiError::NotAllowed)?;
        Ok(Some(plain.to_vec()))
    }

    /// Gives a station's keys to one of its devices, out of the district's hands: when no colleague's device is left that
    /// could. Returns how many it was not given before.
    ///
    /// # Errors
    /// The key is not the district's, the device is none of a station, or the database says no.
    pub fn give_unit_key(
        &mut self,
        device: DeviceId,
        recovery_secret: &[u8; 32],
    ) -> Result<u32, AdminError> {
        let now_ms = self.clock.now_ms();
        self.write(|desk| {
            unit_keys::give(
                desk.connection,
                desk.entropy,
                recovery_secret,
                device,
                now_ms,
            )
        })
    }

    /// Says that every order is known, so that what a restore brought back may be shown. False when nothing holds.
    ///
    /// # Errors
    /// The database says no.
    pub fn confirm_orders(&mut self) -> Result<bool, AdminError> {
        let now_ms = self.clock.now_ms();
        self.write(|desk| {
            let mut released = false;
            for scope in epochs::scopes(desk.connection)? {
                if epochs::release(desk.connection, scope, now_ms, "operator")? {
                    released = true;
                    let (act, object) = (Act::OrdersConfirmed, Object::Unit(scope));
                    audit::append(
                        desk.connection,
                        &Deed::of(By::Operator, scope, act, object, now_ms),
                    )?;
                }
            }
            Ok(released)
        })
    }

    /// What restores left behind: epochs, what came back and from whom, what stays unexplained. One line per fact.
    ///
    /// # Errors
    /// The database says no.
    pub fn recovery_report(&self) -> Result<Vec<String>, AdminError> {
        Ok(epochs::report(&self.connection).map_err(ApiError::from)?)
    }

    /// A month of the audit chain, one line per row; nothing where that is no month.
    ///
    /// # Errors
    /// The database says no.
    pub fn audit_month(&self, month: &str) -> Result<Option<Vec<String>>, AdminError> {
        Ok(audit_report::month(&self.connection, month).map_err(DatabaseError::from)?)
    }

    /// A signed line over the end of the audit chain, for somebody else to keep.
    ///
    /// # Errors
    /// The database says no.
    pub fn anchor(&self) -> Result<String, AdminError> {
        let key = enrolment::signing_key(&self.connection, &self.vault)?;
        let now_ms = self.clock.now_ms();
        Ok(audit_report::anchor(&self.connection, &key, now_ms).map_err(DatabaseError::from)?)
    }

    /// Holds anchors that were kept elsewhere against the chain. One line per anchor that does not hold.
    ///
    /// # Errors
    /// The database says no.
    pub fn check_anchors(&self, anchors: &str) -> Result<Vec<String>, AdminError> {
        let key = enrolment::signing_key(&self.connection, &self.vault)?.verifying_key();
        let mut faults = Vec::new();
        for (number, anchor) in (1..).zip(anchors.lines()) {
            if anchor.trim().is_empty() {
                continue;
            }
            let held = audit_report::check_anchor(&self.connection, &key, anchor);
            if let Err(why) = held.map_err(DatabaseError::from)? {
                faults.push(format!("anchor {number}: {why}"));
            }
        }
        Ok(faults)
    }

    fn order<'r>(
        &mut self,
        find: impl FnOnce(&Connection) -> Result<(UnitId, Order, &'r str), ApiError>,
    ) -> Result<u64, AdminError> {
        self.with_orders(|orders| {
            let (scope, order, reason) = find(orders.connection)?;
            Ok(orders.give(scope, order, reason)?.number)
        })
    }

    /// Works in one transaction, with what orders need.
    fn with_orders<T>(
        &mut self,
        work: impl FnOnce(Orders<'_>) -> Result<T, ApiError>,
    ) -> Result<T, AdminError> {
        let tx = self
            .connection
            .unchecked_transaction()
            .map_err(DatabaseError::from)?;
        let signing_key = enrolment::signing_key(&tx, &self.vault)?;
        let done = work(Orders {
            connection: &tx,
            vault: &self.vault,
            signing_key: &signing_key,
            entropy: self.entropy,
            blobs: &self.blobs,
            by: By::Operator,
            now_ms: self.clock.now_ms(),
        })?;
        tx.commit().map_err(DatabaseError::from)?;
        Ok(done)
    }

    fn write<T>(
        &mut self,
        work: impl FnOnce(Desk<'_>) -> Result<T, ApiError>,
    ) -> Result<T, AdminError> {
        let tx = self
            .connection
            .unchecked_transaction()
            .map_err(DatabaseError::from)?;
        let result = work(self.desk(&tx))?;
        tx.commit().map_err(DatabaseError::from)?;
        Ok(result)
    }

    fn desk<'b>(&'b self, connection: &'b Connection) -> Desk<'b> {
        Desk {
            connection,
            vault: &self.vault,
            clock: self.clock,
            entropy: self.entropy,
            ca_certificate: &self.ca_certificate,
            address: &self.address,
        }
    }
}

/// A township and the code of its first supervisor.
pub(crate) fn create_township(
    desk: Desk<'_>,
    name: &str,
    region: &str,
    supervisor: &str,
) -> Result<EnrolmentStatus, ApiError> {
    let sources = (desk.clock, desk.entropy);
    let township = organisation::create_township(desk.connection, sources, name, region)?;
    enrolment::create_anywhere(
        desk,
        &CreateEnrolment {
            unit: township.id,
            role: Role::Supervisor,
            person: supervisor.to_owned(),
        },
    )
}
