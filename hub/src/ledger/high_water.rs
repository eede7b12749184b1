//! The high-water mark: the head of the log that this hub last answered from, kept in a file beside the database.
//!
//! A database that was restored from an older backup has a shorter log, or another one of the same length. A hub that went
//! on from there would give the same serials and log indexes a second meaning: it accepts no writes instead. The mark is
//! written at most once a second, so that it may be a little behind, never ahead; and at least once a minute, so that what
//! was answered after it was answered soon after it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tanqiao_certs::durable;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::time::{SECOND_US, Timestamp};

/// How often the mark is written at the most.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// How often it is written at the least, in microseconds: an idle hub writes the same head with another time.
const WRITE_AGAIN_US: i64 = 60 * SECOND_US;
/// How long after the time of the mark something may have been answered, in microseconds: until it had to be written again,
/// and as long for a batch that waited for its database meanwhile, and for clocks of several processes.
const BEHIND_US_MAX: i64 = 2 * WRITE_AGAIN_US;

/// A head that was answered from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Number of leaves.
    pub size: i64,
    /// Chain over all leaf hashes.
    pub chain: Sha256,
}

/// A mark as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noted {
    /// Number of leaves.
    pub size: i64,
    /// Chain over all leaf hashes.
    pub chain: Sha256,
    /// The clock when it was written.
    pub at: Timestamp,
}

impl Noted {
    /// The head.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        Mark {
            size: self.size,
            chain: self.chain,
        }
    }

    /// The latest decision time of anything that this hub can have answered without noting it.
    #[must_use]
    pub const fn latest(&self) -> Timestamp {
        self.at.plus_micros(BEHIND_US_MAX)
    }
}

/// The mark and when it was last written.
#[derive(Debug)]
pub struct HighWater {
    path: PathBuf,
    mark: Option<Noted>,
    written: Option<Instant>,
}

/// The mark in a file, if there is one.
///
/// # Errors
/// A text for the operator: the file is there and cannot be read.
pub fn read(path: &Path) -> Result<Option<Noted>, String> {
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
pub fn replace(path: &Path, mark: &Mark, at: Timestamp) -> Result<(), String> {
    let (size, chain) = (mark.size, mark.chain);
    write(path, &Noted { size, chain, at })
}

fn write(path: &Path, noted: &Noted) -> Result<(), String> {
    let bytes = serde_json::to_vec(noted).map_err(|error| error.to_string())?;
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

    /// Notes a head that was answered from, and that the clock says `at`.
    ///
    /// # Errors
    /// A text for the operator: the file cannot be written.
    pub fn note(&mut self, size: i64, chain: Sha256, at: Timestamp) -> Result<(), String> {
        let due = self.mark.as_ref().is_none_or(|mark| {
            let same = mark.size == size && mark.chain == chain;
            mark.size < size || (same && at.micros() - mark.at.micros() >= WRITE_AGAIN_US)
        });
        if !due || self.written.is_some_and(|at| at.elapsed() < WRITE_EVERY) {
            return Ok(());
        }
        let noted = Noted { size, chain, at };
        write(&self.path, &noted)?;
        self.mark = Some(noted);
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
            .note(10, Sha256::of(b"ten"), Timestamp::from_micros(0))
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

    #[test]
    fn an_idle_hub_says_once_a_minute_that_nothing_has_come() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log.head");
        let ten = Sha256::of(b"ten");
        let noted_at = |size, chain, at| {
            let mut water = HighWater::open(path.clone()).unwrap();
            water.note(size, chain, Timestamp::from_micros(at)).unwrap();
            read(&path).unwrap().unwrap().at.micros()
        };
        assert_eq!(noted_at(10, ten, 0), 0);
        assert_eq!(noted_at(10, ten, WRITE_AGAIN_US - 1), 0, "not yet");
        assert_eq!(noted_at(10, ten, WRITE_AGAIN_US), WRITE_AGAIN_US);
        // What contradicts the mark does not make it younger.
        assert_eq!(noted_at(9, Sha256::of(b"nine"), 5 * WRITE_AGAIN_US), WRITE_AGAIN_US);
        assert_eq!(noted_at(10, Sha256::of(b"other"), 5 * WRITE_AGAIN_US), WRITE_AGAIN_US);
    }
}
