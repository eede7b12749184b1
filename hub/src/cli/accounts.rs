//! `admin officer`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;
use tanqiao_protocol::id::Name;

use super::desk::{Desk, Officers, hash_password, read_password};
use super::output::{CliError, Output};
use crate::api::hub::now;
use crate::ledger::command::{Decision, Origin};
use crate::ledger::objects::Role;
use crate::serve::new_id;
use tanqiao_desk::{Act, DeskStore as _};

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
    /// Take an account's second factor away: whoever has it has lost it, and the recovery codes too. Two officers other than the account
    /// decide. Its sessions end, and it can switch on another.
    #[command(after_help = "Example:
  tanqiao-hub admin officer forget-factor wang --officer li --officer-password-file li.password \\
    --officer zhao --officer-password-file zhao.password")]
    ForgetFactor {
        /// The account.
        account: Name,
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

#[derive(Debug, Serialize)]
struct Forgotten {
    account: Name,
    officers: Vec<Name>,
}

/// Not a decision of the ledger, and so not judged by it: the rule of two officers is held here.
fn forget_factor(desk: &Desk, account: &Name, officers: &Officers, output: &Output) -> Result<(), CliError> {
    let governance = desk.governance();
    if !governance.officers.contains_key(account) {
        return Err(CliError::failed(format!("there is no account `{account}`")));
    }
    let named: BTreeSet<Name> = desk.verify(officers)?.into_iter().collect();
    let is_officer = |name: &&Name| {
        governance
            .officers
            .get(*name)
            .is_some_and(|one| one.role == Role::Officer)
    };
    if named.iter().filter(is_officer).count() < 2 || named.contains(account) {
        return Err(CliError::failed("two officers other than the account decide this"));
    }
    let act = Act {
        id: new_id(),
        at: now(),
        account: named.iter().map(Name::as_str).collect::<Vec<_>>().join(" "),
        address: String::new(),
        action: "forget-factor".to_owned(),
        subject: account.to_string(),
        outcome: "done".to_owned(),
    };
    desk.read(|c| {
        c.forget_factor(account.as_str())?;
        Ok(c.record(&act)?)
    })?;
    let forgotten = Forgotten {
        account: account.clone(),
        officers: named.into_iter().collect(),
    };
    output.one(&forgotten, |one| format!("`{}` has no second factor now", one.account));
    Ok(())
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
            Self::ForgetFactor { account, officers } => forget_factor(desk, account, officers, output),
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
