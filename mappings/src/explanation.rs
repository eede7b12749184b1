//! The explanation record of a mapping: gates with their evidence, each candidate factor and which one bounds, every multiplier,
//! cap and truncation, the inputs with their hashes, and what would raise the number. In Chinese and in English.

mod lines;
mod prose;

#[cfg(test)]
mod tests;

pub use lines::{CandidateLine, MultiplierLine, MultiplierName};
pub use prose::summary;

use serde::{Deserialize, Serialize};
use tanqiao_protocol::canonical;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Uses;

use crate::equivalence::{Assessment, Assumption, InputRef, Missing, Raise};
use crate::gates::{GateReport, Mode};
use crate::phrase::{Language, Phrase};
use crate::relation::Relation;

/// Why a mapping has the factor that it has, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// The origin's methodology.
    pub origin: MethodologyRef,
    /// The target's methodology.
    pub target: MethodologyRef,
    /// The reference methodology that may bound as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<MethodologyRef>,
    /// How they are said to relate.
    pub relation: Relation,
    /// How batches would cross.
    pub mode: Mode,
    /// Where the reductions would be used.
    pub to: RegionCode,
    /// Where the acts took place: its parameters count.
    pub source_region: RegionCode,
    /// The year of the acts.
    pub vintage: u16,
    /// When recognition would begin.
    pub valid_from: Timestamp,
    /// When it would end.
    pub valid_until: Timestamp,
    /// What sets this end.
    pub valid_until_because: Phrase,
    /// The factor, in millionths; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<Factor>,
    /// The uses that both permit.
    pub uses: Uses,
    /// In a sentence or two.
    pub summary: Phrase,
    /// Why there is no factor; empty if there is one.
    pub refusals: Vec<Phrase>,
    /// The gates with their evidence.
    pub gates: GateReport,
    /// The candidates for the ratio of unit factors.
    pub candidates: Vec<CandidateLine>,
    /// The multipliers.
    pub multipliers: Vec<MultiplierLine>,
    /// Every cap and truncation, in order.
    pub steps: Vec<Phrase>,
    /// What was taken for what is not said.
    pub assumptions: Vec<Assumption>,
    /// Evidence without which there is no factor.
    pub missing: Vec<Missing>,
    /// What it rests on.
    pub inputs: Vec<InputRef>,
    /// What would raise the number, the most first.
    pub raises: Vec<Raise>,
    /// True if figures of it only demonstrate the system.
    pub demonstration: bool,
}

/// The explanation of an assessment.
#[must_use]
pub fn explain(assessment: &Assessment) -> Explanation {
    Explanation {
        origin: assessment.origin.clone(),
        target: assessment.target.clone(),
        reference: assessment.reference.clone(),
        relation: assessment.relation,
        mode: assessment.mode,
        to: assessment.to,
        source_region: assessment.source_region,
        vintage: assessment.vintage,
        valid_from: assessment.from,
        valid_until: assessment.validity.until,
        valid_until_because: assessment.validity.because.clone(),
        factor: assessment.factor(),
        uses: assessment.uses,
        summary: summary(assessment),
        refusals: assessment.refusals(),
        gates: assessment.gates.clone(),
        candidates: lines::candidates(assessment),
        multipliers: lines::multipliers(assessment),
        steps: lines::steps(assessment),
        assumptions: assessment.assumptions.clone(),
        missing: assessment.missing.clone(),
        inputs: assessment.inputs.clone(),
        raises: assessment.raises.clone(),
        demonstration: assessment.demonstration,
    }
}

impl Explanation {
    /// Its identity: SHA-256 over its canonical JSON (RFC 8785). Whoever endorses a mapping endorses what this names.
    #[must_use]
    pub fn content_hash(&self) -> Sha256 {
        // It holds texts, integers, lists and booleans only, for which canonical JSON knows no refusal.
        Sha256::of(&canonical::to_vec(self).unwrap_or_default())
    }

    /// The whole record as text, one statement a line.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        prose::text(self, language)
    }
}
