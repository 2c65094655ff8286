//! What may heal a refused change, by code: one table for both ends. The tablet offers again by it; the server looks at
//! an offer anew only where it says that looking may help.

use crate::outcome::RefusalCode;

/// What helps against a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The same envelope, once this may have changed.
    SameAgain(Cause),
    /// The same envelope at once, until it was refused so many times; then what was meant is made anew, once, as a
    /// change of a new memory.
    MakeAnew {
        /// Refusals before that.
        after: u32,
    },
    /// Only a person: shorter, otherwise, or not at all.
    Person,
}

/// What may change by itself so that the same envelope is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Bytes were damaged on the way: once more.
    Transit,
    /// Something of the document arrived, here or there.
    Document,
    /// Where this person or the document belongs, or what the person may write.
    Belonging,
    /// Who this device is to the server.
    Enrolment,
}

/// The table. Every code stands in it once; a test looks.
pub const REMEDIES: &[(RefusalCode, Remedy)] = &[
    (
        RefusalCode::NotYourUnit,
        Remedy::SameAgain(Cause::Belonging),
    ),
    (RefusalCode::BadSignature, Remedy::SameAgain(Cause::Transit)),
    (RefusalCode::BadChain, Remedy::MakeAnew { after: 2 }),
    (RefusalCode::ActorMismatch, Remedy::MakeAnew { after: 1 }),
    (RefusalCode::HashMismatch, Remedy::SameAgain(Cause::Transit)),
    (RefusalCode::Malformed, Remedy::SameAgain(Cause::Transit)),
    (RefusalCode::TooLarge, Remedy::Person),
    (RefusalCode::TooManyOps, Remedy::Person),
    (RefusalCode::StartOp, Remedy::MakeAnew { after: 1 }),
    (RefusalCode::SeqReused, Remedy::MakeAnew { after: 1 }),
    (RefusalCode::Generation, Remedy::SameAgain(Cause::Document)),
    (RefusalCode::KindDenied, Remedy::SameAgain(Cause::Belonging)),
    (
        RefusalCode::OnlyContacts,
        Remedy::SameAgain(Cause::Belonging),
    ),
    (
        RefusalCode::UnknownDevice,
        Remedy::SameAgain(Cause::Enrolment),
    ),
    (
        RefusalCode::DeviceRevoked,
        Remedy::SameAgain(Cause::Enrolment),
    ),
    (
        RefusalCode::UnknownDocument,
        Remedy::SameAgain(Cause::Document),
    ),
    (RefusalCode::HeldMissing, Remedy::SameAgain(Cause::Document)),
    (
        RefusalCode::NotApplicable,
        Remedy::SameAgain(Cause::Document),
    ),
    (RefusalCode::Quarantined, Remedy::Person),
    (RefusalCode::Erased, Remedy::Person),
];

/// A change is offered by itself at most so often; after that only a person, or a new app, offers it.
pub const MOST_TRIES: u32 = 12;
const HOUR_MS: i64 = 60 * 60 * 1000;
/// The longest pause between two offers without a sign that anything changed.
const LONGEST_MS: i64 = 7 * 24 * HOUR_MS;

/// What is known to have changed since the last refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signs {
    /// Another version of the app.
    pub app: bool,
    /// Something of the document came from elsewhere, or was taken there.
    pub document: bool,
    /// The server had nothing of the document then, and has something of it now.
    pub born: bool,
    /// The person's unit or role, or the document's unit.
    pub belonging: bool,
    /// The device has another id: it was enrolled again.
    pub enrolment: bool,
}

/// What helps against a refusal.
pub fn remedy(code: RefusalCode) -> Remedy {
    REMEDIES
        .iter()
        .find(|(known, _)| *known == code)
        .map_or(Remedy::Person, |(_, remedy)| *remedy)
}

/// Looking at the same envelope again may come to another answer.
pub fn may_pass_later(code: RefusalCode) -> bool {
    // A chain with a hole is whole once what belongs into it is there.
    matches!(remedy(code), Remedy::SameAgain(_)) || code == RefusalCode::BadChain
}

/// Whether the same envelope is offered again now, by itself: refused so many times, so long ago.
///
/// ```
/// use protocol::RefusalCode;
/// use protocol::retry::{Signs, offers_again};
/// let moved = Signs { belonging: true, ..Signs::default() };
/// assert!(offers_again(RefusalCode::NotYourUnit, 3, 0, moved));
/// assert!(!offers_again(RefusalCode::NotYourUnit, 3, 0, Signs::default()));
/// ```
pub fn offers_again(code: RefusalCode, tries: u32, since_ms: i64, signs: Signs) -> bool {
    let cause = match remedy(code) {
        Remedy::SameAgain(cause) => cause,
        Remedy::MakeAnew { after } => return tries < after || signs.app,
        Remedy::Person => return signs.app,
    };
    if signs.app || signs.enrolment || cause == Cause::Document && signs.born {
        return true;
    }
    if cause == Cause::Transit {
        return tries < 2;
    }
    if tries >= MOST_TRIES {
        return false;
    }
    match cause {
        Cause::Belonging if signs.belonging => true,
        // A busy document gives a sign every day: the pauses hold here too, but for the first time.
        Cause::Document if signs.document => tries < 2 || since_ms >= pause_ms(tries) / 6,
        // What was put right at the server alone gives no sign here, until another one is taken.
        _ => since_ms >= pause_ms(tries),
    }
}

/// Six hours, doubled with every refusal, up to a week.
fn pause_ms(tries: u32) -> i64 {
    let doublings = tries.saturating_sub(1).min(16);
    ((6 * HOUR_MS) << doublings).min(LONGEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Signs = Signs {
        app: false,
        document: false,
        born: false,
        belonging: false,
        enrolment: false,
    };

    #[test]
    fn every_code_has_one_remedy() {
        for code in RefusalCode::ALL {
            let found = REMEDIES.iter().filter(|(known, _)| known == code).count();
            assert_eq!(found, 1, "{code:?}");
        }
        assert_eq!(REMEDIES.len(), RefusalCode::ALL.len());
    }

    #[test]
    fn damage_on_the_way_is_tried_once_more_and_no_further() {
        assert!(offers_again(RefusalCode::HashMismatch, 1, 0, NONE));
        assert!(!offers_again(RefusalCode::HashMismatch, 2, i64::MAX, NONE));
    }

    #[test]
    fn a_hopeless_one_is_not_sent_for_ever() {
        let code = RefusalCode::NotYourUnit;
        for tries in 1..MOST_TRIES {
            let pause = pause_ms(tries);
            assert!(!offers_again(code, tries, pause - 1, NONE), "{tries}");
            assert!(offers_again(code, tries, pause, NONE), "{tries}");
            assert!(pause <= pause_ms(tries + 1) && pause <= LONGEST_MS);
        }
        let moved = Signs {
            belonging: true,
            ..NONE
        };
        for signs in [NONE, moved] {
            assert!(!offers_again(code, MOST_TRIES, i64::MAX, signs));
        }
        let newer = Signs { app: true, ..NONE };
        assert!(offers_again(code, MOST_TRIES, 0, newer));
    }

    #[test]
    fn news_of_the_document_helps_at_once_the_first_time_and_with_pauses_later() {
        let news = Signs {
            document: true,
            ..NONE
        };
        let code = RefusalCode::UnknownDocument;
        assert!(offers_again(code, 1, 0, news));
        assert!(!offers_again(code, 2, 0, news));
        assert!(offers_again(code, 2, pause_ms(2) / 6, news));
        let born = Signs { born: true, ..NONE };
        assert!(
            offers_again(code, 2, 0, born),
            "a file that is there at last"
        );
        assert!(!offers_again(RefusalCode::NotYourUnit, 1, 0, news));
    }

    #[test]
    fn what_only_a_person_can_mend_waits_for_a_person() {
        for code in [RefusalCode::TooLarge, RefusalCode::Erased] {
            assert!(!offers_again(code, 1, i64::MAX, NONE));
            assert!(!may_pass_later(code));
        }
        assert!(!may_pass_later(RefusalCode::SeqReused));
        assert!(may_pass_later(RefusalCode::NotYourUnit));
    }
}
