//! Assessing a route through a reference methodology from sheets.

use tanqiao_protocol::quantity::Factor;

use crate::equivalence::{Assessment, Library, Question, assess};
use crate::gates::{GateFinding, GateName, Verdict};
use crate::ratio::Ratio;
use crate::relation::Relation;
use crate::sheet::Sheet;

/// Both legs of a route, and the direct comparison that bounds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThroughReference {
    /// From the origin to the reference.
    pub first: Assessment,
    /// From the reference to the target, with the **origin's** parameters.
    pub second: Assessment,
    /// Origin and target compared directly.
    pub direct: Assessment,
    /// What follows from both relations; `None` if nothing does.
    pub relation: Option<Relation>,
}

impl ThroughReference {
    /// `min(trunc6(k_1 · k_2), k_direct)`; `None` if a leg has no factor, or the direct comparison cannot be computed or is
    /// stopped by a gate other than the claimed relation: no detour leads round a gate.
    ///
    /// The product of capped ratios of unit factors never exceeds the direct ratio. With weights of several gases and with
    /// boundaries that list one source at two sizes it can, so that the direct comparison bounds it in every case.
    #[must_use]
    pub fn factor(&self) -> Option<Factor> {
        let product = (&Ratio::factor(self.first.factor()?) * &Ratio::factor(self.second.factor()?)).trunc6();
        let open = |finding: &GateFinding| finding.gate == GateName::Relation || finding.verdict == Verdict::Pass;
        if !self.direct.gates.0.iter().all(open) {
            return None;
        }
        let direct = self.direct.computation.as_ref()?.factor;
        Some(product.min(direct)).filter(|factor| *factor != Factor::ZERO)
    }

    /// True if only batches whose activity data travel may cross, on a leg or directly.
    #[must_use]
    pub const fn needs_activity_data(&self) -> bool {
        self.first.needs_activity_data || self.second.needs_activity_data || self.direct.needs_activity_data
    }

    /// True if it may only be proposed: a leg is `closeMatch`, or nothing follows from the relations.
    #[must_use]
    pub fn proposal(&self) -> bool {
        let close = |assessment: &Assessment| assessment.relation == Relation::Close;
        self.relation.is_none() || close(&self.first) || close(&self.second)
    }
}

/// Assesses the route from the question's origin through `reference` to its target; the relations are those of the legs. The
/// region, vintage and data of the question, which are the origin's, count in both.
#[must_use]
pub fn assess_through(
    question: &Question<'_>,
    reference: &Sheet,
    relations: (Relation, Relation),
    library: &Library<'_>,
) -> ThroughReference {
    let leg = |origin, target, relation| {
        let leg = Question {
            origin,
            target,
            reference: None,
            relation,
            ..*question
        };
        assess(&leg, library)
    };
    ThroughReference {
        first: leg(question.origin, reference, relations.0),
        second: leg(reference, question.target, relations.1),
        direct: assess(question, library),
        relation: relations.0.then(relations.1),
    }
}
