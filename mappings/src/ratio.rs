//! Exact fractions: a quotient of two decimals has no end in decimals, and its truncation must not depend on where a
//! library stops.

use std::fmt;
use std::ops::{Add, Mul, Sub};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One as _, Signed as _, ToPrimitive as _, Zero as _};
use rust_decimal::Decimal;
use tanqiao_protocol::quantity::{Factor, Grams};

const MILLIONTHS: i64 = 1_000_000;

/// An exact fraction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(BigRational);

impl Ratio {
    /// 0.
    #[must_use]
    pub fn zero() -> Self {
        Self(BigRational::zero())
    }

    /// 1.
    #[must_use]
    pub fn one() -> Self {
        Self(BigRational::one())
    }

    /// A decimal, exactly.
    #[must_use]
    pub fn of(decimal: Decimal) -> Self {
        let scale = BigInt::from(10_u8).pow(decimal.scale());
        Self(BigRational::new(decimal.mantissa().into(), scale))
    }

    /// A whole number.
    pub fn whole(number: impl Into<BigInt>) -> Self {
        Self(BigRational::from_integer(number.into()))
    }

    /// A factor of millionths.
    #[must_use]
    pub fn factor(factor: Factor) -> Self {
        Self(BigRational::new(factor.millionths().into(), MILLIONTHS.into()))
    }

    /// A share in per cent: 12.5 is one eighth.
    #[must_use]
    pub fn percent(percent: Decimal) -> Self {
        Self(Self::of(percent).0 / BigInt::from(100))
    }

    /// `self / divisor`; `None` if that is 0.
    #[must_use]
    pub fn over(&self, divisor: &Self) -> Option<Self> {
        (!divisor.0.is_zero()).then(|| Self(&self.0 / &divisor.0))
    }

    /// Held within 0 and 1.
    #[must_use]
    pub fn capped(&self) -> Self {
        self.clone().max(Self::zero()).min(Self::one())
    }

    /// True if below 0.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// True if 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// The factor of six decimals that is not above it: held within 0 and 1, then truncated (3-recognition, rule 4).
    #[must_use]
    pub fn trunc6(&self) -> Factor {
        let millionths = (self.capped().0 * BigInt::from(MILLIONTHS)).floor().to_integer();
        // Within 0 and 1,000,000 by the line above.
        let whole = millionths.to_i64().unwrap_or(0);
        Factor::new(whole).unwrap_or(Factor::ZERO)
    }

    /// Whole grams, rounded down; `None` outside what a quantity can be.
    #[must_use]
    pub fn grams_down(&self) -> Option<Grams> {
        Grams::new(self.0.floor().to_integer().to_i64()?).ok()
    }

    /// With at most six decimals, truncated towards 0, for people: `1.221299`. Also above 1.
    #[must_use]
    pub fn shown(&self) -> String {
        let millionths = (&self.0 * BigInt::from(MILLIONTHS)).trunc().to_integer();
        let whole = &millionths / MILLIONTHS;
        let rest = (&millionths % MILLIONTHS).abs();
        let sign = if self.is_negative() && whole.is_zero() { "-" } else { "" };
        format!("{sign}{whole}.{:0>6}", rest.to_string())
    }
}

impl fmt::Display for Ratio {
    /// As [`Ratio::shown`], without zeros at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown();
        f.write_str(shown.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Add for &Ratio {
    type Output = Ratio;
    fn add(self, other: Self) -> Ratio {
        Ratio(&self.0 + &other.0)
    }
}

impl Sub for &Ratio {
    type Output = Ratio;
    fn sub(self, other: Self) -> Ratio {
        Ratio(&self.0 - &other.0)
    }
}

impl Mul for &Ratio {
    type Output = Ratio;
    fn mul(self, other: Self) -> Ratio {
        Ratio(&self.0 * &other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(a: &str, b: &str) -> Ratio {
        Ratio::of(a.parse().unwrap())
            .over(&Ratio::of(b.parse().unwrap()))
            .unwrap()
    }

    #[test]
    fn a_quotient_is_truncated_once_and_never_rounded_up() {
        assert_eq!(ratio("409.4", "800").trunc6().to_string(), "0.511750");
        assert_eq!(ratio("2", "3").trunc6().to_string(), "0.666666");
        assert_eq!(ratio("999999.9999999", "1000000").trunc6().to_string(), "0.999999");
        let third = ratio("1", "3");
        assert_eq!((&third * &Ratio::whole(3)).trunc6(), Factor::ONE);
    }

    #[test]
    fn a_raw_ratio_above_one_can_be_read_and_a_factor_cannot_be_above_one() {
        let raw = ratio("500", "409.4");
        assert_eq!((raw.shown(), raw.trunc6()), ("1.221299".into(), Factor::ONE));
        assert_eq!(ratio("1", "2").to_string(), "0.5");
        assert_eq!(Ratio::whole(3).to_string(), "3");
        assert_eq!((&Ratio::zero() - &ratio("1", "4")).to_string(), "-0.25");
        assert_eq!((&Ratio::zero() - &ratio("1", "4")).trunc6(), Factor::ZERO);
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(Ratio::one().over(&Ratio::zero()), None);
        assert_eq!(Ratio::percent("12.5".parse().unwrap()), ratio("1", "8"));
    }
}
