//! Heads and groups that stay in memory from one screening to the next, as far as the bound allows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::ScreeningError;
use super::file::{Index, TokenFile};

/// Indexes by the number of their file.
#[derive(Debug)]
pub(super) struct Indexes {
    bytes_max: u64,
    bytes: u64,
    kept: BTreeMap<u64, Kept>,
    /// The number of the screening.
    now: u64,
}

#[derive(Debug)]
struct Kept {
    index: Arc<Index>,
    bytes: u64,
    used: u64,
}

impl Indexes {
    pub(super) const fn new(bytes_max: u64) -> Self {
        Self {
            bytes_max,
            bytes: 0,
            kept: BTreeMap::new(),
            now: 0,
        }
    }

    /// A screening begins: what it does not use may go.
    pub(super) const fn begin(&mut self) {
        self.now += 1;
    }

    /// The index of a file, read now if there is room for it; `None` if there is none.
    pub(super) fn of(&mut self, number: u64, file: &TokenFile) -> Result<Option<Arc<Index>>, ScreeningError> {
        if let Some(kept) = self.kept.get_mut(&number) {
            kept.used = self.now;
            return Ok(Some(Arc::clone(&kept.index)));
        }
        let bytes = file.is.index_bytes();
        while self.bytes + bytes > self.bytes_max {
            let idle = self.kept.iter().filter(|(_, kept)| kept.used < self.now);
            let Some(oldest) = idle.min_by_key(|(_, kept)| kept.used).map(|(number, _)| *number) else {
                return Ok(None);
            };
            self.forget(oldest);
        }
        let index = Arc::new(file.index()?);
        let (kept, used) = (Arc::clone(&index), self.now);
        self.kept.insert(
            number,
            Kept {
                index: kept,
                bytes,
                used,
            },
        );
        self.bytes += bytes;
        Ok(Some(index))
    }

    /// The file is gone.
    pub(super) fn forget(&mut self, number: u64) {
        if let Some(kept) = self.kept.remove(&number) {
            self.bytes -= kept.bytes;
        }
    }
}
