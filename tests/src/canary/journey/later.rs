//! What comes after the records: what is asked for and filled in, why something was missed, who stands in, the second
//! village, a tablet that never met the server, and what the district says.

use super::{DAYS_OF_FILES, Journey, opened};
use crate::device::Device;
use crate::story::DAY_MS;
use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use client::records::{self, Write};
use client::view::{
    AppView, ChildFileView, DelegationView, ExportFileView, GuestFormView, OverviewView,
    PeopleView, ProblemView, RoundsView, SavedView, ShellKind, Stage, StationReportView,
    StationsView, VisitFormView,
};
use domain::child::TierFact;
use ids::{DocKind, DocumentId, UnitId};
use serde_json::{Value, json};

/// Letters of a file carried by hand that are searched for.
const CARRIED: usize = 48;

impl Journey {
    /// When the register was imported, one child was to be seen more often for two months; they are over.
    pub(super) async fn an_old_reason(&self) -> Result<()> {
        let station = self.station.tablet()?;
        let child = self.child(&self.station, 3).await?;
        let document = DocumentId::parse(&child).context("a child's id is its document's")?;
        let village = UnitId::parse(&self.village).context("the village has an id")?;
        let began = station.today();
        let reason = TierFact {
            id: station.new_id().to_string(),
            kind: "child_disability".to_owned(),
            from: Some(began),
            to: Some(began + TimeDelta::days(DAYS_OF_FILES / 2)),
            recorded_on: Some(began),
            words: self.words("tier.words"),
            approved_by: None,
            made_by: None,
        };
        let write = Write::new(document, DocKind::Child, village, vec![reason.to_edit()]);
        Ok(records::save(&station, "facts_added", &[write])?)
    }

    /// Why something was missed, that it may be less often now, and a round of the station.
    pub(super) async fn a_rhythm(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 3).await?;
        let file = tablet.file(&child).await?;
        let missed = file.misses.first().context("months passed")?;
        let why = json!({"child": child, "kind": missed.kind, "from": missed.from, "to": missed.to,
                         "reason": "me_away", "note": self.words("miss.note")});
        let _: ChildFileView = tablet.call("note_miss", why).await?;
        tablet.sync().await?;
        self.station.sync().await?;
        self.station.step_up().await?;
        let less = json!({"child": child, "reason": self.words("tier.lowered")});
        let _: ChildFileView = self.station.call("lower_tier", less).await?;
        let today = self.station.tablet()?.today();
        let round = json!({"name": self.words("round.name"), "from": today.to_string(),
                           "to": (today + TimeDelta::days(10)).to_string(), "kinds": ["visit"], "tiers": [],
                           "binding": false, "villages": [self.village]});
        let _: RoundsView = self.station.call("open_round", round).await?;
        self.station.sync().await?;
        tablet.sync().await
    }

    async fn new_child(&self, tablet: &Device, name: &str) -> Result<String> {
        let saved: SavedView = tablet
            .call(
                "add_child",
                json!({"name": self.words(&format!("{name}.name")), "sex": "2", "birth_date": "2016-05-19",
                       "category": "LB-1", "reason": self.words(&format!("{name}.reason")), "household": null,
                       "village": null}),
            )
            .await?;
        Ok(saved.record)
    }

    /// A visit that was saved half-filled: the station asks for more, it is given, and what it finds must be reported or not.
    pub(super) async fn what_is_filled_in(&self, tablet: &Device) -> Result<()> {
        let child = self.new_child(tablet, "later").await?;
        let form = tablet.begin_visit(&child).await?;
        let words = self.words("later.l_summary");
        tablet
            .write(&form.draft, &child, "l_summary", &words)
            .await?;
        let saved: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
        let mut parts = saved.children.iter();
        let record = parts.find(|part| part.child == child);
        let record = &record.context("it is in the child's file")?.record;
        tablet.sync().await?;
        self.station.sync().await?;
        let ask = json!({"child": child, "record": record, "text": self.words("asked.text")});
        let _: ChildFileView = self.station.call("ask_fill", ask).await?;
        self.station.sync().await?;
        tablet.sync().await?;

        let there = json!({"child": child, "record": record});
        let form: VisitFormView = tablet.call("fill_visit", there).await?;
        let whole = json!({"draft": form.draft, "full": true});
        let _: VisitFormView = tablet.call("visit_full", whole).await?;
        tablet
            .answer(&form.draft, &child, "c_discipline", &["beat"])
            .await?;
        let words = self.words("filled.f_voice");
        tablet.write(&form.draft, &child, "f_voice", &words).await?;
        let filled: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
        let question = filled.mandatory.first().context("it asks")?;
        let why = json!({"child": child, "record": question.record, "text": self.words("mandatory.why_not")});
        let _: SavedView = tablet.call("answer_mandatory", why).await?;
        tablet.sync().await?;
        self.station.sync().await?;
        let no = json!({"child": child, "record": question.record, "agrees": false,
                        "text": self.words("mandatory.checked")});
        let _: OverviewView = self.station.call("check_mandatory", no).await?;
        self.station.sync().await?;
        tablet.sync().await
    }

    /// The next village knows of a child and calls, and its director stands in for this one; she has another PIN and key.
    pub(super) async fn the_neighbour(&self, home: &Device, village: &str) -> Result<Device> {
        let neighbour = self.tablet("neighbour", village, false).await?;
        let staff = neighbour.tablet()?.identity.staff.to_string();
        let today = neighbour.tablet()?.today().to_string();
        let known = self.child(home, 1).await?;
        self.station.step_up().await?;
        let guest = json!({"child": known, "village": village, "from": today, "until": "", "whole_household": false});
        let opened: GuestFormView = self.station.call("open_guest", guest).await?;
        let row = opened.rows.first().context("it is listed")?;
        neighbour.sync().await?;
        neighbour.contact(&known, &self.words("guest.note")).await?;
        neighbour.sync().await?;
        self.station.step_up().await?;
        let end = json!({"child": known, "id": row.id});
        let _: GuestFormView = self.station.call("end_guest", end).await?;

        let people: PeopleView = self.station.call("people", Value::Null).await?;
        let mut rows = people.people.iter();
        let mine = rows.find(|row| row.staff == staff && row.role == "director");
        let grant = &mine.context("she is appointed")?.grant;
        self.station.step_up().await?;
        let vetted =
            json!({"grant": grant, "vetted_on": today, "vetting": self.words("vetting.again")});
        let _: PeopleView = self.station.call("record_vetting", vetted).await?;
        self.station.step_up().await?;
        let cover = json!({"village": self.village, "delegate": staff,
                           "absent": home.tablet()?.identity.staff.to_string(), "from": today, "until": today});
        let _: PeopleView = self.station.call("cover_village", cover).await?;
        neighbour.sync().await?;
        let child = self.child(&neighbour, 0).await?;
        neighbour.contact(&child, &self.words("cover.note")).await?;
        neighbour.sync().await?;

        let pins = json!({"old": self.canaries.digits("pin.neighbour", 6), "new": self.digits("pin.changed", 6)});
        let _: AppView = neighbour.call("change_pin", pins).await?;
        let pin = json!({"pin": self.canaries.digits("pin.changed", 6)});
        let _: AppView = neighbour.call("renew_key", pin).await?;
        self.station.sync().await?;
        home.sync().await?;
        Ok(neighbour)
    }

    /// A tablet enrolled by two files carried by hand, and written on before it met the server. The answer holds a village.
    pub(super) async fn without_a_network(&self) -> Result<Device> {
        let person = self.appoint("carried", &self.village).await?;
        let _: DelegationView = self.station.call("ask_delegation", Value::Null).await?;
        self.township.relay.cut();
        let tablet = opened(&self.folder.join("carried"), ShellKind::Tablet)?;
        let asked: AppView = tablet.call("offline_request", Value::Null).await?;
        let request = asked.request.context("a file for the station")?;
        let there: DelegationView = self
            .station
            .call("read_request", json!({"text": request}))
            .await?;
        let comparing = there.comparing.context("the station shows digits")?;
        let typed = json!({"text": comparing.digits});
        let here: AppView = tablet.call("offline_digits", typed).await?;
        ensure!(
            here.compare_code == Some(comparing.compare_code),
            "the digits differ"
        );
        let mut people = there.people.iter();
        let staff = people.find(|one| one.person == person);
        let staff = &staff.context("she may be enrolled")?.staff;
        self.station.step_up().await?;
        let file: ExportFileView = self
            .station
            .call("answer_request", json!({"staff": staff}))
            .await?;
        let answer = String::from_utf8(STANDARD.decode(file.bytes)?)?;
        let middle: String = answer
            .chars()
            .skip(answer.chars().count() / 2)
            .take(CARRIED)
            .collect();
        ensure!(middle.len() >= CARRIED, "the answer holds a village");
        super::planted("carried.answer", middle);
        let view: AppView = tablet
            .call("offline_answer", json!({"text": answer}))
            .await?;
        ensure!(view.stage == Stage::ChoosePin, "{view:?}");
        let pin = self.digits("pin.carried", 6);
        let _: AppView = tablet.call("choose_pin", json!({"pin": pin})).await?;
        let child = self.new_child(&tablet, "carried").await?;
        tablet.contact(&child, &self.words("carried.note")).await?;
        self.township.relay.restore();
        self.station.sync().await?;
        tablet.sync().await?;
        tablet.load().await?;
        self.station.sync().await?;
        Ok(tablet)
    }

    /// A matter of life and safety is closed, and an officer of the district says that it is not over, asks for the case,
    /// and is declined.
    pub(super) async fn the_district(&self, tablet: &Device, head: &Device) -> Result<()> {
        let child = self.new_child(tablet, "district").await?;
        let report: SavedView = tablet
            .call(
                "report_problem",
                json!({"children": [child], "card": "danger", "urgency": "now", "seen": self.words("district.seen"),
                       "origin_record": null,
                       "mandatory": {"choice": "not_such_case", "text": self.words("district.mandatory")}}),
            )
            .await?;
        let problem = &report.record;
        let said = |kind: &str, text: String| json!({"problem": problem, "kind": kind, "text": text, "detail": {}});
        tablet.sync().await?;
        self.station.sync().await?;
        let taken = said("accepted", String::new());
        let _: ProblemView = self.station.call("add_problem_event", taken).await?;
        let mut call = said("called", String::new());
        call["detail"] = json!({"whom": "110", "receipt": self.words("district.receipt")});
        let _: ProblemView = self.station.call("add_problem_event", call).await?;
        for (kind, text) in [
            ("measure", self.words("district.measure")),
            ("resolved", self.words("district.resolved")),
            ("confirmed", String::new()),
        ] {
            let _: ProblemView = self
                .station
                .call("add_problem_event", said(kind, text))
                .await
                .with_context(|| kind.to_owned())?;
        }
        self.station.sync().await?;
        tablet.sync().await?;
        tablet.visit(&child).await?;
        tablet.sync().await?;
        for device in [&self.station, head] {
            device.sync().await?;
        }
        let over = said("closed", self.words("district.closed"));
        let _: ProblemView = head.call("add_problem_event", over).await?;
        head.sync().await?;
        // A station reports once a day.
        head.clock.move_by(DAY_MS);
        head.sync().await?;

        let code = self.words("staff.officer");
        let code = self.township.officer_code(&code).await?;
        let officer = opened(&self.folder.join("officer"), ShellKind::Tablet)?;
        let pin = self.digits("pin.officer", 6);
        officer.enrol(&self.township.server, &code, &pin).await?;
        officer.clock.move_by(DAY_MS);
        officer.sync().await?;
        let view: StationsView = officer.call("stations", Value::Null).await?;
        let mut waiting = view.waiting.iter();
        let line = waiting.find(|line| line.problem == *problem);
        let line = line.context("its closing waits for the district")?;
        officer.step_up().await?;
        let ask = json!({"problem": problem, "reason": self.words("case.reason")});
        let _: StationsView = officer.call("ask_case", ask).await?;
        let not_over = json!({"problem": problem, "closing": line.closing, "verdict": "not_over",
                              "reason": self.words("countersign.reason")});
        let _: StationsView = officer.call("countersign", not_over).await?;
        officer.sync().await?;
        head.sync().await?;
        let reported: StationReportView = head.call("reported", Value::Null).await?;
        let case = &reported.cases.first().context("it is asked for")?.case;
        head.step_up().await?;
        let no = json!({"id": case, "reason": self.words("case.declined")});
        let _: StationReportView = head.call("decline_case", no).await?;
        officer.sync().await?;
        let _: AppView = officer.call("lock", Value::Null).await?;
        Ok(())
    }
}
