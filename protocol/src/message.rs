//! What members sign: the header that every message has, and the content of each action.
//!
//! The signed bytes are the JSON of [`Message`]; they travel in a DSSE envelope whose `payloadType` names the action.

mod content;
mod log;

use crate::id::{MessageId, Name, NodeId, TrustDomain};
use crate::text::words;
use crate::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use log::{FORK_NOTES_BYTES_MAX, ForkKind, LogFork, WitnessKey, proves_fork};

pub use content::{
    Cancellation, Donation, DonationWithdrawal, Issuance, KeyProposal, Listing, Methodology, Pledge, PledgeConsent,
    PledgeDecision, PledgeForeclosure, PledgeRelease, Price, Retirement, RightsBasis, TransferAcceptance,
    TransferDecline, TransferProposal, TransferWithdrawal, Verification,
};

/// The most blocks that one transfer, donation, retirement, pledge or cancellation may name (B10 `too-many-blocks`).
pub const BLOCKS_PER_COMMAND_MAX: usize = 3_000;
/// The most items in one batch envelope, and envelopes in one request (M03 `too-large`).
pub const ITEMS_PER_REQUEST_MAX: usize = 1_000;
/// The most blocks that one request may name in all its items.
pub const BLOCKS_PER_REQUEST_MAX: usize = 10_000;
/// The largest request body, in bytes.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The header of every signed message, around its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message<C> {
    /// The federation that this message is for (M11 `wrong-domain`).
    pub trust_domain: TrustDomain,
    /// The member that speaks.
    pub member: NodeId,
    /// The protocol version, [`crate::PROTOCOL_VERSION`] (M09 `version`).
    pub protocol: u32,
    /// Made by the sender; unique for the member for ever. The id of what this message opens.
    pub id: MessageId,
    /// When it was written; refused when more than 5 minutes in the hub's future (M07 `clock-skew`).
    pub issued_at: Timestamp,
    /// A first arrival after this is refused (M10 `message-expired`); at most 30 days after `issued_at`.
    pub not_after: Timestamp,
    /// Who decided at the node, where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffDecision>,
    /// What the member says.
    pub content: C,
}

/// The staff role that decided at the node, never a person's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffDecision {
    /// The role, such as `operator`.
    pub role: Name,
    /// True if a second person approved.
    pub four_eyes: bool,
}

/// The content of one action.
pub trait Content: Serialize + DeserializeOwned {
    /// The action that this content is for.
    const ACTION: Action;
}

words! {
    /// What a signed message asks for. Its `payloadType` is `application/vnd.tanqiao.<action>.v1+json`.
    pub enum Action {
        /// Many messages under one signature.
        Batch = 1 "batch",
        /// Register an issuance.
        Issuance = 2 "issuance",
        /// Publish a methodology version.
        Methodology = 3 "methodology",
        /// Expose credits for cross-region use.
        Listing = 4 "listing",
        /// Offer blocks to another member.
        TransferProposal = 5 "transfer-proposal",
        /// Accept an offer.
        TransferAcceptance = 6 "transfer-acceptance",
        /// Say no to an offer.
        TransferDecline = 7 "transfer-decline",
        /// Take an offer back.
        TransferWithdrawal = 8 "transfer-withdrawal",
        /// Use blocks for one claim.
        Retirement = 9 "retirement",
        /// Take blocks out with no claim.
        Cancellation = 10 "cancellation",
        /// Give blocks as collateral.
        Pledge = 11 "pledge",
        /// Give collateral back, with the pledgee's consent.
        PledgeRelease = 12 "pledge-release",
        /// Take collateral, by the pledgee's consent and two officers.
        PledgeForeclosure = 13 "pledge-foreclosure",
        /// The pledgee's own signed word on a pledge.
        PledgeConsent = 14 "pledge-consent",
        /// Give blocks to an event.
        Donation = 15 "donation",
        /// Take an undecided donation back.
        DonationWithdrawal = 16 "donation-withdrawal",
        /// Propose a new signing key under an active one.
        Key = 17 "key",
        /// The attribute sheet of a methodology version.
        Sheet = 18 "sheet",
        /// Propose a mapping version.
        MappingProposal = 19 "mapping-proposal",
        /// Agree to a mapping version's record.
        MappingEndorsement = 20 "mapping-endorsement",
        /// Refuse a mapping version on a ground of the closed list.
        MappingObjection = 21 "mapping-objection",
        /// Stop a mapping version at once.
        MappingSuspension = 22 "mapping-suspension",
        /// Agree that a suspended mapping version recognises again.
        MappingLifting = 23 "mapping-lifting",
        /// Comment on a proposed mapping version.
        MappingComment = 24 "mapping-comment",
        /// State the token keys of a month, as one of its evaluators.
        TokenEpoch = 25 "token-epoch",
        /// Register an asset, or revise it.
        Asset = 26 "asset",
        /// Say something about a conflict, or give the activity up.
        ConflictEvidence = 27 "conflict-evidence",
        /// Show the records that a challenge asks for, sealed.
        ChallengeAnswer = 28 "challenge-answer",
        /// Propose the key with which the member's node cosigns the log.
        WitnessKey = 29 "witness-key",
        /// Show two notes of the log that contradict each other.
        LogFork = 30 "log-fork",
        /// Begin a reconciliation.
        Reconciliation = 31 "reconciliation",
        /// State what a reconciliation found.
        ReconciliationResult = 32 "reconciliation-result",
    }
}

impl Action {
    /// The DSSE `payloadType`.
    #[must_use]
    pub fn payload_type(self) -> String {
        format!("application/vnd.tanqiao.{self}.v1+json")
    }

    /// The action of a DSSE `payloadType`; `None` if it is not one of ours (M11 `wrong-domain`).
    #[must_use]
    pub fn of_payload_type(text: &str) -> Option<Self> {
        text.strip_prefix("application/vnd.tanqiao.")?
            .strip_suffix(".v1+json")?
            .parse()
            .ok()
    }
}

macro_rules! content {
    ($($type:ty => $action:ident),+ $(,)?) => { $(impl Content for $type { const ACTION: Action = Action::$action; })+ };
}

content! {
    Batch => Batch,
    Issuance => Issuance,
    Methodology => Methodology,
    Listing => Listing,
    TransferProposal => TransferProposal,
    TransferAcceptance => TransferAcceptance,
    TransferDecline => TransferDecline,
    TransferWithdrawal => TransferWithdrawal,
    Retirement => Retirement,
    Cancellation => Cancellation,
    Pledge => Pledge,
    PledgeRelease => PledgeRelease,
    PledgeForeclosure => PledgeForeclosure,
    PledgeConsent => PledgeConsent,
    Donation => Donation,
    DonationWithdrawal => DonationWithdrawal,
    KeyProposal => Key,
    crate::mapping::MappingProposal => MappingProposal,
    crate::mapping::MappingEndorsement => MappingEndorsement,
    crate::mapping::MappingObjection => MappingObjection,
    crate::mapping::MappingSuspension => MappingSuspension,
    crate::mapping::MappingLifting => MappingLifting,
    crate::mapping::MappingComment => MappingComment,
    crate::challenge::ChallengeAnswer => ChallengeAnswer,
    crate::fingerprint::TokenEpoch => TokenEpoch,
    crate::conflict::ConflictEvidence => ConflictEvidence,
    crate::asset::Asset => Asset,
    WitnessKey => WitnessKey,
    LogFork => LogFork,
    crate::reconciliation::Reconciliation => Reconciliation,
    crate::reconciliation::ReconciliationResult => ReconciliationResult,
}

/// Many messages under one signature. Each item is a whole message as a JSON text with an id of its own in the same id
/// space; items succeed or fail separately, and a resend may regroup them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// 1 to 1,000 items.
    pub items: Vec<BatchItem>,
}

/// One message inside a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchItem {
    /// The item's `payloadType`; never `batch`.
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// The item's bytes: the JSON text of its [`Message`]. Its SHA-256 is the item's payload hash.
    pub payload: String,
}
