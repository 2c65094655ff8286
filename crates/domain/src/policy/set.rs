//! Several packs and which of them stands on a day.

use super::PolicyPack;
use chrono::NaiveDate;

/// Packs of one place over time.
///
/// Where several hold on a day the longest matching scope stands, and among those the one that began last:
/// a town's own rule beats the city's, and a successor beats the open-ended pack it replaces.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PolicySet {
    packs: Vec<PolicyPack>,
}

/// Packs that cannot stand side by side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicySetError {
    /// Two packs with one id.
    #[error("two packs are called {0}")]
    SameId(String),
    /// Nothing says which of the two stands.
    #[error("packs {0} and {1} begin on the same day for the same area")]
    SameStart(String, String),
}

impl PolicySet {
    /// Takes packs in any order.
    ///
    /// # Errors
    /// Two packs share an id, or begin on one day for one scope.
    pub fn new(mut packs: Vec<PolicyPack>) -> Result<Self, PolicySetError> {
        packs.sort_by(|a, b| {
            (a.scope.len(), a.valid.from, &a.id).cmp(&(b.scope.len(), b.valid.from, &b.id))
        });
        for pair in packs.windows(2) {
            if pair[0].scope == pair[1].scope && pair[0].valid.from == pair[1].valid.from {
                return Err(if pair[0].id == pair[1].id {
                    PolicySetError::SameId(pair[0].id.clone())
                } else {
                    PolicySetError::SameStart(pair[0].id.clone(), pair[1].id.clone())
                });
            }
        }
        for (index, pack) in packs.iter().enumerate() {
            if packs[index + 1..].iter().any(|other| other.id == pack.id) {
                return Err(PolicySetError::SameId(pack.id.clone()));
            }
        }
        Ok(Self { packs })
    }

    /// Only the packs that concern an area (a 12-digit code or the beginning of one).
    #[must_use]
    pub fn for_area(&self, area: &str) -> Self {
        let concern = |pack: &&PolicyPack| area.starts_with(&pack.scope);
        Self {
            packs: self.packs.iter().filter(concern).cloned().collect(),
        }
    }

    /// One pack alone, wherever it is for.
    pub fn one(pack: PolicyPack) -> Self {
        Self { packs: vec![pack] }
    }

    /// The pack that stands on a day.
    pub fn valid_on(&self, date: NaiveDate) -> Option<&PolicyPack> {
        self.packs
            .iter()
            .rev()
            .find(|pack| pack.valid.contains(date))
    }

    /// A pack by id, also one that no longer holds.
    pub fn by_id(&self, id: &str) -> Option<&PolicyPack> {
        self.packs.iter().find(|pack| pack.id == id)
    }

    /// The pack of that day, else the newest one: for words and lists, which are needed on every day.
    pub fn newest_by(&self, date: NaiveDate) -> Option<&PolicyPack> {
        self.valid_on(date).or_else(|| self.packs.last())
    }

    /// All packs, weakest first.
    pub fn packs(&self) -> &[PolicyPack] {
        &self.packs
    }
}
