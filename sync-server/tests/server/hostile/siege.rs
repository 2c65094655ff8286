//! The village under attack: who is honest, who is not, and what must hold whatever is tried.

use super::craft::{self, Craft};
use crate::support::{Device, Doc, World, hash_of};
use automerge::{Automerge, ReadDoc};
use ids::{ActorId, ChangeHash, DeviceId, DocKind, DocumentId, Incarnation, UnitId, actor_id};
use protocol::{
    EntryBody, Envelope, EnvelopeHead, MemberRecord, Outcome, RefusalCode, SyncResponse, envelope,
    genesis,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Runs one attack; the village must stand afterwards.
pub async fn withstands(attack: impl AsyncFnOnce(&mut Siege)) {
    let mut siege = Siege::new().await;
    attack(&mut siege).await;
    siege.stands().await;
}

pub struct Siege {
    pub world: World,
    pub station: Device,
    pub village: UnitId,
    /// Another village of the township, with a tablet of its own.
    pub elsewhere: UnitId,
    pub stranger: Device,
    /// The tablet whose work must arrive.
    pub honest: Device,
    pub file: Doc,
    /// The changes of `file` so far.
    pub written: Vec<Envelope>,
    /// An enrolled tablet of the same village, in the wrong hands.
    pub attacker: Device,
    /// The attacker's copy of `file`.
    pub copy: Doc,
    edits: u32,
    memories: u128,
}

impl Siege {
    async fn new() -> Self {
        let world = World::new().await;
        let mut station = world.station().await;
        let village = station.village("东滩村", "310199100201").await;
        let elsewhere = station.village("西滩村", "310199100202").await;
        let mut honest = world.tablet(&mut station, village, "林月").await;
        let attacker = world.tablet(&mut station, village, "陈安").await;
        let stranger = world.tablet(&mut station, elsewhere, "何平").await;
        let mut file = honest.document(DocKind::Child, village);
        let first = honest.edit(&mut file, "name", "石小雨");
        let response = honest.sync(None, vec![first.clone()]).await.unwrap();
        assert!(last(&response).is_in_log(), "{response:?}");
        let mut copy = Doc::new(&attacker, file.header.clone());
        copy.changes = 1;
        copy.take(&first.change);
        Self {
            world,
            station,
            village,
            elsewhere,
            stranger,
            honest,
            file,
            written: vec![first],
            attacker,
            copy,
            edits: 0,
            memories: 0,
        }
    }

    /// An honest change on the attacker's copy of the file, as bytes.
    pub fn change(&mut self) -> Vec<u8> {
        self.edits += 1;
        let value = format!("第{}次", self.edits);
        self.copy.put("alias", &value)
    }

    /// The head an honest program would write for it.
    pub fn head(&self, change: &[u8]) -> EnvelopeHead {
        self.attacker.head(&self.copy.header, change, false)
    }

    /// The head for bytes no honest program would make: everything it says agrees with the craft.
    pub fn head_for(&self, craft: &Craft, ops: u32) -> EnvelopeHead {
        let honest = Doc::new(&self.attacker, self.copy.header.clone()).put("alias", "x");
        EnvelopeHead {
            hash: ChangeHash(craft::hash_of(&craft.bytes())),
            actor: craft.actor.clone().try_into().unwrap_or([0; 16]),
            seq: craft.seq,
            start_op: craft.start_op,
            ops,
            ..self.attacker.head(&self.copy.header, &honest, false)
        }
    }

    /// Sends one sealed envelope and returns what became of it.
    pub async fn send(&mut self, sealed: Envelope) -> Outcome {
        let response = self.attacker.sync(None, vec![sealed]).await.unwrap();
        last(&response).clone()
    }

    /// Seals under the attacker's own key and chain, sends, and expects this refusal; asked again, the same.
    /// The attacker's chain goes on only where the server says that the place was kept.
    pub async fn refused(&mut self, head: &EnvelopeHead, change: Vec<u8>, expected: RefusalCode) {
        self.refused_with(head, change, &[expected]).await;
    }

    /// As [`Self::refused`], where more than one answer is right.
    pub async fn refused_with(
        &mut self,
        head: &EnvelopeHead,
        change: Vec<u8>,
        expected: &[RefusalCode],
    ) {
        let chain = (self.attacker.dev_seq, self.attacker.previous);
        let sealed = self.attacker.seal(head, change);
        let outcome = self.send(sealed.clone()).await;
        let Outcome::Refused { code } = outcome else {
            panic!("{expected:?} expected, but {outcome:?}");
        };
        assert!(
            expected.contains(&code),
            "{expected:?} expected, but {code:?}"
        );
        let again = self.send(sealed).await;
        assert!(
            matches!(again, Outcome::Refused { code } if expected.contains(&code)),
            "asked again: {again:?}"
        );
        let keeps_no_place = matches!(
            code,
            RefusalCode::UnknownDevice
                | RefusalCode::BadSignature
                | RefusalCode::BadChain
                | RefusalCode::DeviceRevoked
        );
        if keeps_no_place {
            (self.attacker.dev_seq, self.attacker.previous) = chain;
        }
    }

    /// A crafted change goes nowhere, whoever of the two steps finds it out.
    pub async fn turned_away(&mut self, craft: &Craft, ops: u32) {
        let head = self.head_for(craft, ops);
        let codes = [
            RefusalCode::Malformed,
            RefusalCode::TooLarge,
            RefusalCode::TooManyOps,
            RefusalCode::HashMismatch,
            RefusalCode::StartOp,
            RefusalCode::NotApplicable,
            RefusalCode::Quarantined,
        ];
        self.refused_with(&head, craft.bytes(), &codes).await;
    }

    /// An honest change on the file taken apart, to be altered. Each is the first of a new memory of the attacker's
    /// device, so that whatever became of the one before, this one stands for itself.
    pub fn craft(&mut self) -> Craft {
        self.memories += 1;
        self.attacker.incarnation = Incarnation(Uuid::from_u128(self.memories));
        (self.attacker.dev_seq, self.attacker.previous) = (0, [0; 32]);
        self.copy = Doc::new(&self.attacker, self.file.header.clone());
        self.copy.changes = 1;
        self.copy.take(&self.written[0].change);
        Craft::of(&self.change())
    }

    /// The actor the attacker must use in a document.
    pub fn own_actor(&self, document: DocumentId) -> ActorId {
        actor_id(
            self.attacker.enrolled.device,
            self.attacker.incarnation,
            document,
            self.copy.header.generation,
        )
    }

    /// The attacker's chain is whole: an honest change of his is still taken.
    pub async fn attacker_may_go_on(&mut self) {
        let mut doc = self.attacker.document(DocKind::Household, self.village);
        let sealed = self.attacker.edit(&mut doc, "address", "东滩村3组");
        let outcome = self.send(sealed).await;
        assert!(outcome.is_in_log(), "{outcome:?}");
    }

    /// What must hold after every attack.
    pub async fn stands(&mut self) {
        assert_eq!(self.world.http().get("/health").await.0, 200);
        for device in [&mut self.honest, &mut self.station] {
            device.token = None;
        }
        let sealed = self.honest.edit(&mut self.file, "school", "芦汀小学");
        let mut response = self.honest.sync(None, vec![sealed.clone()]).await.unwrap();
        while *last(&response) == Outcome::Taken {
            // Durable, and the worker is still at the attack: what became of it is heard when it is asked again.
            response = self.honest.sync(None, vec![sealed.clone()]).await.unwrap();
        }
        assert!(last(&response).is_in_log(), "{:?}", last(&response));
        self.written.push(sealed);

        let published = self.published().await;
        for envelope in &self.written {
            assert!(
                published.values().flatten().any(|other| other == envelope),
                "an honest change is missing at the station"
            );
        }
        for (document, envelopes) in &published {
            let chunks = envelopes.iter().map(|envelope| envelope.change.as_slice());
            builds(*document, chunks, envelopes);
        }
    }

    /// Everything the station may read, by document, each signature checked with the key the log itself gave.
    pub async fn published(&mut self) -> BTreeMap<DocumentId, Vec<Envelope>> {
        let mut keys: BTreeMap<DeviceId, [u8; 32]> = BTreeMap::new();
        let mut found: BTreeMap<DocumentId, Vec<Envelope>> = BTreeMap::new();
        let mut cursor = self.station.start();
        loop {
            let response = self.station.sync(Some(cursor), vec![]).await.unwrap();
            for entry in response.entries {
                match entry.body {
                    EntryBody::Member(MemberRecord::Device { id, key, .. }) => {
                        keys.insert(id, key);
                    }
                    EntryBody::Change { envelope, .. } => {
                        let head = envelope::open(&envelope).unwrap();
                        let key =
                            ed25519_dalek::VerifyingKey::from_bytes(&keys[&head.device]).unwrap();
                        envelope::verify(&key, &envelope.head, &envelope.signature).unwrap();
                        assert_eq!(head.hash, hash_of(&envelope.change));
                        found.entry(head.document).or_default().push(envelope);
                    }
                    _ => {}
                }
            }
            cursor = response.cursor.unwrap();
            if !response.more {
                return found;
            }
        }
    }
}

/// Builds a document from what was published, edits a copy, saves it and loads it again.
fn builds<'a>(
    document: DocumentId,
    chunks: impl Iterator<Item = &'a [u8]>,
    envelopes: &[Envelope],
) {
    let header = envelope::open(&envelopes[0]).unwrap().header.unwrap();
    let mut built = Automerge::new();
    for constant in genesis::constants(header.kind, header.schema).unwrap() {
        built.load_incremental(constant.bytes).unwrap();
    }
    let born_with = containers(&built);
    for chunk in chunks {
        built.load_incremental(chunk).unwrap();
    }
    assert!(
        built.get_missing_deps(&[]).is_empty(),
        "{document} waits for something nobody published"
    );
    let mut heads = built.get_heads();
    let mut again = Automerge::load(&built.save()).unwrap().get_heads();
    heads.sort_unstable();
    again.sort_unstable();
    assert_eq!(heads, again);
    assert_eq!(born_with, containers(&built), "a container was replaced");
    let mut edited = automerge::AutoCommit::load(&built.save()).unwrap();
    automerge::transaction::Transactable::put(&mut edited, automerge::ROOT, "probe", 1).unwrap();
    edited.commit();
}

/// The maps a document is born with, by name: the object each name leads to.
fn containers(document: &Automerge) -> Vec<(String, automerge::ObjId)> {
    document
        .keys(automerge::ROOT)
        .filter_map(|key| match document.get(automerge::ROOT, &key) {
            Ok(Some((automerge::Value::Object(_), id))) => Some((key, id)),
            _ => None,
        })
        .collect()
}

pub fn last(response: &SyncResponse) -> &Outcome {
    &response.outcomes.last().unwrap().1
}
