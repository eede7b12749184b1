//! The numbers of an explanation, each with one sentence.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::words;

use crate::equivalence::formula::{Binding, Computation};
use crate::equivalence::{Assessment, UncertaintyBand};
use crate::phrase::Phrase;
use crate::ratio::Ratio;

/// A candidate for the ratio of unit factors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CandidateLine {
    /// Whose.
    pub of: Binding,
    /// Its unit factor, in grams for one unit of activity.
    pub grams: String,
    /// Its ratio to the source's, before the cap, truncated to six decimals.
    pub ratio: String,
    /// True if it bounds.
    pub binds: bool,
}

words! {
    /// A multiplier of the factor.
    pub enum MultiplierName {
        /// Unit factors.
        Ef = 1 "k_ef",
        /// Weights of gases.
        Gwp = 2 "k_gwp",
        /// Boundary and leakage.
        Bnd = 3 "k_bnd",
        /// Uncertainty.
        Unc = 4 "k_unc",
        /// Permanence.
        Perm = 5 "k_perm",
    }
}

/// A multiplier with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MultiplierLine {
    /// Which.
    pub name: MultiplierName,
    /// Its value, truncated to six decimals for reading; the product is made of the exact ones.
    pub value: String,
    /// Why.
    pub statement: Phrase,
}

pub(super) fn candidates(assessment: &Assessment) -> Vec<CandidateLine> {
    let Some(computation) = &assessment.computation else {
        return Vec::new();
    };
    let issued = CandidateLine {
        of: Binding::Issued,
        grams: computation.source_grams.to_string(),
        ratio: Ratio::one().shown(),
        binds: computation.binding == Binding::Issued,
    };
    let others = computation.candidates.iter().map(|candidate| CandidateLine {
        of: candidate.of,
        grams: candidate.grams.to_string(),
        ratio: candidate.raw.shown(),
        binds: computation.binding == candidate.of,
    });
    std::iter::once(issued).chain(others).collect()
}

pub(super) fn multipliers(assessment: &Assessment) -> Vec<MultiplierLine> {
    let Some(computation) = &assessment.computation else {
        return Vec::new();
    };
    [
        (MultiplierName::Ef, &computation.k_ef, unit_factors(computation)),
        (MultiplierName::Gwp, &computation.k_gwp, gases(&computation.k_gwp)),
        (MultiplierName::Bnd, &computation.k_bnd, boundary(&computation.k_bnd)),
        (MultiplierName::Unc, &computation.k_unc, uncertainty(computation.band)),
        (
            MultiplierName::Perm,
            &computation.k_perm,
            permanence(&computation.k_perm),
        ),
    ]
    .into_iter()
    .map(|(name, value, statement)| MultiplierLine {
        name,
        value: value.shown(),
        statement,
    })
    .collect()
}

fn unit_factors(computation: &Computation) -> Phrase {
    let source = &computation.source_grams;
    let bound = computation.candidates.iter().find(|one| one.of == computation.binding);
    match (computation.binding, bound) {
        (Binding::Target, Some(bound)) => Phrase::new(
            format!("目标方因子 {} g ÷ 来源方因子 {source} g", bound.grams),
            format!("the target's {} g ÷ the source's {source} g", bound.grams),
        ),
        (Binding::Reference, Some(bound)) => Phrase::new(
            format!("基准方法学因子 {} g ÷ 来源方因子 {source} g", bound.grams),
            format!("the reference's {} g ÷ the source's {source} g", bound.grams),
        ),
        _ => Phrase::new(
            format!("来源方因子 {source} g 不高于任何候选值，不折减"),
            format!("the source's {source} g is not above any candidate: nothing is taken away"),
        ),
    }
}

fn gases(k: &Ratio) -> Phrase {
    if *k == Ratio::one() {
        Phrase::new("各气体的权重在目标方不更低", "no gas weighs less in the target's set")
    } else {
        Phrase::new(
            "逐气体取双方增温潜势中较低者",
            "gas by gas, the lower of both potentials counts",
        )
    }
}

fn boundary(k: &Ratio) -> Phrase {
    if *k == Ratio::one() {
        Phrase::new(
            "目标方没有更多需要扣除的排放",
            "the target takes nothing away that the source does not",
        )
    } else {
        Phrase::new(
            "扣除目标方计入而来源方未计入的排放与泄漏",
            "emissions and leakage that only the target counts are taken away",
        )
    }
}

fn uncertainty(band: UncertaintyBand) -> Phrase {
    let (zh, en) = match band {
        UncertaintyBand::None => (
            "双方采用同一标准文本，误差相同",
            "both apply one standard, and err alike",
        ),
        UncertaintyBand::UpTo10 => (
            "合计不确定性不超过 10%",
            "the uncertainty of both together is up to 10 %",
        ),
        UncertaintyBand::UpTo30 => (
            "合计不确定性不超过 30%",
            "the uncertainty of both together is up to 30 %",
        ),
        UncertaintyBand::UpTo50 => (
            "合计不确定性不超过 50%",
            "the uncertainty of both together is up to 50 %",
        ),
        UncertaintyBand::UpTo100 => (
            "合计不确定性不超过 100%",
            "the uncertainty of both together is up to 100 %",
        ),
        UncertaintyBand::Above100 => (
            "合计不确定性超过 100% 或没有披露",
            "the uncertainty of both together is above 100 %, or not disclosed",
        ),
    };
    Phrase::new(zh, en)
}

fn permanence(k: &Ratio) -> Phrase {
    if *k == Ratio::one() {
        Phrase::new(
            "非碳汇，或目标方的持久性储备不更高",
            "no sink, or the target's reserve is not higher",
        )
    } else {
        Phrase::new(
            "按双方持久性储备中较高者计",
            "the higher of both reserves for the return of carbon counts",
        )
    }
}

pub(super) fn steps(assessment: &Assessment) -> Vec<Phrase> {
    let Some(computation) = &assessment.computation else {
        return Vec::new();
    };
    let mut steps = Vec::new();
    for candidate in &computation.candidates {
        if candidate.raw > Ratio::one() {
            let raw = candidate.raw.shown();
            steps.push(Phrase::new(
                format!("比值 {raw} 高于 1，按 1 计；高于 1 往往说明参数取错，请核对"),
                format!("the ratio {raw} is above 1 and counts as 1; it often shows a wrong parameter: please check"),
            ));
        }
    }
    let product = multipliers(assessment)
        .into_iter()
        .map(|line| line.value)
        .collect::<Vec<_>>()
        .join(" × ");
    let factor = computation.factor;
    steps.push(Phrase::new(
        format!("{product}：以精确分数相乘，只在最后截断到六位小数，得 {factor}"),
        format!("{product}: multiplied as exact fractions and truncated once, to six decimals: {factor}"),
    ));
    steps
}
