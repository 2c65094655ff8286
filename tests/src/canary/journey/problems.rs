//! What is reported, and what is said about it afterwards.

use super::{Journey, opened};
use crate::device::Device;
use crate::story::shows;
use anyhow::{Context, Result, ensure};
use client::view::{ProblemListView, ProblemView, RightsView, SavedView, SheetView, ShellKind};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};

impl Journey {
    /// Two reports, one of them sealed; answers of the station.
    pub(super) async fn problems(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 1).await?;
        let reported: SavedView = tablet
            .call(
                "report_problem",
                json!({"children": [child], "card": "danger", "urgency": "later",
                       "seen": self.words("problem.seen"), "origin_record": null, "mandatory": null}),
            )
            .await?;
        let sealed: SavedView = tablet
            .call(
                "report_problem",
                json!({"children": [child], "card": "hurt", "urgency": "now", "seen": self.words("sealed.seen"),
                       "origin_record": null,
                       "mandatory": {"choice": "reported", "text": self.words("sealed.mandatory"),
                                     "receipt": self.words("sealed.receipt")}}),
            )
            .await?;
        let sheet: SheetView = tablet
            .call(
                "begin_sheet",
                json!({"page": "problem", "of": reported.record, "record": null}),
            )
            .await?;
        self.attach(tablet, &sheet.draft, "problem.step").await?;
        let said = json!({"problem": reported.record, "kind": "replied", "text": self.words("problem.step"),
                          "sheet": sheet.draft});
        let _: ProblemView = tablet.call("add_problem_event", said).await?;
        // Later words about what is sealed: of the village here, of the station before somebody looks urgently.
        let asked = json!({"problem": sealed.record, "kind": "closed", "text": self.words("sealed.reason")});
        let _: ProblemView = tablet.call("add_problem_event", asked).await?;
        let asked = json!({"child": child, "rights": ["see"], "who": "guardian", "name": self.words("right.name"),
                           "text": self.words("right.text"), "on": ""});
        let rights: RightsView = tablet.call("ask_right", asked).await?;
        let right = rights.rows.first().context("it is written down")?;
        // Typed and never saved.
        let left = json!({"sheet": {"page": "report", "of": child, "record": null},
                          "words": {"seen": [self.words("sheet.seen")]}});
        let _: Option<SheetView> = tablet.call("keep_sheet", left).await?;
        tablet.sync().await?;
        self.station.sync().await?;
        for (kind, text) in [
            ("accepted", String::new()),
            ("replied", self.words("problem.reply")),
        ] {
            let _: ProblemView = self
                .station
                .call(
                    "add_problem_event",
                    json!({"problem": reported.record, "kind": kind, "text": text}),
                )
                .await?;
        }
        self.station.sync().await?;
        let answer = json!({"child": child, "request": right.request, "outcome": "done", "duty": "",
                            "text": self.words("right.answer")});
        let _: RightsView = self.station.call("answer_right", answer).await?;
        self.an_urgent_look(&sealed.record).await?;
        tablet.sync().await
    }

    /// A colleague opens the sealed words of a case she does not handle, and is told what is thought of it.
    pub(super) async fn an_urgent_look(&self, problem: &str) -> Result<()> {
        let folder = self.folder.join("colleague");
        let colleague = opened(&folder, ShellKind::Station)?;
        let code = CreateEnrolment {
            unit: self.station.tablet()?.identity.scope,
            role: Role::Supervisor,
            person: self.words("staff.colleague"),
        };
        let code = self.township.server.create_enrolment(code).await?;
        let pin = self.digits("pin.colleague", 6);
        colleague.enrol(&self.township.server, &code, &pin).await?;
        let taken = json!({"problem": problem, "kind": "accepted", "text": ""});
        let _: ProblemView = self.station.call("add_problem_event", taken).await?;
        let done =
            json!({"problem": problem, "kind": "measure", "text": self.words("sealed.measure")});
        let _: ProblemView = self.station.call("add_problem_event", done).await?;
        self.station.sync().await?;
        colleague.sync().await?;
        let listed: ProblemListView = colleague.call("problems", Value::Null).await?;
        let row = listed.rows.iter().find(|row| row.problem == problem);
        let row = row.context("it is listed")?;
        ensure!(
            row.number.as_ref() == Some(&row.kind)
                && !shows(row, &self.canaries.words("child.1.name"))
                && !shows(row, &self.canaries.words("sealed.seen")),
            "who does not handle it reads its number"
        );
        colleague.step_up().await?;
        let urgent =
            json!({"problem": problem, "reason": "other", "text": self.words("urgent.text")});
        let view: ProblemView = colleague.call("open_urgently", urgent).await?;
        let opening = view
            .sealed
            .and_then(|sealed| sealed.openings.into_iter().next());
        let opening = opening.context("it is listed")?.opening;
        colleague.sync().await?;
        self.station.sync().await?;
        let word = json!({"problem": problem, "opening": opening, "justified": true,
                          "text": self.words("urgent.review")});
        let _: ProblemView = self.station.call("review_opening", word).await?;
        self.station.sync().await
    }
}
