use super::*;

const ID: &str = "310199201603150018";
const CARER: &str = "31019920080229006X";

fn catalogue() -> FieldCatalogue {
    let mut health = BTreeMap::new();
    health.insert("good".to_owned(), "健康或良好".to_owned());
    health.insert("chronic".to_owned(), "慢性病".to_owned());
    [
        ("id_no", "身份证号"),
        ("birth_date", "出生日期"),
        ("addr", "现居住地"),
        ("health", "健康状况"),
        ("sex", "性别"),
        ("carer_id_no", "照料人身份证号"),
        ("mother_phone", "母亲电话"),
        ("remark", "备注"),
    ]
    .into_iter()
    .map(|(key, label)| {
        let sort = match key {
            "id_no" | "carer_id_no" => FieldSort::IdNumber,
            "mother_phone" => FieldSort::Phone,
            "remark" => FieldSort::Words,
            _ => FieldSort::Plain,
        };
        let options = if key == "health" {
            health.clone()
        } else {
            BTreeMap::new()
        };
        (
            key.to_owned(),
            FieldEntry {
                holder: Holder::Child,
                label: label.to_owned(),
                options,
                sort,
            },
        )
    })
    .collect()
}

fn village() -> UnitId {
    UnitId::parse("018f0000-0000-7000-8000-000000000001").unwrap()
}

fn document(n: u8) -> DocumentId {
    DocumentId::parse(&format!("018f0000-0000-7000-8000-0000000001{n:02}")).unwrap()
}

fn row(number: u32, values: &[(&str, &str)]) -> LedgerRow {
    let values = values
        .iter()
        .map(|(key, value)| {
            (
                (*key).to_owned(),
                LedgerValue {
                    raw: (*value).to_owned(),
                    value: (*value).to_owned(),
                },
            )
        })
        .collect();
    LedgerRow {
        row: number,
        values,
        ..LedgerRow::default()
    }
}

fn existing(fields: &[(&str, Option<&str>, Option<&str>)]) -> ExistingChild {
    ExistingChild {
        child: document(1),
        household: document(2),
        name: "石小雨".into(),
        birth_date: Some("2016-03-15".into()),
        id_no: Some(ID.into()),
        village: village(),
        village_name: "白荷村".into(),
        carer_name: Some("王秀兰".into()),
        carer_id_no: Some(CARER.into()),
        guardian_name: None,
        guardian_id_no: None,
        address: Some("芦汀镇白荷村二组12号".into()),
        categories: BTreeSet::new(),
        facts: BTreeSet::new(),
        fields: fields
            .iter()
            .map(|(key, current, last)| {
                let state = FieldState {
                    current: current.map(str::to_owned),
                    last_imported: last.map(str::to_owned),
                };
                ((*key).to_owned(), state)
            })
            .collect(),
    }
}

/// A child on file whose identity fields came from the same ledger.
fn known(more: &[(&str, Option<&str>, Option<&str>)]) -> ExistingChild {
    let mut fields = vec![
        ("name", Some("石小雨"), Some("石小雨")),
        ("id_no", Some(ID), Some(ID)),
        ("birth_date", Some("2016-03-15"), Some("2016-03-15")),
        ("sex", Some("1"), Some("1")),
    ];
    fields.extend_from_slice(more);
    existing(&fields)
}

fn run(rows: &[LedgerRow], existing: &[ExistingChild], demo: bool) -> ImportPlan {
    let catalogue = catalogue();
    let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
    plan(
        rows,
        existing,
        &ImportContext {
            today,
            village: village(),
            demo,
            catalogue: &catalogue,
        },
    )
}

fn only(rows: &[LedgerRow], existing: &[ExistingChild]) -> PlanRow {
    run(rows, existing, false).rows.remove(0)
}

#[test]
fn every_reason_to_refuse_has_its_own_code_and_sentence() {
    let mut ruined = row(7, &[("name", "石小雨")]);
    ruined.rejections.push(Rejection::IdScientific {
        raw: "3.10199E+17".into(),
    });
    let rows = [
        row(3, &[("birth_date", "2016-03-15")]),
        row(4, &[("name", "石小雨"), ("birth_date", "2027-01-01")]),
        row(5, &[("name", "石小雨"), ("birth_date", "2015-02-30")]),
        row(6, &[("name", "石小雨"), ("id_no", "110105194912310021")]),
        ruined,
    ];
    let plan = run(&rows, &[], true);
    let codes: Vec<_> = plan
        .rows
        .iter()
        .map(|row| row.rejections[0].code())
        .collect();
    assert_eq!(
        codes,
        [
            "name_missing",
            "birth_in_future",
            "birth_invalid",
            "id_no_real",
            "id_scientific"
        ]
    );
    assert!(
        plan.rows.iter().all(|row| row.outcome == Outcome::Rejected
            && row.notes.iter().all(|note| note.ends_with('。')))
    );
    assert!(
        plan.rows
            .iter()
            .all(|row| row.changes.is_empty() && row.household == HouseholdChoice::None)
    );
}

#[test]
fn a_real_looking_number_of_an_adult_is_refused_in_demo_mode_only() {
    let rows = [row(
        3,
        &[
            ("name", "石小雨"),
            ("birth_date", "2016-03-15"),
            ("carer_id_no", "11010519491231002X"),
        ],
    )];
    assert_eq!(run(&rows, &[], true).count(Outcome::Rejected), 1);
    assert_eq!(run(&rows, &[], false).count(Outcome::New), 1);
}

#[test]
fn a_wrong_check_digit_is_imported_flagged_and_is_no_match_key() {
    let rows = [row(
        3,
        &[
            ("name", "石小雪"),
            ("birth_date", "2016-03-15"),
            ("id_no", "310199201603150019"),
        ],
    )];
    let mut child = known(&[]);
    child.id_no = Some("310199201603150019".into());
    let planned = only(&rows, &[child]);
    assert_eq!(planned.outcome, Outcome::New);
    assert!(planned.flags["id_no"].contains("需核对"));
}

#[test]
fn birth_date_and_sex_come_from_a_right_number_and_a_contradiction_is_flagged() {
    let planned = only(&[row(3, &[("name", "石小雨"), ("id_no", ID)])], &[]);
    assert_eq!(planned.imported["birth_date"], "2016-03-15");
    assert_eq!(planned.imported["sex"], "1");
    let planned = only(
        &[row(3, &[("name", "石小雨"), ("id_no", ID), ("sex", "2")])],
        &[],
    );
    assert_eq!(planned.imported["sex"], "2");
    assert!(planned.flags.contains_key("sex"));
}

#[test]
fn a_changed_cell_changes_the_field_the_last_import_wrote() {
    let child = known(&[("health", Some("good"), Some("good"))]);
    let planned = only(
        &[row(
            3,
            &[("name", "石小雨"), ("id_no", ID), ("health", "chronic")],
        )],
        &[child],
    );
    assert_eq!(planned.outcome, Outcome::Changed);
    assert_eq!(planned.changes.len(), 1);
    assert_eq!(planned.changes[0].sentence, "健康状况：健康或良好 → 慢性病");
}

#[test]
fn no_number_of_a_file_stands_whole_in_what_is_said_of_it() {
    const OTHER: &str = "31019919800229007X";
    let child = known(&[
        ("carer_id_no", Some(CARER), Some(CARER)),
        ("mother_phone", Some("10000000017"), Some("10000000018")),
        ("remark", Some("夜里常一个人在家。"), Some("")),
    ]);
    let planned = only(
        &[row(
            3,
            &[
                ("name", "石小雨"),
                ("id_no", ID),
                ("carer_id_no", OTHER),
                ("mother_phone", "10000009917"),
                ("remark", "无。"),
            ],
        )],
        &[child],
    );
    assert_eq!(planned.outcome, Outcome::Conflict);
    let said = |changes: &[FieldChange]| -> Vec<String> {
        changes
            .iter()
            .map(|change| change.sentence.clone())
            .collect()
    };
    assert_eq!(
        said(&planned.changes),
        ["照料人身份证号：310199********006X → 310199********007X"]
    );
    let all = [
        said(&planned.changes),
        said(&planned.conflicts),
        planned.notes.clone(),
    ]
    .concat()
    .join("\n");
    for number in [CARER, OTHER, "10000000017", "10000009917"] {
        assert!(!all.contains(number), "{all}");
    }
    // Whoever is at the station reads the words there; the file that leaves has none of them.
    let outside: Vec<&str> = planned
        .changes
        .iter()
        .chain(&planned.conflicts)
        .map(|change| change.outside.as_str())
        .chain(planned.notes.iter().map(String::as_str))
        .collect();
    assert!(!outside.join("\n").contains("夜里"), "{outside:?}");
    assert!(
        planned
            .notes
            .contains(&"备注两边都改过。导入时先留档案里的，导入后请核对。".to_owned())
    );
    assert_eq!(planned.changes[0].new, OTHER, "what is written is whole");
}

#[test]
fn numbers_that_differ_behind_the_mask_are_said_to_differ() {
    let child = known(&[("mother_phone", Some("10000000017"), Some("10000000017"))]);
    let planned = only(
        &[row(
            3,
            &[
                ("name", "石小雨"),
                ("id_no", ID),
                ("mother_phone", "10050000017"),
            ],
        )],
        &[child],
    );
    assert_eq!(
        planned.changes[0].sentence,
        "母亲电话：100****0017，遮住的几位和档案里的不一样"
    );
}

#[test]
fn a_field_changed_on_both_sides_stays_and_the_row_is_a_conflict() {
    let child = known(&[("health", Some("good"), Some("ill"))]);
    let planned = only(
        &[row(
            3,
            &[("name", "石小雨"), ("id_no", ID), ("health", "chronic")],
        )],
        &[child],
    );
    assert_eq!(planned.outcome, Outcome::Conflict);
    assert!(planned.changes.is_empty());
    assert_eq!(planned.conflicts[0].key, "health");
}

#[test]
fn an_old_ledger_never_undoes_a_newer_value() {
    let child = known(&[("health", Some("good"), Some("chronic"))]);
    let planned = only(
        &[row(
            3,
            &[("name", "石小雨"), ("id_no", ID), ("health", "chronic")],
        )],
        &[child],
    );
    assert_eq!(planned.outcome, Outcome::Same);
}

#[test]
fn an_empty_cell_clears_nothing_and_an_empty_field_is_filled() {
    let child = known(&[("health", Some("good"), None), ("addr", None, None)]);
    let planned = only(
        &[row(
            3,
            &[("name", "石小雨"), ("id_no", ID), ("addr", "二组")],
        )],
        &[child],
    );
    assert_eq!(planned.outcome, Outcome::Changed);
    assert_eq!(planned.changes[0].key, "addr");
    assert_eq!(planned.changes.len(), 1);
}

#[test]
fn without_a_number_name_birth_and_village_match() {
    let planned = only(
        &[row(3, &[("name", "石小雨"), ("birth_date", "2016-03-15")])],
        &[known(&[])],
    );
    assert_eq!(planned.child, Some(document(1)));
    assert_eq!(planned.outcome, Outcome::Same);
}

#[test]
fn a_namesake_with_another_number_is_new_and_noted() {
    let rows = [row(
        3,
        &[
            ("name", "石小雨"),
            ("birth_date", "2016-03-15"),
            ("id_no", "31019920130706019X"),
        ],
    )];
    let planned = only(&rows, &[known(&[])]);
    assert_eq!(planned.outcome, Outcome::New);
    assert!(planned.notes.iter().any(|note| note.contains("疑似重复")));
}

#[test]
fn the_same_child_twice_in_one_file_opens_one_file() {
    let rows = [
        row(3, &[("name", "石小雨"), ("id_no", ID)]),
        row(9, &[("name", "石小雨"), ("id_no", ID)]),
    ];
    let plan = run(&rows, &[], false);
    assert_eq!(
        (plan.count(Outcome::New), plan.count(Outcome::Same)),
        (1, 1)
    );
    assert!(plan.rows[1].notes[0].contains("第 3 行"));
}

/// One register asks for the carer and the other for the guardian; of one child both may be the same grandmother.
#[test]
fn siblings_share_a_household_whichever_register_names_the_grandmother() {
    let rows = [
        row(
            3,
            &[
                ("name", "石小晨"),
                ("birth_date", "2018-03-15"),
                ("guardian_id_no", CARER),
            ],
        ),
        row(
            4,
            &[
                ("name", "顾一"),
                ("birth_date", "2016-03-15"),
                ("guardian_name", "顾桂兰"),
                ("addr", "三组5号"),
            ],
        ),
        row(
            5,
            &[
                ("name", "顾二"),
                ("birth_date", "2018-03-15"),
                ("carer_name", "顾桂兰"),
                ("addr", "三组5号"),
            ],
        ),
    ];
    let plan = run(&rows, &[known(&[])], false);
    let households: Vec<_> = plan.rows.iter().map(|row| row.household).collect();
    assert_eq!(
        households,
        [
            HouseholdChoice::Existing(document(2)),
            HouseholdChoice::New(1),
            HouseholdChoice::New(1),
        ]
    );
}

#[test]
fn siblings_share_a_household_by_carer_number_or_by_carer_name_and_address() {
    let rows = [
        row(
            3,
            &[
                ("name", "顾一"),
                ("birth_date", "2016-03-15"),
                ("carer_name", "顾桂兰"),
                ("addr", "三组5号"),
            ],
        ),
        row(
            4,
            &[
                ("name", "顾二"),
                ("birth_date", "2018-03-15"),
                ("carer_name", "顾桂兰"),
                ("addr", "三组 5号"),
            ],
        ),
        row(
            5,
            &[
                ("name", "顾三"),
                ("birth_date", "2018-03-15"),
                ("carer_name", "顾桂兰"),
                ("addr", "四组1号"),
            ],
        ),
        row(
            6,
            &[
                ("name", "石小晨"),
                ("birth_date", "2018-03-15"),
                ("carer_id_no", CARER),
            ],
        ),
    ];
    let plan = run(&rows, &[known(&[])], false);
    let households: Vec<_> = plan.rows.iter().map(|row| row.household).collect();
    assert_eq!(
        households,
        [
            HouseholdChoice::New(1),
            HouseholdChoice::New(1),
            HouseholdChoice::New(2),
            HouseholdChoice::Existing(document(2))
        ]
    );
    assert_eq!(
        plan.rows[1].household_sentence.as_deref(),
        Some("与 顾一 同一户")
    );
    assert_eq!(
        plan.rows[3].household_sentence.as_deref(),
        Some("与 石小雨 同一户")
    );
}

#[test]
fn a_new_category_alone_changes_a_file() {
    let mut again = row(3, &[("name", "石小雨"), ("id_no", ID)]);
    again.categories.insert("DP-1".into());
    let planned = only(&[again], &[known(&[])]);
    assert_eq!(planned.outcome, Outcome::Changed);
    assert!(planned.categories.contains("DP-1"));
}
