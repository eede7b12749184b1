//! Leaves, bundles and tiles against each other. What two of them say of a leaf is right, and the third was altered.

use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::leaf::leaf_hash;
use tanqiao_protocol::log::tile::{Bundle, HASH_BYTES, Kind, LEVELS, TILE_WIDTH, Tile};
use tanqiao_protocol::merkle::RootBuilder;

use super::super::files::{LogFiles, end_of, partial_tiles};
use crate::ledger::audit::Section;
use crate::store::checkpoints;
use crate::store::database::{ReadConnection, StoreError};

/// A walk over all leaves.
pub(super) struct Tiles<'a> {
    files: Option<&'a LogFiles>,
    /// The size that is published in the directory: its tiles have to be there.
    published: u64,
    /// Sizes whose roots are asked for.
    sizes: BTreeSet<u64>,
    roots: BTreeMap<u64, Sha256>,
    root: RootBuilder,
    /// For each level above 0 the hashes of its tile that is not full yet, and the index of that tile.
    above: [(u64, Vec<Sha256>); LEVELS as usize],
}

impl<'a> Tiles<'a> {
    pub(super) fn new(files: Option<&'a LogFiles>, published: u64, sizes: BTreeSet<u64>) -> Self {
        let root = RootBuilder::new();
        Self {
            files,
            published,
            roots: [(0, root.root())].into(),
            sizes,
            root,
            above: std::array::from_fn(|_| (0, Vec::new())),
        }
    }

    /// The root of the first leaves; `None` for more than there are.
    pub(super) fn root(&self, size: u64) -> Option<Sha256> {
        self.roots.get(&size).copied()
    }

    pub(super) fn walk(
        &mut self,
        connection: &mut ReadConnection<'_>,
        size: u64,
        report: &mut Section,
    ) -> Result<(), StoreError> {
        let width = u64::from(TILE_WIDTH);
        for index in 0..size.div_ceil(width) {
            let first = index * width;
            let end = size.min(first + width);
            let leaves = checkpoints::leaves(connection, first, end)?;
            if u64::try_from(leaves.len()).ok() != Some(end - first) {
                report.add(format!("leaves {first} to {}", end - 1), "are not all there");
                return Ok(());
            }
            self.bundle(index, &leaves, report);
        }
        for (level, tile) in (1..LEVELS).zip(1..) {
            if let Some((index, hashes)) = self.above.get(tile).cloned().filter(|(_, hashes)| !hashes.is_empty()) {
                self.compare(Kind::Hashes(level), index, &pieces(&hashes), report);
            }
        }
        if let Some(files) = self.files {
            for tile in partial_tiles(self.published) {
                if !matches!(files.tile(tile), Ok(Some(_))) {
                    report.add(tile, "is missing, and the checkpoint needs it");
                }
            }
        }
        Ok(())
    }

    /// One bundle of leaves, and the tile over it.
    fn bundle(&mut self, index: u64, leaves: &[Vec<u8>], report: &mut Section) {
        let entries = self.entries(index, report);
        let hashes = self.hashes(index, report);
        let mut voted = Vec::with_capacity(leaves.len());
        let mut texts = Vec::with_capacity(leaves.len());
        for (place, leaf) in leaves.iter().enumerate() {
            report.checked += 1;
            let own = leaf_hash(leaf);
            let entry = entries.get(place);
            let of_entry = entry.map(|entry| leaf_hash(entry));
            let of_tile = hashes.get(place).copied();
            // Two of three; a leaf that has no other form yet is what it is.
            let right = match (of_entry, of_tile) {
                (Some(entry), Some(tile)) if entry == tile => entry,
                _ => own,
            };
            if own != right {
                let number = index * u64::from(TILE_WIDTH) + u64::try_from(place).unwrap_or(0);
                let what = "is not what was logged: its bundle and its tile agree on other bytes";
                report.add(format!("leaf {number}"), what);
            }
            let text = if own == right { leaf } else { entry.unwrap_or(leaf) };
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            texts.push([&length.to_be_bytes()[..], text].concat());
            voted.push(right);
        }
        self.compare(Kind::Entries, index, &texts, report);
        self.compare(Kind::Hashes(0), index, &pieces(&voted), report);
        for hash in &voted {
            self.root.add_hash(*hash);
            if self.sizes.contains(&self.root.count()) {
                self.roots.insert(self.root.count(), self.root.root());
            }
        }
        if voted.len() == usize::from(TILE_WIDTH) {
            self.rise(1, &voted, report);
        }
    }

    /// A full tile is one hash of the level above.
    fn rise(&mut self, level: u8, hashes: &[Sha256], report: &mut Section) {
        let mut root = RootBuilder::new();
        for hash in hashes {
            root.add_hash(*hash);
        }
        let Some((index, above)) = self.above.get_mut(usize::from(level)) else {
            return;
        };
        above.push(root.root());
        if above.len() < usize::from(TILE_WIDTH) {
            return;
        }
        let (full, at) = (std::mem::take(above), *index);
        *index += 1;
        self.compare(Kind::Hashes(level), at, &pieces(&full), report);
        self.rise(level + 1, &full, report);
    }

    /// The entries of the widest form of a bundle.
    fn entries(&self, index: u64, report: &mut Section) -> Vec<Vec<u8>> {
        let Some((tile, bytes)) = self.widest(Kind::Entries, index, report) else {
            return Vec::new();
        };
        let read = Bundle::entries(&bytes, tile.width());
        read.map(|entries| entries.into_iter().map(<[u8]>::to_vec).collect())
            .unwrap_or_default()
    }

    /// The hashes of the widest form of a tile over leaves.
    fn hashes(&self, index: u64, report: &mut Section) -> Vec<Sha256> {
        let Some((_, bytes)) = self.widest(Kind::Hashes(0), index, report) else {
            return Vec::new();
        };
        bytes
            .as_chunks::<HASH_BYTES>()
            .0
            .iter()
            .map(|hash| Sha256(*hash))
            .collect()
    }

    fn forms(&self, kind: Kind, index: u64, report: &mut Section) -> Vec<Tile> {
        let Some(files) = self.files else { return Vec::new() };
        files.forms(kind, index).unwrap_or_else(|error| {
            report.add(files.directory().display(), error);
            Vec::new()
        })
    }

    fn widest(&self, kind: Kind, index: u64, report: &mut Section) -> Option<(Tile, Vec<u8>)> {
        let tile = self.forms(kind, index, report).into_iter().next()?;
        let bytes = self.files?.tile(tile).ok()??;
        Some((tile, bytes))
    }

    /// Every form of a tile that lies there has the bytes of its pieces; a full one that the checkpoint needs is there.
    fn compare(&self, kind: Kind, index: u64, pieces: &[Vec<u8>], report: &mut Section) {
        let Some(files) = self.files else { return };
        let forms = self.forms(kind, index, report);
        let full = Tile::new(kind, index, TILE_WIDTH);
        if let Some(full) = full.filter(|full| end_of(*full) <= self.published && !forms.contains(full)) {
            report.add(full, "is missing, and the checkpoint needs it");
        }
        for tile in forms {
            report.checked += 1;
            // A hub that runs meanwhile writes wider ones.
            let whole = pieces.get(..usize::from(tile.width()));
            let expected = whole.unwrap_or(pieces).concat();
            match files.tile(tile) {
                Ok(Some(bytes)) if bytes == expected => {}
                Ok(Some(bytes)) if whole.is_none() && bytes.starts_with(&expected) => {}
                Ok(Some(_)) => report.add(tile, "was altered: it does not fit the leaves"),
                Ok(None) => {}
                Err(error) => report.add(tile, error),
            }
        }
    }
}

fn pieces(hashes: &[Sha256]) -> Vec<Vec<u8>> {
    hashes.iter().map(|hash| hash.0.to_vec()).collect()
}
