//! What other members have found, as the feed brings it: believed as far as its two notes prove it under the pinned key.

use std::time::Duration;

use serde::Deserialize;
use tanqiao_protocol::feed::FeedEntry;
use tanqiao_protocol::message::ForkKind;
use tokio::sync::watch::Receiver;

use super::evidence::Evidence;
use super::foreign::{self, Judged};
use super::{EvidenceKind, alarm, state};
use crate::error::NodeError;
use crate::exchange::ExchangeError;
use crate::service::Node;
use crate::store::rows::EntryRow;
use crate::store::witness::WitnessRow;

/// The feed's type of a report.
const REPORTED: &str = "log.fork-reported";
/// Reports of one round.
const REPORTS_A_ROUND: i64 = 20;
/// How soon again when the reports could not be read.
const RETRY: Duration = Duration::from_secs(5);
/// How often they are looked at when nothing moves in this process.
const PERIOD: Duration = Duration::from_secs(30);

/// The body of an entry.
#[derive(Debug, Deserialize)]
struct Report {
    kind: ForkKind,
    first: String,
    second: String,
    detail: String,
    reported_by: String,
}

/// Reads reports whenever one has come, until `stop` says true.
pub async fn listen(node: Node, mut stop: Receiver<bool>) {
    if !node.config().witness.enabled {
        return;
    }
    let mut progress = node.progress();
    while !*stop.borrow() {
        progress.mark_unchanged();
        let pause = match read_reports(&node).await {
            Ok(0) => PERIOD,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(error = %error, "reports about the log could not be read");
                tokio::select! {
                    _ = stop.changed() => return,
                    () = tokio::time::sleep(RETRY) => continue,
                }
            }
        };
        tokio::select! {
            _ = stop.changed() => return,
            _ = progress.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Judges what has come; returns how many reports.
pub(super) async fn read_reports(node: &Node) -> Result<usize, NodeError> {
    let found = node
        .read(|tx| {
            // Before the first contact there is no key to judge by.
            let Some(row) = tx.witness()? else { return Ok(None) };
            let entries = tx.entries_of(REPORTED, row.reports_read, REPORTS_A_ROUND)?;
            Ok(Some((row, entries)))
        })
        .await?;
    let Some((row, entries)) = found else { return Ok(0) };
    let count = entries.len();
    for entry in entries {
        let seq = entry.seq;
        judge(node, &row, entry).await?;
        node.write(move |tx| {
            let mut row = state(tx)?;
            row.reports_read = row.reports_read.max(seq);
            Ok(tx.put_witness(&row)?)
        })
        .await?;
    }
    Ok(count)
}

async fn judge(node: &Node, row: &WitnessRow, entry: EntryRow) -> Result<(), NodeError> {
    let read: FeedEntry = serde_json::from_str(&entry.entry).map_err(ExchangeError::from)?;
    let report: Report = match serde_json::from_value(read.body) {
        Ok(report) => report,
        Err(error) => {
            tracing::error!(seq = entry.seq, error = %error, "a report about the log cannot be read");
            return Ok(());
        }
    };
    // This node has kept what it has found itself, with more than two notes.
    if report.reported_by == node.member().as_str() {
        return Ok(());
    }
    let (kind, first, second) = match foreign::judge(row, &report.first, &report.second)? {
        Judged::Fork => (EvidenceKind::Fork, report.first, report.second),
        Judged::Other(note) => (EvidenceKind::Fork, row.note.clone(), note.to_string()),
        Judged::Unproven | Judged::Unsigned => (EvidenceKind::Reported, report.first, report.second),
    };
    let detail = format!("{} reports ({}): {}", report.reported_by, report.kind, report.detail);
    let evidence = Evidence::new(kind, node.now(), first, second, detail)
        .with_proof(entry.entry)
        .reported_by(report.reported_by);
    alarm::raise(node, evidence).await
}
