//! The server's audit chain: who decided what, in the transaction of the deed, each row's hash covering the one before
//! (ADR 0025). A row holds ids and codes. Its types leave no place for a name or for anybody's words.
//!
//! The chain shows that no row in it was altered, left out or put in. That rows are missing at its end shows only beside
//! an anchor: a signed line somebody else keeps.

use crate::columns::{self, stored};
use ids::{ChangeHash, DeviceId, StaffId, UnitId};
use protocol::access::Holder;
use protocol::limits;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What was done. The texts are stored and never change their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Act {
            $($(#[$doc])* $name,)*
        }

        impl Act {
            /// All of them, for tables and tests.
            pub const ALL: &'static [Act] = &[$(Act::$name,)*];

            /// Stable text form, as stored.
            pub fn as_str(self) -> &'static str {
                match self { $(Act::$name => $text,)* }
            }
        }
    };
}

acts! {
    /// The server was made.
    ServerMade = "server_made";
    /// A copy of the database was made by hand.
    BackedUp = "backed_up";
    /// A copy was put in the place of the database.
    Restored = "restored";
    /// A new epoch began, because a device proved that the server was set back.
    EpochBegan = "epoch_began";
    /// The hold after a restore was ended by hand.
    OrdersConfirmed = "orders_confirmed";
    /// A policy pack came to those there are.
    PolicyAdded = "policy_added";
    /// A policy pack stands in the place of the one of its id.
    PolicyReplaced = "policy_replaced";
    /// A township was made.
    TownshipMade = "township_made";
    /// The district became a scope of its own, for its officers.
    DistrictOpened = "district_opened";
    /// A village was made.
    VillageMade = "village_made";
    /// A village has another name from now on.
    VillageRenamed = "village_renamed";
    /// A village has another region code from now on.
    VillageRecoded = "village_recoded";
    /// A village went up in another one.
    VillageMerged = "village_merged";
    /// A village was made out of a part of another one.
    VillageSplit = "village_split";
    /// A person was appointed, or appointed anew.
    PersonGranted = "person_granted";
    /// That a person was vetted was written down.
    PersonVetted = "person_vetted";
    /// A person's appointment was ended.
    GrantEnded = "grant_ended";
    /// A person's appointment was over by its own last day.
    GrantRanOut = "grant_ran_out";
    /// Somebody was told to stand in for a village, or that it ends earlier.
    CoverOrdered = "cover_ordered";
    /// Standing in began.
    CoverBegan = "cover_began";
    /// Standing in ended.
    CoverEnded = "cover_ended";
    /// A second village was to know of a child's file, or that ends earlier.
    GuestOrdered = "guest_ordered";
    /// A second village knows of a child's file from now on.
    GuestBegan = "guest_began";
    /// A second village does not know of a child's file any more.
    GuestEnded = "guest_ended";
    /// A form was published.
    FormPublished = "form_published";
    /// The next CA was made and is announced.
    NextCaMade = "next_ca_made";
    /// The server went over to the next CA.
    NextCaUsed = "next_ca_used";
    /// Somebody is not to act for a document, or that ends.
    RecusalOrdered = "recusal_ordered";
    /// A one-time code was made.
    EnrolmentMade = "enrolment_made";
    /// Somebody said that the six digits are the same.
    EnrolmentConfirmed = "enrolment_confirmed";
    /// A code burnt after too many wrong proofs.
    EnrolmentBurnt = "enrolment_burnt";
    /// A device became known.
    DeviceEnrolled = "device_enrolled";
    /// A station was let enrol tablets without the server for a day.
    EnrolmentDelegated = "enrolment_delegated";
    /// A tablet became known that a station had enrolled without the server.
    DeviceEnrolledOffline = "device_enrolled_offline";
    /// A device that a restored copy had forgotten is known again, by its certificate.
    DeviceReadmitted = "device_readmitted";
    /// A device was revoked.
    DeviceRevoked = "device_revoked";
    /// Two officers of the district opened a tablet whose PIN was lost.
    TabletRecovered = "tablet_recovered";
    /// A device was ordered to wipe itself.
    DeviceWipeOrdered = "device_wipe_ordered";
    /// A device that is to be wiped does not wait for its photos any more.
    PhotosGivenUp = "photos_given_up";
    /// A device said under its signature that it destroys everything.
    DeviceWiped = "device_wiped";
    /// A device's certificate was made anew.
    CertificateRenewed = "certificate_renewed";
    /// A document was erased.
    DocumentErased = "document_erased";
    /// A document was built anew without something it had said; what it was before is erased.
    DocumentRenewed = "document_renewed";
    /// A document was ordered to go to another unit.
    DocumentMoved = "document_moved";
    /// An order came back with a device after a restore.
    OrderReturned = "order_returned";
    /// Documents were offered to another unit.
    MoveOffered = "move_offered";
    /// An offer was accepted.
    MoveAccepted = "move_accepted";
    /// An offer was declined.
    MoveDeclined = "move_declined";
    /// An offer was taken back.
    MoveWithdrawn = "move_withdrawn";
    /// What came late was taken.
    LateTaken = "late_taken";
    /// What came late was set aside.
    LateSetAside = "late_set_aside";
    /// A second person was asked for an export.
    ExportAsked = "export_asked";
    /// A second person agreed.
    ExportApproved = "export_approved";
    /// A second person did not agree.
    ExportDeclined = "export_declined";
    /// An approved export was made.
    ExportUsed = "export_used";
    /// A station's key was made, or came back after a restore.
    UnitKeyMade = "unit_key_made";
    /// A station's key was given to a device, sealed to it.
    UnitKeyGiven = "unit_key_given";
    /// A station's report to the district was taken.
    ReportTaken = "report_taken";
    /// The district countersigned a closing.
    ClosingCountersigned = "closing_countersigned";
    /// The district said that what was closed is not over.
    ClosingNotOver = "closing_not_over";
    /// The district asked a station for a case.
    CaseAsked = "case_asked";
    /// The station sent it.
    CaseSent = "case_sent";
    /// The station did not send it.
    CaseDeclined = "case_declined";
    /// The officer fetched what was sent.
    CaseFetched = "case_fetched";
    /// A head was asked to have a file erased.
    ErasureAsked = "erasure_asked";
    /// A head agreed; the orders stand beside it.
    ErasureApproved = "erasure_approved";
    /// A head did not agree.
    ErasureDeclined = "erasure_declined";
    /// A document must be kept.
    DocumentHeld = "document_held";
    /// A document need not be kept any more.
    DocumentReleased = "document_released";
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A device, in the hands of a person.
    Device {
        /// Which.
        device: DeviceId,
        /// Whose it is.
        staff: StaffId,
    },
    /// Whoever sits at the server itself.
    Operator,
    /// The server, by its own rules.
    Server,
}

impl From<&Holder> for By {
    fn from(holder: &Holder) -> Self {
        By::Device {
            device: holder.device,
            staff: holder.staff,
        }
    }
}

impl By {
    fn kind(self) -> &'static str {
        match self {
            By::Device { .. } => "device",
            By::Operator => "operator",
            By::Server => "server",
        }
    }

    fn ids(self) -> (Option<DeviceId>, Option<StaffId>) {
        match self {
            By::Device { device, staff } => (Some(device), Some(staff)),
            By::Operator | By::Server => (None, None),
        }
    }
}

/// What it was done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// The server itself.
    Server,
    /// A device.
    Device(DeviceId),
    /// A person.
    Staff(StaffId),
    /// A unit.
    Unit(UnitId),
    /// An enrolment, an offer to move, a request: whatever has an id of its own and is no document.
    Id(Uuid),
    /// A change.
    Change(ChangeHash),
    /// A document, by its keyed mark: the id of an erased one is written nowhere.
    Document([u8; 32]),
    /// An epoch.
    Epoch(u64),
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Object::Server => Ok(()),
            Object::Device(id) => id.fmt(f),
            Object::Staff(id) => id.fmt(f),
            Object::Unit(id) => id.fmt(f),
            Object::Id(id) => id.fmt(f),
            Object::Change(hash) => hash.fmt(f),
            Object::Document(mark) => f.write_str(&hex::encode(mark)),
            Object::Epoch(epoch) => epoch.fmt(f),
        }
    }
}

/// A row to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed {
    /// When, by the server's clock.
    pub at_ms: i64,
    /// Who.
    pub by: By,
    /// The township it concerns, if one.
    pub scope: Option<UnitId>,
    /// What.
    pub act: Act,
    /// To what.
    pub object: Object,
    /// The order's number, where there is one.
    pub order: Option<u64>,
}

impl Deed {
    /// A deed about a township, without an order.
    pub fn of(by: By, scope: UnitId, act: Act, object: Object, at_ms: i64) -> Self {
        Self {
            at_ms,
            by,
            scope: Some(scope),
            act,
            object,
            order: None,
        }
    }

    /// A deed about the server itself.
    pub fn of_server(by: By, act: Act, object: Object, at_ms: i64) -> Self {
        Self {
            at_ms,
            by,
            scope: None,
            act,
            object,
            order: None,
        }
    }
}

/// A row as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place, from 1.
    pub position: u64,
    /// When.
    pub at_ms: i64,
    /// `device`, `operator` or `server`.
    pub by: String,
    /// The device.
    pub device: Option<DeviceId>,
    /// Its holder.
    pub staff: Option<StaffId>,
    /// The township.
    pub scope: Option<UnitId>,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// The order's number.
    pub order: Option<u64>,
    /// Over this row and the hash of the one before.
    pub hash: [u8; 32],
}

/// Writes what was done, in the transaction in which it was done.
///
/// # Errors
/// The database refuses; the deed is then not done either.
pub fn append(connection: &Connection, deed: &Deed) -> rusqlite::Result<()> {
    let (last, previous) = tip(connection)?;
    let (device, staff) = deed.by.ids();
    let mut row = AuditRow {
        position: last + 1,
        at_ms: deed.at_ms,
        by: deed.by.kind().to_owned(),
        device,
        staff,
        scope: deed.scope,
        action: deed.act.as_str().to_owned(),
        object: deed.object.to_string(),
        order: deed.order,
        hash: [0; 32],
    };
    row.hash = link(&previous, &row);
    connection
        .prepare_cached(include_str!("sql/audit/append.sql"))?
        .execute(named_params! {
            ":position": stored(row.position),
            ":at_ms": row.at_ms,
            ":by_kind": row.by,
            ":device": device.map(|id| id.0.into_bytes()),
            ":staff": staff.map(|id| id.0.into_bytes()),
            ":scope": row.scope.map(|id| id.0.into_bytes()),
            ":action": row.action,
            ":object": row.object,
            ":order_number": row.order.map(stored),
            ":hash": row.hash,
        })?;
    Ok(())
}

/// The number and the hash of the last row; zeros where there is none.
///
/// # Errors
/// The database refuses.
pub fn tip(connection: &Connection) -> rusqlite::Result<(u64, [u8; 32])> {
    Ok(connection
        .prepare_cached(include_str!("sql/audit/last.sql"))?
        .query_row([], |row| Ok((columns::number(row, 0)?, row.get(1)?)))
        .optional()?
        .unwrap_or_default())
}

/// The hash of a row, if it is there.
///
/// # Errors
/// The database refuses.
pub(crate) fn hash_of(
    connection: &Connection,
    position: u64,
) -> rusqlite::Result<Option<[u8; 32]>> {
    connection
        .prepare_cached(include_str!("sql/audit/hash_of.sql"))?
        .query_row(named_params! {":position": stored(position)}, |row| {
            row.get(0)
        })
        .optional()
}

/// The rows of a stretch of time.
///
/// # Errors
/// The database refuses.
pub fn between(
    connection: &Connection,
    from_ms: i64,
    until_ms: i64,
) -> rusqlite::Result<Vec<AuditRow>> {
    connection
        .prepare_cached(include_str!("sql/audit/between.sql"))?
        .query_map(
            named_params! {":from_ms": from_ms, ":until_ms": until_ms},
            read,
        )?
        .collect()
}

/// The rows about a township, and about the server itself; one person's, if one is named.
pub(crate) fn of_scope(
    connection: &Connection,
    scope: UnitId,
    staff: Option<[u8; 16]>,
    (from_ms, until_ms): (i64, i64),
) -> rusqlite::Result<Vec<AuditRow>> {
    connection
        .prepare_cached(include_str!("sql/audit/of_scope.sql"))?
        .query_map(
            named_params! {
                ":scope": scope.0.as_bytes(),
                ":staff": staff,
                ":from_ms": from_ms,
                ":until_ms": until_ms,
                ":most": limits::AUDIT_PAGE,
            },
            read,
        )?
        .collect()
}

/// Walks the chain. One line per row that does not hold: altered, left out, or put in.
///
/// # Errors
/// The database refuses.
pub fn faults(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(include_str!("sql/audit/all.sql"))?;
    let mut rows = statement.query([])?;
    let mut faults = Vec::new();
    let (mut last, mut previous) = (0, [0; 32]);
    while let Some(row) = rows.next()? {
        let row = read(row)?;
        if row.position != last + 1 {
            faults.push(format!(
                "audit: rows {} to {} are missing",
                last + 1,
                row.position - 1
            ));
        } else if row.hash != link(&previous, &row) {
            faults.push(format!("audit row {}: it was altered", row.position));
        }
        (last, previous) = (row.position, row.hash);
    }
    Ok(faults)
}

fn read(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    let order: Option<i64> = row.get(8)?;
    Ok(AuditRow {
        position: columns::number(row, 0)?,
        at_ms: row.get(1)?,
        by: row.get(2)?,
        device: columns::optional_uuid(row, 3)?.map(DeviceId),
        staff: columns::optional_uuid(row, 4)?.map(StaffId),
        scope: columns::optional_uuid(row, 5)?.map(UnitId),
        action: row.get(6)?,
        object: row.get(7)?,
        order: order.map(i64::unsigned_abs),
        hash: row.get(9)?,
    })
}

fn link(previous: &[u8; 32], row: &AuditRow) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"zoufang server audit 1");
    hash.update(previous);
    hash.update(row.position.to_be_bytes());
    hash.update(row.at_ms.to_be_bytes());
    for id in [
        row.device.map(|id| id.0),
        row.staff.map(|id| id.0),
        row.scope.map(|id| id.0),
    ] {
        hash.update([u8::from(id.is_some())]);
        hash.update(id.unwrap_or_default().as_bytes());
    }
    hash.update([u8::from(row.order.is_some())]);
    hash.update(row.order.unwrap_or_default().to_be_bytes());
    for text in [&row.by, &row.action, &row.object] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::Act;
    use std::collections::BTreeSet;

    #[test]
    fn every_act_has_a_text_of_its_own() {
        let texts: BTreeSet<_> = Act::ALL.iter().map(|act| act.as_str()).collect();
        assert_eq!(texts.len(), Act::ALL.len());
    }
}
