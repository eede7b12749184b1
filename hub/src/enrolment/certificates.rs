//! The certificates that members hold: which run out soon, and all of them revoked at once.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use tanqiao_certs::authority::{Record, Status};
use tanqiao_certs::certificate::expiry_alarm;
use tanqiao_certs::{Authority, AuthorityError, RevocationReason, Time, days_left};
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::view::MemberStatus;

use crate::ledger::objects::Governance;

/// A member whose last certificate runs out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunningOut {
    /// Whose.
    pub member: NodeId,
    /// Whole days that are left; negative once it has run out.
    pub days_left: i64,
    /// The alarm that applies: 30, 14, 7 or 1 day.
    pub alarm: i64,
    /// Its last second.
    pub not_after: Time,
}

/// When the certificate ends of each admitted member that has one of this authority: the one that ends last, of those that
/// are not revoked.
///
/// # Errors
/// An authority that cannot be read.
pub fn ends(authority: &Path, governance: &Governance) -> Result<BTreeMap<NodeId, Time>, AuthorityError> {
    let mut ends: BTreeMap<NodeId, Time> = BTreeMap::new();
    for record in Authority::open(authority)?.records()? {
        let Some(member) = member_of(&record).filter(|_| record.status == Status::Good) else {
            continue;
        };
        let admitted = governance
            .members
            .get(&member)
            .is_some_and(|found| found.status == MemberStatus::Admitted);
        if admitted {
            let end = ends.entry(member).or_insert(record.not_after);
            *end = record.not_after.max(*end);
        }
    }
    Ok(ends)
}

/// The members whose certificate ends within 30 days, or has ended; the most urgent first.
#[must_use]
pub fn running_out(ends: &BTreeMap<NodeId, Time>, now: Time) -> Vec<RunningOut> {
    let mut found: Vec<RunningOut> = ends
        .iter()
        .filter_map(|(member, not_after)| {
            Some(RunningOut {
                member: member.clone(),
                days_left: days_left(*not_after, now),
                alarm: expiry_alarm(*not_after, now)?,
                not_after: *not_after,
            })
        })
        .collect();
    found.sort_by_key(|one| one.not_after);
    found
}

/// Revokes every certificate of a member that is still valid, and writes the list that says so, also into `crl` where the
/// listeners read another file than the authority's. The serials that were revoked now.
///
/// # Errors
/// An authority that cannot be read or written. Run again it goes on.
pub fn revoke_all(authority: &Path, crl: &Path, member: &NodeId, now: Time) -> Result<Vec<String>, AuthorityError> {
    let authority = Authority::open(authority)?;
    let mut revoked = Vec::new();
    for record in authority.records()? {
        let valid = record.status == Status::Good && record.not_after >= now;
        if valid && member_of(&record).as_ref() == Some(member) {
            authority.revoke(&record.serial, RevocationReason::PrivilegeWithdrawn, now)?;
            revoked.push(record.serial.to_string());
        }
    }
    authority.crl(now)?;
    let same = |path: &Path| path.canonicalize().ok();
    if same(crl) != same(&authority.crl_path()) {
        let lists = tanqiao_certs::durable::read(&authority.crl_path())?;
        tanqiao_certs::durable::write_public(crl, &lists)?;
    }
    Ok(revoked)
}

fn member_of(record: &Record) -> Option<NodeId> {
    record.spiffe_id.as_ref()?.member()?.as_str().parse().ok()
}
