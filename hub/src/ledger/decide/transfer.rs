//! Transfers between members, in two phases.

use serde_json::json;
use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::message::{TransferDecline, TransferWithdrawal};
use tanqiao_protocol::transfer::TransferState;
use tanqiao_protocol::view::{Offer, Outcome};

use super::blocks::{move_all, select_bound};
use super::check_text;
use super::recognise::cap_changes;
use crate::ledger::command::{Command, Signed};
use crate::ledger::objects::Transfer;
use crate::ledger::refusal::{Decided, Refusal, Rejection, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

mod acceptance;
mod proposal;

pub use acceptance::accept;
use proposal::{Route, route};
pub use proposal::{check_validity, propose};

/// Subject of leaves and feeds.
fn subject(id: MessageId) -> String {
    format!("transfer/{id}")
}

/// What only the offer needs is kept until it is made, and no longer: the feed has it then.
fn drop_offered(transfer: &mut Transfer) {
    if !matches!(transfer.state, TransferState::Delayed | TransferState::AwaitingApproval) {
        transfer.content.payload = None;
        transfer.content.evidence = None;
    }
}

/// The type of a transfer's entry in a state; the source of a direct offer is told of its reservation.
const fn feed_type(state: TransferState, at_reservation: bool) -> &'static str {
    match state {
        TransferState::Delayed => "transfer.delayed",
        TransferState::AwaitingApproval => "transfer.awaiting-approval",
        TransferState::Offered if at_reservation => "transfer.reserved",
        TransferState::Offered => "transfer.offered",
        TransferState::Committed => "transfer.committed",
        TransferState::Declined => "transfer.declined",
        TransferState::Withdrawn => "transfer.withdrawn",
        TransferState::Expired => "transfer.expired",
        TransferState::Halted => "transfer.halted",
        _ => "transfer.reserved",
    }
}

fn told(transfer: &Transfer, to: &NodeId, r#type: &'static str) -> Notice {
    let body = json!({
        "source": transfer.source, "target": transfer.target, "state": transfer.state, "use": transfer.r#use,
        "given_g": transfer.content.quote.given_g, "delivered_g": transfer.content.quote.delivered_g,
        "buffered_g": transfer.content.quote.buffered_g, "cancelled_g": transfer.content.quote.cancelled_g,
        "reason": transfer.reason.as_deref().unwrap_or_default(),
    });
    Notice {
        to: to.clone(),
        r#type,
        body,
    }
}

/// The offer to the target, with everything that its own checks and its signature need.
fn offer(transfer: &Transfer) -> Decided<Notice> {
    let fault = |what: &str| Rejection::Broken(format!("{what} of {}", transfer.id));
    let offer = Offer {
        source: transfer.source.clone(),
        r#use: transfer.r#use,
        blocks: transfer.content.blocks.clone(),
        quote: transfer.content.quote.clone(),
        valid_until: transfer.valid_until,
        price: transfer.content.price.clone(),
        payload: transfer.content.payload.clone().ok_or_else(|| fault("payload"))?,
        payload_sha256: transfer.payload_sha256,
        evidence: transfer.content.evidence.clone().ok_or_else(|| fault("evidence"))?,
    };
    let body = serde_json::to_value(&offer).map_err(Rejection::broken)?;
    Ok(Notice {
        to: transfer.target.clone(),
        r#type: "transfer.offered",
        body,
    })
}

/// The transfer that a command names, which `member` may see.
fn find(working: &Working, id: MessageId, member: &NodeId) -> Decided<Transfer> {
    let transfer = working
        .transfers
        .get(&id)?
        .filter(|t| t.source == *member || t.target == *member);
    transfer.cloned().ok_or_else(|| {
        Refusal::new(
            CheckCode::T05,
            "There is no such transfer of yours. A proposal that was refused opened none.",
        )
        .transfer(Some(id))
        .into()
    })
}

/// T05: the transfer must be in one of these states.
fn check_state(transfer: &Transfer, states: &[TransferState]) -> Decided<()> {
    ensure(states.contains(&transfer.state), || {
        let words: Vec<&str> = states.iter().map(|s| s.word()).collect();
        Refusal::new(CheckCode::T05, format!("The transfer is `{}`.", transfer.state))
            .transfer(Some(transfer.id))
            .expected(words.join(" or "), transfer.state)
    })
}

fn end(transfer: &mut Transfer, state: TransferState, reason: Option<String>, working: &Working) {
    transfer.state = state;
    transfer.reason = reason;
    transfer.ended_at = Some(working.now);
    transfer.end_log_index = Some(working.next_index());
    drop_offered(transfer);
}

/// The target's no.
pub fn decline(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &TransferDecline,
) -> Decided<Outcome> {
    check_text(&content.reason, "reason", 500)?;
    let transfer = find(working, content.transfer, &signed.member)?;
    ensure(transfer.target == signed.member, || {
        Refusal::new(CheckCode::N05, "Only the target may decline.").transfer(Some(transfer.id))
    })?;
    check_state(&transfer, &[TransferState::Offered])?;
    let by = By {
        member: Some(signed.member.clone()),
        officers: Vec::new(),
        payload: Some(command.payload_sha256),
    };
    release(working, transfer, TransferState::Declined, &content.reason, by)
}

/// The source takes its offer back.
pub fn withdraw(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &TransferWithdrawal,
) -> Decided<Outcome> {
    check_text(&content.reason, "reason", 500)?;
    let transfer = find(working, content.transfer, &signed.member)?;
    ensure(transfer.source == signed.member, || {
        Refusal::new(CheckCode::N05, "Only the source may withdraw.").transfer(Some(transfer.id))
    })?;
    check_state(
        &transfer,
        &[
            TransferState::Delayed,
            TransferState::AwaitingApproval,
            TransferState::Offered,
        ],
    )?;
    let by = By {
        member: Some(signed.member.clone()),
        officers: Vec::new(),
        payload: Some(command.payload_sha256),
    };
    release(working, transfer, TransferState::Withdrawn, &content.reason, by)
}

/// Who ends a transfer or donation.
#[derive(Debug, Clone, Default)]
pub struct By {
    /// A member.
    pub member: Option<NodeId>,
    /// Officers.
    pub officers: Vec<Name>,
    /// The signed payload.
    pub payload: Option<tanqiao_protocol::id::Sha256>,
}

/// Ends an open transfer without effect: blocks and caps are given back, both sides are told.
pub fn release(
    working: &mut Working,
    mut transfer: Transfer,
    state: TransferState,
    reason: &str,
    by: By,
) -> Decided<Outcome> {
    let selection = select_bound(working, &transfer.content.blocks, transfer.id, BlockState::Reserved)?;
    let replacements = move_all(&selection, |block| BlockStatus::held_by(block.status.holder.clone()));
    let caps = cap_changes(&working.governance, &transfer.content.quote, transfer.cap_year, -1, 0);
    let was_offered = transfer.state == TransferState::Offered;
    end(&mut transfer, state, Some(reason.to_owned()), working);
    let mut notices = vec![told(&transfer, &transfer.source, feed_type(state, false))];
    if was_offered {
        notices.push(told(&transfer, &transfer.target, feed_type(state, false)));
    }
    let log_index = working.carry_out(Step {
        r#type: feed_type(state, false),
        subject: subject(transfer.id),
        state: Some(state.word()),
        data: json!({ "reason": reason }),
        member: by.member,
        officers: by.officers,
        payload_sha256: by.payload,
        replacements,
        caps,
        notices,
        ..Step::default()
    })?;
    let outcome = outcome(working, &transfer, log_index);
    working.transfers.put(transfer.id, transfer);
    Ok(outcome)
}

/// A delay ended, or an officer approved: the next route, with no block changing.
pub fn go_on(working: &mut Working, mut transfer: Transfer, officers: &[Name], approved: bool) -> Decided<Outcome> {
    let next = if approved {
        Route {
            state: TransferState::Offered,
            reason: None,
            delayed_until: None,
        }
    } else {
        route(
            working,
            &transfer.source,
            &transfer.target,
            transfer.content.quote.given_g,
            true,
        )?
    };
    transfer.state = next.state;
    transfer.reason = next.reason;
    transfer.delayed_until = None;
    let mut notices = vec![told(&transfer, &transfer.source, feed_type(transfer.state, false))];
    if transfer.state == TransferState::Offered {
        notices.push(offer(&transfer)?);
    }
    let log_index = working.carry_out(Step {
        r#type: feed_type(transfer.state, false),
        subject: subject(transfer.id),
        state: Some(transfer.state.word()),
        officers: officers.to_vec(),
        notices,
        ..Step::default()
    })?;
    let outcome = outcome(working, &transfer, log_index);
    drop_offered(&mut transfer);
    working.transfers.put(transfer.id, transfer);
    Ok(outcome)
}

/// An officer's approval of a transfer that waits for one.
pub fn approve(working: &mut Working, officers: &[Name], id: MessageId) -> Decided<Outcome> {
    let transfer = working
        .transfers
        .get(&id)?
        .cloned()
        .ok_or_else(|| Refusal::new(CheckCode::T05, "There is no such transfer.").transfer(Some(id)))?;
    check_state(&transfer, &[TransferState::AwaitingApproval])?;
    ensure(working.now < transfer.valid_until, || {
        Refusal::new(CheckCode::T04, "The offer has expired.").transfer(Some(id))
    })?;
    go_on(working, transfer, officers, true)
}

fn outcome(working: &Working, transfer: &Transfer, log_index: i64) -> Outcome {
    let quote = &transfer.content.quote;
    Outcome {
        delivered_g: Some(quote.delivered_g),
        buffered_g: Some(quote.buffered_g),
        cancelled_g: Some(quote.cancelled_g),
        ..working.outcome(subject(transfer.id), Some(transfer.state.word()), log_index)
    }
}
