//! What the tablet does about refusals by itself: it offers again what may pass now, and frees later work from what was
//! refused.
//!
//! A refused change stands in its document's history, and what was written later stands on it; the server holds that for
//! ever. So the refused one is laid beside the document, where it is still seen, and the later ones are made anew on what
//! the person had seen without it: by a new memory, because the old one's numbers are used up (decisions.md 2), at
//! their old time, under their old record. What others wrote meanwhile is concurrent to them, as it was in life: a field
//! two people changed shows both values.

use crate::error::ClientError;
use crate::records::{self, Making};
use crate::tablet::Tablet;
use domain::record::{Edit, doc, intent};
use ids::{ChangeHash, DocumentId, Incarnation, actor_id};
use protocol::retry::{self, Remedy, Signs};
use protocol::{DocumentHeader, RefusalCode};
use std::collections::{BTreeMap, BTreeSet};
use store::changes::{self, ChangeState, LocalChange};
use store::documents::{self, StoredDocument, beside};
use store::returned::{self, Circumstances, OpenChange};
use store::{StoreError, Transaction, identity, projections};

/// The same intent is made anew once because it was refused itself; after that it is for a person.
const MOST_REMAKES: u32 = 1;

/// Notes a refusal, with what is the case now.
///
/// # Errors
/// The store refuses.
pub(crate) fn note_refusal(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    document: DocumentId,
    hash: ChangeHash,
) -> Result<(), ClientError> {
    let circumstances = circumstances(tablet, tx, document)?;
    Ok(returned::note(
        tx,
        hash,
        tablet.clock.now_ms(),
        &circumstances,
    )?)
}

/// Offers again what may pass now; once nothing waits to be sent, frees what stands on refused changes. Returns whether
/// there is something to send.
///
/// # Errors
/// The store refuses.
pub(crate) fn settle(tablet: &Tablet) -> Result<bool, ClientError> {
    if tablet.store.read(returned::open)?.is_empty() {
        return Ok(tablet.store.read(changes::outbox_length)? > 0);
    }
    let (touched, waiting) = tablet.store.write(|tx| {
        offer_what_may_pass(tablet, tx, false)?;
        let mut touched = Vec::new();
        if changes::outbox_length(tx)? == 0 {
            touched = free_later_work(tablet, tx)?;
        }
        Ok::<_, ClientError>((touched, changes::outbox_length(tx)? > 0))
    })?;
    for document in touched {
        tablet.forget_noun(document);
    }
    Ok(waiting)
}

fn circumstances(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    document: DocumentId,
) -> Result<Circumstances, ClientError> {
    let me = &tablet.identity;
    let home = documents::head(tx, document)?
        .map(|head| head.home_unit.to_string())
        .unwrap_or_default();
    Ok(Circumstances {
        app: crate::APP_VERSION.to_owned(),
        device: me.device,
        belonging: format!("{}/{}/{home}", me.unit, me.role.as_str()),
        news: returned::news(tx, document)?,
    })
}

/// What the code of a refusal was. An unknown one comes from a newer server: only a person, or a newer app, helps.
pub(crate) fn code_of(change: &OpenChange) -> RefusalCode {
    change
        .code
        .as_deref()
        .and_then(RefusalCode::parse)
        .unwrap_or(RefusalCode::Quarantined)
}

/// One that was refused before has been taken: where somebody belongs was put right at the server, of which the tablet
/// hears nothing else. So what was refused for that is offered again too.
///
/// # Errors
/// The store refuses.
pub(crate) fn offer_the_others(tablet: &Tablet, tx: &Transaction<'_>) -> Result<(), ClientError> {
    offer_what_may_pass(tablet, tx, true)
}

fn offer_what_may_pass(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    belonging_put_right: bool,
) -> Result<(), ClientError> {
    let open: Vec<OpenChange> = returned::open(tx)?
        .into_iter()
        .filter(|change| change.put_away_ms.is_none())
        .collect();
    let now = tablet.clock.now_ms();
    let mut due: BTreeSet<ChangeHash> = BTreeSet::new();
    let mut born: BTreeSet<DocumentId> = BTreeSet::new();
    for change in &open {
        if change.state != ChangeState::Refused {
            continue;
        }
        // A document the server never took begins with its first change; the rest follows that one.
        let unborn = !returned::is_at_server(tx, change.document)?;
        let follows = unborn
            && !change.begins
            && open
                .iter()
                .any(|other| other.document == change.document && other.begins);
        if follows {
            continue;
        }
        let here = circumstances(tablet, tx, change.document)?;
        let offers = match &change.refusal {
            Some(refusal) => {
                let then = &refusal.circumstances;
                let signs = Signs {
                    app: then.app != here.app,
                    document: then.news < here.news,
                    born: then.news == 0 && here.news > 0,
                    belonging: belonging_put_right || then.belonging != here.belonging,
                    enrolment: then.device != here.device,
                };
                // A clock that was years ahead then must not make it wait for years now.
                let since_ms = now.saturating_sub(refusal.at_ms).saturating_abs();
                retry::offers_again(code_of(change), refusal.tries, since_ms, signs)
            }
            // Refused before refusals were counted.
            None => true,
        };
        if offers {
            due.insert(change.hash);
            if unborn && change.begins {
                born.insert(change.document);
            }
        }
    }
    for change in &open {
        if due.contains(&change.hash) || born.contains(&change.document) {
            changes::offer_one_again(tx, change.hash)?;
        }
    }
    Ok(())
}

/// Lays refused changes beside their documents and makes anew what stood on them. Returns the documents it touched.
fn free_later_work(tablet: &Tablet, tx: &Transaction<'_>) -> Result<Vec<DocumentId>, ClientError> {
    let open = returned::open(tx)?;
    let mut touched: Vec<DocumentId> = Vec::new();
    let mut has_new_memory = false;
    for change in &open {
        if touched.contains(&change.document) {
            continue;
        }
        let rows: Vec<&OpenChange> = open
            .iter()
            .filter(|other| other.document == change.document)
            .collect();
        let plan = Plan::of(tx, &rows)?;
        if plan.out.is_empty() {
            continue;
        }
        if !has_new_memory {
            let memory = Incarnation(tablet.new_id());
            identity::begin_incarnation(tx, memory)?;
            has_new_memory = true;
        }
        carry_out(tablet, tx, change.document, &plan)?;
        touched.push(change.document);
    }
    Ok(touched)
}

/// What is to become of a document's open changes, in the order they were made.
struct Plan<'a> {
    out: Vec<&'a OpenChange>,
    /// Refused for where they stand, not for what they say.
    anew: BTreeSet<ChangeHash>,
}

impl<'a> Plan<'a> {
    fn of(tx: &Transaction<'_>, rows: &[&'a OpenChange]) -> Result<Self, ClientError> {
        let anew: BTreeSet<ChangeHash> = rows
            .iter()
            .filter(|change| {
                let tries = change.refusal.as_ref().map_or(1, |refusal| refusal.tries);
                change.state == ChangeState::Refused
                    && change.put_away_ms.is_none()
                    && change.remakes < MOST_REMAKES
                    && matches!(
                        retry::remedy(code_of(change)),
                        Remedy::MakeAnew { after } if tries >= after
                    )
            })
            .map(|change| change.hash)
            .collect();
        let at_server = match rows.first() {
            Some(first) => returned::is_at_server(tx, first.document)?,
            None => false,
        };
        // The server holds it for a change that was made anew meanwhile, and what it speaks of is not refused any more.
        let mut left_behind: BTreeSet<ChangeHash> = BTreeSet::new();
        for change in rows {
            if change.beside
                && change.state == ChangeState::Held
                && change.put_away_ms.is_none()
                && stands_on_replaced(tx, change)?
                && !intent::speaks_of(&edits_in(tx, change)?, &others_records(tx, rows, change)?)
            {
                left_behind.insert(change.hash);
            }
        }
        let mut out: Vec<&OpenChange> = Vec::new();
        for change in rows {
            let stands_on_one = change
                .deps
                .iter()
                .any(|dep| out.iter().any(|other| other.hash == *dep));
            let goes = match (change.state, at_server) {
                // Beside it already: it goes again only to be made anew.
                _ if change.beside => {
                    anew.contains(&change.hash) || left_behind.contains(&change.hash)
                }
                (ChangeState::Refused, true) => true,
                // A document the server has nothing of is left whole: what helps its beginning helps all of it.
                (_, false) => !anew.is_empty(),
                _ => stands_on_one,
            };
            if goes {
                out.push(change);
            }
        }
        Ok(Self { out, anew })
    }
}

fn stands_on_replaced(tx: &Transaction<'_>, change: &OpenChange) -> Result<bool, ClientError> {
    for dep in &change.deps {
        if returned::is_replaced(tx, *dep)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn edits_in(tx: &Transaction<'_>, change: &OpenChange) -> Result<Vec<Edit>, ClientError> {
    match changes::own(tx, change.hash)? {
        Some(local) => edits_of(&local),
        None => Ok(Vec::new()),
    }
}

/// Records the other open changes of the document would add.
fn others_records(
    tx: &Transaction<'_>,
    rows: &[&OpenChange],
    change: &OpenChange,
) -> Result<BTreeSet<String>, ClientError> {
    let mut records = BTreeSet::new();
    for other in rows.iter().filter(|other| other.hash != change.hash) {
        records.extend(intent::entries_added(&edits_in(tx, other)?));
    }
    Ok(records)
}

fn carry_out(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    id: DocumentId,
    plan: &Plan<'_>,
) -> Result<(), ClientError> {
    let Some(mut stored) = documents::load(tx, id)? else {
        return Ok(());
    };
    let out = plan.out.iter().map(|change| change.hash).collect();
    beside::set_beside(tx, &mut stored, &out)?;
    crate::sync::take_quarantined(tx, &mut stored)?;
    let code = plan
        .out
        .iter()
        .find(|change| change.state == ChangeState::Refused)
        .map_or(RefusalCode::NotApplicable, |change| code_of(change));
    // What each of them is stood on instead, and the records that stay refused.
    let mut instead: BTreeMap<ChangeHash, BTreeSet<ChangeHash>> = BTreeMap::new();
    let mut staying: BTreeSet<String> = BTreeSet::new();
    for change in &plan.out {
        let Some(local) = changes::own(tx, change.hash)? else {
            continue;
        };
        let mut seen: BTreeSet<ChangeHash> = BTreeSet::new();
        for dep in &change.deps {
            match instead.get(dep) {
                Some(others) => seen.extend(others),
                None => seen.extend(returned::ground(tx, *dep)?),
            }
        }
        let edits = edits_of(&local)?;
        let is_free = change.put_away_ms.is_none()
            && (change.state == ChangeState::Held || plan.anew.contains(&change.hash));
        if is_free && !intent::speaks_of(&edits, &staying) {
            let remakes = local.remakes + u32::from(plan.anew.contains(&change.hash));
            if let Some(new) = make_anew(tablet, tx, &mut stored, &local, &seen, &edits, remakes)? {
                instead.insert(change.hash, BTreeSet::from([new]));
                continue;
            }
        }
        if change.state == ChangeState::Held {
            // It says something about what was refused, or has no ground any more: it stays with that.
            let outcome = changes::Outcome::Refused {
                code: code.as_str().to_owned(),
                reason: Some("stands on a refused change".to_owned()),
            };
            changes::mark_outcome(tx, change.hash, &outcome)?;
            note_refusal(tablet, tx, id, change.hash)?;
        }
        staying.extend(intent::entries_added(&edits));
        instead.insert(change.hash, seen);
    }
    documents::save_tail(tx, &mut stored)?;
    projections::refresh(tx, &stored)?;
    Ok(())
}

/// What the person meant by a change of theirs.
pub(crate) fn edits_of(local: &LocalChange) -> Result<Vec<Edit>, ClientError> {
    let kind = local.document.kind;
    Ok(intent::doc::edits_in(
        kind,
        &doc::start(kind)?,
        &local.change.body,
    )?)
}

/// The same edits as a change of the memory that writes now; none when they cannot be made on what is there.
fn make_anew(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    stored: &mut StoredDocument,
    local: &LocalChange,
    seen: &BTreeSet<ChangeHash>,
    edits: &[Edit],
    remakes: u32,
) -> Result<Option<ChangeHash>, ClientError> {
    let me = &tablet.identity;
    let actor = actor_id(
        me.device,
        records::incarnation(tx)?,
        stored.head.document,
        stored.head.generation,
    );
    let seen: Vec<ChangeHash> = seen.iter().copied().collect();
    let wall_ms = local.change.wall_ms;
    let made = match beside::make_anew(stored, &seen, actor, wall_ms, edits) {
        Ok(Some(mut made)) => {
            // What it replaced is what the person saw, also where that was itself refused.
            made.before.clone_from(&local.before);
            made
        }
        Ok(None) => return Ok(None),
        Err(error @ (StoreError::Document(_) | StoreError::Corrupt { .. })) => {
            tracing::warn!(%error, hash = %local.change.hash, "an intent cannot be made anew");
            return Ok(None);
        }
        Err(other) => return Err(other.into()),
    };
    let header = match &local.change.header {
        Some(header) => Some(DocumentHeader {
            creator: me.device,
            generation: stored.head.generation,
            ..protocol::wire::unpack(header)?
        }),
        None => None,
    };
    let making = Making {
        header,
        label: local.label.clone(),
        wall_ms,
        stored_ms: local.stored_ms,
        replaces: Some((local.change.hash, local.chain_head)),
        remakes,
    };
    Ok(Some(records::keep(tablet, tx, stored, made, making)?))
}
