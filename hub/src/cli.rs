//! The command line: serve, migrate, and what officers decide at a terminal.
//!
//! Exit status: 0 done, 1 refused or failed, 2 misused. Secrets are files, never arguments.

mod accounts;
mod admin;
mod assets;
mod bench;
mod bench_reconciliation;
mod bench_tables;
mod blocks;
mod catalogue;
mod challenges;
mod claims;
mod conflicts;
mod dealings;
mod desk;
mod enrolments;
mod events;
mod factors;
mod governance;
mod isolation;
mod log;
mod mapping_sets;
mod mappings;
mod matrix;
mod members;
mod output;
mod reconciliations;
mod recover;
mod serve;
mod sheets;
mod system;
mod tokens;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use output::Output;

/// 碳桥 hub: one ledger for a federation of carbon registries.
#[derive(Debug, Parser)]
#[command(name = "tanqiao-hub", version, after_help = EXAMPLES)]
struct Cli {
    /// The configuration file.
    #[arg(long, global = true, default_value = "hub.toml", value_name = "FILE")]
    config: PathBuf,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  tanqiao-hub migrate --config hub.toml
  tanqiao-hub admin officer create li --role officer --password-file li.password
  tanqiao-hub serve --config hub.toml
  tanqiao-hub admin audit --json

Exit status: 0 done, 1 refused or failed, 2 misused.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the federation, until a signal asks to stop.
    #[command(after_help = "Example:\n  tanqiao-hub serve --config /etc/tanqiao/hub.toml")]
    Serve,
    /// Bring the database's schema up to date, and make the log's key and the first policy where they are missing. Safe to run twice.
    #[command(after_help = "Example:\n  tanqiao-hub migrate --config hub.toml")]
    Migrate,
    /// What officers decide, and what they look at.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Measure what the hub can do on this machine.
    Bench(bench::Bench),
    /// List the places where a test can kill the process.
    #[command(after_help = "Example:\n  TANQIAO_CRASH_AT=sequencer.after-commit tanqiao-hub serve")]
    CrashPoints,
}

/// Runs the command of this process's arguments.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json);
    let done = start(&cli, &output);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output.fail(&error),
    }
}

fn start(cli: &Cli, output: &Output) -> Result<(), output::CliError> {
    tanqiao_protocol::signing::start_library().map_err(output::CliError::failed)?;
    match &cli.command {
        Command::Serve => serve::serve(&cli.config),
        Command::Migrate => serve::migrate(&cli.config, output),
        Command::Admin(admin) => admin::run(admin, &cli.config, output),
        Command::Bench(bench) => bench::run(bench, output),
        Command::CrashPoints => {
            output.list(crate::crash::POINTS, |point| (*point).to_owned());
            Ok(())
        }
    }
}
