//! Reading a mapping set: strictly, and with the place of everything that is refused.

use std::collections::{BTreeMap, BTreeSet};

use csv::{ReaderBuilder, StringRecord};

use super::curie::CurieMap;
use super::extension::ExtensionSlot;
use super::header::{self, Metadata, check_value, share};
use super::slots::{Justification, PROPAGATED, ROW};
use super::{MappingSetFile, NO_TERM_FOUND, SssomMapping};

/// So many faults are told at once.
pub const FAULTS_MAX: usize = 50;
/// The largest file, in bytes: 64 MiB.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// The largest header, in bytes.
const HEADER_BYTES_MAX: usize = 256 * 1024;
/// The observer is told after so many rows.
const ROWS_A_REPORT: usize = 500;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("line {line}, column {column} `{slot}`: {problem}")]
pub struct SssomFault {
    /// The line, from 1; header lines count.
    pub line: usize,
    /// In a header the character, in a row the number of the cell, from 1.
    pub column: usize,
    /// The slot; `*` for the whole line.
    pub slot: String,
    /// What is wrong, and what is expected.
    pub problem: String,
}

impl SssomFault {
    pub(super) fn at(line: usize, column: usize, slot: &str, problem: impl Into<String>) -> Self {
        Self {
            line,
            column,
            slot: slot.into(),
            problem: problem.into(),
        }
    }

    pub(super) fn of(mut self, slot: &str) -> Self {
        self.slot = slot.into();
        self
    }
}

/// A set that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The set. Slots that its header states for all rows are filled into them.
    pub set: MappingSetFile,
    /// Columns and header slots that SSSOM does not know and the header does not define: a reader discards them, and says so.
    pub discarded: Vec<String>,
}

/// Reads a set in SSSOM/TSV.
///
/// # Errors
/// Every fault, up to [`FAULTS_MAX`], in the order of the file.
pub fn read(text: &str) -> Result<Import, Vec<SssomFault>> {
    read_observed(text, &mut |_| {})
}

/// [`read`] with an observer that is told now and then how many rows are read.
///
/// # Errors
/// As [`read`].
pub fn read_observed(text: &str, observer: &mut dyn FnMut(usize)) -> Result<Import, Vec<SssomFault>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > BYTES_MAX {
        return Err(vec![SssomFault::at(1, 1, "*", "the file is larger than 64 MiB")]);
    }
    let (yaml, lines, body) = split(text);
    if yaml.len() > HEADER_BYTES_MAX {
        return Err(vec![SssomFault::at(1, 1, "*", "the header is larger than 256 KiB")]);
    }
    let mut discarded = Vec::new();
    let metadata = header::read(&yaml, &mut discarded)?;
    let mut rows = Rows {
        metadata: &metadata,
        columns: Vec::new(),
        faults: Vec::new(),
        seen: BTreeSet::new(),
        discarded,
    };
    let mappings = rows.read(body, lines, observer);
    let Rows { faults, discarded, .. } = rows;
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Import {
        set: MappingSetFile { metadata, mappings },
        discarded,
    })
}

/// The header without its `#`, the number of its lines, and the rest.
fn split(text: &str) -> (String, usize, &str) {
    let (mut yaml, mut lines, mut rest) = (String::new(), 0, text);
    while let Some(comment) = rest.strip_prefix('#') {
        let (line, after) = comment.split_once('\n').unwrap_or((comment, ""));
        yaml.push_str(line.strip_suffix('\r').unwrap_or(line));
        yaml.push('\n');
        lines += 1;
        rest = after;
    }
    (yaml, lines, rest)
}

/// What a column is.
#[derive(Debug, Clone)]
enum Column {
    Slot(usize),
    Extension(String),
    Discarded,
}

struct Rows<'a> {
    metadata: &'a Metadata,
    columns: Vec<(String, Column)>,
    faults: Vec<SssomFault>,
    seen: BTreeSet<String>,
    discarded: Vec<String>,
}

impl Rows<'_> {
    fn read(&mut self, body: &str, header_lines: usize, observer: &mut dyn FnMut(usize)) -> Vec<SssomMapping> {
        let mut reader = ReaderBuilder::new()
            .delimiter(b'\t')
            .has_headers(false)
            .flexible(true)
            .from_reader(body.as_bytes());
        let mut mappings = Vec::new();
        for record in reader.records() {
            if self.faults.len() >= FAULTS_MAX {
                break;
            }
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    self.refuse(header_lines + as_count(line), 1, "*", error.to_string());
                    break;
                }
            };
            let line = header_lines + as_count(record.position().map_or(0, csv::Position::line));
            if self.columns.is_empty() {
                self.head(&record, line);
                if !self.faults.is_empty() {
                    break;
                }
            } else if let Some(mapping) = self.row(&record, line) {
                mappings.push(mapping);
                if mappings.len().is_multiple_of(ROWS_A_REPORT) {
                    observer(mappings.len());
                }
            }
        }
        if self.columns.is_empty() && self.faults.is_empty() {
            self.refuse(header_lines + 1, 1, "*", "there is no line with the columns");
        }
        observer(mappings.len());
        mappings
    }

    fn refuse(&mut self, line: usize, column: usize, slot: &str, problem: impl Into<String>) {
        self.faults.push(SssomFault::at(line, column, slot, problem));
    }

    fn head(&mut self, record: &StringRecord, line: usize) {
        for (position, name) in record.iter().enumerate() {
            if self.columns.iter().any(|(other, _)| other == name) {
                self.refuse(line, position + 1, name, "stands twice");
            }
            let column = if let Some(slot) = ROW.iter().position(|slot| slot.0 == name) {
                Column::Slot(slot)
            } else if self.metadata.defines(name) {
                Column::Extension(name.into())
            } else {
                self.discarded.push(name.into());
                Column::Discarded
            };
            self.columns.push((name.into(), column));
        }
        for required in ["subject_id", "predicate_id", "object_id", "mapping_justification"] {
            if !self.columns.iter().any(|(name, _)| name == required) {
                self.refuse(line, 1, required, "is a column that every set has");
            }
        }
    }

    /// One row; `None` if something is wrong with it, which then stands in `faults`.
    fn row(&mut self, record: &StringRecord, line: usize) -> Option<SssomMapping> {
        let before = self.faults.len();
        if record.len() != self.columns.len() {
            let problem = format!(
                "the line has {} cells, the table {} columns",
                record.len(),
                self.columns.len()
            );
            self.refuse(line, record.len().min(self.columns.len()) + 1, "*", problem);
            return None;
        }
        let mut cells: BTreeMap<&'static str, (usize, String)> = BTreeMap::new();
        let mut extensions = BTreeMap::new();
        let columns = std::mem::take(&mut self.columns);
        for (position, ((name, column), cell)) in columns.iter().zip(record).enumerate() {
            if cell.is_empty() {
                continue;
            }
            if let Err(problem) = self.check(column, cell) {
                self.refuse(line, position + 1, name, problem);
                continue;
            }
            match column {
                Column::Slot(slot) => {
                    if let Some(slot) = ROW.get(*slot) {
                        cells.insert(slot.0, (position + 1, cell.into()));
                    }
                }
                Column::Extension(name) => {
                    extensions.insert(name.clone(), cell.into());
                }
                Column::Discarded => {}
            }
        }
        self.columns = columns;
        if self.faults.len() > before {
            return None;
        }
        let mapping = self.mapping(cells, extensions, line)?;
        if !self.seen.insert(mapping.key()) {
            self.refuse(line, 1, "record_id", format!("`{}` stands twice", mapping.key()));
            return None;
        }
        Some(mapping)
    }

    fn check(&self, column: &Column, cell: &str) -> Result<(), String> {
        if cell.trim() != cell {
            return Err(format!("`{cell}` begins or ends with white space"));
        }
        match column {
            Column::Discarded => Ok(()),
            Column::Extension(name) => match name.parse::<ExtensionSlot>() {
                Ok(slot) => slot.check(cell),
                Err(_) => Ok(()),
            },
            Column::Slot(slot) => match ROW.get(*slot) {
                Some((_, kind, true)) => cell
                    .split('|')
                    .try_for_each(|part| check_value(*kind, part, self.curies())),
                Some((_, kind, false)) => check_value(*kind, cell, self.curies()),
                None => Ok(()),
            },
        }
    }

    const fn curies(&self) -> &CurieMap {
        &self.metadata.curies
    }

    fn mapping(
        &mut self,
        mut cells: BTreeMap<&'static str, (usize, String)>,
        extensions: BTreeMap<String, String>,
        line: usize,
    ) -> Option<SssomMapping> {
        let mut take = |slot: &'static str| cells.remove(slot);
        let subject = take("subject_id");
        let (predicate, modifier, object) = (take("predicate_id"), take("predicate_modifier"), take("object_id"));
        let (justification, confidence, id) = (take("mapping_justification"), take("confidence"), take("record_id"));
        let (metadata, mut faults) = (self.metadata, Vec::new());
        let curies = &metadata.curies;
        let subject = typed(&mut faults, line, "subject_id", subject, |text| curies.read(text));
        let relation = typed(&mut faults, line, "predicate_id", predicate, |text| {
            text.parse()
                .map_err(|error: tanqiao_protocol::id::TextError| error.to_string())
        });
        let object = typed(&mut faults, line, "object_id", object, |text| match text {
            NO_TERM_FOUND => Ok(None),
            text => curies.read(text).map(Some),
        });
        let justification = typed(
            &mut faults,
            line,
            "mapping_justification",
            justification,
            Justification::read,
        );
        let negated = modifier.is_some_and(|(column, text)| {
            if text != "Not" {
                let problem = format!("`{text}` is not `Not`, nor empty");
                faults.push(SssomFault::at(line, column, "predicate_modifier", problem));
            }
            true
        });
        if subject
            .as_ref()
            .is_some_and(|subject| subject.to_string() == NO_TERM_FOUND)
        {
            faults.push(SssomFault::at(line, 1, "subject_id", "is a methodology"));
        }
        self.faults.append(&mut faults);
        let slots = self.slots(cells);
        Some(SssomMapping {
            // Both were checked as cells already.
            record_id: id.and_then(|(_, text)| curies.read(&text).ok()),
            confidence: confidence.and_then(|(_, text)| share(&text).ok()),
            subject: subject?,
            relation: relation?,
            negated,
            object: object?,
            justification: justification?,
            slots,
            extensions,
        })
    }

    /// The cells of the other slots, and what the header states for all rows.
    fn slots(&self, cells: BTreeMap<&'static str, (usize, String)>) -> BTreeMap<&'static str, String> {
        let mut slots: BTreeMap<&'static str, String> =
            cells.into_iter().map(|(slot, (_, text))| (slot, text)).collect();
        for slot in PROPAGATED {
            if let Some(value) = self.metadata.slot(slot) {
                slots.entry(slot).or_insert_with(|| value.cell());
            }
        }
        slots
    }
}

/// The value of a cell that must be there.
fn typed<T>(
    faults: &mut Vec<SssomFault>,
    line: usize,
    slot: &str,
    cell: Option<(usize, String)>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let Some((column, text)) = cell else {
        faults.push(SssomFault::at(line, 1, slot, "must not be empty"));
        return None;
    };
    match read(&text) {
        Ok(value) => Some(value),
        Err(problem) => {
            faults.push(SssomFault::at(line, column, slot, problem));
            None
        }
    }
}

fn as_count(line: u64) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX)
}
