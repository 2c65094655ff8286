//! A faulty app: it puts a new container in the place of one everybody writes into. Everything else about the change is
//! as it should be: signed, chained, in the outbox. The server must not let it through, and everything beside it must go on.

use super::chance::Chance;
use anyhow::{Context, Result};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, ObjType, ROOT, ReadDoc};
use client::Tablet;
use ids::{ChangeHash, DocKind, DocumentId, actor_id};
use protocol::envelope::{self, ENVELOPE_VERSION, EnvelopeHead};
use store::changes::{self, Change, LocalChange};
use store::{documents, identity, projections};

/// Writes one, in a child's file the device has. None when there is no file.
pub fn write(tablet: &Tablet, chance: &mut Chance) -> Result<Option<ChangeHash>> {
    let files = tablet
        .store
        .read(|connection| documents::of_kind(connection, DocKind::Child))?;
    let Some(file) = chance.pick(&files).copied() else {
        return Ok(None);
    };
    write_in(tablet, file)
}

fn write_in(tablet: &Tablet, document: DocumentId) -> Result<Option<ChangeHash>> {
    let me = &tablet.identity;
    let now = tablet.clock.now_ms();
    let gone = || client::ClientError::new("not_found");
    let (mut stored, incarnation, chain) = tablet.store.read(|connection| {
        let stored = documents::load(connection, document)?.ok_or_else(gone)?;
        let me = identity::get(connection)?.ok_or_else(gone)?;
        let chain = identity::chain(connection, me.incarnation, tablet.identity.scope)?;
        Ok::<_, client::ClientError>((stored, me.incarnation, chain))
    })?;
    let generation = stored.head.generation;
    let actor = actor_id(me.device, incarnation, document, generation);
    stored.automerge.set_actor(ActorId::from(actor.as_slice()));
    let mut edit = stored.automerge.transaction();
    edit.put_object(ROOT, "pauses", ObjType::Map)?;
    let options = CommitOptions::default().with_time(now / 1_000);
    let (made, _) = edit.commit_with(options);
    let Some(made) = made else {
        // There is nothing to write.
        return Ok(None);
    };
    let made = stored
        .automerge
        .get_change_by_hash(&made)
        .context("it was just made")?;
    let hash = ChangeHash(made.hash().0);
    let head = EnvelopeHead {
        version: ENVELOPE_VERSION,
        document,
        generation,
        hash,
        actor,
        seq: made.seq(),
        start_op: made.start_op().get(),
        ops: u32::try_from(made.len())?,
        device: me.device,
        incarnation,
        scope: me.scope,
        dev_seq: chain.dev_seq + 1,
        previous: chain.head.0,
        staff: me.staff,
        app: client::APP_VERSION.to_owned(),
        schema: domain::record::SCHEMA,
        tick: None,
        wall_ms: now,
        mono_ms: tablet.uptime_ms(),
        header: None,
        replaces: None,
    };
    let envelope = envelope::seal(&tablet.key, &head, made.raw_bytes().to_vec())?;
    let local = LocalChange {
        change: Change {
            hash,
            document,
            generation,
            actor,
            seq: head.seq,
            start_op: head.start_op,
            ops: made.len() as u64,
            deps: made.deps().iter().map(|dep| ChangeHash(dep.0)).collect(),
            body: envelope.change,
            head: envelope.head.clone(),
            signature: envelope.signature,
            header: None,
            device: me.device,
            staff: me.staff,
            scope: me.scope,
            dev_seq: head.dev_seq,
            wall_ms: now,
        },
        label: None,
        incarnation,
        chain_head: ChangeHash(envelope::head_hash(&envelope.head)),
        document: stored.head.clone(),
        stored_ms: now,
        before: Default::default(),
        replaces: None,
        remakes: 0,
    };
    tablet.store.write(|tx| {
        changes::insert_local(tx, &local)?;
        documents::save_tail(tx, &mut stored)?;
        projections::refresh(tx, &stored)
    })?;
    Ok(Some(hash))
}
