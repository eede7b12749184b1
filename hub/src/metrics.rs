//! What Prometheus reads. Labels are routes, check codes and kinds of members: never what a peer sent.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use tanqiao_protocol::id::NodeId;

use crate::ledger::sequencer::Counters;

/// Upper ends of the buckets of answer times, in seconds.
const SECONDS: &[f64] = &[
    0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0,
];
/// The hub's metrics. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Metrics(std::sync::Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    refusals: IntCounterVec,
    commands: IntCounter,
    retries: IntCounter,
    queue: IntGauge,
    pollers: IntGauge,
    lag: IntGaugeVec,
    days_left: IntGaugeVec,
    log_leaves: IntGaugeVec,
    log_state: IntGaugeVec,
    reconciled: IntGaugeVec,
    /// Where each member's reader of the feed was last, and how far the feed went then.
    cursors: Mutex<BTreeMap<NodeId, i64>>,
}

impl Metrics {
    /// A registry of its own, so that several hubs can live in one process.
    ///
    /// # Errors
    /// Never for these names; the library has no infallible form.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let inner = Inner {
            requests: IntCounterVec::new(
                Opts::new("tanqiao_hub_requests_total", "Requests answered"),
                &["listener", "route", "status"],
            )?,
            seconds: HistogramVec::new(
                HistogramOpts::new(
                    "tanqiao_hub_request_seconds",
                    "Time to the answer, without waiting polls",
                )
                .buckets(SECONDS.to_vec()),
                &["listener", "route"],
            )?,
            refusals: IntCounterVec::new(
                Opts::new("tanqiao_hub_refusals_total", "Refusals by check or problem"),
                &["check"],
            )?,
            commands: IntCounter::new("tanqiao_hub_commands_total", "Commands decided")?,
            retries: IntCounter::new(
                "tanqiao_hub_batch_retries_total",
                "Batches tried again on a new connection",
            )?,
            queue: IntGauge::new("tanqiao_hub_queue_commands", "Commands that wait for the sequencer")?,
            pollers: IntGauge::new("tanqiao_hub_feed_pollers", "Polls of the feed that wait now")?,
            lag: IntGaugeVec::new(
                Opts::new(
                    "tanqiao_hub_feed_lag_entries",
                    "Entries that the slowest reader of this kind has not read",
                ),
                &["kind"],
            )?,
            days_left: IntGaugeVec::new(
                Opts::new("tanqiao_hub_days_left", "Whole days until it runs out"),
                &["what"],
            )?,
            log_leaves: IntGaugeVec::new(
                Opts::new("tanqiao_hub_log_leaves", "Leaves of the transparency log under a head"),
                &["head"],
            )?,
            log_state: IntGaugeVec::new(
                Opts::new(
                    "tanqiao_hub_log_state",
                    "The transparency log: witnesses, quorum, seconds that a head waits for it, reported forks, and 1 for an alarm",
                ),
                &["what"],
            )?,
            reconciled: IntGaugeVec::new(
                Opts::new(
                    "tanqiao_hub_reconciliation",
                    "Reconciliation: seconds since the agreement that is the longest ago, and runs of serials that the log contradicts",
                ),
                &["what", "kind"],
            )?,
            cursors: Mutex::default(),
            registry,
        };
        let all: [Box<dyn prometheus::core::Collector>; 12] = [
            Box::new(inner.requests.clone()),
            Box::new(inner.seconds.clone()),
            Box::new(inner.refusals.clone()),
            Box::new(inner.commands.clone()),
            Box::new(inner.retries.clone()),
            Box::new(inner.queue.clone()),
            Box::new(inner.pollers.clone()),
            Box::new(inner.lag.clone()),
            Box::new(inner.days_left.clone()),
            Box::new(inner.log_leaves.clone()),
            Box::new(inner.log_state.clone()),
            Box::new(inner.reconciled.clone()),
        ];
        for collector in all {
            inner.registry.register(collector)?;
        }
        Ok(Self(std::sync::Arc::new(inner)))
    }

    /// Shows the distributions that this sequencer keeps.
    ///
    /// # Errors
    /// The library's, if a sequencer is shown already.
    pub fn show(&self, counters: &Counters) -> Result<(), prometheus::Error> {
        self.0.registry.register(Box::new(counters.batch_seconds.clone()))?;
        self.0.registry.register(Box::new(counters.batch_commands.clone()))
    }

    /// A request was answered; `route` is the pattern.
    pub fn answered(&self, listener: &str, route: &str, status: u16, took: Duration) {
        self.0
            .requests
            .with_label_values(&[listener, route, &status.to_string()])
            .inc();
        if !route.ends_with("/feed") {
            self.0
                .seconds
                .with_label_values(&[listener, route])
                .observe(took.as_secs_f64());
        }
    }

    /// Something was refused: a check's code, or the code of a problem.
    pub fn refused(&self, check: &str) {
        self.0.refusals.with_label_values(&[check]).inc();
    }

    /// What the sequencer has counted since it started.
    pub fn sequenced(&self, counters: &Counters) {
        let pairs = [
            (&self.0.commands, &counters.commands),
            (&self.0.retries, &counters.retries),
        ];
        for (shown, counted) in pairs {
            shown.inc_by(counted.load(Ordering::Relaxed).saturating_sub(shown.get()));
        }
        self.0
            .queue
            .set(i64::try_from(counters.waiting.load(Ordering::Relaxed)).unwrap_or(i64::MAX));
    }

    /// Days until a certificate or list runs out.
    pub fn days_left(&self, what: &str, days: i64) {
        self.0.days_left.with_label_values(&[what]).set(days);
    }

    /// Leaves under a head of the transparency log.
    pub fn log_leaves(&self, head: &str, leaves: i64) {
        self.0.log_leaves.with_label_values(&[head]).set(leaves);
    }

    /// A number about the transparency log.
    pub fn log_state(&self, what: &str, value: i64) {
        self.0.log_state.with_label_values(&[what]).set(value);
    }

    /// A number about reconciliations with members of a kind.
    pub fn reconciled(&self, what: &str, kind: &str, value: i64) {
        self.0.reconciled.with_label_values(&[what, kind]).set(value);
    }

    /// A poll of the feed waits until the guard is dropped.
    #[must_use]
    pub fn polling(&self) -> Polling {
        self.0.pollers.inc();
        Polling(self.0.pollers.clone())
    }

    /// A member has read its feed up to here.
    pub fn read_up_to(&self, member: &NodeId, seq: i64) {
        self.0
            .cursors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(member.clone(), seq);
    }

    /// Where the readers are.
    #[must_use]
    pub fn cursors(&self) -> BTreeMap<NodeId, i64> {
        self.0.cursors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lag of the slowest reader of a kind of member.
    pub fn lag(&self, kind: &str, entries: i64) {
        self.0.lag.with_label_values(&[kind]).set(entries);
    }

    /// Everything in the text format.
    ///
    /// # Errors
    /// The library's.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.0.registry.gather(), &mut out)?;
        Ok(out)
    }
}

/// A poll of the feed that waits.
#[derive(Debug)]
pub struct Polling(IntGauge);

impl Drop for Polling {
    fn drop(&mut self) {
        self.0.dec();
    }
}
