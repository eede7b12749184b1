//! Cases of use that the White Paper reports.

use rust_decimal::Decimal;
use tanqiao_protocol::region::RegionCode;

use super::table::{Row, TableError, read_rows, table_words};

table_words! {
    /// How a quantity is known.
    pub enum AmountBasis {
        /// The White Paper states it.
        Stated = "stated",
        /// Computed from numbers of the White Paper.
        Derived = "derived",
        /// Only the footprint is stated, not what was used.
        FootprintOnly = "footprint-only",
        /// Not stated.
        NotStated = "not-stated",
    }
}

table_words! {
    /// Whether reductions crossed a border.
    pub enum CrossRegion {
        /// They did.
        Yes = "yes",
        /// They did not.
        No = "no",
        /// The White Paper does not say.
        Unknown = "unknown",
    }
}

/// A case: who gave, who used, how much, for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Such as `wgc-2025`.
    pub id: String,
    /// Who sold or gave.
    pub seller_or_donor: String,
    /// The seller's region by name.
    pub seller_region_name: String,
    /// The seller's region.
    pub seller_region: Option<RegionCode>,
    /// Who bought or used.
    pub buyer_or_beneficiary: Option<String>,
    /// The buyer's region by name.
    pub buyer_region_name: Option<String>,
    /// The buyer's region.
    pub buyer_region: Option<RegionCode>,
    /// Tonnes of CO2e.
    pub quantity_t: Option<Decimal>,
    /// How the quantity is known.
    pub quantity_basis: AmountBasis,
    /// Price of one tonne, in `currency`.
    pub price_per_t: Option<Decimal>,
    /// How the price is known.
    pub price_basis: Option<AmountBasis>,
    /// Amount paid, in `currency`.
    pub amount: Option<Decimal>,
    /// ISO 4217 currency.
    pub currency: Option<String>,
    /// How the reductions moved: `trade`, `donation`, `surrender`, ….
    pub movement: String,
    /// For what: a use of 1-domain, `finance`, or `unspecified`.
    pub purpose: Option<String>,
    /// Year, month or day.
    pub date: String,
    /// What the reductions were called.
    pub unit_label: String,
    /// Whether they crossed a border.
    pub cross_region: CrossRegion,
    /// Remark on that.
    pub cross_region_note: Option<String>,
    /// Section of the White Paper.
    pub source_section: String,
    /// Remark.
    pub note: Option<String>,
}

const COLUMNS: &[&str] = &[
    "id",
    "seller_or_donor",
    "seller_region",
    "seller_region_code",
    "buyer_or_beneficiary",
    "buyer_region",
    "buyer_region_code",
    "quantity_t",
    "quantity_basis",
    "price_per_t",
    "price_basis",
    "amount",
    "currency",
    "movement",
    "purpose",
    "date",
    "unit_label",
    "cross_region",
    "cross_region_note",
    "source_section",
    "note",
];

pub(super) fn read(text: &str) -> Result<Vec<Case>, TableError> {
    read_rows("cases.tsv", text, COLUMNS, row)
}

fn row(row: &Row<'_>) -> Result<Case, TableError> {
    Ok(Case {
        id: row.text("id")?,
        seller_or_donor: row.text("seller_or_donor")?,
        seller_region_name: row.text("seller_region")?,
        seller_region: row.optional_value("seller_region_code")?,
        buyer_or_beneficiary: row.optional("buyer_or_beneficiary")?,
        buyer_region_name: row.optional("buyer_region")?,
        buyer_region: row.optional_value("buyer_region_code")?,
        quantity_t: row.optional_decimal("quantity_t")?,
        quantity_basis: row.value("quantity_basis")?,
        price_per_t: row.optional_decimal("price_per_t")?,
        price_basis: row.optional_value("price_basis")?,
        amount: row.optional_decimal("amount")?,
        currency: row.optional("currency")?,
        movement: row.text("movement")?,
        purpose: row.optional("purpose")?,
        date: row.text("date")?,
        unit_label: row.text("unit_label")?,
        cross_region: row.value("cross_region")?,
        cross_region_note: row.optional("cross_region_note")?,
        source_section: row.text("source_section")?,
        note: row.optional("note")?,
    })
}
