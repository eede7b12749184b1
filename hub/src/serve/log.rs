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
/// How soon while one waits for witnesses: all of them are asked for the first that waits, and few heads are signed in vain.
const SIGN_WAITING_EVERY: Duration = Duration::from_millis(300);
/// How often an idle process looks for what others have published.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a database that is away is waited for: the process may be about to stop.
const REACH_WITHIN: Duration = Duration::from_secs(1);
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
    let mut progress = Progress::new(sequencer.log_size());
    loop {
        // A hub that accepts no writes may not be the one whose log this is.
        if sequencer.read_only().is_none() {
            let (sign, reading) = (progress.begins(), database.clone());
            match tokio::task::spawn_blocking(move || work(keeper, &reading, sign)).await {
                Ok(round) => keeper = progress.comes_to(round),
                Err(error) => {
                    tracing::error!(%error, "the log is signed no more");
                    board.post(progress.gives_up());
                    return;
                }
            }
            board.post(progress.posted.clone());
            if progress.posted.ended {
                return;
            }
        }
        let pause = progress.pause();
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = board.until_published() => {}
            () = tokio::time::sleep(pause) => {}
            woken = progress.grows() => if !woken { return },
        }
    }
}

/// How far the keeping has come.
struct Progress {
    grown: watch::Receiver<i64>,
    signed_at: Option<Instant>,
    failures: u32,
    posted: Posted,
}

impl Progress {
    fn new(mut grown: watch::Receiver<i64>) -> Self {
        grown.mark_changed();
        Self {
            grown,
            signed_at: None,
            failures: 0,
            posted: Posted::default(),
        }
    }

    /// True if the round that begins signs: something has come, or failed before, and it is time.
    fn begins(&mut self) -> bool {
        let pace = self.pace();
        let due = self.signed_at.is_none_or(|at| at.elapsed() >= pace);
        let sign = due && (self.has_grown() || self.failures > 0);
        if sign {
            self.grown.mark_unchanged();
            self.signed_at = Some(Instant::now());
        }
        sign
    }

    /// Takes what a round has come to, and gives the keeper back.
    fn comes_to(&mut self, round: Round) -> LogKeeper {
        let Round { keeper, heads, failed } = round;
        self.posted.ended = matches!(failed, Some(KeeperError::Forked { .. }));
        let failed = match (&failed, &heads) {
            (Some(error), _) => Some(chain(error)),
            (None, Err(error)) => Some(chain(error)),
            (None, Ok(_)) => None,
        };
        // The same failure again and again is said once.
        if let Some(error) = failed.as_ref().filter(|_| failed != self.posted.trouble) {
            tracing::error!(
                error,
                forked = self.posted.ended,
                "the log cannot be signed or published"
            );
        }
        self.failures = failed.as_ref().map_or(0, |_| self.failures.saturating_add(1));
        self.posted.trouble = failed;
        if let Ok(heads) = heads {
            self.posted.heads = within(heads, keeper.size());
        }
        self.posted.built = keeper.size();
        keeper
    }

    /// What is posted once there is no keeper any more.
    fn gives_up(self) -> Posted {
        Posted {
            trouble: Some("the log is signed no more: start the hub again".to_owned()),
            ended: true,
            ..self.posted
        }
    }

    fn has_grown(&self) -> bool {
        self.grown.has_changed().unwrap_or(false)
    }

    /// How soon after a head the next is signed.
    fn pace(&self) -> Duration {
        if self.posted.heads.waiting_since.is_some() {
            SIGN_WAITING_EVERY
        } else {
            SIGN_EVERY
        }
    }

    /// How long nothing is done unless something happens.
    fn pause(&self) -> Duration {
        if self.failures > 0 {
            return AGAIN_MAX.min(LOOK_EVERY * 2_u32.saturating_pow(self.failures.min(5) - 1));
        }
        match self.signed_at {
            Some(at) if self.has_grown() => self.pace().saturating_sub(at.elapsed()),
            _ => LOOK_EVERY,
        }
    }

    /// Until the log grows, for a keeper that is at its end; false once there is no sequencer any more.
    async fn grows(&mut self) -> bool {
        // What has come already waits for its time, or for the failure to pass.
        if self.has_grown() || self.failures > 0 {
            return std::future::pending().await;
        }
        let alive = self.grown.changed().await.is_ok();
        self.grown.mark_changed();
        alive
    }
}

fn work(mut keeper: LogKeeper, database: &Database, sign: bool) -> Round {
    if let Err(error) = database.reach(REACH_WITHIN) {
        return Round {
            keeper,
            heads: Err(error),
            failed: None,
        };
    }
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
