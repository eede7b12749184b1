//! `admin freeze`, `unfreeze` and `cancel-frozen`.

use clap::Args;
use tanqiao_protocol::serial::BlockRef;

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::ledger::command::Decision;

/// Which serials, and why.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  tanqiao-hub admin freeze wuhan/420100/CN-4201-metro.v1/2025/1-2500 --reason \"court order 17\" --officer li --officer-password-file li.password")]
pub(super) struct BlocksArgs {
    /// Ranges of serials.
    #[arg(required = true)]
    blocks: Vec<BlockRef>,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    officers: Officers,
}

impl BlocksArgs {
    pub(super) fn freeze(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        desk.decide(
            &self.officers,
            Decision::Freeze {
                blocks: self.blocks.clone(),
                reason: self.reason.clone(),
            },
            output,
        )
    }

    pub(super) fn unfreeze(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        desk.decide(
            &self.officers,
            Decision::Unfreeze {
                blocks: self.blocks.clone(),
                reason: self.reason.clone(),
            },
            output,
        )
    }

    pub(super) fn cancel(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        desk.decide(
            &self.officers,
            Decision::CancelFrozen {
                blocks: self.blocks.clone(),
                reason: self.reason.clone(),
            },
            output,
        )
    }
}
