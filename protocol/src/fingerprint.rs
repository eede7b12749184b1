//! Fingerprint tokens: keyed pseudorandom values of activities, comparable across nodes and meaningless to the hub.
//!
//! A node computes a few tokens of every activity and uploads them before the hub recognises the issuance; the hub compares
//! them with those of all earlier live issuances. What tokens are made of, how they travel, and what their stream must be
//! is written once, here.

mod epoch;
mod stream;
mod token;

pub use epoch::Epoch;
pub use stream::{
    RECORD_BYTES_MAX, StreamError, StreamRecord, StreamSums, TOKENS_PER_ACTIVITY_MAX, TokenCommitment, decode, encode,
};
pub use token::{Token, TokenEntry, TokenKind};
