//! A file of tokens: sorted, written once, never changed.
//!
//! Tails, heads and groups ([`super::layout`]), then what the file is: its epoch, number of tokens, layout and runs, with a checksum.
//! The manifest repeats that checksum, so that a file of the right shape in the wrong place is found when it is opened.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tanqiao_protocol::fingerprint::Epoch;

use super::super::ScreeningError;
use super::column::{Column, Source, Window};
use super::layout::{GROUP_BYTES, LAYOUT_BYTES, Layout, Tail, size};

const MAGIC: [u8; 8] = *b"TQTOKEN1";
/// Length and checksum of the description, magic.
const END_BYTES: usize = 4 + 4 + 8;
/// Epoch, tokens, highest owner, layout; then 4 bytes a run.
const FIXED_BYTES: usize = 2 + 8 + 4 + LAYOUT_BYTES;

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Description {
    pub(super) epoch: Epoch,
    pub(super) tokens: u64,
    /// The highest packed owner that the file may have.
    pub(super) owner_max: u32,
    pub(super) layout: Layout,
    /// Runs that own tokens in it, ascending.
    pub(super) runs: Vec<u32>,
}

impl Description {
    /// The end of the file, and its checksum.
    pub(super) fn to_bytes(&self) -> (Vec<u8>, u32) {
        let mut bytes = Vec::with_capacity(FIXED_BYTES + 4 * self.runs.len() + END_BYTES);
        bytes.extend_from_slice(&self.epoch.number().to_be_bytes());
        bytes.extend_from_slice(&self.tokens.to_be_bytes());
        bytes.extend_from_slice(&self.owner_max.to_be_bytes());
        bytes.extend_from_slice(&self.layout.to_bytes());
        for run in &self.runs {
            bytes.extend_from_slice(&run.to_be_bytes());
        }
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let checksum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&checksum.to_be_bytes());
        bytes.extend_from_slice(&MAGIC);
        (bytes, checksum)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (epoch, rest) = bytes.split_first_chunk::<2>()?;
        let (tokens, rest) = rest.split_first_chunk::<8>()?;
        let (owner_max, rest) = rest.split_first_chunk::<4>()?;
        let (layout, runs) = rest.split_first_chunk::<LAYOUT_BYTES>()?;
        let run = |chunk: &[u8]| Some(u32::from_be_bytes(chunk.try_into().ok()?));
        Some(Self {
            epoch: Epoch::from_number(u16::from_be_bytes(*epoch))?,
            tokens: u64::from_be_bytes(*tokens),
            owner_max: u32::from_be_bytes(*owner_max),
            layout: Layout::from_bytes(*layout)?,
            runs: runs.chunks(4).map(run).collect::<Option<_>>()?,
        })
    }

    /// Tails, heads, groups.
    pub(super) fn columns(&self) -> [Column; 3] {
        let tails = Column::at(0, self.layout.width(), self.tokens);
        let heads = Column::at(tails.end(), 1, self.tokens);
        let groups = Column::at(heads.end(), 4, self.layout.groups());
        [tails, heads, groups]
    }

    /// Bytes of heads and groups in memory.
    pub(super) const fn index_bytes(&self) -> u64 {
        self.tokens + GROUP_BYTES * self.layout.groups()
    }
}

/// Heads and groups in memory.
#[derive(Debug)]
pub(super) struct Index {
    heads: Vec<u8>,
    groups: Vec<u8>,
}

/// Heads that are compared at once.
const HEADS: usize = 16;
const LOWEST_BITS: u128 = u128::from_ne_bytes([0x01; HEADS]);
const HIGHEST_BITS: u128 = u128::from_ne_bytes([0x80; HEADS]);

impl Index {
    /// Which tokens are in a group: the first, and the one after the last; `None` for the last group of all.
    #[inline]
    fn range(&self, group: u64) -> Option<(u32, u32)> {
        let at = usize::try_from(group * GROUP_BYTES).ok()?;
        let (first, after) = self.groups.get(at..at + 8)?.split_first_chunk::<4>()?;
        Some((u32::from_be_bytes(*first), u32::from_be_bytes(*after.first_chunk()?)))
    }

    /// True if none of these tokens, which are few, has this head; false says nothing.
    #[inline]
    fn lacks(&self, (first, after): (u32, u32), head: u8) -> bool {
        let first = first as usize;
        let heads = self.heads.get(first..first + HEADS);
        let Some(heads) = heads.and_then(<[u8]>::first_chunk::<HEADS>) else {
            return false;
        };
        // A byte is zero where the heads are equal; those behind the group can only be taken for candidates.
        let differ = u128::from_ne_bytes(*heads) ^ (LOWEST_BITS * u128::from(head));
        let equal = differ.wrapping_sub(LOWEST_BITS) & !differ & HIGHEST_BITS;
        (after as usize).wrapping_sub(first) <= HEADS && equal == 0
    }
}

/// What is looked up: each token, and who has it if that is known.
pub(super) type Sought = [(u128, Option<(u32, u32)>)];

/// What [`Finder::sift`] works with, kept from one chunk to the next.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    ranges: Vec<Option<(u32, u32)>>,
    /// For each token whether it has to be looked up.
    pub(super) left: Vec<bool>,
}

/// An open file.
#[derive(Debug)]
pub(super) struct TokenFile {
    file: File,
    path: PathBuf,
    pub(super) is: Description,
    tails: Column,
    heads: Column,
    groups: Column,
}

impl TokenFile {
    /// Opens a file that the manifest describes by its length and checksum.
    pub(super) fn open(path: &Path, length: u64, checksum: u32) -> Result<Self, ScreeningError> {
        let damaged = |what: &str| ScreeningError::damaged(path, what);
        let file = File::open(path).map_err(ScreeningError::file("open", path))?;
        let found = file.metadata().map_err(ScreeningError::file("open", path))?.len();
        if found != length {
            return Err(damaged(&format!("it has {found} bytes of {length}")));
        }
        let read = |at: u64, bytes: &mut [u8]| {
            file.read_exact_at(bytes, at)
                .map_err(ScreeningError::file("read", path))
        };
        let mut end = [0; END_BYTES];
        let end_at = length
            .checked_sub(END_BYTES as u64)
            .ok_or_else(|| damaged("it is too short"))?;
        read(end_at, &mut end)?;
        let [l0, l1, l2, l3, c0, c1, c2, c3, magic @ ..] = end;
        if magic != MAGIC || u32::from_be_bytes([c0, c1, c2, c3]) != checksum {
            return Err(damaged("it is not the file that the manifest names"));
        }
        let described = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
        let begin = end_at
            .checked_sub(described)
            .ok_or_else(|| damaged("its description is longer than the file"))?;
        let mut bytes = vec![0; size(described)?];
        read(begin, &mut bytes)?;
        if crc32fast::hash(&bytes) != checksum {
            return Err(damaged("its description is not what was written"));
        }
        let is = Description::from_bytes(&bytes).ok_or_else(|| damaged("its description cannot be read"))?;
        let [tails, heads, groups] = is.columns();
        if groups.end() != begin {
            return Err(damaged("its columns do not fill it"));
        }
        let path = path.to_owned();
        Ok(Self {
            file,
            path,
            is,
            tails,
            heads,
            groups,
        })
    }

    fn source(&self) -> Source<'_> {
        Source {
            file: &self.file,
            path: &self.path,
        }
    }

    /// Reads heads and groups into memory.
    pub(super) fn index(&self) -> Result<Index, ScreeningError> {
        Ok(Index {
            heads: self.heads.read_all(&self.source())?,
            groups: self.groups.read_all(&self.source())?,
        })
    }

    /// Reads every block.
    pub(super) fn verify(&self) -> Result<(), ScreeningError> {
        let mut scan = Scan::of(self);
        while scan.next()?.is_some() {}
        Ok(())
    }

    fn damaged(&self) -> ScreeningError {
        ScreeningError::damaged(&self.path, "its groups do not fit its tokens")
    }

    fn owner(&self, tail: &Tail) -> Result<(u32, u32), ScreeningError> {
        let run = usize::try_from(tail.run).ok().and_then(|run| self.is.runs.get(run));
        let run =
            run.ok_or_else(|| ScreeningError::damaged(&self.path, "a token is of a run that it does not list"))?;
        Ok((*run, tail.owner))
    }
}

/// Looks tokens up, fastest in ascending order.
pub(super) struct Finder<'a> {
    of: &'a TokenFile,
    index: Option<Arc<Index>>,
    tails: Window,
    heads: Window,
    groups: Window,
}

impl<'a> Finder<'a> {
    /// With `index`, only tokens whose heads are equal cost reading.
    pub(super) fn new(of: &'a TokenFile, index: Option<Arc<Index>>) -> Self {
        Self {
            of,
            index,
            tails: Window::default(),
            heads: Window::default(),
            groups: Window::default(),
        }
    }

    /// Which tokens the file may have, as far as its index alone can say. First all groups, then all heads: a processor then has the
    /// memory of many of them on its way at once, instead of waiting for one after the other.
    pub(super) fn sift(&self, sought: &Sought, sieve: &mut Sieve) {
        let layout = self.of.is.layout;
        sieve.left.clear();
        let Some(index) = &self.index else {
            sieve.left.resize(sought.len(), true);
            return;
        };
        sieve.ranges.clear();
        let groups = sought.iter().map(|(token, _)| layout.cut(*token).0);
        sieve.ranges.extend(groups.map(|group| index.range(group)));
        let both = sought.iter().zip(&sieve.ranges);
        sieve.left.extend(both.map(|((token, owner), range)| {
            owner.is_none() && !range.is_some_and(|range| index.lacks(range, layout.cut(*token).1))
        }));
    }

    /// Run and packed owner of a token.
    pub(super) fn find(&mut self, token: u128) -> Result<Option<(u32, u32)>, ScreeningError> {
        let layout = self.of.is.layout;
        let (group, head, tail) = layout.cut(token);
        let (first, after) = self.range(group)?;
        if first >= after {
            return Ok(None);
        }
        let count = size(after - first)?;
        let heads = match &self.index {
            Some(index) => index.heads.get(size(first)?..size(after)?),
            None => Some(self.heads.get(&self.of.source(), &self.of.heads, first, count)?),
        };
        let of = self.of;
        let heads = heads.ok_or_else(|| of.damaged())?;
        let low = heads.partition_point(|h| *h < head);
        let high = heads.partition_point(|h| *h <= head);
        self.find_tail(first + low as u64, first + high as u64, tail)
    }

    fn find_tail(&mut self, mut low: u64, mut high: u64, tail: u128) -> Result<Option<(u32, u32)>, ScreeningError> {
        let width = self.of.is.layout.width();
        while low < high {
            let middle = low.midpoint(high);
            let at = middle * width as u64;
            let bytes = self.tails.get(&self.of.source(), &self.of.tails, at, width)?;
            let entry = self.of.is.layout.read(bytes);
            match entry.tail.cmp(&tail) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.of.owner(&entry).map(Some),
            }
        }
        Ok(None)
    }

    /// Which tokens are in a group: the first, and the one after the last.
    fn range(&mut self, group: u64) -> Result<(u64, u64), ScreeningError> {
        let is_last = group + 1 >= self.of.is.layout.groups();
        let entries = if is_last { 1 } else { 2 };
        let (at, length) = (group * GROUP_BYTES, entries * 4);
        let bytes = match &self.index {
            Some(index) => {
                let at = size(at)?;
                index.groups.get(at..at + length)
            }
            None => Some(self.groups.get(&self.of.source(), &self.of.groups, at, length)?),
        };
        let number = |bytes: &[u8; 4]| u64::from(u32::from_be_bytes(*bytes));
        let range = bytes.and_then(|bytes| {
            let (first, rest) = bytes.split_first_chunk::<4>()?;
            Some((number(first), rest.first_chunk::<4>().map_or(self.of.is.tokens, number)))
        });
        let (first, after) = range.ok_or_else(|| self.of.damaged())?;
        if after < first || after > self.of.is.tokens {
            return Err(self.of.damaged());
        }
        Ok((first, after))
    }
}

/// A stored token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stored {
    pub(super) token: u128,
    pub(super) run: u32,
    pub(super) owner: u32,
}

/// Reads a file from its first token to its last.
pub(super) struct Scan<'a> {
    of: &'a TokenFile,
    at: u64,
    group: u64,
    /// The first token behind the group.
    group_end: u64,
    tails: Window,
    heads: Window,
    groups: Window,
}

impl<'a> Scan<'a> {
    pub(super) fn of(of: &'a TokenFile) -> Self {
        Self {
            of,
            at: 0,
            group: 0,
            group_end: 0,
            tails: Window::default(),
            heads: Window::default(),
            groups: Window::default(),
        }
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Option<Stored>, ScreeningError> {
        let (is, from) = (&self.of.is, self.of.source());
        if self.at >= is.tokens {
            return Ok(None);
        }
        while self.at >= self.group_end {
            if self.group >= is.layout.groups() {
                return Err(ScreeningError::damaged(
                    &self.of.path,
                    "its groups do not hold all tokens",
                ));
            }
            self.group += 1;
            self.group_end = if self.group == is.layout.groups() {
                is.tokens
            } else {
                let bytes = self.groups.get(&from, &self.of.groups, self.group * GROUP_BYTES, 4)?;
                u64::from(bytes.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes)))
            };
        }
        let head = self.heads.get(&from, &self.of.heads, self.at, 1)?;
        let head = head.first().copied().unwrap_or_default();
        let width = is.layout.width();
        let tail = self.tails.get(&from, &self.of.tails, self.at * width as u64, width)?;
        let tail = is.layout.read(tail);
        self.at += 1;
        let (run, owner) = self.of.owner(&tail)?;
        let token = is.layout.join(self.group - 1, head, tail.tail);
        Ok(Some(Stored { token, run, owner }))
    }
}
