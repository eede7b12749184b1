//! Stopping: what is found is kept, shown, told to the hub for the other members, and ended by a person alone.

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::message::{ForkKind, LogFork};

use super::evidence::{Evidence, keep};
use super::{EvidenceKind, state};
use crate::crash;
use crate::error::NodeError;
use crate::exchange::{Outgoing, enqueue};
use crate::service::Node;
use crate::store::Tx;

/// The most evidence that a person ends at once, and that is shown.
pub(super) const EVIDENCE_MAX: i64 = 100;
/// The longest reason, in characters, and the longest detail of a report.
const TEXT_MAX: usize = 500;

/// True while this node has stopped because of what the log has shown.
///
/// # Errors
/// A database error.
pub fn stopped(tx: &mut dyn Tx) -> Result<bool, NodeError> {
    Ok(tx.witness()?.is_some_and(|row| row.stopped == 1))
}

/// True if all that the node has stopped for is a log that was shorter than it had been.
pub(super) fn only_rollback(tx: &mut dyn Tx) -> Result<bool, NodeError> {
    let open = tx.all_evidence(true, EVIDENCE_MAX)?;
    let stops: Vec<_> = open.iter().filter(|evidence| evidence.stops == 1).collect();
    let rollback = |kind| kind == EvidenceKind::Rollback.code();
    Ok(!stops.is_empty() && stops.iter().all(|evidence| rollback(evidence.kind)))
}

/// Refuses a new order while the node has stopped.
pub(crate) fn check_trusted(tx: &mut dyn Tx) -> Result<(), NodeError> {
    if stopped(tx)? {
        return Err(NodeError::refused(
            "log-fork",
            "the hub's log has shown two histories, so that no new order is taken. `tanqiao-node witness evidence` shows both notes: \
             clear it up with the officers, end the alarm with `tanqiao-node witness resume --reason`, then give the order again",
        ));
    }
    Ok(())
}

/// Keeps what contradicts the log, and stops where it must. The message to the hub leaves although the node has stopped.
pub(super) async fn raise(node: &Node, evidence: Evidence) -> Result<(), NodeError> {
    // What another member has found, the hub has told everybody.
    let tell = evidence.reported_by.is_none();
    raise_and(node, evidence, tell).await
}

/// The same, and tells the hub where `tell`.
pub(super) async fn raise_and(node: &Node, evidence: Evidence, tell: bool) -> Result<(), NodeError> {
    crash::point("witness.before-evidence");
    let (kept, signer, now, id) = (evidence.clone(), node.signer().clone(), node.now(), node.new_id());
    let new = node
        .write(move |tx| {
            let new = keep(tx, &kept)?;
            if kept.stops
                && let Some(mut row) = tx.witness()?
            {
                row.stopped = 1;
                tx.put_witness(&row)?;
            }
            if let Some(report) = report_of(&kept).filter(|_| new && tell) {
                let message = Outgoing { id, now, staff: None };
                enqueue(tx, &signer, &message, &report)?;
            }
            Ok(new)
        })
        .await?;
    crash::point("witness.after-evidence");
    if new {
        tracing::error!(
            kind = %evidence.kind,
            evidence = evidence.id,
            stopped = evidence.stops,
            detail = evidence.detail,
            "the hub's log contradicts what this node knows of it"
        );
    }
    write_file(node, evidence).await
}

/// Writes the file of evidence, unless it is there.
pub(super) async fn write_file(node: &Node, evidence: Evidence) -> Result<(), NodeError> {
    let folder = node.config().witness.evidence.clone();
    tokio::task::spawn_blocking(move || evidence.write(&folder))
        .await
        .map_err(NodeError::cancelled)?
        .map(|_| ())
}

/// Writes the files that a crash, or a full disk, has kept from being written.
pub(super) async fn write_files(node: &Node) -> Result<(), NodeError> {
    let open = node.read(|tx| Ok(tx.all_evidence(true, EVIDENCE_MAX)?)).await?;
    for row in open {
        write_file(node, Evidence::of_row(row)?).await?;
    }
    Ok(())
}

fn report_of(evidence: &Evidence) -> Option<LogFork> {
    let kind = match evidence.kind {
        EvidenceKind::Fork => ForkKind::Fork,
        EvidenceKind::Rollback => ForkKind::Rollback,
        EvidenceKind::Inconsistent => ForkKind::Inconsistent,
        EvidenceKind::Key | EvidenceKind::Feed | EvidenceKind::Reported | EvidenceKind::Policy => return None,
    };
    Some(LogFork {
        kind,
        first: evidence.first.clone(),
        second: evidence.second.clone(),
        detail: evidence.detail.chars().take(TEXT_MAX).collect(),
    })
}

/// Ends every alarm, by a person and for a reason that is kept beside the evidence; returns how many. The head that was cosigned
/// last stays: a log that does not continue it stops the node again. With `new_origin` it is given up: the officers have begun the log
/// anew, and this node has taken its feed from there.
///
/// # Errors
/// [`NodeError::Refused`] with `no-alarm` where there is none, `reason` for one that is empty or longer than 500 characters.
pub async fn resume(node: &Node, reason: &str, new_origin: bool) -> Result<u64, NodeError> {
    let (reason, at) = (reason.trim().to_owned(), node.now().micros());
    if reason.is_empty() || reason.chars().count() > TEXT_MAX {
        return Err(NodeError::refused(
            "reason",
            "say why the alarm ends, in 1 to 500 characters: it is kept beside the evidence",
        ));
    }
    node.write(move |tx| {
        let mut row = state(tx)?;
        let mut ended = 0;
        loop {
            let open = tx.all_evidence(true, EVIDENCE_MAX)?;
            if open.is_empty() {
                break;
            }
            for mut evidence in open {
                evidence.ended_at = Some(at);
                evidence.ended_because = Some(reason.clone());
                tx.put_evidence(&evidence)?;
                ended += 1;
            }
        }
        if ended == 0 && row.stopped == 0 && !new_origin {
            return Err(NodeError::refused("no-alarm", "there is no alarm to end"));
        }
        row.stopped = 0;
        if new_origin {
            (row.size, row.posted, row.witnessed, row.checked) = (0, 0, 0, 0);
            row.root = Sha256::of(&[]).to_string();
            row.note.clear();
            row.checked_hashes.clear();
            "{}".clone_into(&mut row.rules);
            row.doubted_at = None;
        }
        tx.put_witness(&row)?;
        Ok(ended)
    })
    .await
}
