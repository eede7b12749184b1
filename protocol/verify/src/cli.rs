//! Commands and their arguments.

mod logs;
mod notes;
mod receipts;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tanqiao_protocol::log::policy::{POLICY_BYTES_MAX, Policy};
use tanqiao_verify::mirror::read_file;
use tanqiao_verify::words::Language;

use report::{Failure, Report};

/// Verify receipts, certificates, checkpoints and whole logs of a federation, without a network.
#[derive(Debug, Parser)]
#[command(
    name = "tanqiao-verify",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Exit status: 0 proven, 1 refuted or failed, 2 misused.\n\n\
    A policy is a C2SP tlog-policy file: the log's key, the witnesses, and how many of them have to sign. Take it from \
    somebody whom you trust, not from the hub whose receipts you verify."
)]
struct Cli {
    /// Print JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    /// Speak Chinese.
    #[arg(long, global = true)]
    zh: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Trusted {
    /// Whom you trust: a C2SP tlog-policy file.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The receipt of a transfer, donation or retirement
    #[command(after_help = "Example:\n  tanqiao-verify receipt 0197….receipt.json --policy federation.policy")]
    Receipt {
        /// The receipt.
        file: PathBuf,
        #[command(flatten)]
        trusted: Trusted,
    },
    /// The certificate of a donation or retirement
    #[command(
        after_help = "Examples:\n  tanqiao-verify certificate certificate.json --policy federation.policy --zh\n  \
        tanqiao-verify certificate certificate.pdf --policy federation.policy\n\n\
        Of a PDF the attached certificate is verified. Whether the printed page says the same, you have to compare yourself."
    )]
    Certificate {
        /// The certificate: JSON, or a PDF of the hub's.
        file: PathBuf,
        #[command(flatten)]
        trusted: Trusted,
    },
    /// A checkpoint of the log: who has signed it
    #[command(after_help = "Example:\n  tanqiao-verify checkpoint checkpoint --policy federation.policy")]
    Checkpoint {
        /// The signed note.
        file: PathBuf,
        #[command(flatten)]
        trusted: Trusted,
    },
    /// That one checkpoint continues another
    #[command(
        after_help = "Example:\n  tanqiao-verify consistency old new proof --policy federation.policy\n\n\
        PROOF has a hash in base64 on each line, as in a witness's add-checkpoint request."
    )]
    Consistency {
        /// The older signed note.
        old: PathBuf,
        /// The newer signed note.
        new: PathBuf,
        /// The proof.
        proof: PathBuf,
        #[command(flatten)]
        trusted: Trusted,
    },
    /// Whether two signed notes prove that the log has shown two histories
    #[command(
        after_help = "Examples:\n  tanqiao-verify fork evidence.txt --policy federation.policy\n  \
        tanqiao-verify fork one.note other.note --policy federation.policy\n\n\
        One file has both notes, one after the other, or is the JSON of a report with `first` and `second`. Proven (status 0) \
        means: the log has lied."
    )]
    Fork {
        /// One file with both notes, or the first note.
        file: PathBuf,
        /// The second note.
        other: Option<PathBuf>,
        #[command(flatten)]
        trusted: Trusted,
    },
    /// A mirrored log: every file, every leaf, and the totals that were published
    #[command(
        after_help = "Examples:\n  tanqiao-verify replay mirror --policy federation.policy\n  \
        tanqiao-verify replay mirror --policy federation.policy --totals totals.json\n\n\
        `tanqiao-node export log mirror` mirrors a log; `curl https://hub.example/v1/public/totals` gets the totals. Without \
        --policy the one in the directory is used, which says nothing of who made the log."
    )]
    Replay {
        /// The directory.
        directory: PathBuf,
        /// Whom you trust: a C2SP tlog-policy file.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// The published totals; the log is replayed as far as they say.
        #[arg(long, value_name = "FILE")]
        totals: Option<PathBuf>,
        /// Replay so many leaves.
        #[arg(long, value_name = "N")]
        size: Option<u64>,
    },
    /// What a mirrored log adds up to, by region, series and state
    #[command(after_help = "Example:\n  tanqiao-verify totals mirror --json")]
    Totals {
        /// The directory.
        directory: PathBuf,
    },
    /// How long verifications take here
    #[command(
        after_help = "Examples:\n  tanqiao-verify bench --leaves 1000000\n  tanqiao-verify bench --leaves 1000000 --mirror /tmp/log"
    )]
    Bench {
        /// Leaves of the log, which is made in memory.
        #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
        leaves: u64,
        /// Replay the log in this directory instead; where there is none, one of so many leaves is written first.
        #[arg(long, value_name = "DIR")]
        mirror: Option<PathBuf>,
        /// Verifications of each kind.
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        rounds: u32,
    },
}

pub(super) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return report::usage(&error),
    };
    report::finish(cli.json, cli.answer())
}

impl Cli {
    fn answer(&self) -> Result<Report, Failure> {
        let language = if self.zh { Language::Chinese } else { Language::English };
        let bar = report::Progress::new(self.json);
        match &self.command {
            Command::Receipt { file, trusted } => receipts::receipt(file, &trusted.read()?, language),
            Command::Certificate { file, trusted } => receipts::certificate(file, &trusted.read()?, language),
            Command::Checkpoint { file, trusted } => notes::checkpoint(file, &trusted.read()?, language),
            Command::Consistency {
                old,
                new,
                proof,
                trusted,
            } => notes::consistency([old, new], proof, &trusted.read()?, language),
            Command::Fork { file, other, trusted } => notes::fork(file, other.as_deref(), &trusted.read()?, language),
            Command::Replay {
                directory,
                policy,
                totals,
                size,
            } => {
                let policy = policy.as_deref().map(policy_in).transpose()?;
                logs::replay(directory, (policy.as_ref(), totals.as_deref(), *size), &bar, language)
            }
            Command::Totals { directory } => logs::totals(directory, &bar, language),
            Command::Bench { leaves, rounds, mirror } => {
                logs::bench(*leaves, *rounds, mirror.as_deref(), &bar, language)
            }
        }
    }
}

impl Trusted {
    fn read(&self) -> Result<Policy, Failure> {
        policy_in(&self.policy)
    }
}

fn read(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    read_file(path, most).map_err(Failure::misused)
}

fn policy_in(path: &Path) -> Result<Policy, Failure> {
    Policy::parse(&read(path, POLICY_BYTES_MAX)?)
        .map_err(|error| Failure::misused(format!("{}: {error}", path.display())))
}

fn with_verdict(mut json: serde_json::Value, proven: bool) -> serde_json::Value {
    if let Some(members) = json.as_object_mut() {
        members.insert("proven".to_owned(), proven.into());
    }
    json
}
