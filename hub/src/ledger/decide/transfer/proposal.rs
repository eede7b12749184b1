//! A transfer begins: checks, reservation, and the route that the offer takes.

use serde_json::json;
use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::message::TransferProposal;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::recognition::Quote;
use tanqiao_protocol::time::{SECOND_US, VALIDITY_US_MAX};
use tanqiao_protocol::transfer::TransferState;
use tanqiao_protocol::view::{CheckRun, Evidence, MemberKind, MemberStatus, Outcome};

use super::super::blocks::{move_all, select_held};
use super::super::loss::check_debts;
use super::super::recognise::{check_quote, check_screened, recognise, reserve_caps};
use super::super::region_of;
use super::{drop_offered, feed_type, offer, outcome, subject, told};
use crate::ledger::command::{Command, Signed};
use crate::ledger::objects::{Transfer, TransferContent};
use crate::ledger::refusal::{Decided, Refusal, Rejection, ensure};
use crate::ledger::step::Step;
use crate::ledger::working::Working;

/// T03: an offer may stand 30 days at most, and must end in the future.
pub fn check_validity(working: &Working, valid_until: tanqiao_protocol::time::Timestamp) -> Decided<()> {
    let latest = working.now.plus_micros(VALIDITY_US_MAX);
    ensure(valid_until > working.now && valid_until <= latest, || {
        Refusal::new(
            CheckCode::T03,
            "`valid_until` must lie in the future, 30 days ahead at most.",
        )
        .expected(format!("until {latest}"), valid_until)
    })
}

/// T01, T02: the target is another member that can receive.
fn check_target(working: &Working, source: &NodeId, target: &NodeId) -> Decided<()> {
    ensure(source != target, || {
        Refusal::new(
            CheckCode::T01,
            "Source and target are the same member. Inside a node, accounts move without the hub.",
        )
    })?;
    let receives = working.governance.members.get(target).is_some_and(|m| {
        m.status == MemberStatus::Admitted && matches!(m.kind, MemberKind::Region | MemberKind::Enterprise)
    });
    ensure(receives, || {
        Refusal::new(
            CheckCode::T02,
            format!("`{target}` cannot receive: it is not an admitted member with a node."),
        )
    })
}

/// How a proposal goes on after its reservation.
pub(super) struct Route {
    pub(super) state: TransferState,
    pub(super) reason: Option<String>,
    pub(super) delayed_until: Option<tanqiao_protocol::time::Timestamp>,
}

/// T06 and T07 do not refuse: they route.
pub(super) fn route(
    working: &Working,
    source: &NodeId,
    target: &NodeId,
    given: Grams,
    delay_over: bool,
) -> Decided<Route> {
    let policy = &working.governance.policy;
    if !delay_over
        && policy.first_dealing_delay_s > 0
        && working.dealings.get(&(source.clone(), target.clone()))?.is_none()
    {
        let until = working
            .now
            .plus_micros(i64::from(policy.first_dealing_delay_s) * SECOND_US);
        let reason = format!(
            "T06 first-dealing-delay: the first dealing of these two members is offered at {until}, unless withdrawn before"
        );
        return Ok(Route {
            state: TransferState::Delayed,
            reason: Some(reason),
            delayed_until: Some(until),
        });
    }
    if let Some(from) = policy.second_approval_from_g
        && given >= from
    {
        let reason =
            format!("T07 needs-second-approval: {given} is not below {from}; an officer of the hub has to approve it");
        return Ok(Route {
            state: TransferState::AwaitingApproval,
            reason: Some(reason),
            delayed_until: None,
        });
    }
    Ok(Route {
        state: TransferState::Offered,
        reason: None,
        delayed_until: None,
    })
}

/// Offers blocks to another member: checks, reserves, and offers or routes.
pub fn propose(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &TransferProposal,
) -> Decided<Outcome> {
    let source = &signed.member;
    check_debts(working, source)?;
    let selection = select_held(working, source, &content.blocks)?;
    check_target(working, source, &content.target)?;
    check_validity(working, content.valid_until)?;
    let to = region_of(working, &content.target)?;
    check_screened(working, &selection, to)?;
    let quote = recognise(working, &selection, source, to, content.r#use)?;
    check_quote(content.quote, &quote)?;
    let cap_year = u16::try_from(working.now.china_year()).unwrap_or(0);
    let caps = reserve_caps(working, &quote, cap_year)?;
    let route = route(working, source, &content.target, selection.quantity, false)?;
    let id = command.id;
    // Ids are one space: a later command of the same batch may look for a donation under this one.
    working.donations.load(id, None);
    let checks = checks_run(selection.parts.len(), &quote, &caps, &route);
    let mut transfer = Transfer {
        id,
        source: source.clone(),
        target: content.target.clone(),
        state: route.state,
        r#use: content.r#use,
        payload_sha256: command.payload_sha256,
        valid_until: content.valid_until,
        delayed_until: route.delayed_until,
        cap_year,
        proposed_at: working.now,
        ended_at: None,
        reason: route.reason,
        log_index: working.next_index(),
        end_log_index: None,
        content: TransferContent {
            blocks: content.blocks.clone(),
            quote,
            price: content.price.clone(),
            checks,
            payload: Some(signed.payload.to_string()),
            evidence: Some(evidence(signed)?),
        },
    };
    let replacements = move_all(&selection, |block| {
        BlockStatus::bound(block.status.holder.clone(), BlockState::Reserved, id)
    });
    let mut notices = vec![told(&transfer, source, feed_type(transfer.state, true))];
    if transfer.state == TransferState::Offered {
        notices.push(offer(&transfer)?);
    }
    let log_index = working.carry_out(Step {
        r#type: feed_type(transfer.state, true),
        subject: subject(id),
        state: Some(transfer.state.word()),
        data: json!({
            "source": transfer.source, "target": transfer.target, "use": transfer.r#use, "quote": transfer.content.quote.quote,
            "valid_until": transfer.valid_until, "delivered_g": transfer.content.quote.delivered_g,
        }),
        member: Some(source.clone()),
        payload_sha256: Some(command.payload_sha256),
        replacements,
        caps,
        notices,
        ..Step::default()
    })?;
    let outcome = outcome(working, &transfer, log_index);
    drop_offered(&mut transfer);
    working.transfers.put(id, transfer);
    Ok(outcome)
}

fn checks_run(parts: usize, quote: &Quote, caps: &[tanqiao_protocol::leaf::CapChange], route: &Route) -> Vec<CheckRun> {
    let run = |check: &str, saw: String| CheckRun {
        check: check.to_owned(),
        saw,
    };
    let mut checks = vec![
        run(
            "B01–B08",
            format!("{parts} blocks held and free, {} g", quote.given_g.get()),
        ),
        run("T01–T03", String::new()),
        run(
            "R01–R04, R08",
            format!(
                "{} lots; {} g of {} g arrive",
                quote.lots.len(),
                quote.delivered_g.get(),
                quote.given_g.get()
            ),
        ),
    ];
    checks.extend(
        caps.iter()
            .map(|cap| run("R05", format!("{} g more under {}", cap.reserved_g, cap.mapping))),
    );
    checks.extend(route.reason.iter().map(|reason| {
        run(
            if route.delayed_until.is_some() { "T06" } else { "T07" },
            reason.clone(),
        )
    }));
    checks
}

fn evidence(signed: &Signed) -> Decided<Evidence> {
    match signed.item {
        Some(item) => Ok(Evidence::Batch {
            envelope: signed.envelope.sha256,
            item,
        }),
        None => serde_json::from_str(&signed.envelope.signatures)
            .map(Evidence::Signatures)
            .map_err(Rejection::broken),
    }
}
