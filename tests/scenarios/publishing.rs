//! A form the station publishes from a spreadsheet: checked before, given to everybody once, and never changed (ADR 0033).

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Datelike;
use client::view::{
    ComingView, CompiledFormView, FormsView, QuestionView, VisitFormView, VisitReadView,
};
use domain::form::sheet::{Sheet, to_sheets};
use office::form_sheets;
use serde_json::{Value, json};
use sync_server::policies::Taken;
use zoufang_tests::device::Device;
use zoufang_tests::story::World;
use zoufang_tests::township::SetBack;

const SHIPPED: &str = include_str!("../../policy/forms/hv-cn-3.json");
const RULES: &str = include_str!("../../policy/sh-2024-2026.json");
const ASKED: &str = "这次来，孩子自己最想说的一件事";

/// The shipped form as a spreadsheet with other words in one cell, and another id and version.
fn spreadsheet(id: &str, version: u32, question: &str) -> Result<String> {
    let mut form: Value = serde_json::from_str(SHIPPED)?;
    form["id"] = json!(id);
    form["version"] = json!(version);
    let sections = form["sections"].as_array_mut().context("sections")?;
    let asked = sections
        .iter_mut()
        .filter_map(|section| section["questions"].as_array_mut())
        .flatten()
        .find(|asked| asked["key"] == "l_summary")
        .context("the form asks for a summary")?;
    asked["label"] = json!(question);
    encoded(&to_sheets(&form.to_string())?)
}

fn encoded(sheets: &[Sheet]) -> Result<String> {
    Ok(STANDARD.encode(form_sheets::write(sheets)?))
}

fn asks(form: &VisitFormView, words: &str) -> bool {
    let sections = form.parts.iter().flat_map(|part| &part.sections);
    sections
        .flat_map(|section| &section.questions)
        .any(|question| question.label == words)
}

async fn publish(station: &Device, bytes: &str) -> Result<FormsView> {
    station.step_up().await?;
    station
        .call("publish_form", json!({ "bytes": bytes }))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_form_reaches_every_tablet_and_a_visit_begun_before_keeps_its_own() -> Result<()>
{
    let mut world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let (one, other) = (tablet.child("石小雨").await?, tablet.child("吴天宇").await?);
    let begun = tablet.begin_visit(&one).await?;
    assert!(!asks(&begun, ASKED));
    world.settle(&[&tablet]).await?;
    let copy = world.township.back_up(&world.folder().join("backup"))?;

    let bytes = spreadsheet("hv-cn-4", 4, ASKED)?;
    let compiled: CompiledFormView = world
        .station
        .call("compile_form", json!({ "bytes": bytes }))
        .await?;
    assert_eq!((compiled.faults.len(), compiled.held), (0, None));
    assert_eq!(compiled.form.context("a form")?.id, "hv-cn-4");
    let forms = publish(&world.station, &bytes).await?;
    assert_eq!(forms.rows[0].id, "hv-cn-4");
    assert!(forms.rows[0].used);

    tablet.sync().await?;
    let again: VisitFormView = tablet.call("open_visit", json!({ "id": one })).await?;
    assert_eq!(again.draft, begun.draft);
    assert!(
        !asks(&again, ASKED),
        "a visit goes on with the form it began with"
    );
    assert!(again.old_form, "and says so");
    let fresh = tablet.begin_visit(&other).await?;
    assert!(asks(&fresh, ASKED) && !fresh.old_form);

    // A server that was set back to before it hears of the form again, and so does whoever comes new.
    let data = world.folder().join("set-back");
    world
        .township
        .set_back(&copy, &data, SetBack::Restored)
        .await?;
    for device in [&tablet, &world.station, &tablet] {
        device.sync().await?;
    }
    let late = world.tablet("赵春华").await?;
    let child = late.child("冯一诺").await?;
    assert!(asks(&late.begin_visit(&child).await?, ASKED));
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}

/// The shipped form in Chinese and, as far as these say it, English.
fn of_two_languages() -> Result<String> {
    let mut form: Value = serde_json::from_str(SHIPPED)?;
    form["id"] = json!("hv-cn-4");
    form["version"] = json!(4);
    form["languages"] = json!(["zh-CN", "en"]);
    form["translations"] = json!({"en": {
        "A": "This visit",
        "a_date": "Day of the visit",
        "a_date:constraint": "Not after today",
        "a_met": "Who was there",
        "a_met.child": "The child",
        "a_met.caregiver": "Who looks after it",
        "a_met.nobody": "Nobody",
        "l_overall": "All in all",
        "l_overall.normal": "Well",
        ":na": "Cannot say",
        ":session": "The home",
    }});
    encoded(&to_sheets(&form.to_string())?)
}

fn question<'a>(form: &'a VisitFormView, key: &str) -> Result<&'a QuestionView> {
    let sections = form.parts.iter().flat_map(|part| &part.sections);
    let mut questions = sections.flat_map(|section| &section.questions);
    let found = questions.find(|question| question.key == key);
    found.with_context(|| format!("{key} is asked"))
}

async fn read_in(device: &Device, languages: &[&str]) -> Result<()> {
    let input = json!({ "languages": languages });
    device.call("form_languages", input).await
}

/// What a saved visit says of whom was met and how all is, with the words of its questions.
fn said(read: &VisitReadView) -> Vec<(String, String)> {
    let sections = read.sections.iter();
    let answers = sections.flat_map(|section| &section.answers);
    answers
        .map(|answer| (answer.label.clone(), answer.text.clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_two_languages_is_filled_in_one_and_read_in_the_other() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    publish(&world.station, &of_two_languages()?).await?;
    tablet.sync().await?;

    // In its own language until somebody says otherwise, and where what she wishes for is not there.
    let own: VisitFormView = tablet.call("open_visit", json!({ "id": child })).await?;
    assert_eq!(question(&own, "a_date")?.label, "走访日期");
    assert_eq!((own.language.as_str(), own.languages.len()), ("zh-CN", 2));
    read_in(&tablet, &["ug"]).await?;
    let draft = json!({ "id": own.draft });
    let own: VisitFormView = tablet.call("visit_form", draft.clone()).await?;
    assert_eq!(question(&own, "a_date")?.label, "走访日期");

    read_in(&tablet, &["ug", "en"]).await?;
    let form: VisitFormView = tablet.call("visit_form", draft.clone()).await?;
    assert_eq!(form.language, "en");
    assert_eq!(form.parts[0].title, "The home");
    assert_eq!(form.parts[0].sections[0].title, "This visit");
    assert_eq!(question(&form, "a_date")?.label, "Day of the visit");
    assert_eq!(
        question(&form, "a_place")?.label,
        "走访地点",
        "untranslated"
    );
    let met = question(&form, "a_met")?;
    assert_eq!(met.options[0].label, "The child");

    // What is wrong and what is open is said in the same language.
    let late = tablet.write(&own.draft, "session", "a_date", "2999-01-01");
    let late = late.await?;
    let message = question(&late, "a_date")?.message.as_deref();
    assert_eq!(message, Some("Not after today"));
    let mut open = late.missing.iter();
    assert!(open.any(|one| one.label == "Who was there"));
    let refusal = tablet.refusal("save_visit", draft.clone()).await?;
    assert_eq!(refusal.code, "date_future");

    let today = tablet.tablet()?.today().to_string();
    tablet
        .write(&own.draft, "session", "a_date", &today)
        .await?;
    let saved = tablet.visit(&child).await?;
    let record = json!({ "child": child, "record": saved });
    let read: VisitReadView = tablet.call("visit_read", record.clone()).await?;
    let met = ("Who was there", "The child、Who looks after it");
    let overall = ("All in all", "Well");
    for (label, text) in [met, overall] {
        let there = said(&read).contains(&(label.to_owned(), text.to_owned()));
        assert!(there, "{label}: {:?}", said(&read));
    }
    assert_eq!(read.language, "en");

    // The station reads the same record in Chinese: nothing of the language went with it.
    world.settle(&[&tablet]).await?;
    let read: VisitReadView = world.station.call("visit_read", record).await?;
    for (label, text) in [("见到的人", "儿童本人、实际照料人"), ("总体情况", "正常")]
    {
        let there = said(&read).contains(&(label.to_owned(), text.to_owned()));
        assert!(there, "{label}: {:?}", said(&read));
    }
    let file = world.station.file(&child).await?;
    let line = file.timeline.iter().find(|line| line.record == saved);
    let summary = &line.context("the visit is in the file")?.text;
    assert!(summary.contains("总体情况：正常"), "{summary}");
    assert!(!summary.contains("Well"), "{summary}");

    for wrong in [json!(["en\u{202e}"]), json!([""]), json!(vec!["en"; 9])] {
        let input = json!({ "languages": wrong });
        let refusal = tablet.refusal("form_languages", input).await?;
        assert_eq!(refusal.code, "value_invalid");
    }
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_a_spreadsheet_is_told_and_nothing_is_published_twice_or_changed()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let station = &world.station;
    let compile = async |bytes: &str| -> Result<CompiledFormView> {
        station
            .call("compile_form", json!({ "bytes": bytes }))
            .await
    };

    let mut sheets = to_sheets(SHIPPED)?;
    let survey = sheets
        .iter_mut()
        .find(|sheet| sheet.name == "survey")
        .context("a survey")?;
    let (kind, _) = survey.rows[&1]
        .iter()
        .find(|(_, heading)| heading.as_str() == "type")
        .context("types")?;
    let kind = *kind;
    survey
        .rows
        .get_mut(&4)
        .context("a fourth row")?
        .insert(kind, "geopoint".to_owned());
    let broken = encoded(&sheets)?;
    let compiled = compile(&broken).await?;
    assert!(compiled.form.is_none());
    assert!(
        compiled.faults[0].contains("survey"),
        "{:?}",
        compiled.faults
    );
    station.step_up().await?;
    let input = json!({ "bytes": broken });
    let refusal = station.refusal("publish_form", input).await?;
    assert_eq!(refusal.code, "form_invalid");
    let garbage = json!({ "bytes": STANDARD.encode("no spreadsheet") });
    assert_eq!(
        station.refusal("compile_form", garbage).await?.code,
        "not_a_spreadsheet"
    );

    for (bytes, code) in [
        (encoded(&to_sheets(SHIPPED)?)?, "form_known"),
        (spreadsheet("hv-cn-3", 4, ASKED)?, "form_exists"),
        (spreadsheet("hv-cn-old", 1, ASKED)?, "form_older"),
        (spreadsheet("other", 4, ASKED)?, "form_invalid"),
    ] {
        assert_eq!(compile(&bytes).await?.held.as_deref(), Some(code));
        let input = json!({ "bytes": bytes });
        assert_eq!(station.refusal("publish_form", input).await?.code, code);
    }

    let bytes = spreadsheet("hv-cn-4", 4, ASKED)?;
    publish(station, &bytes).await?;
    let input = json!({ "bytes": spreadsheet("hv-cn-4", 5, "换了字")? });
    assert_eq!(
        station.refusal("publish_form", input).await?.code,
        "form_exists"
    );
    let of_a_tablet = json!({ "bytes": bytes });
    assert_eq!(
        tablet.refusal("publish_form", of_a_tablet).await?.code,
        "not_allowed",
        "a tablet publishes nothing"
    );
    world.township.stop().await;
    Ok(())
}

/// The shipped rules as those that come after them.
fn successor(from: &str, name: &str) -> Result<String> {
    let mut rules: Value = serde_json::from_str(RULES)?;
    rules["id"] = json!("SH-2027");
    rules["name"] = json!(name);
    rules["valid"] = json!([from, null]);
    Ok(rules.to_string())
}

/// It is November: the station is told that the next year's holidays are not there, until they are.
#[tokio::test(flavor = "multi_thread")]
async fn the_next_years_holidays_are_asked_for_until_a_pack_has_them() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let next = world.station.tablet()?.today().year() + 1;
    let coming: ComingView = world.station.call("coming", Value::Null).await?;
    assert_eq!(coming.years_without_holidays, [next]);
    assert_eq!(coming.terms_until, None);
    let hers: ComingView = tablet.call("coming", Value::Null).await?;
    assert!(
        hers.years_without_holidays.is_empty(),
        "whoever can have it put right is told"
    );
    let asked = world
        .township
        .at_the_desk(|desk| desk.years_without_holidays())?;
    assert_eq!(asked, [i64::from(next)]);

    let mut rules: Value = serde_json::from_str(RULES)?;
    let years = rules["work_years"].as_array_mut().context("years")?;
    years.push(json!({"year": next, "holidays": [format!("{next}-01-01")], "workdays": []}));
    let file = world.folder().join("next.json");
    std::fs::write(&file, rules.to_string())?;
    let taken = world
        .township
        .at_the_desk(|desk| desk.add_policies(&file, true))?;
    assert_eq!(taken[0].1, Taken::Replaced);
    world.station.sync().await?;
    let coming: ComingView = world.station.call("coming", Value::Null).await?;
    assert_eq!(coming.years_without_holidays, Vec::<i32>::new());
    let asked = world
        .township
        .at_the_desk(|desk| desk.years_without_holidays())?;
    assert!(asked.is_empty());
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_come_later_are_taken_by_a_running_server_and_hold_from_their_day_on()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let today = tablet.tablet()?.today();
    let later = today + chrono::Days::new(40);
    let rules_on = |day| -> Result<String> {
        let packs = tablet.tablet()?.packs();
        Ok(packs.rules_on(day).context("rules")?.id.clone())
    };
    let before = rules_on(later)?;
    let file = world.folder().join("next.json");
    std::fs::write(&file, successor(&later.to_string(), "以后的规定")?)?;
    let add = |replace: bool| {
        let taken = world
            .township
            .at_the_desk(|desk| desk.add_policies(&file, replace));
        taken.map(|taken| {
            taken
                .into_iter()
                .map(|(_, taken)| taken)
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(add(false)?, [Taken::New]);
    assert_eq!(add(false)?, [Taken::Same], "twice is once");
    tablet.sync().await?;
    assert_eq!(rules_on(today)?, before, "a day before keeps its rules");
    assert_eq!(rules_on(later)?, "SH-2027");

    // Under the same id something else: only when it is said, and what a tablet cannot use leaves its rules alone.
    std::fs::write(&file, successor(&later.to_string(), "改过的规定")?)?;
    assert!(add(false).is_err());
    assert_eq!(add(true)?, [Taken::Replaced]);
    // A slip under an id that is known leaves what was known; the next good one stands.
    std::fs::write(&file, json!({"id": "SH-2027", "tiers": "?"}).to_string())?;
    assert_eq!(add(true)?, [Taken::Replaced]);
    tablet.sync().await?;
    assert_eq!(rules_on(later)?, "SH-2027", "a slip takes no rules away");
    std::fs::write(&file, successor(&later.to_string(), "改过的规定")?)?;
    assert_eq!(add(true)?, [Taken::Replaced]);
    let mut clash: Value = serde_json::from_str(&successor(&later.to_string(), "同一天的另一份")?)?;
    clash["id"] = json!("SH-2027-B");
    std::fs::write(&file, clash.to_string())?;
    assert_eq!(add(false)?, [Taken::New]);
    std::fs::write(&file, json!({"id": "SH-2028", "tiers": "?"}).to_string())?;
    assert_eq!(add(false)?, [Taken::New]);
    tablet.sync().await?;
    assert_eq!(rules_on(later)?, "SH-2027");
    let packs = tablet.tablet()?.packs();
    assert_eq!(packs.rules_on(later).context("rules")?.name, "改过的规定");
    let left_out: Vec<_> = packs.unreadable.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(left_out, ["SH-2028", "SH-2027-B"]);

    // Whoever enrols afterwards, and a township made afterwards, have them from the beginning.
    let fresh = world.tablet("孙桂芳").await?;
    let packs = fresh.tablet()?.packs();
    assert_eq!(packs.rules_on(later).context("rules")?.id, "SH-2027");
    std::fs::write(&file, "{")?;
    assert!(add(true).is_err());
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    Ok(())
}
