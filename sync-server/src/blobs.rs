//! Photos, signatures and recordings at the server: offered, sent piece by piece, read piece by piece.
//!
//! What a blob shows the server cannot know: it is sealed by the tablet, and the key stands in the document, which is
//! sealed as every document is. Who may write the document may send the blob, who may read it may fetch it, and an order
//! that erases it erases the blob. A byte is acknowledged when it survives a power cut, and not before.
//!
//! A stopped device sends the blobs of what it hands over (ADR 0053): they lie here like any other, and who may read them is
//! decided by the document, which a person takes or does not. It has read what others' photos are called, and keeps none of
//! them out: a name is SHA-256 of the bytes, which it does not have, and what it began goes for a device that works.

use crate::blob_files::BlobFiles;
use crate::columns::{self, stored};
use crate::error::ApiError;
use crate::moves;
use crate::orders;
use crate::organisation;
use crate::state::App;
use crate::steps::Step;
use ids::{BlobAddress, DeviceId, DocumentId, UnitId};
use protocol::access::{self, Action, Context, Holder, Resource, Subject};
use protocol::{
    BlobChunk, BlobOffer, BlobPiece, BlobStanding, BlobStandings, ChunkTaken, OfferBlobs, ReadBlob,
    RefusalCode, limits,
};
use rusqlite::{Connection, OptionalExtension, named_params};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How blobs come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From a device that works.
    Sync,
    /// From one that was stopped.
    HandOver,
}

/// What is known of a blob.
struct Row {
    document: DocumentId,
    size: u64,
    digest: [u8; 32],
    received: u64,
    place: Option<u64>,
    /// Who began to send it.
    device: DeviceId,
}

impl Row {
    /// Whether it is what is offered, at the same place.
    fn is_as_offered(&self, offer: &BlobOffer) -> bool {
        (self.document, self.size, self.digest) == (offer.document, offer.size, offer.digest)
    }

    /// Whether it is the same one still: another may have taken its place meanwhile.
    fn is_same(&self, other: &Row) -> bool {
        (self.device, self.document, self.size, self.digest)
            == (other.device, other.document, other.size, other.digest)
    }
}

fn find(connection: &Connection, address: BlobAddress) -> rusqlite::Result<Option<Row>> {
    connection
        .prepare_cached(include_str!("sql/blobs/find.sql"))?
        .query_row(named_params! {":address": address.0}, |row| {
            Ok(Row {
                document: DocumentId(columns::uuid(row, 0)?),
                size: columns::number(row, 1)?,
                digest: row.get(2)?,
                received: columns::number(row, 3)?,
                place: row
                    .get::<_, Option<i64>>(4)?
                    .and_then(|place| u64::try_from(place).ok()),
                device: DeviceId(columns::uuid(row, 5)?),
            })
        })
        .optional()
}

/// Whether a holder may do this to a document; none when there is no such document.
fn may(
    connection: &Connection,
    holder: &Holder,
    action: Action,
    document: DocumentId,
) -> rusqlite::Result<Option<bool>> {
    let resource = connection
        .prepare_cached(include_str!("sql/blobs/resource.sql"))?
        .query_row(named_params! {":document": document.0.as_bytes()}, |row| {
            Ok(Resource::Document {
                kind: columns::kind(row, 0)?,
                home_unit: UnitId(columns::uuid(row, 1)?),
                scope: UnitId(columns::uuid(row, 2)?),
                creator: DeviceId(columns::uuid(row, 3)?),
                // Photos are of the house: a village that only knows of the child is not shown them.
                guest: None,
            })
        })
        .optional()?;
    Ok(resource.map(|resource| {
        let subject = Subject::Device(*holder);
        access::decide(subject, action, resource, Context::default()).is_allowed()
    }))
}

/// Whether a holder may send blobs of a document: whoever may write it, and whoever wrote in it while they could – a child
/// may have moved away before the photo of the last visit was through.
fn may_send(
    connection: &Connection,
    holder: &Holder,
    document: DocumentId,
) -> rusqlite::Result<Option<bool>> {
    match may(connection, holder, Action::WriteDocument, document)? {
        Some(false) => connection
            .prepare_cached(include_str!("sql/blobs/has_written.sql"))?
            .exists(named_params! {
                ":document": document.0.as_bytes(),
                ":device": holder.device.0.as_bytes(),
            })
            .and_then(|has_written| {
                Ok(Some(
                    has_written || moves::was_home(connection, document, holder)?,
                ))
            }),
        answer => Ok(answer),
    }
}

/// The same by the way they come: a stopped device may also send those of a document it handed something over for, which
/// may be one that nobody has taken yet.
fn may_bring(
    app: &App,
    connection: &Connection,
    (holder, way): (&Holder, Way),
    document: DocumentId,
) -> Result<Option<bool>, ApiError> {
    let answer = may_send(connection, holder, document)?;
    // Generation 0 is in every erasure.
    if way == Way::Sync
        || answer == Some(true)
        || orders::is_erased(connection, &app.vault, document, 0)?
    {
        return Ok(answer);
    }
    let has_handed_over = connection
        .prepare_cached(include_str!("sql/blobs/has_handed_over.sql"))?
        .exists(named_params! {
            ":document": document.0.as_bytes(),
            ":device": holder.device.0.as_bytes(),
        })?;
    Ok(if has_handed_over { Some(true) } else { answer })
}

/// Says of each offered blob whether it is wanted, and from which byte.
pub(crate) fn offer(
    app: &App,
    connection: &Connection,
    by: (&Holder, Way),
    input: &OfferBlobs,
) -> Result<BlobStandings, ApiError> {
    if input.offers.len() > limits::BLOB_OFFERS {
        return Err(ApiError::TooLarge);
    }
    let standings = input
        .offers
        .iter()
        .map(|offer| standing(app, connection, by, offer))
        .collect::<Result<_, _>>()?;
    Ok(BlobStandings { standings })
}

fn standing(
    app: &App,
    connection: &Connection,
    (holder, way): (&Holder, Way),
    offer: &BlobOffer,
) -> Result<BlobStanding, ApiError> {
    if offer.size == 0 || offer.size > limits::BLOB_BYTES {
        return Ok(refused(RefusalCode::TooLarge));
    }
    match may_bring(app, connection, (holder, way), offer.document)? {
        Some(true) => {}
        Some(false) => return Ok(refused(RefusalCode::NotYourUnit)),
        None if orders::is_erased(connection, &app.vault, offer.document, 0)? => {
            return Ok(refused(RefusalCode::Erased));
        }
        // Its changes came before its photos, so what is not here now never will be.
        None if way == Way::HandOver => return Ok(refused(RefusalCode::UnknownDocument)),
        None => return Ok(BlobStanding::Later),
    }
    let Some(row) = find(connection, offer.address)? else {
        return begin(app, connection, (holder, way), offer);
    };
    if gives_way(connection, &row, (holder, way), offer)? {
        connection
            .prepare_cached(include_str!("sql/blobs/remove.sql"))?
            .execute(named_params! {":address": offer.address.0})?;
        app.blobs.remove(offer.address)?;
        return begin(app, connection, (holder, way), offer);
    }
    let is_others = way == Way::HandOver && row.device != holder.device;
    if row.place.is_none() && (is_others || !row.is_as_offered(offer) && offer.is_proved()) {
        // Nobody has shown yet which of the two is right.
        return Ok(BlobStanding::Later);
    }
    // The address is made of what travels, so the same one with another length or place is made up.
    if !row.is_as_offered(offer) {
        return Ok(refused(RefusalCode::Malformed));
    }
    let here = app.blobs.length(offer.address)?;
    match row.place {
        Some(place) if here == row.size => Ok(if app.copies.has_blob(place) {
            BlobStanding::Durable
        } else {
            BlobStanding::Whole
        }),
        Some(_) => {
            // The folder was set back or lost: whoever still has it sends it again.
            begin_again(connection, offer.address)?;
            Ok(BlobStanding::Wanted { from: 0 })
        }
        None => Ok(BlobStanding::Wanted {
            from: row.received.min(here),
        }),
    }
}

fn refused(code: RefusalCode) -> BlobStanding {
    BlobStanding::Refused {
        code: code.as_str().to_owned(),
    }
}

/// Makes a place for one that nobody began to send.
fn begin(
    app: &App,
    connection: &Connection,
    (holder, way): (&Holder, Way),
    offer: &BlobOffer,
) -> Result<BlobStanding, ApiError> {
    let now_ms = app.clock.now_ms();
    if way == Way::HandOver {
        // Whoever holds it could bring anything under a name that others' words say. It is not refused: the tablet keeps it,
        // and that it goes with a wipe somebody at the station says.
        if !offer.is_proved() {
            return Ok(BlobStanding::Later);
        }
        if is_too_much(connection, holder.device, offer.size)? {
            return Ok(refused(RefusalCode::TooLarge));
        }
    }
    let today = begun_since(connection, holder.device, now_ms - DAY_MS)?;
    if today.bytes + offer.size > limits::BLOB_BYTES_PER_DAY {
        return Ok(BlobStanding::Later);
    }
    connection
        .prepare_cached(include_str!("sql/blobs/insert.sql"))?
        .execute(named_params! {
            ":address": offer.address.0,
            ":document": offer.document.0.as_bytes(),
            ":device": holder.device.0.as_bytes(),
            ":size": stored(offer.size),
            ":digest": offer.digest,
            ":offered_ms": now_ms,
        })?;
    Ok(BlobStanding::Wanted { from: 0 })
}

/// Whether what another device began under an address goes for what one that works offers: when that one was stopped, or
/// offered what no bytes prove. What is whole never goes.
fn gives_way(
    connection: &Connection,
    row: &Row,
    (holder, way): (&Holder, Way),
    offer: &BlobOffer,
) -> Result<bool, ApiError> {
    if row.place.is_some() || way == Way::HandOver || row.device == holder.device {
        return Ok(false);
    }
    let is_proved = row.digest == offer.address.0;
    if is_proved != offer.is_proved() {
        return Ok(offer.is_proved());
    }
    let began = organisation::device(connection, row.device)?;
    Ok(began.is_none_or(|device| device.revoked_ms.is_some()))
}

/// What a device began to send.
struct Begun {
    count: u64,
    bytes: u64,
}

fn begun_since(
    connection: &Connection,
    device: DeviceId,
    since_ms: i64,
) -> rusqlite::Result<Begun> {
    connection
        .prepare_cached(include_str!("sql/blobs/begun_since.sql"))?
        .query_row(
            named_params! {":device": device.0.as_bytes(), ":since_ms": since_ms},
            |row| {
                Ok(Begun {
                    count: columns::number(row, 0)?,
                    bytes: columns::number(row, 1)?,
                })
            },
        )
}

/// Whether a stopped device would begin more than one may hand over altogether. Small ones are counted as well: each is a row
/// and a file, whatever its size.
fn is_too_much(connection: &Connection, device: DeviceId, size: u64) -> Result<bool, ApiError> {
    let stopped_ms = organisation::device(connection, device)?
        .and_then(|known| known.revoked_ms)
        .ok_or(ApiError::NotAllowed)?;
    let begun = begun_since(connection, device, stopped_ms - 1)?;
    Ok(begun.count >= limits::HANDED_OVER_BLOBS
        || begun.bytes + size > limits::HANDED_OVER_BLOB_BYTES)
}

fn begin_again(connection: &Connection, address: BlobAddress) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/blobs/begin_again.sql"))?
        .execute(named_params! {":address": address.0})?;
    Ok(())
}

/// Takes a piece: on the disk first, off the thread that writes the database; then the row says so.
pub(crate) fn take((holder, way): (Holder, Way), chunk: BlobChunk) -> Step {
    Step::read(move |app, connection| {
        if chunk.bytes.is_empty() || chunk.bytes.len() > limits::BLOB_CHUNK_BYTES {
            return Err(ApiError::TooLarge);
        }
        let row = find(connection, chunk.address)?.ok_or(ApiError::NotFound)?;
        if may_bring(app, connection, (&holder, way), row.document)? != Some(true) {
            return Err(ApiError::NotAllowed);
        }
        if row.place.is_some() {
            return Step::answer(&ChunkTaken { from: row.size });
        }
        if way == Way::HandOver && row.device != holder.device {
            return Err(ApiError::NotAllowed);
        }
        let from = row.received.min(app.blobs.length(chunk.address)?);
        if chunk.offset != from {
            return Step::answer(&ChunkTaken { from });
        }
        let end = from + chunk.bytes.len() as u64;
        if end > row.size {
            return Err(ApiError::TooLarge);
        }
        app.blobs.write(chunk.address, from, &chunk.bytes)?;
        if end < row.size {
            return Ok(note(chunk.address, row, end, false));
        }
        if app.blobs.digest(chunk.address)? == row.digest {
            return Ok(note(chunk.address, row, end, true));
        }
        tracing::warn!("a blob came as something else than was offered, and is asked for again");
        app.blobs.remove(chunk.address)?;
        Ok(note(chunk.address, row, 0, false))
    })
}

fn note(address: BlobAddress, seen: Row, received: u64, is_whole: bool) -> Step {
    Step::write(move |app, connection| {
        let found = find(connection, address)?;
        if !found.as_ref().is_some_and(|row| row.is_same(&seen)) {
            // While the piece was written an order erased the document, or another device took the place; what that one
            // has brought whole is kept.
            if found.is_none_or(|row| row.place.is_none()) {
                app.blobs.remove(address)?;
            }
            return Err(ApiError::NotFound);
        }
        if is_whole {
            connection.execute(include_str!("sql/blobs/take_place.sql"), [])?;
            connection
                .prepare_cached(include_str!("sql/blobs/set_whole.sql"))?
                .execute(named_params! {":address": address.0})?;
        } else {
            connection
                .prepare_cached(include_str!("sql/blobs/set_received.sql"))?
                .execute(named_params! {":address": address.0, ":received": stored(received)})?;
        }
        Step::answer(&ChunkTaken { from: received })
    })
}

/// Reads a piece of a whole blob.
pub(crate) fn read(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &ReadBlob,
) -> Result<BlobPiece, ApiError> {
    let row = find(connection, input.address)?
        .filter(|row| row.place.is_some())
        .ok_or(ApiError::NotFound)?;
    if may(connection, holder, Action::ReadDocument, row.document)? != Some(true) {
        // As one that is not there: a stranger learns nothing of what there is.
        return Err(ApiError::NotFound);
    }
    let most = input.length.min(limits::BLOB_READ_BYTES) as usize;
    Ok(BlobPiece {
        bytes: app.blobs.read(input.address, input.offset, most)?,
        size: row.size,
    })
}

/// Removes the blobs of a document that is erased. Their files go at once: an erasure that is not committed is given again.
pub(crate) fn erase(
    connection: &Connection,
    files: &BlobFiles,
    document: DocumentId,
) -> Result<(), ApiError> {
    let document = document.0.as_bytes();
    let mut statement = connection.prepare(include_str!("sql/blobs/of_document.sql"))?;
    let mut rows = statement.query(named_params! {":document": document})?;
    while let Some(row) = rows.next()? {
        files.remove(BlobAddress(row.get(0)?))?;
    }
    connection.execute(
        include_str!("sql/blobs/remove_of_document.sql"),
        named_params! {":document": document},
    )?;
    Ok(())
}

/// A whole blob, for copying and checking.
pub(crate) struct Whole {
    pub place: u64,
    pub address: BlobAddress,
    pub size: u64,
    pub digest: [u8; 32],
}

/// How many whole blobs there are up to a place.
pub(crate) fn count_to(connection: &Connection, place: u64) -> rusqlite::Result<u64> {
    connection
        .prepare(include_str!("sql/blobs/count_to.sql"))?
        .query_row(named_params! {":place": stored(place)}, |row| {
            columns::number(row, 0)
        })
}

/// The whole ones after a place, in the order they became whole.
pub(crate) fn whole_after(connection: &Connection, place: u64) -> rusqlite::Result<Vec<Whole>> {
    connection
        .prepare(include_str!("sql/blobs/whole_after.sql"))?
        .query_map(named_params! {":place": stored(place)}, |row| {
            Ok(Whole {
                place: columns::number(row, 0)?,
                address: BlobAddress(row.get(1)?),
                size: columns::number(row, 2)?,
                digest: row.get(3)?,
            })
        })?
        .collect()
}
