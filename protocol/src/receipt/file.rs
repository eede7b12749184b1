//! The file: what stands in it, and how it is read.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::refusal::{ReceiptFault, ReceiptRefusal};
use crate::envelope::Envelope;
use crate::id::{MessageId, TextError};
use crate::leaf::LEAF_BYTES_MAX;
use crate::strict;
use crate::text::{serde_as_text, words};

/// The media type of a receipt file.
pub const RECEIPT_MEDIA_TYPE: &str = "application/vnd.tanqiao.receipt+json";
/// The media type of a certificate with its receipt.
pub const CERTIFICATE_MEDIA_TYPE: &str = "application/json";
/// The largest file that is read, in bytes: two envelopes of the largest size, and the leaves of the largest transfer.
pub const RECEIPT_FILE_BYTES_MAX: usize = 48 * 1024 * 1024;
/// The most leaves of one change.
pub const LEAVES_MAX: usize = 256;
/// The most messages behind one change.
pub const MESSAGES_MAX: usize = 2;

words! {
    /// The version of the file.
    pub enum ReceiptFormat {
        /// The one of this module.
        V1 = 1 "tanqiao-receipt/v1",
    }
}

words! {
    /// What was done.
    pub enum ReceiptKind {
        /// Blocks went to another member.
        Transfer = 1 "transfer",
        /// Blocks were given to an event and retired for it.
        Donation = 2 "donation",
        /// Blocks were retired for a claim.
        Retirement = 3 "retirement",
    }
}

impl ReceiptKind {
    /// The type of the leaf that decides.
    #[must_use]
    pub const fn leaf_type(self) -> &'static str {
        match self {
            Self::Transfer => "transfer.committed",
            Self::Donation => "donation.committed",
            Self::Retirement => "retirement.committed",
        }
    }

    /// The subject of the leaf that decides.
    #[must_use]
    pub fn subject(self, id: MessageId) -> String {
        format!("{self}/{id}")
    }
}

/// The bytes of a leaf, on the wire base64, standard with padding (RFC 4648 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryBytes(pub Vec<u8>);

impl FromStr for EntryBytes {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let wrong = || TextError::new(text, "a leaf of at most 65,535 bytes in base64");
        let bytes = STANDARD.decode(text).map_err(|_| wrong())?;
        if bytes.len() > LEAF_BYTES_MAX {
            return Err(wrong());
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for EntryBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(&self.0))
    }
}

serde_as_text!(EntryBytes, "a leaf in base64");

/// A leaf with the proof that it is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeafProof {
    /// The leaf's bytes.
    pub entry: EntryBytes,
    /// A C2SP `tlog-proof`, whole.
    pub proof: String,
}

/// A signed message behind a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedMessage {
    /// As the hub received it.
    pub envelope: Envelope,
    /// Which item of the envelope, from 0, where it is a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// The leaf that the message made, where that is another than the one that decides; of a leaf in parts the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<LeafProof>,
    /// The leaf that admitted the key that signed.
    pub key: LeafProof,
}

/// A receipt as it is stored and sent. Nothing in it is verified until [`super::verify`] says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptFile {
    /// The version.
    pub format: ReceiptFormat,
    /// What was done.
    pub kind: ReceiptKind,
    /// The transfer, donation or retirement.
    pub id: MessageId,
    /// The leaf that decides; every part, in order.
    pub leaves: Vec<LeafProof>,
    /// The signed messages behind it: of a transfer the proposal and the acceptance, else the one. Empty in what everybody may see.
    pub messages: Vec<SignedMessage>,
}

impl ReceiptFile {
    /// The receipt in these bytes.
    ///
    /// # Errors
    /// [`ReceiptFault::Malformed`], with the place.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptRefusal> {
        strict::from_slice_within(bytes, RECEIPT_FILE_BYTES_MAX)
            .map_err(|error| ReceiptRefusal::new(ReceiptFault::Malformed, "", error))
    }

    /// The bytes of the file: JSON on one line.
    ///
    /// # Errors
    /// Never for a receipt of this type; serde has no infallible form.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Without the signed messages: what everybody may see, since they may hold a price.
    #[must_use]
    pub fn public(self) -> Self {
        Self {
            messages: Vec::new(),
            ..self
        }
    }
}
