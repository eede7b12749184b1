//! The Merkle tree of RFC 6962 §2.1: its root, computed while its leaves stream past, and proofs about it.

mod proof;
mod tree;

use crate::id::Sha256;

pub use crate::leaf::leaf_hash;
pub use proof::{ProofBuilder, includes, includes_hash};
pub use tree::{Node, ProofError, consistency, consistent, inclusion, root};

/// Before the two children of a node.
const NODE: [u8; 1] = [1];

/// Takes records in index order; keeps one hash for each complete subtree, at most 64.
#[derive(Debug, Clone, Default)]
pub struct RootBuilder {
    /// Roots of complete subtrees, largest first. Their sizes are the set bits of `count`.
    subtrees: Vec<Sha256>,
    count: u64,
}

impl RootBuilder {
    /// No record yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next record.
    pub fn add(&mut self, record: &[u8]) {
        self.add_hash(leaf_hash(record));
    }

    /// Adds the next record, by its [`leaf_hash`].
    pub fn add_hash(&mut self, mut hash: Sha256) {
        // One merge for each trailing one bit of the count, like carrying in binary addition.
        for _ in 0..self.count.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                hash = node(&left, &hash);
            }
        }
        self.subtrees.push(hash);
        self.count += 1;
    }

    /// Goes on after `count` records, from what [`Self::subtrees`] gave then; `None` if these are not as many as they have to be.
    #[must_use]
    pub fn resume(count: u64, subtrees: Vec<Sha256>) -> Option<Self> {
        let fits = u32::try_from(subtrees.len()) == Ok(count.count_ones());
        fits.then_some(Self { subtrees, count })
    }

    /// The roots of the complete subtrees, largest first.
    #[must_use]
    pub fn subtrees(&self) -> &[Sha256] {
        &self.subtrees
    }

    /// Number of records.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The root; of no records, the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Sha256 {
        let mut subtrees = self.subtrees.iter().rev();
        let Some(&smallest) = subtrees.next() else {
            return Sha256::of(&[]);
        };
        subtrees.fold(smallest, |right, left| node(left, &right))
    }
}

/// The hash of a node with two children.
pub(crate) fn node(left: &Sha256, right: &Sha256) -> Sha256 {
    Sha256::of_parts(&[&NODE, &left.0, &right.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962 §2.1, word for word: the oracle of the streaming root.
    fn tree_head(leaves: &[Vec<u8>]) -> Sha256 {
        match leaves {
            [] => Sha256::of(&[]),
            [one] => Sha256::of_parts(&[&[0], one]),
            many => {
                let mut k = 1;
                while k * 2 < many.len() {
                    k *= 2;
                }
                let (left, right) = many.split_at(k);
                Sha256::of_parts(&[&[1], &tree_head(left).0, &tree_head(right).0])
            }
        }
    }

    #[test]
    fn the_streaming_root_is_the_tree_head_of_rfc_6962() {
        let leaves: Vec<Vec<u8>> = (0..70_u8).map(|n| vec![n; usize::from(n)]).collect();
        for count in 0..=leaves.len() {
            let mut streaming = RootBuilder::new();
            leaves[..count].iter().for_each(|leaf| streaming.add(leaf));
            assert_eq!(streaming.root(), tree_head(&leaves[..count]), "{count} leaves");
            assert_eq!(streaming.count(), count as u64);
        }
    }
}
