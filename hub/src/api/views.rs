//! The ledger's objects as the API shows them.

use tanqiao_protocol::challenge::ChallengeView;
use tanqiao_protocol::permission::{PermissionState, PermissionView};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::view::{DonationView, EventView, IssuanceView, PledgeView, RetirementView, TransferView};

use crate::ledger::objects::{Challenge, Donation, Event, Issuance, Permission, Pledge, Retirement, Transfer};

/// A transfer.
pub fn transfer(transfer: Transfer) -> TransferView {
    TransferView {
        transfer: transfer.id,
        source: transfer.source,
        target: transfer.target,
        state: transfer.state,
        r#use: transfer.r#use,
        blocks: transfer.content.blocks,
        quote: transfer.content.quote,
        payload_sha256: transfer.payload_sha256,
        valid_until: transfer.valid_until,
        price: transfer.content.price,
        proposed_at: transfer.proposed_at,
        ended_at: transfer.ended_at,
        reason: transfer.reason,
        delayed_until: transfer.delayed_until,
        checks: transfer.content.checks,
        log_index: transfer.log_index,
        end_log_index: transfer.end_log_index,
    }
}

/// A donation.
pub fn donation(donation: Donation) -> DonationView {
    DonationView {
        donation: donation.id,
        event: donation.event,
        donor: donation.donor,
        state: donation.state,
        blocks: donation.content.blocks,
        quote: donation.content.quote,
        valid_until: donation.valid_until,
        proposed_at: donation.proposed_at,
        ended_at: donation.ended_at,
        reason: donation.reason,
        checks: donation.content.checks,
        log_index: donation.log_index,
        end_log_index: donation.end_log_index,
    }
}

/// A retirement.
pub fn retirement(retirement: Retirement) -> RetirementView {
    RetirementView {
        retirement: retirement.id,
        member: retirement.member,
        blocks: retirement.blocks,
        quantity_g: retirement.quantity,
        claim: retirement.claim,
        retired_at: retirement.at,
        log_index: retirement.log_index,
    }
}

/// A challenge.
pub fn challenge(challenge: Challenge) -> ChallengeView {
    let answer = challenge.content.answer;
    ChallengeView {
        challenge: challenge.id,
        state: challenge.state,
        member: challenge.member,
        issuance: challenge.issuance,
        positions: challenge.content.positions,
        beacon: challenge.content.beacon,
        opened_at: challenge.opened_at,
        answer_until: challenge.answer_until,
        mailbox_pem: challenge.content.mailbox_pem,
        answered_at: answer.as_ref().map(|answer| answer.at),
        sealed_sha256: answer.as_ref().map(|answer| answer.sealed_sha256),
        ended_at: challenge.ended_at,
        notes: challenge.content.notes,
        log_index: challenge.log_index,
    }
}

/// A permission to link two obligations.
pub fn permission(permission: Permission) -> PermissionView {
    let left_g = match permission.state {
        PermissionState::Active => permission.left(),
        PermissionState::Revoked => Grams::ZERO,
    };
    PermissionView {
        permission: permission.id,
        state: permission.state,
        reserved_g: permission.reserved,
        used_g: permission.used,
        left_g,
        permitted_at: permission.at,
        log_index: permission.log_index,
        content: permission.content,
    }
}

/// A pledge.
pub fn pledge(pledge: Pledge) -> PledgeView {
    PledgeView {
        pledge: pledge.id,
        debtor: pledge.debtor,
        pledgee: pledge.pledgee,
        state: pledge.state,
        blocks: pledge.content.blocks,
        reference: pledge.content.reference,
        term: pledge.content.term,
        foreclosure_requested: pledge.foreclosure_requested,
        log_index: pledge.log_index,
    }
}

/// An issuance.
pub fn issuance(issuance: Issuance) -> IssuanceView {
    IssuanceView {
        issuance: issuance.id,
        issuer: issuance.issuer,
        state: issuance.state,
        unscreened: issuance.unscreened,
        blocks: issuance.block.into_iter().collect(),
        held: issuance.held,
        registered_at: issuance.registered_at,
        content: issuance.content,
        log_index: issuance.log_index,
    }
}

/// An event.
pub fn event(event: Event) -> EventView {
    EventView {
        room_g: event.room(),
        state: event.state,
        inventory_basis: event.basis,
        target_g: event.target,
        reserved_g: event.reserved,
        committed_g: event.committed,
        plan: event.plan,
    }
}
