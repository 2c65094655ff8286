//! What happened around a child, newest first, with what counts and what does not.

use crate::error::ClientError;
use crate::filling;
use crate::roster::{self, Roster, RosterChild, record_state};
use crate::system;
use crate::tablet::Tablet;
use crate::view::{RecordState, TimelineKind, TimelineRow};
use crate::work;
use chrono::NaiveDate;
use domain::calendar::month_day_words;
use domain::child::{Attempt, ChildVisit, Contact};
use domain::policy::PolicyPack;
use domain::record::ROWS;
use ids::{DocumentId, StaffId};
use std::collections::HashMap;

/// The timeline of a child.
///
/// # Errors
/// The store cannot be read.
pub fn of(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
) -> Result<Vec<TimelineRow>, ClientError> {
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    // Other files of this child that are told here.
    let others: Vec<&RosterChild> = roster
        .children
        .iter()
        .filter(|other| child.also.contains(&other.id))
        .collect();
    let mut context = Context {
        tablet,
        roster,
        child,
        others: &others,
        authors: roster::authors(tablet, child.id)?,
        asked: Vec::new(),
    };
    for other in &others {
        context.authors.extend(roster::authors(tablet, other.id)?);
    }
    for asked in filling::still_asked(roster, child, &context.authors) {
        let author = context.author(asked.made_by);
        let who = author.map(|staff| roster.people.name(staff));
        let when = month_day_words(system::civil_date(asked.recorded_ms));
        let words = format!("{when} {} 请补充：{}", who.unwrap_or_default(), asked.text);
        context.asked.push((asked.record.clone(), words));
    }
    let household = roster.household_of(child);
    let mut rows: Vec<(i64, TimelineRow)> = Vec::new();
    for visit in &child.child.visits {
        let waiting = !household.is_some_and(|household| {
            household
                .household
                .sessions
                .iter()
                .any(|session| session.id == visit.session)
        });
        let mut row = context.row(
            TimelineKind::Visit,
            &visit.id,
            visit.event_date,
            visit_text(visit, pack),
            visit.made_by,
        );
        row.waiting_for_session = waiting;
        row.open = filling::open_count(&child.child, &visit.id);
        row.can_fill = row.can_amend && !waiting;
        rows.push((visit.recorded_ms, row));
    }
    for contact in &child.child.contacts {
        let row = context.row(
            TimelineKind::Contact,
            &contact.id,
            contact.event_date,
            contact_text(contact, pack),
            contact.made_by,
        );
        rows.push((contact.recorded_ms, row));
    }
    for attempt in &child.child.attempts {
        let row = context.row(
            TimelineKind::Attempt,
            &attempt.id,
            attempt.event_date,
            attempt_text(attempt, pack),
            attempt.made_by,
        );
        rows.push((attempt.recorded_ms, row));
    }
    let files = || std::iter::once(child).chain(others.iter().copied());
    for kind in work::kinds(&packs) {
        let entries = files().flat_map(|file| file.child.rows(&kind.block.key));
        for entry in entries {
            let (title, text) = kind.told(tablet, pack, entry);
            let day = kind.day(entry);
            let mut row = context.row(TimelineKind::Work, &entry.id, day, text, entry.made_by);
            row.title = Some(title);
            row.counts = None;
            row.why_not = None;
            row.can_amend = false;
            row.work = kind.reference(tablet, entry);
            row.activity = kind.activity(entry);
            rows.push((entry.int("recorded_ms").unwrap_or(0), row));
        }
    }
    for file in files() {
        rows.extend(crate::problems::timeline_rows(
            tablet,
            &file.id.to_string(),
        )?);
    }
    rows.sort_by(|(a_ms, a), (b_ms, b)| {
        (&b.date, b_ms, &b.record).cmp(&(&a.date, a_ms, &a.record))
    });
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

struct Context<'a> {
    tablet: &'a Tablet,
    roster: &'a Roster,
    child: &'a RosterChild,
    others: &'a [&'a RosterChild],
    authors: HashMap<[u8; 32], roster::Author>,
    /// What the station asked and nobody gave yet: the record, and the words.
    asked: Vec<(String, String)>,
}

impl Context<'_> {
    fn author(&self, made_by: Option<[u8; 32]>) -> Option<StaffId> {
        made_by
            .and_then(|hash| self.authors.get(&hash))
            .map(|author| author.staff)
    }

    /// The file a record lies in.
    fn file_of(&self, record: &str) -> DocumentId {
        let has = |other: &&&RosterChild| {
            let file = &other.child;
            file.visits.iter().any(|one| one.id == record)
                || file.contacts.iter().any(|one| one.id == record)
                || file.attempts.iter().any(|one| one.id == record)
                || file.entries(ROWS).iter().any(|one| one.id == record)
        };
        self.others
            .iter()
            .find(has)
            .map_or(self.child.id, |other| other.id)
    }

    fn row(
        &self,
        kind: TimelineKind,
        record: &str,
        recorded: Option<NaiveDate>,
        text: String,
        made_by: Option<[u8; 32]>,
    ) -> TimelineRow {
        let file = &self.child.child;
        let author = self.author(made_by);
        let lies_in = self.file_of(record);
        let verdict = self
            .child
            .cadence
            .as_ref()
            .and_then(|cadence| cadence.verdict(record).cloned());
        let amendments: Vec<_> = file
            .amendments
            .iter()
            .filter(|one| one.record == record)
            .collect();
        let voided = amendments
            .iter()
            .find(|one| one.void)
            .map(|one| one.reason.clone());
        let state = amendments
            .iter()
            .map(|one| record_state(&self.roster.states, &one.id))
            .fold(record_state(&self.roster.states, record), worse);
        TimelineRow {
            record: record.to_owned(),
            kind,
            date: file
                .effective_date(record, recorded)
                .map(|date| date.to_string())
                .unwrap_or_default(),
            text,
            by: author.map_or_else(
                || roster::UNKNOWN_PERSON.to_owned(),
                |staff| self.roster.people.name(staff),
            ),
            state,
            counts: verdict.as_ref().map(|verdict| verdict.counts),
            why_not: verdict
                .as_ref()
                .and_then(|verdict| verdict.why_not_text.clone()),
            can_amend: voided.is_none()
                && lies_in == self.child.id
                && author == Some(self.tablet.identity.staff),
            voided,
            amendments: amendments
                .iter()
                .filter_map(|one| {
                    let when = one.recorded_on.map(month_day_words).unwrap_or_default();
                    let who = self
                        .author(one.made_by)
                        .map(|staff| self.roster.people.name(staff))
                        .unwrap_or_default();
                    match (&one.text, one.event_date) {
                        (Some(text), _) => Some(format!("{when} {who} 补充：{text}")),
                        (None, Some(date)) => Some(format!(
                            "{when} {who} 把日期改为{}：{}",
                            month_day_words(date),
                            one.reason
                        )),
                        (None, None) if one.filling.answered > 0 => {
                            Some(format!("{when} {who} 补上了 {} 题", one.filling.answered))
                        }
                        (None, None) => None,
                    }
                })
                .collect(),
            open: 0,
            asked: self
                .asked
                .iter()
                .filter(|(of, _)| of == record)
                .map(|(_, words)| words.clone())
                .collect(),
            can_fill: false,
            entered_late: verdict.as_ref().is_some_and(|verdict| verdict.entered_late),
            waiting_for_session: false,
            title: None,
            work: None,
            activity: None,
            file: lies_in.to_string(),
        }
    }
}

fn worse(a: RecordState, b: RecordState) -> RecordState {
    let rank = |state| match state {
        RecordState::Delivered => 0,
        RecordState::Draft => 1,
        RecordState::Saved => 2,
        RecordState::NeedsYou => 3,
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// One sentence about a visit.
pub fn visit_text(visit: &ChildVisit, pack: &PolicyPack) -> String {
    if visit.summary.is_empty() {
        let met: Vec<&str> = visit
            .met
            .iter()
            .map(|code| pack.label("MET", code))
            .collect();
        format!(
            "{}，见到{}",
            pack.label("PLACE", &visit.place),
            met.join("、")
        )
    } else {
        visit.summary.clone()
    }
}

/// One sentence about a contact.
pub fn contact_text(contact: &Contact, pack: &PolicyPack) -> String {
    let mode = pack.label("CONTACT_MODE", &contact.mode);
    let party: Vec<&str> = contact
        .party
        .iter()
        .map(|code| pack.label("PARTY", code))
        .collect();
    let mut text = if contact.reached {
        format!("{mode}联系{}", party.join("、"))
    } else {
        format!("{mode}没有联系上{}", party.join("、"))
    };
    if let Some(state) = &contact.child_state {
        text.push_str(&format!("，{}", pack.label("CHILD_STATE", state)));
    }
    if !contact.topics.is_empty() {
        let topics = contact.topics.iter();
        let topics: Vec<&str> = topics.map(|code| pack.label("TOPIC", code)).collect();
        text.push_str(&format!("，聊了{}", topics.join("、")));
    }
    let parents = contact.parent_contact_ok.as_ref();
    // Rules of before this have no words for it.
    if let Some(said) = parents.and_then(|code| pack.lists.label("PARENT_CONTACT", code)) {
        text.push_str(&format!("，爸妈这一周：{said}"));
    }
    let more = &contact.more;
    // Who began it is worth a word where it was not as usual.
    let usual = pack.list("INITIATOR").first();
    let who = more.initiated_by.as_ref();
    if let Some(who) = who.filter(|who| usual.is_none_or(|usual| usual.code != **who)) {
        text.push_str(&format!("，{}找的", pack.label("INITIATOR", who)));
    }
    if let Some(start) = &more.start {
        text.push_str(&format!("，{start}开始"));
    }
    if let Some(minutes) = more.minutes {
        text.push_str(&format!("，{minutes}分钟"));
    }
    text.push('。');
    text.push_str(&contact.note);
    if let Some(next) = more.next_on {
        let mode = more.next_mode.as_deref();
        let mode = mode.map_or("", |mode| pack.label("CONTACT_MODE", mode));
        text.push_str(&format!("说好{}再{mode}联系。", month_day_words(next)));
    }
    text
}

/// One sentence about an attempt.
pub fn attempt_text(attempt: &Attempt, pack: &PolicyPack) -> String {
    let mut text = pack.label("ATTEMPT_REASON", &attempt.reason).to_owned();
    if let Some(next) = attempt.next_on {
        text.push_str(&format!("，打算{}再去", month_day_words(next)));
    }
    text.push('。');
    text.push_str(&attempt.note);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::changes::ChangeState;

    fn pack() -> PolicyPack {
        PolicyPack::parse(include_str!("../../../policy/sh-2024-2026.json"))
            .expect("the shipped pack is tested")
    }

    #[test]
    fn a_record_is_as_far_as_its_slowest_part() {
        use RecordState::{Delivered, NeedsYou, Saved};
        for (a, b, shown) in [
            (Delivered, Delivered, Delivered),
            (Delivered, Saved, Saved),
            (Saved, NeedsYou, NeedsYou),
            (NeedsYou, Delivered, NeedsYou),
        ] {
            assert_eq!(worse(a, b), shown);
            assert_eq!(worse(b, a), shown);
        }
    }

    #[test]
    fn accepted_is_not_delivered_until_it_is_durable() {
        let states = HashMap::from([
            ("saved".to_owned(), ChangeState::Saved),
            ("accepted".to_owned(), ChangeState::Accepted),
            ("held".to_owned(), ChangeState::Held),
            ("refused".to_owned(), ChangeState::Refused),
        ]);
        let shown = ["saved", "accepted", "held", "refused", "done"]
            .map(|record| record_state(&states, record));
        use RecordState::{Delivered, NeedsYou, Saved};
        assert_eq!(shown, [Saved, Saved, NeedsYou, NeedsYou, Delivered]);
    }

    #[test]
    fn a_contact_and_an_attempt_are_told_in_one_sentence_each() {
        let mut contact = Contact {
            id: "1".to_owned(),
            event_date: None,
            recorded_on: None,
            recorded_ms: 0,
            mode: "phone".to_owned(),
            party: vec!["child".to_owned(), "caregiver".to_owned()],
            reached: true,
            carer: None,
            child_state: Some("normal".to_owned()),
            topics: Vec::new(),
            parent_contact_ok: None,
            more: domain::child::ContactMore::default(),
            note: "期中考得不错。".to_owned(),
            by: String::new(),
            made_by: None,
        };
        assert_eq!(
            contact_text(&contact, &pack()),
            "电话联系孩子本人、照料人，正常。期中考得不错。"
        );
        contact.more.initiated_by = Some("child".into());
        contact.more.minutes = Some(12);
        contact.more.next_on = NaiveDate::from_ymd_opt(2026, 12, 3);
        contact.more.next_mode = Some("video".into());
        assert!(
            contact_text(&contact, &pack()).contains("12分钟。")
                && contact_text(&contact, &pack()).ends_with("说好12月3日再视频联系。"),
            "{}",
            contact_text(&contact, &pack())
        );
        contact.more = domain::child::ContactMore {
            start: Some("18:05".into()),
            minutes: Some(12),
            ..domain::child::ContactMore::default()
        };
        contact.topics = vec!["living".into(), "study".into()];
        contact.parent_contact_ok = Some("n".into());
        assert_eq!(
            contact_text(&contact, &pack()),
            "电话联系孩子本人、照料人，正常，聊了生活、学习，爸妈这一周：没有联系，18:05开始，12分钟。期中考得不错。"
        );
        let mut before = pack();
        before.lists.0.remove("PARENT_CONTACT");
        assert!(!contact_text(&contact, &before).contains("爸妈"));
        contact.topics.clear();
        contact.parent_contact_ok = None;
        contact.more = domain::child::ContactMore::default();
        contact.reached = false;
        contact.child_state = None;
        contact.note.clear();
        assert_eq!(
            contact_text(&contact, &pack()),
            "电话没有联系上孩子本人、照料人。"
        );
        let attempt = Attempt {
            id: "2".to_owned(),
            event_date: None,
            recorded_on: None,
            recorded_ms: 0,
            reason: "nobody_home".to_owned(),
            next_on: "2026-11-30".parse().ok(),
            note: String::new(),
            by: String::new(),
            made_by: None,
        };
        let text = attempt_text(&attempt, &pack());
        assert!(text.ends_with("，打算11月30日再去。"), "{text}");
    }
}
