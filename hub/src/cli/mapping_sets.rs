//! `admin mapping-set`: mapping sets in SSSOM, in and out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use tanqiao_mappings::difference::{Change, set_changes};
use tanqiao_mappings::sssom::{self, MappingSetFile};
use tanqiao_protocol::id::{Name, Sha256};

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::api::mappings::governed_sssom;
use crate::recognition::import::{Counts, Import};
use crate::store::read::mappings as store;

/// Mapping sets.
#[derive(Debug, Subcommand)]
pub(super) enum MappingSetCommand {
    /// Take the rows of an SSSOM file as candidates, which recognise nothing. A file with a fault is refused whole; what is there
    /// unchanged is skipped.
    #[command(after_help = "Example:
  tanqiao-hub admin mapping-set import transport.sssom.tsv --set transport --officer li --officer-password-file li.password
  tanqiao-hub admin mapping-set import transport.sssom.tsv --set transport --dry-run")]
    Import {
        /// The file, SSSOM/TSV.
        file: PathBuf,
        /// The set that its rows stand in.
        #[arg(long)]
        set: Name,
        /// Say what would be taken, and write nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        officers: Officers,
    },
    /// Write all mapping versions that have a record as an SSSOM file.
    #[command(after_help = "Example:\n  tanqiao-hub admin mapping-set export --out governed.sssom.tsv")]
    Export {
        /// The file; standard output when absent.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Say what changed from one file to another, row by row.
    #[command(after_help = "Example:\n  tanqiao-hub admin mapping-set diff last-year.sssom.tsv governed.sssom.tsv")]
    Diff {
        /// The earlier file.
        old: PathBuf,
        /// The later file.
        new: PathBuf,
    },
}

impl MappingSetCommand {
    pub(super) fn run(&self, config: &Path, output: &Output) -> Result<(), CliError> {
        match self {
            Self::Import {
                file,
                set,
                dry_run,
                officers,
            } => {
                // The file first: its faults need no ledger.
                let read = read(file, output)?;
                let desk = Desk::open(config)?;
                let accounts = if *dry_run { None } else { Some(desk.verify(officers)?) };
                let mut taken = take(&desk, accounts.as_deref(), set, &read.set, output)?;
                taken.discarded = read.discarded;
                output.one(&taken, Taken::words);
                Ok(())
            }
            Self::Export { out } => export(&Desk::open(config)?, out.as_deref(), output),
            Self::Diff { old, new } => {
                let changes = set_changes(&read(old, output)?.set, &read(new, output)?.set);
                output.list(&changes, change_line);
                Ok(())
            }
        }
    }
}

/// A change in a line.
pub(super) fn change_line(change: &Change) -> String {
    let or_nothing = |text: &Option<String>| text.clone().unwrap_or_else(|| "(nothing)".to_owned());
    format!(
        "{:<5}  {}  {}: {} -> {}",
        change.weight,
        change.of,
        change.item,
        or_nothing(&change.before),
        or_nothing(&change.after)
    )
}

fn read(file: &Path, output: &Output) -> Result<sssom::Import, CliError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| CliError::misused(format!("cannot read {}: {error}", file.display())))?;
    let bar = output.bar("reading");
    if let Some(bar) = &bar {
        bar.set_length(u64::try_from(text.lines().count()).unwrap_or(u64::MAX));
    }
    let mut observer = |rows: usize| {
        if let Some(bar) = &bar {
            bar.set_position(u64::try_from(rows).unwrap_or(u64::MAX));
        }
    };
    let found = sssom::read_observed(&text, &mut observer);
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    found.map_err(|faults| {
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| format!("{}: {fault}", file.display()))
            .collect();
        CliError::failed(lines.join("\n"))
    })
}

/// What an import did, or would do.
#[derive(Debug, Serialize)]
pub(super) struct Taken {
    /// The set.
    pub set: Name,
    /// SHA-256 over all rows of the file.
    pub sha256: Sha256,
    /// How many rows are what.
    #[serde(flatten)]
    pub counts: Counts,
    /// Decisions in the log.
    pub decisions: usize,
    /// True if nothing was written.
    pub dry_run: bool,
    /// Columns and header slots that nobody defines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub discarded: Vec<String>,
}

impl Taken {
    pub(super) fn words(&self) -> String {
        let Counts {
            rows,
            new,
            changed,
            unchanged,
            not_in_file,
        } = self.counts;
        let done = if self.dry_run { "would be taken" } else { "taken" };
        let mut text = format!(
            "{} of {rows} candidate rows {done} into `{}`: {new} new, {changed} changed; {unchanged} are there unchanged",
            new + changed,
            self.set
        );
        if not_in_file > 0 {
            let _ = write!(text, "; {not_in_file} of the set are not in the file and stay");
        }
        if !self.discarded.is_empty() {
            let _ = write!(text, "; not defined and left out: {}", self.discarded.join(", "));
        }
        text
    }
}

/// Takes the rows of a file that are new or changed; without accounts nothing is written.
pub(super) fn take(
    desk: &Desk,
    accounts: Option<&[Name]>,
    set: &Name,
    file: &MappingSetFile,
    output: &Output,
) -> Result<Taken, CliError> {
    let known = desk.read(|connection| store::candidates_of_set(connection, set))?;
    let import = Import::compare(set, file, &known);
    let (counts, sha256) = (import.counts, import.sha256);
    let decisions = import.decisions().map_err(CliError::failed)?;
    let count = decisions.len();
    if let Some(accounts) = accounts {
        desk.decide_all(accounts, decisions, "taking rows", output)?;
    }
    Ok(Taken {
        set: set.clone(),
        sha256,
        counts,
        decisions: count,
        dry_run: accounts.is_none(),
        discarded: Vec::new(),
    })
}

#[derive(Debug, Serialize)]
struct Exported<'a> {
    file: &'a Path,
    bytes: usize,
}

fn export(desk: &Desk, out: Option<&Path>, output: &Output) -> Result<(), CliError> {
    let text = governed_sssom(&desk.governance()).map_err(CliError::failed)?;
    let Some(file) = out else {
        output.text("sssom", &text);
        return Ok(());
    };
    write_file(file, text.as_bytes())?;
    let exported = Exported {
        file,
        bytes: text.len(),
    };
    output.one(&exported, |one| {
        format!("{} bytes written to {}", one.bytes, one.file.display())
    });
    Ok(())
}

/// Writes a file that was asked for.
pub(super) fn write_file(file: &Path, bytes: &[u8]) -> Result<(), CliError> {
    std::fs::write(file, bytes).map_err(|error| CliError::failed(format!("cannot write {}: {error}", file.display())))
}
