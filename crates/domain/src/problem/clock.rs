//! What is to be done next about a problem, by when, by whom, and who is told when it was not (domain.md §6.4).
//!
//! Everything is computed when somebody looks: no date is stored, nothing is pushed, and nothing happens by itself. The
//! times are data of the policy ([`ProblemTimer`]).

use super::{Event, EventKind, Fold, State};
use crate::calendar::{WorkCalendar, add_days, add_months, beginning_of, civil_date, days_before};
use chrono::NaiveDate;
use ids::Role;
use serde::{Deserialize, Serialize};

const HOUR_MS: i64 = 3_600_000;

/// How long something may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// How many; 0 is at once.
    pub n: u32,
    /// Of what.
    pub unit: WaitUnit,
}

/// Unit of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitUnit {
    /// Hours by the clock, nights and holidays included.
    Hour,
    /// Days.
    Day,
    /// Days that are worked.
    Workday,
    /// Months.
    Month,
}

/// The times of one severity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProblemTimer {
    /// S1 to S4.
    pub severity: String,
    /// Taken up within, after the report.
    pub accept: Option<Wait>,
    /// Something done within, after the report, and not before it was taken up.
    pub first_action: Option<Wait>,
    /// Who is told while it is not taken up, or nothing is done.
    pub tell: Vec<Tell>,
    /// How it goes on is said again within.
    pub progress: Option<Wait>,
    /// Followed up so long after it was confirmed to be solved.
    pub follow_ups: Vec<FollowUpAt>,
    /// A follow-up so many days before its day stands for it already.
    pub early_days: u32,
}

/// From when on these are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tell {
    /// So long after.
    pub after: Wait,
    /// After what.
    #[serde(default)]
    pub from: TellFrom,
    /// Codes of the policy's list TOLD.
    pub to: Vec<String>,
}

/// What a wait until somebody is told counts from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TellFrom {
    /// The report.
    #[default]
    Report,
    /// The last moment it should have been done.
    Missed,
}

/// When a follow-up is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FollowUpAt {
    /// So long after.
    After(Wait),
    /// Together with something else.
    With(FollowUpWith),
}

/// What a follow-up is done together with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FollowUpWith {
    /// The child's next visit.
    NextVisit,
}

/// Until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// No day is set.
    Open,
    /// A moment, milliseconds.
    Moment(i64),
    /// The end of a day.
    Day(NaiveDate),
}

impl Deadline {
    fn after_ms(from_ms: i64, wait: Wait, calendar: &WorkCalendar) -> Self {
        match wait.unit {
            WaitUnit::Hour => Self::Moment(from_ms + i64::from(wait.n) * HOUR_MS),
            _ => Self::after_day(civil_date(from_ms), wait, calendar),
        }
    }

    fn after_day(from: NaiveDate, wait: Wait, calendar: &WorkCalendar) -> Self {
        match wait.unit {
            WaitUnit::Hour => {
                Self::Moment(beginning_of(add_days(from, 1)) + i64::from(wait.n) * HOUR_MS)
            }
            WaitUnit::Day => Self::Day(add_days(from, wait.n)),
            WaitUnit::Workday => Self::Day(calendar.add_workdays(from, wait.n)),
            WaitUnit::Month => Self::Day(add_months(from, wait.n)),
        }
    }

    /// So long after this one.
    fn later(self, wait: Wait, calendar: &WorkCalendar) -> Self {
        match self {
            Self::Open => Self::Open,
            Self::Moment(ms) => Self::after_ms(ms, wait, calendar),
            Self::Day(day) => Self::after_day(day, wait, calendar),
        }
    }

    fn not_before(self, ms: i64) -> Self {
        match self {
            Self::Open => Self::Open,
            Self::Moment(at) => Self::Moment(at.max(ms)),
            Self::Day(day) => Self::Day(day.max(civil_date(ms))),
        }
    }

    /// The day it ends on.
    pub fn day(self) -> Option<NaiveDate> {
        match self {
            Self::Open => None,
            Self::Moment(ms) => Some(civil_date(ms)),
            Self::Day(day) => Some(day),
        }
    }

    /// It is over.
    pub fn is_past(self, now_ms: i64) -> bool {
        match self {
            Self::Open => false,
            Self::Moment(ms) => ms < now_ms,
            Self::Day(day) => day < civil_date(now_ms),
        }
    }

    /// The first moment it is over, to sort by.
    fn end_ms(self) -> i64 {
        match self {
            Self::Open => i64::MAX,
            Self::Moment(ms) => ms,
            Self::Day(day) => beginning_of(add_days(day, 1)),
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NextStep {
    /// The report came back: say what was asked for.
    Complete,
    /// Take it up.
    Accept,
    /// Do something.
    Act,
    /// Say how it goes on.
    Progress,
    /// What was planned is to be done.
    Plan,
    /// Ask whom it was referred to.
    ReferralReply,
    /// Look whether it is really solved.
    Verify,
    /// Follow up.
    FollowUp,
    /// Everything was followed up: it may be closed.
    Close,
    /// Ask the police what became of it.
    AskPolice,
}

impl NextStep {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            NextStep::Complete => "complete",
            NextStep::Accept => "accept",
            NextStep::Act => "act",
            NextStep::Progress => "progress",
            NextStep::Plan => "plan",
            NextStep::ReferralReply => "referral_reply",
            NextStep::Verify => "verify",
            NextStep::FollowUp => "follow_up",
            NextStep::Close => "close",
            NextStep::AskPolice => "ask_police",
        }
    }
}

/// Whom a step is up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The director of the village.
    Village,
    /// The station.
    Station,
    /// The head of the station.
    Head,
}

impl Side {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Village => "village",
            Side::Station => "station",
            Side::Head => "head",
        }
    }
}

/// A step that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// What.
    pub step: NextStep,
    /// By whom.
    pub side: Side,
    /// Until when.
    pub until: Deadline,
    /// That is over.
    pub late: bool,
    /// Who is told of it by now, codes of TOLD, in the order they are told.
    pub told: Vec<String>,
    /// The how many-th of how many, where there are several; 0 of 0 otherwise.
    pub number: (usize, usize),
    /// The event it is about: a referral, a plan, a call.
    pub about: Option<String>,
    /// What is done before this day does not stand for it; none where every day does.
    pub counts_from: Option<NaiveDate>,
}

/// A follow-up of the plan.
struct Planned {
    until: Deadline,
    /// The first day on which following up stands for it; none where every day does.
    counts_from: Option<NaiveDate>,
}

impl Planned {
    fn has_come(&self, on: NaiveDate) -> bool {
        self.until.day().is_some_and(|day| day <= on)
    }

    fn is_soon(&self, on: NaiveDate) -> bool {
        self.counts_from.is_none_or(|first| first <= on)
    }
}

/// What the times are computed from.
pub struct Clock<'a> {
    /// The story.
    pub events: &'a [Event],
    /// What it comes to.
    pub fold: &'a Fold,
    /// The times of its severity; without them no step has a day.
    pub timer: Option<&'a ProblemTimer>,
    /// Which days are worked.
    pub calendar: &'a WorkCalendar,
    /// The police are asked so many days after a call.
    pub feedback_days: &'a [u32],
    /// The code that says the police have not said anything yet.
    pub no_feedback: &'a str,
    /// The police's number: a call somewhere else is not answered by them. One that names nobody may have been to them.
    pub police: &'a str,
    /// The day the child's next visit is due.
    pub next_visit: Option<NaiveDate>,
    /// Now.
    pub now_ms: i64,
}

impl Clock<'_> {
    /// Everything that is due, the earliest first; what has no day comes last.
    pub fn dues(&self) -> Vec<Due> {
        let mut dues = Vec::new();
        if self.events.is_empty() {
            return dues;
        }
        match self.fold.state {
            State::Reported => self.taken_up(&mut dues),
            State::Accepted | State::InProgress | State::Referred => self.worked_on(&mut dues),
            State::Resolved => {
                // Closed, and the district said that it is not over: from then on.
                let said = self
                    .fold
                    .not_over
                    .filter(|it| it.closing == self.fold.since);
                let until = self.wait(
                    said.map_or_else(|| self.event_ms(self.fold.since), |it| it.at_ms),
                    self.timer.and_then(|it| it.progress),
                );
                dues.push(self.due(NextStep::Verify, Side::Station, until));
            }
            State::FollowUp => dues.push(self.followed_up()),
            State::Closed | State::Withdrawn | State::Merged => {}
        }
        dues.extend(self.asked_police());
        dues.sort_by_key(|due| due.until.end_ms());
        dues
    }

    fn due(&self, step: NextStep, side: Side, until: Deadline) -> Due {
        Due {
            step,
            side,
            until,
            late: until.is_past(self.now_ms),
            told: Vec::new(),
            number: (0, 0),
            about: None,
            counts_from: None,
        }
    }

    fn wait(&self, from_ms: i64, wait: Option<Wait>) -> Deadline {
        wait.map_or(Deadline::Open, |wait| {
            Deadline::after_ms(from_ms, wait, self.calendar)
        })
    }

    fn event_ms(&self, at: usize) -> i64 {
        self.events.get(at).map_or(0, |event| event.recorded_ms)
    }

    fn last(&self, kinds: &[EventKind]) -> Option<(usize, &Event)> {
        self.fold
            .counted(self.events)
            .filter(|(_, kind, _)| kinds.contains(kind))
            .map(|(at, _, event)| (at, event))
            .next_back()
    }

    /// Nobody took it up, or it went back for something that is missing. Sent back, it is the village's turn, and the station
    /// has its time anew once the director answered. Where somebody is told so long after the report, whatever happened, the
    /// time goes on meanwhile: a tablet without a network would leave a child in danger with nobody told. What had been taken
    /// up before it went back is not late since its report: its time begins with the sending back.
    fn taken_up(&self, dues: &mut Vec<Due>) {
        let mut from_ms = self.event_ms(0);
        let (mut is_back, mut is_up) = (false, false);
        for (at, kind, event) in self.fold.counted(self.events) {
            let answers = matches!(kind, EventKind::Replied | EventKind::Measure)
                && self.fold.roles[at] == Some(Role::Director);
            match kind {
                EventKind::Accepted => is_up = true,
                EventKind::Returned => {
                    if is_up {
                        from_ms = event.recorded_ms;
                    }
                    (is_back, is_up) = (true, false);
                }
                EventKind::Reopened if self.fold.reopened_at == Some(at) => {
                    (is_back, is_up, from_ms) = (false, false, event.recorded_ms);
                }
                _ if is_back && answers => {
                    (is_back, from_ms) = (false, event.recorded_ms);
                }
                _ => {}
            }
        }
        if is_back {
            dues.push(self.due(NextStep::Complete, Side::Village, Deadline::Open));
        }
        if !is_back || self.tells_from_report() {
            let until = self.wait(from_ms, self.timer.and_then(|timer| timer.accept));
            let mut due = self.due(NextStep::Accept, Side::Station, until);
            due.told = self.told(&due, from_ms);
            dues.push(due);
        }
    }

    /// Somebody is told so long after the report, and not only when the station missed its day: it is grave.
    fn tells_from_report(&self) -> bool {
        let mut told = self.timer.iter().flat_map(|timer| &timer.tell);
        told.any(|tell| tell.from == TellFrom::Report)
    }

    fn told(&self, due: &Due, from_ms: i64) -> Vec<String> {
        if !due.late {
            return Vec::new();
        }
        let mut told = Vec::new();
        for tell in self.timer.iter().flat_map(|timer| &timer.tell) {
            let from = match tell.from {
                TellFrom::Report => Deadline::after_ms(from_ms, tell.after, self.calendar),
                TellFrom::Missed => due.until.later(tell.after, self.calendar),
            };
            if from.is_past(self.now_ms) {
                told.extend(tell.to.iter().cloned());
            }
        }
        told
    }

    /// The first action, where none was taken. A grave matter that is opened again is begun again: what was done before is
    /// not done about what is new.
    fn first_action(&self, accepted_ms: i64) -> Option<Due> {
        let wait = self.timer.and_then(|timer| timer.first_action)?;
        let reopened = self.fold.reopened_at;
        let begun = reopened.filter(|_| self.tells_from_report()).unwrap_or(0);
        let work = [
            EventKind::Measure,
            EventKind::Referred,
            EventKind::Planned,
            EventKind::Resolved,
        ];
        if self.last(&work).is_some_and(|(at, _)| at >= begun) {
            return None;
        }
        let begun_ms = self.event_ms(begun);
        let until = Deadline::after_ms(begun_ms, wait, self.calendar).not_before(accepted_ms);
        let mut due = self.due(NextStep::Act, Side::Station, until);
        due.told = self.told(&due, begun_ms);
        Some(due)
    }

    fn worked_on(&self, dues: &mut Vec<Due>) {
        let accepted_at = self.fold.accepted_at;
        let accepted_ms = self.event_ms(accepted_at.unwrap_or(0));
        let first = self.first_action(accepted_ms);
        let is_acted_on = first.is_none();
        dues.extend(first);
        for id in &self.fold.open_referrals {
            let asked = self.events.iter().find(|event| event.id == *id);
            let until = asked
                .and_then(|event| event.detail.due)
                .map_or(Deadline::Open, Deadline::Day);
            dues.push(Due {
                about: Some(id.clone()),
                ..self.due(NextStep::ReferralReply, Side::Station, until)
            });
        }
        // What was planned before it was over is not asked for once it is worked on again.
        let plan = self
            .last(&[EventKind::Planned, EventKind::Resolved])
            .filter(|(at, _)| self.fold.reopened_at.is_none_or(|again| *at > again))
            .filter(|(_, event)| event.is(EventKind::Planned));
        if let Some((_, plan)) = plan
            && let Some(day) = plan.detail.due
        {
            dues.push(Due {
                about: Some(plan.id.clone()),
                ..self.due(NextStep::Plan, Side::Station, Deadline::Day(day))
            });
        }
        if is_acted_on && let Some(wait) = self.timer.and_then(|timer| timer.progress) {
            let said = self
                .fold
                .counted(self.events)
                .filter(|(at, kind, _)| match kind {
                    EventKind::HandlerNamed | EventKind::SeveritySet => false,
                    // Who handles it from then on is no word on how it goes on.
                    EventKind::Accepted => accepted_at == Some(*at),
                    _ => true,
                })
                .map(|(_, _, event)| event.recorded_ms)
                .max()
                .unwrap_or(accepted_ms);
            let until = Deadline::after_ms(said, wait, self.calendar);
            dues.push(self.due(NextStep::Progress, Side::Station, until));
        }
    }

    /// The days it is followed up on, from the verification on.
    fn follow_up_plan(&self) -> Vec<Planned> {
        let confirmed_ms = self.event_ms(self.fold.since);
        let Some(timer) = self.timer else {
            return Vec::new();
        };
        let planned = timer.follow_ups.iter().map(|at| match at {
            FollowUpAt::After(wait) => {
                let until = Deadline::after_ms(confirmed_ms, *wait, self.calendar);
                let day = until.day();
                Planned {
                    until,
                    counts_from: day.map(|day| days_before(day, timer.early_days)),
                }
            }
            FollowUpAt::With(FollowUpWith::NextVisit) => Planned {
                until: self.next_visit.map_or(Deadline::Open, Deadline::Day),
                counts_from: None,
            },
        });
        planned.collect()
    }

    /// The next follow-up that was not done. One that was done stands for all whose day had come, and for the next one where
    /// that is at most a few days ahead: what is looked at earlier is kept, and takes none of the later days away.
    fn followed_up(&self) -> Due {
        let confirmed = self.fold.since;
        let plan = self.follow_up_plan();
        let mut done = 0;
        for (at, kind, event) in self.fold.counted(self.events) {
            if at <= confirmed || kind != EventKind::FollowedUp || event.detail.well == Some(false)
            {
                continue;
            }
            let on = event
                .detail
                .on
                .unwrap_or_else(|| civil_date(event.recorded_ms));
            let had_come = plan.iter().filter(|planned| planned.has_come(on)).count();
            done = had_come.max(done);
            if plan.get(done).is_some_and(|next| next.is_soon(on)) {
                done += 1;
            }
        }
        match plan.get(done) {
            Some(next) => Due {
                number: (done + 1, plan.len()),
                counts_from: next.counts_from,
                ..self.due(NextStep::FollowUp, Side::Village, next.until)
            },
            None => {
                let side = match self.fold.severity.as_str() {
                    "S1" => Side::Head,
                    _ => Side::Station,
                };
                self.due(NextStep::Close, side, Deadline::Open)
            }
        }
    }

    /// The police tell the reporter what became of it (《未成年人保护法》第十一条); whoever called asks.
    fn asked_police(&self) -> Option<Due> {
        let to_police = |event: &Event| {
            let whom = event.detail.whom.as_deref();
            whom.is_none_or(|number| number == self.police)
        };
        let (at, call) = self
            .fold
            .counted(self.events)
            .filter(|(_, kind, event)| *kind == EventKind::Called && to_police(event))
            .map(|(at, _, event)| (at, event))
            .next_back()?;
        let mut asked = 0;
        for (said, kind, event) in self.fold.counted(self.events) {
            // What they said of an earlier call does not answer this one.
            if kind != EventKind::PoliceFeedback || said < at {
                continue;
            }
            if event.detail.outcome.as_deref() != Some(self.no_feedback) {
                return None;
            }
            asked += 1;
        }
        let days = *self.feedback_days.get(asked)?;
        let called = call
            .detail
            .on
            .unwrap_or_else(|| civil_date(call.recorded_ms));
        let side = match self.fold.roles[at] {
            Some(Role::Director) => Side::Village,
            _ => Side::Station,
        };
        Some(Due {
            number: (asked + 1, self.feedback_days.len()),
            about: Some(call.id.clone()),
            ..self.due(
                NextStep::AskPolice,
                side,
                Deadline::Day(add_days(called, days)),
            )
        })
    }
}
