//! Epochs: the months by which token keys and stored tokens are divided.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Utc};

use crate::id::TextError;
use crate::text::serde_as_text;
use crate::time::{SECOND_US, Timestamp};

/// China's time zone, ahead of UTC.
const UTC8_US: i64 = 8 * 3_600 * SECOND_US;
const FIRST_YEAR: i32 = 2000;

/// A calendar month in China (UTC+8) from 2000-01 to 2099-12, written `2026-05`. Tokens of different epochs have different
/// keys and are never equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(u16);

impl Epoch {
    /// The number of months in which a token may fall.
    pub const COUNT: u16 = 1_200;

    /// The epoch of this number: months since 2000-01.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        if number < Self::COUNT { Some(Self(number)) } else { None }
    }

    /// Months since 2000-01.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The month of an instant; `None` before 2000 and after 2099.
    #[must_use]
    pub fn of(at: Timestamp) -> Option<Self> {
        let local = DateTime::<Utc>::from_timestamp_micros(at.micros().saturating_add(UTC8_US))?;
        let months = (local.year() - FIRST_YEAR) * 12 + i32::try_from(local.month0()).ok()?;
        u16::try_from(months).ok().and_then(Self::from_number)
    }

    /// The month after.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        Self::from_number(self.0 + 1)
    }

    /// The first instant of the month.
    #[must_use]
    pub fn starts_at(self) -> Timestamp {
        let (year, month) = self.parts();
        let local = chrono::NaiveDate::from_ymd_opt(year, month, 1)
            .unwrap_or_default()
            .and_time(chrono::NaiveTime::MIN)
            .and_utc();
        Timestamp::from_micros(local.timestamp_micros() - UTC8_US)
    }

    fn parts(self) -> (i32, u32) {
        (FIRST_YEAR + i32::from(self.0 / 12), u32::from(self.0 % 12) + 1)
    }
}

impl FromStr for Epoch {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let parsed = || {
            let (year, month) = text.split_once('-')?;
            if year.len() != 4 || month.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
                return None;
            }
            let (year, month): (u16, u16) = (year.parse().ok()?, month.parse().ok()?);
            let months = year.checked_sub(2000)?.checked_mul(12)?;
            (1..=12)
                .contains(&month)
                .then(|| Self::from_number(months + month - 1))?
        };
        parsed().ok_or_else(|| TextError::new(text, "a month from 2000-01 to 2099-12, such as 2026-05"))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = self.parts();
        write!(f, "{year:04}-{month:02}")
    }
}

serde_as_text!(Epoch, "a month such as `2026-05`");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_at_midnight_in_china() {
        let may: Epoch = "2026-05".parse().unwrap();
        assert_eq!(may.starts_at().to_string(), "2026-04-30T16:00:00.000000Z");
        assert_eq!(Epoch::of(may.starts_at()), Some(may));
        assert_eq!(Epoch::of(may.starts_at().plus_micros(-1)).unwrap().next(), Some(may));
        for number in 0..Epoch::COUNT {
            let epoch = Epoch::from_number(number).unwrap();
            assert_eq!(Epoch::of(epoch.starts_at()), Some(epoch));
            assert_eq!(epoch.to_string().parse::<Epoch>().unwrap(), epoch);
        }
    }

    #[test]
    fn what_is_no_month_of_this_century_is_refused() {
        for text in [
            "2026-13", "2026-00", "1999-12", "2100-01", "2026-5", "+026-05", "2026", "",
        ] {
            assert!(text.parse::<Epoch>().is_err(), "{text}");
        }
        assert_eq!(Epoch::of(Timestamp::from_micros(0)), None);
    }
}
