//! The store of tokens and the spool, on both engines: the same questions, the same answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

#[path = "screening/archive.rs"]
mod archive;
#[path = "screening/crashes.rs"]
mod crashes;
#[path = "screening/ground.rs"]
mod ground;
#[path = "screening/model.rs"]
mod model;
#[path = "screening/spool.rs"]
mod spool;
#[path = "screening/stories.rs"]
mod stories;
mod support;
