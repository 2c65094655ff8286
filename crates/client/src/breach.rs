//! 出了事怎么办 (P-17): the steps after a loss, a leak or a look that should not have been, as the pack says them. Each is
//! ticked by a person, with a row of the trail; what was done is written into the station's own month of work, so that
//! every device of the station has it.

use crate::contacts::note;
use crate::error::ClientError;
use crate::looks;
use crate::records::{self, Write};
use crate::roster::{self, Roster};
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    BeginIncidentInput, BreachKindView, BreachView, IncidentStepInput, IncidentStepView,
    IncidentView, LetterView, StepDoneView,
};
use crate::work;
use crate::work_log::name_of;
use domain::breach::{self, BreachPack, Done, INCIDENT, Incident, OVER};
use domain::calendar::full_date_words;
use domain::record::{Edit, Entry};
use domain::work::ENTRIES;
use ids::{DocKind, StaffId};
use std::collections::BTreeMap;
use store::audit;

const HOUR_MS: i64 = 60 * 60 * 1000;
/// Most characters of where it happened.
const PLACE: usize = 60;

/// What happened, and what is to be done.
///
/// # Errors
/// `not_allowed`, `breach_unknown`, `still_loading`.
pub fn breaches(tablet: &Tablet) -> Result<BreachView, ClientError> {
    may_see(tablet)?;
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = known(packs.breach.as_ref())?;
    let mut incidents = Vec::new();
    for incident in of_station(tablet, &roster) {
        incidents.push(view(tablet, &roster, pack, &incident)?);
    }
    incidents.sort_by_key(|incident| incident.over.is_some());
    Ok(BreachView {
        kinds: pack
            .breach
            .iter()
            .map(|kind| BreachKindView {
                code: kind.code.clone(),
                title: kind.title.clone(),
                hint: kind.hint.clone(),
            })
            .collect(),
        incidents,
        today: roster.today.to_string(),
        source: pack.source.clone(),
    })
}

/// Something happened: from now on its hours count.
///
/// # Errors
/// `not_allowed`, `breach_unknown`, `choice_missing`, `text_missing`, `too_large`, `date_invalid`, `date_future`,
/// `still_loading`, `disk_full`.
pub fn begin(tablet: &Tablet, input: &BeginIncidentInput) -> Result<BreachView, ClientError> {
    may_see(tablet)?;
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let kind = known(packs.breach.as_ref())?
        .kind(&input.kind)
        .ok_or_else(|| ClientError::new("choice_missing"))?;
    let place = note(&input.place)?;
    if place.is_empty() {
        return Err(ClientError::new("text_missing"));
    }
    if place.chars().count() > PLACE {
        return Err(ClientError::new("too_large"));
    }
    let on = match input.on.trim() {
        "" => roster.today,
        on => on.parse().map_err(|_| ClientError::new("date_invalid"))?,
    };
    if on > roster.today {
        return Err(ClientError::new("date_future"));
    }
    let incident = Incident {
        id: tablet.new_id().to_string(),
        kind: kind.code.clone(),
        place,
        on,
        recorded_ms: tablet.clock.now_ms(),
        by: tablet.identity.staff.to_string(),
        made_by: None,
        done: Vec::new(),
    };
    let said = format!("kind={} on={on}", incident.kind);
    let (id, entry) = (incident.id.clone(), incident.to_entry());
    save(tablet, &roster, ("incident_begun", &said), &id, entry)?;
    breaches(tablet)
}

/// A step was done, or it is over.
///
/// # Errors
/// `not_allowed`, `breach_unknown`, `not_found`, `incident_over`, `text_missing` where it is over and nothing says how,
/// `too_large`, `still_loading`, `disk_full`.
pub fn tick(tablet: &Tablet, input: &IncidentStepInput) -> Result<BreachView, ClientError> {
    may_see(tablet)?;
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = known(packs.breach.as_ref())?;
    let incident = of_station(tablet, &roster)
        .into_iter()
        .find(|incident| incident.id == input.incident)
        .ok_or_else(|| ClientError::new("not_found"))?;
    if incident.is_over() {
        return Err(ClientError::new("incident_over"));
    }
    let steps = pack.kind(&incident.kind).map(|kind| pack.steps(kind));
    let mut steps = steps.into_iter().flatten();
    if input.step != OVER && !steps.any(|step| step.code == input.step) {
        return Err(ClientError::new("not_found"));
    }
    let text = note(&input.note)?;
    if input.step == OVER && text.is_empty() {
        return Err(ClientError::new("text_missing"));
    }
    // Done by a colleague before: what this one notes stands beside it, and the hour stays the first one's.
    let me = tablet.identity.staff.to_string();
    let mut known = incident.done.iter();
    if known.any(|done| done.step == input.step && done.by == me && done.text == text) {
        return breaches(tablet);
    }
    let done = Done {
        step: input.step.clone(),
        text,
        recorded_ms: tablet.clock.now_ms(),
        by: me,
        made_by: None,
    };
    let said = format!("kind={} step={}", incident.kind, done.step);
    let entry = done.to_entry(&tablet.new_id().to_string(), &incident.id);
    let row = ("incident_step", said.as_str());
    save(tablet, &roster, row, &incident.id, entry)?;
    breaches(tablet)
}

fn may_see(tablet: &Tablet) -> Result<(), ClientError> {
    match tablet.identity.role.is_at_station() {
        true => Ok(()),
        false => Err(ClientError::new("not_allowed")),
    }
}

fn known(pack: Option<&BreachPack>) -> Result<&BreachPack, ClientError> {
    pack.ok_or_else(|| ClientError::new("breach_unknown"))
}

/// An incident whose letter is printed, by its id.
///
/// # Errors
/// `not_allowed`, `not_found`, `still_loading`.
pub(crate) fn written(tablet: &Tablet, id: &str) -> Result<String, ClientError> {
    may_see(tablet)?;
    let roster = Roster::read(tablet)?;
    let incidents = of_station(tablet, &roster);
    let found = incidents.into_iter().find(|incident| incident.id == id);
    found
        .map(|incident| incident.id)
        .ok_or_else(|| ClientError::new("not_found"))
}

/// The incidents of the station's own months of work.
fn of_station(tablet: &Tablet, roster: &Roster) -> Vec<Incident> {
    let own = roster.work.iter();
    let own = own.filter(|month| month.unit == tablet.identity.scope);
    breach::incidents(own.flat_map(|month| &month.noun.entries))
}

/// One entry of this month, and the row of the trail, or nothing.
fn save(
    tablet: &Tablet,
    roster: &Roster,
    (action, said): (&str, &str),
    incident: &str,
    entry: Entry,
) -> Result<(), ClientError> {
    let mut edits: BTreeMap<_, Vec<Edit>> = BTreeMap::new();
    let month = name_of(roster.today);
    let document = work::month_of_unit(tablet, roster, &month, &mut edits);
    let id = entry.id.clone();
    edits.entry(document).or_default().push(Edit::Add {
        collection: ENTRIES,
        entry,
    });
    let writes: Vec<Write> = edits
        .into_iter()
        .map(|(document, edits)| {
            Write::new(document, DocKind::Work, tablet.identity.unit, edits).labelled(
                INCIDENT,
                "出了事怎么办",
                id.clone(),
            )
        })
        .collect();
    records::save_with(tablet, "incident_written", &writes, |tx| {
        let row = looks::row(tablet, action, incident);
        Ok(audit::append_with(tx, &row, said)?)
    })
}

fn view(
    tablet: &Tablet,
    roster: &Roster,
    pack: &BreachPack,
    incident: &Incident,
) -> Result<IncidentView, ClientError> {
    let now = tablet.clock.now_ms();
    let kind = pack.kind(&incident.kind);
    let steps = kind.map_or_else(Vec::new, |kind| pack.steps(kind));
    let mut views = Vec::new();
    for step in &steps {
        let done = incident.done(&step.code);
        let until = step
            .within_hours
            .map(|hours| incident.recorded_ms + i64::from(hours) * HOUR_MS);
        views.push(IncidentStepView {
            step: step.code.clone(),
            part: step.part.as_str().to_owned(),
            text: step.text.clone(),
            detail: step.detail.clone(),
            until: until.map(system::moment),
            late: done.is_none() && !incident.is_over() && until.is_some_and(|until| until < now),
            go: step.go.clone(),
            letter: step.letter.clone(),
            done: done
                .map(|done| done_view(tablet, roster, incident, done))
                .transpose()?,
        });
    }
    let title = kind.map_or_else(|| incident.kind.clone(), |kind| kind.title.clone());
    let count = |is: &dyn Fn(&IncidentStepView) -> bool| {
        u32::try_from(views.iter().filter(|step| is(step)).count()).unwrap_or(u32::MAX)
    };
    Ok(IncidentView {
        incident: incident.id.clone(),
        place: incident.place.clone(),
        on: incident.on.to_string(),
        by: author(tablet, roster, incident.made_by, &incident.by)?,
        at: system::moment(incident.recorded_ms),
        letters: letters(tablet, pack, incident, &title, &views),
        over: incident
            .done(OVER)
            .map(|done| done_view(tablet, roster, incident, done))
            .transpose()?,
        late: count(&|step| step.late),
        open: count(&|step| step.done.is_none()),
        steps: views,
        title,
    })
}

/// The letters of its steps, with what the records know; whom it is about nobody writes down here.
fn letters(
    tablet: &Tablet,
    pack: &BreachPack,
    incident: &Incident,
    title: &str,
    steps: &[IncidentStepView],
) -> Vec<LetterView> {
    let packs = tablet.packs();
    let responsible = packs
        .child_rules
        .as_ref()
        .map_or_else(String::new, |rules| {
            format!("{} {}", rules.responsible.name, rules.responsible.phone)
        });
    let done: Vec<String> = steps
        .iter()
        .filter_map(|step| {
            let done = step.done.as_ref()?;
            let minute = incident.done(&step.step)?.recorded_ms;
            let words = match done.note.as_str() {
                "" => step.text.clone(),
                note => format!("{}（{note}）", step.text),
            };
            Some(format!("{} {words}", system::civil_minute(minute)))
        })
        .collect();
    let (station, day) = (tablet.township(), full_date_words(incident.on));
    let noted = system::civil_minute(incident.recorded_ms);
    let done = done.join("；");
    let filled = [
        ("station", station.as_str()),
        ("what", title),
        ("place", incident.place.as_str()),
        ("day", day.as_str()),
        ("noted", noted.as_str()),
        ("done", done.as_str()),
        ("responsible", responsible.as_str()),
        ("person", tablet.identity.person.as_str()),
    ];
    let wanted = |code: &str| {
        steps
            .iter()
            .any(|step| step.letter.as_deref() == Some(code))
    };
    let letters = pack.letters.iter().filter(|letter| wanted(&letter.code));
    letters
        .map(|letter| LetterView {
            letter: letter.code.clone(),
            title: letter.title.clone(),
            text: letter.filled(&filled),
        })
        .collect()
}

/// Who did a step first, and what everybody noted who did it.
fn done_view(
    tablet: &Tablet,
    roster: &Roster,
    incident: &Incident,
    done: &Done,
) -> Result<StepDoneView, ClientError> {
    let mut notes: Vec<String> = Vec::new();
    for one in incident.done.iter().filter(|one| one.step == done.step) {
        match one.text.as_str() {
            "" => {}
            text if notes.is_empty() && *one == *done => notes.push(text.to_owned()),
            text => {
                let by = author(tablet, roster, one.made_by, &one.by)?;
                notes.push(format!("{by}：{text}"));
            }
        }
    }
    Ok(StepDoneView {
        by: author(tablet, roster, done.made_by, &done.by)?,
        at: system::moment(done.recorded_ms),
        note: notes.join("；"),
    })
}

/// Who wrote it: by the signed envelope, else as it says.
fn author(
    tablet: &Tablet,
    roster: &Roster,
    made_by: Option<[u8; 32]>,
    by: &str,
) -> Result<String, ClientError> {
    let author = roster::author_of(tablet, made_by)?.map(|author| author.staff);
    let by = author.or_else(|| StaffId::parse(by).ok());
    Ok(by.map_or_else(
        || roster::UNKNOWN_PERSON.to_owned(),
        |by| roster.people.name(by),
    ))
}
