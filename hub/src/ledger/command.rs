//! What may be asked of the ledger, once the signature has been found good.

use std::sync::Arc;

use tanqiao_mappings::factors::FactorRecord;
use tanqiao_mappings::sheet::Sheet;
use tanqiao_protocol::asset::{Asset, AssetConflictState};
use tanqiao_protocol::challenge::{ChallengeAnswer, ChallengeState};
use tanqiao_protocol::conflict::{ConflictEvidence, ConflictOutcome};
use tanqiao_protocol::event::{EventPlan, InventoryBasis, InventoryItem};
use tanqiao_protocol::fingerprint::TokenEpoch;
use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256};
use tanqiao_protocol::mapping::{
    MappingComment, MappingEndorsement, MappingLifting, MappingObjection, MappingProposal, MappingSuspension,
    RejectionGround,
};
use tanqiao_protocol::message::{
    Action, Cancellation, Donation, DonationWithdrawal, Issuance, KeyProposal, Listing, LogFork, Methodology, Pledge,
    PledgeConsent, PledgeForeclosure, PledgeRelease, Retirement, StaffDecision, TransferAcceptance, TransferDecline,
    TransferProposal, TransferWithdrawal, WitnessKey,
};
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::permission::LinkedPermission;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::reconciliation::{Examination, Reconciliation, ReconciliationResult};
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::signing::{KeyId, NoteKey, VerifyingKey};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::MemberKind;

use super::objects::{CandidateSet, Policy, Registry, Role, SchemeList, Screened};

/// One command, ready for the sequencer.
#[derive(Debug, Clone)]
pub struct Command {
    /// Who asks.
    pub origin: Origin,
    /// Its id; with the member the key of idempotency.
    pub id: MessageId,
    /// SHA-256 of the payload: "the same" message means the same payload.
    pub payload_sha256: Sha256,
    /// What is asked.
    pub body: Body,
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A member, by its signature.
    Member(Box<Signed>),
    /// Officers of the hub.
    Officers(Vec<Name>),
    /// The hub itself: sweeps.
    Hub,
}

/// What the verified signature says.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Who signed.
    pub member: NodeId,
    /// With which key.
    pub key: KeyId,
    /// When the message was written.
    pub issued_at: Timestamp,
    /// A first arrival after this is refused.
    pub not_after: Timestamp,
    /// The item's payload, as received.
    pub payload: Arc<str>,
    /// The envelope that it came in.
    pub envelope: Arc<ReceivedEnvelope>,
    /// The position in a batch.
    pub item: Option<u32>,
}

impl Signed {
    /// Which staff of the member decided, where a person did.
    #[must_use]
    pub fn staff(&self) -> Option<StaffDecision> {
        #[derive(serde::Deserialize)]
        struct Staffed {
            staff: Option<StaffDecision>,
        }
        serde_json::from_str::<Staffed>(&self.payload).ok()?.staff
    }
}

/// An envelope as received.
#[derive(Debug)]
pub struct ReceivedEnvelope {
    /// SHA-256 of the payload.
    pub sha256: Sha256,
    /// The `payloadType`.
    pub payload_type: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// The signatures, as JSON.
    pub signatures: String,
}

/// What is asked.
#[derive(Debug, Clone)]
pub enum Body {
    /// Members.
    Issuance(Box<Issuance>),
    /// Publish a methodology version.
    Methodology(Box<Methodology>),
    /// Expose credits.
    Listing(Box<Listing>),
    /// Offer blocks to another member.
    TransferProposal(Box<TransferProposal>),
    /// Accept an offer.
    TransferAcceptance(Box<TransferAcceptance>),
    /// Say no to an offer.
    TransferDecline(TransferDecline),
    /// Take an offer back.
    TransferWithdrawal(TransferWithdrawal),
    /// Use blocks for a claim.
    Retirement(Box<Retirement>),
    /// Take blocks out.
    Cancellation(Cancellation),
    /// Give collateral.
    Pledge(Box<Pledge>),
    /// Give collateral back, with the pledgee's verified word.
    PledgeRelease(Box<PledgeRelease>, Option<Consent>),
    /// Ask to take collateral, with the pledgee's verified word.
    PledgeForeclosure(Box<PledgeForeclosure>, Option<Consent>),
    /// Give to an event.
    Donation(Box<Donation>),
    /// Take an undecided donation back.
    DonationWithdrawal(DonationWithdrawal),
    /// Propose a signing key.
    Key(KeyProposal),
    /// Publish the sheet of a methodology version.
    Sheet(Box<Sheet>),
    /// Propose a mapping version.
    MappingProposal(Box<MappingProposal>),
    /// Agree to a mapping version's record.
    MappingEndorsement(MappingEndorsement),
    /// Refuse a mapping version.
    MappingObjection(MappingObjection),
    /// Stop a mapping version at once.
    MappingSuspension(MappingSuspension),
    /// Agree that a suspended mapping version recognises again.
    MappingLifting(MappingLifting),
    /// Comment on a mapping version.
    MappingComment(MappingComment),
    /// State the token keys of a month, as one of its evaluators.
    TokenEpoch(Box<TokenEpoch>),
    /// Speak about a conflict.
    ConflictEvidence(Box<ConflictEvidence>),
    /// Show the records that a challenge asks for, sealed.
    ChallengeAnswer(Box<ChallengeAnswer>),
    /// Begin a reconciliation.
    Reconciliation(Reconciliation),
    /// State what a reconciliation found.
    ReconciliationResult(Box<ReconciliationResult>),
    /// Register an asset, or revise it.
    Asset(Box<Asset>),
    /// Propose the key of a witness.
    WitnessKey(Box<WitnessKey>),
    /// Show that the log contradicts itself; a key of the log has signed both notes.
    LogFork(Box<LogFork>),
    /// Officers' decisions, and the hub's own sweeps.
    Governance(Box<Decision>),
}

/// A pledgee's word whose signature was found good.
#[derive(Debug, Clone)]
pub struct Consent {
    /// Who signed it.
    pub by: NodeId,
    /// With which key.
    pub key: KeyId,
    /// What it says.
    pub content: PledgeConsent,
}

/// What officers decide, and what the hub does by itself. Its JSON stands in the journal of decisions and is read for ever.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Decision {
    /// Set what holds for the whole federation.
    SetPolicy(Policy),
    /// Make or change an account. The first is made by the hub itself.
    PutOfficer {
        /// The account.
        account: Name,
        /// What it may do.
        role: Role,
        /// argon2id hash in PHC form.
        password_hash: String,
        /// False to withdraw it.
        active: bool,
    },
    /// Admit a member with its first signing key, or a pledgee that has no node.
    Admit {
        /// Its id.
        member: NodeId,
        /// Its region.
        region: RegionCode,
        /// Its kind.
        kind: MemberKind,
        /// Chinese name.
        name_zh: String,
        /// English name.
        name_en: String,
        /// Its first key.
        key: VerifyingKey,
    },
    /// Accept nothing more from a member; its open transfers and donations are halted.
    Suspend {
        /// Whom.
        member: NodeId,
        /// Why.
        reason: String,
    },
    /// Accept again.
    Reinstate {
        /// Whom.
        member: NodeId,
    },
    /// Let a proposed signing key count.
    ApproveKey {
        /// Which.
        key: KeyId,
    },
    /// Let a signing key count no more.
    RetireKey {
        /// Which.
        key: KeyId,
    },
    /// Let a new key count in the place of all keys of a member that has lost them. Two officers.
    ReplaceKeys {
        /// Whose.
        member: NodeId,
        /// The key of its new enrolment.
        key: VerifyingKey,
        /// How the others were lost.
        reason: String,
    },
    /// Trust nothing that a key has signed from a leaf on. Two officers.
    DistrustKey {
        /// Whose.
        member: NodeId,
        /// Which.
        key: KeyId,
        /// The first leaf at which its signature does not count.
        from_index: i64,
        /// What happened.
        reason: String,
    },
    /// Publish the sheet of a reference methodology.
    PutSheet(Box<Sheet>),
    /// Publish emission factor records.
    PutFactorRecords(Vec<FactorRecord>),
    /// Record what is known of a member's registry.
    SetRegistry {
        /// Whose.
        member: NodeId,
        /// What is known.
        registry: Registry,
    },
    /// Take rows of a mapping set as candidates.
    PutCandidates(Box<CandidateSet>),
    /// Propose a mapping version.
    ProposeMapping(Box<MappingProposal>),
    /// Endorse a mapping version for a reference methodology.
    EndorseMapping {
        /// Which.
        mapping: MappingRef,
        /// The record that was read.
        record_sha256: Sha256,
    },
    /// Record a comment that an organisation made.
    CommentMapping {
        /// On which.
        mapping: MappingRef,
        /// For which organisation.
        on_behalf_of: String,
        /// The comment.
        text: String,
    },
    /// Approve a mapping version; with the second officer it recognises.
    ApproveMapping {
        /// Which.
        mapping: MappingRef,
        /// The record that was read.
        record_sha256: Sha256,
    },
    /// Refuse a mapping version.
    RejectMapping {
        /// Which.
        mapping: MappingRef,
        /// On which ground.
        ground: RejectionGround,
        /// Why.
        reason: String,
    },
    /// Stop a mapping version at once.
    SuspendMapping {
        /// Which.
        mapping: MappingRef,
        /// Why.
        reason: String,
    },
    /// Agree that a suspended mapping version recognises again.
    LiftMapping {
        /// Which.
        mapping: MappingRef,
    },
    /// Take a mapping version back for good. Two officers.
    RevokeMapping {
        /// Which.
        mapping: MappingRef,
        /// Why.
        reason: String,
    },
    /// Hold blocks back.
    Freeze {
        /// Which serials.
        blocks: Vec<BlockRef>,
        /// Why.
        reason: String,
    },
    /// Return frozen blocks to the state that they had.
    Unfreeze {
        /// Which serials.
        blocks: Vec<BlockRef>,
        /// Why.
        reason: String,
    },
    /// Cancel frozen blocks.
    CancelFrozen {
        /// Which serials.
        blocks: Vec<BlockRef>,
        /// Why.
        reason: String,
    },
    /// Offer a transfer that waits for a second approval.
    ApproveTransfer {
        /// Which.
        transfer: MessageId,
    },
    /// Stop an open transfer or donation.
    Halt {
        /// Which.
        subject: MessageId,
        /// Why.
        reason: String,
    },
    /// Hand pledged blocks to the pledgee. Two officers.
    Foreclose {
        /// Which pledge.
        pledge: MessageId,
    },
    /// Announce an event.
    PlanEvent(Box<EventPlan>),
    /// Replace an event's inventory.
    SetInventory {
        /// Which event.
        event: Name,
        /// Whether it is verified.
        basis: InventoryBasis,
        /// The inventory; the sum is the target.
        inventory: Vec<InventoryItem>,
    },
    /// End an event's call.
    CloseEvent {
        /// Which.
        event: Name,
    },
    /// The organiser's yes to a donation.
    AcceptDonation {
        /// Which.
        donation: MessageId,
    },
    /// The organiser's no to a donation.
    DeclineDonation {
        /// Which.
        donation: MessageId,
        /// Why.
        reason: String,
    },
    /// Decide a conflict. Two officers where serials are taken away.
    ResolveConflict {
        /// Which.
        conflict: MessageId,
        /// For which side.
        outcome: ConflictOutcome,
        /// Why.
        reason: String,
    },
    /// Record that a removal was reversed. Two officers.
    ReverseRemoval {
        /// Of which issuance.
        issuance: MessageId,
        /// How much.
        quantity_g: Grams,
        /// What happened.
        reason: String,
    },
    /// The token stream of an issuance has arrived and fits its header. By the hub itself.
    TokensArrived {
        /// Of which issuance.
        issuance: MessageId,
    },
    /// What screening found. By the hub itself.
    Screened(Box<Screened>),
    /// End an issuance whose tokens did not come, or that was suspended with its issuer. By the hub itself.
    AbandonIssuance {
        /// Which.
        issuance: MessageId,
    },
    /// End an issuance whose token stream cannot be screened. By the hub itself.
    GiveUpScreening {
        /// Which.
        issuance: MessageId,
        /// Why.
        reason: String,
    },
    /// Decide a conflict by its rule, once its deadline has passed. By the hub itself.
    SettleConflict {
        /// Which.
        conflict: MessageId,
    },
    /// Permit that reductions used for one claim also meet an obligation that the law links to it.
    PermitLinkedObligation(Box<LinkedPermission>),
    /// Take such a permission back: nothing more is claimed under it.
    RevokeLinkedPermission {
        /// Which.
        permission: MessageId,
        /// Why.
        reason: String,
    },
    /// Ask a member to compare its whole book with the hub's.
    RequestReconciliation {
        /// Whom.
        member: NodeId,
        /// Why.
        reason: String,
    },
    /// What the log says of the serials in findings. By the hub itself.
    FindingsExamined {
        /// Of which reconciliation.
        reconciliation: MessageId,
        /// How much was looked at, and found.
        examination: Examination,
        /// The serials of which the ledger says otherwise.
        blocks: Vec<BlockRef>,
    },
    /// End the findings of a reconciliation. Two officers.
    CloseFindings {
        /// Of which reconciliation.
        reconciliation: MessageId,
        /// What came of them.
        reason: String,
        /// The size of the log when it was asked about the findings, as the officers know it; absent where it was not.
        #[serde(default)]
        asked: Option<i64>,
    },
    /// Ask the issuer for a random sample of an issuance's records.
    Challenge(Box<OpenChallenge>),
    /// Record what came of a challenge.
    RecordChallenge {
        /// Which.
        challenge: MessageId,
        /// Passed, failed or unanswered.
        verdict: ChallengeState,
        /// What was found, without anything of a record.
        notes: String,
    },
    /// The regulator's global stop, and its end.
    StopHub {
        /// On or off.
        stopped: bool,
        /// Why.
        reason: String,
    },
    /// Begin the log anew after leaves were lost that nobody can give back. Two officers.
    NewOrigin {
        /// Leaves that were answered for.
        lost_size: i64,
        /// The chain over them, where it is known.
        lost_chain: Option<Sha256>,
        /// Why.
        reason: String,
    },
    /// Take rows of another scheme's list.
    PutSchemeList(Box<SchemeList>),
    /// Decide a conflict about an asset; two officers where it cancels blocks.
    ResolveAssetConflict {
        /// Its number.
        conflict: i64,
        /// How.
        ruling: AssetConflictState,
        /// Why.
        reason: String,
    },
    /// Let a member's witness count, with the key that it has proposed. Two officers.
    AdmitWitness {
        /// Whose.
        member: NodeId,
        /// The key that was read.
        key: NoteKey,
    },
    /// Let a member's witness count no more. Two officers.
    RemoveWitness {
        /// Whose.
        member: NodeId,
        /// Why.
        reason: String,
    },
    /// Ask for more cosignatures than the usual quorum. Two officers.
    SetWitnessQuorum {
        /// How many.
        quorum: usize,
    },
    /// Take note of the contradictions of the log that members have shown, which ends the alarm. Two officers.
    AcknowledgeForks {
        /// What came of them.
        reason: String,
    },
    /// Let another key sign the log, beside the one that signs now. Two officers.
    RotateLogKey {
        /// The key that signs now.
        previous: NoteKey,
        /// The new one.
        key: NoteKey,
    },
    /// Let the older of the log's two keys sign no more. Two officers.
    RetireLogKey {
        /// Which.
        key: NoteKey,
    },
    /// End delays, offers and donations whose time has come. By the hub itself.
    Sweep,
}

/// What officers ask for by a challenge.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenChallenge {
    /// Which issuance.
    pub issuance: MessageId,
    /// How many records, 1 to 1,000; all where it has no more.
    pub count: u32,
    /// Days to answer in, 1 to 90.
    pub answer_days: u16,
    /// To whom the answer is sealed, an X.509 certificate in PEM. Its key is never at the hub.
    pub mailbox_pem: String,
}

impl Body {
    /// The action in the stored outcome; 0 for officers' decisions.
    #[must_use]
    pub const fn action_code(&self) -> i16 {
        match self {
            Self::Issuance(_) => Action::Issuance.code(),
            Self::Methodology(_) => Action::Methodology.code(),
            Self::Listing(_) => Action::Listing.code(),
            Self::TransferProposal(_) => Action::TransferProposal.code(),
            Self::TransferAcceptance(_) => Action::TransferAcceptance.code(),
            Self::TransferDecline(_) => Action::TransferDecline.code(),
            Self::TransferWithdrawal(_) => Action::TransferWithdrawal.code(),
            Self::Retirement(_) => Action::Retirement.code(),
            Self::Cancellation(_) => Action::Cancellation.code(),
            Self::Pledge(_) => Action::Pledge.code(),
            Self::PledgeRelease(..) => Action::PledgeRelease.code(),
            Self::PledgeForeclosure(..) => Action::PledgeForeclosure.code(),
            Self::Donation(_) => Action::Donation.code(),
            Self::DonationWithdrawal(_) => Action::DonationWithdrawal.code(),
            Self::Key(_) => Action::Key.code(),
            Self::Sheet(_) => Action::Sheet.code(),
            Self::MappingProposal(_) => Action::MappingProposal.code(),
            Self::MappingEndorsement(_) => Action::MappingEndorsement.code(),
            Self::MappingObjection(_) => Action::MappingObjection.code(),
            Self::MappingSuspension(_) => Action::MappingSuspension.code(),
            Self::MappingLifting(_) => Action::MappingLifting.code(),
            Self::MappingComment(_) => Action::MappingComment.code(),
            Self::TokenEpoch(_) => Action::TokenEpoch.code(),
            Self::ConflictEvidence(_) => Action::ConflictEvidence.code(),
            Self::ChallengeAnswer(_) => Action::ChallengeAnswer.code(),
            Self::Asset(_) => Action::Asset.code(),
            Self::WitnessKey(_) => Action::WitnessKey.code(),
            Self::LogFork(_) => Action::LogFork.code(),
            Self::Reconciliation(_) => Action::Reconciliation.code(),
            Self::ReconciliationResult(_) => Action::ReconciliationResult.code(),
            Self::Governance(_) => 0,
        }
    }

    /// The mapping version that a member speaks about.
    #[must_use]
    pub const fn mapping(&self) -> Option<&MappingRef> {
        match self {
            Self::MappingEndorsement(c) => Some(&c.mapping),
            Self::MappingObjection(c) => Some(&c.mapping),
            Self::MappingSuspension(c) => Some(&c.mapping),
            Self::MappingLifting(c) => Some(&c.mapping),
            Self::MappingComment(c) => Some(&c.mapping),
            _ => None,
        }
    }

    /// The serials that it names.
    #[must_use]
    pub fn blocks(&self) -> &[BlockRef] {
        match self {
            Self::TransferProposal(c) => &c.blocks,
            Self::Retirement(c) => &c.blocks,
            Self::Cancellation(c) => &c.blocks,
            Self::Pledge(c) => &c.blocks,
            Self::Donation(c) => &c.blocks,
            Self::Governance(d) => match d.as_ref() {
                Decision::Freeze { blocks, .. }
                | Decision::Unfreeze { blocks, .. }
                | Decision::CancelFrozen { blocks, .. } => blocks,
                _ => &[],
            },
            _ => &[],
        }
    }
}
