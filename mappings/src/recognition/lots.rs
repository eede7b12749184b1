//! Grouping blocks into lots: one floor a lot (3-recognition, rule 5).

use std::collections::BTreeMap;

use tanqiao_protocol::block::Block;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::recognition::Lot;
use tanqiao_protocol::serial::{SerialRange, SeriesRef};
use tanqiao_protocol::r#use::Uses;

type Sameness = (SeriesRef, Option<MappingRef>, Factor, bool, Uses, Option<MessageId>);

/// Groups blocks, already cut to the ranges that are given, by series, mapping version, factor paid, buffer flag and uses.
/// Lots come in the order of these, blocks in the order of their serials, whatever the order of `blocks`.
#[must_use]
pub fn lots_of(blocks: &[Block]) -> Vec<Lot> {
    batch_lots_of(blocks, |_| None)
        .into_iter()
        .map(|(lot, _)| lot)
        .collect()
}

/// [`lots_of`] where activity data travel: blocks of different batches are different lots. `issuance` gives the issuance of a
/// block, if its batch has a factor of its own that may take the place of a mapping's (3-recognition, rule 4), else `None`.
/// The answer depends on the blocks and on `issuance` alone, not on the order of the blocks.
#[must_use]
pub fn batch_lots_of(
    blocks: &[Block],
    issuance: impl Fn(&Block) -> Option<MessageId>,
) -> Vec<(Lot, Option<MessageId>)> {
    let mut lots: BTreeMap<Sameness, Vec<&Block>> = BTreeMap::new();
    for block in blocks {
        let terms = &block.terms;
        let key = (
            block.series.clone(),
            terms.mapping.clone(),
            terms.factor_paid,
            terms.buffered,
            terms.uses,
            issuance(block),
        );
        lots.entry(key).or_default().push(block);
    }
    lots.into_iter()
        .map(|((series, mapping, paid, buffered, uses, issuance), mut blocks)| {
            blocks.sort_by_key(|block| block.range);
            let lot = Lot {
                blocks: blocks.into_iter().map(Block::reference).collect(),
                series,
                mapping,
                paid,
                buffered,
                uses,
            };
            (lot, issuance)
        })
        .collect()
}

/// The serials of a lot, if they are ascending, disjoint and of its series.
pub(super) fn ranges_of(lot: &Lot) -> Option<Vec<SerialRange>> {
    let ascending = lot
        .blocks
        .iter()
        .zip(lot.blocks.iter().skip(1))
        .all(|(a, b)| a.range.last() < b.range.first());
    let of_series = lot.blocks.iter().all(|block| block.series == lot.series);
    (ascending && of_series).then(|| lot.blocks.iter().map(|block| block.range).collect())
}
