//! Mappings from proposal to end, and what watches them. On both databases; each story ends with an audit.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

#[path = "mapping_governance/batches.rs"]
mod batches;
#[path = "mapping_governance/composed.rs"]
mod composed;
#[path = "mapping_governance/corrupted.rs"]
mod corrupted;
#[path = "mapping_governance/evidence.rs"]
mod evidence;
#[path = "mapping_governance/gates.rs"]
mod gates;
#[path = "mapping_governance/ledger.rs"]
mod ledger;
#[path = "mapping_governance/lifting.rs"]
mod lifting;
#[path = "mapping_governance/migration.rs"]
mod migration;
#[path = "mapping_governance/saying.rs"]
mod saying;
#[path = "mapping_governance/steps.rs"]
mod steps;
#[path = "mapping_governance/succession.rs"]
mod succession;
#[path = "mapping_governance/watch.rs"]
mod watch;
