//! Where the hashes and entries of the log lie (C2SP `tlog-tiles`): files of 256 hashes or entries, with paths such as
//! `tile/0/x001/x234/067` and `tile/entries/000.p/17`.

mod build;
mod bundle;
mod read;

use std::fmt;
use std::str::FromStr;

pub use build::TileBuilder;
pub use bundle::{Bundle, BundleError, EntryTooLong};
pub use read::{ReadError, TileReader};

use crate::id::TextError;
use crate::text::serde_as_text;

/// Hashes or entries in a full tile.
pub const TILE_WIDTH: u16 = 256;
/// The bytes of one hash in a tile.
pub const HASH_BYTES: usize = 32;
/// The levels that a tree with fewer than 2⁶⁴ leaves can have.
pub const LEVELS: u8 = 8;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Hashes of subtrees with 256^level leaves, level 0 to 7.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

impl Kind {
    /// The level of a tile of hashes; entries lie where hashes of level 0 do.
    const fn level(self) -> u8 {
        match self {
            Self::Hashes(level) => level,
            Self::Entries => 0,
        }
    }
}

/// One tile, or one bundle of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    kind: Kind,
    index: u64,
    width: u16,
}

/// Shown to people who type a path.
const EXPECTED: &str = "the path of a tile such as tile/0/x001/x234/067, tile/1/000.p/17 or tile/entries/000";

impl Tile {
    /// The `index`-th tile of its kind, with `width` hashes or entries. `None` if there cannot be one: a width of 0 or above
    /// 256, a level above 7, or leaves beyond the 2⁶⁴-th.
    #[must_use]
    pub fn new(kind: Kind, index: u64, width: u16) -> Option<Self> {
        let level = kind.level();
        if !(1..=TILE_WIDTH).contains(&width) || level >= LEVELS {
            return None;
        }
        let end = (u128::from(index) * u128::from(TILE_WIDTH) + u128::from(width)) << (8 * u32::from(level));
        (end <= u128::from(u64::MAX)).then_some(Self { kind, index, width })
    }

    /// What it holds.
    #[must_use]
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// How many of its kind lie left of it.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many hashes or entries it has, 1 to 256.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// True if it will never change, and has a path without a width.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The same place in a tree that has grown enough.
    #[must_use]
    pub const fn full(self) -> Self {
        Self {
            width: TILE_WIDTH,
            ..self
        }
    }

    /// The index of its first hash or entry among those of its level.
    #[must_use]
    pub const fn start(self) -> u64 {
        self.index * TILE_WIDTH as u64
    }

    /// True if a tree of `size` leaves has this tile: the full one, or the partial one of just this width. What a tree does
    /// not have is not to be served.
    #[must_use]
    pub const fn is_of(self, size: u64) -> bool {
        let hashes = size >> (8 * self.kind.level() as u32);
        match hashes.checked_sub(self.start()) {
            Some(there) => there == self.width as u64 || (self.is_full() && there > self.width as u64),
            None => false,
        }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Hashes(level) => write!(f, "tile/{level}")?,
            Kind::Entries => f.write_str("tile/entries")?,
        }
        let groups = self.index.checked_ilog(1_000).unwrap_or(0);
        for group in (1..=groups).rev() {
            write!(f, "/x{:03}", self.index / 1_000_u64.pow(group) % 1_000)?;
        }
        write!(f, "/{:03}", self.index % 1_000)?;
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

/// A path as it comes from a URL, without a leading slash. Each tile has one path; anything else is refused.
impl FromStr for Tile {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let wrong = || TextError::new(text, EXPECTED);
        let tile = parse(text).ok_or_else(wrong)?;
        // One place says what is canonical: how we write it ourselves.
        if tile.to_string() == text {
            Ok(tile)
        } else {
            Err(wrong())
        }
    }
}

fn parse(text: &str) -> Option<Tile> {
    let (kind, rest) = text.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => Kind::Entries,
        level => Kind::Hashes(level.parse().ok()?),
    };
    let (groups, width) = match rest.split_once(".p/") {
        Some((groups, width)) => (groups, width.parse().ok().filter(|width| *width < TILE_WIDTH)?),
        None => (rest, TILE_WIDTH),
    };
    let mut index = 0_u64;
    for group in groups.split('/') {
        let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
        index = index.checked_mul(1_000)?.checked_add(digits)?;
    }
    Tile::new(kind, index, width)
}

serde_as_text!(Tile, "the path of a tile");

/// The tiles of hashes that a log has to write when it grows from `old` to `size` leaves: the full ones that became full,
/// and for each level the partial one if it changed. By level, then by index. None if it does not grow.
pub fn changed_tiles(old: u64, size: u64) -> impl Iterator<Item = Tile> {
    (0..LEVELS).flat_map(move |level| changed(Kind::Hashes(level), old, size))
}

/// The bundles of entries that a log has to write when it grows from `old` to `size` leaves.
pub fn changed_bundles(old: u64, size: u64) -> impl Iterator<Item = Tile> {
    changed(Kind::Entries, old, size)
}

fn changed(kind: Kind, old: u64, size: u64) -> impl Iterator<Item = Tile> {
    let shift = 8 * u32::from(kind.level());
    let (old, size) = (old >> shift, size >> shift);
    let width = u64::from(TILE_WIDTH);
    let range = if old < size {
        old / width..size.div_ceil(width)
    } else {
        0..0
    };
    range.filter_map(move |index| {
        let there = size.saturating_sub(index * width).min(width);
        Tile::new(kind, index, u16::try_from(there).ok()?)
    })
}

#[cfg(test)]
mod tests;
