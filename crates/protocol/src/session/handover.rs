//! What a stopped device hands over. It is believed to be the device's, by signature and chain, and that is all: whether it
//! enters a document a person of the station decides, so everything that could enter one goes into the review tray.

use crate::envelope::{self, EnvelopeHead};
use crate::outcome::{Outcome, RefusalCode};
use crate::retry;
use crate::session::server::{
    self, AdmissionState, Caller, Chain, ChainTip, Examined, KnownHead, had, refused,
};
use ids::ChangeHash;

/// Takes one part, change by change.
///
/// # Errors
/// Only the state's own; a bad change is an outcome.
pub fn admit_part<S: AdmissionState>(
    state: &mut S,
    caller: &Caller,
    part: &[Examined],
) -> Result<Vec<(ChangeHash, Outcome)>, S::Error> {
    part.iter()
        .map(|examined| {
            Ok(match examined.head() {
                Ok(head) => (head.hash, admit(state, caller, examined, head)?),
                Err(code) => (ChangeHash([0; 32]), refused(code)),
            })
        })
        .collect()
}

fn admit<S: AdmissionState>(
    state: &mut S,
    caller: &Caller,
    examined: &Examined,
    head: &EnvelopeHead,
) -> Result<Outcome, S::Error> {
    let holder = &caller.holder;
    if head.device != holder.device || head.staff != holder.staff || head.scope != holder.scope {
        return Ok(refused(RefusalCode::UnknownDevice));
    }
    if !examined.is_signed_with(&caller.key) {
        return Ok(refused(RefusalCode::BadSignature));
    }
    let envelope = examined.envelope();
    let head_hash = envelope::head_hash(&envelope.head);
    match state.known_head(&head_hash)? {
        Some(KnownHead::Accepted { seq }) => return Ok(had(seq)),
        Some(KnownHead::Review) => return Ok(Outcome::Review),
        Some(KnownHead::Refused { code }) if !retry::may_pass_later(code) => {
            return Ok(refused(code));
        }
        // What it waits for may be on this very device: a person sees both.
        Some(KnownHead::Refused { .. } | KnownHead::Held) => {}
        None => {
            let chain = Chain {
                device: head.device,
                incarnation: head.incarnation,
                scope: head.scope,
            };
            let tip = state.chain_tip(&chain)?;
            if !follows(&tip, head) && !server::joins(state, &chain, &tip, head)? {
                if state.head_at(&chain, head.dev_seq)?.is_some() {
                    state.note_fork(&chain)?;
                }
                state.refuse(head, &head_hash, RefusalCode::BadChain)?;
                return Ok(refused(RefusalCode::BadChain));
            }
            state.place(&chain, head, &head_hash)?;
        }
    }
    let code = if state.is_erased(head.document, head.generation)? {
        Some(RefusalCode::Erased)
    } else {
        server::read_change(envelope, head).err()
    };
    if let Some(code) = code {
        state.refuse(head, &head_hash, code)?;
        return Ok(refused(code));
    }
    if let Some(known) = state.change(head.document, head.generation, &head.hash)? {
        state.alias(head, &head_hash, known.seq)?;
        return Ok(had(known.seq));
    }
    state.review(envelope, head, &head_hash)?;
    Ok(Outcome::Review)
}

fn follows(tip: &ChainTip, head: &EnvelopeHead) -> bool {
    tip.dev_seq.checked_add(1) == Some(head.dev_seq) && tip.head_hash == head.previous
}
