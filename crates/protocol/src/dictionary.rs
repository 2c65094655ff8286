//! Dictionaries for zstd: what most of our messages and changes have in common, known to both ends beforehand.
//!
//! A dictionary never changes. A zstd frame names the one it was made with, so reading needs no agreement; whoever
//! writes for another must know that the other has it. Trained on made-up records only (ADR 0018).

use crate::wire::ProtocolError;
use std::cell::RefCell;
use std::sync::OnceLock;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe;

/// How hard is compressed what goes over the wire or waits for its place.
const LEVEL: i32 = 3;
/// How hard is compressed what is written once and read seldom.
const PATIENT_LEVEL: i32 = 12;

/// One dictionary.
#[derive(Debug, Clone, Copy)]
pub struct Dictionary {
    /// Its number, also inside its bytes and in every frame made with it.
    pub id: u32,
    /// Itself.
    pub bytes: &'static [u8],
}

/// The only one so far.
static FIRST: Dictionary = Dictionary {
    id: 1,
    bytes: include_bytes!("dictionaries/1.zdict"),
};

/// Every dictionary there ever was.
pub fn table() -> [&'static Dictionary; 1] {
    [&FIRST]
}

/// The one new bodies are made with.
pub fn newest() -> &'static Dictionary {
    &FIRST
}

/// The dictionary a frame says it was made with; none when it needs none.
pub fn of_frame(frame: &[u8]) -> Option<u32> {
    zstd_safe::get_dict_id_from_frame(frame).map(std::num::NonZeroU32::get)
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum With {
    /// As any zstd can read it.
    Nothing,
    /// With [`newest`].
    Newest,
    /// With [`newest`], taking its time.
    NewestPatiently,
}

/// Compresses into one frame that tells its size.
///
/// # Errors
/// None in practice; zstd has no other failure than memory.
pub fn compress(raw: &[u8], with: With) -> Result<Vec<u8>, ProtocolError> {
    thread_local! {
        static PLAIN: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
        static QUICK: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
        static PATIENT: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    static ENCODER: OnceLock<EncoderDictionary<'static>> = OnceLock::new();
    static PATIENT_ENCODER: OnceLock<EncoderDictionary<'static>> = OnceLock::new();
    let (place, make): (_, fn() -> std::io::Result<Compressor<'static>>) = match with {
        With::Nothing => (&PLAIN, || Compressor::new(LEVEL)),
        With::Newest => (&QUICK, || {
            let dictionary = ENCODER.get_or_init(|| EncoderDictionary::copy(newest().bytes, LEVEL));
            Compressor::with_prepared_dictionary(dictionary)
        }),
        With::NewestPatiently => (&PATIENT, || {
            let dictionary = PATIENT_ENCODER
                .get_or_init(|| EncoderDictionary::copy(newest().bytes, PATIENT_LEVEL));
            Compressor::with_prepared_dictionary(dictionary)
        }),
    };
    place
        .with_borrow_mut(|kept| {
            let compressor = match kept {
                Some(compressor) => compressor,
                empty => empty.insert(make()?),
            };
            compressor.compress(raw)
        })
        .map_err(|_| ProtocolError::Malformed("zstd"))
}

/// Inflates one frame that tells its size, whatever dictionary of ours it was made with; at most to `limit` bytes.
///
/// # Errors
/// Not such a frame, made with an unknown dictionary, or larger than the limit.
pub fn inflate(frame: &[u8], limit: usize) -> Result<Vec<u8>, ProtocolError> {
    let size = told_size(frame).ok_or(ProtocolError::Malformed("zstd"))?;
    if size > limit as u64 {
        return Err(ProtocolError::TooLarge { limit });
    }
    let size = usize::try_from(size).map_err(|_| ProtocolError::TooLarge { limit })?;
    thread_local! {
        static PLAIN: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
        static TAUGHT: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    static DECODER: OnceLock<DecoderDictionary<'static>> = OnceLock::new();
    let (place, make): (_, fn() -> std::io::Result<Decompressor<'static>>) = match of_frame(frame) {
        None => (&PLAIN, Decompressor::new),
        Some(id) if id == FIRST.id => (&TAUGHT, || {
            let dictionary = DECODER.get_or_init(|| DecoderDictionary::copy(FIRST.bytes));
            Decompressor::with_prepared_dictionary(dictionary)
        }),
        Some(_) => return Err(ProtocolError::Malformed("an unknown dictionary")),
    };
    place
        .with_borrow_mut(|kept| {
            let decompressor = match kept {
                Some(decompressor) => decompressor,
                empty => empty.insert(make()?),
            };
            decompressor.decompress(frame, size)
        })
        .map_err(|_| ProtocolError::Malformed("zstd"))
}

/// The size a frame says it inflates to, when it says one.
pub fn told_size(frame: &[u8]) -> Option<u64> {
    zstd_safe::get_frame_content_size(frame).ok().flatten()
}
