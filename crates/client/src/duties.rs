//! Duties and services of a month (domain.md §7.3, §7.4): the lists of the pack, what the records tell of each item, and the
//! ticks of whoever looked them through. It counts and links; it scores nothing and compares nobody.

use crate::cadence;
use crate::error::ClientError;
use crate::packs::Packs;
use crate::records::{self, Write};
use crate::roster::{Roster, RosterChild};
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    DutiesInput, DutiesView, DutyListView, DutyView, OptionView, ProofView, TickDutyInput, TickView,
};
use crate::work;
use crate::work_log::{first_of, month_of, name_of};
use chrono::{Months, NaiveDate};
use domain::cadence::enhanced_on;
use domain::child::OPENED_ON;
use domain::duty::{Duty, DutyList, ProofRule, Whose};
use domain::file::RowsRule;
use domain::policy::PolicyPack;
use domain::problem::EventKind;
use domain::record::{Edit, Entry, REPLACES, TAKEN_AWAY};
use domain::work::ENTRIES;
use ids::{DocKind, StaffId, UnitId};
use std::collections::BTreeMap;
use store::projections::problems::{self, ProblemStory};

/// Block of the ticks in a month of work.
const TICK: &str = "tick";

/// The lists of a month, for the person's own unit, or for a village the station looks at.
///
/// # Errors
/// `value_invalid` for what is no month, `not_found` for what is no village here, `duties_unknown` without lists.
pub fn duties(tablet: &Tablet, input: &DutiesInput) -> Result<DutiesView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .duties
        .as_ref()
        .ok_or_else(|| ClientError::new("duties_unknown"))?;
    let (month, this) = month_of(input.month.as_deref(), roster.today)?;
    let villages = villages(tablet, &roster);
    let unit = match &input.village {
        None => tablet.identity.unit,
        Some(village) => villages
            .iter()
            .find(|known| known.code == *village)
            .and_then(|known| UnitId::parse(&known.code).ok())
            .ok_or_else(|| ClientError::new("not_found"))?,
    };
    let whose = match unit == tablet.identity.scope {
        true => Whose::Station,
        false => Whose::Village,
    };
    let told = Told::read(tablet, &roster, &packs, unit)?;
    let ticks = ticks(&roster, unit, &name_of(month));
    Ok(DutiesView {
        month: name_of(month),
        before: month.checked_sub_months(Months::new(1)).map(name_of),
        after: month
            .checked_add_months(Months::new(1))
            .filter(|after| *after <= this)
            .map(name_of),
        unit: roster.people.unit_name(unit),
        villages,
        may_tick: unit == tablet.identity.unit,
        lists: pack
            .duties
            .iter()
            .filter(|list| list.whose == whose)
            .map(|list| DutyListView {
                code: list.code.clone(),
                title: list.title.clone(),
                source: list.source.clone(),
                items: list
                    .items
                    .iter()
                    .map(|item| duty(tablet, &told, list, item, &ticks, month))
                    .collect(),
            })
            .collect(),
    })
}

fn duty(
    tablet: &Tablet,
    told: &Told<'_>,
    list: &DutyList,
    item: &Duty,
    ticks: &[&Entry],
    month: NaiveDate,
) -> DutyView {
    let name = format!("{}/{}", list.code, item.code);
    let span = item.every.span(month);
    let mine = |entry: &&&Entry| work::is_mine(tablet, entry);
    let of_item: Vec<&&Entry> = ticks
        .iter()
        .filter(|entry| entry.text("item") == Some(name.as_str()))
        .collect();
    DutyView {
        ticked: of_item.iter().any(mine),
        ticks: of_item.iter().map(|entry| told.tick(entry)).collect(),
        item: name,
        words: item.text.clone(),
        detail: item.detail.clone(),
        often: item.often.clone(),
        every: match item.every {
            domain::duty::Every::Month => "month",
            domain::duty::Every::Quarter => "quarter",
            domain::duty::Every::Year => "year",
        }
        .to_owned(),
        proofs: item
            .proof
            .iter()
            .map(|rule| told.proof(rule, span))
            .collect(),
    }
}

/// Villages somebody of the station may look at.
fn villages(tablet: &Tablet, roster: &Roster) -> Vec<OptionView> {
    if !tablet.identity.role.is_at_station() {
        return Vec::new();
    }
    let found = crate::station::village_rows(tablet, roster).unwrap_or_default();
    found
        .into_iter()
        .map(|row| OptionView {
            code: row.village,
            label: row.name,
        })
        .collect()
}

/// The ticks of a unit's month that stand.
fn ticks<'a>(roster: &'a Roster, unit: UnitId, month: &str) -> Vec<&'a Entry> {
    let here = roster.work.iter().filter(|noun| noun.unit == unit);
    here.filter(|noun| noun.noun.month == month)
        .flat_map(|noun| noun.noun.rows(TICK))
        .collect()
}

/// How often a child was to be seen.
#[derive(Clone, Copy)]
struct Rhythm {
    enhanced: bool,
}

/// What the records of a unit tell; the station's are its township's.
struct Told<'a> {
    roster: &'a Roster,
    packs: &'a Packs,
    rules: Option<&'a PolicyPack>,
    /// Those whose files run.
    children: Vec<&'a RosterChild>,
    /// The same, and those whose files ended.
    files: Vec<&'a RosterChild>,
    problems: Vec<ProblemStory>,
    /// Whose written work counts: the unit's own.
    unit: UnitId,
    is_station: bool,
}

impl<'a> Told<'a> {
    fn read(
        tablet: &Tablet,
        roster: &'a Roster,
        packs: &'a Packs,
        unit: UnitId,
    ) -> Result<Self, ClientError> {
        let is_station = unit == tablet.identity.scope;
        let is_here = |child: &&RosterChild| is_station || child.unit == unit;
        let stories = tablet.store.read(problems::all)?;
        Ok(Self {
            roster,
            packs,
            rules: packs.rules_on(roster.today),
            children: roster.running().filter(is_here).collect(),
            files: roster.children.iter().filter(is_here).collect(),
            problems: stories
                .into_iter()
                .filter(|story| is_station || story.unit == unit)
                .collect(),
            unit,
            is_station,
        })
    }

    fn tick(&self, entry: &Entry) -> TickView {
        let staff = StaffId::parse(&entry.text_or_empty("by")).ok();
        TickView {
            by: staff.map_or_else(String::new, |staff| self.roster.people.name(staff)),
            on: entry.text_or_empty("recorded_on"),
        }
    }

    /// Children with something in the span, of those who had a rhythm on its last day so far: what is over is told of
    /// whom it was about then, whoever is on the list today.
    fn seen(
        &self,
        (from, to): (NaiveDate, NaiveDate),
        is_asked: impl Fn(Rhythm) -> bool,
        counts: impl Fn(&domain::cadence::EventVerdict) -> bool,
    ) -> (usize, Option<usize>) {
        let today = self.roster.today;
        let asked: Vec<_> = self
            .files
            .iter()
            .filter_map(|child| {
                let cadence = child.cadence.as_deref()?;
                let enhanced = match to < today {
                    true => {
                        let input = cadence::input(&child.child, &child.rounds)?;
                        enhanced_on(&input, &self.packs.rules, to)?
                    }
                    false => {
                        cadence.tier.as_ref().filter(|_| child.runs())?;
                        cadence.enhanced
                    }
                };
                is_asked(Rhythm { enhanced }).then_some(cadence)
            })
            .collect();
        let done = asked.iter().filter(|cadence| {
            let mut events = cadence.events.iter();
            events.any(|event| from <= event.event_date && event.event_date <= to && counts(event))
        });
        (done.count(), Some(asked.len()))
    }

    /// Steps of the problems that are of one of these types now; of all of them where none is named.
    fn events(
        &self,
        codes: &[String],
        (from, to): (NaiveDate, NaiveDate),
        is_it: impl Fn(&str, &str) -> bool,
    ) -> usize {
        let problems = self.problems.iter();
        let events = problems
            .filter(|problem| codes.is_empty() || kinds(problem).any(|kind| is_one(kind, codes)))
            .flat_map(|problem| &problem.story.events);
        events
            .filter(|event| {
                let day = system::civil_date(event.recorded_ms);
                from <= day && day <= to && is_it(&event.kind, &event.by)
            })
            .count()
    }

    fn is_stations(&self, staff: &str) -> bool {
        let role = StaffId::parse(staff)
            .ok()
            .and_then(|staff| self.roster.people.role(staff));
        role.is_some_and(ids::Role::is_at_station)
    }

    fn proof(&self, rule: &ProofRule, span: (NaiveDate, NaiveDate)) -> ProofView {
        let of_kind = |kind: EventKind| move |found: &str, _: &str| found == kind.as_str();
        let (what, link, (done, of)) = match rule {
            ProofRule::Contacts => (
                "contacts",
                "/children",
                self.seen(span, |_| true, |event| event.counts_as_contact),
            ),
            ProofRule::Visits => (
                "visits",
                "/children",
                self.seen(span, |_| true, |event| event.counts_as_visit),
            ),
            ProofRule::Enhanced => (
                "enhanced",
                "/children",
                self.seen(span, |it| it.enhanced, |event| event.counts_as_visit),
            ),
            ProofRule::Opened => {
                let opened = self.children.iter().filter(|child| {
                    let day = child
                        .child
                        .text(OPENED_ON)
                        .and_then(|text| text.parse().ok());
                    day.is_some_and(|day: NaiveDate| span.0 <= day && day <= span.1)
                });
                ("opened", "/children", (opened.count(), None))
            }
            ProofRule::Problems { codes } => {
                let count = self.events(codes, span, of_kind(EventKind::Reported));
                ("problems", "/problems", (count, None))
            }
            ProofRule::Calls => {
                let count = self.events(&[], span, of_kind(EventKind::Called));
                ("calls", "/problems", (count, None))
            }
            ProofRule::Steps => {
                let count = self.events(&[], span, |_, by| self.is_stations(by));
                ("steps", "/problems", (count, None))
            }
            ProofRule::Asked => {
                // A tablet has no inbox.
                let link = match self.is_station {
                    true => "/inbox",
                    false => "/children",
                };
                ("asked", link, (self.asked(span), None))
            }
            ProofRule::Rows {
                block,
                codes,
                with,
                filled,
            } => {
                let count = self.rows(block, span, |rule, entry| {
                    is_in(entry, choice(rule), codes)
                        && with.iter().all(|(key, codes)| is_in(entry, key, codes))
                        && says(entry, filled)
                });
                ("rows", "/children", (count, None))
            }
            ProofRule::Work { block, codes } => {
                ("work", "/me/work", (self.work(block, codes, span), None))
            }
        };
        ProofView {
            what: what.to_owned(),
            label: match rule {
                ProofRule::Rows {
                    block,
                    codes,
                    filled,
                    ..
                } => self.label(block, codes, filled),
                ProofRule::Work { block, codes } => self.label(block, codes, &[]),
                ProofRule::Problems { codes } => self.words(codes, "PROBLEM"),
                _ => String::new(),
            },
            done: count(done),
            of: of.map(count),
            link: link.to_owned(),
        }
    }

    /// Visits the station asked to have filled in on a day of the span.
    fn asked(&self, (from, to): (NaiveDate, NaiveDate)) -> usize {
        let children = self.children.iter();
        let asked = children.flat_map(|child| &child.child.asked);
        asked
            .filter(|asked| {
                let day = system::civil_date(asked.recorded_ms);
                from <= day && day <= to && self.is_stations(&asked.by)
            })
            .count()
    }

    /// Rows of the files that stand, were written in the span, and are the ones that are meant.
    fn rows(
        &self,
        block: &str,
        span: (NaiveDate, NaiveDate),
        is_meant: impl Fn(&RowsRule, &Entry) -> bool,
    ) -> usize {
        let Some(rule) = self.packs.file.rows(block) else {
            return 0;
        };
        let rows = self
            .children
            .iter()
            .flat_map(|child| child.child.rows(block));
        rows.filter(|entry| {
            let day = entry
                .date("written_on")
                .or_else(|| entry.date("recorded_on"));
            day.is_some_and(|day| span.0 <= day && day <= span.1) && is_meant(rule, entry)
        })
        .count()
    }

    /// Pieces of work with a day in the span, each once however many children it names.
    fn work(&self, block: &str, codes: &[String], span: (NaiveDate, NaiveDate)) -> usize {
        let Some(kind) = work::kinds(self.packs).find(|kind| kind.block.key == block) else {
            return 0;
        };
        let column = choice(kind.rows);
        let of_unit = self
            .roster
            .work
            .iter()
            .filter(|noun| noun.unit == self.unit);
        let of_unit = of_unit.flat_map(|noun| noun.noun.rows(block));
        // What names children lies with them; what the station wrote there is the station's.
        let of_children = self
            .children
            .iter()
            .flat_map(|child| child.child.rows(block));
        let of_children = of_children
            .filter(|entry| self.is_stations(&entry.text_or_empty("by")) == self.is_station);
        let records: std::collections::BTreeSet<&str> = of_unit
            .chain(of_children)
            .filter(|entry| {
                let day = kind.day(entry);
                day.is_some_and(|day| span.0 <= day && day <= span.1) && is_in(entry, column, codes)
            })
            .map(domain::work::record_of)
            .collect();
        records.len()
    }

    /// 工作记录（会议、培训）, 残疾（用着的器具）.
    fn label(&self, block: &str, codes: &[String], filled: &[String]) -> String {
        let found = self
            .packs
            .file
            .blocks
            .iter()
            .find(|known| known.key == block);
        let Some((title, rule)) = found.and_then(|it| Some((&it.title, it.rows.as_ref()?))) else {
            return block.to_owned();
        };
        let list = rule
            .columns
            .iter()
            .find_map(|column| column.list.as_deref());
        let of_codes = list.map_or_else(String::new, |list| self.words(codes, list));
        let columns = rule.columns.iter();
        let of_columns = columns
            .filter(|column| filled.contains(&column.key))
            .map(|column| column.label.as_str());
        let words: Vec<&str> = std::iter::once(of_codes.as_str())
            .filter(|words| !words.is_empty())
            .chain(of_columns)
            .collect();
        match words.as_slice() {
            [] => title.clone(),
            words => format!("{title}（{}）", words.join("、")),
        }
    }

    /// Codes of a list in words.
    fn words(&self, codes: &[String], list: &str) -> String {
        let words: Vec<&str> = codes
            .iter()
            .map(|code| {
                self.rules
                    .map_or(code.as_str(), |rules| rules.label(list, code))
            })
            .collect();
        words.join("、")
    }
}

/// The column whose codes a rule names.
fn choice(rule: &RowsRule) -> &str {
    let column = rule.columns.iter().find(|column| column.list.is_some());
    column.map_or("", |column| column.key.as_str())
}

/// What a problem is about now: what the station says it mainly is, else what it was reported as, and what beside.
fn kinds(problem: &ProblemStory) -> impl Iterator<Item = &str> {
    let main = problem.fold.main.as_deref();
    let main = main.or_else(|| problem.story.text("type"));
    main.into_iter()
        .chain(problem.fold.also.iter().map(String::as_str))
}

fn is_one(code: &str, codes: &[String]) -> bool {
    codes.iter().any(|it| it == code)
}

fn is_in(entry: &Entry, column: &str, codes: &[String]) -> bool {
    codes.is_empty() || entry.text(column).is_some_and(|code| is_one(code, codes))
}

/// Whether one of the columns says something.
fn says(entry: &Entry, columns: &[String]) -> bool {
    let mut all = columns.iter();
    columns.is_empty() || all.any(|column| entry.text(column).is_some_and(|text| !text.is_empty()))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Ticks an item of one's own unit for a month, or takes one's tick back. Said twice it stands once.
///
/// # Errors
/// `value_invalid`, `not_found` for what is no item of hers, `duties_unknown`, `date_future` for a month to come, `disk_full`.
pub fn tick(tablet: &Tablet, input: &TickDutyInput) -> Result<DutiesView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .duties
        .as_ref()
        .ok_or_else(|| ClientError::new("duties_unknown"))?;
    let (month, _) = month_of(Some(&input.month), roster.today)?;
    if month > first_of(roster.today) {
        return Err(ClientError::new("date_future"));
    }
    let whose = match tablet.identity.role.is_at_station() {
        true => Whose::Station,
        false => Whose::Village,
    };
    let (list, item) = pack
        .item(&input.item)
        .filter(|(list, _)| list.whose == whose)
        .ok_or_else(|| ClientError::new("not_found"))?;
    let (unit, name) = (tablet.identity.unit, name_of(month));
    let standing = ticks(&roster, unit, &name);
    let mine: Vec<&&Entry> = standing
        .iter()
        .filter(|entry| work::is_mine(tablet, entry))
        .filter(|entry| entry.text("item") == Some(input.item.as_str()))
        .collect();
    let signed = |entry: Entry| {
        entry
            .with("block", TICK)
            .with("item", format!("{}/{}", list.code, item.code))
            .with("month", name.as_str())
            .with("recorded_on", roster.today.to_string())
            .with("recorded_ms", tablet.clock.now_ms())
            .with("by", tablet.identity.staff.to_string())
    };
    let mut edits: BTreeMap<_, Vec<Edit>> = BTreeMap::new();
    let mut id = tablet.new_id().to_string();
    if input.done && mine.is_empty() {
        let document = work::month_of_unit(tablet, &roster, &name, &mut edits);
        edits.entry(document).or_default().push(Edit::Add {
            collection: ENTRIES,
            entry: signed(Entry::new(&id)),
        });
    }
    if !input.done {
        for entry in mine {
            let Some(noun) = roster
                .work
                .iter()
                .find(|noun| noun.noun.entries.iter().any(|one| one.id == entry.id))
            else {
                continue;
            };
            id = tablet.new_id().to_string();
            let away = signed(Entry::new(&id))
                .with(REPLACES, entry.id.as_str())
                .with(TAKEN_AWAY, true);
            edits.entry(noun.id).or_default().push(Edit::Add {
                collection: ENTRIES,
                entry: away,
            });
        }
    }
    let writes: Vec<Write> = edits
        .into_iter()
        .map(|(document, edits)| {
            Write::new(document, DocKind::Work, unit, edits).labelled("work", &list.title, &id)
        })
        .collect();
    if !writes.is_empty() {
        records::save(tablet, "duty_ticked", &writes)?;
    }
    let asked = DutiesInput {
        month: Some(name),
        village: None,
    };
    duties(tablet, &asked)
}
