//! `tanqiao-hub bench`: what the hub can do on this machine, beside the same work written by hand in SQL.

pub mod assets;
pub mod baseline;
pub mod curve;
pub mod end_to_end;
pub mod ground;
pub mod lag;
pub mod place;
pub mod process;
pub mod program;
pub mod recognition;
mod recognition_ground;
pub mod reconciliation;
pub mod screening;
mod screening_ground;
mod screening_hand;
mod screening_redis;
pub mod sequencer;
pub mod throughput;
pub mod upkeep;
pub mod world;

/// Why a bench ended early.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The store.
    #[error(transparent)]
    Store(#[from] crate::store::database::StoreError),
    /// The sequencer.
    #[error(transparent)]
    Sequencer(#[from] crate::ledger::sequencer::SequencerError),
    /// The ledger refused what it should not have.
    #[error("the ledger refused: {0}")]
    Refused(String),
    /// A name.
    #[error(transparent)]
    Text(#[from] tanqiao_protocol::id::TextError),
    /// A key.
    #[error(transparent)]
    Key(#[from] tanqiao_protocol::signing::KeyError),
    /// The key of a witness.
    #[error(transparent)]
    NoteKey(#[from] tanqiao_protocol::signing::NoteKeyError),
    /// JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Keys, certificates, connections.
    #[error("{0}")]
    Place(String),
    /// A number.
    #[error(transparent)]
    Number(#[from] std::num::TryFromIntError),
}
