//! The engine with the shipped pack: a draft in hand, and stories told with it.

use super::*;
use chrono::NaiveDate;
use std::collections::BTreeMap;

mod rules;
mod visit;
mod words;

const SHIPPED: &str = include_str!("../../../../policy/forms/hv-cn-1.json");

fn pack() -> FormPack {
    FormPack::from_json(SHIPPED).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn child(id: &str, age: u32) -> ChildContext {
    ChildContext {
        id: id.to_owned(),
        name: format!("孩子{id}"),
        age: Some(age),
        left_behind: true,
        ..ChildContext::default()
    }
}

fn context(children: Vec<ChildContext>) -> FormContext {
    FormContext {
        today: day("2026-11-23"),
        children,
        people: Vec::new(),
        last: BTreeMap::new(),
        next_visit: None,
        next_contact: None,
    }
}

/// A tablet with a draft in hand.
struct Draft {
    pack: FormPack,
    context: FormContext,
    answers: Answers,
    taps: u32,
}

impl Draft {
    fn new(context: FormContext) -> Self {
        let pack = pack();
        let answers = initial_answers(&pack, &context);
        Self {
            pack,
            context,
            answers,
            taps: 1,
        }
    }

    fn try_answer(
        &mut self,
        part: &str,
        key: &str,
        codes: &[&str],
        text: Option<&str>,
    ) -> Result<(), AnswerRefusal> {
        let codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
        self.taps += 1;
        set_answer(
            &self.pack,
            &self.context,
            &mut self.answers,
            part,
            key,
            &codes,
            text,
        )
    }

    fn choose(&mut self, part: &str, key: &str, codes: &[&str]) -> &mut Self {
        self.try_answer(part, key, codes, None).unwrap();
        self
    }

    fn same(&mut self, part: &str, section: &str) -> &mut Self {
        self.taps += 1;
        same_as_last(
            &self.pack,
            &self.context,
            &mut self.answers,
            true,
            part,
            section,
        )
        .unwrap();
        self
    }

    fn same_everywhere(&mut self) -> &mut Self {
        self.taps += 1;
        same_everywhere(&self.pack, &self.context, &mut self.answers, true).unwrap();
        self
    }

    fn none_of(&mut self, child: &str) -> &mut Self {
        self.taps += 1;
        none_of(&self.pack, &self.context, &mut self.answers, true, child).unwrap();
        self
    }

    fn state(&self) -> FormState {
        evaluate(&self.pack, &self.context, &self.answers, true)
    }

    fn effective(&self) -> EffectiveAnswers {
        effective_answers(&self.pack, &self.context, &self.answers, true)
    }
}

fn keys(state: &FormState, part: &str) -> Vec<String> {
    let part = state.parts.iter().find(|one| one.part == part);
    let sections = part.into_iter().flat_map(|part| &part.sections);
    sections
        .flat_map(|section| &section.questions)
        .map(|question| question.key.clone())
        .collect()
}

fn question<'a>(state: &'a FormState, part: &str, key: &str) -> &'a QuestionState {
    let part = state.parts.iter().find(|one| one.part == part).unwrap();
    let mut questions = part.sections.iter().flat_map(|section| &section.questions);
    questions.find(|question| question.key == key).unwrap()
}

/// Everything answered by hand, once.
fn first_visit(context: FormContext) -> Draft {
    let mut draft = Draft::new(context);
    draft.choose(SESSION, "a_met", &["child", "caregiver"]);
    for (key, code) in [
        ("b_change", "same"),
        ("b_live_with", "gp"),
        ("b_house", "good"),
    ] {
        draft.choose(SESSION, key, &[code]);
    }
    for (key, code) in [("b_food", "ok"), ("b_event", "none"), ("g_hazards", "none")] {
        draft.choose(SESSION, key, &[code]);
    }
    for child in draft.context.children.clone() {
        draft
            .try_answer(&child.id, "c_caregiver", &[], Some("王秀兰（奶奶）"))
            .unwrap();
        for (key, code) in [
            ("a_seen", "y"),
            ("a_alone", "y"),
            ("c_care_state", "fit"),
            ("c_parent_away", "both"),
            ("c_parent_contact", "week"),
            ("c_alone", "never"),
            ("d_stage", "primary"),
            ("d_attend", "ok"),
            ("d_perf", "fair"),
            ("e_health", "ok"),
            ("e_inj", "n"),
            ("f_mood", "bright"),
            ("f_talk", "open"),
            ("f_friends", "ok"),
            ("f_beh", "none"),
            ("f_net", "h1"),
            ("l_overall", "normal"),
            ("l_change", "same"),
        ] {
            draft.choose(&child.id, key, &[code]);
        }
    }
    draft
}

fn next_visit(first: &Draft) -> Draft {
    let mut context = first.context.clone();
    for (part, answers) in first.effective().answers.parts {
        context
            .last
            .insert(part, LastAnswers::of("visit-1".to_owned(), answers));
    }
    Draft::new(context)
}
