//! Receipts of what was committed: one file with the leaf that decided, the signed messages behind it, and the proof that the
//! leaf is in the log that enough witnesses have seen. Whoever has a policy ([`crate::log::policy`]) needs nothing else.
//!
//! The proofs themselves are C2SP `tlog-proof` texts ([`crate::log::receipt`]); all of a file are under one checkpoint.

mod attached;
mod certificate;
mod decided;
mod deed;
mod file;
mod message;
mod refusal;
mod statement;
mod tree;
mod verify;

pub use attached::{attached, is_pdf};
pub use certificate::{CertificateFile, verify_certificate};
pub use file::{
    CERTIFICATE_MEDIA_TYPE, EntryBytes, LEAVES_MAX, LeafProof, MESSAGES_MAX, RECEIPT_FILE_BYTES_MAX,
    RECEIPT_MEDIA_TYPE, ReceiptFile, ReceiptFormat, ReceiptKind, SignedMessage,
};
pub use message::admits_key;
pub use refusal::{ReceiptFault, ReceiptRefusal};
pub use statement::{NotProven, Party, PartyRole, SignatureFound, Statement, TreeSeen, WitnessSeen};
pub use verify::{verify, verify_public};
