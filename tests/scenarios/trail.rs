//! Who looked at what reaches the station, and whoever takes data away is written down before they have it.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calamine::{Reader, Xlsx};
use client::view::{
    AppView, AuditMonthView, AuditPersonView, ChildFileView, ExportFileView, ExportFormView,
    ExportMadeView, ExportsView, ImportResultView, InboxView, MovesView, RightsView, SavedView,
    ShellKind,
};
use client::{child_copy, exports};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use std::io::Cursor;
use std::path::Path;
use store::StoreError;
use store::audit::{self, AuditRow};
use sync_server::audit::Act;
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, change_rule, line, register, shows};

const STATION_PIN: &str = "283946";
const MONTH: &str = "2026-11";
const HOUR_MS: i64 = 60 * 60 * 1000;

/// Whoever reads the month sees what was done, not that it was something else.
#[test]
fn every_act_of_the_server_has_words() -> Result<()> {
    let words = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/locales/zh-CN/audit.json");
    let words: Value = serde_json::from_slice(&std::fs::read(words)?)?;
    let without: Vec<_> = Act::ALL
        .iter()
        .map(|act| act.as_str())
        .filter(|act| words["action"].get(act).is_none())
        .collect();
    assert!(without.is_empty(), "without words: {without:?}");
    Ok(())
}

async fn month(station: &Device) -> Result<AuditMonthView> {
    station.call("audit_month", json!({ "month": MONTH })).await
}

async fn step_up(device: &Device, pin: &str) -> Result<()> {
    let _: Value = device.call("step_up", json!({ "pin": pin })).await?;
    Ok(())
}

fn looks(view: &AuditMonthView, person: &str, action: &str) -> u32 {
    let row = view.people.iter().find(|row| row.person == person);
    let look = row.and_then(|row| row.looks.iter().find(|look| look.action == action));
    look.map_or(0, |look| look.count)
}

fn events<'v>(view: &'v AuditMonthView, action: &str) -> Vec<&'v client::view::AuditEventRow> {
    view.events
        .iter()
        .filter(|row| row.action == action)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tablet_looked_at_is_seen_at_the_station_and_a_long_look_is_one_row() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let (first, second) = (tablet.child("吴天宇").await?, tablet.child("郑可欣").await?);
    for child in [&first, &first, &second] {
        let _: ChildFileView = tablet.call("child_file", json!({ "id": child })).await?;
    }
    tablet.clock.move_by(11 * 60 * 1000);
    let _: ChildFileView = tablet.call("child_file", json!({ "id": first })).await?;
    let _: AppView = tablet.call("lock", Value::Null).await?;
    let wrong = tablet.refusal("unlock", json!({ "pin": "204816" })).await?;
    assert_eq!(wrong.code, "wrong_pin");
    let _: AppView = tablet.call("unlock", json!({ "pin": PIN })).await?;

    // The words of a day's sync are one round trip; the trail waits for company.
    tablet.sync().await?;
    world.station.sync().await?;
    assert_eq!(
        looks(&month(&world.station).await?, "李玉梅", "view_child"),
        0
    );
    for clock in [&tablet.clock, &world.clock, &world.station.clock] {
        clock.move_by(HOUR_MS);
    }
    tablet.sync().await?;
    let view = month(&world.station).await?;
    assert_eq!(looks(&view, "李玉梅", "view_child"), 3, "{view:?}");
    assert_eq!(events(&view, "unlock_failed").len(), 1);
    assert!(
        !events(&view, "device_enrolled").is_empty(),
        "the server's own acts"
    );
    assert!(view.faults.is_empty() && view.reviews.is_empty());

    let staff = view.people[0].staff.clone();
    let person: AuditPersonView = world
        .station
        .call("audit_person", json!({ "month": MONTH, "staff": staff }))
        .await?;
    let seen: Vec<(&str, u32)> = person
        .children
        .iter()
        .map(|child| (child.name.as_str(), child.count))
        .collect();
    assert_eq!(seen, [("吴天宇", 2), ("郑可欣", 1)]);

    let view: AuditMonthView = world
        .station
        .call("review_audit", json!({ "month": MONTH }))
        .await?;
    assert_eq!(view.reviews.len(), 1);
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_many_records_is_one_row_with_its_number() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let tablet = world.tablet("李玉梅").await?;
    let (first, second) = (tablet.child("吴天宇").await?, tablet.child("郑可欣").await?);
    let empty: InboxView = station.call("inbox", Value::Null).await?;
    assert!(empty.rows.is_empty());
    tablet.contact(&first, "奶奶说夜里咳。").await?;
    tablet.contact(&second, "都好。").await?;
    world.settle(&[&tablet]).await?;
    // Once more within some minutes is the same look; what came since is another one.
    for _ in 0..2 {
        let inbox: InboxView = station.call("inbox", Value::Null).await?;
        assert_eq!(inbox.rows.len(), 2);
    }
    tablet.contact(&first, "好些了。").await?;
    world.settle(&[&tablet]).await?;
    let inbox: InboxView = station.call("inbox", Value::Null).await?;
    assert_eq!(inbox.rows.len(), 3);
    let rows = station.trail("view_inbox")?;
    let details: Vec<&str> = rows.iter().map(|row| row.detail.as_str()).collect();
    assert_eq!(details, ["count=2", "count=3"]);

    // What a stopped tablet hands over is read before it is in any file.
    world.cut_network();
    tablet.contact(&second, "没送到的一次。").await?;
    world.restore_network();
    step_up(station, STATION_PIN).await?;
    let device = tablet.tablet()?.identity.device.to_string();
    let stop = json!({"device": device, "reason": "lost", "wipe": false});
    let _: Value = station.call("revoke_device", stop).await?;
    tablet.sync().await.unwrap_err();
    let tray: MovesView = station.call("moves", Value::Null).await?;
    let read = tray.waiting.iter().filter(|row| !row.lines.is_empty());
    let read = read.count();
    assert!(read > 0);
    let rows = station.trail("view_late")?;
    let details: Vec<String> = rows.into_iter().map(|row| row.detail).collect();
    assert_eq!(details, [format!("count={read}")]);
    let view = month(station).await?;
    assert_eq!(looks(&view, "陈敏", "view_inbox"), 2);
    assert_eq!(looks(&view, "陈敏", "view_late"), 1);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_shows_no_number_whole_and_its_preview_and_its_yes_are_rows() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let child = station.child("石小雨").await?;
    station
        .edit(&child, "child", "carer_phone", "10077712099")
        .await?;
    let mut both = line("石小雨", "2016-03-05", "王秀兰", "二组");
    let mut changed = line("吴天宇", "2017-06-18", "吴桂香", "三组");
    for (row, phone) in [(&mut both, "10066610034"), (&mut changed, "10088810055")] {
        row.values
            .insert("carer_phone".to_owned(), phone.to_owned());
    }
    let preview = world
        .preview(world.village, &register(&[both, changed])?)
        .await?;
    assert_eq!((preview.conflict, preview.changed), (1, 1), "{preview:?}");
    assert!(shows(&preview, "100****2034 → 100****0055"));
    world.confirm(&preview).await?;
    step_up(station, STATION_PIN).await?;
    let result: ImportResultView = station
        .call("import_result", json!({"id": preview.import}))
        .await?;
    let file = STANDARD.decode(&result.bytes)?;
    let plain = office_crypto::decrypt_from_bytes(file, &result.password)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(plain))?;
    let sheet = workbook.sheet_names()[0].clone();
    let cells: Vec<String> = workbook
        .worksheet_range(&sheet)?
        .rows()
        .flatten()
        .map(ToString::to_string)
        .collect();
    let cells = cells.join("\n");
    assert!(
        cells.contains("100****2099") && cells.contains("100****0055"),
        "{cells}"
    );
    for number in ["10077712099", "10066610034", "10088810055", "10055512034"] {
        assert!(
            !shows(&preview, number) && !cells.contains(number),
            "{number}"
        );
    }
    for action in ["import_previewed", "import_confirmed"] {
        let rows = station.trail(action)?;
        let row = rows.last().context("it is in the trail")?;
        assert_eq!(
            (row.object.as_str(), row.detail.as_str()),
            (preview.import.as_str(), "rows=2"),
            "{action}"
        );
    }
    let view = month(station).await?;
    assert!(!events(&view, "import_previewed").is_empty());
    world.township.stop().await;
    Ok(())
}

fn wanted(form: &ExportFormView, village: Option<&str>, full_numbers: bool) -> Value {
    let fields: Vec<&str> = form.fields.iter().map(|field| field.key.as_str()).collect();
    json!({
        "request": null, "ledger": "L1", "village": village, "purpose": "report",
        "words": "报区民政局", "fields": fields, "full_numbers": full_numbers,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_asks_for_the_pin_says_why_and_leaves_with_a_password_for_minutes() -> Result<()>
{
    let world = World::new().await?;
    let station = &world.station;
    // Where the national forms write a code in words of their own, those stand in the register.
    let child = station.child("石小雨").await?;
    let edit = json!({"child": child, "holder": "child", "key": "health", "value": "good"});
    let _: ChildFileView = station.call("edit_field", edit).await?;
    let there = station.tablet()?;
    let written = exports::children_of(&there, "L1", None, false)?;
    let mut written = written.iter().filter_map(|one| one.values.get("health"));
    assert!(written.any(|words| words == "健康"));
    let form: ExportFormView = station
        .call("export_form", json!({ "ledger": "L1", "village": null }))
        .await?;
    assert_eq!(form.rows, 6);
    let input = wanted(&form, None, false);
    assert_eq!(
        station.refusal("make_export", input.clone()).await?.code,
        "pin_again"
    );
    step_up(station, STATION_PIN).await?;
    let mut silent = input.clone();
    silent["words"] = json!(" ");
    assert_eq!(
        station.refusal("make_export", silent).await?.code,
        "purpose_missing"
    );
    let made: ExportMadeView = station.call("make_export", input).await?;
    assert_eq!(made.rows, 6);
    let file: ExportFileView = station
        .call("take_export", json!({ "id": made.id }))
        .await?;
    let bytes = STANDARD.decode(file.bytes)?;
    let name = "石小雨".as_bytes();
    assert!(!bytes.windows(name.len()).any(|part| part == name));

    // Its minutes are over also for whoever sets the clock back afterwards.
    station.clock.move_by(11 * 60 * 1000);
    let _: AppView = station.call("app", Value::Null).await?;
    station.clock.move_by(-11 * 60 * 1000);
    let gone = station
        .refusal("take_export", json!({ "id": made.id }))
        .await?;
    assert_eq!(gone.code, "export_over");
    station.clock.move_by(11 * 60 * 1000);
    let page: ExportsView = station.call("exports", Value::Null).await?;
    assert_eq!((page.made.len(), page.made[0].until.clone()), (1, None));

    let view = month(station).await?;
    let row = events(&view, "export_made")
        .pop()
        .context("it is in the trail")?;
    assert_eq!(row.number.as_deref(), Some(made.number.as_str()));
    assert_eq!((row.count, row.full_numbers), (Some(6), false));
    assert_eq!(events(&view, "export_taken").len(), 1);

    // Village after village is one export: the rows of a day count together.
    change_rule(station, "export_approval_rows", &json!(8))?;
    let form: ExportFormView = station
        .call("export_form", json!({ "ledger": "L1", "village": null }))
        .await?;
    assert_eq!((form.rows, form.limit), (6, 2));
    step_up(station, STATION_PIN).await?;
    let again = wanted(&form, None, false);
    let refused = station.refusal("make_export", again.clone()).await?;
    assert_eq!(refused.code, "export_needs_second");
    station.clock.move_by(25 * HOUR_MS);
    step_up(station, STATION_PIN).await?;
    let made: ExportMadeView = station.call("make_export", again).await?;
    assert_eq!(made.rows, 6);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_id_numbers_leave_only_when_a_head_agreed_on_another_device_and_once() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: station.tablet()?.identity.scope,
            role: Role::Head,
            person: "陈站长".to_owned(),
        })
        .await?;
    let head = world.open_device(&world.new_folder(), ShellKind::Station)?;
    head.enrol(&world.township.server, &code, PIN).await?;
    let form: ExportFormView = station
        .call("export_form", json!({ "ledger": "L1", "village": null }))
        .await?;
    let mut input = wanted(&form, None, true);
    step_up(station, STATION_PIN).await?;
    let alone = station.refusal("make_export", input.clone()).await?;
    assert_eq!(alone.code, "export_needs_second");
    let page: ExportsView = station.call("request_export", input.clone()).await?;
    let request = &page.requests[0];
    assert!(!request.may_decide && !request.may_make);
    let decision = json!({ "id": request.id, "approve": true });
    assert!(
        station
            .refusal("decide_export", decision.clone())
            .await
            .is_ok()
    );

    let seen: ExportsView = head.call("exports", Value::Null).await?;
    assert_eq!(seen.requests[0].input.words, "报区民政局");
    assert!(seen.requests[0].may_decide);
    assert_eq!(
        head.refusal("decide_export", decision.clone()).await?.code,
        "pin_again"
    );
    step_up(&head, PIN).await?;
    let _: ExportsView = head.call("decide_export", decision).await?;

    input["request"] = json!(request.id);
    let made: ExportMadeView = station.call("make_export", input.clone()).await?;
    assert_eq!(made.rows, 6);
    let again = station.refusal("make_export", input).await?;
    assert_eq!(again.code, "export_needs_second");

    station.sync().await?;
    let view = month(station).await?;
    for action in [
        "export_asked",
        "export_approved",
        "export_used",
        "export_made",
    ] {
        assert_eq!(events(&view, action).len(), 1, "{action}");
    }
    assert!(events(&view, "export_made")[0].full_numbers);
    assert_eq!(
        events(&view, "export_approved")[0].by.as_deref(),
        Some("陈站长")
    );
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opened_the_files_of_many_more_children_than_a_village_has_is_said() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    for row in tablet.children().await?.rows {
        tablet.file(&row.child).await?;
        tablet.file(&row.child).await?;
    }
    for clock in [&tablet.clock, &world.clock, &world.station.clock] {
        clock.move_by(HOUR_MS);
    }
    tablet.sync().await?;
    world.station.sync().await?;
    assert!(month(&world.station).await?.unusual.is_empty());
    change_rule(&world.station, "unusual_looks_times", &json!(1))?;
    let view = month(&world.station).await?;
    let row = view.unusual.first().context("six of six")?;
    assert_eq!(
        (row.person.as_str(), row.children, row.size),
        ("李玉梅", 6, 6)
    );
    assert_eq!(row.day, "2026-11-02");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_yearly_pack_has_numbers_and_nobodys_name() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    // A family asks and is answered, somebody is not to act for it, and paper and files leave: for purposes of the rules,
    // for the district, and for one the rules do not have any more.
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let ask = |text: &str| json!({"child": child, "rights": ["erase"], "who": "guardian", "name": "石磊", "text": text, "on": ""});
    for text in ["去年的记录。", "电话。"] {
        let _: Value = tablet.call("ask_right", ask(text)).await?;
    }
    // The trail waits for company, an hour at most.
    for clock in [&tablet.clock, &world.clock, &station.clock] {
        clock.move_by(HOUR_MS);
    }
    world.settle(&[&tablet]).await?;
    let requests: RightsView = station.call("rights", json!({"child": child})).await?;
    let request = requests
        .rows
        .first()
        .context("it was asked")?
        .request
        .clone();
    let answer = json!({"child": child, "request": request, "outcome": "limited", "duty": "care", "text": "按规定要留着。"});
    let _: Value = station.call("answer_right", answer).await?;
    step_up(station, STATION_PIN).await?;
    let recusal = json!({"child": child, "staff": tablet.tablet()?.identity.staff.to_string(), "stead": "",
        "reason": "relative", "until": ""});
    let _: Value = station.call("recuse", recusal).await?;
    let paper = json!({"what": "right_answer", "of": request, "purpose": "family"});
    let _: Value = station.call("print", paper).await?;
    let view = month(station).await?;
    let printed = events(&view, "print_made");
    let printed = printed.first().context("it is listed")?;
    assert_eq!(printed.paper.as_deref(), Some("right_answer"));
    assert_eq!(printed.purpose.as_deref(), Some("给家里的答复"));
    let left = |purpose: &str| {
        format!("number=E-1 ledger=case purpose={purpose} rows=3 full_numbers=0 fields=name")
    };
    let here = station.tablet()?;
    here.store.write(|tx| {
        for purpose in ["district", "gone"] {
            let row = AuditRow {
                at_ms: here.clock.now_ms(),
                staff: Some(here.identity.staff),
                action: "export_made".to_owned(),
                object: String::new(),
            };
            audit::append_with(tx, &row, &left(purpose))?;
        }
        Ok::<_, StoreError>(())
    })?;
    for reviewed in ["2026-10", MONTH, MONTH] {
        let month = json!({ "month": reviewed });
        let _: AuditMonthView = world.station.call("review_audit", month).await?;
    }
    let file: ExportFileView = world
        .station
        .call("yearly_pack", json!({ "year": 2026 }))
        .await?;
    let bytes = STANDARD.decode(file.bytes)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let words: Vec<String> = workbook
        .worksheets()
        .iter()
        .flat_map(|(_, range)| {
            range
                .cells()
                .map(|(_, _, cell)| cell.to_string())
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(words.iter().any(|word| word == "未满14周岁的孩子"));
    // What people have to do is counted and not claimed.
    let at = words
        .iter()
        .position(|word| word.contains("有人看过的月数"));
    let at = at.context("it says how many months were looked through")?;
    assert_eq!(words[at + 1], "2");
    let counted = |line: &str| {
        let at = words.iter().position(|word| word == line);
        at.and_then(|at| words.get(at + 1)).map(String::as_str)
    };
    for (line, count) in [
        ("打印：给家里的答复（次）", "1"),
        ("打印：给家里的答复（行）", "1"),
        ("打印：放进村里的档案盒（次）", "0"),
        ("导出：上报区里的花名册（次）", "0"),
        ("导出：送给区里的一件事（次）", "1"),
        ("导出：送给区里的一件事（行）", "3"),
        ("导出：现在的规则里没有的用途 gone（次）", "1"),
        ("提出的要求", "2"),
        ("答复（改过的也算一次）", "1"),
        ("其中到现在还没有答复的", "1"),
        ("其中过了期限才答复的", "0"),
        ("其中按职责保留、限制使用的", "1"),
        ("登记的回避（每家每人一次）", "1"),
        ("只删了其中一项的档案", "0"),
        ("打印次数", "1"),
    ] {
        assert_eq!(counted(line), Some(count), "{line}");
    }
    for name in ["石小雨", "王秀兰", "李玉梅"] {
        assert!(!words.iter().any(|word| word.contains(name)));
    }
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_a_day_count_for_a_person_whichever_computer_she_sits_at() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let me = station.tablet()?.identity.clone();
    let code = CreateEnrolment {
        unit: me.scope,
        role: me.role,
        person: me.person.clone(),
    };
    let code = world.township.server.create_enrolment(code).await?;
    let other = world.open_device(&world.new_folder(), ShellKind::Station)?;
    other.enrol(&world.township.server, &code, PIN).await?;
    assert_eq!(other.tablet()?.identity.staff, me.staff);
    for device in [station, &other] {
        change_rule(device, "export_approval_rows", &json!(8))?;
    }
    let asked = json!({ "ledger": "L1", "village": null });
    let form: ExportFormView = station.call("export_form", asked.clone()).await?;
    assert_eq!((form.rows, form.limit), (6, 8));
    step_up(station, STATION_PIN).await?;
    let _: ExportMadeView = station
        .call("make_export", wanted(&form, None, false))
        .await?;
    station.sync().await?;

    let form: ExportFormView = other.call("export_form", asked.clone()).await?;
    assert_eq!((form.rows, form.limit), (6, 2), "the server knows of both");
    step_up(&other, PIN).await?;
    let refused = other
        .refusal("make_export", wanted(&form, None, false))
        .await?;
    assert_eq!(refused.code, "export_needs_second");
    // Without a network a device counts what it knows itself.
    world.cut_network();
    let form: ExportFormView = other.call("export_form", asked).await?;
    assert_eq!(form.limit, 8);
    world.restore_network();
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_childs_file_leaves_as_a_copy_for_its_family() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let _: SavedView = tablet
        .call(
            "report_problem",
            json!({"children": [child], "card": "hurt", "urgency": "now", "seen": "继父的事。", "origin_record": null,
                   "mandatory": {"choice": "reported", "text": "已打110。"}}),
        )
        .await?;
    tablet.contact(&child, "电话里都好。").await?;
    world.settle(&[&tablet]).await?;
    let input = json!({ "child": child, "purpose": "subject", "words": "父亲来要一份" });
    let refused = station.refusal("export_child", input.clone()).await?;
    assert_eq!(refused.code, "pin_again");
    step_up(station, STATION_PIN).await?;
    let mut silent = input.clone();
    silent["words"] = json!(" ");
    let refused = station.refusal("export_child", silent).await?;
    assert_eq!(refused.code, "purpose_missing");
    let here = station.tablet()?;
    let (_, copy) = child_copy::copy_of(&here, &serde_json::from_value(input.clone())?)?;
    let told = format!("{:?}", copy.parts);
    assert!(told.contains("石小雨") && told.contains("电话里都好。"));
    for words in ["继父", "个案", "虐待", "打骂"] {
        assert!(!told.contains(words), "{words}");
    }
    let made: ExportMadeView = station.call("export_child", input).await?;
    assert_eq!(made.rows, 1);
    let file: ExportFileView = station
        .call("take_export", json!({ "id": made.id }))
        .await?;
    let bytes = STANDARD.decode(file.bytes)?;
    let name = "石小雨".as_bytes();
    assert!(!bytes.windows(name.len()).any(|part| part == name));
    let view = month(station).await?;
    let row = events(&view, "export_made")
        .pop()
        .context("it is in the trail")?;
    assert_eq!(
        (row.number.as_deref(), row.count),
        (Some(made.number.as_str()), Some(1))
    );
    world.township.stop().await;
    Ok(())
}

/// The copy of a file and the result of an import are rows of the day as a register's are, and go the same way above the limit.
#[tokio::test(flavor = "multi_thread")]
async fn one_file_after_the_other_needs_a_second_person_once_the_day_is_used_up() -> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let code = CreateEnrolment {
        unit: station.tablet()?.identity.scope,
        role: Role::Head,
        person: "陈站长".to_owned(),
    };
    let code = world.township.server.create_enrolment(code).await?;
    let head = world.open_device(&world.new_folder(), ShellKind::Station)?;
    head.enrol(&world.township.server, &code, PIN).await?;
    head.sync().await?;
    change_rule(station, "export_approval_rows", &json!(1))?;
    let (first, second) = (
        station.child("石小雨").await?,
        station.child("石小晨").await?,
    );
    let copy = |child: &str, request: Option<&str>| json!({"child": child, "purpose": "subject", "words": "父亲来要一份", "request": request});
    step_up(station, STATION_PIN).await?;
    let _: ExportMadeView = station.call("export_child", copy(&first, None)).await?;
    let refused = station.refusal("export_child", copy(&second, None)).await?;
    assert_eq!(refused.code, "export_needs_second");

    let asked = json!({"request": null, "ledger": "FILE", "about": second, "village": null, "purpose": "subject",
                       "words": "父亲来要一份", "fields": ["file"], "full_numbers": false});
    let page: ExportsView = station.call("request_export", asked).await?;
    let request = page.requests[0].id.clone();
    let seen: ExportsView = head.call("exports", Value::Null).await?;
    assert_eq!(seen.requests[0].about.as_deref(), Some("石小晨"));
    assert_eq!(
        (seen.requests[0].rows, seen.requests[0].may_decide),
        (1, true)
    );
    assert!(
        seen.requests[0]
            .input
            .fields
            .iter()
            .all(|field| *field != second),
        "the server has a mark, and not whose file it is"
    );
    step_up(&head, PIN).await?;
    let yes = json!({ "id": request, "approve": true });
    let _: ExportsView = head.call("decide_export", yes).await?;
    let other = copy(&first, Some(&request));
    let refused = station.refusal("export_child", other).await?;
    assert_eq!(
        refused.code, "export_needs_second",
        "it was for another child"
    );
    let agreed = copy(&second, Some(&request));
    let _: ExportMadeView = station.call("export_child", agreed.clone()).await?;
    let refused = station.refusal("export_child", agreed).await?;
    assert_eq!(refused.code, "export_needs_second", "a word is used once");

    // The result of an import has the names of its rows.
    let rows = [line("石小雨", "2016-03-05", "王秀兰", "二组")];
    let preview = world.preview(world.village, &register(&rows)?).await?;
    world.confirm(&preview).await?;
    step_up(station, STATION_PIN).await?;
    let take = |request: Option<&str>| json!({"id": preview.import, "request": request});
    let refused = station.refusal("import_result", take(None)).await?;
    assert_eq!(refused.code, "export_needs_second");
    assert!(station.trail("import_result_taken")?.is_empty());
    let asked = json!({"request": null, "ledger": "RESULT", "about": preview.import, "village": null, "purpose": "result",
                       "words": "导入结果", "fields": [], "full_numbers": false});
    let page: ExportsView = station.call("request_export", asked).await?;
    let waiting = page.requests.iter().find(|row| row.state == "asked");
    let request = waiting.context("it waits")?.id.clone();
    let yes = json!({ "id": request, "approve": true });
    let _: ExportsView = head.call("decide_export", yes).await?;
    let result: ImportResultView = station.call("import_result", take(Some(&request))).await?;
    let file = STANDARD.decode(&result.bytes)?;
    let plain = office_crypto::decrypt_from_bytes(file, &result.password)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(plain))?;
    let sheet = workbook.sheet_names()[0].clone();
    let range = workbook.worksheet_range(&sheet)?;
    let line = range.get_value((0, 0)).context("the first row")?;
    assert!(
        line.to_string().contains(&result.number),
        "it says whose copy it is: {line}"
    );
    world.township.stop().await;
    Ok(())
}
