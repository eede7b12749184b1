//! Roots and proofs of a tree that is stored: made from the hashes of complete subtrees, wherever they are kept.

use super::node;
use crate::id::Sha256;

/// A complete subtree: the `index`-th from the left of those with `2^level` leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// The logarithm of its number of leaves, 0 to 63.
    pub level: u8,
    /// How many of the same level lie left of it.
    pub index: u64,
}

/// Why a proof was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError<E> {
    /// No such leaf or older tree in a tree of this size.
    #[error("a tree of {size} leaves has no leaf or older tree {wanted}")]
    Range {
        /// The leaf's index, or the size of the older tree.
        wanted: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A hash was not to be had.
    #[error("{0}")]
    Read(E),
}

/// The leaves from `start`, `count` of them; `start` is a multiple of the power of two not below `count`.
#[derive(Clone, Copy)]
struct Span {
    start: u64,
    count: u64,
}

impl Span {
    /// Both sides of RFC 6962 §2.1: on the left the largest power of two below the count, which is at least 2.
    const fn split(self) -> (Self, Self) {
        let left = 1 << (self.count - 1).ilog2();
        let (start, count) = (self.start, self.count);
        (
            Self { start, count: left },
            Self {
                start: start + left,
                count: count - left,
            },
        )
    }

    fn hash<E>(self, read: &mut impl FnMut(Node) -> Result<Sha256, E>) -> Result<Sha256, E> {
        if self.count.is_power_of_two() {
            let shift = self.count.ilog2();
            return read(Node {
                level: u8::try_from(shift).unwrap_or(u8::MAX),
                index: self.start >> shift,
            });
        }
        let (left, right) = self.split();
        let left = left.hash(read)?;
        Ok(node(&left, &right.hash(read)?))
    }
}

/// The root of the first `size` leaves (RFC 6962 §2.1), from at most one hash for each bit of `size`.
///
/// # Errors
/// That of `read`.
pub fn root<E>(size: u64, mut read: impl FnMut(Node) -> Result<Sha256, E>) -> Result<Sha256, E> {
    if size == 0 {
        return Ok(Sha256::of(&[]));
    }
    Span { start: 0, count: size }.hash(&mut read)
}

/// The audit path of the leaf at `index` among the first `size` (RFC 6962 §2.1.1); [`super::includes`] checks it.
///
/// # Errors
/// [`ProofError::Range`] if there is no such leaf; [`ProofError::Read`].
pub fn inclusion<E>(
    index: u64,
    size: u64,
    mut read: impl FnMut(Node) -> Result<Sha256, E>,
) -> Result<Vec<Sha256>, ProofError<E>> {
    if index >= size {
        return Err(ProofError::Range { wanted: index, size });
    }
    let mut span = Span { start: 0, count: size };
    let mut siblings = Vec::new();
    while span.count > 1 {
        let (left, right) = span.split();
        let (own, sibling) = if index < right.start {
            (left, right)
        } else {
            (right, left)
        };
        siblings.push(sibling);
        span = own;
    }
    hashes(siblings, &mut read)
}

/// That the first `old` leaves are a prefix of the first `size` (RFC 6962 §2.1.2); [`consistent`] checks it. Empty where
/// nothing is to be proved: for `old` 0 or `size`.
///
/// # Errors
/// [`ProofError::Range`] if `old` is above `size`; [`ProofError::Read`].
pub fn consistency<E>(
    old: u64,
    size: u64,
    mut read: impl FnMut(Node) -> Result<Sha256, E>,
) -> Result<Vec<Sha256>, ProofError<E>> {
    if old > size {
        return Err(ProofError::Range { wanted: old, size });
    }
    if old == 0 || old == size {
        return Ok(Vec::new());
    }
    let mut span = Span { start: 0, count: size };
    let mut parts = Vec::new();
    // Down to the subtree at the end of the old tree. If that one is the whole of it, the verifier knows its root.
    while span.start + span.count != old {
        let (left, right) = span.split();
        let (own, sibling) = if old <= right.start {
            (left, right)
        } else {
            (right, left)
        };
        parts.push(sibling);
        span = own;
    }
    if span.start > 0 {
        parts.push(span);
    }
    hashes(parts, &mut read)
}

/// From the leaf upwards, where the spans were met from the root downwards.
fn hashes<E>(spans: Vec<Span>, read: &mut impl FnMut(Node) -> Result<Sha256, E>) -> Result<Vec<Sha256>, ProofError<E>> {
    let found: Result<_, _> = spans.into_iter().rev().map(|span| span.hash(read)).collect();
    found.map_err(ProofError::Read)
}

/// True if `proof` shows that the tree of `old_size` leaves under `old_root` is a prefix of the one of `new_size` leaves
/// under `new_root` (RFC 9162 §2.1.4.2). The empty tree is a prefix of every tree, by an empty proof.
#[must_use]
pub fn consistent(old_size: u64, old_root: &Sha256, new_size: u64, new_root: &Sha256, proof: &[Sha256]) -> bool {
    let empty = Sha256::of(&[]);
    if old_size > new_size || (old_size == 0 && *old_root != empty) || (new_size == 0 && *new_root != empty) {
        return false;
    }
    if old_size == 0 || old_size == new_size {
        return proof.is_empty() && (old_size == 0 || old_root == new_root);
    }
    let (mut own, mut last) = (old_size - 1, new_size - 1);
    let shift = own.trailing_ones();
    own >>= shift;
    last >>= shift;
    // An old tree that is one complete subtree is its own first part; what is not sent cannot be wrong.
    let (first, rest) = match proof.split_first() {
        _ if own == 0 => (old_root, proof),
        Some(parts) => parts,
        None => return false,
    };
    let (mut old, mut new) = (*first, *first);
    for part in rest {
        if last == 0 {
            return false;
        }
        if own & 1 == 1 || own == last {
            old = node(part, &old);
            new = node(part, &new);
            while own & 1 == 0 && own != 0 {
                own >>= 1;
                last >>= 1;
            }
        } else {
            new = node(&new, part);
        }
        own >>= 1;
        last >>= 1;
    }
    last == 0 && old == *old_root && new == *new_root
}

#[cfg(test)]
mod tests;
