//! What each action says.

use crate::envelope::Envelope;
use crate::event::{Claim, LinkedObligation};
use crate::fingerprint::TokenCommitment;
use crate::id::{MessageId, Name, NodeId, Sha256};
use crate::methodology::MethodologyRef;
use crate::quantity::Grams;
use crate::region::RegionCode;
use crate::serial::{BlockRef, SeriesRef};
use crate::signing::VerifyingKey;
use crate::text::words;
use crate::time::Timestamp;
use crate::r#use::{Use, Uses};
use serde::{Deserialize, Serialize};

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
    /// The token stream that follows (S08 `tokens-missing`); absent only where the federation does not screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenCommitment>,
    /// The node's own certificate number, unique per node: letters, digits, `.`, `_`, `-`.
    pub local_reference: Name,
    /// Other schemes that the activities take part in; must be declared, if only as an empty list (S14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_schemes: Option<Vec<Name>>,
    /// The registered assets that the reductions come from; project-type methodologies need them (S14), others may do without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<Name>,
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
    /// The debt of this member that they cover, where they cover one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<MessageId>,
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
    /// An obligation that the delivered grams meet beside the event's claim, with the officers' decision that allowed it (U02).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<LinkedObligation>,
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
