//! Receipts (C2SP `tlog-proof`, files ending in `.tlog-proof`): everything that shows, without a network, that an entry is in the log and
//! who saw it there.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::Checkpoint;
use super::line;
use super::note::{NOTE_BYTES_MAX, Note, NoteError};
use super::policy::{Evaluation, Policy};
use crate::id::{Sha256, TextError};
use crate::merkle::includes;

/// The first line.
const HEADER: &str = "c2sp.org/tlog-proof@v1\n";
/// The most hashes in a path: a tree has fewer than 2⁶⁴ leaves.
const PATH_MAX: usize = 64;
/// The largest extra data, in bytes.
pub const EXTRA_BYTES_MAX: usize = 64 * 1024;
/// The largest receipt that is read, in bytes.
pub const RECEIPT_BYTES_MAX: usize = NOTE_BYTES_MAX + 2 * EXTRA_BYTES_MAX;

/// Why bytes are not a receipt, or one was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// Too many bytes.
    #[error("a receipt has at most {RECEIPT_BYTES_MAX} bytes, not {0}")]
    Size(usize),
    /// The first line is another.
    #[error("a receipt begins with the line `c2sp.org/tlog-proof@v1`")]
    Header,
    /// The line with the extra data.
    #[error("the line `extra` of a receipt has at most {EXTRA_BYTES_MAX} bytes in base64")]
    Extra,
    /// The line with the index.
    #[error("a receipt has a line `index <number>`, without leading zeros")]
    Index,
    /// The lines of the path.
    #[error(
        "after the index a receipt has at most {PATH_MAX} hashes of 32 bytes in base64, each on its line, and an empty line"
    )]
    Path,
    /// The checkpoint's note.
    #[error("the checkpoint of the receipt: {0}")]
    Note(#[from] NoteError),
    /// The checkpoint's text.
    #[error("the checkpoint of the receipt: {0}")]
    Checkpoint(#[from] TextError),
}

/// A receipt. Its parts fit together in their form; whether they are true, [`Receipt::verify`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    extra: Option<Vec<u8>>,
    index: u64,
    path: Vec<Sha256>,
    note: Note,
    checkpoint: Checkpoint,
}

/// What a receipt proves, under a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven<'a> {
    /// The checkpoint, of which the rest is true or not.
    pub checkpoint: &'a Checkpoint,
    /// The entry's place in the log.
    pub index: u64,
    /// True if the entry is the one at this index in the tree of the checkpoint.
    pub included: bool,
    /// Which log has signed the checkpoint, which witnesses have, and whether they are enough.
    pub evaluation: Evaluation<'a>,
}

impl Proven<'_> {
    /// True if all of it holds: the entry is in a tree that a log of the policy has signed, and enough witnesses have seen.
    #[must_use]
    pub const fn complete(&self) -> bool {
        self.included && self.evaluation.accepted()
    }
}

impl Receipt {
    /// A receipt for the entry at `index`, from its audit path and the checkpoint with all its signatures.
    ///
    /// # Errors
    /// [`ReceiptError::Path`] or [`ReceiptError::Checkpoint`]; a note without signatures is [`NoteError::Unsigned`].
    pub fn new(index: u64, path: Vec<Sha256>, note: Note) -> Result<Self, ReceiptError> {
        if path.len() > PATH_MAX {
            return Err(ReceiptError::Path);
        }
        if note.signatures().is_empty() {
            return Err(NoteError::Unsigned.into());
        }
        Ok(Self {
            extra: None,
            index,
            path,
            checkpoint: note.text().parse()?,
            note,
        })
    }

    /// With data that nobody has signed.
    ///
    /// # Errors
    /// [`ReceiptError::Extra`] if it is too long.
    pub fn with_extra(self, extra: Vec<u8>) -> Result<Self, ReceiptError> {
        if extra.len() > EXTRA_BYTES_MAX {
            return Err(ReceiptError::Extra);
        }
        Ok(Self {
            extra: Some(extra),
            ..self
        })
    }

    /// The receipt in these bytes.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::Size(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| NoteError::Characters)?;
        let rest = text.strip_prefix(HEADER).ok_or(ReceiptError::Header)?;
        let (extra, rest) = match rest.strip_prefix("extra ").map(|after| after.split_once('\n')) {
            Some(Some((extra, after))) => (Some(STANDARD.decode(extra).map_err(|_| ReceiptError::Extra)?), after),
            Some(None) => return Err(ReceiptError::Extra),
            None => (None, rest),
        };
        let (index, rest) = rest.split_once('\n').ok_or(ReceiptError::Index)?;
        let index = index
            .strip_prefix("index ")
            .and_then(line::decimal)
            .ok_or(ReceiptError::Index)?;
        let (path, rest) = line::hashes(rest, PATH_MAX).ok_or(ReceiptError::Path)?;
        let receipt = Self::new(index, path, Note::parse(rest.as_bytes())?)?;
        match extra {
            Some(extra) => receipt.with_extra(extra),
            None => Ok(receipt),
        }
    }

    /// Data that nobody has signed: not to be believed.
    #[must_use]
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The entry's place in the log, as it says.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The checkpoint, as it says.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The checkpoint with its signatures.
    #[must_use]
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// True if the entry is the one at the index in the tree of the checkpoint, whoever has signed that.
    #[must_use]
    pub fn includes(&self, entry: &[u8]) -> bool {
        let head = self.checkpoint.head();
        includes(&head.root, head.size, self.index, entry, &self.path)
    }

    /// What it proves of this entry (the bytes of the leaf) to whoever has this policy. Nothing is proven that the result does not say:
    /// ask for [`Proven::complete`].
    ///
    /// # Errors
    /// [`NoteError::Signature`] if a log or witness of the policy is said to have signed and has not.
    pub fn verify<'a>(&'a self, entry: &[u8], policy: &'a Policy) -> Result<Proven<'a>, NoteError> {
        Ok(Proven {
            checkpoint: &self.checkpoint,
            index: self.index,
            included: self.includes(entry),
            evaluation: policy.evaluate(&self.note, &self.checkpoint)?,
        })
    }
}

/// The bytes of the file.
impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER)?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path
            .iter()
            .try_for_each(|hash| writeln!(f, "{}", line::encode(hash)))?;
        write!(f, "\n{}", self.note)
    }
}

#[cfg(test)]
mod tests;
