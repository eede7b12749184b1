//! A copy of the node's book in memory, brought to the hub's cut by the feed.

use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::block::{Block, BlockChange};
use tanqiao_protocol::id::{NodeId, Sha256};
use tanqiao_protocol::reconciliation::{ClassTotal, Cut, Record, Totals, Version, series_key};
use tanqiao_protocol::serial::SeriesRef;

use crate::error::NodeError;
use crate::exchange::ExchangeError;
use crate::exchange::reconciling::{block_of, check, cursor_of};
use crate::service::Node;

/// Blocks that are read at once.
const BLOCKS_AT_ONCE: i64 = 10_000;
/// Entries that are asked for at once.
const ENTRIES_AT_ONCE: u32 = 500;
/// The most entries between the node's cursor and the cut.
const ENTRIES_MAX: i64 = 1_000_000;

/// The node's blocks at one entry of its feed.
#[derive(Debug)]
pub(super) struct Copy {
    member: NodeId,
    seq: i64,
    chain: Sha256,
    blocks: BTreeMap<(SeriesRef, i64), Block>,
}

impl Copy {
    /// The book at the node's cursor, in one consistent read.
    pub(super) async fn read(node: &Node) -> Result<Self, NodeError> {
        let member = node.member().clone();
        node.read(move |tx| {
            let (seq, chain) = cursor_of(tx)?;
            let mut copy = Self::new(member.clone(), seq, chain);
            let mut last = (String::new(), 0);
            let mut series: Option<SeriesRef> = None;
            loop {
                let page = tx.blocks(None, (last.0.as_str(), last.1), BLOCKS_AT_ONCE)?;
                let Some(end) = page.last() else { return Ok(copy) };
                last = (end.series.clone(), end.first);
                for row in &page {
                    let mut block = block_of(row, &member)?;
                    // One text for all blocks of a series.
                    match &series {
                        Some(same) if *same == block.series => block.series = same.clone(),
                        _ => series = Some(block.series.clone()),
                    }
                    copy.put(block);
                }
            }
        })
        .await
    }

    pub(super) const fn new(member: NodeId, seq: i64, chain: Sha256) -> Self {
        Self {
            member,
            seq,
            chain,
            blocks: BTreeMap::new(),
        }
    }

    pub(super) fn put(&mut self, block: Block) {
        self.blocks.insert((block.series.clone(), block.range.first()), block);
    }

    /// The entry up to which the copy is.
    pub(super) const fn seq(&self) -> i64 {
        self.seq
    }

    /// The chain there.
    pub(super) const fn chain(&self) -> Sha256 {
        self.chain
    }

    /// How many blocks there are.
    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// By state, methodology and year.
    pub(super) fn totals(&self) -> Vec<ClassTotal> {
        let mut totals = Totals::default();
        self.blocks.values().for_each(|block| totals.add(block));
        totals.list()
    }

    /// Brings the copy to the cut by the entries in between.
    pub(super) async fn follow(&mut self, node: &Node, cut: Cut) -> Result<(), NodeError> {
        if cut.seq.saturating_sub(self.seq) > ENTRIES_MAX {
            return Err(NodeError::refused(
                "reconciliation-behind",
                format!(
                    "the node is more than {ENTRIES_MAX} feed entries behind: let it catch up, then reconcile again"
                ),
            ));
        }
        while self.seq < cut.seq {
            let page = node.hub().feed(self.seq, &self.chain, ENTRIES_AT_ONCE, 0).await?;
            let (good, wrong) = check(self.seq, self.chain, page.entries)?;
            if let Some(wrong) = wrong {
                return Err(ExchangeError::Contradiction(Box::new(wrong)).into());
            }
            if good.is_empty() {
                break;
            }
            for (entry, chain) in good.into_iter().filter(|(entry, _)| entry.seq <= cut.seq) {
                self.apply(&entry.changes);
                (self.seq, self.chain) = (entry.seq, chain);
            }
        }
        if (self.seq, self.chain) == (cut.seq, cut.chain) {
            return Ok(());
        }
        Err(NodeError::refused(
            "feed-fork",
            "the hub's cut is not in the feed that this node has read: reconcile again, and if it stays so, keep both and tell the \
             hub's operator",
        ))
    }

    /// Applies the changes of an entry. One that does not fit what is there is passed over: it stays a difference.
    pub(super) fn apply(&mut self, changes: &[BlockChange]) {
        let mut taken: BTreeMap<(SeriesRef, i64, i64), Option<Block>> = BTreeMap::new();
        for change in changes {
            let series = &change.block.series;
            let before = match change.from.as_ref().filter(|from| from.holder == self.member) {
                Some(from) => {
                    let over = change.split_of.map_or(change.block.range, |split| split.0);
                    let key = (series.clone(), over.first(), over.last());
                    let found = if let Some(found) = taken.get(&key) {
                        found.clone()
                    } else {
                        let place = (series.clone(), over.first());
                        let fits = |block: &&Block| block.range == over && block.status == *from;
                        let found = self.blocks.get(&place).filter(fits).cloned();
                        if found.is_some() {
                            self.blocks.remove(&place);
                        }
                        taken.insert(key, found.clone());
                        found
                    };
                    let Some(found) = found else { continue };
                    Some(found)
                }
                None => None,
            };
            if change.to.holder != self.member {
                continue;
            }
            let terms = change.terms.clone().or_else(|| before.map(|block| block.terms));
            if let Some(terms) = terms {
                self.put(Block {
                    series: series.clone(),
                    range: change.block.range,
                    status: change.to.clone(),
                    terms,
                });
            }
        }
    }

    /// The records of all blocks.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let mut last: Option<(&SeriesRef, [u8; 16])> = None;
        self.blocks.values().map(move |block| {
            let key = match last {
                Some((series, key)) if *series == block.series => key,
                _ => series_key(&block.series),
            };
            last = Some((&block.series, key));
            Record::from_parts(&key, block.range, block.digest_record().as_bytes())
        })
    }

    /// The blocks of some records.
    pub(super) fn versions(&self, records: &[Record]) -> Vec<Version> {
        let wanted: BTreeSet<&Record> = records.iter().collect();
        let of_all = self.records().zip(self.blocks.values());
        of_all
            .filter(|(record, _)| wanted.contains(record))
            .map(|(_, block)| Version::from(block.clone()))
            .collect()
    }
}
