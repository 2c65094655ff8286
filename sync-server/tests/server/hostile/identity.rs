//! Somebody else: sessions, names, keys and signatures that are not the attacker's.

use super::attacks;
use super::craft::Craft;
use super::siege::{Siege, last};
use crate::support::{Device, Doc, Refused, signing_key};
use ids::{DeviceId, DocKind, Incarnation, Role, StaffId, UnitId, actor_id};
use protocol::session::proof;
use protocol::{
    CreateEnrolment, CreateVillage, DeviceList, EnrolmentStatus, NonceRequest, NonceResponse,
    OpenSession, RefusalCode, SessionOpened, SyncResponse, VillageList,
};
use uuid::Uuid;

async fn nonce(siege: &Siege, device: DeviceId) -> [u8; 32] {
    let answer: NonceResponse = siege
        .world
        .http()
        .post("/session/nonce", None, &NonceRequest { device })
        .await
        .unwrap();
    answer.nonce
}

async fn open(siege: &Siege, input: OpenSession) -> Result<SessionOpened, Refused> {
    siege.world.http().post("/session/open", None, &input).await
}

fn proof_of(by: &Device, device: DeviceId, server_key: &[u8; 32], nonce: [u8; 32]) -> OpenSession {
    OpenSession {
        device,
        nonce,
        signature: proof::sign(&by.key, device, server_key, &nonce),
        certificate: None,
        hand_over: false,
        delegated: None,
    }
}

fn is_client_error<T: std::fmt::Debug>(answer: &Result<T, Refused>) -> bool {
    matches!(answer, Err((400..=499, _)))
}

attacks! {
    a_session_in_anothers_name_is_refused => async |siege: &mut Siege| {
        let victim = siege.honest.enrolled.device;
        let nonce = nonce(siege, victim).await;
        let input = proof_of(&siege.attacker, victim, &siege.attacker.enrolled.server_key, nonce);
        assert!(is_client_error(&open(siege, input).await));
    };
    a_nonce_is_good_once => async |siege: &mut Siege| {
        let device = siege.attacker.enrolled.device;
        let nonce = nonce(siege, device).await;
        let input = proof_of(&siege.attacker, device, &siege.attacker.enrolled.server_key, nonce);
        assert!(open(siege, input.clone()).await.is_ok());
        assert!(is_client_error(&open(siege, input).await));
    };
    anothers_nonce_is_no_good => async |siege: &mut Siege| {
        let nonce = nonce(siege, siege.honest.enrolled.device).await;
        let device = siege.attacker.enrolled.device;
        let input = proof_of(&siege.attacker, device, &siege.attacker.enrolled.server_key, nonce);
        assert!(is_client_error(&open(siege, input).await));
    };
    a_proof_made_for_another_server_is_no_good => async |siege: &mut Siege| {
        let device = siege.attacker.enrolled.device;
        let nonce = nonce(siege, device).await;
        let input = proof_of(&siege.attacker, device, &[9; 32], nonce);
        assert!(is_client_error(&open(siege, input).await));
    };
    a_nonce_grows_old => async |siege: &mut Siege| {
        let device = siege.attacker.enrolled.device;
        let nonce = nonce(siege, device).await;
        siege.world.clock.forward(2 * 60 * 1000);
        let input = proof_of(&siege.attacker, device, &siege.attacker.enrolled.server_key, nonce);
        assert!(is_client_error(&open(siege, input).await));
    };
    a_token_grows_old => async |siege: &mut Siege| {
        siege.attacker.open_session().await.unwrap();
        siege.world.clock.forward(11 * 60 * 1000);
        let (status, error) = siege.attacker.sync(None, vec![]).await.unwrap_err();
        assert_eq!((status, error.code.as_str()), (401, "session_unknown"));
    };
    a_token_changed_in_one_letter_is_nobodys => async |siege: &mut Siege| {
        siege.attacker.open_session().await.unwrap();
        let token = siege.attacker.token.clone().unwrap();
        let half = token[..token.len() / 2].to_owned();
        for forged in [half, token.to_uppercase(), format!("{token}0"), format!(" {token}"), String::new()] {
            if forged == token { continue; }
            siege.attacker.token = Some(forged);
            let (status, _) = siege.attacker.sync(None, vec![]).await.unwrap_err();
            assert_eq!(status, 401);
        }
        siege.attacker.token = None;
    };
    an_envelope_in_anothers_name_is_refused => async |siege: &mut Siege| {
        let change = siege.change();
        let mut head = siege.head(&change);
        head.device = siege.honest.enrolled.device;
        siege.refused(&head, change, RefusalCode::UnknownDevice).await;
        siege.attacker_may_go_on().await;
    };
    an_envelope_of_anothers_person_is_refused => async |siege: &mut Siege| {
        let change = siege.change();
        for staff in [siege.station.enrolled.staff, siege.honest.enrolled.staff, StaffId(Uuid::nil())] {
            let mut head = siege.head(&change);
            head.staff = staff;
            siege.refused(&head, change.clone(), RefusalCode::UnknownDevice).await;
        }
        siege.attacker_may_go_on().await;
    };
    an_envelope_of_another_scope_is_refused => async |siege: &mut Siege| {
        let change = siege.change();
        for scope in [siege.village, UnitId(Uuid::nil()), UnitId(Uuid::from_u128(8))] {
            let mut head = siege.head(&change);
            head.scope = scope;
            siege.refused(&head, change.clone(), RefusalCode::UnknownDevice).await;
        }
    };
    anothers_envelope_carried_as_it_is_adds_nothing => async |siege: &mut Siege| {
        let before = siege.published().await;
        let stolen = siege.written.clone();
        for envelope in stolen {
            let outcome = siege.send(envelope).await;
            assert!(!matches!(outcome, protocol::Outcome::Accepted { .. }), "{outcome:?}");
        }
        assert_eq!(before, siege.published().await);
        siege.attacker_may_go_on().await;
    };
    a_change_by_anothers_actor_is_refused => async |siege: &mut Siege| {
        let honest = actor_id(
            siege.honest.enrolled.device, siege.honest.incarnation,
            siege.file.header.document, siege.file.header.generation,
        );
        let mut craft = siege.craft();
        craft.actor = honest.to_vec();
        craft.seq = 2;
        let head = siege.head_for(&craft, 1);
        siege.refused(&head, craft.bytes(), RefusalCode::ActorMismatch).await;
        let mut head = siege.head_for(&craft, 1);
        head.actor = siege.own_actor(head.document);
        siege.refused(&head, craft.bytes(), RefusalCode::ActorMismatch).await;
    };
    an_actor_of_another_document_is_refused => async |siege: &mut Siege| {
        let other = siege.attacker.document(DocKind::Child, siege.village);
        let mut craft = siege.craft();
        craft.actor = siege.own_actor(other.header.document).to_vec();
        let head = siege.head_for(&craft, 1);
        siege.refused(&head, craft.bytes(), RefusalCode::ActorMismatch).await;
    };
    anothers_incarnation_is_no_help => async |siege: &mut Siege| {
        let change = siege.change();
        let mut head = siege.head(&change);
        head.incarnation = siege.honest.incarnation;
        (head.dev_seq, head.previous) = (1, [0; 32]);
        siege.refused(&head, change, RefusalCode::ActorMismatch).await;
    };
    a_signature_by_another_key_is_refused => async |siege: &mut Siege| {
        let change = siege.change();
        let head = siege.head(&change);
        siege.attacker.open_session().await.unwrap();
        let own = std::mem::replace(&mut siege.attacker.key, signing_key());
        siege.refused(&head, change, RefusalCode::BadSignature).await;
        siege.attacker.key = own;
        siege.attacker_may_go_on().await;
    };
    signatures_of_every_wrong_shape_are_refused => async |siege: &mut Siege| {
        let change = siege.change();
        let head = siege.head(&change);
        let honest = protocol::envelope::seal(&siege.attacker.key, &head, change).unwrap();
        // The same signature with the group's order added to its second half: the curve's other spelling of it.
        let mut other_spelling = honest.signature.clone();
        let order: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut carry = 0u16;
        for (byte, add) in other_spelling[32..].iter_mut().zip(order) {
            carry += u16::from(*byte) + u16::from(add);
            *byte = u8::try_from(carry & 0xff).unwrap();
            carry >>= 8;
        }
        for signature in [vec![], vec![0; 64], vec![0xff; 64], honest.signature[..63].to_vec(),
            [honest.signature.as_slice(), &[0]].concat(), other_spelling] {
            let mut forged = honest.clone();
            forged.signature = signature;
            let outcome = siege.send(forged).await;
            assert_eq!(outcome, protocol::Outcome::Refused { code: RefusalCode::BadSignature });
        }
    };
    a_head_altered_after_signing_is_refused => async |siege: &mut Siege| {
        let change = siege.change();
        let head = siege.head(&change);
        let honest = protocol::envelope::seal(&siege.attacker.key, &head, change).unwrap();
        for at in (0..honest.head.len()).step_by(7) {
            let mut forged = honest.clone();
            forged.head[at] ^= 1;
            let outcome = siege.send(forged).await;
            assert!(matches!(outcome, protocol::Outcome::Refused { .. }), "byte {at}: {outcome:?}");
        }
        siege.attacker_may_go_on().await;
    };
    a_document_begun_in_anothers_name_is_refused => async |siege: &mut Siege| {
        let mut doc = siege.attacker.document(DocKind::Child, siege.village);
        doc.header.creator = siege.honest.enrolled.device;
        let change = Doc::new(&siege.attacker, doc.header.clone()).put("name", "x");
        let head = siege.attacker.head(&doc.header, &change, true);
        siege.refused(&head, change, RefusalCode::Malformed).await;
    };
    a_director_is_nobody_at_the_stations_desk => async |siege: &mut Siege| {
        let (unit, attacker) = (siege.village, &mut siege.attacker);
        let code: Result<EnrolmentStatus, _> = attacker.post("/enrolments", &CreateEnrolment {
            unit, role: Role::Supervisor, person: "陈安".into(),
        }).await;
        assert!(matches!(code, Err((403, _))));
        let village: Result<VillageList, _> = attacker.post("/villages", &CreateVillage {
            name: "假村".into(), region: "310199100209".into(),
        }).await;
        assert!(matches!(village, Err((403, _))));
        let villages: Result<VillageList, _> = attacker.post("/villages/list", &()).await;
        assert!(matches!(villages, Err((403, _))));
        let devices: Result<DeviceList, _> = attacker.post("/devices/list", &()).await;
        assert!(matches!(devices, Err((403, _))));
    };
    an_incarnation_a_change_changes_no_actor_twice => async |siege: &mut Siege| {
        // Thirty memories of one device, one change each: many, but each is its own.
        for number in 0..30u128 {
            siege.attacker.incarnation = Incarnation(Uuid::from_u128(1000 + number));
            (siege.attacker.dev_seq, siege.attacker.previous) = (0, [0; 32]);
            let mut copy = Doc::new(&siege.attacker, siege.copy.header.clone());
            copy.take(&siege.written[0].change);
            copy.changes = 1;
            let sealed = siege.attacker.edit(&mut copy, "alias", &number.to_string());
            assert!(siege.send(sealed).await.is_in_log());
        }
    };
    the_servers_own_words_cannot_be_put_into_its_mouth => async |siege: &mut Siege| {
        // A tick made up by the attacker travels in an envelope as a label and proves nothing.
        let change = siege.change();
        let mut head = siege.head(&change);
        head.tick = Some(vec![7; 200]);
        let sealed = siege.attacker.seal(&head, change);
        let response: SyncResponse = siege.attacker.sync(None, vec![sealed]).await.unwrap();
        assert!(last(&response).is_in_log());
        let craft = Craft::of(&siege.written[0].change);
        assert_eq!(craft.bytes(), siege.written[0].change, "what is taken apart goes together again");
    };
}
