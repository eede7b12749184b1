//! Schemas of words: each lists exactly the words that the type has.

use tanqiao_protocol::asset::{AssetConflictKind, AssetConflictState, AssetState, Scheme};
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::challenge::ChallengeState;
use tanqiao_protocol::conflict::{ConflictOutcome, ConflictState};
use tanqiao_protocol::event::{ClaimantKind, EventState, InventoryBasis};
use tanqiao_protocol::fingerprint::TokenKind;
use tanqiao_protocol::mapping::{MappingState, Mode, Party, RejectionGround};
use tanqiao_protocol::message::{PledgeDecision, RightsBasis};
use tanqiao_protocol::recognition::Predicate;
use tanqiao_protocol::reconciliation::ReconciliationReason;
use tanqiao_protocol::r#use::Use;

use crate::adapters::Format;
use crate::exchange::OutboxState;
use crate::import::JobState;
use crate::issuing::StreamState;
use crate::ledger::{AccountKind, JournalKind};
use crate::service::{Decision, Direction, FeedState, Kind};
use crate::witness::EvidenceKind;

macro_rules! words_of {
    ($($type:ident),+ $(,)?) => {
        /// Name and words of each.
        pub(super) fn all() -> Vec<(&'static str, Vec<&'static str>)> {
            vec![
                ("Format", vec![Format::Csv.word(), Format::Ndjson.word()]),
                $((stringify!($type), $type::ALL.iter().map(|word| word.word()).collect())),+
            ]
        }
    };
}

words_of!(
    AccountKind,
    AssetConflictKind,
    AssetConflictState,
    AssetState,
    BlockState,
    ChallengeState,
    ClaimantKind,
    ConflictOutcome,
    ConflictState,
    Decision,
    Direction,
    EvidenceKind,
    EventState,
    FeedState,
    InventoryBasis,
    JobState,
    JournalKind,
    Kind,
    MappingState,
    Mode,
    OutboxState,
    Party,
    PledgeDecision,
    Predicate,
    ReconciliationReason,
    RejectionGround,
    RightsBasis,
    StreamState,
    TokenKind,
    Scheme,
    Use,
);
