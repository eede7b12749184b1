//! Screens whatever has come, in a thread of its own, until the process stops.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::log::chain;
use crate::ledger::sequencer::Sequencer;
use crate::screening::screener::Screener;

/// How often uploads of issuances that have ended are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(600);
/// How soon it is tried again after a failure, or while another process screens.
const AGAIN: Duration = Duration::from_secs(1);

/// Looks whenever the log has grown: an upload that is whole is a leaf.
pub(super) async fn screen(
    mut screener: Screener,
    sequencer: Sequencer,
    status: watch::Sender<Option<String>>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut grown = sequencer.log_size();
    let mut tidied: Option<Instant> = None;
    loop {
        grown.mark_unchanged();
        // A hub that accepts no writes may not be the one whose store this is.
        if sequencer.read_only().is_none() {
            let tidy = tidied.is_none_or(|at| at.elapsed() >= TIDY_EVERY);
            let (back, done) = match tokio::task::spawn_blocking(move || {
                let done = screener.work();
                if tidy {
                    match screener.tidy() {
                        Ok(0) => {}
                        Ok(uploads) => tracing::info!(uploads, "deleted uploads of issuances that have ended"),
                        Err(error) => tracing::warn!(%error, "uploads of issuances that have ended stay"),
                    }
                }
                (screener, done)
            })
            .await
            {
                Ok(worked) => worked,
                Err(error) => {
                    tracing::error!(%error, "screening has ended");
                    status.send_replace(Some("screening has ended: start the hub again".to_owned()));
                    return;
                }
            };
            screener = back;
            if tidy {
                tidied = Some(Instant::now());
            }
            let failed = match done {
                Ok(0) => None,
                Ok(done) => {
                    tracing::info!(issuances = done, "screened");
                    None
                }
                Err(error) => Some(chain(&error)),
            };
            // The same failure every second is said once.
            if let Some(error) = failed.as_ref().filter(|_| failed != *status.borrow()) {
                tracing::error!(error, "screening failed and is tried again");
            }
            status.send_replace(failed);
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            changed = grown.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}
