//! The recognition engine: which mapping applies to a lot, and what it makes of it.
//!
//! A [`MappingSet`] holds every mapping version that the hub knows, with its status and its end, and what was rejected.
//! [`lots_of`] groups blocks into lots, [`terms_for`] finds what applies to one, [`recognise`] divides all of them and explains
//! the result; [`batch_lots_of`] and [`recognise_batches`] do so where activity data travel. Four rules decide what applies
//! (3-recognition): the region before its province; nothing steps in for what was suspended, revoked or rejected; a direct
//! ruling before a route that was composed; and of the versions under which act and recognition fall the smaller factor.
//!
//! The arithmetic itself is the protocol's ([`tanqiao_protocol::recognition::Division`]), so that a
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
