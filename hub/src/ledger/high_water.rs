//! The high-water mark: the head of the log that this hub last answered from, kept in a file beside the database.
//!
//! A database that was restored from an older backup has a shorter log, or another one of the same length. A hub that went
//! on from there would give the same serials and log indexes a second meaning: it accepts no writes instead. The mark is
//! written at most once a second, so that it may be a little behind, never ahead.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tanqiao_certs::durable;
use tanqiao_protocol::id::Sha256;

/// How often the mark is written at the most.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// A head that was answered from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Number of leaves.
    pub size: i64,
    /// Chain over all leaf hashes.
    pub chain: Sha256,
}

/// The mark and when it was last written.
#[derive(Debug)]
pub struct HighWater {
    path: PathBuf,
    mark: Option<Mark>,
    written: Option<Instant>,
}

/// The mark in a file, if there is one.
///
/// # Errors
/// A text for the operator: the file is there and cannot be read.
pub fn read(path: &Path) -> Result<Option<Mark>, String> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = durable::read(path).map_err(|error| error.to_string())?;
    let mark = serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Some(mark))
}

/// Puts a mark in the place of the one that was there: after a recovery, or a new origin of the log.
///
/// # Errors
/// A text for the operator: the file cannot be written.
pub fn replace(path: &Path, mark: &Mark) -> Result<(), String> {
    let bytes = serde_json::to_vec(mark).map_err(|error| error.to_string())?;
    durable::write_public(path, &bytes).map_err(|error| error.to_string())
}

impl HighWater {
    /// Reads the mark; a hub that has none yet begins one.
    ///
    /// # Errors
    /// A text for the operator: the file is there and cannot be read.
    pub fn open(path: PathBuf) -> Result<Self, String> {
        Ok(Self {
            mark: read(&path)?,
            path,
            written: None,
        })
    }

    /// Why nothing may be written under this head, if nothing may.
    #[must_use]
    pub fn contradiction(&self, size: i64, chain: &Sha256) -> Option<String> {
        let mark = self.mark.as_ref()?;
        let went_back = size < mark.size || (size == mark.size && *chain != mark.chain);
        went_back.then(|| {
            format!(
                "the log has {size} leaves where {} were answered for ({}): the database was restored or replaced, and nothing is written. Restore the newest backup, then take back what the members hold: `tanqiao-hub admin recover --help`",
                mark.size,
                self.path.display()
            )
        })
    }

    /// Notes a head that was answered from.
    ///
    /// # Errors
    /// A text for the operator: the file cannot be written.
    pub fn note(&mut self, size: i64, chain: Sha256) -> Result<(), String> {
        let known = self.mark.as_ref().is_some_and(|mark| mark.size >= size);
        if known || self.written.is_some_and(|at| at.elapsed() < WRITE_EVERY) {
            return Ok(());
        }
        let mark = Mark { size, chain };
        replace(&self.path, &mark)?;
        self.mark = Some(mark);
        self.written = Some(Instant::now());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_went_back_is_seen_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log.head");
        HighWater::open(path.clone())
            .unwrap()
            .note(10, Sha256::of(b"ten"))
            .unwrap();
        let later = HighWater::open(path).unwrap();
        assert!(later.contradiction(11, &Sha256::of(b"eleven")).is_none());
        assert!(later.contradiction(10, &Sha256::of(b"ten")).is_none());
        assert!(later.contradiction(10, &Sha256::of(b"another ten")).is_some());
        assert!(
            later
                .contradiction(9, &Sha256::of(b"nine"))
                .unwrap()
                .contains("10 were answered for")
        );
    }
}
