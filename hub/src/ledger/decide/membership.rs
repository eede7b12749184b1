//! Who takes part.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::signing::VerifyingKey;
use tanqiao_protocol::transfer::{DonationState, TransferState};
use tanqiao_protocol::view::{KeyStatus, MemberKind, MemberStatus, Outcome};

use super::mapping::{Changed, recheck};
use super::transfer::By;
use super::{check_text, donation, transfer};
use crate::ledger::objects::{Governance, Key, Member};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

fn subject(member: &NodeId) -> String {
    format!("member/{member}")
}

/// Changes governance in the working set; the store writes it, and every process reloads it by its version.
pub(super) fn change_governance(working: &mut Working, change: impl FnOnce(&mut Governance)) {
    let governance = Arc::make_mut(&mut working.governance);
    change(governance);
    if !working.written.governance {
        working.written.governance = true;
        working.head.governance_version += 1;
    }
    governance.version = working.head.governance_version;
}

/// Admits a member with its first signing key. Repeating the same admission changes nothing; another key or region is refused.
pub fn admit(
    working: &mut Working,
    officers: &[Name],
    id: &NodeId,
    region: RegionCode,
    kind: MemberKind,
    (name_zh, name_en): (&str, &str),
    key: &VerifyingKey,
) -> Decided<Outcome> {
    check_text(name_zh, "name_zh", 200)?;
    check_text(name_en, "name_en", 200)?;
    ensure(!working.governance.members.contains_key(id), || {
        Refusal::new(
            CheckCode::M02,
            format!("`{id}` is a member already. Reinstate it, or approve another key for it."),
        )
    })?;
    ensure(kind != MemberKind::Hub, || {
        Refusal::new(CheckCode::G02, "The hub's own member is made when the ledger is.")
    })?;
    let key_id = key.id();
    ensure(!working.governance.keys.contains_key(&key_id), || {
        Refusal::new(CheckCode::M02, "This signing key belongs to a member already.")
    })?;
    let log_index = working.carry_out(Step {
        r#type: "member.admitted",
        subject: subject(id),
        data: json!({ "region": region, "kind": kind, "name_zh": name_zh, "name_en": name_en, "key": key }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        let member = Member {
            region,
            kind,
            status: MemberStatus::Admitted,
            name_zh: name_zh.to_owned(),
            name_en: name_en.to_owned(),
        };
        governance.members.insert(id.clone(), member);
        let key = Key {
            member: id.clone(),
            key: key.clone(),
            status: KeyStatus::Active,
            first_index: Some(log_index),
            last_index: None,
            distrusted_from: None,
        };
        governance.keys.insert(key_id, key);
    });
    if kind.has_feed() {
        working.feeds.load(id.clone(), None);
    }
    Ok(working.outcome(subject(id), Some(MemberStatus::Admitted.word()), log_index))
}

/// A member that officers may change.
pub(super) fn find(working: &Working, id: &NodeId) -> Decided<Member> {
    let member = working.governance.members.get(id).filter(|m| m.kind != MemberKind::Hub);
    member.cloned().ok_or_else(|| {
        Refusal::new(
            CheckCode::N03,
            format!("`{id}` is not a member that officers can change."),
        )
        .into()
    })
}

fn set_status(
    working: &mut Working,
    officers: &[Name],
    id: &NodeId,
    status: MemberStatus,
    reason: &str,
) -> Decided<i64> {
    let member = find(working, id)?;
    let r#type = if status == MemberStatus::Suspended {
        "member.suspended"
    } else {
        "member.reinstated"
    };
    let notices = if member.kind.has_feed() {
        vec![Notice {
            to: id.clone(),
            r#type,
            body: json!({ "reason": reason }),
        }]
    } else {
        Vec::new()
    };
    let log_index = working.carry_out(Step {
        r#type,
        subject: subject(id),
        data: json!({ "reason": reason }),
        officers: officers.to_vec(),
        notices,
        ..Step::default()
    })?;
    change_governance(working, |governance| {
        if let Some(member) = governance.members.get_mut(id) {
            member.status = status;
        }
    });
    Ok(log_index)
}

/// Accepts nothing more from a member. Its open transfers and donations, as source or target, are halted at once.
pub fn suspend(working: &mut Working, officers: &[Name], id: &NodeId, reason: &str) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let open = open_of(working, id)?;
    let log_index = set_status(working, officers, id, MemberStatus::Suspended, reason)?;
    let why = format!("`{id}` was suspended");
    for subject in open {
        halt_one(working, officers, subject, &why)?;
    }
    Ok(working.outcome(subject(id), Some(MemberStatus::Suspended.word()), log_index))
}

/// The open transfers and donations of a member: those in the store and those that this batch opened before.
fn open_of(working: &Working, id: &NodeId) -> Decided<BTreeSet<MessageId>> {
    let mut open: BTreeSet<MessageId> = working.open_of.get(id)?.into_iter().flatten().copied().collect();
    let transfers = working
        .transfers
        .changed()
        .filter(|(_, t)| t.state.is_open() && (t.source == *id || t.target == *id));
    open.extend(transfers.map(|(id, _)| *id));
    open.extend(
        working
            .donations
            .changed()
            .filter(|(_, d)| !d.state.is_final() && d.donor == *id)
            .map(|(id, _)| *id),
    );
    Ok(open)
}

/// The reconciliation in whose open findings a block of a transfer or donation is, if one is: it stays as it is.
pub(super) fn in_open_findings(working: &Working, id: MessageId) -> Decided<Option<MessageId>> {
    if working.governance.contradictions.is_empty() {
        return Ok(None);
    }
    let transfer = working.transfers.get(&id)?.map(|one| &one.content.blocks);
    let blocks = match transfer {
        Some(blocks) => Some(blocks),
        None => working.donations.get(&id)?.map(|one| &one.content.blocks),
    };
    let contradicted = |block: &BlockRef| working.governance.contradicted(&block.series, block.range);
    Ok(blocks.into_iter().flatten().find_map(contradicted))
}

/// Halts an open transfer or donation; one that has ended meanwhile stays as it is, and so does one that is in an open finding. False
/// if there was nothing to halt.
pub(super) fn halt_one(working: &mut Working, officers: &[Name], id: MessageId, why: &str) -> Decided<bool> {
    if in_open_findings(working, id)?.is_some() {
        return Ok(false);
    }
    let by = || By {
        officers: officers.to_vec(),
        ..By::default()
    };
    if let Some(open) = working.transfers.get(&id)?.filter(|t| t.state.is_open()).cloned() {
        transfer::release(working, open, TransferState::Halted, why, by())?;
        return Ok(true);
    }
    if let Some(open) = working.donations.get(&id)?.filter(|d| !d.state.is_final()).cloned() {
        donation::release(working, open, DonationState::Halted, why, by())?;
        return Ok(true);
    }
    Ok(false)
}

/// Accepts again.
pub fn reinstate(working: &mut Working, officers: &[Name], id: &NodeId) -> Decided<Outcome> {
    let log_index = set_status(working, officers, id, MemberStatus::Admitted, "reinstated")?;
    recheck(working, &Changed::Registry(id.clone()))?;
    Ok(working.outcome(subject(id), Some(MemberStatus::Admitted.word()), log_index))
}
