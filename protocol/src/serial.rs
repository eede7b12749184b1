//! Series, serials and ranges of serials. A serial is one gram; a block is a range of one series.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::id::{NodeId, TextError};
use crate::methodology::MethodologyRef;
use crate::quantity::{Grams, MAX_SAFE_INTEGER};
use crate::region::RegionCode;
use crate::text::serde_as_text;

/// Issuer, region of the act, methodology version and vintage: `wuhan/420100/CN-4201-metro.v1/2025`. Serials are
/// numbered inside a series from 1. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesRef(Arc<SeriesParts>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct SeriesParts {
    issuer: NodeId,
    region_of_act: RegionCode,
    methodology: MethodologyRef,
    vintage: u16,
}

impl SeriesRef {
    /// # Errors
    /// [`TextError`] for a vintage outside 1990 to 2200.
    pub fn new(
        issuer: NodeId,
        region_of_act: RegionCode,
        methodology: MethodologyRef,
        vintage: u16,
    ) -> Result<Self, TextError> {
        if !(1990..=2200).contains(&vintage) {
            return Err(TextError::new(&vintage.to_string(), "a vintage year from 1990 to 2200"));
        }
        Ok(Self(Arc::new(SeriesParts {
            issuer,
            region_of_act,
            methodology,
            vintage,
        })))
    }

    /// The member that issues this series.
    #[must_use]
    pub fn issuer(&self) -> &NodeId {
        &self.0.issuer
    }

    /// Where the act took place.
    #[must_use]
    pub fn region_of_act(&self) -> RegionCode {
        self.0.region_of_act
    }

    /// The rule that quantified it.
    #[must_use]
    pub fn methodology(&self) -> &MethodologyRef {
        &self.0.methodology
    }

    /// The year of the act.
    #[must_use]
    pub fn vintage(&self) -> u16 {
        self.0.vintage
    }
}

impl FromStr for SeriesRef {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let mut parts = text.split('/');
        let (Some(issuer), Some(region), Some(methodology), Some(vintage), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TextError::new(text, "a series: issuer/region/methodology.vN/vintage"));
        };
        let year: u16 = vintage
            .parse()
            .map_err(|_| TextError::new(vintage, "a vintage year from 1990 to 2200"))?;
        if vintage.len() != 4 {
            return Err(TextError::new(vintage, "a vintage year of four digits"));
        }
        Self::new(issuer.parse()?, region.parse()?, methodology.parse()?, year)
    }
}

impl fmt::Display for SeriesRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/{}",
            self.0.issuer, self.0.region_of_act, self.0.methodology, self.0.vintage
        )
    }
}

serde_as_text!(SeriesRef, "a series such as wuhan/420100/CN-4201-metro.v1/2025");

/// What the ends of a range must be.
pub(crate) const RANGE_RULE: &str = "a range of serials: 1 ≤ first ≤ last ≤ 9007199254740991";

/// A run of serials, both ends included, `1 ≤ first ≤ last ≤ 2^53 − 1`. Its quantity is `last − first + 1` grams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialRange {
    first: i64,
    last: i64,
}

impl SerialRange {
    /// # Errors
    /// [`TextError`] unless `1 ≤ first ≤ last ≤ 2^53 − 1` (B07 `range-invalid`).
    pub fn new(first: i64, last: i64) -> Result<Self, TextError> {
        if first >= 1 && first <= last && last <= MAX_SAFE_INTEGER {
            Ok(Self { first, last })
        } else {
            Err(TextError::new(&format!("{first}-{last}"), RANGE_RULE))
        }
    }

    /// The first serial.
    #[must_use]
    pub const fn first(&self) -> i64 {
        self.first
    }

    /// The last serial.
    #[must_use]
    pub const fn last(&self) -> i64 {
        self.last
    }

    /// One gram a serial.
    #[must_use]
    pub fn quantity(&self) -> Grams {
        // Within range by construction: 1 ≤ last − first + 1 ≤ 2^53 − 1.
        Grams::new(self.last - self.first + 1).unwrap_or(Grams::ZERO)
    }

    /// True if some serial is in both.
    #[must_use]
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// True if every serial of `other` is in this range.
    #[must_use]
    pub const fn contains(&self, other: &Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// The serials in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        Self::new(self.first.max(other.first), self.last.min(other.last)).ok()
    }

    /// The smallest range that has both.
    #[must_use]
    pub fn hull(&self, other: &Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }

    /// The first `quantity` serials, and what is left: `(taken, rest)`; either may be empty.
    #[must_use]
    pub fn split_at(&self, quantity: Grams) -> (Option<Self>, Option<Self>) {
        if quantity >= self.quantity() {
            return (Some(*self), None);
        }
        let border = self.first + quantity.get();
        (
            Self::new(self.first, border - 1).ok(),
            Self::new(border, self.last).ok(),
        )
    }

    /// What remains of this range without `cut`: the part before and the part after.
    #[must_use]
    pub fn without(&self, cut: &Self) -> [Option<Self>; 2] {
        [
            Self::new(self.first, self.last.min(cut.first - 1)).ok(),
            Self::new(self.first.max(cut.last + 1), self.last).ok(),
        ]
    }
}

impl FromStr for SerialRange {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        const EXPECTED: &str = "a range of serials such as 1-2500";
        let (first, last) = text.split_once('-').ok_or_else(|| TextError::new(text, EXPECTED))?;
        Self::new(
            serial(first).ok_or_else(|| TextError::new(text, EXPECTED))?,
            serial(last).ok_or_else(|| TextError::new(text, EXPECTED))?,
        )
    }
}

fn serial(text: &str) -> Option<i64> {
    (text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0')))
        .then(|| text.parse().ok())
        .flatten()
}

impl fmt::Display for SerialRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// Serials of one series, as people and messages name them: `wuhan/420100/CN-4201-metro.v1/2025/1-2500`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockRef {
    /// The series.
    pub series: SeriesRef,
    /// The serials inside it.
    pub range: SerialRange,
}

impl BlockRef {
    /// One gram a serial.
    #[must_use]
    pub fn quantity(&self) -> Grams {
        self.range.quantity()
    }
}

impl FromStr for BlockRef {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let (series, range) = text
            .rsplit_once('/')
            .ok_or_else(|| TextError::new(text, "a block: issuer/region/methodology.vN/vintage/first-last"))?;
        Ok(Self {
            series: series.parse()?,
            range: range.parse()?,
        })
    }
}

impl fmt::Display for BlockRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.series, self.range)
    }
}

serde_as_text!(BlockRef, "a block such as wuhan/420100/CN-4201-metro.v1/2025/1-2500");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_reads_back_as_it_is_written() {
        let text = "wuhan/420100/rail-transit.v1/2025/1-250000000";
        let block: BlockRef = text.parse().unwrap();
        assert_eq!(block.to_string(), text);
        assert_eq!(block.quantity(), Grams::new(250_000_000).unwrap());
        for bad in [
            "wuhan/420100/rail-transit.v1/2025/2-1",
            "wuhan/420100/rail-transit.v1/2025/0-1",
            "wuhan/420100/rail-transit.v1/2025/01-2",
            "wuhan/420100/rail-transit/2025/1-2",
            "wuhan/420100/rail-transit.v1/2025/1-9007199254740992",
            "wuhan/420100/rail-transit.v1/2025/-1-2",
        ] {
            assert!(bad.parse::<BlockRef>().is_err(), "{bad}");
        }
    }

    #[test]
    fn splitting_keeps_every_serial() {
        let range = SerialRange::new(10, 19).unwrap();
        let (a, b) = range.split_at(Grams::new(4).unwrap());
        assert_eq!(
            (a.unwrap().to_string(), b.unwrap().to_string()),
            ("10-13".into(), "14-19".into())
        );
        assert_eq!(range.split_at(Grams::ZERO), (None, Some(range)));
        assert_eq!(
            range.without(&SerialRange::new(10, 12).unwrap()),
            [None, SerialRange::new(13, 19).ok()]
        );
        assert_eq!(range.without(&range), [None, None]);
    }
}
