//! How much of a catalogue is known, and what is odd in its sheets.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::region::RegionCode;

use crate::catalogue::{Catalogue, Finding};
use crate::gates::{PlausibleBands, Verdict};
use crate::sheet::value::{ParameterRule, UnitFactor};
use crate::sheet::{AttributeName, Sheet, Status};
use crate::unit::Conversion;

/// How one attribute is known over all sheets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttributeCoverage {
    /// The attribute.
    pub attribute: AttributeName,
    /// Number of sheets by status.
    pub by_status: BTreeMap<&'static str, usize>,
    /// Number of sheets that name its document by hash.
    pub documented: usize,
}

/// How much is known of one methodology.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SheetCoverage {
    /// The methodology version.
    pub methodology: MethodologyRef,
    /// Number of attributes that are known.
    pub known: usize,
    /// The gates that nobody can judge yet.
    pub unknown_gates: Vec<AttributeName>,
    /// True if a unit factor is stated, as a number or a range.
    pub factor: bool,
}

/// The report over a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// By attribute.
    pub attributes: Vec<AttributeCoverage>,
    /// By methodology, the best known first.
    pub sheets: Vec<SheetCoverage>,
    /// Provinces without a factor of their electricity grid, by year for which others have one.
    pub grid_gaps: BTreeMap<u16, Vec<RegionCode>>,
    /// What is well formed but odd.
    #[serde(serialize_with = "as_texts")]
    pub findings: Vec<Finding>,
}

fn as_texts<S: serde::Serializer>(findings: &[Finding], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(findings.iter().map(ToString::to_string))
}

/// The report over the shipped catalogue, or another.
#[must_use]
pub fn coverage(catalogue: &Catalogue) -> Coverage {
    let sheets = catalogue.sheets();
    let mut findings = catalogue.lint();
    findings.extend(lint_sheets(sheets, catalogue.library().bands));
    let mut by_sheet: Vec<SheetCoverage> = sheets.iter().map(of_sheet).collect();
    by_sheet.sort_by(|a, b| b.known.cmp(&a.known).then_with(|| a.methodology.cmp(&b.methodology)));
    Coverage {
        attributes: AttributeName::ALL
            .iter()
            .map(|name| of_attribute(*name, sheets))
            .collect(),
        sheets: by_sheet,
        grid_gaps: grid_gaps(catalogue),
        findings,
    }
}

fn of_attribute(attribute: AttributeName, sheets: &[Sheet]) -> AttributeCoverage {
    let mut by_status: BTreeMap<&'static str, usize> = Status::ALL.iter().map(|status| (status.word(), 0)).collect();
    let mut documented = 0;
    for sheet in sheets {
        let evidence = sheet.attributes.cell(attribute).evidence;
        if let Some(count) = by_status.get_mut(evidence.status.word()) {
            *count += 1;
        }
        documented += usize::from(evidence.document.is_some());
    }
    AttributeCoverage {
        attribute,
        by_status,
        documented,
    }
}

fn of_sheet(sheet: &Sheet) -> SheetCoverage {
    SheetCoverage {
        methodology: sheet.methodology.clone(),
        known: AttributeName::ALL.len() - sheet.unknown().count(),
        unknown_gates: sheet.unknown().filter(|name| name.is_gate()).collect(),
        factor: sheet.attributes.unit_factor.value().is_some(),
    }
}

fn grid_gaps(catalogue: &Catalogue) -> BTreeMap<u16, Vec<RegionCode>> {
    use crate::factors::Area;
    let records = catalogue.grid_factors().records();
    let mut gaps = BTreeMap::new();
    for year in records
        .iter()
        .filter(|record| record.kind == crate::sheet::value::GridKind::Average)
        .map(|record| record.year)
    {
        let has = |code: RegionCode| {
            records
                .iter()
                .any(|record| record.year == year && record.area == Area::Province(code))
        };
        gaps.entry(year).or_insert_with(|| {
            catalogue
                .regions()
                .iter()
                .map(|region| region.code)
                .filter(|code| !has(*code))
                .collect()
        });
    }
    gaps
}

/// What is well formed but odd in sheets: units that do not fit, factors outside the plausible band, rules that contradict.
#[must_use]
pub fn lint_sheets(sheets: &[Sheet], bands: &PlausibleBands) -> Vec<Finding> {
    let mut findings = Vec::new();
    for sheet in sheets {
        let mut add = |rule: &'static str, saw: String| {
            let row = sheet.methodology.to_string();
            findings.push(Finding { row, rule, saw });
        };
        let attributes = &sheet.attributes;
        let Some(factor) = attributes.unit_factor.value() else {
            continue;
        };
        if let Some(unit) = attributes.activity_unit.value()
            && !matches!(unit.conversion(factor.activity()), Conversion::By(_))
        {
            add(
                "unit of the factor",
                format!("{}, but the activity counts {unit}", factor.unit()),
            );
        }
        if let Some((rule, saw)) = rule_contradiction(factor, sheet) {
            add(rule, saw);
        }
        let grams = factor.grams(None);
        let judged = bands.judge(sheet, grams.as_ref(), Some(factor.activity()));
        if grams.is_some() && judged.0 == Verdict::Fail {
            add("implausible", judged.1.en);
        }
        if sheet.confirmation.is_some() && sheet.confirmed_factor().is_none() {
            add("confirmation", format!("is about another factor than {factor}"));
        }
    }
    findings
}

fn rule_contradiction(factor: &UnitFactor, sheet: &Sheet) -> Option<(&'static str, String)> {
    let rule = sheet.attributes.provenance.value()?.rule;
    match (factor.uses_grid(), rule) {
        (true, ParameterRule::Prescribed) => Some((
            "provenance",
            format!("{factor} computes with a grid that no rule names"),
        )),
        (false, ParameterRule::Grid(_)) => Some((
            "provenance",
            format!("{factor} does not compute with the grid that the rule names"),
        )),
        _ => None,
    }
}

impl fmt::Display for Coverage {
    /// The report as text: attributes, methodologies, findings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.sheets.len();
        writeln!(f, "{all} methodologies")?;
        for one in &self.attributes {
            let unknown = one.by_status.get(Status::Unknown.word()).copied().unwrap_or(0);
            let (number, name) = (one.attribute.code(), one.attribute);
            writeln!(
                f,
                "{number:>2} {name:<18} known {:>3}, documented {:>3}",
                all - unknown,
                one.documented
            )?;
        }
        for one in &self.sheets {
            let factor = if one.factor { "factor" } else { "no factor" };
            let gates = one.unknown_gates.len();
            writeln!(
                f,
                "{:<40} {:>2} of 24 known, {gates} gates unknown, {factor}",
                one.methodology, one.known
            )?;
        }
        for (year, gaps) in &self.grid_gaps {
            writeln!(f, "grid factors {year}: {} provinces without", gaps.len())?;
        }
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::tests::{metro, put};

    #[test]
    fn the_shipped_catalogue_says_how_little_is_known() {
        let catalogue = Catalogue::shipped().unwrap();
        let report = coverage(&catalogue);
        assert_eq!((report.attributes.len(), report.sheets.len()), (24, 73));
        let of = |name: AttributeName| report.attributes.iter().find(|one| one.attribute == name).unwrap();
        assert_eq!(of(AttributeName::UnitFactor).by_status["published"], 5);
        assert_eq!(of(AttributeName::Activity).by_status["unknown"], 0);
        assert_eq!(of(AttributeName::Uncertainty).by_status["unknown"], 73);
        assert!(report.sheets.iter().all(|one| one.unknown_gates.len() >= 8));
        // Xizang, Hong Kong, Macao and Taiwan have none in 2021 and 2022, and nobody has one in 2023.
        assert_eq!((report.grid_gaps[&2022].len(), report.grid_gaps[&2023].len()), (4, 34));
        let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        assert_eq!(findings.len(), 2, "{findings:#?}");
        assert!(
            findings.iter().all(|finding| finding.contains("2.1 g/km")),
            "{findings:#?}"
        );
        assert!(report.to_string().starts_with("73 methodologies\n"));
    }

    #[test]
    fn contradictions_of_a_sheet_are_found() {
        let bands = PlausibleBands::default();
        let mut sheet = metro("A", "420100", "78.4");
        assert_eq!(lint_sheets(std::slice::from_ref(&sheet), &bands), []);
        put(&mut sheet, AttributeName::ActivityUnit, "kW.h");
        put(
            &mut sheet,
            AttributeName::Provenance,
            "grid=national; kind=average; year=2023; publisher=x",
        );
        let rules: Vec<&str> = lint_sheets(&[sheet], &bands)
            .iter()
            .map(|finding| finding.rule)
            .collect();
        assert_eq!(rules, ["unit of the factor", "provenance"]);
    }
}
