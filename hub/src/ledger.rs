//! The ledger: what is decided (pure), and the sequencer that loads, decides, writes and only then answers.

pub mod audit;
pub mod batch;
pub mod command;
pub mod decide;
pub mod decisions;
pub mod geometry;
pub mod high_water;
pub mod loaded;
pub mod nearby;
pub mod needs;
pub mod objects;
pub mod onlooker;
pub mod refusal;
pub mod register;
pub mod sealed;
pub mod sequencer;
pub mod step;
pub mod working;

use tanqiao_protocol::id::NodeId;

/// The member under which officers' decisions are stored: the hub itself.
#[must_use]
pub fn hub_member() -> NodeId {
    "hub".parse().unwrap_or_else(|_| NodeId::hub_buffer())
}
