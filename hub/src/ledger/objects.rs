//! What the ledger knows besides blocks: governance, transfers, donations, events, and what else commands read and write.

mod assets;
mod challenges;
mod claims;
mod contradictions;
mod log;
mod recognition;
mod reconciliations;
mod screening;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tanqiao_mappings::factors::FactorRecord;
use tanqiao_mappings::recognition::MappingSet;
use tanqiao_protocol::event::{Claim, EventPlan, EventState, InventoryBasis, LinkedObligation};
use tanqiao_protocol::fingerprint::{Epoch, EpochKeys, TokenSuite};
use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256, TrustDomain};
use tanqiao_protocol::message::{Issuance as IssuanceHeader, Listing as ListingContent, Methodology, Price};
use tanqiao_protocol::methodology::{MappingRef, MethodologyRef};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::recognition::Quote;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::signing::{KeyId, VerifyingKey};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::transfer::{DonationState, IssuanceState, PledgeState, TransferState};
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{CheckRun, HeldCounts, KeyStatus, MemberKind, MemberStatus};

pub use assets::{
    AssetConflict, AssetConflictContent, AssetKey, AssetUse, Contender, EntryKey, ListedEntry, RegisteredAsset,
    SchemeEntry, SchemeList, Uses,
};
pub use challenges::{Answered, Challenge, ChallengeContent};
pub use claims::Permission;
pub use contradictions::Contradicted;
pub use log::{ForkReport, LogGovernance, LogKey, LogRules, WitnessStanding};
pub use recognition::{
    Candidate, CandidateSet, MappingContent, MappingVersion, PublishedData, Registry, SheetVersion, mapping_set,
};
pub use reconciliations::{Reconciled, ReconciledContent};
pub use screening::{
    Collided, Collision, Conflict, ConflictContent, Contested, Cover, Debt, Holding, Named, Owned, Position, Said,
    Screened, SharedToken,
};

/// Members, keys, methodologies, mappings, officers and policy: read by every decision, changed seldom. Cached under the
/// version in the log head.
#[derive(Debug, Clone)]
pub struct Governance {
    /// The version in the log head that this was read at.
    pub version: i64,
    /// Members by id.
    pub members: BTreeMap<NodeId, Member>,
    /// Signing keys by id.
    pub keys: BTreeMap<KeyId, Key>,
    /// Published methodology versions.
    pub methodologies: BTreeMap<MethodologyRef, Published>,
    /// Mapping versions, indexed for recognition.
    pub mappings: MappingSet,
    /// Mapping versions with what the store keeps of them.
    pub mapping_versions: BTreeMap<MappingRef, MappingVersion>,
    /// Attribute sheets, as last published.
    pub sheets: BTreeMap<MethodologyRef, SheetVersion>,
    /// The versions of reference methodologies, each with the leaf of its first sheet.
    pub references: BTreeMap<MethodologyRef, i64>,
    /// Emission factor records that officers published beside the catalogue's.
    pub factor_records: BTreeMap<Name, FactorRecord>,
    /// What is known of members' registries.
    pub registries: BTreeMap<NodeId, Registry>,
    /// The catalogue's published data with `factor_records`.
    pub published: Arc<PublishedData>,
    /// The token keys of each month.
    pub token_epochs: BTreeMap<Epoch, EpochStanding>,
    /// Officers, auditors and organisers.
    pub officers: BTreeMap<Name, Officer>,
    /// What officers have set.
    pub policy: Policy,
    /// Keys and witnesses of the transparency log.
    pub log: LogGovernance,
    /// Serials of which the ledger does not say what the log says, by reconciliation.
    pub contradictions: BTreeMap<MessageId, Contradicted>,
}

impl Default for Governance {
    fn default() -> Self {
        Self {
            version: 0,
            members: BTreeMap::new(),
            keys: BTreeMap::new(),
            methodologies: BTreeMap::new(),
            mappings: MappingSet::default(),
            mapping_versions: BTreeMap::new(),
            sheets: BTreeMap::new(),
            references: BTreeMap::new(),
            factor_records: BTreeMap::new(),
            registries: BTreeMap::new(),
            published: PublishedData::shipped(),
            token_epochs: BTreeMap::new(),
            officers: BTreeMap::new(),
            policy: Policy::default(),
            log: LogGovernance::default(),
            contradictions: BTreeMap::new(),
        }
    }
}

/// The token keys of a month, as its evaluators state them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochStanding {
    /// The keys.
    pub keys: EpochKeys,
    /// The evaluators that have stated them.
    pub stated_by: BTreeSet<NodeId>,
    /// The leaf by which they hold: once all have stated the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_index: Option<i64>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
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
}

/// A member's signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Whose.
    pub member: NodeId,
    /// The key.
    pub key: VerifyingKey,
    /// Whether it counts.
    pub status: KeyStatus,
    /// First log index at which it signs.
    pub first_index: Option<i64>,
    /// Last log index at which it signed.
    pub last_index: Option<i64>,
    /// The log index from which on nothing counts that it has signed: it came into other hands.
    pub distrusted_from: Option<i64>,
}

/// A published methodology version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Who published it.
    pub publisher: NodeId,
    /// The publication.
    pub content: Methodology,
    /// The leaf.
    pub log_index: i64,
}

tanqiao_protocol::words! {
    /// What an account at the hub may do.
    pub enum Role {
        /// Admits, freezes, approves; the regulator's staff.
        Officer = 1 "officer",
        /// Reads everything, changes nothing.
        Auditor = 2 "auditor",
        /// Runs events.
        Organiser = 3 "organiser",
    }
}

/// An account at the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    /// What it may do.
    pub role: Role,
    /// argon2id hash in PHC form.
    pub password_hash: String,
    /// False once withdrawn.
    pub active: bool,
}

/// What officers have set for the whole federation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The federation.
    pub trust_domain: TrustDomain,
    /// Unscreened issuances may cross a border: only for demonstrations.
    #[serde(default)]
    pub demonstration: bool,
    /// How long the first dealing of two members waits before it is offered, in seconds; 0 for no delay (T06).
    #[serde(default)]
    pub first_dealing_delay_s: u32,
    /// From how many grams given an officer has to approve; absent for never (T07).
    #[serde(default)]
    pub second_approval_from_g: Option<Grams>,
    /// The smallest block that a split may leave, in grams (B08).
    #[serde(default = "one_gram")]
    pub smallest_piece_g: Grams,
    /// Every issuance is screened before it is recognised. Without it an issuance may come without tokens, and is marked
    /// `unscreened` for good.
    #[serde(default = "screened")]
    pub screening: bool,
    /// How fingerprint tokens are made: those of two suites never meet.
    #[serde(default = "suite")]
    pub token_suite: TokenSuite,
    /// How long comments on a mapping are awaited after its evidence is complete, in seconds; 0 for not at all.
    #[serde(default = "comment_period")]
    pub mapping_comment_period_s: u32,
}

/// Twenty working days.
const fn comment_period() -> u32 {
    28 * 86_400
}

const fn suite() -> TokenSuite {
    TokenSuite::Voprf
}

const fn screened() -> bool {
    true
}

fn one_gram() -> Grams {
    Grams::new(1).unwrap_or_default()
}

impl Default for Policy {
    /// Before the founding: no trust domain, nothing permitted beyond the rule.
    fn default() -> Self {
        Self {
            trust_domain: TrustDomain::default(),
            demonstration: false,
            first_dealing_delay_s: 0,
            second_approval_from_g: None,
            smallest_piece_g: one_gram(),
            screening: screened(),
            token_suite: suite(),
            mapping_comment_period_s: comment_period(),
        }
    }
}

/// A transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Its id: that of the proposal.
    pub id: MessageId,
    /// Who offers.
    pub source: NodeId,
    /// To whom.
    pub target: NodeId,
    /// Its state.
    pub state: TransferState,
    /// For what.
    pub r#use: Use,
    /// SHA-256 of the source's payload.
    pub payload_sha256: Sha256,
    /// Until when it may be accepted.
    pub valid_until: Timestamp,
    /// When its delay ends.
    pub delayed_until: Option<Timestamp>,
    /// The year in which its caps are counted.
    pub cap_year: u16,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it waits, or how it ended.
    pub reason: Option<String>,
    /// The leaf of the reservation.
    pub log_index: i64,
    /// The leaf of the end.
    pub end_log_index: Option<i64>,
    /// What does not change after the reservation.
    pub content: TransferContent,
}

/// What does not change in a transfer after its reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferContent {
    /// The serials offered.
    pub blocks: Vec<BlockRef>,
    /// What recognition does with them.
    pub quote: Quote,
    /// The price, for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The checks that ran.
    pub checks: Vec<CheckRun>,
    /// The source's payload as received, where an offer has still to carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// Where the signature over it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<tanqiao_protocol::view::Evidence>,
}

/// A donation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Donation {
    /// Its id: that of the donor's message.
    pub id: MessageId,
    /// The event.
    pub event: Name,
    /// Who gives.
    pub donor: NodeId,
    /// Its state.
    pub state: DonationState,
    /// SHA-256 of the donor's payload.
    pub payload_sha256: Sha256,
    /// Until when the organiser may decide.
    pub valid_until: Timestamp,
    /// The year in which its caps are counted.
    pub cap_year: u16,
    /// When it was given.
    pub proposed_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub reason: Option<String>,
    /// The leaf of the reservation.
    pub log_index: i64,
    /// The leaf of the end.
    pub end_log_index: Option<i64>,
    /// What does not change after the reservation.
    pub content: DonationContent,
}

/// What does not change in a donation after its reservation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DonationContent {
    /// The serials given.
    pub blocks: Vec<BlockRef>,
    /// What recognition does with them.
    pub quote: Quote,
    /// The name that the donor gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub donor_name: Option<String>,
    /// The obligation that it meets beside the event's claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<LinkedObligation>,
    /// The checks that ran.
    pub checks: Vec<CheckRun>,
}

/// An event and its room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The plan.
    pub plan: EventPlan,
    /// Whether it takes donations.
    pub state: EventState,
    /// Whether the inventory is the plan's or verified.
    pub basis: InventoryBasis,
    /// What is to be covered.
    pub target: Grams,
    /// The target, or what was already given when a smaller inventory replaced a larger one.
    pub ceiling: Grams,
    /// Delivered grams of undecided donations.
    pub reserved: Grams,
    /// Delivered grams of committed donations.
    pub committed: Grams,
    /// The leaf of its last change.
    pub log_index: i64,
}

impl Event {
    /// What may still be donated.
    #[must_use]
    pub fn room(&self) -> Grams {
        self.target
            .saturating_minus(self.reserved)
            .saturating_minus(self.committed)
    }
}

/// An issuance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuance {
    /// Its id.
    pub id: MessageId,
    /// Who issued.
    pub issuer: NodeId,
    /// Its state.
    pub state: IssuanceState,
    /// True if its activities were not screened.
    pub unscreened: bool,
    /// The serials of its clean activities.
    pub block: Option<BlockRef>,
    /// What was held back of it.
    pub held: HeldCounts,
    /// Grams of removals that were reversed.
    pub reversed: Grams,
    /// When its header came.
    pub registered_at: Timestamp,
    /// The header.
    pub content: IssuanceHeader,
    /// The leaf of the header.
    pub log_index: i64,
}

/// A retirement, or the retirement that a committed donation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    /// Its id.
    pub id: MessageId,
    /// Who retired.
    pub member: NodeId,
    /// Σ in grams.
    pub quantity: Grams,
    /// The claim.
    pub claim: Claim,
    /// The serials.
    pub blocks: Vec<BlockRef>,
    /// When.
    pub at: Timestamp,
    /// The leaf.
    pub log_index: i64,
}

/// A pledge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pledge {
    /// Its id.
    pub id: MessageId,
    /// Whose blocks.
    pub debtor: NodeId,
    /// To whom.
    pub pledgee: NodeId,
    /// Its state.
    pub state: PledgeState,
    /// True once the pledgee's consent to foreclose waits for two officers.
    pub foreclosure_requested: bool,
    /// What does not change.
    pub content: PledgeContent,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// What does not change in a pledge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PledgeContent {
    /// The serials.
    pub blocks: Vec<BlockRef>,
    /// The debt's reference.
    pub reference: Name,
    /// The end of the term.
    pub term: Timestamp,
}

/// A listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Who offers.
    pub member: NodeId,
    /// The listing.
    pub content: ListingContent,
    /// The leaf of its last change.
    pub log_index: i64,
}

/// What was given under a mapping version in a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CapCount {
    /// Grams in open transfers and donations.
    pub reserved: Grams,
    /// Grams in committed ones.
    pub committed: Grams,
}
