use super::{dice::Dice, *};
use crate::ledger::{LedgerLimits, columns::ColumnTable, read_ledger};
use chrono::Datelike;
use domain::import::{ImportContext, Outcome, plan};
use ids::UnitId;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
}

fn township() -> DemoTownship {
    DemoTownship::generate(7, 4, today())
}

fn hash(township: &DemoTownship) -> String {
    let mut hasher = Sha256::new();
    hasher.update(serde_json::to_vec(township).unwrap());
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn one_seed_is_one_township_and_more_villages_change_none() {
    assert_eq!(hash(&township()), hash(&township()));
    assert_ne!(
        hash(&township()),
        hash(&DemoTownship::generate(8, 4, today()))
    );
    let larger = DemoTownship::generate(7, 8, today());
    assert_eq!(larger.villages[..4], township().villages[..]);
    let files = |township: &DemoTownship| ledgers(township).unwrap();
    assert_eq!(files(&township()), files(&township()));
}

#[test]
fn every_identity_number_is_under_310199_right_and_given_once() {
    let township = DemoTownship::generate(3, 12, today());
    let mut adults = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for (_, child) in township.children() {
        for (key, value) in &child.fields {
            if key.ends_with("id_no") {
                assert!(
                    value.starts_with("310199") && value.len() == 18,
                    "{key} {value}"
                );
                assert_eq!(people::with_check_digit(&value[..17]), *value);
                if key == "id_no" {
                    assert!(numbers.insert(value.clone()), "{value} twice");
                    assert_eq!(value[6..14], child.fields["birth_date"].replace('-', ""));
                } else {
                    adults.insert(value.clone());
                }
            }
            if key.contains("phone") {
                assert!(
                    value.starts_with("100") && value.len() == 11,
                    "{key} {value}"
                );
            }
        }
    }
    assert!(numbers.is_disjoint(&adults));
}

#[test]
fn villages_have_the_names_and_sizes_of_the_page() {
    let township = DemoTownship::generate(7, 6, today());
    let names: Vec<&str> = township
        .villages
        .iter()
        .map(|village| village.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "白荷村",
            "东灶村",
            "双桥湾村",
            "永宁圩村",
            "桑园村",
            "石碾村"
        ]
    );
    assert_eq!(township.villages[3].region, "310199100204");
    assert!(
        !township.villages[3].filled
            && township.villages[3]
                .households
                .iter()
                .all(|household| household.visits.is_empty())
    );
    let size = |village: &DemoVillage| {
        village
            .households
            .iter()
            .map(|household| household.children.len())
            .sum::<usize>()
    };
    assert_eq!(size(&township.villages[5]), 33);
    assert!(
        township.villages[..3]
            .iter()
            .all(|village| (18..=25).contains(&size(village)))
    );
    let twelve = DemoTownship::generate(7, 12, today());
    assert_eq!(size(&twelve.villages[7]), 0);
    assert!(
        twelve.villages[8..]
            .iter()
            .all(|village| (3..=25).contains(&size(village)))
    );
    let regions: BTreeSet<String> = DemoTownship::generate(7, 60, today())
        .villages
        .into_iter()
        .map(|village| village.region)
        .collect();
    assert_eq!(regions.len(), 60);
    assert!(
        regions
            .iter()
            .all(|region| region.len() == 12 && region.starts_with("310199"))
    );
}

#[test]
fn records_lie_in_the_half_year_before_today_and_in_order() {
    for village in township().villages {
        for household in village.households {
            assert!(household.visits.is_sorted_by_key(|visit| visit.date));
            for visit in &household.visits {
                assert!(
                    visit.date < today()
                        && visit.date <= visit.recorded_on
                        && visit.recorded_on <= today()
                );
                assert!((today() - visit.date).num_days() <= DAYS_OF_RECORDS);
                assert!(!visit.children.is_empty());
            }
            for child in &household.children {
                assert!(child.contacts.is_sorted_by_key(|contact| contact.date));
                assert!(
                    child
                        .contacts
                        .iter()
                        .all(|contact| contact.date < today() && contact.reached)
                );
            }
        }
        for problem in village.problems {
            assert!(
                problem.events.is_sorted_by_key(|event| event.date),
                "{problem:?}"
            );
            assert!(
                problem
                    .events
                    .iter()
                    .all(|event| event.date <= today() && event.date >= problem.reported_on)
            );
        }
    }
}

#[test]
fn a_year_of_records_reaches_back_a_year() {
    let township = DemoTownship::generate_over(7, 12, today(), 365);
    let days: Vec<i64> = township
        .villages
        .iter()
        .flat_map(|village| &village.households)
        .flat_map(|household| &household.visits)
        .map(|visit| (today() - visit.date).num_days())
        .collect();
    assert!(days.iter().all(|back| *back <= 365));
    assert!(days.iter().filter(|back| **back > 300).count() > 100);
}

#[test]
fn punctuality_is_mostly_good_and_some_are_late() {
    let township = DemoTownship::generate(11, 30, today());
    let (mut on_time, mut late) = (0, 0);
    for household in township
        .villages
        .iter()
        .flat_map(|village| &village.households)
    {
        let enhanced = household
            .children
            .iter()
            .any(|child| !child.facts.is_empty());
        if let Some(last) = household.visits.last() {
            if records::visit_due(last.date, enhanced) < today() {
                late += 1
            } else {
                on_time += 1
            }
        }
    }
    let share = f64::from(late) / f64::from(late + on_time);
    assert!((0.05..0.30).contains(&share), "{share}");
}

#[test]
fn tiers_categories_oddities_and_stories_are_there() {
    let township = township();
    let children: Vec<&DemoChild> = township.children().map(|(_, child)| child).collect();
    let enhanced = children
        .iter()
        .filter(|child| !child.facts.is_empty())
        .count();
    assert!(
        (15..=50).contains(&(enhanced * 100 / children.len())),
        "{enhanced} of {}",
        children.len()
    );
    assert!(
        children
            .iter()
            .filter(|child| child.oddity.is_some())
            .count()
            >= 12
    );
    assert!(children.iter().any(|child| child.is_new));
    assert!(
        children
            .iter()
            .any(|child| child.fields["name"].contains('·'))
    );
    let problems: Vec<&DemoProblem> = township
        .villages
        .iter()
        .flat_map(|village| &village.problems)
        .collect();
    assert_eq!(
        problems
            .iter()
            .filter(|problem| problem.urgency == "now" && problem.mandatory.is_some())
            .count(),
        2
    );
    assert!(problems.len() > 6, "{}", problems.len());
}

#[test]
fn the_due_dates_used_here_follow_the_vectors_of_the_page() {
    let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap();
    assert_eq!(records::visit_due(day(1, 27), false), day(4, 29));
    assert_eq!(records::visit_due(day(1, 31), true), day(2, 28));
    assert_eq!(records::visit_due(day(3, 6), false), day(6, 6));
    assert_eq!(records::visit_due(day(5, 25), false), day(8, 25));
    assert_eq!(records::contact_due(day(6, 8), false), day(7, 23));
    assert_eq!(records::contact_due(day(3, 1), true), day(3, 15));
}

#[test]
fn every_ledger_can_be_imported_and_the_one_by_hand_shows_each_refusal() {
    let township = township();
    let catalogue = ColumnTable::shipped().catalogue();
    let unit = UnitId::parse("018f0000-0000-7000-8000-000000000001").unwrap();
    let context = ImportContext {
        today: today(),
        village: unit,
        demo: true,
        catalogue: &catalogue,
    };
    for file in ledgers(&township).unwrap() {
        let ledger = read_ledger(&file.bytes, &LedgerLimits::default()).unwrap();
        assert_eq!(ledger.kind, file.kind, "{}", file.file_name);
        let plan = plan(&ledger.rows, &[], &context);
        let by_hand = file.village == "v4" && file.kind == crate::ledger::LedgerKind::L1;
        let mut codes: Vec<&str> = plan
            .rows
            .iter()
            .flat_map(|row| &row.rejections)
            .map(|reason| reason.code())
            .collect();
        codes.sort_unstable();
        if by_hand {
            assert_eq!(
                codes,
                [
                    "birth_in_future",
                    "birth_invalid",
                    "id_scientific",
                    "name_missing"
                ]
            );
            assert_eq!(plan.count(Outcome::Same), 1);
            assert!(plan.rows.iter().any(|row| row.flags.contains_key("id_no")));
        } else {
            assert!(codes.is_empty(), "{} {codes:?}", file.file_name);
        }
        assert!(
            plan.count(Outcome::New) >= 3,
            "{} {}",
            file.file_name,
            plan.count(Outcome::New)
        );
    }
}

#[test]
fn dice_stay_within_their_bounds() {
    let mut dice = Dice::new(1, 1);
    for _ in 0..1000 {
        assert!((3..=9).contains(&dice.between(3, 9)));
        assert!(dice.days_before(today(), 1, 40).year() == 2026);
    }
    assert_eq!(dice.below(0), 0);
}
