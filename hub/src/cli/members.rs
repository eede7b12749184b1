//! `admin member` and `admin key`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::signing::{KeyId, VerifyingKey};
use tanqiao_protocol::view::{KeyStatus, MemberKind, MemberStatus};

use super::desk::{Desk, Officers};
use super::isolation;
use super::output::{CliError, Output};
use crate::ledger::command::Decision;
use crate::ledger::objects::{Governance, Key, Registry};
use crate::store::read::acts;

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
    /// Shut a member out at once: it is suspended, what it has open is halted, and all its certificates are revoked. It comes back
    /// by a new enrolment and `reinstate`.
    #[command(after_help = "Example:
  tanqiao-hub admin member isolate wuhan --reason \"its keys are in other hands\" --officer li --officer-password-file li.password")]
    Isolate {
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
            Self::Isolate {
                member,
                reason,
                officers,
            } => isolation::isolate(desk, member, reason, officers, output),
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
    /// Trust nothing that a key has signed from a leaf on, because it came into other hands; two officers. It signs no more, and all
    /// members are told. What it signed before stays verifiable.
    #[command(after_help = "Example:
  tanqiao-hub admin key distrust 0f1e… --from-index 4711 --reason \"found in a paste\" \\
    --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password")]
    Distrust {
        /// Its id.
        key: KeyId,
        /// The first leaf of the log at which its signature does not count.
        #[arg(long, value_name = "INDEX")]
        from_index: i64,
        /// What happened.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
    /// List what was done under a key, in the order of the log.
    #[command(after_help = "Example:\n  tanqiao-hub admin key acts 0f1e… --since 4711")]
    Acts {
        /// Its id.
        key: KeyId,
        /// From this leaf on; where it is not given, from the one from which the key is distrusted, or all.
        #[arg(long, value_name = "INDEX")]
        since: Option<i64>,
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
    distrusted_from: Option<i64>,
}

impl ListedKey {
    fn line(&self) -> String {
        let span = match (self.first_index, self.last_index) {
            (None, _) => String::new(),
            (Some(first), None) => format!("  from {first}"),
            (Some(first), Some(last)) => format!("  {first} to {last}"),
        };
        let distrusted = self
            .distrusted_from
            .map_or_else(String::new, |from| format!("  distrusted from {from}"));
        format!("{}  {}  {}{span}{distrusted}", self.member, self.key_id, self.status)
    }
}

/// What was done under a key.
fn acts(desk: &Desk, id: &KeyId, since: Option<i64>, output: &Output) -> Result<(), CliError> {
    let governance = desk.governance();
    let key = known(&governance, id)?;
    let since = since.or(key.distrusted_from).unwrap_or(0);
    let found = desk.read(|connection| acts::of_key(connection, &key.member, &key.key, since))?;
    output.list(&found, |act| {
        let state = act.outcome.state.as_deref().unwrap_or_default();
        let consent = if act.consent { " (consent)" } else { "" };
        format!(
            "{}  {}  {}{consent}  {} {state}",
            act.outcome.log_index, act.outcome.at, act.action, act.outcome.subject
        )
    });
    Ok(())
}

fn known<'a>(governance: &'a Governance, id: &KeyId) -> Result<&'a Key, CliError> {
    let found = governance.keys.get(id);
    found.ok_or_else(|| CliError::misused(format!("there is no signing key {id}: `admin key list` shows the keys")))
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
            Self::Distrust {
                key,
                from_index,
                reason,
                officers,
            } => {
                let decision = Decision::DistrustKey {
                    member: known(&desk.governance(), key)?.member.clone(),
                    key: *key,
                    from_index: *from_index,
                    reason: reason.clone(),
                };
                desk.decide(officers, decision, output)
            }
            Self::Acts { key, since } => acts(desk, key, *since, output),
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
                        distrusted_from: key.distrusted_from,
                    })
                    .collect();
                keys.sort_by(|a, b| (&a.member, a.first_index).cmp(&(&b.member, b.first_index)));
                output.list(&keys, ListedKey::line);
                Ok(())
            }
        }
    }
}
