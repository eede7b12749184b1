//! Verifies receipts, certificates, checkpoints and whole logs of a federation, from files alone: whoever has a policy need not
//! ask the hub. The rules are those of [`tanqiao_protocol`]; here files are read, and what follows is said in words.
#![forbid(unsafe_code)]

pub mod bench;
pub mod mirror;
pub mod notes;
pub mod replay;
pub mod sample;
pub mod words;
