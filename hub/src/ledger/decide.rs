//! What the ledger decides: pure functions from what was loaded and one command to changes or a refusal.
//!
//! **Architecture invariant:** nothing here does I/O or reads a clock; the decision time is in [`Working::now`]. Each decision
//! first checks everything and then changes; a refusal leaves no trace but its stored answer.

mod assets;
mod blocks;
mod challenge;
mod collateral;
mod conflict;
mod donation;
mod epoch;
mod event;
mod evidence;
mod findings;
mod freeze;
mod governance;
mod issuance;
mod keys;
mod listing;
mod log;
mod loss;
mod mapping;
mod membership;
mod origin;
mod permission;
mod recognise;
mod reconciliation;
mod retirement;
mod screening;
mod sweep;
mod transfer;

pub use assets::is_live;
pub use evidence::{ROWS_MAX, pieces};
pub use findings::CONTRADICTED_MAX;
pub use issuance::WAITING_MAX;
pub use mapping::{
    Changed, Examined, concerned as concerned_mappings, due as due_mappings, examine, known_sheet,
    told_of as told_of_mapping,
};
pub(super) use origin::told as told_of_origin;
pub use recognise::{counted_under, crossing_reads};
pub(super) use screening::serials_of;

use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::personal::reads_as_personal;
use tanqiao_protocol::view::{KeyStatus, MemberStatus, Outcome};

use self::evidence::SheetBy;
use self::mapping::Voice;
use super::command::{Body, Command, Decision, Origin, Signed};
use super::refusal::{Decided, Refusal, Rejection, ensure};
use super::working::Working;

/// Decides one command and carries it out in the working set.
///
/// # Errors
/// The refusal; the working set is as before. [`Rejection::Broken`] for a decision that refuses after it changed something.
pub fn decide(working: &mut Working, command: &Command) -> Decided<Outcome> {
    let before = working.next_index();
    let decided = decide_origin(working, command);
    if let Err(Rejection::Refused(why)) = &decided
        && working.next_index() != before
    {
        return Err(Rejection::Broken(format!(
            "{} refused after it was begun to be carried out: {}",
            why.check.text(),
            why.detail
        )));
    }
    decided
}

fn decide_origin(working: &mut Working, command: &Command) -> Decided<Outcome> {
    match &command.origin {
        Origin::Member(signed) => {
            standing(working, signed)?;
            ensure(working.now <= signed.not_after, || {
                Refusal::new(
                    CheckCode::M10,
                    "This message arrived for the first time after its own `not_after`. Write a new one with a new id.",
                )
                .expected(signed.not_after, working.now)
            })?;
            decide_member(working, command, signed)
        }
        Origin::Officers(officers) => decide_governance(working, command, officers),
        Origin::Hub => decide_governance(working, command, &[]),
    }
}

/// N02, N03, M05, M06, N07: decided under the lock, so that a suspension in another process holds from its commit on.
fn standing(working: &Working, signed: &Signed) -> Decided<()> {
    let governance = &working.governance;
    let member = governance.members.get(&signed.member).ok_or_else(|| {
        Refusal::new(
            CheckCode::N03,
            "This member is not admitted to the federation. Ask the regulator.",
        )
    })?;
    match member.status {
        MemberStatus::Admitted => {}
        MemberStatus::Suspended => {
            return Err(Refusal::new(
                CheckCode::N02,
                "This member is suspended: nothing is accepted from it. Ask the regulator.",
            )
            .into());
        }
        MemberStatus::Candidate => {
            return Err(Refusal::new(
                CheckCode::N03,
                "This member is enrolled but not admitted yet. Ask the regulator.",
            )
            .into());
        }
    }
    let key = governance
        .keys
        .get(&signed.key)
        .filter(|key| key.member == signed.member);
    match key.map(|key| key.status) {
        Some(KeyStatus::Active) => {}
        Some(_) => {
            return Err(Refusal::new(
                CheckCode::M06,
                "The signing key is not active (any more). Sign with an active key of this member.",
            )
            .into());
        }
        None => return Err(Refusal::new(CheckCode::M05, "The signing key is not one of this member's.").into()),
    }
    ensure(!working.head.frozen, || {
        Refusal::new(
            CheckCode::N07,
            "The regulator has stopped the hub. Send the same message again later.",
        )
    })
}

fn decide_member(working: &mut Working, command: &Command, signed: &Signed) -> Decided<Outcome> {
    match &command.body {
        Body::Issuance(content) => issuance::register(working, command, signed, content),
        Body::Methodology(content) => governance::publish_methodology(working, command, signed, content),
        Body::Listing(content) => listing::put(working, command, signed, content),
        Body::TransferProposal(content) => transfer::propose(working, command, signed, content),
        Body::TransferAcceptance(content) => transfer::accept(working, command, signed, content),
        Body::TransferDecline(content) => transfer::decline(working, command, signed, content),
        Body::TransferWithdrawal(content) => transfer::withdraw(working, command, signed, content),
        Body::Retirement(content) => retirement::retire(working, command, signed, content),
        Body::Cancellation(content) => retirement::cancel(working, command, signed, content),
        Body::Pledge(content) => collateral::pledge(working, command, signed, content),
        Body::PledgeRelease(content, consent) => {
            collateral::release(working, command, signed, content, consent.as_ref())
        }
        Body::PledgeForeclosure(content, consent) => {
            collateral::request_foreclosure(working, command, signed, content, consent.as_ref())
        }
        Body::Donation(content) => donation::give(working, command, signed, content),
        Body::DonationWithdrawal(content) => donation::withdraw(working, command, signed, content),
        Body::TokenEpoch(content) => epoch::state(working, command, signed, content),
        Body::ConflictEvidence(content) => conflict::say(working, command, signed, content),
        Body::ChallengeAnswer(content) => challenge::answer(working, command, signed, content),
        Body::Key(content) => keys::propose_key(working, command, signed, content),
        Body::Reconciliation(content) => reconciliation::start(working, command, signed, content),
        Body::ReconciliationResult(content) => reconciliation::end(working, command, signed, content),
        Body::Asset(content) => assets::put(working, command, signed, content),
        Body::WitnessKey(content) => log::propose_witness(working, command, signed, content),
        Body::LogFork(content) => log::report_fork(working, command, signed, content),
        Body::Sheet(_)
        | Body::MappingProposal(_)
        | Body::MappingEndorsement(_)
        | Body::MappingObjection(_)
        | Body::MappingSuspension(_)
        | Body::MappingLifting(_)
        | Body::MappingComment(_) => decide_mapping(working, command, signed),
        Body::Governance(_) => Err(Refusal::new(CheckCode::G02, "Only officers of the hub decide this.").into()),
    }
}

/// What a member says about sheets and mappings.
fn decide_mapping(working: &mut Working, command: &Command, signed: &Signed) -> Decided<Outcome> {
    let voice = Voice::Member(&signed.member, command.payload_sha256);
    match &command.body {
        Body::Sheet(sheet) => {
            let by = SheetBy::Member(&signed.member, command.payload_sha256);
            evidence::put_sheet(working, &by, sheet)
        }
        Body::MappingProposal(proposal) => mapping::propose(working, &voice, proposal),
        Body::MappingEndorsement(said) => mapping::endorse(working, &voice, &said.mapping, said.record_sha256),
        Body::MappingObjection(said) => mapping::object(working, &voice, &said.mapping, said.ground, &said.reason),
        Body::MappingSuspension(said) => mapping::suspend(working, &voice, &said.mapping, &said.reason),
        Body::MappingLifting(said) => mapping::lift(working, &voice, &said.mapping),
        Body::MappingComment(said) => mapping::comment(working, &voice, &said.mapping, None, &said.text),
        _ => Err(Refusal::new(CheckCode::M02, "This is not about a mapping.").into()),
    }
}

fn decide_governance(
    working: &mut Working,
    command: &Command,
    officers: &[tanqiao_protocol::id::Name],
) -> Decided<Outcome> {
    let Body::Governance(decision) = &command.body else {
        let why = "Only a member may ask for this, under its own signature.";
        return Err(Refusal::new(CheckCode::N05, why).into());
    };
    governance::authorise(working, command, officers, decision)?;
    match decision.as_ref() {
        Decision::SetPolicy(policy) => governance::set_policy(working, officers, policy),
        Decision::PutOfficer {
            account,
            role,
            password_hash,
            active,
        } => governance::put_officer(working, officers, account, *role, password_hash, *active),
        Decision::Admit {
            member,
            region,
            kind,
            name_zh,
            name_en,
            key,
        } => membership::admit(working, officers, member, *region, *kind, (name_zh, name_en), key),
        Decision::Suspend { member, reason } => membership::suspend(working, officers, member, reason),
        Decision::Reinstate { member } => membership::reinstate(working, officers, member),
        Decision::ApproveKey { .. }
        | Decision::RetireKey { .. }
        | Decision::ReplaceKeys { .. }
        | Decision::DistrustKey { .. } => keys::decide(working, officers, decision),
        Decision::PutSheet(_)
        | Decision::PutFactorRecords(_)
        | Decision::SetRegistry { .. }
        | Decision::PutCandidates(_)
        | Decision::ProposeMapping(_)
        | Decision::EndorseMapping { .. }
        | Decision::CommentMapping { .. }
        | Decision::ApproveMapping { .. }
        | Decision::RejectMapping { .. }
        | Decision::SuspendMapping { .. }
        | Decision::LiftMapping { .. }
        | Decision::RevokeMapping { .. } => decide_recognition(working, officers, decision),
        Decision::ApproveTransfer { transfer } => transfer::approve(working, officers, *transfer),
        Decision::Halt { subject, reason } => freeze::halt(working, officers, *subject, reason),
        Decision::Foreclose { pledge } => collateral::foreclose(working, officers, *pledge),
        Decision::PlanEvent(_)
        | Decision::SetInventory { .. }
        | Decision::CloseEvent { .. }
        | Decision::AcceptDonation { .. }
        | Decision::DeclineDonation { .. } => event::decide(working, officers, decision),
        Decision::TokensArrived { .. }
        | Decision::Screened(_)
        | Decision::AbandonIssuance { .. }
        | Decision::GiveUpScreening { .. }
        | Decision::SettleConflict { .. }
        | Decision::FindingsExamined { .. }
        | Decision::Sweep => decide_own(working, command.id, decision),
        Decision::RequestReconciliation { .. }
        | Decision::CloseFindings { .. }
        | Decision::ResolveConflict { .. }
        | Decision::ReverseRemoval { .. }
        | Decision::Freeze { .. }
        | Decision::Unfreeze { .. }
        | Decision::CancelFrozen { .. }
        | Decision::PutSchemeList(_)
        | Decision::ResolveAssetConflict { .. }
        | Decision::PermitLinkedObligation(_)
        | Decision::RevokeLinkedPermission { .. }
        | Decision::Challenge(_)
        | Decision::RecordChallenge { .. } => decide_oversight(working, officers, command.id, decision),
        Decision::StopHub { stopped, reason } => governance::stop(working, officers, *stopped, reason),
        Decision::NewOrigin {
            lost_size,
            lost_chain,
            reason,
        } => origin::begin(working, officers, *lost_size, *lost_chain, reason),
        Decision::AdmitWitness { .. }
        | Decision::RemoveWitness { .. }
        | Decision::SetWitnessQuorum { .. }
        | Decision::AcknowledgeForks { .. }
        | Decision::RotateLogKey { .. }
        | Decision::RetireLogKey { .. } => log::decide(working, officers, decision),
    }
}

/// What the hub does by itself.
fn decide_own(working: &mut Working, id: MessageId, decision: &Decision) -> Decided<Outcome> {
    match decision {
        Decision::TokensArrived { issuance } => screening::uploaded(working, *issuance),
        Decision::Screened(found) => screening::screened(working, found),
        Decision::AbandonIssuance { issuance } => screening::abandon_due(working, *issuance),
        Decision::GiveUpScreening { issuance, reason } => screening::give_up(working, *issuance, reason),
        Decision::SettleConflict { conflict } => conflict::settle_due(working, *conflict),
        Decision::FindingsExamined {
            reconciliation,
            examination,
            blocks,
        } => findings::examined(working, *reconciliation, *examination, blocks),
        Decision::Sweep => sweep::sweep(working, id),
        _ => Err(Refusal::new(CheckCode::M02, "This is nothing that the hub does by itself.").into()),
    }
}

/// What officers hold back, permit and examine.
fn decide_oversight(
    working: &mut Working,
    officers: &[tanqiao_protocol::id::Name],
    id: MessageId,
    decision: &Decision,
) -> Decided<Outcome> {
    match decision {
        Decision::RequestReconciliation { member, reason } => {
            reconciliation::request(working, officers, id, member, reason)
        }
        Decision::CloseFindings {
            reconciliation,
            reason,
            asked,
        } => findings::close(working, officers, *reconciliation, reason, *asked),
        Decision::ResolveConflict {
            conflict,
            outcome,
            reason,
        } => conflict::decide(working, officers, *conflict, *outcome, reason),
        Decision::Freeze { blocks, reason } => freeze::freeze(working, officers, id, blocks, reason),
        Decision::Unfreeze { blocks, reason } => freeze::unfreeze(working, officers, id, blocks, reason),
        Decision::CancelFrozen { blocks, reason } => freeze::cancel(working, officers, id, blocks, reason),
        Decision::ReverseRemoval {
            issuance,
            quantity_g,
            reason,
        } => loss::reverse(working, officers, id, *issuance, *quantity_g, reason),
        Decision::PutSchemeList(list) => assets::put_list(working, officers, list),
        Decision::ResolveAssetConflict {
            conflict,
            ruling,
            reason,
        } => assets::resolve(working, officers, id, *conflict, *ruling, reason),
        Decision::PermitLinkedObligation(content) => permission::grant(working, officers, id, content),
        Decision::RevokeLinkedPermission { permission, reason } => {
            permission::revoke(working, officers, *permission, reason)
        }
        Decision::Challenge(asked) => challenge::open(working, officers, id, asked),
        Decision::RecordChallenge {
            challenge,
            verdict,
            notes,
        } => challenge::record(working, officers, *challenge, *verdict, notes),
        _ => Err(Refusal::new(
            CheckCode::M02,
            "This is nothing that officers hold back, permit or examine.",
        )
        .into()),
    }
}

/// What officers decide about mappings and what they rest on.
fn decide_recognition(
    working: &mut Working,
    officers: &[tanqiao_protocol::id::Name],
    decision: &Decision,
) -> Decided<Outcome> {
    let voice = Voice::Officers(officers);
    match decision {
        Decision::PutSheet(sheet) => evidence::put_sheet(working, &SheetBy::Officers(officers), sheet),
        Decision::PutFactorRecords(records) => evidence::put_factor_records(working, officers, records),
        Decision::SetRegistry { member, registry } => evidence::set_registry(working, officers, member, registry),
        Decision::PutCandidates(set) => evidence::put_candidates(working, officers, set),
        Decision::ProposeMapping(proposal) => mapping::propose(working, &voice, proposal),
        Decision::EndorseMapping { mapping, record_sha256 } => {
            mapping::endorse(working, &voice, mapping, *record_sha256)
        }
        Decision::CommentMapping {
            mapping,
            on_behalf_of,
            text,
        } => mapping::comment(working, &voice, mapping, Some(on_behalf_of), text),
        Decision::ApproveMapping { mapping, record_sha256 } => {
            mapping::approve(working, officers, mapping, *record_sha256)
        }
        Decision::RejectMapping {
            mapping,
            ground,
            reason,
        } => mapping::object(working, &voice, mapping, *ground, reason),
        Decision::SuspendMapping { mapping, reason } => mapping::suspend(working, &voice, mapping, reason),
        Decision::LiftMapping { mapping } => mapping::lift(working, &voice, mapping),
        Decision::RevokeMapping { mapping, reason } => mapping::revoke(working, officers, mapping, reason),
        _ => Err(Refusal::new(CheckCode::M02, "This is not about a mapping.").into()),
    }
}

/// The region of a member.
fn region_of(working: &Working, member: &NodeId) -> Decided<tanqiao_protocol::region::RegionCode> {
    working.governance.members.get(member).map(|m| m.region).ok_or_else(|| {
        Refusal::new(
            CheckCode::T02,
            format!("`{member}` is not a member of this federation."),
        )
        .into()
    })
}

/// Refuses texts for people that are empty or longer than `max` characters (M02).
fn check_text(text: &str, field: &str, max: usize) -> Decided<()> {
    ensure((1..=max).contains(&text.chars().count()), || {
        Refusal::new(CheckCode::M02, format!("`{field}` must have 1 to {max} characters.")).expected(
            format!("1 to {max} characters"),
            format!("{} characters", text.chars().count()),
        )
    })
}

/// [`check_text`], and refuses what reads as a person's number (M02): a leaf is kept for ever, and everybody may read it.
fn check_words(text: &str, field: &str, max: usize) -> Decided<()> {
    check_text(text, field, max)?;
    let shown = text.chars().all(|c| c == '\n' || !c.is_control()) && !text.trim().is_empty();
    ensure(shown, || {
        Refusal::new(
            CheckCode::M02,
            format!("`{field}` is blank, or holds control characters."),
        )
    })?;
    ensure(!reads_as_personal(text), || {
        Refusal::new(
            CheckCode::M02,
            format!("`{field}` holds what reads as an identity number or a mobile number: leave persons out."),
        )
    })
}
