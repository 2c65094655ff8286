//! What says who somebody is, or what they said: kept out of logs by type.
//!
//! A log line, a panic and a failed assertion print with `{:?}`. [`Pii`] is for a field whose neighbours are worth
//! printing; [`withhold!`](crate::withhold) is for a type that holds little else. Neither changes how a value is stored
//! or sent.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// What stands where a value is not printed.
pub const WITHHELD: &str = "(withheld)";

/// A value that is never printed. It reads like what it holds; only printing needs it by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pii<T>(pub T);

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(WITHHELD)
    }
}

impl<T> Deref for Pii<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Pii<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Pii<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Pii<String> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Writes `Debug` for types that hold what people wrote or who they are: the type's name, and nothing of the value.
#[macro_export]
macro_rules! withhold {
    ($($name:ident),+ $(,)?) => {$(
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(withheld)"))
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Person {
        name: String,
    }
    crate::withhold!(Person);

    #[derive(Debug)]
    struct Row {
        _name: Pii<String>,
        _note: Option<Pii<&'static str>>,
        _count: u32,
    }

    #[test]
    fn nothing_of_it_is_printed_and_its_neighbours_are() {
        let row = Row {
            _name: "石小雨".into(),
            _note: Some(Pii("奶奶住院")),
            _count: 3,
        };
        assert_eq!(
            format!("{row:?}"),
            "Row { _name: (withheld), _note: Some((withheld)), _count: 3 }"
        );
        let person = Person {
            name: "石小雨".to_owned(),
        };
        assert_eq!(
            format!("{person:?} {:?}", [&person]),
            "Person(withheld) [Person(withheld)]"
        );
        assert_eq!(person.name.chars().count(), 3);
    }
}
