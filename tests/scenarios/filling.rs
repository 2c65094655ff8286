//! A visit that was saved half-filled is gone on with, the station asks for what is missing, and what was agreed on is not
//! forgotten.

use anyhow::{Context, Result};
use client::view::{
    ChildFileView, ComingView, InboxView, MeView, QuestionView, SavedView, TimelineRow, TodayView,
    VisitFormView, VisitReadView, WorkKind, WorkLogView,
};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};

async fn today(device: &Device) -> Result<TodayView> {
    device.call("today", Value::Null).await
}

async fn line(device: &Device, child: &str, record: &str) -> Result<TimelineRow> {
    let timeline = device.file(child).await?.timeline;
    let mut lines = timeline.into_iter();
    lines
        .find(|line| line.record == record)
        .context("it is in the file")
}

async fn read(device: &Device, child: &str, record: &str) -> Result<VisitReadView> {
    device
        .call("visit_read", json!({"child": child, "record": record}))
        .await
}

async fn save(device: &Device, draft: &str) -> Result<SavedView> {
    device.call("save_visit", json!({"id": draft})).await
}

fn question<'a>(form: &'a VisitFormView, part: &str, key: &str) -> Option<&'a QuestionView> {
    let parts = form.parts.iter().filter(|one| one.part == part);
    parts
        .flat_map(|one| &one.sections)
        .flat_map(|section| &section.questions)
        .find(|question| question.key == key)
}

fn answer(draft: &str, part: &str, key: &str, codes: &[&str]) -> Value {
    json!({"draft": draft, "part": part, "key": key, "codes": codes, "text": null})
}

/// A child's own record of what was saved.
fn record(saved: &SavedView, child: &str) -> Result<String> {
    let mut children = saved.children.iter();
    let one = children.find(|one| one.child == child);
    Ok(one.context("it is among them")?.record.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_filled_visit_is_gone_on_with_and_its_first_answers_stay() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let (older, younger) = (tablet.child("石小雨").await?, tablet.child("石小晨").await?);
    world.cut_network();
    let form = tablet.begin_visit(&older).await?;
    let form = tablet
        .answer(&form.draft, &older, "f_mood", &["low"])
        .await?;
    let left = form.missing.len();
    assert!(left > 2, "a short visit leaves something open: {left}");
    let saved = save(&tablet, &form.draft).await?;
    let hers = record(&saved, &older)?;
    let of_younger = record(&saved, &younger)?;
    let before = line(&tablet, &older, &hers).await?;
    assert!(before.open > 0 && before.can_fill, "{}", before.open);
    let first = read(&tablet, &older, &hers).await?;
    assert_eq!(first.open.len(), before.open as usize);

    // The same form, with what was answered; that is not asked again and cannot be changed here.
    let input = json!({"child": older, "record": hers});
    let form: VisitFormView = tablet.call("fill_visit", input.clone()).await?;
    assert!(form.fills && !form.is_attempt && form.last_notes.is_empty());
    assert_eq!(form.missing.len(), left);
    let mood = question(&form, &older, "f_mood").context("it is shown")?;
    assert_eq!(mood.given.as_deref(), Some("低落"));
    let changed = answer(&form.draft, &older, "f_mood", &["bright"]);
    assert_eq!(
        tablet.refusal("answer_visit", changed).await?.code,
        "not_allowed"
    );
    let empty = tablet
        .refusal("save_visit", json!({"id": form.draft}))
        .await?;
    assert_eq!(empty.code, "nothing_filled");

    // It is a draft of its own: the battery may be empty, and a new visit does not begin in it.
    tablet
        .answer(&form.draft, &older, "f_talk", &["avoid"])
        .await?;
    tablet
        .answer(&form.draft, "session", "b_food", &["ok"])
        .await?;
    tablet.reopen(PIN).await?;
    let list = today(&tablet).await?;
    assert!(list.drafts.iter().any(|draft| draft.fills));
    assert!(list.rows.iter().all(|row| row.draft.is_none()));
    let again: VisitFormView = tablet.call("fill_visit", input).await?;
    assert_eq!(again.draft, form.draft);
    assert_eq!(
        question(&again, &older, "f_talk").context("shown")?.codes,
        ["avoid"]
    );
    let other: VisitFormView = tablet.call("open_visit", json!({"id": older})).await?;
    assert!(!other.fills && other.draft != form.draft);
    let _: Value = tablet
        .call("discard_draft", json!({"id": other.draft}))
        .await?;

    // What was open is less by one of the child's and one of the household's, for both siblings.
    let filled = save(&tablet, &form.draft).await?;
    assert_eq!(record(&filled, &older)?, hers, "it is no new visit");
    let after = line(&tablet, &older, &hers).await?;
    assert_eq!(after.open, before.open - 2);
    assert_eq!(after.text, before.text);
    assert_eq!(after.counts, before.counts);
    assert!(
        after
            .amendments
            .iter()
            .any(|one| one.contains("李玉梅 补上了 2 题")),
        "{:?}",
        after.amendments
    );
    let now = read(&tablet, &older, &hers).await?;
    let told: Vec<_> = now.sections.iter().flat_map(|one| &one.answers).collect();
    let talk = told
        .iter()
        .find(|one| one.text == "回避")
        .context("it is read")?;
    assert!(
        talk.filled
            .as_deref()
            .is_some_and(|who| who.contains("李玉梅"))
    );
    let mood = told
        .iter()
        .find(|one| one.text == "低落")
        .context("it stays")?;
    assert_eq!(mood.filled, None);
    let sibling = line(&tablet, &younger, &of_younger).await?;
    assert!(
        sibling
            .amendments
            .iter()
            .any(|one| one.contains("补上了 1 题")),
        "{:?}",
        sibling.amendments
    );

    // The station reads the same, and goes on with nothing that is not its own.
    world.restore_network();
    world.settle(&[&tablet]).await?;
    let there = read(&world.station, &older, &hers).await?;
    assert_eq!(there.open, now.open);
    let not_hers = world
        .station
        .refusal("fill_visit", json!({"child": older, "record": hers}))
        .await?;
    assert_eq!(not_hers.code, "not_allowed");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_station_asks_for_what_is_missing_and_it_stands_until_it_was_filled_in() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let third = tablet.child("周子涵").await?;
    let visit = tablet.visit(&child).await?;
    let contact = tablet.contact(&third, "都好。").await?;
    world.settle(&[&tablet]).await?;
    let ask = |child: &str, record: &str, text: &str| json!({"child": child, "record": record, "text": text});

    assert_eq!(
        tablet
            .refusal("ask_fill", ask(&child, &visit, "情绪没写。"))
            .await?
            .code,
        "not_allowed"
    );
    let station = &world.station;
    assert_eq!(
        station
            .refusal("ask_fill", ask(&child, &visit, " "))
            .await?
            .code,
        "text_missing"
    );
    let unknown = station
        .refusal("ask_fill", ask(&child, &contact, "写清楚。"))
        .await?;
    assert_eq!(unknown.code, "not_found", "that is another child's record");
    let _: ChildFileView = station
        .call("ask_fill", ask(&child, &visit, "情绪没写。"))
        .await?;
    let _: ChildFileView = station
        .call("ask_fill", ask(&third, &contact, "谁接的电话？"))
        .await?;
    let inbox: InboxView = station.call("inbox", Value::Null).await?;
    let asked = inbox.rows.iter().filter(|row| row.asked);
    assert_eq!(asked.count(), 2);

    world.settle(&[&tablet]).await?;
    world.cut_network();
    let standing = today(&tablet).await?.asked;
    let told: Vec<_> = standing
        .iter()
        .map(|one| (one.record.as_str(), one.text.as_str(), one.can_fill))
        .collect();
    assert_eq!(
        told,
        [
            (visit.as_str(), "情绪没写。", true),
            (contact.as_str(), "谁接的电话？", false)
        ]
    );
    assert!(line(&tablet, &child, &visit).await?.asked[0].contains("请补充：情绪没写。"));

    // A visit is gone on with, a contact gets words added; both without a network.
    let form: VisitFormView = tablet
        .call("fill_visit", json!({"child": child, "record": visit}))
        .await?;
    tablet
        .answer(&form.draft, &child, "f_mood", &["calm"])
        .await?;
    save(&tablet, &form.draft).await?;
    let words = json!({"child": third, "record": contact, "text": "奶奶接的。", "void": false,
                       "event_date": null, "reason": "站里问。"});
    let _: ChildFileView = tablet.call("amend_record", words).await?;
    assert!(today(&tablet).await?.asked.is_empty());
    assert!(line(&tablet, &child, &visit).await?.asked.is_empty());

    world.restore_network();
    world.settle(&[&tablet]).await?;
    let inbox: InboxView = station.call("inbox", Value::Null).await?;
    assert!(inbox.rows.iter().all(|row| !row.asked));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_filled_in_later_asks_as_well_whether_it_was_reported() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    world.cut_network();
    let visit = tablet.visit(&child).await?;
    assert!(today(&tablet).await?.questions.is_empty());
    let form: VisitFormView = tablet
        .call("fill_visit", json!({"child": child, "record": visit}))
        .await?;
    let _: VisitFormView = tablet
        .call("visit_full", json!({"draft": form.draft, "full": true}))
        .await?;
    let form = tablet
        .answer(&form.draft, &child, "c_discipline", &["beat"])
        .await?;
    assert_eq!(form.mandatory.len(), 1);
    let saved = save(&tablet, &form.draft).await?;
    assert_eq!(saved.mandatory.len(), 1);
    let question = &saved.mandatory[0];
    assert_ne!(question.record, visit, "what was filled in asks for itself");
    let why = json!({"child": child, "record": question.record, "text": "听错了。"});
    let left: SavedView = tablet.call("answer_mandatory", why).await?;
    assert!(left.mandatory.is_empty() && today(&tablet).await?.questions.is_empty());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_agreed_on_stands_beside_the_dates_and_is_said_next_time() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let (older, younger) = (tablet.child("石小雨").await?, tablet.child("石小晨").await?);
    let form = tablet.begin_visit(&older).await?;
    let draft = form.draft.clone();
    let _: VisitFormView = tablet
        .call("visit_full", json!({"draft": draft, "full": true}))
        .await?;
    let day = |days: u64| -> Result<String> {
        let today = tablet.tablet()?.today();
        let later = today.checked_add_days(chrono::Days::new(days));
        Ok(later.context("a day")?.to_string())
    };
    let agreed = day(9)?;
    tablet
        .write(&draft, "session", "n_next_visit", &agreed)
        .await?;
    tablet
        .write(&draft, "session", "n_reminder", "带户口本")
        .await?;
    tablet
        .answer(&draft, &younger, "l_tier_suggest", &["more"])
        .await?;
    tablet
        .write(&draft, &younger, "l_tier_why", "奶奶住院了")
        .await?;
    tablet
        .write(&draft, &older, "l_summary", &"好".repeat(230))
        .await?;
    tablet
        .write(&draft, &younger, "l_summary", "常一个人在家。")
        .await?;
    let saved = save(&tablet, &draft).await?;

    // Each child has its own dates on the page that says it is kept.
    let names: Vec<_> = saved.children.iter().map(|one| one.name.clone()).collect();
    assert_eq!(saved.names, names.join("、"));
    assert_eq!(saved.children.len(), 2);
    assert!(saved.children.iter().all(|one| !one.next.is_empty()));

    // It stands on the row and moves no date of the rules.
    let list = today(&tablet).await?;
    let of = |list: &TodayView, child: &str| {
        let mut rows = list.rows.iter();
        let row = rows.find(|row| row.children.iter().any(|one| one.child == child));
        row.map(|row| (row.agreed.clone(), row.first.due.clone()))
    };
    let (on_row, due) = of(&list, &older).context("she is listed")?;
    assert_eq!(on_row.len(), 1, "only what she chose herself");
    assert_eq!(
        (on_row[0].on.as_str(), on_row[0].past),
        (agreed.as_str(), false)
    );
    assert_ne!(due, agreed);

    // Her own words are cut for the national record, and whole in the visit.
    let hers = record(&saved, &older)?;
    assert_eq!(
        line(&tablet, &older, &hers).await?.text.chars().count(),
        200
    );
    let whole = read(&tablet, &older, &hers).await?;
    let mut told = whole.sections.iter().flat_map(|one| &one.answers);
    assert!(told.any(|one| one.text.chars().count() == 230));

    // The station sees what was suggested until somebody decides or visits again.
    world.settle(&[&tablet]).await?;
    let coming: ComingView = world.station.call("coming", Value::Null).await?;
    let suggested: Vec<_> = coming
        .suggested
        .iter()
        .map(|row| (row.child.as_str(), row.text.as_str()))
        .collect();
    assert_eq!(suggested, [(younger.as_str(), "建议多走访：奶奶住院了")]);

    // That it stays as it is somebody of the station says, and why; then nobody is asked again.
    let keep = json!({"child": younger, "reason": "奶奶下周出院"});
    let refused = tablet.refusal("keep_tier", keep.clone()).await?;
    assert_eq!(refused.code, "station_decides");
    let there: ChildFileView = world.station.call("keep_tier", keep.clone()).await?;
    let tier = there.tier.context("a tier")?;
    assert!(tier.suggested.is_none() && tier.kept[0].contains("奶奶下周出院"));
    let coming: ComingView = world.station.call("coming", Value::Null).await?;
    assert!(coming.suggested.is_empty());
    let again = world.station.refusal("keep_tier", keep).await?;
    assert_eq!(again.code, "not_found", "nothing is suggested any more");
    world.settle(&[&tablet]).await?;
    let here = tablet.file(&younger).await?.tier.context("a tier")?;
    assert!(here.kept[0].contains("奶奶下周出院"), "she reads why");

    // The next visit begins with what was written of each, and with what she wanted to remember.
    world.go_to_day(12, &[&tablet]);
    let (on_row, _) = of(&today(&tablet).await?, &older).context("she is listed")?;
    assert!(on_row[0].past);
    let next: VisitFormView = tablet.call("open_visit", json!({"id": older})).await?;
    let notes: Vec<_> = next
        .last_notes
        .iter()
        .map(|note| {
            (
                note.name.as_str(),
                note.text.chars().count(),
                note.reminder.as_str(),
            )
        })
        .collect();
    assert!(notes.contains(&("石小雨", 200, "")), "{notes:?}");
    assert!(notes.contains(&("石小晨", "常一个人在家。".chars().count(), "")));
    assert!(notes.contains(&("", 0, "带户口本")), "{notes:?}");
    let form = tablet.begin_visit(&older).await?;
    save(&tablet, &form.draft).await?;
    let (on_row, _) = of(&today(&tablet).await?, &older).context("she is listed")?;
    assert!(on_row.is_empty(), "a newer visit agreed on nothing");
    world.settle(&[&tablet]).await?;
    let coming: ComingView = world.station.call("coming", Value::Null).await?;
    assert!(coming.suggested.is_empty());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counts_of_a_month_are_the_work_logs_and_each_child_has_its_own_words() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    world.cut_network();
    let (older, younger) = (tablet.child("石小雨").await?, tablet.child("石小晨").await?);
    let third = tablet.child("周子涵").await?;
    let form = tablet.begin_visit(&older).await?;
    tablet
        .write(&form.draft, &older, "l_summary", "不愿上学。")
        .await?;
    tablet
        .write(&form.draft, &younger, "l_summary", "都好。")
        .await?;
    save(&tablet, &form.draft).await?;
    tablet.contact(&third, "都好。").await?;
    let amend = |record: &str, void: bool, day: Option<&str>| {
        json!({"child": third, "record": record, "text": null, "void": void, "event_date": day,
               "reason": "记错了。"})
    };
    let mistaken = tablet.contact(&third, "记错了人。").await?;
    let _: ChildFileView = tablet
        .call("amend_record", amend(&mistaken, true, None))
        .await?;
    let earlier = tablet.contact(&third, "是上个月的事。").await?;
    let _: ChildFileView = tablet
        .call("amend_record", amend(&earlier, false, Some("2026-01-05")))
        .await?;

    let log: WorkLogView = tablet.call("work_log", json!({"month": null})).await?;
    let lines: Vec<_> = log.days.iter().flat_map(|day| &day.lines).collect();
    let count = |kind| lines.iter().filter(|line| line.kind == kind).count();
    let me: MeView = tablet.call("me", Value::Null).await?;
    let month = &me.month;
    assert_eq!((month.visits, month.contacts, month.attempts), (1, 1, 0));
    assert_eq!(
        (count(WorkKind::Visit), count(WorkKind::Contact)),
        (1, 1),
        "one truth"
    );
    assert_eq!(today(&tablet).await?.done_this_month, 2);
    let visit = lines.iter().find(|line| line.kind == WorkKind::Visit);
    let text = &visit.context("the visit")?.text;
    assert!(text.contains("石小雨：不愿上学。"), "{text}");
    assert!(text.contains("石小晨：都好。"), "{text}");
    world.township.stop().await;
    Ok(())
}
