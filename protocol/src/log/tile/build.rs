//! Tiles of hashes, made as the log grows.

use super::{HASH_BYTES, Kind, LEVELS, ReadError, TILE_WIDTH, Tile, changed_tiles, read};
use crate::id::Sha256;
use crate::merkle::{RootBuilder, node};

/// Takes hashes of leaves in index order, and gives the tiles to write. Keeps at most 255 hashes for each level, and the tiles
/// that have become full since [`TileBuilder::take`].
#[derive(Debug, Clone, Default)]
pub struct TileBuilder {
    size: u64,
    /// The size at the last [`TileBuilder::take`].
    taken: u64,
    /// For each level the hashes of its partial tile.
    partial: [Vec<Sha256>; LEVELS as usize],
    full: Vec<(Tile, Vec<u8>)>,
}

impl TileBuilder {
    /// For a log without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// For a log that has `size` leaves, from its partial tiles: at most one for each level, the full one if that exists already.
    ///
    /// What `read` gives is believed: compare [`TileBuilder::root`] with the head that was signed.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn resume<E>(size: u64, mut read: impl FnMut(Tile) -> Result<Vec<u8>, E>) -> Result<Self, ReadError<E>> {
        let mut builder = Self {
            size,
            taken: size,
            ..Self::default()
        };
        for (level, hashes) in (0..LEVELS).zip(&mut builder.partial) {
            let there = size >> (8 * u32::from(level));
            let width = u16::try_from(there % u64::from(TILE_WIDTH)).unwrap_or(0);
            if let Some(tile) = Tile::new(Kind::Hashes(level), there / u64::from(TILE_WIDTH), width) {
                *hashes = read::hashes(tile, &read(tile).map_err(ReadError::Read)?)?;
            }
        }
        Ok(builder)
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the next leaf, by its [`crate::leaf::leaf_hash`].
    pub fn add(&mut self, leaf: Sha256) {
        self.size += 1;
        let mut hash = leaf;
        for (level, hashes) in (0..LEVELS).zip(&mut self.partial) {
            hashes.push(hash);
            if hashes.len() < usize::from(TILE_WIDTH) {
                return;
            }
            let index = (self.size >> (8 * u32::from(level + 1))) - 1;
            if let Some(tile) = Tile::new(Kind::Hashes(level), index, TILE_WIDTH) {
                self.full.push((tile, bytes(hashes)));
            }
            hash = complete(hashes);
            hashes.clear();
        }
    }

    /// The root of all leaves so far.
    #[must_use]
    pub fn root(&self) -> Sha256 {
        // Complete subtrees of 256^level leaves, from the left: the last levels first, and of each level the larger ones.
        let mut subtrees = Vec::new();
        for hashes in self.partial.iter().rev() {
            let mut rest = hashes.as_slice();
            while !rest.is_empty() {
                let (left, right) = rest.split_at(1 << rest.len().ilog2());
                subtrees.push(complete(left));
                rest = right;
            }
        }
        let all = subtrees.into_iter().rev().reduce(|right, left| node(&left, &right));
        all.unwrap_or_else(|| RootBuilder::new().root())
    }

    /// The tiles to write since the last time, with their bytes: those of [`changed_tiles`].
    #[must_use]
    pub fn take(&mut self) -> Vec<(Tile, Vec<u8>)> {
        let mut tiles = std::mem::take(&mut self.full);
        for (level, hashes) in (0..LEVELS).zip(&self.partial) {
            let shift = 8 * u32::from(level);
            let width = u16::try_from(hashes.len()).unwrap_or(u16::MAX);
            let tile = Tile::new(Kind::Hashes(level), self.size >> shift >> 8, width);
            if let Some(tile) = tile.filter(|_| self.size >> shift != self.taken >> shift) {
                tiles.push((tile, bytes(hashes)));
            }
        }
        tiles.sort_unstable_by_key(|(tile, _)| *tile);
        debug_assert!(
            tiles
                .iter()
                .map(|(tile, _)| *tile)
                .eq(changed_tiles(self.taken, self.size))
        );
        self.taken = self.size;
        tiles
    }
}

fn bytes(hashes: &[Sha256]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(hashes.len() * HASH_BYTES);
    for hash in hashes {
        bytes.extend_from_slice(&hash.0);
    }
    bytes
}

/// The root over hashes of complete subtrees; a power of two of them.
fn complete(hashes: &[Sha256]) -> Sha256 {
    let mut root = RootBuilder::new();
    for hash in hashes {
        root.add_hash(*hash);
    }
    root.root()
}
