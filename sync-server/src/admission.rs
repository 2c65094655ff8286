//! The memory behind `protocol::session::server`: what the database answers and keeps when a part is admitted.

use crate::columns::{self, stored};
use crate::error::ApiError;
use crate::guests;
use crate::log;
use crate::moves;
use crate::orders;
use crate::organisation;
use crate::refusals;
use crate::reviews;
use crate::vault::{Key, Vault};
use ids::{ActorId, ChangeHash, DeviceId, DocKind, DocumentId, Entropy, Generation, UnitId};
use protocol::access::Holder;
use protocol::genesis::{self, Constant};
use protocol::session::server::{
    AdmissionState, Admitted, Caller, Chain, ChainTip, KnownChange, KnownDocument, KnownHead,
};
use protocol::{DocumentHeader, Envelope, EnvelopeHead, RefusalCode};
use rusqlite::{Connection, OptionalExtension, named_params};

/// One transaction's view of the database.
pub(crate) struct Memory<'a> {
    pub connection: &'a Connection,
    pub vault: &'a Vault,
    pub entropy: &'a dyn Entropy,
    pub constants: &'static [Constant],
    pub now_ms: i64,
    /// The epoch, when the device itself speaks and the server was set back once.
    pub epoch: Option<u64>,
}

impl Memory<'_> {
    fn key(&self, document: DocumentId, generation: Generation) -> Result<Key, ApiError> {
        let wrapped: Option<Vec<u8>> = self
            .connection
            .prepare_cached(include_str!("sql/admission/document_key.sql"))?
            .query_row(
                named_params! {":document": document.0.as_bytes(), ":generation": generation},
                |row| row.get(0),
            )
            .optional()?;
        if let Some(wrapped) = wrapped {
            return Ok(self.vault.document_key(document, generation, &wrapped)?);
        }
        let (key, wrapped) = self
            .vault
            .new_document_key(document, generation, self.entropy)?;
        self.connection
            .prepare_cached(include_str!("sql/admission/insert_document_key.sql"))?
            .execute(named_params! {
                ":document": document.0.as_bytes(),
                ":generation": generation,
                ":wrapped": wrapped,
            })?;
        Ok(key)
    }

    /// Puts a head into its chain; nothing is put when the chain has not begun.
    fn insert_head(
        &self,
        chain: &Chain,
        head: &EnvelopeHead,
        head_hash: &[u8; 32],
    ) -> rusqlite::Result<usize> {
        self.connection
            .prepare_cached(include_str!("sql/admission/insert_head.sql"))?
            .execute(named_params! {
                ":hash": head_hash,
                ":device": chain.device.0.as_bytes(),
                ":incarnation": chain.incarnation.0.as_bytes(),
                ":scope": chain.scope.0.as_bytes(),
                ":dev_seq": stored(head.dev_seq),
                ":epoch": self.epoch.map(stored),
            })
    }

    fn settle(
        &self,
        head_hash: &[u8; 32],
        state: &str,
        change: Option<(i64, Option<u64>)>,
        code: Option<RefusalCode>,
    ) -> Result<(), ApiError> {
        self.settle_head(head_hash, state, change, code)?;
        self.remove_held(head_hash)
    }

    fn settle_head(
        &self,
        head_hash: &[u8; 32],
        state: &str,
        change: Option<(i64, Option<u64>)>,
        code: Option<RefusalCode>,
    ) -> Result<(), ApiError> {
        self.connection
            .prepare_cached(include_str!("sql/admission/settle_head.sql"))?
            .execute(named_params! {
                ":hash": head_hash,
                ":state": state,
                ":change_id": change.map(|(id, _)| id),
                ":seq": change.and_then(|(_, seq)| seq).map(stored),
                ":code": code.map(RefusalCode::as_str),
            })?;
        Ok(refusals::forget(self.connection, head_hash)?)
    }

    fn remove_held(&self, head_hash: &[u8; 32]) -> Result<(), ApiError> {
        self.connection
            .prepare_cached(include_str!("sql/admission/remove_held.sql"))?
            .execute(named_params! {":head_hash": head_hash})?;
        Ok(())
    }

    /// The row of a change that is on the disk.
    fn change_id(&self, head: &EnvelopeHead) -> Result<i64, ApiError> {
        Ok(self
            .connection
            .prepare_cached(include_str!("sql/admission/change_id.sql"))?
            .query_row(
                named_params! {
                    ":document": head.document.0.as_bytes(),
                    ":generation": head.generation,
                    ":hash": head.hash.0,
                },
                |row| row.get(0),
            )?)
    }

    fn begin_document(&self, header: &DocumentHeader, scope: UnitId) -> Result<(), ApiError> {
        self.connection
            .prepare_cached(include_str!("sql/admission/insert_document.sql"))?
            .execute(named_params! {
                ":id": header.document.0.as_bytes(),
                ":scope": scope.0.as_bytes(),
                ":home_unit": header.home_unit.0.as_bytes(),
                ":kind": header.kind.as_str(),
                ":rank": rank(header.kind),
                ":generation": header.generation,
                ":schema": header.schema,
                ":creator": header.creator.0.as_bytes(),
            })?;
        // After a restore the order that sends it on may be here before it.
        moves::obey(self.connection, header.document, self.now_ms)
    }
}

/// Where a chain ends.
pub(crate) fn chain_tip(connection: &Connection, chain: &Chain) -> rusqlite::Result<ChainTip> {
    let tip = connection
        .prepare_cached(include_str!("sql/admission/chain_tip.sql"))?
        .query_row(
            named_params! {
                ":device": chain.device.0.as_bytes(),
                ":incarnation": chain.incarnation.0.as_bytes(),
                ":scope": chain.scope.0.as_bytes(),
            },
            |row| {
                Ok(ChainTip {
                    dev_seq: columns::number(row, 0)?,
                    head_hash: row.get(1)?,
                })
            },
        )
        .optional()?;
    Ok(tip.unwrap_or_default())
}

/// Whether two memories were seen writing a chain: a device was copied, or set back and used.
pub(crate) fn is_forked(connection: &Connection, chain: &Chain) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/admission/fork.sql"))?
        .exists(named_params! {
            ":device": chain.device.0.as_bytes(),
            ":incarnation": chain.incarnation.0.as_bytes(),
            ":scope": chain.scope.0.as_bytes(),
        })
}

/// Where a kind stands in a snapshot: the roster first.
fn rank(kind: DocKind) -> u8 {
    match kind {
        DocKind::Household => 0,
        DocKind::Child => 1,
        DocKind::Problem => 2,
        DocKind::Restricted => 3,
        DocKind::Work => 4,
    }
}

impl AdmissionState for Memory<'_> {
    type Error = ApiError;

    fn constants(&self, kind: DocKind, schema: u32) -> Option<Vec<&'static Constant>> {
        genesis::constants_in(self.constants, kind, schema)
    }

    fn known_head(&mut self, head_hash: &[u8; 32]) -> Result<Option<KnownHead>, ApiError> {
        // Whatever a person decides later, the number is another scope's: to its author it stays what it was.
        if reviews::is_known(self.connection, head_hash)? {
            return Ok(Some(KnownHead::Review));
        }
        let row = self
            .connection
            .prepare_cached(include_str!("sql/admission/head.sql"))?
            .query_row(named_params! {":hash": head_hash}, |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, Option<i64>>(1)?,
                    row.get::<_, Option<String>>(2)?,
                ))
            })
            .optional()?;
        let Some((state, seq, code)) = row else {
            return Ok(None);
        };
        let seq = seq.and_then(|seq| u64::try_from(seq).ok());
        let code = code.as_deref().and_then(RefusalCode::parse);
        match (state.as_str(), seq, code) {
            ("accepted", seq, _) => Ok(Some(KnownHead::Accepted { seq })),
            ("refused", _, Some(code)) => Ok(Some(KnownHead::Refused { code })),
            ("held", ..) => Ok(Some(KnownHead::Held)),
            _ => Err(ApiError::Internal),
        }
    }

    fn chain_tip(&mut self, chain: &Chain) -> Result<ChainTip, ApiError> {
        Ok(chain_tip(self.connection, chain)?)
    }

    fn document(&mut self, document: DocumentId) -> Result<Option<KnownDocument>, ApiError> {
        Ok(self
            .connection
            .prepare_cached(include_str!("sql/admission/document.sql"))?
            .query_row(
                named_params! {":id": document.0.as_bytes(), ":now_ms": self.now_ms},
                |row| {
                    Ok(KnownDocument {
                        header: DocumentHeader {
                            document,
                            generation: row.get(6)?,
                            kind: columns::kind(row, 2)?,
                            schema: row.get(4)?,
                            home_unit: UnitId(columns::uuid(row, 5)?),
                            creator: DeviceId(columns::uuid(row, 7)?),
                        },
                        generation: row.get(3)?,
                        home_unit: UnitId(columns::uuid(row, 1)?),
                        scope: UnitId(columns::uuid(row, 0)?),
                        bytes: columns::number(row, 8)?,
                        held: columns::number(row, 9)?,
                        guest: columns::optional_uuid(row, 10)?.map(UnitId),
                    })
                },
            )
            .optional()?)
    }

    fn change(
        &mut self,
        document: DocumentId,
        generation: Generation,
        hash: &ChangeHash,
    ) -> Result<Option<KnownChange>, ApiError> {
        Ok(self
            .connection
            .prepare_cached(include_str!("sql/admission/change.sql"))?
            .query_row(
                named_params! {
                    ":document": document.0.as_bytes(),
                    ":generation": generation,
                    ":hash": hash.0,
                },
                |row| {
                    Ok(KnownChange {
                        seq: Some(columns::number(row, 0)?).filter(|seq| *seq > 0),
                        max_op: columns::number(row, 1)?,
                    })
                },
            )
            .optional()?)
    }

    fn change_of_actor(
        &mut self,
        document: DocumentId,
        actor: &ActorId,
        seq: u64,
    ) -> Result<Option<ChangeHash>, ApiError> {
        Ok(self
            .connection
            .prepare_cached(include_str!("sql/admission/change_of_actor.sql"))?
            .query_row(
                named_params! {
                    ":document": document.0.as_bytes(),
                    ":actor": actor,
                    ":actor_seq": stored(seq),
                },
                |row| columns::hash(row, 0),
            )
            .optional()?)
    }

    fn scope_of(&mut self, unit: UnitId) -> Result<Option<UnitId>, ApiError> {
        Ok(organisation::unit(self.connection, unit)?.and_then(|unit| unit.scope))
    }

    fn caller(&mut self, device: DeviceId) -> Result<Option<Caller>, ApiError> {
        organisation::device(self.connection, device)?
            .map(|device| device.caller())
            .transpose()
    }

    fn has_left(&mut self, document: DocumentId, holder: &Holder) -> Result<bool, ApiError> {
        Ok(moves::was_home(self.connection, document, holder)?)
    }

    fn was_guest(&mut self, document: DocumentId, holder: &Holder) -> Result<bool, ApiError> {
        Ok(guests::was(self.connection, document, holder, self.now_ms)?)
    }

    fn is_to_go_to(&mut self, document: DocumentId, scope: UnitId) -> Result<bool, ApiError> {
        Ok(moves::is_to_go_to(self.connection, document, scope)?)
    }

    fn held(&mut self, document: DocumentId) -> Result<Vec<Envelope>, ApiError> {
        let mut statement = self
            .connection
            .prepare_cached(include_str!("sql/admission/held.sql"))?;
        let rows = statement
            .query_map(named_params! {":document": document.0.as_bytes()}, |row| {
                Ok((
                    row.get::<_, [u8; 32]>(0)?,
                    row.get::<_, Generation>(1)?,
                    row.get::<_, Vec<u8>>(2)?,
                    row.get::<_, Vec<u8>>(3)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(head_hash, generation, body, wrapped)| {
                let key = self.vault.document_key(document, generation, &wrapped)?;
                log::open_envelope(&key, &head_hash, &body)
            })
            .collect()
    }

    fn place(
        &mut self,
        chain: &Chain,
        head: &EnvelopeHead,
        head_hash: &[u8; 32],
    ) -> Result<(), ApiError> {
        let placed = self.insert_head(chain, head, head_hash)?;
        if placed == 0 {
            self.connection
                .prepare_cached(include_str!("sql/admission/insert_chain.sql"))?
                .execute(named_params! {
                    ":device": chain.device.0.as_bytes(),
                    ":incarnation": chain.incarnation.0.as_bytes(),
                    ":scope": chain.scope.0.as_bytes(),
                })?;
            self.insert_head(chain, head, head_hash)?;
        }
        Ok(())
    }

    fn is_erased(
        &mut self,
        document: DocumentId,
        generation: Generation,
    ) -> Result<bool, ApiError> {
        Ok(orders::is_erased(
            self.connection,
            self.vault,
            document,
            generation,
        )?)
    }

    fn head_at(&mut self, chain: &Chain, dev_seq: u64) -> Result<Option<[u8; 32]>, ApiError> {
        Ok(self
            .connection
            .prepare_cached(include_str!("sql/admission/head_at.sql"))?
            .query_row(
                named_params! {
                    ":device": chain.device.0.as_bytes(),
                    ":incarnation": chain.incarnation.0.as_bytes(),
                    ":scope": chain.scope.0.as_bytes(),
                    ":dev_seq": stored(dev_seq),
                },
                |row| row.get(0),
            )
            .optional()?)
    }

    fn note_fork(&mut self, chain: &Chain) -> Result<(), ApiError> {
        self.connection
            .prepare_cached(include_str!("sql/admission/insert_fork.sql"))?
            .execute(named_params! {
                ":device": chain.device.0.as_bytes(),
                ":incarnation": chain.incarnation.0.as_bytes(),
                ":scope": chain.scope.0.as_bytes(),
            })?;
        Ok(())
    }

    fn may_have_gaps(&mut self, chain: &Chain) -> Result<bool, ApiError> {
        let Some(epoch) = self.epoch else {
            return Ok(false);
        };
        let tip: Option<Option<i64>> = self
            .connection
            .prepare_cached(include_str!("sql/admission/tip_epoch.sql"))?
            .query_row(
                named_params! {
                    ":device": chain.device.0.as_bytes(),
                    ":incarnation": chain.incarnation.0.as_bytes(),
                    ":scope": chain.scope.0.as_bytes(),
                },
                |row| row.get(0),
            )
            .optional()?;
        Ok(tip.flatten() != Some(stored(epoch)))
    }

    /// Into the inbox: on the disk, under no number yet ([`crate::publish`]).
    fn accept(&mut self, admitted: &Admitted<'_>) -> Result<Option<u64>, ApiError> {
        let head = admitted.head;
        if let Some(header) = admitted.begins {
            self.begin_document(header, head.scope)?;
        }
        let key = self.key(head.document, head.generation)?;
        let body = log::seal_envelope(&key, &head.hash.0, admitted.envelope, self.entropy)?;
        let raw_bytes = stored(admitted.envelope.raw_bytes() as u64);
        self.connection
            .prepare_cached(include_str!("sql/admission/insert_actor.sql"))?
            .execute(named_params! {
                ":document": head.document.0.as_bytes(),
                ":actor": head.actor,
                ":device": head.device.0.as_bytes(),
            })?;
        self.connection
            .prepare_cached(include_str!("sql/admission/insert_change.sql"))?
            .execute(named_params! {
                ":document": head.document.0.as_bytes(),
                ":generation": head.generation,
                ":hash": head.hash.0,
                ":actor": head.actor,
                ":actor_seq": stored(head.seq),
                ":max_op": stored(admitted.change.max_op()),
                ":at_ms": self.now_ms,
                ":raw_bytes": raw_bytes,
            })?;
        let change = self.connection.last_insert_rowid();
        self.connection
            .prepare_cached(include_str!("sql/admission/insert_body.sql"))?
            .execute(named_params! {":change_id": change, ":body": body})?;
        self.connection
            .prepare_cached(include_str!("sql/admission/add_bytes.sql"))?
            .execute(named_params! {":id": head.document.0.as_bytes(), ":bytes": raw_bytes})?;
        self.settle(&admitted.head_hash, "accepted", Some((change, None)), None)?;
        Ok(None)
    }

    fn alias(
        &mut self,
        head: &EnvelopeHead,
        head_hash: &[u8; 32],
        seq: Option<u64>,
    ) -> Result<(), ApiError> {
        let change = self.change_id(head)?;
        self.settle(head_hash, "accepted", Some((change, seq)), None)
    }

    fn hold(
        &mut self,
        envelope: &Envelope,
        head: &EnvelopeHead,
        head_hash: &[u8; 32],
        _missing: &[ChangeHash],
    ) -> Result<(), ApiError> {
        let key = self.key(head.document, head.generation)?;
        let body = log::seal_envelope(&key, head_hash, envelope, self.entropy)?;
        self.settle_head(head_hash, "held", None, None)?;
        self.connection
            .prepare_cached(include_str!("sql/admission/insert_held.sql"))?
            .execute(named_params! {
                ":head_hash": head_hash,
                ":document": head.document.0.as_bytes(),
                ":generation": head.generation,
                ":body": body,
            })?;
        Ok(())
    }

    fn replace(
        &mut self,
        head: &EnvelopeHead,
        replaced: &[u8; 32],
        seq: Option<u64>,
    ) -> Result<(), ApiError> {
        let rows = self
            .connection
            .prepare_cached(include_str!("sql/admission/replace_head.sql"))?
            .execute(named_params! {
                ":hash": replaced,
                ":device": head.device.0.as_bytes(),
                ":change_id": self.change_id(head)?,
                ":seq": seq.map(stored),
            })?;
        if rows > 0 {
            self.remove_held(replaced)?;
        }
        // A refused head without a place in a chain has no row above.
        refusals::forget_of(self.connection, head.device, replaced)?;
        reviews::replace(self.connection, head.device, replaced, self.now_ms)
    }

    fn review(
        &mut self,
        envelope: &Envelope,
        head: &EnvelopeHead,
        head_hash: &[u8; 32],
    ) -> Result<(), ApiError> {
        let key = self.key(head.document, head.generation)?;
        let body = log::seal_envelope(&key, head_hash, envelope, self.entropy)?;
        self.settle(head_hash, "review", None, None)?;
        if let Some(replaced) = &head.replaces {
            reviews::replace(self.connection, head.device, replaced, self.now_ms)?;
        }
        reviews::keep(self.connection, head, head_hash, &body, self.now_ms)
    }

    fn leave_tray(&mut self, head: &EnvelopeHead, head_hash: &[u8; 32]) -> Result<(), ApiError> {
        reviews::leave(self.connection, head, head_hash, self.now_ms)
    }

    fn refuse(
        &mut self,
        head: &EnvelopeHead,
        head_hash: &[u8; 32],
        code: RefusalCode,
    ) -> Result<(), ApiError> {
        self.settle(head_hash, "refused", None, Some(code))?;
        let kind = match &head.header {
            Some(header) => Some(header.kind),
            None => self
                .document(head.document)?
                .map(|document| document.header.kind),
        };
        let refusal = refusals::Refusal {
            head_hash,
            device: head.device,
            kind,
            code,
        };
        Ok(refusals::remember(self.connection, &refusal, self.now_ms)?)
    }
}
