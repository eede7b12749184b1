//! Linked obligations: one reduction that meets two obligations of the law, by an officer's decision and by nothing else
//! (4-double-counting, use and claim).

use serde::{Deserialize, Serialize};

use crate::event::{ClaimantKind, LinkedObligation};
use crate::id::{MessageId, Name, NodeId};
use crate::quantity::Grams;
use crate::region::RegionCode;
use crate::text::words;
use crate::time::Timestamp;
use crate::r#use::Use;

words! {
    /// The state of a permission to link two obligations. The end of its time changes no state: it serves no new claim.
    pub enum PermissionState {
        /// Claims may name it, within its quantity and until its time is over.
        Active = 2 "active",
        /// Taken back: nothing more may name it. What was claimed, or reserved for a donation, under it stands. Final.
        Revoked = 10 "revoked",
    }
}

impl PermissionState {
    /// Every permitted change.
    pub const TRANSITIONS: &'static [(Option<Self>, Self)] =
        &[(None, Self::Active), (Some(Self::Active), Self::Revoked)];

    /// True if a permission may go from `from` to `to`.
    #[must_use]
    pub fn permits(from: Option<Self>, to: Self) -> bool {
        Self::TRANSITIONS.contains(&(from, to))
    }
}

/// What officers permit: that reductions used for one claim also meet one obligation that the law links to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkedPermission {
    /// The member whose retirements or donations may name it.
    pub member: NodeId,
    /// The use of the claim.
    pub r#use: Use,
    /// The event whose claim it is; present if and only if `use` is `event-neutrality`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Name>,
    /// The use of the linked obligation; another one than `use`, and never `event-neutrality`, which a donation claims.
    pub linked_use: Use,
    /// Whose obligation is met; at most 200 characters.
    pub claimant: String,
    /// What kind of claimant; never an event.
    pub claimant_kind: ClaimantKind,
    /// The accounting year of the linked obligation.
    pub year: u16,
    /// Where it is met.
    pub place: RegionCode,
    /// How much may be claimed under it in all, in grams; 1 g at least.
    pub quantity_g: Grams,
    /// Nothing may be claimed, or given to an event, under it at or after this instant.
    pub until: Timestamp,
    /// On which ground, such as the number of the judgment; at most 500 characters, no personal data.
    pub reason: String,
}

impl LinkedPermission {
    /// The first member in which a claim differs from what is permitted, with what is permitted and what the claim says.
    #[must_use]
    pub fn misfit(
        &self,
        member: &NodeId,
        r#use: Use,
        event: Option<&Name>,
        linked: &LinkedObligation,
    ) -> Option<(&'static str, String, String)> {
        let no_event = || "no event".to_owned();
        let pairs = [
            ("member", self.member.to_string(), member.to_string()),
            ("use", self.r#use.to_string(), r#use.to_string()),
            (
                "event",
                self.event.as_ref().map_or_else(no_event, ToString::to_string),
                event.map_or_else(no_event, ToString::to_string),
            ),
            ("linked.use", self.linked_use.to_string(), linked.r#use.to_string()),
            ("linked.claimant", self.claimant.clone(), linked.claimant.clone()),
            (
                "linked.claimant_kind",
                self.claimant_kind.to_string(),
                linked.claimant_kind.to_string(),
            ),
            ("linked.year", self.year.to_string(), linked.year.to_string()),
            ("linked.place", self.place.to_string(), linked.place.to_string()),
        ];
        pairs.into_iter().find(|(_, permitted, said)| permitted != said)
    }
}

/// One of `GET /v1/permissions`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionView {
    /// Its id: that of the officers' decision, which a claim names.
    pub permission: MessageId,
    /// Its state.
    pub state: PermissionState,
    /// What is permitted.
    #[serde(flatten)]
    pub content: LinkedPermission,
    /// Grams reserved under it by donations that nobody has decided.
    pub reserved_g: Grams,
    /// Grams claimed under it.
    pub used_g: Grams,
    /// What may still be claimed, in grams; nothing once it is revoked.
    pub left_g: Grams,
    /// When it was given.
    pub permitted_at: Timestamp,
    /// The leaf of its last change.
    pub log_index: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission() -> LinkedPermission {
        LinkedPermission {
            member: "wuhan".parse().unwrap(),
            r#use: Use::EventNeutrality,
            event: Some("marathon".parse().unwrap()),
            linked_use: Use::EcologicalCompensation,
            claimant: "Example Works".to_owned(),
            claimant_kind: ClaimantKind::Organisation,
            year: 2026,
            place: "420100".parse().unwrap(),
            quantity_g: Grams::new(1_000).unwrap(),
            until: Timestamp::from_micros(1),
            reason: "judgment 1".to_owned(),
        }
    }

    fn linked() -> LinkedObligation {
        LinkedObligation {
            r#use: Use::EcologicalCompensation,
            claimant: "Example Works".to_owned(),
            claimant_kind: ClaimantKind::Organisation,
            year: 2026,
            place: "420100".parse().unwrap(),
            permission: "01900000-0000-7000-8000-000000000001".parse().unwrap(),
        }
    }

    fn misfit_of(member: &str, r#use: Use, event: Option<&str>, linked: &LinkedObligation) -> Option<&'static str> {
        let event = event.map(|name| name.parse().unwrap());
        permission()
            .misfit(&member.parse().unwrap(), r#use, event.as_ref(), linked)
            .map(|(member, ..)| member)
    }

    #[test]
    fn a_permission_fits_one_member_one_pair_of_uses_one_event_and_one_obligation() {
        let neutral = Use::EventNeutrality;
        assert_eq!(misfit_of("wuhan", neutral, Some("marathon"), &linked()), None);
        assert_eq!(
            misfit_of("harbin", neutral, Some("marathon"), &linked()),
            Some("member")
        );
        assert_eq!(misfit_of("wuhan", neutral, Some("games"), &linked()), Some("event"));
        assert_eq!(misfit_of("wuhan", neutral, None, &linked()), Some("event"));
        assert_eq!(misfit_of("wuhan", Use::PublicWelfare, None, &linked()), Some("use"));
        let with = |change: fn(&mut LinkedObligation)| {
            let mut other = linked();
            change(&mut other);
            misfit_of("wuhan", neutral, Some("marathon"), &other)
        };
        assert_eq!(with(|o| o.r#use = Use::EtsOffset), Some("linked.use"));
        assert_eq!(with(|o| o.claimant.push('x')), Some("linked.claimant"));
        assert_eq!(
            with(|o| o.claimant_kind = ClaimantKind::Member),
            Some("linked.claimant_kind")
        );
        assert_eq!(with(|o| o.year = 2025), Some("linked.year"));
        assert_eq!(with(|o| o.place = "420000".parse().unwrap()), Some("linked.place"));
    }
}
