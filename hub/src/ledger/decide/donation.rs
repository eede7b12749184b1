//! Donations to events: blocks and room reserved together, retired for the event's claim together.

use serde_json::json;
use tanqiao_protocol::block::{BlockState, BlockStatus};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::event::{Claim, ClaimantKind, EventState};
use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::leaf::{LinkChange, RoomChange};
use tanqiao_protocol::message::{Donation as DonationContentMessage, DonationWithdrawal};
use tanqiao_protocol::transfer::DonationState;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{CheckRun, Outcome};

use super::blocks::{Selection, move_all, select_bound, select_held};
use super::loss::check_debts;
use super::recognise::{Arrival, cap_changes, check_quote, check_screened, commit, recognise, reserve_caps};
use super::transfer::{By, check_validity};
use super::{check_text, check_words, permission};
use crate::ledger::command::{Command, Signed};
use crate::ledger::objects::{Donation, DonationContent, Event, Retirement};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

fn subject(id: MessageId) -> String {
    format!("donation/{id}")
}

fn find_event(working: &Working, name: &Name) -> Decided<Event> {
    working.events.get(name)?.cloned().ok_or_else(|| {
        Refusal::new(
            CheckCode::D01,
            format!("There is no event `{name}`. GET /v1/events lists them."),
        )
        .into()
    })
}

/// D01, D04, D02: the event takes donations, it is not too late, and the units are eligible.
fn check_event(working: &Working, event: &Event, donor: &NodeId, selection: &Selection) -> Decided<()> {
    ensure(event.state == EventState::Open, || {
        Refusal::new(CheckCode::D01, "The event takes no donations: its call is closed.")
    })?;
    ensure(working.now <= event.plan.donations_until, || {
        Refusal::new(CheckCode::D04, "The time to offset this event is over.")
            .expected(format!("until {}", event.plan.donations_until), working.now)
    })?;
    let policy = &event.plan.policy;
    let refuse = |detail: &str| Refusal::new(CheckCode::D02, detail);
    ensure(policy.donors.is_empty() || policy.donors.contains(donor), || {
        refuse("The organiser takes donations of other members only.")
    })?;
    for part in &selection.parts {
        let series = &part.block.series;
        ensure(
            policy.vintage_first.is_none_or(|first| series.vintage() >= first),
            || refuse("The vintage is older than the organiser takes.").block(part.block.reference()),
        )?;
        let activity = working
            .governance
            .methodologies
            .get(series.methodology())
            .map(|m| &m.content.activity);
        ensure(
            policy.activities.is_empty() || activity.is_some_and(|a| policy.activities.contains(a)),
            || refuse("Reductions of this activity are not eligible for the event.").block(part.block.reference()),
        )?;
    }
    Ok(())
}

/// Gives blocks to an event. Accepted at once where the organiser's policy says so.
pub fn give(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &DonationContentMessage,
) -> Decided<Outcome> {
    let donor = &signed.member;
    check_debts(working, donor)?;
    let selection = select_held(working, donor, &content.blocks)?;
    if let Some(name) = &content.donor {
        check_words(name, "donor", 200)?;
    }
    let event = find_event(working, &content.event)?;
    check_screened(working, &selection, event.plan.region)?;
    let quote = recognise(working, &selection, donor, event.plan.region, Use::EventNeutrality)?;
    check_quote(content.quote, &quote)?;
    let cap_year = u16::try_from(working.now.china_year()).unwrap_or(0);
    let caps = reserve_caps(working, &quote, cap_year)?;
    check_validity(working, content.valid_until)?;
    check_event(working, &event, donor, &selection)?;
    ensure(quote.delivered_g <= event.room(), || {
        Refusal::new(CheckCode::D03, "The event needs less than this donation would deliver. Ask for a quote with `deliver_g` and give that much.")
            .expected(event.room().get(), quote.delivered_g.get())
    })?;
    let linked = permission::reserve(working, donor, &event, content, &selection, &quote)?;
    let id = command.id;
    // Ids are one space: a later command of the same batch may look for a transfer under this one.
    working.transfers.load(id, None);
    let donation = Donation {
        id,
        event: content.event.clone(),
        donor: donor.clone(),
        state: DonationState::Reserved,
        payload_sha256: command.payload_sha256,
        valid_until: content.valid_until,
        cap_year,
        proposed_at: working.now,
        ended_at: None,
        reason: None,
        log_index: working.next_index(),
        end_log_index: None,
        content: DonationContent {
            blocks: content.blocks.clone(),
            quote,
            donor_name: content.donor.clone(),
            linked: content.linked.clone(),
            checks: checks_run(&selection, &event),
        },
    };
    let replacements = move_all(&selection, |block| {
        BlockStatus::bound(block.status.holder.clone(), BlockState::Reserved, id)
    });
    let delivered = donation.content.quote.delivered_g.get();
    let log_index = working.carry_out(Step {
        r#type: "donation.reserved",
        subject: subject(id),
        state: Some(DonationState::Reserved.word()),
        data: reserved_leaf(&donation),
        member: Some(donor.clone()),
        payload_sha256: Some(command.payload_sha256),
        replacements,
        caps,
        room: Some(RoomChange {
            committed_g: 0,
            event: donation.event.clone(),
            reserved_g: delivered,
        }),
        linked,
        notices: vec![told(&donation, "donation.reserved")],
        ..Step::default()
    })?;
    if event.plan.policy.accept_at_once {
        return settle(
            working,
            donation,
            By {
                member: Some(donor.clone()),
                officers: Vec::new(),
                payload: Some(command.payload_sha256),
            },
        );
    }
    let outcome = outcome(working, &donation, log_index);
    working.donations.put(id, donation);
    Ok(outcome)
}

fn reserved_leaf(donation: &Donation) -> serde_json::Value {
    let quote = &donation.content.quote;
    let mut data = json!({
        "event": donation.event, "quote": quote.quote, "delivered_g": quote.delivered_g, "valid_until": donation.valid_until,
    });
    if let Some(linked) = &donation.content.linked
        && let Some(members) = data.as_object_mut()
    {
        members.insert("linked".to_owned(), json!(linked));
    }
    data
}

fn checks_run(selection: &Selection, event: &Event) -> Vec<CheckRun> {
    let run = |check: &str, saw: String| CheckRun {
        check: check.to_owned(),
        saw,
    };
    vec![
        run(
            "B01–B08",
            format!(
                "{} blocks held and free, {} g",
                selection.parts.len(),
                selection.quantity.get()
            ),
        ),
        run("R01–R05, R08", String::new()),
        run(
            "D01, D02, D04",
            format!("`{}` is open until {}", event.plan.event, event.plan.donations_until),
        ),
        run("D03", format!("room for {} g", event.room().get())),
    ]
}

fn told(donation: &Donation, r#type: &'static str) -> Notice {
    let quote = &donation.content.quote;
    let body = json!({
        "event": donation.event, "state": donation.state, "given_g": quote.given_g, "delivered_g": quote.delivered_g,
        "buffered_g": quote.buffered_g, "cancelled_g": quote.cancelled_g, "reason": donation.reason.as_deref().unwrap_or_default(),
    });
    Notice {
        to: donation.donor.clone(),
        r#type,
        body,
    }
}

/// The claim that an event makes on what is donated to it.
fn claim(event: &Event, donation: &Donation) -> Claim {
    let year = u16::try_from(event.plan.ends_at.china_year()).unwrap_or(0);
    Claim {
        claimant: event.plan.event.to_string(),
        claimant_kind: ClaimantKind::Event,
        r#use: Use::EventNeutrality,
        year,
        place: event.plan.region,
        statement: None,
        linked: donation.content.linked.clone(),
    }
}

/// Retires a reserved donation for the event.
fn settle(working: &mut Working, mut donation: Donation, by: By) -> Decided<Outcome> {
    let event = find_event(working, &donation.event)?;
    let selection = select_bound(working, &donation.content.blocks, donation.id, BlockState::Reserved)?;
    let quote = donation.content.quote.clone();
    let replacements = commit(working, &selection, &quote, donation.id, Arrival::Retired(donation.id))?;
    let retired = replacements
        .iter()
        .flat_map(|r| &r.after)
        .filter(|b| b.status.state == BlockState::Retired && b.status.bound_to == Some(donation.id))
        .map(tanqiao_protocol::block::Block::reference)
        .collect();
    donation.state = DonationState::Committed;
    donation.ended_at = Some(working.now);
    donation.end_log_index = Some(working.next_index());
    let claim = claim(&event, &donation);
    let log_index = working.carry_out(Step {
        r#type: "donation.committed",
        subject: subject(donation.id),
        state: Some(DonationState::Committed.word()),
        data: json!({ "event": donation.event, "claim": claim, "quantity_g": quote.delivered_g }),
        member: by.member,
        officers: by.officers,
        payload_sha256: by.payload,
        replacements,
        caps: cap_changes(&working.governance, &quote, donation.cap_year, -1, 1),
        room: Some(RoomChange {
            committed_g: quote.delivered_g.get(),
            event: donation.event.clone(),
            reserved_g: -quote.delivered_g.get(),
        }),
        linked: donation.content.linked.as_ref().map(|linked| LinkChange {
            committed_g: quote.delivered_g.get(),
            permission: linked.permission,
            reserved_g: -quote.delivered_g.get(),
        }),
        notices: vec![told(&donation, "donation.committed")],
    })?;
    working.retirements.put(
        donation.id,
        Retirement {
            id: donation.id,
            member: donation.donor.clone(),
            quantity: quote.delivered_g,
            claim,
            blocks: retired,
            at: working.now,
            log_index,
        },
    );
    let outcome = outcome(working, &donation, log_index);
    working.donations.put(donation.id, donation);
    Ok(outcome)
}

/// Ends an undecided donation without effect: blocks, caps and room are given back.
pub fn release(
    working: &mut Working,
    mut donation: Donation,
    state: DonationState,
    reason: &str,
    by: By,
) -> Decided<Outcome> {
    let selection = select_bound(working, &donation.content.blocks, donation.id, BlockState::Reserved)?;
    let replacements = move_all(&selection, |block| BlockStatus::held_by(block.status.holder.clone()));
    donation.state = state;
    donation.reason = Some(reason.to_owned());
    donation.ended_at = Some(working.now);
    donation.end_log_index = Some(working.next_index());
    let r#type = match state {
        DonationState::Declined => "donation.declined",
        DonationState::Withdrawn => "donation.withdrawn",
        DonationState::Expired => "donation.expired",
        _ => "donation.halted",
    };
    let log_index = working.carry_out(Step {
        r#type,
        subject: subject(donation.id),
        state: Some(state.word()),
        data: json!({ "reason": reason }),
        member: by.member,
        officers: by.officers,
        payload_sha256: by.payload,
        replacements,
        caps: cap_changes(&working.governance, &donation.content.quote, donation.cap_year, -1, 0),
        room: Some(RoomChange {
            committed_g: 0,
            event: donation.event.clone(),
            reserved_g: -donation.content.quote.delivered_g.get(),
        }),
        linked: donation.content.linked.as_ref().map(|linked| LinkChange {
            committed_g: 0,
            permission: linked.permission,
            reserved_g: -donation.content.quote.delivered_g.get(),
        }),
        notices: vec![told(&donation, r#type)],
    })?;
    let outcome = outcome(working, &donation, log_index);
    working.donations.put(donation.id, donation);
    Ok(outcome)
}

fn find_open(working: &Working, id: MessageId) -> Decided<Donation> {
    let donation = working
        .donations
        .get(&id)?
        .cloned()
        .ok_or_else(|| Refusal::new(CheckCode::T05, "There is no such donation.").transfer(Some(id)))?;
    ensure(donation.state == DonationState::Reserved, || {
        Refusal::new(CheckCode::T05, format!("The donation is `{}`.", donation.state))
            .transfer(Some(id))
            .expected(DonationState::Reserved, donation.state)
    })?;
    Ok(donation)
}

/// The donor takes an undecided donation back.
pub fn withdraw(
    working: &mut Working,
    command: &Command,
    signed: &Signed,
    content: &DonationWithdrawal,
) -> Decided<Outcome> {
    check_text(&content.reason, "reason", 500)?;
    let donation = find_open(working, content.donation)?;
    ensure(donation.donor == signed.member, || {
        Refusal::new(CheckCode::N05, "Only the donor may withdraw.").transfer(Some(donation.id))
    })?;
    let by = By {
        member: Some(signed.member.clone()),
        officers: Vec::new(),
        payload: Some(command.payload_sha256),
    };
    release(working, donation, DonationState::Withdrawn, &content.reason, by)
}

/// G02: the organiser of this event, or an officer.
fn check_organiser(working: &Working, officers: &[Name], donation: &Donation) -> Decided<()> {
    let event = find_event(working, &donation.event)?;
    super::governance::check_runs_event(working, officers, &event.plan.organiser)
}

/// The organiser's yes. Decided at or after `valid_until` it is refused, whether or not the sweep ran.
pub fn accept(working: &mut Working, officers: &[Name], id: MessageId) -> Decided<Outcome> {
    let donation = find_open(working, id)?;
    check_organiser(working, officers, &donation)?;
    ensure(working.now < donation.valid_until, || {
        Refusal::new(CheckCode::T04, "The donation has expired.").transfer(Some(id))
    })?;
    settle(
        working,
        donation,
        By {
            officers: officers.to_vec(),
            ..By::default()
        },
    )
}

/// The organiser's no.
pub fn decline(working: &mut Working, officers: &[Name], id: MessageId, reason: &str) -> Decided<Outcome> {
    check_text(reason, "reason", 500)?;
    let donation = find_open(working, id)?;
    check_organiser(working, officers, &donation)?;
    release(
        working,
        donation,
        DonationState::Declined,
        reason,
        By {
            officers: officers.to_vec(),
            ..By::default()
        },
    )
}

fn outcome(working: &Working, donation: &Donation, log_index: i64) -> Outcome {
    let quote = &donation.content.quote;
    Outcome {
        delivered_g: Some(quote.delivered_g),
        buffered_g: Some(quote.buffered_g),
        cancelled_g: Some(quote.cancelled_g),
        ..working.outcome(subject(donation.id), Some(donation.state.word()), log_index)
    }
}
