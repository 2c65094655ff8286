//! Where rxeval says something else than we do, and why ours stands. Each test fails on the day the other changes its
//! mind, so that the translation can be simplified.

use crate::{context, theirs, translated};
use chrono::Days;
use domain::form::sheet::{Sheet, compile_sheets};
use domain::form::{SESSION, evaluate, initial_answers, set_answer};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rxeval::Session;
use std::collections::BTreeMap;

/// A form with these questions: type, name, and one column with its words.
fn form(questions: &[(&str, &str, &str, &str)]) -> Vec<Sheet> {
    const HEADINGS: [&str; 10] = [
        "type",
        "name",
        "label::中文(zh)",
        "x_level",
        "relevant",
        "constraint",
        "constraint_message::中文(zh)",
        "calculation",
        "default",
        "x_exclusive",
    ];
    let row = |cells: &[(&str, &str)]| -> BTreeMap<u32, String> {
        (0..)
            .zip(HEADINGS)
            .filter_map(|(column, heading)| {
                let cell = cells.iter().find(|(name, _)| *name == heading)?;
                Some((column, cell.1.to_owned()))
            })
            .collect()
    };
    let mut rows = vec![
        (0..).zip(HEADINGS.map(str::to_owned)).collect(),
        row(&[
            ("type", "begin_group"),
            ("name", "g"),
            ("label::中文(zh)", "家里"),
            ("x_level", "household"),
        ]),
    ];
    for (kind, name, column, words) in questions {
        let mut cells = vec![
            ("type", *kind),
            ("name", *name),
            ("label::中文(zh)", *name),
            (*column, *words),
        ];
        if *column == "constraint" {
            cells.push(("constraint_message::中文(zh)", "再看看"));
        }
        rows.push(row(&cells));
    }
    rows.push(row(&[("type", "end_group")]));
    let cells = |rows: &[&[&str]]| {
        let row = |cells: &&[&str]| {
            (0..)
                .zip(cells.iter().map(|cell| (*cell).to_owned()))
                .collect()
        };
        (1..).zip(rows.iter().map(row)).collect()
    };
    vec![
        Sheet {
            name: "survey".to_owned(),
            rows: (1..).zip(rows).collect(),
        },
        Sheet {
            name: "choices".to_owned(),
            rows: cells(&[
                &["list_name", "name", "label::中文(zh)"],
                &["yn", "y", "是"],
                &["yn", "n", "否"],
            ]),
        },
        Sheet {
            name: "settings".to_owned(),
            rows: cells(&[
                &[
                    "form_title",
                    "form_id",
                    "version",
                    "default_language",
                    "x_session_title",
                    "x_na_label",
                ],
                &["试一试", "differs", "1", "中文(zh)", "家里", "不便回答"],
            ]),
        },
    ]
}

struct Both {
    ours: domain::form::FormState,
    theirs: rxeval::Outcome,
    session: Session,
    paths: BTreeMap<String, String>,
}

impl Both {
    fn ours(&self, key: &str) -> Option<&domain::form::QuestionState> {
        let questions = self.ours.parts.iter().flat_map(|part| &part.sections);
        questions
            .flat_map(|section| &section.questions)
            .find(|question| question.key == key)
    }

    fn is_shown_there(&self, key: &str) -> bool {
        self.theirs
            .relevant
            .get(&self.paths[key])
            .copied()
            .unwrap_or(true)
    }

    fn value_there(&self, key: &str) -> String {
        self.session.get(&self.paths[key])
    }
}

/// Answers the form as it stands, without the translation.
fn both(sheets: &[Sheet], given: &[(&str, &str)]) -> Both {
    let form = compile_sheets(sheets).unwrap_or_else(|faults| panic!("{faults:?}"));
    let context = context(&mut ChaCha8Rng::seed_from_u64(1));
    let mut answers = initial_answers(&form.pack, &context);
    let bytes = office::form_sheets::write(sheets).expect("a workbook");
    let (paths, xml) = theirs::convert(&bytes);
    let mut session = Session::new(&xml, theirs::clock()).expect("a form");
    for (key, value) in given {
        let question = form.pack.questions().find(|(_, one)| one.key == *key);
        let has_codes = question.is_some_and(|(_, one)| !one.options.is_empty());
        let (codes, text) = match has_codes {
            true => (vec![(*value).to_owned()], None),
            false => (Vec::new(), Some(*value)),
        };
        set_answer(
            &form.pack,
            &context,
            &mut answers,
            SESSION,
            key,
            &codes,
            text,
        )
        .expect("taken");
        session.set(&paths[*key], value).expect("there");
    }
    let theirs = session.recompute();
    Both {
        ours: evaluate(&form.pack, &context, &answers, false),
        theirs,
        session,
        paths,
    }
}

#[test]
fn dates_are_compared_as_days_here_and_as_numbers_they_are_not_there() {
    let sheets = form(&[("date", "day", "constraint", "${day} <= today()")]);
    let yesterday = (crate::today() - Days::new(1)).to_string();
    let both = both(&sheets, &[("day", &yesterday)]);
    assert_eq!(
        both.ours("day")
            .and_then(|question| question.message.clone()),
        None
    );
    assert_eq!(
        both.theirs.invalid.len(),
        1,
        "yesterday is refused: {:?}",
        both.theirs.invalid
    );
    // Written as one number they can be told apart, which is what the translation does.
    let translated =
        translated::translate(&form(&[("date", "day", "constraint", "${day} <= today()")]));
    let (paths, xml) =
        theirs::convert(&office::form_sheets::write(&translated).expect("a workbook"));
    let mut session = Session::new(&xml, theirs::clock()).expect("a form");
    session.set(&paths["day"], &yesterday).expect("there");
    let outcome = session.recompute();
    assert!(outcome.invalid.is_empty() && outcome.failed.is_empty());
}

#[test]
fn an_answer_nobody_sees_counts_for_nothing_here_and_goes_on_counting_there() {
    let sheets = form(&[
        ("select_one yn", "away", "x_exclusive", ""),
        ("text", "place", "relevant", "${away} = 'y'"),
        ("text", "since", "relevant", "${place} != ''"),
    ]);
    let both = both(&sheets, &[("place", "苏州"), ("away", "n")]);
    assert!(both.ours("place").is_none() && both.ours("since").is_none());
    assert!(!both.is_shown_there("place"));
    assert!(
        both.is_shown_there("since"),
        "the programs around it take the answer out"
    );
}

#[test]
fn what_is_worked_out_is_hidden_with_its_question_here_and_goes_on_counting_there() {
    let sheets = form(&[
        ("select_one yn", "away", "x_exclusive", ""),
        ("integer", "more", "relevant", "${away} = 'y'"),
        ("text", "who", "relevant", "${more} > 1"),
    ]);
    let mut sheets = sheets;
    let cells = sheets[0].rows.get_mut(&4).expect("the second question");
    cells.insert(7, "1 + 1".to_owned());
    let both = both(&sheets, &[("away", "n")]);
    assert!(both.ours("more").is_none() && both.ours("who").is_none());
    assert!(!both.is_shown_there("more") && both.is_shown_there("who"));
}

#[test]
fn numbers_are_whole_here_and_nothing_plus_one_is_nothing() {
    let sheets = form(&[
        ("integer", "count", "x_exclusive", ""),
        ("integer", "half", "calculation", "${count} div 2"),
        ("integer", "more", "calculation", "${count} + 1"),
    ]);
    let odd = both(&sheets, &[("count", "3")]);
    assert_eq!(
        odd.ours("half")
            .and_then(|question| question.text.clone())
            .as_deref(),
        Some("1")
    );
    assert_eq!(odd.value_there("half"), "1.5");
    let open = both(&sheets, &[]);
    assert_eq!(
        open.ours("more").and_then(|question| question.text.clone()),
        None
    );
    assert_eq!(open.value_there("more"), "NaN");
}

#[test]
fn tenths_are_tenths_here_and_the_nearest_binary_number_there() {
    let sheets = form(&[
        ("decimal", "given", "x_exclusive", ""),
        ("decimal", "sum", "calculation", "${given} + 0.2"),
        ("text", "same", "relevant", "${sum} = 0.3"),
    ]);
    let both = both(&sheets, &[("given", "0.1")]);
    let sum = both.ours("sum").and_then(|question| question.text.clone());
    assert_eq!(sum.as_deref(), Some("0.3"));
    assert!(both.ours("same").is_some());
    assert_eq!(both.value_there("sum"), "0.30000000000000004");
    assert!(!both.is_shown_there("same"));
}

#[test]
fn a_row_asks_for_its_own_answers_here_and_for_those_of_all_rows_there() {
    let sheets = form(&[("integer", "count", "constraint", "${count} > 2")]);
    let (_, xml) = theirs::convert(&office::form_sheets::write(&sheets).expect("a workbook"));
    assert!(
        xml.contains("constraint=\" /data/g/count  &gt; 2\""),
        "a whole path: in a repeated group it means every row, so the translation writes ../count: {xml}"
    );
}
