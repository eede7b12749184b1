//! What decisions will read: worked out from the commands, and again from what the first round found, until nothing is
//! missing. Most need three rounds: command → transfer → its blocks; command → block → what binds it → its blocks. The longest is
//! conflict → issuance → serials → block → what binds it → its blocks.

mod assets;
mod losses;
mod mappings;
mod screening;

use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::conflict::ActivityRef;
use tanqiao_protocol::event::LinkedObligation;
use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256};
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::region::RegionCode;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::r#use::Use;

use super::command::{Body, Command, Decision, Origin};
use super::decide::{Changed, counted_under, crossing_reads, due_mappings, told_of_origin};
use super::objects::{AssetKey, Cover, EntryKey};
use super::register::Search;
use super::working::Working;
use losses::Covers;

/// What has to be loaded.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Stored answers.
    pub answers: BTreeSet<(NodeId, MessageId)>,
    /// Blocks over ranges.
    pub ranges: BTreeSet<BlockRef>,
    /// Last serials.
    pub series: BTreeSet<SeriesRef>,
    /// Transfers and donations, by an id that may be either.
    pub dealings_by_id: BTreeSet<MessageId>,
    /// Pledges.
    pub pledges: BTreeSet<MessageId>,
    /// Issuances.
    pub issuances: BTreeSet<MessageId>,
    /// The nodes' own references.
    pub local_references: BTreeSet<(NodeId, Name)>,
    /// Roots over activity records.
    pub records_roots: BTreeSet<(NodeId, Sha256)>,
    /// Members whose issuances without a result are counted.
    pub waiting_of: BTreeSet<NodeId>,
    /// Permissions to link two obligations.
    pub permissions: BTreeSet<MessageId>,
    /// Challenges.
    pub challenges: BTreeSet<MessageId>,
    /// Reconciliations.
    pub reconciliations: BTreeSet<MessageId>,
    /// Events.
    pub events: BTreeSet<Name>,
    /// Caps.
    pub caps: BTreeSet<(MappingRef, u16)>,
    /// First dealings.
    pub dealings: BTreeSet<(NodeId, NodeId)>,
    /// Listings.
    pub listings: BTreeSet<(NodeId, Name)>,
    /// Free and listed grams.
    pub free: BTreeSet<(NodeId, SeriesRef)>,
    /// Open transfers and donations of members.
    pub open_of: BTreeSet<NodeId>,
    /// Conflicts.
    pub conflicts: BTreeSet<MessageId>,
    /// The conflicts for which activities wait.
    pub conflicts_of: BTreeSet<ActivityRef>,
    /// Activities that may have been held back, or have lost.
    pub contested: BTreeSet<ActivityRef>,
    /// The activities in whose place these came.
    pub predecessors: BTreeSet<ActivityRef>,
    /// Where the serials of activities lie.
    pub positions: BTreeSet<ActivityRef>,
    /// What members owe.
    pub debts: BTreeSet<NodeId>,
    /// What members have in a state, as far as it may have to cover something.
    pub holdings: BTreeMap<(NodeId, BlockState), Cover>,
    /// What is due.
    pub due: bool,
    /// Feed heads.
    pub feeds: BTreeSet<NodeId>,
    /// Registrations of assets.
    pub assets: BTreeSet<AssetKey>,
    /// Ids of assets, whoever registered or listed them.
    pub asset_ids: BTreeSet<Name>,
    /// What is near a place.
    pub searches: BTreeSet<Search>,
    /// Issuances on assets.
    pub asset_uses: BTreeSet<AssetKey>,
    /// Conflicts about assets, by number.
    pub asset_conflicts: BTreeSet<i64>,
    /// Conflicts about assets, by asset.
    pub asset_conflicts_of: BTreeSet<AssetKey>,
    /// Entries of other schemes' lists.
    pub entries: BTreeSet<EntryKey>,
}

impl Needs {
    /// What `commands` need that `working` has not loaded yet.
    #[must_use]
    pub fn of(commands: &[Command], working: &Working) -> Self {
        let mut needs = Self::default();
        let mut covers = Covers::new(commands);
        for command in commands {
            needs.add_command(command, working);
            covers.add_command(command, working);
        }
        needs.covers(covers, working);
        needs.add_feeds(working);
        needs
    }

    /// True if nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn add_command(&mut self, command: &Command, working: &Working) {
        let speaker = match &command.origin {
            Origin::Member(signed) => {
                self.answer(signed.member.clone(), command.id, working);
                Some(&signed.member)
            }
            Origin::Officers(_) => {
                self.answer(super::hub_member(), command.id, working);
                None
            }
            Origin::Hub => None,
        };
        for range in command.body.blocks() {
            self.range(range, working);
        }
        if let Some(speaker) = speaker {
            self.feed(speaker, working);
            self.add_message(&command.body, speaker, working);
        }
        if let Body::Governance(decision) = &command.body {
            self.add_decision(decision, working);
        }
    }

    fn add_message(&mut self, body: &Body, speaker: &NodeId, working: &Working) {
        match body {
            Body::Issuance(header) => {
                self.debts(speaker, working);
                if let Ok(series) = SeriesRef::new(
                    speaker.clone(),
                    header.region_of_act,
                    header.methodology.clone(),
                    header.vintage,
                ) && !working.series.knows(&series)
                {
                    self.series.insert(series);
                }
                let reference = (speaker.clone(), header.local_reference.clone());
                if !working.local_references.knows(&reference) {
                    self.local_references.insert(reference);
                }
                if !working.waiting_of.knows(speaker) {
                    self.waiting_of.insert(speaker.clone());
                }
                self.assets_of(speaker, header, working);
                let root = (speaker.clone(), header.records_root);
                if !working.records_roots.knows(&root) {
                    self.records_roots.insert(root);
                }
            }
            Body::Listing(listing) => self.listing(speaker, listing, working),
            Body::TransferProposal(proposal) => {
                self.debts(speaker, working);
                self.feed(&proposal.target, working);
                self.dealing(speaker, &proposal.target, working);
                let region = working.governance.members.get(&proposal.target).map(|m| m.region);
                self.crossing(&proposal.blocks, region, proposal.r#use, working);
            }
            Body::TransferAcceptance(c) => self.dealing_by_id(c.transfer, working),
            Body::TransferDecline(c) => self.dealing_by_id(c.transfer, working),
            Body::TransferWithdrawal(c) => self.dealing_by_id(c.transfer, working),
            Body::Pledge(c) => {
                self.debts(speaker, working);
                self.feed(&c.pledgee, working);
            }
            Body::PledgeRelease(c, _) => self.pledge(c.pledge, working),
            Body::PledgeForeclosure(c, _) => self.pledge(c.pledge, working),
            Body::ChallengeAnswer(c) => self.challenge(c.challenge, working),
            Body::Retirement(c) => self.linked(c.claim.linked.as_ref(), working),
            Body::Donation(c) => {
                self.debts(speaker, working);
                self.event(&c.event, working);
                self.linked(c.linked.as_ref(), working);
                if let Ok(Some(event)) = working.events.get(&c.event) {
                    self.crossing(&c.blocks, Some(event.plan.region), Use::EventNeutrality, working);
                }
            }
            Body::DonationWithdrawal(c) => self.dealing_by_id(c.donation, working),
            Body::Methodology(c) => self.concerned(&Changed::Methodology(c.methodology.clone()), working),
            Body::Asset(c) => self.asset(speaker, c, working),
            Body::Sheet(c) => self.concerned(&Changed::Sheet(c.methodology.clone()), working),
            Body::MappingProposal(c) => self.proposal(c, working),
            Body::MappingEndorsement(_)
            | Body::MappingObjection(_)
            | Body::MappingSuspension(_)
            | Body::MappingLifting(_)
            | Body::MappingComment(_) => body.mapping().into_iter().for_each(|one| self.mapping(one, working)),
            Body::ConflictEvidence(c) => self.conflict(c.conflict, working),
            Body::Cancellation(c) => {
                if c.covers.is_some() {
                    self.debts(speaker, working);
                }
            }
            Body::ReconciliationResult(c) => self.reconciled(c.reconciliation, working),
            Body::Reconciliation(c) => c.repaired.into_iter().for_each(|id| self.reconciled(id, working)),
            Body::LogFork(_) => told_of_origin(working).for_each(|member| self.feed(member, working)),
            Body::Key(_) | Body::WitnessKey(_) | Body::TokenEpoch(_) | Body::Governance(_) => {}
        }
    }

    fn add_decision(&mut self, decision: &Decision, working: &Working) {
        match decision {
            Decision::Admit { member, .. }
            | Decision::ReplaceKeys { member, .. }
            | Decision::AdmitWitness { member, .. }
            | Decision::RemoveWitness { member, .. }
            | Decision::RequestReconciliation { member, .. } => self.feed(member, working),
            Decision::Reinstate { member } => {
                self.feed(member, working);
                self.concerned(&Changed::Registry(member.clone()), working);
            }
            Decision::PutSheet(sheet) => {
                self.concerned(&Changed::Methodology(sheet.methodology.clone()), working);
                self.concerned(&Changed::Sheet(sheet.methodology.clone()), working);
            }
            Decision::PutFactorRecords(_) => self.concerned(&Changed::Factors, working),
            Decision::SetRegistry { member, .. } => self.concerned(&Changed::Registry(member.clone()), working),
            Decision::ProposeMapping(proposal) => self.proposal(proposal, working),
            Decision::EndorseMapping { mapping, .. }
            | Decision::CommentMapping { mapping, .. }
            | Decision::RejectMapping { mapping, .. }
            | Decision::LiftMapping { mapping }
            | Decision::SuspendMapping { mapping, .. }
            | Decision::RevokeMapping { mapping, .. }
            | Decision::ApproveMapping { mapping, .. } => self.mapping(mapping, working),
            Decision::ApproveKey { key } | Decision::RetireKey { key } => {
                if let Some(key) = working.governance.keys.get(key) {
                    self.feed(&key.member, working);
                }
            }
            Decision::PutSchemeList(list) => self.list(list, working),
            Decision::ResolveAssetConflict { conflict, .. } => self.asset_conflict(*conflict, working),
            Decision::Suspend { member, .. } => self.suspension(member, working),
            Decision::Freeze { blocks, .. } => self.bound_by(blocks, working),
            Decision::ApproveTransfer { transfer } => self.dealing_by_id(*transfer, working),
            Decision::Halt { subject, .. } => self.dealing_by_id(*subject, working),
            Decision::Foreclose { pledge } => self.pledge(*pledge, working),
            Decision::PlanEvent(plan) => self.event(&plan.event, working),
            Decision::SetInventory { event, .. } | Decision::CloseEvent { event } => self.event(event, working),
            Decision::AcceptDonation { donation } | Decision::DeclineDonation { donation, .. } => {
                self.dealing_by_id(*donation, working);
            }
            Decision::Challenge(asked) => match working.issuances.get(&asked.issuance) {
                Ok(Some(issuance)) => self.feed(&issuance.issuer, working),
                Ok(None) => {}
                Err(_) => drop(self.issuances.insert(asked.issuance)),
            },
            Decision::FindingsExamined { reconciliation, .. } | Decision::CloseFindings { reconciliation, .. } => {
                self.reconciled(*reconciliation, working);
            }
            Decision::RecordChallenge { challenge, .. } => self.challenge(*challenge, working),
            Decision::PermitLinkedObligation(content) => {
                self.feed(&content.member, working);
                content.event.iter().for_each(|event| self.event(event, working));
            }
            Decision::RevokeLinkedPermission { permission, .. } => self.permission(*permission, working),
            Decision::NewOrigin { .. } | Decision::DistrustKey { .. } => self.all_told(working),
            Decision::Sweep => self.sweep(working),
            Decision::ResolveConflict { conflict, .. } | Decision::SettleConflict { conflict } => {
                self.conflict(*conflict, working);
            }
            Decision::ReverseRemoval { issuance, .. } => self.reversal(*issuance, working),
            Decision::TokensArrived { issuance }
            | Decision::AbandonIssuance { issuance }
            | Decision::GiveUpScreening { issuance, .. } => self.tokens_arrived(*issuance, working),
            Decision::Screened(found) => self.screened(found, working),
            Decision::SetPolicy(_)
            | Decision::SetWitnessQuorum { .. }
            | Decision::AcknowledgeForks { .. }
            | Decision::RotateLogKey { .. }
            | Decision::RetireLogKey { .. }
            | Decision::PutOfficer { .. }
            | Decision::PutCandidates(_)
            | Decision::Unfreeze { .. }
            | Decision::CancelFrozen { .. }
            | Decision::StopHub { .. } => {}
        }
    }

    /// A reconciliation, and the feed of the member whose it is.
    fn reconciled(&mut self, id: MessageId, working: &Working) {
        match working.reconciliations.get(&id) {
            Ok(Some(one)) => self.feed(&one.member, working),
            Ok(None) => {}
            Err(_) => drop(self.reconciliations.insert(id)),
        }
    }

    /// Whatever has come to its time.
    fn sweep(&mut self, working: &Working) {
        match &working.due {
            Some(due) => self.due(due, working),
            None => self.due = true,
        }
        for mapping in due_mappings(&working.governance, working.now) {
            self.mapping(&mapping, working);
        }
    }

    /// Every member with a node is told.
    fn all_told(&mut self, working: &Working) {
        told_of_origin(working).for_each(|member| self.feed(member, working));
    }

    /// Suspending a member halts what it has open.
    fn suspension(&mut self, member: &NodeId, working: &Working) {
        self.feed(member, working);
        match working.open_of.get(member) {
            Ok(open) => open
                .into_iter()
                .flatten()
                .for_each(|id| self.dealing_by_id(*id, working)),
            Err(_) => drop(self.open_of.insert(member.clone())),
        }
    }

    /// Freezing a reserved block halts what binds it.
    fn bound_by(&mut self, blocks: &[BlockRef], working: &Working) {
        for range in blocks {
            for block in working.blocks_over(range).into_iter().flatten() {
                if block.status.state == BlockState::Reserved
                    && let Some(by) = block.status.bound_to
                {
                    self.dealing_by_id(by, working);
                }
            }
        }
    }

    fn answer(&mut self, member: NodeId, id: MessageId, working: &Working) {
        if !working.answers.knows(&(member.clone(), id)) {
            self.answers.insert((member, id));
        }
    }

    fn range(&mut self, range: &BlockRef, working: &Working) {
        if !working.ranges.contains(range) {
            self.ranges.insert(range.clone());
        }
    }

    fn feed(&mut self, member: &NodeId, working: &Working) {
        let exists = working
            .governance
            .members
            .get(member)
            .is_some_and(|m| m.kind.has_feed());
        if exists && !working.feeds.knows(member) {
            self.feeds.insert(member.clone());
        }
    }

    fn dealing(&mut self, source: &NodeId, target: &NodeId, working: &Working) {
        let pair = (source.clone(), target.clone());
        if !working.dealings.knows(&pair) {
            self.dealings.insert(pair);
        }
    }

    fn listing(&mut self, member: &NodeId, listing: &tanqiao_protocol::message::Listing, working: &Working) {
        let key = (member.clone(), listing.listing.clone());
        if !working.listings.knows(&key) {
            self.listings.insert(key);
        }
        let key = (member.clone(), listing.series.clone());
        if !working.free.knows(&key) {
            self.free.insert(key);
        }
    }

    fn pledge(&mut self, id: MessageId, working: &Working) {
        match working.pledges.get(&id) {
            Ok(Some(pledge)) => {
                for member in [&pledge.debtor, &pledge.pledgee] {
                    self.feed(member, working);
                }
                for range in &pledge.content.blocks {
                    self.range(range, working);
                }
            }
            Ok(None) => {}
            Err(_) => drop(self.pledges.insert(id)),
        }
    }

    fn challenge(&mut self, id: MessageId, working: &Working) {
        match working.challenges.get(&id) {
            Ok(Some(challenge)) => self.feed(&challenge.member, working),
            Ok(None) => {}
            Err(_) => drop(self.challenges.insert(id)),
        }
    }

    fn linked(&mut self, linked: Option<&LinkedObligation>, working: &Working) {
        if let Some(linked) = linked {
            self.permission(linked.permission, working);
        }
    }

    fn permission(&mut self, id: MessageId, working: &Working) {
        match working.permissions.get(&id) {
            Ok(Some(permission)) => self.feed(&permission.content.member, working),
            Ok(None) => {}
            Err(_) => drop(self.permissions.insert(id)),
        }
    }

    fn event(&mut self, name: &Name, working: &Working) {
        if !working.events.knows(name) {
            self.events.insert(name.clone());
        }
    }

    fn cap(&mut self, mapping: &MappingRef, year: u16, working: &Working) {
        let key = (mapping.clone(), year);
        if !working.caps.knows(&key) {
            self.caps.insert(key);
        }
    }

    fn caps_of(&mut self, mapping: Option<&MappingRef>, year: u16, working: &Working) {
        for mapping in mapping
            .into_iter()
            .flat_map(|one| counted_under(&working.governance, one))
        {
            self.cap(&mapping, year, working);
        }
    }

    /// A transfer or donation, then its sides, blocks, caps and event.
    fn dealing_by_id(&mut self, id: MessageId, working: &Working) {
        if !working.transfers.knows(&id) || !working.donations.knows(&id) {
            self.dealings_by_id.insert(id);
        }
        if let Ok(Some(transfer)) = working.transfers.get(&id) {
            if !transfer.state.is_open() {
                return;
            }
            self.feed(&transfer.source, working);
            self.feed(&transfer.target, working);
            self.dealing(&transfer.source, &transfer.target, working);
            transfer
                .content
                .blocks
                .iter()
                .for_each(|range| self.range(range, working));
            for lot in &transfer.content.quote.lots {
                self.caps_of(lot.mapping.as_ref(), transfer.cap_year, working);
            }
        }
        if let Ok(Some(donation)) = working.donations.get(&id) {
            if donation.state.is_final() {
                return;
            }
            self.feed(&donation.donor, working);
            self.event(&donation.event, working);
            self.linked(donation.content.linked.as_ref(), working);
            donation
                .content
                .blocks
                .iter()
                .for_each(|range| self.range(range, working));
            for lot in &donation.content.quote.lots {
                self.caps_of(lot.mapping.as_ref(), donation.cap_year, working);
            }
        }
    }

    /// Caps of blocks that shall cross, and their issuances: without the demonstration setting, or where activity data travel.
    fn crossing(&mut self, blocks: &[BlockRef], to: Option<RegionCode>, r#use: Use, working: &Working) {
        let Some(to) = to else { return };
        let year = u16::try_from(working.now.china_year()).unwrap_or(0);
        let all = !working.governance.policy.demonstration;
        let series: BTreeSet<&SeriesRef> = blocks.iter().map(|b| &b.series).collect();
        let mut batched: BTreeSet<&SeriesRef> = BTreeSet::new();
        for series in series {
            let (caps, by_batch) = crossing_reads(&working.governance, series, to, r#use, working.now);
            for mapping in &caps {
                self.cap(mapping, year, working);
            }
            if by_batch || all {
                batched.insert(series);
            }
        }
        for range in blocks.iter().filter(|range| batched.contains(&range.series)) {
            for block in working.blocks_over(range).into_iter().flatten() {
                if !working.issuances.knows(&block.terms.issuance) {
                    self.issuances.insert(block.terms.issuance);
                }
            }
        }
    }

    /// Every member whose blocks may change is told, and the hub's buffer may always gain.
    fn add_feeds(&mut self, working: &Working) {
        self.feed(&NodeId::hub_buffer(), working);
        let holders: BTreeSet<NodeId> = working.book.blocks().map(|b| b.status.holder.clone()).collect();
        for holder in holders {
            self.feed(&holder, working);
        }
    }
}
