//! The page while only writing is possible: whom she may write about, by name and address, and nothing that was written
//! before (docs/adr/0023).

use crate::error::ClientError;
use crate::roster::Roster;
use crate::standing;
use crate::tablet::Tablet;
use crate::view::{WritingRow, WritingView};
use crate::visits;
use std::sync::Arc;
use store::drafts;

/// The page.
///
/// # Errors
/// The store cannot be read.
pub fn page(tablet: &Arc<Tablet>) -> Result<WritingView, ClientError> {
    let roster = Roster::read(tablet)?;
    let open = tablet.store.read(drafts::open)?;
    let unsent = tablet.store.read(standing::unsent)?;
    // Of a village she does not stand in for any more there is nobody among them.
    let children = roster
        .children
        .iter()
        .map(|child| {
            let household = roster.household_of(child);
            WritingRow {
                child: child.id.to_string(),
                name: child.name(),
                address: household
                    .and_then(|household| household.household.text("addr"))
                    .unwrap_or_default()
                    .to_owned(),
                draft: household
                    .and_then(|household| visits::draft_of(&open, household.id))
                    .map(|draft| draft.draft.to_string()),
            }
        })
        .collect();
    Ok(WritingView {
        lease: standing::lease(tablet)?,
        children,
        unsent: unsent.changes,
    })
}
