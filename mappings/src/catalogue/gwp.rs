//! Global warming potentials over 100 years.

use rust_decimal::Decimal;

use super::table::{TableError, read_rows};
use crate::gwp::GwpTable;
use crate::sheet::value::{Gas, GwpSet};

const COLUMNS: &[&str] = &["gas", "set", "value", "source"];

pub(super) fn read(text: &str) -> Result<GwpTable, TableError> {
    let rows: Vec<(Gas, GwpSet, Decimal)> = read_rows("gwp.tsv", text, COLUMNS, |row| {
        row.text("source")?;
        let value = row.decimal("value")?;
        if value.is_zero() {
            return Err(row.refuse("value", "a gas of no weight is none"));
        }
        Ok((row.value("gas")?, row.value("set")?, value))
    })?;
    Ok(rows.into_iter().collect())
}
