//! Reconciliations that the hub's officers ask for: the node does them by itself.

use tanqiao_protocol::reconciliation::ReconciliationReason;
use tokio::sync::watch;

use super::reconcile;
use crate::error::NodeError;
use crate::service::Node;

/// Entries read at a time.
const ENTRIES_A_QUERY: i64 = 500;
/// How far back a node that starts looks for a request.
const LOOK_BACK: i64 = 5_000;
/// How soon again when the hub could not be asked.
const RETRY: std::time::Duration = std::time::Duration::from_secs(30);

/// Follows the feed, and reconciles when an officer asks for it and none has begun since.
pub(crate) async fn follow(node: Node, mut stop: watch::Receiver<bool>) {
    let mut progress = node.progress();
    let (mut seen, mut waiting) = (None, false);
    while !*stop.borrow() {
        progress.mark_unchanged();
        match look(&node, seen).await {
            Ok((last, asked)) => {
                seen = Some(last);
                waiting = asked.unwrap_or(waiting);
            }
            Err(error) => tracing::warn!(error = %error, "the feed's entries could not be read"),
        }
        if waiting {
            match reconcile(&node, ReconciliationReason::Asked).await {
                Ok(found) => {
                    waiting = false;
                    tracing::info!(
                        reconciliation = %found.reconciliation, differences = found.counts.faults(), bytes = found.bytes,
                        "the book was compared with the hub's, as was asked"
                    );
                }
                Err(error) => {
                    tracing::warn!(error = %error, "the reconciliation that was asked for failed; it is tried again");
                    tokio::select! {
                        _ = stop.changed() => return,
                        () = tokio::time::sleep(RETRY) => continue,
                    }
                }
            }
        }
        tokio::select! {
            _ = stop.changed() => return,
            _ = progress.changed() => {}
        }
    }
}

/// The last entry that there is, and whether the newest word since `seen` is a request; `None` if there is no word.
async fn look(node: &Node, seen: Option<i64>) -> Result<(i64, Option<bool>), NodeError> {
    node.read(move |tx| {
        let mut last = match seen {
            Some(seen) => seen,
            None => tx.cursor()?.map_or(0, |cursor| (cursor.seq - LOOK_BACK).max(0)),
        };
        let mut asked = None;
        loop {
            let entries = tx.entries(last, ENTRIES_A_QUERY)?;
            let Some(end) = entries.last() else {
                return Ok((last, asked));
            };
            last = end.seq;
            for entry in &entries {
                match entry.kind.as_str() {
                    "reconciliation.requested" => asked = Some(true),
                    "reconciliation.started" => asked = Some(false),
                    _ => {}
                }
            }
        }
    })
    .await
}
