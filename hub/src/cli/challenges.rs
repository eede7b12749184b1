//! `admin challenge`.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use clap::{Args, Subcommand};
use openssl::cms::CmsContentInfo;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use tanqiao_protocol::challenge::{ChallengeFile, ChallengeState, ChallengeView, Report, judge, read};
use tanqiao_protocol::id::{MessageId, Sha256};
use tanqiao_protocol::strict;
use tanqiao_protocol::time::Timestamp;

use super::desk::{Desk, Officers, read_password};
use super::events::LIST_MAX;
use super::output::{CliError, Output};
use crate::api::views;
use crate::ledger::command::{Decision, OpenChallenge};
use crate::store::challenges::{SEALED_DAYS, forget_sealed};
use crate::store::read::challenges;
use crate::store::read::dealings::{Window, issuance};

/// The largest file of a challenge: its sealed answer twice, and room for the rest.
const FILE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Challenges: a random sample of what a member issued, shown to the regulator.
#[derive(Debug, Subcommand)]
pub(super) enum ChallengeCommand {
    /// Draw a sample of an issuance's records and ask the issuer for them.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin challenge draw 0193… --count 50 --days 14 --mailbox regulator.pem --officer li --officer-password-file li.password"
    )]
    Draw {
        /// The issuance.
        issuance: MessageId,
        /// How many records, 1 to 1,000; all where it has no more.
        #[arg(long)]
        count: u32,
        /// Days to answer in, 1 to 90.
        #[arg(long, default_value_t = 14)]
        days: u16,
        /// To whom the answer is sealed: an X.509 certificate, PEM. Its key never comes near the hub.
        #[arg(long, value_name = "FILE")]
        mailbox: PathBuf,
        #[command(flatten)]
        officers: Officers,
    },
    /// List the challenges, with those that nobody answered in time.
    List {
        /// Only those that have not ended.
        #[arg(long)]
        open: bool,
    },
    /// Write a challenge with its sealed answer into a file, for the machine that has the mailbox's key.
    #[command(after_help = "Example:\n  tanqiao-hub admin challenge fetch 0193… answer.json")]
    Fetch {
        /// The challenge.
        challenge: MessageId,
        /// The file; it must not be there yet.
        file: PathBuf,
    },
    /// Open a fetched answer and look at every record of it. Needs the mailbox's key, and no hub.
    Open(OpenArgs),
    /// Record the result; the member is told.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin challenge record 0193… --verdict passed --notes 'All 50 records agree with the meters.' --officer li --officer-password-file li.password"
    )]
    Record {
        /// The challenge.
        challenge: MessageId,
        /// passed, failed or unanswered.
        #[arg(long)]
        verdict: ChallengeState,
        /// What was found, without anything of a record.
        #[arg(long)]
        notes: String,
        #[command(flatten)]
        officers: Officers,
    },
    /// Delete sealed answers whose challenges have ended long enough ago; the hub does so every day by itself.
    Forget,
}

/// Opening an answer.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tanqiao-hub admin challenge open answer.json --key mailbox.key --records records.jsonl\n\nExit status 1 if anything is not as committed."
)]
pub(super) struct OpenArgs {
    /// What `fetch` wrote.
    file: PathBuf,
    /// The mailbox's private key, PEM.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The file with the key's password, where it has one.
    #[arg(long, value_name = "FILE")]
    key_password_file: Option<PathBuf>,
    /// Write the opened records here, to be compared with the platform's own; readable by their owner only.
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
}

impl ChallengeCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::Draw {
                issuance,
                count,
                days,
                mailbox,
                officers,
            } => {
                let asked = OpenChallenge {
                    issuance: *issuance,
                    count: *count,
                    answer_days: *days,
                    mailbox_pem: mailbox_of(mailbox)?,
                };
                desk.decide(officers, Decision::Challenge(Box::new(asked)), output)
            }
            Self::List { open } => {
                let window = Window {
                    after: None,
                    limit: LIST_MAX,
                };
                let found = desk.read(|c| challenges::challenges(c, None, *open, window))?;
                let views: Vec<_> = found.into_iter().map(views::challenge).collect();
                output.list(&views, line);
                Ok(())
            }
            Self::Fetch { challenge, file } => fetch(desk, *challenge, file, output),
            Self::Open(args) => args.run(output),
            Self::Record {
                challenge,
                verdict,
                notes,
                officers,
            } => desk.decide(
                officers,
                Decision::RecordChallenge {
                    challenge: *challenge,
                    verdict: *verdict,
                    notes: notes.clone(),
                },
                output,
            ),
            Self::Forget => {
                let forgotten = forget_sealed(&desk.database, Timestamp::from_micros(Utc::now().timestamp_micros()))?;
                output.one(&serde_json::json!({ "forgotten": forgotten }), |_| {
                    format!("{forgotten} answers to challenges that ended more than {SEALED_DAYS} days ago are deleted")
                });
                Ok(())
            }
        }
    }
}

fn line(one: &ChallengeView) -> String {
    let notes = one
        .notes
        .as_ref()
        .map_or_else(String::new, |notes| format!("  {notes}"));
    format!(
        "{}  {}  {}  {} records of {}  until {}{notes}",
        one.challenge,
        one.member,
        one.state,
        one.positions.len(),
        one.issuance,
        one.answer_until
    )
}

/// The mailbox's certificate, which must be one, with a key to which something can be sealed.
fn mailbox_of(file: &Path) -> Result<String, CliError> {
    let wrong = |what: &str| CliError::misused(format!("{}: {what}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error.to_string()))?;
    let certificates = X509::stack_from_pem(text.as_bytes()).map_err(|_| wrong("it is no X.509 certificate in PEM"))?;
    let [certificate] = certificates.as_slice() else {
        return Err(wrong("it must have one certificate"));
    };
    let key = certificate.public_key().map_err(|_| wrong("its key cannot be read"))?;
    if key.rsa().is_err() && key.ec_key().is_err() {
        return Err(wrong(
            "its key must be an RSA or EC key: to others nothing can be sealed",
        ));
    }
    Ok(text)
}

fn fetch(desk: &Desk, id: MessageId, file: &Path, output: &Output) -> Result<(), CliError> {
    let found = desk.read(|connection| {
        let Some(challenge) = challenges::challenge(connection, id)? else {
            return Ok(None);
        };
        let sealed = challenges::sealed(connection, &challenge)?;
        let header = issuance(connection, challenge.issuance)?.map(|issuance| issuance.content);
        Ok(Some((challenge, sealed, header)))
    })?;
    let (challenge, sealed, header) = found.ok_or_else(|| CliError::failed(format!("there is no challenge {id}")))?;
    let state = challenge.state;
    let (Some(sealed), Some(header)) = (sealed, header) else {
        return Err(CliError::failed(format!(
            "challenge {id} is {state}, and there is no sealed answer to it (any more)"
        )));
    };
    let content = ChallengeFile {
        challenge: views::challenge(challenge),
        header,
        sealed,
    };
    write_new(file, &serde_json::to_vec(&content).map_err(CliError::failed)?)?;
    output.one(&content.challenge, |_| {
        format!(
            "{} is written: take it to the machine that has the mailbox's key",
            file.display()
        )
    });
    Ok(())
}

/// A file that only its owner may read, and that was not there.
fn write_new(file: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let mut options = std::fs::File::options();
    let written = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut open| open.write_all(bytes).and_then(|()| open.sync_all()));
    written.map_err(|error| CliError::failed(format!("cannot write {}: {error}", file.display())))
}

impl OpenArgs {
    /// Opens, judges and reports; reads files only.
    pub(super) fn run(&self, output: &Output) -> Result<(), CliError> {
        let wrong = |what: &str| CliError::failed(format!("{}: {what}", self.file.display()));
        let bytes = std::fs::read(&self.file)
            .map_err(|error| CliError::misused(format!("cannot read {}: {error}", self.file.display())))?;
        let content: ChallengeFile =
            strict::from_slice_within(&bytes, FILE_BYTES_MAX).map_err(|error| wrong(&error.to_string()))?;
        let sealed = STANDARD
            .decode(&content.sealed)
            .map_err(|_| wrong("its sealed answer is no base64"))?;
        if content.challenge.sealed_sha256 != Some(Sha256::of(&sealed)) {
            return Err(wrong("its sealed answer is not the one that the member signed"));
        }
        let plain = self.unsealed(&content.challenge, &sealed)?;
        let answer =
            read(&plain).map_err(|error| CliError::failed(format!("what was sealed is no answer: {error}")))?;
        let report = judge(&content.challenge, &content.header, &answer);
        if let Some(file) = &self.records {
            write_new(file, &plain)?;
        }
        output.one(&report, words);
        if report.passed {
            Ok(())
        } else {
            Err(CliError::Reported("the answer is not what was committed to".to_owned()))
        }
    }

    fn unsealed(&self, challenge: &ChallengeView, sealed: &[u8]) -> Result<Vec<u8>, CliError> {
        let certificate = X509::from_pem(challenge.mailbox_pem.as_bytes())
            .map_err(|_| CliError::failed("the challenge's mailbox is no X.509 certificate"))?;
        let key = self.private_key()?;
        if !certificate.public_key().is_ok_and(|public| public.public_eq(&key)) {
            return Err(CliError::misused(format!(
                "{} is not the key of the mailbox that the challenge names",
                self.key.display()
            )));
        }
        CmsContentInfo::from_der(sealed)
            .and_then(|cms| cms.decrypt(&key, &certificate))
            .map_err(|_| {
                CliError::failed("the sealed answer does not open: it was changed, or sealed to another mailbox")
            })
    }

    fn private_key(&self) -> Result<PKey<Private>, CliError> {
        let wrong = |what: &str| CliError::misused(format!("{}: {what}", self.key.display()));
        let pem = std::fs::read(&self.key).map_err(|error| wrong(&error.to_string()))?;
        let key = match &self.key_password_file {
            Some(file) => PKey::private_key_from_pem_passphrase(&pem, read_password(file)?.as_bytes()),
            None => PKey::private_key_from_pem_callback(&pem, |_| Ok(0)),
        };
        key.map_err(|_| wrong("it is no private key in PEM, or it has another password: --key-password-file"))
    }
}

fn words(report: &Report) -> String {
    let mut lines: Vec<String> = report.findings.clone();
    for record in &report.records {
        let found = if record.ok {
            "as committed".to_owned()
        } else {
            record.findings.join("; ")
        };
        lines.push(format!("position {}: {found}", record.position));
    }
    let wrong = report.records.iter().filter(|record| !record.ok).count();
    lines.push(format!(
        "{}: {} records, {wrong} of them wrong, {} g, {} with a person's identifier",
        if report.passed { "PASSED" } else { "FAILED" },
        report.records.len(),
        report.sample_g.get(),
        report.with_subject
    ));
    lines.join("\n")
}
