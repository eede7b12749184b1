//! The threshold VOPRF behind the default suite: RFC 9497, ristretto255-SHA512, mode 0x01, with a key of which each of
//! three evaluators has one share.
//!
//! A node blinds its inputs, has two evaluators multiply them by their shares, checks both proofs, combines the two
//! (Lagrange interpolation at zero), takes the blinds off and hashes: the output is bit for bit what RFC 9497 gives under
//! the single key that nobody has. The node learns nothing of the key, and an evaluator nothing of the inputs.
//!
//! The evaluator's side ([`KeyShare`]) is the `voprf` crate's. The node's side is written here, for speed: half of a
//! token's cost would be multiplications in the check of the proof, which are one multi-scalar multiplication when a whole
//! batch is checked, and its points can share their inversions. The tests hold it against the RFC's vectors and against
//! the crate (`docs/evaluators.md` has the figures).

mod client;
mod server;
mod transcript;

use super::epoch::Epoch;

pub use client::{Blinding, Output, Verified};
pub use server::KeyShare;

/// Why inputs, an evaluation or its combination are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VoprfError {
    /// No input, or more than one proof can cover.
    #[error("{0} inputs: give 1 to 65,535 at a time")]
    Inputs(usize),
    /// An input that cannot be evaluated.
    #[error("input {0} (from 0) is empty or longer than 65,535 bytes")]
    Input(usize),
    /// An evaluation for another month.
    #[error("the evaluation is for {found}, and the keys are of {expected}")]
    Epoch {
        /// The month of the keys.
        expected: Epoch,
        /// The month of the evaluation.
        found: Epoch,
    },
    /// No evaluator has this number.
    #[error("no evaluator has number {0}")]
    Evaluator(u8),
    /// Not as many elements as were sent.
    #[error("evaluator {number} answered {found} elements for {expected}")]
    Count {
        /// Who answered.
        number: u8,
        /// How many were sent.
        expected: usize,
        /// How many came.
        found: usize,
    },
    /// An encoding that is not canonical, or the identity.
    #[error("element {position} (from 0) is no canonical encoding of an element, or the identity")]
    Element {
        /// Its position.
        position: usize,
    },
    /// The proof does not hold: another key, another order, or changed elements.
    #[error(
        "the proof of evaluator {0} does not hold for its share key of the month: it used another key, or its answer was changed; ask another evaluator and report this one"
    )]
    Proof(u8),
    /// Two evaluations that do not belong together.
    #[error("two different evaluators must have evaluated this very batch")]
    Pair,
    /// A share that is no scalar, or zero.
    #[error("the share is no scalar of ristretto255 in its canonical encoding, or zero")]
    Share,
}
