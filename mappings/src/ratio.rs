//! Exact fractions: a quotient of two decimals has no end in decimals, and its truncation must not depend on where a
//! library stops.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Mul, Sub};

use num_bigint::{BigInt, Sign};
use num_integer::Integer as _;
use num_traits::{One as _, Signed as _, ToPrimitive as _, Zero as _};
use rust_decimal::Decimal;
use tanqiao_protocol::quantity::{Factor, Grams};

const MILLIONTHS: i64 = 1_000_000;

/// An exact fraction. Not in lowest terms: a factor takes a few dozen steps, and looking for common divisors after each would
/// cost more than the longer numbers do.
#[derive(Debug, Clone)]
pub struct Ratio {
    over: BigInt,
    /// Above 0.
    under: BigInt,
}

impl Ratio {
    /// 0.
    #[must_use]
    pub fn zero() -> Self {
        Self::whole(0)
    }

    /// 1.
    #[must_use]
    pub fn one() -> Self {
        Self::whole(1)
    }

    /// A decimal, exactly.
    #[must_use]
    pub fn of(decimal: Decimal) -> Self {
        let decimal = decimal.normalize();
        // A scale is 28 at most, and 10^28 is below 2^127.
        let under = 10_i128.checked_pow(decimal.scale()).unwrap_or(1);
        Self {
            over: decimal.mantissa().into(),
            under: under.into(),
        }
    }

    /// A whole number.
    pub fn whole(number: impl Into<BigInt>) -> Self {
        Self {
            over: number.into(),
            under: BigInt::one(),
        }
    }

    /// A factor of millionths.
    #[must_use]
    pub fn factor(factor: Factor) -> Self {
        Self {
            over: factor.millionths().into(),
            under: MILLIONTHS.into(),
        }
    }

    /// A share in per cent: 12.5 is one eighth.
    #[must_use]
    pub fn percent(percent: Decimal) -> Self {
        let Self { over, under } = Self::of(percent);
        Self {
            over,
            under: under * 100,
        }
    }

    /// `self / divisor`; `None` if that is 0.
    #[must_use]
    pub fn over(&self, divisor: &Self) -> Option<Self> {
        let (over, under) = (&self.over * &divisor.under, &self.under * &divisor.over);
        match under.sign() {
            Sign::Plus => Some(Self { over, under }),
            Sign::Minus => Some(Self {
                over: -over,
                under: -under,
            }),
            Sign::NoSign => None,
        }
    }

    /// Held within 0 and 1.
    #[must_use]
    pub fn capped(&self) -> Self {
        if self.over.is_negative() {
            Self::zero()
        } else if self.over > self.under {
            Self::one()
        } else {
            self.clone()
        }
    }

    /// True if below 0.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.over.is_negative()
    }

    /// True if 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.over.is_zero()
    }

    /// The factor of six decimals that is not above it: held within 0 and 1, then truncated (3-recognition, rule 4).
    #[must_use]
    pub fn trunc6(&self) -> Factor {
        let Self { over, under } = self.capped();
        // Within 0 and 1,000,000, since the fraction is within 0 and 1.
        let whole = (over * MILLIONTHS / under).to_i64().unwrap_or(0);
        Factor::new(whole).unwrap_or(Factor::ZERO)
    }

    /// Whole grams, rounded down; `None` outside what a quantity can be.
    #[must_use]
    pub fn grams_down(&self) -> Option<Grams> {
        if self.is_negative() {
            return None;
        }
        Grams::new((&self.over / &self.under).to_i64()?).ok()
    }

    /// Exactly, in lowest terms: `247/500`, or `525` for a whole number.
    #[must_use]
    pub fn exact(&self) -> String {
        let divisor = self.over.gcd(&self.under);
        let (over, under) = (&self.over / &divisor, &self.under / &divisor);
        if under.is_one() {
            over.to_string()
        } else {
            format!("{over}/{under}")
        }
    }

    /// What [`Ratio::exact`] wrote; `None` for anything else.
    #[must_use]
    pub fn read_exact(text: &str) -> Option<Self> {
        let (over, under) = text.split_once('/').unwrap_or((text, "1"));
        let (over, under): (BigInt, BigInt) = (over.parse().ok()?, under.parse().ok()?);
        under.is_positive().then_some(Self { over, under })
    }

    /// With at most six decimals, truncated towards 0, for people: `1.221299`. Also above 1.
    #[must_use]
    pub fn shown(&self) -> String {
        let millionths = self.over.abs() * MILLIONTHS / &self.under;
        let (whole, rest) = (&millionths / MILLIONTHS, &millionths % MILLIONTHS);
        let sign = if self.is_negative() && !millionths.is_zero() {
            "-"
        } else {
            ""
        };
        format!("{sign}{whole}.{:0>6}", rest.to_string())
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.under == other.under {
            return self.over.cmp(&other.over);
        }
        (&self.over * &other.under).cmp(&(&other.over * &self.under))
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
        if self.under == other.under {
            return Ratio {
                over: &self.over + &other.over,
                under: self.under.clone(),
            };
        }
        Ratio {
            over: &self.over * &other.under + &other.over * &self.under,
            under: &self.under * &other.under,
        }
    }
}

impl Sub for &Ratio {
    type Output = Ratio;
    fn sub(self, other: Self) -> Ratio {
        let negative = Ratio {
            over: -&other.over,
            under: other.under.clone(),
        };
        self + &negative
    }
}

impl Mul for &Ratio {
    type Output = Ratio;
    fn mul(self, other: Self) -> Ratio {
        Ratio {
            over: &self.over * &other.over,
            under: &self.under * &other.under,
        }
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
    fn fractions_are_compared_by_what_they_are_worth() {
        assert_eq!(ratio("2", "4"), ratio("0.5", "1"));
        assert!(ratio("1", "3") < ratio("0.333334", "1"));
        assert!(&Ratio::zero() - &Ratio::one() < Ratio::zero());
        let minus = &Ratio::zero() - &Ratio::whole(2);
        assert_eq!(Ratio::one().over(&minus).unwrap().to_string(), "-0.5");
        assert_eq!(&ratio("1", "3") + &ratio("2", "3"), Ratio::one());
        assert_eq!(ratio("7", "2").grams_down().unwrap().get(), 3);
        assert_eq!(minus.grams_down(), None);
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(Ratio::one().over(&Ratio::zero()), None);
        assert_eq!(Ratio::percent("12.5".parse().unwrap()), ratio("1", "8"));
    }
}
