//! Sending photos, signatures and recordings, in slices, after the words of every sync.
//!
//! An exchange begins with words and ends with at most one slice of these; when more wait, another exchange begins at once.
//! So words written meanwhile wait for one piece at most, and a piece is as small as the line is slow. The server's answer
//! says from which byte it goes on, so nothing that arrived is sent twice, whoever was killed.

use crate::error::ClientError;
use crate::tablet::Tablet;
use ids::BlobAddress;
use protocol::{BlobChunk, BlobOffer, BlobStanding, BlobStandings, ChunkTaken, OfferBlobs, limits};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use store::blobs::{self, Blob, Said};
use store::changes;

/// How long a slice lasts; then words are asked for again.
const SLICE_MS: i64 = 10_000;
/// Pieces in a slice, for clocks that stand still.
const SLICE_PIECES: u32 = 128;
/// The smallest piece; on 30 kbit/s it takes one to two seconds.
pub const LEAST_PIECE: usize = 4 * 1024;
/// A piece that took less is followed by one twice as large, up to [`limits::BLOB_CHUNK_BYTES`].
const QUICK_MS: i64 = 700;
/// A piece that took longer is followed by one half as large.
const SLOW_MS: i64 = 2_500;

/// What is to be said next.
pub enum Parcel {
    /// Which of these are wanted?
    Offer(OfferBlobs),
    /// The next piece.
    Piece(BlobChunk),
}

/// One slice.
pub struct Uploads {
    begun_ms: i64,
    words: u64,
    offers: VecDeque<Vec<Blob>>,
    offered: Vec<Blob>,
    queue: VecDeque<Sending>,
    /// Something became whole here, so the server is asked once more whether it is there for good.
    finished: bool,
    pieces: u32,
    asked_ms: i64,
    more: bool,
}

struct Sending {
    blob: Blob,
    from: u64,
    restarted: bool,
}

impl Uploads {
    /// Begins a slice with what waits now.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn begin(tablet: &Tablet) -> Result<Self, ClientError> {
        let mut slice = Self {
            begun_ms: tablet.clock.steady_ms(),
            words: tablet.store.read(changes::outbox_length)?,
            offers: VecDeque::new(),
            offered: Vec::new(),
            queue: VecDeque::new(),
            finished: false,
            pieces: 0,
            asked_ms: 0,
            more: false,
        };
        slice.look(tablet)?;
        Ok(slice)
    }

    fn look(&mut self, tablet: &Tablet) -> Result<(), ClientError> {
        let waiting = tablet
            .store
            .read(|connection| blobs::waiting(connection, limits::BLOB_OFFERS))?;
        if !waiting.is_empty() {
            self.offers.push_back(waiting);
        }
        Ok(())
    }

    /// Something is left that the server wants.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// What to say next; nothing when the slice is over.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn next(&mut self, tablet: &Tablet) -> Result<Option<Parcel>, ClientError> {
        self.asked_ms = tablet.clock.steady_ms();
        if let Some(offered) = self.offers.pop_front() {
            let offers = offered
                .iter()
                .filter_map(|blob| {
                    Some(BlobOffer {
                        address: blob.address,
                        document: blob.document?,
                        size: blob.size,
                        digest: blob.digest,
                    })
                })
                .collect();
            self.offered = offered;
            return Ok(Some(Parcel::Offer(OfferBlobs { offers })));
        }
        if self.queue.is_empty() && self.finished {
            self.finished = false;
            self.look(tablet)?;
            if !self.offers.is_empty() {
                return self.next(tablet);
            }
        }
        let Some(sending) = self.queue.front() else {
            return Ok(None);
        };
        let is_long = self.asked_ms - self.begun_ms >= SLICE_MS || self.pieces >= SLICE_PIECES;
        if is_long || tablet.store.read(changes::outbox_length)? > self.words {
            self.more = true;
            return Ok(None);
        }
        let most = tablet.sync.piece_bytes();
        let bytes = blobs::piece(&tablet.store, sending.blob.address, sending.from, most)?;
        self.pieces += 1;
        Ok(Some(Parcel::Piece(BlobChunk {
            address: sending.blob.address,
            offset: sending.from,
            bytes,
        })))
    }

    /// Hears which are wanted.
    ///
    /// # Errors
    /// The store refuses; `server_nonsense` when the answer is no answer to this.
    pub fn hear_standings(
        &mut self,
        tablet: &Tablet,
        answer: BlobStandings,
    ) -> Result<(), ClientError> {
        let offered = std::mem::take(&mut self.offered);
        if answer.standings.len() != offered.len() {
            return Err(ClientError::new("server_nonsense"));
        }
        let now_ms = tablet.clock.now_ms();
        for (blob, standing) in offered.into_iter().zip(answer.standings) {
            match standing {
                BlobStanding::Wanted { from } if from < blob.size => {
                    note(tablet, blob.address, &Said::Sent(from))?;
                    self.queue.push_back(Sending {
                        blob,
                        from,
                        restarted: false,
                    });
                }
                BlobStanding::Wanted { .. } => return Err(ClientError::new("server_nonsense")),
                BlobStanding::Whole => note(tablet, blob.address, &Said::Sent(blob.size))?,
                BlobStanding::Durable => {
                    note(tablet, blob.address, &Said::Durable { at_ms: now_ms })?;
                }
                BlobStanding::Later => {}
                BlobStanding::Refused { code } => {
                    tracing::warn!(code, "the server will not take a blob");
                    note(tablet, blob.address, &Said::Refused { code })?;
                }
            }
        }
        Ok(())
    }

    /// Hears how far a piece brought it.
    ///
    /// # Errors
    /// The store refuses.
    pub fn hear_taken(&mut self, tablet: &Tablet, answer: &ChunkTaken) -> Result<(), ClientError> {
        let took_ms = tablet.clock.steady_ms() - self.asked_ms;
        tablet.sync.fit_piece(took_ms < QUICK_MS, took_ms > SLOW_MS);
        let Some(mut sending) = self.queue.pop_front() else {
            return Err(ClientError::new("server_nonsense"));
        };
        let address = sending.blob.address;
        note(
            tablet,
            address,
            &Said::Sent(answer.from.min(sending.blob.size)),
        )?;
        if answer.from >= sending.blob.size {
            self.finished = true;
            return Ok(());
        }
        if answer.from < sending.from {
            // What arrived was not what had been offered. If it is the file here that is damaged, it stays and is said.
            if is_damaged(tablet, &sending.blob)? {
                let code = "damaged".to_owned();
                return note(tablet, address, &Said::Refused { code });
            }
            if sending.restarted {
                return Ok(());
            }
            sending.restarted = true;
        }
        sending.from = answer.from;
        self.queue.push_front(sending);
        Ok(())
    }
}

fn is_damaged(tablet: &Tablet, blob: &Blob) -> Result<bool, ClientError> {
    let most = usize::try_from(blob.size).unwrap_or(usize::MAX);
    let bytes = blobs::piece(&tablet.store, blob.address, 0, most)?;
    Ok(<[u8; 32]>::from(Sha256::digest(&bytes)) != blob.digest)
}

fn note(tablet: &Tablet, address: BlobAddress, said: &Said) -> Result<(), ClientError> {
    Ok(tablet.store.write(|tx| blobs::note(tx, address, said))?)
}
