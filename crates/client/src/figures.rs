//! 给市里、研究用的数字 (P-13): what the station counts, without a name and with small numbers kept back so that none can be
//! worked out again ([`domain::figures`]). It leaves as an export does: for the PIN, with a purpose, encrypted, numbered.
//! The workbook itself is made in `office`.

use crate::contacts::{note, options};
use crate::error::ClientError;
use crate::exports::{self, FIGURES};
use crate::looks;
use crate::problems;
use crate::reports;
use crate::roster::{Roster, RosterChild};
use crate::standing;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{ExportMadeView, FiguresFormView, FiguresInput, OptionView};
use domain::figures::{Figure, Figures, Table, beside};
use domain::policy::PolicyPack;
use ids::UnitId;
use std::collections::BTreeMap;
use store::audit;
use store::exports::{self as kept, ExportRow};
use store::members;

/// The policy's list of whom numbers are given to.
pub(crate) const PURPOSE: &str = "FIGURES_PURPOSE";
/// Most characters of a person's words about a purpose.
const WORDS: usize = 200;
/// Bands of age: the first years of each, with their words; the last is of those whose birthday nobody knows.
const AGES: [(u32, &str); 4] = [
    (0, "未满7岁"),
    (7, "7至13岁"),
    (14, "14至17岁"),
    (18, "满18岁"),
];
const AGE_UNKNOWN: &str = "出生日期没采集";

/// A table as it leaves.
pub struct Sheet {
    /// What it counts.
    pub title: String,
    /// Words of the columns; the first names the rows.
    pub head: Vec<String>,
    /// A line each: its words, its figures, and its sum where it has one.
    pub lines: Vec<(String, Vec<Figure>)>,
}

/// Everything that is decided before the file is made.
pub struct PreparedFigures {
    /// Its number.
    pub number: String,
    /// Who, which unit, when, which number: the line on every page.
    pub line: String,
    /// What the marks mean.
    pub notes: Vec<String>,
    /// Name of the file without its ending.
    pub name: String,
    /// Opens it; kept nowhere.
    pub password: String,
    /// The tables.
    pub sheets: Vec<Sheet>,
    below: u32,
}

/// What numbers may be given for.
pub(crate) fn purposes(tablet: &Tablet) -> Vec<OptionView> {
    let packs = tablet.packs();
    packs
        .rules_on(tablet.today())
        .map_or_else(Vec::new, |pack| options(pack.list(PURPOSE), tablet.today()))
}

/// What is asked before numbers are given.
///
/// # Errors
/// `not_allowed`, `form_unknown`.
pub fn form(tablet: &Tablet) -> Result<FiguresFormView, ClientError> {
    may_give(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(tablet.today())
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    Ok(FiguresFormView {
        purposes: purposes(tablet),
        below: pack.rules.figures_below,
        minutes: pack.rules.export_file_minutes,
    })
}

/// Counts the station.
///
/// # Errors
/// `not_allowed`, `pin_again`, `purpose_missing`, `form_unknown`, `still_loading`.
pub fn prepare(tablet: &Tablet, input: &FiguresInput) -> Result<PreparedFigures, ClientError> {
    may_give(tablet)?;
    tablet.require_step_up()?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(tablet.today())
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let words = note(&input.words)?.chars().count();
    let purposes = pack.list(PURPOSE);
    let is_known = purposes.iter().any(|one| one.code == input.purpose);
    if !is_known || words == 0 || words > WORDS {
        return Err(ClientError::new("purpose_missing"));
    }
    let roster = Roster::read(tablet)?;
    let below = pack.rules.figures_below;
    let number = exports::number(tablet, 'E')?;
    let (ages, people, total) = ages(tablet, &roster, below)?;
    let categories = categories(&roster, pack, (people, total), below);
    Ok(PreparedFigures {
        line: exports::line(tablet, &number),
        notes: vec![
            format!(
                "* 是 1 到 {} 之间的数，或者为了不让人算出这样的数而不写的数。",
                below.saturating_sub(1)
            ),
            "只有数字，没有名字。一个孩子可能算在几个类别里，所以类别不能加在一起。".to_owned(),
        ],
        name: format!("{}数字-{number}", tablet.township()),
        password: exports::password(tablet),
        sheets: vec![ages, categories, matters(tablet, pack, below)?],
        number,
        below,
    })
}

/// Keeps the file for its minutes, as every export; it has no rows of children.
///
/// # Errors
/// `disk_full`.
pub fn keep(
    tablet: &Tablet,
    input: &FiguresInput,
    prepared: &PreparedFigures,
    file: &[u8],
) -> Result<ExportMadeView, ClientError> {
    let now = standing::never_back_ms(tablet)?;
    let export = ExportRow {
        id: tablet.new_id(),
        number: prepared.number.clone(),
        made_ms: now,
        until_ms: now + i64::from(tablet.rules().export_file_minutes) * 60_000,
        ledger: FIGURES.to_owned(),
        purpose: input.purpose.clone(),
        words: note(&input.words)?,
        rows: 0,
        full_numbers: false,
        file_name: format!("{}.xlsx", prepared.name),
        is_there: true,
    };
    let detail = format!(
        "number={} ledger={FIGURES} purpose={} rows=0 full_numbers=0 below={}",
        export.number, export.purpose, prepared.below
    );
    tablet.store.write(|tx| {
        audit::append_with(tx, &looks::row(tablet, "export_made", ""), &detail)?;
        kept::put(tx, &export, file)
    })?;
    Ok(ExportMadeView {
        id: export.id.to_string(),
        number: export.number,
        file_name: export.file_name,
        password: prepared.password.clone(),
        rows: 0,
        until: system::moment(export.until_ms),
    })
}

fn may_give(tablet: &Tablet) -> Result<(), ClientError> {
    match tablet.identity.role.is_at_station() {
        true => Ok(()),
        false => Err(ClientError::new("not_allowed")),
    }
}

/// Children whose files run, by village and age; with how many they are, and whether that is told.
fn ages(tablet: &Tablet, roster: &Roster, below: u32) -> Result<(Sheet, u32, Figure), ClientError> {
    let mut units = tablet.store.read(members::units)?;
    units.retain(|unit| unit.level == "village" && unit.closed_ms.is_none());
    units.sort_by(|a, b| (&a.region_code, a.unit).cmp(&(&b.region_code, b.unit)));
    let band = |child: &RosterChild| match child.age(roster.today) {
        None => AGES.len(),
        Some(age) => AGES.iter().rposition(|(from, _)| *from <= age).unwrap_or(0),
    };
    let count = |unit: UnitId| {
        let mut counts = vec![0_u32; AGES.len() + 1];
        for child in roster.running().filter(|child| child.unit == unit) {
            counts[band(child)] += 1;
        }
        counts
    };
    let cells: Vec<Vec<u32>> = units.iter().map(|unit| count(unit.unit)).collect();
    let people = cells.iter().flatten().sum();
    let figures = Table::new(cells, AGES.len() + 1).figures(below);
    let columns = AGES.iter().map(|(_, words)| (*words).to_owned());
    let columns = columns.chain([AGE_UNKNOWN.to_owned()]).collect();
    let rows = units.into_iter().map(|unit| unit.name).collect();
    let total = figures.total;
    let sheet = summed("各村的孩子，按年龄", ("村", rows), columns, figures);
    Ok((sheet, people, total))
}

/// The same by category. A child may be in several, so nothing is added up; but whoever takes one sheet from the other must
/// not find what is kept back.
fn categories(
    roster: &Roster,
    pack: &PolicyPack,
    (people, total): (u32, Figure),
    below: u32,
) -> Sheet {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for child in roster.running() {
        for code in reports::categories_of(child, pack) {
            *counts.entry(code).or_default() += 1;
        }
    }
    let numbers: Vec<u32> = counts.values().copied().collect();
    let Some(figures) = beside(&numbers, people, total, below) else {
        return Sheet {
            title: "全镇的孩子，按类别".to_owned(),
            head: vec!["类别".to_owned(), "人数".to_owned()],
            lines: vec![("人太少，按类别的数不写".to_owned(), vec![Figure::Kept])],
        };
    };
    let words = counts.keys().map(|code| match code.as_str() {
        reports::OTHER => "其他".to_owned(),
        code => pack.label("CATEGORY", code).to_owned(),
    });
    Sheet {
        title: "全镇的孩子，按类别".to_owned(),
        head: vec!["类别".to_owned(), "人数".to_owned()],
        lines: std::iter::zip(words, figures)
            .map(|(words, figure)| (words, vec![figure]))
            .collect(),
    }
}

/// Problems that are worked on or were over lately, by how grave they are and where they stand.
fn matters(tablet: &Tablet, pack: &PolicyPack, below: u32) -> Result<Sheet, ClientError> {
    let found = problems::reported(tablet, &pack.rules.report)?;
    let severities = ["S1", "S2", "S3", "S4"];
    let states = problems::state_codes();
    let place = |known: &[&str], code: &str| known.iter().position(|one| *one == code);
    let mut cells = vec![vec![0_u32; states.len()]; severities.len()];
    for problem in &found {
        let row = place(&severities, &problem.severity);
        if let (Some(row), Some(column)) = (row, place(&states, problem.state)) {
            cells[row][column] += 1;
        }
    }
    let figures = Table::new(cells, states.len()).figures(below);
    let rows = severities.map(|code| pack.label(problems::SEVERITY, code).to_owned());
    let columns = states
        .iter()
        .map(|code| problems::state_words_of(code))
        .collect();
    let rows = ("紧急程度", rows.to_vec());
    Ok(summed(
        "全镇的问题，按紧急程度和办到哪一步",
        rows,
        columns,
        figures,
    ))
}

fn summed(
    title: &str,
    (what, rows): (&str, Vec<String>),
    columns: Vec<String>,
    figures: Figures,
) -> Sheet {
    const SUM: &str = "合计";
    let mut lines: Vec<(String, Vec<Figure>)> = Vec::new();
    let cells = std::iter::zip(figures.cells, figures.rows);
    for (words, (cells, sum)) in std::iter::zip(rows, cells) {
        lines.push((words, cells.into_iter().chain([sum]).collect()));
    }
    let sums = figures.columns.into_iter().chain([figures.total]);
    lines.push((SUM.to_owned(), sums.collect()));
    let head = std::iter::once(what.to_owned()).chain(columns);
    Sheet {
        title: title.to_owned(),
        head: head.chain([SUM.to_owned()]).collect(),
        lines,
    }
}
