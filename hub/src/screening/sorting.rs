//! Fingerprints in the order of epoch and token, however many: what does not fit into memory is sorted in parts, which are merged.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use tanqiao_protocol::fingerprint::{Epoch, Token, TokenEntry, TokenKind};

use super::{Fingerprint, Fingerprints, POSITION_MAX, ScreeningError};

/// Bytes of a fingerprint in a part: epoch, token, owner.
const PART_BYTES: usize = 2 + 16 + 4;
const BUFFER_BYTES: usize = 256 * 1024;

/// Position and kind in one number, which sorts by position first.
pub(super) fn pack(position: u32, kind: TokenKind) -> u32 {
    position << 2 | u32::try_from(kind.code() - 1).unwrap_or(0)
}

/// The position of a packed owner.
pub(super) const fn position_of(owner: u32) -> u32 {
    owner >> 2
}

/// The kind of a packed owner.
pub(super) fn kind_of(owner: u32) -> TokenKind {
    match owner & 3 {
        0 => TokenKind::Record,
        1 => TokenKind::Project,
        2 => TokenKind::Asset,
        _ => TokenKind::Subject,
    }
}

/// A fingerprint as it is sorted: 24 bytes. Tokens are the numbers that their bytes are, most significant first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    epoch: u16,
    high: u64,
    low: u64,
    pub(super) owner: u32,
}

impl Key {
    fn of(found: &Fingerprint) -> Result<Self, ScreeningError> {
        if found.position > POSITION_MAX {
            return Err(ScreeningError::Position(found.position));
        }
        let token = u128::from_be_bytes(found.entry.token.0);
        let owner = pack(found.position, found.entry.kind);
        Ok(Self::new(found.entry.epoch.number(), token, owner))
    }

    fn new(epoch: u16, token: u128, owner: u32) -> Self {
        let half = |half: u128| u64::try_from(half).unwrap_or(u64::MAX);
        Self {
            epoch,
            high: half(token >> 64),
            low: half(token & u128::from(u64::MAX)),
            owner,
        }
    }

    pub(super) const fn epoch(&self) -> u16 {
        self.epoch
    }

    pub(super) const fn token(&self) -> u128 {
        (self.high as u128) << 64 | self.low as u128
    }

    /// What it was made from.
    pub(super) fn fingerprint(&self, epoch: Epoch) -> Fingerprint {
        Fingerprint {
            position: position_of(self.owner),
            entry: TokenEntry {
                kind: kind_of(self.owner),
                epoch,
                token: Token(self.token().to_be_bytes()),
            },
        }
    }

    fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        out.write_all(&self.epoch.to_be_bytes())?;
        out.write_all(&self.token().to_be_bytes())?;
        out.write_all(&self.owner.to_be_bytes())
    }

    fn read(bytes: &[u8; PART_BYTES]) -> Option<Self> {
        let (epoch, rest) = bytes.split_first_chunk()?;
        let (token, owner) = rest.split_first_chunk()?;
        let owner = owner.first_chunk()?;
        Some(Self::new(
            u16::from_be_bytes(*epoch),
            u128::from_be_bytes(*token),
            u32::from_be_bytes(*owner),
        ))
    }
}

/// A part on disk, without a name: it is gone with this process.
struct Part {
    from: BufReader<File>,
    left: u64,
    directory: PathBuf,
}

impl Part {
    fn next(&mut self) -> Result<Option<Key>, ScreeningError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let mut bytes = [0; PART_BYTES];
        let read = self.from.read_exact(&mut bytes);
        read.map_err(ScreeningError::file("read a part of a sort in", &self.directory))?;
        Ok(Key::read(&bytes))
    }
}

/// A batch of fingerprints, gathered and sorted.
pub(super) struct Batch {
    memory: std::iter::Peekable<std::vec::IntoIter<Key>>,
    parts: Vec<Part>,
    heads: BinaryHeap<Reverse<(Key, usize)>>,
    /// How many there are of each epoch.
    pub(super) counts: BTreeMap<Epoch, u64>,
    /// The highest packed owner.
    pub(super) owner_max: u32,
}

/// Gathers and sorts: in `bytes` of memory at most, and the rest in `directory`.
pub(super) fn gather(
    fingerprints: &mut Fingerprints<'_>,
    bytes: usize,
    directory: &Path,
) -> Result<Batch, ScreeningError> {
    let room = (bytes / size_of::<Key>()).max(16);
    let mut keys: Vec<Key> = Vec::new();
    let mut parts = Vec::new();
    let mut counts = BTreeMap::new();
    let mut owner_max = 0;
    for found in fingerprints {
        let found = found?;
        let key = Key::of(&found)?;
        *counts.entry(found.entry.epoch).or_default() += 1;
        owner_max = owner_max.max(key.owner);
        if keys.len() == room {
            keys.sort_unstable();
            parts.push(spill(&keys, directory)?);
            keys.clear();
        }
        if keys.len() == keys.capacity() {
            keys.reserve_exact(keys.len().max(1_024).min(room - keys.len()));
        }
        keys.push(key);
    }
    keys.sort_unstable();
    let mut heads = BinaryHeap::with_capacity(parts.len());
    for (number, part) in parts.iter_mut().enumerate() {
        heads.extend(part.next()?.map(|key| Reverse((key, number))));
    }
    Ok(Batch {
        memory: keys.into_iter().peekable(),
        parts,
        heads,
        counts,
        owner_max,
    })
}

fn spill(keys: &[Key], directory: &Path) -> Result<Part, ScreeningError> {
    let fault = |source| ScreeningError::file("write a part of a sort in", directory)(source);
    let file = tempfile::tempfile_in(directory).map_err(fault)?;
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
    keys.iter().try_for_each(|key| key.write(&mut out)).map_err(fault)?;
    let mut file = out.into_inner().map_err(|error| fault(error.into_error()))?;
    file.rewind().map_err(fault)?;
    Ok(Part {
        from: BufReader::with_capacity(BUFFER_BYTES, file),
        left: keys.len() as u64,
        directory: directory.to_owned(),
    })
}

impl Batch {
    /// The next in order.
    pub(super) fn next(&mut self) -> Result<Option<Key>, ScreeningError> {
        let from_memory = match (self.memory.peek(), self.heads.peek()) {
            (Some(key), Some(Reverse((head, _)))) => key <= head,
            (key, _) => key.is_some(),
        };
        if from_memory {
            return Ok(self.memory.next());
        }
        let Some(Reverse((key, number))) = self.heads.pop() else {
            return Ok(None);
        };
        if let Some(part) = self.parts.get_mut(number) {
            self.heads.extend(part.next()?.map(|key| Reverse((key, number))));
        }
        Ok(Some(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fingerprint() -> impl Strategy<Value = Fingerprint> {
        (0..=POSITION_MAX, 1i16..=4, 0u16..3, 0u128..50).prop_map(|(position, kind, epoch, token)| Fingerprint {
            position,
            entry: TokenEntry {
                kind: TokenKind::from_code(kind).unwrap(),
                epoch: Epoch::from_number(epoch).unwrap(),
                token: Token((token << 100 | token).to_be_bytes()),
            },
        })
    }

    proptest! {
        #[test]
        fn what_is_gathered_comes_back_in_order_whether_it_fits_or_not(all in proptest::collection::vec(fingerprint(), 0..300)) {
            let directory = tempfile::tempdir().unwrap();
            let mut expected = all.clone();
            expected.sort_by_key(|f| (f.entry.epoch, f.entry.token, f.position, f.entry.kind));
            for bytes in [16 * 24, 1 << 20] {
                let mut given = all.iter().copied().map(Ok);
                let mut batch = gather(&mut given, bytes, directory.path()).unwrap();
                prop_assert_eq!(batch.counts.values().sum::<u64>(), all.len() as u64);
                let mut sorted = Vec::new();
                while let Some(key) = batch.next().unwrap() {
                    sorted.push(key.fingerprint(Epoch::from_number(key.epoch()).unwrap()));
                }
                prop_assert_eq!(&sorted, &expected);
            }
        }
    }

    #[test]
    fn a_position_that_cannot_be_stored_is_refused() {
        let entry = TokenEntry {
            kind: TokenKind::Subject,
            epoch: Epoch::from_number(0).unwrap(),
            token: Token([0; 16]),
        };
        let position = POSITION_MAX + 1;
        let mut given = std::iter::once(Ok(Fingerprint { position, entry }));
        let refused = gather(&mut given, 1 << 10, Path::new("."));
        assert!(matches!(refused, Err(ScreeningError::Position(p)) if p == position));
        assert_eq!(size_of::<Key>(), 24);
    }
}
