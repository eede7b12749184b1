//! The ledger as a pure value: how blocks may change, and what a log of leaves adds up to.
//!
//! The hub decides with [`Replacement`]s and writes them; a node applies them from its feed; the verifier replays them from
//! the log. The rules of a change ([`Replacement::check`]) are therefore written once.

mod book;
mod replacement;
mod replay;
mod retrace;

pub use book::Book;
pub use replacement::{Replacement, Violation, replacements};
pub use replay::{Cap, Linked, Replay, ReplayError, Room};
pub use retrace::{Broken, Contradiction, Places, Retrace, Traced, contradictions};
