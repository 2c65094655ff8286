//! Pages that are not saved yet and are no visit form. What is typed into one is kept while it is typed, and is there again
//! after the battery died or the lock came; its photos hang on the same sheet (docs/adr/0041).

use crate::attachments;
use crate::error::ClientError;
use crate::problems::{self, Room};
use crate::records::{self, Write};
use crate::roster::{Roster, RosterChild};
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    IdInput, KeepSheetInput, SheetInput, SheetListView, SheetPage, SheetRow, SheetView,
};
use crate::visits;
use crate::work;
use ids::DocumentId;
use std::collections::BTreeMap;
use store::sheets::{self, Sheet};
use store::{Transaction, blobs};
use uuid::Uuid;

/// Most that is kept of one page; a page's own limits are far below.
const CHARACTERS: usize = 20_000;

type Words = BTreeMap<String, Vec<String>>;

/// What a page is about.
struct Place {
    /// The document it will be written to, where there is one already.
    document: Option<DocumentId>,
    /// Why it has no photos; none where it may have some.
    no_photos: Option<&'static str>,
}

/// The sheet of a page; none where nothing was begun.
///
/// # Errors
/// The store cannot be read.
pub fn find(tablet: &Tablet, input: &SheetInput) -> Result<Option<SheetView>, ClientError> {
    let about = about(input);
    tablet.store.read(|connection| {
        let Some(sheet) = sheets::of(connection, &about)? else {
            return Ok(None);
        };
        let photos = !blobs::of_draft(connection, sheet.sheet)?.is_empty();
        Ok(Some(view(&sheet, photos)))
    })
}

/// The sheet photos of a page hang on; begun where there is none.
///
/// # Errors
/// `not_found`; `not_allowed` for a page without photos and for another person's record; `photos_are_open` for a matter
/// whose words are the station's alone; `still_loading`, `disk_full`.
pub fn begin(tablet: &Tablet, input: &SheetInput) -> Result<SheetView, ClientError> {
    let place = place(tablet, input)?;
    if let Some(code) = place.no_photos {
        return Err(ClientError::new(code));
    }
    open(tablet, input, || Ok(place.document), |_| Ok(()))?;
    find(tablet, input)?.ok_or_else(|| ClientError::new("draft_gone"))
}

/// Keeps what was typed so far. When this returns it survives the battery.
///
/// # Errors
/// `not_found`, `not_allowed` for another person's record, `met_somebody` for an attempt that ends no such visit, `draft_gone`
/// for what is no visit's name, `too_large`, `still_loading`, `disk_full`.
pub fn keep(tablet: &Tablet, input: &KeepSheetInput) -> Result<Option<SheetView>, ClientError> {
    let values = input.words.values().flatten();
    let characters: usize = values.map(|value| value.chars().count()).sum();
    if characters > CHARACTERS {
        return Err(ClientError::new("too_large"));
    }
    let words = match characters {
        0 => None,
        _ => Some(serde_json::to_string(&input.words)?),
    };
    let about = about(&input.sheet);
    let there = tablet
        .store
        .read(|connection| sheets::of(connection, &about))?;
    if there.is_none() && words.is_none() {
        return Ok(None);
    }
    let now_ms = tablet.clock.now_ms();
    open(
        tablet,
        &input.sheet,
        || Ok(place(tablet, &input.sheet)?.document),
        |(tx, sheet)| Ok(sheets::set_words(tx, sheet, words.as_deref(), now_ms)?),
    )?;
    find(tablet, &input.sheet)
}

/// Finds the sheet of a page or begins it, and does what follows in the same transaction.
fn open(
    tablet: &Tablet,
    input: &SheetInput,
    document: impl Fn() -> Result<Option<DocumentId>, ClientError>,
    then: impl Fn((&Transaction<'_>, Uuid)) -> Result<(), ClientError>,
) -> Result<(), ClientError> {
    let about = about(input);
    let there = tablet
        .store
        .read(|connection| sheets::of(connection, &about))?;
    let begun = match there {
        Some(there) => there,
        None => Sheet {
            sheet: tablet.new_id(),
            about: about.clone(),
            document: document()?,
            words: None,
            changed_ms: tablet.clock.now_ms(),
        },
    };
    tablet.store.write(|tx| {
        let sheet = match sheets::of(tx, &about)? {
            Some(there) => there.sheet,
            None => {
                sheets::begin(tx, &begun)?;
                begun.sheet
            }
        };
        then((tx, sheet))
    })
}

/// Drops a sheet with everything that is on it. Dropping what is gone changes nothing.
///
/// # Errors
/// `draft_gone` for what is no id.
pub fn drop_sheet(tablet: &Tablet, input: &IdInput) -> Result<(), ClientError> {
    let id = Uuid::parse_str(&input.id).map_err(|_| ClientError::new("draft_gone"))?;
    tablet.store.write(|tx| sheets::remove(tx, id))?;
    Ok(blobs::give_up(&tablet.store)?)
}

/// Everything this person began and did not save, visits aside.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub fn list(tablet: &Tablet) -> Result<SheetListView, ClientError> {
    let all = tablet.store.read(sheets::all)?;
    let mut rows = Vec::new();
    if all.is_empty() {
        return Ok(SheetListView { rows });
    }
    let roster = Roster::read(tablet)?;
    let room = Room::open(tablet)?;
    for sheet in all {
        let Some(page) = page_of(&sheet.about) else {
            continue;
        };
        let title = match page.page {
            SheetPage::Contact | SheetPage::Report => roster
                .child_or_guest(&page.of)
                .ok()
                .map(|child| child.name()),
            SheetPage::Attempt => roster
                .child(&page.of)
                .ok()
                .filter(|_| is_to_end(tablet, &page))
                .map(RosterChild::name),
            SheetPage::Problem => room.title_of(&page.of)?,
            SheetPage::Work => work::name_of(&tablet.packs(), &page.of),
        };
        let gone = title.is_none();
        rows.push(SheetRow {
            draft: sheet.sheet.to_string(),
            words: match gone {
                true => written(page.page, words_of(&sheet)),
                false => Vec::new(),
            },
            sheet: page,
            title: title.unwrap_or_default(),
            gone,
            at: system::moment(sheet.changed_ms),
        });
    }
    Ok(SheetListView { rows })
}

/// The sheet a page is saved with: the one it names, when it is that page's.
///
/// # Errors
/// `draft_gone`.
pub(crate) fn named(
    tablet: &Tablet,
    named: Option<&String>,
    page: &SheetInput,
) -> Result<Option<Uuid>, ClientError> {
    let Some(named) = named else { return Ok(None) };
    let gone = || ClientError::new("draft_gone");
    let id = Uuid::parse_str(named).map_err(|_| gone())?;
    let sheet = tablet
        .store
        .read(|connection| sheets::get(connection, id))?;
    match sheet.is_some_and(|sheet| sheet.about == about(page)) {
        true => Ok(Some(id)),
        false => Err(gone()),
    }
}

/// The sheet of a page; none where nothing was begun.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn begun(tablet: &Tablet, page: &SheetInput) -> Result<Option<Uuid>, ClientError> {
    let about = about(page);
    let sheet = tablet
        .store
        .read(|connection| sheets::of(connection, &about))?;
    Ok(sheet.map(|sheet| sheet.sheet))
}

/// Whether something hangs on a sheet.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn has_photos(tablet: &Tablet, sheet: Option<Uuid>) -> Result<bool, ClientError> {
    let Some(sheet) = sheet else { return Ok(false) };
    tablet
        .store
        .read(|connection| Ok(!blobs::of_draft(connection, sheet)?.is_empty()))
}

/// The page is saved in this transaction, and the sheet is done: its photos belong to the document. Without one what it
/// was about is no more, and they go with it.
///
/// # Errors
/// The store refuses.
pub(crate) fn done(
    tx: &Transaction<'_>,
    sheet: Uuid,
    document: Option<DocumentId>,
) -> Result<(), ClientError> {
    if let Some(document) = document {
        attachments::bind(tx, sheet, document)?;
    }
    Ok(sheets::remove(tx, sheet)?)
}

/// The sheet a page names whose record an earlier try has filed already: the one that try was made with is gone, one that was
/// begun since is there.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn left(
    tablet: &Tablet,
    named: Option<&String>,
    page: &SheetInput,
) -> Result<Option<Uuid>, ClientError> {
    Ok(begun(tablet, page)?.filter(|sheet| named == Some(&sheet.to_string())))
}

/// Where photos go that came onto a page after its record was filed.
pub(crate) struct Late {
    /// The record they hang on.
    pub(crate) record: String,
    /// The write they are added to.
    pub(crate) photos: Write,
    /// What is written with them.
    pub(crate) beside: Option<Write>,
}

/// What came onto a page after an earlier try had filed its record, unheard: its photos go with the record, as `place` says,
/// and the sheet is done. Once, however often it is tried.
///
/// # Errors
/// What `place` says, `disk_full`; then all of it is on the sheet still.
pub(crate) fn follow(
    tablet: &Tablet,
    sheet: Uuid,
    action: &str,
    place: impl FnOnce() -> Result<Late, ClientError>,
) -> Result<(), ClientError> {
    let mut writes = Vec::new();
    let mut document = None;
    if has_photos(tablet, Some(sheet))? {
        let mut late = place()?;
        late.photos.edits = attachments::edits(tablet, sheet, &late.record)?;
        document = Some(late.photos.document);
        writes.extend(late.beside);
        writes.push(late.photos);
    }
    records::save_once(
        tablet,
        action,
        &writes,
        |tx| Ok(sheets::get(tx, sheet)?.is_none()),
        |tx| done(tx, sheet, document),
    )
}

/// Whether the visit that met nobody, where the page of an attempt ends one, is still there to end.
fn is_to_end(tablet: &Tablet, page: &SheetInput) -> bool {
    let visit = page.record.as_deref();
    visit.is_none_or(|draft| visits::met_nobody(tablet, draft).is_ok())
}

/// The visit an attempt ends. One that is gone, perhaps with a save nobody heard of, keeps what is typed on: the list shows it.
fn check_visit(tablet: &Tablet, draft: &str) -> Result<(), ClientError> {
    let is_name = Uuid::parse_str(draft).is_ok();
    match visits::met_nobody(tablet, draft) {
        Ok(_) => Ok(()),
        Err(error) if is_name && error.code() == "draft_gone" => Ok(()),
        Err(error) => Err(error),
    }
}

/// What a page is about, if this person has it.
fn place(tablet: &Tablet, input: &SheetInput) -> Result<Place, ClientError> {
    match input.page {
        SheetPage::Contact | SheetPage::Report => {
            let roster = Roster::read(tablet)?;
            let child = roster.child_or_guest(&input.of)?;
            // A record's photos lie with the household, which is where the child lives; a report's with the problem that begins.
            let is_elsewhere = input.page == SheetPage::Contact && roster.is_guest(child.id);
            Ok(Place {
                document: Some(child.id),
                no_photos: is_elsewhere.then_some("not_allowed"),
            })
        }
        SheetPage::Attempt => {
            let roster = Roster::read(tablet)?;
            if let Some(draft) = input.record.as_deref() {
                check_visit(tablet, draft)?;
            }
            // A closed door is photographed on the visit's form.
            Ok(Place {
                document: Some(roster.child(&input.of)?.id),
                no_photos: Some("not_allowed"),
            })
        }
        SheetPage::Problem => {
            let (document, is_sealed) = problems::place(tablet, &input.of)?;
            Ok(Place {
                document: Some(document),
                no_photos: is_sealed.then_some("photos_are_open"),
            })
        }
        SheetPage::Work => {
            let has_photos = work::may_write(tablet, &input.of, input.record.as_deref())?;
            Ok(Place {
                document: None,
                no_photos: (!has_photos).then_some("not_allowed"),
            })
        }
    }
}

const PAGES: [(SheetPage, &str); 5] = [
    (SheetPage::Contact, "contact"),
    (SheetPage::Attempt, "attempt"),
    (SheetPage::Report, "report"),
    (SheetPage::Problem, "problem"),
    (SheetPage::Work, "work"),
];

/// What a page is called in the store.
fn about(input: &SheetInput) -> String {
    let name = PAGES.iter().find(|(page, _)| *page == input.page);
    let name = name.map_or("", |(_, name)| name);
    match input.page {
        SheetPage::Work | SheetPage::Attempt => {
            let record = input.record.as_deref().unwrap_or_default();
            format!("{name}/{}/{record}", input.of)
        }
        _ => format!("{name}/{}", input.of),
    }
}

fn page_of(about: &str) -> Option<SheetInput> {
    let mut parts = about.split('/');
    let name = parts.next()?;
    let (page, _) = PAGES.iter().find(|(_, known)| *known == name)?;
    Some(SheetInput {
        page: *page,
        of: parts.next()?.to_owned(),
        record: parts
            .next()
            .filter(|part| !part.is_empty())
            .map(str::to_owned),
    })
}

/// What cannot be read is no words; the photos are there all the same.
fn words_of(sheet: &Sheet) -> Words {
    let words = sheet.words.as_deref();
    words
        .and_then(|words| serde_json::from_str(words).ok())
        .unwrap_or_default()
}

/// What she wrote herself on a page, to be read where the page cannot be opened any more. Codes and days say nothing there.
fn written(page: SheetPage, words: Words) -> Vec<String> {
    words
        .into_iter()
        .filter(|(field, _)| is_written(page, field))
        .flat_map(|(_, values)| values)
        .filter(|value| !value.trim().is_empty())
        .collect()
}

/// Fields are named by the pages of the app; those of a dialog of a problem begin with their step.
fn is_written(page: SheetPage, field: &str) -> bool {
    match page {
        SheetPage::Contact | SheetPage::Attempt => field == "note",
        SheetPage::Report => matches!(field, "seen" | "duty.text" | "duty.receipt"),
        SheetPage::Problem => {
            let part = field.split_once('.').map(|(_, part)| part);
            field == "reply" || matches!(part, Some("text" | "picked.receipt"))
        }
        // Which columns are words is said by the block, and that is gone.
        SheetPage::Work => field != "#children",
    }
}

fn view(sheet: &Sheet, photos: bool) -> SheetView {
    SheetView {
        draft: sheet.sheet.to_string(),
        photos,
        words: words_of(sheet),
        at: system::moment(sheet.changed_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_again_by_what_it_is_called() {
        for (page, _) in PAGES {
            for record in [None, Some("r1".to_owned())] {
                let input = SheetInput {
                    page,
                    of: "one".to_owned(),
                    record: record.filter(|_| matches!(page, SheetPage::Work | SheetPage::Attempt)),
                };
                assert_eq!(page_of(&about(&input)), Some(input));
            }
        }
        assert_eq!(page_of("nothing/one"), None);
        assert_eq!(page_of("work"), None);
    }

    #[test]
    fn of_a_page_that_is_gone_only_what_was_written_is_shown() {
        let shown = |page, words: &[(&str, &str)]| {
            let words = words.iter();
            let words =
                words.map(|(field, value)| ((*field).to_owned(), vec![(*value).to_owned()]));
            written(page, words.collect())
        };
        let attempt = [
            ("date", "2026-11-24"),
            ("next_on", ""),
            ("note", "门锁着"),
            ("reason", "nobody_home"),
        ];
        assert_eq!(shown(SheetPage::Attempt, &attempt), ["门锁着"]);
        let report = [
            ("card", "hurt"),
            ("duty.at", "2026-11-24 09:05"),
            ("duty.choice", "reported"),
            ("duty.receipt", "沪7"),
            ("duty.text", " "),
            ("seen", "胳膊青了"),
            ("urgency", "now"),
        ];
        assert_eq!(shown(SheetPage::Report, &report), ["沪7", "胳膊青了"]);
        let problem = [
            ("called.picked.receipt", "沪8"),
            ("called.picked.whom", "110"),
            ("measure.text", "去看过了"),
            ("reply", "好的"),
        ];
        assert_eq!(
            shown(SheetPage::Problem, &problem),
            ["沪8", "去看过了", "好的"]
        );
        let work = [("#children", "c1"), ("place", "村委会")];
        assert_eq!(shown(SheetPage::Work, &work), ["村委会"]);
    }
}
