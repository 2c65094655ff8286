//! Opening a store that no PIN opens any more, with the district's help: the request it shows, the answer it takes.
//!
//! The request's own secret lies in `rescue-request`, sealed under the hardware key, until a new PIN is chosen: officers
//! may take a day, and the battery does not wait for them.

use crate::disk::Disk;
use crate::hardware::HardwareKey;
use crate::keys::SecretKey;
use crate::slots::Slots;
use crate::{StoreError, beside};
use ids::{DeviceId, Entropy};
use rescue::{Answer, Request};
use std::path::Path;
use std::sync::Arc;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const FILE: &str = "rescue-request";

/// What a folder's store shows to the district; the same one until it is answered and a new PIN is chosen.
///
/// # Errors
/// [`StoreError::RecoveryNeeded`] when the store has no recovery slot: nothing opens it.
pub fn request(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    hardware: &dyn HardwareKey,
    entropy: &dyn Entropy,
    device: Option<DeviceId>,
) -> Result<Request, StoreError> {
    let slots = Slots::read(disk.clone(), folder)?;
    let secret = match pending(disk.as_ref(), folder, hardware)? {
        Some(secret) => secret,
        None => {
            let mut secret = Zeroizing::new([0; 32]);
            entropy.fill(secret.as_mut_slice());
            let path = folder.join(FILE);
            beside::write(disk.as_ref(), &path, hardware, entropy, secret.as_slice())?;
            secret
        }
    };
    made_of(&slots, &secret, device)
}

/// The user key out of an answer to this folder's request.
///
/// # Errors
/// [`StoreError::Rescue`] for an answer to another request or a text that is none; [`StoreError::NotFound`] when this
/// folder has not asked.
pub fn take_answer(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    hardware: &dyn HardwareKey,
    device: Option<DeviceId>,
    text: &str,
) -> Result<SecretKey, StoreError> {
    let answer = Answer::parse(text)?;
    let secret = pending(disk.as_ref(), folder, hardware)?.ok_or(StoreError::NotFound)?;
    let slots = Slots::read(disk.clone(), folder)?;
    let user = made_of(&slots, &secret, device)?.open(&secret, &answer)?;
    Ok(SecretKey::from_bytes(*user))
}

/// There is a new PIN: the request is over.
///
/// # Errors
/// The file cannot be removed.
pub fn finish(disk: &dyn Disk, folder: &Path) -> Result<(), StoreError> {
    match disk.remove(&folder.join(FILE)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn pending(
    disk: &dyn Disk,
    folder: &Path,
    hardware: &dyn HardwareKey,
) -> Result<Option<Zeroizing<[u8; 32]>>, StoreError> {
    let found = beside::read(disk, &folder.join(FILE), hardware)?;
    Ok(found.and_then(|bytes| {
        let bytes: &[u8; 32] = bytes.as_slice().try_into().ok()?;
        Some(Zeroizing::new(*bytes))
    }))
}

fn made_of(
    slots: &Slots,
    secret: &Zeroizing<[u8; 32]>,
    device: Option<DeviceId>,
) -> Result<Request, StoreError> {
    let (district, slot) = slots.recovery()?.ok_or(StoreError::RecoveryNeeded)?;
    Ok(Request {
        district,
        slot,
        fresh: PublicKey::from(&StaticSecret::from(**secret)).to_bytes(),
        device,
    })
}
