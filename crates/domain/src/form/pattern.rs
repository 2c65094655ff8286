//! Patterns of `regex(text, 'pattern')`: linear in the length of the text, whatever a spreadsheet brings.

use regex::{Regex, RegexBuilder};

/// Characters a pattern may have.
const MAX_LENGTH: usize = 200;
/// Bytes a pattern may take once it is read; a small one can say very much.
const MAX_SIZE: usize = 1 << 18;

/// A pattern for a whole text, as the forms of ODK mean it.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    regex: Regex,
}

impl Pattern {
    /// Reads it. None for what is no pattern, looks around or back, or is too large.
    #[must_use]
    pub fn read(source: &str) -> Option<Self> {
        if source.chars().count() > MAX_LENGTH {
            return None;
        }
        let regex = RegexBuilder::new(&format!("^(?:{source})$"))
            .size_limit(MAX_SIZE)
            .build()
            .ok()?;
        Some(Self {
            source: source.to_owned(),
            regex,
        })
    }

    /// Whether the text is of it from its first character to its last.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_text_is_of_the_pattern_or_it_is_not() {
        let pattern = Pattern::read("[0-9]{3}|一年级").expect("a pattern");
        assert!(pattern.matches("310") && pattern.matches("一年级"));
        assert!(!pattern.matches("3101") && !pattern.matches("") && !pattern.matches("一年级二班"));
    }

    #[test]
    fn what_would_cost_more_than_a_look_at_the_text_is_no_pattern() {
        for source in ["(", r"(a)\1", "(?=a)", "(?:a{999}){999}", &"a".repeat(201)] {
            assert!(Pattern::read(source).is_none(), "{source}");
        }
        // Quadratic or worse in engines that try again.
        let pattern = Pattern::read("(a+)+b").expect("a pattern");
        assert!(!pattern.matches(&"a".repeat(2_000)));
    }
}
