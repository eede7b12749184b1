//! How much the hub does beside hand-written SQL, and how soon it answers. Hub and baseline take turns, so that a machine
//! whose speed drifts is fair to both.

use std::time::Duration;

use serde::Serialize;

use super::end_to_end::{Load, Run};
use super::ground::Spread;
use super::place::Place;
use super::program::Plan;
use super::world::{Size, Validity, World, blocking};
use super::{BenchError, baseline, sequencer};

/// What was measured. Ratios are in thousandths: 1000 is as fast as the baseline.
#[derive(Debug, Clone, Serialize)]
pub struct Throughput {
    /// Blocks in the ledger at the start.
    pub blocks: i64,
    /// Hand-written transactions a second: 32 clients on PostgreSQL, one on SQLite. Each round.
    pub baseline_per_second: Vec<u64>,
    /// Through the API in batches of 100. Each round.
    pub end_to_end_100: Vec<Run>,
    /// Committed transfers a second ÷ half the baseline's transactions a second, in thousandths; the median of the rounds.
    pub ratio_thousandths: u64,
    /// Through the API, in other batches.
    pub end_to_end: Vec<Run>,
    /// One transfer a request at about half of the load that single requests reach.
    pub half_load: Run,
    /// One transfer at a time, nothing else going on.
    pub idle: Run,
    /// The sequencer alone, in batches of 100.
    pub sequencer: sequencer::Throughput,
    /// Checks that the figures mean what they say.
    pub validity: Validity,
}

/// Measures.
///
/// # Errors
/// [`BenchError`].
pub async fn measure(plan: &Plan, place: &Place, say: &dyn Fn(&str)) -> Result<Throughput, BenchError> {
    say("making members and blocks");
    let size = Size {
        members: plan.members,
        blocks: plan.blocks,
        spread: Spread::Each,
    };
    let mut world = World::make(place, "bench_throughput", size).await?;
    let own = world.database.clone();
    blocking(move || baseline::prepare(&own)).await?;
    let measured = in_world(plan, &mut world, say).await;
    world.close().await;
    measured
}

async fn in_world(plan: &Plan, world: &mut World, say: &dyn Fn(&str)) -> Result<Throughput, BenchError> {
    let time = Duration::from_secs(plan.seconds);
    let everyone = world.traders.len();
    let load = |batch, pause| Load { batch, time, pause };
    let mut baseline_per_second = Vec::new();
    let mut end_to_end_100 = Vec::new();
    for round in 1..=plan.rounds {
        say(&format!(
            "round {round} of {}: hand-written SQL, then the hub",
            plan.rounds
        ));
        let own = world.database.clone();
        let by_hand = blocking(move || {
            let clients = if own.is_postgres() { 32 } else { 1 };
            baseline::run(&own, clients, time)
        });
        baseline_per_second.push(by_hand.await?);
        end_to_end_100.push(world.trade(everyone, load(100, Duration::ZERO)).await?);
    }
    say("other batches, half load, idle");
    let mut end_to_end = Vec::new();
    for batch in [1, 10, 1_000] {
        end_to_end.push(world.trade(everyone, load(batch, Duration::ZERO)).await?);
    }
    let single = end_to_end.first().map_or(1, |run| run.per_second.max(1));
    let members = u64::from(plan.members);
    let half_load = world
        .trade(everyone, load(1, Duration::from_micros(members * 1_000_000 / single)))
        .await?;
    let idle = world.trade(1, load(1, Duration::from_millis(5))).await?;
    let validity = world.validity().await?;
    say("the sequencer alone");
    Ok(Throughput {
        blocks: plan.blocks,
        ratio_thousandths: ratio(&end_to_end_100, &baseline_per_second),
        baseline_per_second,
        end_to_end_100,
        end_to_end,
        half_load,
        idle,
        sequencer: world.sequence(100, time).await?,
        validity,
    })
}

/// The median of the rounds, in thousandths.
fn ratio(runs: &[Run], baseline_per_second: &[u64]) -> u64 {
    let mut ratios: Vec<u64> = runs
        .iter()
        .zip(baseline_per_second)
        .map(|(run, base)| run.per_second * 2_000 / (*base).max(1))
        .collect();
    median(&mut ratios)
}

/// The middle one, or the lower of the two in the middle.
pub(super) fn median(values: &mut [u64]) -> u64 {
    values.sort_unstable();
    values
        .get(values.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or_default()
}
