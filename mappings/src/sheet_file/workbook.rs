//! Sheets as a workbook (ECMA-376 XLSX).

use std::io::{Cursor, Read as _};

use calamine::{Data, Reader as _, Xlsx};
use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};
use tanqiao_protocol::time::Timestamp;

use super::BYTES_MAX;
use super::items::{COLUMNS, Line, lines_of};
use super::rows::{FileFault, Lines, Place, sheets_of};
use crate::sheet::{AttributeName, Sheet, Status};

/// The largest content of a workbook once it is unpacked, in bytes: a small file may hold a great deal of nothing.
const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why no workbook was written.
#[derive(Debug, thiserror::Error)]
#[error("the workbook could not be written: {0}")]
pub struct WorkbookFault(#[from] XlsxError);

const WIDTHS: [u16; COLUMNS.len()] = [24, 8, 20, 18, 26, 44, 12, 44, 24, 60];

/// Writes sheets as a workbook that was made at `made`: one worksheet to fill in, one with the forms of all values. Every cell is
/// text, so that no number is taken for something else, and nothing is a formula.
///
/// # Errors
/// More lines than a worksheet holds.
pub fn write_xlsx(sheets: &[Sheet], made: Timestamp) -> Result<Vec<u8>, WorkbookFault> {
    let mut workbook = Workbook::new();
    // Its own time would be the clock's.
    let made = ExcelDateTime::from_timestamp(made.micros() / 1_000_000)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let (text, head) = (
        Format::new().set_num_format("@"),
        Format::new().set_bold().set_num_format("@"),
    );
    let page = workbook.add_worksheet().set_name("sheets")?;
    let lines: Vec<Line> = sheets.iter().flat_map(lines_of).collect();
    write_table(
        page,
        &COLUMNS,
        &lines,
        &head,
        &text.clone().set_align(FormatAlign::Top).set_text_wrap(),
    )?;
    for (column, width) in (0_u16..).zip(WIDTHS) {
        page.set_column_width(column, width)?;
    }
    let last = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let words: Vec<&str> = Status::ALL.iter().map(|status| status.word()).collect();
    let choice = DataValidation::new().allow_list_strings(&words)?;
    page.add_data_validation(1, 6, last.max(1), 6, &choice)?;
    write_forms(&mut workbook, &head, &text)?;
    Ok(workbook.save_to_buffer()?)
}

fn write_forms(workbook: &mut Workbook, head: &Format, text: &Format) -> Result<(), XlsxError> {
    let page = workbook.add_worksheet().set_name("forms")?;
    let forms: Vec<[String; 5]> = AttributeName::ALL
        .iter()
        .map(|name| {
            let title = name.title();
            [
                name.code().to_string(),
                name.to_string(),
                title.zh,
                title.en,
                name.form().into(),
            ]
        })
        .collect();
    write_table(
        page,
        &["number", "item", "name_zh", "name_en", "form"],
        &forms,
        head,
        text,
    )?;
    for (column, width) in (0_u16..).zip([8_u16, 20, 18, 30, 90]) {
        page.set_column_width(column, width)?;
    }
    Ok(())
}

fn write_table<const N: usize>(
    page: &mut Worksheet,
    columns: &[&str; N],
    lines: &[[String; N]],
    head: &Format,
    text: &Format,
) -> Result<(), XlsxError> {
    for (column, name) in (0_u16..).zip(columns) {
        page.write_string_with_format(0, column, *name, head)?;
    }
    for (row, line) in (1_u32..).zip(lines) {
        for (column, cell) in (0_u16..).zip(line) {
            page.write_string_with_format(row, column, cell, text)?;
        }
    }
    page.set_freeze_panes(1, 0)?;
    Ok(())
}

/// Reads sheets from the first worksheet of a workbook. A cell that the workbook keeps as a number or a date is refused: its digits
/// would no longer be those that someone wrote.
///
/// # Errors
/// Every fault, up to [`super::FAULTS_MAX`], in the order of the file.
pub fn read_xlsx(bytes: &[u8]) -> Result<Vec<Sheet>, Vec<FileFault>> {
    let whole = |problem: String| {
        let place = Place {
            worksheet: Some("*".into()),
            line: 1,
            column: 1,
        };
        vec![FileFault { place, problem }]
    };
    check_size(bytes).map_err(whole)?;
    let mut workbook: Xlsx<_> =
        Xlsx::new(Cursor::new(bytes)).map_err(|error| whole(format!("this is not a workbook: {error}")))?;
    let name = workbook.sheet_names().first().cloned().unwrap_or_default();
    let range = workbook
        .worksheet_range(&name)
        .map_err(|error| whole(format!("{name}: {error}")))?;
    let (first_row, first_column) = range.start().unwrap_or((0, 0));
    let mut faults = Vec::new();
    let mut lines = Vec::new();
    for (row, cells) in (as_count(first_row) + 1..).zip(range.rows()) {
        let blank = std::iter::repeat_n(String::new(), as_count(first_column));
        let texts = (as_count(first_column) + 1..).zip(cells).map(|(column, cell)| {
            text_of(cell).unwrap_or_else(|problem| {
                let worksheet = Some(name.clone());
                let place = Place {
                    worksheet,
                    line: row,
                    column,
                };
                faults.push(FileFault { place, problem });
                String::new()
            })
        });
        let texts: Vec<String> = blank.chain(texts).collect();
        lines.push((row, texts));
    }
    if !faults.is_empty() {
        faults.truncate(super::FAULTS_MAX);
        return Err(faults);
    }
    let worksheet = Some(name);
    sheets_of(&Lines { worksheet, lines })
}

fn text_of(cell: &Data) -> Result<String, String> {
    match cell {
        Data::String(text) => Ok(text.clone()),
        Data::Empty => Ok(String::new()),
        Data::Error(error) => Err(format!("the cell holds an error of the spreadsheet ({error})")),
        Data::Bool(_) => Err("the cell is a truth value: write it as text".into()),
        _ => Err("the cell is kept as a number or date: give it the format “text”, and write it again".into()),
    }
}

/// Unpacks every part into nothing, and stops where it is too much.
fn check_size(bytes: &[u8]) -> Result<(), String> {
    if bytes.len() > BYTES_MAX {
        return Err("the file is larger than 16 MiB".into());
    }
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| format!("this is not a workbook: {error}"))?;
    let mut left = UNPACKED_BYTES_MAX;
    for position in 0..archive.len() {
        let part = archive
            .by_index(position)
            .map_err(|error| format!("this is not a workbook: {error}"))?;
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut std::io::sink());
        let unpacked = unpacked.map_err(|error| format!("this is not a workbook: {error}"))?;
        left = left
            .checked_sub(unpacked)
            .ok_or("the workbook holds more than 64 MiB")?;
    }
    Ok(())
}

fn as_count(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}
