//! Pledges: blocks as collateral. Nothing leaves a pledge without the pledgee's signature.

use serde_json::json;
use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::message::{Pledge as PledgeMessage, PledgeDecision, PledgeForeclosure, PledgeRelease};
use tanqiao_protocol::transfer::PledgeState;
use tanqiao_protocol::r#use::Uses;
use tanqiao_protocol::view::{KeyStatus, MemberKind, MemberStatus, Outcome};

use super::blocks::{Piece, Selection, cut, move_all, select, select_held};
use super::loss::check_debts;
use super::region_of;
use crate::ledger::command::{Command, Consent, Signed};
use crate::ledger::objects::{Pledge, PledgeContent};
use crate::ledger::refusal::{Decided, Refusal, Rejection, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

fn subject(id: MessageId) -> String {
    format!("pledge/{id}")
}

/// A party without a node has no feed.
fn has_feed(working: &Working, member: &NodeId) -> bool {
    working
        .governance
        .members
        .get(member)
        .is_some_and(|m| m.kind.has_feed())
}

fn notices(working: &Working, pledge: &Pledge, r#type: &'static str) -> Vec<Notice> {
    let body = json!({
        "debtor": pledge.debtor, "pledgee": pledge.pledgee, "state": pledge.state, "reference": pledge.content.reference,
        "term": pledge.content.term, "foreclosure_requested": i64::from(pledge.foreclosure_requested),
    });
    [&pledge.debtor, &pledge.pledgee]
        .into_iter()
        .filter(|member| has_feed(working, member))
        .map(|member| Notice {
            to: member.clone(),
            r#type,
            body: body.clone(),
        })
        .collect()
}

/// Gives blocks as collateral.
pub fn pledge(working: &mut Working, command: &Command, signed: &Signed, content: &PledgeMessage) -> Decided<Outcome> {
    check_debts(working, &signed.member)?;
    let selection = select_held(working, &signed.member, &content.blocks)?;
    let pledgee = working.governance.members.get(&content.pledgee);
    ensure(
        content.pledgee != signed.member
            && pledgee.is_some_and(|m| m.status == MemberStatus::Admitted && m.kind != MemberKind::Hub),
        || {
            Refusal::new(
                CheckCode::T02,
                "The pledgee must be another admitted member, or a party that officers have enrolled with a signing key.",
            )
        },
    )?;
    ensure(content.term > working.now, || {
        Refusal::new(CheckCode::M02, "`term` must lie in the future.")
    })?;
    let id = command.id;
    let mut pledge = Pledge {
        id,
        debtor: signed.member.clone(),
        pledgee: content.pledgee.clone(),
        state: PledgeState::Active,
        foreclosure_requested: false,
        content: PledgeContent {
            blocks: content.blocks.clone(),
            reference: content.reference.clone(),
            term: content.term,
        },
        log_index: 0,
    };
    let replacements = move_all(&selection, |block| {
        BlockStatus::bound(block.status.holder.clone(), BlockState::Pledged, id)
    });
    pledge.log_index = working.carry_out(Step {
        r#type: "pledge.created",
        subject: subject(id),
        state: Some(PledgeState::Active.word()),
        data: json!({ "pledgee": pledge.pledgee, "reference": pledge.content.reference, "term": pledge.content.term }),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        replacements,
        notices: notices(working, &pledge, "pledge.created"),
        ..Step::default()
    })?;
    let outcome = working.outcome(subject(id), Some(PledgeState::Active.word()), pledge.log_index);
    working.pledges.put(id, pledge);
    Ok(outcome)
}

fn find_active(working: &Working, id: MessageId) -> Decided<Pledge> {
    let pledge = working
        .pledges
        .get(&id)?
        .cloned()
        .ok_or_else(|| Refusal::new(CheckCode::T05, "There is no such pledge.").transfer(Some(id)))?;
    ensure(pledge.state == PledgeState::Active, || {
        Refusal::new(CheckCode::T05, format!("The pledge is `{}`.", pledge.state))
            .transfer(Some(id))
            .expected(PledgeState::Active, pledge.state)
    })?;
    Ok(pledge)
}

/// B11: the pledgee's own word, by a key that is active now.
fn check_consent(
    working: &Working,
    pledge: &Pledge,
    consent: Option<&Consent>,
    decision: PledgeDecision,
) -> Decided<()> {
    let good = consent.is_some_and(|consent| {
        let key = working.governance.keys.get(&consent.key);
        consent.by == pledge.pledgee
            && key.is_some_and(|k| k.member == pledge.pledgee && k.status == KeyStatus::Active)
            && consent.content.pledge == pledge.id
            && consent.content.decision == decision
    });
    ensure(good, || {
        Refusal::new(
            CheckCode::B11,
            format!("`consent` must be the pledgee's own envelope that agrees to `{decision}` this pledge."),
        )
        .transfer(Some(pledge.id))
    })
}

/// The pledge's serials: none of them may be frozen. What officers cancelled out of a freeze has left the pledge.
fn select_pledged(working: &Working, pledge: &Pledge) -> Decided<Selection> {
    let Selection { mut parts, .. } = select(working, &pledge.content.blocks)?;
    parts.retain(|part| !part.block.status.state.is_final());
    for part in &parts {
        ensure(part.block.status.state == BlockState::Pledged, || {
            Refusal::new(
                CheckCode::B05,
                "A block of this pledge is frozen until an officer decides.",
            )
            .block(part.block.reference())
        })?;
        if part.block.status.bound_to != Some(pledge.id) {
            return Err(Rejection::Broken(format!(
                "{} is not pledged by {}",
                part.block.reference(),
                pledge.id
            )));
        }
    }
    let quantity = parts.iter().map(|part| part.range.quantity()).sum();
    Ok(Selection { parts, quantity })
}

/// N05: only debtor and pledgee act on a pledge.
fn check_party(pledge: &Pledge, member: &NodeId) -> Decided<()> {
    ensure(pledge.debtor == *member || pledge.pledgee == *member, || {
        Refusal::new(CheckCode::N05, "Only the debtor and the pledgee act on a pledge.").transfer(Some(pledge.id))
    })
}

/// Gives the blocks back.
pub fn release(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &PledgeRelease,
    consent: Option<&Consent>,
) -> Decided<Outcome> {
    let mut pledge = find_active(working, content.pledge)?;
    check_party(&pledge, &signed.member)?;
    check_consent(working, &pledge, consent, PledgeDecision::Release)?;
    let selection = select_pledged(working, &pledge)?;
    let replacements = move_all(&selection, |block| BlockStatus::held_by(block.status.holder.clone()));
    pledge.state = PledgeState::Released;
    pledge.log_index = working.carry_out(Step {
        r#type: "pledge.released",
        subject: subject(pledge.id),
        state: Some(PledgeState::Released.word()),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        replacements,
        notices: notices(working, &pledge, "pledge.released"),
        ..Step::default()
    })?;
    let outcome = working.outcome(subject(pledge.id), Some(PledgeState::Released.word()), pledge.log_index);
    working.pledges.put(pledge.id, pledge);
    Ok(outcome)
}

/// The pledgee asks for the blocks; two officers decide.
pub fn request_foreclosure(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &PledgeForeclosure,
    consent: Option<&Consent>,
) -> Decided<Outcome> {
    let mut pledge = find_active(working, content.pledge)?;
    check_party(&pledge, &signed.member)?;
    check_consent(working, &pledge, consent, PledgeDecision::Foreclose)?;
    pledge.foreclosure_requested = true;
    pledge.log_index = working.carry_out(Step {
        r#type: "pledge.foreclosure-requested",
        subject: subject(pledge.id),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        notices: notices(working, &pledge, "pledge.foreclosure-requested"),
        ..Step::default()
    })?;
    let outcome = working.outcome(subject(pledge.id), Some(PledgeState::Active.word()), pledge.log_index);
    working.pledges.put(pledge.id, pledge);
    Ok(outcome)
}

/// Two officers hand the blocks to the pledgee's node. Away from the debtor's region they may be used for nothing until a
/// transfer recognises them.
pub fn foreclose(working: &mut Working, officers: &[Name], id: MessageId) -> Decided<Outcome> {
    let mut pledge = find_active(working, id)?;
    ensure(pledge.foreclosure_requested, || {
        Refusal::new(
            CheckCode::B11,
            "The pledgee has not asked for foreclosure under its own signature.",
        )
        .transfer(Some(id))
    })?;
    let receives = working.governance.members.get(&pledge.pledgee).is_some_and(|m| {
        m.status == MemberStatus::Admitted && matches!(m.kind, MemberKind::Region | MemberKind::Enterprise)
    });
    ensure(receives, || {
        Refusal::new(CheckCode::T02, "The pledgee has no node that could hold the blocks.").transfer(Some(id))
    })?;
    let same_region = region_of(working, &pledge.debtor)? == region_of(working, &pledge.pledgee)?;
    let selection = select_pledged(working, &pledge)?;
    let replacements = cut(&selection, |part| {
        let mut terms = part.block.terms.clone();
        if !same_region {
            terms.uses = Uses::NONE;
        }
        vec![Piece {
            range: part.range,
            status: BlockStatus::held_by(pledge.pledgee.clone()),
            terms: Some(terms),
        }]
    });
    pledge.state = PledgeState::Foreclosed;
    pledge.log_index = working.carry_out(Step {
        r#type: "pledge.foreclosed",
        subject: subject(id),
        state: Some(PledgeState::Foreclosed.word()),
        officers: officers.to_vec(),
        replacements,
        notices: notices(working, &pledge, "pledge.foreclosed"),
        ..Step::default()
    })?;
    let outcome = working.outcome(subject(id), Some(PledgeState::Foreclosed.word()), pledge.log_index);
    working.pledges.put(id, pledge);
    Ok(outcome)
}
