//! The node's own ledger: which account holds which serials of the blocks that the hub says this member holds.
//!
//! The lots of all accounts together are exactly the serials of the member's blocks that are not final (held, reserved,
//! pledged or frozen): nothing is in two lots, nothing in none. What a command binds is marked on its lots in the
//! transaction that writes the outbox row.

pub(crate) mod account;
pub(crate) mod dealing;
mod lots;
mod personal;
mod select;

pub(crate) use account::pay;
pub use account::{AccountId, AccountKind, attribute, balance, balances, create_account, move_between};
pub use dealing::{Decision, Direction, JournalKind, Kind};
pub use lots::{Journal, arrive, bind, deal, leave, release, unbind};
pub(crate) use lots::{block_ref, coalesce, deal_parts, grams, reassign};
pub use personal::{check_claimant, check_name, check_text};
pub use select::{choosable, reserve};
