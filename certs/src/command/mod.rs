//! The subcommands. Each returns a [`Report`]; `main` prints it.

mod authority;
mod issue;
mod show;

use std::error::Error;

use clap::{Parser, Subcommand};
use tanqiao_certs::Time;

/// What a command says when it is done: for people and for machines.
pub struct Report {
    pub text: String,
    pub json: serde_json::Value,
}

/// Why a command is not done.
pub type Failure = Box<dyn Error + 'static>;

/// The certificate authority of a Tanqiao federation: root and issuing CA in a directory, certificates for nodes and
/// the hub, revocation lists.
#[derive(Debug, Parser)]
#[command(name = "tanqiao-certs", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 done, 1 refused or failed, 2 misused. Private keys are written to new files with mode 0600."
)]
pub struct Cli {
    /// Print JSON for machines instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    InitCa(authority::InitCa),
    Issue(issue::Issue),
    Renew(issue::Renew),
    Revoke(authority::Revoke),
    Crl(authority::MakeCrl),
    Show(show::Show),
}

impl Cli {
    pub fn run(self, now: Time) -> Result<Report, Failure> {
        match self.command {
            Command::InitCa(command) => command.run(now),
            Command::Issue(command) => command.run(now),
            Command::Renew(command) => command.run(now),
            Command::Revoke(command) => command.run(now),
            Command::Crl(command) => command.run(now),
            Command::Show(command) => command.run(now),
        }
    }
}
