//! `challenge`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tanqiao_protocol::id::MessageId;

use super::command::{Context, SendArgs};
use super::report::{Failure, Report};
use crate::challenge::{Challenged, answer_one, list};

#[derive(Debug, Args)]
pub(super) struct ChallengeArgs {
    #[command(subcommand)]
    action: ChallengeAction,
}

#[derive(Debug, Subcommand)]
enum ChallengeAction {
    /// Challenges of the regulator to this member, and why one waits for a person
    #[command(after_help = "Example:\n  tanqiao-node challenge list --json")]
    List,
    /// Show the records that a challenge asks for, sealed to the regulator's mailbox
    #[command(
        after_help = "Example:\n  tanqiao-node challenge answer 0193… --mailbox regulator.pem --staff director --send\n\n\
        The certificate must come from the regulator by another way than the hub. What is sealed to it only the regulator can read."
    )]
    Answer {
        /// The challenge
        challenge: MessageId,
        /// The mailbox's certificate, PEM; `challenges.mailbox` of the configuration when absent
        #[arg(long, value_name = "FILE")]
        mailbox: Option<PathBuf>,
        #[command(flatten)]
        send: SendArgs,
    },
}

pub(super) async fn challenge(context: &Context, args: ChallengeArgs) -> Result<Report, Failure> {
    let node = context.node().await?;
    match args.action {
        ChallengeAction::List => Report::list(&list(&node).await?, line),
        ChallengeAction::Answer {
            challenge,
            mailbox,
            send,
        } => {
            let id = answer_one(&node, send.staffed(), challenge, mailbox.as_deref()).await?;
            send.report(&node, id, "answer").await
        }
    }
}

fn line(one: &Challenged) -> String {
    let challenge = &one.challenge;
    let more = match (&one.answer, &one.waits) {
        (Some(answer), _) => format!("  answered by {answer}"),
        (None, Some(waits)) => format!("  WAITS: {waits}"),
        (None, None) => String::new(),
    };
    format!(
        "{}  {}  {} records of {}  until {}{more}",
        challenge.challenge,
        challenge.state,
        challenge.positions.len(),
        challenge.issuance,
        challenge.answer_until
    )
}
