//! The log as files (C2SP `tlog-tiles`): `checkpoint`, `policy`, `tile/…` and `tile/entries/…` below one directory.

use std::io;
use std::path::{Path, PathBuf};

use tanqiao_certs::durable::{self, FileError};
use tanqiao_protocol::log::tile::{HASH_BYTES, Kind, LEVELS, TILE_WIDTH, Tile};

const CHECKPOINT: &str = "checkpoint";
const POLICY: &str = "policy";

/// The directory of a log.
#[derive(Debug, Clone)]
pub struct LogFiles {
    directory: PathBuf,
}

impl LogFiles {
    /// The log in this directory, which is made when the first tile is written.
    #[must_use]
    pub const fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn path(&self, tile: Tile) -> PathBuf {
        self.directory.join(tile.to_string())
    }

    /// A tile; `None` if it is not there. A partial one that was deleted, or never written here, is cut from a wider one.
    ///
    /// # Errors
    /// [`io::Error`].
    pub fn tile(&self, tile: Tile) -> io::Result<Option<Vec<u8>>> {
        if let Some(bytes) = read(&self.path(tile))? {
            return Ok(Some(bytes));
        }
        if tile.is_full() {
            return Ok(None);
        }
        if let Some(bytes) = read(&self.path(tile.full()))? {
            return Ok(cut(tile, &bytes));
        }
        let widths = widths(&self.partials(tile))?;
        let Some(wider) = widths.into_iter().filter(|width| *width > tile.width()).min() else {
            return Ok(None);
        };
        let wider = Tile::new(tile.kind(), tile.index(), wider);
        let bytes = wider.map(|wider| read(&self.path(wider))).transpose()?.flatten();
        Ok(bytes.and_then(|bytes| cut(tile, &bytes)))
    }

    /// The directory of a tile's partial forms.
    fn partials(&self, tile: Tile) -> PathBuf {
        let mut path = self.path(tile.full()).into_os_string();
        path.push(".p");
        path.into()
    }

    /// The forms of a tile that lie here: the full one and partial ones, the widest first.
    ///
    /// # Errors
    /// [`io::Error`].
    pub fn forms(&self, kind: Kind, index: u64) -> io::Result<Vec<Tile>> {
        let Some(full) = Tile::new(kind, index, TILE_WIDTH) else {
            return Ok(Vec::new());
        };
        let mut found = widths(&self.partials(full))?;
        if self.path(full).exists() {
            found.push(TILE_WIDTH);
        }
        found.sort_unstable_by(|one, other| other.cmp(one));
        Ok(found
            .into_iter()
            .filter_map(|width| Tile::new(kind, index, width))
            .collect())
    }

    /// The policy that is published here.
    ///
    /// # Errors
    /// [`io::Error`].
    pub fn policy(&self) -> io::Result<Option<Vec<u8>>> {
        read(&self.directory.join(POLICY))
    }

    /// Writes tiles, each whole, and all of them durably.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn write(&self, tiles: Vec<(Tile, Vec<u8>)>) -> Result<(), WriteError> {
        let tiles = tiles.into_iter();
        let files: Vec<(PathBuf, Vec<u8>)> = tiles.map(|(tile, bytes)| (self.path(tile), bytes)).collect();
        for (path, _) in &files {
            self.make_room(path)?;
        }
        Ok(durable::write_public_all(&files)?)
    }

    fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
        self.make_room(path)?;
        Ok(durable::write_public(path, bytes)?)
    }

    fn make_room(&self, path: &Path) -> Result<(), WriteError> {
        let parent = path.parent().unwrap_or(&self.directory);
        std::fs::create_dir_all(parent).map_err(|source| WriteError::Directory(parent.to_owned(), source))
    }

    /// The checkpoint that is published here.
    ///
    /// # Errors
    /// [`io::Error`].
    pub fn checkpoint(&self) -> io::Result<Option<Vec<u8>>> {
        read(&self.directory.join(CHECKPOINT))
    }

    /// Publishes a checkpoint over a tree of `size` leaves, with the partial tiles of just this size beside it; those below `before`,
    /// the size that was published until now, go.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn publish(&self, note: &str, before: u64, size: u64) -> Result<(), WriteError> {
        let mut missing = Vec::new();
        for tile in partial_tiles(size).filter(|tile| !self.path(*tile).exists()) {
            let bytes = self.tile(tile).map_err(|source| WriteError::Read(tile, source))?;
            missing.push((tile, bytes.ok_or(WriteError::Missing(tile))?));
        }
        self.write(missing)?;
        self.put(&self.directory.join(CHECKPOINT), note.as_bytes())?;
        self.forget_partials(before, size)
    }

    /// Publishes the policy by which the checkpoint is accepted.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn publish_policy(&self, policy: &[u8]) -> Result<(), WriteError> {
        self.put(&self.directory.join(POLICY), policy)
    }

    /// Deletes partial tiles whose full ones are there, and those that are narrower than a tree of `before` leaves has.
    fn forget_partials(&self, before: u64, size: u64) -> Result<(), WriteError> {
        for kind in kinds() {
            let (before, size) = (hashes_of(kind, before), hashes_of(kind, size));
            let width = u64::from(TILE_WIDTH);
            for index in before / width..=size / width {
                let Some(full) = Tile::new(kind, index, TILE_WIDTH) else {
                    break;
                };
                let partials = self.partials(full);
                let failed = |source| WriteError::Directory(partials.clone(), source);
                if index < size / width {
                    if partials.exists() && self.path(full).exists() {
                        std::fs::remove_dir_all(&partials).map_err(failed)?;
                    }
                    continue;
                }
                let kept = before.saturating_sub(index * width);
                for narrow in widths(&partials)
                    .map_err(failed)?
                    .into_iter()
                    .filter(|w| u64::from(*w) < kept)
                {
                    std::fs::remove_file(partials.join(narrow.to_string())).map_err(failed)?;
                }
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The widths of the partial tiles in a directory.
fn widths(partials: &Path) -> io::Result<Vec<u16>> {
    let listed = match std::fs::read_dir(partials) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut widths = Vec::new();
    for entry in listed {
        // Whatever is no width is not a tile: the file of a write that was cut off.
        widths.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u16>().ok()));
    }
    Ok(widths)
}

fn kinds() -> impl Iterator<Item = Kind> {
    (0..LEVELS).map(Kind::Hashes).chain([Kind::Entries])
}

/// How many hashes, or entries, of a kind a tree has.
const fn hashes_of(kind: Kind, size: u64) -> u64 {
    match kind {
        Kind::Hashes(level) => size >> (8 * level as u32),
        Kind::Entries => size,
    }
}

/// The partial tiles and bundle of a tree.
pub(super) fn partial_tiles(size: u64) -> impl Iterator<Item = Tile> {
    kinds().filter_map(move |kind| {
        let there = hashes_of(kind, size);
        let width = u16::try_from(there % u64::from(TILE_WIDTH)).ok()?;
        Tile::new(kind, there / u64::from(TILE_WIDTH), width)
    })
}

/// A partial tile from the bytes of a wider one; `None` if these are too short.
fn cut(tile: Tile, wider: &[u8]) -> Option<Vec<u8>> {
    let length = match tile.kind() {
        Kind::Hashes(_) => usize::from(tile.width()) * HASH_BYTES,
        Kind::Entries => {
            let mut length = 0_usize;
            for _ in 0..tile.width() {
                let (head, _) = wider.get(length..)?.split_first_chunk::<2>()?;
                length += 2 + usize::from(u16::from_be_bytes(*head));
            }
            length
        }
    };
    wider.get(..length).map(<[u8]>::to_vec)
}

/// The first leaf that a tile says nothing of.
#[must_use]
pub fn end_of(tile: Tile) -> u64 {
    let level = match tile.kind() {
        Kind::Hashes(level) => u32::from(level),
        Kind::Entries => 0,
    };
    (tile.start() + u64::from(tile.width())) << (8 * level)
}

/// A file of the log could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A directory.
    #[error("cannot make or tidy {}: {_1}", .0.display())]
    Directory(PathBuf, #[source] io::Error),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A tile that another is cut from.
    #[error("{_0} cannot be read: {_1}")]
    Read(Tile, #[source] io::Error),
    /// A tile that should be there.
    #[error("{0} is missing: remove the log's directory, and it is made again from the ledger")]
    Missing(Tile),
}

#[cfg(test)]
mod tests {
    use super::*;
    use tanqiao_protocol::log::tile::Bundle;

    fn tile(text: &str) -> Tile {
        text.parse().unwrap()
    }

    #[test]
    fn a_partial_tile_that_is_gone_is_cut_from_a_wider_one() {
        let directory = tempfile::tempdir().unwrap();
        let files = LogFiles::new(directory.path().to_owned());
        let hashes: Vec<u8> = (0..20).flat_map(|n| [n; 32]).collect();
        files.write(vec![(tile("tile/0/000.p/20"), hashes.clone())]).unwrap();
        let mut bundle = Bundle::new();
        for entry in ["one", "two", "three"] {
            bundle.add(entry.as_bytes()).unwrap();
        }
        files
            .write(vec![(tile("tile/entries/000.p/3"), bundle.into_bytes())])
            .unwrap();
        assert_eq!(files.tile(tile("tile/0/000.p/7")).unwrap().unwrap(), hashes[..7 * 32]);
        assert_eq!(files.tile(tile("tile/0/000.p/21")).unwrap(), None);
        assert_eq!(
            files.tile(tile("tile/entries/000.p/2")).unwrap().unwrap(),
            b"\0\x03one\0\x03two"
        );
        files.publish("note", 0, 3).unwrap();
        assert!(directory.path().join("tile/0/000.p/3").is_file());
    }

    #[test]
    fn partial_tiles_go_once_a_later_size_is_published() {
        let directory = tempfile::tempdir().unwrap();
        let files = LogFiles::new(directory.path().to_owned());
        for width in [3_u16, 8, 9] {
            let hashes = Tile::new(Kind::Hashes(0), 0, width).unwrap();
            let entries = Tile::new(Kind::Entries, 0, width).unwrap();
            let width = usize::from(width);
            files
                .write(vec![(hashes, vec![1; width * 32]), (entries, vec![0; width * 2])])
                .unwrap();
        }
        files.publish("first", 0, 8).unwrap();
        files.publish("second", 8, 9).unwrap();
        let there = |path: &str| directory.path().join(path).exists();
        assert!(!there("tile/0/000.p/3") && there("tile/0/000.p/8") && there("tile/entries/000.p/9"));
        let full = [Kind::Hashes(0), Kind::Entries].map(|kind| (Tile::new(kind, 0, 256).unwrap(), vec![0; 256 * 32]));
        files.write(full.into()).unwrap();
        files.write(vec![(tile("tile/1/000.p/1"), vec![5; 32])]).unwrap();
        files.publish("third", 9, 256).unwrap();
        assert!(!there("tile/0/000.p") && !there("tile/entries/000.p") && there("tile/1/000.p/1"));
    }
}
