//! `admin member` and `admin key`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::signing::{KeyId, VerifyingKey};
use tanqiao_protocol::view::{KeyStatus, MemberKind, MemberStatus};

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::ledger::command::Decision;
use crate::ledger::objects::Registry;

/// Members.
#[derive(Debug, Subcommand)]
pub(super) enum MemberCommand {
    /// Admit a member with its first signing key, without enrolment: a pledgee that has no node, or a member whose certificate was
    /// issued elsewhere.
    #[command(after_help = "Example:
  tanqiao-hub admin member admit icbc --region CN --kind party --name-zh 工商银行 --name-en ICBC --key-file icbc.pub \\
    --officer li --officer-password-file li.password")]
    Admit {
        /// Its id.
        member: NodeId,
        /// Its region.
        #[arg(long)]
        region: RegionCode,
        /// region, enterprise or party.
        #[arg(long)]
        kind: MemberKind,
        /// Chinese name.
        #[arg(long)]
        name_zh: String,
        /// English name.
        #[arg(long)]
        name_en: String,
        /// The public signing key: PEM, or the text `ed25519:…` or `sm2:…`.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
        #[command(flatten)]
        officers: Officers,
    },
    /// Accept nothing more from a member; its open transfers and donations are halted.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin member suspend wuhan --reason \"key lost\" --officer li --officer-password-file li.password"
    )]
    Suspend {
        /// Whom.
        member: NodeId,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
    /// Accept again.
    Reinstate {
        /// Whom.
        member: NodeId,
        #[command(flatten)]
        officers: Officers,
    },
    /// Record what is known of a member's registry, which opens the node gate of recognition. It replaces what was recorded before.
    #[command(after_help = "Example:
  tanqiao-hub admin member registry wuhan --conformance-report report.pdf --verification-body \"CQC\" \\
    --officer li --officer-password-file li.password")]
    Registry {
        /// Whose.
        member: NodeId,
        /// The report of the conformance suite that its node passed. Its SHA-256 is recorded; the file stays where it is.
        #[arg(long, value_name = "FILE")]
        conformance_report: Option<PathBuf>,
        /// A body that verifies its issuances; once more for each.
        #[arg(long = "verification-body", value_name = "NAME")]
        verification_bodies: Vec<String>,
        #[command(flatten)]
        officers: Officers,
    },
    /// List the members.
    List,
}

#[derive(Debug, Serialize)]
struct Listed {
    member: NodeId,
    region: RegionCode,
    kind: MemberKind,
    status: MemberStatus,
    name_zh: String,
    name_en: String,
}

impl MemberCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::Admit {
                member,
                region,
                kind,
                name_zh,
                name_en,
                key_file,
                officers,
            } => {
                let decision = Decision::Admit {
                    member: member.clone(),
                    region: *region,
                    kind: *kind,
                    name_zh: name_zh.clone(),
                    name_en: name_en.clone(),
                    key: read_key(key_file)?,
                };
                desk.decide(officers, decision, output)
            }
            Self::Suspend {
                member,
                reason,
                officers,
            } => desk.decide(
                officers,
                Decision::Suspend {
                    member: member.clone(),
                    reason: reason.clone(),
                },
                output,
            ),
            Self::Reinstate { member, officers } => {
                desk.decide(officers, Decision::Reinstate { member: member.clone() }, output)
            }
            Self::Registry {
                member,
                conformance_report,
                verification_bodies,
                officers,
            } => {
                let registry = registry(conformance_report.as_deref(), verification_bodies)?;
                let member = member.clone();
                desk.decide(officers, Decision::SetRegistry { member, registry }, output)
            }
            Self::List => {
                list(desk, output);
                Ok(())
            }
        }
    }
}

fn list(desk: &Desk, output: &Output) {
    let governance = desk.governance();
    let members = governance.members.iter().map(|(id, member)| Listed {
        member: id.clone(),
        region: member.region,
        kind: member.kind,
        status: member.status,
        name_zh: member.name_zh.clone(),
        name_en: member.name_en.clone(),
    });
    output.list(&members.collect::<Vec<_>>(), |one| {
        format!(
            "{}  {}  {}  {}  {} / {}",
            one.member, one.region, one.kind, one.status, one.name_zh, one.name_en
        )
    });
}

fn registry(report: Option<&Path>, bodies: &[String]) -> Result<Registry, CliError> {
    if report.is_none() && bodies.is_empty() {
        return Err(CliError::misused(
            "say what is known: --conformance-report FILE, --verification-body NAME, or both",
        ));
    }
    let conformance_report = report.map(|file| {
        std::fs::read(file)
            .map(|bytes| Sha256::of(&bytes))
            .map_err(|error| CliError::misused(format!("cannot read {}: {error}", file.display())))
    });
    Ok(Registry {
        conformance_report: conformance_report.transpose()?,
        verification_bodies: bodies.to_vec(),
    })
}

fn read_key(file: &PathBuf) -> Result<VerifyingKey, CliError> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| CliError::misused(format!("cannot read {}: {error}", file.display())))?;
    text.trim()
        .parse()
        .or_else(|_| VerifyingKey::from_pem(&text))
        .map_err(|error| CliError::misused(format!("{}: {error}", file.display())))
}

/// Signing keys.
#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Let a proposed key count.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin key approve 0f1e… --officer li --officer-password-file li.password"
    )]
    Approve {
        /// Its id.
        key: KeyId,
        #[command(flatten)]
        officers: Officers,
    },
    /// Let a key count no more.
    Retire {
        /// Its id.
        key: KeyId,
        #[command(flatten)]
        officers: Officers,
    },
    /// Let a new key count in the place of all keys of a member that has lost them, and whose certificate was issued elsewhere;
    /// two officers. A member with a node enrols again.
    #[command(after_help = "Example:
  tanqiao-hub admin key replace icbc --key-file icbc.pub --reason \"the key's card is broken\" \\
    --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password")]
    Replace {
        /// Whose.
        member: NodeId,
        /// The public signing key: PEM, or the text `ed25519:…` or `sm2:…`.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
        /// How the others were lost.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
    /// List the keys.
    List,
}

#[derive(Debug, Serialize)]
struct ListedKey {
    member: NodeId,
    key_id: KeyId,
    status: KeyStatus,
    first_index: Option<i64>,
    last_index: Option<i64>,
}

impl KeyCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::Approve { key, officers } => desk.decide(officers, Decision::ApproveKey { key: *key }, output),
            Self::Retire { key, officers } => desk.decide(officers, Decision::RetireKey { key: *key }, output),
            Self::Replace {
                member,
                key_file,
                reason,
                officers,
            } => {
                let decision = Decision::ReplaceKeys {
                    member: member.clone(),
                    key: read_key(key_file)?,
                    reason: reason.clone(),
                };
                desk.decide(officers, decision, output)
            }
            Self::List => {
                let governance = desk.governance();
                let mut keys: Vec<ListedKey> = governance
                    .keys
                    .iter()
                    .map(|(id, key)| ListedKey {
                        member: key.member.clone(),
                        key_id: *id,
                        status: key.status,
                        first_index: key.first_index,
                        last_index: key.last_index,
                    })
                    .collect();
                keys.sort_by(|a, b| (&a.member, a.first_index).cmp(&(&b.member, b.first_index)));
                output.list(&keys, |one| format!("{}  {}  {}", one.member, one.key_id, one.status));
                Ok(())
            }
        }
    }
}
