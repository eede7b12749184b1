//! Builds the tiles of what was committed, and signs their root.

use std::io;

use tanqiao_protocol::id::{Sha256, TextError};
use tanqiao_protocol::leaf::leaf_hash;
use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};
use tanqiao_protocol::log::note::{Note, NoteError, SignatureLine};
use tanqiao_protocol::log::tile::{
    Bundle, EntryTooLong, HASH_BYTES, Kind, ReadError, TILE_WIDTH, Tile, TileBuilder, TileReader, changed_bundles,
    changed_tiles,
};
use tanqiao_protocol::merkle::{self, RootBuilder};
use tanqiao_protocol::signing::{NoteKey, SigningKey};

use super::files::{LogFiles, WriteError};
use crate::store::checkpoints::{self, Claimed, SignedHead};
use crate::store::database::{Database, StoreError};

/// Leaves whose tiles are written before they are read back.
const LEAVES_A_ROUND: u64 = 64 * 256;

/// Why the log is not published any further.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file that is written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file that is read.
    #[error("{tile} cannot be read: {source}")]
    Read {
        /// Which.
        tile: Tile,
        /// Why.
        source: io::Error,
    },
    /// What was written is not what is there.
    #[error("{0} is not what was written: remove the log's directory, and it is made again from the ledger")]
    Damaged(Tile),
    /// The tiles do not make up a tree.
    #[error("the log's tiles: {0}")]
    Tiles(String),
    /// A leaf that no bundle can hold.
    #[error(transparent)]
    Leaf(#[from] EntryTooLong),
    /// The ledger does not continue what was signed.
    #[error(
        "the ledger of {size} leaves does not continue the log of {signed} leaves that was signed: nothing is signed any more. Stop the hub, and compare the database with its backups"
    )]
    Forked {
        /// How many leaves there are.
        size: u64,
        /// How many were signed.
        signed: u64,
    },
    /// The log's name.
    #[error(transparent)]
    Origin(#[from] TextError),
    /// The note.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl From<ReadError<Self>> for KeeperError {
    fn from(error: ReadError<Self>) -> Self {
        match error {
            ReadError::Read(error) => error,
            other => Self::Tiles(other.to_string()),
        }
    }
}

/// Keeps a log's files, and signs.
#[derive(Debug)]
pub struct LogKeeper {
    database: Database,
    files: LogFiles,
    key: NoteKey,
    signer: SigningKey,
    /// The tiles that are written and were read back; `None` before the first look, and after a failure.
    tiles: Option<TileBuilder>,
}

impl LogKeeper {
    /// A keeper that has not looked yet.
    #[must_use]
    pub const fn new(database: Database, files: LogFiles, key: NoteKey, signer: SigningKey) -> Self {
        Self {
            database,
            files,
            key,
            signer,
            tiles: None,
        }
    }

    /// Brings the files to what is committed, signs it and publishes; the head. Blocks.
    ///
    /// # Errors
    /// [`KeeperError`]; nothing is signed that was not read back.
    pub fn work(&mut self) -> Result<SignedHead, KeeperError> {
        let size = self.database.read(checkpoints::leaf_count)?;
        let mut tiles = match self.tiles.take() {
            Some(tiles) => tiles,
            None => self.find()?,
        };
        while tiles.size() < size {
            let before = tiles.size();
            let next = size.min(before + LEAVES_A_ROUND);
            self.grow(&mut tiles, next)?;
            self.read_back(before, next)?;
        }
        let signed = self.sign(&tiles);
        self.tiles = Some(tiles);
        signed
    }

    /// The files that are there, as far as the last head that was signed, if they come to its root; otherwise none.
    fn find(&self) -> Result<TileBuilder, KeeperError> {
        let Some(head) = self.database.read(checkpoints::latest)? else {
            return Ok(TileBuilder::new());
        };
        match TileBuilder::resume(head.size, |tile| self.read(tile)) {
            Ok(tiles) if tiles.root() == head.root => Ok(tiles),
            _ => {
                tracing::info!(size = head.size, "the log's tiles are made again from the ledger");
                Ok(TileBuilder::new())
            }
        }
    }

    fn read(&self, tile: Tile) -> Result<Vec<u8>, KeeperError> {
        let read = self
            .files
            .tile(tile)
            .map_err(|source| KeeperError::Read { tile, source })?;
        read.ok_or(KeeperError::Damaged(tile))
    }

    /// Writes the bundles and tiles that a log of `size` leaves has and that of the tiles so far has not.
    fn grow(&self, tiles: &mut TileBuilder, size: u64) -> Result<(), KeeperError> {
        for place in changed_bundles(tiles.size(), size) {
            let end = place.start() + u64::from(place.width());
            let leaves = self.database.read(|c| checkpoints::leaves(c, place.start(), end))?;
            if leaves.len() != usize::from(place.width()) {
                let missing = format!("leaves {} to {end} are not all there", place.start());
                return Err(StoreError::Content(missing).into());
            }
            let mut bundle = Bundle::new();
            leaves.iter().try_for_each(|leaf| bundle.add(leaf))?;
            self.files.write(place, &bundle.into_bytes())?;
            let known = usize::try_from(tiles.size() - place.start()).unwrap_or(usize::MAX);
            for leaf in leaves.iter().skip(known) {
                tiles.add(leaf_hash(leaf));
            }
        }
        for (tile, bytes) in tiles.take() {
            self.files.write(tile, &bytes)?;
        }
        Ok(())
    }

    /// Reads what was written: every entry has the hash that its tile says, and every hash above is that of the tile below.
    fn read_back(&self, before: u64, size: u64) -> Result<(), KeeperError> {
        for bundle in changed_bundles(before, size) {
            let bytes = self.read(bundle)?;
            let entries = Bundle::entries(&bytes, bundle.width()).map_err(|_| KeeperError::Damaged(bundle))?;
            let hashes: Vec<u8> = entries.iter().flat_map(|entry| leaf_hash(entry).0).collect();
            self.must_be(Kind::Hashes(0), bundle, &hashes)?;
        }
        for tile in changed_tiles(before, size) {
            if let Kind::Hashes(level @ 1..) = tile.kind() {
                let below = (tile.start()..).take(tile.width().into());
                let roots: Result<Vec<[u8; HASH_BYTES]>, KeeperError> =
                    below.map(|index| self.root_of_tile(level - 1, index)).collect();
                self.must_be(tile.kind(), tile, &roots?.concat())?;
            }
        }
        Ok(())
    }

    /// The tile of hashes at a place has these bytes.
    fn must_be(&self, kind: Kind, at: Tile, bytes: &[u8]) -> Result<(), KeeperError> {
        let tile = Tile::new(kind, at.index(), at.width()).ok_or(KeeperError::Damaged(at))?;
        if self.read(tile)? == bytes {
            Ok(())
        } else {
            Err(KeeperError::Damaged(tile))
        }
    }

    /// The hash that a full tile is one level up.
    fn root_of_tile(&self, level: u8, index: u64) -> Result<[u8; HASH_BYTES], KeeperError> {
        let beyond = || KeeperError::Tiles(format!("there is no tile {index} of level {level}"));
        let tile = Tile::new(Kind::Hashes(level), index, TILE_WIDTH).ok_or_else(beyond)?;
        let bytes = self.read(tile)?;
        let mut root = RootBuilder::new();
        for hash in bytes.as_chunks().0 {
            root.add_hash(Sha256(*hash));
        }
        Ok(root.root().0)
    }

    /// The root of the first `size` leaves, from the files.
    fn root(&self, size: u64, of: u64) -> Result<Sha256, KeeperError> {
        let mut reader = TileReader::new(of, |tile| self.read(tile));
        Ok(merkle::root(size, |node| reader.node(node))?)
    }

    /// Claims the head in the database, signs it, and publishes the note; or publishes what another process has signed.
    fn sign(&self, tiles: &TileBuilder) -> Result<SignedHead, KeeperError> {
        let (size, root) = (tiles.size(), tiles.root());
        if self.root(size, size)? != root {
            return Err(KeeperError::Tiles(
                "they do not come to the root of the leaves".to_owned(),
            ));
        }
        let last = self.database.read(checkpoints::latest)?;
        if let Some(last) = &last {
            if last.size > size {
                // Another process is ahead; its leaves are seen with the next look.
                return Ok(last.clone());
            }
            if self.root(last.size, size)? != last.root {
                let signed = last.size;
                return Err(KeeperError::Forked { size, signed });
            }
        }
        let head = match checkpoints::claim(&self.database, last.map(|last| last.size), size, root)? {
            Claimed::Already(head) if head.note.is_some() => head,
            Claimed::Already(head) | Claimed::New(head) => self.put_note(head)?,
        };
        if let Some(note) = &head.note {
            self.files.publish(note)?;
        }
        Ok(head)
    }

    fn put_note(&self, mut claimed: SignedHead) -> Result<SignedHead, KeeperError> {
        let SignedHead { size, root, .. } = claimed;
        let checkpoint = Checkpoint::new(self.key.name(), Head { size, root })?;
        let mut note = Note::unsigned(&checkpoint.to_string())?;
        note.add(SignatureLine::sign(note.text(), &self.key, &self.signer)?)?;
        let text = note.to_string();
        checkpoints::put_note(&self.database, size, &text)?;
        claimed.note = Some(text);
        Ok(claimed)
    }
}
