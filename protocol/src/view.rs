//! What the hub answers: the JSON of its federation API, beside the messages that it takes.

use serde::{Deserialize, Serialize};

use crate::block::{BlockState, BlockTerms};
use crate::event::{Claim, EventPlan, EventState, InventoryBasis};
use crate::id::{MessageId, Name, NodeId, Sha256, TrustDomain};
use crate::message::{Issuance, Listing, Methodology, Price};
use crate::methodology::{MappingRef, MethodologyRef};
use crate::problem::Problem;
use crate::quantity::{Factor, Grams};
use crate::recognition::{MappingRecord, Quote};
use crate::region::RegionCode;
use crate::serial::{BlockRef, SeriesRef};
use crate::signing::{KeyId, VerifyingKey};
use crate::text::words;
use crate::time::Timestamp;
use crate::transfer::{DonationState, IssuanceState, PledgeState, TransferState};
use crate::r#use::Use;

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

words! {
    /// Whether a mapping version recognises.
    pub enum MappingStatus {
        /// It recognises, within its validity.
        Active = 1 "active",
        /// Stopped; open transfers keep the version that their proposal named.
        Suspended = 2 "suspended",
        /// A later version replaced it.
        Superseded = 3 "superseded",
    }
}

/// One of `GET /v1/mappings`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingView {
    /// Whether it recognises.
    pub status: MappingStatus,
    /// Grams given under it this calendar year (UTC+8), reserved and committed.
    pub given_g: Grams,
    /// The record.
    #[serde(flatten)]
    pub record: MappingRecord,
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

/// One check that ran, and what it saw: a refusal is explained, not only named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRun {
    /// The check's number, such as `B03`.
    pub check: String,
    /// What it saw.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub saw: String,
}

/// `GET /v1/transfers/{id}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferView {
    /// Its id: that of the proposal.
    pub transfer: MessageId,
    /// Who offers.
    pub source: NodeId,
    /// To whom.
    pub target: NodeId,
    /// Its state.
    pub state: TransferState,
    /// For what.
    pub r#use: Use,
    /// The blocks.
    pub blocks: Vec<BlockRef>,
    /// What recognition does with them.
    pub quote: Quote,
    /// SHA-256 of the source's signed payload, which the acceptance signs.
    pub payload_sha256: Sha256,
    /// Until when the target may accept.
    pub valid_until: Timestamp,
    /// Price as the members agreed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it waits or how it ended, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When a delay ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delayed_until: Option<Timestamp>,
    /// The checks that ran.
    pub checks: Vec<CheckRun>,
    /// The leaf of the reservation.
    pub log_index: i64,
    /// The leaf of the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_log_index: Option<i64>,
}

/// `GET /v1/donations/{id}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DonationView {
    /// Its id: that of the donor's message.
    pub donation: MessageId,
    /// The event.
    pub event: Name,
    /// Who gives.
    pub donor: NodeId,
    /// Its state.
    pub state: DonationState,
    /// The blocks.
    pub blocks: Vec<BlockRef>,
    /// What recognition does with them.
    pub quote: Quote,
    /// Until when the organiser may decide.
    pub valid_until: Timestamp,
    /// When it was given.
    pub proposed_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// How it ended, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The checks that ran.
    pub checks: Vec<CheckRun>,
    /// The leaf of the reservation.
    pub log_index: i64,
    /// The leaf of the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_log_index: Option<i64>,
}

/// `GET /v1/retirements/{id}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetirementView {
    /// Its id.
    pub retirement: MessageId,
    /// Who retired.
    pub member: NodeId,
    /// The blocks.
    pub blocks: Vec<BlockRef>,
    /// Σ in grams.
    pub quantity_g: Grams,
    /// The claim.
    pub claim: Claim,
    /// When.
    pub retired_at: Timestamp,
    /// The leaf.
    pub log_index: i64,
}

/// `GET /v1/pledges/{id}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PledgeView {
    /// Its id.
    pub pledge: MessageId,
    /// Whose blocks.
    pub debtor: NodeId,
    /// To whom.
    pub pledgee: NodeId,
    /// Its state.
    pub state: PledgeState,
    /// The blocks.
    pub blocks: Vec<BlockRef>,
    /// The debt's reference.
    pub reference: Name,
    /// The end of the term.
    pub term: Timestamp,
    /// True once the pledgee's consent to foreclose waits for two officers.
    pub foreclosure_requested: bool,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// `GET /v1/issuances/{id}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuanceView {
    /// Its id.
    pub issuance: MessageId,
    /// Who issued.
    pub issuer: NodeId,
    /// Its state.
    pub state: IssuanceState,
    /// True if its activities were not screened for duplicates.
    pub unscreened: bool,
    /// The serials that it was given.
    pub blocks: Vec<BlockRef>,
    /// The header.
    pub content: Issuance,
    /// The leaf of the header.
    pub log_index: i64,
}

/// One of `GET /v1/events`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventView {
    /// The plan.
    #[serde(flatten)]
    pub plan: EventPlan,
    /// Whether it takes donations.
    pub state: EventState,
    /// Whether the inventory is the plan's or verified.
    pub inventory_basis: InventoryBasis,
    /// What is to be covered, in grams.
    pub target_g: Grams,
    /// Delivered grams of undecided donations.
    pub reserved_g: Grams,
    /// Delivered grams of committed donations.
    pub committed_g: Grams,
    /// What may still be donated, in grams.
    pub room_g: Grams,
}

/// What a command did. One shape for all, so that a client needs one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What it is about: `transfer/<id>`, ….
    pub subject: String,
    /// The state of the subject afterwards, where it has states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The leaf that records it.
    pub log_index: i64,
    /// The decision time.
    pub at: Timestamp,
    /// Grams that arrive, for a transfer or donation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_g: Option<Grams>,
    /// Grams to the hub's buffer, for a transfer or donation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffered_g: Option<Grams>,
    /// Grams cancelled as discount, for a transfer or donation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_g: Option<Grams>,
    /// Serials that an issuance was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<BlockRef>,
}

/// The answer to one item of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemResult {
    /// The item's id; absent if none could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// The HTTP status that it would have had alone.
    pub status: u16,
    /// What it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// The answer to every write: one result an item, in the order of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// One an item.
    pub results: Vec<ItemResult>,
}

/// The body of a `transfer.offered` entry at the target: everything that its own checks and its signature need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Who offers.
    pub source: NodeId,
    /// For what.
    pub r#use: Use,
    /// The blocks.
    pub blocks: Vec<BlockRef>,
    /// What recognition does with them.
    pub quote: Quote,
    /// Until when it may be accepted.
    pub valid_until: Timestamp,
    /// Price as the members agreed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The source's signed payload, as received.
    pub payload: String,
    /// SHA-256 of that payload.
    pub payload_sha256: Sha256,
    /// The signature over it, or the envelope of the batch that it came in.
    pub evidence: Evidence,
}

/// Where the signature over a payload is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The payload's own DSSE signatures.
    Signatures(Vec<crate::envelope::Signature>),
    /// It is an item of the batch with this SHA-256: `GET /v1/envelopes/{sha256}` has the batch as received.
    Batch {
        /// SHA-256 of the batch's payload.
        envelope: Sha256,
        /// The item's position.
        item: u32,
    },
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
}
