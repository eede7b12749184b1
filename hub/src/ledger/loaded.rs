//! A map of what was loaded: "not there" and "not asked for" are different answers, and what was changed is remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::refusal::{Decided, Rejection};

/// Objects by key, as loaded and as changed since.
#[derive(Debug, Clone)]
pub struct Loaded<K, V> {
    entries: BTreeMap<K, Option<V>>,
    changed: BTreeSet<K>,
}

impl<K, V> Default for Loaded<K, V> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }
}

impl<K: Ord + Clone + Debug, V> Loaded<K, V> {
    /// The object, or `None` if the ledger has none under this key.
    ///
    /// # Errors
    /// [`Rejection::NotLoaded`] if the key was not asked for when the batch was loaded.
    pub fn get(&self, key: &K) -> Decided<Option<&V>> {
        self.entries
            .get(key)
            .map(Option::as_ref)
            .ok_or_else(|| Rejection::NotLoaded(format!("{key:?}")))
    }

    /// True if the key was asked for.
    #[must_use]
    pub fn knows(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// Records what the store has under a key.
    pub fn load(&mut self, key: K, value: Option<V>) {
        self.entries.entry(key).or_insert(value);
    }

    /// Changes or adds an object.
    pub fn put(&mut self, key: K, value: V) {
        self.changed.insert(key.clone());
        self.entries.insert(key, Some(value));
    }

    /// The objects that were changed or added.
    pub fn changed(&self) -> impl Iterator<Item = (&K, &V)> {
        self.changed
            .iter()
            .filter_map(|key| Some((key, self.entries.get(key)?.as_ref()?)))
    }

    /// Every object that is there.
    pub fn present(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries
            .iter()
            .filter_map(|(key, value)| Some((key, value.as_ref()?)))
    }
}

impl<K: Ord + Clone + Debug, V: Default> Loaded<K, V> {
    /// The object to change, new if the ledger has none.
    ///
    /// # Errors
    /// [`Rejection::NotLoaded`] if the key was not asked for.
    pub fn get_mut(&mut self, key: &K) -> Decided<&mut V> {
        self.changed.insert(key.clone());
        let entry = self
            .entries
            .get_mut(key)
            .ok_or_else(|| Rejection::NotLoaded(format!("{key:?}")))?;
        Ok(entry.get_or_insert_with(V::default))
    }
}
