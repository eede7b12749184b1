//! Freezes: officers hold blocks back, return them, or cancel them. Freezing a reserved block halts its whole transfer first.

use std::collections::BTreeSet;

use serde_json::json;
use tanqiao_protocol::block::{Block, BlockState, BlockStatus};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::view::Outcome;

use super::blocks::{Selection, in_open_finding, move_all, select};
use super::check_text;
use super::membership::{halt_one, in_open_findings};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::Step;
use crate::ledger::working::Working;

fn refuse_final(selection: &Selection) -> Decided<()> {
    for part in &selection.parts {
        ensure(!part.block.status.state.is_final(), || {
            Refusal::new(
                CheckCode::B04,
                "These serials are in a final state: nothing changes them.",
            )
            .block(part.block.reference())
            .expected("held, reserved or pledged", part.block.status.state)
        })?;
        ensure(part.block.status.state != BlockState::Frozen, || {
            Refusal::new(CheckCode::B05, "These serials are frozen already.").block(part.block.reference())
        })?;
    }
    Ok(())
}

/// T08: a transfer with a block that the log contradicts is not halted.
fn refuse_in_finding(working: &Working, subject: MessageId) -> Decided<()> {
    match in_open_findings(working, subject)? {
        Some(reconciliation) => Err(in_open_finding(reconciliation).transfer(Some(subject)).into()),
        None => Ok(()),
    }
}

/// Holds blocks back. What is reserved is released first, with its whole transfer or donation.
pub fn freeze(
    working: &mut Working,
    officers: &[Name],
    id: MessageId,
    blocks: &[BlockRef],
    reason: &str,
) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let selection = select(working, blocks)?;
    refuse_final(&selection)?;
    let open: BTreeSet<MessageId> = selection
        .parts
        .iter()
        .filter(|p| p.block.status.state == BlockState::Reserved)
        .filter_map(|p| p.block.status.bound_to)
        .collect();
    for subject in &open {
        refuse_in_finding(working, *subject)?;
    }
    let named = blocks.first().map(ToString::to_string).unwrap_or_default();
    for subject in open {
        halt_one(working, officers, subject, &format!("{named} was frozen: {reason}"))?;
    }
    let selection = select(working, blocks)?;
    let replacements = move_all(&selection, |block| BlockStatus {
        bound_to: block.status.bound_to,
        holder: block.status.holder.clone(),
        state: BlockState::Frozen,
        state_before: Some(block.status.state),
    });
    finish(working, officers, id, "freeze.set", replacements, reason)
}

fn select_frozen(working: &Working, blocks: &[BlockRef]) -> Decided<Selection> {
    let selection = select(working, blocks)?;
    for part in &selection.parts {
        ensure(part.block.status.state == BlockState::Frozen, || {
            Refusal::new(CheckCode::T05, "These serials are not frozen.")
                .block(part.block.reference())
                .expected(BlockState::Frozen, part.block.status.state)
        })?;
    }
    Ok(selection)
}

fn thawed(block: &Block) -> BlockStatus {
    BlockStatus {
        state: block.status.state_before.unwrap_or(BlockState::Held),
        state_before: None,
        ..block.status.clone()
    }
}

/// Returns frozen blocks to the state that they had.
pub fn unfreeze(
    working: &mut Working,
    officers: &[Name],
    id: MessageId,
    blocks: &[BlockRef],
    reason: &str,
) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let replacements = move_all(&select_frozen(working, blocks)?, thawed);
    finish(working, officers, id, "freeze.lifted", replacements, reason)
}

/// Cancels frozen blocks for good. Two officers.
pub fn cancel(
    working: &mut Working,
    officers: &[Name],
    id: MessageId,
    blocks: &[BlockRef],
    reason: &str,
) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let replacements = move_all(&select_frozen(working, blocks)?, |block| {
        BlockStatus::bound(block.status.holder.clone(), BlockState::Cancelled, id)
    });
    finish(working, officers, id, "freeze.cancelled", replacements, reason)
}

fn finish(
    working: &mut Working,
    officers: &[Name],
    id: MessageId,
    r#type: &'static str,
    replacements: Vec<tanqiao_protocol::ledger::Replacement>,
    reason: &str,
) -> Decided<Outcome> {
    let subject = format!("freeze/{id}");
    let log_index = working.carry_out(Step {
        r#type,
        subject: subject.clone(),
        data: json!({ "reason": reason }),
        officers: officers.to_vec(),
        replacements,
        ..Step::default()
    })?;
    Ok(working.outcome(subject, None, log_index))
}

/// Stops an open transfer or donation.
pub fn halt(working: &mut Working, officers: &[Name], id: MessageId, reason: &str) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    refuse_in_finding(working, id)?;
    let log_index = working.next_index();
    let halted = halt_one(working, officers, id, reason)?;
    ensure(halted, || {
        Refusal::new(CheckCode::T05, "There is no open transfer or donation of this id.").transfer(Some(id))
    })?;
    Ok(working.outcome(format!("halt/{id}"), Some("halted"), log_index))
}
