//! An issuance from its header to its result: upload, screening, recognition of what is clean, and the way out where no
//! tokens come. The comparison itself runs beside the ledger; what it found is decided here.

use serde_json::json;
use tanqiao_protocol::block::{Block, BlockStatus, BlockTerms};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::conflict::{ActivityRef, ActivityState, UPLOAD_US};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::ledger::Replacement;
use tanqiao_protocol::quantity::{Factor, Grams, MAX_SAFE_INTEGER};
use tanqiao_protocol::serial::{BlockRef, SerialRange};
use tanqiao_protocol::transfer::IssuanceState;
use tanqiao_protocol::view::{MemberStatus, Outcome};

use super::blocks::in_open_finding;
use super::conflict;
use super::issuance::series_of;
use crate::ledger::objects::{Collided, Contested, Issuance, Named, Screened};
use crate::ledger::refusal::{Decided, Refusal, Rejection, ensure};
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

/// The most runs of held-back activities that a feed entry names; a node asks for the rest.
const HELD_RANGES_MAX: usize = 200;

pub(super) fn subject(id: MessageId) -> String {
    format!("issuance/{id}")
}

/// The issuance of this id, in this state.
fn find(working: &Working, id: MessageId, state: IssuanceState) -> Decided<Issuance> {
    let issuance = working.issuances.get(&id)?.cloned();
    let issuance =
        issuance.ok_or_else(|| Rejection::from(Refusal::new(CheckCode::T05, format!("There is no issuance {id}."))))?;
    ensure(issuance.state == state, || {
        Refusal::new(CheckCode::T05, format!("The issuance is `{}`.", issuance.state)).expected(state, issuance.state)
    })?;
    Ok(issuance)
}

/// The token stream has arrived, and is the one that the header promised.
pub fn uploaded(working: &mut Working, id: MessageId) -> Decided<Outcome> {
    let mut issuance = find(working, id, IssuanceState::Registered)?;
    let tokens = issuance
        .content
        .tokens
        .as_ref()
        .ok_or_else(|| Rejection::Broken(format!("{id} has no tokens")))?;
    let log_index = working.carry_out(Step {
        r#type: "issuance.uploaded",
        subject: subject(id),
        state: Some(IssuanceState::Uploaded.word()),
        data: json!({ "root": tokens.root, "token_count": tokens.token_count }),
        notices: vec![Notice {
            to: issuance.issuer.clone(),
            r#type: "issuance.uploaded",
            body: json!({ "state": IssuanceState::Uploaded }),
        }],
        ..Step::default()
    })?;
    issuance.state = IssuanceState::Uploaded;
    working.issuances.put(id, issuance);
    Ok(working.outcome(subject(id), Some(IssuanceState::Uploaded.word()), log_index))
}

/// The next serials of a series, as one block of an issuance. B12 where the series is full; T08 where the log says that they were
/// issued before, and the hub has lost them.
pub(super) fn next_block(working: &Working, issuance: &Issuance, quantity: Grams) -> Decided<Block> {
    let series = series_of(&issuance.issuer, &issuance.content)?;
    let issued = working.series.get(&series)?.copied().unwrap_or(0);
    let last = issued + quantity.get();
    let range = SerialRange::new(issued + 1, last).map_err(|_| {
        Refusal::new(CheckCode::B12, "This series is full: its serials would pass 2^53 − 1.")
            .expected(MAX_SAFE_INTEGER, last)
    })?;
    if let Some(reconciliation) = working.governance.contradicted(&series, range) {
        return Err(in_open_finding(reconciliation).block(BlockRef { series, range }).into());
    }
    let uses = working
        .governance
        .methodologies
        .get(&issuance.content.methodology)
        .map(|published| published.content.uses)
        .ok_or_else(|| Rejection::Broken(format!("{} is not published", issuance.content.methodology)))?;
    Ok(Block {
        series,
        range,
        status: BlockStatus::held_by(issuance.issuer.clone()),
        terms: BlockTerms {
            buffered: false,
            factor_paid: Factor::ONE,
            issuance: issuance.id,
            mapping: None,
            uses,
        },
    })
}

fn clean_block(working: &Working, issuance: &Issuance, clean: Grams) -> Decided<Option<Block>> {
    if clean.is_zero() {
        return Ok(None);
    }
    next_block(working, issuance, clean).map(Some)
}

pub(super) fn is_admitted(working: &Working, issuance: &Issuance) -> bool {
    let issuer = working.governance.members.get(&issuance.issuer);
    issuer.is_some_and(|member| member.status == MemberStatus::Admitted)
}

/// What screening found becomes serials for what is clean, and conflicts for the rest.
pub fn screened(working: &mut Working, found: &Screened) -> Decided<Outcome> {
    let issuance = find(working, found.issuance, IssuanceState::Uploaded)?;
    if found.too_many {
        let reason = "more than 5,000 of its activities were issued already: take them out and register the rest";
        return end_as(working, issuance, IssuanceState::Refused, Some(CheckCode::S11), reason);
    }
    let held: Grams = found.held.iter().map(|one| one.grams).sum();
    ensure(
        found.clean_g.plus(held).map_err(Rejection::broken)? == issuance.content.quantity_g,
        || Refusal::new(CheckCode::S09, "The screened activities do not sum to the issuance."),
    )?;
    if !is_admitted(working, &issuance) {
        let reason = "its issuer was suspended before it was screened";
        return end_as(working, issuance, IssuanceState::Abandoned, None, reason);
    }
    match clean_block(working, &issuance, found.clean_g) {
        Ok(block) => recognise(working, issuance, found, held, block),
        // Nobody could mend it by sending something again, and others wait behind it.
        Err(Rejection::Refused(why)) => end_as(working, issuance, IssuanceState::Refused, Some(why.check), &why.detail),
        Err(other) => Err(other),
    }
}

fn recognise(
    working: &mut Working,
    mut issuance: Issuance,
    found: &Screened,
    held: Grams,
    block: Option<Block>,
) -> Decided<Outcome> {
    let id = issuance.id;
    let state = match (found.held.is_empty(), found.clean_g.is_zero()) {
        (true, _) => IssuanceState::Recognised,
        (false, false) => IssuanceState::PartiallyRecognised,
        (false, true) => IssuanceState::HeldBack,
    };
    let r#type = result_type(state);
    let body = json!({
        "state": state, "quantity_g": found.clean_g, "local_reference": issuance.content.local_reference,
        "activities": issuance.content.activity_count, "held_back": found.held.len(), "held_back_g": held,
        "held_ranges": held_ranges(found),
    });
    let log_index = working.carry_out(Step {
        r#type,
        subject: subject(id),
        state: Some(state.word()),
        data: json!({ "run": found.run, "clean_g": found.clean_g, "held_back": found.held.len(), "held_back_g": held }),
        replacements: block.iter().cloned().map(Replacement::issue).collect(),
        notices: vec![Notice {
            to: issuance.issuer.clone(),
            r#type,
            body,
        }],
        ..Step::default()
    })?;
    issuance.state = state;
    issuance.held.waiting = u32::try_from(found.held.len()).map_err(Rejection::broken)?;
    issuance.held.waiting_g = held;
    issuance.block = block.map(|block| block.reference());
    working.issuances.put(id, issuance.clone());
    working.written.runs.push(Named {
        run: found.run,
        issuance: id,
        attempt: found.attempt,
        log_index,
    });
    for owned in &found.owned {
        let activity = ActivityRef {
            issuance: id,
            index: owned.index,
        };
        working.written.owners.insert(owned.token, activity);
    }
    for collided in &found.held {
        hold(working, &issuance, collided)?;
    }
    Ok(Outcome {
        blocks: issuance.block.into_iter().collect(),
        ..working.outcome(subject(id), Some(state.word()), log_index)
    })
}

/// An activity that collides waits for its conflicts.
fn hold(working: &mut Working, issuance: &Issuance, collided: &Collided) -> Decided<()> {
    let activity = ActivityRef {
        issuance: issuance.id,
        index: collided.index,
    };
    let contested = Contested {
        activity: activity.clone(),
        quantity: collided.grams,
        state: ActivityState::Held,
        range: None,
        successor: None,
    };
    working.contested.put(activity, contested);
    for collision in &collided.with {
        // Known from here on whatever becomes of the pages: a recovered hub decides the conflict as this one does.
        if let Some(position) = collision.position {
            working.positions.put(collision.activity.clone(), position);
        }
    }
    conflict::open(working, issuance, collided)
}

/// The type of the leaf and of the entry for a result.
pub(super) const fn result_type(state: IssuanceState) -> &'static str {
    match state {
        IssuanceState::PartiallyRecognised => "issuance.partially-recognised",
        IssuanceState::HeldBack => "issuance.held-back",
        IssuanceState::Refused => "issuance.refused",
        IssuanceState::Abandoned => "issuance.abandoned",
        _ => "issuance.recognised",
    }
}

/// Runs of neighbouring positions that have no serials, up to a number; `null` where there are more.
fn held_ranges(found: &Screened) -> serde_json::Value {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for collided in &found.held {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(collided.index) => *last = collided.index,
            _ => ranges.push((collided.index, collided.index)),
        }
    }
    if ranges.len() > HELD_RANGES_MAX {
        return serde_json::Value::Null;
    }
    json!(ranges)
}

/// Ends an issuance that has no serials, and tells its issuer why.
pub(super) fn end(
    working: &mut Working,
    mut issuance: Issuance,
    state: IssuanceState,
    check: Option<CheckCode>,
    reason: &str,
) -> Decided<i64> {
    let r#type = result_type(state);
    let id = issuance.id;
    let body = json!({
        "state": state, "reason": reason, "check": check.map_or("", |check| check.text()), "quantity_g": 0,
        "local_reference": issuance.content.local_reference,
    });
    let log_index = working.carry_out(Step {
        r#type,
        subject: subject(id),
        state: Some(state.word()),
        data: json!({ "reason": reason }),
        notices: vec![Notice {
            to: issuance.issuer.clone(),
            r#type,
            body,
        }],
        ..Step::default()
    })?;
    issuance.state = state;
    working.issuances.put(id, issuance);
    Ok(log_index)
}

fn end_as(
    working: &mut Working,
    issuance: Issuance,
    state: IssuanceState,
    check: Option<CheckCode>,
    reason: &str,
) -> Decided<Outcome> {
    let id = issuance.id;
    let log_index = end(working, issuance, state, check, reason)?;
    Ok(working.outcome(subject(id), Some(state.word()), log_index))
}

/// Ends an issuance whose tokens did not come in time, or whose issuer was suspended before they came. T05 where it is not so.
pub fn abandon_due(working: &mut Working, id: MessageId) -> Decided<Outcome> {
    let issuance = find(working, id, IssuanceState::Registered)?;
    let late = working.now >= issuance.registered_at.plus_micros(UPLOAD_US);
    ensure(late || !is_admitted(working, &issuance), || {
        Refusal::new(CheckCode::T05, "There is still time for its token stream.")
    })?;
    let reason = if late {
        "its token stream did not come within 24 hours: register it again"
    } else {
        "its issuer was suspended before the token stream came"
    };
    end_as(working, issuance, IssuanceState::Abandoned, None, reason)
}

/// Ends an issuance whose token stream cannot be screened: others wait behind it.
pub fn give_up(working: &mut Working, id: MessageId, reason: &str) -> Decided<Outcome> {
    let issuance = find(working, id, IssuanceState::Uploaded)?;
    end_as(working, issuance, IssuanceState::Abandoned, None, reason)
}

/// The serials of an activity: those of its release, or its part of the issuance's block. `None` if it has none.
pub fn serials_of(working: &Working, activity: &ActivityRef) -> Decided<Option<BlockRef>> {
    let issuance = working
        .issuances
        .get(&activity.issuance)?
        .ok_or_else(|| Rejection::Broken(format!("no issuance {}", activity.issuance)))?;
    let series = series_of(&issuance.issuer, &issuance.content)?;
    if let Some(contested) = working.contested.get(activity)? {
        let range = contested.range.filter(|_| contested.state == ActivityState::Released);
        return Ok(range.map(|range| BlockRef { series, range }));
    }
    let (Some(block), Some(position)) = (&issuance.block, working.positions.get(activity)?) else {
        return Ok(None);
    };
    if position.grams == 0 {
        return Ok(None);
    }
    let first = block.range.first() + position.before;
    let range = SerialRange::new(first, first + position.grams - 1).map_err(Rejection::broken)?;
    Ok(Some(BlockRef { series, range }))
}
