//! What people do on a device, through the use cases the screens call.

use super::chance::Chance;
use client::view::{
    AddChildInput, AmendInput, AnswerInput, ContactInput, EditFieldInput, IdInput, MandatoryInput,
    ProblemEventInput, ProblemInput, SearchInput, SettleInput,
};
use client::{ClientError, Tablet, children, conflicts, contacts, problems, visits};
use ids::Role;

/// What a person is told when a thing cannot be done just then, and goes on. Anything else is a fault.
const PLAIN_REFUSALS: [&str; 15] = [
    "form_unknown",
    "not_allowed",
    "not_found",
    "conflict_gone",
    "still_loading",
    "date_future",
    "date_invalid",
    "visit_changed",
    "disk_full",
    // Sealed words are shown only when the look can be noted.
    "look_not_noted",
    // What is urgent is closed after it was verified and the child was seen.
    "close_after_check",
    "close_after_work",
    "head_decides",
    "another_head",
    "child_not_seen_since",
];

/// A refusal in words a person understands.
#[must_use]
pub fn is_plain(error: &ClientError) -> bool {
    PLAIN_REFUSALS.contains(&error.code())
}

/// Does one thing. Returns what.
///
/// # Errors
/// The use case's own refusal.
pub fn act(tablet: &Tablet, chance: &mut Chance) -> Result<&'static str, ClientError> {
    let list = children::search(
        tablet,
        &SearchInput {
            query: String::new(),
            village: None,
            only: None,
        },
    )?;
    let mut known: Vec<String> = list.rows.into_iter().map(|row| row.child).collect();
    known.sort();
    let Some(child) = chance.pick(&known).cloned() else {
        return Ok("nothing: there is no child");
    };
    match chance.below(12) {
        0..=2 => contact(tablet, child),
        3 | 4 => visit(tablet, child),
        5..=7 => edit(tablet, chance, child),
        8 => problem(tablet, chance, child),
        9 => answer_problem(tablet, chance),
        10 => settle(tablet, chance),
        _ if chance.one_in(2) => amend(tablet, chance, child),
        _ => add_child(tablet, chance),
    }
}

fn contact(tablet: &Tablet, child: String) -> Result<&'static str, ClientError> {
    contacts::record_contact(
        tablet,
        &ContactInput {
            child,
            event_date: tablet.today().to_string(),
            mode: "phone".to_owned(),
            party: vec!["caregiver".to_owned()],
            reached: true,
            child_state: Some("normal".to_owned()),
            topics: Vec::new(),
            parent_contact_ok: None,
            more: None,
            note: "奶奶说都好。".to_owned(),
            sheet: None,
            record: None,
        },
    )?;
    Ok("contact")
}

pub(super) fn visit(tablet: &Tablet, child: String) -> Result<&'static str, ClientError> {
    let form = visits::open_visit(tablet, &IdInput { id: child })?;
    let answer = |part: &str, key: &str, codes: &[&str]| {
        visits::answer_visit(
            tablet,
            &AnswerInput {
                draft: form.draft.clone(),
                part: part.to_owned(),
                key: key.to_owned(),
                codes: codes.iter().map(|code| (*code).to_owned()).collect(),
                text: None,
            },
        )
    };
    answer("session", "a_met", &["child", "caregiver"])?;
    for part in form.parts.iter().filter(|part| part.part != "session") {
        answer(&part.part, "a_seen", &["y"])?;
        answer(&part.part, "l_overall", &["normal"])?;
    }
    visits::save_visit(
        tablet,
        &IdInput {
            id: form.draft.clone(),
        },
    )?;
    Ok("visit")
}

fn edit(tablet: &Tablet, chance: &mut Chance, child: String) -> Result<&'static str, ClientError> {
    let fields = [
        ("child", "nickname"),
        ("child", "carer_phone"),
        ("household", "landmark"),
    ];
    let (holder, key) = fields[chance.below(fields.len())];
    let value = match chance.below(4) {
        0 => None,
        number => Some(format!("1001111000{number}")),
    };
    children::edit_field(
        tablet,
        &EditFieldInput {
            child,
            holder: holder.to_owned(),
            key: key.to_owned(),
            value,
        },
    )?;
    Ok("edit")
}

fn problem(
    tablet: &Tablet,
    chance: &mut Chance,
    child: String,
) -> Result<&'static str, ClientError> {
    // The words of the first kind are sealed in a document of their own.
    let card = ["hurt", "danger", "school"][chance.below(3)];
    problems::report_problem(
        tablet,
        &ProblemInput {
            children: vec![child],
            card: card.to_owned(),
            urgency: if card == "hurt" { "days" } else { "later" }.to_owned(),
            seen: "门口河边没有护栏。".to_owned(),
            kind: None,
            origin_record: None,
            mandatory: (card == "hurt").then(|| MandatoryInput {
                choice: "not_such_case".to_owned(),
                text: "同学之间推了一下。".to_owned(),
                whom: None,
                at: None,
                receipt: None,
                about: None,
            }),
            sheet: None,
            origin: None,
            since: None,
            record: None,
        },
    )?;
    Ok("problem")
}

fn answer_problem(tablet: &Tablet, chance: &mut Chance) -> Result<&'static str, ClientError> {
    let mut open: Vec<String> = problems::list(tablet)?
        .rows
        .into_iter()
        .map(|row| row.problem)
        .collect();
    open.sort();
    let Some(problem) = chance.pick(&open).cloned() else {
        return Ok("nothing: there is no problem");
    };
    let kind = match tablet.identity.role {
        Role::Supervisor | Role::Head => ["accepted", "replied", "closed"][chance.below(3)],
        Role::Director => ["measure", "replied", "resolved"][chance.below(3)],
        Role::Officer => return Ok("nothing: it is none of the district's"),
    };
    problems::add_event(
        tablet,
        &ProblemEventInput {
            problem,
            kind: kind.to_owned(),
            text: "村里已经去看过。".to_owned(),
            detail: None,
            sheet: None,
        },
    )?;
    Ok("answer to a problem")
}

fn settle(tablet: &Tablet, chance: &mut Chance) -> Result<&'static str, ClientError> {
    let mut open = conflicts::list(tablet)?.open;
    open.sort_by(|a, b| a.conflict.cmp(&b.conflict));
    let Some(conflict) = chance.pick(&open) else {
        return Ok("nothing: there is no conflict");
    };
    let value = chance.below(conflict.values.len());
    conflicts::settle(
        tablet,
        &SettleInput {
            conflict: conflict.conflict.clone(),
            value: conflict.values[value].value.clone(),
        },
    )?;
    Ok("choice between two values")
}

fn amend(tablet: &Tablet, chance: &mut Chance, child: String) -> Result<&'static str, ClientError> {
    let file = children::file(tablet, &IdInput { id: child.clone() })?;
    let mut own: Vec<String> = file
        .timeline
        .into_iter()
        .filter(|line| line.can_amend)
        .map(|line| line.record)
        .collect();
    own.sort();
    let Some(record) = chance.pick(&own).cloned() else {
        return Ok("nothing: there is no own record");
    };
    children::amend_record(
        tablet,
        &AmendInput {
            child,
            record,
            text: Some("补一句：作业本带回来了。".to_owned()),
            void: chance.one_in(3),
            event_date: None,
            reason: "漏写了。".to_owned(),
        },
    )?;
    Ok("amendment")
}

fn add_child(tablet: &Tablet, chance: &mut Chance) -> Result<&'static str, ClientError> {
    children::add_child(
        tablet,
        &AddChildInput {
            name: format!("冯一诺{}", chance.below(100)),
            sex: "1".to_owned(),
            birth_date: Some("2019-04-09".to_owned()),
            category: "PE".to_owned(),
            reason: "新搬来的。".to_owned(),
            household: None,
            village: (tablet.identity.role.is_at_station())
                .then(|| village_of_station(tablet))
                .flatten(),
        },
    )?;
    Ok("new child")
}

fn village_of_station(tablet: &Tablet) -> Option<String> {
    let mut villages: Vec<String> = client::station::villages(tablet)
        .ok()?
        .rows
        .into_iter()
        .map(|row| row.village)
        .collect();
    villages.sort();
    villages.into_iter().next()
}
