//! 复核: the district's word about a closing of a matter of life and safety, from the officer's device to every device of the
//! township and back (docs/adr/0039).

use anyhow::{Context, Result};
use client::view::{
    ProblemListView, ProblemRow, ProblemState, ProblemView, ReportLineView, SavedView, ShellKind,
    StationReportView, StationsView,
};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};
use zoufang_tests::township::SetBack;

const WHY: &str = "孩子还住在那间屋里，先搬出来再说。";

/// A station with its head, a director, an officer, and a matter of life and safety.
struct Case {
    world: World,
    tablet: Device,
    head: Device,
    officer: Device,
    child: String,
    problem: String,
    day: i64,
}

async fn add(device: &Device, problem: &str, kind: &str, text: &str) -> Result<ProblemView> {
    let input = json!({"problem": problem, "kind": kind, "text": text, "detail": {}});
    let view = device.call("add_problem_event", input).await;
    view.with_context(|| kind.to_owned())
}

async fn look(device: &Device, problem: &str) -> Result<ProblemView> {
    device.call("problem", json!({"id": problem})).await
}

async fn row(device: &Device, problem: &str) -> Result<ProblemRow> {
    let list: ProblemListView = device.call("problems", Value::Null).await?;
    let mut rows = list.rows.into_iter();
    rows.find(|row| row.problem == problem)
        .context("the problem is listed")
}

async fn stations(officer: &Device) -> Result<StationsView> {
    officer.call("stations", Value::Null).await
}

fn word(line: &ReportLineView, verdict: &str, reason: &str) -> Value {
    json!({"problem": line.problem, "closing": line.closing, "verdict": verdict, "reason": reason})
}

impl Case {
    /// Closed by the head, after the child was seen; the station has reported it.
    async fn closed() -> Result<Self> {
        let world = World::new().await?;
        let officer = world.officer("何珊").await?;
        let tablet = world.tablet("李玉梅").await?;
        let head = world.open_device(&world.new_folder(), ShellKind::Station)?;
        let code = world
            .township
            .server
            .create_enrolment(CreateEnrolment {
                unit: world.station.tablet()?.identity.scope,
                role: Role::Head,
                person: "高岚".to_owned(),
            })
            .await?;
        head.enrol(&world.township.server, &code, PIN).await?;
        let child = tablet.child("周子涵").await?;
        let report: SavedView = tablet
            .call(
                "report_problem",
                json!({"children": [child], "card": "danger", "urgency": "now", "seen": "院墙要倒。",
                       "origin_record": null,
                       "mandatory": {"choice": "not_such_case", "text": "没有人受伤。"}}),
            )
            .await?;
        let mut case = Self {
            world,
            tablet,
            head,
            officer,
            child,
            problem: report.record,
            day: 0,
        };
        case.settle().await?;
        add(&case.world.station, &case.problem, "accepted", "").await?;
        case.close_again().await?;
        case.next_day().await?;
        Ok(case)
    }

    async fn settle(&self) -> Result<()> {
        let devices = [&self.tablet, &self.head, &self.officer];
        self.world.settle(&devices).await
    }

    /// What is needed before it may be closed, and the closing.
    async fn close_again(&self) -> Result<()> {
        let (station, problem) = (&self.world.station, self.problem.as_str());
        add(station, problem, "measure", "墙已经拆了。").await?;
        add(station, problem, "resolved", "孩子平安。").await?;
        add(station, problem, "confirmed", "").await?;
        self.settle().await?;
        self.tablet.visit(&self.child).await?;
        self.settle().await?;
        self.settle().await?;
        let view = add(&self.head, problem, "closed", "平稳。").await?;
        assert_eq!(view.row.state, ProblemState::Closed);
        self.settle().await
    }

    /// The station reports at its first sync of a day.
    async fn next_day(&mut self) -> Result<()> {
        self.day += 1;
        let devices = [&self.tablet, &self.head, &self.officer];
        self.world.go_to_day(self.day, &devices);
        self.settle().await
    }

    async fn waiting(&self) -> Result<Vec<ReportLineView>> {
        Ok(stations(&self.officer).await?.waiting)
    }

    async fn say(&self, line: &ReportLineView, verdict: &str, reason: &str) -> Result<()> {
        self.officer.step_up().await?;
        let said = word(line, verdict, reason);
        let _: StationsView = self.officer.call("countersign", said).await?;
        Ok(())
    }

    /// How it stands on every device of the township.
    async fn states(&self) -> Result<Vec<ProblemState>> {
        let mut states = Vec::new();
        for device in [&self.tablet, &self.head, &self.world.station] {
            states.push(row(device, &self.problem).await?.state);
        }
        Ok(states)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_district_says_is_not_over_is_worked_on_again_and_countersigned_in_the_end()
-> Result<()> {
    let mut case = Case::closed().await?;
    let head_row = row(&case.head, &case.problem).await?;
    assert_eq!(head_row.review.as_deref(), Some("waiting"));
    assert_eq!(row(&case.tablet, &case.problem).await?.review, None);
    let waiting = case.waiting().await?;
    assert_eq!(waiting.len(), 1);
    let line = &waiting[0];
    assert_eq!(
        (line.problem.as_str(), line.review.as_deref(), line.open),
        (case.problem.as_str(), Some("waiting"), false)
    );

    // The PIN first, then a reason.
    let not_over = word(line, "not_over", WHY);
    let refused = |input: Value| case.officer.refusal("countersign", input);
    assert_eq!(refused(not_over.clone()).await?.code, "pin_again");
    case.officer.step_up().await?;
    for (input, code) in [
        (word(line, "not_over", "  "), "reason_missing"),
        (word(line, "not_over", &"长".repeat(301)), "reason_too_long"),
        (word(line, "reopened", WHY), "value_invalid"),
        (
            json!({"problem": case.child, "closing": line.closing, "verdict": "countersigned", "reason": ""}),
            "not_found",
        ),
    ] {
        assert_eq!(refused(input).await?.code, code);
    }

    // Said without a network it is kept, and delivered later.
    case.world.cut_network();
    case.say(line, "not_over", WHY).await?;
    let kept = &case.waiting().await?[0];
    assert_eq!(
        (kept.review.as_deref(), kept.review_unsent),
        (Some("not_over"), true)
    );
    assert_eq!(refused(not_over).await?.code, "countersigned_already");
    assert_eq!(case.states().await?, [ProblemState::Closed; 3]);
    case.world.restore_network();
    case.settle().await?;
    assert!(case.waiting().await?.is_empty());

    // Resolved again on every device; the head hears who says so and why, the director that it is not over.
    assert_eq!(case.states().await?, [ProblemState::Resolved; 3]);
    for device in [&case.head, &case.world.station] {
        let there = row(device, &case.problem).await?;
        assert_eq!(
            (there.review.as_deref(), there.unread),
            (Some("not_over"), true)
        );
        let view = look(device, &case.problem).await?;
        let said = view.events.last().context("it is told")?;
        assert_eq!(
            (said.kind.as_str(), said.by.as_str(), said.text.as_str()),
            ("not_over", "何珊", WHY)
        );
        assert!(!row(device, &case.problem).await?.unread, "it was read");
    }
    let hers = look(&case.tablet, &case.problem).await?;
    let said = hers.events.last().context("it is told")?;
    assert_eq!((said.by.as_str(), said.text.as_str()), ("", ""));
    assert_eq!(hers.row.review, None);
    // Nor are her words anywhere on the tablet.
    let tablet = case.tablet.tablet()?;
    let problem = ids::DocumentId::parse(&case.problem)?;
    let rows = tablet
        .store
        .read(|connection| store::countersignatures::of_problem(connection, problem))?;
    let (_, sealed) = rows[0].reason.clone().context("it is carried")?;
    let holds = |words: &str| {
        sealed
            .windows(words.len())
            .any(|part| part == words.as_bytes())
    };
    assert!(!holds("孩子"));

    // Not closed again as if nothing had been said.
    let closing =
        json!({"problem": case.problem, "kind": "closed", "text": "办结。", "detail": {}});
    let refused = case.head.refusal("add_problem_event", closing).await?;
    assert_eq!(refused.code, "close_after_work");
    case.next_day().await?;
    let open = stations(&case.officer).await?.lines;
    assert_eq!(
        (
            open[0].state.as_str(),
            open[0].review.as_deref(),
            open[0].review_reason.as_deref()
        ),
        ("resolved", Some("not_over"), Some(WHY))
    );
    case.close_again().await?;
    case.next_day().await?;
    let waiting = case.waiting().await?;
    assert_eq!(waiting.len(), 1, "it waits for the district again");
    case.say(&waiting[0], "countersigned", "").await?;
    case.settle().await?;
    case.settle().await?;
    assert_eq!(case.states().await?, [ProblemState::Closed; 3]);
    let head_row = row(&case.head, &case.problem).await?;
    assert_eq!(head_row.review.as_deref(), Some("countersigned"));
    assert!(case.waiting().await?.is_empty());
    let reported: StationReportView = case.head.call("reported", Value::Null).await?;
    assert_eq!(
        (
            reported.lines[0].review.as_deref(),
            reported.lines[0].review_by.as_deref()
        ),
        (Some("countersigned"), Some("何珊"))
    );
    assert_eq!(case.world.township.faults()?, Vec::<String>::new());
    case.world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_word_about_a_closing_that_was_reopened_changes_nothing() -> Result<()> {
    let case = Case::closed().await?;
    let waiting = case.waiting().await?;
    add(
        &case.tablet,
        &case.problem,
        "reopened",
        "墙那边又塌了一块。",
    )
    .await?;
    case.settle().await?;
    let before = look(&case.head, &case.problem).await?;
    assert_eq!(before.row.state, ProblemState::InProgress);
    // The report of the day still says that it is closed.
    case.say(&waiting[0], "not_over", WHY).await?;
    case.settle().await?;
    assert_eq!(case.states().await?, [ProblemState::InProgress; 3]);
    let after = look(&case.head, &case.problem).await?;
    assert_eq!((after.row.review, after.may), (None, before.may));
    assert_eq!(after.steps, before.steps);
    case.world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_survives_a_server_set_back_whoever_had_heard_of_it() -> Result<()> {
    for heard in [true, false] {
        let mut case = Case::closed().await?;
        let copy = case
            .world
            .township
            .back_up(&case.world.folder().join("copy"))?;
        let waiting = case.waiting().await?;
        case.say(&waiting[0], "not_over", WHY).await?;
        case.officer.sync().await?;
        if heard {
            case.settle().await?;
            assert_eq!(case.states().await?, [ProblemState::Resolved; 3]);
        } else {
            // The server alone has it, and she who said it.
            assert_eq!(case.states().await?, [ProblemState::Closed; 3]);
        }
        let data = case.world.folder().join("set-back");
        case.world
            .township
            .set_back(&copy, &data, SetBack::Restored)
            .await?;
        case.settle().await?;
        case.settle().await?;
        assert_eq!(case.states().await?, [ProblemState::Resolved; 3]);
        // A device that was not there before learns it from the server.
        let late = case.world.tablet("钱桂芳").await?;
        late.sync().await?;
        assert_eq!(
            row(&late, &case.problem).await?.state,
            ProblemState::Resolved
        );
        assert_eq!(case.world.township.faults()?, Vec::<String>::new());
        case.world.township.stop().await;
    }
    Ok(())
}
