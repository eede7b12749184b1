//! The Merkle tree of a sample, in memory.

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::merkle::{self, Node, RootBuilder};

use super::SampleFault;

/// All complete subtrees of a list of leaves, by level.
#[derive(Debug, Clone)]
pub struct Tree {
    levels: Vec<Vec<Sha256>>,
}

impl Tree {
    /// Over these leaf hashes.
    #[must_use]
    pub fn over(leaves: Vec<Sha256>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let (pairs, _) = below.as_chunks::<2>();
            let parents = pairs.iter().map(|pair| {
                let mut parent = RootBuilder::new();
                for hash in pair {
                    parent.add_hash(*hash);
                }
                parent.root()
            });
            let parents = parents.collect();
            levels.push(parents);
        }
        Self { levels }
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    fn read(&self, node: Node) -> Result<Sha256, SampleFault> {
        let level = self.levels.get(usize::from(node.level));
        let hash = level.and_then(|hashes| hashes.get(usize::try_from(node.index).ok()?));
        hash.copied()
            .ok_or_else(|| SampleFault::of("a hash of the tree is missing"))
    }

    /// The root of the first `size` leaves.
    ///
    /// # Errors
    /// [`SampleFault`] if there are fewer.
    pub fn root(&self, size: u64) -> Result<Sha256, SampleFault> {
        merkle::root(size, |node| self.read(node))
    }

    /// The audit path of a leaf in the whole tree.
    ///
    /// # Errors
    /// [`SampleFault`] if there is no such leaf.
    pub fn inclusion(&self, index: u64) -> Result<Vec<Sha256>, SampleFault> {
        merkle::inclusion(index, self.size(), |node| self.read(node)).map_err(SampleFault::of)
    }

    /// That the first `old` leaves are a prefix of the whole tree.
    ///
    /// # Errors
    /// [`SampleFault`] if there are fewer.
    pub fn consistency(&self, old: u64) -> Result<Vec<Sha256>, SampleFault> {
        merkle::consistency(old, self.size(), |node| self.read(node)).map_err(SampleFault::of)
    }
}
