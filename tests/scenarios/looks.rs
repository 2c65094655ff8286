//! A look is written down before it is shown (P-11): every command a screen may send is in one of two tables – it notes a
//! look, or a sentence says why it does not – and what the first table promises is tried.

use anyhow::{Context, Result, ensure};
use client::commands::{COMMANDS, EXTENSION_COMMANDS};
use client::view::{ChildFileView, SavedView, VisitFormView, WorkSavedView};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

/// What gives out a child's or a family's words, and the row of the trail that is there before.
const NOTED: &[(&str, &str)] = &[
    ("audit_person", "view_list"),
    ("benefits", "view_child"),
    ("child_file", "view_child"),
    ("coming", "view_list"),
    ("conflicts", "view_list"),
    ("differences", "view_visit"),
    ("fill_visit", "view_visit"),
    ("inbox", "view_inbox"),
    ("open_visit", "view_visit"),
    ("overview", "view_list"),
    ("print", "print_made"),
    ("problem", "view_problem"),
    ("problem_form", "view_visit"),
    ("problems", "view_list"),
    ("restore_draft", "view_visit"),
    ("reveal_field", "field_shown"),
    ("rights", "view_list"),
    ("screening", "view_visit"),
    // A list of names, which notes nothing, unless somebody is looked for by a number.
    ("search_children", "search_number"),
    ("sign_list", "view_list"),
    ("today", "view_list"),
    ("visit_form", "view_visit"),
    ("visit_read", "view_visit"),
    ("work_log", "view_list"),
];

/// The same, tried where more has to happen first.
const NOTED_ELSEWHERE: &[(&str, &str, &str)] = &[
    ("export_child", "export_made", "trail.rs"),
    ("import_preview", "import_previewed", "trail.rs"),
    ("import_result", "import_result_taken", "imports.rs"),
    ("make_export", "export_made", "trail.rs"),
    ("make_figures", "export_made", "figures.rs"),
    ("make_packet", "packet_made", "packets.rs"),
    ("more_late", "view_late", "trail.rs"),
    ("moves", "view_late", "trail.rs"),
    ("open_attachment", "view_attachment", "photos.rs"),
    ("open_case", "case_opened", "cases.rs"),
    ("packets", "view_list", "packets.rs"),
    ("send_case", "export_made", "cases.rs"),
    ("show_confidential", "view_restricted", "sealed_words.rs"),
    ("show_left_words", "view_restricted", "left_sealed.rs"),
    ("show_words", "view_restricted", "full_disk.rs"),
    ("take_export", "export_taken", "trail.rs"),
    ("yearly_pack", "yearly_pack_made", "trail.rs"),
];

/// What notes no look, and why.
const EXPLAINED: &[(&str, &[&str])] = &[
    (
        "the door: nobody is inside yet, or nobody is named",
        &[
            "app",
            "choose_account",
            "choose_pin",
            "change_pin",
            "clear_device",
            "enrol_again",
            "enrol_another",
            "enrol_cancel",
            "enrol_poll",
            "enrol_start",
            "lock",
            "offline_answer",
            "offline_digits",
            "offline_request",
            "practice_end",
            "practice_start",
            "recover_answer",
            "recover_start",
            "renew_key",
            "step_up",
            "switch_user",
            "unlock",
        ],
    ),
    (
        "it writes, which is a row of its own, and answers with what its author had open",
        &[
            "add_attachment",
            "add_child",
            "add_problem_event",
            "amend_record",
            "answer_mandatory",
            "answer_right",
            "ask_fill",
            "ask_right",
            "begin_incident",
            "check_mandatory",
            "decide_status",
            "edit_field",
            "file_goods",
            "import_confirm",
            "incident_step",
            "keep_confidential",
            "keep_tier",
            "lower_tier",
            "name_handler",
            "note_miss",
            "open_urgently",
            "propose_status",
            "record_attempt",
            "record_contact",
            "record_work",
            "remove_attachment",
            "report_problem",
            "restore_attachment",
            "review_opening",
            "save_visit",
            "settle_conflict",
            "settle_screening",
            "take_differences",
            "take_row_away",
            "take_work_away",
            "tick_duty",
            "undo_difference",
            "write_row",
        ],
    ),
    (
        "a form that is open already: what it shows of before was noted when it was opened",
        &[
            "answer_visit",
            "none_of",
            "same_as_last",
            "same_everywhere",
            "visit_full",
            "visit_position",
            "visit_row",
            "discard_draft",
        ],
    ),
    (
        "this person's own words, not sent, not taken or not saved yet",
        &[
            "begin_sheet",
            "bring_back",
            "departures",
            "draft_attachments",
            "drop_sheet",
            "keep_sheet",
            "offer_again",
            "put_away",
            "returned",
            "sheet",
            "sheets",
            "sync_now",
            "sync_status",
            "work_form",
        ],
    ),
    (
        "names, houses, days and kinds: by which somebody is chosen, and nothing that was said of her",
        &[
            "add_child_form",
            "attempt_form",
            "child_attachments",
            "confidential",
            "contact_form",
            "decide_erasure",
            "decide_move",
            "decide_review",
            "end_guest",
            "end_recusal",
            "erasure_form",
            "erasures",
            "guest_form",
            "move_form",
            "offer_move",
            "open_guest",
            "packet_form",
            "recusals",
            "recuse",
            "request_erasure",
            "request_part_erasure",
            "set_hold",
            "take_handed_over",
            "writing",
        ],
    ),
    (
        "numbers, rules, forms, codes and telephone lists: of no child",
        &[
            "child_rules",
            "compile_form",
            "decide_export",
            "duties",
            "export_form",
            "exports",
            "figures_form",
            "form_languages",
            "forms",
            "import_status",
            "mandatory_page",
            "me",
            "open_round",
            "print_purposes",
            "publish_form",
            "request_export",
            "rounds",
            "set_station_phone",
            "station_phone",
            "take_round_back",
            "villages",
        ],
    ),
    (
        "people who work here, their devices and what they did",
        &[
            "answer_request",
            "appoint",
            "ask_delegation",
            "audit_month",
            "breaches",
            "confirm_enrolment",
            "cover_village",
            "create_village",
            "delegation",
            "devices",
            "end_appointment",
            "end_cover",
            "enrolment",
            "forget_request",
            "new_enrolment",
            "own_appointment",
            "people",
            "read_request",
            "record_vetting",
            "review_audit",
            "revoke_device",
        ],
    ),
    (
        "what goes between station and district: numbers, kinds and who asked why, until a case is opened",
        &[
            "ask_case",
            "audit_counts",
            "countersign",
            "decline_case",
            "reported",
            "station_report",
            "stations",
        ],
    ),
];

#[test]
fn every_command_notes_a_look_or_a_sentence_says_why_not() {
    let noted = NOTED.iter().map(|(command, _)| *command);
    let elsewhere = NOTED_ELSEWHERE.iter().map(|(command, ..)| *command);
    let explained = EXPLAINED.iter().flat_map(|(_, commands)| *commands);
    let mut told: BTreeMap<&str, u32> = BTreeMap::new();
    for command in noted.chain(elsewhere).chain(explained.copied()) {
        *told.entry(command).or_default() += 1;
    }
    let twice: Vec<&&str> = told
        .iter()
        .filter(|(_, times)| **times > 1)
        .map(|(command, _)| command)
        .collect();
    assert!(twice.is_empty(), "told twice: {twice:?}");
    let told: BTreeSet<&str> = told.into_keys().collect();
    let all: BTreeSet<&str> = COMMANDS.iter().chain(EXTENSION_COMMANDS).copied().collect();
    let missing: Vec<&&str> = all.difference(&told).collect();
    assert!(
        missing.is_empty(),
        "say of each what it notes, or why nothing: {missing:?}"
    );
    let gone: Vec<&&str> = told.difference(&all).collect();
    assert!(gone.is_empty(), "no command any more: {gone:?}");
}

/// Everything a page could show: a visit that asks whether it was reported, a contact, a problem, a request, an activity, a
/// file that is to end, and two words about one thing. Commands with what is asked, and whether the station asks.
async fn a_busy_village(
    world: &World,
    tablet: &Device,
) -> Result<Vec<(&'static str, bool, Value)>> {
    let station = &world.station;
    let (older, younger) = (tablet.child("石小雨").await?, tablet.child("石小晨").await?);
    let (third, fourth) = (tablet.child("周子涵").await?, tablet.child("吴天宇").await?);
    let day = tablet.tablet()?.today().to_string();
    let form = tablet.begin_visit(&older).await?;
    let full = json!({"draft": form.draft, "full": true});
    let form: VisitFormView = tablet.call("visit_full", full).await?;
    tablet
        .answer(&form.draft, &younger, "c_discipline", &["beat"])
        .await?;
    let saved: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    let hers = saved.children.iter().find(|one| one.child == older);
    let visit = hers.context("it is among them")?.record.clone();
    tablet.contact(&third, "奶奶接的电话。").await?;
    let problem = json!({"children": [third], "card": "school", "urgency": "days", "seen": "两天没上学。",
        "origin_record": null, "mandatory": null});
    let problem: SavedView = tablet.call("report_problem", problem).await?;
    let right = json!({"child": third, "rights": ["see"], "who": "guardian", "name": "周平", "text": "", "on": ""});
    let _: Value = tablet.call("ask_right", right).await?;
    let activity = json!({"block": "activity", "record": null, "children": [third], "values": {
        "kind": ["drowning"], "text": ["防溺水课"], "on": [day], "level": ["village"], "organiser": ["村委会"],
        "place": ["儿童之家"], "safety": ["两名家长看护"], "parents": ["4"]}});
    let activity: WorkSavedView = tablet.call("record_work", activity).await?;
    let end = json!({"child": fourth, "step": "end", "reason": "moved", "on": day, "into": null, "text": "村里开了证明。"});
    let _: ChildFileView = tablet.call("propose_status", end).await?;
    world.settle(&[tablet]).await?;
    world.cut_network();
    tablet.edit(&third, "child", "nickname", "涵涵").await?;
    station.edit(&third, "child", "nickname", "小涵").await?;
    world.restore_network();
    world.settle(&[tablet]).await?;
    let draft: VisitFormView = tablet.call("open_visit", json!({"id": older})).await?;
    ensure!(!draft.fills);

    let record = json!({"child": older, "record": visit});
    let month = day.get(..7).context("a month")?;
    let staff = tablet.tablet()?.identity.staff.to_string();
    Ok(vec![
        ("benefits", false, json!({"id": older})),
        ("child_file", false, json!({"id": older})),
        ("coming", true, Value::Null),
        ("conflicts", true, Value::Null),
        ("differences", false, record.clone()),
        ("fill_visit", false, record.clone()),
        ("inbox", true, Value::Null),
        ("open_visit", false, json!({"id": older})),
        ("overview", true, Value::Null),
        (
            "print",
            false,
            json!({"what": "work_log", "of": month, "purpose": "archive"}),
        ),
        ("problem", true, json!({"id": problem.record})),
        ("problem_form", false, json!({"id": younger})),
        ("problems", true, Value::Null),
        ("restore_draft", false, json!({"id": draft.draft})),
        (
            "reveal_field",
            true,
            json!({"child": older, "holder": "child", "key": "carer_phone"}),
        ),
        ("rights", true, json!({"child": null})),
        ("screening", false, record.clone()),
        (
            "search_children",
            true,
            json!({"query": "0012", "village": null}),
        ),
        ("sign_list", true, json!({"id": activity.record})),
        ("today", false, Value::Null),
        ("visit_form", false, json!({"id": draft.draft})),
        ("visit_read", true, record),
        ("work_log", false, json!({"month": null})),
        (
            "audit_person",
            true,
            json!({"month": month, "staff": staff}),
        ),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_shows_of_a_family_is_in_the_trail_before_it_is_shown() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let asked = a_busy_village(&world, &tablet).await?;
    let tried: BTreeSet<&str> = asked.iter().map(|(command, ..)| *command).collect();
    let promised: BTreeSet<&str> = NOTED.iter().map(|(command, _)| *command).collect();
    assert_eq!(tried, promised, "each of them is tried");
    let actions: BTreeMap<&str, &str> = NOTED.iter().copied().collect();
    for (command, at_station, argument) in asked {
        // A look of some minutes is one row: what was looked at before is a new look by now.
        for clock in [&tablet.clock, &world.clock, &world.station.clock] {
            clock.move_by(11 * 60 * 1000);
        }
        if command == "audit_person" {
            for clock in [&tablet.clock, &world.clock, &world.station.clock] {
                clock.move_by(60 * 60 * 1000);
            }
            tablet.sync().await?;
        }
        let device = if at_station { &world.station } else { &tablet };
        let action = actions.get(command).context("it is in the table")?;
        let before = device.trail(action)?.len();
        let _: Value = device
            .call(command, argument)
            .await
            .with_context(|| command)?;
        let after = device.trail(action)?.len();
        ensure!(after > before, "{command} left no row {action}");
    }

    // The list says which it is and how long it was; a visit goes by its own record, each child's for itself.
    let lists = world.station.trail("view_list")?;
    let rights = lists.iter().find(|row| row.object == "rights");
    assert_eq!(rights.context("it is there")?.detail, "count=1");
    let mut visits: Vec<String> = Vec::new();
    for row in tablet.trail("view_visit")? {
        if !visits.contains(&row.object) {
            visits.push(row.object);
        }
    }
    assert_eq!(visits.len(), 2, "both siblings' words were on the form");
    world.township.stop().await;
    Ok(())
}
