//! The program as staff and scripts use it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test states what it expects and stops where that is wrong"
)]

mod commands;
mod enrolment;
mod folder;
mod governing;
mod importing;
mod serving;
