//! What a visit said otherwise than the child's file: offered row by row, written only when a person taps it, and undone
//! as easily (docs/adr/0044).
//!
//! What is written is an ordinary change of the file under the name of whoever tapped. Beside it lies a row that says from
//! which visit it came and what stood there before; it is what 撤销 goes by.

use crate::benefits::{OpenProblems, Says};
use crate::children;
use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::records::{self, Write};
use crate::roster::{self, Author, Roster, RosterChild};
use crate::rows::{self, Authors, standing};
use crate::tablet::Tablet;
use crate::view::{
    DifferenceLineView, DifferenceView, DifferencesView, OptionView, RecordInput, RowColumnView,
    TakeDifference, TakeDifferencesInput, TakenView, UndoDifferenceInput,
};
use chrono::NaiveDate;
use domain::calendar::{civil_date, month_day_words};
use domain::child::{Child, ChildVisit};
use domain::difference::{self, Asked, Change, ColumnChange, Difference, Visited};
use domain::file::{FieldRule, FilePack, RowsRule};
use domain::form::{FormPack, Level, PartAnswers, SESSION};
use domain::policy::PolicyPack;
use domain::record::{
    Edit, Entry, FROM_VISIT, FROM_VISIT_FIELD, FROM_VISIT_ROW, REPLACES, ROWS, doc,
};
use domain::scalar::Scalar;
use ids::{DocKind, DocumentId, UnitId};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use store::documents;

/// What a row says that was taken away by 撤销.
const UNDONE: &str = "撤销了从走访里记的";
const NEW: &str = "new.";
const OLD: &str = "old.";

/// A visit of a child as it was saved.
pub(crate) struct SavedVisit<'a> {
    pub(crate) form: &'a FormPack,
    pub(crate) session: PartAnswers,
    pub(crate) part: PartAnswers,
    pub(crate) date: NaiveDate,
    recorded_ms: i64,
}

/// The answers of a visit, with those that were given later, about the child and about its household; none where its form is not here.
pub(crate) fn saved_visit<'a>(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
    file: &Child,
    visit: &ChildVisit,
    forms: &'a [FormPack],
) -> Result<Option<SavedVisit<'a>>, ClientError> {
    let hash = visit.form.rsplit('#').next().unwrap_or_default();
    let Some(form) = forms.iter().find(|form| form.content_hash() == hash) else {
        return Ok(None);
    };
    let household = match roster.household_of(child) {
        Some(household) => Some(tablet.household_with_answers(household.id)?),
        None => None,
    };
    Ok(Some(SavedVisit {
        form,
        session: household
            .map(|household| household.session_answers(form, &visit.session).0)
            .unwrap_or_default(),
        part: file.visit_answers(form, visit).0,
        date: file
            .effective_date(&visit.id, visit.event_date)
            .unwrap_or(roster.today),
        recorded_ms: visit.recorded_ms,
    }))
}

/// The newest visit of a child that stands.
pub(crate) fn newest_visit(file: &Child) -> Option<&ChildVisit> {
    let standing = file.visits.iter().filter(|one| !file.is_voided(&one.id));
    standing.max_by_key(|one| {
        (
            file.effective_date(&one.id, one.event_date),
            one.recorded_ms,
        )
    })
}

/// What a visit said otherwise than the file, and what of it was taken.
///
/// # Errors
/// `not_found`; `form_unknown` when the visit's form has not arrived.
pub fn differences(tablet: &Tablet, input: &RecordInput) -> Result<DifferencesView, ClientError> {
    let room = Room::open(tablet, input)?;
    looks::note(tablet, Look::Visit, &input.record)?;
    room.view()
}

/// Whether a visit that was just saved said anything otherwise. A child that left meanwhile has no file here.
pub(crate) fn differ(tablet: &Tablet, child: &str, record: &str) -> Result<bool, ClientError> {
    let input = RecordInput {
        child: child.to_owned(),
        record: record.to_owned(),
    };
    match Room::open(tablet, &input) {
        Ok(room) => Ok(!room.found.is_empty()),
        Err(error) if error.code() == "not_found" => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes what was said otherwise into the file: one change in each document, by whoever tapped.
///
/// # Errors
/// As [`differences`]; `difference_gone` where the file says it already; what writing that field or row is refused with.
pub fn take(tablet: &Tablet, input: &TakeDifferencesInput) -> Result<DifferencesView, ClientError> {
    let record = RecordInput {
        child: input.child.clone(),
        record: input.record.clone(),
    };
    let room = Room::open(tablet, &record)?;
    let mut writing = Writing::default();
    for wanted in &input.take {
        let found = room.found.iter().find(|one| one.id == wanted.id);
        let difference = found.ok_or_else(|| ClientError::new("difference_gone"))?;
        let (place, mark) = room.write(difference, wanted, &mut writing)?;
        // In the same document: what goes out of it one day takes its quotation along.
        let mark = Edit::Add {
            collection: ROWS,
            entry: mark,
        };
        writing.push(place, mark);
    }
    room.save(writing, "difference_taken")?;
    Room::open(tablet, &record)?.view()
}

/// Takes back what was taken from a visit, unless somebody changed it since.
///
/// # Errors
/// As [`differences`]; `changed_since` where the file says something else by now.
pub fn undo(tablet: &Tablet, input: &UndoDifferenceInput) -> Result<DifferencesView, ClientError> {
    let record = RecordInput {
        child: input.child.clone(),
        record: input.record.clone(),
    };
    let room = Room::open(tablet, &record)?;
    let mut marks = room.marks();
    let mark = marks.find(|mark| mark.id == input.taken);
    let mark = mark.ok_or_else(|| ClientError::new("changed_since"))?;
    let mut writing = Writing::default();
    let place = room.write_back(mark, &mut writing)?;
    let away = Edit::Add {
        collection: ROWS,
        entry: rows::away(tablet, FROM_VISIT, &mark.id, UNDONE),
    };
    writing.push(place, away);
    room.save(writing, "difference_undone")?;
    Room::open(tablet, &record)?.view()
}

type Place = (DocumentId, DocKind, UnitId);

/// Edits by document, in the order they were made.
#[derive(Default)]
struct Writing(Vec<(Place, Vec<Edit>)>);

impl Writing {
    /// What is about to stand in a row's place.
    fn newer(&self, row: &str) -> Option<Entry> {
        let mut newest: Option<Entry> = None;
        for edit in self.0.iter().flat_map(|(_, edits)| edits) {
            if let Edit::Add { entry, .. } = edit {
                let replaced = entry.text(REPLACES).unwrap_or_default();
                let known = newest.as_ref().map_or(row, |newest| newest.id.as_str());
                if replaced == known {
                    newest = Some(entry.clone());
                }
            }
        }
        newest
    }

    fn push(&mut self, place: Place, edit: Edit) {
        match self.0.iter_mut().find(|(known, _)| known.0 == place.0) {
            Some((_, edits)) => edits.push(edit),
            None => self.0.push((place, vec![edit])),
        }
    }
}

/// A visit beside the file of its child.
struct Room<'a> {
    tablet: &'a Tablet,
    roster: Roster,
    child: RosterChild,
    file: FilePack,
    pack: PolicyPack,
    record: String,
    date: NaiveDate,
    recorded_ms: i64,
    /// Day of a later visit; then what this one said is no news.
    later: Option<NaiveDate>,
    found: Vec<Difference>,
}

impl<'a> Room<'a> {
    fn open(tablet: &'a Tablet, input: &RecordInput) -> Result<Self, ClientError> {
        let roster = Roster::read(tablet)?;
        let child = roster.child(&input.child)?.clone();
        let file = tablet.child_with_answers(child.id)?;
        let unknown = || ClientError::new("form_unknown");
        let visit = file
            .visits
            .iter()
            .find(|visit| visit.id == input.record && !file.is_voided(&visit.id))
            .ok_or_else(|| ClientError::new("not_found"))?;
        let packs = tablet.packs();
        let saved = saved_visit(tablet, &roster, &child, &file, visit, &packs.forms)?;
        let saved = saved.ok_or_else(unknown)?;
        let newest = newest_visit(&file).filter(|newest| newest.id != visit.id);
        let open = OpenProblems::of(tablet, child.id)?;
        let says = Says::of(&roster, &child, &packs, &open);
        let visited = Visited {
            form: saved.form,
            session: &saved.session,
            child: &saved.part,
            date: saved.date,
        };
        let found = match newest {
            Some(_) => Vec::new(),
            None => difference::differences(&visited, &packs.file, &says.facts(&roster, &child)),
        };
        Ok(Self {
            tablet,
            file: packs.file.clone(),
            pack: packs.rules_on(roster.today).ok_or_else(unknown)?.clone(),
            record: input.record.clone(),
            date: saved.date,
            recorded_ms: saved.recorded_ms,
            later: newest.and_then(|newest| file.effective_date(&newest.id, newest.event_date)),
            found,
            child,
            roster,
        })
    }

    fn field(&self, holder: &str, key: &str) -> Result<&FieldRule, ClientError> {
        let field = self.file.field(holder, key);
        field
            .filter(|field| field.kind != "fixed")
            .ok_or_else(|| ClientError::new("not_allowed"))
    }

    fn standing(&self, block: &str, row: &str) -> Result<&Entry, ClientError> {
        let (block, rule) = rows::block(&self.file, block)?;
        standing(
            block,
            rule,
            &self.child,
            self.roster.household_of(&self.child),
        )
        .into_iter()
        .find(|entry| entry.id == row)
        .ok_or_else(|| ClientError::new("changed_since"))
    }

    /// Adds what writes a difference, and gives the row that says where it came from.
    fn write(
        &self,
        difference: &Difference,
        wanted: &TakeDifference,
        writing: &mut Writing,
    ) -> Result<(Place, Entry), ClientError> {
        let tablet = self.tablet;
        let mark = Entry::new(tablet.new_id().to_string())
            .with("block", FROM_VISIT)
            .with("record", self.record.as_str())
            .with("difference", difference.id.as_str())
            .with("written_on", self.roster.today.to_string())
            .with("recorded_ms", tablet.clock.now_ms())
            .with("by", tablet.identity.staff.to_string());
        match &difference.change {
            Change::Field {
                holder,
                key,
                before,
                after,
            } => {
                let field = self.field(holder, key)?;
                let today = self.roster.today;
                let edits = children::field_edits(
                    tablet,
                    &self.pack,
                    &self.child,
                    field,
                    Some(after),
                    today,
                )?;
                let place = children::holder(&self.roster, &self.child, field)?;
                for edit in edits {
                    writing.push(place, edit);
                }
                let mark = mark
                    .with("holder", holder.as_str())
                    .with(FROM_VISIT_FIELD, key.as_str())
                    .with("old", before.as_deref())
                    .with("new", after.as_str());
                Ok((place, mark))
            }
            Change::Row {
                block,
                row,
                among,
                columns,
                asks,
                ..
            } => {
                let (block, rule) = rows::block(&self.file, block)?;
                let chosen = wanted.row.as_ref();
                if chosen.is_some_and(|chosen| !among.contains(chosen)) {
                    return Err(ClientError::new("difference_gone"));
                }
                let pending = row.as_ref().or(chosen).and_then(|row| writing.newer(row));
                let earlier = match (row.as_ref().or(chosen), &pending) {
                    // Two answers about one person are one row, which says both.
                    (Some(_), Some(pending)) => Some(pending),
                    (Some(row), None) => Some(self.standing(&block.key, row)?),
                    (None, _) => None,
                };
                let other = |column: &ColumnChange| {
                    let said = pending.as_ref().and_then(|one| one.text(&column.key));
                    let before = column.before.as_deref();
                    said.is_some_and(|said| said != column.after && Some(said) != before)
                };
                if pending.is_some() && columns.iter().any(other) {
                    // One of the two would be lost: they are taken one after the other, and seen.
                    return Err(ClientError::new("changed_since"));
                }
                let mut values: BTreeMap<String, Vec<String>> = columns
                    .iter()
                    .map(|column| (column.key.clone(), vec![column.after.clone()]))
                    .collect();
                let is_asked = |key: &str| asks.iter().any(|asked| asked.key == key);
                let mut given: Vec<ColumnChange> = Vec::new();
                for column in &rule.columns {
                    let key = &column.key;
                    let more = wanted.values.get(key).filter(|more| !more.is_empty());
                    if asks.iter().any(|asked| asked.must && asked.key == *key) && more.is_none() {
                        return Err(ClientError::new("row_incomplete").with("label", &column.label));
                    }
                    let is_new = earlier.is_none() && column.need;
                    let more = more.filter(|_| is_new || is_asked(key));
                    let (Some(more), false) = (more, values.contains_key(key)) else {
                        continue;
                    };
                    values.insert(key.clone(), more.clone());
                    if let ([after], true) = (more.as_slice(), column.kind != "many") {
                        given.push(ColumnChange {
                            key: key.clone(),
                            before: None,
                            after: after.clone(),
                        });
                    }
                }
                let entry = rows::row_entry(
                    tablet,
                    &self.pack,
                    &self.roster,
                    &self.child,
                    (block, rule),
                    earlier,
                    &values,
                )?
                .with("record", self.record.as_str());
                let mut mark = mark
                    .with("of", block.key.as_str())
                    .with(FROM_VISIT_ROW, entry.id.as_str())
                    .with("anew", earlier.is_none());
                for column in columns.iter().chain(&given) {
                    let before = earlier.and_then(|earlier| earlier.text(&column.key));
                    mark = mark
                        .with(&format!("{NEW}{}", column.key), column.after.as_str())
                        .with(&format!("{OLD}{}", column.key), before);
                }
                let place = rows::place(rule, &self.roster, &self.child)?;
                let collection = rows::collection(rule)?;
                writing.push(place, Edit::Add { collection, entry });
                Ok((place, mark))
            }
        }
    }

    /// Adds what puts the file back to before, where it still says what was taken.
    fn write_back(&self, mark: &Entry, writing: &mut Writing) -> Result<Place, ClientError> {
        let tablet = self.tablet;
        let changed = || ClientError::new("changed_since");
        if let Some(key) = mark.text(FROM_VISIT_FIELD) {
            let field = self.field(mark.text("holder").unwrap_or_default(), key)?;
            let household = self.roster.household_of(&self.child);
            let now = children::raw_value(field, &self.child, household).map(|(_, text)| text);
            if now.as_deref() != mark.text("new") {
                return Err(changed());
            }
            let today = self.roster.today;
            let old = mark.text("old");
            let edits = children::field_edits(tablet, &self.pack, &self.child, field, old, today)?;
            let place = children::holder(&self.roster, &self.child, field)?;
            for edit in edits {
                writing.push(place, edit);
            }
            return Ok(place);
        }
        let (block, rule) = rows::block(&self.file, mark.text("of").unwrap_or_default())?;
        let row = self.standing(&block.key, mark.text(FROM_VISIT_ROW).unwrap_or_default())?;
        let entry = match mark.is("anew") {
            true => rows::away(tablet, &block.key, &row.id, UNDONE),
            false => {
                let values = rule.columns.iter().filter_map(|column| {
                    mark.values.get(&format!("{NEW}{}", column.key))?;
                    let old = mark.text(&format!("{OLD}{}", column.key));
                    Some((
                        column.key.clone(),
                        old.map(str::to_owned).into_iter().collect(),
                    ))
                });
                rows::row_entry(
                    tablet,
                    &self.pack,
                    &self.roster,
                    &self.child,
                    (block, rule),
                    Some(row),
                    &values.collect(),
                )?
            }
        };
        let place = rows::place(rule, &self.roster, &self.child)?;
        let collection = rows::collection(rule)?;
        writing.push(place, Edit::Add { collection, entry });
        Ok(place)
    }

    fn save(&self, writing: Writing, action: &str) -> Result<(), ClientError> {
        let label = format!("{} 走访里说的", self.child.name());
        let writes: Vec<Write> = writing
            .0
            .into_iter()
            .map(|((document, kind, unit), edits)| {
                let id = self.tablet.new_id().to_string();
                Write::new(document, kind, unit, edits).labelled("field", label.as_str(), id)
            })
            .collect();
        records::save(self.tablet, action, &writes)
    }

    /// What says that something was taken from this visit.
    fn marks(&self) -> impl Iterator<Item = &Entry> {
        let household = self.roster.household_of(&self.child);
        let shared = household.map_or(&[][..], |household| household.household.entries(ROWS));
        let marks = self.child.child.entries(ROWS).iter().chain(shared);
        marks.filter(|mark| {
            mark.text("block") == Some(FROM_VISIT)
                && mark.text("record") == Some(self.record.as_str())
        })
    }

    fn view(&self) -> Result<DifferencesView, ClientError> {
        let authors = Authors::read(
            self.tablet,
            &self.child,
            self.roster.household_of(&self.child),
        )?;
        let found: Vec<DifferenceView> = self
            .found
            .iter()
            .map(|difference| self.difference(difference))
            .collect::<Result<_, _>>()?;
        Ok(DifferencesView {
            child: self.child.id.to_string(),
            name: self.child.name(),
            record: self.record.clone(),
            date: self.date.to_string(),
            later: self.later.map(|date| date.to_string()),
            found,
            taken: self
                .marks()
                .filter_map(|mark| self.taken(mark, &authors))
                .collect(),
        })
    }

    fn difference(&self, difference: &Difference) -> Result<DifferenceView, ClientError> {
        let mut view = DifferenceView {
            id: difference.id.clone(),
            title: String::new(),
            question: difference.question.clone(),
            lines: Vec::new(),
            begins: false,
            among: Vec::new(),
            needs: Vec::new(),
            needs_new: Vec::new(),
            of_household: false,
            newer: None,
        };
        match &difference.change {
            Change::Field {
                holder,
                key,
                before,
                after,
            } => {
                let field = self.field(holder, key)?;
                view.of_household = holder == "household";
                view.title.clone_from(&field.label);
                view.lines.push(self.line(field, before.as_deref(), after));
                view.newer = self
                    .written_last(field)?
                    .filter(|author| before.is_some() && author.at_ms > self.recorded_ms)
                    .map(|author| self.newer(author.at_ms, author.staff));
            }
            Change::Row {
                block,
                row,
                among,
                columns,
                asks,
                said,
            } => {
                let (block, rule) = rows::block(&self.file, block)?;
                view.of_household = rule.holder == "household";
                view.begins = row.is_none() && among.is_empty();
                let earlier = match row {
                    Some(row) => Some(self.standing(&block.key, row)?),
                    None => None,
                };
                view.title.clone_from(&block.title);
                if let Some(earlier) = earlier {
                    let head = rule
                        .columns
                        .first()
                        .and_then(|column| self.words(column, &rows::raw(earlier, column)));
                    view.title = format!("{} · {}", block.title, head.unwrap_or_default());
                    let author = roster::author_of(self.tablet, earlier.made_by)?;
                    view.newer = author
                        .filter(|_| earlier.int("recorded_ms") > Some(self.recorded_ms))
                        .map(|author| self.newer(author.at_ms, author.staff));
                }
                for row in among {
                    let label = self.whose(rule, self.standing(&block.key, row)?, columns, asks);
                    let code = row.clone();
                    view.among.push(OptionView { code, label });
                }
                view.lines
                    .extend(said.iter().map(|said| DifferenceLineView {
                        label: difference.question.clone(),
                        before: None,
                        after: said.clone(),
                    }));
                for column in &rule.columns {
                    let change = columns.iter().find(|change| change.key == column.key);
                    let asked = asks.iter().find(|asked| asked.key == column.key);
                    let draw = || rows::column(self.tablet, &self.pack, column);
                    if let Some(ColumnChange { before, after, .. }) = change {
                        view.lines.push(self.line(column, before.as_deref(), after));
                    } else if let Some(asked) = asked {
                        view.needs.push(RowColumnView {
                            need: asked.must,
                            ..draw()
                        });
                    } else if earlier.is_none() && column.need {
                        match among.is_empty() {
                            true => view.needs.push(draw()),
                            false => view.needs_new.push(draw()),
                        }
                    }
                }
            }
        }
        Ok(view)
    }

    /// A row to choose, with what it says now where something would be written: 石建军 · 父亲（服刑在押）.
    fn whose(
        &self,
        rule: &RowsRule,
        row: &Entry,
        columns: &[ColumnChange],
        asks: &[Asked],
    ) -> String {
        let words = |column: &FieldRule| self.words(column, &rows::raw(row, column));
        let head = rule.columns.iter().take(2).filter_map(words);
        let head = head.collect::<Vec<_>>().join(" · ");
        let is_written = |column: &&FieldRule| {
            let asked = |asked: &Asked| asked.must && asked.key == column.key;
            columns.iter().any(|change| change.key == column.key) || asks.iter().any(asked)
        };
        let now = rule.columns.iter().filter(is_written).filter_map(words);
        match now.collect::<Vec<_>>().join("、") {
            now if now.is_empty() => head,
            now => format!("{head}（{now}）"),
        }
    }

    fn line(&self, rule: &FieldRule, before: Option<&str>, after: &str) -> DifferenceLineView {
        let words = |value: &str| self.words(rule, &[value.to_owned()]);
        DifferenceLineView {
            label: rule.label.clone(),
            before: before.and_then(words),
            after: words(after).unwrap_or_default(),
        }
    }

    fn words(&self, rule: &FieldRule, raw: &[String]) -> Option<String> {
        rows::column_words(self.tablet, &self.pack, rule, raw)
    }

    /// Who wrote what stands in a field, and when.
    fn written_last(&self, field: &FieldRule) -> Result<Option<Author>, ClientError> {
        let (document, ..) = children::holder(&self.roster, &self.child, field)?;
        let made_by = self.tablet.store.read(|connection| {
            let stored = documents::load(connection, document)?;
            Ok::<_, ClientError>(
                stored.and_then(|stored| doc::writer_of(&stored.automerge, &field.key)),
            )
        })?;
        roster::author_of(self.tablet, made_by)
    }

    fn newer(&self, at_ms: i64, staff: ids::StaffId) -> String {
        let day = civil_date(at_ms);
        format!(
            "{}{}写的，比这次走访新",
            self.roster.people.name(staff),
            month_day_words(day)
        )
    }

    fn taken(&self, mark: &Entry, authors: &Authors) -> Option<TakenView> {
        let mut lines = Vec::new();
        let title = if let Some(key) = mark.text(FROM_VISIT_FIELD) {
            let field = self.file.field(mark.text("holder")?, key)?;
            lines.push(self.line(field, mark.text("old"), mark.text("new")?));
            field.label.clone()
        } else {
            let (block, rule) = rows::block(&self.file, mark.text("of")?).ok()?;
            for column in &rule.columns {
                if let Some(after) = mark.text(&format!("{NEW}{}", column.key)) {
                    let before = mark.text(&format!("{OLD}{}", column.key));
                    lines.push(self.line(column, before, after));
                }
            }
            block.title.clone()
        };
        Some(TakenView {
            taken: mark.id.clone(),
            title,
            lines,
            by: authors.name(&self.roster, mark.made_by),
            on: mark.text_or_empty("written_on"),
        })
    }
}

/// What 和上次一样 takes over where the file was changed after the last visit. `document` holds the fields.
pub(crate) fn carry_from_file(
    tablet: &Tablet,
    form: &FormPack,
    part: &str,
    last: &mut PartAnswers,
    (document, fields): (DocumentId, &BTreeMap<String, Scalar>),
    since_ms: i64,
) {
    let level = match part == SESSION {
        true => Level::Session,
        false => Level::Child,
    };
    // Loaded only where the file says otherwise: this runs at every tap.
    let stored = OnceCell::new();
    let load = || {
        let read = tablet
            .store
            .read(|connection| Ok::<_, ClientError>(documents::load(connection, document)?));
        read.ok().flatten()
    };
    let value = |key: &str| {
        let value = fields.get(key).map(Scalar::to_display);
        value.filter(|value| !value.is_empty())
    };
    let is_newer = |key: &str| {
        let stored = stored.get_or_init(load).as_ref();
        let made_by = stored.and_then(|stored| doc::writer_of(&stored.automerge, key));
        let author = roster::author_of(tablet, made_by).ok().flatten();
        author.is_some_and(|author| author.at_ms > since_ms)
    };
    difference::carry_from_file(form, level, last, value, is_newer);
}
