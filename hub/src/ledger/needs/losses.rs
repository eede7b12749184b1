//! What covers a loss. Nothing is loaded for it unless a command of the batch may take serials away that their issuer has no more.

use std::collections::BTreeMap;

use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::conflict::{ActivityRef, ConflictOutcome};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::serial::BlockRef;

use super::Needs;
use crate::ledger::command::{Body, Command, Decision, Origin};
use crate::ledger::decide::serials_of;
use crate::ledger::objects::{Conflict, Cover};
use crate::ledger::working::Working;

/// What the members of a batch's conflicts may have to cover.
#[derive(Debug)]
pub(super) struct Covers {
    of: BTreeMap<NodeId, Cover>,
    /// Grams that the batch names otherwise: they may be gone before a loss is covered.
    named: i64,
    /// True for a batch of one command: what its blocks are now, they are when it is decided.
    alone: bool,
}

impl Covers {
    pub(super) fn new(commands: &[Command]) -> Self {
        let named = commands.iter().flat_map(|command| command.body.blocks());
        Self {
            of: BTreeMap::new(),
            named: named.map(|block| block.range.quantity().get()).sum(),
            alone: commands.len() == 1,
        }
    }

    fn add(&mut self, member: &NodeId, grams: i64, first_from: MessageId) {
        if grams > 0 {
            let cover = self.of.entry(member.clone()).or_default();
            cover.grams = cover.grams.saturating_add(grams);
            cover.first_from.insert(first_from);
        }
    }

    /// What a command may take away.
    pub(super) fn add_command(&mut self, command: &Command, working: &Working) {
        match &command.body {
            Body::ConflictEvidence(said) if said.concede => {
                let speaker = match &command.origin {
                    Origin::Member(signed) => Some(&signed.member),
                    _ => None,
                };
                if let Ok(Some(conflict)) = working.conflicts.get(&said.conflict)
                    && speaker.is_some_and(|speaker| *speaker != conflict.later.member)
                {
                    self.add_conflict(conflict, working);
                }
            }
            Body::Governance(decision) => match decision.as_ref() {
                Decision::ResolveConflict {
                    conflict,
                    outcome: ConflictOutcome::Later,
                    ..
                }
                | Decision::SettleConflict { conflict } => {
                    if let Ok(Some(conflict)) = working.conflicts.get(conflict) {
                        self.add_conflict(conflict, working);
                    }
                }
                Decision::ReverseRemoval {
                    issuance, quantity_g, ..
                } => {
                    if let Ok(Some(found)) = working.issuances.get(issuance) {
                        self.add(&found.issuer, quantity_g.get(), *issuance);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Whoever has the act loses it.
    fn add_conflict(&mut self, conflict: &Conflict, working: &Working) {
        let earlier = &conflict.earlier.activity;
        let successor = match working.contested.get(earlier) {
            Err(_) => return,
            Ok(found) => found.and_then(|one| one.successor.clone()),
        };
        self.add_loser(successor.as_ref().unwrap_or(earlier), conflict, working);
        // Another command of the batch may have given it to this one before.
        if !self.alone {
            self.add_loser(&conflict.later.activity, conflict, working);
        }
    }

    fn add_loser(&mut self, activity: &ActivityRef, conflict: &Conflict, working: &Working) {
        let Ok(Some(issuance)) = working.issuances.get(&activity.issuance) else {
            return;
        };
        let lost = match (serials_of(working, activity), working.contested.get(activity)) {
            (Ok(Some(serials)), _) if self.alone => missing(&serials, &issuance.issuer, working),
            (Ok(Some(serials)), _) => Some(serials.range.quantity().get()),
            // A recovered hub does not know its serials: then it is as much as the act is worth.
            (Ok(None), Ok(None)) if issuance.block.is_some() => Some(conflict.content.quantity_g.get()),
            // It waits, or has grams of its own in this batch at the most.
            (Ok(None), Ok(Some(waits))) if !self.alone => Some(waits.quantity.get()),
            _ => None,
        };
        self.add(&issuance.issuer, lost.unwrap_or(0), activity.issuance);
    }
}

impl Needs {
    /// The blocks that cover all this: those that the member holds, then what it has offered to others, then the buffer.
    pub(super) fn covers(&mut self, covers: Covers, working: &Working) {
        let mut buffer = Cover::default();
        // What the log contradicts is passed over, and may be among what is found.
        let open = working.governance.open_contradictions();
        let passed_over = open.map(|(_, found)| found.quantity()).fold(0, i64::saturating_add);
        let more = covers.named.saturating_add(passed_over);
        for (member, mut cover) in covers.of {
            cover.grams = cover.grams.saturating_add(more);
            for state in [BlockState::Held, BlockState::Reserved] {
                cover.grams = self.holding(&member, state, &cover, working);
            }
            buffer.grams = buffer.grams.saturating_add(cover.grams);
            buffer.first_from.extend(cover.first_from);
        }
        self.holding(&NodeId::hub_buffer(), BlockState::Held, &buffer, working);
    }

    /// Grams that the blocks in this state do not cover; 0 until they are loaded.
    fn holding(&mut self, member: &NodeId, state: BlockState, cover: &Cover, working: &Working) -> i64 {
        if cover.grams == 0 {
            return 0;
        }
        let key = (member.clone(), state);
        match working.holdings.get(&key) {
            Some(found)
                if found.cover.grams >= cover.grams && found.cover.first_from.is_superset(&cover.first_from) =>
            {
                self.bound_by(&found.blocks, working);
                (cover.grams - found.grams).max(0)
            }
            _ => {
                self.holdings.insert(key, cover.clone());
                0
            }
        }
    }
}

/// Grams of these serials that are no longer their issuer's; `None` until their blocks are loaded.
fn missing(serials: &BlockRef, issuer: &NodeId, working: &Working) -> Option<i64> {
    use BlockState::{Frozen, Held, Reserved};
    let blocks = working.blocks_over(serials).ok()?.into_iter();
    let own = blocks.filter(|b| {
        b.status.holder == *issuer
            && matches!(b.status.state, Held | Frozen | Reserved)
            && working.governance.contradicted(&b.series, b.range).is_none()
    });
    let there: i64 = own
        .filter_map(|block| block.range.intersection(&serials.range))
        .map(|range| range.quantity().get())
        .sum();
    Some(serials.range.quantity().get() - there)
}
