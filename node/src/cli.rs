//! The command line. Each command works on the node's database and outbox, also beside a serving node: what it writes to
//! the outbox is sent by the server, or by the command itself with `--send`. A command with `--id` may be repeated.

mod account;
mod asset;
mod bench;
mod challenge;
mod command;
mod conflict;
mod enrol;
mod export;
mod import;
mod issue;
mod mapping;
mod quote;
mod reconcile;
mod recover;
mod report;
mod serve;
mod sheet;
mod staff;
mod token;
mod trade;
mod witness;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use command::{Cli, Command};
use report::{Failure, Report};

/// Reads the command line, carries it out, prints.
#[must_use]
pub fn run() -> ExitCode {
    tanqiao_certs::install_crypto_provider();
    let cli = Cli::parse();
    let json = cli.json;
    if let Err(error) = tanqiao_protocol::signing::start_library() {
        return failed(&Failure::new("library", error.to_string()), json);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&Failure::new("runtime", error.to_string()), json),
    };
    match runtime.block_on(carry_out(cli)) {
        Ok(report) => {
            let text = if json {
                format!("{:#}\n", report.json)
            } else {
                report.text
            };
            // A reader that has gone away (`| head`) is no failure of the command.
            let _ = io::stdout().write_all(text.as_bytes());
            if report.refused {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            }
        }
        Err(failure) => failed(&failure, json),
    }
}

fn failed(failure: &Failure, json: bool) -> ExitCode {
    if json {
        let _ = io::stdout().write_all(format!("{:#}\n", failure.json()).as_bytes());
    }
    let _ = writeln!(io::stderr(), "tanqiao-node: {failure}");
    ExitCode::FAILURE
}

async fn carry_out(cli: Cli) -> Result<Report, Failure> {
    let context = command::Context {
        config: cli.config,
        json: cli.json,
    };
    match cli.command {
        Command::Serve => serve::serve(&context).await,
        Command::Migrate => serve::migrate(&context),
        Command::Enrol(args) => enrol::enrol(&context, args).await,
        Command::Import(args) => import::import(&context, args).await,
        Command::Issue(args) => issue::issue(&context, args).await,
        Command::Conflict(args) => conflict::conflict(&context, args).await,
        Command::Transfer(args) => trade::transfer(&context, args).await,
        Command::Donate(args) => trade::donate(&context, args).await,
        Command::Pledge(args) => trade::pledge(&context, args).await,
        Command::Retire(args) => trade::retire(&context, args).await,
        Command::Quote(args) => quote::quote(&context, args).await,
        Command::Challenge(args) => challenge::challenge(&context, args).await,
        Command::Mapping(args) => mapping::mapping(&context, args).await,
        Command::Asset(args) => asset::asset(&context, args).await,
        Command::Sheet(args) => sheet::sheet(&context, args).await,
        Command::Reconcile(args) => reconcile::reconcile(&context, args).await,
        Command::Status => serve::status(&context).await,
        Command::Export(args) => export::export(&context, args).await,
        Command::Recover(args) => recover::recover(&context, &args).await,
        Command::Witness(args) => witness::witness(&context, args).await,
        Command::Staff(args) => staff::staff(&context, args),
        Command::Token(args) => token::token(&context, args),
        Command::Account(args) => account::account(&context, args).await,
        Command::Bench(args) => bench::bench(args).await,
        Command::CrashPoints => Ok(serve::crash_points()),
    }
}
