//! Orders at the server: given a number, signed, done in the same transaction, and taken back from devices after a restore.

use crate::audit::{self, Act, By, Deed, Object};
use crate::blob_files::BlobFiles;
use crate::blobs;
use crate::cases;
use crate::columns::{self, stored};
use crate::countersign;
use crate::covers;
use crate::devices;
use crate::epochs;
use crate::erasures;
use crate::error::ApiError;
use crate::guests;
use crate::log::{self, Append};
use crate::moves::{self, Ordered};
use crate::recusals;
use crate::settings::{self, name};
use crate::state::App;
use crate::vault::{Vault, of_row};
use ed25519_dalek::SigningKey;
use ids::{ChangeHash, DeviceId, DocumentId, Entropy, Generation, UnitId};
use protocol::order::{self, NumberedOrder, Order};
use protocol::{SignedStatement, wire};
use rusqlite::{Connection, OptionalExtension, named_params};
use std::collections::BTreeSet;

/// What an order and its reason are sealed as.
pub(crate) const SEALED_AS: &str = "order";
/// What the reason of one is sealed as.
pub(crate) const REASON_SEALED_AS: &str = "order reason";

/// What orders need beside the database.
#[derive(Clone, Copy)]
pub(crate) struct Orders<'a> {
    pub connection: &'a Connection,
    pub vault: &'a Vault,
    pub signing_key: &'a SigningKey,
    pub entropy: &'a dyn Entropy,
    pub blobs: &'a BlobFiles,
    /// Who gives them, or brings them back.
    pub by: By,
    pub now_ms: i64,
}

/// The highest number in use.
pub(crate) fn highest(connection: &Connection, scope: UnitId) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(include_str!("sql/orders/highest.sql"))?
        .query_row(named_params! {":scope": scope.0.as_bytes()}, |row| {
            columns::number(row, 0)
        })
}

/// How many orders up to a number are here; as many as the number when none is missing.
pub(crate) fn count_up_to(
    connection: &Connection,
    scope: UnitId,
    number: u64,
) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(include_str!("sql/orders/count_up_to.sql"))?
        .query_row(
            named_params! {":scope": scope.0.as_bytes(), ":number": stored(number)},
            |row| columns::number(row, 0),
        )
}

/// The order with a number.
pub(crate) fn find(
    connection: &Connection,
    vault: &Vault,
    scope: UnitId,
    number: u64,
) -> Result<Option<SignedStatement>, ApiError> {
    connection
        .prepare_cached(include_str!("sql/orders/find.sql"))?
        .query_row(
            named_params! {":scope": scope.0.as_bytes(), ":number": stored(number)},
            |row| row.get::<_, Vec<u8>>(0),
        )
        .optional()?
        .map(|sealed| open(vault, scope, number, &sealed))
        .transpose()
}

/// Every order of a scope.
pub(crate) fn all(
    connection: &Connection,
    vault: &Vault,
    scope: UnitId,
) -> Result<Vec<SignedStatement>, ApiError> {
    let sealed: Vec<(u64, Vec<u8>)> = connection
        .prepare_cached(include_str!("sql/orders/all.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok((columns::number(row, 0)?, row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    sealed
        .iter()
        .map(|(number, sealed)| open(vault, scope, *number, sealed))
        .collect()
}

fn open(
    vault: &Vault,
    scope: UnitId,
    number: u64,
    sealed: &[u8],
) -> Result<SignedStatement, ApiError> {
    let name = sealed_as(scope, number);
    Ok(wire::unpack(&vault.open_secret(&name, sealed)?)?)
}

pub(crate) fn sealed_as(scope: UnitId, number: u64) -> String {
    of_row(SEALED_AS, &row_key(scope, number))
}

pub(crate) fn reason_sealed_as(scope: UnitId, number: u64) -> String {
    of_row(REASON_SEALED_AS, &row_key(scope, number))
}

fn row_key(scope: UnitId, number: u64) -> Vec<u8> {
    [scope.0.as_bytes().as_slice(), &stored(number).to_be_bytes()].concat()
}

/// Whether a generation of a document was erased.
pub(crate) fn is_erased(
    connection: &Connection,
    vault: &Vault,
    document: DocumentId,
    generation: Generation,
) -> rusqlite::Result<bool> {
    let erased = erased_generation(connection, vault, document)?;
    Ok(erased.is_some_and(|erased| generation <= erased))
}

fn erased_generation(
    connection: &Connection,
    vault: &Vault,
    document: DocumentId,
) -> rusqlite::Result<Option<Generation>> {
    connection
        .prepare_cached(include_str!("sql/orders/erased.sql"))?
        .query_row(
            named_params! {":mark": vault.document_mark(document)},
            |row| row.get(0),
        )
        .optional()
}

/// Whether a document was erased and is not here again under a later generation.
fn is_known_erased(
    connection: &Connection,
    vault: &Vault,
    document: DocumentId,
) -> Result<bool, ApiError> {
    Ok(erased_generation(connection, vault, document)?.is_some()
        && moves::whereabouts(connection, document)?.is_none())
}

/// Whether an order revoked a device, known here or not.
pub(crate) fn is_revoked(connection: &Connection, device: DeviceId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/orders/revoked.sql"))?
        .exists(named_params! {":device": device.0.as_bytes()})
}

/// Whether an order that may end something says nothing new: what is known here ends then already, or nothing was said of
/// an end. The outer `None` is what is not known at all.
pub(crate) fn ends_already(known: Option<Option<i64>>, until_ms: Option<i64>) -> bool {
    match (known, until_ms) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(known), Some(until)) => known.is_some_and(|known| known <= until),
    }
}

fn act_of(order: &Order) -> Act {
    match order {
        Order::Erase { .. } => Act::DocumentErased,
        Order::Renew { .. } => Act::DocumentRenewed,
        Order::Revoke { .. } => Act::DeviceRevoked,
        Order::Wipe { .. } => Act::DeviceWipeOrdered,
        Order::Move { .. } => Act::DocumentMoved,
        Order::Cover { .. } => Act::CoverOrdered,
        Order::Recuse { .. } => Act::RecusalOrdered,
        Order::Guest { .. } => Act::GuestOrdered,
        Order::Countersign(said) => countersign::act_of(said.verdict),
        Order::Hold { hold: true, .. } => Act::DocumentHeld,
        Order::Hold { hold: false, .. } => Act::DocumentReleased,
    }
}

impl<'a> Orders<'a> {
    /// As a request gives and takes them.
    pub(crate) fn of(app: &'a App, connection: &'a Connection, by: By, now_ms: i64) -> Self {
        Self {
            connection,
            vault: &app.vault,
            signing_key: &app.signing_key,
            entropy: app.entropy.as_ref(),
            blobs: &app.blobs,
            by,
            now_ms,
        }
    }

    /// Orders a move in every scope that sees it: each has the order before anything happens, so none can have seen the
    /// document go or come without it.
    pub(crate) fn give_move(self, scopes: BTreeSet<UnitId>, order: &Order) -> Result<(), ApiError> {
        let mut given = None;
        for scope in scopes {
            if epochs::holds(self.connection, scope)? {
                return Err(ApiError::Gathering);
            }
            if let Order::Move { document, .. } = *order
                && let Some(renewal) = self.renewal_of(document)?
            {
                // Whoever sees it next must know whose word about its authors is believed.
                let (numbered, statement) = self.number(scope, renewal)?;
                self.write_down(&numbered, &statement, None)?;
                self.note(&numbered, act_of(&numbered.order))?;
            }
            if let Order::Move { document, .. } = *order {
                // And what the district said of it.
                for said in countersign::of_problem(self.connection, document)? {
                    let (numbered, statement) = self.number(scope, Order::Countersign(said))?;
                    self.write_down(&numbered, &statement, None)?;
                }
            }
            let (numbered, statement) = self.number(scope, order.clone())?;
            self.write_down(&numbered, &statement, None)?;
            self.note(&numbered, act_of(&numbered.order))?;
            given = Some(numbered);
        }
        match given {
            Some(numbered) => self.carry_out(&numbered),
            None => Ok(()),
        }
    }

    /// How a document was built anew last, if it was.
    fn renewal_of(self, document: DocumentId) -> rusqlite::Result<Option<Order>> {
        self.connection
            .prepare_cached(include_str!("sql/orders/renewal.sql"))?
            .query_row(named_params! {":document": document.0.as_bytes()}, |row| {
                Ok(Order::Renew {
                    document,
                    generation: row.get(0)?,
                    founded: columns::hash(row, 1)?,
                    device: DeviceId(columns::uuid(row, 2)?),
                })
            })
            .optional()
    }

    /// Gives an order: number, signature, entry in the log and the deed are one transaction.
    /// While the scope gathers what was lost there are none: an order out there may have the next number already.
    pub(crate) fn give(
        self,
        scope: UnitId,
        order: Order,
        reason: &str,
    ) -> Result<NumberedOrder, ApiError> {
        if epochs::holds(self.connection, scope)? {
            return Err(ApiError::Gathering);
        }
        if let Order::Erase { document, .. } | Order::Renew { document, .. } = order
            && erasures::is_held(self.connection, document)?
        {
            return Err(ApiError::OnHold);
        }
        self.give_next(scope, order, Some(reason))
    }

    fn give_next(
        self,
        scope: UnitId,
        order: Order,
        reason: Option<&str>,
    ) -> Result<NumberedOrder, ApiError> {
        let (numbered, statement) = self.number(scope, order)?;
        self.note(&numbered, act_of(&numbered.order))?;
        self.keep(&numbered, &statement, reason)?;
        Ok(numbered)
    }

    fn number(
        self,
        scope: UnitId,
        order: Order,
    ) -> Result<(NumberedOrder, SignedStatement), ApiError> {
        let proven = epochs::proven_orders(self.connection, scope)?;
        let numbered = NumberedOrder {
            scope,
            number: highest(self.connection, scope)?.max(proven) + 1,
            at_ms: self.now_ms,
            order,
        };
        let statement = order::sign(self.signing_key, &numbered)?;
        Ok((numbered, statement))
    }

    /// Takes an order back that a device carried. False when it says nothing new.
    pub(crate) fn take_back(
        self,
        scope: UnitId,
        statement: &SignedStatement,
    ) -> Result<bool, ApiError> {
        let Ok(numbered) = order::read(&self.signing_key.verifying_key(), statement) else {
            return Ok(false);
        };
        if numbered.scope != scope {
            return Ok(false);
        }
        match find(self.connection, self.vault, scope, numbered.number)? {
            Some(known) if known == *statement => Ok(false),
            None => {
                self.note(&numbered, Act::OrderReturned)?;
                self.keep(&numbered, statement, None)?;
                epochs::explain(self.connection, scope)?;
                Ok(true)
            }
            // The number went to another order while this one was missing: what it says stands under a new one.
            Some(_) => {
                if self.is_done(&numbered.order)? {
                    return Ok(false);
                }
                self.give_next(scope, numbered.order, None)?;
                Ok(true)
            }
        }
    }

    fn is_done(self, order: &Order) -> Result<bool, ApiError> {
        Ok(match *order {
            Order::Countersign(ref said) => {
                is_known_erased(self.connection, self.vault, said.problem)?
                    || countersign::is_known(self.connection, said)?
            }
            Order::Erase {
                document,
                generation,
            }
            | Order::Renew {
                document,
                generation,
                ..
            } => is_erased(self.connection, self.vault, document, generation)?,
            Order::Revoke { device } => is_revoked(self.connection, device)?,
            Order::Wipe { device } => devices::is_to_be_wiped(self.connection, device)?,
            Order::Hold { document, hold } => {
                is_known_erased(self.connection, self.vault, document)?
                    || erasures::says(self.connection, document, hold)?
            }
            Order::Move { document, step, .. } => {
                is_known_erased(self.connection, self.vault, document)?
                    || moves::is_ordered(self.connection, document, step)?
            }
            Order::Cover {
                cover, until_ms, ..
            } => covers::is_known(self.connection, cover, until_ms)?,
            Order::Recuse {
                recusal,
                document,
                until_ms,
                ..
            } => {
                is_known_erased(self.connection, self.vault, document)?
                    || recusals::is_known(self.connection, recusal, document, until_ms)?
            }
            Order::Guest {
                guest,
                document,
                until_ms,
                ..
            } => {
                is_known_erased(self.connection, self.vault, document)?
                    || guests::is_known(self.connection, guest, document, until_ms)?
            }
        })
    }

    fn keep(
        self,
        numbered: &NumberedOrder,
        statement: &SignedStatement,
        reason: Option<&str>,
    ) -> Result<(), ApiError> {
        self.write_down(numbered, statement, reason)?;
        self.carry_out(numbered)
    }

    fn write_down(
        self,
        numbered: &NumberedOrder,
        statement: &SignedStatement,
        reason: Option<&str>,
    ) -> Result<(), ApiError> {
        let (scope, number) = (numbered.scope, numbered.number);
        let seal = |name: String, bytes: &[u8]| self.vault.seal_secret(&name, bytes, self.entropy);
        let sealed = seal(sealed_as(scope, number), &wire::pack(statement)?)?;
        let reason = reason
            .map(|reason| seal(reason_sealed_as(scope, number), reason.as_bytes()))
            .transpose()?;
        self.connection
            .prepare_cached(include_str!("sql/orders/insert.sql"))?
            .execute(named_params! {
                ":scope": numbered.scope.0.as_bytes(),
                ":number": stored(numbered.number),
                ":sealed": sealed,
                ":reason": reason,
            })?;
        log::append(
            self.connection,
            numbered.scope,
            self.now_ms,
            &Append::Order(numbered.number),
        )?;
        Ok(())
    }

    /// Writes into the audit chain what an order says and who gave or brought it.
    fn note(self, numbered: &NumberedOrder, act: Act) -> Result<(), ApiError> {
        let object = match numbered.order {
            Order::Erase { document, .. }
            | Order::Renew { document, .. }
            | Order::Move { document, .. }
            | Order::Hold { document, .. }
            | Order::Recuse { document, .. }
            | Order::Guest { document, .. } => Object::Document(self.vault.document_mark(document)),
            Order::Countersign(ref said) => {
                Object::Document(self.vault.document_mark(said.problem))
            }
            Order::Revoke { device } | Order::Wipe { device } => Object::Device(device),
            Order::Cover { cover, .. } => Object::Id(cover),
        };
        audit::append(
            self.connection,
            &Deed {
                order: Some(numbered.number),
                ..Deed::of(self.by, numbered.scope, act, object, self.now_ms)
            },
        )?;
        Ok(())
    }

    fn carry_out(self, numbered: &NumberedOrder) -> Result<(), ApiError> {
        match numbered.order {
            Order::Erase {
                document,
                generation,
            } => self.erase(document, generation),
            Order::Renew {
                document,
                generation,
                founded,
                device,
            } => self.renew((document, generation), founded, device),
            Order::Revoke { device } => self.revoke(device, numbered.at_ms),
            Order::Wipe { device } => {
                self.revoke(device, numbered.at_ms)?;
                Ok(devices::note_wipe(self.connection, device, numbered)?)
            }
            Order::Hold { document, hold } => {
                if is_known_erased(self.connection, self.vault, document)? {
                    return Ok(());
                }
                let said = (document, hold);
                Ok(erasures::heed_hold(
                    self.connection,
                    numbered.scope,
                    said,
                    numbered.at_ms,
                )?)
            }
            Order::Move {
                document,
                from,
                to,
                step,
            } => {
                if is_known_erased(self.connection, self.vault, document)? {
                    // Its id is written nowhere any more.
                    return Ok(());
                }
                let ordered = Ordered {
                    document,
                    from,
                    to,
                    step,
                    at_ms: numbered.at_ms,
                };
                moves::heed(self.connection, &ordered, self.now_ms)
            }
            Order::Cover { .. } => {
                covers::heed(self.connection, numbered.scope, &numbered.order)?;
                if epochs::holds(self.connection, numbered.scope)? {
                    // The documents are on their way back themselves; it is looked at with the next contact after that.
                    return Ok(());
                }
                covers::turn(self.connection, numbered.scope, self.now_ms)
            }
            Order::Recuse { document, .. } => {
                if is_known_erased(self.connection, self.vault, document)? {
                    return Ok(());
                }
                Ok(recusals::heed(
                    self.connection,
                    numbered.scope,
                    &numbered.order,
                )?)
            }
            Order::Guest { document, .. } => {
                if is_known_erased(self.connection, self.vault, document)? {
                    return Ok(());
                }
                guests::heed(self.connection, numbered.scope, &numbered.order)?;
                if epochs::holds(self.connection, numbered.scope)? {
                    // As with who stands in: it is looked at with the next contact after that.
                    return Ok(());
                }
                guests::turn(self.connection, numbered.scope, self.now_ms)
            }
            Order::Countersign(ref said) => {
                if is_known_erased(self.connection, self.vault, said.problem)? {
                    return Ok(());
                }
                Ok(countersign::heed(self.connection, said)?)
            }
        }
    }

    /// Bodies and key of a generation go; the document goes on under the next one, which is not begun by anybody else.
    fn renew(
        self,
        (document, generation): (DocumentId, Generation),
        founded: ChangeHash,
        device: DeviceId,
    ) -> Result<(), ApiError> {
        if is_erased(self.connection, self.vault, document, generation)? {
            // A later generation is here, or nothing of it is to come back.
            return Ok(());
        }
        self.end_generation(document, generation)?;
        self.connection
            .prepare_cached(include_str!("sql/orders/put_renewal.sql"))?
            .execute(named_params! {
                ":document": document.0.as_bytes(),
                ":generation": generation,
                ":founded": founded.0,
                ":device": device.0.as_bytes(),
            })?;
        self.connection
            .prepare_cached(include_str!("sql/orders/renew_document.sql"))?
            .execute(named_params! {
                ":document": document.0.as_bytes(),
                ":generation": generation,
                ":device": device.0.as_bytes(),
            })?;
        Ok(())
    }

    /// Everything of a document goes that stood under this generation or one before it.
    fn end_generation(self, document: DocumentId, generation: Generation) -> Result<(), ApiError> {
        self.connection.execute(
            include_str!("sql/orders/insert_erased.sql"),
            named_params! {
                ":mark": self.vault.document_mark(document),
                ":generation": generation,
            },
        )?;
        for sql in [
            include_str!("sql/orders/erase_heads.sql"),
            include_str!("sql/orders/erase_log.sql"),
            include_str!("sql/orders/erase_reviews.sql"),
            include_str!("sql/orders/erase_held.sql"),
            include_str!("sql/orders/erase_set_aside.sql"),
            include_str!("sql/orders/erase_changes.sql"),
            include_str!("sql/orders/erase_segments.sql"),
            include_str!("sql/orders/erase_key.sql"),
        ] {
            self.connection.execute(
                sql,
                named_params! {
                    ":document": document.0.as_bytes(),
                    ":generation": generation,
                },
            )?;
        }
        // The pages as they were are in the write-ahead log until it is emptied.
        settings::write(self.connection, name::ERASED_IN_LOG, b"1")?;
        Ok(())
    }

    /// Bodies, key, blobs and row of a document go; its number in the log and the keyed hash of its id stay.
    fn erase(self, document: DocumentId, generation: Generation) -> Result<(), ApiError> {
        self.end_generation(document, generation)?;
        blobs::erase(self.connection, self.blobs, document)?;
        erasures::forget(self.connection, document)?;
        recusals::forget(self.connection, document)?;
        guests::forget(self.connection, document)?;
        countersign::forget(self.connection, document)?;
        cases::forget(self.connection, document)?;
        for sql in [
            include_str!("sql/orders/erase_document.sql"),
            include_str!("sql/orders/forget_renewal.sql"),
        ] {
            self.connection.execute(
                sql,
                named_params! {
                    ":document": document.0.as_bytes(),
                    ":generation": generation,
                },
            )?;
        }
        for sql in [
            include_str!("sql/orders/erase_homes.sql"),
            include_str!("sql/orders/erase_moves.sql"),
        ] {
            self.connection
                .execute(sql, named_params! {":document": document.0.as_bytes()})?;
        }
        Ok(())
    }

    fn revoke(self, device: DeviceId, at_ms: i64) -> Result<(), ApiError> {
        for sql in [
            include_str!("sql/orders/revoke.sql"),
            include_str!("sql/orders/revoke_device.sql"),
        ] {
            self.connection.execute(
                sql,
                named_params! {":device": device.0.as_bytes(), ":at_ms": at_ms},
            )?;
        }
        Ok(())
    }
}
