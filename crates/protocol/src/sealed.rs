//! Bytes sealed to somebody's public key, so that whoever carries or keeps them cannot read them.
//!
//! X25519 with a key made for this once → HKDF-SHA256 over both public keys and what it is for → XChaCha20-Poly1305.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use ids::Entropy;
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const EPHEMERAL: usize = 32;
const NONCE: usize = 24;

/// Why sealed bytes do not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed for somebody else, for something else, or damaged")]
pub struct NotSealedForThis;

/// The public half of a secret.
pub fn public_of(secret: &[u8; 32]) -> [u8; 32] {
    PublicKey::from(&StaticSecret::from(*secret)).to_bytes()
}

/// Seals bytes to a public key. What it is `for_what` is bound in: sealed for one thing it does not open as another.
///
/// # Errors
/// The public key is not one that can be sealed to.
pub fn seal(
    recipient: &[u8; 32],
    for_what: &str,
    plain: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, NotSealedForThis> {
    let mut secret = Zeroizing::new([0; 32]);
    let mut nonce = [0; NONCE];
    entropy.fill(secret.as_mut_slice());
    entropy.fill(&mut nonce);
    let ephemeral = StaticSecret::from(*secret);
    let public = PublicKey::from(&ephemeral).to_bytes();
    let key = key(&ephemeral, recipient, &public, recipient, for_what)?;
    let sealed = XChaCha20Poly1305::new((&*key).into())
        .encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: plain,
                aad: for_what.as_bytes(),
            },
        )
        .map_err(|_| NotSealedForThis)?;
    Ok([&public[..], &nonce[..], &sealed].concat())
}

/// Opens what was sealed to the public key of this secret.
///
/// # Errors
/// It was not sealed to it, or not for this.
pub fn open(
    secret: &[u8; 32],
    for_what: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotSealedForThis> {
    let (public, rest) = sealed
        .split_first_chunk::<EPHEMERAL>()
        .ok_or(NotSealedForThis)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(NotSealedForThis)?;
    let own = StaticSecret::from(*secret);
    let recipient = PublicKey::from(&own).to_bytes();
    let key = key(&own, public, public, &recipient, for_what)?;
    XChaCha20Poly1305::new((&*key).into())
        .decrypt(
            &XNonce::from(*nonce),
            Payload {
                msg: sealed,
                aad: for_what.as_bytes(),
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| NotSealedForThis)
}

fn key(
    own: &StaticSecret,
    their_public: &[u8; 32],
    ephemeral: &[u8; 32],
    recipient: &[u8; 32],
    for_what: &str,
) -> Result<Zeroizing<[u8; 32]>, NotSealedForThis> {
    let shared = own.diffie_hellman(&PublicKey::from(*their_public));
    if !shared.was_contributory() {
        return Err(NotSealedForThis);
    }
    let salt = [&ephemeral[..], &recipient[..]].concat();
    let info = ["zoufang/sealed/1/", for_what].concat();
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(&salt), shared.as_bytes())
        .expand(info.as_bytes(), key.as_mut_slice())
        .expect("32 bytes are fewer than HKDF can give");
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for (number, byte) in bytes.iter_mut().enumerate() {
                *byte = u8::try_from(number % 251).expect("below 251");
            }
        }
    }

    #[test]
    fn what_is_sealed_opens_with_the_secret_for_the_same_thing_and_not_otherwise() {
        let secret = [7; 32];
        let public = PublicKey::from(&StaticSecret::from(secret)).to_bytes();
        let sealed = seal(&public, "remains", "没写完".as_bytes(), &Counting).expect("it seals");
        assert_eq!(
            open(&secret, "remains", &sealed)
                .expect("it opens")
                .as_slice(),
            "没写完".as_bytes()
        );
        assert_eq!(open(&[8; 32], "remains", &sealed), Err(NotSealedForThis));
        assert_eq!(open(&secret, "other", &sealed), Err(NotSealedForThis));
        for length in 0..sealed.len() {
            assert_eq!(
                open(&secret, "remains", &sealed[..length]),
                Err(NotSealedForThis)
            );
        }
        assert_eq!(
            seal(&[0; 32], "remains", b"", &Counting),
            Err(NotSealedForThis)
        );
    }
}
