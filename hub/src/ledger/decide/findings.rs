//! Findings of reconciliations: what the log says of their serials, and their end. Nothing here changes a block.

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::reconciliation::{Closing, Examination, ReconciliationState};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::view::Outcome;

use super::check_text;
use super::membership::change_governance;
use crate::ledger::objects::{Contradicted, Reconciled};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

/// The most runs of serials that one examination stops. A hub with more should be stopped as a whole.
pub const CONTRADICTED_MAX: usize = 10_000;
/// Runs of serials that one leaf names: with the longest names a run takes 200 bytes, and a leaf has 65,535.
const NAMED_AT_ONCE: usize = 300;

fn subject(id: MessageId) -> String {
    format!("reconciliation/{id}")
}

fn open_findings(working: &Working, id: MessageId) -> Decided<Reconciled> {
    let one = working.reconciliations.get(&id)?.cloned();
    let one = one.ok_or_else(|| Refusal::new(CheckCode::M02, format!("There is no reconciliation {id}.")))?;
    ensure(one.state == ReconciliationState::Different, || {
        Refusal::new(CheckCode::G05, "This reconciliation has no open findings.")
            .expected(ReconciliationState::Different, one.state)
    })?;
    Ok(one)
}

fn told(one: &Reconciled, r#type: &'static str, body: serde_json::Value) -> Vec<Notice> {
    vec![Notice {
        to: one.member.clone(),
        r#type,
        body,
    }]
}

fn sorted(blocks: &[BlockRef]) -> Vec<BlockRef> {
    let mut sorted = blocks.to_vec();
    sorted.sort_unstable();
    sorted
}

/// Records what the log says of the findings' serials. Those of which the ledger says otherwise are left as they are from here on.
pub fn examined(
    working: &mut Working,
    id: MessageId,
    examination: Examination,
    blocks: &[BlockRef],
) -> Decided<Outcome> {
    let mut one = open_findings(working, id)?;
    ensure(one.content.examined.is_none(), || {
        Refusal::new(CheckCode::G05, "The log was asked about these findings already.")
    })?;
    ensure(blocks.len() <= CONTRADICTED_MAX, || {
        Refusal::new(CheckCode::M02, "More runs of serials than one examination stops.")
            .expected(CONTRADICTED_MAX, blocks.len())
    })?;
    let body = json!({
        "contradicted": examination.contradicted, "findings": examination.findings, "reconciliation": id,
    });
    one.log_index = working.carry_out(Step {
        r#type: "reconciliation.examined",
        subject: subject(id),
        data: json!(examination),
        notices: told(&one, "reconciliation.examined", body),
        ..Step::default()
    })?;
    for named in blocks.chunks(NAMED_AT_ONCE) {
        working.carry_out(Step {
            r#type: "reconciliation.contradicted",
            subject: subject(id),
            data: json!({ "blocks": named }),
            ..Step::default()
        })?;
    }
    if !blocks.is_empty() {
        let found = Contradicted {
            member: one.member.clone(),
            blocks: sorted(blocks),
            open: true,
        };
        change_governance(working, |governance| {
            governance.contradictions.insert(id, found);
        });
    }
    one.content.examined = Some(examination);
    let outcome = working.outcome(subject(id), Some(one.state.word()), one.log_index);
    working.reconciliations.put(id, one);
    Ok(outcome)
}

/// Ends findings: their serials may be moved again. Refused where the log was asked about them after the officers looked.
pub fn close(
    working: &mut Working,
    officers: &[Name],
    id: MessageId,
    reason: &str,
    asked: Option<i64>,
) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let mut one = open_findings(working, id)?;
    let known = one.content.examined.map(|examined| examined.log_size);
    ensure(known == asked, || {
        let told =
            |size: Option<i64>| size.map_or_else(|| "not asked".to_owned(), |size| format!("asked at {size} leaves"));
        Refusal::new(
            CheckCode::G05,
            "The log was asked about these findings meanwhile: look at them again.",
        )
        .expected(told(known), told(asked))
    })?;
    one.state = ReconciliationState::Closed;
    one.content.closed = Some(Closing {
        at: working.now,
        reason: reason.to_owned(),
    });
    let body = json!({ "reason": reason, "reconciliation": id });
    one.log_index = working.carry_out(Step {
        r#type: "reconciliation.closed",
        subject: subject(id),
        state: Some(one.state.word()),
        data: json!({ "reason": reason }),
        officers: officers.to_vec(),
        notices: told(&one, "reconciliation.closed", body),
        ..Step::default()
    })?;
    if working.governance.contradictions.contains_key(&id) {
        change_governance(working, |governance| {
            if let Some(found) = governance.contradictions.get_mut(&id) {
                found.open = false;
            }
        });
    }
    let outcome = working.outcome(subject(id), Some(one.state.word()), one.log_index);
    working.reconciliations.put(id, one);
    Ok(outcome)
}
