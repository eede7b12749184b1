//! Schemas of the protocol's words: each lists exactly the words that the type has.

use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::event::{ClaimantKind, EventState, InventoryBasis};
use tanqiao_protocol::message::RightsBasis;
use tanqiao_protocol::recognition::Predicate;
use tanqiao_protocol::transfer::{DonationState, IssuanceState, PledgeState, TransferState};
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{KeyStatus, MappingStatus, MemberKind, MemberStatus};

use crate::enrolment::EnrolmentStatus;

macro_rules! words_of {
    ($($type:ident),+ $(,)?) => {
        /// Name and words of each.
        pub fn all() -> Vec<(&'static str, Vec<&'static str>)> {
            vec![$((stringify!($type), $type::ALL.iter().map(|word| word.word()).collect())),+]
        }
    };
}

words_of!(
    BlockState,
    ClaimantKind,
    DonationState,
    EnrolmentStatus,
    EventState,
    InventoryBasis,
    IssuanceState,
    KeyStatus,
    MappingStatus,
    MemberKind,
    MemberStatus,
    PledgeState,
    Predicate,
    RightsBasis,
    TransferState,
    Use,
);
