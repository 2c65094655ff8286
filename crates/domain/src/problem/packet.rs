//! 转介材料: what leaves the station with a referral, and what became of it there (domain.md §11 P-14).
//!
//! Which fields a body is given is policy ([`PacketRules`]). That a packet was made, that its receipt came back and that it
//! was destroyed or returned are events of the story; what a packet comes to is computed from them and stored nowhere.

use super::{Event, EventKind};
use crate::calendar::{add_days, civil_date};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What the policy says about packets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PacketRules {
    /// Where it comes from.
    pub source: String,
    /// So many days after it was made a packet's receipt should be back.
    pub receipt_days: u32,
    /// Who is given what. The first rule that fits stands, so what is for one type of problem comes before what is for all.
    pub rules: Vec<PacketRule>,
}

impl PacketRules {
    /// The rule for a body in a matter that mainly is of a type.
    pub fn rule(&self, body: &str, problem: &str) -> Option<&PacketRule> {
        let fits =
            |codes: &[String], code: &str| codes.is_empty() || codes.iter().any(|it| it == code);
        self.rules
            .iter()
            .find(|rule| fits(&rule.to, body) && fits(&rule.problems, problem))
    }
}

/// What a body is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PacketRule {
    /// Codes of REFERRAL_BODY; every body where there is none.
    pub to: Vec<String>,
    /// Types of problem; every type where there is none.
    pub problems: Vec<String>,
    /// What for, codes of PACKET_PURPOSE; the first is suggested.
    pub purposes: Vec<String>,
    /// It is used for so many days, then destroyed or given back.
    pub days: u32,
    /// What it carries unless somebody takes it away: `child.name`, `household.addr`, `matter.kind`.
    pub fields: Vec<String>,
    /// What somebody may add with a reason.
    pub more: Vec<String>,
    /// The law asks for it whatever the family asked for: it goes also where a file's use is limited (限制使用).
    pub by_duty: bool,
}

/// What a packet can say of the matter itself, beside fields of the child's and the household's file.
pub const MATTER: [&str; 5] = [
    "matter.kind",
    "matter.severity",
    "matter.reported",
    "matter.village",
    "matter.steps",
];

/// How a packet came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// 已销毁: who had it says so.
    Destroyed,
    /// 已退还.
    Returned,
}

impl End {
    /// Both.
    pub const ALL: [End; 2] = [End::Destroyed, End::Returned];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            End::Destroyed => "destroyed",
            End::Returned => "returned",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.as_str() == text)
    }
}

/// A packet as the story tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Entry id of the event that made it.
    pub id: String,
    /// The referral it goes with.
    pub referral: Option<String>,
    /// Who has it, a code of REFERRAL_BODY.
    pub body: String,
    /// What for, a code of PACKET_PURPOSE.
    pub purpose: String,
    /// The number that stands on it.
    pub number: String,
    /// The day it was made.
    pub made: NaiveDate,
    /// The last day it may be used.
    pub until: NaiveDate,
    /// What it carries.
    pub fields: Vec<String>,
    /// The day its receipt says it was taken.
    pub received: Option<NaiveDate>,
    /// How and when it ended.
    pub ended: Option<(End, NaiveDate)>,
}

/// How a packet stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Its last day is over, and nobody said that it was destroyed or given back.
    Over,
    /// The receipt should be here and is not.
    NoReceipt,
    /// It was given out; the receipt is not here yet.
    Waiting,
    /// It was taken, and may be used.
    Out,
    /// It was destroyed or given back.
    Ended,
}

impl Standing {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Over => "over",
            Standing::NoReceipt => "no_receipt",
            Standing::Waiting => "waiting",
            Standing::Out => "out",
            Standing::Ended => "ended",
        }
    }

    /// Somebody should ask for it.
    pub fn is_late(self) -> bool {
        matches!(self, Standing::Over | Standing::NoReceipt)
    }
}

impl Packet {
    /// How it stands; its receipt should be back after so many days.
    pub fn standing(&self, today: NaiveDate, receipt_days: u32) -> Standing {
        if self.ended.is_some() {
            Standing::Ended
        } else if self.until < today {
            Standing::Over
        } else if self.received.is_some() {
            Standing::Out
        } else if add_days(self.made, receipt_days) < today {
            Standing::NoReceipt
        } else {
            Standing::Waiting
        }
    }

    /// What an event makes; none where it is no such event, or does not say what a packet must.
    fn of(event: &Event) -> Option<Self> {
        let detail = &event.detail;
        Some(Self {
            id: event.id.clone(),
            referral: detail.referral.clone(),
            body: detail.body.clone()?,
            purpose: detail.purpose.clone().unwrap_or_default(),
            number: detail.number.clone()?,
            made: civil_date(event.recorded_ms),
            until: detail.due?,
            fields: detail.fields.clone(),
            received: None,
            ended: None,
        })
    }
}

/// Takes an event that counts into what the packets come to. What is said again of one puts right what was said before.
pub(super) fn take(packets: &mut Vec<Packet>, kind: EventKind, event: &Event) {
    if kind == EventKind::PacketMade {
        packets.extend(Packet::of(event));
        return;
    }
    let about = event.detail.packet.as_deref();
    let Some(packet) = packets.iter_mut().find(|it| Some(it.id.as_str()) == about) else {
        return;
    };
    let on = event
        .detail
        .on
        .unwrap_or_else(|| civil_date(event.recorded_ms));
    let end = event.detail.outcome.as_deref().and_then(End::parse);
    match (kind, end) {
        (EventKind::PacketReceived, _) => packet.received = Some(on),
        (EventKind::PacketEnded, Some(end)) => packet.ended = Some((end, on)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Detail, Fold, State, decides, fold, may, offers};
    use ids::Role;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn event(id: &str, kind: EventKind, by: &str, on: &str, detail: Detail) -> Event {
        Event {
            id: id.into(),
            kind: kind.as_str().into(),
            text: String::new(),
            sealed: false,
            recorded_ms: crate::calendar::beginning_of(day(on)),
            by: by.into(),
            handler: None,
            detail,
            made_by: None,
        }
    }

    fn made(id: &str, by: &str) -> Event {
        let detail = Detail {
            body: Some("SCH".into()),
            referral: Some("r".into()),
            number: Some("E-1".into()),
            purpose: Some("school".into()),
            due: Some(day("2026-12-02")),
            fields: vec!["child.name".into()],
            ..Detail::default()
        };
        event(id, EventKind::PacketMade, by, "2026-11-02", detail)
    }

    fn about(kind: EventKind, packet: &str, on: &str, outcome: Option<&str>) -> Event {
        let detail = Detail {
            packet: Some(packet.into()),
            on: Some(day(on)),
            outcome: outcome.map(str::to_owned),
            ..Detail::default()
        };
        event(
            &format!("{}-{packet}", kind.as_str()),
            kind,
            "supervisor",
            on,
            detail,
        )
    }

    fn told(events: &[Event]) -> Fold {
        fold(events, "S2", &[], |event| Role::parse(&event.by))
    }

    fn story() -> Vec<Event> {
        let plain = |id: &str, kind| event(id, kind, "supervisor", "2026-11-02", Detail::default());
        vec![
            event(
                "e",
                EventKind::Reported,
                "director",
                "2026-11-02",
                Detail::default(),
            ),
            plain("a", EventKind::Accepted),
            plain("r", EventKind::Referred),
        ]
    }

    #[test]
    fn a_packet_waits_for_its_receipt_is_out_and_is_over_until_somebody_says_how_it_ended() {
        let mut events = story();
        events.push(made("p", "supervisor"));
        let standing = |events: &[Event], on: &str| told(events).packets[0].standing(day(on), 7);
        for (on, stands) in [
            ("2026-11-02", Standing::Waiting),
            ("2026-11-09", Standing::Waiting),
            ("2026-11-10", Standing::NoReceipt),
            ("2026-12-02", Standing::NoReceipt),
            ("2026-12-03", Standing::Over),
        ] {
            assert_eq!(standing(&events, on), stands, "{on}");
        }
        events.push(about(EventKind::PacketReceived, "p", "2026-11-05", None));
        assert_eq!(standing(&events, "2026-11-20"), Standing::Out);
        assert_eq!(standing(&events, "2026-12-03"), Standing::Over);
        let end = about(EventKind::PacketEnded, "p", "2026-12-04", Some("destroyed"));
        events.push(end);
        assert_eq!(standing(&events, "2027-12-03"), Standing::Ended);
        let packet = &told(&events).packets[0];
        assert_eq!(packet.received, Some(day("2026-11-05")));
        assert_eq!(packet.ended, Some((End::Destroyed, day("2026-12-04"))));
        assert_eq!(told(&events).state, State::Referred, "it moves nothing");
    }

    #[test]
    fn what_two_people_did_apart_is_all_there() {
        let mut events = story();
        events.extend([made("p", "supervisor"), made("q", "head")]);
        events.push(about(EventKind::PacketReceived, "q", "2026-11-04", None));
        events.push(about(EventKind::PacketReceived, "p", "2026-11-03", None));
        events.push(about(EventKind::PacketReceived, "p", "2026-11-05", None));
        events.push(about(
            EventKind::PacketEnded,
            "q",
            "2026-11-06",
            Some("burnt"),
        ));
        events.push(about(
            EventKind::PacketEnded,
            "other",
            "2026-11-06",
            Some("returned"),
        ));
        let packets = told(&events).packets;
        let received: Vec<_> = packets.iter().map(|packet| packet.received).collect();
        assert_eq!(
            received,
            [Some(day("2026-11-05")), Some(day("2026-11-04"))],
            "the later word stands"
        );
        assert!(packets.iter().all(|packet| packet.ended.is_none()));
    }

    #[test]
    fn a_packet_made_while_a_colleague_closed_it_is_still_asked_for() {
        let mut events = story();
        events.push(event(
            "c",
            EventKind::Closed,
            "supervisor",
            "2026-11-02",
            Detail::default(),
        ));
        events.push(made("p", "supervisor"));
        let told = told(&events);
        assert_eq!((told.state, told.packets.len()), (State::Closed, 1));
        let offered = offers(Role::Supervisor, &told);
        assert!(offered.contains(&EventKind::PacketReceived));
        assert!(
            !offered.contains(&EventKind::PacketMade),
            "but no other is made"
        );
    }

    #[test]
    fn only_the_station_makes_one_and_only_of_what_was_referred() {
        let mut events = story();
        events.push(made("p", "director"));
        assert!(told(&events).packets.is_empty());
        let unreferred = &story()[..2];
        assert!(!offers(Role::Supervisor, &told(unreferred)).contains(&EventKind::PacketMade));
        assert!(offers(Role::Supervisor, &told(&story())).contains(&EventKind::PacketMade));
        for kind in [
            EventKind::PacketMade,
            EventKind::PacketReceived,
            EventKind::PacketEnded,
        ] {
            assert!(decides(kind), "whoever is recused makes none: {kind:?}");
            assert!(may(Role::Head, kind, "S1") && may(Role::Supervisor, kind, "S1"));
            assert!(!may(Role::Director, kind, "S4") && !may(Role::Officer, kind, "S4"));
        }
    }

    #[test]
    fn the_first_rule_that_fits_stands() {
        let rule = |to: &[&str], problems: &[&str], days| PacketRule {
            to: to.iter().map(|it| (*it).to_owned()).collect(),
            problems: problems.iter().map(|it| (*it).to_owned()).collect(),
            days,
            ..PacketRule::default()
        };
        let rules = PacketRules {
            rules: vec![
                rule(&["SCH"], &["BULLY"], 1),
                rule(&["SCH"], &[], 2),
                rule(&[], &[], 3),
            ],
            ..PacketRules::default()
        };
        let days = |body: &str, problem: &str| rules.rule(body, problem).map(|rule| rule.days);
        assert_eq!(days("SCH", "BULLY"), Some(1));
        assert_eq!(days("SCH", "DROPOUT"), Some(2));
        assert_eq!(days("HE", "BULLY"), Some(3));
        assert_eq!(PacketRules::default().rule("HE", "BULLY"), None);
    }
}
