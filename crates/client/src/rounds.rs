//! Rounds (专项) the station opens for its villages: an extra contact or visit until a day (domain.md §5.5). One is written
//! into each village's month of work, so that it reaches every tablet of the village with the rest of its documents.

use crate::cadence::kind_view;
use crate::contacts::note;
use crate::error::ClientError;
use crate::nouns::Noun;
use crate::records::{self, Write};
use crate::roster::{self, Roster};
use crate::station::village_rows;
use crate::tablet::Tablet;
use crate::view::{DueKind, IdInput, OptionView, RoundInput, RoundRow, RoundState, RoundsView};
use crate::work_log::name_of;
use domain::cadence::Kind;
use domain::policy::{Campaign, CampaignFor};
use domain::record::Edit;
use domain::round::{MOST_DAYS, ROUND, Round};
use domain::work::{self, ENTRIES, Work};
use ids::{DocKind, DocumentId, StaffId, UnitId};
use std::collections::BTreeMap;

/// The rounds of each village.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Rounds(BTreeMap<UnitId, Vec<Campaign>>);

impl Rounds {
    /// Of the months of work that are here.
    pub(crate) fn of_work(work: &[Noun<Work>]) -> Self {
        let mut rounds: BTreeMap<UnitId, Vec<Campaign>> = BTreeMap::new();
        for month in work {
            let here = month.noun.rounds.iter();
            let here = here.map(|round| round.campaign.clone());
            if month.noun.rounds.is_empty() {
                continue;
            }
            rounds.entry(month.unit).or_default().extend(here);
        }
        Self(rounds)
    }

    /// Of one village.
    pub(crate) fn of(&self, unit: UnitId) -> &[Campaign] {
        self.0.get(&unit).map_or(&[], Vec::as_slice)
    }
}

/// One round in one village.
struct Placed<'a> {
    document: DocumentId,
    unit: UnitId,
    round: &'a Round,
}

fn placed(roster: &Roster) -> impl Iterator<Item = Placed<'_>> {
    roster.work.iter().flat_map(|month| {
        month.noun.rounds.iter().map(move |round| Placed {
            document: month.id,
            unit: month.unit,
            round,
        })
    })
}

/// The rounds that were opened, newest first, and what may be chosen for the next one.
///
/// # Errors
/// `still_loading`, `form_unknown`.
pub fn list(tablet: &Tablet) -> Result<RoundsView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let mut found: BTreeMap<&str, Vec<Placed<'_>>> = BTreeMap::new();
    for one in placed(&roster) {
        found.entry(&one.round.record).or_default().push(one);
    }
    let mut found: Vec<Vec<Placed<'_>>> = found.into_values().collect();
    found.sort_by_key(|round| {
        let first = round.first().map(|one| one.round);
        let from = first.map(|round| (round.campaign.from, round.recorded_ms));
        std::cmp::Reverse(from)
    });
    let mut rows = Vec::new();
    for round in &found {
        rows.extend(row(tablet, &roster, round)?);
    }
    let tiers = pack.tiers.iter();
    Ok(RoundsView {
        rows,
        villages: village_rows(tablet, &roster)?
            .into_iter()
            .map(|village| OptionView {
                code: village.village,
                label: village.name,
            })
            .collect(),
        tiers: tiers
            .filter(|tier| !tier.name.is_empty())
            .map(|tier| OptionView {
                code: tier.code.clone(),
                label: tier.name.clone(),
            })
            .collect(),
        most_days: u32::try_from(MOST_DAYS).unwrap_or(u32::MAX),
    })
}

fn row(
    tablet: &Tablet,
    roster: &Roster,
    villages: &[Placed<'_>],
) -> Result<Option<RoundRow>, ClientError> {
    let Some(round) = villages.first().map(|one| one.round) else {
        return Ok(None);
    };
    let campaign = &round.campaign;
    let packs = tablet.packs();
    let pack = packs.rules_on(roster.today);
    let tier = |code: &String| {
        let known = pack.and_then(|pack| pack.tier(code));
        known.map_or_else(|| code.clone(), |tier| tier.name.clone())
    };
    let author = roster::author_of(tablet, round.made_by)?.map(|author| author.staff);
    let by = author.or_else(|| StaffId::parse(&round.by).ok());
    // Whoever is asked has the round on her list; the cadence says of each child whether it was done.
    let (mut of, mut left) = (0, 0);
    for child in roster.running() {
        let asked = child.cadence.iter().flat_map(|cadence| &cadence.campaigns);
        let mut asked = asked.filter(|it| it.code == campaign.code).peekable();
        if asked.peek().is_some() {
            of += 1;
            left += u32::from(asked.any(|it| !it.done));
        }
    }
    Ok(Some(RoundRow {
        round: round.record.clone(),
        name: campaign.name.clone(),
        from: campaign.from.to_string(),
        to: campaign.to.to_string(),
        kinds: campaign.kinds.iter().map(|kind| kind_view(*kind)).collect(),
        tiers: campaign.who.tiers.iter().map(tier).collect(),
        binding: campaign.binding,
        villages: villages
            .iter()
            .map(|one| roster.people.unit_name(one.unit))
            .collect(),
        by: by.map_or_else(
            || roster::UNKNOWN_PERSON.to_owned(),
            |by| roster.people.name(by),
        ),
        state: if campaign.to < roster.today {
            RoundState::Over
        } else if roster.today < campaign.from {
            RoundState::Coming
        } else {
            RoundState::Runs
        },
        of,
        left,
    }))
}

/// Opens a round for villages.
///
/// # Errors
/// `station_decides`, `text_missing`, `choice_missing`, `villages_missing`, `value_invalid`, `not_found`, `date_invalid`,
/// `round_days`, `still_loading`, `form_unknown`, `too_large`, `disk_full`.
pub fn open(tablet: &Tablet, input: &RoundInput) -> Result<RoundsView, ClientError> {
    may_open(tablet)?;
    let roster = Roster::read(tablet)?;
    let day = |text: &str| text.parse().map_err(|_| ClientError::new("date_invalid"));
    let campaign = Campaign {
        code: String::new(),
        name: note(&input.name)?,
        from: day(&input.from)?,
        to: day(&input.to)?,
        kinds: input.kinds.iter().map(|kind| asked(*kind)).collect(),
        every: None,
        who: CampaignFor {
            tiers: input.tiers.clone(),
            ..CampaignFor::default()
        },
        binding: input.binding,
    };
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    if campaign.name.is_empty() {
        return Err(ClientError::new("text_missing"));
    }
    if campaign.kinds.is_empty() {
        return Err(ClientError::new("choice_missing"));
    }
    if let Some(tier) = input.tiers.iter().find(|tier| pack.tier(tier).is_none()) {
        return Err(ClientError::new("value_invalid").with("value", tier));
    }
    let days = (campaign.to - campaign.from).num_days();
    if !(0..=MOST_DAYS).contains(&days) || campaign.to < roster.today {
        return Err(ClientError::new("round_days"));
    }
    let known = village_rows(tablet, &roster)?;
    let mut villages = Vec::new();
    for village in &input.villages {
        let village = known
            .iter()
            .find(|known| known.village == *village)
            .and_then(|known| UnitId::parse(&known.village).ok())
            .ok_or_else(|| ClientError::new("not_found"))?;
        if !villages.contains(&village) {
            villages.push(village);
        }
    }
    if villages.is_empty() {
        return Err(ClientError::new("villages_missing"));
    }
    let record = tablet.new_id().to_string();
    let month = name_of(campaign.from);
    let writes: Vec<Write> = villages
        .into_iter()
        .map(|unit| {
            let round = Round {
                entry: tablet.new_id().to_string(),
                record: record.clone(),
                campaign: campaign.clone(),
                by: tablet.identity.staff.to_string(),
                recorded_ms: tablet.clock.now_ms(),
                made_by: None,
            };
            let months = roster.work.iter();
            let here = months.filter(|noun| noun.unit == unit && noun.noun.month == month);
            let (document, begun) = match here.map(|noun| noun.id).min() {
                Some(document) => (document, None),
                None => (DocumentId(tablet.new_id()), Some(work::begin(&month))),
            };
            let add = Edit::Add {
                collection: ENTRIES,
                entry: round.to_entry(),
            };
            let edits = begun.into_iter().chain([add]).collect();
            write(document, unit, edits, &campaign.name, round.entry)
        })
        .collect();
    records::save(tablet, "round_opened", &writes)?;
    list(tablet)
}

/// Takes a round back in all its villages: nothing more is asked, and nothing of it was missed.
///
/// # Errors
/// `station_decides`, `not_found`, `still_loading`, `disk_full`.
pub fn take_back(tablet: &Tablet, input: &IdInput) -> Result<RoundsView, ClientError> {
    may_open(tablet)?;
    let roster = Roster::read(tablet)?;
    let (by, now_ms) = (tablet.identity.staff.to_string(), tablet.clock.now_ms());
    let writes: Vec<Write> = placed(&roster)
        .filter(|one| one.round.record == input.id)
        .map(|one| {
            let id = tablet.new_id().to_string();
            let entry = one.round.taken_back(id.clone(), &by, now_ms);
            let edits = vec![Edit::Add {
                collection: ENTRIES,
                entry,
            }];
            write(one.document, one.unit, edits, &one.round.campaign.name, id)
        })
        .collect();
    if writes.is_empty() {
        return Err(ClientError::new("not_found"));
    }
    records::save(tablet, "round_taken_back", &writes)?;
    list(tablet)
}

fn write(document: DocumentId, unit: UnitId, edits: Vec<Edit>, name: &str, id: String) -> Write {
    Write::new(document, DocKind::Work, unit, edits).labelled(ROUND, format!("专项 {name}"), id)
}

fn may_open(tablet: &Tablet) -> Result<(), ClientError> {
    match tablet.identity.role.is_at_station() {
        true => Ok(()),
        false => Err(ClientError::new("station_decides")),
    }
}

fn asked(kind: DueKind) -> Kind {
    match kind {
        DueKind::Contact => Kind::Contact,
        DueKind::Visit => Kind::Visit,
    }
}
