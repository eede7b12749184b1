//! Reconciliations: that one began, and what the member found. The comparing itself changes nothing.

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::reconciliation::{FINDINGS_MAX, Reconciliation, ReconciliationResult, ReconciliationState};
use tanqiao_protocol::view::{MemberStatus, Outcome};

use super::check_text;
use crate::ledger::command::{Command, Signed};
use crate::ledger::objects::{Reconciled, ReconciledContent};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

/// Begins one. The cut is taken after the commit.
pub fn start(working: &mut Working, command: &Command, signed: &Signed, content: &Reconciliation) -> Decided<Outcome> {
    ensure(content.cursor >= 0, || {
        Refusal::new(
            CheckCode::M02,
            "`cursor` is the number of the last feed entry that the node's book has, 0 before the first.",
        )
    })?;
    if let Some(repaired) = content.repaired {
        check_repaired(working, signed, repaired)?;
    }
    let subject = format!("reconciliation/{}", command.id);
    let state = Some(ReconciliationState::Started.word());
    let log_index = working.carry_out(Step {
        r#type: "reconciliation.started",
        subject: subject.clone(),
        state,
        data: begun(content),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        notices: vec![Notice {
            to: signed.member.clone(),
            r#type: "reconciliation.started",
            body: json!({ "reason": content.reason, "reconciliation": command.id }),
        }],
        ..Step::default()
    })?;
    working.reconciliations.put(
        command.id,
        Reconciled {
            id: command.id,
            member: signed.member.clone(),
            state: ReconciliationState::Started,
            started_at: working.now,
            ended_at: None,
            content: ReconciledContent {
                begun: content.clone(),
                result: None,
                examined: None,
                closed: None,
            },
            log_index,
        },
    );
    Ok(working.outcome(subject, state, log_index))
}

fn begun(content: &Reconciliation) -> serde_json::Value {
    let mut data = json!({ "chain": content.chain, "cursor": content.cursor, "reason": content.reason });
    if let (Some(repaired), Some(data)) = (content.repaired, data.as_object_mut()) {
        data.insert("repaired".to_owned(), json!(repaired));
    }
    data
}

/// A repair concerns findings of the member's own, and two people decided it.
fn check_repaired(working: &Working, signed: &Signed, repaired: MessageId) -> Decided<()> {
    let found = working.reconciliations.get(&repaired)?;
    let own = found.is_some_and(|one| one.member == signed.member && one.content.result.is_some());
    ensure(own, || {
        Refusal::new(
            CheckCode::M02,
            format!("`repaired` names no reconciliation of this member that has a result: {repaired}."),
        )
    })?;
    ensure(signed.staff().is_some_and(|staff| staff.four_eyes), || {
        Refusal::new(
            CheckCode::G01,
            "A repair is decided by one role and approved by another: send it with `staff` and `four_eyes` true.",
        )
    })
}

/// Takes the result. It stands in the log beside the member's signature; it changes no block.
pub fn end(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &ReconciliationResult,
) -> Decided<Outcome> {
    let id = content.reconciliation;
    let mut one = working
        .reconciliations
        .get(&id)?
        .filter(|one| one.member == signed.member)
        .cloned()
        .ok_or_else(|| {
            Refusal::new(
                CheckCode::M02,
                format!("There is no reconciliation {id} of this member."),
            )
        })?;
    ensure(one.state == ReconciliationState::Started, || {
        Refusal::new(CheckCode::G05, "This reconciliation has its result already.")
            .expected(ReconciliationState::Started, one.state)
    })?;
    let faults = content.counts.faults();
    ensure(faults.saturating_add(content.counts.in_flight) <= FINDINGS_MAX, || {
        Refusal::new(CheckCode::M02, format!("A result has at most {FINDINGS_MAX} findings."))
    })?;
    ensure(content.cut.log_size <= working.head.size, || {
        Refusal::new(CheckCode::M02, "The cut is beyond the end of the log.")
            .expected(working.head.size, content.cut.log_size)
    })?;
    let agreed = faults == 0;
    one.state = if agreed {
        ReconciliationState::Agreed
    } else {
        ReconciliationState::Different
    };
    one.ended_at = Some(working.now);
    one.content.result = Some(content.clone());
    let subject = format!("reconciliation/{id}");
    one.log_index = working.carry_out(Step {
        r#type: "reconciliation.completed",
        subject: subject.clone(),
        state: Some(one.state.word()),
        data: json!({
            "agreed": agreed, "counts": content.counts, "cut": content.cut, "findings_sha256": content.findings_sha256,
        }),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        notices: vec![Notice {
            to: signed.member.clone(),
            r#type: "reconciliation.completed",
            body: json!({ "agreed": agreed, "counts": content.counts, "reconciliation": id }),
        }],
        ..Step::default()
    })?;
    let outcome = working.outcome(subject, Some(one.state.word()), one.log_index);
    working.reconciliations.put(id, one);
    Ok(outcome)
}

/// Officers ask a member to reconcile; its node does so by itself.
pub fn request(
    working: &mut Working,
    officers: &[Name],
    id: MessageId,
    member: &NodeId,
    reason: &str,
) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let known = working.governance.members.get(member);
    ensure(
        known.is_some_and(|known| known.status == MemberStatus::Admitted),
        || Refusal::new(CheckCode::M02, format!("There is no admitted member {member}.")),
    )?;
    let subject = format!("reconciliation-request/{id}");
    let log_index = working.carry_out(Step {
        r#type: "reconciliation.requested",
        subject: subject.clone(),
        data: json!({ "member": member, "reason": reason }),
        officers: officers.to_vec(),
        notices: vec![Notice {
            to: member.clone(),
            r#type: "reconciliation.requested",
            body: json!({ "reason": reason }),
        }],
        ..Step::default()
    })?;
    Ok(working.outcome(subject, None, log_index))
}
