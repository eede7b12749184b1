//! The notes that are shown: the published checkpoint, and what witnesses are asked to cosign.

use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::tile::TileReader;
use tanqiao_protocol::log::witness::{AddCheckpoint, RequestError};
use tanqiao_protocol::merkle;
use tanqiao_protocol::signing::NoteKey;
use tanqiao_protocol::time::Timestamp;

use super::files::LogFiles;
use crate::store::checkpoints::{self, SignedHead};
use crate::store::cosignatures;
use crate::store::database::{ReadConnection, StoreError};

/// Why a request to witnesses could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A tile.
    #[error("the log's tiles: {0}")]
    Tiles(String),
    /// The request.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// The newest checkpoint that has its quorum, with all cosignatures; its head, and since when it is published.
///
/// # Errors
/// [`StoreError`].
pub fn published(
    connection: &mut ReadConnection<'_>,
    now: Timestamp,
) -> Result<Option<(SignedHead, Note, Timestamp)>, StoreError> {
    let Some((head, at)) = checkpoints::heads(connection, now)?.published else {
        return Ok(None);
    };
    let note = cosigned(connection, &head)?;
    Ok(note.map(|note| (head, note, at)))
}

/// The note of a head with the cosignatures so far.
fn cosigned(connection: &mut ReadConnection<'_>, head: &SignedHead) -> Result<Option<Note>, StoreError> {
    let Some(own) = &head.note else { return Ok(None) };
    let given = cosignatures::of(connection, head.size)?;
    let note = cosignatures::joined(own, &given);
    note.map(Some)
        .map_err(|error| StoreError::Content(format!("log_checkpoint of size {}: {error}", head.size)))
}

/// What a witness that has cosigned a tree of `old` leaves is asked: this head, and the proof that it contains that tree.
///
/// # Errors
/// [`AskError`].
pub fn request(
    connection: &mut ReadConnection<'_>,
    files: &LogFiles,
    old: u64,
    head: &SignedHead,
) -> Result<AddCheckpoint, AskError> {
    let note = cosigned(connection, head)?
        .ok_or_else(|| StoreError::Content(format!("log_checkpoint of size {} has no note", head.size)))?;
    let tiles = |error: &dyn std::fmt::Display| AskError::Tiles(error.to_string());
    let proof = if old == 0 || old >= head.size {
        Vec::new()
    } else {
        let mut reader = TileReader::new(head.size, |tile| match files.tile(tile) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(format!("{tile} is missing")),
            Err(error) => Err(format!("{tile}: {error}")),
        });
        merkle::consistency(old, head.size, |node| reader.node(node)).map_err(|error| tiles(&error))?
    };
    Ok(AddCheckpoint::new(old, proof, note)?)
}

/// True if a note is of this log and one of its keys has signed it, so that it counts against the log.
#[must_use]
pub fn contradicts(note: &str, origin: &str, keys: &[NoteKey]) -> bool {
    let Ok(note) = Note::parse(note.as_bytes()) else {
        return false;
    };
    let of_log = note
        .text()
        .parse::<Checkpoint>()
        .is_ok_and(|checkpoint| checkpoint.origin() == origin);
    of_log && note.verify(keys).is_ok()
}
