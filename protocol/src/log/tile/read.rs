//! Hashes of nodes, from tiles that somebody else stores.

use std::collections::BTreeMap;

use super::{HASH_BYTES, Kind, TILE_WIDTH, Tile};
use crate::id::Sha256;
use crate::merkle::{Node, RootBuilder};

/// Tiles that a reader keeps: more than any one proof needs.
const KEPT: usize = 64;

/// Why a hash was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError<E> {
    /// The tile was not to be had.
    #[error("{0}")]
    Read(E),
    /// It has another length than its path says.
    #[error("{tile} has {found} bytes, not {}", usize::from(tile.width()) * HASH_BYTES)]
    Length {
        /// The tile.
        tile: Tile,
        /// Its bytes.
        found: usize,
    },
    /// A tree of this size has no such node.
    #[error("a tree of {size} leaves has no complete subtree {} of level {}", node.index, node.level)]
    NoNode {
        /// What was asked for.
        node: Node,
        /// The size of the tree.
        size: u64,
    },
}

/// Reads nodes of a tree of one size from its tiles, for [`crate::merkle::root`], [`crate::merkle::inclusion`] and
/// [`crate::merkle::consistency`]: pass `|node| reader.node(node)`.
///
/// What it reads is believed. Compare [`crate::merkle::root`] with a signed head first, or verify the proof that results.
#[derive(Debug)]
pub struct TileReader<F> {
    size: u64,
    read: F,
    kept: BTreeMap<Tile, Vec<Sha256>>,
}

impl<E, F: FnMut(Tile) -> Result<Vec<u8>, E>> TileReader<F> {
    /// `read` gets the tiles of a tree of `size` leaves. Where a partial tile has been deleted, it may give the full one.
    #[must_use]
    pub const fn new(size: u64, read: F) -> Self {
        Self {
            size,
            read,
            kept: BTreeMap::new(),
        }
    }

    /// The hash of a complete subtree.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn node(&mut self, node: Node) -> Result<Sha256, ReadError<E>> {
        let none = ReadError::NoNode { node, size: self.size };
        let end = (u128::from(node.index) + 1)
            .checked_shl(u32::from(node.level))
            .filter(|end| node.level < 64 && *end <= u128::from(self.size));
        if end.is_none() {
            return Err(none);
        }
        // A tile has every eighth level of the tree; those between are one hash of several of its hashes.
        let (level, height) = (node.level / 8, node.level % 8);
        let first = node.index << height;
        let width = u64::from(TILE_WIDTH);
        let there = (self.size >> (8 * u32::from(level))) - first / width * width;
        let tile = u16::try_from(there.min(width))
            .ok()
            .and_then(|there| Tile::new(Kind::Hashes(level), first / width, there));
        let Some(tile) = tile else {
            return Err(none);
        };
        let start = usize::try_from(first % width).unwrap_or(usize::MAX);
        let Some(hashes) = self.tile(tile)?.get(start..).and_then(|from| from.get(..1 << height)) else {
            return Err(none);
        };
        let mut root = RootBuilder::new();
        for hash in hashes {
            root.add_hash(*hash);
        }
        Ok(root.root())
    }

    fn tile(&mut self, tile: Tile) -> Result<&[Sha256], ReadError<E>> {
        if !self.kept.contains_key(&tile) {
            let found = hashes(tile, &(self.read)(tile).map_err(ReadError::Read)?)?;
            if self.kept.len() >= KEPT {
                self.kept.clear();
            }
            self.kept.insert(tile, found);
        }
        Ok(self.kept.get(&tile).map_or(&[], Vec::as_slice))
    }
}

/// The hashes of a tile's bytes, which may be those of the full tile in its place.
pub(super) fn hashes<E>(tile: Tile, bytes: &[u8]) -> Result<Vec<Sha256>, ReadError<E>> {
    let width = usize::from(tile.width());
    if bytes.len() != width * HASH_BYTES && bytes.len() != usize::from(TILE_WIDTH) * HASH_BYTES {
        let found = bytes.len();
        return Err(ReadError::Length { tile, found });
    }
    let (hashes, _) = bytes.as_chunks();
    Ok(hashes.iter().take(width).map(|hash| Sha256(*hash)).collect())
}
