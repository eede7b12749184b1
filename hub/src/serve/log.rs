//! Signs and publishes the log as it grows, in a thread of its own, until the process stops.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::api::hub::now;
use crate::ledger::sequencer::Sequencer;
use crate::store::checkpoints::{self, Heads};
use crate::store::database::{Database, StoreError};
use crate::transparency::{Board, KeeperError, LogKeeper, Posted};

/// How soon after a head the next is signed.
const SIGN_EVERY: Duration = Duration::from_millis(200);
/// How soon while the last one waits for witnesses: those that are quick cosign the same one, and the log is never a second behind.
const SIGN_WAITING_EVERY: Duration = Duration::from_millis(700);
/// How often an idle process looks for what others have published.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The longest time until it is tried again after a failure.
const AGAIN_MAX: Duration = Duration::from_secs(30);

/// What one round has come to.
struct Round {
    keeper: LogKeeper,
    heads: Result<Heads, StoreError>,
    failed: Option<KeeperError>,
}

/// Works whenever the log has grown, and looks at what others have done.
pub(super) async fn keep(
    mut keeper: LogKeeper,
    board: Board,
    database: Database,
    sequencer: Sequencer,
    mut stopping: watch::Receiver<bool>,
) {
    let mut grown = sequencer.log_size();
    grown.mark_changed();
    let mut signed_at: Option<Instant> = None;
    let mut failures: u32 = 0;
    let mut posted = Posted::default();
    loop {
        // A hub that accepts no writes may not be the one whose log this is.
        if sequencer.read_only().is_none() {
            let pace = if posted.heads.waiting_since.is_some() {
                SIGN_WAITING_EVERY
            } else {
                SIGN_EVERY
            };
            let due = signed_at.is_none_or(|at| at.elapsed() >= pace);
            let behind = grown.has_changed().unwrap_or(false) || failures > 0;
            let sign = due && behind;
            if sign {
                grown.mark_unchanged();
                signed_at = Some(Instant::now());
            }
            let (round, reading) = (keeper, database.clone());
            let round = match tokio::task::spawn_blocking(move || work(round, &reading, sign)).await {
                Ok(round) => round,
                Err(error) => {
                    tracing::error!(%error, "the log is signed no more");
                    posted.trouble = Some("the log is signed no more: start the hub again".to_owned());
                    posted.ended = true;
                    board.post(posted);
                    return;
                }
            };
            keeper = round.keeper;
            posted.ended = matches!(round.failed, Some(KeeperError::Forked { .. }));
            let failed = match (&round.failed, &round.heads) {
                (Some(error), _) => Some(chain(error)),
                (None, Err(error)) => Some(chain(error)),
                (None, Ok(_)) => None,
            };
            // The same failure again and again is said once.
            if let Some(error) = failed.as_ref().filter(|_| failed != posted.trouble) {
                tracing::error!(error, forked = posted.ended, "the log cannot be signed or published");
            }
            failures = if failed.is_some() {
                failures.saturating_add(1)
            } else {
                0
            };
            posted.trouble = failed;
            if let Ok(heads) = round.heads {
                posted.heads = within(heads, keeper.size());
            }
            posted.built = keeper.size();
            board.post(posted.clone());
            if posted.ended {
                return;
            }
        }
        let pause = pause(failures, signed_at, &grown, posted.heads.waiting_since.is_some());
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = board.until_published() => {}
            () = tokio::time::sleep(pause) => {}
            woken = wait_for_growth(&mut grown, failures) => if !woken { return },
        }
    }
}

/// Until the log grows, for a keeper that is at its end; false once there is no sequencer any more.
async fn wait_for_growth(grown: &mut watch::Receiver<i64>, failures: u32) -> bool {
    // What has come already waits for its time, or for the failure to pass.
    if grown.has_changed().unwrap_or(false) || failures > 0 {
        return std::future::pending().await;
    }
    let alive = grown.changed().await.is_ok();
    grown.mark_changed();
    alive
}

/// How long nothing is done unless something happens.
fn pause(failures: u32, signed_at: Option<Instant>, grown: &watch::Receiver<i64>, waiting: bool) -> Duration {
    if failures > 0 {
        return AGAIN_MAX.min(LOOK_EVERY * 2_u32.saturating_pow(failures.min(5) - 1));
    }
    let pace = if waiting { SIGN_WAITING_EVERY } else { SIGN_EVERY };
    match signed_at {
        Some(at) if grown.has_changed().unwrap_or(false) => pace.saturating_sub(at.elapsed()),
        _ => LOOK_EVERY,
    }
}

fn work(mut keeper: LogKeeper, database: &Database, sign: bool) -> Round {
    let done = if sign {
        keeper.work().map(drop)
    } else {
        keeper.refresh()
    };
    Round {
        heads: database.read(|connection| checkpoints::heads(connection, now())),
        failed: done.err(),
        keeper,
    }
}

/// Witnesses are asked for what this process can prove.
fn within(heads: Heads, built: u64) -> Heads {
    Heads {
        newest: heads.newest.filter(|head| head.size <= built),
        offered: heads.offered.filter(|head| head.size <= built),
        ..heads
    }
}

/// An error with what caused it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
