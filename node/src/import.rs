//! Import: the activity records of one file, quantified and written, with the state of the import in the same transaction.
//!
//! A job is named by its file and methodology, so that the same file again is the same job: a job that is done answers
//! what it did; one that was cut off goes on at the line where it stopped. A record counts once, ever: the same record
//! again is counted as already there, the same id with other content is refused (M08). A bad line is listed and passed
//! over; with `strict` it stops the job.
//!
//! **Architecture invariant:** an activity is written in the transaction that moves its job past its line. No crash can
//! lose a record, count one twice, or leave a job that does not know where it is.

mod batch;
mod counted;
mod entry;
mod job;
mod record_ids;
mod run;
mod subjects;

#[cfg(test)]
pub(crate) mod tests;

use std::time::Duration;

use serde::Serialize;
use tanqiao_protocol::id::{Sha256, TextError};
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;

use crate::adapters::Format;
use crate::ledger::AccountId;
use crate::ledger::dealing::stored_words;
use crate::quantification::Rule;
use crate::subjects::Subjects;

pub use job::{accounts, errors, find, list};
pub use run::{Source, run};

/// Records of a run's first transaction; each next one has twice as many, so that a long file commits seldom and rewrites
/// the pages of the record ids seldom.
pub const RECORDS_A_BATCH: usize = 5_000;
/// The most records of one transaction: some 40 MiB of memory.
const RECORDS_A_BATCH_MAX: usize = 80_000;
/// Refused lines of a job that are kept; more are only counted.
pub const ERRORS_KEPT_MAX: usize = 1_000;

stored_words! {
    /// How far a job is.
    JobState {
        /// It runs, or was cut off: the same file again continues it.
        Running = 1 "running",
        /// The whole file was read.
        Done = 2 "done",
        /// A bad line stopped it (`strict`): the same file again continues at that line.
        Stopped = 3 "stopped",
    }
}

/// What to import.
#[derive(Debug, Clone)]
pub struct Order {
    /// The rule.
    pub rule: Rule,
    /// How the file is written.
    pub format: Format,
    /// Stop at the first bad line.
    pub strict: bool,
    /// What seals the identifiers of holders.
    pub subjects: Subjects,
}

/// The id of a job: SHA-256 over methodology, format and the SHA-256 of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct JobId(Sha256);

impl JobId {
    /// The job of this file.
    #[must_use]
    pub fn of(methodology: &MethodologyRef, format: Format, file: &Sha256) -> Self {
        let name = format!("tanqiao import {methodology} {} {file}", format.word());
        Self(Sha256::of(name.as_bytes()))
    }
}

impl std::str::FromStr for JobId {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        text.parse().map(Self)
    }
}

impl std::fmt::Display for JobId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One line that was not counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineError {
    /// Its number, from 1.
    pub line: u64,
    /// The check, `S07`.
    pub check: String,
    /// Its name, `plausibility`.
    pub code: String,
    /// The column or member.
    pub field: String,
    /// What is wrong, and the remedy.
    pub message: String,
}

/// What a job added to one series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeriesTotal {
    /// The methodology version.
    pub methodology: MethodologyRef,
    /// The region of the act.
    pub region_of_act: RegionCode,
    /// The year of the act.
    pub vintage: u16,
    /// Number of records.
    pub count: u64,
    /// Σ activity data, exact.
    pub activity_total: String,
    /// Its unit.
    pub unit: String,
    /// Σ reduction.
    pub quantity_g: Grams,
}

/// What a job added for one account in one series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountTotal {
    /// Whose.
    pub account: AccountId,
    /// The year of the act.
    pub vintage: u16,
    /// The region of the act.
    pub region_of_act: RegionCode,
    /// Number of records.
    pub count: u64,
    /// Σ reduction.
    pub quantity_g: Grams,
}

/// A job, as the API and the command line show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Its id.
    pub job: JobId,
    /// The methodology version.
    pub methodology: MethodologyRef,
    /// `csv` or `ndjson`.
    pub format: Format,
    /// How far it is.
    pub state: JobState,
    /// Size of the file.
    pub bytes_total: u64,
    /// Bytes whose records are written.
    pub bytes_done: u64,
    /// Lines read.
    pub lines_done: u64,
    /// Records added.
    pub added: u64,
    /// Records that were there already, with the same content.
    pub already_there: u64,
    /// Lines that were not counted.
    pub refused: u64,
    /// The first of those lines.
    pub errors: Vec<LineError>,
    /// What was added, by series.
    pub totals: Vec<SeriesTotal>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it last wrote.
    pub updated_at: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// How far a running job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read, those before a resumption included.
    pub bytes_done: u64,
    /// Size of the file.
    pub bytes_total: u64,
    /// Records read by this run.
    pub records: u64,
    /// Lines refused by the job.
    pub refused: u64,
    /// How long this run has taken.
    pub elapsed: Duration,
}

impl Progress {
    /// Records a second, by this run.
    #[must_use]
    pub fn records_per_s(&self) -> u64 {
        let millis = u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        self.records.saturating_mul(1_000) / millis
    }
}
