//! 要看一件事: an officer of the district asks a station for a case, and the head sends an encrypted table to her alone, or says
//! why not (docs/adr/0039).

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calamine::{Reader, Xlsx};
use client::view::{
    CaseFileView, CaseView, ExportsView, RecusalsView, SavedView, SendCaseInput, ShellKind,
    StationReportView, StationsView,
};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use std::io::Cursor;
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, change_rule};

const WHY: &str = "市里督办，要看这家现在的情况。";
const WHY_NOT: &str = "公安正在侦查，请先找他们。";

async fn head(world: &World) -> Result<Device> {
    let device = world.open_device(&world.new_folder(), ShellKind::Station)?;
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: world.station.tablet()?.identity.scope,
            role: Role::Head,
            person: "高岚".to_owned(),
        })
        .await?;
    device.enrol(&world.township.server, &code, PIN).await?;
    Ok(device)
}

async fn reported(device: &Device) -> Result<StationReportView> {
    device.call("reported", Value::Null).await
}

async fn stations(officer: &Device) -> Result<StationsView> {
    officer.call("stations", Value::Null).await
}

fn only(cases: &[CaseView]) -> Result<CaseView> {
    assert_eq!(cases.len(), 1);
    cases.first().cloned().context("there is one")
}

/// The answer about the agreement is lost, and then the line is cut before the case is sent: nothing left. Its number.
async fn tried_in_vain(world: &World, head: &Device, case: &str, request: &str) -> Result<String> {
    let tablet = head.tablet()?;
    let input = SendCaseInput {
        id: case.to_owned(),
        request: Some(request.to_owned()),
    };
    let about = client::second::of_case(&input);
    for _ in 0..2 {
        client::exports::redeem(&tablet, &about, 1).await?;
    }
    let prepared = client::cases::prepare(&tablet, &input, office::export::case_fields)?;
    let file = client::cases::seal(&tablet, &prepared, b"it never arrives".to_vec())?;
    world.cut_network();
    let sent = client::cases::deliver(&tablet, &prepared, file).await;
    world.restore_network();
    ensure!(sent.is_err_and(|error| error.code() == "no_network"));
    Ok(prepared.number)
}

/// The rows of the day are used up: a colleague, who is told the number alone, agrees before it is sent; and it counts.
async fn sent_by_a_second_word(
    world: &World,
    head: &Device,
    case: &CaseView,
    number: &str,
) -> Result<CaseView> {
    change_rule(head, "export_approval_rows", &json!(0))?;
    let alone = head.refusal("send_case", json!({"id": case.case})).await?;
    assert_eq!(alone.code, "export_needs_second");
    assert!(head.trail("export_made")?.is_empty(), "nothing left");
    let asked = json!({"request": null, "ledger": "case", "about": case.case, "village": null,
        "purpose": "district", "words": "", "fields": [], "full_numbers": false});
    let page: ExportsView = head.call("request_export", asked).await?;
    let request = page.requests.first().context("it waits")?.id.clone();
    let seen: ExportsView = world.station.call("exports", Value::Null).await?;
    let row = seen.requests.first().context("it is on her list")?;
    assert!(row.may_decide);
    assert_eq!(row.about.as_deref(), Some(number));
    let yes = json!({"id": request, "approve": true});
    let _: ExportsView = world.station.call("decide_export", yes).await?;
    let tried = tried_in_vain(world, head, &case.case, &request).await?;
    // What was agreed to and counted is neither asked for nor counted again.
    let send = json!({"id": case.case, "request": null});
    let there: StationReportView = head.call("send_case", send).await?;
    let page: ExportsView = head.call("exports", Value::Null).await?;
    let made = page.made.first().context("it is among what was made")?;
    assert_eq!((made.rows, made.until.as_ref()), (1, None));
    assert_eq!((page.made.len(), &made.number), (1, &tried));
    only(&there.cases)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_asked_for_sent_opened_and_gone_and_another_is_declined() -> Result<()> {
    let world = World::new().await?;
    let officer = world.officer("何珊").await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head(&world).await?;
    let child = tablet.child("周子涵").await?;
    let report: SavedView = tablet
        .call(
            "report_problem",
            json!({"children": [child], "card": "hurt", "urgency": "now", "seen": "孩子说继父用皮带抽他的背。",
                   "origin_record": null,
                   "mandatory": {"choice": "reported", "text": "已打110，接警员姓高。"}}),
        )
        .await?;
    let devices = [&tablet, &head, &officer];
    world.settle(&devices).await?;
    world.go_to_day(1, &devices);
    world.settle(&devices).await?;
    world.settle(&devices).await?;

    // The PIN, a reason, and a line to ask about.
    let ask = |reason: &str| json!({"problem": report.record, "reason": reason});
    let refused = |input: Value| officer.refusal("ask_case", input);
    assert_eq!(refused(ask(WHY)).await?.code, "pin_again");
    officer.step_up().await?;
    assert_eq!(refused(ask(" ")).await?.code, "reason_missing");
    assert_eq!(
        refused(ask(&"长".repeat(301))).await?.code,
        "reason_too_long"
    );
    let unknown = json!({"problem": child, "reason": WHY});
    assert_eq!(refused(unknown).await?.code, "not_found");
    let view: StationsView = officer.call("ask_case", ask(WHY)).await?;
    let mine = only(&view.cases)?;
    assert_eq!(
        (mine.state.as_str(), mine.reason.as_deref()),
        ("asked", Some(WHY))
    );

    let kind = |view: &StationsView| view.lines.first().map(|line| line.kind.clone());
    let number = kind(&view).context("it is reported")?;
    assert!(
        number.starts_with("个案 "),
        "who was not sent it reads its number: {number}"
    );

    // The station hears who and why, and the head alone answers; after three days it stands there as late.
    world.settle(&devices).await?;
    for (device, answers) in [(&world.station, false), (&head, true)] {
        let case = only(&reported(device).await?.cases)?;
        assert_eq!(
            (
                case.by.as_str(),
                case.reason.as_deref(),
                case.may_answer,
                case.late
            ),
            ("何珊", Some(WHY), answers, false)
        );
    }
    world.go_to_day(4, &devices);
    world.settle(&devices).await?;
    let case = only(&reported(&head).await?.cases)?;
    assert_eq!((case.late, case.days), (true, 3));
    let id = json!({"id": case.case});
    world.station.step_up().await?;
    assert_eq!(
        world.station.refusal("send_case", id.clone()).await?.code,
        "not_allowed"
    );
    assert_eq!(
        head.refusal("send_case", id.clone()).await?.code,
        "pin_again"
    );
    head.step_up().await?;
    let sent = sent_by_a_second_word(&world, &head, &case, &number).await?;
    assert_eq!(sent.state, "sent");
    let number = sent.number.context("it has a number")?;
    // The trail says what stands in it.
    let trail = head.tablet()?;
    let memory = trail.identity.incarnation;
    let rows = trail
        .store
        .read(|connection| store::audit::rows_after(connection, memory, 0, 100_000))?;
    let made = rows.iter().find(|(row, _)| row.action == "export_made");
    let (made, _) = made.context("it is in the trail")?;
    assert!(made.detail.contains("ledger=case"), "{}", made.detail);
    assert!(made.detail.contains("fields=name,"), "{}", made.detail);
    assert_eq!(
        head.refusal("send_case", id.clone()).await?.code,
        "case_over"
    );

    // The officer opens it with the PIN; what is in it are the registers' columns and the steps, and nobody's words.
    officer.sync().await?;
    let there = stations(&officer).await?;
    assert_eq!(kind(&there).as_deref(), Some("疑似家庭暴力或虐待"));
    let mine = only(&there.cases)?;
    assert_eq!(
        (mine.state.as_str(), mine.there, mine.number.as_ref()),
        ("sent", true, Some(&number))
    );
    officer.step_up().await?;
    let opened: CaseFileView = officer.call("open_case", id.clone()).await?;
    assert_eq!(officer.trail("case_opened")?.len(), 1, "in her own trail");
    let file = STANDARD.decode(&opened.bytes)?;
    let plain = office_crypto::decrypt_from_bytes(file, &opened.password)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(plain))?;
    let sheet = workbook.sheet_names()[0].clone();
    let words: Vec<String> = workbook
        .worksheet_range(&sheet)?
        .rows()
        .flatten()
        .map(ToString::to_string)
        .collect();
    let has = |part: &str| words.iter().any(|cell| cell.contains(part));
    for part in ["周子涵", "白荷村", "报告", number.as_str()] {
        assert!(has(part), "{part}: {words:?}");
    }
    for part in ["皮带", "接警员"] {
        assert!(!has(part), "{part}");
    }
    let case = only(&reported_after(&head).await?.cases)?;
    assert!(
        case.fetched.is_some(),
        "the station sees that it was opened"
    );
    let colleague = world.officer("陆宁").await?;
    colleague.sync().await?;
    assert!(stations(&colleague).await?.cases.is_empty());
    colleague.step_up().await?;
    let hers = colleague.refusal("open_case", id.clone()).await?;
    assert_eq!(hers.code, "not_found");

    // A second time: declined, with a reason for her alone. What was sent is gone after its days.
    world.go_to_day(13, &devices);
    world.settle(&devices).await?;
    officer.step_up().await?;
    assert_eq!(officer.refusal("open_case", id).await?.code, "case_over");
    let view: StationsView = officer.call("ask_case", ask("请再送一次。")).await?;
    let again = view.cases.first().context("the newest first")?.case.clone();
    world.settle(&devices).await?;
    head.step_up().await?;
    let no = json!({"id": again, "reason": WHY_NOT});
    let there: StationReportView = head.call("decline_case", no).await?;
    assert_eq!(there.cases[0].declined.as_deref(), Some(WHY_NOT));
    officer.sync().await?;
    let view = stations(&officer).await?;
    assert_eq!(
        (
            view.cases[0].state.as_str(),
            view.cases[0].declined.as_deref()
        ),
        ("declined", Some(WHY_NOT))
    );
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_neither_sends_nor_declines_the_case_of_a_family_she_is_not_to_act_for() -> Result<()>
{
    let world = World::new().await?;
    let officer = world.officer("何珊").await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head(&world).await?;
    let child = tablet.child("周子涵").await?;
    let devices = [&tablet, &head, &officer];
    world.settle(&devices).await?;
    world.station.step_up().await?;
    let recused: RecusalsView = world
        .station
        .call(
            "recuse",
            json!({"child": child, "staff": head.tablet()?.identity.staff.to_string(), "stead": "", "reason": "relative", "until": ""}),
        )
        .await?;
    // What is reported of the family afterwards is of the family all the same.
    let report: SavedView = tablet
        .call(
            "report_problem",
            json!({"children": [child], "card": "hurt", "urgency": "now", "seen": "胳膊上有伤。",
                   "origin_record": null,
                   "mandatory": {"choice": "reported", "text": "已打110。"}}),
        )
        .await?;
    world.settle(&devices).await?;
    world.go_to_day(1, &devices);
    world.settle(&devices).await?;
    world.settle(&devices).await?;
    officer.step_up().await?;
    let asked = json!({"problem": report.record, "reason": WHY});
    let _: StationsView = officer.call("ask_case", asked).await?;
    world.settle(&devices).await?;

    let case = only(&reported(&head).await?.cases)?;
    assert!(!case.may_answer, "nothing is offered to her");
    let id = json!({"id": case.case});
    let no = json!({"id": case.case, "reason": WHY_NOT});
    head.step_up().await?;
    for (command, input) in [("send_case", id), ("decline_case", no.clone())] {
        let refused = head.refusal(command, input).await?;
        assert_eq!(refused.code, "recused", "{command}");
    }
    for action in ["export_made", "case_declined"] {
        assert!(head.trail(action)?.is_empty(), "{action}");
    }

    // A colleague ends it; then it is hers to answer.
    world.station.step_up().await?;
    let mine = recused.rows.first().context("it stands")?.id.clone();
    let end = json!({"child": child, "id": mine});
    let _: RecusalsView = world.station.call("end_recusal", end).await?;
    world.settle(&devices).await?;
    assert!(only(&reported(&head).await?.cases)?.may_answer);
    head.step_up().await?;
    let there: StationReportView = head.call("decline_case", no).await?;
    assert_eq!(only(&there.cases)?.state, "declined");
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}

async fn reported_after(head: &Device) -> Result<StationReportView> {
    head.sync().await?;
    reported(head).await
}
