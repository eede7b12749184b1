//! The 34 province-level regions as tiles: a picture of the country without boundaries.
//!
//! `assets/province_grid.tsv` places them by hand so that neighbours stay near; names and codes are those of GB/T 2260 and ISO 3166-2:CN.

use std::sync::LazyLock;

use crate::language::Language;

const GRID: &str = include_str!("../assets/province_grid.tsv");

/// A region and its tile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Row of the grid, from 1.
    pub row: u16,
    /// Column of the grid, from 1.
    pub column: u16,
    /// Its code, GB/T 2260.
    pub code: &'static str,
    /// Its letters, as in `HB`: ISO 3166-2 without the country.
    pub letters: &'static str,
    /// Its Chinese name.
    pub name_zh: &'static str,
    /// Its English name.
    pub name_en: &'static str,
}

impl Region {
    /// Its name.
    #[must_use]
    pub const fn name(&self, language: Language) -> &'static str {
        language.pick(self.name_zh, self.name_en)
    }

    /// Its name as it fits a tile.
    #[must_use]
    pub const fn short(&self, language: Language) -> &'static str {
        language.pick(self.name_zh, self.letters)
    }
}

static REGIONS: LazyLock<Vec<Region>> = LazyLock::new(|| GRID.lines().skip(1).filter_map(region).collect());

fn region(line: &'static str) -> Option<Region> {
    let mut fields = line.split('\t');
    Some(Region {
        row: fields.next()?.parse().ok()?,
        column: fields.next()?.parse().ok()?,
        code: fields.next()?,
        letters: fields.next()?.strip_prefix("CN-")?,
        name_zh: fields.next()?,
        name_en: fields.next()?,
    })
}

/// All of them, by row and column.
#[must_use]
pub fn all() -> &'static [Region] {
    &REGIONS
}

/// The one that a code is in: `420100` is in `420000`.
#[must_use]
pub fn containing(code: &str) -> Option<&'static Region> {
    let province = code.get(..2)?;
    all().iter().find(|region| region.code.starts_with(province))
}

/// What to call a code: the region's name, the country's, or the code itself for a foreign Party.
#[must_use]
pub fn name(code: &str, language: Language) -> String {
    match (code, containing(code)) {
        ("CN", _) => language.pick("全国", "nationwide").to_owned(),
        (_, Some(region)) => region.name(language).to_owned(),
        _ => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_a_tile_of_its_own() {
        let regions = all();
        assert_eq!(regions.len(), GRID.lines().count() - 1, "a line cannot be read");
        assert_eq!(regions.len(), 34);
        for (at, region) in regions.iter().enumerate() {
            assert!((1..=8).contains(&region.row) && (1..=8).contains(&region.column));
            for other in regions.iter().skip(at + 1) {
                assert!((region.row, region.column) != (other.row, other.column));
                assert!(region.code != other.code && region.letters != other.letters);
            }
        }
        for present in ["710000", "810000", "820000"] {
            assert!(containing(present).is_some(), "{present}");
        }
    }

    #[test]
    fn a_city_is_in_its_province() {
        assert_eq!(containing("420100").unwrap().name_zh, "湖北");
        assert_eq!(name("GH", Language::English), "GH");
        assert_eq!(name("CN", Language::Chinese), "全国");
    }
}
