//! States as chips and words.

use tanqiao_console::Words;
use tanqiao_console::parts::{Chip, Kind};
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::transfer::TransferState;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{KeyStatus, MemberKind, MemberStatus};

use crate::store::console::ApprovalState;

pub(super) fn transfer(state: TransferState, words: &'static Words) -> Chip {
    let (kind, word) = match state {
        TransferState::Proposed => (Kind::Running, words.t_proposed),
        TransferState::Reserved => (Kind::Running, words.t_reserved),
        TransferState::Delayed => (Kind::Waiting, words.t_delayed),
        TransferState::AwaitingApproval => (Kind::Waiting, words.t_awaiting_approval),
        TransferState::Offered => (Kind::Running, words.t_offered),
        TransferState::Accepted => (Kind::Running, words.t_accepted),
        TransferState::Committed => (Kind::Good, words.t_committed),
        TransferState::Refused => (Kind::Bad, words.t_refused),
        TransferState::Declined => (Kind::Neutral, words.t_declined),
        TransferState::Withdrawn => (Kind::Neutral, words.t_withdrawn),
        TransferState::Expired => (Kind::Neutral, words.t_expired),
        TransferState::Halted => (Kind::Bad, words.t_halted),
    };
    Chip::new(kind, word)
}

pub(super) fn block(state: BlockState, words: &'static Words) -> Chip {
    let (kind, word) = match state {
        BlockState::Held => (Kind::Good, words.held),
        BlockState::Reserved => (Kind::Running, words.reserved),
        BlockState::Pledged => (Kind::Waiting, words.pledged),
        BlockState::Frozen => (Kind::Bad, words.frozen),
        BlockState::Retired => (Kind::Neutral, words.retired),
        BlockState::Cancelled => (Kind::Neutral, words.cancelled),
        BlockState::Exported => (Kind::Neutral, words.exported),
    };
    Chip::new(kind, word)
}

pub(super) fn member(status: MemberStatus, words: &'static Words) -> Chip {
    match status {
        MemberStatus::Admitted => Chip::new(Kind::Good, words.admitted),
        MemberStatus::Suspended => Chip::new(Kind::Bad, words.suspended),
        MemberStatus::Candidate => Chip::new(Kind::Waiting, words.candidate),
    }
}

pub(super) const fn kind(kind: MemberKind, words: &'static Words) -> &'static str {
    match kind {
        MemberKind::Region => words.kind_region,
        MemberKind::Enterprise => words.kind_enterprise,
        MemberKind::Party => words.kind_party,
        MemberKind::Hub => words.kind_hub,
        MemberKind::Evaluator => words.kind_evaluator,
    }
}

pub(super) fn key(status: KeyStatus, distrusted: bool, words: &'static Words) -> Chip {
    match status {
        _ if distrusted => Chip::new(Kind::Bad, words.key_revoked),
        KeyStatus::Active => Chip::new(Kind::Good, words.key_active),
        KeyStatus::Proposed => Chip::new(Kind::Waiting, words.key_pending),
        KeyStatus::Retired => Chip::new(Kind::Neutral, words.key_retired),
    }
}

pub(super) fn approval(state: ApprovalState, expired: bool, words: &'static Words) -> Chip {
    match state {
        ApprovalState::Waiting | ApprovalState::Claimed if expired => Chip::new(Kind::Neutral, words.a_expired),
        ApprovalState::Waiting => Chip::new(Kind::Waiting, words.a_waiting),
        ApprovalState::Claimed | ApprovalState::Deciding => Chip::new(Kind::Running, words.a_claimed),
        ApprovalState::Approved => Chip::new(Kind::Good, words.a_approved),
        ApprovalState::Rejected => Chip::new(Kind::Neutral, words.a_rejected),
        ApprovalState::Withdrawn => Chip::new(Kind::Neutral, words.a_withdrawn),
        ApprovalState::Refused => Chip::new(Kind::Bad, words.a_refused),
    }
}

pub(super) const fn use_name(one: Use, words: &'static Words) -> &'static str {
    match one {
        Use::EventNeutrality => words.u_event,
        Use::CorporateNeutrality => words.u_corporate,
        Use::ProductNeutrality => words.u_product,
        Use::EcologicalCompensation => words.u_ecological,
        Use::EtsOffset => words.u_ets,
        Use::PersonalOffset => words.u_personal,
        Use::PublicWelfare => words.u_welfare,
        Use::Article6Ndc => words.u_ndc,
        Use::Article6Oimp => words.u_oimp,
    }
}
