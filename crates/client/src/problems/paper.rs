//! Whom a report is about, as whoever comes needs it: who, how old, where, and who looks after the child (domain.md §6.3).

use super::room::{Place, Room};
use crate::error::ClientError;
use crate::nouns::Noun;
use crate::tablet::Tablet;
use crate::view::PaperPersonView;
use domain::calendar::completed_years;
use domain::child::Child;
use domain::problem::Problem;
use domain::scalar::Scalar;

/// The number of whoever looks after a child.
const CARER_PHONE: &str = "carer_phone";

/// The children a report is about, with telephone numbers as this person sees them in a file.
pub(super) fn people(room: &Room<'_>, problem: &Problem) -> Vec<PaperPersonView> {
    let packs = room.tablet.packs();
    let rule = packs.file.field("child", CARER_PHONE);
    let seen = rule.map(|rule| room.tablet.sees(rule));
    told(room, problem, |phone| seen.as_ref()?.text(phone))
}

/// The same for the paper the police get: whom they have to call stands there whole. Given out only after the row of the
/// trail says that it is printed, and for what. Nobody, for whoever is told a matter's number alone.
///
/// # Errors
/// `still_loading`, `not_found`.
pub(crate) fn whole(tablet: &Tablet, problem: &str) -> Result<Vec<PaperPersonView>, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(problem)?;
    if room.number_for_me(noun, Place::List)?.is_some() {
        return Ok(Vec::new());
    }
    Ok(told(&room, &noun.noun, |phone| Some(phone.to_owned())))
}

fn told(
    room: &Room<'_>,
    problem: &Problem,
    phone: impl Fn(&str) -> Option<String>,
) -> Vec<PaperPersonView> {
    let children = problem.children.iter();
    children
        .filter_map(|id| room.child_noun(id))
        .map(|noun| person(room, noun, &phone))
        .collect()
}

fn person(
    room: &Room<'_>,
    noun: &Noun<Child>,
    phone: &impl Fn(&str) -> Option<String>,
) -> PaperPersonView {
    let child = &noun.noun;
    let said = |key: &str| child.text(key).filter(|text| !text.is_empty());
    let home = child.household().and_then(|id| room.home(id));
    let at_home = |key: &str| {
        let value = home?.fields.get(key).and_then(Scalar::as_text)?;
        (!value.is_empty()).then(|| value.to_owned())
    };
    let birth = child.birth_date();
    let who = |role: &str| {
        let name = said(&format!("{role}_name"))?;
        let relation = said(&format!("{role}_relation"));
        let words = relation.map(|code| room.pack.label("REL", code));
        Some(words.map_or_else(|| name.to_owned(), |words| format!("{words} {name}")))
    };
    PaperPersonView {
        child: noun.id.to_string(),
        name: child.name().to_owned(),
        sex: said("sex")
            .map(|code| room.pack.label("SEX", code).to_owned())
            .unwrap_or_default(),
        age: birth.and_then(|birth| completed_years(birth, room.tablet.today())),
        birth: birth.map(|day| day.to_string()),
        village: room.people.unit_name(noun.unit),
        address: at_home("addr"),
        group: at_home("group"),
        landmark: at_home("landmark"),
        school: said("school_name").map(str::to_owned),
        carer: who("carer"),
        carer_phone: said(CARER_PHONE).and_then(phone),
        guardian: who("guardian"),
        guardian_phone: said("guardian_phone").and_then(phone),
    }
}
