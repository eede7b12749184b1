//! The hub's console as people use it: over HTTP, without scripts, on both databases.
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

#[path = "../api/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the API, each of which uses a part")]
mod world;

mod approving;
mod browser;
mod chromium;
mod deciding;
mod journey;
mod overseeing;
mod pages;
mod paper;
mod permitted;
mod signing_in;
mod told;
