//! The program of `tanqiao-hub bench`: its parts, one after the other.

use std::path::Path;

use serde::Serialize;

use super::BenchError;
use super::curve::{self, Curve};
use super::lag::{self, Lag};
use super::place::Place;
use super::process::{self, Process};
use super::throughput::{self, Throughput};
use super::upkeep::{self, Upkeep};

/// A part of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Beside hand-written SQL; latencies; the sequencer alone.
    Throughput,
    /// Ledgers of 10⁴, 10⁵ and 10⁶ blocks; all blocks of one series.
    Curve,
    /// What the log, the chains and the digests cost a commit.
    Upkeep,
    /// How far the signed log is behind the ledger under full load.
    Lag,
    /// Start, memory and 1,000 idle members of a hub process (Linux).
    Process,
}

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// A PostgreSQL database of the bench's own, in which it makes schemas; absent for SQLite files.
    pub server: Option<String>,
    /// The parts.
    pub parts: Vec<Part>,
    /// Members that trade.
    pub members: u32,
    /// Blocks in the ledger at the start, where the part does not say.
    pub blocks: i64,
    /// Seconds of each run.
    pub seconds: u64,
    /// How often each is measured, in turn.
    pub rounds: u32,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// Members that trade.
    pub members: u32,
    /// Beside hand-written SQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Throughput>,
    /// By the size of the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curve: Option<Curve>,
    /// What the log and the digests cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upkeep: Option<Upkeep>,
    /// How far the signed log is behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag: Option<Lag>,
    /// A process of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
}

impl Report {
    /// True if accepted = committed = in the log = in both feeds, in each part that counts them, and all of it was signed.
    #[must_use]
    pub fn valid(&self) -> bool {
        self.throughput.as_ref().is_none_or(|t| t.validity.ok)
            && self.curve.as_ref().is_none_or(|c| c.valid)
            && self.lag.as_ref().is_none_or(|lag| lag.valid)
    }
}

/// Runs the plan.
///
/// # Errors
/// [`BenchError`].
pub async fn measure(plan: &Plan, directory: &Path, say: &dyn Fn(&str)) -> Result<Report, BenchError> {
    let place = Place::make(directory, plan.server.clone())?;
    let mut report = Report {
        database: if plan.server.is_some() { "postgres" } else { "sqlite" },
        members: plan.members,
        throughput: None,
        curve: None,
        upkeep: None,
        lag: None,
        process: None,
    };
    for part in &plan.parts {
        match part {
            Part::Throughput => report.throughput = Some(throughput::measure(plan, &place, say).await?),
            Part::Curve => report.curve = Some(curve::measure(plan, &place, say).await?),
            Part::Upkeep => report.upkeep = Some(upkeep::measure(plan, &place, say).await?),
            Part::Lag => report.lag = Some(lag::measure(plan, &place, say).await?),
            Part::Process => report.process = Some(process::measure(plan, &place, say).await?),
        }
    }
    Ok(report)
}
