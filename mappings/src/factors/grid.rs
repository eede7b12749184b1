//! Which factor of the electricity grid a rule takes, for a region and a vintage.

use std::collections::BTreeMap;

use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;

use super::record::{Area, FactorRecord, GridRegion};
use crate::sheet::value::{GramsRange, GridLevel, GridRule, GridYear};

/// So many of the latest years count where the year that a rule asks for is not published.
const YEARS_INSTEAD: usize = 3;

/// All factors of electricity grids, and which grid a province belongs to.
#[derive(Debug, Clone, Default)]
pub struct GridFactors {
    records: Vec<FactorRecord>,
    grids: BTreeMap<RegionCode, Vec<GridRegion>>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct GridQuestion<'a> {
    /// Which factor; `None` if the methodology does not say.
    pub rule: Option<&'a GridRule>,
    /// The **source** region: where the reduction happened.
    pub region: RegionCode,
    /// The year of the acts.
    pub vintage: u16,
    /// Only what was published by then counts.
    pub as_of: Timestamp,
    /// What the mass must be of, such as `CO2`: compared as text.
    pub of_what: &'a str,
}

/// Why these records were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GridBasis {
    /// The rule names exactly this.
    Named,
    /// The rule names a year that is not published: the last three published years stand for it.
    YearNotPublished,
    /// No rule is known: everything published for the region, its grid and the country stands for it.
    RuleUnknown,
}

/// What a rule takes.
#[derive(Debug, Clone)]
pub struct GridValue<'a> {
    /// In g/kWh; a range where several records stand for one.
    pub range: GramsRange,
    /// The records.
    pub records: Vec<&'a FactorRecord>,
    /// Why these.
    pub basis: GridBasis,
}

impl GridFactors {
    /// A library. `grids` names for each province the grid regions that it belongs to: Inner Mongolia lies in two.
    #[must_use]
    pub fn new(records: Vec<FactorRecord>, grids: BTreeMap<RegionCode, Vec<GridRegion>>) -> Self {
        Self { records, grids }
    }

    /// With these records added, or put in the place of those of the same id.
    #[must_use]
    pub fn with(&self, records: impl IntoIterator<Item = FactorRecord>) -> Self {
        let mut all = self.clone();
        for record in records {
            match all.records.iter_mut().find(|known| known.id == record.id) {
                Some(known) => *known = record,
                None => all.records.push(record),
            }
        }
        all
    }

    /// All records.
    pub fn records(&self) -> &[FactorRecord] {
        &self.records
    }

    /// The grid regions of a province, or of the province that a city lies in.
    #[must_use]
    pub fn grids_of(&self, region: RegionCode) -> &[GridRegion] {
        self.grids.get(&region.province()).map_or(&[], Vec::as_slice)
    }

    /// What the question's rule takes; `None` if nothing published answers it.
    #[must_use]
    pub fn resolve<'a>(&'a self, question: &'a GridQuestion<'_>) -> Option<GridValue<'a>> {
        let Some(rule) = question.rule else {
            let all = self.published(question, None).collect();
            return value(all, GridBasis::RuleUnknown);
        };
        let of_rule: Vec<_> = self.published(question, Some(rule)).collect();
        let year = match rule.year {
            GridYear::Lowest => return value(lowest(of_rule), GridBasis::Named),
            GridYear::Latest => of_rule.iter().map(|record| record.year).max()?,
            GridYear::Vintage => question.vintage,
            GridYear::Fixed(year) => year,
        };
        let named: Vec<_> = of_rule.iter().copied().filter(|record| record.year == year).collect();
        if !named.is_empty() {
            return value(named, GridBasis::Named);
        }
        value(latest_years(of_rule), GridBasis::YearNotPublished)
    }

    /// Those that are published, of the right mass, for the region, and of the rule's level and type.
    fn published<'a>(
        &'a self,
        question: &'a GridQuestion<'_>,
        rule: Option<&'a GridRule>,
    ) -> impl Iterator<Item = &'a FactorRecord> {
        self.records.iter().filter(move |record| {
            let level = match record.area {
                Area::National => GridLevel::National,
                Area::Grid(_) => GridLevel::GridRegion,
                Area::Province(_) => GridLevel::Province,
            };
            record.published.is_none_or(|day| day.begins() <= question.as_of)
                && record.of_what().as_deref() == Some(question.of_what)
                && rule.is_none_or(|rule| rule.kind == record.kind && rule.level == level)
                && self.covers(record.area, question.region)
        })
    }

    fn covers(&self, area: Area, region: RegionCode) -> bool {
        match area {
            Area::National => region.is_chinese_division() || region.as_str() == "CN",
            Area::Grid(grid) => self.grids_of(region).contains(&grid),
            Area::Province(code) => region.is_chinese_division() && region.province() == code,
        }
    }
}

fn lowest(records: Vec<&FactorRecord>) -> Vec<&FactorRecord> {
    let least = records
        .into_iter()
        .filter_map(|record| Some((record.grams_per_kwh()?.low, record)));
    least
        .min_by(|a, b| a.0.cmp(&b.0))
        .map(|(_, record)| record)
        .into_iter()
        .collect()
}

fn latest_years(records: Vec<&FactorRecord>) -> Vec<&FactorRecord> {
    let mut years: Vec<u16> = records.iter().map(|record| record.year).collect();
    years.sort_unstable();
    years.dedup();
    let latest: Vec<u16> = years.into_iter().rev().take(YEARS_INSTEAD).collect();
    records
        .into_iter()
        .filter(|record| latest.contains(&record.year))
        .collect()
}

/// From the least to the greatest of the records.
fn value(records: Vec<&FactorRecord>, basis: GridBasis) -> Option<GridValue<'_>> {
    let ranges: Vec<GramsRange> = records.iter().filter_map(|record| record.grams_per_kwh()).collect();
    let low = ranges.iter().map(|range| &range.low).min()?.clone();
    let high = ranges.iter().map(|range| &range.high).max()?.clone();
    Some(GridValue {
        range: GramsRange { low, high },
        records,
        basis,
    })
}
