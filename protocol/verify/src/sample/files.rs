//! The files of a sample's log, written as it grows.

use std::path::Path;

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::leaf::leaf_hash;
use tanqiao_protocol::log::tile::{Bundle, TILE_WIDTH, TileBuilder, changed_bundles};

use super::SampleFault;

/// Writes the tiles and bundles of a log whose size is known, and keeps no leaf.
#[derive(Debug)]
pub struct MirrorWriter<'a> {
    directory: &'a Path,
    size: u64,
    tiles: TileBuilder,
}

impl<'a> MirrorWriter<'a> {
    /// A writer into this directory, of a log of so many leaves.
    #[must_use]
    pub fn new(directory: &'a Path, size: u64) -> Self {
        let tiles = TileBuilder::new();
        Self { directory, size, tiles }
    }

    /// Writes the next leaves: whole bundles, but for the last ones.
    pub(super) fn write(&mut self, leaves: &[Vec<u8>]) -> Result<(), SampleFault> {
        for leaves in leaves.chunks(TILE_WIDTH.into()) {
            let start = self.tiles.size();
            let mut bundle = Bundle::new();
            for leaf in leaves {
                bundle.add(leaf).map_err(SampleFault::of)?;
                self.tiles.add(leaf_hash(leaf));
            }
            if let Some(place) = changed_bundles(start, self.tiles.size()).next() {
                self.file(&place.to_string(), &bundle.into_bytes())?;
            }
            for (tile, bytes) in self.tiles.take() {
                if tile.is_of(self.size) {
                    self.file(&tile.to_string(), &bytes)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn file(&self, path: &str, bytes: &[u8]) -> Result<(), SampleFault> {
        let path = self.directory.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(SampleFault::of)?;
        }
        std::fs::write(path, bytes).map_err(SampleFault::of)
    }

    pub(super) fn root(&self) -> Sha256 {
        self.tiles.root()
    }
}
