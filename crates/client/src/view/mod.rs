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
    use std::path::Path;

    /// Names of fields that say who somebody is or what they said, or carry a file or a picture.
    const PERSONAL: [&str; 26] = [
        "address",
        "after",
        "answers",
        "approved_by",
        "basis",
        "before",
        "bytes",
        "carer",
        "data",
        "file_name",
        "name",
        "names",
        "nickname",
        "note",
        "person",
        "phone",
        "query",
        "reason",
        "receipt",
        "seen",
        "siblings",
        "summary",
        "text",
        "value",
        "values",
        "words",
    ];
    /// Fields that have such a name and hold a code, a month or a line of a rule.
    const CODED: [&str; 11] = [
        "DeviceRefusal.reason",
        "DueView.reason",
        "DutiesView.after",
        "DutiesView.before",
        "EndAppointmentInput.reason",
        "MoreLateInput.after",
        "RecuseInput.reason",
        "RevokeInput.reason",
        "RuleChangeView.after",
        "RuleChangeView.before",
        "WipeView.receipt",
    ];

    /// Every file of this folder, by name.
    fn sources() -> Vec<(String, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/view");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .expect("this folder")
            .map(|entry| entry.expect("a file").path())
            .filter(|path| path.file_name().is_some_and(|name| name != "mod.rs"))
            .collect();
        files.sort();
        files
            .into_iter()
            .map(|path| {
                let source = std::fs::read_to_string(&path).expect("a source");
                (path.display().to_string(), source)
            })
            .collect()
    }

    /// A type that is added later and holds such a field is found here: it withholds what it holds (`ids::withhold!`).
    #[test]
    fn no_view_that_says_who_or_what_prints_itself() {
        let mut found = Vec::new();
        let sources = sources();
        assert!(sources.len() > 25, "{} files", sources.len());
        for (file, source) in &sources {
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
                        PERSONAL.contains(&field)
                            && kind.contains("String")
                            && !CODED.contains(&format!("{name}.{field}").as_str())
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
