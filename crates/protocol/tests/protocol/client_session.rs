//! The client's end: what it asks for, what it stores, and whom it does not believe.

use ids::{ChangeHash, UnitId};
use protocol::session::client::{
    Effect, Event, Position, Queued, Settings, SyncSession, pack_part,
};
use protocol::{
    Cursor, Entry, EntryBody, Envelope, LastApplied, Outcome, SnapshotPage, SyncRequest,
    SyncResponse, limits,
};
use uuid::Uuid;

fn cursor(seq: u64) -> Cursor {
    Cursor {
        scope: UnitId(Uuid::from_u128(1)),
        epoch: 1,
        seq,
    }
}

fn settings() -> Settings {
    Settings {
        app: "test".into(),
        schemas: vec![],
        want_bytes: 0,
    }
}

fn session_at(seq: u64) -> SyncSession {
    let position = Position {
        cursor: Some(cursor(seq)),
        last_applied: Some(LastApplied {
            seq,
            hash: ChangeHash([9; 32]),
        }),
        snapshot_page: None,
        loaded: true,
    };
    SyncSession::new(settings(), position)
}

fn queued(dev_seq: u64, bytes: usize) -> Queued {
    Queued {
        dev_seq,
        hash: ChangeHash([u8::try_from(dev_seq).unwrap(); 32]),
        envelope: Envelope {
            head: vec![0; 100],
            signature: vec![0; 64],
            change: vec![0; bytes],
        },
    }
}

fn outbox(envelopes: Vec<Queued>, more: bool) -> Event {
    Event::Outbox {
        envelopes,
        more,
        request: Uuid::nil(),
    }
}

fn response(outcomes: Vec<(ChangeHash, Outcome)>, entries: Vec<Entry>, seq: u64) -> SyncResponse {
    SyncResponse {
        outcomes,
        entries,
        cursor: Some(cursor(seq)),
        more: false,
        durable_seq: seq,
        second_copy: false,
        retry_after_s: None,
        tick: vec![],
        server_time_ms: 0,
        chain: None,
        certificate: None,
        unit_keys: protocol::UnitKeyHint::default(),
        report_ms: 0,
        next_ca: None,
        recovery: None,
    }
}

fn entry(seq: u64, body: EntryBody) -> Entry {
    Entry {
        seq,
        at_ms: 0,
        body,
        statement: None,
    }
}

fn pack(id: &str) -> EntryBody {
    EntryBody::Policy {
        id: id.into(),
        json: "{}".into(),
    }
}

fn sent(effect: Effect) -> SyncRequest {
    match effect {
        Effect::SendSync(request) => *request,
        other => panic!("not a request: {other:?}"),
    }
}

const STORED: Event = Event::Stored { last_applied: None };

#[test]
fn a_days_work_is_one_round_trip() {
    let mut session = session_at(5);
    let Effect::LoadOutbox { after: 0, .. } = session.start() else {
        panic!();
    };
    let request = sent(session.on(outbox(vec![queued(1, 10), queued(2, 10)], false)));
    assert_eq!(request.outbox.len(), 2);
    assert_eq!(request.cursor, Some(cursor(5)));
    assert_eq!(request.last_applied.unwrap().seq, 5);
    let outcomes: Vec<_> = [(1u8, 6), (2, 7)]
        .map(|(byte, seq)| (ChangeHash([byte; 32]), Outcome::Accepted { seq }))
        .into();
    let answer = response(outcomes.clone(), vec![entry(8, pack("a"))], 8);
    let Effect::Store(batch) = session.on(Event::Response(Box::new(answer))) else {
        panic!();
    };
    assert_eq!(batch.outcomes, outcomes);
    assert_eq!(batch.cursor, Some(cursor(8)));
    assert_eq!(batch.entries.len(), 1);
    assert_eq!(session.on(STORED), Effect::Done);
}

#[test]
fn a_large_outbox_goes_in_parts_and_a_long_log_in_pages() {
    let mut session = session_at(0);
    session.start();
    let request = sent(session.on(outbox(
        vec![queued(1, 70_000), queued(2, 70_000), queued(3, 10)],
        true,
    )));
    assert_eq!(request.outbox.len(), 1);
    let answer = response(
        vec![(ChangeHash([1; 32]), Outcome::Accepted { seq: 1 })],
        vec![],
        1,
    );
    session.on(Event::Response(Box::new(answer)));
    assert!(matches!(
        session.on(STORED),
        Effect::LoadOutbox { after: 1, .. }
    ));
    let request = sent(session.on(outbox(vec![queued(2, 70_000), queued(3, 10)], false)));
    assert_eq!(request.outbox.len(), 2);
    let outcomes = [2u8, 3]
        .map(|byte| {
            let missing = vec![];
            (ChangeHash([byte; 32]), Outcome::Held { missing })
        })
        .into();
    let mut answer = response(outcomes, vec![entry(2, pack("a"))], 2);
    answer.more = true;
    session.on(Event::Response(Box::new(answer)));
    assert!(matches!(
        session.on(STORED),
        Effect::LoadOutbox { after: 3, .. }
    ));
    let request = sent(session.on(outbox(vec![], false)));
    assert_eq!(request.cursor, Some(cursor(2)));
    session.on(Event::Response(Box::new(response(vec![], vec![], 2))));
    assert_eq!(session.on(STORED), Effect::Done);
}

#[test]
fn a_new_tablet_takes_pages_then_the_log_from_their_cursor() {
    let page = |next: Option<&str>| {
        Box::new(SnapshotPage {
            cursor: cursor(40),
            members: vec![],
            member_statements: vec![],
            orders: vec![],
            policies: vec![],
            documents: vec![],
            next: next.map(str::to_owned),
            total_documents: 2,
            done_documents: 1,
            server_time_ms: 0,
        })
    };
    let mut session = SyncSession::new(settings(), Position::default());
    assert!(matches!(session.start(), Effect::SendSnapshot(request) if request.page.is_none()));
    let Effect::StorePage {
        next, cursor: none, ..
    } = session.on(Event::SnapshotPage(page(Some("2"))))
    else {
        panic!();
    };
    assert_eq!((next.as_deref(), none), (Some("2"), None));

    // The app dies here; a new session resumes at the page.
    let position = Position {
        snapshot_page: next,
        ..Position::default()
    };
    let mut session = SyncSession::new(settings(), position);
    let Effect::SendSnapshot(request) = session.start() else {
        panic!();
    };
    assert_eq!(request.page.as_deref(), Some("2"));
    let Effect::StorePage {
        cursor: reached, ..
    } = session.on(Event::SnapshotPage(page(None)))
    else {
        panic!();
    };
    assert_eq!(reached, Some(cursor(40)));
    assert!(matches!(session.on(STORED), Effect::LoadOutbox { .. }));
    let request = sent(session.on(outbox(vec![], false)));
    assert_eq!(request.cursor, Some(cursor(40)));
}

#[test]
fn a_page_that_leads_to_itself_stops() {
    let position = Position {
        snapshot_page: Some("2".into()),
        ..Position::default()
    };
    let mut session = SyncSession::new(settings(), position);
    session.start();
    let page = SnapshotPage {
        cursor: cursor(1),
        members: vec![],
        member_statements: vec![],
        orders: vec![],
        policies: vec![],
        documents: vec![],
        next: Some("2".into()),
        total_documents: 0,
        done_documents: 0,
        server_time_ms: 0,
    };
    assert_eq!(
        session.on(Event::SnapshotPage(Box::new(page))),
        Effect::Stopped
    );
}

/// What a strange server does to a good answer.
type Spoil = fn(&mut SyncResponse, Cursor);

#[test]
fn a_server_that_talks_nonsense_is_not_believed() {
    let strange_scope = Cursor {
        scope: UnitId(Uuid::from_u128(2)),
        ..cursor(9)
    };
    let good = || response(vec![], vec![entry(6, pack("a"))], 9);
    let cases: [(&str, Spoil); 7] = [
        ("an outcome nobody asked for", |answer, _| {
            answer.outcomes = vec![(ChangeHash([5; 32]), Outcome::Accepted { seq: 1 })];
        }),
        ("a cursor that goes back", |answer, _| {
            answer.cursor = Some(cursor(4))
        }),
        ("another scope", |answer, strange| {
            answer.cursor = Some(strange)
        }),
        ("another epoch", |answer, _| {
            answer.cursor = Some(Cursor {
                epoch: 2,
                ..cursor(9)
            });
        }),
        ("an entry from before", |answer, _| {
            answer.entries[0].seq = 5
        }),
        ("an entry from behind the cursor", |answer, _| {
            answer.entries[0].seq = 10
        }),
        ("entries without a cursor", |answer, _| answer.cursor = None),
    ];
    for (name, spoil) in cases {
        let mut session = session_at(5);
        session.start();
        session.on(outbox(vec![], false));
        let mut answer = good();
        spoil(&mut answer, strange_scope);
        let effect = session.on(Event::Response(Box::new(answer)));
        assert_eq!(effect, Effect::Stopped, "{name}");
    }
    let mut session = session_at(5);
    session.start();
    session.on(outbox(vec![], false));
    let effect = session.on(Event::Response(Box::new(good())));
    assert!(matches!(effect, Effect::Store(_)));
}

#[test]
fn a_reset_keeps_outcomes_and_ends_the_session() {
    let mut session = session_at(5);
    session.start();
    session.on(outbox(vec![queued(1, 10)], false));
    let outcomes = vec![(ChangeHash([1; 32]), Outcome::Accepted { seq: 2 })];
    let mut answer = response(outcomes, vec![entry(2, EntryBody::Reset)], 0);
    answer.cursor = None;
    let Effect::Store(batch) = session.on(Event::Response(Box::new(answer))) else {
        panic!();
    };
    assert!(batch.reset && batch.entries.is_empty() && batch.cursor.is_none());
    assert_eq!(batch.outcomes.len(), 1);
    assert_eq!(session.on(STORED), Effect::Done);
}

#[test]
fn after_a_reset_the_outbox_goes_first_and_a_snapshot_only_once_the_server_shows_something() {
    let hold = |hold| {
        let mut answer = response(vec![], vec![], 0);
        answer.cursor = None;
        answer.recovery = Some(protocol::Recovery {
            hold,
            since_ms: 1,
            returned: 0,
            unexplained: 0,
        });
        Event::Response(Box::new(answer))
    };
    let position = Position {
        loaded: true,
        ..Position::default()
    };
    let mut session = SyncSession::new(settings(), position.clone());
    assert!(matches!(session.start(), Effect::LoadOutbox { .. }));
    assert_eq!(sent(session.on(outbox(vec![], false))).cursor, None);
    session.on(hold(true));
    assert_eq!(session.on(STORED), Effect::Done);

    let mut session = SyncSession::new(settings(), position);
    session.start();
    session.on(outbox(vec![], false));
    session.on(hold(false));
    assert!(matches!(session.on(STORED), Effect::SendSnapshot(request) if request.page.is_none()));
}

#[test]
fn a_busy_server_is_left_alone_and_a_lost_one_stops_the_session() {
    let mut session = session_at(5);
    session.start();
    session.on(outbox(vec![], false));
    let mut busy = response(vec![], vec![], 5);
    busy.retry_after_s = Some(30);
    session.on(Event::Response(Box::new(busy)));
    assert_eq!(session.on(STORED), Effect::Wait { seconds: 30 });

    let mut session = session_at(5);
    session.start();
    assert_eq!(session.on(Event::Failed), Effect::Stopped);
    assert_eq!(session.on(STORED), Effect::Stopped);
}

#[test]
fn a_part_is_bounded_by_bytes_and_count_but_never_empty() {
    let count = |items: Vec<Queued>| pack_part(items).len();
    assert_eq!(count(vec![]), 0);
    assert_eq!(
        count(vec![queued(1, limits::PART_RAW_BYTES * 2), queued(2, 1)]),
        1
    );
    let one = queued(1, 0).envelope.raw_bytes();
    let room = limits::PART_RAW_BYTES - one;
    for (more, expected) in [(-1i64, 2), (0, 2), (1, 1)] {
        let bytes = usize::try_from(i64::try_from(room - one).unwrap() + more).unwrap();
        assert_eq!(count(vec![queued(1, 0), queued(2, bytes)]), expected);
    }
    for (offered, expected) in [
        (limits::PART_ENVELOPES - 1, limits::PART_ENVELOPES - 1),
        (limits::PART_ENVELOPES, limits::PART_ENVELOPES),
        (limits::PART_ENVELOPES + 1, limits::PART_ENVELOPES),
    ] {
        assert_eq!(count(vec![queued(1, 0); offered]), expected);
    }
}
