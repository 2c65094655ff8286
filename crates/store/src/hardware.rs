//! The hardware key: an HMAC nobody can take out of the device, so that a stolen file alone cannot be tried against all PINs.
//!
//! Android Keystore and TPM implementations live in the shells; here is the trait, the file stub
//! for machines without either, which is as strong as the folder it lies in and no stronger, and the passing key for a
//! store that nobody is to open a second time.

use crate::StoreError;
use crate::disk::{Disk, SystemDisk};
use crate::files::{folder_of, write_durably};
use crate::wipe::overwrite_and_remove;
use hmac::{Hmac, KeyInit, Mac};
use ids::Entropy;
use sha2::Sha256;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
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
        Ok(hmac_of(&secret, message))
    }

    fn destroy(&self) -> Result<(), StoreError> {
        overwrite_and_remove(self.disk.as_ref(), &self.path)?;
        Ok(self.disk.sync_folder(folder_of(&self.path))?)
    }
}

/// A key that is in this process's memory and nowhere else: what is sealed under it nobody opens once it is dropped.
pub struct PassingKey(Mutex<Option<Zeroizing<[u8; 32]>>>);

impl PassingKey {
    /// A new one.
    #[must_use]
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        entropy.fill(secret.as_mut_slice());
        Self(Mutex::new(Some(secret)))
    }
}

impl HardwareKey for PassingKey {
    fn hmac(&self, message: &[u8]) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        let secret = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = secret.as_ref().ok_or(StoreError::RecoveryNeeded)?;
        Ok(hmac_of(secret.as_slice(), message))
    }

    fn destroy(&self) -> Result<(), StoreError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }
}

fn hmac_of(secret: &[u8], message: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    hmac.update(message);
    Zeroizing::new(hmac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for (at, byte) in bytes.iter_mut().enumerate() {
                *byte = u8::try_from(at).unwrap_or(u8::MAX);
            }
        }
    }

    #[test]
    fn a_passing_key_answers_until_it_is_destroyed() {
        let key = PassingKey::new(&Counting);
        let answer = key.hmac(b"x").expect("it is there");
        assert_eq!(*answer, *key.hmac(b"x").expect("it is still there"));
        assert_ne!(*answer, *key.hmac(b"y").expect("another message"));
        key.destroy().expect("nothing can fail");
        assert!(matches!(key.hmac(b"x"), Err(StoreError::RecoveryNeeded)));
    }
}
