//! The worked examples of the reference, what silence costs, and what the gates stop.

mod arithmetic;
mod catalogues;
mod examples;
mod gates;
mod random;
mod silence;
pub(crate) mod world;
