//! The dated packs a device works by: rules, forms, the columns of the file. Delivered by the server as POLICY entries.

use chrono::NaiveDate;
use domain::area::AreaTable;
use domain::benefit::BenefitPack;
use domain::breach::BreachPack;
use domain::child_rules::ChildRules;
use domain::code_list::{CodeList, CodeLists};
use domain::duty::DutyPack;
use domain::file::{FieldRule, FilePack};
use domain::form::FormPack;
use domain::policy::{PolicyPack, PolicySet};
use domain::screening::ScreeningPack;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// All packs of a device, read once per change.
#[derive(Debug, Clone, Default)]
pub struct Packs {
    /// Rules by date.
    pub rules: PolicySet,
    /// Forms; the last of an id is the newest version.
    pub forms: Vec<FormPack>,
    /// How risk is screened; the newest version.
    pub screening: Option<ScreeningPack>,
    /// What a family may ask for; the newest version.
    pub benefits: Option<BenefitPack>,
    /// Duties and services as lists; the newest version.
    pub duties: Option<DutyPack>,
    /// What is done when something was lost or leaked; the newest version.
    pub breach: Option<BreachPack>,
    /// The rules for children under fourteen and who answers for them; the newest.
    pub child_rules: Option<ChildRules>,
    /// Blocks of the child's file, and what of it a person should look at.
    pub file: FilePack,
    /// Names of places by area code (`cargo xtask areas`).
    pub areas: AreaTable,
    /// Packs that could not be read, with the reason, for the log and 我的.
    pub unreadable: Vec<(String, String)>,
    /// Id and raw JSON of what this crate does not interpret (ledger columns).
    pub others: Vec<(String, String)>,
}

/// What is put behind the id of a pack that came in the place of another and could not be read: the other one goes on
/// holding until an app comes that reads it.
pub(crate) const UNREAD: &str = "~unread";

/// The packs this process read last, beside their text. Unlocking reads the same ones again, every time.
static LAST: Mutex<Option<LastRead>> = Mutex::new(None);

struct LastRead {
    rows: Vec<(String, String)>,
    packs: Arc<Packs>,
}

impl Packs {
    /// As [`Self::read`], and remembers what came of it.
    pub(crate) fn read_once(rows: Vec<(String, String)>) -> Arc<Self> {
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref()
            && last.rows == rows
        {
            return last.packs.clone();
        }
        let read = Arc::new(Self::read(
            rows.iter().map(|(id, json)| (id.as_str(), json.as_str())),
        ));
        for (id, reason) in &read.unreadable {
            tracing::error!(id, reason, "a pack could not be read");
        }
        *last = Some(LastRead {
            rows,
            packs: read.clone(),
        });
        read
    }

    /// Reads packs. One that cannot be read is named and left out; it never stops the app.
    pub fn read<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut packs = Self::default();
        let mut rules: Vec<PolicyPack> = Vec::new();
        let mut lists: BTreeMap<String, CodeList> = BTreeMap::new();
        for (id, json) in in_their_place(rows) {
            let value: serde_json::Value = match serde_json::from_str(json) {
                Ok(value) => value,
                Err(error) => {
                    packs.unreadable.push((id.to_owned(), error.to_string()));
                    continue;
                }
            };
            // Forms first: a station may publish one, and nothing else may come that way.
            if value.get("sections").is_some() {
                match FormPack::from_json(json) {
                    Ok(form) => packs.forms.push(form),
                    Err(error) => packs.unreadable.push((id.to_owned(), error.to_string())),
                }
            } else if value.get("tiers").is_some() {
                match PolicyPack::parse(json) {
                    Ok(pack) => rules.push(pack),
                    Err(error) => packs.unreadable.push((id.to_owned(), error.to_string())),
                }
            } else if value.get("bands").is_some() {
                match ScreeningPack::from_json(json) {
                    Ok(pack) => {
                        let newest = packs.screening.as_ref();
                        if newest.is_none_or(|newest| newest.version < pack.version) {
                            packs.screening = Some(pack);
                        }
                    }
                    Err(error) => packs.unreadable.push((id.to_owned(), error.to_string())),
                }
            } else if value.get("benefits").is_some() {
                match BenefitPack::parse(json) {
                    Ok(pack) => {
                        let newest = packs.benefits.as_ref();
                        if newest.is_none_or(|newest| newest.version < pack.version) {
                            packs.benefits = Some(pack);
                        }
                    }
                    Err(error) => packs.unreadable.push((id.to_owned(), error)),
                }
            } else if value.get("duties").is_some() {
                match DutyPack::parse(json) {
                    Ok(pack) => {
                        let newest = packs.duties.as_ref();
                        if newest.is_none_or(|newest| newest.version < pack.version) {
                            packs.duties = Some(pack);
                        }
                    }
                    Err(error) => packs.unreadable.push((id.to_owned(), error)),
                }
            } else if value.get("breach").is_some() {
                match BreachPack::parse(json) {
                    Ok(pack) => {
                        let newest = packs.breach.as_ref();
                        if newest.is_none_or(|newest| newest.version < pack.version) {
                            packs.breach = Some(pack);
                        }
                    }
                    Err(error) => packs.unreadable.push((id.to_owned(), error)),
                }
            } else if value.get("child_rules").is_some() {
                match ChildRules::parse(json) {
                    Ok(rules) => {
                        let newest = packs.child_rules.as_ref();
                        if newest.is_none_or(|newest| newest.version < rules.version) {
                            packs.child_rules = Some(rules);
                        }
                    }
                    Err(error) => packs.unreadable.push((id.to_owned(), error)),
                }
            } else if value.get("blocks").is_some() {
                match FilePack::parse(json) {
                    Ok(file) => packs.file = file,
                    Err(error) => packs.unreadable.push((id.to_owned(), error.to_string())),
                }
            } else if value.get("areas").is_some() {
                match AreaTable::parse(json) {
                    Ok(areas) => packs.areas = areas,
                    Err(error) => packs.unreadable.push((id.to_owned(), error.to_string())),
                }
            } else if value.get("kind").is_some_and(|kind| kind == "codes") {
                // The ledgers' columns have lists of their own, which are none of the country's.
                let found = value.get("lists").cloned().unwrap_or_default();
                match serde_json::from_value::<CodeLists>(found) {
                    Ok(found) => lists.extend(found.0),
                    Err(error) => packs.unreadable.push((id.to_owned(), error.to_string())),
                }
            } else {
                packs.others.push((id.to_owned(), json.to_owned()));
            }
        }
        // Lists of the whole country; what a place rules itself stands before them.
        for pack in &mut rules {
            for (name, list) in &lists {
                pack.lists
                    .0
                    .entry(name.clone())
                    .or_insert_with(|| list.clone());
            }
        }
        // One that cannot stand beside those that came before it is left out; they go on holding.
        let mut standing: Vec<PolicyPack> = Vec::new();
        for pack in rules {
            let mut tried = standing.clone();
            let id = pack.id.clone();
            tried.push(pack);
            match PolicySet::new(tried.clone()) {
                Ok(set) => (packs.rules, standing) = (set, tried),
                Err(error) => packs.unreadable.push((id, error.to_string())),
            }
        }
        packs
    }

    /// The rules that hold on a day, or the newest there are: a screen always has words to show.
    pub fn rules_on(&self, date: NaiveDate) -> Option<&PolicyPack> {
        self.rules
            .valid_on(date)
            .or_else(|| self.rules.packs().last())
    }

    /// The form with this content hash.
    pub fn form_by_hash(&self, hash: &str) -> Option<&FormPack> {
        self.forms.iter().find(|form| form.content_hash() == hash)
    }

    /// The form new visits are written with.
    pub fn visit_form(&self) -> Option<&FormPack> {
        self.forms
            .iter()
            .filter(|form| form.id.starts_with("hv-"))
            .max_by_key(|form| form.version)
    }

    /// A field's rule.
    pub fn field(&self, holder: &str, key: &str) -> Option<&FieldRule> {
        self.file.field(holder, key)
    }
}

/// The packs as they hold: one that came in the place of another stands there as soon as it can be read.
fn in_their_place<'a>(
    rows: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<(&'a str, &'a str)> {
    let (waiting, mut packs): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|(id, _)| id.ends_with(UNREAD));
    for (id, json) in waiting {
        let place = id.strip_suffix(UNREAD).unwrap_or(id);
        let is_readable = Packs::read([(place, json)]).unreadable.is_empty();
        match packs.iter_mut().find(|(known, _)| *known == place) {
            Some(known) if is_readable => known.1 = json,
            _ => packs.push((id, json)),
        }
    }
    packs
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = include_str!("../../../policy/sh-2024-2026.json");
    const FORM: &str = include_str!("../../../policy/forms/hv-cn-1.json");
    const FIELDS: &str = include_str!("../../../policy/fields.json");
    const CODES: &str = include_str!("../../../policy/codes-cn-1.json");
    const BENEFITS: &str = include_str!("../../../policy/benefits-sh-1.json");
    const BREACH: &str = include_str!("../../../policy/breach-cn-1.json");
    const DUTIES: &str = include_str!("../../../policy/duties-cn-1.json");
    const COLUMNS: &str = include_str!("../../../policy/ledgers/columns.json");

    #[test]
    fn each_pack_is_known_by_its_shape_and_found_again() {
        let packs = Packs::read([
            ("rules", RULES),
            ("form", FORM),
            ("fields", FIELDS),
            ("codes", CODES),
            ("benefits", BENEFITS),
            ("duties", DUTIES),
            ("breach", BREACH),
            ("columns", COLUMNS),
        ]);
        assert!(packs.unreadable.is_empty(), "{:?}", packs.unreadable);
        assert!(packs.breach.as_ref().is_some_and(|pack| pack.version > 0));
        assert!(packs.duties.as_ref().is_some_and(|pack| pack.version > 0));
        assert!(packs.benefits.as_ref().is_some_and(|pack| pack.version > 0));
        let form = packs.visit_form().expect("there is a visit form");
        assert!(
            packs
                .form_by_hash(form.content_hash())
                .is_some_and(|found| found.id == form.id)
        );
        assert!(packs.form_by_hash("another").is_none());
        assert_eq!(
            packs.field("household", "addr").expect("a field").holder,
            "household"
        );
        assert!(
            packs.field("child", "addr").is_none(),
            "a field belongs to one document"
        );
        assert_eq!(packs.others, [("columns".to_owned(), COLUMNS.to_owned())]);
    }

    #[test]
    fn lists_of_the_whole_country_are_in_every_rule_pack_and_a_places_own_stand_before_them() {
        let codes = "{\"kind\": \"codes\", \"lists\": {\"EDU\": {\"items\": [{\"code\": \"70\", \"label\": \"初中\"}]}, \"SEX\": {\"items\": []}}}";
        let packs = Packs::read([("codes", codes), ("rules", RULES)]);
        let rules = packs.rules_on("2026-11-24".parse().expect("a date"));
        let rules = rules.expect("there are rules");
        assert_eq!(rules.label("EDU", "70"), "初中");
        assert_eq!(rules.label("SEX", "1"), "男");
    }

    #[test]
    fn a_form_that_a_station_published_is_no_rule_whatever_else_it_says() {
        let mut form: serde_json::Value = serde_json::from_str(FORM).expect("a form");
        form["id"] = "hv-more".into();
        let rules: serde_json::Value = serde_json::from_str(RULES).expect("rules");
        for (key, value) in rules.as_object().expect("an object") {
            if form.get(key).is_none() {
                form[key] = value.clone();
            }
        }
        let json = form.to_string();
        let packs = Packs::read([("rules", RULES), ("hv-more", json.as_str())]);
        assert_eq!(packs.rules.packs().len(), 1);
    }

    #[test]
    fn a_pack_that_cannot_be_read_is_named_and_the_rest_still_works() {
        let packs = Packs::read([
            ("torn", "{"),
            ("rules", RULES),
            ("bad rules", "{\"tiers\": 5}"),
            ("bad form", "{\"sections\": 5}"),
        ]);
        let named: Vec<&str> = packs.unreadable.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(named, ["torn", "bad rules", "bad form"]);
        assert!(
            packs
                .rules_on("2026-11-24".parse().expect("a date"))
                .is_some()
        );
        assert!(packs.visit_form().is_none());
    }

    #[test]
    fn before_the_first_rules_begin_the_newest_lend_their_words() {
        let packs = Packs::read([("rules", RULES)]);
        assert!(
            packs
                .rules_on("2001-01-01".parse().expect("a date"))
                .is_some()
        );
    }
}
