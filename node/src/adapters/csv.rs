//! Comma-separated values with a header (RFC 4180).
//!
//! No field of a record can hold a line break, so a file is first split into lines: a quotation mark that is never closed
//! spoils its own line and not the rest of the file.

use std::io::{Read, Seek};

use csv_core::{ReadRecordResult, Reader};

use super::columns::{self, not_utf8, too_long};
use super::split::{Content, Splitter};
use super::{FileRefusal, LINE_BYTES_MAX, Line, Place};
use crate::quantification::{ActivityRecord, Field, RawRecord, Refusal};

/// The most columns that a line is split into: twice what a record has.
const COLUMNS_MAX: usize = 2 * Field::COLUMNS.len();

/// Reads the lines of a CSV file.
#[derive(Debug)]
pub struct CsvLines<R: Read + Seek> {
    lines: Splitter<R>,
    cells: Cells,
    columns: Vec<Field>,
}

impl<R: Read + Seek> CsvLines<R> {
    pub(super) fn open(file: R) -> Result<Self, FileRefusal> {
        let mut lines = Splitter::new(file);
        let mut cells = Cells::new();
        let columns = header(&mut lines, &mut cells)?;
        Ok(Self { lines, cells, columns })
    }

    pub(super) fn next_line(&mut self) -> Result<Option<Line>, FileRefusal> {
        let Some((number, content)) = self.lines.next_line()? else {
            return Ok(None);
        };
        let record = match content {
            Content::Bytes(bytes) => record(&mut self.cells, &self.columns, bytes),
            Content::TooLong => Err(too_long()),
        };
        Ok(Some(Line { number, record }))
    }

    pub(super) const fn place(&self) -> Place {
        self.lines.place()
    }

    pub(super) fn resume(&mut self, place: Place) -> Result<(), FileRefusal> {
        Ok(self.lines.resume(place)?)
    }
}

fn header<R: Read + Seek>(lines: &mut Splitter<R>, cells: &mut Cells) -> Result<Vec<Field>, FileRefusal> {
    let refused = |text: &str| FileRefusal::Header(text.to_owned());
    let bytes = match lines.next_line()? {
        Some((_, Content::Bytes(bytes))) => bytes,
        Some((_, Content::TooLong)) => return Err(refused("is longer than 65536 bytes: this is not a CSV file")),
        None => return Err(refused("the file is empty: the first line names the columns")),
    };
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(refused("the file is UTF-16: save it as `CSV UTF-8`"));
    }
    let count = cells
        .split(bytes)
        .map_err(|refusal| FileRefusal::Header(refusal.message))?;
    let names = (0..count).map(|index| cells.text(index));
    let names: Vec<&str> = names
        .collect::<Option<_>>()
        .ok_or_else(|| refused("the file is not UTF-8: save it as `CSV UTF-8`, not as GBK or GB 18030"))?;
    if let [one] = names.as_slice()
        && one.contains([';', '\t'])
    {
        return Err(refused(
            "the columns are not separated by commas: export with `,` as the separator",
        ));
    }
    columns::of_header(names.into_iter()).map_err(FileRefusal::Header)
}

fn record(cells: &mut Cells, columns: &[Field], bytes: &[u8]) -> Result<ActivityRecord, Refusal> {
    let count = cells.split(bytes)?;
    if count != columns.len() {
        return Err(Refusal::schema(
            Field::Line,
            format!(
                "has {count} fields where the header has {}: quote fields that contain a comma",
                columns.len()
            ),
        ));
    }
    let mut raw = RawRecord::default();
    for (index, field) in columns.iter().enumerate() {
        let text = cells.text(index).ok_or_else(|| not_utf8(*field))?;
        columns::put(&mut raw, *field, text);
    }
    ActivityRecord::parse(&raw)
}

/// The fields of one line.
struct Cells {
    parser: Reader,
    text: Vec<u8>,
    ends: [usize; COLUMNS_MAX],
}

impl std::fmt::Debug for Cells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cells")
    }
}

impl Cells {
    fn new() -> Self {
        let bytes_max = usize::try_from(LINE_BYTES_MAX).unwrap_or(0) + 2;
        Self {
            parser: Reader::new(),
            text: vec![0; bytes_max],
            ends: [0; COLUMNS_MAX],
        }
    }

    /// Splits a line without its end; the number of fields.
    fn split(&mut self, line: &[u8]) -> Result<usize, Refusal> {
        let odd = line.iter().fold(false, |odd, byte| odd ^ (*byte == b'"'));
        if odd {
            return Err(Refusal::schema(
                Field::Line,
                "has a quotation mark that is not closed: a mark inside a quoted field is written twice",
            ));
        }
        self.parser.reset();
        let (result, _, written, fields) = self.parser.read_record(line, &mut self.text, &mut self.ends);
        let (result, fields) = match result {
            // The line has no end: the end of the input ends the record.
            ReadRecordResult::InputEmpty => {
                let text = self.text.get_mut(written..).unwrap_or_default();
                let ends = self.ends.get_mut(fields..).unwrap_or_default();
                let (result, _, _, more) = self.parser.read_record(&[], text, ends);
                (result, fields + more)
            }
            other => (other, fields),
        };
        match result {
            ReadRecordResult::Record => Ok(fields),
            _ => Err(Refusal::schema(
                Field::Line,
                "has too many fields: quote fields that contain a comma",
            )),
        }
    }

    /// The field at `index`, `None` if it is not UTF-8.
    fn text(&self, index: usize) -> Option<&str> {
        let start = match index.checked_sub(1) {
            None => 0,
            Some(before) => *self.ends.get(before)?,
        };
        std::str::from_utf8(self.text.get(start..*self.ends.get(index)?)?).ok()
    }
}
