//! `admin transfer` and `admin foreclose`.

use clap::{Args, Subcommand};
use tanqiao_protocol::id::MessageId;

use super::desk::{Desk, Officers};
use super::events::LIST_MAX;
use super::output::{CliError, Output};
use crate::ledger::command::Decision;
use crate::store::read::dealings::{self, Window};

/// Transfers.
#[derive(Debug, Subcommand)]
pub(super) enum TransferCommand {
    /// Offer a transfer that waits for a second approval.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin transfer approve 0193… --officer li --officer-password-file li.password"
    )]
    Approve {
        /// Which.
        transfer: MessageId,
        #[command(flatten)]
        officers: Officers,
    },
    /// Stop an open transfer or donation; its blocks are released.
    Halt {
        /// Which.
        id: MessageId,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
    /// List the open transfers.
    List,
}

impl TransferCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::Approve { transfer, officers } => {
                desk.decide(officers, Decision::ApproveTransfer { transfer: *transfer }, output)
            }
            Self::Halt { id, reason, officers } => desk.decide(
                officers,
                Decision::Halt {
                    subject: *id,
                    reason: reason.clone(),
                },
                output,
            ),
            Self::List => {
                let found = desk.read(|connection| {
                    dealings::open_transfers(
                        connection,
                        Window {
                            after: None,
                            limit: LIST_MAX,
                        },
                    )
                })?;
                let views: Vec<_> = found.into_iter().map(crate::api::views::transfer).collect();
                output.list(&views, |one| {
                    let why = one.reason.as_deref().unwrap_or_default();
                    format!(
                        "{}  {} to {}  {}  gives {}  {why}",
                        one.transfer, one.source, one.target, one.state, one.quote.given_g
                    )
                });
                Ok(())
            }
        }
    }
}

/// What is taken.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  tanqiao-hub admin foreclose 0193… --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password")]
pub(super) struct ForecloseArgs {
    /// The pledge.
    pledge: MessageId,
    #[command(flatten)]
    officers: Officers,
}

impl ForecloseArgs {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        desk.decide(&self.officers, Decision::Foreclose { pledge: self.pledge }, output)
    }
}
