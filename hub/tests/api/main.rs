//! The hub's API over real mutual TLS on loopback ports, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

#[path = "../support/mod.rs"]
mod support;

mod candidates;
mod described;
mod enrolment;
mod envelopes;
mod feed;
mod identity;
mod printing;
mod problems;
mod proving;
mod reading;
mod reporting;
mod tokens;
mod witnessing;
mod world;
