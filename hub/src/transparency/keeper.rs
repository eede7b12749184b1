//! Builds the tiles of what was committed, and signs their root.

mod error;

use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::leaf::leaf_hash;
use tanqiao_protocol::log::checkpoint::{Checkpoint, Head};
use tanqiao_protocol::log::note::Note;
use tanqiao_protocol::log::tile::{
    Bundle, HASH_BYTES, Kind, TILE_WIDTH, Tile, TileBuilder, TileReader, changed_bundles, changed_tiles,
};
use tanqiao_protocol::merkle::{self, RootBuilder};
use tanqiao_protocol::signing::{NoteKey, SigningKey};

pub use error::KeeperError;

use super::files::LogFiles;
use super::log_key::Signers;
use super::mark::SignedMark;
use super::notes;
use crate::crash;
use crate::ledger::sequencer::{Clock, system_clock};
use crate::store::checkpoints::{self, Claimed, SignedHead};
use crate::store::cosignatures;
use crate::store::database::{Database, StoreError};
use crate::store::log_rules;

/// Leaves whose tiles are written before they are read back.
const LEAVES_A_ROUND: u64 = 64 * 256;
/// Bytes of tiles that are held until they are written together.
const WRITTEN_TOGETHER: usize = 8 << 20;

/// Keeps a log's files, and signs.
pub struct LogKeeper {
    database: Database,
    files: LogFiles,
    signers: Signers,
    mark: Option<SignedMark>,
    clock: Clock,
    /// The tiles that are written and were read back; `None` before the first look, and after a failure.
    tiles: Option<TileBuilder>,
    /// The checkpoint in the directory, as far as this keeper has written it.
    published: Option<(u64, String)>,
    policy: Vec<u8>,
}

impl std::fmt::Debug for LogKeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogKeeper")
            .field("files", &self.files)
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

impl LogKeeper {
    /// A keeper that has not looked yet.
    #[must_use]
    pub fn new(database: Database, files: LogFiles, key: NoteKey, signer: SigningKey) -> Self {
        Self::with(database, files, Signers::of(key, signer), None)
    }

    /// A keeper that signs with these keys, and never what contradicts the mark.
    #[must_use]
    pub fn with(database: Database, files: LogFiles, signers: Signers, mark: Option<SignedMark>) -> Self {
        Self {
            database,
            files,
            signers,
            mark,
            clock: system_clock(),
            tiles: None,
            published: None,
            policy: Vec::new(),
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

    /// The files that are there, as far as the last head that was signed, or as the checkpoint beside them says, if they come to that
    /// root; otherwise none.
    fn find(&self) -> Result<TileBuilder, KeeperError> {
        self.begin_anew()?;
        let Some(head) = self.database.read(checkpoints::latest)? else {
            return Ok(TileBuilder::new());
        };
        let signed = Head {
            size: head.size,
            root: head.root,
        };
        for head in [Some(signed), self.published_here()].into_iter().flatten() {
            match TileBuilder::resume(head.size, |tile| self.read(tile)) {
                Ok(tiles) if tiles.root() == head.root => return Ok(tiles),
                _ => {}
            }
        }
        tracing::info!(size = head.size, "the log's tiles are made again from the ledger");
        Ok(TileBuilder::new())
    }

    /// A log that was given another name, because leaves were lost that nobody could give back, has no heads yet.
    fn begin_anew(&self) -> Result<(), KeeperError> {
        let now = (self.clock)();
        let newest = self.database.read(|c| checkpoints::heads(c, now))?.newest;
        let note = newest
            .and_then(|head| head.note)
            .map(|note| Note::parse(note.as_bytes()));
        let Some(note) = note.transpose()? else { return Ok(()) };
        let checkpoint: Checkpoint = note.text().parse()?;
        if checkpoint.origin() != self.origin() {
            tracing::warn!(
                before = checkpoint.origin(),
                now = self.origin(),
                "the log has another name now: heads and cosignatures of the one before are forgotten"
            );
            checkpoints::forget_all(&self.database)?;
        }
        Ok(())
    }

    /// The head of the checkpoint in the directory, if this log has signed it.
    fn published_here(&self) -> Option<Head> {
        let bytes = self.files.checkpoint().ok()??;
        let note = Note::parse(&bytes).ok()?;
        note.verify([self.signers.configured()]).ok()?;
        let checkpoint: Checkpoint = note.text().parse().ok()?;
        Some(checkpoint.head())
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
        let (mut held, mut bytes_held) = (Vec::new(), 0);
        for place in changed_bundles(tiles.size(), size) {
            let end = place.start() + u64::from(place.width());
            let leaves = self.database.read(|c| checkpoints::leaves(c, place.start(), end))?;
            if leaves.len() != usize::from(place.width()) {
                let missing = format!("leaves {} to {end} are not all there", place.start());
                return Err(StoreError::Content(missing).into());
            }
            let mut bundle = Bundle::new();
            leaves.iter().try_for_each(|leaf| bundle.add(leaf))?;
            let bytes = bundle.into_bytes();
            bytes_held += bytes.len();
            held.push((place, bytes));
            if bytes_held > WRITTEN_TOGETHER {
                self.files.write(std::mem::take(&mut held))?;
                bytes_held = 0;
            }
            let known = usize::try_from(tiles.size() - place.start()).unwrap_or(usize::MAX);
            for leaf in leaves.iter().skip(known) {
                tiles.add(leaf_hash(leaf));
            }
        }
        held.extend(tiles.take());
        Ok(self.files.write(held)?)
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

    /// Claims the head in the database, signs it, and publishes what has its quorum.
    fn sign(&mut self, tiles: &TileBuilder) -> Result<SignedHead, KeeperError> {
        let (size, root) = (tiles.size(), tiles.root());
        if self.root(size, size)? != root {
            return Err(KeeperError::Tiles(
                "they do not come to the root of the leaves".to_owned(),
            ));
        }
        let last = self.database.read(checkpoints::latest)?;
        self.must_continue(self.mark.as_ref().and_then(|mark| mark.last(self.origin())), size)?;
        if let Some(last) = &last {
            if last.size > size {
                // Another process is ahead; its leaves are seen with the next look.
                return Ok(last.clone());
            }
            let (size_before, root) = (last.size, last.root);
            self.must_continue(
                Some(Head {
                    size: size_before,
                    root,
                }),
                size,
            )?;
        }
        let now = (self.clock)();
        let claimed = checkpoints::claim(&self.database, last.map(|last| last.size), size, root, now)?;
        let head = match claimed {
            Claimed::Already(head) if head.note.is_some() => head,
            Claimed::Already(head) | Claimed::New(head) => self.put_note(head)?,
        };
        self.publish(size)?;
        Ok(head)
    }

    fn origin(&self) -> &str {
        self.signers.configured().name()
    }

    /// The ledger of `size` leaves continues a head that was signed.
    fn must_continue(&self, signed: Option<Head>, size: u64) -> Result<(), KeeperError> {
        match signed {
            Some(signed) if signed.size > size || self.root(signed.size, size)? != signed.root => {
                let signed = signed.size;
                Err(KeeperError::Forked { size, signed })
            }
            _ => Ok(()),
        }
    }

    fn put_note(&mut self, mut claimed: SignedHead) -> Result<SignedHead, KeeperError> {
        let SignedHead { size, root, .. } = claimed;
        let checkpoint = Checkpoint::new(self.origin(), Head { size, root })?;
        let rules = self.database.read(log_rules::read)?.rules;
        let keys = rules.signing(self.signers.configured());
        let mut note = Note::unsigned(&checkpoint.to_string())?;
        if let Some(mark) = &mut self.mark {
            mark.note(&checkpoint)?;
        }
        crash::point("log.before-sign");
        for line in self.signers.sign(note.text(), &keys)? {
            note.add(line)?;
        }
        let text = note.to_string();
        checkpoints::put_note(&self.database, size, &text, (self.clock)())?;
        crash::point("log.after-sign");
        claimed.note = Some(text);
        Ok(claimed)
    }

    /// Brings what is published here to what has its quorum, as far as there are tiles.
    ///
    /// # Errors
    /// [`KeeperError`].
    pub fn refresh(&mut self) -> Result<(), KeeperError> {
        match self.size() {
            0 => Ok(()),
            size => self.publish(size),
        }
    }

    /// How many leaves have their tiles, as far as this keeper has looked.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tiles.as_ref().map_or(0, TileBuilder::size)
    }

    fn publish(&mut self, built: u64) -> Result<(), KeeperError> {
        let now = (self.clock)();
        if self
            .database
            .read(|c| checkpoints::heads(c, now))?
            .waiting_since
            .is_some()
        {
            cosignatures::publish(&self.database, now)?;
        }
        let (published, log) = self
            .database
            .read(|c| Ok((notes::published(c, now)?, log_rules::read(c)?)))?;
        let policy = log.policy(self.signers.configured())?.print();
        if self.policy != policy {
            self.files.publish_policy(&policy)?;
            self.policy = policy;
        }
        let Some((head, note, _)) = published else {
            return Ok(());
        };
        let note = note.to_string();
        if head.size > built || self.published.as_ref().is_some_and(|(_, known)| *known == note) {
            return Ok(());
        }
        let before = self.published.as_ref().map_or(0, |(size, _)| *size);
        self.files.publish(&note, before, head.size)?;
        self.published = Some((head.size, note));
        Ok(())
    }
}
