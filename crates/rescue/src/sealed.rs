//! 32 bytes sealed to an X25519 key: ephemeral Diffie-Hellman, HKDF-SHA256, XChaCha20-Poly1305.

use crate::RescueError;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use ids::Entropy;
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// A key of 32 bytes that one other key opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedKey {
    /// Public half of the key that was made for this sealing.
    pub ephemeral: [u8; 32],
    /// Nonce.
    pub nonce: [u8; 24],
    /// The key and its tag.
    pub sealed: [u8; 48],
}

/// What is sealed for what; nothing sealed for one opens as another.
pub(crate) struct Purpose<'a> {
    pub(crate) label: &'static [u8],
    pub(crate) bound_to: &'a [u8],
}

const SLOT: Purpose<'static> = Purpose {
    label: b"zoufang/slot/recovery-key/1",
    bound_to: b"zoufang/slot/recovery/1",
};

/// Seals a user key to the district, for the store's slot.
///
/// # Errors
/// The district's key is none.
pub fn seal_slot(
    user: &[u8; 32],
    district: &[u8; 32],
    entropy: &dyn Entropy,
) -> Result<SealedKey, RescueError> {
    seal(&SLOT, user, district, entropy)
}

/// Opens a store's slot with the district's secret key.
///
/// # Errors
/// Another key.
pub fn open_slot(
    slot: &SealedKey,
    district: &[u8; 32],
) -> Result<Zeroizing<[u8; 32]>, RescueError> {
    open(&SLOT, slot, district)
}

pub(crate) fn seal(
    purpose: &Purpose<'_>,
    key: &[u8; 32],
    recipient: &[u8; 32],
    entropy: &dyn Entropy,
) -> Result<SealedKey, RescueError> {
    let mut secret = Zeroizing::new([0; 32]);
    let mut nonce = [0; 24];
    entropy.fill(secret.as_mut_slice());
    entropy.fill(&mut nonce);
    let own = StaticSecret::from(*secret);
    let ephemeral = PublicKey::from(&own).to_bytes();
    let sealing = agreed(purpose, &own, recipient, &ephemeral, recipient)?;
    let sealed = XChaCha20Poly1305::new((&*sealing).into())
        .encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: key,
                aad: purpose.bound_to,
            },
        )
        .ok()
        .and_then(|sealed| sealed.try_into().ok())
        .ok_or(RescueError::Refused)?;
    Ok(SealedKey {
        ephemeral,
        nonce,
        sealed,
    })
}

pub(crate) fn open(
    purpose: &Purpose<'_>,
    sealed: &SealedKey,
    secret: &[u8; 32],
) -> Result<Zeroizing<[u8; 32]>, RescueError> {
    let own = StaticSecret::from(*secret);
    let recipient = PublicKey::from(&own).to_bytes();
    let opening = agreed(
        purpose,
        &own,
        &sealed.ephemeral,
        &sealed.ephemeral,
        &recipient,
    )?;
    let plain = XChaCha20Poly1305::new((&*opening).into())
        .decrypt(
            &XNonce::from(sealed.nonce),
            Payload {
                msg: &sealed.sealed,
                aad: purpose.bound_to,
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| RescueError::Refused)?;
    let mut key = Zeroizing::new([0; 32]);
    if plain.len() != key.len() {
        return Err(RescueError::Refused);
    }
    key.copy_from_slice(&plain);
    Ok(key)
}

fn agreed(
    purpose: &Purpose<'_>,
    own: &StaticSecret,
    theirs: &[u8; 32],
    ephemeral: &[u8; 32],
    recipient: &[u8; 32],
) -> Result<Zeroizing<[u8; 32]>, RescueError> {
    let shared = own.diffie_hellman(&PublicKey::from(*theirs));
    if !shared.was_contributory() {
        return Err(RescueError::Refused);
    }
    let mut salt = [0; 64];
    salt[..32].copy_from_slice(ephemeral);
    salt[32..].copy_from_slice(recipient);
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(&salt), shared.as_bytes())
        .expand(purpose.label, key.as_mut_slice())
        .expect("32 bytes is a valid HKDF length");
    Ok(key)
}
