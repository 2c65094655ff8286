//! Exports: asked for with a purpose, seen by a second person above a limit, each with a number and a row of the audit trail
//! before anything leaves (P-12, ADR 0025). The workbook itself is made in `office`; paper is in [`crate::prints`], the copy of
//! one child's file in [`crate::child_copy`].

use crate::audit_page;
use crate::error::ClientError;
use crate::figures;
use crate::looks;
use crate::packs::Packs;
use crate::persons::Persons;
use crate::prints;
use crate::problems::packets;
use crate::registers::{belongs, exported};
use crate::rights;
use crate::roster::{People, Roster, RosterChild};
use crate::runtime::Line;
use crate::second::{self, CASE, OF_DISTRICT, OF_IMPORT, RESULT};
use crate::server::refused_code;
use crate::standing;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    DecideExportInput, ExportFileView, ExportInput, ExportMadeView, ExportPurposeView,
    ExportRequestView, ExportRowView, ExportsView, IdInput,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::identity_number;
use ids::{Role, UnitId};
use protocol::{DecideExport, ExportList, ExportRecord, ExportState, RequestExport, UseExport};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::audit;
use store::exports::{self, ExportRow};
use uuid::Uuid;

/// The policy list of purposes.
const PURPOSES: &str = "EXPORT_PURPOSE";
/// What is written in a register's place for the file of one child.
pub(crate) const ONE_CHILD: &str = "FILE";
/// The same for what goes with a referral.
pub(crate) const PACKET: &str = "PACKET";
/// The same for numbers without names.
pub(crate) const FIGURES: &str = "FIGURES";
/// What leaves with rows of children, by its action of the trail.
const LEFT: [&str; 3] = ["export_made", "packet_made", "import_result_taken"];
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Most characters of a person's words about a purpose.
const WORDS: usize = 200;

/// The registers by code and name.
const LEDGERS: [(&str, &str); 2] = [("L1", "农村留守儿童花名册"), ("L2", "困境儿童花名册")];

/// A child as a register has it: plain values by key, codes where the register has words for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedChild {
    /// By column key.
    pub values: BTreeMap<String, String>,
    /// Category codes.
    pub categories: BTreeSet<String>,
    /// One of them is of a child left behind, by the rules of the place.
    pub is_left_behind: bool,
}

/// Everything that is decided before a file is made.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Its number.
    pub number: String,
    /// Who, which unit, when, which number: the line on every page.
    pub line: String,
    /// The rows.
    pub children: Vec<ExportedChild>,
    /// Village or township in words.
    pub place: String,
    /// Name of the file without its ending.
    pub name: String,
    /// Opens the file; kept nowhere.
    pub password: String,
}

/// The purposes a person may choose from.
#[must_use]
pub fn purposes(tablet: &Tablet) -> Vec<ExportPurposeView> {
    let packs = tablet.packs();
    let Some(pack) = packs.rules_on(tablet.today()) else {
        return Vec::new();
    };
    pack.list(PURPOSES)
        .iter()
        .filter(|item| item.is_offered_on(tablet.today()))
        .map(|item| ExportPurposeView {
            code: item.code.clone(),
            label: item.label.clone(),
            full_numbers: pack.rules.export_full_numbers.contains(&item.code),
        })
        .collect()
}

/// A purpose in words, of an export or a print.
pub(crate) fn purpose_words(tablet: &Tablet, code: &str) -> String {
    if code == OF_IMPORT {
        return "给送名册来的单位".to_owned();
    }
    if code == OF_DISTRICT {
        return "区里要看".to_owned();
    }
    let packs = tablet.packs();
    let found = packs.rules_on(tablet.today()).and_then(|pack| {
        let lists = [
            PURPOSES,
            prints::PURPOSES,
            packets::PURPOSE,
            figures::PURPOSE,
        ];
        lists
            .into_iter()
            .find_map(|list| pack.lists.label(list, code))
            .map(str::to_owned)
    });
    found.unwrap_or_else(|| code.to_owned())
}

/// The children of a register, in the order of lists. Identity numbers show their first three and last four digits unless
/// the whole ones were asked for.
///
/// # Errors
/// `still_loading`, `value_invalid`.
pub fn children_of(
    tablet: &Tablet,
    ledger: &str,
    village: Option<&str>,
    full_numbers: bool,
) -> Result<Vec<ExportedChild>, ClientError> {
    find_ledger(ledger)?;
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let mut here = Vec::new();
    for child in &roster.children {
        let is_asked = village.is_none_or(|village| child.unit.to_string() == village);
        // A file whose use is limited goes to nobody else (P-15).
        if is_asked && !rights::is_limited(tablet, &roster, child)? {
            here.push(child);
        }
    }
    Ok(here
        .into_iter()
        .filter_map(|child| {
            let categories: BTreeSet<String> = child
                .child
                .categories
                .iter()
                .filter(|category| category.end.is_none() && belongs(pack, ledger, &category.code))
                .map(|category| category.code.clone())
                .collect();
            let values = || values(&packs, &roster, child, full_numbers);
            (!categories.is_empty()).then(|| exported(Some(pack), values(), categories))
        })
        .collect())
}

/// One child as the registers have it, with masked numbers.
pub(crate) fn one(packs: &Packs, roster: &Roster, child: &RosterChild) -> ExportedChild {
    let categories = child.child.categories.iter();
    let categories = categories
        .filter(|category| category.end.is_none())
        .map(|category| category.code.clone())
        .collect();
    let values = values(packs, roster, child, false);
    exported(packs.rules_on(roster.today), values, categories)
}

/// What stands in the fields, as codes; where the national forms write a code in words of their own, in those.
fn values(
    packs: &Packs,
    roster: &Roster,
    child: &RosterChild,
    full_numbers: bool,
) -> BTreeMap<String, String> {
    let rules = packs.rules_on(roster.today);
    let national = |key: &str, code: &str| {
        let list = packs.file.field_of_any(key)?.list.as_deref()?;
        rules?.lists.national(list, code).map(str::to_owned)
    };
    let of_household = roster
        .household_of(child)
        .map(|household| &household.household.fields);
    of_household
        .into_iter()
        .chain([&child.child.fields])
        .flatten()
        .filter_map(|(key, value)| {
            let value = value.as_text().filter(|value| !value.is_empty())?;
            let hide = is_number(key) && !full_numbers;
            let value = match hide {
                true => mask(value),
                false => national(key, value).unwrap_or_else(|| value.to_owned()),
            };
            Some((key.clone(), value))
        })
        .collect()
}

/// Whether a column holds identity numbers.
#[must_use]
pub fn is_number(key: &str) -> bool {
    key == "id_no" || key.ends_with("_id_no")
}

/// First three and last four digits (security-notes.md §3.12): fewer than a screen shows, because paper travels.
pub(crate) fn mask(number: &str) -> String {
    let letters: Vec<char> = identity_number::normalise(number).chars().collect();
    if letters.len() < 15 {
        return "*".repeat(letters.len());
    }
    let end = letters.len() - 4;
    letters
        .iter()
        .enumerate()
        .map(|(at, letter)| if at < 3 || at >= end { *letter } else { '*' })
        .collect()
}

fn find_ledger(code: &str) -> Result<&'static str, ClientError> {
    LEDGERS
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, name)| *name)
        .ok_or_else(|| ClientError::new("value_invalid").with("value", code))
}

pub(crate) fn ledger_words(code: &str) -> String {
    if code == ONE_CHILD {
        return "一个孩子的档案".to_owned();
    }
    if code == RESULT {
        return "导入结果".to_owned();
    }
    if code == PACKET {
        return "转介材料".to_owned();
    }
    if code == CASE {
        return "区里要看的一件事".to_owned();
    }
    if code == FIGURES {
        return "给市里、研究用的数字".to_owned();
    }
    find_ledger(code).unwrap_or(code).to_owned()
}

/// Whether a second person has to agree. Village after village is one export: the rows of a day count together.
///
/// # Errors
/// As [`limit_left`].
pub async fn needs_second(
    tablet: &Arc<Tablet>,
    rows: usize,
    full_numbers: bool,
) -> Result<bool, ClientError> {
    Ok(full_numbers || rows > limit_left(tablet).await? as usize)
}

/// So many rows more this person may take within this day before a second one is asked, whichever device she sits at: the
/// server knows what her others made. Without a network what is written down here counts, whatever the clock was set to
/// meanwhile; the rest is counted as soon as there is one.
///
/// # Errors
/// `server_refused`, or the store cannot be read.
pub async fn limit_left(tablet: &Arc<Tablet>) -> Result<u32, ClientError> {
    let since_ms = standing::never_back_ms(tablet)? - DAY_MS;
    let made = tablet.store.read(exports::all)?;
    let today = made.iter().filter(|export| export.made_ms > since_ms);
    let here: u64 = today.map(|export| u64::from(export.rows)).sum();
    let elsewhere: u64 = match audit_page::of_mine(tablet, since_ms, &LEFT).await {
        Ok(records) => audit_page::rows_left(
            records
                .iter()
                .filter(|record| record.device != Some(tablet.identity.device)),
        ),
        Err(error) if error.code() == "no_network" => 0,
        Err(error) => return Err(error),
    };
    let limit = u64::from(tablet.rules().export_approval_rows);
    let rows = here.saturating_add(elsewhere);
    Ok(u32::try_from(limit.saturating_sub(rows)).unwrap_or(0))
}

/// Tells the server at once what was made, so that this person's other devices count it; without a network later.
pub async fn tell(tablet: &Arc<Tablet>) {
    if let Err(error) = audit_page::bring(tablet).await {
        tracing::info!(code = error.code(), "what was exported is told later");
    }
}

/// Checks what a person asks for, before anything is read for it.
///
/// # Errors
/// `not_allowed`, `pin_again`, `purpose_missing`, `value_invalid`.
pub fn check(tablet: &Tablet, input: &ExportInput) -> Result<(), ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    find_ledger(&input.ledger)?;
    let purpose = may_take(tablet, &input.purpose, &input.words)?;
    if input.full_numbers && !purpose.full_numbers || input.fields.is_empty() {
        return Err(ClientError::new("not_allowed"));
    }
    Ok(())
}

/// Whether this person may take something out at all: for the PIN, with a purpose of the list and words about it.
pub(crate) fn may_take(
    tablet: &Tablet,
    purpose: &str,
    words: &str,
) -> Result<ExportPurposeView, ClientError> {
    tablet.require_step_up()?;
    let purpose = purposes(tablet)
        .into_iter()
        .find(|one| one.code == purpose)
        .ok_or_else(|| ClientError::new("purpose_missing"))?;
    let words = words.trim().chars().count();
    if words == 0 || words > WORDS {
        return Err(ClientError::new("purpose_missing"));
    }
    Ok(purpose)
}

/// Asks for a second person.
///
/// # Errors
/// As [`check`], `recused`, `import_gone`, `choice_missing`, `no_network`, `server_refused`.
pub async fn request(
    tablet: &Arc<Tablet>,
    input: &ExportInput,
) -> Result<ExportsView, ClientError> {
    let rows = match &input.about {
        Some(about) => second::rows(tablet, input, about)?,
        None => {
            check(tablet, input)?;
            children_of(tablet, &input.ledger, input.village.as_deref(), false)?.len()
        }
    };
    let id = tablet.new_id();
    let asked = RequestExport {
        id,
        ledger: input.ledger.clone(),
        unit: unit(input.village.as_deref())?,
        purpose: input.purpose.clone(),
        words: second::words(tablet, input)?,
        fields: second::fields(id, input),
        rows: u32::try_from(rows).unwrap_or(u32::MAX),
        full_numbers: input.full_numbers,
    };
    let list: ExportList = Line::of(tablet)?
        .send("/exports/request", &asked)
        .await
        .map_err(plainly)?;
    view(tablet, Some(list))
}

/// A second person decides.
///
/// # Errors
/// `pin_again`, `not_found`, `not_allowed`, `no_network`, `server_refused`.
pub async fn decide(
    tablet: &Arc<Tablet>,
    input: &DecideExportInput,
) -> Result<ExportsView, ClientError> {
    tablet.require_step_up()?;
    let decision = DecideExport {
        id: id(&input.id)?,
        approve: input.approve,
    };
    let list: ExportList = Line::of(tablet)?
        .send("/exports/decide", &decision)
        .await
        .map_err(plainly)?;
    view(tablet, Some(list))
}

/// The page. Without a network it shows what was made here.
///
/// # Errors
/// The store cannot be read.
pub async fn list(tablet: &Arc<Tablet>) -> Result<ExportsView, ClientError> {
    tidy(tablet)?;
    let list = match Line::of(tablet)?.send("/exports/list", &()).await {
        Ok(list) => Some(list),
        Err(error) if error.code() == "no_network" => None,
        Err(error) => return Err(error),
    };
    view(tablet, list)
}

/// The server counts an approved request as used; it fits what is exported now. A case is answered once, so of one an
/// agreement that was used up and did not get through still holds.
///
/// # Errors
/// `export_needs_second` where there is no such request or it fits something else, `packet_not_as_agreed` where it is about
/// the same matter; `no_network`, `server_refused`.
pub async fn redeem(
    tablet: &Arc<Tablet>,
    input: &ExportInput,
    rows: usize,
) -> Result<(), ClientError> {
    let needs = || ClientError::new("export_needs_second");
    let request = id(input.request.as_deref().ok_or_else(needs)?)?;
    let line = Line::of(tablet)?;
    let list: ExportList = line.send("/exports/list", &()).await?;
    let unit = unit(input.village.as_deref())?;
    let now_ms = standing::never_back_ms(tablet)?;
    let rows = u32::try_from(rows).unwrap_or(u32::MAX);
    let holds =
        |record: &ExportRecord| rows <= record.asked.rows && is_used_case(tablet, record, now_ms);
    let found = list.exports.iter().find(|record| {
        record.asked.id == request
            && record.asked.ledger == input.ledger
            && (record.state == ExportState::Approved || holds(record))
    });
    let found = found.ok_or_else(needs)?;
    let asked = &found.asked;
    let fields = second::fields(request, input);
    let fits = asked.unit == unit
        && asked.purpose == input.purpose
        && asked.full_numbers == input.full_numbers
        && fields.iter().all(|field| asked.fields.contains(field));
    if !fits {
        return Err(match second::is_same_matter(asked, &fields) {
            true => ClientError::new("packet_not_as_agreed"),
            false => needs(),
        });
    }
    if found.state == ExportState::Used {
        return Ok(());
    }
    let made = UseExport { id: request, rows };
    let _: ExportList = line.send("/exports/use", &made).await.map_err(plainly)?;
    Ok(())
}

/// Whether this device used up an agreement to send a case a moment ago. The mark in it says which case, and the server takes
/// no second answer to that.
fn is_used_case(tablet: &Tablet, record: &ExportRecord, now_ms: i64) -> bool {
    record.state == ExportState::Used
        && record.asked.ledger == CASE
        && record.device == tablet.identity.device
        && now_ms < record.expires_ms
}

/// Numbers an export and makes its password.
///
/// # Errors
/// The store cannot be read.
pub fn prepare(
    tablet: &Tablet,
    input: &ExportInput,
    children: Vec<ExportedChild>,
) -> Result<Prepared, ClientError> {
    let number = number(tablet, 'E')?;
    let people = People::read(tablet)?;
    let place = match unit(input.village.as_deref())? {
        Some(unit) => people.unit_name(unit),
        None => tablet.township(),
    };
    Ok(Prepared {
        line: line(tablet, &number),
        name: format!("{place}{}-{number}", ledger_words(&input.ledger)),
        number,
        children,
        place,
        password: password(tablet),
    })
}

/// Keeps the file for its minutes. That it was made is in the audit trail in the same transaction, before anybody has it.
///
/// # Errors
/// `disk_full`.
pub fn keep(
    tablet: &Tablet,
    input: &ExportInput,
    prepared: &Prepared,
    file: &[u8],
) -> Result<ExportMadeView, ClientError> {
    let rows = u32::try_from(prepared.children.len()).unwrap_or(u32::MAX);
    let object = input.request.clone().unwrap_or_default();
    keep_rows(tablet, input, prepared, (rows, &object), file)
}

pub(crate) fn keep_rows(
    tablet: &Tablet,
    input: &ExportInput,
    prepared: &Prepared,
    (rows, object): (u32, &str),
    file: &[u8],
) -> Result<ExportMadeView, ClientError> {
    let now = standing::never_back_ms(tablet)?;
    let export = ExportRow {
        id: tablet.new_id(),
        number: prepared.number.clone(),
        made_ms: now,
        until_ms: now + i64::from(tablet.rules().export_file_minutes) * 60_000,
        ledger: input.ledger.clone(),
        purpose: input.purpose.clone(),
        words: input.words.trim().to_owned(),
        rows,
        full_numbers: input.full_numbers,
        file_name: format!("{}.xlsx", prepared.name),
        is_there: true,
    };
    let detail = format!(
        "number={} ledger={} purpose={} rows={rows} full_numbers={} fields={}",
        export.number,
        export.ledger,
        export.purpose,
        u8::from(export.full_numbers),
        input.fields.join(","),
    );
    tablet.store.write(|tx| {
        audit::append_with(tx, &looks::row(tablet, "export_made", object), &detail)?;
        exports::put(tx, &export, file)
    })?;
    Ok(ExportMadeView {
        id: export.id.to_string(),
        number: export.number,
        file_name: export.file_name,
        password: prepared.password.clone(),
        rows,
        until: system::moment(export.until_ms),
    })
}

/// Takes a file that is still here.
///
/// # Errors
/// `export_over`, `disk_full`.
pub fn take(tablet: &Arc<Tablet>, input: &IdInput) -> Result<ExportFileView, ClientError> {
    tidy(tablet)?;
    let now = standing::never_back_ms(tablet)?;
    let id = id(&input.id)?;
    let file = tablet
        .store
        .read(|connection| exports::file(connection, id, now))?
        .ok_or_else(|| ClientError::new("export_over"))?;
    let detail = format!("number={}", file.number);
    tablet
        .store
        .write(|tx| audit::append_with(tx, &looks::row(tablet, "export_taken", ""), &detail))?;
    Ok(ExportFileView {
        file_name: file.file_name,
        bytes: STANDARD.encode(file.bytes),
    })
}

/// Files whose time is over go; setting the clock back gives none of it back.
///
/// # Errors
/// The store cannot be written.
pub(crate) fn tidy(tablet: &Tablet) -> Result<(), ClientError> {
    let now = standing::never_back_ms(tablet)?;
    if tablet
        .store
        .read(|connection| exports::has_expired(connection, now))?
    {
        tablet.store.write(|tx| exports::drop_files(tx, now))?;
    }
    Ok(())
}

/// At every start, and whenever somebody comes in by the door, every file goes: nobody waits for it any more.
///
/// # Errors
/// The store cannot be written.
pub(crate) fn tidy_all(tablet: &Tablet) -> Result<(), ClientError> {
    let has = |connection: &store::Connection| exports::has_expired(connection, i64::MAX);
    if tablet.store.read(has)? {
        tablet.store.write(|tx| exports::drop_files(tx, i64::MAX))?;
    }
    Ok(())
}

/// The result file of an import is about to leave: its row is written and the file kept for its minutes.
///
/// # Errors
/// `disk_full`.
pub fn keep_result(
    tablet: &Tablet,
    import: &str,
    (number, file_name): (&str, &str),
    rows: u32,
    file: &[u8],
) -> Result<(), ClientError> {
    let now = standing::never_back_ms(tablet)?;
    let export = ExportRow {
        id: tablet.new_id(),
        number: number.to_owned(),
        made_ms: now,
        until_ms: now + i64::from(tablet.rules().export_file_minutes) * 60_000,
        ledger: RESULT.to_owned(),
        purpose: OF_IMPORT.to_owned(),
        words: file_name.to_owned(),
        rows,
        full_numbers: false,
        file_name: file_name.to_owned(),
        is_there: true,
    };
    let detail = format!("number={number} purpose={OF_IMPORT} rows={rows} fields=row,name,outcome");
    tablet.store.write(|tx| {
        let row = looks::row(tablet, "import_result_taken", import);
        audit::append_with(tx, &row, &detail)?;
        exports::put(tx, &export, file)
    })?;
    tablet.wrote();
    Ok(())
}

/// The line that stands on what leaves: who, which unit, when, which number.
#[must_use]
pub fn line(tablet: &Tablet, number: &str) -> String {
    let me = &tablet.identity;
    let time = system::civil_minute(tablet.clock.now_ms());
    format!(
        "{} {}　{time}　编号 {number}　内部资料，用完销毁",
        tablet.unit_name(),
        me.person
    )
}

/// `E-20261102-16170-1`: day, end of the device's id, the how-manieth of this device.
///
/// # Errors
/// The store cannot be read.
pub fn number(tablet: &Tablet, letter: char) -> Result<String, ClientError> {
    let made = tablet.store.read(|connection| {
        audit::count_of(
            connection,
            &[
                "export_made",
                "packet_made",
                "print_made",
                "yearly_pack_made",
                "import_result_taken",
            ],
        )
    })?;
    let [.., high, low] = *tablet.identity.device.0.as_bytes();
    Ok(format!(
        "{letter}-{}-{:05}-{}",
        tablet.today().format("%Y%m%d"),
        u16::from_be_bytes([high, low]),
        made + 1
    ))
}

/// Twelve letters and digits that nobody confuses when reading them out; 59 bits.
#[must_use]
pub fn password(tablet: &Tablet) -> String {
    const LETTERS: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
    let mut letters = String::new();
    while letters.len() < 12 {
        let mut byte = [0];
        tablet.entropy.fill(&mut byte);
        // Each letter as likely as any other.
        if let Some(letter) = LETTERS.get(usize::from(byte[0] & 31)) {
            letters.push(char::from(*letter));
        }
    }
    format!("{}-{}-{}", &letters[..4], &letters[4..8], &letters[8..])
}

fn view(tablet: &Tablet, list: Option<ExportList>) -> Result<ExportsView, ClientError> {
    let now = standing::never_back_ms(tablet)?;
    let people = People::read(tablet)?;
    let persons = Persons::read(tablet)?;
    let made = tablet.store.read(exports::all)?;
    Ok(ExportsView {
        made: made
            .into_iter()
            .map(|row| ExportRowView {
                id: row.id.to_string(),
                number: row.number,
                at: system::moment(row.made_ms),
                ledger: ledger_words(&row.ledger),
                purpose: purpose_words(tablet, &row.purpose),
                words: row.words,
                rows: row.rows,
                full_numbers: row.full_numbers,
                until: (row.is_there && row.until_ms > now).then(|| system::moment(row.until_ms)),
            })
            .collect(),
        is_current: list.is_some(),
        requests: list
            .map(|list| list.exports)
            .unwrap_or_default()
            .into_iter()
            .map(|record| request_view(tablet, (&people, &persons), record))
            .collect::<Result<_, _>>()?,
    })
}

fn request_view(
    tablet: &Tablet,
    (people, persons): (&People, &Persons),
    record: ExportRecord,
) -> Result<ExportRequestView, ClientError> {
    let me = &tablet.identity;
    let asked = record.asked;
    let own = record.staff == me.staff;
    let packs = tablet.packs();
    let label = |key: &String| {
        ["child", "household"]
            .into_iter()
            .find_map(|holder| packs.field(holder, key))
            .map_or_else(|| key.clone(), |field| field.label.clone())
    };
    let is_register = find_ledger(&asked.ledger).is_ok();
    let about = second::about(tablet, &asked)?;
    // A child's file or a matter is agreed to by somebody who knows whose it is, and may act for them.
    let may_judge = match &about {
        Some(about) => !about.recused,
        None => is_register,
    };
    let words = second::words_told(&asked, about.as_ref(), own);
    let (about, title, agreed) = about.map_or((None, None, None), |about| {
        let title = Some(about.words).filter(|it| !it.is_empty());
        (Some(about.id), title, about.agreed)
    });
    let (fields, columns) = match agreed {
        Some(agreed) => (agreed.keys, agreed.words),
        None if is_register => {
            let columns = asked.fields.iter().map(label).collect();
            (asked.fields, columns)
        }
        None => (asked.fields, Vec::new()),
    };
    Ok(ExportRequestView {
        id: asked.id.to_string(),
        by: people.name(record.staff),
        at: system::moment(record.at_ms),
        ledger: ledger_words(&asked.ledger),
        about: title,
        village: asked.unit.map(|unit| people.unit_name(unit)),
        purpose: purpose_words(tablet, &asked.purpose),
        fields: columns,
        rows: asked.rows,
        state: record.state.as_str().to_owned(),
        decided_by: record.decided_by.map(|staff| people.name(staff)),
        may_decide: record.state == ExportState::Asked
            && !persons.are_same(record.staff, me.staff)
            && may_judge
            && (!asked.full_numbers || me.role == Role::Head),
        may_make: record.state == ExportState::Approved && own,
        input: ExportInput {
            request: Some(asked.id.to_string()),
            ledger: asked.ledger,
            about,
            village: asked.unit.map(|unit| unit.to_string()),
            purpose: asked.purpose,
            words,
            fields,
            full_numbers: asked.full_numbers,
        },
    })
}

/// What the server refuses, in codes the screens have words for.
fn plainly(error: ClientError) -> ClientError {
    match refused_code(&error).as_deref() {
        Some("export_over") => ClientError::new("export_over"),
        Some("not_allowed") => ClientError::new("not_allowed"),
        Some("not_found") => ClientError::new("not_found"),
        _ => error,
    }
}

fn id(text: &str) -> Result<Uuid, ClientError> {
    Uuid::parse_str(text).map_err(|_| ClientError::new("not_found"))
}

fn unit(village: Option<&str>) -> Result<Option<UnitId>, ClientError> {
    village
        .map(|village| UnitId::parse(village).map_err(|_| ClientError::new("not_found")))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn a_number_on_paper_shows_three_and_four_digits() {
        assert_eq!(mask("310199201603150012"), "310***********0012");
        assert_eq!(mask("12345"), "*****");
    }
}
