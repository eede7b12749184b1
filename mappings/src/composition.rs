//! Routes: a direct mapping, or one composed through a reference methodology.
//!
//! With n regions, direct mappings need up to n·(n − 1) approvals an activity; through a reference methodology 2·n. A composed
//! route never recognises more than the direct comparison of origin and target would: both legs use the
//! parameters of the **origin**, one reference stands between them at most and never another region's methodology, and a direct
//! mapping, a rejection included, always wins.

mod legs;
mod rulings;
mod through;

#[cfg(test)]
mod tests;

pub use legs::{Composed, Leg, LegFault, Parameters, compose};
pub use rulings::{Route, RouteRefusal, Ruling, Rulings};
pub use through::{ThroughReference, assess_through};
