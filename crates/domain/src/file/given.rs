//! What a visit says a family was given, as a piece of care and help (关爱帮扶): offered after saving, so that nobody writes
//! the same twice (docs/adr/0050). Which questions say it and where it goes is data.

use super::RowsRule;
use crate::form::{FormPack, PartAnswers};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Which answers of a visit say what a family was given, and what a piece of work says of it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GivenRule {
    /// The section of the household that is asked once per thing.
    pub section: String,
    /// Its question what it was.
    pub what: String,
    /// Its question how many.
    pub count: String,
    /// Its question from whom.
    pub from: String,
    /// From whom, as the piece of work says it; what is not here is said in words.
    pub sources: BTreeMap<String, String>,
    /// Column for what it was.
    pub words: String,
    /// Column for how many.
    pub amount: String,
    /// Column for from whom.
    pub source: String,
    /// What every such piece says of itself, by column.
    pub fixed: BTreeMap<String, String>,
}

impl GivenRule {
    /// Whether the piece has the columns this fills.
    pub(super) fn fits(&self, rows: &RowsRule) -> bool {
        let mut columns = [&self.words, &self.amount, &self.source]
            .into_iter()
            .chain(self.fixed.keys());
        columns.all(|key| rows.column(key).is_some())
    }

    /// What the household's answers say was given, by column; none where nothing was.
    pub fn read(&self, form: &FormPack, session: &PartAnswers) -> Option<BTreeMap<String, String>> {
        let mut sections = form.sections.iter();
        let section = sections.find(|section| section.key == self.section)?;
        let mut things = Vec::new();
        for row in session.rows_of(section) {
            let at = |key: &str| format!("{key}@{row}");
            let what = session.text(&at(&self.what)).map(str::trim);
            let Some(what) = what.filter(|what| !what.is_empty()) else {
                continue;
            };
            let count = session.text(&at(&self.count)).unwrap_or_default();
            things.push((what, count, session.code(&at(&self.from))));
        }
        let (_, _, first) = things.first()?;
        let known = |from: &Option<&str>| from.and_then(|from| self.sources.get(from));
        let is_one = things.iter().all(|(_, _, from)| from == first);
        let source = known(first).filter(|_| is_one);
        let options = form.question(&self.from).map(|question| &question.options);
        let words = |from: &Option<&str>| {
            let mut options = options.into_iter().flatten();
            let option = options.find(|option| Some(option.code.as_str()) == *from)?;
            source.is_none().then(|| format!("（{}）", option.label))
        };
        let told: Vec<String> = things
            .iter()
            .map(|(what, _, from)| format!("{what}{}", words(from).unwrap_or_default()))
            .collect();
        let counted: Vec<String> = things
            .iter()
            .filter(|(_, count, _)| !count.is_empty())
            .map(|(what, count, _)| format!("{what}{count}件"))
            .collect();
        let mut columns = self.fixed.clone();
        columns.insert(self.words.clone(), told.join("、"));
        if !counted.is_empty() {
            columns.insert(self.amount.clone(), counted.join("、"));
        }
        if let Some(source) = source {
            columns.insert(self.source.clone(), source.clone());
        }
        Some(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::FilePack;
    use crate::form::Answer;

    fn shipped() -> (FormPack, GivenRule) {
        let form = FormPack::from_json(include_str!("../../../../policy/forms/hv-cn-3.json"))
            .expect("the shipped form is tested");
        let pack = FilePack::parse(include_str!("../../../../policy/fields.json"))
            .expect("the shipped fields are tested");
        let mut work = pack.blocks.iter().filter_map(|block| {
            let work = block.rows.as_ref()?.work.as_ref()?;
            work.given.clone()
        });
        let rule = work.next().expect("care and help follows from a visit");
        assert!(work.next().is_none(), "one tap files one piece");
        (form, rule)
    }

    fn session(rows: &[(&str, &str, Option<&str>)]) -> PartAnswers {
        let mut part = PartAnswers::default();
        for (number, (what, count, from)) in rows.iter().enumerate() {
            let text = |text: &str| Answer {
                text: Some(text.to_owned()),
                ..Answer::default()
            };
            let mut put = |key: &str, answer| {
                part.answers.insert(format!("{key}@r{number}"), answer);
            };
            put("k_g_what", text(what));
            put("k_g_count", text(count));
            if let Some(from) = from {
                let codes = vec![(*from).to_owned()];
                put(
                    "k_g_from",
                    Answer {
                        codes,
                        ..Answer::default()
                    },
                );
            }
        }
        part
    }

    #[test]
    fn what_was_given_becomes_one_piece_with_its_source_where_there_is_one() {
        let (form, rule) = shipped();
        assert_eq!(rule.read(&form, &PartAnswers::default()), None);
        let read = |rows: &[_]| rule.read(&form, &session(rows)).expect("it was given");
        let one = read(&[("书包", "2", Some("gov")), ("棉衣", "1", Some("gov"))]);
        assert_eq!(one["kind"], "goods");
        assert_eq!(one["text"], "书包、棉衣");
        assert_eq!(one["amount"], "书包2件、棉衣1件");
        assert_eq!(one["source"], "government");
        let two = read(&[("书包", "2", Some("gov")), ("棉衣", "1", Some("donor"))]);
        assert_eq!(two["text"], "书包（政府）、棉衣（爱心人士）");
        assert_eq!(two.get("source"), None, "there is not one to name");
        let none = read(&[("书包", "2", None)]);
        assert_eq!(none["text"], "书包");
        assert_eq!(none.get("source"), None);
    }
}
