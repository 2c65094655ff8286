//! Sealed words of a case: where they are written, who reads them, 紧急查看 for whoever does not handle it, and what the head
//! says of that afterwards (docs/adr/0027).
//!
//! An opening is an entry of the sealed document itself. So it is on the disk, with its row of the trail, before a word is
//! shown; it needs no network; and it comes to the head and the handler by the same way as the words.

use crate::contacts::{note, options};
use crate::error::ClientError;
use crate::nouns::Noun;
use crate::persons::Persons;
use crate::problems::{self, Place, Room};
use crate::records::{self, Write};
use crate::roster::{self, Author, People};
use crate::standing;
use crate::system;
use crate::tablet::Tablet;
use crate::unit_keys;
use crate::view::{
    ConfidentialLineView, HandlerInput, IdInput, OpeningNoticeView, OpeningReviewView, OpeningView,
    OptionView, ProblemView, ReviewOpeningInput, SealedView, UrgentInput,
};
use domain::problem::{self, EventKind, Problem};
use domain::record::Edit;
use domain::restricted::{self, Leaving, Note, Opening, Restricted, Review, Words};
use ids::{DocKind, DocumentId, Role, StaffId};
use protocol::access::{Action, Block, Context, Handling, Reveal};
use std::collections::{BTreeSet, HashMap};
use store::projections::records as rows;
use store::unit_keys::UnitKeyRow;
use store::{Connection, StoreError, members};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The policy's list of reasons.
const REASONS: &str = "URGENT_REASON";

/// What is sealed about a case: the document its report began, and those that others began who do not hold that one. Each
/// entry goes with the document it stands in, which its words are bound to.
#[derive(Default)]
pub(crate) struct Case {
    documents: Vec<DocumentId>,
    notes: Vec<(DocumentId, Note)>,
    openings: Vec<(DocumentId, Opening)>,
    reviews: Vec<(DocumentId, Review)>,
    leavings: Vec<Leaving>,
}

impl Case {
    fn take(&mut self, document: DocumentId, restricted: Restricted) {
        fn of<T>(document: DocumentId, all: Vec<T>) -> impl Iterator<Item = (DocumentId, T)> {
            all.into_iter().map(move |one| (document, one))
        }
        self.documents.push(document);
        self.notes.extend(of(document, restricted.notes));
        self.openings.extend(of(document, restricted.openings));
        self.reviews.extend(of(document, restricted.reviews));
        self.leavings.extend(restricted.leavings);
        self.leavings.sort_by_key(|leaving| leaving.recorded_ms);
    }

    pub(crate) fn documents(&self) -> &[DocumentId] {
        &self.documents
    }

    pub(crate) fn notes(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().map(|(_, note)| note)
    }

    /// Offers of it to another place, oldest first.
    pub(crate) fn leavings(&self) -> impl DoubleEndedIterator<Item = &Leaving> {
        self.leavings.iter()
    }

    /// When something was written in it last, but for the offers.
    pub(crate) fn last_ms(&self) -> Option<i64> {
        let notes = self.notes().map(|note| note.recorded_ms);
        let openings = self.openings.iter().map(|(_, one)| one.recorded_ms);
        let reviews = self.reviews.iter().map(|(_, one)| one.recorded_ms);
        notes.chain(openings).chain(reviews).max()
    }

    /// The document the report began, where it is here.
    fn main(&self, named: Option<DocumentId>) -> Option<DocumentId> {
        let named = named.filter(|id| self.documents.contains(id));
        named.or_else(|| self.documents.first().copied())
    }
}

/// The sealed documents this device holds, by what they are about.
pub(crate) type Cases = HashMap<String, Case>;

/// Reads them; at the station only, elsewhere nobody reads any.
pub(crate) fn cases(tablet: &Tablet, connection: &Connection) -> Result<Cases, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Ok(Cases::new());
    }
    Ok(all(connection)?)
}

fn all(connection: &Connection) -> Result<Cases, StoreError> {
    let mut cases = Cases::new();
    for (document, record) in rows::all(connection, DocKind::Restricted)? {
        let mut restricted = Restricted::from_record(&record);
        if let Some(about) = restricted.about.take() {
            cases.entry(about).or_default().take(document, restricted);
        }
    }
    Ok(cases)
}

/// The document that a problem says its words are in.
fn named(problem: &Problem) -> Option<DocumentId> {
    DocumentId::parse(problem.text("restricted")?).ok()
}

/// Seals the words of a step of a problem, for the same save as the step: they go into a note of the step's id. A device that
/// holds no sealed document about it – a colleague's tablet in the village, one that lost what it had – begins one.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn seal_step(
    tablet: &Tablet,
    noun: &Noun<Problem>,
    step: &str,
    text: &str,
) -> Result<Write, ClientError> {
    let held = tablet.store.read(all)?;
    let held = held.get(&noun.id.to_string());
    let held = held.and_then(|case| case.main(named(&noun.noun)));
    let mut edits = Vec::new();
    if held.is_none() {
        edits.push(Edit::put("about", noun.id.to_string()));
    }
    let document = held.unwrap_or_else(|| DocumentId(tablet.new_id()));
    let note = Note {
        words: unit_keys::seal(tablet, document, step, text)?,
        id: step.to_owned(),
        kind: restricted::STEP.to_owned(),
        recorded_ms: tablet.clock.now_ms(),
        by: tablet.identity.staff.to_string(),
        made_by: None,
    };
    edits.push(note.to_edit());
    let station = tablet.identity.scope;
    Ok(Write::new(document, DocKind::Restricted, station, edits))
}

/// Words that stand open to this person now.
#[derive(Default)]
pub(crate) struct OpenWords {
    report: Option<String>,
    steps: HashMap<(String, StaffId), String>,
}

impl OpenWords {
    /// What was reported.
    pub(crate) fn of_report(&self) -> Option<&str> {
        self.report.as_deref()
    }

    /// What whoever made a step wrote with it. What somebody else hung on it is not hers.
    pub(crate) fn of_step(&self, step: &str, author: StaffId) -> Option<&str> {
        let words = self.steps.get(&(step.to_owned(), author));
        words.map(String::as_str)
    }
}

/// A case as this person stands to it now.
pub(crate) struct Standpoint<'a> {
    tablet: &'a Tablet,
    case: &'a Case,
    /// Where the report's words are, and openings go.
    document: DocumentId,
    authors: HashMap<[u8; 32], Author>,
    handler: Option<StaffId>,
    /// This person is not to act for the family (回避).
    recused: bool,
    headless: bool,
    now_ms: i64,
    keys: Vec<UnitKeyRow>,
    persons: Persons,
}

impl<'a> Standpoint<'a> {
    pub(crate) fn take(
        tablet: &'a Tablet,
        (problem, case): (&Problem, &'a Case),
        handler: Option<StaffId>,
        is_recused: impl Fn(StaffId) -> bool,
    ) -> Result<Self, ClientError> {
        let mut authors = HashMap::new();
        for document in &case.documents {
            authors.extend(roster::authors(tablet, *document)?);
        }
        let document = case.main(named(problem));
        Ok(Self {
            recused: is_recused(tablet.identity.staff),
            tablet,
            case,
            document: document.ok_or_else(|| ClientError::new("not_found"))?,
            authors,
            handler,
            headless: is_headless(tablet, is_recused)?,
            now_ms: standing::never_back_ms(tablet)?,
            keys: unit_keys::held(tablet)?,
            // Only an opening is asked about by two people, and few cases were opened.
            persons: match case.openings.is_empty() {
                true => Persons::default(),
                false => Persons::read(tablet)?,
            },
        })
    }

    /// Who made an entry, by the envelope and never by what the entry says.
    fn author(&self, made_by: Option<[u8; 32]>) -> Option<StaffId> {
        let author = made_by.and_then(|hash| self.authors.get(&hash))?;
        Some(author.staff)
    }

    fn me(&self) -> StaffId {
        self.tablet.identity.staff
    }

    /// Whether this person opened it, in whatever post she was then.
    fn is_mine(&self, opening: &Opening) -> bool {
        let opener = self.author(opening.made_by);
        opener.is_some_and(|opener| self.persons.are_same(opener, self.me()))
    }

    /// This person's opening that holds now.
    fn open_now(&self) -> Option<&Opening> {
        self.openings().find(|opening| {
            self.author(opening.made_by) == Some(self.me()) && opening.holds(self.now_ms)
        })
    }

    fn openings(&self) -> impl Iterator<Item = &'a Opening> + use<'a> {
        self.case.openings.iter().map(|(_, opening)| opening)
    }

    /// What this person has to do with it.
    pub(crate) fn handling(&self) -> Handling {
        if self.recused {
            Handling::Recused
        } else if self.handler == Some(self.me()) {
            Handling::Handler
        } else if self.open_now().is_some() {
            Handling::BrokeGlass
        } else {
            Handling::Colleague
        }
    }

    /// Where the report's words are, which the PIN is given for.
    pub(crate) fn document(&self) -> DocumentId {
        self.document
    }

    /// Whether this person reads the words by right, or opened them urgently.
    pub(crate) fn may_read(&self) -> bool {
        let view = self.tablet.sees_case(Block::SealedNote, self.handling());
        view.is_open() || view.reveal == Some(Reveal::StepUp)
    }

    /// Whether the words go to the screen: she opened them urgently, or has the right and gave the PIN for them.
    pub(crate) fn is_open(&self) -> bool {
        let view = self.tablet.sees_case(Block::SealedNote, self.handling());
        let gave_pin = || self.tablet.open_with_pin_ms(self.document).is_some();
        view.is_open() || view.reveal == Some(Reveal::StepUp) && gave_pin()
    }

    /// When they close again by themselves.
    pub(crate) fn closes_in_ms(&self) -> Option<i64> {
        match self.handling() {
            Handling::BrokeGlass => Some(self.open_now()?.until_ms - self.now_ms),
            _ => self.tablet.open_with_pin_ms(self.document),
        }
    }

    /// The words; none where they stay closed.
    pub(crate) fn words(&self) -> Option<OpenWords> {
        if !self.is_open() {
            return None;
        }
        let mut report = Vec::new();
        let mut steps = HashMap::new();
        for (document, note) in &self.case.notes {
            let words = self.opened(*document, &note.id, &note.words);
            if note.kind == restricted::STEP {
                if let (Some(author), Some(words)) = (self.author(note.made_by), words) {
                    steps.insert((note.id.clone(), author), words);
                }
            } else if *document == self.document {
                report.push(words);
            }
        }
        let report: Option<Vec<String>> = report.into_iter().collect();
        let report = report.filter(|words| !words.is_empty());
        Some(OpenWords {
            report: report.map(|words| words.join("\n")),
            steps,
        })
    }

    /// Every note there is, oldest first, with whoever wrote it by the envelope; none where they stay closed.
    pub(crate) fn lines(&self, people: &People) -> Option<Vec<ConfidentialLineView>> {
        if !self.is_open() {
            return None;
        }
        let mut notes: Vec<&(DocumentId, Note)> = self.case.notes.iter().collect();
        notes.sort_by_key(|(_, note)| note.recorded_ms);
        let unknown = || roster::UNKNOWN_PERSON.to_owned();
        let lines = notes.into_iter().map(|(document, note)| {
            let author = self.author(note.made_by);
            ConfidentialLineView {
                text: self.opened(*document, &note.id, &note.words),
                by: author.map_or_else(unknown, |staff| people.name(staff)),
                at: system::moment(note.recorded_ms),
            }
        });
        Some(lines.collect())
    }

    /// What stands in an entry, if this device was given the key it is sealed to.
    fn opened(&self, document: DocumentId, entry: &str, words: &Words) -> Option<String> {
        unit_keys::open(self.tablet, &self.keys, document, entry, words)
    }

    /// Some of the words are sealed to a key this device was not given yet.
    fn lacks_key(&self) -> bool {
        let mut notes = self.case.notes.iter();
        notes.any(|(document, note)| self.opened(*document, &note.id, &note.words).is_none())
    }

    /// What was said of an opening: the first word of somebody of the station who is not the one who opened.
    fn review_of(&self, opening: &Opening) -> Option<&(DocumentId, Review)> {
        let opener = self.author(opening.made_by);
        self.case.reviews.iter().find(|(_, review)| {
            let is_another = |reviewer: StaffId| {
                opener.is_none_or(|opener| !self.persons.are_same(reviewer, opener))
            };
            review.opening == opening.id && self.author(review.made_by).is_some_and(is_another)
        })
    }

    fn may_review(&self, opening: &Opening) -> bool {
        let context = Context {
            headless: self.headless,
            ..Context::default()
        };
        !self.recused
            && self.review_of(opening).is_none()
            && !self.is_mine(opening)
            && self
                .tablet
                .require_in(Action::ReviewOpening, context)
                .is_ok()
    }

    /// The head and the handler see every opening, whoever opened it her own.
    fn is_told_of(&self, opening: &Opening) -> bool {
        if self.recused {
            return self.is_mine(opening);
        }
        self.tablet.identity.role == Role::Head
            || self.handler == Some(self.me())
            || self.may_review(opening)
            || self.is_mine(opening)
    }

    pub(crate) fn view(&self, room: &Room<'_>) -> Result<SealedView, ClientError> {
        let openings = self.case.openings.iter();
        Ok(SealedView {
            open: self.is_open(),
            seconds: self
                .closes_in_ms()
                .filter(|_| self.is_open())
                .and_then(|left_ms| u32::try_from(left_ms / 1_000 + 1).ok()),
            may_read: self.may_read(),
            lacks_key: self.lacks_key(),
            open_until: self
                .open_now()
                .filter(|_| self.handling() == Handling::BrokeGlass)
                .map(|opening| system::moment(opening.until_ms)),
            reasons: options(room.pack.list(REASONS), room.tablet.today()),
            minutes: room.pack.rules.urgent_minutes,
            openings: openings
                .filter(|(_, opening)| self.is_told_of(opening))
                .map(|(document, opening)| self.opening_view(room, *document, opening))
                .collect(),
        })
    }

    fn opening_view(
        &self,
        room: &Room<'_>,
        document: DocumentId,
        opening: &Opening,
    ) -> OpeningView {
        let words = |document: DocumentId, entry: &str, words: &Words| {
            self.opened(document, entry, words).unwrap_or_default()
        };
        let name = |made_by| {
            let author = self.author(made_by);
            author.map_or_else(
                || roster::UNKNOWN_PERSON.to_owned(),
                |staff| room.people.name(staff),
            )
        };
        OpeningView {
            opening: opening.id.clone(),
            by: name(opening.made_by),
            at: system::moment(opening.recorded_ms),
            until: system::moment(opening.until_ms),
            reason: reason_words(room, &opening.reason),
            text: words(document, &opening.id, &opening.words),
            review: self
                .review_of(opening)
                .map(|(document, review)| OpeningReviewView {
                    by: name(review.made_by),
                    at: system::moment(review.recorded_ms),
                    justified: review.justified,
                    text: words(*document, &review.id, &review.words),
                }),
            may_review: self.may_review(opening),
        }
    }

    /// Openings nobody has said anything of yet, for the head and the handler.
    fn notices(&self, room: &Room<'_>, problem: &str, kind: &str) -> Vec<OpeningNoticeView> {
        let openings = self.case.openings.iter();
        openings
            .filter(|(_, opening)| {
                self.review_of(opening).is_none()
                    && self.is_told_of(opening)
                    && !self.is_mine(opening)
            })
            .map(|(document, opening)| {
                let view = self.opening_view(room, *document, opening);
                OpeningNoticeView {
                    problem: problem.to_owned(),
                    kind: kind.to_owned(),
                    by: view.by,
                    at: view.at,
                    reason: view.reason,
                    to_review: view.may_review,
                }
            })
            .collect()
    }
}

/// What waits for this person: openings of cases she handles, and for the head all of them, until they are reviewed.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub(crate) fn notices(tablet: &Tablet) -> Result<Vec<OpeningNoticeView>, ClientError> {
    let room = Room::open(tablet)?;
    let mut found = Vec::new();
    for noun in &room.problems {
        let Some(standpoint) = room.standpoint(noun)? else {
            continue;
        };
        let id = noun.id.to_string();
        let number = room.number_for_me(noun, Place::List)?;
        let kind = number.unwrap_or_else(|| room.kind_words(noun));
        found.extend(standpoint.notices(&room, &id, &kind));
    }
    found.sort_by(|a, b| b.at.cmp(&a.at));
    Ok(found)
}

/// 紧急查看: opens the sealed words of a case somebody else handles, for some minutes. The head and the handler are told.
///
/// # Errors
/// `not_found`, `recused`, `not_allowed`, `pin_again`, `value_invalid`, `reason_missing`, `urgent_enough`,
/// `urgent_unreviewed`, `disk_full`: then nothing is shown.
pub fn open_urgently(tablet: &Tablet, input: &UrgentInput) -> Result<ProblemView, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(&input.problem)?;
    let standpoint = room
        .standpoint(noun)?
        .ok_or_else(|| ClientError::new("not_found"))?;
    if standpoint.recused {
        return Err(ClientError::new("recused"));
    }
    tablet.require(Action::BreakGlass)?;
    if !standpoint.may_read() {
        let reasons = room.pack.list(REASONS);
        if !reasons.is_empty() && !reasons.iter().any(|known| known.code == input.reason) {
            return Err(ClientError::new("value_invalid").with("value", &input.reason));
        }
        let text = note(&input.text)?;
        if text.is_empty() {
            return Err(ClientError::new("reason_missing"));
        }
        hold_back(&room, noun, &standpoint)?;
        let minutes = i64::from(room.pack.rules.urgent_minutes);
        let id = tablet.new_id().to_string();
        let opening = Opening {
            words: unit_keys::seal(tablet, standpoint.document, &id, &text)?,
            id: id.clone(),
            reason: input.reason.clone(),
            recorded_ms: standpoint.now_ms,
            until_ms: standpoint.now_ms + minutes * 60_000,
            by: tablet.identity.staff.to_string(),
            made_by: None,
        };
        save(
            tablet,
            &standpoint,
            &room,
            "opened_urgently",
            noun,
            &id,
            opening.to_edit(),
        )?;
    }
    again(tablet, &input.problem)
}

/// The brakes on 紧急查看: about so many children a day, and none while an opening of hers waits too long for its review.
///
/// They hold in danger, too. What helps then – the child, where it is, what kind of harm, how urgent, who was called – is
/// no sealed word; 110 needs none; and the handler and the head, whom the refusal names, read the words at once. A reason
/// that lifted the brakes would be the reason everybody taps.
fn hold_back(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    asked: &Standpoint<'_>,
) -> Result<(), ClientError> {
    let rules = &room.pack.rules;
    let overdue_ms = asked.now_ms - i64::from(rules.urgent_review_days) * DAY_MS;
    let mut children: BTreeSet<&str> = noun.noun.children.iter().map(String::as_str).collect();
    let mut is_overdue = false;
    for other in &room.problems {
        let Some(standpoint) = room.standpoint(other)? else {
            continue;
        };
        let mine = standpoint
            .openings()
            .filter(|opening| standpoint.is_mine(opening));
        for opening in mine {
            if opening.recorded_ms > asked.now_ms - DAY_MS {
                children.extend(other.noun.children.iter().map(String::as_str));
            }
            is_overdue |=
                opening.recorded_ms < overdue_ms && standpoint.review_of(opening).is_none();
        }
    }
    let refusal = if is_overdue {
        ClientError::new("urgent_unreviewed").with("days", rules.urgent_review_days)
    } else if children.len() > rules.urgent_children as usize {
        ClientError::new("urgent_enough").with("n", rules.urgent_children)
    } else {
        return Ok(());
    };
    Err(refusal.with("who", whom_to_phone(room, noun, asked)?))
}

/// Who reads the words at once: the handler, and the heads; where there is neither, whoever may take the case up.
fn whom_to_phone(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    asked: &Standpoint<'_>,
) -> Result<String, ClientError> {
    let staff = room.tablet.store.read(members::all_staff)?;
    let mut who: Vec<String> = asked
        .handler
        .map(|staff| room.people.name(staff))
        .into_iter()
        .collect();
    who.extend(
        staff
            .into_iter()
            .filter(|person| person.role == Role::Head && person.ended_ms.is_none())
            .filter(|person| Some(person.staff) != asked.handler)
            .map(|person| person.name),
    );
    if who.is_empty() {
        let me = asked.me().to_string();
        let others = who_may_handle(room, noun)?.into_iter();
        who.extend(others.filter(|one| one.code != me).map(|one| one.label));
    }
    Ok(match who.is_empty() {
        true => room.tablet.township(),
        false => who.join("、"),
    })
}

/// 看原话: the head and the handler read the words, for the PIN and while it is good. That they are looked at is in the
/// trail before they are shown ([`problems::problem`]).
///
/// # Errors
/// `not_found`, `not_allowed`, `pin_again`, `look_not_noted`.
pub fn show_words(tablet: &Tablet, input: &IdInput) -> Result<ProblemView, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(&input.id)?;
    let standpoint = room
        .standpoint(noun)?
        .ok_or_else(|| ClientError::new("not_found"))?;
    if !standpoint.may_read() {
        return Err(ClientError::new("not_allowed"));
    }
    tablet.open_with_pin(standpoint.document)?;
    again(tablet, &input.id)
}

/// What the head says of an opening. As long as the township has no head, a colleague who did not open it herself.
///
/// # Errors
/// `not_found`, `not_allowed`, `reason_missing`, `disk_full`.
pub fn review_opening(
    tablet: &Tablet,
    input: &ReviewOpeningInput,
) -> Result<ProblemView, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(&input.problem)?;
    let standpoint = room
        .standpoint(noun)?
        .ok_or_else(|| ClientError::new("not_found"))?;
    let opening = standpoint
        .openings()
        .find(|opening| opening.id == input.opening)
        .ok_or_else(|| ClientError::new("not_found"))?;
    if !standpoint.may_review(opening) {
        return Err(ClientError::new("not_allowed"));
    }
    let text = note(&input.text)?;
    if text.is_empty() {
        return Err(ClientError::new("reason_missing"));
    }
    let id = tablet.new_id().to_string();
    let review = Review {
        words: unit_keys::seal(tablet, standpoint.document, &id, &text)?,
        id: id.clone(),
        opening: opening.id.clone(),
        justified: input.justified,
        recorded_ms: tablet.clock.now_ms(),
        by: tablet.identity.staff.to_string(),
        made_by: None,
    };
    save(
        tablet,
        &standpoint,
        &room,
        "opening_reviewed",
        noun,
        &id,
        review.to_edit(),
    )?;
    again(tablet, &input.problem)
}

/// Names who handles a case from now on (经办人).
///
/// # Errors
/// `not_found`, `not_allowed`, `recused`, `value_invalid` for somebody who does not work at the station or is not to act
/// for this family, `disk_full`.
pub fn name_handler(tablet: &Tablet, input: &HandlerInput) -> Result<ProblemView, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(&input.problem)?;
    let severity = noun.noun.text("severity").unwrap_or_default();
    if !problem::may(tablet.identity.role, EventKind::HandlerNamed, severity) {
        return Err(ClientError::new("not_allowed"));
    }
    if room.is_recused(tablet.identity.staff, noun) {
        return Err(ClientError::new("recused"));
    }
    let known = who_may_handle(&room, noun)?;
    if !known.iter().any(|colleague| colleague.code == input.staff) {
        return Err(ClientError::new("value_invalid").with("value", &input.staff));
    }
    let id = tablet.new_id().to_string();
    let by = tablet.identity.staff.to_string();
    let edit = problem::name_handler(&id, &input.staff, tablet.clock.now_ms(), &by);
    let label = room.label(noun)?;
    let write = Write::new(noun.id, DocKind::Problem, noun.unit, vec![edit]);
    records::save(
        tablet,
        "handler_named",
        &[write.labelled("problem", label, &id)],
    )?;
    again(tablet, &input.problem)
}

/// Writes into what is sealed about problems that are offered elsewhere who handles them, when they were reported and about
/// which families: their own documents go, and what is sealed stays (docs/adr/0054).
///
/// # Errors
/// `still_loading`, `disk_full`.
pub(crate) fn note_leaving(tablet: &Tablet, going: &[DocumentId]) -> Result<(), ClientError> {
    let room = Room::open(tablet)?;
    let mut writes = Vec::new();
    for noun in room.problems.iter().filter(|one| going.contains(&one.id)) {
        let Some(standpoint) = room.standpoint(noun)? else {
            continue;
        };
        let leaving = Leaving {
            id: tablet.new_id().to_string(),
            handler: standpoint.handler.map(|staff| staff.to_string()),
            reported_on: noun.noun.text("reported_on").map(str::to_owned),
            family: room.family(noun).iter().map(ToString::to_string).collect(),
            recorded_ms: tablet.clock.now_ms(),
            by: tablet.identity.staff.to_string(),
            made_by: None,
        };
        let (document, station) = (standpoint.document, tablet.identity.scope);
        let edits = vec![leaving.to_edit()];
        let write = Write::new(document, DocKind::Restricted, station, edits);
        writes.push(write.labelled("problem", room.label(noun)?, &leaving.id));
    }
    if writes.is_empty() {
        return Ok(());
    }
    records::save(tablet, "handler_noted", &writes)
}

/// Who works at the station and may act for the family, by name.
pub(crate) fn who_may_handle(
    room: &Room<'_>,
    noun: &Noun<Problem>,
) -> Result<Vec<OptionView>, ClientError> {
    let staff = room.tablet.store.read(members::all_staff)?;
    Ok(staff
        .into_iter()
        .filter(|person| person.role.is_at_station() && person.ended_ms.is_none())
        .filter(|person| !room.is_recused(person.staff, noun))
        .map(|person| OptionView {
            code: person.staff.to_string(),
            label: person.name,
        })
        .collect())
}

/// No head whose appointment runs may act for it.
pub(crate) fn is_headless(
    tablet: &Tablet,
    is_recused: impl Fn(StaffId) -> bool,
) -> Result<bool, ClientError> {
    let staff = tablet.store.read(members::all_staff)?;
    let is_head = |person: &members::StaffRow| person.role == Role::Head;
    Ok(!staff
        .iter()
        .any(|person| is_head(person) && person.ended_ms.is_none() && !is_recused(person.staff)))
}

fn save(
    tablet: &Tablet,
    standpoint: &Standpoint<'_>,
    room: &Room<'_>,
    action: &str,
    problem: &Noun<Problem>,
    id: &str,
    edit: Edit,
) -> Result<(), ClientError> {
    let write = Write::new(
        standpoint.document,
        DocKind::Restricted,
        tablet.identity.scope,
        vec![edit],
    );
    let label = room.label(problem)?;
    records::save(tablet, action, &[write.labelled("problem", label, id)])
}

fn again(tablet: &Tablet, problem: &str) -> Result<ProblemView, ClientError> {
    problems::problem(
        tablet,
        &IdInput {
            id: problem.to_owned(),
        },
    )
}

fn reason_words(room: &Room<'_>, code: &str) -> String {
    let known = room.pack.list(REASONS).iter();
    let known = known.filter(|reason| reason.code == code);
    known
        .map(|reason| reason.label.clone())
        .next()
        .unwrap_or_else(|| code.to_owned())
}
