//! Plain types for the screens: what a screen shows (`…View`) and what it sends (`…Input`).
//!
//! They are exported to `ui/src/backend/generated/` by `cargo xtask gen`. Dates are civil dates
//! (`YYYY-MM-DD`, Asia/Shanghai); moments are RFC 3339 in UTC. Words a person reads that depend on
//! data (reasons, labels from packs) come ready-made in Chinese; fixed words live in the UI's locale files.

mod app;
mod attachment;
mod audit;
mod breach;
mod child;
mod child_rules;
mod conflict;
mod difference;
mod duties;
mod erasures;
mod exports;
mod file;
mod guests;
mod moves;
mod packet;
mod people;
mod problem;
mod recusals;
mod reports;
mod returned;
mod rights;
mod rounds;
mod sheet;
mod station;
mod status;
mod sync;
mod today;
mod visit;
mod work;

pub use app::*;
pub use attachment::*;
pub use audit::*;
pub use breach::*;
pub use child::*;
pub use child_rules::*;
pub use conflict::*;
pub use difference::*;
pub use duties::*;
pub use erasures::*;
pub use exports::*;
pub use file::*;
pub use guests::*;
pub use moves::*;
pub use packet::*;
pub use people::*;
pub use problem::*;
pub use recusals::*;
pub use reports::*;
pub use returned::*;
pub use rights::*;
pub use rounds::*;
pub use sheet::*;
pub use station::*;
pub use status::*;
pub use sync::*;
pub use today::*;
pub use visit::*;
pub use work::*;

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use serde_json::json;
    use std::fmt::Debug;

    /// Names of fields that say who somebody is or what they said.
    const PERSONAL: [&str; 17] = [
        "address",
        "answers",
        "approved_by",
        "basis",
        "carer",
        "name",
        "nickname",
        "note",
        "person",
        "phone",
        "query",
        "seen",
        "summary",
        "text",
        "value",
        "values",
        "words",
    ];
    const SOURCES: &[(&str, &str)] = &[
        ("app", include_str!("app.rs")),
        ("attachment", include_str!("attachment.rs")),
        ("audit", include_str!("audit.rs")),
        ("breach", include_str!("breach.rs")),
        ("child", include_str!("child.rs")),
        ("conflict", include_str!("conflict.rs")),
        ("duties", include_str!("duties.rs")),
        ("erasures", include_str!("erasures.rs")),
        ("exports", include_str!("exports.rs")),
        ("file", include_str!("file.rs")),
        ("moves", include_str!("moves.rs")),
        ("packet", include_str!("packet.rs")),
        ("people", include_str!("people.rs")),
        ("problem", include_str!("problem.rs")),
        ("recusals", include_str!("recusals.rs")),
        ("reports", include_str!("reports.rs")),
        ("returned", include_str!("returned.rs")),
        ("rounds", include_str!("rounds.rs")),
        ("station", include_str!("station.rs")),
        ("status", include_str!("status.rs")),
        ("sync", include_str!("sync.rs")),
        ("today", include_str!("today.rs")),
        ("visit", include_str!("visit.rs")),
        ("work", include_str!("work.rs")),
    ];

    /// A type that is added later and holds such a field is found here: it withholds what it holds (`ids::withhold!`).
    #[test]
    fn no_view_that_says_who_or_what_prints_itself() {
        let mut found = Vec::new();
        for (file, source) in SOURCES {
            for part in source.split("#[derive(").skip(1) {
                let (derived, rest) = part.split_once(")]").expect("a derive ends");
                let Some((_, rest)) = rest.split_once("pub struct ") else {
                    continue;
                };
                let (name, body) = rest.split_once(" {\n").unwrap_or((rest, ""));
                let body = body.split_once("\n}").map_or(body, |(body, _)| body);
                let says = body.lines().any(|line| {
                    let field = line
                        .trim()
                        .strip_prefix("pub ")
                        .and_then(|line| line.split_once(": "));
                    field.is_some_and(|(field, kind)| {
                        PERSONAL.contains(&field) && kind.contains("String")
                    })
                });
                if says && derived.split(", ").any(|one| one == "Debug") {
                    found.push(format!("{file}: {name}"));
                }
            }
        }
        assert_eq!(found, Vec::<String>::new());
    }

    fn prints<T: DeserializeOwned + Debug>(value: serde_json::Value) -> String {
        format!(
            "{:?}",
            serde_json::from_value::<T>(value).expect("the shape is this")
        )
    }

    #[test]
    fn what_somebody_types_is_not_printed() {
        let said = "奶奶住院了";
        let printed = [
            prints::<ContactInput>(json!({
                "child": "c", "event_date": "2026-11-02", "mode": "phone", "party": [], "reached": true,
                "child_state": null, "topics": [], "parent_contact_ok": null, "note": said,
            })),
            prints::<AnswerInput>(
                json!({"draft": "d", "part": "p", "key": "k", "codes": [], "text": said}),
            ),
            prints::<EditFieldInput>(
                json!({"child": "c", "holder": "child", "key": "k", "value": said}),
            ),
            prints::<SearchInput>(json!({"query": said, "village": null})),
            prints::<FileRowInput>(
                json!({"child": "c", "block": "b", "replaces": null, "values": {"text": [said]}}),
            ),
            prints::<TextInput>(json!({"text": said})),
        ];
        for line in printed {
            assert!(
                line.ends_with("(withheld)") && !line.contains(said),
                "{line}"
            );
        }
    }
}
