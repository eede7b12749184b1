//! The file of a token stream: written in pieces that are safe before the next is made, renamed when it is whole.
//!
//! The database says how many bytes of it are safe: only those are kept after a crash, since what a power failure leaves
//! behind them may be anything.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use tanqiao_protocol::fingerprint::{RECORD_BYTES_MAX, StreamRecord, StreamSums, decode, encode};

use crate::crash;
use crate::error::NodeError;

/// Bytes read at a time.
const READ_BYTES: usize = 256 * 1024;

/// Where token streams are.
#[derive(Debug, Clone)]
pub(crate) struct Streams(PathBuf);

/// A stream that this process alone writes.
#[derive(Debug)]
pub(super) struct Writing {
    file: File,
    part: PathBuf,
    whole: PathBuf,
    pub(super) sums: StreamSums,
    pub(super) bytes: u64,
    is_whole: bool,
}

impl Streams {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The stream of an issuance, once it is whole.
    pub(crate) fn whole(&self, issuance: &str) -> PathBuf {
        self.0.join(format!("{issuance}.tokens"))
    }

    fn part(&self, issuance: &str) -> PathBuf {
        self.0.join(format!("{issuance}.tokens.part"))
    }

    /// Opens the stream of an issuance, of which so many bytes are known to be safe; `None` while another process writes it.
    pub(super) fn write(&self, issuance: &str, safe: u64) -> Result<Option<Writing>, NodeError> {
        let open = || -> io::Result<Option<Writing>> {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
            let (part, whole) = (self.part(issuance), self.whole(issuance));
            let is_whole = whole.exists();
            let path = if is_whole { &whole } else { &part };
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            let mut writing = Writing {
                file,
                part,
                whole,
                sums: StreamSums::default(),
                bytes: 0,
                is_whole,
            };
            writing.resume(safe)?;
            Ok(Some(writing))
        };
        open().map_err(|error| unusable(&self.0, &error))
    }

    /// Removes the stream of an issuance, as far as it is there.
    pub(super) fn remove(&self, issuance: &str) -> Result<(), NodeError> {
        for path in [self.part(issuance), self.whole(issuance)] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(&path, &error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The issuances of which there is a file.
    pub(super) fn issuances(&self) -> Result<Vec<String>, NodeError> {
        let entries = match std::fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unusable(&self.0, &error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| unusable(&self.0, &error))?.file_name();
            if let Some((issuance, "tokens" | "tokens.part")) = name.to_str().and_then(|name| name.split_once('.')) {
                found.push(issuance.to_owned());
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// A piece of a whole stream from `offset` on, of `most` bytes at most.
    pub(crate) fn piece(&self, issuance: &str, offset: u64, most: usize) -> Result<Vec<u8>, NodeError> {
        let path = self.whole(issuance);
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(offset))?;
            let mut piece = Vec::with_capacity(most);
            file.take(most as u64).read_to_end(&mut piece)?;
            Ok(piece)
        };
        read().map_err(|error| unusable(&path, &error))
    }
}

impl Writing {
    /// Reads what is safe, up to the first thing that is no record, and cuts off the rest.
    fn resume(&mut self, safe: u64) -> io::Result<()> {
        if self.file.metadata()?.len() > safe {
            self.file.set_len(safe)?;
        }
        self.file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::with_capacity(READ_BYTES, &self.file);
        let mut kept: Vec<u8> = Vec::with_capacity(READ_BYTES + RECORD_BYTES_MAX);
        let mut ended = false;
        'reading: while !ended {
            let before = kept.len();
            (&mut reader).take(READ_BYTES as u64).read_to_end(&mut kept)?;
            ended = kept.len() == before;
            let mut used = 0;
            while let Some(rest) = kept.get(used..) {
                let Ok(Some((record, length))) = decode(rest) else {
                    // The end of the piece, or of what is good.
                    if rest.len() >= RECORD_BYTES_MAX {
                        break 'reading;
                    }
                    break;
                };
                let bytes = rest.get(..length).unwrap_or_default();
                let mut sums = self.sums.clone();
                if !sums.add(&record, bytes) {
                    break 'reading;
                }
                self.sums = sums;
                self.bytes += length as u64;
                used += length;
            }
            kept.drain(..used);
        }
        self.file.set_len(self.bytes)?;
        self.file.seek(SeekFrom::Start(self.bytes))?;
        Ok(())
    }

    /// Adds records. They are on the disk when this returns.
    pub(super) fn append(&mut self, records: &[StreamRecord]) -> Result<(), NodeError> {
        let mut bytes = Vec::new();
        for record in records {
            let from = bytes.len();
            encode(record, &mut bytes);
            if !self.sums.add(record, bytes.get(from..).unwrap_or_default()) {
                return Err(NodeError::refused(
                    "too-large",
                    "the token stream goes beyond 2^53 − 1 grams",
                ));
            }
        }
        let (head, tail) = bytes.split_at_checked(bytes.len() / 2).unwrap_or((&bytes, &[]));
        let mut write = || -> io::Result<()> {
            self.file.write_all(head)?;
            crash::point("derive.in-append");
            self.file.write_all(tail)?;
            self.file.sync_data()
        };
        write().map_err(|error| unusable(&self.part, &error))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Gives the stream its name, after its last record.
    pub(super) fn finish(&mut self) -> Result<(), NodeError> {
        if self.is_whole {
            return Ok(());
        }
        crash::point("derive.before-rename");
        let rename = || -> io::Result<()> {
            self.file.sync_all()?;
            std::fs::rename(&self.part, &self.whole)?;
            match self.whole.parent() {
                Some(folder) => File::open(folder)?.sync_all(),
                None => Ok(()),
            }
        };
        rename().map_err(|error| unusable(&self.part, &error))?;
        self.is_whole = true;
        crash::point("derive.after-rename");
        Ok(())
    }
}

fn unusable(path: &Path, error: &io::Error) -> NodeError {
    NodeError::refused(
        "token-stream",
        format!(
            "the file of a token stream cannot be used: {}: {error}; free room or mend its owner and mode",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use tanqiao_protocol::fingerprint::{Token, TokenEntry, TokenKind, TokenSuite};
    use tanqiao_protocol::quantity::Grams;

    use super::*;

    fn record(index: u32) -> StreamRecord {
        StreamRecord {
            index,
            grams: Grams::new(100).unwrap(),
            tokens: vec![TokenEntry {
                kind: TokenKind::Record,
                epoch: "2026-05".parse().unwrap(),
                token: Token([u8::try_from(index % 251).unwrap() + 1; 16]),
            }],
        }
    }

    #[test]
    fn a_stream_cut_at_any_byte_goes_on_from_its_last_whole_record_that_is_safe() {
        let folder = tempfile::tempdir().unwrap();
        let streams = Streams::in_folder(folder.path());
        let all: Vec<StreamRecord> = (0..4).map(record).collect();
        let mut writing = streams.write("a", 0).unwrap().unwrap();
        writing.append(&all).unwrap();
        let (whole, root) = (writing.bytes, writing.sums.clone());
        drop(writing);
        let bytes = std::fs::read(streams.part("a")).unwrap();
        for cut in 0..=bytes.len() {
            for tail in [&[][..], &[0; 40], &[0xff; 400]] {
                std::fs::write(streams.part("a"), [&bytes[..cut], tail].concat()).unwrap();
                let safe = u64::try_from(cut).unwrap();
                let mut writing = streams.write("a", safe).unwrap().unwrap();
                let have = usize::try_from(writing.sums.count()).unwrap();
                assert_eq!(have, cut / (bytes.len() / 4), "cut at {cut}");
                assert_eq!(std::fs::metadata(streams.part("a")).unwrap().len(), writing.bytes);
                writing.append(&all[have..]).unwrap();
                let suite = TokenSuite::HmacSm3;
                assert_eq!(
                    (writing.bytes, writing.sums.commitment(suite)),
                    (whole, root.commitment(suite))
                );
            }
        }
    }

    #[test]
    fn one_process_writes_a_stream_and_whole_ones_are_found_by_their_name() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let streams = Streams::in_folder(&folder.path().join("streams"));
        assert!(streams.issuances().unwrap().is_empty());
        let mut writing = streams.write("a", 0).unwrap().unwrap();
        assert!(streams.write("a", 0).unwrap().is_none(), "another one has it");
        writing.append(&[record(0), record(1)]).unwrap();
        writing.finish().unwrap();
        drop(writing);
        let mode = std::fs::metadata(streams.whole("a")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(streams.issuances().unwrap(), ["a"]);
        assert_eq!(streams.piece("a", 32, 1_000).unwrap().len(), 32);
        assert_eq!(streams.write("a", 64).unwrap().unwrap().sums.count(), 2);
        streams.remove("a").unwrap();
        streams.remove("a").unwrap();
        assert!(streams.issuances().unwrap().is_empty());
    }
}
