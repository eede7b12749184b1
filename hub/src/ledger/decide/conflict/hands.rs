//! Through whose hands an act goes when its conflicts end: who has it now, what the loser loses, what the winner is given.

use serde_json::json;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::conflict::{ActivityRef, ActivityState, ConflictOutcome, ConflictState};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::ledger::Replacement;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::transfer::IssuanceState;

use super::close;
use crate::ledger::decide::loss::{self, Loss};
use crate::ledger::decide::screening::{end, is_admitted, next_block, result_type, serials_of, subject};
use crate::ledger::decide::transfer::By;
use crate::ledger::objects::{Conflict, Contested, Issuance};
use crate::ledger::refusal::{Decided, Rejection};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

/// The activity that an act belongs to now. Whatever lost it names that one, however often it changed hands.
pub(super) fn living(working: &Working, activity: &ActivityRef) -> Decided<Option<ActivityRef>> {
    match working.contested.get(activity)? {
        Some(one) if matches!(one.state, ActivityState::Refused | ActivityState::Cancelled) => {
            Ok(one.successor.clone())
        }
        _ => Ok(Some(activity.clone())),
    }
}

/// Whatever had lost to `loser` has lost to `winner` now.
fn follow(working: &mut Working, loser: &ActivityRef, winner: &ActivityRef) -> Decided<()> {
    let before = std::mem::take(working.predecessors.get_mut(loser)?);
    for activity in &before {
        if let Some(mut one) = working.contested.get(activity)?.cloned() {
            one.successor = Some(winner.clone());
            working.contested.put(activity.clone(), one);
        }
    }
    let after = working.predecessors.get_mut(winner)?;
    after.extend(before);
    after.push(loser.clone());
    Ok(())
}

/// An activity that waited is never issued. What else it waited for is moot.
pub(super) fn refuse(
    working: &mut Working,
    activity: &ActivityRef,
    winner: Option<&ActivityRef>,
    by_conflict: MessageId,
    by: &By,
) -> Decided<()> {
    let Some(mut contested) = working.contested.get(activity)?.cloned() else {
        return Ok(());
    };
    if contested.state != ActivityState::Held {
        return Ok(());
    }
    contested.state = ActivityState::Refused;
    contested.successor = winner.cloned();
    if let Some(winner) = winner {
        follow(working, activity, winner)?;
    }
    let quantity = contested.quantity;
    working.contested.put(activity.clone(), contested);
    let others = working.conflicts_of.get(activity)?.cloned().unwrap_or_default();
    for id in others.into_iter().filter(|id| *id != by_conflict) {
        let open = working
            .conflicts
            .get(&id)?
            .filter(|c| c.state == ConflictState::Open)
            .cloned();
        if let Some(open) = open {
            close(
                working,
                &open,
                ConflictOutcome::Earlier,
                "the activity was refused in another conflict",
                by,
            )?;
        }
    }
    let mut issuance = issuance_of(working, activity)?;
    issuance.held.waiting = issuance.held.waiting.saturating_sub(1);
    issuance.held.waiting_g = issuance.held.waiting_g.saturating_minus(quantity);
    issuance.held.refused += 1;
    issuance.held.refused_g = issuance.held.refused_g.plus(quantity).map_err(Rejection::broken)?;
    if issuance.held.waiting == 0 && issuance.state == IssuanceState::HeldBack {
        let reason = "all of its activities belong to other issuances";
        end(working, issuance, IssuanceState::Refused, Some(CheckCode::S11), reason)?;
    } else {
        working.issuances.put(issuance.id, issuance);
    }
    Ok(())
}

pub(super) fn issuance_of(working: &Working, activity: &ActivityRef) -> Decided<Issuance> {
    working
        .issuances
        .get(&activity.issuance)?
        .cloned()
        .ok_or_else(|| Rejection::Broken(format!("no issuance {}", activity.issuance)))
}

/// The act belongs to the later activity: what the one that has it has for it goes, and their tokens change hands.
pub(super) fn take_over(
    working: &mut Working,
    conflict: &Conflict,
    loser: &ActivityRef,
    reason: &str,
    by: &By,
) -> Decided<()> {
    let winner = &conflict.later.activity;
    for shared in &conflict.content.tokens {
        working.written.owners.insert(*shared, winner.clone());
    }
    let waiting = working
        .contested
        .get(loser)?
        .is_some_and(|one| one.state == ActivityState::Held);
    if waiting {
        return refuse(working, loser, Some(winner), conflict.id, by);
    }
    follow(working, loser, winner)?;
    let serials = serials_of(working, loser)?;
    let issuance = issuance_of(working, loser)?;
    // A recovered hub may not know any more which serials an activity has: then as much goes as the act is worth.
    let unknown =
        issuance.block.is_some() && working.contested.get(loser)?.is_none() && working.positions.get(loser)?.is_none();
    let quantity = match &serials {
        Some(serials) => serials.range.quantity(),
        None if unknown => conflict.content.quantity_g,
        None => Grams::ZERO,
    };
    working.contested.put(
        loser.clone(),
        Contested {
            activity: loser.clone(),
            quantity,
            state: ActivityState::Cancelled,
            range: serials.as_ref().map(|serials| serials.range),
            successor: Some(winner.clone()),
        },
    );
    if quantity.is_zero() {
        return Ok(());
    }
    let loss = Loss {
        cause: conflict.id,
        issuer: issuance.issuer,
        ranges: serials.into_iter().collect(),
        quantity,
        first_from: Some(loser.issuance),
        reason: reason.to_owned(),
    };
    loss::suffer(working, &loss, by)
}

/// An activity that should have its serials and cannot: its series has none left, or its issuer is suspended. The act is nobody's.
fn give_up(working: &mut Working, activity: &ActivityRef, by: &By) -> Decided<()> {
    let conflict = working.conflicts_of.get(activity)?.and_then(|all| all.last().copied());
    match conflict {
        Some(last) => refuse(working, activity, None, last, by),
        None => Ok(()),
    }
}

/// T08: an activity that could have its serials now waits until officers have closed a finding about them.
pub(super) fn check_release(working: &Working, activity: &ActivityRef) -> Decided<()> {
    let contested = working.contested.get(activity)?;
    let Some(waits) = contested.filter(|one| one.state == ActivityState::Held && !one.quantity.is_zero()) else {
        return Ok(());
    };
    match next_block(working, &issuance_of(working, activity)?, waits.quantity) {
        Err(Rejection::Refused(why)) if why.check == CheckCode::T08 => Err(Rejection::Refused(why)),
        Err(Rejection::Refused(_)) | Ok(_) => Ok(()),
        Err(other) => Err(other),
    }
}

/// Gives an activity its serials, once none of its conflicts is open.
pub(super) fn release(working: &mut Working, activity: &ActivityRef, by: &By) -> Decided<()> {
    let Some(mut contested) = working.contested.get(activity)?.cloned() else {
        return Ok(());
    };
    if contested.state != ActivityState::Held {
        return Ok(());
    }
    for id in working.conflicts_of.get(activity)?.cloned().unwrap_or_default() {
        if working
            .conflicts
            .get(&id)?
            .is_some_and(|c| c.state == ConflictState::Open)
        {
            return Ok(());
        }
    }
    let mut issuance = issuance_of(working, activity)?;
    // As with an issuance that was not screened yet: it gets nothing, and may register the act again once it is reinstated.
    if !is_admitted(working, &issuance) {
        return give_up(working, activity, by);
    }
    let quantity = contested.quantity;
    let block = if quantity.is_zero() {
        None
    } else {
        match next_block(working, &issuance, quantity) {
            Ok(block) => Some(block),
            // A series that is full gives nobody anything.
            Err(Rejection::Refused(why)) if why.check == CheckCode::B12 => return give_up(working, activity, by),
            Err(other) => return Err(other),
        }
    };
    issuance.held.waiting = issuance.held.waiting.saturating_sub(1);
    issuance.held.waiting_g = issuance.held.waiting_g.saturating_minus(quantity);
    issuance.state = if issuance.held.waiting == 0 && issuance.held.refused == 0 {
        IssuanceState::Recognised
    } else {
        IssuanceState::PartiallyRecognised
    };
    contested.state = ActivityState::Released;
    contested.range = block.as_ref().map(|block| block.range);
    let body = json!({
        "state": issuance.state, "index": activity.index, "quantity_g": quantity,
        "block": block.as_ref().map(|block| block.reference().to_string()).unwrap_or_default(),
        "held_back": issuance.held.waiting, "held_back_g": issuance.held.waiting_g,
        "result": result_type(issuance.state),
    });
    working.carry_out(Step {
        r#type: "issuance.released",
        subject: subject(issuance.id),
        state: Some(issuance.state.word()),
        data: json!({ "index": activity.index, "quantity_g": quantity }),
        member: by.member.clone(),
        officers: by.officers.clone(),
        payload_sha256: by.payload,
        replacements: block.into_iter().map(Replacement::issue).collect(),
        notices: vec![Notice {
            to: issuance.issuer.clone(),
            r#type: "issuance.released",
            body,
        }],
        ..Step::default()
    })?;
    working.contested.put(activity.clone(), contested);
    working.issuances.put(issuance.id, issuance);
    Ok(())
}
