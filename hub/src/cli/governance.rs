//! `admin policy` and `admin mapping`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::message::{Action, Message};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::signing::VerifyingKey;
use tanqiao_protocol::strict;
use tanqiao_protocol::view::{KeyStatus, MappingStatus};

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::ledger::command::Decision;
use crate::ledger::objects::Governance;

/// The policy.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Show it.
    Show,
    /// Change it; what is not named stays.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin policy set --second-approval-from-g 1000000000 --officer li --officer-password-file li.password"
    )]
    Set {
        /// Unscreened issuances may cross a border: only for demonstrations.
        #[arg(long)]
        demonstration: Option<bool>,
        /// How long the first dealing of two members waits, in seconds; 0 for no delay.
        #[arg(long)]
        first_dealing_delay_s: Option<u32>,
        /// From how many grams an officer has to approve a transfer; 0 for never.
        #[arg(long)]
        second_approval_from_g: Option<i64>,
        /// The smallest block that a split may leave, in grams.
        #[arg(long)]
        smallest_piece_g: Option<i64>,
        #[command(flatten)]
        officers: Officers,
    },
}

fn grams(number: i64) -> Result<Grams, CliError> {
    Grams::new(number).map_err(CliError::misused)
}

impl PolicyCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        let mut policy = desk.governance().policy.clone();
        match self {
            Self::Show => {
                output.one(&policy, |policy| {
                    let approval = policy.second_approval_from_g.map_or_else(|| "never".to_owned(), |from| format!("from {from}"));
                    format!(
                        "trust domain {}\ndemonstration {}\nfirst dealing delayed {} s\nsecond approval {approval}\nsmallest piece {}",
                        policy.trust_domain, policy.demonstration, policy.first_dealing_delay_s, policy.smallest_piece_g
                    )
                });
                Ok(())
            }
            Self::Set {
                demonstration,
                first_dealing_delay_s,
                second_approval_from_g,
                smallest_piece_g,
                officers,
            } => {
                policy.demonstration = demonstration.unwrap_or(policy.demonstration);
                policy.first_dealing_delay_s = first_dealing_delay_s.unwrap_or(policy.first_dealing_delay_s);
                if let Some(from) = second_approval_from_g {
                    policy.second_approval_from_g = Some(grams(*from)?).filter(|from| !from.is_zero());
                }
                if let Some(piece) = smallest_piece_g {
                    policy.smallest_piece_g = grams(*piece)?;
                }
                desk.decide(officers, Decision::SetPolicy(policy), output)
            }
        }
    }
}

/// Mappings.
#[derive(Debug, Subcommand)]
pub(super) enum MappingCommand {
    /// Let a mapping version recognise: the envelope that the origin's and the using region's member signed; two officers.
    #[command(after_help = "Example:
  tanqiao-hub admin mapping activate metro-wuhan-to-harbin.json --officer li --officer-password-file li.password \\
    --officer wang --officer-password-file wang.password")]
    Activate {
        /// The envelope, JSON.
        file: PathBuf,
        #[command(flatten)]
        officers: Officers,
    },
    /// Stop a mapping version.
    Suspend {
        /// Which.
        mapping: MappingRef,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
    /// List the mapping versions.
    List,
}

#[derive(Debug, Serialize)]
struct Listed {
    mapping: MappingRef,
    status: MappingStatus,
    origin: MethodologyRef,
    to: RegionCode,
    factor: Factor,
}

impl MappingCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::Activate { file, officers } => desk.decide(officers, activation(desk, file)?, output),
            Self::Suspend {
                mapping,
                reason,
                officers,
            } => desk.decide(
                officers,
                Decision::SuspendMapping {
                    mapping: mapping.clone(),
                    reason: reason.clone(),
                },
                output,
            ),
            Self::List => {
                let governance = desk.governance();
                let found = governance.mapping_versions.iter().map(|(mapping, version)| Listed {
                    mapping: mapping.clone(),
                    status: version.status,
                    origin: version.record.origin.clone(),
                    to: version.record.to,
                    factor: version.record.factor,
                });
                output.list(&found.collect::<Vec<_>>(), |one| {
                    format!(
                        "{}  {}  {} to {} at {}",
                        one.mapping, one.status, one.origin, one.to, one.factor
                    )
                });
                Ok(())
            }
        }
    }
}

/// Reads the signed record and finds out who signed it.
fn activation(desk: &Desk, file: &Path) -> Result<Decision, CliError> {
    let refuse = |what: String| CliError::failed(format!("{}: {what}", file.display()));
    let bytes =
        std::fs::read(file).map_err(|error| CliError::misused(format!("cannot read {}: {error}", file.display())))?;
    let envelope = Envelope::decode(&bytes).map_err(|refusal| refuse(refusal.to_string()))?;
    if Action::of_payload_type(envelope.payload_type()) != Some(Action::Mapping) {
        return Err(refuse(format!(
            "its payload type is not {}",
            Action::Mapping.payload_type()
        )));
    }
    let message: Message<MappingRecord> =
        strict::from_slice(envelope.payload()).map_err(|error| refuse(error.to_string()))?;
    if message.trust_domain != desk.config.trust_domain {
        return Err(refuse(format!(
            "it was signed for the federation `{}`",
            message.trust_domain
        )));
    }
    if message.not_after < crate::api::hub::now() {
        return Err(refuse(
            "it arrived after its own `not_after`: have it signed anew".to_owned(),
        ));
    }
    let signed_by = signers(&desk.governance(), &envelope);
    let envelope = envelope.to_json().map_err(|error| refuse(error.to_string()))?;
    let envelope = String::from_utf8(envelope).map_err(|error| refuse(error.to_string()))?;
    Ok(Decision::ActivateMapping {
        record: Box::new(message.content),
        envelope,
        signed_by,
    })
}

/// The members whose active keys have signed.
fn signers(governance: &Governance, envelope: &Envelope) -> Vec<NodeId> {
    let active: Vec<VerifyingKey> = governance
        .keys
        .values()
        .filter(|key| key.status == KeyStatus::Active)
        .map(|key| key.key.clone())
        .collect();
    let mut members: Vec<NodeId> = envelope
        .signers(&active)
        .iter()
        .filter_map(|id| governance.keys.get(id))
        .map(|key| key.member.clone())
        .collect();
    members.sort_unstable();
    members.dedup();
    members
}
