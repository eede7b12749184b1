//! The recognition engine: which mapping applies to a lot, and what it makes of it.
//!
//! [`lots_of`] groups blocks into lots, [`terms_for`] finds what applies to one, [`recognise`] divides all of them and
//! explains the result. The arithmetic itself is the protocol's ([`tanqiao_protocol::recognition::Division`]), so that a
//! verifier computes the same grams. Everything here is integers: grams and millionths.

mod batch;
mod entry;
mod explain;
mod lookup;
mod lots;
mod mapping_set;
mod quote;
mod record;
mod refusal;
mod terms;

#[cfg(test)]
mod tests;

pub use batch::factor_of_batch;
pub use entry::{MappingEntry, Rejection};
pub use explain::use_zh;
pub use lookup::Act;
pub use lots::{batch_lots_of, lots_of};
pub use mapping_set::MappingSet;
pub use quote::{RecognisedLot, Recognition, quote, quote_for_quantity, quote_to_deliver, recognise};
pub use record::{
    BUFFER_MAX, RecordFault, TEXT_CHARS_MAX, VALIDITY_DAYS_MAX, check_not_home, check_record, check_successor,
};
pub use refusal::{Inactive, Reason, Refusal};
pub use terms::{Basis, Batch, Crossing, FactorOf, GivenLot, Terms, terms_for};
