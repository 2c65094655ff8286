//! The citizen identity number, GB 11643-1999 (domain.md §3.11): read, check, and what it says about a person.
//!
//! The address part is never held against today's area codes: codes of places that are gone stay valid.

use chrono::{Datelike, NaiveDate};

/// Weights of the first 17 digits (ISO 7064 MOD 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Check characters by the weighted sum modulo 11.
const CHECK: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];

/// Address prefix no real person can have: the demo's 沧浦区.
pub const SYNTHETIC_PREFIX: &str = "310199";

/// What a number is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All rules hold.
    Valid,
    /// The last character is wrong: somebody mistyped a digit. Imports flag it and do not match by it (decisions 12).
    WrongCheckDigit,
    /// Neither 18 nor 15 characters.
    WrongLength,
    /// Something other than digits and a last X.
    WrongCharacter,
    /// Written as 3.10199E+17: the digits are lost (decisions 12).
    Scientific,
    /// A birth date that does not exist.
    ImpossibleBirth,
    /// Born after today.
    FutureBirth,
    /// 15 digits of an adult from before 1999; accepted with a warning.
    Legacy,
}

impl Verdict {
    /// May the number be kept as the person's number and used to match?
    pub fn is_usable(self) -> bool {
        matches!(self, Verdict::Valid | Verdict::Legacy)
    }
}

/// Half-width, upper-case, without spaces, hyphens and the apostrophe spreadsheets put in front.
pub fn normalise(written: &str) -> String {
    written
        .chars()
        .map(|letter| match letter {
            '！'..='～' => char::from_u32(letter as u32 - 0xFEE0).unwrap_or(letter),
            other => other,
        })
        .filter(|letter| {
            !letter.is_whitespace()
                && !matches!(
                    letter,
                    '-' | '\'' | '’' | '‘' | '`' | '\u{200B}' | '\u{FEFF}'
                )
        })
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

/// Checks what was written; it is normalised first.
pub fn check(written: &str, today: NaiveDate) -> Verdict {
    let number = normalise(written);
    if is_scientific(&number) {
        return Verdict::Scientific;
    }
    let letters: Vec<char> = number.chars().collect();
    if letters.len() != 18 && letters.len() != 15 {
        return Verdict::WrongLength;
    }
    let digits = letters.len().min(17);
    let last_fits = letters.len() == 15 || letters[17].is_ascii_digit() || letters[17] == 'X';
    if !letters[..digits].iter().all(char::is_ascii_digit) || !last_fits {
        return Verdict::WrongCharacter;
    }
    match birth_date(&number) {
        None => Verdict::ImpossibleBirth,
        Some(birth) if birth > today => Verdict::FutureBirth,
        Some(_) if letters.len() == 15 => Verdict::Legacy,
        Some(_) if check_character(&number) == Some(letters[17]) => Verdict::Valid,
        Some(_) => Verdict::WrongCheckDigit,
    }
}

/// The check character that belongs to the first 17 digits.
pub fn check_character(number: &str) -> Option<char> {
    let mut sum = 0;
    let mut letters = number.chars();
    for weight in WEIGHTS {
        sum += letters.next()?.to_digit(10)? * weight;
    }
    Some(CHECK[(sum % 11) as usize])
}

/// Birth date of a number of 18 or 15 characters. 15 digits have a year of the last century.
pub fn birth_date(written: &str) -> Option<NaiveDate> {
    let number = normalise(written);
    if !number.is_ascii() {
        return None;
    }
    let text = match number.len() {
        18 => number[6..14].to_owned(),
        15 => format!("19{}", &number[6..12]),
        _ => return None,
    };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let date = NaiveDate::parse_from_str(&text, "%Y%m%d").ok()?;
    (date.year() >= 1850).then_some(date)
}

/// Sex code of GB/T 2261.1: `1` when the sequence number is odd, `2` when it is even.
pub fn sex_code(written: &str) -> Option<&'static str> {
    let number = normalise(written);
    let place = match number.chars().count() {
        18 => 16,
        15 => 14,
        _ => return None,
    };
    let digit = number.chars().nth(place)?.to_digit(10)?;
    Some(if digit % 2 == 1 { "1" } else { "2" })
}

/// Made up: from the address nobody can have.
pub fn is_synthetic(written: &str) -> bool {
    normalise(written).starts_with(SYNTHETIC_PREFIX)
}

/// First six and last four, the rest as `*` (domain.md §1.3). A text too short to hide anything is hidden whole.
pub fn mask(written: &str) -> String {
    let letters: Vec<char> = normalise(written).chars().collect();
    let count = letters.len();
    if count < 15 {
        return "*".repeat(count);
    }
    letters
        .iter()
        .enumerate()
        .map(|(index, letter)| {
            if index < 6 || index + 4 >= count {
                *letter
            } else {
                '*'
            }
        })
        .collect()
}

/// 3.10199201603150E+17, as spreadsheets show long numbers.
fn is_scientific(number: &str) -> bool {
    let Some((digits, power)) = number.split_once("E") else {
        return false;
    };
    let power = power.trim_start_matches(['+']);
    !digits.is_empty()
        && digits
            .chars()
            .all(|letter| letter.is_ascii_digit() || letter == '.')
        && !power.is_empty()
        && power.chars().all(|letter| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
    }

    #[test]
    fn the_test_vectors_of_the_domain_page_hold() {
        for good in [
            "11010519491231002X",
            "440524188001010014",
            "310199201603150018",
            "310199201109220025",
            "31019920080229006X",
            "31019920130706019X",
        ] {
            assert_eq!(check(good, today()), Verdict::Valid, "{good}");
        }
        assert_eq!(
            check("110105194912310021", today()),
            Verdict::WrongCheckDigit
        );
    }

    #[test]
    fn full_width_lower_case_and_spaces_are_read() {
        assert_eq!(
            normalise(" ３１０１９９ 20080229006ｘ\u{3000}"),
            "31019920080229006X"
        );
        assert_eq!(check("'310199-20080229-006x", today()), Verdict::Valid);
    }

    #[test]
    fn a_number_tells_birth_date_and_sex() {
        assert_eq!(
            birth_date("31019920080229006X"),
            NaiveDate::from_ymd_opt(2008, 2, 29)
        );
        assert_eq!(sex_code("310199201603150018"), Some("1"));
        assert_eq!(sex_code("310199201109220025"), Some("2"));
        assert_eq!(
            birth_date("310199690101001"),
            NaiveDate::from_ymd_opt(1969, 1, 1)
        );
        assert_eq!(sex_code("310199690101001"), Some("1"));
    }

    #[test]
    fn each_kind_of_nonsense_has_its_verdict() {
        assert_eq!(check("", today()), Verdict::WrongLength);
        assert_eq!(check("3101992016031500", today()), Verdict::WrongLength);
        assert_eq!(
            check("3101992016031500A8", today()),
            Verdict::WrongCharacter
        );
        assert_eq!(
            check("X10199201603150018", today()),
            Verdict::WrongCharacter
        );
        assert_eq!(
            check("310199201602300018", today()),
            Verdict::ImpossibleBirth
        );
        assert_eq!(check("310199209903150018", today()), Verdict::FutureBirth);
        assert_eq!(check("3.10199201603150E+17", today()), Verdict::Scientific);
        assert_eq!(check("3.1E+17", today()), Verdict::Scientific);
        assert_eq!(check("310199690101001", today()), Verdict::Legacy);
        assert_eq!(
            check("三一〇一九九二〇一六〇三一五〇〇一八", today()),
            Verdict::WrongCharacter
        );
    }

    #[test]
    fn one_wrong_digit_or_a_swap_is_always_found() {
        let good: Vec<char> = "310199201603150018".chars().collect();
        for place in 14..17 {
            for digit in '0'..='9' {
                let mut bad = good.clone();
                bad[place] = digit;
                let text: String = bad.iter().collect();
                assert_eq!(
                    check(&text, today()) == Verdict::Valid,
                    digit == good[place],
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_masked_number_shows_first_six_and_last_four() {
        assert_eq!(mask("310199201603150018"), "310199********0018");
        assert_eq!(mask("1234"), "****");
        assert!(is_synthetic("310199201603150018") && !is_synthetic("11010519491231002X"));
    }
}
