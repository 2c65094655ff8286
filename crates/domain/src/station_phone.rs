//! The station's own telephone: said once by its head, written into each village's month of work, and shown on the page of
//! duties beside the numbers of the policy (domain.md §6.4).

use crate::record::Entry;

/// Block of the entries that tell it.
pub const BLOCK: &str = "station_phone";
/// Fewest and most digits of a number.
const DIGITS: std::ops::RangeInclusive<usize> = 5..=16;

/// What stands in one village.
#[derive(Clone, PartialEq)]
pub struct StationPhone {
    /// The number.
    pub number: String,
    /// When it was said, milliseconds by the device's clock.
    pub recorded_ms: i64,
}

impl StationPhone {
    /// The entry that says it.
    pub fn to_entry(&self, id: String, by: &str) -> Entry {
        Entry::new(id)
            .with("block", BLOCK)
            .with("number", self.number.as_str())
            .with("recorded_ms", self.recorded_ms)
            .with("by", by)
    }
}

/// Whether this can be dialled: digits, with spaces and hyphens between them, an area code, an extension.
pub fn is_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    DIGITS.contains(&digits)
        && text
            .chars()
            .all(|letter| letter.is_ascii_digit() || matches!(letter, ' ' | '-' | '+' | '(' | ')'))
}

/// The number that was said last among a month's entries. `is_theirs` says whether an entry's author works at the station.
pub fn said(entries: &[Entry], is_theirs: impl Fn(&Entry) -> bool) -> Option<StationPhone> {
    entries
        .iter()
        .filter(|entry| entry.text("block") == Some(BLOCK) && is_theirs(entry))
        .filter_map(|entry| {
            Some(StationPhone {
                number: entry
                    .text("number")
                    .filter(|text| is_number(text))?
                    .to_owned(),
                recorded_ms: entry.int("recorded_ms").unwrap_or(0),
            })
        })
        .max_by_key(|phone| phone.recorded_ms)
}

// A number stays out of logs.
ids::withhold!(StationPhone);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_the_station_stands_and_nobody_elses() {
        let entry = |id: &str, number: &str, at: i64| {
            let phone = StationPhone {
                number: number.to_owned(),
                recorded_ms: at,
            };
            phone.to_entry(id.to_owned(), "s")
        };
        let entries = [
            entry("a", "021-5950 0001", 1),
            entry("b", "021-59500002", 2),
            entry("x", "13900000000", 3),
            entry("c", "not a number", 4),
        ];
        let stands = said(&entries, |entry| entry.id != "x");
        assert_eq!(stands.map(|it| it.number), Some("021-59500002".to_owned()));
        assert!(is_number("(021) 5950-0001") && !is_number("1234") && !is_number("tel:110 110"));
    }
}
