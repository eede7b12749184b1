//! Commands and their arguments.

mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::log::note::NOTE_BYTES_MAX;
use tanqiao_protocol::log::policy::{POLICY_BYTES_MAX, Policy};
use tanqiao_protocol::log::witness::PROOF_MAX;
use tanqiao_protocol::merkle::consistent;
use tanqiao_protocol::receipt::{
    CertificateFile, RECEIPT_FILE_BYTES_MAX, ReceiptFile, ReceiptRefusal, Statement, verify, verify_certificate,
};
use tanqiao_protocol::strict;
use tanqiao_protocol::view::PublicTotals;
use tanqiao_verify::bench;
use tanqiao_verify::mirror::{Mirror, read_file};
use tanqiao_verify::notes::{self, Side, Verdict};
use tanqiao_verify::replay::{self, Asked, AuditFault, Audited};
use tanqiao_verify::words::Language;

use report::{Failure, Report};

/// The largest file of totals, in bytes.
const TOTALS_BYTES_MAX: usize = 256 * 1024 * 1024;

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
    #[command(after_help = "Example:\n  tanqiao-verify certificate certificate.json --policy federation.policy --zh")]
    Certificate {
        /// The certificate.
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
        /// Write a log of so many leaves into this directory instead, and replay it.
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
    fn language(&self) -> Language {
        if self.zh { Language::Chinese } else { Language::English }
    }

    fn answer(&self) -> Result<Report, Failure> {
        let language = self.language();
        match &self.command {
            Command::Receipt { file, trusted } => {
                let policy = trusted.read()?;
                let bytes = read(file, RECEIPT_FILE_BYTES_MAX)?;
                let found = ReceiptFile::parse(&bytes).and_then(|file| verify(&file, &policy));
                Ok(statement(&found, language))
            }
            Command::Certificate { file, trusted } => {
                let policy = trusted.read()?;
                let bytes = read(file, RECEIPT_FILE_BYTES_MAX)?;
                let found = CertificateFile::parse(&bytes).and_then(|file| verify_certificate(&file, &policy));
                Ok(statement(&found, language))
            }
            Command::Checkpoint { file, trusted } => checkpoint(file, trusted, language),
            Command::Consistency {
                old,
                new,
                proof,
                trusted,
            } => consistency(old, new, proof, trusted, language),
            Command::Fork { file, other, trusted } => fork(file, other.as_deref(), trusted, language),
            Command::Replay {
                directory,
                policy,
                totals,
                size,
            } => {
                let policy = policy.as_deref().map(policy_in).transpose()?;
                let published = totals.as_deref().map(totals_in).transpose()?;
                let asked = Asked {
                    policy: policy.as_ref(),
                    size: *size,
                    published: published.as_ref(),
                };
                let audited = self.audit(directory, &asked)?;
                Ok(Report {
                    text: language.audit(&audited),
                    json: with_verdict(json!(audited), audited.holds()),
                    proven: audited.holds(),
                })
            }
            Command::Totals { directory } => {
                let audited = self.audit(directory, &Asked::default())?;
                let proven = audited.holds();
                let text = if proven {
                    language.totals(audited.totals.as_ref())
                } else {
                    language.audit(&audited)
                };
                let json = if proven {
                    json!(audited.totals)
                } else {
                    with_verdict(json!(audited), false)
                };
                Ok(Report { text, json, proven })
            }
            Command::Bench { leaves, rounds, mirror } => {
                let figures = match mirror {
                    Some(directory) => bench::replay(*leaves, directory),
                    None => bench::run(*leaves, *rounds),
                };
                let figures = figures.map_err(Failure::failed)?;
                Ok(Report {
                    text: language.figures(&figures),
                    json: json!(figures),
                    proven: true,
                })
            }
        }
    }

    fn audit(&self, directory: &Path, asked: &Asked<'_>) -> Result<Audited, Failure> {
        let bar = report::progress(self.json);
        let audited = replay::audit(&Mirror::new(directory.to_owned()), asked, |done, all| {
            if done.is_multiple_of(1_024) || done == all {
                bar.set_length(all);
                bar.set_position(done);
            }
        });
        bar.finish_and_clear();
        audited.map_err(|fault| match fault {
            AuditFault::File(_) | AuditFault::NoPolicy | AuditFault::Beyond { .. } => Failure::misused(fault),
            AuditFault::Quantity(_) => Failure::failed(fault),
        })
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

fn totals_in(path: &Path) -> Result<PublicTotals, Failure> {
    strict::from_slice_within(&read(path, TOTALS_BYTES_MAX)?, TOTALS_BYTES_MAX)
        .map_err(|error| Failure::misused(format!("{}: {error}", path.display())))
}

fn with_verdict(mut json: serde_json::Value, proven: bool) -> serde_json::Value {
    if let Some(members) = json.as_object_mut() {
        members.insert("proven".to_owned(), json!(proven));
    }
    json
}

fn statement(found: &Result<Statement, ReceiptRefusal>, language: Language) -> Report {
    match found {
        Ok(statement) => Report {
            text: language.statement(statement),
            json: json!({ "proven": true, "statement": statement }),
            proven: true,
        },
        Err(refusal) => Report {
            text: language.refusal(refusal),
            json: json!({
                "proven": false, "fault": refusal.fault(), "place": refusal.place(), "detail": refusal.detail(),
            }),
            proven: false,
        },
    }
}

fn checkpoint(file: &Path, trusted: &Trusted, language: Language) -> Result<Report, Failure> {
    let policy = trusted.read()?;
    let bytes = read(file, NOTE_BYTES_MAX)?;
    match notes::side(&bytes, &policy) {
        Ok(side) => Ok(Report {
            text: language.checkpoint(&side),
            json: with_verdict(json!(side), side.quorum),
            proven: side.quorum,
        }),
        Err(why) => Ok(refuted(&why, language)),
    }
}

fn refuted(why: &str, language: Language) -> Report {
    Report {
        text: language.refuted(why),
        json: json!({ "proven": false, "detail": why }),
        proven: false,
    }
}

fn consistency(old: &Path, new: &Path, proof: &Path, trusted: &Trusted, language: Language) -> Result<Report, Failure> {
    let policy = trusted.read()?;
    let mut sides = Vec::new();
    for path in [old, new] {
        match notes::side(&read(path, NOTE_BYTES_MAX)?, &policy) {
            Ok(side) => sides.push(side),
            Err(why) => return Ok(refuted(&format!("{}: {why}", path.display()), language)),
        }
    }
    let text = read(proof, 64 * 1024)?;
    let Some(hashes) = proof_in(&text) else {
        let why = format!(
            "{}: a proof has at most {PROOF_MAX} hashes of 32 bytes in base64, each on its line",
            proof.display()
        );
        return Ok(refuted(&why, language));
    };
    let [old, new]: [Side; 2] = sides
        .try_into()
        .map_err(|_| Failure::failed("two notes are compared"))?;
    let holds = old.origin == new.origin && consistent(old.size, &old.root, new.size, &new.root, &hashes);
    Ok(Report {
        text: language.consistency(&old, &new, holds),
        json: json!({ "proven": holds, "old": old, "new": new }),
        proven: holds,
    })
}

fn proof_in(bytes: &[u8]) -> Option<Vec<Sha256>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut hashes = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if hashes.len() == PROOF_MAX {
            return None;
        }
        hashes.push(Sha256(STANDARD.decode(line).ok()?.try_into().ok()?));
    }
    Some(hashes)
}

fn fork(file: &Path, other: Option<&Path>, trusted: &Trusted, language: Language) -> Result<Report, Failure> {
    let policy = trusted.read()?;
    let first = read(file, 3 * NOTE_BYTES_MAX)?;
    let (first, second) = if let Some(other) = other {
        (first, read(other, NOTE_BYTES_MAX)?)
    } else {
        let text = String::from_utf8(first).ok();
        let Some((first, second)) = text.as_deref().and_then(notes::two_notes) else {
            let why = format!("{}: it does not hold two signed notes", file.display());
            return Ok(refuted(&why, language));
        };
        (first.into_bytes(), second.into_bytes())
    };
    let (first, second) = match (notes::side(&first, &policy), notes::side(&second, &policy)) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(why), _) => return Ok(refuted(&format!("the first note: {why}"), language)),
        (_, Err(why)) => return Ok(refuted(&format!("the second note: {why}"), language)),
    };
    let verdict = notes::compare(&first, &second);
    let proven = verdict == Verdict::Equivocation;
    Ok(Report {
        text: language.fork(&first, &second, verdict),
        json: json!({ "proven": proven, "verdict": verdict, "first": first, "second": second }),
        proven,
    })
}
