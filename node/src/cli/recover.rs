//! `recover`: going on after a new origin of the hub's log.

use clap::Args;

use super::command::Context;
use super::report::{Failure, Report};
use crate::recovery;

#[derive(Debug, Args)]
pub(super) struct RecoverArgs {
    /// Follow the hub to the new origin of its log
    #[arg(long, required = true)]
    follow_origin: bool,
}

pub(super) async fn recover(context: &Context, args: &RecoverArgs) -> Result<Report, Failure> {
    if !args.follow_origin {
        return Err(Failure::new("usage", "say what to do: --follow-origin"));
    }
    let node = context.node().await?;
    let done = recovery::follow_origin(&node).await?;
    let text = format!(
        "the node follows the hub's log from its new origin, leaf {}\n\
         common until entry {}, {} entries after it are kept as evidence\n\
         {} messages are sent again\n\
         {} g came back to their accounts, {} g are in suspense, {} g are gone\n",
        done.origin,
        done.common_seq,
        done.orphaned,
        done.sent_again,
        done.moved.returned_g,
        done.moved.suspense_g,
        done.moved.gone_g
    );
    Report::new(text, &done)
}
