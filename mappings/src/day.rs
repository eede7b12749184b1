//! A day of the calendar in China (UTC+8), in which methodologies come into force and factors are published.

use std::fmt;
use std::str::FromStr;

use tanqiao_protocol::id::TextError;
use tanqiao_protocol::serde_as_text;
use tanqiao_protocol::time::{DAY_US, Timestamp};

/// A day from 1970 to 9999, written `2025-12-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
    begins: Timestamp,
}

impl Day {
    /// The instant in which it begins in China.
    #[must_use]
    pub const fn begins(self) -> Timestamp {
        self.begins
    }

    /// The instant in which it is over.
    #[must_use]
    pub const fn ends(self) -> Timestamp {
        self.begins.plus_micros(DAY_US)
    }

    /// Its year.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The first day of a year.
    ///
    /// # Errors
    /// A year before 1971 or after 9998.
    pub fn first_of(year: u16) -> Result<Self, TextError> {
        format!("{year:04}-01-01").parse()
    }
}

impl FromStr for Day {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let refuse = || TextError::new(text, "a day such as 2025-12-31");
        let mut parts = text.split('-');
        let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(refuse());
        };
        if text.len() != 10 || year.len() != 4 || month.len() != 2 {
            return Err(refuse());
        }
        Ok(Self {
            begins: format!("{text}T00:00:00+08:00").parse().map_err(|_| refuse())?,
            year: year.parse().map_err(|_| refuse())?,
            month: month.parse().map_err(|_| refuse())?,
            day: day.parse().map_err(|_| refuse())?,
        })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

serde_as_text!(Day, "a day such as 2025-12-31");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_china() {
        let day: Day = "2025-12-31".parse().unwrap();
        assert_eq!(day.begins().to_string(), "2025-12-30T16:00:00.000000Z");
        assert_eq!(day.ends(), Day::first_of(2026).unwrap().begins());
        assert_eq!((day.to_string(), day.year()), ("2025-12-31".into(), 2025));
    }

    #[test]
    fn what_is_not_a_day_is_refused() {
        for text in [
            "",
            "2025",
            "2025-06",
            "2025-02-29",
            "2025-6-01",
            "2025-06-1",
            "2025-06-01T",
            "25-06-0001",
            "2025-06-01-",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }
}
