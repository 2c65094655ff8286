//! The whole file: rows written by two people apart, what decides the rhythm, pauses, and the reasons of what was missed.

use anyhow::{Context, Result};
use client::view::{
    BenefitsView, ChildFileView, ComingView, DueKind, FileRowView, FileRowsView, HintWeight,
    MonthMark, RevealedView, TodayView, UnattendedKind,
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
