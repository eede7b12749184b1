//! Units in UCUM, as far as activities and factors use them, with annotations compared as text.
//!
//! UCUM (section 2.5) lets a text in braces stand behind a unit or for it, and ignores it in arithmetic: to a UCUM library
//! `km{passenger}` and `km{vehicle}` are equal. To us they are not: one is a person's way, the other a car's, and only the
//! occupancy joins them. So two units convert into each other if their dimensions agree **and** their annotations are the same
//! text, and never by knowledge from outside (a kilowatt-hour is not a kilometre).

mod atom;

use std::fmt;
use std::str::FromStr;

use tanqiao_protocol::serde_as_text;

use crate::ratio::Ratio;
use atom::{Dimension, factor_of};

/// A unit such as `kW.h`, `km{passenger}`, `ha.a`, `{order}` or `g{CO2}/(kW.h)`.
#[derive(Debug, Clone)]
pub struct Unit {
    text: String,
    dimension: Dimension,
    /// What one of it is in grams, metres and seconds.
    scale: Ratio,
    over: Vec<String>,
    under: Vec<String>,
}

/// Why a text is not a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a unit in UCUM that is known here: {problem}")]
pub struct UnitError {
    text: String,
    problem: String,
}

/// Whether one unit converts into another without any knowledge from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conversion {
    /// One of the first is so many of the second.
    By(Ratio),
    /// Only one of them says of what: a kilometre of what is not stated.
    Unsaid,
    /// Never.
    Never,
}

/// The longest text of a unit, in bytes.
const TEXT_BYTES_MAX: usize = 60;

impl Unit {
    /// The unit as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this converts into `other`.
    #[must_use]
    pub fn conversion(&self, other: &Self) -> Conversion {
        if self.dimension != other.dimension {
            return Conversion::Never;
        }
        match (self.annotations_agree(other), self.scale.over(&other.scale)) {
            (Some(true), Some(ratio)) => Conversion::By(ratio),
            (None, _) => Conversion::Unsaid,
            _ => Conversion::Never,
        }
    }

    /// `None` if one of the two has no annotation at all.
    fn annotations_agree(&self, other: &Self) -> Option<bool> {
        let bare = |unit: &Self| unit.over.is_empty() && unit.under.is_empty();
        if bare(self) != bare(other) {
            return None;
        }
        Some(self.over == other.over && self.under == other.under)
    }

    /// What stands over and under the bar of a factor's unit: `g{CO2}` and `kW.h` of `g{CO2}/(kW.h)`.
    #[must_use]
    pub fn parts(&self) -> Option<(Self, Self)> {
        let (over, under) = self.text.split_once('/')?;
        let under = under
            .strip_prefix('(')
            .and_then(|u| u.strip_suffix(')'))
            .unwrap_or(under);
        Some((over.parse().ok()?, under.parse().ok()?))
    }

    /// True if it counts mass, whatever of.
    #[must_use]
    pub fn is_mass(&self) -> bool {
        self.dimension == Dimension::MASS
    }

    /// What it says of what it counts, such as `CO2` of `g{CO2}`; several joined by a space.
    #[must_use]
    pub fn annotation(&self) -> String {
        self.over.join(" ")
    }

    /// How many grams one of it is, if it counts mass.
    #[must_use]
    pub fn grams(&self) -> Option<&Ratio> {
        self.is_mass().then_some(&self.scale)
    }

    /// The unit for a word that the catalogue uses: `pkm` is a passenger-kilometre, `kWh` a kilowatt-hour.
    ///
    /// # Errors
    /// [`UnitError`] for a word that is neither one of these nor a unit.
    pub fn of_word(word: &str) -> Result<Self, UnitError> {
        match word {
            "pkm" => "km{passenger}",
            "kWh" => "kW.h",
            other => other,
        }
        .parse()
    }
}

impl PartialEq for Unit {
    /// By the text: `kW.h` and `kWh` are not one unit here, and `km{passenger}` is not `km`.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Unit {}

impl FromStr for Unit {
    type Err = UnitError;
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let refuse = |problem: &str| UnitError {
            text: text.chars().filter(|c| !c.is_control()).take(TEXT_BYTES_MAX).collect(),
            problem: problem.into(),
        };
        if text.is_empty() || text.len() > TEXT_BYTES_MAX {
            return Err(refuse("it has 1 to 60 bytes"));
        }
        let (over, under) = match text.split_once('/') {
            None => (text, None),
            Some((over, under)) => (over, Some(within_brackets(under).map_err(refuse)?)),
        };
        let top = product(over).map_err(|problem| refuse(&problem))?;
        let bottom = under.map(product).transpose().map_err(|problem| refuse(&problem))?;
        let bottom = bottom.unwrap_or_default();
        let scale = top
            .scale
            .over(&bottom.scale)
            .ok_or_else(|| refuse("it is of no size"))?;
        Ok(Self {
            text: text.into(),
            dimension: top.dimension.over(bottom.dimension),
            scale,
            over: top.annotations,
            under: bottom.annotations,
        })
    }
}

/// `(kW.h)` → `kW.h`. A product below the bar needs brackets: UCUM reads `a/b.c` from left to right.
fn within_brackets(under: &str) -> Result<&str, &'static str> {
    match under.strip_prefix('(') {
        Some(rest) => rest.strip_suffix(')').ok_or("a bracket is open"),
        None if under.contains('.') => Err("a product below the bar needs brackets, as in g/(kW.h)"),
        None => Ok(under),
    }
}

struct Product {
    dimension: Dimension,
    scale: Ratio,
    annotations: Vec<String>,
}

impl Default for Product {
    fn default() -> Self {
        Self {
            dimension: Dimension::NONE,
            scale: Ratio::one(),
            annotations: Vec::new(),
        }
    }
}

fn product(text: &str) -> Result<Product, String> {
    let mut product = Product::default();
    for part in text.split('.') {
        let (symbol, annotation) = annotated(part)?;
        if let Some(annotation) = annotation {
            product.annotations.push(annotation.into());
        }
        if !symbol.is_empty() {
            let (scale, dimension) = factor_of(symbol).ok_or_else(|| format!("`{symbol}` is not one of its units"))?;
            product.scale = &product.scale * &scale;
            product.dimension = product.dimension.times(dimension);
        }
    }
    product.annotations.sort();
    Ok(product)
}

/// `km{passenger}` → `km` and `passenger`.
fn annotated(part: &str) -> Result<(&str, Option<&str>), String> {
    let Some((symbol, rest)) = part.split_once('{') else {
        return if part.is_empty() || part.contains('}') {
            Err(format!("`{part}` is no unit"))
        } else {
            Ok((part, None))
        };
    };
    match rest.strip_suffix('}') {
        Some(annotation) if is_annotation(annotation) => Ok((symbol, Some(annotation))),
        _ => Err("a text in braces has letters, digits, `_`, `-`, `+` or blanks, and stands at the end".into()),
    }
}

fn is_annotation(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-+ ".contains(c))
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

serde_as_text!(Unit, "a unit in UCUM such as g{CO2}/(kW.h)");

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(text: &str) -> Unit {
        text.parse().unwrap()
    }

    fn conversion(a: &str, b: &str) -> Conversion {
        unit(a).conversion(&unit(b))
    }

    #[test]
    fn a_kilowatt_hour_is_never_a_kilometre() {
        assert_eq!(conversion("kW.h", "km"), Conversion::Never);
        assert_eq!(conversion("kW.h", "km{passenger}"), Conversion::Never);
        assert_eq!(conversion("kW.h", "kW.h"), Conversion::By(Ratio::one()));
        assert_eq!(conversion("MW.h", "kW.h"), Conversion::By(Ratio::whole(1_000)));
        assert_eq!(conversion("GJ", "MJ"), Conversion::By(Ratio::whole(1_000)));
        assert_eq!(conversion("kW.h", "kJ"), Conversion::By(Ratio::whole(3_600)));
        assert_eq!(conversion("t", "kg"), Conversion::By(Ratio::whole(1_000)));
        assert_eq!(conversion("m3", "L"), Conversion::By(Ratio::whole(1_000)));
        assert_eq!(conversion("ha.a", "ha"), Conversion::Never);
    }

    #[test]
    fn annotations_are_compared_as_text() {
        assert_eq!(conversion("km{passenger}", "km{vehicle}"), Conversion::Never);
        assert_eq!(conversion("km{passenger}", "km"), Conversion::Unsaid);
        assert_eq!(
            conversion("km{passenger}", "m{passenger}"),
            Conversion::By(Ratio::whole(1_000))
        );
        assert_eq!(conversion("{order}", "{device}"), Conversion::Never);
        assert_eq!(conversion("{order}", "{order}"), Conversion::By(Ratio::one()));
        assert_eq!(conversion("g{CO2}/(kW.h)", "g{CO2e}/(kW.h)"), Conversion::Never);
        assert_eq!(
            conversion("kg{CO2}/(kW.h)", "g{CO2}/(kW.h)"),
            Conversion::By(Ratio::whole(1_000))
        );
        assert_eq!(Unit::of_word("pkm").unwrap(), unit("km{passenger}"));
    }

    #[test]
    fn a_factors_unit_has_two_parts() {
        let (over, under) = unit("kg{CO2}/(MW.h)").parts().unwrap();
        assert_eq!((over.as_str(), under.as_str()), ("kg{CO2}", "MW.h"));
        assert_eq!(
            (over.grams(), over.annotation()),
            (Some(&Ratio::whole(1_000)), "CO2".into())
        );
        assert_eq!(under.grams(), None);
        assert!(unit("kW.h").parts().is_none());
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "", "furlong", "kW h", "km{", "km}", "km{a}b", "g/(kW.h", "g/kW.h", "g//km", "km{}", ".km", "km.", "g/",
        ] {
            assert!(text.parse::<Unit>().is_err(), "{text}");
        }
    }
}
