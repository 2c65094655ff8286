//! Who may make which step, where a step leads, and the fold of a story to its state (domain.md §6.2).

use super::packet::{self, Packet};
use super::{Event, EventKind, stricter};
use ids::Role;

/// State of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// 已报告.
    Reported,
    /// 已受理.
    Accepted,
    /// 处置中.
    InProgress,
    /// 已转介: another body was asked and has not replied.
    Referred,
    /// 待核实.
    Resolved,
    /// 跟踪回访.
    FollowUp,
    /// 已办结.
    Closed,
    /// 已撤回.
    Withdrawn,
    /// 已并案.
    Merged,
}

impl State {
    /// All states, in the order of the work.
    pub const ALL: [State; 9] = [
        State::Reported,
        State::Accepted,
        State::InProgress,
        State::Referred,
        State::Resolved,
        State::FollowUp,
        State::Closed,
        State::Withdrawn,
        State::Merged,
    ];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Reported => "reported",
            State::Accepted => "accepted",
            State::InProgress => "in_progress",
            State::Referred => "referred",
            State::Resolved => "resolved",
            State::FollowUp => "follow_up",
            State::Closed => "closed",
            State::Withdrawn => "withdrawn",
            State::Merged => "merged",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Somebody is still to do something about it.
    pub fn is_open(self) -> bool {
        !matches!(self, State::Closed | State::Withdrawn | State::Merged)
    }

    /// It was taken up and is being worked on.
    fn is_worked_on(self) -> bool {
        matches!(self, State::Accepted | State::InProgress | State::Referred)
    }
}

/// Solvable in the village (domain.md §6.1).
fn is_small(severity: &str) -> bool {
    matches!(severity, "S3" | "S4")
}

/// May this role make this step? The one table both the fold and the screens ask.
///
/// Acceptance, return and closing are the station's (architecture.md §8), and of life and safety (S1) the head's, who
/// stands here for the district's officer. A director reports, adds measures, follow-ups and answers, says that something
/// is new, and may mark an S3 or S4 as solved on the spot or take it back (domain.md §6.2).
pub fn may(role: Role, kind: EventKind, severity: &str) -> bool {
    let of_the_station = role.is_at_station() && (severity != "S1" || role == Role::Head);
    match kind {
        EventKind::Reported
        | EventKind::Replied
        | EventKind::Measure
        | EventKind::ReferralReplied
        | EventKind::FollowedUp
        | EventKind::Reopened
        | EventKind::Called
        | EventKind::PoliceFeedback => true,
        EventKind::Accepted
        | EventKind::Returned
        | EventKind::Planned
        | EventKind::Referred
        | EventKind::Confirmed
        | EventKind::NotSolved
        | EventKind::TypesSet
        | EventKind::PacketMade
        | EventKind::PacketReceived
        | EventKind::PacketEnded => role.is_at_station(),
        EventKind::Closed | EventKind::Merged | EventKind::SeveritySet => of_the_station,
        EventKind::Resolved => role.is_at_station() || is_small(severity),
        EventKind::Withdrawn => is_small(severity),
        EventKind::HandlerNamed => role == Role::Head,
    }
}

/// Whether a step decides something. Whoever is a relative or involved herself adds what she knows, and decides nothing.
pub fn decides(kind: EventKind) -> bool {
    !matches!(
        kind,
        EventKind::Reported
            | EventKind::Replied
            | EventKind::Measure
            | EventKind::ReferralReplied
            | EventKind::FollowedUp
            | EventKind::Called
            | EventKind::PoliceFeedback
    )
}

/// Whether the village reads the words of a step although the matter's words are sealed. The one table the writing and the
/// screens ask: what the station tells the village, which has to act on it, stays open, and whoever writes it is told so
/// before; everything else that is written about such a matter is for the handler and the head (docs/adr/0035).
///
/// A director's words never are: the document is her colleagues' and the server's as well.
pub fn is_for_the_village(role: Role, kind: EventKind) -> bool {
    let tells = match kind {
        EventKind::Accepted | EventKind::Replied | EventKind::Returned => true,
        EventKind::Reported
        | EventKind::Measure
        | EventKind::Resolved
        | EventKind::Closed
        | EventKind::HandlerNamed
        | EventKind::Planned
        | EventKind::Referred
        | EventKind::ReferralReplied
        | EventKind::Confirmed
        | EventKind::NotSolved
        | EventKind::FollowedUp
        | EventKind::Reopened
        | EventKind::Withdrawn
        | EventKind::Merged
        | EventKind::SeveritySet
        | EventKind::TypesSet
        | EventKind::Called
        | EventKind::PoliceFeedback
        | EventKind::PacketMade
        | EventKind::PacketReceived
        | EventKind::PacketEnded => false,
    };
    tells && role.is_at_station()
}

/// Where a step leads, or none when it leads nowhere from here. A follow-up that found it not well leads back to work.
fn step(state: State, kind: EventKind, well: bool) -> Option<State> {
    match kind {
        EventKind::Reported => None,
        EventKind::Replied
        | EventKind::HandlerNamed
        | EventKind::Called
        | EventKind::PoliceFeedback
        // What left the station is asked for also when a colleague closed the matter meanwhile.
        | EventKind::PacketMade
        | EventKind::PacketReceived
        | EventKind::PacketEnded => Some(state),
        EventKind::SeveritySet | EventKind::TypesSet => state.is_open().then_some(state),
        EventKind::Planned => state.is_worked_on().then_some(state),
        // Taken back in the village and taken up at the station at the same time: it is taken up.
        EventKind::Accepted => {
            matches!(state, State::Reported | State::Withdrawn).then_some(State::Accepted)
        }
        EventKind::Returned => {
            matches!(state, State::Reported | State::Accepted).then_some(State::Reported)
        }
        EventKind::Measure => match state {
            State::Accepted | State::InProgress | State::Resolved => Some(State::InProgress),
            State::Reported | State::Referred | State::FollowUp => Some(state),
            State::Closed | State::Withdrawn | State::Merged => None,
        },
        EventKind::Referred => state.is_worked_on().then_some(State::Referred),
        EventKind::ReferralReplied => state.is_open().then_some(state),
        EventKind::Resolved => {
            (state == State::Reported || state.is_worked_on()).then_some(State::Resolved)
        }
        EventKind::Confirmed => (state == State::Resolved).then_some(State::FollowUp),
        EventKind::NotSolved => {
            matches!(state, State::Resolved | State::FollowUp).then_some(State::InProgress)
        }
        EventKind::FollowedUp => match state {
            State::Resolved | State::FollowUp if !well => Some(State::InProgress),
            State::Accepted
            | State::InProgress
            | State::Referred
            | State::Resolved
            | State::FollowUp => Some(state),
            State::Reported | State::Closed | State::Withdrawn | State::Merged => None,
        },
        EventKind::Closed => (state.is_worked_on()
            || matches!(state, State::Resolved | State::FollowUp))
        .then_some(State::Closed),
        EventKind::Reopened => (!state.is_open()).then_some(State::InProgress),
        EventKind::Withdrawn => state.is_open().then_some(State::Withdrawn),
        EventKind::Merged => state.is_open().then_some(State::Merged),
    }
}

/// A director takes back only what nobody has taken up.
fn may_now(role: Role, kind: EventKind, severity: &str, state: State) -> bool {
    let is_late =
        kind == EventKind::Withdrawn && role == Role::Director && state != State::Reported;
    may(role, kind, severity) && !is_late
}

/// What the district says of a closing of a matter of life and safety (复核, docs/adr/0039). It is no event of the document:
/// nobody of the district writes in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistrictWord {
    /// Entry id of the closing it answers.
    pub closing: String,
    /// It is over.
    pub over: bool,
    /// When, milliseconds by the server's clock.
    pub at_ms: i64,
}

/// The district said that a closing is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOver {
    /// Place of the closing among the events.
    pub closing: usize,
    /// When it was said.
    pub at_ms: i64,
}

/// How a closing of a matter of life and safety stands with the district.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    /// 待复核. Nothing waits for it.
    Waiting,
    /// 已复核.
    Countersigned,
}

/// The story's outcome: the state, and which events counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Fold {
    /// State now.
    pub state: State,
    /// How grave it is now.
    pub severity: String,
    /// What it mainly is, where the station said so; else what it was reported as.
    pub main: Option<String>,
    /// What else it is about, beside its main type.
    pub also: Vec<String>,
    /// For each event in order: did its author's role allow it (else it is shown as a request).
    pub allowed: Vec<bool>,
    /// For each event in order: the role of its author.
    pub roles: Vec<Option<Role>>,
    /// A director asked to close and the station has not answered.
    pub close_requested: bool,
    /// Referrals without a reply, by entry id, oldest first.
    pub open_referrals: Vec<String>,
    /// All referrals, by entry id, oldest first.
    pub referrals: Vec<String>,
    /// What left with them, oldest first.
    pub packets: Vec<Packet>,
    /// It was over and is worked on again.
    pub reopened: bool,
    /// The event that opened it again last.
    pub reopened_at: Option<usize>,
    /// Place of the event with which it was last taken up; taking it over from whoever left is none of these.
    pub accepted_at: Option<usize>,
    /// The station took it up, once at least.
    pub accepted: bool,
    /// The event that led to the state.
    pub since: usize,
    /// How the closing that holds stands with the district; none where it is not closed, or no matter of life and safety.
    pub review: Option<Review>,
    /// What the district said last of a closing that does not hold any more, until it is closed again.
    pub not_over: Option<NotOver>,
}

impl Fold {
    /// Whether something was done since the district said that it is not over. True where it said no such thing.
    pub fn was_worked_on_since(&self, events: &[Event]) -> bool {
        self.not_over.is_none_or(|not_over| {
            self.counted(events).any(|(at, kind, _)| {
                let is_work = matches!(
                    kind,
                    EventKind::Measure | EventKind::Confirmed | EventKind::FollowedUp
                );
                is_work && at > not_over.closing
            })
        })
    }

    /// The events that counted, with their place.
    pub fn counted<'a>(
        &'a self,
        events: &'a [Event],
    ) -> impl DoubleEndedIterator<Item = (usize, EventKind, &'a Event)> + 'a {
        events
            .iter()
            .enumerate()
            .filter(|(at, _)| self.allowed.get(*at) == Some(&true))
            .filter_map(|(at, event)| Some((at, EventKind::parse(&event.kind)?, event)))
    }
}

/// Folds the story. `role_of` gives an event's author's role from the signed envelope, never from the entry; `words` is what
/// the district said of closings, each taken where the closing stands, whenever it became known.
pub fn fold(
    events: &[Event],
    severity: &str,
    words: &[DistrictWord],
    role_of: impl Fn(&Event) -> Option<Role>,
) -> Fold {
    let mut fold = Fold {
        state: State::Reported,
        severity: severity.to_owned(),
        main: None,
        also: Vec::new(),
        allowed: Vec::with_capacity(events.len()),
        roles: Vec::with_capacity(events.len()),
        close_requested: false,
        open_referrals: Vec::new(),
        referrals: Vec::new(),
        packets: Vec::new(),
        reopened: false,
        reopened_at: None,
        accepted_at: None,
        accepted: false,
        since: 0,
        review: None,
        not_over: None,
    };
    for (at, event) in events.iter().enumerate() {
        let kind = EventKind::parse(&event.kind);
        let role = role_of(event);
        let is_allowed = match (kind, role) {
            (Some(kind), Some(role)) => may_now(role, kind, &fold.severity, fold.state),
            _ => false,
        };
        match kind {
            Some(kind) if is_allowed => {
                fold.take(at, kind, event);
                if kind == EventKind::Closed && fold.since == at && fold.severity == "S1" {
                    let was_opened = was_opened_again(&events[at + 1..], &fold.severity, &role_of);
                    fold.hear_district(at, event, words, was_opened);
                }
            }
            Some(EventKind::Closed) => fold.close_requested = true,
            _ => {}
        }
        if !fold.state.is_open() {
            fold.close_requested = false;
        }
        fold.allowed.push(is_allowed);
        fold.roles.push(role);
    }
    fold
}

/// Whether somebody worked on it again after a closing, before it was closed another time: what the district says of that
/// closing comes too late then.
fn was_opened_again(
    later: &[Event],
    severity: &str,
    role_of: impl Fn(&Event) -> Option<Role>,
) -> bool {
    for event in later {
        let Some(role) = role_of(event) else {
            continue;
        };
        match EventKind::parse(&event.kind) {
            Some(kind @ EventKind::Reopened) if may(role, kind, severity) => return true,
            Some(kind @ EventKind::Closed) if may(role, kind, severity) => return false,
            _ => {}
        }
    }
    false
}

impl Fold {
    /// A matter of life and safety was just closed: what the district says of this very closing.
    fn hear_district(
        &mut self,
        at: usize,
        event: &Event,
        words: &[DistrictWord],
        was_opened: bool,
    ) {
        let said = words.iter().find(|word| word.closing == event.id);
        match said {
            Some(word) if !word.over && !was_opened => {
                self.state = State::Resolved;
                self.not_over = Some(NotOver {
                    closing: at,
                    at_ms: word.at_ms,
                });
            }
            Some(word) if word.over => self.review = Some(Review::Countersigned),
            _ => self.review = Some(Review::Waiting),
        }
    }

    fn take(&mut self, at: usize, kind: EventKind, event: &Event) {
        let well = event.detail.well != Some(false);
        let Some(mut next) = step(self.state, kind, well) else {
            return;
        };
        match kind {
            EventKind::Accepted => {
                self.accepted = true;
                self.accepted_at = Some(at);
            }
            EventKind::Referred => {
                self.open_referrals.push(event.id.clone());
                self.referrals.push(event.id.clone());
            }
            EventKind::PacketMade | EventKind::PacketReceived | EventKind::PacketEnded => {
                packet::take(&mut self.packets, kind, event);
            }
            EventKind::ReferralReplied => {
                let answered = event.detail.referral.as_deref();
                self.open_referrals
                    .retain(|id| Some(id.as_str()) != answered);
                if next == State::Referred && self.open_referrals.is_empty() {
                    next = State::InProgress;
                }
            }
            EventKind::Reopened => {
                self.reopened = true;
                self.reopened_at = Some(at);
                if !self.accepted {
                    next = State::Reported;
                }
            }
            EventKind::SeveritySet => {
                if let Some(severity) = &event.detail.severity {
                    severity.clone_into(&mut self.severity);
                }
            }
            EventKind::TypesSet => {
                self.also.clone_from(&event.detail.types);
                if event.detail.main.is_some() {
                    self.main.clone_from(&event.detail.main);
                }
                // Another type makes it graver where that type is, and never smaller: that is said by itself.
                if let Some(severity) = &event.detail.severity {
                    self.severity = stricter(&self.severity, severity).to_owned();
                }
            }
            _ => {}
        }
        if next != self.state {
            self.state = next;
            self.since = at;
            self.review = None;
            if !next.is_open() {
                self.not_over = None;
            }
        }
    }
}

/// Who handles it (经办人): whoever took it up first, until the head names somebody. Taking it up a second time changes
/// nothing by itself, or sending it back and taking it up would be a way to the sealed words of a colleague's case. Whoever
/// takes it up while nobody can handle it any more says so in the event ([`super::taking_over`]) and handles it from then on:
/// the documents alone say who does, whoever is at the station when somebody looks.
///
/// `allowed` is [`Fold::allowed`]; `author_of` gives an event's author from the signed envelope, never from the entry.
pub fn handler(
    events: &[Event],
    allowed: &[bool],
    author_of: impl Fn(&Event) -> Option<String>,
) -> Option<String> {
    let mut handler: Option<String> = None;
    for (event, _) in std::iter::zip(events, allowed).filter(|(_, allowed)| **allowed) {
        if event.is(EventKind::HandlerNamed) {
            handler = event.handler.clone().or(handler);
        } else if event.is(EventKind::Accepted) {
            let author = author_of(event);
            // Nobody takes it over for somebody else: that is the head's to say.
            let takes_over = author.is_some() && event.handler == author;
            if takes_over || handler.is_none() {
                handler = author.or(handler);
            }
        }
    }
    handler
}

/// Event kinds this role may add to a problem as it stands, in the order the screen offers them.
pub fn offers(role: Role, fold: &Fold) -> Vec<EventKind> {
    [
        EventKind::Accepted,
        EventKind::Replied,
        EventKind::Measure,
        EventKind::Planned,
        EventKind::Referred,
        EventKind::ReferralReplied,
        EventKind::Resolved,
        EventKind::Confirmed,
        EventKind::NotSolved,
        EventKind::FollowedUp,
        EventKind::Called,
        EventKind::PoliceFeedback,
        EventKind::PacketMade,
        EventKind::PacketReceived,
        EventKind::PacketEnded,
        EventKind::Closed,
        EventKind::Returned,
        EventKind::TypesSet,
        EventKind::SeveritySet,
        EventKind::Merged,
        EventKind::Withdrawn,
        EventKind::Reopened,
    ]
    .into_iter()
    .filter(|kind| {
        let is_offered = match kind {
            EventKind::Accepted => fold.state == State::Reported,
            EventKind::ReferralReplied => !fold.open_referrals.is_empty(),
            EventKind::PacketMade => fold.state.is_open() && !fold.referrals.is_empty(),
            // Said once more, the later word stands: a slip can be put right.
            EventKind::PacketReceived | EventKind::PacketEnded => !fold.packets.is_empty(),
            _ => true,
        };
        is_offered
            && may_now(role, *kind, &fold.severity, fold.state)
            && step(fold.state, *kind, true).is_some()
    })
    .collect()
}
