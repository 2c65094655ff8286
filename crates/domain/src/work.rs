//! What people of a unit did in a month that is about no child: meetings, the hours of the children's home, activities
//! (domain.md §7). What is about a child lies in that child's document, under the same block (docs/adr/0036).

use crate::record::{Edit, Entry, Record, standing};
use crate::round::Round;
use crate::scalar::Scalar;
use crate::station_phone::StationPhone;

/// Field key of the month, `2026-11`.
pub const MONTH: &str = "month";
/// Collection of the entries.
pub const ENTRIES: &str = "entries";
/// Key that is the same in every entry of one record, also after it was put right; without it the entry's own id is.
pub const RECORD: &str = "record";

/// A month's document, read. There may be several for one unit and month, begun apart; all of them hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Work {
    /// Year and month.
    pub month: String,
    /// The entries that stand, in causal order.
    pub entries: Vec<Entry>,
    /// Rounds the station opened for the unit. Filled where the authors of the changes are known
    /// ([`crate::round::opened`]); until then there is none.
    pub rounds: Vec<Round>,
    /// The station's telephone, filled likewise.
    pub phone: Option<StationPhone>,
}

impl Work {
    /// Reads the noun from its record.
    pub fn from_record(record: &Record) -> Self {
        Self {
            month: record.text(MONTH).unwrap_or_default().to_owned(),
            entries: standing(record.entries(ENTRIES))
                .into_iter()
                .cloned()
                .collect(),
            rounds: Vec::new(),
            phone: None,
        }
    }

    /// The standing entries of a block.
    pub fn rows<'a>(&'a self, block: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.text("block") == Some(block))
    }
}

/// The record an entry belongs to.
pub fn record_of(entry: &Entry) -> &str {
    entry.text(RECORD).unwrap_or(&entry.id)
}

/// The edit that begins a month's document.
pub fn begin(month: &str) -> Edit {
    Edit::Put {
        key: MONTH.to_owned(),
        value: Scalar::from(month),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::doc::{apply, merge, read, start};
    use crate::record::{REPLACES, TAKEN_AWAY};
    use ids::DocKind;

    fn line(id: &str, words: &str) -> Entry {
        Entry::new(id).with("block", "line").with("text", words)
    }

    fn add(entry: Entry) -> Edit {
        Edit::Add {
            collection: ENTRIES,
            entry,
        }
    }

    #[test]
    fn two_people_who_write_apart_keep_every_line_and_one_put_right_stands_once() {
        let mut first = start(DocKind::Work).expect("starts");
        let begun = apply(
            &mut first,
            [1; 16],
            0,
            &[begin("2026-11"), add(line("a", "开会"))],
        );
        let begun = begun.expect("applies").expect("changes");
        let mut second = start(DocKind::Work).expect("starts");
        merge(&mut second, &[&begun.bytes]).expect("merges");

        let right = line("b", "开了月会").with(REPLACES, "a").with(RECORD, "a");
        let one = apply(&mut first, [1; 16], 0, &[add(right)]);
        let two = apply(&mut second, [2; 16], 0, &[add(line("c", "值班"))]);
        let (one, two) = (one.expect("applies"), two.expect("applies"));
        merge(&mut first, &[&two.expect("changes").bytes]).expect("merges");
        merge(&mut second, &[&one.expect("changes").bytes]).expect("merges");
        for document in [&first, &second] {
            let work = Work::from_record(&read(document));
            assert_eq!(work.month, "2026-11");
            let mut words: Vec<&str> = work.rows("line").filter_map(|it| it.text("text")).collect();
            words.sort_unstable();
            assert_eq!(words, ["值班", "开了月会"]);
        }
        let away = Entry::new("d").with(REPLACES, "c").with(TAKEN_AWAY, true);
        apply(&mut first, [1; 16], 0, &[add(away)]).expect("applies");
        let work = Work::from_record(&read(&first));
        let records: Vec<&str> = work.entries.iter().map(record_of).collect();
        assert_eq!(records, ["a"]);
        assert_eq!(work.rows("help").count(), 0);
    }
}
