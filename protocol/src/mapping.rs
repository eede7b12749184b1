//! Mappings between methodologies on their way to recognition: their states, who may say what, and the messages that members
//! sign (3-recognition, Mappings).
//!
//! A member proposes; the hub examines the sheets of both sides, computes the factor and makes the record; the origin's member,
//! then the using region's member endorse the record's hash; after the time for comments two officers approve it.

use serde::{Deserialize, Serialize};

use crate::id::{NodeId, Sha256};
use crate::methodology::{MappingRef, MethodologyRef};
use crate::quantity::{Factor, Grams};
use crate::recognition::Predicate;
use crate::region::RegionCode;
use crate::text::words;
use crate::time::Timestamp;
use crate::r#use::Uses;

words! {
    /// The state of a mapping version.
    pub enum MappingState {
        /// Its proposer still writes it: nothing is examined, and a later proposal under the same name replaces it.
        Draft = 1 "draft",
        /// It is proposed; evidence is missing, or a gate is not open. Examined again whenever a sheet of it changes.
        Candidate = 2 "candidate",
        /// The sheets of both sides suffice: the hub has computed the factor and made the record. Comments may be made.
        EvidenceComplete = 3 "evidence-complete",
        /// The origin's member endorsed the record.
        SourceEndorsed = 4 "source-endorsed",
        /// The using region's member endorsed it too.
        TargetEndorsed = 5 "target-endorsed",
        /// Two officers approved it: it recognises within its validity.
        Active = 6 "active",
        /// One of its three parties, or a change of what it rests on, stopped it; lifting needs all three parties.
        Suspended = 7 "suspended",
        /// A later version replaced it.
        Superseded = 8 "superseded",
        /// Its validity is over.
        Expired = 9 "expired",
        /// It was taken back for good.
        Revoked = 10 "revoked",
        /// It was examined and refused, on a ground of the closed list.
        Rejected = 11 "rejected",
    }
}

impl MappingState {
    /// True if `next` may follow. A draft and a candidate may also stay what they are. What is not active yet falls back to
    /// `candidate` when a sheet that it rests on changes: its record and endorsements are then void.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Draft => matches!(next, Self::Candidate),
            Self::Candidate => matches!(next, Self::EvidenceComplete | Self::Rejected),
            Self::EvidenceComplete => matches!(next, Self::SourceEndorsed | Self::Candidate | Self::Rejected),
            Self::SourceEndorsed => matches!(next, Self::TargetEndorsed | Self::Candidate | Self::Rejected),
            Self::TargetEndorsed => matches!(next, Self::Active | Self::Candidate | Self::Rejected),
            Self::Active => matches!(next, Self::Suspended | Self::Superseded | Self::Expired | Self::Revoked),
            Self::Suspended => matches!(next, Self::Active | Self::Superseded | Self::Expired | Self::Revoked),
            Self::Superseded | Self::Expired | Self::Revoked | Self::Rejected => false,
        }
    }

    /// True if one leaf may say `to` of a version that was `from`: the same again (a comment, a first approval, a party's consent to
    /// lift), the next state, or evidence that is complete at once when it is examined, at first or anew.
    #[must_use]
    pub const fn permits(from: Option<Self>, to: Self) -> bool {
        match from {
            // The leaf that activated a mapping of the time before proposals says no state.
            None => !matches!(to, Self::SourceEndorsed | Self::TargetEndorsed | Self::Active),
            Some(from) => {
                (from.code() == to.code() && !from.is_final())
                    || from.may_become(to)
                    || (matches!(to, Self::EvidenceComplete) && from.may_become(Self::Candidate))
            }
        }
    }

    /// True if nothing may follow.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Superseded | Self::Expired | Self::Revoked | Self::Rejected)
    }

    /// True once it was approved: it recognises, or did.
    #[must_use]
    pub const fn was_approved(self) -> bool {
        matches!(
            self,
            Self::Active | Self::Suspended | Self::Superseded | Self::Expired | Self::Revoked
        )
    }

    /// True while its record waits for endorsements or approval.
    #[must_use]
    pub const fn awaits_parties(self) -> bool {
        matches!(
            self,
            Self::EvidenceComplete | Self::SourceEndorsed | Self::TargetEndorsed
        )
    }
}

words! {
    /// On what ground a mapping may be rejected: a closed list, after the rule for guarantees of origin in the EU.
    pub enum RejectionGround {
        /// Its figures are doubted.
        Accuracy = 1 "accuracy",
        /// The way in which they came about is doubted.
        Reliability = 2 "reliability",
        /// Its statements are doubted.
        Veracity = 3 "veracity",
        /// The same reduction would count twice.
        DoubleCounting = 4 "double-counting",
        /// The law forbids it.
        LegalBar = 5 "legal-bar",
    }
}

words! {
    /// How batches cross.
    pub enum Mode {
        /// By the mapping's factor.
        Factor = 1 "factor",
        /// Quantified again by the target's or the reference methodology from the activity data sealed in the issuance.
        Requantify = 2 "requantify",
    }
}

words! {
    /// The parties of a mapping, each of whom may stop it and must agree to it.
    pub enum Party {
        /// The member whose methodology quantified the reductions; the officers, where that is a reference methodology.
        Source = 1 "source",
        /// The member of the region where they would be used.
        Target = 2 "target",
        /// The regulator's officers.
        Regulator = 3 "regulator",
    }
}

/// What a member, or an officer, proposes. The factor is not part of it: the hub computes it from the sheets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingProposal {
    /// The version that it shall be; the next of its name.
    pub mapping: MappingRef,
    /// The methodology that quantified the reductions.
    pub origin: MethodologyRef,
    /// The methodology of the using region, or the reference methodology that it goes by, to which the origin is compared.
    pub target: MethodologyRef,
    /// A reference methodology that bounds the factor as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<MethodologyRef>,
    /// A reference methodology through which it is composed: active mappings from the origin to it and from it to the target
    /// must exist, and their relations chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<MethodologyRef>,
    /// How origin and target relate.
    pub predicate: Predicate,
    /// How batches cross.
    #[serde(default = "Mode::by_factor")]
    pub mode: Mode,
    /// Where the reductions become usable.
    pub to: RegionCode,
    /// The member that signs for the using region; the hub's own for a mapping to a reference methodology.
    pub endorsed_by: NodeId,
    /// Where the acts took place: its parameters count in both methodologies.
    pub source_region: RegionCode,
    /// First year of vintage.
    pub vintage_first: u16,
    /// Last year of vintage; the smallest factor of all these years counts.
    pub vintage_last: u16,
    /// For which uses.
    pub uses: Uses,
    /// The share of what is recognised that goes to the hub's buffer at the first crossing, in millionths.
    pub buffer: Factor,
    /// The most grams that may be given in a calendar year (UTC+8); absent for no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_g: Option<Grams>,
    /// Recognises from this instant.
    pub valid_from: Timestamp,
    /// When it shall end; at the latest 12 months after it begins, and earlier if something that it rests on ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// True to keep it as a draft.
    #[serde(default)]
    pub draft: bool,
}

/// A member's yes to a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingEndorsement {
    /// The mapping version.
    pub mapping: MappingRef,
    /// The hash of the record that the member has read ([`crate::recognition::MappingRecord::sha256`]).
    pub record_sha256: Sha256,
}

/// A member's no, which ends the proposal. Only on a ground of the closed list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingObjection {
    /// The mapping version.
    pub mapping: MappingRef,
    /// On which ground.
    pub ground: RejectionGround,
    /// Why, for people; at most 2,000 characters.
    pub reason: String,
}

/// The emergency stop by one of the parties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingSuspension {
    /// The mapping version.
    pub mapping: MappingRef,
    /// Why, for people; at most 500 characters.
    pub reason: String,
}

/// One party's consent that a suspended mapping recognises again; it does once all three have consented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingLifting {
    /// The mapping version.
    pub mapping: MappingRef,
}

/// A comment on a proposal. Never a person's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingComment {
    /// The mapping version.
    pub mapping: MappingRef,
    /// The comment; at most 2,000 characters.
    pub text: String,
}

impl Mode {
    const fn by_factor() -> Self {
        Self::Factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_becomes_active_by_every_step_and_in_no_other_way() {
        use MappingState::{Active, Candidate, Draft, EvidenceComplete, SourceEndorsed, Suspended, TargetEndorsed};
        let way = [
            Draft,
            Candidate,
            EvidenceComplete,
            SourceEndorsed,
            TargetEndorsed,
            Active,
        ];
        for (position, state) in way.iter().enumerate() {
            for (later, next) in way.iter().enumerate() {
                let back_to_candidate = state.awaits_parties() && *next == Candidate;
                let follows = later == position + 1 || back_to_candidate;
                assert_eq!(state.may_become(*next), follows, "{state} {next}");
            }
        }
        assert!(Active.may_become(Suspended) && Suspended.may_become(Active));
        assert!(
            !Active.may_become(MappingState::Rejected),
            "what recognised is revoked, not rejected"
        );
    }

    #[test]
    fn nothing_follows_a_final_state() {
        for state in MappingState::ALL {
            let follows = MappingState::ALL.iter().any(|next| state.may_become(*next));
            assert_eq!(follows, !state.is_final(), "{state}");
        }
    }
}
