//! Whose a shared token is now, and with whom an activity that has it collides.

use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::conflict::{ActivityRef, ActivityState};
use tanqiao_protocol::fingerprint::TokenKind;
use tanqiao_protocol::id::MessageId;

use super::Collision;
use super::screener::ScreenerError;
use crate::ledger::objects::{Contested, Issuance, Owned, SharedToken};
use crate::store::database::{Database, StoreError};
use crate::store::read::conflicts as read;

/// Activities with one token with each of which another one is compared: nobody rides more often at once.
const OWNERS_MAX: usize = 16;

/// Finds whose each shared token is now.
pub(super) struct Judge<'a> {
    issuance: &'a Issuance,
    run: u32,
    runs: BTreeMap<u32, MessageId>,
    members: BTreeMap<MessageId, i32>,
    owners: BTreeMap<SharedToken, ActivityRef>,
    /// Activities that have a token without being its first.
    sharers: BTreeMap<SharedToken, Vec<ActivityRef>>,
    /// The same, of this issuance.
    inside: BTreeMap<SharedToken, Vec<u32>>,
    contested: BTreeMap<ActivityRef, Contested>,
    /// Activities that were found to be other acts than these, with which they share tokens: they have those tokens too.
    distinct: read::DistinctFrom,
    /// The activities that collide, with what, and by which tokens.
    pub(super) with: BTreeMap<u32, BTreeMap<ActivityRef, Vec<SharedToken>>>,
    /// Tokens whose owners are all out.
    pub(super) owned: Vec<Owned>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        database: &Database,
        issuance: &'a Issuance,
        run: u32,
        shared: &[Collision],
    ) -> Result<Self, StoreError> {
        let tokens: BTreeSet<SharedToken> = shared.iter().map(|one| one.found.entry.into()).collect();
        let wanted: BTreeSet<u32> = shared
            .iter()
            .map(|one| one.owner.run)
            .filter(|one| *one != run)
            .collect();
        let (runs, owners) =
            database.read(|c| Ok((read::issuances_of_runs(c, &wanted)?, read::owners(c, &tokens)?)))?;
        let sharers = database.read(|c| read::sharers(c, &tokens))?;
        let mut asked: BTreeSet<MessageId> = runs.values().copied().collect();
        asked.extend(owners.values().map(|owner| owner.issuance));
        asked.extend(sharers.values().flatten().map(|sharer| sharer.issuance));
        let mut contested: BTreeMap<ActivityRef, Contested> = BTreeMap::new();
        contested.extend(database.read(|c| read::contested_of(c, &asked))?);
        // Whoever has the act now may be of a further issuance, and so may be what was found to be another act.
        asked.extend(successors(&contested));
        let distinct = database.read(|c| read::distinct_from(c, &asked))?;
        let others: BTreeSet<MessageId> = distinct.values().flatten().map(|(other, _)| other.issuance).collect();
        contested.extend(database.read(|c| read::contested_of(c, &others))?);
        asked.extend(others);
        asked.extend(successors(&contested));
        asked.insert(issuance.id);
        let members = database.read(|c| read::issuers(c, &asked))?;
        Ok(Self {
            issuance,
            run,
            runs,
            members,
            owners,
            sharers,
            inside: BTreeMap::new(),
            contested,
            distinct,
            with: BTreeMap::new(),
            owned: Vec::new(),
        })
    }

    /// A token of the issuance that others had first; in the order of its activities.
    pub(super) fn add(&mut self, collision: &Collision) -> Result<(), ScreenerError> {
        let (entry, index) = (collision.found.entry, collision.found.position);
        let token = SharedToken::from(entry);
        let of_this = |index| ActivityRef {
            issuance: self.issuance.id,
            index,
        };
        let own = of_this(index);
        let mut owners = self.living_owners(collision, token)?;
        let inside = self.inside.entry(token).or_default();
        if owners.is_empty() && inside.is_empty() {
            // Whoever had it is out, and nobody is in its place: it belongs to the first here that has it.
            self.owned.push(Owned { token, index });
        }
        owners.extend(inside.iter().copied().map(of_this));
        inside.push(index);
        let soft = token.kind == TokenKind::Subject;
        owners.retain(|owner| *owner != own && !(soft && self.is_same_member(owner)));
        for owner in owners.into_iter().take(OWNERS_MAX) {
            let tokens = self.with.entry(index).or_default().entry(owner).or_default();
            tokens.push(token);
        }
        Ok(())
    }

    /// The activities that have a token now: the first that had it, those that took it over, and all that came later.
    fn living_owners(&self, collision: &Collision, token: SharedToken) -> Result<BTreeSet<ActivityRef>, ScreenerError> {
        let first = self.first_owner(collision)?;
        let later = self.sharers.get(&token).into_iter().flatten();
        let had = later.chain(self.owners.get(&token)).chain([&first]);
        let mut owners: BTreeSet<ActivityRef> = had.filter_map(|one| self.living(one)).collect();
        // What a recovered hub knows of the others: those that were found to be other acts.
        for had in owners.clone().into_iter().chain([first]) {
            let others = self.distinct.get(&had).into_iter().flatten();
            let sharing = others.filter(|(_, tokens)| tokens.contains(&token));
            owners.extend(sharing.filter_map(|(other, _)| self.living(other)));
        }
        Ok(owners)
    }

    fn is_same_member(&self, owner: &ActivityRef) -> bool {
        self.members.get(&owner.issuance) == self.members.get(&self.issuance.id)
    }

    /// Who had the token first, as the store says.
    fn first_owner(&self, collision: &Collision) -> Result<ActivityRef, ScreenerError> {
        let issuance = if collision.owner.run == self.run {
            self.issuance.id
        } else {
            let run = self.runs.get(&collision.owner.run);
            let missing = || ScreenerError::Contradiction(format!("run {} is not named", collision.owner.run));
            *run.ok_or_else(missing)?
        };
        Ok(ActivityRef {
            issuance,
            index: collision.owner.position,
        })
    }

    /// The activity that an act belongs to now.
    fn living(&self, first: &ActivityRef) -> Option<ActivityRef> {
        match self.contested.get(first) {
            Some(one) if matches!(one.state, ActivityState::Refused | ActivityState::Cancelled) => {
                one.successor.clone()
            }
            _ => Some(first.clone()),
        }
    }
}

/// The issuances to whose activities contested ones have lost their acts.
fn successors(contested: &BTreeMap<ActivityRef, Contested>) -> Vec<MessageId> {
    let winners = contested.values().filter_map(|one| one.successor.as_ref());
    winners.map(|winner| winner.issuance).collect()
}
