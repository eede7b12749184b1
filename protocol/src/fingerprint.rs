//! Fingerprint tokens: keyed pseudorandom values of activities, comparable across nodes and meaningless to the hub.
//!
//! A node computes a few tokens of every activity and uploads them before the hub recognises the issuance; the hub compares
//! them with those of all earlier live issuances. What tokens are made of, how they travel, and what their stream must be
//! is written once, here.

mod canonical;
mod class;
mod element;
mod epoch;
mod epoch_keys;
mod evaluation;
mod identifier;
mod inputs;
mod stream;
mod subject;
mod suite;
mod token;
mod voprf;

pub use canonical::{ActivityFacts, EvidenceError, PERIOD_MONTHS_MAX, token_inputs};
pub use class::{EvidenceClass, RecordTime, missing};
pub use element::{BATCH_ITEMS_MAX, Elements, Proof, PublicElement};
pub use epoch::Epoch;
pub use epoch_keys::{
    CheckedKeys, EVALUATORS, EpochKeys, EpochKeysError, EvaluatorKey, RECOGNITION_WINDOW_MONTHS_DEFAULT,
    RECOGNITION_WINDOW_MONTHS_MAX, THRESHOLD, TokenEpoch, check_parties, window,
};
pub use evaluation::{Evaluation, EvaluationCounter, EvaluationCounters, EvaluationRequest};
pub use identifier::{IDENTIFIER_BYTES_MAX, IdentifierError, canonical_identifier};
pub use inputs::TokenInput;
pub use stream::{
    RECORD_BYTES_MAX, StreamError, StreamRecord, StreamSums, TOKENS_PER_ACTIVITY_MAX, TokenCommitment, decode, encode,
    stream_bytes,
};
pub use subject::{SubjectError, SubjectKey, SubjectKind};
pub use suite::{HmacSm3Key, LocalFunction, TokenSuite, token_of};
pub use token::{Token, TokenEntry, TokenKind};
pub use voprf::{Blinding, KeyShare, Output, Verified, VoprfError};
