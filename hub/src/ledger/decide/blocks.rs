//! Serial arithmetic: the holder's blocks under the ranges that a command names, and cutting them out.

use std::collections::BTreeMap;

use tanqiao_protocol::block::{Block, BlockState, BlockStatus, BlockTerms};
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::ledger::Replacement;
use tanqiao_protocol::message::BLOCKS_PER_COMMAND_MAX;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SerialRange, SeriesRef};

use crate::ledger::refusal::{Decided, Refusal, ensure};
use crate::ledger::working::Working;

/// The parts of existing blocks that a command names, each with the block that it lies in.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Ascending by series and serial, disjoint.
    pub parts: Vec<Part>,
    /// Σ in grams.
    pub quantity: Grams,
}

/// A run of serials of one existing block.
#[derive(Debug, Clone)]
pub struct Part {
    /// The block as it stands.
    pub block: Block,
    /// The serials that are named.
    pub range: SerialRange,
}

impl Part {
    /// The named serials as a block of their own.
    #[must_use]
    pub fn cut(&self) -> Block {
        Block {
            range: self.range,
            ..self.block.clone()
        }
    }
}

/// What becomes of one run of serials.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The serials.
    pub range: SerialRange,
    /// Holder and state afterwards.
    pub status: BlockStatus,
    /// Terms afterwards; `None` for those before.
    pub terms: Option<BlockTerms>,
}

/// B07, B10, M02: the ranges as sorted, disjoint runs.
fn sorted(ranges: &[BlockRef]) -> Decided<Vec<&BlockRef>> {
    ensure(!ranges.is_empty(), || {
        Refusal::new(CheckCode::M02, "`blocks` is empty: name at least one block.")
    })?;
    ensure(ranges.len() <= BLOCKS_PER_COMMAND_MAX, || {
        Refusal::new(CheckCode::B10, "Too many blocks in one command: send several commands.")
            .expected(BLOCKS_PER_COMMAND_MAX, ranges.len())
    })?;
    let mut sorted: Vec<&BlockRef> = ranges.iter().collect();
    sorted.sort_unstable();
    for pair in sorted.windows(2) {
        if let [a, b] = pair {
            ensure(a.series != b.series || !a.range.overlaps(&b.range), || {
                Refusal::new(
                    CheckCode::B07,
                    "Two of the named ranges overlap: name every serial once.",
                )
                .block((*a).clone())
                .block((*b).clone())
            })?;
        }
    }
    Ok(sorted)
}

/// The blocks under `ranges`, whatever their holder and state (B01, B07, B10, T08).
pub fn select(working: &Working, ranges: &[BlockRef]) -> Decided<Selection> {
    let selection = select_all(working, ranges, false)?;
    selection
        .parts
        .iter()
        .try_for_each(|part| check_uncontradicted(working, part))?;
    Ok(selection)
}

fn select_all(working: &Working, ranges: &[BlockRef], passes_over: bool) -> Decided<Selection> {
    let mut parts = Vec::with_capacity(ranges.len());
    for named in sorted(ranges)? {
        let mut next = named.range.first();
        for block in working.blocks_over(named)? {
            let Some(range) = block.range.intersection(&named.range) else {
                continue;
            };
            check_missing(working, named, (next, range.first() - 1), passes_over)?;
            next = range.last() + 1;
            parts.push(Part {
                block: block.clone(),
                range,
            });
        }
        check_missing(working, named, (next, named.range.last()), passes_over)?;
    }
    let quantity = parts.iter().map(|part| part.range.quantity()).sum();
    Ok(Selection { parts, quantity })
}

/// B01; T08 where the log says that these serials were issued, and the hub has lost them.
fn check_missing(working: &Working, named: &BlockRef, (first, last): (i64, i64), passes_over: bool) -> Decided<()> {
    if first == last + 1 {
        return Ok(());
    }
    let missing = SerialRange::new(first, last).ok();
    match missing.and_then(|range| working.governance.contradicted(&named.series, range)) {
        Some(_) if passes_over => Ok(()),
        Some(reconciliation) => Err(in_open_finding(reconciliation).block(named.clone()).into()),
        None => Err(Refusal::new(
            CheckCode::B01,
            "These serials were never issued: check the series and the range.",
        )
        .block(named.clone())
        .into()),
    }
}

/// T08: of a block that the log contradicts nothing could be written that can be replayed. It stays until officers have closed
/// the finding.
fn check_uncontradicted(working: &Working, part: &Part) -> Decided<()> {
    let block = &part.block;
    match working.governance.contradicted(&block.series, block.range) {
        Some(reconciliation) => Err(in_open_finding(reconciliation).block(block.reference()).into()),
        None => Ok(()),
    }
}

/// The refusal of what is in an open finding.
pub fn in_open_finding(reconciliation: MessageId) -> Refusal {
    Refusal::new(
        CheckCode::T08,
        format!(
            "The hub's log contradicts the hub's book about these serials: nothing is done with them until officers have closed the \
             findings of reconciliation {reconciliation}."
        ),
    )
}

/// As [`select`], without the serials that the log contradicts: for what the hub does to whatever is there.
pub fn select_uncontradicted(working: &Working, ranges: &[BlockRef]) -> Decided<Selection> {
    let mut selection = select_all(working, ranges, true)?;
    selection
        .parts
        .retain(|part| check_uncontradicted(working, part).is_ok());
    selection.quantity = selection.parts.iter().map(|part| part.range.quantity()).sum();
    Ok(selection)
}

/// B01 to B08: the blocks under `ranges`, all of them held by `member` and free.
pub fn select_held(working: &Working, member: &NodeId, ranges: &[BlockRef]) -> Decided<Selection> {
    let selection = select(working, ranges)?;
    for part in &selection.parts {
        check_holder(part, member)?;
        check_free(part)?;
        check_pieces(working, part)?;
    }
    Ok(selection)
}

fn check_holder(part: &Part, member: &NodeId) -> Decided<()> {
    ensure(part.block.status.holder == *member, || {
        Refusal::new(CheckCode::B02, "Another member holds these serials.")
            .block(part.block.reference())
            .expected(member, &part.block.status.holder)
    })
}

fn check_free(part: &Part) -> Decided<()> {
    let status = &part.block.status;
    let refuse = |check, detail: &str| {
        Err(Refusal::new(check, detail)
            .block(part.block.reference())
            .transfer(status.bound_to)
            .expected(BlockState::Held, status.state)
            .into())
    };
    match status.state {
        BlockState::Held => Ok(()),
        BlockState::Reserved => refuse(
            CheckCode::B03,
            "These serials are reserved for the transfer or donation named here.",
        ),
        BlockState::Retired | BlockState::Cancelled | BlockState::Exported => refuse(
            CheckCode::B04,
            "These serials were used or taken out for good. Nothing brings them back.",
        ),
        BlockState::Frozen => refuse(
            CheckCode::B05,
            "These serials are frozen until an officer decides. You may appeal.",
        ),
        BlockState::Pledged => refuse(
            CheckCode::B06,
            "These serials are pledged: the pledgee has to release them first.",
        ),
    }
}

/// B08: no split may leave a piece below the policy's smallest.
fn check_pieces(working: &Working, part: &Part) -> Decided<()> {
    let smallest = working.governance.policy.smallest_piece_g;
    let rest = part.block.range.without(&part.range);
    let too_small = rest
        .iter()
        .flatten()
        .chain((part.range != part.block.range).then_some(&part.range))
        .any(|r| r.quantity() < smallest);
    ensure(!too_small, || {
        Refusal::new(CheckCode::B08, "This would split a block into a piece below the smallest permitted. Name the whole block or a larger part.")
            .block(part.block.reference())
            .expected(smallest, part.range.quantity())
    })
}

/// Every part goes as a whole to one status.
pub fn move_all(selection: &Selection, status: impl Fn(&Block) -> BlockStatus) -> Vec<Replacement> {
    cut(selection, |part| {
        vec![Piece {
            range: part.range,
            status: status(&part.block),
            terms: None,
        }]
    })
}

/// Replaces every block of a selection: the named parts by `pieces` (which must cover the part, ascending), the rest as it
/// was. Parts of the same block are cut together.
pub fn cut(selection: &Selection, pieces: impl Fn(&Part) -> Vec<Piece>) -> Vec<Replacement> {
    let mut by_block: BTreeMap<(SeriesRef, i64), Vec<&Part>> = BTreeMap::new();
    for part in &selection.parts {
        by_block
            .entry((part.block.series.clone(), part.block.range.first()))
            .or_default()
            .push(part);
    }
    by_block
        .into_values()
        .filter_map(|parts| cut_block(&parts, &pieces))
        .collect()
}

fn cut_block(parts: &[&Part], pieces: &impl Fn(&Part) -> Vec<Piece>) -> Option<Replacement> {
    let before = parts.first()?.block.clone();
    let mut after = Vec::with_capacity(parts.len() * 2 + 1);
    let mut rest = Some(before.range);
    for part in parts {
        let [ahead, behind] = rest?.without(&part.range);
        after.extend(ahead.map(|range| Block {
            range,
            ..before.clone()
        }));
        after.extend(pieces(part).into_iter().map(|piece| Block {
            series: before.series.clone(),
            range: piece.range,
            status: piece.status,
            terms: piece.terms.unwrap_or_else(|| before.terms.clone()),
        }));
        rest = behind;
        if rest.is_none() {
            break;
        }
    }
    after.extend(rest.map(|range| Block {
        range,
        ..before.clone()
    }));
    Some(Replacement {
        before: Some(before),
        after,
    })
}

/// The blocks that an open transfer, donation or pledge binds, for `state`.
///
/// # Errors
/// A fault of the program if one of them is not bound by it.
pub fn select_bound(working: &Working, ranges: &[BlockRef], by: MessageId, state: BlockState) -> Decided<Selection> {
    let selection = select(working, ranges)?;
    for part in &selection.parts {
        let status = &part.block.status;
        if status.bound_to != Some(by) || status.state != state {
            return Err(crate::ledger::refusal::Rejection::Broken(format!(
                "{} is not {state} by {by}",
                part.block.reference()
            )));
        }
    }
    Ok(selection)
}
