//! Where officers decide: the ledger opened by this process, and officers who have shown who they are.

use std::path::{Path, PathBuf};

use clap::Args;
use tanqiao_protocol::id::{Name, Sha256};
use tanqiao_protocol::view::Outcome;

use super::output::{CliError, Output};
use crate::config::Config;
use crate::ledger::command::{Body, Command, Decision, Origin};
use crate::ledger::objects::Governance;
use crate::ledger::sequencer::{Sequencer, SequencerOptions};
use crate::serve::new_id;
use crate::store::database::{Database, ReadConnection, StoreError};
use tanqiao_desk::password;

/// The fewest characters of a password.
const PASSWORD_CHARS_MIN: usize = 12;

/// Decisions in one batch: each holds 48 KiB at most, and a line of the journal 16 MiB.
const DECISIONS_PER_BATCH: usize = 64;

/// Who decides. Each account with the file of its password, in the same order.
#[derive(Debug, Clone, Args)]
pub struct Officers {
    /// An account that decides; once more for a second officer.
    #[arg(long = "officer", value_name = "ACCOUNT")]
    accounts: Vec<Name>,
    /// The file with that account's password; in the order of the accounts.
    #[arg(long = "officer-password-file", value_name = "FILE")]
    password_files: Vec<PathBuf>,
}

/// A ledger that was opened for decisions.
#[derive(Debug)]
pub struct Desk {
    /// The configuration.
    pub config: Config,
    /// The database.
    pub database: Database,
    /// This process's own sequencer: several processes may decide on one database.
    pub sequencer: Sequencer,
}

impl Desk {
    /// Opens the ledger of a configuration.
    ///
    /// # Errors
    /// [`CliError`].
    pub fn open(config: &Path) -> Result<Self, CliError> {
        let config = Config::load(config).map_err(CliError::misused)?;
        let database = Database::open(&config.database.url)?;
        let sequencer = Sequencer::start(
            database.clone(),
            SequencerOptions {
                high_water: Some(config.high_water()),
                decisions: Some(config.decisions()),
                ..SequencerOptions::default()
            },
        )?;
        Ok(Self {
            config,
            database,
            sequencer,
        })
    }

    /// Governance as committed.
    #[must_use]
    pub fn governance(&self) -> std::sync::Arc<Governance> {
        self.sequencer.governance()
    }

    /// Reads.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn read<T>(
        &self,
        work: impl FnOnce(&mut ReadConnection<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.database.read(work)
    }

    /// The accounts that decide, once each has shown its password.
    ///
    /// # Errors
    /// [`CliError`].
    pub fn verify(&self, officers: &Officers) -> Result<Vec<Name>, CliError> {
        verify(&self.governance(), officers)
    }

    /// Has officers decide, and says what came of it.
    ///
    /// # Errors
    /// [`CliError`].
    pub fn decide(&self, officers: &Officers, decision: Decision, output: &Output) -> Result<(), CliError> {
        let accounts = self.verify(officers)?;
        let outcome = self.submit(Origin::Officers(accounts), decision)?;
        output.one(&outcome, said);
        Ok(())
    }

    /// Submits a decision.
    ///
    /// # Errors
    /// [`CliError`].
    pub fn submit(&self, origin: Origin, decision: Decision) -> Result<Outcome, CliError> {
        let outcomes = self.submit_many(&origin, vec![decision])?;
        let first = outcomes.into_iter().next();
        first.ok_or_else(|| CliError::failed("the sequencer gave no answer"))
    }

    /// Submits decisions that are committed in one batch: one transaction, but each is decided by itself. They fit one line of the
    /// journal of decisions.
    ///
    /// # Errors
    /// The first refusal; [`CliError`].
    pub fn submit_many(&self, origin: &Origin, decisions: Vec<Decision>) -> Result<Vec<Outcome>, CliError> {
        let command = |decision| {
            let id = new_id();
            Command {
                origin: origin.clone(),
                id,
                payload_sha256: Sha256::of(id.to_string().as_bytes()),
                body: Body::Governance(Box::new(decision)),
            }
        };
        let commands = decisions.into_iter().map(command).collect();
        let answers = self.sequencer.submit_blocking(commands).map_err(CliError::failed)?;
        answers
            .into_iter()
            .map(|answer| answer.result.map_err(|problem| CliError::Refused(Box::new(problem))))
            .collect()
    }

    /// Has officers decide many things, many in a batch, with a bar for whoever looks. The first refusal ends it; what was decided
    /// before it stands.
    ///
    /// # Errors
    /// [`CliError`].
    pub fn decide_all(
        &self,
        accounts: &[Name],
        decisions: Vec<Decision>,
        what: &'static str,
        output: &Output,
    ) -> Result<(), CliError> {
        let bar = output.bar(what);
        if let Some(bar) = &bar {
            bar.set_length(u64::try_from(decisions.len()).unwrap_or(u64::MAX));
        }
        let origin = Origin::Officers(accounts.to_vec());
        let mut left = decisions.into_iter();
        loop {
            let batch: Vec<Decision> = left.by_ref().take(DECISIONS_PER_BATCH).collect();
            if batch.is_empty() {
                break;
            }
            let done = self.submit_many(&origin, batch)?;
            if let Some(bar) = &bar {
                bar.inc(u64::try_from(done.len()).unwrap_or(u64::MAX));
            }
        }
        if let Some(bar) = &bar {
            bar.finish_and_clear();
        }
        Ok(())
    }
}

/// The accounts that decide, once each has shown its password.
///
/// # Errors
/// [`CliError`].
pub fn verify(governance: &Governance, officers: &Officers) -> Result<Vec<Name>, CliError> {
    if officers.accounts.is_empty() {
        return Err(CliError::misused(
            "say who decides: --officer ACCOUNT --officer-password-file FILE",
        ));
    }
    if officers.accounts.len() != officers.password_files.len() {
        return Err(CliError::misused(
            "give each --officer exactly one --officer-password-file, in the same order",
        ));
    }
    for (account, file) in officers.accounts.iter().zip(&officers.password_files) {
        let password = read_password(file)?;
        let known = governance.officers.get(account).filter(|officer| officer.active);
        let fits = password::fits(known.map(|officer| officer.password_hash.as_str()), &password);
        if !fits {
            return Err(CliError::failed(format!(
                "account `{account}` and its password do not fit"
            )));
        }
    }
    Ok(officers.accounts.clone())
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.sequencer.stop();
    }
}

fn said(outcome: &Outcome) -> String {
    let state = outcome
        .state
        .as_deref()
        .map_or_else(String::new, |state| format!(" is {state}"));
    format!(
        "{}{state}, leaf {} at {}",
        outcome.subject, outcome.log_index, outcome.at
    )
}

/// A password file's first line.
///
/// # Errors
/// [`CliError::Misused`].
pub fn read_password(file: &Path) -> Result<String, CliError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| CliError::misused(format!("cannot read {}: {error}", file.display())))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// The argon2id hash of a new password, in PHC form.
///
/// # Errors
/// [`CliError`].
pub fn hash_password(password: &str) -> Result<String, CliError> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(CliError::misused(format!(
            "a password has at least {PASSWORD_CHARS_MIN} characters"
        )));
    }
    password::hash(password).map_err(CliError::failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_a_least_length() {
        assert!(hash_password("too short").is_err());
        assert!(hash_password("correct horse battery").is_ok());
    }
}
