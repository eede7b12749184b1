//! `admin mapping`: proposals, comments, approval, refusal, the emergency stop.

use std::path::PathBuf;

use clap::Subcommand;
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
    Endorse {
        /// Which.
        mapping: MappingRef,
        /// The hash of the record that was read; `show` prints it.
        #[arg(long)]
        record: Sha256,
        #[command(flatten)]
        officers: Officers,
    },
    /// Record a comment that an organisation made.
    Comment {
        /// On which.
        mapping: MappingRef,
        /// For which organisation; never a person's name.
        #[arg(long)]
        on_behalf_of: String,
        /// The comment.
        #[arg(long)]
        text: String,
        #[command(flatten)]
        officers: Officers,
    },
    /// Approve a mapping version; with the second different officer it recognises.
    #[command(after_help = "Example:
  tanqiao-hub admin mapping approve metro-wuhan-to-harbin.v1 --record 4a6c… --officer li --officer-password-file li.password")]
    Approve {
        /// Which.
        mapping: MappingRef,
        /// The hash of the record that was read; `show` prints it.
        #[arg(long)]
        record: Sha256,
        #[command(flatten)]
        officers: Officers,
    },
    /// Refuse a mapping version on a ground of the closed list.
    Reject {
        /// Which.
        mapping: MappingRef,
        /// accuracy, reliability, veracity, double-counting or legal-bar.
        #[arg(long)]
        ground: RejectionGround,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
    /// Stop a mapping version at once.
    Suspend {
        /// Which.
        mapping: MappingRef,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
    /// Agree that a suspended mapping version recognises again.
    Lift {
        /// Which.
        mapping: MappingRef,
        #[command(flatten)]
        officers: Officers,
    },
    /// Take a mapping version back for good; two officers.
    Revoke {
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
    /// Show a mapping version with its record, its explanation and the comments on it.
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
            Self::Propose { file, officers } => {
                let bytes = std::fs::read(file)
                    .map_err(|error| CliError::misused(format!("cannot read {}: {error}", file.display())))?;
                let proposal: MappingProposal = strict::from_slice(&bytes)
                    .map_err(|error| CliError::failed(format!("{}: {error}", file.display())))?;
                (officers, Decision::ProposeMapping(Box::new(proposal)))
            }
            Self::Endorse {
                mapping,
                record,
                officers,
            } => (
                officers,
                Decision::EndorseMapping {
                    mapping: mapping.clone(),
                    record_sha256: *record,
                },
            ),
            Self::Comment {
                mapping,
                on_behalf_of,
                text,
                officers,
            } => (
                officers,
                Decision::CommentMapping {
                    mapping: mapping.clone(),
                    on_behalf_of: on_behalf_of.clone(),
                    text: text.clone(),
                },
            ),
            Self::Approve {
                mapping,
                record,
                officers,
            } => (
                officers,
                Decision::ApproveMapping {
                    mapping: mapping.clone(),
                    record_sha256: *record,
                },
            ),
            Self::Reject {
                mapping,
                ground,
                reason,
                officers,
            } => (
                officers,
                Decision::RejectMapping {
                    mapping: mapping.clone(),
                    ground: *ground,
                    reason: reason.clone(),
                },
            ),
            Self::Suspend {
                mapping,
                reason,
                officers,
            } => (
                officers,
                Decision::SuspendMapping {
                    mapping: mapping.clone(),
                    reason: reason.clone(),
                },
            ),
            Self::Lift { mapping, officers } => (
                officers,
                Decision::LiftMapping {
                    mapping: mapping.clone(),
                },
            ),
            Self::Revoke {
                mapping,
                reason,
                officers,
            } => (
                officers,
                Decision::RevokeMapping {
                    mapping: mapping.clone(),
                    reason: reason.clone(),
                },
            ),
        };
        desk.decide(officers, decision, output)
    }
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
