//! A file leaves every device only when a head agreed to what another person asked, and stays when it must be kept.

use anyhow::{Context, Result};
use client::view::{
    ChildFileView, EraseItemView, ErasureFormView, ErasureRequestView, ErasuresView, MandatoryView,
    SavedView, ShellKind, StationPhoneView, VisitFormView, VisitReadView, WorkLogView,
    WorkSavedView,
};
use domain::identity_number;
use ids::{DocKind, DocumentId, Role};
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, shows};
use zoufang_tests::township::SetBack;

const STATION_PIN: &str = "283946";
const HOUR_MS: i64 = 60 * 60 * 1000;

async fn head_of(world: &World) -> Result<Device> {
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: world.station.tablet()?.identity.scope,
            role: Role::Head,
            person: "陈站长".to_owned(),
        })
        .await?;
    let head = world.open_device(&world.new_folder(), ShellKind::Station)?;
    head.enrol(&world.township.server, &code, PIN).await?;
    head.sync().await?;
    Ok(head)
}

async fn step_up(device: &Device, pin: &str) -> Result<()> {
    let _: Value = device.call("step_up", json!({ "pin": pin })).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_everywhere_when_a_head_agrees_and_every_tablet_says_so() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("吴天宇").await?;
    let other = tablet.child("郑可欣").await?;
    tablet.contact(&child, "孩子感冒好了。").await?;
    tablet.sync().await?;
    world.station.sync().await?;

    let form: ErasureFormView = world
        .station
        .call("erasure_form", json!({ "id": child }))
        .await?;
    assert_eq!(form.parts.records, 1);
    let asked = json!({ "child": child, "basis": "mistake", "words": "重复建档" });
    let early = world
        .station
        .refusal("request_erasure", asked.clone())
        .await?;
    assert_eq!(early.code, "pin_again");
    step_up(&world.station, STATION_PIN).await?;
    let mut silent = asked.clone();
    silent["words"] = json!(" ");
    let silent = world.station.refusal("request_erasure", silent).await?;
    assert_eq!(silent.code, "basis_missing");
    let page: ErasuresView = world.station.call("request_erasure", asked).await?;
    let id = page.requests[0].id.clone();
    assert_eq!(page.requests[0].name.as_deref(), Some("吴天宇"));
    assert!(
        !page.requests[0].may_decide,
        "whoever asked does not decide"
    );
    let decision = json!({ "id": id, "approve": true });
    let own = world
        .station
        .refusal("decide_erasure", decision.clone())
        .await?;
    assert_eq!(own.code, "not_allowed");

    step_up(&head, PIN).await?;
    head.sync().await?;
    let hold = json!({ "child": child, "hold": true, "words": "检察院要用" });
    let held: ErasuresView = head.call("set_hold", hold).await?;
    assert_eq!(held.holds.len(), 1);
    let kept = head.refusal("decide_erasure", decision.clone()).await?;
    assert_eq!(kept.code, "on_hold");
    let _: ChildFileView = head.call("child_file", json!({ "id": child })).await?;
    let hold = json!({ "child": child, "hold": false, "words": "案子结了" });
    let _: ErasuresView = head.call("set_hold", hold).await?;

    let page: ErasuresView = head.call("decide_erasure", decision).await?;
    let row = &page.requests[0];
    assert_eq!((row.state.as_str(), row.name.clone()), ("ordered", None));
    assert_eq!(row.words, "", "the reason names people, so it went too");
    assert_eq!(row.missing.len(), 3, "nobody has said so yet: {row:?}");

    // What was written meanwhile on a tablet that knew nothing does not bring it back.
    tablet.contact(&child, "又去看了一次。").await?;
    tablet.contact(&other, "孩子很好。").await?;
    for device in [&tablet, &world.station, &head] {
        device.sync().await?;
        let gone = device.refusal("child_file", json!({ "id": child })).await?;
        assert_eq!(gone.code, "not_found");
        let _: ChildFileView = device.call("child_file", json!({ "id": other })).await?;
    }
    for clock in [
        &tablet.clock,
        &world.clock,
        &world.station.clock,
        &head.clock,
    ] {
        clock.move_by(HOUR_MS);
    }
    for device in [&tablet, &world.station, &head] {
        device.sync().await?;
    }
    let page: ErasuresView = head.call("erasures", Value::Null).await?;
    let row = page.requests.first().context("it stays in sight")?;
    assert_eq!((row.receipts, row.missing.len()), (3, 0), "{row:?}");
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_decides_about_what_was_asked_and_not_about_what_came_after() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("吴天宇").await?;
    step_up(&world.station, STATION_PIN).await?;
    let asked = json!({ "child": child, "basis": "mistake", "words": "重复建档" });
    let page: ErasuresView = world.station.call("request_erasure", asked).await?;
    let decision = json!({ "id": page.requests[0].id, "approve": true });

    let report = json!({
        "children": [child], "card": "danger", "urgency": "later", "seen": "门口河边没有护栏。",
        "origin_record": null, "mandatory": null,
    });
    let _: SavedView = tablet.call("report_problem", report).await?;
    tablet.sync().await?;
    step_up(&head, PIN).await?;
    let refused = head.refusal("decide_erasure", decision.clone()).await?;
    assert_eq!(refused.code, "erasure_changed");
    let _: ChildFileView = head.call("child_file", json!({ "id": child })).await?;
    let page: ErasuresView = head
        .call(
            "decide_erasure",
            json!({ "id": decision["id"], "approve": false }),
        )
        .await?;
    assert_eq!(page.requests[0].state, "declined");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_set_back_learns_again_what_must_be_kept() -> Result<()> {
    let mut world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("吴天宇").await?;
    world.settle(&[&tablet, &head]).await?;
    let copy = world.township.back_up(&world.folder().join("backup"))?;
    step_up(&head, PIN).await?;
    let hold = json!({ "child": child, "hold": true, "words": "检察院要用" });
    let _: ErasuresView = head.call("set_hold", hold).await?;
    for device in [&head, &tablet] {
        device.sync().await?;
    }
    let data = world.folder().join("set-back");
    world
        .township
        .set_back(&copy, &data, SetBack::Restored)
        .await?;
    for device in [&tablet, &head, &tablet] {
        device.sync().await?;
    }
    let page: ErasuresView = head.call("erasures", Value::Null).await?;
    assert_eq!(page.holds.len(), 1);
    assert_eq!(page.holds[0].by, None, "the order came back, not the words");
    world.township.stop().await;
    Ok(())
}

/// One thing of a file that can be erased alone, as the station is offered it.
async fn offered(world: &World, child: &str, label: &str) -> Result<EraseItemView> {
    let form: ErasureFormView = world
        .station
        .call("erasure_form", json!({ "id": child }))
        .await?;
    let mut items = form.items.into_iter();
    let item = items.find(|item| item.label.contains(label));
    item.context("it can be erased alone")
}

/// One thing of a file is asked for at the station and agreed to by the head.
async fn erase_part(world: &World, head: &Device, child: &str, label: &str) -> Result<u32> {
    erase_with(world, head, child, label, &[]).await
}

/// The same, with rows of other households.
async fn erase_with(
    world: &World,
    head: &Device,
    child: &str,
    label: &str,
    also: &[&str],
) -> Result<u32> {
    let item = offered(world, child, label).await?.item;
    step_up(&world.station, STATION_PIN).await?;
    let asked = json!({"child": child, "item": item, "keep_now": false, "also": also, "basis": "family", "words": "家里要求"});
    let page: ErasuresView = world.station.call("request_part_erasure", asked).await?;
    let request = page.requests.first().context("it was asked for")?;
    assert!(!request.may_decide, "whoever asked does not decide");
    let decision = json!({"id": request.id, "approve": true});
    let own = world
        .station
        .refusal("decide_erasure", decision.clone())
        .await?;
    assert_eq!(own.code, "not_allowed");
    step_up(head, PIN).await?;
    let page: ErasuresView = head.call("decide_erasure", decision).await?;
    assert_eq!(page.requests[0].state, "ordered");
    Ok(page.requests[0].documents)
}

/// A member of a child's household, written on a tablet.
async fn write_member(tablet: &Device, child: &str, values: Value) -> Result<ChildFileView> {
    let row = json!({"child": child, "block": "members", "replaces": null, "values": values});
    tablet.call("write_row", row).await
}

/// The names of a household's members.
fn members(file: &ChildFileView) -> Result<Vec<String>> {
    let block = file.blocks.iter().find(|block| block.key == "members");
    let rows = block.and_then(|block| block.rows.as_ref());
    let rows = rows.context("it has rows")?.rows.iter();
    Ok(rows.map(|row| row.head.clone()).collect())
}

/// A line of the village's work that is about no child, and the document it lies in.
async fn write_line(tablet: &Device, words: &str) -> Result<DocumentId> {
    let asked = json!({"block": "line", "record": null, "children": [],
        "values": {"kind": ["meeting"], "text": [words], "on": ["2026-11-02"]}});
    let _: WorkSavedView = tablet.call("record_work", asked).await?;
    let of_kind = |connection: &_| store::documents::of_kind(connection, DocKind::Work);
    let months = tablet.tablet()?.store.read(of_kind)?;
    months.first().copied().context("the month is here")
}

/// An hour passes for everybody, after which a device brings its trail along with a sync.
async fn an_hour_later(world: &World, all: &[&Device], syncing: &[&Device]) -> Result<()> {
    world.clock.move_by(HOUR_MS);
    for device in all.iter().copied().chain([&world.station]) {
        device.clock.move_by(HOUR_MS);
    }
    for device in syncing {
        device.sync().await?;
    }
    Ok(())
}

async fn first_request(head: &Device) -> Result<ErasureRequestView> {
    let page: ErasuresView = head.call("erasures", Value::Null).await?;
    let mut requests = page.requests.into_iter();
    requests.next().context("it stays in sight")
}

/// Nothing of the words is in any of the documents, in whatever generation they are here.
fn hold_none_of(device: &Device, documents: &[DocumentId], words: &[&str]) -> Result<()> {
    for id in documents {
        let load = |connection: &_| store::documents::load(connection, *id);
        let stored = device.tablet()?.store.read(load)?;
        let stored = stored.context("the document is here")?;
        assert!(stored.head.generation > 0, "it was built anew");
        let bytes = stored.automerge.save_nocompress();
        for gone in words {
            let mut parts = bytes.windows(gone.len());
            assert!(!parts.any(|part| part == gone.as_bytes()), "{gone}");
        }
    }
    Ok(())
}

/// Everything a file is due, as a screen gets it.
fn dues(file: &ChildFileView) -> Result<Value> {
    Ok(serde_json::to_value(&file.dues)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_with_a_word_for_a_name_takes_nobodys_words_along() -> Result<()> {
    const NOTE: &str = "奶奶说孩子无大碍，爸爸下周回来。";
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("石小雨").await?;
    let row = json!({"child": child, "block": "members", "replaces": null, "values": {
        "name": ["奶奶"], "relation": ["62"], "phone": ["无"], "lives_here": ["y"],
    }});
    let _: ChildFileView = tablet.call("write_row", row).await?;
    tablet.contact(&child, NOTE).await?;
    world.settle(&[&tablet, &head]).await?;
    let documents = erase_part(&world, &head, &child, "家里人第1行").await?;
    assert_eq!(
        documents, 1,
        "her row, and nothing that only sounds like her"
    );
    world.settle(&[&tablet, &head]).await?;
    let file = serde_json::to_string(&tablet.file(&child).await?)?;
    assert!(file.contains(NOTE), "every word of the contact stands");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_a_household_goes_alone_and_what_pointed_to_her_points_to_somebody()
-> Result<()> {
    const NAME: &str = "王秀兰";
    const PHONE: &str = "10055512034";
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("石小雨").await?;
    let sibling = tablet.child("石小晨").await?;
    let body = "31019919580305002";
    let check = identity_number::check_character(body).context("a number")?;
    let number = format!("{body}{check}");
    let row = json!({"child": child, "block": "members", "replaces": null, "values": {
        "name": [NAME], "relation": ["62"], "phone": [PHONE], "id_no": [number], "lives_here": ["y"],
    }});
    let file: ChildFileView = tablet.call("write_row", row).await?;
    let members = file.blocks.iter().find(|block| block.key == "members");
    let members = members.and_then(|block| block.rows.as_ref());
    let member = members.context("it has rows")?.rows[0].row.clone();
    let right = json!({"child": child, "block": "members", "replaces": member, "values": {"education": ["30"]}});
    let file: ChildFileView = tablet.call("write_row", right).await?;
    let household = DocumentId::parse(&file.household)?;

    // A visit names her in an answer, a contact in a sentence, a problem as well.
    let form = tablet.begin_visit(&child).await?;
    let _: VisitFormView = tablet
        .call("visit_full", json!({"draft": form.draft, "full": true}))
        .await?;
    let form: VisitFormView = tablet.call("visit_form", json!({"id": form.draft})).await?;
    let person = form
        .parts
        .iter()
        .flat_map(|part| part.sections.iter().map(move |section| (part, section)))
        .flat_map(|(part, section)| section.questions.iter().map(move |one| (part, one)))
        .find(|(_, one)| one.options.iter().any(|option| option.label.contains(NAME)));
    let (part, question) = person.context("one question asks who")?;
    let code = question.options[0].code.clone();
    tablet
        .answer(&form.draft, &part.part, &question.key, &[code.as_str()])
        .await?;
    let saved: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    let named = saved.children.iter().find(|one| one.child == part.part);
    let named = named.context("it is one of them")?;
    tablet
        .contact(&child, "和王秀兰通了电话，一切都好。")
        .await?;
    let report = json!({
        "children": [child], "card": "danger", "urgency": "later", "seen": "王秀兰说门口河边没有护栏。",
        "origin_record": null, "mandatory": null,
    });
    let problem: SavedView = tablet.call("report_problem", report).await?;
    world.settle(&[&tablet, &head]).await?;
    let before: ChildFileView = world
        .station
        .call("child_file", json!({"id": child}))
        .await?;
    assert_eq!(before.carer.as_deref(), Some(NAME));

    let documents = erase_part(&world, &head, &child, "家里人第1行").await?;
    assert_eq!(documents, 4, "household, both children, and the problem");
    for device in [&tablet, &tablet, &world.station, &head, &head] {
        device.sync().await?;
    }
    let gone = [NAME, PHONE, number.as_str()];
    let problem = DocumentId::parse(&problem.record)?;
    let all = [
        household,
        DocumentId::parse(&child)?,
        DocumentId::parse(&sibling)?,
        problem,
    ];
    for device in [&tablet, &world.station, &head] {
        hold_none_of(device, &all, &gone)?;
        let file: ChildFileView = device.call("child_file", json!({"id": child})).await?;
        assert_eq!(file.carer.as_deref(), Some("已删除的家庭成员"));
        assert_eq!(file.phone, None, "her number went");
        assert_eq!(dues(&file)?, dues(&before)?, "the child is seen as before");
        assert!(shows(&file.timeline, "和已删除的家庭成员通了电话"));
        let members = file.blocks.iter().find(|block| block.key == "members");
        let rows = members.and_then(|block| block.rows.as_ref());
        let rows = &rows.context("it has rows")?.rows;
        assert_eq!(rows.len(), 1, "a place for what points to her");
        assert_eq!(rows[0].head, "已删除的家庭成员");
        assert_eq!(rows[0].by, "李玉梅", "and who wrote it");
        assert!(!shows(&rows[0].lines, "大学专科"), "nothing else of her");
        let read = json!({"child": named.child, "record": named.record});
        let read: VisitReadView = device.call("visit_read", read).await?;
        assert!(shows(&read.sections, "已删除的家庭成员"));
    }
    let form = tablet.begin_visit(&sibling).await?;
    assert!(
        !shows(&form, "已删除的家庭成员（"),
        "nobody is asked to choose her"
    );
    let form: ErasureFormView = world
        .station
        .call("erasure_form", json!({ "id": child }))
        .await?;
    assert!(
        form.items
            .iter()
            .all(|item| !item.label.contains("家里人第1行"))
    );

    for clock in [
        &tablet.clock,
        &world.clock,
        &world.station.clock,
        &head.clock,
    ] {
        clock.move_by(HOUR_MS);
    }
    for device in [&tablet, &world.station, &head] {
        device.sync().await?;
    }
    let page: ErasuresView = head.call("erasures", Value::Null).await?;
    let row = page.requests.first().context("it stays in sight")?;
    assert_eq!((row.receipts, row.missing.len()), (3, 0), "{row:?}");
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_of_her_after_it_was_asked_is_not_decided_about() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("吴天宇").await?;
    let row = json!({"child": child, "block": "members", "replaces": null, "values": {"name": ["吴桂香"], "relation": ["62"]}});
    let _: ChildFileView = tablet.call("write_row", row).await?;
    world.settle(&[&tablet, &head]).await?;
    let form: ErasureFormView = world
        .station
        .call("erasure_form", json!({ "id": child }))
        .await?;
    let item = form
        .items
        .iter()
        .find(|item| item.label.contains("家里人第1行"));
    let item = &item.context("it can be erased alone")?.item;
    step_up(&world.station, STATION_PIN).await?;
    let asked = json!({"child": child, "item": item, "keep_now": false, "basis": "family", "words": "家里要求"});
    let page: ErasuresView = world.station.call("request_part_erasure", asked).await?;
    let report = json!({
        "children": [child], "card": "danger", "urgency": "later", "seen": "吴桂香说门口没有护栏。",
        "origin_record": null, "mandatory": null,
    });
    let _: SavedView = tablet.call("report_problem", report).await?;
    tablet.sync().await?;
    step_up(&head, PIN).await?;
    let decision = json!({"id": page.requests[0].id, "approve": true});
    let refused = head.refusal("decide_erasure", decision).await?;
    assert_eq!(refused.code, "erasure_changed");
    let file: ChildFileView = head.call("child_file", json!({"id": child})).await?;
    assert_eq!(file.carer.as_deref(), Some("吴桂香"), "nothing went");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_category_goes_and_the_child_is_seen_as_before_until_the_right_one_is_written()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("周子涵").await?;
    world.settle(&[&tablet, &head]).await?;
    let before: ChildFileView = tablet.call("child_file", json!({"id": child})).await?;
    erase_part(&world, &head, &child, "为什么在名单里第1行").await?;
    for device in [&tablet, &tablet, &world.station, &head] {
        device.sync().await?;
    }
    let rows = |file: &ChildFileView| -> Result<Vec<(String, String)>> {
        let block = file.blocks.iter().find(|block| block.key == "categories");
        let rows = block.and_then(|block| block.rows.as_ref());
        let rows = rows.context("it has rows")?.rows.iter();
        Ok(rows
            .map(|row| (row.row.clone(), row.head.clone()))
            .collect())
    };
    let mut left = String::new();
    for device in [&tablet, &world.station, &head] {
        hold_none_of(device, &[DocumentId::parse(&child)?], &["LB-1"])?;
        let file: ChildFileView = device.call("child_file", json!({"id": child})).await?;
        assert_eq!(dues(&file)?, dues(&before)?, "the child is seen as before");
        let found = rows(&file)?;
        assert_eq!(found.len(), 1);
        assert!(found[0].1.contains("已按规定删除"), "{found:?}");
        left.clone_from(&found[0].0);
    }
    // Somebody writes the right one, and the station takes the place of the other away.
    let right = json!({"child": child, "block": "categories", "replaces": null,
        "values": {"code": ["DP-1"], "basis": ["self_found"], "status": ["village"]}});
    let file: ChildFileView = tablet.call("write_row", right).await?;
    assert_eq!(rows(&file)?.len(), 2);
    world.settle(&[&tablet, &head]).await?;
    let away = json!({"child": child, "block": "categories", "row": left, "reason": "已补上"});
    let file: ChildFileView = world.station.call("take_row_away", away).await?;
    assert_eq!(rows(&file)?.len(), 1);
    assert!(!file.dues.is_empty());
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tablet_has_carried_it_out_when_every_document_is_gone_there() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let other = world.tablet("赵春燕").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("石小雨").await?;
    write_member(
        &tablet,
        &child,
        json!({"name": ["王秀兰"], "relation": ["62"]}),
    )
    .await?;
    world.settle(&[&tablet, &other, &head]).await?;
    let documents = erase_part(&world, &head, &child, "家里人第1行").await?;
    assert_eq!(documents, 3, "household and both children");
    for device in [&tablet, &tablet, &world.station, &head, &head] {
        device.sync().await?;
    }
    let all = [&tablet, &other, &head];
    an_hour_later(&world, &all, &[&tablet, &world.station, &head]).await?;
    let row = first_request(&head).await?;
    assert_eq!(row.receipts, 3, "tablet, station and head: {row:?}");
    assert_eq!(row.missing.len(), 1, "{:?}", row.missing);
    assert!(row.missing[0].who.contains("赵春燕"), "{:?}", row.missing);
    assert_eq!(row.missing[0].documents, Some(3));

    for _ in 0..2 {
        other.sync().await?;
    }
    an_hour_later(&world, &all, &[&other]).await?;
    let row = first_request(&head).await?;
    assert_eq!((row.receipts, row.missing.len()), (4, 0), "{row:?}");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_person_in_another_household_is_offered_and_goes_when_chosen() -> Result<()> {
    const NAME: &str = "王秀兰";
    const ERASED: &str = "已删除的家庭成员";
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("石小雨").await?;
    let niece = tablet.child("冯一诺").await?;
    let stranger = tablet.child("周子涵").await?;
    let body = "31019919580305002";
    let check = identity_number::check_character(body).context("a number")?;
    let number = format!("{body}{check}");
    write_member(
        &tablet,
        &child,
        json!({"name": [NAME], "relation": ["62"], "id_no": [number]}),
    )
    .await?;
    write_member(
        &tablet,
        &niece,
        json!({"name": ["王大妈"], "relation": ["62"], "id_no": [number]}),
    )
    .await?;
    // The name alone is many people's.
    write_member(
        &tablet,
        &stranger,
        json!({"name": [NAME], "relation": ["62"], "phone": ["10055500007"]}),
    )
    .await?;
    let month = write_line(&tablet, "和王秀兰、王大妈说了防溺水。").await?;
    world.settle(&[&tablet, &head]).await?;

    let item = offered(&world, &child, "家里人第1行").await?;
    let member = item.member.context("a member")?;
    let households: Vec<&str> = member
        .also
        .iter()
        .map(|row| row.household.as_str())
        .collect();
    assert_eq!(households, ["冯一诺"]);
    assert_eq!(member.also[0].child.as_deref(), Some(niece.as_str()));
    assert_eq!(member.months, "namesake", "周子涵 has one of that name");
    step_up(&world.station, STATION_PIN).await?;
    let asked = json!({"child": child, "item": item.item, "keep_now": false, "also": ["another"],
        "basis": "family", "words": "家里要求"});
    let unknown = world.station.refusal("request_part_erasure", asked).await?;
    assert_eq!(unknown.code, "not_found", "only what was offered");

    let also = [member.also[0].item.as_str()];
    let documents = erase_with(&world, &head, &child, "家里人第1行", &also).await?;
    assert_eq!(
        documents, 5,
        "two households, both children of the first, and the month that has her other name"
    );
    for device in [&tablet, &tablet, &world.station, &head, &head] {
        device.sync().await?;
    }
    for device in [&tablet, &world.station, &head] {
        let file: ChildFileView = device.call("child_file", json!({"id": child})).await?;
        assert_eq!(members(&file)?, [ERASED]);
        let file: ChildFileView = device.call("child_file", json!({"id": niece})).await?;
        assert_eq!(members(&file)?, [ERASED]);
        let household = DocumentId::parse(&file.household)?;
        hold_none_of(device, &[household], &["王大妈", number.as_str()])?;
        hold_none_of(device, &[month], &["王大妈"])?;
        let file: ChildFileView = device.call("child_file", json!({"id": stranger})).await?;
        assert_eq!(members(&file)?, [NAME], "another person");
    }
    let log: WorkLogView = tablet.call("work_log", json!({"month": null})).await?;
    assert!(
        shows(&log, "和王秀兰、已删除的家庭成员说了防溺水"),
        "the name another person has stands"
    );
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_households_row_stays_when_nobody_chose_it() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("石小雨").await?;
    let niece = tablet.child("冯一诺").await?;
    let row = json!({"name": ["王秀兰"], "relation": ["62"], "phone": ["10055500009"]});
    write_member(&tablet, &child, row.clone()).await?;
    write_member(&tablet, &niece, row).await?;
    write_line(&tablet, "和王秀兰说了防溺水。").await?;
    world.settle(&[&tablet, &head]).await?;
    let item = offered(&world, &child, "家里人第1行").await?;
    let member = item.member.context("a member")?;
    assert_eq!(member.also.len(), 1, "the same name and telephone");
    assert_eq!(member.months, "searched", "if that row goes as well");
    let documents = erase_part(&world, &head, &child, "家里人第1行").await?;
    assert_eq!(documents, 3, "the household and its children alone");
    world.settle(&[&tablet, &head]).await?;
    let file: ChildFileView = tablet.call("child_file", json!({"id": niece})).await?;
    assert_eq!(members(&file)?, ["王秀兰"]);
    let log: WorkLogView = tablet.call("work_log", json!({"month": null})).await?;
    assert!(
        shows(&log, "和王秀兰说了防溺水"),
        "it may be about the other row"
    );
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_members_name_goes_out_of_the_villages_work_which_goes_on() -> Result<()> {
    const NAME: &str = "王秀兰";
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let head = head_of(&world).await?;
    let child = tablet.child("石小雨").await?;
    write_member(&tablet, &child, json!({"name": [NAME], "relation": ["62"]})).await?;
    let month = write_line(&tablet, "到二组看了王秀兰，她说井盖坏了。").await?;
    world.settle(&[&tablet, &head]).await?;
    // What the head says to the village lies in the same document.
    let phone = json!({"number": "021-5951 2345"});
    let _: StationPhoneView = head.call("set_station_phone", phone).await?;
    world.settle(&[&tablet, &head]).await?;
    let item = offered(&world, &child, "家里人第1行").await?;
    assert_eq!(item.member.context("a member")?.months, "searched");
    // What is not at the server yet when it is decided is written on.
    write_line(&tablet, "站里的月会").await?;
    let documents = erase_part(&world, &head, &child, "家里人第1行").await?;
    assert_eq!(documents, 4, "household, both children, and the month");
    for device in [&tablet, &tablet, &world.station, &head, &head] {
        device.sync().await?;
    }
    write_line(&tablet, "学急救").await?;
    world.settle(&[&tablet, &head]).await?;
    for device in [&tablet, &world.station, &head] {
        hold_none_of(device, &[month], &[NAME])?;
    }
    let log: WorkLogView = tablet.call("work_log", json!({"month": null})).await?;
    for words in [
        "到二组看了已删除的家庭成员，她说井盖坏了",
        "站里的月会",
        "学急救",
    ] {
        assert!(shows(&log, words), "{words}");
    }
    assert_eq!(log.person, "李玉梅", "and it is still her own log");
    let page: MandatoryView = tablet.call("mandatory_page", Value::Null).await?;
    assert_eq!(
        page.station.as_deref(),
        Some("021-5951 2345"),
        "and the head's word is the head's"
    );
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}
