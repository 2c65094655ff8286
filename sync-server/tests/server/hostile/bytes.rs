//! Bytes that promise more than they weigh, end early, or are something else altogether.

use super::attacks;
use super::craft::{
    self, ACTION, Craft, INSERT, KEY_STRING, OBJECT_ACTOR, OBJECT_COUNTER, PRED_ACTOR,
    PRED_COUNTER, PRED_GROUP, VALUE, VALUE_METADATA, chunk, run, signed, unsigned,
};
use super::siege::Siege;
use ids::ChangeHash;
use protocol::{Outcome, RefusalCode, envelope, limits};

/// Other bytes under the head of an honest change whose hash is theirs.
async fn instead(siege: &mut Siege, bytes: Vec<u8>, expected: &[RefusalCode]) {
    let change = siege.change();
    let mut head = siege.head(&change);
    if bytes.len() > 9 {
        head.hash = ChangeHash(craft::hash_of(&bytes));
    }
    siege.refused_with(&head, bytes, expected).await;
}

/// Small deterministic randomness (xorshift) with a seed that is printed when something fails.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }
}

attacks! {
    a_kilobyte_that_promises_a_million_operations_is_refused => async |siege: &mut Siege| {
        let honest = siege.craft();
        let bomb = honest
            .with_column(ACTION, run(1_000_000, &[1]))
            .with_column(INSERT, [unsigned(0), unsigned(1_000_000)].concat())
            .with_column(VALUE_METADATA, run(1_000_000, &[0]));
        assert!(bomb.bytes().len() < 1_100);
        let head = siege.head_for(&bomb, 1_000_000);
        siege.refused(&head, bomb.bytes(), RefusalCode::TooManyOps).await;
    };
    one_operation_over_the_limit_is_refused => async |siege: &mut Siege| {
        let over = i64::try_from(limits::CHANGE_OPS + 1).unwrap();
        let bomb = siege.craft().with_column(ACTION, run(over, &[1]));
        let head = siege.head_for(&bomb, u32::try_from(over).unwrap());
        siege.refused(&head, bomb.bytes(), RefusalCode::TooManyOps).await;
    };
    numbers_beyond_all_numbers_are_refused => async |siege: &mut Siege| {
        for times in [i64::MAX, i64::MIN, i64::MIN + 1, 0] {
            let bomb = siege.craft().with_column(ACTION, run(times, &[1]));
            siege.turned_away(&bomb, 1).await;
        }
    };
    a_column_of_endless_nothing_is_refused => async |siege: &mut Siege| {
        for count in [u64::MAX, 1 << 40, limits::COLUMN_ENTRIES + 1] {
            let nulls = [signed(0), unsigned(count)].concat();
            for column in [ACTION, KEY_STRING, OBJECT_ACTOR, OBJECT_COUNTER, VALUE_METADATA, PRED_GROUP] {
                let bomb = siege.craft().with_column(column, nulls.clone());
                siege.turned_away(&bomb, 1).await;
            }
        }
    };
    a_column_of_endless_truth_is_refused => async |siege: &mut Siege| {
        for count in [u64::MAX, 1 << 33, limits::COLUMN_ENTRIES + 1] {
            let bomb = siege.craft().with_column(INSERT, [unsigned(1), unsigned(count)].concat());
            siege.turned_away(&bomb, 1).await;
        }
    };
    a_group_that_claims_endless_predecessors_is_refused => async |siege: &mut Siege| {
        for count in [u64::MAX, 1 << 32, limits::COLUMN_ENTRIES + 1] {
            let bomb = siege.craft().with_column(PRED_GROUP, run(1, &unsigned(count)));
            siege.turned_away(&bomb, 1).await;
        }
    };
    predecessors_that_do_not_add_up_are_refused => async |siege: &mut Siege| {
        let bomb = siege.craft()
            .with_column(PRED_GROUP, run(1, &unsigned(3)))
            .with_column(PRED_ACTOR, run(3, &unsigned(0)))
            .with_column(PRED_COUNTER, run(3, &signed(1)));
        siege.turned_away(&bomb, 1).await;
    };
    a_key_as_long_as_the_change_is_refused => async |siege: &mut Siege| {
        for length in [u64::MAX, 1 << 31, 1 << 20] {
            let bomb = siege.craft().with_column(KEY_STRING, [signed(-1), unsigned(length), vec![b'k'; 8]].concat());
            siege.turned_away(&bomb, 1).await;
        }
    };
    a_value_longer_than_what_follows_is_refused => async |siege: &mut Siege| {
        for length in [u64::MAX >> 4, 1 << 30, 1 << 16, 200] {
            let bomb = siege.craft()
                .with_column(VALUE_METADATA, run(1, &unsigned(length << 4 | 6)))
                .with_column(VALUE, b"x".to_vec());
            siege.turned_away(&bomb, 1).await;
        }
    };
    a_value_of_no_known_type_does_no_harm => async |siege: &mut Siege| {
        for kind in 0..16u64 {
            let craft = siege.craft()
                .with_column(VALUE_METADATA, run(1, &unsigned(2 << 4 | kind)))
                .with_column(VALUE, vec![0xff, 0xfe]);
            let head = siege.head_for(&craft, 1);
            let sealed = siege.attacker.seal(&head, craft.bytes());
            siege.send(sealed).await;
        }
    };
    an_action_nobody_knows_does_no_harm => async |siege: &mut Siege| {
        for action in [8, 9, 50, 1 << 20, u64::MAX >> 1] {
            let craft = siege.craft().with_column(ACTION, run(1, &unsigned(action)));
            let head = siege.head_for(&craft, 1);
            let sealed = siege.attacker.seal(&head, craft.bytes());
            siege.send(sealed).await;
        }
    };
    an_operation_on_an_object_that_never_was_does_no_harm => async |siege: &mut Siege| {
        for counter in [500u64, 1 << 31, 1 << 40] {
            let craft = siege.craft()
                .with_column(OBJECT_ACTOR, run(1, &unsigned(0)))
                .with_column(OBJECT_COUNTER, run(1, &unsigned(counter)));
            let head = siege.head_for(&craft, 1);
            let sealed = siege.attacker.seal(&head, craft.bytes());
            siege.send(sealed).await;
        }
    };
    an_actor_outside_the_table_does_no_harm => async |siege: &mut Siege| {
        for index in [1u64, 7, 255, 1 << 32] {
            let craft = siege.craft()
                .with_column(OBJECT_ACTOR, run(1, &unsigned(index)))
                .with_column(OBJECT_COUNTER, run(1, &unsigned(1)));
            let head = siege.head_for(&craft, 1);
            let sealed = siege.attacker.seal(&head, craft.bytes());
            siege.send(sealed).await;
        }
    };
    a_deflated_change_is_not_opened => async |siege: &mut Siege| {
        let change = siege.change();
        let body = Craft::of(&change).body();
        let mut deflated = change.clone();
        deflated[8] = 2;
        instead(siege, deflated, &[RefusalCode::Malformed, RefusalCode::HashMismatch]).await;
        instead(siege, chunk(2, &body), &[RefusalCode::Malformed]).await;
    };
    a_whole_document_is_not_a_change => async |siege: &mut Siege| {
        let saved = siege.copy.automerge.save();
        instead(siege, saved, &[RefusalCode::Malformed]).await;
    };
    chunks_of_other_kinds_are_not_changes => async |siege: &mut Siege| {
        let body = siege.craft().body();
        for kind in [0u8, 3, 4, 200] {
            instead(siege, chunk(kind, &body), &[RefusalCode::Malformed]).await;
        }
    };
    a_deflated_column_is_not_opened => async |siege: &mut Siege| {
        let craft = siege.craft().with_column(VALUE | 0b1000, vec![0x78, 0x9c, 0]);
        siege.turned_away(&craft, 1).await;
    };
    columns_out_of_order_or_twice_are_refused => async |siege: &mut Siege| {
        let mut backwards = siege.craft();
        backwards.columns.reverse();
        siege.turned_away(&backwards, 1).await;
        let mut twice = siege.craft();
        twice.columns.insert(0, twice.columns[0].clone());
        siege.turned_away(&twice, 1).await;
    };
    too_many_columns_are_refused => async |siege: &mut Siege| {
        let mut craft = siege.craft();
        for id in 100..100 + limits::CHANGE_COLUMNS {
            craft.columns.push((id << 4 | 2, vec![]));
        }
        siege.turned_away(&craft, 1).await;
    };
    more_bytes_than_the_change_are_refused => async |siege: &mut Siege| {
        let change = siege.change();
        let longer = [change.as_slice(), &[0]].concat();
        let head = siege.head(&change);
        siege.refused_with(&head, longer, &[RefusalCode::Malformed]).await;
        let twice = [change.as_slice(), change.as_slice()].concat();
        let head = siege.head(&change);
        siege.refused_with(&head, twice, &[RefusalCode::Malformed]).await;
    };
    bytes_after_the_columns_are_few_or_none => async |siege: &mut Siege| {
        let mut craft = siege.craft();
        craft.extra = vec![7; 100_000];
        siege.turned_away(&craft, 1).await;
    };
    a_wrong_checksum_is_refused => async |siege: &mut Siege| {
        let change = siege.change();
        for at in 4..8 {
            let mut altered = change.clone();
            altered[at] ^= 0x10;
            let head = siege.head(&change);
            siege.refused(&head, altered, RefusalCode::HashMismatch).await;
        }
    };
    a_change_cut_anywhere_is_refused => async |siege: &mut Siege| {
        let change = siege.change();
        for end in (0..change.len()).step_by(5) {
            let head = siege.head(&change);
            siege.refused_with(&head, change[..end].to_vec(), &[
                RefusalCode::Malformed, RefusalCode::HashMismatch, RefusalCode::TooLarge,
            ]).await;
        }
    };
    a_change_over_its_size_is_refused => async |siege: &mut Siege| {
        let text = "x".repeat(limits::CHANGE_BYTES + 1);
        let small = siege.change();
        let large = siege.copy.put("text", &text);
        assert!(large.len() > limits::CHANGE_BYTES);
        let mut head = siege.head(&small);
        head.hash = ChangeHash(craft::hash_of(&large));
        siege.refused(&head, large, RefusalCode::TooLarge).await;
    };
    actors_of_every_wrong_length_are_refused => async |siege: &mut Siege| {
        for length in [0usize, 1, 15, 17, 64, 65, 300] {
            let mut craft = siege.craft();
            craft.actor = vec![9; length];
            let head = siege.head_for(&craft, 1);
            siege.refused_with(&head, craft.bytes(), &[
                RefusalCode::ActorMismatch, RefusalCode::TooLarge, RefusalCode::Malformed,
            ]).await;
        }
    };
    too_many_actors_are_refused => async |siege: &mut Siege| {
        let mut craft = siege.craft();
        craft.other_actors = (0..=u16::try_from(limits::CHANGE_ACTORS).unwrap())
            .map(|number| number.to_be_bytes().repeat(8)).collect();
        siege.turned_away(&craft, 1).await;
    };
    a_head_that_is_too_long_or_no_head_is_refused => async |siege: &mut Siege| {
        let change = siege.change();
        let head = siege.head(&change);
        let honest = envelope::seal(&siege.attacker.key, &head, change).unwrap();
        for forged in [vec![], vec![0xc0], vec![7; limits::HEAD_BYTES], vec![7; limits::HEAD_BYTES + 1],
            honest.head[..honest.head.len() - 1].to_vec(), [honest.head.as_slice(), &[0xc0]].concat()] {
            let mut envelope = honest.clone();
            envelope.head = forged;
            let outcome = siege.send(envelope).await;
            assert!(matches!(outcome, Outcome::Refused {
                code: RefusalCode::Malformed | RefusalCode::TooLarge | RefusalCode::BadSignature
            }), "{outcome:?}");
        }
        siege.attacker_may_go_on().await;
    };
    a_head_of_a_version_to_come_is_refused => async |siege: &mut Siege| {
        let change = siege.change();
        let mut head = siege.head(&change);
        head.version = envelope::ENVELOPE_VERSION + 1;
        let chain = (siege.attacker.dev_seq, siege.attacker.previous);
        let sealed = siege.attacker.seal(&head, change);
        (siege.attacker.dev_seq, siege.attacker.previous) = chain;
        let outcome = siege.send(sealed).await;
        assert_eq!(outcome, Outcome::Refused { code: RefusalCode::Malformed });
    };
    six_hundred_broken_changes_break_nobody_else => async |siege: &mut Siege| {
        // Bytes altered anywhere, the checksum mended: whatever is taken must not hurt the file.
        let mut dice = Dice(0x5eed);
        let mut taken = 0;
        for _ in 0..6 {
            let mut part = Vec::new();
            for _ in 0..100 {
                let honest = siege.craft();
                let mut body = honest.body();
                for _ in 0..=dice.roll(3) {
                    let at = dice.roll(body.len());
                    body[at] ^= u8::try_from(1 << dice.roll(8)).unwrap();
                }
                let bytes = chunk(1, &body);
                let read = protocol::change_header::read(&bytes);
                let mut head = siege.head_for(&honest, 1);
                head.hash = ChangeHash(craft::hash_of(&bytes));
                if let Ok(read) = read {
                    head.actor = read.actor.try_into().unwrap_or([0; 16]);
                    (head.seq, head.start_op) = (read.seq, read.start_op);
                    head.ops = u32::try_from(read.ops).unwrap();
                }
                part.push(siege.attacker.seal(&head, bytes));
            }
            let response = siege.attacker.sync(None, part).await.unwrap();
            taken += response.outcomes.iter().filter(|(_, outcome)| outcome.is_in_log()).count();
        }
        println!("{taken} of 600 were taken and did no harm");
    };
}
