//! A member of a household goes out of the documents that name her: her row in all its versions, her name, her numbers, and
//! what quotes them. What points to her points to a row that says only that there was somebody (docs/adr/0050).

use super::super::{ATTACHMENTS, Entry, FROM_VISIT, FROM_VISIT_FIELD, FROM_VISIT_ROW, Record};
use crate::difference::MEMBERS;
use crate::scalar::Scalar;
use std::collections::{BTreeMap, BTreeSet};

/// Beside the name in an answer about people: the member's row.
const PERSON: &str = ".person";
/// What a child is called, in its file.
const OWN_NAMES: [&str; 2] = ["name", "used_name"];
/// A text longer than a name is a sentence, in which a name is looked for as well.
const NAME_LENGTH: usize = 4;

/// Whoever is taken out, as one of the documents names her.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Person {
    /// Every id a row of hers ever had, and the first of that row, under which something stays.
    pub rows: BTreeMap<String, String>,
    /// What stands in the place of her rows, one in each household that has one.
    pub stubs: Vec<Entry>,
    /// Names her row ever said.
    pub names: BTreeSet<String>,
    /// Telephone, identity and certificate numbers it ever said.
    pub numbers: BTreeSet<String>,
    /// Names of others, the children's and those of the household: hers within one of them stays, as does all of a field
    /// that says one.
    pub spared: BTreeSet<String>,
    /// Fields of this document that are hers whatever they say.
    pub fields: BTreeSet<String>,
    /// What stands where her name stood.
    pub instead: String,
}

impl Person {
    /// Whether a document says anything of her.
    pub fn is_quoted(&self, record: &Record) -> bool {
        let mut fields = record.fields.iter().chain(&record.imported);
        let mut entries = record.collections.iter().flat_map(|(name, entries)| {
            let entries = entries.iter();
            entries.map(move |entry| (name.as_str(), entry))
        });
        fields.any(|(key, value)| self.field(key, value).as_ref() != Some(value))
            || entries.any(|(name, entry)| self.entry(name, entry).as_ref() != Some(entry))
    }

    /// What a field says without her; none where nothing is left to say.
    pub(super) fn field(&self, key: &str, value: &Scalar) -> Option<Scalar> {
        match self.fields.contains(key) {
            true => None,
            // What a child is called is the child's, also where she is called the same.
            false if OWN_NAMES.contains(&key) => Some(value.clone()),
            false => Some(self.without(value)),
        }
    }

    /// An entry without her; none where it goes.
    pub(super) fn entry(&self, collection: &str, entry: &Entry) -> Option<Entry> {
        if collection == ATTACHMENTS {
            return Some(entry.clone());
        }
        if collection == MEMBERS && self.rows.contains_key(&entry.id) {
            return self.stubs.iter().find(|stub| stub.id == entry.id).cloned();
        }
        let mut new = entry.clone();
        for (key, value) in new.values.iter_mut().chain(new.answers.iter_mut()) {
            if collection == MEMBERS && key == "name" {
                // Somebody else's row: a namesake keeps the name.
                continue;
            }
            let first = value.as_text().and_then(|text| self.rows.get(text));
            *value = match first.filter(|_| key.ends_with(PERSON)) {
                Some(first) => Scalar::Text(first.clone()),
                None => self.without(value),
            };
        }
        // The name as it stood in the answer, which may be another one than the row's.
        let named: Vec<String> = entry
            .answers
            .iter()
            .filter(|(_, value)| {
                value
                    .as_text()
                    .is_some_and(|row| self.rows.contains_key(row))
            })
            .filter_map(|(key, _)| key.strip_suffix(PERSON).map(str::to_owned))
            .collect();
        for key in named {
            new.answers.insert(key, Scalar::Text(self.instead.clone()));
        }
        if entry.text("block") == Some(FROM_VISIT) {
            let row = entry.text(FROM_VISIT_ROW);
            let field = entry.text(FROM_VISIT_FIELD);
            let quotes = new != *entry
                || row.is_some_and(|row| self.rows.contains_key(row))
                || field.is_some_and(|field| self.fields.contains(field));
            return (!quotes).then_some(new);
        }
        Some(new)
    }

    /// A value without her name and numbers.
    fn without(&self, value: &Scalar) -> Scalar {
        let Some(text) = value.as_text() else {
            return value.clone();
        };
        if self.names.contains(text) {
            return Scalar::Text(self.instead.clone());
        }
        let mut text = text.to_owned();
        if text.chars().count() > NAME_LENGTH {
            let mut names: Vec<&String> = self.names.iter().collect();
            // The longer one first: of two names one may begin like the other.
            names.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
            for name in names.into_iter().filter(|name| name.chars().count() > 1) {
                text = self.without_name(&text, name);
            }
        }
        for number in &self.numbers {
            text = without_number(&text, number, &self.instead);
        }
        Scalar::Text(text)
    }

    /// A sentence without a name, but where it is part of a name that is somebody else's.
    fn without_name(&self, text: &str, name: &str) -> String {
        let others: Vec<&String> = self
            .spared
            .iter()
            .filter(|other| other.contains(name) && *other != name)
            .collect();
        let mut rest = text;
        let mut kept = String::new();
        while let Some(letter) = rest.chars().next() {
            let other = others.iter().find(|other| rest.starts_with(other.as_str()));
            let (said, length) = match other {
                Some(other) => (other.as_str(), other.len()),
                None if rest.starts_with(name) => (self.instead.as_str(), name.len()),
                None => (&rest[..letter.len_utf8()], letter.len_utf8()),
            };
            kept.push_str(said);
            rest = &rest[length..];
        }
        kept
    }
}

/// A number that stands by itself; one within a longer number is another one.
fn without_number(text: &str, number: &str, instead: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some(at) = rest.find(number).filter(|_| !number.is_empty()) {
        let (before, after) = (&rest[..at], &rest[at + number.len()..]);
        let touches = |letter: Option<char>| letter.is_some_and(|it| it.is_ascii_alphanumeric());
        kept.push_str(before);
        kept.push_str(
            match touches(kept.chars().last()) || touches(after.chars().next()) {
                true => number,
                false => instead,
            },
        );
        rest = after;
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ROWS;
    use std::collections::BTreeMap;

    fn gran() -> Person {
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let rows = [("m1", "m1"), ("m2", "m1"), ("n1", "n1")];
        let rows = rows.map(|(row, first)| (row.to_owned(), first.to_owned()));
        Person {
            rows: rows.into(),
            stubs: ["m1", "n1"]
                .map(|id| Entry::new(id).with("name", "已删除的家庭成员"))
                .into(),
            names: set(&["王秀兰"]),
            numbers: set(&["10055512034", "310199195803050027"]),
            spared: set(&["王秀兰花", "石小雨"]),
            fields: set(&["carer_phone"]),
            instead: "已删除的家庭成员".to_owned(),
        }
    }

    #[test]
    fn her_row_leaves_a_place_for_what_points_to_it() {
        let gran = gran();
        let old = Entry::new("m1")
            .with("name", "王秀兰")
            .with("phone", "10055512034");
        assert_eq!(gran.entry(MEMBERS, &old).as_ref(), gran.stubs.first());
        let elsewhere = Entry::new("n1").with("name", "王大姐");
        assert_eq!(
            gran.entry(MEMBERS, &elsewhere).as_ref(),
            gran.stubs.last(),
            "her row in another household leaves a place of its own"
        );
        assert_eq!(
            gran.entry(MEMBERS, &Entry::new("m2")),
            None,
            "every version"
        );
        let other = Entry::new("m3").with("name", "王秀兰香");
        assert_eq!(
            gran.entry(MEMBERS, &other),
            Some(other.clone()),
            "another person"
        );
        let mut visit = Entry::new("s1");
        visit.answers = BTreeMap::from([
            ("c_by".to_owned(), Scalar::from("王大姐")),
            ("c_by.person".to_owned(), Scalar::from("m2")),
            ("b_food".to_owned(), Scalar::from("ok")),
        ]);
        let new = gran.entry("sessions", &visit).expect("it stays");
        assert_eq!(new.answers["c_by"].as_text(), Some("已删除的家庭成员"));
        assert_eq!(new.answers["c_by.person"].as_text(), Some("m1"));
        assert_eq!(new.answers["b_food"], visit.answers["b_food"]);
    }

    #[test]
    fn her_name_and_numbers_go_out_of_every_sentence_and_nobody_elses() {
        let gran = gran();
        let said = |text: &str| gran.without(&Scalar::from(text)).to_display();
        assert_eq!(said("王秀兰"), "已删除的家庭成员");
        assert_eq!(said("奶奶王秀兰住院了"), "奶奶已删除的家庭成员住院了");
        assert_eq!(said("电话10055512034。"), "电话已删除的家庭成员。");
        assert_eq!(
            said("100555120345"),
            "100555120345",
            "a longer number is another one"
        );
        let uuid = "0194f3a0-7c11-7d2e-9a51-a10055512034";
        assert_eq!(said(uuid), uuid);
        assert_eq!(said("王秀兰香"), "王秀兰香");
        assert_eq!(
            said("王秀兰花和王秀兰都在家"),
            "王秀兰花和已删除的家庭成员都在家",
            "who is known under a longer name keeps it"
        );
        let own = gran.field("name", &Scalar::from("王秀兰"));
        assert_eq!(own, Some(Scalar::from("王秀兰")), "a child called like her");
        let namesake = Entry::new("m9").with("name", "王秀兰");
        assert_eq!(gran.entry(MEMBERS, &namesake), Some(namesake.clone()));
        let field = |key, text: &str| gran.field(key, &Scalar::from(text));
        assert_eq!(
            field("carer_phone", "10055500000"),
            None,
            "hers whatever it says"
        );
        assert_eq!(field("carer_relation", "62"), Some(Scalar::from("62")));
    }

    #[test]
    fn what_was_taken_from_a_visit_about_her_goes_and_a_key_stays() {
        let gran = gran();
        let mark = |field: &str, old: &str| {
            Entry::new("f")
                .with("block", FROM_VISIT)
                .with(FROM_VISIT_FIELD, field)
                .with("old.value", old)
        };
        assert_eq!(gran.entry(ROWS, &mark("carer_phone", "1")), None);
        assert_eq!(gran.entry(ROWS, &mark("carer_name", "王秀兰")), None);
        assert!(gran.entry(ROWS, &mark("health", "1")).is_some());
        let photo = Entry::new("王秀兰").with("key", "10055512034");
        assert_eq!(gran.entry(ATTACHMENTS, &photo), Some(photo.clone()));
        let mut record = Record::default();
        assert!(!gran.is_quoted(&record));
        record
            .fields
            .insert("guardian_name".into(), Scalar::from("王秀兰"));
        assert!(gran.is_quoted(&record));
    }
}
