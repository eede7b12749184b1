//! What one activity record can plausibly reduce: the band that stops a misplaced decimal (S07 `plausibility`).

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::quantity::Grams;

use super::methodology::MethodologyKind;
use super::table::{Row, TableError, read_rows};
use crate::gates::PlausibleBand;
use crate::sheet::value::Kind;
use crate::unit::Unit;

/// The band of one activity. Estimates of this project with their reasoning, wide on purpose: they find errors of a decimal
/// place, not fraud. An issuer that has a reason to be outside states its own limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plausibility {
    /// The activity.
    pub activity: Name,
    /// For which kind of methodology.
    pub kind: MethodologyKind,
    /// What one record is, such as `one ride`.
    pub record: String,
    /// The unit of activity.
    pub unit: String,
    /// The most units in one record.
    pub units_max: u64,
    /// The least plausible reduction for one unit, in grams.
    pub g_per_unit_min: u64,
    /// The greatest plausible reduction for one unit, in grams.
    pub g_per_unit_max: u64,
    /// Why.
    pub reasoning: String,
}

impl Plausibility {
    /// The band for one unit, as the plausibility gate uses it; none for reference standards, and for a unit that is not UCUM.
    pub(super) fn band(&self) -> Option<PlausibleBand> {
        let kind = match self.kind {
            MethodologyKind::Scenario => Kind::Scenario,
            MethodologyKind::Project => Kind::Project,
            MethodologyKind::ReferenceStandard => return None,
        };
        Some(PlausibleBand {
            activity: self.activity.clone(),
            kind,
            unit: Unit::of_word(&self.unit).ok()?,
            low: self.g_per_unit_min.into(),
            high: self.g_per_unit_max.into(),
        })
    }

    /// True if a factor in grams for one unit lies in the band.
    #[must_use]
    pub fn admits(&self, g_per_unit: Decimal) -> bool {
        (Decimal::from(self.g_per_unit_min)..=Decimal::from(self.g_per_unit_max)).contains(&g_per_unit)
    }

    /// The greatest plausible reduction of one record, in grams: with the methodology's own factor where it has one, else
    /// with the top of the band. Rounded down; `None` if it is beyond what a quantity can be.
    #[must_use]
    pub fn record_max(&self, g_per_unit: Option<Decimal>) -> Option<Grams> {
        let per_unit = g_per_unit.unwrap_or_else(|| Decimal::from(self.g_per_unit_max));
        let most = Decimal::from(self.units_max).checked_mul(per_unit)?;
        Grams::new(most.floor().to_i64()?).ok()
    }
}

const COLUMNS: &[&str] = &[
    "activity",
    "kind",
    "record",
    "unit",
    "units_max",
    "g_per_unit_min",
    "g_per_unit_max",
    "reasoning",
];

pub(super) fn read(text: &str) -> Result<Vec<Plausibility>, TableError> {
    read_rows("plausibility.tsv", text, COLUMNS, row)
}

fn row(row: &Row<'_>) -> Result<Plausibility, TableError> {
    Ok(Plausibility {
        activity: row.value("activity")?,
        kind: row.value("kind")?,
        record: row.text("record")?,
        unit: row.text("unit")?,
        units_max: row.value("units_max")?,
        g_per_unit_min: row.value("g_per_unit_min")?,
        g_per_unit_max: row.value("g_per_unit_max")?,
        reasoning: row.text("reasoning")?,
    })
}
