//! A token evaluator: one of three parties, apart from the hub, any two of which make fingerprint tokens with a node.
//!
//! It holds a share of each month's key, which no dealer ever knew; multiplies blinded inputs of members by it; proves that
//! it did; counts, and keeps an audit log of who asked how much and never of what.
//!
//! **Architecture invariant:** it imports neither hub nor node, and dials only the hub (to state public keys) and the
//! other two evaluators (to make keys).
#![forbid(unsafe_code)]

pub mod api;
pub mod bench;
pub mod ceremony;
pub mod config;
pub mod dkg;
pub mod enrolment;
pub mod evaluation;
pub mod keyring;
pub mod publishing;
pub mod remote;
pub mod renewal;
pub mod secret;
pub mod serve;
pub mod shares;
pub mod store;

mod crash;

use tanqiao_protocol::time::Timestamp;

/// The process's clock.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::from_micros(chrono::Utc::now().timestamp_micros())
}
