//! Numbers, quantities and times as people read them. Integers all the way: what is shown is what is stored.

use chrono::{DateTime, FixedOffset};
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::time::Timestamp;

use crate::html::{Html, escape};

/// Seconds by which Beijing is ahead of UTC. China has one zone and no summer time.
const BEIJING_S: i32 = 8 * 3_600;

/// An integer, its thousands apart.
#[must_use]
pub fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut written = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        written.push('−');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// Grams as tCO₂e with three decimals, cut off: the kilogram that is not full is not shown.
#[must_use]
pub fn tonnes(grams: Grams) -> String {
    signed_tonnes(grams.get())
}

/// As [`tonnes`], of a difference.
#[must_use]
pub fn signed_tonnes(grams: i64) -> String {
    let kilograms = grams.unsigned_abs() / 1_000;
    let sign = if grams < 0 && kilograms > 0 { "−" } else { "" };
    let whole = i64::try_from(kilograms / 1_000).unwrap_or(i64::MAX);
    format!("{sign}{}.{:03}", number(whole), kilograms % 1_000)
}

/// Grams as tonnes, with every gram as a hint and for machines.
#[must_use]
pub fn quantity(grams: Grams) -> Html {
    Html::written(format!(
        "<data value=\"{}\" title=\"{} g\">{}</data>",
        grams.get(),
        number(grams.get()),
        tonnes(grams)
    ))
}

/// A factor with its six decimals.
#[must_use]
pub fn factor(factor: Factor) -> String {
    factor.to_string()
}

/// A time in Beijing: `2026-11-23 14:02:07`.
#[must_use]
pub fn beijing(at: Timestamp) -> String {
    in_beijing(at).map_or_else(String::new, |time| time.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// The month in Beijing: `2026-11`.
#[must_use]
pub fn month(at: Timestamp) -> String {
    in_beijing(at).map_or_else(String::new, |time| time.format("%Y-%m").to_string())
}

/// The day in Beijing: `2026-11-23`.
#[must_use]
pub fn day(at: Timestamp) -> String {
    in_beijing(at).map_or_else(String::new, |time| time.format("%Y-%m-%d").to_string())
}

/// When the day of an instant began in Beijing.
#[must_use]
pub fn day_began(at: Timestamp) -> Timestamp {
    format!("{}T00:00:00+08:00", day(at)).parse().unwrap_or_default()
}

/// When the month of an instant began in Beijing.
#[must_use]
pub fn month_began(at: Timestamp) -> Timestamp {
    format!("{}-01T00:00:00+08:00", month(at)).parse().unwrap_or_default()
}

/// A time for people and machines.
#[must_use]
pub fn time(at: Timestamp) -> Html {
    Html::written(format!(
        "<time datetime=\"{}\">{}</time>",
        escape(&at.to_string()),
        beijing(at)
    ))
}

fn in_beijing(at: Timestamp) -> Option<DateTime<FixedOffset>> {
    let zone = FixedOffset::east_opt(BEIJING_S)?;
    Some(DateTime::from_timestamp_micros(at.micros())?.with_timezone(&zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_are_shown_in_whole_kilograms_and_never_rounded_up() {
        for (grams, shown) in [
            (0, "0.000"),
            (999, "0.000"),
            (1_000, "0.001"),
            (576_600_999, "576.600"),
            (904_000_000, "904.000"),
            (9_007_199_254_740_991, "9,007,199,254.740"),
        ] {
            assert_eq!(tonnes(Grams::new(grams).unwrap()), shown);
        }
        assert_eq!(signed_tonnes(-1_234_567_890), "−1,234.567");
        assert_eq!(signed_tonnes(-999), "0.000");
        assert_eq!(number(-1_000), "−1,000");
        assert_eq!(number(12), "12");
        assert!(
            quantity(Grams::new(1_234).unwrap())
                .as_str()
                .contains("title=\"1,234 g\"")
        );
    }

    #[test]
    fn times_are_in_beijing() {
        let at: Timestamp = "2026-11-30T16:00:00Z".parse().unwrap();
        assert_eq!(beijing(at), "2026-12-01 00:00:00");
        assert_eq!(month(at), "2026-12");
        assert_eq!(month_began(at), at);
        assert_eq!(day(at), "2026-12-01");
        assert_eq!(day_began(at.plus_micros(3_600_000_000)), at);
        assert!(time(at).as_str().contains("datetime=\"2026-11-30T16:00:00.000000Z\""));
    }
}
