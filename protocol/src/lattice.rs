//! A digest of a set that is kept up to date one record at a time: `LtHash` (Lewi, Kim, Maykov, Weis, "Securing Update
//! Propagation with Homomorphic Hashing", 2019) with 1,024 lanes of 16 bits over BLAKE3.
//!
//! Every record is expanded to 2,048 bytes, read as 1,024 little-endian numbers, and added to the state lane by lane
//! modulo 2^16; taking a record out subtracts the same. Two sets with one state but different records cannot be found
//! (a short-vector problem in a lattice), which is not true of XOR or of a plain sum of hashes.
//!
//! Expansion: BLAKE3 in key-derivation mode with the context [`CONTEXT`] and the record as key material, the first 2,048
//! bytes of the extended output. Fingerprint: BLAKE3 of the state in little-endian, 32 bytes.

use std::fmt;
use std::sync::LazyLock;

/// The context of the key derivation: records of other kinds of set never add up with these.
pub const CONTEXT: &str = "tanqiao block set v1";

/// How many numbers the state has.
pub const LANES: usize = 1024;

/// The length of the state in bytes.
pub const STATE_BYTES: usize = 2 * LANES;

/// Deriving hashes the context first; that is done once.
static DERIVE: LazyLock<blake3::Hasher> = LazyLock::new(|| blake3::Hasher::new_derive_key(CONTEXT));

/// The digest of a set of records. The default is the empty set.
#[derive(Clone, PartialEq, Eq)]
pub struct SetDigest {
    lanes: Box<[u16; LANES]>,
}

/// A stored state of another length than [`STATE_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a set digest has {STATE_BYTES} bytes, not {found}")]
pub struct StateLength {
    /// How many bytes there were.
    pub found: usize,
}

impl SetDigest {
    /// The digest of the empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a record in. A record put in twice counts twice.
    pub fn add(&mut self, record: &[u8]) {
        self.apply(record, u16::wrapping_add);
    }

    /// Takes a record out. The state does not know what is in the set: taking out what is not in it is no error, and is
    /// undone by putting it in.
    pub fn remove(&mut self, record: &[u8]) {
        self.apply(record, u16::wrapping_sub);
    }

    fn apply(&mut self, record: &[u8], change: impl Fn(u16, u16) -> u16) {
        let mut expanded = [0; STATE_BYTES];
        let mut hasher = DERIVE.clone();
        hasher.update(record);
        hasher.finalize_xof().fill(&mut expanded);
        let (pairs, _) = expanded.as_chunks::<2>();
        for (lane, bytes) in self.lanes.iter_mut().zip(pairs) {
            *lane = change(*lane, u16::from_le_bytes(*bytes));
        }
    }

    /// Puts in everything that is in another set.
    pub fn merge(&mut self, other: &Self) {
        for (lane, more) in self.lanes.iter_mut().zip(other.lanes.iter()) {
            *lane = lane.wrapping_add(*more);
        }
    }

    /// Takes out everything that is in another set.
    pub fn subtract(&mut self, other: &Self) {
        for (lane, less) in self.lanes.iter_mut().zip(other.lanes.iter()) {
            *lane = lane.wrapping_sub(*less);
        }
    }

    /// True for the empty set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| *lane == 0)
    }

    /// What is compared between hub and node: BLAKE3 of [`Self::to_bytes`].
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        *blake3::hash(&self.to_bytes()).as_bytes()
    }

    /// The state, lanes in order, little-endian.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; STATE_BYTES] {
        let mut out = [0; STATE_BYTES];
        let (pairs, _) = out.as_chunks_mut::<2>();
        for (bytes, lane) in pairs.iter_mut().zip(self.lanes.iter()) {
            *bytes = lane.to_le_bytes();
        }
        out
    }

    /// A state that [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`StateLength`] if it is not [`STATE_BYTES`] long.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateLength> {
        if bytes.len() != STATE_BYTES {
            return Err(StateLength { found: bytes.len() });
        }
        let mut digest = Self::default();
        let (pairs, _) = bytes.as_chunks::<2>();
        for (lane, bytes) in digest.lanes.iter_mut().zip(pairs) {
            *lane = u16::from_le_bytes(*bytes);
        }
        Ok(digest)
    }
}

impl Default for SetDigest {
    fn default() -> Self {
        Self {
            lanes: Box::new([0; LANES]),
        }
    }
}

impl fmt::Debug for SetDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SetDigest({})", hex::encode(self.fingerprint()))
    }
}
