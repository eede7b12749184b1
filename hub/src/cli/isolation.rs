//! `admin member isolate`: a member is shut out at once, in one command.

use chrono::Utc;
use serde::Serialize;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::view::{MemberStatus, Outcome};

use super::desk::{Desk, Officers};
use super::output::{CliError, Output};
use crate::enrolment::certificates::revoke_all;
use crate::ledger::command::{Decision, Origin};

#[derive(Debug, Serialize)]
struct Isolated {
    member: NodeId,
    /// The suspension, with which its open transfers and donations were halted; absent if it was suspended already.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended: Option<Outcome>,
    /// Serial numbers of the certificates that were revoked now.
    revoked: Vec<String>,
}

/// Suspends a member, which halts what it has open, and revokes every certificate of it. Run again it does what is left.
pub(super) fn isolate(
    desk: &Desk,
    member: &NodeId,
    reason: &str,
    officers: &Officers,
    output: &Output,
) -> Result<(), CliError> {
    let accounts = desk.verify(officers)?;
    let standing = desk.governance().members.get(member).map(|found| found.status);
    let suspended = if standing == Some(MemberStatus::Suspended) {
        None
    } else {
        let decision = Decision::Suspend {
            member: member.clone(),
            reason: reason.to_owned(),
        };
        Some(desk.submit(Origin::Officers(accounts), decision)?)
    };
    let Some(authority) = &desk.config.authority.dir else {
        return Err(CliError::failed(format!(
            "`{member}` is suspended, but authority.dir is not configured: where its certificates were issued, revoke them \
             (`tanqiao-certs revoke`) and bring the new list to {}",
            desk.config.tls.crl.display()
        )));
    };
    let revoked = revoke_all(authority, &desk.config.tls.crl, member, Utc::now()).map_err(|error| {
        CliError::failed(format!(
            "`{member}` is suspended, but its certificates are not all revoked: {error}. Run the same command again"
        ))
    })?;
    let isolated = Isolated {
        member: member.clone(),
        suspended,
        revoked,
    };
    output.one(&isolated, |done| {
        let leaf = done.suspended.as_ref().map_or_else(
            || "was suspended before".to_owned(),
            |outcome| format!("is suspended, leaf {}", outcome.log_index),
        );
        format!(
            "member/{} {leaf}; {} certificates revoked: {}",
            done.member,
            done.revoked.len(),
            done.revoked.join(" ")
        )
    });
    Ok(())
}
