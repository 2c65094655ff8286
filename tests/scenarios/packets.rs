//! 转介材料: what leaves the station with a referral is little, encrypted, numbered and dated, has a receipt, and is asked for
//! until somebody says that it was destroyed or given back (domain.md §11 P-14, docs/adr/0047).

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calamine::{Reader, Xlsx};
use client::runtime::Line;
use client::view::{
    AuditMonthView, ExportFileView, ExportMadeView, ExportsView, PacketFormView, PacketsView,
    PrintView, ProblemView, RecusalsView, RightsView, SavedView, ShellKind,
};
use ids::Role;
use protocol::{CreateEnrolment, ExportList};
use serde_json::{Value, json};
use std::io::Cursor;
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, change_rule, shows};

const CHILD: &str = "周子涵";
/// What somebody said, and must be in nothing that leaves.
const SEEN: &str = "孩子说怕被同学打。";

async fn colleague(world: &World, role: Role, person: &str) -> Result<Device> {
    let device = world.open_device(&world.new_folder(), ShellKind::Station)?;
    let code = CreateEnrolment {
        unit: world.station.tablet()?.identity.scope,
        role,
        person: person.to_owned(),
    };
    let code = world.township.server.create_enrolment(code).await?;
    device.enrol(&world.township.server, &code, PIN).await?;
    device.sync().await?;
    Ok(device)
}

async fn add(
    device: &Device,
    problem: &str,
    kind: &str,
    text: &str,
    detail: Value,
) -> Result<ProblemView> {
    let input = json!({"problem": problem, "kind": kind, "text": text, "detail": detail});
    let view = device.call("add_problem_event", input).await;
    view.with_context(|| kind.to_owned())
}

async fn refused(device: &Device, problem: &str, kind: &str, detail: Value) -> Result<String> {
    let input = json!({"problem": problem, "kind": kind, "text": "陈老师", "detail": detail});
    Ok(device.refusal("add_problem_event", input).await?.code)
}

async fn look(device: &Device, problem: &str) -> Result<ProblemView> {
    device.call("problem", json!({"id": problem})).await
}

async fn out(device: &Device) -> Result<PacketsView> {
    device.call("packets", Value::Null).await
}

/// A matter of days, taken up and referred to a body.
async fn referred(world: &World, tablet: &Device, card: &str, body: &str) -> Result<String> {
    let child = tablet.child(CHILD).await?;
    let mandatory = match card {
        "hurt" => json!({"choice": "reported", "text": "已打110。"}),
        _ => Value::Null,
    };
    let input = json!({"children": [child], "card": card, "urgency": "days", "seen": SEEN,
        "origin_record": null, "mandatory": mandatory});
    let saved: SavedView = tablet.call("report_problem", input).await?;
    world.settle(&[tablet]).await?;
    add(&world.station, &saved.record, "accepted", "", json!({})).await?;
    add(
        &world.station,
        &saved.record,
        "referred",
        "请帮忙。",
        json!({"body": body}),
    )
    .await?;
    Ok(saved.record)
}

async fn form(device: &Device, problem: &str) -> Result<PacketFormView> {
    device
        .call("packet_form", json!({"problem": problem, "referral": null}))
        .await
}

/// The packet the policy gives, as somebody fills it in.
fn wanted(form: &PacketFormView) -> Value {
    let fields = form.fields.iter().filter(|field| field.given);
    let fields: Vec<&str> = fields.map(|field| field.key.as_str()).collect();
    json!({"problem": form.problem, "referral": form.referral, "purpose": form.purposes[0].code,
        "who": "中心小学 陈老师", "words": "请劝孩子回校", "fields": fields, "reason": "", "until": ""})
}

/// All words of a packet's workbook.
fn words(bytes: &[u8], password: &str) -> Result<String> {
    let plain = office_crypto::decrypt_from_bytes(bytes.to_vec(), password)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(plain))?;
    let sheet = workbook.sheet_names()[0].clone();
    let range = workbook.worksheet_range(&sheet)?;
    let cells = range.rows().flatten().map(ToString::to_string);
    Ok(cells.collect::<Vec<_>>().join("\n"))
}

async fn take(device: &Device, made: &ExportMadeView) -> Result<Vec<u8>> {
    let file: ExportFileView = device.call("take_export", json!({"id": made.id})).await?;
    Ok(STANDARD.decode(file.bytes)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packet_carries_what_the_body_needs_and_is_asked_for_until_it_ended() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let tablet = world.tablet("李玉梅").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let problem = referred(&world, &tablet, "school", "SCH").await?;
    let asked = form(station, &problem).await?;
    assert_eq!((asked.to.as_str(), asked.days), ("学校", 60));
    assert_eq!(asked.until, "2027-01-01");
    assert!(
        !asked
            .fields
            .iter()
            .any(|field| field.key.ends_with("id_no"))
    );

    let input = wanted(&asked);
    let changed = |key: &str, value: Value| {
        let mut input = input.clone();
        input[key] = value;
        input
    };
    let early = station.refusal("make_packet", input.clone()).await?;
    assert_eq!(early.code, "pin_again");
    station.step_up().await?;
    for (input, code) in [
        (changed("who", json!(" ")), "name_missing"),
        (changed("words", json!("")), "purpose_missing"),
        (changed("purpose", json!("aid")), "purpose_missing"),
        (changed("fields", json!([])), "choice_missing"),
        (changed("fields", json!(["child.id_no"])), "value_invalid"),
        (
            changed("fields", json!(["child.name", "child.carer_phone"])),
            "reason_missing",
        ),
        (changed("until", json!("2027-01-02")), "date_invalid"),
        (changed("referral", json!("other")), "not_found"),
    ] {
        assert_eq!(station.refusal("make_packet", input).await?.code, code);
    }
    let mut more = input.clone();
    more["fields"] = json!(["matter.kind", "child.name", "child.carer_phone"]);
    more["reason"] = json!("要给奶奶打电话");
    more["until"] = json!("2026-12-01");
    let made: ExportMadeView = station.call("make_packet", more).await?;
    let bytes = take(station, &made).await?;
    let name = CHILD.as_bytes();
    assert!(
        !bytes.windows(name.len()).any(|part| part == name),
        "it is encrypted"
    );
    let told = words(&bytes, &made.password)?;
    for there in [
        CHILD,
        "10055512034",
        "学校 中心小学 陈老师",
        "请劝孩子回校",
        &made.number,
        "2026年12月1日前销毁",
    ] {
        assert!(told.contains(there), "{there}: {told}");
    }
    for not_there in [
        SEEN,
        "周建国",
        "白荷村一组",
        "310199",
        "李玉梅",
        "要给奶奶打电话",
    ] {
        assert!(!told.contains(not_there), "{not_there}: {told}");
    }

    // It is in the story, on the list, in the trail with its purpose, and among the exports.
    let view = look(station, &problem).await?;
    let packet = view.packets.first().context("it is on the page")?.clone();
    assert_eq!(
        (packet.number.as_str(), packet.state.as_str()),
        (made.number.as_str(), "waiting")
    );
    let event = view.events.last().context("it is in the story")?;
    assert_eq!(event.kind, "packet_made");
    assert!(event.text.contains("陈老师") && event.text.contains("要给奶奶打电话"));
    let exports: ExportsView = station.call("exports", Value::Null).await?;
    assert_eq!(exports.made[0].ledger, "转介材料");
    assert_eq!(exports.made[0].purpose, "劝返复学、在校关爱");
    let paper: PrintView = station
        .call(
            "print",
            json!({"what": "packet_receipt", "of": packet.packet, "purpose": "partner"}),
        )
        .await?;
    assert!(paper.number.starts_with("P-") && paper.number != made.number);
    let trail: AuditMonthView = station
        .call("audit_month", json!({"month": "2026-11"}))
        .await?;
    let row = trail.events.iter().find(|row| row.action == "packet_made");
    let row = row.context("it is in the trail")?;
    assert_eq!(row.number.as_deref(), Some(made.number.as_str()));
    assert_eq!(row.purpose.as_deref(), Some("劝返复学、在校关爱"));

    // The village hears that something was given, and makes none.
    world.settle(&[&tablet]).await?;
    let there = look(&tablet, &problem).await?;
    assert!(there.packets.is_empty() && !there.may.iter().any(|kind| kind.starts_with("packet")));
    let no = tablet
        .refusal("packet_form", json!({"problem": problem, "referral": null}))
        .await?;
    assert_eq!(no.code, "not_allowed");
    assert_eq!(
        tablet.refusal("packets", Value::Null).await?.code,
        "not_allowed"
    );

    // Nobody signed: after a week it is asked for.
    assert_eq!(out(station).await?.late, 0);
    let memory = station.tablet()?.identity.incarnation;
    let looks = station
        .tablet()?
        .store
        .read(|connection| store::audit::rows_after(connection, memory, 0, 1_000))?;
    let mut looks = looks.iter().map(|(row, _)| row);
    assert!(looks.any(|row| row.action == "view_list" && row.object == "packets"));
    world.go_to_day(8, &[&tablet, &other]);
    world.settle(&[&tablet, &other]).await?;
    let late = out(station).await?;
    assert_eq!(
        (late.late, late.rows[0].packet.state.as_str()),
        (1, "no_receipt")
    );
    let about = |more: Value| {
        let mut detail = json!({"packet": packet.packet});
        if let (Some(detail), Some(more)) = (detail.as_object_mut(), more.as_object()) {
            detail.extend(more.clone());
        }
        detail
    };
    let before = refused(
        station,
        &problem,
        "packet_received",
        about(json!({"on": "2026-11-01"})),
    );
    assert_eq!(before.await?, "date_invalid");
    let nameless = refused(station, &problem, "packet_received", json!({}));
    assert_eq!(nameless.await?, "choice_missing");
    let signed = about(json!({"on": "2026-11-05"}));
    let view = add(station, &problem, "packet_received", "陈老师签收", signed).await?;
    assert_eq!(view.packets[0].state, "out");
    assert_eq!(out(station).await?.late, 0);

    // The matter is over, and the packet is not: past its day it is asked for until somebody says what became of it.
    world.go_to_day(30, &[&tablet, &other]);
    let late = out(station).await?;
    assert_eq!((late.late, late.rows[0].packet.state.as_str()), (1, "over"));
    let unsaid = refused(station, &problem, "packet_ended", about(json!({})));
    assert_eq!(unsaid.await?, "choice_missing");
    let burnt = refused(
        station,
        &problem,
        "packet_ended",
        about(json!({"outcome": "burnt"})),
    );
    assert_eq!(burnt.await?, "value_invalid");
    let ended = about(json!({"outcome": "destroyed", "on": "2026-12-02"}));
    let view = add(station, &problem, "packet_ended", "陈老师说已粉碎", ended).await?;
    assert_eq!(view.packets[0].end.as_deref(), Some("destroyed"));
    assert!(out(station).await?.rows.is_empty());
    let gone = station
        .refusal("take_export", json!({"id": made.id}))
        .await?;
    assert_eq!(
        gone.code, "export_over",
        "the station's own copy went long ago"
    );

    // Everybody has the same of it.
    world.settle(&[&other]).await?;
    assert_eq!(look(&other, &problem).await?.packets, view.packets);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_matters_packet_is_its_handlers_and_says_nothing_to_others() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let tablet = world.tablet("李玉梅").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let problem = referred(&world, &tablet, "hurt", "HE").await?;
    let asked = form(station, &problem).await?;
    assert!(asked.words_sealed);
    let mut input = wanted(&asked);
    input["who"] = json!("儿童医院 心理科");
    input["words"] = json!("请评估创伤");
    station.step_up().await?;
    let made: ExportMadeView = station.call("make_packet", input.clone()).await?;
    let told = words(&take(station, &made).await?, &made.password)?;
    assert!(told.contains("儿童医院 心理科") && !told.contains(SEEN));
    let exports: ExportsView = station.call("exports", Value::Null).await?;
    assert!(exports.made[0].words.starts_with("个案 ") && !shows(&exports, "心理科"));
    world.settle(&[&tablet]).await?;
    other.sync().await?;
    for device in [&other, &tablet] {
        let view = look(device, &problem).await?;
        assert!(view.events.iter().any(|event| event.kind == "packet_made"));
        assert!(!shows(&view, "心理科") && !shows(&view, "创伤"));
    }
    let list = out(&other).await?;
    let row = list.rows.first().context("it is on the list")?;
    assert!(row.title.starts_with("个案 ") && row.packet.to.is_empty());
    assert!(!shows(&list, CHILD) && !shows(&list, "医院"));
    // Whoever does not handle it makes none and notes none.
    other.step_up().await?;
    assert_eq!(
        other.refusal("make_packet", input).await?.code,
        "packet_handler"
    );
    let receipt = json!({"packet": row.packet.packet});
    let code = refused(&other, &problem, "packet_received", receipt).await?;
    assert_eq!(code, "packet_handler");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_recused_makes_none_and_a_limited_file_goes_to_the_law_alone() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let tablet = world.tablet("李玉梅").await?;
    let problem = referred(&world, &tablet, "school", "SCH").await?;
    add(
        station,
        &problem,
        "referred",
        "请查。",
        json!({"body": "PS"}),
    )
    .await?;
    let child = tablet.child(CHILD).await?;
    let ask = json!({"child": child, "rights": ["stop"], "who": "guardian", "name": "周建国", "text": "", "on": ""});
    let view: RightsView = station.call("ask_right", ask).await?;
    let answer = json!({"child": child, "request": view.rows[0].request, "outcome": "limited",
        "duty": "care", "text": "按规定留着。"});
    let _: RightsView = station.call("answer_right", answer).await?;
    station.step_up().await?;
    let police = form(station, &problem).await?;
    let school = police
        .referrals
        .last()
        .context("the first referral")?
        .code
        .clone();
    let asked = json!({"problem": problem, "referral": school});
    let school: PacketFormView = station.call("packet_form", asked).await?;
    assert_eq!((police.to.as_str(), school.to.as_str()), ("派出所", "学校"));
    let refusal = station.refusal("make_packet", wanted(&school)).await?;
    assert_eq!(refusal.code, "packet_limited");
    let _: ExportMadeView = station.call("make_packet", wanted(&police)).await?;

    let aunt = colleague(&world, Role::Supervisor, "宋洁").await?;
    let recuse = json!({"child": child, "staff": aunt.tablet()?.identity.staff.to_string(), "stead": "",
        "reason": "relative", "until": ""});
    let _: RecusalsView = station.call("recuse", recuse).await?;
    world.settle(&[]).await?;
    aunt.sync().await?;
    aunt.step_up().await?;
    let refusal = aunt.refusal("make_packet", wanted(&police)).await?;
    assert_eq!(refusal.code, "recused");
    let no = aunt
        .refusal("packet_form", json!({"problem": problem, "referral": null}))
        .await?;
    assert_eq!(no.code, "recused");
    world.township.stop().await;
    Ok(())
}

/// Asks for a second person for a packet as it is filled in; the request's id.
async fn ask(device: &Device, packet: &Value) -> Result<String> {
    let chosen = packet["fields"].as_array().context("columns")?;
    let fields: Vec<&Value> = std::iter::once(&packet["referral"]).chain(chosen).collect();
    let asked = json!({"request": null, "ledger": "PACKET", "about": packet["problem"], "village": null,
        "purpose": packet["purpose"], "words": packet["words"], "fields": fields, "full_numbers": false});
    let page: ExportsView = device.call("request_export", asked).await?;
    let mut waiting = page.requests.iter().filter(|row| row.state == "asked");
    Ok(waiting.next().context("it waits")?.id.clone())
}

async fn agree(device: &Device, request: &str) -> Result<()> {
    device.step_up().await?;
    let yes = json!({"id": request, "approve": true});
    let _: ExportsView = device.call("decide_export", yes).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_person_agrees_to_one_receiver_and_to_no_more_columns() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let tablet = world.tablet("李玉梅").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let problem = referred(&world, &tablet, "school", "SCH").await?;
    let school = form(station, &problem).await?;
    let police = json!({"body": "PS"});
    add(station, &problem, "referred", "请查。", police).await?;
    let police = form(station, &problem).await?;
    assert_ne!(school.referral, police.referral);
    world.settle(&[]).await?;
    other.sync().await?;
    change_rule(station, "export_approval_rows", &json!(1))?;
    station.step_up().await?;
    let mut packet = wanted(&school);
    packet["purpose"] = json!("protect");
    packet["fields"] = json!(["matter.kind", "child.name"]);
    let _: ExportMadeView = station.call("make_packet", packet.clone()).await?;
    let refused = station.refusal("make_packet", packet.clone()).await?;
    assert_eq!(refused.code, "export_needs_second", "the day is used up");

    let request = ask(station, &packet).await?;
    let seen: ExportsView = other.call("exports", Value::Null).await?;
    let row = seen.requests.first().context("it is on her list")?;
    assert!(row.may_decide);
    assert_eq!(
        row.fields,
        ["交给学校", "什么事", "姓名"],
        "what she agrees to"
    );
    agree(&other, &request).await?;
    let page: ExportsView = station.call("exports", Value::Null).await?;
    let agreed = &page.requests.first().context("it was agreed to")?;
    assert!(agreed.may_make);
    let chosen = [school.referral.as_str(), "matter.kind", "child.name"];
    assert_eq!(agreed.input.fields, chosen, "the page is filled in with it");

    packet["request"] = json!(request);
    let changed = |key: &str, value: Value| {
        let mut packet = packet.clone();
        packet[key] = value;
        packet
    };
    let more = json!(["matter.kind", "child.name", "child.sex"]);
    for (key, value) in [
        ("referral", json!(police.referral)),
        ("fields", more),
        ("purpose", json!("school")),
    ] {
        let refused = station.refusal("make_packet", changed(key, value)).await?;
        assert_eq!(refused.code, "packet_not_as_agreed", "{key}");
    }
    let less = changed("fields", json!(["child.name"]));
    let _: ExportMadeView = station.call("make_packet", less).await?;
    let again = station.refusal("make_packet", packet).await?;
    assert_eq!(again.code, "export_needs_second", "a word is used once");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_about_a_sealed_matter_has_its_number_and_no_words() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let tablet = world.tablet("李玉梅").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let problem = referred(&world, &tablet, "hurt", "HE").await?;
    world.settle(&[]).await?;
    other.sync().await?;
    change_rule(station, "export_approval_rows", &json!(1))?;
    let mut packet = wanted(&form(station, &problem).await?);
    packet["words"] = json!("请评估创伤");
    station.step_up().await?;
    let _: ExportMadeView = station.call("make_packet", packet.clone()).await?;
    let request = ask(station, &packet).await?;

    let line = station.tablet()?;
    let line = Line::of(&line)?;
    let list: ExportList = line.send("/exports/list", &()).await?;
    let kept = list.exports.first().context("the server has it")?;
    assert!(kept.asked.words.starts_with("个案 "), "no words leave");
    let seen: ExportsView = other.call("exports", Value::Null).await?;
    let row = seen.requests.first().context("it is on her list")?;
    let title = row.about.as_deref().context("she knows the matter")?;
    assert!(title.starts_with("个案 ") && row.may_decide);
    assert!(row.fields.is_empty() && row.input.words.is_empty());
    for words in ["创伤", CHILD] {
        assert!(!shows(&seen, words), "{words}");
    }
    agree(&other, &request).await?;
    packet["request"] = json!(request);
    let _: ExportMadeView = station.call("make_packet", packet).await?;

    // Of a matter with words in the open, too, nobody reads them who is not to act for it.
    let child = tablet.child("郑可欣").await?;
    let copy = json!({"request": null, "ledger": "FILE", "about": child, "village": null,
        "purpose": "subject", "words": "父亲来要一份", "fields": ["file"], "full_numbers": false});
    let _: ExportsView = station.call("request_export", copy).await?;
    let seen: ExportsView = other.call("exports", Value::Null).await?;
    assert!(shows(&seen, "父亲来要一份"));
    let recuse = json!({"child": child, "staff": other.tablet()?.identity.staff.to_string(), "stead": "",
        "reason": "relative", "until": ""});
    station.step_up().await?;
    let _: RecusalsView = station.call("recuse", recuse).await?;
    other.sync().await?;
    let seen: ExportsView = other.call("exports", Value::Null).await?;
    assert!(!shows(&seen, "父亲来要一份"));
    let own: ExportsView = station.call("exports", Value::Null).await?;
    assert!(shows(&own, "父亲来要一份"), "whoever asked reads her own");
    world.township.stop().await;
    Ok(())
}
