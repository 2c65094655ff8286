//! The changes both ends insert and nobody sends: a document's genesis and its migrations (constants per kind and schema).

use crate::change_header::{self, ObjectPlace};
use crate::genesis_table::TABLE;
use ids::{ChangeHash, DocKind};

/// One constant change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constant {
    /// Kind of document.
    pub kind: DocKind,
    /// Schema this constant brings a document to; 1 is the genesis.
    pub schema: u32,
    /// Its hash.
    pub hash: ChangeHash,
    /// Highest operation counter in it.
    pub max_op: u64,
    /// The change chunk itself.
    pub bytes: &'static [u8],
}

/// The constants a document of this kind and schema starts from, oldest first; `None` when the pair is unknown here.
pub fn constants(kind: DocKind, schema: u32) -> Option<Vec<&'static Constant>> {
    constants_in(TABLE, kind, schema)
}

/// As [`constants`], over another table; the server's tests bring their own.
pub fn constants_in(
    table: &'static [Constant],
    kind: DocKind,
    schema: u32,
) -> Option<Vec<&'static Constant>> {
    let mut found: Vec<_> = table
        .iter()
        .filter(|constant| constant.kind == kind && constant.schema <= schema)
        .collect();
    found.sort_by_key(|constant| constant.schema);
    let complete = schema >= 1 && found.len() as u64 == u64::from(schema);
    complete.then_some(found)
}

/// Where the collection of this name lies in every document of a kind.
pub fn collection(kind: DocKind, name: &str) -> Option<ObjectPlace> {
    TABLE
        .iter()
        .filter(|constant| constant.kind == kind)
        .find_map(|constant| change_header::place_of_map(constant.bytes, name).ok()?)
}

/// The whole table.
pub fn table() -> &'static [Constant] {
    TABLE
}
