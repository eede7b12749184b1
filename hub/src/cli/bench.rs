//! `bench`: hub and hand-written SQL in turn, on this machine.

use clap::Args;

use super::output::{CliError, Output};
use crate::bench::program::{Plan, Report, measure};

/// What is measured.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tanqiao-hub bench --seconds 10 --json\n  tanqiao-hub bench --database postgres://postgres@127.0.0.1/bench --blocks 1000000\n\nThe database must be empty and the bench's own."
)]
pub(super) struct Bench {
    /// `sqlite:PATH` or `postgres://…`, empty and the bench's own; a temporary SQLite file when absent.
    #[arg(long)]
    database: Option<String>,
    /// Members that trade with each other.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=55))]
    members: u32,
    /// Blocks of one kilogram in the ledger at the start, among all members.
    #[arg(long, default_value_t = 1_000_000)]
    blocks: i64,
    /// Seconds of each run.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often hub and baseline take turns.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

pub(super) fn run(bench: &Bench, output: &Output) -> Result<(), CliError> {
    tanqiao_certs::tls::install_crypto_provider();
    let directory = tempfile::tempdir().map_err(CliError::failed)?;
    let own = || format!("sqlite:{}", directory.path().join("bench.db").display());
    let plan = Plan {
        url: bench.database.clone().unwrap_or_else(own),
        members: bench.members,
        blocks: bench.blocks,
        seconds: bench.seconds,
        rounds: bench.rounds,
    };
    let system = actix_web::rt::System::new();
    let report = system
        .block_on(measure(&plan, directory.path(), &|step| eprintln!("{step}")))
        .map_err(CliError::failed)?;
    output.one(&report, table);
    if report.validity.ok {
        Ok(())
    } else {
        Err(CliError::failed(
            "the figures are not valid: accepted, committed, logged and fed differ",
        ))
    }
}

fn table(report: &Report) -> String {
    let mut lines = vec![
        format!(
            "{}, {} members, {} blocks at the start",
            report.database, report.members, report.blocks
        ),
        format!(
            "hand-written SQL      {:?} transactions/s (a transfer is two)",
            report.baseline_per_second
        ),
    ];
    for run in report.end_to_end_100.iter().chain(&report.end_to_end) {
        lines.push(format!(
            "through the API x{:<5} {} transfers/s, p50 {} µs, p99 {} µs",
            run.batch, run.per_second, run.p50_us, run.p99_us
        ));
    }
    lines.push(format!(
        "ratio at batches of 100: {}.{:03}",
        report.ratio_thousandths / 1_000,
        report.ratio_thousandths % 1_000
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
    lines.join("\n")
}
