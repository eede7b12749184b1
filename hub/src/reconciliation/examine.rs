//! What the log says of the serials in findings: the hub's own rows are believed no more than a member's.
//!
//! A finding is proven against the hub where a replay of the log has the serials in another block, with another holder or in
//! another state than the ledger. Everything is read in one view of the database; nothing waits for it.

use std::collections::BTreeMap;

use tanqiao_protocol::block::Block;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::ledger::{Places, ReplayError, Retrace, contradictions};
use tanqiao_protocol::reconciliation::{Examination, Finding, FindingClass, ReconciliationReport};
use tanqiao_protocol::serial::{BlockRef, SerialRange, SeriesRef};

use crate::ledger::command::Decision;
use crate::ledger::decide::CONTRADICTED_MAX;
use crate::ledger::sequencer::{Sequencer, SequencerError};
use crate::screening::screener::submit;
use crate::store::database::{Database, ReadConnection, StoreError};
use crate::store::read::{blocks, life};
use crate::store::{audit, findings};

/// Why findings could not be examined.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log cannot be followed.
    #[error("the log of series {series} cannot be followed: {source}")]
    Log {
        /// Which series.
        series: SeriesRef,
        /// Where and why.
        source: ReplayError,
    },
    /// A report that was kept is none.
    #[error("the report of reconciliation {id} cannot be read: {source}")]
    Report {
        /// Which.
        id: MessageId,
        /// Why.
        source: serde_json::Error,
    },
    /// The ledger decides nothing.
    #[error(transparent)]
    Sequencer(#[from] SequencerError),
    /// The ledger failed.
    #[error("the ledger did not take what was found in reconciliation {0}")]
    NotTaken(MessageId),
}

/// The serials in findings that are faults, both sides' versions.
fn concerned(findings: &[Finding]) -> impl Iterator<Item = &BlockRef> {
    let faults = findings
        .iter()
        .filter(|finding| finding.class != FindingClass::InFlight);
    faults.flat_map(|finding| finding.hub.iter().chain(&finding.node).map(|version| &version.block))
}

/// The runs of these serials of which the ledger does not say what the log says, and the size of the log that was asked.
///
/// # Errors
/// [`ExamineError`]
pub fn contradicted<'a>(
    database: &Database,
    asked: impl Iterator<Item = &'a BlockRef>,
) -> Result<(i64, Vec<BlockRef>), ExamineError> {
    let mut by_series: BTreeMap<&SeriesRef, Vec<SerialRange>> = BTreeMap::new();
    for block in asked {
        by_series.entry(&block.series).or_default().push(block.range);
    }
    database.read(|connection| {
        audit::snapshot(connection, |connection| {
            let size = audit::head(connection)?.size;
            let mut runs = Vec::new();
            for (series, ranges) in by_series {
                match contradicted_of(connection, Places::of(series.clone(), ranges), size)? {
                    Ok(found) => runs.extend(found),
                    Err(source) => {
                        let series = series.clone();
                        return Ok(Err(ExamineError::Log { series, source }));
                    }
                }
            }
            Ok(Ok((size, runs)))
        })
    })?
}

/// The same of one series.
fn contradicted_of(
    connection: &mut ReadConnection<'_>,
    places: Places,
    size: i64,
) -> Result<Result<Vec<BlockRef>, ReplayError>, StoreError> {
    let logged = match replayed(connection, places.clone(), size)? {
        Ok(logged) => logged,
        Err(source) => return Ok(Err(source)),
    };
    let stored = blocks::over(connection, &places)?;
    let against = contradictions(&stored, &logged);
    let against = Places::of(places.series.clone(), against.iter().map(|one| one.block().range));
    let run = |range| BlockRef {
        series: places.series.clone(),
        range,
    };
    Ok(Ok(against.ranges().map(run).collect()))
}

/// The blocks that the log has at these places.
fn replayed(
    connection: &mut ReadConnection<'_>,
    places: Places,
    size: i64,
) -> Result<Result<Vec<Block>, ReplayError>, StoreError> {
    let series = places.series.clone();
    let (mut trace, mut broken) = (Retrace::of(places), None);
    life::visit(connection, &series, (0, size - 1), |leaf| {
        if broken.is_none() {
            broken = trace.apply(leaf).err();
        }
        Ok(broken.is_none())
    })?;
    Ok(match broken {
        Some(error) => Err(error),
        None => trace.finish(),
    })
}

/// Asks the log about every report that has come, and has the ledger leave alone what the log contradicts. How many reports there
/// were.
///
/// # Errors
/// The first [`ExamineError`]; the other reports are examined all the same.
pub fn examine_all(database: &Database, sequencer: &Sequencer) -> Result<usize, ExamineError> {
    let waiting = database.read(findings::unexamined)?;
    let mut failed = None;
    for id in &waiting {
        if let Err(error) = examine(database, sequencer, *id) {
            tracing::error!(reconciliation = %id, %error, "the log was not asked about these findings");
            failed = failed.or(Some(error));
        }
    }
    failed.map_or(Ok(waiting.len()), Err)
}

fn examine(database: &Database, sequencer: &Sequencer, id: MessageId) -> Result<(), ExamineError> {
    let Some(report) = database.read(|c| findings::report(c, id))? else {
        return Ok(());
    };
    let report: ReconciliationReport =
        serde_json::from_slice(&report).map_err(|source| ExamineError::Report { id, source })?;
    let (log_size, mut blocks) = contradicted(database, concerned(&report.findings))?;
    let contradicted = u32::try_from(blocks.len()).unwrap_or(u32::MAX);
    if blocks.len() > CONTRADICTED_MAX {
        tracing::error!(reconciliation = %id, contradicted, "more than can be stopped one by one: stop the hub");
        blocks.truncate(CONTRADICTED_MAX);
    }
    if contradicted > 0 {
        tracing::error!(reconciliation = %id, contradicted, "the hub's book is not what its log says");
    }
    let decision = Decision::FindingsExamined {
        reconciliation: id,
        examination: Examination {
            log_size,
            findings: report.counts.faults(),
            contradicted,
        },
        blocks,
    };
    let answer = submit(sequencer, decision)?;
    // Refused: another process asked before, or officers have closed it. A fault of the service is tried again.
    if answer.result.is_ok() || (400..500).contains(&answer.status) {
        Ok(findings::mark_examined(database, id)?)
    } else {
        Err(ExamineError::NotTaken(id))
    }
}
