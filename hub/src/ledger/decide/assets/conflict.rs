//! Conflicts about assets: opened by a registration or a list, ended by a revision or by officers. What is still the issuer's of an
//! issuance in conflict is frozen; what others hold, and final states, are never touched.

use std::collections::BTreeSet;

use serde_json::json;
use tanqiao_protocol::asset::{AssetConflictKind, AssetConflictState, AssetState};
use tanqiao_protocol::block::{Block, BlockState, BlockStatus};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, Name, NodeId};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::Outcome;

use super::issued::live_uses;
use super::subject_of;
use crate::ledger::decide::blocks::{Part, Selection, move_all};
use crate::ledger::decide::check_words;
use crate::ledger::decide::membership::halt_one;
use crate::ledger::objects::{AssetConflict, AssetConflictContent, AssetKey, Contender};
use crate::ledger::refusal::{Decided, Refusal, Rejection, ensure};
use crate::ledger::register::acts_fall_into;
use crate::ledger::step::{Notice, Step};
use crate::ledger::working::Working;

fn subject(id: i64) -> String {
    format!("asset-conflict/{id}")
}

fn notices(sides: &BTreeSet<NodeId>, r#type: &'static str, body: &serde_json::Value) -> Vec<Notice> {
    let notice = |to: &NodeId| Notice {
        to: to.clone(),
        r#type,
        body: body.clone(),
    };
    sides.iter().map(notice).collect()
}

fn members(conflict: &AssetConflict) -> BTreeSet<NodeId> {
    conflict.sides().map(|key| key.member.clone()).collect()
}

/// The time for which both sides are credited; that of the first where one id was registered twice for times apart.
fn contested_time(working: &Working, first: &AssetKey, second: &Contender) -> Decided<(Timestamp, Timestamp)> {
    let missing = || Rejection::NotLoaded(format!("{first} or {second}"));
    let one = working
        .register
        .assets
        .get(first)?
        .ok_or_else(missing)?
        .content
        .period();
    let other = match second {
        Contender::Asset(key) => working.register.assets.get(key)?.ok_or_else(missing)?.content.period(),
        Contender::Entry(key) => {
            let entry = &working.register.entries.get(key)?.ok_or_else(missing)?.content;
            (entry.from, entry.until)
        }
    };
    let common = (one.0.max(other.0), one.1.min(other.1));
    Ok(if common.0 < common.1 { common } else { one })
}

/// Opens a conflict. Where the other side is a list, the asset is contested from now on, and what the issuer still holds of its
/// issuances for the listed time is frozen.
pub(super) fn open(
    working: &mut Working,
    kind: AssetConflictKind,
    first: &AssetKey,
    second: Contender,
    officers: &[Name],
) -> Decided<i64> {
    let (from, until) = contested_time(working, first, &second)?;
    let id = working.next_index();
    let mut conflict = AssetConflict {
        id,
        kind,
        state: AssetConflictState::Open,
        first: first.clone(),
        second,
        content: AssetConflictContent {
            from,
            until,
            opened_at: working.now,
            frozen: Vec::new(),
            ended_at: None,
            reason: None,
        },
        log_index: id,
    };
    let said = json!({
        "conflict": id, "kind": kind, "first": subject_of(first), "second": named(&conflict.second), "from": from, "until": until,
    });
    working.carry_out(Step {
        r#type: "asset.contested",
        subject: subject(id),
        state: Some(conflict.state.word()),
        data: said.clone(),
        officers: officers.to_vec(),
        notices: notices(&members(&conflict), "asset.contested", &said),
        ..Step::default()
    })?;
    working.register.conflicts.put(id, conflict.clone());
    if kind == AssetConflictKind::OtherScheme {
        move_to(working, first, AssetState::Contested, "asset.blocked", officers)?;
        let reason = format!("asset conflict {id}: {} lists {first}", conflict.second);
        conflict.content.frozen = freeze(working, officers, first, (from, until), id, &reason)?;
        working.register.conflicts.put(id, conflict);
    }
    Ok(id)
}

fn named(contender: &Contender) -> String {
    match contender {
        Contender::Asset(key) => subject_of(key),
        Contender::Entry(key) => format!("entry/{key}"),
    }
}

/// Ends a conflict, and lets what it alone has blocked be issued on again.
pub(super) fn end(
    working: &mut Working,
    id: i64,
    state: AssetConflictState,
    officers: &[Name],
    reason: &str,
) -> Decided<i64> {
    let mut conflict = found(working, id)?;
    let said = json!({ "conflict": id, "reason": reason });
    let log_index = working.carry_out(Step {
        r#type: "asset.resolved",
        subject: subject(id),
        state: Some(state.word()),
        data: said,
        officers: officers.to_vec(),
        notices: notices(
            &members(&conflict),
            "asset.resolved",
            &json!({ "conflict": id, "reason": reason, "state": state }),
        ),
        ..Step::default()
    })?;
    conflict.state = state;
    conflict.content.ended_at = Some(working.now);
    conflict.content.reason = Some(reason.to_owned());
    conflict.log_index = log_index;
    let sides: Vec<AssetKey> = conflict.sides().cloned().collect();
    working.register.conflicts.put(id, conflict);
    for key in sides {
        clear(working, &key, officers)?;
    }
    Ok(log_index)
}

fn found(working: &Working, id: i64) -> Decided<AssetConflict> {
    let conflict = working.register.conflicts.get(&id)?.cloned();
    conflict.ok_or_else(|| Refusal::new(CheckCode::T05, format!("There is no asset conflict {id}.")).into())
}

/// Lets a contested asset be issued on again if nothing blocks it any more.
fn clear(working: &mut Working, key: &AssetKey, officers: &[Name]) -> Decided<()> {
    let state = working.register.assets.get(key)?.map(|asset| asset.state);
    if state == Some(AssetState::Contested) && !working.register.is_blocked(key)? {
        move_to(working, key, AssetState::Registered, "asset.cleared", officers)?;
    }
    Ok(())
}

fn move_to(
    working: &mut Working,
    key: &AssetKey,
    state: AssetState,
    r#type: &'static str,
    officers: &[Name],
) -> Decided<()> {
    let missing = || Rejection::NotLoaded(key.to_string());
    let mut asset = working.register.assets.get(key)?.cloned().ok_or_else(missing)?;
    if asset.state == state {
        return Ok(());
    }
    let to = BTreeSet::from([key.member.clone()]);
    asset.log_index = working.carry_out(Step {
        r#type,
        subject: subject_of(key),
        state: Some(state.word()),
        officers: officers.to_vec(),
        notices: notices(&to, r#type, &json!({ "asset": key.asset, "state": state })),
        ..Step::default()
    })?;
    asset.state = state;
    working.register.put_asset(asset);
    Ok(())
}

/// Officers decide a conflict, each once.
pub fn resolve(
    working: &mut Working,
    officers: &[Name],
    command: MessageId,
    id: i64,
    ruling: AssetConflictState,
    reason: &str,
) -> Decided<Outcome> {
    check_words(reason, "reason", 500)?;
    let conflict = found(working, id)?;
    ensure(conflict.state == AssetConflictState::Open, || {
        Refusal::new(CheckCode::T05, "This conflict was ended already.")
            .expected(AssetConflictState::Open, conflict.state)
    })?;
    ensure(ruling.decides(conflict.kind), || {
        let permitted = AssetConflictState::ALL.iter().filter(|one| one.decides(conflict.kind));
        let permitted: Vec<&str> = permitted.map(|one| one.word()).collect();
        Refusal::new(CheckCode::M02, "A conflict of this kind is not decided so.")
            .expected(permitted.join(", "), ruling)
    })?;
    let loser = match (ruling, &conflict.second) {
        (AssetConflictState::ForFirst, Contender::Asset(second)) => Some(second.clone()),
        (AssetConflictState::ForSecond, _) => Some(conflict.first.clone()),
        _ => None,
    };
    if let Some(loser) = &loser {
        // Before the conflict ends, so that nothing clears the loser.
        move_to(working, loser, AssetState::Lost, "asset.lost", officers)?;
    }
    let log_index = end(working, id, ruling, officers, reason)?;
    if let Some(loser) = &loser {
        lose(working, officers, loser, &conflict, reason)?;
    }
    let name = format!("asset conflict {id}: {reason}");
    let mut conflict = conflict;
    match ruling {
        AssetConflictState::Upheld => {
            // What was recognised since the list came.
            let time = (conflict.content.from, conflict.content.until);
            let more = freeze(working, officers, &conflict.first, time, id, &name)?;
            conflict.content.frozen.extend(more);
            let mut ended = found(working, id)?;
            ended.content.frozen.clone_from(&conflict.content.frozen);
            working.register.conflicts.put(id, ended);
            let cancelled =
                |block: &Block| BlockStatus::bound(block.status.holder.clone(), BlockState::Cancelled, command);
            release(working, officers, &conflict, "freeze.cancelled", &name, cancelled)?;
        }
        AssetConflictState::Dismissed => {
            let thawed = |block: &Block| BlockStatus {
                state: block.status.state_before.unwrap_or(BlockState::Held),
                state_before: None,
                ..block.status.clone()
            };
            release(working, officers, &conflict, "freeze.lifted", &name, thawed)?;
        }
        _ => {}
    }
    Ok(working.outcome(subject(id), Some(ruling.word()), log_index))
}

/// What an asset that lost still contended for with others ends (what a list says of it is decided by itself), and what its registrant holds of issuances for the contested time is frozen:
/// officers cancel it, or return it.
fn lose(
    working: &mut Working,
    officers: &[Name],
    loser: &AssetKey,
    conflict: &AssetConflict,
    reason: &str,
) -> Decided<()> {
    let open = working.register.open_conflicts(loser)?.into_iter();
    for other in open.filter(|one| one.kind != AssetConflictKind::OtherScheme) {
        end(
            working,
            other.id,
            AssetConflictState::Corrected,
            officers,
            &format!("{loser} lost asset conflict {}", conflict.id),
        )?;
    }
    let why = format!("asset conflict {}: {reason}", conflict.id);
    let time = (conflict.content.from, conflict.content.until);
    let frozen = freeze(working, officers, loser, time, conflict.id, &why)?;
    let mut ended = found(working, conflict.id)?;
    ended.content.frozen = frozen;
    working.register.conflicts.put(conflict.id, ended);
    Ok(())
}

/// The blocks over a range that are still the issuer's and not final.
fn still_held(working: &Working, range: &BlockRef, issuer: &NodeId) -> Decided<Vec<Block>> {
    let blocks = working.blocks_over(range)?.into_iter();
    let still = blocks.filter(|block| {
        block.status.holder == *issuer
            && !block.status.state.is_final()
            && range.range.contains(&block.range)
            && working.governance.contradicted(&block.series, block.range).is_none()
    });
    Ok(still.cloned().collect())
}

/// Freezes what the registrant still holds of its issuances on an asset for a time, and gives the serials: those that it froze, and
/// those that another open conflict about the asset has frozen before. What is reserved is released first, with its whole transfer
/// or donation.
fn freeze(
    working: &mut Working,
    officers: &[Name],
    key: &AssetKey,
    time: (Timestamp, Timestamp),
    conflict: i64,
    reason: &str,
) -> Decided<Vec<BlockRef>> {
    let uses = live_uses(working, key)?;
    let concerned = uses.iter().filter(|one| acts_fall_into((one.from, one.until), time));
    let ranges: Vec<BlockRef> = concerned.flat_map(|one| one.blocks.iter().cloned()).collect();
    let mut reserved = BTreeSet::new();
    for range in &ranges {
        let blocks = still_held(working, range, &key.member)?;
        let open = blocks.iter().filter(|block| block.status.state == BlockState::Reserved);
        reserved.extend(open.filter_map(|block| block.status.bound_to));
    }
    for open in reserved {
        halt_one(working, officers, open, reason)?;
    }
    let others: Vec<BlockRef> = working
        .register
        .open_conflicts(key)?
        .into_iter()
        .filter(|one| one.id != conflict)
        .flat_map(|one| one.content.frozen)
        .collect();
    let (mut frozen, mut parts) = (Vec::new(), Vec::new());
    for range in &ranges {
        for block in still_held(working, range, &key.member)? {
            let reference = block.reference();
            match block.status.state {
                BlockState::Frozen if others.iter().any(|other| covers(other, &reference)) => frozen.push(reference),
                BlockState::Held | BlockState::Pledged => {
                    frozen.push(reference);
                    parts.push(Part {
                        range: block.range,
                        block,
                    });
                }
                _ => {}
            }
        }
    }
    let status = |block: &Block| BlockStatus {
        bound_to: block.status.bound_to,
        holder: block.status.holder.clone(),
        state: BlockState::Frozen,
        state_before: Some(block.status.state),
    };
    change(working, officers, conflict, "freeze.set", reason, parts, status)?;
    // Parts of what was loaded: they may be looked up by themselves from now on.
    working.ranges.extend(frozen.iter().cloned());
    Ok(frozen)
}

fn covers(range: &BlockRef, part: &BlockRef) -> bool {
    range.series == part.series && range.range.contains(&part.range)
}

/// Returns or cancels what a conflict has frozen and nobody else has touched since. What another open conflict about the asset holds
/// frozen as well stays so.
fn release(
    working: &mut Working,
    officers: &[Name],
    conflict: &AssetConflict,
    r#type: &'static str,
    reason: &str,
    status: impl Fn(&Block) -> BlockStatus,
) -> Decided<()> {
    let kept: Vec<BlockRef> = working
        .register
        .open_conflicts(&conflict.first)?
        .into_iter()
        .flat_map(|one| one.content.frozen)
        .collect();
    let is_lifted = r#type == "freeze.lifted";
    let mut parts = Vec::new();
    for range in &conflict.content.frozen {
        for block in still_held(working, range, &conflict.first.member)? {
            let held = is_lifted && kept.iter().any(|other| covers(other, &block.reference()));
            if block.status.state == BlockState::Frozen && !held {
                parts.push(Part {
                    range: block.range,
                    block,
                });
            }
        }
    }
    change(working, officers, conflict.id, r#type, reason, parts, status)
}

fn change(
    working: &mut Working,
    officers: &[Name],
    conflict: i64,
    r#type: &'static str,
    reason: &str,
    parts: Vec<Part>,
    status: impl Fn(&Block) -> BlockStatus,
) -> Decided<()> {
    if parts.is_empty() {
        return Ok(());
    }
    let quantity = parts.iter().map(|part| part.range.quantity()).sum();
    let replacements = move_all(&Selection { parts, quantity }, status);
    working.carry_out(Step {
        r#type,
        // The conflict's own leaves say its state; this one is about blocks.
        subject: format!("freeze/asset-conflict-{conflict}"),
        data: json!({ "reason": reason }),
        officers: officers.to_vec(),
        replacements,
        ..Step::default()
    })?;
    Ok(())
}
