//! 未成年人个人信息保护年度材料 (P-18): what the yearly filing asks for, in numbers only.

use client::ClientError;
use client::yearly::YearlyPack;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

/// Writes the workbook. It holds no name of anybody.
///
/// # Errors
/// `internal`: the workbook cannot be put together.
pub fn write(pack: &YearlyPack) -> Result<Vec<u8>, ClientError> {
    build(pack).map_err(|error| ClientError::new("internal").because(error))
}

fn build(pack: &YearlyPack) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(
        &DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?),
    );
    let head = Format::new().set_bold().set_background_color("E8EEF2");
    for section in &pack.sections {
        let sheet = workbook.add_worksheet().set_name(&section.title)?;
        write_section(sheet, &pack.line, section, &head)?;
    }
    workbook.save_to_buffer()
}

fn write_section(
    sheet: &mut Worksheet,
    line: &str,
    section: &client::yearly::Section,
    head: &Format,
) -> Result<(), XlsxError> {
    sheet.write_string(0, 0, line)?;
    sheet.set_footer(format!("&L{}", line.replace('&', "&&")));
    sheet.set_column_width(0, 48.0)?;
    sheet.set_column_width(1, 16.0)?;
    for (at, heading) in (0_u16..).zip(["项目", "数量"]) {
        sheet.write_string_with_format(2, at, heading, head)?;
    }
    for (at, (words, number)) in (3_u32..).zip(&section.lines) {
        sheet.write_string(at, 0, words)?;
        match number {
            Some(number) => _ = sheet.write_number(at, 1, *number as f64)?,
            None => _ = sheet.write_string(at, 1, "有")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{Reader, Xlsx};
    use client::yearly::Section;
    use std::io::Cursor;

    #[test]
    fn the_pack_has_a_sheet_for_each_part_and_numbers_beside_words() {
        let pack = YearlyPack {
            line: "芦汀镇 2026年".into(),
            sections: vec![Section {
                title: "人数".into(),
                lines: vec![("未满14周岁".into(), Some(9)), ("有措施".into(), None)],
            }],
        };
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(write(&pack).unwrap())).unwrap();
        let range = workbook.worksheet_range("人数").unwrap();
        assert_eq!(range.get_value((3, 1)).unwrap().to_string(), "9");
        assert_eq!(range.get_value((4, 1)).unwrap().to_string(), "有");
    }
}
