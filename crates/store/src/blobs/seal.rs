//! A blob's bytes as they lie and travel: frames of 64 KiB, each sealed on its own, under a key made for this blob alone.
//!
//! `ZFB2`, then the frames. A frame's nonce is its number and whether it is the last, so that frames cannot be exchanged,
//! left out or cut off; no nonce comes twice under a key, because no key seals twice. The address is SHA-256 of all of it:
//! whoever carries it can check what came, nobody brings other bytes under it, and since the key is random, nobody can ask
//! whether it is a picture they know (security-notes.md §3.7).
//!
//! Blobs of before begin with `ZFB1`; their address is an HMAC of the content under a key derived from the blob's, which the
//! server could not check. They open as they did, and none is made any more.

use crate::StoreError;
use crate::keys::{self, SecretKey};
use hmac::{Hmac, KeyInit, Mac};
use ids::BlobAddress;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const MAGIC: &[u8; 4] = b"ZFB2";
const MAGIC_1: &[u8; 4] = b"ZFB1";
const FRAME: usize = 64 * 1024;
const TAG: usize = 16;

/// A sealed blob.
pub struct Sealed {
    /// Its name.
    pub address: BlobAddress,
    /// What lies on the disk and travels.
    pub bytes: Vec<u8>,
    /// SHA-256 of `bytes`, the address as well: how the server knows that it has all of it.
    pub digest: [u8; 32],
}

/// Seals content under a key that seals nothing else.
///
/// # Errors
/// None in practice; the cipher has no other failure than size.
pub fn seal(key: &SecretKey, content: &[u8]) -> Result<Sealed, StoreError> {
    let bytes = framed(key, MAGIC, content)?;
    let digest = Sha256::digest(&bytes).into();
    Ok(Sealed {
        address: BlobAddress(digest),
        bytes,
        digest,
    })
}

fn framed(key: &SecretKey, magic: &[u8; 4], content: &[u8]) -> Result<Vec<u8>, StoreError> {
    let frame_key = frame_key(key);
    let frames = content.len().div_ceil(FRAME).max(1);
    let mut bytes = Vec::with_capacity(magic.len() + content.len() + frames * TAG);
    bytes.extend_from_slice(magic);
    for number in 0..frames {
        let begin = number * FRAME;
        let frame = &content[begin..content.len().min(begin + FRAME)];
        let nonce = nonce(number, number + 1 == frames);
        bytes.extend_from_slice(&keys::seal(&frame_key, &nonce, magic, frame)?);
    }
    Ok(bytes)
}

/// Opens what [`seal`] sealed, and checks that it is what the address names.
///
/// # Errors
/// Altered, cut off, under another key, or not what the address names.
pub fn open(
    key: &SecretKey,
    blob: BlobAddress,
    bytes: &[u8],
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let (magic, frames) = bytes.split_first_chunk::<4>().ok_or(StoreError::Crypto)?;
    let frame_key = frame_key(key);
    let count = frames.len().div_ceil(FRAME + TAG);
    let mut content = Zeroizing::new(Vec::with_capacity(frames.len()));
    for (number, frame) in frames.chunks(FRAME + TAG).enumerate() {
        let nonce = nonce(number, number + 1 == count);
        content.extend_from_slice(&keys::unseal(&frame_key, &nonce, magic, frame)?);
    }
    let named = match magic {
        MAGIC => BlobAddress(Sha256::digest(bytes).into()),
        MAGIC_1 => address_1(key, &content),
        _ => return Err(StoreError::Crypto),
    };
    if count == 0 || named != blob {
        return Err(StoreError::Crypto);
    }
    Ok(content)
}

/// The key of a photo's thumbnail: whoever has the photo's has this one.
#[must_use]
pub fn thumb_key(key: &SecretKey) -> SecretKey {
    key.derive("zoufang/blob-thumb/1")
}

fn frame_key(key: &SecretKey) -> SecretKey {
    key.derive("zoufang/blob-frames/1")
}

fn address_1(key: &SecretKey, content: &[u8]) -> BlobAddress {
    let key = key.derive("zoufang/blob-address/1");
    let mut hmac =
        Hmac::<Sha256>::new_from_slice(key.bytes()).expect("HMAC takes a key of any length");
    hmac.update(content);
    BlobAddress(hmac.finalize().into_bytes().into())
}

fn nonce(number: usize, is_last: bool) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce[..8].copy_from_slice(&(number as u64).to_be_bytes());
    nonce[8] = u8::from(is_last);
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretKey {
        SecretKey::from_bytes([7; 32])
    }

    #[test]
    fn content_of_any_length_opens_again() {
        for length in [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, 3 * FRAME + 5] {
            let content: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let sealed = seal(&key(), &content).expect("seals");
            let opened = open(&key(), sealed.address, &sealed.bytes).expect("opens");
            assert!(*opened == content, "{length}");
        }
    }

    #[test]
    fn what_is_altered_cut_off_or_exchanged_does_not_open() {
        let content = vec![5; 3 * FRAME];
        let sealed = seal(&key(), &content).expect("seals");
        let frame = FRAME + TAG;
        let mut altered = sealed.bytes.clone();
        altered[FRAME] ^= 1;
        let cut = sealed.bytes[..MAGIC.len() + 2 * frame].to_vec();
        let mut exchanged = sealed.bytes.clone();
        exchanged[MAGIC.len()..MAGIC.len() + 2 * frame].rotate_left(frame);
        for bytes in [altered, cut, exchanged, MAGIC.to_vec(), Vec::new()] {
            assert!(open(&key(), sealed.address, &bytes).is_err());
        }
        let other = SecretKey::from_bytes([8; 32]);
        assert!(open(&other, sealed.address, &sealed.bytes).is_err());
        assert!(open(&key(), BlobAddress([0; 32]), &sealed.bytes).is_err());
    }

    #[test]
    fn the_name_is_a_digest_of_what_travels_so_that_the_server_can_check_it() {
        let sealed = seal(&key(), b"picture").expect("seals");
        assert_eq!(sealed.address.0, sealed.digest);
        assert_eq!(
            <[u8; 32]>::from(Sha256::digest(&sealed.bytes)),
            sealed.digest
        );
    }

    #[test]
    fn a_blob_of_before_opens_under_the_name_it_had_and_no_other() {
        let bytes = framed(&key(), MAGIC_1, b"picture").expect("seals");
        let named = address_1(&key(), b"picture");
        let opened = open(&key(), named, &bytes).expect("opens");
        assert_eq!(opened.as_slice(), b"picture");
        let digest = BlobAddress(Sha256::digest(&bytes).into());
        assert!(open(&key(), digest, &bytes).is_err());
        let now = framed(&key(), MAGIC, b"picture").expect("seals");
        assert!(open(&key(), named, &now).is_err());
    }

    #[test]
    fn the_same_picture_under_another_key_has_another_name() {
        let other = SecretKey::from_bytes([8; 32]);
        let (one, two) = (seal(&key(), b"picture"), seal(&other, b"picture"));
        assert_ne!(one.expect("seals").address, two.expect("seals").address);
    }
}
