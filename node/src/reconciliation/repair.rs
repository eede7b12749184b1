//! Repair: the node's book built anew from its feed, by two people's decision. The ledger is never changed for it.

use serde::Serialize;
use tanqiao_protocol::id::{MessageId, Name, Sha256};
use tanqiao_protocol::message::StaffDecision;
use tanqiao_protocol::reconciliation::{FindingCounts, ReconciliationReason};

use super::AfterRepair;
use super::kept::{reconcile_and_keep, row};
use crate::error::NodeError;
use crate::exchange::start;
use crate::recovery::{Moved, anew};
use crate::service::Node;
use crate::store::StoreError;

/// What a repair did, and what is different afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// The reconciliation that found the differences.
    pub reconciliation: MessageId,
    /// What the accounts have gained and lost.
    #[serde(flatten)]
    pub moved: Moved,
    /// The reconciliation that looked again afterwards.
    pub again: MessageId,
    /// True if both sides have the same blocks now.
    pub agreed: bool,
    /// What it found.
    pub counts: FindingCounts,
}

/// Builds the book anew because of reconciliation `id`, as role `by` decides and role `approved_by` approves, and reconciles
/// again. The new reconciliation says to the hub that two people decided. Repeating it is harmless.
///
/// # Errors
/// [`NodeError::Refused`]: `four-eyes` for one role alone, `nothing-to-repair` where the sides agreed, `feed-fork` where the hub
/// does not know the feed that the book would be made from. Nothing is changed then. Where the book was built and the hub
/// cannot be asked again: as [`super::reconcile`].
pub async fn repair(node: &Node, id: MessageId, by: Name, approved_by: Name) -> Result<Repaired, NodeError> {
    if by == approved_by {
        return Err(NodeError::refused(
            "four-eyes",
            "a repair is decided by one role and approved by another: name two",
        ));
    }
    let (found, cursor) = node
        .read(move |tx| Ok((row(tx, id)?, tx.cursor()?.unwrap_or_else(start))))
        .await?;
    if found.agreed == 1 {
        return Err(NodeError::refused(
            "nothing-to-repair",
            format!("reconciliation {id} found that the node's book is the hub's"),
        ));
    }
    let chain: Sha256 = cursor
        .chain
        .parse()
        .map_err(|_| StoreError::Corrupt("the chain of the cursor".into()))?;
    // The hub answers a fork where the feed that was read here is not its own.
    node.hub().feed(cursor.seq, &chain, 1, 0).await?;
    let (member, at) = (node.member().clone(), node.now().micros());
    let (role, approval) = (by.to_string(), approved_by.to_string());
    let moved = node
        .write(move |tx| {
            let moved = anew(tx, &member, &format!("repair/{id}/{at}"), at)?;
            let mut row = row(tx, id)?;
            row.repaired_at = Some(at);
            row.repaired_by = Some(role.clone());
            row.approved_by = Some(approval.clone());
            tx.put_reconciliation(&row)?;
            Ok(moved)
        })
        .await?;
    tracing::warn!(reconciliation = %id, by = %by, approved_by = %approved_by, "the node's book was built anew from its feed");
    let staff = StaffDecision {
        role: by,
        four_eyes: true,
    };
    let after = AfterRepair { repaired: id, staff };
    let report = reconcile_and_keep(node, ReconciliationReason::Asked, Some(after)).await?;
    Ok(Repaired {
        reconciliation: id,
        moved,
        again: report.reconciliation,
        agreed: report.counts.faults() == 0,
        counts: report.counts,
    })
}
