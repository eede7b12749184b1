//! The report of `bench`, for people.

use crate::bench::curve::Curve;
use crate::bench::end_to_end::Sequenced;
use crate::bench::lag::{self, Ages, Lag};
use crate::bench::process::Process;
use crate::bench::program::Report;
use crate::bench::throughput::Throughput;
use crate::bench::upkeep::Upkeep;

pub(super) fn table(report: &Report) -> String {
    let mut lines = vec![format!("{}, {} members", report.database, report.members)];
    if let Some(throughput) = &report.throughput {
        lines.extend(throughput_lines(throughput));
    }
    if let Some(curve) = &report.curve {
        lines.extend(curve_lines(curve));
    }
    if let Some(upkeep) = &report.upkeep {
        lines.extend(upkeep_lines(upkeep));
    }
    if let Some(lag) = &report.lag {
        lines.extend(lag_lines(lag));
    }
    if let Some(process) = &report.process {
        lines.extend(process_lines(process));
    }
    lines.join("\n")
}

pub(super) fn thousandths(value: u64) -> String {
    format!("{}.{:03}", value / 1_000, value % 1_000)
}

fn throughput_lines(report: &Throughput) -> Vec<String> {
    let mut lines = vec![format!(
        "hand-written SQL      {:?} transactions/s (a transfer is two); {} blocks at the start",
        report.baseline_per_second, report.blocks
    )];
    for run in report.end_to_end_100.iter().chain(&report.end_to_end) {
        lines.push(format!(
            "through the API x{:<5} {} transfers/s, p50 {} µs, p99 {} µs{}",
            run.batch,
            run.per_second,
            run.p50_us,
            run.p99_us,
            run.sequencer.map(sequenced).unwrap_or_default()
        ));
    }
    lines.push(format!(
        "ratio at batches of 100: {}",
        thousandths(report.ratio_thousandths)
    ));
    lines.push(format!(
        "half load, single     {} transfers/s, p50 {} µs, p99 {} µs",
        report.half_load.per_second, report.half_load.p50_us, report.half_load.p99_us
    ));
    lines.push(format!(
        "idle, single          p50 {} µs, p99 {} µs",
        report.idle.p50_us, report.idle.p99_us
    ));
    lines.push(format!(
        "sequencer alone       {} transfers/s in {} batches",
        report.sequencer.per_second, report.sequencer.batches
    ));
    let v = &report.validity;
    lines.push(format!(
        "valid: {} (clients {}, store {}, log {}, one member's feed {} of {})",
        v.ok, v.committed, v.stored, v.leaves, v.feed_of_one, v.feed_of_one_expected
    ));
    lines
}

fn sequenced(sequenced: Sequenced) -> String {
    format!(
        "; {} commands a batch, {} µs each batch, busy {}",
        sequenced.commands_per_batch,
        sequenced.batch_us,
        thousandths(sequenced.busy_thousandths)
    )
}

fn curve_lines(curve: &Curve) -> Vec<String> {
    let mut lines: Vec<String> = curve
        .points
        .iter()
        .map(|point| format!("{:>9} blocks      {:?} transfers/s", point.blocks, point.per_second))
        .collect();
    lines.push(format!("  one series only     {:?} transfers/s", curve.hot.per_second));
    lines.push(format!(
        "a transfer costs {} of what it does in the smallest ledger; a hot series is {} as fast; valid: {}",
        thousandths(curve.growth_thousandths),
        thousandths(curve.hot_thousandths),
        curve.valid
    ));
    lines
}

fn upkeep_lines(upkeep: &Upkeep) -> Vec<String> {
    vec![
        format!(
            "the log: {} ns to encode and {} ns to insert a leaf, {} leaves and {} µs a batch: {} of the commit time",
            upkeep.encode_ns_per_leaf,
            upkeep.insert_ns_per_leaf,
            upkeep.leaves_per_batch,
            upkeep.batch_us,
            thousandths(upkeep.log_thousandths)
        ),
        format!(
            "chains and digests: {} ns an entry: {} of the commit time ({} entries made again)",
            upkeep.digest_ns_per_entry,
            thousandths(upkeep.digest_thousandths),
            upkeep.entries
        ),
    ]
}

fn process_lines(process: &Process) -> Vec<String> {
    let mib = |kib: u64| kib / 1_024;
    vec![
        format!(
            "start with {} blocks to the first answer: {:?} ms; {} MiB then",
            process.blocks,
            process.start_ms,
            mib(process.idle_kib)
        ),
        format!(
            "{} members polling: {} MiB, {} of a core",
            process.pollers,
            mib(process.polled_kib),
            thousandths(process.polled_core_thousandths)
        ),
        format!(
            "at {} transfers/s beside them: {} MiB at most",
            process.load.per_second,
            mib(process.peak_kib)
        ),
    ]
}

fn lag_lines(lag: &Lag) -> Vec<String> {
    let ages = |what: &str, ages: &Ages| {
        let [p50, p95, max] = [ages.p50_us, ages.p95_us, ages.max_us].map(|us| us / 1_000);
        format!("{what} p50 {p50} ms, p95 {p95} ms, max {max} ms ({})", ages.count)
    };
    let line = |who: &str, run: &lag::Run| {
        format!(
            "signed log, {who}: {} checkpoints at {} transfers/s; {}; {}",
            run.checkpoints,
            run.per_second,
            ages("each commit waited", &run.each),
            ages("the newest under a checkpoint", &run.newest)
        )
    };
    let alone = lag.alone.iter().map(|run| line("no witnesses", run));
    let waiting = lag.waiting.iter().map(|run| line("one that never cosigns", run));
    alone.chain(waiting).chain([format!("valid: {}", lag.valid)]).collect()
}
