//! Half a year of visits, contacts and attempts, on time as often as in real villages.

use super::{
    DemoAnswer, DemoAttempt, DemoChild, DemoChildPart, DemoContact, DemoHousehold, DemoVillage,
    DemoVisit, dice::Dice, notes, people,
};
use chrono::{Datelike, Days, Months, NaiveDate, TimeDelta};
use std::collections::BTreeMap;

/// How punctual the next date is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    OnTime,
    DueToday,
    LateByDays,
    LateByWeeks,
}

/// Fills all households of a village.
pub(super) fn fill(dice: &mut Dice, village: &mut DemoVillage, since: NaiveDate, today: NaiveDate) {
    let span = (since, today);
    for (at, household) in village.households.iter_mut().enumerate() {
        // The first households show each standing, so that no village's list is empty of one.
        let (visit, contact) = match at {
            0 => (Standing::DueToday, Standing::OnTime),
            1 => (Standing::OnTime, Standing::DueToday),
            2 => (Standing::LateByDays, Standing::OnTime),
            _ => (standing(dice), standing(dice)),
        };
        if household.children.iter().any(|child| child.is_new) {
            continue;
        }
        visits(dice, household, visit, span);
        contacts(dice, household, contact, span);
    }
}

fn standing(dice: &mut Dice) -> Standing {
    dice.weighted(&[
        (Standing::OnTime, 86),
        (Standing::LateByDays, 9),
        (Standing::LateByWeeks, 5),
    ])
}

fn enhanced(household: &DemoHousehold) -> bool {
    household
        .children
        .iter()
        .any(|child| !child.facts.is_empty())
}

fn month_end(day: NaiveDate) -> NaiveDate {
    let first = day.with_day(1).unwrap_or(day);
    first
        .checked_add_months(Months::new(1))
        .and_then(|next| next.pred_opt())
        .unwrap_or(day)
}

/// The next visit after one on this day, as the shipped pack counts.
pub(super) fn visit_due(last: NaiveDate, enhanced: bool) -> NaiveDate {
    let next_month = month_end(last)
        .checked_add_days(Days::new(1))
        .unwrap_or(last);
    if enhanced {
        return month_end(next_month).min(last + TimeDelta::days(45));
    }
    let in_block = last.month0() % 2;
    let end = next_month
        .checked_add_months(Months::new(2 - in_block))
        .map_or(last, month_end);
    end.min(last + TimeDelta::days(92))
}

/// The next contact after one on this day, as the shipped pack counts.
pub(super) fn contact_due(last: NaiveDate, enhanced: bool) -> NaiveDate {
    if enhanced {
        return last + TimeDelta::days(14);
    }
    let next_month = month_end(last)
        .checked_add_days(Days::new(1))
        .unwrap_or(last);
    month_end(next_month).min(last + TimeDelta::days(45))
}

/// A last day from which the next date has the wanted standing; on time when there is none.
fn last_day(
    dice: &mut Dice,
    wanted: Standing,
    today: NaiveDate,
    earliest: i64,
    due: impl Fn(NaiveDate) -> NaiveDate,
) -> NaiveDate {
    let standing = |day: NaiveDate| match (today - due(day)).num_days() {
        0 => Standing::DueToday,
        ..0 => Standing::OnTime,
        1..=7 => Standing::LateByDays,
        _ => Standing::LateByWeeks,
    };
    let days = |wanted: Standing| -> Vec<NaiveDate> {
        (1..=earliest)
            .map(|back| today - TimeDelta::days(back))
            .filter(|day| standing(*day) == wanted)
            .collect()
    };
    let mut fitting = days(wanted);
    if fitting.is_empty() {
        fitting = days(Standing::OnTime);
    }
    if wanted == Standing::LateByWeeks {
        fitting.truncate(14);
    }
    let at = dice.below(u32::try_from(fitting.len()).unwrap_or(1)) as usize;
    fitting
        .get(at)
        .copied()
        .unwrap_or(today - TimeDelta::days(1))
}

fn visits(
    dice: &mut Dice,
    household: &mut DemoHousehold,
    wanted: Standing,
    (since, today): (NaiveDate, NaiveDate),
) {
    let enhanced = enhanced(household);
    let mut day = last_day(dice, wanted, today, 130, |day| visit_due(day, enhanced));
    let mut made = Vec::new();
    while day >= since {
        made.push(visit(dice, household, day, today, made.len()));
        if dice.chance(70) {
            household.attempts.push(attempt(dice, day));
        }
        let summer = matches!(day.month(), 8 | 9);
        let (first, last) = if enhanced { (24, 36) } else { (46, 66) };
        let first = if summer { first + 10 } else { first };
        day = dice.days_before(day, first, last + if summer { 10 } else { 0 });
    }
    made.reverse();
    household.visits = made;
    household.attempts.sort_by_key(|attempt| attempt.date);
}

fn attempt(dice: &mut Dice, visited: NaiveDate) -> DemoAttempt {
    let date = dice.days_before(visited, 1, 4);
    let reason = dice.weighted(&[("nobody_home", 60), ("out", 25), ("away", 15)]);
    DemoAttempt {
        date,
        reason: reason.into(),
        next_on: Some(visited),
        note: notes::attempt(dice),
    }
}

/// Six in a hundred records are typed in late.
fn recorded_on(dice: &mut Dice, date: NaiveDate, today: NaiveDate) -> NaiveDate {
    let late = if dice.chance(60) {
        dice.between(8, 14)
    } else {
        dice.weighted(&[(0, 90), (1, 10)])
    };
    (date + TimeDelta::days(i64::from(late))).min(today)
}

fn visit(
    dice: &mut Dice,
    household: &DemoHousehold,
    date: NaiveDate,
    today: NaiveDate,
    nth_from_last: usize,
) -> DemoVisit {
    let boarder = household.children.len() == 1
        && household.children[0]
            .fields
            .get("boarding")
            .is_some_and(|code| code == "y");
    // The last visit of a boarder is at home; at school only every other time.
    let at_school = boarder && nth_from_last % 2 == 1;
    let unseen = !at_school && nth_from_last > 0 && dice.chance(80);
    let mut met = vec![if at_school { "child" } else { "caregiver" }];
    if !unseen && !at_school {
        met.insert(0, "child");
    }
    if dice.chance(120) && !at_school {
        met.push("neighbor");
    }
    let kind = if date.day() <= 3 && date.month() == 10 {
        "holiday"
    } else {
        dice.weighted(&[("regular", 92), ("extra", 5), ("followup", 3)])
    };
    let place = if at_school {
        "dorm"
    } else {
        dice.weighted(&[("home", 95), ("kin", 5)])
    };
    let answers = session_answers(dice, household, date, kind, place, &met);
    let children = household
        .children
        .iter()
        .filter(|child| child.opened_on <= date);
    let children = children
        .map(|child| part(dice, child, date, !unseen))
        .collect();
    DemoVisit {
        date,
        recorded_on: recorded_on(dice, date, today),
        place: place.into(),
        kind: kind.into(),
        met: met.into_iter().map(str::to_owned).collect(),
        minutes: dice.between(15, 50),
        answers,
        children,
        photos: 0,
        screened: false,
    }
}

type Answers = BTreeMap<String, DemoAnswer>;

fn one(answers: &mut Answers, key: &str, code: &str) {
    answers.insert(key.to_owned(), DemoAnswer::code(code));
}

fn session_answers(
    dice: &mut Dice,
    household: &DemoHousehold,
    date: NaiveDate,
    kind: &str,
    place: &str,
    met: &[&str],
) -> Answers {
    let mut answers = Answers::new();
    answers.insert("a_date".into(), DemoAnswer::text(date.to_string()));
    one(&mut answers, "a_kind", kind);
    one(&mut answers, "a_place", place);
    answers.insert("a_met".into(), DemoAnswer::codes(met));
    one(
        &mut answers,
        "b_change",
        dice.weighted(&[("same", 85), ("changed", 15)]),
    );
    let relation = household
        .children
        .first()
        .and_then(|child| child.fields.get("carer_relation"))
        .map_or("62", String::as_str);
    let with: &[&str] = match relation {
        "61" | "62" => &["gp"],
        "63" | "64" => &["mgp"],
        "51" => &["f"],
        "52" => &["m"],
        _ => &["kin"],
    };
    let mut with = with.to_vec();
    if household.children.len() > 1 {
        with.push("sib");
    }
    answers.insert("b_live_with".into(), DemoAnswer::codes(&with));
    one(
        &mut answers,
        "b_house",
        dice.weighted(&[("good", 62), ("fair", 34), ("poor", 4)]),
    );
    one(
        &mut answers,
        "b_food",
        dice.weighted(&[("ok", 94), ("some", 6)]),
    );
    answers.insert(
        "b_event".into(),
        DemoAnswer::code(dice.weighted(&[("none", 92), ("ill", 5), ("jobless", 3)])),
    );
    answers.insert(
        "g_hazards".into(),
        DemoAnswer::code(dice.weighted(&[
            ("none", 88),
            ("H01", 3),
            ("H03", 4),
            ("H05", 3),
            ("H07", 2),
        ])),
    );
    answers
}

/// The carer in one word, by the REL code.
pub(super) fn carer_word(code: &str) -> &'static str {
    match code {
        "61" => "爷爷",
        "62" => "奶奶",
        "63" => "外公",
        "64" => "外婆",
        "51" => "爸爸",
        "52" => "妈妈",
        "90" => "姑姑",
        _ => "照料人",
    }
}

fn about<'a>(child: &DemoChild, date: NaiveDate) -> notes::About<'a> {
    let field = |key: &str| child.fields.get(key).map(String::as_str);
    let birth = field("birth_date").and_then(|text| text.parse().ok());
    notes::About {
        carer: carer_word(field("carer_relation").unwrap_or_default()),
        age: birth.map_or(8, |birth| people::age_on(birth, date)),
        parents_away: field("father_place").is_some(),
        in_treatment: field("disability").is_some() || field("illness").is_some(),
    }
}

fn part(dice: &mut Dice, child: &DemoChild, date: NaiveDate, seen: bool) -> DemoChildPart {
    let about = about(child, date);
    let field = |key: &str| child.fields.get(key).map_or("", String::as_str);
    let left_behind = child.categories.iter().any(|code| code.starts_with("LB"));
    let mut answers = Answers::new();
    one(&mut answers, "a_seen", if seen { "y" } else { "n" });
    if seen {
        one(
            &mut answers,
            "a_alone",
            if about.age < 5 {
                "unfit"
            } else {
                dice.weighted(&[("y", 60), ("n", 40)])
            },
        );
    } else {
        one(
            &mut answers,
            "a_not_seen_why",
            dice.weighted(&[("school", 80), ("away", 20)]),
        );
    }
    answers.insert(
        "c_caregiver".into(),
        DemoAnswer::text(field("carer_name").to_owned()),
    );
    one(
        &mut answers,
        "c_care_state",
        dice.weighted(&[("fit", 84), ("hard", 16)]),
    );
    // Also where the short form no longer asks, so that it stays so.
    let rating = match field("guardianship_rating") {
        "" => "good",
        rating => rating,
    };
    one(&mut answers, "c_duty", rating);
    let away = match (
        field("father_place").is_empty(),
        field("mother_place").is_empty(),
    ) {
        (false, false) => "both",
        (false, true) => "f",
        (true, false) => "m",
        (true, true) => "home",
    };
    one(&mut answers, "c_parent_away", away);
    if left_behind {
        one(
            &mut answers,
            "c_parent_contact",
            dice.weighted(&[("day", 30), ("week", 52), ("month", 12), ("less", 6)]),
        );
    }
    one(
        &mut answers,
        "c_alone",
        dice.weighted(&[("never", 88), ("short", 12)]),
    );
    let stage = field("school_stage");
    one(
        &mut answers,
        "d_stage",
        if stage.is_empty() { "none" } else { stage },
    );
    if !matches!(stage, "" | "none") {
        let holiday = matches!(date.month(), 7 | 8);
        one(
            &mut answers,
            "d_attend",
            if holiday {
                "hol"
            } else {
                dice.weighted(&[("ok", 96), ("some", 4)])
            },
        );
        one(
            &mut answers,
            "d_perf",
            dice.weighted(&[("good", 30), ("fair", 58), ("hard", 12)]),
        );
    }
    one(
        &mut answers,
        "e_health",
        dice.weighted(&[("ok", 90), ("fair", 10)]),
    );
    let mut overall = "normal";
    if seen {
        one(&mut answers, "e_inj", "n");
        one(
            &mut answers,
            "f_mood",
            dice.weighted(&[("bright", 48), ("calm", 44), ("low", 8)]),
        );
        one(
            &mut answers,
            "f_talk",
            dice.weighted(&[("open", 50), ("fair", 44), ("avoid", 6)]),
        );
        one(
            &mut answers,
            "f_friends",
            dice.weighted(&[("ok", 74), ("fair", 24), ("alone", 2)]),
        );
        one(&mut answers, "f_beh", "none");
        let net = if about.age < 6 {
            "lt1"
        } else {
            dice.weighted(&[("lt1", 50), ("h1", 36), ("h2", 14)])
        };
        one(&mut answers, "f_net", net);
        if about.age >= 5 && dice.chance(400) {
            answers.insert("f_voice".into(), DemoAnswer::text(notes::voice(dice)));
        }
        if answers["f_mood"].codes == ["low"] || net == "h2" {
            overall = "watch";
        }
    }
    one(&mut answers, "l_overall", overall);
    one(
        &mut answers,
        "l_change",
        dice.weighted(&[("same", 76), ("better", 17), ("worse", 7)]),
    );
    answers.insert(
        "l_summary".into(),
        DemoAnswer::text(notes::visit(dice, &about)),
    );
    DemoChildPart {
        child: child.key.clone(),
        seen,
        answers,
    }
}

fn contacts(
    dice: &mut Dice,
    household: &mut DemoHousehold,
    wanted: Standing,
    (since, today): (NaiveDate, NaiveDate),
) {
    let last_visit = household.visits.last().map(|visit| visit.date);
    for child in &mut household.children {
        let enhanced = !child.facts.is_empty();
        let mut day = last_day(dice, wanted, today, 70, |day| contact_due(day, enhanced));
        // A visit is a contact too: a later visit would undo the wanted standing, an earlier one would hide it.
        if last_visit.is_some_and(|visit| visit > day) {
            day = dice.days_before(day, 1, 6);
        }
        let mut made = Vec::new();
        while day >= since.max(child.opened_on) {
            made.push(contact(dice, child, day, today));
            let (first, last) = if enhanced { (10, 15) } else { (24, 38) };
            day = dice.days_before(day, first, last);
        }
        made.reverse();
        child.contacts = made;
    }
}

fn contact(dice: &mut Dice, child: &DemoChild, date: NaiveDate, today: NaiveDate) -> DemoContact {
    let about = about(child, date);
    let mode = dice.weighted(&[
        ("phone", 52),
        ("video", 14),
        ("in_person", 20),
        ("chat", 6),
        ("at_school", 5),
        ("at_activity", 3),
    ]);
    let party: &[&str] = match mode {
        "at_school" => &["child", "teacher"],
        "at_activity" => &["child"],
        "in_person" | "video" => &["child", "caregiver"],
        _ if about.age >= 8 => dice.weighted(&[(&["caregiver"][..], 70), (&["child"][..], 30)]),
        _ => &["caregiver"],
    };
    let state = dice.weighted(&[("normal", 91), ("watch", 8), ("problem", 1)]);
    // Four taps leave most calls without a word (decisions.md 11).
    let told = state != "normal" || dice.chance(450);
    let topics: Vec<String> = if told {
        vec![
            dice.pick(&["living", "body", "study", "mood", "family"])
                .to_owned(),
        ]
    } else {
        Vec::new()
    };
    let asked = about.parents_away && told;
    DemoContact {
        date,
        recorded_on: recorded_on(dice, date, today),
        mode: mode.into(),
        party: party.iter().map(|code| (*code).to_owned()).collect(),
        reached: true,
        child_state: Some(state.into()),
        topics,
        parent_contact_ok: asked.then(|| {
            dice.weighted(&[("y", 82), ("n", 12), ("unk", 6)])
                .to_owned()
        }),
        note: if told {
            notes::contact(dice, &about)
        } else {
            String::new()
        },
    }
}
