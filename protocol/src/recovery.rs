//! The file in which a node gives back to a restored hub what the hub has lost: the feed as it was received, and the
//! messages that were signed, with their answers.
//!
//! One JSON object a line: a [`Record::Recovery`] first, then entries in their order, messages and batches, and a
//! [`Record::End`] last, without which the file is not whole. Nothing in it is new to the hub, and nothing in it is about
//! people: it holds only what was sent to the hub or came from it.

use serde::{Deserialize, Serialize};

use crate::envelope::Envelope;
use crate::id::{NodeId, Sha256, TrustDomain};
use crate::problem::Problem;
use crate::time::Timestamp;
use crate::view::Outcome;

/// The version of this format.
pub const VERSION: u32 = 1;

/// The type of the leaf and of the feed entries that begin a log anew after leaves were lost.
pub const ORIGIN: &str = "log.origin";

/// The longest line, in bytes: an envelope around the largest batch, and room for what stands around it.
pub const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Record {
    /// The first line.
    Recovery {
        /// [`VERSION`].
        v: u32,
        /// Whose.
        member: NodeId,
        /// Of which federation.
        trust_domain: TrustDomain,
        /// The last feed entry that the node has applied.
        feed_seq: i64,
        /// The chain hash of that entry.
        feed_chain: Sha256,
        /// When the file was written.
        at: Timestamp,
    },
    /// A feed entry as received.
    Entry {
        /// Its number.
        seq: i64,
        /// Its chain hash.
        chain: Sha256,
        /// The leaf that it tells of.
        log_index: i64,
        /// Its canonical bytes.
        bytes: String,
    },
    /// A message that was sent, or marked to be sent.
    Message {
        /// The signed message.
        envelope: Envelope,
        /// What it did, where the hub has said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<Box<Outcome>>,
        /// Why it was refused for good, where it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<Box<Problem>>,
    },
    /// Many messages under one signature, as they were sent.
    Batch {
        /// The signed batch.
        envelope: Envelope,
    },
    /// The last line.
    End {
        /// Lines between the first and this one.
        records: u64,
    },
}

/// The body of a [`ORIGIN`] entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Leaves that the hub had answered for.
    pub lost_size: i64,
    /// The chain over them, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_chain: Option<Sha256>,
    /// Leaves that are left: the index of the origin's leaf.
    pub size: i64,
    /// The chain over those that are left.
    pub chain: Sha256,
    /// Why.
    pub reason: String,
}
