//! `reconcile`: the node's book against the hub's, by the digest or block by block.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tanqiao_protocol::reconciliation::{ReconciliationReason, ReconciliationReport};

use super::command::Context;
use super::report::{Failure, Report};
use super::serve;
use crate::reconciliation;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Html,
    Csv,
    Json,
}

#[derive(Debug, Args)]
pub(super) struct ReconcileArgs {
    /// Compare every block with the hub's, and tell the hub what was found
    #[arg(long)]
    full: bool,
    /// How to write the report
    #[arg(long, value_enum, requires = "out")]
    format: Option<Format>,
    /// Where to write the report
    #[arg(long, requires = "full")]
    out: Option<PathBuf>,
}

pub(super) async fn reconcile(context: &Context, args: ReconcileArgs) -> Result<Report, Failure> {
    if !args.full {
        return serve::reconcile(context).await;
    }
    let node = context.node().await?;
    let found = reconciliation::reconcile(&node, ReconciliationReason::Asked).await?;
    if let Some(out) = &args.out {
        let text = written(&found, args.format.unwrap_or(Format::Html))?;
        std::fs::write(out, text).map_err(|e| Failure::new("report", format!("{}: {e}", out.display())))?;
    }
    Ok(Report::new(in_words(&found), &found)?.refused(found.counts.faults() > 0))
}

fn written(found: &ReconciliationReport, format: Format) -> Result<String, Failure> {
    Ok(match format {
        Format::Html => found.html(),
        Format::Csv => found.csv(),
        Format::Json => serde_json::to_string_pretty(found).map_err(|e| Failure::new("json", e.to_string()))? + "\n",
    })
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
