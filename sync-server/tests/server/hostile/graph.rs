//! Pasts that nobody has, numbers nobody reached, and documents without their beginning.

use super::attacks;
use super::siege::{Siege, last};
use crate::support::{Doc, hash_of};
use automerge::transaction::Transactable;
use automerge::{ObjType, ROOT};
use ids::DocKind;
use protocol::{Outcome, RefusalCode, genesis, limits};

attacks! {
    an_orphan_waits_and_says_for_what => async |siege: &mut Siege| {
        let lost = siege.change();
        let orphan = siege.change();
        let head = siege.head(&orphan);
        let sealed = siege.attacker.seal(&head, orphan);
        let outcome = siege.send(sealed).await;
        assert_eq!(outcome, Outcome::Held { missing: vec![hash_of(&lost)] });
    };
    a_flood_of_orphans_in_one_file_is_bounded => async |siege: &mut Siege| {
        siege.change();
        let mut outcomes = Vec::new();
        for _ in 0..3 {
            let mut part = Vec::new();
            for _ in 0..110 {
                let mut craft = siege.craft();
                craft.deps = vec![[u8::try_from(part.len()).unwrap(); 32]];
                let head = siege.head_for(&craft, 1);
                part.push(siege.attacker.seal(&head, craft.bytes()));
            }
            let response = siege.attacker.sync(None, part).await.unwrap();
            outcomes.extend(response.outcomes);
        }
        let held = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Held { .. })).count();
        assert!(held as u64 <= limits::HELD_PER_DOCUMENT, "{held}");
        assert_eq!(outcomes.last().unwrap().1, Outcome::Refused { code: RefusalCode::HeldMissing });
    };
    an_orphan_of_an_unknown_file_is_refused => async |siege: &mut Siege| {
        let mut doc = siege.attacker.document(DocKind::Child, siege.village);
        doc.put("name", "x");
        let change = doc.put("alias", "y");
        let head = siege.attacker.head(&doc.header, &change, false);
        siege.refused(&head, change, RefusalCode::UnknownDocument).await;
    };
    a_file_cannot_begin_in_the_middle => async |siege: &mut Siege| {
        let mut doc = siege.attacker.document(DocKind::Child, siege.village);
        doc.put("name", "x");
        let change = doc.put("alias", "y");
        let head = siege.attacker.head(&doc.header, &change, true);
        siege.refused(&head, change, RefusalCode::NotApplicable).await;
    };
    a_dependency_in_another_file_does_not_count => async |siege: &mut Siege| {
        let mut other = siege.attacker.document(DocKind::Household, siege.village);
        let elsewhere = siege.attacker.edit(&mut other, "address", "x");
        assert!(siege.send(elsewhere.clone()).await.is_in_log());
        let mut craft = siege.craft();
        craft.deps.push(hash_of(&elsewhere.change).0);
        let head = siege.head_for(&craft, 1);
        let sealed = siege.attacker.seal(&head, craft.bytes());
        let outcome = siege.send(sealed).await;
        assert_eq!(outcome, Outcome::Held { missing: vec![hash_of(&elsewhere.change)] });
    };
    what_follows_a_refused_change_waits_for_it => async |siege: &mut Siege| {
        let bad = siege.change();
        let mut head = siege.head(&bad);
        head.ops += 1;
        siege.refused(&head, bad.clone(), RefusalCode::Malformed).await;
        let next = siege.change();
        let head = siege.head(&next);
        let sealed = siege.attacker.seal(&head, next);
        let outcome = siege.send(sealed).await;
        assert_eq!(outcome, Outcome::Held { missing: vec![hash_of(&bad)] });
    };
    too_many_dependencies_are_refused => async |siege: &mut Siege| {
        let mut craft = siege.craft();
        craft.deps = (0..=u8::try_from(limits::CHANGE_DEPS).unwrap()).map(|byte| [byte; 32]).collect();
        siege.turned_away(&craft, 1).await;
    };
    the_same_dependency_twice_is_refused => async |siege: &mut Siege| {
        let mut craft = siege.craft();
        craft.deps.push(craft.deps[0]);
        siege.turned_away(&craft, 1).await;
    };
    a_counter_that_jumps_ahead_is_refused => async |siege: &mut Siege| {
        for jump in [1, 1 << 20, 1 << 31] {
            let mut craft = siege.craft();
            craft.start_op += jump;
            siege.turned_away(&craft, 1).await;
        }
    };
    a_counter_at_the_end_of_all_numbers_is_refused => async |siege: &mut Siege| {
        for start_op in [u64::from(u32::MAX) - 2, u64::from(u32::MAX), 1 << 32, u64::MAX] {
            let mut craft = siege.craft();
            craft.start_op = start_op;
            siege.turned_away(&craft, 1).await;
        }
    };
    a_counter_that_falls_back_is_refused => async |siege: &mut Siege| {
        for start_op in [0, 1, siege.craft().start_op - 1] {
            let mut craft = siege.craft();
            craft.start_op = start_op;
            siege.turned_away(&craft, 1).await;
        }
    };
    a_head_that_counts_otherwise_is_refused => async |siege: &mut Siege| {
        let change = siege.change();
        for lie in 0..3 {
            let mut head = siege.head(&change);
            match lie {
                0 => head.ops += 1,
                1 => head.seq += 1,
                _ => head.start_op += 1,
            }
            siege.refused(&head, change.clone(), RefusalCode::Malformed).await;
        }
    };
    the_constants_are_nobodys_to_send => async |siege: &mut Siege| {
        for constant in genesis::constants(DocKind::Child, 1).unwrap() {
            let head = siege.head(constant.bytes);
            siege.refused_with(&head, constant.bytes.to_vec(), &[
                RefusalCode::ActorMismatch, RefusalCode::Malformed,
            ]).await;
        }
    };
    a_file_without_its_birth_is_refused => async |siege: &mut Siege| {
        // A change that follows nothing at all is not one of a file of ours.
        let mut doc = siege.attacker.document(DocKind::Child, siege.village);
        doc.automerge = automerge::AutoCommit::new();
        doc.automerge.set_actor(automerge::ActorId::from(siege.own_actor(doc.header.document).as_slice()));
        let change = doc.put("name", "x");
        let head = siege.attacker.head(&doc.header, &change, true);
        siege.refused_with(&head, change, &[RefusalCode::NotApplicable, RefusalCode::Quarantined]).await;
    };
    a_container_everybody_shares_is_not_replaced => async |siege: &mut Siege| {
        // Whoever puts a new map in its place hides everything that anybody wrote into the old one.
        siege.copy.automerge.put_object(ROOT, "visits", ObjType::Map).unwrap();
        let change = siege.copy.commit();
        let head = siege.head(&change);
        siege.refused_with(&head, change, &[RefusalCode::NotApplicable, RefusalCode::Quarantined]).await;
    };
    a_container_everybody_shares_is_not_removed => async |siege: &mut Siege| {
        siege.copy.automerge.delete(ROOT, "visits").unwrap();
        let change = siege.copy.commit();
        let head = siege.head(&change);
        siege.refused_with(&head, change, &[RefusalCode::NotApplicable, RefusalCode::Quarantined]).await;
    };
    a_stranger_cannot_fill_a_file_to_the_brim => async |siege: &mut Siege| {
        // Eight megabytes are the limit of a file: what is over it is refused, what was there stays.
        let text = |number: u32| number.to_string() + &"长".repeat(70_000);
        let mut doc = siege.attacker.document(DocKind::Problem, siege.village);
        let mut refused = 0;
        let mut outcomes = Vec::new();
        for number in 0..50 {
            let sealed = siege.attacker.edit(&mut doc, "text", &text(number));
            let response = siege.attacker.sync(None, vec![sealed]).await.unwrap();
            outcomes.push(last(&response).clone());
            if *last(&response) == (Outcome::Refused { code: RefusalCode::TooLarge }) {
                refused += 1;
                break;
            }
        }
        assert_eq!(refused, 1, "the file grew without end: {outcomes:?}");
    };
    a_copy_from_elsewhere_keeps_its_past => async |siege: &mut Siege| {
        // Two branches of one file, merged by the attacker's hand: every past is known, so it is taken.
        let mut other = Doc::new(&siege.attacker, siege.copy.header.clone());
        other.take(&siege.written[0].change);
        let change = siege.change();
        let head = siege.head(&change);
        let sealed = siege.attacker.seal(&head, change.clone());
        assert!(siege.send(sealed).await.is_in_log());
    };
}
