//! A change that comes back to a server that was set back, carried by any device: judged by its author's signature alone.
//!
//! The questions are those of [`super::server`]; what differs is the chain. Changes come document by document and those
//! that were refused once come from nobody but their author, so a place is taken when it is free and agrees with the
//! place before it, whether or not there is a gap.

use super::server::{self, AdmissionState, Chain, KnownDocument, KnownHead, Waits};
use crate::access::{self, Action, Context, Holder, Resource, Subject};
use crate::envelope::{self, Envelope, EnvelopeHead};
use crate::outcome::{Outcome, RefusalCode};
use crate::wire::ProtocolError;
use ids::ChangeHash;

/// Takes one change back.
///
/// # Errors
/// Only the state's own; a bad change is an outcome.
pub fn admit<S: AdmissionState>(
    state: &mut S,
    carrier: &Holder,
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
    let outcome = admit_head(state, carrier, envelope, &head)?;
    if server::is_new(&outcome) {
        server::release_held(state, head.document)?;
    }
    Ok((head.hash, outcome))
}

/// How the carrier stands to the document.
struct Hands {
    /// It lives where they see it, so what they bring of it was a part of it, wherever it was written.
    sees: bool,
    /// It has left them: what they bring may have come late, like anything of theirs.
    has_left: bool,
    /// It may come back in their scope at all.
    may_carry: bool,
}

fn hands<S: AdmissionState>(
    state: &mut S,
    carrier: &Holder,
    head: &EnvelopeHead,
    known: Option<&KnownDocument>,
) -> Result<Hands, S::Error> {
    let Some(known) = known else {
        return Ok(Hands {
            sees: false,
            has_left: false,
            may_carry: head.scope == carrier.scope
                || state.is_to_go_to(head.document, carrier.scope)?,
        });
    };
    let resource = Resource::Document {
        kind: known.header.kind,
        home_unit: known.home_unit,
        scope: known.scope,
        creator: known.header.creator,
        guest: known.guest,
    };
    let sees = access::decide(
        Subject::Device(*carrier),
        Action::ReadDocument,
        resource,
        Context::default(),
    )
    .is_allowed();
    Ok(Hands {
        sees,
        has_left: !sees
            && (state.has_left(head.document, carrier)?
                || state.was_guest(head.document, carrier)?),
        may_carry: sees || head.scope == carrier.scope,
    })
}

fn admit_head<S: AdmissionState>(
    state: &mut S,
    carrier: &Holder,
    envelope: &Envelope,
    head: &EnvelopeHead,
) -> Result<Outcome, S::Error> {
    let refused = |code| Ok(Outcome::Refused { code });
    let known = state.document(head.document)?;
    let hands = hands(state, carrier, head, known.as_ref())?;
    let Some(mut author) = state.caller(head.device)? else {
        return refused(RefusalCode::UnknownDevice);
    };
    let is_theirs = head.staff == author.holder.staff && head.scope == author.holder.scope;
    if !is_theirs || !hands.may_carry {
        return refused(RefusalCode::UnknownDevice);
    }
    if envelope::verify(&author.key, &envelope.head, &envelope.signature).is_err() {
        return refused(RefusalCode::BadSignature);
    }
    if state.is_erased(head.document, head.generation)? {
        return refused(RefusalCode::Erased);
    }
    // It was in the log before it was lost; whoever made it may have been revoked or have moved since.
    author.revoked = false;
    author.returns = !hands.has_left;
    if let Some(known) = known.filter(|_| hands.sees)
        && state.has_left(head.document, &author.holder)?
    {
        // Written while the document lived elsewhere, and a part of it now.
        author.holder.unit = known.home_unit;
        author.holder.scope = known.scope;
    }
    let head_hash = envelope::head_hash(&envelope.head);
    let mut lies_in_tray = false;
    let waits = match state.known_head(&head_hash)? {
        Some(KnownHead::Accepted { seq }) => return Ok(server::had(seq)),
        Some(KnownHead::Review) if hands.sees => {
            lies_in_tray = true;
            Waits(true)
        }
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
    let outcome = server::examine(state, &author, envelope, head, head_hash, waits)?;
    if lies_in_tray && server::is_new(&outcome) {
        state.leave_tray(head, &head_hash)?;
    }
    Ok(outcome)
}
