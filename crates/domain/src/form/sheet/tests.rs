use super::*;
use crate::form::{
    AnswerRefusal, Answers, FormContext, Level, QuestionType, SESSION, evaluate, from_scalars,
    set_answer, to_scalars,
};
use chrono::NaiveDate;

/// Sheets written as text: one row per line, cells between bars.
fn sheet(name: &str, text: &str) -> Sheet {
    let rows = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let cells = |line: &str| {
        let cells = (0..).zip(line.split('|').map(|cell| cell.trim().replace("\\n", "\n")));
        cells.filter(|(_, cell)| !cell.is_empty()).collect()
    };
    Sheet {
        name: name.to_owned(),
        rows: (1..).zip(rows.map(cells)).collect(),
    }
}

const QUESTIONS: &str = "
    type             | name  | label::中文(zh) | label::English(en) | relevant | constraint | constraint_message | calculation | default | x_level | x_rows | x_na | x_mandatory | x_suggest | x_short | required
    begin_group      | A     | 基本           | Basics             |          |            |                    |             |         | household |    |      |             |           |         |
    date             | day   | 哪天           | Which day          |          | . <= today() | 不能晚于今天      |             | today() |           |    |      |             |           | yes     | yes
    select_multiple who | met | 见到谁         | Whom               |          |            |                    |             |         |           |    | yes  | baby: ${day} = today() | ALONE: selected(${met}, 'baby') | ${day} = today() |
    end_group        |       |                |                    |          |            |                    |             |         |           |    |      |             |           |         |
    begin_repeat     | goods | 物资           | Goods              | selected(${met}, 'mother') | | |             |         | household | 3  |      |             |           |         |
    text             | what  | 什么           |                    |          |            |                    |             |         |           |    |      |             |           |         |
    integer          | count_of | 几件        |                    | ${what} != '' | . > 0  | 至少一件            |             | 1       |           |    |      |             |           |         |
    end_repeat       |       |                |                    |          |            |                    |             |         |           |    |      |             |           |         |
    begin_group      | B     | 合计           |                    |          |            |                    |             |         | household |    |      |             |           |         |
    integer          | all   | 一共           |                    | count(${goods}) > 0 |  |              | sum(${count_of}) |    |           |    |      |             |           |         |
    note             | tip   | 谢谢           |                    |          |            |                    |             |         |           |    |      |             |           |         |
    end_group        |       |                |                    |          |            |                    |             |         |           |    |      |             |           |         |";

const OPTIONS: &str = "
    list_name | name | label::中文(zh) | label::English(en) | x_brief
    who       | mother | 妈妈         | Mother             |
    who       | baby | 只有小宝宝在家 | Only the baby      | 宝宝";

const NAMES: &str = "
    form_title | form_id | version | default_language
    试试        | hv-try  | 3       | 中文(zh)";

fn workbook(survey: &str) -> Vec<Sheet> {
    vec![
        sheet("survey", survey),
        sheet("choices", OPTIONS),
        sheet("settings", NAMES),
    ]
}

fn refused(survey: &str) -> Vec<String> {
    let faults = compile_sheets(&workbook(survey)).expect_err("it is refused");
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_form_in_a_spreadsheet_becomes_a_pack() {
    let form = compile_sheets(&workbook(QUESTIONS)).unwrap();
    let pack = form.pack;
    assert_eq!((pack.id.as_str(), pack.version), ("hv-try", 3));
    assert_eq!(pack.languages, ["zh-CN", "en"]);
    assert_eq!(pack.warnings, Vec::<String>::new());
    assert_eq!(pack.section("goods").unwrap().repeat, Some(3));
    assert_eq!(pack.section("A").unwrap().level, Level::Session);
    let count = pack.question("count_of").unwrap();
    assert_eq!(count.kind, QuestionType::Int);
    assert_eq!(count.constraint.as_ref().unwrap().message, "至少一件");
    let english = pack.in_language("en");
    assert_eq!(english.question("day").unwrap().label, "Which day");
    assert_eq!(
        english.question("met").unwrap().options[1].label,
        "Only the baby"
    );
    assert_eq!(
        english.question("what").unwrap().label,
        "什么",
        "what has no translation stays"
    );
    let again = FormPack::from_json(&form.json).unwrap();
    assert_eq!(again.content_hash(), pack.content_hash());
}

/// Asks for whom was met in two languages, with words of the whole form in both.
const OF_TWO: [&str; 2] = [
    "
    type                | name | label::中文(zh) | label::English(en)     | constraint   | constraint_message::中文(zh) | constraint_message::English(en) | x_level   | x_na | x_exclusive
    begin_group         | A    | 基本           | Basics                 |              |                |                 | household |      |
    date                | day  | 哪天           | Which day              | . <= today() | 不能晚于今天   | Not after today |           |      |
    select_multiple who | met  | 见到谁         | Whom                   |              |                |                 |           | yes  | baby
    end_group           |      |                |                        |              |                |                 |           |      |",
    "
    form_title | form_id | version | default_language | x_na_label::中文(zh) | x_na_label::English(en) | x_session_title::English(en)
    试试        | hv-try  | 3       | 中文(zh)          | 不好说               | Cannot say              | The home",
];

fn of_two() -> CompiledForm {
    let mut sheets = workbook(OF_TWO[0]);
    sheets[2] = sheet("settings", OF_TWO[1]);
    compile_sheets(&sheets).expect("a form")
}

#[test]
fn the_words_of_the_whole_form_and_of_the_engine_are_in_its_language_and_the_hash_is_not() {
    let form = of_two();
    let context = FormContext {
        today: NaiveDate::from_ymd_opt(2026, 11, 27).expect("a day"),
        children: Vec::new(),
        people: Vec::new(),
        last: BTreeMap::new(),
        next_visit: None,
        next_contact: None,
    };
    let mut answers = Answers::default();
    let codes = ["mother", "baby"].map(str::to_owned);
    // As a draft of an older app may hold them; a tap leaves one of the two.
    let given = &mut answers.parts.entry(SESSION.to_owned()).or_default().answers;
    given.entry("met".to_owned()).or_default().codes = codes.to_vec();
    given.entry("day".to_owned()).or_default().text = Some("2026-12-24".to_owned());
    let read = |pack: &FormPack| {
        let state = evaluate(pack, &context, &answers, false);
        let part = &state.parts[0];
        let questions = &part.sections[0].questions;
        let [day, met] = &questions[..] else {
            panic!("two questions");
        };
        let na = met.options.last().expect("an option").label.clone();
        let said = |message: &Option<String>| message.clone().unwrap_or_default();
        [
            part.title.clone(),
            na,
            said(&day.message),
            said(&met.message),
        ]
    };
    assert_eq!(
        read(&form.pack),
        [
            "家庭",
            "不好说",
            "不能晚于今天",
            "“只有小宝宝在家”不能和别的选项一起选"
        ]
    );
    let english = form.pack.in_language("en");
    assert_eq!(
        read(&english),
        [
            "The home",
            "Cannot say",
            "Not after today",
            "“Only the baby” cannot be chosen together with others"
        ]
    );
    assert_eq!(english.content_hash(), form.pack.content_hash());
    let again = compile_sheets(&to_sheets(&form.json).expect("sheets")).expect("the same form");
    assert_eq!(again.pack.translations, form.pack.translations);
    assert_eq!(again.pack.content_hash(), form.pack.content_hash());
}

#[test]
fn a_form_is_read_in_the_first_language_wished_for_that_it_has() {
    let form = of_two().pack;
    let wish = |wanted: &[&str]| {
        let wanted: Vec<String> = wanted.iter().map(|&one| one.to_owned()).collect();
        form.language_for(&wanted).to_owned()
    };
    assert_eq!(wish(&["en"]), "en");
    assert_eq!(wish(&["ug", "en-GB", "zh-CN"]), "en", "near enough");
    assert_eq!(wish(&["zh"]), "zh-CN");
    assert_eq!(wish(&["ug"]), "zh-CN", "its own where it has none of them");
    assert_eq!(wish(&[]), "zh-CN");
}

#[test]
fn decimals_and_patterns_are_asked_kept_and_looked_at() {
    let form = compile_sheets(&workbook(
        "
        type        | name   | label::中文(zh) | constraint              | constraint_message | calculation       | x_level
        begin_group | A      | 体检           |                         |                    |                   | household
        decimal     | warmth | 体温           | . >= 35.5 and . < 42    | 再量一次           |                   |
        text        | room   | 班级           | regex(., '[一二三四五六]年级[0-9]{1,2}班') | 写成 三年级2班 |     |
        decimal     | over   | 高出           |                         |                    | ${warmth} - 36.25 |
        end_group   |        |                |                         |                    |                   |
        ",
    ))
    .expect("a form");
    let again = compile_sheets(&to_sheets(&form.json).expect("sheets")).expect("the same form");
    assert_eq!(again.json, form.json);

    let context = FormContext {
        today: NaiveDate::from_ymd_opt(2026, 11, 27).expect("a day"),
        children: Vec::new(),
        people: Vec::new(),
        last: BTreeMap::new(),
        next_visit: None,
        next_contact: None,
    };
    let mut answers = Answers::default();
    let set = |answers: &mut Answers, key: &str, text: &str| {
        set_answer(&form.pack, &context, answers, SESSION, key, &[], Some(text))
    };
    for wrong in [
        "三十七",
        "37.1234567",
        "1e3",
        "37,5",
        ".",
        "3.",
        "--3",
        "1234567890123",
    ] {
        assert_eq!(
            set(&mut answers, "warmth", wrong),
            Err(AnswerRefusal::NotADecimal),
            "{wrong}"
        );
    }
    set(&mut answers, "warmth", "37.50").expect("a number");
    set(&mut answers, "room", "三年级2班").expect("a text");
    let told = |answers: &Answers| {
        let state = evaluate(&form.pack, &context, answers, false);
        let questions = &state.parts[0].sections[0].questions;
        questions
            .iter()
            .map(|one| (one.text.clone().unwrap_or_default(), one.message.clone()))
            .collect::<Vec<_>>()
    };
    let good = |text: &str| (text.to_owned(), None);
    assert_eq!(
        told(&answers),
        [good("37.5"), good("三年级2班"), good("1.25")]
    );
    let part = answers.part(SESSION).expect("answers");
    let scalars = to_scalars(&form.pack, part);
    let read = from_scalars(&form.pack, &scalars);
    assert_eq!(read.text("warmth"), Some("37.5"));
    assert!(read.unknown.is_empty());

    set(&mut answers, "warmth", "42.0").expect("a number");
    set(&mut answers, "room", "在三年级2班").expect("a text");
    let messages: Vec<_> = told(&answers)
        .into_iter()
        .map(|(_, message)| message)
        .collect();
    let words = |text: &str| Some(text.to_owned());
    assert_eq!(messages, [words("再量一次"), words("写成 三年级2班"), None]);
}

#[test]
fn every_shipped_form_comes_out_of_its_sheets_as_it_went_in() {
    for json in [
        include_str!("../../../../../policy/forms/hv-cn-1.json"),
        include_str!("../../../../../policy/forms/hv-cn-2.json"),
        include_str!("../../../../../policy/forms/hv-cn-3.json"),
    ] {
        let pack = FormPack::from_json(json).unwrap();
        let form = compile_sheets(&to_sheets(json).unwrap()).unwrap();
        assert_eq!(form.pack.content_hash(), pack.content_hash(), "{}", pack.id);
    }
    let ours = compile_sheets(&workbook(QUESTIONS)).unwrap();
    let again = compile_sheets(&to_sheets(&ours.json).unwrap()).unwrap();
    assert_eq!(again.json, ours.json, "several languages and repeats, too");
}

#[test]
fn everything_wrong_is_told_at_once_with_its_cell_and_cause() {
    let words = refused(
        "
        type         | name  | label::中文(zh) | relevant          | calculation | x_level | x_short | appearance | x_na | constraint | hint
        text         | lost  | 在外面         |                   |             |         |         |            |      |            |
        begin_group  | A     | 基本           |                   |             | town    |         |            |      |            |
        geopoint     | where | 在哪           |                   |             |         |         |            |      |            |
        select_one whom | a  | 谁             |                   |             |         |         |            |      |            |
        select_one who or_other | b | 谁      |                   |             |         |         |            |      |            |
        range        | c     | 多高           |                   |             |         |         | big        |      |            |
        text         | d     |                | ${where} = 'here' |             |         |         |            |      |            |
        text         | d     | 又一个         |                   |             |         |         |            |      |            |
        text         | e f   | 空格           |                   |             |         |         |            |      |            |
        text         | f     | 算式           | ${nobody} = 'x'   | regex(., 'x') |       |         |            |      |            |
        text         | g     | 怎样           | ${f} >            |             | child   | maybe   |            | yes  |            |
        begin_group  | B     | 套着           |                   |             | child   |         |            |      |            | 提示
        text         | h     | 没说法         |                   |             |         |         |            |      | . != ''    |
        end_repeat   |       |                |                   |             |         |         |            |      |            |
        begin_group  | C     | 没完           |                   |             | child   |         |            |      |            |
        ",
    );
    assert_eq!(
        words,
        [
            "survey 第1行 H列（appearance）：“appearance”这一列不在能用的范围里",
            "survey 第2行 A列（type）：题目要放在 begin_group 和 end_group 之间",
            "survey 第3行 F列（x_level）：“town”不对，要写 household（家庭）或 child（孩子）",
            "survey 第4行 A列（type）：不能用“geopoint”；这里不收集位置",
            "survey 第5行 A列（type）：choices 里没有叫“whom”的选项表",
            "survey 第6行 A列（type）：不能用 or_other；请把“其他”写成 choices 里的一个选项",
            "survey 第7行 A列（type）：不能用“range”；数字请用 integer 或 decimal",
            "survey 第8行 C列（label::中文(zh)）：这里不能空着",
            "survey 第9行 B列（name）：“d”在第8行已经用过",
            "survey 第10行 B列（name）：“e f”不能作编码，只能用字母、数字和下划线",
            "survey 第11行 D列（relevant）：“${nobody} = 'x'”有错：没有叫“nobody”的题，也没有这个资料项",
            "survey 第11行 E列（calculation）：“regex(., 'x')”有错：第 7 个字“.”不该在这里",
            "survey 第12行 D列（relevant）：“${f} >”有错：没有写完",
            "survey 第12行 F列（x_level）：这一列只用在 begin_group 上",
            "survey 第12行 G列（x_short）：“maybe”有错：第 1 个字“maybe”不该在这里",
            "survey 第12行 I列（x_na）：只有单选和多选才有“不便回答”",
            "survey 第13行 A列（type）：这里前一个 group 还没有结束；group 里不能再放 group",
            "survey 第13行 K列（hint）：这一列只用在题目上",
            "survey 第14行 A列（constraint_message）：写了 constraint，就要写不对时说什么",
            "survey 第15行 A列（type）：begin_group 要用 end_group 结束，begin_repeat 要用 end_repeat 结束",
            "survey 第16行 A列（type）：这个 group 没有 end_group",
        ]
    );
}

/// What ODK would put in the place of words, or draw otherwise, is refused rather than shown as it stands.
#[test]
fn words_that_are_more_than_words_are_refused_with_their_cell() {
    let words = refused(
        "
        type           | name | label::中文(zh)   | label::English(en) | hint | constraint | constraint_message | default | x_level
        begin_group    | A    | **基本**          |                    |      |            |                    |         | household
        text           | name | 叫什么            | <b>Name</b>        |      |            |                    |         |
        text           | b    | ${name}多大       |                    | 见[说明](a) |     |                    |         |
        text           | c    | 家里              |                    |      | . != ''    | 请问${name}        |         |
        text           | d    | # 大标题          |                    | 一&nbsp;二 |      |                    |         |
        select_one who | e    | 见到谁            |                    |      |            |                    | father  |
        select_one who | f    | 还见到谁          | _Who_ else         |      |            |                    | 'uncle' |
        select_one who | g    | 先见到谁          |                    |      |            |                    | mother  |
        end_group      |      |                   |                    |      |            |                    |         |
        ",
    );
    let answer = "文字里不能有“${…}”；这里只能写固定的话，不会换成别的题的回答";
    let html = "文字里不能有 HTML（“<…>”“&…;”）；会照原样显示";
    let marks = "文字里不能有 Markdown 记号（* _ # [ ]( )）；会照原样显示";
    assert_eq!(
        words,
        [
            format!("survey 第2行 C列（label::中文(zh)）：{marks}"),
            format!("survey 第3行 D列（label::English(en)）：{html}"),
            format!("survey 第4行 C列（label::中文(zh)）：{answer}"),
            format!("survey 第4行 E列（hint）：{marks}"),
            format!("survey 第5行 G列（constraint_message）：{answer}"),
            format!("survey 第6行 C列（label::中文(zh)）：{marks}"),
            format!("survey 第6行 E列（hint）：{html}"),
            "survey 第7行 H列（default）：选项里没有“father”，不能作默认值".to_owned(),
            format!("survey 第8行 D列（label::English(en)）：{marks}"),
            "survey 第8行 H列（default）：选项里没有“uncle”，不能作默认值".to_owned(),
        ]
    );

    let mut sheets = workbook(QUESTIONS);
    sheets[1] = sheet(
        "choices",
        "list_name | name | label::中文(zh) | x_brief
         who | mother | 妈妈<br/> |
         who | baby | 宝宝 | *小*",
    );
    sheets[2] = sheet(
        "settings",
        "form_title | form_id | version | default_language | x_na_label
         __试试__ | hv-try | 3 | 中文(zh) | ${day}没说",
    );
    let words: Vec<String> = compile_sheets(&sheets)
        .expect_err("it is refused")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        words,
        [
            format!("choices 第2行 C列（label::中文(zh)）：{html}"),
            format!("choices 第3行 D列（x_brief）：{marks}"),
            format!("settings 第2行 A列（form_title）：{marks}"),
            format!("settings 第2行 E列（x_na_label）：{answer}"),
        ]
    );

    // What only looks like it is a word like any other.
    for plain in [
        "长*宽",
        "必填*",
        "少于<3人>",
        "住址____",
        "a_b_c",
        "A&B；C",
        "第1项(一)[二]",
        "二楼#3",
    ] {
        let mut sheets = workbook(QUESTIONS);
        sheets[0]
            .rows
            .get_mut(&3)
            .expect("a question")
            .insert(2, plain.to_owned());
        compile_sheets(&sheets).unwrap_or_else(|faults| panic!("{plain}: {}", faults[0]));
    }
}

#[test]
fn faults_of_the_other_sheets_are_found_too() {
    let mut sheets = workbook(QUESTIONS);
    sheets[1] = sheet(
        "choices",
        "list_name | name | label | filter
         who | mother | 妈妈 | x
         who | mother | 再一个 |
         who | na | 不知道 |
         who | baby | |
         | x | 无表 |",
    );
    sheets[2] = sheet(
        "settings",
        "form_title | form_id | version | x_attempt
         试试 | | 1.2 | selected(${met}, 'nobody')",
    );
    sheets.push(sheet(
        "x_summary",
        "label | questions | given\n总体： | day gone | \n措施： | | money",
    ));
    sheets.push(sheet("entities", "list_name\ntrees"));
    let words: Vec<String> = compile_sheets(&sheets)
        .expect_err("it is refused")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        words,
        [
            "survey 第4行 M列（x_mandatory）：没有选项“baby”",
            "survey 第4行 N列（x_suggest）：“selected(${met}, 'baby')”有错：“met”没有选项“baby”",
            "choices 第1行 D列（filter）：“filter”这一列不在能用的范围里",
            "choices 第3行 B列（name）：选项表“who”里“mother”写了两次",
            "choices 第4行 B列（name）：“na”由系统自动加上，这里不要写；题目上写 x_na = yes",
            "choices 第5行 C列（label）：这里不能空着",
            "choices 第6行 A列（list_name）：这里不能空着",
            "settings 第2行 B列（form_id）：“form_id”不能空着",
            "settings 第2行 C列（version）：版本要写成一个整数，每改一次就加大；现在写的是“1.2”",
            "settings 第2行 D列（x_attempt）：“selected(${met}, 'nobody')”有错：“met”没有选项“nobody”",
            "x_summary 第2行 B列（questions）：没有叫“gone”的题",
            "x_summary 第3行 B列（questions）：questions 和 given 要写一个，也只能写一个",
            "x_summary 第3行 C列（given）：没有“money”；只能写 measures 或 next_visit",
            "entities 第1行 A列：不认识这张表；只给人看的内容请放在名叫“说明”的表里",
        ]
    );
    let missing = compile_sheets(&[]).expect_err("nothing is no form");
    assert_eq!(missing.len(), 4, "three sheets and no group: {missing:?}");
}

#[test]
fn columns_have_the_letters_of_a_spreadsheet() {
    let named: Vec<String> = [0, 25, 26, 51, 52, 701, 702].map(letters).to_vec();
    assert_eq!(named, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
}

#[test]
fn a_choice_is_not_kept_in_a_masked_field_of_the_file() {
    let fields = include_str!("../../../../../policy/fields.json");
    let fields = FilePack::parse(fields).expect("the shipped file");
    let survey = |kind: &str, rule: &str, other: &str| {
        workbook(&format!(
            "type | name | label::中文(zh) | x_level | x_file
             begin_group | A | 基本 | child |
             {other} | other | 别的 | |
             {kind} | number | 号码 | | {rule}
             end_group | | | |"
        ))
    };
    let refused = |kind: &str, rule: &str, other: &str| -> Vec<String> {
        let sheets = survey(kind, rule, other);
        compile_sheets(&sheets).unwrap_or_else(|faults| panic!("{rule}: {}", faults[0]));
        match compile_sheets_for(&sheets, &fields) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
        }
    };
    let cause = |label: &str, key: &str| {
        format!(
            "survey 第4行 E列（x_file）：“{label}”在档案里是遮住的，“{key}”是选择题，选项遮不住；要写到这一栏，请改成文字题"
        )
    };
    for kind in ["select_one who", "select_multiple who"] {
        for (rule, label) in [
            ("father_phone", "父亲电话"),
            ("father_id_no: mother=1", "父亲身份证号"),
            ("disability.cert_no", "残疾证号"),
            ("begin disability: cert_no=@answer", "残疾证号"),
        ] {
            assert_eq!(refused(kind, rule, "text"), [cause(label, "number")]);
        }
        assert_eq!(refused(kind, "school_name", "text"), [""; 0]);
    }
    // A text has letters that a mask hides, and whoever is chosen from the household says no number.
    for rule in ["father_phone", "begin disability: cert_no=@answer"] {
        assert_eq!(refused("text", rule, "select_one who"), [""; 0]);
    }
    let by_another = "begin disability: cert_no=@other";
    assert_eq!(refused("text", by_another, "text"), [""; 0]);
    assert_eq!(
        refused("text", by_another, "select_one who"),
        [cause("残疾证号", "other")]
    );
}

#[test]
fn no_shipped_form_keeps_a_choice_in_a_masked_field() {
    let fields = include_str!("../../../../../policy/fields.json");
    let fields = FilePack::parse(fields).expect("the shipped file");
    let json = include_str!("../../../../../policy/forms/hv-cn-3.json");
    let sheets = to_sheets(json).expect("sheets");
    compile_sheets_for(&sheets, &fields).unwrap_or_else(|faults| panic!("{}", faults[0]));
}
