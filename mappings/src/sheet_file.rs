//! Attribute sheets as tables that people fill in: CSV and XLSX. Bytes in, bytes out.
//!
//! One line is one attribute of one methodology version: `methodology`, `item`, `value`, `status`, `source`, `document_sha256`,
//! and for people the item's number, its names and how its value is written. A line that is missing is an attribute that is not
//! known. Every refusal says line and column, and all are told together.

mod delimited;
mod items;
mod rows;
mod workbook;

#[cfg(test)]
mod tests;

pub use delimited::{read_csv, write_csv};
pub use rows::{FAULTS_MAX, FileFault, Place};
pub use workbook::{WorkbookFault, read_xlsx, write_xlsx};

/// The largest file, in bytes: 16 MiB.
pub const BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most lines in one file.
pub const LINES_MAX: usize = 200_000;
