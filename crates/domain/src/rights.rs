//! What a guardian or a child asks for about what is written down (权利请求, domain.md P-15): to see it, to have a copy, to
//! have it put right or erased, that it stops. Each is a row of the child's document that counts its days until the station
//! answered; nobody takes one away.

use crate::calendar::add_days;
use crate::child::Child;
use crate::record::{Edit, Entry, ROWS};
use chrono::NaiveDate;
use ids::Role;

/// Block of the rows.
pub const BLOCK: &str = "rights";
/// Key of what is asked for.
const RIGHTS: &str = "right";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To see what is kept, or who looked at it.
    See,
    /// A copy to take along.
    Copy,
    /// To have it put right.
    Correct,
    /// To have it erased.
    Erase,
    /// That it stops: no more is written, nothing goes to others.
    Stop,
}

impl Right {
    /// All of them, in the order they are offered.
    pub const ALL: [Right; 5] = [
        Right::See,
        Right::Copy,
        Right::Correct,
        Right::Erase,
        Right::Stop,
    ];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Right::See => "see",
            Right::Copy => "copy",
            Right::Correct => "correct",
            Right::Erase => "erase",
            Right::Stop => "stop",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.as_str() == text)
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// Some of it was done; the rest is explained.
    Partly,
    /// A duty forbids it. Instead the file is used for that duty alone (限制使用), until another answer says otherwise.
    Limited,
    /// It is not done, with the reason.
    Declined,
}

impl Outcome {
    /// All of them, in the order they are offered.
    pub const ALL: [Outcome; 4] = [
        Outcome::Done,
        Outcome::Partly,
        Outcome::Limited,
        Outcome::Declined,
    ];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Partly => "partly",
            Outcome::Limited => "limited",
            Outcome::Declined => "declined",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.as_str() == text)
    }

    /// Something that was asked for is not done, so that the answer says by which duty.
    pub fn keeps(self) -> bool {
        self != Outcome::Done
    }
}

/// Somebody asked.
#[derive(Clone, PartialEq)]
pub struct Ask {
    /// Entry id.
    pub id: String,
    /// What for.
    pub rights: Vec<Right>,
    /// Who asks, a code of the policy's list.
    pub who: String,
    /// Her name.
    pub name: String,
    /// About what, in words.
    pub text: String,
    /// The day it was asked.
    pub on: NaiveDate,
    /// When it was written down, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// The station answered.
#[derive(Clone, PartialEq)]
pub struct Answer {
    /// Entry id.
    pub id: String,
    /// The ask.
    pub ask: String,
    /// What came of it.
    pub outcome: Outcome,
    /// By which duty something is kept, a code of the policy's list; empty where nothing is.
    pub duty: String,
    /// What the family is told.
    pub text: String,
    /// When it was written down.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// One row of the block.
#[derive(Clone, PartialEq)]
pub enum RightsRow {
    /// Somebody asked.
    Ask(Ask),
    /// The station answered.
    Answer(Answer),
}

impl RightsRow {
    /// Reads a row; none where it is of another block, or says what a newer app says.
    pub(crate) fn from_entry(entry: &Entry) -> Option<Self> {
        if entry.text("block") != Some(BLOCK) {
            return None;
        }
        let recorded_ms = entry.int("recorded_ms").unwrap_or(0);
        let (id, by, made_by) = (entry.id.clone(), entry.text_or_empty("by"), entry.made_by);
        let text = entry.text_or_empty("text");
        Some(match entry.text("ask") {
            None => Self::Ask(Ask {
                rights: Right::ALL
                    .into_iter()
                    .filter(|right| entry.is(&format!("{RIGHTS}.{}", right.as_str())))
                    .collect(),
                who: entry.text_or_empty("who"),
                name: entry.text_or_empty("name"),
                on: entry.date("on")?,
                id,
                text,
                recorded_ms,
                by,
                made_by,
            }),
            Some(ask) => Self::Answer(Answer {
                ask: ask.to_owned(),
                outcome: Outcome::parse(entry.text("outcome")?)?,
                duty: entry.text_or_empty("duty"),
                id,
                text,
                recorded_ms,
                by,
                made_by,
            }),
        })
    }

    /// The edit that records it.
    pub fn to_edit(&self) -> Edit {
        let entry = match self {
            Self::Ask(ask) => {
                let codes: Vec<String> = ask
                    .rights
                    .iter()
                    .map(|right| right.as_str().to_owned())
                    .collect();
                Entry::new(&ask.id)
                    .with("who", ask.who.as_str())
                    .with("name", ask.name.as_str())
                    .with("text", ask.text.as_str())
                    .with("on", ask.on.to_string())
                    .with("recorded_ms", ask.recorded_ms)
                    .with("by", ask.by.as_str())
                    .with_codes(RIGHTS, &codes)
            }
            Self::Answer(answer) => Entry::new(&answer.id)
                .with("ask", answer.ask.as_str())
                .with("outcome", answer.outcome.as_str())
                .with("duty", answer.duty.as_str())
                .with("text", answer.text.as_str())
                .with("recorded_ms", answer.recorded_ms)
                .with("by", answer.by.as_str()),
        };
        Edit::Add {
            collection: ROWS,
            entry: entry.with("block", BLOCK),
        }
    }
}

/// A request and what was answered.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// What was asked.
    pub ask: Ask,
    /// The station's last word; none while it is open.
    pub answer: Option<Answer>,
}

impl Request {
    /// The last day to answer.
    pub fn due(&self, days: u32) -> NaiveDate {
        add_days(self.ask.on, days)
    }

    /// The file is used for the duty alone because of it.
    pub fn limits(&self) -> bool {
        self.answer
            .as_ref()
            .is_some_and(|answer| answer.outcome == Outcome::Limited)
    }
}

/// The requests about a child, oldest first. Only the station answers: `role_of` gives the author's role of a change from the
/// signed envelope, never from the row.
pub fn requests(child: &Child, role_of: impl Fn(Option<[u8; 32]>) -> Option<Role>) -> Vec<Request> {
    let mut found: Vec<Request> = Vec::new();
    for row in &child.rights {
        if let RightsRow::Ask(ask) = row {
            found.push(Request {
                ask: ask.clone(),
                answer: None,
            });
        }
    }
    for row in &child.rights {
        if let RightsRow::Answer(answer) = row
            && role_of(answer.made_by).is_some_and(Role::is_at_station)
            && let Some(request) = found.iter_mut().find(|one| one.ask.id == answer.ask)
        {
            request.answer = Some(answer.clone());
        }
    }
    found.sort_by_key(|request| (request.ask.on, request.ask.recorded_ms));
    found
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(Ask, Answer, RightsRow, Request);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::doc;
    use ids::DocKind;

    fn ask(id: &str, on: &str) -> RightsRow {
        RightsRow::Ask(Ask {
            id: id.to_owned(),
            rights: vec![Right::See, Right::Erase],
            who: "guardian".to_owned(),
            name: "石磊".to_owned(),
            text: "看看记了什么".to_owned(),
            on: on.parse().expect("a day"),
            recorded_ms: 1,
            by: "d".to_owned(),
            made_by: None,
        })
    }

    fn answer(id: &str, ask: &str, outcome: Outcome) -> RightsRow {
        RightsRow::Answer(Answer {
            id: id.to_owned(),
            ask: ask.to_owned(),
            outcome,
            duty: String::new(),
            text: "办好了".to_owned(),
            recorded_ms: 2,
            by: "s".to_owned(),
            made_by: None,
        })
    }

    fn child(rows: &[RightsRow]) -> Child {
        let mut document = doc::start(DocKind::Child).expect("starts");
        for (at, row) in (0_i64..).zip(rows) {
            doc::apply(&mut document, [1; 16], at, &[row.to_edit()]).expect("applies");
        }
        Child::from_record(&doc::read(&document))
    }

    #[test]
    fn a_request_counts_its_days_until_the_station_answered() {
        let file = child(&[ask("a2", "2026-11-20"), ask("a1", "2026-11-03")]);
        let open = requests(&file, |_| Some(Role::Supervisor));
        let ids: Vec<&str> = open.iter().map(|one| one.ask.id.as_str()).collect();
        assert_eq!(ids, ["a1", "a2"], "the oldest first");
        assert_eq!(open[0].due(15).to_string(), "2026-11-18");
        assert_eq!(open[0].ask.rights, [Right::See, Right::Erase]);
        assert!(open[0].answer.is_none());

        let rows = [ask("a1", "2026-11-03"), answer("r1", "a1", Outcome::Done)];
        let answered = requests(&child(&rows), |_| Some(Role::Head));
        assert!(answered[0].answer.is_some() && !answered[0].limits());
    }

    #[test]
    fn nobody_of_the_village_answers_and_the_last_word_of_the_station_stands() {
        let rows = [
            ask("a1", "2026-11-03"),
            answer("r1", "a1", Outcome::Limited),
        ];
        let of_village = requests(&child(&rows), |_| Some(Role::Director));
        assert!(of_village[0].answer.is_none());
        let of_nobody = requests(&child(&rows), |_| None);
        assert!(of_nobody[0].answer.is_none());
        let limited = requests(&child(&rows), |_| Some(Role::Supervisor));
        assert!(limited[0].limits());

        let rows = [
            ask("a1", "2026-11-03"),
            answer("r1", "a1", Outcome::Limited),
            answer("r2", "a1", Outcome::Declined),
        ];
        let lifted = requests(&child(&rows), |_| Some(Role::Supervisor));
        assert!(!lifted[0].limits(), "another answer lifts it");
    }

    #[test]
    fn codes_are_read_as_they_are_written() {
        for right in Right::ALL {
            assert_eq!(Right::parse(right.as_str()), Some(right));
        }
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
    }
}
