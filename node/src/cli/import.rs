//! `import`

use std::fmt::Write as _;
use std::fs::File;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tanqiao_protocol::message::Methodology;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::strict;

use super::command::Context;
use super::report::{Failure, Report};
use crate::adapters::Format;
use crate::catalogue;
use crate::error::NodeError;
use crate::import::{self, Job, JobState, Order, Source};
use crate::quantification::Rule;
use crate::service::system_clock;
use crate::store::Store;
use crate::subjects::Subjects;

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The file: CSV with a header, or NDJSON
    file: PathBuf,
    /// The methodology version, such as CN-4201-metro.v1; read from --rule when absent
    #[arg(long, required_unless_present = "rule")]
    methodology: Option<MethodologyRef>,
    /// A methodology version as JSON, to be kept here; otherwise the hub is asked for one that is not known yet
    #[arg(long, value_name = "FILE")]
    rule: Option<PathBuf>,
    /// csv or ndjson; from the file's name when absent
    #[arg(long, value_parser = format)]
    format: Option<Format>,
    /// Stop at the first bad line
    #[arg(long)]
    strict: bool,
}

fn format(text: &str) -> Result<Format, String> {
    [Format::Csv, Format::Ndjson]
        .into_iter()
        .find(|format| format.word() == text)
        .ok_or_else(|| "use csv or ndjson".to_owned())
}

pub(super) async fn import(context: &Context, args: ImportArgs) -> Result<Report, Failure> {
    let name = args.file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let format = args.format.or_else(|| Format::of_file_name(name)).ok_or_else(|| {
        Failure::new(
            "format",
            format!("{}: name the format with --format csv or ndjson", args.file.display()),
        )
    })?;
    let store = context.store()?;
    let subjects = Subjects::at(&context.load()?.subjects.key);
    subjects.prepare(&store)?;
    let rule = rule(context, &store, &args).await?;
    let file = File::open(&args.file).map_err(|e| Failure::file(&args.file, e))?;
    let order = Order {
        rule,
        format,
        strict: args.strict,
        subjects,
    };
    let bar = progress_bar(context.json);
    let job = tokio::task::spawn_blocking(move || run(&store, file, &order, &bar))
        .await
        .map_err(|_| NodeError::Cancelled)??;
    let refused = job.state != JobState::Done;
    Ok(Report::new(words(&job), &job)?.refused(refused))
}

fn run(store: &Store, file: File, order: &Order, bar: &ProgressBar) -> Result<Job, Failure> {
    let source = Source::open(file).map_err(|e| Failure::new("file", e.to_string()))?;
    let clock = system_clock();
    let job = import::run(store, source, order, &|| clock(), &mut |progress| {
        bar.set_length(progress.bytes_total);
        bar.set_position(progress.bytes_done);
        bar.set_message(format!(
            "{} records/s, {} refused",
            progress.records_per_s(),
            progress.refused
        ));
    });
    bar.finish_and_clear();
    Ok(job?)
}

fn progress_bar(json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {eta} {msg}") {
        bar.set_style(style);
    }
    bar
}

async fn rule(context: &Context, store: &Store, args: &ImportArgs) -> Result<Rule, Failure> {
    let clock = system_clock();
    if let Some(path) = &args.rule {
        let methodology = read_rule(path)?;
        if args
            .methodology
            .as_ref()
            .is_some_and(|named| *named != methodology.methodology)
        {
            return Err(Failure::file(path, format!("this is {}", methodology.methodology)));
        }
        catalogue::keep_in(store, &methodology, clock())?;
        return Rule::new(&methodology).map_err(|e| Failure::new("malformed", e.to_string()));
    }
    let Some(wanted) = &args.methodology else {
        return Err(Failure::new("methodology", "name the methodology with --methodology"));
    };
    match store.read(|tx| catalogue::kept(tx, wanted))? {
        Some(kept) => Rule::new(&kept).map_err(|e| Failure::new("malformed", e.to_string())),
        None => Ok(catalogue::rule_of(&context.node().await?, wanted).await?),
    }
}

fn read_rule(path: &Path) -> Result<Methodology, Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::file(path, e))?;
    strict::from_slice(&bytes).map_err(|e| Failure::file(path, e))
}

fn words(job: &Job) -> String {
    let mut text = format!(
        "job {}\n{}: {} added, {} already there, {} refused, {} lines\n",
        job.job, job.state, job.added, job.already_there, job.refused, job.lines_done
    );
    for total in &job.totals {
        let _ = writeln!(
            text,
            "  {} {} {}: {} records, {} {}, {}",
            total.methodology,
            total.region_of_act,
            total.vintage,
            total.count,
            total.activity_total,
            total.unit,
            total.quantity_g
        );
    }
    for error in job.errors.iter().take(20) {
        let _ = writeln!(
            text,
            "  line {}: {} {}: {}: {}",
            error.line, error.check, error.code, error.field, error.message
        );
    }
    if job.refused > 20 {
        text.push_str("  … more with --json\n");
    }
    if let Some(problem) = &job.problem {
        let _ = writeln!(text, "stopped at {problem}");
    }
    text
}
