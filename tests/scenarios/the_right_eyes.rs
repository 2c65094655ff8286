//! The right eyes only: the PIN once more before what reaches far, numbers behind masks, the head of the station.

use anyhow::{Context, Result};
use client::view::{
    AppView, EnrolmentView, PeopleView, RevealedView, SavedView, ShellKind, VisitFormView,
    VisitReadView,
};
use serde_json::{Value, json};
use store::audit;
use zoufang_tests::device::Device;
use zoufang_tests::story::{World, change_rule};

#[tokio::test(flavor = "multi_thread")]
async fn a_move_wants_the_pin_once_more_and_a_wrong_one_counts_as_at_the_door() -> Result<()> {
    let world = World::new().await?;
    let there = world.create_village("青溪村", "310199100202").await?;
    let station = &world.station;
    let child = station.child("吴天宇").await?;
    let offer = json!({"child": child, "whole_household": true, "village": there.to_string(),
                       "reason": "全家搬走。", "moved_on": "2026-11-01"});
    let refusal = station.refusal("offer_move", offer.clone()).await?;
    assert_eq!(refusal.code, "pin_again");
    let refusal = station.refusal("step_up", json!({"pin": "739146"})).await?;
    assert_eq!(
        (refusal.code.as_str(), refusal.params["left"].as_str()),
        ("wrong_pin", "9")
    );
    let refusal = station.refusal("offer_move", offer.clone()).await?;
    assert_eq!(refusal.code, "pin_again");
    station.step_up().await?;
    let _: serde_json::Value = station.call("offer_move", offer.clone()).await?;

    // It is good for some minutes, and no longer than the door is open.
    let decide = json!({"id": "0190f3c0-0000-7000-8000-000000000000", "decision": "accept"});
    let refusal = station.refusal("decide_move", decide.clone()).await?;
    assert_ne!(refusal.code, "pin_again");
    station.clock.move_by(5 * 60_000);
    let refusal = station.refusal("decide_move", decide.clone()).await?;
    assert_eq!(refusal.code, "pin_again");
    station.step_up().await?;
    let _: serde_json::Value = station.call("lock", json!(null)).await?;
    let refusal = station.refusal("step_up", json!({"pin": "739146"})).await?;
    assert_eq!(refusal.code, "locked");
    let _: serde_json::Value = station.call("unlock", json!({"pin": "283946"})).await?;
    let refusal = station.refusal("decide_move", decide).await?;
    assert_eq!(refusal.code, "pin_again");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_wrong_pins_lock_the_device_although_it_was_open() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    for left in (1..10).rev() {
        let refusal = tablet.refusal("step_up", json!({"pin": "739146"})).await?;
        assert_eq!(refusal.params["left"], left.to_string());
        tablet.clock.move_by(15 * 60_000);
    }
    let refusal = tablet.refusal("step_up", json!({"pin": "739146"})).await?;
    assert_eq!(refusal.code, "recovery_needed");
    let refusal = tablet.refusal("today", json!(null)).await?;
    assert_eq!(refusal.code, "locked");
    world.township.stop().await;
    Ok(())
}

/// Writes down that somebody was appointed at the station, after the PIN was given again.
async fn appoint(device: &Device, role: &str, person: &str) -> Result<PeopleView> {
    let asked = json!({
        "role": role, "village": "", "person": person, "from": "2026-01-01", "until": "", "approved_by": "沈岚",
        "basis": "芦民批〔2026〕8号", "vetted_on": "2026-01-01", "vetting": "查询2026-119", "replaces": null,
    });
    device.call("appoint", asked).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_station_makes_no_second_one_without_approval_and_the_pin() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let code = json!({"role": "supervisor", "village": "", "person": "宋洁"});
    let refusal = station.refusal("new_enrolment", code.clone()).await?;
    assert_eq!(refusal.code, "pin_again");
    station.step_up().await?;
    let refusal = station.refusal("new_enrolment", code.clone()).await?;
    assert_eq!(refusal.code, "grant_missing");
    appoint(station, "supervisor", "宋洁").await?;
    let made: EnrolmentView = station.call("new_enrolment", code).await?;

    // The digits are compared minutes later: that yes is hers, too.
    station.clock.move_by(5 * 60_000);
    let colleague = world.open_device(&world.new_folder(), ShellKind::Station)?;
    let here: AppView = colleague
        .call("enrol_start", json!({"address": made.qr_text, "code": ""}))
        .await?;
    let yes = json!({"id": made.enrolment, "compare_code": here.compare_code});
    let refusal = station.refusal("confirm_enrolment", yes.clone()).await?;
    assert_eq!(refusal.code, "pin_again");
    station.step_up().await?;
    let done: EnrolmentView = station.call("confirm_enrolment", yes).await?;
    assert_eq!(done.state, "confirmed");

    // Nor does she prolong her own appointment.
    let people: PeopleView = station.call("people", Value::Null).await?;
    let own = people.people.iter().find(|row| row.this);
    let own = own.context("she is listed")?;
    let asked = json!({
        "role": own.role, "village": "", "person": own.person, "from": "2026-01-01", "until": "", "approved_by": "沈岚",
        "basis": "芦民批〔2026〕9号", "vetted_on": "", "vetting": "", "replaces": null,
    });
    let refusal = station.refusal("appoint", asked).await?;
    assert_eq!(refusal.code, "own_appointment");
    let vetted = json!({"grant": own.grant, "vetted_on": "2026-01-01", "vetting": "查询2026-120"});
    let refusal = station.refusal("record_vetting", vetted).await?;
    assert_eq!(refusal.code, "own_appointment");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_station_gives_itself_a_head_who_works_there_like_a_supervisor() -> Result<()> {
    let world = World::new().await?;
    let code = |person: &str| json!({"role": "head", "village": "", "person": person});
    let refusal = world.station.refusal("new_enrolment", code("高岚")).await?;
    assert_eq!(refusal.code, "pin_again");
    world.station.step_up().await?;
    let refusal = world.station.refusal("new_enrolment", code("高岚")).await?;
    assert_eq!(refusal.code, "grant_missing", "somebody approves first");
    appoint(&world.station, "head", "高岚").await?;
    let made: EnrolmentView = world.station.call("new_enrolment", code("高岚")).await?;
    let head = world.open_device(&world.new_folder(), ShellKind::Station)?;
    let status = world
        .township
        .server
        .enrolment(made.enrolment.parse()?)
        .await?;
    head.enrol(&world.township.server, &status, "604817")
        .await?;
    let refusal = world.station.refusal("new_enrolment", code("方圆")).await?;
    assert_eq!(refusal.code, "head_appoints");
    head.step_up().await?;
    appoint(&head, "head", "方圆").await?;
    let _: EnrolmentView = head.call("new_enrolment", code("方圆")).await?;

    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;
    let report: client::view::SavedView = tablet
        .call(
            "report_problem",
            json!({"children": [child], "card": "school", "urgency": "days", "seen": "门口河边没有护栏。",
                   "origin_record": null, "mandatory": null}),
        )
        .await?;
    let problem = report.record;
    world.settle(&[&tablet]).await?;
    head.sync().await?;
    let _: client::view::ProblemView = head
        .call(
            "add_problem_event",
            json!({"problem": problem, "kind": "accepted", "text": ""}),
        )
        .await?;
    head.sync().await?;
    tablet.sync().await?;
    let view: client::view::ProblemView = tablet.call("problem", json!({"id": problem})).await?;
    assert_eq!(view.row.state, client::view::ProblemState::Accepted);
    assert_eq!(
        view.events.last().map(|event| event.role.as_str()),
        Some("站长")
    );
    world.township.stop().await;
    Ok(())
}

/// Lines of the trail on a device.
fn trail(device: &Device) -> Result<u64> {
    Ok(device.tablet()?.store.read(audit::verify)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_behind_its_mask_until_the_trail_says_who_looked() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;
    tablet
        .edit(&child, "child", "carer_phone", "10000000017")
        .await?;
    tablet
        .edit(&child, "child", "id_no", "310199201603150018")
        .await?;
    let field = |key: &str| json!({"child": child, "holder": "child", "key": key});

    // Nothing a screen is given has the numbers whole.
    let file = tablet.file(&child).await?;
    let whole = serde_json::to_string(&file)?;
    assert!(!whole.contains("10000000017") && !whole.contains("310199201603150018"));
    let phone = tablet.field(&child, "carer_phone").await?;
    assert_eq!(phone.text.as_deref(), Some("100****0017"));
    assert_eq!(phone.reveal.as_deref(), Some("tap"));
    let number = tablet.field(&child, "id_no").await?;
    assert_eq!(number.text.as_deref(), Some("310199********0018"));
    assert_eq!(number.reveal.as_deref(), Some("step_up"));

    // A telephone number for a tap, an identity number for the PIN; each with its line in the trail.
    let before = trail(&tablet)?;
    let shown: RevealedView = tablet.call("reveal_field", field("carer_phone")).await?;
    assert_eq!((shown.text.as_str(), shown.seconds), ("10000000017", 30));
    assert_eq!(trail(&tablet)?, before + 1);
    let refusal = tablet.refusal("reveal_field", field("id_no")).await?;
    assert_eq!(refusal.code, "pin_again");
    assert_eq!(trail(&tablet)?, before + 1);
    tablet.step_up().await?;
    let shown: RevealedView = tablet.call("reveal_field", field("id_no")).await?;
    assert_eq!(shown.text, "310199201603150018");
    assert_eq!(trail(&tablet)?, before + 3, "the PIN, and the look");
    for key in ["remark", "no_such_field"] {
        let refusal = tablet.refusal("reveal_field", field(key)).await?;
        assert_eq!(refusal.code, "not_found");
    }
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_director_is_not_asked_for_a_pin_for_what_is_not_hers_to_do() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let decide = json!({"id": "0190f3c0-0000-7000-8000-000000000000", "decision": "accept"});
    let refusal = tablet.refusal("decide_move", decide).await?;
    assert_eq!(refusal.code, "not_allowed");
    world.township.stop().await;
    Ok(())
}

/// What a visit says of a parent's telephone is the same number as in the file.
#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_in_a_visit_is_as_masked_as_it_is_in_the_file() -> Result<()> {
    const FATHER: &str = "10000000017";
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;
    let form = tablet.begin_visit(&child).await?;
    let draft = form.draft;
    let _: VisitFormView = tablet
        .call("visit_full", json!({"draft": draft, "full": true}))
        .await?;
    let typed = tablet.write(&draft, &child, "c_f_phone", FATHER).await?;
    assert!(
        serde_json::to_string(&typed)?.contains(FATHER),
        "what she is typing herself stays in sight"
    );
    let saved: SavedView = tablet.call("save_visit", json!({"id": draft})).await?;
    let record = saved
        .children
        .first()
        .context("it is saved")?
        .record
        .clone();

    let asked = json!({"child": child, "record": record});
    let read: VisitReadView = tablet.call("visit_read", asked.clone()).await?;
    assert!(!serde_json::to_string(&read)?.contains(FATHER));
    let mut answers = read.sections.iter().flat_map(|section| &section.answers);
    let answer = answers
        .find(|answer| answer.label == "父亲电话")
        .context("it is there")?;
    assert_eq!(answer.text, "100****0017");
    assert_eq!(answer.reveal.as_deref(), Some("tap"));
    let look = json!({"child": child, "holder": "answer", "key": answer.key});
    let shown: RevealedView = tablet.call("reveal_field", look.clone()).await?;
    assert_eq!(shown.text, FATHER);
    let rows = tablet.trail("field_shown")?;
    assert_eq!(rows.len(), 1, "one look is one row");
    let other = json!({"child": child, "holder": "answer", "key": format!("{record}/l_overall")});
    assert_eq!(
        tablet.refusal("reveal_field", other).await?.code,
        "not_found",
        "what is not masked has nothing behind it"
    );

    // 和上次一样 says and copies it masked; only the tap shows it, and typing replaces it.
    let form: VisitFormView = tablet.call("open_visit", json!({"id": child})).await?;
    let draft = form.draft;
    tablet
        .answer(&draft, "session", "a_met", &["child", "caregiver"])
        .await?;
    let full: VisitFormView = tablet
        .call("visit_full", json!({"draft": draft, "full": true}))
        .await?;
    assert!(!serde_json::to_string(&full)?.contains(FATHER));
    let same: VisitFormView = tablet
        .call(
            "same_as_last",
            json!({"draft": draft, "part": child, "section": "C"}),
        )
        .await?;
    assert!(!serde_json::to_string(&same)?.contains(FATHER));
    let questions = |form: &VisitFormView| {
        let sections = form.parts.iter().flat_map(|part| &part.sections);
        let mut questions = sections.flat_map(|section| section.questions.clone());
        questions.find(|question| question.key == "c_f_phone")
    };
    let carried = questions(&same).context("it is asked")?;
    assert!(carried.carried && carried.masked);
    assert_eq!(carried.text.as_deref(), Some("100****0017"));
    let key = format!("{draft}/{child}/c_f_phone");
    let look_open = json!({"child": child, "holder": "draft", "key": key});
    let shown: RevealedView = tablet.call("reveal_field", look_open).await?;
    assert_eq!(shown.text, FATHER);
    assert_eq!(tablet.trail("field_shown")?.len(), 2);
    let typed = tablet
        .write(&draft, &child, "c_f_phone", "10000000025")
        .await?;
    let now = questions(&typed).context("it is asked")?;
    assert_eq!(now.text.as_deref(), Some("10000000025"));
    assert!(!now.masked && !now.carried);

    // The station reads the same masks.
    world.settle(&[&tablet]).await?;
    let read: VisitReadView = world.station.call("visit_read", asked).await?;
    assert!(!serde_json::to_string(&read)?.contains(FATHER));
    // Where the pack asks for the PIN, it is asked for here as well.
    let masks = json!({"id_number": "step_up", "phone": "step_up"});
    change_rule(&tablet, "masks", &masks)?;
    assert_eq!(
        tablet.refusal("reveal_field", look).await?.code,
        "pin_again"
    );
    world.township.stop().await;
    Ok(())
}
