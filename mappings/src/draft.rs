//! From an assessment to the record that both regions sign.

use std::collections::BTreeSet;

use tanqiao_protocol::id::{Name, NodeId};
use tanqiao_protocol::mapping::Mode;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::{BatchRule, MappingRecord, Through};

use crate::composition::ThroughReference;
use crate::equivalence::Assessment;
use crate::equivalence::formula::Binding;
use crate::explanation::{explain, summary};
use crate::ratio::Ratio;
use crate::relation::Relation;
use crate::sheet::Sheet;

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
    /// First and last year of vintage.
    pub vintages: (u16, u16),
    /// How many of the unit in which the origin's sheet counts one unit of its publication is; needed where activity data travel.
    pub units: Option<Ratio>,
    /// Other schemes that the target excludes ([`excluded_schemes`]).
    pub excluded_schemes: Vec<Name>,
}

/// The schemes that any of these sheets excludes, in the order of their names: a batch that takes part in one is not recognised.
#[must_use]
pub fn excluded_schemes<'a>(sheets: impl IntoIterator<Item = &'a Sheet>) -> Vec<Name> {
    let excluded: BTreeSet<Name> = sheets
        .into_iter()
        .filter_map(|sheet| sheet.attributes.safeguards.value())
        .flat_map(|safeguards| safeguards.0.iter())
        .filter_map(|one| one.word().parse().ok())
        .collect();
    excluded.into_iter().collect()
}

/// How the factor of one batch follows from its activity data; `None` if there is no factor, or the units do not convert.
#[must_use]
pub fn batch_rule(assessment: &Assessment, units: Option<&Ratio>) -> Option<BatchRule> {
    let computation = assessment.computation.as_ref()?;
    let grams = |of: Binding| {
        let candidate = computation.candidates.iter().find(|candidate| candidate.of == of)?;
        Some(candidate.grams.exact())
    };
    Some(BatchRule {
        units: units?.exact(),
        target_g: grams(Binding::Target)?,
        reference_g: grams(Binding::Reference),
        others: computation.others().exact(),
    })
}

/// The record of a mapping at the factor that was computed; `None` if there is none. Where only batches whose activity data travel
/// may cross ([`Assessment::needs_activity_data`]) it has a rule for them, and no lot crosses without. Its reasons are the summary
/// of the explanation.
#[must_use]
pub fn draft_record(assessment: &Assessment, terms: &RecordTerms) -> Option<MappingRecord> {
    let factor = assessment.factor()?;
    let reason = summary(assessment);
    let batch = match assessment.mode {
        Mode::Factor => None,
        Mode::Requantify => Some(batch_rule(assessment, terms.units.as_ref())?),
    };
    Some(MappingRecord {
        mapping: terms.mapping.clone(),
        origin: assessment.origin.clone(),
        to: assessment.to,
        endorsed_by: terms.endorsed_by.clone(),
        counterpart: (!assessment.target_is_reference).then(|| assessment.target.clone()),
        reference: if assessment.target_is_reference {
            Some(assessment.target.clone())
        } else {
            assessment.reference.clone()
        },
        through: None,
        source_region: Some(assessment.source_region),
        vintages: Some(terms.vintages),
        batch,
        explanation_sha256: Some(explain(assessment).content_hash()),
        excluded_schemes: terms.excluded_schemes.clone(),
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

/// The record of a route through a reference methodology, at the factor that was computed for it; `None` if there is none. Where
/// the route may only be proposed ([`ThroughReference::proposal`]) its relation is at most close, and it needs signatures of its
/// own like any other. `legs` are the mappings to the reference methodology and from it.
#[must_use]
pub fn draft_composed(
    route: &ThroughReference,
    legs: (&MappingRef, &MappingRef),
    terms: &RecordTerms,
) -> Option<MappingRecord> {
    let factor = route.factor().filter(|_| !route.needs_activity_data())?;
    let (first, second) = (&route.first, &route.second);
    let uses = first.uses.and(second.uses);
    if uses.is_empty() {
        return None;
    }
    let relation = route.relation.unwrap_or(Relation::Close);
    let (k_1, k_2) = (first.factor()?, second.factor()?);
    let (through, direct) = (&first.target, route.direct.computation.as_ref()?.factor);
    Some(MappingRecord {
        mapping: terms.mapping.clone(),
        origin: first.origin.clone(),
        to: second.to,
        endorsed_by: terms.endorsed_by.clone(),
        counterpart: (!second.target_is_reference).then(|| second.target.clone()),
        reference: second.target_is_reference.then(|| second.target.clone()),
        through: Some(Through {
            reference: first.target.clone(),
            first: legs.0.clone(),
            second: legs.1.clone(),
        }),
        source_region: Some(first.source_region),
        vintages: Some(terms.vintages),
        batch: None,
        explanation_sha256: Some(explain(&route.direct).content_hash()),
        excluded_schemes: terms.excluded_schemes.clone(),
        predicate: relation.predicate()?,
        factor,
        buffer: terms.buffer,
        uses,
        cap_g: terms.cap_g,
        valid_from: first.from.max(second.from),
        valid_until: first.validity.until.min(second.validity.until),
        reason_zh: format!(
            "系数 {factor}：经基准方法学 {through}，两段系数 {k_1} 与 {k_2} 相乘，且不高于直接比较的 {direct}。"
        ),
        reason_en: format!(
            "Factor {factor}: through {through}, {k_1} times {k_2}, and not above the direct comparison's {direct}."
        ),
        demonstration: first.demonstration || second.demonstration,
    })
}
