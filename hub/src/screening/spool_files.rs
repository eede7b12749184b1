//! The spool as files: one a stream, made of frames that are whole or not there.
//!
//! A frame is what one append brought: its length (4 bytes, big-endian), a CRC-32 over length and bytes, the bytes. A frame that a crash
//! has torn is cut off when the stream is opened again: it was not acknowledged, and is sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tanqiao_protocol::id::MessageId;

use super::embedded::{Directory, delete_file, names, sync_directory};
use super::{ScreeningError, Spool};
use crate::crash;

const HEAD_BYTES: u64 = 8;
const HEAD: usize = 8;
const SUFFIX: &str = ".stream";
/// The most bytes of one append.
pub(super) const APPEND_BYTES_MAX: usize = 16 << 20;

/// Streams in a directory.
#[derive(Debug)]
pub struct SpoolFiles {
    directory: Directory,
    open: Mutex<BTreeMap<MessageId, Arc<Mutex<Option<End>>>>>,
}

/// Where a stream ends. The file itself is open only while something is written: many streams may have begun.
#[derive(Debug, Clone, Copy)]
struct End {
    /// Bytes of the stream.
    offset: u64,
    /// Bytes of the file.
    length: u64,
}

impl SpoolFiles {
    /// Takes the spool in `directory`, which is made if it is not there.
    ///
    /// # Errors
    /// [`ScreeningError::Locked`] if another process has it; [`ScreeningError::File`].
    pub fn open(directory: &Path) -> Result<Self, ScreeningError> {
        Ok(Self {
            directory: Directory::take(directory)?,
            open: Mutex::default(),
        })
    }

    fn path(&self, issuance: MessageId) -> PathBuf {
        self.directory.root().join(format!("{issuance}{SUFFIX}"))
    }

    /// The end of a stream, for one caller at a time.
    fn end(&self, issuance: MessageId) -> Arc<Mutex<Option<End>>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(open.entry(issuance).or_default())
    }
}

impl Spool for SpoolFiles {
    fn offset(&self, issuance: MessageId) -> Result<u64, ScreeningError> {
        let end = self.end(issuance);
        let mut end = end.lock().unwrap_or_else(PoisonError::into_inner);
        if end.is_none() && !self.path(issuance).exists() {
            return Ok(0);
        }
        Ok(End::of(&mut end, &self.path(issuance))?.offset)
    }

    fn append(&self, issuance: MessageId, offset: u64, bytes: &[u8], stream_bytes: u64) -> Result<u64, ScreeningError> {
        let path = self.path(issuance);
        let shared = self.end(issuance);
        let mut slot = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = slot.is_none() && !path.exists();
        let right = if is_new { 0 } else { End::of(&mut slot, &path)?.offset };
        check(right, offset, bytes, stream_bytes)?;
        if bytes.is_empty() {
            return Ok(right);
        }
        crash::point("spool.before-write");
        let end = End::of(&mut slot, &path)?;
        if let Err(error) = end.write(&path, bytes) {
            // What is in the file now is found out when it is opened again.
            *slot = None;
            return Err(ScreeningError::file("write", &path)(error));
        }
        let offset = end.offset;
        if is_new {
            sync_directory(self.directory.root())?;
        }
        crash::point("spool.after-write");
        Ok(offset)
    }

    fn open(&self, issuance: MessageId) -> Result<Box<dyn Read + Send>, ScreeningError> {
        let path = self.path(issuance);
        // Cuts off what a crash has torn.
        if self.offset(issuance)? == 0 {
            return Ok(Box::new(std::io::empty()));
        }
        let file = File::open(&path).map_err(ScreeningError::file("open", &path))?;
        Ok(Box::new(Frames {
            from: BufReader::with_capacity(256 * 1024, file),
            path,
            frame: Vec::new(),
            taken: 0,
        }))
    }

    fn remove(&self, issuance: MessageId) -> Result<(), ScreeningError> {
        let shared = self.end(issuance);
        let mut slot = shared.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = None;
        delete_file(&self.path(issuance))?;
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&issuance);
        Ok(())
    }

    fn list(&self) -> Result<BTreeSet<MessageId>, ScreeningError> {
        let names = names(self.directory.root())?;
        Ok(names
            .iter()
            .filter_map(|name| name.strip_suffix(SUFFIX)?.parse().ok())
            .collect())
    }
}

/// Refuses bytes that do not continue the stream, or make it longer than its header says.
pub(super) fn check(right: u64, given: u64, bytes: &[u8], stream_bytes: u64) -> Result<(), ScreeningError> {
    if given != right {
        return Err(ScreeningError::Offset { given, right });
    }
    if bytes.len() > APPEND_BYTES_MAX {
        return Err(ScreeningError::Piece(bytes.len()));
    }
    let would_be = right + bytes.len() as u64;
    if would_be > stream_bytes {
        return Err(ScreeningError::TooLong { stream_bytes, would_be });
    }
    Ok(())
}

fn head_of(bytes: &[u8]) -> [u8; HEAD] {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_be_bytes());
    hasher.update(bytes);
    (u64::from(length) << 32 | u64::from(hasher.finalize())).to_be_bytes()
}

/// Reads the next frame; `None` where it is torn, or the file ends.
fn read_frame(from: &mut impl Read, frame: &mut Vec<u8>) -> std::io::Result<Option<()>> {
    let mut head = [0; HEAD];
    if !read_whole(from, &mut head)? {
        return Ok(None);
    }
    let length = usize::try_from(u64::from_be_bytes(head) >> 32).unwrap_or(usize::MAX);
    if length == 0 || length > APPEND_BYTES_MAX {
        return Ok(None);
    }
    frame.clear();
    frame.resize(length, 0);
    let whole = read_whole(from, frame)? && head_of(frame) == head;
    Ok(whole.then_some(()))
}

/// False where the file ends before `into` is full.
fn read_whole(from: &mut impl Read, into: &mut [u8]) -> std::io::Result<bool> {
    match from.read_exact(into) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

impl End {
    /// The end of the stream in a file, which is made, or read if it was not open.
    fn of<'a>(slot: &'a mut Option<Self>, path: &Path) -> Result<&'a mut Self, ScreeningError> {
        match slot {
            Some(end) => Ok(end),
            none => {
                let end = Self::find(path).map_err(ScreeningError::file("open", path))?;
                Ok(none.insert(end))
            }
        }
    }

    fn find(path: &Path) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path)?;
        let (mut offset, mut length) = (0, 0);
        let mut from = BufReader::with_capacity(256 * 1024, &file);
        let mut frame = Vec::new();
        while read_frame(&mut from, &mut frame)?.is_some() {
            offset += frame.len() as u64;
            length += HEAD_BYTES + frame.len() as u64;
        }
        if file.metadata()?.len() != length {
            file.set_len(length)?;
            file.sync_all()?;
        }
        Ok(Self { offset, length })
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let mut frame = Vec::with_capacity(HEAD + bytes.len());
        frame.extend_from_slice(&head_of(bytes));
        frame.extend_from_slice(bytes);
        let file = OpenOptions::new().write(true).open(path)?;
        file.write_all_at(&frame, self.length)?;
        file.sync_data()?;
        self.length += frame.len() as u64;
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

/// The bytes of a stream, frame by frame.
struct Frames {
    from: BufReader<File>,
    path: PathBuf,
    frame: Vec<u8>,
    taken: usize,
}

impl Read for Frames {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.taken >= self.frame.len() {
            self.taken = 0;
            self.frame.clear();
            let at_end = std::io::BufRead::fill_buf(&mut self.from)?.is_empty();
            if !at_end && read_frame(&mut self.from, &mut self.frame)?.is_none() {
                let text = format!(
                    "{} is damaged: remove it, and the member sends it again",
                    self.path.display()
                );
                return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text));
            }
        }
        let mut rest = self.frame.get(self.taken..).unwrap_or_default();
        let read = rest.read(out)?;
        self.taken += read;
        Ok(read)
    }
}
