//! `admin catalogue`: what the program carries of public knowledge: lint, coverage, pairs that could be mapped, and loading it.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Args, Subcommand};
use serde::Serialize;
use tanqiao_mappings::catalogue::{Catalogue, CatalogueTexts};
use tanqiao_mappings::coverage::{Coverage, coverage};
use tanqiao_mappings::search::Precedents;
use tanqiao_mappings::sheet::{AttributeName, Sheet};
use tanqiao_mappings::sssom;
use tanqiao_protocol::id::Name;

use super::desk::{Desk, Officers};
use super::mapping_sets::{Taken, take};
use super::output::{CliError, Output};
use super::sheets::publish_all;
use crate::api::hub::now;
use crate::ledger::objects::Governance;
use crate::recognition::ranked::{self, RankedPair, Ranking};
use crate::store::read::mappings as store;

/// The catalogue; without a subcommand it is checked and summed up.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tanqiao-hub admin catalogue\n  tanqiao-hub admin catalogue candidates --activity rail-transit --limit 10"
)]
pub(super) struct CatalogueArgs {
    #[command(subcommand)]
    command: Option<CatalogueCommand>,
}

#[derive(Debug, Subcommand)]
enum CatalogueCommand {
    /// Say what is well formed but odd. It is no failure.
    #[command(after_help = "Example:\n  tanqiao-hub admin catalogue lint --json")]
    Lint,
    /// Say how much is known, by attribute and by methodology.
    #[command(after_help = "Example:\n  tanqiao-hub admin catalogue coverage")]
    Coverage,
    /// Rank the pairs that could be mapped, with reasons and with the evidence that is missing. Sheets, mappings and candidate rows of the
    /// ledger count beside the catalogue's, where the configuration file is there.
    #[command(after_help = "Example:\n  tanqiao-hub admin catalogue candidates --methodology CN-4201-metro --limit 5")]
    Candidates(CandidatesArgs),
    /// Take the catalogue's candidate rows into the ledger, and the sheets of its reference methodologies. What is there unchanged is
    /// skipped.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin catalogue load --officer li --officer-password-file li.password"
    )]
    Load {
        /// The set that the candidate rows stand in.
        #[arg(long, default_value = "catalogue")]
        set: Name,
        #[command(flatten)]
        officers: Officers,
    },
}

#[derive(Debug, Args)]
struct CandidatesArgs {
    /// Of this activity only, such as `rail-transit`.
    #[arg(long)]
    activity: Option<Name>,
    /// With this methodology on either side: an id, or a version such as `CN-4201-metro.v1`.
    #[arg(long)]
    methodology: Option<String>,
    /// So many at most.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Look at the catalogue alone, also where there is a ledger.
    #[arg(long)]
    without_ledger: bool,
}

impl CatalogueArgs {
    pub(super) fn run(&self, config: &Path, output: &Output) -> Result<(), CliError> {
        let catalogue = Catalogue::shipped().map_err(CliError::failed)?;
        match &self.command {
            None => summary(&catalogue, output),
            Some(CatalogueCommand::Lint) => lint(&catalogue, output),
            Some(CatalogueCommand::Coverage) => output.one(&coverage(&catalogue), ToString::to_string),
            Some(CatalogueCommand::Candidates(args)) => return args.run(&catalogue, config, output),
            Some(CatalogueCommand::Load { set, officers }) => {
                return load(&catalogue, &Desk::open(config)?, set, officers, output);
            }
        }
        Ok(())
    }
}

#[derive(Debug, Serialize)]
struct Summary {
    methodologies: usize,
    factors: usize,
    platforms: usize,
    cases: usize,
    candidates: usize,
    /// Attributes that are known, of all sheets.
    attributes_known: usize,
    attributes: usize,
    /// Methodologies of which a unit factor is stated.
    with_unit_factor: usize,
    findings: Vec<String>,
}

fn findings(report: &Coverage) -> Vec<String> {
    report.findings.iter().map(ToString::to_string).collect()
}

fn summary(catalogue: &Catalogue, output: &Output) {
    let report = coverage(catalogue);
    let summary = Summary {
        methodologies: catalogue.methodologies().len(),
        factors: catalogue.factors().len(),
        platforms: catalogue.platforms().len(),
        cases: catalogue.cases().len(),
        candidates: catalogue.candidates().len(),
        attributes_known: report.sheets.iter().map(|sheet| sheet.known).sum(),
        attributes: report.sheets.len() * AttributeName::ALL.len(),
        with_unit_factor: report.sheets.iter().filter(|sheet| sheet.factor).count(),
        findings: findings(&report),
    };
    output.one(&summary, |summary| {
        let mut text = format!(
            "{} methodologies, {} factors, {} platforms, {} cases, {} candidate rows\n{} of {} attributes are known; {} methodologies state \
             a unit factor",
            summary.methodologies,
            summary.factors,
            summary.platforms,
            summary.cases,
            summary.candidates,
            summary.attributes_known,
            summary.attributes,
            summary.with_unit_factor
        );
        for finding in &summary.findings {
            let _ = write!(text, "\n{finding}");
        }
        text
    });
}

#[derive(Debug, Serialize)]
struct Lint {
    findings: Vec<String>,
}

fn lint(catalogue: &Catalogue, output: &Output) {
    let lint = Lint {
        findings: findings(&coverage(catalogue)),
    };
    output.one(&lint, |lint| match lint.findings.as_slice() {
        [] => "nothing is odd".to_owned(),
        found => found.join("\n"),
    });
}

impl CandidatesArgs {
    fn run(&self, catalogue: &Catalogue, config: &Path, output: &Output) -> Result<(), CliError> {
        let with_ledger = !self.without_ledger && config.exists();
        let desk = with_ledger.then(|| Desk::open(config)).transpose()?;
        let mut precedents = Precedents::of_catalogue(catalogue);
        let mut sheets: Vec<Sheet> = Vec::new();
        let governance = desk.as_ref().map(Desk::governance).unwrap_or_default();
        if let Some(desk) = &desk {
            sheets = ranked::sheets(&governance);
            ranked::note_mappings(&mut precedents, &governance);
            ranked::note_candidates(&mut precedents, &desk.read(store::all_candidates)?);
        }
        sheets.extend(not_in_ledger(catalogue, &governance));
        let ranking = output.while_working("looking at pairs", || {
            Ranking::of(&governance, &sheets, &precedents, now())
        });
        let most = usize::try_from(self.limit).unwrap_or(usize::MAX);
        output.list(
            &ranking.best(self.activity.as_ref(), self.methodology.as_deref(), most),
            line,
        );
        Ok(())
    }
}

/// The catalogue's sheets of what the ledger does not know.
fn not_in_ledger<'a>(catalogue: &'a Catalogue, governance: &'a Governance) -> impl Iterator<Item = Sheet> + 'a {
    let known = |one: &Sheet| {
        governance.sheets.contains_key(&one.methodology) || governance.methodologies.contains_key(&one.methodology)
    };
    catalogue.sheets().iter().filter(move |one| !known(one)).cloned()
}

fn line(pair: &RankedPair) -> String {
    let words = |names: &[AttributeName]| {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(", ")
        }
    };
    let mut text = format!(
        "{}. {} -> {} ({}): {} gates open, {} unknown",
        pair.rank, pair.origin, pair.target, pair.relation, pair.passed, pair.unknown
    );
    if !pair.failed.is_empty() {
        let failed: Vec<String> = pair.failed.iter().map(ToString::to_string).collect();
        let _ = write!(text, ", shut: {}", failed.join(", "));
    }
    if let Some(factor) = pair.illustration {
        let _ = write!(text, "; the known figures give {factor}");
    }
    for reason in &pair.reasons {
        let _ = write!(text, "\n     + {}", reason.en);
    }
    let _ = write!(
        text,
        "\n     missing of {}: {}",
        pair.origin,
        words(&pair.missing_of_origin)
    );
    let _ = write!(
        text,
        "\n     missing of {}: {}",
        pair.target,
        words(&pair.missing_of_target)
    );
    text
}

#[derive(Debug, Serialize)]
struct Loaded {
    candidates: Taken,
    sheets: super::sheets::Published,
}

fn load(catalogue: &Catalogue, desk: &Desk, set: &Name, officers: &Officers, output: &Output) -> Result<(), CliError> {
    let accounts = desk.verify(officers)?;
    let file = sssom::read(CatalogueTexts::SHIPPED.candidates)
        .map_err(|faults| CliError::failed(faults.first().map_or_else(String::new, ToString::to_string)))?;
    let candidates = take(desk, Some(&accounts), set, &file.set, output)?;
    let references: Vec<Sheet> = catalogue
        .sheets()
        .iter()
        .filter(|sheet| sheet.reference)
        .cloned()
        .collect();
    let sheets = publish_all(desk, &accounts, references, output)?;
    output.one(&Loaded { candidates, sheets }, |loaded| {
        format!("{}\n{}", loaded.candidates.words(), loaded.sheets.words())
    });
    Ok(())
}
