//! What a cell means: characters, dates, numbers. No code lists here.

use chrono::{Days, NaiveDate};

/// Full-width letters, digits and signs become ordinary ones; outer blanks go.
#[must_use]
pub fn half_width(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{feff}' | '\u{200b}' | '\u{200e}'))
        .map(|c| match c {
            '\u{3000}' | '\u{a0}' => ' ',
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            other => other,
        })
        .collect();
    plain.trim().to_owned()
}

/// [`half_width`] without any blank or line break.
#[must_use]
pub fn without_blanks(text: &str) -> String {
    half_width(text)
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect()
}

/// Free text keeps its punctuation; blanks and line breaks inside become one blank.
#[must_use]
pub fn tidy_text(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c == '\u{200b}' || c == '\u{feff}')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What a date cell turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateReading {
    /// A day.
    Day(NaiveDate),
    /// Digits that name no day.
    Impossible,
    /// Not a date at all, e.g. 不详.
    NotADate,
}

/// Reads `2016.3.5`, `2016/03/05`, `2016-3-5`, `2016年3月5日`, `20160305`.
#[must_use]
pub fn read_date(text: &str) -> DateReading {
    let text = half_width(text);
    let day_part = text.split([' ', 'T']).next().unwrap_or_default();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if digits(day_part) && day_part.len() == 8 {
        return day(&day_part[..4], &day_part[4..6], &day_part[6..]);
    }
    let spaced = without_blanks(if text.contains(':') { day_part } else { &text });
    let joined = spaced
        .trim_end_matches(['日', '号', '.'])
        .replace(['年', '月', '.', '/', '\\', '。', '、', '—', '–'], "-");
    let parts: Vec<&str> = joined.split('-').collect();
    match parts.as_slice() {
        [year, month, day_of_month] if digits(year) && digits(month) && digits(day_of_month) => {
            day(year, month, day_of_month)
        }
        _ => DateReading::NotADate,
    }
}

fn day(year: &str, month: &str, day: &str) -> DateReading {
    let date =
        || NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    if year.len() != 4 {
        return DateReading::Impossible;
    }
    date().map_or(DateReading::Impossible, DateReading::Day)
}

/// Reads a number in a date column: an Excel serial or `20160305`.
#[must_use]
pub fn date_from_number(number: f64) -> DateReading {
    if (10_000_000.0..100_000_000.0).contains(&number) {
        return read_date(&format!("{number:.0}"));
    }
    if !(61.0..80_000.0).contains(&number) {
        return DateReading::Impossible;
    }
    let epoch = NaiveDate::from_ymd_opt(1899, 12, 30).expect("a day of the calendar");

    let days = Days::new(number.trunc() as u64);
    epoch
        .checked_add_days(days)
        .map_or(DateReading::Impossible, DateReading::Day)
}

/// A number as people write it: no exponent, no `.0`.
#[must_use]
pub fn plain_number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        format!("{number:.0}")
    } else {
        format!("{number}")
    }
}

/// `3.10199E+17`, as Excel leaves long numbers.
#[must_use]
pub fn is_scientific(text: &str) -> bool {
    let text = without_blanks(text).to_ascii_uppercase();
    let Some((mantissa, exponent)) = text.split_once('E') else {
        return false;
    };
    let exponent = exponent.trim_start_matches(['+', '-']);
    mantissa.contains(|c: char| c.is_ascii_digit())
        && mantissa.chars().all(|c| c.is_ascii_digit() || c == '.')
        && !exponent.is_empty()
        && exponent.bytes().all(|b| b.is_ascii_digit())
}

/// A phone number: digits, and the hyphen of a landline.
#[must_use]
pub fn tidy_phone(text: &str) -> String {
    let text = without_blanks(text);
    let bare: String = text
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '-')
        .collect();
    let mobile: String = bare.chars().filter(char::is_ascii_digit).collect();
    let mobile = mobile
        .strip_prefix("86")
        .filter(|rest| rest.len() == 11)
        .map_or(mobile.clone(), str::to_owned);
    if text
        .chars()
        .any(|c| c.is_alphabetic() || matches!(c, '/' | ',' | ';' | '、'))
    {
        tidy_text(&text)
    } else if mobile.len() == 11 && mobile.starts_with('1') {
        mobile
    } else {
        bare
    }
}
