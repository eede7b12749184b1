//! From an assessment to the record that both regions sign.

use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::MappingRecord;

use crate::equivalence::Assessment;
use crate::explanation::summary;

/// What the parties agree on beside the factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordTerms {
    /// The version.
    pub mapping: MappingRef,
    /// The member that signs for the using region.
    pub endorsed_by: NodeId,
    /// The share of what is recognised that goes to the hub's buffer at the first crossing.
    pub buffer: Factor,
    /// The most grams given in a calendar year (UTC+8).
    pub cap_g: Option<Grams>,
}

/// The record of a mapping at the factor that was computed; `None` if there is none. Its reasons are the summary of the
/// explanation.
#[must_use]
pub fn draft_record(assessment: &Assessment, terms: &RecordTerms) -> Option<MappingRecord> {
    let factor = assessment.factor()?;
    let reason = summary(assessment);
    Some(MappingRecord {
        mapping: terms.mapping.clone(),
        origin: assessment.origin.clone(),
        to: assessment.to,
        endorsed_by: terms.endorsed_by.clone(),
        counterpart: (!assessment.target_is_reference).then(|| assessment.target.clone()),
        predicate: assessment.relation.predicate()?,
        factor,
        buffer: terms.buffer,
        uses: assessment.uses,
        cap_g: terms.cap_g,
        valid_from: assessment.from,
        valid_until: assessment.validity.until,
        reason_zh: reason.zh,
        reason_en: reason.en,
        demonstration: assessment.demonstration,
    })
}
