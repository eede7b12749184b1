//! `admin reconciliation`.

use std::path::PathBuf;

use clap::Subcommand;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::reconciliation::{ReconciliationReport, ReconciliationView, ReportFormat};

use super::desk::{Desk, Officers};
use super::events::LIST_MAX;
use super::output::{CliError, Output};
use crate::ledger::command::Decision;
use crate::reconciliation::examine::before_closing;
use crate::store::findings;
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
    /// Write the findings of one, as the member gave them.
    #[command(after_help = "Example:\n  tanqiao-hub admin reconciliation report 0193… --format html --out report.html")]
    Report {
        /// Which.
        reconciliation: MessageId,
        /// How to write it: html, csv or json.
        #[arg(long, default_value_t)]
        format: ReportFormat,
        /// Where to; on the terminal when absent.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// End the findings of one, by two officers. Refused while the log contradicts the hub's book about one of its serials.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin reconciliation close 0193… --reason \"book rebuilt\" --officer li --officer-password-file li.password \\\n    --officer wang --officer-password-file wang.password"
    )]
    Close {
        /// Which.
        reconciliation: MessageId,
        /// What came of them.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
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
            Self::Report {
                reconciliation,
                format,
                out,
            } => {
                let found = report(desk, *reconciliation)?;
                let Some(out) = out else {
                    output.one(&found, |found| format.write(found));
                    return Ok(());
                };
                std::fs::write(out, format.write(&found))
                    .map_err(|error| CliError::failed(format!("{}: {error}", out.display())))
            }
            Self::Close {
                reconciliation,
                reason,
                officers,
            } => {
                let asked = refuse_contradicted(desk, *reconciliation)?;
                let decision = Decision::CloseFindings {
                    reconciliation: *reconciliation,
                    reason: reason.clone(),
                    asked,
                };
                desk.decide(officers, decision, output)
            }
        }
    }
}

fn report(desk: &Desk, id: MessageId) -> Result<ReconciliationReport, CliError> {
    let found = desk.read(|c| findings::report(c, id))?;
    let found = found.ok_or_else(|| CliError::failed(format!("the hub has no report of reconciliation {id}")))?;
    serde_json::from_slice(&found).map_err(|error| CliError::failed(format!("the report of {id}: {error}")))
}

/// Asks the log once more about the findings. The size of the log when it was asked before, if it was.
fn refuse_contradicted(desk: &Desk, id: MessageId) -> Result<Option<i64>, CliError> {
    let found = before_closing(&desk.database, &desk.governance(), id).map_err(CliError::failed)?;
    let Some(first) = found.contradicted.first() else {
        return Ok(found.asked);
    };
    Err(CliError::failed(format!(
        "the log still contradicts the hub's book about {} runs of serials, the first is {first}: `admin audit` says how; restore the \
         database from a backup and `admin recover`, then close the findings",
        found.contradicted.len()
    )))
}

fn line(view: &ReconciliationView) -> String {
    let faults = view.result.as_ref().map_or(0, |result| result.counts.faults());
    let contradicted = view.examined.filter(|found| found.contradicted > 0);
    let contradicted = contradicted.map_or_else(String::new, |found| {
        format!(", {} runs of serials contradicted by the log", found.contradicted)
    });
    format!(
        "{} {} {} ({}), begun {}, {faults} differences{contradicted}",
        view.reconciliation, view.member, view.state, view.reason, view.started_at
    )
}
