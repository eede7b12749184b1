//! Factors of electricity grids, and which grid a province belongs to.

use std::collections::BTreeMap;

use tanqiao_protocol::region::RegionCode;

use super::table::{Row, TableError, read_rows};
use crate::factors::{FactorRecord, GridFactors, GridRegion};

const COLUMNS: &[&str] = &[
    "id",
    "area",
    "kind",
    "year",
    "value",
    "value_max",
    "unit",
    "publisher",
    "published",
    "next_expected",
    "status",
    "source",
    "note",
];

const REGION_COLUMNS: &[&str] = &["region_code", "grid", "source", "note"];

/// Reads factor records from a table with the columns of the catalogue's `grid_factors.tsv`.
///
/// # Errors
/// [`TableError`] names the line and column of the first cell that breaks its rule.
pub fn read_grid_factors(text: &str) -> Result<Vec<FactorRecord>, TableError> {
    read_rows("grid_factors.tsv", text, COLUMNS, record)
}

pub(super) fn read(factors: &str, regions: &str) -> Result<GridFactors, TableError> {
    let records = read_grid_factors(factors)?;
    let rows: Vec<(RegionCode, GridRegion)> = read_rows("grid_regions.tsv", regions, REGION_COLUMNS, |row| {
        Ok((row.value("region_code")?, row.value("grid")?))
    })?;
    let mut grids: BTreeMap<RegionCode, Vec<GridRegion>> = BTreeMap::new();
    for (province, grid) in rows {
        grids.entry(province).or_default().push(grid);
    }
    Ok(GridFactors::new(records, grids))
}

fn record(row: &Row<'_>) -> Result<FactorRecord, TableError> {
    let record = FactorRecord {
        id: row.value("id")?,
        area: row.value("area")?,
        kind: row.value("kind")?,
        year: row.value("year")?,
        value: row.decimal("value")?,
        value_max: row.optional_decimal("value_max")?,
        unit: row.value("unit")?,
        publisher: row.text("publisher")?,
        published: row.optional_value("published")?,
        next_expected: row.optional_value("next_expected")?,
        status: row.value("status")?,
        source: row.text("source")?,
    };
    if record.grams_per_kwh().is_none() {
        return Err(row.refuse("unit", "is not a mass for one kWh, such as kg{CO2}/(kW.h)"));
    }
    Ok(record)
}
