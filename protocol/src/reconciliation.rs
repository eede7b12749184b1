//! Full reconciliation by set difference: two sides find the records in which they differ with messages as long as the
//! difference, however many records they agree on.
//!
//! Each side makes one [`Record`] of every block that a member has at one log index. The hub streams coded symbols of its set
//! (a rateless invertible Bloom lookup table: Yang, Gilad, Alizadeh, "Practical Rateless Set Reconciliation", SIGCOMM 2024);
//! the member takes its own set out of them, and stops as soon as what is left can be taken apart.
//!
//! The paper's arithmetic is done in integers here, so that every implementation gets the same symbols bit by bit.

mod decoder;
mod findings;
mod report;
mod session;
mod symbols;

pub use decoder::{Decoder, Difference};
pub use findings::{Finding, FindingClass, FindingCounts, Repair, classify};
pub use report::{ReconciliationReport, ReportFormat};
pub use session::{
    BlocksFound, ClassTotal, Closing, ComparedTotal, Cut, Examination, FINDINGS_MAX, FIRST_SYMBOLS,
    ITEMS_PER_ROUND_MAX, Opened, Place, REPORT_BYTES_MAX, Reconciliation, ReconciliationReason, ReconciliationResult,
    ReconciliationState, ReconciliationView, Round, SYMBOLS_PER_ROUND_MAX, Totals, Version, Whereabouts, next_symbols,
    records_from_text, records_to_text, symbols_from_bytes, symbols_from_text, symbols_to_bytes, symbols_to_text,
};
pub use symbols::{Encoder, SYMBOL_BYTES, SYMBOLS_MAX, Symbol, SymbolKey};

use crate::block::Block;
use crate::id::Sha256;
use crate::serial::{SerialRange, SeriesRef};

/// The length of a record in bytes.
pub const RECORD_BYTES: usize = 48;
const KEY_BYTES: usize = 16;

/// One block in one state, in 48 bytes: 16 of SHA-256 of its series, its first serial and its length (8 each, big-endian), and
/// 16 of SHA-256 of its [digest record](Block::digest_record). Two records are equal if and only if block and state are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record(pub [u8; RECORD_BYTES]);

/// What a record says of its block without having the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordPlace {
    /// The first 16 bytes of SHA-256 of the series as text.
    pub series: [u8; KEY_BYTES],
    /// The serials, if they are a range.
    pub range: Option<SerialRange>,
}

impl Record {
    /// The record of a block.
    #[must_use]
    pub fn of(block: &Block) -> Self {
        Self::from_parts(
            &series_key(&block.series),
            block.range,
            block.digest_record().as_bytes(),
        )
    }

    /// As [`Record::of`], where the key of the series is known already.
    #[must_use]
    pub fn from_parts(series: &[u8; KEY_BYTES], range: SerialRange, digest_record: &[u8]) -> Self {
        let length = range.quantity().get();
        let mut bytes = [0; RECORD_BYTES];
        let parts: [&[u8]; 4] = [
            series,
            &range.first().to_be_bytes(),
            &length.to_be_bytes(),
            &head(&Sha256::of(digest_record)),
        ];
        for (byte, from) in bytes.iter_mut().zip(parts.iter().copied().flatten()) {
            *byte = *from;
        }
        Self(bytes)
    }

    /// Whose record it is.
    #[must_use]
    pub fn place(&self) -> RecordPlace {
        let (eights, _) = self.0.as_chunks::<8>();
        let number = |at: usize| eights.get(at).copied().map_or(0, i64::from_be_bytes);
        let (first, length) = (number(2), number(3));
        let mut series = [0; KEY_BYTES];
        for (byte, from) in series.iter_mut().zip(&self.0) {
            *byte = *from;
        }
        let last = length.checked_sub(1).and_then(|more| first.checked_add(more));
        RecordPlace {
            series,
            range: last.and_then(|last| SerialRange::new(first, last).ok()),
        }
    }
}

/// The first 16 bytes of SHA-256 of a series as text, such as `wuhan/420100/CN-4201-metro.v1/2025`.
#[must_use]
pub fn series_key(series: &SeriesRef) -> [u8; KEY_BYTES] {
    head(&Sha256::of(series.to_string().as_bytes()))
}

fn head(sum: &Sha256) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    for (byte, from) in key.iter_mut().zip(&sum.0) {
        *byte = *from;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{BlockState, BlockStatus, BlockTerms};
    use crate::quantity::Factor;
    use crate::r#use::Uses;

    fn block() -> Block {
        Block {
            series: "wuhan/420100/CN-4201-metro.v1/2025".parse().unwrap(),
            range: SerialRange::new(1_001, 3_500).unwrap(),
            status: BlockStatus::held_by("wuhan".parse().unwrap()),
            terms: BlockTerms {
                buffered: false,
                factor_paid: Factor::ONE,
                issuance: "01990000-0000-7000-8000-000000000001".parse().unwrap(),
                mapping: None,
                uses: Uses::default(),
            },
        }
    }

    #[test]
    fn a_record_names_its_block_and_changes_with_every_state() {
        let held = block();
        let record = Record::of(&held);
        assert_eq!(record.place().series, series_key(&held.series));
        assert_eq!(record.place().range, Some(held.range));
        let mut frozen = block();
        frozen.status.state = BlockState::Frozen;
        let mut elsewhere = block();
        elsewhere.status.holder = "harbin".parse().unwrap();
        let mut discounted = block();
        discounted.terms.factor_paid = Factor::new(900_000).unwrap();
        for other in [frozen, elsewhere, discounted] {
            let other = Record::of(&other);
            assert_eq!(other.place(), record.place());
            assert_ne!(other, record);
        }
        assert_eq!(Record([0xff; RECORD_BYTES]).place().range, None);
        assert_eq!(Record([0; RECORD_BYTES]).place().range, None);
    }
}
