//! What would raise the factor: silence costs, disclosure can only raise.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::quantity::Factor;

use super::assess::Question;
use super::formula::{Computation, FormulaInputs, compute};
use super::resolve::Resolution;
use super::uncertainty::UncertaintyBand;
use crate::gates::{GateReport, Verdict};
use crate::phrase::Phrase;
use crate::ratio::Ratio;
use crate::sheet::AttributeName;
use crate::sheet::value::GramsRange;

/// Something that would raise the factor, or is needed before there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raise {
    /// What to do.
    pub action: Phrase,
    /// What the factor could become, in millionths, if nothing else changes; absent if there is none without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Factor>,
}

type Lever = (Phrase, fn(&mut FormulaInputs));

/// Without a factor: what is missing. With one: what would raise it, the most first.
pub(super) fn raises(
    question: &Question<'_>,
    found: &Resolution,
    computation: Option<&Computation>,
    gates: &GateReport,
) -> Vec<Raise> {
    let mut raises: Vec<Raise> = gates
        .with(Verdict::Unknown)
        .map(|finding| finding.statement.clone())
        .map(needed)
        .collect();
    raises.extend(found.missing.iter().map(|missing| needed(missing.statement.clone())));
    let (Some(computation), Some(inputs)) = (computation, &found.inputs) else {
        return raises;
    };
    let mut gains: Vec<(Factor, Phrase)> = levers(question, found, inputs)
        .into_iter()
        .filter_map(|(action, pull)| {
            let mut better = inputs.clone();
            pull(&mut better);
            let factor = compute(&better)?.factor;
            (factor > computation.factor).then_some((factor, action))
        })
        .collect();
    gains.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    raises.extend(gains.into_iter().map(|(factor, action)| Raise {
        action,
        up_to: Some(factor),
    }));
    raises
}

fn needed(statement: Phrase) -> Raise {
    Raise {
        action: Phrase::new(
            format!("补充证据：{}", statement.zh),
            format!("supply the evidence: {}", statement.en),
        ),
        up_to: None,
    }
}

/// What can be disclosed or bettered, and what it would do.
fn levers(question: &Question<'_>, found: &Resolution, inputs: &FormulaInputs) -> Vec<Lever> {
    let offers = factor_levers(inputs)
        .into_iter()
        .chain(other_levers(question, found, inputs));
    offers.filter(|(applies, _)| *applies).map(|(_, lever)| lever).collect()
}

fn lever(applies: bool, zh: &str, en: &str, pull: fn(&mut FormulaInputs)) -> (bool, Lever) {
    (applies, (Phrase::new(zh, en), pull))
}

fn factor_levers(inputs: &FormulaInputs) -> [(bool, Lever); 3] {
    [
        lever(
            inputs.source.is_open(),
            "来源方披露批次实际使用的因子或活动数据（最高值对应区间下端）",
            "the origin discloses the factor or activity data of the batch (at best the lower end of its range)",
            |inputs| inputs.source = GramsRange::exactly(inputs.source.low.clone()),
        ),
        lever(
            inputs.target.is_open(),
            "目标方公布确定的因子（最高值对应区间上端）",
            "the target states one factor instead of a range (at best its upper end)",
            |inputs| inputs.target = GramsRange::exactly(inputs.target.high.clone()),
        ),
        lever(
            inputs.reference.as_ref().is_some_and(GramsRange::is_open),
            "基准方法学给出确定的因子（最高值对应区间上端）",
            "the reference methodology states one factor instead of a range (at best its upper end)",
            |inputs| inputs.reference = inputs.reference.take().map(|range| GramsRange::exactly(range.high)),
        ),
    ]
}

fn other_levers(question: &Question<'_>, found: &Resolution, inputs: &FormulaInputs) -> [(bool, Lever); 6] {
    let assumed = |attribute| found.assumptions.iter().any(|one| one.attribute == attribute);
    let origin = &question.origin.attributes;
    // In the worst band a better tier may change nothing.
    let tier_counts = super::resolve::tier_gap(question) > 0 && inputs.uncertainty < UncertaintyBand::Above100;
    [
        lever(
            inputs.uncertainty > UncertaintyBand::UpTo10,
            "双方提供不确定性评估，合计不超过 10%",
            "both document their uncertainty, together at most 10 %",
            |inputs| inputs.uncertainty = UncertaintyBand::UpTo10,
        ),
        lever(
            tier_counts,
            "来源方的监测方式提高一级",
            "the origin measures one tier better",
            |inputs| inputs.uncertainty = better(inputs.uncertainty),
        ),
        lever(
            assumed(AttributeName::GwpSet),
            "说明所用的全球增温潜势取值版本",
            "the set of global warming potentials is stated",
            |inputs| {
                let counted = inputs.gases.iter_mut().filter(|gas| !gas.ratio.is_zero());
                counted.for_each(|gas| gas.ratio = Ratio::one());
            },
        ),
        lever(
            inputs.gases.iter().any(|gas| gas.share.is_none()),
            "披露各气体所占份额",
            "the shares of the gases are disclosed",
            most_favourable_gas,
        ),
        lever(
            origin.boundary.value().is_none(),
            "来源方说明核算边界",
            "the origin states its boundary",
            |inputs| inputs.beyond_boundary = Ratio::zero(),
        ),
        lever(
            origin.leakage.value().is_none(),
            "来源方说明泄漏扣减",
            "the origin states its deduction for leakage",
            |inputs| inputs.leakage.0.clone_from(&inputs.leakage.1),
        ),
    ]
}

fn better(band: UncertaintyBand) -> UncertaintyBand {
    let position = UncertaintyBand::ALL.iter().position(|one| *one == band).unwrap_or(0);
    UncertaintyBand::ALL
        .get(position.saturating_sub(1))
        .copied()
        .unwrap_or(band)
}

fn most_favourable_gas(inputs: &mut FormulaInputs) {
    let best = inputs.gases.iter().map(|gas| gas.ratio.clone()).max();
    if let Some(best) = best {
        inputs.gases.iter_mut().for_each(|gas| gas.ratio = best.clone());
    }
}
