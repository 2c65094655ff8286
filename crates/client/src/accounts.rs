//! Who has an account on this device: one folder, one database, one user key each.
//!
//! The first account's files lie in the app's folder itself, where the first app put them; later ones lie in
//! `accounts/2`, `accounts/3` and so on. What the lock screen may say of each – a role and a place, never a name – lies
//! beside its slots in `account`, sealed under the hardware key. How many records wait to be sent is in it only while
//! the account is locked: whoever finds no number there does not know.

use ids::{DeviceId, Entropy, Role, StaffId};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use store::{Disk, HardwareKey, Store, StoreError, beside, wipe};

const FOLDER: &str = "accounts";
const LABEL: &str = "account";
/// The one whose files lie in the app's folder itself.
const FIRST: u32 = 1;

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) number: u32,
    pub(crate) folder: PathBuf,
}

/// What may be said of an account before its PIN.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Label {
    pub(crate) role: Option<Role>,
    pub(crate) unit: String,
    pub(crate) township: String,
    pub(crate) demo: bool,
    pub(crate) staff: Option<StaffId>,
    pub(crate) device: Option<DeviceId>,
    /// Records that wait to be sent; none while that is not known.
    pub(crate) unsent: Option<u64>,
    /// Its owner enrolled anew, or nobody ever did: kept, and not shown.
    pub(crate) put_away: bool,
}

impl Account {
    fn numbered(root: &Path, number: u32) -> Self {
        let folder = match number {
            FIRST => root.to_owned(),
            _ => root.join(FOLDER).join(number.to_string()),
        };
        Self { number, folder }
    }

    /// What its label says; none when there is no label, or another hardware key wrote it.
    pub(crate) fn label(
        &self,
        disk: &dyn Disk,
        hardware: &dyn HardwareKey,
    ) -> Result<Option<Label>, StoreError> {
        let found = beside::read(disk, &self.folder.join(LABEL), hardware)?;
        Ok(found.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    pub(crate) fn set_label(
        &self,
        disk: &dyn Disk,
        hardware: &dyn HardwareKey,
        entropy: &dyn Entropy,
        label: &Label,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_vec(label)?;
        beside::write(disk, &self.folder.join(LABEL), hardware, entropy, &text)
    }
}

/// Every account that is not put away, in the order they came.
pub(crate) fn all(
    disk: &dyn Disk,
    root: &Path,
    hardware: &dyn HardwareKey,
) -> Result<Vec<Account>, StoreError> {
    let mut shown = Vec::new();
    for number in numbers(disk, root)? {
        let account = Account::numbered(root, number);
        let label = account.label(disk, hardware)?;
        if !label.is_some_and(|label| label.put_away) {
            shown.push(account);
        }
    }
    Ok(shown)
}

/// Where the next account's files go.
pub(crate) fn next(disk: &dyn Disk, root: &Path) -> Result<Account, StoreError> {
    let last = numbers(disk, root)?.into_iter().max();
    Ok(Account::numbered(root, last.map_or(FIRST, |last| last + 1)))
}

/// Accounts whose destroying was begun and is not over.
pub(crate) fn half_wiped(disk: &dyn Disk, root: &Path) -> Result<Vec<Account>, StoreError> {
    let begun = |account: &Account| wipe::is_begun(disk, &account.folder);
    Ok(every(disk, root)?.into_iter().filter(begun).collect())
}

/// Destroys an account. The hardware key goes with the last one: the others' slots need it.
pub(crate) fn finish_wipe(
    disk: &dyn Disk,
    root: &Path,
    account: &Account,
    hardware: &dyn HardwareKey,
) -> Result<(), StoreError> {
    let others = every(disk, root)?
        .iter()
        .any(|other| other != account && Store::exists(disk, &other.folder));
    let hardware = (!others).then_some(hardware);
    wipe::finish(disk, &account.folder, &root.join(FOLDER), hardware)
}

fn numbers(disk: &dyn Disk, root: &Path) -> Result<Vec<u32>, StoreError> {
    let mut numbers: Vec<u32> = every(disk, root)?
        .into_iter()
        .filter(|account| Store::exists(disk, &account.folder))
        .map(|account| account.number)
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Every folder an account's files may lie in.
fn every(disk: &dyn Disk, root: &Path) -> Result<Vec<Account>, StoreError> {
    let folder = root.join(FOLDER);
    let later = match disk.exists(&folder) {
        true => disk.list(&folder)?,
        false => Vec::new(),
    };
    Ok(later
        .iter()
        .filter_map(|path| path.file_name()?.to_str()?.parse().ok())
        .chain([FIRST])
        .map(|number| Account::numbered(root, number))
        .collect())
}
