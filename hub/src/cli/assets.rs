//! `admin scheme-list` and `admin asset-conflict`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use tanqiao_protocol::asset::AssetConflictState;
use tanqiao_protocol::id::{Name, Sha256};
use tanqiao_protocol::view::AssetConflictView;

use super::desk::{Desk, Officers};
use super::events::LIST_MAX;
use super::output::{CliError, Output};
use crate::api::assets::conflict_view;
use crate::ledger::command::Decision;
use crate::ledger::objects::{EntryKey, SchemeEntry};
use crate::scheme_list::{self, BYTES_MAX, Counts, Import};
use crate::store::database::StoreError;
use crate::store::read::assets::{self as store, ConflictsAsked};

/// Entries that are looked up at once.
const LOOK_UP: usize = 1_000;

/// Lists of other schemes.
#[derive(Debug, Subcommand)]
pub(super) enum SchemeListCommand {
    /// Take a list of CCER projects, green certificates or another scheme. A file with a fault is refused whole, every fault with line
    /// and column; what is there unchanged is skipped. A row about a registered asset opens a conflict.
    #[command(after_help = "Example:
  tanqiao-hub admin scheme-list import ccer-2026.csv --officer li --officer-password-file li.password
  tanqiao-hub admin scheme-list import gec-2026-05.csv --dry-run")]
    Import {
        /// The file, comma-separated, UTF-8, with the columns scheme, reference, asset, class, longitude and latitude or geometry,
        /// from, until, quantity, unit.
        file: PathBuf,
        /// Say what would be taken, and write nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        officers: Officers,
    },
}

/// What an import did, or would do.
#[derive(Debug, Serialize)]
struct Taken {
    sha256: Sha256,
    #[serde(flatten)]
    counts: Counts,
    decisions: usize,
    /// Conflicts that are open afterwards and were not before.
    conflicts: usize,
    dry_run: bool,
}

impl Taken {
    fn words(&self) -> String {
        let Counts {
            rows,
            new,
            changed,
            unchanged,
        } = self.counts;
        let done = if self.dry_run { "would be taken" } else { "taken" };
        let mut text = format!(
            "{} of {rows} rows {done}: {new} new, {changed} changed; {unchanged} are there unchanged",
            new + changed
        );
        if self.conflicts > 0 {
            let _ = write!(
                text,
                "; {} conflicts with registered assets: see `admin asset-conflict list`",
                self.conflicts
            );
        }
        text
    }
}

impl SchemeListCommand {
    pub(super) fn run(&self, config: &Path, output: &Output) -> Result<(), CliError> {
        let Self::Import {
            file,
            dry_run,
            officers,
        } = self;
        // The file first: its faults need no ledger.
        let (sha256, rows) = read(file, output)?;
        let desk = Desk::open(config)?;
        let accounts = if *dry_run { None } else { Some(desk.verify(officers)?) };
        let taken = take(&desk, accounts.as_deref(), sha256, rows, output)?;
        output.one(&taken, Taken::words);
        Ok(())
    }
}

fn read(file: &Path, output: &Output) -> Result<(Sha256, Vec<SchemeEntry>), CliError> {
    let fault = |error: &dyn std::fmt::Display| CliError::misused(format!("cannot read {}: {error}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| fault(&error))?.len();
    if size > BYTES_MAX {
        return Err(CliError::misused(format!(
            "{} is larger than 512 MiB: divide it",
            file.display()
        )));
    }
    let bytes = std::fs::read(file).map_err(|error| fault(&error))?;
    let sha256 = Sha256::of(&bytes);
    let text = String::from_utf8(bytes).map_err(|_| fault(&"it is not UTF-8: save it as such"))?;
    let bar = output.bar("reading");
    if let Some(bar) = &bar {
        bar.set_length(size);
    }
    let found = scheme_list::read(&text, &mut |bytes| {
        if let Some(bar) = &bar {
            bar.set_position(bytes);
        }
    });
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let rows = found.map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|one| format!("{}: {one}", file.display())).collect();
        CliError::failed(lines.join("\n"))
    })?;
    Ok((sha256, rows))
}

fn open_conflicts(desk: &Desk) -> Result<usize, StoreError> {
    let asked = ConflictsAsked {
        open: Some(true),
        ..ConflictsAsked::default()
    };
    desk.read(|connection| Ok(store::conflicts(connection, &asked, usize::MAX)?.len()))
}

fn take(
    desk: &Desk,
    accounts: Option<&[Name]>,
    sha256: Sha256,
    rows: Vec<SchemeEntry>,
    output: &Output,
) -> Result<Taken, CliError> {
    let mut known: BTreeMap<EntryKey, SchemeEntry> = BTreeMap::new();
    for some in rows.chunks(LOOK_UP) {
        let keys: Vec<EntryKey> = some.iter().map(SchemeEntry::key).collect();
        let found = desk.read(|connection| store::entries(connection, &keys))?;
        known.extend(
            found
                .into_iter()
                .map(|entry| (entry.content.key(), (*entry.content).clone())),
        );
    }
    let import = Import::compare(sha256, rows, &known);
    let counts = import.counts;
    let decisions = import.decisions().map_err(|reference| {
        CliError::failed(format!(
            "the row `{reference}` is too long for the log: simplify its geometry"
        ))
    })?;
    let count = decisions.len();
    let before = open_conflicts(desk)?;
    if let Some(accounts) = accounts {
        desk.decide_all(accounts, decisions, "taking rows", output)?;
    }
    Ok(Taken {
        sha256,
        counts,
        decisions: count,
        conflicts: open_conflicts(desk)?.saturating_sub(before),
        dry_run: accounts.is_none(),
    })
}

/// Conflicts about registered assets.
#[derive(Debug, Subcommand)]
pub(super) enum AssetConflictCommand {
    /// List the open conflicts.
    #[command(after_help = "Example:\n  tanqiao-hub admin asset-conflict list --json")]
    List {
        /// Those that ended as well.
        #[arg(long)]
        all: bool,
        /// About this asset only.
        #[arg(long)]
        asset: Option<Name>,
    },
    /// Decide one. Between two registrations: for-first, for-second or distinct. With another scheme's list: upheld, which cancels what
    /// was frozen and needs two officers, or dismissed, which returns it.
    #[command(after_help = "Example:
  tanqiao-hub admin asset-conflict resolve 4711 distinct --reason 'two meters of one roof' --officer li --officer-password-file li.password")]
    Resolve {
        /// Its number.
        conflict: i64,
        /// How.
        ruling: AssetConflictState,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
}

impl AssetConflictCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::List { all, asset } => {
                let asked = ConflictsAsked {
                    asset: asset.clone(),
                    open: (!all).then_some(true),
                    ..ConflictsAsked::default()
                };
                let found = desk.read(|connection| store::conflicts(connection, &asked, LIST_MAX))?;
                let views: Vec<AssetConflictView> = found.into_iter().map(conflict_view).collect();
                output.list(&views, line);
                Ok(())
            }
            Self::Resolve {
                conflict,
                ruling,
                reason,
                officers,
            } => desk.decide(
                officers,
                Decision::ResolveAssetConflict {
                    conflict: *conflict,
                    ruling: *ruling,
                    reason: reason.clone(),
                },
                output,
            ),
        }
    }
}

fn line(one: &AssetConflictView) -> String {
    let second = match (
        &one.second.asset,
        &one.second.member,
        one.second.scheme,
        &one.second.reference,
    ) {
        (Some(asset), Some(member), ..) => format!("{asset} of {member}"),
        (_, _, Some(scheme), Some(reference)) => format!("{reference} of {scheme}"),
        _ => String::new(),
    };
    format!(
        "{}  {}  {}  {} of {} and {second}, {} to {}, {} blocks frozen",
        one.conflict,
        one.state,
        one.kind,
        one.first.asset,
        one.first.member,
        one.from,
        one.until,
        one.frozen.len()
    )
}
