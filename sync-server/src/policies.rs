//! Policy packs: read from files at `init` and whenever there is a new one, kept by id, and told to every scope.
//!
//! The server does not read what a pack says (ADR 0012 holds for rules as for files); a tablet that cannot read one keeps
//! to those it has. Only where a code list comes from is looked at, because this is the door it comes in by (ADR 0052).

use crate::audit::{self, Act, By, Deed, Object};
use crate::error::ApiError;
use crate::log::{self, Append};
use crate::organisation;
use protocol::report::is_day;
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
    /// A code list does not say where it comes from.
    #[error(
        "{path}：代码表 {list} 没有写{missing}。每张代码表都要写版本（version）、来源（source）和从哪天起用（valid_from，如 \
         2026-01-01）；是自己定的，来源就写“本站自定”"
    )]
    List {
        /// Which file.
        path: PathBuf,
        /// Which list.
        list: String,
        /// What is missing, in Chinese.
        missing: String,
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
            check_lists(&value, &path)?;
            Ok((id_of(&value, &path), text))
        })
        .collect()
}

/// Every code list says its version, where it comes from and since when it is used. The words a register is read by are
/// lists as well, but of words and not of codes.
fn check_lists(pack: &serde_json::Value, path: &Path) -> Result<(), PolicyError> {
    let lists = pack.get("lists").and_then(serde_json::Value::as_object);
    for (name, list) in lists.into_iter().flatten() {
        if list.is_array() {
            continue;
        }
        let said = |key: &str| list.get(key).and_then(serde_json::Value::as_str);
        let is_said = |key: &str| said(key).is_some_and(|words| !words.trim().is_empty());
        let missing: Vec<&str> = [
            ("版本", is_said("version")),
            ("来源", is_said("source")),
            ("从哪天起用", said("valid_from").is_some_and(is_day)),
        ]
        .into_iter()
        .filter_map(|(words, is_there)| (!is_there).then_some(words))
        .collect();
        if !missing.is_empty() {
            return Err(PolicyError::List {
                path: path.to_owned(),
                list: name.clone(),
                missing: missing.join("、"),
            });
        }
    }
    Ok(())
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

/// What the rules there are do not say of the calendar, for whoever puts rules in: the holidays of this year, and from
/// November on, when they are announced, of the next. Nothing is refused for it: a pack of before is better than none.
pub(crate) fn without_holidays(packs: &[(String, String)], today: &str) -> Vec<i64> {
    let part = |from: usize, to: usize| today.get(from..to)?.parse::<i64>().ok();
    let (Some(year), Some(month)) = (part(0, 4), part(5, 7)) else {
        return Vec::new();
    };
    let rules: Vec<serde_json::Value> = packs
        .iter()
        .filter_map(|(_, text)| serde_json::from_str(text).ok())
        .filter(|pack: &serde_json::Value| pack.get("tiers").is_some())
        .collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let known = |year: i64| {
        let tables = rules.iter().filter_map(|pack| pack.get("work_years"));
        let mut tables = tables.filter_map(serde_json::Value::as_array).flatten();
        tables.any(|table| table.get("year").and_then(serde_json::Value::as_i64) == Some(year))
    };
    let wanted = if month >= 11 {
        year..=year + 1
    } else {
        year..=year
    };
    wanted.filter(|year| !known(*year)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_pack_that_is_shipped_comes_in_by_this_door() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy");
        let packs = read(&shipped).expect("the shipped folder");
        assert!(packs.iter().any(|(id, _)| id == "codes-cn-1"));
    }

    #[test]
    fn a_code_list_that_does_not_say_where_it_comes_from_is_named_with_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("codes-ex.json");
        let whole =
            json!({"version": "1", "source": "本站自定", "valid_from": "2026-01-01", "items": []});
        let refusal = |key: &str, value: serde_json::Value| -> Option<String> {
            let mut list = whole.clone();
            list[key] = value;
            let pack = json!({"id": "codes-ex", "lists": {"SEX": list, "words": [["y", "是"]]}});
            std::fs::write(&file, pack.to_string()).expect("writes");
            read(folder.path()).err().map(|error| error.to_string())
        };
        assert_eq!(refusal("items", json!([])), None);
        for (key, value, missing) in [
            ("version", json!(""), "没有写版本。"),
            ("version", json!(2026), "没有写版本。"),
            ("source", json!(null), "没有写来源。"),
            ("source", json!("  "), "没有写来源。"),
            ("valid_from", json!("2026"), "没有写从哪天起用。"),
        ] {
            let said = refusal(key, value).expect(key);
            assert!(said.contains("codes-ex.json：代码表 SEX "), "{said}");
            assert!(said.contains(missing), "{said}");
        }
    }

    #[test]
    fn a_year_without_its_holidays_is_told_to_whoever_puts_rules_in() {
        let rules = |years: &[i64]| {
            let tables: Vec<_> = years.iter().map(|year| json!({"year": year})).collect();
            let pack = json!({"id": "R", "tiers": [], "work_years": tables});
            vec![("R".to_owned(), pack.to_string())]
        };
        assert_eq!(
            without_holidays(&rules(&[2026]), "2026-10-31"),
            Vec::<i64>::new()
        );
        assert_eq!(without_holidays(&rules(&[2026]), "2026-11-01"), [2027]);
        assert_eq!(
            without_holidays(&rules(&[2026]), "2027-11-01"),
            [2027, 2028]
        );
        assert_eq!(
            without_holidays(&rules(&[2026, 2027]), "2026-12-31"),
            Vec::<i64>::new()
        );
        let form = vec![("hv".to_owned(), json!({"sections": []}).to_string())];
        assert!(without_holidays(&form, "2026-11-01").is_empty(), "no rules");
    }
}
