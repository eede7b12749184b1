//! What the changes of a deciding leaf come to: who gave what, and what became of it.

use std::collections::BTreeMap;

use super::file::ReceiptKind;
use super::refusal::{ReceiptFault, ReceiptRefusal};
use crate::block::{BlockChange, BlockState};
use crate::id::{MessageId, NodeId};
use crate::quantity::Grams;
use crate::serial::{BlockRef, SerialRange, SeriesRef};

/// Blocks by series, ascending, neighbours joined.
pub(super) type Cover = BTreeMap<SeriesRef, Vec<SerialRange>>;

/// What was done.
#[derive(Debug)]
pub(super) struct Deed {
    pub giver: NodeId,
    /// Who received, of a transfer.
    pub target: Option<NodeId>,
    pub given: Cover,
    /// What arrived or was retired.
    pub delivered: Cover,
    pub given_g: Grams,
    pub delivered_g: Grams,
    pub buffered_g: Grams,
    pub cancelled_g: Grams,
}

/// What became of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    Delivered,
    Buffered,
    Cancelled,
}

/// Blocks joined to a [`Cover`]; `None` where two overlap.
pub(super) fn cover<'a>(blocks: impl IntoIterator<Item = &'a BlockRef>) -> Option<Cover> {
    let mut cover = Cover::new();
    for block in blocks {
        cover.entry(block.series.clone()).or_default().push(block.range);
    }
    for ranges in cover.values_mut() {
        ranges.sort_unstable();
        let mut joined: Vec<SerialRange> = Vec::new();
        for range in ranges.iter() {
            match joined.last_mut() {
                Some(last) if range.first() <= last.last() => return None,
                Some(last) if range.first() == last.last() + 1 => {
                    *last = SerialRange::new(last.first(), range.last()).ok()?;
                }
                _ => joined.push(*range),
            }
        }
        *ranges = joined;
    }
    Some(cover)
}

/// The blocks of a cover.
pub(super) fn blocks(cover: &Cover) -> Vec<BlockRef> {
    let blocks = cover.iter().flat_map(|(series, ranges)| {
        ranges.iter().map(|range| BlockRef {
            series: series.clone(),
            range: *range,
        })
    });
    blocks.collect()
}

fn refuse(detail: impl std::fmt::Display) -> ReceiptRefusal {
    ReceiptRefusal::new(ReceiptFault::Changes, "leaves", detail)
}

impl Deed {
    /// What these changes come to, for a thing of this kind.
    pub fn of(kind: ReceiptKind, id: MessageId, changes: &[BlockChange]) -> Result<Self, ReceiptRefusal> {
        // What a larger block keeps when a part of it is taken is a change of its serials only.
        let changes: Vec<&BlockChange> = changes.iter().filter(|change| !is_remainder(change)).collect();
        let first = changes.first().and_then(|change| change.from.as_ref());
        let giver = first
            .ok_or_else(|| refuse("the leaf changes no blocks"))?
            .holder
            .clone();
        let mut target: Option<NodeId> = None;
        let mut shares: Vec<(Share, &BlockRef)> = Vec::with_capacity(changes.len());
        for change in changes.iter().copied() {
            check_before(kind, id, change, &giver)?;
            let share = share(kind, id, change, &giver)?;
            if kind == ReceiptKind::Transfer && share == Share::Delivered {
                let holder = &change.to.holder;
                if target.get_or_insert_with(|| holder.clone()) != holder {
                    return Err(refuse("the blocks go to more than one member"));
                }
            }
            shares.push((share, &change.block));
        }
        let of = |wanted: Share| {
            shares
                .iter()
                .filter(move |(share, _)| *share == wanted)
                .map(|(_, block)| *block)
        };
        let sum = |wanted: Share| {
            Grams::total(of(wanted).map(BlockRef::quantity)).map_err(|error| refuse(format!("the grams: {error}")))
        };
        let overlap = || refuse("the same serial is changed twice");
        Ok(Self {
            given: cover(shares.iter().map(|(_, block)| *block)).ok_or_else(overlap)?,
            delivered: cover(of(Share::Delivered)).ok_or_else(overlap)?,
            given_g: Grams::total(changes.iter().map(|change| change.block.quantity()))
                .map_err(|error| refuse(format!("the grams: {error}")))?,
            delivered_g: sum(Share::Delivered)?,
            buffered_g: sum(Share::Buffered)?,
            cancelled_g: sum(Share::Cancelled)?,
            giver,
            target,
        })
    }
}

/// True if a block was only cut, and stays whose and what it was.
fn is_remainder(change: &BlockChange) -> bool {
    change.split_of.is_some() && change.terms.is_none() && change.from.as_ref() == Some(&change.to)
}

/// Before, each block was the giver's, and reserved for just this; what is retired without a donation was simply held.
fn check_before(kind: ReceiptKind, id: MessageId, change: &BlockChange, giver: &NodeId) -> Result<(), ReceiptRefusal> {
    let block = &change.block;
    let Some(from) = &change.from else {
        return Err(refuse(format!("{block}: new serials are issued, not given")));
    };
    if from.holder != *giver {
        return Err(refuse(format!(
            "{block} was held by `{}`, the others by `{giver}`",
            from.holder
        )));
    }
    let fits = match kind {
        ReceiptKind::Retirement => from.state == BlockState::Held,
        ReceiptKind::Transfer | ReceiptKind::Donation => {
            from.state == BlockState::Reserved && from.bound_to == Some(id)
        }
    };
    if fits {
        Ok(())
    } else {
        Err(refuse(format!("{block} was `{}`, and not free for this", from.state)))
    }
}

fn share(kind: ReceiptKind, id: MessageId, change: &BlockChange, giver: &NodeId) -> Result<Share, ReceiptRefusal> {
    let to = &change.to;
    let ended = |state| to.state == state && to.bound_to == Some(id) && to.holder == *giver;
    let buffered = to.state == BlockState::Held && to.holder == NodeId::hub_buffer();
    match kind {
        ReceiptKind::Retirement | ReceiptKind::Donation if ended(BlockState::Retired) => Ok(Share::Delivered),
        ReceiptKind::Transfer | ReceiptKind::Donation if ended(BlockState::Cancelled) => Ok(Share::Cancelled),
        ReceiptKind::Transfer | ReceiptKind::Donation if buffered => Ok(Share::Buffered),
        ReceiptKind::Transfer if to.state == BlockState::Held && to.holder != *giver => Ok(Share::Delivered),
        _ => Err(refuse(format!(
            "{} becomes `{}` with `{}`, which a {kind} does not do",
            change.block, to.state, to.holder
        ))),
    }
}
