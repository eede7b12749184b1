//! Tokens of activities: who makes them, and of what.
//!
//! The node knows its citizens, and must not be able to make tokens of others' activities alone; the hub compares tokens,
//! and must not be able to make any. So a [`TokenProvider`] is asked: three evaluators, any two of which make a token
//! together without seeing of what ([`Evaluators`]), or a key in a device of this site ([`HmacSm3`]).
//!
//! **Architecture invariant:** what tokens are made of leaves the node blinded only.

mod evaluators;
mod hmac;
mod provider;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use evaluators::check_separate;
pub use evaluators::{Evaluators, Party};
pub use hmac::HmacSm3;
pub use provider::{Outputs, TokenError, TokenProvider, tokens};
