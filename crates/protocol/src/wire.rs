//! Messages as bytes: MessagePack with field names, inside zstd. Bounded before and while inflating.

use crate::dictionary::{self, With};
use crate::limits;
use serde::{Serialize, de::DeserializeOwned};
use std::io::{Cursor, Read};

/// The media type of every encoded body.
pub const MEDIA_TYPE: &str = "application/vnd.zoufang";

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// Over a limit, before or while inflating.
    #[error("larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Not what the sender should have sent.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// Said in a newer version than this program knows.
    #[error("version {found} is newer than {known}")]
    TooNew {
        /// The version in the bytes.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// A signature or a proof that does not hold.
    #[error("the signature does not hold")]
    BadSignature,
}

/// Which bound an inflating reader keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Bytes as they arrive.
    pub compressed: usize,
    /// Bytes once inflated.
    pub inflated: usize,
}

/// The bound of a request.
pub const REQUEST: Bound = Bound {
    compressed: limits::REQUEST_BYTES,
    inflated: limits::REQUEST_INFLATED_BYTES,
};

/// The bound of a response.
pub const RESPONSE: Bound = Bound {
    compressed: limits::RESPONSE_BYTES,
    inflated: limits::RESPONSE_INFLATED_BYTES,
};
/// For the answer that is carried to a tablet by hand ([`crate::delegation`]).
pub const OFFLINE: Bound = Bound {
    compressed: limits::OFFLINE_ANSWER_BYTES,
    inflated: limits::OFFLINE_ANSWER_INFLATED_BYTES,
};

/// Encodes a message for the network, for anybody.
///
/// # Errors
/// The message is larger than the receiver would take.
pub fn encode<T: Serialize>(message: &T, bound: Bound) -> Result<Vec<u8>, ProtocolError> {
    encode_with(message, bound, With::Nothing)
}

/// Encodes a message for a receiver of whom it is known which dictionaries it has.
///
/// # Errors
/// As [`encode`].
pub fn encode_with<T: Serialize>(
    message: &T,
    bound: Bound,
    with: With,
) -> Result<Vec<u8>, ProtocolError> {
    close(&pack(message)?, bound, with)
}

/// Compresses a packed message for the network.
///
/// # Errors
/// The message is larger than the receiver would take.
pub fn close(raw: &[u8], bound: Bound, with: With) -> Result<Vec<u8>, ProtocolError> {
    if raw.len() > bound.inflated {
        return Err(ProtocolError::TooLarge {
            limit: bound.inflated,
        });
    }
    let body = dictionary::compress(raw, with)?;
    if body.len() > bound.compressed {
        return Err(ProtocolError::TooLarge {
            limit: bound.compressed,
        });
    }
    Ok(body)
}

/// Decodes a message from the network.
///
/// # Errors
/// The bytes are over the bound, or not this message.
pub fn decode<T: DeserializeOwned>(body: &[u8], bound: Bound) -> Result<T, ProtocolError> {
    unpack(&inflate(body, bound)?)
}

/// Encodes a request.
///
/// # Errors
/// As [`encode`].
pub fn encode_request<T: Serialize>(message: &T) -> Result<Vec<u8>, ProtocolError> {
    encode(message, REQUEST)
}

/// Decodes a request.
///
/// # Errors
/// As [`decode`].
pub fn decode_request<T: DeserializeOwned>(body: &[u8]) -> Result<T, ProtocolError> {
    decode(body, REQUEST)
}

/// Encodes a response.
///
/// # Errors
/// As [`encode`].
pub fn encode_response<T: Serialize>(message: &T) -> Result<Vec<u8>, ProtocolError> {
    encode(message, RESPONSE)
}

/// Decodes a response.
///
/// # Errors
/// As [`decode`].
pub fn decode_response<T: DeserializeOwned>(body: &[u8]) -> Result<T, ProtocolError> {
    decode(body, RESPONSE)
}

/// The same body for a receiver that lacks the dictionary it was made with; none when it needs none.
pub fn without_dictionary(body: &[u8]) -> Option<Vec<u8>> {
    dictionary::of_frame(body)?;
    let raw = dictionary::inflate(body, limits::REQUEST_INFLATED_BYTES).ok()?;
    dictionary::compress(&raw, With::Nothing).ok()
}

/// How an answer may be compressed: whoever asked with a dictionary has it.
pub fn answer_with(question: &[u8]) -> With {
    if dictionary::of_frame(question) == Some(dictionary::newest().id) {
        With::Newest
    } else {
        With::Nothing
    }
}

/// Inflates within a bound: a bomb costs no more than the bound.
///
/// # Errors
/// The bytes are over the bound, or not zstd.
pub fn inflate(body: &[u8], bound: Bound) -> Result<Vec<u8>, ProtocolError> {
    if body.len() > bound.compressed {
        return Err(ProtocolError::TooLarge {
            limit: bound.compressed,
        });
    }
    if dictionary::told_size(body).is_some() {
        return dictionary::inflate(body, bound.inflated);
    }
    let mut decoder =
        zstd::stream::read::Decoder::new(body).map_err(|_| ProtocolError::Malformed("zstd"))?;
    decoder
        .window_log_max(25)
        .map_err(|_| ProtocolError::Malformed("zstd"))?;
    let mut raw = Vec::new();
    decoder
        .take(bound.inflated as u64 + 1)
        .read_to_end(&mut raw)
        .map_err(|_| ProtocolError::Malformed("zstd"))?;
    if raw.len() > bound.inflated {
        return Err(ProtocolError::TooLarge {
            limit: bound.inflated,
        });
    }
    Ok(raw)
}

/// MessagePack with field names, not compressed: what signatures are made over.
///
/// # Errors
/// The value cannot be written, which no message of ours causes.
pub fn pack<T: Serialize>(value: &T) -> Result<Vec<u8>, ProtocolError> {
    rmp_serde::to_vec_named(value).map_err(|_| ProtocolError::Malformed("cannot be written"))
}

/// Reads what [`pack`] wrote; bytes left over are an error.
///
/// # Errors
/// The bytes are not this value.
pub fn unpack<T: DeserializeOwned>(raw: &[u8]) -> Result<T, ProtocolError> {
    let mut reader = rmp_serde::Deserializer::new(Cursor::new(raw));
    reader.set_max_depth(limits::MESSAGE_DEPTH);
    let value =
        T::deserialize(&mut reader).map_err(|_| ProtocolError::Malformed("not this message"))?;
    if reader.position() != raw.len() as u64 {
        return Err(ProtocolError::Malformed("bytes left over"));
    }
    Ok(value)
}
