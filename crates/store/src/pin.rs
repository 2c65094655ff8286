//! The PIN: six digits, not one of those everybody tries first.

use crate::StoreError;

/// PINs that top every published list and no rule below catches.
const COMMON: &[&str] = &[
    "520520", "521521", "520131", "131420", "131452", "521314", "147258", "258369", "147852",
    "159357", "357159", "159753", "753951", "147369", "963852", "741852", "852963", "789456",
    "456123", "123789", "789123", "456789", "123321", "321123", "654123", "110120", "120110",
    "110119", "518518", "168168", "888168", "168888", "666888", "888666", "666999", "999666",
    "123520", "520123", "100200", "101010", "102030", "100000", "200000", "111222", "123000",
    "123654", "147147", "258258", "584520", "584131", "201314", "135790", "246810", "246800",
    "141592", "314159",
];

/// Refuses what is not six digits and what a stranger tries first: repeats, runs, patterns, dates.
///
/// # Errors
/// [`StoreError::PinFormat`] or [`StoreError::PinCommon`].
pub fn check_new_pin(pin: &str) -> Result<(), StoreError> {
    let digits = digits(pin)?;
    if is_common(pin, digits) {
        return Err(StoreError::PinCommon);
    }
    Ok(())
}

/// The six digits as numbers.
pub(crate) fn digits(pin: &str) -> Result<[u8; 6], StoreError> {
    let bytes: [u8; 6] = pin
        .as_bytes()
        .try_into()
        .map_err(|_| StoreError::PinFormat)?;
    if bytes.iter().all(u8::is_ascii_digit) {
        Ok(bytes.map(|byte| byte - b'0'))
    } else {
        Err(StoreError::PinFormat)
    }
}

fn is_common(pin: &str, digits: [u8; 6]) -> bool {
    let [a, b, c, d, e, f] = digits;
    let distinct = {
        let mut sorted = digits;
        sorted.sort_unstable();
        1 + sorted.windows(2).filter(|pair| pair[0] != pair[1]).count()
    };
    let step = |by: i8| {
        digits
            .windows(2)
            .all(|pair| (pair[1].cast_signed() - pair[0].cast_signed()).rem_euclid(10) == by)
    };
    let pairs_run = a == b
        && c == d
        && e == f
        && (c.cast_signed() - a.cast_signed()) == (e.cast_signed() - c.cast_signed());
    distinct <= 2
        || step(1)
        || step(9)
        || step(2)
        || step(8)
        || pairs_run
        || (a, b, c) == (d, e, f)
        || (a, b) == (c, d) && (c, d) == (e, f)
        || (a, b, c) == (f, e, d)
        || (a == b && b == c && d == e && e == f)
        || is_date(digits)
        || COMMON.contains(&pin)
}

/// Birthdays as people type them: YYMMDD, and YYYYMM of the years people now living were born in.
fn is_date([a, b, c, d, e, f]: [u8; 6]) -> bool {
    let two = |high: u8, low: u8| u32::from(high) * 10 + u32::from(low);
    let month = |value: u32| (1..=12).contains(&value);
    let day = |value: u32| (1..=31).contains(&value);
    let year = two(a, b) * 100 + two(c, d);
    (month(two(c, d)) && day(two(e, f))) || ((1940..=2039).contains(&year) && month(two(e, f)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_six_digits_are_a_pin() {
        for pin in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert!(
                matches!(check_new_pin(pin), Err(StoreError::PinFormat)),
                "{pin}"
            );
        }
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for pin in [
            "000000", "123456", "654321", "111111", "112233", "121212", "123123", "123321",
            "135790", "900101", "198805", "520131", "110120", "888666", "890123",
        ] {
            assert!(
                matches!(check_new_pin(pin), Err(StoreError::PinCommon)),
                "{pin}"
            );
        }
    }

    #[test]
    fn an_unremarkable_pin_is_taken() {
        for pin in ["739146", "284605", "507382", "618394"] {
            assert!(check_new_pin(pin).is_ok(), "{pin}");
        }
    }
}
