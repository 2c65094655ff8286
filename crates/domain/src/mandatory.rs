//! Mandatory report (强制报告, domain.md §6.3): a visit whose answers ask for it leaves a question in the child's document,
//! and the question stands until a person answered it.
//!
//! The visit names the answers that asked; whoever answers writes a row that nobody takes away. Nothing is stored as
//! open or answered: both follow from the visit and the rows.

use crate::child::{Amendment, Child, ChildVisit};
use crate::record::{Edit, Entry, ROWS};
use chrono::NaiveDate;
use ids::Role;

/// Block of the rows that answer such a question, and of what the station says about an answer.
pub const BLOCK: &str = "mandatory";

/// Name of the household's answers in a reason; those of the child's own part have none.
const HOUSEHOLD: &str = "household/";

/// What somebody said to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// It was reported; the problem tells of it.
    Reported,
    /// It is none of the situations that must be reported, with the reason.
    NotSuchCase,
    /// The station read why not, and agrees.
    Checked,
    /// The station does not agree: the question is asked again.
    AskedAgain,
}

impl Word {
    const ALL: [Word; 4] = [
        Word::Reported,
        Word::NotSuchCase,
        Word::Checked,
        Word::AskedAgain,
    ];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Word::Reported => "reported",
            Word::NotSuchCase => "not_such_case",
            Word::Checked => "checked",
            Word::AskedAgain => "asked_again",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.as_str() == text)
    }
}

/// One row of the block.
#[derive(Clone, PartialEq)]
pub struct Said {
    /// Entry id.
    pub id: String,
    /// The visit's record whose question it is about.
    pub record: String,
    /// What was said.
    pub word: Word,
    /// The reason, or the station's words.
    pub text: String,
    /// The problem it was reported with.
    pub problem: Option<String>,
    /// When it was written, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

impl Said {
    /// Reads a row of the block; none where it is of another block, or of a word a newer app has.
    pub(crate) fn from_entry(entry: &Entry) -> Option<Self> {
        if entry.text("block") != Some(BLOCK) {
            return None;
        }
        Some(Self {
            id: entry.id.clone(),
            record: entry.text_or_empty("record"),
            word: Word::parse(entry.text("word")?)?,
            text: entry.text_or_empty("text"),
            problem: entry.text("problem").map(str::to_owned),
            recorded_ms: entry.int("recorded_ms").unwrap_or(0),
            by: entry.text_or_empty("by"),
            made_by: entry.made_by,
        })
    }

    /// The edit that records it.
    pub fn to_edit(&self) -> Edit {
        Edit::Add {
            collection: ROWS,
            entry: Entry::new(&self.id)
                .with("block", BLOCK)
                .with("record", self.record.as_str())
                .with("word", self.word.as_str())
                .with("text", self.text.as_str())
                .with("problem", self.problem.as_deref())
                .with("recorded_ms", self.recorded_ms)
                .with("by", self.by.as_str()),
        }
    }
}

/// An answer of a visit that asks, as its record names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// It is an answer about the household, and asks of each of its children.
    pub of_household: bool,
    /// Question.
    pub key: String,
    /// The answer's code.
    pub code: String,
}

impl Reason {
    /// As the record names it.
    pub fn to_text(&self) -> String {
        let place = if self.of_household { HOUSEHOLD } else { "" };
        format!("{place}{}={}", self.key, self.code)
    }

    /// Reads what a record names.
    pub fn parse(text: &str) -> Option<Self> {
        let own = text.strip_prefix(HOUSEHOLD);
        let (key, code) = own.unwrap_or(text).split_once('=')?;
        Some(Self {
            of_household: own.is_some(),
            key: key.to_owned(),
            code: code.to_owned(),
        })
    }
}

/// A question and what was said to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The visit's record, or the amendment that answered what it had left open: each asks for itself.
    pub record: String,
    /// The session it belongs to: siblings seen together are asked about together.
    pub session: String,
    /// The form the answers are of, as the visit names it.
    pub form: String,
    /// The day of the visit.
    pub on: Option<NaiveDate>,
    /// Change that made the visit.
    pub made_by: Option<[u8; 32]>,
    /// The answers that ask.
    pub reasons: Vec<Reason>,
    /// What answers it; none while it is open.
    pub answer: Option<Said>,
    /// What the station said to the answer, or why it asks again.
    pub station: Option<Said>,
}

impl Question {
    /// Nobody answered it yet, or the station asks again.
    pub fn is_open(&self) -> bool {
        self.answer.is_none()
    }

    /// Somebody said that it need not be reported, and the station has not read why.
    pub fn waits_for_station(&self) -> bool {
        self.station.is_none()
            && self
                .answer
                .as_ref()
                .is_some_and(|answer| answer.word == Word::NotSuchCase && answer.problem.is_none())
    }

    /// Only answers about the household ask.
    pub fn is_of_household(&self) -> bool {
        self.reasons.iter().all(|reason| reason.of_household)
    }
}

/// The questions of a child's visits, oldest first. A visit that was voided asks as well: why it was none of these is said,
/// not taken away. What was filled in later asks with its own amendment, so that what was said before answers no more than
/// was known then. `role_of` gives a row's author's role from the signed envelope, never from the row.
pub fn questions(child: &Child, role_of: impl Fn(&Said) -> Option<Role>) -> Vec<Question> {
    child
        .visits
        .iter()
        .flat_map(|visit| asking(child, visit))
        .map(|mut question| {
            let record = question.record.clone();
            for said in child.mandatory.iter().filter(|said| said.record == record) {
                question.take(said, role_of(said));
            }
            question
        })
        .collect()
}

/// The visit of a record, or of an amendment to it.
pub fn visit_of<'a>(child: &'a Child, record: &str) -> Option<&'a ChildVisit> {
    let amended = child.amendments.iter().find(|one| one.id == record);
    let record = amended.map_or(record, |one| one.record.as_str());
    child.visits.iter().find(|visit| visit.id == record)
}

/// What a visit and its amendments ask, before anybody said anything.
fn asking(child: &Child, visit: &ChildVisit) -> Vec<Question> {
    let question = |record: &str, made_by, reasons: &[String]| Question {
        record: record.to_owned(),
        session: visit.session.clone(),
        form: visit.form.clone(),
        on: child.effective_date(&visit.id, visit.event_date),
        made_by,
        reasons: reasons
            .iter()
            .filter_map(|text| Reason::parse(text))
            .collect(),
        answer: None,
        station: None,
    };
    let amended = |one: &&Amendment| one.record == visit.id && !one.filling.mandatory.is_empty();
    let later = child.amendments.iter().filter(amended);
    let own =
        (!visit.mandatory.is_empty()).then(|| question(&visit.id, visit.made_by, &visit.mandatory));
    own.into_iter()
        .chain(later.map(|one| question(&one.id, one.made_by, &one.filling.mandatory)))
        .collect()
}

impl Question {
    fn take(&mut self, said: &Said, role: Option<Role>) {
        let is_reported = |answer: &Said| answer.word == Word::Reported;
        let was_reported = self.answer.as_ref().is_some_and(is_reported);
        match said.word {
            Word::Reported => self.answer = Some(said.clone()),
            Word::NotSuchCase if !was_reported => {
                self.answer = Some(said.clone());
                self.station = None;
            }
            Word::Checked if role.is_some_and(Role::is_at_station) && self.answer.is_some() => {
                self.station = Some(said.clone());
            }
            Word::AskedAgain if role.is_some_and(Role::is_at_station) && !was_reported => {
                self.answer = None;
                self.station = Some(said.clone());
            }
            Word::NotSuchCase | Word::Checked | Word::AskedAgain => {}
        }
    }
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(Said);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fill::Filling;
    use crate::record::doc;
    use ids::DocKind;

    fn said(id: &str, word: Word, text: &str) -> Said {
        Said {
            id: id.to_owned(),
            record: "v1".to_owned(),
            word,
            text: text.to_owned(),
            problem: None,
            recorded_ms: 5,
            by: id[..1].to_owned(),
            made_by: None,
        }
    }

    fn visit(id: &str, mandatory: &[&str]) -> ChildVisit {
        ChildVisit {
            id: id.to_owned(),
            session: "s1".to_owned(),
            household: "h1".to_owned(),
            event_date: "2026-11-20".parse().ok(),
            recorded_ms: 1,
            seen: true,
            form: "hv@2#abc".to_owned(),
            mandatory: mandatory.iter().map(|text| (*text).to_owned()).collect(),
            ..ChildVisit::default()
        }
    }

    /// The letter an id begins with says who wrote it.
    fn role(said: &Said) -> Option<Role> {
        match said.by.as_str() {
            "d" => Some(Role::Director),
            "s" => Some(Role::Supervisor),
            _ => None,
        }
    }

    fn child(words: &[Said]) -> Child {
        let mut document = doc::start(DocKind::Child).expect("starts");
        let mut edits = vec![
            visit("v1", &["household/g_H13=open", "c_alone=live"]).to_edit(),
            visit("v2", &[]).to_edit(),
        ];
        edits.extend(words.iter().map(Said::to_edit));
        for (at, edit) in (0_i64..).zip(edits) {
            doc::apply(&mut document, [1; 16], at, &[edit]).expect("applies");
        }
        Child::from_record(&doc::read(&document))
    }

    fn question(words: &[Said]) -> Question {
        let mut found = questions(&child(words), role);
        assert_eq!(
            found.len(),
            1,
            "a visit without such an answer asks nothing"
        );
        found.remove(0)
    }

    #[test]
    fn a_question_stands_until_it_is_answered_and_names_what_asked() {
        let open = question(&[]);
        assert!(open.is_open() && !open.waits_for_station() && !open.is_of_household());
        let keys: Vec<_> = open
            .reasons
            .iter()
            .map(|it| (it.key.as_str(), it.of_household))
            .collect();
        assert_eq!(keys, [("c_alone", false), ("g_H13", true)]);
        let reported = question(&[said("d1", Word::Reported, "")]);
        assert!(!reported.is_open() && !reported.waits_for_station());
        let not_so = question(&[said("d1", Word::NotSuchCase, "摔伤的")]);
        assert!(!not_so.is_open() && not_so.waits_for_station());
    }

    #[test]
    fn only_the_station_settles_why_not_and_it_may_ask_again() {
        let why_not = said("d1", Word::NotSuchCase, "摔伤的");
        let hers = question(&[why_not.clone(), said("d2", Word::Checked, "")]);
        assert!(
            hers.waits_for_station(),
            "a director's own word settles nothing"
        );
        let settled = question(&[why_not.clone(), said("s1", Word::Checked, "")]);
        assert!(!settled.waits_for_station() && !settled.is_open());
        let again = said("s1", Word::AskedAgain, "请马上报110");
        let open = question(&[why_not.clone(), again.clone()]);
        assert!(open.is_open());
        assert_eq!(
            open.station.as_ref().map(|it| it.text.as_str()),
            Some("请马上报110")
        );
        let done = question(&[why_not.clone(), again, said("d2", Word::Reported, "")]);
        assert!(!done.is_open());
        let late = question(&[said("d0", Word::Reported, ""), why_not]);
        assert_eq!(
            late.answer.map(|it| it.word),
            Some(Word::Reported),
            "what was reported stays so"
        );
    }

    #[test]
    fn what_was_filled_in_later_asks_for_itself() {
        let mut edits = vec![visit("v1", &["c_alone=live"]).to_edit()];
        edits.push(said("d1", Word::Reported, "").to_edit());
        let later = Amendment {
            id: "a1".to_owned(),
            record: "v1".to_owned(),
            filling: Filling {
                mandatory: vec!["e_inj=y".to_owned()],
                ..Filling::default()
            },
            ..Amendment::default()
        };
        edits.push(later.to_edit());
        let mut document = doc::start(DocKind::Child).expect("starts");
        for (at, edit) in (0_i64..).zip(edits) {
            doc::apply(&mut document, [1; 16], at, &[edit]).expect("applies");
        }
        let child = Child::from_record(&doc::read(&document));
        let found = questions(&child, role);
        let open: Vec<_> = found
            .iter()
            .map(|one| (one.record.as_str(), one.is_open(), one.session.as_str()))
            .collect();
        assert_eq!(open, [("v1", false, "s1"), ("a1", true, "s1")]);
        assert_eq!(found[1].reasons[0].key, "e_inj");
        assert_eq!(
            visit_of(&child, "a1").map(|visit| visit.id.as_str()),
            Some("v1")
        );
    }
}
