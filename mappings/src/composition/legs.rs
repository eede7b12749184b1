//! Two legs made one.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Uses;

use crate::ratio::Ratio;
use crate::relation::Relation;

/// An approved mapping between two methodology versions, as far as composing it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leg {
    /// The mapping version.
    pub mapping: MappingRef,
    /// From this methodology.
    pub from: MethodologyRef,
    /// To this.
    pub to: MethodologyRef,
    /// How they relate.
    pub relation: Relation,
    /// The factor, in millionths.
    pub factor: Factor,
    /// For which acts it was computed.
    pub parameters: Parameters,
    /// The share for the hub's buffer, in millionths.
    pub buffer: Factor,
    /// For which uses.
    pub uses: Uses,
    /// The most grams given in a calendar year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_g: Option<Grams>,
    /// Recognises from this instant.
    pub valid_from: Timestamp,
    /// Recognises until before this instant.
    pub valid_until: Timestamp,
    /// Groups of methodologies that may count the same reduction.
    pub overlap_groups: BTreeSet<Name>,
    /// Confidence from 0 to 1, where someone stated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Decimal>,
}

/// Whose parameters a factor was computed with: a leg from a reference to a target is another number for another origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Where the acts took place.
    pub source_region: RegionCode,
    /// The year of the acts.
    pub vintage: u16,
}

/// A route of two legs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composed {
    /// The mapping versions, in order.
    pub mappings: (MappingRef, MappingRef),
    /// The reference methodology between them.
    pub through: MethodologyRef,
    /// What follows for origin and target.
    pub relation: Relation,
    /// `trunc6(k_1 · k_2)`, not above the direct comparison where that is known.
    pub factor: Factor,
    /// The larger of the two.
    pub buffer: Factor,
    /// The uses of both.
    pub uses: Uses,
    /// The smaller cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_g: Option<Grams>,
    /// The later beginning.
    pub valid_from: Timestamp,
    /// The earlier end.
    pub valid_until: Timestamp,
    /// The groups of both.
    pub overlap_groups: BTreeSet<Name>,
    /// The product; absent if one is not stated: then nobody knows, and it is not taken for certainty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Decimal>,
    /// True if it may only be proposed: a leg is `closeMatch`, and closeness does not chain.
    pub proposal: bool,
}

/// Why two legs are no route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LegFault {
    /// The second does not begin where the first ends.
    #[error("{first} ends at {ends}, and {second} begins at {begins}")]
    NotJoined {
        /// The first mapping.
        first: MappingRef,
        /// Where it ends.
        ends: MethodologyRef,
        /// The second mapping.
        second: MappingRef,
        /// Where it begins.
        begins: MethodologyRef,
    },
    /// They were computed for acts of other regions or years: both legs take the origin's parameters and the batch's vintage.
    #[error(
        "{first} and {second} were computed for other acts: both legs take the origin's region and the batch's vintage"
    )]
    OtherParameters {
        /// The first mapping.
        first: MappingRef,
        /// The second mapping.
        second: MappingRef,
    },
    /// Nothing follows from the two relations.
    #[error("nothing follows from {0} and {1}")]
    NoRelation(Relation, Relation),
    /// A leg carries no factor.
    #[error("{0} is related only: it carries no factor")]
    CarriesNoFactor(MappingRef),
    /// Both lead to no common use.
    #[error("no use is permitted by both")]
    NoUse,
    /// They are never valid together.
    #[error("they are not valid at the same time")]
    NeverTogether,
    /// Nothing would be left.
    #[error("the product of the factors is 0")]
    FactorZero,
}

/// Composes two legs. `ceiling` is the factor of the direct comparison with the origin's parameters, where it can be computed: the
/// route never recognises more.
///
/// # Errors
/// [`LegFault`].
pub fn compose(first: &Leg, second: &Leg, ceiling: Option<Factor>) -> Result<Composed, LegFault> {
    if first.to != second.from {
        return Err(LegFault::NotJoined {
            first: first.mapping.clone(),
            ends: first.to.clone(),
            second: second.mapping.clone(),
            begins: second.from.clone(),
        });
    }
    if let Some(leg) = [first, second]
        .into_iter()
        .find(|leg| leg.relation == Relation::Related)
    {
        return Err(LegFault::CarriesNoFactor(leg.mapping.clone()));
    }
    if first.parameters != second.parameters {
        return Err(LegFault::OtherParameters {
            first: first.mapping.clone(),
            second: second.mapping.clone(),
        });
    }
    let (relation, proposal) = chained(first.relation, second.relation)?;
    let uses = first.uses.and(second.uses);
    let (valid_from, valid_until) = (
        first.valid_from.max(second.valid_from),
        first.valid_until.min(second.valid_until),
    );
    let product = (&Ratio::factor(first.factor) * &Ratio::factor(second.factor)).trunc6();
    let factor = ceiling.map_or(product, |ceiling| product.min(ceiling));
    match () {
        () if uses.is_empty() => return Err(LegFault::NoUse),
        () if valid_from >= valid_until => return Err(LegFault::NeverTogether),
        () if factor == Factor::ZERO => return Err(LegFault::FactorZero),
        () => {}
    }
    Ok(Composed {
        mappings: (first.mapping.clone(), second.mapping.clone()),
        through: first.to.clone(),
        relation,
        factor,
        buffer: first.buffer.max(second.buffer),
        uses,
        cap_g: [first.cap_g, second.cap_g].into_iter().flatten().min(),
        valid_from,
        valid_until,
        overlap_groups: first.overlap_groups.union(&second.overlap_groups).cloned().collect(),
        confidence: first.confidence.zip(second.confidence).map(|(a, b)| a * b),
        proposal,
    })
}

/// What follows, and whether it may only be proposed. Close legs may be laid before people as a close match; nothing follows
/// from broader and narrower.
fn chained(first: Relation, second: Relation) -> Result<(Relation, bool), LegFault> {
    let close = first == Relation::Close || second == Relation::Close;
    match first.then(second) {
        Some(relation) => Ok((relation, close)),
        None if close && first == second => Ok((Relation::Close, true)),
        None => Err(LegFault::NoRelation(first, second)),
    }
}
