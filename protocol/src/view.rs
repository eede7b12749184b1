//! What the hub answers: the JSON of its federation API, beside the messages that it takes.

mod answer;
mod assets;
mod claims;
mod dealings;
mod mappings;
mod totals;

use crate::block::{BlockState, BlockTerms};
use crate::id::{MessageId, Name, NodeId, TrustDomain};
use crate::message::{Listing, Methodology};
use crate::methodology::{MappingRef, MethodologyRef};
use crate::quantity::{Factor, Grams};
use crate::recognition::Quote;
use crate::region::RegionCode;
use crate::serial::{BlockRef, SeriesRef};
use crate::signing::{KeyId, VerifyingKey};
use crate::text::words;
use crate::time::Timestamp;
use crate::r#use::Use;
use serde::{Deserialize, Serialize};

pub use answer::{Evidence, ItemResult, Offer, Outcome, Results};
pub use assets::{
    AssetConflictView, AssetContender, AssetDetail, AssetRevision, AssetSide, AssetView, ExclusivityView,
};
pub use claims::{ClaimFlag, ClaimFlagKind, ClaimReport, ClaimSum, ClaimsQuery};
pub use dealings::{
    CheckRun, DonationView, EventView, HeldCounts, IssuanceView, PledgeView, RetirementView, TransferView,
};
pub use mappings::{Comment, Endorsement, MappingDetail, MappingView, SheetView, Suspension};
pub use totals::{PublicTotals, TotalsLine};

/// `GET /v1/hub`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubInfo {
    /// The program's version.
    pub version: String,
    /// The protocol version, [`crate::PROTOCOL_VERSION`].
    pub protocol: u32,
    /// The federation.
    pub trust_domain: TrustDomain,
    /// The name of the transparency log.
    pub log_origin: String,
    /// The log's verifier key (C2SP signed-note `vkey`).
    pub log_public_key: String,
    /// Every key that signs the log now, the oldest first: two while one is in the place of the other.
    #[serde(default)]
    pub log_public_keys: Vec<String>,
    /// Number of leaves.
    pub log_size: i64,
    /// The hub's clock.
    pub time: Timestamp,
    /// True while the regulator's global stop is on (N07).
    pub frozen: bool,
    /// True if unscreened issuances may cross a border here: a demonstration.
    pub demonstration: bool,
    /// Limits.
    pub limits: Limits,
}

/// The answer to `POST /v1/log/cosignatures`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CosignatureTaken {
    /// The size that was cosigned.
    pub size: u64,
    /// How many admitted witnesses have cosigned it.
    pub cosignatures: usize,
    /// How many have to.
    pub quorum: usize,
    /// True if this head, or a later one, is published.
    pub published: bool,
}

/// Limits that a client should respect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest request body, bytes.
    pub request_bytes_max: usize,
    /// Most items a request.
    pub items_per_request_max: usize,
    /// Most blocks a command.
    pub blocks_per_command_max: usize,
    /// Most blocks a request.
    pub blocks_per_request_max: usize,
    /// Requests a second and member, sustained.
    pub requests_per_second_max: u32,
}

words! {
    /// What kind of member.
    pub enum MemberKind {
        /// One region's registry.
        Region = 1 "region",
        /// A nationwide enterprise platform.
        Enterprise = 2 "enterprise",
        /// A party with a signing key and no node: a pledgee.
        Party = 3 "party",
        /// The hub's own.
        Hub = 4 "hub",
        /// One of the three that evaluate fingerprint tokens: a signing key, no node and no blocks.
        Evaluator = 5 "evaluator",
    }
}

impl MemberKind {
    /// Whether the hub keeps a feed for it: parties and evaluators have no node that would follow one.
    #[must_use]
    pub const fn has_feed(self) -> bool {
        !matches!(self, Self::Party | Self::Evaluator)
    }

    /// Whether it runs a node: a registry of its own.
    #[must_use]
    pub const fn has_node(self) -> bool {
        matches!(self, Self::Region | Self::Enterprise)
    }
}

words! {
    /// A member's standing.
    pub enum MemberStatus {
        /// Enrolled, not admitted yet (N03).
        Candidate = 1 "candidate",
        /// In good standing.
        Admitted = 2 "admitted",
        /// Nothing is accepted from it (N02).
        Suspended = 3 "suspended",
    }
}

words! {
    /// Whether a signing key counts.
    pub enum KeyStatus {
        /// Proposed; an officer has to approve it.
        Proposed = 1 "proposed",
        /// Signs.
        Active = 2 "active",
        /// Signed until `last_index`.
        Retired = 3 "retired",
    }
}

/// A member's signing key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    /// Its id in envelopes.
    pub key_id: KeyId,
    /// The key.
    pub key: VerifyingKey,
    /// Whether it counts.
    pub status: KeyStatus,
    /// First log index at which it signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_index: Option<i64>,
    /// Last log index at which it signed, once retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_index: Option<i64>,
    /// The log index from which on nothing counts that it has signed, where it came into other hands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distrusted_from: Option<i64>,
}

impl KeyView {
    /// True if a signature counts whose message was sequenced at `log_index`: the key was active there, and is trusted.
    #[must_use]
    pub fn counts_at(&self, log_index: i64) -> bool {
        self.first_index.is_some_and(|first| first <= log_index)
            && self.last_index.is_none_or(|last| log_index <= last)
            && self.distrusted_from.is_none_or(|from| log_index < from)
    }
}

/// One of `GET /v1/members`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberView {
    /// Its id.
    pub member: NodeId,
    /// Its region.
    pub region: RegionCode,
    /// Its kind.
    pub kind: MemberKind,
    /// Its standing.
    pub status: MemberStatus,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Its signing keys.
    pub keys: Vec<KeyView>,
}

/// One of `GET /v1/methodologies`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodologyView {
    /// Who published it.
    pub publisher: NodeId,
    /// The publication.
    #[serde(flatten)]
    pub content: Methodology,
}

/// One of `GET /v1/blocks`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockView {
    /// The block.
    pub block: BlockRef,
    /// Its quantity in grams.
    pub quantity_g: Grams,
    /// Who holds it.
    pub holder: NodeId,
    /// Its state.
    pub state: BlockState,
    /// What binds or ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<MessageId>,
    /// What recognition has fixed.
    pub terms: BlockTerms,
    /// The leaf that last changed it.
    pub log_index: i64,
}

/// A page of a list; the next begins at `after=<next>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One of `GET /v1/credits`: who has what, and how much of it would arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditView {
    /// Who offers.
    pub member: NodeId,
    /// The activity, such as `rail-transit`.
    pub activity: Name,
    /// The listing.
    #[serde(flatten)]
    pub listing: Listing,
    /// What recognition would do with the whole quantity, where `to` and `use` were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recognised: Option<Quote>,
}

/// A series and what was issued in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesView {
    /// The series.
    pub series: SeriesRef,
    /// Grams issued, which is its last serial.
    pub issued_g: Grams,
}

/// A question to `GET /v1/recognition`, as query parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecognitionQuery {
    /// The origin's methodology version.
    pub methodology: MethodologyRef,
    /// Where it would be used.
    pub to: RegionCode,
    /// For what.
    pub r#use: Use,
    /// The vintage.
    pub vintage: u16,
    /// Grams given; or
    #[serde(default)]
    pub quantity_g: Option<Grams>,
    /// grams to be delivered: the answer has the smallest quantity that delivers them.
    #[serde(default)]
    pub deliver_g: Option<Grams>,
    /// The factor that the blocks have paid already; 1000000 when absent.
    #[serde(default)]
    pub paid: Option<Factor>,
    /// The mapping that they came by, where they came from elsewhere.
    #[serde(default)]
    pub mapping: Option<MappingRef>,
    /// Where the acts took place; the methodology's own region when absent.
    #[serde(default)]
    pub region_of_act: Option<RegionCode>,
    /// The issuance that they come from: needed where activity data travel and fix the factor of a batch.
    #[serde(default)]
    pub issuance: Option<MessageId>,
}
