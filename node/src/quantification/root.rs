//! The root of the Merkle tree over the records of an issuance (RFC 6962 §2.1), computed while they stream past.

use tanqiao_protocol::id::Sha256;

/// Before the bytes of a leaf.
const LEAF: [u8; 1] = [0];
/// Before the two children of a node.
const NODE: [u8; 1] = [1];

/// Takes records in index order; keeps one hash for each complete subtree, at most 64.
#[derive(Debug, Clone, Default)]
pub struct RecordsRoot {
    /// Roots of complete subtrees, largest first. Their sizes are the set bits of `count`.
    subtrees: Vec<Sha256>,
    count: u64,
}

impl RecordsRoot {
    /// No record yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next record.
    pub fn add(&mut self, record: &[u8]) {
        let mut hash = Sha256::of_parts(&[&LEAF, record]);
        // One merge for each trailing one bit of the count, like carrying in binary addition.
        for _ in 0..self.count.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                hash = node(&left, &hash);
            }
        }
        self.subtrees.push(hash);
        self.count += 1;
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

fn node(left: &Sha256, right: &Sha256) -> Sha256 {
    Sha256::of_parts(&[&NODE, &left.0, &right.0])
}
