//! A database that could not be opened and was moved aside: kept for whoever can open it, and not for ever.
//!
//! It is under the key this account has today, so that while it lies there the key cannot be renewed, and what an order
//! erased since stands in it still. It goes when nothing hangs on it any more: everything written here is at the server for
//! good, what was there has come back, and its days are over or something was erased.

use crate::error::ClientError;
use crate::standing;
use crate::tablet::Tablet;
use store::{blobs, changes, recovery};

/// How long it is kept, should nothing be erased meanwhile.
const DAYS: i64 = 30;

/// Removes what is not kept any longer. True when something went.
///
/// # Errors
/// The store cannot be read, or a file cannot be removed; it is tried again.
pub(crate) fn tidy(tablet: &Tablet) -> Result<bool, ClientError> {
    if !tablet.store.keeps_aside() || tablet.loading()?.is_some() {
        return Ok(false);
    }
    let (waiting, erased_ms) = tablet.store.read(|connection| {
        let waiting = changes::not_durable_count(connection)? + blobs::waiting_sum(connection)?.0;
        Ok::<_, ClientError>((waiting, recovery::last_erased_ms(connection)?))
    })?;
    if waiting > 0 {
        return Ok(false);
    }
    let over_ms = standing::never_back_ms(tablet)? - DAYS * 24 * 60 * 60 * 1000;
    // Its name says the second and no more: what was erased within that second had gone before.
    let is_over = |moment_ms| {
        moment_ms <= over_ms || erased_ms.is_some_and(|erased_ms| erased_ms >= moment_ms + 1_000)
    };
    Ok(tablet.store.forget_aside(is_over)?)
}
