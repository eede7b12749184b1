//! What the node may be asked to do.

use serde::{Deserialize, Serialize};
use tanqiao_protocol::event::{Claim, LinkedObligation};
use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256};
use tanqiao_protocol::message::{Issuance, Price, StaffDecision};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::r#use::Use;

use crate::ledger::AccountId;

/// Which serials of an account: so many grams, oldest serials first, or exactly these ranges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// So many grams by series and serial, lowest first; of one series where one is named.
    Quantity {
        /// How many, more than 0 g.
        quantity_g: Grams,
        /// Of this series only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        series: Option<SeriesRef>,
    },
    /// Exactly these, all of them free in the account.
    Blocks(Vec<BlockRef>),
}

impl Selection {
    /// So many grams of any series.
    #[must_use]
    pub const fn grams(quantity_g: Grams) -> Self {
        Self::Quantity {
            quantity_g,
            series: None,
        }
    }
}

/// What every command of a member has in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staffed {
    /// The id of the message, made by the caller so that a repeated request is the same request; a new one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// Who decided at the node, where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffDecision>,
}

/// What one account is to get of an issuance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueShare {
    /// The account; it must exist.
    pub account: AccountId,
    /// How much, more than 0 g.
    pub quantity_g: Grams,
}

/// Register an issuance. Serials are dealt to the accounts in this order, each account's run contiguous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueRequest {
    /// Id and staff.
    #[serde(flatten)]
    pub by: Staffed,
    /// The header as the hub gets it.
    pub issuance: Issuance,
    /// Who gets what; the sum is `issuance.quantity_g`.
    pub shares: Vec<IssueShare>,
}

/// Offer blocks to another member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRequest {
    /// Id and staff.
    #[serde(flatten)]
    pub by: Staffed,
    /// The account that gives.
    pub account: AccountId,
    /// What it gives.
    pub what: Selection,
    /// The member that shall receive it.
    pub target: NodeId,
    /// For what.
    pub r#use: Use,
    /// The quote that the offer relies on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Sha256>,
    /// Until when it may be accepted; seven days when absent, 30 days at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Price, for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// Give blocks to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DonationRequest {
    /// Id and staff.
    #[serde(flatten)]
    pub by: Staffed,
    /// The account that gives.
    pub account: AccountId,
    /// What it gives.
    pub what: Selection,
    /// The event.
    pub event: Name,
    /// The quote that the donation relies on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Sha256>,
    /// Until when the organiser may decide; seven days when absent, 30 days at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// The donor as the certificate shall name it, never a person; the member's own name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub donor: Option<String>,
    /// An obligation that the donation meets beside the event's claim, with the officers' decision that allowed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<LinkedObligation>,
}

/// Use blocks for one claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetireRequest {
    /// Id and staff.
    #[serde(flatten)]
    pub by: Staffed,
    /// The account that uses them.
    pub account: AccountId,
    /// What is used.
    pub what: Selection,
    /// For what.
    pub claim: Claim,
}

/// Take blocks out with no claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// Id and staff.
    #[serde(flatten)]
    pub by: Staffed,
    /// The account.
    pub account: AccountId,
    /// What is cancelled.
    pub what: Selection,
    /// Why; at most 500 characters, no personal data.
    pub reason: String,
}

/// Give blocks as collateral.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PledgeRequest {
    /// Id and staff.
    #[serde(flatten)]
    pub by: Staffed,
    /// The account.
    pub account: AccountId,
    /// What is pledged.
    pub what: Selection,
    /// To whom.
    pub pledgee: NodeId,
    /// The debt's reference.
    pub reference: Name,
    /// The end of the term.
    pub term: Timestamp,
}
