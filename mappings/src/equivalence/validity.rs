//! How long a mapping may recognise: 12 months at most, and no longer than what it rests on.

use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::time::{DAY_US, Timestamp};

use super::inputs::InputRef;
use crate::phrase::Phrase;
use crate::sheet::Sheet;
use crate::sheet::value::StandingStatus;

/// Twelve months, in days.
const DAYS_MAX: i64 = 365;
/// The longest validity of a mapping from or to a methodology issued for trial, in days: half a year.
pub const TRIAL_DAYS_MAX: i64 = 183;

/// An end, and what sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidityBound {
    /// It recognises until before this instant.
    pub until: Timestamp,
    /// What sets this end.
    pub because: Phrase,
}

/// The earliest of: what was asked for, 12 months, half a year for a trial, the end of a methodology, the end of an input.
pub(super) fn validity(
    from: Timestamp,
    asked: Option<Timestamp>,
    sheets: &[&Sheet],
    inputs: &[InputRef],
) -> ValidityBound {
    let days = |days: i64| from.plus_micros(days * DAY_US);
    let bound = |until, zh: String, en: String| ValidityBound {
        until,
        because: Phrase::new(zh, en),
    };
    let mut bounds = vec![bound(days(DAYS_MAX), "最长十二个月".into(), "12 months at most".into())];
    if let Some(asked) = asked {
        bounds.push(bound(
            asked,
            "申请的截止时间".into(),
            "the end that was asked for".into(),
        ));
    }
    for sheet in sheets {
        let Some(standing) = sheet.attributes.standing.value() else {
            continue;
        };
        let name = &sheet.methodology;
        if standing.status == StandingStatus::Trial {
            let (zh, en) = (
                format!("{name} 为试行，最长半年"),
                format!("{name} is issued for trial: half a year at most"),
            );
            bounds.push(bound(days(TRIAL_DAYS_MAX), zh, en));
        }
        if let Some(end) = standing.ends().flatten() {
            bounds.push(bound(end, format!("{name} 失效"), format!("{name} goes out of force")));
        }
    }
    for input in inputs {
        if let Some(end) = input.expires {
            let id = &input.id;
            bounds.push(bound(end, format!("输入 {id} 到期"), format!("the input {id} expires")));
        }
    }
    let first = bounds.into_iter().min_by_key(|bound| bound.until);
    first.unwrap_or_else(|| bound(from, "无".into(), "nothing".into()))
}

/// The version and factor that count for acts of one day that are recognised on another: if the two days fall under different
/// versions of a mapping, the smaller factor (3-recognition, Mappings). `versions` are those of one mapping; `None` if none is
/// in force on the day of recognition.
///
/// No version in force on the day of the act is no reason to refuse: recognition may begin after the act.
#[must_use]
pub fn smaller_of_versions<'a>(
    versions: impl Iterator<Item = (&'a MappingRef, Factor, Timestamp, Timestamp)> + Clone,
    act: Timestamp,
    recognised: Timestamp,
) -> Option<(&'a MappingRef, Factor)> {
    let at = |instant: Timestamp| {
        versions
            .clone()
            .filter(move |(_, _, from, until)| *from <= instant && instant < *until)
            .max_by_key(|(version, ..)| version.version())
            .map(|(version, factor, ..)| (version, factor))
    };
    let now = at(recognised)?;
    Some(match at(act) {
        Some(then) if then.1 < now.1 => then,
        _ => now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_two_versions_the_smaller_factor_counts() {
        let day = |n: i64| Timestamp::from_micros(n * DAY_US);
        let (old, new): (MappingRef, MappingRef) = ("m.v1".parse().unwrap(), "m.v2".parse().unwrap());
        let millionths = |n| Factor::new(n).unwrap();
        let at = |before: i64, after: i64, act: i64, recognised: i64| {
            let versions = [
                (&old, millionths(before), day(0), day(100)),
                (&new, millionths(after), day(50), day(200)),
            ];
            smaller_of_versions(versions.into_iter(), day(act), day(recognised))
                .map(|(version, k)| (version.version(), k.millionths()))
        };
        assert_eq!(
            at(800_000, 900_000, 10, 60),
            Some((1, 800_000)),
            "the act under version 1, which is smaller"
        );
        assert_eq!(at(900_000, 800_000, 10, 60), Some((2, 800_000)));
        assert_eq!(
            at(800_000, 900_000, 60, 60),
            Some((2, 900_000)),
            "both days under version 2"
        );
        assert_eq!(at(800_000, 900_000, 10, 40), Some((1, 800_000)));
        assert_eq!(at(800_000, 900_000, 10, 200), None);
    }
}
