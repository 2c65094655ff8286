//! 复核: what the district says of a closing of a matter of life and safety (docs/adr/0039).
//!
//! It is an order in the township's log, so that every device knows it and no restore forgets it. It names the closing it
//! answers: a word about one that was reopened since changes nothing. The reason is sealed to the station's key, because
//! every tablet of the township carries the order.

use crate::limits;
use ids::{DocumentId, StaffId, UnitId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which closing of a problem: the id of the entry that closed it.
pub type ClosingId = Uuid;

/// What an officer of the district says of a closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 还不能结: it is not over. Where two were said of one closing, this is the one that holds.
    NotOver,
    /// 已复核.
    Countersigned,
}

impl Verdict {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotOver => "not_over",
            Self::Countersigned => "countersigned",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::NotOver, Self::Countersigned]
            .into_iter()
            .find(|verdict| verdict.as_str() == text)
    }
}

/// Words of the district, which the station alone can open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SealedReason {
    /// Which of the station's keys.
    pub epoch: u32,
    /// [`crate::sealed`] to it, for [`for_reason`].
    #[serde(with = "serde_bytes")]
    pub sealed: Vec<u8>,
}

/// What was said of a closing: the order, and what everybody keeps of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Countersignature {
    /// The problem.
    pub problem: DocumentId,
    /// Which closing of it.
    pub closing: ClosingId,
    /// What was said.
    pub verdict: Verdict,
    /// Who said it.
    pub staff: StaffId,
    /// Her name: the district's people are nobody the township knows.
    pub name: String,
    /// When, by the server's clock.
    pub at_ms: i64,
    /// Why it is not over.
    pub reason: Option<SealedReason>,
}

impl Countersignature {
    /// Which of two about one closing holds: the smaller. That it is not over comes before that it is, and earlier before
    /// later, in whatever order they become known.
    pub fn rank(&self) -> (Verdict, i64, StaffId) {
        (self.verdict, self.at_ms, self.staff)
    }
}

/// `POST /countersign`: what an officer says of a closing. Said again it changes nothing. The answer is
/// [`crate::Reports`] as they stand then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countersign {
    /// The station that reported it.
    pub station: UnitId,
    /// The problem.
    pub problem: DocumentId,
    /// Which closing of it.
    pub closing: ClosingId,
    /// What she says.
    pub verdict: Verdict,
    /// Why it is not over: asked for there, and nowhere else.
    pub reason: Option<SealedReason>,
}

impl Countersign {
    /// A reason where one is needed, of bearable length, and none where there is nothing to give a reason for.
    pub fn is_whole(&self) -> bool {
        match (&self.reason, self.verdict) {
            (None, Verdict::Countersigned) => true,
            (Some(reason), Verdict::NotOver) => {
                reason.epoch > 0
                    && !reason.sealed.is_empty()
                    && reason.sealed.len() <= limits::SEALED_REASON_BYTES
            }
            _ => false,
        }
    }
}

/// What was said of a closing, as an officer and the station hear it with the reports: nobody's reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCountersignature {
    /// The problem.
    pub problem: DocumentId,
    /// Which closing of it.
    pub closing: ClosingId,
    /// What was said.
    pub verdict: Verdict,
    /// Who said it.
    pub name: String,
    /// When.
    pub at_ms: i64,
}

/// What a reason is sealed for: it opens beside its own closing only.
pub fn for_reason(station: UnitId, epoch: u32, problem: DocumentId, closing: ClosingId) -> String {
    format!("reason of the district {station} {epoch} {problem} {closing}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(verdict: Verdict, reason: Option<usize>) -> Countersign {
        Countersign {
            station: UnitId(Uuid::from_u128(1)),
            problem: DocumentId(Uuid::from_u128(2)),
            closing: Uuid::from_u128(3),
            verdict,
            reason: reason.map(|bytes| SealedReason {
                epoch: 1,
                sealed: vec![7; bytes],
            }),
        }
    }

    #[test]
    fn that_it_is_not_over_wants_a_reason_and_nothing_else_does() {
        assert!(said(Verdict::Countersigned, None).is_whole());
        assert!(!said(Verdict::Countersigned, Some(80)).is_whole());
        assert!(!said(Verdict::NotOver, None).is_whole());
        assert!(!said(Verdict::NotOver, Some(0)).is_whole());
        assert!(said(Verdict::NotOver, Some(limits::SEALED_REASON_BYTES)).is_whole());
        assert!(!said(Verdict::NotOver, Some(limits::SEALED_REASON_BYTES + 1)).is_whole());
    }

    #[test]
    fn of_two_words_about_one_closing_that_it_is_not_over_holds_then_the_earlier() {
        let said = |verdict, at_ms| Countersignature {
            problem: DocumentId(Uuid::from_u128(2)),
            closing: Uuid::from_u128(3),
            verdict,
            staff: StaffId(Uuid::from_u128(4)),
            name: "何珊".to_owned(),
            at_ms,
            reason: None,
        };
        let not_over = said(Verdict::NotOver, 9);
        assert!(not_over.rank() < said(Verdict::Countersigned, 1).rank());
        assert!(said(Verdict::NotOver, 8).rank() < not_over.rank());
    }
}
