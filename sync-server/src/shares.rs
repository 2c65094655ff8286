//! The district's recovery key in three parts, of which two are needed: no officer opens a tablet alone, and one part
//! lost loses nothing. The parts are made at `init` and leave the server at once.

use crate::vault::{self, VaultError};
use blahaj::{Share as Point, Sharks};
use ids::Entropy;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Parts that are made.
pub const SHARES: usize = 3;
/// Parts that are needed.
pub const NEEDED: u8 = 2;
const BEGINS: &str = "zoufang-recovery-share-1";

/// One officer's part.
pub struct Share {
    /// The public half of the key it belongs to.
    district: [u8; 32],
    /// Its number and its 32 bytes.
    point: Zeroizing<Vec<u8>>,
}

/// Why parts made no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// Mistyped, cut off, or not a part at all.
    #[error("this is not a part of a recovery key, or not all of it")]
    Malformed,
    /// One part twice.
    #[error("both are the same part; two different ones are needed")]
    Same,
    /// Parts of different keys, or of a key this request was not made for.
    #[error("the parts belong to another district")]
    OtherDistrict,
}

/// Splits a secret key.
#[must_use]
pub fn split(secret: &[u8; 32], entropy: &dyn Entropy) -> Vec<Share> {
    let district = public(secret);
    let mut seed = Zeroizing::new([0; 32]);
    entropy.fill(seed.as_mut_slice());
    let mut random = ChaCha20Rng::from_seed(*seed);
    Sharks(NEEDED)
        .dealer_rng(secret, &mut random)
        .take(SHARES)
        .map(|point| Share {
            district,
            point: Zeroizing::new(Vec::from(&point)),
        })
        .collect()
}

/// Puts two parts together.
///
/// # Errors
/// See [`ShareError`].
pub fn join(one: &Share, other: &Share) -> Result<Zeroizing<[u8; 32]>, ShareError> {
    if one.district != other.district {
        return Err(ShareError::OtherDistrict);
    }
    if one.point.first() == other.point.first() {
        return Err(ShareError::Same);
    }
    let points = [one, other]
        .map(|share| Point::try_from(share.point.as_slice()).map_err(|_| ShareError::Malformed));
    let [first, second] = points;
    let secret = Sharks(NEEDED)
        .recover(&[first?, second?])
        .map(Zeroizing::new)
        .map_err(|_| ShareError::Malformed)?;
    let mut key = Zeroizing::new([0; 32]);
    if secret.len() != key.len() {
        return Err(ShareError::Malformed);
    }
    key.copy_from_slice(&secret);
    // Shamir's scheme gives some key for any two points; this says whether it is the one.
    if public(&key) != one.district {
        return Err(ShareError::OtherDistrict);
    }
    Ok(key)
}

impl Share {
    /// The text an officer keeps.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let body = self.body();
        Zeroizing::new(format!(
            "{BEGINS} {} {}\n",
            body.as_str(),
            hex::encode(check(&body))
        ))
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`ShareError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, ShareError> {
        let mut words = text.split_whitespace();
        let (Some(BEGINS), Some(district), Some(point), Some(sum), None) = (
            words.next(),
            words.next(),
            words.next(),
            words.next(),
            words.next(),
        ) else {
            return Err(ShareError::Malformed);
        };
        let share = Self {
            district: hex::decode(district)
                .ok()
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or(ShareError::Malformed)?,
            point: hex::decode(point)
                .map(Zeroizing::new)
                .map_err(|_| ShareError::Malformed)?,
        };
        if share.point.len() != 33 || hex::encode(check(&share.body())) != sum {
            return Err(ShareError::Malformed);
        }
        Ok(share)
    }

    fn body(&self) -> Zeroizing<String> {
        let point = Zeroizing::new(hex::encode(self.point.as_slice()));
        Zeroizing::new(format!("{} {}", hex::encode(self.district), point.as_str()))
    }
}

/// Writes the parts into a folder, a file each, which is to leave this machine.
///
/// # Errors
/// A file is there already or cannot be written.
pub fn write(folder: &Path, shares: &[Share]) -> Result<Vec<PathBuf>, VaultError> {
    shares
        .iter()
        .enumerate()
        .map(|(index, share)| {
            let path = folder.join(format!("share-{}.txt", index + 1));
            vault::write_secret(&path, &share.text())?;
            Ok(path)
        })
        .collect()
}

fn public(secret: &[u8; 32]) -> [u8; 32] {
    PublicKey::from(&StaticSecret::from(*secret)).to_bytes()
}

fn check(body: &str) -> [u8; 4] {
    let digest = Sha256::digest(body.as_bytes());
    [digest[0], digest[1], digest[2], digest[3]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;

    const SECRET: [u8; 32] = [42; 32];

    #[test]
    fn any_two_parts_make_the_key_and_one_says_nothing_of_it() {
        let shares = split(&SECRET, &SystemEntropy);
        assert_eq!(shares.len(), 3);
        for (one, other) in [(0, 1), (1, 2), (2, 0)] {
            let key = join(&shares[one], &shares[other]).expect("two parts are enough");
            assert_eq!(*key, SECRET);
        }
        for share in &shares {
            assert_ne!(share.point[1..], SECRET);
        }
        let again = split(&SECRET, &SystemEntropy);
        assert_ne!(shares[0].point, again[0].point, "split by chance");
    }

    #[test]
    fn one_part_twice_and_parts_of_two_districts_are_refused() {
        let shares = split(&SECRET, &SystemEntropy);
        assert_eq!(join(&shares[0], &shares[0]).err(), Some(ShareError::Same));
        let other = split(&[43; 32], &SystemEntropy);
        assert_eq!(
            join(&shares[0], &other[1]).err(),
            Some(ShareError::OtherDistrict)
        );
        // Split a second time: the same district, and two points that do not belong together.
        let again = split(&SECRET, &SystemEntropy);
        assert_eq!(
            join(&shares[0], &again[1]).err(),
            Some(ShareError::OtherDistrict)
        );
    }

    #[test]
    fn a_part_is_read_back_and_a_mistyped_one_is_not() {
        let shares = split(&SECRET, &SystemEntropy);
        let text = shares[1].text();
        let read = Share::parse(&text).expect("reads");
        assert_eq!(*join(&shares[0], &read).expect("joins"), SECRET);
        for place in 0..text.trim_end().len() {
            let mut wrong = text.as_bytes().to_vec();
            wrong[place] = if wrong[place] == b'0' { b'1' } else { b'0' };
            let wrong = String::from_utf8(wrong).expect("letters");
            assert!(Share::parse(&wrong).is_err(), "{wrong}");
        }
    }
}
