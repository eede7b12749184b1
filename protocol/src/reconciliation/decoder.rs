//! Takes the difference of two sets apart, symbol by symbol.

use std::collections::VecDeque;

use super::symbols::Drawn;
use super::{Encoder, Record, Symbol, SymbolKey};

/// What only one of two sets has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Records that only the other side has, ascending.
    pub theirs: Vec<Record>,
    /// Records that only this side has, ascending.
    pub ours: Vec<Record>,
}

impl Difference {
    /// True if both sets are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.theirs.is_empty() && self.ours.is_empty()
    }
}

/// A record that was found, and on which side: 1 theirs, −1 ours.
#[derive(Debug, Clone, Copy)]
struct Found {
    drawn: Drawn,
    sign: i64,
}

/// Takes the other side's symbols in order, and has the difference once they suffice.
#[derive(Debug, Clone)]
pub struct Decoder {
    key: SymbolKey,
    own: Encoder,
    symbols: Vec<Symbol>,
    /// Symbols with something in them.
    open: usize,
    found: Vec<Found>,
}

impl Decoder {
    /// Against the set that `own` has, made with the same key.
    #[must_use]
    pub const fn new(key: SymbolKey, own: Encoder) -> Self {
        Self {
            key,
            own,
            symbols: Vec::new(),
            open: 0,
            found: Vec::new(),
        }
    }

    /// How many symbols were taken.
    #[must_use]
    pub fn taken(&self) -> u32 {
        u32::try_from(self.symbols.len()).unwrap_or(u32::MAX)
    }

    /// Takes the next symbols, and the difference if it is whole now. Until then what was found is kept.
    pub fn take(&mut self, theirs: &[Symbol]) -> Option<Difference> {
        let first = self.symbols.len();
        let end = u32::try_from(first + theirs.len()).unwrap_or(u32::MAX);
        let own = self.own.symbols(end).get(first..).unwrap_or_default();
        for (their, own) in theirs.iter().zip(own) {
            let mut left = *their;
            left.subtract(own);
            self.symbols.push(left);
        }
        let symbols = &mut self.symbols;
        for found in &mut self.found {
            let (record, hash, sign) = (found.drawn.record, found.drawn.hash, -found.sign);
            found.drawn.walk(end, |place| {
                if let Some(symbol) = symbols.get_mut(place as usize) {
                    symbol.add(&record, hash, sign);
                }
            });
        }
        self.peel(first, end);
        (self.open == 0 && !self.symbols.is_empty()).then(|| self.difference())
    }

    /// Takes out of all symbols each record that is alone in one of them, until there is none.
    fn peel(&mut self, first: usize, end: u32) {
        let mut alone: VecDeque<usize> = (first..self.symbols.len()).collect();
        while let Some(place) = alone.pop_front() {
            // Each record that is found empties a symbol of its own. Symbols of no set could go round in circles.
            if self.found.len() >= self.symbols.len() {
                break;
            }
            let Some((record, hash, sign)) = self.alone(place) else {
                continue;
            };
            let mut drawn = Drawn::new(record, hash);
            let symbols = &mut self.symbols;
            drawn.walk(end, |at| {
                if let Some(symbol) = symbols.get_mut(at as usize) {
                    symbol.add(&record, hash, -sign);
                    alone.push_back(at as usize);
                }
            });
            self.found.push(Found { drawn, sign });
        }
        self.open = self.symbols.iter().filter(|symbol| !symbol.is_empty()).count();
    }

    /// The one record of a symbol, if it has one.
    fn alone(&self, place: usize) -> Option<(Record, u64, i64)> {
        let symbol = self.symbols.get(place)?;
        if symbol.count.unsigned_abs() != 1 {
            return None;
        }
        let record = Record(symbol.records);
        (self.key.hash(&record) == symbol.hashes).then_some((record, symbol.hashes, symbol.count))
    }

    fn difference(&self) -> Difference {
        let of = |sign: i64| {
            let found = self.found.iter().filter(|found| found.sign == sign);
            let mut records: Vec<Record> = found.map(|found| found.drawn.record).collect();
            records.sort_unstable();
            records
        };
        Difference {
            theirs: of(1),
            ours: of(-1),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reconciliation::{RECORD_BYTES, SYMBOL_BYTES};

    const KEY: SymbolKey = SymbolKey(*b"a key of tests  ");

    fn record(number: u64) -> Record {
        let mut bytes = [0; RECORD_BYTES];
        for (place, chunk) in bytes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            *chunk = crate::id::Sha256::of(&[number.to_be_bytes(), (place as u64).to_be_bytes()].concat()).0[..8]
                .try_into()
                .unwrap();
        }
        Record(bytes)
    }

    fn records(numbers: impl IntoIterator<Item = u64>) -> Vec<Record> {
        let mut records: Vec<Record> = numbers.into_iter().map(record).collect();
        records.sort_unstable();
        records
    }

    /// The difference, and how many symbols it took, taking them `step` at a time.
    fn decode(theirs: &[Record], ours: &[Record], step: u32, most: u32) -> Option<(Difference, u32)> {
        let mut their = Encoder::new(&KEY, theirs.iter().copied());
        let mut decoder = Decoder::new(KEY, Encoder::new(&KEY, ours.iter().copied()));
        while decoder.taken() < most {
            let from = decoder.taken() as usize;
            let symbols = their.symbols(decoder.taken() + step)[from..].to_vec();
            // As they arrive over the wire.
            let symbols: Vec<Symbol> = symbols.iter().map(|s| Symbol::from_bytes(&s.to_bytes())).collect();
            if let Some(found) = decoder.take(&symbols) {
                return Some((found, decoder.taken()));
            }
        }
        None
    }

    #[test]
    fn equal_sets_take_one_symbol() {
        for size in [0, 1, 1_000] {
            let set = records(0..size);
            let (found, taken) = decode(&set, &set, 1, 10).unwrap();
            assert!(found.is_empty());
            assert_eq!(taken, 1);
        }
    }

    #[test]
    fn a_thousand_differences_take_less_than_two_symbols_each() {
        let ours = records(0..20_000);
        let theirs = records(500..20_500);
        let (found, taken) = decode(&theirs, &ours, 1, 10_000).unwrap();
        assert_eq!(found.ours, records(0..500));
        assert_eq!(found.theirs, records(20_000..20_500));
        assert!((1_000..2_000).contains(&taken), "{taken} symbols");
    }

    #[test]
    fn symbols_of_no_set_end_without_a_difference() {
        // One record with each sign where it would be, and where it would not: peeling it goes round in circles.
        let alone = |sign: i64| {
            let mut symbol = Symbol::default();
            symbol.add(&record(1), KEY.hash(&record(1)), sign);
            symbol
        };
        let mut decoder = Decoder::new(KEY, Encoder::new(&KEY, []));
        for sign in [1, -1, 1, -1, 1, 1, -1, -1] {
            assert_eq!(decoder.take(&[alone(sign); 3]), None);
        }
        let mut bytes = [0xa5; SYMBOL_BYTES];
        for byte in 0..=u8::MAX {
            bytes[RECORD_BYTES] = byte;
            assert_eq!(decoder.take(&[Symbol::from_bytes(&bytes)]), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn what_is_found_is_the_difference_of_the_sets(
            common in 0..300_u64, theirs in 0..60_u64, ours in 0..60_u64, step in 1..40_u32, seed in any::<u32>()
        ) {
            let base = u64::from(seed) << 20;
            let both = base..base + common;
            let their = records(both.clone().chain(base + 1_000..base + 1_000 + theirs));
            let our = records(both.chain(base + 2_000..base + 2_000 + ours));
            let (found, _) = decode(&their, &our, step, 2_000).unwrap();
            prop_assert_eq!(found.theirs, records(base + 1_000..base + 1_000 + theirs));
            prop_assert_eq!(found.ours, records(base + 2_000..base + 2_000 + ours));
        }
    }
}
