//! `admin claims` and `admin permission`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::permission::{LinkedPermission, PermissionView};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::view::{ClaimFlag, ClaimReport, ClaimsQuery};

use super::desk::{Desk, Officers};
use super::events::{LIST_MAX, read_json};
use super::output::{CliError, Output};
use crate::api::claims::report;
use crate::api::views;
use crate::ledger::command::Decision;
use crate::store::audit::snapshot;
use crate::store::read::claims::{Asked, permissions};
use crate::store::read::dealings::Window;

/// Which claims.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Of this claimant, in the claim or in its linked obligation.
    #[arg(long)]
    claimant: Option<String>,
    /// Of this event.
    #[arg(long)]
    event: Option<Name>,
    /// Made in this region or inside it.
    #[arg(long)]
    region: Option<RegionCode>,
    /// For this accounting year.
    #[arg(long)]
    year: Option<u16>,
}

/// Claims.
#[derive(Debug, Subcommand)]
pub(super) enum ClaimsCommand {
    /// Who claims what, with sums by use and what looks claimed twice.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin claims report --region 420000 --year 2026\n  tanqiao-hub admin claims report --event expo-2026 --json"
    )]
    Report(Which),
}

impl ClaimsCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        let Self::Report(which) = self;
        let asked = Asked {
            query: ClaimsQuery {
                claimant: which.claimant.clone(),
                event: which.event.clone(),
                region: which.region,
                year: which.year,
            },
            member: None,
        };
        // One view of the database: sums and flags are over the claims that are listed.
        let found = desk.read(|connection| snapshot(connection, |c| report(c, &asked, LIST_MAX)))?;
        output.one(&found, words);
        Ok(())
    }
}

fn words(report: &ClaimReport) -> String {
    let mut lines = Vec::new();
    for one in &report.claims {
        let claim = &one.claim;
        lines.push(format!(
            "{}  {}  {}  {}  {}  {}  {}",
            one.retirement, one.member, claim.year, claim.r#use, claim.place, one.quantity_g, claim.claimant
        ));
        if let Some(linked) = &claim.linked {
            lines.push(format!(
                "    also meets {}  {}  {}  {}, permitted by {}",
                linked.year, linked.r#use, linked.place, linked.claimant, linked.permission
            ));
        }
    }
    if report.more {
        lines.push(format!(
            "… and more: the first {} are listed; sums and flags are over all",
            report.claims.len()
        ));
    }
    for sum in &report.sums {
        let kind = if sum.linked {
            "linked, counted above too"
        } else {
            "claimed"
        };
        lines.push(format!(
            "{}  {}  {} in {} claims ({kind})",
            sum.year, sum.r#use, sum.quantity_g, sum.claims
        ));
    }
    lines.extend(report.permissions.iter().map(permission_line));
    lines.extend(report.flags.iter().map(flag_line));
    if report.flags.is_empty() {
        lines.push("nothing looks claimed twice".to_owned());
    }
    lines.join("\n")
}

fn flag_line(flag: &ClaimFlag) -> String {
    let about = match (flag.year, flag.r#use) {
        (Some(year), Some(r#use)) => format!(", {use} {year}"),
        _ => String::new(),
    };
    let limit = flag.limit_g.map_or_else(String::new, |limit| format!(", of {limit}"));
    format!(
        "LOOK AT {}: {}, {} claimed{about}{limit} ({})",
        flag.kind, flag.subject, flag.claimed_g, flag.count
    )
}

fn permission_line(one: &PermissionView) -> String {
    let content = &one.content;
    let event = content
        .event
        .as_ref()
        .map_or_else(String::new, |event| format!(" of {event}"));
    format!(
        "permission {}  {}  {}  {}{event} with {} of {}  used {}  reserved {}  of {}, until {}",
        one.permission,
        one.state,
        content.member,
        content.r#use,
        content.linked_use,
        content.claimant,
        one.used_g,
        one.reserved_g,
        content.quantity_g,
        content.until
    )
}

/// Permissions to link two obligations.
#[derive(Debug, Subcommand)]
pub(super) enum PermissionCommand {
    /// Permit that reductions used for one claim also meet an obligation that the law links to it; JSON.
    #[command(
        after_help = "Example:\n  tanqiao-hub admin permission grant judgment-12.json --officer li --officer-password-file li.password"
    )]
    Grant {
        /// What is permitted: an example is in docs/claims.md.
        file: PathBuf,
        #[command(flatten)]
        officers: Officers,
    },
    /// Take a permission back; what was claimed or reserved under it stands.
    Revoke {
        /// Which.
        permission: MessageId,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        officers: Officers,
    },
    /// List the permissions.
    List,
}

impl PermissionCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        match self {
            Self::Grant { file, officers } => {
                let content: LinkedPermission = read_json(file)?;
                desk.decide(officers, Decision::PermitLinkedObligation(Box::new(content)), output)
            }
            Self::Revoke {
                permission,
                reason,
                officers,
            } => desk.decide(
                officers,
                Decision::RevokeLinkedPermission {
                    permission: *permission,
                    reason: reason.clone(),
                },
                output,
            ),
            Self::List => {
                let window = Window {
                    after: None,
                    limit: LIST_MAX,
                };
                let found = desk.read(|connection| permissions(connection, None, window))?;
                let views: Vec<_> = found.into_iter().map(views::permission).collect();
                output.list(&views, permission_line);
                Ok(())
            }
        }
    }
}
