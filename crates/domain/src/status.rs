//! Whether a child's file runs, was ended, or is told in another one (domain.md §5.6).
//!
//! A step is proposed, and the station confirms it or sends it back with words. Both are entries that are written once;
//! where the file stands is folded from them, with each author's role. Nothing is taken out of a file by any of it.

use crate::record::{Edit, Entry, ROWS};
use chrono::{Days, NaiveDate};
use ids::StaffId;

/// Block of the rows that tell it.
pub const STATUS: &str = "status";

/// What is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// 结束档案.
    End,
    /// 重新打开.
    Reopen,
    /// 合并: the same child has another file, which leads from then on.
    Merge,
    /// 分开: it was another child after all.
    Part,
}

impl Step {
    /// All steps.
    pub const ALL: [Step; 4] = [Step::End, Step::Reopen, Step::Merge, Step::Part];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::End => "end",
            Step::Reopen => "reopen",
            Step::Merge => "merge",
            Step::Part => "part",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == text)
    }

    /// Whether a file that stands so can go this step.
    pub fn fits(self, state: &State) -> bool {
        matches!(
            (self, state),
            (Step::End | Step::Merge, State::Runs)
                | (Step::Reopen, State::Ended { .. })
                | (Step::Part, State::Told { .. })
        )
    }
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 同意, by the station.
    Confirmed,
    /// 退回 with words, by the station.
    SentBack,
    /// 撤回, by whoever proposed it.
    Withdrawn,
}

impl Answer {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Answer::Confirmed => "confirmed",
            Answer::SentBack => "sent_back",
            Answer::Withdrawn => "withdrawn",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        [Answer::Confirmed, Answer::SentBack, Answer::Withdrawn]
            .into_iter()
            .find(|answer| answer.as_str() == text)
    }
}

/// Where a file stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// It runs.
    #[default]
    Runs,
    /// It was ended.
    Ended {
        /// Its last day.
        on: NaiveDate,
        /// Code of EXIT_REASON.
        reason: String,
    },
    /// It goes on in another file of the same child.
    Told {
        /// Its last day of its own.
        on: NaiveDate,
        /// The other file's document.
        into: String,
    },
}

/// What somebody wrote: a proposal, or the answer to one.
#[derive(Clone, PartialEq, Default)]
pub struct Word {
    /// Entry id.
    pub id: String,
    /// What was said.
    pub text: String,
    /// The day it is about: the last day of a file, or the day of the answer.
    pub on: Option<NaiveDate>,
    /// Staff id as claimed.
    pub by: String,
    /// When, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// Who wrote an entry, as the signed envelope says and not the entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Author {
    /// The person; none where the envelope is not known here.
    pub staff: Option<StaffId>,
    /// May decide for the station.
    pub decides: bool,
}

/// A proposal with what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// What is proposed.
    pub step: Step,
    /// Code of EXIT_REASON, for an end.
    pub reason: String,
    /// The leading file's document, for a merge.
    pub into: Option<String>,
    /// Who said what.
    pub word: Word,
    /// Who signed it.
    pub author: Option<StaffId>,
    /// The answer that counts.
    pub answer: Option<(Answer, Word)>,
}

/// The story of a file's standing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
    /// Where it stands.
    pub state: State,
    /// Stretches of time in which it had ended, before it was reopened; both days included.
    pub gaps: Vec<(NaiveDate, NaiveDate)>,
    /// Every proposal, in causal order.
    pub story: Vec<Proposal>,
}

impl Status {
    /// Proposals that wait for an answer.
    pub fn waiting(&self) -> impl Iterator<Item = &Proposal> {
        self.story
            .iter()
            .filter(|one| one.answer.is_none() && one.step.fits(&self.state))
    }

    /// The last day it ran; none while it runs.
    pub fn ended_on(&self) -> Option<NaiveDate> {
        match self.state {
            State::Runs => None,
            State::Ended { on, .. } | State::Told { on, .. } => Some(on),
        }
    }

    /// The file that leads in the place of this one.
    pub fn told_in(&self) -> Option<&str> {
        match &self.state {
            State::Told { into, .. } => Some(into),
            _ => None,
        }
    }
}

fn word(entry: &Entry) -> Word {
    Word {
        id: entry.id.clone(),
        text: entry.text_or_empty("text"),
        on: entry.date("on"),
        by: entry.text_or_empty("by"),
        recorded_ms: entry.int("recorded_ms").unwrap_or(0),
        made_by: entry.made_by,
    }
}

/// Folds the entries of the block, in causal order. `author` says who signed an entry: what somebody answers who may not
/// decide for the station moves nothing, and a proposal is taken back by whoever signed it and by nobody else.
pub fn fold<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    author: impl Fn(&Entry) -> Author,
) -> Status {
    let mut status = Status::default();
    for entry in entries {
        let kind = entry.text("kind").unwrap_or_default();
        if let Some(step) = Step::parse(kind) {
            status.story.push(Proposal {
                step,
                reason: entry.text_or_empty("reason"),
                into: entry.text("into").map(str::to_owned),
                word: word(entry),
                author: author(entry).staff,
                answer: None,
            });
            continue;
        }
        let Some(answer) = Answer::parse(kind) else {
            continue;
        };
        let Some(found) = status.story.iter().position(|one| {
            one.answer.is_none() && Some(one.word.id.as_str()) == entry.text("answers")
        }) else {
            continue;
        };
        let proposal = &status.story[found];
        let who = author(entry);
        let counts = match answer {
            Answer::Withdrawn => who.staff.is_some() && who.staff == proposal.author,
            Answer::SentBack => who.decides,
            // A file that ended meanwhile is not ended again.
            Answer::Confirmed => who.decides && proposal.step.fits(&status.state),
        };
        if !counts {
            continue;
        }
        let said = word(entry);
        if answer == Answer::Confirmed {
            let step = (proposal.step, proposal.word.on.or(said.on), said.on);
            match step {
                (Step::End, Some(on), _) => {
                    status.state = State::Ended {
                        on,
                        reason: proposal.reason.clone(),
                    };
                }
                (Step::Merge, _, Some(on)) => {
                    let Some(into) = proposal.into.clone() else {
                        continue;
                    };
                    status.state = State::Told { on, into };
                }
                (Step::Reopen | Step::Part, _, Some(on)) => {
                    let (from, to) = (
                        status.ended_on().and_then(|day| day.succ_opt()),
                        on.checked_sub_days(Days::new(1)),
                    );
                    // Two files of one child ran side by side: only an end makes a gap.
                    if let (State::Ended { .. }, Some(from), Some(to)) = (&status.state, from, to)
                        && from <= to
                    {
                        status.gaps.push((from, to));
                    }
                    status.state = State::Runs;
                }
                _ => continue,
            }
        }
        status.story[found].answer = Some((answer, said));
    }
    status
}

/// What is written down of a step or an answer.
#[derive(Clone, Default)]
pub struct Said<'a> {
    /// [`Step`] or [`Answer`].
    pub kind: &'a str,
    /// Words.
    pub text: &'a str,
    /// The day it is about.
    pub on: Option<NaiveDate>,
    /// Code of EXIT_REASON.
    pub reason: Option<&'a str>,
    /// The leading file.
    pub into: Option<&'a str>,
    /// The proposal that is answered.
    pub answers: Option<&'a str>,
    /// Staff id.
    pub by: &'a str,
    /// When.
    pub recorded_ms: i64,
}

/// The edit that writes it into the child's document.
pub fn say(id: &str, said: &Said<'_>) -> Edit {
    let mut entry = Entry::new(id)
        .with("block", STATUS)
        .with("kind", said.kind)
        .with("text", said.text)
        .with("by", said.by)
        .with("recorded_ms", said.recorded_ms);
    let day = said.on.map(|day| day.to_string());
    for (key, value) in [
        ("on", day.as_deref()),
        ("reason", said.reason),
        ("into", said.into),
        ("answers", said.answers),
    ] {
        if let Some(value) = value {
            entry = entry.with(key, value);
        }
    }
    Edit::Add {
        collection: ROWS,
        entry,
    }
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(Word);

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, kind: &str, on: &str, by: &str) -> Entry {
        let day: NaiveDate = on.parse().expect("a date");
        let said = Said {
            kind,
            text: "words",
            on: Some(day),
            reason: (kind == "end").then_some("moved"),
            into: (kind == "merge").then_some("other"),
            by,
            ..Said::default()
        };
        match say(id, &said) {
            Edit::Add { entry, .. } => entry,
            _ => unreachable!("it adds"),
        }
    }

    fn answer(id: &str, kind: &str, to: &str, on: &str, by: &str) -> Entry {
        entry(id, kind, on, by).with("answers", to)
    }

    /// As if everybody had signed with the name the entry claims.
    fn told(entries: &[Entry]) -> Status {
        told_as(entries, |entry| entry.text_or_empty("by"))
    }

    fn told_as(entries: &[Entry], signed: impl Fn(&Entry) -> String) -> Status {
        const PEOPLE: [&str; 3] = ["station", "director", "colleague"];
        fold(entries.iter(), |entry| {
            let name = signed(entry);
            let place = PEOPLE.iter().position(|known| *known == name);
            let id = place.map(|place| format!("00000000-0000-4000-8000-00000000000{place}"));
            Author {
                staff: id.map(|id| StaffId::parse(&id).expect("an id")),
                decides: name == "station",
            }
        })
    }

    #[test]
    fn a_file_ends_when_the_station_confirms_and_not_before() {
        let mut story = vec![entry("a", "end", "2026-11-02", "director")];
        assert_eq!(told(&story).state, State::Runs);
        assert_eq!(told(&story).waiting().count(), 1);
        story.push(answer("b", "confirmed", "a", "2026-11-04", "director"));
        assert_eq!(told(&story).state, State::Runs, "she does not decide");
        story.push(answer("c", "confirmed", "a", "2026-11-05", "station"));
        let status = told(&story);
        assert_eq!(
            status.state,
            State::Ended {
                on: "2026-11-02".parse().expect("a date"),
                reason: "moved".to_owned()
            }
        );
        assert_eq!(status.waiting().count(), 0);

        // Reopened, the time between is a gap and nothing of it was missed.
        story.push(entry("d", "reopen", "2026-12-01", "director"));
        story.push(answer("e", "confirmed", "d", "2026-12-03", "station"));
        let status = told(&story);
        assert_eq!(status.state, State::Runs);
        let gap =
            |from: &str, to: &str| (from.parse().expect("a date"), to.parse().expect("a date"));
        assert_eq!(status.gaps, [gap("2026-11-03", "2026-12-02")]);
    }

    #[test]
    fn what_was_sent_back_or_withdrawn_moves_nothing_and_can_be_proposed_again() {
        let mut story = vec![
            entry("a", "end", "2026-11-02", "director"),
            answer("b", "sent_back", "a", "2026-11-03", "station"),
            answer("c", "confirmed", "a", "2026-11-04", "station"),
        ];
        let status = told(&story);
        assert_eq!(status.state, State::Runs, "it was answered already");
        let said = status.story[0].answer.as_ref();
        assert_eq!(said.map(|(answer, _)| *answer), Some(Answer::SentBack));
        story.push(entry("d", "end", "2026-11-05", "director"));
        story.push(answer("e", "withdrawn", "d", "2026-11-05", "colleague"));
        assert_eq!(told(&story).waiting().count(), 1, "only she takes it back");
        story.push(answer("f", "withdrawn", "d", "2026-11-05", "director"));
        assert_eq!(told(&story).waiting().count(), 0);
    }

    #[test]
    fn a_proposal_is_taken_back_by_whoever_signed_it_whatever_name_an_answer_claims() {
        let story = [
            entry("a", "end", "2026-11-02", "director"),
            answer("b", "withdrawn", "a", "2026-11-03", "director"),
        ];
        let forged = told_as(&story, |entry| {
            let signed = if entry.id == "b" {
                "colleague"
            } else {
                "director"
            };
            signed.to_owned()
        });
        assert_eq!(forged.waiting().count(), 1);
        let unknown = told_as(&story, |_| String::new());
        assert_eq!(
            unknown.waiting().count(),
            1,
            "nobody is not the same person"
        );
        assert_eq!(told(&story).waiting().count(), 0);
    }

    #[test]
    fn two_proposals_made_apart_end_a_file_once() {
        let story = [
            entry("a", "end", "2026-11-02", "director"),
            entry("b", "end", "2026-11-09", "colleague"),
            answer("c", "confirmed", "b", "2026-11-10", "station"),
            answer("d", "confirmed", "a", "2026-11-10", "station"),
        ];
        let status = told(&story);
        assert_eq!(status.ended_on(), "2026-11-09".parse().ok());
        assert_eq!(
            status.waiting().count(),
            0,
            "what no longer fits waits for nobody"
        );
    }

    #[test]
    fn a_merge_says_where_it_went_and_is_undone() {
        let mut story = vec![
            entry("a", "merge", "2026-11-02", "station"),
            answer("b", "confirmed", "a", "2026-11-03", "station"),
        ];
        assert_eq!(told(&story).told_in(), Some("other"));
        assert!(!Step::Reopen.fits(&told(&story).state));
        story.push(entry("c", "part", "2026-11-20", "station"));
        story.push(answer("d", "confirmed", "c", "2026-11-20", "station"));
        let status = told(&story);
        assert_eq!((status.state, status.gaps.len()), (State::Runs, 0));
    }
}
