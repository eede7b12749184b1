//! Writing a file of tokens.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tanqiao_protocol::fingerprint::Epoch;
use tempfile::SpooledTempFile;

use super::super::ScreeningError;
use super::column::ColumnWriter;
use super::file::{Description, Stored};
use super::layout::{Layout, TOKENS_MAX, Tail};

const BUFFER_BYTES: usize = 1 << 20;
/// Heads and groups of more than this many bytes wait on disk until the tails are written.
const WAITING_BYTES_MAX: usize = 8 << 20;
/// Nobody but the hub's user reads tokens.
const MODE: u32 = 0o600;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) tokens: u64,
    pub(super) bytes: u64,
    /// Of its description.
    pub(super) checksum: u32,
}

/// Writes one file, in the order of its tokens. Nothing refers to it until the manifest does.
pub(super) struct TokenFileWriter {
    path: PathBuf,
    is: Description,
    tails: ColumnWriter<BufWriter<File>>,
    heads: ColumnWriter<BufWriter<SpooledTempFile>>,
    groups: ColumnWriter<BufWriter<SpooledTempFile>>,
    /// Groups that were written.
    group: u64,
    last: Option<u128>,
}

impl TokenFileWriter {
    /// A new file for about `expected` tokens of these runs (ascending), with owners up to `owner_max`.
    pub(super) fn create(
        path: &Path,
        epoch: Epoch,
        expected: u64,
        runs: Vec<u32>,
        owner_max: u32,
    ) -> Result<Self, ScreeningError> {
        let layout = Layout::for_tokens(expected, runs.len(), owner_max);
        let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path);
        let file = file.map_err(ScreeningError::file("make", path))?;
        let directory = path.parent().unwrap_or_else(|| Path::new("."));
        let waiting = || {
            let file = tempfile::spooled_tempfile_in(WAITING_BYTES_MAX, directory);
            BufWriter::with_capacity(BUFFER_BYTES / 16, file)
        };
        Ok(Self {
            path: path.to_owned(),
            tails: ColumnWriter::new(BufWriter::with_capacity(BUFFER_BYTES, file), layout.width()),
            heads: ColumnWriter::new(waiting(), 1),
            groups: ColumnWriter::new(waiting(), 4),
            is: Description {
                epoch,
                tokens: 0,
                owner_max,
                layout,
                runs,
            },
            group: 0,
            last: None,
        })
    }

    fn refuse(&self, what: &str) -> ScreeningError {
        ScreeningError::Stopped(format!("{} cannot be written: {what}", self.path.display()))
    }

    /// Adds a token above the last; `run` is one of the file's.
    pub(super) fn push(&mut self, stored: Stored) -> Result<(), ScreeningError> {
        if self.last.is_some_and(|last| last >= stored.token) || self.is.tokens == TOKENS_MAX {
            return Err(self.refuse("its tokens do not ascend, or are too many"));
        }
        let run = self.is.runs.binary_search(&stored.run).ok();
        let run = run.and_then(|run| u32::try_from(run).ok());
        let run = run.ok_or_else(|| self.refuse("a run is not on its list"))?;
        if stored.owner > self.is.owner_max {
            return Err(self.refuse("an owner is above the highest"));
        }
        let (group, head, tail) = self.is.layout.cut(stored.token);
        self.groups_until(group + 1)?;
        let layout = self.is.layout;
        let entry = Tail {
            tail,
            run,
            owner: stored.owner,
        };
        let wrote = self.tails.push(|out| layout.write(entry, out));
        wrote
            .and_then(|()| self.heads.push(|out| out.push(head)))
            .map_err(ScreeningError::file("write", &self.path))?;
        self.is.tokens += 1;
        self.last = Some(stored.token);
        Ok(())
    }

    /// Writes where groups below `until` begin.
    fn groups_until(&mut self, until: u64) -> Result<(), ScreeningError> {
        let before = u32::try_from(self.is.tokens).unwrap_or(u32::MAX).to_be_bytes();
        while self.group < until {
            let wrote = self.groups.push(|out| out.extend_from_slice(&before));
            wrote.map_err(ScreeningError::file("write", &self.path))?;
            self.group += 1;
        }
        Ok(())
    }

    /// Ends the file and makes it durable, but not yet its name.
    pub(super) fn finish(mut self) -> Result<Written, ScreeningError> {
        self.groups_until(self.is.layout.groups())?;
        let (description, checksum) = self.is.to_bytes();
        let wrote = (|| {
            let mut out = self.tails.finish()?;
            for waiting in [self.heads.finish()?, self.groups.finish()?] {
                let mut waiting = waiting.into_inner().map_err(std::io::IntoInnerError::into_error)?;
                waiting.rewind()?;
                std::io::copy(&mut waiting, &mut out)?;
            }
            out.write_all(&description)?;
            let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.sync_all()?;
            file.metadata()
        })();
        let bytes = wrote.map_err(ScreeningError::file("write", &self.path))?.len();
        let tokens = self.is.tokens;
        Ok(Written {
            tokens,
            bytes,
            checksum,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::{Finder, Scan, TokenFile};
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn write(path: &Path, expected: u64, tokens: &BTreeMap<u128, (u32, u32)>) -> Written {
        let runs = [1, 7, 900];
        let epoch = "2026-05".parse().unwrap();
        let mut writer = TokenFileWriter::create(path, epoch, expected, runs.to_vec(), u32::MAX >> 4).unwrap();
        for (token, (run, owner)) in tokens {
            let (token, run, owner) = (*token, runs[*run as usize % 3], owner >> 4);
            writer.push(Stored { token, run, owner }).unwrap();
        }
        writer.finish().unwrap()
    }

    /// Random tokens, and crafted ones that share their first bits.
    fn tokens() -> impl Strategy<Value = BTreeMap<u128, (u32, u32)>> {
        let token = prop_oneof![any::<u128>(), 0u128..40, (0u128..40).prop_map(|n| (n << 100) | 5)];
        proptest::collection::btree_map(token, (any::<u32>(), any::<u32>()), 0..600)
    }

    proptest! {
        #[test]
        fn what_was_written_is_found_and_nothing_else(tokens in tokens(), others in proptest::collection::vec(any::<u128>(), 20), expected in 1u64..5_000) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("file");
            let written = write(&path, expected, &tokens);
            prop_assert_eq!(written.tokens, tokens.len() as u64);
            let file = TokenFile::open(&path, written.bytes, written.checksum).unwrap();
            let index = Arc::new(file.index().unwrap());
            prop_assert_eq!(file.is.index_bytes(), written.tokens + 4 * file.is.layout.groups());
            for index in [None, Some(index)] {
                let mut finder = Finder::new(&file, index);
                for (token, (run, owner)) in &tokens {
                    prop_assert_eq!(finder.find(*token).unwrap(), Some(([1, 7, 900][*run as usize % 3], owner >> 4)));
                }
                for token in others.iter().chain(&[0, u128::MAX, 41, 1 << 99]).filter(|t| !tokens.contains_key(t)) {
                    prop_assert_eq!(finder.find(*token).unwrap(), None);
                }
            }
            let mut scan = Scan::of(&file);
            for token in tokens.keys() {
                prop_assert_eq!(scan.next().unwrap().unwrap().token, *token);
            }
            prop_assert_eq!(scan.next().unwrap(), None);
        }
    }

    #[test]
    fn a_file_that_was_cut_or_changed_is_not_opened_or_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let tokens = (0..2_000u128)
            .map(|n| (n.wrapping_mul(u128::MAX / 2_001), (1, 16)))
            .collect();
        let written = write(&path, 2_000, &tokens);
        let bytes = std::fs::read(&path).unwrap();
        let read = || TokenFile::open(&path, written.bytes, written.checksum).and_then(|file| file.verify());
        read().unwrap();
        for cut in (0..bytes.len()).step_by(1_009) {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert!(matches!(read(), Err(ScreeningError::Damaged { .. })), "cut at {cut}");
        }
        for place in (0..bytes.len()).step_by(211).chain(bytes.len() - 40..bytes.len()) {
            let mut changed = bytes.clone();
            changed[place] ^= 0x40;
            std::fs::write(&path, &changed).unwrap();
            assert!(matches!(read(), Err(ScreeningError::Damaged { .. })), "byte {place}");
        }
    }
}
