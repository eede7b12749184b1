//! Asks the log about the findings that members give, in a thread of its own, until the process stops.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::log::chain;
use crate::api::hub::now;
use crate::ledger::sequencer::Sequencer;
use crate::reconciliation::examine::examine_all;
use crate::store::database::Database;

/// How often it is looked for reports that another process took, or that could not be examined.
const PERIOD: Duration = Duration::from_secs(30);

/// Examines whatever has come, of a member once in so many microseconds at most.
pub(super) async fn examine(
    database: Database,
    sequencer: Sequencer,
    reports: Arc<Notify>,
    apart_us: i64,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        if sequencer.read_only().is_none() {
            let (of, with) = (database.clone(), sequencer.clone());
            match tokio::task::spawn_blocking(move || examine_all(&of, &with, now(), apart_us)).await {
                Ok(Ok(0)) => {}
                Ok(Ok(reports)) => tracing::info!(reports, "findings were compared with the log"),
                Ok(Err(error)) => tracing::error!(error = chain(&error), "findings are not compared with the log"),
                Err(error) => tracing::error!(%error, "findings are not compared with the log"),
            }
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = reports.notified() => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}
