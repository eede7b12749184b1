//! The 34 province-level regions of China, with their place on a tile map.

use tanqiao_protocol::region::RegionCode;

use super::table::{Row, TableError, read_rows};

/// A province-level region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Row on the tile map, from 1 in the north.
    pub row: u8,
    /// Column on the tile map, from 1 in the west.
    pub col: u8,
    /// GB/T 2260 code.
    pub code: RegionCode,
    /// ISO 3166-2 code.
    pub iso_3166_2: String,
    /// Chinese short name.
    pub name_zh: String,
    /// English short name.
    pub name_en: String,
}

const COLUMNS: &[&str] = &["row", "col", "region_code", "iso_3166_2", "name_zh", "name_en"];

pub(super) fn read(text: &str) -> Result<Vec<Region>, TableError> {
    read_rows("province_grid.tsv", text, COLUMNS, row)
}

fn row(row: &Row<'_>) -> Result<Region, TableError> {
    Ok(Region {
        row: row.value("row")?,
        col: row.value("col")?,
        code: row.value("region_code")?,
        iso_3166_2: row.text("iso_3166_2")?,
        name_zh: row.text("name_zh")?,
        name_en: row.text("name_en")?,
    })
}
