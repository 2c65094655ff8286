//! A change that comes back to a server that was set back, carried by any device: judged by its author's signature alone.
//!
//! The questions are those of [`super::server`]; what differs is the chain. Changes come document by document and those
//! that were refused once come from nobody but their author, so a place is taken when it is free and agrees with the
//! place before it, whether or not there is a gap.

use super::server::{self, AdmissionState, Caller, Chain, KnownHead, Waits};
use crate::envelope::{self, Envelope, EnvelopeHead};
use crate::outcome::{Outcome, RefusalCode};
use crate::wire::ProtocolError;
use ids::{ChangeHash, UnitId};

/// Takes one change back.
///
/// # Errors
/// Only the state's own; a bad change is an outcome.
pub fn admit<S: AdmissionState>(
    state: &mut S,
    scope: UnitId,
    envelope: &Envelope,
) -> Result<(ChangeHash, Outcome), S::Error> {
    let head = match envelope::open(envelope) {
        Ok(head) => head,
        Err(error) => {
            let code = match error {
                ProtocolError::TooLarge { .. } => RefusalCode::TooLarge,
                _ => RefusalCode::Malformed,
            };
            return Ok((ChangeHash([0; 32]), Outcome::Refused { code }));
        }
    };
    let outcome = admit_head(state, scope, envelope, &head)?;
    if server::is_new(&outcome) {
        server::release_held(state, head.document)?;
    }
    Ok((head.hash, outcome))
}

fn admit_head<S: AdmissionState>(
    state: &mut S,
    scope: UnitId,
    envelope: &Envelope,
    head: &EnvelopeHead,
) -> Result<Outcome, S::Error> {
    let refused = |code| Ok(Outcome::Refused { code });
    let author = state.caller(head.device)?.map(|author| Caller {
        // It was in the log before it was lost; whoever made it may have been revoked or have moved since.
        revoked: false,
        returns: true,
        ..author
    });
    let Some(author) = author else {
        return refused(RefusalCode::UnknownDevice);
    };
    if head.staff != author.holder.staff || head.scope != scope || author.holder.scope != scope {
        return refused(RefusalCode::UnknownDevice);
    }
    if envelope::verify(&author.key, &envelope.head, &envelope.signature).is_err() {
        return refused(RefusalCode::BadSignature);
    }
    if state.is_erased(head.document, head.generation)? {
        return refused(RefusalCode::Erased);
    }
    let head_hash = envelope::head_hash(&envelope.head);
    let waits = match state.known_head(&head_hash)? {
        Some(KnownHead::Accepted { seq }) => return Ok(server::had(seq)),
        Some(KnownHead::Review) => return Ok(Outcome::Review),
        Some(KnownHead::Held) => Waits(true),
        Some(KnownHead::Refused { .. }) => Waits(false),
        None => {
            let chain = Chain {
                device: head.device,
                incarnation: head.incarnation,
                scope: head.scope,
            };
            if !server::fits_in(state, &chain, head)? {
                return refused(RefusalCode::BadChain);
            }
            state.place(&chain, head, &head_hash)?;
            Waits(false)
        }
    };
    server::examine(state, &author, envelope, head, head_hash, waits)
}
