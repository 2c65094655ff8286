//! Sealed words of a case: the handler and the head read them, everybody else asks urgently and is asked about it (ADR 0027).

use anyhow::{Context, Result};
use client::records::{Write, save};
use client::view::{
    ConfidentialView, InboxView, MeView, OverviewView, ProblemListView, ProblemView, SavedView,
    SealedView, ShellKind, WorkLogView,
};
use domain::record::Edit;
use domain::restricted::{self, Note, Words};
use ids::{DocKind, DocumentId, Role};
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use store::projections::records;
use sync_server::shares::{self, Share};
use zoufang_tests::device::Device;
use zoufang_tests::story::{DAY_MS, PIN, World, change_rule, shows, told};

const WORDS: &str = "孩子说继父用皮带抽他的背";

/// Another person's computer at the station.
async fn colleague(world: &World, role: Role, person: &str) -> Result<Device> {
    let device = world.open_device(&world.new_folder(), ShellKind::Station)?;
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: world.station.tablet()?.identity.scope,
            role,
            person: person.to_owned(),
        })
        .await?;
    device.enrol(&world.township.server, &code, PIN).await?;
    Ok(device)
}

/// A director reports what is sealed; it is at the server.
async fn reported(world: &World, tablet: &Device) -> Result<String> {
    let child = tablet.child("周子涵").await?;
    let report: SavedView = tablet
        .call(
            "report_problem",
            json!({"children": [child], "card": "hurt", "urgency": "now", "seen": format!("{WORDS}。"),
                   "origin_record": null, "mandatory": {"choice": "reported", "text": "已打110。"}}),
        )
        .await?;
    world.settle(&[tablet]).await?;
    Ok(report.record)
}

async fn look(device: &Device, problem: &str) -> Result<ProblemView> {
    device.call("problem", json!({"id": problem})).await
}

/// 看原话: the PIN once more, and the words.
async fn read(device: &Device, problem: &str) -> Result<ProblemView> {
    device.step_up().await?;
    device.call("show_words", json!({"id": problem})).await
}

fn sealed(view: &ProblemView) -> Result<&SealedView> {
    view.sealed.as_ref().context("it has sealed words")
}

fn shows_words(view: &ProblemView) -> bool {
    shows(view, WORDS)
}

async fn opens(device: &Device, problem: &str) -> Result<ProblemView> {
    device.step_up().await?;
    let input =
        json!({"problem": problem, "reason": "danger", "text": "派出所来电，经办人在路上。"});
    device.call("open_urgently", input).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_whoever_takes_a_case_up_and_the_head_read_its_sealed_words() -> Result<()> {
    let world = World::new().await?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let tablet = world.tablet("李玉梅").await?;
    let problem = reported(&world, &tablet).await?;
    let station = &world.station;

    let view = look(station, &problem).await?;
    assert!(!shows_words(&view) && view.handler.is_none());
    assert!(!sealed(&view)?.open, "nobody has taken it up yet");
    let taken: ProblemView = station
        .call(
            "add_problem_event",
            json!({"problem": problem, "kind": "accepted", "text": ""}),
        )
        .await?;
    assert!(
        !shows_words(&taken) && sealed(&taken)?.may_read,
        "taking it up lets her read the words"
    );
    let ask = json!({"id": problem});
    let refusal = station.refusal("show_words", ask.clone()).await?;
    assert_eq!(refusal.code, "pin_again");
    assert!(shows_words(&read(station, &problem).await?));
    let view = look(station, &problem).await?;
    assert!(
        shows_words(&view),
        "and they stand there while the PIN is good"
    );
    assert!(sealed(&view)?.seconds.is_some_and(|seconds| seconds <= 301));
    station.step_up().await?;
    let view = look(station, &problem).await?;
    assert!(
        !shows_words(&view),
        "the PIN for something else closes them"
    );
    read(station, &problem).await?;
    station.clock.move_by(6 * 60_000);
    assert!(
        !shows_words(&look(station, &problem).await?),
        "so do the minutes"
    );
    station.sync().await?;

    head.sync().await?;
    let view = look(&head, &problem).await?;
    assert!(!shows_words(&view) && sealed(&view)?.may_read);
    assert!(shows_words(&read(&head, &problem).await?));
    let looks = actions(&head)?;
    assert!(looks.contains(&"view_restricted".to_owned()), "{looks:?}");
    other.sync().await?;
    other.step_up().await?;
    let refusal = other.refusal("show_words", ask).await?;
    assert_eq!(refusal.code, "not_allowed");
    let view = look(&other, &problem).await?;
    assert!(!shows_words(&view));
    assert_eq!(view.handler, taken.handler, "she sees whose case it is");
    // Sending it back and taking it up again is no way around.
    for (kind, text) in [("returned", "再看看。"), ("accepted", "")] {
        let event = json!({"problem": problem, "kind": kind, "text": text});
        let view: ProblemView = other.call("add_problem_event", event).await?;
        assert!(!shows_words(&view), "{kind}");
    }
    let me = other.tablet()?.identity.staff.to_string();
    let name = json!({"problem": problem, "staff": me});
    let refusal = other.refusal("name_handler", name.clone()).await?;
    assert_eq!(refusal.code, "not_allowed");

    let view: ProblemView = head.call("name_handler", name).await?;
    assert_eq!(view.handler.as_deref(), Some("宋洁"));
    head.sync().await?;
    for device in [&other, station, &tablet] {
        device.sync().await?;
    }
    assert!(shows_words(&read(&other, &problem).await?));
    assert!(
        !shows_words(&look(station, &problem).await?),
        "it is hers now"
    );
    let view = look(&tablet, &problem).await?;
    assert!(view.handler.as_deref() == Some("宋洁") && view.sealed.is_none());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_words_are_opened_urgently_for_an_hour_and_it_stays_open_until_the_head_said_her_word()
-> Result<()> {
    let world = World::new().await?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let tablet = world.tablet("李玉梅").await?;
    let problem = reported(&world, &tablet).await?;
    let station = &world.station;
    let _: ProblemView = station
        .call(
            "add_problem_event",
            json!({"problem": problem, "kind": "accepted", "text": ""}),
        )
        .await?;
    for device in [station, &other, &head] {
        device.sync().await?;
    }

    let input =
        |reason: &str, text: &str| json!({"problem": problem, "reason": reason, "text": text});
    let refusal = other
        .refusal("open_urgently", input("danger", "急。"))
        .await?;
    assert_eq!(refusal.code, "pin_again");
    other.step_up().await?;
    for (reason, text, code) in [
        ("curious", "想看看。", "value_invalid"),
        ("danger", " ", "reason_missing"),
    ] {
        let refusal = other.refusal("open_urgently", input(reason, text)).await?;
        assert_eq!(refusal.code, code);
    }
    tablet.step_up().await?;
    let refusal = tablet
        .refusal("open_urgently", input("danger", "急。"))
        .await?;
    assert_eq!(
        refusal.code, "not_found",
        "in a village there is nothing to open"
    );
    assert!(!shows_words(&look(&other, &problem).await?));

    // No network is needed, and the trail says it before the screen does.
    let opened = opens(&other, &problem).await?;
    assert!(shows_words(&opened) && sealed(&opened)?.open_until.is_some());
    let trail = actions(&other)?;
    let place = |action: &str| trail.iter().position(|known| known == action);
    assert!(
        place("opened_urgently").context("it is noted")?
            < place("view_restricted").context("and the look")?
    );

    other.clock.move_by(59 * 60_000);
    assert!(shows_words(&look(&other, &problem).await?));
    other.clock.move_by(60_000);
    let closed = look(&other, &problem).await?;
    assert!(!shows_words(&closed), "after an hour they close");
    other.clock.move_by(-30 * 60_000);
    assert!(
        !shows_words(&look(&other, &problem).await?),
        "and setting the clock back does not open them"
    );

    for device in [&other, station, &head] {
        device.sync().await?;
    }
    let told: OverviewView = station.call("overview", Value::Null).await?;
    let notice = told.openings.first().context("the handler is told")?;
    assert!(notice.by == "宋洁" && !notice.to_review);
    let told: InboxView = head.call("inbox", Value::Null).await?;
    let notice = told.openings.first().context("the head is told")?;
    assert!(notice.to_review && notice.problem == problem);
    let view = look(&head, &problem).await?;
    let opening = sealed(&view)?.openings.first().context("she sees it")?;
    assert!(opening.may_review && opening.text.contains("派出所来电"));
    let word = json!({"problem": problem, "opening": opening.opening, "justified": true,
                      "text": "情况紧急，应当看。"});
    for device in [&other, station] {
        let refusal = device.refusal("review_opening", word.clone()).await?;
        assert_eq!(refusal.code, "not_allowed");
    }
    let view: ProblemView = head.call("review_opening", word.clone()).await?;
    let said = sealed(&view)?.openings[0].review.as_ref();
    assert!(said.is_some_and(|review| review.justified && review.by == "高岚"));
    let refusal = head.refusal("review_opening", word).await?;
    assert_eq!(refusal.code, "not_allowed", "it is said once");
    for device in [&head, station, &other] {
        device.sync().await?;
    }
    for device in [&head, station] {
        let told: OverviewView = device.call("overview", Value::Null).await?;
        assert!(told.openings.is_empty());
    }
    let view = look(&other, &problem).await?;
    let mine = sealed(&view)?
        .openings
        .first()
        .context("she sees her own")?;
    let said = mine.review.as_ref().context("and what was said of it")?;
    assert_eq!(said.text, "情况紧急，应当看。");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn urgent_openings_have_brakes_and_the_refusal_names_whom_to_phone() -> Result<()> {
    let world = World::new().await?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let tablet = world.tablet("李玉梅").await?;
    let mut problems = Vec::new();
    for name in ["周子涵", "石小雨"] {
        let child = tablet.child(name).await?;
        let report: SavedView = tablet
            .call(
                "report_problem",
                json!({"children": [child], "card": "hurt", "urgency": "now", "seen": format!("{WORDS}。"),
                       "origin_record": null, "mandatory": {"choice": "reported", "text": "已打110。"}}),
            )
            .await?;
        problems.push(report.record);
    }
    world.settle(&[&tablet]).await?;
    for device in [&head, &world.station, &other] {
        device.sync().await?;
    }
    change_rule(&other, "urgent_children", &json!(1))?;
    let ask =
        |problem: &str| json!({"problem": problem, "reason": "danger", "text": "派出所来电。"});
    assert!(shows_words(&opens(&other, &problems[0]).await?));
    let refusal = other.refusal("open_urgently", ask(&problems[1])).await?;
    assert_eq!(refusal.code, "urgent_enough");
    assert_eq!(refusal.params.get("who").map(String::as_str), Some("高岚"));
    other.clock.move_by(2 * DAY_MS);
    assert!(shows_words(&opens(&other, &problems[1]).await?));

    // Nobody said anything of the first one for a week.
    other.clock.move_by(6 * DAY_MS);
    other.step_up().await?;
    let refusal = other.refusal("open_urgently", ask(&problems[1])).await?;
    assert_eq!(refusal.code, "urgent_unreviewed");
    world.township.stop().await;
    Ok(())
}

/// What the sealed documents on a device say, as they lie there.
fn as_they_lie(device: &Device) -> Result<String> {
    lying(device, &[DocKind::Restricted])
}

/// What documents of some kinds on a device say, as they lie there.
fn lying(device: &Device, kinds: &[DocKind]) -> Result<String> {
    let tablet = device.tablet()?;
    Ok(tablet.store.read(|connection| {
        let mut all = Vec::new();
        for kind in kinds {
            all.extend(records::all(connection, *kind)?.values().map(told));
        }
        Ok::<_, store::StoreError>(all.join("\n"))
    })?)
}

async fn adds(
    device: &Device,
    problem: &str,
    (kind, text): (&str, &str),
    detail: Value,
) -> Result<ProblemView> {
    let step = json!({"problem": problem, "kind": kind, "text": text, "detail": detail});
    let view = device.call("add_problem_event", step).await;
    view.with_context(|| kind.to_owned())
}

const FORGED: &str = "医生说没有事";

/// A changed app hangs words of its own on somebody else's step.
fn hangs_on(device: &Device, problem: &str, step: &str) -> Result<()> {
    let tablet = device.tablet()?;
    let note = Note {
        id: step.to_owned(),
        kind: restricted::STEP.to_owned(),
        words: Words::Plain(FORGED.to_owned()),
        recorded_ms: tablet.clock.now_ms(),
        by: tablet.identity.staff.to_string(),
        made_by: None,
    };
    let edits = vec![Edit::put("about", problem), note.to_edit()];
    let (document, station) = (DocumentId(tablet.new_id()), tablet.identity.scope);
    let write = Write::new(document, DocKind::Restricted, station, edits);
    Ok(save(&tablet, "problem_event_added", &[write])?)
}

/// What is written about a sealed matter after it was reported, each by a word that is nowhere else.
const LATER: [&str; 9] = [
    "左臂骨折",
    "搬到姨婆家",
    "继父已经走了",
    "不许往外讲",
    "接警员姓高",
    "笔录做好了",
    "隔墙听见哭声",
    "请站里快点结",
    "派出所训诫过",
];

async fn takes_up(device: &Device, problem: &str) -> Result<ProblemView> {
    let event = json!({"problem": problem, "kind": "accepted", "text": ""});
    let _: ProblemView = device.call("add_problem_event", event).await?;
    read(device, problem).await
}

#[tokio::test(flavor = "multi_thread")]
async fn words_leave_the_tablet_sealed_and_open_where_the_station_gave_its_key() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let input = json!({"children": [child], "card": "hurt", "urgency": "now", "seen": format!("{WORDS}。"),
                       "origin_record": null, "mandatory": {"choice": "reported", "text": "已打110。"}});
    let report: SavedView = tablet.call("report_problem", input).await?;
    let problem = report.record;
    let lies = as_they_lie(&tablet)?;
    assert!(lies.contains("sealed") && !lies.contains("皮带") && !lies.contains("已打110"));
    world.settle(&[&tablet]).await?;
    tablet.all_delivered().await?;
    assert!(!as_they_lie(&world.station)?.contains("皮带"));
    assert!(shows_words(&takes_up(&world.station, &problem).await?));
    world.station.sync().await?;

    // A colleague comes: she has the case before she has the key, which somebody who has it gives her.
    let head = colleague(&world, Role::Head, "高岚").await?;
    let view = read(&head, &problem).await?;
    assert!(sealed(&view)?.open && sealed(&view)?.lacks_key && !shows_words(&view));
    world.station.sync().await?;
    assert!(
        actions(&world.station)?
            .iter()
            .any(|action| action == "unit_key_given")
    );
    head.sync().await?;
    let view = read(&head, &problem).await?;
    assert!(shows_words(&view) && !sealed(&view)?.lacks_key);
    assert_eq!(digits(&head).await?, digits(&tablet).await?);
    assert!(world.township.faults()?.is_empty());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_colleagues_device_is_stopped_words_are_sealed_to_the_next_key() -> Result<()> {
    let world = World::new().await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let tablet = world.tablet("李玉梅").await?;
    let before = reported(&world, &tablet).await?;
    other.sync().await?;
    let first = digits(&tablet).await?;
    assert!(first.is_some() && as_they_lie(&other)?.contains("epoch=1"));

    world.station.step_up().await?;
    let stopped = other.tablet()?.identity.device.to_string();
    let input = json!({"device": stopped, "reason": "left_post", "wipe": false});
    let _: Value = world.station.call("revoke_device", input).await?;
    world.station.sync().await?;
    tablet.sync().await?;
    let second = digits(&tablet).await?;
    assert!(second.is_some() && second != first);
    let after = reported(&world, &tablet).await?;
    let lies = as_they_lie(&world.station)?;
    assert!(lies.contains("epoch=1") && lies.contains("epoch=2"));
    for problem in [before, after] {
        assert!(shows_words(&takes_up(&world.station, &problem).await?));
    }
    world.station.sync().await?;

    // Whoever comes later gets every key.
    let later = colleague(&world, Role::Head, "高岚").await?;
    world.station.sync().await?;
    later.sync().await?;
    let list: ProblemListView = later.call("problems", Value::Null).await?;
    assert_eq!(list.rows.len(), 2);
    for row in list.rows {
        assert!(shows_words(&read(&later, &row.problem).await?));
    }
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_that_lost_its_only_computer_reads_its_cases_with_the_districts_help()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let problem = reported(&world, &tablet).await?;
    let lost = world.station.tablet()?.identity.device;
    world
        .township
        .at_the_desk(|desk| desk.revoke(lost, "lost"))?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let view = look(&head, &problem).await?;
    assert!(sealed(&view)?.lacks_key && !shows_words(&view));

    // What is written from now on is sealed to a key she made, so that nobody waits for the district to read it.
    tablet.sync().await?;
    let child = tablet.child("石小雨").await?;
    let input = json!({"children": [child], "card": "hurt", "urgency": "now", "seen": format!("{WORDS}。"),
                       "origin_record": null, "mandatory": {"choice": "reported", "text": "已打110。"}});
    let later: SavedView = tablet.call("report_problem", input).await?;
    tablet.sync().await?;
    head.sync().await?;
    assert!(shows_words(&read(&head, &later.record).await?));

    let share = |number: u32| -> Result<Share> {
        let file = world.recovery_folder().join(format!("share-{number}.txt"));
        Ok(Share::parse(&std::fs::read_to_string(file)?)?)
    };
    let secret = shares::join(&share(1)?, &share(3)?)?;
    let device = head.tablet()?.identity.device;
    let stranger = world
        .township
        .at_the_desk(|desk| desk.give_unit_key(device, &[7; 32]));
    assert!(stranger.is_err());
    let given = world
        .township
        .at_the_desk(|desk| desk.give_unit_key(device, &secret))?;
    assert_eq!(given, 1);
    head.sync().await?;
    assert!(shows_words(&read(&head, &problem).await?));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_written_later_about_a_sealed_matter_is_sealed_as_well() -> Result<()> {
    let world = World::new().await?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let (tablet, neighbour) = (world.tablet("李玉梅").await?, world.tablet("赵春燕").await?);
    let problem = reported(&world, &tablet).await?;
    let station = &world.station;
    let child = tablet.child("周子涵").await?;
    neighbour.sync().await?;

    // The director adds to her own report, where there is no network; her colleague in the village did not report it.
    world.cut_network();
    for (step, detail) in [
        (("replied", LATER[3]), json!({})),
        (("called", LATER[4]), json!({"whom": "110"})),
        (("police_feedback", LATER[5]), json!({"outcome": "opened"})),
        (("closed", LATER[7]), json!({})),
    ] {
        let view = adds(&tablet, &problem, step, detail).await?;
        assert!(view.words_sealed && view.open_words.is_empty());
        let last = view.events.last().context("it is told")?;
        assert!(last.sealed && last.text.contains("只有站里的经办人和站长能看"));
    }
    adds(&neighbour, &problem, ("measure", LATER[6]), json!({})).await?;
    world.restore_network();
    for device in [&tablet, &neighbour, station] {
        device.sync().await?;
    }

    // The station answers the village in the open, and knows it before; its work is sealed.
    let taken = adds(station, &problem, ("accepted", ""), json!({})).await?;
    for told in ["replied", "returned"] {
        assert!(taken.open_words.iter().any(|kind| kind == told), "{told}");
    }
    for kept in ["measure", "planned", "resolved", "called"] {
        assert!(taken.may.iter().any(|kind| kind == kept), "{kept}");
        assert!(!taken.open_words.iter().any(|kind| kind == kept), "{kept}");
    }
    adds(
        station,
        &problem,
        ("replied", "请明早再去看一次。"),
        json!({}),
    )
    .await?;
    let measures = json!({"measures": ["police"]});
    adds(station, &problem, ("measure", LATER[0]), measures).await?;
    adds(
        station,
        &problem,
        ("planned", LATER[1]),
        json!({"due": "2026-11-20"}),
    )
    .await?;
    let body = json!({"body": "PS"});
    adds(station, &problem, ("referred", LATER[8]), body).await?;
    let view = adds(station, &problem, ("resolved", LATER[2]), json!({})).await?;
    for words in LATER {
        assert!(!shows(&view, words), "{words} before the PIN");
    }
    let measure = view.events.iter().rfind(|event| event.kind == "measure");
    let measure = measure.context("the station's")?.event.clone();
    hangs_on(&neighbour, &problem, &measure)?;
    for device in [&neighbour, station, &tablet, &neighbour, &other, &head] {
        device.sync().await?;
    }
    tablet.all_delivered().await?;
    neighbour.all_delivered().await?;

    // The station holds everything the server does, and what lies there is sealed to a key the server does not have.
    for device in [station, &head, &other, &tablet, &neighbour] {
        let lies = lying(device, &DocKind::ALL)?;
        for words in LATER {
            assert!(!lies.contains(words), "{words}");
        }
        assert!(lies.contains("请明早再去看一次"));
    }
    assert_eq!(as_they_lie(&tablet)?.matches("problem_step").count(), 4);
    assert_eq!(as_they_lie(&neighbour)?.matches("problem_step").count(), 2);
    assert_eq!(as_they_lie(station)?.matches("problem_step").count(), 10);

    // Neither list nor page nor timeline nor log says them to whoever does not handle it; the answer is read.
    for device in [&other, &tablet, &neighbour] {
        let list: ProblemListView = device.call("problems", Value::Null).await?;
        let log: WorkLogView = device.call("work_log", json!({"month": null})).await?;
        let (view, file) = (look(device, &problem).await?, device.file(&child).await?);
        for words in LATER {
            assert!(!shows(&list, words) && !shows(&log, words), "{words}");
            assert!(!shows(&view, words) && !shows(&file, words), "{words}");
        }
        // Whoever reported it reads the answer; to the others it is a number.
        let is_told = std::ptr::eq(device, &tablet);
        let answer = list.rows.first().context("it is listed")?;
        let words = is_told.then_some("请明早再去看一次。");
        assert_eq!(answer.last_answer.as_deref(), words);
        assert_eq!(shows(&file, "请明早再去看一次"), is_told);
    }
    for device in [&other, station, &head] {
        let (overview, inbox): (OverviewView, InboxView) = (
            device.call("overview", Value::Null).await?,
            device.call("inbox", Value::Null).await?,
        );
        for words in LATER {
            assert!(!shows(&overview, words) && !shows(&inbox, words), "{words}");
        }
    }

    // Handler and head read them for the PIN, a colleague when she opens them urgently; each after a row of the trail.
    for device in [station, &head] {
        let view = read(device, &problem).await?;
        assert!(shows_words(&view) && !sealed(&view)?.lacks_key);
        for words in LATER {
            assert!(shows(&view, words), "{words}");
        }
        assert!(!shows(&view, FORGED), "whose step it is says what it says");
        assert!(actions(device)?.contains(&"view_restricted".to_owned()));
        device.clock.move_by(6 * 60_000);
        let view = look(device, &problem).await?;
        assert!(LATER.iter().all(|words| !shows(&view, words)));
    }
    let before = actions(&other)?;
    assert!(!before.contains(&"view_restricted".to_owned()));
    let view = opens(&other, &problem).await?;
    assert!(LATER.iter().all(|words| shows(&view, words)));
    assert!(world.township.faults()?.is_empty());
    world.township.stop().await;
    Ok(())
}

async fn digits(device: &Device) -> Result<Option<String>> {
    let me: MeView = device.call("me", Value::Null).await?;
    Ok(me.unit_key)
}

/// What the device's trail says, oldest first.
fn actions(device: &Device) -> Result<Vec<String>> {
    let tablet = device.tablet()?;
    let memory = tablet.identity.incarnation;
    let rows = tablet
        .store
        .read(|connection| store::audit::rows_after(connection, memory, 0, 1_000))?;
    Ok(rows.into_iter().map(|(row, _)| row.action).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_of_a_child_stands_in_no_file_is_the_heads_alone_and_leaves_sealed() -> Result<()> {
    const SECRET: &str = "艾滋病病毒感染，区疾控已确认";
    let world = World::new().await?;
    let head = colleague(&world, Role::Head, "高岚").await?;
    let second = colleague(&world, Role::Head, "方敏").await?;
    let other = colleague(&world, Role::Supervisor, "宋洁").await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    world.settle(&[&tablet, &head, &second, &other]).await?;
    let ask = json!({"id": child});
    let keep = json!({"child": child, "text": SECRET});
    for device in [&tablet, &other] {
        device.step_up().await?;
        let refused = device.refusal("keep_confidential", keep.clone()).await?;
        assert_eq!(refused.code, "not_allowed");
    }
    let early = head.refusal("keep_confidential", keep.clone()).await?;
    assert_eq!(early.code, "pin_again");
    head.step_up().await?;
    let empty = json!({"child": child, "text": " "});
    let empty = head.refusal("keep_confidential", empty).await?;
    assert_eq!(empty.code, "confidential_empty");
    let kept: ConfidentialView = head.call("keep_confidential", keep).await?;
    assert_eq!(kept.lines[0].text.as_deref(), Some(SECRET));
    world.settle(&[&head, &second, &other, &tablet]).await?;

    // Sealed in the document, wherever it is; the village has not even that.
    let notes = |device: &Device| -> Result<Vec<Note>> {
        let all = |connection: &_| records::all(connection, DocKind::Restricted);
        let found = device.tablet()?.store.read(all)?;
        let found = found.values().map(restricted::Restricted::from_record);
        Ok(found.flat_map(|one| one.notes).collect())
    };
    assert!(notes(&tablet)?.is_empty());
    for device in [&head, &second, &other] {
        let found = notes(device)?;
        assert_eq!(found.len(), 1);
        assert!(matches!(found[0].words, Words::Sealed { .. }));
    }
    // Another head reads it for the PIN, and it closes; a colleague is not told that there is anything.
    let page: ConfidentialView = second.call("confidential", ask.clone()).await?;
    assert!(page.may && page.kept == 1 && page.lines.is_empty());
    second.step_up().await?;
    let page: ConfidentialView = second.call("show_confidential", ask.clone()).await?;
    assert_eq!(page.lines[0].text.as_deref(), Some(SECRET));
    assert_eq!(page.lines[0].by, "高岚");
    let page: ConfidentialView = other.call("confidential", ask.clone()).await?;
    assert!(!page.may && page.kept == 0 && page.lines.is_empty());
    let erasing: client::view::ErasureFormView = other.call("erasure_form", ask.clone()).await?;
    assert_eq!(erasing.parts.sealed, 0, "nor what goes with the file");
    let moving: client::view::MoveFormView = other.call("move_form", ask.clone()).await?;
    assert!(!moving.household.sealed && !moving.alone.sealed);
    other.step_up().await?;
    let refused = other.refusal("show_confidential", ask.clone()).await?;
    assert_eq!(refused.code, "not_allowed");
    let refused = tablet.refusal("confidential", ask.clone()).await?;
    assert_eq!(refused.code, "not_allowed");
    // The way there is the head's alone, too: nobody is shown a door that is closed to her.
    for (device, keeps) in [(&tablet, false), (&other, false), (&head, true)] {
        let file = device.file(&child).await?;
        assert!(!shows(&file, SECRET));
        assert_eq!(file.confidential, keeps);
    }
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}
