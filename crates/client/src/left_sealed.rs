//! 留下的密封记录: what is sealed stays at its station, also when the matter or the child it is about goes to another township.
//! Here the head and whoever handled it read it as before, to tell the new station; and two people have it erased when its
//! time is over (docs/adr/0054).

use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::problems::number_of;
use crate::recusals::Recusals;
use crate::restricted::{self, Case, Standpoint};
use crate::roster::{self, People};
use crate::system;
use crate::tablet::Tablet;
use crate::view::{IdInput, LeftSealedRowView, LeftWordsView};
use domain::problem::Problem;
use domain::restricted::{CONFIDENTIAL, Leaving};
use domain::retention::left_behind;
use ids::{DocKind, DocumentId, Role, StaffId};
use protocol::access::Action;
use std::collections::BTreeSet;
use store::departures::{self, Departure};
use store::documents;

/// What is sealed about something that is not here any more.
struct Left {
    subject: DocumentId,
    case: Case,
    /// Where it went, where this device saw it go.
    gone: Option<Departure>,
    /// It is about a child itself: for the head alone, and nobody else learns that there is something.
    is_child: bool,
}

/// Everything of the kind this device holds; nothing outside a station.
fn all(tablet: &Tablet) -> Result<Vec<Left>, ClientError> {
    tablet.store.read(|connection| {
        let departures = departures::all(connection)?;
        let mut found = Vec::new();
        for (about, case) in restricted::cases(tablet, connection)? {
            let Ok(subject) = DocumentId::parse(&about) else {
                continue;
            };
            let is_here = documents::head(connection, subject)?.is_some()
                && !documents::has_left(connection, subject)?;
            if is_here {
                continue;
            }
            let gone = departures.iter().find(|one| one.document == subject);
            let is_note = case.notes().any(|note| note.kind == CONFIDENTIAL);
            found.push(Left {
                subject,
                is_child: is_note || gone.is_some_and(|one| one.kind == DocKind::Child),
                gone: gone.cloned(),
                case,
            });
        }
        Ok(found)
    })
}

impl Left {
    fn is_recused(&self, recusals: &Recusals, staff: StaffId) -> bool {
        let mut family = self.case.documents().to_vec();
        family.push(self.subject);
        // Who was not to act for the child before the matter was reported was told of neither of these: by the families that
        // were written down when it was offered, as while it was here.
        let gone = self.case.leavings().flat_map(|leaving| &leaving.family);
        family.extend(gone.filter_map(|id| DocumentId::parse(id).ok()));
        recusals.concern(staff, &family)
    }

    /// Whether this person is told that there is something.
    fn is_seen(&self, tablet: &Tablet, recusals: &Recusals) -> bool {
        let me = &tablet.identity;
        let is_heads = me.role == Role::Head && !self.is_recused(recusals, me.staff);
        me.role.is_at_station() && (!self.is_child || is_heads)
    }

    /// What somebody of the station wrote when it was offered last.
    fn leaving(&self, tablet: &Tablet, people: &People) -> Result<Option<&Leaving>, ClientError> {
        for leaving in self.case.leavings().rev() {
            let author = roster::author_of(tablet, leaving.made_by)?;
            let role = author.and_then(|author| people.role(author.staff));
            if role.is_some_and(Role::is_at_station) {
                return Ok(Some(leaving));
            }
        }
        Ok(None)
    }

    /// Who handled it when it left; nobody who has left the station since, or is not to act for it.
    fn handler(
        &self,
        tablet: &Tablet,
        people: &People,
        leaving: Option<&Leaving>,
        recusals: &Recusals,
    ) -> Option<StaffId> {
        let station = tablet.identity.scope;
        let handler = leaving.and_then(|leaving| leaving.handler.as_deref());
        handler
            .and_then(|staff| StaffId::parse(staff).ok())
            .filter(|staff| people.of_station(station).any(|one| one == *staff))
            .filter(|staff| !self.is_recused(recusals, *staff))
    }

    /// The number of the matter, as the lists here had it; of a child the initials that are left of it.
    fn title(&self, leaving: Option<&Leaving>) -> String {
        if self.is_child {
            return self.gone.as_ref().map_or_else(String::new, |gone| {
                let mut letters = gone.label.chars();
                let family = letters.next().into_iter();
                family.chain(letters.map(|_| '某')).collect()
            });
        }
        let said = leaving.and_then(|leaving| leaving.reported_on.clone());
        // The first words were sealed in the same save as the report.
        let first = self.case.notes().map(|note| note.recorded_ms).min();
        let day = said.or_else(|| Some(system::civil_date(first?).to_string()));
        number_of(self.subject, &day.unwrap_or_default())
    }

    /// How this person stands to the words: as while the matter was here.
    fn standpoint<'a>(
        &'a self,
        tablet: &'a Tablet,
        people: &People,
        recusals: &Recusals,
    ) -> Result<Standpoint<'a>, ClientError> {
        let leaving = self.leaving(tablet, people)?;
        let handler = self.handler(tablet, people, leaving, recusals);
        let is_recused = |staff| self.is_recused(recusals, staff);
        let gone = Problem::default();
        Standpoint::take(tablet, (&gone, &self.case), handler, is_recused)
    }

    fn row(
        &self,
        tablet: &Tablet,
        people: &People,
        recusals: &Recusals,
        asked: &BTreeSet<DocumentId>,
    ) -> Result<LeftSealedRowView, ClientError> {
        let leaving = self.leaving(tablet, people)?;
        let left_on = self.gone.as_ref().map(|gone| gone.left_ms);
        let last_ms = self.case.last_ms().or(left_on).unwrap_or_default();
        let review_on = left_behind(
            left_on.map(system::civil_date),
            system::civil_date(last_ms),
            !self.is_child,
            &tablet.rules().retention,
        );
        let to = self.gone.as_ref().map(|gone| gone.destination.clone());
        Ok(LeftSealedRowView {
            subject: self.subject.to_string(),
            title: self.title(leaving),
            is_child: self.is_child,
            documents: count(self.case.documents().len()),
            to: to.filter(|to| !to.is_empty()),
            left_on: left_on.map(|ms| system::civil_date(ms).to_string()),
            handler: self
                .handler(tablet, people, leaving, recusals)
                .map(|staff| people.name(staff)),
            review_on: review_on.to_string(),
            is_over: review_on <= tablet.today(),
            asked: asked.contains(&self.subject),
            may_read: self.standpoint(tablet, people, recusals)?.may_read(),
        })
    }
}

/// The section of the page, first what may be looked at first.
pub(crate) fn rows(
    tablet: &Tablet,
    people: &People,
    asked: &BTreeSet<DocumentId>,
) -> Result<Vec<LeftSealedRowView>, ClientError> {
    let recusals = Recusals::read(tablet)?;
    let mut rows = Vec::new();
    for left in all(tablet)? {
        if left.is_seen(tablet, &recusals) {
            rows.push(left.row(tablet, people, &recusals, asked)?);
        }
    }
    rows.sort_by(|a, b| (&a.review_on, &a.subject).cmp(&(&b.review_on, &b.subject)));
    Ok(rows)
}

/// What is sealed about something that is not here any more; nothing where it is here.
pub(crate) fn documents_about(
    tablet: &Tablet,
    subject: DocumentId,
) -> Result<Vec<DocumentId>, ClientError> {
    let left = all(tablet)?.into_iter().find(|one| one.subject == subject);
    Ok(left.map_or_else(Vec::new, |left| left.case.documents().to_vec()))
}

/// The same, for whoever is told that there is something.
///
/// # Errors
/// `not_found`.
pub(crate) fn asked(
    tablet: &Tablet,
    subject: &str,
) -> Result<(DocumentId, Vec<DocumentId>), ClientError> {
    let left = find(tablet, subject)?;
    if !left.is_seen(tablet, &Recusals::read(tablet)?) {
        return Err(ClientError::new("not_found"));
    }
    Ok((left.subject, left.case.documents().to_vec()))
}

fn find(tablet: &Tablet, subject: &str) -> Result<Left, ClientError> {
    let mut left = all(tablet)?.into_iter();
    left.find(|one| one.subject.to_string() == subject)
        .ok_or_else(|| ClientError::new("not_found"))
}

/// 看原话, of what stayed: the head and whoever handled it read it, for the PIN and while it is good. That it is looked at is in
/// the trail before.
///
/// # Errors
/// `not_found`, `not_allowed`, `recused`, `pin_again`, `look_not_noted`.
pub fn show_left_words(tablet: &Tablet, input: &IdInput) -> Result<LeftWordsView, ClientError> {
    let left = find(tablet, &input.id)?;
    let recusals = Recusals::read(tablet)?;
    if left.is_recused(&recusals, tablet.identity.staff) {
        return Err(ClientError::new("recused"));
    }
    if !left.is_seen(tablet, &recusals) {
        return Err(ClientError::new("not_found"));
    }
    if left.is_child {
        tablet.require(Action::KeepConfidential)?;
    }
    let people = People::read(tablet)?;
    let standpoint = left.standpoint(tablet, &people, &recusals)?;
    if !standpoint.may_read() {
        return Err(ClientError::new("not_allowed"));
    }
    tablet.open_with_pin(standpoint.document())?;
    looks::note(tablet, Look::Restricted, &left.subject.to_string())?;
    let left_ms = standpoint.closes_in_ms();
    Ok(LeftWordsView {
        subject: left.subject.to_string(),
        seconds: left_ms.and_then(|ms| u32::try_from(ms / 1_000 + 1).ok()),
        lines: standpoint.lines(&people).unwrap_or_default(),
    })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
