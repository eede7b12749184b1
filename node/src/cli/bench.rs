//! `bench`: how quick the import is, beside reading and parsing the same files alone; how quick tokens are made.

mod tokens;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde::Serialize;
use tanqiao_protocol::id::Sha256;

use super::report::{Failure, Report};
use crate::adapters::{Format, Lines};
use crate::error::NodeError;
use crate::import::{self, Order, Source};
use crate::quantification::Rule;
use crate::service::system_clock;
use crate::store::{Store, migrate};
use crate::subjects::Subjects;

const RULE: &str = r#"{"methodology": "CN-4201-metro.v1", "region": "420100", "title_zh": "武汉地铁出行",
    "title_en": "Wuhan metro", "activity": "rail-transit", "activity_unit": "km", "factor_g_per_unit": "78.4",
    "record_g_max": 50000, "uses": ["event-neutrality"], "in_force_from": "2024-01-01T00:00:00Z",
    "vintage_first": 2024, "vintage_last": 2030, "source": "https://example.org/metro"}"#;
const HEADER: &str = "source,record_id,account,quantity,unit,started_at,ended_at,place";

#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    /// `sqlite:PATH` or `postgres://…`, empty and the bench's own; a temporary SQLite file when absent
    #[arg(long)]
    database: Option<String>,
    /// Records of each round
    #[arg(long, default_value_t = 300_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    records: u64,
    /// Rounds; the database keeps what earlier ones imported
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    rounds: u64,
    /// What the record ids look like
    #[arg(long, value_enum, default_value = "ascending")]
    record_ids: RecordIds,
    /// With the identifier of the person in every record
    #[arg(long)]
    subjects: bool,
    /// Measure the making of tokens instead: so many activities a round
    #[arg(long, value_name = "ACTIVITIES", conflicts_with_all = ["database", "records", "record_ids", "subjects"],
        value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    tokens: Option<u64>,
}

/// Inputs of one question to an evaluator, as a node asks when nobody says otherwise.
const BATCH: usize = 2_048;

/// How platforms name their records.
#[derive(Debug, Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum RecordIds {
    /// A counter
    Ascending,
    /// A random UUID
    Random,
}

/// Records a second of one round.
#[derive(Debug, Serialize)]
struct Round {
    /// Reading and parsing alone.
    parsed_per_s: u64,
    /// Hashed, read, parsed, quantified and durably written.
    imported_per_s: u64,
    /// The second by the first, in thousandths.
    ratio_per_mille: u64,
}

#[derive(Debug, Serialize)]
struct Measured {
    database: &'static str,
    record_ids: RecordIds,
    subjects: bool,
    records: u64,
    rounds: Vec<Round>,
    /// The median of the rounds.
    ratio_per_mille: u64,
    /// Every record of every round was added once, and the totals are those of the files.
    valid: bool,
}

pub(super) async fn bench(args: BenchArgs) -> Result<Report, Failure> {
    if let Some(activities) = args.tokens {
        return tokio::task::spawn_blocking(move || tokens::measure(activities, args.rounds, BATCH))
            .await
            .map_err(|_| NodeError::Cancelled)?;
    }
    let measured = tokio::task::spawn_blocking(move || measure(&args))
        .await
        .map_err(|_| NodeError::Cancelled)??;
    Ok(Report::new(words(&measured), &measured)?.refused(!measured.valid))
}

fn measure(args: &BenchArgs) -> Result<Measured, Failure> {
    let folder = tempfile::tempdir().map_err(|e| Failure::new("file", e.to_string()))?;
    let own = || format!("sqlite:{}", folder.path().join("bench.db").display());
    let url = args.database.clone().unwrap_or_else(own);
    migrate(&url)?;
    let store = Store::open(&url)?;
    let published = serde_json::from_str(RULE).map_err(|e| Failure::new("malformed", e.to_string()))?;
    let order = Order {
        rule: Rule::new(&published).map_err(|e| Failure::new("malformed", e.to_string()))?,
        format: Format::Csv,
        strict: false,
        subjects: Subjects::at(&folder.path().join("subject.key")),
    };
    order.subjects.prepare(&store)?;
    let path = folder.path().join("rides.csv");
    let mut rounds = Vec::new();
    let mut valid = true;
    for round in 0..args.rounds {
        write_rides(&path, args, round).map_err(|e| Failure::file(&path, e))?;
        let parsing = parse(&path)?;
        let began = Instant::now();
        let source = open(&path).and_then(|file| Source::open(file).map_err(|e| Failure::file(&path, e)))?;
        let clock = system_clock();
        let job = import::run(&store, source, &order, &|| clock(), &mut |_| {})?;
        let importing = began.elapsed();
        let counted: u64 = job.totals.iter().map(|total| total.count).sum();
        valid &= job.added == args.records && counted == args.records;
        rounds.push(Round {
            parsed_per_s: rate(args.records, parsing),
            imported_per_s: rate(args.records, importing),
            ratio_per_mille: per_mille(parsing, importing),
        });
    }
    let mut ratios: Vec<u64> = rounds.iter().map(|round| round.ratio_per_mille).collect();
    ratios.sort_unstable();
    Ok(Measured {
        database: if url.starts_with("sqlite:") {
            "SQLite"
        } else {
            "PostgreSQL"
        },
        record_ids: args.record_ids,
        subjects: args.subjects,
        records: args.records,
        ratio_per_mille: ratios.get(ratios.len() / 2).copied().unwrap_or(0),
        rounds,
        valid,
    })
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|e| Failure::file(path, e))
}

fn parse(path: &Path) -> Result<Duration, Failure> {
    let unreadable = |e: crate::adapters::FileRefusal| Failure::file(path, e);
    let began = Instant::now();
    let mut lines = Lines::open(Format::Csv, open(path)?).map_err(unreadable)?;
    while let Some(line) = lines.next_line().map_err(unreadable)? {
        line.record.map_err(|e| Failure::file(path, e))?;
    }
    Ok(began.elapsed())
}

fn rate(count: u64, time: Duration) -> u64 {
    let rate = u128::from(count) * 1_000_000 / time.as_micros().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

fn per_mille(part: Duration, whole: Duration) -> u64 {
    u64::try_from(part.as_micros() * 1_000 / whole.as_micros().max(1)).unwrap_or(u64::MAX)
}

fn write_rides(path: &Path, args: &BenchArgs, round: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "{HEADER}{}", if args.subjects { ",subject" } else { "" })?;
    let first = round * args.records;
    for n in first..first + args.records {
        let (account, km, tenth, day) = (n * 7_919 % 50_000, n % 40 + 1, n % 10, n % 28 + 1);
        write!(out, "wuhan-metro,")?;
        match args.record_ids {
            RecordIds::Ascending => write!(out, "ride-{n:09}")?,
            RecordIds::Random => write!(out, "{}", random_uuid(n))?,
        }
        write!(
            out,
            ",holder-{account:06},{km}.{tenth},km,2025-05-{day:02}T08:00:00+08:00,2025-05-{day:02}T08:40:00+08:00,420106"
        )?;
        if args.subjects {
            // No number that anybody has.
            write!(out, ",0000{account:07}")?;
        }
        writeln!(out)?;
    }
    out.flush()
}

/// A UUID of version 4 that is the same on every run.
fn random_uuid(n: u64) -> uuid::Uuid {
    let Sha256(hash) = Sha256::of(&n.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash).for_each(|(byte, of)| *byte = of);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

fn words(measured: &Measured) -> String {
    let mut text = format!(
        "{}, {} records a round, {} record ids, {} subjects\n",
        measured.database,
        measured.records,
        match measured.record_ids {
            RecordIds::Ascending => "ascending",
            RecordIds::Random => "random",
        },
        if measured.subjects { "with" } else { "without" }
    );
    for round in &measured.rounds {
        let _ = writeln!(
            text,
            "  parsed alone {:>9}/s   imported {:>9}/s   ratio {}",
            round.parsed_per_s,
            round.imported_per_s,
            thousandths(round.ratio_per_mille)
        );
    }
    let valid = if measured.valid { "yes" } else { "no" };
    let _ = writeln!(text, "ratio {}, valid: {valid}", thousandths(measured.ratio_per_mille));
    text
}

fn thousandths(per_mille: u64) -> String {
    format!("{}.{:03}", per_mille / 1_000, per_mille % 1_000)
}
