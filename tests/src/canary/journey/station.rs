//! What a station, its head and whoever sits at the server do with files: a move, an export, a refusal, an erasure.

use super::{Journey, opened, planted};
use crate::device::{Device, LIMIT};
use anyhow::{Context, Result, ensure};
use client::view::{
    AppView, ErasureFormView, ErasuresView, ExportFileView, ExportFormView, ExportMadeView,
    ExportsView, MovesView, RecusalsView, ReturnedView, ShellKind, StationPhoneView,
};
use ids::{DocumentId, Role};
use protocol::CreateEnrolment;
use rusqlite::named_params;
use serde_json::{Value, json};
use sync_server::database;

impl Journey {
    /// A family goes to another village, which is returned, and what came late is set aside.
    pub(super) async fn a_move(&self, old: &Device) -> Result<String> {
        let there = self.create_village("unit.target", "310199100202").await?;
        self.station.sync().await?;
        let child = self.child(old, 2).await?;
        let today = old.tablet()?.today().to_string();
        self.station.step_up().await?;
        let offered: MovesView = self
            .station
            .call(
                "offer_move",
                json!({"child": child, "whole_household": true, "village": there,
                       "reason": self.words("move.reason"), "moved_on": today}),
            )
            .await?;
        let offer = &offered.outgoing.first().context("it is offered")?.id;
        let _: MovesView = self
            .station
            .call("decide_move", json!({"id": offer, "decision": "accept"}))
            .await?;
        old.contact(&child, &self.words("late.note")).await?;
        for _ in 0..2 {
            old.sync().await?;
        }
        let view: MovesView = self.station.call("moves", Value::Null).await?;
        let late = &view.waiting.first().context("it came late")?.change;
        let _: MovesView = self
            .station
            .call(
                "decide_review",
                json!({"change": late, "take": false, "reason": self.words("review.reason")}),
            )
            .await?;
        self.station.sync().await?;
        old.sync().await?;
        Ok(there)
    }

    /// A register leaves the station, and another is asked for: what stands in the file, and what for, are people's words.
    pub(super) async fn an_export(&self) -> Result<()> {
        self.station.step_up().await?;
        let asked = json!({"ledger": "L1", "village": null});
        let form: ExportFormView = self.station.call("export_form", asked).await?;
        ensure!(form.rows > 0, "there are children to export");
        let fields: Vec<&str> = form.fields.iter().map(|field| field.key.as_str()).collect();
        let wanted = |words: String, full_numbers: bool| {
            json!({"request": null, "ledger": "L1", "village": null, "purpose": "report", "words": words,
                   "fields": fields, "full_numbers": full_numbers})
        };
        let made: ExportMadeView = self
            .station
            .call("make_export", wanted(self.words("export.made"), false))
            .await?;
        let _: ExportFileView = self
            .station
            .call("take_export", json!({"id": made.id}))
            .await?;
        let _: ExportsView = self
            .station
            .call("request_export", wanted(self.words("export.asked"), true))
            .await?;
        let child = self.child(&self.station, 1).await?;
        let copy =
            json!({"child": child, "purpose": "subject", "words": self.words("export.child")});
        let _: ExportMadeView = self.station.call("export_child", copy).await?;
        Ok(())
    }

    /// The server refuses a record, and it is put away.
    pub(super) async fn a_refusal(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 3).await?;
        let elsewhere = self
            .create_village("unit.elsewhere", "310199100203")
            .await?;
        let server = rusqlite::Connection::open(database::file_of(&self.township.data))?;
        server.busy_timeout(LIMIT)?;
        server.execute(
            include_str!("../../sql/file_elsewhere.sql"),
            named_params! {
                ":document": uuid::Uuid::parse_str(&child)?.as_bytes(),
                ":unit": uuid::Uuid::parse_str(&elsewhere)?.as_bytes(),
            },
        )?;
        drop(server);
        tablet.contact(&child, &self.words("refused.note")).await?;
        tablet.sync().await?;
        let view: ReturnedView = tablet.call("returned", Value::Null).await?;
        let row = view.open.first().context("it was refused")?;
        let _: ReturnedView = tablet.call("put_away", json!({"id": row.id})).await?;
        Ok(())
    }

    /// A child is erased by whoever sits at the server, for a reason.
    pub(super) async fn an_erasure(&self, tablets: &[&Device]) -> Result<()> {
        let tablet = tablets.first().context("there is one")?;
        let child = tablet.child(&self.canaries.words("added.name")).await?;
        let document = DocumentId::parse(&child).context("a child's id is its document's")?;
        let reason = self.words("erase.reason");
        self.township
            .at_the_desk(|desk| desk.erase(document, &reason))?;
        for device in tablets {
            device.sync().await?;
        }
        self.station.sync().await
    }

    /// A head comes; somebody is not to act for a family; one thing goes out of a file, another request is declined, and
    /// a file is held.
    pub(super) async fn what_a_head_decides(&self, one: &Device, other: &Device) -> Result<()> {
        let scope = self.station.tablet()?.identity.scope;
        let code = CreateEnrolment {
            unit: scope,
            role: Role::Head,
            person: self.words("staff.head"),
        };
        let code = self.township.server.create_enrolment(code).await?;
        planted("enrolment.head", code.code.clone());
        let head = opened(&self.folder.join("head"), ShellKind::Station)?;
        let pin = self.digits("pin.head", 6);
        head.enrol(&self.township.server, &code, &pin).await?;
        head.sync().await?;

        let child = self.child(one, 0).await?;
        let staff = other.tablet()?.identity.staff.to_string();
        self.station.step_up().await?;
        let recuse =
            json!({"child": child, "staff": staff, "stead": "", "reason": "relative", "until": ""});
        let _: RecusalsView = self.station.call("recuse", recuse).await?;

        for device in [one, other, &self.station, &head] {
            device.sync().await?;
        }
        let form: ErasureFormView = self
            .station
            .call("erasure_form", json!({"id": child}))
            .await?;
        let item = form.items.iter().find(|item| item.is_field && item.may_go);
        let item = &item.context("something can be erased alone")?.item;
        self.station.step_up().await?;
        let part = json!({"child": child, "item": item, "keep_now": false, "basis": "family",
                          "words": self.words("renewal.words")});
        let asked: ErasuresView = self.station.call("request_part_erasure", part).await?;
        decide(&head, &asked, true).await?;
        for device in [one, other, &self.station, &head] {
            device.sync().await?;
        }
        let another = self.child(one, 1).await?;
        self.station.step_up().await?;
        let whole =
            json!({"child": another, "basis": "family", "words": self.words("erasure.words")});
        let asked: ErasuresView = self.station.call("request_erasure", whole).await?;
        decide(&head, &asked, false).await?;
        head.step_up().await?;
        let hold = json!({"child": another, "hold": true, "words": self.words("hold.words")});
        let _: ErasuresView = head.call("set_hold", hold).await?;
        head.sync().await?;
        let phone = json!({"number": self.phone("station.phone")});
        let _: StationPhoneView = head.call("set_station_phone", phone).await?;
        let child = self.child(one, 0).await?;
        self.a_packet(one, &child).await?;
        self.a_tier_that_stays(one, &child).await?;
        self.what_is_kept_close(&head, &child).await?;
        self.the_district(one, &head).await?;
        let _: AppView = head.call("lock", Value::Null).await?;
        Ok(())
    }
}

/// A head decides about the request that waits.
async fn decide(head: &Device, asked: &ErasuresView, approve: bool) -> Result<()> {
    let waits = asked.requests.iter().find(|row| row.state == "asked");
    let id = &waits.context("a request waits")?.id;
    head.step_up().await?;
    let decision = json!({"id": id, "approve": approve});
    let _: ErasuresView = head.call("decide_erasure", decision).await?;
    Ok(())
}
