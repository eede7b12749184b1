//! Claims, and the events that regions donate to.

use serde::{Deserialize, Serialize};

use crate::id::{MessageId, Name, NodeId};
use crate::quantity::Grams;
use crate::region::RegionCode;
use crate::text::words;
use crate::time::Timestamp;
use crate::r#use::{Use, Uses};

words! {
    /// What kind of claimant uses a retired block.
    pub enum ClaimantKind {
        /// A member of the federation.
        Member = 1 "member",
        /// An organisation, by its registered name.
        Organisation = 2 "organisation",
        /// A person: a salted commitment in 64 hexadecimal digits; name and salt stay at the node.
        Commitment = 3 "commitment",
        /// A large-scale event, by its name.
        Event = 4 "event",
    }
}

/// Who uses a retired block, for what, in which accounting year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The claimant: a member id, an organisation's name, a commitment or an event's name, at most 200 characters.
    pub claimant: String,
    /// What kind of claimant.
    pub claimant_kind: ClaimantKind,
    /// For what.
    pub r#use: Use,
    /// The accounting year of the claim.
    pub year: u16,
    /// Where the use takes place.
    pub place: RegionCode,
    /// What the claim says, for people; at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// A second obligation that the same reductions meet because the law links the two, with the officers' decision that
    /// allowed it; without one a second purpose is refused (U02 `claim-second-purpose`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<LinkedObligation>,
}

/// The second obligation of a claim: who meets it, for what, in which year and where, and who allowed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkedObligation {
    /// The use of the obligation; another one than the claim's, and never `event-neutrality`: for an event give a donation.
    pub r#use: Use,
    /// Whose obligation it is; at most 200 characters. In a retirement, the claimant of the claim.
    pub claimant: String,
    /// What kind of claimant; never an event.
    pub claimant_kind: ClaimantKind,
    /// The accounting year of the obligation.
    pub year: u16,
    /// Where it is met.
    pub place: RegionCode,
    /// The officers' decision that allowed it: the id of a [`crate::permission::LinkedPermission`].
    pub permission: MessageId,
}

words! {
    /// Whether an event's inventory has been verified.
    pub enum InventoryBasis {
        /// A plan, made before the event.
        Planned = 1 "planned",
        /// Verified after the event; replaces the plan.
        Verified = 2 "verified",
    }
}

words! {
    /// Whether an event takes donations.
    pub enum EventState {
        /// The call is open.
        Open = 1 "open",
        /// The call is closed; a larger verified inventory reopens it.
        Closed = 2 "closed",
    }
}

/// One category of an event's emission inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InventoryItem {
    /// The category, such as `participants-travel`.
    pub category: Name,
    /// Its emissions in grams; rounded up, as demand is.
    pub quantity_g: Grams,
    /// Where the figure comes from.
    pub source: String,
}

/// An event as its organiser plans it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventPlan {
    /// The event's name in links and certificates.
    pub event: Name,
    /// Chinese title.
    pub title_zh: String,
    /// English title.
    pub title_en: String,
    /// The organiser's account.
    pub organiser: Name,
    /// The region where it takes place: recognition is towards it.
    pub region: RegionCode,
    /// It begins.
    pub starts_at: Timestamp,
    /// It ends.
    pub ends_at: Timestamp,
    /// Donations are accepted until then; at most one year after the end.
    pub donations_until: Timestamp,
    /// Its emissions by category; the sum is the target.
    pub inventory: Vec<InventoryItem>,
    /// Which donations are accepted at once.
    pub policy: DonationPolicy,
}

/// The organiser's recorded policy: what is accepted at once. Everything else that is eligible waits for the organiser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DonationPolicy {
    /// Accept without a person, if everything below holds.
    pub accept_at_once: bool,
    /// Members whose donations may come; empty for every member.
    #[serde(default)]
    pub donors: Vec<NodeId>,
    /// Activities whose reductions are eligible; empty for every activity (D02 `event-unit-not-eligible`).
    #[serde(default)]
    pub activities: Vec<Name>,
    /// First year of vintage that is eligible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vintage_first: Option<u16>,
}

/// A certificate: what was retired for whom, and where the log says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The donation or retirement that it certifies.
    pub certificate: MessageId,
    /// The federation.
    pub trust_domain: crate::id::TrustDomain,
    /// The member that gave.
    pub member: NodeId,
    /// The name that the donor gave, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub donor: Option<String>,
    /// The claim.
    pub claim: Claim,
    /// Retired blocks, as text.
    pub blocks: Vec<crate::serial::BlockRef>,
    /// Σ retired, in grams.
    pub quantity_g: Grams,
    /// Σ given, in grams: what the donor parted with.
    pub given_g: Grams,
    /// Σ to the hub's buffer, in grams.
    pub buffered_g: Grams,
    /// Σ cancelled as discount, in grams.
    pub cancelled_g: Grams,
    /// When it was committed.
    pub committed_at: Timestamp,
    /// The leaf of the transparency log that records it.
    pub log_index: i64,
    /// The name of the transparency log.
    pub log_origin: String,
    /// SHA-256 of the leaf (RFC 6962 leaf hash).
    pub leaf_hash: crate::id::Sha256,
    /// What the donated blocks were recognised for.
    pub uses: Uses,
    /// True if an issuance behind it was not screened for duplicates: a demonstration, not a claim to rely on.
    pub unscreened: bool,
}
