//! The final use of blocks for one claim, and cancellation without one.

use serde_json::json;
use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::event::{Claim, ClaimantKind};
use tanqiao_protocol::message::{Cancellation, Retirement as RetirementContent};
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::Outcome;

use super::blocks::{Selection, move_all, select_held};
use super::loss::cover;
use super::{check_text, check_words, permission};
use crate::ledger::command::{Command, Signed};
use crate::ledger::objects::Retirement;
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::Step;
use crate::ledger::working::Working;

/// U01: a person is a commitment and nothing else, and free text names no person's number.
pub(super) fn check_claimant(claimant: &str, kind: ClaimantKind, r#use: Use, field: &str) -> Decided<()> {
    check_text(claimant, field, 200)?;
    let commitment = claimant.len() == 64 && claimant.bytes().all(|b| b.is_ascii_hexdigit());
    // A commitment may hold such a run of digits by chance.
    if !commitment {
        check_words(claimant, field, 200)?;
    }
    ensure(
        commitment == (kind == ClaimantKind::Commitment) && (r#use != Use::PersonalOffset || commitment),
        || {
            Refusal::new(
                CheckCode::U01,
                "A person is named by a salted commitment of 64 hexadecimal digits, and by nothing else.",
            )
        },
    )
}

/// U01: a claim names who, for what, when and where; a person only as a commitment.
fn check_claim(claim: &Claim) -> Decided<()> {
    check_claimant(&claim.claimant, claim.claimant_kind, claim.r#use, "claim.claimant")?;
    if let Some(statement) = &claim.statement {
        check_words(statement, "claim.statement", 500)?;
    }
    ensure(claim.claimant_kind != ClaimantKind::Event, || {
        Refusal::new(
            CheckCode::U02,
            "An event's claim is made by a donation to the event: POST /v1/events/{id}/donations.",
        )
    })
}

/// U03: the accounting year lies between the vintage of each block and the present year.
pub(super) fn check_year(working: &Working, year: u16, selection: &Selection) -> Decided<()> {
    let this_year = u16::try_from(working.now.china_year()).unwrap_or(0);
    for part in &selection.parts {
        let vintage = part.block.series.vintage();
        ensure((vintage..=this_year).contains(&year), || {
            Refusal::new(
                CheckCode::U03,
                "The accounting year must lie between the vintage and the present year.",
            )
            .block(part.block.reference())
            .expected(format!("{vintage} to {this_year}"), year)
        })?;
    }
    Ok(())
}

/// U05: each block must have been recognised for this use where it is.
pub(super) fn check_use(r#use: Use, selection: &Selection) -> Decided<()> {
    for part in &selection.parts {
        ensure(part.block.terms.uses.contains(r#use), || {
            let permitted: Vec<&str> = part.block.terms.uses.iter().map(Use::word).collect();
            Refusal::new(
                CheckCode::U05,
                "These serials were not recognised for this use. A mapping for it has to pay what is missing first.",
            )
            .block(part.block.reference())
            .expected(permitted.join(", "), r#use)
        })?;
    }
    Ok(())
}

/// Retires blocks for a claim.
pub fn retire(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &RetirementContent,
) -> Decided<Outcome> {
    let selection = select_held(working, &signed.member, &content.blocks)?;
    check_claim(&content.claim)?;
    check_year(working, content.claim.year, &selection)?;
    check_use(content.claim.r#use, &selection)?;
    let linked = match &content.claim.linked {
        Some(linked) => Some(permission::take(
            working,
            &signed.member,
            &content.claim,
            linked,
            &selection,
        )?),
        None => None,
    };
    let id = command.id;
    let subject = format!("retirement/{id}");
    let replacements = move_all(&selection, |block| {
        BlockStatus::bound(block.status.holder.clone(), BlockState::Retired, id)
    });
    let log_index = working.carry_out(Step {
        r#type: "retirement.committed",
        subject: subject.clone(),
        data: json!({ "claim": content.claim, "quantity_g": selection.quantity }),
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        replacements,
        linked,
        ..Step::default()
    })?;
    working.retirements.put(
        id,
        Retirement {
            id,
            member: signed.member.clone(),
            quantity: selection.quantity,
            claim: content.claim.clone(),
            blocks: content.blocks.clone(),
            at: working.now,
            log_index,
        },
    );
    Ok(working.outcome(subject, None, log_index))
}

/// Takes blocks out with no claim.
pub fn cancel(working: &mut Working, command: &Command, signed: &Signed, content: &Cancellation) -> Decided<Outcome> {
    let selection = select_held(working, &signed.member, &content.blocks)?;
    check_text(&content.reason, "reason", 500)?;
    if let Some(debt) = content.covers {
        cover(working, &signed.member, debt, selection.quantity)?;
    }
    let id = command.id;
    let subject = format!("cancellation/{id}");
    let replacements = move_all(&selection, |block| {
        BlockStatus::bound(block.status.holder.clone(), BlockState::Cancelled, id)
    });
    let log_index = working.carry_out(Step {
        r#type: "cancellation.committed",
        subject: subject.clone(),
        data: match content.covers {
            Some(debt) => json!({ "reason": content.reason, "quantity_g": selection.quantity, "covers": debt }),
            None => json!({ "reason": content.reason, "quantity_g": selection.quantity }),
        },
        member: Some(signed.member.clone()),
        payload_sha256: Some(command.payload_sha256),
        replacements,
        ..Step::default()
    })?;
    Ok(working.outcome(subject, None, log_index))
}
