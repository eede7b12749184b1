//! `recover`: going on after a new origin of the hub's log, or after the node's own database was lost.

use std::fmt::Write as _;

use clap::Args;
use serde_json::json;

use super::command::Context;
use super::report::{Failure, Report};
use crate::issuing::{Claim, reclaim};
use crate::recovery;
use crate::service::Node;

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct RecoverArgs {
    /// Follow the hub to the new origin of its log
    #[arg(long)]
    follow_origin: bool,
    /// After the database was lost: find the imported records of every issuance by the root in its header, and give the
    /// serials in `suspense` to the accounts of their records
    #[arg(long)]
    from_records: bool,
}

pub(super) async fn recover(context: &Context, args: &RecoverArgs) -> Result<Report, Failure> {
    let node = context.node().await?;
    if args.follow_origin {
        return follow_origin(&node).await;
    }
    from_records(&node).await
}

async fn follow_origin(node: &Node) -> Result<Report, Failure> {
    let done = recovery::follow_origin(node).await?;
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

/// Status 1 as long as the records of an issuance are missing: they would be issued again.
async fn from_records(node: &Node) -> Result<Report, Failure> {
    let all = reclaim(node).await?;
    let suspense_g = node.status().await?.suspense_g;
    let mut text = String::new();
    for one in &all {
        let says = match one.result {
            Claim::Known => "its records are known".to_owned(),
            Claim::Found => format!(
                "its records are found, {} g are with their accounts again",
                one.attributed_g
            ),
            Claim::RecordsMissing => {
                "its records are not here: import the platform's files again, in the order of then".to_owned()
            }
            Claim::NotTold => "the feed has not told of it yet: let the node read its feed first".to_owned(),
        };
        let _ = writeln!(text, "issuance {}: {says}", one.issuance);
    }
    let _ = writeln!(text, "{} g are in suspense", suspense_g.get());
    let open = all
        .iter()
        .any(|one| matches!(one.result, Claim::RecordsMissing | Claim::NotTold));
    let report = Report::new(text, &json!({ "issuances": all, "suspense_g": suspense_g }))?;
    Ok(report.refused(open))
}
