//! What the log says of the serials in findings: the hub's own rows are believed no more than a member's.
//!
//! A finding is proven against the hub where a replay of the log has the serials in another block, with another holder or in
//! another state than the ledger. Everything is read in one view of the database; nothing waits for it.

use std::collections::BTreeMap;

use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::ledger::{Places, Retrace, Traced, contradictions};
use tanqiao_protocol::reconciliation::{Examination, Finding, FindingClass, ReconciliationReport, ReconciliationState};
use tanqiao_protocol::serial::{BlockRef, SerialRange, SeriesRef};
use tanqiao_protocol::time::Timestamp;

use crate::ledger::command::Decision;
use crate::ledger::decide::CONTRADICTED_MAX;
use crate::ledger::objects::{Governance, Reconciled};
use crate::ledger::sequencer::{Sequencer, SequencerError};
use crate::screening::screener::submit;
use crate::store::database::{Database, ReadConnection, StoreError};
use crate::store::read::{blocks, life, reconciliations};
use crate::store::{audit, findings};

/// The most blocks of the ledger that are compared with the log at once. A member differs in 200,000 records at most.
const BLOCKS_MAX: usize = 500_000;

/// Why findings could not be examined.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
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

/// What the log says of serials.
#[derive(Debug, Default)]
pub struct Asked {
    /// The log's leaves at that time.
    pub log_size: i64,
    /// The runs of serials of which the ledger does not say what the log says.
    pub contradicted: Vec<BlockRef>,
    /// Runs that are in more blocks than are compared at once: the log was not asked about them.
    pub left_out: BTreeMap<SeriesRef, Places>,
}

/// The serials in a finding, both sides' versions.
fn serials(finding: &Finding) -> impl Iterator<Item = &BlockRef> {
    finding.hub.iter().chain(&finding.node).map(|version| &version.block)
}

/// The findings that are faults.
fn faults(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings
        .iter()
        .filter(|finding| finding.class != FindingClass::InFlight)
}

/// Asks the log about serials for a member. Only what ledger or log give to this member is contradicted for it: others reconcile
/// for themselves.
///
/// # Errors
/// [`StoreError`]
pub fn contradicted<'a>(
    database: &Database,
    member: &NodeId,
    asked: impl Iterator<Item = &'a BlockRef>,
) -> Result<Asked, StoreError> {
    let mut by_series: BTreeMap<&SeriesRef, Vec<SerialRange>> = BTreeMap::new();
    for block in asked {
        by_series.entry(&block.series).or_default().push(block.range);
    }
    database.read(|connection| {
        audit::snapshot(connection, |connection| {
            let log_size = audit::head(connection)?.size;
            let (mut stored, mut followed, mut left_out) = (Vec::new(), Vec::new(), BTreeMap::new());
            for (series, ranges) in by_series {
                let places = Places::of(series.clone(), ranges);
                let found = blocks::over(connection, &places, BLOCKS_MAX.saturating_sub(stored.len()))?;
                stored.extend(found.blocks);
                if found.left_out.is_empty() {
                    followed.push(places);
                    continue;
                }
                let out = Places::of(series.clone(), found.left_out);
                let rest = places.ranges().filter(|range| !out.overlap(range));
                followed.push(Places::of(series.clone(), rest));
                left_out.insert(series.clone(), out);
            }
            let mut against: BTreeMap<SeriesRef, Places> = BTreeMap::new();
            for one in contradictions(stored, traced(connection, followed, log_size)?) {
                if one.concerns(member) {
                    let BlockRef { series, range } = one.place();
                    let empty = || Places::of(series.clone(), []);
                    against.entry(series.clone()).or_insert_with(empty).insert(range);
                }
            }
            Ok(Asked {
                log_size,
                contradicted: against.values().flat_map(runs).collect(),
                left_out,
            })
        })
    })
}

fn runs(places: &Places) -> impl Iterator<Item = BlockRef> {
    places.ranges().map(|range| BlockRef {
        series: places.series.clone(),
        range,
    })
}

/// What the log says of these places: one walk through it, however many they are.
fn traced(connection: &mut ReadConnection<'_>, places: Vec<Places>, size: i64) -> Result<Traced, StoreError> {
    let series: Vec<SeriesRef> = places.iter().map(|places| places.series.clone()).collect();
    let mut trace = Retrace::of(places);
    life::visit(connection, &series.iter().collect::<Vec<_>>(), (0, size - 1), |leaf| {
        trace.apply(leaf);
        Ok(true)
    })?;
    let traced = trace.finish();
    for broken in &traced.broken {
        tracing::error!(serials = %broken.place, leaf = broken.leaf, why = %broken.why, "the log contradicts itself");
    }
    Ok(traced)
}

/// Asks the log about the reports that have come, and has the ledger leave alone what the log contradicts. A member has its turn once
/// in so many microseconds, whatever it sends: the rest waits, and of several reports only the newest is looked at. How many reports
/// there were.
///
/// # Errors
/// The first [`ExamineError`]; the other reports are examined all the same.
pub fn examine_all(
    database: &Database,
    sequencer: &Sequencer,
    now: Timestamp,
    apart_us: i64,
) -> Result<usize, ExamineError> {
    let mut newest: BTreeMap<i32, MessageId> = BTreeMap::new();
    for one in database.read(findings::unexamined)? {
        if let Some(older) = newest.insert(one.member_no, one.id) {
            // What still differs is in the newer one too.
            findings::mark_examined(database, older)?;
        }
    }
    let (mut asked, mut failed) = (0, None);
    for (member_no, id) in newest {
        if !findings::take_turn(database, member_no, now, apart_us)? {
            continue;
        }
        asked += 1;
        if let Err(error) = examine(database, sequencer, id) {
            tracing::error!(reconciliation = %id, %error, "the log was not asked about these findings");
            failed = failed.or(Some(error));
        }
    }
    failed.map_or(Ok(asked), Err)
}

fn report(database: &Database, id: MessageId) -> Result<Option<ReconciliationReport>, ExamineError> {
    let report = database.read(|c| findings::report(c, id))?;
    let read = |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_err(|source| ExamineError::Report { id, source });
    report.map(read).transpose()
}

fn examine(database: &Database, sequencer: &Sequencer, id: MessageId) -> Result<(), ExamineError> {
    let Some(report) = report(database, id)? else {
        return Ok(());
    };
    let asked = contradicted(database, &report.member, faults(&report.findings).flat_map(serials))?;
    let is_left_out = |block: &BlockRef| {
        let places = asked.left_out.get(&block.series);
        places.is_some_and(|places| places.overlap(&block.range))
    };
    let looked_at = faults(&report.findings).filter(|finding| !serials(finding).any(is_left_out));
    let looked_at = u32::try_from(looked_at.count()).unwrap_or(u32::MAX);
    if looked_at < report.counts.faults() {
        tracing::warn!(reconciliation = %id, looked_at, of = report.counts.faults(), "more blocks than are compared at once");
    }
    let mut blocks = asked.contradicted;
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
            log_size: asked.log_size,
            findings: looked_at,
            contradicted,
        },
        blocks,
    };
    let answer = submit(sequencer, decision)?;
    // Refused: another process asked before, or officers have closed it. A fault of the service is tried again.
    if answer.result.is_err() {
        if !(400..500).contains(&answer.status) {
            return Err(ExamineError::NotTaken(id));
        }
        if contradicted > 0 {
            ask_again(database, sequencer, id)?;
        }
    }
    Ok(findings::mark_examined(database, id)?)
}

/// Officers closed the findings before the log was asked: the member is asked for new ones, so that nothing is overlooked.
fn ask_again(database: &Database, sequencer: &Sequencer, id: MessageId) -> Result<(), ExamineError> {
    let found = database.read(|c| reconciliations::reconciliation(c, id))?;
    let unasked = |one: &Reconciled| one.state == ReconciliationState::Closed && one.content.examined.is_none();
    if let Some(one) = found.filter(unasked) {
        let decision = Decision::RequestReconciliation {
            member: one.member,
            reason: format!("the findings of {id} were closed before the log was asked about them"),
        };
        let answer = submit(sequencer, decision)?;
        if let Err(refusal) = &answer.result {
            tracing::error!(reconciliation = %id, %refusal, "the member is not asked to reconcile again");
        }
    }
    Ok(())
}

/// What officers know of findings who want to close them.
#[derive(Debug, Default)]
pub struct BeforeClosing {
    /// The size of the log when it was asked before, if it was: what their decision names.
    pub asked: Option<i64>,
    /// The runs of serials of which it still says otherwise than the ledger. As long as there is one they close nothing.
    pub contradicted: Vec<BlockRef>,
}

/// Asks the log about findings that officers want to close: about the serials that are left alone because of them, and about those in
/// the report, whether it was asked about it or not.
///
/// # Errors
/// [`ExamineError`]
pub fn before_closing(
    database: &Database,
    governance: &Governance,
    id: MessageId,
) -> Result<BeforeClosing, ExamineError> {
    // Read first: what the log contradicts from here on makes the ledger refuse to close.
    let Some(one) = database.read(|c| reconciliations::reconciliation(c, id))? else {
        return Ok(BeforeClosing::default());
    };
    let report = report(database, id)?;
    let told = report
        .iter()
        .flat_map(|report| faults(&report.findings))
        .flat_map(serials);
    let open = governance.contradictions.get(&id).filter(|found| found.open);
    let open = open.map(|found| found.blocks.as_slice()).unwrap_or_default();
    let asked = contradicted(database, &one.member, open.iter().chain(told))?;
    Ok(BeforeClosing {
        asked: one.content.examined.map(|examined| examined.log_size),
        contradicted: asked.contradicted,
    })
}
