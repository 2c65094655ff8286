//! Households, children, parents, carers and staff.

use super::{
    DemoChild, DemoHousehold, DemoStaff, DemoVillage,
    dice::Dice,
    names::{self, Generation},
    oddities,
};
use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use domain::identity_number::check_character;
use domain::import::{CHILD_DISABILITY, CHILD_PSYCH, PARENT_SEVERE_DISABILITY};
use std::collections::BTreeMap;

/// Makes numbers that cannot meet: each village has its own range of sequence numbers and phones.
struct Registry {
    village: u32,
    given: BTreeMap<NaiveDate, u32>,
    phones: u32,
    names: std::collections::BTreeSet<String>,
}

impl Registry {
    /// An identity number under 310199 with the right check digit.
    fn id_no(&mut self, birth: NaiveDate, woman: bool) -> String {
        let nth = self.given.entry(birth).or_insert(0);
        *nth += 1;
        let sequence = (self.village % 40) * 24 + *nth * 2 + u32::from(!woman);
        with_check_digit(&format!("310199{}{sequence:03}", birth.format("%Y%m%d")))
    }

    fn phone(&mut self) -> String {
        self.phones += 1;
        format!(
            "100{:04}{:04}",
            (self.village + 1) * 7 % 10_000,
            self.phones
        )
    }
}

/// Seventeen digits and their check character.
pub(super) fn with_check_digit(seventeen: &str) -> String {
    let check = check_character(seventeen).expect("seventeen digits have a check character");
    format!("{seventeen}{check}")
}

pub(super) fn station_staff(dice: &mut Dice) -> Vec<DemoStaff> {
    let mut person = |role: &str, nth: u32| {
        let woman = dice.chance(700);
        let name = format!(
            "{}{}",
            names::surname(dice),
            names::given(dice, Generation::Parent { woman })
        );
        DemoStaff {
            name,
            role: role.into(),
            phone: format!("1000000{nth:04}"),
            leave: None,
        }
    };
    vec![
        person("supervisor", 1),
        person("supervisor", 2),
        person("station_head", 3),
    ]
}

pub(super) fn village(
    dice: &mut Dice,
    index: u32,
    children: u32,
    (since, today): (NaiveDate, NaiveDate),
) -> DemoVillage {
    let (township, name, region) = names::village(index);
    let mut registry = Registry {
        village: index,
        given: BTreeMap::new(),
        phones: 0,
        names: Default::default(),
    };
    let director = DemoStaff {
        name: format!(
            "{}{}",
            names::surname(dice),
            names::given(dice, Generation::Parent { woman: true })
        ),
        role: "director".into(),
        phone: registry.phone(),
        leave: None,
    };
    let key = format!("v{}", index + 1);
    let mut households = Vec::new();
    let mut left = children;
    let least = if oddities::has_stories(index) {
        oddities::HOUSEHOLDS
    } else {
        0
    };
    while left > 0 || households.len() < least {
        let size = dice
            .weighted(&[(1, 50), (2, 36), (3, 12), (4, 2)])
            .min(left.max(1));
        left = left.saturating_sub(size);
        let number = households.len() + 1;
        let place = Place {
            township,
            village: &name,
            key: format!("{key}-h{number:02}"),
            director: &director.name,
            since,
            today,
        };
        households.push(household(dice, &mut registry, &place, size));
    }
    DemoVillage {
        key,
        name,
        township: township.into(),
        region,
        director,
        filled: true,
        households,
        problems: Vec::new(),
        writings: Vec::new(),
    }
}

struct Place<'a> {
    township: &'a str,
    village: &'a str,
    key: String,
    director: &'a str,
    /// The first day of the records.
    since: NaiveDate,
    today: NaiveDate,
}

/// What all children of a household share.
struct Family {
    surname: &'static str,
    shared: BTreeMap<String, String>,
    categories: Vec<&'static str>,
    facts: BTreeMap<String, String>,
}

fn household(
    dice: &mut Dice,
    registry: &mut Registry,
    place: &Place<'_>,
    children: u32,
) -> DemoHousehold {
    let group = ["一组", "二组", "三组", "四组", "五组", "六组"][dice.below(6) as usize];
    let addr = format!(
        "{}{}{group}{}号",
        place.township,
        place.village,
        dice.between(1, 68)
    );
    let family = family(dice, registry, place, &addr);
    let mut fields = BTreeMap::new();
    fields.insert("addr".into(), addr);
    fields.insert("group".into(), group.into());
    fields.insert("size".into(), (children + dice.between(2, 4)).to_string());
    if dice.chance(500) {
        fields.insert("landmark".into(), dice.pick(&names::LANDMARKS).into());
    }
    let mut births: Vec<NaiveDate> = (0..children).map(|_| birth(dice, place.today)).collect();
    births.sort_unstable();
    let children = (1..).zip(births).map(|(nth, birth)| {
        let key = format!("{}-c{nth}", place.key);
        child(dice, registry, &family, key, birth, place)
    });
    let children = children.collect();
    DemoHousehold {
        key: place.key.clone(),
        fields,
        children,
        ..DemoHousehold::default()
    }
}

/// Ages as among left-behind children: a fifth under six, two thirds at school age.
fn birth(dice: &mut Dice, today: NaiveDate) -> NaiveDate {
    let (first, last) =
        dice.weighted(&[((1, 5), 20), ((6, 13), 66), ((14, 15), 11), ((16, 17), 3)]);
    let years = dice.between(first, last);
    let day = today
        .checked_sub_months(Months::new(years * 12))
        .unwrap_or(today);
    dice.days_before(day, 25, 340)
}

fn family(dice: &mut Dice, registry: &mut Registry, place: &Place<'_>, addr: &str) -> Family {
    let surname = names::surname(dice);
    let mut shared = BTreeMap::new();
    let parent_birth = dice.days_before(place.today, 38 * 365, 48 * 365);
    let mother_birth = dice.days_before(place.today, 37 * 365, 45 * 365);
    let mut put = |key: &str, value: String| _ = shared.insert(key.to_owned(), value);
    let father = format!(
        "{surname}{}",
        names::given(dice, Generation::Parent { woman: false })
    );
    let mother = format!(
        "{}{}",
        names::surname(dice),
        names::given(dice, Generation::Parent { woman: true })
    );
    let kind = dice.weighted(&[
        ("both", 43),
        ("one", 12),
        ("poor", 14),
        ("disabled_parent", 9),
        ("alone", 8),
        ("guard", 5),
        ("ill", 9),
    ]);
    let (categories, cause): (Vec<&'static str>, &str) = match kind {
        "both" => (vec!["LB-1"], ""),
        "one" => (vec!["LB-2"], "监护：在家一方照顾不了"),
        "poor" => (
            vec![dice.weighted(&[("DP-1", 55), ("DP-2", 8), ("DP-3", 22), ("DP-4", 15)])],
            "家庭：收入低",
        ),
        "disabled_parent" => (vec!["DP-1"], "家庭：父亲肢体二级残疾"),
        "alone" => (
            vec![dice.weighted(&[("DF", 70), ("OR-2", 20), ("DM", 10)])],
            "家庭：父母不能履行监护职责",
        ),
        "guard" => (
            vec![dice.weighted(&[("DG-1", 45), ("DG-2", 55)])],
            "监护：长期疏于照料",
        ),
        _ => (vec![], "自身：需长期就医或康复"),
    };
    let away = matches!(kind, "both" | "one");
    let orphan = kind == "alone";
    if !orphan {
        put("father_name", father.clone());
        put("father_id_no", registry.id_no(parent_birth, false));
        put("father_phone", registry.phone());
        put("mother_name", mother.clone());
        if dice.chance(850) {
            put("mother_id_no", registry.id_no(mother_birth, true));
            put("mother_phone", registry.phone());
        }
    }
    if away {
        put("father_place", dice.weighted(&names::CITIES).into());
        if kind == "both" {
            put("mother_place", dice.weighted(&names::CITIES).into());
        }
    }
    let by_parent = !away && !orphan && dice.chance(600);
    let (relation, woman) = if by_parent {
        dice.weighted(&[(("52", true), 75), (("51", false), 25)])
    } else {
        dice.weighted(&[
            (("62", true), 52),
            (("61", false), 24),
            (("64", true), 14),
            (("63", false), 6),
            (("90", true), 3),
            (("99", true), 1),
        ])
    };
    let carer_birth = if by_parent {
        mother_birth
    } else {
        dice.days_before(place.today, 54 * 365, 76 * 365)
    };
    let carer = match (by_parent, relation) {
        (true, "51") => father,
        (true, _) => mother,
        (_, "61") => format!(
            "{surname}{}",
            names::given(dice, Generation::Grandparent { woman })
        ),
        _ => format!(
            "{}{}",
            names::surname(dice),
            names::given(dice, Generation::Grandparent { woman })
        ),
    };
    // Whoever looks after a child here is its guardian as well; the register of children in difficulty asks for that one.
    let (number, phone) = (registry.id_no(carer_birth, woman), registry.phone());
    for (key, value) in [
        ("name", carer.as_str()),
        ("relation", relation),
        ("id_no", &number),
        ("phone", &phone),
        ("addr", addr),
    ] {
        put(&format!("carer_{key}"), value.to_owned());
        put(&format!("guardian_{key}"), value.to_owned());
    }
    put(
        "guardianship_rating",
        dice.weighted(&[("good", 68), ("fair", 28), ("bad", 4)])
            .into(),
    );
    put(
        "income_source",
        dice.weighted(&[
            ("打工收入", 50),
            ("种养殖", 20),
            ("工资", 10),
            ("政府救助", 12),
            ("亲友接济", 4),
            ("经商", 4),
        ])
        .into(),
    );
    put(
        "hukou_kind",
        dice.weighted(&[("1", 85), ("2", 8), ("3", 7)]).into(),
    );
    put("hukou_addr", format!("{}{}", place.township, place.village));
    put("helper", place.director.into());
    if !cause.is_empty() {
        put("hardship_cause", cause.into());
    }
    if kind == "poor" || kind == "disabled_parent" {
        put("benefits", "低保；居民医保".into());
    }
    let mut facts = BTreeMap::new();
    if kind == "disabled_parent" {
        facts.insert(
            PARENT_SEVERE_DISABILITY.to_owned(),
            "父亲肢体二级残疾".to_owned(),
        );
    } else if kind == "one" && dice.chance(500) {
        facts.insert(
            PARENT_SEVERE_DISABILITY.to_owned(),
            "母亲精神三级残疾".to_owned(),
        );
        put("remark", "母亲精神三级残疾，在家".into());
    }
    Family {
        surname,
        shared,
        categories,
        facts,
    }
}

fn child(
    dice: &mut Dice,
    registry: &mut Registry,
    family: &Family,
    key: String,
    birth: NaiveDate,
    place: &Place<'_>,
) -> DemoChild {
    let girl = dice.chance(455);
    let mut fields = family.shared.clone();
    let mut name = String::new();
    for _ in 0..20 {
        name = format!(
            "{}{}",
            family.surname,
            names::given(dice, Generation::Child { girl })
        );
        if registry.names.insert(name.clone()) {
            break;
        }
    }
    let mut ethnicity = if dice.chance(20) { "06" } else { "01" };
    if dice.chance(15) {
        let at = dice.below(5) as usize;
        if registry.names.insert(names::TRYING[at].0.to_owned()) {
            (name, ethnicity) = (names::TRYING[at].0.to_owned(), names::TRYING[at].1);
        }
    }
    let age = age_on(birth, place.today);
    let (stage, grade) = school(birth, age, place.today);
    let mut put = |key: &str, value: &str| _ = fields.insert(key.to_owned(), value.to_owned());
    put("name", &name);
    put("sex", if girl { "2" } else { "1" });
    put("ethnicity", ethnicity);
    put("birth_date", &birth.to_string());
    put("id_type", "01");
    put("id_no", &registry.id_no(birth, girl));
    put("school_stage", stage);
    if !grade.is_empty() {
        put("school_grade", &grade);
    }
    put(
        "boarding",
        if age >= 12 && dice.chance(150) {
            "y"
        } else {
            "n"
        },
    );
    let mut categories: Vec<String> = family
        .categories
        .iter()
        .map(|code| (*code).to_owned())
        .collect();
    let mut facts = family.facts.clone();
    let mut health = if dice.chance(975) { "good" } else { "fair" };
    let difficult = family.categories.iter().all(|code| !code.starts_with("LB"));
    if family.categories.is_empty() || (difficult && dice.chance(200)) || dice.chance(20) {
        if dice.chance(700) {
            let words = dice.pick(&[
                "肢体三级",
                "听力二级",
                "言语三级",
                "智力三级",
                "肢体二级",
                "视力二级",
                "智力二级",
            ]);
            put("disability", words);
            facts.insert(CHILD_DISABILITY.to_owned(), format!("自身残疾：{words}"));
            categories.push("DD".into());
            health = "disabled";
        } else {
            put(
                "illness",
                dice.pick(&[
                    "先天性心脏病术后",
                    "癫痫",
                    "地中海贫血",
                    "肾病综合征",
                    "哮喘",
                ]),
            );
            categories.push("DI".into());
            health = "chronic";
        }
    } else if age >= 9 && dice.chance(150) {
        facts.insert(
            CHILD_PSYCH.to_owned(),
            "学校筛查：情绪低落，建议关注".to_owned(),
        );
    } else if dice.chance(90) {
        categories.push("PE".into());
    }
    if difficult && age < 16 && dice.chance(120) && !categories.is_empty() {
        categories.push("SH-B".into());
    }
    put("health", health);
    if dice.chance(250) {
        let pet = match name.chars().last() {
            Some(last) => format!("{}{last}", dice.pick(&["阿", "小"])),
            None => "阿宝".into(),
        };
        put("nickname", &pet);
    }
    if age >= 13 && dice.chance(300) {
        put("phone_child", &registry.phone());
    }
    DemoChild {
        key,
        fields,
        categories,
        facts,
        opened_on: place.since - TimeDelta::days(7),
        ..DemoChild::default()
    }
}

pub(super) fn age_on(birth: NaiveDate, today: NaiveDate) -> u32 {
    today.years_since(birth).unwrap_or(0)
}

/// Stage and 学校年级 by the school year that began last September.
pub(super) fn school(birth: NaiveDate, age: u32, today: NaiveDate) -> (&'static str, String) {
    let year = if today.month() >= 9 {
        today.year()
    } else {
        today.year() - 1
    };
    let start = NaiveDate::from_ymd_opt(year, 9, 1).unwrap_or(today);
    let at_start = start.years_since(birth).unwrap_or(0);
    let grades = ["一", "二", "三", "四", "五", "六"];
    match at_start {
        0..=2 => ("none", String::new()),
        3..=5 => (
            "nursery",
            format!("云渡幼儿园{}班", ["小", "中", "大"][at_start as usize - 3]),
        ),
        6..=10 => (
            "primary",
            format!("芦汀小学{}年级", grades[at_start as usize - 6]),
        ),
        11..=14 => (
            "junior",
            format!(
                "沧浦三中{}年级",
                ["六", "七", "八", "九"][at_start as usize - 11]
            ),
        ),
        _ if age >= 15 => ("voc", "沧浦职校一年级".into()),
        _ => ("junior", "沧浦三中九年级".into()),
    }
}
