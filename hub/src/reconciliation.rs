//! Cuts that this process keeps in memory while members compare their books with them.
//!
//! A cut is its coded symbols and what finds its blocks again; the blocks themselves stay in the database. Cuts are bounded in
//! number, blocks and age. Another process, or one that was restarted, knows nothing of them: the member begins anew.

pub mod examine;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tanqiao_protocol::id::{MessageId, NodeId, TrustDomain};
use tanqiao_protocol::reconciliation::{
    BlocksFound, Cut, Encoder, FIRST_SYMBOLS, Opened, Record, SYMBOLS_MAX, Symbol, SymbolKey, Totals, Version,
    next_symbols, records_to_text, series_key, symbols_to_text,
};
use tanqiao_protocol::serial::SeriesRef;

use crate::store::database::{ReadConnection, StoreError};
use crate::store::read::reconciliations;

/// How long a cut is kept.
const AGE_MAX: Duration = Duration::from_secs(15 * 60);
/// Cuts that are kept at once.
const CUTS_MAX: usize = 8;
/// Blocks of all cuts together; a block takes 72 bytes.
const BLOCKS_MAX: usize = 8_000_000;

/// A member's blocks at one instant.
#[derive(Debug)]
pub struct TakenCut {
    id: MessageId,
    cut: Cut,
    totals: Totals,
    series: BTreeMap<[u8; 16], SeriesRef>,
    encoder: Mutex<Encoder>,
    blocks: usize,
    taken: Instant,
}

impl TakenCut {
    /// Takes the cut of a member in one consistent read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take(
        connection: &mut ReadConnection<'_>,
        trust_domain: &TrustDomain,
        member: &NodeId,
        id: MessageId,
    ) -> Result<Self, StoreError> {
        let (mut totals, mut series, mut records) = (Totals::default(), BTreeMap::new(), Vec::new());
        let mut last: Option<(SeriesRef, [u8; 16])> = None;
        let cut = reconciliations::cut(connection, member, |block| {
            let key = match &last {
                Some((of, key)) if *of == block.series => *key,
                _ => {
                    let key = series_key(&block.series);
                    series.insert(key, block.series.clone());
                    last = Some((block.series.clone(), key));
                    key
                }
            };
            totals.add(&block);
            records.push(Record::from_parts(&key, block.range, block.digest_record().as_bytes()));
            Ok(())
        })?;
        let blocks = records.len();
        Ok(Self {
            id,
            cut,
            totals,
            series,
            encoder: Mutex::new(Encoder::new(&SymbolKey::of(trust_domain, id), records)),
            blocks,
            taken: Instant::now(),
        })
    }

    /// The answer to the beginning.
    #[must_use]
    pub fn opened(&self) -> Opened {
        Opened {
            reconciliation: self.id,
            cut: self.cut,
            blocks: u64::try_from(self.blocks).unwrap_or(u64::MAX),
            totals: self.totals.clone().list(),
            symbols: symbols_to_text(&self.symbols(0, FIRST_SYMBOLS)),
        }
    }

    /// The next symbols from a place on; none beyond the last that there may be.
    #[must_use]
    pub fn next(&self, from: u32) -> Vec<Symbol> {
        self.symbols(from, next_symbols(from))
    }

    fn symbols(&self, from: u32, count: u32) -> Vec<Symbol> {
        let end = from.saturating_add(count).min(SYMBOLS_MAX);
        let mut encoder = self.encoder.lock().unwrap_or_else(PoisonError::into_inner);
        let all = encoder.symbols(end);
        all.get(from as usize..).unwrap_or_default().to_vec()
    }

    /// The blocks of some records, as far as they are now what they were at the cut.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn blocks(&self, connection: &mut ReadConnection<'_>, records: &[Record]) -> Result<BlocksFound, StoreError> {
        let (mut blocks, mut changed) = (Vec::new(), Vec::new());
        for record in records {
            let place = record.place();
            let found = match (self.series.get(&place.series), place.range) {
                (Some(series), Some(range)) => reconciliations::block_at(connection, series, range.first())?,
                _ => None,
            };
            match found.filter(|block| Record::of(block) == *record) {
                Some(block) => blocks.push(Version::from(block)),
                None => changed.push(*record),
            }
        }
        Ok(BlocksFound {
            blocks,
            changed: records_to_text(&changed),
        })
    }
}

/// The cuts that are kept, one a member.
#[derive(Debug, Default)]
pub struct Cuts(Mutex<BTreeMap<NodeId, Arc<TakenCut>>>);

impl Cuts {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<NodeId, Arc<TakenCut>>> {
        let mut cuts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cuts.retain(|_, cut| cut.taken.elapsed() < AGE_MAX);
        cuts
    }

    /// Keeps a cut instead of the member's last; false if there is no room.
    #[must_use]
    pub fn keep(&self, member: &NodeId, cut: Arc<TakenCut>) -> bool {
        let mut cuts = self.lock();
        cuts.remove(member);
        let blocks: usize = cuts.values().map(|cut| cut.blocks).sum();
        if cuts.len() >= CUTS_MAX || blocks.saturating_add(cut.blocks) > BLOCKS_MAX {
            return false;
        }
        cuts.insert(member.clone(), cut);
        true
    }

    /// The cut of a member's reconciliation, if it is still kept.
    #[must_use]
    pub fn find(&self, member: &NodeId, id: MessageId) -> Option<Arc<TakenCut>> {
        self.lock().get(member).filter(|cut| cut.id == id).cloned()
    }

    /// Forgets the cut of a reconciliation that has its result.
    pub fn forget(&self, member: &NodeId, id: MessageId) {
        let mut cuts = self.lock();
        if cuts.get(member).is_some_and(|cut| cut.id == id) {
            cuts.remove(member);
        }
    }
}
