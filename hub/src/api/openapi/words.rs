//! Schemas of the protocol's words: each lists exactly the words that the type has.

use tanqiao_mappings::difference::Weight;
use tanqiao_mappings::matrix::CellState;
use tanqiao_mappings::relation::Relation;
use tanqiao_protocol::asset::{AssetConflictKind, AssetConflictState, AssetState, Scheme};
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::challenge::ChallengeState;
use tanqiao_protocol::conflict::{ActivityState, ConflictOutcome, ConflictState};
use tanqiao_protocol::event::{ClaimantKind, EventState, InventoryBasis};
use tanqiao_protocol::fingerprint::{TokenKind, TokenSuite};
use tanqiao_protocol::mapping::{MappingState, Mode, Party, RejectionGround};
use tanqiao_protocol::message::RightsBasis;
use tanqiao_protocol::permission::PermissionState;
use tanqiao_protocol::receipt::ReceiptKind;
use tanqiao_protocol::recognition::Predicate;
use tanqiao_protocol::reconciliation::{FindingClass, ReconciliationReason, ReconciliationState, Repair, ReportFormat};
use tanqiao_protocol::transfer::{DonationState, IssuanceState, PledgeState, TransferState};
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{ClaimFlagKind, KeyStatus, MemberKind, MemberStatus};

use crate::api::mappings::MatrixFormat;
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
    ActivityState,
    AssetConflictKind,
    AssetConflictState,
    AssetState,
    BlockState,
    CellState,
    ChallengeState,
    ClaimFlagKind,
    ClaimantKind,
    ConflictOutcome,
    ConflictState,
    DonationState,
    EnrolmentStatus,
    EventState,
    FindingClass,
    InventoryBasis,
    IssuanceState,
    KeyStatus,
    MappingState,
    MatrixFormat,
    MemberKind,
    MemberStatus,
    Mode,
    Party,
    PermissionState,
    PledgeState,
    Predicate,
    ReceiptKind,
    ReconciliationReason,
    ReconciliationState,
    Repair,
    ReportFormat,
    RejectionGround,
    Relation,
    RightsBasis,
    TokenKind,
    TokenSuite,
    Scheme,
    TransferState,
    Use,
    Weight,
);
