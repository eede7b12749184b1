//! Three evaluators on loopback, with real certificates: keys made among them, tokens derived through any two, and everybody
//! who may not refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

#[path = "evaluators/crashes.rs"]
mod crashes;
#[path = "evaluators/refusals.rs"]
mod refusals;
#[path = "evaluators/renewal.rs"]
mod renewal;
#[path = "evaluators/second.rs"]
mod second;
#[path = "evaluators/statements.rs"]
mod statements;
#[path = "evaluators/tokens.rs"]
mod tokens;
#[path = "evaluators/windows.rs"]
mod windows;
#[path = "evaluators/world.rs"]
mod world;
