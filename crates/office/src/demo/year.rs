//! What a year of a township has beside its visits and calls: what directors write into files and about their work, photos,
//! screenings, and what happens between two villages or on two tablets.
//!
//! The oddities of domain.md §13, each with the place it comes from; `tests.rs` counts them:
//!
//! | oddity | made by | in |
//! |---|---|---|
//! | two duplicate files | `oddities::duplicate`, opened by hand | v1, v2 |
//! | a child that moved between villages | [`between_villages`], offered and taken over at the station | v2 → v1 |
//! | one in hospital | `oddities::shape`, pause HOSPITAL | v2 |
//! | a boarder | `oddities::boarder` | v1 |
//! | one away for the holidays | `oddities::shape`, pause TEMP_AWAY | v3 |
//! | a reunion child | `oddities::shape`, RE | v3 |
//! | aged out at 16 | `oddities::shape`, ten days ago; another in forty days | v2, v1 |
//! | 18 | [`grown_up`], with the last visit on the day and the file ended; another in five days | v1, v3 |
//! | without 户口, without an identity number | `oddities::shape` | v2, v3 |
//! | a problem that stands too long | `problems::stuck` | v2 |
//! | two stories of life and safety | `problems::night_at_the_aunts`, `problems::late_home` | v1, v3 |
//! | HIV | [`kept_back`]: only the ledger says it, the import keeps the cell back | v1 |
//! | a director on leave, and who stands in | [`between_villages`] | v3, by v2's |
//! | conflicting edits from two tablets | [`between_villages`], by the two of the leave | v3 |
//! | a messy ledger with mistakes | `ledgers::with_mistakes` | v4 |
//! | 400 rows of the trail | every use case writes its own | all |
//! | a village of 33 children, one of none | `super::village` | v6, v8 |
//! | names that fonts must bear | `oddities::trying_name` | v1, v2 |
//! | photos in four of ten visits, dated rows, rows with numbers, help, activities, screenings | [`write`] | all |

use super::{
    DemoApart, DemoChild, DemoCover, DemoEnding, DemoHousehold, DemoMove, DemoVillage, DemoWriting,
    DemoWritten, DemoYear, dice::Dice, oddities,
};
use chrono::{Datelike, NaiveDate, TimeDelta};
use oddities::PLAIN_HOUSEHOLDS;
use std::collections::BTreeMap;

/// Why the file of whoever comes of age ends.
const OF_AGE: &str = "age18";

/// Gives children their story once visits exist.
pub(super) fn shape(village: &mut DemoVillage, index: u32, today: NaiveDate) {
    if index == 0 {
        grown_up(village, today);
        oddities::with_child(village, 3, kept_back);
    }
}

/// Came of age some months ago: visited on the day, and the file ended.
fn grown_up(village: &mut DemoVillage, today: NaiveDate) {
    let Some(household) = village.households.get_mut(PLAIN_HOUSEHOLDS + 2) else {
        return;
    };
    let visits = household.visits.iter().map(|visit| visit.date);
    let Some(day) = visits
        .filter(|day| *day <= today - TimeDelta::days(50))
        .max()
    else {
        return;
    };
    let Some(child) = household.children.first_mut() else {
        return;
    };
    oddities::set_birth(child, oddities::years_before(day, 18));
    child.categories = vec!["DP-1".into()];
    child.facts.clear();
    child.contacts.retain(|contact| contact.recorded_on < day);
    oddities::tell(child, "已满十八周岁，档案办结");
    let key = child.key.clone();
    for visit in &mut household.visits {
        let is_over = visit.date > day;
        visit
            .children
            .retain(|part| !(is_over && part.child == key));
    }
    household.visits.retain(|visit| !visit.children.is_empty());
}

/// Whose ledger says what no file may say.
fn kept_back(child: &mut DemoChild) {
    child.categories = vec!["CONF".into()];
    child.facts.clear();
    child.kept_back = true;
    oddities::tell(child, "台账里写了档案里不能写的");
}

// ---- What a director writes down ----------------------------------------------------------------------------------

/// Fills a village's files and its director's log, and says at which visits photos were taken and the risk screened.
pub(super) fn write(
    dice: &mut Dice,
    village: &mut DemoVillage,
    since: NaiveDate,
    today: NaiveDate,
) {
    for visit in village
        .households
        .iter_mut()
        .flat_map(|household| &mut household.visits)
    {
        visit.photos = match dice.below(1000) {
            0..340 => 1,
            340..400 => 2,
            _ => 0,
        };
        let was_seen = visit.children.iter().any(|part| part.seen);
        visit.screened = was_seen && dice.chance(120);
    }
    let mut written = Vec::new();
    let span = Span { since, today };
    for household in &village.households {
        of_household(dice, household, &span, &mut written);
        for child in &household.children {
            of_child(dice, household, child, &span, &mut written);
        }
    }
    help(dice, village, &span, &mut written);
    activities(dice, village, &span, &mut written);
    log(dice, &span, &mut written);
    written.sort_by_key(|writing| writing.on);
    village.writings = written;
}

/// The days that are recorded.
struct Span {
    since: NaiveDate,
    today: NaiveDate,
}

impl Span {
    /// So many days after the first, and never today.
    fn day(&self, after: u32) -> NaiveDate {
        let day = self.since + TimeDelta::days(i64::from(after));
        day.min(self.today - TimeDelta::days(1))
    }

    fn days(&self) -> u32 {
        u32::try_from((self.today - self.since).num_days()).unwrap_or(0)
    }
}

type Values = BTreeMap<String, Vec<String>>;

fn values<const N: usize>(given: [(&str, &str); N]) -> Values {
    given
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key.to_owned(), vec![value.to_owned()]))
        .collect()
}

fn row(on: NaiveDate, child: &DemoChild, block: &str, values: Values) -> DemoWriting {
    DemoWriting {
        on,
        children: vec![child.key.clone()],
        what: DemoWritten::Row {
            block: block.to_owned(),
            values,
        },
    }
}

fn work(on: NaiveDate, children: Vec<String>, block: &str, values: Values) -> DemoWriting {
    DemoWriting {
        on,
        children,
        what: DemoWritten::Work {
            block: block.to_owned(),
            values,
        },
    }
}

fn text<'a>(child: &'a DemoChild, key: &str) -> &'a str {
    child.fields.get(key).map_or("", String::as_str)
}

fn has(child: &DemoChild, prefix: &str) -> bool {
    child.categories.iter().any(|code| code.starts_with(prefix))
}

fn of_household(
    dice: &mut Dice,
    household: &DemoHousehold,
    span: &Span,
    written: &mut Vec<DemoWriting>,
) {
    let Some(child) = household.children.first().filter(|child| !child.is_new) else {
        return;
    };
    let on = span.day(dice.between(2, 50));
    let by_grandparents = text(child, "carer_relation").starts_with('6');
    let kind = dice.weighted(&[("single", 15), ("remarried", 12), ("", 73)]);
    let kind = match kind {
        "" if by_grandparents => "grand",
        "" => "both",
        kind => kind,
    };
    written.push(DemoWriting {
        on,
        children: vec![child.key.clone()],
        what: DemoWritten::HouseholdField {
            key: "family_type".into(),
            value: kind.into(),
        },
    });
    // The carer with her number, as it stands in the household's book.
    if dice.chance(330) && !by_parent(child) {
        let schooling = dice.weighted(&[("80", 48), ("90", 22), ("70", 24), ("60", 6)]);
        let number = text(child, "carer_id_no");
        let birth: String = match number.get(6..14) {
            Some(digits) => format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]),
            None => String::new(),
        };
        written.push(row(
            on,
            child,
            "members",
            values([
                ("name", text(child, "carer_name")),
                ("relation", text(child, "carer_relation")),
                ("id_no", number),
                ("birth", &birth),
                ("phone", text(child, "carer_phone")),
                ("life", "alive"),
                ("education", schooling),
                ("lives_here", "y"),
            ]),
        ));
    }
}

fn by_parent(child: &DemoChild) -> bool {
    text(child, "carer_relation").starts_with('5')
}

fn of_child(
    dice: &mut Dice,
    household: &DemoHousehold,
    child: &DemoChild,
    span: &Span,
    written: &mut Vec<DemoWriting>,
) {
    if child.is_new {
        return;
    }
    let first = household.visits.first().map(|visit| visit.recorded_on);
    let told = first.unwrap_or_else(|| span.day(20));
    let mut put = |on: NaiveDate, block: &str, values: Values| {
        written.push(row(on, child, block, values));
    };
    let day = |day: NaiveDate| day.to_string();
    // Told on the first visit what is written down and why.
    put(
        told,
        "notice",
        values([
            ("on", &day(told)),
            ("who", dice.weighted(&[("guardian", 60), ("both", 40)])),
            ("how", dice.weighted(&[("signed", 80), ("spoken", 20)])),
            ("version", "2026-1"),
        ]),
    );
    let on = span.day(dice.between(3, 60));
    if has(child, "LB") {
        away(dice, child, on, &mut put);
    }
    if has(child, "DP-1") {
        let until = day(span.today + TimeDelta::days(i64::from(dice.between(10, 300))));
        put(
            on,
            "benefit",
            values([
                ("kind", "dibao"),
                ("status", "granted"),
                ("since", &day(span.since - TimeDelta::days(200))),
                ("until", &until),
                ("amount_month", dice.pick(&["1420", "1165", "980"])),
            ]),
        );
    }
    if has(child, "DD") {
        disabled(dice, child, on, &mut put);
    }
    if has(child, "DI") {
        put(
            on,
            "illness",
            values([
                ("name", text(child, "illness")),
                ("since", &day(span.since - TimeDelta::days(400))),
                ("hospital", "沧浦区中心医院"),
                ("treatment", "定期复查，按时吃药"),
                ("self_paid", dice.pick(&["3600", "8000", "12500"])),
            ]),
        );
    }
    // For some weeks the school was worried, and then no more.
    if dice.chance(60) {
        let from = span.day(dice.between(60, 200));
        let to = from + TimeDelta::days(i64::from(dice.between(30, 90)));
        put(
            to.min(span.today - TimeDelta::days(1)),
            "categories",
            values([
                ("code", "PE"),
                ("start", &day(from)),
                ("end", &day(to.min(span.today - TimeDelta::days(1)))),
                ("basis", "other_department"),
                ("status", "village"),
                ("evidence_note", "学校来信，情况已缓和"),
            ]),
        );
    }
    if dice.chance(100) {
        let said = span.day(dice.between(40, 300));
        let text = dice.pick(&[
            "一盏台灯",
            "一个篮球",
            "《十万个为什么》",
            "一双雨靴",
            "一套水彩笔",
        ]);
        let (status, after) =
            dice.weighted(&[(("done", 40), 50), (("claimed", 0), 30), (("said", 0), 20)]);
        let fulfilled = (said + TimeDelta::days(after)).min(span.today - TimeDelta::days(1));
        let is_done = status == "done";
        put(
            if is_done { fulfilled } else { said },
            "wish",
            values([
                ("text", text),
                ("said_on", &day(said)),
                ("cost", dice.weighted(&[("a", 50), ("b", 50)])),
                ("status", status),
                (
                    "donor",
                    if status == "said" {
                        ""
                    } else {
                        "镇里的陈老师"
                    },
                ),
                (
                    "fulfilled_on",
                    &if is_done {
                        day(fulfilled)
                    } else {
                        String::new()
                    },
                ),
            ]),
        );
    }
}

/// Where the parents work, and how often they are heard of.
fn away(
    dice: &mut Dice,
    child: &DemoChild,
    on: NaiveDate,
    put: &mut impl FnMut(NaiveDate, &str, Values),
) {
    let both = !text(child, "mother_place").is_empty();
    let place = text(child, "father_place");
    let distance = match place {
        "日本" => "abroad",
        place if place.starts_with("上海") => "county",
        _ => "province",
    };
    let since = on - TimeDelta::days(i64::from(dice.between(60, 900)));
    let home = NaiveDate::from_ymd_opt(on.year(), 2, 10).filter(|day| *day < on && *day > since);
    put(
        on,
        "work",
        values([
            ("who", if both { "both" } else { "f" }),
            ("since", &since.to_string()),
            (
                "place",
                if place.is_empty() {
                    "江苏苏州"
                } else {
                    place
                },
            ),
            ("distance", distance),
            (
                "job",
                dice.pick(&["电子厂", "建筑工地", "送快递", "服装厂", "饭店"]),
            ),
            (
                "contact_freq",
                dice.weighted(&[
                    ("daily", 20),
                    ("several", 30),
                    ("weekly", 32),
                    ("monthly", 12),
                    ("rare", 5),
                    ("lost", 1),
                ]),
            ),
            (
                "last_home",
                &home.map(|day| day.to_string()).unwrap_or_default(),
            ),
        ]),
    );
}

/// The certificate's kind and grade, and the two subsidies that follow from them.
fn disabled(
    dice: &mut Dice,
    child: &DemoChild,
    on: NaiveDate,
    put: &mut impl FnMut(NaiveDate, &str, Values),
) {
    let words = text(child, "disability");
    let find = |names: &[(&'static str, &'static str)], other: &'static str| {
        let found = names.iter().find(|(name, _)| words.contains(name));
        found.map_or(other, |(_, code)| *code)
    };
    let kind = find(
        &[("视力", "1"), ("听力", "2"), ("言语", "3"), ("智力", "5")],
        "4",
    );
    let grade = find(&[("一级", "1"), ("二级", "2"), ("四级", "4")], "3");
    let issued = on - TimeDelta::days(i64::from(dice.between(300, 1800)));
    put(
        on,
        "disability",
        values([
            ("kind", kind),
            ("grade", grade),
            ("has_cert", "y"),
            ("issued", &issued.to_string()),
            ("rehab", dice.pick(&["沧浦区康复中心", "芦汀镇阳光之家"])),
        ]),
    );
    put(
        on,
        "benefit",
        values([
            (
                "kind",
                if grade <= "2" {
                    "disabled_care"
                } else {
                    "disabled_life"
                },
            ),
            ("status", dice.weighted(&[("granted", 75), ("applied", 25)])),
            ("since", &issued.to_string()),
        ]),
    );
}

const HELP: [(&str, &str, &str, &str, &str); 9] = [
    ("goods", "送去米、油和牛奶", "各一份", "village", ""),
    ("goods", "送去书包和文具", "一套", "charity", "镇慈善会"),
    ("goods", "送去棉被和冬衣", "两件", "government", ""),
    (
        "study",
        "请退休老师周末补数学",
        "每周一次",
        "volunteers",
        "顾老师",
    ),
    ("company", "陪着去镇上看牙", "", "village", ""),
    ("mind", "请学校心理老师聊了两次", "", "government", ""),
    ("safety", "换了厨房的插座和电线", "一处", "village", ""),
    ("service", "帮着把医保续上", "", "village", ""),
    (
        "festival",
        "过节送去月饼和一封信",
        "一份",
        "company",
        "村口的超市",
    ),
];

/// About one help a child and year; sometimes for two at once.
fn help(dice: &mut Dice, village: &DemoVillage, span: &Span, written: &mut Vec<DemoWriting>) {
    let children = listed(village);
    for (at, child) in children.iter().enumerate() {
        if !dice.chance(700) {
            continue;
        }
        let on = span.day(dice.between(20, span.days()));
        let mut helped = vec![(*child).clone()];
        if dice.chance(150) {
            helped.extend(children.get(at + 1).map(|next| (*next).clone()));
        }
        let nth = dice.below(u32::try_from(HELP.len()).unwrap_or(1)) as usize;
        let (kind, text, amount, source, provider) = HELP[nth];
        let receipt = if kind == "goods" { "y" } else { "" };
        written.push(work(
            on,
            helped,
            "help",
            values([
                ("kind", kind),
                ("text", text),
                ("on", &on.to_string()),
                ("amount", amount),
                ("source", source),
                ("provider", provider),
                ("receipt", receipt),
            ]),
        ));
    }
}

/// Whoever has a file that a ledger brought, and is still a child.
fn listed(village: &DemoVillage) -> Vec<&String> {
    let children = village
        .households
        .iter()
        .flat_map(|household| &household.children);
    children
        .filter(|child| !child.is_new && !child.oddity.as_deref().is_some_and(is_twice_or_over))
        .map(|child| &child.key)
        .collect()
}

fn is_twice_or_over(oddity: &str) -> bool {
    oddity.contains("疑似重复") || oddity.contains("办结")
}

const ACTIVITIES: [(&str, &str, &str, &str); 5] = [
    (
        "drowning",
        "河边安全一课",
        "认警示牌，学叫人、递竹竿，每家发一张联系卡",
        "village",
    ),
    (
        "festival",
        "端午一起包粽子",
        "老人教，孩子包，带回家给照料人",
        "village",
    ),
    (
        "theme",
        "暑假读书会",
        "每人讲一本书，读完的换一本",
        "township",
    ),
    (
        "safety",
        "用电用火小课堂",
        "看插座、关煤气，回家和大人一起查一遍",
        "village",
    ),
    (
        "mind",
        "给爸爸妈妈写信",
        "写好一起寄，走不开的录了视频",
        "school",
    ),
];

/// Some gatherings a year, each with those who came.
fn activities(dice: &mut Dice, village: &DemoVillage, span: &Span, written: &mut Vec<DemoWriting>) {
    let children = listed(village);
    if children.is_empty() {
        return;
    }
    let apart = span.days() / 5;
    for (nth, (kind, title, content, level)) in (0..).zip(ACTIVITIES) {
        let on = span.day(nth * apart + dice.between(10, 40));
        let joined: Vec<String> = children
            .iter()
            .filter(|_| dice.chance(450))
            .map(|key| (*key).clone())
            .collect();
        written.push(work(
            on,
            joined,
            "activity",
            values([
                ("kind", kind),
                ("text", title),
                ("on", &on.to_string()),
                ("level", level),
                ("organiser", &village.name),
                ("place", "村儿童之家"),
                ("content", content),
                ("parents", &dice.between(2, 14).to_string()),
                ("result", "孩子们愿意再来"),
            ]),
        ));
    }
}

const LINES: [(&str, &str); 6] = [
    ("meeting", "到镇里开儿童主任例会，带回两张通知"),
    ("training", "参加区里培训，学了怎么和孩子单独聊"),
    ("sweep", "挨户核对名单，外出的父母补了电话"),
    ("policy", "在村口宣传栏换了新的救助政策"),
    ("home_duty", "儿童之家值班一下午"),
    ("coordination", "和卫生院、学校商量体检的日子"),
];

/// One or two lines a month that are about no child.
fn log(dice: &mut Dice, span: &Span, written: &mut Vec<DemoWriting>) {
    let mut after = dice.between(3, 20);
    while after < span.days() {
        let on = span.day(after);
        let (kind, text) = LINES[dice.below(6) as usize];
        let minutes = dice.pick(&["60", "90", "120", "180"]);
        written.push(work(
            on,
            Vec::new(),
            "line",
            values([
                ("kind", kind),
                ("text", text),
                ("on", &on.to_string()),
                ("minutes", minutes),
            ]),
        ));
        after += dice.between(16, 30);
    }
}

// ---- What happens between two villages ----------------------------------------------------------------------------

/// A leave with somebody who stands in, a field both wrote, a child that moved, a file that ended. None without three
/// villages that are filled.
pub(super) fn between_villages(villages: &mut [DemoVillage], today: NaiveDate) -> Option<DemoYear> {
    let [first, second, third, ..] = villages else {
        return None;
    };
    let leave = (today, today + TimeDelta::days(12));
    third.director.leave = Some(leave);
    let of = |village: &DemoVillage, at: usize| {
        let child = village.households.get(at)?.children.first()?;
        Some(child.clone())
    };
    let both_wrote = of(third, 1)?;
    let moved = of(second, PLAIN_HOUSEHOLDS + 3)?;
    let grown = of(first, PLAIN_HOUSEHOLDS + 2)?;
    let on: NaiveDate = text(&grown, "birth_date").parse().ok()?;
    let on = on.checked_add_months(chrono::Months::new(18 * 12))?;
    first.writings.push(DemoWriting {
        on: (on + TimeDelta::days(15)).min(today - TimeDelta::days(1)),
        children: vec![grown.key.clone()],
        what: DemoWritten::Ending {
            reason: OF_AGE.into(),
            on,
            text: "当天上门，已满十八周岁，说好有事随时来找我。".into(),
        },
    });
    first.writings.sort_by_key(|writing| writing.on);
    let carer = super::records::carer_word(text(&moved, "carer_relation"));
    Some(DemoYear {
        cover: DemoCover {
            village: third.key.clone(),
            delegate: second.key.clone(),
            from: leave.0,
            until: leave.1,
        },
        apart: DemoApart {
            child: both_wrote.key,
            field: "carer_phone".into(),
            hers: "10000338801".into(),
            other: "10000338802".into(),
        },
        moved: DemoMove {
            child: moved.key,
            from: second.key.clone(),
            to: first.key.clone(),
            on: today - TimeDelta::days(6),
            reason: "全家搬到白荷村外婆家，东西已经拉过去。".into(),
            note: format!("搬来后第一次联系，{carer}说住下了，学校不换。"),
        },
        ended: DemoEnding {
            child: grown.key,
            on,
        },
    })
}
