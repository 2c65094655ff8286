//! The search: every file under a folder, every canary, in every form a program may have given it.

use super::Canary;
use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use protocol::dictionary::{self, With};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::Path;

/// Most bytes a stream is inflated to.
const INFLATED: usize = 64 << 20;
/// A stream within a stream within a stream.
const DEPTH: usize = 3;
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const ZIP: &[u8] = b"PK\x03\x04";
const AUTOMERGE: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// An Automerge chunk that is a compressed change; magic, checksum and type come before its length.
const COMPRESSED_CHANGE: u8 = 2;

/// A canary in a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Find {
    /// Its name.
    pub canary: String,
    /// The form it was found in.
    pub encoding: &'static str,
    /// File, the searched folder taken off; behind `!` the kind of stream inside it.
    pub place: String,
}

/// What a search came to.
#[derive(Debug, Default)]
pub struct Searched {
    /// Files, and streams inside them.
    pub places: usize,
    /// The files that hold anything.
    pub files: BTreeSet<String>,
    /// What was found, each once a place.
    pub finds: BTreeSet<Find>,
}

/// Every form of a canary.
fn encodings(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![("plain", bytes.to_vec())];
    let hex = |upper: bool, before: &str| {
        let mut text = String::new();
        for byte in bytes {
            // Writing into a string cannot fail.
            let _ = if upper {
                write!(text, "{before}{byte:02X}")
            } else {
                write!(text, "{before}{byte:02x}")
            };
        }
        text.into_bytes()
    };
    all.push(("hex", hex(false, "")));
    all.push(("upper-case hex", hex(true, "")));
    const ALIGNED: [[&str; 3]; 2] = [
        ["base64", "base64 one byte on", "base64 two bytes on"],
        [
            "base64url",
            "base64url one byte on",
            "base64url two bytes on",
        ],
    ];
    for (engine, names) in [STANDARD_NO_PAD, URL_SAFE_NO_PAD].iter().zip(ALIGNED) {
        for (before, name) in names.into_iter().enumerate() {
            let text = engine.encode([&vec![0; before], bytes].concat());
            // Only the letters that no neighbour has a part in.
            let first = (before * 8).div_ceil(6);
            let last = (before + bytes.len()) * 8 / 6;
            all.push((name, text.as_bytes()[first..last].to_vec()));
        }
    }
    // As a program's log shows bytes.
    let listed: Vec<String> = bytes.iter().map(u8::to_string).collect();
    all.push(("decimal list", listed.join(", ").into_bytes()));
    all.push(("escaped", bytes.escape_ascii().to_string().into_bytes()));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let units: Vec<u16> = text.encode_utf16().collect();
        let flat = |order: fn(u16) -> [u8; 2]| units.iter().flat_map(|unit| order(*unit)).collect();
        all.push(("UTF-16LE", flat(u16::to_le_bytes)));
        all.push(("UTF-16BE", flat(u16::to_be_bytes)));
        if !text.is_ascii() {
            all.push(("percent", hex(false, "%")));
            all.push(("upper-case percent", hex(true, "%")));
            let escaped = |upper: bool| {
                let mut text = String::new();
                for unit in &units {
                    let _ = if upper {
                        write!(text, "\\u{unit:04X}")
                    } else {
                        write!(text, "\\u{unit:04x}")
                    };
                }
                text.into_bytes()
            };
            all.push(("JSON escapes", escaped(false)));
            all.push(("upper-case JSON escapes", escaped(true)));
        }
    }
    // Digits are no other in upper case, and some letters of base64 are the same in both alphabets.
    let mut seen = BTreeSet::new();
    all.retain(|(_, bytes)| seen.insert(bytes.clone()));
    all
}

/// Files a search must find a canary in: name, bytes, and the form it stands in.
#[must_use]
pub fn planted(canary: &Canary) -> Vec<(String, Vec<u8>, &'static str)> {
    let around = |bytes: &[u8]| [b"\0before\xff", bytes, b"\xfeafter\0"].concat();
    let mut all: Vec<_> = encodings(&canary.bytes)
        .into_iter()
        .map(|(name, bytes)| (format!("{} {name}", canary.name), around(&bytes), name))
        .collect();
    all.push((
        format!("{} in a line of text", canary.name),
        [b"INFO pin=", canary.bytes.as_slice(), b" refused\n"].concat(),
        "plain",
    ));
    // Long enough that it is really compressed.
    let long = [canary.bytes.as_slice(), b"\n"].concat().repeat(40);
    let mut stream = |kind: &str, bytes: Vec<u8>| {
        all.push((
            format!("{} inside {kind}", canary.name),
            around(&bytes),
            "plain",
        ));
    };
    stream("zstd", zstd::bulk::compress(&long, 3).unwrap_or_default());
    if let Ok(taught) = dictionary::compress(&long, With::Newest) {
        stream("zstd with a dictionary", taught);
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let _ = gzip.write_all(&long);
    let gzip = gzip.finish().unwrap_or_default();
    stream("gzip in zlib", {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        let _ = zlib.write_all(&gzip);
        zlib.finish().unwrap_or_default()
    });
    stream("gzip", gzip);
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    let _ = deflate.write_all(&long);
    let deflate = deflate.finish().unwrap_or_default();
    let mut zip = ZIP.to_vec();
    zip.extend([0; 22]);
    zip.extend([3, 0, 0, 0]);
    zip.extend(b"a.b");
    zip.extend(&deflate);
    stream("zip", zip);
    let mut change = AUTOMERGE.to_vec();
    change.extend([0, 0, 0, 0, COMPRESSED_CHANGE, 0x7f]);
    change.extend(&deflate);
    stream("a compressed change", change);
    all
}

/// Forms by their first four bytes, with a table that says quickly that none begins here.
struct Wanted<'a> {
    begins: Vec<bool>,
    forms: BTreeMap<[u8; 4], Vec<Form<'a>>>,
}

/// One form of a canary.
struct Form<'a> {
    canary: &'a Canary,
    encoding: &'static str,
    bytes: Vec<u8>,
}

impl Form<'_> {
    /// Whether it is a PIN as somebody types it: so few digits that a log of a thousand ids holds them by chance.
    fn is_short_number(&self) -> bool {
        self.bytes.len() < 8 && self.bytes.iter().all(u8::is_ascii_digit)
    }
}

/// Whether the digits at a place go on before or behind, as inside an id, a hash or a moment.
fn part_of_a_number(text: &[u8], at: usize, form: &Form<'_>) -> bool {
    let before = at.checked_sub(1).and_then(|at| text.get(at));
    let behind = text.get(at + form.bytes.len());
    [before, behind]
        .into_iter()
        .flatten()
        .any(u8::is_ascii_hexdigit)
}

impl<'a> Wanted<'a> {
    fn new(canaries: &'a [Canary]) -> Self {
        let mut wanted = Self {
            begins: vec![false; 1 << 16],
            forms: BTreeMap::new(),
        };
        for canary in canaries {
            for (encoding, bytes) in encodings(&canary.bytes) {
                let Some(first) = bytes.first_chunk::<4>() else {
                    continue;
                };
                wanted.begins[usize::from(u16::from_be_bytes([first[0], first[1]]))] = true;
                wanted.forms.entry(*first).or_default().push(Form {
                    canary,
                    encoding,
                    bytes,
                });
            }
        }
        for begin in [&ZSTD[..], ZIP, &AUTOMERGE, &[0x1f, 0x8b]] {
            wanted.begins[usize::from(u16::from_be_bytes([begin[0], begin[1]]))] = true;
        }
        for second in [0x01, 0x5e, 0x9c, 0xda] {
            wanted.begins[usize::from(u16::from_be_bytes([0x78, second]))] = true;
        }
        wanted
    }

    fn look_at(&self, bytes: &[u8], place: &str, depth: usize, searched: &mut Searched) {
        searched.places += 1;
        let text = std::str::from_utf8(bytes).is_ok();
        let mut before = 0u16;
        for (at, byte) in bytes.iter().enumerate() {
            before = (before << 8) | u16::from(*byte);
            if at == 0 || !self.begins[usize::from(before)] {
                continue;
            }
            let rest = &bytes[at - 1..];
            if let Some(forms) = rest
                .first_chunk::<4>()
                .and_then(|four| self.forms.get(four))
            {
                for form in forms {
                    if rest.starts_with(&form.bytes)
                        && !(text
                            && form.is_short_number()
                            && part_of_a_number(bytes, at - 1, form))
                    {
                        searched.finds.insert(Find {
                            canary: form.canary.name.clone(),
                            encoding: form.encoding,
                            place: place.to_owned(),
                        });
                    }
                }
            }
            if depth == 0 {
                continue;
            }
            if let Some((kind, inside)) = inflate(rest) {
                self.look_at(&inside, &format!("{place}!{kind}"), depth - 1, searched);
            }
        }
    }
}

/// What a compressed stream that begins here says, as far as it goes.
fn inflate(bytes: &[u8]) -> Option<(&'static str, Vec<u8>)> {
    let (kind, inside) = match bytes {
        _ if bytes.starts_with(&ZSTD) => ("zstd", unzstd(bytes)),
        _ if bytes.starts_with(ZIP) => {
            let length = |at: usize| {
                let two = bytes.get(at..at + 2)?;
                Some(usize::from(u16::from_le_bytes([two[0], two[1]])))
            };
            let begin = 30 + length(26)? + length(28)?;
            (
                "zip",
                as_far_as_it_goes(DeflateDecoder::new(bytes.get(begin..)?)),
            )
        }
        _ if bytes.starts_with(&AUTOMERGE) => {
            if bytes.get(8) != Some(&COMPRESSED_CHANGE) {
                return None;
            }
            let length = bytes.get(9..)?.iter().position(|byte| byte & 0x80 == 0)?;
            let body = bytes.get(9 + length + 1..)?;
            ("change", as_far_as_it_goes(DeflateDecoder::new(body)))
        }
        [0x1f, 0x8b, ..] => ("gzip", as_far_as_it_goes(MultiGzDecoder::new(bytes))),
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            ("zlib", as_far_as_it_goes(ZlibDecoder::new(bytes)))
        }
        _ => return None,
    };
    (!inside.is_empty()).then_some((kind, inside))
}

fn unzstd(bytes: &[u8]) -> Vec<u8> {
    if dictionary::of_frame(bytes).is_some() {
        let whole = zstd::zstd_safe::find_frame_compressed_size(bytes).unwrap_or(bytes.len());
        return dictionary::inflate(&bytes[..whole], INFLATED).unwrap_or_default();
    }
    match zstd::stream::read::Decoder::new(bytes) {
        Ok(decoder) => as_far_as_it_goes(decoder.single_frame()),
        Err(_) => Vec::new(),
    }
}

/// A stream is rarely whole where it is found; what comes out before it breaks counts.
fn as_far_as_it_goes(mut stream: impl Read) -> Vec<u8> {
    let mut inside = Vec::new();
    let mut part = [0; 16 * 1024];
    while inside.len() < INFLATED {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(length) => inside.extend_from_slice(&part[..length]),
        }
    }
    inside
}

/// Looks for every canary in every file under a folder, the files' names included.
///
/// # Errors
/// A file cannot be read.
pub fn search(folder: &Path, canaries: &[Canary]) -> Result<Searched> {
    let wanted = Wanted::new(canaries);
    let mut searched = Searched::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        // Whoever left the folder may still be at work in it: what is gone meanwhile holds nothing.
        let is_gone = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
        let entries = match std::fs::read_dir(&next) {
            Err(error) if is_gone(&error) && next != folder => {
                searched.places -= 1;
                continue;
            }
            read => read.with_context(|| next.display().to_string())?,
        };
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            let place = path.strip_prefix(folder)?.to_string_lossy().into_owned();
            wanted.look_at(place.as_bytes(), &format!("{place}!name"), 0, &mut searched);
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            // A link or a socket has nothing of its own.
            let bytes = match kind.is_file().then(|| std::fs::read(&path)) {
                None => Vec::new(),
                Some(Err(error)) if is_gone(&error) => Vec::new(),
                Some(read) => read.with_context(|| place.clone())?,
            };
            wanted.look_at(&bytes, &place, DEPTH, &mut searched);
            if !bytes.is_empty() {
                searched.files.insert(place);
            }
            // A file and its name are one place.
            searched.places -= 1;
        }
        searched.places -= usize::from(next != folder);
    }
    Ok(searched)
}
