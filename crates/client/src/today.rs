//! The list 今天 and the page 我的.

use crate::cadence;
use crate::error::ClientError;
use crate::filling;
use crate::looks;
use crate::recusals::{self, Recusals};
use crate::rhythm;
use crate::roster::{Roster, RosterChild};
use crate::system;
use crate::tablet::Tablet;
use crate::unit_keys;
use crate::view::{
    AgreedView, DraftRow, DueGroup, DueKind, DueView, MeView, MonthCountsView, TodayChild,
    TodayRow, TodayView,
};
use crate::visits;
use crate::work_log;
use chrono::NaiveDate;
use domain::cadence::Kind;
use domain::scalar::Scalar;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use store::drafts::{self, Draft};

/// Everybody with a cadence, in groups 已过 · 今天 · 快到 · 其余 (decisions.md 9).
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub fn today(tablet: &Tablet) -> Result<TodayView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let soon_days = packs
        .rules_on(roster.today)
        .map_or(7, |pack| pack.rules.soon_days);
    let drafts = tablet.store.read(drafts::open)?;
    let mut rows: Vec<TodayRow> = Vec::new();
    let mut siblings = Siblings::new();
    let mut with_cadence = 0;
    let recusals = Recusals::read(tablet)?;
    let mut recused = 0;
    for child in &roster.children {
        if recusals::is_hers(tablet, &recusals, child) {
            recused += 1;
            continue;
        }
        let Some(cadence) = &child.cadence else {
            continue;
        };
        let mut dues = cadence::due_views(cadence).into_iter();
        let Some(first) = dues.next() else { continue };
        with_cadence += 1;
        let row = TodayRow {
            child: child.id.to_string(),
            household: child.child.household().unwrap_or_default().to_owned(),
            children: vec![today_child(child, roster.today)],
            group: group_of(&first, soon_days),
            first,
            second: dues.next(),
            place: place(&roster, child),
            carer: carer(child, tablet),
            enhanced: cadence.enhanced,
            draft: drafts
                .iter()
                .filter(|draft| !visits::is_filling(draft))
                .find(|draft| Some(draft.household.to_string().as_str()) == child.child.household())
                .map(|draft| draft.draft.to_string()),
            unmet: crate::unmet::of_child(tablet, &roster, child),
            walk: walk(&roster, child),
            agreed: agreed(child, roster.today),
        };
        fold(&mut rows, &mut siblings, row);
    }
    rows.sort_by(|a, b| {
        (
            a.group as u8,
            &a.first.due,
            !a.enhanced,
            &a.children[0].name,
        )
            .cmp(&(
                b.group as u8,
                &b.first.due,
                !b.enhanced,
                &b.children[0].name,
            ))
    });
    let counts = month_counts(&roster, tablet);
    let questions = crate::mandatory::open(tablet, &roster)?;
    let asked = filling::open(tablet, &roster)?;
    // These have words of a visit; the list itself says whom to go to, and when.
    looks::note_list(tablet, "today", questions.len() + asked.len())?;
    Ok(TodayView {
        date: roster.today.to_string(),
        lunar: None,
        rows,
        done_this_month: counts.visits + counts.contacts,
        with_cadence,
        children: count(roster.running()),
        drafts: draft_rows(tablet, &roster, &drafts),
        conflicts: crate::conflicts::count(tablet)?,
        answered_problems: crate::problems::unread_count(tablet)?,
        problem_steps: crate::problems::of_village(tablet, soon_days)?,
        recused,
        questions,
        asked,
        notices: rhythm::notices(tablet, &roster)?,
    })
}

/// Visits that were begun and are not saved.
pub(crate) fn draft_rows(tablet: &Tablet, roster: &Roster, drafts: &[Draft]) -> Vec<DraftRow> {
    drafts
        .iter()
        .map(|draft| {
            let names = draft
                .children
                .iter()
                .filter_map(|id| roster.child_or_departed(tablet, *id).ok().flatten())
                .map(|child| child.name())
                .collect::<Vec<_>>()
                .join("、");
            let (answered, total) = visits::draft_progress(tablet, roster, draft);
            DraftRow {
                draft: draft.draft.to_string(),
                household: draft.household.to_string(),
                names,
                at: system::moment(draft.updated_ms),
                answered,
                total,
                fills: visits::is_filling(draft),
            }
        })
        .collect()
}

/// The page 我的.
///
/// # Errors
/// The store cannot be read.
pub fn me(tablet: &Tablet) -> Result<MeView, ClientError> {
    let roster = Roster::read(tablet)?;
    let month = month_counts(&roster, tablet);
    let identity = &tablet.identity;
    Ok(MeView {
        person: identity.person.clone(),
        unit: tablet.unit_name(),
        township: tablet.township(),
        app_version: crate::APP_VERSION.to_owned(),
        packs: tablet
            .packs()
            .rules
            .packs()
            .iter()
            .map(|pack| match pack.valid.to {
                Some(to) => format!("{}（{} 至 {to} 前）", pack.name, pack.valid.from),
                None => format!("{}（{} 起）", pack.name, pack.valid.from),
            })
            .collect(),
        children: count(roster.running()),
        unit_key: unit_keys::digits(tablet)?,
        records_this_month: month.visits + month.contacts + month.attempts + month.problems,
        month,
        device: identity.device.to_string(),
    })
}

/// What this person recorded this month: what the work log says, and what she reported.
fn month_counts(roster: &Roster, tablet: &Tablet) -> MonthCountsView {
    MonthCountsView {
        problems: crate::problems::reported_this_month(tablet, roster.today).unwrap_or(0),
        ..work_log::counts(roster, tablet)
    }
}

fn count(records: impl Iterator) -> u32 {
    u32::try_from(records.count()).unwrap_or(u32::MAX)
}

fn group_of(due: &DueView, soon_days: u32) -> DueGroup {
    match due.days_over {
        days if days > 0 => DueGroup::Overdue,
        0 => DueGroup::Today,
        days if days.unsigned_abs() <= soon_days => DueGroup::Soon,
        _ => DueGroup::Later,
    }
}

/// Where the row of a household, a kind and a date stands.
type Siblings = HashMap<(String, DueKind, String), usize>;

/// Siblings due for the same thing on the same day become one row (decisions.md 9).
fn fold(rows: &mut Vec<TodayRow>, siblings: &mut Siblings, row: TodayRow) {
    if row.household.is_empty() {
        rows.push(row);
        return;
    }
    match siblings.entry((row.household.clone(), row.first.kind, row.first.due.clone())) {
        Entry::Occupied(known) => {
            let other = &mut rows[*known.get()];
            other.children.extend(row.children);
            other.enhanced |= row.enhanced;
            for agreed in row.agreed {
                if !other.agreed.contains(&agreed) {
                    other.agreed.push(agreed);
                }
            }
            if other.first.reason != row.first.reason && row.enhanced {
                other.first.reason = row.first.reason;
            }
        }
        Entry::Vacant(place) => {
            place.insert(rows.len());
            rows.push(row);
        }
    }
}

/// What was agreed on with the family and is not done yet. It stands beside the dates of the rules and moves none of them.
fn agreed(child: &RosterChild, today: NaiveDate) -> Vec<AgreedView> {
    let kinds = [Kind::Visit, Kind::Contact].into_iter();
    kinds
        .filter_map(|kind| {
            let on = child.child.agreed(kind)?;
            // The day that was chosen beforehand is the rules' own, and stands there already.
            let due = child.cadence.as_ref().and_then(|one| one.due(kind));
            if due.is_some_and(|due| due.due == on) {
                return None;
            }
            Some(AgreedView {
                kind: cadence::kind_view(kind),
                on: on.to_string(),
                past: on < today,
            })
        })
        .collect()
}

fn today_child(child: &RosterChild, today: NaiveDate) -> TodayChild {
    TodayChild {
        child: child.id.to_string(),
        name: child.name(),
        nickname: child.child.text("nickname").map(str::to_owned),
        sex: child.child.text("sex").unwrap_or("0").to_owned(),
        age: child.age(today),
    }
}

/// 二组, or the landmark, or the beginning of the address.
pub fn place(roster: &Roster, child: &RosterChild) -> Option<String> {
    let household = roster.household_of(child)?;
    ["group", "landmark", "addr"].into_iter().find_map(|key| {
        household
            .household
            .fields
            .get(key)
            .and_then(Scalar::as_text)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    })
}

/// The how manyeth house it is on a director's own way.
fn walk(roster: &Roster, child: &RosterChild) -> Option<u32> {
    let number = roster.household_of(child)?.household.text("walk")?;
    number.parse().ok()
}

/// 奶奶 王秀兰; as long as nobody said who looks after the child, its guardian: 监护人 父亲 石磊.
pub fn carer(child: &RosterChild, tablet: &Tablet) -> Option<String> {
    let packs = tablet.packs();
    let pack = packs.rules_on(tablet.today());
    let person = |role: &str| {
        let name = child.child.text(&format!("{role}_name"))?;
        let relation = child.child.text(&format!("{role}_relation"));
        let words = relation
            .zip(pack)
            .map(|(code, pack)| pack.label("REL", code));
        Some(match words {
            Some(words) => format!("{words} {name}"),
            None => name.to_owned(),
        })
    };
    person("carer").or_else(|| Some(format!("监护人 {}", person("guardian")?)))
}
