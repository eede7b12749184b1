//! What a sequencer counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus::{Histogram, HistogramOpts};

/// Upper ends of the buckets of a batch's time, in seconds.
const BATCH_SECONDS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0];
/// Upper ends of the buckets of a batch's commands.
const BATCH_COMMANDS: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 4_000.0,
];

/// Counters of a sequencer.
#[derive(Debug)]
pub struct Counters {
    /// Batches committed.
    pub batches: AtomicU64,
    /// Commands decided.
    pub commands: AtomicU64,
    /// Microseconds from the begin of a batch to after its commit, summed.
    pub batch_us: AtomicU64,
    /// Batches that were tried again on a new connection.
    pub retries: AtomicU64,
    /// Jobs waiting.
    pub waiting: AtomicU64,
    /// Seconds of each batch.
    pub batch_seconds: Histogram,
    /// Commands in each batch.
    pub batch_commands: Histogram,
}

impl Counters {
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        let batch_seconds = HistogramOpts::new(
            "tanqiao_hub_batch_seconds",
            "Time from the begin of a batch to after its commit",
        );
        let batch_commands = HistogramOpts::new("tanqiao_hub_batch_commands", "Commands decided in one batch");
        Ok(Self {
            batches: AtomicU64::new(0),
            commands: AtomicU64::new(0),
            batch_us: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            batch_seconds: Histogram::with_opts(batch_seconds.buckets(BATCH_SECONDS.to_vec()))?,
            batch_commands: Histogram::with_opts(batch_commands.buckets(BATCH_COMMANDS.to_vec()))?,
        })
    }

    /// A batch was decided.
    pub(super) fn batch(&self, commands: usize, took: Duration) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.commands.fetch_add(commands as u64, Ordering::Relaxed);
        self.batch_us
            .fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.batch_seconds.observe(took.as_secs_f64());
        self.batch_commands
            .observe(f64::from(u32::try_from(commands).unwrap_or(u32::MAX)));
    }
}
