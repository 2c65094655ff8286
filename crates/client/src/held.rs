//! 暂缓删除 holds every document that is about a child, also what is about others as well and what is written later
//! (docs/adr/0054). What a document is about the server does not read; here it is read from the documents themselves.

use crate::error::ClientError;
use crate::roster::{Roster, RosterChild};
use crate::tablet::Tablet;
use domain::restricted::Restricted;
use ids::{DocKind, DocumentId};
use std::collections::BTreeSet;
use store::projections::records;

/// What of the documents here points to children and to problems about them.
struct Pointers {
    /// Problems, with the children they are about.
    problems: Vec<(DocumentId, BTreeSet<DocumentId>)>,
    /// Sealed documents, with what they are about.
    sealed: Vec<(DocumentId, DocumentId)>,
}

impl Pointers {
    fn read(tablet: &Tablet) -> Result<Self, ClientError> {
        let nouns = tablet.store.read(|connection| tablet.nouns(connection))?;
        let all = tablet
            .store
            .read(|connection| records::all(connection, DocKind::Restricted))?;
        Ok(Self {
            problems: nouns
                .problems
                .iter()
                .map(|problem| (problem.id, parsed(&problem.noun.children)))
                .collect(),
            sealed: all
                .into_iter()
                .filter_map(|(id, record)| {
                    let about = Restricted::from_record(&record).about?;
                    Some((id, DocumentId::parse(&about).ok()?))
                })
                .collect(),
        })
    }
}

fn parsed<'a>(names: impl IntoIterator<Item = &'a String>) -> BTreeSet<DocumentId> {
    let names = names.into_iter();
    names
        .filter_map(|name| DocumentId::parse(name).ok())
        .collect()
}

/// A child's file, with those that are told in it.
fn files(child: &RosterChild) -> BTreeSet<DocumentId> {
    let also = child.also.iter().copied();
    std::iter::once(child.id).chain(also).collect()
}

/// Where a child lives, and where it was visited.
fn homes(child: &RosterChild) -> BTreeSet<DocumentId> {
    let visited = child.child.visits.iter().map(|visit| &visit.household);
    let mut homes = parsed(visited);
    let home = child.child.household();
    homes.extend(home.and_then(|id| DocumentId::parse(id).ok()));
    homes
}

/// Every document that is about a child, beside its file.
pub(crate) fn about(tablet: &Tablet, child: &RosterChild) -> Result<Vec<DocumentId>, ClientError> {
    let pointers = Pointers::read(tablet)?;
    let mut subjects = files(child);
    let of = pointers.problems.iter();
    let problems: Vec<DocumentId> = of
        .filter(|(_, children)| !children.is_disjoint(&subjects))
        .map(|(id, _)| *id)
        .collect();
    subjects.extend(problems);
    let sealed = pointers.sealed.iter();
    let sealed: Vec<DocumentId> = sealed
        .filter(|(_, about)| subjects.contains(about))
        .map(|(id, _)| *id)
        .collect();
    subjects.extend(sealed);
    subjects.extend(homes(child));
    subjects.remove(&child.id);
    Ok(subjects.into_iter().collect())
}

/// Every child that one of some documents is about.
pub(crate) fn children_of(
    tablet: &Tablet,
    roster: &Roster,
    documents: &[DocumentId],
) -> Result<Vec<DocumentId>, ClientError> {
    let pointers = Pointers::read(tablet)?;
    let mut asked: BTreeSet<DocumentId> = documents.iter().copied().collect();
    let sealed = pointers.sealed.iter();
    let told: Vec<DocumentId> = sealed
        .filter(|(id, _)| asked.contains(id))
        .map(|(_, about)| *about)
        .collect();
    asked.extend(told);
    let problems = pointers.problems.iter();
    let mut found: BTreeSet<DocumentId> = problems
        .filter(|(id, _)| asked.contains(id))
        .flat_map(|(_, children)| children.iter().copied())
        .collect();
    for child in &roster.children {
        let files = files(child);
        let is_told = !files.is_disjoint(&found);
        if is_told || !files.is_disjoint(&asked) || !homes(child).is_disjoint(&asked) {
            found.extend(files);
        }
    }
    Ok(found.into_iter().collect())
}
