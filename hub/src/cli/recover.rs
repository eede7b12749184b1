//! `admin recover`: what a restored database has lost comes back from the members.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::desk::{Officers, verify};
use super::output::{CliError, Output};
use crate::api::hub::now;
use crate::config::Config;
use crate::ledger::decisions::Journal;
use crate::ledger::high_water::{self, Mark, Noted};
use crate::ledger::objects::Governance;
use crate::recovery::{self, NewOrigin, Recovered, RecoveryError, Sources};
use crate::store::database::Database;

const EXAMPLES: &str = "Examples:
  tanqiao-node export recovery --out wuhan.recovery      at every member's node
  tanqiao-hub admin recover --from wuhan.recovery --from harbin.recovery

  when the rest is lost for good, two officers begin the log anew:
  tanqiao-hub admin recover --from wuhan.recovery --new-origin --reason \"both disks of the hub failed\" \\
    --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password

Run it as often as needed, each time with every file there is: all of it comes back in one transaction, or nothing does.
Exit status: 0 everything is back, 1 something is missing or differs, nothing was kept, and the hub stays read-only.";

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
    /// Leaves taken back that no mark covers.
    beyond_the_mark: i64,
    #[serde(flatten)]
    recovered: Recovered,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_origin: Option<Mark>,
}

impl Report {
    fn new(recovered: Recovered, new_origin: Option<Mark>) -> Self {
        Self {
            complete: recovered.complete() && new_origin.is_none(),
            beyond_the_mark: recovered.beyond_the_mark(),
            recovered,
            new_origin,
        }
    }

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
            mark,
        };
        let report = if self.new_origin {
            self.begin_anew(&config, &database, &sources, output)?
        } else {
            let recovered = with_bar(output, |progress| recovery::recover(&database, &sources, progress))?;
            advance(&config, sources.mark.as_ref(), &recovered)?;
            Report::new(recovered, None)
        };
        report.say(output)
    }

    /// Two officers begin the log anew, after what can be taken back.
    fn begin_anew(
        &self,
        config: &Config,
        database: &Database,
        sources: &Sources,
        output: &Output,
    ) -> Result<Report, CliError> {
        let journal = Journal::open(&config.decisions()).map_err(CliError::failed)?;
        let (recovered, begun) = with_bar(output, |progress| {
            recovery::begin_anew(database, sources, journal, progress, |governance, recovered| {
                self.decide(sources.mark.as_ref(), governance, recovered)
            })
        })?;
        crate::crash::point("recovery.before-mark");
        high_water::replace(&config.high_water(), &begun, now()).map_err(CliError::failed)?;
        Ok(Report::new(recovered, Some(begun)))
    }

    fn decide(
        &self,
        mark: Option<&Noted>,
        governance: &Governance,
        recovered: &Recovered,
    ) -> Result<NewOrigin, CliError> {
        let behind = mark.filter(|mark| mark.size >= recovered.size && Some(mark.chain) != recovered.chain);
        let told = if recovered.told == 0 {
            0
        } else {
            recovered.told.max(recovered.size)
        };
        let lost_size = behind.map_or(told, |mark| mark.size);
        if lost_size == 0 {
            return Err(CliError::failed(
                "nothing is missing: recover without --new-origin, and the log goes on as it is",
            ));
        }
        Ok(NewOrigin {
            officers: verify(governance, &self.officers)?,
            lost_size,
            lost_chain: behind.map(|mark| mark.chain),
            reason: self.reason.clone().unwrap_or_default(),
        })
    }
}

/// An origin that was begun before a crash came: only the mark is left to be replaced.
fn begun(config: &Config, database: &Database, mark: Option<&Noted>) -> Result<Option<Report>, CliError> {
    let Some(mark) = mark else { return Ok(None) };
    let Some(begun) = recovery::begun(database, &mark.mark())? else {
        return Ok(None);
    };
    high_water::replace(&config.high_water(), &begun, now()).map_err(CliError::failed)?;
    let recovered = Recovered {
        from: begun.size,
        size: begun.size,
        chain: Some(begun.chain),
        expected: Some(mark.size),
        kept: true,
        ..Recovered::default()
    };
    Ok(Some(Report::new(recovered, Some(begun))))
}

/// Works with a bar on a terminal.
fn with_bar<T>(output: &Output, work: impl FnOnce(&mut dyn FnMut(u64, u64)) -> T) -> T {
    let bar = output.bar("deciding again");
    let done = work(&mut |done, all| {
        if let Some(bar) = &bar {
            bar.set_length(all);
            bar.set_position(done);
        }
    });
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    done
}

impl From<RecoveryError> for CliError {
    fn from(error: RecoveryError) -> Self {
        match error {
            RecoveryError::Refused(problem) => Self::Refused(problem),
            other => Self::failed(other),
        }
    }
}

/// What was taken back beyond the mark was answered for as well.
fn advance(config: &Config, mark: Option<&Noted>, recovered: &Recovered) -> Result<(), CliError> {
    let beyond = mark.is_none_or(|mark| mark.size < recovered.size);
    match recovered.chain {
        Some(chain) if beyond && recovered.complete() => {
            let size = recovered.size;
            high_water::replace(&config.high_water(), &Mark { size, chain }, now()).map_err(CliError::failed)
        }
        _ => Ok(()),
    }
}

fn in_words(report: &Report) -> String {
    let done = &report.recovered;
    let (leaves, left) = (done.size - done.from, done.from);
    let mut text = if done.kept {
        format!("{leaves} leaves taken back")
    } else {
        format!("{leaves} leaves could be taken back, and none is until nothing is missing (the log has {left} leaves)")
    };
    let _ = write!(
        text,
        " in {} batches, {} transfers committed among them; that makes a log of {} leaves",
        done.batches, done.transfers, done.size
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
    if let Some(differs) = &done.differs {
        let _ = write!(text, "\ngiven up, because it does not fit: {differs}");
    }
    match &report.new_origin {
        Some(origin) => {
            let _ = write!(
                text,
                "\nthe log begins anew: {} leaves. Start the hub, and at every node that stays stopped run `tanqiao-node recover --follow-origin`. If the hub then says that the store of tokens has runs that the ledger does not know: `tanqiao-hub admin tokens rewind`",
                origin.size
            );
        }
        None if report.complete => {
            text.push_str(&proof(done));
            text.push_str("\nnothing is missing: start the hub");
        }
        None => {}
    }
    text
}

/// What shows that nothing was kept back and nothing put in.
fn proof(done: &Recovered) -> String {
    let beyond = done.beyond_the_mark();
    let rests = "agree with the files and the journal; that no message among them came too late, and that nobody kept one back, is proved by nothing";
    match done.expected {
        Some(_) if beyond == 0 => "\nthe chain is that of the high-water mark".to_owned(),
        Some(mark) => format!("\nthe high-water mark is of {mark} leaves; the {beyond} taken back after it {rests}"),
        None if beyond == 0 => String::new(),
        None => format!("\nthere is no high-water mark (`log.head`): the {beyond} leaves taken back {rests}"),
    }
}
