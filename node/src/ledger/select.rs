//! Which serials of an account a command takes.

use std::collections::VecDeque;

use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::BLOCKS_PER_COMMAND_MAX;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SerialRange};
use tanqiao_protocol::r#use::Use;

use crate::error::NodeError;
use crate::ledger::lots::{bind, block_ref};
use crate::ledger::{AccountId, AccountKind};
use crate::service::Selection;
use crate::store::rows::{BlockRow, LotRow};
use crate::store::{StoreError, Tx};

/// How many lots are looked at in one query.
const LOTS_A_QUERY: i64 = 512;

/// Chooses free serials of `account` and binds them to the message `by`. Each range lies in one block of the hub's book.
/// With `purpose`, only blocks that may be used for it.
///
/// # Errors
/// As [`choosable`].
pub fn reserve(
    tx: &mut dyn Tx,
    account: &AccountId,
    what: &Selection,
    purpose: Option<Use>,
    by: MessageId,
) -> Result<Vec<BlockRef>, NodeError> {
    let chosen = choosable(tx, account, what, purpose)?;
    let by = by.to_string();
    for block in &chosen {
        bind(tx, block, &by)?;
    }
    Ok(chosen)
}

/// The serials that [`reserve`] would bind; nothing is bound.
///
/// # Errors
/// [`NodeError::Refused`]: `suspense`, `not-enough`, `not-free`, `too-many-blocks`, `range-invalid`, `quantity-zero`.
pub fn choosable(
    tx: &mut dyn Tx,
    account: &AccountId,
    what: &Selection,
    purpose: Option<Use>,
) -> Result<Vec<BlockRef>, NodeError> {
    let row = tx
        .account(account.as_str())?
        .ok_or_else(|| NodeError::not_found("account", account))?;
    if AccountKind::from_code(row.kind)? == AccountKind::Suspense {
        return Err(NodeError::refused(
            "suspense",
            "serials in `suspense` have to be attributed to an account first",
        ));
    }
    let chosen = choose(tx, account, what, purpose)?;
    if chosen.len() > BLOCKS_PER_COMMAND_MAX {
        return Err(NodeError::refused(
            "too-many-blocks",
            format!(
                "this takes {} ranges, of which a command may name {BLOCKS_PER_COMMAND_MAX}: ask for less",
                chosen.len()
            ),
        ));
    }
    Ok(chosen)
}

/// Chooses free serials of `account`.
pub(super) fn choose(
    tx: &mut dyn Tx,
    account: &AccountId,
    what: &Selection,
    purpose: Option<Use>,
) -> Result<Vec<BlockRef>, NodeError> {
    match what {
        Selection::Quantity { quantity_g, .. } if quantity_g.is_zero() => Err(NodeError::refused(
            "quantity-zero",
            "a quantity has to be more than 0 g",
        )),
        Selection::Quantity { quantity_g, series } => {
            let series = series.as_ref().map(ToString::to_string);
            choose_quantity(tx, account, *quantity_g, series.as_deref(), purpose)
        }
        Selection::Blocks(blocks) => choose_blocks(tx, account, blocks, purpose),
    }
}

fn choose_quantity(
    tx: &mut dyn Tx,
    account: &AccountId,
    quantity: Grams,
    series: Option<&str>,
    purpose: Option<Use>,
) -> Result<Vec<BlockRef>, NodeError> {
    let mut left = quantity;
    let mut chosen: Vec<BlockRef> = Vec::new();
    let mut after = (String::new(), 0);
    while !left.is_zero() {
        let lots = tx.free_lots(account.as_str(), series, (&after.0, after.1), LOTS_A_QUERY)?;
        let Some(last) = lots.last() else {
            let available = quantity.saturating_minus(left);
            return Err(NodeError::refused(
                "not-enough",
                format!("account `{account}` has {available} free for this, which is less than {quantity}"),
            ));
        };
        after = (last.series.clone(), last.first);
        for piece in free_pieces(tx, &lots, purpose)? {
            let (taken, _) = piece.range.split_at(left);
            if let Some(range) = taken {
                left = left.saturating_minus(range.quantity());
                chosen.push(BlockRef {
                    series: piece.series,
                    range,
                });
            }
            if left.is_zero() || chosen.len() > BLOCKS_PER_COMMAND_MAX {
                return Ok(chosen);
            }
        }
    }
    Ok(chosen)
}

fn choose_blocks(
    tx: &mut dyn Tx,
    account: &AccountId,
    blocks: &[BlockRef],
    purpose: Option<Use>,
) -> Result<Vec<BlockRef>, NodeError> {
    let mut sorted = blocks.to_vec();
    sorted.sort();
    let overlap = sorted
        .windows(2)
        .any(|w| matches!(w, [a, b] if a.series == b.series && a.range.overlaps(&b.range)));
    if overlap || sorted.is_empty() {
        return Err(NodeError::refused(
            "range-invalid",
            "name at least one range, and no serial twice",
        ));
    }
    let mut chosen = Vec::new();
    for block in &sorted {
        let series = block.series.to_string();
        let before = tx
            .lot_at(&series, block.range.first())?
            .filter(|l| l.first < block.range.first());
        let inside = tx.lots_from(&series, block.range.first(), block.range.last())?;
        let lots: Vec<LotRow> = before
            .into_iter()
            .chain(inside)
            .filter(|l| l.account == account.as_str() && l.reserved_by.is_none())
            .collect();
        let pieces: Vec<BlockRef> = free_pieces(tx, &lots, purpose)?
            .into_iter()
            .filter_map(|p| {
                Some(BlockRef {
                    range: p.range.intersection(&block.range)?,
                    series: p.series,
                })
            })
            .collect();
        if pieces.iter().map(BlockRef::quantity).sum::<Grams>() != block.quantity() {
            return Err(NodeError::refused(
                "not-free",
                format!("{block} is not wholly free in account `{account}`: look at its holdings again"),
            ));
        }
        chosen.extend(pieces);
    }
    Ok(chosen)
}

/// The parts of ascending free lots that the hub's book has as held, each inside one block.
fn free_pieces(tx: &mut dyn Tx, lots: &[LotRow], purpose: Option<Use>) -> Result<Vec<BlockRef>, NodeError> {
    let mut pieces = Vec::with_capacity(lots.len());
    for run in lots.chunk_by(|a, b| a.series == b.series) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        let blocks: VecDeque<BlockRow> = tx.blocks_over(&first.series, first.first, last.last)?.into();
        pieces.extend(intersect(run, blocks, purpose)?);
    }
    Ok(pieces)
}

fn intersect(
    lots: &[LotRow],
    mut blocks: VecDeque<BlockRow>,
    purpose: Option<Use>,
) -> Result<Vec<BlockRef>, StoreError> {
    let mut pieces = Vec::new();
    for lot in lots {
        while blocks.front().is_some_and(|b| b.last < lot.first) {
            blocks.pop_front();
        }
        for block in blocks.iter().take_while(|b| b.first <= lot.last) {
            let fits = purpose.is_none_or(|p| tanqiao_protocol::r#use::Uses::from_bits(block.uses).contains(p));
            if fits
                && block.state == BlockState::Held.code()
                && let Ok(range) = SerialRange::new(lot.first.max(block.first), lot.last.min(block.last))
            {
                pieces.push(BlockRef {
                    range,
                    series: block_ref(&lot.series, lot.first, lot.last)?.series,
                });
            }
        }
    }
    Ok(pieces)
}
