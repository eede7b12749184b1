//! `admin sheet`: attribute sheets, in tables that people fill in.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use tanqiao_mappings::coverage::lint_sheets;
use tanqiao_mappings::difference::sheet_changes;
use tanqiao_mappings::sheet::{AttributeName, Sheet};
use tanqiao_mappings::sheet_file::{FileFault, read_csv, read_xlsx, write_csv, write_xlsx};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::view::SheetView;

use super::desk::{Desk, Officers};
use super::mapping_sets::{change_line, write_file};
use super::output::{CliError, Output};
use crate::api::hub::now;
use crate::api::mappings::sheet_view;
use crate::ledger::command::Decision;
use crate::ledger::objects::{PublishedData, SheetVersion};
use crate::store::read::mappings as store;

/// Attribute sheets.
#[derive(Debug, Subcommand)]
pub(super) enum SheetCommand {
    /// Publish the sheets of reference methodologies from a table; a member publishes its own. What is published unchanged is skipped.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin sheet publish reference.xlsx --officer li --officer-password-file li.password"
    )]
    Publish {
        /// The table: `.csv` or `.xlsx`.
        file: PathBuf,
        #[command(flatten)]
        officers: Officers,
    },
    /// Show the sheet of a methodology version as last published.
    #[command(after_help = "Example:\n  tanqiao-hub admin sheet show CN-4201-metro.v1")]
    Show {
        /// Which.
        methodology: MethodologyRef,
        /// An earlier publication.
        #[arg(long)]
        revision: Option<u32>,
    },
    /// Write published sheets as a table that people can fill in.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin sheet export CN-4201-metro.v1 CN-31-metro.v1 --out metro.xlsx"
    )]
    Export {
        /// Which; all when none is named.
        methodologies: Vec<MethodologyRef>,
        /// The table: `.csv` or `.xlsx`.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Say what changed between two publications of a sheet.
    #[command(after_help = "Example:\n  tanqiao-hub admin sheet diff CN-4201-metro.v1 --from 1")]
    Diff {
        /// Which.
        methodology: MethodologyRef,
        /// The earlier publication.
        #[arg(long, value_name = "REVISION")]
        from: u32,
        /// The later one; the last when absent.
        #[arg(long, value_name = "REVISION")]
        to: Option<u32>,
    },
    /// Read a table and say what is wrong or odd in it. No ledger is needed.
    #[command(after_help = "Example:\n  tanqiao-hub admin sheet check metro.csv")]
    Check {
        /// The table: `.csv` or `.xlsx`.
        file: PathBuf,
    },
}

impl SheetCommand {
    pub(super) fn run(&self, config: &Path, output: &Output) -> Result<(), CliError> {
        match self {
            Self::Check { file } => check(file, output),
            Self::Publish { file, officers } => {
                let sheets = read(file)?;
                let desk = Desk::open(config)?;
                let accounts = desk.verify(officers)?;
                output.one(&publish_all(&desk, &accounts, sheets, output)?, Published::words);
                Ok(())
            }
            Self::Show { methodology, revision } => {
                let found = find(&Desk::open(config)?, methodology, *revision)?;
                output.one(&sheet_view(&found).map_err(CliError::failed)?, |view| {
                    shown(view, &found.sheet)
                });
                Ok(())
            }
            Self::Export { methodologies, out } => export(&Desk::open(config)?, methodologies, out, output),
            Self::Diff { methodology, from, to } => {
                let desk = Desk::open(config)?;
                let before = find(&desk, methodology, Some(*from))?;
                let after = find(&desk, methodology, *to)?;
                output.list(&sheet_changes(&before.sheet, &after.sheet), change_line);
                Ok(())
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Csv,
    Xlsx,
}

fn form(file: &Path) -> Result<Form, CliError> {
    let extension = file.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    match extension.as_deref() {
        Some("csv") => Ok(Form::Csv),
        Some("xlsx") => Ok(Form::Xlsx),
        _ => Err(CliError::misused(format!(
            "{} is neither a .csv nor an .xlsx file",
            file.display()
        ))),
    }
}

fn parse(file: &Path) -> Result<Result<Vec<Sheet>, Vec<FileFault>>, CliError> {
    let form = form(file)?;
    let bytes =
        std::fs::read(file).map_err(|error| CliError::misused(format!("cannot read {}: {error}", file.display())))?;
    Ok(match form {
        Form::Csv => read_csv(&bytes),
        Form::Xlsx => read_xlsx(&bytes),
    })
}

fn read(file: &Path) -> Result<Vec<Sheet>, CliError> {
    parse(file)?.map_err(|faults| {
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| format!("{}: {fault}", file.display()))
            .collect();
        CliError::failed(lines.join("\n"))
    })
}

#[derive(Debug, Serialize)]
struct Fault {
    /// The line, from 1.
    line: usize,
    /// The column, from 1.
    column: usize,
    /// Where, as people say it in this kind of table.
    place: String,
    problem: String,
}

#[derive(Debug, Serialize)]
struct Check {
    /// The sheets that were read; none if there is a fault.
    sheets: Vec<Checked>,
    faults: Vec<Fault>,
    /// What is well formed but odd.
    findings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Checked {
    methodology: MethodologyRef,
    known: usize,
    unknown: Vec<AttributeName>,
}

fn check(file: &Path, output: &Output) -> Result<(), CliError> {
    let (sheets, faults) = match parse(file)? {
        Ok(sheets) => (sheets, Vec::new()),
        Err(faults) => (Vec::new(), faults),
    };
    let findings = lint_sheets(&sheets, PublishedData::shipped().library().bands);
    let fault = |one: &FileFault| Fault {
        line: one.place.line(),
        column: one.place.column(),
        place: one.place.to_string(),
        problem: one.problem.clone(),
    };
    let checked = |sheet: &Sheet| Checked {
        methodology: sheet.methodology.clone(),
        known: AttributeName::ALL.len() - sheet.unknown().count(),
        unknown: sheet.unknown().collect(),
    };
    let check = Check {
        sheets: sheets.iter().map(checked).collect(),
        faults: faults.iter().map(fault).collect(),
        findings: findings.iter().map(ToString::to_string).collect(),
    };
    output.one(&check, |check| {
        let faults = check
            .faults
            .iter()
            .map(|fault| format!("{}: {}", fault.place, fault.problem));
        let all = AttributeName::ALL.len();
        let sheets = check
            .sheets
            .iter()
            .map(|one| format!("{}: {} of {all} attributes are known", one.methodology, one.known));
        faults
            .chain(sheets)
            .chain(check.findings.iter().cloned())
            .collect::<Vec<_>>()
            .join("\n")
    });
    match check.faults.len() {
        0 => Ok(()),
        count => Err(CliError::Reported(format!("{}: {count} faults", file.display()))),
    }
}

/// What a publication did.
#[derive(Debug, Serialize)]
pub(super) struct Published {
    /// Sheets of the file.
    pub sheets: usize,
    /// Published for the first time.
    pub new: usize,
    /// Published anew.
    pub changed: usize,
    /// There unchanged.
    pub unchanged: usize,
}

impl Published {
    pub(super) fn words(&self) -> String {
        format!(
            "{} of {} sheets published: {} new, {} changed; {} are there unchanged",
            self.new + self.changed,
            self.sheets,
            self.new,
            self.changed,
            self.unchanged
        )
    }
}

/// Publishes sheets of reference methodologies that are not there yet.
pub(super) fn publish_all(
    desk: &Desk,
    accounts: &[Name],
    sheets: Vec<Sheet>,
    output: &Output,
) -> Result<Published, CliError> {
    let governance = desk.governance();
    let mut published = Published {
        sheets: sheets.len(),
        new: 0,
        changed: 0,
        unchanged: 0,
    };
    let mut decisions = Vec::new();
    for sheet in sheets {
        match governance.sheets.get(&sheet.methodology) {
            Some(known) if known.sha256 == sheet.content_hash() => {
                published.unchanged += 1;
                continue;
            }
            Some(_) => published.changed += 1,
            None => published.new += 1,
        }
        decisions.push(Decision::PutSheet(Box::new(sheet)));
    }
    desk.decide_all(accounts, decisions, "publishing sheets", output)?;
    Ok(published)
}

fn find(desk: &Desk, methodology: &MethodologyRef, revision: Option<u32>) -> Result<SheetVersion, CliError> {
    let governance = desk.governance();
    let latest = governance.sheets.get(methodology);
    let found = match (latest, revision) {
        (Some(latest), Some(wanted)) if wanted != latest.revision => {
            desk.read(|connection| store::sheet(connection, methodology, wanted))?
        }
        (latest, _) => latest.cloned(),
    };
    found.ok_or_else(|| {
        let which = revision.map_or_else(String::new, |revision| format!("revision {revision} of "));
        CliError::failed(format!("there is no sheet: {which}{methodology}"))
    })
}

fn shown(view: &SheetView, sheet: &Sheet) -> String {
    let publisher = view.publisher.as_ref().map_or("the hub", |member| member.as_str());
    let mut lines = vec![
        format!("{} {} / {}", sheet.methodology, sheet.title.zh, sheet.title.en),
        format!(
            "revision {}, {}, by {publisher}, {}",
            view.revision, view.at, view.sha256
        ),
    ];
    for name in AttributeName::ALL {
        let cell = sheet.attributes.cell(*name);
        let value = cell.value.unwrap_or_else(|| "?".to_owned());
        lines.push(format!(
            "{:>2} {:<18} {value}  [{}] {}",
            name.code(),
            name.to_string(),
            cell.evidence.status,
            cell.evidence.source
        ));
    }
    lines.join("\n")
}

#[derive(Debug, Serialize)]
struct Exported<'a> {
    file: &'a Path,
    sheets: usize,
}

fn export(desk: &Desk, methodologies: &[MethodologyRef], out: &Path, output: &Output) -> Result<(), CliError> {
    let form = form(out)?;
    let sheets: Vec<Sheet> = if methodologies.is_empty() {
        desk.governance()
            .sheets
            .values()
            .map(|version| (*version.sheet).clone())
            .collect()
    } else {
        let found = methodologies.iter().map(|one| find(desk, one, None));
        found
            .map(|version| version.map(|one| (*one.sheet).clone()))
            .collect::<Result<_, _>>()?
    };
    let bytes = match form {
        Form::Csv => write_csv(&sheets).map_err(CliError::failed)?,
        Form::Xlsx => write_xlsx(&sheets, now()).map_err(CliError::failed)?,
    };
    write_file(out, &bytes)?;
    let exported = Exported {
        file: out,
        sheets: sheets.len(),
    };
    output.one(&exported, |one| {
        format!("{} sheets written to {}", one.sheets, one.file.display())
    });
    Ok(())
}
