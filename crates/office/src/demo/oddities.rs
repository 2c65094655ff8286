//! The files that are not like the others: every case a screen or a rule must bear.

use super::{DemoAttempt, DemoChild, DemoHousehold, DemoPause, DemoVillage, names, people};
use chrono::{Days, Months, NaiveDate, TimeDelta};
use domain::import::CHILD_PSYCH;

/// Households whose standing `records` decides; oddities begin after them.
pub(super) const PLAIN_HOUSEHOLDS: usize = 4;

/// Households a village needs for all of its stories.
pub(super) const HOUSEHOLDS: usize = PLAIN_HOUSEHOLDS + 6;

/// The first villages carry the stories.
pub(super) fn has_stories(index: u32) -> bool {
    index < 3
}

/// Gives some children of a village a story, before records are made.
pub(super) fn shape(village: &mut DemoVillage, index: u32, today: NaiveDate) {
    match index {
        0 => {
            watched_over(village);
            with_child(village, 0, |child| boarder(child, today));
            with_child(village, 1, |child| {
                child.categories = vec!["LB-1".into()];
                set_birth(child, years_before(today, 16) + TimeDelta::days(40));
                tell(child, "四十天后满十六周岁");
            });
            newly_found(village, today);
            duplicate(village, 4, today);
            trying_name(village, 5, 0);
        }
        1 => {
            with_child(village, 0, |child| {
                child.fields.insert("hukou_kind".into(), "4".into());
                child.fields.insert("id_type".into(), "00".into());
                child.fields.remove("id_no");
                child.fields.remove("hukou_addr");
                tell(child, "没有户口");
            });
            with_child(village, 1, |child| {
                child.categories = vec!["LB-1".into()];
                child.facts.clear();
                set_birth(child, years_before(today, 16) - TimeDelta::days(10));
                tell(child, "十天前满十六周岁");
            });
            with_child(village, 2, |child| {
                child.pauses.push(DemoPause {
                    reason: "HOSPITAL".into(),
                    from: today - TimeDelta::days(6),
                    to: None,
                });
                tell(child, "住院");
            });
            with_child(village, 3, |child| {
                child
                    .fields
                    .insert("remark".into(), "跟外婆搬到白荷村住，等迁移".into());
                tell(child, "已搬到另一个村");
            });
            duplicate(village, 5, today);
            trying_name(village, 4, 1);
        }
        2 => {
            with_child(village, 0, |child| {
                child.fields.insert("id_type".into(), "02".into());
                child.fields.remove("id_no");
                tell(child, "只有出生医学证明");
            });
            with_child(village, 1, |child| {
                let to = today + TimeDelta::days(20);
                child.pauses.push(DemoPause {
                    reason: "TEMP_AWAY".into(),
                    from: today - TimeDelta::days(10),
                    to: Some(to),
                });
                tell(child, "去父母那里过假期");
            });
            with_child(village, 2, |child| {
                child.categories = vec!["RE".into()];
                child.facts.clear();
                tell(child, "团聚儿童，不定期走访");
            });
            with_child(village, 3, |child| {
                child.categories = vec!["DP-1".into()];
                set_birth(child, years_before(today, 18) + TimeDelta::days(5));
                tell(child, "五天后满十八周岁");
            });
            village.director.leave =
                Some((today - TimeDelta::days(38), today - TimeDelta::days(24)));
        }
        _ => {}
    }
}

/// What can only be said once visits exist.
pub(super) fn after_records(village: &mut DemoVillage, index: u32, today: NaiveDate) {
    for household in &mut village.households {
        let paused: Vec<(String, NaiveDate)> = household
            .children
            .iter()
            .filter_map(|child| Some((child.key.clone(), child.pauses.first()?.from)))
            .collect();
        for visit in &mut household.visits {
            visit.children.retain(|part| {
                !paused
                    .iter()
                    .any(|(key, from)| *key == part.child && *from <= visit.date)
            });
        }
        household.visits.retain(|visit| !visit.children.is_empty());
        for child in &mut household.children {
            if child.categories.iter().all(|code| code == "RE") && child.oddity.is_some() {
                child.contacts.clear();
            }
        }
    }
    if index == 1 {
        two_closed_doors(village, today);
    }
}

fn two_closed_doors(village: &mut DemoVillage, today: NaiveDate) {
    let mut households = village.households.iter_mut().rev();
    let is_known = |household: &&mut DemoHousehold| {
        let mut children = household.children.iter();
        children.all(|child| !child.is_new)
    };
    let Some(household) = households.find(is_known) else {
        return;
    };
    household
        .visits
        .retain(|visit| visit.date < today - TimeDelta::days(12));
    for (back, note) in [
        (9, "门锁着，电话也没人接。"),
        (3, "又去了一次，还是没人，邻居说好几天没见灯亮。"),
    ] {
        household.attempts.push(DemoAttempt {
            date: today - TimeDelta::days(back),
            reason: "nobody_home".into(),
            next_on: Some(today + TimeDelta::days(1)),
            note: note.into(),
        });
    }
}

/// The child of the first story: visited more often since.
fn watched_over(village: &mut DemoVillage) {
    let Some(child) = village
        .households
        .get_mut(PLAIN_HOUSEHOLDS - 1)
        .and_then(|household| household.children.first_mut())
    else {
        return;
    };
    child.categories.push("DV".into());
    child
        .facts
        .insert(CHILD_PSYCH.into(), "需要多陪伴，按高频次走访".into());
    tell(child, "一个已办结的紧急问题");
}

pub(super) fn tell(child: &mut DemoChild, oddity: &str) {
    child.oddity = Some(oddity.to_owned());
}

/// The first child of the n-th household after the plain ones.
pub(super) fn with_child(village: &mut DemoVillage, n: usize, change: impl FnOnce(&mut DemoChild)) {
    if let Some(child) = village
        .households
        .get_mut(PLAIN_HOUSEHOLDS + n)
        .and_then(|household| household.children.first_mut())
    {
        change(child);
    }
}

pub(super) fn years_before(today: NaiveDate, years: u32) -> NaiveDate {
    today
        .checked_sub_months(Months::new(years * 12))
        .unwrap_or(today)
}

/// Birth date, identity number and school follow each other.
pub(super) fn set_birth(child: &mut DemoChild, birth: NaiveDate) {
    child.fields.insert("birth_date".into(), birth.to_string());
    if let Some(number) = child.fields.get("id_no").cloned() {
        let seventeen = format!(
            "{}{}{}",
            &number[..6],
            birth.format("%Y%m%d"),
            &number[14..17]
        );
        child
            .fields
            .insert("id_no".into(), people::with_check_digit(&seventeen));
    }
    child.fields.insert("school_stage".into(), "voc".into());
    child
        .fields
        .insert("school_grade".into(), "沧浦职校".into());
}

fn boarder(child: &mut DemoChild, today: NaiveDate) {
    set_birth(child, years_before(today, 13) - TimeDelta::days(50));
    child.fields.insert("school_stage".into(), "junior".into());
    child
        .fields
        .insert("school_grade".into(), "沧浦三中七年级".into());
    child.fields.insert("boarding".into(), "y".into());
    tell(child, "住校，双周回家");
}

/// A name that fonts and forms must bear; one is certain in every township.
fn trying_name(village: &mut DemoVillage, n: usize, which: usize) {
    let taken = village
        .households
        .iter()
        .flat_map(|household| &household.children);
    let (name, ethnicity) = names::TRYING[which];
    if taken.into_iter().any(|child| child.fields["name"] == name) {
        return;
    }
    with_child(village, n, |child| {
        child.fields.insert("name".into(), name.into());
        child.fields.insert("ethnicity".into(), ethnicity.into());
    });
}

fn next_key(village: &DemoVillage) -> String {
    format!("{}-h{:02}", village.key, village.households.len() + 1)
}

/// Found by the director two days ago: a name, a village, a reason.
fn newly_found(village: &mut DemoVillage, today: NaiveDate) {
    let key = next_key(village);
    let mut child = DemoChild {
        key: format!("{key}-c1"),
        categories: vec!["LB-1".into()],
        opened_on: today.checked_sub_days(Days::new(2)).unwrap_or(today),
        is_new: true,
        ..DemoChild::default()
    };
    for (field, value) in [
        ("name", "石念"),
        ("sex", "2"),
        ("carer_name", "石阿妹"),
        ("carer_relation", "62"),
    ] {
        child.fields.insert(field.into(), value.into());
    }
    child.fields.insert(
        "birth_date".into(),
        (years_before(today, 7) - TimeDelta::days(90)).to_string(),
    );
    child
        .fields
        .insert("remark".into(), "邻居说上月从外地回来，跟奶奶住".into());
    tell(&mut child, "新发现，还没有走访");
    let mut household = DemoHousehold {
        key,
        children: vec![child],
        ..DemoHousehold::default()
    };
    household.fields.insert(
        "addr".into(),
        format!("{}{}二组70号", village.township, village.name),
    );
    household.fields.insert("group".into(), "二组".into());
    village.households.push(household);
}

/// The same child once more: its director met it at another carer's some weeks ago, knew no number, and opened a file. A
/// ledger cannot say so twice: what has the same name and birth date in one village is one file to the import.
fn duplicate(village: &mut DemoVillage, n: usize, today: NaiveDate) {
    let key = next_key(village);
    let Some(original) = village
        .households
        .get(PLAIN_HOUSEHOLDS + n)
        .and_then(|household| household.children.first())
    else {
        return;
    };
    let mut copy = DemoChild {
        key: format!("{key}-c1"),
        categories: original.categories.iter().take(1).cloned().collect(),
        opened_on: today - TimeDelta::days(24),
        is_new: true,
        oddity: Some(format!("与 {} 疑似重复", original.key)),
        ..DemoChild::default()
    };
    for field in ["name", "sex", "birth_date"] {
        if let Some(value) = original.fields.get(field) {
            copy.fields.insert(field.into(), value.clone());
        }
    }
    for (field, value) in [
        ("carer_name", "何根生"),
        ("carer_relation", "63"),
        ("remark", "在村口碰到，说跟外公住，号码记不清"),
    ] {
        copy.fields.insert(field.into(), value.into());
    }
    let mut household = DemoHousehold {
        key,
        children: vec![copy],
        ..DemoHousehold::default()
    };
    household.fields.insert(
        "addr".into(),
        format!("{}{}一组71号", village.township, village.name),
    );
    household.fields.insert("group".into(), "一组".into());
    village.households.push(household);
}
