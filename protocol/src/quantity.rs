//! Quantities in grams of CO2e, and factors in millionths. No floating point anywhere.

use std::fmt;
use std::iter::Sum;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest integer that every JSON implementation reads exactly (RFC 8259 §6, RFC 7493 §2.2): 2^53 − 1.
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// A mass of CO2e in whole grams, from 0 to 2^53 − 1 (about nine thousand million tonnes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Grams(i64);

/// A number that cannot be a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Below 0 or above 2^53 − 1.
    #[error("{0} g is outside 0 to 9007199254740991 g: send a whole number of grams in that range")]
    OutOfRange(i64),
    /// A sum left the range.
    #[error("the sum of these quantities is above 9007199254740991 g")]
    Overflow,
    /// More was taken than there is.
    #[error("cannot take {taken} g from {available} g")]
    Underflow {
        /// What there is, in grams.
        available: i64,
        /// What was to be taken, in grams.
        taken: i64,
    },
}

impl Grams {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// # Errors
    /// [`QuantityError::OutOfRange`] below 0 or above 2^53 − 1.
    pub const fn new(grams: i64) -> Result<Self, QuantityError> {
        if grams < 0 || grams > MAX_SAFE_INTEGER {
            Err(QuantityError::OutOfRange(grams))
        } else {
            Ok(Self(grams))
        }
    }

    /// The number of grams.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// True for 0 g.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// # Errors
    /// [`QuantityError::Overflow`] above 2^53 − 1 g.
    pub const fn plus(self, other: Self) -> Result<Self, QuantityError> {
        match Self::new(self.0 + other.0) {
            Ok(sum) => Ok(sum),
            Err(_) => Err(QuantityError::Overflow),
        }
    }

    /// # Errors
    /// [`QuantityError::Underflow`] if `other` is the larger.
    pub const fn minus(self, other: Self) -> Result<Self, QuantityError> {
        if other.0 > self.0 {
            Err(QuantityError::Underflow {
                available: self.0,
                taken: other.0,
            })
        } else {
            Ok(Self(self.0 - other.0))
        }
    }

    /// The difference, or 0 g if `other` is the larger.
    #[must_use]
    pub const fn saturating_minus(self, other: Self) -> Self {
        if other.0 > self.0 {
            Self(0)
        } else {
            Self(self.0 - other.0)
        }
    }

    /// The sum of many quantities.
    ///
    /// # Errors
    /// [`QuantityError::Overflow`] above 2^53 − 1 g.
    pub fn total(parts: impl IntoIterator<Item = Self>) -> Result<Self, QuantityError> {
        parts.into_iter().try_fold(Self::ZERO, Self::plus)
    }
}

impl Sum for Grams {
    /// Saturates at 2^53 − 1 g: for totals of what a ledger already holds, which cannot exceed it.
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        Self(parts.fold(0_i64, |sum, part| sum.saturating_add(part.0).min(MAX_SAFE_INTEGER)))
    }
}

impl fmt::Display for Grams {
    /// By magnitude, exact: `4,544.76 t`, `12.5 kg`, `784 g`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, per_unit, digits) = match self.0 {
            0..1_000 => return write!(f, "{} g", self.0),
            1_000..1_000_000 => ("kg", 1_000, 3),
            _ => ("t", 1_000_000, 6),
        };
        let whole = group_thousands(self.0 / per_unit);
        let rest = self.0 % per_unit;
        if rest == 0 {
            return write!(f, "{whole} {unit}");
        }
        let fraction = format!("{rest:0digits$}");
        write!(f, "{whole}.{} {unit}", fraction.trim_end_matches('0'))
    }
}

fn group_thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

impl Serialize for Grams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Grams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A recognition factor in whole millionths, from 0 to 1,000,000 (3-recognition, rule 6): 842110 is 0.842110.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Factor(u32);

/// A number that cannot be a factor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} millionths is outside 0 to 1000000: a factor never creates mass")]
pub struct FactorError(i64);

impl Factor {
    /// 1.000000: nothing is discounted. What a block has paid at issue.
    pub const ONE: Self = Self(1_000_000);
    /// 0.000000
    pub const ZERO: Self = Self(0);

    /// # Errors
    /// [`FactorError`] outside 0 to 1,000,000.
    pub const fn new(millionths: i64) -> Result<Self, FactorError> {
        if millionths < 0 || millionths > 1_000_000 {
            return Err(FactorError(millionths));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was checked on the line above"
        )]
        Ok(Self(millionths as u32))
    }

    /// The number of millionths.
    #[must_use]
    pub const fn millionths(self) -> i64 {
        self.0 as i64
    }

    /// `floor(quantity · self / paid)` in 128-bit integers with one division (3-recognition, rule 6); `quantity` itself
    /// where this factor is not below what was paid already.
    #[must_use]
    pub fn reduce(self, quantity: Grams, paid: Self) -> Grams {
        if self.0 >= paid.0 {
            return quantity;
        }
        let reduced = i128::from(quantity.0) * i128::from(self.0) / i128::from(paid.0);
        // self < paid, so the quotient is below `quantity` and fits.
        Grams(i64::try_from(reduced).unwrap_or(0))
    }

    /// `ceil(quantity · self)`: what a buffer share takes (3-recognition, rule 5).
    #[must_use]
    pub fn share_up(self, quantity: Grams) -> Grams {
        let product = i128::from(quantity.0) * i128::from(self.0);
        let share = (product + 999_999) / 1_000_000;
        Grams(i64::try_from(share).unwrap_or(quantity.0))
    }
}

impl fmt::Display for Factor {
    /// Six decimals: `0.842110`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

impl Serialize for Factor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_reads_by_magnitude_and_loses_nothing() {
        for (grams, text) in [
            (0, "0 g"),
            (784, "784 g"),
            (12_500, "12.5 kg"),
            (4_544_760_000, "4,544.76 t"),
            (1_000_001, "1.000001 t"),
        ] {
            assert_eq!(Grams::new(grams).unwrap().to_string(), text);
        }
    }

    #[test]
    fn quantities_stay_within_what_json_reads_exactly() {
        assert!(Grams::new(-1).is_err());
        assert!(Grams::new(MAX_SAFE_INTEGER + 1).is_err());
        assert!(
            Grams::new(MAX_SAFE_INTEGER)
                .unwrap()
                .plus(Grams::new(1).unwrap())
                .is_err()
        );
        assert!(serde_json::from_str::<Grams>("1.0").is_err());
        assert!(serde_json::from_str::<Grams>("\"1\"").is_err());
    }

    #[test]
    fn reducing_rounds_down_and_never_creates_mass() {
        let q = Grams::new(MAX_SAFE_INTEGER).unwrap();
        assert_eq!(
            Factor::new(511_750)
                .unwrap()
                .reduce(Grams::new(1).unwrap(), Factor::ONE),
            Grams::ZERO
        );
        assert_eq!(Factor::ONE.reduce(q, Factor::new(500_000).unwrap()), q);
        assert_eq!(
            Factor::new(500_000).unwrap().reduce(q, Factor::ONE).get(),
            MAX_SAFE_INTEGER / 2
        );
        assert_eq!(Factor::new(1).unwrap().share_up(Grams::new(1).unwrap()).get(), 1);
    }
}
