//! Whole federations for tests: an authority, a hub and nodes as the processes that an operator would run, each federation
//! in a directory and on a loopback address of its own. The stories are in `stories/`.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`federation`] | the federation: what runs, who speaks, and what is expected of it at the end |
//! | [`founding`] | what has to be there before anything runs |
//! | [`place`] | the directory and the address of a federation |
//! | [`program`] | the programs, as processes that are started, asked to stop, killed and reaped |
//! | [`ledger`] | the hub's database, on SQLite or PostgreSQL |
//! | [`schema`] | what a database says of its own schema |
//! | [`member`] | a member that speaks to the hub with its own certificate and signing key, without a node |
//! | [`witness`] | a member's witness, which cosigns the log without a node |
//! | [`visitor`] | somebody at the door of the federation's listener |
//! | [`platform`] | what a member's platform asks of its node |
//! | [`comparing`] | members whose tokens are compared, and what they issue |
//! | [`crossing`] | one transfer from Wuhan to Harbin, and that it happened once |
//! | [`content`] | what members say |
//! | [`patience`] | waiting for a condition |
//!
//! Nothing here waits longer than [`patience::PATIENCE`]; no process outlives the value that stands for it.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a story stops where something is not as expected, and says what"
)]

pub mod comparing;
pub mod content;
pub mod crossing;
mod enrolling;
pub mod federation;
pub mod founding;
pub mod ledger;
pub mod member;
pub mod patience;
pub mod place;
pub mod platform;
pub mod program;
mod reckoning;
mod restoring;
pub mod schema;
pub mod visitor;
pub mod witness;

pub use crossing::Crossing;
pub use federation::{Federation, Plan};
pub use ledger::Kind;
pub use member::{Member, Refused, Told};
pub use patience::until;
pub use visitor::Visitor;
pub use witness::Witness;
