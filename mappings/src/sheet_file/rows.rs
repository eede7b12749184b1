//! From lines of cells to sheets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tanqiao_protocol::methodology::MethodologyRef;

use super::LINES_MAX;
use super::items::{COLUMNS, FOR_PEOPLE, HeadItem, Item};
use crate::phrase::Phrase;
use crate::sheet::{Cell, CellPart, Confirmation, Evidence, Sheet, Status, check_text};

/// So many faults are told at once.
pub const FAULTS_MAX: usize = 100;

/// Where a cell is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The worksheet, in a workbook.
    pub(super) worksheet: Option<String>,
    /// The line, from 1.
    pub(super) line: usize,
    /// The column, from 1.
    pub(super) column: usize,
}

/// A cell that is refused, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct FileFault {
    /// Where.
    pub place: Place,
    /// What is wrong, and what is expected.
    pub problem: String,
}

impl Place {
    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column, from 1.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for Place {
    /// `line 3, column 6` in a text, `sheets!F3` in a workbook.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(worksheet) = &self.worksheet else {
            return write!(f, "line {}, column {}", self.line, self.column);
        };
        let mut letters = Vec::new();
        let mut rest = self.column;
        while rest > 0 {
            let letter = u8::try_from((rest - 1) % 26).unwrap_or(0);
            letters.push(char::from(b'A' + letter));
            rest = (rest - 1) / 26;
        }
        let letters: String = letters.iter().rev().collect();
        write!(f, "{worksheet}!{letters}{}", self.line)
    }
}

/// Lines of cells from a file, the columns first.
pub(super) struct Lines {
    /// The worksheet, in a workbook.
    pub(super) worksheet: Option<String>,
    /// Each line with its number.
    pub(super) lines: Vec<(usize, Vec<String>)>,
}

/// Reads sheets from lines; a methodology version is completed by all its lines, wherever they stand.
pub(super) fn sheets_of(file: &Lines) -> Result<Vec<Sheet>, Vec<FileFault>> {
    let mut reader = Reader {
        file,
        columns: BTreeMap::new(),
        faults: Vec::new(),
    };
    let sheets = reader.read();
    if reader.faults.is_empty() {
        return Ok(sheets);
    }
    reader.faults.sort();
    reader.faults.truncate(FAULTS_MAX);
    Err(reader.faults)
}

struct Reader<'a> {
    file: &'a Lines,
    columns: BTreeMap<&'static str, usize>,
    faults: Vec<FileFault>,
}

/// A sheet in the making.
struct Draft {
    sheet: Sheet,
    seen: BTreeSet<Item>,
    line: usize,
}

impl Reader<'_> {
    fn read(&mut self) -> Vec<Sheet> {
        let Some(((head_line, head), lines)) = self.file.lines.split_first() else {
            self.refuse(1, 1, "the file is empty");
            return Vec::new();
        };
        if lines.len() > LINES_MAX {
            self.refuse(LINES_MAX, 1, format!("the file has more than {LINES_MAX} lines"));
        }
        self.head(*head_line, head);
        if !self.faults.is_empty() {
            return Vec::new();
        }
        let mut order: Vec<MethodologyRef> = Vec::new();
        let mut drafts: BTreeMap<MethodologyRef, Draft> = BTreeMap::new();
        for (line, cells) in lines {
            if cells.iter().all(String::is_empty) {
                continue;
            }
            if self.faults.len() >= FAULTS_MAX {
                break;
            }
            if let Some((methodology, item)) = self.subject(*line, cells) {
                let draft = drafts.entry(methodology.clone()).or_insert_with(|| {
                    order.push(methodology.clone());
                    let sheet = Sheet::blank(methodology, None, Phrase::default());
                    let seen = BTreeSet::new();
                    Draft {
                        sheet,
                        seen,
                        line: *line,
                    }
                });
                self.item(*line, cells, item, draft);
            }
        }
        order
            .iter()
            .filter_map(|one| drafts.remove(one))
            .filter_map(|draft| self.complete(draft))
            .collect()
    }

    fn complete(&mut self, draft: Draft) -> Option<Sheet> {
        let titled = !draft.sheet.title.zh.is_empty() && !draft.sheet.title.en.is_empty();
        if !titled {
            let problem = format!("{} has no title-zh or no title-en", draft.sheet.methodology);
            self.refuse(draft.line, self.column("item"), problem);
        }
        titled.then_some(draft.sheet)
    }

    fn refuse(&mut self, line: usize, column: usize, problem: impl Into<String>) {
        let place = Place {
            worksheet: self.file.worksheet.clone(),
            line,
            column,
        };
        self.faults.push(FileFault {
            place,
            problem: problem.into(),
        });
    }

    /// The number of a column, from 1.
    fn column(&self, name: &str) -> usize {
        self.columns.get(name).map_or(1, |position| position + 1)
    }

    fn head(&mut self, line: usize, head: &[String]) {
        for (position, name) in head.iter().enumerate() {
            if name.is_empty() {
                continue;
            }
            match COLUMNS.iter().find(|column| *column == name) {
                None => self.refuse(
                    line,
                    position + 1,
                    format!("`{name}` is not one of the columns {}", COLUMNS.join(", ")),
                ),
                Some(column) => {
                    if self.columns.insert(column, position).is_some() {
                        self.refuse(line, position + 1, format!("the column `{name}` stands twice"));
                    }
                }
            }
        }
        for column in COLUMNS.iter().filter(|column| !FOR_PEOPLE.contains(column)) {
            if !self.columns.contains_key(column) {
                self.refuse(line, 1, format!("the column `{column}` is missing"));
            }
        }
    }

    fn cell<'c>(&self, cells: &'c [String], name: &str) -> &'c str {
        let cell = self.columns.get(name).and_then(|position| cells.get(*position));
        cell.map_or("", |cell| cell.trim())
    }

    fn subject(&mut self, line: usize, cells: &[String]) -> Option<(MethodologyRef, Item)> {
        let methodology = self.cell(cells, "methodology").parse::<MethodologyRef>();
        let item = Item::read(self.cell(cells, "item"));
        if let Err(error) = &methodology {
            self.refuse(line, self.column("methodology"), error.to_string());
        }
        if let Err(problem) = &item {
            self.refuse(line, self.column("item"), problem);
        }
        Some((methodology.ok()?, item.ok()?))
    }

    fn item(&mut self, line: usize, cells: &[String], item: Item, draft: &mut Draft) {
        if !draft.seen.insert(item) {
            self.refuse(line, self.column("item"), "this item stands twice");
            return;
        }
        let read = match item {
            Item::Attribute(name) => self.attribute(cells).and_then(|cell| {
                draft
                    .sheet
                    .attributes
                    .put(name, cell)
                    .map_err(|error| (part(error.part), error.problem))
            }),
            Item::Head(item) => self.head_item(cells, item, &mut draft.sheet),
        };
        if let Err((column, problem)) = read {
            self.refuse(line, self.column(column), problem);
        }
    }

    /// An attribute; an empty value without a status is one that is not known.
    fn attribute(&self, cells: &[String]) -> Result<Cell, (&'static str, String)> {
        let (value, status) = (self.cell(cells, "value"), self.cell(cells, "status"));
        let status = match (value, status) {
            ("", "") => Status::Unknown,
            (_, status) => status
                .parse()
                .map_err(|error: tanqiao_protocol::id::TextError| ("status", error.to_string()))?,
        };
        let document = match self.cell(cells, "document_sha256") {
            "" => None,
            hash => Some(
                hash.parse()
                    .map_err(|error: tanqiao_protocol::id::TextError| ("document_sha256", error.to_string()))?,
            ),
        };
        Ok(Cell {
            value: (!value.is_empty()).then(|| value.to_owned()),
            evidence: Evidence {
                status,
                source: self.cell(cells, "source").into(),
                document,
            },
        })
    }

    fn head_item(&self, cells: &[String], item: HeadItem, sheet: &mut Sheet) -> Result<(), (&'static str, String)> {
        let (value, document) = (self.cell(cells, "value"), self.cell(cells, "document_sha256"));
        let of = |column: &'static str| move |error: tanqiao_protocol::id::TextError| (column, error.to_string());
        match item {
            HeadItem::Region if value.is_empty() => sheet.region = None,
            HeadItem::Region => sheet.region = Some(value.parse().map_err(of("value"))?),
            HeadItem::TitleZh => sheet.title.zh = title(value)?,
            HeadItem::TitleEn => sheet.title.en = title(value)?,
            HeadItem::Reference => sheet.reference = yes(value)?,
            HeadItem::Demonstration => sheet.demonstration = yes(value)?,
            HeadItem::Document if document.is_empty() => sheet.document = None,
            HeadItem::Document => sheet.document = Some(document.parse().map_err(of("document_sha256"))?),
            HeadItem::Confirmation if value.is_empty() => sheet.confirmation = None,
            HeadItem::Confirmation => {
                sheet.confirmation = Some(Confirmation {
                    unit_factor: title(value)?,
                    on: self.cell(cells, "source").parse().map_err(of("source"))?,
                    document: document.parse().map_err(of("document_sha256"))?,
                });
            }
        }
        Ok(())
    }
}

fn title(text: &str) -> Result<String, (&'static str, String)> {
    check_text(text).map_err(|problem| ("value", problem))?;
    Ok(text.into())
}

fn yes(text: &str) -> Result<bool, (&'static str, String)> {
    match text {
        "yes" => Ok(true),
        "no" | "" => Ok(false),
        _ => Err(("value", format!("`{text}` is neither `yes` nor `no`"))),
    }
}

const fn part(part: CellPart) -> &'static str {
    match part {
        CellPart::Value => "value",
        CellPart::Status => "status",
        CellPart::Source => "source",
        CellPart::Document => "document_sha256",
    }
}
