//! `conflict`: activities that another issuance has too.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use tanqiao_protocol::conflict::{ConflictState, ConflictView};
use tanqiao_protocol::id::MessageId;

use super::command::{Context, SendArgs};
use super::report::{Failure, Report};
use crate::service::{Conflict, Node};

/// Conflicts of one list.
const LIST_MAX: u32 = 1_000;

#[derive(Debug, Args)]
pub(super) struct ConflictArgs {
    #[command(subcommand)]
    action: ConflictAction,
}

#[derive(Debug, Subcommand)]
enum ConflictAction {
    /// Conflicts, newest first
    List {
        /// Those that are decided as well
        #[arg(long)]
        all: bool,
    },
    /// One conflict, and what both sides have said at the hub
    Show {
        /// Its id
        conflict: MessageId,
    },
    /// Give the activity up: it is decided for the other side at once
    Concede {
        /// Its id
        conflict: MessageId,
        /// Why, for the other side and the hub's officers; without anything about a person
        #[arg(long, default_value = "the activity belongs to the other issuance")]
        statement: String,
        #[command(flatten)]
        send: SendArgs,
    },
    /// State evidence for the other side and the hub's officers
    Evidence {
        /// Its id
        conflict: MessageId,
        /// In words, at most 2,000 characters, without anything about a person
        statement: String,
        #[command(flatten)]
        send: SendArgs,
    },
}

pub(super) async fn conflict(context: &Context, args: ConflictArgs) -> Result<Report, Failure> {
    let node = context.node().await?;
    match args.action {
        ConflictAction::List { all } => {
            let state = (!all).then_some(ConflictState::Open);
            Report::list(&node.conflicts(state, None, LIST_MAX).await?, line)
        }
        ConflictAction::Show { conflict } => show(&node, conflict).await,
        ConflictAction::Concede {
            conflict,
            statement,
            send,
        } => {
            let id = node
                .conflict_evidence(send.staffed(), conflict, true, statement)
                .await?;
            send.report(&node, id, "concession").await
        }
        ConflictAction::Evidence {
            conflict,
            statement,
            send,
        } => {
            let id = node
                .conflict_evidence(send.staffed(), conflict, false, statement)
                .await?;
            send.report(&node, id, "evidence").await
        }
    }
}

fn line(conflict: &Conflict) -> String {
    let kinds: Vec<&str> = conflict.kinds.iter().map(|kind| kind.word()).collect();
    let mut text = format!(
        "{} {}: activity {} of {}, {}, collides in {} with activity {} of {} of {}",
        conflict.conflict,
        conflict.outcome.map_or(conflict.state.word(), |outcome| outcome.word()),
        conflict.index,
        conflict
            .issuance
            .map_or_else(|| "an issuance".to_owned(), |id| id.to_string()),
        conflict.quantity_g,
        kinds.join(" "),
        conflict.other_index,
        conflict.other_issuance,
        conflict.other_member,
    );
    if conflict.held_back {
        text.push_str(", held back");
    }
    if let Some(deadline) = conflict.deadline.filter(|_| conflict.state == ConflictState::Open) {
        let _ = write!(text, ", until {deadline}");
    }
    text
}

/// What this node knows, and what the hub has beside it where it can be reached.
async fn show(node: &Node, id: MessageId) -> Result<Report, Failure> {
    let conflict = node.conflict(id).await?;
    let at_hub: Option<ConflictView> = node.hub().conflict(id).await.ok();
    let mut text = line(&conflict) + "\n";
    if let Some(reason) = &conflict.reason {
        let _ = writeln!(text, "decided: {reason}");
    }
    match &at_hub {
        Some(view) => {
            let _ = writeln!(text, "by the rule: {}", view.rule);
            for said in &view.evidence {
                let gave = if said.concede { ", and gave the activity up" } else { "" };
                let _ = writeln!(text, "{} {}{gave}: {}", said.at, said.member, said.statement);
            }
        }
        None => text.push_str("the hub could not be asked what both sides have said\n"),
    }
    Report::new(text, &serde_json::json!({ "conflict": conflict, "at_hub": at_hub }))
}
