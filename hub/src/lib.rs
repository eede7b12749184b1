//! The hub: the only authority on which member holds which serial.
#![forbid(unsafe_code)]

pub mod api;
pub mod bench;
pub mod config;
pub mod console;
pub mod crash;
pub mod enrolment;
pub mod intake;
pub mod ledger;
pub mod metrics;
pub mod recognition;
pub mod reconciliation;
pub mod recovery;
pub mod scheme_list;
pub mod screening;
pub mod serve;
pub mod store;
pub mod transparency;
