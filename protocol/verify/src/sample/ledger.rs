//! The serials of a sample: issued, reserved, divided.

use tanqiao_protocol::block::{Block, BlockState, BlockStatus, BlockTerms};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::ledger::Replacement;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::serial::{BlockRef, SerialRange, SeriesRef};
use tanqiao_protocol::r#use::Uses;

use super::SampleFault;
use super::keys::Voice;
use super::log::{Draft, Sample};

impl Sample {
    /// New serials of a member, from the last on.
    ///
    /// # Errors
    /// [`SampleFault`].
    pub fn issue(&mut self, issuer: &Voice, quantity: i64) -> Result<BlockRef, SampleFault> {
        let series = SeriesRef::new(
            issuer.member.clone(),
            "420100".parse().map_err(SampleFault::of)?,
            "CN-4201-metro.v1".parse().map_err(SampleFault::of)?,
            2025,
        )
        .map_err(SampleFault::of)?;
        let first = self.replay.book.next_serial(&series);
        let range = SerialRange::new(first, first + quantity - 1).map_err(SampleFault::of)?;
        let id = self.id();
        let block = Block {
            series: series.clone(),
            range,
            status: BlockStatus::held_by(issuer.member.clone()),
            terms: BlockTerms {
                buffered: false,
                factor_paid: Factor::ONE,
                issuance: id,
                mapping: None,
                uses: Uses::from_bits(i16::MAX),
            },
        };
        self.append(
            Draft {
                r#type: "issuance.recognised",
                subject: format!("issuance/{id}"),
                state: Some("recognised"),
                member: Some(&issuer.member),
                changes: vec![Replacement::issue(block)],
                ..Draft::default()
            },
            1,
        )?;
        Ok(BlockRef { series, range })
    }

    /// What the ledger has over a block, cut to these ranges, each with its new status.
    pub(super) fn cut(
        &self,
        over: &BlockRef,
        pieces: &[(SerialRange, BlockStatus)],
    ) -> Result<Replacement, SampleFault> {
        let found = self.replay.book.overlapping(&over.series, over.range).next();
        let before = found.ok_or_else(|| SampleFault::of("no such serials"))?.clone();
        let piece = |range, status| Block {
            range,
            status,
            ..before.clone()
        };
        let mut after: Vec<Block> = pieces
            .iter()
            .map(|(range, status)| piece(*range, status.clone()))
            .collect();
        let mut rest = vec![before.range];
        for (range, _) in pieces {
            rest = rest.iter().flat_map(|left| left.without(range)).flatten().collect();
        }
        after.extend(rest.into_iter().map(|range| piece(range, before.status.clone())));
        after.sort_unstable_by_key(|block| block.range);
        Ok(Replacement {
            before: Some(before),
            after,
        })
    }

    pub(super) fn reserve(
        &self,
        holder: &NodeId,
        blocks: &[BlockRef],
        id: MessageId,
    ) -> Result<Vec<Replacement>, SampleFault> {
        let status = BlockStatus::bound(holder.clone(), BlockState::Reserved, id);
        blocks
            .iter()
            .map(|block| self.cut(block, &[(block.range, status.clone())]))
            .collect()
    }

    /// Seven tenths arrive, one goes to the buffer, two are cancelled.
    pub(super) fn divide(
        &self,
        blocks: &[BlockRef],
        arrived: &BlockStatus,
        holder: &NodeId,
        id: MessageId,
    ) -> Result<(Vec<Replacement>, [Grams; 3]), SampleFault> {
        let mut sums = [Grams::ZERO; 3];
        let mut out = Vec::new();
        for block in blocks {
            let (first, last) = (block.range.first(), block.range.last());
            let tenth = (last - first + 1) / 10;
            let range = |a, b| SerialRange::new(a, b).map_err(SampleFault::of);
            let pieces = [
                (range(first, first + 7 * tenth - 1)?, arrived.clone()),
                (
                    range(first + 7 * tenth, first + 8 * tenth - 1)?,
                    BlockStatus::held_by(NodeId::hub_buffer()),
                ),
                (
                    range(first + 8 * tenth, last)?,
                    BlockStatus::bound(holder.clone(), BlockState::Cancelled, id),
                ),
            ];
            for (sum, (piece, _)) in sums.iter_mut().zip(&pieces) {
                *sum = sum.plus(piece.quantity()).map_err(SampleFault::of)?;
            }
            out.push(self.cut(block, &pieces)?);
        }
        Ok((out, sums))
    }
}
