//! `staff`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use tanqiao_desk::{Act, DeskStore as _};
use tanqiao_protocol::id::Name;

use super::command::Context;
use super::report::{Failure, Report};
use crate::service::{new_id_at, system_clock};
use crate::staff::{self, Staff, StaffRole};
use crate::store::desk::Desk;

#[derive(Debug, Args)]
pub(super) struct StaffArgs {
    #[command(subcommand)]
    action: StaffAction,
}

#[derive(Debug, Subcommand)]
enum StaffAction {
    /// Make an account of the node's console, or change one: its role, its password
    #[command(after_help = "Example:
  tanqiao-node staff create li --role operator --password-file li.password")]
    Create {
        /// The account
        account: Name,
        /// viewer, operator (prepares) or approver (approves what another has prepared)
        #[arg(long)]
        role: StaffRole,
        /// The file with its password: 12 characters at least
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
        /// Withdraw the account: its sessions end
        #[arg(long)]
        withdrawn: bool,
    },
    /// Take an account's second factor away: whoever has it has lost it, and the recovery codes too. Its sessions end
    ForgetFactor {
        /// The account
        account: Name,
    },
    /// List the accounts
    List,
}

pub(super) fn staff(context: &Context, args: StaffArgs) -> Result<Report, Failure> {
    let store = context.store()?;
    match args.action {
        StaffAction::Create {
            account,
            role,
            password_file,
            withdrawn,
        } => {
            let hash = staff::hash(&password(&password_file)?)?;
            let made = Staff {
                name: account,
                role,
                active: !withdrawn,
            };
            store.write(|tx| staff::put(tx, &made, &hash))?;
            let state = if withdrawn { "withdrawn" } else { "active" };
            Report::new(format!("`{}` is {} and {state}\n", made.name, role.word()), &made)
        }
        StaffAction::ForgetFactor { account } => {
            let now = system_clock()();
            store.write(|tx| {
                if staff::account(tx, &account)?.is_none() {
                    return Err(crate::NodeError::not_found("account of staff", &account));
                }
                let mut desk = Desk(tx);
                desk.forget_factor(account.as_str())?;
                let act = Act {
                    id: new_id_at(now),
                    at: now,
                    account: String::new(),
                    address: "command line".to_owned(),
                    action: "forget-factor".to_owned(),
                    subject: account.to_string(),
                    outcome: "done".to_owned(),
                };
                Ok(desk.record(&act)?)
            })?;
            let text = format!("`{account}` has no second factor now\n");
            Report::new(text, &json!({ "account": account }))
        }
        StaffAction::List => Report::list(&store.read(staff::list)?, |account| {
            let state = if account.active { "" } else { " withdrawn" };
            format!("{} {}{state}", account.name, account.role.word())
        }),
    }
}

/// A password file's first line.
fn password(file: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::file(file, error))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
