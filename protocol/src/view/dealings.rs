//! Transfers, donations, retirements, pledges, issuances and events, as they are answered.

use crate::event::{Claim, EventPlan, EventState, InventoryBasis};
use crate::id::{MessageId, Name, NodeId, Sha256};
use crate::message::{Issuance, Price};
use crate::quantity::Grams;
use crate::recognition::Quote;
use crate::serial::BlockRef;
use crate::time::Timestamp;
use crate::transfer::{DonationState, IssuanceState, PledgeState, TransferState};
use crate::r#use::Use;
use serde::{Deserialize, Serialize};

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

/// What was held back of an issuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HeldCounts {
    /// Activities that wait.
    pub waiting: u32,
    /// Their grams.
    pub waiting_g: Grams,
    /// Activities that were refused.
    pub refused: u32,
    /// Their grams.
    pub refused_g: Grams,
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
    /// The serials of its clean activities. Those of activities that were released later are in `held`.
    pub blocks: Vec<BlockRef>,
    /// What was held back.
    #[serde(default)]
    pub held: HeldCounts,
    /// When its header came.
    #[serde(default)]
    pub registered_at: Timestamp,
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
