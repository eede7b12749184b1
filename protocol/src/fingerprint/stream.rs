//! The token stream of an issuance: one record an activity, in index order.
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | index of the activity in the issuance, from 0, big-endian |
//! | 8 | its grams, big-endian; at most 2^53 − 1 |
//! | 1 | number of tokens, 1 to 16 |
//! | 19 each | kind (1), epoch as months since 2000-01 (2, big-endian), token (16); strictly ascending |
//!
//! The signed header commits to the stream by the RFC 6962 root over its records (§2.1), their number, and their bytes.

use serde::{Deserialize, Serialize};

use super::epoch::Epoch;
use super::suite::TokenSuite;
use super::token::{Token, TokenEntry, TokenKind};
use crate::id::Sha256;
use crate::merkle::RootBuilder;
use crate::quantity::{Grams, MAX_SAFE_INTEGER};

/// The most tokens of one activity.
pub const TOKENS_PER_ACTIVITY_MAX: usize = 16;
const HEAD_BYTES: usize = 13;
const ENTRY_BYTES: usize = 19;
/// The longest record, in bytes.
pub const RECORD_BYTES_MAX: usize = HEAD_BYTES + TOKENS_PER_ACTIVITY_MAX * ENTRY_BYTES;

/// What the signed header of an issuance says about its token stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenCommitment {
    /// RFC 6962 root over the records of the stream, in index order.
    pub root: Sha256,
    /// Bytes of the whole stream.
    pub stream_bytes: u64,
    /// Number of tokens in it.
    pub token_count: u64,
    /// The earliest epoch of its tokens.
    pub first_epoch: Epoch,
    /// The latest.
    pub last_epoch: Epoch,
    /// How the tokens were made: `voprf-ristretto255-sha512` or `hmac-sm3`.
    pub suite: TokenSuite,
}

/// One record of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRecord {
    /// The activity's position in the issuance, from 0.
    pub index: u32,
    /// Its reduction.
    pub grams: Grams,
    /// Its tokens, strictly ascending.
    pub tokens: Vec<TokenEntry>,
}

/// Why bytes are no record of a token stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// More than 2^53 − 1 grams.
    #[error("its grams are above 2^53 − 1")]
    Grams,
    /// No token, or more than 16.
    #[error("it has no token, or more than 16")]
    Count,
    /// A kind that this version does not know.
    #[error("it has a token of an unknown kind")]
    Kind,
    /// A month outside 2000 to 2099.
    #[error("it has a token of a month outside 2000 to 2099")]
    Epoch,
    /// Tokens out of order, or one of them twice.
    #[error("its tokens are not strictly ascending by kind, month and value")]
    Order,
}

/// The length of a stream of so many activities and tokens.
#[must_use]
pub const fn stream_bytes(activities: u64, tokens: u64) -> u64 {
    activities
        .saturating_mul(HEAD_BYTES as u64)
        .saturating_add(tokens.saturating_mul(ENTRY_BYTES as u64))
}

/// Appends a record to `out`.
pub fn encode(record: &StreamRecord, out: &mut Vec<u8>) {
    out.extend_from_slice(&record.index.to_be_bytes());
    out.extend_from_slice(&record.grams.get().to_be_bytes());
    out.push(u8::try_from(record.tokens.len()).unwrap_or(u8::MAX));
    for entry in &record.tokens {
        out.push(u8::try_from(entry.kind.code()).unwrap_or(0));
        out.extend_from_slice(&entry.epoch.number().to_be_bytes());
        out.extend_from_slice(&entry.token.0);
    }
}

/// Reads the first record of `bytes`, and how long it is; `None` if `bytes` ends before it does.
///
/// # Errors
/// [`StreamError`] where the bytes are no record.
pub fn decode(bytes: &[u8]) -> Result<Option<(StreamRecord, usize)>, StreamError> {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
        return Ok(None);
    };
    let [i0, i1, i2, i3, g0, g1, g2, g3, g4, g5, g6, g7, count] = *head;
    let grams = u64::from_be_bytes([g0, g1, g2, g3, g4, g5, g6, g7]);
    let grams = i64::try_from(grams)
        .ok()
        .filter(|grams| *grams <= MAX_SAFE_INTEGER)
        .and_then(|grams| Grams::new(grams).ok())
        .ok_or(StreamError::Grams)?;
    let count = usize::from(count);
    if !(1..=TOKENS_PER_ACTIVITY_MAX).contains(&count) {
        return Err(StreamError::Count);
    }
    let Some(entries) = rest.get(..count * ENTRY_BYTES) else {
        return Ok(None);
    };
    let tokens = entries
        .chunks_exact(ENTRY_BYTES)
        .map(entry)
        .collect::<Result<Vec<_>, _>>()?;
    if !tokens.is_sorted_by(|a, b| a < b) {
        return Err(StreamError::Order);
    }
    let record = StreamRecord {
        index: u32::from_be_bytes([i0, i1, i2, i3]),
        grams,
        tokens,
    };
    Ok(Some((record, HEAD_BYTES + count * ENTRY_BYTES)))
}

fn entry(bytes: &[u8]) -> Result<TokenEntry, StreamError> {
    let (&kind, rest) = bytes.split_first().ok_or(StreamError::Kind)?;
    let (epoch, token) = rest.split_first_chunk::<2>().ok_or(StreamError::Epoch)?;
    Ok(TokenEntry {
        kind: TokenKind::from_code(i16::from(kind)).ok_or(StreamError::Kind)?,
        epoch: Epoch::from_number(u16::from_be_bytes(*epoch)).ok_or(StreamError::Epoch)?,
        token: Token(token.try_into().map_err(|_| StreamError::Count)?),
    })
}

/// What the records of a stream add up to, while they pass by: compared with the header at the end.
#[derive(Debug, Clone, Default)]
pub struct StreamSums {
    root: RootBuilder,
    grams: i64,
    tokens: u64,
    bytes: u64,
    epochs: Option<(Epoch, Epoch)>,
}

impl StreamSums {
    /// Adds the next record, whose bytes these are; false if its index is not the next, or the grams pass 2^53 − 1.
    pub fn add(&mut self, record: &StreamRecord, bytes: &[u8]) -> bool {
        if u64::from(record.index) != self.root.count() {
            return false;
        }
        self.grams = self.grams.saturating_add(record.grams.get());
        self.tokens += record.tokens.len() as u64;
        self.bytes += bytes.len() as u64;
        for entry in &record.tokens {
            let (first, last) = self.epochs.unwrap_or((entry.epoch, entry.epoch));
            self.epochs = Some((first.min(entry.epoch), last.max(entry.epoch)));
        }
        self.root.add(bytes);
        self.grams <= MAX_SAFE_INTEGER
    }

    /// Number of records.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.root.count()
    }

    /// Σ grams.
    #[must_use]
    pub const fn grams(&self) -> i64 {
        self.grams
    }

    /// The commitment to a stream of these records, made by `suite`; `None` if there was no record.
    #[must_use]
    pub fn commitment(&self, suite: TokenSuite) -> Option<TokenCommitment> {
        let (first_epoch, last_epoch) = self.epochs?;
        Some(TokenCommitment {
            root: self.root.root(),
            stream_bytes: self.bytes,
            token_count: self.tokens,
            first_epoch,
            last_epoch,
            suite,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token_entry() -> impl Strategy<Value = TokenEntry> {
        (1i16..=4, 0u16..Epoch::COUNT, any::<[u8; 16]>()).prop_map(|(kind, epoch, token)| TokenEntry {
            kind: TokenKind::from_code(kind).unwrap(),
            epoch: Epoch::from_number(epoch).unwrap(),
            token: Token(token),
        })
    }

    fn record() -> impl Strategy<Value = StreamRecord> {
        let tokens = proptest::collection::btree_set(token_entry(), 1..=TOKENS_PER_ACTIVITY_MAX);
        (any::<u32>(), 0..=MAX_SAFE_INTEGER, tokens).prop_map(|(index, grams, tokens)| StreamRecord {
            index,
            grams: Grams::new(grams).unwrap(),
            tokens: tokens.into_iter().collect(),
        })
    }

    proptest! {
        #[test]
        fn a_record_is_read_as_it_was_written_and_not_before_it_is_whole(record in record(), after in any::<[u8; 3]>()) {
            let mut bytes = Vec::new();
            encode(&record, &mut bytes);
            let length = bytes.len();
            for cut in 0..length {
                prop_assert_eq!(decode(&bytes[..cut]), Ok(None));
            }
            bytes.extend_from_slice(&after);
            prop_assert_eq!(decode(&bytes), Ok(Some((record, length))));
        }

        #[test]
        fn whatever_comes_is_a_record_of_its_own_bytes_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(Some((record, length))) = decode(&bytes) {
                let mut again = Vec::new();
                encode(&record, &mut again);
                prop_assert_eq!(&again[..], &bytes[..length]);
            }
        }
    }

    #[test]
    fn a_stream_commits_to_every_byte_and_counts_from_zero() {
        let record = |index, token| StreamRecord {
            index,
            grams: Grams::new(5).unwrap(),
            tokens: vec![TokenEntry {
                kind: TokenKind::Record,
                epoch: "2026-05".parse().unwrap(),
                token: Token([token; 16]),
            }],
        };
        let commit = |records: &[StreamRecord]| {
            let mut sums = StreamSums::default();
            let all = records.iter().all(|record| {
                let mut bytes = Vec::new();
                encode(record, &mut bytes);
                sums.add(record, &bytes)
            });
            all.then(|| sums.commitment(TokenSuite::HmacSm3)).flatten()
        };
        let both = commit(&[record(0, 1), record(1, 2)]).unwrap();
        assert_eq!((both.stream_bytes, both.token_count), (stream_bytes(2, 2), 2));
        assert_ne!(commit(&[record(0, 1), record(1, 3)]).unwrap().root, both.root);
        assert_eq!(commit(&[record(1, 1)]), None);
        assert_eq!(commit(&[record(0, 1), record(0, 1)]), None);
        assert_eq!(commit(&[]), None);
    }
}
