//! How long a mapping may recognise: 12 months at most, and no longer than what it rests on.

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
