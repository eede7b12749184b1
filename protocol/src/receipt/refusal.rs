//! Why a receipt proves nothing.

use std::fmt;

use crate::text::words;

words! {
    /// What is wrong with a receipt; vectors and programs name it by its word.
    pub enum ReceiptFault {
        /// Not JSON of this shape, too large, or with too many parts.
        Malformed = 1 "malformed",
        /// A proof is no C2SP `tlog-proof`.
        Proof = 2 "proof",
        /// The proofs are not all under one checkpoint.
        Checkpoints = 3 "checkpoints",
        /// A log or witness of the policy is said to have signed the checkpoint, and has not.
        Signature = 4 "signature",
        /// No log of the policy has signed the checkpoint.
        Log = 5 "log",
        /// Not enough witnesses of the policy have signed the checkpoint.
        Quorum = 6 "quorum",
        /// A leaf is not in the tree of the checkpoint.
        Inclusion = 7 "inclusion",
        /// An entry is not a leaf, or says another index than its proof.
        Leaf = 8 "leaf",
        /// The parts of the deciding leaf are not all there, or not in order.
        Parts = 9 "parts",
        /// The deciding leaf is about something else, or commits nothing.
        Outcome = 10 "outcome",
        /// The changes of the deciding leaf are not what such an outcome does.
        Changes = 11 "changes",
        /// A signed message is missing, or there is one too many.
        Messages = 12 "messages",
        /// A signed message is not the one that the leaf names.
        Payload = 13 "payload",
        /// A signed message says something else than the leaf.
        Content = 14 "content",
        /// A leaf does not admit a key of the member that speaks.
        Key = 15 "key",
        /// A key was admitted after the message that it signed.
        KeyLater = 16 "key-later",
        /// The key has not signed the message.
        MessageSignature = 17 "message-signature",
        /// A certificate says something else than its receipt.
        Certificate = 18 "certificate",
    }
}

/// A refusal: what, where, and why in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ReceiptRefusal {
    fault: ReceiptFault,
    place: String,
    detail: String,
}

impl ReceiptRefusal {
    pub(super) fn new(fault: ReceiptFault, place: impl fmt::Display, detail: impl fmt::Display) -> Self {
        Self {
            fault,
            place: place.to_string(),
            detail: detail.to_string(),
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn fault(&self) -> ReceiptFault {
        self.fault
    }

    /// Where in the file, such as `messages[0].key`; empty for the whole.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Why, for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

pub(super) fn refuse<T>(fault: ReceiptFault, place: &str, detail: impl fmt::Display) -> Result<T, ReceiptRefusal> {
    Err(ReceiptRefusal::new(fault, place, detail))
}

impl fmt::Display for ReceiptRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.detail)
    }
}
