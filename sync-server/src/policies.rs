//! Policy packs: read from files at `init` and whenever there is a new one, kept by id, and told to every scope.
//!
//! The server does not read what a pack says (ADR 0012 holds for rules as for files); a tablet that cannot read one keeps
//! to those it has.

use crate::audit::{self, Act, By, Deed, Object};
use crate::error::ApiError;
use crate::log::{self, Append};
use crate::organisation;
use rusqlite::{Connection, named_params};
use std::path::{Path, PathBuf};

/// Why packs are not taken. Nothing of them is, then.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file or folder cannot be read.
    #[error("the policy pack {path} cannot be read")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is not JSON.
    #[error("the policy pack {path} is not JSON")]
    Json {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// There is one of this id that says something else.
    #[error(
        "there is a pack {0} already and it says something else: give the new one an id of its own and the day it begins; \
         or replace it with --replace, which changes what holds for days that are past"
    )]
    Differs(String),
    /// There is no pack.
    #[error("there is no pack in {0}")]
    Nothing(PathBuf),
    /// The server cannot keep it.
    #[error("refused: {0}")]
    Refused(#[from] ApiError),
}

/// What came of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was not there before.
    New,
    /// It is the one that was there.
    Same,
    /// It stands in the place of the one that was there.
    Replaced,
}

impl Taken {
    /// One word, for the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Same => "same",
            Self::Replaced => "replaced",
        }
    }
}

/// The packs of a folder and those below it, or the one in a file, as (id, text): the id is the pack's own `id`, else the
/// file's name.
///
/// # Errors
/// Something cannot be read, or is not JSON.
pub(crate) fn read(path: &Path) -> Result<Vec<(String, String)>, PolicyError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| PolicyError::File { path, source }
    };
    let (mut files, mut folders) = match path.is_dir() {
        true => (Vec::new(), vec![path.to_owned()]),
        false => (vec![path.to_owned()], Vec::new()),
    };
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(failed(&folder))? {
            let path = entry.map_err(failed(&folder))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
            let value = serde_json::from_str(&text).map_err(|source| PolicyError::Json {
                path: path.clone(),
                source,
            })?;
            Ok((id_of(&value, &path), text))
        })
        .collect()
}

fn id_of(value: &serde_json::Value, path: &Path) -> String {
    let own = value.get("id").and_then(serde_json::Value::as_str);
    let name = own.map_or_else(
        || {
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default()
        },
        str::to_owned,
    );
    // A form keeps every version: a record is read with the one it was written with.
    match value.get("version").and_then(serde_json::Value::as_u64) {
        Some(version) => format!("{name}@{version}"),
        None => name,
    }
}

/// All packs, by id.
pub(crate) fn all(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    connection
        .prepare_cached(include_str!("sql/organisation/policies.sql"))?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

pub(crate) fn insert(connection: &Connection, policy: &(String, String)) -> rusqlite::Result<()> {
    connection.execute(
        include_str!("sql/organisation/insert_policy.sql"),
        named_params! {":id": policy.0, ":json": policy.1},
    )?;
    Ok(())
}

/// What taking these packs would come to.
///
/// # Errors
/// One differs from the one of its id, and none is to be replaced.
pub(crate) fn judge(
    connection: &Connection,
    packs: &[(String, String)],
    replace: bool,
) -> Result<Vec<Taken>, PolicyError> {
    let there = all(connection).map_err(ApiError::from)?;
    packs
        .iter()
        .map(
            |(id, text)| match there.iter().find(|(known, _)| known == id) {
                None => Ok(Taken::New),
                Some((_, known)) if known == text => Ok(Taken::Same),
                Some(_) if replace => Ok(Taken::Replaced),
                Some(_) => Err(PolicyError::Differs(id.clone())),
            },
        )
        .collect()
}

/// Keeps what is new of these packs and tells every township, and the district where it is a scope.
///
/// # Errors
/// The database says no.
pub(crate) fn take(
    connection: &Connection,
    packs: &[(String, String)],
    taken: &[Taken],
    now_ms: i64,
) -> Result<(), ApiError> {
    let mut scopes: Vec<_> = organisation::townships(connection)?
        .iter()
        .filter_map(|unit| unit.scope)
        .collect();
    scopes.extend(organisation::district(connection)?.scope);
    let news = packs
        .iter()
        .zip(taken)
        .filter(|(_, taken)| **taken != Taken::Same);
    for (pack, taken) in news {
        insert(connection, pack)?;
        for scope in &scopes {
            log::append(connection, *scope, now_ms, &Append::Policy(pack))?;
        }
        let act = match taken {
            Taken::Replaced => Act::PolicyReplaced,
            Taken::New | Taken::Same => Act::PolicyAdded,
        };
        audit::append(
            connection,
            &Deed::of_server(By::Operator, act, Object::Server, now_ms),
        )?;
    }
    Ok(())
}
