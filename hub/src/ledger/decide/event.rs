//! Events: announced, their inventory replaced, their call closed.

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::event::{EventPlan, EventState, InventoryBasis, InventoryItem};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::view::Outcome;

use super::{check_text, donation};
use crate::ledger::command::Decision;
use crate::ledger::objects::{Event, Role};
use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::step::Step;
use crate::ledger::working::Working;

/// What organisers and officers decide about events and what is given to them.
pub fn decide(working: &mut Working, officers: &[Name], decision: &Decision) -> Decided<Outcome> {
    match decision {
        Decision::PlanEvent(announced) => plan(working, officers, announced),
        Decision::SetInventory {
            event,
            basis,
            inventory,
        } => set_inventory(working, officers, event, *basis, inventory),
        Decision::CloseEvent { event } => close(working, officers, event),
        Decision::AcceptDonation { donation } => donation::accept(working, officers, *donation),
        Decision::DeclineDonation { donation, reason } => donation::decline(working, officers, *donation, reason),
        _ => Err(Refusal::new(CheckCode::M02, "This is not about an event.").into()),
    }
}

/// Days after its end within which an event must be offset (MEE guide for large events, trial, 2019).
const OFFSET_DAYS_MAX: i64 = 366;

fn subject(event: &Name) -> String {
    format!("event/{event}")
}

fn total(inventory: &[InventoryItem]) -> Decided<Grams> {
    let schema = |detail: &str| Refusal::new(CheckCode::M02, detail);
    ensure(!inventory.is_empty() && inventory.len() <= 200, || {
        schema("`inventory` must have 1 to 200 items.")
    })?;
    Grams::total(inventory.iter().map(|item| item.quantity_g)).map_err(|error| schema(&error.to_string()).into())
}

/// Announces an event. The same plan again changes nothing.
pub fn plan(working: &mut Working, officers: &[Name], plan: &EventPlan) -> Decided<Outcome> {
    let schema = |detail: &str| Refusal::new(CheckCode::M02, detail);
    check_text(&plan.title_zh, "title_zh", 200)?;
    check_text(&plan.title_en, "title_en", 200)?;
    ensure(working.events.get(&plan.event)?.is_none(), || {
        schema("An event of this name was announced already. Change its inventory instead.")
    })?;
    ensure(plan.starts_at <= plan.ends_at, || {
        schema("`starts_at` must not be after `ends_at`.")
    })?;
    ensure(
        plan.donations_until <= plan.ends_at.plus_micros(OFFSET_DAYS_MAX * DAY_US),
        || {
            Refusal::new(
                CheckCode::D04,
                "Donations may be taken until one year after the end of the event.",
            )
        },
    )?;
    let organiser = working.governance.officers.get(&plan.organiser);
    ensure(organiser.is_some_and(|o| o.active && o.role == Role::Organiser), || {
        Refusal::new(
            CheckCode::G02,
            format!("`{}` is not an organiser's account.", plan.organiser),
        )
    })?;
    let target = total(&plan.inventory)?;
    let log_index = working.carry_out(Step {
        r#type: "event.announced",
        subject: subject(&plan.event),
        data: json!({ "plan": plan, "target_g": target }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    working.events.put(
        plan.event.clone(),
        Event {
            plan: plan.clone(),
            state: EventState::Open,
            basis: InventoryBasis::Planned,
            target,
            ceiling: target,
            reserved: Grams::ZERO,
            committed: Grams::ZERO,
            log_index,
        },
    );
    Ok(working.outcome(subject(&plan.event), Some(EventState::Open.word()), log_index))
}

fn find(working: &Working, name: &Name, officers: &[Name]) -> Decided<Event> {
    let event = working
        .events
        .get(name)?
        .cloned()
        .ok_or_else(|| Refusal::new(CheckCode::D01, format!("There is no event `{name}`.")))?;
    super::governance::check_runs_event(working, officers, &event.plan.organiser)?;
    Ok(event)
}

/// Replaces the inventory: a larger one reopens the call; a smaller one undoes no retirement, it shows the excess.
pub fn set_inventory(
    working: &mut Working,
    officers: &[Name],
    name: &Name,
    basis: InventoryBasis,
    inventory: &[InventoryItem],
) -> Decided<Outcome> {
    let mut event = find(working, name, officers)?;
    ensure(
        basis == InventoryBasis::Verified || event.basis == InventoryBasis::Planned,
        || Refusal::new(CheckCode::D05, "A verified inventory is not replaced by a plan."),
    )?;
    let target = total(inventory)?;
    let given = event.reserved.plus(event.committed).unwrap_or(event.reserved);
    if target > event.target {
        event.state = EventState::Open;
    }
    event.basis = basis;
    event.target = target;
    event.ceiling = target.max(given);
    event.plan.inventory = inventory.to_vec();
    let log_index = working.carry_out(Step {
        r#type: "event.inventory",
        subject: subject(name),
        data: json!({ "basis": basis, "inventory": inventory, "target_g": target, "excess_g": given.saturating_minus(target) }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    event.log_index = log_index;
    let state = event.state.word();
    working.events.put(name.clone(), event);
    Ok(working.outcome(subject(name), Some(state), log_index))
}

/// Ends the call. D05: not before the inventory is verified.
pub fn close(working: &mut Working, officers: &[Name], name: &Name) -> Decided<Outcome> {
    let mut event = find(working, name, officers)?;
    ensure(event.basis == InventoryBasis::Verified, || {
        Refusal::new(
            CheckCode::D05,
            "The inventory is still the plan's: set the verified inventory before closing the event.",
        )
    })?;
    event.state = EventState::Closed;
    let log_index = working.carry_out(Step {
        r#type: "event.closed",
        subject: subject(name),
        data: json!({ "target_g": event.target, "committed_g": event.committed }),
        officers: officers.to_vec(),
        ..Step::default()
    })?;
    event.log_index = log_index;
    working.events.put(name.clone(), event);
    Ok(working.outcome(subject(name), Some(EventState::Closed.word()), log_index))
}
