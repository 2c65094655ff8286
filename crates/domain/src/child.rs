//! The child's file 一人一档 as its document holds it: fields, categories, tier facts, and the records about the child.

use crate::cadence::Kind;
use crate::calendar::birthday;
use crate::fill::{Asked, Filling};
use crate::mandatory::Said;
use crate::policy::PolicyPack;
use crate::record::{AMENDMENTS, Edit, Entry, ROWS, Record, standing};
use crate::rights::RightsRow;
use crate::scalar::Scalar;
use crate::screening::SettledLevel;
use crate::status::Status;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Field key of the household the child lives in (a document id; may point outside what this device holds).
pub const HOUSEHOLD: &str = "household";
/// Field key of the date the file was opened (decisions.md 7: for a ledger child the confirm date).
pub const OPENED_ON: &str = "opened_on";
/// Field key: the child was newly found, not mass-imported; decides the first visit's date (domain.md §5.3).
pub const IS_NEW: &str = "is_new";
/// The age at which every file ends (domain.md §3.2).
pub const GROWN_UP: u32 = 18;
/// A category nobody confirmed yet.
pub const SUSPECTED: &str = "suspected";
/// Kind of the fact by which a person of the station lowers the tier (decisions.md 7).
pub const TIER_LOWERED: &str = "tier_lowered";
/// Block of the rows that say that the visits stay as many as they are, though a visit thought otherwise.
pub const TIER_KEPT: &str = "tier_kept";
/// Block of the rows that say why a date was missed.
pub const MISS_NOTES: &str = "misses";
/// Prefix of fields that flag another field for a person's check (需核对), e.g. `flag.id_no`.
pub const FLAG_PREFIX: &str = "flag.";

/// A category with its dates (domain.md §3.2).
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// Entry id.
    pub id: String,
    /// Code of the CATEGORY list, e.g. `LB-1`.
    pub code: String,
    /// First day.
    pub start: Option<NaiveDate>,
    /// First day it does not hold any more, if it ended (从哪天起不再是).
    pub end: Option<NaiveDate>,
    /// Civil date it was recorded.
    pub recorded_on: Option<NaiveDate>,
    /// self_found | application | other_department | import.
    pub basis: String,
    /// Who confirmed it: suspected | village | town | district; empty in what was written before anybody asked.
    pub status: String,
}

impl Category {
    /// 疑似: nobody confirmed it yet, so it has no cadence (decisions.md 7).
    pub fn is_suspected(&self) -> bool {
        self.basis == SUSPECTED || self.status == SUSPECTED
    }
}

/// What was agreed on at a visit for later, as far as a person chose it: what only follows from the rules is not written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The day she said she would come again.
    pub next_visit: Option<NaiveDate>,
    /// The day she said she would call.
    pub next_contact: Option<NaiveDate>,
    /// What she thinks of how often the child is visited, a code of the form; empty where she would leave it as it is.
    pub tier: String,
}

/// A dated fact that decides how often the child is visited (domain.md §5.2).
#[derive(Clone, PartialEq)]
pub struct TierFact {
    /// Entry id.
    pub id: String,
    /// parent_severe_disability | child_disability | child_psych_or_behaviour | a predicate of the pack | tier_lowered.
    pub kind: String,
    /// First day it is true.
    pub from: Option<NaiveDate>,
    /// Last day, if it ended.
    pub to: Option<NaiveDate>,
    /// Civil date it was recorded; the tier changes on this day (decisions.md 7).
    pub recorded_on: Option<NaiveDate>,
    /// Words for the reason, e.g. 母亲重度残疾.
    pub words: String,
    /// Who approved, for `tier_lowered`.
    pub approved_by: Option<String>,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// A stretch of time in which one or both cadences rest (domain.md §5.5).
#[derive(Debug, Clone, PartialEq)]
pub struct Pause {
    /// Entry id.
    pub id: String,
    /// TEMP_AWAY | HOSPITAL | …
    pub reason: String,
    /// contact | visit, where only that rests; else what the pack says of the reason.
    pub kind: Option<Kind>,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day; open when none.
    pub to: Option<NaiveDate>,
}

/// The child's part of a home visit (走访记录).
#[derive(Clone, PartialEq, Default)]
pub struct ChildVisit {
    /// Entry id, also the record id.
    pub id: String,
    /// Id of the session entry in the household document.
    pub session: String,
    /// Household document.
    pub household: String,
    /// Civil date of the visit.
    pub event_date: Option<NaiveDate>,
    /// Civil date it was typed in.
    pub recorded_on: Option<NaiveDate>,
    /// When it was saved, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// PLACE code.
    pub place: String,
    /// KIND code of the visit.
    pub kind: String,
    /// MET codes.
    pub met: Vec<String>,
    /// The child was met.
    pub seen: bool,
    /// The child boarded at school at the time.
    pub boarder: bool,
    /// Form pack and hash, for ever.
    pub form: String,
    /// ≤ 200 characters for the national column.
    pub summary: String,
    /// The answers that ask for a mandatory report, each as a [`crate::mandatory::Reason`] reads it.
    pub mandatory: Vec<String>,
    /// Questions that were to be answered and were still open when it was saved, named as [`crate::fill`] says.
    pub open: Vec<String>,
    /// The whole form was open, not the short one.
    pub full: bool,
    /// What was agreed on for later.
    pub plan: Plan,
    /// Staff id as claimed in the entry; the envelope's author is what counts.
    pub by: String,
    /// Answers of the child's part.
    pub answers: BTreeMap<String, Scalar>,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// A contact (联系记录).
#[derive(Clone, PartialEq)]
pub struct Contact {
    /// Entry id, also the record id.
    pub id: String,
    /// Civil date.
    pub event_date: Option<NaiveDate>,
    /// Civil date it was typed in.
    pub recorded_on: Option<NaiveDate>,
    /// When it was saved, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// CONTACT_MODE code.
    pub mode: String,
    /// PARTY codes.
    pub party: Vec<String>,
    /// Somebody answered.
    pub reached: bool,
    /// normal | watch | problem; none when not reached.
    pub child_state: Option<String>,
    /// TOPIC codes; empty = 未问 (decisions.md 11).
    pub topics: Vec<String>,
    /// y | n | unk; none = 未问.
    pub parent_contact_ok: Option<String>,
    /// When, how long, who began it, and what comes next.
    pub more: ContactMore,
    /// Free text.
    pub note: String,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// What may be said of a contact besides (domain.md §4.2); none = 未问.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ContactMore {
    /// When it began, `HH:MM`.
    pub start: Option<String>,
    /// How many minutes it took.
    pub minutes: Option<i64>,
    /// INITIATOR code.
    pub initiated_by: Option<String>,
    /// When she means to be in touch again.
    pub next_on: Option<NaiveDate>,
    /// CONTACT_MODE code she means to use then.
    pub next_mode: Option<String>,
}

/// Nobody was met (没见到人); counts for nothing.
#[derive(Clone, PartialEq)]
pub struct Attempt {
    /// Entry id, also the record id.
    pub id: String,
    /// Civil date.
    pub event_date: Option<NaiveDate>,
    /// Civil date it was typed in.
    pub recorded_on: Option<NaiveDate>,
    /// When it was saved, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// ATTEMPT_REASON code.
    pub reason: String,
    /// When she means to come again.
    pub next_on: Option<NaiveDate>,
    /// Free text.
    pub note: String,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// A correction of a record: added words, a corrected date, answers to what was open, or 作废. History is kept.
#[derive(Clone, PartialEq, Default)]
pub struct Amendment {
    /// Entry id.
    pub id: String,
    /// The record corrected.
    pub record: String,
    /// Added words.
    pub text: Option<String>,
    /// 作废.
    pub void: bool,
    /// Corrected civil date.
    pub event_date: Option<NaiveDate>,
    /// Why.
    pub reason: String,
    /// Answers to questions that were left open.
    pub filling: Filling,
    /// What the station asked for and this gives, entry ids of [`Asked`].
    pub fulfils: Vec<String>,
    /// Civil date it was made.
    pub recorded_on: Option<NaiveDate>,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// A child's document, read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Child {
    /// Fields (keys of domain.md §3, see `office` columns).
    pub fields: BTreeMap<String, Scalar>,
    /// Values of the last import.
    pub imported: BTreeMap<String, Scalar>,
    /// Categories.
    pub categories: Vec<Category>,
    /// Facts that decide the tier.
    pub tier_facts: Vec<TierFact>,
    /// Risk levels that a person settled, in causal order; the last one stands.
    pub settled_levels: Vec<SettledLevel>,
    /// Pauses.
    pub pauses: Vec<Pause>,
    /// Visits.
    pub visits: Vec<ChildVisit>,
    /// Contacts.
    pub contacts: Vec<Contact>,
    /// Attempts.
    pub attempts: Vec<Attempt>,
    /// Corrections.
    pub amendments: Vec<Amendment>,
    /// What was said to the questions whether something was reported ([`crate::mandatory`]), in causal order. No later row
    /// takes one away.
    pub mandatory: Vec<Said>,
    /// What a family asked for about this file, and the answers ([`crate::rights`]), in causal order. No later row takes one
    /// away.
    pub rights: Vec<RightsRow>,
    /// What the station asked to have filled in ([`crate::fill`]), in causal order.
    pub asked: Vec<Asked>,
    /// The entries of the file's blocks that stand, by collection, as they were written: categories, tier facts, pauses, rows.
    pub listed: BTreeMap<&'static str, Vec<Entry>>,
    /// Whether the file runs. Who may decide that is not in the document: whoever knows the authors folds it
    /// ([`crate::status::fold`]); until then it runs.
    pub status: Status,
}

/// Collections of a child whose entries a person may put right or end by a later one.
const LISTED: [&str; 4] = ["categories", "tier_facts", "pauses", ROWS];

/// The standing entries of collections.
pub(crate) fn listed(
    record: &Record,
    collections: &[&'static str],
) -> BTreeMap<&'static str, Vec<Entry>> {
    collections
        .iter()
        .map(|name| {
            let entries = standing(record.entries(name));
            (*name, entries.into_iter().cloned().collect())
        })
        .collect()
}

impl Child {
    /// Reads the noun from its record. Missing values have a meaning (empty), unknown ones stay in the document.
    pub fn from_record(record: &Record) -> Self {
        let listed = listed(record, &LISTED);
        let of = |name: &str| listed.get(name).map_or(&[][..], Vec::as_slice).iter();
        Self {
            fields: record.fields.clone(),
            imported: record.imported.clone(),
            categories: of("categories").map(category).collect(),
            tier_facts: of("tier_facts")
                .filter(|entry| SettledLevel::from_entry(entry).is_none())
                .map(tier_fact)
                .collect(),
            settled_levels: record
                .entries("tier_facts")
                .iter()
                .filter_map(SettledLevel::from_entry)
                .collect(),
            pauses: of("pauses").map(pause).collect(),
            visits: record.entries("visits").iter().map(visit).collect(),
            contacts: record.entries("contacts").iter().map(contact).collect(),
            attempts: record.entries("attempts").iter().map(attempt).collect(),
            amendments: record.entries(AMENDMENTS).iter().map(amendment).collect(),
            mandatory: record
                .entries(ROWS)
                .iter()
                .filter_map(Said::from_entry)
                .collect(),
            rights: record
                .entries(ROWS)
                .iter()
                .filter_map(RightsRow::from_entry)
                .collect(),
            asked: record
                .entries(ROWS)
                .iter()
                .filter_map(Asked::from_entry)
                .collect(),
            listed,
            status: Status::default(),
        }
    }

    /// The standing entries of a collection.
    pub fn entries(&self, collection: &str) -> &[Entry] {
        self.listed.get(collection).map_or(&[], Vec::as_slice)
    }

    /// The standing rows of a block.
    pub fn rows<'a>(&'a self, block: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries(ROWS)
            .iter()
            .filter(move |entry| entry.text("block") == Some(block))
    }

    /// Text of a field.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Scalar::as_text)
    }

    /// Name, empty when 未采集.
    pub fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }

    /// Birth date, if known to the day.
    pub fn birth_date(&self) -> Option<NaiveDate> {
        self.text("birth_date").and_then(|text| text.parse().ok())
    }

    /// The household's document id.
    pub fn household(&self) -> Option<&str> {
        self.text(HOUSEHOLD)
    }

    /// Left behind on this day (LB-1 or LB-2, domain.md §3.2): somebody confirmed it, it has begun and not ended, and the
    /// child is below the age at which the rules end it.
    pub fn is_left_behind(&self, pack: Option<&PolicyPack>, day: NaiveDate) -> bool {
        self.categories.iter().any(|category| {
            let rule = pack.and_then(|pack| pack.category(&category.code));
            let of_age = match (self.birth_date(), rule) {
                (Some(birth), Some(rule)) => day >= birthday(birth, rule.upper_age),
                _ => false,
            };
            category.code.starts_with("LB-")
                && !category.is_suspected()
                && !of_age
                && category.start.is_none_or(|start| start <= day)
                && category.end.is_none_or(|end| day < end)
        })
    }

    /// The day that was agreed on with the family for a visit or a contact: what the newest record says, as long as nothing
    /// newer was done. It moves no due date.
    pub fn agreed(&self, kind: Kind) -> Option<NaiveDate> {
        let mut newest: Option<(Option<NaiveDate>, i64, Option<NaiveDate>)> = None;
        let mut take = |record: &str, on: Option<NaiveDate>, ms: i64, day: Option<NaiveDate>| {
            let on = self.effective_date(record, on);
            let later = newest.is_none_or(|(date, at, _)| (date, at) < (on, ms));
            if later && !self.is_voided(record) {
                newest = Some((on, ms, day));
            }
        };
        for visit in &self.visits {
            let day = match kind {
                Kind::Visit => visit.plan.next_visit,
                Kind::Contact => visit.plan.next_contact,
            };
            take(&visit.id, visit.event_date, visit.recorded_ms, day);
        }
        match kind {
            Kind::Visit => {
                for one in &self.attempts {
                    take(&one.id, one.event_date, one.recorded_ms, one.next_on);
                }
            }
            Kind::Contact => {
                for one in self.contacts.iter().filter(|one| one.reached) {
                    let day = one.more.next_on;
                    take(&one.id, one.event_date, one.recorded_ms, day);
                }
            }
        }
        newest.and_then(|(_, _, day)| day)
    }

    /// The newest visit that stands, where it thinks that the visits should be more or fewer and nobody changed anything
    /// about that since: neither a fact that decides the tier nor a level was written, nor did anybody say that they stay.
    pub fn suggests_tier(&self) -> Option<&ChildVisit> {
        let visits = self.visits.iter().filter(|one| !self.is_voided(&one.id));
        let newest = visits.max_by_key(|one| {
            let date = self.effective_date(&one.id, one.event_date);
            (date, one.recorded_ms)
        })?;
        let is_later = |entry: &Entry| match entry.int("recorded_ms") {
            Some(at) => at > newest.recorded_ms,
            None => entry.date("recorded_on") > newest.recorded_on,
        };
        let is_decided = self.entries("tier_facts").iter().any(is_later)
            || self
                .settled_levels
                .iter()
                .any(|level| level.record == newest.id)
            || self
                .rows(TIER_KEPT)
                .any(|kept| kept.text("record") == Some(newest.id.as_str()));
        (!newest.plan.tier.is_empty() && !is_decided).then_some(newest)
    }

    /// Is the record 作废?
    pub fn is_voided(&self, record: &str) -> bool {
        self.amendments
            .iter()
            .any(|amendment| amendment.record == record && amendment.void)
    }

    /// The date of a record after corrections: the causally last corrected date, else the recorded one.
    pub fn effective_date(&self, record: &str, recorded: Option<NaiveDate>) -> Option<NaiveDate> {
        self.amendments
            .iter()
            .filter(|amendment| amendment.record == record)
            .filter_map(|amendment| amendment.event_date)
            .next_back()
            .or(recorded)
    }
}

fn category(entry: &Entry) -> Category {
    Category {
        id: entry.id.clone(),
        code: entry.text_or_empty("code"),
        start: entry.date("start"),
        end: entry.date("end"),
        recorded_on: entry.date("recorded_on"),
        basis: entry.text_or_empty("basis"),
        status: entry.text_or_empty("status"),
    }
}

fn tier_fact(entry: &Entry) -> TierFact {
    TierFact {
        id: entry.id.clone(),
        kind: entry.text_or_empty("kind"),
        from: entry.date("from"),
        to: entry.date("to"),
        recorded_on: entry.date("recorded_on"),
        words: entry.text_or_empty("words"),
        approved_by: entry.text("approved_by").map(str::to_owned),
        made_by: entry.made_by,
    }
}

fn pause(entry: &Entry) -> Pause {
    Pause {
        id: entry.id.clone(),
        reason: entry.text_or_empty("reason"),
        kind: match entry.text("kind") {
            Some("contact") => Some(Kind::Contact),
            Some("visit") => Some(Kind::Visit),
            _ => None,
        },
        from: entry.date("from"),
        to: entry.date("to"),
    }
}

fn visit(entry: &Entry) -> ChildVisit {
    ChildVisit {
        id: entry.id.clone(),
        session: entry.text_or_empty("session"),
        household: entry.text_or_empty("household"),
        event_date: entry.date("event_date"),
        recorded_on: entry.date("recorded_on"),
        recorded_ms: entry.int("recorded_ms").unwrap_or(0),
        place: entry.text_or_empty("place"),
        kind: entry.text_or_empty("kind"),
        met: entry.codes("met"),
        seen: entry.is("seen"),
        boarder: entry.is("boarder"),
        form: entry.text_or_empty("form"),
        summary: entry.text_or_empty("summary"),
        mandatory: entry.codes("mandatory"),
        open: entry.codes("open"),
        full: entry.is("full"),
        plan: Plan {
            next_visit: entry.date("next_visit"),
            next_contact: entry.date("next_contact"),
            tier: entry.text_or_empty("tier_suggest"),
        },
        by: entry.text_or_empty("by"),
        answers: entry.answers.clone(),
        made_by: entry.made_by,
    }
}

fn contact(entry: &Entry) -> Contact {
    Contact {
        id: entry.id.clone(),
        event_date: entry.date("event_date"),
        recorded_on: entry.date("recorded_on"),
        recorded_ms: entry.int("recorded_ms").unwrap_or(0),
        mode: entry.text_or_empty("mode"),
        party: entry.codes("party"),
        reached: entry.is("reached"),
        child_state: entry.text("child_state").map(str::to_owned),
        topics: entry.codes("topics"),
        parent_contact_ok: entry.text("parent_contact_ok").map(str::to_owned),
        more: ContactMore::from_entry(entry),
        note: entry.text_or_empty("note"),
        by: entry.text_or_empty("by"),
        made_by: entry.made_by,
    }
}

fn attempt(entry: &Entry) -> Attempt {
    Attempt {
        id: entry.id.clone(),
        event_date: entry.date("event_date"),
        recorded_on: entry.date("recorded_on"),
        recorded_ms: entry.int("recorded_ms").unwrap_or(0),
        reason: entry.text_or_empty("reason"),
        next_on: entry.date("next_on"),
        note: entry.text_or_empty("note"),
        by: entry.text_or_empty("by"),
        made_by: entry.made_by,
    }
}

/// Reads a correction; a household has them as well.
pub(crate) fn amendment(entry: &Entry) -> Amendment {
    Amendment {
        id: entry.id.clone(),
        record: entry.text_or_empty("record"),
        text: entry.text("text").map(str::to_owned),
        void: entry.is("void"),
        event_date: entry.date("event_date"),
        reason: entry.text_or_empty("reason"),
        filling: Filling::from_entry(entry),
        fulfils: entry.codes("fulfils"),
        recorded_on: entry.date("recorded_on"),
        by: entry.text_or_empty("by"),
        made_by: entry.made_by,
    }
}

fn date_text(date: Option<NaiveDate>) -> Scalar {
    date.map(|date| date.to_string()).into()
}

impl ChildVisit {
    /// The edit that records the child's part.
    pub fn to_edit(&self) -> Edit {
        let mut entry = Entry::new(&self.id)
            .with("session", self.session.as_str())
            .with("household", self.household.as_str())
            .with("event_date", date_text(self.event_date))
            .with("recorded_on", date_text(self.recorded_on))
            .with("recorded_ms", self.recorded_ms)
            .with("place", self.place.as_str())
            .with("kind", self.kind.as_str())
            .with_codes("met", &self.met)
            .with("seen", self.seen)
            .with("boarder", self.boarder)
            .with("form", self.form.as_str())
            .with("summary", self.summary.as_str())
            .with_codes("mandatory", &self.mandatory)
            .with_codes("open", &self.open)
            .with("by", self.by.as_str());
        if self.full {
            entry = entry.with("full", true);
        }
        for (key, day) in [
            ("next_visit", self.plan.next_visit),
            ("next_contact", self.plan.next_contact),
        ] {
            if let Some(day) = day {
                entry = entry.with(key, day.to_string());
            }
        }
        if !self.plan.tier.is_empty() {
            entry = entry.with("tier_suggest", self.plan.tier.as_str());
        }
        entry.answers.clone_from(&self.answers);
        Edit::Add {
            collection: "visits",
            entry,
        }
    }
}

impl Contact {
    /// The edit that records the contact.
    pub fn to_edit(&self) -> Edit {
        Edit::Add {
            collection: "contacts",
            entry: Entry::new(&self.id)
                .with("event_date", date_text(self.event_date))
                .with("recorded_on", date_text(self.recorded_on))
                .with("recorded_ms", self.recorded_ms)
                .with("mode", self.mode.as_str())
                .with_codes("party", &self.party)
                .with("reached", self.reached)
                .with("child_state", self.child_state.as_deref())
                .with_codes("topics", &self.topics)
                .with("parent_contact_ok", self.parent_contact_ok.as_deref())
                .with("start", self.more.start.as_deref())
                .with("minutes", self.more.minutes)
                .with("initiated_by", self.more.initiated_by.as_deref())
                .with("next_on", date_text(self.more.next_on))
                .with("next_mode", self.more.next_mode.as_deref())
                .with("note", self.note.as_str())
                .with("by", self.by.as_str()),
        }
    }
}

impl ContactMore {
    /// As it stands in an entry; a contact of before says nothing of it.
    pub fn from_entry(entry: &Entry) -> Self {
        let text = |key: &str| entry.text(key).map(str::to_owned);
        Self {
            start: text("start"),
            minutes: entry.int("minutes"),
            initiated_by: text("initiated_by"),
            next_on: entry.date("next_on"),
            next_mode: text("next_mode"),
        }
    }
}

impl Attempt {
    /// The edit that records the attempt.
    pub fn to_edit(&self) -> Edit {
        Edit::Add {
            collection: "attempts",
            entry: Entry::new(&self.id)
                .with("event_date", date_text(self.event_date))
                .with("recorded_on", date_text(self.recorded_on))
                .with("recorded_ms", self.recorded_ms)
                .with("reason", self.reason.as_str())
                .with("next_on", date_text(self.next_on))
                .with("note", self.note.as_str())
                .with("by", self.by.as_str()),
        }
    }
}

impl Amendment {
    /// The edit that records the correction.
    pub fn to_edit(&self) -> Edit {
        let entry = Entry::new(&self.id)
            .with("record", self.record.as_str())
            .with("text", self.text.as_deref())
            .with("void", self.void)
            .with("event_date", date_text(self.event_date))
            .with("reason", self.reason.as_str())
            .with("recorded_on", date_text(self.recorded_on))
            .with_codes("fulfils", &self.fulfils)
            .with("by", self.by.as_str());
        Edit::Add {
            collection: AMENDMENTS,
            entry: self.filling.put_into(entry),
        }
    }
}

impl Category {
    /// The edit that adds the category.
    pub fn to_edit(&self) -> Edit {
        Edit::Add {
            collection: "categories",
            entry: Entry::new(&self.id)
                .with("code", self.code.as_str())
                .with("start", date_text(self.start))
                .with("end", date_text(self.end))
                .with("recorded_on", date_text(self.recorded_on))
                .with("basis", self.basis.as_str())
                .with("status", self.status.as_str()),
        }
    }
}

impl Pause {
    /// The edit that adds the pause.
    pub fn to_edit(&self) -> Edit {
        Edit::Add {
            collection: "pauses",
            entry: Entry::new(&self.id)
                .with("reason", self.reason.as_str())
                .with(
                    "kind",
                    self.kind.map(|kind| match kind {
                        Kind::Contact => "contact",
                        Kind::Visit => "visit",
                    }),
                )
                .with("from", date_text(self.from))
                .with("to", date_text(self.to)),
        }
    }
}

impl TierFact {
    /// The edit that adds the fact.
    pub fn to_edit(&self) -> Edit {
        Edit::Add {
            collection: "tier_facts",
            entry: Entry::new(&self.id)
                .with("kind", self.kind.as_str())
                .with("from", date_text(self.from))
                .with("to", date_text(self.to))
                .with("recorded_on", date_text(self.recorded_on))
                .with("words", self.words.as_str())
                .with("approved_by", self.approved_by.as_deref()),
        }
    }
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(TierFact, ChildVisit, Contact, Attempt, Amendment);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::doc;
    use ids::DocKind;

    fn day(text: &str) -> Option<NaiveDate> {
        text.parse().ok()
    }

    #[test]
    fn a_contact_reads_back_as_it_was_written() {
        let contact = Contact {
            id: "c1".into(),
            event_date: day("2026-11-20"),
            recorded_on: day("2026-11-21"),
            recorded_ms: 5,
            mode: "phone".into(),
            party: vec!["carer".into(), "child".into()],
            reached: true,
            child_state: Some("normal".into()),
            topics: Vec::new(),
            parent_contact_ok: None,
            more: ContactMore {
                start: Some("18:05".into()),
                minutes: Some(12),
                initiated_by: Some("child".into()),
                next_on: day("2026-12-03"),
                next_mode: None,
            },
            note: String::new(),
            by: "s1".into(),
            made_by: None,
        };
        let mut document = doc::start(DocKind::Child).expect("starts");
        let made = doc::apply(&mut document, [1; 16], 0, &[contact.to_edit()])
            .expect("applies")
            .expect("changes");
        let child = Child::from_record(&doc::read(&document));
        assert_eq!(
            child.contacts,
            [Contact {
                made_by: Some(made.hash),
                ..contact
            }]
        );
    }

    #[test]
    fn an_amendment_moves_the_date_and_a_void_takes_the_record_out() {
        let amendment = |id: &str, void: bool, date: Option<NaiveDate>| Amendment {
            id: id.into(),
            record: "v1".into(),
            void,
            event_date: date,
            reason: "日期记错".into(),
            recorded_on: day("2026-11-21"),
            by: "s1".into(),
            ..Amendment::default()
        };
        let child = Child {
            amendments: vec![
                amendment("a1", false, day("2026-11-02")),
                amendment("a2", true, None),
            ],
            ..Child::default()
        };
        assert_eq!(
            child.effective_date("v1", day("2026-11-01")),
            day("2026-11-02")
        );
        assert_eq!(
            child.effective_date("v2", day("2026-11-01")),
            day("2026-11-01")
        );
        assert!(child.is_voided("v1"));
        assert!(!child.is_voided("v2"));
    }

    fn pack() -> PolicyPack {
        PolicyPack::parse(include_str!("../../../policy/sh-2024-2026.json"))
            .expect("the shipped pack is tested")
    }

    fn left_behind(status: &str) -> Child {
        Child {
            categories: vec![Category {
                id: "1".to_owned(),
                code: "LB-1".to_owned(),
                start: day("2026-01-01"),
                end: day("2026-07-01"),
                recorded_on: None,
                basis: String::new(),
                status: status.to_owned(),
            }],
            ..Child::default()
        }
    }

    #[test]
    fn left_behind_holds_from_its_first_day_to_the_day_it_is_no_more() {
        let child = left_behind("village");
        for (on, holds) in [
            ("2025-12-31", false),
            ("2026-01-01", true),
            ("2026-06-30", true),
            ("2026-07-01", false),
        ] {
            let on = on.parse().expect("a date");
            assert_eq!(child.is_left_behind(Some(&pack()), on), holds, "{on}");
        }
    }

    #[test]
    fn nobody_is_left_behind_who_is_only_suspected_or_of_age() {
        let on = "2026-03-01".parse().expect("a date");
        assert!(!left_behind(SUSPECTED).is_left_behind(Some(&pack()), on));
        let mut child = left_behind("village");
        let age = pack().category("LB-1").expect("it is there").upper_age;
        let year = |years: u32| format!("{}-03-01", 2026 - years);
        child
            .fields
            .insert("birth_date".to_owned(), year(age).into());
        assert!(
            !child.is_left_behind(Some(&pack()), on),
            "that is the birthday"
        );
        let younger = format!("{}-03-02", 2026 - age);
        child.fields.insert("birth_date".to_owned(), younger.into());
        assert!(child.is_left_behind(Some(&pack()), on), "the day before");
    }

    fn visit(id: &str, on: &str, next: Option<&str>, tier: &str) -> ChildVisit {
        ChildVisit {
            id: id.into(),
            event_date: day(on),
            recorded_on: day(on),
            recorded_ms: 10,
            plan: Plan {
                next_visit: next.and_then(day),
                next_contact: None,
                tier: tier.into(),
            },
            ..ChildVisit::default()
        }
    }

    #[test]
    fn a_visit_reads_back_with_what_it_left_open_and_what_was_agreed_on() {
        let written = ChildVisit {
            open: vec!["f_mood".into(), "household/b_food".into()],
            full: true,
            ..visit("v1", "2026-11-20", Some("2026-12-03"), "more")
        };
        let mut document = doc::start(DocKind::Child).expect("starts");
        let made = doc::apply(&mut document, [1; 16], 0, &[written.to_edit()])
            .expect("applies")
            .expect("changes");
        let read = Child::from_record(&doc::read(&document));
        let expected = ChildVisit {
            made_by: Some(made.hash),
            ..written
        };
        assert!(read.visits == [expected]);
    }

    #[test]
    fn an_agreed_day_stands_until_something_newer_was_done() {
        let mut child = Child {
            visits: vec![visit("v1", "2026-11-20", Some("2026-12-03"), "")],
            ..Child::default()
        };
        assert_eq!(child.agreed(Kind::Visit), day("2026-12-03"));
        assert_eq!(child.agreed(Kind::Contact), None);
        child.attempts.push(Attempt {
            id: "t1".into(),
            event_date: day("2026-12-03"),
            recorded_on: day("2026-12-03"),
            recorded_ms: 20,
            reason: "nobody_home".into(),
            next_on: day("2026-12-08"),
            note: String::new(),
            by: String::new(),
            made_by: None,
        });
        assert_eq!(child.agreed(Kind::Visit), day("2026-12-08"));
        child.amendments.push(Amendment {
            id: "a1".into(),
            record: "t1".into(),
            void: true,
            ..Amendment::default()
        });
        assert_eq!(child.agreed(Kind::Visit), day("2026-12-03"), "voided");
        child.visits.push(visit("v2", "2026-12-08", None, ""));
        assert_eq!(child.agreed(Kind::Visit), None);
    }

    #[test]
    fn a_suggested_tier_stands_until_somebody_decides_or_visits_again() {
        let fact = |at: i64| {
            Entry::new("f1")
                .with("kind", TIER_LOWERED)
                .with("recorded_ms", at)
        };
        let mut child = Child {
            visits: vec![visit("v1", "2026-11-20", None, "more")],
            ..Child::default()
        };
        let suggests = |child: &Child| child.suggests_tier().map(|visit| visit.id.clone());
        assert_eq!(suggests(&child).as_deref(), Some("v1"));
        child.listed.insert("tier_facts", vec![fact(5)]);
        assert_eq!(
            suggests(&child).as_deref(),
            Some("v1"),
            "it was there before"
        );
        child.listed.insert("tier_facts", vec![fact(11)]);
        assert_eq!(suggests(&child), None);
        child.listed.clear();
        let kept = |record: &str| {
            Entry::new("k1")
                .with("block", TIER_KEPT)
                .with("record", record)
        };
        child.listed.insert(ROWS, vec![kept("v0")]);
        assert!(suggests(&child).is_some(), "about an earlier visit");
        child.listed.insert(ROWS, vec![kept("v1")]);
        assert_eq!(suggests(&child), None, "it stays as it is");
        child.listed.clear();
        child.visits.push(visit("v2", "2026-12-08", None, ""));
        assert_eq!(suggests(&child), None);
    }
}
