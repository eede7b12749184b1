//! Commands and their arguments.

mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use serde::Serialize;
use serde_json::json;
use tanqiao_evaluator::config::Config;
use tanqiao_evaluator::enrolment::{self, EnrolOptions};
use tanqiao_evaluator::remote::{Remote, client_tls};
use tanqiao_evaluator::serve::{self, Service};
use tanqiao_evaluator::store::{EpochKeyState, Store};
use tanqiao_evaluator::{bench, now};
use tanqiao_protocol::fingerprint::{Epoch, EpochKeys};
use tanqiao_protocol::signing::Algorithm;

use report::{Failure, Report};

/// One of the three parties that evaluate fingerprint tokens.
#[derive(Debug, Parser)]
#[command(name = "tanqiao-evaluator", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    /// The configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "TANQIAO_EVALUATOR_CONFIG",
        default_value = "evaluator.toml"
    )]
    config: PathBuf,
    /// Print JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve members and the other evaluators until a signal comes
    #[command(after_help = "Example:\n  tanqiao-evaluator serve --config /etc/tanqiao/evaluator.toml")]
    Serve,
    /// Bring the store's schema up to this program; safe to run twice
    #[command(after_help = "Example:\n  tanqiao-evaluator migrate --config evaluator.toml")]
    Migrate,
    /// Join the federation with a one-time code
    #[command(
        after_help = "Example:\n  tanqiao-evaluator enrol --url https://hub.example:8444 --code-file code.txt\n\n\
        Makes the TLS key and the signing key that the configuration names where they are missing. Run again, it goes on \
        waiting for the approval."
    )]
    Enrol(EnrolArgs),
    /// Make the keys of a month with the other two, through this evaluator's running service
    #[command(after_help = "Example:\n  tanqiao-evaluator keys --epoch 2026-05\n\nAsked again it shows the same keys.")]
    Keys {
        /// The month.
        #[arg(long)]
        epoch: Epoch,
    },
    /// List the months that have or had a key here
    #[command(after_help = "Example:\n  tanqiao-evaluator epochs --json")]
    Epochs,
    /// Destroy this evaluator's share of a month for ever
    #[command(
        after_help = "Example:\n  tanqiao-evaluator destroy --epoch 2024-05\n\nThe service does it by itself once the window \
        has closed. Before that --early is needed: no token of the month can be made any more once two have destroyed theirs."
    )]
    Destroy {
        /// The month.
        #[arg(long)]
        epoch: Epoch,
        /// Although its window has not closed.
        #[arg(long)]
        early: bool,
    },
    /// What members had evaluated
    #[command(after_help = "Example:\n  tanqiao-evaluator counters --json")]
    Counters,
    /// The audit log: who had how much evaluated, and when
    #[command(after_help = "Examples:\n  tanqiao-evaluator audit --after 120\n  tanqiao-evaluator audit --check")]
    Audit {
        /// Entries after this one.
        #[arg(long, default_value_t = 0)]
        after: i64,
        /// Entries at most.
        #[arg(long, default_value_t = 1_000)]
        limit: u32,
        /// Recompute the chain instead, and show its end.
        #[arg(long)]
        check: bool,
    },
    /// Measure evaluations and derivations per second and core
    #[command(after_help = "Example:\n  tanqiao-evaluator bench --batch 4096 --json\n\nNeeds no configuration.")]
    Bench {
        /// Inputs a batch.
        #[arg(long, default_value_t = 4_096, value_parser = clap::value_parser!(u32).range(1..=65_535))]
        batch: u32,
        /// How long to measure each step, in seconds.
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
        seconds: u64,
    },
}

#[derive(Debug, clap::Args)]
struct EnrolArgs {
    /// The hub's enrolment address, such as `https://hub.example:8444`
    #[arg(long)]
    url: String,
    /// The file with the one-time code; the variable `TANQIAO_ENROLMENT_CODE` when absent
    #[arg(long, value_name = "FILE")]
    code_file: Option<PathBuf>,
    /// The CA of the enrolment address, PEM; the configuration's tls.ca where that exists, else the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Wait so many seconds for the approval
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    wait_s: u64,
    /// The signing algorithm of a new key: ed25519 or sm2
    #[arg(long, default_value = "ed25519")]
    algorithm: Algorithm,
}

#[derive(Debug, Serialize)]
struct Listed {
    epoch: Epoch,
    state: EpochKeyState,
    keys: Option<EpochKeys>,
    hub_has_it: bool,
}

pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return report::usage(&error),
    };
    let json = cli.json;
    let done = cli.run();
    report::finish(json, done)
}

impl Cli {
    fn load(&self) -> Result<Config, Failure> {
        Config::load(&self.config).map_err(Failure::of)
    }

    fn store(&self) -> Result<Store, Failure> {
        Store::open(&self.load()?.database).map_err(Failure::of)
    }

    fn run(self) -> Result<Report, Failure> {
        tanqiao_certs::install_crypto_provider();
        match &self.command {
            Command::Serve => self.serve(),
            Command::Migrate => {
                let steps = Store::migrate(&self.load()?.database).map_err(Failure::of)?;
                Ok(Report::new(
                    format!("the schema is up to date ({steps} steps taken)\n"),
                    json!({ "steps": steps }),
                ))
            }
            Command::Enrol(args) => self.enrol(args),
            Command::Keys { epoch } => self.keys(*epoch),
            Command::Epochs => self.epochs(),
            Command::Destroy { epoch, early } => self.destroy(*epoch, *early),
            Command::Counters => self.counters(),
            Command::Audit { after, limit, check } => self.audit(*after, *limit, *check),
            Command::Bench { batch, seconds } => bench(*batch, *seconds, self.json),
        }
    }

    fn serve(&self) -> Result<Report, Failure> {
        let config = self.load()?;
        let filter = tracing_subscriber::EnvFilter::try_new(&config.logging.filter).map_err(Failure::of)?;
        tracing_subscriber::fmt()
            .json()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .init();
        actix_web::rt::System::new().block_on(async {
            let service = Service::start(&config).map_err(Failure::of)?;
            service.until_signal().await.map_err(Failure::of)
        })?;
        Ok(Report::new("stopped\n".to_owned(), json!({ "stopped": true })))
    }

    fn enrol(&self, args: &EnrolArgs) -> Result<Report, Failure> {
        let options = EnrolOptions {
            url: args.url.clone(),
            code_file: args.code_file.clone(),
            ca: args.ca.clone(),
            wait: Duration::from_secs(args.wait_s),
            algorithm: args.algorithm,
        };
        let config = self.load()?;
        let enrolled = report::while_working(self.json, "waiting for an officer's approval", || {
            block_on(enrolment::enrol(&config, &options))
        })?;
        let enrolled = enrolled.map_err(Failure::of)?;
        let text = if enrolled.approved {
            format!(
                "enrolled as {}: the certificate is in {}\n",
                config.member,
                config.tls.certificate.display()
            )
        } else {
            format!(
                "enrolment {} waits for an officer: run the same command again later\n",
                enrolled.id
            )
        };
        let refused = !enrolled.approved;
        Ok(Report::new(text, json!(enrolled)).refused(refused))
    }

    fn keys(&self, epoch: Epoch) -> Result<Report, Failure> {
        let config = self.load()?;
        let own = config.evaluators.iter().find(|one| one.id == config.member);
        let url = own.map(|one| one.url.as_str()).unwrap_or_default();
        let tls = client_tls(&config).map_err(Failure::of)?;
        let service = Remote::evaluator(&tls, &config.member, url).map_err(Failure::of)?;
        let path = format!("/v1/epochs/{epoch}/keys");
        let made = report::while_working(self.json, "making keys with the other two evaluators", || {
            block_on(service.post::<EpochKeys>(&path, &json!({})))
        })?;
        let keys = made.map_err(|error| Failure::of(format!("{error}. `serve` must run at all three evaluators")))?;
        let text = format!("{epoch}: public key {}, until {}\n", keys.public_key, keys.closes_at);
        Ok(Report::new(text, json!(keys)))
    }

    fn epochs(&self) -> Result<Report, Failure> {
        let store = self.store()?;
        let mut listed = Vec::new();
        for row in store.epochs().map_err(Failure::of)? {
            let statement = store.statement(row.epoch).map_err(Failure::of)?;
            listed.push(Listed {
                epoch: row.epoch,
                state: row.state,
                keys: row.keys,
                hub_has_it: statement.is_some_and(|one| one.answered),
            });
        }
        let line = |one: &Listed| {
            let hub = if one.hub_has_it {
                "at the hub"
            } else {
                "not at the hub yet"
            };
            format!("{}  {}  {hub}\n", one.epoch, one.state)
        };
        Ok(Report::list(&listed, line))
    }

    fn destroy(&self, epoch: Epoch, early: bool) -> Result<Report, Failure> {
        let config = self.load()?;
        let (evaluator, _) = serve::open(&config, Arc::new(now)).map_err(Failure::of)?;
        let row = evaluator.store.epoch(epoch).map_err(Failure::of)?;
        let row = row.ok_or_else(|| Failure::of(format!("there is no key of {epoch} here")))?;
        let closes_at = row.keys.as_ref().map(|keys| keys.closes_at);
        if let Some(at) = closes_at.filter(|at| now() < *at && !early) {
            return Err(Failure::of(format!(
                "the window of {epoch} closes at {at}: give --early to destroy the share before that"
            )));
        }
        let destroyed = evaluator.party.destroy(&row, now()).map_err(Failure::of)?;
        let text = if destroyed {
            format!("the share of {epoch} is destroyed\n")
        } else {
            format!("there is no share of {epoch} to destroy: it is {}\n", row.state)
        };
        Ok(Report::new(text, json!({ "epoch": epoch, "destroyed": destroyed })))
    }

    fn counters(&self) -> Result<Report, Failure> {
        let config = self.load()?;
        let (evaluator, _) = serve::open(&config, Arc::new(now)).map_err(Failure::of)?;
        let counters = evaluator.desk.counters(None).map_err(Failure::of)?;
        Ok(Report::list(&counters, |one| {
            format!("{}  {}  {} of {}\n", one.epoch, one.member, one.evaluated, one.quota)
        }))
    }

    fn audit(&self, after: i64, limit: u32, check: bool) -> Result<Report, Failure> {
        let store = self.store()?;
        if check {
            let (entries, chain) = store.audit_check().map_err(Failure::of)?;
            let shown = chain.map_or_else(|| "(empty)".to_owned(), |chain| chain.to_string());
            let text = format!("{entries} entries, each following from the one before; the last is {shown}\n");
            return Ok(Report::new(text, json!({ "entries": entries, "chain": chain })));
        }
        let entries = store.audit_after(after, limit).map_err(Failure::of)?;
        Ok(Report::list(&entries, |one| {
            format!(
                "{}  {}  {}  {}  {}  {}\n",
                one.seq, one.at, one.action, one.member, one.epoch, one.items
            )
        }))
    }
}

fn bench(batch: u32, seconds: u64, json: bool) -> Result<Report, Failure> {
    let measured = report::while_working(json, "measuring", || bench::run(batch, Duration::from_secs(seconds)));
    let figures = measured.map_err(Failure::of)?;
    let line = |one: &bench::Figure| format!("{:<58} {:>12} {}\n", one.what, one.figure, one.unit);
    let text = figures.iter().map(line).collect::<Vec<_>>().concat();
    Ok(Report::new(
        text,
        json!({ "batch": batch, "seconds": seconds, "figures": figures }),
    ))
}

fn block_on<F: Future>(work: F) -> Result<F::Output, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    Ok(runtime.map_err(Failure::of)?.block_on(work))
}
