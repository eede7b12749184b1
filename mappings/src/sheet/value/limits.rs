//! Periods and limits of size.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use tanqiao_protocol::id::Name;

use super::text::{NONE, Pairs, ValueError, decimal, decimal_text, parsed, parts};
use crate::ratio::Ratio;
use crate::unit::{Conversion, Unit};

/// Which vintages are credited, and how old a reduction may be when it is recognised: `vintages=2024..2030; age=5`,
/// `vintages=2024..open; age=unlimited`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreditingPeriod {
    /// The first year.
    pub first: u16,
    /// The last year; `None` if open.
    pub last: Option<u16>,
    /// The most years between vintage and recognition; `None` if unlimited.
    pub age_max: Option<u16>,
}

const OPEN: &str = "open";
const UNLIMITED: &str = "unlimited";

impl CreditingPeriod {
    /// True if it credits this year.
    #[must_use]
    pub fn contains(&self, vintage: u16) -> bool {
        self.first <= vintage && self.last.is_none_or(|last| vintage <= last)
    }

    /// True if some year is credited by both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let reaches = |last: Option<u16>, first: u16| last.is_none_or(|last| first <= last);
        reaches(self.last, other.first) && reaches(other.last, self.first)
    }
}

impl FromStr for CreditingPeriod {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let pairs = Pairs::read(&parts(text)?, &["vintages", "age"])?;
        let (first, last) = pairs
            .text("vintages")?
            .split_once("..")
            .ok_or_else(|| ValueError::new("`vintages` is two years such as 2024..2030, or 2024..open"))?;
        let period = Self {
            first: year(first)?,
            last: if last == OPEN { None } else { Some(year(last)?) },
            age_max: match pairs.text("age")? {
                UNLIMITED => None,
                age => Some(parsed(age)?),
            },
        };
        if period.last.is_some_and(|last| last < period.first) {
            return Err(ValueError::new("the last vintage is before the first"));
        }
        Ok(period)
    }
}

fn year(text: &str) -> Result<u16, ValueError> {
    match text.parse() {
        Ok(year @ 1990..=2200) => Ok(year),
        _ => Err(ValueError::new(format!("`{text}` is not a year such as 2024"))),
    }
}

impl fmt::Display for CreditingPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vintages={}..", self.first)?;
        match self.last {
            Some(last) => write!(f, "{last}")?,
            None => f.write_str(OPEN)?,
        }
        match self.age_max {
            Some(age) => write!(f, "; age={age}"),
            None => write!(f, "; age={UNLIMITED}"),
        }
    }
}

/// On which side a limit lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Less.
    Below,
    /// At most.
    AtMost,
    /// At least.
    AtLeast,
    /// More.
    Above,
}

impl Bound {
    const ALL: [Self; 4] = [Self::AtMost, Self::AtLeast, Self::Below, Self::Above];

    const fn sign(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::Above => ">",
        }
    }

    const fn is_upper(self) -> bool {
        matches!(self, Self::Below | Self::AtMost)
    }
}

/// A limit of one quantity, such as `capacity<1 MW`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What is limited.
    pub quantity: Name,
    /// On which side.
    pub bound: Bound,
    /// Where.
    pub value: Decimal,
    /// In which unit.
    pub unit: Unit,
}

impl Limit {
    /// True if `value` in `unit` is within this limit; `None` if the units do not convert.
    #[must_use]
    pub fn admits(&self, value: Decimal, unit: &Unit) -> Option<bool> {
        let value = converted(value, unit, &self.unit)?;
        let limit = Ratio::of(self.value);
        Some(match self.bound {
            Bound::Below => value < limit,
            Bound::AtMost => value <= limit,
            Bound::AtLeast => value >= limit,
            Bound::Above => value > limit,
        })
    }

    /// True if everything that `stricter` admits is admitted here too.
    #[must_use]
    pub fn includes(&self, stricter: &Self) -> bool {
        if self.quantity != stricter.quantity || self.bound.is_upper() != stricter.bound.is_upper() {
            return false;
        }
        let Some(theirs) = converted(stricter.value, &stricter.unit, &self.unit) else {
            return false;
        };
        let own = Ratio::of(self.value);
        // `< 1` is within `<= 1` and `< 1`; `<= 1` is not within `< 1`.
        let tight =
            theirs == own && (matches!(self.bound, Bound::AtMost | Bound::AtLeast) || self.bound == stricter.bound);
        tight
            || if self.bound.is_upper() {
                theirs < own
            } else {
                theirs > own
            }
    }
}

fn converted(value: Decimal, from: &Unit, to: &Unit) -> Option<Ratio> {
    match from.conversion(to) {
        Conversion::By(ratio) => Some(&Ratio::of(value) * &ratio),
        Conversion::Unsaid | Conversion::Never => None,
    }
}

impl FromStr for Limit {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let expected = || ValueError::new(format!("`{text}` is not a limit such as `capacity<1 MW`"));
        let (bound, (quantity, rest)) = Bound::ALL
            .into_iter()
            .find_map(|bound| Some((bound, text.split_once(bound.sign())?)))
            .ok_or_else(expected)?;
        let (value, unit) = rest.trim().split_once(' ').ok_or_else(expected)?;
        Ok(Self {
            quantity: parsed(quantity.trim())?,
            bound,
            value: decimal(value)?,
            unit: parsed(unit)?,
        })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = decimal_text(self.value);
        write!(f, "{}{}{value} {}", self.quantity, self.bound.sign(), self.unit)
    }
}

/// Limits of eligibility: `capacity<1 MW; area>=1 ha`, `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eligibility(pub Vec<Limit>);

impl FromStr for Eligibility {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == NONE {
            return Ok(Self(Vec::new()));
        }
        parts(text)?
            .into_iter()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Eligibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::text::set_text(&self.0))
    }
}
