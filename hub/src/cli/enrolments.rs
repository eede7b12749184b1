//! `admin enrolment`.

use clap::Subcommand;
use serde::Serialize;
use tanqiao_certs::Span;
use tanqiao_certs::enrolment::CODE_VALIDITY_DAYS_DEFAULT;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::view::MemberKind;

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::enrolment::{self, ApprovalError, Approver, Enrolment, EnrolmentStatus, Invitation};
use crate::serve::new_id;

/// New members.
#[derive(Debug, Subcommand)]
pub(super) enum EnrolmentCommand {
    /// Invite a member: makes a one-time code. Hand it over on another channel; it is shown only now.
    #[command(after_help = "Example:
  tanqiao-hub admin enrolment code wuhan --region 420100 --kind region --name-zh 武汉碳普惠 --name-en \"Wuhan registry\" \\
    --officer li --officer-password-file li.password
  tanqiao-hub admin enrolment code notary --region 110000 --kind evaluator --host notary.example --name-zh 公证处 \\
    --name-en Notary --officer li --officer-password-file li.password")]
    Code {
        /// The member's id.
        member: NodeId,
        /// Its region.
        #[arg(long)]
        region: RegionCode,
        /// region, enterprise or evaluator.
        #[arg(long, default_value = "region")]
        kind: MemberKind,
        /// A DNS name or address at which an evaluator listens; may be repeated.
        #[arg(long)]
        host: Vec<String>,
        /// Chinese name.
        #[arg(long)]
        name_zh: String,
        /// English name.
        #[arg(long)]
        name_en: String,
        /// How long the code works.
        #[arg(long, default_value_t = CODE_VALIDITY_DAYS_DEFAULT)]
        valid_days: i64,
        #[command(flatten)]
        officers: Officers,
    },
    /// List the requests, newest first.
    List,
    /// Admit the member of a request and issue its certificate.
    #[command(
        after_help = "Examples:\n  tanqiao-hub admin enrolment approve 0193… --officer li --officer-password-file li.password\n  \
        tanqiao-hub admin enrolment approve 0193… --keys-lost \"the node's disk is gone\" \\\n    \
        --officer li --officer-password-file li.password --officer wang --officer-password-file wang.password"
    )]
    Approve {
        /// The request.
        id: String,
        /// It is a member that has lost its signing keys, and how: the new key counts in their place; two officers.
        #[arg(long, value_name = "REASON")]
        keys_lost: Option<String>,
        #[command(flatten)]
        officers: Officers,
    },
    /// Say no to a request.
    Refuse {
        /// The request.
        id: String,
        #[command(flatten)]
        officers: Officers,
    },
}

#[derive(Debug, Serialize)]
struct Invited {
    member: NodeId,
    code: String,
    valid_days: i64,
}

#[derive(Debug, Serialize)]
struct Listed {
    id: String,
    member: NodeId,
    status: EnrolmentStatus,
    region: RegionCode,
    requested_at: tanqiao_certs::Time,
}

fn listed(enrolment: Enrolment) -> Listed {
    Listed {
        id: enrolment.id,
        member: enrolment.member,
        status: enrolment.status,
        region: enrolment.content.invitation.region,
        requested_at: enrolment.content.requested_at,
    }
}

fn line(one: &Listed) -> String {
    format!("{}  {}  {}  {}", one.id, one.member, one.region, one.status)
}

impl EnrolmentCommand {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        let now = chrono::Utc::now();
        match self {
            Self::Code {
                member,
                region,
                kind,
                host,
                name_zh,
                name_en,
                valid_days,
                officers,
            } => {
                desk.verify(officers)?;
                if *kind == MemberKind::Hub || !(1..=90).contains(valid_days) {
                    return Err(CliError::misused(
                        "a code is for a region, an enterprise or an evaluator, and works 1 to 90 days",
                    ));
                }
                if (*kind == MemberKind::Evaluator) == host.is_empty() {
                    return Err(CliError::misused(
                        "an evaluator listens: name its hosts with --host; other members' certificates have none",
                    ));
                }
                let invitation = Invitation {
                    region: *region,
                    kind: *kind,
                    name_zh: name_zh.clone(),
                    name_en: name_en.clone(),
                    hosts: host.clone(),
                };
                let code = enrolment::invite(&desk.database, member, invitation, now, Span::days(*valid_days))
                    .map_err(CliError::failed)?;
                let invited = Invited {
                    member: member.clone(),
                    code: code.reveal().to_owned(),
                    valid_days: *valid_days,
                };
                output.one(&invited, |invited| {
                    format!(
                        "one-time code for {}, valid {} days: {}",
                        invited.member, invited.valid_days, invited.code
                    )
                });
                Ok(())
            }
            Self::List => {
                let found: Vec<Listed> = enrolment::list(&desk.database)?.into_iter().map(listed).collect();
                output.list(&found, line);
                Ok(())
            }
            Self::Approve {
                id,
                keys_lost,
                officers,
            } => {
                let approver = Approver {
                    keys_lost: keys_lost.clone(),
                    ..approver(desk, officers)?
                };
                let approved = approver.approve(id, new_id(), now).map_err(failed)?;
                output.one(&listed(approved), line);
                Ok(())
            }
            Self::Refuse { id, officers } => {
                let approver = approver(desk, officers)?;
                let refused = approver.refuse(id, now).map_err(failed)?;
                output.one(&listed(refused), line);
                Ok(())
            }
        }
    }
}

fn approver<'a>(desk: &'a Desk, officers: &Officers) -> Result<Approver<'a>, CliError> {
    let authority = desk.config.authority.dir.clone();
    let authority = authority.ok_or_else(|| {
        CliError::misused("authority.dir is not configured: certificates are issued on another machine")
    })?;
    Ok(Approver {
        database: &desk.database,
        sequencer: &desk.sequencer,
        authority,
        officers: desk.verify(officers)?,
        keys_lost: None,
    })
}

fn failed(error: ApprovalError) -> CliError {
    match error {
        ApprovalError::Refused(problem) => CliError::Refused(problem),
        other => CliError::failed(other),
    }
}
