//! Why a record is not counted: the check that it fails, the field, and what to do.

use std::fmt;

use serde::{Serialize, Serializer};
use tanqiao_protocol::check::CheckCode;

/// A column of a CSV file, a member of an NDJSON line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The platform that recorded the activity.
    Source,
    /// The platform's own id of the record.
    RecordId,
    /// The methodology version.
    Methodology,
    /// Whose reduction it is: a pseudonym.
    Account,
    /// Activity data.
    Quantity,
    /// Its unit.
    Unit,
    /// The act begins.
    StartedAt,
    /// The act ends.
    EndedAt,
    /// Where it took place.
    Place,
    /// The reduction as the platform states it, in grams.
    ReductionG,
    /// The asset that it was done with.
    Asset,
    /// The identifier of the person.
    Subject,
    /// The line as a whole.
    Line,
}

impl Field {
    /// Every column, in the order in which files are usually written.
    pub const COLUMNS: [Self; 12] = [
        Self::Source,
        Self::RecordId,
        Self::Methodology,
        Self::Account,
        Self::Quantity,
        Self::Unit,
        Self::StartedAt,
        Self::EndedAt,
        Self::Place,
        Self::ReductionG,
        Self::Asset,
        Self::Subject,
    ];

    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::RecordId => "record_id",
            Self::Methodology => "methodology",
            Self::Account => "account",
            Self::Quantity => "quantity",
            Self::Unit => "unit",
            Self::StartedAt => "started_at",
            Self::EndedAt => "ended_at",
            Self::Place => "place",
            Self::ReductionG => "reduction_g",
            Self::Asset => "asset",
            Self::Subject => "subject",
            Self::Line => "line",
        }
    }

    /// The column of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::COLUMNS.into_iter().find(|field| field.name() == name)
    }

    /// True for the columns that a file may leave out.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::Methodology | Self::ReductionG | Self::Asset | Self::Subject)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One record that is not counted. The message is a sentence for the person who has to mend the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{check} {}: {field}: {message}", check.name())]
pub struct Refusal {
    /// Which check of the public catalogue.
    pub check: CheckCode,
    /// Which field.
    pub field: Field,
    /// What is wrong, and the remedy.
    pub message: String,
}

impl Refusal {
    /// A refusal of one field.
    #[must_use]
    pub fn new(check: CheckCode, field: Field, message: impl Into<String>) -> Self {
        Self {
            check,
            field,
            message: message.into(),
        }
    }

    /// The field does not have its form.
    #[must_use]
    pub fn schema(field: Field, message: impl Into<String>) -> Self {
        Self::new(CheckCode::M02, field, message)
    }
}

/// A text of a file as a message may show it: at most 60 characters, no control characters.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut out: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    out
}
