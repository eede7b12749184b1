//! How far the log is verified, for people and programs.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::time::{SECOND_US, Timestamp};

use super::alarm::EVIDENCE_MAX;
use super::evidence::Evidence;
use crate::error::NodeError;
use crate::service::Node;
use crate::store::Tx;

/// How far the log is verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogStatus {
    /// The pinned verifier key of the log.
    pub log_key: String,
    /// The key of this member's witness, as it was proposed to the hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness_key: Option<String>,
    /// Leaves of the head that was verified and cosigned last.
    pub size: i64,
    /// Its root, hexadecimal.
    pub root: String,
    /// When it was cosigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cosigned_at: Option<Timestamp>,
    /// Leaves under the largest verified head that has its quorum of witnesses.
    pub witnessed: i64,
    /// Leaves that were compared with this member's feed.
    pub checked: i64,
    /// True while the node has stopped because of what the log has shown.
    pub stopped: bool,
    /// Alarms that nobody has ended; a hundred at most.
    pub alarms: i64,
}

/// How far the log is verified, and all evidence against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogView {
    /// Absent before the first contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogStatus>,
    /// The newest hundred first.
    pub evidence: Vec<Evidence>,
}

/// Where a dealing stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPlace {
    /// The leaf of its last change, from 0.
    pub index: i64,
    /// True once a verified head with its quorum of witnesses has that leaf.
    pub witnessed: bool,
}

/// How far the log is verified; `None` before the first contact.
pub(crate) fn log_status(tx: &mut dyn Tx) -> Result<Option<LogStatus>, NodeError> {
    let Some(row) = tx.witness()? else { return Ok(None) };
    let alarms = tx.all_evidence(true, EVIDENCE_MAX)?.len();
    Ok(Some(LogStatus {
        log_key: row.log_key,
        witness_key: row.proposed_key,
        size: row.size,
        root: row.root,
        cosigned_at: (row.cosigned_at > 0).then(|| Timestamp::from_micros(row.cosigned_at.saturating_mul(SECOND_US))),
        witnessed: row.witnessed,
        checked: row.checked,
        stopped: row.stopped == 1,
        alarms: i64::try_from(alarms).unwrap_or(EVIDENCE_MAX),
    }))
}

/// Where the last change of a subject stands, such as `transfer/<id>`; `None` before the feed has brought one.
pub(crate) fn place_of(tx: &mut dyn Tx, subject: &str) -> Result<Option<LogPlace>, NodeError> {
    let witnessed = tx.witness()?.map_or(0, |row| row.witnessed);
    let last = tx.entries_about(subject)?.into_iter().next_back();
    Ok(last.map(|entry| LogPlace {
        index: entry.log_index,
        witnessed: entry.log_index < witnessed,
    }))
}

/// How far the log is verified, and all evidence against it.
///
/// # Errors
/// A database error.
pub async fn view(node: &Node) -> Result<LogView, NodeError> {
    node.read(|tx| {
        let evidence = tx.all_evidence(false, EVIDENCE_MAX)?;
        Ok(LogView {
            log: log_status(tx)?,
            evidence: evidence.into_iter().map(Evidence::of_row).collect::<Result<_, _>>()?,
        })
    })
    .await
}
