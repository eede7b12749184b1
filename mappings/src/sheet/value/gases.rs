//! Gases, their weights, and the emissions that a methodology counts against its reduction.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use tanqiao_protocol::id::Name;
use tanqiao_protocol::words;

use super::text::{NONE, ValueError, decimal, decimal_text, parsed, parts, percent};

/// A gas, or a mixture with a weight of its own, such as `CO2`, `CH4`, `HFC-32` or `R-410A`.
pub type Gas = Name;

words! {
    /// A set of global warming potentials over 100 years, by assessment report of the IPCC.
    pub enum GwpSet {
        /// The second.
        Sar = 1 "SAR",
        /// The fourth.
        Ar4 = 2 "AR4",
        /// The fifth.
        Ar5 = 3 "AR5",
        /// The fifth with carbon-cycle feedbacks.
        Ar5Feedback = 4 "AR5-feedback",
        /// The sixth.
        Ar6 = 5 "AR6",
    }
}

/// The gases that a methodology counts, with their share of the reduction in CO2e where it says so: `CO2`,
/// `CH4=80; N2O=20`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GasShares(BTreeMap<Gas, Option<Decimal>>);

impl GasShares {
    /// The gases in order, each with its share in per cent. A single gas has all of it.
    pub fn iter(&self) -> impl Iterator<Item = (&Gas, Option<Decimal>)> {
        let alone = (self.0.len() == 1).then_some(Decimal::ONE_HUNDRED);
        self.0.iter().map(move |(gas, share)| (gas, share.or(alone)))
    }

    /// True if it counts this gas.
    #[must_use]
    pub fn contains(&self, gas: &Gas) -> bool {
        self.0.contains_key(gas)
    }
}

impl FromStr for GasShares {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let mut gases = BTreeMap::new();
        for part in parts(text)? {
            let (gas, share) = match part.split_once('=') {
                Some((gas, share)) => (gas.trim(), Some(percent(share.trim(), 100)?)),
                None => (part, None),
            };
            if gases.insert(parsed(gas)?, share).is_some() {
                return Err(ValueError::new(format!("`{gas}` stands twice")));
            }
        }
        let stated: Vec<Decimal> = gases.values().copied().flatten().collect();
        let all = stated.len() == gases.len();
        if !stated.is_empty() && !all {
            return Err(ValueError::new("either every gas has its share in per cent, or none"));
        }
        if all && stated.into_iter().sum::<Decimal>() != Decimal::ONE_HUNDRED {
            return Err(ValueError::new("the shares of the gases must sum to 100 per cent"));
        }
        Ok(Self(gases))
    }
}

impl fmt::Display for GasShares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gases = self.0.iter().map(|(gas, share)| match share {
            Some(share) => format!("{gas}={}", decimal_text(*share)),
            None => gas.to_string(),
        });
        f.write_str(&gases.collect::<Vec<_>>().join("; "))
    }
}

/// The sources of emissions that are counted against the reduction, each with its size in g CO2e for one unit of activity
/// where that is known: `traction=31.5; stations=2; upstream=?`, or `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary(BTreeMap<Name, Option<Decimal>>);

impl Boundary {
    /// The sources in order, each with its size in g CO2e for one unit of activity.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, Option<Decimal>)> {
        self.0.iter().map(|(source, size)| (source, *size))
    }

    /// True if it counts this source.
    #[must_use]
    pub fn contains(&self, source: &Name) -> bool {
        self.0.contains_key(source)
    }
}

impl FromStr for Boundary {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == NONE {
            return Ok(Self(BTreeMap::new()));
        }
        let mut sources = BTreeMap::new();
        for part in parts(text)? {
            let (source, size) = part.split_once('=').ok_or_else(|| {
                ValueError::new(format!("`{part}` has no size: write {part}=? where it is not known"))
            })?;
            let size = match size.trim() {
                "?" => None,
                size => Some(decimal(size)?),
            };
            if sources.insert(parsed(source.trim())?, size).is_some() {
                return Err(ValueError::new(format!("`{}` stands twice", source.trim())));
            }
        }
        Ok(Self(sources))
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(NONE);
        }
        let sources = self.0.iter().map(|(source, size)| match size {
            Some(size) => format!("{source}={}", decimal_text(*size)),
            None => format!("{source}=?"),
        });
        f.write_str(&sources.collect::<Vec<_>>().join("; "))
    }
}
