//! What members sign: the header that every message has, and the content of each action.
//!
//! The signed bytes are the JSON of [`Message`]; they travel in a DSSE envelope whose `payloadType` names the action.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::envelope::Envelope;
use crate::event::Claim;
use crate::id::{MessageId, Name, NodeId, Sha256, TrustDomain};
use crate::methodology::MethodologyRef;
use crate::quantity::Grams;
use crate::region::RegionCode;
use crate::serial::{BlockRef, SeriesRef};
use crate::signing::VerifyingKey;
use crate::text::words;
use crate::time::Timestamp;
use crate::r#use::{Use, Uses};

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
        /// A mapping version; signed by the origin's and the using region's member over one content.
        Mapping = 18 "mapping",
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
    crate::recognition::MappingRecord => Mapping,
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

/// A methodology version that a member publishes for its region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Methodology {
    /// The version.
    pub methodology: MethodologyRef,
    /// The region whose rule it is.
    pub region: RegionCode,
    /// Chinese title.
    pub title_zh: String,
    /// English title.
    pub title_en: String,
    /// The activity, such as `rail-transit`.
    pub activity: Name,
    /// The unit of the activity, such as `km` or `kWh`.
    pub activity_unit: String,
    /// Reduction in grams of CO2e for one unit of activity, an exact decimal as text; absent for project-type rules that
    /// state the reduction of each record themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor_g_per_unit: Option<String>,
    /// The least and most plausible reduction of one activity record, in grams (S07 `plausibility`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_g_max: Option<Grams>,
    /// What its reductions may be used for in their own region.
    pub uses: Uses,
    /// In force from this instant.
    pub in_force_from: Timestamp,
    /// Out of force from this instant, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_force_until: Option<Timestamp>,
    /// First year of vintage that it may quantify.
    pub vintage_first: u16,
    /// Last year of vintage that it may quantify.
    pub vintage_last: u16,
    /// Where it is published.
    pub source: String,
}

words! {
    /// On what right the issuer holds the reductions (1-domain: points and assets).
    pub enum RightsBasis {
        /// The citizens transferred their rights to the platform.
        TransferredByHolders = 1 "transferred-by-holders",
        /// The project owner transferred them by contract.
        TransferredByProjectOwner = 2 "transferred-by-project-owner",
        /// The issuer acts for holders who keep ownership.
        HeldInTrust = 3 "held-in-trust",
    }
}

/// A batch of verified reductions that a member registers. The header; its activities stay at the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuance {
    /// The rule that quantified it.
    pub methodology: MethodologyRef,
    /// Where the acts took place; a province-level division at least.
    pub region_of_act: RegionCode,
    /// The year of the acts.
    pub vintage: u16,
    /// Grams to be issued.
    pub quantity_g: Grams,
    /// Grams that the verification covers (S16 `issued-over-verified`).
    pub verified_g: Grams,
    /// Number of activity records.
    pub activity_count: u32,
    /// Total of activity data `D` in the methodology's unit, an exact decimal as text, sealed here for re-quantification
    /// (3-recognition, rule 4).
    pub activity_total: String,
    /// First activity begins.
    pub period_from: Timestamp,
    /// Last activity ends.
    pub period_until: Timestamp,
    /// On what right; absent means none, and is refused (S04 `rights-basis-missing`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights_basis: Option<RightsBasis>,
    /// Who verified it; absent is refused (S05 `verification-missing`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// RFC 6962 root over the canonical activity records, in index order.
    pub records_root: Sha256,
    /// The node's own certificate number, unique per node: letters, digits, `.`, `_`, `-`.
    pub local_reference: Name,
    /// Other schemes that the activities take part in; must be declared, if only as an empty list (S14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_schemes: Option<Vec<Name>>,
}

/// A verification report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// The verification body.
    pub body: String,
    /// SHA-256 of the report.
    pub report_sha256: Sha256,
    /// When it was signed.
    pub verified_at: Timestamp,
}

/// What a member exposes of its credits for cross-region use. Not a reservation. A later listing under the same name
/// replaces the earlier; a quantity of 0 g takes it down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// The listing's name, unique per member.
    pub listing: Name,
    /// The series.
    pub series: SeriesRef,
    /// Grams on offer.
    pub quantity_g: Grams,
    /// For which uses.
    pub uses: Uses,
    /// Smallest lot in grams.
    pub smallest_lot_g: Grams,
    /// Price in fen (1/100 yuan) a tonne; absent for a donation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_fen_per_t: Option<u32>,
}

/// Blocks offered to another member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferProposal {
    /// The member that shall receive them.
    pub target: NodeId,
    /// 1 to 3,000 ranges, none overlapping another.
    pub blocks: Vec<BlockRef>,
    /// What they are recognised for at the target.
    pub r#use: Use,
    /// The quote that the proposal relies on; refused with R07 when the hub computes another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Sha256>,
    /// Until when the target may accept; at most 30 days ahead (T03).
    pub valid_until: Timestamp,
    /// Price, for the record only: the hub settles no money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// A price as two members agreed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Fen: hundredths of a yuan.
    pub amount_fen: Grams,
    /// Payment reference at the members' bank or exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Name>,
}

/// The target's yes, which signs everything that it agrees to (T09 `terms-differ`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferAcceptance {
    /// The transfer.
    pub transfer: MessageId,
    /// SHA-256 of the source's signed payload, as the offer carried it.
    pub payload_sha256: Sha256,
    /// Grams that the target receives.
    pub delivered_g: Grams,
    /// Grams that go to the hub's buffer.
    pub buffered_g: Grams,
    /// Grams that recognition cancels.
    pub cancelled_g: Grams,
    /// The use they are recognised for.
    pub r#use: Use,
}

/// The target's no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferDecline {
    /// The transfer.
    pub transfer: MessageId,
    /// Why, for people; at most 500 characters.
    pub reason: String,
}

/// The source takes its offer back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferWithdrawal {
    /// The transfer.
    pub transfer: MessageId,
    /// Why, for people; at most 500 characters.
    pub reason: String,
}

/// The final use of blocks for one stated claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retirement {
    /// 1 to 3,000 ranges, none overlapping another.
    pub blocks: Vec<BlockRef>,
    /// The claim.
    pub claim: Claim,
}

/// Blocks taken out for good with no claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// 1 to 3,000 ranges, none overlapping another.
    pub blocks: Vec<BlockRef>,
    /// Why, for people; at most 500 characters.
    pub reason: String,
}

/// Blocks given as collateral.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pledge {
    /// 1 to 3,000 ranges, none overlapping another.
    pub blocks: Vec<BlockRef>,
    /// The member, or the enrolled party, to whom they are pledged.
    pub pledgee: NodeId,
    /// The debt's reference.
    pub reference: Name,
    /// The end of the term; alone it changes nothing.
    pub term: Timestamp,
}

/// Collateral given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PledgeRelease {
    /// The pledge.
    pub pledge: MessageId,
    /// The pledgee's own envelope around a [`PledgeConsent`] to `release` (B11 `pledgee-consent`).
    pub consent: Envelope,
}

/// Collateral taken. The blocks go to the pledgee's node once two officers have decided so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PledgeForeclosure {
    /// The pledge.
    pub pledge: MessageId,
    /// The pledgee's own envelope around a [`PledgeConsent`] to `foreclose`.
    pub consent: Envelope,
}

words! {
    /// What a pledgee agrees to.
    pub enum PledgeDecision {
        /// Give the blocks back to the debtor.
        Release = 1 "release",
        /// Take the blocks.
        Foreclose = 2 "foreclose",
    }
}

/// The pledgee's own word, signed by its own key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PledgeConsent {
    /// The pledge.
    pub pledge: MessageId,
    /// To what it agrees.
    pub decision: PledgeDecision,
}

/// Blocks given to an event. The event is named by the path and here, so that the signature covers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Donation {
    /// The event.
    pub event: Name,
    /// 1 to 3,000 ranges, none overlapping another.
    pub blocks: Vec<BlockRef>,
    /// The quote that the donation relies on; refused with R07 when the hub computes another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Sha256>,
    /// Until when the organiser may decide; at most 30 days ahead (T03).
    pub valid_until: Timestamp,
    /// The donor's name as the certificate shall show it; absent for the member's own name. Never a person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub donor: Option<String>,
}

/// The donor takes an undecided donation back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DonationWithdrawal {
    /// The donation.
    pub donation: MessageId,
    /// Why, for people; at most 500 characters.
    pub reason: String,
}

/// A new signing key, proposed under the signature of an active one; an officer approves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyProposal {
    /// The new public key.
    pub key: VerifyingKey,
}
