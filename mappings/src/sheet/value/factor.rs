//! The reduction for one unit of activity.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::text::{ValueError, decimal, decimal_text, parsed};
use crate::ratio::Ratio;
use crate::unit::Unit;

/// From the lower to the upper end, both included. A single number has equal ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GramsRange {
    /// The lower end, in g for one unit of activity (or one kWh of grid electricity).
    pub low: Ratio,
    /// The upper end.
    pub high: Ratio,
}

impl GramsRange {
    /// A single number.
    #[must_use]
    pub fn exactly(value: Ratio) -> Self {
        Self {
            low: value.clone(),
            high: value,
        }
    }

    /// True if its ends differ.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.low != self.high
    }
}

impl fmt::Display for GramsRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_open() {
            write!(f, "{}–{}", self.low, self.high)
        } else {
            write!(f, "{}", self.low)
        }
    }
}

/// The reduction for one unit of activity: a number or a range, and where the methodology computes with the electricity grid
/// so many kWh of it for one unit of activity, added or taken away.
///
/// Written `78.4 g{CO2}/km{passenger}`, `500..800 g{CO2}/(kW.h)`, `1*grid g{CO2}/(kW.h)`, `640 - 1*grid g{CO2}/(kW.h)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitFactor {
    low: Decimal,
    high: Decimal,
    /// Negative where grid emissions are taken away.
    grid_kwh: Decimal,
    unit: Unit,
    /// What is reduced, such as `g{CO2}`.
    mass: Unit,
    /// For one of what, such as `kW.h`.
    activity: Unit,
}

const GRID: &str = "*grid";

impl UnitFactor {
    /// The whole unit, such as `g{CO2}/(kW.h)`.
    #[must_use]
    pub const fn unit(&self) -> &Unit {
        &self.unit
    }

    /// What is reduced, such as `g{CO2}`.
    #[must_use]
    pub const fn mass(&self) -> &Unit {
        &self.mass
    }

    /// For one of what, such as `kW.h`.
    #[must_use]
    pub const fn activity(&self) -> &Unit {
        &self.activity
    }

    /// True if it computes with the electricity grid.
    #[must_use]
    pub fn uses_grid(&self) -> bool {
        !self.grid_kwh.is_zero()
    }

    /// True if it states a range instead of a number.
    #[must_use]
    pub fn is_range(&self) -> bool {
        self.low != self.high
    }

    /// Grams for one unit of activity, with a grid of `grid` g/kWh; not below 0. `None` if it computes with the grid and none
    /// is given.
    #[must_use]
    pub fn grams(&self, grid: Option<&GramsRange>) -> Option<GramsRange> {
        let size = self.mass.grams()?;
        let (low, high) = (&Ratio::of(self.low) * size, &Ratio::of(self.high) * size);
        if !self.uses_grid() {
            return Some(GramsRange { low, high });
        }
        let grid = grid?;
        let kwh = Ratio::of(self.grid_kwh);
        let (least, most) = (&kwh * &grid.low, &kwh * &grid.high);
        let (least, most) = if kwh.is_negative() {
            (most, least)
        } else {
            (least, most)
        };
        Some(GramsRange {
            low: (&low + &least).max(Ratio::zero()),
            high: (&high + &most).max(Ratio::zero()),
        })
    }
}

impl FromStr for UnitFactor {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let expected = || ValueError::new("a number or range with its unit, such as `78.4 g{CO2}/km{passenger}`");
        let (terms, unit) = text.rsplit_once(' ').ok_or_else(expected)?;
        let words: Vec<&str> = terms.split(' ').collect();
        let (range, grid_kwh) = match words.as_slice() {
            [one] => match one.strip_suffix(GRID) {
                Some(kwh) => ((Decimal::ZERO, Decimal::ZERO), decimal(kwh)?),
                None => (range(one)?, Decimal::ZERO),
            },
            [constant, sign @ ("+" | "-"), kwh] => {
                let kwh = decimal(kwh.strip_suffix(GRID).ok_or_else(expected)?)?;
                (range(constant)?, if *sign == "-" { -kwh } else { kwh })
            }
            _ => return Err(expected()),
        };
        let unit: Unit = parsed(unit)?;
        let (mass, activity) = unit.parts().ok_or_else(expected)?;
        if !mass.is_mass() {
            return Err(ValueError::new(format!("`{mass}` is not a mass such as g{{CO2}}")));
        }
        if range.1.is_zero() && grid_kwh.is_zero() {
            return Err(ValueError::new("a unit factor of 0 reduces nothing"));
        }
        Ok(Self {
            low: range.0,
            high: range.1,
            grid_kwh,
            unit,
            mass,
            activity,
        })
    }
}

fn range(text: &str) -> Result<(Decimal, Decimal), ValueError> {
    let (low, high) = match text.split_once("..") {
        Some((low, high)) => (decimal(low)?, decimal(high)?),
        None => (decimal(text)?, decimal(text)?),
    };
    if low > high {
        return Err(ValueError::new(format!("the range {text} is upside down")));
    }
    Ok((low, high))
}

impl fmt::Display for UnitFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kwh = decimal_text(self.grid_kwh.abs());
        let constant = if self.is_range() {
            format!("{}..{}", decimal_text(self.low), decimal_text(self.high))
        } else {
            decimal_text(self.low)
        };
        match (self.uses_grid(), self.high.is_zero(), self.grid_kwh.is_sign_negative()) {
            (false, ..) => write!(f, "{constant} {}", self.unit),
            (true, true, false) => write!(f, "{kwh}{GRID} {}", self.unit),
            (true, _, negative) => {
                let sign = if negative { '-' } else { '+' };
                write!(f, "{constant} {sign} {kwh}{GRID} {}", self.unit)
            }
        }
    }
}
