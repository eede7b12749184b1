//! Where the parameters of a unit factor come from. Grid factors differ more by choice than by region, so that type, level,
//! year and publisher are part of the rule.

use std::fmt;
use std::str::FromStr;

use tanqiao_protocol::words;

use super::text::{Pairs, ValueError, parsed, parts};
use crate::sheet::check_text;

words! {
    /// Over which area a factor of the electricity grid is taken.
    pub enum GridLevel {
        /// The province.
        Province = 1 "province",
        /// The grid region, of several provinces.
        GridRegion = 2 "grid-region",
        /// The country.
        National = 3 "national",
    }
}

words! {
    /// What a factor of the electricity grid is.
    pub enum GridKind {
        /// Average over all generation.
        Average = 1 "average",
        /// Average without non-fossil electricity that was traded separately.
        AverageWithoutTraded = 2 "average-without-traded",
        /// Average over fossil generation.
        Fossil = 3 "fossil",
        /// Operating margin.
        OperatingMargin = 4 "operating-margin",
        /// Build margin.
        BuildMargin = 5 "build-margin",
        /// Combined margin.
        CombinedMargin = 6 "combined-margin",
    }
}

/// Of which year of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GridYear {
    /// The year of the acts.
    Vintage,
    /// The latest that is published when the mapping is computed, and pinned in it.
    Latest,
    /// The year with the lowest value of all that are published.
    Lowest,
    /// This year.
    Fixed(u16),
}

impl FromStr for GridYear {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "vintage" => Ok(Self::Vintage),
            "latest" => Ok(Self::Latest),
            "lowest" => Ok(Self::Lowest),
            year => match year.parse() {
                Ok(year @ 1990..=2200) => Ok(Self::Fixed(year)),
                _ => Err(ValueError::new(format!(
                    "`{text}` is not one of `vintage`, `latest`, `lowest` or a year such as 2022"
                ))),
            },
        }
    }
}

impl fmt::Display for GridYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vintage => f.write_str("vintage"),
            Self::Latest => f.write_str("latest"),
            Self::Lowest => f.write_str("lowest"),
            Self::Fixed(year) => write!(f, "{year}"),
        }
    }
}

/// Which factor of the electricity grid a methodology takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GridRule {
    /// Over which area.
    pub level: GridLevel,
    /// Of what type.
    pub kind: GridKind,
    /// Of which year of data.
    pub year: GridYear,
}

/// Where the parameters of a unit factor come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterRule {
    /// The methodology prescribes the number.
    Prescribed,
    /// It is computed with a factor of the electricity grid of the **source** region.
    Grid(GridRule),
}

/// Rule and publisher: `prescribed; publisher=…`, `grid=province; kind=average; year=vintage; publisher=…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The rule.
    pub rule: ParameterRule,
    /// Who publishes the parameters.
    pub publisher: String,
}

const PRESCRIBED: &str = "prescribed";

impl FromStr for Provenance {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let parts = parts(text)?;
        if let [PRESCRIBED, rest @ ..] = parts.as_slice() {
            let pairs = Pairs::read(rest, &["publisher"])?;
            return Ok(Self {
                rule: ParameterRule::Prescribed,
                publisher: publisher(&pairs)?,
            });
        }
        let pairs = Pairs::read(&parts, &["grid", "kind", "year", "publisher"])?;
        Ok(Self {
            rule: ParameterRule::Grid(GridRule {
                level: parsed(pairs.text("grid")?)?,
                kind: parsed(pairs.text("kind")?)?,
                year: parsed(pairs.text("year")?)?,
            }),
            publisher: publisher(&pairs)?,
        })
    }
}

fn publisher(pairs: &Pairs<'_>) -> Result<String, ValueError> {
    let text = pairs.text("publisher")?;
    check_text(text).map_err(|problem| ValueError::new(format!("the publisher {problem}")))?;
    Ok(text.into())
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let publisher = &self.publisher;
        match self.rule {
            ParameterRule::Prescribed => write!(f, "{PRESCRIBED}; publisher={publisher}"),
            ParameterRule::Grid(GridRule { level, kind, year }) => {
                write!(f, "grid={level}; kind={kind}; year={year}; publisher={publisher}")
            }
        }
    }
}
