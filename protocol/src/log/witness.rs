//! What a witness is asked and what it decides (C2SP `tlog-witness`, `add-checkpoint`).
//!
//! The decision is pure: whoever keeps the state compares and stores it in one atomic step, before the cosignature goes out.

use std::fmt;

use super::checkpoint::{Checkpoint, Head};
use super::line;
use super::note::{NOTE_BYTES_MAX, Note, NoteError};
use crate::id::{Sha256, TextError};
use crate::merkle::consistent;
use crate::signing::NoteKey;

/// The most hashes of a consistency proof in a request.
pub const PROOF_MAX: usize = 63;
/// The largest request that is read, in bytes.
pub const REQUEST_BYTES_MAX: usize = NOTE_BYTES_MAX + 4_096;
/// The media type of the answer to a stale request: the size alone.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// Why bytes are not a request: answered with 400.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Too many bytes.
    #[error("a request to a witness has at most {REQUEST_BYTES_MAX} bytes, not {0}")]
    Size(usize),
    /// The first line.
    #[error("a request to a witness begins with a line `old <size>`, without leading zeros")]
    Old,
    /// The lines of the proof.
    #[error(
        "after the old size come at most {PROOF_MAX} hashes of 32 bytes in base64, each on its line, and an empty line"
    )]
    Proof,
    /// The checkpoint's note.
    #[error("the checkpoint: {0}")]
    Note(#[from] NoteError),
    /// The checkpoint's text.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] TextError),
}

/// A request to cosign a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    old: u64,
    proof: Vec<Sha256>,
    note: Note,
    checkpoint: Checkpoint,
}

impl AddCheckpoint {
    /// `proof` shows that the tree of `old` leaves is a prefix of the checkpoint's.
    ///
    /// # Errors
    /// [`RequestError::Proof`] or [`RequestError::Checkpoint`].
    pub fn new(old: u64, proof: Vec<Sha256>, note: Note) -> Result<Self, RequestError> {
        if proof.len() > PROOF_MAX {
            return Err(RequestError::Proof);
        }
        Ok(Self {
            old,
            proof,
            checkpoint: note.text().parse()?,
            note,
        })
    }

    /// The request in these bytes.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(RequestError::Size(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| NoteError::Characters)?;
        let (old, rest) = text.split_once('\n').ok_or(RequestError::Old)?;
        let old = old
            .strip_prefix("old ")
            .and_then(line::decimal)
            .ok_or(RequestError::Old)?;
        let (proof, rest) = line::hashes(rest, PROOF_MAX).ok_or(RequestError::Proof)?;
        Self::new(old, proof, Note::parse(rest.as_bytes())?)
    }

    /// The size that the witness is believed to have signed last.
    #[must_use]
    pub const fn old(&self) -> u64 {
        self.old
    }

    /// The checkpoint; believe it only if the verdict is [`Verdict::Sign`].
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The checkpoint with its signatures.
    #[must_use]
    pub const fn note(&self) -> &Note {
        &self.note
    }
}

/// The body of the request.
impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof
            .iter()
            .try_for_each(|hash| writeln!(f, "{}", line::encode(hash)))?;
        write!(f, "\n{}", self.note)
    }
}

/// What a witness does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Store this head in the place of the last one, if that is still the last one; then cosign.
    Sign(Head),
    /// The log is not one that this witness knows.
    UnknownOrigin,
    /// The log's key has not signed it.
    Unsigned,
    /// The old size is above the new one.
    Backwards,
    /// The old size is not that of the last signed head; the answer's body is that size.
    Stale {
        /// The size signed last, 0 for none.
        size: u64,
        /// True if the log has signed another root of that very size: keep both notes, and alarm.
        fork: bool,
    },
    /// The proof does not show that the last signed tree is a prefix of this one.
    BadProof,
    /// The log has signed another root of the size signed last: keep both notes, and alarm.
    Fork,
}

impl Verdict {
    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Sign(_) => 200,
            Self::Backwards => 400,
            Self::Unsigned => 403,
            Self::UnknownOrigin => 404,
            Self::Stale { .. } => 409,
            Self::BadProof | Self::Fork => 422,
        }
    }

    /// True if the request and the note signed last together prove that the log has shown two histories.
    #[must_use]
    pub const fn is_evidence(self) -> bool {
        matches!(self, Self::Fork | Self::Stale { fork: true, .. })
    }
}

/// What a witness that has last signed `last` does with a request, by the key of the log whose name is the checkpoint's origin.
#[must_use]
pub fn judge(last: Option<Head>, request: &AddCheckpoint, log: &NoteKey) -> Verdict {
    let head = request.checkpoint.head();
    if request.checkpoint.origin() != log.name() {
        return Verdict::UnknownOrigin;
    }
    if request.note.verify([log]).is_err() {
        return Verdict::Unsigned;
    }
    if request.old > head.size {
        return Verdict::Backwards;
    }
    // The log has signed both: whatever the request says of an old size, this is proof against the log.
    let fork = last.is_some_and(|last| head.size == last.size && head.root != last.root);
    let last = last.unwrap_or(Head {
        size: 0,
        root: Sha256::of(&[]),
    });
    if request.old != last.size {
        let size = last.size;
        return Verdict::Stale { size, fork };
    }
    if fork {
        return Verdict::Fork;
    }
    if consistent(last.size, &last.root, head.size, &head.root, &request.proof) {
        Verdict::Sign(head)
    } else {
        Verdict::BadProof
    }
}

#[cfg(test)]
mod tests;
