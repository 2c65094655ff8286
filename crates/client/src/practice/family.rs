//! The invented families of the practice village, as data: days are counted back from today, so that there is always a
//! visit to make and a call to note.

use crate::error::ClientError;
use crate::records::{self, Write};
use crate::tablet::Tablet;
use chrono::{Days, NaiveDate};
use domain::child::{
    Category, ChildVisit, Contact, ContactMore, HOUSEHOLD, IS_NEW, OPENED_ON, Plan,
};
use domain::form::{self, Answer, FormPack, PartAnswers, SummaryGivens};
use domain::household::Session;
use domain::record::Edit;
use ids::{DocKind, DocumentId};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The practice village.
#[derive(Deserialize)]
pub(super) struct Village {
    pub(super) village: String,
    pub(super) township: String,
    pub(super) region: String,
    /// The township's code.
    pub(super) of_township: String,
    /// What whoever practises is called there: never her own name.
    pub(super) person: String,
    households: Vec<Household>,
}

#[derive(Deserialize)]
struct Household {
    fields: BTreeMap<String, String>,
    children: Vec<Child>,
    visits: Vec<Visit>,
}

#[derive(Deserialize)]
struct Child {
    born_days_ago: u64,
    opened_days_ago: u64,
    categories: Vec<String>,
    fields: BTreeMap<String, String>,
    contacts: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    days_ago: u64,
    mode: String,
    party: Vec<String>,
    child_state: String,
    topics: Vec<String>,
    note: String,
}

#[derive(Deserialize)]
struct Visit {
    days_ago: u64,
    place: String,
    kind: String,
    met: Vec<String>,
    answers: BTreeMap<String, Said>,
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    /// Which child of the household.
    child: usize,
    answers: BTreeMap<String, Said>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Codes(Vec<String>),
    Text(String),
}

impl Village {
    /// The one in this program.
    pub(super) fn read() -> Result<Self, ClientError> {
        Ok(serde_json::from_str(include_str!("family.json"))?)
    }

    /// Writes everybody's files, as a director would have written them.
    pub(super) fn settle(&self, tablet: &Tablet) -> Result<(), ClientError> {
        let packs = tablet.packs();
        let desk = Desk {
            tablet,
            form: packs.visit_form(),
            today: tablet.today(),
        };
        let writes: Vec<Write> = self
            .households
            .iter()
            .flat_map(|household| desk.household(household))
            .collect();
        records::save(tablet, "child_added", &writes)
    }
}

struct Desk<'a> {
    tablet: &'a Tablet,
    form: Option<&'a FormPack>,
    today: NaiveDate,
}

impl Desk<'_> {
    /// One change for the household and one for each child, everything that was ever written in it.
    fn household(&self, household: &Household) -> Vec<Write> {
        let id = DocumentId(self.tablet.new_id());
        let mut of_household = fields(&household.fields);
        let mut of_children: Vec<Vec<Edit>> = household
            .children
            .iter()
            .map(|child| self.child(child, id))
            .collect();
        for visit in &household.visits {
            // Without a form there is nothing a visit could have been written on.
            let Some(form) = self.form else { continue };
            let session = self.session(visit, form);
            of_household.push(session.to_edit());
            for part in &visit.parts {
                if let Some(edits) = of_children.get_mut(part.child) {
                    edits.push(self.seen(&session, id, visit, part, form).to_edit());
                }
            }
        }
        let unit = self.tablet.identity.unit;
        let mut writes = vec![Write::new(id, DocKind::Household, unit, of_household)];
        writes.extend(of_children.into_iter().map(|edits| {
            let child = DocumentId(self.tablet.new_id());
            Write::new(child, DocKind::Child, unit, edits)
        }));
        writes
    }

    fn child(&self, child: &Child, household: DocumentId) -> Vec<Edit> {
        let opened_on = self.before(child.opened_days_ago);
        let mut edits = fields(&child.fields);
        edits.push(Edit::put(
            "birth_date",
            self.before(child.born_days_ago).to_string(),
        ));
        edits.push(Edit::put(HOUSEHOLD, household.to_string()));
        edits.push(Edit::put(OPENED_ON, opened_on.to_string()));
        edits.push(Edit::put(IS_NEW, false));
        edits.extend(child.categories.iter().map(|code| {
            Category {
                id: self.id(),
                code: code.clone(),
                start: Some(opened_on),
                end: None,
                recorded_on: Some(opened_on),
                basis: "import".to_owned(),
                status: String::new(),
            }
            .to_edit()
        }));
        edits.extend(child.contacts.iter().map(|call| {
            let on = self.before(call.days_ago);
            Contact {
                id: self.id(),
                event_date: Some(on),
                recorded_on: Some(on),
                recorded_ms: self.tablet.clock.now_ms(),
                mode: call.mode.clone(),
                party: call.party.clone(),
                reached: true,
                carer: None,
                child_state: Some(call.child_state.clone()),
                topics: call.topics.clone(),
                parent_contact_ok: None,
                more: ContactMore::default(),
                note: call.note.clone(),
                by: self.me(),
                made_by: None,
            }
            .to_edit()
        }));
        edits
    }

    fn session(&self, visit: &Visit, form: &FormPack) -> Session {
        let on = self.before(visit.days_ago);
        Session {
            id: self.id(),
            event_date: Some(on),
            recorded_on: Some(on),
            recorded_ms: self.tablet.clock.now_ms(),
            place: visit.place.clone(),
            kind: visit.kind.clone(),
            met: visit.met.clone(),
            form: format!("{}@{}#{}", form.id, form.version, form.content_hash()),
            by: self.me(),
            answers: form::to_scalars(form, &self.answers_of(visit, form)),
            made_by: None,
        }
    }

    fn seen(
        &self,
        session: &Session,
        household: DocumentId,
        visit: &Visit,
        part: &Part,
        form: &FormPack,
    ) -> ChildVisit {
        let answers = known_answers(&part.answers, form);
        ChildVisit {
            id: self.id(),
            session: session.id.clone(),
            household: household.to_string(),
            event_date: session.event_date,
            recorded_on: session.recorded_on,
            recorded_ms: session.recorded_ms,
            place: session.place.clone(),
            kind: session.kind.clone(),
            met: session.met.clone(),
            seen: true,
            boarder: false,
            carer: None,
            form: session.form.clone(),
            summary: form::auto_summary(
                form,
                Some(&self.answers_of(visit, form)),
                Some(&answers),
                &SummaryGivens::default(),
            ),
            mandatory: Vec::new(),
            open: Vec::new(),
            full: false,
            plan: Plan::default(),
            by: session.by.clone(),
            answers: form::to_scalars(form, &answers),
            made_by: None,
        }
    }

    fn answers_of(&self, visit: &Visit, form: &FormPack) -> PartAnswers {
        let mut answers = known_answers(&visit.answers, form);
        let on = self.before(visit.days_ago).to_string();
        let told = [
            ("a_date", Vec::new(), Some(on)),
            ("a_kind", vec![visit.kind.clone()], None),
            ("a_place", vec![visit.place.clone()], None),
            ("a_met", visit.met.clone(), None),
        ];
        for (key, codes, text) in told {
            if form.question(key).is_some() {
                answers.answers.insert(key.to_owned(), answer(codes, text));
            }
        }
        answers
    }

    fn before(&self, days: u64) -> NaiveDate {
        self.today
            .checked_sub_days(Days::new(days))
            .unwrap_or(self.today)
    }

    fn id(&self) -> String {
        self.tablet.new_id().to_string()
    }

    fn me(&self) -> String {
        self.tablet.identity.staff.to_string()
    }
}

/// The station's form may ask other questions by now; what it does not ask was not answered.
fn known_answers(said: &BTreeMap<String, Said>, form: &FormPack) -> PartAnswers {
    let known = said
        .iter()
        .filter(|(key, _)| form.question(key).is_some())
        .map(|(key, said)| {
            let answer = match said {
                Said::Codes(codes) => answer(codes.clone(), None),
                Said::Text(text) => answer(Vec::new(), Some(text.clone())),
            };
            (key.clone(), answer)
        });
    PartAnswers {
        answers: known.collect(),
        ..PartAnswers::default()
    }
}

fn answer(codes: Vec<String>, text: Option<String>) -> Answer {
    Answer {
        codes,
        text,
        unchanged_from: None,
    }
}

fn fields(fields: &BTreeMap<String, String>) -> Vec<Edit> {
    fields
        .iter()
        .map(|(key, value)| Edit::put(key, value.as_str()))
        .collect()
}
