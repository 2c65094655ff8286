//! What directors record on their tablets: every visit, contact, attempt, problem and piece of work on its day.

use super::{Staffed, base64, field, moment};
use anyhow::{Context, Result};
use chrono::NaiveDate;
use client::records::{self, Write};
use client::roster::Roster;
use client::view::{
    AttachmentListView, ChildFileView, SavedView, ScreeningView, VisitFormView, WorkSavedView,
};
use domain::form::{self, Answers, ChildContext, FormContext, SESSION};
use domain::record::{Edit, Entry};
use ids::{DocKind, DocumentId};
use office::demo::{
    DemoAnswer, DemoAttempt, DemoChild, DemoContact, DemoHousehold, DemoPause, DemoProblem,
    DemoVillage, DemoVisit, DemoWriting, DemoWritten,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::drafts;

/// One thing a director does.
enum Deed<'a> {
    Found(&'a DemoHousehold, &'a DemoChild),
    Paused(&'a DemoChild, &'a DemoPause),
    Visited(&'a DemoVisit),
    Contacted(&'a DemoChild, &'a DemoContact),
    Attempted(&'a DemoHousehold, &'a DemoAttempt),
    Reported(&'a DemoProblem),
    Wrote(&'a DemoWriting),
}

/// Everything a director did, by the day she typed it in.
fn deeds(village: &DemoVillage) -> Vec<(NaiveDate, Deed<'_>)> {
    let mut deeds = Vec::new();
    for household in &village.households {
        for child in &household.children {
            if child.is_new {
                deeds.push((child.opened_on, Deed::Found(household, child)));
            }
            deeds.extend(
                child
                    .pauses
                    .iter()
                    .map(|pause| (pause.from, Deed::Paused(child, pause))),
            );
            deeds.extend(
                child
                    .contacts
                    .iter()
                    .map(|contact| (contact.recorded_on, Deed::Contacted(child, contact))),
            );
        }
        deeds.extend(
            household
                .visits
                .iter()
                .map(|visit| (visit.recorded_on, Deed::Visited(visit))),
        );
        deeds.extend(
            household
                .attempts
                .iter()
                .map(|attempt| (attempt.date, Deed::Attempted(household, attempt))),
        );
    }
    deeds.extend(
        village
            .problems
            .iter()
            .map(|problem| (problem.reported_on, Deed::Reported(problem))),
    );
    deeds.extend(
        village
            .writings
            .iter()
            .map(|writing| (writing.on, Deed::Wrote(writing))),
    );
    deeds.sort_by_key(|(date, _)| *date);
    deeds
}

/// How many records a village brings.
#[must_use]
pub fn record_count(village: &DemoVillage) -> usize {
    deeds(village).len()
}

impl Staffed<'_> {
    /// The document of a child of the plan.
    #[must_use]
    pub fn child(&self, key: &str) -> Option<DocumentId> {
        self.children.get(key).copied()
    }

    /// Records the half year, each thing on its day.
    ///
    /// # Errors
    /// A use case refuses.
    pub async fn record(&mut self, recorded: &mut dyn FnMut()) -> Result<()> {
        let village = self.village;
        let mut day = NaiveDate::MIN;
        let mut minute = 0;
        for (date, deed) in deeds(village) {
            // From half past eight on, twenty minutes apart.
            minute = if date == day {
                minute + 20
            } else {
                8 * 60 + 30
            };
            day = date;
            self.device.clock.stand_at(moment(date, minute));
            self.perform(&deed)
                .await
                .with_context(|| format!("{} on {date}", village.name))?;
            recorded();
        }
        self.device.clock.run_at_offset(0);
        Ok(())
    }

    async fn perform(&mut self, deed: &Deed<'_>) -> Result<()> {
        match deed {
            Deed::Found(household, child) => self.found(household, child).await,
            Deed::Paused(child, pause) => self.paused(child, pause),
            Deed::Visited(visit) => self.visited(visit).await,
            Deed::Contacted(child, contact) => self.contacted(child, contact).await,
            Deed::Attempted(household, attempt) => self.attempted(household, attempt).await,
            Deed::Reported(problem) => self.reported(problem).await,
            Deed::Wrote(writing) => self.wrote(writing).await,
        }
    }

    async fn found(&mut self, household: &DemoHousehold, child: &DemoChild) -> Result<()> {
        let saved: SavedView = self
            .device
            .call(
                "add_child",
                json!({
                    "name": field(child, "name"),
                    "sex": field(child, "sex"),
                    "birth_date": child.fields.get("birth_date"),
                    "category": child.categories.first().map_or("PE", String::as_str),
                    "reason": child.fields.get("remark").map_or("走访时发现", String::as_str),
                    "household": null,
                    "village": null,
                }),
            )
            .await?;
        let tablet = self.device.tablet()?;
        let packs = tablet.packs();
        let of_child = child
            .fields
            .iter()
            .map(|(key, value)| ("child", key, value));
        let of_household = household
            .fields
            .iter()
            .map(|(key, value)| ("household", key, value));
        for (holder, key, value) in of_child.chain(of_household) {
            let is_shown = packs
                .field(holder, key)
                .is_some_and(|field| field.kind != "fixed");
            if is_shown && !matches!(key.as_str(), "name" | "sex" | "birth_date") {
                let _: Value = self
                    .device
                    .call(
                        "edit_field",
                        json!({ "child": saved.record, "holder": holder, "key": key, "value": value }),
                    )
                    .await?;
            }
        }
        self.children
            .insert(child.key.clone(), DocumentId::parse(&saved.record)?);
        Ok(())
    }

    fn paused(&self, child: &DemoChild, pause: &DemoPause) -> Result<()> {
        let Some(document) = self.children.get(&child.key) else {
            return Ok(());
        };
        let tablet = self.device.tablet()?;
        let edit = Edit::Add {
            collection: "pauses",
            entry: Entry::new(tablet.new_id().to_string())
                .with("reason", pause.reason.as_str())
                .with("from", pause.from.to_string())
                .with("to", pause.to.map(|day| day.to_string())),
        };
        Ok(records::save(
            &tablet,
            "pause_added",
            &[Write::new(*document, DocKind::Child, self.unit, vec![edit])],
        )?)
    }

    async fn visited(&self, visit: &DemoVisit) -> Result<()> {
        let there: Vec<&DocumentId> = visit
            .children
            .iter()
            .filter_map(|part| self.children.get(&part.child))
            .collect();
        let Some(first) = there.first() else {
            return Ok(());
        };
        let form: VisitFormView = self
            .device
            .call("open_visit", json!({ "id": first.to_string() }))
            .await?;
        let mut answers: Vec<(&str, &str, DemoAnswer)> = Vec::new();
        answers.extend(
            visit
                .answers
                .iter()
                .map(|(key, answer)| (SESSION, key.as_str(), answer.clone())),
        );
        for shown in form
            .parts
            .iter()
            .map(|part| part.part.as_str())
            .filter(|part| *part != SESSION)
        {
            let is_shown = |key: &String| {
                self.children
                    .get(key)
                    .is_some_and(|id| id.to_string() == shown)
            };
            match visit.children.iter().find(|part| is_shown(&part.child)) {
                Some(part) => {
                    answers.extend(
                        part.answers
                            .iter()
                            .map(|(key, answer)| (shown, key.as_str(), answer.clone())),
                    );
                }
                // Brothers and sisters the plan leaves out were not at home.
                None => answers.extend([("a_seen", "n"), ("a_not_seen_why", "away")].map(
                    |(key, code)| {
                        let answer = DemoAnswer {
                            codes: vec![code.to_owned()],
                            text: None,
                        };
                        (shown, key, answer)
                    },
                )),
            }
        }
        self.fill_draft(&form, &answers)?;
        let draft = form.draft.as_str();
        for nth in 0..visit.photos {
            let bytes = base64(&photo(visit, nth)?);
            let photo = json!({ "draft": draft, "kind": "photo", "bytes": bytes });
            let _: AttachmentListView = self.device.call("add_attachment", photo).await?;
        }
        let saved: SavedView = self
            .device
            .call("save_visit", json!({ "id": draft }))
            .await?;
        if visit.screened {
            self.screened(&saved).await?;
        }
        Ok(())
    }

    /// The level that is suggested is confirmed for every child that may be screened.
    async fn screened(&self, saved: &SavedView) -> Result<()> {
        for screened in &saved.screenings {
            let of = json!({ "child": screened.child, "record": screened.record });
            let view: ScreeningView = self.device.call("screening", of).await?;
            let _: ScreeningView = self
                .device
                .call(
                    "settle_screening",
                    json!({
                        "child": screened.child,
                        "record": screened.record,
                        "level": view.suggested.code,
                        "reason": "",
                    }),
                )
                .await?;
        }
        Ok(())
    }

    async fn wrote(&self, writing: &DemoWriting) -> Result<()> {
        let children: Vec<String> = writing
            .children
            .iter()
            .filter_map(|key| self.children.get(key))
            .map(ToString::to_string)
            .collect();
        let first = children.first();
        match &writing.what {
            DemoWritten::Work { block, values } => {
                let asked = json!({
                    "block": block, "record": null, "children": children, "values": values,
                });
                let _: WorkSavedView = self.device.call("record_work", asked).await?;
            }
            DemoWritten::Row { block, values } => {
                let asked = json!({
                    "child": first, "block": block, "replaces": null, "values": values,
                });
                let _: ChildFileView = self.device.call("write_row", asked).await?;
            }
            DemoWritten::HouseholdField { key, value } => {
                let asked = json!({
                    "child": first, "holder": "household", "key": key, "value": value,
                });
                let _: ChildFileView = self.device.call("edit_field", asked).await?;
            }
            DemoWritten::Ending { reason, on, text } => {
                let asked = json!({
                    "child": first, "step": "end", "reason": reason, "on": on, "into": null,
                    "text": text,
                });
                let _: ChildFileView = self.device.call("propose_status", asked).await?;
            }
        }
        Ok(())
    }

    /// All answers in one stroke; a screen sends them one by one, and the demo's first start would take minutes.
    fn fill_draft(&self, shown: &VisitFormView, given: &[(&str, &str, DemoAnswer)]) -> Result<()> {
        let tablet = self.device.tablet()?;
        let packs = tablet.packs();
        let form = packs.visit_form().context("the visit form is published")?;
        let context = FormContext {
            today: tablet.today(),
            children: shown
                .parts
                .iter()
                .filter(|part| part.part != SESSION)
                .map(|part| ChildContext {
                    id: part.part.clone(),
                    ..ChildContext::default()
                })
                .collect(),
            people: Vec::new(),
            last: BTreeMap::new(),
            next_visit: None,
            next_contact: None,
        };
        let id = uuid::Uuid::parse_str(&shown.draft)?;
        let mut draft = tablet
            .store
            .read(|connection| drafts::get(connection, id))?
            .context("the draft that was opened is there")?;
        let mut answers: Answers = serde_json::from_value(draft.answers.clone())?;
        for (part, key, answer) in given {
            form::set_answer(
                form,
                &context,
                &mut answers,
                part,
                key,
                &answer.codes,
                answer.text.as_deref(),
            )
            .with_context(|| format!("{key} {:?}", answer.codes))?;
        }
        draft.answers = serde_json::to_value(&answers)?;
        tablet.store.write(|tx| drafts::put(tx, &draft))?;
        Ok(())
    }

    async fn contacted(&self, child: &DemoChild, contact: &DemoContact) -> Result<()> {
        let Some(document) = self.children.get(&child.key) else {
            return Ok(());
        };
        let _: SavedView = self
            .device
            .call(
                "record_contact",
                json!({
                    "child": document.to_string(),
                    "event_date": contact.date,
                    "mode": contact.mode,
                    "party": contact.party,
                    "reached": contact.reached,
                    "child_state": contact.child_state,
                    "topics": contact.topics,
                    "parent_contact_ok": contact.parent_contact_ok,
                    "note": contact.note,
                }),
            )
            .await?;
        Ok(())
    }

    async fn attempted(&self, household: &DemoHousehold, attempt: &DemoAttempt) -> Result<()> {
        let Some(document) = household
            .children
            .iter()
            .find_map(|child| self.children.get(&child.key))
        else {
            return Ok(());
        };
        let roster = Roster::read(&*self.device.tablet()?)?;
        let there = roster.child(&document.to_string())?;
        let _: SavedView = self
            .device
            .call(
                "record_attempt",
                json!({
                    "household": there.child.household(),
                    "event_date": attempt.date,
                    "reason": attempt.reason,
                    "next_on": attempt.next_on,
                    "note": attempt.note,
                }),
            )
            .await?;
        Ok(())
    }

    async fn reported(&mut self, problem: &DemoProblem) -> Result<()> {
        let children: Vec<String> = problem
            .children
            .iter()
            .filter_map(|key| self.children.get(key))
            .map(ToString::to_string)
            .collect();
        if children.is_empty() {
            return Ok(());
        }
        let saved: SavedView = self
            .device
            .call(
                "report_problem",
                json!({
                    "children": children,
                    "card": problem.card,
                    "kind": problem.kind,
                    "urgency": problem.urgency,
                    "seen": problem.seen,
                    "origin_record": null,
                    "mandatory": problem
                        .mandatory
                        .as_ref()
                        .map(|(choice, text)| json!({ "choice": choice, "text": text })),
                }),
            )
            .await?;
        self.problems.insert(problem.key.clone(), saved.record);
        Ok(())
    }
}

/// A photo as a tablet takes it: a house by a field, another sky each day.
fn photo(visit: &DemoVisit, nth: u32) -> Result<Vec<u8>> {
    use chrono::Datelike;
    let day = visit.date.ordinal();
    let light = u8::try_from(60 + (day + nth * 17) % 90)?;
    let left = 80 + (day * 7 + nth * 90) % 240;
    let picture = image::RgbImage::from_fn(640, 480, |x, y| {
        let in_house = (left..left + 240).contains(&x) && (180..360).contains(&y);
        let in_door = (left + 100..left + 145).contains(&x) && (270..360).contains(&y);
        let in_roof = (110..180).contains(&y) && x.abs_diff(left + 120) < (y - 105) * 2;
        image::Rgb(match (in_door, in_house, in_roof, y > 340) {
            (true, ..) => [96, 62, 44],
            (_, true, ..) => [222, 214, 200],
            (_, _, true, _) => [92, 98, 106],
            (.., true) => [110, 150, light],
            _ => [150, 190, 140_u8.saturating_add(light / 2)],
        })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg)?;
    Ok(bytes.into_inner())
}
