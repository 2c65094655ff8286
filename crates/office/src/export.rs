//! Registers that leave the station: typed text cells, a line on every page that says whose copy it is, and the workbook
//! encrypted with a password (ECMA-376 agile: AES-256, SHA-512, a hundred thousand rounds), as Excel, WPS and LibreOffice
//! open it (ADR 0025).

use crate::ledger::LedgerKind;
use crate::ledger::columns::ColumnTable;
use crate::ledger::write::{LedgerLine, WrittenCell, tidy_cell, tidy_columns};
use client::cases::PreparedCase;
use client::child_copy::ChildCopy;
use client::exports::{ExportedChild, Prepared, is_number};
use client::figures::PreparedFigures;
use client::problems::packets::PreparedPacket;
use client::view::ExportFieldView;
use domain::figures::Figure;
use ids::Entropy;
use ms_offcrypto_writer::Ecma376AgileWriter;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use std::io::{Cursor, Write};

/// Columns that hold free text or what the office fills in: they stay here (security-notes.md §3.12).
const NEVER: [&str; 4] = ["remark", "hardship_cause", "helper", "-"];

/// The columns of a register that may leave.
#[must_use]
pub fn columns(kind: LedgerKind) -> Vec<(&'static str, &'static str)> {
    tidy_columns(kind)
        .iter()
        .copied()
        .filter(|(_, key)| *key != "#" && !NEVER.contains(key))
        .collect()
}

/// The same for a screen.
#[must_use]
pub fn fields(kind: LedgerKind) -> Vec<ExportFieldView> {
    let table = ColumnTable::shipped();
    columns(kind)
        .into_iter()
        .map(|(heading, key)| ExportFieldView {
            key: key.to_owned(),
            label: table
                .column(key)
                .map_or_else(|| heading.to_owned(), |column| column.label.clone()),
            masked: is_number(key),
        })
        .collect()
}

/// Writes the workbook. Every cell is text, so nothing in it is ever computed.
///
/// # Errors
/// The workbook cannot be put together, e.g. a cell is longer than the format allows.
pub fn write(
    kind: LedgerKind,
    prepared: &Prepared,
    fields: &[String],
) -> Result<Vec<u8>, XlsxError> {
    let columns: Vec<_> = columns(kind)
        .into_iter()
        .filter(|(_, key)| fields.iter().any(|field| field == key))
        .collect();
    let mut workbook = Workbook::new();
    // Nothing in the properties tells who or when; the line on the page does, for people.
    workbook.set_properties(
        &DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?),
    );
    let sheet = workbook.add_worksheet();
    let title = Format::new()
        .set_bold()
        .set_font_size(16)
        .set_align(FormatAlign::Center);
    let mark = Format::new().set_font_color("808080");
    let head = Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_border(FormatBorder::Thin);
    let text = Format::new().set_num_format("@");
    let last = u16::try_from(columns.len()).unwrap_or(u16::MAX);
    let name = format!("{}{}", prepared.place, kind.name());
    sheet.merge_range(0, 0, 0, last.max(1), &name, &title)?;
    sheet.write_string_with_format(1, 0, &prepared.line, &mark)?;
    // & begins a code in headers and footers.
    let line = prepared.line.replace('&', "&&");
    sheet.set_header(format!("&R{line}"));
    sheet.set_footer(format!("&L{line}&R第 &P 页，共 &N 页"));
    sheet.set_landscape();
    sheet.set_repeat_rows(0, 2)?;
    sheet.set_freeze_panes(3, 2)?;
    let headings = std::iter::once("序号").chain(columns.iter().map(|(heading, _)| *heading));
    for (at, heading) in (0_u16..).zip(headings) {
        sheet.write_string_with_format(2, at, heading, &head)?;
    }
    for (index, (at, child)) in (3_u32..).zip(&prepared.children).enumerate() {
        sheet.write_string_with_format(at, 0, (index + 1).to_string(), &text)?;
        let line = line_of(child);
        for (column, (_, key)) in (1_u16..).zip(&columns) {
            if let Some(WrittenCell::Text(words)) = tidy_cell(index, &line, key, kind) {
                sheet.write_string_with_format(at, column, words, &text)?;
            }
        }
    }
    workbook.save_to_buffer()
}

fn line_of(child: &ExportedChild) -> LedgerLine {
    LedgerLine {
        values: child.values.clone(),
        categories: child.categories.clone(),
        ..LedgerLine::default()
    }
}

/// What the registers know of a child, as the file of a case has it: heading, key, words.
fn case_cells(child: &ExportedChild) -> Vec<(&'static str, &'static str, String)> {
    let kind = if child.is_left_behind {
        LedgerKind::L1
    } else {
        LedgerKind::L2
    };
    let line = line_of(child);
    columns(kind)
        .into_iter()
        .filter_map(|(heading, key)| match tidy_cell(0, &line, key, kind) {
            Some(WrittenCell::Text(words)) => Some((heading, key, words)),
            _ => None,
        })
        .collect()
}

/// The columns of the registers that stand in the file of a case, for one child.
#[must_use]
pub fn case_fields(child: &ExportedChild) -> Vec<&'static str> {
    case_cells(child)
        .into_iter()
        .map(|(_, key, _)| key)
        .collect()
}

/// Writes the file of one case: what the registers know of each child, then what was done. Every cell is text, and nobody's
/// own words are in it.
///
/// # Errors
/// The workbook cannot be put together.
pub fn write_case(prepared: &PreparedCase) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(
        &DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?),
    );
    let sheet = workbook.add_worksheet();
    let title = Format::new().set_bold().set_font_size(16);
    let mark = Format::new().set_font_color("808080");
    let head = Format::new().set_bold();
    let text = Format::new().set_num_format("@").set_text_wrap();
    let line = prepared.line.replace('&', "&&");
    sheet.set_header(format!("&R{line}"));
    sheet.set_footer(format!("&L{line}&R第 &P 页，共 &N 页"));
    sheet.set_column_width(0, 18)?;
    sheet.set_column_width(1, 40)?;
    sheet.set_column_width(2, 16)?;
    sheet.write_string_with_format(0, 0, &prepared.story.kind, &title)?;
    sheet.write_string_with_format(1, 0, &prepared.line, &mark)?;
    let mut at = 3;
    let mut put = |cells: [&str; 3], format: &Format| -> Result<(), XlsxError> {
        for (column, words) in (0_u16..).zip(cells) {
            sheet.write_string_with_format(at, column, words, format)?;
        }
        at += 1;
        Ok(())
    };
    for (label, value) in &prepared.story.facts {
        put([label, value, ""], &text)?;
    }
    for child in &prepared.children {
        put(["", "", ""], &text)?;
        put(["孩子", "", ""], &head)?;
        for (heading, _, words) in case_cells(child) {
            put([heading, &words, ""], &text)?;
        }
    }
    put(["", "", ""], &text)?;
    put(["经过", "", ""], &head)?;
    for step in &prepared.story.steps {
        put([&step.day, &step.what, &step.by], &text)?;
    }
    workbook.save_to_buffer()
}

/// Writes the file of one child: labels and values by section. Every cell is text.
///
/// # Errors
/// The workbook cannot be put together.
pub fn write_child(prepared: &Prepared, copy: &ChildCopy) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(
        &DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?),
    );
    let sheet = workbook.add_worksheet();
    let title = Format::new().set_bold().set_font_size(16);
    let mark = Format::new().set_font_color("808080");
    let head = Format::new().set_bold();
    let text = Format::new().set_num_format("@").set_text_wrap();
    let line = prepared.line.replace('&', "&&");
    sheet.set_header(format!("&R{line}"));
    sheet.set_footer(format!("&L{line}&R第 &P 页，共 &N 页"));
    sheet.set_column_width(0, 26)?;
    sheet.set_column_width(1, 64)?;
    sheet.write_string_with_format(0, 0, &copy.title, &title)?;
    sheet.write_string_with_format(1, 0, &prepared.line, &mark)?;
    write_parts(sheet, 3, &copy.parts, &head, &text)?;
    workbook.save_to_buffer()
}

/// A heading from a row on and its lines below it, a free row, and the next.
fn write_parts(
    sheet: &mut Worksheet,
    mut at: u32,
    parts: &[(String, Vec<(String, String)>)],
    head: &Format,
    text: &Format,
) -> Result<(), XlsxError> {
    for (part, lines) in parts {
        sheet.write_string_with_format(at, 0, part, head)?;
        for (label, value) in lines {
            at += 1;
            sheet.write_string_with_format(at, 0, label, text)?;
            sheet.write_string_with_format(at, 1, value, text)?;
        }
        at += 2;
    }
    Ok(())
}

/// Writes what goes with a referral: to whom, what for and until when, over the matter and each child, and again on every
/// page that is printed from it. Every cell is text.
///
/// # Errors
/// The workbook cannot be put together.
pub fn write_packet(prepared: &PreparedPacket) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(
        &DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?),
    );
    let sheet = workbook.add_worksheet();
    let title = Format::new().set_bold().set_font_size(16);
    let mark = Format::new().set_font_color("808080");
    let warning = Format::new().set_bold().set_font_color("B00020");
    let head = Format::new().set_bold();
    let text = Format::new().set_num_format("@").set_text_wrap();
    // A header holds 255 letters; whom it is for and until when is the part that must not be cut.
    let on_paper = |line: &str| {
        let line: String = line.chars().take(100).collect();
        line.replace('&', "&&")
    };
    sheet.set_header(format!("&C{}", on_paper(&prepared.mark)));
    sheet.set_footer(format!(
        "&L{}&R第 &P 页，共 &N 页",
        on_paper(&prepared.line)
    ));
    sheet.set_column_width(0, 26)?;
    sheet.set_column_width(1, 64)?;
    sheet.write_string_with_format(0, 0, "转介材料", &title)?;
    sheet.write_string_with_format(1, 0, &prepared.mark, &warning)?;
    sheet.write_string_with_format(2, 0, &prepared.line, &mark)?;
    let mut at = 4;
    for (label, value) in &prepared.head {
        sheet.write_string_with_format(at, 0, label, &head)?;
        sheet.write_string_with_format(at, 1, value, &text)?;
        at += 1;
    }
    write_parts(sheet, at + 1, &prepared.parts, &head, &text)?;
    workbook.save_to_buffer()
}

/// Writes numbers for others, a sheet each. What is kept back is a mark; every cell is text, so nothing is computed.
///
/// # Errors
/// The workbook cannot be put together.
pub fn write_figures(prepared: &PreparedFigures) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(
        &DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?),
    );
    let title = Format::new().set_bold().set_font_size(16);
    let mark = Format::new().set_font_color("808080");
    let head = Format::new().set_bold();
    let text = Format::new().set_num_format("@");
    let line = prepared.line.replace('&', "&&");
    for (number, table) in (1..).zip(&prepared.sheets) {
        let sheet = workbook.add_worksheet();
        sheet.set_name(format!("表{number}"))?;
        sheet.set_header(format!("&R{line}"));
        sheet.set_footer(format!("&L{line}&R第 &P 页，共 &N 页"));
        sheet.set_column_width(0, 26)?;
        sheet.write_string_with_format(0, 0, &table.title, &title)?;
        sheet.write_string_with_format(1, 0, &prepared.line, &mark)?;
        let mut at = 2;
        for note in &prepared.notes {
            sheet.write_string_with_format(at, 0, note, &mark)?;
            at += 1;
        }
        at += 1;
        for (column, words) in (0_u16..).zip(&table.head) {
            sheet.write_string_with_format(at, column, words, &head)?;
        }
        for (words, figures) in &table.lines {
            at += 1;
            sheet.write_string_with_format(at, 0, words, &text)?;
            for (column, figure) in (1_u16..).zip(figures) {
                let words = match figure {
                    Figure::Shown(n) => n.to_string(),
                    Figure::Kept => "*".to_owned(),
                };
                sheet.write_string_with_format(at, column, words, &text)?;
            }
        }
    }
    workbook.save_to_buffer()
}

/// Encrypts a workbook so that only the password opens it.
///
/// # Errors
/// The container cannot be put together.
pub fn encrypt(
    workbook: &[u8],
    password: &str,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, std::io::Error> {
    let mut random = Dice(entropy);
    let mut writer = Ecma376AgileWriter::create(&mut random, password, Cursor::new(Vec::new()))?;
    writer.write_all(workbook)?;
    Ok(writer.into_inner()?.into_inner())
}

/// The device's randomness, as the container's writer asks for it.
struct Dice<'a>(&'a dyn Entropy);

impl rand_core_0_9::RngCore for Dice<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

impl rand_core_0_9::CryptoRng for Dice<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{Data, Reader, Xlsx};
    use std::collections::{BTreeMap, BTreeSet};

    const CANARY: &str = "金丝雀七七";
    const PASSWORD: &str = "ABCD-EFGH-2345";

    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(41, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    fn prepared() -> Prepared {
        let values = [
            ("name", CANARY),
            ("id_no", "310***********0012"),
            ("addr", "=HYPERLINK(\"x\")"),
            ("remark", "不该出去的话"),
        ];
        Prepared {
            number: "E-20261102-3F2A-1".into(),
            line: "芦汀镇 周敏　2026-11-02 10:05　编号 E-20261102-3F2A-1".into(),
            children: vec![ExportedChild {
                values: values
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .collect::<BTreeMap<_, _>>(),
                categories: BTreeSet::from(["LB-1".to_owned()]),
                is_left_behind: true,
            }],
            place: "芦汀镇".into(),
            name: "x".into(),
            password: PASSWORD.into(),
        }
    }

    #[test]
    fn a_child_left_behind_by_another_places_categories_has_the_columns_of_its_register() {
        let mut child = prepared().children.remove(0);
        child.categories = BTreeSet::from(["LB".to_owned()]);
        let own = ("left_behind_kind".to_owned(), "留守儿童".to_owned());
        child.values.extend([own]);
        let said = |child: &ExportedChild| {
            let cells = case_cells(child).into_iter();
            let mut cells = cells.filter(|(_, key, _)| *key == "left_behind_kind");
            cells.next().map(|(_, _, words)| words)
        };
        assert_eq!(said(&child).as_deref(), Some("留守儿童"));
        child.is_left_behind = false;
        assert_eq!(said(&child), None, "the other register has no such column");
        child.is_left_behind = true;
        child.categories = BTreeSet::from(["LB-2".to_owned()]);
        let national = said(&child);
        assert_eq!(national.as_deref(), Some("一方外出另一方无监护能力"));
    }

    fn file() -> Vec<u8> {
        let fields: Vec<String> = ["name", "id_no", "addr", "remark", "left_behind_kind"]
            .map(str::to_owned)
            .to_vec();
        let plain = write(LedgerKind::L1, &prepared(), &fields).unwrap();
        encrypt(&plain, PASSWORD, &Counting(3.into())).unwrap()
    }

    #[test]
    fn the_file_opens_with_its_password_and_with_no_other() {
        let file = file();
        let plain = office_crypto::decrypt_from_bytes(file.clone(), PASSWORD).unwrap();
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(plain)).unwrap();
        let sheet = workbook.sheet_names()[0].clone();
        let range = workbook.worksheet_range(&sheet).unwrap();
        let row: Vec<String> = (0..5)
            .map(|column| range.get_value((3, column)).unwrap().to_string())
            .collect();
        assert_eq!(
            row,
            [
                "1",
                CANARY,
                "310***********0012",
                "=HYPERLINK(\"x\")",
                "父母双方外出"
            ]
        );
        let is_text = |data: &Data| matches!(data, Data::String(_) | Data::Empty);
        assert!(range.rows().flatten().all(is_text), "every cell is text");
        assert!(workbook.worksheet_formula(&sheet).unwrap().is_empty());
        assert!(
            range
                .get_value((1, 0))
                .unwrap()
                .to_string()
                .contains("E-20261102-3F2A-1"),
            "the line says whose copy it is"
        );
        for wrong in ["", "ABCD-EFGH-2346", "abcd-efgh-2345"] {
            let opened = office_crypto::decrypt_from_bytes(file.clone(), wrong);
            assert!(
                opened.is_err() || !opened.unwrap().starts_with(b"PK"),
                "{wrong}"
            );
        }
        assert!(Xlsx::new(Cursor::new(file)).is_err(), "nor without one");
    }

    #[test]
    fn nothing_of_it_stands_in_the_open_and_free_text_is_not_in_it_at_all() {
        let file = file();
        let utf16 = |text: &str| {
            text.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>()
        };
        for text in [CANARY, "芦汀镇", "worksheet", "E-20261102"] {
            for needle in [text.as_bytes().to_vec(), utf16(text)] {
                assert!(
                    !file.windows(needle.len()).any(|part| part == needle),
                    "{text}"
                );
            }
        }
        let plain = office_crypto::decrypt_from_bytes(file, PASSWORD).unwrap();
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(plain)).unwrap();
        let sheet = workbook.sheet_names()[0].clone();
        let range = workbook.worksheet_range(&sheet).unwrap();
        let words: Vec<String> = range.rows().flatten().map(ToString::to_string).collect();
        assert!(!words.iter().any(|word| word.contains("不该出去")));
    }
}
