//! `witness`: how far the log is verified, evidence against it, and ending an alarm.

use clap::{Args, Subcommand};
use serde_json::json;

use super::command::Context;
use super::report::{Failure, Report};
use crate::witness::{Evidence, LogStatus, resume, view};

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
    Evidence,
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
        WitnessAction::Evidence => Report::list(&view(&node).await?.evidence, line),
        WitnessAction::Resume { reason, new_origin } => {
            let ended = resume(&node, &reason, new_origin).await?;
            Report::new(
                format!("{ended} alarms ended; the evidence stays\n"),
                &json!({ "ended": ended }),
            )
        }
    }
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
         compared         {} leaves with the feed\nlog key          {}\nwitness key      {}\n",
        log.alarms,
        log.size,
        log.root,
        log.witnessed,
        log.checked,
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
