//! Small files that must be read while the store is locked: sealed under the hardware key, so that a copied folder says
//! nothing. On a machine without one they are as safe as the stub's file, which is why nothing personal goes into them.

use crate::StoreError;
use crate::disk::Disk;
use crate::files::write_durably;
use crate::hardware::HardwareKey;
use crate::keys::{SecretKey, seal, unseal};
use ids::Entropy;
use std::io::ErrorKind;
use std::path::Path;
use zeroize::Zeroizing;

/// Writes one, durably.
///
/// # Errors
/// The file cannot be written, or the hardware key is gone.
pub fn write(
    disk: &dyn Disk,
    path: &Path,
    hardware: &dyn HardwareKey,
    entropy: &dyn Entropy,
    plain: &[u8],
) -> Result<(), StoreError> {
    let mut nonce = [0; 24];
    entropy.fill(&mut nonce);
    let name = name_of(path);
    let sealed = seal(&key(hardware, &name)?, &nonce, &name, plain)?;
    write_durably(disk, path, &[&nonce[..], &sealed].concat())
}

/// Reads one. None without a file, and for one that another hardware key sealed or that is damaged.
///
/// # Errors
/// The file cannot be read.
pub fn read(
    disk: &dyn Disk,
    path: &Path,
    hardware: &dyn HardwareKey,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let bytes = match disk.read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Some((nonce, sealed)) = bytes.split_first_chunk::<24>() else {
        return Ok(None);
    };
    let name = name_of(path);
    match key(hardware, &name) {
        Ok(key) => Ok(unseal(&key, nonce, &name, sealed).ok()),
        Err(StoreError::RecoveryNeeded) => Ok(None),
        Err(other) => Err(other),
    }
}

fn name_of(path: &Path) -> Vec<u8> {
    path.file_name()
        .unwrap_or_default()
        .as_encoded_bytes()
        .to_vec()
}

/// The message begins unlike a PIN's, which is 32 bytes of Argon2id and nothing else.
fn key(hardware: &dyn HardwareKey, name: &[u8]) -> Result<SecretKey, StoreError> {
    let hard = hardware.hmac(&[b"zoufang/beside/1/", name].concat())?;
    Ok(SecretKey::from_bytes(*hard))
}
