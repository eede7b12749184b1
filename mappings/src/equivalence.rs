//! The factor of a mapping: what a gram by one methodology is worth by another (3-recognition, rule 4).
//!
//! [`formula`] is the arithmetic alone. [`assess`] takes two sheets, runs the gates, works out what goes into the formula,
//! with the worst case for what is not said, and keeps a record of all of it. [`batch_factor`] is the factor of one batch whose
//! activity data travel; where the baselines differ such batches alone may cross ([`Assessment::needs_activity_data`]).

mod assess;
pub mod formula;
mod inputs;
mod raise;
mod resolve;
mod uncertainty;
mod validity;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use assess::glance;
pub use assess::{Assessment, Library, Question, assess, batch_factor};
pub use inputs::{InputKind, InputRef, changed_inputs};
pub use raise::Raise;
pub use resolve::{Assumption, Missing};
pub use uncertainty::UncertaintyBand;
pub use validity::{TRIAL_DAYS_MAX, ValidityBound};
