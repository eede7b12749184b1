//! Times: microseconds since 1970-01-01 UTC in storage, RFC 3339 in UTC with six decimals on the wire.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};

use crate::id::TextError;
use crate::text::serde_as_text;

/// One second, in microseconds.
pub const SECOND_US: i64 = 1_000_000;
/// One day, in microseconds.
pub const DAY_US: i64 = 86_400 * SECOND_US;
/// How far in the hub's future a message may be dated (M07 `clock-skew`).
pub const CLOCK_SKEW_US_MAX: i64 = 300 * SECOND_US;
/// The longest time between a message's `issued_at` and `not_after`, and from an offer to its `valid_until`.
pub const VALIDITY_US_MAX: i64 = 30 * DAY_US;

/// An instant. Between the years 1970 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    const MAX_US: i64 = 253_402_300_799_999_999;

    /// The instant `micros` after 1970-01-01T00:00:00Z; held within 1970 to 9999.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        if micros < 0 {
            Self(0)
        } else if micros > Self::MAX_US {
            Self(Self::MAX_US)
        } else {
            Self(micros)
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// `micros` later (earlier when negative), held within 1970 to 9999.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// The calendar year in China (UTC+8), in which caps and claims are counted.
    #[must_use]
    pub fn china_year(self) -> i32 {
        DateTime::<Utc>::from_timestamp_micros(self.0.saturating_add(8 * 3_600 * SECOND_US)).map_or(1970, |t| t.year())
    }
}

impl FromStr for Timestamp {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        const EXPECTED: &str = "a time as RFC 3339 writes it, such as 2026-05-23T08:00:00Z";
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| TextError::new(text, EXPECTED))?;
        let micros = parsed.timestamp_micros();
        if (0..=Self::MAX_US).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(TextError::new(text, EXPECTED))
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_micros(self.0).unwrap_or_default();
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

serde_as_text!(Timestamp, "a time as RFC 3339 writes it");
