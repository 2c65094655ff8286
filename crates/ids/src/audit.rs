//! A row of a device's audit chain and the hash that binds it to the one before: the same bytes at the device, which makes
//! them, and at the server, which checks them (ADR 0025).

use crate::{DeviceId, Incarnation, StaffId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What somebody did at a device: ids and codes, never a name and never a person's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its place in the chain of its incarnation, from 1.
    pub number: u64,
    /// When, by the device's clock.
    pub at_ms: i64,
    /// Who; nobody before anybody is known.
    pub staff: Option<StaffId>,
    /// What was done: a code.
    pub action: String,
    /// To what: an id.
    pub object: String,
    /// More codes and counts, `name=value` between spaces; mostly nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl AuditEntry {
    /// Whether it holds nothing but codes, ids and counts, each as short as such things are.
    pub fn is_plain(&self) -> bool {
        let plain = |text: &str, most: usize, allowed: &[u8]| {
            text.len() <= most
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || allowed.contains(&byte))
        };
        plain(&self.action, 40, b"_")
            && plain(&self.object, 100, b"_-/")
            && plain(&self.detail, 600, b"_-=,. ")
    }
}

/// The hash of a row: over the row, where it stands, and the hash of the one before (zeros before the first).
pub fn link(
    device: DeviceId,
    incarnation: Incarnation,
    previous: &[u8; 32],
    entry: &AuditEntry,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"zoufang device audit 2");
    hash.update(device.0.as_bytes());
    hash.update(incarnation.0.as_bytes());
    hash.update(previous);
    hash.update(entry.number.to_be_bytes());
    hash.update(entry.at_ms.to_be_bytes());
    hash.update([u8::from(entry.staff.is_some())]);
    hash.update(entry.staff.map_or([0; 16], |staff| *staff.0.as_bytes()));
    for text in [&entry.action, &entry.object, &entry.detail] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}

/// What a device signs for the end of its chain.
pub fn head_bytes(
    device: DeviceId,
    incarnation: Incarnation,
    number: u64,
    head: &[u8; 32],
) -> Vec<u8> {
    [
        b"zoufang audit head 1\0".as_slice(),
        device.0.as_bytes(),
        incarnation.0.as_bytes(),
        &number.to_be_bytes(),
        head,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn entry() -> AuditEntry {
        AuditEntry {
            number: 1,
            at_ms: 1_790_000_000_000,
            staff: Some(StaffId(Uuid::from_u128(3))),
            action: "view_child".into(),
            object: Uuid::from_u128(4).to_string(),
            detail: String::new(),
        }
    }

    #[test]
    fn a_row_depends_on_everything_in_it_and_on_where_it_stands() {
        let (device, memory) = (
            DeviceId(Uuid::from_u128(1)),
            Incarnation(Uuid::from_u128(2)),
        );
        let base = link(device, memory, &[0; 32], &entry());
        let alter: [fn(&mut AuditEntry); 6] = [
            |row| row.number = 2,
            |row| row.at_ms += 1,
            |row| row.staff = None,
            |row| row.action.push('x'),
            |row| row.object.push('x'),
            |row| row.detail.push('x'),
        ];
        for change in alter {
            let mut row = entry();
            change(&mut row);
            assert_ne!(base, link(device, memory, &[0; 32], &row));
        }
        assert_ne!(base, link(device, memory, &[1; 32], &entry()));
        assert_ne!(
            base,
            link(device, Incarnation(device.0), &[0; 32], &entry())
        );
        assert_ne!(base, link(DeviceId(memory.0), memory, &[0; 32], &entry()));
    }

    #[test]
    fn words_are_not_plain() {
        assert!(entry().is_plain());
        let words = AuditEntry {
            detail: "王小明".into(),
            ..entry()
        };
        assert!(!words.is_plain());
    }
}
