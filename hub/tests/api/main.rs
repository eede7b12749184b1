//! The hub's API over real mutual TLS on loopback ports, on both databases.

#[path = "../support/mod.rs"]
mod support;

mod described;
mod enrolment;
mod envelopes;
mod feed;
mod identity;
mod problems;
mod reading;
mod world;
