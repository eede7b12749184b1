//! Transfers and donations: their states, each with one transition table, and who may move them.

use crate::text::words;

words! {
    /// The state of a transfer.
    pub enum TransferState {
        /// Received; its checks are running. Never stored: checks and reservation are one step.
        Proposed = 1 "proposed",
        /// Its blocks are reserved.
        Reserved = 2 "reserved",
        /// First dealing of two members: offered when the delay ends, unless withdrawn before (T06).
        Delayed = 3 "delayed",
        /// Waits for a second officer (T07).
        AwaitingApproval = 4 "awaiting-approval",
        /// The target may accept it until `valid_until`.
        Offered = 5 "offered",
        /// The target's signature was found good; commit follows in the same database transaction.
        Accepted = 6 "accepted",
        /// Done: the target holds what was delivered. Final.
        Committed = 10 "committed",
        /// A check refused it. Final; nothing was reserved.
        Refused = 11 "refused",
        /// The target said no. Final.
        Declined = 12 "declined",
        /// The source took it back. Final.
        Withdrawn = 13 "withdrawn",
        /// Nobody accepted it in time. Final.
        Expired = 14 "expired",
        /// Stopped by a freeze, a suspension or an officer. Final.
        Halted = 15 "halted",
    }
}

impl TransferState {
    /// Every permitted change.
    pub const TRANSITIONS: &'static [(Option<Self>, Self)] = &[
        (None, Self::Proposed),
        (Some(Self::Proposed), Self::Reserved),
        (Some(Self::Proposed), Self::Refused),
        (Some(Self::Reserved), Self::Delayed),
        (Some(Self::Reserved), Self::AwaitingApproval),
        (Some(Self::Reserved), Self::Offered),
        (Some(Self::Delayed), Self::AwaitingApproval),
        (Some(Self::Delayed), Self::Offered),
        (Some(Self::Delayed), Self::Withdrawn),
        (Some(Self::Delayed), Self::Expired),
        (Some(Self::Delayed), Self::Halted),
        (Some(Self::AwaitingApproval), Self::Offered),
        (Some(Self::AwaitingApproval), Self::Withdrawn),
        (Some(Self::AwaitingApproval), Self::Expired),
        (Some(Self::AwaitingApproval), Self::Halted),
        (Some(Self::Offered), Self::Accepted),
        (Some(Self::Offered), Self::Declined),
        (Some(Self::Offered), Self::Withdrawn),
        (Some(Self::Offered), Self::Expired),
        (Some(Self::Offered), Self::Halted),
        (Some(Self::Accepted), Self::Committed),
    ];

    /// True if a transfer may go from `from` to `to` in one step.
    #[must_use]
    pub fn permits(from: Option<Self>, to: Self) -> bool {
        Self::TRANSITIONS.contains(&(from, to))
    }

    /// True if `path` is a walk through the table that begins at `from`. A command may take several steps in one database
    /// transaction (`proposed → reserved → offered`); each of them must be permitted.
    #[must_use]
    pub fn permits_path(from: Option<Self>, path: &[Self]) -> bool {
        let mut at = from;
        path.iter().all(|&to| {
            let ok = Self::permits(at, to);
            at = Some(to);
            ok
        })
    }

    /// True for the states that nothing leaves.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Committed | Self::Refused | Self::Declined | Self::Withdrawn | Self::Expired | Self::Halted
        )
    }

    /// True while blocks stay reserved for it in the stored ledger.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Reserved | Self::Delayed | Self::AwaitingApproval | Self::Offered
        )
    }

    /// What ends this state when nobody acts: the sweep that owns it. `None` for final states and for the two that live
    /// only inside one database transaction.
    #[must_use]
    pub const fn sweep(self) -> Option<Sweep> {
        match self {
            Self::Delayed => Some(Sweep::DelayEnds),
            Self::AwaitingApproval | Self::Offered => Some(Sweep::ValidUntil),
            _ => None,
        }
    }
}

/// What the scheduled sweep does with a state that nobody ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sweep {
    /// The delay ends: the transfer is offered, or waits for approval.
    DelayEnds,
    /// `valid_until` has come: the transfer or donation expires and its blocks are released.
    ValidUntil,
}

words! {
    /// The state of a donation.
    pub enum DonationState {
        /// Its blocks and the event's room are reserved; the organiser's policy or the organiser decides.
        Reserved = 2 "reserved",
        /// Retired for the event. Final.
        Committed = 10 "committed",
        /// The organiser said no. Final.
        Declined = 12 "declined",
        /// The donor took it back. Final.
        Withdrawn = 13 "withdrawn",
        /// Nobody decided in time. Final.
        Expired = 14 "expired",
        /// Stopped by a freeze, a suspension or an officer. Final.
        Halted = 15 "halted",
    }
}

impl DonationState {
    /// Every permitted change.
    pub const TRANSITIONS: &'static [(Option<Self>, Self)] = &[
        (None, Self::Reserved),
        (Some(Self::Reserved), Self::Committed),
        (Some(Self::Reserved), Self::Declined),
        (Some(Self::Reserved), Self::Withdrawn),
        (Some(Self::Reserved), Self::Expired),
        (Some(Self::Reserved), Self::Halted),
    ];

    /// True if a donation may go from `from` to `to`.
    #[must_use]
    pub fn permits(from: Option<Self>, to: Self) -> bool {
        Self::TRANSITIONS.contains(&(from, to))
    }

    /// True for the states that nothing leaves.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Reserved)
    }

    /// What ends this state when nobody acts.
    #[must_use]
    pub const fn sweep(self) -> Option<Sweep> {
        match self {
            Self::Reserved => Some(Sweep::ValidUntil),
            _ => None,
        }
    }
}

words! {
    /// The state of a pledge. The end of its term alone changes nothing.
    pub enum PledgeState {
        /// Its blocks are `pledged`.
        Active = 2 "active",
        /// The pledgee gave them back. Final.
        Released = 10 "released",
        /// The pledgee took them. Final.
        Foreclosed = 11 "foreclosed",
    }
}

impl PledgeState {
    /// Every permitted change.
    pub const TRANSITIONS: &'static [(Option<Self>, Self)] = &[
        (None, Self::Active),
        (Some(Self::Active), Self::Released),
        (Some(Self::Active), Self::Foreclosed),
    ];

    /// True if a pledge may go from `from` to `to`.
    #[must_use]
    pub fn permits(from: Option<Self>, to: Self) -> bool {
        Self::TRANSITIONS.contains(&(from, to))
    }
}

words! {
    /// The state of an issuance (4-double-counting).
    pub enum IssuanceState {
        /// Its header is a leaf; its log index decides who is first.
        Registered = 1 "registered",
        /// Its tokens have arrived.
        Uploaded = 2 "uploaded",
        /// Its tokens are being compared.
        Screening = 3 "screening",
        /// Every activity has its serials. Final until a later conflict.
        Recognised = 10 "recognised",
        /// The clean part has its serials; the rest waits.
        PartiallyRecognised = 11 "partially-recognised",
        /// Nothing has serials yet; conflicts wait for a decision.
        HeldBack = 12 "held-back",
        /// A check refused it. Final.
        Refused = 13 "refused",
        /// Its tokens did not come within 24 hours. Final.
        Abandoned = 14 "abandoned",
    }
}

impl IssuanceState {
    /// Every permitted change. `registered → recognised` is the unscreened path, possible only where the hub is set to
    /// recognise without screening; such an issuance is marked `unscreened` for good. `screening` is never stored: the
    /// comparison runs beside the ledger, and its result is one step.
    pub const TRANSITIONS: &'static [(Option<Self>, Self)] = &[
        (None, Self::Registered),
        (Some(Self::Registered), Self::Uploaded),
        (Some(Self::Registered), Self::Recognised),
        (Some(Self::Registered), Self::Abandoned),
        (Some(Self::Uploaded), Self::Screening),
        (Some(Self::Uploaded), Self::Recognised),
        (Some(Self::Uploaded), Self::PartiallyRecognised),
        (Some(Self::Uploaded), Self::HeldBack),
        (Some(Self::Uploaded), Self::Refused),
        (Some(Self::Uploaded), Self::Abandoned),
        (Some(Self::Screening), Self::Recognised),
        (Some(Self::Screening), Self::PartiallyRecognised),
        (Some(Self::Screening), Self::HeldBack),
        (Some(Self::Screening), Self::Refused),
        // Another activity was released, and more wait or were refused.
        (Some(Self::PartiallyRecognised), Self::PartiallyRecognised),
        (Some(Self::PartiallyRecognised), Self::Recognised),
        (Some(Self::HeldBack), Self::PartiallyRecognised),
        (Some(Self::HeldBack), Self::Recognised),
        (Some(Self::HeldBack), Self::Refused),
    ];

    /// True if an issuance may go from `from` to `to`.
    #[must_use]
    pub fn permits(from: Option<Self>, to: Self) -> bool {
        Self::TRANSITIONS.contains(&(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transfer_state_that_can_be_stored_open_has_a_sweep_that_ends_it() {
        for &state in TransferState::ALL {
            // `reserved` is stored only inside the step that also delays, queues or offers it.
            if state.is_open() && state != TransferState::Reserved {
                assert!(state.sweep().is_some(), "{state} would stay open for ever");
            }
            if state.is_final() {
                assert!(
                    TransferState::ALL
                        .iter()
                        .all(|to| !TransferState::permits(Some(state), *to)),
                    "{state} is final"
                );
            }
        }
        assert!(DonationState::ALL.iter().all(|s| s.is_final() || s.sweep().is_some()));
    }

    #[test]
    fn every_state_can_be_reached_and_every_open_one_can_end() {
        for &state in TransferState::ALL {
            assert!(
                TransferState::TRANSITIONS.iter().any(|(_, to)| *to == state),
                "{state} cannot be reached"
            );
            assert!(
                state.is_final() || TransferState::TRANSITIONS.iter().any(|(from, _)| *from == Some(state)),
                "{state} is a dead end"
            );
        }
    }

    #[test]
    fn a_direct_offer_is_a_permitted_path_and_a_shortcut_is_not() {
        use TransferState::{Committed, Offered, Proposed, Reserved};
        assert!(TransferState::permits_path(None, &[Proposed, Reserved, Offered]));
        assert!(!TransferState::permits_path(Some(Offered), &[Committed]));
        assert!(!TransferState::permits_path(None, &[Offered]));
    }
}
