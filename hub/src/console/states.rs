//! States as chips and words.

use tanqiao_console::Words;
use tanqiao_console::parts::{Chip, Kind};
use tanqiao_protocol::asset::{AssetConflictKind, AssetConflictState, AssetState};
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::conflict::{ConflictOutcome, ConflictState};
use tanqiao_protocol::event::EventState;
use tanqiao_protocol::fingerprint::TokenKind;
use tanqiao_protocol::mapping::{MappingState, Party, RejectionGround};
use tanqiao_protocol::recognition::Predicate;
use tanqiao_protocol::reconciliation::{FindingClass, ReconciliationReason, ReconciliationState, Repair};
use tanqiao_protocol::transfer::{DonationState, IssuanceState, TransferState};
use tanqiao_protocol::r#use::{Use, Uses};
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
    tanqiao_console::uses::name(one, words)
}

/// Uses in a line.
pub(super) fn uses(uses: Uses, words: &'static Words) -> String {
    let names: Vec<&str> = uses.iter().map(|one| use_name(one, words)).collect();
    if names.is_empty() {
        words.none.to_owned()
    } else {
        names.join(", ")
    }
}

pub(super) fn mapping(state: MappingState, words: &'static Words) -> Chip {
    let said = words.recognition;
    match state {
        MappingState::Draft => Chip::new(Kind::Neutral, said.m_draft),
        MappingState::Candidate => Chip::new(Kind::Running, said.m_candidate),
        MappingState::EvidenceComplete => Chip::new(Kind::Running, said.m_evidence_complete),
        MappingState::SourceEndorsed => Chip::new(Kind::Running, said.m_source_endorsed),
        MappingState::TargetEndorsed => Chip::new(Kind::Waiting, said.m_target_endorsed),
        MappingState::Active => Chip::new(Kind::Good, said.m_active),
        MappingState::Suspended => Chip::new(Kind::Bad, said.m_suspended),
        MappingState::Superseded => Chip::new(Kind::Neutral, said.m_superseded),
        MappingState::Expired => Chip::new(Kind::Neutral, said.m_expired),
        MappingState::Revoked => Chip::new(Kind::Neutral, said.m_revoked),
        MappingState::Rejected => Chip::new(Kind::Bad, said.m_rejected),
    }
}

pub(super) const fn ground(ground: RejectionGround, words: &'static Words) -> &'static str {
    let said = words.recognition;
    match ground {
        RejectionGround::Accuracy => said.g_accuracy,
        RejectionGround::Reliability => said.g_reliability,
        RejectionGround::Veracity => said.g_veracity,
        RejectionGround::DoubleCounting => said.g_double_counting,
        RejectionGround::LegalBar => said.g_legal_bar,
    }
}

pub(super) const fn party(party: Party, words: &'static Words) -> &'static str {
    let said = words.recognition;
    match party {
        Party::Source => said.p_source,
        Party::Target => said.p_target,
        Party::Regulator => said.p_regulator,
    }
}

pub(super) const fn predicate(predicate: Predicate, words: &'static Words) -> &'static str {
    let said = words.recognition;
    match predicate {
        Predicate::Exact => said.r_exact,
        Predicate::Close => said.r_close,
        Predicate::Broad => said.r_broad,
        Predicate::Narrow => said.r_narrow,
    }
}

pub(super) fn conflict(state: ConflictState, words: &'static Words) -> Chip {
    match state {
        ConflictState::Open => Chip::new(Kind::Waiting, words.oversight.c_open),
        ConflictState::Resolved => Chip::new(Kind::Good, words.oversight.c_resolved),
    }
}

pub(super) const fn conflict_outcome(outcome: ConflictOutcome, words: &'static Words) -> &'static str {
    let said = words.oversight;
    match outcome {
        ConflictOutcome::Earlier => said.o_earlier,
        ConflictOutcome::Later => said.o_later,
        ConflictOutcome::Distinct => said.o_distinct,
    }
}

pub(super) const fn token_kind(kind: TokenKind, words: &'static Words) -> &'static str {
    let said = words.oversight;
    match kind {
        TokenKind::Record => said.k_record,
        TokenKind::Project => said.k_project,
        TokenKind::Asset => said.k_asset,
        TokenKind::Subject => said.k_subject,
    }
}

pub(super) fn issuance(state: IssuanceState, words: &'static Words) -> Chip {
    let said = words.oversight;
    match state {
        IssuanceState::Registered => Chip::new(Kind::Running, said.i_registered),
        IssuanceState::Uploaded => Chip::new(Kind::Running, said.i_uploaded),
        IssuanceState::Screening => Chip::new(Kind::Running, said.i_screening),
        IssuanceState::Recognised => Chip::new(Kind::Good, said.i_recognised),
        IssuanceState::PartiallyRecognised => Chip::new(Kind::Waiting, said.i_partially),
        IssuanceState::HeldBack => Chip::new(Kind::Waiting, said.i_held_back),
        IssuanceState::Refused => Chip::new(Kind::Bad, said.i_refused),
        IssuanceState::Abandoned => Chip::new(Kind::Neutral, said.i_abandoned),
    }
}

pub(super) fn reconciliation(state: ReconciliationState, words: &'static Words) -> Chip {
    match state {
        ReconciliationState::Started => Chip::new(Kind::Running, words.under_way),
        ReconciliationState::Agreed => Chip::new(Kind::Good, words.agrees),
        ReconciliationState::Different => Chip::new(Kind::Bad, words.differs),
        ReconciliationState::Closed => Chip::new(Kind::Neutral, words.oversight.closed),
    }
}

pub(super) const fn reconciliation_reason(reason: ReconciliationReason, words: &'static Words) -> &'static str {
    let said = words.oversight;
    match reason {
        ReconciliationReason::Scheduled => said.by_calendar,
        ReconciliationReason::Asked => said.by_request,
        ReconciliationReason::Diverged => said.by_divergence,
    }
}

pub(super) fn finding(class: FindingClass, words: &'static Words) -> Chip {
    let said = words.oversight;
    match class {
        FindingClass::MissingAtNode => Chip::new(Kind::Bad, said.missing_at_node),
        FindingClass::MissingAtHub => Chip::new(Kind::Bad, said.missing_at_hub),
        FindingClass::State => Chip::new(Kind::Bad, said.state_differs),
        FindingClass::Holder => Chip::new(Kind::Bad, said.holder_differs),
        FindingClass::Quantity => Chip::new(Kind::Bad, said.quantity_differs),
        FindingClass::InFlight => Chip::new(Kind::Running, said.in_flight),
    }
}

pub(super) const fn repair(repair: Repair, words: &'static Words) -> &'static str {
    let said = words.oversight;
    match repair {
        Repair::RebuildNodeBook => said.rebuild_node_book,
        Repair::InvestigateHub => said.investigate_hub,
        Repair::Wait => said.wait,
    }
}

pub(super) fn asset(state: AssetState, words: &'static Words) -> Chip {
    let said = words.oversight;
    match state {
        AssetState::Registered => Chip::new(Kind::Good, said.a_registered),
        AssetState::Contested => Chip::new(Kind::Waiting, said.a_contested),
        AssetState::Lost => Chip::new(Kind::Bad, said.a_lost),
    }
}

pub(super) fn asset_conflict(state: AssetConflictState, words: &'static Words) -> Chip {
    let said = words.oversight;
    match state {
        AssetConflictState::Open => Chip::new(Kind::Waiting, said.c_open),
        AssetConflictState::ForFirst => Chip::new(Kind::Good, said.for_first),
        AssetConflictState::ForSecond => Chip::new(Kind::Good, said.for_second),
        AssetConflictState::Distinct => Chip::new(Kind::Good, said.o_distinct),
        AssetConflictState::Upheld => Chip::new(Kind::Bad, said.upheld),
        AssetConflictState::Dismissed => Chip::new(Kind::Good, said.dismissed),
        AssetConflictState::Corrected => Chip::new(Kind::Neutral, said.corrected),
    }
}

pub(super) const fn asset_conflict_kind(kind: AssetConflictKind, words: &'static Words) -> &'static str {
    let said = words.oversight;
    match kind {
        AssetConflictKind::SameAsset => said.same_asset,
        AssetConflictKind::Place => said.same_place,
        AssetConflictKind::OtherScheme => said.other_scheme,
    }
}

pub(super) fn event(state: EventState, words: &'static Words) -> Chip {
    match state {
        EventState::Open => Chip::new(Kind::Running, words.events.e_open),
        EventState::Closed => Chip::new(Kind::Good, words.events.e_closed),
    }
}

pub(super) fn donation(state: DonationState, words: &'static Words) -> Chip {
    match state {
        DonationState::Reserved => Chip::new(Kind::Waiting, words.events.d_reserved),
        DonationState::Committed => Chip::new(Kind::Good, words.t_committed),
        DonationState::Declined => Chip::new(Kind::Neutral, words.t_declined),
        DonationState::Withdrawn => Chip::new(Kind::Neutral, words.t_withdrawn),
        DonationState::Expired => Chip::new(Kind::Neutral, words.t_expired),
        DonationState::Halted => Chip::new(Kind::Bad, words.t_halted),
    }
}
