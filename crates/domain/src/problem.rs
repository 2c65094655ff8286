//! A problem's story: facts that accumulate as events, and a state computed from them (domain.md §6.2).
//!
//! Nothing computed is stored. An event by someone whose role may not make that step stays in the story as a
//! request and moves nothing: an offline director's "closed" waits for the station (architecture.md §8).

use crate::record::{Edit, Entry, Record};
use crate::scalar::Scalar;
use ids::Role;
use std::collections::BTreeMap;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// 已报告: the first event.
    Reported,
    /// 已受理, by the station.
    Accepted,
    /// An answer in words; leaves the state alone (decisions.md 21).
    Replied,
    /// A measure was taken.
    Measure,
    /// Measures are done, 待核实.
    Resolved,
    /// 已办结.
    Closed,
    /// 退回: needs more before it is accepted.
    Returned,
    /// The head names who handles it from now on (经办人); leaves the state alone.
    HandlerNamed,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [EventKind; 8] = [
        EventKind::Reported,
        EventKind::Accepted,
        EventKind::Replied,
        EventKind::Measure,
        EventKind::Resolved,
        EventKind::Closed,
        EventKind::Returned,
        EventKind::HandlerNamed,
    ];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Reported => "reported",
            EventKind::Accepted => "accepted",
            EventKind::Replied => "replied",
            EventKind::Measure => "measure",
            EventKind::Resolved => "resolved",
            EventKind::Closed => "closed",
            EventKind::Returned => "returned",
            EventKind::HandlerNamed => "handler_named",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// State of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// 已报告.
    Reported,
    /// 已受理.
    Accepted,
    /// 处置中.
    InProgress,
    /// 待核实.
    Resolved,
    /// 已办结.
    Closed,
}

impl State {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Reported => "reported",
            State::Accepted => "accepted",
            State::InProgress => "in_progress",
            State::Resolved => "resolved",
            State::Closed => "closed",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        [
            State::Reported,
            State::Accepted,
            State::InProgress,
            State::Resolved,
            State::Closed,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }
}

/// One event of the story.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Entry id.
    pub id: String,
    /// Kind as written; unknown kinds of a newer app are shown and move nothing.
    pub kind: String,
    /// Words.
    pub text: String,
    /// When it was written, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Staff id of whoever is named to handle it, in [`EventKind::HandlerNamed`].
    pub handler: Option<String>,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// A problem's document, read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Problem {
    /// Fields: type, severity, urgency, card, child, origin_record, restricted, mandatory_choice, mandatory_text.
    pub fields: BTreeMap<String, Scalar>,
    /// Children concerned (document ids).
    pub children: Vec<String>,
    /// Events in causal order.
    pub events: Vec<Event>,
}

impl Problem {
    /// Reads the noun from its record.
    pub fn from_record(record: &Record) -> Self {
        Self {
            fields: record.fields.clone(),
            children: record
                .entries("children")
                .iter()
                .map(|entry| entry.id.clone())
                .collect(),
            events: record
                .entries("events")
                .iter()
                .map(|entry| Event {
                    id: entry.id.clone(),
                    kind: entry.text_or_empty("kind"),
                    text: entry.text_or_empty("text"),
                    recorded_ms: entry.int("recorded_ms").unwrap_or(0),
                    by: entry.text_or_empty("by"),
                    handler: entry.text("handler").map(str::to_owned),
                    made_by: entry.made_by,
                })
                .collect(),
        }
    }

    /// Text of a field.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Scalar::as_text)
    }
}

/// May this role make this step? The one table both the fold and the screens ask.
///
/// Acceptance, return and closing are the station's (architecture.md §8); a director reports, adds measures and
/// answers, and may mark an S3 or S4 as solved on the spot (domain.md §6.2).
pub fn may(role: Role, kind: EventKind, severity: &str) -> bool {
    match kind {
        EventKind::Reported | EventKind::Replied | EventKind::Measure => true,
        EventKind::Accepted | EventKind::Returned | EventKind::Closed => role.is_at_station(),
        EventKind::Resolved => role.is_at_station() || matches!(severity, "S3" | "S4"),
        EventKind::HandlerNamed => role == Role::Head,
    }
}

/// Whether a step decides something. Whoever is a relative or involved herself adds what she knows, and decides nothing.
pub fn decides(kind: EventKind) -> bool {
    match kind {
        EventKind::Reported | EventKind::Replied | EventKind::Measure => false,
        EventKind::Accepted
        | EventKind::Returned
        | EventKind::Resolved
        | EventKind::Closed
        | EventKind::HandlerNamed => true,
    }
}

/// The state after an event, or none when the step does not lead anywhere from here.
pub fn step(state: State, kind: EventKind) -> Option<State> {
    match (state, kind) {
        (_, EventKind::Replied | EventKind::HandlerNamed) => Some(state),
        (State::Reported, EventKind::Accepted) => Some(State::Accepted),
        (State::Reported | State::Accepted, EventKind::Returned) => Some(State::Reported),
        (State::Accepted | State::InProgress | State::Resolved, EventKind::Measure) => {
            Some(State::InProgress)
        }
        (State::Reported, EventKind::Measure) => Some(State::Reported),
        (State::Reported | State::Accepted | State::InProgress, EventKind::Resolved) => {
            Some(State::Resolved)
        }
        (State::Accepted | State::InProgress | State::Resolved, EventKind::Closed) => {
            Some(State::Closed)
        }
        _ => None,
    }
}

/// The story's outcome: the state, and which events counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Fold {
    /// State now.
    pub state: State,
    /// For each event in order: did its author's role allow it (else it is shown as a request).
    pub allowed: Vec<bool>,
    /// A director asked to close and the station has not answered.
    pub close_requested: bool,
}

/// Folds the story. `role_of` gives an event's author's role from the signed envelope, never from the entry.
pub fn fold(events: &[Event], severity: &str, role_of: impl Fn(&Event) -> Option<Role>) -> Fold {
    let mut state = State::Reported;
    let mut allowed = Vec::with_capacity(events.len());
    let mut close_requested = false;
    for event in events {
        let kind = EventKind::parse(&event.kind);
        let is_allowed = match (kind, role_of(event)) {
            (Some(kind), Some(role)) => may(role, kind, severity),
            _ => false,
        };
        if is_allowed {
            if let Some(next) = kind.and_then(|kind| step(state, kind)) {
                state = next;
            }
        } else if kind == Some(EventKind::Closed) {
            close_requested = true;
        }
        if state == State::Closed {
            close_requested = false;
        }
        allowed.push(is_allowed);
    }
    Fold {
        state,
        allowed,
        close_requested,
    }
}

/// Who handles it (经办人): whoever took it up first, until the head names somebody. Taking it up a second time changes
/// nothing, or sending it back and taking it up would be a way to the sealed words of a colleague's case.
///
/// `allowed` is [`Fold::allowed`]; `author_of` gives an event's author from the signed envelope, never from the entry.
pub fn handler(
    events: &[Event],
    allowed: &[bool],
    author_of: impl Fn(&Event) -> Option<String>,
) -> Option<String> {
    let counted = || std::iter::zip(events, allowed).filter(|(_, allowed)| **allowed);
    let of_kind = |event: &Event, kind: EventKind| event.kind == kind.as_str();
    counted()
        .filter(|(event, _)| of_kind(event, EventKind::HandlerNamed))
        .filter_map(|(event, _)| event.handler.clone())
        .next_back()
        .or_else(|| {
            counted()
                .filter(|(event, _)| of_kind(event, EventKind::Accepted))
                .find_map(|(event, _)| author_of(event))
        })
}

/// Event kinds this role may add to a problem in this state, in the order the screen offers them.
pub fn offers(role: Role, state: State, severity: &str) -> Vec<EventKind> {
    [
        EventKind::Accepted,
        EventKind::Replied,
        EventKind::Measure,
        EventKind::Resolved,
        EventKind::Closed,
        EventKind::Returned,
    ]
    .into_iter()
    .filter(|kind| may(role, *kind, severity) && step(state, *kind).is_some())
    .collect()
}

/// The edit that adds an event.
pub fn add_event(id: &str, kind: EventKind, text: &str, recorded_ms: i64, by: &str) -> Edit {
    Edit::Add {
        collection: "events",
        entry: Entry::new(id)
            .with("kind", kind.as_str())
            .with("text", text)
            .with("recorded_ms", recorded_ms)
            .with("by", by),
    }
}

/// The edit that names who handles it from now on.
pub fn name_handler(id: &str, handler: &str, recorded_ms: i64, by: &str) -> Edit {
    Edit::Add {
        collection: "events",
        entry: Entry::new(id)
            .with("kind", EventKind::HandlerNamed.as_str())
            .with("text", "")
            .with("handler", handler)
            .with("recorded_ms", recorded_ms)
            .with("by", by),
    }
}

/// The edit that names a child the problem concerns.
pub fn add_child(child: &str) -> Edit {
    Edit::Add {
        collection: "children",
        entry: Entry::new(child),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind, by: &str) -> Event {
        Event {
            id: String::new(),
            kind: kind.as_str().into(),
            text: String::new(),
            recorded_ms: 0,
            by: by.into(),
            handler: None,
            made_by: None,
        }
    }

    fn role(event: &Event) -> Option<Role> {
        Role::parse(&event.by)
    }

    #[test]
    fn the_station_accepts_and_closes() {
        let story = [
            event(EventKind::Reported, "director"),
            event(EventKind::Accepted, "supervisor"),
            event(EventKind::Measure, "director"),
            event(EventKind::Closed, "supervisor"),
        ];
        assert_eq!(fold(&story, "S2", role).state, State::Closed);
    }

    #[test]
    fn a_directors_closing_is_a_request_and_moves_nothing() {
        let story = [
            event(EventKind::Reported, "director"),
            event(EventKind::Accepted, "supervisor"),
            event(EventKind::Closed, "director"),
        ];
        let fold = fold(&story, "S3", role);
        assert_eq!(fold.state, State::Accepted);
        assert_eq!(fold.allowed, [true, true, false]);
        assert!(fold.close_requested);
    }

    #[test]
    fn solved_on_the_spot_is_for_small_matters_only() {
        let story = [
            event(EventKind::Reported, "director"),
            event(EventKind::Resolved, "director"),
        ];
        assert_eq!(fold(&story, "S3", role).state, State::Resolved);
        assert_eq!(fold(&story, "S1", role).state, State::Reported);
    }

    #[test]
    fn an_event_of_an_unknown_author_moves_nothing() {
        let story = [
            event(EventKind::Reported, "director"),
            event(EventKind::Accepted, "nobody"),
        ];
        assert_eq!(fold(&story, "S3", role).state, State::Reported);
    }

    #[test]
    fn an_answer_leaves_the_state_alone() {
        let story = [
            event(EventKind::Reported, "director"),
            event(EventKind::Replied, "supervisor"),
        ];
        assert_eq!(fold(&story, "S3", role).state, State::Reported);
    }

    #[test]
    fn whoever_takes_it_up_first_handles_it_until_the_head_names_another() {
        let named = |by: &str, handler: &str| Event {
            handler: Some(handler.into()),
            ..event(EventKind::HandlerNamed, by)
        };
        let author = |event: &Event| Some(event.by.clone());
        let handled = |story: &[Event]| {
            let fold = fold(story, "S1", role);
            handler(story, &fold.allowed, author)
        };
        let mut story = vec![
            event(EventKind::Reported, "director"),
            event(EventKind::Accepted, "director"),
        ];
        assert_eq!(handled(&story), None, "a director does not take it up");
        story.push(event(EventKind::Accepted, "supervisor"));
        assert_eq!(handled(&story).as_deref(), Some("supervisor"));
        story.push(event(EventKind::Returned, "head"));
        story.push(event(EventKind::Accepted, "head"));
        assert_eq!(
            handled(&story).as_deref(),
            Some("supervisor"),
            "not by taking it up again"
        );
        story.push(named("supervisor", "mine"));
        assert_eq!(
            handled(&story).as_deref(),
            Some("supervisor"),
            "only the head names"
        );
        story.push(named("head", "other"));
        assert_eq!(handled(&story).as_deref(), Some("other"));
    }
}
