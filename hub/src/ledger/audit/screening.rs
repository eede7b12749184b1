//! Invariant 7 as far as the ledger knows it: whatever was recognised was screened, and every conflict ended as it says. That
//! no token has two owners is a key of the screening store.

use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::conflict::{ActivityRef, ActivityState, ConflictOutcome};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::ledger::Replay;
use tanqiao_protocol::transfer::IssuanceState;

use super::dealings::check_state;
use super::findings::Findings;
use crate::ledger::objects::{Conflict, Contested, Issuance};
use crate::store::audit::{Names, conflicts, contested, screening_runs};
use crate::store::convert::message_id;
use crate::store::database::{ReadConnection, StoreError};

/// What screening left behind.
#[derive(Debug, Default)]
pub(super) struct Screening {
    contested: BTreeMap<ActivityRef, Contested>,
    screened: BTreeSet<MessageId>,
    attempts: BTreeMap<Vec<u8>, MessageId>,
}

impl Screening {
    pub(super) fn read(
        connection: &mut ReadConnection<'_>,
        names: &Names,
        mut replayed: Option<&mut Replay>,
        findings: &mut Findings,
    ) -> Result<Self, StoreError> {
        let mut screening = Self::default();
        screening_runs(connection, |row| {
            let issuance = message_id(&row.issuance)?;
            screening.screened.insert(issuance);
            screening.attempts.insert(row.attempt, issuance);
            Ok(())
        })?;
        contested(connection, |row| {
            let one = crate::store::conflicts::contested(&row)?;
            screening.contested.insert(one.activity.clone(), one);
            Ok(())
        })?;
        conflicts(connection, |row| {
            match crate::store::conflicts::conflict(&row, &names.numbers) {
                Ok(conflict) => {
                    let word = conflict.state.word();
                    check_state("conflict", conflict.id, word, replayed.as_deref_mut(), findings);
                    screening.check_conflict(&conflict, findings);
                }
                Err(error) => findings.add(9, format!("conflict/{}", hex::encode(&row.id)), error),
            }
            Ok(())
        })?;
        Ok(screening)
    }

    /// The issuance of an attempt that counts.
    pub(super) fn issuance_of(&self, attempt: &[u8]) -> Option<MessageId> {
        self.attempts.get(attempt).copied()
    }

    /// The grams of an activity that was held back, or lost.
    pub(super) fn quantity(&self, activity: &ActivityRef) -> Option<i64> {
        self.contested.get(activity).map(|one| one.quantity.get())
    }

    /// The activities of an issuance that were held back and not issued with it.
    pub(super) fn held_back(&self, issuance: MessageId) -> impl Iterator<Item = &ActivityRef> {
        let held = self.of(issuance).filter(|one| one.state != ActivityState::Cancelled);
        held.map(|one| &one.activity)
    }

    /// What was taken from activities that had serials, by issuance.
    pub(super) fn lost(&self) -> impl Iterator<Item = (MessageId, i64)> {
        let lost = self
            .contested
            .values()
            .filter(|one| one.state == ActivityState::Cancelled);
        lost.map(|one| (one.activity.issuance, one.quantity.get()))
    }

    fn state(&self, activity: &ActivityRef) -> Option<ActivityState> {
        self.contested.get(activity).map(|one| one.state)
    }

    /// An act belongs to one side, unless two acts were found to be distinct.
    fn check_conflict(&self, conflict: &Conflict, findings: &mut Findings) {
        use ActivityState::{Cancelled, Held, Refused};
        findings.checked(7);
        let subject = format!("conflict/{}", conflict.id);
        let later = self.state(&conflict.later.activity);
        let earlier = self.state(&conflict.earlier.activity);
        let fits = match conflict.outcome {
            None => later == Some(Held),
            // Unless the act had gone from the earlier to the later one meanwhile.
            Some(ConflictOutcome::Earlier) => later == Some(Refused) || matches!(earlier, Some(Refused | Cancelled)),
            Some(ConflictOutcome::Later) => {
                matches!(earlier, Some(Refused | Cancelled)) || matches!(later, Some(Refused | Cancelled))
            }
            Some(ConflictOutcome::Distinct) => later.is_some(),
        };
        findings.ensure(7, fits, subject, || {
            let word = |state: Option<ActivityState>| state.map_or("issued", ActivityState::word);
            format!(
                "ended as `{}`, and the earlier activity is {}, the later {}",
                conflict.outcome.map_or("open", ConflictOutcome::word),
                word(earlier),
                word(later)
            )
        });
    }

    fn of(&self, issuance: MessageId) -> impl Iterator<Item = &Contested> {
        let from = ActivityRef { issuance, index: 0 };
        let until = ActivityRef {
            issuance,
            index: u32::MAX,
        };
        self.contested.range(from..=until).map(|(_, one)| one)
    }

    /// The serials of an issuance: its block, and those of activities that were released.
    pub(super) fn ranges(&self, issuance: &Issuance, series: i64) -> Vec<(i64, i64, i64)> {
        let block = issuance.block.as_ref().map(|block| block.range);
        let released = self.of(issuance.id).filter_map(|one| one.range);
        let own = released.filter(|range| block.is_none_or(|block| !block.overlaps(range)));
        block
            .into_iter()
            .chain(own)
            .map(|range| (series, range.first(), range.last()))
            .collect()
    }

    /// Whatever has a result was screened or bears the mark; what it has and what was held back make up its header.
    pub(super) fn check_issuance(&self, issuance: &Issuance, findings: &mut Findings) {
        use IssuanceState::{HeldBack, PartiallyRecognised, Recognised};
        if !matches!(issuance.state, Recognised | PartiallyRecognised | HeldBack) {
            return;
        }
        let subject = format!("issuance/{}", issuance.id);
        findings.checked(7);
        findings.ensure(
            7,
            issuance.unscreened != self.screened.contains(&issuance.id),
            &subject,
            || {
                if issuance.unscreened {
                    "bears the mark `unscreened`, and was screened".to_owned()
                } else {
                    "is recognised without the mark `unscreened`, though nothing has screened it".to_owned()
                }
            },
        );
        let block = issuance.block.as_ref().map(|block| block.range);
        let clean = block.map_or(0, |range| range.quantity().get());
        // Whatever lost its serials had them in the block, or of its own.
        let apart = |one: &&Contested| match (one.state, one.range) {
            (ActivityState::Cancelled, None) => false,
            (_, range) => !block.is_some_and(|block| range.is_some_and(|range| block.overlaps(&range))),
        };
        let apart = self.of(issuance.id).filter(apart);
        let held: i64 = apart.map(|one| one.quantity.get()).sum();
        let header = issuance.content.quantity_g.get();
        findings.ensure(2, clean + held == header, &subject, || {
            format!("has {clean} g in serials and {held} g that were held back, and {header} g in its header")
        });
        let counts = issuance.held;
        let count = |state| {
            let these = self.of(issuance.id).filter(move |one| one.state == state);
            these.fold((0_u32, 0_i64), |(n, g), one| (n + 1, g + one.quantity.get()))
        };
        let found = (count(ActivityState::Held), count(ActivityState::Refused));
        let said = (
            (counts.waiting, counts.waiting_g.get()),
            (counts.refused, counts.refused_g.get()),
        );
        findings.ensure(7, found == said, &subject, || {
            format!("says that {said:?} activities and grams wait and were refused, and {found:?} do and were")
        });
    }
}
