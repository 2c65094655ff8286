//! 户籍村: the village a child is registered in knows of a child that lives in another village of the township
//! (docs/adr/0040).
//!
//! The station says so; the order is kept here like every other. A tablet of that village has the child's file beside its
//! own children: it is on no list of what is to be done, nothing of it is changed, and contacts are added to it.

use crate::error::ClientError;
use crate::recovery;
use crate::roster::{Roster, RosterChild};
use crate::runtime::{self, Line};
use crate::server::refused_code;
use crate::standing;
use crate::station;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    ChildFileView, EndGuestInput, GuestFormView, GuestRow, GuestView, IdInput, NoticeKind,
    NoticeView, OpenGuestInput, OptionView,
};
use chrono::{Days, NaiveDate};
use domain::record::Edit;
use ids::{DocumentId, Role, UnitId};
use protocol::access::Action;
use protocol::{EndGuest, GUESTS_ADD_TO, GuestId, GuestList, OpenToGuest};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Connection;
use store::documents::DocumentHead;
use store::guests::Guest;
use uuid::Uuid;

/// Refusals with words of their own.
const SAID: &[&str] = &[
    "guest_impossible",
    "guest_elsewhere",
    "guest_taken",
    "unit_closed",
    "recused",
    "not_found",
];

/// How a document stands to this tablet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Its village's, the village's it stands in for, or the township's at the station.
    Own,
    /// The village only knows of it.
    Guest,
    /// It knew of it, or stood in for its village; it is still here because nothing was heard of the server since.
    Over,
}

/// What this tablet's village has to do with documents of other villages. What ends by itself ends by the clock that never
/// goes back, whether anything was heard of the server or not.
pub(crate) struct Sides<'a> {
    tablet: &'a Tablet,
    connection: &'a Connection,
    /// A director's village; none for whoever works for the township.
    unit: Option<UnitId>,
    /// The village this person stands in for, once something asked: every order is read for it.
    covered: OnceCell<Option<UnitId>>,
    now_ms: i64,
    /// Whether one stands, by file.
    known: BTreeMap<DocumentId, bool>,
}

impl<'a> Sides<'a> {
    /// Reads the orders kept here.
    pub(crate) fn read(
        tablet: &'a Tablet,
        connection: &'a Connection,
    ) -> Result<Self, ClientError> {
        let me = &tablet.identity;
        let mut sides = Self {
            tablet,
            connection,
            unit: None,
            covered: OnceCell::new(),
            now_ms: standing::never_back_in(tablet, connection)?,
            known: BTreeMap::new(),
        };
        if me.role != Role::Director {
            return Ok(sides);
        }
        sides.unit = Some(me.unit);
        for guest in store::guests::all(connection)? {
            if guest.unit == me.unit {
                *sides.known.entry(guest.document).or_default() |= guest.stands(sides.now_ms);
            }
        }
        Ok(sides)
    }

    /// How a document that lives in a village stands to this tablet.
    pub(crate) fn of(&self, document: DocumentId, home: UnitId) -> Result<Side, ClientError> {
        let Some(unit) = self.unit else {
            return Ok(Side::Own);
        };
        if unit == home || self.covered()? == Some(home) {
            return Ok(Side::Own);
        }
        Ok(match self.known.get(&document) {
            Some(true) => Side::Guest,
            Some(false) | None => Side::Over,
        })
    }

    fn covered(&self) -> Result<Option<UnitId>, ClientError> {
        if let Some(covered) = self.covered.get() {
            return Ok(*covered);
        }
        let covered = recovery::covered_village(self.tablet, self.connection, self.now_ms)?;
        Ok(*self.covered.get_or_init(|| covered))
    }
}

/// Refuses what is written in a file the village only knows of, unless it is a contact.
///
/// # Errors
/// `guest_reads_only`.
pub(crate) fn refuse(
    tablet: &Tablet,
    connection: &Connection,
    head: &DocumentHead,
    edits: &[Edit],
) -> Result<(), ClientError> {
    let is_contact =
        |edit: &Edit| matches!(edit, Edit::Add { collection, .. } if *collection == GUESTS_ADD_TO);
    if head.home_unit == tablet.identity.unit || edits.iter().all(is_contact) {
        return Ok(());
    }
    let sides = Sides::read(tablet, connection)?;
    // A visit that was begun while she stood in is finished and handed over: only what was a guest's reads only.
    if !sides.known.contains_key(&head.document)
        || sides.of(head.document, head.home_unit)? == Side::Own
    {
        return Ok(());
    }
    Err(ClientError::new("guest_reads_only"))
}

/// Those about a child that stand or are to come, the first of them first.
fn open(tablet: &Tablet, child: &RosterChild) -> Result<Vec<Guest>, ClientError> {
    let now_ms = standing::never_back_ms(tablet)?;
    let mut found = tablet.store.read(store::guests::all)?;
    found.retain(|guest| {
        guest.document == child.id
            && guest.unit != child.unit
            && guest.until_ms.is_none_or(|until| now_ms < until)
    });
    Ok(found)
}

/// The last day of what ends at a time.
fn last_day(until_ms: i64) -> String {
    system::civil_date(until_ms.saturating_sub(1)).to_string()
}

/// What the child's file says of it; nothing where no second village knows of it.
pub(crate) fn of_child(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
) -> Result<Option<GuestView>, ClientError> {
    let now_ms = standing::never_back_ms(tablet)?;
    Ok(open(tablet, child)?.first().map(|guest| GuestView {
        village: roster.people.unit_name(guest.unit),
        managed_by: roster.people.unit_name(child.unit),
        since: system::civil_date(guest.from_ms).to_string(),
        begun: guest.stands(now_ms),
        until: guest.until_ms.map(last_day),
        here: roster.is_guest(child.id),
    }))
}

/// A file the village only knows of, as it is read there: nothing in it is asked, due or changed.
pub(crate) fn only_read(view: &mut ChildFileView) {
    view.dues.clear();
    view.tier = None;
    view.months.clear();
    view.misses.clear();
    view.campaigns.clear();
    view.ahead.clear();
    view.hints.clear();
    view.to_ask.clear();
    view.benefits.clear();
    for block in &mut view.blocks {
        // The household's file is not here.
        block.fields.retain(|field| field.holder == "child");
        for field in &mut block.fields {
            field.editable = false;
            field.conflict = None;
        }
        if let Some(rows) = &mut block.rows {
            rows.editable = false;
            for row in rows.rows.iter_mut().chain(&mut rows.past) {
                row.editable = false;
                row.removable = false;
            }
        }
    }
    view.blocks
        .retain(|block| !block.fields.is_empty() || block.rows.is_some());
    for row in &mut view.timeline {
        row.can_amend = false;
        row.can_fill = false;
        row.open = 0;
        row.asked.clear();
        row.work = None;
        row.activity = None;
        row.counts = None;
        row.why_not = None;
        row.waiting_for_session = false;
    }
}

/// 告知: what 今天 says for some days after the village came to know of children who live elsewhere, a line for each village.
pub(crate) fn news(tablet: &Tablet, roster: &Roster) -> Result<Vec<NoticeView>, ClientError> {
    if roster.guests.is_empty() {
        return Ok(Vec::new());
    }
    let me = &tablet.identity;
    let guests = tablet.store.read(store::guests::all)?;
    let days = i64::from(tablet.rules().guest_news_days);
    let oldest = tablet.clock.now_ms() - days * 24 * 60 * 60 * 1000;
    let mut lines: BTreeMap<UnitId, (i64, u32)> = BTreeMap::new();
    for child in &roster.guests {
        let since = guests
            .iter()
            .filter(|guest| guest.document == child.id && guest.unit == me.unit)
            .map(|guest| guest.from_ms)
            .filter(|from| *from > oldest)
            .max();
        if let Some(since) = since {
            let line = lines.entry(child.unit).or_insert((since, 0));
            line.0 = line.0.max(since);
            line.1 += 1;
        }
    }
    Ok(lines
        .into_iter()
        .map(|(unit, (since, count))| NoticeView {
            kind: NoticeKind::Registered,
            name: roster.people.unit_name(unit),
            from: system::civil_date(since).to_string(),
            until: String::new(),
            count,
        })
        .collect())
}

/// The page 户籍村 of a child, at the station.
///
/// # Errors
/// `not_allowed`, `not_found`.
pub fn form(tablet: &Tablet, input: &IdInput) -> Result<GuestFormView, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.id)?;
    let now_ms = standing::never_back_ms(tablet)?;
    let mut guests = tablet.store.read(store::guests::all)?;
    guests.retain(|guest| guest.document == child.id);
    guests.reverse();
    let state = |guest: &Guest| match guest.until_ms {
        Some(until) if until <= now_ms => "over",
        _ if guest.from_ms > now_ms => "waiting",
        _ => "running",
    };
    Ok(GuestFormView {
        child: child.id.to_string(),
        name: child.name(),
        village: roster.people.unit_name(child.unit),
        siblings: siblings(&roster, child)
            .into_iter()
            .map(RosterChild::name)
            .collect(),
        villages: station::village_rows(tablet, &roster)?
            .into_iter()
            .filter(|row| row.village != child.unit.to_string())
            .map(|row| OptionView {
                code: row.village,
                label: row.name,
            })
            .collect(),
        rows: guests
            .iter()
            .map(|guest| GuestRow {
                id: guest.guest.to_string(),
                village: roster.people.unit_name(guest.unit),
                since: system::civil_date(guest.from_ms).to_string(),
                until: guest.until_ms.map(last_day),
                state: state(guest).to_owned(),
            })
            .collect(),
        today: roster.today.to_string(),
    })
}

/// The other children of the household whose files run.
fn siblings<'a>(roster: &'a Roster, child: &RosterChild) -> Vec<&'a RosterChild> {
    roster
        .household_of(child)
        .map(|household| roster.children_of(&household.id.to_string()))
        .unwrap_or_default()
        .into_iter()
        .filter(|other| other.id != child.id && other.runs())
        .collect()
}

/// A second village gets to know of a child, alone or with the other children of its household.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `village_missing`, `date_invalid`, `guest_impossible`, `guest_elsewhere`,
/// `guest_taken`, `no_network`, `server_refused`.
pub async fn open_guest(
    tablet: &Arc<Tablet>,
    input: &OpenGuestInput,
) -> Result<GuestFormView, ClientError> {
    tablet.require(Action::AdmitGuests)?;
    let unit = UnitId::parse(&input.village).map_err(|_| ClientError::new("village_missing"))?;
    let from = day(&input.from)?;
    let until_ms = match input.until.trim() {
        "" => None,
        text => Some(system::beginning_of(
            day(text)?
                .checked_add_days(Days::new(1))
                .ok_or_else(|| ClientError::new("date_invalid"))?,
        )),
    };
    // What it is about is what the server has: the station's own last edits go first.
    runtime::once(tablet, || ()).await?;
    let documents = {
        let roster = Roster::read(tablet)?;
        let child = roster.child(&input.child)?;
        let with = match input.whole_household {
            true => siblings(&roster, child),
            false => Vec::new(),
        };
        std::iter::once(child.id)
            .chain(with.into_iter().map(|sibling| sibling.id))
            .collect()
    };
    let asked = OpenToGuest {
        id: tablet.new_id(),
        documents,
        unit,
        from_ms: system::beginning_of(from),
        until_ms,
    };
    send(tablet, "/guests/open", &asked, &input.child).await
}

/// It is over.
///
/// # Errors
/// `not_allowed`, `pin_again`, `not_found`, `no_network`, `server_refused`.
pub async fn end_guest(
    tablet: &Arc<Tablet>,
    input: &EndGuestInput,
) -> Result<GuestFormView, ClientError> {
    tablet.require(Action::AdmitGuests)?;
    let id: GuestId = Uuid::parse_str(&input.id).map_err(|_| ClientError::new("not_found"))?;
    send(tablet, "/guests/end", &EndGuest { id }, &input.child).await
}

fn day(text: &str) -> Result<NaiveDate, ClientError> {
    text.parse().map_err(|_| ClientError::new("date_invalid"))
}

async fn send(
    tablet: &Arc<Tablet>,
    path: &'static str,
    asked: &impl serde::Serialize,
    child: &str,
) -> Result<GuestFormView, ClientError> {
    let sent = Line::of(tablet)?.send(path, asked).await;
    let _: GuestList = sent.map_err(|error| match refused_code(&error).as_deref() {
        Some(code) => match SAID.iter().find(|said| **said == code) {
            Some(said) => ClientError::new(said),
            None => error,
        },
        None => error,
    })?;
    // The orders come like everything else; this device need not wait for its next turn.
    runtime::once(tablet, || ()).await?;
    tablet.wrote();
    form(
        tablet,
        &IdInput {
            id: child.to_owned(),
        },
    )
}
