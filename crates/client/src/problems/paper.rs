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
use ids::DocumentId;
use protocol::access::Reveal;

/// The number of whoever looks after a child.
const CARER_PHONE: &str = "carer_phone";
/// The number of whoever answers for it.
const GUARDIAN_PHONE: &str = "guardian_phone";

/// The children a report is about, with telephone numbers as this person sees them in a file.
pub(super) fn people(room: &Room<'_>, problem: &Problem) -> Vec<PaperPersonView> {
    let packs = room.tablet.packs();
    told(room, problem, |_, key, phone| {
        let rule = packs.file.field("child", key)?;
        room.tablet.sees(rule).text(phone)
    })
}

/// Whom a printed report is about.
#[derive(Default)]
pub(crate) struct OnPaper {
    /// The children, with their numbers as they stand on the paper.
    pub people: Vec<PaperPersonView>,
    /// Numbers that are whole there and behind a mask on a screen, by document and key: each is a row of the trail.
    pub whole: Vec<(DocumentId, String)>,
}

/// The same for the paper the police get: whom they have to call stands there whole, for the PIN where the rules ask it to
/// look behind such a mask. Given out only after the rows of the trail say that it is printed, for what, and which numbers
/// are whole on it. Nobody, for whoever is told a matter's number alone.
///
/// # Errors
/// `still_loading`, `not_found`, `pin_again`.
pub(crate) fn whole(tablet: &Tablet, problem: &str) -> Result<OnPaper, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(problem)?;
    if room.number_for_me(noun, Place::List)?.is_some() {
        return Ok(OnPaper::default());
    }
    let packs = tablet.packs();
    let mut whole = Vec::new();
    let mut wants_pin = false;
    let people = told(&room, &noun.noun, |child, key, phone| {
        let view = tablet.sees(packs.file.field("child", key)?);
        match view.reveal {
            _ if view.is_open() => {}
            Some(reveal @ (Reveal::Tap | Reveal::StepUp)) => {
                wants_pin |= reveal == Reveal::StepUp;
                whole.push((child, key.to_owned()));
            }
            // Nobody looks behind this one.
            Some(Reveal::BreakGlass) | None => return view.text(phone),
        }
        Some(phone.to_owned())
    });
    if wants_pin {
        tablet.require_step_up()?;
    }
    Ok(OnPaper { people, whole })
}

fn told(
    room: &Room<'_>,
    problem: &Problem,
    mut phone: impl FnMut(DocumentId, &str, &str) -> Option<String>,
) -> Vec<PaperPersonView> {
    let children = problem.children.iter();
    children
        .filter_map(|id| room.child_noun(id))
        .map(|noun| person(room, noun, &mut phone))
        .collect()
}

fn person(
    room: &Room<'_>,
    noun: &Noun<Child>,
    phone: &mut impl FnMut(DocumentId, &str, &str) -> Option<String>,
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
    let mut number = |key: &str| said(key).and_then(|text| phone(noun.id, key, text));
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
        carer_phone: number(CARER_PHONE),
        guardian: who("guardian"),
        guardian_phone: number(GUARDIAN_PHONE),
    }
}
