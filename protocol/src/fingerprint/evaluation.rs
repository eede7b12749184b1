//! What a node asks an evaluator, and what it is answered (`/v1` of the evaluator's API, mutual TLS).

use serde::{Deserialize, Serialize};

use super::element::{Elements, Proof};
use super::epoch::Epoch;
use crate::id::NodeId;
use crate::time::Timestamp;

/// The body of `POST /v1/evaluations`. Who asks is known from the client certificate only. Sent again with the same
/// elements it is answered again and counted once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRequest {
    /// The month whose key is wanted.
    pub epoch: Epoch,
    /// The blinded inputs; about 2.8 MB of JSON at most.
    pub blinded: Elements,
}

/// The answer to an [`EvaluationRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// The month.
    pub epoch: Epoch,
    /// The number of the evaluator that answers, 1 to 3.
    pub number: u8,
    /// The blinded inputs, multiplied by this evaluator's share, in their order.
    pub evaluated: Elements,
    /// That all of them were.
    pub proof: Proof,
}

/// What one member asked of one evaluator for one month. Beside what the member's issuances claim, it shows evaluations
/// that became no claim (evaluated ≤ claimed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationCounter {
    /// The member.
    pub member: NodeId,
    /// The month.
    pub epoch: Epoch,
    /// Inputs evaluated, each batch counted once however often it was sent.
    pub evaluated: u64,
    /// The most that this evaluator evaluates for it.
    pub quota: u64,
    /// The last time that the count rose.
    pub last_at: Timestamp,
}

/// The answer to `GET /v1/counters`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationCounters {
    /// The evaluator that counted.
    pub evaluator: NodeId,
    /// A member sees its own, an evaluator sees all; by month and member.
    pub counters: Vec<EvaluationCounter>,
}
