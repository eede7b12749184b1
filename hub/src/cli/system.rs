//! `admin stop`, `resume` and `audit`.

use std::fmt::Write as _;

use clap::Args;

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::ledger::audit::{self, Section};
use crate::ledger::command::Decision;
use crate::transparency::audit::{Published, audit as published_audit};
use crate::transparency::{LogFiles, verifier_key};

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

/// The log in its directory, against the ledger and the keys.
fn published_log(desk: &Desk) -> Result<Section, CliError> {
    let config = &desk.config;
    let mark = config.signed_mark();
    let text = if mark.exists() {
        Some(std::fs::read_to_string(&mark).map_err(|error| CliError::failed(format!("{}: {error}", mark.display())))?)
    } else {
        None
    };
    let published = Published {
        trust_domain: &config.trust_domain,
        key: &verifier_key(config, &config.log.key).map_err(CliError::failed)?,
        files: &LogFiles::new(config.log_dir()),
        mark: text.map(|text| (mark.display().to_string(), text)),
    };
    Ok(published_audit(&desk.database, &published)?)
}

/// Audits the whole ledger, and the log as it is published; a finding is a failure.
pub(super) fn audit(desk: &Desk, output: &Output) -> Result<(), CliError> {
    let report = output.while_working("auditing", || {
        let log = published_log(desk)?;
        Ok::<_, CliError>(audit::audit(&desk.database)?.with_log(log))
    })?;
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
        section(&mut text, "Signed messages and the answers to them", &report.messages);
        if let Some(log) = &report.log {
            section(&mut text, "The log as it is published", log);
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

fn section(text: &mut String, title: &str, section: &Section) {
    let verdict = if section.ok { "holds" } else { "BROKEN" };
    let _ = write!(text, "\n    {verdict}  {title} ({} looked at)", section.checked);
    if let Some(note) = &section.note {
        let _ = write!(text, "\n      {note}");
    }
    for finding in &section.findings {
        let _ = write!(text, "\n      {}: {}", finding.subject, finding.what);
    }
}
