//! Whether the hub's transparency log is one history. The node verifies each checkpoint from the last that it has seen, cosigns
//! it, and compares the log with its own feed. What contradicts the log is kept for ever.
//!
//! A head is stored in one local transaction **before** it is cosigned, so that neither a crash nor a second process of this node
//! can sign two histories.

mod alarm;
mod compare;
mod evidence;
mod foreign;
mod key;
mod listen;
mod mirror;
mod pin;
mod policy;
mod prefix;
mod quorum;
mod status;
mod watch;

#[cfg(test)]
mod tests;

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::log::checkpoint::Head;
use tanqiao_protocol::signing::NoteKey;

pub use alarm::{resume, stopped};
pub use compare::compare;
pub use evidence::{EVIDENCE_FORMAT, Evidence};
pub use foreign::{EVIDENCE_BYTES_MAX, Imported, export, import};
pub use listen::listen;
pub use mirror::{Mirrored, mirror};
pub use pin::believed;
pub(crate) use policy::{Judge, judge};
pub use status::{LogPlace, LogStatus, LogView, view};
pub use watch::watch;

pub(crate) use alarm::check_trusted;
pub(crate) use status::{log_status, place_of};

use crate::error::NodeError;
use crate::ledger::dealing::stored_words;
use crate::store::witness::WitnessRow;
use crate::store::{StoreError, Tx};

stored_words! {
    /// What contradicts the log.
    EvidenceKind {
        /// The log has signed two roots of one size.
        Fork = 1 "fork",
        /// The log is shorter than it was.
        Rollback = 2 "rollback",
        /// A longer log does not contain the shorter one, as far as the hub would show.
        Inconsistent = 3 "inconsistent",
        /// A key signs the log that no leaf under the pinned key names.
        Key = 4 "key",
        /// The log and this member's feed do not say the same.
        Feed = 5 "feed",
        /// Another member has reported what its two notes alone do not prove.
        Reported = 6 "reported",
        /// The hub names other witnesses, or another quorum, than the leaves of its log have decided.
        Policy = 7 "policy",
    }
}

/// The number of leaves as the database has it.
fn stored_size(size: u64) -> Result<i64, NodeError> {
    i64::try_from(size).map_err(|_| StoreError::Corrupt(format!("a log of {size} leaves")).into())
}

fn size_of(stored: i64) -> Result<u64, NodeError> {
    u64::try_from(stored).map_err(|_| StoreError::Corrupt(format!("a log of {stored} leaves")).into())
}

fn key_of(text: &str) -> Result<NoteKey, NodeError> {
    text.parse()
        .map_err(|_| StoreError::Corrupt(format!("the log's key {text}")).into())
}

fn hash_of(text: &str) -> Result<Sha256, NodeError> {
    text.parse()
        .map_err(|_| StoreError::Corrupt(format!("the root {text}")).into())
}

/// The head that was stored last; `None` before the first.
fn head_of(row: &WitnessRow) -> Result<Option<Head>, NodeError> {
    if row.size == 0 {
        return Ok(None);
    }
    Ok(Some(Head {
        size: size_of(row.size)?,
        root: hash_of(&row.root)?,
    }))
}

/// The state, which is there after the first contact.
fn state(tx: &mut dyn Tx) -> Result<WitnessRow, NodeError> {
    tx.witness()?.ok_or_else(|| {
        NodeError::refused(
            "no-witness",
            "this node has not seen the hub's log yet: serve it with `witness.enabled`, or wait until the hub can be reached",
        )
    })
}
