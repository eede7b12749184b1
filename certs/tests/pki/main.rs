//! The PKI from outside: real handshakes in memory, the authority in a temporary directory, the command as a process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where its expectation is wrong"
)]

mod authority;
mod command;
mod federation;
mod handshake;
mod reload;
mod renewal;
