//! `bench reconciliation`.

use clap::Args;

use super::output::{CliError, Output};
use crate::bench::reconciliation::{self, Measured};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tanqiao-hub bench reconciliation --blocks 1000000 --json\n  tanqiao-hub bench reconciliation --database postgres://postgres@127.0.0.1/bench\n\nThe database must be the bench's own: it drops and makes the schema bench_reconciliation in it."
)]
pub(super) struct ReconciliationArgs {
    /// `postgres://…`, a database of the bench's own; a temporary SQLite file when absent.
    #[arg(long)]
    database: Option<String>,
    /// Blocks of the member.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(10_000..=4_000_000))]
    blocks: u32,
    /// Differing records, one measurement each.
    #[arg(long, value_delimiter = ',', default_values_t = [0, 1, 10, 100, 1_000], value_parser = clap::value_parser!(u32).range(0..=5_000))]
    differences: Vec<u32>,
}

impl ReconciliationArgs {
    pub(super) fn run(&self, output: &Output) -> Result<(), CliError> {
        let directory = tempfile::tempdir().map_err(CliError::failed)?;
        let count = |number: &u32| usize::try_from(*number).unwrap_or(usize::MAX);
        let plan = reconciliation::Plan {
            server: self.database.clone(),
            blocks: self.blocks,
            differences: self.differences.iter().map(count).collect(),
        };
        let system = actix_web::rt::System::new();
        let report = system
            .block_on(reconciliation::measure(&plan, directory.path(), &|step| {
                eprintln!("{step}");
            }))
            .map_err(CliError::failed)?;
        output.one(&report, table);
        let right = |one: &Measured| one.found == one.planted && one.invented == 0;
        if report.measured.iter().all(right) {
            Ok(())
        } else {
            Err(CliError::failed(
                "a difference was not found, or one was found that nobody planted",
            ))
        }
    }
}

fn table(report: &reconciliation::Report) -> String {
    let mut lines = vec![format!(
        "{}, {} blocks; {} transfers a second beside nothing",
        report.database, report.blocks, report.transfers_per_second
    )];
    for one in &report.measured {
        lines.push(format!(
            "{:>6} planted, {:>6} found, {} invented: {:>6} symbols, {:>8} bytes, cut {} ms, difference {} ms, {} transfers a second beside it",
            one.planted, one.found, one.invented, one.symbols, one.bytes, one.cut_ms, one.difference_ms, one.transfers_per_second
        ));
    }
    lines.join("\n")
}
