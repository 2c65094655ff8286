//! A visit that was saved half-filled: which questions are still open, the answers given later, and what the station asked
//! to have filled in (请补充, domain.md §4.1).
//!
//! The visit's record names the questions that were open. Whoever goes on with it writes an amendment with the answers; the
//! first ones stay as they were, and who gave which when is kept. A question is named by its key, one about the household
//! with [`HOUSEHOLD`] before it, so that each child's document alone tells what is open of its visit. Nothing is stored as
//! open or done: both follow from the visit, its amendments, and what the station asked.

use crate::child::{Amendment, Child, ChildVisit};
use crate::form::{Answer, FormPack, PartAnswers, from_scalars};
use crate::household::Household;
use crate::record::{Edit, Entry, ROWS};
use crate::scalar::Scalar;
use ids::Role;
use std::collections::{BTreeMap, BTreeSet};

/// Block of the rows by which the station asks.
pub const BLOCK: &str = "fill";

/// What stands before the key of a question about the household.
pub const HOUSEHOLD: &str = "household/";

/// Answers to questions that a visit had left open, and what became of them.
#[derive(Clone, PartialEq, Default)]
pub struct Filling {
    /// The form the answers are of, as the visit names it; empty where there are none.
    pub form: String,
    /// How many questions were answered, those of the household included.
    pub answered: u32,
    /// The answers of this document's part.
    pub answers: BTreeMap<String, Scalar>,
    /// Questions that are open no more.
    pub closed: Vec<String>,
    /// Questions that came up with the answers and are open.
    pub opened: Vec<String>,
    /// Answers that ask for a mandatory report, as a visit names them.
    pub mandatory: Vec<String>,
}

impl Filling {
    pub(crate) fn from_entry(entry: &Entry) -> Self {
        Self {
            form: entry.text_or_empty("form"),
            answered: entry
                .int("answered")
                .and_then(|number| u32::try_from(number).ok())
                .unwrap_or(0),
            answers: entry.answers.clone(),
            closed: entry.codes("closed"),
            opened: entry.codes("opened"),
            mandatory: entry.codes("mandatory"),
        }
    }

    pub(crate) fn put_into(&self, entry: Entry) -> Entry {
        let mut entry = entry
            .with_codes("closed", &self.closed)
            .with_codes("opened", &self.opened)
            .with_codes("mandatory", &self.mandatory);
        if !self.form.is_empty() {
            entry = entry.with("form", self.form.as_str());
        }
        if self.answered > 0 {
            entry = entry.with("answered", i64::from(self.answered));
        }
        entry.answers.clone_from(&self.answers);
        entry
    }
}

/// The station asks to have a record filled in.
#[derive(Clone, PartialEq)]
pub struct Asked {
    /// Entry id.
    pub id: String,
    /// The record it is about.
    pub record: String,
    /// What is missing, in a few words.
    pub text: String,
    /// When it was written, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

impl Asked {
    /// Reads a row of the block; none where it is of another one.
    pub(crate) fn from_entry(entry: &Entry) -> Option<Self> {
        (entry.text("block") == Some(BLOCK)).then(|| Self {
            id: entry.id.clone(),
            record: entry.text_or_empty("record"),
            text: entry.text_or_empty("text"),
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
                .with("text", self.text.as_str())
                .with("recorded_ms", self.recorded_ms)
                .with("by", self.by.as_str()),
        }
    }
}

/// The amendments of a record, in causal order.
fn of<'a, 'r>(
    amendments: &'a [Amendment],
    record: &'r str,
) -> impl Iterator<Item = &'a Amendment> + use<'a, 'r> {
    amendments.iter().filter(move |one| one.record == record)
}

/// The answers of a part with those that were given later, and by which amendment; where two answered one question apart,
/// the first stands and the other stays in the document.
fn merged<'a>(
    form: &FormPack,
    first: &BTreeMap<String, Scalar>,
    amendments: impl Iterator<Item = &'a Amendment>,
) -> (PartAnswers, BTreeMap<String, &'a Amendment>) {
    let mut part = from_scalars(form, first);
    let mut later = BTreeMap::new();
    for amendment in amendments {
        let given = from_scalars(form, &amendment.filling.answers);
        for (key, answer) in given.answers {
            if part.get(&key).is_none_or(Answer::is_empty) {
                later.insert(key.clone(), amendment);
                part.answers.insert(key, answer);
            }
        }
        for (key, value) in given.unknown {
            part.unknown.entry(key).or_insert(value);
        }
    }
    (part, later)
}

impl Child {
    /// The questions of a visit that nobody answered yet.
    pub fn open_questions(&self, visit: &ChildVisit) -> BTreeSet<String> {
        let mut open: BTreeSet<String> = visit.open.iter().cloned().collect();
        for Amendment { filling, .. } in of(&self.amendments, &visit.id) {
            open.retain(|key| !filling.closed.contains(key));
            open.extend(filling.opened.iter().cloned());
        }
        open
    }

    /// The child's answers of a visit with those given later, by question, and which amendment gave them. Empty where the
    /// file was read without answers.
    pub fn visit_answers(
        &self,
        form: &FormPack,
        visit: &ChildVisit,
    ) -> (PartAnswers, BTreeMap<String, &Amendment>) {
        merged(form, &visit.answers, of(&self.amendments, &visit.id))
    }

    /// What the station asked and nobody gave yet, oldest first. Only the station asks: `role_of` gives a row's author's
    /// role from the signed envelope. Of a voided record nothing is asked.
    pub fn still_asked(&self, role_of: impl Fn(&Asked) -> Option<Role>) -> Vec<&Asked> {
        let is_given = |asked: &Asked| {
            of(&self.amendments, &asked.record).any(|one| one.fulfils.contains(&asked.id))
        };
        self.asked
            .iter()
            .filter(|asked| role_of(asked).is_some_and(Role::is_at_station))
            .filter(|asked| !self.is_voided(&asked.record) && !is_given(asked))
            .collect()
    }
}

impl Household {
    /// The household's answers of a session with those given later, by question, and which amendment gave them.
    pub fn session_answers(
        &self,
        form: &FormPack,
        session: &str,
    ) -> (PartAnswers, BTreeMap<String, &Amendment>) {
        let none = BTreeMap::new();
        let first = self.sessions.iter().find(|one| one.id == session);
        let answers = first.map_or(&none, |one| &one.answers);
        merged(form, answers, of(&self.amendments, session))
    }
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(Filling, Asked);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::doc;
    use ids::DocKind;

    fn form() -> FormPack {
        FormPack::from_json(include_str!("../../../policy/forms/hv-cn-2.json"))
            .expect("the shipped form is tested")
    }

    fn visit() -> ChildVisit {
        ChildVisit {
            id: "v1".to_owned(),
            session: "s1".to_owned(),
            open: vec!["f_mood".to_owned(), "household/b_food".to_owned()],
            answers: BTreeMap::from([("c_duty".to_owned(), Scalar::from("good"))]),
            ..ChildVisit::default()
        }
    }

    fn filling(id: &str, answers: &[(&str, &str)], closed: &[&str], opened: &[&str]) -> Amendment {
        let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        Amendment {
            id: id.to_owned(),
            record: "v1".to_owned(),
            filling: Filling {
                form: String::new(),
                answered: u32::try_from(answers.len()).expect("few"),
                answers: answers
                    .iter()
                    .map(|(key, code)| ((*key).to_owned(), Scalar::from(*code)))
                    .collect(),
                closed: owned(closed),
                opened: owned(opened),
                mandatory: Vec::new(),
            },
            ..Amendment::default()
        }
    }

    fn asked(id: &str) -> Asked {
        Asked {
            id: id.to_owned(),
            record: "v1".to_owned(),
            text: "请补上情绪。".to_owned(),
            recorded_ms: 5,
            by: id[..1].to_owned(),
            made_by: None,
        }
    }

    /// The letter an id begins with says who wrote it.
    fn role(asked: &Asked) -> Option<Role> {
        match asked.by.as_str() {
            "s" => Some(Role::Supervisor),
            _ => Some(Role::Director),
        }
    }

    fn child(edits: &[Edit]) -> Child {
        let mut document = doc::start(DocKind::Child).expect("starts");
        let first = [visit().to_edit()];
        for (at, edit) in (0_i64..).zip(first.iter().chain(edits)) {
            doc::apply(&mut document, [1; 16], at, std::slice::from_ref(edit)).expect("applies");
        }
        Child::from_record(&doc::read(&document))
    }

    fn open(child: &Child) -> Vec<String> {
        child.open_questions(&child.visits[0]).into_iter().collect()
    }

    #[test]
    fn what_was_left_open_is_open_until_somebody_answers_and_the_first_answer_stays() {
        let before = child(&[]);
        assert_eq!(open(&before), ["f_mood", "household/b_food"]);
        let first = filling("a1", &[("f_mood", "low")], &["f_mood"], &["f_talk"]);
        let second = filling(
            "a2",
            &[("f_mood", "bright"), ("c_duty", "bad"), ("f_talk", "open")],
            &["f_talk", "household/b_food"],
            &[],
        );
        let once = child(&[first.to_edit()]);
        assert_eq!(open(&once), ["f_talk", "household/b_food"]);
        let twice = child(&[first.to_edit(), second.to_edit()]);
        assert!(open(&twice).is_empty());
        let (answers, later) = twice.visit_answers(&form(), &twice.visits[0]);
        assert_eq!(answers.code("c_duty"), Some("good"), "the visit's own");
        assert_eq!(
            answers.code("f_mood"),
            Some("low"),
            "the first that was given"
        );
        let by = |key: &str| later.get(key).map(|one| one.id.as_str());
        assert_eq!(
            (by("c_duty"), by("f_mood"), by("f_talk")),
            (None, Some("a1"), Some("a2"))
        );
    }

    #[test]
    fn a_visit_of_before_has_nothing_open() {
        let mut old = visit();
        old.open.clear();
        let child = Child::default();
        assert!(child.open_questions(&old).is_empty());
    }

    #[test]
    fn only_the_station_asks_and_it_stands_until_it_was_given_or_the_record_is_void() {
        let texts = |child: &Child| child.still_asked(role).len();
        assert_eq!(
            texts(&child(&[asked("d1").to_edit()])),
            0,
            "a director's own row asks nothing"
        );
        let standing = [asked("s1").to_edit(), asked("s2").to_edit()];
        assert_eq!(texts(&child(&standing)), 2);
        let unread = filling("a1", &[("f_mood", "low")], &["f_mood"], &[]);
        let [one, two] = standing;
        assert_eq!(
            texts(&child(&[one.clone(), unread.to_edit()])),
            1,
            "who had not read it has not given it"
        );
        let given = Amendment {
            fulfils: vec!["s1".to_owned()],
            ..unread
        };
        assert_eq!(texts(&child(&[one.clone(), two, given.to_edit()])), 1);
        let void = Amendment {
            id: "a3".to_owned(),
            record: "v1".to_owned(),
            void: true,
            ..Amendment::default()
        };
        assert_eq!(texts(&child(&[one, void.to_edit()])), 0);
    }
}
