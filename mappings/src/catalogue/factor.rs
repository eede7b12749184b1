//! Emission factors, parameters and prices, as exact decimals.

use rust_decimal::Decimal;
use tanqiao_protocol::region::RegionCode;

use super::table::{Row, TableError, read_rows, table_words};

table_words! {
    /// Where a number comes from.
    pub enum FactorBasis {
        /// The White Paper states it.
        Stated = "stated",
        /// A parameter or share that the White Paper gives.
        Parameter = "parameter",
        /// A price.
        Price = "price",
        /// Computed from numbers of the White Paper.
        Derived = "derived",
    }
}

table_words! {
    /// What a number is about.
    pub enum FactorScope {
        /// Reduction for one unit of activity.
        ReductionPerActivityUnit = "reduction-per-activity-unit",
        /// What something equals, for illustration.
        Equivalence = "equivalence",
        /// A limit of eligibility.
        Eligibility = "eligibility",
        /// Any other parameter.
        Parameter = "parameter",
        /// A share of a whole.
        Composition = "composition",
        /// A price.
        Price = "price",
        /// What other numbers imply.
        Implied = "implied",
    }
}

/// An emission factor, parameter or price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmissionFactor {
    /// Such as `EF-WH-METRO`.
    pub id: String,
    /// Where it comes from.
    pub basis: FactorBasis,
    /// The number, or the lower end of a range, in `unit`.
    pub value: Decimal,
    /// The upper end of a range, in `unit`.
    pub value_max: Option<Decimal>,
    /// The unit as the White Paper writes it.
    pub unit: String,
    /// The unit in UCUM; annotations in braces are compared as text.
    pub ucum: String,
    /// The region's English name.
    pub region_name: String,
    /// The region; none for national and foreign numbers.
    pub region: Option<RegionCode>,
    /// The activity.
    pub activity: String,
    /// The methodology that it belongs to.
    pub methodology: Option<String>,
    /// What it is about.
    pub scope: FactorScope,
    /// Section of the White Paper.
    pub source_section: String,
    /// Remark.
    pub note: Option<String>,
}

impl EmissionFactor {
    /// The unit of activity in a factor per unit, in the words of the methodologies: `pkm` of `g{CO2}/km{passenger}`, `kWh`
    /// of `g{CO2}/(kW.h)`.
    #[must_use]
    pub fn activity_unit(&self) -> Option<&str> {
        match self.ucum.split_once('/')?.1 {
            "km{passenger}" => Some("pkm"),
            "(kW.h)" => Some("kWh"),
            other => Some(other),
        }
    }
}

const COLUMNS: &[&str] = &[
    "id",
    "basis",
    "value",
    "value_max",
    "unit",
    "ucum",
    "region_name",
    "region_code",
    "activity",
    "methodology_id",
    "scope",
    "source_section",
    "note",
];

pub(super) fn read(text: &str) -> Result<Vec<EmissionFactor>, TableError> {
    read_rows("emission_factors.tsv", text, COLUMNS, row)
}

fn row(row: &Row<'_>) -> Result<EmissionFactor, TableError> {
    Ok(EmissionFactor {
        id: row.text("id")?,
        basis: row.value("basis")?,
        value: row.decimal("value")?,
        value_max: row.optional_decimal("value_max")?,
        unit: row.text("unit")?,
        ucum: row.text("ucum")?,
        region_name: row.text("region_name")?,
        region: row.optional_value("region_code")?,
        activity: row.text("activity")?,
        methodology: row.optional("methodology_id")?,
        scope: row.value("scope")?,
        source_section: row.text("source_section")?,
        note: row.optional("note")?,
    })
}
