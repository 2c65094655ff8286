//! Which children stand in which register, by the rules of the place.

use crate::exports::ExportedChild;
use domain::policy::{CategoryRule, PolicyPack};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a category puts a child into a register.
pub(crate) fn belongs(pack: &PolicyPack, ledger: &str, code: &str) -> bool {
    match ledger {
        "L1" => pack.is_left_behind(code),
        _ => !pack.is_left_behind(code) && pack.includes(code),
    }
}

/// With what the rules say of the categories: the national forms know few codes, a place may have its own.
pub(crate) fn exported(
    pack: Option<&PolicyPack>,
    mut values: BTreeMap<String, String>,
    categories: BTreeSet<String>,
) -> ExportedChild {
    let codes = categories.iter();
    let left_behind: Vec<&str> = codes
        .filter_map(|code| {
            let pack = pack.filter(|pack| pack.is_left_behind(code))?;
            Some(pack.category(code).map_or("", CategoryRule::words))
        })
        .collect();
    let is_left_behind = !left_behind.is_empty();
    let words: Vec<&str> = left_behind
        .into_iter()
        .filter(|words| !words.is_empty())
        .collect();
    if !words.is_empty() {
        values.insert("left_behind_kind".to_owned(), words.join("；"));
    }
    ExportedChild {
        values,
        categories,
        is_left_behind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_in_the_register_of_children_left_behind_the_rules_of_the_place_say() {
        let other = include_str!("../../../tests/cases/packs/colour-tiers.json");
        let shipped = include_str!("../../../policy/sh-2024-2026.json");
        let read = |json| PolicyPack::parse(json).expect("a pack");
        let (other, shipped) = (read(other), read(shipped));
        assert!(belongs(&other, "L1", "LB") && !belongs(&other, "L2", "LB"));
        assert!(belongs(&shipped, "L1", "LB-2") && !belongs(&shipped, "L2", "LB-2"));
        assert!(belongs(&shipped, "L2", "DP-1") && !belongs(&shipped, "L1", "DP-1"));
        assert!(
            !belongs(&shipped, "L1", "LB"),
            "a code of another place is none here"
        );
        let child = |pack: &PolicyPack, code: &str| {
            let categories = BTreeSet::from([code.to_owned()]);
            exported(Some(pack), BTreeMap::new(), categories)
        };
        let left = child(&other, "LB");
        assert!(left.is_left_behind);
        assert_eq!(left.values["left_behind_kind"], "留守儿童");
        let poor = child(&shipped, "DP-1");
        assert!(!poor.is_left_behind && poor.values.is_empty());
    }
}
