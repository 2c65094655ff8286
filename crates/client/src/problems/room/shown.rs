//! How a problem is shown: as a row, as a page, under its number, and as a case that is sent.

use super::{Place, Room, Told, is_sealed};
use crate::attachments;
use crate::contacts::options;
use crate::countersign;
use crate::error::ClientError;
use crate::nouns::Noun;
use crate::problems::reported::CaseStep;
use crate::problems::{acts, origin, packets, paper, steps};
use crate::restricted::{self, OpenWords, Standpoint};
use crate::roster::{self, record_state};
use crate::system;
use crate::view::{
    LeftChildView, OptionView, ProblemChoicesView, ProblemDetailView, ProblemEventView,
    ProblemPaper, ProblemRow, ProblemState, ProblemView, RecordState,
};
use domain::calendar::add_days;
use domain::problem::{self, Event, EventKind, Fold, Problem, Review, State};
use ids::{Role, StaffId};
use store::countersignatures::Countersignature;

impl Room<'_> {
    /// The type's usual time is over and it is still open. Nothing follows from it.
    fn is_past_usual(&self, noun: &Noun<Problem>, told: &Told) -> bool {
        let kind = self.pack.problem(told.main(&noun.noun));
        let days = kind.map_or(0, |kind| kind.due_days);
        let reported = noun.noun.events.first();
        days > 0
            && told.fold.state.is_open()
            && reported.is_some_and(|event| {
                add_days(system::civil_date(event.recorded_ms), days) < self.tablet.today()
            })
    }

    /// A matter as it is shown there: under its number alone where that is all this person is told.
    pub(in crate::problems) fn row(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
        place: Place,
    ) -> Result<ProblemRow, ClientError> {
        let row = self.whole_row(noun, told);
        Ok(match self.number_for_me(noun, place)? {
            Some(number) => ProblemRow {
                names: String::new(),
                child: String::new(),
                kind: number,
                also: Vec::new(),
                by: String::new(),
                seen: String::new(),
                last_answer: None,
                // From this and from who is not to act for whom follows whose matter it is.
                handlerless: false,
                next: row.next.map(steps::without_words),
                ..row
            },
            None => row,
        })
    }

    fn whole_row(&self, noun: &Noun<Problem>, told: &Told) -> ProblemRow {
        let problem = &noun.noun;
        let first = problem.events.first();
        let by = first.and_then(|event| told.author(event)).map_or_else(
            || roster::UNKNOWN_PERSON.to_owned(),
            |author| self.people.name(author.staff),
        );
        let record_state = problem
            .events
            .iter()
            .map(|event| record_state(&self.states, &event.id))
            .find(|state| *state != RecordState::Delivered)
            .unwrap_or(RecordState::Delivered);
        let dues = steps::dues(self, noun, told);
        ProblemRow {
            problem: noun.id.to_string(),
            number: self.number(noun),
            names: self.names(problem),
            child: problem.text("child").unwrap_or_default().to_owned(),
            village: self.people.unit_name(noun.unit),
            kind: self.kind_words(noun),
            also: self.types_words(&told.fold.also),
            severity: told.fold.severity.clone(),
            urgency: self.urgency(problem, &told.fold),
            state: state_view(told.fold.state),
            by,
            at: system::moment(first.map_or(0, |event| event.recorded_ms)),
            seen: first_sentence(first.map_or("", |event| event.text.as_str())),
            last_answer: problem
                .events
                .iter()
                .rev()
                .find(|event| {
                    told.author(event).is_some_and(|author| {
                        self.people
                            .role(author.staff)
                            .is_some_and(Role::is_at_station)
                    }) && !event.text.is_empty()
                        && !event.sealed
                        // Said to whoever was given something, and not to the village.
                        && !EventKind::parse(&event.kind).is_some_and(packets::is_of_packets)
                })
                .map(|event| event.text.clone()),
            unread: self.is_unread(noun, told),
            record_state,
            requested_close: told.fold.close_requested,
            reopened: told.fold.reopened && told.fold.state.is_open(),
            not_such_case: problem.text("mandatory_choice") == Some("not_such_case")
                && told.fold.state == State::Reported,
            review: self.review(&told.fold).map(str::to_owned),
            past_usual: self.is_past_usual(noun, told),
            handlerless: self.tablet.identity.role.is_at_station()
                && self.lost_its_handler(noun, told),
            next: steps::shown(self, &dues).map(|due| steps::view(self, problem, &due)),
        }
    }

    /// How it stands with the district, which is the station's business.
    fn review(&self, fold: &Fold) -> Option<&'static str> {
        if !self.tablet.identity.role.is_at_station() {
            return None;
        }
        match (fold.review, fold.not_over) {
            (Some(Review::Waiting), _) => Some("waiting"),
            (Some(Review::Countersigned), _) => Some("countersigned"),
            (None, Some(_)) => Some("not_over"),
            (None, None) => None,
        }
    }

    /// How soon, in the words it was reported with; in those of the severity where its type is graver, or the station changed it.
    fn urgency(&self, problem: &Problem, fold: &Fold) -> String {
        let said = problem.text("urgency");
        let urgency = said.and_then(|code| self.pack.urgency(code));
        urgency
            .filter(|urgency| urgency.severity == fold.severity)
            .map_or_else(
                || self.pack.label(acts::SEVERITY, &fold.severity).to_owned(),
                |urgency| urgency.label.clone(),
            )
    }

    fn is_unread(&self, noun: &Noun<Problem>, told: &Told) -> bool {
        let events = &noun.noun.events;
        let read_ms = self.marks.get(&noun.id).map(|mark| mark.read_ms);
        if let Some(not_over) = told.fold.not_over
            && read_ms.is_none_or(|read_ms| read_ms < not_over.at_ms)
        {
            return true;
        }
        let read = self.marks.get(&noun.id).and_then(|mark| mark.event.clone());
        let newest_foreign = events.iter().rev().find(|event| {
            told.author(event)
                .is_some_and(|author| author.staff != self.tablet.identity.staff)
        });
        // What was answered before this device came to the village is not news to it.
        let since = self.tablet.identity.enrolled_ms;
        newest_foreign
            .filter(|event| event.recorded_ms >= since)
            .is_some_and(|event| {
                let place = |id: &str| events.iter().position(|one| one.id == id);
                match read.as_deref().and_then(place) {
                    Some(mark) => place(&event.id).is_some_and(|at| at > mark),
                    None => true,
                }
            })
    }

    pub(in crate::problems) fn view(
        &self,
        noun: &Noun<Problem>,
    ) -> Result<ProblemView, ClientError> {
        let told = self.told(noun)?;
        let fold = &told.fold;
        let standpoint = self.standpoint(noun)?;
        let sealed = standpoint.as_ref().and_then(Standpoint::words);
        let recused = self.is_recused(self.tablet.identity.staff, noun);
        let mut events = Vec::new();
        for (event, allowed) in noun.noun.events.iter().zip(&fold.allowed) {
            events.push(self.event(noun, &told, event, *allowed, sealed.as_ref())?);
            if *allowed && event.is(EventKind::Closed) {
                let said = told.said.iter();
                for said in said.filter(|said| said.closing.to_string() == event.id) {
                    events.push(self.district(said, recused)?);
                }
            }
        }
        let why_not_close = acts::why_not_close(self, noun, &told);
        let choices = acts::choices(self, noun, &told)?;
        let dues = steps::dues(self, noun, &told);
        let merged_into = match fold.state {
            State::Merged => self.merged_into(noun, fold)?,
            _ => None,
        };
        let handler = self.handler(noun, &told);
        let listed = self.number_for_me(noun, Place::List)?;
        let row = self.row(noun, &told, Place::Page)?;
        if self.number_for_me(noun, Place::Page)?.is_some() {
            return Ok(self.numbered(noun, &told, row, recused, handler));
        }
        let may_name = !recused
            && problem::may(
                self.tablet.identity.role,
                EventKind::HandlerNamed,
                &fold.severity,
            );
        let mut may = self.may(noun, &told, recused, &choices);
        if listed.is_some() || !packets::is_for_me(self, noun, &told) {
            // What leaves with its referrals is the handler's and the head's.
            may.retain(|kind| !EventKind::parse(kind).is_some_and(packets::is_of_packets));
        }
        let is_open =
            |kind: &&String| EventKind::parse(kind).is_some_and(|kind| !self.seals(noun, kind));
        let people = match listed {
            Some(_) => Vec::new(),
            None => paper::people(self, &noun.noun),
        };
        let is_numbered = listed.is_some();
        Ok(ProblemView {
            paper: match listed {
                Some(number) => numbered_paper(number),
                None => ProblemPaper {
                    who: format!("{}（{}）", row.names, row.village),
                    what: row.kind.clone(),
                    by: row.by.clone(),
                },
            },
            row,
            events,
            open_words: may.iter().filter(is_open).cloned().collect(),
            may,
            choices,
            steps: dues
                .iter()
                .map(|due| steps::view(self, &noun.noun, due))
                .collect(),
            left: self.left(noun, &told, is_numbered)?,
            why_not_close: why_not_close
                .filter(|_| fold.state.is_open() && self.tablet.identity.role.is_at_station())
                .map(str::to_owned),
            lead: self.lead(told.main(&noun.noun)),
            usual_days: self
                .pack
                .problem(told.main(&noun.noun))
                .map(|kind| kind.due_days)
                .filter(|days| *days > 0),
            merged_into,
            words_sealed: is_sealed(&noun.noun),
            attachments: attachments::of_document(self.tablet, noun.id, |_| true)?,
            mandatory: mandatory_words(&noun.noun),
            origin: origin::words(&self.pack, &noun.noun),
            since: origin::since(&noun.noun),
            handler: handler.map(|staff| self.people.name(staff)),
            people,
            recused,
            may_be_handled_by: if may_name {
                restricted::who_may_handle(self, noun)?
            } else {
                Vec::new()
            },
            sealed: standpoint
                .map(|standpoint| standpoint.view(self))
                .transpose()?,
            packets: match self.tablet.identity.role.is_at_station() {
                true if packets::is_for_me(self, noun, &told) => packets::of_problem(self, &told),
                true => {
                    let rows = packets::of_problem(self, &told).into_iter();
                    rows.map(packets::without_words).collect()
                }
                false => Vec::new(),
            },
        })
    }

    /// The children that need not be seen any more before it is closed, for whoever closes it. Where this person is told a
    /// number alone in lists, nobody's name is said beside it.
    fn left(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
        is_numbered: bool,
    ) -> Result<Vec<LeftChildView>, ClientError> {
        let fold = &told.fold;
        let is_station = self.tablet.identity.role.is_at_station();
        if !is_station || !fold.state.is_open() || !acts::is_grave(&fold.severity) {
            return Ok(Vec::new());
        }
        let left = self.left_children(noun, told)?.iter().cloned();
        let shown = left.map(|child| LeftChildView {
            name: child.name.filter(|_| !is_numbered),
            ..child
        });
        Ok(shown.collect())
    }

    /// Who usually leads in a matter of a type, in words.
    fn lead(&self, kind: &str) -> Vec<String> {
        let codes = self.pack.problem(kind).map_or(&[][..], |kind| &kind.lead);
        codes
            .iter()
            .map(|code| {
                let labels = ["REFERRAL_BODY", "TOLD", "LEAD"].into_iter();
                let mut labels = labels.map(|list| self.pack.label(list, code));
                labels
                    .find(|label| label != code)
                    .unwrap_or(code)
                    .to_owned()
            })
            .collect()
    }

    /// What this person may add now.
    fn may(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
        recused: bool,
        choices: &ProblemChoicesView,
    ) -> Vec<String> {
        let role = self.tablet.identity.role;
        let fold = &told.fold;
        let calls = fold.counted(&noun.noun.events);
        let was_called = calls
            .filter(|(_, kind, _)| *kind == EventKind::Called)
            .count()
            > 0;
        let mut may: Vec<String> = problem::offers(role, fold)
            .into_iter()
            .filter(|kind| !(recused && problem::decides(*kind)))
            .filter(|kind| match kind {
                EventKind::Called => fold.severity == "S1" || was_called,
                EventKind::PoliceFeedback => was_called,
                EventKind::Closed => acts::why_not_close(self, noun, told).is_none(),
                EventKind::Merged => !choices.into.is_empty(),
                EventKind::Reopened => !acts::is_long_over(self, noun, told),
                _ => true,
            })
            .map(|kind| kind.as_str().to_owned())
            .collect();
        let accepted = EventKind::Accepted.as_str();
        if !may.iter().any(|kind| kind == accepted) && self.may_take_over(noun, told) {
            may.insert(0, accepted.to_owned());
        }
        let open = fold.state.is_open() && fold.state != State::Reported;
        if role == Role::Director && !recused && open && !fold.close_requested {
            may.push(EventKind::Closed.as_str().to_owned());
        }
        may
    }

    /// A matter of which this person is told its number alone: where it stands, what is to be done, and which steps there
    /// were; nobody's words, and nothing that says what or whom it is about. She may go on with it under the number.
    fn numbered(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
        row: ProblemRow,
        recused: bool,
        handler: Option<StaffId>,
    ) -> ProblemView {
        let today = self.tablet.today();
        let choices = ProblemChoicesView {
            measures: options(self.pack.list(acts::MEASURE), today),
            numbers: options(&self.pack.mandatory.numbers, today),
            outcomes: options(self.pack.list(acts::POLICE_FEEDBACK), today),
            ..ProblemChoicesView::default()
        };
        let events = noun.noun.events.iter().zip(&told.fold.allowed);
        let events = events.map(|(event, allowed)| {
            let kind = EventKind::parse(&event.kind);
            let author = told.author(event);
            ProblemEventView {
                event: event.id.clone(),
                kind: shown_kind(event, kind, *allowed),
                text: String::new(),
                sealed: false,
                by: String::new(),
                role: role_words(author.and_then(|author| self.people.role(author.staff)))
                    .to_owned(),
                at: system::moment(event.recorded_ms),
                state: record_state(&self.states, &event.id),
                is_request: !allowed && kind.is_some(),
                detail: ProblemDetailView::default(),
            }
        });
        let dues = steps::dues(self, noun, told);
        ProblemView {
            people: Vec::new(),
            open_words: Vec::new(),
            paper: numbered_paper(row.kind.clone()),
            events: events.collect(),
            may: self
                .may(noun, told, recused, &choices)
                .into_iter()
                .filter(|kind| !EventKind::parse(kind).is_some_and(packets::is_of_packets))
                .collect(),
            steps: dues
                .iter()
                .map(|due| steps::without_words(steps::view(self, &noun.noun, due)))
                .collect(),
            choices,
            left: Vec::new(),
            why_not_close: None,
            lead: Vec::new(),
            usual_days: None,
            merged_into: None,
            words_sealed: is_sealed(&noun.noun),
            attachments: Vec::new(),
            mandatory: None,
            handler: handler.map(|staff| self.people.name(staff)),
            may_be_handled_by: Vec::new(),
            recused,
            origin: None,
            since: None,
            sealed: None,
            packets: Vec::new(),
            row,
        }
    }

    fn merged_into(
        &self,
        noun: &Noun<Problem>,
        fold: &Fold,
    ) -> Result<Option<OptionView>, ClientError> {
        let event = noun.noun.events.get(fold.since);
        let Some(into) = event.and_then(|event| event.detail.into.clone()) else {
            return Ok(None);
        };
        let title = self.title_of(&into)?;
        Ok(title.map(|label| OptionView { label, code: into }))
    }

    fn event(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
        event: &Event,
        allowed: bool,
        words: Option<&OpenWords>,
    ) -> Result<ProblemEventView, ClientError> {
        let author = told.author(event);
        let role = author.and_then(|author| self.people.role(author.staff));
        let kind = EventKind::parse(&event.kind);
        let is_report = kind == Some(EventKind::Reported) && is_sealed(&noun.noun);
        let open = words.and_then(|words| match author {
            _ if is_report => words.of_report(),
            Some(author) if event.sealed => words.of_step(&event.id, author.staff),
            _ => None,
        });
        let hidden =
            kind.is_some_and(packets::is_of_packets) && !packets::is_for_me(self, noun, told);
        let text = match kind {
            _ if hidden => String::new(),
            Some(EventKind::HandlerNamed) => self.person(event.handler.as_deref()),
            _ => open.unwrap_or(&event.text).to_owned(),
        };
        Ok(ProblemEventView {
            event: event.id.clone(),
            kind: shown_kind(event, kind, allowed),
            text,
            sealed: is_report || event.sealed,
            by: author.map_or_else(
                || roster::UNKNOWN_PERSON.to_owned(),
                |author| self.people.name(author.staff),
            ),
            role: role_words(role).to_owned(),
            at: system::moment(event.recorded_ms),
            state: record_state(&self.states, &event.id),
            is_request: !allowed && kind.is_some(),
            detail: match hidden {
                true => ProblemDetailView::default(),
                false => self.detail(noun, told, event)?,
            },
        })
    }

    /// What the district said of a closing, told where the closing stands. Who said it and why is the station's business;
    /// what follows from it for the village the station tells.
    fn district(
        &self,
        said: &Countersignature,
        recused: bool,
    ) -> Result<ProblemEventView, ClientError> {
        let is_station = self.tablet.identity.role.is_at_station();
        let text = if is_station && !recused {
            countersign::reason(self.tablet, said)?
        } else {
            None
        };
        Ok(ProblemEventView {
            event: format!("{}-district", said.closing),
            kind: said.verdict.clone(),
            text: text.unwrap_or_default(),
            sealed: false,
            by: if is_station {
                said.name.clone()
            } else {
                String::new()
            },
            role: role_words(Some(Role::Officer)).to_owned(),
            at: system::moment(said.at_ms),
            state: RecordState::Delivered,
            is_request: false,
            detail: ProblemDetailView::default(),
        })
    }

    fn detail(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
        event: &Event,
    ) -> Result<ProblemDetailView, ClientError> {
        let detail = &event.detail;
        let label = |list: &str, code: &Option<String>| {
            code.as_ref()
                .map(|code| self.pack.label(list, code).to_owned())
        };
        let asked = detail
            .referral
            .as_ref()
            .and_then(|id| noun.noun.events.iter().find(|event| event.id == *id));
        let body = asked.map_or(&detail.body, |asked| &asked.detail.body);
        let into = match &detail.into {
            Some(id) => self.title_of(id)?,
            None => None,
        };
        let numbers = &self.pack.mandatory.numbers;
        Ok(ProblemDetailView {
            measures: detail
                .measures
                .iter()
                .map(|code| self.pack.label("MEASURE", code).to_owned())
                .collect(),
            body: label("REFERRAL_BODY", body),
            due: detail.due.map(|day| day.to_string()),
            well: detail.well,
            on: detail.on.map(|day| day.to_string()),
            severity: label(acts::SEVERITY, &detail.severity),
            into,
            whom: detail.whom.as_ref().map(|code| {
                let known = numbers.iter().find(|number| number.code == *code);
                known.map_or_else(|| code.clone(), |known| format!("{code} {}", known.label))
            }),
            at: detail.at.clone(),
            receipt: detail.receipt.clone(),
            outcome: match event.is(EventKind::PoliceFeedback) {
                true => label("POLICE_FEEDBACK", &detail.outcome),
                false => None,
            },
            satisfaction: label(acts::SATISFACTION, &detail.satisfaction),
            types: self.types_words(&detail.types),
            main: label("PROBLEM", &detail.main),
            number: detail.number.clone().or_else(|| {
                let packet = packets::find(told, detail.packet.as_deref())?;
                Some(packet.number.clone())
            }),
            purpose: label(packets::PURPOSE, &detail.purpose),
            end: match event.is(EventKind::PacketEnded) {
                true => detail.outcome.clone(),
                false => None,
            },
        })
    }

    /// What is known of a case beside its steps.
    pub(in crate::problems) fn case_facts(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
    ) -> Vec<(String, String)> {
        let first = noun.noun.events.first();
        let reported = first.map_or_else(String::new, |event| {
            system::civil_date(event.recorded_ms).to_string()
        });
        [
            ("村", self.people.unit_name(noun.unit)),
            ("孩子", self.names(&noun.noun)),
            (
                "紧急程度",
                self.pack
                    .label(acts::SEVERITY, &told.fold.severity)
                    .to_owned(),
            ),
            ("报告的日期", reported),
            ("现在", state_words(told.fold.state).to_owned()),
            ("还涉及", self.types_words(&told.fold.also).join("、")),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| (label.to_owned(), value))
        .collect()
    }

    /// The steps that counted, in the policy's words.
    pub(in crate::problems) fn case_steps(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
    ) -> Result<Vec<CaseStep>, ClientError> {
        told.fold
            .counted(&noun.noun.events)
            .filter_map(|(at, kind, event)| Some((at, step_words(kind)?, event)))
            .map(|(at, step, event)| {
                let mut what = vec![step.to_owned()];
                let detail = self.detail(noun, told, event)?;
                what.extend(detail.measures);
                what.extend(detail.body);
                what.extend(detail.severity);
                what.extend(detail.outcome);
                Ok(CaseStep {
                    day: system::civil_date(event.recorded_ms).to_string(),
                    what: what.join("，"),
                    by: role_words(told.fold.roles.get(at).copied().flatten()).to_owned(),
                })
            })
            .collect()
    }

    fn person(&self, staff: Option<&str>) -> String {
        staff
            .and_then(|staff| StaffId::parse(staff).ok())
            .map_or_else(
                || roster::UNKNOWN_PERSON.to_owned(),
                |staff| self.people.name(staff),
            )
    }
}

/// Paper of a matter that goes by its number.
fn numbered_paper(number: String) -> ProblemPaper {
    ProblemPaper {
        who: number,
        ..ProblemPaper::default()
    }
}

/// A kind of event as the story shows it.
fn shown_kind(event: &Event, kind: Option<EventKind>, allowed: bool) -> String {
    match kind {
        Some(EventKind::Closed) if !allowed => "close_requested".to_owned(),
        Some(_) => event.kind.clone(),
        None => "other".to_owned(),
    }
}

/// A role in words.
pub fn role_words(role: Option<Role>) -> &'static str {
    match role {
        Some(Role::Director) => "儿童主任",
        Some(Role::Supervisor) => "街镇站",
        Some(Role::Head) => "站长",
        Some(Role::Officer) => "区级未保干部",
        None => "",
    }
}

/// A step in words, for paper that leaves; none where it says nothing to somebody outside.
fn step_words(kind: EventKind) -> Option<&'static str> {
    Some(match kind {
        EventKind::Reported => "报告",
        EventKind::Accepted => "受理",
        EventKind::Measure => "采取措施",
        EventKind::Resolved => "办好了，等核实",
        EventKind::Closed => "办结",
        EventKind::Returned => "退回",
        EventKind::Planned => "定了解决方案",
        EventKind::Referred => "转介",
        EventKind::ReferralReplied => "转介有了答复",
        EventKind::Confirmed => "核实：办好了",
        EventKind::NotSolved => "核实：没办好",
        EventKind::FollowedUp => "回访",
        EventKind::Reopened => "重新办理",
        EventKind::Withdrawn => "撤回",
        EventKind::Merged => "并案",
        EventKind::SeveritySet => "调整紧急程度",
        EventKind::Called => "打电话报告",
        EventKind::PoliceFeedback => "公安反馈",
        EventKind::PacketMade => "给了转介材料",
        EventKind::PacketReceived => "转介材料的回执回来了",
        EventKind::PacketEnded => "转介材料已销毁或退还",
        EventKind::Replied | EventKind::HandlerNamed | EventKind::TypesSet => return None,
    })
}

/// Every state of a problem, by its code, in the order of the work.
pub(crate) fn state_codes() -> [&'static str; State::ALL.len()] {
    State::ALL.map(State::as_str)
}

/// A state in words, by its code.
pub(crate) fn state_words_of(code: &str) -> String {
    let known = State::parse(code).map(state_words);
    known.unwrap_or(code).to_owned()
}

fn state_words(state: State) -> &'static str {
    match state {
        State::Reported => "已报告",
        State::Accepted => "已受理",
        State::InProgress => "处置中",
        State::Referred => "已转介",
        State::Resolved => "待核实",
        State::FollowUp => "跟踪回访",
        State::Closed => "已办结",
        State::Withdrawn => "已撤回",
        State::Merged => "已并案",
    }
}

/// What was chosen on the page of duties, with its words.
fn mandatory_words(problem: &Problem) -> Option<String> {
    let words = match problem.text("mandatory_choice")? {
        "reported" => "已打电话报告",
        _ => "看过强制报告页，认为不属于",
    };
    let text = problem
        .text("mandatory_text")
        .filter(|text| !text.is_empty());
    Some(match text {
        Some(text) => format!("{words}：{text}"),
        None => words.to_owned(),
    })
}

fn state_view(state: State) -> ProblemState {
    match state {
        State::Reported => ProblemState::Reported,
        State::Accepted => ProblemState::Accepted,
        State::InProgress => ProblemState::InProgress,
        State::Referred => ProblemState::Referred,
        State::Resolved => ProblemState::Resolved,
        State::FollowUp => ProblemState::FollowUp,
        State::Closed => ProblemState::Closed,
        State::Withdrawn => ProblemState::Withdrawn,
        State::Merged => ProblemState::Merged,
    }
}

fn first_sentence(text: &str) -> String {
    let end = text
        .char_indices()
        .find(|(_, character)| matches!(character, '。' | '\n' | '！' | '？'))
        .map_or(text.len(), |(index, character)| {
            index + character.len_utf8()
        });
    text[..end].trim().to_owned()
}
