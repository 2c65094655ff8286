//! Which rows share a household: same number of carer or guardian, or same name of one at the same address.

use super::{ExistingChild, HouseholdChoice, LedgerRow, Outcome, PlanRow, matching::match_key};
use std::collections::BTreeMap;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Number(String),
    NameAndAddress(String, String),
}

/// Numbers before names. `people` are the carer and the guardian: a register asks for the one or the other.
fn signs(people: [(Option<&str>, Option<&str>); 2], address: Option<&str>) -> Vec<Sign> {
    let numbers = people.iter().filter_map(|(number, _)| match_key(*number));
    let mut signs: Vec<Sign> = numbers.map(Sign::Number).collect();
    for (_, name) in people {
        if let (Some(name), Some(address)) = (bare(name), bare(address)) {
            signs.push(Sign::NameAndAddress(name, address));
        }
    }
    signs
}

fn bare(text: Option<&str>) -> Option<String> {
    let text: String = text?.chars().filter(|c| !c.is_whitespace()).collect();
    (!text.is_empty()).then_some(text)
}

/// A household known so far, and the name of a child in it.
#[derive(Clone)]
struct Known {
    choice: HouseholdChoice,
    with: String,
}

/// Fills in the household of every row that is imported.
pub(super) fn propose(rows: &[LedgerRow], existing: &[ExistingChild], planned: &mut [PlanRow]) {
    let mut known: BTreeMap<Sign, Known> = BTreeMap::new();
    for child in existing {
        let at = Known {
            choice: HouseholdChoice::Existing(child.household),
            with: child.name.clone(),
        };
        for sign in signs(
            [
                (child.carer_id_no.as_deref(), child.carer_name.as_deref()),
                (
                    child.guardian_id_no.as_deref(),
                    child.guardian_name.as_deref(),
                ),
            ],
            child.address.as_deref(),
        ) {
            known.entry(sign).or_insert_with(|| at.clone());
        }
    }
    let mut next_new = 1;
    for (row, plan) in rows.iter().zip(planned.iter_mut()) {
        if plan.outcome == Outcome::Rejected
            || (plan.outcome == Outcome::Same && plan.child.is_none())
        {
            continue;
        }
        let signs = signs(
            [
                (row.value("carer_id_no"), row.value("carer_name")),
                (row.value("guardian_id_no"), row.value("guardian_name")),
            ],
            row.value("addr")
                .or_else(|| row.value("carer_addr"))
                .or_else(|| row.value("guardian_addr")),
        );
        let own = plan
            .child
            .and_then(|id| existing.iter().find(|child| child.child == id))
            .map(|child| Known {
                choice: HouseholdChoice::Existing(child.household),
                with: child.name.clone(),
            });
        let shared = signs.iter().find_map(|sign| known.get(sign)).cloned();
        let at = if let Some(own) = own {
            own
        } else if let Some(shared) = shared {
            plan.household_sentence = Some(format!("与 {} 同一户", shared.with));
            shared
        } else {
            next_new += 1;
            Known {
                choice: HouseholdChoice::New(next_new - 1),
                with: plan.name.clone(),
            }
        };
        plan.household = at.choice;
        for sign in signs {
            known.entry(sign).or_insert_with(|| at.clone());
        }
    }
}
