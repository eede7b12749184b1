//! Bundles of entries: for each entry its length in two bytes, big-endian, and its bytes.

use super::TILE_WIDTH;
use crate::leaf::LEAF_BYTES_MAX;

/// An entry that has no place in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an entry of the log has at most {LEAF_BYTES_MAX} bytes, not {0}")]
pub struct EntryTooLong(pub usize);

/// Why bytes are not a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// An entry ends after the bundle.
    #[error("entry {0} of the bundle is cut off")]
    Cut(u16),
    /// Another number of entries than its path says.
    #[error("the bundle has {found} entries, not {expected}")]
    Count {
        /// The entries before the end, or one more than expected.
        found: u16,
        /// The width of its path.
        expected: u16,
    },
}

/// A bundle that is being written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle(Vec<u8>);

impl Bundle {
    /// No entry yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds the next entry. How many there are is the caller's to know: [`super::changed_bundles`].
    ///
    /// # Errors
    /// [`EntryTooLong`]; the bundle is as it was.
    pub fn add(&mut self, entry: &[u8]) -> Result<(), EntryTooLong> {
        let length = u16::try_from(entry.len()).map_err(|_| EntryTooLong(entry.len()))?;
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(entry);
        Ok(())
    }

    /// The bytes of the file.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The entries of a file whose path states this width. A file of the full bundle serves for a partial one.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn entries(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
        let mut entries = Vec::with_capacity(usize::from(width.min(TILE_WIDTH)));
        let mut rest = bytes;
        for number in 0..TILE_WIDTH {
            if rest.is_empty() {
                break;
            }
            let (length, after) = rest.split_first_chunk().ok_or(BundleError::Cut(number))?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (entry, after) = after.split_at_checked(length).ok_or(BundleError::Cut(number))?;
            entries.push(entry);
            rest = after;
        }
        let found = u16::try_from(entries.len()).unwrap_or(u16::MAX);
        if !rest.is_empty() || (found != width && (found != TILE_WIDTH || width > TILE_WIDTH)) {
            return Err(BundleError::Count {
                found: found + u16::from(!rest.is_empty()),
                expected: width,
            });
        }
        entries.truncate(usize::from(width));
        Ok(entries)
    }
}
