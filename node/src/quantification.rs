//! Quantification: from the activity that a platform recorded to the grams of CO2e that it avoided.
//!
//! `reduction = floor(quantity × factor)`, in whole grams, never rounded up: so the parts of an activity never add up to
//! more than the whole. Everything here is pure: the rule, the record and the time come in, grams or a [`Refusal`] go out.
//!
//! **Architecture invariant:** no file, no database, no clock and no floating point in this module.

mod amount;
mod canonical;
mod record;
mod refusal;
mod rule;
mod subject;

#[cfg(test)]
mod tests;

pub use amount::{AMOUNT_DECIMALS_MAX, Amount, AmountError};
pub use canonical::CanonicalRecord;
pub use record::{ActivityRecord, RawRecord, RecordId};
pub use refusal::{Field, Refusal};
pub use rule::{Quantified, Rule, RuleError};
pub use subject::Subject;
