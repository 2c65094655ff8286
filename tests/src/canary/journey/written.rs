//! What people write down beside visits: work of every kind the packs have, and why a file ends.

use super::Journey;
use crate::device::Device;
use anyhow::{Context, Result, ensure};
use client::view::{ChildFileView, WorkFormView, WorkLogView, WorkSavedView};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Journey {
    /// A piece of every kind of work, about a child and about none; one is taken away with a reason.
    pub(super) async fn every_work(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 0).await?;
        let today = tablet.tablet()?.today().to_string();
        let log: WorkLogView = tablet.call("work_log", json!({"month": null})).await?;
        let mut texts = 0;
        for kind in &log.kinds {
            let form: WorkFormView = tablet
                .call("work_form", json!({"block": kind.block, "record": null}))
                .await?;
            for about in [true, false] {
                if form.must_name && !about {
                    continue;
                }
                let mut values = BTreeMap::new();
                for column in &form.columns {
                    let name = format!("work.{}.{about}.{}", kind.block, column.key);
                    let option = column.options.first().map(|option| option.code.clone());
                    let value = match column.kind.as_str() {
                        "text" | "words" => self.words(&name),
                        "one" if column.need => option.context("there is a choice")?,
                        "date" if column.need => today.clone(),
                        _ => continue,
                    };
                    texts += usize::from(matches!(column.kind.as_str(), "text" | "words"));
                    values.insert(column.key.clone(), vec![value]);
                }
                let children: &[&str] = if about { &[&child] } else { &[] };
                let asked = json!({"block": kind.block, "record": null, "children": children, "values": values});
                let saved: WorkSavedView = tablet.call("record_work", asked).await?;
                if !about {
                    let reason = self.words(&format!("work.{}.taken_away", kind.block));
                    let away =
                        json!({"block": kind.block, "record": saved.record, "reason": reason});
                    let _: WorkSavedView = tablet.call("take_work_away", away).await?;
                }
            }
        }
        ensure!(texts > 15, "only {texts} columns take words");
        Ok(())
    }

    /// A file is proposed to end; the station sends it back with words.
    pub(super) async fn an_end(&self, tablet: &Device) -> Result<()> {
        let child = self.child(tablet, 1).await?;
        let today = tablet.tablet()?.today().to_string();
        let asked = json!({"child": child, "step": "end", "reason": "moved", "on": today, "into": null,
                           "text": self.words("status.end")});
        let file: ChildFileView = tablet.call("propose_status", asked).await?;
        let proposal = file.status.waiting.first().context("it waits")?;
        tablet.sync().await?;
        self.station.sync().await?;
        let back = json!({"child": child, "proposal": proposal.proposal, "answer": "sent_back",
                          "text": self.words("status.sent_back")});
        let _: Value = self.station.call("decide_status", back).await?;
        Ok(())
    }
}
