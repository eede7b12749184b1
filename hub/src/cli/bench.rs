//! `bench`: what this machine does, beside hand-written SQL.

use clap::{Args, Subcommand};

use super::bench_reconciliation;
use super::bench_tables::{table, thousandths};
use super::output::{CliError, Output};
use crate::bench::assets;
use crate::bench::program::{Part, Plan, measure};
use crate::bench::recognition::{self, Times};
use crate::bench::screening;
use crate::config::ScreeningConfig;

/// What is measured.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Example:\n  tanqiao-hub bench --seconds 10 --json\n  tanqiao-hub bench --database postgres://postgres@127.0.0.1/bench --parts curve\n\nThe database must be the bench's own: it drops and makes schemas named bench_… in it."
)]
pub(super) struct Bench {
    #[command(subcommand)]
    command: Option<BenchCommand>,
    /// `postgres://…`, a database of the bench's own; temporary SQLite files when absent.
    #[arg(long)]
    database: Option<String>,
    /// What to measure.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Part::Throughput, Part::Curve, Part::Upkeep, Part::Lag, Part::Process])]
    parts: Vec<Part>,
    /// Members that trade with each other.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=55))]
    members: u32,
    /// Blocks of one kilogram in the ledger at the start, among all members.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(i64).range(1_000..=100_000_000))]
    blocks: i64,
    /// Seconds of each run.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How often each is measured, in turn.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    /// Recognition at the size of a country: quotes, the search for pairs, the import of a mapping set.
    Recognition(RecognitionArgs),
    /// Screening of fingerprint tokens against a store that has many.
    Screening(ScreeningArgs),
    /// Full reconciliation of a member with many blocks: bytes and seconds for differences that are planted at random.
    Reconciliation(bench_reconciliation::ReconciliationArgs),
    /// The asset register: what registering costs with few and with many assets in it.
    Assets(AssetsArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tanqiao-hub bench screening --stored 100000000 --batch 100000 --json\n  tanqiao-hub bench screening --database postgres://postgres@127.0.0.1/bench\n\nThe database must be the bench's own: it drops and makes the schema bench_screening in it. Files need about 45 bytes of disk a stored token, and the comparison in memory 24."
)]
struct ScreeningArgs {
    /// `postgres://…`, a database of the bench's own; files in a temporary directory when absent.
    #[arg(long)]
    database: Option<String>,
    /// Tokens that are stored before.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=1_000_000_000))]
    stored: u64,
    /// Tokens of one issuance; one in a hundred is stored already.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..=100_000_000))]
    batch: u64,
    /// Issuances.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// Memory in which a batch is sorted, in MiB.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..))]
    sort_memory_mib: u32,
    /// Memory for indexes, in MiB.
    #[arg(long, default_value_t = 256)]
    index_memory_mib: u32,
}

impl ScreeningArgs {
    fn run(&self, output: &Output) -> Result<(), CliError> {
        let directory = tempfile::tempdir().map_err(CliError::failed)?;
        let plan = screening::Plan {
            server: self.database.clone(),
            stored: self.stored,
            batch: self.batch,
            rounds: self.rounds,
            config: ScreeningConfig {
                dir: None,
                sort_memory_mib: self.sort_memory_mib,
                index_memory_mib: self.index_memory_mib,
                key: None,
            },
        };
        let report = screening::measure(&plan, directory.path(), &|step| eprintln!("{step}"));
        let report = report.map_err(CliError::failed)?;
        output.one(&report, screening_table);
        if report.valid {
            Ok(())
        } else {
            Err(CliError::failed(
                "the figures are not valid: an issuance stored or found something else than it should have",
            ))
        }
    }
}

fn screening_table(report: &screening::Report) -> String {
    let rates = |what: &str, rates: &[u64]| {
        let ratio = screening::ratio_thousandths(&report.per_second, rates).map(thousandths);
        format!("{what:<22} {rates:?}; ratio {}", ratio.unwrap_or_default())
    };
    let mut lines = vec![
        format!(
            "{}, {} tokens stored in {} ms, {} in each issuance",
            report.database, report.stored, report.fill_ms, report.batch
        ),
        format!(
            "screened, tokens/s     {:?}; median {}",
            report.per_second,
            screening::median(&report.per_second)
        ),
        format!("screening, µs          {:?}", report.screen_us),
        format!("confirming, µs         {:?}", report.confirm_us),
    ];
    for (what, others) in [
        ("sorted in memory", &report.in_memory_per_second),
        ("SQL by hand", &report.by_hand_per_second),
        ("Redis, fsync always", &report.redis_per_second),
    ] {
        if !others.is_empty() {
            lines.push(rates(what, others));
        }
    }
    lines.push(format!(
        "{} bytes a token in {} files or tables; {} MiB of memory at most; valid: {}",
        thousandths(report.bytes_per_token_thousandths),
        report.parts,
        report.peak_kib / 1_024,
        report.valid
    ));
    lines.join("\n")
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tanqiao-hub bench recognition --json\n  tanqiao-hub bench recognition --database postgres://postgres@127.0.0.1/bench\n\nThe database must be the bench's own: it drops and makes the schema bench_recognition in it."
)]
struct RecognitionArgs {
    /// `postgres://…`, a database of the bench's own; a temporary SQLite file when absent.
    #[arg(long)]
    database: Option<String>,
    /// Methodology versions, each with a sheet.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    methodologies: u32,
    /// Active mappings: at most 26 of a methodology.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    mappings: u32,
    /// Quotes that are asked for, each of another mapping.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    quotes: u32,
    /// Rows of the mapping set that is imported.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rows: u32,
    /// How often the search and the import are measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tanqiao-hub bench assets --json\n  tanqiao-hub bench assets --database postgres://postgres@127.0.0.1/bench\n\nThe database must be the bench's own: it drops and makes the schema bench_assets in it."
)]
struct AssetsArgs {
    /// `postgres://…`, a database of the bench's own; a temporary SQLite file when absent.
    #[arg(long)]
    database: Option<String>,
    /// Assets in the register at the first measurement.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    few: u32,
    /// Assets in the register at the second.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(2..=10_000_000))]
    many: u32,
    /// Assets that are registered in each measurement.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    measured: u32,
    /// Assets in one batch.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    batch: u32,
}

impl AssetsArgs {
    fn run(&self, output: &Output) -> Result<(), CliError> {
        let directory = tempfile::tempdir().map_err(CliError::failed)?;
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let plan = assets::Plan {
            server: self.database.clone(),
            few: count(self.few),
            many: count(self.many),
            measured: count(self.measured),
            batch: count(self.batch),
        };
        let system = actix_web::rt::System::new();
        let report = system
            .block_on(assets::measure(&plan, directory.path(), &|step| eprintln!("{step}")))
            .map_err(CliError::failed)?;
        output.one(&report, assets_table);
        Ok(())
    }
}

fn assets_table(report: &assets::Report) -> String {
    let line = |one: &assets::Measured| {
        format!(
            "{:>9} in the register: {:>7} µs an asset ({} registered)",
            one.stored, one.each_us, one.registered
        )
    };
    format!(
        "{}\n{}\n{}\nratio {}.{:03}; a fresh process and one asset: {} ms",
        report.database,
        line(&report.few),
        line(&report.many),
        report.ratio_millis / 1_000,
        report.ratio_millis % 1_000,
        report.start_ms
    )
}

impl RecognitionArgs {
    fn run(&self, output: &Output) -> Result<(), CliError> {
        let directory = tempfile::tempdir().map_err(CliError::failed)?;
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let plan = recognition::Plan {
            server: self.database.clone(),
            methodologies: count(self.methodologies),
            mappings: count(self.mappings),
            quotes: count(self.quotes),
            rows: count(self.rows),
            rounds: count(self.rounds),
        };
        let say = |step: &str| eprintln!("{step}");
        let system = actix_web::rt::System::new();
        let report = system
            .block_on(recognition::measure(&plan, directory.path(), &say))
            .map_err(CliError::failed)?;
        output.one(&report, recognition_table);
        Ok(())
    }
}

fn recognition_table(report: &recognition::Report) -> String {
    let line = |what: &str, times: &Times| {
        format!(
            "{what:<38} p50 {:>9} µs, p99 {:>9} µs ({} times)",
            times.p50_us, times.p99_us, times.count
        )
    };
    [
        format!(
            "{}, {} methodologies, {} mappings",
            report.database, report.methodologies, report.mappings
        ),
        line("quote, engine", &report.engine_quote),
        line("quote, API over mutual TLS", &report.api_quote),
        line(&format!("search for pairs ({} found)", report.pairs), &report.search),
        line("ranked pairs, API, once kept", &report.api_ranked),
        line(&format!("import of {} rows", report.import_rows), &report.import),
        line("the same again, nothing new", &report.import_again),
    ]
    .join("\n")
}

pub(super) fn run(bench: &Bench, output: &Output) -> Result<(), CliError> {
    tanqiao_certs::tls::install_crypto_provider();
    match &bench.command {
        Some(BenchCommand::Recognition(args)) => return args.run(output),
        Some(BenchCommand::Screening(args)) => return args.run(output),
        Some(BenchCommand::Assets(args)) => return args.run(output),
        Some(BenchCommand::Reconciliation(args)) => return args.run(output),
        None => {}
    }
    let directory = tempfile::tempdir().map_err(CliError::failed)?;
    let plan = Plan {
        server: bench.database.clone(),
        parts: bench.parts.clone(),
        members: bench.members,
        blocks: bench.blocks,
        seconds: bench.seconds,
        rounds: bench.rounds,
    };
    let system = actix_web::rt::System::new();
    let report = system
        .block_on(measure(&plan, directory.path(), &|step| eprintln!("{step}")))
        .map_err(CliError::failed)?;
    output.one(&report, table);
    if report.valid() {
        Ok(())
    } else {
        Err(CliError::failed(
            "the figures are not valid: accepted, committed, logged, fed and signed differ",
        ))
    }
}
