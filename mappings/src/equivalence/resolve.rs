//! From sheets to what goes into the formula: the source region's parameters, the batch's vintage, and the worst case for
//! what is not said.

mod multipliers;

pub(super) use multipliers::tier_gap;

use serde::{Deserialize, Serialize};

use super::assess::{Library, Question};
use super::formula::FormulaInputs;
use super::inputs::{InputKind, InputRef};
use crate::factors::{GridBasis, GridQuestion, GridValue};
use crate::gates::Side;
use crate::phrase::Phrase;
use crate::relation::Relation;
use crate::sheet::value::{GramsRange, GridYear, ParameterRule, UnitFactor};
use crate::sheet::{AttributeName, Sheet};
use crate::unit::Conversion;

/// What was taken for something that is not said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// Of which methodology.
    pub side: Side,
    /// Which attribute.
    pub attribute: AttributeName,
    /// What was taken.
    pub statement: Phrase,
}

/// Evidence without which there is no factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// Of which methodology.
    pub side: Side,
    /// Which attribute.
    pub attribute: AttributeName,
    /// What is missing.
    pub statement: Phrase,
}

/// What was worked out.
#[derive(Debug, Default)]
pub(super) struct Resolution {
    pub(super) inputs: Option<FormulaInputs>,
    pub(super) origin_grams: Option<GramsRange>,
    pub(super) target_grams: Option<GramsRange>,
    pub(super) missing: Vec<Missing>,
    pub(super) assumptions: Vec<Assumption>,
    pub(super) records: Vec<InputRef>,
}

impl Resolution {
    fn lacks(&mut self, side: Side, attribute: AttributeName, zh: impl Into<String>, en: impl Into<String>) {
        self.missing.push(Missing {
            side,
            attribute,
            statement: Phrase::new(zh, en),
        });
    }

    fn assumes(&mut self, side: Side, attribute: AttributeName, zh: impl Into<String>, en: impl Into<String>) {
        self.assumptions.push(Assumption {
            side,
            attribute,
            statement: Phrase::new(zh, en),
        });
    }

    /// That an attribute is not known, and has no worst case.
    fn unknown(&mut self, side: Side, attribute: AttributeName) {
        let (of, what) = (side.title(), attribute.title());
        self.lacks(
            side,
            attribute,
            format!("{}的{}未知", of.zh, what.zh),
            format!("the {} of {} is not known", what.en, of.en),
        );
    }
}

/// Works out what goes into the formula. `inputs` is there if nothing is missing.
pub(super) fn resolve(question: &Question<'_>, library: &Library<'_>) -> Resolution {
    let mut found = Resolution::default();
    let source = unit_factor(&mut found, Side::Origin, question.origin, question, library);
    let target = unit_factor(&mut found, Side::Target, question.target, question, library);
    let reference = question
        .reference
        .map(|sheet| unit_factor(&mut found, Side::Reference, sheet, question, library));
    let gases = multipliers::gases(&mut found, question, library);
    let beyond_boundary = multipliers::beyond_boundary(&mut found, question);
    let leakage = multipliers::leakage(&mut found, question);
    let uncertainty = multipliers::uncertainty(&mut found, question);
    let permanence = multipliers::permanence(question);
    found.origin_grams.clone_from(&source);
    found.target_grams.clone_from(&target);
    // An adopted reference that cannot be evaluated must not fall away: it might be the one that bounds.
    let reference_missing = matches!(reference, Some(None));
    let complete = source.zip(target).zip(gases).zip(beyond_boundary.zip(leakage));
    if let Some((((source, target), gases), (beyond_boundary, leakage))) = complete
        && !reference_missing
    {
        found.inputs = Some(FormulaInputs {
            source,
            target,
            reference: reference.flatten(),
            gases,
            beyond_boundary,
            leakage,
            uncertainty,
            permanence,
        });
        by_standard(&mut found, question);
    }
    found
}

/// Of one standard text the unit factors, boundaries and reserves are equal by definition: `k = k_gwp · k_unc`.
fn by_standard(found: &mut Resolution, question: &Question<'_>) {
    if question.relation != Relation::Exact || !question.comparison().same_standard() {
        return;
    }
    if let Some(inputs) = &mut found.inputs {
        let one = GramsRange::exactly(inputs.source.high.clone());
        inputs.source = one.clone();
        inputs.target = one;
        inputs.reference = None;
        inputs.beyond_boundary = crate::ratio::Ratio::zero();
        inputs.leakage.0.clone_from(&inputs.leakage.1);
        inputs.permanence = None;
    }
}

/// The unit factor of one methodology with the parameters of the **source** region, in grams for one of the origin's unit of
/// activity.
fn unit_factor(
    found: &mut Resolution,
    side: Side,
    sheet: &Sheet,
    question: &Question<'_>,
    library: &Library<'_>,
) -> Option<GramsRange> {
    let Some(factor) = sheet.attributes.unit_factor.value() else {
        found.unknown(side, AttributeName::UnitFactor);
        return None;
    };
    if !same_mass(found, side, factor, question) {
        return None;
    }
    let grid = if factor.uses_grid() {
        Some(grid_of(found, side, sheet, factor, question, library)?)
    } else {
        None
    };
    let grams = factor.grams(grid.as_ref())?;
    let Some(unit) = question.origin.attributes.activity_unit.value() else {
        found.unknown(Side::Origin, AttributeName::ActivityUnit);
        return None;
    };
    let Conversion::By(units) = unit.conversion(factor.activity()) else {
        let per = factor.activity();
        found.lacks(
            side,
            AttributeName::UnitFactor,
            format!("因子按 {per} 计，不能换算为 {unit}"),
            format!("the factor is for one {per}, which does not convert into {unit}"),
        );
        return None;
    };
    if factor.is_range() {
        say_range(found, side, factor);
    }
    Some(GramsRange {
        low: &grams.low * &units,
        high: &grams.high * &units,
    })
}

/// CO2 and CO2e are compared as text.
fn same_mass(found: &mut Resolution, side: Side, factor: &UnitFactor, question: &Question<'_>) -> bool {
    let own = question.origin.attributes.unit_factor.value().map(UnitFactor::mass);
    match own {
        Some(own) if own.annotation() != factor.mass().annotation() => {
            let mass = factor.mass();
            found.lacks(
                side,
                AttributeName::UnitFactor,
                format!("一方按 {own} 计，另一方按 {mass} 计，须先说明口径"),
                format!("one counts {own}, the other {mass}: they have to be stated alike first"),
            );
            false
        }
        _ => true,
    }
}

fn say_range(found: &mut Resolution, side: Side, factor: &UnitFactor) {
    let (zh, en) = if side == Side::Origin {
        ("只公布区间，按上限计", "only a range is stated: its upper end counts")
    } else {
        ("只公布区间，按下限计", "only a range is stated: its lower end counts")
    };
    found.assumes(
        side,
        AttributeName::UnitFactor,
        format!("{factor}：{zh}"),
        format!("{factor}: {en}"),
    );
}

/// The electricity grid that a factor computes with, in g/kWh.
fn grid_of(
    found: &mut Resolution,
    side: Side,
    sheet: &Sheet,
    factor: &UnitFactor,
    question: &Question<'_>,
    library: &Library<'_>,
) -> Option<GramsRange> {
    let rule = match sheet.attributes.provenance.value().map(|provenance| provenance.rule) {
        Some(ParameterRule::Grid(rule)) => Some(rule),
        Some(ParameterRule::Prescribed) => {
            found.lacks(
                side,
                AttributeName::Provenance,
                "因子用到电网排放因子，但没有写明取哪一个",
                "the factor computes with the grid, but the rule says that its number is prescribed",
            );
            return None;
        }
        None => None,
    };
    let of_what = factor.mass().annotation();
    let asked = GridQuestion {
        rule: rule.as_ref(),
        region: question.source_region,
        vintage: question.vintage,
        as_of: question.at,
        of_what: &of_what,
    };
    let Some(value) = library.grid.resolve(&asked) else {
        let (region, vintage) = (question.source_region, question.vintage);
        found.lacks(
            side,
            AttributeName::Provenance,
            format!("没有适用于 {region} {vintage} 年的电网因子"),
            format!("no factor of the grid is published for {region} and {vintage}"),
        );
        return None;
    };
    say_grid(found, side, &value);
    let until_next = rule.is_none_or(|rule| matches!(rule.year, GridYear::Latest | GridYear::Lowest));
    let until_next = until_next || value.basis != GridBasis::Named;
    for record in &value.records {
        let expires = record.next_expected.filter(|_| until_next).map(crate::day::Day::begins);
        let input = InputRef {
            kind: InputKind::FactorRecord,
            id: record.id.to_string(),
            sha256: record.content_hash(),
            // What is due already when the mapping begins says nothing about its end.
            expires: expires.filter(|end| *end > question.at),
        };
        if !found.records.contains(&input) {
            found.records.push(input);
        }
    }
    Some(value.range)
}

fn say_grid(found: &mut Resolution, side: Side, value: &GridValue<'_>) {
    let range = &value.range;
    let (end_zh, end_en) = if side == Side::Origin {
        ("最高值", "highest")
    } else {
        ("最低值", "lowest")
    };
    match value.basis {
        GridBasis::Named => {}
        GridBasis::YearNotPublished => found.assumes(
            side,
            AttributeName::Provenance,
            format!("规则所指年份的电网因子尚未公布：以最近三个已公布年份代替（{range} g/kWh），按对己方最不利的一端计"),
            format!("the grid factor of that year is not published: the last three published years stand for it ({range} g/kWh), the less favourable end counts"),
        ),
        GridBasis::RuleUnknown => found.assumes(
            side,
            AttributeName::Provenance,
            format!("没有说明取哪一个电网因子：取来源地区、所属电网与全国已公布值中的{end_zh}（{range} g/kWh）"),
            format!("which grid factor counts is not stated: the {end_en} of all published for the source region, its grid and the country is taken ({range} g/kWh)"),
        ),
    }
}
