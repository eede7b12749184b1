//! The language of the federation: quantities, serials, envelopes, messages, transfer states, checks, log leaves and
//! the ledger that they add up to. Hub, node and verifier all speak it; each rule is written once, here.
//!
//! **Architecture invariant:** this crate is pure. It opens no socket, reads no file, knows no database, no clock and no
//! async runtime: time comes in as an argument, bytes come in and go out as values.
#![forbid(unsafe_code)]

pub mod asset;
pub mod block;
pub mod canonical;
pub mod challenge;
pub mod check;
pub mod conflict;
pub mod envelope;
pub mod event;
pub mod feed;
pub mod fingerprint;
pub mod id;
pub mod lattice;
pub mod leaf;
pub mod ledger;
pub mod log;
pub mod mapping;
pub mod merkle;
pub mod message;
pub mod methodology;
pub mod permission;
pub mod personal;
pub mod problem;
pub mod quantity;
pub mod receipt;
pub mod recognition;
pub mod reconciliation;
pub mod recovery;
pub mod region;
pub mod schema;
pub mod serial;
pub mod signing;
pub mod strict;
pub mod time;
pub mod transfer;
pub mod r#use;
pub mod view;

mod text;

#[doc(hidden)]
pub use serde;

/// The version of this protocol that a message names in `protocol`.
pub const PROTOCOL_VERSION: u32 = 1;

/// The hub's own member, which holds the buffer that recognition sets aside (3-recognition, rule 5).
pub const HUB_BUFFER: &str = "hub-buffer";
