//! Children: the list, the file 一人一档, its fields, and corrections of one's own records.

use crate::after;
use crate::benefits::{self, LastVisit, OpenProblems, Says};
use crate::cadence;
use crate::confidential;
use crate::contacts::{event_date, note, options, saved};
use crate::error::ClientError;
use crate::file_status;
use crate::filling;
use crate::guests;
use crate::looks::{self, Look};
use crate::problems;
use crate::records::{self, Write};
use crate::recusals;
use crate::rhythm;
use crate::rights;
use crate::roster::{Roster, RosterChild, RosterHousehold};
use crate::rows::{self, Authors, Drawing};
use crate::tablet::Tablet;
use crate::timeline;
use crate::view::{
    AddChildFormView, AddChildInput, AmendInput, ChildFileView, ChildFilter, ChildListView,
    ChildRow, EditFieldInput, FieldBlockView, FieldView, IdInput, OptionView, SavedView,
    SearchInput, SiblingView,
};
use crate::visits;
use domain::calendar::full_date_words;
use domain::child::{Amendment, Category, HOUSEHOLD, IS_NEW, OPENED_ON};
use domain::file::{FieldBlock, FieldRule};
use domain::name_search;
use domain::policy::{LEFT_BEHIND, PolicyPack};
use domain::record::Edit;
use domain::scalar::Scalar;
use ids::{DocKind, DocumentId, Role, UnitId};
use protocol::access::Reveal;
use std::collections::HashSet;
use store::drafts;

/// Longest value of a field.
const FIELD_CHARACTERS: usize = 200;

/// Files opened last that stand before the list (ui.md, 孩子).
const RECENT: usize = 5;

/// Finds children by 汉字, pinyin, initials, nickname, carer, hamlet, door; at the station by the end of the ID number too.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub fn search(tablet: &Tablet, input: &SearchInput) -> Result<ChildListView, ClientError> {
    let roster = Roster::read(tablet)?;
    let query = input.query.trim();
    let by_number = tablet.identity.role.is_at_station() && query.chars().count() >= 4;
    if by_number && query.bytes().any(|byte| byte.is_ascii_digit()) {
        looks::note(tablet, Look::Number, "")?;
    }
    let with_problem = match input.only {
        Some(ChildFilter::OpenProblem) => problems::children_of_open(tablet, None)?,
        _ => HashSet::new(),
    };
    let packs = tablet.packs();
    let pack = packs.rules_on(roster.today);
    let is_of = |child: &RosterChild, group: &str| {
        child.child.categories.iter().any(|one| {
            one.start.is_none_or(|start| start <= roster.today)
                && one.end.is_none_or(|end| roster.today <= end)
                && pack.is_some_and(|pack| pack.is_of_group(group, &one.code))
        })
    };
    let is_wanted = |child: &RosterChild| match input.only {
        None => true,
        Some(ChildFilter::Enhanced) => child.cadence.as_ref().is_some_and(|one| one.enhanced),
        Some(ChildFilter::Difficulty) => is_of(child, "DIFFICULTY"),
        Some(ChildFilter::LeftBehind) => is_of(child, LEFT_BEHIND),
        Some(ChildFilter::OpenProblem) => with_problem.contains(&child.id.to_string()),
    };
    // 二组, and how one knows the door.
    let lives_there = |child: &RosterChild| {
        ["group", "landmark"].into_iter().any(|key| {
            let household = roster.household_of(child);
            let text = household.and_then(|one| one.household.text(key));
            text.is_some_and(|text| text.contains(query))
        })
    };
    let is_found = |child: &RosterChild| {
        query.is_empty()
            || name_search::matches(query, &child.search)
            || lives_there(child)
            || by_number
                && child
                    .child
                    .text("id_no")
                    .is_some_and(|number| number.to_uppercase().ends_with(&query.to_uppercase()))
    };
    // What runs first, and behind it what is over, each by name.
    let (running, over): (Vec<&RosterChild>, Vec<&RosterChild>) =
        roster.children.iter().partition(|child| child.runs());
    let rows = running
        .into_iter()
        .chain(over)
        .filter(|child| {
            input
                .village
                .as_ref()
                .is_none_or(|village| child.unit.to_string() == *village)
        })
        .filter(|child| is_wanted(child) && is_found(child))
        .map(|child| row(tablet, &roster, child))
        .collect();
    let guests = roster
        .guests
        .iter()
        .filter(|child| child.runs() && is_wanted(child) && is_found(child))
        .map(|child| row(tablet, &roster, child))
        .collect();
    let recent = if query.is_empty() && input.only.is_none() {
        let opened = looks::recent(tablet, Look::Child, RECENT)?;
        let here = |id: &String| roster.children.iter().any(|one| one.id.to_string() == *id);
        opened.into_iter().filter(here).collect()
    } else {
        Vec::new()
    };
    Ok(ChildListView {
        rows,
        guests,
        recent,
        total: u32::try_from(roster.children.len()).unwrap_or(u32::MAX),
    })
}

fn row(tablet: &Tablet, roster: &Roster, child: &RosterChild) -> ChildRow {
    let household = roster.household_of(child);
    ChildRow {
        child: child.id.to_string(),
        household: child.child.household().unwrap_or_default().to_owned(),
        name: child.name(),
        nickname: child.child.text("nickname").map(str::to_owned),
        sex: child.child.text("sex").unwrap_or("0").to_owned(),
        age: child.age(roster.today),
        group: household
            .and_then(|household| household.household.text("group"))
            .map(str::to_owned),
        carer: crate::today::carer(child, tablet),
        village: roster.people.unit_name(child.unit),
        village_id: child.unit.to_string(),
        enhanced: child
            .cadence
            .as_ref()
            .is_some_and(|cadence| cadence.enhanced),
        next: child.next(),
        over: !child.runs(),
        needs_check: !child.conflicts.is_empty()
            || child.is_flagged()
            || household.is_some_and(|household| !household.conflicts.is_empty()),
    }
}

/// The child's file on one page.
///
/// # Errors
/// `not_found`.
pub fn file(tablet: &Tablet, input: &IdInput) -> Result<ChildFileView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child_or_guest(&input.id)?;
    looks::note(tablet, Look::Child, &child.id.to_string())?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let household = roster.household_of(child);
    let draft = match household {
        Some(household) => tablet
            .store
            .read(drafts::open)
            .map(|open| visits::draft_of(&open, household.id).map(|one| one.draft.to_string()))?,
        None => None,
    };
    let siblings = child
        .child
        .household()
        .map(|id| roster.children_of(id))
        .unwrap_or_default()
        .into_iter()
        .filter(|other| other.id != child.id)
        .map(|other| SiblingView {
            child: other.id.to_string(),
            name: other.name(),
        })
        .collect();
    let conflicts =
        child.conflicts.len() + household.map_or(0, |household| household.conflicts.len());
    let authors = Authors::read(tablet, child, household)?;
    let decides = recusals::decides(tablet, child)?;
    let rhythm = rhythm::of(tablet, &roster, child, pack, (&authors, decides))?;
    let open = OpenProblems::of(tablet, child.id)?;
    let says = Says::of(&roster, child, &packs, &open);
    let facts = says.facts(&roster, child);
    let (hints, to_ask) = rhythm::looked_at(&facts, &packs, pack);
    let drawing = Drawing {
        tablet,
        roster: &roster,
        pack,
        child,
        household,
        authors: &authors,
        decides,
    };
    let mut view = ChildFileView {
        child: input.id.clone(),
        limited: rights::is_limited(tablet, &roster, child)?,
        status: file_status::of(tablet, &roster, child, pack, decides)?,
        household: child.child.household().unwrap_or_default().to_owned(),
        name: child.name(),
        nickname: child.child.text("nickname").map(str::to_owned),
        sex: child.child.text("sex").unwrap_or("0").to_owned(),
        age: child.age(roster.today),
        village: roster.people.unit_name(child.unit),
        carer: crate::today::carer(child, tablet),
        phone: phone_to_call(child),
        reasons: reasons(child, pack),
        dues: child
            .cadence
            .as_deref()
            .map(cadence::due_views)
            .unwrap_or_default(),
        tier: rhythm.tier,
        months: rhythm.months,
        misses: rhythm.misses,
        miss_reasons: rhythm.miss_reasons,
        campaigns: rhythm.campaigns,
        ahead: rhythm.ahead,
        paused: rhythm.paused,
        hints: hints.into_iter().map(rhythm::hint_view).collect(),
        to_ask,
        benefits: benefits::names(
            &packs,
            &facts,
            &LastVisit::of(tablet, &roster, child, &packs)?,
        ),
        blocks: packs
            .file
            .blocks
            .iter()
            // Work stands in the timeline.
            .filter(|block| block.rows.as_ref().is_none_or(|rows| rows.work.is_none()))
            .map(|block| block_view(&drawing, block))
            .collect(),
        siblings,
        timeline: timeline::of(tablet, &roster, child)?,
        conflicts: u32::try_from(conflicts).unwrap_or(u32::MAX),
        draft,
        recused: recusals::of_child(tablet, &roster, child)?,
        confidential: confidential::keeps(tablet, child)? && !roster.is_guest(child.id),
        guest: guests::of_child(tablet, &roster, child)?,
    };
    if roster.is_guest(child.id) {
        guests::only_read(&mut view);
    }
    Ok(view)
}

/// The key of the number to call: the carer's, the guardian's, or the child's own.
pub(crate) fn phone_to_call(child: &RosterChild) -> Option<String> {
    ["carer_phone", "guardian_phone", "phone_child"]
        .into_iter()
        .find(|key| {
            child
                .child
                .text(key)
                .is_some_and(|number| !number.is_empty())
        })
        .map(str::to_owned)
}

/// Why the child is on the list, in plain words; restricted categories only as the pack lets anybody see them.
fn reasons(child: &RosterChild, pack: &PolicyPack) -> Vec<String> {
    let mut words: Vec<String> = child
        .child
        .categories
        .iter()
        .filter(|category| category.end.is_none())
        .filter_map(|category| Some(pack.category(&category.code)?.words().to_owned()))
        .collect();
    words.extend(
        child
            .child
            .tier_facts
            .iter()
            .filter(|fact| fact.to.is_none() && !fact.words.is_empty())
            .map(|fact| fact.words.clone()),
    );
    words.dedup();
    words
}

fn block_view(drawing: &Drawing<'_>, block: &FieldBlock) -> FieldBlockView {
    FieldBlockView {
        key: block.key.clone(),
        title: block.title.clone(),
        fields: block
            .fields
            .iter()
            .map(|field| {
                field_view(
                    drawing.tablet,
                    field,
                    drawing.pack,
                    drawing.child,
                    drawing.household,
                )
            })
            .collect(),
        rows: block.rows.as_ref().map(|rule| drawing.rows(block, rule)),
    }
}

/// A field's value as it is stored, and the document it stands in; none where there is none.
pub(crate) fn raw_value(
    field: &FieldRule,
    child: &RosterChild,
    household: Option<&RosterHousehold>,
) -> Option<(DocumentId, String)> {
    let (document, fields) = if field.holder == "household" {
        let household = household?;
        (household.id, &household.household.fields)
    } else {
        (child.id, &child.child.fields)
    };
    fields
        .get(&field.key)
        .map(Scalar::to_display)
        .filter(|text| !text.is_empty())
        .map(|text| (document, text))
}

/// Kinds of field whose value may be a day; one that does not read as a day is shown as it stands.
const DAYS: [&str; 2] = ["date", "fixed"];

fn field_view(
    tablet: &Tablet,
    field: &FieldRule,
    pack: &PolicyPack,
    child: &RosterChild,
    household: Option<&RosterHousehold>,
) -> FieldView {
    let of_household = field.holder == "household";
    let conflicts = match (of_household, household) {
        (true, Some(household)) => Some(&household.conflicts),
        (true, None) => None,
        (false, _) => Some(&child.conflicts),
    };
    let value = raw_value(field, child, household).map(|(_, text)| text);
    let view = tablet.sees(field);
    let shown = value.as_deref().and_then(|value| match &field.list {
        Some(list) if view.is_open() => Some(pack.label(list, value).to_owned()),
        None if field.kind == "area" => Some(rows::area_words(tablet, value)),
        None if view.is_open() && DAYS.contains(&field.kind.as_str()) => Some(
            value
                .parse()
                .map_or_else(|_| value.to_owned(), full_date_words),
        ),
        _ => view.text(value),
    });
    let document = match (of_household, household) {
        (true, Some(household)) => household.id,
        _ => child.id,
    };
    FieldView {
        key: field.key.clone(),
        holder: field.holder.clone(),
        label: field.label.clone(),
        text: shown,
        masked: !view.is_open(),
        reveal: view
            .reveal
            .filter(|_| value.is_some())
            .map(|reveal| reveal_word(reveal).to_owned()),
        options: field_options(tablet, pack, field, value.as_deref()),
        value: value.filter(|_| view.is_open()),
        kind: field.kind.clone(),
        editable: field.kind != "fixed" && (!of_household || household.is_some()),
        conflict: conflicts
            .filter(|conflicts| conflicts.iter().any(|conflict| conflict.key == field.key))
            .map(|_| format!("{document}/{}", field.key)),
        flag: child
            .child
            .text(&format!("{}{}", domain::child::FLAG_PREFIX, field.key))
            .map(str::to_owned),
    }
}

/// What a field offers; what it says already stands among it, also where that is no longer offered.
fn field_options(
    tablet: &Tablet,
    pack: &PolicyPack,
    field: &FieldRule,
    said: Option<&str>,
) -> Vec<OptionView> {
    let Some(list) = field.list.as_deref() else {
        return Vec::new();
    };
    let mut offered = options(&pack.items(list), tablet.today());
    if let Some(said) = said
        && !offered.iter().any(|option| option.code == said)
        && pack.lists.knows(list, said)
        && !pack.is_restricted(list, said)
    {
        offered.push(OptionView {
            code: said.to_owned(),
            label: pack.label(list, said).to_owned(),
        });
    }
    offered
}

pub(crate) fn reveal_word(reveal: Reveal) -> &'static str {
    match reveal {
        Reveal::Tap => "tap",
        Reveal::StepUp => "step_up",
        Reveal::BreakGlass => "break_glass",
    }
}

/// Changes one field. Only that field is written: an edit of another field elsewhere merges silently.
///
/// # Errors
/// `not_found`, `not_allowed`, `value_invalid`, `name_missing`, `date_invalid`, `number_invalid`, `date_future`,
/// `id_no_real`, `disk_full`.
pub fn edit_field(tablet: &Tablet, input: &EditFieldInput) -> Result<ChildFileView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let field = packs
        .field(&input.holder, &input.key)
        .filter(|field| field.kind != "fixed")
        .ok_or_else(|| ClientError::new("not_allowed"))?;
    let value = input.value.as_deref();
    let edits = field_edits(tablet, pack, child, field, value, roster.today)?;
    let label = format!("{} {}", child.name(), field.label);
    let (document, kind, unit) = holder(&roster, child, field)?;
    let write = Write::new(document, kind, unit, edits);
    records::save(
        tablet,
        "field_edited",
        &[write.labelled("field", label, tablet.new_id().to_string())],
    )?;
    file(
        tablet,
        &IdInput {
            id: input.child.clone(),
        },
    )
}

/// The document a field stands in.
pub(crate) fn holder(
    roster: &Roster,
    child: &RosterChild,
    field: &FieldRule,
) -> Result<(DocumentId, DocKind, UnitId), ClientError> {
    if field.holder != "household" {
        return Ok((child.id, DocKind::Child, child.unit));
    }
    let household = roster.household_of(child);
    let household = household.ok_or_else(|| ClientError::new("not_found"))?;
    Ok((household.id, DocKind::Household, household.unit))
}

/// What changing one field writes.
///
/// # Errors
/// As [`edit_field`].
pub(crate) fn field_edits(
    tablet: &Tablet,
    pack: &PolicyPack,
    child: &RosterChild,
    field: &FieldRule,
    value: Option<&str>,
    today: chrono::NaiveDate,
) -> Result<Vec<Edit>, ClientError> {
    let value = value.map(str::trim).filter(|value| !value.is_empty());
    let mut edits = Vec::new();
    let written = match value {
        None if field.key == "name" => return Err(ClientError::new("name_missing")),
        None => None,
        Some(value) => Some(checked(tablet, field, pack, value, today, &mut edits)?),
    };
    edits.push(Edit::put(
        &field.key,
        Scalar::text_or_null(written.as_deref()),
    ));
    let flag = format!("{}{}", domain::child::FLAG_PREFIX, field.key);
    let says_flag = |edit: &Edit| matches!(edit, Edit::Put { key, .. } if key.starts_with(domain::child::FLAG_PREFIX));
    if child.child.text(&flag).is_some() && !edits.iter().any(says_flag) {
        // A person looked at it: the flag goes.
        edits.push(Edit::put(&flag, Scalar::Null));
    }
    Ok(edits)
}

fn checked(
    tablet: &Tablet,
    field: &FieldRule,
    pack: &PolicyPack,
    value: &str,
    today: chrono::NaiveDate,
    edits: &mut Vec<Edit>,
) -> Result<String, ClientError> {
    if value.chars().count() > FIELD_CHARACTERS {
        return Err(ClientError::new("too_large"));
    }
    let (written, flag) = rows::checked(tablet, pack, field, value)?;
    match field.kind.as_str() {
        "date" if written > today.to_string() => return Err(ClientError::new("date_future")),
        "id_no" => {
            let key = format!("{}{}", domain::child::FLAG_PREFIX, field.key);
            edits.push(Edit::put(&key, Scalar::text_or_null(flag)));
        }
        _ => {}
    }
    Ok(written)
}

/// What the screen 加一个孩子 offers.
///
/// # Errors
/// `form_unknown`.
pub fn add_child_form(tablet: &Tablet) -> Result<AddChildFormView, ClientError> {
    let packs = tablet.packs();
    let pack = packs
        .rules_on(tablet.today())
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let categories = options(pack.list("FOUND_CATEGORY"), tablet.today());
    Ok(AddChildFormView {
        unsure: categories
            .last()
            .map(|option| option.code.clone())
            .unwrap_or_default(),
        categories,
        sexes: options(pack.list("SEX"), tablet.today())
            .into_iter()
            .filter(|option| matches!(option.code.as_str(), "1" | "2"))
            .collect(),
    })
}

/// Opens a file for a child found by hand (新发现): name, village and reason are enough to start.
///
/// # Errors
/// `name_missing`, `reason_missing`, `birth_invalid`, `date_future`, `value_invalid`, `not_found`, `disk_full`.
pub fn add_child(tablet: &Tablet, input: &AddChildInput) -> Result<SavedView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let name = input.name.trim();
    if name.is_empty() || name.chars().count() > 72 {
        return Err(ClientError::new("name_missing"));
    }
    let reason = note(&input.reason)?;
    if reason.is_empty() {
        return Err(ClientError::new("reason_missing"));
    }
    let offered = pack.items("CATEGORY");
    if !offered.iter().any(|item| item.code == input.category) {
        return Err(ClientError::new("value_invalid").with("value", &input.category));
    }
    let birth_date = match input.birth_date.as_deref() {
        Some(text) if !text.is_empty() => {
            let date: chrono::NaiveDate = text
                .parse()
                .map_err(|_| ClientError::new("birth_invalid"))?;
            if date > roster.today {
                return Err(ClientError::new("date_future"));
            }
            Some(date)
        }
        _ => None,
    };
    let village = match (&input.village, tablet.identity.role) {
        (Some(village), Role::Supervisor | Role::Head) => {
            UnitId::parse(village).map_err(|_| ClientError::new("not_found"))?
        }
        (None, Role::Supervisor | Role::Head) => return Err(ClientError::new("not_found")),
        (_, Role::Director) => tablet.identity.unit,
        (_, Role::Officer) => return Err(ClientError::new("district_only")),
    };
    let child = DocumentId(tablet.new_id());
    let label = format!("{name} 建档");
    let mut writes = Vec::new();
    let household = match &input.household {
        Some(id) => {
            let known = roster
                .households
                .get(id)
                .ok_or_else(|| ClientError::new("not_found"))?;
            known.id
        }
        None => {
            let id = DocumentId(tablet.new_id());
            let edits = vec![Edit::put(OPENED_ON, roster.today.to_string())];
            writes.push(Write::new(id, DocKind::Household, village, edits).labelled(
                "child",
                &label,
                child.to_string(),
            ));
            id
        }
    };
    let today = roster.today.to_string();
    let category = Category {
        id: tablet.new_id().to_string(),
        code: input.category.clone(),
        start: Some(roster.today),
        end: None,
        recorded_on: Some(roster.today),
        basis: "self_found".to_owned(),
        status: String::new(),
    };
    writes.push(
        Write::new(
            child,
            DocKind::Child,
            village,
            vec![
                Edit::put("name", name),
                Edit::put("sex", Scalar::text_or_null(Some(&input.sex))),
                Edit::put(
                    "birth_date",
                    Scalar::from(birth_date.map(|date| date.to_string())),
                ),
                Edit::put(HOUSEHOLD, household.to_string()),
                Edit::put(OPENED_ON, today.as_str()),
                Edit::put(IS_NEW, true),
                Edit::put("found_reason", reason.as_str()),
                category.to_edit(),
            ],
        )
        .labelled("child", label, child.to_string()),
    );
    records::save(tablet, "child_added", &writes)?;
    let record = child.to_string();
    let found = saved(tablet, &[child], &record);
    Ok(after::said(&record, name.to_owned(), found))
}

/// Adds words to one's own record, corrects its date, or 作废s it. History is kept; the cadence follows.
///
/// # Errors
/// `reason_missing`, `text_missing`, `date_future`, `not_found`, `not_allowed`, `disk_full`.
pub fn amend_record(tablet: &Tablet, input: &AmendInput) -> Result<ChildFileView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let reason = note(&input.reason)?;
    if reason.is_empty() {
        return Err(ClientError::new("reason_missing"));
    }
    let text = input
        .text
        .as_deref()
        .map(note)
        .transpose()?
        .filter(|text| !text.is_empty());
    let event_date = input
        .event_date
        .as_deref()
        .map(|text| event_date(text, roster.today))
        .transpose()?;
    if text.is_none() && event_date.is_none() && !input.void {
        return Err(ClientError::new("text_missing"));
    }
    let line = timeline::of(tablet, &roster, child)?
        .into_iter()
        .find(|line| line.record == input.record)
        .ok_or_else(|| ClientError::new("not_found"))?;
    if !line.can_amend {
        return Err(ClientError::new("not_allowed"));
    }
    let amendment = |id: String| Amendment {
        id,
        record: input.record.clone(),
        text: text.clone(),
        void: input.void,
        event_date,
        reason: reason.clone(),
        // Whoever adds words to it gives what the station asked for.
        fulfils: filling::asked_of(&child.child, &input.record),
        recorded_on: Some(roster.today),
        by: tablet.identity.staff.to_string(),
        ..Amendment::default()
    };
    let id = tablet.new_id().to_string();
    let what = if input.void { "作废" } else { "补充" };
    records::save(
        tablet,
        "record_amended",
        &[Write::new(
            child.id,
            DocKind::Child,
            child.unit,
            vec![amendment(id.clone()).to_edit()],
        )
        .labelled("amendment", format!("{} {what}", child.name()), id)],
    )?;
    file(
        tablet,
        &IdInput {
            id: input.child.clone(),
        },
    )
}
