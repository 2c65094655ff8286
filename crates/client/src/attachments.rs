//! Photos, signatures and recordings of a record: added to its form, saved with it, opened where it is read.
//!
//! Never asked for: a record without one lacks nothing (domain.md P-24). What is added lies sealed on the tablet before the
//! call returns; it belongs to a document once its record is saved – the household's for a visit, the problem's for a step
//! of it, the village's month for an activity –, and is sent after the words. A page that is no visit form has a sheet ([`crate::sheets`]).

use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::packs::Packs;
use crate::picture;
use crate::roster::Roster;
use crate::runtime::{self, Line};
use crate::server::refused_code;
use crate::tablet::Tablet;
use crate::view::{
    AddAttachmentInput, AttachmentKind, AttachmentListView, AttachmentView, DraftAttachmentInput,
    IdInput, OpenAttachmentInput, OpenedAttachmentView, OptionView, RecordState,
};
use crate::visits;
use crate::watermark;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use domain::attachment::Attachment;
use domain::policy::{Rules, SignerRule};
use domain::record::Edit;
use ids::{BlobAddress, DocumentId};
use protocol::{BlobPiece, ReadBlob};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::blobs::{self, Blob, BlobKind};
use store::keys::SecretKey;
use store::projections::records;
use store::{Transaction, drafts, sheets};
use uuid::Uuid;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const AUDIO_BYTES: usize = 7 * 1024 * 1024;
const STROKES_BYTES: usize = 64 * 1024;
/// Bytes fetched in one message, and for how long one call goes on fetching.
const FETCH_BYTES: u32 = 32 * 1024;
const FETCH_MS: i64 = 1_000;

/// A signature as it was drawn: points x, y, x, y … of each stroke, in a field of this size.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strokes {
    width: u16,
    height: u16,
    strokes: Vec<Vec<u16>>,
    /// Whose they are, sealed with them; what a screen sends says it beside them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signer: Option<String>,
}

/// What hangs on a form.
///
/// # Errors
/// `draft_gone`.
pub fn of_draft(tablet: &Tablet, input: &IdInput) -> Result<AttachmentListView, ClientError> {
    list(tablet, draft_id(tablet, &input.id)?)
}

/// Adds something to a form. When this returns it survives the battery.
///
/// # Errors
/// `draft_gone`, `attachment_enough`, `picture_unreadable`, `picture_too_large`, `audio_unreadable`,
/// `signature_unreadable`, `signer_missing`, `disk_full`.
pub fn add(tablet: &Tablet, input: &AddAttachmentInput) -> Result<AttachmentListView, ClientError> {
    let draft = draft_id(tablet, &input.draft)?;
    let kind = blob_kind(input.kind);
    let there = tablet
        .store
        .read(|connection| blobs::of_draft(connection, draft))?;
    let rules = tablet.rules();
    let most = match kind {
        BlobKind::Photo => rules.most_photos,
        _ => rules.most_others,
    } as usize;
    if there.iter().filter(|blob| blob.kind == kind).count() >= most {
        return Err(ClientError::new("attachment_enough").with("most", most));
    }
    let bytes = STANDARD
        .decode(input.bytes.trim())
        .map_err(|error| ClientError::new("value_invalid").because(error))?;
    match input.kind {
        AttachmentKind::Photo => {
            let picture = picture::prepare(&bytes)?;
            let thumb = Some(picture.thumb.as_slice());
            blobs::add(&tablet.store, draft, kind, &picture.photo, thumb)?;
        }
        AttachmentKind::Signature => {
            let signer = match is_visit(tablet, draft)? {
                true => signer_of(&rules, input.signer.as_deref())?,
                false => None,
            };
            let code = signer.map(|signer| signer.code.clone());
            blobs::add(&tablet.store, draft, kind, &strokes(&bytes, code)?, None)?;
            if let Some(signer) = signer {
                visits::follow_strokes(tablet, draft, signer)?;
            }
        }
        AttachmentKind::Audio => {
            if bytes.len() > AUDIO_BYTES || audio_type(&bytes).is_none() {
                return Err(ClientError::new("audio_unreadable"));
            }
            blobs::add(&tablet.store, draft, kind, &bytes, None)?;
        }
    }
    list(tablet, draft)
}

/// Takes something off a form; it can be put back for a day.
///
/// # Errors
/// `draft_gone`, `not_found`.
pub fn remove(
    tablet: &Tablet,
    input: &DraftAttachmentInput,
) -> Result<AttachmentListView, ClientError> {
    set_removed(tablet, input, Some(tablet.clock.now_ms()))
}

/// Puts back what was taken off a form.
///
/// # Errors
/// `draft_gone`, `not_found`.
pub fn restore(
    tablet: &Tablet,
    input: &DraftAttachmentInput,
) -> Result<AttachmentListView, ClientError> {
    set_removed(tablet, input, None)
}

fn set_removed(
    tablet: &Tablet,
    input: &DraftAttachmentInput,
    at_ms: Option<i64>,
) -> Result<AttachmentListView, ClientError> {
    let draft = draft_id(tablet, &input.draft)?;
    let address = address(&input.id)?;
    let found = tablet
        .store
        .write(|tx| blobs::set_removed(tx, draft, address, at_ms))?;
    if !found {
        return Err(ClientError::new("not_found"));
    }
    for signer in &tablet.rules().signers {
        visits::follow_strokes(tablet, draft, signer)?;
    }
    list(tablet, draft)
}

/// Whether a form is a visit's, and no page of another kind.
fn is_visit(tablet: &Tablet, draft: Uuid) -> Result<bool, ClientError> {
    let draft = tablet
        .store
        .read(|connection| drafts::get(connection, draft))?;
    Ok(draft.is_some())
}

/// The rule of whoever signs; none where the rules name nobody.
fn signer_of<'a>(
    rules: &'a Rules,
    code: Option<&str>,
) -> Result<Option<&'a SignerRule>, ClientError> {
    if rules.signers.is_empty() {
        return Ok(None);
    }
    let mut signers = rules.signers.iter();
    match signers.find(|signer| Some(signer.code.as_str()) == code) {
        Some(signer) => Ok(Some(signer)),
        None => Err(ClientError::new("signer_missing")),
    }
}

/// Whose signatures hang on a form.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn signed_by(tablet: &Tablet, draft: Uuid) -> Result<BTreeSet<String>, ClientError> {
    let there = tablet
        .store
        .read(|connection| blobs::of_draft(connection, draft))?;
    let signatures = there.iter().filter(|blob| blob.kind == BlobKind::Signature);
    Ok(signatures.filter_map(|blob| whose(tablet, blob)).collect())
}

/// Whose a signature on this device is, by what is sealed with its strokes.
fn whose(tablet: &Tablet, blob: &Blob) -> Option<String> {
    let content = blobs::content(&tablet.store, blob)
        .inspect_err(|error| tracing::warn!(%error, "a signature cannot be read"))
        .ok()?;
    let drawn: Strokes = serde_json::from_slice(&content).ok()?;
    drawn.signer
}

/// A signer in words: what the rules call them today, else the code.
fn signer_words(rules: &Rules, code: &str) -> Option<String> {
    if code.is_empty() {
        return None;
    }
    let mut signers = rules.signers.iter();
    let known = signers.find(|signer| signer.code == code);
    Some(known.map_or(code, |signer| &signer.label).to_owned())
}

/// What hangs on a child's visits, contacts and attempts.
///
/// # Errors
/// `not_found`.
pub fn of_child(tablet: &Tablet, input: &IdInput) -> Result<AttachmentListView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child_or_guest(&input.id)?;
    if roster.is_guest(child.id) {
        // Photos are of the house: they stay where the child lives.
        return Ok(AttachmentListView {
            rows: Vec::new(),
            signers: Vec::new(),
        });
    }
    let file = &child.child;
    // A visit made while the child lived elsewhere hangs on the household of then.
    let households: BTreeSet<&str> = file
        .visits
        .iter()
        .map(|visit| visit.household.as_str())
        .chain(file.household())
        .collect();
    let mut rows = Vec::new();
    for household in households {
        let Ok(document) = DocumentId::parse(household) else {
            continue;
        };
        for attachment in read_all(tablet, document)? {
            let visit = file
                .visits
                .iter()
                .find(|visit| visit.session == attachment.record)
                .map(|visit| &visit.id);
            let is_its = |id: &&String| **id == attachment.record;
            let contact = file.contacts.iter().map(|contact| &contact.id).find(is_its);
            let attempt = file.attempts.iter().map(|attempt| &attempt.id).find(is_its);
            if let Some(record) = visit.or(contact).or(attempt) {
                let view = saved_view(tablet, document, record, &attachment)?;
                rows.extend(view.map(|view| (attachment.added_ms, view)));
            }
        }
    }
    rows.sort_by(|(a_ms, a), (b_ms, b)| (a_ms, &a.id).cmp(&(b_ms, &b.id)));
    Ok(AttachmentListView {
        rows: rows.into_iter().map(|(_, view)| view).collect(),
        signers: Vec::new(),
    })
}

/// What hangs on the records of a document that are named, oldest first.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn of_document(
    tablet: &Tablet,
    document: DocumentId,
    is_shown: impl Fn(&str) -> bool,
) -> Result<Vec<AttachmentView>, ClientError> {
    let mut all = read_all(tablet, document)?;
    all.sort_by(|a, b| (a.added_ms, &a.address).cmp(&(b.added_ms, &b.address)));
    let shown = all.iter().filter(|one| is_shown(&one.record));
    let views = shown.map(|one| saved_view(tablet, document, &one.record, one));
    views.filter_map(Result::transpose).collect()
}

/// The edits that bind what hangs on a form to its record.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn edits(tablet: &Tablet, draft: Uuid, record: &str) -> Result<Vec<Edit>, ClientError> {
    let there = tablet
        .store
        .read(|connection| blobs::of_draft(connection, draft))?;
    Ok(there
        .iter()
        .map(|blob| {
            Attachment {
                address: blob.address.to_string(),
                record: record.to_owned(),
                kind: blob.kind.as_str().to_owned(),
                key: blobs::key_text(&blob.key),
                size: blob.size,
                thumb: blob
                    .thumb
                    .map(|(address, size)| (address.to_string(), size)),
                added_ms: blob.added_ms,
                by: tablet.identity.staff.to_string(),
                signer: match blob.kind {
                    BlobKind::Signature => whose(tablet, blob).unwrap_or_default(),
                    _ => String::new(),
                },
            }
            .to_edit()
        })
        .collect())
}

/// Binds the blobs themselves, in the transaction that saves the record.
///
/// # Errors
/// The store refuses.
pub(crate) fn bind(
    tx: &Transaction<'_>,
    draft: Uuid,
    document: DocumentId,
) -> Result<(), ClientError> {
    Ok(blobs::attach(tx, draft, document)?)
}

/// Gives up what nobody saved, and frees what the server has had for good long enough; all of it when the disk is full.
///
/// # Errors
/// The store refuses.
pub(crate) fn tidy(tablet: &Tablet) -> Result<(), ClientError> {
    let now_ms = tablet.clock.now_ms();
    let store = &tablet.store;
    store.write(|tx| sheets::remove_bare(tx, now_ms))?;
    blobs::give_up(store)?;
    let kept_ms = if store.has_room() {
        i64::from(keep_days(&tablet.packs(), tablet.today())) * DAY_MS
    } else {
        0
    };
    blobs::free(store, now_ms - kept_ms)?;
    Ok(blobs::sweep(store)?)
}

/// How many days what the server has for good stays here, by the rules of a day.
fn keep_days(packs: &Packs, today: NaiveDate) -> u32 {
    match packs.rules_on(today) {
        Some(pack) => pack.rules.attachment_keep_days,
        None => Rules::default().attachment_keep_days,
    }
}

/// Opens an attachment or its small picture; a saved photo with the mark of whoever opens it ([`watermark`]). What is not here is fetched, a second's worth in each call: the screen asks
/// again until it is there, and what came stays.
///
/// # Errors
/// `not_found`, `attachment_not_yet` while it is still on its way to the server, `no_network`, `disk_full`.
pub async fn open(
    tablet: &Arc<Tablet>,
    input: &OpenAttachmentInput,
) -> Result<OpenedAttachmentView, ClientError> {
    // One at a time: a slow line is not shared by a page full of pictures.
    let _turn = tablet.sync.fetching().await;
    let begun_ms = tablet.clock.steady_ms();
    loop {
        let (worker, asked) = (tablet.clone(), input.clone());
        let at = runtime::off_the_loop(move || stand(&worker, &asked)).await??;
        let (wanted, from) = match at {
            At::Here(view) => return Ok(view),
            At::Away(wanted, from) => (wanted, from),
        };
        if tablet.clock.steady_ms() - begun_ms >= FETCH_MS {
            return Ok(OpenedAttachmentView {
                done: small(from),
                total: small(wanted.size),
                media_type: String::new(),
                data: None,
            });
        }
        let request = ReadBlob {
            address: wanted.address,
            offset: from,
            length: FETCH_BYTES,
        };
        let piece: BlobPiece = Line::of(tablet)?
            .send("/blobs/read", &request)
            .await
            .map_err(|error| match refused_code(&error).as_deref() {
                Some("not_found") => ClientError::new("attachment_not_yet"),
                _ => error,
            })?;
        if piece.bytes.is_empty() || piece.size != wanted.size {
            return Err(ClientError::new("server_nonsense"));
        }
        let worker = tablet.clone();
        runtime::off_the_loop(move || keep_piece(&worker, &wanted, &piece.bytes)).await??;
    }
}

enum At {
    Here(OpenedAttachmentView),
    Away(Wanted, u64),
}

/// A blob that a document names.
struct Wanted {
    address: BlobAddress,
    kind: BlobKind,
    key: SecretKey,
    size: u64,
    document: DocumentId,
}

/// Where a blob stands on this device.
fn stand(tablet: &Tablet, input: &OpenAttachmentInput) -> Result<At, ClientError> {
    let store = &tablet.store;
    let whole = address(&input.id)?;
    let row = store.read(|connection| blobs::get(connection, whole))?;
    let named = match &input.document {
        None => None,
        Some(document) => named_in(tablet, document, &input.id, input.thumb)?,
    };
    let here = match (&row, input.thumb) {
        (Some(row), true) => row.thumb.map(|(address, _)| address),
        (Some(row), false) => Some(row.address),
        (None, _) => named.as_ref().map(|wanted| wanted.address),
    };
    let here = match here {
        Some(address) => store.read(|connection| blobs::get(connection, address))?,
        None => None,
    };
    if let Some(blob) = here.filter(|blob| blob.is_there) {
        if !input.thumb {
            looks::note(tablet, Look::Attachment, &input.id)?;
        }
        match blobs::content(store, &blob) {
            Ok(content) => {
                let is_picture = matches!(blob.kind, BlobKind::Photo | BlobKind::Thumb);
                let marked = match is_picture && input.document.is_some() {
                    true => watermark::marked(tablet, &content)?,
                    false => None,
                };
                let shown = marked.as_deref().unwrap_or(&content);
                return Ok(At::Here(opened(blob.kind, shown, blob.size)));
            }
            Err(error) if named.is_none() => return Err(error.into()),
            // Freed this moment, or damaged: the server has it.
            Err(error) => tracing::warn!(%error, "a blob is fetched again"),
        }
    }
    let wanted = named.ok_or_else(|| ClientError::new("not_found"))?;
    let from = blobs::fetching(store, wanted.address, wanted.size)?.here();
    Ok(At::Away(wanted, from))
}

fn named_in(
    tablet: &Tablet,
    document: &str,
    id: &str,
    thumb: bool,
) -> Result<Option<Wanted>, ClientError> {
    let document = DocumentId::parse(document).map_err(|_| ClientError::new("not_found"))?;
    let found = read_all(tablet, document)?
        .into_iter()
        .find(|attachment| attachment.address == id);
    let Some(attachment) = found else {
        return Ok(None);
    };
    let (Some(kind), Some(key)) = (
        BlobKind::parse(&attachment.kind),
        blobs::key_from(&attachment.key),
    ) else {
        return Ok(None);
    };
    Ok(match (thumb, attachment.thumb) {
        (false, _) => Some(Wanted {
            address: address(&attachment.address)?,
            kind,
            key,
            size: attachment.size,
            document,
        }),
        (true, Some((small, size))) => Some(Wanted {
            address: address(&small)?,
            kind: BlobKind::Thumb,
            key: blobs::thumb_key(&key),
            size,
            document,
        }),
        (true, None) => None,
    })
}

fn keep_piece(tablet: &Tablet, wanted: &Wanted, bytes: &[u8]) -> Result<(), ClientError> {
    let mut fetching = blobs::fetching(&tablet.store, wanted.address, wanted.size)?;
    fetching.add(bytes)?;
    if fetching.is_whole() {
        fetching.finish(wanted.kind, &wanted.key, wanted.document)?;
    }
    Ok(())
}

fn opened(kind: BlobKind, content: &[u8], size: u64) -> OpenedAttachmentView {
    let media_type = match kind {
        BlobKind::Photo | BlobKind::Thumb => "image/jpeg",
        BlobKind::Signature => "application/json",
        BlobKind::Audio => audio_type(content).unwrap_or("application/octet-stream"),
    };
    OpenedAttachmentView {
        done: small(size),
        total: small(size),
        media_type: media_type.to_owned(),
        data: Some(STANDARD.encode(content)),
    }
}

/// The type of a recording by its first bytes; none for what is none.
fn audio_type(bytes: &[u8]) -> Option<&'static str> {
    let begins = |what: &[u8]| bytes.starts_with(what);
    if begins(b"OggS") {
        Some("audio/ogg")
    } else if begins(&[0x1A, 0x45, 0xDF, 0xA3]) {
        Some("audio/webm")
    } else if bytes.get(4..8) == Some(b"ftyp") {
        Some("audio/mp4")
    } else if begins(b"RIFF") && bytes.get(8..12) == Some(b"WAVE") {
        Some("audio/wav")
    } else if begins(b"ID3") || begins(&[0xFF, 0xFB]) || begins(&[0xFF, 0xF1]) {
        Some("audio/mpeg")
    } else {
        None
    }
}

/// A signature that is one, as it is kept.
fn strokes(bytes: &[u8], signer: Option<String>) -> Result<Vec<u8>, ClientError> {
    let unreadable = || ClientError::new("signature_unreadable");
    if bytes.len() > STROKES_BYTES {
        return Err(unreadable());
    }
    let mut drawn: Strokes =
        serde_json::from_slice(bytes).map_err(|error| unreadable().because(error))?;
    let holds = !drawn.strokes.is_empty()
        && drawn
            .strokes
            .iter()
            .all(|stroke| !stroke.is_empty() && stroke.len() % 2 == 0);
    if !holds {
        return Err(unreadable());
    }
    drawn.signer = signer;
    Ok(serde_json::to_vec(&drawn)?)
}

fn list(tablet: &Tablet, draft: Uuid) -> Result<AttachmentListView, ClientError> {
    let there = tablet
        .store
        .read(|connection| blobs::of_draft(connection, draft))?;
    let rules = tablet.rules();
    let is_visit = is_visit(tablet, draft)?;
    Ok(AttachmentListView {
        signers: rules
            .signers
            .iter()
            .filter(|_| is_visit)
            .map(|signer| OptionView {
                code: signer.code.clone(),
                label: signer.label.clone(),
            })
            .collect(),
        rows: there
            .iter()
            .filter_map(|blob| {
                Some(AttachmentView {
                    id: blob.address.to_string(),
                    document: None,
                    record: None,
                    kind: view_kind(blob.kind)?,
                    size: small(blob.size),
                    has_thumb: blob.thumb.is_some(),
                    state: RecordState::Draft,
                    signer: match blob.kind {
                        BlobKind::Signature => {
                            whose(tablet, blob).and_then(|code| signer_words(&rules, &code))
                        }
                        _ => None,
                    },
                })
            })
            .collect(),
    })
}

fn saved_view(
    tablet: &Tablet,
    document: DocumentId,
    record: &str,
    attachment: &Attachment,
) -> Result<Option<AttachmentView>, ClientError> {
    let Some(kind) = BlobKind::parse(&attachment.kind).and_then(view_kind) else {
        return Ok(None);
    };
    let address = address(&attachment.address)?;
    let row = tablet
        .store
        .read(|connection| blobs::get(connection, address))?;
    Ok(Some(AttachmentView {
        id: attachment.address.clone(),
        document: Some(document.to_string()),
        record: Some(record.to_owned()),
        kind,
        size: small(attachment.size),
        has_thumb: attachment.thumb.is_some(),
        state: row.as_ref().map_or(RecordState::Delivered, state),
        signer: signer_words(&tablet.rules(), &attachment.signer),
    }))
}

/// One that was fetched, or freed, came from the server.
fn state(blob: &Blob) -> RecordState {
    if blob.refusal.is_some() {
        RecordState::NeedsYou
    } else if blob.is_own && blob.durable_ms.is_none() {
        RecordState::Saved
    } else {
        RecordState::Delivered
    }
}

fn read_all(tablet: &Tablet, document: DocumentId) -> Result<Vec<Attachment>, ClientError> {
    let record = tablet
        .store
        .read(|connection| records::get(connection, document))?;
    Ok(record.map_or_else(Vec::new, |record| Attachment::all(&record)))
}

fn draft_id(tablet: &Tablet, text: &str) -> Result<Uuid, ClientError> {
    let gone = || ClientError::new("draft_gone");
    let id = Uuid::parse_str(text).map_err(|_| gone())?;
    let is_open = tablet.store.read(|connection| {
        let draft = drafts::get(connection, id)?;
        let is_draft = draft.is_some_and(|draft| draft.discarded_ms.is_none());
        Ok::<_, ClientError>(is_draft || sheets::get(connection, id)?.is_some())
    })?;
    match is_open {
        true => Ok(id),
        false => Err(gone()),
    }
}

fn address(text: &str) -> Result<BlobAddress, ClientError> {
    BlobAddress::parse(text).ok_or_else(|| ClientError::new("not_found"))
}

fn blob_kind(kind: AttachmentKind) -> BlobKind {
    match kind {
        AttachmentKind::Photo => BlobKind::Photo,
        AttachmentKind::Signature => BlobKind::Signature,
        AttachmentKind::Audio => BlobKind::Audio,
    }
}

fn view_kind(kind: BlobKind) -> Option<AttachmentKind> {
    match kind {
        BlobKind::Photo => Some(AttachmentKind::Photo),
        BlobKind::Signature => Some(AttachmentKind::Signature),
        BlobKind::Audio => Some(AttachmentKind::Audio),
        BlobKind::Thumb => None,
    }
}

fn small(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_a_delivered_photo_stays_is_what_the_rules_of_the_day_say() {
        let rules = include_str!("../../../policy/sh-2024-2026.json");
        let shorter = rules
            .replace("\"SH-2024-2026\"", "\"SH-2027\"")
            .replace("\"from\": \"2024-01-01\"", "\"from\": \"2027-01-01\"")
            .replace(
                "\"attachment_keep_days\": 30",
                "\"attachment_keep_days\": 7",
            );
        let silent = rules.replace("\"attachment_keep_days\": 30,", "");
        let on = |packs: &[&str], day: &str| {
            let packs = Packs::read(packs.iter().map(|json| ("rules", *json)));
            assert!(packs.unreadable.is_empty(), "{:?}", packs.unreadable);
            keep_days(&packs, day.parse().expect("a date"))
        };
        assert_eq!(on(&[rules, &shorter], "2026-12-31"), 30);
        assert_eq!(on(&[rules, &shorter], "2027-01-01"), 7);
        assert_eq!(on(&[&silent], "2026-12-31"), 30, "a pack of before");
        assert_eq!(on(&[], "2026-12-31"), 30, "before any pack has arrived");
    }
}
