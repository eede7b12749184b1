//! `admin conflict`, `admin debts` and `admin reverse`.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use tanqiao_protocol::conflict::{ConflictOutcome, ConflictState, ConflictView};
use tanqiao_protocol::id::{MessageId, NodeId};

use super::desk::{Desk, Officers};
use super::events::LIST_MAX;
use super::governance::grams;
use super::output::{CliError, Output};
use crate::ledger::command::Decision;
use crate::store::read::conflicts::{self, Wanted};
use crate::store::read::dealings::Window;

/// Conflicts.
#[derive(Debug, Subcommand)]
pub(super) enum ConflictCommand {
    /// List them, oldest first.
    #[command(after_help = "Example:\n  tanqiao-hub admin conflict list --open")]
    List {
        /// Only those that wait.
        #[arg(long)]
        open: bool,
        /// Only those of this member.
        #[arg(long)]
        member: Option<NodeId>,
        /// Only those after this one.
        #[arg(long)]
        after: Option<MessageId>,
    },
    /// Both sides, and what they said.
    #[command(after_help = "Example:\n  tanqiao-hub admin conflict show 0193…")]
    Show {
        /// Which.
        conflict: MessageId,
    },
    /// Decide one: for the earlier or the later activity, or that they are distinct. Two officers for `later`, since serials are taken away.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin conflict resolve 0193… --outcome earlier --reason \"the same order number\" --officer li --officer-password-file li.password"
    )]
    Resolve {
        /// Which.
        conflict: MessageId,
        /// `earlier`, `later` or `distinct`.
        #[arg(long)]
        outcome: ConflictOutcome,
        /// Why; at most 500 characters, without persons.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
}

impl ConflictCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::List { open, member, after } => {
                let wanted = Wanted {
                    member: member.clone(),
                    open: *open,
                };
                let window = Window {
                    after: *after,
                    limit: LIST_MAX,
                };
                let found = desk.read(|c| conflicts::conflicts(c, &wanted, window))?;
                output.list(&found, line);
                Ok(())
            }
            Self::Show { conflict } => {
                let found = desk.read(|c| conflicts::conflict_of(c, *conflict))?;
                let found = found.ok_or_else(|| CliError::failed(format!("there is no conflict {conflict}")))?;
                output.one(&found, |one| {
                    let mut text = line(one);
                    for said in &one.evidence {
                        let gives_up = if said.concede { " (gives the activity up)" } else { "" };
                        let _ = write!(text, "\n  {} {}{gives_up}: {}", said.at, said.member, said.statement);
                    }
                    text
                });
                Ok(())
            }
            Self::Resolve {
                conflict,
                outcome,
                reason,
                officers,
            } => desk.decide(
                officers,
                Decision::ResolveConflict {
                    conflict: *conflict,
                    outcome: *outcome,
                    reason: reason.clone(),
                },
                output,
            ),
        }
    }
}

fn line(one: &ConflictView) -> String {
    let kinds: Vec<&str> = one.kinds.iter().map(|kind| kind.word()).collect();
    let end = match (one.state, one.outcome) {
        (ConflictState::Open, _) => format!("open until {}, then by rule {}", one.deadline, one.rule),
        (ConflictState::Resolved, outcome) => format!(
            "{}: {}",
            outcome.map_or("", ConflictOutcome::word),
            one.reason.as_deref().unwrap_or_default()
        ),
    };
    format!(
        "{}  {}  {} {}#{} before {} {}#{}  {}  {end}",
        one.conflict,
        kinds.join("+"),
        one.earlier.member,
        one.earlier.activity.issuance,
        one.earlier.activity.index,
        one.later.member,
        one.later.activity.issuance,
        one.later.activity.index,
        one.quantity_g
    )
}

/// What members owe.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tanqiao-hub admin debts --json")]
pub(super) struct DebtsArgs {
    /// Those that are covered, too.
    #[arg(long)]
    all: bool,
}

impl DebtsArgs {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        let found = desk.read(|c| conflicts::debts(c, None, self.all))?;
        output.list(&found, |one| {
            format!(
                "{}  {} owes {}, of which {} is covered",
                one.debt, one.member, one.quantity_g, one.covered_g
            )
        });
        Ok(())
    }
}

/// A removal that was reversed.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  tanqiao-hub admin reverse 0193… --quantity-g 1200000 --reason \"burnt in June\" --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password")]
pub(super) struct ReverseArgs {
    /// The issuance whose removal was reversed.
    issuance: MessageId,
    /// How much, in grams.
    #[arg(long)]
    quantity_g: i64,
    /// What happened; at most 500 characters.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    officers: Officers,
}

impl ReverseArgs {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        desk.decide(
            &self.officers,
            Decision::ReverseRemoval {
                issuance: self.issuance,
                quantity_g: grams(self.quantity_g)?,
                reason: self.reason.clone(),
            },
            output,
        )
    }
}
