//! What lies sealed in a row is bound to that row: its name has the row's key in it, so that it opens in no other. A server
//! before this one sealed it as what it is alone; that is sealed anew once, when the database is opened with its key.

use crate::columns::{self, stored};
use crate::erasures;
use crate::exports;
use crate::log::LateEntry;
use crate::moves;
use crate::orders;
use crate::people;
use crate::recover;
use crate::reviews;
use crate::settings::{self, name};
use crate::vault::{Vault, VaultError, of_row};
use ids::Entropy;
use protocol::wire;
use rusqlite::types::Value;
use rusqlite::{Connection, named_params, params_from_iter};

/// A column that was sealed as what it is alone.
struct Column {
    before: &'static str,
    now: &'static str,
    /// Gives the row's key, then what is sealed.
    read: &'static str,
    /// How many columns the key has.
    keys: usize,
    /// Takes what is sealed, then the key.
    write: &'static str,
}

const COLUMNS: [Column; 10] = [
    Column {
        before: erasures::SEALED_AS,
        now: erasures::SEALED_AS,
        read: include_str!("sql/verify/erasures.sql"),
        keys: 1,
        write: include_str!("sql/sealed_rows/erasures.sql"),
    },
    Column {
        before: exports::SEALED_AS,
        now: exports::SEALED_AS,
        read: include_str!("sql/verify/exports.sql"),
        keys: 1,
        write: include_str!("sql/sealed_rows/exports.sql"),
    },
    Column {
        before: people::SEALED_AS,
        now: people::SEALED_AS,
        read: include_str!("sql/verify/grant_words.sql"),
        keys: 1,
        write: include_str!("sql/sealed_rows/grant_words.sql"),
    },
    Column {
        before: people::SEALED_AS,
        now: people::VETTING_SEALED_AS,
        read: include_str!("sql/verify/grant_vettings.sql"),
        keys: 1,
        write: include_str!("sql/sealed_rows/grant_vettings.sql"),
    },
    Column {
        before: erasures::HOLD_SEALED_AS,
        now: erasures::HOLD_SEALED_AS,
        read: include_str!("sql/verify/holds.sql"),
        keys: 1,
        write: include_str!("sql/sealed_rows/holds.sql"),
    },
    Column {
        before: moves::SEALED_AS,
        now: moves::SEALED_AS,
        read: include_str!("sql/verify/moves.sql"),
        keys: 1,
        write: include_str!("sql/sealed_rows/moves.sql"),
    },
    Column {
        before: recover::SEALED_AS,
        now: recover::SEALED_AS,
        read: include_str!("sql/verify/opened_tablets.sql"),
        keys: 1,
        write: include_str!("sql/sealed_rows/opened_tablets.sql"),
    },
    Column {
        before: orders::SEALED_AS,
        now: orders::SEALED_AS,
        read: include_str!("sql/verify/orders.sql"),
        keys: 2,
        write: include_str!("sql/sealed_rows/orders.sql"),
    },
    Column {
        before: orders::SEALED_AS,
        now: orders::REASON_SEALED_AS,
        read: include_str!("sql/verify/order_reasons.sql"),
        keys: 2,
        write: include_str!("sql/sealed_rows/order_reasons.sql"),
    },
    Column {
        before: reviews::SEALED_AS,
        now: reviews::SEALED_AS,
        read: include_str!("sql/sealed_rows/read_reviews.sql"),
        keys: 1,
        write: include_str!("sql/sealed_rows/reviews.sql"),
    },
];

/// Why nothing was bound.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BindError {
    /// The database says no.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// The key is another database's.
    #[error(transparent)]
    Key(#[from] VaultError),
}

/// Binds what is not bound yet. One commit, and once for a database: afterwards nothing opens in another row, whoever puts
/// it there. What does not open is left as it is, and `verify` names it.
///
/// With another database's key nothing would open, and that it was done would be noted for good: the key is proved first,
/// by the signing key. A database without one is of no server yet.
pub(crate) fn bind(
    connection: &Connection,
    vault: &Vault,
    entropy: &dyn Entropy,
) -> Result<(), BindError> {
    if settings::read(connection, name::BOUND_TO_ROWS)?.is_some() {
        return Ok(());
    }
    let Some(signing_key) = settings::read(connection, name::SIGNING_KEY)? else {
        return Ok(());
    };
    vault.open_secret(name::SIGNING_KEY, &signing_key)?;
    let transaction = connection.unchecked_transaction()?;
    for column in &COLUMNS {
        column.bind(connection, vault, entropy)?;
    }
    bind_log(connection, vault, entropy)?;
    settings::write(connection, name::BOUND_TO_ROWS, b"1")?;
    Ok(transaction.commit()?)
}

impl Column {
    fn bind(
        &self,
        connection: &Connection,
        vault: &Vault,
        entropy: &dyn Entropy,
    ) -> Result<(), BindError> {
        let rows = connection
            .prepare(self.read)?
            .query_map([], |row| {
                let keys = (0..self.keys)
                    .map(|at| row.get(at))
                    .collect::<Result<Vec<Value>, _>>()?;
                Ok((keys, row.get::<_, Option<Vec<u8>>>(self.keys)?))
            })?
            .filter_map(Result::ok)
            .collect::<Vec<_>>();
        for (keys, sealed) in rows {
            let now = of_row(self.now, &key_of(&keys));
            let Some(bound) = rebind(vault, entropy, (self.before, &now), sealed.as_deref())?
            else {
                continue;
            };
            let values = std::iter::once(Value::Blob(bound)).chain(keys);
            connection.execute(self.write, params_from_iter(values))?;
        }
        Ok(())
    }
}

/// The reasons in entries about late work.
fn bind_log(
    connection: &Connection,
    vault: &Vault,
    entropy: &dyn Entropy,
) -> Result<(), BindError> {
    let entries = connection
        .prepare(include_str!("sql/sealed_rows/read_log.sql"))?
        .query_map([], |row| {
            Ok((
                columns::uuid(row, 0)?,
                columns::number(row, 1)?,
                row.get::<_, Vec<u8>>(2)?,
            ))
        })?
        .filter_map(Result::ok)
        .collect::<Vec<_>>();
    for (scope, seq, record) in entries {
        let Ok(mut late) = wire::unpack::<LateEntry>(&record) else {
            continue;
        };
        let now = reviews::sealed_as(late.hash);
        let names = (reviews::SEALED_AS, now.as_str());
        if let Some(bound) = rebind(vault, entropy, names, Some(&late.reason))? {
            late.reason = bound;
            let Ok(record) = wire::pack(&late) else {
                continue;
            };
            connection.execute(
                include_str!("sql/sealed_rows/log.sql"),
                named_params! {
                    ":scope": scope.as_bytes(),
                    ":seq": stored(seq),
                    ":record": record,
                },
            )?;
        }
    }
    Ok(())
}

/// What was sealed under one name, under another; none where nothing of before lies there.
fn rebind(
    vault: &Vault,
    entropy: &dyn Entropy,
    (before, now): (&str, &str),
    sealed: Option<&[u8]>,
) -> Result<Option<Vec<u8>>, VaultError> {
    let opened = sealed.and_then(|sealed| vault.open_secret(before, sealed).ok());
    match opened {
        Some(plain) => Ok(Some(vault.seal_secret(now, &plain, entropy)?)),
        None => Ok(None),
    }
}

/// As the modules write it: ids and hashes as they are, numbers in eight bytes.
fn key_of(keys: &[Value]) -> Vec<u8> {
    keys.iter()
        .flat_map(|key| match key {
            Value::Blob(bytes) => bytes.clone(),
            Value::Integer(number) => number.to_be_bytes().to_vec(),
            Value::Null | Value::Real(_) | Value::Text(_) => Vec::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database;
    use crate::system::SystemEntropy;
    use ids::{ChangeHash, DeviceId, DocumentId};
    use protocol::ReviewState;
    use uuid::Uuid;

    const ONE: Uuid = Uuid::from_u128(1);

    fn sealed_in(connection: &Connection, query: &str) -> Vec<u8> {
        connection
            .query_row(query, [], |row| row.get(0))
            .expect("it is there")
    }

    /// A database of before, with its signing key and one thing in each of four places.
    fn of_before(connection: &Connection, vault: &Vault) {
        settings::write_secret(
            connection,
            vault,
            name::SIGNING_KEY,
            &[9; 32],
            &SystemEntropy,
        )
        .expect("writes");
        let seal = |name: &str, plain: &[u8]| {
            let sealed = vault.seal_secret(name, plain, &SystemEntropy);
            sealed.expect("seals")
        };
        let late = LateEntry {
            document: DocumentId(ONE),
            hash: ChangeHash([7; 32]),
            device: DeviceId(ONE),
            state: ReviewState::SetAside,
            reason: seal("review", b"why"),
        };
        let one = ONE;
        let id = one.as_bytes().as_slice();
        let rows: [(&str, Vec<u8>); 4] = [
            (
                "INSERT INTO log (scope, seq, at_ms, kind, record) VALUES (?1, 1, 0, 'late', ?2)",
                wire::pack(&late).expect("packs"),
            ),
            (
                "INSERT INTO orders (scope, number, sealed) VALUES (?1, 3, ?2)",
                seal("order", b"an order"),
            ),
            (
                "INSERT INTO opened_tablets (id, at_ms, words) VALUES (?1, 0, ?2)",
                seal("recovery", b"who and why"),
            ),
            (
                "INSERT INTO grants (id, staff, from_ms, vetting) VALUES (?1, ?1, 0, ?2)",
                seal("grant", b"a number"),
            ),
        ];
        connection
            .pragma_update(None, "foreign_keys", false)
            .expect("the rest of the rows is not needed");
        for (insert, sealed) in rows {
            connection
                .execute(insert, rusqlite::params![id, sealed])
                .expect("inserts");
        }
    }

    #[test]
    fn what_was_sealed_of_before_opens_in_its_own_row_alone_and_is_bound_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let connection = database::create(&data).expect("makes one");
        let vault = Vault::create(&folder.path().join("server.key"), &data, &SystemEntropy)
            .expect("makes a key");
        of_before(&connection, &vault);
        bind(&connection, &vault, &SystemEntropy).expect("binds");

        let opens = |name: &str, query: &str| {
            let sealed = sealed_in(&connection, query);
            vault.open_secret(name, &sealed).ok()
        };
        let order = "SELECT sealed FROM orders";
        let own = orders::sealed_as(ids::UnitId(ONE), 3);
        assert_eq!(opens(&own, order).as_deref(), Some(b"an order".as_slice()));
        assert_eq!(opens(&orders::sealed_as(ids::UnitId(ONE), 4), order), None);
        assert_eq!(opens("order", order), None);
        let words = "SELECT words FROM opened_tablets";
        let opened = opens(&recover::sealed_as(ONE), words);
        assert_eq!(opened.as_deref(), Some(b"who and why".as_slice()));
        let vetting = "SELECT vetting FROM grants";
        let opened = opens(&people::vetting_sealed_as(ONE), vetting);
        assert_eq!(opened.as_deref(), Some(b"a number".as_slice()));
        assert_eq!(opens(&people::words_sealed_as(ONE), vetting), None);
        let late: LateEntry = wire::unpack(&sealed_in(&connection, "SELECT record FROM log"))
            .expect("it can be read");
        let reason = reviews::open_reason(&vault, late.hash, &late.reason);
        assert_eq!(reason.ok().as_deref(), Some("why"));
        assert!(reviews::open_reason(&vault, ChangeHash([8; 32]), &late.reason).is_err());

        // Afterwards nothing is believed that says no row.
        let sealed = vault.seal_secret("recovery", b"another", &SystemEntropy);
        connection
            .execute(
                "UPDATE opened_tablets SET words = ?1",
                [sealed.expect("seals")],
            )
            .expect("updates");
        bind(&connection, &vault, &SystemEntropy).expect("there is nothing to do");
        assert_eq!(opens(&recover::sealed_as(ONE), words), None);
    }

    #[test]
    fn another_servers_key_binds_nothing_and_the_right_one_does_afterwards() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let connection = database::create(&data).expect("makes one");
        let make = |file: &str| {
            Vault::create(&folder.path().join(file), &data, &SystemEntropy).expect("makes a key")
        };
        let (vault, other) = (make("server.key"), make("other.key"));
        bind(&connection, &vault, &SystemEntropy).expect("there is no server yet");
        of_before(&connection, &vault);

        let bound = bind(&connection, &other, &SystemEntropy);
        assert!(
            matches!(bound, Err(BindError::Key(VaultError::Sealed))),
            "{bound:?}"
        );
        let is_noted = settings::read(&connection, name::BOUND_TO_ROWS).expect("reads");
        assert_eq!(is_noted, None);

        bind(&connection, &vault, &SystemEntropy).expect("binds");
        let sealed = sealed_in(&connection, "SELECT sealed FROM orders");
        let own = orders::sealed_as(ids::UnitId(ONE), 3);
        let opened = vault.open_secret(&own, &sealed).ok();
        assert_eq!(opened.as_deref(), Some(b"an order".as_slice()));
    }

    #[test]
    fn a_database_that_says_no_is_not_taken_for_a_wrong_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let connection = database::create(&data).expect("makes one");
        let vault = Vault::create(&folder.path().join("server.key"), &data, &SystemEntropy)
            .expect("makes a key");
        of_before(&connection, &vault);
        connection
            .pragma_update(None, "query_only", true)
            .expect("it is read only");
        let bound = bind(&connection, &vault, &SystemEntropy);
        assert!(matches!(bound, Err(BindError::Database(_))), "{bound:?}");
    }
}
