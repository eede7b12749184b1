//! Activity data: how many kilometres, kilowatt-hours or units, exactly.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// The most decimals that activity data or a factor may have. More is a sign of a computed, not a measured, figure.
pub const AMOUNT_DECIMALS_MAX: u32 = 9;
/// The largest whole amount of one record: 10^15 units.
const UNITS_MAX: i128 = 1_000_000_000_000_000;
/// One unit, in the billionths that an [`Amount`] counts.
const UNIT: i128 = 1_000_000_000;

/// Activity data in the methodology's unit: exact, from 0 to 10^15 for one record, with at most nine decimals. Counted in
/// billionths of a unit, so that sums are exact; a total of 2^32 records fits with room to spare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i128);

/// A text that is not activity data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most one point.
    #[error(
        "is not a plain decimal: write digits with a point where needed, such as 12.5, without sign, exponent or separators"
    )]
    NotADecimal,
    /// Below zero.
    #[error(
        "is negative: a record states an activity that took place, from 0 upwards; correct a record at its platform"
    )]
    Negative,
    /// More than nine decimals.
    #[error("has more than 9 decimals: send the measured value as it was recorded")]
    TooManyDecimals,
    /// Above 10^15.
    #[error("is above 1000000000000000 units: check the unit and the decimal point")]
    TooLarge,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The amount of a stored number of billionths of a unit; `None` beyond 127 bits.
    #[must_use]
    pub fn from_billionths(number: u128) -> Option<Self> {
        i128::try_from(number).ok().map(Self)
    }

    /// The number of billionths of a unit.
    #[must_use]
    pub const fn billionths(self) -> i128 {
        self.0
    }

    /// True for 0.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The exact sum; `None` beyond 1.7 × 10^29 units, which no count of records reaches.
    #[must_use]
    pub const fn plus(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// `floor(self × factor)`, both counted in billionths: whole units of what the factor gives. `None` where the product
    /// leaves 128 bits, which is far above every quantity of this system.
    #[must_use]
    pub const fn times_rounded_down(self, factor: Self) -> Option<i128> {
        match self.0.checked_mul(factor.0) {
            Some(product) => Some(product / (UNIT * UNIT)),
            None => None,
        }
    }

    /// The amount of a stored total, which may be above the limit of one record.
    ///
    /// # Errors
    /// [`AmountError`] if the text is not a plain decimal.
    pub fn total_from_text(text: &str) -> Result<Self, AmountError> {
        check_grammar(text)?;
        let decimal = Decimal::from_str_exact(text).map_err(|_| AmountError::TooLarge)?;
        billionths(decimal).map(Self)
    }
}

/// `digits` or `digits.digits`: stricter than the decimal library, which also reads `+1`, `1_000` and `.5`.
fn check_grammar(text: &str) -> Result<(), AmountError> {
    let bytes = text.as_bytes();
    if bytes.first() == Some(&b'-') {
        return Err(AmountError::Negative);
    }
    let mut parts = bytes.split(|b| *b == b'.');
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let whole = parts.next().is_some_and(digits);
    let decimals = parts.next();
    if !whole || decimals.is_some_and(|part| !digits(part)) || parts.next().is_some() {
        return Err(AmountError::NotADecimal);
    }
    if decimals.is_some_and(|part| trailing_zeros_cut(part) > AMOUNT_DECIMALS_MAX as usize) {
        return Err(AmountError::TooManyDecimals);
    }
    Ok(())
}

fn trailing_zeros_cut(digits: &[u8]) -> usize {
    digits.iter().rposition(|b| *b != b'0').map_or(0, |last| last + 1)
}

fn billionths(decimal: Decimal) -> Result<i128, AmountError> {
    let decimal = if decimal.scale() > AMOUNT_DECIMALS_MAX {
        decimal.normalize()
    } else {
        decimal
    };
    let missing = AMOUNT_DECIMALS_MAX
        .checked_sub(decimal.scale())
        .ok_or(AmountError::TooManyDecimals)?;
    decimal
        .mantissa()
        .checked_mul(10_i128.pow(missing))
        .ok_or(AmountError::TooLarge)
}

impl FromStr for Amount {
    type Err = AmountError;
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let amount = Self::total_from_text(text)?;
        if amount.0 > UNITS_MAX * UNIT {
            return Err(AmountError::TooLarge);
        }
        Ok(amount)
    }
}

impl fmt::Display for Amount {
    /// The one text of this amount: no trailing zeros, no point without decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / UNIT, self.0 % UNIT);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let decimals = format!("{rest:09}");
        write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
    }
}
