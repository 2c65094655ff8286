//! What goes with a referral, numbers for others, what is done after a loss, and what only the head may read.

use super::Journey;
use crate::device::Device;
use anyhow::{Context, Result};
use client::view::{
    BreachView, ChildFileView, ConfidentialView, ExportMadeView, PacketFormView, ProblemView,
    SavedView, VisitFormView,
};
use serde_json::{Value, json};

impl Journey {
    /// A matter is referred, and what the other side is given is made.
    pub(super) async fn a_packet(&self, tablet: &Device, child: &str) -> Result<()> {
        let seen = json!({"children": [child], "card": "school", "urgency": "days", "seen": self.words("packet.seen"),
                          "origin_record": null, "mandatory": null});
        let report: SavedView = tablet.call("report_problem", seen).await?;
        tablet.sync().await?;
        self.station.sync().await?;
        let said = |kind: &str, text: String, detail: Value| json!({"problem": report.record, "kind": kind, "text": text, "detail": detail});
        for event in [
            said("accepted", String::new(), json!({})),
            said(
                "referred",
                self.words("packet.referred"),
                json!({"body": "SCH"}),
            ),
        ] {
            let _: ProblemView = self.station.call("add_problem_event", event).await?;
        }
        let asked = json!({"problem": report.record, "referral": null});
        let form: PacketFormView = self.station.call("packet_form", asked).await?;
        let purpose = form.purposes.first().context("it is for something")?;
        let fields: Vec<&str> = form.fields.iter().map(|field| field.key.as_str()).collect();
        self.station.step_up().await?;
        let packet = json!({"problem": form.problem, "referral": form.referral, "purpose": purpose.code,
                            "who": self.words("packet.who"), "words": self.words("packet.words"), "fields": fields,
                            "reason": self.words("packet.reason"), "until": ""});
        let _: ExportMadeView = self.station.call("make_packet", packet).await?;
        let figures = json!({"purpose": "city", "words": self.words("figures.words")});
        let _: ExportMadeView = self.station.call("make_figures", figures).await?;
        self.station.sync().await
    }

    /// A visit thinks that it should be less often, and the station says why it stays.
    pub(super) async fn a_tier_that_stays(&self, tablet: &Device, child: &str) -> Result<()> {
        let form = tablet.begin_visit(child).await?;
        let whole = json!({"draft": form.draft, "full": true});
        let _: VisitFormView = tablet.call("visit_full", whole).await?;
        tablet
            .answer(&form.draft, child, "l_tier_suggest", &["more"])
            .await?;
        let why = self.words("tier.why");
        tablet.write(&form.draft, child, "l_tier_why", &why).await?;
        let _: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
        tablet.sync().await?;
        self.station.sync().await?;
        let stays = json!({"child": child, "reason": self.words("tier.kept")});
        let _: ChildFileView = self.station.call("keep_tier", stays).await?;
        self.station.sync().await
    }

    /// What is done after a loss, and what of a child stands in no file.
    pub(super) async fn what_is_kept_close(&self, head: &Device, child: &str) -> Result<()> {
        let lost = json!({"kind": "lost", "place": self.words("incident.place"), "on": ""});
        let view: BreachView = self.station.call("begin_incident", lost).await?;
        let incident = &view.incidents.first().context("it is noted")?.incident;
        let step =
            json!({"incident": incident, "step": "stop", "note": self.words("incident.note")});
        let _: BreachView = self.station.call("incident_step", step).await?;
        self.station.sync().await?;
        head.sync().await?;
        head.step_up().await?;
        let note = json!({"child": child, "text": self.words("confidential.text")});
        let _: ConfidentialView = head.call("keep_confidential", note).await?;
        head.sync().await
    }
}
