//! The asset register: one roof, one registrant, one scheme at a time. S12 to S14.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

#[path = "assets/auditing.rs"]
mod auditing;
#[path = "assets/issuing.rs"]
mod issuing;
#[path = "assets/listing.rs"]
mod listing;
#[path = "assets/registering.rs"]
mod registering;
