//! Members, mappings and series have numbers in the store and names everywhere else.

use std::collections::HashMap;
use std::hash::Hash;

use tanqiao_protocol::id::NodeId;
use tanqiao_protocol::methodology::MappingRef;
use tanqiao_protocol::serial::SeriesRef;

use super::database::StoreError;

/// Names and numbers of one kind. A number, once given, never changes its meaning.
#[derive(Debug, Clone)]
pub struct Numbering<K, N> {
    numbers: HashMap<K, N>,
    names: HashMap<N, K>,
}

impl<K, N> Default for Numbering<K, N> {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            names: HashMap::new(),
        }
    }
}

impl<K: Hash + Eq + Clone + std::fmt::Display, N: Hash + Eq + Copy + std::fmt::Display> Numbering<K, N> {
    /// Learns a pair.
    pub fn learn(&mut self, name: K, number: N) {
        self.names.insert(number, name.clone());
        self.numbers.insert(name, number);
    }

    /// The number of a name, if it has one.
    #[must_use]
    pub fn find(&self, name: &K) -> Option<N> {
        self.numbers.get(name).copied()
    }

    /// The number of a name.
    ///
    /// # Errors
    /// [`StoreError::Content`] if it has none.
    pub fn number(&self, name: &K) -> Result<N, StoreError> {
        self.find(name)
            .ok_or_else(|| StoreError::Content(format!("`{name}` has no number")))
    }

    /// The name of a number.
    ///
    /// # Errors
    /// [`StoreError::Content`] if it has none.
    pub fn name(&self, number: N) -> Result<&K, StoreError> {
        self.names
            .get(&number)
            .ok_or_else(|| StoreError::Content(format!("number {number} has no name")))
    }
}

/// All numbers that a process has met. Series are learnt as they are met, the others when governance is read.
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    /// Members.
    pub members: Numbering<NodeId, i32>,
    /// Mapping versions.
    pub mappings: Numbering<MappingRef, i32>,
    /// Series.
    pub series: Numbering<SeriesRef, i64>,
}
