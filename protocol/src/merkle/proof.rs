//! Inclusion proofs (RFC 6962 §2.1.1): made while the leaves stream past, and checked against a root.

use std::ops::Range;

use super::{leaf_hash, node};
use crate::id::Sha256;

/// A complete subtree: its root, and which of the wanted leaves are in it.
#[derive(Debug, Clone)]
struct Subtree {
    root: Sha256,
    wanted: Range<usize>,
}

/// Takes records in index order like [`super::RootBuilder`], and keeps the audit paths of a few wanted ones: for each wanted
/// leaf at most 64 hashes, and one subtree for each bit of the count.
#[derive(Debug, Clone)]
pub struct ProofBuilder {
    positions: Vec<u64>,
    paths: Vec<Vec<Sha256>>,
    subtrees: Vec<Subtree>,
    count: u64,
}

impl ProofBuilder {
    /// For these positions, in any order; one that is given twice counts once.
    #[must_use]
    pub fn new(mut positions: Vec<u64>) -> Self {
        positions.sort_unstable();
        positions.dedup();
        Self {
            paths: vec![Vec::new(); positions.len()],
            positions,
            subtrees: Vec::new(),
            count: 0,
        }
    }

    /// True if the next record is a wanted one.
    #[must_use]
    pub fn wants_next(&self) -> bool {
        self.positions.binary_search(&self.count).is_ok()
    }

    /// Adds the next record.
    pub fn add(&mut self, record: &[u8]) {
        let first = self.positions.partition_point(|position| *position < self.count);
        let last = self.positions.partition_point(|position| *position <= self.count);
        let mut subtree = Subtree {
            root: leaf_hash(record),
            wanted: first..last,
        };
        // One merge for each trailing one bit of the count, like carrying in binary addition.
        for _ in 0..self.count.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                subtree = self.merge(&left, &subtree);
            }
        }
        self.subtrees.push(subtree);
        self.count += 1;
    }

    /// Number of records.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    fn merge(&mut self, left: &Subtree, right: &Subtree) -> Subtree {
        for (wanted, sibling) in [(&left.wanted, right.root), (&right.wanted, left.root)] {
            for path in self.paths.get_mut(wanted.clone()).into_iter().flatten() {
                path.push(sibling);
            }
        }
        Subtree {
            root: node(&left.root, &right.root),
            wanted: left.wanted.start..right.wanted.end,
        }
    }

    /// The root, and for each wanted position that there was its audit path, ascending.
    #[must_use]
    pub fn finish(mut self) -> (Sha256, Vec<(u64, Vec<Sha256>)>) {
        let Some(mut right) = self.subtrees.pop() else {
            return (Sha256::of(&[]), Vec::new());
        };
        while let Some(left) = self.subtrees.pop() {
            right = self.merge(&left, &right);
        }
        let count = self.count;
        let proofs = self.positions.into_iter().zip(self.paths);
        (right.root, proofs.filter(|(position, _)| *position < count).collect())
    }
}

/// True if `record` is the leaf at `position` of `count` leaves under `root` (RFC 9162 §2.1.3.2).
#[must_use]
pub fn includes(root: &Sha256, count: u64, position: u64, record: &[u8], path: &[Sha256]) -> bool {
    includes_hash(root, count, position, &leaf_hash(record), path)
}

/// [`includes`], of a leaf of which only the hash is known.
#[must_use]
pub fn includes_hash(root: &Sha256, count: u64, position: u64, leaf: &Sha256, path: &[Sha256]) -> bool {
    if position >= count {
        return false;
    }
    let (mut own, mut last) = (position, count - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if own & 1 == 1 || own == last {
            hash = node(sibling, &hash);
            while own & 1 == 0 && own != 0 {
                own >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        own >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::RootBuilder;

    fn tree_head(leaves: &[Vec<u8>]) -> Sha256 {
        let mut root = RootBuilder::new();
        for leaf in leaves {
            root.add(leaf);
        }
        root.root()
    }

    /// RFC 6962 §2.1.1, word for word.
    fn path(m: usize, leaves: &[Vec<u8>]) -> Vec<Sha256> {
        if leaves.len() <= 1 {
            return Vec::new();
        }
        let mut k = 1;
        while k * 2 < leaves.len() {
            k *= 2;
        }
        let (left, right) = leaves.split_at(k);
        let (mut path, sibling) = if m < k {
            (path(m, left), tree_head(right))
        } else {
            (path(m - k, right), tree_head(left))
        };
        path.push(sibling);
        path
    }

    fn leaves(count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|n| n.to_be_bytes().to_vec()).collect()
    }

    fn proofs(leaves: &[Vec<u8>], positions: Vec<u64>) -> (Sha256, Vec<(u64, Vec<Sha256>)>) {
        let mut builder = ProofBuilder::new(positions);
        for leaf in leaves {
            builder.add(leaf);
        }
        builder.finish()
    }

    #[test]
    fn every_proof_is_the_path_of_rfc_6962_and_fits_its_leaf_only() {
        for count in 0..40_usize {
            let leaves = leaves(count);
            let (root, found) = proofs(&leaves, (0..count as u64 + 2).collect());
            assert_eq!(root, tree_head(&leaves));
            assert_eq!(found.len(), count, "positions beyond the end have no proof");
            for (position, proof) in &found {
                let m = usize::try_from(*position).unwrap();
                assert_eq!(*proof, path(m, &leaves));
                for other in 0..count as u64 {
                    for (leaf, bytes) in leaves.iter().enumerate() {
                        let fits = includes(&root, count as u64, other, bytes, proof);
                        assert_eq!(
                            fits,
                            other == *position && leaf == m,
                            "{count} {position} {other} {leaf}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_changed_longer_or_shorter_proof_does_not_fit() {
        let leaves = leaves(37);
        let (root, found) = proofs(&leaves, vec![36, 5, 5, 0]);
        assert_eq!(
            found.iter().map(|(position, _)| *position).collect::<Vec<_>>(),
            [0, 5, 36]
        );
        for (position, proof) in found {
            let leaf = &leaves[usize::try_from(position).unwrap()];
            assert!(includes(&root, 37, position, leaf, &proof));
            for place in 0..proof.len() {
                let mut other = proof.clone();
                other[place].0[0] ^= 1;
                assert!(!includes(&root, 37, position, leaf, &other));
                other.remove(place);
                assert!(!includes(&root, 37, position, leaf, &other));
            }
            let longer = [proof.clone(), vec![root]].concat();
            assert!(!includes(&root, 37, position, leaf, &longer));
            assert!(!includes(&Sha256::of(b"another"), 37, position, leaf, &proof));
        }
    }

    /// The eight leaves of the tests of Certificate Transparency (RFC 6962), with the root and the first leaf's path that they
    /// publish.
    #[test]
    fn the_published_vectors_of_certificate_transparency_fit() {
        let leaves: Vec<Vec<u8>> = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ]
        .iter()
        .map(|text| hex::decode(text).unwrap())
        .collect();
        let (root, found) = proofs(&leaves, vec![0]);
        assert_eq!(
            root.to_string(),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        );
        let published = [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ];
        let path: Vec<String> = found[0].1.iter().map(ToString::to_string).collect();
        assert_eq!(path, published);
    }
}
