//! From the header of an issuance to its serials: upload, screening, conflicts, and what a loser gives back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

#[path = "issuance_flow/assets.rs"]
mod assets;
#[path = "issuance_flow/auditing.rs"]
mod auditing;
#[path = "issuance_flow/conflicts.rs"]
mod conflicts;
#[path = "issuance_flow/hall.rs"]
mod hall;
#[path = "issuance_flow/histories.rs"]
mod histories;
#[path = "issuance_flow/losses.rs"]
mod losses;
#[path = "issuance_flow/order.rs"]
mod order;
#[path = "issuance_flow/recovering.rs"]
mod recovering;
mod support;
