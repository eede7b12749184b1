//! The API for the province's own platform (`/api/v1`), health and metrics.
//!
//! Handlers are thin: parse, call the node, answer. What changes something answers 202 with the message's id once it is
//! durable in the outbox; `wait_s` waits for the hub's decision. Problems are RFC 9457 documents.
//!
//! **Architecture invariant:** every route is in `endpoints/` and nowhere else; the description that clients read is
//! made from the same tables.

mod accounts;
mod activities;
mod answer;
mod assets;
mod auth;
mod challenges;
mod command;
mod conflicts;
mod dealings;
mod endpoints;
mod extract;
mod health;
mod hub;
mod issuances;
mod log;
mod mappings;
mod offers;
mod openapi;
mod pledges;
mod reconciliations;
mod records;
mod retirements;
mod server;

#[cfg(test)]
mod tests;

pub(crate) use answer::problem_of;
pub(crate) use records::reconciliation;
pub use server::{ServerError, Serving, serve};
