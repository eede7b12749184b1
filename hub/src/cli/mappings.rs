//! `admin mapping`: proposals, comments, approval, refusal, the emergency stop.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::mapping::{MappingProposal, MappingState, RejectionGround};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::strict;

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::api::mappings::view;
use crate::ledger::command::Decision;
use crate::store::read::mappings as store;

/// A mapping version, and who decides about it.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Which.
    mapping: MappingRef,
    #[command(flatten)]
    officers: Officers,
}

/// A decision that says why.
#[derive(Debug, Args)]
pub(super) struct Reasoned {
    #[command(flatten)]
    named: Named,
    /// Why.
    #[arg(long)]
    reason: String,
}

/// A decision about a record that was read.
#[derive(Debug, Args)]
pub(super) struct HavingRead {
    #[command(flatten)]
    named: Named,
    /// The hash of the record that was read; `show` prints it.
    #[arg(long)]
    record: Sha256,
}

/// Mappings.
#[derive(Debug, Subcommand)]
pub(super) enum MappingCommand {
    /// Propose a mapping version from a JSON file; the hub computes its factor.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin mapping propose metro.json --officer li --officer-password-file li.password"
    )]
    Propose {
        /// The proposal, JSON (schema `MappingProposal`).
        file: PathBuf,
        #[command(flatten)]
        officers: Officers,
    },
    /// Endorse the record of a mapping for a reference methodology.
    #[command(after_help = "Example:
  tanqiao-hub admin mapping endorse metro-to-reference.v1 --record 4a6c… --officer li --officer-password-file li.password")]
    Endorse(HavingRead),
    /// Record a comment that an organisation made.
    #[command(after_help = "Example:
  tanqiao-hub admin mapping comment metro-wuhan-to-harbin.v1 --on-behalf-of 'Example Institute' --text 'The boundary …' \\
    --officer li --officer-password-file li.password")]
    Comment {
        #[command(flatten)]
        named: Named,
        /// For which organisation; never a person's name.
        #[arg(long)]
        on_behalf_of: String,
        /// The comment.
        #[arg(long)]
        text: String,
    },
    /// Approve a mapping version; with the second different officer it recognises.
    #[command(after_help = "Example:
  tanqiao-hub admin mapping approve metro-wuhan-to-harbin.v1 --record 4a6c… --officer li --officer-password-file li.password")]
    Approve(HavingRead),
    /// Refuse a mapping version on a ground of the closed list.
    #[command(after_help = "Example:
  tanqiao-hub admin mapping reject metro-wuhan-to-harbin.v1 --ground double-counting --reason 'Counted at the plug.' \\
    --officer li --officer-password-file li.password")]
    Reject {
        #[command(flatten)]
        reasoned: Reasoned,
        /// accuracy, reliability, veracity, double-counting or legal-bar.
        #[arg(long)]
        ground: RejectionGround,
    },
    /// Stop a mapping version at once.
    #[command(after_help = "Example:
  tanqiao-hub admin mapping suspend metro-wuhan-to-harbin.v1 --reason 'Under review.' --officer li --officer-password-file li.password")]
    Suspend(Reasoned),
    /// Agree that a suspended mapping version recognises again.
    #[command(after_help = "Example:
  tanqiao-hub admin mapping lift metro-wuhan-to-harbin.v1 --officer li --officer-password-file li.password")]
    Lift(Named),
    /// Take a mapping version back for good; two officers.
    #[command(after_help = "Example:
  tanqiao-hub admin mapping revoke metro-wuhan-to-harbin.v1 --reason 'Its text was withdrawn.' \\
    --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password")]
    Revoke(Reasoned),
    /// List the mapping versions.
    #[command(after_help = "Example:\n  tanqiao-hub admin mapping list --json")]
    List,
    /// Show a mapping version with its record, its explanation and the comments on it.
    #[command(after_help = "Example:\n  tanqiao-hub admin mapping show metro-wuhan-to-harbin.v1")]
    Show {
        /// Which.
        mapping: MappingRef,
    },
}

#[derive(Debug, Serialize)]
struct Listed {
    mapping: MappingRef,
    state: MappingState,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<MethodologyRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<RegionCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factor: Option<Factor>,
}

impl MappingCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        let (officers, decision) = match self {
            Self::List => {
                list(desk, output);
                return Ok(());
            }
            Self::Show { mapping } => return show(desk, mapping, output),
            Self::Propose { file, officers } => (officers, Decision::ProposeMapping(Box::new(proposal(file)?))),
            Self::Endorse(one) => {
                one.decide(|mapping, record_sha256| Decision::EndorseMapping { mapping, record_sha256 })
            }
            Self::Approve(one) => {
                one.decide(|mapping, record_sha256| Decision::ApproveMapping { mapping, record_sha256 })
            }
            Self::Suspend(one) => one.decide(|mapping, reason| Decision::SuspendMapping { mapping, reason }),
            Self::Revoke(one) => one.decide(|mapping, reason| Decision::RevokeMapping { mapping, reason }),
            Self::Reject { reasoned, ground } => reasoned.decide(|mapping, reason| Decision::RejectMapping {
                mapping,
                ground: *ground,
                reason,
            }),
            Self::Lift(named) => {
                let mapping = named.mapping.clone();
                (&named.officers, Decision::LiftMapping { mapping })
            }
            Self::Comment {
                named,
                on_behalf_of,
                text,
            } => {
                let (mapping, on_behalf_of, text) = (named.mapping.clone(), on_behalf_of.clone(), text.clone());
                let decision = Decision::CommentMapping {
                    mapping,
                    on_behalf_of,
                    text,
                };
                (&named.officers, decision)
            }
        };
        desk.decide(officers, decision, output)
    }
}

impl HavingRead {
    fn decide(&self, decision: impl FnOnce(MappingRef, Sha256) -> Decision) -> (&Officers, Decision) {
        (&self.named.officers, decision(self.named.mapping.clone(), self.record))
    }
}

impl Reasoned {
    fn decide(&self, decision: impl FnOnce(MappingRef, String) -> Decision) -> (&Officers, Decision) {
        let mapping = self.named.mapping.clone();
        (&self.named.officers, decision(mapping, self.reason.clone()))
    }
}

fn proposal(file: &Path) -> Result<MappingProposal, CliError> {
    let bytes =
        std::fs::read(file).map_err(|error| CliError::misused(format!("cannot read {}: {error}", file.display())))?;
    strict::from_slice(&bytes).map_err(|error| CliError::failed(format!("{}: {error}", file.display())))
}

fn list(desk: &Desk, output: &Output) {
    let governance = desk.governance();
    let found = governance.mapping_versions.iter().map(|(mapping, version)| {
        let view = view(mapping, version, Grams::ZERO);
        Listed {
            mapping: mapping.clone(),
            state: version.state,
            origin: view.proposal.as_ref().map(|one| one.origin.clone()),
            to: view.proposal.as_ref().map(|one| one.to),
            factor: view.record.map(|record| record.factor),
        }
    });
    output.list(&found.collect::<Vec<_>>(), |one| {
        let factor = one.factor.map_or_else(|| "no factor".to_owned(), |k| format!("at {k}"));
        let origin = one.origin.as_ref().map_or_else(String::new, ToString::to_string);
        let to = one.to.map_or_else(String::new, |to| to.to_string());
        format!("{}  {}  {origin} to {to} {factor}", one.mapping, one.state)
    });
}

fn show(desk: &Desk, mapping: &MappingRef, output: &Output) -> Result<(), CliError> {
    let governance = desk.governance();
    let version = governance
        .mapping_versions
        .get(mapping)
        .ok_or_else(|| CliError::failed(format!("there is no mapping version {mapping}")))?;
    let (explanation, comments) = desk.read(|connection| {
        Ok((
            store::explanation(connection, mapping)?,
            store::comments(connection, mapping)?,
        ))
    })?;
    let detail = tanqiao_protocol::view::MappingDetail {
        view: view(mapping, version, Grams::ZERO),
        explanation,
        comments,
    };
    output.one(&detail, |detail| {
        let mut lines = vec![format!("{mapping} is {}", detail.view.state)];
        if let Some(record) = &detail.view.record {
            lines.push(format!("factor {}, record {}", record.factor, record.sha256()));
        }
        if let Some(suspension) = &detail.view.suspension {
            lines.push(format!("suspended: {}", suspension.reason));
        }
        let explanation = detail.explanation.clone().map(serde_json::from_value);
        if let Some(Ok(explanation)) = explanation {
            let explanation: tanqiao_mappings::explanation::Explanation = explanation;
            lines.push(explanation.text(tanqiao_mappings::phrase::Language::En));
        }
        let said = |comment: &tanqiao_protocol::view::Comment| {
            let member = comment.member.as_ref().map(ToString::to_string);
            let by = member.or_else(|| comment.on_behalf_of.clone()).unwrap_or_default();
            format!("{by}: {}", comment.text)
        };
        lines.extend(detail.comments.iter().map(said));
        lines.join("\n")
    });
    Ok(())
}
