//! Problems: some out of a hundred visits, and three whole stories.

use super::{DemoEvent, DemoProblem, DemoVillage, dice::Dice};
use chrono::{NaiveDate, TimeDelta};

/// Type, card, urgency, what was seen, and what was done about it.
type Pattern = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const PATTERNS: [(Pattern, u32); 14] = [
    (
        (
            "HAZARD",
            "danger",
            "later",
            "屋后池塘没有围栏，孩子放学会去那边。",
            "已报村里，本周装围栏和警示牌。",
            "围栏装好，警示牌也立了。",
        ),
        14,
    ),
    (
        (
            "HAZARD",
            "danger",
            "later",
            "厨房电线老化，插座发黑。",
            "请村电工上门检查。",
            "电工换了线和插座。",
        ),
        10,
    ),
    (
        (
            "HOUSE",
            "danger",
            "later",
            "西屋漏雨，墙根发霉，孩子睡在这间。",
            "已报镇里排进修缮名单。",
            "屋顶已补，下雨不漏了。",
        ),
        7,
    ),
    (
        (
            "BENEFIT",
            "poor",
            "later",
            "符合教育资助，一直没有申请。",
            "请带户口簿到服务窗口，可代办。",
            "已帮着递交申请。",
        ),
        9,
    ),
    (
        (
            "POOR",
            "poor",
            "later",
            "米面快吃完，这个月打工的钱还没到。",
            "可申请临时救助，先送一袋米。",
            "米面已送到，救助在审核。",
        ),
        5,
    ),
    (
        (
            "ILL_DIS",
            "ill",
            "later",
            "助听器坏了两个月，没有去修。",
            "联系残联，下周可以送修。",
            "助听器修好了。",
        ),
        9,
    ),
    (
        (
            "ILL_DIS",
            "ill",
            "later",
            "康复已停一个月，说路远没人接送。",
            "安排志愿者每周接送两次。",
            "上周开始恢复康复。",
        ),
        6,
    ),
    (
        (
            "NET",
            "mood",
            "later",
            "夜里玩手机到十二点，早上起不来。",
            "请学校老师一起和家里谈。",
            "手机晚上由大人保管，好转。",
        ),
        7,
    ),
    (
        (
            "NEED",
            "other",
            "later",
            "想要一张书桌，现在趴在床上写作业。",
            "登记微心愿，找爱心单位。",
            "书桌送到家里了。",
        ),
        17,
    ),
    (
        (
            "NEED",
            "other",
            "later",
            "想报暑假的画画班，不知道去哪里报。",
            "镇文化站有名额，已转告。",
            "已经报上名。",
        ),
        8,
    ),
    (
        (
            "DROPOUT",
            "school",
            "days",
            "连着一周没去上学，说不想读了。",
            "和学校约好明天一起上门。",
            "已回校，班主任每天留意。",
        ),
        4,
    ),
    (
        (
            "PSYCH",
            "mood",
            "days",
            "近一个月很少说话，晚上睡不着。",
            "请学校心理老师本周谈一次。",
            "谈过两次，愿意说话了。",
        ),
        4,
    ),
    (
        (
            "GUARD_POOR",
            "alone",
            "days",
            "照料人常出去打牌，孩子晚饭自己热。",
            "请先劝导，三天后再看一次。",
            "照料人答应按时回家做饭，已看过两次。",
        ),
        3,
    ),
    (
        (
            "UNREACHABLE",
            "other",
            "later",
            "电话停机，两次上门没见到人。",
            "查到新号码，已短信告知。",
            "联系上了，搬到女儿家住几天。",
        ),
        1,
    ),
];

pub(super) fn fill(dice: &mut Dice, village: &mut DemoVillage, index: u32, today: NaiveDate) {
    let visits: Vec<(String, NaiveDate)> = village
        .households
        .iter()
        .flat_map(|household| {
            household
                .visits
                .iter()
                .map(|visit| (visit.children[0].child.clone(), visit.date))
        })
        .collect();
    let mut problems: Vec<DemoProblem> = Vec::new();
    for (child, date) in &visits {
        if dice.chance(90) {
            let pattern = dice.weighted(&PATTERNS);
            problems.push(problem(dice, child, *date, pattern, today));
        }
    }
    let first_child = |at: usize| {
        let household = village.households.get(at)?;
        household.children.first().map(|child| child.key.clone())
    };
    let story = match index {
        0 => first_child(3).map(|child| night_at_the_aunts(child, today)),
        1 => first_child(4).map(|child| stuck(child, today)),
        2 => first_child(3).map(|child| late_home(child, today)),
        _ => None,
    };
    problems.extend(story);
    problems.sort_by_key(|problem| problem.reported_on);
    for (at, problem) in problems.iter_mut().enumerate() {
        problem.key = format!("{}-p{:02}", village.key, at + 1);
    }
    village.problems = problems;
}

fn event(kind: &str, by: &str, date: NaiveDate, text: &str) -> DemoEvent {
    DemoEvent {
        kind: kind.into(),
        by: by.into(),
        date,
        text: text.into(),
    }
}

fn problem(
    dice: &mut Dice,
    child: &str,
    date: NaiveDate,
    pattern: Pattern,
    today: NaiveDate,
) -> DemoProblem {
    let (kind, card, urgency, seen, answer, done) = pattern;
    let age = (today - date).num_days();
    let after = |days: u32| date + TimeDelta::days(i64::from(days));
    let mut events = Vec::new();
    let steps = [
        (dice.between(0, 2), event("accepted", "station", date, "")),
        (
            dice.between(2, 4),
            event("replied", "station", date, answer),
        ),
        (
            dice.between(5, 15),
            event("measure", "director", date, "按答复办了，继续看。"),
        ),
        (
            dice.between(16, 28),
            // Only the station may call something urgent solved (domain.md §6.2).
            event(
                "resolved",
                if urgency == "later" {
                    "director"
                } else {
                    "station"
                },
                date,
                done,
            ),
        ),
        (
            dice.between(29, 40),
            // What is urgent is followed up before it is closed.
            if urgency == "later" {
                event("closed", "station", date, "核实过，办结。")
            } else {
                event("confirmed", "station", date, "核实过，接着回访。")
            },
        ),
    ];
    // Newer problems have not come as far; two in a hundred wait longer than they should.
    let slow = dice.chance(20);
    for (days, step) in steps {
        if i64::from(days) > age || (slow && step.kind != "accepted") {
            break;
        }
        events.push(DemoEvent {
            date: after(days),
            ..step
        });
    }
    DemoProblem {
        key: String::new(),
        children: vec![child.to_owned()],
        kind: kind.into(),
        card: card.into(),
        urgency: urgency.into(),
        seen: seen.into(),
        mandatory: None,
        events,
        reported_on: date,
    }
}

/// An S1 story far along: reported at once, a safe place the same night, the family watched over, followed up.
fn night_at_the_aunts(child: String, today: NaiveDate) -> DemoProblem {
    let day = |back: i64| today - TimeDelta::days(back);
    DemoProblem {
        key: String::new(),
        children: vec![child],
        kind: "ABUSE".into(),
        card: "hurt".into(),
        urgency: "now".into(),
        seen: "到家时孩子手臂有伤，说不敢回屋。没有追问，先陪着。".into(),
        mandatory: Some((
            "reported".into(),
            "当场拨打110，派出所已接处；同时电话报告站里。".into(),
        )),
        events: vec![
            event("accepted", "station", day(96), ""),
            event(
                "replied",
                "station",
                day(96),
                "站里已经到场接手。请先不要再问孩子，也不要对别人说。",
            ),
            event(
                "measure",
                "station",
                day(95),
                "医生看过，没有大碍。派出所已对家长训诫。",
            ),
            event(
                "measure",
                "director",
                day(93),
                "三天回访：孩子在姑姑家吃睡都好，愿意去上学。",
            ),
            event(
                "measure",
                "director",
                day(82),
                "两周回访：家长已上两次家庭教育指导课，孩子周末回家。",
            ),
            event(
                "resolved",
                "station",
                day(40),
                "评估后回家生活，姑姑每周去看，学校老师留意。",
            ),
            event("confirmed", "station", day(38), "核实过，按天数回访。"),
            event("followed_up", "director", day(35), "在家吃睡都好。"),
            event("followed_up", "director", day(31), "孩子说放学敢回家了。"),
            event("followed_up", "director", day(24), "学校老师说上课有精神。"),
            event("followed_up", "director", day(8), "满月回访，平稳。"),
        ],
        reported_on: day(96),
    }
}

/// An S1 story that ended well within hours.
fn late_home(child: String, today: NaiveDate) -> DemoProblem {
    let day = |back: i64| today - TimeDelta::days(back);
    DemoProblem {
        key: String::new(),
        children: vec![child],
        kind: "MISSING".into(),
        card: "alone".into(),
        urgency: "now".into(),
        seen: "昨天傍晚六点还没到家，电话打不通，同学说放学一个人走了。".into(),
        mandatory: Some((
            "reported".into(),
            "昨天 18:20 拨打110，村里同时分头找。".into(),
        )),
        events: vec![
            event("accepted", "station", day(31), ""),
            event(
                "measure",
                "station",
                day(31),
                "20:40 在邻村同学家找到，平安，是考试没考好不敢回家。",
            ),
            event(
                "measure",
                "director",
                day(30),
                "第二天上门，和照料人商量不因成绩责骂，孩子记下了我的电话。",
            ),
            event(
                "resolved",
                "station",
                day(17),
                "两周来按时到家，班主任每周和孩子聊一次。",
            ),
        ],
        reported_on: day(31),
    }
}

/// Waits for another office far too long.
fn stuck(child: String, today: NaiveDate) -> DemoProblem {
    let day = |back: i64| today - TimeDelta::days(back);
    DemoProblem {
        key: String::new(),
        children: vec![child],
        kind: "HUKOU".into(),
        card: "poor".into(),
        urgency: "later".into(),
        seen: "孩子一直没上户口，母亲外地，材料缺出生证明。".into(),
        mandatory: None,
        events: vec![
            event("accepted", "station", day(88), ""),
            event("replied", "station", day(84), "已转派出所，等原籍回函。"),
            event(
                "measure",
                "director",
                day(52),
                "又问了一次，原籍还没有回函。",
            ),
        ],
        reported_on: day(90),
    }
}
