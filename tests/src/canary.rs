//! Unique strings in every place where personal data can stand, through the whole journey, and then the search for them
//! in everything that was left on disks and in logs (`make canary`).
//!
//! The journey runs in a process of its own, once ended in order and once killed. Whatever it wrote lies in one folder:
//! tablets, station, server, backup, second copy, its temporary and home folders, what it said on stderr.

mod inputs;
mod journey;
mod search;

pub use inputs::{unplanted, without_a_reason};
pub use journey::play;
pub use search::{Find, Searched, planted, search};

use anyhow::{Context, Result, bail, ensure};
use domain::identity_number;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// How the process that plays the journey ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Locked, shut down, its old changes packed.
    InOrder,
    /// With SIGKILL while a visit is being saved.
    Killed,
}

impl Ending {
    fn word(self) -> &'static str {
        match self {
            Self::InOrder => "in-order",
            Self::Killed => "killed",
        }
    }

    /// The ending of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::InOrder, Self::Killed]
            .into_iter()
            .find(|ending| ending.word() == word)
    }
}

/// What the playing process says on its stdout, one JSON object a line. It goes through a pipe and stands nowhere.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub enum Said {
    /// A canary has been put where it belongs.
    Planted {
        /// Which.
        name: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// A command was sent with a canary in this place of its argument.
    Called {
        /// The command.
        command: String,
        /// Keys on the way to it, with dots.
        place: String,
    },
    /// The journey is over; what follows is the ending.
    Played,
}

/// A unique string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// Where in life it stands, as `contact.note`.
    pub name: String,
    /// What is searched for.
    pub bytes: Vec<u8>,
}

/// The unique strings of one run, each made of its seed and its name.
pub struct Canaries {
    seed: u64,
}

impl Canaries {
    /// Of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self { seed }
    }

    fn draw(&self, name: &str) -> impl Iterator<Item = u32> + use<> {
        let begun = [&self.seed.to_be_bytes(), name.as_bytes()].concat();
        (0u32..).flat_map(move |turn| {
            let hash: [u8; 32] = Sha256::digest([&begun[..], &turn.to_be_bytes()].concat()).into();
            hash.chunks_exact(4)
                .map(|four| {
                    four.iter()
                        .fold(0, |sum, byte| (sum << 8) | u32::from(*byte))
                })
                .collect::<Vec<_>>()
        })
    }

    /// Ten characters nobody ever wrote in this order.
    #[must_use]
    pub fn words(&self, name: &str) -> String {
        self.draw(name)
            .take(10)
            .filter_map(|number| char::from_u32(0x4e00 + number % 0x5000))
            .collect()
    }

    /// So many digits.
    #[must_use]
    pub fn digits(&self, name: &str, length: usize) -> String {
        let drawn = self.drawn_digits(name, length);
        // A PIN many people choose is refused: the next one then.
        match name.starts_with("pin.") && store::check_new_pin(&drawn).is_err() {
            true => self.digits(&format!("{name}'"), length),
            false => drawn,
        }
    }

    fn drawn_digits(&self, name: &str, length: usize) -> String {
        self.draw(name)
            .take(length)
            .filter_map(|number| char::from_digit(number % 10, 10))
            .collect()
    }

    /// A telephone number that is nobody's.
    #[must_use]
    pub fn phone(&self, name: &str) -> String {
        format!("100{}", self.digits(name, 8))
    }

    /// An identity number of the district that does not exist.
    #[must_use]
    pub fn identity_number(&self, name: &str, birth: &str) -> String {
        let mut number = format!(
            "{}{}{}",
            identity_number::SYNTHETIC_PREFIX,
            birth.replace('-', ""),
            self.digits(name, 3)
        );
        if let Some(check) = identity_number::check_character(&number) {
            number.push(check);
        }
        number
    }
}

/// Something that stands in the open by design.
struct Allowed {
    /// Names of canaries begin like this.
    canary: &'static str,
    /// Paths of files begin like this, the run's folder taken off.
    place: &'static str,
    /// Why.
    reason: &'static str,
}

/// What may be found. An entry that is never met fails the run: then it is no longer true and has to go.
const ALLOWED: &[Allowed] = &[
    Allowed {
        canary: "staff.",
        place: "world/office/server/server.sqlite",
        reason: STAFF,
    },
    Allowed {
        canary: "staff.",
        place: "world/second-copy/server-copy.sqlite",
        reason: STAFF,
    },
    Allowed {
        canary: "staff.",
        place: "world/backup/server-copy.sqlite",
        reason: STAFF,
    },
    Allowed {
        canary: "unit.",
        place: "world/office/server/server.sqlite",
        reason: UNITS,
    },
    Allowed {
        canary: "unit.",
        place: "world/second-copy/server-copy.sqlite",
        reason: UNITS,
    },
    Allowed {
        canary: "unit.",
        place: "world/backup/server-copy.sqlite",
        reason: UNITS,
    },
    Allowed {
        canary: "form.",
        place: "world/office/server/server.sqlite",
        reason: FORMS,
    },
    Allowed {
        canary: "form.",
        place: "world/second-copy/server-copy.sqlite",
        reason: FORMS,
    },
    Allowed {
        canary: "form.",
        place: "world/backup/server-copy.sqlite",
        reason: FORMS,
    },
];

const FORMS: &str = "a form the station publishes is rules like the packs, and about nobody (0007_forms_and_delegates.sql, ADR 0033)";
const STAFF: &str =
    "the server decides and tells who holds a device by name (0001_begin.sql, docs/security.md)";
const UNITS: &str =
    "names of villages are public, and the server lists them (0001_begin.sql, docs/security.md)";

/// What a run leaves behind; a search without one of these would prove less than it says.
const LEFT: &[&str] = &[
    "log/stderr",
    "world/one/zoufang.db",
    "world/one/journal/",
    "world/one/drafts/",
    "world/one/blobs/",
    "world/one/reserve",
    "world/one/keys.json",
    "world/other/moved-aside/",
    "world/station/zoufang.db",
    "world/station/journal/",
    "world/office/server/server.sqlite",
    "world/office/server/blobs/",
    "world/second-copy/server-copy.sqlite",
    "world/second-copy/blobs/",
    "world/backup/server-copy.sqlite",
];

/// What only a process that was killed leaves behind.
const LEFT_WHEN_KILLED: &[&str] = &[
    "world/one/zoufang.db-wal",
    "world/station/zoufang.db-wal",
    "world/office/server/server.sqlite-wal",
];

/// What one or several runs came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Canaries put somewhere.
    pub strings: BTreeSet<String>,
    /// Files searched, and streams found inside them.
    pub places: usize,
    /// Where one was found that must not be.
    pub hits: BTreeSet<String>,
    /// Where one was found that stands in the open by design, with the reason.
    pub open: BTreeMap<String, &'static str>,
    /// Commands that were sent with a canary, and where in their argument it stood.
    pub called: BTreeSet<(String, String)>,
    met: BTreeSet<usize>,
}

impl Report {
    /// Allowances nothing was found for.
    #[must_use]
    pub fn stale(&self) -> Vec<String> {
        (0..ALLOWED.len())
            .filter(|number| !self.met.contains(number))
            .map(|number| format!("{} in {}", ALLOWED[number].canary, ALLOWED[number].place))
            .collect()
    }
}

/// Proves that the search finds what is there: every encoding, and inside compressed streams.
///
/// # Errors
/// It does not find one of them.
pub fn prove_the_search(seed: u64) -> Result<()> {
    let canaries = Canaries::of(seed);
    let known: Vec<Canary> = [
        canaries.words("proof.words"),
        canaries.digits("proof.digits", 6),
        canaries.phone("proof.phone"),
    ]
    .into_iter()
    .enumerate()
    .map(|(number, text)| Canary {
        name: format!("proof.{number}"),
        bytes: text.into_bytes(),
    })
    .collect();
    let folder = tempfile::tempdir()?;
    let mut wanted = BTreeSet::new();
    for (file, bytes, encoding) in known.iter().flat_map(planted) {
        std::fs::write(folder.path().join(&file), bytes)?;
        wanted.insert((file, encoding));
    }
    let searched = search(folder.path(), &known)?;
    let found: BTreeSet<(String, &str)> = searched
        .finds
        .into_iter()
        .map(|find| (find.place, find.encoding))
        .collect();
    let missed: Vec<_> = wanted
        .iter()
        .filter(|(file, encoding)| {
            !found.iter().any(|(place, also)| {
                place.split('!').next() == Some(file.as_str()) && also == encoding
            })
        })
        .collect();
    ensure!(missed.is_empty(), "the search does not find {missed:?}");
    no_pin_inside_an_id(&canaries.digits("proof.digits", 6))
}

/// Six digits inside a longer number of a log are that number's and nobody's PIN.
fn no_pin_inside_an_id(pin: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let line = format!("INFO change=0{pin}0 in {pin}f7 at 1.{pin}9\n");
    std::fs::write(folder.path().join("log"), line)?;
    let known = [Canary {
        name: "proof.digits".to_owned(),
        bytes: pin.as_bytes().to_vec(),
    }];
    let searched = search(folder.path(), &known)?;
    ensure!(searched.finds.is_empty(), "{:?}", searched.finds);
    Ok(())
}

/// Plays the journey in a process of its own (`program play SEED ENDING FOLDER`) and searches what it left.
///
/// # Errors
/// The journey could not be played to its end.
pub fn run(program: &Path, seed: u64, ending: Ending, report: &mut Report) -> Result<()> {
    let outside = tempfile::tempdir()?;
    let root = outside.path();
    for name in ["temp", "home", "log", "world"] {
        std::fs::create_dir(root.join(name))?;
    }
    let said = std::fs::File::create(root.join("log").join("stderr"))?;
    let mut child = Command::new(program)
        .arg("play")
        .arg(seed.to_string())
        .arg(ending.word())
        .arg(root.join("world"))
        .env("TMPDIR", root.join("temp"))
        .env("HOME", root.join("home"))
        .env("RUST_LOG", "trace")
        .current_dir(root.join("home"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(said)
        .spawn()
        .context("the journey does not begin")?;
    let mut known = Vec::new();
    let mut played = false;
    let output = child.stdout.take().context("its output is piped")?;
    for line in BufReader::new(output).lines() {
        match serde_json::from_str(&line?)? {
            Said::Planted { name, bytes } => known.push(Canary { name, bytes }),
            Said::Called { command, place } => {
                report.called.insert((command, place));
            }
            Said::Played => {
                played = true;
                if ending == Ending::Killed {
                    child.kill()?;
                    // What it was about to say stays half said.
                    break;
                }
            }
        }
    }
    let status = child.wait()?;
    if !played || (ending == Ending::InOrder && !status.success()) {
        let said = std::fs::read(root.join("log").join("stderr"))?;
        let end = said.len().saturating_sub(2_000);
        bail!(
            "the journey stopped on its way: {status}: {}",
            String::from_utf8_lossy(&said[end..])
        );
    }
    let searched = search(root, &known)?;
    let killed: &[&str] = match ending {
        Ending::InOrder => &[],
        Ending::Killed => LEFT_WHEN_KILLED,
    };
    for left in LEFT.iter().chain(killed) {
        let mut files = searched.files.iter();
        ensure!(
            files.any(|file| file.starts_with(left)),
            "the journey left no {left} to search"
        );
    }
    report.places += searched.places;
    report
        .strings
        .extend(known.iter().map(|canary| canary.name.clone()));
    for find in searched.finds {
        let line = format!("{} as {} in {}", find.canary, find.encoding, find.place);
        let allowed = ALLOWED.iter().position(|allowed| {
            find.canary.starts_with(allowed.canary) && find.place.starts_with(allowed.place)
        });
        match allowed {
            Some(number) => {
                report.met.insert(number);
                report.open.insert(line, ALLOWED[number].reason);
            }
            None => {
                report.hits.insert(line);
            }
        }
    }
    Ok(())
}
