//! Transfers between members, in two phases.

use serde_json::json;
use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::message::{TransferAcceptance, TransferDecline, TransferProposal, TransferWithdrawal};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::recognition::Quote;
use tanqiao_protocol::time::{SECOND_US, VALIDITY_US_MAX};
use tanqiao_protocol::transfer::TransferState;
use tanqiao_protocol::view::{CheckRun, Evidence, MemberKind, MemberStatus, Offer, Outcome};

use super::blocks::{move_all, select_bound, select_held};
use super::recognise::{Arrival, cap_changes, check_quote, check_screened, commit, recognise, reserve_caps};
use super::{check_text, region_of};
use crate::ledger::command::{Command, Signed};
use crate::ledger::objects::{Transfer, TransferContent};
use crate::ledger::refusal::{Decided, Refusal, Rejection, ensure};
use crate::ledger::working::{Notice, Step, Working};

/// Subject of leaves and feeds.
fn subject(id: MessageId) -> String {
    format!("transfer/{id}")
}

/// T03: an offer may stand 30 days at most, and must end in the future.
pub(super) fn check_validity(working: &Working, valid_until: tanqiao_protocol::time::Timestamp) -> Decided<()> {
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
struct Route {
    state: TransferState,
    reason: Option<String>,
    delayed_until: Option<tanqiao_protocol::time::Timestamp>,
}

/// T06 and T07 do not refuse: they route.
fn route(working: &Working, source: &NodeId, target: &NodeId, given: Grams, delay_over: bool) -> Decided<Route> {
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
            .map_err(|error| Rejection::NotLoaded(error.to_string())),
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
    let fault = |what: &str| Rejection::NotLoaded(format!("{what} of {}", transfer.id));
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
    let body = serde_json::to_value(&offer).map_err(|error| Rejection::NotLoaded(error.to_string()))?;
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
    let caps = cap_changes(&transfer.content.quote, transfer.cap_year, -1, 1);
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
    if working.governance.policy.first_dealing_delay_s > 0 && working.dealings.get(&pair)?.is_none() {
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
        let show = |t: (
            tanqiao_protocol::id::Sha256,
            Grams,
            Grams,
            Grams,
            tanqiao_protocol::r#use::Use,
        )| {
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
    let caps = cap_changes(&transfer.content.quote, transfer.cap_year, -1, 0);
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
