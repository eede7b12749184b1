//! Columns: bytes in blocks, each with a checksum that is verified whenever the block is read.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::super::ScreeningError;
use super::layout::size;

/// Bytes of a block on disk, at most.
const BLOCK_BYTES: usize = 4_096;
const CHECKSUM_BYTES: usize = 4;
/// The most blocks that are read at once.
const BLOCKS_AHEAD_MAX: u64 = 64;

/// Bytes of a block without its checksum, for entries of `width` bytes that are never cut.
pub(super) const fn payload(width: usize) -> usize {
    let width = if width == 0 { 1 } else { width };
    (BLOCK_BYTES - CHECKSUM_BYTES) / width * width
}

/// The checksum of a block: it also says where the block belongs.
fn checksum(block: u64, bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&block.to_be_bytes());
    hasher.update(bytes);
    hasher.finalize().to_be_bytes()
}

/// Writes a column.
pub(super) struct ColumnWriter<W> {
    out: W,
    payload: usize,
    block: Vec<u8>,
    blocks: u64,
}

impl<W: Write> ColumnWriter<W> {
    pub(super) fn new(out: W, width: usize) -> Self {
        Self {
            out,
            payload: payload(width),
            block: Vec::with_capacity(BLOCK_BYTES),
            blocks: 0,
        }
    }

    /// Adds one entry.
    pub(super) fn push(&mut self, entry: impl FnOnce(&mut Vec<u8>)) -> std::io::Result<()> {
        if self.block.len() >= self.payload {
            self.end_block()?;
        }
        entry(&mut self.block);
        Ok(())
    }

    fn end_block(&mut self) -> std::io::Result<()> {
        let checksum = checksum(self.blocks, &self.block);
        self.out.write_all(&self.block)?;
        self.out.write_all(&checksum)?;
        self.block.clear();
        self.blocks += 1;
        Ok(())
    }

    pub(super) fn finish(mut self) -> std::io::Result<W> {
        if !self.block.is_empty() {
            self.end_block()?;
        }
        Ok(self.out)
    }
}

/// Where a column is in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    start: u64,
    payload: u64,
    /// Bytes without checksums.
    length: u64,
}

impl Column {
    /// A column of `count` entries that begins at `start`.
    pub(super) fn at(start: u64, width: usize, count: u64) -> Self {
        Self {
            start,
            payload: payload(width) as u64,
            length: count * width as u64,
        }
    }

    fn blocks(&self) -> u64 {
        self.length.div_ceil(self.payload)
    }

    /// Where it ends in the file.
    pub(super) fn end(&self) -> u64 {
        self.start + self.length + self.blocks() * CHECKSUM_BYTES as u64
    }

    /// Reads whole blocks, from `first` to `last`, into `out` without their checksums.
    fn read(&self, from: &Source<'_>, first: u64, last: u64, out: &mut Vec<u8>) -> Result<(), ScreeningError> {
        let step = self.payload + CHECKSUM_BYTES as u64;
        let end = (self.start + (last + 1) * step).min(self.end());
        let begin = self.start + first * step;
        out.clear();
        out.resize(size(end.saturating_sub(begin))?, 0);
        from.file
            .read_exact_at(out, begin)
            .map_err(ScreeningError::file("read", from.path))?;
        let (payload, step) = (size(self.payload)?, size(step)?);
        let mut kept = 0;
        let mut taken = 0;
        for block in first..=last {
            let length = (out.len() - taken)
                .min(step)
                .saturating_sub(CHECKSUM_BYTES)
                .min(payload);
            let (bytes, rest) = out
                .get(taken..)
                .and_then(|rest| rest.split_at_checked(length))
                .unwrap_or_default();
            if rest.get(..CHECKSUM_BYTES) != Some(&checksum(block, bytes)) {
                let place = self.start + block * step as u64;
                return Err(ScreeningError::damaged(
                    from.path,
                    format!("the block at byte {place} is not what was written"),
                ));
            }
            out.copy_within(taken..taken + length, kept);
            kept += length;
            taken += length + CHECKSUM_BYTES;
        }
        out.truncate(kept);
        Ok(())
    }

    /// The whole column.
    pub(super) fn read_all(&self, from: &Source<'_>) -> Result<Vec<u8>, ScreeningError> {
        let mut all = Vec::with_capacity(size(self.length)?);
        let mut piece = Vec::new();
        let mut block = 0;
        while block < self.blocks() {
            let last = (block + BLOCKS_AHEAD_MAX).min(self.blocks()) - 1;
            self.read(from, block, last, &mut piece)?;
            all.extend_from_slice(&piece);
            block = last + 1;
        }
        Ok(all)
    }
}

/// What is read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a File,
    pub(super) path: &'a Path,
}

/// A part of a column in memory. Who moves it forward in small steps reads ahead; who jumps does not.
#[derive(Debug, Default)]
pub(super) struct Window {
    bytes: Vec<u8>,
    /// Where `bytes` begins in the column.
    start: u64,
    /// The block after those that are here.
    next: u64,
    ahead: u64,
}

impl Window {
    /// `length` bytes of the column from `at` on.
    pub(super) fn get(
        &mut self,
        from: &Source<'_>,
        column: &Column,
        at: u64,
        length: usize,
    ) -> Result<&[u8], ScreeningError> {
        let end = at + length as u64;
        if at < self.start || end > self.start + self.bytes.len() as u64 {
            let first = at / column.payload;
            self.ahead = if (self.next.saturating_sub(1)..=self.next + 2).contains(&first) {
                (self.ahead * 2 + 1).min(BLOCKS_AHEAD_MAX)
            } else {
                0
            };
            let needed = end.saturating_sub(1) / column.payload;
            let last = needed.max(first + self.ahead).min(column.blocks().saturating_sub(1));
            // What is here is not valid any more, also if reading fails.
            (self.start, self.next) = (first * column.payload, last + 1);
            let read = column.read(from, first, last, &mut self.bytes);
            if read.is_err() {
                self.bytes.clear();
            }
            read?;
        }
        let offset = size(at - self.start)?;
        self.bytes
            .get(offset..offset + length)
            .ok_or_else(|| ScreeningError::damaged(from.path, format!("byte {at} of a column is behind its end")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_read_as_it_was_written_and_a_changed_byte_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("column");
        for (width, count) in [(1, 0u64), (1, 1), (13, 314), (13, 315), (4, 5_000), (19, 10_000)] {
            let mut writer = ColumnWriter::new(Vec::new(), width);
            let entry = |number: u64| vec![u8::try_from(number % 251).unwrap(); width];
            for number in 0..count {
                writer.push(|out| out.extend_from_slice(&entry(number))).unwrap();
            }
            let mut bytes = b"head".to_vec();
            bytes.extend(writer.finish().unwrap());
            std::fs::write(&path, &bytes).unwrap();
            let file = File::open(&path).unwrap();
            let from = Source {
                file: &file,
                path: &path,
            };
            let column = Column::at(4, width, count);
            assert_eq!(column.end(), bytes.len() as u64);
            let all: Vec<u8> = (0..count).flat_map(entry).collect();
            assert_eq!(column.read_all(&from).unwrap(), all);
            let mut window = Window::default();
            for number in (0..count).chain((0..count).step_by(700)) {
                let got = window.get(&from, &column, number * width as u64, width).unwrap();
                assert_eq!(got, entry(number));
            }
            for place in (4..bytes.len()).step_by(997) {
                let mut torn = bytes.clone();
                torn[place] ^= 1;
                std::fs::write(&path, &torn).unwrap();
                let file = File::open(&path).unwrap();
                let from = Source {
                    file: &file,
                    path: &path,
                };
                assert!(
                    matches!(column.read_all(&from), Err(ScreeningError::Damaged { .. })),
                    "byte {place}"
                );
            }
        }
    }
}
