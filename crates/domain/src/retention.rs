//! How long a file is kept after it ended (domain.md §11 P-16). Pure: says when somebody should look whether it may go.
//! Nothing is ever erased because of a date.

use crate::cadence::Cadence;
use crate::calendar::birthday;
use crate::child::{Child, GROWN_UP};
use crate::policy::RetentionRules;
use chrono::NaiveDate;

/// When a file ended, and from which day on somebody looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// First day nothing asked for visits any more.
    pub ended_on: NaiveDate,
    /// From this day on it may be looked at.
    pub review_on: NaiveDate,
    /// There was a grave problem, so it is kept longer.
    pub is_grave: bool,
}

/// What the rules say about a file; none while it runs. `grave_on` is the day of the last report of a problem the rules
/// call grave.
pub fn retention(
    child: &Child,
    cadence: &Cadence,
    grave_on: Option<NaiveDate>,
    rules: &RetentionRules,
    today: NaiveDate,
) -> Option<Retention> {
    let grown_up = child
        .birth_date()
        .map(|birth| birthday(birth, GROWN_UP))
        .filter(|day| *day <= today);
    let runs = cadence.tier.is_some();
    let ended_on = match (cadence.ended_on.filter(|_| !runs), grown_up) {
        (Some(ended), Some(grown)) => ended.min(grown),
        (ended, grown) => ended.or(grown)?,
    };
    // Years after a day are counted as for a birthday: what ends on 29 February is looked at on 1 March.
    let plain = birthday(ended_on, rules.years_after_end);
    let review_on = grave_on.map_or(plain, |day| {
        let until_age = child
            .birth_date()
            .map(|birth| birthday(birth, rules.grave_until_age));
        plain
            .max(birthday(day, rules.grave_years))
            .max(until_age.unwrap_or(plain))
    });
    Some(Retention {
        ended_on,
        review_on,
        is_grave: grave_on.is_some(),
    })
}

/// From which day on somebody looks whether what is sealed may go that stayed when its matter left: counted as a file that
/// ended with that day, and with a grave problem as one whose last report is the last word there is. How old the child is by
/// then is not known here any more.
pub fn left_behind(
    left_on: Option<NaiveDate>,
    last_on: NaiveDate,
    is_grave: bool,
    rules: &RetentionRules,
) -> NaiveDate {
    let plain = birthday(left_on.unwrap_or(last_on), rules.years_after_end);
    match is_grave {
        true => plain.max(birthday(last_on, rules.grave_years)),
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::scalar::Scalar;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn child(birth: &str) -> Child {
        let mut record = Record::default();
        record
            .fields
            .insert("birth_date".to_owned(), Scalar::from(birth));
        Child::from_record(&record)
    }

    fn cadence(ended_on: Option<&str>) -> Cadence {
        Cadence {
            ended_on: ended_on.map(day),
            ..Cadence::default()
        }
    }

    #[test]
    fn an_ended_file_is_looked_at_after_five_years() {
        let found = retention(
            &child("2012-05-06"),
            &cadence(Some("2024-02-29")),
            None,
            &RetentionRules::default(),
            day("2026-11-02"),
        )
        .expect("it ended");
        assert_eq!(found.ended_on, day("2024-02-29"));
        assert_eq!(found.review_on, day("2029-03-01"));
    }

    #[test]
    fn a_grave_problem_keeps_it_until_the_later_of_ten_years_and_the_age_of_twenty_eight() {
        let young = retention(
            &child("2015-05-06"),
            &cadence(Some("2024-05-01")),
            Some(day("2023-03-01")),
            &RetentionRules::default(),
            day("2026-11-02"),
        )
        .expect("it ended");
        assert_eq!(young.review_on, day("2043-05-06"));
        let late = retention(
            &child("2000-05-06"),
            &cadence(Some("2018-05-06")),
            Some(day("2018-05-05")),
            &RetentionRules::default(),
            day("2026-11-02"),
        )
        .expect("it ended");
        assert_eq!(late.review_on, day("2028-05-06"));
    }

    #[test]
    fn what_stayed_sealed_is_looked_at_after_five_years_and_of_a_matter_after_ten() {
        let rules = RetentionRules::default();
        let (left, last) = (Some(day("2026-11-02")), day("2026-03-01"));
        let found = [
            left_behind(left, last, false, &rules),
            left_behind(left, last, true, &rules),
            left_behind(None, last, false, &rules),
        ];
        let expected = ["2031-11-02", "2036-03-01", "2031-03-01"].map(day);
        assert_eq!(found, expected);
    }

    #[test]
    fn who_is_grown_up_has_an_ended_file_whatever_the_categories_say() {
        let rules = RetentionRules::default();
        let found = retention(
            &child("2008-11-02"),
            &cadence(None),
            None,
            &rules,
            day("2026-11-02"),
        );
        assert_eq!(found.map(|found| found.ended_on), Some(day("2026-11-02")));
        let young = retention(
            &child("2008-11-03"),
            &cadence(None),
            None,
            &rules,
            day("2026-11-02"),
        );
        assert_eq!(young, None, "a file that runs has no end");
    }
}
