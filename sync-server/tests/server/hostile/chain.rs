//! Saying things twice, out of order, or in two versions.

use super::attacks;
use super::siege::{Siege, last};
use crate::support::{Doc, hash_of};
use ids::{DocKind, Incarnation};
use protocol::{Outcome, RefusalCode};
use uuid::Uuid;

attacks! {
    a_change_said_fifty_times_is_kept_once => async |siege: &mut Siege| {
        let change = siege.change();
        let head = siege.head(&change);
        let sealed = siege.attacker.seal(&head, change);
        let response = siege.attacker.sync(None, vec![sealed.clone(); 50]).await.unwrap();
        let taken = response.outcomes.iter()
            .filter(|(_, outcome)| !matches!(outcome, Outcome::AlreadyHad { .. }));
        assert!(taken.count() >= 1);
        let published = siege.published().await;
        let kept = published.values().flatten().filter(|other| **other == sealed).count();
        assert_eq!(kept, 1);
    };
    a_gap_in_the_chain_is_refused_and_may_be_filled => async |siege: &mut Siege| {
        let (one, two) = (siege.change(), siege.change());
        let head = siege.head(&one);
        let first = siege.attacker.seal(&head, one);
        let head = siege.head(&two);
        let second = siege.attacker.seal(&head, two);
        let outcome = siege.send(second.clone()).await;
        assert_eq!(outcome, Outcome::Refused { code: RefusalCode::BadChain });
        assert!(siege.send(first).await.is_in_log());
        assert!(siege.send(second).await.is_in_log());
    };
    a_part_sent_backwards_is_taken_in_order_only => async |siege: &mut Siege| {
        let mut part = Vec::new();
        for _ in 0..4 {
            let change = siege.change();
            let head = siege.head(&change);
            part.push(siege.attacker.seal(&head, change));
        }
        part.reverse();
        let response = siege.attacker.sync(None, part.clone()).await.unwrap();
        let refused = response.outcomes.iter()
            .filter(|(_, outcome)| *outcome == Outcome::Refused { code: RefusalCode::BadChain });
        assert_eq!(refused.count(), 3);
        part.reverse();
        let response = siege.attacker.sync(None, part).await.unwrap();
        assert!(response.outcomes.iter().all(|(_, outcome)| outcome.is_in_log()));
    };
    two_heads_for_one_place_are_a_fork => async |siege: &mut Siege| {
        let change = siege.change();
        let head = siege.head(&change);
        let chain = (siege.attacker.dev_seq, siege.attacker.previous);
        let sealed = siege.attacker.seal(&head, change.clone());
        assert!(siege.send(sealed).await.is_in_log());
        let tip = (siege.attacker.dev_seq, siege.attacker.previous);
        (siege.attacker.dev_seq, siege.attacker.previous) = chain;
        let mut other = head;
        other.wall_ms += 1;
        siege.refused(&other, change, RefusalCode::BadChain).await;
        (siege.attacker.dev_seq, siege.attacker.previous) = tip;
        siege.attacker_may_go_on().await;
    };
    a_chain_is_not_begun_again => async |siege: &mut Siege| {
        siege.attacker_may_go_on().await;
        let change = siege.change();
        let mut head = siege.head(&change);
        (head.dev_seq, head.previous) = (1, [0; 32]);
        siege.refused(&head, change, RefusalCode::BadChain).await;
    };
    a_new_memory_begins_at_one => async |siege: &mut Siege| {
        let incarnation = Incarnation(Uuid::from_u128(77));
        siege.attacker.incarnation = incarnation;
        let mut copy = Doc::new(&siege.attacker, siege.copy.header.clone());
        copy.take(&siege.written[0].change);
        let change = copy.put("alias", "小雨");
        for dev_seq in [0, 2, 5, u64::MAX - 1, u64::MAX] {
            let mut head = siege.attacker.head(&siege.copy.header, &change, false);
            (head.dev_seq, head.previous) = (dev_seq, [0; 32]);
            siege.refused(&head, change.clone(), RefusalCode::BadChain).await;
        }
    };
    anothers_chain_is_not_continued => async |siege: &mut Siege| {
        let change = siege.change();
        let mut head = siege.head(&change);
        (head.dev_seq, head.previous) = (siege.honest.dev_seq + 1, siege.honest.previous);
        siege.refused(&head, change, RefusalCode::BadChain).await;
    };
    one_change_under_two_heads_is_one_change => async |siege: &mut Siege| {
        let change = siege.change();
        let head = siege.head(&change);
        let first = siege.attacker.seal(&head, change.clone());
        assert!(siege.send(first).await.is_in_log());
        let head = siege.head(&change);
        let second = siege.attacker.seal(&head, change.clone());
        let outcome = siege.send(second).await;
        assert!(matches!(outcome, Outcome::AlreadyHad { .. } | Outcome::Taken), "{outcome:?}");
        let hash = hash_of(&change);
        let published = siege.published().await;
        let kept = published.values().flatten().filter(|other| hash_of(&other.change) == hash).count();
        assert_eq!(kept, 1);
    };
    an_actors_number_is_used_once => async |siege: &mut Siege| {
        let header = siege.copy.header.clone();
        let change = siege.change();
        let head = siege.head(&change);
        let sealed = siege.attacker.seal(&head, change);
        assert!(siege.send(sealed).await.is_in_log());
        let mut twin = Doc::new(&siege.attacker, header.clone());
        twin.take(&siege.written[0].change);
        let reused = twin.put("alias", "另一个");
        let head = siege.attacker.head(&header, &reused, false);
        siege.refused(&head, reused, RefusalCode::SeqReused).await;
    };
    an_actors_number_is_not_skipped => async |siege: &mut Siege| {
        let mut craft = siege.craft();
        craft.seq += 5;
        siege.turned_away(&craft, 1).await;
    };
    a_fork_in_a_new_document_touches_no_other => async |siege: &mut Siege| {
        let mut doc = siege.attacker.document(DocKind::Problem, siege.village);
        let first = siege.attacker.edit(&mut doc, "type", "x");
        let response = siege.attacker.sync(None, vec![first.clone(), first.clone()]).await.unwrap();
        assert!(last(&response).is_in_log());
        let mut header = doc.header.clone();
        header.schema = 99;
        let change = doc.put("type", "y");
        let mut head = siege.attacker.head(&doc.header, &change, false);
        head.header = Some(header);
        siege.refused(&head, change, RefusalCode::Malformed).await;
    };
}
