//! Periods that passed without what they asked for (domain.md §5.3, decisions 6). Permanent; nothing is asked to be made up.

use super::campaigns::{self, is_away};
use super::counting::Counted;
use super::due::after_pauses;
use super::segments::{self, Segment, is_in};
use super::{CadenceInput, Kind, Miss};
use crate::calendar::{Blocks, Window, add_days, add_span, month_day_words};
use crate::policy::{Interval, Span};
use chrono::NaiveDate;

/// Misses over all stretches, oldest first.
pub(super) fn misses(
    case: &CadenceInput,
    segments: &[Segment<'_>],
    counted: &Counted,
    today: NaiveDate,
) -> Vec<Miss> {
    let mut misses = Vec::new();
    for segment in segments {
        for kind in Kind::ALL {
            let stretch = Stretch {
                case,
                segment,
                counted,
                kind,
                today,
            };
            let interval = match kind {
                Kind::Contact => &segment.tier.contact,
                Kind::Visit => &segment.tier.visit,
            };
            match interval {
                Some(Interval::Rolling { every, .. }) => misses.extend(stretch.rolling(*every)),
                Some(calendar) => misses.extend(stretch.calendar(calendar)),
                None => {}
            }
            misses.extend(stretch.campaigns());
        }
    }
    misses.sort_by_key(|miss| (miss.window, miss.kind));
    misses
}

/// One kind in one stretch of constant tier and pack.
struct Stretch<'a> {
    case: &'a CadenceInput,
    segment: &'a Segment<'a>,
    counted: &'a Counted,
    kind: Kind,
    today: NaiveDate,
}

impl Stretch<'_> {
    /// Every closed window that lies wholly in the stretch, has no event and no pause that reached over its end.
    fn calendar(&self, interval: &Interval) -> Vec<Miss> {
        let Some(blocks) = Blocks::of(interval) else {
            return Vec::new();
        };
        let mut misses = Vec::new();
        let mut window = blocks.window(self.segment.from);
        if window.from < self.segment.from {
            window = blocks.after(window);
        }
        while self.is_closed(window.to) {
            let done = self.counted.any_in(self.kind, window.from, window.to);
            if !done && self.after_pauses(window.to, None) == window.to {
                misses.push(self.miss(window));
            }
            let next = blocks.after(window);
            if next.from <= window.from {
                break;
            }
            window = next;
        }
        misses
    }

    /// One per gap between counting events, from the start to the first, and from the last to today, longer than the interval.
    fn rolling(&self, every: Span) -> Vec<Miss> {
        let from = self.segment.from;
        let dates = self.counted.dates(self.kind);
        let inside = dates
            .iter()
            .copied()
            .filter(|date| self.segment.contains(*date));
        let mut misses = Vec::new();
        // The start is like an event, only that the day itself may still be used.
        let starts =
            std::iter::once((from, from)).chain(inside.map(|date| (date, add_days(date, 1))));
        for (start, first_day) in starts {
            let due = add_span(start, every);
            let last = (start != first_day).then_some(start);
            let due = self.after_pauses(due, last);
            if self.is_closed(due) && !self.counted.any_in(self.kind, first_day, due) {
                misses.push(self.miss(Window {
                    from: first_day,
                    to: due,
                }));
            }
        }
        misses
    }

    /// Windows of binding campaigns that are over, lay wholly in the stretch and had neither an event nor a pause.
    fn campaigns(&self) -> Vec<Miss> {
        let mut misses = Vec::new();
        for campaign in segments::campaigns(self.case, self.segment) {
            let asks = campaign.binding && campaign.kinds.contains(&self.kind);
            if !asks || !is_in(self.case, self.segment, campaign) {
                continue;
            }
            for window in campaigns::windows(campaign) {
                let missed = self.segment.from <= window.from
                    && self.is_closed(window.to)
                    && !self.counted.any_in(self.kind, window.from, window.to)
                    && !is_away(self.case, self.segment, self.kind, window, self.today);
                if missed {
                    let mut miss = self.miss(window);
                    miss.text = self.segment.pack.text(
                        "miss.campaign",
                        &[("name", &campaign.name), ("miss", &miss.text)],
                    );
                    miss.campaign = Some(campaign.code.clone());
                    misses.push(miss);
                }
            }
        }
        misses
    }

    /// Its last day is over, and was still in the stretch.
    fn is_closed(&self, last_day: NaiveDate) -> bool {
        last_day < self.today && self.segment.contains(last_day)
    }

    fn after_pauses(&self, date: NaiveDate, last: Option<NaiveDate>) -> NaiveDate {
        after_pauses(
            self.case,
            self.segment.pack,
            self.kind,
            date,
            last,
            date,
            self.today,
        )
    }

    fn miss(&self, window: Window) -> Miss {
        let pack = self.segment.pack;
        let kind = match self.kind {
            Kind::Contact => pack.text("kind.contact", &[]),
            Kind::Visit => pack.text("kind.visit", &[]),
        };
        Miss {
            kind: self.kind,
            window,
            tier: self.segment.tier.code.clone(),
            pack: pack.id.clone(),
            campaign: None,
            text: pack.text(
                "miss",
                &[
                    ("from", &month_day_words(window.from)),
                    ("to", &month_day_words(window.to)),
                    ("kind", &kind),
                ],
            ),
        }
    }
}
