//! What programs outside may ask: the federation API (mutual TLS), enrolment, and what is public.
//!
//! **Architecture invariant:** handlers parse, call and answer. What changes the ledger goes through [`crate::intake`] to the
//! sequencer; who asks is known from the verified certificate only, and judged before any handler runs.

pub mod admission;
pub mod answer;
pub mod assets;
pub mod claims;
pub mod endpoints;
pub mod feed;
pub mod hub;
pub mod log;
pub mod mappings;
pub mod observation;
pub mod openapi;
pub mod views;

mod blocks;
mod body;
mod candidates;
mod challenges;
mod conflicts;
mod credits;
mod dealings;
mod enrolments;
mod evidence;
mod governance;
mod health;
mod info;
mod page;
pub(crate) mod printing;
mod public;
pub(crate) mod receipts;
mod reconciliations;
mod tokens;
mod unread;
mod witnesses;
mod writes;

pub use endpoints::{Endpoint, Listener, mount};
pub use hub::Hub;
