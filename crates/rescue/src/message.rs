//! Request and answer, as text a person copies or a camera reads.

use crate::sealed::{self, Purpose};
use crate::{RescueError, SealedKey, open_slot};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ids::{DeviceId, Entropy};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const REQUEST: &str = "zoufang-recover:";
const ANSWER: &str = "zoufang-recovered:";
/// Whatever somebody pastes, more than this is not looked at.
const MOST_TEXT: usize = 1024;

/// A tablet asks to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The district's public key its slot is sealed to.
    pub district: [u8; 32],
    /// The user key, sealed to it.
    pub slot: SealedKey,
    /// Public half of a key made for this request alone.
    pub fresh: [u8; 32],
    /// Which device asks, when it can tell without being open.
    pub device: Option<DeviceId>,
}

/// The user key, sealed to the fresh key of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer(SealedKey);

impl Request {
    /// The text to show.
    #[must_use]
    pub fn text(&self) -> String {
        encode(REQUEST, &self.bytes())
    }

    /// Reads the text; spaces and line breaks in it do not matter.
    ///
    /// # Errors
    /// [`RescueError::Malformed`], [`RescueError::TooNew`].
    pub fn parse(text: &str) -> Result<Self, RescueError> {
        let bytes = decode(REQUEST, text)?;
        let mut rest = Reader(&bytes);
        let request = Self {
            district: rest.take()?,
            slot: rest.sealed()?,
            fresh: rest.take()?,
            device: Some(DeviceId(Uuid::from_bytes(rest.take()?)))
                .filter(|device| !device.0.is_nil()),
        };
        rest.end().map(|()| request)
    }

    /// Six digits that tablet and district show alike when they have the same request.
    #[must_use]
    pub fn compare_code(&self) -> String {
        let digest = self.digest();
        let number = u64::from_be_bytes(
            digest[..8]
                .try_into()
                .expect("a digest has more than eight bytes"),
        );
        format!("{:06}", number % 1_000_000)
    }

    /// Opens the slot and seals the key to whoever made this request.
    ///
    /// # Errors
    /// [`RescueError::OtherDistrict`] for a slot of another key, [`RescueError::Refused`] for one that does not open.
    pub fn answer(
        &self,
        district_secret: &[u8; 32],
        entropy: &dyn Entropy,
    ) -> Result<Answer, RescueError> {
        let own = PublicKey::from(&StaticSecret::from(*district_secret)).to_bytes();
        if own != self.district {
            return Err(RescueError::OtherDistrict);
        }
        let user = open_slot(&self.slot, district_secret)?;
        let bound_to = self.digest();
        sealed::seal(&purpose(&bound_to), &user, &self.fresh, entropy).map(Answer)
    }

    /// The user key out of an answer to this request.
    ///
    /// # Errors
    /// [`RescueError::Refused`] for an answer to another request.
    pub fn open(
        &self,
        fresh_secret: &[u8; 32],
        answer: &Answer,
    ) -> Result<Zeroizing<[u8; 32]>, RescueError> {
        let bound_to = self.digest();
        sealed::open(&purpose(&bound_to), &answer.0, fresh_secret)
    }

    fn bytes(&self) -> Vec<u8> {
        [
            &self.district[..],
            &sealed_bytes(&self.slot),
            &self.fresh,
            self.device
                .map_or(Uuid::nil(), |device| device.0)
                .as_bytes(),
        ]
        .concat()
    }

    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(b"zoufang/rescue/request/1");
        digest.update(self.bytes());
        digest.finalize().into()
    }
}

impl Answer {
    /// The text to carry to the tablet.
    #[must_use]
    pub fn text(&self) -> String {
        encode(ANSWER, &sealed_bytes(&self.0))
    }

    /// Reads the text; spaces and line breaks in it do not matter.
    ///
    /// # Errors
    /// [`RescueError::Malformed`], [`RescueError::TooNew`].
    pub fn parse(text: &str) -> Result<Self, RescueError> {
        let bytes = decode(ANSWER, text)?;
        let mut rest = Reader(&bytes);
        let answer = Self(rest.sealed()?);
        rest.end().map(|()| answer)
    }
}

fn purpose(request: &[u8; 32]) -> Purpose<'_> {
    Purpose {
        label: b"zoufang/rescue/answer-key/1",
        bound_to: request,
    }
}

fn sealed_bytes(sealed: &SealedKey) -> Vec<u8> {
    [&sealed.ephemeral[..], &sealed.nonce, &sealed.sealed].concat()
}

/// Prefix, then version, content and four bytes that tell a whole text from a mistyped one.
fn encode(prefix: &str, content: &[u8]) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(content);
    let check = check(prefix, &bytes);
    bytes.extend_from_slice(&check);
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn decode(prefix: &str, text: &str) -> Result<Vec<u8>, RescueError> {
    if text.len() > MOST_TEXT {
        return Err(RescueError::Malformed);
    }
    let text: String = text.split_whitespace().collect();
    let mut bytes = text
        .strip_prefix(prefix)
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .ok_or(RescueError::Malformed)?;
    let found = bytes
        .len()
        .checked_sub(4)
        .map(|at| bytes.split_off(at))
        .ok_or(RescueError::Malformed)?;
    if check(prefix, &bytes)[..] != found[..] || bytes.is_empty() {
        return Err(RescueError::Malformed);
    }
    if bytes.remove(0) > VERSION {
        return Err(RescueError::TooNew);
    }
    Ok(bytes)
}

fn check(prefix: &str, bytes: &[u8]) -> [u8; 4] {
    let digest = Sha256::new()
        .chain_update(prefix)
        .chain_update(bytes)
        .finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], RescueError> {
        let (taken, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(RescueError::Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn sealed(&mut self) -> Result<SealedKey, RescueError> {
        Ok(SealedKey {
            ephemeral: self.take()?,
            nonce: self.take()?,
            sealed: self.take()?,
        })
    }

    fn end(self) -> Result<(), RescueError> {
        match self.0 {
            [] => Ok(()),
            _ => Err(RescueError::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal_slot;
    use std::sync::atomic::{AtomicU8, Ordering};

    /// Other bytes every time.
    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed) + 1);
        }
    }

    const USER: [u8; 32] = [77; 32];
    const DISTRICT: [u8; 32] = [42; 32];
    const FRESH: [u8; 32] = [13; 32];

    fn public(secret: [u8; 32]) -> [u8; 32] {
        PublicKey::from(&StaticSecret::from(secret)).to_bytes()
    }

    fn request(entropy: &Counting) -> Request {
        let district = public(DISTRICT);
        Request {
            district,
            slot: seal_slot(&USER, &district, entropy).expect("seals"),
            fresh: public(FRESH),
            device: Some(DeviceId(Uuid::from_u128(5))),
        }
    }

    #[test]
    fn the_district_answers_and_only_that_tablet_opens_the_answer() {
        let entropy = Counting(AtomicU8::new(0));
        let asked = request(&entropy);
        let there = Request::parse(&asked.text()).expect("reads");
        assert_eq!(there, asked);
        assert_eq!(there.compare_code(), asked.compare_code());
        let answer = there.answer(&DISTRICT, &entropy).expect("answers");
        let here = Answer::parse(&answer.text()).expect("reads");
        assert_eq!(*asked.open(&FRESH, &here).expect("opens"), USER);
        assert_eq!(asked.open(&[14; 32], &here), Err(RescueError::Refused));
        let other = request(&entropy);
        assert_eq!(other.open(&FRESH, &here), Err(RescueError::Refused));
    }

    #[test]
    fn another_districts_key_is_told_from_a_damaged_slot() {
        let entropy = Counting(AtomicU8::new(0));
        let mut asked = request(&entropy);
        assert_eq!(
            asked.answer(&[43; 32], &entropy),
            Err(RescueError::OtherDistrict)
        );
        asked.slot.sealed[0] ^= 1;
        assert_eq!(asked.answer(&DISTRICT, &entropy), Err(RescueError::Refused));
    }

    #[test]
    fn whoever_swaps_the_fresh_key_shows_other_digits() {
        let entropy = Counting(AtomicU8::new(0));
        let asked = request(&entropy);
        let swapped = Request {
            fresh: public([99; 32]),
            ..asked.clone()
        };
        assert_ne!(asked.compare_code(), swapped.compare_code());
    }

    #[test]
    fn a_mistyped_or_cut_off_text_is_refused_and_line_breaks_are_not() {
        let entropy = Counting(AtomicU8::new(0));
        let text = request(&entropy).text();
        assert!(text.len() < 300, "it fits into a small QR code");
        let broken: String = text
            .as_bytes()
            .chunks(40)
            .map(|line| format!(" {}\n", String::from_utf8_lossy(line)))
            .collect();
        assert!(Request::parse(&broken).is_ok());
        for length in 0..text.len() {
            assert!(Request::parse(&text[..length]).is_err(), "{length}");
        }
        for place in REQUEST.len()..text.len() - 1 {
            let mut wrong = text.clone().into_bytes();
            wrong[place] = if wrong[place] == b'A' { b'B' } else { b'A' };
            let wrong = String::from_utf8(wrong).expect("letters");
            assert_eq!(Request::parse(&wrong), Err(RescueError::Malformed));
        }
        assert!(Answer::parse(&text).is_err());
    }
}
