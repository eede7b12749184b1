//! `admin stop`, `resume` and `audit`.

use std::fmt::Write as _;

use clap::Args;

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::ledger::audit;
use crate::ledger::command::Decision;

/// Why the hub is stopped or resumed.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tanqiao-hub admin stop --reason \"suspected key theft\" --officer li --officer-password-file li.password"
)]
pub(super) struct StopArgs {
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    officers: Officers,
}

impl StopArgs {
    pub(super) fn run(&self, desk: &Desk, stopped: bool, output: &Output) -> Result<(), CliError> {
        desk.decide(
            &self.officers,
            Decision::StopHub {
                stopped,
                reason: self.reason.clone(),
            },
            output,
        )
    }
}

/// Audits the whole ledger; a finding is a failure.
pub(super) fn audit(desk: &Desk, output: &Output) -> Result<(), CliError> {
    let report = output.while_working("auditing", || audit::audit(&desk.database))?;
    output.one(&report, |report| {
        let mut text = format!("{} leaves, as of {}", report.log_size, report.at);
        for invariant in &report.invariants {
            let _ = write!(
                text,
                "\n{:>2}  {}  {} ({} looked at)",
                invariant.number,
                invariant.verdict(),
                invariant.title,
                invariant.checked
            );
            if let Some(note) = &invariant.note {
                let _ = write!(text, "\n      {note}");
            }
            for finding in &invariant.findings {
                let _ = write!(text, "\n      {}: {}", finding.subject, finding.what);
            }
        }
        text
    });
    if report.ok {
        Ok(())
    } else {
        Err(CliError::failed(
            "the ledger does not hold what it must: stop it and look into the findings",
        ))
    }
}
