//! `admin recover`: what a restored database has lost comes back from the members.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::config::Config;
use crate::ledger::decisions::Journal;
use crate::ledger::high_water::{self, Mark};
use crate::recovery::{self, NewOrigin, Recovered, RecoveryError, Sources};
use crate::store::database::Database;

const EXAMPLES: &str = "Examples:
  tanqiao-node export recovery --out wuhan.recovery      at every member's node
  tanqiao-hub admin recover --from wuhan.recovery --from harbin.recovery

  when the rest is lost for good, two officers begin the log anew:
  tanqiao-hub admin recover --from wuhan.recovery --new-origin --reason \"both disks of the hub failed\" \\
    --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password

Run it as often as needed: what is there already is not taken twice, and what agrees with the members stays.
Exit status: 0 everything is back, 1 something is missing or differs, and the hub stays read-only.";

/// Where the lost part of the log comes from.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RecoverArgs {
    /// What a member's node has exported by `tanqiao-node export recovery`; once for each member.
    #[arg(long = "from", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A copy of the journal of officers' decisions, `log.decisions`, besides the one beside the log's key.
    #[arg(long = "decisions", value_name = "FILE")]
    decisions: Vec<PathBuf>,
    /// Begin the log anew where it stands after this; two officers. What is missing then is decided anew.
    #[arg(long, requires = "reason")]
    new_origin: bool,
    /// Why the log begins anew.
    #[arg(long, requires = "new_origin")]
    reason: Option<String>,
    #[command(flatten)]
    officers: Officers,
}

#[derive(Debug, Serialize)]
struct Report {
    complete: bool,
    #[serde(flatten)]
    recovered: Recovered,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_origin: Option<Mark>,
}

impl Report {
    fn say(&self, output: &Output) -> Result<(), CliError> {
        output.one(self, in_words);
        if self.complete || self.new_origin.is_some() {
            return Ok(());
        }
        let why = "not everything is back: the hub stays read-only until it is";
        Err(CliError::Reported(why.to_owned()))
    }
}

impl RecoverArgs {
    pub(super) fn run(&self, path: &Path, output: &Output) -> Result<(), CliError> {
        let config = Config::load(path).map_err(CliError::misused)?;
        let database = Database::open(&config.database.url)?;
        let mark = high_water::read(&config.high_water()).map_err(CliError::failed)?;
        if let Some(begun) = begun(&config, &database, mark.as_ref())? {
            return begun.say(output);
        }
        let mut decisions = self.decisions.clone();
        if let Some(absent) = decisions.iter().find(|file| !file.exists()) {
            return Err(CliError::misused(format!("{} does not exist", absent.display())));
        }
        decisions.push(config.decisions());
        let sources = Sources {
            trust_domain: config.trust_domain.clone(),
            files: self.files.clone(),
            decisions,
            mark: mark.clone(),
            anew: self.new_origin,
        };
        let (recovered, told) = match recover(&database, &sources, output) {
            // The hub went on by itself from the backup: what it has lost does not fit any more.
            Err(RecoveryError::Differs { told, .. }) if self.new_origin => (standing(&database)?, told),
            other => {
                let recovered = other.map_err(failed)?;
                let told = recovered.missing.as_ref().map_or(0, |missing| missing.last + 1);
                (recovered, told)
            }
        };
        let new_origin = if self.new_origin {
            Some(self.begin(path, &config, mark.as_ref(), &recovered, told)?)
        } else {
            advance(&config, mark.as_ref(), &recovered)?;
            None
        };
        let report = Report {
            complete: recovered.complete() && new_origin.is_none(),
            recovered,
            new_origin,
        };
        report.say(output)
    }

    /// Two officers begin the log anew.
    fn begin(
        &self,
        path: &Path,
        config: &Config,
        mark: Option<&Mark>,
        recovered: &Recovered,
        told: i64,
    ) -> Result<Mark, CliError> {
        let behind = mark.filter(|mark| mark.size >= recovered.size && Some(mark.chain) != recovered.chain);
        let told = if told == 0 { 0 } else { told.max(recovered.size) };
        let lost_size = behind.map_or(told, |mark| mark.size);
        if lost_size == 0 {
            return Err(CliError::failed(
                "nothing is missing: the log goes on as it is, without a new origin",
            ));
        }
        let desk = Desk::open(path)?;
        let officers = desk.verify(&self.officers)?;
        let new = NewOrigin {
            officers,
            lost_size,
            lost_chain: behind.map(|mark| mark.chain),
            reason: self.reason.clone().unwrap_or_default(),
        };
        let journal = Journal::open(&config.decisions()).map_err(CliError::failed)?;
        let begun = recovery::begin(&desk.database, journal, &new, crate::api::hub::now()).map_err(failed)?;
        crate::crash::point("recovery.before-mark");
        high_water::replace(&config.high_water(), &begun).map_err(CliError::failed)?;
        Ok(begun)
    }
}

/// An origin that was begun before a crash came: only the mark is left to be replaced.
fn begun(config: &Config, database: &Database, mark: Option<&Mark>) -> Result<Option<Report>, CliError> {
    let Some(mark) = mark else { return Ok(None) };
    let Some(begun) = recovery::begun(database, mark).map_err(failed)? else {
        return Ok(None);
    };
    high_water::replace(&config.high_water(), &begun).map_err(CliError::failed)?;
    Ok(Some(Report {
        complete: false,
        recovered: Recovered {
            from: begun.size,
            size: begun.size,
            chain: Some(begun.chain),
            expected: Some(mark.size),
            ..Recovered::default()
        },
        new_origin: Some(begun),
    }))
}

fn recover(database: &Database, sources: &Sources, output: &Output) -> Result<Recovered, RecoveryError> {
    let bar = output.bar("deciding again");
    let recovered = recovery::recover(database, sources, |done, all| {
        if let Some(bar) = &bar {
            bar.set_length(all);
            bar.set_position(done);
        }
    });
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    recovered
}

/// Nothing was taken back: where the log stands.
fn standing(database: &Database) -> Result<Recovered, CliError> {
    let head = database.read(crate::store::audit::head)?;
    let chain = crate::store::convert::sha256(&head.chain)?;
    Ok(Recovered {
        from: head.size,
        size: head.size,
        chain: Some(chain),
        ..Recovered::default()
    })
}

fn failed(error: RecoveryError) -> CliError {
    match error {
        RecoveryError::Refused(problem) => CliError::Refused(problem),
        other => CliError::failed(other),
    }
}

/// What was taken back beyond the mark was answered for as well.
fn advance(config: &Config, mark: Option<&Mark>, recovered: &Recovered) -> Result<(), CliError> {
    let beyond = mark.is_none_or(|mark| mark.size < recovered.size);
    match recovered.chain {
        Some(chain) if beyond && recovered.complete() => {
            let size = recovered.size;
            high_water::replace(&config.high_water(), &Mark { size, chain }).map_err(CliError::failed)
        }
        _ => Ok(()),
    }
}

fn in_words(report: &Report) -> String {
    let done = &report.recovered;
    let mut text = format!(
        "{} leaves taken back in {} batches, {} transfers committed among them; the log has {} leaves",
        done.size - done.from,
        done.batches,
        done.transfers,
        done.size
    );
    for (member, entries) in &done.entries {
        let _ = write!(text, "\n  {member}: {entries} feed entries");
    }
    if done.refusals + done.refusals_left > 0 {
        let _ = write!(
            text,
            "\n  {} refusals are remembered again, {} could not be checked",
            done.refusals, done.refusals_left
        );
    }
    if let Some(missing) = &done.missing {
        let _ = write!(text, "\n{missing}");
    }
    match &report.new_origin {
        Some(origin) => {
            let _ = write!(
                text,
                "\nthe log begins anew: {} leaves. Start the hub, and at every node that stays stopped run `tanqiao-node recover --follow-origin`",
                origin.size
            );
        }
        None if report.complete => text.push_str("\nnothing is missing: start the hub"),
        None => {}
    }
    text
}
