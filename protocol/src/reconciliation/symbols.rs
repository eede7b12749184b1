//! Coded symbols of a set: each is the sum of those records that its place draws.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher24;

use super::{RECORD_BYTES, Record};

/// A symbol on the wire: 48 bytes of records, 8 of their hashes, 8 of their number (big-endian, two's complement).
pub const SYMBOL_BYTES: usize = RECORD_BYTES + 16;

/// The most symbols of a set: enough for about 200,000 differences. Whoever differs in more has lost its book, and rebuilds it.
pub const SYMBOLS_MAX: u32 = 300_000;

/// Multiplies the state of a record's draw, which begins with its hash, for each place (the generator of the paper's authors).
const NEXT: u64 = 0xda94_2042_e4dd_58b5;

/// The key of the hash: both sides have the same for one reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SymbolKey(pub [u8; 16]);

impl SymbolKey {
    /// SipHash-2-4 of a record.
    #[must_use]
    pub fn hash(&self, record: &Record) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(&record.0);
        hasher.finish()
    }
}

/// The sum of some records: their bytes and hashes by exclusive or, and how many they are, each with its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol {
    /// The records.
    pub records: [u8; RECORD_BYTES],
    /// Their hashes.
    pub hashes: u64,
    /// How many: those that were put in, less those that were taken out.
    pub count: i64,
}

impl Default for Symbol {
    fn default() -> Self {
        Self {
            records: [0; RECORD_BYTES],
            hashes: 0,
            count: 0,
        }
    }
}

impl Symbol {
    /// Puts a record in (`sign` 1), or takes it out (`sign` −1).
    pub(super) fn add(&mut self, record: &Record, hash: u64, sign: i64) {
        for (sum, byte) in self.records.iter_mut().zip(&record.0) {
            *sum ^= byte;
        }
        self.hashes ^= hash;
        self.count = self.count.wrapping_add(sign);
    }

    /// Takes all of another symbol out.
    pub(super) fn subtract(&mut self, other: &Self) {
        for (sum, byte) in self.records.iter_mut().zip(&other.records) {
            *sum ^= byte;
        }
        self.hashes ^= other.hashes;
        self.count = self.count.wrapping_sub(other.count);
    }

    /// True if nothing is left in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; SYMBOL_BYTES] {
        let mut bytes = [0; SYMBOL_BYTES];
        let parts: [&[u8]; 3] = [&self.records, &self.hashes.to_be_bytes(), &self.count.to_be_bytes()];
        for (byte, from) in bytes.iter_mut().zip(parts.iter().copied().flatten()) {
            *byte = *from;
        }
        bytes
    }

    /// A symbol from the wire.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; SYMBOL_BYTES]) -> Self {
        let mut symbol = Self::default();
        for (byte, from) in symbol.records.iter_mut().zip(bytes) {
            *byte = *from;
        }
        let (eights, _) = bytes.as_chunks::<8>();
        let eight = |at: usize| eights.get(at).copied().unwrap_or_default();
        symbol.hashes = u64::from_be_bytes(eight(RECORD_BYTES / 8));
        symbol.count = i64::from_be_bytes(eight(RECORD_BYTES / 8 + 1));
        symbol
    }
}

/// A record on its way through the places that draw it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn {
    pub(super) record: Record,
    pub(super) hash: u64,
    state: u64,
    /// The next place that draws it.
    place: u32,
}

impl Drawn {
    /// The first place draws every record.
    pub(super) const fn new(record: Record, hash: u64) -> Self {
        Self {
            record,
            hash,
            state: hash,
            place: 0,
        }
    }

    /// Calls `at` for each place below `end` that draws it and has not yet.
    pub(super) fn walk(&mut self, end: u32, mut at: impl FnMut(u32)) {
        while self.place < end {
            at(self.place);
            self.advance();
        }
    }

    /// The place `i` draws a record with probability 1 ÷ (1 + i/2). From place i the next is at
    /// i + ⌈(i + 3/2) · (2³² ÷ √(r + 1) − 1)⌉, where r is 64 random bits and the root is rounded down.
    fn advance(&mut self) {
        self.state = self.state.wrapping_mul(NEXT);
        let root = self.state.checked_add(1).map_or(1 << 32, u64::isqrt);
        // Below 2^31 · 2^32: a place is at most SYMBOLS_MAX here, and the root at least 1.
        let odds = (2 * u64::from(self.place) + 3) * ((1 << 32) - root);
        let step = odds.div_ceil(2 * root);
        self.place = u32::try_from(step).map_or(u32::MAX, |step| self.place.saturating_add(step));
        if self.place >= SYMBOLS_MAX {
            self.place = u32::MAX;
        }
    }
}

/// Makes the symbols of a set, from the first on, as many as are wanted.
#[derive(Debug, Clone)]
pub struct Encoder {
    drawn: Vec<Drawn>,
    symbols: Vec<Symbol>,
}

impl Encoder {
    /// Of these records, each of which is there once.
    #[must_use]
    pub fn new(key: &SymbolKey, records: impl IntoIterator<Item = Record>) -> Self {
        let drawn = records.into_iter();
        Self {
            drawn: drawn.map(|record| Drawn::new(record, key.hash(&record))).collect(),
            symbols: Vec::new(),
        }
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.drawn.len()
    }

    /// True if there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.drawn.is_empty()
    }

    /// The first `count` symbols, at most [`SYMBOLS_MAX`]. What was made before is not made again.
    pub fn symbols(&mut self, count: u32) -> &[Symbol] {
        let end = count.min(SYMBOLS_MAX);
        let wanted = end as usize;
        if wanted > self.symbols.len() {
            self.symbols.resize(wanted, Symbol::default());
            let symbols = &mut self.symbols;
            for drawn in &mut self.drawn {
                let (record, hash) = (drawn.record, drawn.hash);
                drawn.walk(end, |place| {
                    if let Some(symbol) = symbols.get_mut(place as usize) {
                        symbol.add(&record, hash, 1);
                    }
                });
            }
        }
        self.symbols.get(..wanted).unwrap_or_default()
    }
}
