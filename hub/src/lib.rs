//! The hub: the only authority on which member holds which serial.
#![forbid(unsafe_code)]

pub mod crash;
pub mod ledger;
pub mod store;
