//! The ledger: what is decided (pure), and the sequencer that loads, decides, writes and only then answers.

pub mod command;
pub mod decide;
pub mod loaded;
pub mod objects;
pub mod refusal;
pub mod working;
