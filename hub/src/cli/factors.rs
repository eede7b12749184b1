//! `admin factors`: published emission factors of electricity grids.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use tanqiao_mappings::catalogue::read_grid_factors;
use tanqiao_mappings::factors::FactorRecord;

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::ledger::command::Decision;
use crate::ledger::decide::pieces;

/// Emission factors.
#[derive(Debug, Subcommand)]
pub(super) enum FactorsCommand {
    /// Publish factor records from a table, such as the next year of the grids'. What rests on them is looked at again; what is there
    /// unchanged is skipped.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin factors publish grid_factors.tsv --officer li --officer-password-file li.password"
    )]
    Publish {
        /// The table, with the columns of the catalogue's `grid_factors.tsv`.
        file: PathBuf,
        #[command(flatten)]
        officers: Officers,
    },
    /// List the records that count: the catalogue's, and those that officers have published since.
    #[command(after_help = "Example:\n  tanqiao-hub admin factors list --json")]
    List {
        /// Of this year of data only.
        #[arg(long)]
        year: Option<u16>,
    },
}

#[derive(Debug, Serialize)]
struct Published {
    /// Records of the file.
    records: usize,
    /// Not known before.
    new: usize,
    /// In the place of a record of the same id.
    changed: usize,
    /// Known already, exactly so.
    unchanged: usize,
    decisions: usize,
}

#[derive(Debug, Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    record: &'a FactorRecord,
    /// True if officers published it; else the catalogue ships it.
    by_officers: bool,
}

impl FactorsCommand {
    pub(super) fn run(&self, config: &Path, output: &Output) -> Result<(), CliError> {
        match self {
            Self::Publish { file, officers } => publish(file, config, officers, output),
            Self::List { year } => {
                list(&Desk::open(config)?, *year, output);
                Ok(())
            }
        }
    }
}

fn publish(file: &Path, config: &Path, officers: &Officers, output: &Output) -> Result<(), CliError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| CliError::misused(format!("cannot read {}: {error}", file.display())))?;
    let records = read_grid_factors(&text).map_err(|error| CliError::failed(format!("{}: {error}", file.display())))?;
    let mut ids = BTreeSet::new();
    if let Some(twice) = records.iter().find(|record| !ids.insert(record.id.clone())) {
        return Err(CliError::failed(format!(
            "{}: {} stands there twice",
            file.display(),
            twice.id
        )));
    }
    let desk = Desk::open(config)?;
    let accounts = desk.verify(officers)?;
    let governance = desk.governance();
    let known = governance.published.library().grid.records();
    let mut published = Published {
        records: records.len(),
        new: 0,
        changed: 0,
        unchanged: 0,
        decisions: 0,
    };
    let mut to_publish = Vec::new();
    for record in records {
        match known.iter().find(|one| one.id == record.id) {
            Some(same) if *same == record => {
                published.unchanged += 1;
                continue;
            }
            Some(_) => published.changed += 1,
            None => published.new += 1,
        }
        to_publish.push(record);
    }
    let ids: Vec<String> = to_publish.iter().map(|record| record.id.to_string()).collect();
    let cut = pieces(to_publish).map_err(|position| {
        let id = ids.get(position).cloned().unwrap_or_default();
        CliError::failed(format!("the record {id} is too long for the log: shorten its source"))
    })?;
    published.decisions = cut.len();
    let decisions = cut.into_iter().map(Decision::PutFactorRecords).collect();
    desk.decide_all(&accounts, decisions, "publishing", output)?;
    output.one(&published, |one| {
        format!(
            "{} of {} records published: {} new, {} changed; {} are there unchanged",
            one.new + one.changed,
            one.records,
            one.new,
            one.changed,
            one.unchanged
        )
    });
    Ok(())
}

fn list(desk: &Desk, year: Option<u16>, output: &Output) {
    let governance = desk.governance();
    let library = governance.published.library();
    let records = library.grid.records().iter();
    let listed: Vec<Listed<'_>> = records
        .filter(|record| year.is_none_or(|year| record.year == year))
        .map(|record| Listed {
            record,
            by_officers: governance.factor_records.contains_key(&record.id),
        })
        .collect();
    output.list(&listed, |one| {
        let record = one.record;
        let max = record.value_max.map_or_else(String::new, |max| format!("..{max}"));
        let by = if one.by_officers { "published here" } else { "catalogue" };
        format!(
            "{}  {} {} {}: {}{max} {} ({}, {by})",
            record.id, record.area, record.kind, record.year, record.value, record.unit, record.publisher
        )
    });
}
