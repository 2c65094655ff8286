use super::{
    values::{DateReading, is_scientific, read_date},
    write::{Layout, LedgerLine, WrittenCell, write},
    *,
};
use domain::import::Rejection;
use rust_xlsxwriter::Workbook;

const CHILD: &str = "310199201603150018";
const CARER: &str = "31019920080229006X";

fn line(values: &[(&str, &str)], categories: &[&str]) -> LedgerLine {
    LedgerLine {
        values: values
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        categories: categories.iter().map(|code| (*code).to_owned()).collect(),
        ..LedgerLine::default()
    }
}

fn left_behind() -> LedgerLine {
    line(
        &[
            ("name", "石雨"),
            ("sex", "1"),
            ("ethnicity", "06"),
            ("birth_date", "2016-03-15"),
            ("id_no", CHILD),
            ("hukou_addr", "芦汀镇白荷村"),
            ("addr", "芦汀镇白荷村二组12号"),
            ("health", "good"),
            ("disability", "肢体二级"),
            ("school_stage", "primary"),
            ("school_grade", "芦汀小学四年级"),
            ("boarding", "y"),
            ("father_name", "石磊"),
            ("father_id_no", "310199201109220025"),
            ("father_place", "江苏苏州"),
            ("father_phone", "10012340001"),
            ("mother_name", "陆芳"),
            ("mother_id_no", "31019920130706019X"),
            ("mother_place", "安徽合肥"),
            ("mother_phone", "10012340002"),
            ("carer_name", "王秀兰"),
            ("carer_relation", "62"),
            ("carer_id_no", CARER),
            ("carer_phone", "10012340003"),
            ("carer_addr", "白荷村二组12号"),
            ("guardianship_rating", "good"),
            ("income_source", "务工"),
            ("remark", "母亲肢体一级残疾"),
        ],
        &["LB-2"],
    )
}

fn difficult() -> LedgerLine {
    line(
        &[
            ("name", "顾晨"),
            ("sex", "2"),
            ("ethnicity", "01"),
            ("birth_date", "2011-09-22"),
            ("id_no", "310199201109220025"),
            ("hukou_addr", "芦汀镇东灶村"),
            ("addr", "芦汀镇东灶村5组3号"),
            ("size", "4"),
            ("hardship_cause", "家庭：父亲智力三级"),
            ("guardian_name", "顾建国"),
            ("guardian_relation", "61"),
            ("guardian_id_no", CARER),
            ("guardian_phone", "10012340004"),
            ("guardianship_rating", "fair"),
            ("illness", "哮喘"),
            ("school_stage", "junior"),
            ("helper", "陈晓梅"),
        ],
        &["DP-1", "DG-2"],
    )
}

fn read(kind: LedgerKind, lines: &[LedgerLine], layout: Layout) -> Ledger {
    let bytes = write(kind, "芦汀镇白荷村", lines, layout).unwrap();
    read_ledger(&bytes, &LedgerLimits::default()).unwrap()
}

/// Every value of the line that has a column comes back with its code.
fn assert_returns(ledger: &Ledger, line: &LedgerLine, at: usize) {
    let row = &ledger.rows[at];
    for (key, value) in &line.values {
        if ledger.columns.iter().any(|column| column.key == *key) {
            assert_eq!(
                row.value(key),
                Some(value.as_str()),
                "{key} in {:?}: {:?}",
                ledger.kind,
                row.notes
            );
        }
    }
    assert_eq!(row.categories, line.categories);
    assert!(row.rejections.is_empty(), "{:?}", row.rejections);
}

#[test]
fn both_registers_come_back_from_both_layouts() {
    for layout in [Layout::Tidy, Layout::Messy] {
        let lines: Vec<LedgerLine> = (0..9).map(|_| left_behind()).collect();
        let ledger = read(LedgerKind::L1, &lines, layout);
        assert_eq!(ledger.kind, LedgerKind::L1);
        assert_eq!(ledger.rows.len(), 9, "{layout:?}");
        for (at, line) in lines.iter().enumerate() {
            assert_returns(&ledger, line, at);
        }
        let lines: Vec<LedgerLine> = (0..9).map(|_| difficult()).collect();
        let ledger = read(LedgerKind::L2, &lines, layout);
        assert_eq!(ledger.kind, LedgerKind::L2);
        assert_eq!(ledger.rows.len(), 9, "{layout:?}");
        for (at, line) in lines.iter().enumerate() {
            assert_returns(&ledger, line, at);
        }
    }
}

/// Who has the guardianship and who looks after the child are two questions (domain.md §3.5): 监护人 is no 照料人.
#[test]
fn the_guardian_is_not_the_carer() {
    let ledger = read(LedgerKind::L2, &[difficult()], Layout::Tidy);
    let row = &ledger.rows[0];
    assert_eq!(row.value("guardian_name"), Some("顾建国"));
    assert_eq!(row.value("guardian_phone"), Some("10012340004"));
    assert_eq!(row.value("carer_name"), None);
    assert_eq!(row.value("carer_phone"), None);
    // Both in one register, each with its own number; what follows the rating is the child's again.
    let bytes = sheet(&[
        &[
            "姓名",
            "出生日期",
            "监护人",
            "与儿童关系",
            "电话",
            "监护情况",
            "实际照料人",
            "与儿童关系",
            "电话",
            "困境类别",
        ],
        &[
            "顾晨",
            "2011-09-22",
            "顾强",
            "父亲",
            "10012340005",
            "一般",
            "顾建国",
            "祖父",
            "10012340004",
            "低保",
        ],
    ]);
    let ledger = read_ledger(&bytes, &LedgerLimits::default()).unwrap();
    let row = &ledger.rows[0];
    for (key, value) in [
        ("guardian_name", "顾强"),
        ("guardian_relation", "51"),
        ("guardian_phone", "10012340005"),
        ("guardianship_rating", "fair"),
        ("carer_name", "顾建国"),
        ("carer_relation", "61"),
        ("carer_phone", "10012340004"),
    ] {
        assert_eq!(row.value(key), Some(value), "{key}");
    }
}

#[test]
fn a_messy_register_keeps_its_columns_apart_and_names_what_it_does_not_know() {
    let ledger = read(LedgerKind::L1, &[left_behind()], Layout::Messy);
    assert_eq!(ledger.heading_row, 4);
    assert_eq!(ledger.unknown_columns, ["村干部签字"]);
    let keys: Vec<&str> = ledger
        .columns
        .iter()
        .map(|column| column.key.as_str())
        .collect();
    for key in [
        "id_no",
        "father_id_no",
        "mother_id_no",
        "carer_id_no",
        "father_phone",
        "mother_phone",
        "carer_phone",
        "carer_addr",
    ] {
        assert!(keys.contains(&key), "{key}");
    }
    let row = &ledger.rows[0];
    assert_eq!(row.row, 5);
    assert_eq!(row.value("name"), Some("石雨"));
    assert_eq!(row.value("group"), Some("二组"));
    assert_eq!(
        row.facts[domain::import::CHILD_DISABILITY],
        "自身残疾：肢体二级"
    );
    assert_eq!(
        row.facts[domain::import::PARENT_SEVERE_DISABILITY],
        "母亲肢体一级残疾"
    );
}

#[test]
fn ticks_and_benefits_of_l2_become_words() {
    let mut child = difficult();
    child.categories.insert("DD".into());
    child.values.insert("disability".into(), "听力一级".into());
    let ledger = read(LedgerKind::L2, &[child], Layout::Messy);
    assert_eq!(
        ledger.rows[0].value("benefits"),
        Some("基本生活保障：已享受；医疗保障：已享受；康复服务：已享受")
    );
    assert!(
        ledger.rows[0]
            .facts
            .contains_key(domain::import::PARENT_SEVERE_DISABILITY)
    );
}

#[test]
fn what_is_confidential_is_read_from_no_cell_and_the_category_that_names_no_reason_stands_for_it() {
    let mut by_category = difficult();
    let mut by_illness = difficult();
    let mut by_remark = difficult();
    let cell = |line: &mut LedgerLine, key: &str, text: &str| {
        line.verbatim
            .insert(key.into(), WrittenCell::Text(text.into()));
    };
    cell(
        &mut by_category,
        "difficulty_kind",
        "艾滋病病毒感染儿童、低保",
    );
    cell(
        &mut by_illness,
        "disability_or_illness",
        "ｈｉｖ 感染，在服药",
    );
    cell(
        &mut by_remark,
        "hardship_cause",
        "父亲艾滋病去世，母亲肢体一级残疾",
    );
    cell(&mut by_remark, "remark", "免疫 缺陷，勿外传");
    let lines = [by_category, by_illness, by_remark];
    let ledger = read(LedgerKind::L2, &lines, Layout::Tidy);
    for row in &ledger.rows {
        let said = format!("{:?} {:?} {:?}", row.values.keys(), row.facts, row.notes)
            + &row
                .values
                .values()
                .map(|value| format!("{}{}", value.raw, value.value))
                .collect::<String>();
        for word in ["艾滋", "hiv", "ｈｉｖ", "HIV", "缺陷", "感染"] {
            assert!(!said.contains(word), "row {}: {word} in {said}", row.row);
        }
        assert!(!row.categories.contains("HIV") && !row.categories.contains("PE"));
        assert!(
            row.notes.iter().any(|note| note.contains("请站长")),
            "{:?}",
            row.notes
        );
    }
    assert!(
        ledger.rows[0].categories.contains("CONF") && ledger.rows[0].categories.contains("DP-1")
    );
    assert!(ledger.rows[1].categories.contains("CONF"));
    // Whose it is these columns do not say; what else they say is still read.
    assert!(!ledger.rows[2].categories.contains("CONF"));
    assert_eq!(
        ledger.rows[2].facts[domain::import::PARENT_SEVERE_DISABILITY],
        "母亲肢体一级残疾"
    );
}

#[test]
fn a_number_excel_ruined_is_refused_whether_cell_or_text() {
    let mut as_number = left_behind();
    as_number.verbatim.insert(
        "id_no".into(),
        WrittenCell::Number(310_199_201_603_150_018.0),
    );
    let mut as_text = left_behind();
    as_text
        .verbatim
        .insert("id_no".into(), WrittenCell::Text("３.10199E+17".into()));
    let mut of_carer = left_behind();
    of_carer.verbatim.insert(
        "carer_id_no".into(),
        WrittenCell::Number(310_199_200_802_290_060.0),
    );
    let ledger = read(
        LedgerKind::L1,
        &[as_number, as_text, of_carer],
        Layout::Tidy,
    );
    let ruined = Rejection::IdScientific {
        raw: "3.10199E+17".into(),
    };
    assert_eq!(ledger.rows[0].rejections, std::slice::from_ref(&ruined));
    assert_eq!(ledger.rows[1].rejections, [ruined]);
    assert!(
        ledger.rows[2].rejections.is_empty() && ledger.rows[2].notes[0].contains("照料人身份证号")
    );
}

#[test]
fn rows_without_a_name_or_with_an_impossible_birth_date_carry_their_reason() {
    let mut nameless = left_behind();
    nameless.values.remove("name");
    let mut impossible = left_behind();
    impossible
        .verbatim
        .insert("birth_date".into(), WrittenCell::Text("2015.2.30".into()));
    let mut vague = left_behind();
    vague
        .verbatim
        .insert("birth_date".into(), WrittenCell::Text("不详".into()));
    let ledger = read(LedgerKind::L1, &[nameless, impossible, vague], Layout::Tidy);
    assert_eq!(ledger.rows[0].rejections, [Rejection::NameMissing]);
    assert_eq!(
        ledger.rows[1].rejections,
        [Rejection::BirthImpossible {
            raw: "2015.2.30".into()
        }]
    );
    assert!(ledger.rows[2].rejections.is_empty() && ledger.rows[2].notes[0].contains("不详"));
}

#[test]
fn dates_are_read_in_every_style_offices_use() {
    let day = DateReading::Day(chrono::NaiveDate::from_ymd_opt(2016, 3, 5).unwrap());
    for text in [
        "2016.3.5",
        "2016/03/05",
        "2016-3-5",
        "2016年3月5日",
        "２０１６．３．５",
        "20160305",
        "2016-03-05 00:00:00",
        "2016. 3. 5",
    ] {
        assert_eq!(read_date(text), day, "{text}");
    }
    assert_eq!(values::date_from_number(42434.0), day);
    assert_eq!(values::date_from_number(20_160_305.0), day);
    assert_eq!(read_date("2016.13.1"), DateReading::Impossible);
    assert_eq!(read_date("八岁"), DateReading::NotADate);
    assert!(
        is_scientific("3.10199E+17")
            && is_scientific("3e17")
            && !is_scientific("310199201603150018")
    );
}

fn sheet(cells: &[&[&str]]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, texts) in (0_u32..).zip(cells) {
        for (column, text) in (0_u16..).zip(*texts) {
            if !text.is_empty() {
                sheet.write(row, column, *text).unwrap();
            }
        }
    }
    workbook.save_to_buffer().unwrap()
}

#[test]
fn group_headings_over_plain_ones_name_their_owner() {
    let bytes = sheet(&[
        &["留守儿童花名册"],
        &[
            "序号",
            "儿童基本情况",
            "",
            "",
            "父亲情况",
            "",
            "母亲情况",
            "",
            "监护人",
            "",
            "",
            "留守类型",
        ],
        &[
            "",
            "姓名",
            "身份证号",
            "出生日期",
            "姓名",
            "电话",
            "姓名",
            "电话",
            "姓名",
            "与儿童关系",
            "电话",
            "",
        ],
        &[
            "1",
            "石雨",
            CHILD,
            "2016.3.15",
            "石磊",
            "10011110001",
            "陆芳",
            "10011110002",
            "王秀兰",
            "奶奶",
            "10011110003",
            "双方外出",
        ],
    ]);
    let ledger = read_ledger(&bytes, &LedgerLimits::default()).unwrap();
    let row = &ledger.rows[0];
    let expected = [
        ("name", "石雨"),
        ("father_name", "石磊"),
        ("mother_phone", "10011110002"),
        ("guardian_name", "王秀兰"),
        ("guardian_phone", "10011110003"),
        ("guardian_relation", "62"),
    ];
    for (key, value) in expected {
        assert_eq!(row.value(key), Some(value), "{key}");
    }
    assert!(row.categories.contains("LB-1"));
}

#[test]
fn what_is_no_spreadsheet_is_said_to_be_none() {
    let limits = LedgerLimits::default();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive
        .start_file("hello.txt", zip::write::SimpleFileOptions::default())
        .unwrap();
    let no_workbook = archive.finish().unwrap().into_inner();
    for bytes in [
        b"%PDF-1.7 something".to_vec(),
        Vec::new(),
        no_workbook,
        b"PK\x03\x04".to_vec(),
        vec![0xD0, 0xCF, 0x11, 0xE0, 1, 2],
    ] {
        assert_eq!(
            read_ledger(&bytes, &limits),
            Err(LedgerError::NotASpreadsheet),
            "{} bytes",
            bytes.len()
        );
    }
}

#[test]
fn a_workbook_that_is_no_register_names_the_headings_it_saw() {
    let bytes = sheet(&[&["商品", "单价", "数量", "金额"], &["铅笔", "1", "2", "2"]]);
    let seen = ["商品", "单价", "数量", "金额"].map(str::to_owned).to_vec();
    assert_eq!(
        read_ledger(&bytes, &LedgerLimits::default()),
        Err(LedgerError::UnknownLedger { headings: seen })
    );
    assert_eq!(
        read_ledger(&sheet(&[]), &LedgerLimits::default()),
        Err(LedgerError::Empty)
    );
    let only_headings = write(LedgerKind::L1, "白荷村", &[], Layout::Messy).unwrap();
    assert_eq!(
        read_ledger(&only_headings, &LedgerLimits::default()),
        Err(LedgerError::Empty)
    );
}

#[test]
fn files_over_the_limits_are_turned_away() {
    let bytes = write(LedgerKind::L1, "白荷村", &[left_behind()], Layout::Tidy).unwrap();
    let default = LedgerLimits::default();
    for limits in [
        LedgerLimits {
            file_bytes: 100,
            ..default
        },
        LedgerLimits {
            unpacked_bytes: 1000,
            ..default
        },
        LedgerLimits { rows: 2, ..default },
        LedgerLimits {
            columns: 5,
            ..default
        },
        LedgerLimits {
            cells: 20,
            ..default
        },
    ] {
        assert_eq!(
            read_ledger(&bytes, &limits),
            Err(LedgerError::TooLarge),
            "{limits:?}"
        );
    }
}

#[test]
fn damaged_workbooks_never_panic() {
    let whole = write(LedgerKind::L1, "白荷村", &[left_behind()], Layout::Tidy).unwrap();
    for step in 0..200 {
        let mut bytes = whole.clone();
        let at = (step * 7919) % bytes.len();
        bytes[at] ^= 0x55;
        let _ = read_ledger(&bytes, &LedgerLimits::default());
        let _ = read_ledger(&whole[..at], &LedgerLimits::default());
    }
}

#[test]
fn what_the_table_says_of_categories_agrees_with_the_shipped_rules() {
    let rules = include_str!("../../../../policy/sh-2024-2026.json");
    let rules = domain::policy::PolicyPack::parse(rules).unwrap();
    let table = super::columns::ColumnTable::shipped();
    let kinds = &table.left_behind_words;
    for kind in kinds {
        assert!(rules.is_left_behind(&kind.code), "{}", kind.code);
        assert!(kind.written.is_some(), "{}", kind.code);
    }
    assert_eq!(kinds.iter().filter(|kind| kind.unsaid).count(), 1);
    for column in ["left_behind_both", "left_behind_one"] {
        let marked = |kind: &&super::columns::CategoryWords| kind.mark.as_deref() == Some(column);
        assert_eq!(kinds.iter().filter(marked).count(), 1, "{column}");
        assert!(table.column(column).is_some(), "{column}");
    }
    for code in [&table.categories.disability, &table.categories.other] {
        assert!(rules.category(code).is_some(), "{code}");
    }
}
