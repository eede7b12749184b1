//! The manifest: which files the store has. It is replaced whole, so that a change is there or not there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tanqiao_certs::durable;
use tanqiao_protocol::fingerprint::Epoch;
use tanqiao_protocol::id::Sha256;

use super::super::ScreeningError;
use super::runs::Runs;
use super::writer::Written;

/// The name of the manifest in the store's directory.
pub(super) const MANIFEST: &str = "manifest.json";
const VERSION: u32 = 1;

/// A file of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileEntry {
    /// Its number, which is its name.
    pub(super) number: u64,
    pub(super) tokens: u64,
    pub(super) bytes: u64,
    /// Of its description.
    pub(super) checksum: u32,
    /// The run that it is of, until it is merged with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<u32>,
}

impl FileEntry {
    pub(super) const fn new(number: u64, written: Written, run: Option<u32>) -> Self {
        Self {
            number,
            tokens: written.tokens,
            bytes: written.bytes,
            checksum: written.checksum,
            run,
        }
    }

    /// Its name in the directory of its epoch.
    pub(super) fn name(&self) -> String {
        format!("{:08}.tokens", self.number)
    }
}

/// What the store has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The number of the next file.
    pub(super) next_file: u64,
    /// All runs that are stored.
    pub(super) runs: Runs,
    /// Those of them that nobody has confirmed.
    pub(super) unconfirmed: Runs,
    pub(super) epochs: BTreeMap<Epoch, Vec<FileEntry>>,
    /// Epochs in the archive, and the hash of the list of their files there.
    pub(super) retired: BTreeMap<Epoch, Sha256>,
}

/// As it is kept: the manifest's text, and its hash.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    sha256: Sha256,
    manifest: Box<serde_json::value::RawValue>,
}

impl Manifest {
    /// Reads the manifest of a directory; an empty one if there is none.
    pub(super) fn read(directory: &Path) -> Result<Self, ScreeningError> {
        let path = directory.join(MANIFEST);
        let damaged = |error: &dyn std::fmt::Display| ScreeningError::damaged(&path, error.to_string());
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(ScreeningError::file("read", &path)(error)),
        };
        let kept: Kept = serde_json::from_slice(&bytes).map_err(|error| damaged(&error))?;
        if kept.version != VERSION {
            let version = kept.version;
            return Err(damaged(&format!(
                "it is of version {version}, this program reads {VERSION}: run the newer program"
            )));
        }
        if Sha256::of(kept.manifest.get().as_bytes()) != kept.sha256 {
            return Err(damaged(&"it is not what was written"));
        }
        serde_json::from_str(kept.manifest.get()).map_err(|error| damaged(&error))
    }

    /// Replaces the manifest of a directory, durably.
    pub(super) fn write(&self, directory: &Path) -> Result<(), ScreeningError> {
        let path = directory.join(MANIFEST);
        let text = || {
            let manifest = serde_json::value::to_raw_value(self)?;
            let sha256 = Sha256::of(manifest.get().as_bytes());
            serde_json::to_vec(&Kept {
                version: VERSION,
                sha256,
                manifest,
            })
        };
        let text = text().map_err(|error| ScreeningError::file("write", &path)(error.into()))?;
        Ok(durable::replace_secret(&path, &text)?)
    }

    /// Takes the number of a new file.
    pub(super) const fn take_number(&mut self) -> u64 {
        self.next_file += 1;
        self.next_file
    }

    /// True for files of runs that are not confirmed.
    pub(super) fn is_unconfirmed(&self, file: &FileEntry) -> bool {
        file.run.is_some_and(|run| self.unconfirmed.0.contains(&run))
    }

    /// Takes away the files of these runs, which are not merged; returns them.
    pub(super) fn take_files_of(&mut self, runs: &BTreeSet<u32>) -> Vec<(Epoch, FileEntry)> {
        let mut taken = Vec::new();
        for (epoch, files) in &mut self.epochs {
            taken.extend(
                files
                    .extract_if(.., |file| file.run.is_some_and(|run| runs.contains(&run)))
                    .map(|file| (*epoch, file)),
            );
        }
        self.forget(runs);
        taken
    }

    /// Removes runs from the lists, and epochs that have no files any more.
    pub(super) fn forget(&mut self, runs: &BTreeSet<u32>) {
        self.runs.0.retain(|run| !runs.contains(run));
        self.unconfirmed.0.retain(|run| !runs.contains(run));
        self.epochs.retain(|_, files| !files.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_it_was_written_and_no_byte_of_it_may_change() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(directory.path()).unwrap(), Manifest::default());
        let written = Written {
            tokens: 5,
            bytes: 200,
            checksum: 77,
        };
        let mut manifest = Manifest {
            runs: Runs([1, 2, 3].into()),
            unconfirmed: Runs([3].into()),
            ..Manifest::default()
        };
        let files = vec![FileEntry::new(manifest.take_number(), written, Some(3))];
        manifest.epochs.insert("2026-05".parse().unwrap(), files);
        manifest.write(directory.path()).unwrap();
        assert_eq!(Manifest::read(directory.path()).unwrap(), manifest);
        let path = directory.path().join(MANIFEST);
        let bytes = std::fs::read(&path).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            assert!(
                matches!(Manifest::read(directory.path()), Err(ScreeningError::Damaged { .. })),
                "byte {place}"
            );
        }
    }
}
