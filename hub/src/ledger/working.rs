//! What a batch has loaded and changed. Decisions read it; [`Step`]s change it; the store writes what was changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tanqiao_protocol::block::{Block, BlockChange, BlockState};
use tanqiao_protocol::conflict::ActivityRef;
use tanqiao_protocol::feed::{self, FeedEntry};
use tanqiao_protocol::id::{MessageId, Name, NodeId, Sha256};
use tanqiao_protocol::lattice::SetDigest;
use tanqiao_protocol::leaf::{CapChange, Leaf, LinkChange, RoomChange, leaf_hash};
use tanqiao_protocol::ledger::{Book, Replacement};
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::serial::{BlockRef, SeriesRef};
use tanqiao_protocol::time::Timestamp;
use tanqiao_protocol::view::{Comment, Outcome};

use super::loaded::Loaded;
use super::objects::{
    Candidate, CapCount, Challenge, Conflict, Contested, Debt, Donation, Event, Governance, Holding, Issuance, Listing,
    Named, Permission, Pledge, Position, Reconciled, Retirement, Said, SharedToken, SheetVersion, Transfer,
};
use super::refusal::{Decided, Rejection};
use super::register::Register;
use super::step::{Step, leaf_parts};

/// The head of the log: the row that a batch locks first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of leaves.
    pub size: i64,
    /// The decision time of the last batch.
    pub time: Timestamp,
    /// Changes when governance changes.
    pub governance_version: i64,
    /// The regulator's global stop.
    pub frozen: bool,
    /// Chain over all leaf hashes: two heads of the same size agree only if their logs do.
    pub chain: Sha256,
}

/// An outcome that the store keeps for an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The payload that it answers.
    pub payload_sha256: Sha256,
    /// The HTTP status.
    pub status: u16,
    /// The outcome or problem, as JSON.
    pub answer: String,
}

/// A member's feed.
#[derive(Debug, Clone)]
pub struct FeedHead {
    /// The last entry's number.
    pub seq: i64,
    /// Its chain hash.
    pub chain: Sha256,
    /// The digest of the set of the member's blocks.
    pub lattice: SetDigest,
}

impl Default for FeedHead {
    fn default() -> Self {
        Self {
            seq: 0,
            chain: feed::CHAIN_START,
            lattice: SetDigest::default(),
        }
    }
}

/// What a batch has loaded and changed.
#[derive(Debug, Clone)]
pub struct Working {
    /// The decision time.
    pub now: Timestamp,
    /// The head.
    pub head: Head,
    /// Governance; replaced as a whole when it changes.
    pub governance: Arc<Governance>,
    /// Blocks over the ranges that were asked for.
    pub book: Book,
    /// The ranges that were asked for.
    pub ranges: BTreeSet<BlockRef>,
    /// Last serials.
    pub series: Loaded<SeriesRef, i64>,
    /// Stored answers.
    pub answers: Loaded<(NodeId, MessageId), StoredAnswer>,
    /// Who used an id, of the ids that are asked for.
    pub ids: BTreeMap<MessageId, NodeId>,
    /// Transfers.
    pub transfers: Loaded<MessageId, Transfer>,
    /// Donations.
    pub donations: Loaded<MessageId, Donation>,
    /// Pledges.
    pub pledges: Loaded<MessageId, Pledge>,
    /// Issuances.
    pub issuances: Loaded<MessageId, Issuance>,
    /// Issuances by the node's own reference.
    pub local_references: Loaded<(NodeId, Name), MessageId>,
    /// Issuances by the root over their activity records.
    pub records_roots: Loaded<(NodeId, Sha256), MessageId>,
    /// How many issuances of a member have no result yet.
    pub waiting_of: Loaded<NodeId, u32>,
    /// Conflicts.
    pub conflicts: Loaded<MessageId, Conflict>,
    /// The conflicts for which an activity waits.
    pub conflicts_of: Loaded<ActivityRef, Vec<MessageId>>,
    /// Activities that were held back, or lost.
    pub contested: Loaded<ActivityRef, Contested>,
    /// The activities in whose place this one came.
    pub predecessors: Loaded<ActivityRef, Vec<ActivityRef>>,
    /// Where the serials of activities lie.
    pub positions: Loaded<ActivityRef, Position>,
    /// What members owe.
    pub debts: Loaded<NodeId, Vec<Debt>>,
    /// What members have in a state, as far as it may have to cover something.
    pub holdings: BTreeMap<(NodeId, BlockState), Holding>,
    /// Retirements; written, never read.
    pub retirements: Loaded<MessageId, Retirement>,
    /// Challenges.
    pub challenges: Loaded<MessageId, Challenge>,
    /// Reconciliations.
    pub reconciliations: Loaded<MessageId, Reconciled>,
    /// Permissions to link two obligations.
    pub permissions: Loaded<MessageId, Permission>,
    /// Events.
    pub events: Loaded<Name, Event>,
    /// Caps.
    pub caps: Loaded<(MappingRef, u16), CapCount>,
    /// First dealings, with their leaf.
    pub dealings: Loaded<(NodeId, NodeId), i64>,
    /// Listings.
    pub listings: Loaded<(NodeId, Name), Listing>,
    /// For a series and member: grams held, and grams in its listings.
    pub free: Loaded<(NodeId, SeriesRef), (Grams, Grams)>,
    /// Open transfers and donations of members about to be suspended.
    pub open_of: Loaded<NodeId, Vec<MessageId>>,
    /// Transfers, donations and challenges whose time has come; `None` until asked for.
    pub due: Option<Vec<MessageId>>,
    /// Feed heads.
    pub feeds: Loaded<NodeId, FeedHead>,
    /// The asset register.
    pub register: Register,
    /// What the batch writes anew.
    pub written: Written,
    /// True for a lost batch that is decided again: the runs that it names may be in the store of tokens no more.
    pub recovering: bool,
}

/// What the batch writes anew.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// Leaves, from the head's size on.
    pub leaves: Vec<Vec<u8>>,
    /// The leaf that last changed a block, by series and first serial.
    pub blocks: BTreeMap<(SeriesRef, i64), i64>,
    /// Feed entries in order, by member.
    pub entries: BTreeMap<NodeId, Vec<FeedEntry>>,
    /// Why the factors of mappings are what they are.
    pub explanations: BTreeMap<MappingRef, String>,
    /// Published sheets, every revision.
    pub sheets: Vec<SheetVersion>,
    /// Comments on mappings.
    pub comments: Vec<(MappingRef, Comment)>,
    /// Candidate rows, with their set and leaf.
    pub candidates: Vec<(Name, Candidate, i64)>,
    /// Runs of the screening store that count from now on.
    pub runs: Vec<Named>,
    /// Tokens that change their owner.
    pub owners: BTreeMap<SharedToken, ActivityRef>,
    /// What was said about conflicts.
    pub said: Vec<Said>,
    /// True if governance changed.
    pub governance: bool,
    /// True if the global stop changed.
    pub head: bool,
}

impl Working {
    /// An empty working set under this head.
    #[must_use]
    pub fn new(now: Timestamp, head: Head, governance: Arc<Governance>) -> Self {
        Self {
            now,
            head,
            governance,
            book: Book::default(),
            ranges: BTreeSet::new(),
            series: Loaded::default(),
            answers: Loaded::default(),
            ids: BTreeMap::new(),
            transfers: Loaded::default(),
            donations: Loaded::default(),
            pledges: Loaded::default(),
            issuances: Loaded::default(),
            local_references: Loaded::default(),
            records_roots: Loaded::default(),
            waiting_of: Loaded::default(),
            conflicts: Loaded::default(),
            conflicts_of: Loaded::default(),
            contested: Loaded::default(),
            predecessors: Loaded::default(),
            positions: Loaded::default(),
            debts: Loaded::default(),
            holdings: BTreeMap::new(),
            retirements: Loaded::default(),
            challenges: Loaded::default(),
            reconciliations: Loaded::default(),
            permissions: Loaded::default(),
            events: Loaded::default(),
            caps: Loaded::default(),
            dealings: Loaded::default(),
            listings: Loaded::default(),
            free: Loaded::default(),
            open_of: Loaded::default(),
            due: None,
            feeds: Loaded::default(),
            register: Register::default(),
            written: Written::default(),
            recovering: false,
        }
    }

    /// The index that the next leaf will have.
    #[must_use]
    pub fn next_index(&self) -> i64 {
        self.head.size + i64::try_from(self.written.leaves.len()).unwrap_or(i64::MAX)
    }

    /// The blocks over a range, ascending.
    ///
    /// # Errors
    /// [`Rejection::NotLoaded`] if the range was not asked for.
    pub fn blocks_over(&self, range: &BlockRef) -> Decided<Vec<&Block>> {
        if self.ranges.contains(range) {
            Ok(self.book.overlapping(&range.series, range.range).collect())
        } else {
            Err(Rejection::NotLoaded(range.to_string()))
        }
    }

    /// What was given under a mapping version in a year.
    ///
    /// # Errors
    /// [`Rejection::NotLoaded`] if it was not asked for.
    pub fn cap(&self, mapping: &MappingRef, year: u16) -> Decided<CapCount> {
        Ok(self.caps.get(&(mapping.clone(), year))?.copied().unwrap_or_default())
    }

    /// Carries out a step: changes blocks, caps and room, appends the leaf and the feed entries. Returns the leaf's index.
    /// Objects (transfers, events, …) are put by the decision itself, with the index that this returns.
    ///
    /// # Errors
    /// [`Rejection::NotLoaded`], [`Rejection::Broken`] if something that it changes was not loaded, or breaks a rule: then the whole
    /// batch is given up, because a decision that breaks a rule is a fault of the program.
    pub fn carry_out(&mut self, mut step: Step) -> Decided<i64> {
        let index = self.next_index();
        for replacement in &step.replacements {
            replacement.check().map_err(Rejection::broken)?;
        }
        for change in &step.caps {
            self.change_cap(change)?;
        }
        if let Some(change) = &step.room {
            self.change_room(change)?;
        }
        if let Some(change) = &step.linked {
            self.change_linked(change)?;
        }
        self.tell(&mut step, index)?;
        for replacement in &step.replacements {
            self.replace(replacement, index)?;
        }
        self.append(step)?;
        Ok(index)
    }

    fn change_cap(&mut self, change: &CapChange) -> Decided<()> {
        let key = (change.mapping.clone(), change.year);
        let mut count = self.caps.get(&key)?.copied().unwrap_or_default();
        count.reserved = moved(count.reserved, change.reserved_g)?;
        count.committed = moved(count.committed, change.committed_g)?;
        self.caps.put(key, count);
        Ok(())
    }

    fn change_room(&mut self, change: &RoomChange) -> Decided<()> {
        let index = self.next_index();
        let mut event = self
            .events
            .get(&change.event)?
            .cloned()
            .ok_or_else(|| Rejection::NotLoaded(change.event.to_string()))?;
        event.reserved = moved(event.reserved, change.reserved_g)?;
        event.committed = moved(event.committed, change.committed_g)?;
        event.log_index = index;
        self.events.put(change.event.clone(), event);
        Ok(())
    }

    fn change_linked(&mut self, change: &LinkChange) -> Decided<()> {
        let index = self.next_index();
        let mut permission = self
            .permissions
            .get(&change.permission)?
            .cloned()
            .ok_or_else(|| Rejection::NotLoaded(change.permission.to_string()))?;
        permission.reserved = moved(permission.reserved, change.reserved_g)?;
        permission.used = moved(permission.used, change.committed_g)?;
        if permission.reserved.get() + permission.used.get() > permission.content.quantity_g.get() {
            return Err(Rejection::Broken(format!(
                "permission/{}: used beyond its quantity",
                permission.id
            )));
        }
        permission.log_index = index;
        self.permissions.put(permission.id, permission);
        Ok(())
    }

    fn replace(&mut self, replacement: &Replacement, index: i64) -> Decided<()> {
        if let Some(before) = &replacement.before {
            self.lattice(&before.status.holder, |lattice| {
                lattice.remove(before.digest_record().as_bytes());
            })?;
            self.count_free(before, -1)?;
        } else if let Some(first) = replacement.after.first() {
            let issued = self.series.get(&first.series)?.copied().unwrap_or(0);
            if first.range.first() != issued + 1 {
                return Err(Rejection::Broken(format!(
                    "{}: does not continue its series",
                    first.reference()
                )));
            }
            self.series.put(first.series.clone(), first.range.last());
            // What was issued in this batch is known whole.
            self.ranges.insert(first.reference());
        }
        for after in &replacement.after {
            self.lattice(&after.status.holder, |lattice| {
                lattice.add(after.digest_record().as_bytes());
            })?;
            self.count_free(after, 1)?;
            self.written
                .blocks
                .insert((after.series.clone(), after.range.first()), index);
        }
        self.book.apply(replacement);
        Ok(())
    }

    /// What a member holds free of a series, where a listing of this batch asks for it.
    fn count_free(&mut self, block: &Block, sign: i64) -> Decided<()> {
        let key = (block.status.holder.clone(), block.series.clone());
        if block.status.state == BlockState::Held && self.free.knows(&key) {
            let free = self.free.get_mut(&key)?;
            free.0 = moved(free.0, sign * block.quantity().get())?;
        }
        Ok(())
    }

    fn lattice(&mut self, member: &NodeId, change: impl FnOnce(&mut SetDigest)) -> Decided<()> {
        change(&mut self.feeds.get_mut(member)?.lattice);
        Ok(())
    }

    /// Every member whose blocks change gets an entry, whether or not the decision has something to say to it.
    fn tell(&mut self, step: &mut Step, index: i64) -> Decided<()> {
        let mut told: BTreeMap<NodeId, (&'static str, serde_json::Value)> =
            step.notices.drain(..).map(|n| (n.to, (n.r#type, n.body))).collect();
        let mut changes: BTreeMap<NodeId, Vec<BlockChange>> = BTreeMap::new();
        for replacement in &step.replacements {
            let before = replacement.before.as_ref().map(|b| &b.status.holder);
            for (change, after) in replacement.changes().zip(&replacement.after) {
                if let Some(before) = before
                    && *before != after.status.holder
                {
                    changes.entry(before.clone()).or_default().push(change.clone());
                }
                changes.entry(after.status.holder.clone()).or_default().push(change);
            }
        }
        for member in changes.keys() {
            told.entry(member.clone())
                .or_insert((step.r#type, serde_json::Value::Null));
        }
        for (member, (r#type, body)) in told {
            let seq = self.feeds.get_mut(&member)?.take_next();
            let entry = FeedEntry {
                at: self.now,
                body,
                changes: changes.remove(&member).unwrap_or_default(),
                digest: None,
                log_index: index,
                seq,
                subject: step.subject.clone(),
                r#type: r#type.to_owned(),
            };
            self.written.entries.entry(member).or_default().push(entry);
        }
        Ok(())
    }

    fn append(&mut self, step: Step) -> Decided<()> {
        let changes: Vec<BlockChange> = step.replacements.iter().flat_map(Replacement::changes).collect();
        let leaf = Leaf {
            at: self.now,
            caps: step.caps,
            changes,
            data: step.data,
            index: self.next_index(),
            linked: step.linked,
            member: step.member,
            officers: step.officers,
            part: None,
            parts: None,
            payload_sha256: step.payload_sha256,
            room: step.room,
            state: step.state.map(str::to_owned),
            subject: step.subject,
            r#type: step.r#type.to_owned(),
            v: 1,
        };
        for bytes in leaf_parts(leaf)? {
            let hash = leaf_hash(&bytes);
            self.head.chain = Sha256::of_parts(&[&self.head.chain.0, &hash.0]);
            self.written.leaves.push(bytes);
        }
        Ok(())
    }

    /// An outcome that names the leaf `index`.
    #[must_use]
    pub fn outcome(&self, subject: String, state: Option<&'static str>, log_index: i64) -> Outcome {
        Outcome {
            subject,
            state: state.map(str::to_owned),
            log_index,
            at: self.now,
            delivered_g: None,
            buffered_g: None,
            cancelled_g: None,
            blocks: Vec::new(),
        }
    }
}

impl FeedHead {
    fn take_next(&mut self) -> i64 {
        self.seq += 1;
        self.seq
    }
}

fn moved(quantity: Grams, by: i64) -> Decided<Grams> {
    Grams::new(quantity.get() + by).map_err(Rejection::broken)
}
