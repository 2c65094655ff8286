//! The expression language as pack authors meet it.

use super::*;
use crate::form::Scope;

struct Answered(BTreeMap<&'static str, Value>);

impl Scope for Answered {
    fn question(&self, key: &str) -> Value {
        self.0.get(key).cloned().unwrap_or(Value::Empty)
    }

    fn fact(&self, fact: &Fact) -> Value {
        if *fact == Fact::ChildAge {
            Value::Number(9)
        } else {
            Value::Empty
        }
    }

    fn today(&self) -> NaiveDate {
        "2026-11-23".parse().unwrap()
    }
}

fn questions() -> BTreeMap<String, KnownQuestion> {
    let codes = |codes: &[&str]| Some(codes.iter().map(|code| (*code).to_owned()).collect());
    let question = |kind, codes, per_child, position| KnownQuestion {
        kind,
        codes,
        per_child,
        repeat: None,
        position,
    };
    BTreeMap::from([
        (
            "school".to_owned(),
            question(Kind::Text, codes(&["ok", "out"]), true, 0),
        ),
        (
            "seen".to_owned(),
            question(Kind::Codes, codes(&["a", "b"]), true, 1),
        ),
        ("home".to_owned(), question(Kind::Date, None, false, 2)),
        ("voice".to_owned(), question(Kind::Text, None, true, 3)),
        ("warmth".to_owned(), question(Kind::Decimal, None, true, 4)),
    ])
}

fn read(source: &str, expected: Kind) -> Result<Expression, ExpressionFault> {
    let questions = questions();
    parse(
        source,
        Names {
            questions: &questions,
            repeats: &BTreeMap::new(),
            per_child: true,
            repeat: None,
            before: None,
        },
        expected,
    )
}

fn value(source: &str, expected: Kind) -> Value {
    let answers = BTreeMap::from([
        ("school", Value::Text("ok".to_owned())),
        ("seen", Value::Codes(vec!["a".to_owned()])),
        ("home", Value::Date("2026-11-20".parse().unwrap())),
        ("warmth", Value::Decimal("37.50".parse().unwrap())),
    ]);
    read(source, expected).unwrap().evaluate(&Answered(answers))
}

#[test]
fn expressions_mean_what_they_say() {
    for (source, expected) in [
        ("${school} = 'ok'", true),
        ("${school} != 'out' and not(${child.age} < 8)", true),
        (
            "selected(${seen}, 'a') and not(selected(${seen}, 'b'))",
            true,
        ),
        ("selected(${school}, 'ok')", true),
        ("${home} <= today()", true),
        ("'2026-11-21' <= ${home} or ${home} = '2026-11-20'", true),
        ("days-between(${home}, today()) = 3", true),
        ("count-selected(${seen}) + 2 * 3 = 7", true),
        ("(1 + 2) * 3 - -1 = 10", true),
        ("7 div 2 = 3 and 7 mod 2 = 1", true),
        ("${voice} = '' and string-length(${voice}) = 0", true),
        ("string-length(coalesce(${voice}, '没说')) = 2", true),
        ("if(${school} = 'ok', 1, 2) = 1", true),
        ("true() or false()", true),
        (
            "${warmth} = 37.5 and ${warmth} > 37 and 38 >= ${warmth}",
            true,
        ),
        ("${warmth} + 1 = 38.5 and 0.1 + 0.2 = 0.3", true),
        ("7.0 div 2 = 3.5 and 7.5 mod 2 = 1.5", true),
        ("if(${warmth} > 37.2, ${warmth}, 0) - 0.5 = 37", true),
        ("regex(${school}, '[a-z]{2}')", true),
        ("regex(${school}, 'o')", false),
        ("regex(${voice}, '.*') and not(regex(${voice}, '.+'))", true),
        ("${voice} = ${school}", false),
        ("${child.sex} = 'f'", false),
    ] {
        assert_eq!(value(source, Kind::Bool), Value::Bool(expected), "{source}");
    }
}

#[test]
fn what_cannot_be_computed_is_nothing() {
    for source in [
        "1 div 0",
        "5 mod 0",
        "9223372036854775807 + 1",
        "0 - 9223372036854775807 - 9",
    ] {
        assert_eq!(value(source, Kind::Number), Value::Empty, "{source}");
    }
    assert_eq!(value("1 div 0 < 5", Kind::Bool), Value::Bool(false));
    assert_eq!(value("${warmth} div 0", Kind::Decimal), Value::Empty);
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    for (source, words) in [
        ("${schol} = 'ok'", "没有叫“schol”的题，也没有这个资料项"),
        (
            "${child.hight} = 1",
            "没有叫“child.hight”的题，也没有这个资料项",
        ),
        ("pulldata(${voice}, 'a')", "没有叫“pulldata”的函数"),
        (
            "regex(${voice}, '(')",
            "“(”不是能用的格式；要直接写出来，不能太长，也不能前后参照",
        ),
        ("regex(${warmth}, '3')", "这里要文字或单选，写的却是小数"),
        ("${warmth} > 37.", "第 13 个字“37.”不该在这里"),
        ("${warmth} > ''", "小数和文字或单选不能这样比"),
        ("${school} = 'maybe'", "“school”没有选项“maybe”"),
        ("selected(${seen}, 'c')", "“seen”没有选项“c”"),
        (
            "selected(${seen}, ${voice})",
            "函数“selected”的选项要直接写出来",
        ),
        ("selected(${seen})", "函数“selected”的参数个数不对"),
        ("${child.age} < 'a'", "数字和文字或单选不能这样比"),
        ("${seen} = 'a'", "多选和文字或单选不能这样比"),
        ("${school} and true()", "这里要是非，写的却是文字或单选"),
        ("${child.age}", "这里要是非，写的却是数字"),
        ("${school} = ", "没有写完"),
        ("${school = 'ok'", "没有写完"),
        ("true() true()", "第 8 个字“true”不该在这里"),
        ("true() & true()", "第 8 个字“&”不该在这里"),
        ("", "没有写完"),
    ] {
        assert_eq!(
            read(source, Kind::Bool).unwrap_err().to_string(),
            words,
            "{source}"
        );
    }
}

#[test]
fn a_question_that_comes_later_or_belongs_to_a_child_cannot_be_used() {
    let questions = questions();
    let repeats = BTreeMap::new();
    let later = Names {
        questions: &questions,
        repeats: &repeats,
        per_child: true,
        repeat: None,
        before: Some(1),
    };
    let fault = parse("${seen} != ''", later, Kind::Bool).unwrap_err();
    assert_eq!(fault, ExpressionFault::LaterQuestion("seen".to_owned()));
    parse("${home} != ''", later, Kind::Bool).unwrap();
    let session = Names {
        questions: &questions,
        repeats: &repeats,
        per_child: false,
        repeat: None,
        before: None,
    };
    for source in [
        "${school} = 'ok'",
        "${child.age} = 1",
        "${last.school} = 'ok'",
        "${latest.school} = 'ok'",
        "${ago.school} > 1",
    ] {
        let fault = parse(source, session, Kind::Bool).unwrap_err();
        assert!(matches!(fault, ExpressionFault::ChildName(_)), "{source}");
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = format!("{}true(){}", "(".repeat(200), ")".repeat(200));
    assert_eq!(read(&deep, Kind::Bool), Err(ExpressionFault::TooDeep));
    let minus = format!("{}1 = 1", "- ".repeat(300));
    assert_eq!(read(&minus, Kind::Bool), Err(ExpressionFault::TooDeep));
    let sum = format!("{}1 = 1", "1 + ".repeat(100));
    assert_eq!(read(&sum, Kind::Bool), Err(ExpressionFault::TooDeep));
    let long = format!("true(){}", " ".repeat(1_000));
    assert_eq!(read(&long, Kind::Bool), Err(ExpressionFault::TooLong));
}

#[test]
fn an_inequality_that_holds_before_the_answer_is_pointed_out() {
    let trap = read("${school} != 'ok'", Kind::Bool).unwrap();
    assert_eq!(trap.true_while_unanswered(), ["school"]);
    let guarded = read("${school} != '' and ${school} != 'ok'", Kind::Bool).unwrap();
    assert_eq!(guarded.true_while_unanswered(), Vec::<String>::new());
}

#[test]
fn no_scrap_of_text_makes_the_parser_panic() {
    let pieces = [
        "${school}",
        "'ok'",
        "=",
        "!=",
        "and",
        "or",
        "not(",
        "(",
        ")",
        ",",
        "if(",
        "selected(",
        "-",
        "1",
        "div",
        "today()",
        "$",
        "{",
        "}",
        "'",
        "汉",
        " ",
        "${last.school}",
        "${latest.school}",
        "${ago.school}",
        "99999999999999999999",
    ];
    let mut seed = 17_u64;
    for _ in 0..20_000 {
        let mut source = String::new();
        for _ in 0..9 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            source.push_str(pieces[usize::try_from(seed >> 33).unwrap() % pieces.len()]);
            source.push_str(if seed & (1 << 20) == 0 { " " } else { "" });
        }
        if let Ok(expression) = read(&source, Kind::Bool) {
            let _ = expression.evaluate(&Answered(BTreeMap::new()));
        }
    }
}
