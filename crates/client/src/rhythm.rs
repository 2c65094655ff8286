//! How often a child is seen, said whole: the tier and why, months and misses, rounds, what comes, and lowering.

use crate::benefits::{self, LastVisit, OpenProblems, Says};
use crate::cadence::{self, kind_view};
use crate::children;
use crate::contacts::{note, options};
use crate::error::ClientError;
use crate::file_status;
use crate::guests;
use crate::looks;
use crate::packs::Packs;
use crate::paused::paused;
use crate::problems;
use crate::records::{self, Write};
use crate::recovery;
use crate::recusals;
use crate::roster::{Roster, RosterChild};
use crate::rows::Authors;
use crate::standing;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    CampaignView, ChildFileView, ComingRow, ComingView, DueKind, HintView, HintWeight, IdInput,
    KeepTierInput, LowerTierInput, MissInput, MissView, MonthMark, MonthView, NoticeKind,
    NoticeView, OptionView, RuleChangeView, TierView, ToAskView,
};
use crate::visits;
use chrono::NaiveDate;
use domain::cadence::{Announced, Cadence, Kind, MonthState, announced, months};
use domain::calendar::full_date_words;
use domain::child::{MISS_NOTES, OPENED_ON, TIER_KEPT, TIER_LOWERED};
use domain::file::{Facts, Hint, HintLevel};
use domain::policy::{CalendarGaps, PolicyPack};
use domain::record::{Edit, Entry, REPLACES, ROWS};
use domain::scalar::Scalar;
use ids::DocKind;
use std::collections::BTreeMap;

/// Months of the strip.
const MONTHS: u32 = 12;

/// What the file page says of the rhythm.
pub(crate) struct Rhythm {
    pub(crate) tier: Option<TierView>,
    pub(crate) months: Vec<MonthView>,
    pub(crate) misses: Vec<MissView>,
    pub(crate) miss_reasons: Vec<OptionView>,
    pub(crate) campaigns: Vec<CampaignView>,
    pub(crate) ahead: Vec<String>,
    pub(crate) paused: Vec<String>,
}

/// Computes it for one child, for somebody who decides about it or not.
pub(crate) fn of(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
    pack: &PolicyPack,
    (authors, decides): (&Authors, bool),
) -> Result<Rhythm, ClientError> {
    let packs = tablet.packs();
    let input = cadence::input(&child.child, &child.rounds);
    let cadence = child.cadence.as_deref();
    let mut tier = cadence.and_then(|cadence| tier(decides, roster, child, cadence, pack, authors));
    if let (Some(tier), Some(visit)) = (&mut tier, child.child.suggests_tier()) {
        let words = suggestion_words(tablet, &packs, child, &visit.id)?;
        tier.suggested = Some(words);
    }
    Ok(Rhythm {
        tier,
        months: input
            .as_ref()
            .map(|input| months(input, &packs.rules, roster.today, MONTHS))
            .unwrap_or_default()
            .into_iter()
            .map(|month| MonthView {
                month: month.month.to_string(),
                contact: mark(month.contact),
                contacts: month.contacts,
                visit: mark(month.visit),
                visits: month.visits,
            })
            .collect(),
        misses: cadence
            .map(|cadence| misses(roster, child, cadence, pack, authors))
            .unwrap_or_default(),
        miss_reasons: options(pack.list("OVERDUE_REASON"), roster.today),
        campaigns: cadence
            .iter()
            .flat_map(|cadence| &cadence.campaigns)
            .map(|campaign| CampaignView {
                name: campaign.name.clone(),
                kind: kind_view(campaign.kind),
                to: campaign.window.to.to_string(),
                done: campaign.done,
            })
            .collect(),
        ahead: ahead(roster, child, &packs, pack),
        paused: paused(roster, child, pack)
            .into_iter()
            .map(|(text, _)| text)
            .collect(),
    })
}

fn mark(state: MonthState) -> MonthMark {
    match state {
        MonthState::None => MonthMark::None,
        MonthState::Done => MonthMark::Done,
        MonthState::Partly => MonthMark::Partly,
        MonthState::Missed => MonthMark::Missed,
        MonthState::Paused => MonthMark::Paused,
        MonthState::Free => MonthMark::Free,
        MonthState::Open => MonthMark::Open,
    }
}

fn tier(
    decides: bool,
    roster: &Roster,
    child: &RosterChild,
    cadence: &Cadence,
    pack: &PolicyPack,
    authors: &Authors,
) -> Option<TierView> {
    let rule = pack.tier(cadence.tier.as_deref()?)?;
    let name = |code: &str| {
        let name = pack.tier(code).map_or("", |tier| tier.name.as_str());
        if name.is_empty() {
            code.to_owned()
        } else {
            name.to_owned()
        }
    };
    let every = |kind: &str, words: Option<&str>| {
        words.map(|words| format!("{}：{words}", pack.text(kind, &[])))
    };
    let told = |entry: &Entry| {
        format!(
            "{} {}：{}",
            entry.date("from").map(full_date_words).unwrap_or_default(),
            authors.name(roster, entry.made_by),
            entry.text_or_empty("reason")
        )
    };
    let facts = child.child.entries("tier_facts").iter().rev();
    let lowered = facts
        .filter(|entry| entry.text("kind") == Some(TIER_LOWERED))
        .map(told)
        .collect();
    let mut kept: Vec<String> = child.child.rows(TIER_KEPT).map(told).collect();
    kept.reverse();
    Some(TierView {
        name: name(&rule.code),
        enhanced: rule.enhanced,
        since: cadence.since.map(|day| day.to_string()).unwrap_or_default(),
        every: [
            every("kind.contact", rule.contact.as_ref().map(|it| it.words())),
            every("kind.visit", rule.visit.as_ref().map(|it| it.words())),
        ]
        .into_iter()
        .flatten()
        .collect(),
        words: cadence.tier_words.clone(),
        lower_to: cadence.lower_to.as_deref().map(name),
        may_lower: decides,
        lowered,
        suggested: None,
        kept,
    })
}

fn kind_code(kind: DueKind) -> &'static str {
    match kind {
        DueKind::Contact => "contact",
        DueKind::Visit => "visit",
    }
}

fn misses(
    roster: &Roster,
    child: &RosterChild,
    cadence: &Cadence,
    pack: &PolicyPack,
    authors: &Authors,
) -> Vec<MissView> {
    cadence
        .misses
        .iter()
        .rev()
        .map(|miss| {
            let kind = kind_view(miss.kind);
            let (from, to) = (miss.window.from.to_string(), miss.window.to.to_string());
            let said = miss_note(child, kind, &from, &to);
            MissView {
                kind,
                text: miss.text.clone(),
                reason: said.map(|said| {
                    let label =
                        pack.label("OVERDUE_REASON", said.text("reason").unwrap_or_default());
                    match said.text("note") {
                        Some(note) => format!("{label}：{note}"),
                        None => label.to_owned(),
                    }
                }),
                by: said.map(|said| authors.name(roster, said.made_by)),
                from,
                to,
            }
        })
        .collect()
}

/// What was said last about a missed period.
fn miss_note<'a>(child: &'a RosterChild, kind: DueKind, from: &str, to: &str) -> Option<&'a Entry> {
    child
        .child
        .rows(MISS_NOTES)
        .filter(|entry| {
            entry.text("kind") == Some(kind_code(kind))
                && entry.text("from") == Some(from)
                && entry.text("to") == Some(to)
        })
        .last()
}

/// Ageing out, and what another rule pack changes, in words.
fn ahead(roster: &Roster, child: &RosterChild, packs: &Packs, pack: &PolicyPack) -> Vec<String> {
    let mut words: Vec<String> = ageing(roster, child).into_keys().collect();
    if let Some(input) = cadence::input(&child.child, &child.rounds) {
        for change in announced(&input, &packs.rules, roster.today) {
            words.push(change_words(&change, pack));
        }
    }
    words
}

/// Reminders whose day has come and whose birthday is not over, each birthday once.
fn ageing(roster: &Roster, child: &RosterChild) -> BTreeMap<String, NaiveDate> {
    child
        .cadence
        .iter()
        .flat_map(|cadence| &cadence.reminders)
        .filter(|reminder| reminder.on <= roster.today && roster.today < reminder.ends_on)
        .map(|reminder| (reminder.text.clone(), reminder.ends_on))
        .collect()
}

fn change_words(change: &Announced, pack: &PolicyPack) -> String {
    let kind = pack.text(
        match change.kind {
            Kind::Contact => "kind.contact",
            Kind::Visit => "kind.visit",
        },
        &[],
    );
    let never = pack.text("announced.never", &[]);
    let words = |every: &Option<String>| every.clone().unwrap_or_else(|| never.clone());
    pack.text(
        "announced",
        &[
            ("date", &full_date_words(change.from)),
            ("kind", &kind),
            ("before", &words(&change.before)),
            ("after", &words(&change.after)),
        ],
    )
}

/// Approves a lower tier: a person of the station, with the PIN once more and a reason.
///
/// # Errors
/// `station_decides`, `recused`, `pin_again`, `not_found` when there is nothing to approve, `reason_missing`, `disk_full`.
pub fn lower_tier(tablet: &Tablet, input: &LowerTierInput) -> Result<ChildFileView, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("station_decides"));
    }
    let reason = note(&input.reason)?;
    if reason.is_empty() {
        return Err(ClientError::new("reason_missing"));
    }
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let waits = child
        .cadence
        .as_ref()
        .is_some_and(|it| it.lower_to.is_some());
    if !waits {
        return Err(ClientError::new("not_found"));
    }
    if !recusals::decides(tablet, child)? {
        return Err(ClientError::new("recused"));
    }
    tablet.require_step_up()?;
    let today = roster.today.to_string();
    let staff = tablet.identity.staff.to_string();
    let id = tablet.new_id().to_string();
    let entry = Entry::new(&id)
        .with("kind", TIER_LOWERED)
        .with("from", today.as_str())
        .with("recorded_on", today.as_str())
        .with("recorded_ms", tablet.clock.now_ms())
        .with("approved_by", staff.as_str())
        .with("reason", reason.as_str())
        .with("by", staff.as_str());
    add(
        tablet,
        child,
        "tier_facts",
        entry,
        "tier_lowered",
        "调整走访次数",
    )
}

/// Says that the visits stay as many as they are, though the newest visit thought otherwise: a person of the station, with a
/// reason whoever visited reads.
///
/// # Errors
/// `station_decides`, `recused`, `not_found` when no visit suggests anything, `changed_since` when a newer one does by now,
/// `reason_missing`, `disk_full`.
pub fn keep_tier(tablet: &Tablet, input: &KeepTierInput) -> Result<ChildFileView, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("station_decides"));
    }
    let reason = note(&input.reason)?;
    if reason.is_empty() {
        return Err(ClientError::new("reason_missing"));
    }
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let visit = child.child.suggests_tier();
    let visit = visit.ok_or_else(|| ClientError::new("not_found"))?;
    if !recusals::decides(tablet, child)? {
        return Err(ClientError::new("recused"));
    }
    if let Some(read) = &input.suggested
        && *read != suggestion_words(tablet, &tablet.packs(), child, &visit.id)?
    {
        return Err(ClientError::new("changed_since"));
    }
    let today = roster.today.to_string();
    let entry = Entry::new(tablet.new_id().to_string())
        .with("block", TIER_KEPT)
        .with("record", visit.id.as_str())
        .with("from", today.as_str())
        .with("recorded_on", today.as_str())
        .with("recorded_ms", tablet.clock.now_ms())
        .with("reason", reason.as_str())
        .with("by", tablet.identity.staff.to_string());
    add(tablet, child, ROWS, entry, "tier_kept", "走访次数不变")
}

/// Says why a period passed without what it asked for. The miss stays; said again, the last word stands.
///
/// # Errors
/// `not_found` when there was no such miss, `value_invalid`, `text_missing`, `disk_full`.
pub fn note_miss(tablet: &Tablet, input: &MissInput) -> Result<ChildFileView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let is_one = child.cadence.iter().flat_map(|it| &it.misses).any(|miss| {
        kind_view(miss.kind) == input.kind
            && miss.window.from.to_string() == input.from
            && miss.window.to.to_string() == input.to
    });
    if !is_one {
        return Err(ClientError::new("not_found"));
    }
    let reasons = pack.list("OVERDUE_REASON");
    if !reasons.iter().any(|item| item.code == input.reason) {
        return Err(ClientError::new("value_invalid").with("value", &input.reason));
    }
    let text = note(&input.note)?;
    let is_last = reasons.last().is_some_and(|item| item.code == input.reason);
    if is_last && text.is_empty() {
        return Err(ClientError::new("text_missing"));
    }
    let mut entry = Entry::new(tablet.new_id().to_string())
        .with("block", MISS_NOTES)
        .with("kind", kind_code(input.kind))
        .with("from", input.from.as_str())
        .with("to", input.to.as_str())
        .with("reason", input.reason.as_str())
        .with("note", Scalar::text_or_null(Some(&text)))
        .with("recorded_on", roster.today.to_string())
        .with("recorded_ms", tablet.clock.now_ms())
        .with("by", tablet.identity.staff.to_string());
    if let Some(earlier) = miss_note(child, input.kind, &input.from, &input.to) {
        entry = entry.with(REPLACES, earlier.id.as_str());
    }
    add(tablet, child, ROWS, entry, "miss_noted", "没赶上的原因")
}

fn add(
    tablet: &Tablet,
    child: &RosterChild,
    collection: &'static str,
    entry: Entry,
    action: &str,
    words: &str,
) -> Result<ChildFileView, ClientError> {
    let id = entry.id.clone();
    let write = Write::new(
        child.id,
        DocKind::Child,
        child.unit,
        vec![Edit::Add { collection, entry }],
    )
    .labelled("row", format!("{} {words}", child.name()), id);
    records::save(tablet, action, &[write])?;
    children::file(
        tablet,
        &IdInput {
            id: child.id.to_string(),
        },
    )
}

/// What a person should look at, and what is still to ask.
pub(crate) fn looked_at(
    facts: &Facts<'_>,
    packs: &Packs,
    pack: &PolicyPack,
) -> (Vec<Hint>, Vec<ToAskView>) {
    let label = |list: &str, code: &str| pack.label(list, code).to_owned();
    let mut hints = packs.file.hints(facts, &label);
    hints.sort_by_key(|hint| hint.level);
    let to_ask = packs
        .file
        .to_ask(facts)
        .into_iter()
        .map(|(_, field)| ToAskView {
            holder: field.holder.clone(),
            key: field.key.clone(),
            label: field.label.clone(),
        })
        .collect();
    (hints, to_ask)
}

/// A hint for a screen.
pub(crate) fn hint_view(hint: Hint) -> HintView {
    HintView {
        code: hint.code,
        weight: match hint.level {
            HintLevel::Law => HintWeight::Law,
            HintLevel::Soon => HintWeight::Soon,
            HintLevel::Ask => HintWeight::Ask,
        },
        text: hint.text,
        law: hint.law,
        report: hint.report,
    }
}

/// What comes and wants a look, for everybody this device knows.
///
/// # Errors
/// `still_loading`, `form_unknown`, or the store cannot be read.
pub fn coming(tablet: &Tablet) -> Result<ComingView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let open = OpenProblems::read(tablet)?;
    let row = |child: &RosterChild, text: String, on: Option<NaiveDate>| ComingRow {
        child: child.id.to_string(),
        name: child.name(),
        village: roster.people.unit_name(child.unit),
        text,
        on: on.map(|day| day.to_string()),
    };
    let gaps = calendar_gaps(tablet, &packs);
    let mut view = ComingView {
        status: file_status::waiting(&roster, pack),
        headless: problems::headless(tablet)?,
        law: Vec::new(),
        ageing: Vec::new(),
        ended: Vec::new(),
        lowering: Vec::new(),
        suggested: Vec::new(),
        paused: Vec::new(),
        soon: Vec::new(),
        unfilled: Vec::new(),
        benefits: Vec::new(),
        changes: rule_changes(&roster, &packs, pack),
        years_without_holidays: gaps.years,
        terms_until: gaps.terms_until.map(|day| day.to_string()),
    };
    for child in roster.children.iter().filter(|child| child.runs()) {
        let says = Says::of(&roster, child, &packs, &open);
        let facts = says.facts(&roster, child);
        let (hints, to_ask) = looked_at(&facts, &packs, pack);
        if let Some((text, on)) = unfilled(&roster, child, pack, to_ask.len()) {
            view.unfilled.push(row(child, text, Some(on)));
        }
        let visit = LastVisit::of(tablet, &roster, child, &packs)?;
        let asked = benefits::names(&packs, &facts, &visit);
        if !asked.is_empty() {
            let text = asked.join(&pack.text("reason.join", &[]));
            view.benefits.push(row(child, text, None));
        }
        for hint in hints {
            let list = match hint.level {
                HintLevel::Law => &mut view.law,
                HintLevel::Soon => &mut view.soon,
                HintLevel::Ask => continue,
            };
            list.push(row(child, hint.text, None));
        }
        if let Some(visit) = child.child.suggests_tier() {
            let on = child.child.effective_date(&visit.id, visit.event_date);
            let text = suggestion_words(tablet, &packs, child, &visit.id)?;
            view.suggested.push(row(child, text, on));
        }
        for (text, on) in ageing(&roster, child) {
            view.ageing.push(row(child, text, Some(on)));
        }
        for (text, until) in paused(&roster, child, pack) {
            view.paused.push(row(child, text, until));
        }
        let Some(cadence) = &child.cadence else {
            continue;
        };
        if let Some(day) = cadence.ended_on {
            let text = pack.text("ended", &[("date", &full_date_words(day))]);
            view.ended.push(row(child, text, Some(day)));
        }
        if let Some(text) = lowering(cadence, pack) {
            view.lowering.push(row(child, text, None));
        }
    }
    let dated = [
        &mut view.ageing,
        &mut view.ended,
        &mut view.paused,
        &mut view.unfilled,
    ];
    for list in dated {
        list.sort_by(|a, b| (a.on.is_none(), &a.on).cmp(&(b.on.is_none(), &b.on)));
    }
    let lists = [
        &view.status,
        &view.law,
        &view.ageing,
        &view.ended,
        &view.lowering,
        &view.suggested,
        &view.paused,
        &view.soon,
        &view.unfilled,
        &view.benefits,
    ];
    let lines: usize = lists.iter().map(|list| list.len()).sum();
    looks::note_list(tablet, "coming", lines + view.headless.len())?;
    Ok(view)
}

/// A file that was to be full by now, and by when; a reminder, never a block, and no score (domain.md §3.10).
fn unfilled(
    roster: &Roster,
    child: &RosterChild,
    pack: &PolicyPack,
    open: usize,
) -> Option<(String, NaiveDate)> {
    let due = pack.file_due(child.child.text(OPENED_ON)?.parse().ok()?)?;
    let (days, count) = (pack.rules.file_workdays?.to_string(), open.to_string());
    let places = [("days", days.as_str()), ("count", count.as_str())];
    let is_late = open > 0 && due <= roster.today;
    is_late.then(|| (pack.text("unfilled", &places), due))
}

/// That visits could be fewer if somebody agreed; none where nothing is to be agreed to.
fn lowering(cadence: &Cadence, pack: &PolicyPack) -> Option<String> {
    let name = |code: &str| pack.tier(code).map_or("", |tier| tier.name.as_str());
    let lower = name(cadence.lower_to.as_deref()?);
    let now = cadence.tier.as_deref().map(name).unwrap_or_default();
    let words = cadence.tier_words.join(&pack.text("reason.join", &[]));
    let places = [("now", now), ("lower", lower), ("facts", words.as_str())];
    Some(pack.text("lowering", &places))
}

/// What the rules lack of the calendar. Whoever can have it put right is told; a director cannot.
fn calendar_gaps(tablet: &Tablet, packs: &Packs) -> CalendarGaps {
    match tablet.identity.role.is_at_station() {
        true => packs.rules.calendar_gaps(tablet.today()),
        false => CalendarGaps::default(),
    }
}

/// What a visit suggests about how often the child is visited and why, in the words of its form.
fn suggestion_words(
    tablet: &Tablet,
    packs: &Packs,
    child: &RosterChild,
    record: &str,
) -> Result<String, ClientError> {
    let mut files = vec![child.id];
    files.extend(&child.also);
    for id in files {
        let file = tablet.child_with_answers(id)?;
        let Some(visit) = file.visits.iter().find(|visit| visit.id == record) else {
            continue;
        };
        let hash = visit.form.rsplit('#').next().unwrap_or_default();
        let Some(form) = packs.form_by_hash(hash) else {
            break;
        };
        let answers = file.visit_answers(form, visit).0;
        let label = form
            .question(visits::TIER_SUGGEST)
            .map(|question| form.label_of(question, &visit.plan.tier));
        let why = answers.text(visits::TIER_WHY);
        let words = [label, why].into_iter().flatten().map(str::to_owned);
        return Ok(words.collect::<Vec<_>>().join("："));
    }
    // Its form has not arrived here yet; the child's file says the rest.
    Ok(String::new())
}

/// What other rule packs change, by day, kind and frequency, with the children it concerns.
fn rule_changes(roster: &Roster, packs: &Packs, pack: &PolicyPack) -> Vec<RuleChangeView> {
    type Key = (NaiveDate, Kind, Option<String>, Option<String>);
    let mut changes: BTreeMap<Key, (String, Vec<ComingRow>)> = BTreeMap::new();
    for child in &roster.children {
        let Some(input) = cadence::input(&child.child, &child.rounds) else {
            continue;
        };
        for change in announced(&input, &packs.rules, roster.today) {
            let next = change.pack.as_deref().and_then(|id| packs.rules.by_id(id));
            let name = next.map_or_else(String::new, |next| next.name.clone());
            let text = match change.due {
                Some(due) => {
                    let date = full_date_words(due);
                    pack.text("announced.first", &[("date", &date)])
                }
                None => String::new(),
            };
            let row = ComingRow {
                child: child.id.to_string(),
                name: child.name(),
                village: roster.people.unit_name(child.unit),
                text,
                on: change.due.map(|due| due.to_string()),
            };
            changes
                .entry((change.from, change.kind, change.before, change.after))
                .or_insert_with(|| (name, Vec::new()))
                .1
                .push(row);
        }
    }
    changes
        .into_iter()
        .map(
            |((from, kind, before, after), (pack, children))| RuleChangeView {
                from: from.to_string(),
                pack,
                kind: kind_view(kind),
                before,
                after,
                children,
            },
        )
        .collect()
}

/// The lines above 今天.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn notices(tablet: &Tablet, roster: &Roster) -> Result<Vec<NoticeView>, ClientError> {
    let packs = tablet.packs();
    let mut notices = covers(tablet, roster)?;
    notices.extend(guests::news(tablet, roster)?);
    let mut rounds: BTreeMap<(NaiveDate, NaiveDate, String), u32> = BTreeMap::new();
    let mut ages = 0;
    let mut changes: BTreeMap<(NaiveDate, String), u32> = BTreeMap::new();
    // Nothing changes for anybody where no pack begins or ends around today.
    let rules_change = packs.rules.packs().len() > 1;
    for child in &roster.children {
        let Some(cadence) = &child.cadence else {
            continue;
        };
        for round in cadence.campaigns.iter().filter(|round| !round.done) {
            let key = (round.window.from, round.window.to, round.name.clone());
            *rounds.entry(key).or_default() += 1;
        }
        ages += u32::from(!ageing(roster, child).is_empty());
        let input = rules_change
            .then(|| cadence::input(&child.child, &child.rounds))
            .flatten();
        let announced = input.map(|input| announced(&input, &packs.rules, roster.today));
        if let Some(change) = announced.and_then(|all| all.into_iter().next()) {
            let next = change.pack.as_deref().and_then(|id| packs.rules.by_id(id));
            let name = next.map_or_else(String::new, |next| next.name.clone());
            *changes.entry((change.from, name)).or_default() += 1;
        }
    }
    notices.extend(changes.into_iter().map(|((from, name), count)| NoticeView {
        kind: NoticeKind::Change,
        name,
        from: from.to_string(),
        until: String::new(),
        count,
    }));
    notices.extend(
        rounds
            .into_iter()
            .map(|((from, to, name), count)| NoticeView {
                kind: NoticeKind::Campaign,
                name,
                from: from.to_string(),
                until: to.to_string(),
                count,
            }),
    );
    if ages > 0 {
        notices.push(NoticeView {
            kind: NoticeKind::Ageing,
            name: String::new(),
            from: String::new(),
            until: String::new(),
            count: ages,
        });
    }
    Ok(notices)
}

/// Who stands in for whom now or soon, as far as it concerns this person or this village.
fn covers(tablet: &Tablet, roster: &Roster) -> Result<Vec<NoticeView>, ClientError> {
    let me = &tablet.identity;
    let now = standing::never_back_ms(tablet)?;
    let covers = tablet
        .store
        .read(|connection| recovery::covers(tablet, connection, now))?;
    let count = |unit| {
        let theirs = roster.children.iter().filter(|child| child.unit == unit);
        u32::try_from(theirs.count()).unwrap_or(u32::MAX)
    };
    Ok(covers
        .into_iter()
        .filter_map(|cover| {
            let (kind, name) = if cover.delegate == me.staff {
                (NoticeKind::StandIn, roster.people.unit_name(cover.unit))
            } else if cover.unit == me.unit {
                (NoticeKind::Covered, roster.people.name(cover.delegate))
            } else {
                return None;
            };
            Some(NoticeView {
                kind,
                name,
                from: system::civil_date(cover.from_ms).to_string(),
                until: system::civil_date(cover.until_ms - 1).to_string(),
                count: count(cover.unit),
            })
        })
        .collect())
}
