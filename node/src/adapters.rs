//! Adapters: activity records from the files that a platform can export, read as a stream in bounded memory.
//!
//! A bad line never stops a file: it comes out as a [`Line`] with a refusal, and the next line is read. Only what makes
//! the whole file unreadable (its header, the disk) is an error. Reading can resume at any [`Place`].

mod columns;
mod csv;
mod ndjson;
mod split;

#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek};

use serde::{Deserialize, Serialize};

use crate::quantification::{ActivityRecord, Refusal};

/// The longest line, in bytes. A record has about 150.
pub const LINE_BYTES_MAX: u64 = 64 * 1024;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Comma-separated values with a header (RFC 4180), UTF-8 with or without a byte order mark.
    Csv,
    /// One JSON object a line, UTF-8.
    Ndjson,
}

impl Format {
    /// The format of a file name's ending.
    #[must_use]
    pub fn of_file_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }

    /// The format of a media type; parameters are ignored.
    #[must_use]
    pub fn of_media_type(text: &str) -> Option<Self> {
        match text
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
            .as_str()
        {
            "text/csv" => Some(Self::Csv),
            "application/x-ndjson" | "application/jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }
}

/// Where the next record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// Bytes before it.
    pub byte: u64,
    /// Lines before it.
    pub lines: u64,
}

/// One line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1; the header of a CSV file is line 1.
    pub number: u64,
    /// The record, or why it is none.
    pub record: Result<ActivityRecord, Refusal>,
}

/// A file that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum FileRefusal {
    /// The disk, or the connection.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The first line does not name the columns.
    #[error("line 1: {0}")]
    Header(String),
}

/// Reads the lines of one file, whichever format it has.
#[derive(Debug)]
pub enum Lines<R: Read + Seek> {
    /// A CSV file.
    Csv(Box<csv::CsvLines<R>>),
    /// An NDJSON file.
    Ndjson(ndjson::NdjsonLines<R>),
}

impl<R: Read + Seek> Lines<R> {
    /// Opens a file; of a CSV file, reads the header.
    ///
    /// # Errors
    /// [`FileRefusal`].
    pub fn open(format: Format, file: R) -> Result<Self, FileRefusal> {
        Ok(match format {
            Format::Csv => Self::Csv(Box::new(csv::CsvLines::open(file)?)),
            Format::Ndjson => Self::Ndjson(ndjson::NdjsonLines::open(file)?),
        })
    }

    /// The next line, `None` at the end. Blank lines are passed over.
    ///
    /// # Errors
    /// [`FileRefusal::Io`].
    pub fn next_line(&mut self) -> Result<Option<Line>, FileRefusal> {
        match self {
            Self::Csv(lines) => lines.next_line(),
            Self::Ndjson(lines) => lines.next_line(),
        }
    }

    /// Where the line after the last one read begins.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Csv(lines) => lines.place(),
            Self::Ndjson(lines) => lines.place(),
        }
    }

    /// Goes to a place that [`Self::place`] gave for the same file.
    ///
    /// # Errors
    /// [`FileRefusal::Io`].
    pub fn resume(&mut self, place: Place) -> Result<(), FileRefusal> {
        match self {
            Self::Csv(lines) => lines.resume(place),
            Self::Ndjson(lines) => lines.resume(place),
        }
    }
}
