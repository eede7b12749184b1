//! How a value is known.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::words;

words! {
    /// How a value is known.
    pub enum Status {
        /// It was measured.
        Measured = 1 "measured",
        /// A document says it.
        Published = 2 "published",
        /// The issuer says it.
        Declared = 3 "declared",
        /// It is not known.
        Unknown = 4 "unknown",
    }
}

/// The longest source, remark or title, in characters.
pub const TEXT_CHARS_MAX: usize = 400;

/// How a value is known, where it stands, and in which document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// How it is known.
    pub status: Status,
    /// Where it stands: a title and section, an announcement. For an unknown value a remark, or nothing.
    pub source: String,
    /// SHA-256 of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Sha256>,
}

/// Which part of a cell is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CellPart {
    /// The value.
    Value,
    /// The status.
    Status,
    /// The source.
    Source,
    /// The hash of the document.
    Document,
}

/// A cell that breaks its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct CellError {
    /// Which part.
    pub part: CellPart,
    /// What is wrong, and what is expected.
    pub problem: String,
}

impl CellError {
    pub(crate) fn new(part: CellPart, problem: impl Into<String>) -> Self {
        Self {
            part,
            problem: problem.into(),
        }
    }
}

/// Refuses a text that a table could not carry as it is: control characters, blanks at its ends, more than
/// [`TEXT_CHARS_MAX`] characters, or a first character that a spreadsheet would take for a formula.
///
/// # Errors
/// What is wrong with it.
pub fn check_text(text: &str) -> Result<(), String> {
    if text.trim() != text {
        return Err("begins or ends with white space".into());
    }
    if text.chars().any(char::is_control) {
        return Err("holds control characters".into());
    }
    if text.starts_with(['=', '+', '-', '@']) {
        return Err("begins like a formula of a spreadsheet (=, +, -, @)".into());
    }
    let chars = text.chars().count();
    if chars > TEXT_CHARS_MAX {
        return Err(format!("has {chars} characters, {TEXT_CHARS_MAX} at most"));
    }
    Ok(())
}

impl Evidence {
    /// Evidence of a known value.
    ///
    /// # Errors
    /// No source, or one that [`check_text`] refuses; status `unknown`.
    pub fn new(status: Status, source: &str, document: Option<Sha256>) -> Result<Self, CellError> {
        if status == Status::Unknown {
            return Err(CellError::new(
                CellPart::Status,
                "a known value is measured, published or declared",
            ));
        }
        if source.is_empty() {
            return Err(CellError::new(CellPart::Source, "a known value needs a source"));
        }
        check_text(source).map_err(|problem| CellError::new(CellPart::Source, problem))?;
        Ok(Self {
            status,
            source: source.into(),
            document,
        })
    }

    /// That of a value that nobody knows, with a remark or none.
    ///
    /// # Errors
    /// A remark that [`check_text`] refuses.
    pub fn unknown(remark: &str) -> Result<Self, CellError> {
        check_text(remark).map_err(|problem| CellError::new(CellPart::Source, problem))?;
        Ok(Self {
            status: Status::Unknown,
            source: remark.into(),
            document: None,
        })
    }
}

/// A value with its evidence, or the statement that it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated<T> {
    value: Option<T>,
    evidence: Evidence,
}

impl<T> Default for Stated<T> {
    fn default() -> Self {
        Self {
            value: None,
            evidence: Evidence {
                status: Status::Unknown,
                source: String::new(),
                document: None,
            },
        }
    }
}

impl<T> Stated<T> {
    /// The value, if it is known.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// How it is known.
    #[must_use]
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}

impl<T: FromStr<Err: Display> + Display> Stated<T> {
    /// As a cell of a table.
    #[must_use]
    pub fn cell(&self) -> Cell {
        Cell {
            value: self.value.as_ref().map(ToString::to_string),
            evidence: self.evidence.clone(),
        }
    }

    /// From a cell of a table.
    ///
    /// # Errors
    /// A text that is not a value, or a value and a status that contradict each other.
    pub fn of_cell(cell: Cell) -> Result<Self, CellError> {
        let Cell { value, evidence } = cell;
        let value = value
            .map(|text| {
                text.parse()
                    .map_err(|error: T::Err| CellError::new(CellPart::Value, error.to_string()))
            })
            .transpose()?;
        let Evidence {
            status,
            source,
            document,
        } = evidence;
        let evidence = match (&value, status) {
            (Some(_), _) => Evidence::new(status, &source, document)?,
            (None, Status::Unknown) if document.is_none() => Evidence::unknown(&source)?,
            (None, Status::Unknown) => {
                return Err(CellError::new(CellPart::Document, "what is unknown has no document"));
            }
            (None, _) => {
                return Err(CellError::new(
                    CellPart::Value,
                    format!("is empty, but its status is `{status}`"),
                ));
            }
        };
        Ok(Self { value, evidence })
    }
}

/// One attribute as a table writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The value; `None` if it is not known.
    pub value: Option<String>,
    /// How it is known.
    pub evidence: Evidence,
}

impl Cell {
    /// A known value.
    pub fn known(value: impl Into<String>, evidence: Evidence) -> Self {
        Self {
            value: Some(value.into()),
            evidence,
        }
    }
}
