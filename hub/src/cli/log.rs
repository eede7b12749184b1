//! `admin witness` and `admin log-key`.

use clap::Subcommand;
use serde::Serialize;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::signing::NoteKey;

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::ledger::command::Decision;
use crate::ledger::sequencer::system_clock;
use crate::store::checkpoints;
use crate::store::cosignatures;
use crate::transparency::{ensure_log_key, verifier_key};

/// Witnesses of the transparency log.
#[derive(Debug, Subcommand)]
pub(super) enum WitnessCommand {
    /// List the witnesses, how many have to cosign, and how far each has cosigned.
    #[command(after_help = "Example:\n  tanqiao-hub admin witness list --json")]
    List,
    /// Let a member's witness count, with the key that its node has proposed; two officers.
    #[command(after_help = "Example:
  tanqiao-hub admin witness admit wuhan \\
    --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password")]
    Admit {
        /// Whose.
        member: NodeId,
        #[command(flatten)]
        officers: Officers,
    },
    /// Let a member's witness count no more; two officers.
    #[command(after_help = "Example:
  tanqiao-hub admin witness remove wuhan --reason \"its machine is gone\" \\
    --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password")]
    Remove {
        /// Whose.
        member: NodeId,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
    /// Ask for more cosignatures than the usual 1 + 2n/3 of n witnesses; two officers.
    #[command(after_help = "Example:
  tanqiao-hub admin witness quorum 6 \\
    --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password")]
    Quorum {
        /// How many.
        quorum: usize,
        #[command(flatten)]
        officers: Officers,
    },
}

#[derive(Debug, Serialize)]
struct Witnesses {
    /// How many have to cosign.
    quorum: usize,
    /// The size of the newest checkpoint that has its quorum.
    witnessed_size: Option<u64>,
    witnesses: Vec<ListedWitness>,
}

#[derive(Debug, Serialize)]
struct ListedWitness {
    member: NodeId,
    /// The key that counts.
    admitted: Option<NoteKey>,
    /// A key that waits for officers.
    proposed: Option<NoteKey>,
    /// The largest tree that it has cosigned.
    cosigned_size: Option<u64>,
}

impl WitnessCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::List => list(desk, output),
            Self::Admit { member, officers } => {
                let proposed = desk
                    .governance()
                    .log
                    .witnesses
                    .get(member)
                    .and_then(|one| one.candidate.clone());
                let key = proposed.ok_or_else(|| {
                    CliError::failed(format!(
                        "`{member}` has proposed no key for its witness: its node does, once `[witness]` is enabled there"
                    ))
                })?;
                let member = member.clone();
                desk.decide(officers, Decision::AdmitWitness { member, key }, output)
            }
            Self::Remove {
                member,
                reason,
                officers,
            } => {
                let (member, reason) = (member.clone(), reason.clone());
                desk.decide(officers, Decision::RemoveWitness { member, reason }, output)
            }
            Self::Quorum { quorum, officers } => {
                desk.decide(officers, Decision::SetWitnessQuorum { quorum: *quorum }, output)
            }
        }
    }
}

fn list(desk: &Desk, output: &Output) -> Result<(), CliError> {
    let governance = desk.governance();
    let heads = desk.read(|connection| checkpoints::heads(connection, system_clock()()))?;
    let mut witnesses = Vec::new();
    for (member, standing) in &governance.log.witnesses {
        let highest = desk.read(|connection| cosignatures::highest(connection, member))?;
        witnesses.push(ListedWitness {
            member: member.clone(),
            admitted: standing.admitted.clone(),
            proposed: standing.candidate.clone(),
            cosigned_size: highest.map(|cosigned| cosigned.size),
        });
    }
    let all = Witnesses {
        quorum: governance.log.quorum(),
        witnessed_size: heads.published.map(|(head, _)| head.size),
        witnesses,
    };
    output.one(&all, words);
    Ok(())
}

fn words(all: &Witnesses) -> String {
    let sized = |size: Option<u64>| size.map_or_else(|| "nothing yet".to_owned(), |size| format!("{size} leaves"));
    let mut lines = vec![format!(
        "{} of {} witnesses have to cosign; published: {}",
        all.quorum,
        all.witnesses.iter().filter(|one| one.admitted.is_some()).count(),
        sized(all.witnessed_size)
    )];
    for one in &all.witnesses {
        let standing = match (&one.admitted, &one.proposed) {
            (Some(key), None) => format!("admitted  {key}"),
            (Some(key), Some(proposed)) => format!("admitted  {key}  proposes {proposed}"),
            (None, Some(proposed)) => format!("proposed  {proposed}"),
            (None, None) => "removed".to_owned(),
        };
        lines.push(format!(
            "{}  {standing}  has cosigned {}",
            one.member,
            sized(one.cosigned_size)
        ));
    }
    lines.join("\n")
}

/// Keys of the transparency log.
#[derive(Debug, Subcommand)]
pub(super) enum LogKeyCommand {
    /// List the keys that have signed the log.
    #[command(after_help = "Example:\n  tanqiao-hub admin log-key list")]
    List,
    /// Make the next key in the file that `log.next_key` names, and show its public part. Nothing is signed with it yet.
    #[command(after_help = "Example:\n  tanqiao-hub admin log-key propose")]
    Propose,
    /// Let the next key sign from now on, beside the one that signs now; two officers.
    #[command(after_help = "Example:
  tanqiao-hub admin log-key rotate \\
    --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password")]
    Rotate {
        #[command(flatten)]
        officers: Officers,
    },
    /// Let the older of the two keys sign no more, once every verifier has the new one; two officers.
    #[command(after_help = "Example:
  tanqiao-hub admin log-key retire-old \\
    --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password")]
    RetireOld {
        #[command(flatten)]
        officers: Officers,
    },
}

#[derive(Debug, Serialize)]
struct ListedKey {
    key: NoteKey,
    first_index: i64,
    last_index: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Proposed {
    key: NoteKey,
    file: std::path::PathBuf,
    made: bool,
}

impl LogKeyCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        let config = &desk.config;
        let next = || {
            config.log.next_key.as_deref().ok_or_else(|| {
                CliError::misused("`log.next_key` names no file: add it to the configuration of every hub process")
            })
        };
        let configured = verifier_key(config, &config.log.key).map_err(CliError::failed)?;
        let governance = desk.governance();
        let rules = &governance.log.rules;
        match self {
            Self::List => {
                let first = ListedKey {
                    key: configured,
                    first_index: 0,
                    last_index: None,
                };
                let stated = rules.keys.iter().map(|known| ListedKey {
                    key: known.key.clone(),
                    first_index: known.first_index,
                    last_index: known.last_index,
                });
                let mut keys: Vec<ListedKey> = stated.collect();
                if keys.is_empty() {
                    keys.push(first);
                }
                output.list(&keys, |one| {
                    let until = one
                        .last_index
                        .map_or_else(|| "now".to_owned(), |index| format!("leaf {index}"));
                    format!("{}  from leaf {} until {until}", one.key, one.first_index)
                });
                Ok(())
            }
            Self::Propose => {
                let file = next()?;
                let made = ensure_log_key(file).map_err(CliError::failed)?;
                let key = verifier_key(config, file).map_err(CliError::failed)?;
                if rules.ever(&configured).contains(&key) {
                    return Err(CliError::failed(format!(
                        "{} has signed the log already: move it to `log.key` first, or name another file in `log.next_key`",
                        file.display()
                    )));
                }
                let file = file.to_owned();
                output.one(&Proposed { key, file, made }, |one| {
                    format!(
                        "{}\nin {}: copy it to every hub process, then two officers let it sign: admin log-key rotate",
                        one.key,
                        one.file.display()
                    )
                });
                Ok(())
            }
            Self::Rotate { officers } => {
                let key = verifier_key(config, next()?).map_err(CliError::failed)?;
                let signing = rules.signing(&configured);
                let previous = signing.last().unwrap_or(&configured).clone();
                desk.decide(officers, Decision::RotateLogKey { previous, key }, output)
            }
            Self::RetireOld { officers } => {
                let mut current = rules.current();
                let key = match (current.next(), current.next()) {
                    (Some(old), Some(_)) => old.clone(),
                    _ => return Err(CliError::failed("the log is signed by one key only: nothing to retire")),
                };
                desk.decide(officers, Decision::RetireLogKey { key }, output)
            }
        }
    }
}
