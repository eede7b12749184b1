//! `reconcile`: the node's book against the hub's, by the digest or block by block, and the repair of the book.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::reconciliation::{ReconciliationReason, ReconciliationReport, ReportFormat};

use super::command::Context;
use super::report::{Failure, Report};
use super::serve;
use crate::reconciliation::{self, Kept};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct ReconcileArgs {
    /// Compare every block with the hub's, and tell the hub what was found
    #[arg(long)]
    full: bool,
    /// How to write the report: html, csv or json
    #[arg(long, requires = "out")]
    format: Option<ReportFormat>,
    /// Where to write the report
    #[arg(long, value_name = "FILE", requires = "full")]
    out: Option<PathBuf>,
    #[command(subcommand)]
    action: Option<ReconcileAction>,
}

#[derive(Debug, Subcommand)]
enum ReconcileAction {
    /// Full reconciliations that have ended, newest first
    #[command(after_help = "Example:\n  tanqiao-node reconcile list --json")]
    List {
        /// How many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        limit: u32,
    },
    /// One of them with what was found
    #[command(after_help = "Example:\n  tanqiao-node reconcile show 0193…")]
    Show {
        /// The reconciliation
        reconciliation: MessageId,
    },
    /// Write its report
    #[command(after_help = "Example:\n  tanqiao-node reconcile report 0193… --format html --out report.html")]
    Report {
        /// The reconciliation
        reconciliation: MessageId,
        /// How to write it: html, csv or json
        #[arg(long, default_value_t)]
        format: ReportFormat,
        /// Where to; on the terminal when absent
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Build the node's book anew from its feed, and reconcile again
    #[command(
        after_help = "Example:\n  tanqiao-node reconcile repair 0193… --by operator --approved-by director\n\n\
        The ledger is not changed. Grams of which no account knows go to suspense (`tanqiao-node account attribute`)."
    )]
    Repair {
        /// The reconciliation that found the differences
        reconciliation: MessageId,
        /// The role that decides
        #[arg(long, value_name = "ROLE")]
        by: Name,
        /// Another role, which approves
        #[arg(long, value_name = "ROLE")]
        approved_by: Name,
    },
}

pub(super) async fn reconcile(context: &Context, args: ReconcileArgs) -> Result<Report, Failure> {
    match args.action {
        None if args.full => full(context, args.format.unwrap_or_default(), args.out).await,
        None => serve::reconcile(context).await,
        Some(ReconcileAction::List { limit }) => {
            let node = context.node().await?;
            Report::list(&reconciliation::list(&node, None, limit).await?, line)
        }
        Some(ReconcileAction::Show { reconciliation }) => {
            let found = reconciliation::report(&context.node().await?, reconciliation).await?;
            shown(&found)
        }
        Some(ReconcileAction::Report {
            reconciliation,
            format,
            out,
        }) => {
            let found = reconciliation::report(&context.node().await?, reconciliation).await?;
            let text = format.write(&found);
            match out {
                None => Report::new(text, &found),
                Some(out) => {
                    std::fs::write(&out, text).map_err(|error| Failure::file(&out, error))?;
                    Report::new(format!("written to {}\n", out.display()), &found)
                }
            }
        }
        Some(ReconcileAction::Repair {
            reconciliation,
            by,
            approved_by,
        }) => {
            let node = context.node().await?;
            let done = reconciliation::repair(&node, reconciliation, by, approved_by).await?;
            let text = format!(
                "the node's book was built anew from its feed\n{} g are in suspense, {} g are gone from accounts\n\
                 reconciliation {} looked again: {} differences\n",
                done.moved.suspense_g,
                done.moved.gone_g,
                done.again,
                done.counts.faults()
            );
            Ok(Report::new(text, &done)?.refused(!done.agreed))
        }
    }
}

async fn full(context: &Context, format: ReportFormat, out: Option<PathBuf>) -> Result<Report, Failure> {
    let node = context.node().await?;
    let found = reconciliation::reconcile_and_keep(&node, ReconciliationReason::Asked, None).await?;
    if let Some(out) = out {
        std::fs::write(&out, format.write(&found)).map_err(|error| Failure::file(&out, error))?;
    }
    shown(&found)
}

fn shown(found: &ReconciliationReport) -> Result<Report, Failure> {
    Ok(Report::new(in_words(found), found)?.refused(found.counts.faults() > 0))
}

fn line(one: &Kept) -> String {
    let repaired = one.repaired_at.map(|at| format!("  repaired {at}")).unwrap_or_default();
    let found = if one.agreed {
        "agreed".to_owned()
    } else {
        format!("{} differences", one.differences)
    };
    format!(
        "{}  {}  {}  entry {}  {found}{repaired}",
        one.reconciliation, one.ended_at, one.reason, one.cut_seq
    )
}

fn in_words(found: &ReconciliationReport) -> String {
    let counts = &found.counts;
    format!(
        "reconciliation   {}\ncut              feed entry {}, {} leaves of the log\nblocks           {} at the hub, {} at the node\n\
         differences      {} (missing at the node {}, missing at the hub {}, state {}, holder {}, quantity {})\n\
         in flight        {}\nbytes            {}\n",
        found.reconciliation,
        found.cut.seq,
        found.cut.log_size,
        found.hub_blocks,
        found.node_blocks,
        counts.faults(),
        counts.missing_at_node,
        counts.missing_at_hub,
        counts.state,
        counts.holder,
        counts.quantity,
        counts.in_flight,
        found.bytes
    )
}
