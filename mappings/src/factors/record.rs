//! One published emission factor.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tanqiao_protocol::canonical;
use tanqiao_protocol::id::{Name, Sha256, TextError};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::{serde_as_text, words};

use crate::day::Day;
use crate::ratio::Ratio;
use crate::sheet::Status;
use crate::sheet::value::{GramsRange, GridKind};
use crate::unit::{Conversion, Unit};

words! {
    /// A grid region of several provinces.
    pub enum GridRegion {
        /// 华北
        North = 1 "north",
        /// 东北
        Northeast = 2 "northeast",
        /// 华东
        East = 3 "east",
        /// 华中
        Central = 4 "central",
        /// 西北
        Northwest = 5 "northwest",
        /// 南方
        South = 6 "south",
        /// 西南
        Southwest = 7 "southwest",
    }
}

impl GridRegion {
    /// Its Chinese name.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Self::North => "华北",
            Self::Northeast => "东北",
            Self::East => "华东",
            Self::Central => "华中",
            Self::Northwest => "西北",
            Self::South => "南方",
            Self::Southwest => "西南",
        }
    }
}

/// Over which area a factor is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// The country.
    National,
    /// A grid region.
    Grid(GridRegion),
    /// A province.
    Province(RegionCode),
}

impl FromStr for Area {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        if text == "CN" {
            return Ok(Self::National);
        }
        if let Ok(region) = text.parse() {
            return Ok(Self::Grid(region));
        }
        match text.parse::<RegionCode>() {
            Ok(code) if code.is_chinese_division() && code.province() == code => Ok(Self::Province(code)),
            _ => Err(TextError::new(
                text,
                "`CN`, a grid region such as `central`, or a province such as 420000",
            )),
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::National => f.write_str("CN"),
            Self::Grid(region) => region.fmt(f),
            Self::Province(code) => code.fmt(f),
        }
    }
}

serde_as_text!(Area, "an area: `CN`, a grid region, or a province");

/// One published emission factor of an electricity grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorRecord {
    /// Such as `GRID-420000-2022`.
    pub id: Name,
    /// Over which area.
    pub area: Area,
    /// Of what type.
    pub kind: GridKind,
    /// Of which year of data.
    pub year: u16,
    /// The number, or the lower end of a range, in `unit`.
    pub value: Decimal,
    /// The upper end of a range, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_max: Option<Decimal>,
    /// The unit, such as `kg{CO2}/(kW.h)`; its annotation is compared as text.
    pub unit: Unit,
    /// Who published it.
    pub publisher: String,
    /// When, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Day>,
    /// When the next year of it is expected, if it is the latest: what rests on the latest value is looked at again then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_expected: Option<Day>,
    /// `published` if an official text says it, `declared` if it was found in a third party's table only.
    pub status: Status,
    /// Where it was found.
    pub source: String,
}

impl FactorRecord {
    /// Grams for one kWh; `None` if the unit is not mass per energy.
    #[must_use]
    pub fn grams_per_kwh(&self) -> Option<GramsRange> {
        let (mass, energy) = self.unit.parts()?;
        let kwh: Unit = "kW.h".parse().ok()?;
        let Conversion::By(kwh_in_one) = energy.conversion(&kwh) else {
            return None;
        };
        let grams = mass.grams()?.over(&kwh_in_one)?;
        Some(GramsRange {
            low: &Ratio::of(self.value) * &grams,
            high: &Ratio::of(self.value_max.unwrap_or(self.value)) * &grams,
        })
    }

    /// What its mass is of, such as `CO2`.
    #[must_use]
    pub fn of_what(&self) -> Option<String> {
        Some(self.unit.parts()?.0.annotation())
    }

    /// Its identity: SHA-256 over its canonical JSON.
    #[must_use]
    pub fn content_hash(&self) -> Sha256 {
        Sha256::of(&canonical::to_vec(self).unwrap_or_default())
    }
}
