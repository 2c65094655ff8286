//! 出了事怎么办: a lost tablet is noted, its steps count their hours, are ticked by whoever did them, and stay in the trail of
//! everybody at the station (domain.md §11 P-17).

use anyhow::{Context, Result};
use client::view::{AuditMonthView, BreachView, IncidentView, PrintView, ShellKind};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};

async fn read(device: &Device) -> Result<BreachView> {
    device.call("breaches", Value::Null).await
}

fn step<'v>(incident: &'v IncidentView, code: &str) -> Result<&'v client::view::IncidentStepView> {
    let mut steps = incident.steps.iter();
    let found = steps.find(|step| step.step == code);
    found.with_context(|| code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_wrong_is_worked_through_step_by_step_and_told_with_ready_words() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let head = world.open_device(&world.new_folder(), ShellKind::Station)?;
    let code = CreateEnrolment {
        unit: station.tablet()?.identity.scope,
        role: Role::Head,
        person: "高岚".to_owned(),
    };
    let code = world.township.server.create_enrolment(code).await?;
    head.enrol(&world.township.server, &code, PIN).await?;
    head.sync().await?;
    let tablet = world.tablet("李玉梅").await?;
    assert_eq!(
        tablet.refusal("breaches", Value::Null).await?.code,
        "not_allowed"
    );
    assert!(read(station).await?.incidents.is_empty());

    let begin = |kind: &str, place: &str, on: &str| json!({"kind": kind, "place": place, "on": on});
    for (input, code) in [
        (begin("", "镇车站", ""), "choice_missing"),
        (begin("lost", " ", ""), "text_missing"),
        (begin("lost", "镇车站", "2026-11-03"), "date_future"),
        (begin("lost", "镇车站", "yesterday"), "date_invalid"),
    ] {
        assert_eq!(station.refusal("begin_incident", input).await?.code, code);
    }
    let noted = begin("lost", "白荷村的平板，在镇车站", "2026-11-01");
    let view: BreachView = station.call("begin_incident", noted).await?;
    let incident = view.incidents.first().context("it is noted")?.clone();
    assert_eq!((incident.late, incident.over.is_none()), (0, true));
    let stop = step(&incident, "stop")?;
    assert_eq!(stop.go.as_deref(), Some("devices"));
    let parts: Vec<&str> = incident
        .steps
        .iter()
        .map(|step| step.part.as_str())
        .collect();
    let order = ["detect", "contain", "notify", "after"];
    let place = |part: &str| order.iter().position(|known| *known == part);
    assert!(parts.is_sorted_by_key(|part| place(part)));

    let tick =
        |step: &str, note: &str| json!({"incident": incident.incident, "step": step, "note": note});
    let done: BreachView = station
        .call("incident_step", tick("stop", "已停用"))
        .await?;
    let letter = done.incidents[0]
        .letters
        .iter()
        .find(|one| one.letter == "bureau");
    let words = &letter.context("there is one for the bureau")?.text;
    for there in [
        "白荷村的平板，在镇车站",
        "2026年11月1日",
        "（已停用）",
        "〔",
    ] {
        assert!(words.contains(there), "{there}: {words}");
    }
    assert!(!words.contains('{'), "{words}");
    let unknown = station.refusal("incident_step", tick("fly", "")).await?;
    assert_eq!(unknown.code, "not_found");
    let paper = json!({"what": "incident_letter", "of": incident.incident, "purpose": "inspect"});
    let paper: PrintView = station.call("print", paper).await?;
    assert!(paper.number.starts_with("P-"));

    // The head goes on with it on her own device, two days later.
    world.settle(&[&head]).await?;
    world.go_to_day(2, &[&head, &tablet]);
    let there = read(&head).await?;
    let incident = there.incidents.first().context("she has it")?;
    assert!(step(incident, "cac")?.late && !step(incident, "guardians")?.late);
    let stopped = step(incident, "stop")?
        .done
        .as_ref()
        .context("it was done")?;
    assert_eq!(stopped.note, "已停用");
    let before = incident.late;
    let view: BreachView = head.call("incident_step", tick("cac", "电话报了")).await?;
    assert_eq!(view.incidents[0].late, before - 1);
    let silent = head.refusal("incident_step", tick("over", " ")).await?;
    assert_eq!(silent.code, "text_missing");
    let view: BreachView = head
        .call("incident_step", tick("over", "平板找回来了"))
        .await?;
    assert_eq!(
        (view.incidents[0].late, view.incidents[0].over.is_some()),
        (0, true)
    );
    let over = head.refusal("incident_step", tick("guardians", "")).await?;
    assert_eq!(over.code, "incident_over");

    world.settle(&[&head]).await?;
    let here = read(station).await?;
    let cac = step(&here.incidents[0], "cac")?
        .done
        .as_ref()
        .context("the station has it")?;
    assert_eq!(cac.by, "高岚");
    let month: AuditMonthView = station
        .call("audit_month", json!({"month": "2026-11"}))
        .await?;
    let count = |action: &str| {
        month
            .events
            .iter()
            .filter(|row| row.action == action)
            .count()
    };
    // The head's own rows may come with a later sync.
    assert!(count("incident_begun") == 1 && count("incident_step") >= 1);
    world.township.stop().await;
    Ok(())
}
