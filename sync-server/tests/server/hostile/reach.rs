//! Other people's files: other villages, sealed detail, guessed ids and cursors.

use super::attacks;
use super::siege::{Siege, last};
use crate::support::{Doc, hash_of};
use ids::{DocKind, UnitId};
use protocol::{
    EntryBody, Outcome, PROTOCOL_VERSION, RefusalCode, SnapshotPage, SnapshotRequest, SyncResponse,
};
use uuid::Uuid;

/// A file of the other village, at the server.
async fn file_elsewhere(siege: &mut Siege) -> (Doc, Vec<u8>) {
    let mut doc = siege.stranger.document(DocKind::Child, siege.elsewhere);
    let first = siege.stranger.edit(&mut doc, "name", "周子涵");
    let response = siege
        .stranger
        .sync(None, vec![first.clone()])
        .await
        .unwrap();
    assert!(last(&response).is_in_log());
    (doc, first.change)
}

async fn page(
    siege: &mut Siege,
    token: &str,
) -> Result<SnapshotPage, (u16, protocol::ErrorMessage)> {
    siege
        .attacker
        .post(
            "/snapshot",
            &SnapshotRequest {
                protocol: PROTOCOL_VERSION,
                page: Some(token.to_owned()),
                want_bytes: 0,
            },
        )
        .await
}

attacks! {
    a_file_of_another_village_is_not_written => async |siege: &mut Siege| {
        let (doc, first) = file_elsewhere(siege).await;
        let mut copy = Doc::new(&siege.attacker, doc.header.clone());
        copy.take(&first);
        let change = copy.put("name", "x");
        let head = siege.attacker.head(&doc.header, &change, false);
        siege.refused(&head, change, RefusalCode::NotYourUnit).await;
    };
    a_file_is_not_begun_anywhere_else => async |siege: &mut Siege| {
        let station = siege.world.report.scope;
        for unit in [siege.elsewhere, station, UnitId(Uuid::nil()), UnitId(Uuid::from_u128(9)), siege.world.report.district] {
            let mut doc = siege.attacker.document(DocKind::Child, unit);
            let change = doc.put("name", "x");
            let head = siege.attacker.head(&doc.header, &change, true);
            siege.refused(&head, change, RefusalCode::NotYourUnit).await;
        }
    };
    an_id_of_another_village_is_not_taken_over => async |siege: &mut Siege| {
        let (doc, _) = file_elsewhere(siege).await;
        let mut header = doc.header.clone();
        header.home_unit = siege.village;
        header.creator = siege.attacker.enrolled.device;
        let change = Doc::new(&siege.attacker, header.clone()).put("name", "x");
        let head = siege.attacker.head(&header, &change, true);
        siege.refused_with(&head, change, &[RefusalCode::NotYourUnit, RefusalCode::Malformed]).await;
    };
    a_file_is_not_made_into_something_else => async |siege: &mut Siege| {
        let change = siege.change();
        for kind in [DocKind::Household, DocKind::Restricted, DocKind::Problem] {
            let mut head = siege.head(&change);
            let mut header = siege.copy.header.clone();
            header.kind = kind;
            head.header = Some(header);
            siege.refused(&head, change.clone(), RefusalCode::Malformed).await;
        }
    };
    a_file_is_not_moved_by_its_header => async |siege: &mut Siege| {
        let change = siege.change();
        let mut head = siege.head(&change);
        let mut header = siege.copy.header.clone();
        header.home_unit = siege.elsewhere;
        head.header = Some(header);
        siege.refused(&head, change, RefusalCode::Malformed).await;
    };
    a_generation_that_never_was_is_refused => async |siege: &mut Siege| {
        for generation in [0, 2, u32::MAX] {
            let mut header = siege.copy.header.clone();
            header.generation = generation;
            let change = Doc::new(&siege.attacker, header.clone()).put("alias", "x");
            let head = siege.attacker.head(&header, &change, false);
            siege.refused(&head, change, RefusalCode::Generation).await;
        }
    };
    sealed_detail_is_never_read_back => async |siege: &mut Siege| {
        let station = siege.world.report.scope;
        let mut detail = siege.honest.document(DocKind::Restricted, station);
        let sealed = siege.honest.edit(&mut detail, "text", "只给站里看");
        let response = siege.honest.sync(None, vec![sealed.clone()]).await.unwrap();
        assert!(last(&response).is_in_log());
        let document = detail.header.document;
        for device in [&mut siege.attacker, &mut siege.stranger] {
            let start = device.start();
            let seen = device.sync(Some(start), vec![]).await.unwrap();
            let told = seen.entries.iter().any(|entry| matches!(&entry.body,
                EntryBody::Change { envelope, .. } if envelope.change == sealed.change));
            assert!(!told);
            let pages = device.snapshot(0).await;
            assert!(pages.iter().flat_map(|page| &page.documents).all(|other| other.document != document));
        }
    };
    sealed_detail_of_another_tablet_is_not_written => async |siege: &mut Siege| {
        let station = siege.world.report.scope;
        let mut detail = siege.honest.document(DocKind::Restricted, station);
        let sealed = siege.honest.edit(&mut detail, "text", "只给站里看");
        siege.honest.sync(None, vec![sealed.clone()]).await.unwrap();
        let mut copy = Doc::new(&siege.attacker, detail.header.clone());
        copy.take(&sealed.change);
        let change = copy.put("text", "x");
        let head = siege.attacker.head(&detail.header, &change, false);
        siege.refused(&head, change, RefusalCode::KindDenied).await;
    };
    sealed_detail_is_not_filed_in_a_village => async |siege: &mut Siege| {
        let mut doc = siege.attacker.document(DocKind::Restricted, siege.village);
        let change = doc.put("text", "x");
        let head = siege.attacker.head(&doc.header, &change, true);
        siege.refused(&head, change, RefusalCode::NotYourUnit).await;
    };
    a_cursor_of_another_scope_reads_nothing => async |siege: &mut Siege| {
        file_elsewhere(siege).await;
        for scope in [siege.elsewhere, siege.village, UnitId(Uuid::nil()), siege.world.report.district] {
            let mut cursor = siege.attacker.start();
            cursor.scope = scope;
            let answer = siege.attacker.sync(Some(cursor), vec![]).await.unwrap();
            assert_eq!(answer.entries.len(), 1);
            assert_eq!(answer.entries[0].body, EntryBody::Reset);
        }
    };
    a_cursor_from_the_future_reads_nothing => async |siege: &mut Siege| {
        for seq in [u64::MAX, i64::MAX as u64, 1 << 40] {
            let mut cursor = siege.attacker.start();
            cursor.seq = seq;
            let answer = siege.attacker.sync(Some(cursor), vec![]).await.unwrap();
            assert!(answer.entries.iter().all(|entry| entry.body == EntryBody::Reset));
        }
    };
    the_log_tells_a_village_nothing_of_another => async |siege: &mut Siege| {
        let (doc, first) = file_elsewhere(siege).await;
        let start = siege.attacker.start();
        let answer: SyncResponse = siege.attacker.sync(Some(start), vec![]).await.unwrap();
        for entry in answer.entries {
            if let EntryBody::Change { envelope, home_unit, .. } = entry.body {
                assert_eq!(home_unit, siege.village);
                assert_ne!(hash_of(&envelope.change), hash_of(&first));
            }
        }
        let pages = siege.attacker.snapshot(0).await;
        assert!(pages.iter().flat_map(|page| &page.documents).all(|other| other.document != doc.header.document));
    };
    page_tokens_made_up_open_nothing => async |siege: &mut Siege| {
        let (doc, _) = file_elsewhere(siege).await;
        let just_before = Uuid::from_u128(doc.header.document.0.as_u128() - 1);
        for token in [String::new(), "x".into(), "....".into(), "1.1.1.x.1".into(), "1.-1.0.0.0".into(), format!("0.1.{}.0", Uuid::nil().simple()),
            format!("1.{}.0.{}.0.0", u64::MAX, Uuid::nil().simple()), "1.1.1.1.1.1".into(),
            format!("1.0.9223372036854775808.{}.0", Uuid::nil().simple())] {
            let answer = page(siege, &token).await;
            assert!(matches!(answer, Err((400..=499, _))), "{token}: {answer:?}");
        }
        let answer = page(siege, &format!("1.0.1.{}.0", just_before.simple())).await.unwrap();
        assert!(answer.documents.iter().all(|other| other.home_unit == siege.village));
    };
    a_count_made_up_in_a_token_harms_nobody => async |siege: &mut Siege| {
        let token = format!("1.0.0.{}.{}", Uuid::nil().simple(), u32::MAX);
        let answer = page(siege, &token).await;
        assert!(answer.is_ok() || matches!(answer, Err((400..=499, _))), "{answer:?}");
    };
    ids_of_nothing_tell_nothing => async |siege: &mut Siege| {
        // Whether a file exists elsewhere is not told by another answer than for one that exists nowhere.
        let (doc, _) = file_elsewhere(siege).await;
        let mut invented = doc.header.clone();
        invented.document.0 = Uuid::from_u128(4711);
        let mut answers = Vec::new();
        for header in [doc.header.clone(), invented] {
            let change = Doc::new(&siege.attacker, header.clone()).put("name", "x");
            let head = siege.attacker.head(&header, &change, false);
            let sealed = siege.attacker.seal(&head, change);
            answers.push(matches!(siege.send(sealed).await, Outcome::Refused { .. }));
        }
        assert_eq!(answers, [true, true]);
    };
}
