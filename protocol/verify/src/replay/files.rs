//! Every bundle and tile of a mirror against the root that was signed, in one pass.
//!
//! The tree is computed from the entries. Where an entry has another hash than its tile says, the tile above tells which of the two
//! files was changed, and at the end of the log the signed root does.

use serde::Serialize;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::leaf::leaf_hash;
use tanqiao_protocol::log::checkpoint::Checkpoint;
use tanqiao_protocol::log::tile::{Bundle, HASH_BYTES, Kind, TILE_WIDTH, Tile, TileBuilder, changed_bundles};
use tanqiao_protocol::merkle::RootBuilder;

use crate::mirror::{FileFault, Mirror};

/// The most findings that are listed.
pub const FINDINGS_MAX: usize = 100;

/// A file that is not what the log signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, by its path below the directory.
    pub file: String,
    /// Which leaf, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf: Option<u64>,
    /// What is wrong.
    pub what: String,
}

impl Finding {
    pub(super) fn new(file: impl std::fmt::Display, what: impl std::fmt::Display) -> Self {
        Self {
            file: file.to_string(),
            leaf: None,
            what: what.to_string(),
        }
    }
}

/// What was found in the files.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub findings: Vec<Finding>,
    pub more: bool,
}

impl Found {
    fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.more = true;
        }
    }
}

/// A leaf whose entry has not the hash that its tile says.
struct Parted {
    leaf: u64,
    bundle: Tile,
    tile: Tile,
    /// Which of the two the tile above confirms.
    right: Right,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Right {
    Bundle,
    Tile,
    /// There is no tile above yet.
    Unknown,
}

struct Check<'a> {
    mirror: &'a Mirror,
    size: u64,
    /// From the entries; where a bundle was changed or cannot be read, from its tile.
    tree: TileBuilder,
    /// The same, if the tile at the end of the log is right where it and its bundle part.
    other: Option<TileBuilder>,
    parted: Vec<Parted>,
    found: Found,
}

/// Checks the files of a log as far as its checkpoint. `each` is given every leaf in order; `None` for one that cannot be read.
///
/// # Errors
/// [`FileFault`] if a file is there and cannot be read.
pub(super) fn check(
    mirror: &Mirror,
    checkpoint: &Checkpoint,
    mut each: impl FnMut(u64, Option<&[u8]>),
) -> Result<Found, FileFault> {
    let mut check = Check {
        mirror,
        size: checkpoint.size(),
        tree: TileBuilder::new(),
        other: None,
        parted: Vec::new(),
        found: Found::default(),
    };
    for bundle in changed_bundles(0, check.size) {
        check.bundle(bundle, &mut each)?;
    }
    check.judge(checkpoint.root());
    Ok(check.found)
}

fn hashes(bytes: &[u8]) -> Vec<Sha256> {
    bytes
        .as_chunks::<HASH_BYTES>()
        .0
        .iter()
        .map(|hash| Sha256(*hash))
        .collect()
}

impl Check<'_> {
    fn wrong(&mut self, file: impl std::fmt::Display, what: impl std::fmt::Display) {
        self.found.add(Finding::new(file, what));
    }

    fn bundle(&mut self, bundle: Tile, each: &mut impl FnMut(u64, Option<&[u8]>)) -> Result<(), FileFault> {
        let Some(tile) = Tile::new(Kind::Hashes(0), bundle.index(), bundle.width()) else {
            return Ok(());
        };
        let bytes = self.mirror.tile(bundle)?;
        let entries = bytes.as_deref().map(|bytes| Bundle::entries(bytes, bundle.width()));
        match &entries {
            None => self.wrong(bundle, "it is missing"),
            Some(Err(error)) => self.wrong(bundle, error),
            Some(Ok(entries)) => {
                let length = bytes.as_ref().map_or(0, Vec::len);
                if length != entries.iter().map(|entry| entry.len() + 2).sum::<usize>() {
                    self.wrong(bundle, "it has more entries than its path says");
                }
            }
        }
        let entries = entries.and_then(Result::ok);
        let stated = self.level_0(tile)?;
        let own: Option<Vec<Sha256>> = entries
            .as_ref()
            .map(|entries| entries.iter().map(|entry| leaf_hash(entry)).collect());
        self.compare(bundle, tile, own.as_deref(), stated.as_deref())?;
        for offset in 0..u64::from(bundle.width()) {
            let place = usize::try_from(offset).unwrap_or(usize::MAX);
            let entry = entries.as_ref().and_then(|entries| entries.get(place)).copied();
            each(bundle.start() + offset, entry);
        }
        if let (Some(whole), Some(_)) = (&bytes, &entries) {
            self.left_over_bundles(bundle, whole)?;
        }
        self.upper_tiles()
    }

    /// The hashes of a tile of level 0, if it has as many as its path says.
    fn level_0(&mut self, tile: Tile) -> Result<Option<Vec<Sha256>>, FileFault> {
        match self.mirror.tile(tile)? {
            None => {
                self.wrong(tile, "it is missing");
                Ok(None)
            }
            Some(bytes) if bytes.len() != usize::from(tile.width()) * HASH_BYTES => {
                self.wrong(tile, wrong_length(tile, bytes.len()));
                Ok(None)
            }
            Some(bytes) => Ok(Some(hashes(&bytes))),
        }
    }

    /// Grows the tree, and keeps in mind where bundle and tile part.
    fn compare(
        &mut self,
        bundle: Tile,
        tile: Tile,
        own: Option<&[Sha256]>,
        stated: Option<&[Sha256]>,
    ) -> Result<(), FileFault> {
        let mut right = Right::Bundle;
        if let (Some(own), Some(stated)) = (own, stated)
            && own != stated
        {
            right = self.right(tile, own, stated)?;
            let pairs = own.iter().zip(stated).zip(bundle.start()..);
            for (_, leaf) in pairs.filter(|((own, stated), _)| own != stated) {
                if self.parted.len() < FINDINGS_MAX {
                    self.parted.push(Parted {
                        leaf,
                        bundle,
                        tile,
                        right,
                    });
                } else {
                    self.found.more = true;
                }
            }
        }
        if right == Right::Unknown {
            let mut other = self.tree.clone();
            stated.into_iter().flatten().for_each(|hash| other.add(*hash));
            self.other = Some(other);
        }
        let hashes = if right == Right::Tile { stated } else { own.or(stated) };
        hashes.into_iter().flatten().for_each(|hash| self.tree.add(*hash));
        Ok(())
    }

    /// Which of the two comes to the hash that the tile above has.
    fn right(&self, tile: Tile, own: &[Sha256], stated: &[Sha256]) -> Result<Right, FileFault> {
        if !tile.is_full() {
            return Ok(Right::Unknown);
        }
        let width = u64::from(TILE_WIDTH);
        let start = tile.index() / width * width;
        let there = u16::try_from(((self.size / width) - start).min(width)).unwrap_or(TILE_WIDTH);
        let above = match Tile::new(Kind::Hashes(1), tile.index() / width, there) {
            Some(above) => self.mirror.tile(above)?.map(|bytes| hashes(&bytes)),
            None => None,
        };
        let place = usize::try_from(tile.index() % width).unwrap_or(usize::MAX);
        let parent = above.and_then(|hashes| hashes.get(place).copied());
        let root = |hashes: &[Sha256]| {
            let mut root = RootBuilder::new();
            for hash in hashes {
                root.add_hash(*hash);
            }
            Some(root.root())
        };
        Ok(if root(own) == parent || root(stated) != parent {
            Right::Bundle
        } else {
            Right::Tile
        })
    }

    /// The tiles above level 0 that have become full, or that the log ends with.
    fn upper_tiles(&mut self) -> Result<(), FileFault> {
        for (tile, bytes) in self.tree.take() {
            if !tile.is_of(self.size) {
                continue;
            }
            if tile.kind() != Kind::Hashes(0) {
                match self.mirror.tile(tile)? {
                    None => self.wrong(tile, "it is missing"),
                    Some(found) => self.same(tile, &found, &bytes),
                }
            }
            for narrow in self.mirror.left_over(tile)? {
                let found = self.mirror.tile(narrow)?.unwrap_or_default();
                let expected = bytes
                    .get(..usize::from(narrow.width()) * HASH_BYTES)
                    .unwrap_or_default();
                self.same(narrow, &found, expected);
            }
        }
        Ok(())
    }

    fn same(&mut self, tile: Tile, found: &[u8], expected: &[u8]) {
        if found.len() != expected.len() {
            self.wrong(tile, wrong_length(tile, found.len()));
        } else if let Some(place) = found.iter().zip(expected).position(|(a, b)| a != b) {
            let hash = place / HASH_BYTES;
            self.wrong(
                tile,
                format!("its hash {hash} (byte {place}) is not that of the subtree"),
            );
        }
    }

    fn left_over_bundles(&mut self, bundle: Tile, whole: &[u8]) -> Result<(), FileFault> {
        for narrow in self.mirror.left_over(bundle)? {
            let found = self.mirror.tile(narrow)?.unwrap_or_default();
            let fits = whole.starts_with(&found) && Bundle::entries(&found, narrow.width()).is_ok();
            if !fits {
                self.wrong(narrow, "it is not the beginning of the bundle that took its place");
            }
        }
        Ok(())
    }

    /// Whether the tree was signed; and if not, whether it was with the tile at its end instead of the bundle.
    fn judge(&mut self, signed: &Sha256) {
        let by_tree = self.tree.root() == *signed;
        let by_other = self.other.as_ref().is_some_and(|other| other.root() == *signed);
        let parted = std::mem::take(&mut self.parted);
        for Parted {
            leaf,
            bundle,
            tile,
            right,
        } in &parted
        {
            let place = leaf % u64::from(TILE_WIDTH);
            let tile_right = *right == Right::Tile || (*right == Right::Unknown && by_other);
            let (file, what) = if !by_tree && !by_other {
                (
                    bundle,
                    format!("its entry {place} and the hash in {tile} differ, and neither comes to the signed root"),
                )
            } else if tile_right {
                (
                    bundle,
                    format!("its entry {place} is not the leaf {leaf} that was signed"),
                )
            } else {
                (tile, format!("its hash {place} is not that of leaf {leaf}"))
            };
            let mut finding = Finding::new(file, what);
            finding.leaf = Some(*leaf);
            self.found.add(finding);
        }
        if !by_tree && !by_other {
            let what = "its root is not that of the leaves: the log was exchanged, cut or continued";
            self.wrong("checkpoint", what);
        }
    }
}

fn wrong_length(tile: Tile, found: usize) -> String {
    let expected = usize::from(tile.width()) * HASH_BYTES;
    format!("it has {found} bytes, and should have {expected}")
}
