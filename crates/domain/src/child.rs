//! The child's file 一人一档 as its document holds it: fields, categories, tier facts, and the records about the child.

mod entries;

pub(crate) use entries::amendment;
pub use entries::{
    Amendment, Attempt, Category, ChildVisit, Contact, ContactMore, Pause, Plan, TierFact,
};
use entries::{attempt, category, contact, pause, tier_fact, visit};

use crate::cadence::Kind;
use crate::calendar::birthday;
use crate::fill::Asked;
use crate::mandatory::Said;
use crate::policy::PolicyPack;
use crate::record::{AMENDMENTS, Entry, ROWS, Record, standing};
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

    /// Who brings the child up by the file: a code of REL, or of CAREGIVER_CLASS where only that is written.
    pub fn carer(&self) -> Option<&str> {
        let written = |key| self.text(key).filter(|code| !code.is_empty());
        written("carer_relation").or_else(|| written("carer_class"))
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

    /// Left behind on this day by a category the rules count so (domain.md §3.2): somebody confirmed it, it has begun and not
    /// ended, and the child is below the age at which the rules end it. Without rules nobody is.
    pub fn is_left_behind(&self, pack: Option<&PolicyPack>, day: NaiveDate) -> bool {
        let Some(pack) = pack else {
            return false;
        };
        self.categories.iter().any(|category| {
            let rule = pack.category(&category.code);
            let of_age = match (self.birth_date(), rule) {
                (Some(birth), Some(rule)) => day >= birthday(birth, rule.upper_age),
                _ => false,
            };
            pack.is_left_behind(&category.code)
                && !category.is_suspected()
                && !of_age
                && category.start.is_none_or(|start| start <= day)
                && category.end.is_none_or(|end| day < end)
        })
    }

    /// Whether the parents were in touch with the child in the week before the newest contact that asked it: `y` or `n`, and
    /// the day of that contact. None where it was told that nobody knows: what was known of an earlier week is over then.
    pub fn parents_in_touch(&self) -> Option<(Option<NaiveDate>, &str)> {
        let standing = self.contacts.iter().filter(|one| !self.is_voided(&one.id));
        let told = standing.filter_map(|one| {
            let said = one.parent_contact_ok.as_deref();
            let said = said.filter(|said| ["y", "n", "unk"].contains(said))?;
            let day = self.effective_date(&one.id, one.event_date);
            Some(((day, one.recorded_ms), said))
        });
        let newest = told.max_by_key(|(when, _)| *when);
        newest
            .filter(|(_, said)| *said != "unk")
            .map(|((day, _), said)| (day, said))
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
            carer: Some("52".into()),
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
    fn whether_parents_were_in_touch_is_what_the_newest_contact_was_told() {
        let told = |id: &str, on: &str, said: Option<&str>| Contact {
            id: id.into(),
            event_date: day(on),
            recorded_on: day(on),
            recorded_ms: 0,
            mode: "phone".into(),
            party: vec!["child".into()],
            reached: true,
            carer: None,
            child_state: None,
            topics: Vec::new(),
            parent_contact_ok: said.map(str::to_owned),
            more: ContactMore::default(),
            note: String::new(),
            by: "s1".into(),
            made_by: None,
        };
        let mut child = Child::default();
        assert_eq!(child.parents_in_touch(), None);
        child.contacts.push(told("c1", "2026-11-10", Some("n")));
        let not = Some((day("2026-11-10"), "n"));
        assert_eq!(child.parents_in_touch(), not);
        // Written down late, and not asked: neither says anything newer.
        child.contacts.push(told("c2", "2026-11-03", Some("y")));
        child.contacts.push(told("c3", "2026-11-17", None));
        assert_eq!(child.parents_in_touch(), not);
        child.contacts.push(told("c5", "2026-11-24", Some("y")));
        assert_eq!(child.parents_in_touch(), Some((day("2026-11-24"), "y")));
        child.amendments.push(Amendment {
            id: "a1".into(),
            record: "c5".into(),
            void: true,
            ..Amendment::default()
        });
        assert_eq!(child.parents_in_touch(), not);
        // Asked again, and nobody knows: what was said of an earlier week is not said of this one.
        child.contacts.push(told("c4", "2026-11-18", Some("unk")));
        assert_eq!(child.parents_in_touch(), None);
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
    fn another_province_names_its_categories_as_it_likes() {
        let other = include_str!("../../../tests/cases/packs/colour-tiers.json");
        let other = PolicyPack::parse(other).expect("another province's pack");
        let on = "2026-03-01".parse().expect("a date");
        let mut child = left_behind("village");
        assert!(!child.is_left_behind(Some(&other), on), "it has no LB-1");
        assert!(!child.is_left_behind(None, on), "nobody said who is");
        child.categories[0].code = "LB".to_owned();
        assert!(child.is_left_behind(Some(&other), on));
        assert!(!child.is_left_behind(Some(&pack()), on));
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
            carer: Some("51".into()),
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
