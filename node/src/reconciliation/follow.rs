//! Reconciling without being told by a person: when the hub asks, when the book has turned out to be another, and by the node's
//! own calendar.

use std::time::Duration;

use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::reconciliation::ReconciliationReason;
use tanqiao_protocol::time::DAY_US;
use tokio::sync::watch;

use super::kept::{NEWEST, reconcile_and_keep};
use crate::error::NodeError;
use crate::exchange::{Backoff, ExchangeError, FeedState, start};
use crate::service::Node;
use crate::store::Tx;

/// How often it is looked whether one is due.
const PERIOD: Duration = Duration::from_secs(2);
/// The feed entry with which the hub asks for one.
const REQUESTED: &str = "reconciliation.requested";
/// How many of the last ones are looked at for one of a reason.
const LOOKED_AT: i64 = 50;

/// Reconciles whenever it is due, until `stop` says true.
pub async fn follow(node: Node, mut stop: watch::Receiver<bool>) {
    let mut backoff = Backoff::default();
    while !*stop.borrow() {
        let pause = match step(&node).await {
            Ok(()) => {
                backoff.reset();
                PERIOD
            }
            Err(error) => {
                let asked = if let NodeError::Hub(e) = &error {
                    e.retry_after()
                } else {
                    None
                };
                let pause = backoff.next(asked).max(PERIOD);
                tracing::warn!(error = %error, pause_ms = pause.as_millis(), "a reconciliation is due and cannot be carried out");
                pause
            }
        };
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

pub(crate) async fn step(node: &Node) -> Result<(), NodeError> {
    let (now, hours) = (node.now().micros(), node.config().reconciliation.hours);
    let Some(reason) = node.read(move |tx| due(tx, now, hours)).await? else {
        return Ok(());
    };
    reconcile_and_keep(node, reason, None).await.map(|_| ())
}

/// Why a reconciliation is due at `now`, in microseconds, if one is. `hours` is the node's own period, 0 for none.
pub(crate) fn due(tx: &mut dyn Tx, now: i64, hours: u32) -> Result<Option<ReconciliationReason>, NodeError> {
    let cursor = tx.cursor()?.unwrap_or_else(start);
    let rows = tx.reconciliations(NEWEST, LOOKED_AT)?;
    match FeedState::from_code(cursor.state)? {
        FeedState::Forked => return Ok(None),
        FeedState::Diverged => {
            let since = tx.contradictions()?.into_iter().map(|row| row.at).max().unwrap_or(0);
            let known = rows
                .iter()
                .any(|row| row.reason == ReconciliationReason::Diverged.code() && row.ended_at >= since);
            return Ok((!known).then_some(ReconciliationReason::Diverged));
        }
        FeedState::Following => {}
    }
    let last = rows.first();
    if let Some(asked) = tx.last_entry_of(REQUESTED)?
        && last.is_none_or(|last| last.cut_seq < asked.seq)
    {
        let entry: FeedEntry = serde_json::from_str(&asked.entry).map_err(ExchangeError::from)?;
        let reason = entry.body.get("reason").and_then(serde_json::Value::as_str);
        let reason = reason.and_then(|reason| reason.parse().ok());
        return Ok(Some(reason.unwrap_or(ReconciliationReason::Asked)));
    }
    // Before the first one, from the first entry on: a node that has just begun has nothing to compare.
    let since = match last {
        Some(last) => Some(last.ended_at),
        None => tx.entries(0, 1)?.first().map(|entry| entry.at),
    };
    let period = i64::from(hours).saturating_mul(DAY_US / 24);
    let over = hours > 0 && since.is_some_and(|since| now.saturating_sub(since) >= period);
    Ok(over.then_some(ReconciliationReason::Scheduled))
}
