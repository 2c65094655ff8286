//! Work a person writes down herself: lines of the log, care and help, activities. Two people apart lose no line, each keeps
//! her own log, and what is about a child is in its file.

use anyhow::{Context, Result};
use client::view::{
    PrintView, SignListView, TimelineKind, TimelineRow, WorkFormView, WorkKind, WorkLineView,
    WorkLogView, WorkSavedView,
};
use ids::DocKind;
use serde_json::{Value, json};
use store::documents;
use zoufang_tests::device::Device;
use zoufang_tests::story::{World, shows};

const DAY: &str = "2026-11-02";

async fn write(
    device: &Device,
    block: &str,
    record: Option<&str>,
    children: &[&str],
    values: &Value,
) -> Result<String> {
    let asked = json!({"block": block, "record": record, "children": children, "values": values});
    let saved: WorkSavedView = device.call("record_work", asked).await?;
    Ok(saved.record)
}

async fn refused(
    device: &Device,
    block: &str,
    children: &[&str],
    values: &Value,
) -> Result<String> {
    let asked = json!({"block": block, "record": null, "children": children, "values": values});
    Ok(device.refusal("record_work", asked).await?.code)
}

fn line(kind: &str, words: &str) -> Value {
    json!({"kind": [kind], "text": [words], "on": [DAY]})
}

/// What the log calls each line a person wrote, whom it names and what it says, in order.
async fn written(device: &Device) -> Result<Vec<(String, String, String)>> {
    let log: WorkLogView = device.call("work_log", json!({"month": null})).await?;
    let lines = log.days.iter().flat_map(|day| &day.lines);
    let told = |line: &WorkLineView| {
        let title = line.title.clone().unwrap_or_default();
        (title, line.names.join("、"), line.text.clone())
    };
    Ok(lines
        .filter(|line| line.kind == WorkKind::Written)
        .map(told)
        .collect())
}

async fn work_in_file(device: &Device, child: &str) -> Result<Vec<TimelineRow>> {
    let rows = device.file(child).await?.timeline.into_iter();
    Ok(rows.filter(|row| row.kind == TimelineKind::Work).collect())
}

fn titles(rows: &[TimelineRow]) -> Vec<&str> {
    let mut titles: Vec<&str> = rows.iter().filter_map(|row| row.title.as_deref()).collect();
    titles.sort_unstable();
    titles
}

fn months_of_work(device: &Device) -> Result<usize> {
    let tablet = device.tablet()?;
    let kept = tablet
        .store
        .read(|connection| documents::of_kind(connection, DocKind::Work))?;
    Ok(kept.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_apart_lose_no_line_and_each_keeps_her_own() -> Result<()> {
    let world = World::new().await?;
    let first = world.tablet("李玉梅").await?;
    let second = world.tablet("赵春燕").await?;
    let elsewhere = world.create_village("柳林村", "310199100202").await?;
    let stranger = world.tablet_of(elsewhere, "孙秀英").await?;
    world.cut_network();

    let met = write(&first, "line", None, &[], &line("meeting", "站里的月会")).await?;
    write(&second, "line", None, &[], &line("home_duty", "儿童之家")).await?;
    write(&first, "line", None, &[], &line("training", "学急救")).await?;
    // Said better: it stands once.
    write(
        &first,
        "line",
        Some(&met),
        &[],
        &line("meeting", "站里的月会，讲防溺水"),
    )
    .await?;

    world.restore_network();
    world.settle(&[&first, &second, &stranger]).await?;
    let mine = [
        ("培训".to_owned(), String::new(), "学急救".to_owned()),
        (
            "会议".to_owned(),
            String::new(),
            "站里的月会，讲防溺水".to_owned(),
        ),
    ];
    assert_eq!(written(&first).await?, mine);
    let hers = written(&second).await?;
    assert_eq!(
        hers,
        [(
            "儿童之家值班".to_owned(),
            String::new(),
            "儿童之家".to_owned()
        )]
    );
    assert!(
        written(&world.station).await?.is_empty(),
        "the log is a person's own"
    );
    // Begun apart, both months hold; another village has neither.
    assert_eq!(months_of_work(&first)?, 2);
    assert_eq!(months_of_work(&world.station)?, 2);
    assert_eq!(months_of_work(&stranger)?, 0);

    // What somebody wrote is put right and taken away by her alone.
    let asked = json!({"block": "line", "record": met});
    assert_eq!(
        second.refusal("work_form", asked.clone()).await?.code,
        "not_allowed"
    );
    let form: WorkFormView = first.call("work_form", asked).await?;
    assert_eq!(form.values["text"], ["站里的月会，讲防溺水"]);
    let away = |reason: &str| json!({"block": "line", "record": met, "reason": reason});
    assert_eq!(
        second.refusal("take_work_away", away("重了")).await?.code,
        "not_allowed"
    );
    assert_eq!(
        first.refusal("take_work_away", away(" ")).await?.code,
        "reason_missing"
    );
    let _: WorkSavedView = first.call("take_work_away", away("记重了")).await?;
    assert_eq!(written(&first).await?, mine[..1]);
    assert_eq!(
        first.refusal("take_work_away", away("再来")).await?.code,
        "not_found"
    );
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn care_and_help_is_in_the_file_of_every_child_and_in_the_month() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let mut ids = Vec::new();
    for name in ["石小雨", "周子涵", "吴天宇"] {
        ids.push(tablet.child(name).await?);
    }
    let [one, two, three] = [0, 1, 2].map(|index| ids[index].as_str());
    let help = |words: &str| {
        json!({"kind": ["goods"], "text": [words], "on": [DAY], "amount": ["各1套"],
               "source": ["charity"], "receipt": ["y"]})
    };
    for (children, values, code) in [
        (&[][..], help("文具"), "children_missing"),
        (
            &[one][..],
            json!({"kind": ["goods"], "on": [DAY]}),
            "row_incomplete",
        ),
        (
            &[one][..],
            json!({"kind": ["gold"], "text": ["x"], "on": [DAY]}),
            "value_invalid",
        ),
        (
            &[one][..],
            json!({"kind": ["goods"], "text": ["x"], "on": ["2026-11-03"]}),
            "date_future",
        ),
        (&["nobody"][..], help("文具"), "not_found"),
    ] {
        assert_eq!(refused(&tablet, "help", children, &values).await?, code);
    }
    assert_eq!(
        refused(&tablet, "wish", &[one], &help("x")).await?,
        "not_found"
    );
    assert_eq!(
        refused(&tablet, "joined", &[one], &help("x")).await?,
        "not_allowed"
    );
    // There is one way to write it.
    let row = json!({"child": one, "block": "help", "replaces": null, "values": help("x")});
    assert_eq!(tablet.refusal("write_row", row).await?.code, "not_allowed");

    world.cut_network();
    let record = write(&tablet, "help", None, &[one, two], &help("书包和文具")).await?;
    let told = written(&tablet).await?;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (told[0].0.as_str(), told[0].1.as_str()),
        ("关爱帮扶：物资", "石小雨、周子涵")
    );
    assert_eq!(
        told[0].2,
        "书包和文具；数量或金额：各1套；从哪里来：慈善；家里签收了：是"
    );
    // It was for another child: one line stays, in the right files.
    write(&tablet, "help", Some(&record), &[one, three], &help("书包")).await?;
    assert_eq!(written(&tablet).await?[0].1, "石小雨、吴天宇");

    world.restore_network();
    world.settle(&[&tablet]).await?;
    for device in [&tablet, &world.station] {
        for (child, there) in [(one, 1), (two, 0), (three, 1)] {
            assert_eq!(work_in_file(device, child).await?.len(), there);
        }
    }
    let seen = work_in_file(&world.station, one).await?;
    assert_eq!(
        (seen[0].by.as_str(), seen[0].date.as_str()),
        ("李玉梅", DAY)
    );
    assert!(seen[0].text.starts_with("书包；"), "{}", seen[0].text);
    assert_eq!(seen[0].counts, None, "help is no visit");
    assert!(
        seen[0].work.is_none(),
        "and the station puts nothing of hers right"
    );
    assert!(work_in_file(&tablet, one).await?[0].work.is_some());
    assert_eq!(
        months_of_work(&tablet)?,
        0,
        "what is about a child lies with it alone"
    );

    // A line about a child lies with it too, and goes on its own when it is taken away.
    let line = write(
        &tablet,
        "line",
        None,
        &[two],
        &line("coordination", "和学校说好补课"),
    )
    .await?;
    assert_eq!(titles(&work_in_file(&tablet, two).await?), ["协调"]);
    let away = json!({"block": "line", "record": line, "reason": "记错了人"});
    let _: WorkSavedView = tablet.call("take_work_away", away).await?;
    assert!(work_in_file(&tablet, two).await?.is_empty());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_leaves_a_line_in_each_file_and_a_list_to_sign() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let mut ids = Vec::new();
    for name in ["石小雨", "周子涵", "吴天宇"] {
        ids.push(tablet.child(name).await?);
    }
    let [one, two, three] = [0, 1, 2].map(|index| ids[index].as_str());
    let activity = |name: &str| {
        json!({"kind": ["drowning"], "text": [name], "on": [DAY], "level": ["village"],
               "organiser": ["村委会"], "place": ["儿童之家"], "safety": ["两名家长看护"], "parents": ["4"]})
    };
    tablet.clock.hurry(3);
    let record = write(
        &tablet,
        "activity",
        None,
        &[one, two],
        &activity("防溺水课"),
    )
    .await?;
    write(
        &tablet,
        "activity",
        Some(&record),
        &[two, three],
        &activity("防溺水第一课"),
    )
    .await?;
    let told = written(&tablet).await?;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (told[0].0.as_str(), told[0].1.as_str()),
        ("活动：防溺水", "吴天宇、周子涵")
    );
    assert!(told[0].2.ends_with("孩子2人"), "{}", told[0].2);

    world.settle(&[&tablet]).await?;
    for (child, there) in [(one, 0), (two, 1), (three, 1)] {
        let rows = work_in_file(&world.station, child).await?;
        assert_eq!(rows.len(), there);
        for row in rows {
            assert_eq!(row.title.as_deref(), Some("参加活动：防溺水"));
            assert_eq!(row.text, "防溺水第一课");
        }
    }
    for device in [&tablet, &world.station] {
        let list: SignListView = device.call("sign_list", json!({"id": record})).await?;
        assert_eq!(list.title, "防溺水第一课");
        assert_eq!(list.names, ["吴天宇", "周子涵"]);
        let safety = list.lines.iter().find(|line| line.key == "safety");
        assert_eq!(safety.context("it is said")?.text, "两名家长看护");
    }
    let none = tablet.refusal("sign_list", json!({"id": one})).await?;
    assert_eq!(none.code, "not_found");
    let paper: PrintView = tablet
        .call(
            "print",
            json!({"what": "sign_list", "of": record, "purpose": "sign"}),
        )
        .await?;
    assert!(paper.line.contains(&paper.number));
    let left = tablet.trail("print_made")?;
    let left = left.last().context("it is in the trail")?;
    assert_eq!(left.object, record);
    assert!(left.detail.contains("rows=2 "), "{}", left.detail);

    // Taken away it is in no file; the village's own page of it names no child at all.
    let away = json!({"block": "activity", "record": record, "reason": "没有办成"});
    let _: WorkSavedView = tablet.call("take_work_away", away).await?;
    world.settle(&[&tablet]).await?;
    assert!(work_in_file(&world.station, two).await?.is_empty());
    assert!(written(&tablet).await?.is_empty());
    let log: WorkLogView = tablet.call("work_log", json!({"month": null})).await?;
    assert!(!shows(&log, "防溺水"));
    world.township.stop().await;
    Ok(())
}
