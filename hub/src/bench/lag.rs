//! How far the signed log is behind the ledger while members trade as hard as they can.
//!
//! Every millisecond it is looked how many leaves are committed, and how many the newest signed checkpoint covers. Measured without
//! witnesses, and with one that never cosigns: while a checkpoint waits for its quorum, the next is signed less soon.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use tanqiao_protocol::message::WitnessKey;
use tanqiao_protocol::signing::{NoteKey, NoteKind, SigningKey};
use tokio::sync::watch;

use super::end_to_end::Load;
use super::ground::{self, Spread};
use super::place::{Place, TRUST_DOMAIN};
use super::program::Plan;
use super::world::{Size, World, blocking};
use super::{BenchError, sequencer};
use crate::ledger::command::{Body, Decision};
use crate::transparency::Posted;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// How long the log may take to catch up once nobody trades any more.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(30);

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Lag {
    /// Each round without witnesses.
    pub alone: Vec<Run>,
    /// Each round with a witness that never cosigns.
    pub waiting: Vec<Run>,
    /// True if the log caught up with the ledger after each round.
    pub valid: bool,
}

/// One round.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// Committed transfers a second.
    pub per_second: u64,
    /// Checkpoints that were signed.
    pub checkpoints: usize,
    /// How old each commit was when a signed checkpoint covered it.
    pub each: Ages,
    /// How old the newest commit was that a checkpoint covered, when it was signed.
    pub newest: Ages,
    /// True if every commit was covered in the end.
    pub caught_up: bool,
}

/// Ages in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ages {
    /// How many.
    pub count: usize,
    /// Median.
    pub p50_us: u64,
    /// Of the slowest twentieth.
    pub p95_us: u64,
    /// The highest.
    pub max_us: u64,
}

impl Ages {
    fn of(mut ages: Vec<Duration>) -> Self {
        ages.sort_unstable();
        let at = |percent: usize| {
            let place = (ages.len() * percent / 100).min(ages.len().saturating_sub(1));
            let age = ages.get(place).copied().unwrap_or_default();
            u64::try_from(age.as_micros()).unwrap_or(u64::MAX)
        };
        Self {
            count: ages.len(),
            p50_us: at(50),
            p95_us: at(95),
            max_us: at(100),
        }
    }
}

/// Sizes as they were seen to grow.
type Seen = Vec<(Instant, u64)>;

/// Measures.
///
/// # Errors
/// [`BenchError`].
pub async fn measure(plan: &Plan, place: &Place, say: &dyn Fn(&str)) -> Result<Lag, BenchError> {
    say("making members and blocks, to see how far the signed log is behind");
    let size = Size {
        members: plan.members,
        blocks: plan.blocks,
        spread: Spread::Each,
    };
    let mut world = World::make(place, "bench_lag", size).await?;
    let measured = in_world(plan, &mut world, say).await;
    world.close().await;
    measured
}

async fn in_world(plan: &Plan, world: &mut World, say: &dyn Fn(&str)) -> Result<Lag, BenchError> {
    say("trading without witnesses");
    let alone = rounds(plan, world).await?;
    say("trading with a witness that never cosigns");
    admit_witness(world).await?;
    let waiting = rounds(plan, world).await?;
    let valid = alone.iter().chain(&waiting).all(|run| run.caught_up);
    Ok(Lag { alone, waiting, valid })
}

async fn rounds(plan: &Plan, world: &mut World) -> Result<Vec<Run>, BenchError> {
    let mut runs = Vec::new();
    for _ in 0..plan.rounds {
        runs.push(round(plan, world).await?);
    }
    Ok(runs)
}

async fn round(plan: &Plan, world: &mut World) -> Result<Run, BenchError> {
    let (committed, posted) = world.growth();
    let ended = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&ended);
    let watching = tokio::task::spawn_blocking(move || look(&committed, &posted, &until));
    let load = Load {
        batch: 100,
        time: Duration::from_secs(plan.seconds),
        pause: Duration::ZERO,
    };
    let traded = world.trade(world.traders.len(), load).await;
    ended.store(true, Ordering::Relaxed);
    let (commits, heads) = watching
        .await
        .map_err(|error| BenchError::Place(format!("nobody looks any more: {error}")))?;
    let (each, newest) = ages(&commits, &heads);
    let covered = heads.last().map_or(0, |(_, size)| *size);
    Ok(Run {
        per_second: traded?.per_second,
        checkpoints: newest.len(),
        caught_up: !commits.is_empty() && commits.iter().all(|(_, size)| *size <= covered),
        each: Ages::of(each),
        newest: Ages::of(newest),
    })
}

/// Looks until the load has ended and the log has caught up.
fn look(committed: &watch::Receiver<i64>, posted: &watch::Receiver<Posted>, ended: &AtomicBool) -> (Seen, Seen) {
    let leaves = || u64::try_from(*committed.borrow()).unwrap_or(0);
    let signed = || posted.borrow().heads.newest.as_ref().map_or(0, |head| head.size);
    let (mut commits, mut heads) = (Seen::new(), Seen::new());
    let (mut last_leaves, mut last_signed) = (leaves(), signed());
    let mut deadline = None;
    loop {
        // In this order: a head that covers a commit is seen after it.
        let (leaves, signed, now) = (leaves(), signed(), Instant::now());
        if leaves > last_leaves {
            last_leaves = leaves;
            commits.push((now, leaves));
        }
        if signed > last_signed {
            last_signed = signed;
            heads.push((now, signed));
        }
        if ended.load(Ordering::Relaxed) {
            let deadline = *deadline.get_or_insert(now + CATCH_UP_WITHIN);
            if signed >= leaves || now > deadline {
                return (commits, heads);
            }
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// How old each commit was when a head covered it, and how old the newest of those that a head covered first.
fn ages(commits: &Seen, heads: &Seen) -> (Vec<Duration>, Vec<Duration>) {
    let (mut each, mut newest) = (Vec::new(), Vec::new());
    let mut waiting = commits.iter().peekable();
    for (signed_at, covered) in heads {
        let mut last = None;
        while let Some((committed_at, _)) = waiting.next_if(|(_, size)| size <= covered) {
            let age = signed_at.saturating_duration_since(*committed_at);
            each.push(age);
            last = Some(age);
        }
        newest.extend(last);
    }
    (each, newest)
}

/// The first member becomes a witness. Its key signs nothing.
async fn admit_witness(world: &World) -> Result<(), BenchError> {
    let Some(trader) = world.traders.first().map(Arc::clone) else {
        return Err(BenchError::Place("the bench has no members".to_owned()));
    };
    let handle = world.sequencer();
    blocking(move || {
        let name = format!("{TRUST_DOMAIN}/witness/{}", trader.id);
        let signer = SigningKey::from_ed25519_seed(&rand::random())?;
        let key = NoteKey::of_kind(&name, NoteKind::Cosignature, signer.verifying_key().clone())?;
        let body = Body::WitnessKey(Box::new(WitnessKey {
            witness_key: key.clone(),
        }));
        let told = sequencer::command(&trader, body, &sequencer::envelope(1), 0);
        ground::submit(&handle, told)?;
        let member = trader.id.clone();
        ground::decide_by_officers(&handle, Decision::AdmitWitness { member, key })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_as_old_as_the_first_head_that_covers_it() {
        let start = Instant::now();
        let at = |ms: u64, size: u64| (start + Duration::from_millis(ms), size);
        let commits = vec![at(0, 10), at(50, 20), at(90, 30), at(300, 40)];
        let heads = vec![at(100, 20), at(200, 30), at(250, 30)];
        let (each, newest) = ages(&commits, &heads);
        assert_eq!(each, [100, 50, 110].map(Duration::from_millis));
        assert_eq!(newest, [50, 110].map(Duration::from_millis));
        let ages = Ages::of(each);
        assert_eq!((ages.count, ages.p50_us, ages.max_us), (3, 100_000, 110_000));
        assert_eq!(Ages::of(Vec::new()), Ages::default());
    }
}
