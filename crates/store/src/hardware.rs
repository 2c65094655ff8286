//! The hardware key: an HMAC nobody can take out of the device, so that a stolen file alone cannot be tried against all PINs.
//!
//! Android Keystore and TPM implementations live in the shells; here is the trait and the file stub
//! for machines without either, which is as strong as the folder it lies in and no stronger.

use crate::StoreError;
use crate::disk::{Disk, SystemDisk};
use crate::files::{folder_of, write_durably};
use crate::wipe::overwrite_and_remove;
use hmac::{Hmac, KeyInit, Mac};
use ids::Entropy;
use sha2::Sha256;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// A device secret that answers HMAC-SHA256 and never leaves its place.
pub trait HardwareKey: Send + Sync {
    /// HMAC-SHA256 of the message under the device secret.
    ///
    /// # Errors
    /// [`StoreError::RecoveryNeeded`] when the secret is gone.
    fn hmac(&self, message: &[u8]) -> Result<Zeroizing<[u8; 32]>, StoreError>;

    /// Destroys the secret: no PIN opens anything that was sealed with it. Gone already is fine.
    ///
    /// # Errors
    /// It may still be there.
    fn destroy(&self) -> Result<(), StoreError>;
}

/// The stub: the secret is a file beside the store.
#[derive(Debug)]
pub struct FileHardwareKey {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

impl FileHardwareKey {
    /// Uses the secret in this file.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            disk: Arc::new(SystemDisk),
            path: path.into(),
        }
    }

    /// The same file on another disk.
    #[must_use]
    pub fn on(self, disk: Arc<dyn Disk>) -> Self {
        Self { disk, ..self }
    }

    /// The usual place: beside the store's folder, not in it, so that a copied folder is not enough.
    #[must_use]
    pub fn beside(folder: &Path) -> Self {
        let mut name = folder.file_name().unwrap_or_default().to_os_string();
        name.push(".hardware-key");
        Self::at(folder.with_file_name(name))
    }

    /// Makes the secret if there is none yet.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn ensure(&self, entropy: &dyn Entropy) -> Result<(), StoreError> {
        match self.disk.length(&self.path) {
            // An empty one is what a power cut can leave of its making; anything else is never written over.
            Ok(length) if length > 0 => return Ok(()),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        self.disk.make_folder(folder_of(&self.path))?;
        let mut secret = Zeroizing::new([0; 32]);
        entropy.fill(secret.as_mut_slice());
        write_durably(self.disk.as_ref(), &self.path, secret.as_slice())
    }
}

impl HardwareKey for FileHardwareKey {
    fn hmac(&self, message: &[u8]) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        let secret = match self.disk.read(&self.path).map(Zeroizing::new) {
            Ok(secret) if secret.len() == 32 => secret,
            Ok(_) => return Err(StoreError::RecoveryNeeded),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(StoreError::RecoveryNeeded);
            }
            Err(error) => return Err(error.into()),
        };
        let mut hmac =
            Hmac::<Sha256>::new_from_slice(&secret).expect("HMAC takes a key of any length");
        hmac.update(message);
        Ok(Zeroizing::new(hmac.finalize().into_bytes().into()))
    }

    fn destroy(&self) -> Result<(), StoreError> {
        overwrite_and_remove(self.disk.as_ref(), &self.path)?;
        Ok(self.disk.sync_folder(folder_of(&self.path))?)
    }
}
