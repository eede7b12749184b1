//! The states of a mapping and of its proposal, what may follow what, and on which grounds one may be rejected.
//!
//! Who may cause a change is the hub's to decide; which changes there are is decided here (3-recognition, Mappings).

use tanqiao_protocol::words;

words! {
    /// The state of a mapping version.
    pub enum MappingState {
        /// Someone writes it.
        Draft = 1 "draft",
        /// It is proposed; nothing is examined yet. Where proposals of machines begin, and stay until a person moves them.
        Candidate = 2 "candidate",
        /// The sheets of both sides have their documents.
        EvidenceComplete = 3 "evidence-complete",
        /// The origin's member endorsed it.
        SourceEndorsed = 4 "source-endorsed",
        /// The target's member endorsed it too.
        TargetEndorsed = 5 "target-endorsed",
        /// Two officers approved it: it recognises within its validity.
        Active = 6 "active",
        /// One of its three parties stopped it; lifting needs all three.
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
    /// True if `next` may follow.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Draft => matches!(next, Self::Candidate),
            Self::Candidate => matches!(next, Self::EvidenceComplete | Self::Rejected),
            Self::EvidenceComplete => matches!(next, Self::SourceEndorsed | Self::Rejected),
            Self::SourceEndorsed => matches!(next, Self::TargetEndorsed | Self::Rejected),
            Self::TargetEndorsed => matches!(next, Self::Active | Self::Rejected),
            Self::Active => matches!(next, Self::Suspended | Self::Superseded | Self::Expired | Self::Revoked),
            Self::Suspended => matches!(next, Self::Active | Self::Superseded | Self::Expired | Self::Revoked),
            Self::Superseded | Self::Expired | Self::Revoked | Self::Rejected => false,
        }
    }

    /// True if nothing may follow.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Superseded | Self::Expired | Self::Revoked | Self::Rejected)
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
                assert_eq!(state.may_become(*next), later == position + 1, "{state} {next}");
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
