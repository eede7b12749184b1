//! Gases, boundary, leakage, uncertainty and permanence.

use rust_decimal::Decimal;

use super::{AttributeName, Library, Question, Resolution, Side};
use crate::equivalence::formula::GasTerm;
use crate::equivalence::uncertainty::UncertaintyBand;
use crate::ratio::Ratio;
use crate::relation::Relation;
use crate::sheet::Sheet;
use crate::sheet::value::{Permanence, UncertaintyWidth};
use crate::unit::Conversion;

/// The gases of the origin, each with what its weight becomes. Only gases that both count are counted.
pub(super) fn gases(found: &mut Resolution, question: &Question<'_>, library: &Library<'_>) -> Option<Vec<GasTerm>> {
    let (origin, target) = (&question.origin.attributes, &question.target.attributes);
    let (Some(own), Some(theirs)) = (origin.gases.value(), target.gases.value()) else {
        for (side, gases) in [(Side::Origin, &origin.gases), (Side::Target, &target.gases)] {
            if gases.value().is_none() {
                found.unknown(side, AttributeName::Gases);
            }
        }
        return None;
    };
    let (source_set, target_set) = (origin.gwp_set.value().copied(), target.gwp_set.value().copied());
    say_sets(found, question);
    let mut terms = Vec::new();
    for (gas, share) in own.iter() {
        let ratio = if !theirs.contains(gas) {
            found.assumes(
                Side::Target,
                AttributeName::Gases,
                format!("目标方不计 {gas}，该部分不予认可"),
                format!("the target does not count {gas}: that part is dropped"),
            );
            Ratio::zero()
        } else if source_set.is_some() && source_set == target_set {
            Ratio::one()
        } else if let Some(ratio) = library.gwp.ratio(gas, source_set, target_set) {
            ratio
        } else {
            found.lacks(
                Side::Origin,
                AttributeName::Gases,
                format!("{gas} 的全球增温潜势值在双方取值版本中不全"),
                format!("what {gas} weighs is not known in every set of global warming potentials that may count"),
            );
            return None;
        };
        terms.push(GasTerm {
            gas: gas.clone(),
            share,
            ratio,
        });
    }
    if terms.iter().any(|term| term.share.is_none()) {
        found.assumes(
            Side::Origin,
            AttributeName::Gases,
            "没有披露各气体所占份额：按最不利的气体计",
            "the shares of the gases are not disclosed: the least favourable gas stands for all",
        );
    }
    Some(terms)
}

/// Carbon dioxide weighs 1 in every set, so that nothing needs to be said where it is alone.
fn say_sets(found: &mut Resolution, question: &Question<'_>) {
    let others = |sheet: &Sheet| {
        sheet
            .attributes
            .gases
            .value()
            .is_some_and(|gases| gases.iter().any(|(gas, _)| gas.as_str() != "CO2"))
    };
    if !others(question.origin) {
        return;
    }
    if question.origin.attributes.gwp_set.value().is_none() {
        found.assumes(
            Side::Origin,
            AttributeName::GwpSet,
            "没有说明取值版本：逐气体取已公布版本中的最高值",
            "the set is not stated: for each gas the highest of the published sets counts",
        );
    }
    if question.target.attributes.gwp_set.value().is_none() {
        found.assumes(
            Side::Target,
            AttributeName::GwpSet,
            "没有说明取值版本：逐气体取已公布版本中的最低值",
            "the set is not stated: for each gas the lowest of the published sets counts",
        );
    }
}

/// Emissions that the target counts against the reduction and the origin does not, in grams for one of the origin's unit of
/// activity; the target's sheet states them for one of its own. An origin
/// that does not say its boundary is taken to have none.
pub(super) fn beyond_boundary(found: &mut Resolution, question: &Question<'_>) -> Option<Ratio> {
    let Some(theirs) = question.target.attributes.boundary.value() else {
        found.unknown(Side::Target, AttributeName::Boundary);
        return None;
    };
    let own = question.origin.attributes.boundary.value();
    if own.is_none() {
        found.assumes(
            Side::Origin,
            AttributeName::Boundary,
            "没有说明核算边界：目标方所列排放源全部扣除",
            "the boundary is not stated: all sources that the target lists are taken away",
        );
    }
    let beyond = theirs
        .iter()
        .filter(|(source, _)| own.is_none_or(|own| !own.contains(source)));
    let mut sum = Ratio::zero();
    for (source, size) in beyond {
        let Some(size) = size else {
            found.lacks(
                Side::Target,
                AttributeName::Boundary,
                format!("目标方排放源 {source} 的大小未知"),
                format!("the size of the target's source {source} is not known"),
            );
            return None;
        };
        sum = &sum + &Ratio::of(size);
    }
    if sum.is_zero() {
        return Some(sum);
    }
    Some(&sum * &targets_units(found, question)?)
}

/// How many of the target's unit of activity one of the origin's is.
fn targets_units(found: &mut Resolution, question: &Question<'_>) -> Option<Ratio> {
    let unit = |sheet: &Sheet| sheet.attributes.activity_unit.value().cloned();
    let (own, theirs) = (unit(question.origin), unit(question.target));
    if let Some((own, theirs)) = own.zip(theirs)
        && let Conversion::By(units) = own.conversion(&theirs)
    {
        return Some(units);
    }
    found.lacks(
        Side::Target,
        AttributeName::Boundary,
        "目标方排放源的大小不能换算为来源方的活动单位",
        "the sizes of the target's sources do not convert into the origin's unit of activity",
    );
    None
}

/// The deductions as shares, origin and target.
pub(super) fn leakage(found: &mut Resolution, question: &Question<'_>) -> Option<(Ratio, Ratio)> {
    let Some(target) = question.target.attributes.leakage.value() else {
        found.unknown(Side::Target, AttributeName::Leakage);
        return None;
    };
    let origin = question.origin.attributes.leakage.value();
    if origin.is_none() {
        found.assumes(
            Side::Origin,
            AttributeName::Leakage,
            "没有说明泄漏扣减：按未扣减计，适用目标方的扣减",
            "the deduction for leakage is not stated: none is taken to be made, and the target's applies",
        );
    }
    let origin = origin.map_or(Decimal::ZERO, |leakage| leakage.0);
    Some((Ratio::percent(origin), Ratio::percent(target.0)))
}

/// The band of the ratio; a lower tier of monitoring than the target's makes it worse by as many steps.
pub(super) fn uncertainty(found: &mut Resolution, question: &Question<'_>) -> UncertaintyBand {
    let width = |sheet: &Sheet| {
        sheet
            .attributes
            .uncertainty
            .value()
            .map(|UncertaintyWidth(width)| *width)
    };
    let widths = (width(question.origin), width(question.target));
    for (side, width) in [(Side::Origin, widths.0), (Side::Target, widths.1)] {
        if width.is_none() {
            found.assumes(
                side,
                AttributeName::Uncertainty,
                "没有披露不确定性：按最差一档（100% 以上）计",
                "the uncertainty is not disclosed: the worst band (above 100 %) counts",
            );
        }
    }
    let same = question.relation == Relation::Exact && question.comparison().same_standard();
    let band = match widths {
        (Some(_), Some(_)) if same => UncertaintyBand::None,
        (origin, target) => UncertaintyBand::of_ratio(origin, target),
    };
    let steps = tier_gap(question);
    if steps > 0 {
        found.assumes(
            Side::Origin,
            AttributeName::Monitoring,
            format!("监测方式比目标方低 {steps} 级：不确定性加重 {steps} 档"),
            format!("monitoring is {steps} tiers below the target's: the band of uncertainty is {steps} steps worse"),
        );
    }
    band.worse(steps)
}

/// By how many tiers the origin measures less well than the target.
pub(in crate::equivalence) fn tier_gap(question: &Question<'_>) -> usize {
    let tier = |sheet: &Sheet| sheet.attributes.monitoring.value().map(|one| one.code());
    let gap = tier(question.origin)
        .zip(tier(question.target))
        .map_or(0, |(own, theirs)| own - theirs);
    usize::try_from(gap).unwrap_or(0)
}

/// The reserves as shares, origin and target, where both are sinks.
pub(super) fn permanence(question: &Question<'_>) -> Option<(Ratio, Ratio)> {
    let buffer = |sheet: &Sheet| match sheet.attributes.permanence.value() {
        Some(Permanence::Sink { buffer, .. }) => Some(Ratio::percent(*buffer)),
        _ => None,
    };
    buffer(question.origin).zip(buffer(question.target))
}
