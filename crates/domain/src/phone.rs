//! Telephone numbers: how one is shown to somebody who has not asked to see it.

/// First three and last four, the rest as `*`. A text too short to hide anything is hidden whole.
pub fn mask(written: &str) -> String {
    let letters: Vec<char> = written.trim().chars().collect();
    let count = letters.len();
    if count < 10 {
        return "*".repeat(count);
    }
    letters
        .iter()
        .enumerate()
        .map(|(index, letter)| {
            if index < 3 || index + 4 >= count {
                *letter
            } else {
                '*'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_shows_first_three_and_last_four() {
        assert_eq!(mask("10000000017"), "100****0017");
        assert_eq!(mask("021-39580000"), "021*****0000");
        assert_eq!(mask("39580000"), "********");
        assert_eq!(mask(""), "");
    }
}
