//! `admin officer`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;
use tanqiao_protocol::id::Name;

use super::desk::{Desk, Officers, hash_password, read_password};
use super::output::{CliError, Output};
use crate::ledger::command::{Decision, Origin};
use crate::ledger::objects::Role;

/// Accounts.
#[derive(Debug, Subcommand)]
pub(super) enum OfficerCommand {
    /// Make or change an account. The first one needs nobody's yes; every later one an officer's.
    #[command(after_help = "Examples:
  tanqiao-hub admin officer create li --role officer --password-file li.password
  tanqiao-hub admin officer create expo --role organiser --password-file expo.password --officer li --officer-password-file li.password")]
    Create {
        /// The account.
        account: Name,
        /// officer, auditor or organiser.
        #[arg(long)]
        role: Role,
        /// The file with its password: 12 characters at least.
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
        /// Withdraw the account.
        #[arg(long)]
        withdrawn: bool,
        #[command(flatten)]
        officers: Officers,
    },
    /// List the accounts.
    List,
}

#[derive(Debug, Serialize)]
struct Account {
    account: Name,
    role: Role,
    active: bool,
}

impl OfficerCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::Create {
                account,
                role,
                password_file,
                withdrawn,
                officers,
            } => {
                let password_hash = hash_password(&read_password(password_file)?)?;
                let decision = Decision::PutOfficer {
                    account: account.clone(),
                    role: *role,
                    password_hash,
                    active: !withdrawn,
                };
                if desk.governance().officers.is_empty() {
                    let outcome = desk.submit(Origin::Hub, decision)?;
                    output.one(&outcome, |_| format!("`{account}` is the first account"));
                    return Ok(());
                }
                desk.decide(officers, decision, output)
            }
            Self::List => {
                let governance = desk.governance();
                let accounts = governance.officers.iter().map(|(account, officer)| Account {
                    account: account.clone(),
                    role: officer.role,
                    active: officer.active,
                });
                output.list(&accounts.collect::<Vec<_>>(), |one| {
                    format!(
                        "{}  {}{}",
                        one.account,
                        one.role,
                        if one.active { "" } else { "  withdrawn" }
                    )
                });
                Ok(())
            }
        }
    }
}
