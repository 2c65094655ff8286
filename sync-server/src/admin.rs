//! What whoever sits at the server may do beside a running one: see the open codes, make one, confirm one.

use crate::database::{self, DatabaseError};
use crate::enrolment::{self, Desk};
use crate::error::ApiError;
use crate::settings::{self, name};
use crate::tls;
use crate::vault::{Vault, VaultError};
use ids::{Clock, Entropy};
use protocol::{ConfirmEnrolment, CreateEnrolment, EnrolmentStatus};
use rusqlite::Connection;
use std::path::Path;

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
    /// A refusal.
    #[error("refused: {0}")]
    Refused(#[from] ApiError),
}

/// The enrolment desk of a data folder. A server may run on it at the same time.
pub struct AdminDesk<'a> {
    connection: Connection,
    vault: Vault,
    clock: &'a dyn Clock,
    entropy: &'a dyn Entropy,
    ca_certificate: Vec<u8>,
    address: String,
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
        let vault = Vault::open(key_file, data)?;
        let connection = database::open(data)?;
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
        })
    }

    /// The codes that are still good.
    ///
    /// # Errors
    /// The database says no.
    pub fn open_enrolments(&self) -> Result<Vec<EnrolmentStatus>, AdminError> {
        Ok(enrolment::open_ones(self.desk(&self.connection))?)
    }

    /// Makes a code.
    ///
    /// # Errors
    /// The unit is unknown or does not go with the role.
    pub fn create_enrolment(
        &mut self,
        input: &CreateEnrolment,
    ) -> Result<EnrolmentStatus, AdminError> {
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

    /// The only township's station, when a server has one.
    ///
    /// # Errors
    /// The database says no.
    pub fn scope(&self) -> Result<ids::UnitId, AdminError> {
        let scope = self
            .connection
            .query_row(include_str!("sql/log/first_scope.sql"), [], |row| {
                crate::columns::uuid(row, 0)
            })
            .map_err(ApiError::from)?;
        Ok(ids::UnitId(scope))
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
