//! Who claims what: the report that shows whether anything is claimed twice.

use serde::{Deserialize, Serialize};

use super::RetirementView;
use crate::event::ClaimantKind;
use crate::id::Name;
use crate::permission::PermissionView;
use crate::quantity::Grams;
use crate::region::RegionCode;
use crate::text::words;
use crate::r#use::Use;

/// Which claims: all that fit every part that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimsQuery {
    /// Of this claimant, in the claim or in its linked obligation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimant: Option<String>,
    /// Of this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Name>,
    /// Made in this region or inside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// For this accounting year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<u16>,
}

/// `GET /v1/claims`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimReport {
    /// Which claims.
    pub query: ClaimsQuery,
    /// The claims, oldest first, each with its linked obligation.
    pub claims: Vec<RetirementView>,
    /// True if there are more claims than were listed; sums and flags are over all of them.
    pub more: bool,
    /// The permissions that claims of the list name.
    pub permissions: Vec<PermissionView>,
    /// Σ by year and use.
    pub sums: Vec<ClaimSum>,
    /// What somebody should look at.
    pub flags: Vec<ClaimFlag>,
}

/// What was claimed for one use in one accounting year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimSum {
    /// The accounting year.
    pub year: u16,
    /// The use.
    pub r#use: Use,
    /// True for linked obligations: these grams are counted in the claim that they are linked to as well.
    pub linked: bool,
    /// How many claims.
    pub claims: u64,
    /// Σ in grams.
    pub quantity_g: Grams,
}

words! {
    /// What somebody should look at among claims.
    pub enum ClaimFlagKind {
        /// Several members retired for one claimant, year and use.
        SeveralMembers = 1 "several-members",
        /// One obligation is met by a claim of its own and by linked ones too.
        MetTwice = 2 "met-twice",
        /// More was claimed under a permission than it permits.
        BeyondPermission = 3 "beyond-permission",
        /// More is claimed for an event than it has to neutralise.
        BeyondTarget = 4 "beyond-target",
        /// A claim for an event with no donation to it, or a donation with another claim or none.
        UnlikeDonation = 5 "unlike-donation",
    }
}

/// One thing that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimFlag {
    /// What kind of thing.
    pub kind: ClaimFlagKind,
    /// The claimant, the event, or the permission, donation or retirement by its id.
    pub subject: String,
    /// What kind of claimant, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimant_kind: Option<ClaimantKind>,
    /// The use, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#use: Option<Use>,
    /// The accounting year, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<u16>,
    /// What is claimed, in grams.
    pub claimed_g: Grams,
    /// What there is to be claimed, where that is known: the event's target, the permission's quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_g: Option<Grams>,
    /// How many members, or how many claims.
    pub count: u64,
}
