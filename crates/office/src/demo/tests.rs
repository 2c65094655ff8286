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

/// A large township of a year, for counting.
fn year(villages: u32) -> DemoTownship {
    DemoTownship::generate_over(7, villages, today(), DAYS_OF_A_YEAR)
}

/// What was found of so many, what the page says, and how far the two may lie apart: all in per cent.
struct Counted(Vec<String>, Vec<String>);

impl Counted {
    fn share(&mut self, what: &str, found: usize, of: usize, wanted: f64, apart: f64) {
        let share = found as f64 * 100.0 / of.max(1) as f64;
        let line = format!("{what}: {share:.1} of a hundred, wanted {wanted} ± {apart}");
        if (share - wanted).abs() > apart {
            self.1.push(line.clone());
        }
        self.0.push(line);
    }
}

#[test]
fn a_year_is_distributed_as_the_page_says() {
    let township = year(80);
    let mut counted = Counted(Vec::new(), Vec::new());
    let households: Vec<&DemoHousehold> = township
        .villages
        .iter()
        .flat_map(|village| &village.households)
        .collect();
    let children: Vec<&DemoChild> = township.children().map(|(_, child)| child).collect();
    let all = children.len();
    let text = |child: &DemoChild, key: &str| child.fields.get(key).cloned().unwrap_or_default();
    let with = |prefix: &str| {
        let has =
            |child: &&&DemoChild| child.categories.iter().any(|code| code.starts_with(prefix));
        children.iter().filter(has).count()
    };
    for (prefix, wanted, apart) in [
        ("LB", 55.0, 5.0),
        ("DP", 22.0, 5.0),
        ("DD", 14.0, 4.0),
        ("DF", 6.0, 3.0),
        ("DG", 5.0, 3.0),
        ("OR", 1.5, 1.5),
        ("PE", 8.0, 3.0),
    ] {
        counted.share(prefix, with(prefix), all, wanted, apart);
    }
    let several = children.iter().filter(|child| child.categories.len() > 1);
    counted.share("several categories", several.count(), all, 18.0, 5.0);
    let enhanced = children.iter().filter(|child| !child.facts.is_empty());
    counted.share("ENHANCED", enhanced.count(), all, 34.0, 6.0);

    let behind: Vec<&&DemoChild> = children
        .iter()
        .filter(|child| child.categories.iter().any(|code| code.starts_with("LB")))
        .collect();
    let of = behind.len();
    let age = |child: &DemoChild| {
        let birth: NaiveDate = text(child, "birth_date").parse().unwrap();
        people::age_on(birth, today())
    };
    for (name, ages, wanted, apart) in [
        ("0 to 5", 0..6, 21.7, 4.0),
        ("6 to 13", 6..14, 67.4, 5.0),
        ("14 and 15", 14..16, 10.9, 4.0),
    ] {
        let there = behind.iter().filter(|child| ages.contains(&age(child)));
        counted.share(name, there.count(), of, wanted, apart);
    }
    let boys = behind.iter().filter(|child| text(child, "sex") == "1");
    counted.share("boys", boys.count(), of, 54.5, 5.0);
    let grand = behind
        .iter()
        .filter(|child| text(child, "carer_relation").starts_with('6'));
    counted.share("by grandparents", grand.count(), of, 96.0, 3.0);
    let both = behind
        .iter()
        .filter(|child| child.categories.iter().any(|code| code == "LB-1"));
    counted.share("both parents away", both.count(), of, 78.0, 6.0);
    let ill = behind
        .iter()
        .filter(|child| text(child, "health") != "good");
    counted.share("left behind and not healthy", ill.count(), of, 4.0, 4.0);
    for (name, places, wanted, apart) in [
        (
            "in the province",
            ["上海市区", "上海嘉定", "上海松江"].as_slice(),
            55.0,
            6.0,
        ),
        ("abroad", ["日本"].as_slice(), 2.0, 2.0),
    ] {
        let there = behind
            .iter()
            .filter(|child| places.contains(&text(child, "father_place").as_str()));
        counted.share(name, there.count(), of, wanted, apart);
    }

    for (name, sizes, wanted) in [
        ("one child", 1..2, 55.0),
        ("two", 2..3, 33.0),
        ("three", 3..9, 12.0),
    ] {
        let there = households
            .iter()
            .filter(|household| sizes.contains(&household.children.len()));
        counted.share(name, there.count(), households.len(), wanted, 6.0);
    }
    let carers: Vec<u32> = households
        .iter()
        .filter_map(|household| household.children.first())
        .filter(|child| text(child, "carer_relation").starts_with('6'))
        .filter_map(|child| {
            let number = text(child, "carer_id_no");
            let birth = NaiveDate::parse_from_str(number.get(6..14)?, "%Y%m%d").ok()?;
            Some(people::age_on(birth, today()))
        })
        .collect();
    let mean = f64::from(carers.iter().sum::<u32>()) / carers.len() as f64;
    assert!(
        (61.0..67.0).contains(&mean),
        "carers are {mean} on the average"
    );
    assert!(carers.iter().all(|age| (53..=77).contains(age)));

    let writings: Vec<&DemoWriting> = township
        .villages
        .iter()
        .flat_map(|village| &village.writings)
        .collect();
    let types: Vec<&str> = writings
        .iter()
        .filter_map(|writing| match &writing.what {
            DemoWritten::HouseholdField { key, value } if key == "family_type" => {
                Some(value.as_str())
            }
            _ => None,
        })
        .collect();
    for (name, wanted) in [("single", 15.0), ("remarried", 12.0)] {
        let there = types.iter().filter(|kind| **kind == name).count();
        counted.share(name, there, types.len(), wanted, 4.0);
    }
    let heard: Vec<&str> = rows(&writings, "work", "contact_freq");
    for (name, codes, wanted) in [
        (
            "heard of every week",
            ["daily", "several", "weekly"].as_slice(),
            82.0,
        ),
        ("every month", ["monthly"].as_slice(), 12.0),
        ("hardly", ["rare", "lost"].as_slice(), 6.0),
    ] {
        let there = heard.iter().filter(|code| codes.contains(code)).count();
        counted.share(name, there, heard.len(), wanted, 4.0);
    }

    let visits: Vec<&DemoVisit> = households
        .iter()
        .flat_map(|household| &household.visits)
        .collect();
    let photos = visits.iter().filter(|visit| visit.photos > 0);
    counted.share(
        "visits with a photo",
        photos.count(),
        visits.len(),
        40.0,
        3.0,
    );
    let late = visits
        .iter()
        .filter(|visit| (visit.recorded_on - visit.date).num_days() > 7);
    counted.share("typed in late", late.count(), visits.len(), 6.0, 2.0);
    let attempts: usize = households
        .iter()
        .map(|household| household.attempts.len())
        .sum();
    counted.share("nobody met", attempts, visits.len(), 7.0, 2.0);
    assert!(
        visits
            .iter()
            .all(|visit| (15..=50).contains(&visit.minutes))
    );

    let problems: Vec<&DemoProblem> = township
        .villages
        .iter()
        .flat_map(|village| &village.problems)
        .collect();
    counted.share(
        "problems a hundred visits",
        problems.len(),
        visits.len(),
        9.0,
        2.0,
    );
    let urgency = |urgency: &'static str| {
        problems
            .iter()
            .filter(move |problem| problem.urgency == urgency)
    };
    counted.share("now", urgency("now").count(), problems.len(), 0.5, 1.0);
    counted.share(
        "these days",
        urgency("days").count(),
        problems.len(),
        12.0,
        4.0,
    );
    let needs = urgency("later").filter(|problem| problem.kind == "NEED");
    counted.share("needs and wishes", needs.count(), problems.len(), 25.5, 6.0);
    // By the severity the program gives what is reported like this.
    let pack = include_str!("../../../../policy/sh-2024-2026.json");
    let pack = domain::policy::PolicyPack::parse(pack).unwrap();
    let severity = |problem: &DemoProblem| {
        let kind = pack.problem(&problem.kind).unwrap();
        let urgency = pack.urgency(&problem.urgency).unwrap();
        domain::problem::stricter(&kind.severity, &urgency.severity).to_owned()
    };
    for (wanted, of_a_hundred, apart) in [
        ("S1", 0.5, 1.0),
        ("S2", 12.0, 4.0),
        ("S3", 62.0, 6.0),
        ("S4", 25.5, 6.0),
    ] {
        let found = problems.iter().filter(|it| severity(it) == wanted).count();
        counted.share(wanted, found, problems.len(), of_a_hundred, apart);
    }

    assert!(
        counted.1.is_empty(),
        "{:#?}\nof\n{:#?}",
        counted.1,
        counted.0
    );
}

/// The values of a column in all rows of a block.
fn rows<'a>(writings: &[&'a DemoWriting], wanted: &str, column: &str) -> Vec<&'a str> {
    let of = |writing: &&'a DemoWriting| match &writing.what {
        DemoWritten::Row { block, values } | DemoWritten::Work { block, values }
            if block == wanted =>
        {
            Some(values.get(column)?.first()?.as_str())
        }
        _ => None,
    };
    writings.iter().filter_map(of).collect()
}

#[test]
fn a_year_has_every_oddity_of_the_page() {
    // Each of the seeds somebody starts a demo with.
    for seed in [1, 7, 20_260_701] {
        has_every_oddity(&DemoTownship::generate_over(
            seed,
            8,
            today(),
            DAYS_OF_A_YEAR,
        ));
    }
}

fn has_every_oddity(township: &DemoTownship) {
    let children: Vec<&DemoChild> = township.children().map(|(_, child)| child).collect();
    let told = |words: &str| {
        let said = |child: &&&DemoChild| {
            child
                .oddity
                .as_deref()
                .is_some_and(|oddity| oddity.contains(words))
        };
        children.iter().filter(said).count()
    };
    for (words, wanted) in [
        ("疑似重复", 2),
        ("已搬到另一个村", 1),
        ("住院", 1),
        ("住校", 1),
        ("去父母那里过假期", 1),
        ("团聚儿童", 1),
        ("满十六周岁", 2),
        ("满十八周岁", 2),
        ("没有户口", 1),
        ("只有出生医学证明", 1),
        ("台账里写了档案里不能写的", 1),
    ] {
        assert_eq!(told(words), wanted, "{words}");
    }
    // A ledger would not do: the import opens one file for one name and birth date in a village.
    let twice = |child: &&&DemoChild| {
        child
            .oddity
            .as_deref()
            .is_some_and(|it| it.contains("疑似重复"))
    };
    for copy in children.iter().filter(twice) {
        let alike = children.iter().filter(|child| {
            let same = |key: &str| child.fields.get(key) == copy.fields.get(key);
            same("name") && same("birth_date")
        });
        assert!(copy.is_new && copy.categories.len() == 1 && alike.count() == 2);
    }
    let size = |village: &DemoVillage| -> usize {
        let households = village.households.iter();
        households.map(|household| household.children.len()).sum()
    };
    let sizes: Vec<usize> = township.villages.iter().map(size).collect();
    assert_eq!(sizes.iter().filter(|size| **size == 33).count(), 1);
    assert_eq!(sizes.iter().filter(|size| **size == 0).count(), 1);
    let problems = township
        .villages
        .iter()
        .flat_map(|village| &village.problems);
    let stuck = problems.filter(|problem| problem.kind == "HUKOU" && problem.events.len() == 3);
    assert_eq!(stuck.count(), 1);

    let year = township.year.as_ref().unwrap();
    let find = |key: &str| *children.iter().find(|child| child.key == key).unwrap();
    let moved = find(&year.moved.child);
    assert!(moved.key.starts_with("v2-") && year.moved.to == "v1");
    assert!(find(&year.apart.child).key.starts_with("v3-"));
    assert_eq!(
        (year.cover.village.as_str(), year.cover.delegate.as_str()),
        ("v3", "v2")
    );
    let grown = find(&year.ended.child);
    let birth: NaiveDate = grown.fields["birth_date"].parse().unwrap();
    assert_eq!(people::age_on(birth, year.ended.on), 18);
    assert_eq!(
        people::age_on(birth, year.ended.on - TimeDelta::days(1)),
        17
    );
    let visits = township.villages[0]
        .households
        .iter()
        .flat_map(|household| &household.visits);
    let hers: Vec<NaiveDate> = visits
        .filter(|visit| visit.children.iter().any(|part| part.child == grown.key))
        .map(|visit| visit.date)
        .collect();
    assert_eq!(
        hers.last(),
        Some(&year.ended.on),
        "seen on the day, and never after"
    );

    let writings: Vec<&DemoWriting> = township
        .villages
        .iter()
        .flat_map(|village| &village.writings)
        .collect();
    for (block, column) in [
        ("notice", "on"),
        ("work", "since"),
        ("benefit", "until"),
        ("disability", "issued"),
        ("illness", "since"),
        ("categories", "end"),
        ("wish", "said_on"),
        ("members", "id_no"),
        ("help", "on"),
        ("activity", "on"),
        ("line", "on"),
    ] {
        let there = rows(&writings, block, column);
        assert!(there.len() >= 3, "{block}: {}", there.len());
    }
    let keys: BTreeSet<&str> = children.iter().map(|child| child.key.as_str()).collect();
    for writing in &writings {
        assert!(writing.on < today() && (today() - writing.on).num_days() <= 366);
        assert!(
            writing
                .children
                .iter()
                .all(|key| keys.contains(key.as_str()))
        );
    }
}

#[test]
fn half_a_year_has_nothing_of_a_year_and_both_are_the_same_again() {
    let half = DemoTownship::generate(7, 12, today());
    assert!(
        half.year.is_none()
            && half
                .villages
                .iter()
                .all(|village| village.writings.is_empty())
    );
    assert_eq!(hash(&year(12)), hash(&year(12)));
    let mut larger = year(12);
    larger.villages.truncate(4);
    assert_eq!(larger.villages, year(4).villages);
}
