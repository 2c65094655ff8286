//! A round (专项) that somebody of the station opened for some of her villages: an extra contact or visit within days that
//! are said once (domain.md §5.5). It is written into each village's month of work, and asks as a round of the pack does.

use crate::cadence::Kind;
use crate::policy::{Campaign, CampaignFor};
use crate::record::{Entry, REPLACES, TAKEN_AWAY, standing};
use crate::work::RECORD;

/// Block of the entries that tell it.
pub const ROUND: &str = "round";
/// A round longer than a year is a rule, and belongs into a tier of the pack.
pub const MOST_DAYS: i64 = 366;

const KINDS: &str = "kind";
const TIERS: &str = "tier";

/// A round as one village has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// Entry id.
    pub entry: String,
    /// The same in every village it was opened for.
    pub record: String,
    /// What it asks for, of whom, and when.
    pub campaign: Campaign,
    /// Staff id as claimed.
    pub by: String,
    /// When it was opened, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

impl Round {
    /// Reads it from its entry; none for what is no round.
    pub fn from_entry(entry: &Entry) -> Option<Self> {
        let (from, to) = (entry.date("from")?, entry.date("to")?);
        let record = entry.text(RECORD)?.to_owned();
        let kinds: Vec<Kind> = Kind::ALL
            .into_iter()
            .filter(|kind| entry.is(&format!("{KINDS}.{}", code(*kind))))
            .collect();
        let holds = !kinds.is_empty() && (0..=MOST_DAYS).contains(&(to - from).num_days());
        holds.then(|| Self {
            entry: entry.id.clone(),
            campaign: Campaign {
                code: format!("{ROUND}:{record}"),
                name: entry.text_or_empty("name"),
                from,
                to,
                kinds,
                every: None,
                who: CampaignFor {
                    tiers: entry.codes(TIERS),
                    ..CampaignFor::default()
                },
                binding: entry.is("binding"),
            },
            record,
            by: entry.text_or_empty("by"),
            recorded_ms: entry.int("recorded_ms").unwrap_or(0),
            made_by: entry.made_by,
        })
    }

    /// The entry that opens it in a village.
    pub fn to_entry(&self) -> Entry {
        let campaign = &self.campaign;
        let kinds: Vec<String> = campaign
            .kinds
            .iter()
            .map(|kind| code(*kind).to_owned())
            .collect();
        Entry::new(self.entry.as_str())
            .with("block", ROUND)
            .with(RECORD, self.record.as_str())
            .with("name", campaign.name.as_str())
            .with("from", campaign.from.to_string())
            .with("to", campaign.to.to_string())
            .with("binding", campaign.binding)
            .with_codes(KINDS, &kinds)
            .with_codes(TIERS, &campaign.who.tiers)
            .with("recorded_ms", self.recorded_ms)
            .with("by", self.by.as_str())
    }

    /// The entry that takes it back in a village: nothing is asked any more, and nothing of it was missed.
    pub fn taken_back(&self, entry: String, by: &str, at_ms: i64) -> Entry {
        Entry::new(entry)
            .with("block", ROUND)
            .with(RECORD, self.record.as_str())
            .with(REPLACES, self.entry.as_str())
            .with(TAKEN_AWAY, true)
            .with("recorded_ms", at_ms)
            .with("by", by)
    }
}

/// Stable text form of what a round asks for.
pub fn code(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "contact",
        Kind::Visit => "visit",
    }
}

/// The rounds that stand among a month's entries. `may_open` says whether an entry's author works at the station: what
/// anybody else writes opens none and takes none back.
pub fn opened(entries: &[Entry], may_open: impl Fn(&Entry) -> bool) -> Vec<Round> {
    let theirs: Vec<Entry> = entries
        .iter()
        .filter(|entry| entry.text("block") == Some(ROUND) && may_open(entry))
        .cloned()
        .collect();
    standing(&theirs)
        .into_iter()
        .filter_map(Round::from_entry)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Edit;
    use crate::record::doc::{apply, read, start};
    use crate::work::ENTRIES;
    use ids::DocKind;

    fn round() -> Round {
        Round {
            entry: "a".into(),
            record: "r".into(),
            campaign: Campaign {
                code: "round:r".into(),
                name: "汛期看一看".into(),
                from: "2026-11-02".parse().expect("a date"),
                to: "2026-11-20".parse().expect("a date"),
                kinds: vec![Kind::Contact, Kind::Visit],
                every: None,
                who: CampaignFor {
                    tiers: vec!["ENHANCED".into()],
                    ..CampaignFor::default()
                },
                binding: true,
            },
            by: "station".into(),
            recorded_ms: 7,
            made_by: None,
        }
    }

    fn kept(entries: Vec<Entry>) -> Vec<Entry> {
        let mut document = start(DocKind::Work).expect("starts");
        for entry in entries {
            let add = Edit::Add {
                collection: ENTRIES,
                entry,
            };
            apply(&mut document, [1; 16], 0, &[add]).expect("applies");
        }
        read(&document).entries(ENTRIES).to_vec()
    }

    fn by_the_station(entry: &Entry) -> bool {
        entry.text("by") == Some("station")
    }

    #[test]
    fn a_round_reads_back_as_it_was_opened() {
        let found = opened(&kept(vec![round().to_entry()]), by_the_station);
        let [found] = found.as_slice() else {
            panic!("one: {found:?}")
        };
        assert!(found.made_by.is_some());
        assert_eq!(
            *found,
            Round {
                made_by: found.made_by,
                ..round()
            }
        );
    }

    #[test]
    fn only_the_station_opens_one_and_takes_it_back() {
        let hers = Round {
            by: "director".into(),
            ..round()
        };
        assert!(opened(&kept(vec![hers.to_entry()]), by_the_station).is_empty());
        let back = |by: &str| round().taken_back("b".into(), by, 8);
        let story = kept(vec![round().to_entry(), back("director")]);
        assert_eq!(opened(&story, by_the_station).len(), 1);
        let story = kept(vec![round().to_entry(), back("station")]);
        assert!(opened(&story, by_the_station).is_empty());
    }

    #[test]
    fn what_is_longer_than_a_year_or_runs_backwards_is_none() {
        let to = |day: &str| {
            let mut round = round();
            round.campaign.to = day.parse().expect("a date");
            opened(&kept(vec![round.to_entry()]), by_the_station).len()
        };
        assert_eq!((to("2026-11-02"), to("2027-11-03")), (1, 1));
        assert_eq!((to("2026-11-01"), to("2027-11-04")), (0, 0));
    }
}
