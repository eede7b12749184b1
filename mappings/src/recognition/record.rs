//! What a mapping record must fulfil before anyone is asked to sign it.

use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::{Factor, Grams};
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::time::{DAY_US, Timestamp};

/// The longest validity of a mapping: 12 months, so that a leap year's fits (3-recognition, Mappings).
pub const VALIDITY_DAYS_MAX: i64 = 366;
/// The largest buffer share, in millionths: one half.
pub const BUFFER_MAX: i64 = 500_000;
/// The longest reason, in characters.
pub const TEXT_CHARS_MAX: usize = 2_000;

/// One thing that is wrong with a mapping record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// The factor is 0.000000.
    #[error("factor 0.000000 recognises nothing: a factor is 0.000001 to 1.000000")]
    FactorZero,
    /// The buffer is above one half.
    #[error("buffer {0} is above 0.500000")]
    BufferTooLarge(Factor),
    /// No use is permitted.
    #[error("no use is permitted: name at least one")]
    UsesEmpty,
    /// The cap is 0 g.
    #[error("a cap of 0 g recognises nothing: leave the cap out, or name one")]
    CapZero,
    /// The validity ends before it begins.
    #[error("valid_until {until} is not after valid_from {from}")]
    ValidityReversed {
        /// The beginning.
        from: Timestamp,
        /// The end.
        until: Timestamp,
    },
    /// The validity is longer than 12 months.
    #[error("validity from {from} to {until} is longer than 366 days")]
    ValidityTooLong {
        /// The beginning.
        from: Timestamp,
        /// The end.
        until: Timestamp,
    },
    /// The validity is over.
    #[error("valid_until {until} is past: such a mapping would never recognise anything")]
    AlreadyExpired {
        /// The end.
        until: Timestamp,
    },
    /// The validity begins more than 12 months from now.
    #[error("valid_from {from} is more than 366 days ahead: agree on it when its inputs are known")]
    BeginsTooLate {
        /// The beginning.
        from: Timestamp,
    },
    /// The counterpart is the origin itself.
    #[error("the counterpart is the origin methodology itself")]
    CounterpartIsOrigin,
    /// A reason is blank.
    #[error("{field} is blank: say why the factor is what it is")]
    TextBlank {
        /// `reason_zh` or `reason_en`.
        field: &'static str,
    },
    /// A reason is too long.
    #[error("{field} has {chars} characters, 2000 at most")]
    TextTooLong {
        /// `reason_zh` or `reason_en`.
        field: &'static str,
        /// Its length in characters.
        chars: usize,
    },
    /// A reason holds control characters other than line breaks.
    #[error("{field} holds control characters")]
    TextControl {
        /// `reason_zh` or `reason_en`.
        field: &'static str,
    },
    /// The mapping leads home, where none is needed.
    #[error("{to} is, or contains, the region {home} of the origin methodology: nothing needs a mapping to come home")]
    LeadsHome {
        /// Where the mapping leads.
        to: RegionCode,
        /// The region of the origin methodology.
        home: RegionCode,
    },
    /// A later version changes what the mapping is about.
    #[error("{mapping} has another origin version or region than the version before it: give it a name of its own")]
    OtherSubject {
        /// The later version.
        mapping: MappingRef,
    },
    /// A later version does not have a later number.
    #[error("{mapping} does not follow {before}")]
    VersionNotLater {
        /// The proposed version.
        mapping: MappingRef,
        /// The latest version there is.
        before: MappingRef,
    },
}

impl RecordFault {
    /// The field of the record that is wrong.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::FactorZero => "factor",
            Self::BufferTooLarge(_) => "buffer",
            Self::UsesEmpty => "uses",
            Self::CapZero => "cap_g",
            Self::ValidityReversed { .. } | Self::ValidityTooLong { .. } | Self::AlreadyExpired { .. } => "valid_until",
            Self::BeginsTooLate { .. } => "valid_from",
            Self::CounterpartIsOrigin => "counterpart",
            Self::TextBlank { field } | Self::TextTooLong { field, .. } | Self::TextControl { field } => field,
            Self::LeadsHome { .. } => "to",
            Self::OtherSubject { .. } | Self::VersionNotLater { .. } => "mapping",
        }
    }
}

/// Everything that is wrong with `record` by itself at `now`; empty if nothing is.
#[must_use]
pub fn check_record(record: &MappingRecord, now: Timestamp) -> Vec<RecordFault> {
    let (from, until) = (record.valid_from, record.valid_until);
    let mut faults = Vec::new();
    let mut fault_if = |wrong: bool, fault: RecordFault| {
        if wrong {
            faults.push(fault);
        }
    };
    fault_if(record.factor == Factor::ZERO, RecordFault::FactorZero);
    fault_if(
        record.buffer.millionths() > BUFFER_MAX,
        RecordFault::BufferTooLarge(record.buffer),
    );
    fault_if(record.uses.is_empty(), RecordFault::UsesEmpty);
    fault_if(record.cap_g == Some(Grams::ZERO), RecordFault::CapZero);
    fault_if(from >= until, RecordFault::ValidityReversed { from, until });
    fault_if(
        until.micros() - from.micros() > VALIDITY_DAYS_MAX * DAY_US,
        RecordFault::ValidityTooLong { from, until },
    );
    fault_if(until <= now, RecordFault::AlreadyExpired { until });
    fault_if(
        from > now.plus_micros(VALIDITY_DAYS_MAX * DAY_US),
        RecordFault::BeginsTooLate { from },
    );
    fault_if(
        record.counterpart.as_ref() == Some(&record.origin),
        RecordFault::CounterpartIsOrigin,
    );
    faults.extend(text_fault("reason_zh", &record.reason_zh));
    faults.extend(text_fault("reason_en", &record.reason_en));
    faults
}

/// What is wrong with a mapping to `record.to` of a methodology whose own region is `home`: a mapping that leads home is
/// never used, since the way home needs none.
#[must_use]
pub fn check_not_home(record: &MappingRecord, home: RegionCode) -> Option<RecordFault> {
    let to = record.to;
    to.contains(&home).then_some(RecordFault::LeadsHome { to, home })
}

/// What is wrong with `record` as the version after `before` of the same mapping.
#[must_use]
pub fn check_successor(record: &MappingRecord, before: &MappingRecord) -> Vec<RecordFault> {
    let mapping = &record.mapping;
    let mut faults = Vec::new();
    if mapping.id() != before.mapping.id() || mapping.version() <= before.mapping.version() {
        faults.push(RecordFault::VersionNotLater {
            mapping: mapping.clone(),
            before: before.mapping.clone(),
        });
    }
    if record.to != before.to || record.origin != before.origin {
        faults.push(RecordFault::OtherSubject {
            mapping: mapping.clone(),
        });
    }
    faults
}

fn text_fault(field: &'static str, text: &str) -> Option<RecordFault> {
    let chars = text.chars().count();
    if text.trim().is_empty() {
        Some(RecordFault::TextBlank { field })
    } else if chars > TEXT_CHARS_MAX {
        Some(RecordFault::TextTooLong { field, chars })
    } else if text.chars().any(|c| c.is_control() && c != '\n') {
        Some(RecordFault::TextControl { field })
    } else {
        None
    }
}
