//! Canonical activities: from what a record says to the inputs of its tokens.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use super::class::{EvidenceClass, RecordTime};
use super::epoch::Epoch;
use super::identifier::{IdentifierError, canonical_identifier};
use super::inputs::{self, TokenInput};
use super::stream::TOKENS_PER_ACTIVITY_MAX;
use super::subject::{SubjectKey, SubjectKind};
use super::token::TokenKind;
use crate::id::Name;
use crate::time::{DAY_US, SECOND_US, Timestamp};

/// The most months of one period: a vintage is a year (S03 `vintage-out-of-window`).
pub const PERIOD_MONTHS_MAX: usize = 12;
const UTC8_S: i64 = 8 * 3_600;
const DAY_S: i64 = 86_400;
/// Two parties may state one record's end this far apart, and still make one token of it at the border of a month.
const END_TOLERANCE_US: i64 = DAY_US;
/// A period covers a month if it holds the first moment of this day of it, so that periods which meet never share a month.
const MONTH_SAMPLE_US: i64 = 15 * DAY_US;

// Record: the month of the end and one neighbour. Asset and subject: two grids each.
const _: () = assert!(PERIOD_MONTHS_MAX + 2 <= TOKENS_PER_ACTIVITY_MAX && 2 + 2 + 2 <= TOKENS_PER_ACTIVITY_MAX);

/// What a node knows of one activity when it makes its tokens.
#[derive(Debug, Clone, Copy)]
pub struct ActivityFacts<'a> {
    /// The activity of its methodology, such as `rail-transit`: the hub asks for the tokens of that class.
    pub activity: &'a Name,
    /// Its start. Of a period: the first moment that it covers.
    pub start: Timestamp,
    /// Its end. Of a period: the first moment after it.
    pub end: Timestamp,
    /// The registry of the record: who numbered it.
    pub source: Option<&'a str>,
    /// The record's number there.
    pub record: Option<&'a str>,
    /// The asset (connector, meter, vehicle, parcel).
    pub asset: Option<&'a str>,
    /// The person who acted. A body gives no token `S`: many act for it at once.
    pub subject: Option<&'a SubjectKey>,
}

/// Why no tokens can be made of an activity. Says nothing of the record's identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// A kind that the class requires cannot be made.
    #[error("its class requires a token {kind}: state {what}")]
    Missing {
        /// The kind.
        kind: TokenKind,
        /// What to state, as the class's table says it.
        what: &'static str,
    },
    /// An identifier is none.
    #[error("its {field} is refused: {why}")]
    Identifier {
        /// `source`, `record` or `asset`.
        field: &'static str,
        /// Why.
        why: IdentifierError,
    },
    /// The end lies before the start, or a period has no length.
    #[error("it ends before it begins; correct its times")]
    Order,
    /// Before 2000 or after 2099.
    #[error("its times lie outside the years 2000 to 2099; correct them")]
    Epoch,
    /// A period that holds no middle of a month, and neither begins nor ends with one.
    #[error(
        "its period holds the 16th of no month (UTC+8); gather the asset's records into one for each month, or join it with the one before or after"
    )]
    ShortPeriod,
    /// A period of more than a year.
    #[error("its period covers more than {PERIOD_MONTHS_MAX} months; divide it by calendar year")]
    LongPeriod,
}

/// The inputs of an activity's tokens, ascending by kind, month and bytes: at least one of every kind that its class requires,
/// at most 14.
///
/// # Errors
/// [`EvidenceError`] if a required kind cannot be made, or what is stated is wrong.
pub fn token_inputs(facts: &ActivityFacts<'_>) -> Result<Vec<TokenInput>, EvidenceError> {
    let class = EvidenceClass::of(facts.activity);
    if facts.end < facts.start {
        return Err(EvidenceError::Order);
    }
    let mut made = Vec::with_capacity(TOKENS_PER_ACTIVITY_MAX);
    for &kind in TokenKind::ALL.iter().filter(|kind| class.has(**kind)) {
        let before = made.len();
        match kind {
            TokenKind::Record => record(facts, &mut made)?,
            TokenKind::Project => project(facts, &mut made)?,
            TokenKind::Asset => asset(class, facts, &mut made)?,
            TokenKind::Subject => subject(class, facts, &mut made)?,
        }
        if made.len() == before && class.requires(kind) {
            let what = what_to_state(class, kind);
            return Err(EvidenceError::Missing { kind, what });
        }
    }
    made.sort_unstable_by(|a, b| (a.kind, a.epoch, &*a.bytes).cmp(&(b.kind, b.epoch, &*b.bytes)));
    Ok(made)
}

fn what_to_state(class: &EvidenceClass, kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Record => class.source_and_record,
        TokenKind::Project | TokenKind::Asset => class.asset,
        TokenKind::Subject => "the identifier of the person who acted, not that of a body, for which many act at once",
    }
}

fn record(facts: &ActivityFacts<'_>, made: &mut Vec<TokenInput>) -> Result<(), EvidenceError> {
    let (Some(source), Some(record)) = (facts.source, facts.record) else {
        return Ok(());
    };
    let (source, record) = (identifier("source", source)?, identifier("record", record)?);
    let month = Epoch::of(facts.end).ok_or(EvidenceError::Epoch)?;
    let near = [-END_TOLERANCE_US, END_TOLERANCE_US].map(|by| Epoch::of(facts.end.plus_micros(by)));
    made.push(inputs::record(month, &source, &record));
    for other in near.into_iter().flatten().filter(|other| *other != month) {
        made.push(inputs::record(other, &source, &record));
    }
    Ok(())
}

fn project(facts: &ActivityFacts<'_>, made: &mut Vec<TokenInput>) -> Result<(), EvidenceError> {
    let Some(asset) = facts.asset else {
        return Ok(());
    };
    let asset = identifier("asset", asset)?;
    for month in months(facts.start, facts.end)? {
        made.push(inputs::project(month, &asset));
    }
    Ok(())
}

/// The months that a period covers: those whose 16th begins in it (UTC+8).
///
/// Whoever states a month, a season or a year states its borders right to within two weeks, so that any two such periods
/// which overlap share a month; and periods that meet, at whatever day meters are read, share none. A period without a 16th
/// is what is left of a month in which an asset began or ended: it takes the month of its middle.
fn months(start: Timestamp, end: Timestamp) -> Result<Vec<Epoch>, EvidenceError> {
    if end == start {
        return Err(EvidenceError::Order);
    }
    let first = Epoch::of(start).ok_or(EvidenceError::Epoch)?;
    Epoch::of(end).ok_or(EvidenceError::Epoch)?;
    let sample = |month: &Epoch| month.starts_at().plus_micros(MONTH_SAMPLE_US);
    let covered: Vec<Epoch> = std::iter::successors(Some(first), |month| month.next())
        .skip_while(|month| sample(month) < start)
        .take_while(|month| sample(month) < end)
        .take(PERIOD_MONTHS_MAX + 1)
        .collect();
    if covered.len() > PERIOD_MONTHS_MAX {
        return Err(EvidenceError::LongPeriod);
    }
    if !covered.is_empty() {
        return Ok(covered);
    }
    if !is_near_border(start) && !is_near_border(end) {
        return Err(EvidenceError::ShortPeriod);
    }
    let middle = start.plus_micros((end.micros() - start.micros()) / 2);
    Ok(vec![Epoch::of(middle).ok_or(EvidenceError::Epoch)?])
}

/// True within a day of the beginning of a month (UTC+8).
fn is_near_border(at: Timestamp) -> bool {
    let side = |by| Epoch::of(at.plus_micros(by));
    side(-END_TOLERANCE_US) != side(END_TOLERANCE_US)
}

fn asset(class: &EvidenceClass, facts: &ActivityFacts<'_>, made: &mut Vec<TokenInput>) -> Result<(), EvidenceError> {
    let Some(asset) = facts.asset else {
        return Ok(());
    };
    let asset = identifier("asset", asset)?;
    for bucket in buckets(class.records, facts.start, class.asset_bucket_s)? {
        made.push(inputs::asset(&bucket, &asset));
    }
    Ok(())
}

fn subject(class: &EvidenceClass, facts: &ActivityFacts<'_>, made: &mut Vec<TokenInput>) -> Result<(), EvidenceError> {
    // Many act for one body at the same moment: that two acts have the same one tells nothing.
    let Some(subject) = facts
        .subject
        .filter(|subject| subject.kind() != SubjectKind::CreditCode)
    else {
        return Ok(());
    };
    for bucket in buckets(class.records, facts.start, class.subject_bucket_s)? {
        made.push(inputs::subject(&bucket, facts.activity, subject));
    }
    Ok(())
}

fn identifier(field: &'static str, text: &str) -> Result<zeroize::Zeroizing<String>, EvidenceError> {
    canonical_identifier(text).map_err(|why| EvidenceError::Identifier { field, why })
}

/// A stretch of time in which two starts count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket {
    /// Its first second, since 1970-01-01 UTC.
    pub(super) start_s: i64,
    /// Its width, in seconds.
    pub(super) width_s: i64,
    /// The month of its first second, so that whoever has the bucket has the month.
    pub(super) epoch: Epoch,
}

/// The buckets of a start: its calendar day (UTC+8) where records have no time of day; otherwise one bucket of `width_s` on each of two grids
/// that are half a width apart, so that two starts less than half a width apart always share one, and two that are a width apart never do.
fn buckets(records: RecordTime, start: Timestamp, width_s: u32) -> Result<Vec<Bucket>, EvidenceError> {
    let at_s = start.micros().div_euclid(SECOND_US);
    let (width_s, offsets) = match records {
        RecordTime::Day => (DAY_S, vec![-UTC8_S]),
        RecordTime::Instant => (i64::from(width_s), vec![0, i64::from(width_s / 2)]),
        RecordTime::Period => (0, Vec::new()),
    };
    offsets
        .into_iter()
        .map(|offset| {
            let start_s = at_s - (at_s - offset).rem_euclid(width_s);
            let epoch = DateTime::<Utc>::from_timestamp_secs(start_s)
                .and_then(|at| Epoch::of(Timestamp::from_micros(at.timestamp_micros())))
                .ok_or(EvidenceError::Epoch)?;
            Ok(Bucket {
                start_s,
                width_s,
                epoch,
            })
        })
        .collect()
}
