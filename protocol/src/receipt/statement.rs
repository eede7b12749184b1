//! What a receipt proves, and what it does not.

use serde::Serialize;

use super::file::ReceiptKind;
use crate::event::Claim;
use crate::id::{MessageId, Name, NodeId, Sha256};
use crate::message::{Action, Price};
use crate::quantity::Grams;
use crate::serial::BlockRef;
use crate::signing::KeyId;
use crate::text::words;
use crate::time::Timestamp;
use crate::r#use::Use;

/// A witness that has signed the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WitnessSeen {
    /// What the policy calls it.
    pub witness: String,
    /// The name of its key.
    pub key: String,
    /// When, in seconds since 1970-01-01 UTC, as it says.
    pub at: u64,
}

/// The tree that everything is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TreeSeen {
    /// The name of the log.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// The root over them.
    pub root: Sha256,
    /// The log's key that signed, as a verifier key.
    pub log_key: String,
    /// Who has seen it.
    pub witnesses: Vec<WitnessSeen>,
}

words! {
    /// The part of a member.
    pub enum PartyRole {
        /// Gave the blocks of a transfer.
        Source = 1 "source",
        /// Received them.
        Target = 2 "target",
        /// Gave to an event.
        Donor = 3 "donor",
        /// Retired its own.
        Holder = 4 "holder",
    }
}

/// A member that took part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Party {
    /// As what.
    pub role: PartyRole,
    /// Who.
    pub member: NodeId,
}

/// A signature that was found good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignatureFound {
    /// Who signed.
    pub member: NodeId,
    /// What for.
    pub action: Action,
    /// The message.
    pub message: MessageId,
    /// When the member says that it wrote it.
    pub issued_at: Timestamp,
    /// The key.
    pub key: KeyId,
    /// The leaf that admitted the key.
    pub key_index: u64,
    /// The leaf that the message made.
    pub log_index: u64,
}

words! {
    /// What a receipt says nothing of.
    pub enum NotProven {
        /// That the reduction behind the serials is real: the verification body and the sampling of records speak of that.
        Reality = 1 "reality",
        /// That the serials are still as they were then: a later leaf may have changed what is not final.
        LaterState = 2 "later-state",
        /// That a key that signed had not been retired or reported stolen before: only the whole log tells.
        KeyStanding = 3 "key-standing",
        /// That the time is right: it is the hub's own, and a witness vouches for its own cosignature only.
        Time = 4 "time",
        /// That the hub kept its rules in deciding: a replay of the log does.
        Rules = 5 "rules",
        /// That the members signed: their messages are not in this file.
        MemberSignatures = 6 "member-signatures",
        /// That the organiser accepted: officers' decisions carry no signature of their own.
        Organiser = 7 "organiser",
        /// What the certificate says of the donor's name, permitted uses and screening: no leaf here says it.
        CertificateExtras = 8 "certificate-extras",
        /// That the printed page says what its attachment proves: only a person can compare the two.
        PrintedPage = 9 "printed-page",
    }
}

/// What is proven, by the leaf that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// What was done.
    pub kind: ReceiptKind,
    /// The transfer, donation or retirement.
    pub id: MessageId,
    /// When the hub decided, as its leaf says.
    pub at: Timestamp,
    /// The place of the leaf in the log; of several parts the first.
    pub log_index: u64,
    /// How many leaves it is in.
    pub parts: usize,
    /// The tree.
    pub tree: TreeSeen,
    /// Who took part.
    pub parties: Vec<Party>,
    /// The officers that decided, where officers did.
    pub officers: Vec<Name>,
    /// What was given.
    pub blocks: Vec<BlockRef>,
    /// What of it arrived, or was retired for the claim.
    pub delivered: Vec<BlockRef>,
    /// Grams given.
    pub given_g: Grams,
    /// Grams that arrived or were retired for the claim.
    pub delivered_g: Grams,
    /// Grams set aside in the hub's buffer.
    pub buffered_g: Grams,
    /// Grams cancelled by recognition.
    pub cancelled_g: Grams,
    /// What a transfer is recognised for; known from its signed messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#use: Option<Use>,
    /// The price that the source named, for the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The event of a donation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<Name>,
    /// The name that the donor asked for; known from its signed message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub donor_name: Option<String>,
    /// The claim that they were retired for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// Signatures of members.
    pub signatures: Vec<SignatureFound>,
    /// What remains to be believed or looked up.
    pub not_proven: Vec<NotProven>,
}
