//! What is well formed but odd in the catalogue: reported, never a reason to stop.

use std::collections::HashSet;
use std::fmt;

use rust_decimal::Decimal;
use tanqiao_protocol::region::RegionCode;

use super::factor::{FactorBasis, FactorScope};
use super::{Candidate, Catalogue};

/// One oddity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The row's id.
    pub row: String,
    /// Which rule it breaks, in one or two words.
    pub rule: &'static str,
    /// What was found.
    pub saw: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.row, self.rule, self.saw)
    }
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, row: &str, rule: &'static str, saw: impl Into<String>) {
        self.0.push(Finding {
            row: row.into(),
            rule,
            saw: saw.into(),
        });
    }

    /// One finding for every id that came before.
    fn duplicates<'a>(&mut self, ids: impl Iterator<Item = &'a str>) {
        let mut seen = HashSet::new();
        for id in ids {
            if !seen.insert(id) {
                self.add(id, "duplicate id", "an earlier row has this id");
            }
        }
    }
}

impl Catalogue {
    /// Every oddity, in the order of the files.
    #[must_use]
    pub fn lint(&self) -> Vec<Finding> {
        let mut findings = Findings::default();
        self.lint_ids(&mut findings);
        self.lint_regions(&mut findings);
        self.lint_methodologies(&mut findings);
        self.lint_factors(&mut findings);
        self.lint_candidates(&mut findings);
        findings.0
    }

    fn lint_ids(&self, findings: &mut Findings) {
        findings.duplicates(self.methodologies.iter().map(|one| one.id.as_str()));
        findings.duplicates(self.factors.iter().map(|one| one.id.as_str()));
        findings.duplicates(self.platforms.iter().map(|one| one.id.as_str()));
        findings.duplicates(self.cases.iter().map(|one| one.id.as_str()));
        findings.duplicates(self.candidates.iter().map(|one| one.record_id.as_str()));
        findings.duplicates(self.regions.iter().map(|one| one.code.as_str()));
        let bands: Vec<String> = self
            .plausibility
            .iter()
            .map(|one| format!("{} ({})", one.activity, one.kind.word()))
            .collect();
        findings.duplicates(bands.iter().map(String::as_str));
    }

    fn lint_regions(&self, findings: &mut Findings) {
        let methodologies = self.methodologies.iter().map(|one| (&one.id, one.region));
        let factors = self.factors.iter().map(|one| (&one.id, one.region));
        let platforms = self.platforms.iter().map(|one| (&one.id, one.region));
        let sellers = self.cases.iter().map(|one| (&one.id, one.seller_region));
        let buyers = self.cases.iter().map(|one| (&one.id, one.buyer_region));
        for (id, region) in methodologies
            .chain(factors)
            .chain(platforms)
            .chain(sellers)
            .chain(buyers)
        {
            if let Some(code) = region
                && code.is_chinese_division()
                && self.province_of(code).is_none()
            {
                findings.add(id, "unknown region", code.to_string());
            }
        }
    }

    fn lint_methodologies(&self, findings: &mut Findings) {
        for one in &self.methodologies {
            if let Some(of) = &one.duplicate_of
                && (self.methodology(of).is_none() || of == &one.id)
            {
                findings.add(&one.id, "duplicate of nothing", of);
            }
            let province = one.region.and_then(|code| self.province_of(code));
            if let Some(province) = province
                && one.iso_3166_2.as_deref() != Some(&province.iso_3166_2)
            {
                let said = one.iso_3166_2.as_deref().unwrap_or("nothing");
                findings.add(&one.id, "province", format!("{said}, not {}", province.iso_3166_2));
            }
            if let Some(band) = self.plausibility_of(one)
                && one.activity_unit.as_deref() != Some(&band.unit)
            {
                findings.add(&one.id, "unit of the plausible band", &band.unit);
            }
        }
    }

    fn lint_factors(&self, findings: &mut Findings) {
        for one in &self.factors {
            if one.value_max.is_some_and(|max| max < one.value) {
                findings.add(&one.id, "range", "its upper end is below its lower end");
            }
            let Some(id) = &one.methodology else { continue };
            let Some(methodology) = self.methodology(id) else {
                findings.add(&one.id, "unknown methodology", id);
                continue;
            };
            if one.region != methodology.region {
                findings.add(&one.id, "region", format!("not that of {id}"));
            }
            if one.basis != FactorBasis::Stated || one.scope != FactorScope::ReductionPerActivityUnit {
                continue;
            }
            if one.activity_unit() != methodology.activity_unit.as_deref() {
                let counted = methodology.activity_unit.as_deref().unwrap_or("nothing");
                findings.add(&one.id, "unit", format!("{}, but {id} counts {counted}", one.ucum));
            }
            if let Some(band) = self.plausibility_of(methodology)
                && !(band.admits(one.value) && one.value_max.is_none_or(|max| band.admits(max)))
            {
                let (min, max) = (band.g_per_unit_min, band.g_per_unit_max);
                let saw = format!(
                    "{} {}, plausible are {min} to {max} g/{}",
                    one.value, one.unit, band.unit
                );
                findings.add(&one.id, "implausible", saw);
            }
        }
    }

    fn lint_candidates(&self, findings: &mut Findings) {
        for one in &self.candidates {
            let id = &one.record_id;
            if one.object.as_deref() == Some(&one.subject) {
                findings.add(id, "itself", &one.subject);
            }
            let (label, source) = (Some(one.subject_label.as_str()), &one.subject_source);
            self.lint_side(findings, one, &one.subject, label, source);
            if let Some(object) = &one.object {
                self.lint_side(findings, one, object, one.object_label.as_deref(), &one.object_source);
            }
            let above_one = |number: &Decimal| *number > Decimal::ONE;
            if above_one(&one.confidence) {
                findings.add(id, "confidence", one.confidence.to_string());
            }
            for factor in [one.factor_forward, one.factor_reverse].iter().flatten() {
                if above_one(factor) || one.object.is_none() {
                    findings.add(id, "factor", factor.to_string());
                }
            }
        }
    }

    fn lint_side(&self, findings: &mut Findings, row: &Candidate, id: &str, label: Option<&str>, source: &str) {
        let Some(methodology) = self.methodology(id) else {
            findings.add(&row.record_id, "unknown methodology", id);
            return;
        };
        if label != Some(&methodology.title_en) {
            findings.add(&row.record_id, "title", format!("not that of {id}"));
        }
        let region = methodology.region.as_ref().map_or("NATIONAL", RegionCode::as_str);
        if source != region {
            findings.add(&row.record_id, "region", format!("{source}, but {id} is of {region}"));
        }
    }
}
