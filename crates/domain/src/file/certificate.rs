//! The number of a disability certificate (domain.md §3.7): 18 characters of the holder's identity number, one for the
//! kind, one for the grade, and a suffix where it was issued again.

use crate::identity_number;

/// What a number is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateVerdict {
    /// All rules hold.
    Valid,
    /// Not 20 characters and a suffix.
    WrongLength,
    /// The first 18 are no identity number.
    WrongNumber,
    /// The first 18 are another person's.
    AnotherPerson,
    /// The kind is none of 1 to 7.
    WrongKind,
    /// The grade is none of 1 to 4.
    WrongGrade,
    /// Kind or grade differ from what the file says beside it.
    Differs,
}

/// Checks a certificate number against the holder's identity number and what is known of kind and grade.
pub fn check(
    written: &str,
    id_no: Option<&str>,
    kind: Option<&str>,
    grade: Option<&str>,
) -> CertificateVerdict {
    let number = identity_number::normalise(written);
    if !number.is_ascii() || number.len() < 20 {
        return CertificateVerdict::WrongLength;
    }
    let (holder, rest) = number.split_at(18);
    let suffix = &rest[2..];
    // Issued again: B1, B2, …
    let reissued = suffix
        .strip_prefix('B')
        .is_some_and(|times| !times.is_empty() && times.bytes().all(|byte| byte.is_ascii_digit()));
    if !suffix.is_empty() && !reissued {
        return CertificateVerdict::WrongLength;
    }
    if identity_number::check_character(holder) != holder.chars().last() {
        return CertificateVerdict::WrongNumber;
    }
    if id_no.is_some_and(|known| identity_number::normalise(known) != holder) {
        return CertificateVerdict::AnotherPerson;
    }
    let (its_kind, its_grade) = (&rest[..1], &rest[1..2]);
    if !("1"..="7").contains(&its_kind) {
        return CertificateVerdict::WrongKind;
    }
    if !("1"..="4").contains(&its_grade) {
        return CertificateVerdict::WrongGrade;
    }
    if kind.is_some_and(|kind| kind != its_kind) || grade.is_some_and(|grade| grade != its_grade) {
        return CertificateVerdict::Differs;
    }
    CertificateVerdict::Valid
}

#[cfg(test)]
mod tests {
    use super::{CertificateVerdict::*, check};

    #[test]
    fn a_certificate_belongs_to_its_holder_and_says_kind_and_grade() {
        let mine = "310199201603150018";
        for (written, verdict) in [
            ("31019920160315001842", Valid),
            ("31019920160315001842B1", Valid),
            (" ３10199 201603150018 42", Valid),
            ("3101992016031500184", WrongLength),
            ("31019920160315001842C", WrongLength),
            ("31019920160315001742", WrongNumber),
            ("31019920110922002542", AnotherPerson),
            ("31019920160315001882", WrongKind),
            ("31019920160315001845", WrongGrade),
            ("31019920160315001852", Differs),
        ] {
            assert_eq!(
                check(written, Some(mine), Some("4"), Some("2")),
                verdict,
                "{written}"
            );
        }
        assert_eq!(check("31019920110922002542", None, None, None), Valid);
    }
}
