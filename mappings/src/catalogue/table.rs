//! Reading tab-separated tables strictly: every column known, every cell clean, every refusal with its place.

use std::str::FromStr;

use csv::{ReaderBuilder, StringRecord, Trim};
use rust_decimal::Decimal;

/// A cell, row or header that breaks the rule of its file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}, column `{column}`: {problem}")]
pub struct TableError {
    /// The file's name.
    pub file: &'static str,
    /// The line, from 1; comment lines count.
    pub line: u64,
    /// The column's name; `*` for the whole line.
    pub column: String,
    /// What is wrong, and what is expected.
    pub problem: String,
}

/// Declares a closed list of words in a table: an enum with `word()` and `FromStr`.
macro_rules! table_words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the table.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("`{text}` is not {}", concat!("one of", $(" `", $word, "`"),+))),
                }
            }
        }
    };
}
pub(super) use table_words;

/// One line of a table.
pub(super) struct Row<'a> {
    file: &'static str,
    line: u64,
    columns: &'static [&'static str],
    cells: &'a StringRecord,
}

/// Reads every line of a table whose header must be exactly `columns`.
pub(super) fn read_rows<T>(
    file: &'static str,
    text: &str,
    columns: &'static [&'static str],
    read: impl Fn(&Row<'_>) -> Result<T, TableError>,
) -> Result<Vec<T>, TableError> {
    let refusal = |line, problem: String| TableError {
        file,
        line,
        column: "*".into(),
        problem,
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(b'\t')
        .comment(Some(b'#'))
        .quoting(false)
        .flexible(false)
        .trim(Trim::None)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut header_seen = false;
    for record in reader.records() {
        let record = record.map_err(|error| refusal(line_of(&error), error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        if header_seen {
            rows.push(read(&Row {
                file,
                line,
                columns,
                cells: &record,
            })?);
        } else if record.iter().eq(columns.iter().copied()) {
            header_seen = true;
        } else {
            return Err(refusal(line, format!("the columns must be {}", columns.join(", "))));
        }
    }
    if header_seen {
        Ok(rows)
    } else {
        Err(refusal(1, "there is no header".into()))
    }
}

fn line_of(error: &csv::Error) -> u64 {
    error.position().map_or(0, csv::Position::line)
}

impl Row<'_> {
    /// The line, from 1.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// A refusal of a cell.
    pub(super) fn refuse(&self, column: &str, problem: impl Into<String>) -> TableError {
        TableError {
            file: self.file,
            line: self.line,
            column: column.into(),
            problem: problem.into(),
        }
    }

    /// The text of a cell that may be empty.
    pub(super) fn optional(&self, column: &str) -> Result<Option<String>, TableError> {
        let position = self.columns.iter().position(|name| *name == column);
        let cell = position.and_then(|p| self.cells.get(p));
        let Some(cell) = cell else {
            return Err(self.refuse(column, "there is no such column"));
        };
        if cell.trim() != cell {
            return Err(self.refuse(column, format!("`{cell}` begins or ends with white space")));
        }
        Ok((!cell.is_empty()).then(|| cell.into()))
    }

    /// The text of a cell that must not be empty.
    pub(super) fn text(&self, column: &str) -> Result<String, TableError> {
        self.optional(column)?
            .ok_or_else(|| self.refuse(column, "must not be empty"))
    }

    /// The value of a cell that must not be empty.
    pub(super) fn value<T: FromStr<Err: ToString>>(&self, column: &str) -> Result<T, TableError> {
        let text = self.text(column)?;
        text.parse()
            .map_err(|error: T::Err| self.refuse(column, error.to_string()))
    }

    /// The value of a cell that may be empty.
    pub(super) fn optional_value<T: FromStr<Err: ToString>>(&self, column: &str) -> Result<Option<T>, TableError> {
        self.optional(column)?.map(|_| self.value(column)).transpose()
    }

    /// A decimal, exactly as written.
    pub(super) fn decimal(&self, column: &str) -> Result<Decimal, TableError> {
        let text = self.text(column)?;
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let exact = plain.then(|| Decimal::from_str_exact(&text).ok()).flatten();
        exact.ok_or_else(|| self.refuse(column, format!("`{text}` is not a decimal number such as 78.4")))
    }

    /// A decimal, exactly as written, or none.
    pub(super) fn optional_decimal(&self, column: &str) -> Result<Option<Decimal>, TableError> {
        self.optional(column)?.map(|_| self.decimal(column)).transpose()
    }

    /// True if the cell is `yes_is`, false if it is `no_is` (which may be empty).
    pub(super) fn either(&self, column: &str, yes_is: &str, no_is: &str) -> Result<bool, TableError> {
        match self.optional(column)?.unwrap_or_default() {
            cell if cell == yes_is => Ok(true),
            cell if cell == no_is => Ok(false),
            cell => Err(self.refuse(column, format!("`{cell}` is neither `{yes_is}` nor `{no_is}`"))),
        }
    }

    /// Refuses a cell that is not `expected`.
    pub(super) fn exactly(&self, column: &str, expected: &str) -> Result<(), TableError> {
        let cell = self.text(column)?;
        if cell == expected {
            Ok(())
        } else {
            Err(self.refuse(column, format!("`{cell}` is not `{expected}`")))
        }
    }

    /// The local part of a CURIE with this prefix: `cphm:CN-4201-metro` → `CN-4201-metro`.
    pub(super) fn curie(&self, column: &str, prefix: &str) -> Result<String, TableError> {
        let text = self.text(column)?;
        match text.split_once(':') {
            Some((before, local)) if before == prefix && !local.is_empty() => Ok(local.into()),
            _ => Err(self.refuse(column, format!("`{text}` is not `{prefix}:` and an id"))),
        }
    }
}
