//! `keys.json`: the user key, wrapped once for the PIN and once for the district's recovery key. No secret in clear.
//!
//! Without it everything else in the folder is noise, so it is there twice: `keys-copy.json` is written after it and
//! read when it is missing or its check does not hold. Of two whole files the later one counts, so that a PIN that was
//! changed or locked does not come back; the other is made equal at the next opening.
//! PIN → Argon2id → HMAC in the hardware key → HKDF → XChaCha20-Poly1305 over the user key.
//! `attempts` beside it holds the count of wrong PINs. It is written and synced *before* an answer is given, so that
//! killing the process between a guess and its answer wins nothing; and it is a file of its own, always of one size
//! and written in place, so that counting neither risks the slots nor needs room on a full disk.

use crate::cost::ArgonCost;
use crate::disk::Disk;
use crate::files;
use crate::hardware::HardwareKey;
use crate::keys::{SecretKey, derive, seal, unseal};
use crate::{StoreError, pin};
use ids::{Clock, Entropy};
use rescue::SealedKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The newest form of the file. An app of before would look for the first key's files, so it is told from the second key on.
const VERSION: u32 = 2;
/// The form while the account has its first key.
const FIRST_KEY: u32 = 1;
/// Wrong PINs in a row before only recovery helps.
pub const MOST_WRONG: u32 = 10;

/// How the PIN door stands, without trying it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinState {
    /// Wrong PINs in a row.
    pub wrong: u32,
    /// Seconds until the next try is looked at.
    pub wait_seconds: u64,
    /// Only the recovery key helps.
    pub recovery_needed: bool,
}

#[derive(Serialize, Deserialize)]
struct KeysFile {
    version: u32,
    /// Counts up with every change of the slots.
    #[serde(default)]
    revision: u64,
    /// SHA-256 over the rest; the first app wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check: Option<String>,
    pin: Option<PinSlot>,
    recovery: Option<RecoverySlot>,
    /// The first apps wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<KeyFacts>,
}

/// What is known of the user key without having it.
#[derive(Serialize, Deserialize)]
struct KeyFacts {
    /// Tells the key from any other, whoever hands it over.
    check: String,
    /// When it was made, or first seen by an app that writes this.
    made_ms: i64,
    /// How many keys came before it; the files it opens are named by this ([`crate::Store::rotate`]).
    generation: u32,
}

impl KeyFacts {
    fn of(user: &SecretKey, made_ms: i64) -> Self {
        Self {
            check: hex::encode(user.derive("zoufang/key-check/1").bytes()),
            made_ms,
            generation: 0,
        }
    }
}

impl KeysFile {
    fn checksum(&self) -> Result<String, StoreError> {
        let mut content =
            serde_json::to_vec(&(&self.version, self.revision, &self.pin, &self.recovery))?;
        if let Some(key) = &self.key {
            content.extend(serde_json::to_vec(key)?);
        }
        Ok(hex::encode(Sha256::digest(&content)))
    }

    fn is_whole(&self) -> bool {
        match &self.check {
            Some(check) => self.checksum().is_ok_and(|sum| sum == *check),
            None => true,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct PinSlot {
    cost: ArgonCost,
    salt: String,
    nonce: String,
    sealed: String,
    /// Tells the hardware key it was made with from any other; the first apps wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hardware: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RecoverySlot {
    recipient: String,
    ephemeral: String,
    nonce: String,
    sealed: String,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Attempts {
    wrong: u32,
    last_wrong_ms: i64,
}

/// The size of the file of attempts; the JSON is padded with spaces.
const ATTEMPTS_BYTES: usize = 128;

impl Attempts {
    fn path_in(folder: &Path) -> PathBuf {
        folder.join("attempts")
    }

    /// An unreadable count (a power cut in the middle of writing it) is as if five were wrong; so is one that is not there,
    /// because it is written before the slots are: somebody took it away.
    fn read(disk: &dyn Disk, folder: &Path, clock: &dyn Clock) -> Result<Self, StoreError> {
        let text = match disk.read(&Self::path_in(folder)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let text = text.get(..ATTEMPTS_BYTES).unwrap_or(&text);
        if let Ok(attempts) = serde_json::from_slice(text) {
            return Ok(attempts);
        }
        let assumed = Self {
            wrong: 5,
            last_wrong_ms: clock.now_ms(),
        };
        // Written down, or the wait would begin anew each time it is read, and never end.
        assumed.save(disk, folder)?;
        Ok(assumed)
    }

    fn save(self, disk: &dyn Disk, folder: &Path) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec(&self)?;
        text.resize(ATTEMPTS_BYTES, b' ');
        files::write_in_place(disk, &Self::path_in(folder), &text)
    }

    /// How long to wait after the last wrong PIN.
    fn wait_ms(&self) -> i64 {
        match self.wrong {
            0..=4 => 0,
            5 => 60_000,
            6 => 300_000,
            _ => 900_000,
        }
    }

    fn remaining_ms(&self, now_ms: i64) -> i64 {
        let until = self.last_wrong_ms.saturating_add(self.wait_ms());
        // A clock that was set back must neither shorten the wait nor make it endless.
        until.saturating_sub(now_ms).clamp(0, self.wait_ms())
    }

    fn state(&self, now_ms: i64) -> PinState {
        PinState {
            wrong: self.wrong,
            wait_seconds: self.remaining_ms(now_ms).cast_unsigned().div_ceil(1000),
            recovery_needed: self.wrong >= MOST_WRONG,
        }
    }
}

/// The file of slots of one store.
pub(crate) struct Slots {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    file: KeysFile,
    /// One of the two files is missing, damaged or older than the other.
    needs_repair: bool,
}

impl Slots {
    fn path_in(folder: &Path) -> PathBuf {
        folder.join("keys.json")
    }

    fn copy_in(folder: &Path) -> PathBuf {
        folder.join("keys-copy.json")
    }

    pub(crate) fn exist(disk: &dyn Disk, folder: &Path) -> bool {
        disk.exists(&Self::path_in(folder)) || disk.exists(&Self::copy_in(folder))
    }

    /// Makes the slots of a new store. The recovery slot is written whenever the district's key is known.
    #[expect(clippy::too_many_arguments, reason = "each is a thing of its own")]
    pub(crate) fn create(
        disk: Arc<dyn Disk>,
        folder: &Path,
        user: &SecretKey,
        pin: &str,
        cost: ArgonCost,
        hardware: &dyn HardwareKey,
        recovery_public: Option<[u8; 32]>,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self, StoreError> {
        pin::check_new_pin(pin)?;
        Attempts::default().save(disk.as_ref(), folder)?;
        let mut slots = Self {
            disk,
            folder: folder.to_owned(),
            file: KeysFile {
                version: FIRST_KEY,
                revision: 0,
                check: None,
                pin: Some(PinSlot::wrap(user, pin, cost, hardware, entropy)?),
                recovery: recovery_public
                    .map(|public| RecoverySlot::wrap(user, public, entropy))
                    .transpose()?,
                key: Some(KeyFacts::of(user, clock.now_ms())),
            },
            needs_repair: false,
        };
        slots.save()?;
        Ok(slots)
    }

    pub(crate) fn read(disk: Arc<dyn Disk>, folder: &Path) -> Result<Self, StoreError> {
        let first = parse(disk.as_ref(), &Self::path_in(folder))?;
        let copy = parse(disk.as_ref(), &Self::copy_in(folder))?;
        if first.is_none() && copy.is_none() {
            return Err(StoreError::Missing);
        }
        let (first, copy) = (first.flatten(), copy.flatten());
        let needs_repair = match (&first, &copy) {
            (Some(first), Some(copy)) => {
                first.revision != copy.revision || !first.is_whole() || !copy.is_whole()
            }
            _ => true,
        };
        // One that is damaged may still have a whole slot: better than none.
        let file = first
            .into_iter()
            .chain(copy)
            .max_by_key(|file| (file.is_whole(), file.revision))
            .ok_or_else(damaged)?;
        if file.version > VERSION {
            return Err(StoreError::TooNew);
        }
        Ok(Self {
            disk,
            folder: folder.to_owned(),
            file,
            needs_repair,
        })
    }

    /// Makes two equal files of what was read, when they were not. Never an error: opening does not hang on it.
    pub(crate) fn repair(&mut self) {
        if self.needs_repair && self.file.is_whole() {
            self.needs_repair = self.save().is_err();
        }
    }

    pub(crate) fn state(&self, clock: &dyn Clock) -> Result<PinState, StoreError> {
        let mut state =
            Attempts::read(self.disk.as_ref(), &self.folder, clock)?.state(clock.now_ms());
        state.recovery_needed |= self.file.pin.is_none();
        Ok(state)
    }

    /// Writes down what the first apps did not. Never an error: opening does not hang on it.
    pub(crate) fn complete(
        &mut self,
        user: &SecretKey,
        hardware: &dyn HardwareKey,
        clock: &dyn Clock,
    ) {
        let is_old = self
            .file
            .pin
            .as_ref()
            .is_some_and(|slot| slot.hardware.is_none());
        if !is_old && self.file.key.is_some() {
            return;
        }
        if let Some(slot) = &mut self.file.pin {
            slot.hardware = slot.hardware_check(hardware).ok();
        }
        let known = KeyFacts::of(user, clock.now_ms());
        self.file.key.get_or_insert(known);
        let _ = self.save();
    }

    /// The PIN slot was made with this hardware key, as far as it says.
    pub(crate) fn fits(&self, hardware: &dyn HardwareKey) -> bool {
        self.file
            .pin
            .as_ref()
            .is_none_or(|slot| slot.fits(hardware))
    }

    /// The district's public key and the user key sealed to it.
    pub(crate) fn recovery(&self) -> Result<Option<([u8; 32], SealedKey)>, StoreError> {
        self.file
            .recovery
            .as_ref()
            .map(RecoverySlot::parts)
            .transpose()
    }

    /// Whether this is the user key; none when the file does not say.
    pub(crate) fn is_user_key(&self, user: &SecretKey) -> Option<bool> {
        let known = self.file.key.as_ref()?;
        Some(KeyFacts::of(user, known.made_ms).check == known.check)
    }

    /// What a guess costs.
    pub(crate) fn pin_cost(&self) -> Option<ArgonCost> {
        self.file.pin.as_ref().map(|slot| slot.cost)
    }

    /// Opens the PIN slot, counting the try first.
    pub(crate) fn open_with_pin(
        &mut self,
        pin: &str,
        hardware: &dyn HardwareKey,
        clock: &dyn Clock,
    ) -> Result<SecretKey, StoreError> {
        pin::digits(pin)?;
        let state = self.state(clock)?;
        let (Some(slot), false) = (&self.file.pin, state.recovery_needed) else {
            return Err(StoreError::RecoveryNeeded);
        };
        if !slot.fits(hardware) {
            // Another machine, or its key store was emptied: no PIN is right any more, and none is counted as wrong.
            return Err(StoreError::RecoveryNeeded);
        }
        if state.wait_seconds > 0 {
            return Err(StoreError::PinWait {
                seconds: state.wait_seconds,
            });
        }
        let before = Attempts::read(self.disk.as_ref(), &self.folder, clock)?;
        let wrong = before.wrong + 1;
        Attempts {
            wrong,
            last_wrong_ms: clock.now_ms(),
        }
        .save(self.disk.as_ref(), &self.folder)?;
        match slot.unwrap(pin, hardware) {
            Ok(user) => {
                Attempts::default().save(self.disk.as_ref(), &self.folder)?;
                Ok(user)
            }
            Err(StoreError::Crypto) if wrong >= MOST_WRONG => {
                // Gone for good: the PIN slot must not be tried on a copy of this file either.
                self.file.pin = None;
                self.save()?;
                Err(StoreError::RecoveryNeeded)
            }
            Err(StoreError::Crypto) => Err(StoreError::WrongPin {
                left: MOST_WRONG - wrong,
            }),
            // Not a wrong PIN (the hardware key is gone, memory ran out): the try does not count.
            Err(other) => {
                before.save(self.disk.as_ref(), &self.folder)?;
                Err(other)
            }
        }
    }

    /// Opens the recovery slot with the district's secret key.
    pub(crate) fn open_with_recovery(&self, secret: &[u8; 32]) -> Result<SecretKey, StoreError> {
        self.file
            .recovery
            .as_ref()
            .ok_or(StoreError::RecoveryNeeded)?
            .unwrap(secret)
    }

    /// Puts a new PIN in place of the old one and forgives the wrong tries.
    pub(crate) fn replace_pin(
        &mut self,
        user: &SecretKey,
        pin: &str,
        cost: ArgonCost,
        hardware: &dyn HardwareKey,
        entropy: &dyn Entropy,
    ) -> Result<(), StoreError> {
        pin::check_new_pin(pin)?;
        self.file.pin = Some(PinSlot::wrap(user, pin, cost, hardware, entropy)?);
        self.save()?;
        Attempts::default().save(self.disk.as_ref(), &self.folder)
    }

    /// Puts another user key in the place of this one: for the same PIN and the same district, with files of its own.
    pub(crate) fn replace_user_key(
        &mut self,
        (user, generation): (&SecretKey, u32),
        (pin, cost, hardware): (&str, ArgonCost, &dyn HardwareKey),
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<(), StoreError> {
        let district = self.recovery()?.map(|(district, _)| district);
        self.file.version = VERSION;
        self.file.pin = Some(PinSlot::wrap(user, pin, cost, hardware, entropy)?);
        self.file.recovery = district
            .map(|district| RecoverySlot::wrap(user, district, entropy))
            .transpose()?;
        self.file.key = Some(KeyFacts {
            generation,
            ..KeyFacts::of(user, clock.now_ms())
        });
        self.save()
    }

    /// Which files the user key opens.
    pub(crate) fn generation(&self) -> u32 {
        self.file.key.as_ref().map_or(0, |key| key.generation)
    }

    /// When the user key was made.
    pub(crate) fn key_made_ms(&self) -> Option<i64> {
        self.file.key.as_ref().map(|key| key.made_ms)
    }

    /// Both files say the same.
    pub(crate) fn are_agreed(&self) -> bool {
        !self.needs_repair
    }

    fn save(&mut self) -> Result<(), StoreError> {
        self.file.revision += 1;
        self.file.check = Some(self.file.checksum()?);
        let text = serde_json::to_vec_pretty(&self.file)?;
        files::write_durably(self.disk.as_ref(), &Self::path_in(&self.folder), &text)?;
        files::write_durably(self.disk.as_ref(), &Self::copy_in(&self.folder), &text)
    }
}

/// None without a file, `Some(None)` when it is not what we wrote.
fn parse(disk: &dyn Disk, path: &Path) -> Result<Option<Option<KeysFile>>, StoreError> {
    match disk.read(path) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text).ok())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl PinSlot {
    fn wrap(
        user: &SecretKey,
        pin: &str,
        cost: ArgonCost,
        hardware: &dyn HardwareKey,
        entropy: &dyn Entropy,
    ) -> Result<Self, StoreError> {
        let mut salt = [0; 16];
        let mut nonce = [0; 24];
        entropy.fill(&mut salt);
        entropy.fill(&mut nonce);
        let key = pin_key(pin, &salt, cost, hardware)?;
        let sealed = seal(&key, &nonce, b"zoufang/slot/pin/1", user.bytes())?;
        let mut slot = Self {
            cost,
            salt: hex::encode(salt),
            nonce: hex::encode(nonce),
            sealed: hex::encode(sealed),
            hardware: None,
        };
        slot.hardware = Some(slot.hardware_check(hardware)?);
        Ok(slot)
    }

    fn unwrap(&self, pin: &str, hardware: &dyn HardwareKey) -> Result<SecretKey, StoreError> {
        let key = pin_key(pin, &bytes::<16>(&self.salt)?, self.cost, hardware)?;
        open_slot(&key, &self.nonce, b"zoufang/slot/pin/1", &self.sealed)
    }

    /// The message begins unlike a PIN's, which is 32 bytes of Argon2id and nothing else.
    fn hardware_check(&self, hardware: &dyn HardwareKey) -> Result<String, StoreError> {
        let message = [b"zoufang/hardware-check/1/", self.salt.as_bytes()].concat();
        Ok(hex::encode(&hardware.hmac(&message)?[..8]))
    }

    fn fits(&self, hardware: &dyn HardwareKey) -> bool {
        match (&self.hardware, self.hardware_check(hardware)) {
            (Some(known), Ok(found)) => *known == found,
            // What it is is found out by trying.
            (None, _) | (_, Err(_)) => true,
        }
    }
}

impl RecoverySlot {
    fn wrap(
        user: &SecretKey,
        recipient: [u8; 32],
        entropy: &dyn Entropy,
    ) -> Result<Self, StoreError> {
        let slot = rescue::seal_slot(user.bytes(), &recipient, entropy)?;
        Ok(Self {
            recipient: hex::encode(recipient),
            ephemeral: hex::encode(slot.ephemeral),
            nonce: hex::encode(slot.nonce),
            sealed: hex::encode(slot.sealed),
        })
    }

    fn parts(&self) -> Result<([u8; 32], SealedKey), StoreError> {
        let slot = SealedKey {
            ephemeral: bytes(&self.ephemeral)?,
            nonce: bytes(&self.nonce)?,
            sealed: bytes(&self.sealed)?,
        };
        Ok((bytes(&self.recipient)?, slot))
    }

    fn unwrap(&self, secret: &[u8; 32]) -> Result<SecretKey, StoreError> {
        let (_, slot) = self.parts()?;
        let user = rescue::open_slot(&slot, secret)?;
        Ok(SecretKey::from_bytes(*user))
    }
}

fn pin_key(
    pin: &str,
    salt: &[u8],
    cost: ArgonCost,
    hardware: &dyn HardwareKey,
) -> Result<SecretKey, StoreError> {
    let slow = cost.stretch(pin.as_bytes(), salt)?;
    let hard = hardware.hmac(slow.bytes())?;
    let mut both = Zeroizing::new([0; 64]);
    both[..32].copy_from_slice(slow.bytes());
    both[32..].copy_from_slice(hard.as_slice());
    Ok(derive(salt, both.as_slice(), b"zoufang/slot/pin-key/1"))
}

fn open_slot(
    key: &SecretKey,
    nonce: &str,
    bound_to: &[u8],
    sealed: &str,
) -> Result<SecretKey, StoreError> {
    let sealed = hex::decode(sealed).map_err(|_| damaged())?;
    let plain = unseal(key, &bytes::<24>(nonce)?, bound_to, &sealed)?;
    let bytes: [u8; 32] = plain.as_slice().try_into().map_err(|_| damaged())?;
    Ok(SecretKey::from_bytes(bytes))
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], StoreError> {
    hex::decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(damaged)
}

fn damaged() -> StoreError {
    StoreError::Corrupt { what: "keys.json" }
}
