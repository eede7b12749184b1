//! Sheets as CSV (RFC 4180), in UTF-8.

use csv::ReaderBuilder;

use super::BYTES_MAX;
use super::items::{COLUMNS, lines_of};
use super::rows::{FileFault, Lines, Place, sheets_of};
use crate::sheet::Sheet;

/// A byte order mark: without it spreadsheets do not read Chinese.
const MARK: &str = "\u{feff}";

/// Writes sheets as CSV.
///
/// # Errors
/// Memory only.
pub fn write_csv(sheets: &[Sheet]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(MARK.as_bytes().to_vec());
    writer.write_record(COLUMNS)?;
    for line in sheets.iter().flat_map(lines_of) {
        writer.write_record(&line)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Reads sheets from CSV.
///
/// # Errors
/// Every fault, up to [`super::FAULTS_MAX`], in the order of the file.
pub fn read_csv(bytes: &[u8]) -> Result<Vec<Sheet>, Vec<FileFault>> {
    let refuse = |line, problem: String| {
        let worksheet = None;
        let place = Place {
            worksheet,
            line,
            column: 1,
        };
        Err(vec![FileFault { place, problem }])
    };
    if bytes.len() > BYTES_MAX {
        return refuse(1, "the file is larger than 16 MiB".into());
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return refuse(1, "the file is not UTF-8: save it as “CSV UTF-8”".into());
    };
    let text = text.strip_prefix(MARK).unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .comment(Some(b'#'))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for record in reader.records() {
        let line =
            |position: Option<&csv::Position>| position.map_or(0, csv::Position::line).try_into().unwrap_or(usize::MAX);
        match record {
            Ok(record) => lines.push((line(record.position()), record.iter().map(ToOwned::to_owned).collect())),
            Err(error) => return refuse(line(error.position()), error.to_string()),
        }
    }
    sheets_of(&Lines { worksheet: None, lines })
}
