//! Screening at the size of a country: tokens a second against a store that has many, beside sorting and merging the same arrays in
//! memory, beside SQL by hand, and beside Redis.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::BenchError;
use super::screening_ground::{self as ground, Batch, Filling};
use super::screening_hand::ByHand;
use super::screening_redis;
use crate::config::ScreeningConfig;
use crate::screening::{Screened, TokenStore, open_store};
use crate::store::database::Database;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// A PostgreSQL database of the bench's own; absent for files.
    pub server: Option<String>,
    /// Tokens that are stored before.
    pub stored: u64,
    /// Tokens of one issuance.
    pub batch: u64,
    /// Issuances.
    pub rounds: u32,
    /// How much memory the store may take.
    pub config: ScreeningConfig,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// Tokens that were stored before.
    pub stored: u64,
    /// Tokens of each issuance, one in a hundred of which is stored already.
    pub batch: u64,
    /// Milliseconds in which the store was filled through the same load path.
    pub fill_ms: u64,
    /// Tokens a second, screened, stored durably and confirmed with whatever was to be merged, for each issuance.
    pub per_second: Vec<u64>,
    /// Microseconds of each issuance: screening, and confirming.
    pub screen_us: Vec<u64>,
    /// The second of the two.
    pub confirm_us: Vec<u64>,
    /// The same arrays sorted and compared in memory, nothing kept; files only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub in_memory_per_second: Vec<u64>,
    /// COPY and a sorted INSERT … ON CONFLICT by hand; PostgreSQL only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_hand_per_second: Vec<u64>,
    /// Redis with `appendfsync always`, SET NX, 1,000 keys a pipeline, if there is one; files only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redis_per_second: Vec<u64>,
    /// Thousandths of a byte on disk for each token, at the end.
    pub bytes_per_token_thousandths: u64,
    /// Files or tables that a look-up may touch, at the end.
    pub parts: u64,
    /// The most memory that the process had, without what the comparisons took.
    pub peak_kib: u64,
    /// True if each issuance stored and found exactly what it should have.
    pub valid: bool,
}

/// The median of several rates.
#[must_use]
pub fn median(rates: &[u64]) -> u64 {
    let mut sorted = rates.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

/// Thousandths of `of` that `rates` are, by medians; `None` where there is nothing to compare with.
#[must_use]
pub fn ratio_thousandths(rates: &[u64], of: &[u64]) -> Option<u64> {
    (median(rates) * 1_000).checked_div(median(of))
}

fn per_second(tokens: u64, time: Duration) -> u64 {
    let micros = time.as_micros().max(1);
    u64::try_from(u128::from(tokens) * 1_000_000 / micros).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn fault(error: impl std::fmt::Display) -> BenchError {
    BenchError::Place(error.to_string())
}

/// Measures.
///
/// # Errors
/// [`BenchError`].
pub fn measure(plan: &Plan, directory: &Path, say: &dyn Fn(&str)) -> Result<Report, BenchError> {
    let database = ground::database(plan.server.as_deref(), directory)?;
    let mut store = open_store(&database, &plan.config).map_err(fault)?;
    let filling = Filling::of(plan.stored, plan.batch, plan.rounds);
    say(&format!("storing {} tokens", plan.stored));
    let began = Instant::now();
    let mut known = Vec::new();
    for (run, tokens) in (1..).zip(filling.runs()) {
        fill(store.as_mut(), run, tokens, &filling, &mut known)?;
    }
    let mut report = Report {
        database: if database.is_postgres() { "postgres" } else { "sqlite" },
        stored: plan.stored,
        batch: plan.batch,
        fill_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        per_second: Vec::new(),
        screen_us: Vec::new(),
        confirm_us: Vec::new(),
        in_memory_per_second: Vec::new(),
        by_hand_per_second: Vec::new(),
        redis_per_second: Vec::new(),
        bytes_per_token_thousandths: 0,
        parts: 0,
        peak_kib: 0,
        valid: true,
    };
    rounds(plan, &database, store.as_mut(), &known, &mut report, say)?;
    let stats = store.stats().map_err(fault)?;
    report.bytes_per_token_thousandths = (stats.bytes() * 1_000).checked_div(stats.tokens()).unwrap_or(0);
    report.parts = stats.epochs.values().map(|epoch| epoch.parts).sum();
    drop(store);
    if !database.is_postgres() {
        compare_in_memory(plan, &filling, &known, &mut report, say)?;
        say("the same batches in Redis, if there is one");
        let batches = (0..plan.rounds).map(|round| Batch::of(plan.batch, round, &known));
        let times = screening_redis::measure(directory, batches)?;
        report.redis_per_second = times.into_iter().map(|time| per_second(plan.batch, time)).collect();
    }
    Ok(report)
}

/// Fills the store by one run, and notes tokens that batches are to collide with.
fn fill(
    store: &mut dyn TokenStore,
    run: u32,
    tokens: ground::Ascending,
    filling: &Filling,
    known: &mut Vec<u128>,
) -> Result<(), BenchError> {
    let mut given = (0u32..).zip(tokens).map(|(position, token)| {
        if run == 1 && filling.is_known(position) {
            known.push(token);
        }
        Ok(ground::fingerprint(position, token))
    });
    store.screen(run, &mut given, &mut |_| Ok(())).map_err(fault)?;
    store.confirm(run).map_err(fault)
}

fn rounds(
    plan: &Plan,
    database: &Database,
    store: &mut dyn TokenStore,
    known: &[u128],
    report: &mut Report,
    say: &dyn Fn(&str),
) -> Result<(), BenchError> {
    let mut by_hand = None;
    if database.is_postgres() {
        say("the same tokens in a table by hand");
        by_hand = Some(ByHand::prepare(database)?);
    }
    for round in 0..plan.rounds {
        say(&format!("issuance {} of {}", round + 1, plan.rounds));
        let batch = Batch::of(plan.batch, round, known);
        let run = ground::RUNS + 1 + round;
        let began = Instant::now();
        let mut given = batch.fingerprints().map(Ok);
        let mut found = 0;
        let screened = store.screen(run, &mut given, &mut |_| {
            found += 1;
            Ok(())
        });
        let screened = screened.map_err(fault)?;
        let screening = began.elapsed();
        store.confirm(run).map_err(fault)?;
        let both = began.elapsed();
        let expected = Screened {
            stored: plan.batch - batch.known,
            collided: batch.known,
        };
        report.valid &= screened == expected && found == batch.known;
        report.per_second.push(per_second(plan.batch, both));
        report.screen_us.push(micros(screening));
        report.confirm_us.push(micros(both.saturating_sub(screening)));
        if let Some(by_hand) = &mut by_hand {
            let time = by_hand.screen(&batch, run)?;
            report.by_hand_per_second.push(per_second(plan.batch, time));
        }
    }
    report.peak_kib = ground::peak_kib()?;
    Ok(())
}

/// Sorts each batch and goes through it and all stored tokens once, in memory.
fn compare_in_memory(
    plan: &Plan,
    filling: &Filling,
    known: &[u128],
    report: &mut Report,
    say: &dyn Fn(&str),
) -> Result<(), BenchError> {
    say("the same arrays in memory");
    let stored = filling.in_memory()?;
    for round in 0..plan.rounds {
        let batch = Batch::of(plan.batch, round, known);
        let began = Instant::now();
        let (new, found) = ground::sort_and_scan(&stored, batch.fingerprints());
        report
            .in_memory_per_second
            .push(per_second(plan.batch, began.elapsed()));
        report.valid &= (new, found) == (plan.batch - batch.known, batch.known);
    }
    Ok(())
}
