//! 出了事怎么办 (domain.md §11 P-17): a lost tablet, a leaked file, somebody who looked at what is not hers. The steps, their
//! hours and the letters are data (`policy/breach-*.json`); what was done of them, by whom and when, is entries of the
//! station's month of work.

use crate::record::Entry;
use crate::work::RECORD;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Block of the entries that tell it.
pub const INCIDENT: &str = "incident";
/// The step that says it is over.
pub const OVER: &str = "over";
/// Pages a step may lead to.
pub const PAGES: [&str; 4] = ["devices", "people", "audit", "exports"];
/// What a letter is filled with.
pub const PLACES: [&str; 8] = [
    "station",
    "what",
    "place",
    "day",
    "noted",
    "done",
    "responsible",
    "person",
];

/// What a place does when something happened.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BreachPack {
    /// Stable id, e.g. `breach-cn-1`.
    pub id: String,
    /// Newer packs stand over older ones.
    pub version: u32,
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
    /// What may have happened.
    pub breach: Vec<BreachKind>,
    /// Steps whatever happened.
    #[serde(default)]
    pub always: Vec<BreachStep>,
    /// What is written to others.
    #[serde(default)]
    pub letters: Vec<Letter>,
}

/// Something that may have happened.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BreachKind {
    /// Stable code.
    pub code: String,
    /// What it is.
    pub title: String,
    /// What else counts as it.
    #[serde(default)]
    pub hint: String,
    /// What is done then, beside what is always done.
    pub steps: Vec<BreachStep>,
}

/// Where a step belongs; they are done in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// 弄清楚.
    Detect,
    /// 先止住.
    Contain,
    /// 告诉人.
    Notify,
    /// 以后.
    After,
}

impl Part {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Detect => "detect",
            Part::Contain => "contain",
            Part::Notify => "notify",
            Part::After => "after",
        }
    }
}

/// Something that is to be done.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BreachStep {
    /// Stable code; no two steps of one kind have the same.
    pub code: String,
    /// Where it belongs.
    pub part: Part,
    /// What.
    pub text: String,
    /// More of it, a line each.
    #[serde(default)]
    pub detail: Vec<String>,
    /// Within so many hours after it was noted.
    #[serde(default)]
    pub within_hours: Option<u32>,
    /// The page it is done on, one of [`PAGES`].
    #[serde(default)]
    pub go: Option<String>,
    /// The letter that goes with it.
    #[serde(default)]
    pub letter: Option<String>,
}

/// A text with places to fill: `{station}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Letter {
    /// Stable code.
    pub code: String,
    /// What it is.
    pub title: String,
    /// The words.
    pub text: String,
}

impl Letter {
    /// The words with what is known; a place nobody knows stays a gap to fill by hand.
    pub fn filled(&self, known: &[(&str, &str)]) -> String {
        PLACES.iter().fold(self.text.clone(), |text, place| {
            let value = known
                .iter()
                .find(|(name, value)| name == place && !value.is_empty())
                .map_or("〔　〕", |(_, value)| *value);
            text.replace(&format!("{{{place}}}"), value)
        })
    }
}

impl BreachPack {
    /// Reads a pack.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(json: &str) -> Result<Self, String> {
        let pack: BreachPack = serde_json::from_str(json).map_err(|error| error.to_string())?;
        if pack.breach.is_empty() {
            return Err("breach: nothing in it".to_owned());
        }
        let mut kinds = BTreeSet::new();
        for kind in &pack.breach {
            if !kinds.insert(&kind.code) {
                return Err(format!("breach.{}: twice", kind.code));
            }
            let mut codes = BTreeSet::from([OVER]);
            for step in pack.steps(kind) {
                pack.check(kind, step, &mut codes)?;
            }
        }
        for letter in &pack.letters {
            for place in places(&letter.text) {
                if !PLACES.contains(&place) {
                    return Err(format!("letters.{}: unknown {{{place}}}", letter.code));
                }
            }
        }
        Ok(pack)
    }

    fn check<'a>(
        &self,
        kind: &BreachKind,
        step: &'a BreachStep,
        codes: &mut BTreeSet<&'a str>,
    ) -> Result<(), String> {
        let at = format!("breach.{}.{}", kind.code, step.code);
        // A year: whatever comes later is no step of it.
        let is_long = step.within_hours.is_some_and(|hours| hours > 8_784);
        if step.text.trim().is_empty() || step.code.is_empty() || is_long {
            return Err(format!("{at}: no words, no code, or more than a year"));
        }
        if !codes.insert(&step.code) {
            return Err(format!("{at}: twice"));
        }
        if let Some(page) = &step.go
            && !PAGES.contains(&page.as_str())
        {
            return Err(format!("{at}: unknown page {page}"));
        }
        if let Some(letter) = &step.letter
            && self.letter(letter).is_none()
        {
            return Err(format!("{at}: unknown letter {letter}"));
        }
        Ok(())
    }

    /// Something that may have happened.
    pub fn kind(&self, code: &str) -> Option<&BreachKind> {
        self.breach.iter().find(|kind| kind.code == code)
    }

    /// A letter.
    pub fn letter(&self, code: &str) -> Option<&Letter> {
        self.letters.iter().find(|letter| letter.code == code)
    }

    /// What is to be done then, part by part.
    pub fn steps<'a>(&'a self, kind: &'a BreachKind) -> Vec<&'a BreachStep> {
        let mut steps: Vec<&BreachStep> = kind.steps.iter().chain(&self.always).collect();
        steps.sort_by_key(|step| step.part);
        steps
    }
}

/// Names between braces.
fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(place, _)| place))
}

/// A step that was done.
#[derive(Clone, PartialEq)]
pub struct Done {
    /// Its code.
    pub step: String,
    /// What somebody wrote with it.
    pub text: String,
    /// When, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// Something that happened.
#[derive(Clone, PartialEq)]
pub struct Incident {
    /// Entry id of its beginning.
    pub id: String,
    /// What, a code of the pack.
    pub kind: String,
    /// Where, and of which device or paper; never about a child.
    pub place: String,
    /// The day.
    pub on: NaiveDate,
    /// When it was noted, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
    /// What was done, in causal order.
    pub done: Vec<Done>,
}

impl Incident {
    /// The first time a step was done: saying it again does not move its hour.
    pub fn done(&self, step: &str) -> Option<&Done> {
        self.done.iter().find(|done| done.step == step)
    }

    /// It is over.
    pub fn is_over(&self) -> bool {
        self.done(OVER).is_some()
    }

    /// The entry that begins it.
    pub fn to_entry(&self) -> Entry {
        Entry::new(&self.id)
            .with("block", INCIDENT)
            .with("what", self.kind.as_str())
            .with("where", self.place.as_str())
            .with("on", self.on.to_string())
            .with("recorded_ms", self.recorded_ms)
            .with("by", self.by.as_str())
    }
}

impl Done {
    /// The entry that says it of an incident.
    pub fn to_entry(&self, id: &str, incident: &str) -> Entry {
        Entry::new(id)
            .with("block", INCIDENT)
            .with(RECORD, incident)
            .with("step", self.step.as_str())
            .with("text", self.text.as_str())
            .with("recorded_ms", self.recorded_ms)
            .with("by", self.by.as_str())
    }
}

/// The incidents that entries of the station's months tell, newest first. A step may lie in a later month than its incident.
pub fn incidents<'a>(entries: impl Iterator<Item = &'a Entry> + Clone) -> Vec<Incident> {
    let theirs = entries.filter(|entry| entry.text("block") == Some(INCIDENT));
    let begun = theirs.clone().filter(|entry| entry.text("step").is_none());
    let mut found: Vec<Incident> = begun
        .filter_map(|entry| {
            Some(Incident {
                id: entry.id.clone(),
                kind: entry.text("what")?.to_owned(),
                place: entry.text_or_empty("where"),
                on: entry.date("on")?,
                recorded_ms: entry.int("recorded_ms").unwrap_or(0),
                by: entry.text_or_empty("by"),
                made_by: entry.made_by,
                done: Vec::new(),
            })
        })
        .collect();
    for entry in theirs {
        let (Some(step), Some(about)) = (entry.text("step"), entry.text(RECORD)) else {
            continue;
        };
        if let Some(incident) = found.iter_mut().find(|it| it.id == about) {
            incident.done.push(Done {
                step: step.to_owned(),
                text: entry.text_or_empty("text"),
                recorded_ms: entry.int("recorded_ms").unwrap_or(0),
                by: entry.text_or_empty("by"),
                made_by: entry.made_by,
            });
        }
    }
    for incident in &mut found {
        // Months come in no order of their own.
        incident.done.sort_by_key(|done| done.recorded_ms);
    }
    found.sort_by_key(|incident| std::cmp::Reverse(incident.recorded_ms));
    found
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(Incident, Done);

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../policy/breach-cn-1.json");

    fn shipped() -> serde_json::Value {
        serde_json::from_str(SHIPPED).expect("it is JSON")
    }

    #[test]
    fn the_shipped_pack_stops_a_lost_tablet_first_and_tells_everybody_the_law_names() {
        let pack = BreachPack::parse(SHIPPED).expect("it is whole");
        for kind in &pack.breach {
            let steps = pack.steps(kind);
            let parts: Vec<Part> = steps.iter().map(|step| step.part).collect();
            assert!(parts.is_sorted(), "{}", kind.code);
            for part in [Part::Detect, Part::Contain, Part::Notify, Part::After] {
                assert!(parts.contains(&part), "{} {part:?}", kind.code);
            }
            for told in ["bureau", "cac", "guardians", "children"] {
                let step = steps.iter().find(|step| step.code == told).expect(told);
                assert!(
                    step.letter.is_some() && step.within_hours.is_some(),
                    "{told}"
                );
            }
        }
        let lost = pack.kind("lost").expect("it is there");
        let stop = pack
            .steps(lost)
            .into_iter()
            .find(|step| step.code == "stop");
        assert_eq!(stop.and_then(|step| step.go.as_deref()), Some("devices"));
    }

    #[test]
    fn a_pack_is_refused_where_it_is_wrong() {
        for (pointer, value, place) in [
            ("/breach/0/steps/0/code", "stop", "lost.stop"),
            ("/breach/0/steps/1/go", "nowhere", "lost.stop"),
            ("/breach/0/steps/0/code", "lead", "lost.lead"),
            ("/breach/0/steps/0/code", "over", "lost.over"),
            ("/always/0/text", " ", "lost.lead"),
            ("/letters/0/text", "{name}", "letters.bureau"),
            ("/letters/0/code", "b", "unknown letter bureau"),
            ("/breach/1/code", "lost", "breach.lost: twice"),
        ] {
            let mut json = shipped();
            *json.pointer_mut(pointer).expect(pointer) = value.into();
            let error = BreachPack::parse(&json.to_string()).expect_err(pointer);
            assert!(error.contains(place), "{pointer}: {error}");
        }
    }

    #[test]
    fn a_letter_is_filled_with_what_is_known_and_leaves_a_gap_for_the_rest() {
        let letter = Letter {
            code: "l".into(),
            title: "l".into(),
            text: "{station}，{day}，{place}。".into(),
        };
        let text = letter.filled(&[("station", "芦汀镇"), ("day", "11月2日"), ("place", "")]);
        assert_eq!(text, "芦汀镇，11月2日，〔　〕。");
    }

    #[test]
    fn what_two_people_did_of_it_is_all_there_and_the_first_hour_stands() {
        let begun = Incident {
            id: "i".into(),
            kind: "lost".into(),
            place: "白荷村的平板".into(),
            on: "2026-11-02".parse().expect("a date"),
            recorded_ms: 1,
            by: "a".into(),
            made_by: None,
            done: Vec::new(),
        };
        let done = |id: &str, about: &str, step: &str, at: i64, by: &str| {
            let done = Done {
                step: step.into(),
                text: String::new(),
                recorded_ms: at,
                by: by.into(),
                made_by: None,
            };
            done.to_entry(id, about)
        };
        let mut entries = vec![
            done("2", "i", "stop", 9, "b"),
            done("3", "other", "stop", 3, "b"),
            begun.to_entry(),
            done("1", "i", "stop", 5, "a"),
            Entry::new("x").with("block", "line"),
        ];
        let found = incidents(entries.iter());
        assert_eq!(found.len(), 1);
        let stop = found[0].done("stop").expect("it was done");
        assert_eq!((stop.by.as_str(), stop.recorded_ms), ("a", 5));
        assert!(!found[0].is_over() && found[0].done.len() == 2);
        entries.push(done("4", "i", OVER, 20, "a"));
        assert!(incidents(entries.iter())[0].is_over());
    }
}
