//! `k = trunc6(k_ef · k_gwp · k_bnd · k_unc · k_perm)`, each capped at 1, computed as exact fractions and truncated once.

use rust_decimal::Decimal;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::words;

use super::uncertainty::UncertaintyBand;
use crate::ratio::Ratio;
use crate::sheet::value::{Gas, GramsRange};

/// One gas in the reduction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GasTerm {
    /// The gas.
    pub gas: Gas,
    /// Its share of the reduction in CO2e, in per cent; `None` if it is not disclosed.
    pub share: Option<Decimal>,
    /// `min(1, target / source)` of its potentials; 0 if the target does not count the gas.
    pub ratio: Ratio,
}

/// What goes into the formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormulaInputs {
    /// `e_source`: what the issuer counted for one unit of activity, in grams. A range if it is not disclosed.
    pub source: GramsRange,
    /// `e_target|source`: what the target's methodology counts with the source region's parameters, in grams.
    pub target: GramsRange,
    /// `e_reference|source`, where a reference methodology is adopted.
    pub reference: Option<GramsRange>,
    /// The gases.
    pub gases: Vec<GasTerm>,
    /// Emissions inside the target's boundary and outside the source's, in g CO2e for one unit of activity.
    pub beyond_boundary: Ratio,
    /// The deductions for leakage, source and target, as shares.
    pub leakage: (Ratio, Ratio),
    /// The band of uncertainty of the ratio.
    pub uncertainty: UncertaintyBand,
    /// The reserves for the return of carbon, source and target, as shares; sinks only.
    pub permanence: Option<(Ratio, Ratio)>,
}

words! {
    /// Which number bounds `k_ef`.
    pub enum Binding {
        /// What was issued: no candidate is below it.
        Issued = 1 "issued",
        /// The target's methodology.
        Target = 2 "target",
        /// The reference methodology.
        Reference = 3 "reference",
    }
}

/// One candidate for `k_ef`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Whose.
    pub of: Binding,
    /// Its factor, in grams for one unit of activity: the lower end of its range.
    pub grams: Ratio,
    /// Its ratio to `e_source`, before the cap. Above 1 it is a reason to look for a wrong parameter, not a gain.
    pub raw: Ratio,
}

/// The result, with every step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computation {
    /// `e_source` as it was taken: the upper end of its range, in grams.
    pub source_grams: Ratio,
    /// The candidates.
    pub candidates: Vec<Candidate>,
    /// Which one bounds.
    pub binding: Binding,
    /// The ratio of unit factors.
    pub k_ef: Ratio,
    /// The weights of the gases.
    pub k_gwp: Ratio,
    /// Boundary and leakage.
    pub k_bnd: Ratio,
    /// Uncertainty.
    pub k_unc: Ratio,
    /// Its band.
    pub band: UncertaintyBand,
    /// Permanence.
    pub k_perm: Ratio,
    /// The factor: the product, truncated to six decimals.
    pub factor: Factor,
}

impl Computation {
    /// The product of the multipliers other than `k_ef`.
    #[must_use]
    pub fn others(&self) -> Ratio {
        [&self.k_gwp, &self.k_bnd, &self.k_unc, &self.k_perm]
            .into_iter()
            .fold(Ratio::one(), |product, k| &product * k)
    }
}

/// Computes the factor. `None` if the source's unit factor may be 0: nothing can be compared with it.
#[must_use]
pub fn compute(inputs: &FormulaInputs) -> Option<Computation> {
    // Undisclosed, the source's factor is the highest that it may be.
    let source_grams = inputs.source.high.clone();
    let targets = [
        (Binding::Target, Some(&inputs.target)),
        (Binding::Reference, inputs.reference.as_ref()),
    ];
    let candidates = targets
        .into_iter()
        .filter_map(|(of, range)| Some((of, range?)))
        .map(|(of, range)| {
            // Undisclosed, a target's factor is the lowest that it may be.
            let grams = range.low.clone();
            Some(Candidate {
                of,
                raw: grams.over(&source_grams)?,
                grams,
            })
        })
        .collect::<Option<Vec<_>>>()?;
    let (binding, k_ef) = bound(&candidates);
    let k_gwp = gas_weights(&inputs.gases);
    let k_bnd = boundary(inputs);
    let k_unc = inputs.uncertainty.factor();
    let k_perm = inputs.permanence.as_ref().map_or_else(Ratio::one, kept_share);
    let mut computation = Computation {
        source_grams,
        candidates,
        binding,
        k_ef,
        k_gwp,
        k_bnd,
        k_unc,
        band: inputs.uncertainty,
        k_perm,
        factor: Factor::ZERO,
    };
    computation.factor = (&computation.k_ef * &computation.others()).trunc6();
    Some(computation)
}

/// The smallest candidate below 1, else what was issued.
fn bound(candidates: &[Candidate]) -> (Binding, Ratio) {
    let least = candidates.iter().min_by(|a, b| a.raw.cmp(&b.raw));
    match least {
        Some(least) if least.raw < Ratio::one() => (least.of, least.raw.capped()),
        _ => (Binding::Issued, Ratio::one()),
    }
}

/// `Σ w_g · min(1, GWP_target / GWP_source)`; where the shares are not disclosed, the worst gas stands for all.
fn gas_weights(gases: &[GasTerm]) -> Ratio {
    let shares: Option<Vec<(Ratio, &Ratio)>> = gases
        .iter()
        .map(|term| Some((Ratio::percent(term.share?), &term.ratio)))
        .collect();
    match shares {
        Some(shares) => shares
            .iter()
            .fold(Ratio::zero(), |sum, (share, ratio)| &sum + &(share * ratio))
            .capped(),
        None => gases
            .iter()
            .map(|term| &term.ratio)
            .min()
            .map_or_else(Ratio::zero, Ratio::capped),
    }
}

/// What the target takes away and the source did not. Undisclosed, the source's factor is the lowest here, where the same
/// grams weigh most.
fn boundary(inputs: &FormulaInputs) -> Ratio {
    let beyond = if inputs.beyond_boundary.is_zero() {
        Ratio::one()
    } else {
        let share = inputs.beyond_boundary.over(&inputs.source.low);
        share.map_or_else(Ratio::zero, |share| (&Ratio::one() - &share).capped())
    };
    &beyond * &kept_share(&inputs.leakage)
}

/// `min(1, (1 − target) / (1 − source))` for two deductions.
fn kept_share((source, target): &(Ratio, Ratio)) -> Ratio {
    let (source, target) = (&Ratio::one() - source, &Ratio::one() - target);
    target.over(&source).map_or_else(Ratio::zero, |kept| kept.capped())
}

/// The factor of one batch whose activity data travel (re-quantification, 3-recognition rule 4):
/// `trunc6(min(1, D·e_target|source / q_issued, D·e_reference|source / q_issued) · k_gwp·k_bnd·k_unc·k_perm)`.
///
/// `activity` is `D` in the target's unit of activity, as it is sealed in the issuance; `issued` its quantity. Every part of
/// the batch, at whatever time, crosses at this factor in place of the mapping's. `None` if nothing was issued.
#[must_use]
pub fn requantified(computation: &Computation, issued: Grams, activity: &Ratio) -> Option<Factor> {
    let issued = Ratio::whole(issued.get());
    let candidates = computation
        .candidates
        .iter()
        .map(|candidate| Some((activity * &candidate.grams).over(&issued)?.capped()));
    let least = candidates.collect::<Option<Vec<_>>>()?.into_iter().min()?;
    Some((&least * &computation.others()).trunc6())
}
