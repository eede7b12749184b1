//! What decisions about screening, conflicts and losses read.

use std::collections::BTreeSet;

use tanqiao_protocol::conflict::{ActivityRef, ConflictState};
use tanqiao_protocol::id::{MessageId, NodeId};
use tanqiao_protocol::serial::SeriesRef;

use super::Needs;
use crate::ledger::decide::serials_of;
use crate::ledger::objects::Screened;
use crate::ledger::working::Working;

impl Needs {
    pub(super) fn issuance(&mut self, id: MessageId, working: &Working) {
        if !working.issuances.knows(&id) {
            self.issuances.insert(id);
        }
    }

    /// An issuance with its series and its issuer's feed.
    fn whole_issuance(&mut self, id: MessageId, working: &Working) {
        self.issuance(id, working);
        let Ok(Some(issuance)) = working.issuances.get(&id) else {
            return;
        };
        self.feed(&issuance.issuer, working);
        let header = &issuance.content;
        let series = SeriesRef::new(
            issuance.issuer.clone(),
            header.region_of_act,
            header.methodology.clone(),
            header.vintage,
        );
        if let Ok(series) = series
            && !working.series.knows(&series)
        {
            self.series.insert(series);
        }
    }

    pub(super) fn tokens_arrived(&mut self, id: MessageId, working: &Working) {
        self.whole_issuance(id, working);
    }

    pub(super) fn screened(&mut self, found: &Screened, working: &Working) {
        self.whole_issuance(found.issuance, working);
        let others: BTreeSet<MessageId> = found
            .held
            .iter()
            .flat_map(|one| &one.with)
            .map(|collision| collision.activity.issuance)
            .collect();
        for other in others {
            self.whole_issuance(other, working);
        }
    }

    pub(super) fn due(&mut self, due: &[MessageId], working: &Working) {
        for id in due {
            self.dealing_by_id(*id, working);
            self.challenge(*id, working);
        }
    }

    pub(super) fn debts(&mut self, member: &NodeId, working: &Working) {
        if !working.debts.knows(member) {
            self.debts.insert(member.clone());
        }
    }

    pub(super) fn reversal(&mut self, issuance: MessageId, working: &Working) {
        self.whole_issuance(issuance, working);
        if let Ok(Some(issuance)) = working.issuances.get(&issuance) {
            self.debts(&issuance.issuer, working);
        }
    }

    /// A conflict and whatever its end may change.
    pub(super) fn conflict(&mut self, id: MessageId, working: &Working) {
        let Some((earlier, later)) = self.sides(id, working) else {
            return;
        };
        self.activity(&earlier, working);
        self.activity(&later, working);
        // Whoever has the act now: those that lost it all name that one.
        if let Ok(Some(one)) = working.contested.get(&earlier)
            && let Some(successor) = &one.successor
        {
            self.activity(successor, working);
        }
    }

    /// Both sides of an open conflict, once it is loaded.
    fn sides(&mut self, id: MessageId, working: &Working) -> Option<(ActivityRef, ActivityRef)> {
        if !working.conflicts.knows(&id) {
            self.conflicts.insert(id);
            return None;
        }
        let conflict = working.conflicts.get(&id).ok()??;
        if conflict.state != ConflictState::Open {
            return None;
        }
        self.feed(&conflict.earlier.member, working);
        self.feed(&conflict.later.member, working);
        Some((conflict.earlier.activity.clone(), conflict.later.activity.clone()))
    }

    /// An activity with its issuance, its conflicts, and its serials.
    fn activity(&mut self, activity: &ActivityRef, working: &Working) {
        self.whole_issuance(activity.issuance, working);
        if !working.contested.knows(activity) {
            self.contested.insert(activity.clone());
        }
        if !working.positions.knows(activity) {
            self.positions.insert(activity.clone());
        }
        if !working.predecessors.knows(activity) {
            self.predecessors.insert(activity.clone());
        }
        match working.conflicts_of.get(activity) {
            Err(_) => drop(self.conflicts_of.insert(activity.clone())),
            Ok(others) => {
                for other in others.into_iter().flatten() {
                    self.sides(*other, working);
                }
            }
        }
        let Ok(Some(issuance)) = working.issuances.get(&activity.issuance) else {
            return;
        };
        self.debts(&issuance.issuer, working);
        if let Ok(Some(serials)) = serials_of(working, activity) {
            self.range(&serials, working);
            self.bound_by(std::slice::from_ref(&serials), working);
        }
    }
}
