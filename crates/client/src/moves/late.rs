//! What came late, as a person reads it before it is in any file. Of a sealed matter whoever it is not for reads its number
//! and nothing else, as everywhere (docs/adr/0043).

use crate::error::ClientError;
use crate::problems::{Room, has_number, number_of};
use crate::recusals::{self, Recusals};
use crate::restricted;
use crate::returned::words;
use crate::roster::{Roster, RosterChild};
use crate::system;
use crate::tablet::Tablet;
use crate::view::{ReturnedLine, ReviewRow};
use domain::mandatory;
use domain::problem::Problem;
use domain::record::{Before, Edit, ROWS, Record, containers, doc};
use domain::restricted::Restricted;
use ids::{ChangeHash, DocKind, DocumentId, Role};
use protocol::access::{Block, Handling};
use protocol::{Envelope, ReviewRecord};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use store::documents::{self, StoredDocument};

/// Late records as a person reads them: each on top of the ones of its file that came before it.
pub(super) fn rows(
    tablet: &Tablet,
    reviews: &[ReviewRecord],
) -> Result<Vec<ReviewRow>, ClientError> {
    if reviews.is_empty() {
        return Ok(Vec::new());
    }
    let mut tray = Tray::open(tablet)?;
    // The sealed words of a report may come before the report that says whom they are about: first everything is read.
    let mut written = Vec::with_capacity(reviews.len());
    for review in reviews {
        written.push(tray.written(review)?);
    }
    reviews
        .iter()
        .zip(written)
        .map(|(review, written)| tray.row(review, written))
        .collect()
}

/// What one change says.
struct Written {
    /// The collection it adds to, or `fields`.
    what: &'static str,
    lines: Vec<ReturnedLine>,
    /// Its file with it.
    after: Record,
    /// The problem with which it answers whether something was reported.
    answers: Option<String>,
}

/// Everything a page of the tray is read with. Only copies in memory change.
struct Tray<'a> {
    tablet: &'a Tablet,
    roster: Roster,
    room: Room<'a>,
    recusals: Recusals,
    files: BTreeMap<DocumentId, Option<StoredDocument>>,
}

impl<'a> Tray<'a> {
    fn open(tablet: &'a Tablet) -> Result<Self, ClientError> {
        Ok(Self {
            roster: Roster::read(tablet)?,
            room: Room::open(tablet)?,
            recusals: Recusals::read(tablet)?,
            files: BTreeMap::new(),
            tablet,
        })
    }

    fn written(&mut self, review: &ReviewRecord) -> Result<Written, ClientError> {
        let tablet = self.tablet;
        let file = match self.files.entry(review.document) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let file = tablet
                    .store
                    .read(|connection| documents::load(connection, review.document))?;
                place.insert(file.or_else(|| begun_in(review)))
            }
        };
        Ok(match (file.as_mut(), &review.envelope) {
            (Some(file), Some(envelope)) => what_was_written(tablet, file, review, envelope),
            _ => Written {
                what: if review.damaged { "other" } else { "fields" },
                lines: Vec::new(),
                after: Record::default(),
                answers: None,
            },
        })
    }

    fn row(&self, review: &ReviewRecord, written: Written) -> Result<ReviewRow, ClientError> {
        let subject = subject_of(review, &written);
        let problem = match subject {
            Some(subject) => self.problem(subject)?,
            None => None,
        };
        let family = self.family(review, subject, problem.as_ref());
        let me = self.tablet.identity.staff;
        let recused = self.recusals.concern(me, &family);
        let number = match (subject, &problem) {
            (Some(subject), Some(problem)) => problem
                .text("reported_on")
                .map(|day| number_of(subject, day)),
            _ => None,
        };
        let is_sealed = self.is_sealed(review, &written, problem.as_ref());
        // Of a matter that cannot be read here nobody knows whose it is, and who is not to act for it.
        let stands_in = problem.is_some() && self.stands_in(&family, recused)?;
        let numbered = is_sealed && !self.is_told(subject, recused)? && !stands_in;
        let name = match whose(&self.roster, review) {
            name if name.is_empty() => name_in(&written.lines),
            name => name,
        };
        let told = |text: &str| match numbered {
            true => String::new(),
            false => text.to_owned(),
        };
        Ok(ReviewRow {
            change: review.hash.to_string(),
            name: match numbered || is_sealed && review.kind == DocKind::Problem {
                true => number.unwrap_or_default(),
                false => name,
            },
            what: written.what.to_owned(),
            lines: match numbered {
                true => Vec::new(),
                false => written.lines,
            },
            by: told(&review.staff_name),
            unit: told(&review.unit_name),
            at: system::moment(review.at_ms),
            state: review.state.as_str().to_owned(),
            reason: told(&review.reason),
            cause: review.cause.as_str().to_owned(),
            // What else came from it has her name.
            device: told(&review.device.to_string()),
            damaged: review.damaged,
            numbered,
            recused,
        })
    }

    /// A problem as it stands with what was read; none where it is not known, or is none.
    fn problem(&self, id: DocumentId) -> Result<Option<Problem>, ClientError> {
        let record = match self.files.get(&id) {
            Some(file) => file.as_ref().map(|file| doc::read(&file.automerge)),
            None => self
                .tablet
                .store
                .read(|connection| documents::load(connection, id))?
                .map(|file| doc::read(&file.automerge)),
        };
        let problem = record.map(|record| Problem::from_record(&record));
        Ok(problem.filter(|problem| problem.text("type").is_some()))
    }

    /// Whether a record says something of a matter that goes by a number. Of what matter it is cannot always be told; then
    /// it is taken for one.
    fn is_sealed(
        &self,
        review: &ReviewRecord,
        written: &Written,
        problem: Option<&Problem>,
    ) -> bool {
        let goes_by_number = || problem.is_none_or(|problem| has_number(&self.room.pack, problem));
        match review.kind {
            DocKind::Restricted => true,
            DocKind::Problem => goes_by_number(),
            DocKind::Child => written.answers.is_some() && goes_by_number(),
            DocKind::Household | DocKind::Work => false,
        }
    }

    /// Whom a record is about, as recusals name them: a problem that begins here is among the documents of no recusal yet, its
    /// children are.
    fn family(
        &self,
        review: &ReviewRecord,
        subject: Option<DocumentId>,
        problem: Option<&Problem>,
    ) -> Vec<DocumentId> {
        let named = problem.map_or(&[][..], |problem| problem.children.as_slice());
        let children = named.iter().filter_map(|id| DocumentId::parse(id).ok());
        let about = std::iter::once(review.document)
            .chain(subject)
            .chain(children);
        about
            .flat_map(|id| {
                let child = self.roster.child_or_guest(&id.to_string()).ok();
                recusals::family_of(id, child.and_then(|child| child.child.household()))
            })
            .collect()
    }

    /// Whether this person is told in the place of a head: no head may act for whom a record is about, and somebody has to
    /// decide what becomes of it.
    fn stands_in(&self, family: &[DocumentId], recused: bool) -> Result<bool, ClientError> {
        let is_asked = self.tablet.identity.role == Role::Supervisor && !recused;
        let is_recused = |staff| self.recusals.concern(staff, family);
        Ok(is_asked && restricted::is_headless(self.tablet, is_recused)?)
    }

    /// Whether this person is told in a list what kind of matter it is, and whose.
    fn is_told(&self, subject: Option<DocumentId>, recused: bool) -> Result<bool, ClientError> {
        let known = subject.and_then(|id| self.room.find(&id.to_string()).ok());
        let handling = match known {
            _ if recused => Handling::Recused,
            Some(noun) => self.room.handling(noun)?,
            None => Handling::Colleague,
        };
        let view = self.tablet.sees_case(Block::CaseIdentity, handling);
        Ok(view.is_open())
    }
}

/// What a record is about beside its own file: a problem, or whatever sealed words are about.
fn subject_of(review: &ReviewRecord, written: &Written) -> Option<DocumentId> {
    match review.kind {
        DocKind::Problem => Some(review.document),
        DocKind::Restricted => {
            let about = Restricted::from_record(&written.after).about?;
            DocumentId::parse(&about).ok()
        }
        DocKind::Child => DocumentId::parse(written.answers.as_ref()?).ok(),
        DocKind::Household | DocKind::Work => None,
    }
}

/// A document that is in no file here: what a stopped device handed over begins it.
fn begun_in(review: &ReviewRecord) -> Option<StoredDocument> {
    let head = protocol::envelope::open(review.envelope.as_ref()?).ok()?;
    let header = head.header?;
    let begun = documents::DocumentHead {
        document: header.document,
        generation: header.generation,
        kind: header.kind,
        home_unit: header.home_unit,
        schema: header.schema,
        header: None,
        created_ms: review.at_ms,
    };
    Some(StoredDocument::begun(begun, doc::start(header.kind).ok()?))
}

/// The name a new file is given.
fn name_in(lines: &[ReturnedLine]) -> String {
    let named = lines.iter().find(|line| line.key == "fields.name");
    named.map_or_else(String::new, |line| line.after.clone())
}

/// The child, or the children of the household.
fn whose(roster: &Roster, review: &ReviewRecord) -> String {
    let id = review.document.to_string();
    match review.kind {
        DocKind::Child => roster.child(&id).map(RosterChild::name).unwrap_or_default(),
        DocKind::Household => roster
            .children_of(&id)
            .into_iter()
            .map(RosterChild::name)
            .collect::<Vec<_>>()
            .join("、"),
        DocKind::Problem | DocKind::Restricted | DocKind::Work => String::new(),
    }
}

/// What a late change adds to a file, and in which collection. Only this copy in memory changes.
fn what_was_written(
    tablet: &Tablet,
    file: &mut StoredDocument,
    review: &ReviewRecord,
    envelope: &Envelope,
) -> Written {
    let before = doc::read(&file.automerge);
    let _ = documents::apply(file, &[(review.hash, &envelope.change)]);
    let after = doc::read(&file.automerge);
    let mut edits = Vec::new();
    let mut old = Before::new();
    for (key, value) in &after.fields {
        if before.fields.get(key) != Some(value) {
            if let Some(was) = before.fields.get(key) {
                old.insert(key.clone(), vec![was.clone()]);
            }
            edits.push(Edit::Put {
                key: key.clone(),
                value: value.clone(),
            });
        }
    }
    let mut what = "fields";
    for collection in containers(review.kind).iter().copied().chain([ROWS]) {
        let known = before.entries(collection);
        for entry in after.entries(collection) {
            if known.iter().all(|one| one.id != entry.id) {
                what = collection;
                edits.push(Edit::Add {
                    collection,
                    entry: entry.clone(),
                });
            }
        }
    }
    Written {
        what,
        lines: words::lines(tablet, review.kind, &edits, &old),
        answers: answered_with(&after, review.hash),
        after,
    }
}

/// The problem with which a change answers whether something was reported, also when it stands in its file already.
fn answered_with(after: &Record, change: ChangeHash) -> Option<String> {
    let mut rows = after.entries(ROWS).iter();
    let answer = rows.find(|row| {
        row.made_by == Some(change.0)
            && row.text("block") == Some(mandatory::BLOCK)
            && row.text("problem").is_some()
    });
    answer?.text("problem").map(str::to_owned)
}
