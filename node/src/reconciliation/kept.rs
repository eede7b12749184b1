//! Reconciliations that have ended, as this node keeps them.

use serde::Serialize;
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::reconciliation::{REPORT_BYTES_MAX, ReconciliationReason, ReconciliationReport};
use tanqiao_protocol::time::Timestamp;

use super::{AfterRepair, reconcile};
use crate::error::NodeError;
use crate::exchange::ExchangeError;
use crate::service::{FeedState, Node};
use crate::store::rows::ReconciliationRow;
use crate::store::{StoreError, Tx};

/// Comes after every id.
pub(super) const NEWEST: &str = "~";

/// One reconciliation, without its findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Its id: that of the message that began it.
    pub reconciliation: MessageId,
    /// Why.
    pub reason: ReconciliationReason,
    /// True if both sides had the same blocks.
    pub agreed: bool,
    /// When it ended.
    pub ended_at: Timestamp,
    /// The feed entry up to which the books were compared.
    pub cut_seq: i64,
    /// Findings that are faults.
    pub differences: i64,
    /// When the node's book was built anew because of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repaired_at: Option<Timestamp>,
    /// The role that decided so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repaired_by: Option<Name>,
    /// The other role, which approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Name>,
}

impl TryFrom<ReconciliationRow> for Kept {
    type Error = StoreError;

    fn try_from(row: ReconciliationRow) -> Result<Self, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("the {what} of reconciliation {}", row.id));
        let role = |text: &Option<String>| text.as_deref().map(str::parse).transpose();
        Ok(Self {
            reconciliation: row.id.parse().map_err(|_| corrupt("id"))?,
            reason: ReconciliationReason::from_code(row.reason).ok_or_else(|| corrupt("reason"))?,
            agreed: row.agreed == 1,
            ended_at: Timestamp::from_micros(row.ended_at),
            cut_seq: row.cut_seq,
            differences: row.differences,
            repaired_at: row.repaired_at.map(Timestamp::from_micros),
            repaired_by: role(&row.repaired_by).map_err(|_| corrupt("repair"))?,
            approved_by: role(&row.approved_by).map_err(|_| corrupt("approval"))?,
        })
    }
}

/// Compares the whole book with the hub's, tells the hub what was found, keeps the report, and gives it to the hub.
///
/// # Errors
/// As [`reconcile`]. The report is kept also where the hub could not be given it.
pub async fn reconcile_and_keep(
    node: &Node,
    reason: ReconciliationReason,
    after: Option<AfterRepair>,
) -> Result<ReconciliationReport, NodeError> {
    let following = node.status().await?.feed == FeedState::Following;
    let reason = if following {
        reason
    } else {
        ReconciliationReason::Diverged
    };
    let report = reconcile(node, reason, after).await?;
    let differences = report.counts.faults();
    let row = ReconciliationRow {
        id: report.reconciliation.to_string(),
        reason: reason.code(),
        agreed: i16::from(differences == 0),
        ended_at: report.at.micros(),
        cut_seq: report.cut.seq,
        differences: i64::from(differences),
        report: serde_json::to_string(&report).map_err(ExchangeError::from)?,
        repaired_at: None,
        repaired_by: None,
        approved_by: None,
    };
    if differences == 0 {
        tracing::info!(
            reconciliation = row.id,
            seq = row.cut_seq,
            "the node's book is the hub's"
        );
    } else {
        tracing::error!(
            reconciliation = row.id,
            seq = row.cut_seq,
            differences,
            "the node's book is not the hub's: see `tanqiao-node reconcile report`"
        );
    }
    node.write(move |tx| Ok(tx.put_reconciliation(&row)?)).await?;
    if differences > 0 {
        send(node, &report).await?;
    }
    Ok(report)
}

/// Gives the hub the findings, so that it asks its own log about them.
async fn send(node: &Node, report: &ReconciliationReport) -> Result<(), NodeError> {
    let body = serde_json::to_vec(report).map_err(ExchangeError::from)?;
    if body.len() > REPORT_BYTES_MAX {
        tracing::warn!(
            bytes = body.len(),
            "the report is longer than the hub takes: rebuild the node's book, then reconcile again"
        );
        return Ok(());
    }
    let path = format!("/v1/reconciliations/{}/report", report.reconciliation);
    node.hub().post_bytes(&path, body).await?;
    Ok(())
}

/// Those that have ended, newest first; `limit` of them at most.
///
/// # Errors
/// A database error.
pub async fn list(node: &Node, before: Option<MessageId>, limit: u32) -> Result<Vec<Kept>, NodeError> {
    let before = before.map_or_else(|| NEWEST.to_owned(), |id| id.to_string());
    node.read(move |tx| {
        let rows = tx.reconciliations(&before, i64::from(limit))?;
        Ok(rows.into_iter().map(Kept::try_from).collect::<Result<_, _>>()?)
    })
    .await
}

/// One of them.
///
/// # Errors
/// [`NodeError::NotFound`]; a database error.
pub async fn one(node: &Node, id: MessageId) -> Result<Kept, NodeError> {
    Ok(node.read(move |tx| row(tx, id)).await?.try_into()?)
}

/// The whole report of one.
///
/// # Errors
/// [`NodeError::NotFound`]; a database error.
pub async fn report(node: &Node, id: MessageId) -> Result<ReconciliationReport, NodeError> {
    let row = node.read(move |tx| row(tx, id)).await?;
    Ok(serde_json::from_str(&row.report).map_err(ExchangeError::from)?)
}

/// When the node last had the hub's blocks, if it ever did.
///
/// # Errors
/// A database error.
pub async fn agreed_at(node: &Node) -> Result<Option<Timestamp>, NodeError> {
    let row = node.read(|tx| Ok(tx.last_agreed()?)).await?;
    Ok(row.map(|row| Timestamp::from_micros(row.ended_at)))
}

pub(super) fn row(tx: &mut dyn Tx, id: MessageId) -> Result<ReconciliationRow, NodeError> {
    let found = tx.reconciliation(&id.to_string())?;
    found.ok_or_else(|| NodeError::not_found("reconciliation", id))
}
