//! What a batch has loaded and changed of the asset register.

use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::asset::{Asset, AssetConflictState, Bounds, Place, periods_overlap};
use tanqiao_protocol::id::{MessageId, Name};
use tanqiao_protocol::time::Timestamp;

use super::geometry::{TOLERANCE_COORDINATES, overlap};
use super::loaded::Loaded;
use super::nearby::Spots;
use super::objects::{AssetConflict, AssetKey, Contender, EntryKey, ListedEntry, RegisteredAsset, SchemeEntry, Uses};
use super::refusal::{Decided, Rejection};

/// The most things near a place that are looked at one by one.
pub const NEAR_MAX: usize = 1_000;

/// A search: a class, and a box with the tolerance around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Search {
    /// The class of activity.
    pub activity: Name,
    /// Where.
    pub bounds: Bounds,
}

impl Search {
    /// Around a place.
    #[must_use]
    pub fn around(activity: &Name, place: &Place) -> Self {
        Self {
            activity: activity.clone(),
            bounds: place.bounds().widened(TOLERANCE_COORDINATES),
        }
    }
}

/// Assets, entries, conflicts and uses, as loaded and as changed since.
#[derive(Debug, Clone, Default)]
pub struct Register {
    /// Registrations.
    pub assets: Loaded<AssetKey, RegisteredAsset>,
    /// The registrations of an id, as stored; those of this batch are in `assets`.
    pub by_id: Loaded<Name, Vec<AssetKey>>,
    /// Issuances on a registration, as stored.
    pub uses: Loaded<AssetKey, Uses>,
    /// Conflicts by number.
    pub conflicts: Loaded<i64, AssetConflict>,
    /// The numbers of a registration's conflicts, as stored.
    pub conflicts_of: Loaded<AssetKey, Vec<i64>>,
    /// Entries of lists.
    pub entries: Loaded<EntryKey, ListedEntry>,
    /// The entries that name an id, as stored.
    pub entries_by_id: Loaded<Name, Vec<EntryKey>>,
    /// Searches that were made; true if they found too much to look at.
    pub searches: BTreeMap<Search, bool>,
    /// Revisions that the batch adds.
    pub revised: Vec<RegisteredAsset>,
    /// Issuances that the batch adds, by the assets that they name.
    pub named: BTreeMap<AssetKey, Vec<MessageId>>,
    assets_near: Spots<AssetKey>,
    entries_near: Spots<EntryKey>,
}

impl Register {
    /// Records what the store has of a registration.
    pub fn load_asset(&mut self, asset: RegisteredAsset) {
        if !self.assets.knows(&asset.key) {
            self.note_asset(&asset);
            self.assets.load(asset.key.clone(), Some(asset));
        }
    }

    /// Changes or adds a registration.
    pub fn put_asset(&mut self, asset: RegisteredAsset) {
        self.note_asset(&asset);
        self.assets.put(asset.key.clone(), asset);
    }

    fn note_asset(&mut self, asset: &RegisteredAsset) {
        let (class, bounds) = (asset.content.activity.clone(), asset.content.place.bounds());
        self.assets_near.put(asset.key.clone(), class, bounds);
    }

    /// Records what the store has of an entry.
    pub fn load_entry(&mut self, entry: ListedEntry) {
        let key = entry.content.key();
        if !self.entries.knows(&key) {
            self.note_entry(&key, &entry.content);
            self.entries.load(key, Some(entry));
        }
    }

    /// Changes or adds an entry.
    pub fn put_entry(&mut self, entry: ListedEntry) {
        let key = entry.content.key();
        self.note_entry(&key, &entry.content);
        self.entries.put(key, entry);
    }

    fn note_entry(&mut self, key: &EntryKey, entry: &SchemeEntry) {
        match &entry.place {
            Some(place) => self
                .entries_near
                .put(key.clone(), entry.activity.clone(), place.bounds()),
            None => self.entries_near.remove(key),
        }
    }

    /// The registrations whose boxes meet that of a search, of those that are loaded: what a decision about it may ask for.
    #[must_use]
    pub fn near(&self, search: &Search) -> Vec<AssetKey> {
        self.assets_near.find(&search.activity, &search.bounds, usize::MAX)
    }

    /// The registrations of an id, of those that are loaded.
    #[must_use]
    pub fn of_id(&self, id: &Name) -> Vec<AssetKey> {
        let stored = self.by_id.get(id).ok().flatten();
        stored.cloned().unwrap_or_default()
    }

    /// True if a search found more than anybody would look at.
    fn searched(&self, search: &Search) -> Decided<bool> {
        self.searches
            .get(search)
            .copied()
            .ok_or_else(|| Rejection::NotLoaded(format!("{search:?}")))
    }

    /// The live registrations by others, or under other ids, that claim the same as `asset` would under `key`: of the same id, or
    /// overlapping in place and period in the same class. `None` if there is too much to look at.
    ///
    /// # Errors
    /// [`Rejection::NotLoaded`] if they were not searched for.
    pub fn rivals(&self, key: &AssetKey, asset: &Asset) -> Decided<Option<Vec<&RegisteredAsset>>> {
        let search = Search::around(&asset.activity, &asset.place);
        if self.searched(&search)? {
            return Ok(None);
        }
        let mut keys: BTreeSet<AssetKey> = self
            .assets_near
            .find(&search.activity, &search.bounds, usize::MAX)
            .into_iter()
            .collect();
        keys.extend(self.by_id.get(&asset.asset)?.into_iter().flatten().cloned());
        keys.extend(
            self.assets
                .changed()
                .map(|(key, _)| key)
                .filter(|k| k.asset == asset.asset)
                .cloned(),
        );
        keys.remove(key);
        let mut rivals = Vec::new();
        for key in &keys {
            if let Some(other) = self.assets.get(key)?
                && other.state.is_live()
                && contend(asset, &other.content)
            {
                rivals.push(other);
            }
        }
        Ok(Some(rivals))
    }

    /// The entries of lists that speak of an asset: by its id, or by place and period in the same class. `None` if there is too much to
    /// look at.
    ///
    /// # Errors
    /// [`Rejection::NotLoaded`] if they were not searched for.
    pub fn listed(&self, asset: &Asset) -> Decided<Option<Vec<&ListedEntry>>> {
        let search = Search::around(&asset.activity, &asset.place);
        if self.searched(&search)? {
            return Ok(None);
        }
        let mut keys: BTreeSet<EntryKey> = self
            .entries_near
            .find(&search.activity, &search.bounds, usize::MAX)
            .into_iter()
            .collect();
        keys.extend(self.entries_by_id.get(&asset.asset)?.into_iter().flatten().cloned());
        let changed = self.entries.changed();
        keys.extend(
            changed
                .filter(|(_, e)| e.content.asset_id().as_ref() == Some(&asset.asset))
                .map(|(k, _)| k.clone()),
        );
        let mut listed = Vec::new();
        for key in &keys {
            if let Some(entry) = self.entries.get(key)?
                && speaks_of(&entry.content, asset)
            {
                listed.push(entry);
            }
        }
        Ok(Some(listed))
    }

    /// The live registrations that an entry speaks of. `None` if there is too much to look at.
    ///
    /// # Errors
    /// [`Rejection::NotLoaded`] if they were not searched for.
    pub fn spoken_of(&self, entry: &SchemeEntry) -> Decided<Option<Vec<&RegisteredAsset>>> {
        let mut keys: BTreeSet<AssetKey> = BTreeSet::new();
        if let Some(place) = &entry.place {
            let search = Search::around(&entry.activity, place);
            if self.searched(&search)? {
                return Ok(None);
            }
            keys.extend(self.assets_near.find(&search.activity, &search.bounds, usize::MAX));
        }
        if let Some(id) = entry.asset_id() {
            keys.extend(self.by_id.get(&id)?.into_iter().flatten().cloned());
            keys.extend(
                self.assets
                    .changed()
                    .map(|(key, _)| key)
                    .filter(|k| k.asset == id)
                    .cloned(),
            );
        }
        let mut found = Vec::new();
        for key in &keys {
            if let Some(asset) = self.assets.get(key)?
                && asset.state.is_live()
                && speaks_of(entry, &asset.content)
            {
                found.push(asset);
            }
        }
        Ok(Some(found))
    }

    /// All conflicts of a registration, in the order in which they were opened.
    ///
    /// # Errors
    /// [`Rejection::NotLoaded`] if they were not asked for.
    pub fn conflicts(&self, key: &AssetKey) -> Decided<Vec<&AssetConflict>> {
        let mut ids: BTreeSet<i64> = self.conflicts_of.get(key)?.into_iter().flatten().copied().collect();
        ids.extend(
            self.conflicts
                .changed()
                .filter(|(_, one)| one.concerns(key))
                .map(|(id, _)| *id),
        );
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(self.conflicts.get(&id)?);
        }
        Ok(found)
    }

    /// The latest conflict of a registration with another side.
    ///
    /// # Errors
    /// [`Rejection::NotLoaded`] if its conflicts were not asked for.
    pub fn conflict_with(&self, key: &AssetKey, other: &Contender) -> Decided<Option<&AssetConflict>> {
        let all = self.conflicts(key)?;
        Ok(all.into_iter().rfind(|one| one.other(key) == *other))
    }

    /// True if an open conflict keeps a registration from being issued on.
    ///
    /// # Errors
    /// [`Rejection::NotLoaded`] if its conflicts were not asked for.
    pub fn is_blocked(&self, key: &AssetKey) -> Decided<bool> {
        Ok(self.conflicts(key)?.iter().any(|one| one.blocks(key)))
    }

    /// The open conflicts of a registration.
    ///
    /// # Errors
    /// [`Rejection::NotLoaded`] if they were not asked for.
    pub fn open_conflicts(&self, key: &AssetKey) -> Decided<Vec<AssetConflict>> {
        let all = self.conflicts(key)?;
        Ok(all
            .into_iter()
            .filter(|one| one.state == AssetConflictState::Open)
            .cloned()
            .collect())
    }
}

/// True if two assets cannot both be credited: the same id, or the same class, and overlapping place and period.
#[must_use]
pub fn contend(one: &Asset, other: &Asset) -> bool {
    one.asset == other.asset
        || (one.activity == other.activity
            && periods_overlap(one.period(), other.period())
            && overlap(&one.place, &other.place))
}

/// True if an entry of a list counts what an asset is credited for.
#[must_use]
pub fn speaks_of(entry: &SchemeEntry, asset: &Asset) -> bool {
    if !periods_overlap((entry.from, entry.until), asset.period()) {
        return false;
    }
    let by_place =
        || entry.activity == asset.activity && entry.place.as_ref().is_some_and(|place| overlap(place, &asset.place));
    entry.asset_id().as_ref() == Some(&asset.asset) || by_place()
}

/// True if the acts of an issuance, whose last one ends at `until`, fall into a period whose end is outside.
#[must_use]
pub fn acts_fall_into((from, until): (Timestamp, Timestamp), period: (Timestamp, Timestamp)) -> bool {
    from < period.1 && (period.0 < until || period.0 == from)
}
