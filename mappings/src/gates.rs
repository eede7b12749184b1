//! Gates come first, then a number (3-recognition): each passes, fails, or cannot be judged because something is not known.
//!
//! A failed gate means no recognition: a discount never repairs an integrity fault. An unknown one means no recognition
//! either, until the evidence is there.

mod batch;
mod finding;
mod methodology;
mod node;
mod plausibility;

#[cfg(test)]
mod tests;

pub(crate) use batch::baselines_differ;
pub use batch::{BatchFacts, Overlap, batch_gates};
pub use finding::{EvidenceRef, GateFinding, GateName, GateReport, Side, Verdict};
pub(crate) use methodology::Judged;
pub use methodology::{Comparison, methodology_gates};
pub use node::{NodeFacts, node_gates};
pub use plausibility::{PlausibleBand, PlausibleBands};
pub use tanqiao_protocol::mapping::Mode;
