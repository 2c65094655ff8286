//! The whole file: rows written by two people apart, what decides the rhythm, pauses, and the reasons of what was missed.

use anyhow::{Context, Result};
use client::view::{
    BenefitsView, ChildFileView, ComingView, ContactFormView, DifferenceView, DifferencesView,
    DueKind, FileRowView, FileRowsView, FoundSignView, HintWeight, MonthMark, MovesView,
    RevealedView, SavedView, ScreeningView, SignSource, TodayView, UnattendedKind, VisitFormView,
};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

fn rows<'a>(file: &'a ChildFileView, block: &str) -> Result<&'a FileRowsView> {
    let block = file.blocks.iter().find(|known| known.key == block);
    let rows = block.and_then(|block| block.rows.as_ref());
    rows.context("the pack has these rows")
}

fn heads(file: &ChildFileView, block: &str) -> Result<Vec<String>> {
    let mut heads: Vec<String> = rows(file, block)?
        .rows
        .iter()
        .map(|row| row.head.clone())
        .collect();
    heads.sort();
    Ok(heads)
}

fn only_row(file: &ChildFileView, block: &str) -> Result<FileRowView> {
    rows(file, block)?.rows.first().cloned().context("a row")
}

fn row(child: &str, block: &str, replaces: Option<&str>, values: &Value) -> Value {
    json!({"child": child, "block": block, "replaces": replaces, "values": values})
}

async fn write(device: &Device, asked: Value) -> Result<ChildFileView> {
    device.call("write_row", asked).await
}

fn visit_due(file: &ChildFileView) -> Result<String> {
    let due = file.dues.iter().find(|due| due.kind == DueKind::Visit);
    Ok(due.context("a visit is due")?.due.clone())
}

/// Cousins with one grandmother are one household: one's dead father is not the other's.
#[tokio::test(flavor = "multi_thread")]
async fn a_parent_is_whose_the_row_says() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let one = tablet.child("石小雨").await?;
    let other = tablet.child("石小晨").await?;
    let stranger = tablet.child("周子涵").await?;
    world.cut_network();
    let parent = |name: &str, relation: &str, life: &str, whose: &[&str]| json!({"name": [name], "relation": [relation], "life": [life], "whose": whose});
    let asked = parent("石大山", "51", "dead", &[&stranger]);
    let refused = tablet.refusal("write_row", row(&one, "members", None, &asked));
    assert_eq!(refused.await?.code, "value_invalid");
    let asked = parent("石大山", "51", "dead", &[&one]);
    let file = write(&tablet, row(&one, "members", None, &asked)).await?;
    let father = only_row(&file, "members")?;
    assert!(
        father.lines.iter().any(|line| line.text == "石小雨"),
        "it says whose"
    );
    assert_eq!(father.values["whose"], [one.as_str()]);
    let columns = &rows(&file, "members")?.columns;
    let whose = columns.iter().find(|column| column.key == "whose");
    assert_eq!(whose.context("it is asked")?.options.len(), 2);
    let asked = parent("王秀兰", "62", "alive", &[]);
    write(&tablet, row(&one, "members", None, &asked)).await?;
    let asked = parent("李梅", "52", "dead", &[&one]);
    write(&tablet, row(&one, "members", None, &asked)).await?;

    world.restore_network();
    world.settle(&[&tablet]).await?;
    for device in [&tablet, &world.station] {
        let file = device.file(&one).await?;
        assert_eq!(heads(&file, "members")?, ["李梅", "王秀兰", "石大山"]);
        let file = device.file(&other).await?;
        assert_eq!(heads(&file, "members")?, ["王秀兰"]);
        let asks = |child: String| async move {
            let view: BenefitsView = device.call("benefits", json!({"id": child})).await?;
            anyhow::Ok(view.unattended.map(|found| found.kind))
        };
        assert_eq!(asks(one.clone()).await?, Some(UnattendedKind::Orphan));
        assert_eq!(asks(other.clone()).await?, None);
    }
    // Where a child lives alone with its family there is nobody to choose from.
    let file = tablet.file(&stranger).await?;
    let columns = &rows(&file, "members")?.columns;
    assert!(columns.iter().all(|column| column.key != "whose"));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_two_people_are_all_kept_and_the_law_is_said() -> Result<()> {
    let world = World::new().await?;
    let first = world.tablet("李玉梅").await?;
    let second = world.tablet("李玉梅").await?;
    let child = first.child("石小雨").await?;
    world.cut_network();
    let wish = |words: &str| {
        row(
            &child,
            "wish",
            None,
            &json!({"text": [words], "status": ["said"]}),
        )
    };
    write(&first, wish("一双球鞋")).await?;
    write(&second, wish("一本字典")).await?;
    let member = json!({"name": ["石大山"], "relation": ["51"], "id_no": ["310199198001010013"]});
    let file = write(&first, row(&child, "members", None, &member)).await?;
    let father = only_row(&file, "members")?;
    assert_eq!(father.head, "石大山");
    let masked = father.lines.iter().find(|line| line.label == "证件号码");
    assert!(masked.context("the number")?.text.contains("****"));
    assert!(
        !father.values.contains_key("id_no"),
        "a masked number stays here"
    );
    let look =
        json!({"child": child, "holder": "row", "key": format!("members/{}/id_no", father.row)});
    assert_eq!(
        first.refusal("reveal_field", look.clone()).await?.code,
        "pin_again"
    );
    first.step_up().await?;
    let seen: RevealedView = first.call("reveal_field", look).await?;
    assert_eq!(seen.text, "310199198001010013");

    world.restore_network();
    world.settle(&[&first, &second]).await?;
    for device in [&first, &second, &world.station] {
        let file = device.file(&child).await?;
        assert_eq!(heads(&file, "wish")?, ["一双球鞋", "一本字典"]);
        assert_eq!(
            heads(&file, "members")?,
            ["石大山"],
            "and so for the siblings"
        );
    }
    // One row, put right by two people apart: both words stand until somebody voids one.
    let file = first.file(&child).await?;
    let wishes = rows(&file, "wish")?.rows.clone();
    let dictionary = wishes.iter().find(|row| row.head == "一本字典");
    let dictionary = dictionary.context("it is there")?.row.clone();
    for (device, words) in [(&first, "一本新华字典"), (&second, "两本字典")] {
        let asked = json!({"text": [words], "status": ["claimed"]});
        write(device, row(&child, "wish", Some(&dictionary), &asked)).await?;
    }
    world.settle(&[&first, &second]).await?;
    let file = world.station.file(&child).await?;
    assert_eq!(
        heads(&file, "wish")?,
        ["一双球鞋", "一本新华字典", "两本字典"]
    );
    let twice = rows(&file, "wish")?
        .rows
        .iter()
        .find(|row| row.head == "两本字典");
    let twice = twice.context("it is there")?.row.clone();
    let away =
        |reason: &str| json!({"child": child, "block": "wish", "row": twice, "reason": reason});
    let refused = second.refusal("take_row_away", away(" ")).await?;
    assert_eq!(refused.code, "reason_missing");
    let file: ChildFileView = second.call("take_row_away", away("记重了")).await?;
    assert_eq!(heads(&file, "wish")?, ["一双球鞋", "一本新华字典"]);

    // A masked number is kept when the rest of its row is written anew.
    let moved = json!({"name": ["石大山"], "relation": ["51"], "phone": ["10055512099"]});
    let file = write(&first, row(&child, "members", Some(&father.row), &moved)).await?;
    let father = only_row(&file, "members")?;
    assert!(father.lines.iter().any(|line| line.label == "证件号码"));

    let missing = first.refusal(
        "write_row",
        row(&child, "wish", None, &json!({"text": ["x"]})),
    );
    let missing = missing.await?;
    assert_eq!(
        (missing.code.as_str(), missing.params["label"].as_str()),
        ("row_incomplete", "到哪一步")
    );
    let crossed = json!({"name": ["咳嗽"], "since": ["2026-10-02"], "until": ["2026-10-01"]});
    let crossed = first
        .refusal("write_row", row(&child, "illness", None, &crossed))
        .await?;
    assert_eq!(crossed.code, "dates_crossed");

    // 石小晨 is eight, 冯一诺 seven: the law's limit is said, never a number of how complete a file is.
    let young = first.child("冯一诺").await?;
    let file = first.edit(&young, "child", "carer_class", "nobody").await?;
    let law: Vec<&str> = file
        .hints
        .iter()
        .filter(|hint| hint.weight == HintWeight::Law)
        .map(|hint| hint.code.as_str())
        .collect();
    assert_eq!(law, ["under_8_unattended"]);
    assert!(file.to_ask.iter().any(|field| field.key == "ethnicity"));
    assert!(!file.to_ask.iter().any(|field| field.key == "carer_class"));
    first.sync().await?;
    world.station.sync().await?;
    let coming: ComingView = world.station.call("coming", Value::Null).await?;
    assert_eq!(coming.law.len(), 1);
    assert_eq!(coming.law[0].name, "冯一诺");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_into_no_file_cannot_be_written_into_one_and_is_read_by_nobody_where_it_stands()
-> Result<()> {
    let world = World::new().await?;
    let station = &world.station;
    let child = station.child("石小雨").await?;
    let benefit =
        |code: &str| json!({"kind": [code], "status": ["granted"], "amount_month": ["3200"]});
    let file = station.file(&child).await?;
    let offered = &rows(&file, "benefit")?.columns[0].options;
    assert!(offered.len() > 10 && offered.iter().all(|one| one.code != "hiv"));
    for (block, values) in [
        ("benefit", benefit("hiv")),
        (
            "categories",
            json!({"code": ["HIV"], "basis": ["self_found"], "status": ["village"]}),
        ),
    ] {
        let refused = station
            .refusal("write_row", row(&child, block, None, &values))
            .await?;
        assert_eq!(refused.code, "value_invalid", "{block}");
    }
    let new = json!({"name": "何小满", "sex": "2", "birth_date": "2017-05-06", "category": "HIV", "reason": "走访时发现",
                     "household": null, "village": world.village.to_string()});
    let refused = station.refusal("add_child", new).await?;
    assert_eq!(refused.code, "value_invalid");

    // A row from before: the lists say only now that what it is belongs nowhere.
    let file = write(station, row(&child, "benefit", None, &benefit("dibao"))).await?;
    assert_eq!(only_row(&file, "benefit")?.head, "低保");
    let tablet = station.tablet()?;
    let packs = tablet.store.read(store::policies::all)?;
    let mut lists = packs
        .into_iter()
        .find(|pack| pack.json.contains("\"BENEFIT\"") && pack.json.contains("\"PRINT_PURPOSE\""))
        .context("the lists")?;
    lists.json = lists.json.replace(
        r#""code":"dibao","#,
        r#""code":"dibao","restricted":true,"shown_as":"其他（保密）","#,
    );
    lists.json = lists.json.replace(
        r#""code": "dibao","#,
        r#""code":"dibao","restricted":true,"shown_as":"其他（保密）","#,
    );
    tablet.store.write(|tx| store::policies::put(tx, &lists))?;
    tablet.reload_packs()?;
    let file = station.file(&child).await?;
    let there = only_row(&file, "benefit")?;
    assert_eq!(there.head, "其他（保密）");
    assert!(
        there.lines.is_empty() && there.values.is_empty(),
        "{:?}",
        there.lines
    );
    assert!(!there.editable && !there.removable);
    let key = format!("benefit/{}/kind", there.row);
    let look = json!({"child": child, "holder": "row", "key": key});
    let refused = station.refusal("reveal_field", look).await?;
    assert_eq!(refused.code, "not_found");

    // What comes late says no more of it than the file does.
    let tablet = world.tablet("李玉梅").await?;
    let other = tablet.child("周子涵").await?;
    world.cut_network();
    write(&tablet, row(&other, "benefit", None, &benefit("dibao"))).await?;
    world.restore_network();
    station.step_up().await?;
    let device = tablet.tablet()?.identity.device.to_string();
    let stop = json!({"device": device, "reason": "lost", "wipe": false});
    let _: Value = station.call("revoke_device", stop).await?;
    tablet.sync().await.unwrap_err();
    let tray: MovesView = station.call("moves", Value::Null).await?;
    let lines: Vec<&str> = tray
        .waiting
        .iter()
        .flat_map(|row| &row.lines)
        .map(|line| line.after.as_str())
        .collect();
    assert!(lines.contains(&"其他（保密）"), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("3200")), "{lines:?}");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_another_persons_wants_a_look_and_is_kept() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let values = json!({"kind": ["4"], "grade": ["2"], "has_cert": ["y"], "cert_no": ["31019920110922002542"]});
    let file = write(&tablet, row(&child, "disability", None, &values)).await?;
    let line = only_row(&file, "disability")?;
    let number = line.lines.iter().find(|line| line.label == "残疾证号");
    let flag = number.context("the number")?.flag.clone();
    assert_eq!(flag.as_deref(), Some("证号和证件号码不是一个人，请核对"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_makes_visits_more_frequent_and_only_the_station_makes_them_fewer() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let before = tablet.file(&child).await?;
    let standard = before.tier.context("a tier")?;
    assert!(!standard.enhanced);

    let fact = json!({"kind": ["parent_severe_disability"], "words": ["母亲重度残疾"], "from": ["2026-11-02"]});
    let file = write(&tablet, row(&child, "tier", None, &fact)).await?;
    let tier = file.tier.clone().context("a tier")?;
    assert!(tier.enhanced && tier.words == ["母亲重度残疾"] && tier.lower_to.is_none());

    // A director ends it; it stays as it is until somebody agreed, and it cannot be made never to have been.
    let fact_row = only_row(&file, "tier")?;
    assert!(!fact_row.removable);
    let away = json!({"child": child, "block": "tier", "row": fact_row.row, "reason": "好了"});
    assert_eq!(
        tablet.refusal("take_row_away", away).await?.code,
        "station_decides"
    );
    let other = json!({"kind": ["child_disability"], "from": ["2026-11-02"]});
    let other = row(&child, "tier", Some(&fact_row.row), &other);
    assert_eq!(
        tablet.refusal("write_row", other).await?.code,
        "station_decides"
    );
    world.go_to_day(20, &[&tablet]);
    let ended = json!({"kind": ["parent_severe_disability"], "words": ["母亲重度残疾"], "from": ["2026-11-02"], "to": ["2026-11-20"]});
    let file = write(&tablet, row(&child, "tier", Some(&fact_row.row), &ended)).await?;
    let tier = file.tier.clone().context("a tier")?;
    assert!(tier.enhanced && !tier.may_lower);
    assert_eq!(tier.lower_to.as_deref(), Some("一般"));
    assert_eq!(rows(&file, "tier")?.past.len(), 1);
    let lower = json!({"child": child, "reason": "母亲已经康复"});
    assert_eq!(
        tablet.refusal("lower_tier", lower.clone()).await?.code,
        "station_decides"
    );

    world.settle(&[&tablet]).await?;
    let coming: ComingView = world.station.call("coming", Value::Null).await?;
    assert_eq!(coming.lowering.len(), 1);
    assert!(coming.lowering[0].text.contains("母亲重度残疾"));
    assert_eq!(
        world
            .station
            .refusal("lower_tier", lower.clone())
            .await?
            .code,
        "pin_again"
    );
    world.station.step_up().await?;
    let _: ChildFileView = world.station.call("lower_tier", lower).await?;
    world.settle(&[&tablet]).await?;
    let tier = tablet.file(&child).await?.tier.context("a tier")?;
    assert!(!tier.enhanced);
    assert!(tier.lowered[0].contains("母亲已经康复"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_moves_the_date_and_what_was_missed_is_kept_with_its_reason() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let before = visit_due(&tablet.file(&child).await?)?;
    let pause = json!({"reason": ["OTHER_HOME"], "from": ["2026-11-02"], "to": ["2026-12-25"], "place": ["清溪村外婆家"]});
    let file = write(&tablet, row(&child, "pause", None, &pause)).await?;
    assert!(visit_due(&file)? > before, "{before}");
    assert_eq!(
        file.paused,
        ["轮流住两个家，这段时间住在别的村（清溪村外婆家），到12月25日"]
    );
    assert_eq!(file.months.len(), 12);
    let this_month = file.months.last().context("this month")?;
    assert_eq!(
        (this_month.month.as_str(), this_month.visit),
        ("2026-11-01", MonthMark::Paused)
    );

    world.go_to_day(62, &[&tablet]);
    tablet.sync().await?;
    let file = tablet.file(&child).await?;
    let missed = file
        .misses
        .first()
        .context("December passed without a contact")?;
    assert!(missed.reason.is_none());
    let said = |reason: &str, note: &str| json!({"child": child, "kind": "contact", "from": missed.from, "to": missed.to, "reason": reason, "note": note});
    let wordless = tablet.refusal("note_miss", said("oth", "")).await?;
    assert_eq!(wordless.code, "text_missing");
    let _: ChildFileView = tablet.call("note_miss", said("weather", "")).await?;
    let _: ChildFileView = tablet
        .call("note_miss", said("me_away", "去市里学习"))
        .await?;
    world.settle(&[&tablet]).await?;
    let file = world.station.file(&child).await?;
    let kept = file.misses.first().context("the miss stays")?;
    assert_eq!(
        kept.reason.as_deref(),
        Some("我请假或学习，没人替：去市里学习")
    );
    assert_eq!(kept.by.as_deref(), Some("李玉梅"));
    let invented = json!({"child": child, "kind": "visit", "from": "2020-01-01", "to": "2020-02-01", "reason": "weather", "note": ""});
    assert_eq!(
        tablet.refusal("note_miss", invented).await?.code,
        "not_found"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_of_the_pack_is_above_today_until_everybody_was_seen() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    // 2027-01-24: the winter vacation has begun.
    world.go_to_day(83, &[&tablet]);
    tablet.sync().await?;
    let today: TodayView = tablet.call("today", Value::Null).await?;
    let round = today
        .notices
        .iter()
        .find(|notice| notice.name == "寒假开头看一看");
    assert_eq!(round.context("the round runs")?.count, 6);
    Ok(())
}

fn ids(view: &DifferencesView) -> Vec<&str> {
    view.found.iter().map(|one| one.id.as_str()).collect()
}

fn found<'a>(view: &'a DifferencesView, id: &str) -> Result<&'a DifferenceView> {
    let one = view.found.iter().find(|one| one.id == id);
    one.with_context(|| format!("{id} is said otherwise: {:?}", ids(view)))
}

async fn differ(device: &Device, child: &str, record: &str) -> Result<DifferencesView> {
    device
        .call("differences", json!({"child": child, "record": record}))
        .await
}

fn taking(child: &str, record: &str, id: &str, values: &Value) -> Value {
    json!({"child": child, "record": record, "take": [{"id": id, "values": values}]})
}

/// The value of a field as it is shown; none where nothing is written.
async fn says(device: &Device, child: &str, key: &str) -> Result<Option<String>> {
    Ok(device.field(child, key).await?.text)
}

/// A visit in which everything of the whole form may be answered.
async fn open_whole(device: &Device, child: &str) -> Result<String> {
    let form = device.begin_visit(child).await?;
    let _: VisitFormView = device
        .call("visit_full", json!({"draft": form.draft, "full": true}))
        .await?;
    Ok(form.draft)
}

async fn save_visit(device: &Device, draft: &str, child: &str) -> Result<(SavedView, String)> {
    let saved: SavedView = device.call("save_visit", json!({"id": draft})).await?;
    let screened = saved.screenings.iter().find(|one| one.child == child);
    let record = screened
        .context("the visit may be screened")?
        .record
        .clone();
    Ok((saved, record))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_visit_said_otherwise_reaches_the_file_by_a_tap_and_never_by_itself() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    world.cut_network();
    let gran = json!({"name": ["石秀兰"], "relation": ["62"], "birth": ["1950-01-02"]});
    let file = write(&tablet, row(&child, "members", None, &gran)).await?;
    let gran = only_row(&file, "members")?.row;
    tablet
        .edit(&child, "child", "school_stage", "primary")
        .await?;

    let draft = open_whole(&tablet, &child).await?;
    for (key, code) in [
        ("c_caregiver", gran.as_str()),
        ("d_stage", "junior"),
        ("d_board", "y"),
        ("c_parent_away", "f"),
    ] {
        tablet.answer(&draft, &child, key, &[code]).await?;
    }
    tablet.write(&draft, &child, "i_wish", "一双球鞋").await?;
    tablet.answer(&draft, "session", "b_bed", &["n"]).await?;
    let (saved, record) = save_visit(&tablet, &draft, &child).await?;
    assert!(saved.differing.iter().any(|one| one.child == child));
    assert_eq!(
        says(&tablet, &child, "school_stage").await?.as_deref(),
        Some("小学")
    );
    assert!(
        heads(&tablet.file(&child).await?, "wish")?.is_empty(),
        "nobody tapped"
    );

    // Old and new stand there, and a row that lacks something is not written without it.
    let view = differ(&tablet, &child, &record).await?;
    let stage = found(&view, "child/school_stage")?;
    let line = &stage.lines[0];
    assert_eq!(
        (line.before.as_deref(), line.after.as_str()),
        (Some("小学"), "初中")
    );
    assert!(stage.newer.is_none());
    assert!(found(&view, "household/own_bed")?.of_household);
    let away = found(&view, "work/+f")?;
    let needs: Vec<&str> = away.needs.iter().map(|need| need.key.as_str()).collect();
    assert_eq!(needs, ["since", "place", "contact_freq"]);
    assert!(!away.needs[0].need, "since when nobody need know");
    let refused = tablet
        .refusal(
            "take_differences",
            taking(&child, &record, "work/+f", &json!({})),
        )
        .await?;
    assert_eq!(refused.code, "row_incomplete");
    let more =
        json!({"since": ["2026-03-01"], "place": ["浙江省宁波市"], "contact_freq": ["weekly"]});
    let view: DifferencesView = tablet
        .call(
            "take_differences",
            taking(&child, &record, "work/+f", &more),
        )
        .await?;
    assert!(!ids(&view).contains(&"work/+f"));
    let father = only_row(&tablet.file(&child).await?, "work")?;
    assert_eq!(
        (father.head.as_str(), father.by.as_str()),
        ("父亲", "李玉梅")
    );
    assert_eq!(
        father.values["since"],
        ["2026-03-01"],
        "when he left, and not when somebody visited"
    );

    // The carer is the person who was chosen, with what the file knows of her.
    let all: Vec<Value> = view
        .found
        .iter()
        .map(|one| json!({"id": one.id, "values": {}}))
        .collect();
    let all = json!({"child": child, "record": record, "take": all});
    let view: DifferencesView = tablet.call("take_differences", all).await?;
    assert!(view.found.is_empty(), "{:?}", ids(&view));
    for (key, text) in [
        ("carer_name", "石秀兰"),
        ("carer_relation", "奶奶"),
        ("boarding", "是"),
    ] {
        assert_eq!(
            says(&tablet, &child, key).await?.as_deref(),
            Some(text),
            "{key}"
        );
    }
    assert_eq!(heads(&tablet.file(&child).await?, "wish")?, ["一双球鞋"]);
    let again = taking(&child, &record, "child/boarding", &json!({}));
    let refused = tablet.refusal("take_differences", again).await?;
    assert_eq!(refused.code, "difference_gone");

    // What was taken is taken back: a field says what it said, a new row goes, and both are offered again.
    for title in ["就学情况", "微心愿"] {
        let view = differ(&tablet, &child, &record).await?;
        let taken = view.taken.iter().find(|one| one.title == title);
        let taken = taken.context("it is marked")?;
        assert_eq!(taken.by, "李玉梅");
        let undo = json!({"child": child, "record": record, "taken": taken.taken});
        let _: DifferencesView = tablet.call("undo_difference", undo).await?;
    }
    assert_eq!(
        says(&tablet, &child, "school_stage").await?.as_deref(),
        Some("小学")
    );
    assert!(heads(&tablet.file(&child).await?, "wish")?.is_empty());
    let view = differ(&tablet, &child, &record).await?;
    assert_eq!(ids(&view), ["child/school_stage", "wish/+一双球鞋"]);
    let stage = taking(&child, &record, "child/school_stage", &json!({}));
    let _: DifferencesView = tablet.call("take_differences", stage.clone()).await?;

    // Somebody else wrote it since: that is not taken back, and what the visit said is told to be older.
    world.restore_network();
    world.settle(&[&tablet]).await?;
    assert_eq!(
        says(&world.station, &child, "boarding").await?.as_deref(),
        Some("是")
    );
    let there = differ(&world.station, &child, &record).await?;
    assert!(
        there.taken.iter().any(|one| one.by == "李玉梅"),
        "the station sees who took it"
    );
    world
        .station
        .edit(&child, "child", "school_stage", "voc")
        .await?;
    world.station.sync().await?;
    tablet.sync().await?;
    let view = differ(&tablet, &child, &record).await?;
    let stage_taken = view.taken.iter().find(|one| one.title == "就学情况");
    let taken = &stage_taken.context("it is marked")?.taken;
    let undo = json!({"child": child, "record": record, "taken": taken});
    assert_eq!(
        tablet.refusal("undo_difference", undo).await?.code,
        "changed_since"
    );
    let newer = &found(&view, "child/school_stage")?.newer;
    assert!(
        newer
            .as_deref()
            .is_some_and(|words| words.contains("比这次走访新")),
        "{newer:?}"
    );

    // 和上次一样 takes over what the file learned since, and a later visit is what counts.
    let form = tablet.begin_visit(&child).await?;
    let same = json!({"draft": form.draft, "part": child, "section": "D"});
    let form: VisitFormView = tablet.call("same_as_last", same).await?;
    let parts = form.parts.iter().filter(|part| part.part == child);
    let questions = parts
        .flat_map(|part| &part.sections)
        .flat_map(|one| &one.questions);
    let stage = questions.clone().find(|question| question.key == "d_stage");
    assert_eq!(stage.context("it is asked")?.codes, ["voc"]);
    let (saved, second) = save_visit(&tablet, &form.draft, &child).await?;
    assert!(
        saved.differing.is_empty(),
        "an ordinary visit says nothing otherwise"
    );
    assert!(differ(&tablet, &child, &second).await?.found.is_empty());
    let old = differ(&tablet, &child, &record).await?;
    assert!(old.later.is_some() && old.found.is_empty());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hints_and_screening_know_what_was_said_and_what_is_written() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    tablet.edit(&child, "child", "carer_name", "石秀兰").await?;
    tablet.edit(&child, "child", "cares_for", "4").await?;
    let gran = json!({"name": ["石秀兰"], "relation": ["62"], "birth": ["1950-01-02"]});
    write(&tablet, row(&child, "members", None, &gran)).await?;
    let draft = open_whole(&tablet, &child).await?;
    tablet.answer(&draft, "session", "b_desk", &["n"]).await?;
    tablet.answer(&draft, &child, "e_dis", &["need"]).await?;
    let (_, record) = save_visit(&tablet, &draft, &child).await?;

    let benefits: BenefitsView = tablet.call("benefits", json!({"id": child})).await?;
    let why = |code: &str| {
        let all = benefits.together.iter().chain(&benefits.others);
        let found = all.clone().find(|one| one.code == code);
        found.map(|one| one.why.join("；")).unwrap_or_default()
    };
    for (code, words) in [("B14", "没有学习桌和灯"), ("B11", "需要康复，还没有得到")]
    {
        let why = why(code);
        assert!(
            why.contains("走访时说") && why.contains(words),
            "{code}: {why}"
        );
    }
    let file = tablet.file(&child).await?;
    assert!(file.benefits.iter().any(|name| name.contains("小书桌")));

    let asked = json!({"child": child, "record": record});
    let seen: ScreeningView = tablet.call("screening", asked).await?;
    for words in ["照料人年老或重病，力不从心", "一名照料人带三个以上孩子"]
    {
        let found = |one: &FoundSignView| {
            one.label.as_deref() == Some(words) && one.sources == [SignSource::File]
        };
        assert!(seen.found.iter().any(found), "{words}");
    }
    assert!(seen.settled.is_none(), "a person says whether it is right");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_says_when_it_began_who_began_it_and_what_comes_next() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let form: ContactFormView = tablet.call("contact_form", json!({"id": child})).await?;
    assert_eq!(
        form.initiator.as_deref(),
        Some("director"),
        "chosen beforehand"
    );
    let next = form.next_on.context("the next one is computed")?;
    assert!(next > form.today, "{next}");
    let contact = |more: Value| {
        json!({"child": child, "event_date": form.today, "mode": "phone", "party": ["child"], "reached": true,
               "child_state": "normal", "topics": [], "parent_contact_ok": null, "note": "", "more": more})
    };
    let more = |key: &str, value: Value| {
        let mut more = json!({"start": null, "minutes": null, "initiated_by": null, "next_on": null, "next_mode": null});
        more[key] = value;
        more
    };
    for (wrong, code) in [
        (more("start", json!("25:00")), "value_invalid"),
        (more("minutes", json!(0)), "number_invalid"),
        (more("initiated_by", json!("ghost")), "value_invalid"),
        (more("next_on", json!("明天")), "date_invalid"),
    ] {
        assert_eq!(
            tablet.refusal("record_contact", contact(wrong)).await?.code,
            code
        );
    }
    let all = json!({"start": "18:05", "minutes": 12, "initiated_by": "child", "next_on": next, "next_mode": "video"});
    let mut all = contact(all);
    all["topics"] = json!(["study", "safety"]);
    all["parent_contact_ok"] = json!("n");
    let saved: SavedView = tablet.call("record_contact", all).await?;
    tablet.sync().await?;
    world.station.sync().await?;
    let file = world.station.file(&child).await?;
    let is_asked = |file: &ChildFileView| file.hints.iter().any(|one| one.code == "weekly_contact");
    assert!(is_asked(&file), "the parents are to be in touch every week");
    let line = file
        .timeline
        .iter()
        .find(|line| line.record == saved.record);
    let text = &line.context("the station has it")?.text;
    for words in [
        "聊了安全、学习",
        "爸妈这一周：没有联系",
        "孩子找的",
        "18:05开始",
        "12分钟",
        "再视频联系",
    ] {
        assert!(text.contains(words), "{text}");
    }
    let mut later = contact(Value::Null);
    later["parent_contact_ok"] = json!("y");
    let _: SavedView = tablet.call("record_contact", later).await?;
    let file = tablet.file(&child).await?;
    assert!(!is_asked(&file), "they were");
    world.township.stop().await;
    Ok(())
}
