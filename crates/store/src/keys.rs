//! The keys of one store and how each is derived from the user key. No key has `Debug` or `Clone`.

use crate::StoreError;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use ids::Entropy;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// 32 secret bytes that are wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// Takes over 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A new random key.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// The bytes, for the primitive that needs them.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key for one purpose; the label says which.
    #[must_use]
    pub fn derive(&self, label: &str) -> SecretKey {
        derive(&[], &self.0, label.as_bytes())
    }
}

/// HKDF-SHA256 to 32 bytes.
pub(crate) fn derive(salt: &[u8], secret: &[u8], info: &[u8]) -> SecretKey {
    let mut bytes = [0; 32];
    Hkdf::<Sha256>::new(Some(salt), secret)
        .expand(info, &mut bytes)
        .expect("32 bytes is a valid HKDF length");
    SecretKey(bytes)
}

/// The keys the running store needs.
pub(crate) struct StoreKeys {
    pub(crate) user: SecretKey,
    pub(crate) database: SecretKey,
    pub(crate) journal: SecretKey,
    pub(crate) device: SecretKey,
}

impl StoreKeys {
    pub(crate) fn from_user_key(user: SecretKey) -> Self {
        Self {
            database: user.derive("zoufang/database/1"),
            journal: user.derive("zoufang/journal/1"),
            device: user.derive("zoufang/device-key/1"),
            user,
        }
    }
}

/// A sealed value: nonce and ciphertext with its tag.
pub(crate) fn seal(
    key: &SecretKey,
    nonce: &[u8; 24],
    bound_to: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, StoreError> {
    XChaCha20Poly1305::new(key.bytes().into())
        .encrypt(
            &XNonce::from(*nonce),
            Payload {
                msg: plain,
                aad: bound_to,
            },
        )
        .map_err(|_| StoreError::Crypto)
}

pub(crate) fn unseal(
    key: &SecretKey,
    nonce: &[u8; 24],
    bound_to: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    XChaCha20Poly1305::new(key.bytes().into())
        .decrypt(
            &XNonce::from(*nonce),
            Payload {
                msg: sealed,
                aad: bound_to,
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| StoreError::Crypto)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compiles only for what wipes itself when it goes.
    fn wipes<T: ZeroizeOnDrop>() {}

    #[test]
    fn every_key_wipes_itself_when_it_goes() {
        wipes::<SecretKey>();
        wipes::<crate::identity::SigningKey>();
        wipes::<x25519_dalek::StaticSecret>();
        let mut key = SecretKey::from_bytes([7; 32]);
        key.zeroize();
        assert_eq!(key.bytes(), &[0; 32]);
    }
}
