//! `bench`.

use clap::Args;

use super::output::{CliError, Output};

/// What is measured.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tanqiao-hub bench --seconds 10 --json")]
pub(super) struct Bench {
    /// For how long.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

pub(super) fn run(_bench: &Bench, _output: &Output) -> Result<(), CliError> {
    Err(CliError::failed("not in this build yet"))
}
