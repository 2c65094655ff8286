//! Rounds beside the tiers: an extra contact or visit within a window (domain.md §5.5). Which there are the pack says, and the station.

use super::counting::Counted;
use super::due::after_pauses;
use super::segments::{self, Segment, is_in};
use super::{CadenceInput, CampaignToday, Kind};
use crate::calendar::{Window, add_span, days_before};
use crate::policy::Campaign;
use chrono::NaiveDate;

/// The stretches of a campaign in which something is asked for once each.
pub(super) fn windows(campaign: &Campaign) -> Vec<Window> {
    let Some(every) = campaign.every else {
        return vec![Window {
            from: campaign.from,
            to: campaign.to,
        }];
    };
    let mut windows = Vec::new();
    let mut from = campaign.from;
    while from <= campaign.to {
        let next = add_span(from, every);
        if next <= from {
            break;
        }
        windows.push(Window {
            from,
            to: days_before(next, 1).min(campaign.to),
        });
        from = next;
    }
    windows
}

/// Rounds that run on a day and are for this child.
pub(super) fn today(
    case: &CadenceInput,
    segment: &Segment<'_>,
    counted: &Counted,
    today: NaiveDate,
) -> Vec<CampaignToday> {
    let mut running = Vec::new();
    for campaign in segments::campaigns(case, segment) {
        if !is_in(case, segment, campaign) {
            continue;
        }
        let Some(window) = windows(campaign).into_iter().find(|it| it.contains(today)) else {
            continue;
        };
        for kind in &campaign.kinds {
            running.push(CampaignToday {
                code: campaign.code.clone(),
                name: campaign.name.clone(),
                kind: *kind,
                window,
                done: counted.any_in(*kind, window.from, window.to),
                binding: campaign.binding,
            });
        }
    }
    running
}

/// The binding round that asks for a kind first and is not done; a child that is away until its end is not asked.
pub(super) fn asks(
    case: &CadenceInput,
    segment: &Segment<'_>,
    counted: &Counted,
    kind: Kind,
    on: NaiveDate,
) -> Option<CampaignToday> {
    today(case, segment, counted, on)
        .into_iter()
        .filter(|it| it.binding && it.kind == kind && !it.done)
        .filter(|it| !is_away(case, segment, kind, it.window, on))
        .min_by_key(|it| it.window.to)
}

/// A pause reaches over the end of the window.
pub(super) fn is_away(
    case: &CadenceInput,
    segment: &Segment<'_>,
    kind: Kind,
    window: Window,
    today: NaiveDate,
) -> bool {
    let last = Some(days_before(window.from, 1));
    let after = after_pauses(case, segment.pack, kind, window.to, last, window.to, today);
    after > window.to
}
