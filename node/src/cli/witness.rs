//! `witness`: how far the log is verified, evidence against it, and ending an alarm.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use tanqiao_protocol::id::NodeId;

use super::command::Context;
use super::report::{Failure, Report};
use crate::error::NodeError;
use crate::service::Node;
use crate::witness::{EVIDENCE_BYTES_MAX, Evidence, LogStatus, export, import, resume, view};

#[derive(Debug, Args)]
pub(super) struct WitnessArgs {
    #[command(subcommand)]
    action: WitnessAction,
}

#[derive(Debug, Subcommand)]
enum WitnessAction {
    /// How far the hub's log is verified, cosigned, witnessed and compared; exit status 1 while there is an alarm
    #[command(after_help = "Example:\n  tanqiao-node witness status --json")]
    Status,
    /// Evidence against the log, whole, the newest first
    #[command(
        after_help = "Example:\n  tanqiao-node witness evidence\n\nThe same stands in the files of `witness.evidence`."
    )]
    Evidence {
        #[command(subcommand)]
        action: Option<EvidenceAction>,
    },
    /// End every alarm, once the officers have said what happened; the evidence stays
    #[command(
        after_help = "Example:\n  tanqiao-node witness resume --reason 'the hub runs again on the database that it had before'\n\n\
        A log that does not continue what was cosigned last stops the node again."
    )]
    Resume {
        /// Why, in at most 500 characters; kept beside the evidence
        #[arg(long)]
        reason: String,
        /// The officers have begun the log anew, and the node follows it (`recover --follow-origin`): forget what was cosigned
        #[arg(long)]
        new_origin: bool,
    },
}

#[derive(Debug, Subcommand)]
enum EvidenceAction {
    /// Write evidence into files that another member, or `tanqiao-verify fork`, can check without the hub
    #[command(
        after_help = "Examples:\n  tanqiao-node witness evidence export evidence-of-wuhan\n  \
        tanqiao-node witness evidence export fork.txt --id 4f1c…"
    )]
    Export {
        /// A folder for all of it; with --id, the file
        path: PathBuf,
        /// Only the evidence with this id
        #[arg(long, value_name = "HEX")]
        id: Option<String>,
    },
    /// Take another member's evidence from its file: verified under the log's key that this node knows, kept, and followed as its own
    #[command(
        after_help = "Example:\n  tanqiao-node witness evidence import fork.txt --from harbin\n\n\
        Two notes that prove a fork, or one that contradicts what this node has cosigned, stop the node. Others are an alarm."
    )]
    Import {
        /// The file
        file: PathBuf,
        /// The member that has given it
        #[arg(long, value_name = "MEMBER")]
        from: NodeId,
    },
}

pub(super) async fn witness(context: &Context, args: WitnessArgs) -> Result<Report, Failure> {
    let node = context.node().await?;
    match args.action {
        WitnessAction::Status => {
            let found = view(&node).await?;
            let Some(log) = found.log else {
                let text = "the hub's log was not seen yet\n".to_owned();
                return Report::new(text, &json!({ "log": null }));
            };
            Ok(Report::new(said(&log), &json!({ "log": log }))?.refused(log.stopped || log.alarms > 0))
        }
        WitnessAction::Evidence { action } => match action {
            None => Report::list(&view(&node).await?.evidence, line),
            Some(EvidenceAction::Export { path, id }) => {
                let files = export(&node, &path, id.as_deref()).await?;
                let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
                Report::new(names.join("\n") + "\n", &json!({ "files": names }))
            }
            Some(EvidenceAction::Import { file, from }) => taken(&node, &file, from).await,
        },
        WitnessAction::Resume { reason, new_origin } => {
            let ended = resume(&node, &reason, new_origin).await?;
            Report::new(
                format!("{ended} alarms ended; the evidence stays\n"),
                &json!({ "ended": ended }),
            )
        }
    }
}

async fn taken(node: &Node, file: &Path, from: NodeId) -> Result<Report, Failure> {
    let failed = |error: std::io::Error| NodeError::refused("file", format!("{}: {error}", file.display()));
    let length = std::fs::metadata(file).map_err(failed)?.len();
    if length > EVIDENCE_BYTES_MAX as u64 {
        let why = format!("{} is larger than evidence can be", file.display());
        return Err(NodeError::refused("evidence", why).into());
    }
    let imported = import(node, &std::fs::read(file).map_err(failed)?, from).await?;
    let text = if imported.stops {
        format!(
            "{} is proven and kept as {}: the node has STOPPED\n",
            imported.kind, imported.id
        )
    } else {
        format!(
            "kept as {}: the log has signed both notes, and they prove nothing by themselves; the node goes on, with an alarm\n",
            imported.id
        )
    };
    Report::new(text, &imported)
}

fn said(log: &LogStatus) -> String {
    let state = if log.stopped {
        "STOPPED: nothing is cosigned, sent or applied; see `tanqiao-node witness evidence`"
    } else if log.alarms > 0 {
        "goes on, with an alarm; see `tanqiao-node witness evidence`"
    } else {
        "one history, as far as this node has seen"
    };
    format!(
        "log              {state}\nalarms           {}\ncosigned         {} leaves, root {}\nwitnessed        {} leaves\n\
         compared         {} of {} leaves with the feed\nlog key          {}\nwitness key      {}\n",
        log.alarms,
        log.size,
        log.root,
        log.witnessed,
        log.checked,
        log.size,
        log.log_key,
        log.witness_key.as_deref().unwrap_or("not proposed yet")
    )
}

fn line(evidence: &Evidence) -> String {
    let ended = match (&evidence.ended_at, &evidence.ended_because) {
        (Some(at), Some(why)) => format!("ended {at}: {why}\n"),
        _ => String::new(),
    };
    format!(
        "{} {} {}\n{}\n{ended}{}",
        evidence.at,
        evidence.kind,
        evidence.id,
        evidence.detail,
        evidence.to_text()
    )
}
