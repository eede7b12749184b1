//! What a transfer costs in a small ledger and in a large one, and when all blocks are of one series.

use std::time::Duration;

use serde::Serialize;

use super::BenchError;
use super::end_to_end::Load;
use super::ground::Spread;
use super::place::Place;
use super::program::Plan;
use super::throughput::median;
use super::world::{Size, World};

/// Transfers a second in ledgers of different size, batches of 100 through the API, all in turn.
#[derive(Debug, Clone, Serialize)]
pub struct Curve {
    /// One point a size, ascending.
    pub points: Vec<Point>,
    /// The largest ledger again, all blocks of one series.
    pub hot: Point,
    /// Time of a transfer in the largest ledger ÷ in the smallest, in thousandths.
    pub growth_thousandths: u64,
    /// Transfers a second of the hot series ÷ those of as many blocks of all members, in thousandths.
    pub hot_thousandths: u64,
    /// Accepted = committed = in the log = in both feeds, in each.
    pub valid: bool,
}

/// One ledger.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    /// Blocks at the start.
    pub blocks: i64,
    /// Committed transfers a second, each round.
    pub per_second: Vec<u64>,
    /// The median of the rounds.
    pub median: u64,
}

/// Sizes of the ledgers, in blocks.
const SIZES: [i64; 3] = [10_000, 100_000, 1_000_000];

/// Measures.
///
/// # Errors
/// [`BenchError`].
pub async fn measure(plan: &Plan, place: &Place, say: &dyn Fn(&str)) -> Result<Curve, BenchError> {
    let last = SIZES.last().copied().unwrap_or_default();
    let kinds = SIZES
        .map(|blocks| (blocks, Spread::Each))
        .into_iter()
        .chain([(last, Spread::Hot)]);
    let mut worlds = Vec::new();
    for (n, (blocks, spread)) in kinds.enumerate() {
        say(&format!("making a ledger of {blocks} blocks"));
        let size = Size {
            members: plan.members,
            blocks,
            spread,
        };
        worlds.push((blocks, World::make(place, &format!("bench_curve_{n}"), size).await?));
    }
    let measured = in_worlds(plan, &mut worlds, say).await;
    for (_, world) in worlds {
        world.close().await;
    }
    measured
}

async fn in_worlds(plan: &Plan, worlds: &mut [(i64, World)], say: &dyn Fn(&str)) -> Result<Curve, BenchError> {
    let load = Load {
        batch: 100,
        time: Duration::from_secs(plan.seconds),
        pause: Duration::ZERO,
    };
    let mut points: Vec<Point> = Vec::new();
    for (blocks, world) in worlds.iter_mut() {
        // Fills caches and learns names: not counted.
        world.trade(world.traders.len(), load).await?;
        points.push(Point {
            blocks: *blocks,
            per_second: Vec::new(),
            median: 0,
        });
    }
    for round in 1..=plan.rounds {
        say(&format!("round {round} of {}: each ledger in turn", plan.rounds));
        for ((_, world), point) in worlds.iter_mut().zip(&mut points) {
            point
                .per_second
                .push(world.trade(world.traders.len(), load).await?.per_second);
        }
    }
    let mut valid = true;
    for (_, world) in worlds.iter() {
        valid &= world.validity().await?.ok;
    }
    for point in &mut points {
        point.median = median(&mut point.per_second.clone());
    }
    let hot = points.pop().ok_or_else(|| BenchError::Place("no ledgers".to_owned()))?;
    let of = |point: Option<&Point>| point.map_or(1, |p| p.median.max(1));
    let (small, large) = (of(points.first()), of(points.last()));
    Ok(Curve {
        growth_thousandths: small * 1_000 / large,
        hot_thousandths: hot.median * 1_000 / large,
        points,
        hot,
        valid,
    })
}
