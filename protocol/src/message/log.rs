//! What members say of the transparency log: the key with which they cosign it, and what they found wrong with it.

use serde::{Deserialize, Serialize};

use crate::log::checkpoint::Checkpoint;
use crate::log::note::Note;
use crate::signing::NoteKey;
use crate::text::words;

/// The largest note in a report, in bytes: both of them fit into one leaf.
pub const FORK_NOTES_BYTES_MAX: usize = 24_000;

/// The key of a member's witness, named `<trust domain>/witness/<member>`; it cosigns once two officers have admitted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessKey {
    /// A verifier key for cosignatures (C2SP `tlog-cosignature` v1, type 0x04).
    pub witness_key: NoteKey,
}

words! {
    /// What a witness found.
    pub enum ForkKind {
        /// Two roots of one size.
        Fork = 1 "fork",
        /// A log that is shorter than it was.
        Rollback = 2 "rollback",
        /// A longer log that does not contain the shorter one, as far as the hub would show.
        Inconsistent = 3 "inconsistent",
    }
}

/// Two notes of the log that contradict each other, as a witness has seen them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogFork {
    /// What was found.
    pub kind: ForkKind,
    /// The note that was seen first, at most [`FORK_NOTES_BYTES_MAX`] bytes.
    pub first: String,
    /// The note that contradicts it, at most [`FORK_NOTES_BYTES_MAX`] bytes.
    pub second: String,
    /// What happened, in at most 500 characters.
    pub detail: String,
}

/// True if two notes whose signatures are good prove by themselves that their log has shown two histories: the same log, the same
/// size, different roots. Whatever else contradicts itself needs more than the notes to be believed.
#[must_use]
pub fn proves_fork(first: &Note, second: &Note) -> bool {
    let (Ok(first), Ok(second)) = (first.text().parse::<Checkpoint>(), second.text().parse::<Checkpoint>()) else {
        return false;
    };
    first.origin() == second.origin() && first.size() == second.size() && first.root() != second.root()
}
