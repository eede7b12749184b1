//! `admin reconciliation`.

use clap::Subcommand;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::reconciliation::ReconciliationView;

use super::desk::{Desk, Officers};
use super::events::LIST_MAX;
use super::output::{CliError, Output};
use crate::ledger::command::Decision;
use crate::store::read::dealings::Window;
use crate::store::read::reconciliations;

/// Reconciliations: members' books against the hub's.
#[derive(Debug, Subcommand)]
pub(super) enum ReconciliationCommand {
    /// Ask a member to compare its whole book with the hub's.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin reconciliation request wuhan --reason \"quarterly audit\" --officer li --officer-password-file li.password"
    )]
    Request {
        /// Whom.
        member: NodeId,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
    /// List reconciliations, oldest first.
    List {
        /// Only those of this member.
        #[arg(long)]
        member: Option<NodeId>,
        /// Only those after this one.
        #[arg(long)]
        after: Option<MessageId>,
    },
    /// Show one.
    Show {
        /// Which.
        reconciliation: MessageId,
    },
}

impl ReconciliationCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::Request {
                member,
                reason,
                officers,
            } => {
                let decision = Decision::RequestReconciliation {
                    member: member.clone(),
                    reason: reason.clone(),
                };
                desk.decide(officers, decision, output)
            }
            Self::List { member, after } => {
                let window = Window {
                    after: *after,
                    limit: LIST_MAX,
                };
                let found = desk.read(|c| reconciliations::list(c, member.as_ref(), window))?;
                let views: Vec<ReconciliationView> = found.into_iter().map(ReconciliationView::from).collect();
                output.list(&views, line);
                Ok(())
            }
            Self::Show { reconciliation } => {
                let found = desk.read(|c| reconciliations::reconciliation(c, *reconciliation))?;
                let found =
                    found.ok_or_else(|| CliError::failed(format!("there is no reconciliation {reconciliation}")))?;
                output.one(&ReconciliationView::from(found), line);
                Ok(())
            }
        }
    }
}

fn line(view: &ReconciliationView) -> String {
    let faults = view.result.as_ref().map_or(0, |result| result.counts.faults());
    format!(
        "{} {} {} ({}), begun {}, {faults} differences",
        view.reconciliation, view.member, view.state, view.reason, view.started_at
    )
}
