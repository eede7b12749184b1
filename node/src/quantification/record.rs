//! One activity record: as texts, as types, and as the canonical bytes that an issuance commits to.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use tanqiao_protocol::id::{Name, TextError};
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::Timestamp;

use super::refusal::shown;
use super::{Amount, Field, Refusal, Subject};
use crate::ledger::AccountId;

/// The platform's own id of a record: 1 to 100 visible ASCII characters, except `"`, `\` and `|`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(Arc<str>);

impl RecordId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RecordId {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let visible = |b: u8| (0x21..=0x7e).contains(&b) && !matches!(b, b'"' | b'\\' | b'|');
        if (1..=100).contains(&text.len()) && text.bytes().all(visible) {
            Ok(Self(text.into()))
        } else {
            Err(TextError::new(
                text,
                "a record id: 1 to 100 letters, digits and signs of ASCII, without spaces, quotation marks, `\\` and `|`",
            ))
        }
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The texts of one record as an adapter found them. A column that is absent, or present and empty, is `None`.
#[derive(Clone, Copy, Default)]
pub struct RawRecord<'a> {
    /// See [`ActivityRecord::source`].
    pub source: Option<&'a str>,
    /// See [`ActivityRecord::record_id`].
    pub record_id: Option<&'a str>,
    /// The methodology version, where the file names it.
    pub methodology: Option<&'a str>,
    /// See [`ActivityRecord::account`].
    pub account: Option<&'a str>,
    /// See [`ActivityRecord::quantity`].
    pub quantity: Option<&'a str>,
    /// See [`ActivityRecord::unit`].
    pub unit: Option<&'a str>,
    /// See [`ActivityRecord::started_at`].
    pub started_at: Option<&'a str>,
    /// See [`ActivityRecord::ended_at`].
    pub ended_at: Option<&'a str>,
    /// See [`ActivityRecord::place`].
    pub place: Option<&'a str>,
    /// See [`ActivityRecord::reduction_g`].
    pub reduction_g: Option<&'a str>,
    /// See [`ActivityRecord::asset`].
    pub asset: Option<&'a str>,
    /// See [`ActivityRecord::subject`].
    pub subject: Option<&'a str>,
}

impl fmt::Debug for RawRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The identifier of a person is not written anywhere.
        f.debug_struct("RawRecord")
            .field("source", &self.source)
            .field("record_id", &self.record_id)
            .finish_non_exhaustive()
    }
}

/// One activity as the source platform recorded it, before any rule is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityRecord {
    /// The platform that recorded it.
    pub source: Name,
    /// Its id there; `(source, record_id)` is counted once, ever.
    pub record_id: RecordId,
    /// The methodology version, where the record names it; then it must be the import's.
    pub methodology: Option<MethodologyRef>,
    /// Whose reduction it is: a pseudonym, never a person's name or number.
    pub account: AccountId,
    /// Activity data.
    pub quantity: Amount,
    /// Its unit, such as `km` or `kWh`.
    pub unit: Arc<str>,
    /// The act begins.
    pub started_at: Timestamp,
    /// The act ends; not before it begins.
    pub ended_at: Timestamp,
    /// Where it took place.
    pub place: RegionCode,
    /// The reduction that the platform or the project states, in grams.
    pub reduction_g: Option<Grams>,
    /// The asset (meter, charger, plot) that it was done with.
    pub asset: Option<Name>,
    /// The person's identifier, where the platform gives it. Kept sealed and once for the account, apart from the activity.
    pub subject: Option<Subject>,
}

impl ActivityRecord {
    /// Reads the texts of one record.
    ///
    /// # Errors
    /// [`Refusal`] with the first field that does not have its form.
    pub fn parse(raw: &RawRecord<'_>) -> Result<Self, Refusal> {
        let record = Self {
            source: typed(Field::Source, raw.source)?,
            record_id: typed(Field::RecordId, raw.record_id)?,
            methodology: optional(Field::Methodology, raw.methodology)?,
            account: typed(Field::Account, raw.account)?,
            quantity: quantity(required(Field::Quantity, raw.quantity)?)?,
            unit: unit(required(Field::Unit, raw.unit)?)?,
            started_at: instant(Field::StartedAt, required(Field::StartedAt, raw.started_at)?)?,
            ended_at: instant(Field::EndedAt, required(Field::EndedAt, raw.ended_at)?)?,
            place: typed(Field::Place, raw.place)?,
            reduction_g: raw.reduction_g.map(grams).transpose()?,
            asset: optional(Field::Asset, raw.asset)?,
            subject: raw.subject.map(Subject::parse).transpose()?,
        };
        if record.ended_at < record.started_at {
            return Err(Refusal::schema(
                Field::EndedAt,
                format!(
                    "the act ends ({}) before it begins ({}): check the two times and their zones",
                    record.ended_at, record.started_at
                ),
            ));
        }
        Ok(record)
    }
}

fn required(field: Field, text: Option<&str>) -> Result<&str, Refusal> {
    text.ok_or_else(|| Refusal::schema(field, format!("is empty: every record states its {field}")))
}

fn typed<T: FromStr<Err = TextError>>(field: Field, text: Option<&str>) -> Result<T, Refusal> {
    required(field, text)?
        .parse()
        .map_err(|e: TextError| Refusal::schema(field, e.to_string()))
}

fn optional<T: FromStr<Err = TextError>>(field: Field, text: Option<&str>) -> Result<Option<T>, Refusal> {
    text.map(|text| {
        text.parse()
            .map_err(|e: TextError| Refusal::schema(field, e.to_string()))
    })
    .transpose()
}

fn quantity(text: &str) -> Result<Amount, Refusal> {
    let amount: Amount = text
        .parse()
        .map_err(|e| Refusal::schema(Field::Quantity, format!("`{}` {e}", shown(text))))?;
    if amount.is_zero() {
        return Err(Refusal::schema(
            Field::Quantity,
            "is 0: leave out records in which nothing was done",
        ));
    }
    Ok(amount)
}

fn unit(text: &str) -> Result<Arc<str>, Refusal> {
    if text.len() > 40 || text.chars().any(char::is_control) {
        return Err(Refusal::schema(
            Field::Unit,
            "is not a unit: at most 40 bytes, such as km or kWh",
        ));
    }
    Ok(text.into())
}

fn instant(field: Field, text: &str) -> Result<Timestamp, Refusal> {
    text.parse().map_err(|e: TextError| {
        Refusal::schema(
            field,
            format!("{e}; a time always has its zone, such as 2026-05-23T08:00:00+08:00"),
        )
    })
}

fn grams(text: &str) -> Result<Grams, Refusal> {
    let digits = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits
        .then(|| text.parse().ok())
        .flatten()
        .and_then(|number| Grams::new(number).ok())
        .ok_or_else(|| {
            Refusal::schema(
                Field::ReductionG,
                format!(
                    "`{}` is not a whole number of grams from 0 to 9007199254740991: round down to grams",
                    shown(text)
                ),
            )
        })
}
