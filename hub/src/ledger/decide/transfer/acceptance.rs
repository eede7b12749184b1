//! A transfer is accepted: the terms must be those of the offer, and everything becomes final at once.

use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::message::TransferAcceptance;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::transfer::TransferState;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::Outcome;

use super::super::blocks::select_bound;
use super::super::recognise::{Arrival, cap_changes, commit};
use super::{check_state, end, find, outcome, subject, told};
use crate::ledger::command::{Command, Signed};
use crate::ledger::objects::Transfer;
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::Step;
use crate::ledger::working::Working;

/// The target's yes: discount cancelled, buffer set aside, the rest held by the target.
pub fn accept(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &TransferAcceptance,
) -> Decided<Outcome> {
    let mut transfer = find(working, content.transfer, &signed.member)?;
    ensure(transfer.target == signed.member, || {
        Refusal::new(CheckCode::N05, "Only the target may accept.").transfer(Some(transfer.id))
    })?;
    check_state(&transfer, &[TransferState::Offered])?;
    ensure(working.now < transfer.valid_until, || {
        Refusal::new(CheckCode::T04, "The offer has expired. Ask the source for a new one.")
            .transfer(Some(transfer.id))
            .expected(format!("before {}", transfer.valid_until), working.now)
    })?;
    check_terms(&transfer, content)?;
    let selection = select_bound(working, &transfer.content.blocks, transfer.id, BlockState::Reserved)?;
    let replacements = commit(
        working,
        &selection,
        &transfer.content.quote,
        transfer.id,
        Arrival::Held(&transfer.target),
    )?;
    let caps = cap_changes(&working.governance, &transfer.content.quote, transfer.cap_year, -1, 1);
    end(&mut transfer, TransferState::Committed, None, working);
    let notices = vec![
        told(&transfer, &transfer.source, "transfer.committed"),
        told(&transfer, &transfer.target, "transfer.committed"),
    ];
    let log_index = working.carry_out(Step {
        r#type: "transfer.committed",
        subject: subject(transfer.id),
        state: Some(TransferState::Committed.word()),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        replacements,
        caps,
        notices,
        ..Step::default()
    })?;
    let pair = (transfer.source.clone(), transfer.target.clone());
    if working.dealings.get(&pair)?.is_none() {
        working.dealings.put(pair, log_index);
    }
    let outcome = outcome(working, &transfer, log_index);
    working.transfers.put(transfer.id, transfer);
    Ok(outcome)
}

/// T09: the acceptance must name the offer's terms, each of them.
fn check_terms(transfer: &Transfer, content: &TransferAcceptance) -> Decided<()> {
    let quote = &transfer.content.quote;
    let offered = (
        transfer.payload_sha256,
        quote.delivered_g,
        quote.buffered_g,
        quote.cancelled_g,
        transfer.r#use,
    );
    let accepted = (
        content.payload_sha256,
        content.delivered_g,
        content.buffered_g,
        content.cancelled_g,
        content.r#use,
    );
    ensure(offered == accepted, || {
        let show = |t: (Sha256, Grams, Grams, Grams, Use)| {
            format!(
                "payload {} delivered {} g buffered {} g cancelled {} g use {}",
                t.0,
                t.1.get(),
                t.2.get(),
                t.3.get(),
                t.4
            )
        };
        Refusal::new(
            CheckCode::T09,
            "The acceptance names other terms than the offer: sign exactly what was offered, or decline.",
        )
        .transfer(Some(transfer.id))
        .expected(show(offered), show(accepted))
    })
}
